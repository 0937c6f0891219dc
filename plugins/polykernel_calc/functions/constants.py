"""The constants, each in the running precision."""

from __future__ import annotations

from decimal import Decimal

from polykernel_calc.registry import constant
from polykernel_calc.transcendental import guard, pi
from polykernel_calc.values import Complex, Value


def _tau() -> Value:
    return 2 * pi()


def _golden() -> Value:
    with guard(5):
        ratio = (1 + Decimal(5).sqrt()) / 2
    return +ratio


constant(
    "pi",
    "The ratio of a circle's circumference to its diameter; also written π.",
    pi,
    r"\pi",
    ("pi", "3.141592653589793238462643383"),
    ("approx(pi, 50)", "3.1415926535897932384626433832795028841971693993751"),
)
constant(
    "tau",
    "Two pi, the full turn; also written τ.",
    _tau,
    r"\tau",
    ("tau/pi", "2"),
)
constant(
    "e",
    "The base of natural logarithms.",
    lambda: Decimal(1).exp(),
    r"\mathrm{e}",
    ("e", "2.718281828459045235360287471"),
    ("ln(e)", "1"),
)
constant(
    "phi",
    "The golden ratio, (1 + sqrt(5))/2; also written φ.",
    _golden,
    r"\varphi",
    ("phi^2 = phi + 1", "true"),
)
constant(
    "i",
    "The imaginary unit, whose square is -1.",
    lambda: Complex(0, 1),
    r"\mathrm{i}",
    ("i^2", "-1"),
    ("(1 + 2i)(3 - 4i)", "11 + 2i"),
)
constant(
    "deg",
    "One degree, as an angle: pi/180. The sign ° means the same.",
    lambda: pi() / 180,
    r"^\circ",
    ("sin(30 deg)", "0.5"),
    ("cos(60°)", "0.5"),
)
constant(
    "rad", "One radian, as an angle: 1.", lambda: 1, r"\mathrm{rad}", ("sin((pi/6) rad)", "0.5")
)
