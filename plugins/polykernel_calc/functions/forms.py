"""What looks like a function, but evaluates its arguments itself: see ``interpreter``."""

from __future__ import annotations

from polykernel_calc.registry import form

form(
    "if(condition, then, else)",
    "One of two values. Only the one that is needed is computed, so that a function can call"
    " itself.",
    ("if(2 > 1, 10, 20)", "10"),
    ("f(n) = if(n <= 1, 1, n*f(n - 1)); f(10)", "3628800"),
)
form(
    "sum(k, from, to, term)",
    "The sum of a term for each integer k of a range; or the sum of numbers, or of a list.",
    ("sum(k, 1, 10, k^2)", "385"),
    ("sum(1, 2, 3)", "6"),
    ("sum([1/2, 1/3, 1/6])", "1"),
)
form(
    "product(k, from, to, factor)",
    "The product of a factor for each integer k of a range; or of numbers, or of a list.",
    ("product(k, 1, 5, k)", "120"),
    ("product([2, 3, 7])", "42"),
)
form(
    "list(k, from, to, item)",
    "The list of an item for each integer k of a range.",
    ("list(k, 1, 5, k^2)", "[1, 4, 9, 16, 25]"),
)
form(
    "approx(x, digits=10)",
    "x as a decimal of so many digits, computed with as many as that takes.",
    ("approx(2/3)", "0.6666666667"),
    ("approx(sqrt(2), 40)", "1.414213562373095048801688724209698078570"),
)
