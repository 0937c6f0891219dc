"""What authors are told: of other API versions, of deprecations, and of fields that are wrong."""

from __future__ import annotations

import copy
import json
import pickle
import sys
import textwrap
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pluggy
import pytest
import sample_environment
from sample_plugins import good_plugin, plugin

import polykernel
from polykernel import Language, hookspecs, language, plugin_faults
from polykernel.errors import Deprecated, LanguageError
from polykernel.plugins import BrokenPlugin, load_all, load_module

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FACTS: dict[str, Any] = {
    "name": "x",
    "display_name": "X",
    "version": "1",
    "mimetype": "text/x",
    "file_extension": ".x",
    "command": ("x",),
}
PLUGIN = """\
from polykernel import Language, hookimpl
{more}
@hookimpl
def polykernel_languages():
    return [
        Language(
            name="x",
            display_name="X",
            version="1",
            mimetype="text/x",
            file_extension=".x",
            command=("x",),
            {fields}
        )
    ]
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path, for distributions."""
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("sample_")]:
        del sys.modules[name]


def fault(site: Path, *, more: str = "", fields: str = "") -> BrokenPlugin:
    """Load a plugin, beside one that works, and give what is wrong with it."""
    plugin(site, "x", PLUGIN.format(more=textwrap.dedent(more), fields=fields))
    good_plugin(site, "good")
    loaded = load_all()
    assert "good" in [found.language.name for found in loaded.languages]
    (broken,) = loaded.broken
    assert (broken.plugin.distribution, broken.plugin.version) == ("sample-x", "1.2")
    return broken


# the version of the API


def test_a_plugin_may_say_for_which_version_it_was_written(site: Path) -> None:
    stated = f"polykernel_api_version = {polykernel.API_VERSION}"
    module = plugin(site, "x", PLUGIN.format(more=stated, fields=""))
    assert load_module(module).broken == ()


def test_one_of_a_newer_version_is_told_to_want_a_newer_polykernel(site: Path) -> None:
    newer = polykernel.API_VERSION + 1
    told = fault(site, more=f"polykernel_api_version = {newer}", fields="icon='x.svg',").reason
    assert told == (
        f"was written for version {newer} of the API, and polykernel {polykernel.__version__} has "
        f"version {polykernel.API_VERSION}: update polykernel (pip install --upgrade polykernel), "
        "or use an older version of it"
    )


def test_one_of_an_older_version_is_told_to_need_an_update(site: Path) -> None:
    told = fault(site, more="polykernel_api_version = 0").reason
    assert told.startswith("was written for version 0 of the API, and polykernel ")
    assert "knows none older than 1: update the plugin's package" in told


@pytest.mark.parametrize("stated", ["'1'", "1.0", "True", "(1, 0)"])
def test_a_version_is_a_whole_number(site: Path, stated: str) -> None:
    told = fault(site, more=f"polykernel_api_version = {stated}").reason
    assert told.startswith("polykernel_api_version must be a whole number, such as 1, not ")


def test_a_name_that_polykernel_has_not_is_told_with_those_that_it_has(site: Path) -> None:
    broken = fault(site, more="from polykernel import Lnaguage")
    assert "cannot import name 'Lnaguage'" in broken.reason
    assert "version 1 of the API has API_VERSION, Language, LanguageError" in broken.reason
    assert broken.reason.endswith("did you mean 'Language'?")
    assert broken.place == f"{site / 'sample_x' / 'plugin.py'}:2"


# hooks of other versions


