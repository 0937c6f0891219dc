"""The host's end of the pipes, with real pipes and a real loop."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import socket
import sys
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.loops import run_until

from polykernel.channel import Channel
from polykernel.launch import Pipes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tornado.ioloop import IOLoop

    from polykernel.channel_lines import Line
    from polykernel.errors import ChannelError

TOKEN = "0123456789abcdef"


class Listener:
    """Records what the channel tells."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []

    def on_text(self, stream: str, data: bytes) -> None:
        self.told.append((stream, data))

    def on_line(self, line: Line) -> None:
        self.told.append(("line", line))

    def on_refused(self, error: ChannelError) -> None:
        self.told.append(("refused", str(error)))

    def text(self, stream: str = "stdout") -> bytes:
        return b"".join(data for kind, data in self.told if kind == stream)

    def lines(self) -> list[Line]:
        return [line for kind, line in self.told if kind == "line"]

    def refused(self) -> list[str]:
        return [text for kind, text in self.told if kind == "refused"]


class Ends:
    """Both ends of an evaluator's pipes."""

    def __init__(self) -> None:
        self.requests, requests = os.pipe()
        events, self.events = os.pipe()
        stdout, self.stdout = os.pipe()
        stderr, self.stderr = os.pipe()
        last_words, self.last_words = os.pipe()
        for descriptor in (requests, events, stdout, stderr, last_words):
            os.set_blocking(descriptor, False)
        self.listener = Listener()
        parcels, self.parcels = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        parcels.setblocking(False)
        pipes = Pipes(requests, events, stdout, stderr, last_words, parcels.detach())
        self._stdout = stdout
        self.channel = Channel(pipes, self.listener)
        self._finished = False

    @property
    def stdout_rests(self) -> bool:
        return self._stdout in self.channel._rests._timers

    def put(self, *messages: object) -> None:
        os.write(self.events, b"".join(json.dumps(each).encode() + b"\n" for each in messages))

    def put_parcel(self, number: int, data: bytes) -> None:
        memory = os.memfd_create("parcel", os.MFD_ALLOW_SEALING)
        os.write(memory, data)
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_WRITE)
        socket.send_fds(self.parcels, [b"%d" % number], [memory])
        os.close(memory)

    def finish(self) -> None:
        if not self._finished:
            self._finished = True
            self.channel.finish()

    def close(self) -> None:
        self.finish()
        self.parcels.close()
        for descriptor in (
            self.requests,
            self.events,
            self.stdout,
            self.stderr,
            self.last_words,
        ):
            os.close(descriptor)


@pytest.fixture
def ends(loop: IOLoop) -> Iterator[Ends]:
    ends = Ends()
    yield ends
    ends.close()


def event(text: str, **params: Any) -> dict[str, Any]:
    return {"method": "stream", "params": {**params, "content": {"text": text}}}


def test_messages_and_text_are_told(ends: Ends, loop: IOLoop) -> None:
    ends.put(event("a", cell=3))
    ends.put({"id": 7, "result": {"x": 1}}, {"id": 8, "error": {"code": -1, "message": "no"}})
    os.write(ends.stdout, b"out")
    os.write(ends.stderr, b"err")
    run_until(loop, lambda: len(ends.listener.told) == 5, "five things")
    first, second, third = ends.listener.lines()
    assert (first.method, first.params.cell) == ("stream", 3)
    assert json.loads(bytes(first.params.content)) == {"text": "a"}
    assert (second.id, bytes(second.result)) == (7, b'{"x": 1}')
    assert third.error is not None
    assert (third.error.code, third.error.message) == (-1, "no")
    assert ends.listener.text() == b"out"
    assert ends.listener.text("stderr") == b"err"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(cuts=st.lists(st.integers(1, 30), max_size=60), count=st.integers(1, 12))
