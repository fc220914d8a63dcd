"""RB01: the controller starts anew in the middle of a log."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.durations import lasting
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track

from .excursions import excursions
from .load_gone_with_log import ended_with_the_supply
from .log_ending import driven

#: Counters in memory that only grow while the controller runs and start from zero with it.
COUNTERS = (
    "tachometer_absolute",
    "amp_hours_used",
    "watt_hours_used",
    "amp_hours_charged",
    "watt_hours_charged",
    "distance_absolute",
    "uptime",
)
#: A counter has fallen when it loses this share of its value; engineering judgement, rounding is far below.
_FALL_SHARE = 0.5
#: Looking around a restart for motion and for the voltage, s.
_AROUND_S = 5.0
#: A motor that turns this fast, by its own voltage in V, keeps a controller alive without a pack: it rectifies through
#: the body diodes, and firmware runs from 8 V on.
_HOLDS_V = 15.0
#: Rows from which the motor's constant is read: this duty and this electrical speed at least.
_DRIVEN_DUTY, _DRIVEN_ERPM, _FEWEST_ROWS = 0.1, 1000.0, 20


def restarts(track: Track) -> list[int]:
    """First row after each restart: at least two counters (or the only one) fall together, to near zero.

    A change of the controller id is another controller answering, not a restart.
    """
    falls = np.zeros(track.log.rows, dtype=np.int64)
    used = 0
    for channel in COUNTERS:
        if not track.has(channel):
            continue
        values = track.values(channel)
        known = np.flatnonzero(np.isfinite(values))
        held = values if len(known) == len(values) else values[known]
        if len(known) < 2 or held.max() <= 0:
            continue
        steps = np.diff(held)
        if steps.max() <= 0:
            # What never counts up does not count: its fall to zero is a field that was cleared, not a restart.
            continue
        used += 1
        fell = np.flatnonzero(steps < 0)
        fell = fell[(held[fell + 1] < (1 - _FALL_SHARE) * held[fell]) & (held[fell] > 0)]
        falls[known[fell + 1]] += 1
    if not used:
        return []
    identity = track.values("controller_id")
    found = []
    for row in np.flatnonzero(falls >= min(2, used)):
        switched = row > 0 and np.isfinite(identity[row]) and identity[row] != identity[row - 1]
        if not switched:
            found.append(int(row))
    return found


class ControllerRestart(Detector):
    """The controller's counters start from zero in the middle of the log.

    What it finds:
        Rows in which the charge, energy and distance counters fall to zero together: the controller lost its supply.

    Why it matters:
        A controller that restarts while riding takes drive and brake away for seconds.

    Evidence:
        reboot.with-voltage (the battery voltage was normal on both sides), reboot.after-collapse,
        reboot.motor-held-the-bus (the motor turned fast enough to keep a controller without a pack alive).

    Looks like it but is not:
        A gap with counters that go on (the radio link only), switching off and on at standstill (information), the
        app changing to another controller on the bus, a field that never counts up and is cleared.

    Needs:
        A controller log with at least one of the counters kept in the controller's memory.

    Limits:
        The log does not show the gap itself: a pack that was cut and came back looks the same as a failing supply of
        the controller unless a BMS log covers the gap.

    Example:
        4.1 s without rows at 32 km/h, then all counters near zero and 74 V as before.
    """

    code: ClassVar[str] = "RB01"
    name: ClassVar[str] = "controller-restart"
    rules: ClassVar[tuple[str, ...]] = ("TRIP-13", "TRIP-17", "TRIP-19")
    needs: ClassVar[tuple[Need, ...]] = tuple(Need((Role.CONTROLLER,), (channel,)) for channel in COUNTERS)
    evidence: ClassVar[tuple[str, ...]] = (
        "reboot.with-voltage",
        "reboot.after-collapse",
        "reboot.motor-held-the-bus",
    )

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one controller log."""
        findings: list[Finding] = []
        evidence: dict[str, Evidence] = {}
        for row in restarts(track):
            moving = in_motion(track, row)
            gap = float(track.time[row] - track.time[row - 1])
            collapsed = _collapsed_before(case, track, row)
            findings.append(
                self.finding(
                    track,
                    row,
                    row,
                    severity=Severity.CRITICAL if moving else Severity.INFO,
                    message=(
                        f"The controller started anew: its counters are back at zero after {lasting(gap, 1)} without rows"
                        + (", in motion." if moving else ", at standstill.")
                    ),
                    measurements=(Measurement("time without rows", gap, "s"),),
                    channels=tuple(channel for channel in COUNTERS if track.has(channel)),
                )
            )
            if moving and not evidence:
                name = "reboot.after-collapse" if collapsed else "reboot.with-voltage"
                other = "reboot.with-voltage" if collapsed else "reboot.after-collapse"
                evidence = {
                    name: Evidence.observed(f"{lasting(gap, 1)} without rows.", at=track.onset(row)),
                    other: Evidence.absent(),
                    "reboot.motor-held-the-bus": _held(track, row)
                    if not collapsed
                    else Evidence.not_observable("the battery was gone before"),
                }
        if findings:
            quiet = {name: Evidence.absent("the controller restarted only at standstill") for name in self.evidence}
            return Outcome.found(findings, evidence or quiet)
        if ended_with_the_supply(case, track):
            unseen = Evidence.not_observable("the log ends as the supply of the controller does")
            reason = "the counters only grow. The log ends as its supply does: what came after is not in it."
            return Outcome.clear(reason, dict.fromkeys(self.evidence, unseen))
        return Outcome.clear("the counters only grow.")


