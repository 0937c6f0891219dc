"""Powers: exact where they can be, sized before they are computed."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from math import gcd, log2

from polykernel_calc.arithmetic import (
    Exact,
    as_integer,
    clean,
    decimal,
    divide,
    exact,
    multiply,
    parts,
    simple,
)
from polykernel_calc.errors import math_error
from polykernel_calc.limits import check_bits
from polykernel_calc.roots import exact_root
from polykernel_calc.transcendental import complex_exp, complex_ln
from polykernel_calc.values import Complex, Number


def power(a: Number, b: Number) -> Number:
    """Give ``a ^ b``: exact where it can be, the principal value where there are several.

    Raises:
        CalcError: Zero to a negative power, or a result that is too large.
    """
    exponent = as_integer(b)
    if exponent is not None:
        return _integer_power(a, exponent)
    if a == 0:
        return _zero_power(b)
    if isinstance(b, Fraction):
        root = _exact_root_power(a, b)
        if root is not None:
            return root
    if isinstance(a, Complex) or isinstance(b, Complex) or a < 0:
        return clean(complex_exp(multiply(b, complex_ln(a))))
    return _decimal_power(decimal(a), decimal(b))


def _zero_power(b: Number) -> Number:
    if parts(b).re <= 0:
        raise math_error("zero to a power that is not positive has no value")
    return 0


def _integer_power(a: Number, n: int) -> Number:
    if a == 0 and n < 0:
        raise math_error("division by zero: zero to a negative power")
    if isinstance(a, Decimal):
        return _decimal_power(a, Decimal(n)) if n else Decimal(1)
    if isinstance(a, Complex):
        return _complex_integer_power(a, n)
    top, bottom = (a.numerator, a.denominator) if n >= 0 else (a.denominator, a.numerator)
    return simple(Fraction(_int_power(top, abs(n)), _int_power(bottom, abs(n))))


def _int_power(a: int, n: int) -> int:
    if a in (0, 1):
        return a if n else 1
    if a == -1:
        return -1 if n % 2 else 1
    if n:
        # a float cannot hold every n; a power of two above it can be told from its length alone
        check_bits(log2(abs(a)) * n if n < 2**60 else float("inf"))
    return int(a**n)


def _decimal_power(a: Decimal, b: Decimal) -> Decimal:
    with localcontext() as wide:
        wide.prec += 10
        result = a**b
    return +result


def _complex_integer_power(a: Complex, n: int) -> Number:
    if isinstance(a.re, Decimal) or isinstance(a.im, Decimal):
        if abs(n) > 10**6:
            return clean(complex_exp(multiply(n, complex_ln(a))))
    else:
        n = _checked_exponent(exact(a.re), exact(a.im), n)
    result: Number = 1
    base: Number = a
    left = abs(n)
    while left:
        if left & 1:
            result = multiply(result, base)
        left >>= 1
        if left:
            base = multiply(base, base)
    return result if n >= 0 else divide(1, result)


def _checked_exponent(re: Exact, im: Exact, n: int) -> int:
    """Refuse a power of a complex number that is too long; of the units, any power is short."""
    common = re.denominator * im.denominator // gcd(re.denominator, im.denominator)
    size = (re * common) ** 2 + (im * common) ** 2
    if size == 1:
        return n % 4
    check_bits(max(log2(size) / 2, log2(common)) * min(abs(n), 10**15))
    return n


def _exact_root_power(a: Number, b: Fraction) -> Number | None:
    # 8^(2/3) is 4; but (-8)^(1/3) is the principal value, which is complex
    if isinstance(a, (Complex, Decimal)) or b.denominator > 1000:
        return None
    if a < 0:
        if b.denominator != 2:
            return None
        root = exact_root(-a, 2)
        return None if root is None else power(Complex(0, root), b.numerator)
    root = exact_root(a, b.denominator)
    return None if root is None else power(root, b.numerator)
