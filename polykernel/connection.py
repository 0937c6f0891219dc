"""Connection files, and registration files: what a kernel listens on, and with which keys.

Specification: "Connection files" on jupyter_client's page about kernels, and "Security" for CURVE.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from polykernel import folders
from polykernel.errors import ConnectionFileError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
CURVE = ("curve_publickey", "curve_secretkey")
_KEYS = ("key", *CURVE)
_LOOPBACK = ("127.", "localhost", "::1", "[::1]", "lo")  # lo: ZeroMQ takes interfaces, too

log = logging.getLogger("polykernel.connection")

# a key of 32 bytes in Z85, ZeroMQ's encoding
_is_curve_key = re.compile(r"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}").fullmatch


class Registrar(msgspec.Struct, frozen=True):
    """Whom a kernel that chooses its own ports tells them to.

    Args:
        kernel_id: Under which name.
        address: The ZeroMQ address of the registration socket.
    """

    kernel_id: str
    address: str


class ConnectionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a connection file, with the specification's names.

    From a registration file come a registrar, and no ports. A port of 0 lets the system choose (tcp
    only). With the keys of CURVE, which are both there or both empty, every socket is encrypted.
    ``repr`` shows no key: whoever knows the public one of CURVE can read IOPub.
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
    curve_publickey: str = ""
    curve_secretkey: str = ""
    registrar: Registrar | None = None

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in self.__struct_fields__ if name not in _KEYS}
        return f"ConnectionInfo({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def ports(self) -> list[int]:
        """Give the five ports; 0 where the system is to choose."""
        return [getattr(self, name) for name in PORTS]

    def address(self, port: int) -> str:
        """Give the ZeroMQ address of a port (for ipc, a number that ends the file's name)."""
        separator = "-" if self.transport == "ipc" else ":"
        return f"{self.transport}://{self.ip}{separator}{port}"


def warn(info: ConnectionInfo) -> None:
    """Say in the log what others than the owner can reach: sockets of tcp have no owner."""
    if info.transport != "tcp" or info.curve_secretkey:
        return
    if not info.key:
        log.warning("the connection has no key: whoever reaches its ports can run code here")
    if not info.ip.startswith(_LOOPBACK):
        log.warning(
            "listening on %s without encryption: whoever reaches the ports can read what cells "
            "print and show, and whoever is on the way can read all; --encrypt mends that",
            info.ip,
        )


_FIELDS = [name for name in ConnectionInfo.__struct_fields__ if name != "registrar"]


def load(path: str | Path) -> ConnectionInfo:
    """Read a connection file, or a registration file, which is one with ``registration_port``.

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
    return _registering(raw, path) if "registration_port" in raw else _checked(raw, path)


def _registering(raw: dict[str, Any], path: str | Path) -> ConnectionInfo:
    """Take a registration file: the kernel listens where the registrar does, on ports of its own.

    Its message to the registrar has no field for another address.
    """
    for name, kind in (("kernel_id", str), ("registration_ip", str), ("registration_port", int)):
        if name not in raw:
            raise ConnectionFileError(f"the registration file {path} has no {name}")
        if not isinstance(raw[name], kind) or isinstance(raw[name], bool):
            raise ConnectionFileError(
                f"{name} in the registration file {path} must be "
                f"{'a number' if kind is int else 'a string'}, not {raw[name]!r}"
            )
    port = raw["registration_port"]
    if not 1 <= port <= 65535:
        raise ConnectionFileError(
            f"registration_port in the registration file {path} must be 1 to 65535, not {port}"
        )
    # as if they were given: which ones they will be is seen when they are listened on
    info = _checked({**raw, "ip": raw["registration_ip"], **dict.fromkeys(PORTS, 1)}, path)
    registrar = Registrar(raw["kernel_id"], info.address(port))
    return replace(info, registrar=registrar, **dict.fromkeys(PORTS, 0))


def _checked(raw: dict[str, Any], path: str | Path) -> ConnectionInfo:
    """Take the known fields, with their types checked; unknown ones are the future's."""
    values: dict[str, Any] = {}
    for name in _FIELDS:
        if name not in raw:
            if name in PORTS:
                raise ConnectionFileError(f"the connection file {path} has no {name}")
            continue
        value = raw[name]
        expected = int if name in PORTS else str
        if not isinstance(value, expected) or isinstance(value, bool):
            found = "" if name in _KEYS else f", not {value!r}"  # errors end up in logs
            raise ConnectionFileError(
                f"{name} in the connection file {path} must be "
                f"{'a number' if expected is int else 'a string'}{found}"
            )
        values[name] = value
    _check_curve(values, path)
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


def _check_curve(values: Mapping[str, Any], path: str | Path) -> None:
    """Refuse keys that would leave the sockets without encryption, or unusable."""
    there = [name for name in CURVE if name in values]
    if len(there) == 1:
        missing = next(name for name in CURVE if name not in values)
        raise ConnectionFileError(f"the connection file {path} has {there[0]}, but no {missing}")
    for name in there:
        if not _is_curve_key(values[name]):
            raise ConnectionFileError(
                f"{name} in the connection file {path} must be 40 characters of Z85"
            )


def fresh(
    kernel_name: str,
    transport: str,
    ip: str,
    folder: Path,
    stem: str,
    curve: tuple[str, str] | None = None,
) -> ConnectionInfo:
    """Make up a connection with a random key, for a kernel that was started by hand.

    Args:
        kernel_name: The kernelspec's name, for front ends.
        transport: ``tcp`` or ``ipc``.
        ip: The address to listen on; ignored for ipc, whose files lie beside the connection file.
        folder: Jupyter's runtime folder.
        stem: The connection file's name without its extension.
        curve: The public and the secret key of CURVE, where it is to be encrypted.

    Raises:
        ConnectionFileError: The folder is not there, and can't be made for ipc's files.
    """
    public, secret = curve or ("", "")
    info = ConnectionInfo(
        ip=ip,
        key=os.urandom(32).hex(),
        kernel_name=kernel_name,
        curve_publickey=public,
        curve_secretkey=secret,
    )
    if transport != "ipc":
        return info
    _make(folder)
    ports = {name: number for number, name in enumerate(PORTS, start=1)}
    address = str(folder / f"{stem}-ipc")
    return replace(info, transport="ipc", ip=address, **ports)


def choose_ipc(info: ConnectionInfo) -> ConnectionInfo:
    """Choose ports of ipc that nobody has; the system chooses those of tcp.

    Each is taken by an empty file, which ZeroMQ replaces by its socket: two kernels that choose at
    the same time get different ones.

    Raises:
        ConnectionFileError: No file can be made there.
    """
    if info.transport != "ipc":
        return info
    ports: dict[str, int] = {}
    try:
        for name in PORTS:
            while name not in ports:
                port = 1 + int.from_bytes(os.urandom(2), "big") % 65535
                with contextlib.suppress(FileExistsError):
                    file = f"{info.ip}-{port}"
                    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
                    ports[name] = port
    except OSError as error:
        raise ConnectionFileError(f"can't make a socket's file {file}: {error.strerror}") from None
    return replace(info, **ports)


def ipc_files(info: ConnectionInfo) -> list[Path]:
    """Name the socket files of a connection by ipc, which ZeroMQ leaves behind; else none."""
    if info.transport != "ipc":
        return []
    from pathlib import Path  # not needed where the connection file is given

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
    data = {name: getattr(info, name) for name in _FIELDS} | dict(ports)
    if not info.curve_publickey:
        data = {name: value for name, value in data.items() if name not in CURVE}
    _make(path.parent)
    if folders.others_can_write(path.parent):
        log.warning(
            "others can write in %s, and could put a connection file of their own in the place of "
            "this kernel's",
            path.parent,
        )
    _write(data, path)


def tell_ports(path: str, ports: Mapping[str, int]) -> None:
    """Put the ports that are listened on into a connection file that lets the system choose some.

    Whoever reads it meanwhile finds it as it was, or as it is to be.

    Args:
        path: The file; what else stands in it stays.
        ports: The ports that are listened on.

    Raises:
        ConnectionFileError: It can't be written.
    """
    file = os.path.realpath(path)
    new = f"{file}-{os.urandom(8).hex()}"
    try:
        with open(file, "rb") as old:
            data = msgspec.json.decode(old.read())
        _write({**data, **ports}, new)
        os.replace(new, file)  # noqa: PTH105 - pathlib would be an import at a kernel's start
    except OSError as error:
        raise ConnectionFileError(
            f"can't write the ports into the connection file {path}: {error.strerror}"
        ) from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(new)  # noqa: PTH108


def _write(data: dict[str, Any], path: str | Path) -> None:
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
        folders.make(folder)
    except OSError as error:
        raise ConnectionFileError(f"can't make the folder {folder}: {error.strerror}") from None
