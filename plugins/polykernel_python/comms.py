"""The package ``comm``, on which ipywidgets and anywidget build, over polykernel's comms.

Nothing of it is imported before the user's code does; then its two functions that a kernel has to
bring are replaced by ours.
"""

from __future__ import annotations

import sys

from polykernel.evaluator import current_cell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable

    from polykernel.evaluator import Cell, Comm, CommMessage
    from polykernel_python.imports import PostImport


class Comms:
    """Opens comms for the package ``comm``, and takes those that front ends open.

    Args:
        last_cell: The cell that threads belong to which no cell has started.
    """

    def __init__(self, last_cell: Callable[[], Cell | None]) -> None:
        self._last_cell = last_cell
        self._manager: Any = None
        self._arriving: dict[str, Comm] = {}  # opened by a front end, not yet wrapped

    def watch(self, imports: PostImport) -> None:
        """Change the package as soon as it is imported."""
        imports.when("comm", self._change)

    def _change(self, comm: ModuleType) -> None:
        manager = comm.get_comm_manager()
        # where an earlier import was interrupted, the package has no attribute of that name
        make = _kernel_comm_class(sys.modules["comm.base_comm"].BaseComm, self)
        self._manager = manager
        setattr(comm, "create_comm", make)  # noqa: B010
        setattr(comm, "get_comm_manager", lambda: manager)  # noqa: B010

    def open(self, **options: Any) -> Comm | None:
        """Open a comm to the front end; ``None`` in a forked child, which has none."""
        cell = self.cell()
        return None if cell is None else cell.open_comm(**options)

    def cell(self) -> Cell | None:
        """Find the cell that the calling thread works for."""
        return current_cell() or self._last_cell()

    def claim(self, comm_id: str) -> Comm | None:
        """Give a comm that a front end has opened to the object that stands for it."""
        return self._arriving.pop(comm_id, None)

    def accept(self, comm: Comm, message: CommMessage) -> bool:
        """Take a comm that a front end opens, if its target has been registered.

        Raises:
            BaseException: What the target's callback raises.
        """
        target = self._manager.targets.get(comm.target_name) if self._manager else None
        if target is None:
            return False
        self._arriving[comm.comm_id] = comm
        made = sys.modules["comm"].create_comm(
            comm_id=comm.comm_id, primary=False, target_name=comm.target_name
        )
        self._manager.register_comm(made)
        try:
            target(made, as_dictionary(made, "comm_open", message))
        except BaseException:
            made.close()
            raise
        return comm.is_open

    def forget(self, comm: Any) -> None:
        """Take a comm out of the package's list: the front end has closed it."""
        self._manager.comms.pop(comm.comm_id, None)


def as_dictionary(comm: Any, msg_type: str, message: CommMessage) -> dict[str, Any]:
    """Show a message as the callbacks of the package ``comm`` expect it."""
    content = {"comm_id": comm.comm_id, "data": message.data}
    if msg_type == "comm_open":
        content["target_name"] = comm.target_name
    return {
        "header": {"msg_type": msg_type},
        "msg_type": msg_type,
        "content": content,
        "metadata": message.metadata,
        "buffers": list(message.buffers),
    }


class Kernel:
    """What widgets ask of "the kernel": which request they are handled for, and a way out.

    Args:
        comms: Knows the cell.
    """

    def __init__(self, comms: Comms) -> None:
        self._comms = comms

    #: Only handed back to :meth:`send_response`.
    iopub_socket = None

    def get_parent(self) -> dict[str, Any]:
        """Name the request; ipywidgets' ``Output`` collects what belongs to it."""
        cell = self._comms.cell()
        return {"header": {"msg_id": cell.msg_id}} if cell is not None else {}

    def send_response(self, socket: object, msg_type: str, content: dict[str, Any]) -> None:
        """Show an error; all else has a better way."""
        cell = self._comms.cell()
        if msg_type == "error" and cell is not None:
            cell.write("\n".join([*content.get("traceback", ()), ""]), "stderr")


def _kernel_comm_class(base: Any, comms: Comms) -> Any:
    kernel = Kernel(comms)

    class KernelComm(base):  # type: ignore[misc]
        """A comm of the package ``comm`` over one of polykernel's."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.kernel = kernel
            self._comm: Comm | None = None
            super().__init__(*args, **kwargs)
            if not self.primary:
                self._follow(comms.claim(self.comm_id))

        def _follow(self, comm: Comm | None) -> None:
            self._comm = comm
            if comm is not None:
                comm.on_message = self._on_message
                comm.on_close = self._on_close

        def publish_msg(
            self,
            msg_type: str,
            data: Any = None,
            metadata: Any = None,
            buffers: Any = None,
            **keys: Any,
        ) -> None:
            """Send one message to the front end."""
            options = {"data": data, "metadata": metadata, "buffers": buffers or ()}
            if msg_type == "comm_open":
                self._follow(
                    comms.open(target_name=self.target_name, comm_id=self.comm_id, **options)
                )
            elif self._comm is not None and self._comm.is_open:
                if msg_type == "comm_close":
                    self._comm.close(**options)
                else:
                    self._comm.send(**options)

        def handle_msg(self, msg: Any) -> None:
            """Call the callback; the package's own method needs IPython for that."""
            if self._msg_callback is not None:
                self._msg_callback(msg)

        def _on_message(self, message: CommMessage) -> None:
            self.handle_msg(as_dictionary(self, "comm_msg", message))

        def _on_close(self, message: CommMessage) -> None:
            self._closed = True
            comms.forget(self)
            self.handle_close(as_dictionary(self, "comm_close", message))

    return KernelComm
