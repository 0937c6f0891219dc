"""What is wrong from outside is told in a line, and the next message works."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from support import ports, processes
from support.kernels import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.client import Client
    from support.kernels import Kernel


def frames_of(client: Client, msg_type: str = "kernel_info_request") -> list[bytes]:
    return [bytes(frame) for frame in client.session.serialize(client.session.msg(msg_type))]


def wrong_signature(frames: list[bytes]) -> list[bytes]:
    return [frames[0], b"0" * len(frames[1]), *frames[2:]]


def no_signature(frames: list[bytes]) -> list[bytes]:
    return [frames[0], b"", *frames[2:]]


def changed_content(frames: list[bytes]) -> list[bytes]:
    return [*frames[:-1], b'{"restart": true}']


def too_few_frames(frames: list[bytes]) -> list[bytes]:
    return frames[:4]


def only_the_delimiter(frames: list[bytes]) -> list[bytes]:
    return frames[:1]


def no_delimiter(frames: list[bytes]) -> list[bytes]:
    return frames[1:]


def nothing(frames: list[bytes]) -> list[bytes]:
    return [b""]


def noise(frames: list[bytes]) -> list[bytes]:
    return [b"\xff" * 1000, b"\x00"]


@pytest.mark.parametrize("channel", ["shell", "control", "stdin"])
@pytest.mark.parametrize(
    "damage",
    [
        wrong_signature,
        no_signature,
        changed_content,
        too_few_frames,
        only_the_delimiter,
        no_delimiter,
        nothing,
        noise,
    ],
)
def test_a_damaged_message_is_logged_and_dropped(
    program: Kernel, channel: str, damage: Callable[[list[bytes]], list[bytes]]
) -> None:
    client = program.client
    before = len(client.seen)
    client.send_frames(damage(frames_of(client)), channel)
    program.wait_for_log(f"a message on {channel} is dropped")
    assert program.execute("print('works')").text() == "works\n"
    parents = {seen.parent for seen in client.seen[before:]}
    assert len(parents) == 1, "nothing but the cell may be answered"
    assert "Traceback" not in program.log


def test_a_flood_of_damaged_messages_does_not_stop_a_kernel_whose_log_nobody_reads(
    connection: Callable[..., Path],
) -> None:
    from support.client import Client

    path = connection()
    with subprocess.Popen(command(path), env=environment(), stderr=subprocess.PIPE) as host:
        client = Client(json.loads(path.read_text()))
        client.ready()
        damaged = wrong_signature(frames_of(client))
        for _ in range(2000):  # a line for each would be more than a pipe holds
            client.send_frames(damaged)
            client.send_frames(damaged, "control")
        assert client.execute("print('works')").text() == "works\n"
        client.request("shutdown_request", {"restart": False}, channel="control")
        client.close()
        assert host.stderr is not None
        told = host.stderr.read().decode().splitlines()
        assert host.wait(20) == 0
    assert 32 <= len(told) < 100
    assert "2048 so far" in told[-1]


@pytest.mark.parametrize("topic", [b"<IDS|MSG>", b"x" * 1001], ids=["delimiter", "long"])
def test_a_topic_that_would_harm_other_front_ends_is_not_welcomed(
    program: Kernel, topic: bytes
) -> None:
    client = program.client
    other = program.connect(subscribe=False)
    other.iopub.subscribe(topic)
    other.iopub.subscribe(b"kernel")
    client.wait(lambda seen: seen.content.get("subscription") == "kernel", "the other's welcome")
    welcomed = [each.content for each in client.seen if each.msg_type == "iopub_welcome"]
    assert welcomed == [{"subscription": ""}, {"subscription": "kernel"}]


def signed(client: Client, header: bytes, content: bytes = b"{}") -> list[bytes]:
    parts = [header, b"{}", b"{}", content]
    return [b"<IDS|MSG>", client.session.sign(parts), *parts]


def header(msg_type: str, **more: Any) -> bytes:
    return json.dumps({"msg_id": "mine", "msg_type": msg_type, "session": "s", **more}).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no json",
        b"[]",
        b"null",
        b'{"msg_id": "a"}',
        b'{"msg_type": "kernel_info_request"}',
        b'{"msg_id": 1, "msg_type": "kernel_info_request"}',
        b'{"msg_id": "a", "msg_type": "kernel_info_request", "user": "\xff"}',
        b'{"msg_id": "a", "msg_type": "kernel_info_request", "more": ' + b"[" * 100_000,
    ],
    ids=range(9),
)
def test_a_header_that_can_not_be_read_is_logged_and_its_message_dropped(
    program: Kernel, raw: bytes
) -> None:
    program.client.send_frames(signed(program.client, raw))
    program.wait_for_log("a message on shell is dropped")
    assert program.execute("print('works')").text() == "works\n"
    assert "Traceback" not in program.log


@pytest.mark.parametrize("channel", ["shell", "control"])
@pytest.mark.parametrize("msg_type", ["no_such_request", "", "execute_reply"])
def test_a_message_of_an_unknown_type_is_logged_and_dropped(
    program: Kernel, channel: str, msg_type: str
) -> None:
    program.client.send_frames(signed(program.client, header(msg_type)), channel)
    program.wait_for_log("unknown type")
    assert program.execute("print('works')").text() == "works\n"


REQUESTS = ["execute", "complete", "inspect", "is_complete", "history", "shutdown"]


@pytest.mark.parametrize("request_name", REQUESTS)
@pytest.mark.parametrize(
    "content",
    [
        b'{"code": 3, "restart": 3, "n": "x"}',
        b'{"code": "\xff", "restart": "\xff", "n": "\xff"}',
        b"{" * 10,
        b'{"code": ' + b"[" * 100_000,
        b'{"code": "x"',
    ],
    ids=["type", "utf8", "braces", "deep", "cut"],
)
def test_a_request_with_malformed_content_is_answered_with_an_error(
    program: Kernel, request_name: str, content: bytes
) -> None:
    client = program.client
    client.send_frames(signed(client, header(f"{request_name}_request"), content))
    outcome = client.outcome("mine")
    assert outcome.status == "error"
    published = ["error"] if request_name == "execute" else []
    assert outcome.sequence == ["busy", *published, "idle"]
    assert outcome.reply["evalue"]
    assert "Traceback" not in program.log
    assert program.execute("print('works')").text() == "works\n"


def test_content_that_is_no_object_is_dropped(program: Kernel) -> None:
    client = program.client
    for content in (b"", b"3", b"[]", b"null"):
        client.send_frames(signed(client, header("execute_request"), content))
    assert program.execute("print('works')").text() == "works\n"
    assert not client.replies(["mine"])


@pytest.mark.parametrize("key", ["", "a key"])
@pytest.mark.parametrize("scheme", ["hmac-sha256", "hmac-sha512", "hmac-blake2b", "hmac-md5"])
def test_every_scheme_and_no_key_at_all_work_over_real_sockets(
    connection: Callable[..., Path], key: str, scheme: str, tmp_path: Path
) -> None:
    from support.client import Client

    path = connection(key=key, signature_scheme=scheme)
    with subprocess.Popen(command(path), env=environment()) as host:
        client = Client(json.loads(path.read_text()))
        client.ready()
        assert client.execute("print('works')").text() == "works\n"
        client.request("shutdown_request", {"restart": False}, channel="control")
        client.close()
        assert host.wait(20) == 0


# connection files


@pytest.fixture
def connection(tmp_path: Path) -> Callable[..., Path]:
    """Write a connection file with some fields changed."""

    def write(**changes: Any) -> Path:
        names = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
        content: dict[str, Any] = {
            "transport": "tcp",
            "ip": "127.0.0.1",
            "key": "k",
            "signature_scheme": "hmac-sha256",
            **dict(zip(names, ports.take(5), strict=True)),
            **changes,
        }
        path = tmp_path / "connection.json"
        path.write_text(json.dumps({k: v for k, v in content.items() if v is not None}))
        return path

    return write


def command(path: Path, language: str = "program") -> list[str]:
    start = [sys.executable, "-P", "-m", "polykernel", "run", language]
    return [*start, "--plugin", "polykernel_sample.plugin", "-f", str(path)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SAMPLES)}


def refused(path: Path) -> str:
    """Hold that a kernel does not start, says why in one line, and leaves nothing behind."""
    before = {process.pid for process in processes.descendants(os.getpid())}
    ended = subprocess.run(
        command(path), env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    lines = ended.stderr.splitlines()
    assert len(lines) == 1, ended.stderr
    processes.until(
        lambda: {each.pid for each in processes.descendants(os.getpid())} <= before,
        "the end of everything that the host had started",
    )
    return lines[0]


def test_a_connection_file_that_is_not_there(tmp_path: Path) -> None:
    line = refused(tmp_path / "nowhere.json")
    assert "nowhere.json" in line
    assert "No such file" in line


def test_a_connection_file_that_is_a_folder(tmp_path: Path) -> None:
    assert "Is a directory" in refused(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read every file")
def test_a_connection_file_that_is_somebody_elses(connection: Callable[..., Path]) -> None:
    path = connection()
    path.chmod(0)
    assert "Permission denied" in refused(path)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", "\x00", "[" * 100_000, '{"key": "\xff"}'],
    ids=["empty", "cut", "list", "number", "zero", "deep", "utf8"],
)
def test_a_connection_file_that_is_no_json_object(tmp_path: Path, text: str) -> None:
    path = tmp_path / "connection.json"
    path.write_bytes(text.encode("latin-1"))
    assert "JSON" in refused(path)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"shell_port": None}, "has no shell_port"),
        ({"shell_port": "7"}, "shell_port"),
        ({"shell_port": True}, "shell_port"),
        ({"hb_port": 70000}, "hb_port"),
        ({"hb_port": -1}, "hb_port"),
        ({"transport": "carrier pigeon"}, "transport"),
        ({"transport": "ipc", "ip": "somewhere", "hb_port": 0}, "hb_port"),
        ({"key": 3}, "key"),
        ({"signature_scheme": "hmac-shake_128"}, "signature_scheme"),
        ({"signature_scheme": "hmac-nonsense"}, "signature_scheme"),
        ({"signature_scheme": "sha256"}, "signature_scheme"),
        ({"ip": "not an address"}, "not an address"),
        ({"ip": "203.0.113.7"}, "203.0.113.7"),
        ({"transport": "ipc", "ip": "/nowhere/at/all"}, "/nowhere/at/all"),
        ({"transport": "ipc", "ip": "/tmp/" + "x" * 200}, "can't listen"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_connection_file_with_a_wrong_field(
    connection: Callable[..., Path], changes: dict[str, Any], told: str
) -> None:
    assert told in refused(connection(**changes))


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("name", ["shell_port", "iopub_port", "hb_port"])
def test_a_port_that_is_in_use(connection: Callable[..., Path], taken: int, name: str) -> None:
    line = refused(connection(**{name: taken}))
    assert str(taken) in line
    assert "in use" in line


def test_the_same_port_twice(connection: Callable[..., Path]) -> None:
    port = ports.take(1)[0]
    assert "in use" in refused(connection(shell_port=port, stdin_port=port))


# plugins


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("echo@polykernel_sample.broken_plugin", "this plugin wants more than there is"),
        ("echo@polykernel_sample.nowhere", "polykernel_sample.nowhere"),
        ("cobol@polykernel_sample.plugin", "brings no language 'cobol'"),
        ("no-program", "no-such-program-anywhere"),
        ("broken-import", "a_module_that_is_not_there"),
        ("broken-start", "the runtime of this language is not there"),
    ],
)
def test_a_kernel_whose_plugin_is_broken_starts_and_each_cell_says_why(
    kernel: Callable[..., Kernel], name: str, told: str
) -> None:
    broken = kernel(name)
    assert broken.client.request("kernel_info_request").reply["language_info"]["name"]
    for count in (1, 2):
        outcome = broken.execute("1")
        assert outcome.sequence == ["busy", "execute_input", "error", "idle"]
        assert outcome.status == "error"
        assert told in outcome.traceback
        assert outcome.reply["execution_count"] == count
    for request in ("complete", "inspect", "is_complete"):
        assert broken.client.request(f"{request}_request", {"code": "a"}).reply["status"]
    broken.client.request("shutdown_request", {"restart": False}, channel="control")
    assert broken.exit_code() == 0


def test_a_bug_in_an_evaluator_names_the_plugin_and_its_traceback(
    kernel: Callable[..., Kernel],
) -> None:
    buggy = kernel("buggy")
    outcome = buggy.execute("1")
    assert outcome.reply["ename"] == "KeyError"
    assert "polykernel_sample" in outcome.traceback
    assert "no such key" in outcome.traceback
    reply = buggy.client.request("complete_request", {"code": "a", "cursor_pos": 1}).reply
    assert reply["status"] == "error"
    assert reply["ename"] == "ZeroDivisionError"
