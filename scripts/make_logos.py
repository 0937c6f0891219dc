"""Draw the PNG logos of all kernelspecs from their SVGs, with Chromium.

Front ends show ``logo-svg.svg`` where they can, and ``logo-32x32.png`` or ``logo-64x64.png``
otherwise. Run this after a change to an SVG: ``python scripts/make_logos.py``.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

KERNELSPECS = Path(__file__).parent.parent / "kernelspecs"
SIZES = (32, 64)
CHROMIUM_OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def main() -> int:
    """Draw all of them."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("chromium is not on the PATH", file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_OPTIONS)
        for svg in sorted(KERNELSPECS.glob("*/logo-svg.svg")):
            for size in SIZES:
                draw(browser, svg, size)
        browser.close()
    return 0


def draw(browser: Browser, svg: Path, size: int) -> None:
    """Draw one, beside its SVG, on nothing: front ends have light and dark grounds."""
    page = browser.new_page(viewport={"width": size, "height": size})
    image = svg.read_text("utf-8")
    style = f"body {{ margin: 0 }} svg {{ display: block; width: {size}px; height: {size}px }}"
    page.set_content(f"<style>{style}</style>{image}")
    png = svg.with_name(f"logo-{size}x{size}.png")
    page.screenshot(path=png, omit_background=True)
    page.close()
    print(f"{png.relative_to(KERNELSPECS.parent)}: {png.stat().st_size} bytes")


if __name__ == "__main__":
    sys.exit(main())
