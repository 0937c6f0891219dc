"""The language calc: how code is read, variables, functions of one's own, several statements."""

from __future__ import annotations

import pytest
from support.calculator import Calculator, calculate, failure


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("2pi", "2*pi"),
        ("2 pi", "2*pi"),
        ("2(3 + 4)", "2*(3 + 4)"),
        ("(1 + 2)(3 + 4)", "(1 + 2)*(3 + 4)"),
        ("(1 + 2)x", "(1 + 2)*x"),
        ("3x", "3*x"),
        ("3x^2", "3*(x^2)"),
        ("-3x", "-(3*x)"),
        ("2x + 3x", "(2*x) + (3*x)"),
        ("x^2 x", None),
        ("2^3x", "(2^3)*x"),
        ("x²x", "(x^2)*x"),
        ("3!x", "(3!)*x"),
        ("2sqrt(16)", "2*sqrt(16)"),
        ("2√16", "2*sqrt(16)"),
        ("4i", "4*i"),
        ("2x/3", "(2*x)/3"),
        ("2x*3x", "2*x*3*x"),
        ("2e", "2*e"),
        ("90° + 2", "(90*pi/180) + 2"),
    ],
)
def test_multiplication_need_not_be_written_where_it_is_plain(short: str, long: str | None) -> None:
    calculator = Calculator()
    calculator("x = 5;")
    if long is None:
        assert calculator(short) == calculator("x^(2)*x")
    else:
        assert calculator(short) == calculator(long)


@pytest.mark.parametrize("code", ["1/2pi", "6/2(1 + 2)", "1/2x", "7 mod 2x", "7//2x", "2x/3y"])
def test_what_may_belong_below_a_fraction_or_behind_it_is_asked_about(code: str) -> None:
    assert "does this belong below" in failure(code)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("x 2", "an operator is missing between x and 2"),
        ("x y", "an operator is missing between x and y"),
        ("1 2", "an operator is missing before 2"),
        ("(1)2", "an operator is missing before 2"),
        ("17 % 5", "% means per cent; for the remainder write: 17 mod 5"),
        ("50% x", "% means per cent; for the remainder write: 17 mod 5"),
        ("3,14", "a comma stands between arguments; decimals have a point: 3.14"),
        ("(1))", "this ) closes nothing"),
        (")", "a number or name is needed here, not ')'"),
        ("()", "the brackets are empty"),
        ("(1 + 2", "this ( is not closed"),
        ("[1, 2", "this [ is not closed"),
        ("(1; 2)", "';' inside (): is a ) missing?"),
        ("1 +", "something is missing after +"),
        ("1 + ; 2", "a number or name is needed here, not ';'"),
        ("sqrt(1,)", "a number or name is needed here, not ')'"),
        ("x = y = 3", "one = too many: assign once in a statement, and compare with =="),
        ("f(x, x) = 1", "the parameter x is there twice"),
        ("²", "a power needs something before it"),
        ("0xfg", "this is no hexadecimal number, such as 0xff"),
        ("0b12", "this is no binary number, such as 0b101"),
        ("0o8", "this is no octal number, such as 0o17"),
        ("0x", "this is no hexadecimal number, such as 0xff"),
        ("1__0", "an underscore in a number stands between digits: 1_000"),
        ("1_", "an underscore in a number stands between digits: 1_000"),
        ("1.2.3", "an operator is missing before .3"),
        ("'text'", "''' means nothing here; there is no text in calc"),
        ("{1}", "'{' means nothing here; group with ( )"),
        ("1 \x00 2", "the character U+0000 means nothing here"),
        ("del 3", "del needs the names of variables or functions: del x, y"),
        ("help(sin cos)", "help takes one name: help(sqrt)"),
    ],
)
def test_what_is_no_code_says_why(code: str, message: str) -> None:
    assert failure(code) == f"SyntaxError: {message}"


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("1_000_000", "1000000"),
        ("0xff", "255"),
        ("0XFF", "255"),
        ("0b1010_1010", "170"),
        ("0o17", "15"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1_000.5", "1000.5"),
        ("1e3", "1000"),
        ("2e-3", "0.002"),
        ("0099", "99"),
        ("3\N{MULTIPLICATION SIGN}4÷2\N{MINUS SIGN}1", "5"),
        ("2·3", "6"),
        ("√16", "4"),
        ("√(9 + 16)", "5"),
        ("3² + 4²", "25"),
        ("2⁻²", "1/4 = 0.25"),
        ("2π = tau and τ = tau", "true"),
        ("(1 +\n 2) * \n 3", "9"),
        ("1 + # one\n 1", "2"),
        ("# nothing", None),
        ("", None),
        (";;\n;", None),
        ("1 + 1;", None),
        ("  2\t+\t3  ", "5"),
        ("1 + 1\r\n", "2"),
        ("--2", "2"),
        ("+3", "3"),
        ("2 - -2", "4"),
    ],
)
def test_code_is_read_as_its_writer_meant(code: str, result: str | None) -> None:
    assert calculate(code) == result


