"""From values to text: plain text that can be read back, and LaTeX."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from fractions import Fraction

from polykernel_calc.arithmetic import decimal
from polykernel_calc.values import (
    SHOWN,
    BasedInteger,
    Complex,
    FullDecimal,
    Real,
    Value,
)

MAX_SHOWN = 1_000  # digits of a number that are shown in full
MAX_ITEMS_SHOWN = 200  # numbers of a list
_ENDS = 20  # digits shown at each end of a longer number
_APPROXIMATE = 10  # digits beside a fraction
_LATEX_WIDTH = 80  # longer lines are left to plain text, which wraps
_PREFIX = {2: "0b", 8: "0o", 16: "0x"}
_BASE_FORMAT = {2: "b", 8: "o", 16: "x"}


def plain(value: Value) -> str:
    """Give a value as calc code, from which the same value can be read back.

    Numbers of more than ``MAX_SHOWN`` digits are abbreviated, with the count of their digits.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        shown = [plain(item) for item in value[:MAX_ITEMS_SHOWN]]
        rest = len(value) - len(shown)
        return f"[{', '.join(shown)}{f', … {rest:,} more' if rest else ''}]"
    if isinstance(value, Complex):
        return _plain_complex(value)
    return _plain_real(value)


def described(value: Value) -> str:
    """Give a value as it is shown: a fraction with its decimal beside it."""
    beside = _decimal_beside(value)
    return plain(value) if beside is None else f"{plain(value)} {beside[0]} {plain(beside[1])}"


def latex(value: Value) -> str | None:
    """Give a value in LaTeX, without the dollars; ``None`` where plain text shows it better."""
    if isinstance(value, bool):
        return None
    text = plain(value)
    if len(text) > _LATEX_WIDTH or "…" in text:
        return None
    if isinstance(value, tuple):
        return r"\left[" + ", ".join(latex(item) or "" for item in value) + r"\right]"
    if isinstance(value, Complex):
        return _latex_complex(value)
    return _latex_real(value)


def described_latex(value: Value) -> str | None:
    """Give what :func:`described` shows, in LaTeX."""
    text = latex(value)
    beside = _decimal_beside(value)
    if text is None or beside is None:
        return text
    sign = "=" if beside[0] == "=" else r"\approx"
    return f"{text} {sign} {latex(beside[1])}"


def _decimal_beside(value: Value) -> tuple[str, Decimal] | None:
    if not isinstance(value, Fraction):
        return None
    if len(plain(value)) > _LATEX_WIDTH:
        return None
    with localcontext(Context(prec=_APPROXIMATE)):
        short = decimal(value)
    return ("=" if Fraction(short) == value else "≈"), short


# plain


def _plain_real(value: Real) -> str:
    if isinstance(value, BasedInteger):
        digits = format(abs(value), _BASE_FORMAT[value.base])
        return f"{'-' * (value < 0)}{_PREFIX[value.base]}{_shorten(digits)}"
    if isinstance(value, int):
        return _plain_integer(value)
    if isinstance(value, Fraction):
        return f"{_plain_integer(value.numerator)}/{_plain_integer(value.denominator)}"
    mantissa, exponent = _decimal_parts(value)
    return mantissa if exponent is None else f"{mantissa}e{exponent}"


def _plain_integer(value: int) -> str:
    sign = "-" if value < 0 else ""
    value = abs(value)
    if value.bit_length() <= MAX_SHOWN * 3.3219:
        return f"{sign}{int(value)}"
    count = _count_digits(value)
    if count <= MAX_SHOWN:
        return f"{sign}{int(value)}"
    # dividing is cheaper than writing all digits, which Python may refuse besides
    first = value // 10 ** (count - _ENDS)
    last = value % 10**_ENDS
    return f"{sign}{first}…{last:0{_ENDS}d} ({count:,} digits)"


def _count_digits(value: int) -> int:
    count = int(value.bit_length() * 0.30102999566398)
    while 10**count <= value:
        count += 1
    return count


def _shorten(digits: str) -> str:
    if len(digits) <= MAX_SHOWN:
        return digits
    return f"{digits[:_ENDS]}…{digits[-_ENDS:]} ({len(digits):,} digits)"


def _decimal_parts(value: Decimal) -> tuple[str, int | None]:
    """Mantissa and exponent; the exponent is ``None`` where zeros are more readable."""
    if value == 0:
        return "0", None
    full = isinstance(value, FullDecimal)
    if not full:
        value = Context(prec=SHOWN).plus(value)
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits))
    if not full or exponent > 0:
        stripped = text.rstrip("0")
        exponent += len(text) - len(stripped)
        text = stripped
    point = len(text) + exponent
    minus = "-" if sign else ""
    if -6 <= point <= max(SHOWN, len(text)):
        return minus + _place_point(text, point), None
    tail = f".{text[1:]}" if len(text) > 1 else ""
    return f"{minus}{_shorten_decimal(text[0] + tail)}", point - 1


def _place_point(text: str, point: int) -> str:
    if point <= 0:
        return _shorten_decimal(f"0.{'0' * -point}{text}")
    if point >= len(text):
        return text + "0" * (point - len(text))
    return _shorten_decimal(f"{text[:point]}.{text[point:]}")


def _shorten_decimal(text: str) -> str:
    if len(text) <= MAX_SHOWN + 10:
        return text
    return f"{text[:_ENDS]}…{text[-_ENDS:]} ({len(text) - 1:,} digits)"


def _plain_complex(value: Complex) -> str:
    im = _plain_imaginary(value.im)
    if value.re == 0:
        return im
    if im.startswith("-"):
        return f"{_plain_real(value.re)} - {im[1:]}"
    return f"{_plain_real(value.re)} + {im}"


def _plain_imaginary(im: Real) -> str:
    text = _plain_real(im)
    if text in ("1", "-1"):
        return "i" if text == "1" else "-i"
    # 3/4i could be read as 3/(4i), 0xfi as one word
    return f"{text}*i" if isinstance(im, (Fraction, BasedInteger)) else f"{text}i"


# LaTeX


def _latex_real(value: Real) -> str:
    if isinstance(value, BasedInteger):
        return rf"\mathtt{{{_plain_real(value)}}}"
    if isinstance(value, int):
        return _plain_real(value)
    if isinstance(value, Fraction):
        sign = "-" if value < 0 else ""
        return rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
    mantissa, exponent = _decimal_parts(value)
    if exponent is None:
        return mantissa
    power = f"10^{{{exponent}}}"
    if mantissa in ("1", "-1"):
        return f"-{power}" if mantissa == "-1" else power
    return rf"{mantissa} \times {power}"


def _latex_complex(value: Complex) -> str:
    im = _latex_imaginary(value.im)
    if value.re == 0:
        return im
    return f"{_latex_real(value.re)}{' - ' + im[1:] if im.startswith('-') else ' + ' + im}"


def _latex_imaginary(im: Real) -> str:
    text = _latex_real(im)
    if text in ("1", "-1"):
        return r"\mathrm{i}" if text == "1" else r"-\mathrm{i}"
    join = r" \cdot " if "^" in text else r"\,"
    return rf"{text}{join}\mathrm{{i}}"
