"""The whole of a soak, from the first start of a kernel to the look at what is left."""

from __future__ import annotations

import os
import resource
import socket
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from support import processes

from soak.asked import Asked, Broken
from soak.driver import Driver

if TYPE_CHECKING:
    from collections.abc import Callable

GONE_WITHIN = 10  # seconds that processes have to end


def soak(
    seed: int,
    seconds: float,
    folder: Path,
    *,
    one_round: int | None = None,
    tell: Callable[[str], None] = lambda line: None,
    alive: Callable[[], None] = lambda: None,
) -> Driver:
    """Soak; give the driver, with its counts.

    Args:
        seed: What all is drawn from.
        seconds: For how long.
        folder: An empty one, for all files.
        one_round: Only this round, once.
        tell: Called with a line now and then.
        alive: Called once in a while.

    Raises:
        Broken: An invariant does not hold.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    processes.adopt_orphans()
    driver = Driver(seed, folder, tell=tell, alive=alive)
    try:
        if one_round is None:
            driver.run(seconds)
        else:
            driver.run(seconds, first_round=one_round, rounds=1)
        _shut_down(driver)
    finally:
        driver.end()
    return driver


def _shut_down(driver: Driver) -> None:
    """Shut all kernels down, and hold that nothing is left.

    Raises:
        Broken: Something is.
    """
    for subject in driver.subjects:
        watches = subject.kernel.watch_all()
        last = subject.ask(
            subject.witness, "shutdown_request", {"restart": False}, channel="control"
        )
        if subject.kernel.exit_code(60):
            raise Broken(f"{subject.name} ended with {subject.kernel.process.returncode}")
        left = [each for each in watches if not each.ended_within(GONE_WITHIN)]
        if left:
            raise Broken(f"{subject.name} has left {left}")
        driver.wait_for(partial(_is_settled, last), f"the end of {subject.name}")
        subject.ledger.check()
        sockets = [each for each in subject.kernel.folder.iterdir() if each.is_socket()]
        if sockets:
            raise Broken(f"{subject.name} has left {sockets}")
        _check_ports(subject.name, subject.kernel.info)


def _is_settled(asked: Asked) -> bool:
    return asked.settled


def _check_ports(name: str, info: dict[str, object]) -> None:
    if info["transport"] != "tcp":
        return
    for key in (each for each in info if each.endswith("_port")):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((info["ip"], info[key]))
            except OSError as error:
                raise Broken(f"{name}: the {key} is not free: {error}") from None


def main(seed: int, seconds: float, one_round: int | None) -> int:
    """Soak for a person who waits; gives the exit code."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak") as name:
        folder = Path(name)
        os.environ["JUPYTER_DATA_DIR"] = str(folder / "jupyter")
        os.environ["JUPYTER_RUNTIME_DIR"] = str(folder / "runtime")
        print(f"seed {seed}, {seconds / 60:.1f} minutes", flush=True)
        try:
            driver = soak(
                seed,
                seconds,
                folder,
                one_round=one_round,
                tell=lambda line: print(line, flush=True),
            )
        except Broken as error:
            print(f"BROKEN after {time.monotonic() - began:.0f} s: {error}", flush=True)
            return 1
        print(f"{time.monotonic() - began:.0f} s: {driver.summary()}")
        print(", ".join(f"{name} {count}" for name, count in driver.done.most_common()))
        left = processes.left_after(GONE_WITHIN)
        if left:
            print("BROKEN: left are", *left, sep="\n")
        return int(bool(left))
