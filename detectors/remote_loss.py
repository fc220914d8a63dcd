"""RM01: the command of the throttle or remote is lost while riding."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.durations import lasting
from ridelog.episodes import runs
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.ride import RIDING_ROLES, Track

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A demand that counts, and how long its loss must last, s: shorter pauses are ordinary radio.
_DEMAND, _SHORTEST_S = 0.25, 0.4
_MOVING_M_S = 2.0
#: The demand may be this old when it is lost, s: a rider who lets go takes it down first.
_FRESH_S = 0.3
#: A lost value that reads neutral falls in one step and comes back in one step to where it was, within this; a rider's
#: thumb takes longer. Rows must be this close for that, s, and the demand below full, where every press ends.
_BACK_TO, _STEP_S, _BELOW_FULL, _LONGEST_S = 0.06, 0.12, 0.9, 6.0
#: A throttle's voltage rests at this or more, V, works this far above it, V, and is lost below this share of its rest.
_REST_V, _TRAVEL_V, _LOST_SHARE = 0.4, 0.25, 0.5
#: So many rows with the throttle above its rest show how it works; a calm rider presses it far for few of them.
_PRESSED_ROWS = 5
#: Where so many percent of the rows lie lower, a voltage is none that the throttle rests at.
_RARELY_BELOW: Final = 25
#: Or the motor's current rises and falls with it: rank correlation over so many rows; engineering judgement.
_OBEYED_RANK, _OBEYED_ROWS = 0.6, 100
#: A loss that lasts to the end of the log goes on for so long in motion, s: a log that is switched off ends at once.
_TO_THE_END_S = 1.0
#: A throttle at this share of its travel is pressed, however calm the rider; the motor takes nothing below this share of its
#: high current and had obeyed with the other just before; for so long, s.
_PRESSED_SHARE, _NOTHING_SHARE, _OBEYED_SHARE, _IGNORED_S = 0.15, 0.01, 0.1, 1.0
#: It asks for at least this share of what the motor had obeyed.
_AS_MUCH_SHARE = 0.9


class RemoteLoss(Detector):
    """The remote's value is gone from one row to the next, at speed and under demand.

    What it finds:
        Stretches in motion in which the throttle or remote value is missing right after a clear demand, or falls to
        exactly neutral in one step and comes back in one step to where it was; a throttle's voltage that falls below
        the one it rests at. The controller reports no fault meanwhile.

    Why it matters:
        Drive and brake are gone without the rider's doing, while pack and controller are fine.

    Evidence:
        remote.lost.

    Looks like it but is not:
        Letting go of the throttle (the value comes down over some tenths of a second, and its voltage to its rest), a
        fault of the controller, the foot sensors of a balance board (they rest at nothing), a log without the remote's
        value (then nothing can be said).

    Needs:
        A controller or wheel log with the remote's or throttle's value and the speed, or the throttle's voltage and the
        speed or the motor's, 4 rows a second or more.

    Limits:
        VESC Tool logs hold no throttle: there a lost remote looks like a released one, and is not reported. A throttle that
        stays pressed and is not obeyed is information, as a kill switch or a brake input looks the same.

    Example:
        Demand 0.62 at 31 km/h, the next row nothing, for 1.8 s; 74 V and no fault.
    """

    code: ClassVar[str] = "RM01"
    name: ClassVar[str] = "remote-loss"
    rules: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[Need, ...]] = (
        Need(RIDING_ROLES, ("remote_input", "speed"), interval_s=0.3, rows=20),
        Need(RIDING_ROLES, ("throttle_1", "speed"), interval_s=0.3, rows=20),
        Need(RIDING_ROLES, ("throttle_1", "erpm"), interval_s=0.3, rows=20),
    )
    evidence: ClassVar[tuple[str, ...]] = ("remote.lost",)

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one controller or wheel log."""
        lost: list[tuple[int, int, str]] = []
        looked = False
        if track.has("remote_input") and track.has("speed"):
            demand = track.values("remote_input")
            if float((~np.isfinite(demand)).mean()) > 0.3:
                return Outcome.unable("the remote's value is missing in much of the log; a loss could not be told.")
            lost += _gone(track, demand) + _stepped(track, demand)
            looked = True
        if track.has("throttle_1"):
            rest = _rest(track)
            looked |= rest is not None
            lost += _below_rest(track, rest) if rest is not None else []
        if not looked:
            return Outcome.unable("the analog input is not that of a throttle, as it rests at no voltage of its own.")
        lost.sort()
        ignored = _ignored(track) if not lost else None
        if ignored is not None:
            return Outcome.found(
                (self._not_obeyed(track, *ignored),), {"remote.lost": Evidence.not_observable(_IGNORED)}
            )
        if not lost:
            return Outcome.clear("the remote's value was there whenever the vehicle moved.")
        findings = [self._finding(track, *item) for item in lost]
        strength = max(_SURE[how] for _, _, how in lost)
        evidence = Evidence.observed(strength=strength, at=findings[0].onset)
        return Outcome.found(findings, {"remote.lost": evidence})

    def _finding(self, track: Track, first: int, last: int, how: str) -> Finding:
        length = float(track.time[min(last + 1, track.log.rows - 1)] - track.time[first])
        return self.finding(
            track,
            first,
            last,
            severity=Severity.CRITICAL,
            message=f"{_WORDS[how]} for {lasting(length, 1)} in motion, right after a clear demand.",
            measurements=(Measurement("time without a value", length, "s", _SHORTEST_S, "engineering judgement"),),
            channels=("remote_input", "throttle_1", "speed"),
        )

    def _not_obeyed(self, track: Track, first: int, last: int) -> Finding:
        length = float(track.time[last] - track.time[first])
        return self.finding(
            track,
            first,
            last,
            severity=Severity.INFO,
            message=(
                f"The throttle was pressed for {lasting(length, 1)} while the motor took no current, without a fault: a kill "
                "switch, a brake input or a lost command looks so."
            ),
            measurements=(Measurement("time without current", length, "s", _IGNORED_S, "engineering judgement"),),
            channels=("throttle_1", "motor_current"),
        )


