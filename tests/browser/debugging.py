"""JupyterLab's debugger as a user sees it: the bug, the gutters of cells, the panel at the side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from browser.lab import Cell, Notebook

_GUTTER = ".cm-gutter.cm-breakpoint-gutter > .cm-gutterElement:visible"
_PANEL = ".jp-DebuggerSidebar"


class Debugger:
    """The debugger of one notebook.

    Args:
        notebook: The one that is shown.

    Attributes:
        bug: The button in the notebook's toolbar.
        frames: The names in the call stack, the innermost first.
        places: Where the frames are: ``Cell [1]:3``.
        breakpoints: The panel's list of breakpoints.
        line: The line that something is stopped at.
        paused: What floats above the notebook while something is stopped.
    """

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        self.page = notebook.page
        self.bug = notebook.root.locator(".jp-DebuggerBugButton")
        self.panel = self.page.locator(_PANEL)
        self.frames = self.panel.locator(".jp-DebuggerCallstackFrame-name")
        self.places = self.panel.locator(".jp-DebuggerCallstackFrame-location")
        self.breakpoints = self.panel.locator(".jp-DebuggerBreakpoint")
        self.line = self.page.locator(".jp-DebuggerEditor-highlight")
        self.paused = self.page.locator(".jp-DebuggerPausedOverlay")

    def turn_on(self) -> None:
        """Press the bug, and wait until debugging has begun."""
        # JupyterLab asks the kernel first; a click before that is lost
        expect(self.bug).to_have_attribute("aria-disabled", "false")
        self.bug.click()
        self.expect_on()

    def turn_off(self) -> None:
        """Press the bug again."""
        self.bug.click()
        expect(self.bug).to_have_attribute("aria-pressed", "false")
        expect(self.notebook.cells.last.locator(_GUTTER)).to_have_count(0)

    def expect_on(self) -> None:
        """Wait until debugging has begun, and gutters can be clicked into."""
        expect(self.bug).to_have_attribute("aria-pressed", "true")
        expect(self.notebook.cells.last.locator(_GUTTER).first).to_be_visible()

    def markers(self, cell: Cell) -> Locator:
        """Find the dots in a cell's gutter."""
        # one that can't be seen keeps the gutter's width
        return cell.root.locator(".cm-breakpoint-icon:visible")

    def click_gutter(self, cell: Cell, line: int) -> None:
        """Set or remove the breakpoint of a line, counted from 1."""
        cell.root.locator(_GUTTER).nth(line - 1).click()

    def break_at(self, cell: Cell, line: int) -> None:
        """Set the notebook's only breakpoint, and wait until the kernel has it."""
        self.click_gutter(cell, line)
        expect(self.markers(cell)).to_have_count(1)
        expect(self.breakpoints).to_have_count(1)  # not before the kernel's reply

    def press(self, command: str) -> None:
        """Press a button of the panel by its command: ``continue``, ``next``, ``stepIn`` ..."""
        self.panel.locator(f'[data-command="debugger:{command}"]').click()

    def expect_stop(self, line: str, *frames: str) -> None:
        """Wait until something is stopped.

        Args:
            line: The text of the line that is highlighted, the only one.
            frames: What the call stack shows, the innermost first; a cell's own code, by default.
        """
        expect(self.frames).to_have_text(frames or ("<module>",))
        expect(self.line).to_have_text(line)
        self.show_scope("Locals")  # JupyterLab shows these or the globals, as it comes

    def show_scope(self, name: str) -> None:
        """Choose whose variables are shown."""
        self.panel.get_by_label("Scope").select_option(name)

    def expect_no_stop(self) -> None:
        """Wait until nothing is stopped."""
        expect(self.frames).to_have_count(0)
        expect(self.line).to_have_count(0)
        expect(self.paused).to_be_hidden()

    def go_on(self) -> None:
        """Press "Continue", and wait until nothing is stopped."""
        self.press("continue")
        self.expect_no_stop()

    def variable(self, name: str) -> Locator:
        """Find a variable in the tree of the Variables panel."""
        named = self.page.locator(f':scope > .jp-DebuggerVariables-name:text-is("{name}")')
        tree = self.panel.locator(".jp-DebuggerVariables-body:visible")
        return tree.locator("jp-tree-item").filter(has=named)

    def value(self, name: str) -> Locator:
        """Find what the Variables panel shows behind a name."""
        return self.variable(name).locator("> .jp-DebuggerVariables-detail")

    def choose(self, name: str, entry: str) -> None:
        """Choose from the menu of a variable."""
        self.variable(name).click(button="right")
        self.page.get_by_role("menuitem", name=entry).click()

    def unfold(self, name: str) -> None:
        """Show what a variable is made of."""
        self.variable(name).locator(".expand-collapse-button").first.click()


def hide_panel(page: Page) -> None:
    """Hide the panel, which opens when debugging begins."""
    panel = page.locator(_PANEL)
    if panel.is_visible():
        page.locator('.jp-SideBar [data-id="jp-debugger-sidebar"]').click()
        expect(panel).to_be_hidden()
