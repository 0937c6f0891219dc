"""``from IPython.display import display, HTML, ...`` shows what it should, without IPython's shell.

IPython's functions publish through its ``InteractiveShell``, which does not exist here and must not
be made: ``get_ipython()`` stays ``None``. Ours take their places as soon as IPython is imported.
"""

from __future__ import annotations

from polykernel_python import display

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from polykernel_python.imports import PostImport

# where IPython 7, 8 and 9 keep them
_MODULES = (
    "IPython.core.display_functions",
    "IPython.core.display",
    "IPython.core.displaypub",
    "IPython.display",
)
_FUNCTIONS = (
    "display",
    "update_display",
    "clear_output",
    "publish_display_data",
    "DisplayHandle",
)


def watch(imports: PostImport) -> None:
    """Change IPython's modules when they are imported."""
    for name in _MODULES:
        imports.when(name, _change)


def _change(module: ModuleType) -> None:
    for name in _FUNCTIONS:
        if hasattr(module, name):
            setattr(module, name, getattr(display, name))
