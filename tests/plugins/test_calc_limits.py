"""Bounded work and memory: what would be too much is refused before it is begun."""

from __future__ import annotations

import sys

import pytest
from polykernel_calc.limits import Limits
from support.calculator import Calculator, calculate, failure

DIGITS = "the result would have"
RANGE = "this is larger than decimals can be (limit: 1e50000)"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("9**9**9", f"{DIGITS} about 369,693,1"),
        ("2^10^20", f"{DIGITS} a number of digits that itself has more than 15 digits"),
        ("(10^6)!", f"{DIGITS} about 5,565,708 digits (limit: 50,000)"),
        ("(10^100)!", DIGITS),
        ("2^(10^9)", f"{DIGITS} about 301,030,000 digits"),
        ("(1/3)^(10^9)", DIGITS),
        ("2^-(10^9)", DIGITS),
        ("(1 + i)^(10^9)", DIGITS),
        ("(3/5 + 4i/5)^(10^6)", DIGITS),
        ("(2 + i)^-(10^99)", DIGITS),
        ("(10^9)!!", DIGITS),
        ("choose(10^9, 10^8)", DIGITS),
        ("choose(10^400, 10^399)", DIGITS),
        ("nPr(10^9, 10^9)", DIGITS),
        ("nPr(10^400, 10^399)", DIGITS),
        ("fib(10^9)", DIGITS),
        ("fib(10^400)", DIGITS),
        ("x = 10^49999; x*x", DIGITS),
        ("x = 10^49999; lcm(x, x + 1)", DIGITS),
        ("x = 10^49999; 1/x + 1/(x + 1)", DIGITS),
        ("5!!!!!!!!", DIGITS),
        ("exp(10^6)", RANGE),
        ("exp(10^50)", RANGE),
        ("1.5^(10^50)", RANGE),
        ("1e49999 * 1e49999", RANGE),
        ("sinh(10^6)", RANGE),
        ("gamma(10.5^6)", RANGE),
        ("(0.5 + i)^(10^50)", RANGE),
        ("1e50001", "a decimal lies between 1e-50000 and 1e50000"),
        ("1e-99999999999999999999", "a decimal lies between 1e-50000 and 1e50000"),
        ("isprime(10^700)", "numbers of more than 600 digits are not tested for being prime"),
        ("factor(10^700)", "numbers of more than 600 digits are not factored"),
        ("nextprime(10^200)", "nextprime takes numbers of at most 180 digits"),
        ("factor((10^20 + 39)*(10^21 + 117))", "its prime factors are too large to be found"),
        ("sum(k, 1, 10^7, k)", "sum would have 10,000,000 terms (limit: 1,000,000)"),
        ("sum(k, 1, 10^99, k)", "sum would have more than 10^15 terms"),
        ("list(k, 1, 20000, k)", "list would have 20,000 terms (limit: 10,000)"),
        ("approx(pi, 1001)", "approx gives 1 to 1,000 digits"),
        ("round(pi, 1001)", "that is too many places to round to (limit: 1,000)"),
        ("sum(k, 1, 100000, 1/k)", "this takes too long"),
        ("product(k, 1, 1000000, k)", ""),
        ("stdev(list(k, 1, 10000, 1/k))", "this takes too long"),
        ("f(n) = f(n + 1); f(1)", "functions call each other too deeply"),
        ("f(n) = 1 + g(n); g(n) = 1 + f(n); f(1)", "functions call each other too deeply"),
    ],
)
def test_too_much_is_refused(code: str, message: str) -> None:
    error = failure(code)
    assert error.startswith("LimitError: ")
    assert message in error


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("(" * 5_000, "the expression is nested too deeply (limit: 100)"),
        ("-" * 5_000 + "1", "the expression is nested too deeply (limit: 100)"),
        ("not " * 5_000 + "true", "the expression is nested too deeply (limit: 100)"),
        ("√" * 5_000 + "2", "the expression is nested too deeply (limit: 100)"),
        ("2" + "^2" * 5_000, "the expression is nested too deeply (limit: 100)"),
        ("f(" * 5_000, "the expression is nested too deeply (limit: 100)"),
        ("3" + "!" * 100, "too many signs follow one operand (limit: 8)"),
        ("1" * 50_001, "the number has 50,001 digits (limit: 50,000)"),
        ("0." + "1" * 50_001, "the number has 50,002 digits (limit: 50,000)"),
        ("0x" + "f" * 50_001, "the number has 50,001 digits (limit: 50,000)"),
        ("2" + "¹" * 50_001, "the number has 50,001 digits (limit: 50,000)"),
        ("1" * 100_001, "the cell has 100,001 characters (limit: 100,000)"),
        ("[" + "1," * 10_000 + "1]", "there are too many numbers in these brackets"),
    ],
    ids=range(13),
)
def test_code_that_is_too_much_is_refused(code: str, message: str) -> None:
    error = failure(code)
    assert error.startswith("LimitError: ")
    assert message in error


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("1" + "+1" * 40_000, "40001"),
        ("1" + "+(1)" * 20_000, "20001"),
        ("-1" * 40_000, "-40000"),
        ("true" + " and true" * 10_000, "true"),
        ("0" + "<=0" * 20_000, "true"),
        ("f(x) = x" + "+x" * 40_000 + "; f(1)", "40001"),
        ("(" * 99 + "7" + ")" * 99, "7"),
        ("f(x) = " + "(" * 90 + "x" + "+1)" * 90 + "; f(1)", "91"),
        ("f(x) = " + "2(" * 90 + "x" + ")" * 90 + "; f(1) = 2^90", "true"),
        ("x = 1;" * 10_000 + "x", "1"),
    ],
    ids=range(10),
)
def test_long_code_is_no_trouble(code: str, result: str) -> None:
    assert calculate(code) == result


