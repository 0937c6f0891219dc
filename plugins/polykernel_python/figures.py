"""Matplotlib's figures, shown in the cell: what ``%matplotlib inline`` does in IPython.

Matplotlib is imported by the user's code or not at all. The backend itself is
:mod:`polykernel_python.matplotlib_backend`.
"""

from __future__ import annotations

import os
import sys

from polykernel.evaluator import Bundle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

BACKEND = "module://polykernel_python.matplotlib_backend"
_FORMATS = {
    "png": "image/png",
    "retina": "image/png",
    "png2x": "image/png",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
}
_DOUBLE = ("retina", "png2x")
_chosen = ["png"]
_options: dict[str, Any] = {}
_SHOWN = "_polykernel_shown"


def choose_backend(matplotlib: ModuleType) -> None:
    """Make ours the backend, where the user has chosen none.

    Only in this process: a child that inherited it through ``MPLBACKEND`` could not import it.
    """
    chosen = os.environ.get("MPLBACKEND", "")
    if chosen and "inline" not in chosen:
        return
    # matplotlib's own lookup would resolve "none chosen yet" by importing toolkits
    current = dict.__getitem__(matplotlib.rcParams, "backend")
    if chosen or not isinstance(current, str):
        matplotlib.rcParams["backend"] = BACKEND


def set_formats(*formats: str, **options: Any) -> None:
    """Choose in which formats figures are shown, from now on.

    Takes the place of ``matplotlib_inline.backend_inline.set_matplotlib_formats``.

    Args:
        formats: Of ``png``, ``retina`` (or ``png2x``), ``jpeg`` (or ``jpg``), ``svg``, ``pdf``.
        options: For Matplotlib's ``print_figure``: ``dpi``, ``bbox_inches``, ``facecolor`` ...

    Raises:
        ValueError: There is no such format.
    """
    for name in formats:
        if name not in _FORMATS:
            raise ValueError(f"a figure's format is one of {', '.join(_FORMATS)}, not {name!r}")
    _chosen[:] = formats
    _options.clear()
    _options.update(options)


def change_inline_backend(module: ModuleType) -> None:
    """Keep ``matplotlib_inline`` from making IPython's shell where it is only to set formats."""
    module.set_matplotlib_formats = set_formats  # type: ignore[attr-defined]
    module.set_matplotlib_close = lambda close=True: None  # type: ignore[attr-defined]


def bundle_of(value: Any) -> Bundle | None:
    """Draw a figure; ``None`` where the value is none, or has nothing on it."""
    module = sys.modules.get("matplotlib.figure")
    kind = getattr(module, "Figure", None)
    if kind is None or not isinstance(value, kind) or _empty(value) or _webagg(value):
        return None
    data: dict[str, Any] = {"text/plain": repr(value)}
    metadata: dict[str, Any] = {}
    for name in _chosen:
        mimetype = _FORMATS[name]
        data[mimetype] = _drawn(value, name)
        if name in _DOUBLE:
            header = data[mimetype][16:24]
            width, height = (int.from_bytes(part, "big") for part in (header[:4], header[4:]))
            metadata[mimetype] = {"width": width // 2, "height": height // 2}
    return Bundle(data, metadata)


def show_open() -> None:
    """Show and close all open figures of our backend, in order; those already shown only close.

    Raises:
        Exception: A figure can't be drawn; the others are shown and closed nevertheless.
    """
    pyplot = sys.modules.get("matplotlib.pyplot")
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    backend = sys.modules.get("polykernel_python.matplotlib_backend")
    if pyplot is None or helpers is None or backend is None:
        return
    from polykernel_python.display import display

    failures: list[Exception] = []
    for manager in list(helpers.Gcf.get_all_fig_managers()):
        figure = manager.canvas.figure
        if not isinstance(manager, backend.FigureManager):
            continue  # of a backend that the user switched to: it has windows of its own
        try:
            if not _empty(figure) and not _unchanged(figure):
                display(figure)
        except Exception as error:
            failures.append(error)
        finally:
            pyplot.close(figure)
    if failures:
        raise failures[0]


def _drawn(figure: Any, name: str) -> bytes:
    import io

    if figure.canvas is None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        FigureCanvasAgg(figure)
    file = io.BytesIO()
    options: dict[str, Any] = {
        "dpi": figure.dpi,
        "facecolor": figure.get_facecolor(),
        "edgecolor": figure.get_edgecolor(),
        "bbox_inches": "tight",
        **_options,
    }
    if name in _DOUBLE:
        options["dpi"] *= 2
    figure.canvas.print_figure(file, format=_FORMATS[name].split("/")[1].split("+")[0], **options)
    figure.stale = False  # matplotlib sets it when anything changes from now on
    setattr(figure, _SHOWN, True)
    return file.getvalue()


def _unchanged(figure: Any) -> bool:
    return bool(getattr(figure, _SHOWN, False)) and not figure.stale


def _empty(figure: Any) -> bool:
    return len(figure.get_children()) <= 1  # its background is a child too


def _webagg(figure: Any) -> bool:
    """Whether the figure's canvas is an interactive one that shows itself as HTML."""
    return "WebAgg" in type(figure.canvas).__name__