def test_lines_in_pieces_are_put_together(loop: IOLoop, cuts: list[int], count: int) -> None:
    ends = Ends()
    try:
        data = b"".join(json.dumps(event("é" * n)).encode() + b"\n" for n in range(count))
        for cut in cuts:
            os.write(ends.events, data[:cut])
            data = data[cut:]
            ends.channel.receive()
        os.write(ends.events, data)
        while ends.channel.receive():
            pass
        ends.finish()
        texts = [json.loads(bytes(line.params.content))["text"] for line in ends.listener.lines()]
        assert texts == ["é" * n for n in range(count)]
    finally:
        ends.close()


def test_a_line_of_many_megabytes_arrives(ends: Ends, loop: IOLoop) -> None:
    data = memoryview(json.dumps(event("x" * 20_000_000)).encode() + b"\n")
    os.set_blocking(ends.events, False)

    def arrived() -> bool:
        nonlocal data
        try:
            while data:
                data = data[os.write(ends.events, data) :]
        except BlockingIOError:
            pass
        return bool(ends.listener.told)

    run_until(loop, arrived, "the line")
    assert len(bytes(ends.listener.lines()[0].params.content)) > 20_000_000


@pytest.mark.parametrize(
    "line",
    [
        b"garbage",
        b"\xff\xfe",
        b"[]",
        b"3",
        b"null",
        b'{"method": 3}',
        b'{"method": "stream", "params": []}',
        b'{"method": "stream", "params": {"cell": "x"}}',
        b'{"method": "stream", "params": {"content": {"text": NaN}}}',
        b'{"method": "stream", "params": {"content": {"text": Infinity}}}',
        b'{"method": "stream", "params": {"content": {"text": "\\ud83d"}}}',
        b'{"method": "stream", "params": {"content": {"text": "\xc3"}}}',
        b'{"method": "stream", "params": {"content": ' + b"[" * 100_000,
        b"{" * 1000,
    ],
    ids=range(14),
)
def test_a_line_that_breaks_the_rules_is_told_and_left_out(
    ends: Ends, loop: IOLoop, line: bytes
) -> None:
    os.set_blocking(ends.events, False)
    rest = line + b"\n"

    def arrived() -> bool:
        nonlocal rest
        if rest:
            rest = rest[os.write(ends.events, rest[:60_000]) :]
        return not rest and bool(ends.listener.refused())

    run_until(loop, arrived, "the refusal")
    ends.put(event("next"))
    run_until(loop, ends.listener.lines, "the next line")
    assert len(ends.listener.told) == 2
    assert len(ends.listener.refused()[0]) < 2000


@pytest.mark.parametrize(
    "line",
    [
        b'{"id": 5, "result": {"data": NaN}}',
        b'{"result": "\\ud83d", "id": 5}',
        b'{"result": "\xff", "id": 5}',
        b'{"id": 5, "result": ' + b"[" * 50_000,
        b'{"id": 5, "result": cut',
    ],
    ids=range(5),
)
def test_a_response_that_is_refused_is_told_as_an_error_of_its_request(
    ends: Ends, loop: IOLoop, line: bytes
) -> None:
    os.write(ends.events, line + b"\n")
    run_until(loop, ends.listener.told.__len__, "the answer")
    (answer,) = ends.listener.lines()
    assert answer.id == 5
    assert answer.error is not None
    assert answer.error.code == -32700


def test_a_request_that_is_refused_is_answered(ends: Ends, loop: IOLoop) -> None:
    os.write(ends.events, b'{"id": "a", "method": "input_request", "params": NaN}\n')
    run_until(loop, ends.listener.refused, "the refusal")
    answer = json.loads(os.read(ends.requests, 10_000))
    assert answer["id"] == "a"
    assert answer["error"]["code"] == -32700


@pytest.mark.parametrize(
    "half",
    [
        b"x",
        b'{"method": "str',
        b'{"jsonrpc":"2.0","id":3,"resu',
        b"\xff",
        b'{"id": 5, "method": 1}',
    ],
)
def test_a_message_that_somebody_has_put_half_a_line_before_is_taken(
    ends: Ends, loop: IOLoop, half: bytes
) -> None:
    message = json.dumps({"jsonrpc": "2.0", "id": 7, "result": {"x": 1}}).encode()
    os.write(ends.events, half + message + b"\n")
    run_until(loop, lambda: any(line.id == 7 for line in ends.listener.lines()), "the message")
    assert len(ends.listener.told) == 2, "what was left out is told, too"


