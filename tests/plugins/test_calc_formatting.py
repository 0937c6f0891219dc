"""How calc shows values: plain text that can be read back, and LaTeX beside it."""

from __future__ import annotations

import pytest
from support.calculator import Calculator


@pytest.mark.parametrize(
    ("code", "latex"),
    [
        ("42", "42"),
        ("-3/4", r"-\frac{3}{4} = -0.75"),
        ("1/3", r"\frac{1}{3} \approx 0.3333333333"),
        ("0.1", "0.1"),
        ("1.5e40", r"1.5 \times 10^{40}"),
        ("1e40", r"10^{40}"),
        ("-1e-40", r"-10^{-40}"),
        ("2i", r"2\,\mathrm{i}"),
        ("1 - i", r"1 - \mathrm{i}"),
        ("-1.0i", r"-\mathrm{i}"),
        ("1/2 + i/3", r"\frac{1}{2} + \frac{1}{3}\,\mathrm{i}"),
        ("1e40 i", r"10^{40} \cdot \mathrm{i}"),
        ("hex(255)", r"\mathtt{0xff}"),
        ("[1, 1/2]", r"\left[1, \frac{1}{2}\right]"),
        ("x = 1/2", r"x = \frac{1}{2} = 0.5"),
        ("rate_1 = 2", r"\mathrm{rate\_1} = 2"),
        ("alpha = 2", r"\alpha = 2"),
    ],
)
def test_values_have_latex(code: str, latex: str) -> None:
    assert Calculator().latex(code) == f"${latex}$"


@pytest.mark.parametrize("code", ["1 < 2", "10^100", "10^2000", "vars", "list(k, 1, 100, k)"])
def test_what_plain_text_shows_better_has_none(code: str) -> None:
    assert Calculator().latex(code) is None


@pytest.mark.parametrize(
    ("body", "latex"),
    [
        ("x^2 + 1", "{x}^{2} + 1"),
        ("1/(x + 1)", r"\frac{1}{x + 1}"),
        ("(x + 1)*x", r"\left(x + 1\right) \cdot x"),
        ("2x", r"2\,x"),
        ("2(x + 1)", r"2\,\left(x + 1\right)"),
        ("(x + 1)^2", r"{\left(x + 1\right)}^{2}"),
        ("(x^2)^3", r"{\left({x}^{2}\right)}^{3}"),
        ("-x^2", "-{x}^{2}"),
        ("x - (1 - x)", r"x - \left(1 - x\right)"),
        ("x!", "x!"),
        ("(-x)!", r"\left(-x\right)!"),
        ("x%", r"x\%"),
        ("sin(x°)", r"\sin\left(x^\circ\right)"),
        ("sqrt(x) + √x", r"\sqrt{x} + \sqrt{x}"),
        ("cbrt(x) + root(x, 5)", r"\sqrt[3]{x} + \sqrt[5]{x}"),
        ("abs(x) + floor(x) + ceil(x)",
         r"\left|x\right| + \left\lfloor x\right\rfloor + \left\lceil x\right\rceil"),
        ("x // 2", r"\left\lfloor \frac{x}{2}\right\rfloor"),
        ("x mod 2", r"x \bmod 2"),
        ("exp(x) + log(x, 2)", r"\mathrm{e}^{x} + \log_{2}\left(x\right)"),
        ("exp(x)^2", r"{\left(\mathrm{e}^{x}\right)}^{2}"),
        ("choose(x, 2)", r"\binom{x}{2}"),
        ("sum(k, 1, x, k^2)", r"\sum_{k=1}^{x} {k}^{2}"),
        ("2*sum(k, 1, x, k + 1)", r"2 \cdot \left(\sum_{k=1}^{x} \left(k + 1\right)\right)"),
        ("product(k, 1, x, k)", r"\prod_{k=1}^{x} k"),
        ("if(x > 0, x, -x)",
         r"\begin{cases}x & \text{if } x > 0\\ -x & \text{otherwise}\end{cases}"),
        ("x != 1 and not x >= 2 or x == 3",
         r"x \ne 1\ \mathrm{and}\ \mathrm{not}\ x \ge 2\ \mathrm{or}\ x = 3"),
        ("(x or x) and x", r"\left(x\ \mathrm{or}\ x\right)\ \mathrm{and}\ x"),
        ("pi*phi*e*i", r"\pi \cdot \varphi \cdot \mathrm{e} \cdot \mathrm{i}"),
        ("g(x, rate)", r"g\left(x, \mathrm{rate}\right)"),
        ("[x, 1.5e40]", r"\left[x, 1.5 \times 10^{40}\right]"),
        ("1.5e40^x", r"{\left(1.5 \times 10^{40}\right)}^{x}"),
        ("true", r"\mathrm{true}"),
    ],
)  # fmt: skip
def test_definitions_are_typeset(body: str, latex: str) -> None:
    assert Calculator().latex(f"f(x) = {body}") == rf"$f\left(x\right) = {latex}$"


@pytest.mark.parametrize(
    ("code", "plain"),
    [
        ("1/2 + 3i/4", None),
        ("(1/2) + (3/4)i", "1/2 + 3/4*i"),
        ("0.5 + 1e-20 i", "0.5 + 1e-20i"),
        ("-i", "-i"),
        ("0.000001", "0.000001"),
        ("0.0000001", "0.0000001"),
        ("0.00000001", "1e-8"),
        ("123456789.123456789", "123456789.123456789"),
        ("1e27", "1000000000000000000000000000"),
        ("1e28", "1e28"),
        ("0.1234567890123456789012345678901", "0.1234567890123456789012345678901"),
        ("-0.1234567890123456789012345678901", "-0.1234567890123456789012345678901"),
        ("approx(2/3, 40)", "0.6666666666666666666666666666666666666667"),
        ("approx(10^50/3, 5)", "3.3333e49"),
        ("true", "true"),
    ],
)
def test_plain_text_is_code(code: str, plain: str | None) -> None:
    calculator = Calculator()
    if plain is None:
        assert calculator(code) == "1/2 + 3/4*i"
        return
    assert calculator(code) == plain
    assert calculator(plain) == plain
