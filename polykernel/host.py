"""Puts the parts of a kernel together and runs the loop. Runs no user code."""

from __future__ import annotations

import gc
import logging
import os
import signal
from typing import TYPE_CHECKING, cast

from tornado.ioloop import IOLoop

from polykernel import inherited
from polykernel.content import plugin_error
from polykernel.debugger import Debugger
from polykernel.dispatch import Dispatch
from polykernel.execution import Execution
from polykernel.history import SWITCH, History
from polykernel.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tornado.platform.asyncio import AsyncIOLoop

    from polykernel.development import Development
    from polykernel.front_ends import FrontEnds
    from polykernel.kernel_info import KernelInfo
    from polykernel.language import Language
    from polykernel.limits import Limits
    from polykernel.message import Message
    from polykernel.start import Start


PARENT_LOOKED_AT_EVERY = 1.0  # seconds, where the system can't tell that a process has ended

log = logging.getLogger("polykernel.host")


class Host:
    """One kernel: owns the loop and the way from its beginning to its end.

    Args:
        front_ends: Who is served.
        start: The language and its evaluator.
        info: What kernel info says.
        limits: What the user has limited; nothing where ``None``.
        early: Messages that have come, and on which channels.
        born: When this process was started.
        files: To be removed when it is killed.
        development: Who loads the language anew when its plugin changes; ``None`` where nobody
            develops it.
        replay: Whether earlier cells are run again then.
    """

    def __init__(
        self,
        front_ends: FrontEnds,
        start: Start,
        info: KernelInfo,
        limits: Limits | None = None,
        early: Sequence[tuple[str, Message]] = (),
        born: float = 0.0,
        files: Sequence[str] = (),
        development: Development | None = None,
        *,
        replay: bool = False,
    ) -> None:
        self._loop = cast("AsyncIOLoop", IOLoop.current())
        self._transport = transport = front_ends.transport
        self._early = early
        self._last_words: list[Callable[[], None]] = []
        self._supervisor = Supervisor(
            start.command,
            os.environ,
            start.language.name,
            start.process,
            start.trouble,
            transport.turn,
            files,
            start.language.options,
        )
        self._execution = Execution(
            self._supervisor,
            front_ends.send,
            plugin=lambda: str(start.plugin),
            read_ahead=lambda: transport.take_all("shell"),
            purge_stdin=lambda: transport.take_all("stdin"),
            withdraw_stdin=transport.withdraw_question,
            broken=_broken(start),
            limits=limits,
        )
        self._history = History(start.language.name, os.environ.get(SWITCH, ""))
        self._debugger = Debugger(
            self._supervisor,
            front_ends.send,
            lambda: self._execution.busy_with,
            expected=start.debugger,
        )
        self._dispatch = Dispatch(
            self._execution,
            self._debugger,
            front_ends.send,
            info=info,
            subshells=start.language.subshells,
            ports=transport.ports,
            shutdown=self._shutdown,
            history=self._history,
            born=born,
        )
        self._info = info
        if development is not None:
            self._develop(development, start, replay=replay)
        transport.on_congestion = self._on_congestion
        transport.on_unasked = self._execution.input_undeliverable
        front_ends.on_message = self._dispatch.handle
        front_ends.busy_with = lambda: self._execution.busy_with

    def _develop(self, development: Development, start: Start, *, replay: bool) -> None:
        from polykernel.renewal import Renewal

        renewal = Renewal(
            development,
            self._execution,
            lambda: str(start.plugin),
            self._on_language,
            replay=replay,
        )
        self._execution.develop(renewal)

    def _on_language(self, language: Language) -> None:
        """Tell front ends of the facts of a language that was loaded anew."""
        self._info.take(language)
        self._execution.subshells = language.subshells

    def run(
        self, *, ready: Callable[[], None] = lambda: None, interrupt_ends: bool = False
    ) -> None:
        """Run until the kernel is shut down, by request, by signal or by its parent's end.

        Args:
            ready: Called as soon as signals are heeded.
            interrupt_ends: Whether SIGINT ends the kernel where there is nothing to interrupt.
        """
        for channel, message in self._early:
            self._loop.add_callback(self._dispatch.handle, channel, message)
        self._transport.start(self._loop)
        loop = self._loop.asyncio_loop
        loop.add_signal_handler(signal.SIGINT, self._on_sigint, interrupt_ends)
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup leaves it
                loop.add_signal_handler(number, self.stop)
        self._watch_parent()
        log.info("kernel %s is running", os.getpid())
        try:
            ready()
            # what the start has made stays; to look for the little garbage in it takes 9 ms
            gc.freeze()
            gc.enable()
            self._loop.start()
        finally:
            self._supervisor.kill()
            self._transport.close()

    def _on_congestion(self, congested: bool) -> None:
        if congested:
            self._execution.pause()
        else:
            self._execution.resume()

    # the end

    def stop(self) -> None:
        """End in good order; :meth:`run` returns when that is done."""
        self._shutdown(False, lambda: None)

    def _on_sigint(self, ends: bool) -> None:
        if ends and self._execution.busy_with is None:
            self.stop()
        else:
            self._execution.interrupt()

    def _shutdown(self, restart: bool, last: Callable[[], None]) -> None:
        """End in good order; ``last`` is called when all else is done."""
        self._last_words.append(last)
        if len(self._last_words) > 1:
            return
        log.info("shutting down")
        self._execution.stop()
        self._supervisor.shutdown(restart, self._on_gone)

    def _on_gone(self) -> None:
        self._debugger.stop()
        self._execution.end()
        self._history.close(self._end)

    def _end(self) -> None:
        self._dispatch.end()
        for last in self._last_words:
            last()
        self._loop.stop()

    def _watch_parent(self) -> None:
        """End when the process that started us ends (``JPY_PARENT_PID``, from jupyter_client)."""
        try:
            parent = int(os.environ.get("JPY_PARENT_PID", ""))
        except ValueError:
            return  # started by hand
        if not 0 < parent < 1 << 31:
            return  # no process
        try:
            descriptor = os.pidfd_open(parent)
        except (AttributeError, OSError):  # not there, not allowed, or there is no such process
            if _is_there(parent):
                self._look(lambda: _is_there(parent))
            else:
                # it has ended already; or its number is from outside of a container, or is old
                self._look(lambda: os.getppid() == inherited.STARTED_BY)
        else:
            self._loop.add_handler(descriptor, self._on_parent_gone, IOLoop.READ)

    def _look(self, parent_is_there: Callable[[], bool]) -> None:
        if parent_is_there():
            self._loop.call_later(PARENT_LOOKED_AT_EVERY, self._look, parent_is_there)
        else:
            self._on_parent_gone()

    def _on_parent_gone(self, descriptor: int = -1, events: int = 0) -> None:
        if descriptor >= 0:
            self._loop.remove_handler(descriptor)
        log.info("the process that started this kernel is gone")
        self.stop()


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is another user's
    return True


def _broken(start: Start) -> dict[str, object] | None:
    """Content of the error that each cell gives where the plugin or its evaluator is no good."""
    if start.process is not None:
        return None
    return plugin_error(start.trouble, start.traceback, "Mend it, then restart the kernel.")
