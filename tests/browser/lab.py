"""JupyterLab and Notebook 7 as a user's hands and eyes have them.

Everything waits for the page to be so, and nothing for time to pass.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect
from support import processes

from browser.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Locator, Page

    from browser.server import JupyterServer

LANGUAGES = {
    "polykernel-echo": "Echo (polykernel)",
    "polykernel-calc": "Calculator (polykernel)",
    "polykernel-python": "Python (polykernel)",
}

_CLOSE_ALL = "for (const widget of [...window.jupyterapp.shell.widgets('main')]) widget.dispose()"
# no value: what the command gives is the whole widget, which takes seconds to bring over
_OPEN = """path => {
    window.jupyterapp.commands.execute('docmanager:open', {path, factory: 'Notebook'});
}"""
# the toolbar shows "idle" already before there is a kernel
_CONNECTED = """() => {
    const context = window.jupyterapp?.shell?.currentWidget?.context?.sessionContext;
    const kernel = context?.session?.kernel;
    return context?.isReady && kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
}"""

_ASK = """() => {
    const context = window.jupyterapp.shell.currentWidget.context.sessionContext;
    return context.session.kernel.requestKernelInfo().then(() => null);
}"""

_serial = itertools.count(1)


class Cell:
    """One code cell on the page.

    Args:
        root: The cell's element.
    """

    def __init__(self, root: Locator) -> None:
        self.root = root
        self.page = root.page
        self.editor = root.locator(".cm-content")
        self.prompt = root.locator(".jp-InputArea-prompt")
        self.outputs = root.locator(".jp-OutputArea-output")
        self.result = root.locator(".jp-OutputArea-executeResult .jp-OutputArea-output")
        self.error = root.locator('.jp-OutputArea-output[data-mime-type$="stderr"]')
        self.output_prompt = root.locator(".jp-OutputArea-executeResult .jp-OutputArea-prompt")
        self.stdin = root.locator("input.jp-Stdin-input")

    def write(self, code: str) -> None:
        """Click into the cell and type, key by key."""
        self.editor.click()
        self.page.keyboard.type(code)

    def run(self) -> None:
        """Press Shift-Enter in the cell."""
        self.editor.click()
        self.page.keyboard.press("Shift+Enter")

    def answer(self, text: str) -> None:
        """Give the input that the cell asks for."""
        expect(self.stdin).to_have_count(1)
        box = self.stdin.element_handle()
        box.fill(text)
        box.press("Enter")
        box.wait_for_element_state("hidden")  # or it would still be there beside the next one


class Notebook:
    """One open notebook.

    Args:
        page: Where it is the only one.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.locator(".jp-NotebookPanel")
        self.cells = self.root.locator(".jp-CodeCell")
        self.kernel_name = self.root.locator(".jp-Toolbar-kernelName")

    def cell(self, index: int) -> Cell:
        """Give the cell at a place, counted from 0."""
        return Cell(self.cells.nth(index))

    def run(self, index: int) -> Cell:
        """Run the cell at a place, and give it."""
        cell = self.cell(index)
        cell.run()
        return cell

    def run_all(self) -> None:
        """Choose "Run All Cells" in the menu."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()

    def button(self, command: str) -> Locator:
        """Find a button of the toolbar by the command that it gives."""
        return self.root.locator(f'.jp-Toolbar [data-command="notebook:{command}"]')

    def press_in_command_mode(self, *keys: str) -> None:
        """Leave the editor, and press keys."""
        self.cells.last.locator(".jp-InputArea-prompt").click()
        for key in keys:
            self.page.keyboard.press(key)

    def wait_for_kernel(self) -> None:
        """Wait until a kernel is connected, and has nothing to do."""
        self.page.wait_for_function(_CONNECTED)

    def wait_for_answer(self) -> None:
        """Wait until the kernel has all that was sent to it, and answers a question behind it."""
        self.page.evaluate(_ASK)

    def wait_for(self, status: str) -> None:
        """Wait until the kernel's indicator says so: ``idle``, ``busy`` ..."""
        self.root.locator(f'.jp-Notebook-ExecutionIndicator[data-status="{status}"]').wait_for()


