"""The texts behind ``help(...)`` and the inspector: functions, constants, operators, names."""

from __future__ import annotations

from typing import Iterable, NamedTuple, Sequence

from polykernel_calc.formatting import described
from polykernel_calc.registry import CONSTANTS, FUNCTIONS, Example
from polykernel_calc.session import Session, UserFunction
from polykernel_calc.values import Value, kind


class Topic(NamedTuple):
    """What there is to say about one thing.

    Attributes:
        title: How it is written.
        text: What it does.
        examples: Code, and the plain text that it gives.
    """

    title: str
    text: str
    examples: Sequence[Example]

    def plain(self) -> str:
        """Give the topic as plain text."""
        lines = [self.title, "", self.text]
        if self.examples:
            width = max(len(code) for code, _ in self.examples)
            lines += ["", "Examples:"]
            lines += [f"    {code:{width}}  →  {result}" for code, result in self.examples]
        return "\n".join(lines)

    def markdown(self) -> str:
        """Give the topic in Markdown."""
        lines = [f"**`{self.title}`**", "", self.text.replace("*", r"\*")]
        if self.examples:
            width = max(len(code) for code, _ in self.examples)
            lines += ["", "```text"]
            lines += [f"{code:{width}}  →  {result}" for code, result in self.examples]
            lines.append("```")
        return "\n".join(lines)


OPERATORS: dict[str, Topic] = {
    "+": Topic(
        "a + b",
        "The sum. A percentage added to a number is that share of the number.",
        [("1/3 + 1/6", "1/2 = 0.5"), ("200 + 10%", "220")],
    ),
    "-": Topic(
        "a - b",
        "The difference; or, before a single number, its negative, which binds less than ^.",
        [("200 - 25%", "150"), ("-2^2", "-4")],
    ),
    "*": Topic(
        "a * b",
        "The product. It need not be written after a number or a bracket: 2pi, 2(3 + 4), 3x.",
        [("6 * 7", "42"), ("2(3 + 4)", "14"), ("[1, 2, 3] * 2", "[2, 4, 6]")],
    ),
    "/": Topic(
        "a / b",
        "The quotient: an exact fraction, where both are exact.",
        [("6/4", "3/2 = 1.5"), ("1.5/2", "0.75")],
    ),
    "//": Topic(
        "a // b",
        "The quotient without its fractional part, rounded down.",
        [("17 // 5", "3"), ("-7 // 2", "-4")],
    ),
    "mod": Topic(
        "a mod b",
        "The remainder of a // b; it has the sign of b.",
        [("17 mod 5", "2"), ("-7 mod 3", "2"), ("1 mod 0.1", "0")],
    ),
    "%": Topic(
        "p%",
        "Per cent: p/100. After + and - it is that share of what stands before; "
        "for the remainder there is mod.",
        [("50%", "1/2 = 0.5"), ("200 + 10%", "220"), ("20% of 80", "16")],
    ),
    "of": Topic("a of b", "The product, for shares.", [("20% of 80", "16"), ("3/4 of 12", "9")]),
    "^": Topic(
        "a ^ b",
        "a to the power b, also written a ** b or a². It groups from the right, and binds more "
        "than a sign before it.",
        [("2^10", "1024"), ("2^3^2", "512"), ("8^(2/3)", "4"), ("4^-1", "1/4 = 0.25")],
    ),
    "√": Topic("√x", "The square root.", [("√16", "4"), ("√(3² + 4²)", "5")]),
    "!": Topic(
        "n!",
        "The factorial: the product of the integers from 1 to n. To compare one, write 5! = 120.",
        [("5!", "120"), ("5! = 120", "true")],
    ),
    "!!": Topic("n!!", "The double factorial: n(n - 2)(n - 4)...", [("7!!", "105")]),
    "°": Topic("a°", "An angle in degrees: a pi/180.", [("sin(30°)", "0.5")]),
    "=": Topic(
        "x = 3",
        "After a name at the begin of a statement: the name gets the value. After f(x): the "
        "function is defined. Everywhere else it compares, as == does.",
        [("x = 3; 2x", "6"), ("f(x, y) = x^2 + y; f(3, 1)", "10"), ("2 + 2 = 4", "true")],
    ),
    "==": Topic("a == b", "Whether both are equal.", [("0.1 + 0.2 == 0.3", "true")]),
    "!=": Topic("a != b", "Whether they differ.", [("1/2 != 0.5", "false")]),
    "<": Topic("a < b", "Whether a is smaller. Comparisons chain.", [("1 < 2 < 3", "true")]),
    "<=": Topic("a <= b", "Whether a is not larger.", [("2 <= 2", "true")]),
    ">": Topic("a > b", "Whether a is larger.", [("1/3 > 0.33", "true")]),
    ">=": Topic("a >= b", "Whether a is not smaller.", [("2 >= 3", "false")]),
    "and": Topic("a and b", "Whether both are true.", [("1 < 2 and 2 < 1", "false")]),
    "or": Topic("a or b", "Whether one of them is true.", [("1 < 2 or 2 < 1", "true")]),
    "not": Topic("not a", "Whether it is false.", [("not 1 > 2", "true")]),
    "true": Topic("true", "What a comparison gives that holds.", [("1 < 2", "true")]),
    "false": Topic("false", "What a comparison gives that does not hold.", [("2 < 1", "false")]),
    "[": Topic(
        "[a, b, c]",
        "A list of numbers. Operators work on each number of it.",
        [("[1, 2] + [10, 20]", "[11, 22]"), ("mean([1, 2, 3])", "2")],
    ),
    ";": Topic(
        ";",
        "Separates statements, and hides the value of the one before it.",
        [("a = 2; b = 3; a*b", "6")],
    ),
    "#": Topic("# comment", "The rest of the line is left alone.", [("1 + 1  # two", "2")]),
    "ans": Topic("ans", "The last result.", [("6*7; ans + 1", "43")]),
    "del": Topic(
        "del x, y", "Forgets variables and functions.", [("pi = 3; del pi; pi > 3", "true")]
    ),
    "vars": Topic("vars", "Lists your variables and functions.", []),
    "help": Topic("help(name)", "Shows help; help alone shows an overview.", []),
}
OPERATORS["**"] = OPERATORS["^"]

