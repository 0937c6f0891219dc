"""An evaluator in the test's own process, without a host and without sockets.

Requests pass through the same worker, cells and replies as in an evaluator process; see
:mod:`.workbench`.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polykernel.evaluator import loading
from polykernel.evaluator.base import Evaluator
from polykernel.testing.outcome import Completeness, Event, Outcome
from polykernel.testing.workbench import Workbench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


class Refused(AssertionError):
    """A question was answered with an error: the evaluator's method failed; the text says how."""


class InProcess:
    """One evaluator, and what it showed.

    Args:
        evaluator: The class; or ``"package.module:Class"``; or an instance, as it is.
        options: What its ``options`` say, before ``start()`` is called.
        plugin: Name and version of the plugin, as errors name it.

    Attributes:
        evaluator: The author's object.
        outcomes: Of the cells, in order.
        outside: What was shown outside any cell: by ``start()``, by threads between cells.

    Raises:
        TypeError: ``evaluator`` is none.
    """

    def __init__(
        self,
        evaluator: type[Evaluator] | Evaluator | str,
        *,
        options: Mapping[str, Any] | None = None,
        plugin: str = "the plugin under test",
    ) -> None:
        self._numbers = itertools.count(1)
        self._inputs: list[str] = []
        self._missing_input = ""
        self._execution_count = 0
        self._closed = False
        self._bench = Workbench(plugin, self._next_input)
        self.outcomes: list[Outcome] = []
        self.outside: list[Event] = self._bench.outlet.events
        self.evaluator = _made(evaluator, plugin)
        self.evaluator.options = options or {}
        # as in an evaluator process it is not there yet
        folder = Path(tempfile.gettempdir()) / f"polykernel-{os.urandom(8).hex()}"
        self.evaluator.temporary = str(folder)
        self._bench.start(self.evaluator)

    # cells

    def execute(
        self,
        code: str,
        *,
        inputs: Sequence[str] | None = None,
        silent: bool = False,
        store_history: bool = True,
        user_expressions: Mapping[str, str] | None = None,
        cell_id: str | None = None,
        interrupt_after: str | float | None = None,
        on_event: Callable[[Event], object] | None = None,
    ) -> Outcome:
        """Run a cell to its end.

        Args:
            code: The cell's text.
            inputs: The lines that the user types when asked; ``None`` where input is not allowed.
            silent: Whether nothing is to be shown.
            store_history: Whether it counts.
            user_expressions: Expressions that are evaluated after it, by their names.
            cell_id: The notebook's id of the cell.
            interrupt_after: Interrupt it as soon as it has shown this text, or after so many
                seconds.
            on_event: Called with each event when it is shown, in the thread that shows it.

        Raises:
            AssertionError: It asked for more input than the test gives.
        """
        self._refuse_if_busy()
        number = next(self._numbers)
        if store_history and not silent:
            self._execution_count += 1
        params = {
            "code": code,
            "silent": silent,
            "store_history": store_history and not silent,
            "allow_stdin": inputs is not None,
            "user_expressions": dict(user_expressions or {}),
            "execution_count": max(1, self._execution_count),
            "cell_id": cell_id,
            "msg_id": f"cell-{number}",
        }
        self._inputs, self._missing_input = list(inputs or ()), ""
        outlet = self._bench.outlet
        outlet.prompts = []
        with self._recording() as events, self._interrupted_in_time(number, interrupt_after):
            outlet.on_event = self._watching(events, interrupt_after, on_event)
            reply = self._bench.serve(number, "execute", params)["result"]
        outcome = Outcome(reply, [*events, *self._published(reply)], outlet.prompts)
        self.outcomes.append(outcome)
        if self._missing_input:
            raise AssertionError(f"{self._missing_input}\n{outcome!r}")
        return outcome

    def evaluate(self, expression: str) -> dict[str, Any]:
        """Evaluate a user expression, as front ends do: beside a silent cell without code.

        Returns:
            Its entry in the reply (specification, "Execute").
        """
        outcome = self.execute("", silent=True, user_expressions={"it": expression})
        if outcome.error is not None:
            raise Refused(f"the empty cell beside the expression failed\n{outcome!r}")
        return outcome.user_expressions["it"]

    def interrupt(self) -> None:
        """Interrupt the running cell, from any thread or from ``on_event``, as a front end does.

        Raises:
            RuntimeError: No cell runs, or not in the main thread, where signals come.
        """
        self._bench.interrupt()

    # questions

    def complete(self, code: str, cursor_pos: int | None = None) -> dict[str, Any]:
        """Complete at the cursor (specification, "Completion").

        Args:
            code: The cell's text.
            cursor_pos: In code points; at the end where it is left out.

        Returns:
            Content of the ``complete_reply``.

        Raises:
            Refused: The evaluator's ``complete`` failed.
        """
        place = len(code) if cursor_pos is None else cursor_pos
        return self._ask("complete", {"code": code, "cursor_pos": place})

    def inspect(
        self, code: str, cursor_pos: int | None = None, detail_level: int = 0
    ) -> dict[str, Any]:
        """Give help on what stands at the cursor (specification, "Introspection").

        Args:
            code: The cell's text.
            cursor_pos: In code points; at the end where it is left out.
            detail_level: 0 or 1.

        Returns:
            Content of the ``inspect_reply``.

        Raises:
            Refused: The evaluator's ``inspect`` failed.
        """
        place = len(code) if cursor_pos is None else cursor_pos
        params = {"code": code, "cursor_pos": place, "detail_level": detail_level}
        return self._ask("inspect", params)

    def is_complete(self, code: str) -> Completeness:
        """Say whether code can be run as it is (specification, "Code completeness").

        Raises:
            Refused: The evaluator's ``is_complete`` failed.
        """
        reply = self._ask("is_complete", {"code": code})
        return Completeness(reply["status"], reply.get("indent", ""))

    def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._refuse_if_busy()
        response = self._bench.serve(next(self._numbers), method, params)
        if "error" in response:
            error = response["error"]
            lines = (error.get("data") or {}).get("traceback") or ()
            raise Refused("\n".join([f"{method}: {error['message']}", *lines]))
        result: dict[str, Any] = response["result"]
        return result

    # comms

    def comm(
        self,
        method: str,
        comm_id: str,
        data: object = None,
        *,
        target_name: str = "",
        buffers: Sequence[bytes] = (),
    ) -> list[Event] | None:
        """Send a comm message, as a front end does (specification, "Custom Messages").

        Args:
            method: ``comm_open``, ``comm_msg`` or ``comm_close``.
            comm_id: The comm's name.
            data: Of the message.
            target_name: What is to answer it, of ``comm_open``.
            buffers: Binary data.

        Returns:
            What it caused; ``None`` where nothing knows the target or the comm.
        """
        content = {"comm_id": comm_id, "data": {} if data is None else data}
        if method == "comm_open":
            content["target_name"] = target_name
        params = {"content": content, "buffers": [memoryview(each) for each in buffers]}
        self._refuse_if_busy()
        with self._recording() as events:
            response = self._bench.serve(next(self._numbers), method, params)
        return None if "error" in response else events

    # the end

    def shutdown(self, restart: bool = False) -> None:
        """End it, once: calls the evaluator's ``shutdown``.

        Args:
            restart: Whether another one will take its place.

        Raises:
            Exception: What the evaluator's ``shutdown`` raises.
        """
        if self._closed:
            return
        self._closed = True
        try:
            self._bench.shutdown(restart)
        finally:
            shutil.rmtree(self.evaluator.temporary, ignore_errors=True)

    def transcript(self) -> str:
        """Tell what all cells showed, for failing tests."""
        return "\n".join(map(repr, self.outcomes))

    # within

    def _refuse_if_busy(self) -> None:
        if self._closed:
            raise RuntimeError("the evaluator has been shut down")
        if self._bench.running is not None:
            raise RuntimeError("a cell is running; an evaluator serves one request at a time")

    @contextlib.contextmanager
    def _recording(self) -> Iterator[list[Event]]:
        """Take what is shown from now on for the request's own."""
        outlet = self._bench.outlet
        events: list[Event] = []
        outlet.events = events
        try:
            yield events
        finally:
            outlet.events, outlet.on_event = self.outside, _ignore

    def _watching(
        self,
        events: list[Event],
        interrupt_after: str | float | None,
        on_event: Callable[[Event], object] | None,
    ) -> Callable[[Event], object]:
        wanted = interrupt_after if isinstance(interrupt_after, str) else ""

        def watch(event: Event) -> None:
            nonlocal wanted
            if on_event is not None:
                on_event(event)
            if wanted and wanted in Outcome({}, events).shown:
                wanted = ""
                self.interrupt()

        return watch

    @contextlib.contextmanager
    def _interrupted_in_time(self, number: int, after: str | float | None) -> Iterator[None]:
        if after is None or isinstance(after, str):
            yield
            return
        timer = threading.Timer(after, self._bench.interrupt, [number])
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def _next_input(self, prompt: str) -> str | None:
        if self._inputs:
            return self._inputs.pop(0)
        self._missing_input = f"the cell asked {prompt!r}, and the test has no further input"
        return None

    def _published(self, reply: dict[str, Any]) -> list[Event]:
        """Make of a reply what the host would publish of it."""
        if reply["status"] == "error":
            keys = ("ename", "evalue", "traceback")
            return [Event("error", {key: reply[key] for key in keys})]
        result = reply.pop("result", None)
        if result is None:
            return []
        return [
            Event("execute_result", {**result, "execution_count": max(1, self._execution_count)})
        ]


def _made(evaluator: type[Evaluator] | Evaluator | str, plugin: str) -> Evaluator:
    if isinstance(evaluator, str):
        return loading.load(evaluator, plugin)
    made = evaluator() if isinstance(evaluator, type) else evaluator
    if not isinstance(made, Evaluator):
        raise TypeError(
            f"evaluator() needs a subclass of polykernel.evaluator.Evaluator, not {evaluator!r}"
        )
    return made


def _ignore(event: Event) -> None:
    pass
