"""CF01: fault codes of the controller."""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.episodes import episodes
from ridelog.faults import FAULTS
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.ride import RIDING_ROLES, Track

from .load_gone_with_log import ended_with_the_supply
from .log_ending import moving
from .standing_current import standing_rows
from .thermal_limit import DEFAULT_START_DEGC, sensor_jumps

#: Faults closer than this are one episode, s: a controller retries after 0.5 s and faults again while the cause lasts.
_JOIN_S = 3.0

#: Fault code to the evidence it gives.
_EVIDENCE: Final[dict[int, str]] = {
    1: "fault.over-voltage",
    2: "fault.under-voltage",
    5: "fault.fet-temperature",
    6: "fault.motor-temperature",
    9: "fault.supply",
    10: "fault.supply",
    11: "fault.rotor-sensor",
    12: "fault.rotor-sensor",
    13: "fault.rotor-sensor",
    14: "fault.configuration",
    15: "fault.current-sensor",
    16: "fault.current-sensor",
    17: "fault.current-sensor",
    18: "fault.unbalanced-currents",
    20: "fault.rotor-sensor",
    21: "fault.rotor-sensor",
    22: "fault.rotor-sensor",
    23: "fault.configuration",
    24: "fault.configuration",
    25: "fault.rotor-sensor",
    26: "fault.rotor-sensor",
    27: "fault.unbalanced-currents",
    28: "fault.rotor-sensor",
    29: "fault.supply",
    30: "fault.rotor-sensor",
}
#: Episodes within this time of the first are one story, s.
_TOGETHER_S = 30.0
_DRIVER: Final = frozenset({3, 7, 8})
_OVERCURRENT: Final = 4
#: Faults of heat and the channel they go by.
_MOTOR_HEAT: Final = 6
_HEAT: Final = {5: "fet_temperature", 6: "motor_temperature"}
_MILD: Final = frozenset({5, 6, 31, 32})
#: Evidence that depends on what the vehicle did around the fault.
_BY_CONTEXT: Final = (
    "fault.driver-for-good",
    "fault.driver-recovers",
    "fault.overcurrent-at-speed",
    "fault.overcurrent-without-duty",
    "fault.overcurrent",
    "fault.current-stuck",
    "fault.motor-temperature-at-full-current",
)
#: A reading that jumps within this time of a temperature fault made it, s: the fault is checked between the rows.
_JUMPS_S = 1.0
#: A motor folded back by heat has next to nothing left around its stop; this share of the ride's high current in so many rows
#: of the second before, or of the two after, says that nothing was folded back (firmware: the limit falls to zero towards the
#: temperature of the stop, and no motor cools by the range of the fold-back in seconds).
_FULL_CURRENT_SHARE, _FEWEST_FULL_ROWS, _BESIDE_S = 0.5, 2, 1.0
#: A drive current after an episode that shows that the power stage lives, A, and how long it is waited for, s.
_DRIVES_A, _RETRY_S = 3.0, 20.0
#: Over-current at speed: this electrical speed and share of full duty; without duty: below this (fault listings).
_FAST_ERPM, _FAST_DUTY, _NO_DUTY = 25_000.0, 0.5, 0.08
#: Switched off by hand: the voltage leaves this share of the usual one at standstill, and in the seconds before and until the
#: fault nothing drew more than this, A (engineering judgement).
_UNDER_VOLTAGE, _USUAL_SHARE, _STANDS_S, _NO_LOAD_A = 2, 0.9, 2.0, 2.0


