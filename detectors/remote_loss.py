"""RM01: the command of the throttle or remote is lost while riding."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.episodes import runs
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.ride import RIDING_ROLES, Track

#: A demand that counts, and how long its loss must last, s: shorter pauses are ordinary radio.
_DEMAND, _SHORTEST_S = 0.25, 0.4
_MOVING_M_S = 2.0
#: The demand may be this old when it is lost, s: a rider who lets go takes it down first.
_FRESH_S = 0.3


class RemoteLoss(Detector):
    """The remote's value is gone from one row to the next, at speed and under demand.

    What it finds:
        Stretches in which the throttle or remote value is missing or stands exactly at neutral right after a clear
        demand, in motion, while the controller reports no fault and its voltage is normal.

    Why it matters:
        Drive and brake are gone without the rider's doing, while pack and controller are fine.

    Evidence:
        remote.lost.

    Looks like it but is not:
        Letting go of the throttle (the value comes down over some tenths of a second), a fault of the controller, a
        log without the remote's value (then nothing can be said).

    Needs:
        A controller or wheel log with the remote's or throttle's value and the speed, 5 rows a second or more.

    Limits:
        VESC Tool logs hold no throttle: there a lost remote looks like a released one, and is not reported.

    Example:
        Demand 0.62 at 31 km/h, the next row nothing, for 1.8 s; 74 V and no fault.
    """

    code: ClassVar[str] = "RM01"
    name: ClassVar[str] = "remote-loss"
    rules: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[Need, ...]] = (Need(RIDING_ROLES, ("remote_input", "speed"), interval_s=0.3, rows=20),)
    evidence: ClassVar[tuple[str, ...]] = ("remote.lost",)

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one controller or wheel log."""
        demand = track.values("remote_input")
        speed = np.abs(track.values("speed"))
        missing = ~np.isfinite(demand)
        if float(missing.mean()) > 0.3:
            return Outcome.unable("the remote's value is missing in much of the log; a loss could not be told.")
        findings: list[Finding] = []
        for first, last in runs(missing | (demand == 0.0)):
            if first == 0 or last >= track.log.rows - 1:
                continue
            length = float(track.time[last] - track.time[first])
            start = int(np.searchsorted(track.time, track.time[first] - _FRESH_S))
            before = demand[min(start, first - 1) : first]
            asked = float(np.nanmin(np.abs(before))) if np.isfinite(before).all() and len(before) else 0.0
            moving = float(np.nanmax(speed[max(first - 5, 0) : first + 1], initial=0.0)) > _MOVING_M_S
            fault = bool((np.nan_to_num(track.values("fault_code")[first : last + 1]) > 0).any())
            if length >= _SHORTEST_S and asked >= _DEMAND and moving and not fault and missing[first]:
                findings.append(
                    self.finding(
                        track,
                        first,
                        last,
                        severity=Severity.CRITICAL,
                        message=f"The remote's value was gone for {length:.1f} s in motion, right after a demand of {asked:.2f}.",
                        measurements=(
                            Measurement("time without a value", length, "s", _SHORTEST_S, "engineering judgement"),
                        ),
                        channels=("remote_input", "speed"),
                    )
                )
        if not findings:
            return Outcome.clear("the remote's value was there whenever the vehicle moved.")
        at = findings[0].onset
        return Outcome.found(findings, {"remote.lost": Evidence.observed(at=at)})
