"""Awaitable cells, and the tasks that live on between cells: one event loop for each shell.

asyncio is imported when it is first needed. While a cell that is not awaitable runs, the loop is
the *nominal* running loop: ``asyncio.create_task()`` schedules on it, and yet ``asyncio.run()`` and
``loop.run_until_complete()`` work as in a script.
"""

from __future__ import annotations

import sys
import threading

from polykernel.evaluator.ownership import REMEMBERED, owner
from polykernel.evaluator.standard_library import standard_library_first

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from types import FrameType
    from typing import Any, Awaitable, Callable

    from polykernel.evaluator.inbox import Inbox
    from polykernel.evaluator.ownership import Origin

_LOOP_MODULES = ("asyncio", "selectors", "polykernel")
# the attribute of a cell's task that has what its cancellation stands for; evaluators read it
ENDED_BY = "_polykernel_ended_by"
_LOADED_WITH = ("asyncio", "uvloop")  # a cell that has one of them in its text gets a loop
CANCELLED_WITHIN = 1.0  # seconds that the tasks of a subshell have when it ends

# whose loops are, by the number of the thread that runs their cells; gone when that ends
_of_threads: dict[int, Tasks] = {}


class Tasks:
    """The event loop of one thread that runs cells. State: the loop, the running cell's task.

    Args:
        terminating: Whether the process has been asked to end.
        report: Shows an exception of a background task, in the cell that it belongs to.
        undisturbed: Calls what no interrupt may tear apart.
    """

    def __init__(
        self,
        terminating: Callable[[], bool],
        report: Callable[[Origin | None, str, BaseException | None], None],
        undisturbed: Callable[[Callable[[], None]], None],
    ) -> None:
        self._terminating = terminating
        self._report = report
        self._undisturbed = undisturbed
        self._loop: asyncio.AbstractEventLoop | None = None
        self._cell_task: asyncio.Future[Any] | None = None
        self._to_cancel: asyncio.Future[Any] | None = None  # as soon as the loop comes to it
        self._cancelled_by_user = False
        self._nominal = False
        self._waiting = False
        self._module: Any = None
        self._set_running_loop: Callable[[Any], None] = lambda loop: None
        self._thread = 0  # that runs the cells

    # the running cell

    def prepare(self, code: str) -> None:
        """Before a cell's code runs: make ``asyncio.create_task()`` work in it."""
        self._thread = threading.get_ident()
        if "asyncio" in sys.modules or any(name in code for name in _LOADED_WITH):
            try:
                loop = self._get_loop()
            except Exception:  # whoever needs it will hear why it can't be imported
                return
            self._nominal = True
            self._set_running_loop(loop)

    def release(self) -> None:
        """After a cell's code has returned, or before the loop really runs."""
        if self._nominal:
            self._nominal = False
            self._set_running_loop(None)

    def run(self, awaitable: Awaitable[Any]) -> Any:
        """Run a cell's awaitable to its end.

        Raises:
            KeyboardInterrupt: The user interrupted.
            BaseException: What the awaitable raises.
        """
        loop = self._get_loop()
        asyncio = self._asyncio()
        task = asyncio.ensure_future(awaitable, loop=loop)
        self._cancelled_by_user = False
        self._cell_task = task
        try:
            return self._run_until_complete(loop, task)
        except asyncio.CancelledError:
            if self._cancelled_by_user:
                raise KeyboardInterrupt from None
            raise
        except BaseException as error:  # an interrupt, or of a signal handler of the user's
            self._to_cancel = None
            if not self._terminating():
                self._cancel(loop, task, error)
            raise
        finally:
            if hasattr(task, ENDED_BY):
                delattr(task, ENDED_BY)  # its traceback has this frame
            self._cell_task = self._to_cancel = None
            if task.done() and not task.cancelled():
                task.exception()  # it has been seen: asyncio need not tell it again

    def _run_until_complete(self, loop: Any, task: Any) -> Any:
        while True:
            try:
                return loop.run_until_complete(task)
            except SystemExit as error:  # noqa: PERF203 - of another task, whose end is not the cell's
                if self._terminating() or task.done():
                    raise
                self._report(None, "a task asked to exit", error)

    def _cancel(self, loop: Any, task: Any, error: BaseException) -> None:
        # it hit the loop, or another task's step, and the cell's own task is still there
        if not task.done():
            setattr(task, ENDED_BY, error)
            task.cancel()
            try:
                self._run_until_complete(loop, task)
            except self._asyncio().CancelledError:
                pass

    # interrupts

    def interrupt(self, frame: FrameType | None) -> bool:
        """Stop the running cell's task where the loop waits, and no step of a task is executing.

        Returns:
            Whether it will stop by itself; otherwise the caller has to raise. Until it is no longer
            :attr:`stopping`, a step that begins just now may keep it from that.
        """
        loop, task = self._loop, self._cell_task
        if loop is None or task is None or not loop.is_running():
            return False
        if _in_user_code(frame):
            return False
        self._cancelled_by_user = True
        setattr(task, ENDED_BY, KeyboardInterrupt())
        self._to_cancel = task
        loop.call_soon_threadsafe(self._cancel_now, task)
        return True

    def _cancel_now(self, task: asyncio.Future[Any]) -> None:
        wanted, self._to_cancel = self._to_cancel, None
        if wanted is task:
            task.cancel()

    @property
    def stopping(self) -> bool:
        """Whether the running cell's task is to be cancelled, and the loop has not come to it."""
        return self._to_cancel is not None

    def keeps_from_stopping(self, frame: FrameType | None) -> bool:
        """Whether that is so because a task's step is executing."""
        return self.stopping and _in_user_code(frame)

    def busy_between_cells(self, frame: FrameType | None) -> bool:
        """Whether a task's step is what keeps the main thread from the next cell."""
        loop = self._loop
        return self._waiting and loop is not None and loop.is_running() and _in_user_code(frame)

    # between cells

    def alive(self) -> bool:
        """Whether there is a loop, which has to run between cells.

        Threads may hand it something at any time, and nobody can tell whether they will.
        """
        return self._loop is not None and not self._loop.is_closed()

    def wait(self, requests: Inbox) -> None:
        """Run the loop until a request is there."""
        loop = self._get_loop()
        self._waiting = True
        try:
            while requests.empty():
                loop.run_forever()
        finally:
            self._waiting = False

    def wake(self) -> None:
        """From the reader thread, when a request has come."""
        loop = self._loop
        if self._waiting and loop is not None:
            try:
                loop.call_soon_threadsafe(self._stop_waiting)
            except RuntimeError:
                pass  # user code has just closed the loop

    def _stop_waiting(self) -> None:
        if self._waiting and self._loop is not None:
            self._loop.stop()

    def give_up(self) -> None:
        """Forget the loop: it can't be run any more."""
        self._loop = None

    def close(self) -> None:
        """End the tasks, and the loop; in the thread that ran it, which ends.

        Raises:
            Exception: User code has taken it apart.
        """
        loop, self._loop = self._loop, None
        if _of_threads.get(threading.get_ident()) is self:
            del _of_threads[threading.get_ident()]
        if loop is None or loop.is_closed():
            return
        try:
            asyncio = self._asyncio()
            tasks = asyncio.all_tasks(loop)
            for task in tasks:
                task.cancel()
            if tasks:
                loop.run_until_complete(asyncio.wait(tasks, timeout=CANCELLED_WITHIN))
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()

    def set_running(self, loop: Any, set_running: Callable[[Any], None]) -> None:
        """Set the running loop of the calling thread; for ``None`` the nominal one, if any."""
        set_running(self._loop if loop is None and self._nominal else loop)

    def is_nominal(self, loop: Any) -> bool:
        """Whether a running loop is one in name only."""
        return loop is self._loop and loop is not None and not loop.is_running()

    # the loop

    def _asyncio(self) -> Any:
        # once: user code may have another module of that name later
        if self._module is None:
            _forget_half_an_import("asyncio")
            with standard_library_first:
                import asyncio
            self._module = asyncio
        return self._module

    def _get_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None or self._loop.is_closed():
            # half a loop complains when it is collected, in whatever cell that is
            self._undisturbed(self._make_loop)
        assert self._loop is not None
        return self._loop

    def _make_loop(self) -> None:
        asyncio = self._asyncio()
        _of_threads[threading.get_ident()] = self
        self._set_running_loop = _patched(asyncio)
        with standard_library_first:
            self._loop = loop = asyncio.new_event_loop()
        loop.set_exception_handler(self._on_exception)
        if sys.version_info < (3, 12):
            loop.set_task_factory(_owned_task_factory(asyncio.Task))
        asyncio.set_event_loop(loop)

    def _on_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        task = context.get("task") or context.get("future")
        error = context.get("exception")
        message = context.get("message") or "an error in the event loop"
        self._report(_owner_of(task), str(message), error)


