"""TF01: values stand still while the vehicle moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.battery.quantiles import quantiles
from ridelog.detection import Case, Detector, Need
from ridelog.durations import lasting
from ridelog.episodes import run_ends, runs
from ridelog.finding import Evidence, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import RIDING_ROLES, Track

from .stuck_board import stuck_stretches

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Shortest freeze: this long and this many rows (TEL-01, methods of frozen telemetry).
_SHORTEST_S, _FEWEST_ROWS = 10.0, 10
#: Fewer channels may stand still by chance.
_FEWEST_CHANNELS: Final = 3
#: A smooth or coarse log has stretches without a change of its own: a freeze in use lasts this many times longer than nine
#: in ten of them, where there are this many (engineering judgement).
_USUAL_TIMES, _FEWEST_USUAL = 5, 5
#: A freeze is only believed when its length is less likely than this by the log's own habit of changing.
_UNLIKELY: Final = 1e-6
#: A current that cannot stand still to the last digit while somebody rides, A, and as a share of the ride's high
#: current: what the electronics draw at standstill does stand still.
_IN_USE_A, _IN_USE_SHARE = 1.0, 0.05
#: Shortest freeze at rest, s.
_REST_S: Final = 30.0
#: At rest a log must have this many steps outside the freeze, and a freeze must be this many times longer than the
#: longest time without a change there; engineering judgement.
_FEWEST_AT_REST, _TIMES_LONGER = 30, 5
#: Channels that flicker in any live log.
_CHANNELS: Final = (
    "pack_voltage",
    "battery_current",
    "motor_current",
    "erpm",
    "duty",
    "speed",
    "cell_voltage_max",
    "cell_voltage_min",
    "power",
)
#: A ride is steady to the last digit for at most so long, s, but where it is so again and again (engineering judgement).
_STEADY_S, _HABIT = 60.0, 3
#: What the same device adds up or warms: values that are coarse and steady still move these, a device that froze does not.
_GOING_ON: Final = (
    "tachometer",
    "tachometer_absolute",
    "distance",
    "distance_absolute",
    "amp_hours_used",
    "amp_hours_charged",
    "watt_hours_used",
    "watt_hours_charged",
    "soc",
    "remaining_capacity",
    "fet_temperature",
    "controller_temperature",
    "motor_temperature",
)


class FrozenTelemetry(Detector):
    """The log goes on, and its values do not change any more.

    What it finds:
        Stretches in which every measured value stays the same to the last digit while it stood for a vehicle in use, and
        (information) at rest, far longer than this log ever stands still there.

    Why it matters:
        A display or logger that froze shows a healthy battery while anything may happen (TEL-01, TEL-02). Nothing
        that these rows say can be believed, and the pack is not to blame for it.

    Evidence:
        telemetry.frozen.

    Looks like it but is not:
        A vehicle at rest (no current but what its electronics draw, nothing moves), a slow board polled fast (its
        values repeat a few times), a gap (no rows), a steady ride in coarse digits whose counters of charge or way, the state of
        charge or a temperature go on.

    Needs:
        A controller, wheel or BMS log with at least three channels that usually change.

    Limits:
        A freeze at rest is no more than information: what rests long enough stands still by itself.

    Example:
        38.2 A, 71.43 V and all cells the same for 214 s while the controller drew between -12 and 55 A.
    """

    code: ClassVar[str] = "TF01"
    name: ClassVar[str] = "frozen-telemetry"
    rules: ClassVar[tuple[str, ...]] = ("TEL-01", "TEL-02")
    needs: ClassVar[tuple[Need, ...]] = (Need((*RIDING_ROLES, Role.BMS), ("pack_voltage",), rows=30),)
    evidence: ClassVar[tuple[str, ...]] = ("telemetry.frozen",)

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one log."""
        same, used = _unchanged(track)
        if used < _FEWEST_CHANNELS:
            return Outcome.unable("too few channels that could change.")
        changing = 1.0 - float(same.mean())
        stuck = stuck_stretches(case, track)
        found = list(stuck)
        if changing < 0.02 and not found:
            return Outcome.clear("the values of this log hardly ever change; a freeze could not be told.")
        at_rest: list[tuple[int, int, float]] = []
        steady: list[tuple[int, int, float]] = []
        drawn = _drawn(track)
        usual = _usual_rows(track, same, drawn)
        starts, ends = run_ends(same)
        steps = ends - starts + 1
        long = (track.time[ends + 1] - track.time[starts] >= _SHORTEST_S) & (steps >= _FEWEST_ROWS)
        long &= steps * np.log1p(-min(changing, 0.999)) < np.log(_UNLIKELY)
        starts, ends = starts[long], ends[long]
        rest = _Rest.of(track, same, drawn) if len(starts) else None
        used_at = _used_at(track, starts, drawn).tolist()
        for first, last, in_use in zip(starts.tolist(), ends.tolist(), used_at, strict=True):
            length = float(track.time[last + 1] - track.time[first])
            if in_use or _moves_elsewhere(case, track, first, last + 1):
                if last - first + 1 > usual:
                    (steady if _counted_on(track, first, last + 1) else found).append((first, last + 1, length))
            elif rest is not None and length >= _REST_S and rest.flickers_beside(first, last):
                at_rest.append((first, last + 1, length))
        if len(steady) < _HABIT:
            # Nobody rides so evenly for so long: a logger that integrates an old current counts on, too.
            found = sorted(found + [item for item in steady if item[2] >= _STEADY_S])
        if not found and not at_rest:
            return Outcome.clear("no value stood still while the vehicle was in use.")
        froze = "as it does nowhere else: the logger froze."
        perhaps = "at rest: the logger may have frozen; of a ride nothing is hidden."
        old = "but for its noise while the controller's moved: these values are old."
        findings = [
            self.finding(
                track,
                first,
                last,
                severity=severity,
                message=(
                    f"The current of the BMS stood still for {lasting(length)} {old}"
                    if (first, last, length) in stuck
                    else f"Every value of this log stood still for {lasting(length)} {told}"
                ),
                measurements=(Measurement("time without any change", length, "s", _SHORTEST_S, "TEL-01"),),
                channels=tuple(name for name in _CHANNELS if track.has(name)),
            )
            for stretches, severity, told in ((found, Severity.WARNING, froze), (at_rest, Severity.INFO, perhaps))
            for first, last, length in stretches
        ]
        if not found:
            return Outcome.found(findings, {"telemetry.frozen": Evidence.absent("nothing stood still in use")})
        at = track.onset(found[0][0] + 1)
        return Outcome.found(findings, {"telemetry.frozen": Evidence.observed(f"{lasting(found[0][2])}.", at=at)})


