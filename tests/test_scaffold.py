"""What `polykernel new` writes, and what it refuses to write; tests/test_new.py installs it."""

from __future__ import annotations

import ast
import json
import re
import string
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from polykernel import Language, scaffold
from polykernel.errors import ScaffoldError
from polykernel.kernelspec_content import LOGOS
from polykernel.logos import draw
from polykernel.scaffold import KINDS, Scaffold, write

if TYPE_CHECKING:
    from pathlib import Path


def facts(**fields: str) -> Scaffold:
    name = fields.get("name", "tiny-basic")
    return Scaffold(
        **{
            "name": name,
            "kind": "class",
            "display_name": scaffold.default_display_name(name),
            "file_extension": scaffold.default_extension(name),
            "mimetype": scaffold.default_mimetype(name),
            "distribution": scaffold.default_distribution(name),
            **fields,
        }
    )


def text_of(made: Scaffold, path: str) -> str:
    return made.files()[path].decode()


def keywords(code: str, function: str) -> dict[str, Any]:
    """The constant arguments of the first call of a function."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == function:
            return {
                str(each.arg): each.value.value
                for each in node.keywords
                if isinstance(each.value, ast.Constant)
            }
    raise AssertionError(f"no call of {function}")


# what is written


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_is_whole(kind: str) -> None:
    files = set(facts(kind=kind).files())
    common = {
        *("pyproject.toml", "README.md", "LICENSE", ".gitignore", ".github/workflows/test.yml"),
        *("src/polykernel_tiny_basic/__init__.py", "src/polykernel_tiny_basic/plugin.py"),
        *("src/polykernel_tiny_basic/py.typed", "kernelspec/kernel.json", "tests/test_kernel.py"),
        *(f"kernelspec/{logo}" for logo in LOGOS),
    }
    assert common <= files


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_to_fill_in(kind: str) -> None:
    for path, data in facts(kind=kind).files().items():
        assert "@" not in path
        if not path.endswith((".png", ".yml")):
            # what decorates a function stays
            assert not re.search("@[a-z_]+@", data.decode()), path


@pytest.mark.parametrize("kind", KINDS)
def test_python_is_python_and_files_end_with_one_newline(kind: str) -> None:
    for path, data in facts(kind=kind).files().items():
        if path.endswith(".py"):
            ast.parse(data)
        if not path.endswith((".png", "py.typed")):
            assert re.search(rb"[^\n]\n\Z", data), path


def test_the_logos_are_the_languages() -> None:
    files = facts(name="lua").files()
    assert {name: files[f"kernelspec/{name}"] for name in LOGOS} == draw("lua")


def test_a_kernelspec_starts_the_language_as_pip_can_install_it() -> None:
    content = json.loads(text_of(facts(), "kernelspec/kernel.json"))
    assert content["argv"] == [
        *("python", "-P", "-m", "polykernel", "run", "tiny-basic"),
        *("--plugin", "polykernel_tiny_basic.plugin", "-f", "{connection_file}"),
    ]
    project = tomllib.loads(text_of(facts(), "pyproject.toml"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert shared == {"kernelspec": "share/jupyter/kernels/polykernel-tiny-basic"}
    entry_points = project["project"]["entry-points"]["polykernel"]
    assert entry_points == {"tiny-basic": "polykernel_tiny_basic.plugin"}


def test_the_author_is_named_in_the_licence_and_to_pip() -> None:
    made = facts(author='Ada "the first" Lovelace')
    assert ', Ada "the first" Lovelace\n' in text_of(made, "LICENSE")
    project = tomllib.loads(text_of(made, "pyproject.toml"))["project"]
    assert project["authors"] == [{"name": 'Ada "the first" Lovelace'}]


_PRINTABLE = st.text(min_size=1, max_size=60).filter(
    lambda text: text.strip() and text.isprintable()
)


@settings(max_examples=30, deadline=None)
@given(_PRINTABLE, _PRINTABLE)
def test_any_text_that_can_be_shown_is_quoted_where_it_stands(text: str, author: str) -> None:
    made = facts(display_name=text, author=author)
    files = made.files()
    assert json.loads(files["kernelspec/kernel.json"])["display_name"] == text.strip()
    language = keywords(files["src/polykernel_tiny_basic/plugin.py"].decode(), "Language")
    assert language["display_name"] == text.strip()
    project = tomllib.loads(files["pyproject.toml"].decode())["project"]
    assert text.strip() in project["description"]
    assert project["authors"] == [{"name": author.strip()}]


_NAMES = st.text(string.ascii_lowercase + string.digits + "-_.", min_size=1, max_size=24)


@settings(max_examples=30, deadline=None)
@given(_NAMES)
def test_any_name_of_a_language_makes_names_for_python_and_pip(name: str) -> None:
    assume(name[0] not in "-_." and name[-1] not in "-_.")
    assume(scaffold.default_distribution(name) not in INSTALLED)
    made = facts(name=name)
    Language(**keywords(text_of(made, _plugin(name)), "Language"))
    project = tomllib.loads(text_of(made, "pyproject.toml"))["project"]
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", project["name"])
    assert scaffold.module_of(project["name"]).isidentifier()


INSTALLED = {f"polykernel-{name}" for name in ("calc", "echo", "python", "declared")}


def _plugin(name: str) -> str:
    return f"src/{scaffold.module_of(scaffold.default_distribution(name))}/plugin.py"


@pytest.mark.parametrize("name", ["none", "3d", "cell", "evaluator", "class", "a", "t.c.l"])
def test_no_name_of_a_class_is_a_keyword_or_hides_what_is_imported(name: str) -> None:
    path = _plugin(name).replace("plugin.py", "evaluator.py")
    tree = ast.parse(text_of(facts(name=name), path))
    (made,) = (node.name for node in tree.body if isinstance(node, ast.ClassDef))
    assert made.endswith("Evaluator")
    assert made != "Evaluator"


# what is refused


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Lua", "perhaps 'lua'"),
        ("tiny basic", "perhaps 'tiny-basic'"),
        ("C++", "perhaps 'c'"),
        ("../lua", "perhaps 'lua'"),
        ("a" * 25, f"perhaps {'a' * 24!r}"),
        ("lua-", "perhaps 'lua'"),
        ("lua\n", "perhaps 'lua'"),
        ("", "not ''"),
        ("λ", "not 'λ'"),
        ("-", "not '-'"),
    ],
)
def test_a_name_that_can_be_none_is_refused_with_one_that_could(name: str, hint: str) -> None:
    with pytest.raises(ScaffoldError) as raised:
        scaffold.checked_name(name)
    assert str(raised.value).startswith("a language's name is made of lower-case letters")
    assert hint in str(raised.value)
    assert ("perhaps" in str(raised.value)) == ("perhaps" in hint)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("display_name", "", "a line of 1 to 60 printable characters"),
        ("display_name", "two\nlines", "a line of 1 to 60 printable characters"),
        ("display_name", "x" * 61, "a line of 1 to 60 printable characters"),
        ("display_name", "\x1b[31mred", "a line of 1 to 60 printable characters"),
        ("display_name", "\ud83d", "a line of 1 to 60 printable characters"),
        ("file_extension", "lua", "has a dot"),
        ("file_extension", ".", "has a dot"),
        ("file_extension", ".l ua", "has a dot"),
        ("file_extension", "./lua", "has a dot"),
        ("mimetype", "lua", "looks like 'text/x-lua'"),
        ("mimetype", "text/", "looks like 'text/x-lua'"),
        ("mimetype", "text/x lua", "looks like 'text/x-lua'"),
        ("mimetype", 'text/"', "looks like 'text/x-lua'"),
        ("distribution", "polykernel lua", "a package's name is made of ASCII letters"),
        ("distribution", "-lua", "a package's name is made of ASCII letters"),
        ("distribution", "λ", "a package's name is made of ASCII letters"),
        ("distribution", "json", "there is a Python module json already"),
        ("distribution", "Polykernel.Echo", "there is a Python module polykernel_echo already"),
        ("distribution", "3d", "Python can't import '3d'"),
        ("distribution", "class", "Python can't import 'class'"),
        ("pygments_lexer", 'te"xt', "have names such as 'scheme', not 'te\"xt'"),
        ("codemirror_mode", "a\nb", "have names such as 'scheme', not 'a\\nb'"),
        ("author", "two\nlines", "the author is one line"),
        ("kind", "Class", "the kind is one of class, repl, program, not 'Class'"),
    ],
)
def test_a_wrong_fact_is_refused_with_what_was_expected(
    field: str, value: str, reason: str
) -> None:
    with pytest.raises(ScaffoldError, match=re.escape(reason)):
        facts(**{field: value})


# writing


def everything(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_is_written_is_told_in_order(tmp_path: Path) -> None:
    written = write(facts(), tmp_path / "deep" / "there")
    assert everything(tmp_path / "deep" / "there") == facts().files()
    assert written == sorted(written)


def test_a_fresh_clone_may_be_written_into(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "NOTES").write_text("mine")
    write(facts(), tmp_path)
    assert (tmp_path / "NOTES").read_text() == "mine"
    assert (tmp_path / "pyproject.toml").exists()


def test_what_is_there_is_not_overwritten_and_nothing_is_added(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "LICENSE").symlink_to("nowhere")
    with pytest.raises(ScaffoldError, match=r"has LICENSE, README.md already"):
        write(facts(), tmp_path)
    assert everything(tmp_path) == {"README.md": b"mine"}


def test_written_twice_it_names_some_of_what_is_there(tmp_path: Path) -> None:
    write(facts(), tmp_path)
    with pytest.raises(ScaffoldError, match=r"and \d+ more already, and nothing is overwritten"):
        write(facts(), tmp_path)


def test_a_file_in_the_place_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "lua").write_text("mine")
    with pytest.raises(ScaffoldError, match="is no folder"):
        write(facts(), tmp_path / "lua")
    with pytest.raises(ScaffoldError, match=r"can't write .*Not a directory"):
        write(facts(), tmp_path / "lua" / "inner")
    assert everything(tmp_path) == {"lua": b"mine"}


def test_where_something_can_not_be_written_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "src").write_text("in the way of a folder")
    with pytest.raises(ScaffoldError, match=r"can't write .*src"):
        write(facts(), tmp_path)
    assert everything(tmp_path) == {"src": b"in the way of a folder"}
