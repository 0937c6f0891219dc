"""Properties of calc on generated numbers and generated code."""

from __future__ import annotations

import re
from decimal import Decimal, localcontext
from fractions import Fraction
from math import factorial, gcd
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from polykernel_calc import arithmetic, parser, roots, topics
from polykernel_calc.errors import CalcError
from polykernel_calc.formatting import described, plain
from polykernel_calc.interpreter import Frame, Interpreter
from polykernel_calc.lexer import tokenize
from polykernel_calc.limits import Limits
from polykernel_calc.registry import CONSTANTS, FUNCTIONS
from polykernel_calc.session import Session
from polykernel_calc.values import SHOWN, BasedInteger, Complex, Value, context
from support.calculator import Calculator

from polykernel.evaluator import Bundle, CellError

unhurried = settings(deadline=None)  # other processes may take the machine
SMALL = Limits(steps=20_000, depth=300)

integers = st.integers(-(10**40), 10**40)
fractions = st.fractions(max_denominator=10**12).filter(lambda value: value.denominator > 1)
exact = st.one_of(integers, fractions)
# as a user writes them, and few enough digits to be exact
decimals = st.decimals(-(10**12), 10**12, places=6)
reals = st.one_of(exact, decimals)
complexes = st.builds(Complex, reals, reals.filter(bool))
numbers = st.one_of(reals, complexes)
values = st.one_of(
    numbers,
    st.booleans(),
    st.lists(numbers, max_size=5).map(tuple),
    st.builds(BasedInteger, integers, st.sampled_from([2, 8, 16])),
)


def evaluate(code: str) -> Value:
    interpreter = Interpreter(Session(), SMALL)
    return interpreter.value(parser.parse_expression(code), Frame(code, "", {}))


def in_context(operation: Any, *arguments: Any) -> Any:
    with localcontext(context()):
        return operation(*arguments)


def same(a: Value, b: Value) -> bool:
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, Complex) and isinstance(b, Complex):
        return bool(a.re == b.re and a.im == b.im)
    return type(a) is not tuple and a == b


@unhurried
@given(values)
def test_plain_text_reads_back_as_the_same_value(value: Value) -> None:
    assert same(evaluate(plain(value)), value), plain(value)


@unhurried
@given(values)
def test_shown_text_begins_with_the_plain_text(value: Value) -> None:
    assert described(value).startswith(plain(value))


@unhurried
@given(st.decimals(allow_nan=False, allow_infinity=False).filter(lambda x: abs(x.adjusted()) < 900))
def test_any_decimal_reads_back_as_it_is_shown(value: Decimal) -> None:
    with localcontext(context()):
        shown = plain(+value)
    assert plain(evaluate(shown)) == shown
    with localcontext(context()) as short:
        short.prec = SHOWN
        assert evaluate(shown) == +value


@unhurried
@given(exact, exact)
def test_exact_arithmetic_is_that_of_fractions(a: Fraction, b: Fraction) -> None:
    left, right = f"({plain(a)})", f"({plain(b)})"
    assert evaluate(f"{left} + {right}") == a + b
    assert evaluate(f"{left} - {right}") == a - b
    assert evaluate(f"{left} * {right}") == a * b
    assert evaluate(f"{left} < {right}") is (a < b)
    assert evaluate(f"{left} = {right}") is (a == b)
    if b:
        assert evaluate(f"{left} / {right}") == Fraction(a) / Fraction(b)
        assert evaluate(f"{left} // {right}") == a // b
        assert evaluate(f"{left} mod {right}") == a % b


@unhurried
@given(decimals, decimals)
def test_decimals_are_exact_while_they_are_short(a: Decimal, b: Decimal) -> None:
    left, right = f"({plain(a)})", f"({plain(b)})"
    for sign, expected in [
        ("+", Fraction(a) + Fraction(b)),
        ("-", Fraction(a) - Fraction(b)),
        ("*", Fraction(a) * Fraction(b)),
    ]:
        result = evaluate(f"{left} {sign} {right}")
        assert isinstance(result, (int, Decimal))
        assert Fraction(result) == expected


@unhurried
@given(numbers, numbers, numbers)
def test_the_laws_of_arithmetic_hold(a: Any, b: Any, c: Any) -> None:
    def holds(x: Any, y: Any) -> bool:
        return bool(in_context(arithmetic.equal, x, y))

    def op(operation: Any, x: Any, y: Any) -> Any:
        return in_context(operation, x, y)

    add, multiply = arithmetic.add, arithmetic.multiply
    assert holds(op(add, a, b), op(add, b, a))
    assert holds(op(multiply, a, b), op(multiply, b, a))
    if not any(isinstance(part, Decimal) for each in (a, b, c) for part in _parts(each)):
        left = op(multiply, a, op(add, b, c))
        assert holds(left, op(add, op(multiply, a, b), op(multiply, a, c)))
        if b != 0:
            assert holds(op(multiply, op(arithmetic.divide, a, b), b), a)


