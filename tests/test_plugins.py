from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from sample_plugins import distribution, good_plugin, plugin

from polykernel import Samples
from polykernel.errors import SamplesError, UnknownLanguage
from polykernel.plugins import BrokenPlugin, Plugins, find, load_all, load_module, samples_of
from polykernel.start import start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOOK = "from polykernel import hookimpl\n@hookimpl\ndef polykernel_languages():\n    "
LANGUAGE_HOOK = "from polykernel import Language\n" + HOOK + "return "

# what a plugin's module may say, and what is to be told then
BROKEN = {
    "import_error": ("import not_there_at_all", "No module named 'not_there_at_all'"),
    "syntax_error": ("def", "SyntaxError: invalid syntax"),
    "system_exit": ("raise SystemExit(3)", "SystemExit: 3"),
    "any_exception": ("class Odd(BaseException): pass\nraise Odd('so')", "Odd: so"),
    "wrong_signature": (
        "from polykernel import hookimpl\n@hookimpl\ndef polykernel_languages(host): return []",
        "polykernel_languages(host) must be polykernel_languages()",
    ),
    "unknown_hook": (
        "from polykernel import hookimpl\n@hookimpl\ndef polykernel_langauges(): return []",
        "has polykernel_languages, polykernel_samples; did you mean 'polykernel_languages'?",
    ),
    "no_hook": ("def polykernel_languages(): return []", "marked with @polykernel.hookimpl"),
    "hook_raises": (HOOK + "raise KeyError('lost')", "KeyError: 'lost'"),
    "hook_exits": (HOOK + "import sys; sys.exit('bye')", "SystemExit: bye"),
    "returns_none": (HOOK + "pass", "must return a list of Language, not None"),
    "returns_text": (HOOK + "return 'echo'", "must return a list of Language, not 'echo'"),
    "returns_number": (HOOK + "return 3", "must return a list of Language, not 3"),
    "returns_others": (HOOK + "return [3]", "a list of Language; an item must be one, not 3"),
    "generator_raises": (HOOK + "yield from [1 / 0]", "ZeroDivisionError"),
    "language_error": (
        LANGUAGE_HOOK + "[Language(name='X', display_name='X', version='1', mimetype='a/b',"
        " file_extension='.x', command=('x',))]",
        "Language.name must be lower-case letters",
    ),
    "message_raises": (
        "class Mute(Exception):\n    def __str__(self): raise ValueError\nraise Mute",
        "Mute",
    ),
}


MIXED = (
    "LanguageError('not a colour', language='wrong'), language('right'), LanguageError('no name')"
)

