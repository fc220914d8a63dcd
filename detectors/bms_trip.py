"""BT01: the BMS opens the discharge path."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.durations import lasting
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Seen, Severity
from ridelog.log import Role
from ridelog.ride import Track
from ridelog.settings import number

from .before_the_loss import heat_before
from .fet_edges import (
    Edge,
    falling_edges,
    load_ended,
    lowest_cell,
    named_trip,
    recent_load,
    recorded_in_use,
    woken_by,
)
from .load_record import load_evidence
from .off_in_motion import IN_USE_A, brakes_after, cruising, seen_moving
from .poll_cover import unpolled

#: Off within this time of riding is sooner than a rider parks and opens an app, s; engineering judgement.
_SOON_S = 25.0
#: Kinds of trip that protect against a load; the others are commands or failures.
_PROTECTIONS: Final = ("overcurrent", "short-circuit", "undervoltage", "overtemperature")
_WORDS: Final[dict[str, str]] = {
    "overcurrent": "its over-current protection acted",
    "short-circuit": "its short circuit protection acted",
    "undervoltage": "a cell or the pack was below its limit",
    "overtemperature": "it or the cells were too hot",
    "undertemperature": "the cells were too cold",
    "manual": "it was switched off by a command",
    "fet-failure": "its discharge FETs failed",
    "lock": "it is locked by software",
    "wiring": "it found fault with its sense wires",
    "cell-difference": "its cells were too far apart",
}
#: Where an undervoltage protection is set when nobody says, V: common ranges of NMC and LFP boards.
_UNDERVOLTAGE_NMC_V, _UNDERVOLTAGE_LFP_V = 3.0, 2.6
#: Cells so low under load that most boards are about to switch off, V, where the log has no FET states.
_EMPTY_NMC_V, _EMPTY_LFP_V = 2.85, 2.45
#: A cell this far above the limit did not trip it, V.
_CLEAR_OF_LIMIT_V = 0.35
#: How sure a record of the current is among polls; engineering judgement.
_POLLED = 0.6
#: How sure it is that a board named nothing by a column that never holds anything; engineering judgement.
_UNPROVEN = 0.5


class BmsTrip(Detector):
    """The BMS switches its discharge FETs off.

    What it finds:
        Every change of the discharge FET flag from on to off, with the load before it, the protection that was named,
        the lowest cell, the current and the temperatures just before, and whether it came back by itself. Without load it
        is an incident only where the vehicle rolled: a motor's light load up to the poll before, braking after it, the speed in
        another log on the same clock.

    Why it matters:
        A BMS that opens under load takes drive and brake away at once (TRIP-01), and a trip is a sign that pack, BMS
        and load do not fit (TRIP-02, TRIP-10).

    Evidence:
        bms.discharge-fet-opened, bms.flag-overcurrent, bms.flag-short-circuit, bms.flag-undervoltage,
        bms.flag-overtemperature, bms.flag-command, bms.no-flag, bms.cell-low-before, bms.current-high-before,
        bms.hot-before, bms.closed-again, bms.load-ended-at-once (a log without FET states).

    Looks like it but is not:
        Switching off a while after the ride (COM-04: information), a flag that was never read, an open connector (the FETs stay
        on), a logger that stopped.

    Needs:
        A BMS log with the state of the discharge FETs; without it, one with current and protections shows a load that
        ends as one is named, and one with current and cells a load that ends for good at an empty cell.

    Limits:
        An opening shorter than the time between two polls can fall between them; it is then not observable, not
        absent. An over-current shows in the current only when a poll hits it.

    Example:
        Row 812: 64 A, lowest cell 2.71 V; row 813: 0 A, discharge FETs off, cell undervoltage.
    """

    code: ClassVar[str] = "BT01"
    name: ClassVar[str] = "bms-trip"
    rules: ClassVar[tuple[str, ...]] = (
        "TRIP-01",
        "TRIP-02",
        "TRIP-09",
        "TRIP-10",
        "TRIP-13",
        "TRIP-14",
        "TRIP-15",
        "TRIP-21",
        "TRIP-22",
        "CUT-01",
        "THM-07",
        "COM-04",
    )
    needs: ClassVar[tuple[Need, ...]] = (
        Need((Role.BMS,), ("discharge_fet",), rows=2),
        Need((Role.BMS,), ("battery_current", "protections"), interval_s=5.0, rows=10),
        Need((Role.BMS,), ("battery_current", "cell_voltages"), interval_s=5.0, rows=30),
    )
    evidence: ClassVar[tuple[str, ...]] = (
        "bms.discharge-fet-opened",
        "bms.flag-overcurrent",
        "bms.flag-short-circuit",
        "bms.flag-undervoltage",
        "bms.flag-overtemperature",
        "bms.flag-command",
        "bms.no-flag",
        "bms.cell-low-before",
        "bms.current-high-before",
        "bms.hot-before",
        "bms.closed-again",
        "bms.load-ended-at-once",
    )

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one BMS log."""
        if not track.has("discharge_fet"):
            return self._without_flags(case, track)
        findings: list[Finding] = []
        main: Edge | None = None
        quiet: Edge | None = None
        for edge in falling_edges(track, "discharge_fet"):
            load = max(recent_load(track, edge.row), _switched_at(track, edge.row))
            serious = load > IN_USE_A or any(kind in _PROTECTIONS for kind in edge.kinds)
            serious = serious or cruising(track, edge) or brakes_after(track, edge) or seen_moving(case, track, edge)
            soon = recent_load(track, edge.row, _SOON_S) > 2 * IN_USE_A or recorded_in_use(track, edge.row)
            findings.append(self._finding(track, edge, load, serious, soon))
            if serious or soon:
                main = main or edge
            else:
                quiet = edge
        # Without load it is no incident of its own, but it explains one that another log shows at that moment.
        main = main or quiet
        if main is None:
            interval = track.log.interval_s
            seen = 0.9 if interval <= 2.0 else 0.6 if interval <= 10.0 else 0.2
            opened = Evidence.absent(
                f"An opening shorter than {interval:.2g} s could hide between polls.", strength=seen
            )
            reason = f"the discharge FETs stayed as they were; one poll every {interval:.2g} s."
            if why := unpolled(case, track):
                opened = Evidence.not_observable(why)
                reason = f"the discharge FETs are on in every poll, but {why}."
            blind = Evidence.not_observable("no trip to look at")
            others = {name: blind for name in self.evidence if name != "bms.discharge-fet-opened"}
            return Outcome.clear(reason, {"bms.discharge-fet-opened": opened, **others})
        return Outcome.found(findings, self._evidence(case, track, main))

    def _without_flags(self, case: Case, track: Track) -> Outcome:
        """A log without FET states: a load that ends as a protection is named, or for good at an empty cell, tells of a trip."""
        edge = named_trip(track, _PROTECTIONS)
        if edge is not None:
            load = recent_load(track, edge.row)
            told = self._evidence(case, track, edge)
            told["bms.discharge-fet-opened"] = Evidence.observed(
                "The log has no FET states: the load ended as the protection was named.", at=track.onset(edge.row)
            )
            return Outcome.found((self._finding(track, edge, load, serious=True, soon=True),), told)
        blind = {name: Evidence.not_observable("the log has no FET states") for name in self.evidence}
        row = load_ended(track, _empty_cell(case))
        if row is None:
            return Outcome.unable(f"log {track.index + 1} ({track.log.parser}): no discharge_fet.", blind)
        cell, index = lowest_cell(track, max(row - 3, 0), row - 1)
        load = recent_load(track, row)
        finding = self.finding(
            track,
            row,
            track.log.rows - 1,
            severity=Severity.WARNING,
            onset=track.onset(row),
            message=(
                f"The load of {load:.0f} A ended from one poll to the next with cell {index + 1} at {cell:.2f} V, and did not "
                "come back: the BMS probably switched off. The log has no FET states."
            ),
            measurements=(
                Measurement("lowest cell before", cell, "V", _empty_cell(case), "engineering judgement"),
                Measurement("battery current before", load, "A"),
            ),
            channels=("battery_current", "cell_voltages"),
        )
        at = track.onset(row)
        seen = {
            "bms.load-ended-at-once": Evidence.observed(at=at),
            "bms.cell-low-before": Evidence.observed(f"Cell {index + 1} at {cell:.2f} V.", strength=0.8),
        }
        return Outcome.found((finding,), {**blind, **seen})

    def _finding(self, track: Track, edge: Edge, load: float, serious: bool, soon: bool) -> Finding:
        why = next((_WORDS[kind] for kind in edge.kinds if kind in _WORDS), "")
        cell, index = lowest_cell(track, max(edge.before - 3, 0), edge.row)
        measured = [Measurement("battery current before", load, "A")]
        if np.isfinite(cell):
            measured.append(Measurement("lowest cell before", cell, "V"))
        back = ""
        end = edge.row
        if edge.back is not None:
            end = edge.back
            off_s = float(track.time[edge.back] - track.time[edge.row])
            back = f" It came back after {lasting(off_s)}{woken_by(track, edge.back)}."
        elif edge.row < track.log.rows - 1:
            end = track.log.rows - 1
            back = " It stayed off."
        where = f", cell {index + 1} at {cell:.2f} V" if index >= 0 and np.isfinite(cell) else ""
        return self.finding(
            track,
            edge.row,
            end,
            severity=Severity.CRITICAL if serious else Severity.WARNING if soon else Severity.INFO,
            onset=track.onset(edge.row),
            message=(
                f"The BMS switched the discharge path off at {load:.0f} A{where}"
                + (f": {why}." if why else ", and named no reason." if serious else ", without load.")
                + back
            ),
            measurements=tuple(measured),
            channels=("discharge_fet", "battery_current", "protections"),
        )

    def _evidence(self, case: Case, track: Track, edge: Edge) -> dict[str, Evidence]:
        at = track.onset(edge.row)
        evidence = {"bms.discharge-fet-opened": Evidence.observed(at=at)}
        # A column of a stranger's table that holds no protection in any row may never hold one.
        proven = 1.0 if track.log.parser != "table" or track.log.named_rows("protections") else _UNPROVEN
        flags = {
            "bms.flag-overcurrent": "overcurrent",
            "bms.flag-short-circuit": "short-circuit",
            "bms.flag-undervoltage": "undervoltage",
            "bms.flag-overtemperature": "overtemperature",
            "bms.flag-command": "manual",
        }
        for name, kind in flags.items():
            if kind in edge.kinds or (kind == "manual" and "lock" in edge.kinds):
                # A lock by software is a command as well.
                evidence[name] = Evidence.observed(at=at)
            elif edge.observable:
                evidence[name] = Evidence.absent(strength=proven)
            else:
                evidence[name] = Evidence.not_observable("the log has no protection flags")
        named = [kind for kind in edge.kinds if kind in flags.values() or kind in _WORDS]
        if edge.observable:
            evidence["bms.no-flag"] = Evidence.absent() if named else Evidence.observed(strength=proven, at=at)
        else:
            evidence["bms.no-flag"] = Evidence.not_observable("the log has no protection flags")
        evidence["bms.cell-low-before"] = _cell_low(case, track, edge)
        evidence["bms.current-high-before"] = _current_high(case, track, edge)
        evidence["bms.hot-before"] = heat_before(case, track, edge.row)
        if edge.back is None:
            evidence["bms.closed-again"] = Evidence.absent()
        else:
            after = float(track.time[edge.back] - track.time[edge.row])
            evidence["bms.closed-again"] = Evidence.observed(f"After {lasting(after)}.")
        return evidence


