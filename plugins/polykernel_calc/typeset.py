"""LaTeX of expressions, for the definitions of functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polykernel_calc.formatting import latex
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
from polykernel_calc.registry import CONSTANTS

if TYPE_CHECKING:
    from typing import Callable

_OR, _AND, _NOT, _COMPARE, _SUM, _TERM, _SIGN, _POWER, _POSTFIX, _ATOM = range(10)
_SIGNS: dict[str, tuple[str, int]] = {
    "+": (" + ", _SUM),
    "-": (" - ", _SUM),
    "*": (r" \cdot ", _TERM),
    "of": (r" \cdot ", _TERM),
    "mod": (r" \bmod ", _TERM),
}
_COMPARISONS = {"==": "=", "!=": r"\ne", "<=": r"\le", ">=": r"\ge"}
_POSTFIXES = {"%": r"\%", "°": r"^\circ"}
_KNOWN = {
    "arg",
    "cos",
    "cosh",
    "cot",
    "csc",
    "exp",
    "gcd",
    "ln",
    "log",
    "max",
    "min",
    "sec",
    "sin",
    "sinh",
    "tan",
    "tanh",
}
_WRAPPERS = {
    "sqrt": r"\sqrt{%s}",
    "cbrt": r"\sqrt[3]{%s}",
    "abs": r"\left|%s\right|",
    "floor": r"\left\lfloor %s\right\rfloor",
    "ceil": r"\left\lceil %s\right\rceil",
    "conj": r"\overline{%s}",
    "gamma": r"\Gamma\left(%s\right)",
    "log2": r"\log_{2}\left(%s\right)",
    "log10": r"\log_{10}\left(%s\right)",
}
_GREEK = {
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "theta",
    "lambda",
    "mu",
    "nu",
    "rho",
    "sigma",
    "omega",
}


def typeset(node: Node) -> str:
    """Give an expression in LaTeX, without the dollars."""
    return _typeset(node)[0]


def typeset_name(name: str) -> str:
    """Give a name in LaTeX: one letter in italics, several upright or as the Greek letter."""
    if name in CONSTANTS:
        return CONSTANTS[name].latex
    if name in _GREEK:
        return f"\\{name}"
    return name if len(name) == 1 and name.isalpha() else _upright(name)


def _upright(name: str) -> str:
    escaped = name.replace("_", r"\_")
    return rf"\mathrm{{{escaped}}}"


def _typeset(node: Node) -> tuple[str, int]:
    """Give the LaTeX, and how tightly it binds."""
    if isinstance(node, Literal):
        text = latex(node.value)
        if text is None:
            text = rf"\mathrm{{{str(node.value).lower()}}}"
        return text, _TERM if r"\times" in text else _ATOM
    if isinstance(node, Name):
        return typeset_name(node.name), _ATOM
    if isinstance(node, Prefix):
        return _prefix(node)
    if isinstance(node, Postfix):
        sign = _POSTFIXES.get(node.operator, node.operator)
        return _at_least(node.operand, _POSTFIX) + sign, _POSTFIX
    if isinstance(node, Binary):
        return _binary(node)
    if isinstance(node, Comparison):
        rest = "".join(
            f" {_COMPARISONS.get(sign, sign)} {_at_least(operand, _SUM)}"
            for sign, operand in node.rest
        )
        return _at_least(node.first, _SUM) + rest, _COMPARE
    if isinstance(node, Logic):
        level = _OR if node.operator == "or" else _AND
        joiner = rf"\ \mathrm{{{node.operator}}}\ "
        return joiner.join(_at_least(each, level + 1) for each in node.operands), level
    if isinstance(node, Items):
        return rf"\left[{_list(node.items)}\right]", _ATOM
    return _call(node)


def _at_least(node: Node, level: int) -> str:
    text, own = _typeset(node)
    return text if own >= level else rf"\left({text}\right)"


def _list(nodes: tuple[Node, ...]) -> str:
    return ", ".join(typeset(each) for each in nodes)


def _prefix(node: Prefix) -> tuple[str, int]:
    if node.operator == "√":
        return rf"\sqrt{{{typeset(node.operand)}}}", _ATOM
    if node.operator == "not":
        return rf"\mathrm{{not}}\ {_at_least(node.operand, _NOT)}", _NOT
    return node.operator + _at_least(node.operand, _SIGN), _SIGN


def _binary(node: Binary) -> tuple[str, int]:
    if node.operator == "/":
        return rf"\frac{{{typeset(node.left)}}}{{{typeset(node.right)}}}", _TERM
    if node.operator == "//":
        quotient = rf"\frac{{{typeset(node.left)}}}{{{typeset(node.right)}}}"
        return rf"\left\lfloor {quotient}\right\rfloor", _ATOM
    if node.operator == "^":
        # x^{2}^{3} is an error in LaTeX, so the base must be an atom
        return f"{{{_at_least(node.left, _ATOM)}}}^{{{typeset(node.right)}}}", _POWER
    sign, level = _SIGNS[node.operator]
    right = _at_least(node.right, level + 1)
    if node.implicit and not right[0].isdigit():
        sign = r"\,"
    return f"{_at_least(node.left, level)}{sign}{right}", level


def _call(node: Call) -> tuple[str, int]:
    arguments = node.arguments
    if node.name in _WRAPPERS and len(arguments) == 1:
        return str(_WRAPPERS[node.name] % typeset(arguments[0])), _ATOM
    special = _SPECIAL.get((node.name, len(arguments)))
    if special is not None:
        return special(node)
    name = f"\\{node.name}" if node.name in _KNOWN else typeset_name(node.name)
    return rf"{name}\left({_list(arguments)}\right)", _ATOM


def _choose(node: Call) -> tuple[str, int]:
    n, k = (typeset(each) for each in node.arguments)
    return rf"\binom{{{n}}}{{{k}}}", _ATOM


def _root(node: Call) -> tuple[str, int]:
    x, n = (typeset(each) for each in node.arguments)
    return rf"\sqrt[{n}]{{{x}}}", _ATOM


def _exponential(node: Call) -> tuple[str, int]:
    return rf"\mathrm{{e}}^{{{typeset(node.arguments[0])}}}", _POWER


def _logarithm(node: Call) -> tuple[str, int]:
    x, base = (typeset(each) for each in node.arguments)
    return rf"\log_{{{base}}}\left({x}\right)", _ATOM


def _fold(node: Call) -> tuple[str, int]:
    index, begin, end = (typeset(each) for each in node.arguments[:3])
    sign = r"\sum" if node.name == "sum" else r"\prod"
    term = _at_least(node.arguments[3], _TERM)
    return rf"{sign}_{{{index}={begin}}}^{{{end}}} {term}", _SUM


def _cases(node: Call) -> tuple[str, int]:
    condition, then, otherwise = (typeset(each) for each in node.arguments)
    rows = rf"{then} & \text{{if }} {condition}\\ {otherwise} & \text{{otherwise}}"
    return rf"\begin{{cases}}{rows}\end{{cases}}", _ATOM


_SPECIAL: dict[tuple[str, int], Callable[[Call], tuple[str, int]]] = {
    ("choose", 2): _choose,
    ("nCr", 2): _choose,
    ("binomial", 2): _choose,
    ("root", 2): _root,
    ("exp", 1): _exponential,
    ("log", 2): _logarithm,
    ("sum", 4): _fold,
    ("product", 4): _fold,
    ("if", 3): _cases,
}
