"""Debug requests: one after the other, in a thread of their own, whatever the cells do.

Specification: "Debug request". What a debugger does is the evaluator's business; here is only the
way to it, and the events' way out.
"""

from __future__ import annotations

from polykernel.evaluator import replies, requests
from polykernel.evaluator.bare import SimpleQueue
from polykernel.evaluator.ownership import Origin
from polykernel.evaluator.worker import INTERNAL_ERROR, METHOD_NOT_FOUND

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from polykernel.evaluator.outlet import Outlet
    from polykernel.evaluator.service import Service


class Debugging:
    """Serves the host's ``debug`` requests.

    Args:
        service: The evaluator.
        outlet: Where responses and events go.

    Raises:
        RuntimeError: The process may have no more threads.
    """

    def __init__(self, service: Service, outlet: Outlet) -> None:
        self._service = service
        self._outlet = outlet
        self._nobody = Origin(None)  # an event of the debugger's belongs to no cell
        self._requests: SimpleQueue[dict[str, Any]] = SimpleQueue()
        requests.start_thread(self._serve)

    def put(self, message: dict[str, Any]) -> None:
        """Take a request, in the reader thread."""
        self._requests.put(message)

    def _serve(self) -> None:
        while True:
            message = self._requests.get()
            number, params = message["id"], message.get("params") or {}
            try:
                self._outlet.respond(number, self._answer(params.get("content") or {}))
            except NotImplementedError as error:
                self._outlet.refuse(number, METHOD_NOT_FOUND, str(error))
            except BaseException as error:  # the thread must live
                where = self._service.at("debug")
                report = self._service.report(error, f"in debug(){where}")
                text = f"the plugin {self._service.plugin}: {report.ename}: {report.evalue}{where}"
                self._outlet.refuse(number, INTERNAL_ERROR, text, report.content())

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        return replies.debug(self._service.evaluator.debug(request, self._send_event))

    def _send_event(self, event: dict[str, Any]) -> None:
        self._outlet.event("debug_event", self._nobody, event)