OVERVIEW = """\
A calculator: exact integers and fractions, decimals, complex numbers.

    1/3 + 1/6               fractions stay exact
    0.1 + 0.2               decimals mean what they say
    200 + 10%               per cent, as on a pocket calculator; the remainder is 17 mod 5
    sqrt(-4)                complex numbers: 2i
    2pi, 3(4 + 5)           the * need not be written; in a/2b brackets are needed
    x = 3                   a variable; ans is the last result
    f(x, y) = x^2 + y       a function of your own; if(x > 0, x, -x) decides
    sum(k, 1, 10, k^2)      sums and products over a range
    approx(pi, 50)          as many digits as you like
    2 < 3 and 5! = 120      comparisons
    1 + 1;                  each statement shows its value, unless a ; hides it
    # ...                   a comment

vars lists your variables, del x forgets one, help(sqrt) explains a function."""


def overview() -> str:
    """Give the text of ``help`` alone: the language, and the names of all there is."""
    return "\n\n".join(
        [OVERVIEW, _wrapped("Functions", FUNCTIONS), _wrapped("Constants", CONSTANTS)]
    )


def _wrapped(title: str, names: Iterable[str]) -> str:
    import textwrap

    words = ", ".join(sorted(names, key=str.lower))
    return textwrap.fill(f"{title}: {words}", 88, subsequent_indent="    ", break_long_words=False)


def find(name: str, session: Session) -> Topic | None:
    """Find what there is to say about a name or operator; the user's own names come first."""
    own = session.names.get(name)
    if isinstance(own, UserFunction):
        return Topic(own.signature, f"Your function: {own.text}", [])
    if own is not None:
        return _value_topic(name, own, "Your variable")
    if name == "ans" and session.ans is not None:
        return _value_topic(name, session.ans, "The last result")
    if name in FUNCTIONS:
        function = FUNCTIONS[name]
        return Topic(function.signature, function.text, function.examples)
    if name in CONSTANTS:
        found = CONSTANTS[name]
        return Topic(found.name, found.text, found.examples)
    return OPERATORS.get(name)


def _value_topic(name: str, value: Value, what: str) -> Topic:
    return Topic(name, f"{what}, {kind(value)}: {described(value)}", [])


def variables(session: Session) -> str:
    """Give the text of ``vars``."""
    if not session.names:
        return "There are no variables yet. Make one: x = 3"
    lines: list[str] = []
    for name, value in session.names.items():
        if isinstance(value, UserFunction):
            lines.append(value.text)
        else:
            lines.append(f"{name} = {described(value)}")
    return "\n".join(lines)
