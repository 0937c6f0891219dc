"""Comms: two-way channels between code and what stands for it in a front end, such as a widget.

Specification: "Custom Messages".
"""

from __future__ import annotations

import os

from polykernel.evaluator.contract import wrong
from polykernel.evaluator.ownership import find_owner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

    from polykernel.evaluator.outlet import Outlet


class CommMessage:
    """What came over a comm.

    Attributes:
        data: What the other end has sent: anything that JSON can hold.
        metadata: Of the message.
        buffers: Binary data, read-only.
    """

    __slots__ = ("buffers", "data", "metadata")
    data: Any
    metadata: dict[str, Any]
    buffers: Sequence[memoryview]

    def __init__(self, data: Any, metadata: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        self.data = data
        self.metadata = metadata
        self.buffers = buffers

    def __repr__(self) -> str:
        return f"<CommMessage {self.data!r}, {len(self.buffers)} buffers>"


class Comm:
    """One end of a comm. Made by :meth:`Cell.open_comm`, or by a front end that opens one.

    All methods may be called from any thread.

    Attributes:
        comm_id: Its name.
        target_name: What the other end is to be.
        is_open: Neither end has closed it.
        on_message: Called with each :class:`CommMessage` that comes.
        on_close: Called with the message by which the front end closes the comm.
    """

    comm_id: str
    target_name: str
    is_open: bool
    on_message: Callable[[CommMessage], object]
    on_close: Callable[[CommMessage], object]

    def __init__(self, comms: Comms, comm_id: str, target_name: str) -> None:
        self._comms = comms
        self.comm_id = comm_id
        self.target_name = target_name
        self.is_open = True
        self.on_message = _ignore
        self.on_close = _ignore

    def __repr__(self) -> str:
        return f"<Comm {self.target_name} {self.comm_id}>"

    def send(
        self,
        data: object = None,
        *,
        metadata: dict[str, Any] | None = None,
        buffers: Sequence[Any] = (),
    ) -> None:
        """Send to the other end (specification, "Comm Messages").

        Args:
            data: Anything that has a JSON form.
            metadata: Of the message.
            buffers: Binary data: anything with the buffer protocol.

        Raises:
            ValueError: The comm is closed, or the data can't be sent.
        """
        if not self.is_open:
            raise ValueError(f"{self!r} is closed")
        self._comms.send("comm_msg", self.comm_id, {"data": _data(data)}, metadata, buffers)

    def close(
        self,
        data: object = None,
        *,
        metadata: dict[str, Any] | None = None,
        buffers: Sequence[Any] = (),
    ) -> None:
        """Close both ends (specification, "Tearing Down Comms"); a second time it does nothing.

        Raises:
            ValueError: The data can't be sent.
        """
        if self.is_open:
            self._comms.forget(self)
            self._comms.send("comm_close", self.comm_id, {"data": _data(data)}, metadata, buffers)


class Comms:
    """Owns the open comms of this process.

    Args:
        outlet: Where messages go.
    """

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._open: dict[str, Comm] = {}

    def open(
        self,
        target_name: str,
        data: object = None,
        metadata: dict[str, Any] | None = None,
        buffers: Sequence[Any] = (),
        comm_id: str = "",
    ) -> Comm:
        """Open a comm to a target in the front end (specification, "Opening a Comm").

        Raises:
            ValueError: The data can't be sent.
        """
        comm = Comm(self, comm_id or os.urandom(16).hex(), target_name)
        self._open[comm.comm_id] = comm
        content = {"target_name": target_name, "data": _data(data)}
        self.send("comm_open", comm.comm_id, content, metadata, buffers)
        return comm

    def send(
        self,
        method: str,
        comm_id: str,
        content: dict[str, Any],
        metadata: dict[str, Any] | None,
        buffers: Sequence[Any],
    ) -> None:
        """Send one message for a comm."""
        origin = find_owner() or self._outlet.last
        content = {"comm_id": comm_id, **content}
        self._outlet.event(method, origin, content, metadata, buffers or ())

    def forget(self, comm: Comm) -> None:
        """Take a comm out of the list: it is closed."""
        comm.is_open = False
        self._open.pop(comm.comm_id, None)

    def handle(
        self, method: str, params: dict[str, Any], accept: Callable[[Comm, CommMessage], object]
    ) -> bool:
        """Take one message of a front end's.

        Args:
            method: ``comm_open``, ``comm_msg`` or ``comm_close``.
            params: As docs/channel.md has them.
            accept: Takes a new comm with its first message, if it knows the target.

        Returns:
            Whether there is such a comm, or such a target.

        Raises:
            BaseException: What the author's callback raises.
        """
        content = params.get("content") or {}
        comm_id = str(content.get("comm_id"))
        message = CommMessage(
            content.get("data"), params.get("metadata") or {}, params.get("buffers") or ()
        )
        if method == "comm_open":
            return self._accept(comm_id, str(content.get("target_name")), message, accept)
        comm = self._open.get(comm_id)
        if comm is None:
            return False
        if method == "comm_close":
            self.forget(comm)
            comm.on_close(message)
        else:
            comm.on_message(message)
        return True

    def _accept(
        self,
        comm_id: str,
        target_name: str,
        message: CommMessage,
        accept: Callable[[Comm, CommMessage], object],
    ) -> bool:
        comm = Comm(self, comm_id, target_name)
        self._open[comm_id] = comm
        accepted = False
        try:
            known = accept(comm, message)
            if not isinstance(known, bool):
                raise wrong("open_comm", "True or False", known)
            accepted = known
        finally:
            if not accepted:
                self.forget(comm)
        return accepted


def _data(data: object) -> object:
    return {} if data is None else data


def _ignore(message: CommMessage) -> None:
    pass
