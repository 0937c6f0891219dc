"""What each command of ``polykernel`` does and prints."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polykernel.cli_start import refuse_windows, start_host
from polykernel.errors import EvaluatorStartError, PolykernelError
from polykernel.limits import OPTIONS

if TYPE_CHECKING:
    from argparse import Namespace

    from polykernel.kernelspec_content import Variant
    from polykernel.kernelspecs import Kernelspec
    from polykernel.plugins import BrokenPlugin, FoundLanguage, Outdated


def run_values(arguments: Namespace) -> dict[str, Any]:
    """Give the arguments of ``run`` as :func:`polykernel.cli_start.start_host` takes them.

    Raises:
        PolykernelError: ``--replay`` is asked for without ``--dev``.
    """
    _check_replay(arguments)
    values = {**vars(arguments)}
    del values["command"]
    limits = _limits(arguments)
    for name in OPTIONS:
        del values[name]
    return {**values, "limits": limits} if limits else values


def _check_replay(arguments: Namespace) -> None:
    if arguments.replay and not arguments.dev:
        raise PolykernelError("--replay says what comes after a change: it needs --dev")


def _limits(arguments: Namespace) -> dict[str, str]:
    """Give the limits that were asked for, as they were written."""
    return {name: text for name in OPTIONS if (text := getattr(arguments, name)) is not None}


def run(arguments: Namespace) -> int:
    """Start a kernel."""
    return start_host(**run_values(arguments))


def execute(arguments: Namespace) -> int:
    """Run code without a front end."""
    refuse_windows()
    code = _code(arguments)
    from polykernel import execute_once, interpreters, plugins

    found = plugins.find(arguments.language, arguments.plugin or "")
    python = None if arguments.python is None else interpreters.ask(arguments.python).executable
    # where the code came from standard input, nothing is left of it to answer with
    allow_stdin = arguments.file != "-" and sys.stdin is not None
    return execute_once.main(found, code, python=python, allow_stdin=allow_stdin)


def _code(arguments: Namespace) -> str:
    if arguments.code is not None:
        return str(arguments.code)
    if arguments.file is None:
        raise PolykernelError("say what to run: -c CODE, a FILE, or - for standard input")
    return _source(arguments.file)


def _source(file: str) -> str:
    try:
        data = _standard_input() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise PolykernelError(f"can't read {file}: {error.strerror}") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        name = "standard input" if file == "-" else file
        raise PolykernelError(f"{name} is not UTF-8 text (byte {error.start})") from None


def _standard_input() -> bytes:
    # not sys.stdin, which is None where descriptor 0 is closed
    with open(0, "rb", closefd=False) as file:
        return file.read()


def list_languages(arguments: Namespace) -> int:
    """Show languages, where they are installed, and broken plugins."""
    from polykernel import kernelspecs, plugins

    all_plugins = plugins.load_all()
    installed = kernelspecs.find_all(kernelspecs.jupyter_folders())
    languages = [_described(found, installed) for found in all_plugins.languages]
    broken = [_described_broken(plugin) for plugin in all_plugins.broken]
    outdated = [_described_outdated(plugin) for plugin in all_plugins.outdated]
    if arguments.json:
        everything = {"languages": languages, "broken": broken, "outdated": outdated}
        print(json.dumps(everything, indent=2))
        return 0
    for language in languages:
        print(f"{language['name']}: {language['display_name']} {language['version']}".rstrip())
        print(f"    plugin      {language['plugin']} {language['plugin_version']}")
        print(f"    runtime     {language['trouble'] or 'there'}")
        none = f"none; 'polykernel install {language['name']}' writes one"
        for directory in language["kernelspecs"] or [none]:
            print(f"    kernelspec  {directory}")
    if broken:
        print("\nplugins that can't be loaded ('polykernel list --json' has the tracebacks):")
    for plugin in broken:
        name = f"{plugin['plugin']} {plugin['plugin_version']}".strip()
        print(f"{plugin['entry_point'] or plugin['module']}: {name}\n    {plugin['reason']}")
        if plugin["place"]:
            print(f"    {plugin['place']}")
    if outdated:
        print("\nplugins that a later polykernel may not load:")
    for old in all_plugins.outdated:
        print(old)
    return 0


def _described(found: FoundLanguage, installed: list[Kernelspec]) -> dict[str, Any]:
    language = found.language
    trouble = _trouble(found)
    return {
        "name": language.name,
        "display_name": language.display_name,
        "version": language.version,
        "plugin": found.plugin.distribution,
        "plugin_version": found.plugin.version,
        "module": found.plugin.module,
        "available": not trouble,
        "trouble": trouble,
        "kernelspecs": [
            str(kernelspec.directory)
            for kernelspec in installed
            if kernelspec.language == language.name
        ],
    }


def _trouble(found: FoundLanguage) -> str:
    from polykernel import runtimes

    try:
        return runtimes.trouble(found.language)
    except EvaluatorStartError as error:
        return str(error)


def _described_outdated(outdated: Outdated) -> dict[str, Any]:
    return {
        "entry_point": outdated.plugin.entry_point,
        "module": outdated.plugin.module,
        "plugin": outdated.plugin.distribution,
        "plugin_version": outdated.plugin.version,
        "reason": outdated.reason,
        "file": outdated.file,
        "line": outdated.line,
    }


def _described_broken(broken: BrokenPlugin) -> dict[str, Any]:
    return {
        "entry_point": broken.plugin.entry_point,
        "module": broken.plugin.module,
        "plugin": broken.plugin.distribution,
        "plugin_version": broken.plugin.version,
        "reason": broken.reason,
        "file": broken.file,
        "line": broken.line,
        "place": broken.place,
        "traceback": broken.traceback,
    }


def install(arguments: Namespace) -> int:
    """Write kernelspecs."""
    from polykernel import kernelspecs

    _check_replay(arguments)
    languages = _chosen(arguments)
    variant = _variant(arguments, languages)
    folder = _folder(arguments)
    for found in languages:
        written = kernelspecs.install(found, variant, folder, arguments.kernel_name)
        print(f"{written.content['display_name']}: {written.name} in {written.directory}")
    if folder not in kernelspecs.jupyter_folders():
        print(
            f"Jupyter looks in {folder} if JUPYTER_PATH holds {folder.parent}, "
            "or if it runs in that prefix"
        )
    return 0


def _chosen(arguments: Namespace) -> list[FoundLanguage]:
    from polykernel import plugins

    if arguments.all == bool(arguments.languages):
        raise PolykernelError(
            "say which languages to install, or --all; 'polykernel list' shows them"
        )
    all_plugins = plugins.load_all()
    if arguments.all:
        chosen = [found for found in all_plugins.languages if not _skipped(found)]
    else:
        chosen = [all_plugins.find(name) for name in dict.fromkeys(arguments.languages)]
    if len(chosen) > 1 and (arguments.kernel_name or arguments.display_name):
        raise PolykernelError("--kernel-name and --display-name are for one language at a time")
    return chosen


def _skipped(found: FoundLanguage) -> bool:
    trouble = _trouble(found)
    if trouble:
        print(f"{found.language.name} is left out: {trouble}", file=sys.stderr)
    return bool(trouble)


def _variant(arguments: Namespace, languages: list[FoundLanguage]) -> Variant:
    from polykernel import interpreters
    from polykernel.kernelspec_content import Variant

    python = arguments.python
    debuggers = sorted({found.language.debugger for found in languages} - {""})
    return Variant(
        display_name=arguments.display_name,
        env=dict(_assignment(text) for text in arguments.env),
        limits=_limits(arguments),
        dev=arguments.dev,
        replay=arguments.replay,
        interpreter=None if python is None else interpreters.ask(python, debuggers),
    )


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise PolykernelError(f"--env takes KEY=VALUE, not {text!r}")
    return name, value


def _folder(arguments: Namespace) -> Path:
    from polykernel import kernelspecs

    return kernelspecs.kernels_folder(
        sys_prefix=arguments.sys_prefix, user=arguments.user, prefix=arguments.prefix
    )


def uninstall(arguments: Namespace) -> int:
    """Remove kernelspecs that ``install`` wrote."""
    from polykernel import kernelspecs

    if arguments.all == bool(arguments.names):
        raise PolykernelError("say which kernelspecs to remove, or --all")
    folder = _folder(arguments)
    names = [_kernel_name(name, folder) for name in arguments.names]
    if arguments.all:
        installed = [spec for spec in kernelspecs.find_all([folder]) if spec.installed]
        # what a link leads to was installed elsewhere
        names = [spec.directory.name for spec in installed if not spec.directory.is_symlink()]
    failed = False
    for name in names:
        try:
            removed = kernelspecs.uninstall(name, folder)
        except PolykernelError as error:  # the others can be removed nevertheless
            failed = True
            print(f"polykernel: {error}", file=sys.stderr)
        else:
            _tell_removed(removed, folder)
    if not names:
        print(f"'polykernel install' has written nothing in {folder}")
    return 2 if failed else 0


def _tell_removed(removed: Kernelspec, folder: Path) -> None:
    print(f"removed {removed.name} from {folder}")
    if removed.replaced is not None:
        print("    what its package had put there is back")
    elif removed.directory.exists():
        print(f"    {removed.directory} keeps what 'polykernel install' had not written")


def _kernel_name(name: str, folder: Path) -> str:
    """Take a name for a language's where a kernelspec of its default name is there."""
    from polykernel import kernelspecs

    default = kernelspecs.default_name(name)
    return default if (folder / default).exists() else name


def doctor(arguments: Namespace) -> int:
    """Check all kernelspecs."""
    from polykernel import doctor as checks

    report = checks.examine()
    print(json.dumps(report.as_json(), indent=2) if arguments.json else report.as_text())
    return 1 if report.troubles else 0
