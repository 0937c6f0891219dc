"""What a user may limit: how limits are written, what a cell makes of them, what is told of them.

They stand in a kernelspec, as options of ``polykernel run``. A cell's metadata, which front ends
send with its request, may tighten them, never loosen. Nothing here is enforced.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from polykernel.errors import LimitError
from polykernel.message import from_json

if TYPE_CHECKING:
    from collections.abc import Mapping

#: How each limit is asked for on the command line: what its value is called, and its help.
OPTIONS = {
    "memory": ("SIZE", "of a cell's evaluator and all its processes, such as 2GiB"),
    "cell_timeout": ("DURATION", "that a cell may run for, such as 60s"),
    "idle_timeout": ("DURATION", "without a cell after which the evaluator is ended, such as 2h"),
    "max_output": ("SIZE", "that a cell may show, such as 100MB; the rest is kept in a file"),
    "interrupt_grace": ("DURATION", "in which an interrupt must be heard, such as 5s"),
}
_OF_A_CELL = frozenset(OPTIONS) - {"idle_timeout"}

_SIZES = {"": 1, "b": 1}
_SIZES |= {f"{prefix}b": 1000**power for power, prefix in enumerate("kmgt", 1)}
_SIZES |= {
    f"{prefix}{unit}": 1024**power for power, prefix in enumerate("kmgt", 1) for unit in ("", "ib")
}
_DURATIONS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*")
_LONGEST = 100 * 365 * 86400.0  # seconds that a timer can still be set to


class Limit(msgspec.Struct, frozen=True):
    """One limit.

    Attributes:
        value: Bytes, or seconds.
        written: As the user has written it.
        advice: How it is raised.
    """

    value: float
    written: str
    advice: str


class Excess(msgspec.Struct, frozen=True):
    """A limit that was exceeded.

    Attributes:
        told: What has happened and which limit it is, in one line.
        advice: How the limit is raised.
    """

    told: str
    advice: str


class Limits(msgspec.Struct, frozen=True):
    """The limits that are in force; ``None`` where there is none.

    Attributes:
        memory: Bytes of the evaluator and all its processes together.
        cell_timeout: Seconds from when a cell was handed to the evaluator.
        idle_timeout: Seconds without any request that needs the evaluator.
        max_output: Bytes that a cell prints and shows.
        interrupt_grace: Seconds until an interrupt that was not heard kills the evaluator.
    """

    memory: Limit | None = None
    cell_timeout: Limit | None = None
    idle_timeout: Limit | None = None
    max_output: Limit | None = None
    interrupt_grace: Limit | None = None

    def tightened(self, metadata: bytes) -> Limits:
        """Give the limits of a cell.

        Args:
            metadata: Of its request: JSON, with the limits in ``polykernel.limits``.

        Raises:
            LimitError: They are malformed.
        """
        if b'"polykernel"' not in metadata:
            return self
        own = _read(metadata)
        found = {}
        for name, limit in parse(own, "").items():
            before: Limit | None = getattr(self, name)
            if before is None or limit.value < before.value:
                found[name] = limit
        return msgspec.structs.replace(self, **found)


def parse(values: Mapping[str, str], language: str) -> dict[str, Limit]:
    """Read limits as a user has written them.

    Args:
        values: Texts such as ``2GiB`` and ``60s`` by the names of :data:`OPTIONS`.
        language: Whose kernelspec has them; empty where a cell's metadata has.

    Raises:
        LimitError: One of them is no limit.
    """
    return {name: _parse(name, written, language) for name, written in values.items()}


def limits_of(values: Mapping[str, str], language: str) -> Limits:
    """Read the limits of a language's kernelspec; see :func:`parse`.

    Raises:
        LimitError: One of them is no limit.
    """
    return Limits(**parse(values, language))


def flag(name: str) -> str:
    """Give the option of the command line for a limit."""
    return f"--{name.replace('_', '-')}"


def in_words(size: float, limit: Limit) -> str:
    """Tell a number of bytes in the kind of unit that its limit is written in."""
    base, infix = (1000, "") if re.search("[kmgt]b", limit.written.lower()) else (1024, "i")
    if size < base:
        return f"{size:.0f} bytes"
    for prefix in ("k" if base == 1000 else "K", "M"):
        size /= base
        if size < base:
            return f"{size:.1f} {prefix}{infix}B"
    return f"{size / base:.2f} G{infix}B"


def _parse(name: str, written: str, language: str) -> Limit:
    kind, _ = OPTIONS[name]
    value = _size(written) if kind == "SIZE" else _duration(written)
    if value is None or value <= 0:
        example = "500MB or 2GiB" if kind == "SIZE" else "90s, 5min or 2h"
        raise LimitError(f"{flag(name)}: {written!r} is no {kind.lower()}; write it like {example}")
    if language:
        advice = (
            f"To raise it: polykernel install {language} {flag(name)} {kind} "
            "(and its other options), then restart the kernel."
        )
    else:
        advice = f"The cell's metadata has this limit, in polykernel.limits.{name}."
    return Limit(value, written.strip(), advice)


def _size(written: str) -> float | None:
    """Read a number of bytes; ``None`` where it is none."""
    part = _PART.fullmatch(written.lower())
    unit = _SIZES.get(part[2]) if part else None
    return None if part is None or unit is None else float(int(float(part[1]) * unit))


def _duration(written: str) -> float | None:
    """Read a number of seconds, also ``1h30min``; ``None`` where it is none."""
    rest, seconds = written.lower(), 0.0
    while rest:
        part = _PART.match(rest)
        unit = _DURATIONS.get(part[2]) if part else None
        if part is None or unit is None:
            return None
        seconds += float(part[1]) * unit
        rest = rest[part.end() :]
    return min(seconds, _LONGEST)


def _read(metadata: bytes) -> dict[str, str]:
    """Read what a cell's metadata says of limits.

    Raises:
        LimitError: It can't be understood.
    """
    try:
        limits = from_json(metadata, _Metadata).polykernel.limits
    except msgspec.DecodeError as error:
        raise LimitError(f"the cell's metadata can't be understood: {error}") from None
    found = {name.replace("-", "_"): str(value) for name, value in limits.items()}
    unknown = sorted(set(found) - _OF_A_CELL)
    if unknown:
        known = ", ".join(sorted(_OF_A_CELL))
        raise LimitError(f"a cell has no limit {unknown[0]!r} in its metadata, only: {known}")
    return found


class _Section(msgspec.Struct, frozen=True):
    limits: dict[str, str | int | float] = {}


class _Metadata(msgspec.Struct, frozen=True):
    polykernel: _Section = _Section()