def _patched(asyncio: Any) -> Callable[[Any], None]:
    """Let asyncio see no nominal loop; gives what sets the running loop.

    asyncio's own modules ask these two before they run a loop, and call the second afterwards;
    uvloop takes them from the package. :func:`asyncio.get_running_loop` is another function.
    """
    events = asyncio.events
    get_running, set_running = events._get_running_loop, events._set_running_loop  # noqa: SLF001
    if set_running.__module__ == __name__:
        return set_running  # type: ignore[no-any-return]
    get_ident = threading.get_ident

    def get_running_loop() -> Any:
        loop = get_running()
        tasks = _of_threads.get(get_ident())
        return None if tasks is not None and tasks.is_nominal(loop) else loop

    def set_running_loop(loop: Any) -> None:
        tasks = _of_threads.get(get_ident())
        if tasks is None:
            set_running(loop)
        else:
            tasks.set_running(loop, set_running)

    for module in (events, asyncio):
        module._get_running_loop = get_running_loop  # noqa: SLF001
        module._set_running_loop = set_running_loop  # noqa: SLF001
    return set_running_loop


def _forget_half_an_import(package: str) -> None:
    """Let a package be imported anew whose import was interrupted.

    Its parts are left over then, and are not put into the package again.
    """
    if package not in sys.modules:
        for name in [each for each in list(sys.modules) if each.startswith(package + ".")]:
            sys.modules.pop(name, None)