class FrontEnd:
    """One page of a front end, used by one test after the other.

    Args:
        server: Where it is.
        context: The browser.

    Attributes:
        page: What the browser shows.
        witness: What the page saw.
        dialog: The question that it asks, if any.
        completer: The list of completions, if any.
    """

    def __init__(self, server: JupyterServer, context: BrowserContext) -> None:
        self.server = server
        self.witness = Witness()
        self.page = context.new_page()
        self.witness.watch(self.page)
        self.dialog = self.page.locator(".jp-Dialog")
        self.completer = self.page.locator(".jp-Completer")

    def goto(self, path: str) -> None:
        """Load a page of the server."""
        self.page.goto(f"{self.server.url}/{path}", wait_until="commit")

    def shut_down_kernels(self) -> None:
        """End all kernels."""
        for session in self.server.request("GET", "sessions"):
            self.server.request("DELETE", f"sessions/{session['id']}")

    def confirm_restart(self) -> None:
        """Say yes to the question whether to restart, and wait until that is done."""
        with self.page.expect_response("**/restart*"):
            self.dialog.get_by_role("button", name="Confirm Kernel Restart").click()

    def wait_for_message(self, *parts: str, times: int = 1) -> None:
        """Wait until the witness has a message, or several, in which all these stand."""

        def seen() -> bool:
            self.page.evaluate("0")  # the witness sees what has come meanwhile
            lines = self.witness.messages
            return sum(all(part in line for part in parts) for line in lines) >= times

        processes.until(seen, f"a message with {parts}")

    def describe(self, folder: Path) -> str:
        """Say what the page shows and saw, for the report of a failed test.

        Args:
            folder: Where a picture of it is saved.
        """
        picture = folder / "page.png"
        self.page.screenshot(path=picture)
        parts = [
            f"picture: {picture}",
            "errors in the browser's console:",
            *self.witness.errors,
            "kernel messages:",
            *self.witness.messages,
            "the server's log:",
            *list(self.server.log)[-100:],
        ]
        return "\n".join(part.rstrip() for part in parts)


class Lab(FrontEnd):
    """JupyterLab."""

    @property
    def launcher(self) -> Locator:
        """What is open where nothing else is."""
        return self.page.locator(".jp-Launcher")

    def load(self) -> None:
        """Load it anew, with nothing open."""
        self.goto(f"lab/workspaces/tests-{next(_serial)}?reset")
        self.launcher.wait_for()

    def clear(self) -> None:
        """Close all notebooks, unsaved, and end their kernels."""
        self.page.evaluate(_CLOSE_ALL)
        expect(self.launcher).to_have_count(1)  # JupyterLab's own, where nothing else is open
        self.shut_down_kernels()
        self.page.keyboard.press("Escape")  # a help that came late would lie over all else
        expect(self.page.locator(".jp-Tooltip")).to_have_count(0)
        self.witness.forget()

    def hide_sidebar(self) -> None:
        """Hide the list of files."""
        self.page.locator(".jp-SideBar").get_by_role("tab", name="File Browser").click()
        expect(self.page.locator("#jp-left-stack")).to_be_hidden()

    def open(
        self,
        kernel: str,
        cells: Sequence[str],
        path: str = "",
        metadata: Mapping[str, Any] | None = None,
    ) -> Notebook:
        """Open a new notebook, and wait for its kernel.

        Args:
            kernel: The kernelspec's name.
            cells: The code of its cells.
            path: Where it is saved; made up where empty.
            metadata: Of each cell.
        """
        path = save_notebook(self.server, kernel, cells, path, metadata)
        self.page.evaluate(_OPEN, path)
        notebook = Notebook(self.page)
        notebook.wait_for_kernel()
        return notebook


class Notebook7(FrontEnd):
    """Notebook 7: a page for the files, and one for each notebook."""

    def new_menu(self) -> Locator:
        """Show the files, and open the menu of what can be made."""
        self.goto("tree")
        self.page.locator('[data-jp-item-name="new-dropdown"]').click()
        return self.page.get_by_role("menuitem")

    def open(self, kernel: str, cells: Sequence[str]) -> Notebook:
        """Open a new notebook, and wait for its kernel, as :meth:`Lab.open` does."""
        self.goto(f"notebooks/{save_notebook(self.server, kernel, cells)}")
        notebook = Notebook(self.page)
        notebook.wait_for_kernel()
        return notebook


def card(launcher: Locator, display_name: str) -> Locator:
    """Find a language's card in the launcher's section of notebooks."""
    pattern = re.compile(f"^{re.escape(display_name)}$")
    return launcher.locator('.jp-LauncherCard[data-category="Notebook"]').filter(has_text=pattern)


def save_notebook(
    server: JupyterServer,
    kernel: str,
    cells: Sequence[str],
    path: str = "",
    metadata: Mapping[str, Any] | None = None,
) -> str:
    """Put a notebook into the server's root folder.

    Args:
        server: The server.
        kernel: The kernelspec's name.
        cells: The code of its cells.
        path: Where it is saved; made up where empty.
        metadata: Of each cell.

    Returns:
        Its path, as the front ends name it.
    """
    path = path or f"notebook-{next(_serial)}.ipynb"
    specs = server.request("GET", "kernelspecs")["kernelspecs"]
    display_name = specs[kernel]["spec"]["display_name"]
    content: dict[str, Any] = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": kernel, "display_name": display_name}},
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{index}",
                "metadata": dict(metadata or {}),
                "source": code,
                "outputs": [],
                "execution_count": None,
            }
            for index, code in enumerate(cells)
        ],
    }
    server.request(
        "PUT", f"contents/{path}", {"type": "notebook", "format": "json", "content": content}
    )
    return path