def _switched_at(track: Track, row: int) -> float:
    """Current in A that the row of the switching itself shows: a record is written at that moment, its neighbours hours away."""
    value = float(track.values("battery_current")[row])
    return value if np.isfinite(value) else 0.0


def _empty_cell(case: Case) -> float:
    """Cell voltage in V at or below which a board switches off, a little above the limit where one is known."""
    given = number(case.settings, "cell_undervoltage_limit")
    if given:
        return given + 0.08
    return _EMPTY_LFP_V if case.pack.chemistry.name == "lfp" else _EMPTY_NMC_V


def _cell_low(case: Case, track: Track, edge: Edge) -> Evidence:
    cell, index = lowest_cell(track, max(edge.before - 3, 0), edge.row)
    if not np.isfinite(cell):
        return Evidence.not_observable("the log has no cell voltages")
    given = number(case.settings, "cell_undervoltage_limit")
    limit = given or (_UNDERVOLTAGE_LFP_V if case.pack.chemistry.name == "lfp" else _UNDERVOLTAGE_NMC_V)
    note = f"Cell {index + 1} at {cell:.2f} V" + (f", limit {limit:.2f} V." if given else ".")
    if cell <= limit + 0.08:
        return Evidence.observed(note, strength=1.0 if given else 0.9)
    share = (cell - limit) / _CLEAR_OF_LIMIT_V
    if share < 0.5:
        return Evidence.observed(note, strength=0.4)
    return Evidence.absent(note, strength=min(share, 1.0))


def _current_high(case: Case, track: Track, edge: Edge) -> Evidence:
    if not track.has("battery_current"):
        return Evidence.not_observable("the log has no current")
    limit = number(case.settings, "discharge_current_limit")
    values = track.values("battery_current")
    start = min(int(np.searchsorted(track.time, track.time[edge.row] - 15.0)), max(edge.row - 4, 0))
    highest = float(np.nanmax(values[start : edge.row], initial=0.0))
    if limit:
        note = f"{highest:.0f} A, limit {limit:.0f} A."
        if highest >= 0.92 * limit:
            return Evidence.observed(note)
        return Evidence.absent(note, strength=min(max((0.92 - highest / limit) / 0.4, 0.1), 1.0))
    told = load_evidence(track, edge.row, highest)
    # A poll shows little of a rush of current, so a record among polls is no proof of a limit that was reached.
    return replace(told, strength=min(told.strength, _POLLED)) if told.seen is Seen.OBSERVED else told
