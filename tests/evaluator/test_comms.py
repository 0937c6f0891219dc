"""Comms and binary buffers, in every Python that may evaluate."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest

from .host import Host

BUFFERS = [b"", b"a\nb", bytes(range(256)) * 400]


@pytest.mark.parametrize("raw", [True, False], ids=["raw", "base64"])
def test_buffers_come_as_the_host_sends_them(python: str, raw: bool) -> None:
    with Host(python=python) as host:
        host.hello()  # this host takes no raw buffers
        host.result(host.comm("comm_open", comm_id="c", target_name="echo", data={}))
        lengths: list[int | str] = [
            len(each) if raw else b64encode(each).decode() for each in BUFFERS
        ]
        behind = b"".join(BUFFERS) if raw else b""
        host.result(host.comm("comm_msg", comm_id="c", data={"x": 1}, buffers=lengths, raw=behind))
        (sent,) = host.events("comm_msg")
        assert sent["content"] == {"comm_id": "c", "data": {"x": 1}}
        assert sent["metadata"] == {"n": 3}
        assert [b64decode(each) for each in sent["buffers"]] == BUFFERS
        assert host.value("'still in step'") == "still in step"


def test_a_target_or_a_comm_that_nobody_knows_is_refused(python: str) -> None:
    with Host(python=python) as host:
        host.hello()
        for method in ("comm_open", "comm_msg", "comm_close"):
            answer = host.response(host.comm(method, comm_id="c", target_name="t", data={}))
            assert answer["error"]["code"] == -32601


def test_an_error_of_the_author_is_told_and_the_comm_is_not_open(python: str) -> None:
    with Host(python=python) as host:
        host.hello()
        number = host.comm("comm_open", comm_id="c", target_name="broken", data={})
        host.response(number)
        assert "a bug of the author's" in host.streams("stderr", number)
        answer = host.response(host.comm("comm_msg", comm_id="c", data={}))
        assert answer["error"]["code"] == -32601


def test_a_closed_comm_sends_nothing_and_says_so(python: str) -> None:
    with Host(python=python) as host:
        host.hello()
        host.run("c = cell.open_comm('t', {'a': 1}, metadata={'m': 1}); c.close(); c.close()")
        assert [event["content"]["data"] for event in host.events("comm_open")] == [{"a": 1}]
        assert len(host.events("comm_close")) == 1
        reply = host.run("c.send({})")
        assert "is closed" in reply["evalue"]


def test_a_front_end_closes_a_comm(python: str) -> None:
    with Host(python=python) as host:
        host.hello()
        host.result(host.comm("comm_open", comm_id="c", target_name="echo", data={}))
        host.result(host.comm("comm_close", comm_id="c", data="bye"))
        assert "closed bye" in host.text()
        assert host.value("comm.is_open") == "False"


def test_what_has_no_buffer_protocol_is_an_error_in_the_cell(python: str) -> None:
    with Host(python=python) as host:
        host.hello()
        reply = host.run("cell.open_comm('t', buffers=['text'])")
        assert reply["ename"] == "TypeError"
        assert host.events("comm_open") == []
        assert host.value("'still in step'") == "still in step"
