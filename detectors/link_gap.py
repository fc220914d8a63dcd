"""LG01: rows are missing while the vehicle went on."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.durations import lasting
from ridelog.finding import Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track

from .controller_restart import restarts

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A pause counts as a gap from this many ordinary intervals and this many seconds on; engineering judgement: radio
#: links pause for up to 0.3 s in ordinary use.
_INTERVALS, _SHORTEST_S = 8.0, 1.0
_MOST = 20
#: A pause that begins at a load of this many A, and this share of the ride's high one, counts sooner: a cut makes one.
_LOADED_A, _LOADED_SHARE, _LOADED_INTERVALS, _LOADED_S = 8.0, 0.7, 4.0, 0.4


class LinkGap(Detector):
    """The log pauses while the device went on.

    What it finds:
        Pauses far longer than the log's ordinary interval, sooner where they begin at a high load, across which the
        counters go on: the radio link or the app paused, the vehicle did not.

    Why it matters:
        What happened inside a gap cannot be known. A gap is never counted as a fault of the vehicle.

    Evidence:
        None: a gap alone speaks for nothing.

    Looks like it but is not:
        A restart of the controller (its counters start from zero), a pause of the ride at standstill.

    Needs:
        A controller, wheel or BMS log.

    Limits:
        Without counters a gap is reported without saying whether the device went on.

    Example:
        2.4 s without rows; the charge counters go on where they were.
    """

    code: ClassVar[str] = "LG01"
    name: ClassVar[str] = "link-gap"
    rules: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[Need, ...]] = (Need((Role.CONTROLLER, Role.WHEEL, Role.BMS), rows=10),)
    evidence: ClassVar[tuple[str, ...]] = ()

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one log."""
        steps = np.diff(track.log.time)
        bound = max(_INTERVALS * track.log.interval_s, _SHORTEST_S)
        reset = set(restarts(track))
        sooner = max(_LOADED_INTERVALS * track.log.interval_s, _LOADED_S)
        loaded = _high_load(track)
        long = steps > np.where(loaded[:-1], min(sooner, bound), bound)
        gaps = [int(row) + 1 for row in np.flatnonzero(long) if int(row) + 1 not in reset]
        if not gaps:
            return Outcome.clear(f"no pause is longer than {bound:.1f} s.")
        lengths = steps[np.array(gaps) - 1]
        total = float(lengths.sum())
        findings: list[Finding] = [
            self.finding(
                track,
                row - 1,
                row,
                severity=Severity.INFO,
                message=(
                    f"{lasting(float(steps[row - 1]), 1)} without rows"
                    + (", from the highest loads of the ride on" if loaded[row - 1] else "")
                    + ": what happened there is not in the log."
                ),
                measurements=(
                    Measurement(
                        "pause",
                        float(steps[row - 1]),
                        "s",
                        min(sooner, bound) if loaded[row - 1] else bound,
                        "engineering judgement",
                    ),
                    *_load_at(track, row - 1),
                ),
                channels=("time",),
            )
            for row in sorted(gaps, key=lambda item: -steps[item - 1])[:_MOST]
        ]
        if len(gaps) > _MOST:
            findings.append(
                self.standing(
                    track,
                    severity=Severity.INFO,
                    message=f"{len(gaps)} pauses in all, {lasting(total)} together.",
                    measurements=(Measurement("pauses", float(len(gaps))), Measurement("together", total, "s")),
                )
            )
        return Outcome.found(findings, {})


def _high_load(track: Track) -> NDArray[np.bool_]:
    """Rows at a load so high that it is rare on this ride: a shorter pause there is worth a note, as a cut makes one."""
    current = track.values("battery_current")
    known = current[np.isfinite(current)]
    if not len(known):
        return np.zeros(track.log.rows, dtype=np.bool_)
    return np.asarray(current >= max(_LOADED_A, _LOADED_SHARE * float(np.percentile(known, 99))))


def _load_at(track: Track, row: int) -> tuple[Measurement, ...]:
    ampere = float(track.values("battery_current")[row])
    return (Measurement("battery current before", ampere, "A"),) if np.isfinite(ampere) else ()
