"""One server and one browser for all tests in front ends; what a failed test's page looked like."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from development import Project

from browser.chromium import launched, visit
from browser.lab import FrontEnd, Lab, Notebook7
from browser.server import JupyterServer

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext

_failed = pytest.StashKey[bool]()

RUN_BROKEN = "python -P -m polykernel run broken --plugin broken_plugin -f {connection_file}"
BROKEN_KERNEL = {
    "argv": RUN_BROKEN.split(),
    "display_name": "Broken",
    "language": "broken",
    "interrupt_mode": "message",
}


RUN_MINE = "python -P -m polykernel run mine --plugin mine.plugin --dev -f {connection_file}"
MINE_KERNEL = {
    "argv": RUN_MINE.split(),
    "display_name": "Mine (dev)",
    "language": "mine",
    "interrupt_mode": "message",
}


@pytest.fixture(scope="package")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The plugin of the kernel ``mine-dev``, which tests may change."""
    return Project(tmp_path_factory.mktemp("development"))


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory, project: Project) -> Iterator[JupyterServer]:
    folder = tmp_path_factory.mktemp("jupyter")
    mine = folder / "jupyter_path" / "kernels" / "mine-dev" / "kernel.json"
    mine.parent.mkdir(parents=True)
    mine.write_text(json.dumps({**MINE_KERNEL, "env": {"PYTHONPATH": str(project.source)}}))
    plugins = folder / "plugins"
    plugins.mkdir()
    (plugins / "broken_plugin.py").write_text("import a_module_that_nobody_has\n")
    kernel = folder / "jupyter_path" / "kernels" / "broken" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(json.dumps({**BROKEN_KERNEL, "env": {"PYTHONPATH": str(plugins)}}))
    running = JupyterServer(folder, [folder / "jupyter_path"])
    yield running
    left = running.stop()
    assert not left, f"left running after the server had ended: {left}"


@pytest.fixture(scope="package")
def running_chromium() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="package")
def browser(server: JupyterServer, running_chromium: Browser) -> Iterator[BrowserContext]:
    with visit(running_chromium, server.token) as context:
        yield context


@pytest.fixture(scope="package")
def shared_lab(server: JupyterServer, browser: BrowserContext) -> Lab:
    lab = Lab(server, browser)
    lab.load()
    return lab


@pytest.fixture
def lab(shared_lab: Lab, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Lab]:
    shared_lab.clear()
    yield shared_lab
    if request.node.stash.get(_failed, False):
        shared_lab.load()  # the page may be in any state


@pytest.fixture
def notebook7(
    server: JupyterServer, browser: BrowserContext, tmp_path: Path
) -> Iterator[Notebook7]:
    front_end = Notebook7(server, browser)
    yield front_end
    front_end.page.close()
    front_end.shut_down_kernels()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    fixtures = getattr(item, "funcargs", {})
    front_end = fixtures.get("lab") or fixtures.get("notebook7")
    if report.failed and isinstance(front_end, FrontEnd):
        item.stash[_failed] = True
        report.sections.append(("the page", front_end.describe(fixtures["tmp_path"])))
    return report
