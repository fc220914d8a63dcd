"""How long something lasted, in the unit that a reader thinks in: "4 s", "12 min", "3.5 h", "107 days"."""

from __future__ import annotations

import math
from typing import Final

#: Seconds are given below two minutes, minutes below two hours, hours below two days.
_MINUTE_S, _HOUR_S, _DAY_S = 60.0, 3600.0, 86400.0
_FROM: Final = 2
#: Seconds below this have a decimal at least: "0 s" says nothing.
_SHORT_S: Final = 3.0
#: Hours and days below this have one decimal.
_ONE_DECIMAL_BELOW: Final = 10


def lasting(seconds: float, decimals: int = 0) -> str:
    """Say how long something lasted.

    Args:
        seconds: The duration, s.
        decimals: Decimals while it is given in seconds.
    """
    if not math.isfinite(seconds):
        return "an unknown time"
    size = abs(seconds)
    if size < _FROM * _MINUTE_S:
        decimals = max(decimals, 1) if size < _SHORT_S else decimals
        return f"{seconds:.{decimals}f} s"
    if size < _FROM * _HOUR_S:
        return f"{seconds / _MINUTE_S:.0f} min"
    value, unit = (seconds / _HOUR_S, "h") if size < _FROM * _DAY_S else (seconds / _DAY_S, "days")
    text = f"{value:.1f}".removesuffix(".0") if abs(value) < _ONE_DECIMAL_BELOW else f"{value:.0f}"
    return f"{text} {unit}"
