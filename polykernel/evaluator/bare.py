"""``signal``, ``json`` and ``queue`` without their Python parts: only the cores in C.

Those parts make enumerations of signal numbers, compile regular expressions, and bring what else
they need: time of each start and each cell, and memory. Where an interpreter has no such core, or
another one than we know, the module itself does as well.
"""

from __future__ import annotations

from polykernel.evaluator.standard_library import standard_library_first

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from queue import Empty, SimpleQueue
    from typing import Any, Callable
else:
    import _signal as signal

    try:
        from _queue import Empty, SimpleQueue
    except ImportError:
        from queue import Empty, SimpleQueue

__all__ = ["Empty", "SimpleQueue", "decode", "encode", "signal"]


class _AsWritten:
    """What the scanner makes of JSON, as ``json.JSONDecoder`` has it."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float = parse_constant = float
    parse_int = int


def _make_decode() -> Callable[[str], Any]:
    from _json import make_scanner

    scan = make_scanner(_AsWritten)  # type: ignore[arg-type]

    def decode(text: str) -> Any:
        try:
            value, end = scan(text, 0)
        except Exception:
            end = -1
        if end == len(text):
            return value
        with standard_library_first:  # white space around it, or an error, which json explains
            from json import loads
        return loads(text)

    if decode('{"a":[1,2.5,null]}') != {"a": [1, 2.5, None]}:
        raise ValueError
    return decode


def _make_encode() -> Callable[[object], str]:
    from _json import encode_basestring, make_encoder

    def encode(value: object) -> str:
        # a new encoder each time: it remembers what it is within, to find what contains itself
        encoder = make_encoder({}, _refuse, encode_basestring, None, ":", ",", False, False, False)
        return "".join(encoder(value, 0))

    if encode({"a": [1, 2.5, None]}) != '{"a":[1,2.5,null]}':
        raise ValueError
    return encode


def _refuse(value: object) -> object:
    raise TypeError(f"JSON has no {type(value).__name__}")


try:
    decode, encode = _make_decode(), _make_encode()
except Exception:
    import json

    decode = json.JSONDecoder().decode
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
