"""A real kernel, over real sockets, and a small client that shows what it has seen."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polykernel.testing.connecting import Connection, Seen
from polykernel.testing.outcome import Completeness, Outcome
from polykernel.testing.pending import Pending
from polykernel.testing.process import KernelProcess
from polykernel.testing.waiting import NothingCame

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

_PATIENCE = 60.0  # seconds


class Kernel:
    """One kernel, and a front end that is connected to it.

    Args:
        language: The language's name.
        plugin: The module that brings it; all installed plugins are searched where empty.
        arguments: More arguments of ``polykernel run``, such as ``["--memory", "1GiB"]``.
        environment: Variables for it, beside this process's own.
        folder: Where it runs; a new one that is removed afterwards where ``None``.
        patience: Seconds that what must come may take.

    Raises:
        NothingCame: It does not start; the text has its log.
    """

    def __init__(
        self,
        language: str,
        *,
        plugin: str = "",
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        patience: float = _PATIENCE,
    ) -> None:
        self.language = language
        self.patience = patience
        self._temporary = None
        if folder is None:
            self._temporary = tempfile.TemporaryDirectory(
                prefix="polykernel-test-", ignore_cleanup_errors=True
            )
            folder = Path(self._temporary.name)
        self._plugin = plugin
        self._arguments = tuple(arguments)
        self._environment = dict(environment or {})
        self._seen: list[Seen] = []
        self.folder = folder
        try:
            self._begin()
        except BaseException:
            self._remove_folder()
            raise

    def _begin(self) -> None:
        self.process = KernelProcess(
            self.language,
            plugin=self._plugin,
            arguments=self._arguments,
            environment=self._environment,
            folder=self.folder,
            patience=self.patience,
        )
        self._connection = Connection(self.process.info, self.patience, self.process.gone)
        self._connection.seen = self._seen  # one story, also over a restart
        try:
            self._connection.wait(
                lambda seen: seen.channel == "iopub", "anything on IOPub", since=len(self._seen)
            )
            self.kernel_info()
        except BaseException:
            self._connection.close()
            self.process.kill()
            raise

    def __enter__(self) -> Kernel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it: asked for in good order, and killed where that is not heard."""
        if not self.process.gone():
            self.send("shutdown_request", {"restart": False}, channel="control")
            self.process.wait(min(self.patience, 5.0))
        self.process.kill()
        self._connection.close()
        self._remove_folder()

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self._connection.close()
        self._remove_folder()

    def _remove_folder(self) -> None:
        if self._temporary is not None:
            self._temporary.cleanup()

    # cells

    def execute(
        self,
        code: str,
        *,
        inputs: Sequence[str] | None = None,
        patience: float | None = None,
        **content: Any,
    ) -> Outcome:
        """Run a cell to its end.

        Args:
            code: The cell's text.
            inputs: The lines that the user types when asked; ``None`` where input is not allowed.
            patience: Seconds that it may take.
            content: Further fields of the ``execute_request``: ``silent``, ``user_expressions`` ...

        Raises:
            NothingCame: It has not ended in time; or it asked for more input than there is.
        """
        pending = self.start(code, allow_stdin=inputs is not None, **content)
        for value in inputs or ():
            asked = pending.wait_for_prompt(patience)
            if asked is None:
                break
            self.answer(value)
        return pending.outcome(patience)

    def start(self, code: str, **content: Any) -> Pending:
        """Send a cell, and do not wait for it: what comes can be watched as it comes.

        Args:
            code: The cell's text.
            content: Further fields of the ``execute_request``.
        """
        content = {"code": code, "allow_stdin": False, **content}
        since = len(self._seen)
        return Pending(self._connection, self.send("execute_request", content), since)

    def answer(self, value: str) -> None:
        """Answer an input request."""
        self.send("input_reply", {"value": value}, channel="stdin")

    # questions

    def complete(self, code: str, cursor_pos: int | None = None) -> dict[str, Any]:
        """Complete at the cursor, in code points, by default at the end; the reply's content."""
        place = len(code) if cursor_pos is None else cursor_pos
        return self.request("complete_request", {"code": code, "cursor_pos": place})

    def inspect(
        self, code: str, cursor_pos: int | None = None, detail_level: int = 0
    ) -> dict[str, Any]:
        """Give help at the cursor, in code points, by default at the end; the reply's content."""
        place = len(code) if cursor_pos is None else cursor_pos
        return self.request(
            "inspect_request", {"code": code, "cursor_pos": place, "detail_level": detail_level}
        )

    def is_complete(self, code: str) -> Completeness:
        """Say whether code can be run as it is."""
        reply = self.request("is_complete_request", {"code": code})
        return Completeness(str(reply.get("status")), reply.get("indent", ""))

    def kernel_info(self) -> dict[str, Any]:
        """Give the content of the ``kernel_info_reply``."""
        return self.request("kernel_info_request")

    # life

    def interrupt(self) -> None:
        """Interrupt what runs, as a front end's button does."""
        self.request("interrupt_request", channel="control")

    def restart(self) -> None:
        """Restart it, as a front end's button does.

        Raises:
            NothingCame: It does not end, or does not start again.
        """
        # as jupyter_client does, which waits for the end and not for the reply
        self.send("shutdown_request", {"restart": True}, channel="control")
        self._await_end()
        self.process.kill()  # it has ended; its pipe is still ours
        self._connection.close()
        self._begin()

    def shutdown(self) -> None:
        """Shut it down in good order, and wait for its end.

        Raises:
            NothingCame: It does not end.
        """
        self.request("shutdown_request", {"restart": False}, channel="control")
        self._await_end()

    def _await_end(self) -> None:
        if not self.process.wait(self.patience):
            raise NothingCame(
                f"the kernel's process did not end within {self.patience:g} seconds after "
                f"shutdown_request\n{self.transcript()}"
            )

    # messages

    def send(
        self,
        msg_type: str,
        content: dict[str, Any] | None = None,
        *,
        channel: str = "shell",
        buffers: Sequence[bytes] = (),
    ) -> str:
        """Send any message, and give its id."""
        return self._connection.send(channel, msg_type, content or {}, buffers=buffers)

    def request(
        self,
        msg_type: str,
        content: dict[str, Any] | None = None,
        *,
        channel: str = "shell",
        patience: float | None = None,
    ) -> dict[str, Any]:
        """Send a request, and wait for its reply: that one's content.

        Raises:
            NothingCame: There was none in time.
        """
        since = len(self._seen)
        msg_id = self.send(msg_type, content, channel=channel)
        return self._connection.wait(
            lambda seen: seen.parent == msg_id and seen.channel == channel,
            f"the reply to {msg_type}",
            since=since,
            patience=patience,
        ).content

    @property
    def messages(self) -> list[Seen]:
        """All that was sent and received, in order."""
        self._connection.pump(0)
        return self._seen

    def transcript(self) -> str:
        """Tell the sequence of messages, for failing tests."""
        return self._connection.transcript()
