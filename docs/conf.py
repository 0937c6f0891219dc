"""Settings of the site that `make site` builds, by Sphinx.

The source folder is the repository, so that a page's links are the same on the site and in the
repository: README.md and SECURITY.md stand beside docs/.
"""

from __future__ import annotations

from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "polykernel"
version = release = version_of("polykernel")
author = "the polykernel developers"
project_copyright = author

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "docs/index"
include_patterns = ["README.md", "SECURITY.md", "CHANGELOG.md", "docs/**"]
# what need not be walked through
exclude_patterns = [
    ".*",
    "build",
    "benchmarks",
    "examples",
    "plugins",
    "polykernel",
    "scripts",
    "tests",
]
source_suffix = {".md": "markdown"}

# a reference to what is not documented is an error, as all warnings are
nitpicky = True
nitpick_ignore_regex = [
    # the standard library's: other sites are not asked, so that the build needs no network
    (
        "py:class",
        r"(collections\.abc\.|typing\.)?"
        r"(Any|Awaitable|Callable|Iterable|Iterator|Mapping|Sequence|MutableMapping)",
    ),
    ("py:class", r"(pathlib\.)?Path"),
    ("py:class", r"pytest\..*"),
    ("py:class", r"pluggy\..*"),
]

myst_heading_anchors = 4
highlight_language = "text"

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_inherit_docstrings = False
napoleon_google_docstring = True
napoleon_numpy_docstring = False
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"polykernel {version}"
html_extra_path = ["site"]
html_copy_source = False
html_show_sphinx = False

# pages of the navigation that come with parts that are on their way
COMING = ("tutorial", "wrapping", "compiled", "testing", "developing")


def setup(app: Sphinx) -> None:
    """Let the navigation leave out what is not there yet."""
    app.connect("source-read", _leave_out)


def _leave_out(app: Sphinx, docname: str, content: list[str]) -> None:
    folder = (Path(app.srcdir) / docname).parent
    for name in COMING:
        if docname.endswith("index") and not (folder / f"{name}.md").exists():
            content[0] = content[0].replace(f"\n{name}\n", "\n")
