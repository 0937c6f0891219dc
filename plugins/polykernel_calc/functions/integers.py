"""Whole numbers: divisors, primes, factorials, combinations."""

from __future__ import annotations

from math import comb, gcd, lgamma, log, log2
from typing import TYPE_CHECKING, Sequence

from polykernel_calc.arithmetic import as_integer, decimal, integer, real
from polykernel_calc.errors import limit_error, math_error
from polykernel_calc.gamma import double_fact, fact, gamma, gamma_work
from polykernel_calc.limits import MAX_BITS, check_bits
from polykernel_calc.primes import MAX_PRIME_BITS, factors, is_prime
from polykernel_calc.registry import function

if TYPE_CHECKING:
    from polykernel_calc.values import Real, Value


def _divisor_work(arguments: Sequence[Value]) -> int:
    # dividing takes as long as both lengths multiplied
    items = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], tuple) else arguments
    lengths = [each.bit_length() for each in items if isinstance(each, int)]
    return 3 + len(items) + sum(lengths) * min(sum(lengths), MAX_BITS) // 400_000


@function(
    "gcd(a, b, ...)",
    "The greatest common divisor of integers.",
    ("gcd(12, 18)", "6"),
    ("gcd(12, 18, 27)", "3"),
    check=integer,
    gathers=True,
    work=_divisor_work,
)
def _gcd(*numbers: int) -> Value:
    result = 0
    for each in numbers:
        result = gcd(result, each)
    return result


@function(
    "lcm(a, b, ...)",
    "The least common multiple of integers.",
    ("lcm(4, 6)", "12"),
    ("lcm(2, 3, 5)", "30"),
    check=integer,
    gathers=True,
    work=_divisor_work,
)
def _lcm(*numbers: int) -> Value:
    result = 1
    for each in numbers:
        check_bits(result.bit_length() + each.bit_length() - 1)
        result = abs(result * each) // gcd(result, each) if each else 0
        if not result:
            break
    return result


def _prime_work(arguments: Sequence[Value]) -> int:
    whole = as_integer(arguments[0]) if arguments else None
    bits = whole.bit_length() if whole is not None else 0
    return 20 + min(bits, MAX_PRIME_BITS) ** 3 // 10_000


def _factor_work(arguments: Sequence[Value]) -> int:
    whole = as_integer(arguments[0]) if arguments else None
    bits = whole.bit_length() if whole is not None else 0
    return 20 + int(2.0 ** min(bits / 4, 20))


@function(
    "isprime(n)",
    "Whether n is a prime number.",
    ("isprime(97)", "true"),
    ("isprime(2^61 - 1)", "true"),
    ("isprime(91)", "false"),
    check=integer,
    work=_prime_work,
)
def _isprime(n: int) -> Value:
    return is_prime(n)


@function(
    "factor(n)",
    "The prime factors of n, as a list.",
    ("factor(360)", "[2, 2, 2, 3, 3, 5]"),
    ("product(factor(360))", "360"),
    ("factor(97)", "[97]"),
    check=integer,
    work=_factor_work,
)
def _factor(n: int) -> Value:
    return tuple(factors(n))


@function(
    "nextprime(n)",
    "The smallest prime number above n.",
    ("nextprime(100)", "101"),
    check=integer,
    work=_prime_work,
)
def _nextprime(n: int) -> Value:
    if n.bit_length() > 600:
        raise limit_error("nextprime takes numbers of at most 180 digits")
    n = max(n + 1, 2)
    while not is_prime(n):
        n += 1
    return n


@function(
    "fact(n)",
    "The factorial of n, also written n!; for other real numbers, gamma(n + 1).",
    ("fact(5)", "120"),
    ("5!", "120"),
    ("0.5! = sqrt(pi)/2", "true"),
    check=real,
    work=gamma_work,
)
def _fact(n: Real) -> Value:
    return fact(n)


function(
    "factorial(n)",
    "The factorial of n. The same as fact.",
    ("factorial(5)", "120"),
    check=real,
    work=gamma_work,
)(_fact)


@function(
    "fact2(n)",
    "The double factorial of n, also written n!!: every other number down from n, multiplied.",
    ("fact2(7)", "105"),
    ("8!!", "384"),
    check=integer,
)
def _fact2(n: int) -> Value:
    return double_fact(n)


@function(
    "gamma(x)",
    "The gamma function; gamma(n) is (n - 1)! for positive integers.",
    ("gamma(5)", "24"),
    ("gamma(1/2)^2 = pi", "true"),
    check=real,
    work=gamma_work,
)
def _gamma(x: Real) -> Value:
    whole = as_integer(x)
    if whole is not None and whole > 0:
        return fact(whole - 1)
    return gamma(decimal(x))


_CHOOSE = "In how many ways k of n things can be chosen, their order not counting."


@function("choose(n, k)", _CHOOSE, ("choose(49, 6)", "13983816"), check=integer)
def _choose(n: int, k: int) -> Value:
    if n < 0 or k < 0:
        raise math_error("choose needs numbers that are not negative")
    k = min(k, n - k)
    if k < 0:
        return 0
    if n > 10**15:
        # each factor of the product has at most the bits of n
        k = min(k, 10**15)
        check_bits(k * log2(n) - lgamma(k + 1) / log(2))
    else:
        check_bits((lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)) / log(2) - 1)
    return comb(n, k)


function("nCr(n, k)", f"{_CHOOSE} The same as choose.", ("nCr(5, 2)", "10"), check=integer)(_choose)
function(
    "binomial(n, k)", f"{_CHOOSE} The same as choose.", ("binomial(5, 2)", "10"), check=integer
)(_choose)


@function(
    "nPr(n, k)",
    "In how many ways k of n things can be arranged, their order counting.",
    ("nPr(5, 2)", "20"),
    check=integer,
)
def _npr(n: int, k: int) -> Value:
    if n < 0 or k < 0:
        raise math_error("nPr needs numbers that are not negative")
    if k > n:
        return 0
    # n!/(n - k)! is (n/e)^k at least, and e is 2^1.443
    check_bits(min(k, 10**15) * (log2(max(n, 1)) - 1.443))
    return _product(list(range(n - k + 1, n + 1)))


def _product(numbers: list[int]) -> int:
    # halves of like size: one by one, it would take quadratic time
    while len(numbers) > 1:
        pairs = [a * b for a, b in zip(numbers[::2], numbers[1::2])]
        numbers = pairs + numbers[len(pairs) * 2 :]
        check_bits(sum(each.bit_length() - 1 for each in numbers))
    return numbers[0] if numbers else 1


@function(
    "fib(n)",
    "The n-th Fibonacci number; fib(1) and fib(2) are 1.",
    ("fib(10)", "55"),
    check=integer,
)
def _fib(n: int) -> Value:
    if n < 0:
        raise math_error("fib needs a number that is not negative")
    check_bits(min(n, 10**15) * 0.6942 - 2)
    a, b = 0, 1
    for bit in f"{n:b}":
        a, b = a * (2 * b - a), a * a + b * b
        if bit == "1":
            a, b = b, a + b
    return a
