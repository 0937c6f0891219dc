"""``from IPython.display import display, HTML, ...`` shows what it should, without IPython's shell.

IPython's functions publish through its ``InteractiveShell``, which does not exist here and must not
be made: ``get_ipython()`` stays ``None``. Ours take their places as soon as IPython is imported.
"""

from __future__ import annotations

import os

from polykernel_python import display

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from polykernel_python.imports import PostImport

# where IPython 7, 8 and 9 keep them
_MODULES = (
    "IPython.core.display_functions",
    "IPython.core.display",
    "IPython.core.displaypub",
    "IPython.display",
)
_FUNCTIONS = (
    "display",
    "update_display",
    "clear_output",
    "publish_display_data",
    "DisplayHandle",
)


def watch(imports: PostImport) -> None:
    """Change IPython's modules when they are imported."""
    for name in _MODULES:
        imports.when(name, _change)
    imports.when("plotly.io._renderers", _change_plotly)


def _change(module: ModuleType) -> None:
    for name in _FUNCTIONS:
        if hasattr(module, name):
            setattr(module, name, getattr(display, name))


def _change_plotly(module: ModuleType) -> None:
    """Let Plotly show its figures in the cell; without IPython's shell it would open a browser."""
    from importlib.util import find_spec

    # Plotly refuses to show anything in a notebook without nbformat
    if "PLOTLY_RENDERER" not in os.environ and find_spec("nbformat") is not None:
        module.renderers.default = "plotly_mimetype+notebook"  # what it chooses in Jupyter
