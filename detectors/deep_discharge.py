"""DD01: cells drained too far, and boards that fall asleep on an empty pack."""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.diagnosis.ratings import ratings
from ridelog.durations import lasting
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import RIDING_ROLES, Track
from ridelog.settings import number

from .below_limit import BelowLimit, below_limit, close_to_the_cut
from .cell_rows import cell_rows
from .resting_low import drained_furthest, lowest, settled

#: Open-circuit voltage of a cell below which it is damaged, V (data sheets: NMC 2.5, LFP 2.0, LTO 1.5); 2.5 when the
#: chemistry is not known (CUT-05).
_DEEP_V: Final = {"nmc": 2.5, "lfp": 2.0, "lto": 1.5}
_UNKNOWN_DEEP_V: Final = 2.5
#: LTO is guessed from low cells alone below this confidence.
_SURE_LTO: Final = 0.9
#: LTO cells hold a good part of their charge from this voltage on, V; a meter below this says that there is none.
_LTO_HOLDS_V, _EMPTY = 2.1, 0.05
#: A BMS whose under-voltage limit is below this guards no lithium cells (the lowest, of LTO, is 1.5 V).
_NOT_LITHIUM_V: Final = 1.5
#: Within this of its floor a board falls asleep, V, on a pack of 20 groups, for which the floors were reported.
_FLOOR_V: Final = 0.6
_FLOOR_SERIES: Final = range(19, 22)
#: How far a deep discharge speaks of a pack that was found so when it happened in the log: the lowest cell began this
#: far above the limit, V, in the first rows.
_LET_HAPPEN, _FELL_V, _FIRST_ROWS = 0.5, 0.2, 5
#: The board is silent for so long, s, while the controller's log goes on.
_SILENT_S: Final = 60.0


