"""From tokens to expressions, by precedence climbing.

From loosest to tightest: ``or``; ``and``; ``not``; comparison; ``+ -``; ``* / // mod of`` and
multiplication that is not written; signs; ``^``; what follows its operand: ``! !! % °``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polykernel_calc.limits import MAX_ITEMS, MAX_NESTING, MAX_POSTFIX
from polykernel_calc.nodes import (
    Binary,
    Call,
    Comparison,
    Items,
    Literal,
    Logic,
    Name,
    Node,
    Postfix,
    Prefix,
)

if TYPE_CHECKING:
    from polykernel_calc.cursor import Cursor
    from polykernel_calc.errors import CalcError
    from polykernel_calc.lexer import Token

COMPARISONS = ("=", "==", "!=", "<", "<=", ">", ">=")
_LOGIC: dict[str, int] = {"or": 1, "and": 2}
_NOT, _COMPARE, _SUM, _TERM, _SIGN, _POWER, _POSTFIX = 3, 4, 5, 6, 7, 8, 9
_ARITHMETIC: dict[str, int] = {
    "+": _SUM,
    "-": _SUM,
    "*": _TERM,
    "/": _TERM,
    "//": _TERM,
    "mod": _TERM,
    "of": _TERM,
}
_DIVISIONS = ("/", "//", "mod")
_POSTFIXES = ("!", "!!", "%", "°")


class ExpressionParser:
    """Reads expressions.

    Owns the count of expressions inside each other.

    Args:
        cursor: Where to read; it stands behind the expression afterwards.
    """

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._nesting = 0

    def expression(self, minimum: int = 0) -> Node:
        """Read an expression.

        Args:
            minimum: How tightly an operator must bind to be part of it.

        Raises:
            CalcError: There is none; ``incomplete`` where more text could mend it.
        """
        left = self._prefix(minimum)
        last = ""  # the operator that made `left`, at the level of multiplication
        while True:
            token = self._cursor.token
            if self._cursor.at(*_POSTFIXES) and minimum <= _POSTFIX:
                left = self._postfix(left)
            elif (token.kind == "superscript" or self._cursor.at("^")) and minimum <= _POWER:
                left = self._power(left)
            elif token.kind in ("sign", "keyword") and token.text in _ARITHMETIC:
                if _ARITHMETIC[token.text] < minimum:
                    break
                last = token.text
                left = self._arithmetic(left)
            elif minimum <= _TERM and self._multiplies_silently():
                left = self._silent_product(left, last)
            elif minimum <= _COMPARE and self._cursor.at(*COMPARISONS):
                left = self._comparison(left)
            elif self._cursor.at("and", "or") and _LOGIC[token.text] >= minimum:
                left = self._logic(left)
            else:
                break
        return left

    def _nested(self, minimum: int = 0) -> Node:
        """Parse an expression inside another; all that can nest goes through here."""
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise self._cursor.limit(f"the expression is nested too deeply (limit: {MAX_NESTING})")
        node = self.expression(minimum)
        self._nesting -= 1
        return node

    def _prefix(self, minimum: int) -> Node:
        token = self._cursor.token
        if self._cursor.at("-", "+"):
            self._cursor.advance()
            self._cursor.skip_newlines()
            return Prefix(token.text, self._nested(_SIGN), token.span)
        if self._cursor.at("√"):
            self._cursor.advance()
            return Prefix(token.text, self._nested(_POWER), token.span)
        if self._cursor.at("not") and minimum <= _NOT:
            self._cursor.advance()
            self._cursor.skip_newlines()
            return Prefix("not", self._nested(_NOT), token.span)
        return self._primary()

    def _primary(self) -> Node:
        token = self._cursor.token
        if token.kind == "number":
            self._cursor.advance()
            return Literal(token.value, token.span)
        if token.kind == "name":
            self._cursor.advance()
            if self._cursor.at("("):
                bracket = self._cursor.advance()
                return Call(token.text, self._arguments(bracket, ")"), token.span)
            return Name(token.text, token.span)
        if self._cursor.at("true", "false"):
            self._cursor.advance()
            return Literal(token.text == "true", token.span)
        if self._cursor.take("("):
            node = self._nested()
            self._close(token, ")")
            return node
        if self._cursor.take("["):
            return Items(self._arguments(token, "]"), token.span)
        raise self._no_operand(token)

    def _no_operand(self, token: Token) -> CalcError:
        before = self._cursor.previous
        if token.kind in ("end", "newline"):
            incomplete = token.kind == "end"
            if before is not None and before.kind in ("sign", "keyword"):
                return self._cursor.error(
                    f"something is missing after {before.text}", before.span, incomplete
                )
            return self._cursor.error("something is missing here", incomplete=incomplete)
        if token.text == ")" and before is not None and before.text == "(":
            return self._cursor.error("the brackets are empty")
        if token.kind == "superscript":
            return self._cursor.error("a power needs something before it")
        return self._cursor.error(f"a number or name is needed here, not '{token.text}'")

    def _arguments(self, bracket: Token, end: str) -> tuple[Node, ...]:
        arguments: list[Node] = []
        if self._cursor.take(end):
            return ()
        while True:
            arguments.append(self._nested())
            if len(arguments) > MAX_ITEMS:
                raise self._cursor.limit(
                    f"there are too many numbers in these brackets (limit: {MAX_ITEMS:,})",
                    bracket.span,
                )
            if not self._cursor.take(","):
                self._close(bracket, end)
                return tuple(arguments)

    def _close(self, bracket: Token, end: str) -> None:
        if self._cursor.take(end):
            return
        if self._cursor.at_end:
            raise self._cursor.error(
                f"this {bracket.text} is not closed", bracket.span, incomplete=True
            )
        if self._cursor.at(";"):
            raise self._cursor.error(f"';' inside {bracket.text}{end}: is a {end} missing?")
        raise self._cursor.misplaced()

    def _postfix(self, operand: Node) -> Node:
        count = 0
        while self._cursor.at(*_POSTFIXES):
            token = self._cursor.advance()
            operand = Postfix(token.text, operand, token.span)
            count += 1
            if count > MAX_POSTFIX:
                raise self._cursor.limit(
                    f"too many signs follow one operand (limit: {MAX_POSTFIX})", token.span
                )
        return operand

    def _power(self, base: Node) -> Node:
        token = self._cursor.advance()
        if token.kind == "superscript":
            return Binary("^", base, Literal(token.value, token.span), token.span)
        self._cursor.skip_newlines()
        return Binary("^", base, self._nested(_POWER), token.span)

    def _arithmetic(self, left: Node) -> Node:
        token = self._cursor.advance()
        self._cursor.skip_newlines()
        right = self.expression(_ARITHMETIC[token.text] + 1)
        return Binary(token.text, left, right, token.span)

    def _multiplies_silently(self) -> bool:
        """Tell whether ``*`` is meant here: ``2pi``, ``2(3 + 4)``, ``(a + b)c``, ``3!x``."""
        token, before = self._cursor.token, self._cursor.previous
        if not (token.kind == "name" or self._cursor.at("(", "√")):
            return False
        if before is None:
            return False
        if before.kind in ("number", "superscript"):
            return True
        return before.kind == "sign" and before.text in (")", "!", "!!", "°")

    def _silent_product(self, left: Node, last: str) -> Node:
        token = self._cursor.token
        if last in _DIVISIONS:
            raise self._cursor.error(
                f"does this belong below the {last}, or behind it? Write * and brackets: "
                f"a{_spaced(last)}(2*b) or (a{_spaced(last)}2)*b"
            )
        right = self.expression(_SIGN)
        return Binary("*", left, right, token.span, implicit=True)

    def _comparison(self, first: Node) -> Node:
        span = self._cursor.token.span
        rest: list[tuple[str, Node]] = []
        while self._cursor.at(*COMPARISONS):
            sign = self._cursor.advance().text
            self._cursor.skip_newlines()
            rest.append((sign, self.expression(_SUM)))
        return Comparison(first, tuple(rest), span)

    def _logic(self, first: Node) -> Node:
        token = self._cursor.token
        operands = [first]
        while self._cursor.take(token.text):
            self._cursor.skip_newlines()
            operands.append(self.expression(_LOGIC[token.text] + 1))
        return Logic(token.text, tuple(operands), token.span)


def _spaced(operator: str) -> str:
    return f" {operator} " if operator.isalpha() else operator