# the line of the plugin's module where that is to be mended
LINES = {
    **dict.fromkeys(BROKEN, 2),  # of the hook, from its decorator on
    **dict.fromkeys(("import_error", "syntax_error", "system_exit", "no_hook"), 1),
    **dict.fromkeys(("hook_raises", "hook_exits", "generator_raises"), 4),
    "language_error": 5,
    "message_raises": 3,
}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path, for distributions."""
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("sample_")]:
        del sys.modules[name]


def broken(loaded: Plugins, name: str) -> BrokenPlugin:
    return next(one for one in loaded.broken if one.plugin.distribution == f"sample-{name}")


def only_broken(loaded: Plugins) -> BrokenPlugin:
    assert not loaded.languages
    (record,) = loaded.broken
    return record


def names(loaded: Plugins) -> list[str]:
    return [found.language.name for found in loaded.languages]


def test_a_good_plugin_is_found_with_its_package_and_version(site: Path) -> None:
    good_plugin(site, "good")
    found = load_all().find("good")
    assert (found.plugin.distribution, found.plugin.version) == ("sample-good", "1.2")
    assert (found.plugin.module, found.plugin.entry_point) == ("sample_good.plugin", "good")
    assert str(found.plugin) == "sample-good 1.2"


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_recorded_and_the_others_go_on(site: Path, name: str) -> None:
    code, reason = BROKEN[name]
    plugin(site, name, code)
    good_plugin(site, "good")
    loaded = load_all()
    assert "good" in names(loaded)
    assert "echo" in names(loaded)
    record = broken(loaded, name)
    assert reason in record.reason
    assert "\n" not in record.reason
    assert (record.plugin.version, record.plugin.entry_point) == ("1.2", name)
    place = f"{site / f'sample_{name}' / 'plugin.py'}:{LINES[name]}"
    assert str(record).startswith(f"plugin sample-{name} 1.2 (sample_{name}.plugin, {place}): ")


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_given_as_such_when_it_is_loaded_by_its_module(
    site: Path, name: str
) -> None:
    code, reason = BROKEN[name]
    record = only_broken(load_module(plugin(site, name, code)))
    assert reason in record.reason
    assert (record.plugin.distribution, record.plugin.version) == (f"sample-{name}", "1.2")


def test_a_traceback_begins_in_the_plugins_own_code(site: Path) -> None:
    plugin(site, "deep", "def inner():\n    raise ValueError('here')\ninner()\n")
    record = only_broken(load_module("sample_deep.plugin"))
    lines = record.traceback.splitlines()
    assert "sample_deep" in lines[1]
    assert "in inner" in record.traceback
    assert lines[-1] == "ValueError: here"
    assert "importlib" not in record.traceback


def test_of_several_languages_one_may_be_wrong_and_the_others_go_on(site: Path) -> None:
    module = good_plugin(site, "mixed", MIXED)
    for loaded in (load_module(module), load_all()):
        assert loaded.find("right").plugin.module == module
        mixed = [one for one in loaded.broken if one.plugin.module == module]
        assert [(one.language, one.reason) for one in mixed] == [
            ("wrong", "not a colour"),
            ("", "no name"),
        ]
        with pytest.raises(UnknownLanguage, match=r"'wrong' can't be loaded: .*: not a colour"):
            loaded.find("wrong")


def test_a_kernel_of_the_wrong_one_says_why_in_its_first_cell(site: Path) -> None:
    begun = start("wrong", good_plugin(site, "mixed", MIXED), None)
    assert begun.process is None
    assert begun.trouble.endswith("(sample_mixed.plugin): not a colour")


def test_a_keyboard_interrupt_is_not_taken_for_a_broken_plugin(site: Path) -> None:
    plugin(site, "slow", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load_module("sample_slow.plugin")


def test_of_two_plugins_with_one_language_the_first_by_name_keeps_it(site: Path) -> None:
    good_plugin(site, "b", "language('same'), language('other')")
    good_plugin(site, "a", "language('same')")
    loaded = load_all()
    assert loaded.find("same").plugin.distribution == "sample-a"
    assert loaded.find("other").plugin.distribution == "sample-b"
    record = broken(loaded, "b")
    assert record.reason.startswith("brings the language 'same', which sample-a 1.2 brings already")


def test_a_stranger_never_takes_a_language_of_polykernels_own(site: Path) -> None:
    good_plugin(site, "a", "language('echo')")
    loaded = load_all()
    assert loaded.find("echo").plugin.distribution == "polykernel"
    assert "polykernel" in broken(loaded, "a").reason


def test_a_plugin_that_brings_a_language_twice_is_broken(site: Path) -> None:
    record = only_broken(load_module(good_plugin(site, "twice", "language('x'), language('x')")))
    assert record.reason == "brings the language 'x' more than once"


@pytest.mark.parametrize(
    "value", ["sample_odd.plugin:hooks", "sample odd", "sample_odd.plugin [extra]", "1"]
)
def test_an_entry_point_that_names_no_module_is_broken(site: Path, value: str) -> None:
    distribution(site, "sample-odd", f"[polykernel]\nodd = {value}\n", {})
    assert "must name a module" in broken(load_all(), "odd").reason


@pytest.mark.parametrize(
    "text", ["[polykernel]\nno equals sign\n", b"[polykernel]\nx = \xff\xfe\n"]
)
def test_damaged_metadata_hides_no_other_package(site: Path, text: str | bytes) -> None:
    distribution(site, "sample-odd", "", {})
    path = site / "sample_odd-1.2.dist-info" / "entry_points.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    good_plugin(site, "good")
    loaded = load_all()
    assert {"good", "echo"} <= set(names(loaded))
    assert "entry_points.txt can't be read" in broken(loaded, "odd").reason


def test_damaged_metadata_of_a_package_without_plugins_is_no_ones_business(site: Path) -> None:
    distribution(site, "sample-odd", "[console_scripts]\nno equals sign\n", {})
    assert load_all().broken == ()


def test_metadata_without_a_name_hides_nothing(site: Path) -> None:
    good_plugin(site, "good")
    (site / "sample_good-1.2.dist-info" / "METADATA").write_text("")
    assert "good" in names(load_all())


def test_a_package_that_is_on_the_path_twice_counts_once(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good_plugin(site, "good")
    other = site / "other"
    good_plugin(other, "good")
    monkeypatch.syspath_prepend(other)
    loaded = load_all()
    assert names(loaded).count("good") == 1
    assert loaded.broken == ()


def test_what_a_plugin_prints_does_not_reach_stdout(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good_plugin(site, "good", "print('hello') or language('good')")
    load_all()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "hello\n"


def test_an_unknown_language_is_told_with_the_known_ones_and_the_nearest(site: Path) -> None:
    good_plugin(site, "good")
    with pytest.raises(UnknownLanguage, match=r"unknown language 'goood'; known: .*'good'\?"):
        find("goood")
    with pytest.raises(UnknownLanguage) as raised:
        find("zzzzzz")
    assert "did you mean" not in str(raised.value)


def test_the_name_of_a_broken_plugin_gives_its_trouble(site: Path) -> None:
    plugin(site, "lost", "import not_there_at_all")
    with pytest.raises(UnknownLanguage, match=r"'lost' can't be loaded.*sample-lost.*No module"):
        find("lost")


def test_a_language_is_found_in_one_plugin_alone(site: Path) -> None:
    module = good_plugin(site, "good")
    assert find("good", module).language.name == "good"
    with pytest.raises(UnknownLanguage, match="unknown language 'echo'; known: good"):
        find("echo", module)
    with pytest.raises(UnknownLanguage, match="No module named 'sample_nothing'"):
        find("good", "sample_nothing")


def test_a_module_of_no_distribution_is_named_by_itself(site: Path) -> None:
    (site / "sample_loose.py").write_text("import not_there_at_all")
    record = only_broken(load_module("sample_loose"))
    assert str(record.plugin) == "sample_loose"


def test_loading_one_plugin_looks_at_no_other_package() -> None:
    code = (
        "import sys; from polykernel.plugins import load_module\n"
        "(found,) = load_module('polykernel_echo.plugin').languages\n"
        "assert found.language.name == 'echo'\n"
        "heavy = {'importlib.metadata', 'difflib', 'traceback', 'zmq'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


SAMPLES_HOOK = "\n\n@hookimpl\ndef polykernel_samples(language):\n    "
# what the hook for samples may say, and what is to be told then
BROKEN_SAMPLES = {
    "text": ("return '1+1'", "must return Samples or None, not '1+1'"),
    "mapping": ("return {'error': '!'}", "must return Samples or None, not {'error': '!'}"),
    "raises": ("raise KeyError(language)", "KeyError: 'good'"),
    "exits": ("raise SystemExit(3)", "SystemExit: 3"),
    "wrong_field": (
        "from polykernel import Samples; return Samples(error='')",
        "Samples.error must be a non-empty string, not ''",
    ),
}


def with_samples(site: Path, code: str) -> str:
    languages = LANGUAGE_HOOK + (
        "[Language(name='good', display_name='X', version='1', mimetype='a/b',"
        " file_extension='.x', command=('x',))]"
    )
    return plugin(site, "good", languages + (SAMPLES_HOOK + code if code else ""))


def test_the_samples_of_a_language_come_from_its_plugin(site: Path) -> None:
    code = "print('loud'); from polykernel import Samples; return Samples(error=language)"
    module = with_samples(site, code)
    assert samples_of(find("good", module)) == Samples(error="good")


@pytest.mark.parametrize("code", ["", "return None"])
def test_a_plugin_need_not_have_samples(site: Path, code: str) -> None:
    assert samples_of(find("good", with_samples(site, code))) is None


@pytest.mark.parametrize("name", BROKEN_SAMPLES)
def test_samples_that_can_not_be_had_are_told_with_the_plugin(site: Path, name: str) -> None:
    code, reason = BROKEN_SAMPLES[name]
    found = find("good", with_samples(site, code))
    with pytest.raises(SamplesError) as raised:
        samples_of(found)
    told = str(raised.value)
    assert reason in told
    place = site / "sample_good" / "plugin.py"
    assert told.startswith(f"plugin sample-good 1.2 (sample_good.plugin, {place}:")
    assert "): polykernel_samples('good'" in told


def test_an_interrupt_is_not_taken_for_broken_samples(site: Path) -> None:
    found = find("good", with_samples(site, "raise KeyboardInterrupt"))
    with pytest.raises(KeyboardInterrupt):
        samples_of(found)
