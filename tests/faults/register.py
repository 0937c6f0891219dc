"""Faults, each with the test that does it for real.

``scripts/faults_table.py`` makes docs/faults.md of them, and a test checks that it is what they
make.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Test = TypeVar("Test", bound="Callable[..., None]")

#: What a fault can befall, in the order of the table.
EVALUATOR = "The evaluator"
PLUGIN = "The plugin"
HOST = "The host"
FRONT_END = "The front end"
WIRE = "The wire"
PLACES = (EVALUATOR, PLUGIN, HOST, FRONT_END, WIRE)

#: Our languages that a fault is tried with; the other kernels are kernels of Python.
PYTHON = ("polykernel-python",)
WITH_PROCESSES = ("polykernel-python", "polykernel-calc", "polykernel-echo")


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        place: What it befalls.
        text: What happens.
        told: What our users see.
        module: Where the test is; with its folder, where that is not this one.
        name: The test's name.
        languages: Our kernels that it is tried with.
        peers: Whether it is tried with other kernels, too.
        test: The test function; ``None`` where it is in another folder.
        line: Where it stands in its module.
    """

    place: str
    text: str
    told: str
    module: str
    name: str
    languages: tuple[str, ...] = ()
    peers: bool = False
    test: Callable[..., None] | None = None
    line: int = 0


FAULTS: dict[str, Fault] = {}


def fault(
    place: str,
    text: str,
    *,
    told: str,
    languages: tuple[str, ...] = PYTHON,
    peers: bool = True,
) -> Callable[[Test], Test]:
    """Say which fault a test does.

    Args:
        place: What it befalls: one of :data:`PLACES`.
        text: What happens, in a few words.
        told: What the user sees, and what becomes of the kernel, in one sentence.
        languages: Our kernels that it is tried with, where the test asks for one (``kernel``).
        peers: Whether other kernels can be tried, too.
    """

    def note(test: Test) -> Test:
        module, name = test.__module__.rpartition(".")[2], test.__name__
        line = test.__code__.co_firstlineno
        _add(Fault(place, text, told, module, name, languages, peers, test, line))
        return test

    return note


def elsewhere(place: str, text: str, *, told: str, test: str) -> None:
    """Say which fault a test of another folder does.

    Args:
        place: What it befalls: one of :data:`PLACES`.
        text: What happens, in a few words.
        told: What the user sees, and what becomes of the kernel, in one sentence.
        test: As ``protocol/test_death.py::test_...``, below the folder of all tests.
    """
    module, _, name = test.partition(".py::")
    _add(Fault(place, text, told, module, name))


def _add(fault: Fault) -> None:
    assert fault.place in PLACES, fault.place
    assert fault.name not in FAULTS, f"two tests are called {fault.name}"
    FAULTS[fault.name] = fault


def fault_of(function: Any) -> Fault | None:
    """Find the fault that a test function does."""
    found = FAULTS.get(getattr(function, "__name__", ""))
    return found if found is not None and found.test is function else None