def test_a_hook_that_is_gone_is_told_with_what_to_write_instead(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead = "since version 1 of the API, return them from polykernel_languages()"
    monkeypatch.setitem(plugin_faults.GONE_HOOKS, "polykernel_kernels", instead)
    broken = fault(site, more="@hookimpl\ndef polykernel_kernels(): return []")
    assert f"there is no hook 'polykernel_kernels' any more: {instead};" in broken.reason
    assert broken.line == 2


def test_a_hook_of_a_later_version_may_be_optional(site: Path) -> None:
    optional = "@hookimpl(optionalhook=True)\ndef polykernel_icons(size): return []"
    module = plugin(site, "x", PLUGIN.format(more=optional, fields=""))
    assert load_module(module).broken == ()


def test_a_hook_may_leave_out_arguments_and_wrap_its_function(site: Path) -> None:
    more = """
    import functools
    def quietly(function):
        @functools.wraps(function)
        def wrapped(language): return function()
        return wrapped
    @hookimpl
    @quietly
    def polykernel_samples(): return None
    """
    module = plugin(site, "x", PLUGIN.format(more=textwrap.dedent(more), fields=""))
    assert load_module(module).broken == ()


def test_a_hook_with_more_arguments_than_it_is_given_names_its_function(site: Path) -> None:
    broken = fault(site, more="@hookimpl\ndef polykernel_samples(language, size): pass")
    assert broken.reason == (
        "polykernel_samples(language, size) must be polykernel_samples(language), "
        "or have fewer arguments of these names"
    )
    assert broken.place == f"{site / 'sample_x' / 'plugin.py'}:2"


# fields of other versions


def test_a_field_that_is_unknown_is_told_with_those_that_are_known(site: Path) -> None:
    broken = fault(site, fields="mime_type='text/x',")
    assert broken.reason.startswith("Language has no field 'mime_type'; it has name, display_name,")
    assert broken.reason.endswith("; did you mean 'mimetype'?")
    assert broken.file == str(site / "sample_x" / "plugin.py")


def test_a_field_that_nobody_can_have_meant_is_perhaps_of_another_version(site: Path) -> None:
    broken = fault(site, fields="icon='x.svg',")
    assert broken.reason.endswith("is it of another version of polykernel?")


def test_a_field_that_is_gone_is_told_with_what_to_write_instead(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(language.GONE_FIELDS, "kernel_name", "since version 1, write name")
    told = fault(site, fields="kernel_name='x',").reason
    assert told == "Language has no field 'kernel_name' any more: since version 1, write name"


def test_fields_that_are_missing_are_told() -> None:
    with pytest.raises(LanguageError, match=r"\ALanguage needs version=, mimetype=\Z"):
        Language(**{key: FACTS[key] for key in FACTS if key not in ("version", "mimetype")})


def test_fields_without_names_are_refused() -> None:
    with pytest.raises(LanguageError, match="takes its fields by their names, not 'x' alone"):
        Language("x")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("evaluator", 3, "must be a string, not 3"),
        ("pygments_lexer", None, "must be a string, not None"),
        ("nbconvert_exporter", [], "must be a string"),
        ("banner", b"x", "must be a string"),
        ("install_hint", 1, "must be a string"),
        ("debugger", True, "must be a string, not True"),
        ("command", 3, "must be a tuple of strings, not 3"),
        ("command", "x", "must be a tuple of strings, not 'x'"),
        ("command", {"x": 1}, "must be a tuple of strings"),
        ("modules", None, "must be a tuple of strings, not None"),
        ("programs", (1,), "must be a tuple of strings"),
        ("codemirror_mode", 3, "must be a string or a dict, not 3"),
        ("help_links", ["x"], "must be a dict of strings"),
        ("help_links", {"x": 1}, "must be a dict of strings"),
        ("subshells", "no", "must be True or False, not 'no'"),
        ("options", 3, "must be a dict with a JSON form, not 3"),
        ("name", None, "must be a non-empty string, not None"),
    ],
)
def test_a_field_of_another_type_is_refused(field: str, value: object, expected: str) -> None:
    with pytest.raises(LanguageError) as raised:
        Language(**{**FACTS, field: value})
    assert str(raised.value).startswith(f"Language.{field} {expected}")


def test_a_language_can_be_copied() -> None:
    made = Language(**FACTS)
    assert copy.deepcopy(made) == copy.copy(made) == pickle.loads(pickle.dumps(made)) == made


# deprecations


