"""A progress bar as a MIME bundle."""

from __future__ import annotations

TYPE_CHECKING = False

WIDTH = 40


def bar(done: float, total: float, text: str) -> dict[str, str]:
    """One state of a bar, as text and as HTML.

    Args:
        done: How much is done.
        total: How much there is to do; zero or less where that is not known.
        text: What stands beside the bar.
    """
    share = min(max(done / total, 0.0), 1.0) if total > 0 else 0.0
    filled = int(share * WIDTH)
    percent = f"{share * 100:3.0f}%"
    plain = f"[{'#' * filled}{'.' * (WIDTH - filled)}] {percent} {text}".rstrip()
    value = f' value="{share:.4f}"' if total > 0 else ""
    html = f'<progress max="1"{value} style="width:60%"></progress> {percent} {_escape(text)}'
    return {"text/plain": plain, "text/html": html.rstrip()}


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
