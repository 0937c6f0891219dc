"""The texts of cells, as tracebacks, ``inspect`` and debuggers look for them."""

from __future__ import annotations

import linecache
import types

import pytest
from polykernel_python import sources as sources_module
from polykernel_python.sources import Sources


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> Sources:
    monkeypatch.setattr(linecache, "cache", dict(linecache.cache))
    found = Sources()
    found.publish(linecache)
    return found


@pytest.mark.parametrize(
    ("count", "subshell", "file", "title"),
    [
        (7, None, None, "Cell In[7]"),
        (7, "sub", None, "Cell In[7]"),
        (None, None, None, "Unnumbered cell"),
        (7, None, "/tmp/cell.py", "Cell In[7]"),
        (None, None, "/tmp/cell.py", "Unnumbered cell"),
    ],
)
def test_a_cell_is_found_by_the_file_name_of_its_code(
    sources: Sources, count: int | None, subshell: str | None, file: str | None, title: str
) -> None:
    name = sources.add("1\r\n\n3", count, subshell, file)
    assert name == file or file is None
    assert sources.title(name) == title
    assert sources.text(name) == "1\n\n3\n"
    assert [sources.line(name, number) for number in range(5)] == [None, "1\n", "\n", "3\n", None]
    assert linecache.getlines(name) == ["1\n", "\n", "3\n"]
    assert name in linecache.cache


@pytest.mark.parametrize(
    "name",
    [
        "<cell In[6]>",
        "<cell In[8]>",
        "<cell In[x]>",
        "<cell In[-1]>",
        "<cell In[]>",
        f"<cell In[{'7' * 9999}]>",
        "<cell In[7",
        "<cell In[7] of sub>",
        "<unnumbered cell 0>",
        "<unnumbered cell 2>",
        "<unnumbered cell >",
        "<stdin>",
        "",
    ],
)
def test_other_names_are_no_cells(sources: Sources, name: str) -> None:
    sources.add("seven", 7)
    sources.add("unnumbered", None)
    assert (sources.title(name), sources.text(name), sources.line(name, 1)) == (None, None, None)
    assert linecache.getlines(name) == []
    assert name not in linecache.cache
    assert linecache.cache.get(name, "none") == "none"


def test_cells_of_different_shells_have_numbers_of_their_own(sources: Sources) -> None:
    names = [sources.add(f"{subshell}", 1, subshell) for subshell in (None, "a", "b")]
    assert [sources.text(name) for name in names] == ["None\n", "a\n", "b\n"]


def test_unnumbered_cells_of_the_same_text_are_remembered_once(sources: Sources) -> None:
    assert sources.add("poll()", None) == sources.add("poll()", None)
    assert sources.add("other()", None) != sources.add("poll()", None)


def test_the_cache_of_lines_keeps_what_else_is_in_it(sources: Sources) -> None:
    own = (1, None, ["mine\n"], "<mine>")
    linecache.cache["<mine>"] = own
    name = sources.add("cell", 1)
    linecache.checkcache()
    assert linecache.cache["<mine>"] == own
    assert linecache.getline(name, 1) == "cell\n"
    linecache.clearcache()
    assert linecache.getlines("<mine>") == []
    assert linecache.getline(name, 1) == "cell\n"


def test_another_cache_of_lines_gets_the_cells_with_the_next_one(sources: Sources) -> None:
    name = sources.add("cell", 1)
    linecache.cache = {}  # as Python 3.8 does to clear it
    assert linecache.getlines(name) == []
    sources.add("next", 2)
    assert linecache.getline(name, 1) == "cell\n"


def test_a_module_of_the_users_that_has_no_cache_is_left_alone() -> None:
    module = types.ModuleType("linecache")
    Sources().publish(module)
    assert not hasattr(module, "cache")


def test_the_last_cells_are_named_the_latest_first_each_text_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sources_module, "LAST", 4)
    sources = Sources()
    for count, code in enumerate(("forgotten", "a", "b", "a"), 1):
        sources.add(code, count)
    sources.add("c", 1, "sub")
    assert sources.named() == [
        ("c", "<cell In[1] of sub>"),
        ("a", "<cell In[4]>"),
        ("b", "<cell In[3]>"),
    ]


def test_equal_texts_not_long_ago_are_kept_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources_module, "SHARED", 2)
    sources = Sources()
    first = sources.share("".join(["a", "b"]))
    sources.share("other")
    assert sources.share("".join(["a", "b"])) is first
    sources.share("another")
    assert sources.share("".join(["a", "b"])) is first  # the one used last stays
    sources.share("1")
    sources.share("2")
    assert sources.share("".join(["a", "b"])) is not first
