"""RH01: room for braking at the start of the ride."""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.episodes import episodes
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import RIDING_ROLES, Track

from .cell_rows import CellRows, cell_rows, charges
from .fet_edges import falling_edges
from .stuck_board import stuck_rows

#: Open-circuit voltage of a cell above which there is no room for braking, V (REG-04).
_FULL_OPEN_V: Final = 4.15
#: From this probability of a series count on, a start is spoken of as information (engineering judgement).
_LIKELY_COUNT: Final = 0.8
#: Braking within this time of the start, s, with this current, A; engineering judgement.
_START_S, _REGEN_A = 300.0, 3.0
#: The start of the log, in which the charge is read, s, at no more than this current, A.
_LOOK_S, _REST_A = 60.0, 2.0
#: A cell above this while braking is overcharged, V: boards stop the charge at 4.22 to 4.25 V (CELL-04).
_CELL_OVER_V: Final = 4.25
#: Meters of cells are off by this, V (data sheets of boards: 5 to 20 mV a cell).
_METER_V: Final = 0.015
#: No cell is driven this far by the braking of a ride: the reading is that of a broken sense lead; engineering judgement.
_NO_CELL_V: Final = 4.6
#: A cell that stands lower than this without load is not full, V: what braking adds is its resistance (engineering
#: judgement: braking lifts a sound cell by about 0.1 V).
_NEARLY_FULL_V: Final = 4.10
#: How far back its voltage without load is read, s.
_BEFORE_S: Final = 600.0
#: The vehicle is ridden when it drew this current, A, within this time before, s.
_RIDDEN_A, _RIDDEN_S = 5.0, 120.0
#: The board opened its charge path at such a cell within this time, s: then that is the finding.
_OPENED_S: Final = 15.0
_JOIN_S: Final = 2.0
#: Brakings of one row each that show it together.
_FEWEST_SINGLE: Final = 2