def test_half_a_line_before_a_message_with_buffers_leaves_them_in_their_place(
    ends: Ends, loop: IOLoop
) -> None:
    os.write(ends.events, b"half" + json.dumps({"jsonrpc": "2.0", **comm(3)}).encode() + b"\nabc")
    ends.put(event("behind"))
    run_until(loop, lambda: len(ends.listener.lines()) == 2, "both messages")
    assert ends.listener.lines()[0].params.binary() == (b"abc",)
    assert len(ends.listener.refused()) == 1


def test_what_looks_like_a_message_within_a_refused_one_is_not_taken(
    ends: Ends, loop: IOLoop
) -> None:
    ends.put({"method": 3, "params": {"content": {"jsonrpc": "2.0", "id": 7, "result": 1}}})
    os.write(ends.events, b'{"method": 3, "params": {"jsonrpc": "2.0", "id": 7, "result": 1}}\n')
    ends.put(event("behind"))
    run_until(loop, ends.listener.lines, "the next line")
    assert [line.method for line in ends.listener.lines()] == ["stream"]


def test_empty_lines_are_nothing(ends: Ends, loop: IOLoop) -> None:
    os.write(ends.events, b"\n\n" + json.dumps(event("x")).encode() + b"\n\n")
    run_until(loop, ends.listener.lines, "the line")
    assert len(ends.listener.told) == 1


def test_a_line_without_an_end_is_never_told(ends: Ends) -> None:
    os.write(ends.events, b'{"method": "stream"}')
    ends.finish()
    assert ends.listener.told == []


def test_text_that_was_written_before_a_message_is_told_before_it(ends: Ends, loop: IOLoop) -> None:
    for number in range(50):
        os.write(ends.stdout, b"%d " % number)
        ends.put({"id": number, "result": {}})
        run_until(loop, lambda number=number: len(ends.listener.lines()) > number, "the line")  # type: ignore[misc]
    told = [
        data.decode().strip() if kind == "stdout" else str(data.id)
        for kind, data in ends.listener.told
    ]
    assert told == [str(number) for number in range(50) for _ in range(2)]


def test_marks_put_events_where_they_belong(ends: Ends, loop: IOLoop) -> None:
    ends.channel.offers_marks(TOKEN)
    ends.put(event("shown", mark=1))
    os.write(ends.stdout, f"before\x1b_polykernel {TOKEN} 1\x1b\\after".encode())
    run_until(loop, lambda: ends.listener.text() == b"beforeafter", "all text")
    assert [kind for kind, _ in ends.listener.told] == ["stdout", "line", "stdout"]


def test_a_request_that_does_not_fit_into_the_pipe_arrives_when_there_is_room(
    ends: Ends, loop: IOLoop
) -> None:
    large, small = {"id": 1, "code": "x" * 3_000_000}, {"id": 2, "code": "y"}
    ends.channel.send(large)
    ends.channel.send(small)
    got = bytearray()
    os.set_blocking(ends.requests, False)

    def arrived() -> bool:
        try:
            got.extend(os.read(ends.requests, 1 << 20))
        except BlockingIOError:
            pass
        return got.count(b"\n") == 2

    run_until(loop, arrived, "both requests")
    assert [json.loads(line)["id"] for line in got.splitlines()] == [1, 2]
    assert json.loads(got.splitlines()[0]) == {"jsonrpc": "2.0", **large}


def test_a_request_to_an_evaluator_that_reads_no_more_is_dropped(ends: Ends) -> None:
    os.close(ends.requests)
    try:
        ends.channel.send({"id": 1})
    finally:
        ends.requests = os.open(os.devnull, os.O_RDONLY)


def test_while_it_is_paused_the_evaluator_waits_and_nothing_is_lost(
    ends: Ends, loop: IOLoop
) -> None:
    ends.channel.pause()
    ends.channel.pause()
    os.set_blocking(ends.stdout, False)
    written = 0
    try:
        while True:
            written += os.write(ends.stdout, b"x" * 1000)
    except BlockingIOError:
        pass  # it is full
    assert loop.run_sync(_turn) is None
    assert ends.listener.told == []
    ends.channel.resume()
    ends.channel.resume()
    run_until(loop, lambda: len(ends.listener.text()) == written, "all text")