_IGNORED: Final = "the throttle was pressed and not obeyed; a kill switch looks the same"
_WORDS: Final = {
    "gone": "The remote's value was gone",
    "neutral": "The remote's value fell to neutral in one step, and came back to where it was in one step,",
    "below rest": "The throttle's voltage was below the one it rests at",
}
_SURE: Final = {"gone": 1.0, "neutral": 0.8, "below rest": 1.0}


def _speed(track: Track) -> NDArray[np.float64]:
    """Size of the speed in m/s; without one the motor's, at about 900 electrical turns a minute for 1 m/s."""
    return np.asarray(np.abs(track.values("speed")) if track.has("speed") else np.abs(track.values("erpm")) / 900.0)


def _rolls(track: Track, first: int) -> bool:
    return float(np.nanmax(_speed(track)[max(first - 5, 0) : first + 1], initial=0.0)) > _MOVING_M_S


def _faulted(track: Track, first: int, last: int) -> bool:
    return bool((np.nan_to_num(track.values("fault_code")[first : last + 1]) > 0).any())


def _gone(track: Track, demand: NDArray[np.float64]) -> list[tuple[int, int, str]]:
    """Stretches without a value, right after a demand."""
    missing = ~np.isfinite(demand)
    found = []
    for first, last in runs(missing | (demand == 0.0)):
        if first == 0 or last >= track.log.rows - 1 or not missing[first]:
            continue
        length = float(track.time[last] - track.time[first])
        start = int(np.searchsorted(track.time, track.time[first] - _FRESH_S))
        before = demand[min(start, first - 1) : first]
        asked = float(np.nanmin(np.abs(before))) if np.isfinite(before).all() and len(before) else 0.0
        if length >= _SHORTEST_S and asked >= _DEMAND and _rolls(track, first) and not _faulted(track, first, last):
            found.append((first, last, "gone"))
    return found


def _stepped(track: Track, demand: NDArray[np.float64]) -> list[tuple[int, int, str]]:
    """Stretches at exactly neutral between two single steps from and to the same demand."""
    found = []
    for first, last in runs(demand == 0.0):
        if first < 2 or last >= track.log.rows - 2:
            continue
        length = float(track.time[last + 1] - track.time[first])
        steps = np.diff(track.time[[first - 1, first, last, last + 1]])[[0, 2]]
        before, after = float(demand[first - 1]), float(demand[last + 1])
        steady = abs(float(demand[first - 2]) - before) <= _BACK_TO and abs(float(demand[last + 2]) - after) <= _BACK_TO
        same = abs(before - after) <= _BACK_TO and _DEMAND <= before < _BELOW_FULL
        quick = _SHORTEST_S <= length <= _LONGEST_S and steps.max() <= _STEP_S
        if quick and same and steady and _rolls(track, first) and not _faulted(track, first, last):
            found.append((first, last, "neutral"))
    return found


