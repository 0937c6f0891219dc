"""``polykernel run``: what a kernelspec's ``argv`` calls.

What takes long to import is imported after the evaluator process has been started, so that both
load at the same time; what the first kernel info does not need, after that.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time

from polykernel import inherited
from polykernel.errors import ConnectionFileError, RegistrationError
from polykernel.launch import entrust
from polykernel.start import start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from polykernel.connection import ConnectionInfo, Registrar
    from polykernel.development import Development
    from polykernel.front_ends import FrontEnds
    from polykernel.host import Host
    from polykernel.kernel_info import KernelInfo
    from polykernel.limits import Limits
    from polykernel.message import Message
    from polykernel.start import Start


def run(
    language: str,
    *,
    plugin: str | None = None,
    connection_file: str | None = None,
    python: str | None = None,
    language_version: str | None = None,
    limits: Mapping[str, str] | None = None,
    verbosity: int = 0,
    transport: str = "tcp",
    ip: str = "127.0.0.1",
    encrypt: bool = False,
    dev: bool = False,
    replay: bool = False,
) -> int:
    """Run a kernel until it is shut down.

    SIGINT interrupts the running cell; where none runs it ends a kernel that was started without a
    connection file, as is done by hand.

    Args:
        language: The language's name.
        plugin: The module that brings it; all installed plugins are searched where ``None``.
        connection_file: Where the ports and the key are, or whom to register with; made up where
            ``None``.
        python: The interpreter that evaluates; this one where ``None``.
        language_version: The language's version in that interpreter, as far as it is known.
        limits: What is limited, as the user wrote it, by the names of :mod:`polykernel.limits`.
        verbosity: 0 to 3.
        transport: ``tcp`` or ``ipc``, where there is no connection file.
        ip: The address to listen on, where there is no connection file.
        encrypt: Whether to make up keys for CURVE, or to refuse a connection file without them.
        dev: Whether cells run in a fresh evaluator when the plugin's files have changed.
        replay: Whether earlier cells are run again in a fresh evaluator.

    Returns:
        The exit code.

    Raises:
        PolykernelError: The language, the connection file, a limit or an address is no good.
    """
    born = time.time() - time.process_time()  # when this process was started, or shortly after
    # until the loop runs there is nothing that could be interrupted
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    inherited.hear_of_children()
    in_force = _limits(limits, language)
    inherited.settle_descriptors()
    made = contextlib.ExitStack()  # removes the files that we make
    inherited.end_at_signals(made.close)
    development = _development(language, plugin, python) if dev else None
    begun = start(language, plugin, python) if development is None else development.start()
    from polykernel import connection, logs
    from polykernel.front_ends import FrontEnds
    from polykernel.greeting import greet
    from polykernel.kernel_info import KernelInfo

    logs.configure(verbosity)
    facts = KernelInfo(begun.language, language_version)
    if connection_file is not None:
        info = connection.load(connection_file)
        if encrypt and not info.curve_secretkey:
            raise ConnectionFileError(
                f"the connection file {connection_file} has no keys for CURVE"
            )
        if info.registrar is None:
            _note(connection.ipc_files(info), made)
            front_ends = FrontEnds(info)
            if 0 in info.ports():
                connection.tell_ports(connection_file, front_ends.transport.ports)
            connection.warn(info)
            first = facts.content(subshells=begun.language.subshells, debugger=begun.debugger)
            early = greet(front_ends, first)
            # once signals are heeded the sockets remove their files: others may have taken a path
            host = _host(
                front_ends, begun, facts, in_force, early, born, (), development, replay=replay
            )
            host.run(ready=lambda: _forget(made))
            return 0
        info = connection.choose_ipc(info)
        path = _fresh_path()
    else:
        path = _fresh_path()
        keys = _curve_keys() if encrypt else None
        info = connection.fresh(language, transport, ip, path.parent, path.stem, keys)
    files = [path, *connection.ipc_files(info)]
    with made:
        _note(files, made)
        names = [str(file) for file in files]
        if begun.process is not None:
            entrust(begun.process, names)
        front_ends = FrontEnds(info)
        connection.warn(info)
        host = _host(front_ends, begun, facts, in_force, (), 0.0, names, development, replay=replay)
        ports = front_ends.transport.ports
        connection.write(info, ports, path)
        if info.registrar is None:
            host.run(ready=lambda: _tell(path), interrupt_ends=True)
        else:
            _run_registered(host, ports, info, info.registrar)
    return 0


def _note(files: Iterable[Path], made: contextlib.ExitStack) -> None:
    """Note files that are to be removed, as far as they have been made."""
    for file in files:
        made.callback(_remove, file)


def _remove(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.unlink()


def _forget(made: contextlib.ExitStack) -> None:
    made.pop_all()


def _host(
    front_ends: FrontEnds,
    begun: Start,
    facts: KernelInfo,
    limits: Limits | None,
    early: Sequence[tuple[str, Message]] = (),
    born: float = 0.0,
    files: Sequence[str] = (),
    development: Development | None = None,
    *,
    replay: bool = False,
) -> Host:
    from polykernel.lean import import_tornado

    import_tornado()
    from polykernel.host import Host

    return Host(front_ends, begun, facts, limits, early, born, files, development, replay=replay)


def _development(language: str, plugin: str | None, python: str | None) -> Development:
    from polykernel.development import Development

    return Development(language, plugin, python)


def _limits(written: Mapping[str, str] | None, language: str) -> Limits | None:
    if not written:
        return None
    from polykernel.limits import limits_of

    return limits_of(written, language)


def _run_registered(
    host: Host, ports: Mapping[str, int], info: ConnectionInfo, registrar: Registrar
) -> None:
    from polykernel.registration import Registration

    with contextlib.closing(Registration(info, registrar, ports, host.stop)) as registration:
        host.run(ready=registration.begin)
    if registration.trouble:
        raise RegistrationError(registration.trouble)


def _fresh_path() -> Path:
    """Name a connection file in Jupyter's runtime folder, where front ends look for it."""
    from pathlib import Path

    from jupyter_core.paths import jupyter_runtime_dir

    # no process id: a killed kernel leaves its file, and in a container ids come again soon
    return Path(jupyter_runtime_dir()) / f"kernel-polykernel-{os.urandom(4).hex()}.json"


def _curve_keys() -> tuple[str, str]:
    from polykernel import curve

    return curve.keys()


def _tell(path: Path) -> None:
    print(f"Connection file: {path}")  # noqa: T201 -- what the command is for
    print(f"To connect a console: jupyter console --existing {path}")  # noqa: T201
    text = "To stop it: Ctrl-C; while a cell runs, Ctrl-C interrupts the cell"
    print(text, flush=True)  # noqa: T201