def _parts(value: Any) -> tuple[Any, ...]:
    return (value.re, value.im) if isinstance(value, Complex) else (value,)


@unhurried
@given(st.fractions(max_denominator=100), st.integers(-30, 30))
def test_integer_powers_are_exact(base: Fraction, exponent: int) -> None:
    assume(base or exponent >= 0)
    assert evaluate(f"({plain(arithmetic.simple(base))})^({exponent})") == base**exponent


@unhurried
@given(st.integers(0, 10**30), st.integers(1, 12))
def test_roots_of_powers_are_exact(base: int, degree: int) -> None:
    assert evaluate(f"root({base}^{degree}, {degree})") == base
    assert evaluate(f"({base}^{degree})^(1/{degree})") == base


@unhurried
@given(st.integers(0, 10**60), st.integers(2, 9))
def test_a_root_is_exact_only_where_it_is(radicand: int, degree: int) -> None:
    root = roots.exact_root(radicand, degree)
    if root is None:
        shown = evaluate(f"root({radicand}, {degree})")
        assert isinstance(shown, Decimal)
        assert abs(Fraction(shown) ** degree - radicand) < Fraction(radicand, 10**47)
    else:
        assert root**degree == radicand


@unhurried
@given(st.decimals(-1000, 1000, places=5))
def test_identities_of_functions_hold(x: Decimal) -> None:
    for identity in [
        "sin(x)^2 + cos(x)^2 == 1",
        "tan(x)*cos(x) == sin(x)",
        "exp(x)*exp(-x) == 1",
        "ln(exp(x)) == x",
        "asinh(sinh(x)) == x",
        "tan(atan(x)) == x",
        "sin(-x) == -sin(x)",
        "sin(2*x) == 2*sin(x)*cos(x)",
        "degrees(radians(x)) == x",
        "cbrt(x)^3 == x",
        "sqrt(x)^2 == x",
        "x = floor(x) + (x mod 1)",
        "x == trunc(x) + fractional(x)",
        "frac(x) == x",
    ]:
        assert evaluate(identity.replace("x", f"({x})").replace(f"e({x})p", "exp")) is True, (
            identity
        )


@unhurried
@given(st.integers(0, 200))
def test_factorials_and_gamma_agree_with_pythons(n: int) -> None:
    assert evaluate(f"{n}!") == factorial(n)
    assert evaluate(f"gamma({n + 1})") == factorial(n)
    double = 1
    for factor in range(n, 0, -2):
        double *= factor
    assert evaluate(f"{n}!!") == double


@unhurried
@given(st.integers(1, 10**14))
def test_factors_are_primes_and_multiply_to_the_number(n: int) -> None:
    found = evaluate(f"factor({n})")
    assert isinstance(found, tuple)
    product = 1
    for factor in found:
        assert isinstance(factor, int)
        product *= factor
        assert factor == 1 or evaluate(f"isprime({factor})") is True
    assert product == n


@unhurried
@given(st.integers(-1000, 20_000))
def test_primes_are_those_that_nothing_divides(n: int) -> None:
    expected = n > 1 and all(n % divisor for divisor in range(2, int(n**0.5) + 1))
    assert evaluate(f"isprime({n})") is expected


@unhurried
@given(st.lists(st.integers(-(10**6), 10**6), min_size=2, max_size=8))
def test_divisors_multiples_and_means_of_several_numbers(items: list[int]) -> None:
    text = ", ".join(map(str, items))
    assert evaluate(f"gcd({text})") == gcd(*items)
    assert evaluate(f"sum([{text}])") == sum(items)
    assert evaluate(f"mean({text})") == Fraction(sum(items), len(items))
    assert evaluate(f"sort({text})") == tuple(sorted(items))
    assert evaluate(f"min({text})") == min(items)
    assert evaluate(f"max([{text}])") == max(items)


@unhurried
@given(st.fractions(max_denominator=1000), st.integers(0, 6))
def test_rounding_is_to_the_nearest_and_halves_go_away_from_zero(x: Fraction, places: int) -> None:
    value = arithmetic.simple(x)
    rounded = evaluate(f"round({plain(value)}, {places})")
    assert isinstance(rounded, (int, Decimal))
    scaled = abs(x) * 10**places
    expected = Fraction(int(scaled + Fraction(1, 2)), 10**places)
    assert abs(Fraction(rounded)) == expected


