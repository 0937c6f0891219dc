"""The parts of the language Python that need no kernel: texts, hints, compiling, import hooks."""

from __future__ import annotations

import importlib.util
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
from polykernel_python.cells import Compiler
from polykernel_python.hints import foreign_syntax, hint_for
from polykernel_python.imports import PostImport
from polykernel_python.text import text_of
from polykernel_python.workers import change_context

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# texts


@pytest.mark.parametrize(
    "value", [1, "a", None, [], (1,), {"a": 1}, {1}, frozenset({1}), [[]], b"x", [1, "b", (2.0,)]]
)
def test_short_values_are_shown_as_python_shows_them(value: object) -> None:
    assert text_of(value) == repr(value)


@pytest.mark.parametrize(
    "value",
    [
        list(range(60)),
        {"key": list(range(60)), "other": ({"x": "y" * 70},)},
        {str(i) for i in range(60)},
        [("word " * 30, 1)],
    ],
)
def test_wide_containers_are_laid_out_and_still_read_the_same(value: object) -> None:
    text = text_of(value)
    assert "\n" in text
    assert eval(text) == value


def test_long_containers_are_cut() -> None:
    assert text_of(list(range(5000))).endswith("998,\n 999,\n ...]")
    assert len(text_of([list(range(900)) for _ in range(900)])) < 500_000


def test_a_container_that_holds_itself_is_shown() -> None:
    value: list[Any] = ["x" * 90]
    value.append(value)
    assert text_of(value) == f"['{'x' * 90}',\n [...]]"


# hints for those who come from IPython


def told(code: str, line: int = 1) -> str | None:
    def parses(text: str) -> bool:
        try:
            compile(text, "<test>", "exec")
        except SyntaxError:
            return False
        return True

    found = foreign_syntax(code, line, parses)
    return None if found is None else found[1]


@pytest.mark.parametrize(
    ("code", "instead"),
    [
        ("!ls -l", 'subprocess.run("ls -l", shell=True)'),
        ("files = !ls", 'subprocess.run("ls", shell=True)'),
        ("%matplotlib inline", "not needed"),
        ("%timeit f()", "timeit.timeit("),
        ("t = %time f()", "time.perf_counter()"),
        ("%pip install numpy", '[sys.executable, "-m", "pip", "install", "numpy"]'),
        ("!pip install -q numpy", '"-m", "pip", "install", "-q", "numpy"])'),
        ("%cd folder", "os.chdir("),
        ("%%bash\necho 'a", 'subprocess.run("echo \'a", shell=True)'),
        ("%%writefile x.txt\ntext", ".write_text("),
        ("%unheard_of", "write it in Python"),
        ("print?", "help(print)"),
        ("?print", "help(print)"),
        ("os.path??", "help(os.path)"),
    ],
)
def test_what_ipython_alone_understands_is_told_with_what_to_write(code: str, instead: str) -> None:
    sentence = told(code)
    assert sentence is not None
    assert instead in sentence
    assert "plain Python" in sentence


def test_the_line_of_the_magic_is_told_wherever_the_parser_stumbled() -> None:
    assert foreign_syntax("x = 1\n!ls '\ny = 2", 3, lambda text: "!" not in text) == (
        2,
        (
            "`!ls '` is IPython's way to run a command, and this is plain Python; write: "
            'import subprocess; subprocess.run("ls \'", shell=True)'
        ),
    )


@pytest.mark.parametrize("code", ["a b", "x = = 1", "f(a, % b)", "print 'what?'", "x ! y"])
def test_other_mistakes_are_not_taken_for_magics(code: str) -> None:
    assert told(code) is None


def test_those_without_ipython_are_told_what_there_is() -> None:
    hint = hint_for(ModuleNotFoundError("No module named 'IPython'", name="IPython"))
    assert hint is not None
    assert "display() is there without it" in hint
    assert hint_for(ModuleNotFoundError("No module named 'numpy'", name="numpy")) is None


# compiling


def run(compiler: Compiler, code: str) -> object:
    namespace: dict[str, Any] = {}
    cell = compiler.compile(code, "<test>")
    if cell.body is not None:
        exec(cell.body, namespace)
    return eval(cell.expression, namespace) if cell.expression is not None else None


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("1 + 1", 2),
        ("x = 2\nx", 2),
        ("x = 2; x", 2),
        ("(1,\n 2)", (1, 2)),
        ("';'", ";"),
        ("1 # ;", 1),
        ("1;", None),
        ("1;\r\n# hidden\r\n", None),
        ("1; \f", None),
        ("'''a\n;'''", "a\n;"),
        ("1 if ';' else 2", 1),
        ("1 ; # hidden", None),
        ("(1\n); # hidden", None),
        ("1; 2;", None),
        ("x = 1", None),
        ("", None),
        ("# only a remark", None),
        ("if True:\n    5", None),
    ],
)
def test_the_last_expression_is_the_value_unless_a_semicolon_hides_it(
    code: str, value: object
) -> None:
    assert run(Compiler(), code) == value


