"""Trigonometric and hyperbolic functions. Angles are in radians; ``30°`` is an angle in degrees."""

from __future__ import annotations

from decimal import Decimal, getcontext

from polykernel_calc.arithmetic import clean, decimal, divide, real
from polykernel_calc.errors import math_error
from polykernel_calc.registry import function
from polykernel_calc.transcendental import (
    arccosine,
    arcsine,
    arctangent,
    arctangent2,
    complex_hyperbolic,
    complex_sine_cosine,
    guard,
    hyperbolic,
    inverse_hyperbolic_cosine,
    inverse_hyperbolic_sine,
    inverse_hyperbolic_tangent,
    pi,
    sine_cosine,
)
from polykernel_calc.values import Complex, Number, Real, Value


def _circular(x: Number) -> tuple[Number, Number]:
    return complex_sine_cosine(x) if isinstance(x, Complex) else sine_cosine(decimal(x))


def _hyper(x: Number) -> tuple[Number, Number]:
    return complex_hyperbolic(x) if isinstance(x, Complex) else hyperbolic(decimal(x))


@function("sin(x)", "The sine of an angle.", ("sin(pi/2)", "1"), ("sin(pi)", "0"))
def _sin(x: Number) -> Value:
    return _circular(x)[0]


@function("cos(x)", "The cosine of an angle.", ("cos(0)", "1"), ("cos(60°)", "0.5"))
def _cos(x: Number) -> Value:
    return _circular(x)[1]


@function("tan(x)", "The tangent of an angle.", ("tan(pi/4)", "1"), ("tan(0)", "0"))
def _tan(x: Number) -> Value:
    sine, cosine = _circular(x)
    if cosine == 0:
        raise math_error("the tangent has no value at this angle")
    with guard(10):
        sine, cosine = _circular(x)
        result = clean(divide(sine, cosine))
    return +result if isinstance(result, Decimal) else result


@function("cot(x)", "The cotangent of an angle.", ("cot(pi/4)", "1"))
def _cot(x: Number) -> Value:
    sine, cosine = _circular(x)
    if sine == 0:
        raise math_error("the cotangent has no value at this angle")
    return divide(cosine, sine)


@function("sec(x)", "The secant of an angle, 1/cos(x).", ("sec(60°)", "2"))
def _sec(x: Number) -> Value:
    cosine = _circular(x)[1]
    if cosine == 0:
        raise math_error("the secant has no value at this angle")
    return divide(1, cosine)


@function("csc(x)", "The cosecant of an angle, 1/sin(x).", ("csc(30°)", "2"))
def _csc(x: Number) -> Value:
    sine = _circular(x)[0]
    if sine == 0:
        raise math_error("the cosecant has no value at this angle")
    return divide(1, sine)


@function("asin(x)", "The angle whose sine is x.", ("degrees(asin(0.5))", "30"), check=real)
def _asin(x: Real) -> Value:
    return arcsine(decimal(x))


@function("acos(x)", "The angle whose cosine is x.", ("acos(-1) = pi", "true"), check=real)
def _acos(x: Real) -> Value:
    return arccosine(decimal(x))


@function("atan(x)", "The angle whose tangent is x.", ("4 atan(1) = pi", "true"), check=real)
def _atan(x: Real) -> Value:
    return arctangent(decimal(x))


@function(
    "atan2(y, x)",
    "The angle of the point (x, y), between -pi and pi. Mind the order.",
    ("degrees(atan2(1, -1))", "135"),
    check=real,
)
def _atan2(y: Real, x: Real) -> Value:
    return arctangent2(decimal(y), decimal(x))


@function("sinh(x)", "The hyperbolic sine.", ("sinh(0)", "0"), ("sinh(ln(2))", "0.75"))
def _sinh(x: Number) -> Value:
    return _hyper(x)[0]


@function("cosh(x)", "The hyperbolic cosine.", ("cosh(0)", "1"), ("cosh(ln(2))", "1.25"))
def _cosh(x: Number) -> Value:
    return _hyper(x)[1]


@function("tanh(x)", "The hyperbolic tangent.", ("tanh(0)", "0"), ("tanh(ln(2))", "0.6"))
def _tanh(x: Number) -> Value:
    if not isinstance(x, Complex) and abs(decimal(x)) > 3 * getcontext().prec:
        return Decimal(1).copy_sign(decimal(x))
    sine, cosine = _hyper(x)
    return divide(sine, cosine)


@function(
    "asinh(x)",
    "The number whose hyperbolic sine is x.",
    ("asinh(0.75) = ln(2)", "true"),
    check=real,
)
def _asinh(x: Real) -> Value:
    return inverse_hyperbolic_sine(decimal(x))


@function(
    "acosh(x)",
    "The positive number whose hyperbolic cosine is x.",
    ("acosh(1.25) = ln(2)", "true"),
    check=real,
)
def _acosh(x: Real) -> Value:
    return inverse_hyperbolic_cosine(decimal(x))


@function(
    "atanh(x)",
    "The number whose hyperbolic tangent is x.",
    ("atanh(0.6) = ln(2)", "true"),
    check=real,
)
def _atanh(x: Real) -> Value:
    return inverse_hyperbolic_tangent(decimal(x))


@function(
    "degrees(x)", "An angle in radians, given in degrees.", ("degrees(pi/2)", "90"), check=real
)
def _degrees(x: Real) -> Value:
    with guard(5):
        result = decimal(x) * 180 / pi()
    return +result


@function(
    "radians(x)", "An angle in degrees, given in radians.", ("radians(180)/pi", "1"), check=real
)
def _radians(x: Real) -> Value:
    with guard(5):
        result = decimal(x) * pi() / 180
    return +result
