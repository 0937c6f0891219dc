"""JSON lines: encoding what is sent so that it is never refused, and writing it whole."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Mapping
from math import isfinite

# user code may rebind what modules have
from os import writev as _writev
from select import POLLOUT
from select import poll as _poll

from polykernel.evaluator import bare
from polykernel.evaluator.user_handlers import is_raised_by_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

MOST_PIECES = 1024  # that the system writes at once
DEEPEST = 200  # nesting that every JSON parser on the way to the front end accepts


class Unsendable(ValueError):
    """A value that has no JSON form, not even an approximate one."""


def encode(value: object) -> str:
    """Give the JSON text of a value, cleaned of what JSON or UTF-8 do not allow.

    NaN and infinities become null, keys and objects that JSON does not know become strings.

    Raises:
        Unsendable: The value is nested too deeply, or contains itself.
    """
    try:
        return bare.encode(value)
    except Exception as error:  # whatever an object's own methods raise, too
        if is_raised_by_handler(error) or not _is_of_value(error):
            raise
        return bare.encode(clean(value))


def _is_of_value(error: Exception) -> bool:
    """Whether the encoder has raised it, or a value's method, and not somebody from outside."""
    if isinstance(error, (TypeError, ValueError, RecursionError, MemoryError)):
        return True
    tb = error.__traceback__
    while tb is not None and tb.tb_next is not None:
        tb = tb.tb_next
    return tb is not None and tb.tb_frame.f_globals.get("__name__") not in (__name__, bare.__name__)


def to_bytes(text: str) -> bytes:
    """UTF-8, with a replacement character for each lone surrogate."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def clean(value: Any, depth: int = 0) -> Any:
    """Find the nearest value that JSON has.

    Raises:
        Unsendable: The value is nested too deeply, or contains itself.
    """
    if depth > DEEPEST:
        raise Unsendable(f"a value is nested more than {DEEPEST} levels deep, or contains itself")
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return _clean_integer(value)
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {_clean_key(key): clean(value[key], depth + 1) for key in value}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [clean(item, depth + 1) for item in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return b2a_base64(value, newline=False).decode()
    return _clean_object(value, depth)


def _clean_integer(value: int) -> int | str:
    try:
        int.__repr__(value)
    except ValueError:  # too many digits for Python to write in decimal
        return hex(value)
    return value


def _clean_key(key: object) -> str:
    if isinstance(key, str):
        return key
    return "null" if key is None else str(key)


def _clean_object(value: Any, depth: int) -> Any:
    if hasattr(value, "tolist"):  # arrays and scalars of numpy
        return clean(value.tolist(), depth + 1)
    for method, kind in (("__index__", int), ("__float__", float)):
        if hasattr(value, method):
            try:
                return clean(kind(value), depth + 1)
            except (ValueError, OverflowError):
                break  # a number that has no such form
    return str(value)


def as_bytes(buffer: Any) -> memoryview:
    """See an object with the buffer protocol as plain bytes.

    Raises:
        TypeError: It has no buffer protocol.
    """
    view = memoryview(buffer)
    if not view.contiguous or not view.nbytes:
        return memoryview(view.tobytes())
    return view.cast("B")


def write_all(descriptor: int, *pieces: bytes | memoryview) -> None:
    """Write all pieces, one behind the other, also where a child made the pipe non-blocking.

    What is raised from outside meanwhile is raised when all is written, so that no line is torn.

    Raises:
        OSError: It can't be written.
        BaseException: Code of the user's has raised it in this thread.
    """
    _write_rest(descriptor, pieces, [])


def _write_rest(descriptor: int, pieces: tuple[bytes | memoryview, ...], counts: list[int]) -> None:
    try:
        _write_as_long_as_nothing_is_raised(descriptor, pieces, counts)
    except BaseException as error:
        if counts and getattr(error, "errno", None) is None:
            _write_rest(descriptor, pieces, counts)  # more may be raised meanwhile
        raise


def _write_as_long_as_nothing_is_raised(
    descriptor: int, pieces: tuple[bytes | memoryview, ...], counts: list[int]
) -> None:
    full = False
    rest = _behind(pieces, sum(counts))
    while rest:
        try:
            if full:
                _wait_writable(descriptor)
            # in one step: nothing can be raised between the write and the note of its count
            counts.extend(map(_writev, (descriptor,), (rest[:MOST_PIECES],)))
        except BlockingIOError:
            full = True
        rest = _behind(pieces, sum(counts))


def _behind(pieces: Sequence[bytes | memoryview], count: int) -> tuple[bytes | memoryview, ...]:
    """Give what is left when so many bytes have been written."""
    for place, piece in enumerate(pieces):
        if count < len(piece):
            return (memoryview(piece)[count:], *pieces[place + 1 :])
        count -= len(piece)
    return ()


def _wait_writable(descriptor: int) -> None:
    poll = _poll()
    poll.register(descriptor, POLLOUT)
    poll.poll()
