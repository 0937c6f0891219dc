"""From text to tokens."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from polykernel_calc.errors import CalcError, Place, Span, syntax_error
from polykernel_calc.limits import MAX_CODE, MAX_DIGITS
from polykernel_calc.values import MAX_EXPONENT, SHOWN, FullDecimal

KEYWORDS = frozenset(["and", "or", "not", "mod", "of", "true", "false", "del", "help", "vars"])

_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
# what is typed or pasted, and what it means
_SIGNS = {
    "**": "^",
    "\N{MULTIPLICATION SIGN}": "*",
    "·": "*",
    "⋅": "*",
    "÷": "/",
    "\N{MINUS SIGN}": "-",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
}
_NAMES = {"π": "pi", "τ": "tau", "φ": "phi", "ϕ": "phi"}
_PASTED = "".join(sign for sign in _SIGNS if len(sign) == 1)

_TOKEN = re.compile(
    rf"""
    (?P<space>[^\S\n]+)
  | (?P<comment>\#[^\n]*)
  | (?P<newline>\n)
  | (?P<based>0[xXbBoO]\w*)
  | (?P<number>(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?)
  | (?P<superscript>⁻?[{_SUPERSCRIPTS}]+)
  | (?P<name>[^\W\d{_SUPERSCRIPTS}][^\W{_SUPERSCRIPTS}]*)
  | (?P<sign>\*\*|//|<=|>=|==|!(?===)|!!|!=|[-+*/^%!=<>()\[\],;°√{_PASTED}])
    """,
    re.VERBOSE,
)
_GROUPED = re.compile(r"[0-9]+(?:_[0-9]+)*\Z")
_BASES = {
    "x": (16, re.compile(r"[0-9a-f]+(?:_[0-9a-f]+)*\Z", re.IGNORECASE), "hexadecimal", "0xff"),
    "b": (2, re.compile(r"[01]+(?:_[01]+)*\Z"), "binary", "0b101"),
    "o": (8, re.compile(r"[0-7]+(?:_[0-7]+)*\Z"), "octal", "0o17"),
}


class Token(NamedTuple):
    """A word of the code.

    Attributes:
        kind: ``number``, ``name``, ``keyword``, ``sign``, ``superscript``, ``newline`` or ``end``.
        text: What it means: signs and names are in their plain spelling.
        span: Where it stands.
        value: Of a number or superscript.
    """

    kind: str
    text: str
    span: Span
    value: int | Decimal = 0


def tokenize(source: str) -> list[Token]:
    """Cut the text into tokens; the last one is the end. Line ends inside brackets are left out.

    Raises:
        CalcError: A character or number that is none, or a text that is too long.
    """
    if len(source) > MAX_CODE:
        raise CalcError(
            "LimitError",
            f"the cell has {len(source):,} characters (limit: {MAX_CODE:,})",
        )
    tokens: list[Token] = []
    depth = 0
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise _unexpected(source, position)
        position = match.end()
        if match.lastgroup in ("space", "comment"):
            continue
        if match.lastgroup == "newline" and depth:
            continue
        token = _token(str(match.lastgroup), match.group(), match.span(), source)
        if token.kind == "sign":
            depth = max(0, depth + (token.text in "([") - (token.text in ")]"))
        tokens.append(token)
    tokens.append(Token("end", "", (len(source), len(source))))
    return tokens


def _token(kind: str, text: str, span: Span, source: str) -> Token:
    if kind == "number":
        return Token("number", text, span, _number(text, span, source))
    if kind == "based":
        return Token("number", text, span, _based(text, span, source))
    if kind == "superscript":
        digits = "".join(str(_SUPERSCRIPTS.index(char)) for char in text.lstrip("⁻"))
        _check_length(digits, span, source)
        value = int(digits)
        return Token("superscript", text, span, -value if text[0] == "⁻" else value)
    if kind == "name":
        if not text.isidentifier():
            raise _unexpected(source, span[0])
        text = _NAMES.get(text, text)
        return Token("keyword" if text in KEYWORDS else "name", text, span)
    return Token(kind, _SIGNS.get(text, text), span)


def _number(text: str, span: Span, source: str) -> int | Decimal:
    mantissa, _, exponent = text.lower().partition("e")
    for digits in mantissa.split("."):
        if digits and not _GROUPED.match(digits):
            raise syntax_error(
                "an underscore in a number stands between digits: 1_000", source, span
            )
    digits = mantissa.replace("_", "")
    _check_length(digits.replace(".", ""), span, source)
    if "." not in text and not exponent:
        return _integer(digits)
    _check_exponent(exponent, span, source)
    try:
        value = Decimal(f"{digits}e{exponent or 0}")
    except InvalidOperation:  # pragma: no cover - the pattern leaves no other form
        raise syntax_error("this is no number", source, span) from None
    if value and abs(value.adjusted()) > MAX_EXPONENT:
        raise _out_of_range(source, span)
    return FullDecimal(value) if len(digits) > SHOWN else value


def _integer(digits: str) -> int:
    # Python refuses to read very long ones at once, against attacks; ours are limited already
    value = 0
    for start in range(0, len(digits), 4_000):
        part = digits[start : start + 4_000]
        value = value * 10 ** len(part) + int(part)
    return value


def _check_exponent(exponent: str, span: Span, source: str) -> None:
    if len(exponent.lstrip("+-0")) > len(str(MAX_EXPONENT)):
        raise _out_of_range(source, span)


def _out_of_range(source: str, span: Span) -> CalcError:
    return CalcError(
        "LimitError",
        f"a decimal lies between 1e-{MAX_EXPONENT} and 1e{MAX_EXPONENT}",
        Place(source, span),
    )


def _based(text: str, span: Span, source: str) -> int:
    base, pattern, name, example = _BASES[text[1].lower()]
    digits = text[2:]
    if not pattern.match(digits):
        raise syntax_error(f"this is no {name} number, such as {example}", source, span)
    digits = digits.replace("_", "")
    _check_length(digits, span, source)
    return int(digits, base)


def _check_length(digits: str, span: Span, source: str) -> None:
    if len(digits) > MAX_DIGITS:
        raise CalcError(
            "LimitError",
            f"the number has {len(digits):,} digits (limit: {MAX_DIGITS:,})",
            Place(source, span),
        )


def _unexpected(source: str, position: int) -> CalcError:
    char = source[position]
    hints = {
        "{": "; group with ( )",
        "}": "; group with ( )",
        "&": "; write and",
        "|": "; write or, or abs(x)",
        '"': "; there is no text in calc",
        "'": "; there is no text in calc",
        "?": "; for help write help(name)",
        "$": "; amounts have no currency",
        ":": "; assign with =",
        "≈": "; compare with =",
    }
    return syntax_error(
        f"{_quoted(char)} means nothing here{hints.get(char, '')}", source, (position, position + 1)
    )


def _quoted(char: str) -> str:
    return f"'{char}'" if char.isprintable() else f"the character U+{ord(char):04X}"
