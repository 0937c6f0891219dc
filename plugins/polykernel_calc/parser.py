"""From text to statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polykernel_calc.cursor import Cursor
from polykernel_calc.expressions import ExpressionParser
from polykernel_calc.nodes import (
    Action,
    Assign,
    Comparison,
    Define,
    Delete,
    Evaluate,
    Help,
    Name,
    Node,
    Statement,
    Variables,
)

if TYPE_CHECKING:
    from polykernel_calc.lexer import Token


def parse(source: str) -> list[Statement]:
    """Parse a cell.

    Raises:
        CalcError: It is no code; ``incomplete`` where more text could mend it.
    """
    return _StatementParser(source).program()


def parse_expression(source: str) -> Node:
    """Parse one expression.

    Raises:
        CalcError: The text is something else.
    """
    return _StatementParser(source).single_expression()


class _StatementParser:
    """Reads the statements of one text."""

    def __init__(self, source: str) -> None:
        self._cursor = Cursor(source)
        self._expressions = ExpressionParser(self._cursor)

    def program(self) -> list[Statement]:
        statements: list[Statement] = []
        while True:
            while self._cursor.token.kind == "newline" or self._cursor.at(";"):
                self._cursor.advance()
            if self._cursor.at_end:
                return statements
            begin = self._cursor.token.span[0]
            action = self._action()
            text = self._cursor.text_from(begin)
            if not (self._cursor.token.kind in ("newline", "end") or self._cursor.at(";")):
                raise self._cursor.misplaced()
            statements.append(Statement(action, text, self._cursor.at(";")))

    def single_expression(self) -> Node:
        self._cursor.skip_newlines()
        node = self._expressions.expression()
        self._cursor.skip_newlines()
        if not self._cursor.at_end:
            raise self._cursor.misplaced()
        return node

    def _action(self) -> Action:
        if self._cursor.take("del"):
            return self._delete()
        if self._cursor.at("help"):
            return self._help()
        if self._cursor.take("vars"):
            return Variables()
        if self._cursor.token.kind == "name" and self._cursor.ahead(1).text == "=":
            return self._assign()
        parameters = self._parameters_ahead()
        if parameters is not None:
            return self._define(parameters)
        return Evaluate(self._expressions.expression())

    def _assign(self) -> Assign:
        name = self._cursor.advance()
        self._cursor.advance()
        self._cursor.skip_newlines()
        value = self._expressions.expression()
        if isinstance(value, Comparison) and any(sign == "=" for sign, _ in value.rest):
            raise self._cursor.error(
                "one = too many: assign once in a statement, and compare with ==", value.span
            )
        return Assign(name.text, value, name.span)

    def _parameters_ahead(self) -> list[Token] | None:
        """Find the parameters, where what stands here is ``f(x, y) =``."""
        if self._cursor.token.kind != "name" or self._cursor.ahead(1).text != "(":
            return None
        place = 2
        parameters: list[Token] = []
        while self._cursor.ahead(place).kind == "name":
            parameters.append(self._cursor.ahead(place))
            more = self._cursor.ahead(place + 1).text == ","
            place += 2 if more else 1
            if more and self._cursor.ahead(place).kind != "name":
                return None
            if not more:
                break
        closed = self._cursor.ahead(place).text == ")"
        return parameters if closed and self._cursor.ahead(place + 1).text == "=" else None

    def _define(self, parameters: list[Token]) -> Define:
        name = self._cursor.token
        seen = set()
        for token in parameters:
            if token.text in seen:
                raise self._cursor.error(f"the parameter {token.text} is there twice", token.span)
            seen.add(token.text)
        while not self._cursor.take("="):
            self._cursor.advance()
        self._cursor.skip_newlines()
        body = self._expressions.expression()
        text = self._cursor.text_from(name.span[0])
        return Define(name.text, tuple(each.text for each in parameters), body, text, name.span)

    def _delete(self) -> Delete:
        names: list[Name] = []
        while True:
            if self._cursor.token.kind != "name":
                raise self._cursor.error(
                    "del needs the names of variables or functions: del x, y",
                    incomplete=self._cursor.at_end,
                )
            token = self._cursor.advance()
            names.append(Name(token.text, token.span))
            if not self._cursor.take(","):
                return Delete(tuple(names))

    def _help(self) -> Help:
        span = self._cursor.advance().span
        bracket = self._cursor.take("(")
        topic = self._cursor.token
        if topic.kind in ("newline", "end") or topic.text == ";" or (bracket and topic.text == ")"):
            text = ""
        else:
            text, span = topic.text, topic.span
            self._cursor.advance()
        if bracket and not self._cursor.take(")"):
            raise self._cursor.error(
                "help takes one name: help(sqrt)", incomplete=self._cursor.at_end
            )
        return Help(text, span)
