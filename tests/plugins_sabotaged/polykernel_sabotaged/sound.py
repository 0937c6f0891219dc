"""A small language with nothing wrong in it: every fault is one change to it."""

from __future__ import annotations

import os
import sys
import time

from polykernel.evaluator import Bundle, CellError, Completions, Evaluator

WORDS = ("print", "private", "warn")
HELP = {"print": "print TEXT: writes a line"}


class Sound(Evaluator):
    """One command a line; ``= TEXT`` is a value, and the last one is the cell's."""

    def __init__(self):
        self.number = ""

    # each step is a method, so that a fault can be in it

    def execute(self, code, cell):
        value = None
        for line in self.lines(code):
            value = self.line(line, cell)
        return value

    def lines(self, code):
        return [line for line in code.splitlines() if line.strip()]

    def line(self, line, cell):
        command, _, rest = line.partition(" ")
        method = getattr(self, "on_" + command, None)
        if command == "=":
            return self.value(rest, cell)
        if method is None:
            return self.fail("no command " + command)
        return method(rest, cell)

    def value(self, text, cell):
        return text

    def fail(self, message):
        raise CellError(message, ename="CommandError")

    def on_print(self, text, cell):
        cell.write(text + "\n")

    def on_warn(self, text, cell):
        cell.write(text + "\n", "stderr")

    def on_set(self, text, cell):
        if not text.isdigit():
            self.fail("not a number: " + repr(text))
        self.number = text

    def on_get(self, text, cell):
        return self.number or self.fail("nothing is set")

    def on_rich(self, text, cell):
        cell.display(Bundle({"text/html": "<b>rich</b>"}))

    def on_loop(self, text, cell):
        while True:
            pass

    def on_wait(self, text, cell):
        time.sleep(1000000)

    def on_ask(self, text, cell):
        if not cell.allow_stdin:
            self.fail("nobody can be asked")
        line = cell.input("line? ")
        cell.write((str(int(line) if line.isdigit() else 0) if text == "number" else line) + "\n")

    def on_slow(self, text, cell):
        sys.stdout.write("first\n")
        time.sleep(0.6)
        sys.stdout.write("second\n")

    def on_crash(self, text, cell):
        os._exit(3)

    def evaluate(self, expression):
        command, _, rest = expression.partition(" ")
        return rest if command == "=" else self.fail("no value: " + expression)

    def complete(self, code, cursor_pos):
        word, start = self.word(code, cursor_pos)
        found = [each for each in WORDS if word and each.startswith(word)]
        return Completions(found, start, min(cursor_pos, len(code)))

    def inspect(self, code, cursor_pos, detail_level=0):
        return HELP.get(self.word(code, cursor_pos)[0])

    def word(self, code, cursor_pos):
        before = code[:cursor_pos]
        start = len(before)
        while start and before[start - 1].isalpha():
            start -= 1
        return before[start:], start

    def is_complete(self, code):
        if code.endswith("\\"):
            return "incomplete", ""
        return "invalid" if code.startswith("?") else "complete"