class Old:
    """Hooks as a later version might have them: one deprecated, and an argument of another."""

    @pluggy.HookspecMarker("polykernel")
    def polykernel_languages(self) -> None:
        """As it is."""

    @pluggy.HookspecMarker("polykernel")(
        warn_on_impl=Deprecated("polykernel_icons() is deprecated: write polykernel_logos()")
    )
    def polykernel_icons(self) -> None:
        """Deprecated as a whole."""

    @pluggy.HookspecMarker("polykernel")(
        warn_on_impl_args={"size": Deprecated("the argument size is deprecated: leave it out")}
    )
    def polykernel_logos(self, size: int) -> None:
        """Has a deprecated argument."""


@pytest.fixture
def deprecated_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("polykernel_icons", "polykernel_logos"):
        monkeypatch.setattr(hookspecs, name, getattr(Old(), name), raising=False)


@pytest.mark.usefixtures("deprecated_hooks")
def test_a_plugin_with_a_deprecated_hook_works_and_is_named(site: Path) -> None:
    more = """
    @hookimpl
    def polykernel_icons(): pass
    @hookimpl
    def polykernel_logos(size): pass
    """
    plugin(site, "x", PLUGIN.format(more=textwrap.dedent(more), fields=""))
    loaded = load_all()
    assert "x" in [found.language.name for found in loaded.languages]
    assert loaded.broken == ()
    file = site / "sample_x" / "plugin.py"
    assert [str(each) for each in loaded.outdated] == [
        (
            f"plugin sample-x 1.2 (sample_x.plugin, {file}:3): "
            "polykernel_icons() is deprecated: write polykernel_logos()"
        ),
        (
            f"plugin sample-x 1.2 (sample_x.plugin, {file}:5): "
            "the argument size is deprecated: leave it out"
        ),
    ]


@pytest.mark.usefixtures("deprecated_hooks")
def test_a_plugin_without_the_deprecated_argument_is_not_named(site: Path) -> None:
    more = "@hookimpl\ndef polykernel_logos(): pass"
    plugin(site, "x", PLUGIN.format(more=more, fields=""))
    assert load_all().outdated == ()


def test_what_a_plugin_itself_deprecates_is_shown_where_such_is_shown(site: Path) -> None:
    more = "import warnings\nwarnings.warn('mine', UserWarning)"
    module = plugin(site, "x", PLUGIN.format(more=more, fields=""))
    with pytest.warns(UserWarning, match="mine"):
        loaded = load_module(module)
    assert loaded.outdated == ()


# where it is shown


def test_the_list_shows_the_reason_and_the_place(tmp_path: Path) -> None:
    environment = sample_environment.make(tmp_path)
    plugin(environment.site, "x", PLUGIN.format(more="", fields="mime_type='text/x',"))
    place = f"{environment.site / 'sample_x' / 'plugin.py'}"
    shown = environment.polykernel("list").stdout
    assert "\nx: sample-x 1.2\n    Language has no field 'mime_type'; it has name" in shown
    assert f"\n    {place}:6\n" in shown
    (broken,) = environment.json("list")["broken"]
    assert (broken["file"], broken["line"]) == (place, 6)


def test_the_list_shows_what_a_later_polykernel_may_not_load(tmp_path: Path) -> None:
    environment = sample_environment.make(tmp_path)
    more = """
    import warnings
    from polykernel.errors import Deprecated
    warnings.warn("sizes are deprecated: leave them out", Deprecated)
    """
    plugin(environment.site, "x", PLUGIN.format(more=textwrap.dedent(more), fields=""))
    shown = environment.polykernel("list").stdout
    assert "\nplugins that a later polykernel may not load:\nplugin sample-x 1.2 (" in shown
    assert shown.endswith("plugin.py:5): sizes are deprecated: leave them out\n")
    (outdated,) = environment.json("list")["outdated"]
    assert outdated["line"] == 5
    assert json.dumps(outdated["reason"]) == '"sizes are deprecated: leave them out"'


def test_a_value_whose_repr_fails_is_named_by_its_type() -> None:
    class Mute:
        def __repr__(self) -> str:
            raise ValueError

    error = plugin_faults.expected("f() must return a list", Mute(), SimpleNamespace())
    assert str(error) == "f() must return a list, not a Mute"
