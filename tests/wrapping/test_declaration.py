"""A declaration that is wrong is told with the file, the key, and what was expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from polykernel_declared import declared
from polykernel_declared.plugin import SHIPPED, find, polykernel_languages, polykernel_samples

from polykernel import Language, LanguageError, Samples

GOOD: dict[str, Any] = {"name": "words", "repl": {"command": ["cat"]}}


def trouble(**changes: Any) -> str:
    with pytest.raises(LanguageError) as caught:
        declared({**GOOD, **changes})
    return str(caught.value)


def trouble_in(text: str, folder: Path) -> str:
    path = folder / "words.toml"
    path.write_text(text)
    with pytest.raises(LanguageError) as caught:
        declared(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


def test_the_least_that_is_a_language_is_a_command() -> None:
    language = declared(GOOD)
    assert (language.display_name, language.mimetype) == ("words", "text/x-words")
    assert (language.file_extension, language.programs) == (".words", ("cat",))


def test_a_file_has_its_languages_name(tmp_path: Path) -> None:
    (tmp_path / "words.toml").write_text('[repl]\ncommand = ["cat"]\n')
    assert declared(tmp_path / "words.toml").name == "words"
    assert declared(str(tmp_path / "words.toml")).name == "words"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"commnd": ["x"]}, "[repl] commnd: there is no such key; did you mean 'command'?"),
        ({}, "[repl] command is missing: it must be a list of strings"),
        ({"command": "cat"}, "[repl] command must be a list of strings, not 'cat'"),
        ({"command": []}, "[repl] command must name a program, not be empty"),
        ({"command": ["x"], "prompt": "("}, "[repl] prompt must be a regular expression; in '('"),
        ({"command": ["x"], "prompt": 3}, "[repl] prompt must be a regular expression, not 3"),
        ({"command": ["x"], "prompt": "{token}"}, "neither command nor setup puts it"),
        ({"command": ["x"], "rows": 0}, "[repl] rows must be a whole number above zero, not 0"),
        ({"command": ["x"], "rows": True}, "[repl] rows must be a whole number above zero"),
        ({"command": ["x"], "input": "no"}, "[repl] input must be true or false, not 'no'"),
        ({"command": ["x"], "brackets": "("}, "[repl] brackets must be pairs, not '('"),
        ({"command": ["x"], "environment": {"A": 1}}, "environment must be a table of strings"),
        ({"prompt": "(?i)OK> "}, "[repl] prompt must be a regular expression that can be a part"),
        ({"continuation": "(?i)x"}, "[repl] continuation must be a regular expression that can"),
        ({"prompt": r"\{token}> ", "setup": "{token}"}, "[repl] prompt must be a regular expr"),
        ({"word": r"(?i)\w+"}, "[repl] word must be a regular expression that can be a part"),
        ({"literal": "(?i)x"}, "[repl] literal must be a regular expression that can be a part"),
        ({"comment": "(?i)rem"}, "[repl] comment must be a regular expression that can be a part"),
        ({"block_comment": "x"}, "[repl] block_comment must be two regular expressions, not 'x'"),
        ({"block_comment": ["x"]}, "block_comment must be two regular expressions, not ['x']"),
        ({"block_comment": ["x", "("]}, "block_comment must be two regular expressions; in '('"),
        ({"block_comment": ["(?i)x", "y"]}, "[repl] block_comment must be a regular expression th"),
        ({"escape": "ab"}, "[repl] escape must be one character, or empty, not 'ab'"),
        (
            {"error": r"(?:Error\n(?P<evalue>.*)|Fail)"},
            r"so must what stands before its first \n; in '(?:Error', missing )",
        ),
        ({"result": r"^\n=> "}, "must what stands before its first \\n, which is empty"),
        ({"completion_match": r"(\S+) (\S+)"}, "completion_match must have one group at most"),
        (
            {"prompt": "(?P<a>x)", "continuation": "(?P<a>y)"},
            "[repl] prompt and continuation must not name a group alike",
        ),
        ({"rows": 100000}, "[repl] rows must be 65535 at most, not 100000"),
        ({"columns": 65536}, "[repl] columns must be 65535 at most, not 65536"),
        ({"environment": {"A=B": "x"}}, "names that are not empty and hold no =, not 'A=B'"),
        ({"environment": {"": "x"}}, "names that are not empty and hold no =, not ''"),
        ({"environment": {"A": "x\0"}}, "[repl] environment must not hold the character U+0000"),
        ({"command": ["x", "\0"]}, "[repl] command must not hold the character U+0000"),
        ({"command": [""]}, "[repl] command must name a program, not be empty"),
        ({"term": "\0"}, "[repl] term must not hold the character U+0000"),
    ],
)
def test_a_wrong_table_is_told_by_its_key(table: dict[str, Any], message: str) -> None:
    needed = {} if table.keys() <= {"commnd"} else {"command": ["x"]}
    told = trouble(repl={**needed, **table})
    assert told.startswith("declaration of words: ")
    assert message in told


def test_the_facts_are_looked_at_too() -> None:
    assert "mimetyp: there is no such key; did you mean 'mimetype'?" in trouble(mimetyp="x")
    assert "file_extension must start with a dot" in trouble(file_extension="w")
    assert "name must be lower-case letters" in trouble(name="Words!")
    assert "display_name must be a string, not 1" in trouble(display_name=1)


def test_exactly_one_table_says_how_code_is_run() -> None:
    wanted = "exactly one of the tables [repl] and [compiler] must say how code is run"
    assert f"{wanted}, not both" in trouble(compiler={})
    assert f"{wanted}, not 'cat'" in trouble(repl="cat")
    with pytest.raises(LanguageError, match=r"exactly one of the tables"):
        declared({"name": "words"})
    with pytest.raises(LanguageError, match=r"\[rpl\]: there is no such table; did you mean 'rep"):
        declared({"name": "words", "rpl": {}})


def test_a_file_that_is_no_toml_is_told_with_the_line(tmp_path: Path) -> None:
    assert "is no TOML" in trouble_in("[repl\n", tmp_path)
    assert "line 1" in trouble_in("[repl\n", tmp_path)
    assert "name must be 'words', as the file's own name says" in trouble_in(
        'name = "other"\n[repl]\ncommand = ["cat"]\n', tmp_path
    )


def test_a_file_that_is_no_utf_8_is_told(tmp_path: Path) -> None:
    (tmp_path / "words.toml").write_bytes(b'display_name = "\xff"\n')
    with pytest.raises(LanguageError, match="must be UTF-8"):
        declared(tmp_path / "words.toml")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(LanguageError, match="can't be read: No such file"):
        declared(tmp_path / "words.toml")


def test_all_that_is_shipped_is_right_and_has_samples() -> None:
    languages = polykernel_languages()
    assert all(isinstance(each, Language) for each in languages), languages
    for name, path in find().items():
        assert Path(path).parent == Path(SHIPPED)
        assert isinstance(polykernel_samples(name), Samples), name


def test_samples_that_are_wrong_are_told_with_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "polykernel" / "languages"
    folder.mkdir(parents=True)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    (folder / "words.toml").write_text('[repl]\ncommand = ["cat"]\n')
    assert polykernel_samples("words") is None
    (folder / "words.samples.toml").write_text('valu = ["1", "1"]\n')
    with pytest.raises(LanguageError, match=r"words\.samples\.toml: .*did you mean 'value'"):
        polykernel_samples("words")
