"""Starts an evaluator process, its pipes and its guard. POSIX only.

Imports next to nothing, so that an evaluator can be on its way before the host has loaded its
sockets and its loop.
"""

from __future__ import annotations

import _socket  # not socket: that would be an import before the evaluator is on its way
import contextlib
import errno
import fcntl
import importlib.util
import os
import signal
import sys
from typing import NamedTuple

from polykernel import remains
from polykernel.errors import EvaluatorStartError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polykernel.language import Language

REQUESTS = 3  # the descriptors of docs/channel.md, as the evaluator sees them
EVENTS = 4
LAST_WORDS = 5
PARCELS = 6
OUT_OF_MEMORY_FIRST = 300  # of 1000: how much sooner than we an evaluator is ended for memory
_FIRST_FREE = 10  # above the descriptors that the evaluator gets, so that none overwrites another
_PIPE_SIZE = 256 * 1024  # a 50 MB print: 205 MB/s with the default of 64 KB, 265 with this
_SET_PIPE_SIZE = getattr(fcntl, "F_SETPIPE_SZ", None)  # Linux

# what Python or a launcher such as nohup ignores must not be ignored by user code
_HEEDED = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGPIPE,
    signal.SIGQUIT,
    signal.SIGCHLD,
)

# descriptors, processes or memory: others may let go of them
_PASSING = (errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM)

# A process in a session of its own that outlives any kill of the host: the end of its standard
# input says that the host is gone. Lines on it are files that are to go with the host, until a word
# says that the evaluator has been waited for. It finds what has left the group as `remains` does:
# by its mark or its session.
_GUARD = """
trap "" HUP INT TERM
mark=$1
shift
while IFS= read -r line && [ "$line" != over ]; do set -- "$@" "$line"; done
if [ "$line" != over ]; then
    kill -s KILL -- "-$0"
    rm -f -- "$@"
    for round in 1 2 3 4 5 6 7 8 9; do
        found=$(grep -ls "$mark" /proc/[0-9]*/environ)
        for file in $found; do
            file=${file%/environ}
            kill -s KILL "${file#/proc/}"
        done
        for file in /proc/[0-9]*/stat; do
            read -r line < "$file" || continue
            set -- ${line##*) }
            [ "$4" = "$0" ] && [ "$1" != Z ] && found="$found $file" && kill -s KILL "${line%% *}"
        done
        [ -n "$found" ] || break
    done
fi
[ ! -e "$TEMPORARY" ] || rm -rf -- "$TEMPORARY"
"""


class Pipes(NamedTuple):
    """The host's ends of the pipes to one evaluator process, all non-blocking.

    ``parcels`` is a socket, or -1 where the system has no memory that can be handed over.
    """

    requests: int
    events: int
    stdout: int
    stderr: int
    last_words: int
    parcels: int = -1


class Process(NamedTuple):
    """One started evaluator process.

    Attributes:
        pid: Its process id, which is also that of its session and its process group.
        pipes: The host's ends of its pipes.
        guard: The guard's process id.
        leash: The descriptor whose end tells the guard that the host is gone.
        temporary: A folder that is not there yet; the guard removes it after the evaluator's end.
        mark: Stands in the environment of all that it starts (:mod:`polykernel.remains`).
    """

    pid: int
    pipes: Pipes
    guard: int
    leash: int
    temporary: str
    mark: str


def command_of(language: Language, python: str | None, plugin_name: str) -> list[str]:
    """Give the command line of a language's evaluator.

    Args:
        language: The language.
        python: The interpreter that evaluates; this one where ``None``.
        plugin_name: Distribution and version of the plugin, for the evaluator's error messages.

    Raises:
        EvaluatorStartError: The evaluator's package can't be found.
    """
    if language.command:
        return list(language.command)
    here = os.path.dirname(os.path.abspath(__file__))
    package = language.evaluator.partition(":")[0].partition(".")[0]
    return [
        python or sys.executable,
        "-u",
        os.path.join(here, "evaluator", "bootstrap.py"),
        language.evaluator,
        f"polykernel={here}",
        f"{package}={location(package)}",
        "--plugin",
        plugin_name,
    ]


def location(package: str) -> str:
    """Find the folder, or the file, of a top-level package without importing it.

    Raises:
        EvaluatorStartError: It can't be found.
    """
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError) as error:
        raise EvaluatorStartError(
            f"the evaluator's package {package} can't be found: {error}"
        ) from None
    if spec is not None and spec.submodule_search_locations:
        return next(iter(spec.submodule_search_locations))
    if spec is not None and spec.origin:
        return spec.origin
    raise EvaluatorStartError(f"the evaluator's package {package} can't be found")


