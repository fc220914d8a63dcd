"""SC01: the number of cells somebody set is not the number of cells there is."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ridelog.battery.quantiles import median
from ridelog.detection import Case, Detector, Need, combine
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import RIDING_ROLES, Track
from ridelog.settings import number

from .cell_reads import CellReads, cell_reads
from .sense_leads import CELL_HIGH_V, CELL_LOW_V, never_read
from .settings_place import place

#: A cell that reads in this share of the polls is there.
_EVER_SHARE = 0.005
#: Share of the pack voltage that the sum of the cells may differ by.
_SUM_SHARE = 0.03
#: A number of cells that a meter is set to is wrong when it is less probable than this and another one at least likely, which
#: is how sure the finding is; the firmware's own number stands where nobody entered a battery.
_WRONG, _SURE, _NEVER_ENTERED = 0.02, 0.6, 3
#: The other number is named as that of the pack from this probability on.
_PLAIN = 0.8


class SeriesCount(Detector):
    """The BMS, or the meter of the controller, is set to another number of cells than the pack has.

    What it finds:
        Cells that are never read at the end of the row, sums of cells that do not give the pack voltage, a configured
        count that differs from the cells that are there, a number of cells in the settings of a controller that the
        voltage of the pack rules out.

    Why it matters:
        Limits, balancing and the state of charge are wrong with a wrong count (CELL-11, CELL-14, CELL-15).

    Evidence:
        series.cells-missing, series.sum-differs, series.meter-set-wrong.

    Looks like it but is not:
        A loose sense wire (the cell comes and goes, or is in the pack voltage and not at the end of the row), a poll that
        was cut short, a battery that nobody entered in the controller (3 cells: information), a setting that is only
        inferred from what the charge meter of a ride shows (information: it misleads the meter and nothing else).

    Needs:
        A BMS log with cell voltages, at best with the pack voltage; or the settings of a controller and a log whose
        voltage tells the number of cells.

    Limits:
        A setting that is off by one cell can fit the voltage as well, and is not found without cells.

    Example:
        21 cells configured, the 21st never reads, 20 cells give the 78.2 V of the pack.
    """

    code: ClassVar[str] = "SC01"
    name: ClassVar[str] = "series-count"
    rules: ClassVar[tuple[str, ...]] = ("CELL-11", "CELL-14", "CELL-15", "CELL-12")
    needs: ClassVar[tuple[Need, ...]] = (Need((Role.BMS,), ("cell_voltages",), rows=3),)
    evidence: ClassVar[tuple[str, ...]] = ("series.cells-missing", "series.sum-differs", "series.meter-set-wrong")

    def detect(self, case: Case) -> Outcome:
        """Look at every BMS log, and at what the meter of the controller is set to."""
        outcome, meter = super().detect(case), self._meter(case)
        return outcome if meter is None else combine((outcome, meter))

    def _meter(self, case: Case) -> Outcome | None:
        """The number of cells a controller is set to against what the voltage allows."""
        series = case.pack.series
        tracks = (*case.ride.of_role(Role.CONFIG), *case.ride.of_role(*RIDING_ROLES))
        given = [count for track in tracks if (count := number(track.log.settings, "series_cells")) is not None]
        if not given or series.best is None or series.source == "configuration":
            return None
        cells = round(given[0])
        if series.probabilities.get(cells, 0.0) >= _WRONG or series.confidence < _SURE:
            return None
        track, row = place(case, "series_cells")
        # What a meter shows lets its setting be inferred; only the configuration itself says it.
        stated = track.log.role is Role.CONFIG and cells != _NEVER_ENTERED
        never = cells == _NEVER_ENTERED
        plain = series.confidence >= _PLAIN
        fits = (
            f"and the voltage is that of {series.best}"
            if plain
            else f"which the voltage rules out ({series.best} fit it best, others are possible)"
        )
        finding = self.finding(
            track,
            row,
            row,
            severity=Severity.WARNING if stated else Severity.INFO,
            event=False,
            message=(
                f"The controller is set to {cells} cells, {fits}: "
                + ("nobody entered the battery, " if never else "")
                + "its charge display and range mean nothing."
            ),
            measurements=(Measurement("cells it is set to", float(cells), "", float(series.best), "CELL-11"),),
        )
        seen = Evidence.observed(f"{cells} set, {series.best} by the voltage.", strength=series.confidence)
        return Outcome.found((finding,), {"series.meter-set-wrong": seen} if stated else {})

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one BMS log."""
        reads = cell_reads(case, track)
        if not reads.within(CELL_LOW_V, CELL_HIGH_V):
            there = (reads.cells > CELL_LOW_V) & (reads.cells < CELL_HIGH_V)
            reads = CellReads(np.where(there, reads.cells, np.nan))
        gaps = reads.gaps(2)
        if gaps.polls < 3:
            return Outcome.unable("the cells were read fewer than three times.")
        count = reads.cells.shape[1]
        share = (gaps.polls - gaps.often) / gaps.polls
        # A cell that was ever read is there, and so is one that the pack voltage holds: what it lacks is a wire.
        wires = never_read(track, reads)
        never = [int(cell) for cell in np.flatnonzero(share < _EVER_SHARE) if cell not in wires]
        present = int(np.count_nonzero(share >= _EVER_SHARE)) + len(wires)
        findings: list[Finding] = []
        evidence: dict[str, Evidence] = {}
        configured = max(_configured(track), count)
        sums = _sum_error(track, reads)
        if never or configured > present:
            findings.append(self._of(track, configured, present, never))
            evidence["series.cells-missing"] = Evidence.observed(f"{present} of {configured} cells are there.")
        if sums is not None and abs(sums) > _SUM_SHARE and not never:
            whole = round(sums * present)
            if abs(whole) >= 1:
                findings.append(self._sum(track, sums, present))
                evidence["series.sum-differs"] = Evidence.observed(f"The pack has {100 * sums:+.0f} % of it.")
        if not findings:
            absent = {name: Evidence.absent() for name in self.evidence[:2]}
            return Outcome.clear(f"{present} cells are there, and their sum is the pack voltage.", absent)
        for name in self.evidence[:2]:
            evidence.setdefault(name, Evidence.absent())
        return Outcome.found(findings, evidence)

    def _of(self, track: Track, configured: int, present: int, never: list[int]) -> Finding:
        which = f" Never read: cell {', '.join(str(cell + 1) for cell in never[:6])}." if never else ""
        return self.standing(
            track,
            severity=Severity.CRITICAL,
            message=f"The BMS is set to {configured} cells, and {present} are there.{which}",
            measurements=(Measurement("cells that read", float(present), "", float(configured), "CELL-11"),),
            channels=("cell_voltages",),
        )

    def _sum(self, track: Track, share: float, present: int) -> Finding:
        return self.standing(
            track,
            severity=Severity.WARNING,
            message=f"The sum of the {present} cells differs from the pack voltage by {100 * share:+.1f} %.",
            measurements=(Measurement("difference", share, "", _SUM_SHARE, "CELL-11"),),
            channels=("cell_voltages", "pack_voltage"),
        )


def _configured(track: Track) -> int:
    count = track.values("cell_count")
    counted = int(np.nanmedian(count)) if np.isfinite(count).any() else 0
    given = track.log.settings.get("series_cells")
    return max(counted, int(given) if isinstance(given, int | float) else 0)


def _sum_error(track: Track, reads: CellReads) -> float | None:
    """Share of the sum of the cells that the pack has more, over the rows that read all."""
    if not track.has("pack_voltage"):
        return None
    pack = track.values("pack_voltage")
    usable = np.flatnonzero((reads.counts == reads.cells.shape[1]) & (pack > 5))
    if len(usable) < 3:
        return None
    return median(pack[usable] / reads.sums[usable] - 1.0)
