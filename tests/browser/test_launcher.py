"""Three languages stand in the launcher, and a notebook begins with a click."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from browser.lab import LANGUAGES, Notebook, card

if TYPE_CHECKING:
    from browser.lab import Lab

SHOWS_AN_IMAGE = "image => image.decode().then(() => image.naturalWidth)"


@pytest.mark.parametrize("kernel", LANGUAGES)
def test_a_language_has_a_card_with_its_logo(lab: Lab, kernel: str) -> None:
    found = card(lab.launcher, LANGUAGES[kernel])
    expect(found).to_have_count(1)
    logo = found.locator("img")
    expect(logo).to_have_attribute("src", f"/kernelspecs/{kernel}/logo-svg.svg")
    assert logo.evaluate(SHOWS_AN_IMAGE) > 0


@pytest.mark.parametrize("kernel", LANGUAGES)
def test_the_logos_for_front_ends_without_svg_are_served(lab: Lab, kernel: str) -> None:
    resources = lab.server.request("GET", "kernelspecs")["kernelspecs"][kernel]["resources"]
    for size in (32, 64):
        address = resources[f"logo-{size}x{size}"]
        width = lab.page.evaluate(
            "address => { const image = new Image(); image.src = address;"
            " return image.decode().then(() => image.naturalWidth) }",
            address,
        )
        assert width == size


@pytest.mark.parametrize(
    ("kernel", "code", "result"),
    [
        ("polykernel-echo", "to be given back", "to be given back"),
        ("polykernel-calc", "6*7", "42"),
        ("polykernel-python", "6*7", "42"),
    ],
)
def test_a_card_opens_a_notebook_that_runs_cells(
    lab: Lab, kernel: str, code: str, result: str
) -> None:
    card(lab.launcher, LANGUAGES[kernel]).click()
    notebook = Notebook(lab.page)
    notebook.wait_for_kernel()
    expect(notebook.kernel_name).to_have_text(LANGUAGES[kernel])
    cell = notebook.cell(0)
    cell.write(code)
    cell.run()
    expect(cell.result).to_have_text(result)


@pytest.mark.parametrize(
    ("kernel", "language", "extension"),
    [
        ("polykernel-echo", "echo", ".txt"),
        ("polykernel-calc", "calc", ".calc"),
        ("polykernel-python", "python", ".py"),
    ],
)
def test_a_saved_notebook_knows_its_language_and_what_it_showed(
    lab: Lab, kernel: str, language: str, extension: str
) -> None:
    notebook = lab.open(kernel, ["6*7"], f"{kernel}.ipynb")
    expect(notebook.run(0).result).to_be_visible()
    with lab.page.expect_response(
        lambda answer: answer.request.method == "PUT" and f"/api/contents/{kernel}" in answer.url
    ):
        lab.page.keyboard.press("Control+s")
    saved = lab.server.request("GET", f"contents/{kernel}.ipynb")["content"]
    assert saved["metadata"]["kernelspec"]["name"] == kernel
    assert saved["metadata"]["language_info"]["name"] == language
    assert saved["metadata"]["language_info"]["file_extension"] == extension
    assert [output["output_type"] for output in saved["cells"][0]["outputs"]] == ["execute_result"]
