"""BS01: the bus voltage swings as if nothing held it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.episodes import runs
from ridelog.finding import Evidence, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track

from .bus_ripple import Ripple, ripple
from .excursions import SWING_ROWS, SWING_S, excursions
from .unheld_bus import swings_to_both_sides

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Fewest swings up and down, and in all.
_FEWEST_EACH, _FEWEST = 1, 4
#: A bus that lost its pack goes far below this share of the open-circuit voltage; a swing does not.
_DEEP_SHARE = 0.55
#: A pack that is gone for longer than a swing rings in its own way this long before and after, s.
_LOST_S = 10.0
#: The over-voltage fault of VESC firmware, and rows beside it in which the voltage would be seen.
_OVER_VOLTAGE, _BESIDE = 1, 2
#: The current goes on when it flows in the rows beside a swing, A.
_FLOWS_A = 2.0


class BusSwings(Detector):
    """The voltage swings up and down for single moments while the current goes on.

    What it finds:
        Single rows far above and far below what the pack explains, several times on a ride, in drive and in braking; or a
        voltage that jumps from row to row as long as the motor takes current, and stands still without.

    Why it matters:
        The large capacitors of the controller hold its bus; broken or torn off, the bus rings and the power stage
        fails soon.

    Evidence:
        bus.swings, bus.ripple-with-load.

    Looks like it but is not:
        A lost pack (the voltage falls to the level of the motor and stays there, and what swings around that moment is
        the motor's), an open charge path (only upwards, only in braking), a single odd sample of the radio link.

    Needs:
        A controller log with pack voltage and battery current, 5 rows a second or more.

    Limits:
        Firmware that filters the voltage hides most of the swings. Where the controller reports an over-voltage that no
        row shows, its swings are shorter than the log can show, and this says so instead of clearing the bus.

    Example:
        48 V pack: 39.1 V, 54.8 V, 36.3 V and 56.3 V in single rows within four minutes, current unbroken.
    """

    code: ClassVar[str] = "BS01"
    name: ClassVar[str] = "bus-swings"
    rules: ClassVar[tuple[str, ...]] = ("REG-02",)
    needs: ClassVar[tuple[Need, ...]] = (
        Need((Role.CONTROLLER,), ("pack_voltage", "battery_current"), interval_s=0.3, rows=50),
    )
    evidence: ClassVar[tuple[str, ...]] = ("bus.swings", "bus.ripple-with-load")

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one controller log."""
        outside = excursions(case, track)
        if outside is None:
            return Outcome.unable(case.pack.notes.get(track.index, "the pack estimate has no model for this log."))
        volts = track.values("pack_voltage")
        below, above = outside.low(track, 0.0), outside.high(track, 0.0)
        odd = np.zeros(track.log.rows, dtype=np.bool_)
        for first, last in (*below, *above):
            odd[first : last + 1] = True
        lost = [item for item in below if not (_short(track, *item) or swings_to_both_sides(outside, track, *item))]
        low = [
            item
            for item in below
            if _alone(track, odd, lost, *item)
            and float(np.nanmin(volts[item[0] : item[1] + 1])) > _DEEP_SHARE * outside.open_circuit[item[0]]
        ]
        high = [item for item in above if _alone(track, odd, lost, *item)]
        if len(low) < _FEWEST_EACH or len(high) < _FEWEST_EACH or len(low) + len(high) < _FEWEST:
            residual = case.pack.residual[track.index]
            waves = ripple(
                track.time, volts, track.values("battery_current"), track.values("motor_current"), residual.ohm
            )
            if waves is not None:
                return self._rippling(track, waves)
            unseen = _unseen_overvoltage(track)
            return Outcome.unable(unseen) if unseen else Outcome.clear(_STEADY)
        both = sorted(low + high)
        first, last = both[0][0], both[-1][1]
        lowest = float(np.nanmin([np.nanmin(volts[a : b + 1]) for a, b in low]))
        highest = float(np.nanmax([np.nanmax(volts[a : b + 1]) for a, b in high]))
        finding = self.finding(
            track,
            first,
            last,
            severity=Severity.CRITICAL,
            message=(
                f"The bus swings for moments between {lowest:.1f} V and {highest:.1f} V, {len(low)} times down and "
                f"{len(high)} times up, while the current goes on: its capacitors do not hold it."
            ),
            measurements=(
                Measurement("swings down", float(len(low))),
                Measurement("swings up", float(len(high))),
                Measurement("swings", float(len(both)), "", float(_FEWEST), "engineering judgement"),
            ),
            channels=("pack_voltage", "battery_current"),
        )
        strength = min(0.6 + 0.08 * (len(both) - _FEWEST), 1.0)
        rippling = Evidence.absent("single rows swing, not every loaded one")
        seen = {
            "bus.swings": Evidence.observed(strength=strength, at=track.onset(first)),
            "bus.ripple-with-load": rippling,
        }
        return Outcome.found((finding,), seen)

    def _rippling(self, track: Track, waves: Ripple) -> Outcome:
        finding = self.finding(
            track,
            waves.first,
            waves.last,
            severity=Severity.CRITICAL,
            message=(
                f"Under load the bus jumps from row to row between {waves.lowest_v:.1f} V and {waves.highest_v:.1f} V, and "
                "stands still without load: its capacitors do not hold it."
            ),
            measurements=(
                Measurement("jump of a row under load", waves.typical_v, "V", waves.quiet_v, "rows without load"),
                Measurement("rows under load that show it", float(waves.rows)),
            ),
            channels=("pack_voltage", "motor_current"),
        )
        at = track.onset(waves.first)
        seen = {"bus.swings": Evidence.observed(at=at), "bus.ripple-with-load": Evidence.observed(at=at)}
        return Outcome.found((finding,), seen)


_STEADY: Final = "the voltage does not swing up and down around the pack."


def _unseen_overvoltage(track: Track) -> str:
    """Say that the controller saw a voltage that no row shows, "" when it did not: such a log cannot clear the bus.

    A row that shows an over-voltage is higher than all rows far from such faults, in which the controller saw none.
    """
    volts = np.nan_to_num(track.values("pack_voltage"))
    faults = runs(track.values("fault_code") == _OVER_VOLTAGE)
    ordinary = np.ones(len(volts), dtype=np.bool_)
    for first, last in faults:
        ordinary[max(first - _BESIDE, 0) : last + _BESIDE + 1] = False
    for first, _ in faults if ordinary.any() else ():
        if volts[max(first - _BESIDE, 0) : first + _BESIDE + 1].max() < volts[ordinary].max():
            return (
                f"At {track.time[first]:.1f} s the controller reports an over-voltage that no row shows: the bus was high for "
                f"less than the {track.log.interval_s:.2g} s from row to row, and swings as short do not show."
            )
    return ""


def _short(track: Track, first: int, last: int) -> bool:
    return last - first < SWING_ROWS and float(track.time[last] - track.time[first]) <= SWING_S


def _alone(track: Track, odd: NDArray[np.bool_], lost: list[tuple[int, int]], first: int, last: int) -> bool:
    """Tell a swing of a bus that has its pack: ordinary rows with current beside it, no lost pack anywhere near."""
    if not _short(track, first, last) or first == 0 or last >= track.log.rows - 1:
        return False
    if odd[first - 1] or odd[last + 1]:
        return False
    current = np.abs(np.nan_to_num(track.values("battery_current")))
    if max(current[first - 1], current[last + 1]) < _FLOWS_A:
        return False
    begin, end = float(track.time[first]) - _LOST_S, float(track.time[last]) + _LOST_S
    return not any(track.time[one] <= end and track.time[other] >= begin for one, other in lost)
