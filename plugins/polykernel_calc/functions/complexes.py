"""The parts of complex numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polykernel_calc.arithmetic import complex_, negate, parts
from polykernel_calc.registry import function
from polykernel_calc.transcendental import angle

if TYPE_CHECKING:
    from polykernel_calc.values import Number, Value


@function("re(z)", "The real part.", ("re(3 - 4i)", "3"))
def _re(z: Number) -> Value:
    return parts(z).re


@function("im(z)", "The imaginary part.", ("im(3 - 4i)", "-4"))
def _im(z: Number) -> Value:
    return parts(z).im


@function("conj(z)", "The complex conjugate.", ("conj(3 - 4i)", "3 + 4i"))
def _conj(z: Number) -> Value:
    both = parts(z)
    return complex_(both.re, parts(negate(both.im)).re)


@function("arg(z)", "The angle of a complex number, in radians.", ("degrees(arg(1 + i))", "45"))
def _arg(z: Number) -> Value:
    return angle(z) if parts(z).im != 0 or parts(z).re < 0 else 0
