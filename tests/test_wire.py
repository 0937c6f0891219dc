from __future__ import annotations

import hashlib
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_client.session import Session

from polykernel.errors import ConnectionFileError, WireError
from polykernel.message import Header, Message
from polykernel.wire import DELIMITER, Wire, _Replays

KEY = "a key"


def usable(name: str) -> bool:
    try:
        return hashlib.new(name).digest_size > 0
    except ValueError:
        return False  # OpenSSL lists it and does not have it


SCHEMES = sorted(name for name in hashlib.algorithms_available if usable(name))
SHAKES = sorted(hashlib.algorithms_guaranteed - set(SCHEMES))


def request(session: Session, **content: object) -> list[bytes]:
    message = session.msg("execute_request", content)
    return [b"front end", *map(bytes, session.serialize(message))]


@pytest.mark.parametrize("name", SCHEMES)
def test_what_one_signs_with_any_scheme_the_other_takes(name: str) -> None:
    one, two = (Wire(KEY, f"hmac-{name}", "user") for _ in range(2))
    frames = one.encode(Message(header=Header("", "status")))
    assert two.decode(frames).msg_type == "status"
    with pytest.raises(WireError, match="signature"):
        Wire("other", f"hmac-{name}", "user").decode(frames)


@pytest.mark.parametrize("name", [name for name in SCHEMES if hasattr(hashlib, name)])
def test_every_hash_with_a_digest_of_fixed_length_signs_and_checks(name: str) -> None:
    session = Session(key=KEY.encode(), signature_scheme=f"hmac-{name}")
    wire = Wire(KEY, f"hmac-{name}", "user")
    message = wire.decode(request(session, code="1"))
    assert json.loads(message.content) == {"code": "1"}
    assert message.identities == (b"front end",)
    content = {"status": "error", "ename": "é", "evalue": "", "traceback": [], "execution_count": 1}
    _, frames = session.feed_identities(wire.encode(message.reply("execute_reply", content)))
    reply = session.deserialize(frames)
    assert reply["msg_type"] == "execute_reply"
    assert reply["content"] == content
    assert reply["parent_header"]["msg_id"] == message.header.msg_id
    assert reply["header"]["version"] == "5.5"
    assert reply["header"]["username"] == "user"


@pytest.mark.parametrize("scheme", [*(f"hmac-{name}" for name in SHAKES), "hmac-", "sha256", ""])
def test_a_scheme_without_a_digest_of_fixed_length_is_refused(scheme: str) -> None:
    with pytest.raises(ConnectionFileError, match="signature_scheme"):
        Wire(KEY, scheme, "user")


def test_without_a_key_nothing_is_signed_or_checked() -> None:
    wire = Wire("", "hmac-sha256", "user")
    frames = request(Session(key=b""))
    frames[2] = b"whatever"
    message = wire.decode(frames)
    assert wire.encode(message.child("status", {}))[1] == b""


@pytest.mark.parametrize("key", ["another key", "", "a ke", "a keys"])
def test_a_wrong_key_is_refused(key: str) -> None:
    with pytest.raises(WireError, match="signature"):
        Wire(KEY, "hmac-sha256", "user").decode(request(Session(key=key.encode())))


def test_every_message_of_ours_has_an_id_of_its_own() -> None:
    wire = Wire(KEY, "hmac-sha256", "user")
    message = Message(header=Header("", "status"))
    headers = [json.loads(wire.encode(message)[2]) for _ in range(100)]
    assert len({header["msg_id"] for header in headers}) == 100
    assert {header["session"] for header in headers} == {wire.session}


