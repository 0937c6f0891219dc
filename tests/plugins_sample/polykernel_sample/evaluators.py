"""Evaluators in Python that do what the cell says."""

from __future__ import annotations

from polykernel.evaluator import Evaluator


class Sample(Evaluator):
    """Runs the cell with ``cell`` and ``self`` at hand; the name ``result`` becomes the result."""

    def execute(self, code, cell):
        names = {"cell": cell, "self": self, "result": None}
        exec(compile(code, "<cell>", "exec"), names)
        return names["result"]

    def complete(self, code, cursor_pos):
        return ["alpha", "alphabet", "beta"]

    def inspect(self, code, cursor_pos, detail_level=0):
        return f"{code} at {cursor_pos}, detail {detail_level}" if code else None

    def is_complete(self, code):
        return ("incomplete", "    ") if code.endswith(":") else "complete"

    def shutdown(self, restart):
        print(f"shut down, restart={restart}")


class BrokenStart(Sample):
    """Can't start."""

    def start(self):
        raise OSError("the runtime of this language is not there")


class Buggy(Evaluator):
    """Is full of bugs."""

    def execute(self, code, cell):
        return {}["no such key"]

    def complete(self, code, cursor_pos):
        return 1 / 0
