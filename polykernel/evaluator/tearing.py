"""Where no exception may be raised from outside: it would do lasting harm there."""

from __future__ import annotations

from polykernel.evaluator import spare
from polykernel.evaluator.standard_library import standard_library_first

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_SPARE = vars(spare)


def must_not_be_torn(frame: FrameType | None, ident: int) -> bool:
    """Whether a thread is where an exception would do lasting harm.

    In the import system it may leave a lock held for ever. In a module that the runtime or a plugin
    loads late it gives another thread, which waits for the same module, half of it. Where the
    descriptor that is spared for imports is opened or closed, it may lose that.

    Args:
        frame: What the thread executes.
        ident: The thread.
    """
    if _is_import_systems(frame):
        return True
    late = standard_library_first.is_entered_by(ident)
    while frame is not None:
        if frame.f_globals is _SPARE or (late and _is_import_systems(frame)):
            return True
        frame = frame.f_back
    return False


def _is_import_systems(frame: FrameType | None) -> bool:
    return frame is not None and frame.f_code.co_filename.startswith("<frozen importlib")
