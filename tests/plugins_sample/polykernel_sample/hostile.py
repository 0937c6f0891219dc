"""Evaluators that break every promise of an evaluator's."""

import itertools
import signal

from polykernel.evaluator import Evaluator
from polykernel_sample.evaluators import Sample


class Unspeakable(Exception):
    """Can't even be shown."""

    def __str__(self):
        raise ValueError("no words")

    __repr__ = __str__


class Raises(Evaluator):
    """Raises in every method but ``start``; what it raises is the cell's first word."""

    def _raise(self, *arguments, **more):
        raise Unspeakable

    complete = inspect = is_complete = evaluate = open_comm = format_error = debug = _raise
    interrupt = shutdown = _raise

    def execute(self, code, cell):
        if code == "loop":
            print("begun", flush=True)
            while True:
                pass
        self._raise()


class WrongTypes(Evaluator):
    """Returns what it should not."""

    implementation = 3
    language_version = b"x"
    complete_while_busy = "perhaps"

    def start(self):
        return self

    def execute(self, code, cell):
        return {
            "set": {1, 2},
            "bytes": b"\xff",
            "class": WrongTypes,
            "surrogate": "\ud83d",
            "bundle": type("Odd", (), {"_repr_mimebundle_": lambda self, **_: 3})(),
            "keys": type("Odd", (), {"_repr_mimebundle_": lambda self, **_: {3: object()}})(),
            "html": type("Odd", (), {"_repr_html_": lambda self: object()})(),
            "deep": type("Odd", (), {"_repr_mimebundle_": lambda self, **_: _deep()})(),
            "nan": type("Odd", (), {"_repr_json_": lambda self: float("nan")})(),
        }.get(code, object)

    def complete(self, code, cursor_pos):
        return 3

    def inspect(self, code, cursor_pos, detail_level=0):
        return object

    def is_complete(self, code):
        return [object()]

    def evaluate(self, expression):
        return {object()}

    def open_comm(self, comm, message):
        return "perhaps"

    def format_error(self, error):
        return 3

    def debug(self, request, send_event):
        send_event(3)
        return 3

    def shutdown(self, restart):
        return 3


def _deep():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return {"application/json": deep}


class HangsCompleting(Sample):
    """Never comes back from ``complete``: in Python, or in C for the word ``deaf``.

    A file says that it is there.
    """

    def complete(self, code, cursor_pos):
        open("completing", "w").close()
        if code == "deaf":
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            all(itertools.repeat(True))
        while True:
            pass


class HangsEnding(Sample):
    """Never comes back from ``shutdown``, and hears no signal."""

    def shutdown(self, restart):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        while True:
            pass