@pytest.mark.parametrize("nanoseconds", [0, 1_000, 999_999_999, 1_000_000_000, 86_399_123_456_789])
def test_a_date_is_that_of_the_moment_in_iso_8601(
    monkeypatch: pytest.MonkeyPatch, nanoseconds: int
) -> None:
    wire = Wire(KEY, "hmac-sha256", "user")
    beginning = datetime(2026, 2, 28, tzinfo=UTC)
    for later in (nanoseconds, 0, nanoseconds):  # clocks are set back, too
        now = int(beginning.timestamp()) * 10**9 + later
        monkeypatch.setattr(time, "time_ns", lambda now=now: now)
        date = json.loads(wire.encode(Message(header=Header("", "status")))[2])["date"]
        assert len(date) == len("2026-02-28T00:00:00.000000+00:00")
        assert datetime.fromisoformat(date) == beginning + timedelta(microseconds=later // 1000)


def test_a_message_that_has_an_id_keeps_it() -> None:
    frames = Wire(KEY, "hmac-sha256", "user").encode(Message(header=Header("own", "status")))
    assert json.loads(frames[2])["msg_id"] == "own"


@given(st.text())
def test_any_user_name_gives_a_header_that_is_json(username: str) -> None:
    encoded = username.encode(errors="ignore").decode()
    frames = Wire(KEY, "hmac-sha256", encoded).encode(Message(header=Header("", "status")))
    assert json.loads(frames[2])["username"] == encoded


def test_buffers_travel_both_ways() -> None:
    wire = Wire(KEY, "hmac-sha256", "user")
    message = wire.decode([*request(Session(key=KEY.encode())), b"one", b"two"])
    assert message.buffers == (b"one", b"two")
    assert wire.encode(message)[-2:] == [b"one", b"two"]


@pytest.mark.parametrize("count", range(7))
def test_too_few_frames_are_refused(count: int) -> None:
    with pytest.raises(WireError):
        Wire(KEY, "hmac-sha256", "user").decode(request(Session(key=KEY.encode()))[:count])


def test_frames_without_a_delimiter_are_refused() -> None:
    frames = [frame for frame in request(Session(key=KEY.encode())) if frame != DELIMITER]
    with pytest.raises(WireError, match="delimiter"):
        Wire(KEY, "hmac-sha256", "user").decode(frames)


@given(st.data())
def test_a_frame_that_was_changed_on_the_way_is_refused(data: st.DataObject) -> None:
    frames = request(Session(key=KEY.encode()), code="1")
    at = data.draw(st.integers(2, len(frames) - 1))
    changed = data.draw(st.binary(max_size=100).filter(lambda new: new != frames[at]))
    with pytest.raises(WireError):
        Wire(KEY, "hmac-sha256", "user").decode([*frames[:at], changed, *frames[at + 1 :]])


@given(st.lists(st.one_of(st.just(DELIMITER), st.just(b"{}"), st.binary()), max_size=12))
def test_any_frames_at_all_are_a_message_or_refused(frames: list[bytes]) -> None:
    for key in (KEY, ""):
        try:
            Wire(key, "hmac-sha256", "user").decode(frames)
        except WireError:
            pass


@pytest.mark.parametrize("empty", [b"", b"null", b" null\n"])
@pytest.mark.parametrize("name", ["parent_header", "metadata"])
def test_an_empty_frame_and_null_stand_for_nothing(name: str, empty: bytes) -> None:
    header = b'{"msg_id": "a", "msg_type": "b"}'
    parts = {
        "header": header,
        "parent_header": b"{}",
        "metadata": b"{}",
        "content": b"{}",
        name: empty,
    }
    message = Wire("", "hmac-sha256", "user").decode([DELIMITER, b"", *parts.values()])
    assert getattr(message, name) == b"{}"


def test_a_message_that_comes_again_is_refused_and_other_ones_are_not() -> None:
    session = Session(key=KEY.encode())
    wire = Wire(KEY, "hmac-sha256", "user")
    first, second = request(session, code="1"), request(session, code="1")
    wire.decode(first)
    for _ in range(2):
        with pytest.raises(WireError, match="before"):
            wire.decode([b"somebody else", *first[1:]])
    wire.decode(second)


@pytest.mark.parametrize("key", [KEY, ""])
def test_its_own_messages_are_refused_where_there_is_a_key(key: str) -> None:
    wire = Wire(key, "hmac-sha256", "user")
    frames = wire.encode(Message(header=Header("", "comm_msg")))
    if not key:
        assert wire.decode(frames).msg_type == "comm_msg"
        return
    with pytest.raises(WireError, match="own"):
        wire.decode(frames)
    assert Wire(key, "hmac-sha256", "user").decode(frames).msg_type == "comm_msg"


def test_the_same_id_under_another_signature_is_no_replay() -> None:
    session = Session(key=KEY.encode())
    message = session.msg("execute_request", {"code": "1"})
    wire = Wire(KEY, "hmac-sha256", "user")
    for code in "12":
        message["content"]["code"] = code
        assert wire.decode(list(map(bytes, session.serialize(message)))).header.msg_id


def test_a_message_with_a_wrong_signature_does_not_shut_out_the_right_one() -> None:
    frames = request(Session(key=KEY.encode()), code="1")
    wire = Wire(KEY, "hmac-sha256", "user")
    with pytest.raises(WireError, match="wrong"):
        wire.decode([*frames[:-1], b'{"code": "2"}'])
    assert wire.decode(frames).msg_type == "execute_request"


def test_without_a_key_what_comes_again_is_taken_again() -> None:
    frames = request(Session(key=b""), code="1")
    wire = Wire("", "hmac-sha256", "user")
    for _ in range(3):
        assert wire.decode(frames).msg_type == "execute_request"


def test_of_very_many_signatures_the_latest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polykernel.wire.REMEMBERED", 100)
    session = Session(key=KEY.encode())
    wire = Wire(KEY, "hmac-sha256", "user")
    came = [request(session, code="1") for _ in range(1000)]
    for number, frames in enumerate(came):
        wire.decode(frames)
        for latest in came[max(0, number - 49) : number + 1]:
            with pytest.raises(WireError, match="before"):
                wire.decode(latest)
    assert wire.decode(came[0]).msg_type == "execute_request"  # no more is kept than was said


@pytest.mark.parametrize("rows", [1, 7, 512])
def test_no_signature_is_taken_for_another(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr("polykernel.wire.ROWS", rows)
    replays = _Replays()
    signatures = [hashlib.sha256(b"%d" % number).hexdigest().encode() for number in range(3000)]
    assert {hash(signature) < 0 for signature in signatures} == {True, False}
    assert not any(replays.has_come(signature) for signature in signatures)
    assert all(replays.has_come(signature) for signature in signatures)


def test_what_is_sealed_is_signed_alone_and_checked() -> None:
    wire = Wire(KEY, "hmac-sha256", "user")
    frames = wire.seal(b"{}")
    assert frames[0] == DELIMITER
    assert wire.unseal([b"somebody", *frames]) == b"{}"
    assert wire.unseal(frames) == b"{}"
    for bad in (frames[:2], [*frames, b""], frames[1:], [DELIMITER, frames[1], b"[]"]):
        with pytest.raises(WireError):
            wire.unseal(bad)
    assert Wire("", "", "user").seal(b"{}") == [DELIMITER, b"", b"{}"]


@given(st.text(st.sampled_from('\ud83d\ude00\udfff\\u"dD8\x00\n\U0001f600é')))
def test_lone_surrogates_become_replacement_characters_and_all_else_stays(text: str) -> None:
    session = Session(key=KEY.encode())
    parts = [*map(bytes, session.serialize(session.msg("execute_request", {})))][2:]
    parts[-1] = json.dumps({"code": text}).encode()
    frames = [DELIMITER, session.sign(parts), *parts]
    got = json.loads(Wire(KEY, "hmac-sha256", "user").decode(frames).content)["code"]
    assert got == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def test_a_lone_surrogate_in_a_header_keeps_no_message_away() -> None:
    header = rb'{"msg_id": "a", "msg_type": "b", "username": "\ud83d", "date": "\ud83d\ude00"}'
    frames = [DELIMITER, b"", header, b"{}", b"{}", b"{}"]
    message = Wire("", "hmac-sha256", "user").decode(frames)
    assert json.loads(message.raw_header)["username"] == "\ufffd"
    assert json.loads(message.raw_header)["date"] == "\U0001f600"
    assert message.header.msg_id == "a"