def _rest(track: Track) -> float | None:
    """Voltage at which the throttle rests, V; None when the input does not work like a throttle's."""
    volts = track.values("throttle_1")
    # A throttle that is lost to the end of the log rests no more, however long the vehicle then stands. Foot sensors, which
    # end so as well, are not what the motor obeys.
    low = runs(np.nan_to_num(volts) <= _REST_V)
    end = low[-1][0] if low and low[-1][1] == len(volts) - 1 else len(volts)
    if end < len(volts) and not _obeyed(track, volts[:end]):
        end = len(volts)
    volts = volts[:end]
    known = volts[np.isfinite(volts)]
    still = volts[np.isfinite(volts) & (np.nan_to_num(_speed(track)[:end]) < 0.3)]
    usual = known[known > _REST_V]
    if len(known) < 20 or len(usual) < 0.5 * len(known):
        return None
    rest = float(np.median(still)) if len(still) >= 10 else float("inf")
    if rest > float(np.percentile(usual, _RARELY_BELOW)) + _TRAVEL_V:
        # Nobody presses it below its rest: the vehicle stands with its throttle pressed, or never stood.
        rest = float(np.percentile(usual, 3))
    pressed = np.count_nonzero(known > rest + _TRAVEL_V) >= _PRESSED_ROWS or _obeyed(track, volts)
    return rest if rest >= _REST_V and pressed else None


def _obeyed(track: Track, volts: NDArray[np.float64]) -> bool:
    """Whether the motor's current follows the voltage of the first rows: a calm rider presses a throttle but little."""
    current = track.values("motor_current")[: len(volts)]
    known = np.isfinite(volts) & np.isfinite(current) & (volts > _REST_V)
    if np.count_nonzero(known) < _OBEYED_ROWS or not (np.std(volts[known]) > 0 and np.std(current[known]) > 0):
        return False
    ranks = [np.argsort(np.argsort(values[known])).astype(float) for values in (volts, current)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1]) >= _OBEYED_RANK


def _ignored(track: Track) -> tuple[int, int] | None:
    """First stretch in which a throttle stays pressed while the motor current, that it had called up, is gone without a fault."""
    rest = _rest(track) if track.has("throttle_1") else None
    current = np.abs(track.values("motor_current"))
    if rest is None or not np.isfinite(current).any():
        return None
    volts = track.values("throttle_1")
    pressed = volts >= rest + _PRESSED_SHARE * (float(np.nanpercentile(volts, 99)) - rest)
    high = float(np.nanpercentile(current, 98))
    for first, last in runs(pressed & (current <= _NOTHING_SHARE * high)):
        start = int(np.searchsorted(track.time, track.time[first] - 1.0))
        moved = pressed[start:first] & (current[start:first] > _OBEYED_SHARE * high)
        if not moved.any() or track.time[last] - track.time[first] < _IGNORED_S or _faulted(track, first, last):
            continue
        # A rider who lets go passes here on the way to the rest; the same demand, or more, does not.
        asked = float(np.median(volts[start:first][moved])) - rest
        if float(np.median(volts[first : last + 1])) - rest >= _AS_MUCH_SHARE * asked:
            return first, last
    return None


def _below_rest(track: Track, rest: float) -> list[tuple[int, int, str]]:
    """Stretches in motion in which the throttle's voltage is far below its rest, right after a demand."""
    volts = track.values("throttle_1")
    found = []
    for first, last in runs(volts < _LOST_SHARE * rest):
        if first == 0:
            continue
        ends = last >= track.log.rows - 1
        length = float(track.time[last if ends else last + 1] - track.time[first])
        start = int(np.searchsorted(track.time, track.time[first] - _FRESH_S))
        before = volts[min(start, first - 1) : first]
        asked = bool((before > rest + 0.1).any()) and length >= (_TO_THE_END_S if ends else _FRESH_S)
        if asked and _rolls(track, first) and not _faulted(track, first, last):
            found.append((first, last, "below rest"))
    return found
