"""What ``check`` finds in a language's facts, its kernelspecs and its logos."""

from __future__ import annotations

import importlib.util
import json
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from polykernel.testing.conformance import codemirror

from . import trials

if TYPE_CHECKING:
    from polykernel.testing.conformance.run import Result

SCRIPT = Path(__file__).parent.parent.parent / "scripts" / "codemirror_languages.py"


def facts(check: str, **changed: Any) -> Result:
    """Run one check of facts, on the sound language with other facts."""
    [result] = trials.check("sound", only=[f"facts.{check}"], **changed)
    return result


# highlighters


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"codemirror_mode": "scheme"}, "Scheme"),
        ({"codemirror_mode": "text/x-scheme"}, "Scheme"),
        ({"codemirror_mode": {"name": "octave"}}, "Octave"),
        ({"codemirror_mode": {"name": "nothing", "mime": "text/x-octave"}}, "Octave"),
        ({"codemirror_mode": "application/my+json"}, "JSON"),
        ({"codemirror_mode": "", "name": "julia"}, "Julia"),
        ({"codemirror_mode": "JS"}, "Javascript"),
    ],
)
def test_a_highlighter_is_found_as_jupyterlab_finds_it(changed: dict[str, Any], found: str) -> None:
    result = facts("highlighter", **changed)
    assert result.status == "passed"
    assert result.note.startswith(f"{found}, of JupyterLab 4")


@pytest.mark.parametrize("mode", ["schem", {"name": "schem"}, {"version": 3}])
def test_a_mode_that_jupyterlab_does_not_know_is_a_failure(mode: Any) -> None:
    result = facts("highlighter", codemirror_mode=mode)
    assert result.status == "failed"
    assert repr(mode) in result.came


@pytest.mark.parametrize("changed", [{"mimetype": "text/x-scheme"}, {"mimetype": "a/b+json"}])
def test_a_highlighter_that_is_there_and_not_found_is_named(changed: dict[str, Any]) -> None:
    result = facts("highlighter", codemirror_mode="", name="guile", **changed)
    assert result.status == "failed"
    assert "does not find by the name 'guile'" in result.came
    assert result.mend in ("Set codemirror_mode='Scheme'.", "Set codemirror_mode='JSON'.")


def test_a_language_that_nobody_knows_has_no_highlighter_and_that_is_no_failure() -> None:
    result = facts("highlighter", codemirror_mode="")
    assert result.status == "not offered"
    assert "plain text" in result.note


def test_the_list_of_highlighters_is_that_of_the_installed_jupyterlab() -> None:
    spec = importlib.util.spec_from_file_location("codemirror_languages", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    there = script.content(Path(sys.prefix) / "share/jupyter/lab/static")
    ours = json.loads(script.TARGET.read_text("utf-8"))
    if there["jupyterlab"] == ours["jupyterlab"]:
        assert script.text(there) == script.TARGET.read_text("utf-8")
    gone = {each["name"] for each in ours["languages"]} - {e["name"] for e in there["languages"]}
    assert not gone, "run scripts/codemirror_languages.py"
    assert len(codemirror.load().highlighters) == len(ours["languages"]) > 100


# lexers and extensions


def test_the_lexer_is_one_that_pygments_has() -> None:
    assert facts("lexer", pygments_lexer="scheme").note == "Scheme"
    assert facts("lexer", pygments_lexer="schem").status == "failed"
    assert facts("lexer", pygments_lexer="", name="nobodys").status == "not offered"
    assert facts("lexer", pygments_lexer="", name="python").note == "Python"


def test_without_pygments_its_lexers_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "pygments" else find_spec(name, *more),
    )
    result = facts("lexer")
    assert result.status == "not tried"
    assert "Pygments is not installed" in result.note
    result = facts("extension", file_extension=".go")
    assert result.status == "passed"
    assert "not looked at" in result.note


def test_an_extension_of_another_language_is_a_failure() -> None:
    result = facts("extension", file_extension=".go")
    assert result.status == "failed"
    assert "Go" in result.came
    result = facts("extension", file_extension=".calc")
    assert result.status == "failed"
    assert "the language calc of polykernel" in result.came


