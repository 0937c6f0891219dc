from __future__ import annotations

import errno
import json
import os
import re
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from sample_plugins import good_plugin

from polykernel import Language, __version__, kernelspecs, plugins
from polykernel.errors import KernelspecError
from polykernel.interpreters import Interpreter
from polykernel.kernelspec_content import LOGOS, Variant, kernel_json, logos
from polykernel.kernelspecs import find_all, install, read, uninstall
from polykernel.logos import draw

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATES = Path(__file__).parent.parent / "kernelspecs"
OWN = ("calc", "echo", "python")
# not in the launcher before they are installed: they need programs
DECLARED = sorted(
    path.parent.name
    for path in TEMPLATES.glob("*/kernel.json")
    if "polykernel_declared.plugin" in path.read_text("utf-8")
)
ELSEWHERE = Interpreter("/elsewhere/bin/python", "3.9.1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "share" / "jupyter" / "kernels"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path, for distributions."""
    monkeypatch.syspath_prepend(tmp_path / "site")
    yield tmp_path / "site"
    for name in [name for name in sys.modules if name.startswith("sample_")]:
        del sys.modules[name]


def found(name: str) -> plugins.FoundLanguage:
    return plugins.find(name, f"polykernel_{name}.plugin")


def with_language(found: plugins.FoundLanguage, **fields: Any) -> plugins.FoundLanguage:
    language = Language(
        **{
            "name": found.language.name,
            "display_name": found.language.display_name,
            "version": found.language.version,
            "mimetype": found.language.mimetype,
            "file_extension": found.language.file_extension,
            "evaluator": found.language.evaluator,
            **fields,
        }
    )
    return plugins.FoundLanguage(language, found.plugin)


def foreign(directory: Path, **content: object) -> dict[str, bytes]:
    """Write another program's kernelspec."""
    directory.mkdir(parents=True)
    (directory / "logo-svg.svg").write_text("<svg/>")
    (directory / "kernel.json").write_text(json.dumps({"argv": ["other"], **content}))
    return everything(directory)


def packaged(directory: Path) -> dict[str, bytes]:
    """Write what pip writes from our wheel: a template, as it is."""
    directory.mkdir(parents=True)
    for file in (TEMPLATES / "echo").iterdir():
        (directory / file.name).write_bytes(file.read_bytes())
    return everything(directory)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def everything(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


# the templates


@pytest.mark.parametrize("name", OWN)
def test_a_template_starts_its_language_by_a_plugin_that_brings_it(name: str) -> None:
    content = json.loads((TEMPLATES / name / "kernel.json").read_text("utf-8"))
    argv = content["argv"]
    assert argv[:6] == ["python", "-P", "-m", "polykernel", "run", name]
    assert argv[6:] == ["--plugin", f"polykernel_{name}.plugin", "-f", "{connection_file}"]
    assert content["language"] == found(name).language.name
    assert content["interrupt_mode"] == "message"
    assert content["kernel_protocol_version"] == "5.6"


@pytest.mark.parametrize("name", OWN)
def test_a_template_has_its_logos_in_the_sizes_that_their_names_say(name: str) -> None:
    for size in (32, 64):
        data = (TEMPLATES / name / f"logo-{size}x{size}.png").read_bytes()
        assert data.startswith(b"\x89PNG\r\n\x1a\n")
        assert [int.from_bytes(data[at : at + 4]) for at in (16, 20)] == [size, size]
    assert "<svg" in (TEMPLATES / name / "logo-svg.svg").read_text("utf-8")


def test_no_two_languages_have_the_same_logo() -> None:
    for logo in LOGOS:
        assert len({(TEMPLATES / name / logo).read_bytes() for name in OWN}) == len(OWN)


def test_the_templates_are_those_that_the_wheel_installs() -> None:
    project = (TEMPLATES.parent / "pyproject.toml").read_text("utf-8")
    shared = re.findall(r'"kernelspecs/(.*)" = "share/jupyter/kernels/polykernel-(.*)"', project)
    assert sorted(shared) == sorted((name, name) for name in OWN)
    folders = {path.name for path in TEMPLATES.iterdir() if path.is_dir()}
    assert folders == {*OWN, *DECLARED}
    assert DECLARED


@pytest.mark.parametrize("name", DECLARED)
def test_a_template_of_a_declared_language_says_what_its_declaration_says(name: str) -> None:
    content = json.loads((TEMPLATES / name / "kernel.json").read_text("utf-8"))
    language = plugins.find(name, "polykernel_declared.plugin").language
    assert content["argv"][5:8] == [name, "--plugin", "polykernel_declared.plugin"]
    assert content["language"] == name
    assert content["display_name"] == language.display_name
    assert content["interrupt_mode"] == "message"
    assert language.programs
    for logo in LOGOS:
        assert (TEMPLATES / name / logo).read_bytes() == draw(name)[logo]


# what is written


def test_a_kernelspec_names_this_interpreter_and_says_who_wrote_it(folder: Path) -> None:
    written = install(found("echo"), Variant(), folder)
    assert written.directory == folder / "polykernel-echo"
    assert written.content == {
        "argv": [
            *(sys.executable, "-P", "-m", "polykernel", "run", "echo"),
            *("--plugin", "polykernel_echo.plugin", "-f", "{connection_file}"),
        ],
        "display_name": "Echo (polykernel)",
        "language": "echo",
        "interrupt_mode": "message",
        "kernel_protocol_version": "5.6",
        "metadata": {
            "debugger": False,
            "supported_encryption": ["curve"],
            "polykernel": {
                "language": "echo",
                "version": __version__,
                "python": None,
                "files": sorted(LOGOS),
            },
        },
    }


@pytest.mark.parametrize("name", OWN)
def test_jupyter_reads_what_is_written_and_shows_the_logos(folder: Path, name: str) -> None:
    install(
        with_language(found(name), evaluator="polykernel_echo.evaluator:Echo"), Variant(), folder
    )
    manager = KernelSpecManager(kernel_dirs=[str(folder)], ensure_native_kernel=False)
    specs = manager.get_all_specs()
    assert list(specs) == [f"polykernel-{name}"]
    spec = KernelSpec.from_resource_dir(specs[f"polykernel-{name}"]["resource_dir"])
    assert (spec.language, spec.interrupt_mode) == (name, "message")
    assert {path.name for path in Path(spec.resource_dir).iterdir()} == {"kernel.json", *LOGOS}


def test_a_variant_has_its_name_environment_and_interpreter(folder: Path) -> None:
    variant = Variant(display_name="Où ça", env={"A": "b=c"}, interpreter=ELSEWHERE)
    written = install(found("echo"), variant, folder, "My.Echo-1")
    assert written.name == "my.echo-1"
    assert written.content["display_name"] == "Où ça"
    assert written.content["env"] == {"A": "b=c"}
    assert written.argv[8:] == ["--python", "/elsewhere/bin/python", "-f", "{connection_file}"]
    assert written.installed["python"] == "/elsewhere/bin/python"


def test_a_language_that_is_the_interpreters_own_gets_the_other_ones_version() -> None:
    own = with_language(found("echo"), version=sys.version.split()[0])
    argv = kernel_json(own, Variant(interpreter=ELSEWHERE))["argv"]
    assert argv[argv.index("--language-version") + 1] == "3.9.1"
    assert "--language-version" not in kernel_json(own, Variant())["argv"]
    assert "--language-version" not in kernel_json(found("echo"), Variant())["argv"]


def test_python_is_such_a_language() -> None:
    argv = kernel_json(found("python"), Variant(interpreter=ELSEWHERE))["argv"]
    assert argv[argv.index("--language-version") + 1] == "3.9.1"


def test_others_may_read_what_is_written(folder: Path) -> None:
    mask = os.umask(0o022)
    try:
        directory = install(found("echo"), Variant(), folder).directory
    finally:
        os.umask(mask)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o755
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o644}


def test_a_path_that_is_not_utf8_survives(folder: Path) -> None:
    interpreter = Interpreter("/na\udcefve/python", "3.9.1")
    written = install(found("echo"), Variant(interpreter=interpreter), folder)
    assert read(written.directory).option("--python") == "/na\udcefve/python"


# strangers


def test_a_strangers_language_is_installed_without_a_template(site: Path, folder: Path) -> None:
    module = good_plugin(site, "lua")
    written = install(plugins.find("lua", module), Variant(), folder)
    assert written.content["display_name"] == "Lua"
    assert written.argv[5:8] == ["lua", "--plugin", "sample_lua.plugin"]
    assert everything(written.directory).items() >= draw("lua").items()
    assert written.files == sorted(LOGOS)


def test_a_template_is_not_taken_for_another_plugins_language_of_that_name(site: Path) -> None:
    module = good_plugin(site, "mine", "language('echo')")
    mine = plugins.find("echo", module)
    assert logos(mine) == draw("echo")
    assert logos(found("echo")) != draw("echo")
    assert kernel_json(mine, Variant())["display_name"] == "Echo"


@pytest.mark.parametrize("place", ["kernelspec", "kernelspec/lua"])
def test_a_stranger_brings_its_logos_in_its_package(site: Path, folder: Path, place: str) -> None:
    module = good_plugin(site, "lua", more={f"sample_lua/{place}/logo-32x32.png": b"png"})
    written = install(plugins.find("lua", module), Variant(), folder)
    assert (written.directory / "logo-32x32.png").read_bytes() == b"png"


def test_a_stranger_brings_its_logos_in_the_kernelspec_of_its_wheel(
    site: Path, folder: Path
) -> None:
    place = "share/jupyter/kernels/lua"
    argv = ["python", "-m", "polykernel", "run", "lua", "--plugin", "sample_lua.plugin"]
    more: dict[str, str | bytes] = {
        f"{place}/kernel.json": json.dumps({"argv": argv}),
        f"{place}/logo-svg.svg": b"<svg/>",
        "share/jupyter/kernels/broken/kernel.json": "{",
        "share/jupyter/kernels/other/kernel.json": json.dumps({"argv": ["other"]}),
        "share/jupyter/kernels/other/logo-svg.svg": b"other",
    }
    module = good_plugin(site, "lua", more=more)
    written = install(plugins.find("lua", module), Variant(), folder)
    assert (written.directory / "logo-svg.svg").read_bytes() == b"<svg/>"


# what is not written


@pytest.mark.parametrize("name", ["a b", "a/b", "../a", "..", "é", "a\n"])
def test_a_name_that_jupyter_does_not_allow_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(KernelspecError, match="a kernel's name is made of letters"):
        install(found("echo"), Variant(), folder, name)
    assert not folder.exists()


def test_a_missing_runtime_is_told_with_what_to_do(folder: Path) -> None:
    needy = with_language(
        found("echo"),
        modules=("not_there", "json"),
        programs=("no-such-program", "sh"),
        install_hint="pip install polykernel[echo]",
    )
    with pytest.raises(KernelspecError) as raised:
        install(needy, Variant(), folder)
    assert str(raised.value) == (
        f"Echo (polykernel) needs the Python module not_there in {sys.executable}, "
        "the program no-such-program on the PATH; pip install polykernel[echo]"
    )
    assert not folder.exists()


def test_several_missing_programs_are_told_in_one_breath(folder: Path) -> None:
    needy = with_language(found("echo"), programs=("no-such-one", "sh", "no-such-other"))
    with pytest.raises(KernelspecError) as raised:
        install(needy, Variant(), folder)
    assert str(raised.value) == (
        "Echo (polykernel) needs the programs no-such-one, no-such-other on the PATH"
    )


def test_an_evaluator_that_its_plugin_does_not_bring_is_told(folder: Path) -> None:
    with pytest.raises(KernelspecError, match=r"its evaluator module polykernel_echo\.nothing"):
        install(
            with_language(found("echo"), evaluator="polykernel_echo.nothing:Echo"),
            Variant(),
            folder,
        )


def test_a_program_is_looked_up_on_the_path_that_the_kernel_gets(
    folder: Path, tmp_path: Path
) -> None:
    program = tmp_path / "only-here"
    program.touch()
    program.chmod(0o755)
    needy = with_language(found("echo"), programs=("only-here",))
    install(needy, Variant(env={"PATH": str(tmp_path)}), folder)
    with pytest.raises(KernelspecError, match="the program only-here"):
        install(needy, Variant(), folder)


def test_a_program_of_its_own_does_not_run_in_an_interpreter(folder: Path) -> None:
    own = with_language(found("echo"), evaluator="", command=("sh", "-c", "true"))
    with pytest.raises(KernelspecError, match=r"run by the program sh.* --python is not for it"):
        install(own, Variant(interpreter=ELSEWHERE), folder)
    install(own, Variant(), folder)


@pytest.mark.parametrize(
    "content", [{}, {"metadata": {"polykernel": "no"}}, {"argv": "polykernel"}]
)
def test_another_programs_kernelspec_is_not_replaced(folder: Path, content: Any) -> None:
    before = foreign(folder / "polykernel-echo", **content)
    with pytest.raises(KernelspecError, match="belongs to another program"):
        install(found("echo"), Variant(), folder)
    assert everything(folder / "polykernel-echo") == before


def test_another_languages_kernelspec_is_not_replaced(folder: Path) -> None:
    before = packaged(folder / "polykernel-echo")
    with pytest.raises(
        KernelspecError, match=r"of echo, not of calc; choose another --kernel-name$"
    ):
        install(found("calc"), Variant(), folder, "polykernel-echo")
    assert everything(folder / "polykernel-echo") == before


def test_what_was_installed_for_another_language_is_replaced_only_when_it_is_away(
    folder: Path,
) -> None:
    before = everything(install(found("echo"), Variant(), folder, "mine").directory)
    with pytest.raises(KernelspecError, match=r"or first: polykernel uninstall mine$"):
        install(found("calc"), Variant(), folder, "Mine")
    assert everything(folder / "mine") == before
    uninstall("mine", folder)
    assert install(found("calc"), Variant(), folder, "mine").language == "calc"


def test_a_link_is_neither_replaced_nor_removed(folder: Path, tmp_path: Path) -> None:
    install(found("echo"), Variant(), tmp_path)
    folder.mkdir(parents=True)
    (folder / "polykernel-echo").symlink_to(tmp_path / "polykernel-echo")
    with pytest.raises(KernelspecError, match="is a link"):
        install(found("echo"), Variant(), folder)
    with pytest.raises(KernelspecError, match="it is left as it is"):
        uninstall("polykernel-echo", folder)


def test_a_place_that_can_not_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KernelspecError, match=r"can't write .*: Not a directory; choose another"):
        install(found("echo"), Variant(), tmp_path / "file" / "kernels")


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``kernel.json`` end half way, as it does where there is no space left."""
    write = Path.write_bytes

    def write_half(self: Path, data: bytes) -> int:
        if "kernel.json" not in self.name:
            return write(self, data)
        write(self, data[:100])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", write_half)


def test_what_fails_half_way_leaves_nothing(folder: Path, full_disk: None) -> None:
    with pytest.raises(KernelspecError, match="No space left on device"):
        install(found("echo"), Variant(), folder)
    assert names_in(folder.parent) == ["kernels"]
    assert names_in(folder) == []


def test_what_fails_half_way_leaves_what_was_there(
    folder: Path, request: pytest.FixtureRequest
) -> None:
    before = everything(install(found("echo"), Variant(), folder).directory)
    request.getfixturevalue("full_disk")
    with pytest.raises(KernelspecError, match="No space left on device"):
        install(found("echo"), Variant(display_name="Other"), folder)
    assert everything(folder / "polykernel-echo") == before
    assert names_in(folder.parent) == ["kernels"]


# again, and away


def test_what_was_installed_is_removed_whole(folder: Path) -> None:
    install(found("echo"), Variant(), folder)
    install(found("echo"), Variant(display_name="Second"), folder)
    other = foreign(folder / "other")
    removed = uninstall("polykernel-echo", folder)
    assert removed.content["display_name"] == "Second"
    assert names_in(folder) == ["other"]
    assert everything(folder / "other") == other
    assert names_in(folder.parent) == ["kernels"]


def test_what_a_package_had_put_there_comes_back(folder: Path) -> None:
    before = packaged(folder / "polykernel-echo")
    (folder / "polykernel-echo" / "logo-64x64.png").unlink()
    del before["logo-64x64.png"]
    install(found("echo"), Variant(display_name="First"), folder)
    install(found("echo"), Variant(display_name="Second"), folder)
    assert read(folder / "polykernel-echo").content["display_name"] == "Second"
    assert (folder / "polykernel-echo" / "logo-64x64.png").exists()
    uninstall("polykernel-echo", folder)
    assert everything(folder / "polykernel-echo") == before


def test_a_file_that_someone_put_beside_stays(folder: Path) -> None:
    directory = install(found("echo"), Variant(), folder).directory
    (directory / "kernel.js").write_text("define([])")
    install(found("echo"), Variant(), folder)
    uninstall("polykernel-echo", folder)
    assert everything(directory) == {"kernel.js": b"define([])"}


def test_what_pip_installed_is_not_removed_and_pip_is_named(folder: Path) -> None:
    before = packaged(folder / "polykernel-echo")
    with pytest.raises(KernelspecError, match="'pip uninstall' of that package removes it"):
        uninstall("polykernel-echo", folder)
    assert everything(folder / "polykernel-echo") == before


def test_another_programs_kernelspec_is_not_removed(folder: Path) -> None:
    before = foreign(folder / "other")
    with pytest.raises(KernelspecError, match="was not written by 'polykernel install'"):
        uninstall("other", folder)
    assert everything(folder / "other") == before


def test_a_recorded_file_elsewhere_is_not_removed(folder: Path) -> None:
    outside = folder.parent / "precious"
    directory = install(found("echo"), Variant(), folder).directory
    outside.touch()
    path = directory / "kernel.json"
    content = json.loads(path.read_text())
    content["metadata"]["polykernel"]["files"] = ["../../precious", str(outside)]
    path.write_text(json.dumps(content))
    uninstall("polykernel-echo", folder)
    assert outside.exists()


def test_what_is_not_there_is_told(folder: Path) -> None:
    with pytest.raises(KernelspecError, match="there is no kernelspec nothing in"):
        uninstall("nothing", folder)


# what is found


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("{", "kernel.json is malformed"),
        ("[]", "kernel.json is malformed: not an object"),
        (b"\xff", "kernel.json is malformed"),
    ],
)
def test_a_kernelspec_that_can_not_be_read_is_recorded(
    folder: Path, text: str | bytes, trouble: str
) -> None:
    (folder / "odd").mkdir(parents=True)
    (folder / "odd" / "kernel.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    (one,) = find_all([folder / "not there", folder])
    assert one.trouble.startswith(trouble)
    assert (one.name, one.language, one.argv, one.installed) == ("odd", "", [], {})


@pytest.mark.parametrize(
    ("argv", "language"),
    [
        (["python", "-P", "-m", "polykernel", "run", "calc", "-f", "x"], "calc"),
        (["/env/bin/polykernel", "run", "calc"], "calc"),
        (["python", "-m", "polykernel", "run"], ""),
        (["python", "-m", "polykernel", "list", "calc"], ""),
        (["python", 3], ""),
        ("polykernel run calc", ""),
        (None, ""),
    ],
)
def test_polykernels_kernelspecs_are_known_by_what_they_start(argv: Any, language: str) -> None:
    spec = kernelspecs.Kernelspec("x", Path("/x"), {"argv": argv})
    assert spec.language == language


def test_a_prefix_is_a_folder_that_may_be_relative_or_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    end = "share/jupyter/kernels"
    assert kernelspecs.kernels_folder(prefix="a") == tmp_path / "a" / end
    assert kernelspecs.kernels_folder(prefix="~/a") == tmp_path / "home" / "a" / end
    with pytest.raises(KernelspecError, match="prefix is empty"):
        kernelspecs.kernels_folder(prefix="")
