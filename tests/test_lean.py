"""What is left out of a kernel's loop, and that it is there for all else."""

from __future__ import annotations

import subprocess
import sys


def run(code: str) -> list[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()


def test_the_loop_is_loaded_without_what_a_kernel_never_uses() -> None:
    code = """
from polykernel.lean import import_tornado
import_tornado()
import sys
print("tornado.ioloop" in sys.modules, *sys.modules)
"""
    loaded = run(code)
    assert loaded[0] == "True"
    assert not {"ssl", "_ssl", "curses", "_curses"} & set(loaded)


def test_what_was_left_out_can_be_imported_afterwards() -> None:
    code = """
from polykernel.lean import import_tornado
import_tornado()
import ssl
print(ssl.OPENSSL_VERSION)
"""
    assert run(code)


def test_what_is_loaded_already_stays() -> None:
    code = """
import ssl
from polykernel.lean import import_tornado
import_tornado()
import sys
print(sys.modules["ssl"] is ssl)
"""
    assert run(code) == ["True"]


def test_a_kernel_that_nobody_develops_loads_nothing_of_the_development_loop() -> None:
    code = """
import sys
import polykernel.run, polykernel.front_ends, polykernel.host, polykernel.execution
print(*sys.modules)
"""
    loaded = set(run(code))
    assert "polykernel.host" in loaded
    assert not {f"polykernel.{name}" for name in ("development", "renewal", "sources")} & loaded


def test_a_cell_loads_nothing_of_the_development_loop() -> None:
    code = """
import sys
from polykernel.cli import main
main(["exec", "calc", "-c", "1 + 1"])
print(*sys.modules)
"""
    loaded = set(run(code))
    assert "polykernel.shell" in loaded
    assert not {f"polykernel.{name}" for name in ("development", "renewal", "sources")} & loaded


def test_msgspec_is_loaded_without_the_typing_of_other_pythons() -> None:
    code = """
from polykernel.lean import import_msgspec
import_msgspec()
import sys, msgspec
print("typing_extensions" in sys.modules, msgspec.json.decode(b"[1]", type=list[int]))
import typing_extensions
"""
    assert run(code) == ["False", "[1]"]


def test_a_running_kernel_looks_for_garbage_but_not_among_what_its_start_has_made() -> None:
    code = """
import gc, os, signal
from tornado.ioloop import IOLoop
from polykernel.cli_start import start_host
def passes():
    return sum(each["collections"] for each in gc.get_stats())
def look():
    print("seen", gc.isenabled(), gc.get_freeze_count() > len(gc.get_objects()), passes() - before)
    os.kill(os.getpid(), signal.SIGTERM)
IOLoop.current().add_callback(look)
before = passes()
start_host(language="echo")
"""
    said = run(code)
    assert said[said.index("seen") + 1 :] == ["True", "True", "0"]
