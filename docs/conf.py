"""Settings of the site that `make site` builds, by Sphinx.

The source folder is the repository, so that a page's links are the same on the site and in the
repository: README.md and SECURITY.md stand beside docs/.
"""

from __future__ import annotations

from importlib.metadata import version as version_of
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
    # the standard library's: its site is not asked, so that the build needs no network
    ("py:class", r"(collections\.abc\.|typing\.)?(Any|Callable|Iterable|Mapping|Sequence)"),
    ("py:class", r"(pathlib\.)?Path"),
    # what a test client records: a tuple of its own
    ("py:class", r"(polykernel\.testing\.connecting\.)?(Connection|Seen)"),
]

myst_heading_anchors = 4
highlight_language = "text"

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_inherit_docstrings = False
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"polykernel {version}"
html_extra_path = ["site"]
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False


def setup(app: Sphinx) -> None:
    """Mend what would not read well."""
    app.connect("autodoc-process-docstring", _show_tree)
    app.connect("autodoc-process-docstring", _join_summary, priority=400)  # before napoleon


def _show_tree(
    app: Sphinx, what: str, name: str, described: object, options: object, lines: list[str]
) -> None:
    """Show a tree as it is drawn in its docstring."""
    drawn = [number for number, line in enumerate(lines) if line.startswith(("├", "└"))]
    if drawn:
        root = drawn[0] - 1
        lines[root:] = ["::", "", *(f"    {line}" for line in lines[root:])]


def _join_summary(
    app: Sphinx, what: str, name: str, described: object, options: object, lines: list[str]
) -> None:
    """Keep napoleon from taking what stands before a property's first colon for its type."""
    if what == "property" and lines:
        lines[0] = lines[0].replace(": ", " \N{EN DASH} ", 1)
