"""The numbers of calc: exact as long as they can be, and what the operators do with them."""

from __future__ import annotations

import pytest
from support.calculator import calculate, failure


def given(*pairs: tuple[str, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("code", "result"), pairs, ids=[code for code, _ in pairs])


@given(
    ("1/3 + 1/6", "1/2 = 0.5"),
    ("1/3", "1/3 ≈ 0.3333333333"),
    ("-6/4", "-3/2 = -1.5"),
    ("6/3", "2"),
    ("2^-3", "1/8 = 0.125"),
    ("(2/3)^3", "8/27 ≈ 0.2962962963"),
    ("(-1/2)^-3", "-8"),
    ("7 // 2", "3"),
    ("-7 // 2", "-4"),
    ("(7/2) // (1/4)", "14"),
    ("7 mod 5", "2"),
    ("-7 mod 3", "2"),
    ("7 mod -3", "-2"),
    ("7/2 mod 1", "1/2 = 0.5"),
)
def test_integers_and_fractions_stay_exact(code: str, result: str) -> None:
    assert calculate(code) == result


@given(
    ("0.1 + 0.2", "0.3"),
    ("0.1 + 0.2 = 0.3", "true"),
    ("1.1 * 3", "3.3"),
    ("1 - 0.9", "0.1"),
    ("5.5 mod 2", "1.5"),
    ("1 mod 0.1", "0"),
    ("0.3 // 0.1", "3"),
    ("1.50 + 1.50", "3"),
    ("1.5e3", "1500"),
    ("1/4 + 0.5", "0.75"),
    ("1e-3", "0.001"),
    ("1e-30 * 3", "3e-30"),
    ("2.5e40", "2.5e40"),
    ("-1.5e-10", "-1.5e-10"),
    ("0 * -1.5", "0"),
    ("0.0^0", "1"),
)
def test_decimals_mean_what_they_say(code: str, result: str) -> None:
    assert calculate(code) == result


@given(
    ("1.0/3*3", "1"),
    ("1.0/3*3 = 1", "true"),
    ("sqrt(2)^2 - 2", "0"),
    ("sqrt(2)^2 = 2", "true"),
    ("floor(sqrt(2)^2)", "2"),
    ("e^(i*pi)", "-1"),
    ("sin(pi)", "0"),
    ("cos(pi/2)", "0"),
    ("sin(10^30 pi)", "0"),
    ("exp(1) = e", "true"),
    ("(1.0/7)*7 - 1", "0"),
    ("4 atan(1) - pi", "0"),
)
def test_the_last_digits_of_what_was_computed_do_not_show(code: str, result: str) -> None:
    assert calculate(code) == result


@given(
    ("1e-45 + 0", "1e-45"),
    ("1.0000000000000000000000000000000000000000000001 - 1", "1e-46"),
    ("1e-40 = 1e-41", "false"),
    ("sin(1e-30)", "1e-30"),
    ("sinh(1e-40)", "1e-40"),
    ("asinh(1e-40)", "1e-40"),
    ("atanh(1e-40)", "1e-40"),
    ("tan(1e-30)", "1e-30"),
    ("sin(1e50)", "-0.7896724934293100827102895399"),
)
def test_small_numbers_that_were_written_are_no_noise(code: str, result: str) -> None:
    assert calculate(code) == result


@given(
    ("-2^2", "-4"),
    ("(-2)^2", "4"),
    ("2^3^2", "512"),
    ("2**10", "1024"),
    ("2^-1", "1/2 = 0.5"),
    ("4^(1/2)", "2"),
    ("8^(2/3)", "4"),
    ("(8/27)^(1/3)", "2/3 ≈ 0.6666666667"),
    ("2^0.5", "1.414213562373095048801688724"),
    ("2^(1/2)", "1.414213562373095048801688724"),
    ("0^0", "1"),
    ("0^2", "0"),
    ("0^(1/2)", "0"),
    ("1^(10^100)", "1"),
    ("(-1)^(10^100 + 1)", "-1"),
    ("(-8)^(1/3)", "1 + 1.732050807568877293527446342i"),
    ("(-4)^(3/2)", "-8i"),
    ("1.0000001^(10^7)", "2.718281692544966271198550226"),
)
def test_powers(code: str, result: str) -> None:
    assert calculate(code) == result


@given(
    ("(1 + 2i)*(3 - 4i)", "11 + 2i"),
    ("(1 + 2i)/(3 - 4i)", "-1/5 + 2/5*i"),
    ("sqrt(-4)", "2i"),
    ("sqrt(3 + 4i)", "2 + i"),
    ("sqrt(-2i)", "1 - i"),
    ("i^2", "-1"),
    ("i^3", "-i"),
    ("i^(10^50)", "1"),
    ("i^-1", "-i"),
    ("(1 + i)^10", "32i"),
    ("(1 + i) - i", "1"),
    ("(0.5 + i)^2", "-0.75 + i"),
    ("abs(3 + 4i)", "5"),
    ("conj(1/2 + i)", "1/2 - i"),
    ("i^i", "0.2078795763507619085469556198"),
    ("ln(-1)/i = pi", "true"),
    ("sin(i)/i = sinh(1)", "true"),
    ("cosh(i) == cos(1)", "true"),
    ("exp(2 + i) = e^2 * (cos(1) + i*sin(1))", "true"),
    ("2i = 2i and i != 1", "true"),
)
def test_complex_numbers(code: str, result: str) -> None:
    assert calculate(code) == result


@given(
    ("200 + 10%", "220"),
    ("200 - 25%", "150"),
    ("100 + 50 + 10%", "165"),
    ("50%", "1/2 = 0.5"),
    ("12.5%", "0.125"),
    ("20% of 80", "16"),
    ("3/4 of 12", "9"),
    ("10% + 10%", "1/5 = 0.2"),
    ("200 * 10%", "20"),
    ("200 + 10% * 2", "1001/5 = 200.2"),
    ("200 + -10%", "180"),
    ("5 %", "1/20 = 0.05"),
    ("x = 50; x + 10%", "55"),
)
def test_percentages_are_those_of_a_pocket_calculator(code: str, result: str) -> None:
    assert calculate(code) == result


@given(
    ("5!", "120"),
    ("0!", "1"),
    ("-3!", "-6"),
    ("2^3!", "64"),
    ("5! = 120", "true"),
    ("5!==120", "true"),
    ("5!=120", "true"),
    ("7!!", "105"),
    ("8!!", "384"),
    ("0!!", "1"),
    ("3.0!", "6"),
    ("0.5!^2 * 4 = pi", "true"),
    ("(-2.5)!", "2.363271801207354703064223311"),
)
def test_factorials(code: str, result: str) -> None:
    assert calculate(code) == result


@given(
    ("1 < 2", "true"),
    ("1 < 2 < 3", "true"),
    ("1 < 2 > 3", "false"),
    ("1 <= 1 >= 1 = 1", "true"),
    ("1/3 = decimal(1/3)", "true"),
    ("1/3 = 0.333", "false"),
    ("1/2 != 0.5", "false"),
    ("2 ≤ 3 and 3 ≥ 2 and 2 ≠ 3", "true"),
    ("not 1 = 2", "true"),
    ("not true or true", "true"),
    ("true or false and false", "true"),
    ("false and 1/0 = 1", "false"),
    ("true or 1/0 = 1", "true"),
    ("true = (1 = 1)", "true"),
    ("[1, 2] = [1, 2.0]", "true"),
    ("[1, 2] = [1]", "false"),
    ("10^40 + 1 > 10^40", "true"),
)
def test_comparisons(code: str, result: str) -> None:
    assert calculate(code) == result


@given(
    ("[1, 2, 3] * 2 + 1", "[3, 5, 7]"),
    ("2^[1, 2, 3]", "[2, 4, 8]"),
    ("[1, 2] + [10, 20]", "[11, 22]"),
    ("-[1, 2]", "[-1, -2]"),
    ("1/[2, 4]", "[1/2, 1/4]"),
    ("[1, 2] + 50%", "[3/2, 3]"),
    ("[]", "[]"),
)
def test_operators_work_on_each_number_of_a_list(code: str, result: str) -> None:
    assert calculate(code) == result


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("1/0", "MathError: division by zero"),
        ("1/0.0", "MathError: division by zero"),
        ("1 // 0", "MathError: division by zero"),
        ("1 mod 0", "MathError: division by zero"),
        ("i/0", "MathError: division by zero"),
        ("1/[1, 0]", "MathError: division by zero"),
        ("0^-1", "MathError: division by zero: zero to a negative power"),
        ("0^i", "MathError: zero to a power that is not positive has no value"),
        ("(-3)!", "MathError: negative integers have no factorial"),
        ("i!", "TypeError: a real number is needed here, not a complex number"),
        ("true + 1", "TypeError: a number is needed here, not a truth value"),
        ("i < 1", "TypeError: a real number is needed here, not a complex number"),
        ("true = 1", "TypeError: a truth value cannot be compared with an integer"),
        ("[1, 2] + [1]", "TypeError: the lists have 2 and 1 numbers"),
        ("[1, [2]]", "TypeError: a number is needed here, not a list"),
        (
            "not 1",
            "TypeError: not needs true or false, such as x > 0, and this is an integer",
        ),
    ],
)
def test_what_has_no_result_says_why(code: str, error: str) -> None:
    assert failure(code) == error
