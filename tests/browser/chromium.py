"""Headless Chromium of the system, driven by Playwright."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, ViewportSize

VIEWPORT: ViewportSize = {"width": 1280, "height": 800}
PATIENCE = 20_000  # milliseconds until something that should come is missed
ARGUMENTS = [
    "--headless",
    "--no-sandbox",  # in a container the sandbox cannot be had
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing but the server
]


@contextmanager
def chromium(token: str) -> Iterator[BrowserContext]:
    """Run Chromium until the block ends, with the token of one Jupyter server.

    Raises:
        RuntimeError: Chromium is not installed.
    """
    with launched() as browser, visit(browser, token) as context:
        yield context


@contextmanager
def launched() -> Iterator[Browser]:
    """Run Chromium until the block ends; Playwright runs one at a time in a process.

    Raises:
        RuntimeError: Chromium is not installed.
    """
    executable = shutil.which("chromium")
    if executable is None:
        raise RuntimeError("Chromium is missing: apt install chromium")
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=ARGUMENTS,
            env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home},
        )
        yield browser
        browser.close()


@contextmanager
def visit(browser: Browser, token: str) -> Iterator[BrowserContext]:
    """Open pages of a Jupyter server, which wants to see the token, until the block ends."""
    context = browser.new_context(
        viewport=VIEWPORT, extra_http_headers={"Authorization": f"token {token}"}
    )
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield context
    context.close()
