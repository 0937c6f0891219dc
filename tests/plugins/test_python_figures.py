"""Matplotlib's figures appear in the cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.client import Outcome
    from support.kernels import Kernel

pytest.importorskip("matplotlib")

PLOT = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 3, 2])\n"


def shown(outcome: Outcome) -> list[str]:
    """What came: ``png`` for each figure, else the text."""
    found = []
    for seen in outcome.iopub:
        if seen.msg_type in ("display_data", "execute_result"):
            data = seen.content["data"]
            found.append("png" if "image/png" in data else data["text/plain"])
        elif seen.msg_type == "stream":
            found.append(seen.content["text"])
    return found


def test_a_figure_that_is_open_at_the_cells_end_is_shown_and_closed(python: Kernel) -> None:
    outcome = python.execute(PLOT + "ax.set_title('t');")
    assert outcome.status == "ok", outcome.traceback
    assert shown(outcome) == ["png"]
    assert outcome.contents("display_data")[0]["data"]["text/plain"] == (
        "<Figure size 640x480 with 1 Axes>"
    )
    assert outcome.contents("display_data")[0]["data"]["image/png"].startswith("iVBORw0KGgo")
    assert outcome.text("stderr") == ""
    assert python.execute("plt.get_fignums()").result == "[]"


def test_a_figure_as_result_is_shown_once(python: Kernel) -> None:
    outcome = python.execute(PLOT + "fig")
    assert shown(outcome) == ["png"]
    assert "image/png" in outcome.contents("execute_result")[0]["data"]


def test_a_figure_that_was_displayed_is_not_shown_again(python: Kernel) -> None:
    assert shown(python.execute(PLOT + "display(fig)")) == ["png"]


def test_a_figure_that_changed_after_its_display_is_shown_again(python: Kernel) -> None:
    assert shown(python.execute(PLOT + "display(fig)\nax.plot([2, 2]);")) == ["png", "png"]


def test_show_shows_in_order_with_the_text(python: Kernel) -> None:
    code = PLOT + "print('before')\nplt.show()\nprint('between')\nplt.plot([1])\nplt.show()"
    assert shown(python.execute(code)) == ["before\n", "png", "between\n", "png"]


def test_several_figures_are_all_shown(python: Kernel) -> None:
    assert shown(python.execute(PLOT + PLOT + "plt.figure();")) == ["png", "png"]


def test_a_closed_figure_is_not_shown_but_can_be_displayed_later(python: Kernel) -> None:
    assert shown(python.execute(PLOT + "plt.close(fig)")) == []
    assert shown(python.execute("fig")) == ["png"]


def test_a_figure_made_without_pyplot_can_be_displayed(python: Kernel) -> None:
    code = "from matplotlib.figure import Figure\nfigure = Figure()\n"
    code += "figure.subplots().plot([1])\nfigure"
    assert shown(python.execute(code)) == ["png"]


def test_figures_of_a_failing_cell_are_shown_too(python: Kernel) -> None:
    outcome = python.execute(PLOT + "1 / 0")
    assert outcome.status == "error"
    assert shown(outcome) == ["png"]


def test_a_figure_that_cannot_be_drawn_is_an_error_of_the_cell(python: Kernel) -> None:
    outcome = python.execute(PLOT + r"ax.set_title(r'$\unknown{$');")
    assert outcome.status == "error"
    assert outcome.reply["ename"] == "ValueError"
    assert "polykernel" not in outcome.traceback
    assert shown(python.execute("plt.plot([1]);")) == ["png"]


def test_figures_are_drawn_while_the_user_waits(python: Kernel) -> None:
    code = "import asyncio\n" + PLOT + "await asyncio.sleep(0)\nplt.show()\nprint('after')"
    assert shown(python.execute(code)) == ["png", "after\n"]


def test_a_silent_cell_shows_no_figure(python: Kernel) -> None:
    assert shown(python.execute(PLOT, silent=True)) == []
    python.execute("plt.close('all')")


def test_the_users_backend_is_respected(python: Kernel) -> None:
    ours = "module://polykernel_python.matplotlib_backend"
    python.execute("import matplotlib\nmatplotlib.use('agg')")
    assert shown(python.execute(PLOT + "print('x')")) == ["x\n"]
    python.execute(f"plt.close('all')\nmatplotlib.use('{ours}')")
    assert shown(python.execute(PLOT + "None")) == ["png"]


def test_children_do_not_inherit_the_backend(python: Kernel) -> None:
    code = """
import subprocess, sys
program = "import matplotlib.pyplot as plt; plt.figure(); print(plt.get_backend())"
print(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout)
"""
    outcome = python.execute(code)
    assert "polykernel" not in outcome.text()
    assert outcome.text().strip()


def test_figures_are_shown_in_the_formats_that_the_user_chose(python: Kernel) -> None:
    python.execute(
        "from polykernel_python.figures import set_formats\nset_formats('svg', 'retina')"
    )
    content = python.execute(PLOT + "None").contents("display_data")[0]
    assert set(content["data"]) == {"text/plain", "image/svg+xml", "image/png"}
    assert content["data"]["image/svg+xml"].startswith("<?xml")
    assert set(content["metadata"]["image/png"]) == {"width", "height"}
    python.execute("set_formats('png', dpi=50)")
    small = python.execute(PLOT + "None").contents("display_data")[0]["data"]
    assert len(small["image/png"]) < len(content["data"]["image/png"])
    python.execute("set_formats('png')")
    outcome = python.execute("set_formats('bmp')")
    assert "a figure's format is one of png, retina" in outcome.reply["evalue"]


def test_choosing_formats_the_way_of_ipython_makes_no_shell(python: Kernel) -> None:
    pytest.importorskip("matplotlib_inline")
    code = "from matplotlib_inline.backend_inline import set_matplotlib_formats as choose\n"
    python.execute(code + "choose('svg')")
    content = python.execute(PLOT + "None").contents("display_data")[0]
    assert "image/svg+xml" in content["data"]
    assert python.execute("choose('png')\nimport IPython\nIPython.get_ipython()").result is None