class ControllerFaults(Detector):
    """The controller reports a fault code.

    What it finds:
        Every stretch in which the fault code is not zero, decoded and grouped into episodes.

    Why it matters:
        At a fault the controller releases the motor for half a second or more: no drive, no brake. The first fault of
        an episode points to the cause, later ones are often consequences.

    Evidence:
        fault.over-voltage, fault.under-voltage, fault.driver-for-good, fault.driver-recovers,
        fault.overcurrent-at-speed, fault.overcurrent-without-duty, fault.overcurrent, fault.fet-temperature,
        fault.motor-temperature, fault.motor-temperature-at-full-current, fault.supply, fault.rotor-sensor,
        fault.current-sensor, fault.unbalanced-currents, fault.current-stuck (an over-current that goes on reading the same
        while the fault holds the motor off), fault.configuration.

    Looks like it but is not:
        A gate driver fault after the battery was cut or over-voltage: damage or a consequence, not the cause. Under-voltage
        as the vehicle is switched off at standstill (reported as information).

    Needs:
        A controller log with fault codes (VESC numbering).

    Limits:
        A fault shows for at least half a second, so that a log of 5 rows a second catches it, unless the link or the
        controller dies with it. After a restart the codes are gone: no fault code proves nothing then.

    Example:
        Code 1 (over-voltage) for 0.6 s while braking, three times: the braking current had nowhere to go.
    """

    code: ClassVar[str] = "CF01"
    name: ClassVar[str] = "controller-faults"
    rules: ClassVar[tuple[str, ...]] = ("TRIP-01", "TRIP-02", "TRIP-04")
    needs: ClassVar[tuple[Need, ...]] = (Need(RIDING_ROLES, ("fault_code",)),)
    evidence: ClassVar[tuple[str, ...]] = (*dict.fromkeys(_EVIDENCE.values()), *_BY_CONTEXT)

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one controller log."""
        codes = np.nan_to_num(track.values("fault_code")).astype(np.int64)
        findings: list[Finding] = []
        evidence: dict[str, Evidence] = {}
        start = -np.inf
        for first, last in episodes(codes > 0, track.time, _JOIN_S):
            off = set(codes[first : last + 1].tolist()) <= {0, _UNDER_VOLTAGE} and _switched_off(track, first, last)
            findings.append(self._episode(track, codes, first, last, off=off))
            if off:
                continue
            if not evidence:
                start = float(track.time[first])
            if float(track.time[first]) - start <= _TOGETHER_S:
                # What follows within seconds belongs to the same story, the damage after the event included.
                evidence = {**_evidence(track, codes, first, last), **evidence}
        if not findings:
            seen = min(0.5 / max(track.log.interval_s, 1e-3), 1.0)
            reason = "the controller reported no fault in any row."
            if ended_with_the_supply(case, track):
                reason += " The log ends as its supply does: what it reported then is not in it."
                unseen = Evidence.not_observable("the log ends as the supply of the controller does")
                return Outcome.clear(reason, dict.fromkeys(self.evidence, unseen))
            return Outcome.clear(reason, {name: Evidence.absent(reason, strength=seen) for name in self.evidence})
        for name in self.evidence:
            evidence.setdefault(name, Evidence.absent("the controller reported other faults."))
        return Outcome.found(findings, evidence)

    def _episode(
        self, track: Track, codes: np.ndarray[tuple[int], np.dtype[np.int64]], first: int, last: int, *, off: bool
    ) -> Finding:
        inside = codes[first : last + 1]
        order = [int(code) for code in dict.fromkeys(inside[inside > 0].tolist())]
        names = " then ".join(_name(code) for code in order)
        starts = int(np.count_nonzero((inside[1:] > 0) & (inside[:-1] != inside[1:])) + (inside[0] > 0))
        known = FAULTS.get(order[0])
        severity = Severity.WARNING if set(order) <= _MILD else Severity.CRITICAL
        meaning = known.meaning if known else ""
        if off:
            severity, meaning = Severity.INFO, "The vehicle stood without load: it was switched off."
        times = f", {starts} times" if starts > len(order) else ""
        return self.finding(
            track,
            first,
            last,
            severity=severity,
            message=f"The controller stopped with {names}{times}. {meaning}".strip(),
            measurements=(
                Measurement("first fault code", float(order[0])),
                Measurement("duration", float(track.time[last] - track.time[first]), "s"),
            ),
            channels=("fault_code",),
        )


def _switched_off(track: Track, first: int, last: int) -> bool:
    """Tell whether the voltage went away while the vehicle stood and drew nothing, and it did not drive on."""
    volts, current = track.values("pack_voltage"), np.abs(track.values("battery_current"))
    if not (np.isfinite(volts).any() and np.isfinite(current).any()):
        return False
    usual = np.flatnonzero(volts[: first + 1] >= _USUAL_SHARE * float(np.nanmedian(volts)))
    if not len(usual) or usual[-1] == first:
        return False
    fell = int(usual[-1])
    start = int(np.searchsorted(track.time, track.time[fell] - _STANDS_S))
    idle = float(np.nanmax(current[start : last + 1], initial=0.0)) <= _NO_LOAD_A
    return idle and not any(moving(track, row) for row in (start, fell, first)) and not _drives_after(track, last)


def _name(code: int) -> str:
    known = FAULTS.get(code)
    return f"fault {code} ({known.name.replace('_', ' ').lower()})" if known else f"fault {code}"


#: A motor warms by tenths of a degree a second: through the fold-back for so long, s, without a step of this, K.
_FOLDS_S, _SMOOTH_K = 10.0, 5.0


def _evidence(
    track: Track, codes: np.ndarray[tuple[int], np.dtype[np.int64]], first: int, last: int
) -> dict[str, Evidence]:
    evidence: dict[str, Evidence] = {}
    stuck = bool(standing_rows(track)[first : last + 1].any())
    for row in range(first, last + 1):
        code = int(codes[row])
        if code in _DRIVER:
            name = "fault.driver-recovers" if _drives_after(track, last) else "fault.driver-for-good"
        elif code == _OVERCURRENT:
            # The duty of the later rows is that of the motor the fault has already let go.
            begins = row == first or codes[row - 1] != code
            name = "fault.current-stuck" if stuck else _overcurrent(track, row) if begins else ""
        else:
            name = _EVIDENCE.get(code, "")
        near = np.searchsorted(track.time, (track.time[row] - _JUMPS_S, track.time[row] + _JUMPS_S))
        if code in _HEAT and sensor_jumps(track, _HEAT[code], int(near[0]), int(near[1]) - 1):
            # The controller acted on a reading that no heat explains; the thermal check says so.
            name = ""
        if name and name not in evidence:
            evidence[name] = Evidence.observed(f"Fault {code}.", at=track.onset(row))
            if code == _MOTOR_HEAT and _at_full_current(track, codes):
                evidence["fault.motor-temperature-at-full-current"] = Evidence.observed(at=track.onset(row))
    return evidence


def _at_full_current(track: Track, codes: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
    """Whether the motor had a high current of the ride just before, or just after, a stop for its temperature.

    A ride that was mostly folded back has no high current to compare with: a logged temperature that rose through the
    range of the fold-back is heat, whatever flowed.
    """
    if _rose_through(track, codes):
        return False
    current = np.abs(track.values("motor_current" if track.has("motor_current") else "battery_current"))
    if not np.isfinite(current).any():
        return False
    full = current >= max(_FULL_CURRENT_SHARE * float(np.nanpercentile(current, 98)), _DRIVES_A)
    for first, last in episodes(codes == _MOTOR_HEAT, track.time, 0.0):
        before = slice(int(np.searchsorted(track.time, track.time[first] - _BESIDE_S)), first)
        after = slice(last + 1, int(np.searchsorted(track.time, track.time[last] + 2 * _BESIDE_S)))
        if max(int(np.count_nonzero(full[side])) for side in (before, after)) >= _FEWEST_FULL_ROWS:
            return True
    return False


def _rose_through(track: Track, codes: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
    """Whether the motor's temperature stood in the range of the fold-back for a while before the first stop for it."""
    heat, stop = track.values("motor_temperature"), int(np.argmax(codes == _MOTOR_HEAT))
    before = slice(int(np.searchsorted(track.time, track.time[stop] - _FOLDS_S)), stop)
    known = heat[before][np.isfinite(heat[before])]
    if len(known) < 2 or float(track.time[stop] - track.time[before.start]) < 0.5 * _FOLDS_S:
        return False
    return bool((known >= DEFAULT_START_DEGC).all()) and float(np.abs(np.diff(known)).max()) < _SMOOTH_K


def _drives_after(track: Track, last: int) -> bool:
    """The motor drives again after the episode: a dead power stage never does."""
    end = int(np.searchsorted(track.time, track.time[last] + _RETRY_S))
    current = track.values("motor_current" if track.has("motor_current") else "battery_current")[last + 1 : end]
    return int(np.count_nonzero(np.nan_to_num(current) > _DRIVES_A)) >= 3


def _overcurrent(track: Track, row: int) -> str:
    window = slice(max(row - 3, 0), row + 1)
    duty = np.abs(track.values("duty")[window])
    erpm = np.abs(track.values("erpm")[window])
    highest = float(np.nanmax(duty, initial=0.0))
    if np.isfinite(erpm).any() and float(np.nanmax(erpm)) >= _FAST_ERPM and highest >= _FAST_DUTY:
        return "fault.overcurrent-at-speed"
    if np.isfinite(duty).any() and highest < _NO_DUTY:
        return "fault.overcurrent-without-duty"
    return "fault.overcurrent"
