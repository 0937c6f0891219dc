from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

from polykernel import connection
from polykernel.connection import PORTS, ConnectionInfo, Registrar
from polykernel.errors import ConnectionFileError

if TYPE_CHECKING:
    from pathlib import Path

FIELDS: dict[str, Any] = {
    **{name: number for number, name in enumerate(PORTS, start=5001)},
    "ip": "127.0.0.1",
    "transport": "tcp",
    "key": "abc",
    "signature_scheme": "hmac-sha256",
    "kernel_name": "echo",
}


PUBLIC = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
SECRET = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"


def written(folder: Path, fields: object) -> Path:
    path = folder / "connection.json"
    path.write_text(json.dumps(fields))
    return path


def test_a_connection_file_is_read_with_what_the_future_may_add_left_out(tmp_path: Path) -> None:
    info = connection.load(written(tmp_path, {**FIELDS, "jupyter_session": "x", "more": 1}))
    assert {name: getattr(info, name) for name in FIELDS} == FIELDS


def test_only_the_ports_are_required(tmp_path: Path) -> None:
    info = connection.load(written(tmp_path, dict.fromkeys(PORTS, 0)))
    assert info == ConnectionInfo()


def test_addresses_of_tcp_and_ipc() -> None:
    assert ConnectionInfo(ip="127.0.0.1").address(5001) == "tcp://127.0.0.1:5001"
    assert ConnectionInfo(transport="ipc", ip="/run/k").address(2) == "ipc:///run/k-2"