def test_an_extension_that_a_known_language_shares_with_others_is_told() -> None:
    result = facts("extension", file_extension=".go", pygments_lexer="prolog")
    assert result.status == "passed"
    assert result.note == "in Pygments it is the extension of Go"


@pytest.mark.parametrize(
    "changed",
    [
        {"file_extension": ".rb", "pygments_lexer": "ruby"},
        {"file_extension": ".rb", "mimetype": "text/x-ruby"},
        {"file_extension": ".py", "pygments_lexer": "python3"},
        {"file_extension": ".nobodys"},
    ],
)
def test_the_extension_of_the_same_language_is_its_own(changed: dict[str, Any]) -> None:
    assert facts("extension", **changed).status == "passed"


# kernelspecs and logos


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for kernelspecs, in which Jupyter looks."""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    folder = tmp_path / "jupyter" / "kernels"
    folder.mkdir(parents=True)
    return folder


def install(kernels: Path, name: str = "sound", **changed: Any) -> Path:
    folder = kernels / name
    folder.mkdir()
    argv = [sys.executable, "-m", "polykernel", "run", "sound", "-f", "{connection_file}"]
    content = {"argv": argv, "display_name": "Sound", "language": "sound", **changed}
    (folder / "kernel.json").write_text(json.dumps(content))
    return folder


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\x08\x06"


def test_a_kernelspec_that_is_installed_is_named(kernels: Path) -> None:
    install(kernels, env={"A": "b"}, metadata={"debugger": False}, interrupt_mode="message")
    result = facts("kernelspec")
    assert (result.status, result.note) == ("passed", "sound")


def test_without_one_it_is_what_install_would_write_that_counts(kernels: Path) -> None:
    result = facts("kernelspec")
    assert result.status == "passed"
    assert "would write" in result.note


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"display_name": ""}, "display_name must be a text"),
        ({"language": None}, "language must be a text"),
        ({"interrupt_mode": "shout"}, "interrupt_mode must be signal or message, not 'shout'"),
        ({"env": {"A": 1}}, "env must be an object of texts"),
        ({"metadata": []}, "metadata must be an object"),
        ({"argv": ["polykernel", "run", "sound"]}, "argv has no {connection_file}"),
        (
            {"argv": ["/not/there", "polykernel", "run", "sound", "-f", "{connection_file}"]},
            "the program /not/there is not there",
        ),
    ],
)
def test_a_kernelspec_that_jupyter_would_refuse_is_a_failure(
    kernels: Path, changed: dict[str, Any], told: str
) -> None:
    folder = install(kernels, **changed)
    result = facts("kernelspec")
    assert result.status == "failed"
    assert told in result.came
    assert str(folder) in result.sent


def test_a_kernels_folder_has_a_name_that_jupyter_allows(kernels: Path) -> None:
    install(kernels, name="so und")
    assert "does not allow the name 'so und'" in facts("kernelspec").came


def test_logos_have_their_sizes(kernels: Path) -> None:
    folder = install(kernels)
    assert facts("logos").status == "not offered"
    (folder / "logo-32x32.png").write_bytes(png(32, 32))
    (folder / "logo-64x64.png").write_bytes(png(64, 64))
    (folder / "logo-svg.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    assert facts("logos").status == "passed"


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("logo-32x32.png", png(64, 32), "logo-32x32.png has 64 x 32 pixels, not 32 x 32"),
        ("logo-64x64.png", b"GIF89a", "logo-64x64.png is no PNG"),
        ("logo-64x64.png", b"\x89PNG\r\n\x1a\n", "logo-64x64.png is no PNG"),
        ("logo-svg.svg", b"<svg", "logo-svg.svg is no XML"),
        ("logo-svg.svg", b"<svg/>", "logo-svg.svg has no xmlns"),
        ("logo-svg.svg", b"<html/>", "logo-svg.svg is no SVG but <html>"),
    ],
)
def test_logos_that_are_none_are_a_failure(
    kernels: Path, name: str, data: bytes, told: str
) -> None:
    (install(kernels) / name).write_bytes(data)
    result = facts("logos")
    assert result.status == "failed"
    assert told in result.came


def test_an_extension_alone_names_no_highlighter() -> None:
    result = facts("highlighter", codemirror_mode="", name="swipl", file_extension=".pl")
    assert result.status == "not offered", "Perl's extension is Prolog's, too"
