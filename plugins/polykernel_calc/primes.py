"""Prime numbers: the test, and factors."""

from __future__ import annotations

from math import gcd

from polykernel_calc.errors import limit_error, math_error

MAX_PRIME_BITS = 2_000  # of the number that is tested: about 600 digits
_MAX_ROUNDS = 400_000  # steps of Pollard's method for one factor: it finds most of 10 digits
_SMALL = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41]
_SURE = 3_317_044_064_679_887_385_961_981  # below it, these bases prove (Sorenson, Webster)


def is_prime(n: int) -> bool:
    """Tell whether n is prime: proven up to 24 digits, sure beyond reasonable doubt above.

    Raises:
        CalcError: n is too large.
    """
    if n < 2:
        return False
    if n.bit_length() > MAX_PRIME_BITS:
        raise limit_error("numbers of more than 600 digits are not tested for being prime")
    for prime in _SMALL:
        if n % prime == 0:
            return n == prime
    bases = list(_SMALL)
    if n >= _SURE:
        # spread over the range, so that no number made to fool the small ones passes
        bases += [n * 7919 * k % (n - 3) + 2 for k in range(1, 13)]
        bases += [pow(3, k, n - 3) + 2 for k in range(40, 52)]
    return all(_passes(n, base) for base in bases)


def _passes(n: int, base: int) -> bool:
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    x = pow(base, odd, n)
    if x in (1, n - 1):
        return True
    for _ in range(twos - 1):
        x = x * x % n
        if x == n - 1:
            return True
    return False


def factors(n: int) -> list[int]:
    """Give the prime factors in order; a negative number begins with -1.

    Raises:
        CalcError: n is zero, or has two factors that are too large to be found.
    """
    if n == 0:
        raise math_error("zero has no prime factors")
    if n in (1, -1):
        return [n]
    found = [-1] if n < 0 else []
    n = abs(n)
    if n.bit_length() > MAX_PRIME_BITS:
        raise limit_error("numbers of more than 600 digits are not factored")
    divisor = 2
    while divisor < 2_000 and divisor * divisor <= n:
        while n % divisor == 0:
            found.append(divisor)
            n //= divisor
        divisor += 1 if divisor == 2 else 2
    if n > 1:
        found.extend(sorted(_large_factors(n)))
    return found


def _large_factors(n: int) -> list[int]:
    waiting, found = [n], []
    while waiting:
        n = waiting.pop()
        if is_prime(n):
            found.append(n)
        else:
            divisor = _divisor(n)
            waiting += [divisor, n // divisor]
    return found


def _divisor(n: int) -> int:
    """Find a divisor by Pollard's method, in Brent's variant."""
    for shift in range(1, 20):
        y, product, power, rounds = 2, 1, 1, 0
        x = kept = y
        divisor = 1
        while divisor == 1:
            x = y
            for _ in range(power):
                y = (y * y + shift) % n
            done = 0
            while done < power and divisor == 1:
                kept = y
                for _ in range(min(128, power - done)):
                    y = (y * y + shift) % n
                    product = product * abs(x - y) % n
                divisor = gcd(product, n)
                done += 128
            rounds += power
            power *= 2
            if rounds > _MAX_ROUNDS and divisor == 1:
                raise limit_error(
                    "its prime factors are too large to be found"
                    f" (limit: {_MAX_ROUNDS:,} rounds of Pollard's method)"
                )
        if divisor == n:
            divisor = 1
            while divisor == 1:
                kept = (kept * kept + shift) % n
                divisor = gcd(abs(x - kept), n)
        if divisor != n:
            return divisor
    raise limit_error("its prime factors could not be found")
