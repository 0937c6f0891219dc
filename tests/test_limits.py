from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polykernel.errors import LimitError
from polykernel.limits import OPTIONS, Limits, flag, limits_of


def tightened(limits: Limits, **own: object) -> Limits:
    return limits.tightened(json.dumps({"polykernel": {"limits": own}}).encode())


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("2GiB", 2 * 1024**3),
        ("2G", 2 * 1024**3),
        ("100MB", 100_000_000),
        ("100 mb", 100_000_000),
        ("1.5kB", 1500),
        ("1.5KiB", 1536),
        ("1TiB", 1024**4),
        ("4096", 4096),
        ("4096B", 4096),
    ],
)
def test_sizes_are_written_with_any_usual_unit(written: str, size: int) -> None:
    limit = limits_of({"memory": written}, "python").memory
    assert limit is not None
    assert (limit.value, limit.written) == (size, written)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("60s", 60),
        ("60", 60),
        ("1.5s", 1.5),
        ("250ms", 0.25),
        ("5min", 300),
        ("5 m", 300),
        ("2h", 7200),
        ("1h30min", 5400),
        ("1h 30m 5s", 5405),
        ("1d", 86400),
    ],
)
def test_durations_are_written_with_any_usual_unit(written: str, seconds: float) -> None:
    limit = limits_of({"cell_timeout": written}, "python").cell_timeout
    assert limit is not None
    assert limit.value == seconds


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize(
    "written", ["", " ", "0", "0s", "-1", "2 parsecs", "GiB", "1e3", "nan", "½"]
)
def test_what_is_no_limit_is_refused_with_an_example(name: str, written: str) -> None:
    with pytest.raises(LimitError) as refused:
        limits_of({name: written}, "python")
    assert str(refused.value).startswith(f"{flag(name)}: {written!r} is no ")
    assert "write it like" in str(refused.value)


def test_sizes_are_no_durations() -> None:
    for name, written in (("memory", "5s"), ("cell_timeout", "5MB")):
        with pytest.raises(LimitError):
            limits_of({name: written}, "python")


def test_a_duration_is_never_longer_than_a_timer_can_be() -> None:
    limit = limits_of({"idle_timeout": f"{'9' * 400}d"}, "python").idle_timeout
    assert limit is not None
    assert limit.value < 1e10


@given(kernels=st.integers(1, 10**6), own=st.integers(1, 10**6))
def test_a_cell_tightens_a_limit_and_never_loosens_it(kernels: int, own: int) -> None:
    limits = limits_of({"cell_timeout": str(kernels), "memory": "1GiB"}, "python")
    limit = tightened(limits, cell_timeout=own).cell_timeout
    assert limit is not None
    assert limit.value == min(kernels, own)
    assert ("metadata" in limit.advice) == (own < kernels)
    assert tightened(limits, cell_timeout=own).memory == limits.memory


def test_a_cell_may_have_limits_where_its_kernel_has_none() -> None:
    limits = tightened(Limits(), **{"max-output": "1MB", "interrupt_grace": 2})
    assert limits.max_output is not None
    assert limits.interrupt_grace is not None
    assert (limits.max_output.value, limits.interrupt_grace.value) == (1e6, 2)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"cellId": "a"},
        {"tags": ["polykernel"]},
        {"polykernel": {}},
        {"polykernel": {"answers": ["x"]}},
        {"polykernel": {"limits": {}}},
    ],
)
def test_other_metadata_means_nothing(metadata: dict[str, Any]) -> None:
    limits = limits_of({"memory": "1GiB"}, "python")
    assert limits.tightened(json.dumps(metadata).encode()) == limits


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ([], "can't be understood"),
        ({"limits": "60s"}, "can't be understood"),
        ({"limits": {"memory": None}}, "can't be understood"),
        ({"limits": {"memory": "much"}}, "'much' is no size"),
        ({"limits": {"timeout": "5s"}}, "no limit 'timeout'"),
        ({"limits": {"idle_timeout": "5s"}}, "no limit 'idle_timeout'"),
    ],
)
def test_metadata_that_is_wrong_is_refused(section: object, told: str) -> None:
    with pytest.raises(LimitError, match=told):
        Limits().tightened(json.dumps({"polykernel": section}).encode())


def test_metadata_that_is_no_json_is_refused() -> None:
    for metadata in (b'{"polykernel"', b'"polykernel"' + b"[" * 100_000, b'{"polykernel": "\xff"}'):
        with pytest.raises(LimitError):
            Limits().tightened(metadata)


def test_it_is_told_how_a_limit_is_raised() -> None:
    limit = limits_of({"interrupt_grace": "5s"}, "python").interrupt_grace
    assert limit is not None
    assert "polykernel install python --interrupt-grace DURATION" in limit.advice
