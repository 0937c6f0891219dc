"""jupyter-resource-usage's panel in JupyterLab: what the host and its evaluator use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from browser.lab import Lab

TAB = '.jp-SideBar [data-id="kernelusage-panel-id"]'
HOLDS_200_MIB = "held = bytes(200 << 20)[::-1]\nlen(held)"
AT_LEAST_200_MIB = re.compile(r"Memory: 2\d\d\.\d+ MB")


def test_the_panel_shows_what_a_cell_holds(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [HOLDS_200_MIB])
    cell = notebook.run(0)
    expect(cell.outputs).to_have_text("209715200")
    lab.page.locator(TAB).click()
    panel = lab.page.locator("#kernelusage-panel-id")
    expect(panel).to_contain_text(AT_LEAST_200_MIB)
    expect(panel).to_contain_text(re.compile(r"CPU: \d"))
    lab.page.locator(TAB).click()
    expect(panel).to_be_hidden()
