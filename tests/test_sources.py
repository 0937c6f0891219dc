"""Which files have changed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from polykernel import sources
from polykernel.sources import Sources

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "package"
    (folder / "below" / "deeper").mkdir(parents=True)
    for name in ("a.py", "below/b.py", "below/deeper/c.txt"):
        (folder / name).write_text("1")
    return folder


def names(paths: list[str], folder: Path) -> list[str]:
    return [os.path.relpath(path, folder) for path in paths]


def test_nothing_has_changed_at_first(folder: Path) -> None:
    assert Sources([str(folder)]).changed() == []
    assert Sources().changed() == []


def test_a_change_is_one_until_there_are_new_sources(folder: Path) -> None:
    found = Sources([str(folder)])
    (folder / "below" / "b.py").write_text("22")
    for _ in range(2):
        assert names(found.changed(), folder) == ["below/b.py"]
    assert Sources([str(folder)]).changed() == []


@pytest.mark.parametrize("name", ["below/deeper/c.txt", "a.py"])
def test_a_file_that_goes_is_a_change_and_one_that_comes_back_as_it_was_is_none(
    folder: Path, tmp_path: Path, name: str
) -> None:
    found = Sources([str(folder)])
    (folder / name).rename(tmp_path / "elsewhere")
    assert names(found.changed(), folder) == [name]
    (tmp_path / "elsewhere").rename(folder / name)
    assert found.changed() == []


def test_the_same_time_and_size_in_another_file_is_a_change(folder: Path) -> None:
    path = folder / "a.py"
    before = path.stat()
    found = Sources([str(folder)])
    new = folder / ".a.py.new"
    new.write_text("2")
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.replace(path)
    assert names(found.changed(), folder) == ["a.py"]


def test_a_program_that_can_be_run_from_now_on_is_a_change(folder: Path) -> None:
    found = Sources(files=[str(folder / "a.py")])
    (folder / "a.py").chmod(0o755)
    assert names(found.changed(), folder) == ["a.py"]


def test_what_python_and_editors_write_is_no_change(folder: Path) -> None:
    found = Sources([str(folder)], listings=[str(folder)])
    (folder / "__pycache__").mkdir()
    for name in ("__pycache__/a.cpython-311.pyc", ".a.py.swp", "a.py~", "#a.py#", ".git"):
        (folder / name).write_text("x")
    assert found.changed() == []


def test_a_file_that_is_not_there_may_come(tmp_path: Path) -> None:
    found = Sources(files=[str(tmp_path / "later.toml")], listings=[str(tmp_path / "later")])
    assert found.changed() == []
    (tmp_path / "later.toml").touch()
    (tmp_path / "later").mkdir()
    assert names(found.changed(), tmp_path) == ["later", "later.toml"]


def test_links_in_a_circle_are_followed_once(folder: Path) -> None:
    (folder / "below" / "up").symlink_to(folder)
    (folder / "dangling").symlink_to(folder / "nowhere")
    found = Sources([str(folder)])
    assert found.changed() == []
    (folder / "a.py").write_text("22")
    assert "a.py" in names(found.changed(), folder)


def test_what_was_written_while_it_was_read_is_a_change(folder: Path) -> None:
    seen = Sources([str(folder)]).look()
    (folder / "a.py").write_text("22")
    assert names(Sources([str(folder)], seen=seen).changed(), folder) == ["a.py"]


def test_of_a_large_folder_the_code_and_what_is_near_the_top_is_looked_at(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "FILES", 5)
    for number in range(20):
        (folder / f"data{number:02}").write_text("1")
    found = Sources([str(folder)])
    assert found.partly == [str(folder)]
    assert names(list(found.look()), folder) == ["a.py", "below/b.py", "data00", "data01", "data02"]


def test_a_folder_without_end_is_left(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "ENTRIES", 10)
    for number in range(20):
        (folder / f"data{number:02}").mkdir()
    found = Sources([str(folder)])
    assert found.partly == [str(folder)]


def test_names_that_are_no_text_are_files_too(folder: Path) -> None:
    found = Sources([str(folder)])
    with open(os.fsencode(folder) + b"/caf\xe9.py", "w"):
        pass
    assert len(found.changed()) == 1