def test_a_long_definition_is_not_typeset() -> None:
    bundle = Calculator().bundle("f(x) = x" + "+x" * 1_000)
    assert bundle is not None
    assert set(bundle) == {"text/plain"}


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("10^49999", "10000000000000000000…00000000000000000000 (50,000 digits)"),
        ("-(2^3322 - 1)", "-10511037747648833807…92047394275463266303 (1,001 digits)"),
        ("x = 10^1000; x - (x - 7)", "7"),
        ("1/10^1500", "1/10000000000000000000…00000000000000000000 (1,501 digits) = 1e-1500"),
        ("hex(2^5000)", "0x10000000000000000000…00000000000000000000 (1,251 digits)"),
        ("10^5000 + i/1", "10000000000000000000…00000000000000000000 (5,001 digits) + i"),
        ("item([1, 2], 10^5000)", None),
    ],
)
def test_long_numbers_are_abbreviated_with_the_count_of_their_digits(
    code: str, result: str | None
) -> None:
    # Python itself refuses to write integers of more than 4,300 digits
    if result is None:
        assert "(5,001 digits)" in failure(code)
    else:
        assert calculate(code) == result


def test_numbers_of_a_thousand_digits_are_shown_in_full() -> None:
    assert calculate("10^999") == "1" + "0" * 999
    assert calculate("approx(pi, 1000)") is not None


def test_long_lists_are_abbreviated() -> None:
    shown = calculate("list(k, 1, 1000, k)")
    assert shown is not None
    assert shown.endswith(", 199, 200, … 800 more]")


def test_a_cell_has_a_number_of_steps_and_the_next_one_has_as_many() -> None:
    calculator = Calculator(Limits(steps=1_000))
    calculator("f(n) = if(n < 2, n, f(n - 1) + f(n - 2))")
    assert calculator("f(5)") == "5"
    error = calculator.error("f(20)")
    assert error.evalue == "this takes too long (limit: 1,000 steps in a cell)"
    assert calculator("f(5)") == "5"


def test_recursion_has_its_own_limit_not_pythons() -> None:
    calculator = Calculator()
    calculator("f(n) = if(n <= 0, 0, 1 + f(n - 1))")
    assert calculator("f(600)") == "600"
    before = sys.getrecursionlimit()
    assert "limit: 2,000" in calculator.error("f(700)").evalue
    assert sys.getrecursionlimit() == before


def test_deep_recursion_through_sums_has_the_same_limit() -> None:
    calculator = Calculator()
    calculator("f(n) = if(n <= 0, 1, sum(k, 1, 1, f(n - 1)))")
    assert calculator("f(300)") == "1"
    assert "limit: 2,000" in calculator.error("f(10^6)").evalue
