"""From tokens to statements, by precedence climbing.

From loosest to tightest: ``or``; ``and``; ``not``; comparison; ``+ -``; ``* / // mod of`` and
multiplication that is not written; signs; ``^``; what follows its operand: ``! !! % °``.
"""

from __future__ import annotations

from polykernel_calc.errors import CalcError, Place, Span, syntax_error
from polykernel_calc.lexer import Token, tokenize
from polykernel_calc.limits import MAX_ITEMS, MAX_NESTING, MAX_POSTFIX
from polykernel_calc.nodes import (
    Action,
    Assign,
    Binary,
    Call,
    Comparison,
    Define,
    Delete,
    Evaluate,
    Help,
    Items,
    Literal,
    Logic,
    Name,
    Node,
    Postfix,
    Prefix,
    Statement,
    Variables,
)

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
INFIX_WORDS = ("and", "or", "mod", "of")


def parse(source: str) -> list[Statement]:
    """Parse a cell.

    Raises:
        CalcError: It is no code; ``incomplete`` where more text could mend it.
    """
    return _Parser(source).program()


def parse_expression(source: str) -> Node:
    """Parse one expression.

    Raises:
        CalcError: The text is something else.
    """
    return _Parser(source).single_expression()


class _Parser:
    """Owns the position in the tokens of one text."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = tokenize(source)
        self._index = 0
        self._nesting = 0

    # the tokens

    @property
    def _token(self) -> Token:
        return self._tokens[self._index]

    @property
    def _previous(self) -> Token:
        return self._tokens[self._index - 1]

    def _advance(self) -> Token:
        token = self._token
        if token.kind != "end":
            self._index += 1
        return token

    def _at(self, *texts: str) -> bool:
        return self._token.kind in ("sign", "keyword") and self._token.text in texts

    def _take(self, text: str) -> bool:
        if self._at(text):
            self._index += 1
            return True
        return False

    def _skip_newlines(self) -> None:
        while self._token.kind == "newline":
            self._index += 1

    def _error(self, message: str, span: Span | None = None, incomplete: bool = False) -> CalcError:
        return syntax_error(message, self._source, span or self._token.span, incomplete)

    def _text_from(self, begin: int) -> str:
        """Give the text from there to here on one line, without comments."""
        lines = self._source[begin : self._previous.span[1]].split("\n")
        return " ".join(" ".join(line.partition("#")[0] for line in lines).split())

    # statements

    def program(self) -> list[Statement]:
        statements: list[Statement] = []
        while True:
            while self._token.kind == "newline" or self._at(";"):
                self._index += 1
            if self._token.kind == "end":
                return statements
            begin = self._token.span[0]
            action = self._action()
            text = self._text_from(begin)
            if not (self._token.kind in ("newline", "end") or self._at(";")):
                raise self._misplaced()
            statements.append(Statement(action, text, self._at(";")))

    def single_expression(self) -> Node:
        self._skip_newlines()
        node = self._expression()
        self._skip_newlines()
        if self._token.kind != "end":
            raise self._misplaced()
        return node

    def _action(self) -> Action:
        if self._take("del"):
            return self._delete()
        if self._at("help"):
            return self._help()
        if self._take("vars"):
            return Variables()
        following = self._tokens[self._index + 1] if self._token.kind == "name" else None
        if following is not None and following.text == "=" and following.kind == "sign":
            return self._assign()
        parameters = self._parameters_ahead()
        if parameters is not None:
            return self._define(parameters)
        return Evaluate(self._expression())

    def _assign(self) -> Assign:
        name = self._advance().text
        self._advance()
        self._skip_newlines()
        value = self._expression()
        if isinstance(value, Comparison) and any(sign == "=" for sign, _ in value.rest):
            raise self._error(
                "one = too many: assign once in a statement, and compare with ==", value.span
            )
        return Assign(name, value)

    def _parameters_ahead(self) -> list[Token] | None:
        """Find the parameters, where what stands here is ``f(x, y) =``."""
        index = self._index
        tokens = self._tokens
        if tokens[index].kind != "name" or tokens[index + 1].text != "(":
            return None
        index += 2
        parameters: list[Token] = []
        while tokens[index].kind == "name":
            parameters.append(tokens[index])
            index += 1
            if tokens[index].text != ",":
                break
            index += 1
        if tokens[index].text == ")" and tokens[index + 1].text == "=":
            return parameters
        return None

    def _define(self, parameters: list[Token]) -> Define:
        begin = self._token.span[0]
        name = self._token.text
        seen = set()
        for token in parameters:
            if token.text in seen:
                raise self._error(f"the parameter {token.text} is there twice", token.span)
            seen.add(token.text)
        # name, brackets, parameters with commas between, =
        self._index += 2 + max(0, 2 * len(parameters) - 1) + 2
        self._skip_newlines()
        body = self._expression()
        text = self._text_from(begin)
        return Define(name, tuple(token.text for token in parameters), body, text)

    def _delete(self) -> Delete:
        names: list[Name] = []
        while True:
            if self._token.kind != "name":
                raise self._error(
                    "del needs the names of variables or functions: del x, y",
                    incomplete=self._token.kind == "end",
                )
            token = self._advance()
            names.append(Name(token.text, token.span))
            if not self._take(","):
                return Delete(tuple(names))

    def _help(self) -> Help:
        span = self._advance().span
        bracket = self._take("(")
        topic = self._token
        if topic.kind in ("newline", "end") or self._at(";") or (bracket and self._at(")")):
            text = ""
        else:
            text, span = topic.text, topic.span
            self._index += 1
        if bracket and not self._take(")"):
            raise self._error(
                "help takes one name: help(sqrt)", incomplete=self._token.kind == "end"
            )
        return Help(text, span)

    def _misplaced(self) -> CalcError:
        token, previous = self._token, self._previous
        if token.text == "=":
            return self._error(
                "only a name or f(x) can stand before =; compare with = inside an expression"
            )
        if token.text in (")", "]"):
            return self._error(f"this {token.text} closes nothing")
        if token.text == ",":
            return self._error("a comma stands between arguments; decimals have a point: 3.14")
        if previous.text == "%":
            return self._error("% means per cent; for the remainder write: 17 mod 5")
        if previous.kind == "name" and token.kind in ("name", "number"):
            return self._error(f"an operator is missing between {previous.text} and {token.text}")
        if token.kind in ("name", "number"):
            return self._error(f"an operator is missing before {token.text}")
        return self._error(f"'{token.text}' cannot stand here")

    # expressions

    def _expression(self, minimum: int = 0) -> Node:
        left = self._prefix(minimum)
        last = ""  # the operator that made `left`, at the level of multiplication
        while True:
            token = self._token
            if self._at(*_POSTFIXES) and minimum <= _POSTFIX:
                left = self._postfix(left)
            elif (token.kind == "superscript" or self._at("^")) and minimum <= _POWER:
                left = self._power(left)
            elif token.kind in ("sign", "keyword") and token.text in _ARITHMETIC:
                if _ARITHMETIC[token.text] < minimum:
                    break
                last = token.text
                left = self._arithmetic(left)
            elif minimum <= _TERM and self._multiplies_silently():
                left = self._silent_product(left, last)
            elif minimum <= _COMPARE and self._at(*COMPARISONS):
                left = self._comparison(left)
            elif self._at("and", "or") and _LOGIC[token.text] >= minimum:
                left = self._logic(left)
            else:
                break
        return left

    def _nested(self, minimum: int = 0) -> Node:
        """Parse an expression inside another; all that can nest goes through here."""
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise CalcError(
                "LimitError",
                f"the expression is nested too deeply (limit: {MAX_NESTING})",
                Place(self._source, self._token.span),
            )
        node = self._expression(minimum)
        self._nesting -= 1
        return node

    def _prefix(self, minimum: int) -> Node:
        token = self._token
        if self._at("-", "+"):
            self._advance()
            self._skip_newlines()
            return Prefix(token.text, self._nested(_SIGN), token.span)
        if self._at("√"):
            self._advance()
            return Prefix(token.text, self._nested(_POWER), token.span)
        if self._at("not") and minimum <= _NOT:
            self._advance()
            self._skip_newlines()
            return Prefix("not", self._nested(_NOT), token.span)
        return self._primary()

    def _primary(self) -> Node:
        token = self._advance()
        if token.kind == "number":
            return Literal(token.value, token.span)
        if token.kind == "name":
            if self._at("("):
                return self._call(token)
            return Name(token.text, token.span)
        if token.text in ("true", "false") and token.kind == "keyword":
            return Literal(token.text == "true", token.span)
        if token.text == "(":
            node = self._nested()
            self._close(token, ")")
            return node
        if token.text == "[":
            return Items(self._arguments(token, "]"), token.span)
        raise self._no_operand(token)

    def _no_operand(self, token: Token) -> CalcError:
        self._index -= token.kind != "end"
        before = self._previous if self._index else None
        if token.kind in ("end", "newline"):
            incomplete = token.kind == "end"
            if before is not None and before.kind in ("sign", "keyword"):
                return self._error(
                    f"something is missing after {before.text}", before.span, incomplete
                )
            return self._error("something is missing here", incomplete=incomplete)
        if token.text == ")" and before is not None and before.text == "(":
            return self._error("the brackets are empty")
        if token.kind == "superscript":
            return self._error("a power needs something before it")
        return self._error(f"a number or name is needed here, not '{token.text}'")

    def _call(self, name: Token) -> Node:
        bracket = self._advance()
        return Call(name.text, self._arguments(bracket, ")"), name.span)

    def _arguments(self, bracket: Token, end: str) -> tuple[Node, ...]:
        arguments: list[Node] = []
        if self._take(end):
            return ()
        while True:
            arguments.append(self._nested())
            if len(arguments) > MAX_ITEMS:
                raise CalcError(
                    "LimitError",
                    f"there are too many numbers in these brackets (limit: {MAX_ITEMS:,})",
                    Place(self._source, bracket.span),
                )
            if not self._take(","):
                self._close(bracket, end)
                return tuple(arguments)

    def _close(self, bracket: Token, end: str) -> None:
        if self._take(end):
            return
        if self._token.kind == "end":
            raise self._error(f"this {bracket.text} is not closed", bracket.span, incomplete=True)
        if self._at(";"):
            raise self._error(f"';' inside {bracket.text}{end}: is a {end} missing?")
        raise self._misplaced()

    def _postfix(self, operand: Node) -> Node:
        token = self._advance()
        count = 1
        while self._tokens[self._index - 1 - count].text in _POSTFIXES:
            count += 1
        if count > MAX_POSTFIX:
            raise CalcError(
                "LimitError",
                f"too many signs follow one operand (limit: {MAX_POSTFIX})",
                Place(self._source, token.span),
            )
        return Postfix(token.text, operand, token.span)

    def _power(self, base: Node) -> Node:
        token = self._advance()
        if token.kind == "superscript":
            return Binary("^", base, Literal(token.value, token.span), token.span)
        self._skip_newlines()
        return Binary("^", base, self._nested(_POWER), token.span)

    def _arithmetic(self, left: Node) -> Node:
        token = self._advance()
        self._skip_newlines()
        right = self._expression(_ARITHMETIC[token.text] + 1)
        return Binary(token.text, left, right, token.span)

    def _multiplies_silently(self) -> bool:
        """Tell whether ``*`` is meant here: ``2pi``, ``2(3 + 4)``, ``(a + b)c``, ``3!x``."""
        token, before = self._token, self._previous
        if not (token.kind == "name" or self._at("(", "√")):
            return False
        if before.kind in ("number", "superscript"):
            return True
        return before.kind == "sign" and before.text in (")", "!", "!!", "°")

    def _silent_product(self, left: Node, last: str) -> Node:
        token = self._token
        if last in _DIVISIONS:
            raise self._error(
                f"does this belong below the {last}, or behind it? Write * and brackets: "
                f"a{_spaced(last)}(2*b) or (a{_spaced(last)}2)*b"
            )
        right = self._expression(_SIGN)
        return Binary("*", left, right, token.span, implicit=True)

    def _comparison(self, first: Node) -> Node:
        span = self._token.span
        rest: list[tuple[str, Node]] = []
        while self._at(*COMPARISONS):
            sign = self._advance().text
            self._skip_newlines()
            rest.append((sign, self._expression(_SUM)))
        return Comparison(first, tuple(rest), span)

    def _logic(self, first: Node) -> Node:
        token = self._token
        operands = [first]
        while self._take(token.text):
            self._skip_newlines()
            operands.append(self._expression(_LOGIC[token.text] + 1))
        return Logic(token.text, tuple(operands), token.span)


def _spaced(operator: str) -> str:
    return f" {operator} " if operator.isalpha() else operator
