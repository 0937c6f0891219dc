"""The author's only handle on the front end while a cell runs."""

from __future__ import annotations

from polykernel.evaluator import ownership
from polykernel.evaluator.display import mimebundle, show
from polykernel.evaluator.failure import InputRefused
from polykernel.evaluator.ownership import find_owner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from polykernel.evaluator.comms import Comm, Comms
    from polykernel.evaluator.outlet import Outlet
    from polykernel.evaluator.ownership import Origin

STREAMS = ("stdout", "stderr")


class Cell:
    """One execute request, as the evaluator's author sees it.

    All methods may be called from any thread. After the cell has ended its threads and tasks may
    go on to write and display: that still appears under it.

    Attributes:
        execution_count: The number in ``In [n]``.
        silent: Nothing is to be shown.
        store_history: Whether the cell counts.
        allow_stdin: Whether :meth:`input` may ask.
        cell_id: The notebook's id of the cell, or ``None``.
        msg_id: The id of the front end's request.
        subshell: The name of the subshell that runs it; ``None`` for the main shell.
    """

    execution_count: int
    silent: bool
    store_history: bool
    allow_stdin: bool
    cell_id: str | None
    msg_id: str
    subshell: str | None

    def __init__(
        self, outlet: Outlet, comms: Comms, origin: Origin, params: dict[str, Any]
    ) -> None:
        self.execution_count = params.get("execution_count") or 0
        self.silent = bool(params.get("silent"))
        self.store_history = bool(params.get("store_history", True))
        self.allow_stdin = bool(params.get("allow_stdin"))
        self.cell_id = params.get("cell_id")
        self.msg_id = str(params.get("msg_id") or "")
        self.subshell = params.get("subshell")
        self._outlet = outlet
        self._comms = comms
        self._origin = origin
        self._payload: list[dict[str, Any]] = []
        self._bar = ""
        origin.cell = self

    def __repr__(self) -> str:
        return f"<Cell {self._origin.number} [{self.execution_count}]>"

    def write(self, text: str, stream: str = "stdout") -> None:
        """Print text, as it is, to ``"stdout"`` or ``"stderr"`` (specification, "Streams").

        Raises:
            TypeError: ``text`` is not a string.
            ValueError: There is no such stream.
        """
        if stream not in STREAMS:
            raise ValueError(f"stream must be 'stdout' or 'stderr', not {stream!r}")
        _check_text("text", text)
        self._outlet.text(self._origin, STREAMS.index(stream), text)

    def display(
        self,
        value: object,
        *,
        display_id: str | None = None,
        update: bool = False,
        metadata: dict[str, Any] | None = None,
        transient: dict[str, Any] | None = None,
        buffers: Sequence[Any] = (),
    ) -> None:
        """Show an object in all forms that it offers (specification, "Display data").

        Args:
            value: A :class:`Bundle`, a string (shown as it is), or any object.
            display_id: A name by which the display can be updated.
            update: Replace all displays with that ``display_id`` instead of adding one.
            metadata: Added to what the object itself gives.
            transient: Added to the message's ``transient``, which notebooks do not keep.
            buffers: Binary data (anything with the buffer protocol), sent beside the message.

        Raises:
            TypeError: ``display_id`` is not a string.
            ValueError: ``update`` without ``display_id``; or the content can't be sent.
            Exception: What ``repr(value)`` raises.
        """
        if display_id is not None:
            _check_text("display_id", display_id)
        if update and not display_id:
            raise ValueError("display(update=True) needs a display_id")
        bundle = show(value)
        if bundle is None:
            return
        data, own_metadata = bundle
        transient = dict(transient or {})
        if display_id:
            transient["display_id"] = display_id
        self._outlet.event(
            "update_display_data" if update else "display_data",
            self._origin,
            {
                "data": data,
                "metadata": {**own_metadata, **(metadata or {})},
                "transient": transient,
            },
            buffers=buffers,
        )

    def clear_output(self, wait: bool = False) -> None:
        """Clear the cell's output (specification, "Clear output").

        Args:
            wait: Only when the next output comes, so that nothing flickers.
        """
        self._outlet.event("clear_output", self._origin, {"wait": bool(wait)})

    def input(self, prompt: str = "", *, password: bool = False) -> str:
        r"""Ask the user for a line (specification, "stdin"); waits for it.

        Where several threads ask, each one waits for its turn.

        Returns:
            The line without its end; ``"\x04"`` where the user has sent an end of file.

        Raises:
            InputRefused: The front end does not allow it, or the cell is over.
            KeyboardInterrupt: The user interrupted.
        """
        if not self.allow_stdin:
            raise InputRefused("the front end does not allow input requests")
        return self._outlet.ask(self._origin, str(prompt), bool(password))

    def page(self, value: object, start: int = 0) -> None:
        """Show something in the front end's pager (specification, "Payloads").

        Raises:
            RuntimeError: The cell is over.
        """
        data, _ = mimebundle(value)
        self._pay({"source": "page", "data": data, "start": start})

    def set_next_input(self, text: str, *, replace: bool = False) -> None:
        """Put text into the next cell, or into this one (specification, "Payloads").

        Raises:
            TypeError: ``text`` is not a string.
            RuntimeError: The cell is over.
        """
        _check_text("text", text)
        self._pay({"source": "set_next_input", "text": text, "replace": replace})

    def ask_exit(self, *, keep_kernel: bool = False) -> None:
        """Ask the front end to end its session, as a console does (specification, "Payloads").

        It takes notice only if the cell succeeds.

        Args:
            keep_kernel: Whether the kernel is to go on without it.

        Raises:
            RuntimeError: The cell is over.
        """
        self._pay({"source": "ask_exit", "keepkernel": keep_kernel})

    def progress(self, done: float, total: float = 1.0, text: str = "") -> None:
        """Show how far the cell has come: one bar, updated in place.

        Args:
            done: How much is done.
            total: How much there is to do; zero where that is not known.
            text: What stands beside the bar.
        """
        from polykernel.evaluator.display import Bundle
        from polykernel.evaluator.progress import bar

        data = bar(done, total, text)
        if data["text/plain"] == self._bar:
            return  # a loop of a million steps needs no million messages
        update = bool(self._bar)
        self._bar = data["text/plain"]
        name = self._outlet.name("progress", self._origin)
        self.display(Bundle(data), display_id=name, update=update)

    def open_comm(
        self,
        target_name: str,
        data: object = None,
        *,
        metadata: dict[str, Any] | None = None,
        buffers: Sequence[Any] = (),
        comm_id: str = "",
    ) -> Comm:
        """Open a comm to a target in the front end (specification, "Custom Messages").

        Args:
            target_name: What the front end knows the other end by.
            data: Of the first message: anything that has a JSON form.
            metadata: Of the first message.
            buffers: Binary data (anything with the buffer protocol).
            comm_id: Its name; made up where it is empty.

        Raises:
            TypeError: ``target_name`` or ``comm_id`` is not a string.
            ValueError: The data can't be sent.
        """
        _check_text("target_name", target_name)
        _check_text("comm_id", comm_id)
        return self._comms.open(target_name, data, metadata, buffers, comm_id)

    def payload(self) -> list[dict[str, Any]]:
        """Give what the reply carries: pages, and texts for the next input."""
        return self._payload

    def _pay(self, payload: dict[str, Any]) -> None:
        if self._origin.over:
            raise RuntimeError("the cell is over: its reply, which carries payloads, has been sent")
        self._payload.append(payload)


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, not {type(value).__name__}")


def current_cell() -> Cell | None:
    """Find the cell on whose behalf the calling thread or task runs.

    Where nobody knows, as in a thread that C code has started or in a context of its own, it is the
    last one that has begun; ``None`` before the first.
    """
    origin = find_owner() or ownership.latest
    return getattr(origin, "cell", None)
