"""Runs cells as plain Python, so that the tests can say what is to happen in the process."""

from __future__ import annotations

import ast
import sys
from typing import Any

from polykernel.evaluator import Bundle, CellError, Evaluator, mimebundle

TOP_LEVEL_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class Python(Evaluator):
    """``exec`` of the cell; its value is what it leaves in ``result``, or its last expression."""

    implementation = "sample 1"
    language_version = "1.2"
    subshells = True

    def start(self) -> None:
        self.space = vars(sys.modules["__main__"])
        self.space["evaluator"] = self
        self.stopped = 0

    def execute(self, code: str, cell: Any) -> Any:
        self.space["cell"] = cell
        tree = ast.parse(code)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            last = ast.Expression(tree.body.pop().value)  # type: ignore[attr-defined]
        body = compile(tree, "<cell>", "exec", TOP_LEVEL_AWAIT)
        value = compile(last, "<cell>", "eval", TOP_LEVEL_AWAIT) if last else None
        flags = body.co_flags | (value.co_flags if value else 0)
        if flags & 0x80:  # CO_COROUTINE
            return self.run_async(body, value)
        eval(body, self.space)
        return eval(value, self.space) if value else None

    async def run_async(self, body: Any, value: Any) -> Any:
        for code in (body, value):
            if code is not None:
                result = eval(code, self.space)
                if code.co_flags & 0x80:
                    result = await result
        return result if value else None

    def evaluate(self, expression: str) -> Any:
        return eval(expression, self.space)

    def complete(self, code: str, cursor_pos: int) -> Any:
        return eval(code, self.space)

    def inspect(self, code: str, cursor_pos: int, detail_level: int = 0) -> Any:
        return eval(code, self.space)

    def is_complete(self, code: str) -> Any:
        return eval(code, self.space)

    def open_comm(self, comm: Any, message: Any) -> bool:
        if comm.target_name == "broken":
            raise ValueError("a bug of the author's")
        if comm.target_name != "echo":
            return False
        self.space["comm"] = comm

        def echo(message: Any) -> None:
            comm.send(message.data, metadata={"n": len(message.buffers)}, buffers=message.buffers)

        comm.on_message = echo
        comm.on_close = lambda message: print("closed", message.data)
        return True

    def shutdown(self, restart: bool) -> None:
        print("shutdown", restart)


class Beside(Python):
    complete_while_busy = True


class Flag(Python):
    """Stops by a flag, as an embedded runtime does."""

    def interrupt(self) -> None:
        self.stopped += 1


class Minimal(Evaluator):
    def execute(self, code: str, cell: Any) -> Any:
        return code


class NoExecute(Evaluator):
    pass


class FailingStart(Evaluator):
    def start(self) -> None:
        raise RuntimeError("no licence found")


class NotAnEvaluator:
    pass


class SlowStart(Python):
    tries = 0

    def start(self) -> None:
        import os
        import time

        type(self).tries += 1
        if self.tries <= int(os.environ.get("SLOW_STARTS", "1")):
            print("starting")
            time.sleep(60)
        super().start()


class BesideSlowStart(SlowStart):
    complete_while_busy = True


__all__ = ["Bundle", "CellError", "mimebundle"]
