"""A motor that is driven and hardly given anything, at the lowest voltage of the ride: what the end of a cutoff leaves.

At the end of a low-voltage cutoff next to no current is allowed, and the voltage stands there: the lowest of the ride though
the load is gone. In a pack without a cutoff the lowest voltage comes with the highest loads, and rises as they end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.battery.quantiles import median, quantiles
from ridelog.episodes import episodes

if TYPE_CHECKING:
    from ridelog.ride import Track

#: The voltage stands within this share, or one of its digits, of the lowest of the ride; the ride's high current takes this many
#: times as much from it (engineering judgement, as all of these).
_SHARE, _SAGS = 0.0015, 2.0
#: The motor's current is positive, with this share of its highest, and the battery gives at most this share of its own.
_DRIVEN_SHARE, _DRIVEN_A, _GIVEN_SHARE = 0.04, 0.5, 0.1
#: For so long, s, over pauses of so long, s; a vehicle stands below this speed, m/s, or loses this share of its speed meanwhile.
_LASTS_S, _JOIN_S, _STANDS_M_S, _SLOWER = 15.0, 2.0, 0.3, 0.5
#: A throttle that is pressed has this share of its travel.
_PRESSED_SHARE: Final = 0.5
_FEWEST: Final = 50
_HOT_DEGC: Final = 78.0


def ran_out(track: Track, ohm: float) -> list[tuple[int, int]]:
    """First and last row of every stretch in which the motor is driven and gets slower at no current and the lowest voltage.

    Args:
        track: A controller or wheel log with pack voltage, battery current, motor current and speed.
        ohm: Resistance of the pack and its leads, ohm.
    """
    volts, amps = track.values("pack_voltage"), track.values("battery_current")
    motor, speed = track.values("motor_current"), np.abs(track.values("speed"))
    known = np.isfinite(volts) & np.isfinite(amps) & np.isfinite(motor) & np.isfinite(speed)
    drawn = known & (amps > 0)
    if np.count_nonzero(drawn) < _FEWEST or not np.isfinite(ohm):
        return []
    high, strongest = (float(quantiles(values[drawn], (0.98,))[0]) for values in (amps, motor))
    hardly = known & (motor >= max(_DRIVEN_A, _DRIVEN_SHARE * strongest)) & (amps <= _GIVEN_SHARE * high)
    # Few rides have it at all: nothing else is asked of the others.
    if not any(
        track.time[last] - track.time[first] >= _LASTS_S for first, last in episodes(hardly, track.time, _JOIN_S)
    ):
        return []
    lowest = float(quantiles(volts[drawn], (0.02,))[0])
    digits = np.diff(np.unique(volts[drawn]))
    room = max(_SHARE * lowest, float(digits.min()) if len(digits) else 0.0)
    if ohm * high < _SAGS * room:
        return []
    heat = np.nan_to_num(np.fmax(track.values("fet_temperature"), track.values("motor_temperature")))
    hardly &= (np.abs(volts - lowest) <= room) & (heat < _HOT_DEGC) & ~(np.nan_to_num(track.values("fault_code")) > 0)
    if track.has("throttle_1"):
        least, most = quantiles(track.values("throttle_1")[known], (0.02, 0.99))
        hardly &= track.values("throttle_1") >= least + _PRESSED_SHARE * (most - least)
    found = []
    for first, last in episodes(hardly, track.time, _JOIN_S):
        if track.time[last] - track.time[first] < _LASTS_S:
            continue
        part = speed[first : last + 1]
        part = part[np.isfinite(part)]
        tenth = max(len(part) // 10, 1)
        slower = median(part[-tenth:]) <= _SLOWER * median(part[:tenth])
        if slower or median(part) < _STANDS_M_S:
            found.append((first, last))
    return found