def _unchanged(track: Track) -> tuple[NDArray[np.bool_], int]:
    """Whether each step between rows changes nothing, shape (rows - 1,), and how many channels were compared."""
    same = np.ones(track.log.rows - 1, dtype=bool)
    used = 0
    for channel in _CHANNELS:
        if track.has(channel):
            values = track.values(channel)
            # A value that was not refreshed is null: it says nothing about a freeze.
            steps = np.diff(values)
            same &= (steps == 0) | ~np.isfinite(steps)
            used += 1
    cells = track.log.matrix("cell_voltages")
    if cells.shape[1]:
        # Only where nothing else changed the cells decide.
        left = np.flatnonzero(same)
        cell_steps = cells[left + 1] - cells[left]
        same[left] = ((cell_steps == 0) | ~np.isfinite(cell_steps)).all(axis=1)
        used += cells.shape[1]
    return same, used


def _counted_on(track: Track, first: int, last: int) -> bool:
    """Whether a counter of the same device went on between the second row of a stretch and its last but one."""
    for channel in _GOING_ON:
        counted = track.values(channel)[first + 1 : last]
        known = counted[np.isfinite(counted)]
        if len(known) > 1 and known[-1] != known[0]:
            return True
    return False


def _drawn(track: Track) -> float:
    """Current that says that the vehicle is in use, A."""
    current = np.abs(track.values("battery_current"))
    current = current[np.isfinite(current)]
    high = float(quantiles(current, (0.99,))[0]) if len(current) else 0.0
    return max(_IN_USE_A, _IN_USE_SHARE * high)