async def _turn() -> None:
    """Let the loop go round."""
    import asyncio

    await asyncio.sleep(0)
    await asyncio.sleep(0)


def _stream(ends: Ends, loop: IOLoop) -> int:
    """Print lines until pipe 1 rests; give how many."""
    lines = itertools.count(1)

    def rests() -> bool:
        os.write(ends.stdout, b"%d\n" % next(lines))
        return ends.stdout_rests

    run_until(loop, rests, "a rest")
    return next(lines) - 1


def _numbers(until: int) -> bytes:
    return b"".join(b"%d\n" % number for number in range(1, until + 1))


def test_a_stream_of_lines_is_read_in_pieces_and_whole(ends: Ends, loop: IOLoop) -> None:
    count = _stream(ends, loop)
    for number in range(count + 1, count + 1001):
        os.write(ends.stdout, b"%d\n" % number)
    expected = _numbers(count + 1000)
    run_until(loop, lambda: ends.listener.text() == expected, "all lines")
    run_until(loop, lambda: not ends.stdout_rests, "the stream's end")
    assert len(ends.listener.told) <= count + 2


def test_a_message_takes_the_text_before_it_out_of_a_rest(ends: Ends, loop: IOLoop) -> None:
    ends.put({"id": 0, "result": {}})
    run_until(loop, ends.listener.lines, "the first message, which comes before all text")
    ends.listener.told.clear()
    count = _stream(ends, loop)
    os.write(ends.stdout, b"%d\n" % (count + 1))
    ends.put({"id": 1, "result": {}})
    run_until(loop, ends.listener.lines, "the response")
    at = [kind for kind, _ in ends.listener.told].index("line")
    assert b"".join(data for _, data in ends.listener.told[:at]) == _numbers(count + 1)


def test_a_pause_ends_a_rest_and_nothing_is_lost(ends: Ends, loop: IOLoop) -> None:
    count = _stream(ends, loop)
    before = ends.listener.text()
    os.write(ends.stdout, b"%d\n" % (count + 1))
    ends.channel.pause()
    assert not ends.stdout_rests
    loop.run_sync(_turn)
    assert ends.listener.text() == before
    ends.channel.resume()
    run_until(loop, lambda: ends.listener.text() == _numbers(count + 1), "all lines")


def test_the_end_of_a_pipe_that_rests_is_no_busy_loop(ends: Ends, loop: IOLoop) -> None:
    count = _stream(ends, loop)
    os.close(ends.stdout)
    ends.stdout = os.open(os.devnull, os.O_WRONLY)
    run_until(loop, lambda: not ends.stdout_rests, "the end of the rest")
    ends.channel.pause()
    ends.channel.resume()
    assert ends.listener.text() == _numbers(count)


def test_what_is_left_in_a_pipe_that_rests_is_told_at_the_end(ends: Ends, loop: IOLoop) -> None:
    count = _stream(ends, loop)
    os.write(ends.stdout, b"%d\n" % (count + 1))
    ends.finish()
    assert ends.listener.text() == _numbers(count + 1)


@pytest.mark.parametrize("paused", [False, True])
def test_what_a_dead_evaluator_left_is_told_although_others_hold_its_pipes_open(
    ends: Ends, paused: bool
) -> None:
    if paused:
        ends.channel.pause()
    ends.put(event("last"))
    os.write(ends.stdout, b"last words \x1b_poly")
    os.write(ends.stderr, b"traceback")
    ends.finish()
    assert ends.listener.text() == b"last words \x1b_poly"
    assert ends.listener.text("stderr") == b"traceback"
    assert len(ends.listener.lines()) == 1


def test_the_ends_of_the_pipes_are_no_busy_loop(ends: Ends, loop: IOLoop) -> None:
    for name in ("events", "stdout", "stderr"):
        os.close(getattr(ends, name))
        setattr(ends, name, os.open(os.devnull, os.O_WRONLY))
    loop.run_sync(_turn)
    ends.channel.pause()
    ends.channel.resume()
    loop.run_sync(_turn)
    assert ends.listener.told == []