class DeepDischarge(Detector):
    """Cells that rest below the voltage at which they are damaged.

    What it finds:
        Cell groups that stay below 2.5 V at rest (LFP 2.0 V), and whether the discharge FETs are on all the same; cells under
        load below the limit of the board for longer than any board waits, with the FETs on; boards that fall silent where
        boards of their family fall asleep (information); cells below 2.9 V (LFP 2.3 V) under load, close to a hard cut
        (information).

    Why it matters:
        Copper dissolves in a cell that was drained that far, and it can short inside when it is charged again. A BMS that
        leaves its discharge FETs on there protects nothing (CUT-05).

    Evidence:
        cells.deep-discharged, protection.undervoltage-ignored.

    Looks like it but is not:
        Sag under load, a sense wire (the neighbour shows the opposite, or the voltage jumps), cells the board is set to
        that do not exist, a board whose app was closed.

    Needs:
        A BMS log with cell voltages, or the pack voltage with a sure series count.

    Limits:
        How long the cells were that low before the log began is not known. A pack that is low as a whole looks like LTO
        unless the chemistry or a limit is known. That a board fell asleep needs a controller's
        log that goes on, and is said for packs of 20 groups only.

    Example:
        Cell group 7 at 2.21 V with no load for 14 minutes, discharge FETs on.
    """

    code: ClassVar[str] = "DD01"
    name: ClassVar[str] = "deep-discharge"
    rules: ClassVar[tuple[str, ...]] = ("CUT-05", "CUT-01", "CUT-03", "CUT-04", "ADV-04")
    needs: ClassVar[tuple[Need, ...]] = (
        Need((Role.BMS,), ("cell_voltages",), rows=5),
        Need((Role.BMS,), ("cell_voltage_min",), rows=5),
        Need((Role.BMS,), ("pack_voltage",), rows=5),
    )
    evidence: ClassVar[tuple[str, ...]] = ("cells.deep-discharged", "protection.undervoltage-ignored")

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one BMS log."""
        rows = cell_rows(case, track)
        if rows is None:
            return Outcome.unable("the number of cells in series is not sure, and no cell was read.")
        ignored = below_limit(case, track, rows)
        found = (self._asleep(case, track), self._ignored(track, ignored) if ignored is not None else None)
        findings = [one for one in found if one is not None]
        early = close_to_the_cut(case, rows) if ignored is None else None
        if early is not None:
            findings.insert(0, self._early(track, *early))
        beyond = {}
        if ignored is not None:
            beyond["protection.undervoltage-ignored"] = Evidence.observed(findings[-1].message)
        elif early is not None and number(track.log.settings, "cell_undervoltage_limit") is None:
            beyond["protection.undervoltage-ignored"] = Evidence.not_observable("the limit of the BMS is not known")
        limit = _limit(case, track)
        allowed = number(track.log.settings, "cell_undervoltage_limit")
        foreign = allowed is not None and 0 < allowed < _NOT_LITHIUM_V
        if limit is None or foreign:
            if findings:
                return Outcome.found(findings, beyond)
            return Outcome.unable(
                f"the BMS allows a cell {allowed:.2f} V, as no lithium cell takes it: these are other cells."
                if foreign
                else "every cell is where LTO cells are in use and where others are drained too far; say which chemistry it is."
            )
        rests = settled(rows)
        if not rests:
            if findings:
                return Outcome.found(findings, beyond)
            return Outcome.unable("no rest of a minute is in the log.")
        drained = drained_furthest(rows, rests, limit)
        if drained is None:
            least = lowest(rows, rests)
            evidence = {name: Evidence.absent() for name in self.evidence} | beyond
            if findings:
                return Outcome.found(findings, evidence)
            return Outcome.clear(f"at rest no cell is below {least:.2f} V; the limit is {limit:.1f} V.", evidence)
        first, last, volts, group, count = drained
        where = (int(rows.rows[first]), int(rows.rows[last]))
        flag = track.values("discharge_fet")[where[0] : where[1] + 1]
        on = bool(np.isfinite(flag).any() and np.nanmedian(flag) > 0.5)
        name = f"Cell group {group + 1} rests" if group >= 0 else "The lowest cell group rests"
        more = f" {count} groups are below {limit:.1f} V." if count > 1 else ""
        switch = " The discharge FETs are still on: this board does not protect it." if on else ""
        findings.append(
            self.finding(
                track,
                *where,
                severity=Severity.CRITICAL,
                event=False,
                message=f"{name} at {volts:.2f} V: drained too far.{more}{switch}",
                measurements=(Measurement("lowest cell at rest", volts, "V", limit, "CUT-05"),),
                channels=("cell_voltages", "discharge_fet"),
                danger=(
                    "A cell that was drained this far can short inside when it is charged, even days later. Do not charge "
                    "the pack; have the group replaced."
                ),
            )
        )
        # What happened in this very log, under a load or at rest, is no pack that was found so.
        began = (rows.low if np.isfinite(rows.low).any() else rows.middle)[:_FIRST_ROWS]
        fell = bool(np.isfinite(began).any()) and float(np.nanmedian(began)) > limit + _FELL_V
        strength = _LET_HAPPEN if ignored is not None or fell else 1.0
        evidence = {"cells.deep-discharged": Evidence.observed(f"{volts:.2f} V.", strength=strength)}
        if on:
            evidence["protection.undervoltage-ignored"] = Evidence.observed(f"{volts:.2f} V with the FETs on.")
        elif np.isfinite(flag).any():
            evidence["protection.undervoltage-ignored"] = Evidence.absent()
        return Outcome.found(findings, evidence | beyond)

    def _early(self, track: Track, first: int, last: int, volts: float, early: float) -> Finding:
        return self.finding(
            track,
            first,
            last,
            severity=Severity.INFO,
            event=False,
            message=(
                f"Under load the lowest cell fell to {volts:.2f} V: from about {early:.1f} V down a board may cut at any moment, "
                "with no fading before it. Let the controller's cutoff begin above that."
            ),
            measurements=(Measurement("lowest cell under load", volts, "V", early, "CUT-01"),),
            channels=("cell_voltages",),
        )

    def _ignored(self, track: Track, seen: BelowLimit) -> Finding:
        whose = f"the {seen.limit:.2f} V at which the BMS is set to open" if seen.known else "what any BMS is set to"
        return self.finding(
            track,
            seen.first,
            seen.last,
            severity=Severity.WARNING,
            event=False,
            message=(
                f"Under load the lowest cell stood at {seen.volts:.2f} V for {lasting(seen.lasted)}, below {whose}, and the "
                "discharge FETs stayed on: its under-voltage protection cannot be relied on."
            ),
            measurements=(
                Measurement("lowest cell under load", seen.volts, "V", seen.limit, "CUT-05"),
                Measurement("time below the limit", seen.lasted, "s"),
            ),
            channels=("cell_voltages", "discharge_fet"),
        )

    def _asleep(self, case: Case, track: Track) -> Finding | None:
        """The board's log ends, or pauses, at the voltage where its family falls asleep, and a controller's goes on."""
        family = track.log.identity.family or case.family
        floors = [(item.wake_floor_v, item) for item in ratings(family) if item.wake_floor_v] if family else []
        volts = track.values("pack_voltage")
        series = case.pack.series
        if not floors or series.best not in _FLOOR_SERIES or not np.isfinite(volts).any():
            return None
        steps = np.diff(track.time)
        silent = [int(row) for row in np.flatnonzero(steps > max(_SILENT_S, 10 * track.log.interval_s))]
        for row in (*silent, track.log.rows - 1):
            until = float(track.time[row + 1]) if row + 1 < track.log.rows else float("inf")
            goes_on = any(_covers(other, float(track.time[row]), until) for other in case.ride.of_role(*RIDING_ROLES))
            before = volts[max(row - 3, 0) : row + 1]
            if not goes_on or not np.isfinite(before).any():
                continue
            level = float(np.nanmin(before))
            near = [floor for floor, _ in floors if floor is not None and floor - 5.0 < level <= floor + _FLOOR_V]
            if near:
                return self.finding(
                    track,
                    row,
                    row,
                    severity=Severity.INFO,
                    message=(
                        f"The BMS fell silent at {level:.1f} V while the controller's log goes on: boards of this family "
                        f"fall asleep below about {near[0]:.0f} V, and must be woken."
                    ),
                    measurements=(Measurement("last voltage", level, "V", near[0], "CUT-03, CUT-04"),),
                    channels=("pack_voltage",),
                )
        return None


def _limit(case: Case, track: Track) -> float | None:
    """Voltage below which a resting cell is damaged, V; None when all that is known is that every cell is low."""
    estimate = case.pack.chemistry
    if estimate.name != "lto" or estimate.confidence >= _SURE_LTO:
        return _DEEP_V.get(estimate.name, _UNKNOWN_DEEP_V)
    stated = str(case.settings.get("chemistry", "")).lower()
    lowest = number(case.settings, "cell_undervoltage_limit")
    shown, low = track.values("soc"), track.values("pack_voltage")
    # LTO cells at 2.1 V and more hold charge; a meter that says empty there counts other cells.
    count = case.pack.series.best
    says_empty = np.isfinite(shown).any() and float(np.nanmax(shown)) <= _EMPTY
    empty = says_empty and count is not None and float(np.nanmedian(low)) / count >= _LTO_HOLDS_V
    if stated in ("nmc", "nca", "lfp") or (lowest is not None and lowest >= _UNKNOWN_DEEP_V) or empty:
        return _DEEP_V.get(stated, _UNKNOWN_DEEP_V)
    return None


def _covers(track: Track, after_s: float, until_s: float) -> bool:
    """A log has rows for a minute or more in a stretch in which another is silent."""
    if not track.clock.aligned:
        return False
    inside = track.time[(track.time > after_s) & (track.time < until_s)]
    return len(inside) >= 3 and float(inside[-1] - inside[0]) >= _SILENT_S
