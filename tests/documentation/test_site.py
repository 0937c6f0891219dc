"""The site builds without a warning and without a network; it has every page and public name.

Built once, for all of this module.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

import polykernel
import polykernel.evaluator
from documentation import blocks
from polykernel import errors, hookspecs

if TYPE_CHECKING:
    from pathlib import Path

#: Whoever asks for an address or a connection fails: the build must need no network.
OFFLINE = """
import socket, sys
def refuse(*arguments, **options): raise OSError("the site is built without a network")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
from sphinx.cmd.build import main
sys.exit(main(sys.argv[1:]))
"""
#: Whether what authors test with is there.
TESTING = importlib.util.find_spec("polykernel.testing") is not None
#: Names that are no part of what an author writes.
NOT_AUTHORS = {"__version__"}


class Page(HTMLParser):
    """What a page of the site has: places, and links."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.sources: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.ids.add(str(found["id"]))
        if tag == "a" and found.get("href"):
            self.links.add(str(found["href"]))
        if tag in ("img", "script", "link") and (source := found.get("src") or found.get("href")):
            self.sources.add(source)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    arguments = ["-W", "--keep-going", "--quiet", "-c", "docs", "-d", str(folder / "doctrees")]
    done = subprocess.run(
        [sys.executable, "-P", "-c", OFFLINE, *arguments, ".", str(folder / "html")],
        cwd=blocks.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return folder / "html"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    return {path.relative_to(site).as_posix(): Page(path) for path in site.rglob("*.html")}


def test_every_page_is_in_the_navigation(pages: dict[str, Page]) -> None:
    start = pages["docs/index.html"]
    in_navigation = {link.partition("#")[0] for link in start.links} | {"#"}
    missing = []
    for page in blocks.pages():
        if page == blocks.DOCS / "reference" / "testing.md" and not TESTING:
            continue
        target = page.relative_to(blocks.ROOT).with_suffix(".html").as_posix()
        assert target in pages, f"{target} is not on the site"
        link = target.removeprefix("docs/") if target.startswith("docs/") else f"../{target}"
        if link not in in_navigation and target != "docs/index.html":
            missing.append(target)
    assert missing == []


def test_every_public_name_is_in_the_reference(pages: dict[str, Page]) -> None:
    described = set().union(*(page.ids for page in pages.values()))
    wanted = {_described_as(name) for name in polykernel.__all__ if name not in NOT_AUTHORS}
    wanted |= {f"polykernel.evaluator.{name}" for name in polykernel.evaluator.__all__}
    wanted |= {
        f"polykernel.hookspecs.{name}" for name in vars(hookspecs) if name.startswith("polykernel_")
    }
    wanted |= {
        f"polykernel.errors.{name}" for name, value in vars(errors).items() if _is_error(value)
    }
    wanted |= {
        f"polykernel.evaluator.{kind.__name__}.{name}"
        for kind in (polykernel.evaluator.Evaluator, polykernel.evaluator.Comm)
        for name, value in vars(kind).items()
        if not name.startswith("_") and callable(value)
    }
    if TESTING:
        testing = importlib.import_module("polykernel.testing")
        wanted |= {f"polykernel.testing.{name}" for name in testing.__all__}
    assert wanted - described == set()


def _described_as(name: str) -> str:
    """Give the place of one of polykernel's names: errors stand with the other errors."""
    return f"polykernel.errors.{name}" if name in vars(errors) else f"polykernel.{name}"


def _is_error(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, errors.PolykernelError)


def test_no_docstring_shows_its_markup(site: Path) -> None:
    """A section or a role that was not understood stands there as it was written."""
    for path in (site / "docs" / "reference").rglob("*.html"):
        text = re.sub(r"<[^>]+>", "", path.read_text("utf-8"))
        for markup in ("Args:", "Attributes:", ":meth:", ":class:", ":attr:", ":func:", "``"):
            assert markup not in text, f"{path.name} shows {markup!r}"


def test_all_links_within_the_site_lead_somewhere(site: Path, pages: dict[str, Page]) -> None:
    broken = []
    for name, page in pages.items():
        for link in page.links | page.sources:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (site / name).parent / unquote(parts.path) if parts.path else site / name
            target = target.resolve()
            if target.is_dir():
                target /= "index.html"
            if not target.exists():
                broken.append(f"{name}: {link}")
            elif parts.fragment and target.suffix == ".html":
                there = pages[target.relative_to(site.resolve()).as_posix()].ids
                if unquote(parts.fragment) not in there:
                    broken.append(f"{name}: {link}")
    assert broken == []


def test_the_site_loads_nothing_from_elsewhere(pages: dict[str, Page]) -> None:
    foreign = {
        (name, source)
        for name, page in pages.items()
        for source in page.sources
        if urlsplit(source).netloc
    }
    assert foreign == set()


def test_a_broken_link_fails_the_build(tmp_path: Path) -> None:
    """The same settings, with two small pages."""
    docs = tmp_path / "docs"
    (docs / "site").mkdir(parents=True)
    (docs / "conf.py").write_text((blocks.DOCS / "conf.py").read_text("utf-8"))
    (docs / "index.md").write_text("# Start\n\n[nowhere](nowhere.md)\n")
    arguments = ["-W", "--quiet", "-c", str(docs), str(tmp_path), str(tmp_path / "html")]
    done = subprocess.run(
        [sys.executable, "-P", "-c", OFFLINE, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode != 0
    assert "nowhere.md" in done.stdout