# code


WORDS = [
    *sorted({*FUNCTIONS, *CONSTANTS, *topics.OPERATORS} - {"help", "vars", "del"}),
    *["(", ")", "[", "]", ",", ";", "\n", " ", "=", "x", "y", "f", "k", "ans", "²", "÷", "√", "°"],
    *["0", "1", "2", "3", "10", "-1", "0.5", "1e3", "1e-50", "1/3", "2i", "0xff", "10^6"],
    *["f(x) =", "x ="],
    *["help", "vars", "del"],
]  # fmt: skip
# what nests as code does: most of it can be evaluated
operands = st.sampled_from(
    [
        *("0", "1", "2", "7", "100", "1/3", "0.5", "-2.5", "1e-30", "1e40"),
        *("2i", "pi", "e", "x", "k", "true", "[1, 2.5, i]"),
    ]
)
SIGNS = ["+", "-", "*", "/", "//", "^", " mod ", " of ", "<", "=", "!=", " and ", " or "]
expressions = st.recursive(
    operands,
    lambda inner: st.one_of(
        st.builds("({}){}({})".format, inner, st.sampled_from(SIGNS), inner),
        st.builds("({}){}".format, inner, st.sampled_from(["!", "!!", "%", "°", "²"])),
        st.builds("{}({})".format, st.sampled_from(["-", "not ", "√", *FUNCTIONS]), inner),
        st.builds("{}({}, {})".format, st.sampled_from(sorted(FUNCTIONS)), inner, inner),
        st.builds("{}(k, 1, 5, {})".format, st.sampled_from(["sum", "product", "list"]), inner),
        st.builds("if({}, {}, {})".format, inner, inner, inner),
    ),
    max_leaves=8,
)
fuzz = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])


def _check(error: CellError) -> None:
    assert error.evalue
    assert all(isinstance(line, str) for line in error.traceback)
    assert error.ename in {"SyntaxError", "NameError", "TypeError", "MathError", "LimitError"}


def run(code: str) -> None:
    """Run code in all ways; nothing but a CellError may come, and all of it is text."""
    calculator = Calculator(SMALL)
    try:
        bundle = calculator.bundle(f"x = 3; {code}")
    except CellError as error:
        _check(error)
    else:
        assert bundle is None or all(isinstance(text, str) for text in bundle.values())
    evaluator = calculator.evaluator
    assert evaluator.is_complete(code) in ("complete", "invalid") or (
        evaluator.is_complete(code)[0] == "incomplete"
    )
    for cursor in {0, len(code) // 2, len(code)}:
        evaluator.complete(code, cursor)
        found = evaluator.inspect(code, cursor)
        assert found is None or isinstance(found, Bundle)


@fuzz
@given(st.text())
@example("\ud800")
@example("\r\x0b\x0c\x1c\u2028")
def test_no_text_is_too_strange(code: str) -> None:
    run(code)


@fuzz
@given(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join))
def test_no_order_of_words_is_too_strange(code: str) -> None:
    run(code)


@fuzz
@given(expressions)
@example("log((2i), 1.0)")
@example("(0.0)^(2i)")
def test_no_expression_is_too_strange(code: str) -> None:
    run(code)


@fuzz
@given(expressions)
def test_what_an_expression_shows_reads_back_alike(code: str) -> None:
    try:
        value = evaluate(re.sub(r"\bx\b", "3", code))
    except (CellError, CalcError):
        return
    shown = plain(value)
    if "…" not in shown and not re.search("0[xbo]", shown):
        assert plain(evaluate(shown)) == shown


@unhurried
@given(st.text(max_size=50))
def test_tokens_lie_in_the_text_and_in_order(code: str) -> None:
    try:
        tokens = tokenize(code)
    except CalcError:
        return
    position = 0
    for token in tokens:
        assert position <= token.span[0] <= token.span[1] <= len(code)
        position = token.span[1]
    assert tokens[-1].kind == "end"


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@pytest.mark.parametrize(
    "argument",
    [
        *("0", "1", "-1", "1/2", "-2.5", "0.0", "pi", "1e-40", "1e45", "10^60", "-(10^60)"),
        *("10^40000", "1e1000", "1e49999", "1e-49999"),
        *("i", "1 + i/3", "1e40 i", "true", "[]", "[1, 2]", "[i]"),
    ],
)
def test_every_function_bears_every_kind_of_number(name: str, argument: str) -> None:
    for arguments in (argument, f"{argument}, 2", f"2, {argument}", f"{argument}, {argument}, 1"):
        run(f"{name}({arguments})")
