"""PP01: the controller loses the battery."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.durations import lasting
from ridelog.finding import Evidence, Finding, Interval, Measurement, Outcome, Severity
from ridelog.ride import RIDING_ROLES, Track

from .before_the_loss import charge_before, heat_at_loss
from .braking_only import braking_only, losses
from .bumps import come_with_bumps
from .controller_restart import in_motion, restarts
from .excursions import Excursions, excursions
from .load_gone_with_log import GoneWithLog, gone_with_log
from .load_record import load_evidence
from .log_ending import at_its_highest, cut_at_the_end, ends_under_load, moving, own_logger_ended
from .openings import LOAD_A, kind_of, load_before, low_stretches

#: No protection board closes again after an over-current or heat so soon, s: the shortest release times are about 5 s, usual
#: ones 30 to 60 s (settings and records of JK, JBD and ANT boards).
_AT_ONCE_S = 3.5
#: It is back when it gives this current, A, or share of the high one, within this time, s.
_GIVES_A, _GIVES_SHARE, _GIVES_S = 2.0, 0.05, 5.0
#: Openings within this time of one another are flicker, s.
_FLICKER_S = 10.0


class PowerPathOpen(Detector):
    """The voltage at the controller falls far below what the connected pack could have had.

    What it finds:
        Moments at which the battery was gone from the controller: the voltage is lower than the pack's own
        open-circuit voltage minus its resistance times any current seen around that moment.

    Why it matters:
        Drive and brake are lost without warning, and the spike at the opening can destroy the controller (TRIP-01,
        TRIP-02). Whatever opened will open again.

    Evidence:
        path.collapse, path.high-current-before, path.cells-low-before, path.flicker (and whether it comes with bumps, where
        an acceleration is logged: a loose contact or solder bead, COM-02), path.stayed-open,
        path.back-at-once, path.braking-only (between two openings the pack takes braking current and gives none),
        path.log-ends-under-load, path.own-logger-ended, path.load-gone-with-log (the controller's log
        ends under load and a BMS log sees none from that moment), bms.hot-before (from a BMS log without FET states).

    Looks like it but is not:
        Releasing the throttle (the voltage rises), deep sag of a weak pack (the voltage follows the current), the
        controller's own cutoff (the current tapers), a pack that is lower than the estimate follows (its current flows
        on), switching off at standstill (no load, no motion: reported as information), a single odd voltage sample with
        an unchanged current (telemetry), a bus without capacitors (it swings to both sides while the current flows on), a
        lost radio link (no rows).

    Needs:
        A controller or wheel log with pack voltage and battery current, at best 5 rows a second or more.

    Limits:
        An opening shorter than the time between two rows does not show. The controller alone cannot tell which part
        opened: the BMS, a connector, a switch or a fuse.

    Example:
        74.1 V at 38 A, one row later 31 V at 0 A while the wheel turns on: the pack was gone.
    """

    code: ClassVar[str] = "PP01"
    name: ClassVar[str] = "power-path-open"
    rules: ClassVar[tuple[str, ...]] = ("TRIP-01", "TRIP-02", "TRIP-06", "TRIP-09", "TRIP-22", "COM-02", "COM-04")
    needs: ClassVar[tuple[Need, ...]] = (
        Need(RIDING_ROLES, ("pack_voltage", "battery_current"), interval_s=3.0, rows=20),
    )
    evidence: ClassVar[tuple[str, ...]] = (
        "path.collapse",
        "path.high-current-before",
        "path.cells-low-before",
        "path.flicker",
        "path.stayed-open",
        "path.back-at-once",
        "path.braking-only",
        "path.log-ends-under-load",
        "path.own-logger-ended",
        "path.load-gone-with-log",
        "bms.hot-before",
    )

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one controller or wheel log."""
        outside = excursions(case, track)
        if outside is None:
            return Outcome.unable(case.pack.notes.get(track.index, "the pack estimate has no model for this log."))
        current = track.values("battery_current")
        scale = float(np.nanpercentile(np.abs(current), 99)) if np.isfinite(current).any() else 0.0
        openings: list[tuple[int, int]] = []
        findings: list[Finding] = []
        for first, last in low_stretches(case, track, outside, scale):
            kind = kind_of(track, first, last, scale)
            if kind == "opening":
                openings.append((first, last))
                findings.append(self._opening(track, outside, first, last))
            elif kind == "switched off":
                findings.append(self._switched_off(track, first, last))
        cut = cut_at_the_end(track, outside, scale) if not openings else None
        if cut is not None:
            openings.append(cut)
            findings.append(self._opening(track, outside, *cut))
        ending = ends_under_load(track, scale) if not openings else None
        if ending is not None:
            findings.append(self._ending(track, ending))
        silent = own_logger_ended(case, track) if not openings else None
        if silent is not None:
            return Outcome.found(
                [*(item for item in findings if item.severity is not Severity.WARNING), self._silent(track, silent)],
                self._ended_evidence("path.own-logger-ended", case, track, outside, scale),
            )
        together = gone_with_log(case, track) if not openings else None
        if together is not None:
            return Outcome.found(
                [*findings, self._together(track, together)],
                self._ended_evidence("path.load-gone-with-log", case, track, outside, scale, together.strength),
            )
        if not openings:
            extra = {name: Evidence.not_observable("no opening to look at") for name in self.evidence}
            extra["path.collapse"] = Evidence.absent("the voltage stayed with the pack in every row.")
            if ending is not None:
                at = track.onset(track.log.rows - 1)
                extra["path.log-ends-under-load"] = Evidence.observed(f"Its last row has {ending:.0f} A.", at=at)
                extra["path.cells-low-before"] = charge_before(case, track, outside, track.log.rows - 1, ended=True)
            reason = "the voltage stayed with the pack in every row."
            if moving(track, track.log.rows - 1):
                # What opens the path often ends the log: its last row says nothing of the moment after it.
                extra["path.collapse"] = Evidence.not_observable("the log ends in motion")
                reason += " The log ends in motion: what came after its last row is not in it."
            elif any(in_motion(track, row) for row in restarts(track)):
                extra["path.collapse"] = Evidence.not_observable("the controller started anew in a gap of the log")
                reason += " The controller started anew in a gap: what its voltage was there is not in the log."
            if findings:
                return Outcome.found(findings, extra)
            return Outcome.clear(reason, extra)
        return Outcome.found(findings, self._evidence(case, track, outside, openings, scale))

    def _opening(self, track: Track, outside: Excursions, first: int, last: int) -> Finding:
        volts = track.values("pack_voltage")
        depth = float(np.nanmax(outside.below[first : last + 1]))
        lowest = float(np.nanmin(volts[first : last + 1]))
        before = load_before(track, first)
        limit = float(outside.low_margin[first])
        return self.finding(
            track,
            first,
            last,
            severity=Severity.CRITICAL,
            message=(
                f"The controller lost the battery: {lowest:.1f} V where the pack had "
                f"{float(outside.open_circuit[first]):.1f} V without load; the load before was {before:.0f} A."
            ),
            measurements=(
                Measurement("voltage below what a connected pack explains", depth, "V", limit, "TRIP-01"),
                Measurement("lowest voltage", lowest, "V"),
                Measurement("battery current before", before, "A"),
            ),
            channels=("pack_voltage", "battery_current"),
        )

    def _switched_off(self, track: Track, first: int, last: int) -> Finding:
        return self.finding(
            track,
            first,
            last,
            severity=Severity.INFO,
            message="The voltage fell at standstill and without load: the vehicle was switched on or off here.",
            channels=("pack_voltage",),
        )

    def _ending(self, track: Track, ampere: float) -> Finding:
        row = track.log.rows - 1
        return self.finding(
            track,
            row,
            row,
            severity=Severity.WARNING if at_its_highest(track, ampere) else Severity.INFO,
            message=(
                f"The log ends while riding, at {ampere:.0f} A: the connection or the controller was lost, or logging "
                "was stopped. What came after is not in this log."
            ),
            channels=("battery_current",),
        )

    def _silent(self, track: Track, ampere: float) -> Finding:
        row = track.log.rows - 1
        return self.finding(
            track,
            row,
            row,
            severity=Severity.WARNING,
            message=(
                f"The vehicle's own logger falls silent in motion, at up to {ampere:.0f} A: it lives on the battery, so the "
                "battery was gone, or the controller that feeds it. What came after is not in this log."
            ),
            measurements=(Measurement("battery current before", ampere, "A"),),
            channels=("battery_current",),
        )

    def _together(self, track: Track, gone: GoneWithLog) -> Finding:
        row = track.log.rows - 1
        return self.finding(
            track,
            row,
            row,
            severity=Severity.WARNING,
            message=(
                f"The log of the controller ends while riding, at {gone.ampere:.0f} A, and from that moment the BMS sees no "
                f"load for the {gone.lasts_s:.0f} s it goes on: the controller lost its supply, or died."
            ),
            measurements=(
                Measurement("battery current before", gone.ampere, "A"),
                Measurement("time without load after", gone.lasts_s, "s"),
            ),
            channels=("battery_current",),
        )

    def _ended_evidence(
        self, name: str, case: Case, track: Track, outside: Excursions, scale: float, strength: float = 1.0
    ) -> dict[str, Evidence]:
        row = track.log.rows - 1
        unseen = Evidence.not_observable("the log ends in motion")
        return {
            **dict.fromkeys(self.evidence, unseen),
            name: Evidence.observed(strength=strength, at=track.onset(row)),
            "path.high-current-before": _load_evidence(track, row, scale),
            "path.cells-low-before": charge_before(case, track, outside, row),
            "bms.hot-before": heat_at_loss(case, track, row),
        }

    def _evidence(
        self, case: Case, track: Track, outside: Excursions, openings: list[tuple[int, int]], scale: float
    ) -> dict[str, Evidence]:
        first, last = openings[0]
        at = track.onset(first)
        gives = max(_GIVES_A, _GIVES_SHARE * scale)
        gone = losses(track, openings, gives)
        depth = float(np.nanmax(outside.below[first : last + 1])) / max(float(outside.low_margin[first]), 1e-9)
        evidence = {
            "path.collapse": Evidence.observed(
                f"{float(np.nanmax(outside.below[first : last + 1])):.1f} V too low.",
                strength=0.6 + 0.4 * min(max(depth - 1.0, 0.0), 1.0) if depth > 1.0 else 0.5,
                at=at,
            ),
            "path.high-current-before": _load_evidence(track, first, scale),
            "path.cells-low-before": charge_before(case, track, outside, first),
            "bms.hot-before": heat_at_loss(case, track, first),
            "path.stayed-open": Evidence.observed()
            if gone[0][1] >= track.log.rows - 2
            else Evidence.absent(
                f"It was back after {lasting(float(track.time[gone[0][1] + 1] - track.time[first]), 1)}."
            ),
            "path.log-ends-under-load": Evidence.not_observable("the log shows the opening itself"),
            "path.own-logger-ended": Evidence.not_observable("the log shows the opening itself"),
            "path.load-gone-with-log": Evidence.not_observable("the log shows the opening itself"),
        }
        evidence["path.back-at-once"] = _back_at_once(track, gone, gives, at)
        braked = braking_only(track, outside, openings, gives)
        evidence["path.braking-only"] = (
            Evidence.not_observable("no braking was taken between two openings")
            if braked is None
            else Evidence.observed(at=track.onset(braked))
        )
        near = [item for item in gone if abs(float(track.time[item[0]] - track.time[first])) <= _FLICKER_S]
        returned = sum(1 for item in near if item[1] < track.log.rows - 1)
        if len(near) >= 3 and returned >= 2:
            bumps = ", and they come with bumps" if come_with_bumps(track, openings) else ""
            evidence["path.flicker"] = Evidence.observed(
                f"{len(near)} openings within {_FLICKER_S:.0f} s{bumps}.", at=at
            )
        else:
            evidence["path.flicker"] = Evidence.absent("the path did not come and go")
        return evidence


def _back_at_once(track: Track, gone: list[tuple[int, int]], gives: float, at: Interval) -> Evidence:
    """Whether the battery gave current again sooner than a board closes after a trip, after any of the losses."""
    current, time = track.values("battery_current"), track.time
    for first, last in gone:
        if last >= track.log.rows - 1 or float(time[last + 1] - time[first]) > _AT_ONCE_S:
            continue
        until = int(np.searchsorted(time, time[last + 1] + _GIVES_S, side="right"))
        if float(np.nanmax(current[last + 1 : until], initial=0.0)) >= gives:
            return Evidence.observed(f"After {lasting(float(time[last + 1] - time[first]), 1)}.", at=at)
    return Evidence.absent("it stayed open for longer")


def _load_evidence(track: Track, first: int, scale: float) -> Evidence:
    load = load_before(track, first)
    if max(scale, load) < LOAD_A:
        return Evidence.not_observable("the ride has no load to compare with")
    return load_evidence(track, first, load)
