"""Makes an evaluator process of a fresh interpreter, before anything of the user's runs in it."""

from __future__ import annotations

import faulthandler
import fcntl
import os
import stat
import sys

from polykernel.evaluator import forks, interrupts, loading, ownership, requests, streams
from polykernel.evaluator.lines import write_all
from polykernel.evaluator.outlet import Outlet
from polykernel.evaluator.parcels import Parcels
from polykernel.evaluator.questions import Questions
from polykernel.evaluator.reports import text_of
from polykernel.evaluator.runtime import Runtime
from polykernel.evaluator.standard_library import standard_library_first

FAILED = 70  # exit code, as sysexits.h has it for an internal software error
HIGH = 100  # descriptors from here on are not in the way of user code


def _own_pipe() -> int:
    """Make a descriptor of pipe 1 that user code can neither close nor make non-blocking."""
    if sys.platform == "linux" and stat.S_ISFIFO(os.fstat(1).st_mode):
        try:
            descriptor = os.open("/proc/self/fd/1", os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            descriptor = os.dup(1)
    else:
        descriptor = os.dup(1)
    return _move_high(descriptor)


def _move_high(descriptor: int) -> int:
    try:
        high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, HIGH)
    except OSError:  # more than this process may have
        high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(descriptor)
    return high


def _leave_last_words() -> int:
    """Let a crash be reported to where the host finds it when this process is dead."""
    try:
        descriptor = _move_high(5)
    except OSError:  # a host that does not ask for them
        descriptor = _move_high(os.dup(2))
    faulthandler.enable(descriptor, all_threads=False)
    return descriptor


def _parcels() -> int:
    """Find the socket for large binary data, if the host has given one."""
    try:
        return _move_high(6) if stat.S_ISSOCK(os.fstat(6).st_mode) else -1
    except OSError:
        return -1


def run(evaluator_name: str, plugin: str) -> None:
    """Be an evaluator process, until the kernel ends (docs/channel.md)."""
    incoming, outgoing, marks = _move_high(3), _move_high(4), _own_pipe()
    last_words, parcels = _leave_last_words(), _parcels()
    sys.argv = [""]
    standard_library_first.install()
    _clean_main_module()
    questions = Questions()
    outlet = Outlet(outgoing, marks, os.urandom(8).hex(), questions, Parcels(parcels))
    outlet.announce_marks()  # the plugin may print while it is loaded, long before the hello
    signals = interrupts.Interrupts(outlet)
    signals.install_once()
    watcher = streams.install(outlet)
    ownership.follow_threads(outlet.settled)
    ours = (incoming, outgoing, marks, last_words, *((parcels,) if parcels >= 0 else ()))
    forks.follow(outlet, signals, watcher, ours)
    runtime = Runtime(plugin, outlet, questions, signals)
    requests.start(incoming, runtime.receive)  # before anything of the plugin's can hang
    status = 0
    try:
        runtime.serve(loading.load(evaluator_name, plugin))
    except BaseException as error:
        if not (isinstance(error, SystemExit) and signals.terminating):
            status = FAILED
            _tell_why(last_words, error)
    runtime.leave(status)


def _tell_why(descriptor: int, error: BaseException) -> None:
    """Tell of a failure of the runtime itself, without any import: that may be what has failed."""
    lines = [f"the evaluator's runtime has failed: {type(error).__name__}: {text_of(error)}"]
    tb = error.__traceback__
    while tb is not None:
        code = tb.tb_frame.f_code
        lines.append(f"  {code.co_filename}, line {tb.tb_lineno}, in {code.co_name}")
        tb = tb.tb_next
    try:
        write_all(descriptor, "\n".join([*lines, ""]).encode("utf-8", "backslashreplace"))
    except OSError:
        pass  # nobody reads it any more


def _clean_main_module() -> None:
    """User code finds an empty ``__main__``, and children don't look for our file."""
    clean = type(sys)("__main__")
    vars(clean)["__builtins__"] = vars(sys.modules["__main__"])["__builtins__"]
    sys.modules["__main__"] = clean