def test_the_hosts_ends_are_closed_at_the_end(ends: Ends) -> None:
    ends.finish()
    with pytest.raises(BrokenPipeError):
        os.write(ends.stdout, b"x")
    assert fcntl.fcntl(ends.requests, fcntl.F_GETFD) >= 0
    assert os.read(ends.requests, 1) == b""


def test_what_was_left_for_the_obituary_is_given(ends: Ends) -> None:
    assert ends.channel.last_words() == ""
    os.write(ends.last_words, b"Fatal Python error \xff")
    assert ends.channel.last_words() == "Fatal Python error \ufffd"


def comm(*buffers: int | str, **params: Any) -> dict[str, Any]:
    content = {"comm_id": "c", "data": {}}
    params = {"content": content, "buffers": list(buffers), **params}
    return {"method": "comm_msg", "params": params}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    messages=st.lists(st.lists(st.binary(max_size=40), max_size=4), max_size=5),
    cuts=st.lists(st.integers(1, 60), max_size=60),
)
def test_buffers_behind_lines_are_taken_whole(
    loop: IOLoop, messages: list[list[bytes]], cuts: list[int]
) -> None:
    ends = Ends()
    try:
        data = b""
        for buffers in messages:
            line = json.dumps(comm(*map(len, buffers))).encode() + b"\n"
            data += line + b"".join(buffers)
            data += json.dumps(event("between")).encode() + b"\n"
        for cut in cuts:
            os.write(ends.events, data[:cut])
            data = data[cut:]
            ends.channel.receive()
        os.write(ends.events, data)
        while ends.channel.receive():
            pass
        ends.finish()
        lines = ends.listener.lines()
        got = [line.params.binary() for line in lines if line.method == "comm_msg"]
        assert [[bytes(each) for each in buffers] for buffers in got] == messages
        assert len(lines) == 2 * len(messages)
    finally:
        ends.close()


def test_a_buffer_of_many_megabytes_arrives(ends: Ends, loop: IOLoop) -> None:
    binary = os.urandom(1 << 20) * 20
    data = memoryview(json.dumps(comm(len(binary), 0)).encode() + b"\n" + binary)
    os.set_blocking(ends.events, False)

    def arrived() -> bool:
        nonlocal data
        try:
            data = data[os.write(ends.events, data) :]
        except BlockingIOError:
            pass
        return bool(ends.listener.lines())

    run_until(loop, arrived, "the buffer")
    (line,) = ends.listener.lines()
    assert [bytes(each) for each in line.params.binary()] == [binary, b""]


linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has sealed memory")


def _buffers(ends: Ends) -> list[list[bytes]]:
    return [[bytes(each) for each in line.params.binary()] for line in ends.listener.lines()]


@linux
def test_buffers_of_a_parcel_are_told_with_their_line_in_order(ends: Ends, loop: IOLoop) -> None:
    ends.channel.offers_marks(TOKEN)
    os.write(ends.stdout, b"before")
    ends.put_parcel(1, b"abcdefg")
    ends.put(comm(3, "AP8=", 0, 4, mark=1, parcel=1))
    os.write(ends.stdout, f"\x1b_polykernel {TOKEN} 1\x1b\\after".encode())
    run_until(loop, lambda: ends.listener.text() == b"beforeafter", "all text")
    assert _buffers(ends) == [[b"abc", b"\0\xff", b"", b"defg"]]
    kinds = [kind for kind, _ in ends.listener.told]
    assert kinds == ["stdout", "line", "stdout"]


@linux
def test_a_parcel_of_a_refused_line_keeps_nobody_waiting(ends: Ends, loop: IOLoop) -> None:
    ends.put_parcel(1, b"abc")
    ends.put({"method": 3, "params": {"buffers": [3], "parcel": 1}})
    run_until(loop, ends.listener.refused, "the refusal")
    assert ends.parcels.recv(32) == b"1"
    ends.put_parcel(2, b"def")
    ends.put(comm(3, parcel=2))
    run_until(loop, ends.listener.lines, "the next line")
    assert _buffers(ends) == [[b"def"]]