def test_future_imports_last_for_later_cells() -> None:
    compiler = Compiler()
    compiler.compile("from __future__ import annotations", "<test>")
    assert run(compiler, "def f(x: undefined): pass\nf.__annotations__") == {"x": "undefined"}


def test_the_compilers_own_future_imports_do_not_leak_into_cells() -> None:
    assert run(Compiler(), "def f(x: 1 + 1): pass\nf.__annotations__") == {"x": 2}


def test_cells_that_await_are_told_from_those_that_do_not() -> None:
    compiler = Compiler()
    assert compiler.compile("await x", "<test>").awaits
    assert compiler.compile("async with a: pass\n1", "<test>").awaits
    assert not compiler.compile("async def f(): await x", "<test>").awaits


# import hooks


@pytest.fixture
def imports(monkeypatch: pytest.MonkeyPatch) -> PostImport:
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    found = PostImport()
    found.install()
    return found


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(name: str, text: str) -> str:
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
        monkeypatch.delitem(sys.modules, name, raising=False)
        return name

    return write


def test_a_hook_runs_after_its_module_and_before_the_importer_goes_on(
    imports: PostImport, module: Callable[[str, str], str]
) -> None:
    name = module("hooked_module", "value = 'original'")
    imports.when(name, lambda found: setattr(found, "value", found.value + ", changed"))
    namespace: dict[str, Any] = {}
    exec(f"from {name} import value", namespace)
    assert namespace["value"] == "original, changed"


def test_a_hooked_module_keeps_its_own_loader(
    imports: PostImport, module: Callable[[str, str], str]
) -> None:
    name = module("loaded_module", "def f(): return 'source'")
    imports.when(name, lambda found: None)
    found: Any = __import__(name)
    assert "source" in found.__loader__.get_source(name)
    assert found.__spec__.loader is found.__loader__
    assert type(found.__loader__).__name__ == "SourceFileLoader"


def test_a_hook_for_a_module_that_is_there_runs_at_once(imports: PostImport) -> None:
    seen: list[object] = []
    imports.when("sys", seen.append)
    assert seen == [sys]


def test_what_a_hook_can_not_change_is_imported_nevertheless(
    imports: PostImport,
    module: Callable[[str, str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = module("another_module", "value = 1")
    imports.when(name, lambda found: setattr(found, "value", found.missing))
    assert __import__(name).value == 1
    imports.when(name, lambda found: setattr(found, "value", found.missing))
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert all(f"{name}.py" in each and "missing" in each for each in told)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, TimeoutError])
def test_an_import_whose_hook_is_interrupted_is_tried_anew(
    imports: PostImport, module: Callable[[str, str], str], error: type[BaseException]
) -> None:
    troubles = [error()]

    def change(found: Any) -> None:
        if troubles:
            raise troubles.pop()
        found.value = 2

    name = module("interrupted_module", "value = 1")
    imports.when(name, change)
    with pytest.raises(error):
        __import__(name)
    assert __import__(name).value == 2


def test_a_module_that_is_missing_is_still_missing(imports: PostImport) -> None:
    imports.when("no_such_module_anywhere", lambda found: None)
    with pytest.raises(ModuleNotFoundError):
        __import__("no_such_module_anywhere")


# workers


@pytest.mark.skipif(sys.platform == "darwin", reason="forks are not safe there")
def test_workers_are_forks_where_python_would_start_them_afresh() -> None:
    import multiprocessing.context as original

    spec = importlib.util.spec_from_file_location("multiprocessing.context_copy", original.__file__)
    assert spec is not None
    assert spec.loader is not None
    context: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(context)
    context._default_context = context.DefaultContext(context._concrete_contexts["forkserver"])
    change_context(context)
    assert context._default_context.get_start_method() == "fork"
    context._default_context = context.DefaultContext(context._concrete_contexts["spawn"])
    change_context(context)
    assert context._default_context.get_start_method() == "spawn"


def test_a_parser_that_another_thread_disturbs_parses_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = iter([SystemError("AST constructor recursion depth mismatch (before=33, after=79)")])

    def disturbed(*arguments: Any, **options: Any) -> Any:
        for error in calls:
            raise error
        return compile(*arguments, **options)

    monkeypatch.setattr("polykernel_python.cells.compile", disturbed, raising=False)
    assert Compiler().compile("6 * 7", "<cell>").expression is not None
    assert next(calls, None) is None, "it was not disturbed"
