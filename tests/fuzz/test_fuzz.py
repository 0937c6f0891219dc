"""What reads bytes of strangers: what the fuzzer begins with, arbitrary bytes, and the fuzzer."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tornado.ioloop import IOLoop

from fuzz import target_channel, target_wire
from fuzz.target_channel import Ends

HERE = Path(__file__).parent
SECONDS = 3  # of each target, in the tests
TRY = {"wire": target_wire.try_one, "channel": target_channel.try_one}
KEPT = sorted(path.relative_to(HERE / "corpus") for path in (HERE / "corpus").glob("*/*"))


@pytest.fixture(autouse=True)
def _asyncio_has_no_loop_of_before(loop: IOLoop) -> None:
    """Let each input have a loop of its own, and leave none."""


@pytest.mark.parametrize("path", KEPT, ids=str)
def test_what_the_fuzzer_begins_with_is_taken(path: Path) -> None:
    TRY[path.parts[0]]((HERE / "corpus" / path).read_bytes())


@given(st.binary(max_size=2000))
@settings(max_examples=200, deadline=None)
def test_any_bytes_as_frames_are_a_message_or_refused(data: bytes) -> None:
    target_wire.try_one(data)


@given(st.binary(max_size=2000))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes_in_any_pieces_on_the_channel_raise_nothing_and_lose_no_text(data: bytes) -> None:
    target_channel.try_one(data)


def line(number: int, buffers: list[bytes]) -> bytes:
    params: dict[str, Any] = {"content": {"n": number}}
    if buffers:
        params["buffers"] = [len(each) for each in buffers]
    text = json.dumps({"method": "comm_msg", "params": params}).encode()
    return text + b"\n" + b"".join(buffers)


def noise(data: bytes) -> bytes:
    """Give a line that is no message: it does not begin as one."""
    return b"\xff" + data.replace(b"\n", b"") + b"\n"


MESSAGES = st.one_of(
    st.lists(st.binary(max_size=200), max_size=3),  # a good line with these buffers
    st.binary(max_size=200),  # noise
)


@given(st.lists(MESSAGES, max_size=20), st.data())
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_good_lines_are_told_in_order_whatever_stands_between_them_and_however_they_are_cut(
    messages: list[list[bytes] | bytes], data: st.DataObject
) -> None:
    good = [(n, each) for n, each in enumerate(messages) if isinstance(each, list)]
    stream = b"".join(
        line(n, each) if isinstance(each, list) else noise(each) for n, each in enumerate(messages)
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    loop = IOLoop(make_current=True)
    ends = Ends()
    try:
        for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            if begin < end:
                os.write(ends.events, stream[begin:end])
            loop.run_sync(lambda: asyncio.sleep(0))
        ends.channel.finish()
        told = [
            (json.loads(bytes(each.params.content))["n"], list(map(bytes, each.params.binary())))
            for each in ends.listener.lines
        ]
        assert told == good
        assert len(ends.listener.refused) == len(messages) - len(good)
    finally:
        ends.close_but_the_channel()
        loop.close()
        asyncio.set_event_loop(None)


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris, the extra [fuzz], has wheels for Linux on x86-64 only",
)
@pytest.mark.parametrize("target", sorted(TRY))
def test_the_fuzzer_finds_nothing_in_some_seconds(target: str) -> None:
    command = [sys.executable, "-m", "fuzz", "--target", target, "--seconds", str(SECONDS)]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [executed] = [each for each in done.stderr.splitlines() if "number_of_executed_units" in each]
    assert int(executed.split()[-1]) > 100
