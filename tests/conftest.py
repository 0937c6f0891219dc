"""What all tests share: no test hangs, and no process that a test started is left."""

from __future__ import annotations

import asyncio
import faulthandler
import os
import signal
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.session import Session
from support import processes, schema
from support.client import Client
from support.kernels import Kernel
from tornado.ioloop import IOLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import FrameType

HANGS_AFTER = 180  # seconds: longer than any wait of a test that fails by itself
AGAIN_AFTER = 30  # seconds: something may have caught what was to end the test
DEAF_FOR = 120  # seconds that a test that hangs may take to fail
LONG = ("test_mutants.py", "test_seeded_faults.py")  # modules whose tests may run anywhere
GONE_WITHIN = 10  # seconds that processes have to end after the last test

_stderr = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    # a copy of the real one: pytest captures descriptor 2 while a test runs
    config.stash[_stderr] = os.dup(2)
    # what is ignored here is so in what tests start, as under nohup and in a shell's background
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGALRM, _fail)


def _fail(signum: int, frame: FrameType | None) -> None:
    pytest.fail(f"it takes more than {HANGS_AFTER} seconds")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together, where tests run side by side, what shares something that is slow to start."""
    for item in items:
        folder = item.path.parent.name
        if item.path.name not in LONG:
            group = folder if folder == "browser" else f"{folder}/{item.path.stem}"
            item.add_marker(pytest.mark.xdist_group(group))


def pytest_unconfigure(config: pytest.Config) -> None:
    os.close(config.stash[_stderr])


@pytest.fixture(autouse=True, scope="session")
def _what_jupyter_client_receives_conforms() -> Iterator[None]:
    """Check what comes to the clients that are not ours: jupyter_client's, nbclient's, ..."""
    deserialize = Session.deserialize

    def checked(
        self: Session, msg_list: list[Any], content: bool = True, copy: bool = True
    ) -> dict[str, Any]:
        frames = msg_list if copy else [message.bytes for message in msg_list]
        found: dict[str, Any] = deserialize(self, msg_list, content, copy)
        if not schema.is_exempt(self):
            schema.check_parts(frames[1:])
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "deserialize", checked)
        yield


@pytest.fixture(autouse=True, scope="session")
def _jupyters_data_folder_is_ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep off the user's folder, from the kernels of whole classes of tests too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATA_DIR", str(tmp_path_factory.mktemp("jupyter")))
        yield


@pytest.fixture(autouse=True)
def _each_test_has_a_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test find the history of another; the folder is made by whoever needs it."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))


@pytest.fixture
def alive(request: pytest.FixtureRequest) -> Callable[[], None]:
    """Let a test that is longer than others say that it does not hang."""
    descriptor = request.config.stash[_stderr]

    def put_off() -> None:
        signal.setitimer(signal.ITIMER_REAL, HANGS_AFTER, AGAIN_AFTER)
        # ends the process, and with it the tests behind this one: only where C code does not return
        faulthandler.dump_traceback_later(HANGS_AFTER + DEAF_FOR, exit=True, file=descriptor)

    return put_off


@pytest.fixture(autouse=True)
def _no_test_hangs(alive: Callable[[], None]) -> Iterator[None]:
    alive()
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(autouse=True, scope="session")
def _no_process_is_left() -> Iterator[None]:
    processes.adopt_orphans()
    yield
    left = processes.left_after(GONE_WITHIN)
    assert not left, "processes that the tests started are left:\n" + "\n".join(left)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Show the messages that a failing test saw."""
    report = yield
    if call.when == "call" and report.failed:  # type: ignore[attr-defined]
        for number, client in enumerate(Client.of_this_test, start=1):
            title = f"messages that front end {number} saw"
            report.sections.append((title, client.transcript()))  # type: ignore[attr-defined]
    if call.when == "teardown":
        Client.of_this_test.clear()
    return report


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Callable[..., Kernel]]:
    """Start kernels by the names of their kernelspecs, or of the sample plugin's languages."""
    kernels: list[Kernel] = []

    def start(name: str = "program", **options: Any) -> Kernel:
        folder = tmp_path / f"kernel{len(kernels)}"
        folder.mkdir()
        kernels.append(Kernel(name, folder, **options))
        return kernels[-1]

    yield start
    for each in kernels:
        each.end()


@pytest.fixture
def loop() -> Iterator[IOLoop]:
    """A loop of this test's own."""
    before = _current_loop()
    loop = IOLoop(make_current=True)
    yield loop
    loop.close()
    asyncio.set_event_loop(None)
    if before is not None:
        before.close()  # whoever left it makes another one


@pytest.fixture(autouse=True, scope="session")
def _no_loop_is_left() -> Iterator[None]:
    """Close the loop that jupyter_client's blocking functions leave open."""
    yield
    loop = _current_loop()
    if loop is not None:
        asyncio.set_event_loop(None)
        loop.close()


def _current_loop() -> asyncio.AbstractEventLoop | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return asyncio.get_event_loop()
        except RuntimeError:
            return None