def in_motion(track: Track, row: int) -> bool:
    """Whether the vehicle moved on either side of a restart, or was just pulling away; else a switch was turned."""
    if driven(track, row):
        return True
    start = int(np.searchsorted(track.time, track.time[row - 1] - _AROUND_S))
    end = int(np.searchsorted(track.time, track.time[row] + _AROUND_S))
    for channel, still in (("speed", 1.0), ("erpm", 500.0)):
        before = np.abs(track.values(channel)[max(row - 5, start) : row])
        after = np.abs(track.values(channel)[row:end])
        if np.isfinite(before).any() or np.isfinite(after).any():
            return bool((np.nan_to_num(before) > still).any() or (np.nan_to_num(after[:5]) > still).any())
    current = np.abs(np.nan_to_num(track.values("battery_current")[max(row - 5, start) : row]))
    return bool((current > 3.0).any())


def _held(track: Track, row: int) -> Evidence:
    """Whether the motor's own voltage kept the bus up on both sides of a restart."""
    erpm, duty, voltage = (np.abs(track.values(name)) for name in ("erpm", "duty", "pack_voltage"))
    driven = (duty > _DRIVEN_DUTY) & (erpm > _DRIVEN_ERPM) & np.isfinite(voltage)
    if int(driven.sum()) < _FEWEST_ROWS:
        return Evidence.not_observable("the voltage of the motor cannot be told")
    constant = float(np.median(duty[driven] * voltage[driven] / erpm[driven]))
    beside = (erpm[max(row - 3, 0) : row], erpm[row : row + 3])
    sides = [float(np.nanmax(side, initial=0.0)) * constant for side in beside]
    note = f"{min(sides):.0f} V by its speed."
    if min(sides) >= _HOLDS_V:
        return Evidence.observed(note, at=track.onset(row))
    return Evidence.not_observable("the motor turned too slowly to tell")


def _collapsed_before(case: Case, track: Track, row: int) -> bool:
    outside = excursions(case, track)
    if outside is None:
        return False
    start = int(np.searchsorted(track.time, track.time[row - 1] - _AROUND_S))
    return bool((outside.below[start:row] > outside.low_margin[start:row]).any())
