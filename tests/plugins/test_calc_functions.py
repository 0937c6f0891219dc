"""The functions of calc: every example in the help is run, and gives what the help says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from polykernel_calc import topics
from polykernel_calc.registry import CONSTANTS, FUNCTIONS, arity
from polykernel_calc.session import Session
from support.calculator import Calculator, calculate, failure

if TYPE_CHECKING:
    from collections.abc import Iterator

OPERATORS = {name: topic for name, topic in topics.OPERATORS.items() if topic.examples}


def examples() -> Iterator[tuple[str, str]]:
    for function in FUNCTIONS.values():
        yield from function.examples
    for constant in CONSTANTS.values():
        yield from constant.examples
    for topic in OPERATORS.values():
        yield from topic.examples


@pytest.mark.parametrize(("code", "result"), sorted(set(examples())))
def test_every_example_gives_what_the_help_says(code: str, result: str) -> None:
    assert calculate(code) == result


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_help_and_an_example_that_calls_it(name: str) -> None:
    function = FUNCTIONS[name]
    assert function.signature.startswith(f"{name}(")
    assert function.text.endswith(".")
    assert any(f"{name}(" in code for code, _ in function.examples)


@pytest.mark.parametrize("name", CONSTANTS)
def test_every_constant_has_help_and_an_example(name: str) -> None:
    assert CONSTANTS[name].text.endswith(".")
    assert any(name in code for code, _ in CONSTANTS[name].examples)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_refuses_too_many_arguments_with_its_signature(name: str) -> None:
    least, most = arity(FUNCTIONS[name].signature)
    if most is None or name in ("sum", "product"):
        code = f"{name}()"
    else:
        code = f"{name}({', '.join('1' * (most + 1))})"
    assert failure(code).startswith("TypeError: ")
    assert FUNCTIONS[name].signature in failure(code)
    assert least >= 1


@pytest.mark.parametrize("name", [*FUNCTIONS, *CONSTANTS, *OPERATORS])
def test_help_shows_every_thing_with_its_examples(name: str) -> None:
    calculator = Calculator()
    bundle = calculator.bundle(f"help({name})" if name not in ("#", ";", "[") else "help(+)")
    assert bundle is not None
    topic = topics.find(name if name not in ("#", ";", "[") else "+", Session())
    assert topic is not None
    assert bundle == {"text/plain": topic.plain(), "text/markdown": topic.markdown()}
    for code, result in topic.examples:
        assert re.search(rf"{re.escape(code)} +→  {re.escape(result)}", bundle["text/plain"])


def test_help_alone_names_every_function_and_constant() -> None:
    text = calculate("help")
    assert text is not None
    words = set(re.findall(r"\w+", text))
    assert words >= {*FUNCTIONS, *CONSTANTS}


def test_help_tells_of_the_users_own_names() -> None:
    calculator = Calculator()
    calculator("rate = 5%; f(x) = x^2 + rate")
    assert calculator("help(rate)") == "rate\n\nYour variable, a fraction: 1/20 = 0.05"
    assert calculator("help f") == "f(x)\n\nYour function: f(x) = x^2 + rate"
    assert calculator("help ans") == "ans\n\nThe last result, a fraction: 1/20 = 0.05"
    assert calculator.error("help(nothing)").evalue == "there is no help for nothing"


# against values from elsewhere: the digits of tables


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("sin(1)", "0.8414709848078965066525023216"),
        ("cos(1)", "0.5403023058681397174009366074"),
        ("tan(1)", "1.557407724654902230506974807"),
        ("sin(100)", "-0.5063656411097587936565576105"),
        ("asin(0.3)", "0.3046926540153975079720029612"),
        ("acos(0.3)", "1.266103672779499111259318730"),
        ("atan(0.3)", "0.2914567944778670919956046214"),
        ("atan(10)", "1.471127674303734591852875572"),
        ("sinh(1)", "1.175201193643801456882381851"),
        ("cosh(1)", "1.543080634815243778477905621"),
        ("tanh(1)", "0.7615941559557648881194582826"),
        ("asinh(1)", "0.8813735870195430252326093250"),
        ("acosh(2)", "1.316957896924816708625046347"),
        ("atanh(0.5)", "0.5493061443340548456976226185"),
        ("exp(1)", "2.718281828459045235360287471"),
        ("ln(10)", "2.302585092994045684017991455"),
        ("log(2)", "0.3010299956639811952137388947"),
        ("log2(10)", "3.321928094887362347870319429"),
        ("gamma(1/3)", "2.678938534707747633655692941"),
        ("gamma(0.1)", "9.513507698668731836292487177"),
        ("gamma(-0.5)", "-3.544907701811032054596334967"),
        ("cbrt(2)", "1.259921049894873164767210607"),
        ("phi", "1.618033988749894848204586834"),
        ("approx(e, 60)", "2.71828182845904523536028747135266249775724709369995957496697"),
        ("approx(gamma(1/4), 40)", "3.625609908221908311930685155867672002995"),
        ("approx(sin(1), 50)", "0.84147098480789650665250232163029899962256306079837"),
    ],
)
def test_irrational_values_have_the_right_digits(code: str, result: str) -> None:
    shown = calculate(code)
    assert shown is not None
    assert shown == (result if code.startswith("approx") else result.rstrip("0"))


@pytest.mark.parametrize("digits", [10, 50, 200])
def test_pi_has_the_right_digits_at_any_precision(digits: int) -> None:
    # the sum of Bailey, Borwein and Plouffe, which shares nothing with Machin's formula
    terms = digits + 10
    total = sum(
        10 ** (digits + 10)
        * (120 * k * k + 151 * k + 47)
        // (16**k * (512 * k**4 + 1024 * k**3 + 712 * k * k + 194 * k + 15))
        for k in range(terms)
    )
    shown = calculate(f"approx(pi, {digits})")
    assert shown is not None
    assert str(total)[: digits - 2] == shown.replace(".", "")[: digits - 2]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ln(0)", "MathError: zero has no logarithm"),
        ("log(5, 1)", "MathError: there are no logarithms to base 1"),
        ("asin(2)", "MathError: the inverse sine is known for numbers from -1 to 1"),
        ("acos(-1.1)", "MathError: the inverse cosine is known for numbers from -1 to 1"),
        ("acosh(0)", "MathError: the inverse hyperbolic cosine is known from 1 upwards"),
        ("atanh(1)", "MathError: the inverse hyperbolic tangent is known between -1 and 1"),
        ("tan(90°)", "MathError: the tangent has no value at this angle"),
        ("cot(0)", "MathError: the cotangent has no value at this angle"),
        ("sec(90°)", "MathError: the secant has no value at this angle"),
        ("csc(pi)", "MathError: the cosecant has no value at this angle"),
        ("root(8, 0)", "MathError: there is no zeroth root"),
        (
            "root(-4, 2)",
            "MathError: an even root of a negative number is not real; see sqrt and ^",
        ),
        ("gamma(0)", "MathError: the gamma function has no value at zero and negative integers"),
        ("factor(0)", "MathError: zero has no prime factors"),
        ("variance(1)", "MathError: a variance needs two numbers at least"),
        ("fib(-1)", "MathError: fib needs a number that is not negative"),
        ("choose(-1, 2)", "MathError: choose needs numbers that are not negative"),
        ("nPr(-1, 2)", "MathError: nPr needs numbers that are not negative"),
        ("(-1)!!", "MathError: negative integers have no double factorial"),
        ("item([1, 2], 3)", "MathError: the list has 2 numbers, so there is no number 3"),
        ("item([1, 2], 0)", "MathError: the list has 2 numbers, so there is no number 0"),
        ("item(3, 1)", "TypeError: item needs a list, such as [1, 2, 3]"),
        ("len(3)", "TypeError: len needs a list, such as [1, 2, 3]"),
        ("approx(pi, 0)", "LimitError: approx gives 1 to 1,000 digits"),
    ],
)
def test_functions_say_what_they_cannot_do(code: str, error: str) -> None:
    assert failure(code) == error


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("factor(-12)", "[-1, 2, 2, 3]"),
        ("factor(1)", "[1]"),
        ("factor(2^67 - 1)", "[193707721, 761838257287]"),
        ("factor(9973^2)", "[9973, 9973]"),
        ("factor(1000003^2)", "[1000003, 1000003]"),
        ("factor(2^64 + 1)", "[274177, 67280421310721]"),
        ("isprime(2^127 - 1)", "true"),
        ("isprime(3215031751)", "false"),
        ("isprime(318665857834031151167461)", "false"),
        ("isprime(-7)", "false"),
        ("isprime(1)", "false"),
        ("isprime(2)", "true"),
        ("isprime(41^2)", "false"),
        ("nextprime(-5)", "2"),
        ("nextprime(13)", "17"),
        ("gcd(0, 0)", "0"),
        ("gcd(-12, 18)", "6"),
        ("lcm(0, 3)", "0"),
        ("lcm(-4, 6)", "12"),
        ("choose(5, 7)", "0"),
        ("choose(10^20, 2)", "4999999999999999999950000000000000000000"),
        ("nPr(5, 7)", "0"),
        ("nPr(5, 5)", "120"),
        ("nPr(7, 0)", "1"),
        ("fib(0)", "0"),
        ("fib(100)", "354224848179261915075"),
        ("round(2.675, 2)", "2.68"),
        ("round(-1/2)", "-1"),
        ("round(1234.5678, -2)", "1200"),
        ("ceil(-1.5)", "-1"),
        ("trunc(1.9)", "1"),
        ("floor(7/2)", "3"),
        ("sign(0)", "0"),
        ("arg(2)", "0"),
        ("arg(-2) = pi", "true"),
        ("atan2(0, 0)", "0"),
        ("atan2(1, 0) = pi/2", "true"),
        ("degrees(atan2(-1, -1))", "-135"),
        ("cbrt(0)", "0"),
        ("root(2, -1)", "1/2 = 0.5"),
        ("root(1/32, 5)", "1/2 = 0.5"),
        ("log(1/1000)", "-3"),
        ("log(3^500, 3)", "500"),
        ("log(-1) = i*pi/ln(10)", "true"),
        ("tanh(10000)", "1"),
        ("tanh(-10000)", "-1"),
        ("median(1/2, 0.25, 3, 2)", "5/4 = 1.25"),
        ("sort(3, 1/2, 0.7)", "[1/2, 0.7, 3]"),
        ("item([10, 20, 30], -1)", "30"),
        ("frac(0.125 + 0.5i)", "1/8 + 1/2*i"),
        ("frac(pi) == pi", "true"),
        ("decimal(1/3 + i)", "0.3333333333333333333333333333 + i"),
        ("hex(-255)", "-0xff"),
        ("hex(3.0)", "0x3"),
        ("hex(255) + 1", "256"),
        ("approx(0.5)", "0.5"),
        ("approx(1/3 + i/7, 5)", "0.33333 + 0.14286i"),
        ("hypot(1, 1)^2", "2"),
        ("mean(1 + i, 1 - i)", "1"),
    ],
)
def test_functions_at_their_borders(code: str, result: str) -> None:
    assert calculate(code) == result


@pytest.mark.parametrize(
    ("alias", "original"),
    [
        ("factorial(20)", "fact(20)"),
        ("factorial(1/2)", "fact(1/2)"),
        ("binomial(9, 4)", "choose(9, 4)"),
    ],
)
def test_usual_names_of_other_programs_do_the_same(alias: str, original: str) -> None:
    assert calculate(alias) == calculate(original)
