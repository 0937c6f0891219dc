"""Widgets of ipywidgets and anywidget: both ends change, and both ends see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from browser.lab import Lab, Notebook

SLIDER = """\
import ipywidgets
slider = ipywidgets.IntSlider(value=3, min=0, max=10, description="n")
slider
"""
COUNTER = """\
import anywidget, traitlets
class Counter(anywidget.AnyWidget):
    _esm = \"\"\"
    function render({ model, el }) {
        const button = document.createElement("button");
        button.className = "counter";
        const show = () => { button.textContent = `count is ${model.get("count")}`; };
        button.addEventListener("click", () => {
            model.set("count", model.get("count") + 1);
            model.save_changes();
        });
        model.on("change:count", show);
        show();
        el.appendChild(button);
    }
    export default { render };
    \"\"\"
    count = traitlets.Int(5).tag(sync=True)
counter = Counter()
counter
"""
COLLECTS = """\
import ipywidgets
out = ipywidgets.Output()
display(out)
with out:
    print("within")
    display("shown within")
print("beneath")
"""
BUTTON = """\
import ipywidgets
button, out = ipywidgets.Button(description="Press"), ipywidgets.Output()
def pressed(_):
    with out:
        print("pressed")
button.on_click(pressed)
display(button, out)
"""
INTERACT = """\
from ipywidgets import interact
@interact(n=(0, 10))
def square(n=4):
    return n * n
"""
IMAGE = """\
import ipywidgets
from base64 import b64decode
png = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ipywidgets.Image(value=png, format="png", width=77)
"""


def set_by_keyboard(notebook: Notebook, presses: int) -> None:
    handle = notebook.cell(0).root.locator(".noUi-handle")
    handle.focus()
    for _ in range(presses):
        notebook.page.keyboard.press("ArrowRight")


def test_a_slider_moves_at_both_ends(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [SLIDER, "slider.value", "slider.value = 9"])
    cell = notebook.run(0)
    readout = cell.root.locator(".widget-readout")
    expect(readout).to_have_text("3")
    set_by_keyboard(notebook, 4)
    expect(readout).to_have_text("7")
    expect(notebook.run(1).result).to_have_text("7")
    notebook.run(2)
    expect(readout).to_have_text("9")


def test_an_anywidget_counts_at_both_ends(lab: Lab) -> None:
    cells = [COUNTER, "counter.count", "counter.count = 40"]
    notebook = lab.open("polykernel-python", cells)
    button = notebook.run(0).root.locator("button.counter")
    expect(button).to_have_text("count is 5")
    button.click()
    button.click()
    expect(button).to_have_text("count is 7")
    expect(notebook.run(1).result).to_have_text("7")
    notebook.run(2)
    expect(button).to_have_text("count is 40")


def test_an_output_widget_collects_what_is_shown_within_it(lab: Lab) -> None:
    cell = lab.open("polykernel-python", [COLLECTS]).run(0)
    within = cell.root.locator(".jupyter-widgets-output-area, .widget-output")
    expect(within.first).to_contain_text("within")
    expect(within.first).to_contain_text("shown within")
    expect(within.first).not_to_contain_text("beneath")
    expect(cell.root).to_contain_text("beneath")


def test_a_button_calls_python_each_time_it_is_pressed(lab: Lab) -> None:
    cell = lab.open("polykernel-python", [BUTTON]).run(0)
    press = cell.root.get_by_role("button", name="Press")
    output = cell.root.locator(".jupyter-widgets-output-area, .widget-output").first
    press.click()
    expect(output).to_have_text("pressed")
    press.click()
    expect(output).to_contain_text("pressed\npressed")


def test_interact_calls_the_function_again(lab: Lab) -> None:
    notebook = lab.open("polykernel-python", [INTERACT])
    cell = notebook.run(0)
    output = cell.root.locator(".jupyter-widgets-output-area, .widget-output").first
    expect(output).to_contain_text("16")
    set_by_keyboard(notebook, 1)
    expect(output).to_contain_text("25")


def test_an_image_widget_gets_its_bytes(lab: Lab) -> None:
    cell = lab.open("polykernel-python", [IMAGE]).run(0)
    image = cell.root.locator("img.widget-image")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1


def test_widgets_do_not_outlive_a_crash_and_work_again(lab: Lab) -> None:
    cells = [SLIDER, "import os; os._exit(1)", SLIDER]
    notebook = lab.open("polykernel-python", cells)
    expect(notebook.run(0).root.locator(".widget-readout")).to_have_text("3")
    expect(notebook.run(1).error).to_contain_text("EvaluatorDied")
    expect(notebook.run(2).root.locator(".widget-readout")).to_have_text("3")