@linux
def test_a_refused_line_leaves_the_parcel_of_the_next_alone(ends: Ends, loop: IOLoop) -> None:
    ends.put_parcel(1, b"abc")
    ends.put({"method": 3}, comm(3, parcel=1))
    run_until(loop, ends.listener.lines, "the next line")
    assert _buffers(ends) == [[b"abc"]]
    assert len(ends.listener.refused()) == 1


@linux
@pytest.mark.parametrize("buffers", [[4], [-1, 4], [1 << 70], [5, -2]])
def test_an_impossible_parcel_is_refused_and_the_next_line_is_taken(
    ends: Ends, loop: IOLoop, buffers: list[int]
) -> None:
    ends.put_parcel(1, b"abc")
    ends.put(comm(*buffers, parcel=1), comm(3, parcel=7), event("behind"))
    run_until(loop, ends.listener.lines, "the next line")
    assert [line.method for line in ends.listener.lines()] == ["stream"]
    assert len(ends.listener.refused()) == 2


@linux
def test_a_parcel_that_a_dead_evaluator_left_is_told(ends: Ends) -> None:
    ends.put_parcel(1, b"abc")
    ends.put(comm(3, parcel=1))
    ends.put_parcel(2, b"of which no line tells")
    ends.finish()
    assert _buffers(ends) == [[b"abc"]]


def test_buffers_may_come_in_base64(ends: Ends, loop: IOLoop) -> None:
    ends.put(comm("AP8=", ""), comm(), event("behind"))
    run_until(loop, lambda: len(ends.listener.lines()) == 3, "three lines")
    assert [line.params.binary() for line in ends.listener.lines()] == [(b"\0\xff", b""), (), ()]


@pytest.mark.parametrize("length", [-1, 1 << 62, 1 << 70, 1.5, None, "no base64!"])
def test_an_impossible_buffer_is_refused_and_the_next_line_is_taken(
    ends: Ends, loop: IOLoop, length: Any
) -> None:
    ends.put(comm(length), event("behind"))
    run_until(loop, lambda: bool(ends.listener.lines()), "the next line")
    assert [line.method for line in ends.listener.lines()] == ["stream"]
    assert len(ends.listener.refused()) == 1


def test_text_waits_for_the_event_with_its_buffers(ends: Ends, loop: IOLoop) -> None:
    ends.channel.offers_marks(TOKEN)
    line = json.dumps(comm(6, mark=1)).encode() + b"\nabc"
    os.write(ends.events, line)
    while ends.channel.receive():
        pass
    os.write(ends.stdout, f"before\x1b_polykernel {TOKEN} 1\x1b\\after".encode())
    os.write(ends.events, b"def")
    run_until(loop, lambda: ends.listener.text() == b"beforeafter", "all text")
    assert [kind for kind, _ in ends.listener.told] == ["stdout", "line", "stdout"]


@pytest.mark.parametrize("raw", [True, False], ids=["raw", "base64"])
def test_buffers_are_written_behind_their_request_or_in_base64(
    ends: Ends, loop: IOLoop, raw: bool
) -> None:
    buffers = [b"a\nb", b"", os.urandom(1_000_000)]
    ends.channel.send({"id": 1, "method": "comm_msg", "params": {}}, buffers, raw=raw)
    ends.channel.send({"id": 2})
    got = bytearray()
    os.set_blocking(ends.requests, False)

    def arrived() -> bool:
        try:
            got.extend(os.read(ends.requests, 1 << 20))
        except BlockingIOError:
            pass
        return got.endswith(b'"id":2}\n')

    run_until(loop, arrived, "both requests")
    line, _, rest = bytes(got).partition(b"\n")
    said = json.loads(line)["params"]["buffers"]
    if raw:
        assert said == [3, 0, 1_000_000]
        assert rest.startswith(b"".join(buffers) + b"{")
    else:
        assert [b64decode(each) for each in said] == buffers