def launch(command: Sequence[str], environment: Mapping[str, str]) -> Process:
    """Start an evaluator process as the leader of a session of its own.

    Raises:
        EvaluatorStartError: Its program is not there or can't be run.
    """
    pid = 0
    mark = remains.new_mark()
    theirs: list[int] = []
    ours: list[int] = []
    try:
        requests = _pipe(theirs, ours, host_writes=True)
        events = _pipe(theirs, ours)
        stdout = _pipe(theirs, ours)
        stderr = _pipe(theirs, ours)
        last_words = _pipe(theirs, ours)
        os.set_blocking(theirs[-1], False)  # nobody reads it before the end
        parcels = _socket_pair(theirs, ours) if hasattr(os, "memfd_create") else -1
        pid = _spawn(command, remains.marked(environment, mark), theirs)
        _goes_first(pid)
        leash_end, leash = os.pipe()
        theirs.append(leash_end)
        ours.append(leash)
        temporary = _temporary(environment)
        guard = _spawn_guard(pid, leash_end, mark, temporary)
    except (OSError, ValueError) as error:  # ValueError: a NUL in an argument or a variable
        if pid:  # without its guard it might outlive us
            os.kill(pid, signal.SIGKILL)
            _wait(pid)
        for descriptor in ours:
            os.close(descriptor)
        reason = getattr(error, "strerror", None) or error
        failure = EvaluatorStartError(f"can't start {command[0]}: {reason}")
        failure.passing = getattr(error, "errno", None) in _PASSING
        raise failure from None
    finally:
        for descriptor in theirs:
            os.close(descriptor)
    pipes = Pipes(requests, events, stdout, stderr, last_words, parcels)
    return Process(pid, pipes, guard, leash, temporary, mark)


def _temporary(environment: Mapping[str, str]) -> str:
    """Name a folder that nobody can have made before: whoever makes it first can write to it."""
    folder = environment.get("TMPDIR") or "/tmp"  # `tempfile` would be an import at a start
    if not is_text(folder):
        folder = "/tmp"
    return os.path.join(folder, f"polykernel-{os.urandom(8).hex()}")


def is_text(name: str) -> bool:
    """Whether a file's name is UTF-8, so that it can stand in a hello."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _pipe(theirs: list[int], ours: list[int], *, host_writes: bool = False) -> int:
    """Make a pipe, note both ends, and return the host's."""
    reader, writer = os.pipe()
    if _SET_PIPE_SIZE is not None:
        try:
            fcntl.fcntl(writer, _SET_PIPE_SIZE, _PIPE_SIZE)
        except OSError:
            pass  # over the user's limit: the default size works as well
    host, evaluator = (writer, reader) if host_writes else (reader, writer)
    ours.append(host)
    os.set_blocking(host, False)
    theirs.append(_move_up(evaluator))
    return host


def _move_up(descriptor: int) -> int:
    """Move a descriptor out of the way of those that the evaluator gets."""
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        # the limit of this process is below that number
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE)) from None
    finally:
        os.close(descriptor)


def _socket_pair(theirs: list[int], ours: list[int]) -> int:
    """Make a pair of sockets, note both ends, and return the host's."""
    host, evaluator = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    host.setblocking(False)
    ours.append(host.detach())
    theirs.append(_move_up(evaluator.detach()))
    return ours[-1]


def _spawn(command: Sequence[str], environment: Mapping[str, str], theirs: Sequence[int]) -> int:
    requests, events, stdout, stderr, last_words, *parcels = theirs
    return os.posix_spawnp(
        command[0],
        tuple(command),
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, stdout, 1),
            (os.POSIX_SPAWN_DUP2, stderr, 2),
            (os.POSIX_SPAWN_DUP2, requests, REQUESTS),
            (os.POSIX_SPAWN_DUP2, events, EVENTS),
            (os.POSIX_SPAWN_DUP2, last_words, LAST_WORDS),
            *((os.POSIX_SPAWN_DUP2, each, PARCELS) for each in parcels),
        ],
        setsid=True,
        setsigmask=[],
        setsigdef=_HEEDED,
    )


def _goes_first(pid: int) -> None:
    """Where the machine runs out of memory let it end the evaluator, not what is around it."""
    with contextlib.suppress(OSError, ValueError):  # only Linux has it
        with open("/proc/self/oom_score_adj") as file:
            ours = int(file.read())
        with open(f"/proc/{pid}/oom_score_adj", "w") as file:
            file.write(str(min(ours + OUT_OF_MEMORY_FIRST, 1000)))


def _spawn_guard(pid: int, leash_end: int, mark: str, temporary: str) -> int:
    return os.posix_spawn(
        "/bin/sh",
        ["polykernel-guard", "-c", _GUARD, str(pid), mark],
        {"PATH": os.defpath, "TEMPORARY": temporary},  # other users can see arguments
        file_actions=[
            (os.POSIX_SPAWN_DUP2, leash_end, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigmask=[],
    )


def entrust(process: Process, files: Sequence[str]) -> None:
    """Let the guard remove files when the host is gone; it can't any more after its release.

    Args:
        process: Whose guard.
        files: Their absolute paths, under names that nobody else would take.
    """
    with contextlib.suppress(OSError):  # the guard is gone
        for file in files:
            if "\n" not in file:
                os.write(process.leash, file.encode(errors="surrogateescape") + b"\n")


def release_guard(process: Process) -> None:
    """Let the guard end without a kill: the evaluator has been waited for."""
    try:
        os.write(process.leash, b"over\n")
    except OSError:
        pass  # the guard is gone already
    os.close(process.leash)
    _wait(process.guard)


def _wait(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):  # nobody can where SIGCHLD is ignored
        os.waitpid(pid, 0)