class RegenHeadroom(Detector):
    """A ride that starts with a pack too full to brake into.

    What it finds:
        A start with more than 4.15 V a cell and braking within the first five minutes (information), and cells that
        braking drives above 4.25 V.

    Why it matters:
        A full pack cannot take the braking current: the BMS opens the charge path, or the cells are overcharged (REG-04).

    Evidence:
        regen.cells-over-full.

    Looks like it but is not:
        A charger, a full pack ridden without regen, braking hard into a pack that is half full, a cell of high resistance
        that reads too much only while the current flows (information), a board that opened its charge path in time
        (reported there).

    Needs:
        A BMS log with cell voltages and current, or a controller or wheel log with voltage and current and a likely series
        count.

    Limits:
        For NMC and NCA only: the voltage of a full LFP cell at rest tells nothing.

    Example:
        4.18 V a cell at the start, -14 A of braking after 40 s, highest cell 4.27 V.
    """

    code: ClassVar[str] = "RH01"
    name: ClassVar[str] = "regen-headroom"
    rules: ClassVar[tuple[str, ...]] = ("REG-04", "CHG-05")
    needs: ClassVar[tuple[Need, ...]] = (
        Need((Role.BMS,), ("battery_current", "cell_voltages"), rows=10),
        Need((Role.BMS,), ("battery_current", "cell_voltage_max", "cell_voltage_min"), rows=10),
        Need(RIDING_ROLES, ("pack_voltage", "battery_current"), rows=20),
    )
    evidence: ClassVar[tuple[str, ...]] = ("regen.cells-over-full",)

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one log."""
        if case.pack.chemistry.name != "nmc":
            return Outcome.unable("the cells are not known to be NMC or NCA; others do not show it.")
        findings: list[Finding] = []
        unseen = Evidence.not_observable("the log has no cell voltages")
        evidence = {"regen.cells-over-full": unseen}
        if track.log.role is Role.BMS:
            evidence["regen.cells-over-full"] = Evidence.absent()
            over = self._over(case, track)
            if over is not None:
                findings.append(over)
                if over.severity is not Severity.INFO:
                    evidence["regen.cells-over-full"] = Evidence.observed(over.message, at=over.onset)
            elif not _polled_in_braking(case, track):
                evidence["regen.cells-over-full"] = Evidence.not_observable("no poll of the cells lies in a braking")
        level = _start_level(case, track)
        if level is None and not findings:
            return Outcome.unable("the charge at the start cannot be told.", evidence)
        if level is not None and level > _FULL_OPEN_V:
            series = case.pack.series
            counted = "" if series.certain or track.log.role is Role.BMS else f" if it has {series.best} in series"
            start = self._full_start(track, level, counted)
            findings += [start] if start is not None else []
        if findings:
            return Outcome.found(findings, evidence)
        return Outcome.clear(f"the ride started at {level:.2f} V a cell; no braking went beyond the pack.", evidence)

    def _full_start(self, track: Track, level: float, counted: str) -> Finding | None:
        start_s = float(track.time[0])
        early = slice(0, int(np.searchsorted(track.time, start_s + _START_S, side="right")))
        braking = np.flatnonzero(track.values("battery_current")[early] < -_REGEN_A)
        if not len(braking) or not (track.values("battery_current")[early] > _RIDDEN_A).any():
            return None
        most = float(-np.nanmin(track.values("battery_current")[early]))
        return self.finding(
            track,
            int(braking[0]),
            int(braking[-1]),
            severity=Severity.INFO,
            message=(
                f"The ride started nearly full, {level:.2f} V a cell{counted}, and braking sent up to {most:.0f} A back within "
                "the first minutes: there is hardly room for it."
            ),
            measurements=(
                Measurement("open-circuit voltage of a cell at the start", level, "V", _FULL_OPEN_V, "REG-04"),
                Measurement("braking current", most, "A"),
            ),
            channels=("pack_voltage", "battery_current"),
        )

    def _over(self, case: Case, track: Track) -> Finding | None:
        """Braking that drives a cell above its limit, on a ride."""
        rows = cell_rows(case, track)
        if rows is None or not np.isfinite(rows.high).any():
            return None
        high = (rows.high > _CELL_OVER_V) & (rows.high < _NO_CELL_V) & (rows.current < -_REST_A)
        # What a board froze at was one moment, and may have been a short one.
        high &= ~stuck_rows(case, track)[rows.rows]
        for first, last in charges(rows):
            high[first : last + 1] = False
        driving = rows.time[rows.current > _RIDDEN_A]
        braked = []
        for first, last in episodes(high, rows.time, _JOIN_S):
            before = driving[driving < rows.time[first]]
            if len(before) and rows.time[first] - before[-1] <= _RIDDEN_S:
                braked.append((first, last))
        # A slow board catches a braking in one row: one may be garbled, several are not.
        longer = [item for item in braked if item[1] > item[0]]
        if not longer and len(braked) >= _FEWEST_SINGLE:
            longer = [max(braked, key=lambda item: float(rows.high[item[0]]))]
        surely = _CELL_OVER_V + _METER_V
        longer.sort(key=lambda item: float(np.nanmax(rows.high[item[0] : item[1] + 1])) < surely)
        for first, last in longer:
            top = float(np.nanmax(rows.high[first : last + 1]))
            edges = falling_edges(track, "charge_fet") if track.has("charge_fet") else []
            opened = any(abs(float(track.time[edge.row] - rows.time[last])) <= _OPENED_S for edge in edges)
            level = _level_before(rows, first, last)
            full = level is None or level >= _NEARLY_FULL_V
            if opened:
                after = ", and the BMS opened the charge path."
            elif full and top < surely:
                after = ": hardly more than meters of cells are off by."
            elif full:
                after = " and nothing stopped it."
            else:
                after = f". It stands at {level:.2f} V without load, so this is its resistance and no full pack."
            return self.finding(
                track,
                int(rows.rows[first]),
                int(rows.rows[last]),
                severity=Severity.INFO if opened or not full or top < surely else Severity.WARNING,
                message=f"Braking drove a cell to {top:.2f} V{after}",
                measurements=(
                    Measurement("highest cell while braking", top, "V", _CELL_OVER_V, "CELL-04"),
                    Measurement("braking current", float(-np.nanmin(rows.current[first : last + 1])), "A"),
                ),
                channels=("cell_voltages", "battery_current"),
            )
        return None


def _polled_in_braking(case: Case, track: Track) -> bool:
    """Whether the log shows cells while the pack is braked into, in more rows than a garbled one."""
    rows = cell_rows(case, track)
    if rows is None:
        return False
    polled = (rows.current < -_REST_A) & np.isfinite(rows.high) & ~stuck_rows(case, track)[rows.rows]
    for first, last in charges(rows):
        polled[first : last + 1] = False
    return int(np.count_nonzero(polled)) > 1


def _level_before(rows: CellRows, first: int, last: int) -> float | None:
    """Voltage without load, V, of the cell that read most in rows `first` to `last`; None when it was never at rest."""
    before = rows.resting & (rows.time < rows.time[first]) & (rows.time > rows.time[first] - _BEFORE_S)
    level = rows.high
    if rows.cells.shape[1]:
        peaks = np.where(np.isfinite(rows.cells), rows.cells, -np.inf)[first : last + 1].max(axis=0)
        level = rows.cells[:, int(np.argmax(np.where(peaks < _NO_CELL_V, peaks, -np.inf)))]
    still = level[before & np.isfinite(level)]
    return float(np.median(still)) if len(still) else None


def _start_level(case: Case, track: Track) -> float | None:
    """Open-circuit voltage of a cell at the start of the log in V, None when it cannot be told."""
    early = slice(0, max(int(np.searchsorted(track.time, track.time[0] + _LOOK_S, side="right")), 3))
    if track.log.role is Role.BMS:
        rows = cell_rows(case, track)
        if rows is None:
            return None
        count = max(int(np.searchsorted(rows.time, rows.time[0] + _LOOK_S, side="right")), 3)
        still = rows.middle[:count][np.abs(rows.current[:count]) < _REST_A]
        return float(np.nanmedian(still)) if np.isfinite(still).any() else None
    series = case.pack.series
    residual = case.pack.residual.get(track.index)
    if residual is None or series.best is None or series.confidence < _LIKELY_COUNT:
        return None
    level = residual.open_circuit[early]
    return float(np.nanmedian(level)) / series.best if np.isfinite(level).any() else None