def test_variables_keep_their_values_between_cells() -> None:
    calculator = Calculator()
    assert calculator("x = 3/4") == "x = 3/4 = 0.75"
    assert calculator("x * 4") == "3"
    assert calculator("x = 2x") == "x = 3/2 = 1.5"
    assert calculator("größe_1 = 3; größe_1^2") == "9"


def test_ans_is_the_last_result() -> None:
    calculator = Calculator()
    assert calculator.error("ans").evalue == "there is no result yet that ans could be"
    calculator("6*7")
    assert calculator("ans + 1") == "43"
    assert calculator("x = ans") == "x = 43"
    assert calculator("1; ans + 1") == "2"
    assert calculator.error("ans = 3").ename == "TypeError"


def test_an_error_leaves_what_was_before_it() -> None:
    calculator = Calculator()
    calculator("x = 1")
    calculator.error("x = 2\nx = 3 + 1/0\nx = 4")
    assert calculator("x") == "2"


def test_user_expressions_leave_ans_as_it_is() -> None:
    calculator = Calculator()
    calculator("6*7")
    assert calculator.evaluator.evaluate(" 1 + 1 ").data["text/plain"] == "2"
    assert calculator("ans") == "42"


def test_each_statement_shows_its_value_unless_a_semicolon_follows() -> None:
    calculator = Calculator()
    assert calculator("x = 3\n2x\nf(t) = t^2\nx > 2\nf(x)") == "9"
    assert calculator.written == "x = 3\n2x → 6\nf(t) = t^2\nx > 2 → true\n"
    assert calculator("a = 1; b = 2; a + b") == "3"
    assert calculator.written == ""
    assert calculator("1 + 1\n2 + 2;") is None
    assert calculator.written == "1 + 1 → 2\n"


def test_a_statement_over_several_lines_is_shown_on_one() -> None:
    calculator = Calculator()
    calculator("(1 + # one\n  2)\n0")
    assert calculator.written == "(1 + 2) → 3\n"


def test_functions_of_ones_own() -> None:
    calculator = Calculator()
    assert calculator("f(x, y) = x^2 + y") == "f(x, y) = x^2 + y"
    assert calculator("f(3, 1)") == "10"
    assert calculator("g(x) = f(x, x) + a; a = 100; g(2)") == "106"
    assert calculator("f(x, y) = x - y; g(2)") == "100"
    assert calculator("one() = 1; one()") == "1"
    assert calculator("x = 7; f(1, 1); x") == "7"


def test_functions_may_call_themselves() -> None:
    calculator = Calculator()
    calculator("f(n) = if(n <= 1, 1, n*f(n - 1))")
    assert calculator("f(20) = 20!") == "true"
    assert calculator("f(300) = 300!") == "true"
    calculator("even(n) = if(n = 0, true, odd(n - 1)); odd(n) = if(n = 0, false, even(n - 1))")
    assert calculator("even(100)") == "true"


def test_parameters_hide_variables_and_functions() -> None:
    calculator = Calculator()
    assert calculator("x = 3; f(x) = 2x; f(5)") == "10"
    assert calculator("g(pi) = pi; g(1)") == "1"
    assert calculator.error("h(sin) = sin(1); h(2)").evalue == (
        "sin is an integer, not a function; to multiply, write sin*(...)"
    )


def test_names_of_the_language_can_be_taken_and_given_back() -> None:
    calculator = Calculator()
    assert calculator("e = 5; 2e") == "10"
    assert calculator("del e; e > 2.7 and e < 2.8") == "true"
    assert calculator("sum = 3; 2sum") == "6"
    assert calculator("del sum; sum(1, 2)") == "3"
    assert "if is part of the language" in calculator.error("if(x) = x").evalue
    assert "if is part of the language" in calculator.error("if = 3").evalue


