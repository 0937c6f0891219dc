"""Connection files: what a kernel listens on, and with which key.

Specification: "Connection files" on jupyter_client's page about kernels.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from polykernel.errors import ConnectionFileError

if TYPE_CHECKING:
    from collections.abc import Mapping

PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionInfo:
    """The fields of a connection file, with the specification's names.

    A port of 0 lets the system choose (tcp only).
    """

    transport: str = "tcp"
    ip: str = "127.0.0.1"
    shell_port: int = 0
    iopub_port: int = 0
    stdin_port: int = 0
    control_port: int = 0
    hb_port: int = 0
    key: str = ""
    signature_scheme: str = "hmac-sha256"
    kernel_name: str = ""

    def address(self, port: int) -> str:
        """Give the ZeroMQ address of a port (for ipc, a number that ends the file's name)."""
        separator = "-" if self.transport == "ipc" else ":"
        return f"{self.transport}://{self.ip}{separator}{port}"


def load(path: str | Path) -> ConnectionInfo:
    """Read a connection file.

    Raises:
        ConnectionFileError: It is missing, unreadable or malformed; the text says how.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise ConnectionFileError(
            f"can't read the connection file {path}: {error.strerror}"
        ) from None
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConnectionFileError(f"the connection file {path} is not JSON: {error}") from None
    if not isinstance(raw, dict):
        raise ConnectionFileError(f"the connection file {path} must hold a JSON object")
    return _checked(raw, path)


def _checked(raw: dict[str, Any], path: str | Path) -> ConnectionInfo:
    """Take the known fields, with their types checked; unknown ones are the future's."""
    values: dict[str, Any] = {}
    for field in fields(ConnectionInfo):
        if field.name not in raw:
            if field.name in PORTS:
                raise ConnectionFileError(f"the connection file {path} has no {field.name}")
            continue
        value = raw[field.name]
        expected = int if field.name in PORTS else str
        if not isinstance(value, expected) or isinstance(value, bool):
            found = "" if field.name == "key" else f", not {value!r}"  # errors end up in logs
            raise ConnectionFileError(
                f"{field.name} in the connection file {path} must be "
                f"{'a number' if expected is int else 'a string'}{found}"
            )
        values[field.name] = value
    info = ConnectionInfo(**values)
    if info.transport not in ("tcp", "ipc"):
        raise ConnectionFileError(
            f"transport in the connection file {path} must be tcp or ipc, not {info.transport!r}"
        )
    least = 1 if info.transport == "ipc" else 0
    for name in PORTS:
        if not least <= getattr(info, name) <= 65535:
            raise ConnectionFileError(
                f"{name} in the connection file {path} must be {least} to 65535, "
                f"not {getattr(info, name)}"
            )
    return info


def fresh(kernel_name: str, transport: str, ip: str, folder: Path, stem: str) -> ConnectionInfo:
    """Make up a connection with a random key, for a kernel that was started by hand.

    Args:
        kernel_name: The kernelspec's name, for front ends.
        transport: ``tcp`` or ``ipc``.
        ip: The address to listen on; ignored for ipc, whose files lie beside the connection file.
        folder: Jupyter's runtime folder.
        stem: The connection file's name without its extension.

    Raises:
        ConnectionFileError: The folder is not there, and can't be made for ipc's files.
    """
    key = os.urandom(32).hex()
    if transport == "ipc":
        _make(folder)
        ports = {name: number for number, name in enumerate(PORTS, start=1)}
        address = str(folder / f"{stem}-ipc")
        info = ConnectionInfo(transport="ipc", ip=address, key=key, kernel_name=kernel_name)
        return replace(info, **ports)  # type: ignore[arg-type]  # all of them are numbers
    return ConnectionInfo(ip=ip, key=key, kernel_name=kernel_name)


def ipc_files(info: ConnectionInfo) -> list[Path]:
    """Name the socket files of a connection by ipc, which ZeroMQ leaves behind; else none."""
    if info.transport != "ipc":
        return []
    return [Path(f"{info.ip}-{getattr(info, name)}") for name in PORTS]


def write(info: ConnectionInfo, ports: Mapping[str, int], path: Path) -> None:
    """Write a connection file that only its owner can read.

    Args:
        info: All but the ports.
        ports: The ports that are listened on.
        path: Where to.

    Raises:
        ConnectionFileError: It can't be written.
    """
    data = {field.name: getattr(info, field.name) for field in fields(ConnectionInfo)} | dict(ports)
    _make(path.parent)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(data)) + b"\n")
    except OSError as error:
        raise ConnectionFileError(
            f"can't write the connection file {path}: {error.strerror}"
        ) from None


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConnectionFileError(f"can't make the folder {folder}: {error.strerror}") from None
