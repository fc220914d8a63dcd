"""CE05: a sense wire of the BMS."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track

from .alternating_alarms import FEWEST_CHANGES, alternating_alarms
from .cell_reads import cell_reads
from .cell_signs import cell_signs
from .opposite_neighbours import FEWEST_POLLS, opposite_neighbours
from .sense_leads import MISSING_SHARE, WIRE_TIMES, connected_at, missing, never_read, wires
from .swapped_leads import SwappedLeads, swapped_leads

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Protections that a cell which was never there can set off.
_CELL_TRIPS: Final = frozenset({"cell-undervoltage", "cell-overvoltage", "cell-difference", "open-wire"})


class SenseWiring(Detector):
    """Two neighbouring cells show opposite errors, or one cell comes and goes.

    What it finds:
        Neighbours of which one is as much too high as the other is too low, always or now and then; cells that are
        missing in some polls, or in all while the pack voltage has them in it; two leads in each other's place; neighbours
        with opposite extra resistance; a sense wire with far more resistance than the others; alarms of a short circuit
        and of a low cell in turn, without a current.

    Why it matters:
        The BMS protects and balances voltages that do not exist: it trips without a reason, or charges a good cell too
        high (CELL-10, CELL-12).

    Evidence:
        wiring.opposite-neighbours, wiring.missing-cell, wiring.false-trip, wiring.resistance, wiring.alternating-alarms.

    Looks like it but is not:
        Two cells that really differ (their sum differs too, and the error does not jump), cells that all part at the end
        of a charge, a board configured for more cells than there are (the last cells are always missing), leads that are
        being connected (information, CELL-13).

    Needs:
        A BMS log with cell voltages; the resistance of the wires where the board measures it.

    Limits:
        A wire that is loose for less than a poll can hide.

    Example:
        Cell 8 at 4.20 V and cell 9 at 3.65 V in the same poll, 3.92 V both before and after.
    """

    code: ClassVar[str] = "CE05"
    name: ClassVar[str] = "sense-wiring"
    rules: ClassVar[tuple[str, ...]] = ("CELL-10", "CELL-12", "CELL-13", "CELL-17", "TEL-09")
    needs: ClassVar[tuple[Need, ...]] = (Need((Role.BMS,), ("cell_voltages",), rows=5),)
    evidence: ClassVar[tuple[str, ...]] = (
        "wiring.opposite-neighbours",
        "wiring.missing-cell",
        "wiring.false-trip",
        "wiring.resistance",
        "wiring.alternating-alarms",
    )

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one BMS log."""
        reads = cell_reads(case, track)
        cells = reads.cells
        findings: list[Finding] = []
        evidence: dict[str, Evidence] = {}
        pairs = opposite_neighbours(reads)
        for first, rows in sorted(pairs.items(), key=lambda item: -len(item[1]))[:3]:
            findings.append(self._opposite(track, cells, first, rows))
            evidence.setdefault("wiring.opposite-neighbours", Evidence.observed(f"Cells {first + 1} and {first + 2}."))
        estimate, signs = case.pack.cells.get(track.index), cell_signs(case, track)
        if estimate is not None and signs is not None and not findings:
            for first in signs.pairs:
                findings.append(self._strap(track, first, float(estimate.extra_resistance[first])))
                note = f"Cells {first + 1} and {first + 2}, in proportion to the current."
                evidence["wiring.opposite-neighbours"] = Evidence.observed(note, strength=0.9)
            for first in signs.offset_pairs:
                findings.append(self._apart(track, first, estimate.rest_offset))
                note = f"Cells {first + 1} and {first + 2}, at rest and under load alike."
                evidence.setdefault("wiring.opposite-neighbours", Evidence.observed(note, strength=0.85))
        swapped = swapped_leads(reads)
        if swapped is not None:
            findings.append(self._swapped(track, swapped))
            note = f"Cell {swapped.cell + 1}, with two cells on either side."
            evidence["wiring.missing-cell"] = Evidence.observed(note)
        for cell, share in missing(reads):
            connected = connected_at(track, reads, cell)
            findings.append(self._missing(track, cell, share, connected))
            if connected is None:
                evidence["wiring.missing-cell"] = Evidence.observed(f"Cell {cell + 1}.")
        if swapped is None:
            for cell in never_read(track, reads)[:3]:
                findings.append(self._missing(track, cell, 1.0, None))
                evidence.setdefault("wiring.missing-cell", Evidence.observed(f"Cell {cell + 1}, in every poll."))
        for wire, ohm, usual in wires(track):
            findings.append(self._wire(track, wire, ohm, usual))
            evidence["wiring.resistance"] = Evidence.observed(f"Wire {wire + 1}.")
        if not track.has("cell_wire_resistances"):
            evidence["wiring.resistance"] = Evidence.not_observable("the board does not measure its sense wires")
        alarms = alternating_alarms(track)
        if alarms is not None:
            findings.append(self._alarms(track, *alarms))
            evidence["wiring.alternating-alarms"] = Evidence.observed(f"{alarms[2]} changes.")
        trip = _false_trip(track, pairs)
        if trip is not None:
            evidence["wiring.false-trip"] = Evidence.observed(at=track.onset(trip))
        if not findings:
            return Outcome.clear("no cell shows the opposite of its neighbour, none comes and goes.", evidence)
        for name in self.evidence:
            evidence.setdefault(name, Evidence.absent())
        return Outcome.found(findings, evidence)

    def _opposite(self, track: Track, cells: NDArray[np.float64], first: int, rows: NDArray[np.int64]) -> Finding:
        one, other = cells[rows, first], cells[rows, first + 1]
        worst = int(rows[np.nanargmax(np.abs(one - other))])
        return self.finding(
            track,
            int(rows[0]),
            int(rows[-1]),
            severity=Severity.WARNING,
            event=False,
            message=(
                f"Cells {first + 1} and {first + 2} show opposite errors in {len(rows)} polls, at worst "
                f"{cells[worst, first]:.2f} V and {cells[worst, first + 1]:.2f} V, while their sum is right: the wire "
                "between them is loose."
            ),
            measurements=(
                Measurement(
                    "difference of the two at worst", abs(float(cells[worst, first] - cells[worst, first + 1])), "V"
                ),
                Measurement("polls", float(len(rows)), "", float(FEWEST_POLLS), "engineering judgement"),
            ),
            channels=("cell_voltages",),
        )

    def _alarms(self, track: Track, first: int, last: int, changes: int) -> Finding:
        return self.finding(
            track,
            first,
            last,
            severity=Severity.WARNING,
            event=False,
            message=(
                f"The board names a short circuit and a low cell in turn, {changes} changes with next to no current: a sense "
                "wire or its joint comes and goes."
            ),
            measurements=(Measurement("changes of the alarm", float(changes), "", float(FEWEST_CHANGES), "CELL-10"),),
            channels=("protections", "battery_current"),
        )

    def _strap(self, track: Track, first: int, ohm: float) -> Finding:
        return self.standing(
            track,
            severity=Severity.WARNING,
            message=(
                f"Cells {first + 1} and {first + 2} differ in opposite directions with the current "
                f"({1000 * abs(ohm):.1f} mOhm): the tap between them sits on the wrong side of a strap or joint."
            ),
            measurements=(Measurement("resistance that one has and the other lacks", abs(ohm), "ohm"),),
            channels=("cell_voltages", "battery_current"),
        )

    def _apart(self, track: Track, first: int, offset: NDArray[np.float64]) -> Finding:
        one, other = float(offset[first]), float(offset[first + 1])
        return self.standing(
            track,
            severity=Severity.WARNING,
            message=(
                f"Cells {first + 1} and {first + 2} stand {1000 * one:+.0f} and {1000 * other:+.0f} mV from the others on "
                "the whole, and their sum is right: more likely the wire between them than two cells that differ."
            ),
            measurements=(
                Measurement("smaller of the two errors", min(abs(one), abs(other)), "V"),
                Measurement("what their sum is off by", one + other, "V"),
            ),
            channels=("cell_voltages",),
        )

    def _swapped(self, track: Track, found: SwappedLeads) -> Finding:
        cell = found.cell + 1
        return self.finding(
            track,
            found.first,
            found.last,
            severity=Severity.CRITICAL,
            event=False,
            message=(
                f"Cell {cell} reads nothing and both cells beside it read {found.beside:.1f} V: the two sense leads of cell "
                f"{cell} are in each other's place."
            ),
            measurements=(Measurement("voltage beside the cell", found.beside, "V", None, "CELL-12"),),
            channels=("cell_voltages",),
            danger=(
                "Swapped sense leads burn the board's resistors. Unplug the harness and measure its steps of one cell from the "
                "negative end before it is plugged again."
            ),
        )

    def _missing(self, track: Track, cell: int, share: float, connected: int | None) -> Finding:
        if share == 1.0:
            message = (
                f"Cell {cell + 1} is never read, and the voltage of the pack has it in it: the cell is there, and its sense "
                "wire or the input of the board is not."
            )
        elif connected is None:
            message = (
                f"Cell {cell + 1} is missing in {100 * share:.0f} % of the polls in which its neighbours are read."
            )
        else:
            message = (
                f"Cell {cell + 1} was missing while nothing flowed at the beginning and is read ever since: its lead was "
                "connected then. A board reads wrong until every lead is."
            )
        return self.finding(
            track,
            0,
            track.log.rows - 1 if connected is None else connected,
            severity=Severity.WARNING if connected is None else Severity.INFO,
            event=False,
            message=message,
            measurements=(Measurement("share of polls without it", share, "", MISSING_SHARE, "engineering judgement"),),
            channels=("cell_voltages",),
        )

    def _wire(self, track: Track, wire: int, ohm: float, usual: float) -> Finding:
        return self.standing(
            track,
            severity=Severity.WARNING,
            message=f"Sense wire {wire + 1} has {1000 * ohm:.0f} mOhm where its neighbours have {1000 * usual:.0f} mOhm.",
            measurements=(Measurement("wire resistance", ohm, "ohm", WIRE_TIMES * usual, "CELL-17"),),
            channels=("cell_wire_resistances",),
        )


def _false_trip(track: Track, pairs: dict[int, NDArray[np.int64]]) -> int | None:
    """A trip for a low or high cell while a pair shows opposite errors: the cell was never there."""
    if not pairs:
        return None
    acted = [row for row, names in track.log.named_rows("protections").items() if not _CELL_TRIPS.isdisjoint(names)]
    if not acted:
        return None
    window = max(5.0, 3 * track.log.interval_s)
    for rows in pairs.values():
        if (np.abs(track.time[rows] - track.time[acted[0]]) <= window).any():
            return acted[0]
    return None