def test_what_looks_like_a_comparison_does_not_replace_a_function() -> None:
    calculator = Calculator()
    message = "sin is built in; to compare its value, write =="
    assert calculator.error("sin(pi) = 0").evalue == message
    assert calculator("sin(pi) == 0") == "true"


def test_what_is_deleted_is_gone() -> None:
    calculator = Calculator()
    calculator("x = 1; y = 2; f(a) = a")
    assert calculator("del x, f") is None
    assert calculator.error("x").ename == "NameError"
    assert calculator.error("f(1)").ename == "NameError"
    assert calculator("y") == "2"
    assert calculator.error("del y, nothing").evalue == "there is no variable or function nothing"
    assert calculator("y") == "2"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("sqroot(3)", "sqroot is not defined; did you mean sqrt?"),
        ("foobar", "foobar is not defined"),
        ("radius = 3; raduis", "raduis is not defined; did you mean radius?"),
        ("f(length) = lenght; f(1)", "lenght is not defined; did you mean length?"),
    ],
)
def test_unknown_names_are_told_with_the_nearest_one(code: str, message: str) -> None:
    assert failure(code) == f"NameError: {message}"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("sqrt(1, 2)", "sqrt(x) takes 1 argument, not 2"),
        ("sqrt()", "sqrt(x) takes 1 argument, not 0"),
        ("log(1, 2, 3)", "log(x, base=10) takes 1 to 2 arguments, not 3"),
        ("max()", "max needs at least one number: max(x, ...)"),
        ("gcd(1)", "gcd(a, b, ...) takes at least 2 arguments, not 1"),
        ("if(true, 1)", "if(condition, then, else) takes 3 arguments, not 2"),
        ("f(x, y) = x; f(1)", "f(x, y) takes 2 arguments, not 1"),
        ("f() = 1; f(2)", "f() takes 0 arguments, not 1"),
        ("sin", "sin is a function: call it as sin(x)"),
        ("f(x) = x; f + 1", "f is a function: call it as f(x)"),
        ("pi(3)", "pi is a number, not a function; to multiply, write pi*(...)"),
        ("x = 2; x(3)", "x is an integer, not a function; to multiply, write x*(...)"),
        ("choose(1/2, 2)", "argument 1 of choose: an integer is needed here, not a fraction"),
        ("min(1, i)", "argument 2 of min: a real number is needed here, not a complex number"),
        ("floor(i)", "a real number is needed here, not a complex number"),
        ("if(1, 2, 3)", "if needs true or false, such as x > 0, and this is an integer"),
        (
            "list(1, 2, 3, 4)",
            "the first argument of list is the name that runs: list(k, 1, 5, k^2)",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_told(code: str, message: str) -> None:
    assert failure(code) == f"TypeError: {message}"


def test_only_the_chosen_value_of_if_is_computed() -> None:
    assert calculate("if(1 < 2, 10, 1/0)") == "10"
    assert calculate("if(1 > 2, 1/0, 20)") == "20"


def test_sums_run_over_a_range() -> None:
    assert calculate("sum(k, 1, 10, k^2)") == "385"
    assert calculate("sum(k, 1, 0, k)") == "0"
    assert calculate("product(k, 1, 0, k)") == "1"
    assert calculate("sum(i, 1, 3, sum(j, 1, i, i*j))") == "25"
    assert calculate("n = 4; sum(k, 1, n, k)") == "10"
    assert calculate("f(n) = sum(k, 1, n, n); f(3)") == "9"
    assert calculate("k = 100; sum(k, 1, 3, k)") == "6"
    assert calculate("k = 100; sum(k, 1, 3, k); k") == "100"


def test_four_variables_can_be_added() -> None:
    assert calculate("a = 1; b = 2; c = 3; d = 4; sum(a, b, c, d)") == "10"


def test_vars_lists_what_the_user_has() -> None:
    calculator = Calculator()
    assert calculator("vars") == "There are no variables yet. Make one: x = 3"
    calculator("x = 1/3; f(a) = a^2 # square")
    assert calculator("vars") == "x = 1/3 ≈ 0.3333333333\nf(a) = a^2"


def test_a_comma_too_many_is_no_parameter() -> None:
    assert failure("f(x,) = 1") == "SyntaxError: a number or name is needed here, not ')'"
