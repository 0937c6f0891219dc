"""Makes the pictures of docs/images: the launcher, and notebooks of Python, calc and a recipe.

Run it in an environment where polykernel is installed with its extras ``lab``, ``demo`` and
``test``; Chromium comes from the system. The server and the browser are those of the tests.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import expect

REPOSITORY = Path(__file__).resolve().parent.parent
IMAGES = REPOSITORY / "docs" / "images"
sys.path.insert(0, str(REPOSITORY / "tests"))

from browser.chromium import chromium  # noqa: E402 -- where it is was said above
from browser.lab import LANGUAGES, Lab  # noqa: E402
from browser.server import JupyterServer  # noqa: E402
from documentation import packages  # noqa: E402

PYTHON = [
    """\
class Planets(dict):
    def _repr_html_(self):
        cells = "".join(f"<th>{name}</th><td>{au} au</td>" for name, au in self.items())
        return f"<table><tr>{cells}</tr></table>"

planets = Planets(Mercury=0.39, Venus=0.72, Earth=1, Mars=1.52, Jupiter=5.2, Saturn=9.54)
planets""",
    """\
import matplotlib.pyplot as plt

_, axes = plt.subplots(figsize=(6.5, 1.3))
axes.plot(planets.values(), [au**1.5 for au in planets.values()], "o-", color="tab:orange")
axes.set(xlabel="distance (au)", ylabel="years");""",
    """\
import os, signal
os.kill(os.getpid(), signal.SIGKILL)  # the whole interpreter dies ...""",
    "'... and the notebook goes on'",
]
CALC = [
    "1/3 + 1/6",
    "0.1 + 0.2  # decimals mean what they say",
    "f(x) = x^2 + 1/x",
    "f(3/2)",
    "(1 + 2i) / (3 - i)",
    "list(k, 1, 8, 1/k)",
    "approx(pi, 40)",
    "2 * sqt(16)",
]
SHAPES = ["circle 20", "ratio 22/7", "square 255 140 0", "note a < b", "light", "triangle"]


def take(lab: Lab, name: str) -> None:
    """Save what the page shows."""
    lab.page.mouse.move(0, 0)
    path = IMAGES / f"{name}.png"
    lab.page.screenshot(path=path, animations="disabled", caret="hide")
    print(f"{path.relative_to(REPOSITORY)}: {path.stat().st_size // 1024} KB")


def take_launcher(lab: Lab) -> None:
    """Take a picture of the launcher, with its logos."""
    lab.clear()
    for logo in lab.launcher.locator("img").all():
        logo.evaluate("image => image.decode()")
    take(lab, "launcher")


def take_notebook(lab: Lab, name: str, kernel: str, cells: list[str]) -> None:
    """Run all cells, whatever errors come, and take a picture of the notebook."""
    lab.clear()
    notebook = lab.open(kernel, cells, f"{name}.ipynb")
    for index, _code in enumerate(cells):
        cell = notebook.run(index)
        expect(cell.prompt).to_have_text(f"[{index + 1}]:")
    notebook.wait_for("idle")
    notebook.cell(0).prompt.click()
    notebook.cell(0).root.scroll_into_view_if_needed()
    take(lab, name)


def main() -> None:
    """Start everything, take all pictures, end everything."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="polykernel-") as folder:
        path = Path(folder) / "jupyter_path"
        server = JupyterServer(Path(folder), [path], [*LANGUAGES, "recipe"])
        try:
            with chromium(server.token) as context:
                lab = Lab(server, context)
                lab.load()
                take_launcher(lab)
                packages.install("rich-display", path / "kernels", Path(folder) / "packages")
                lab.load()  # or it would not know of that
                lab.hide_sidebar()
                take_notebook(lab, "notebook", "polykernel-python", PYTHON)
                take_notebook(lab, "calc", "polykernel-calc", CALC)
                take_notebook(lab, "rich-display", "recipe", SHAPES)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