def _usual_rows(track: Track, same: NDArray[np.bool_], drawn: float) -> float:
    """Steps that a stretch without a change has to have in use, by the others of this log; 0 where there are few."""
    current = np.abs(track.values("battery_current"))
    if not np.isfinite(current).any():
        return 0.0
    driven = current[:-1] > drawn
    lengths = [last - first + 1 for first, last in runs(same & driven)]
    return _USUAL_TIMES * float(np.percentile(lengths, 90)) if len(lengths) >= _FEWEST_USUAL else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Rest:
    """The steps of a log at rest.

    Attributes:
        resting: Steps at rest, shape (rows - 1,).
        count: How many.
        still: How many of them change nothing.
        starts: First steps of the stretches at rest in which nothing changes, in order.
        lengths: Their lengths in steps.
    """

    resting: NDArray[np.bool_]
    count: int
    still: int
    starts: NDArray[np.intp]
    lengths: NDArray[np.intp]

    @classmethod
    def of(cls, track: Track, same: NDArray[np.bool_], drawn: float) -> _Rest | None:
        """Take them of a log; None when it has no current."""
        current = np.abs(track.values("battery_current"))
        if not np.isfinite(current).any():
            return None
        resting = current[:-1] < drawn
        still = same & resting
        starts, ends = run_ends(still)
        return cls(resting, int(np.count_nonzero(resting)), int(np.count_nonzero(still)), starts, ends - starts + 1)

    def flickers_beside(self, first: int, last: int) -> bool:
        """At rest, too, the last digits of this log flicker, everywhere but in these steps, a stretch without a change."""
        inside = np.count_nonzero(self.resting[first : last + 1])
        count = self.count - inside
        if count < _FEWEST_AT_REST:
            return False
        share = (self.still - inside) / count
        before, after = np.searchsorted(self.starts, (first, last + 1))
        longest = max(int(self.lengths[:before].max(initial=0)), int(self.lengths[after:].max(initial=0)))
        steps = last - first + 1
        return steps > _TIMES_LONGER * max(longest, 1) and bool(steps * np.log(max(share, 1e-3)) < np.log(_UNLIKELY))


def _used_at(track: Track, rows: NDArray[np.intp], drawn: float) -> NDArray[np.bool_]:
    """Whether the values of these rows say that the vehicle was not at rest."""
    used = np.zeros(len(rows), dtype=bool)
    for channel, bound in (("battery_current", drawn), ("motor_current", 2.0), ("speed", 1.0), ("erpm", 500.0)):
        used |= np.abs(track.values(channel)[rows]) > bound
    return used


def _moves_elsewhere(case: Case, track: Track, first: int, last: int) -> bool:
    """Whether another log on the same clock says that the vehicle was not at rest."""
    for other in case.ride.tracks:
        if other is track or not (other.clock.aligned and track.clock.aligned) or not other.has("battery_current"):
            continue
        # What the other log shows within the uncertainty of the clocks, or of one poll, may lie outside the stretch.
        apart = track.clock.uncertainty_s + other.clock.uncertainty_s + max(track.log.interval_s, other.log.interval_s)
        start, end = np.searchsorted(other.time, (track.time[first] + apart, track.time[last] - apart))
        inside = other.values("battery_current")[start:end]
        if end > start and np.isfinite(inside).any() and float(np.nanmax(inside) - np.nanmin(inside)) > 5.0:
            return True
    return False
