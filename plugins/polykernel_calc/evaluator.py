"""The calculator, as the evaluator process runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from polykernel.evaluator import Bundle, Cell, CellError, Completions, Evaluator
from polykernel_calc import completion, topics
from polykernel_calc.errors import CalcError
from polykernel_calc.formatting import described, described_latex
from polykernel_calc.interpreter import Frame, Interpreter
from polykernel_calc.limits import Limits, deep_stack
from polykernel_calc.nodes import Assign, Define, Help, Statement, Variables
from polykernel_calc.parser import parse, parse_expression
from polykernel_calc.session import Session
from polykernel_calc.typeset import typeset, typeset_name

if TYPE_CHECKING:
    from polykernel_calc.values import Value

_INDENT = "  "
_LONGEST_ECHO = 100  # characters of a statement before its value
_LONGEST_TYPESET = 300  # characters of a definition that is typeset


class _Shown(NamedTuple):
    """What a statement shows: as a cell's result, and on a line of its own before it."""

    bundle: Bundle
    line: str


class Calc(Evaluator):
    """A pocket calculator.

    Owns the session: variables, functions and the last result live as long as the kernel.

    Each statement shows its value, unless a ``;`` follows it: the last statement's is the cell's
    result, and the others' are written as they come.

    Attributes:
        limits: What one cell may use.
    """

    implementation = "polykernel_calc 1.0"
    language_version = "1.0"
    limits = Limits()

    def __init__(self) -> None:
        self._session = Session()

    def execute(self, code: str, cell: Cell) -> Bundle | None:
        """Run the statements of a cell.

        Raises:
            CellError: One of them is wrong; those before it have run.
        """
        try:
            with deep_stack():
                return self._run(parse(code), code, cell)
        except CalcError as error:
            raise _cell_error(error) from None

    def _run(self, statements: list[Statement], code: str, cell: Cell) -> Bundle | None:
        interpreter = Interpreter(self._session, self.limits)
        for index, statement in enumerate(statements):
            shown = self._step(interpreter, statement, code)
            if shown is None or statement.hidden:
                continue
            if index == len(statements) - 1:
                return shown.bundle
            cell.write(shown.line + "\n")
        return None

    def _step(self, interpreter: Interpreter, statement: Statement, code: str) -> _Shown | None:
        action = statement.action
        if isinstance(action, Help):
            return self._help(action, code)
        if isinstance(action, Variables):
            text = topics.variables(self._session)
            return _Shown(Bundle({"text/plain": text}), text)
        value = interpreter.run(action, code)
        if isinstance(action, Define):
            return _definition(action)
        if value is None:
            return None
        if isinstance(action, Assign):
            return _assigned(action.name, value)
        return _Shown(_bundle(value), f"{_shorten(statement.text)} → {described(value)}")

    def _help(self, action: Help, code: str) -> _Shown:
        if not action.topic:
            text = topics.overview()
            return _Shown(Bundle({"text/plain": text}), text)
        topic = topics.find(action.topic, self._session)
        if topic is None:
            error = CalcError("NameError", f"there is no help for {action.topic}")
            error.locate(code, action.span, "")
            raise error
        return _Shown(_topic_bundle(topic), topic.plain())

    def evaluate(self, expression: str) -> Bundle:
        """Give the value of one expression; ``ans`` stays as it is.

        Raises:
            CellError: It has none, or it is a statement.
        """
        try:
            with deep_stack():
                node = parse_expression(expression)
                interpreter = Interpreter(self._session, self.limits)
                return _bundle(interpreter.value(node, Frame(expression, "", {})))
        except CalcError as error:
            raise _cell_error(error) from None

    def complete(self, code: str, cursor_pos: int) -> Completions | None:
        """Complete names of variables, functions and constants."""
        word = completion.word_before(code, cursor_pos)
        if word is None:
            return None
        found = completion.matches(code, word, self._session)
        return Completions(list(found), word.start, cursor_pos, list(found.values()))

    def inspect(self, code: str, cursor_pos: int, detail_level: int = 0) -> Bundle | None:
        """Give help on the name or operator at the cursor, or on the call around it."""
        topic = completion.topic_at(code, cursor_pos, self._session)
        return None if topic is None else _topic_bundle(topic)

    def is_complete(self, code: str) -> str | tuple[str, str]:
        """Say whether a bracket is open, or an operator waits for what follows."""
        try:
            with deep_stack():
                parse(code)
        except CalcError as error:
            if not error.incomplete:
                return "invalid"
            return "incomplete", _INDENT if _open_brackets(code) else ""
        return "complete"


def _cell_error(error: CalcError) -> CellError:
    return CellError(error.message, ename=error.ename, traceback=error.traceback())


def _open_brackets(code: str) -> bool:
    bare = [line.partition("#")[0] for line in code.split("\n")]
    return sum(line.count("(") + line.count("[") for line in bare) > sum(
        line.count(")") + line.count("]") for line in bare
    )


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST_ECHO else f"{text[:_LONGEST_ECHO]}…"


def _bundle(value: Value, name: str = "") -> Bundle:
    before = f"{name} = " if name else ""
    data = {"text/plain": before + described(value)}
    text = described_latex(value)
    if text is not None:
        before = f"{typeset_name(name)} = " if name else ""
        data["text/latex"] = f"${before}{text}$"
    return Bundle(data)


def _assigned(name: str, value: Value) -> _Shown:
    bundle = _bundle(value, name)
    return _Shown(bundle, bundle.data["text/plain"])


def _definition(action: Define) -> _Shown:
    data = {"text/plain": action.text}
    if len(action.text) <= _LONGEST_TYPESET:
        parameters = ", ".join(typeset_name(each) for each in action.parameters)
        head = rf"{typeset_name(action.name)}\left({parameters}\right)"
        data["text/latex"] = f"${head} = {typeset(action.body)}$"
    return _Shown(Bundle(data), action.text)


def _topic_bundle(topic: topics.Topic) -> Bundle:
    return Bundle({"text/plain": topic.plain(), "text/markdown": topic.markdown()})