def test_what_was_made_up_is_written_for_its_owner_only_and_can_be_read(tmp_path: Path) -> None:
    info = connection.fresh("echo", "tcp", "127.0.0.1", tmp_path, "kernel-1")
    path = tmp_path / "not yet there" / "kernel-1.json"
    ports = {name: number for number, name in enumerate(PORTS, start=5001)}
    connection.write(info, ports, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = connection.load(path)
    assert again.key == info.key
    assert {name: getattr(again, name) for name in PORTS} == ports


def test_every_key_that_is_made_up_is_another_one(tmp_path: Path) -> None:
    keys = {connection.fresh("e", "tcp", "", tmp_path, "k").key for _ in range(100)}
    assert len(keys) == 100
    assert all(len(key) >= 32 for key in keys)


def test_ipc_has_five_addresses_beside_the_connection_file(tmp_path: Path) -> None:
    info = connection.fresh("echo", "ipc", "", tmp_path, "kernel-1")
    addresses = {info.address(getattr(info, name)) for name in PORTS}
    assert len(addresses) == 5
    assert all(each.startswith(f"ipc://{tmp_path}/kernel-1-ipc-") for each in addresses)


def test_a_connection_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "k.json"
    path.write_text("somebody's")
    with pytest.raises(ConnectionFileError, match="File exists"):
        connection.write(ConnectionInfo(), {}, path)
    assert path.read_text() == "somebody's"


@pytest.mark.parametrize("name", PORTS)
@pytest.mark.parametrize("value", [None, "5", True, 1.5, -1, 65536, [1]])
def test_a_port_that_is_none_is_named(tmp_path: Path, name: str, value: object) -> None:
    with pytest.raises(ConnectionFileError, match=name):
        connection.load(written(tmp_path, {**FIELDS, name: value}))


@pytest.mark.parametrize("name", ["ip", "transport", "key", "signature_scheme", "kernel_name"])
@pytest.mark.parametrize("value", [None, 5, True, ["tcp"]])
def test_a_text_that_is_none_is_named(tmp_path: Path, name: str, value: object) -> None:
    with pytest.raises(ConnectionFileError, match=name):
        connection.load(written(tmp_path, {**FIELDS, name: value}))


def test_the_system_can_not_choose_a_port_of_ipc(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFileError, match="hb_port"):
        connection.load(written(tmp_path, {**FIELDS, "transport": "ipc", "hb_port": 0}))


def test_a_key_that_is_no_text_is_not_told(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFileError) as raised:
        connection.load(written(tmp_path, {**FIELDS, "key": ["hunter2"]}))
    assert "key in the connection file" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_the_folder_for_ipc_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "runtime"
    info = connection.fresh("echo", "ipc", "", folder, "kernel-1")
    assert [path.parent for path in connection.ipc_files(info)] == [folder] * 5
    assert folder.stat().st_mode & 0o777 == 0o700
    assert connection.ipc_files(connection.fresh("echo", "tcp", "::1", folder, "kernel-1")) == []


def test_the_keys_of_curve_are_read_and_written(tmp_path: Path) -> None:
    fields = {**FIELDS, "curve_publickey": PUBLIC, "curve_secretkey": SECRET}
    info = connection.load(written(tmp_path, fields))
    assert (info.curve_publickey, info.curve_secretkey) == (PUBLIC, SECRET)
    path = tmp_path / "again.json"
    connection.write(info, {}, path)
    assert connection.load(path) == info


def test_a_connection_without_encryption_is_written_without_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "plain.json"
    connection.write(connection.fresh("echo", "tcp", "::1", tmp_path, "kernel-1"), {}, path)
    assert not [name for name in json.loads(path.read_text()) if "curve" in name]


@pytest.mark.parametrize("name", ["curve_publickey", "curve_secretkey"])
def test_one_key_of_curve_without_the_other_is_refused(tmp_path: Path, name: str) -> None:
    fields = {**FIELDS, "curve_publickey": PUBLIC, "curve_secretkey": SECRET}
    del fields[name]
    with pytest.raises(ConnectionFileError, match=f"no {name}"):
        connection.load(written(tmp_path, fields))


@pytest.mark.parametrize("name", ["curve_publickey", "curve_secretkey"])
@pytest.mark.parametrize(
    "value",
    [None, 5, "", SECRET[:-1], f"{SECRET}x", f"{SECRET[:-1]}~", f"{SECRET[:-1]}é", [SECRET]],
)
def test_a_malformed_key_of_curve_is_refused_and_not_told(
    tmp_path: Path, name: str, value: object
) -> None:
    fields = {**FIELDS, "curve_publickey": PUBLIC, "curve_secretkey": SECRET, name: value}
    with pytest.raises(ConnectionFileError, match=name) as raised:
        connection.load(written(tmp_path, fields))
    assert SECRET[:-1] not in str(raised.value)


def test_no_key_is_shown_with_a_connection(tmp_path: Path) -> None:
    fields = {**FIELDS, "key": "hunter2", "curve_publickey": PUBLIC, "curve_secretkey": SECRET}
    shown = repr(connection.load(written(tmp_path, fields)))
    assert "5001" in shown
    assert not [key for key in ("hunter2", PUBLIC, SECRET) if key in shown]


REGISTRATION: dict[str, Any] = {
    "kernel_id": "unique_kernel_id",
    "transport": "tcp",
    "registration_ip": "127.0.0.1",
    "registration_port": 51587,
    "signature_scheme": "hmac-sha256",
    "key": "hunter2",
}


def test_a_registration_file_names_whom_to_register_with_and_no_ports(tmp_path: Path) -> None:
    info = connection.load(written(tmp_path, REGISTRATION))
    assert info.registrar == Registrar("unique_kernel_id", "tcp://127.0.0.1:51587")
    assert info == ConnectionInfo(ip="127.0.0.1", key="hunter2", registrar=info.registrar)
    path = written(tmp_path, {**REGISTRATION, "transport": "ipc", "registration_ip": "/run/r"})
    info = connection.load(path)
    assert info.registrar == Registrar("unique_kernel_id", "ipc:///run/r-51587")
    assert (info.transport, info.ip, info.shell_port) == ("ipc", "/run/r", 0)


def test_a_file_with_both_ports_and_a_registrar_is_a_registration_file(tmp_path: Path) -> None:
    info = connection.load(written(tmp_path, {**FIELDS, **REGISTRATION}))
    assert info.registrar is not None
    assert not [name for name in PORTS if getattr(info, name)]


@pytest.mark.parametrize("name", ["kernel_id", "registration_ip"])
def test_a_registration_file_that_lacks_a_field_is_refused(tmp_path: Path, name: str) -> None:
    fields = {each: value for each, value in REGISTRATION.items() if each != name}
    with pytest.raises(ConnectionFileError, match=f"no {name}"):
        connection.load(written(tmp_path, fields))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("registration_port", value) for value in (None, "5", True, 1.5, 0, -1, 65536)),
        *(("kernel_id", value) for value in (None, 5, True)),
        *(("registration_ip", value) for value in (None, 5, ["127.0.0.1"])),
        *(("transport", value) for value in (None, "inproc")),
        ("key", 5),
        ("curve_publickey", PUBLIC),
    ],
)
def test_a_malformed_registration_file_is_refused(tmp_path: Path, name: str, value: object) -> None:
    with pytest.raises(ConnectionFileError, match=name) as raised:
        connection.load(written(tmp_path, {**REGISTRATION, name: value}))
    assert "hunter2" not in str(raised.value)


def test_ports_of_ipc_that_are_chosen_are_nobody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter([0, 1, 1, 2, 3, 4, 5, 5, 6])
    monkeypatch.setattr("os.urandom", lambda size: next(numbers).to_bytes(size, "big"))
    info = ConnectionInfo(transport="ipc", ip=str(tmp_path / "k"))
    (tmp_path / "k-1").touch()
    chosen = connection.choose_ipc(info)
    assert [getattr(chosen, name) for name in PORTS] == [2, 3, 4, 5, 6]
    assert all(path.exists() for path in connection.ipc_files(chosen))
    with pytest.raises(ConnectionFileError, match="No such file"):
        connection.choose_ipc(ConnectionInfo(transport="ipc", ip=str(tmp_path / "no" / "k")))
