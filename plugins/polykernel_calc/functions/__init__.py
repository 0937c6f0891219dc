"""The built-in functions and constants, a module for each subject; importing enters them all."""

from polykernel_calc.functions import (
    complexes,
    constants,
    conversion,
    forms,
    integers,
    powers,
    rounding,
    statistics,
    trigonometry,
)

__all__ = [
    "complexes",
    "constants",
    "conversion",
    "forms",
    "integers",
    "powers",
    "rounding",
    "statistics",
    "trigonometry",
]
