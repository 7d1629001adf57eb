"""Numbers as a reader wants them."""

import math


def readable(value: float) -> str:
    """A number with three significant digits and no exponent, or a dash where there is none."""
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    # A tenth of a thousandth is below what any figure here can tell apart.
    decimals = min(4, max(0, 2 - math.floor(math.log10(abs(value)))))
    return f"{value:.{decimals}f}"