def _in_user_code(frame: FrameType | None) -> bool:
    """Whether the loop has called a coroutine or callback that is not asyncio's own.

    An exception that is raised anywhere else in the running loop would lose what the loop was about
    to do. asyncio's tasks say that they are current even while they call the loop.
    """
    while frame is not None and frame.f_code.co_name != "run_forever":
        if _module(frame) not in _LOOP_MODULES:
            return True
        frame = frame.f_back
    return False


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__")).partition(".")[0]


def is_awaitable(value: object) -> bool:
    """Whether a cell's value has to be awaited."""
    return hasattr(type(value), "__await__")


def _owner_of(task: Any) -> Origin | None:
    if hasattr(task, "get_context"):
        return task.get_context().get(owner)  # type: ignore[no-any-return]
    return getattr(task, REMEMBERED, None)


def _owned_task_factory(task_type: Any) -> Any:
    class OwnedTask(task_type):  # type: ignore[misc]
        """Remembers its cell; from Python 3.12 on, a task's context tells it."""

    OwnedTask.__name__ = OwnedTask.__qualname__ = "Task"

    def make_task(loop: Any, coroutine: Any, **options: Any) -> Any:
        task = OwnedTask(coroutine, loop=loop, **options)
        setattr(task, REMEMBERED, owner.get())
        return task

    return make_task
