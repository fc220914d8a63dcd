"""TW02: the current of the BMS against that of the controllers."""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector
from ridelog.finding import Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track

from .common_bins import Line, bin_edges, bin_means, controller_current, robust_line

#: Gain and bias beyond which sensors differ: a controller's battery current is computed and some percent off.
_GAIN, _BIAS_A = 0.15, 1.5
#: A BMS that sees this much more than the controller feeds others, too; one that sees this much less is not alone.
_SEVERAL, _PART = 1.6, 0.65
#: Least range of current to compare over, A, and stretches.
_RANGE_A, _FEWEST = 8.0, 20
#: A pack that carries less than this share of what another one in parallel does has no part in the ride (SAG-02).
_IDLE_SHARE: Final = 0.2
#: One that carries less than this share of the other is another kind of pack: cells of one kind differ by less (TRIP-11; ten
#: groups beside six carry 0.6; engineering judgement).
_UNEVEN_SHARE: Final = 0.75


class CurrentSensors(Detector):
    """The BMS and the controllers measure the same current differently.

    What it finds:
        Gain and bias between the current of the BMS and that of the controllers, and how packs in parallel share: one that
        carries less than a fifth of what another does is a finding.

    Why it matters:
        A wrong shunt scale shifts every over-current limit and the charge meter (CUR-10). A controller or a pack that no
        log shows changes what every other number means. A cheap added pack leaves the load to the main pack (SAG-02), and of
        unequal packs one trips before the sum of their ratings (TRIP-11).

    Evidence:
        None: it explains other findings.

    Looks like it but is not:
        A second controller (the BMS sees about twice the current), packs in parallel (each BMS sees its share).

    Needs:
        A controller log and a BMS log with current, on one clock, and a ride that uses more than 8 A.

    Limits:
        It cannot say which of the two is right. The controller's current is computed on most boards.

    Example:
        The BMS shows 0.52 of the controller's current plus 0.3 A: its shunt is scaled wrong, or a second pack shares.
    """

    code: ClassVar[str] = "TW02"
    name: ClassVar[str] = "current-sensors"
    rules: ClassVar[tuple[str, ...]] = ("CUR-10", "SAG-02", "TRIP-11")
    evidence: ClassVar[tuple[str, ...]] = ()

    def detect(self, case: Case) -> Outcome:
        """Compare the sum over the BMSs with the sum over the controllers."""
        controllers = _usable(case.ride.of_role(Role.CONTROLLER))
        boards = _usable(case.ride.bms)
        if not controllers or not boards:
            return Outcome.unable("a controller log and a BMS log with current on one clock are needed.")
        edges = bin_edges([*controllers, *boards])
        if len(edges) < _FEWEST:
            return Outcome.unable("the logs share too little time.")
        ours = controller_current(controllers, edges)
        shares = [bin_means(board, board.values("battery_current"), edges) for board in boards]
        line = robust_line(ours, np.asarray(np.sum(shares, axis=0)))
        if line is None or line.count < _FEWEST or float(np.nanmax(ours) - np.nanmin(ours)) < _RANGE_A:
            return Outcome.unable("too little current flowed to compare the sensors.")
        findings = []
        odd = abs(line.slope - 1) > _GAIN + 3 * line.slope_error or abs(line.offset) > _BIAS_A + 3 * line.offset_error
        if odd:
            findings.append(self._differ(boards[0], line, len(controllers), len(boards)))
        if len(boards) > 1:
            findings.append(self._shared(boards, [robust_line(ours, part) for part in shares]))
        if not findings:
            return Outcome.clear(f"the BMS shows {line.slope:.2f} of the controller's current, {line.offset:+.1f} A.")
        return Outcome.found(findings, {})

    def _differ(self, board: Track, line: Line, controllers: int, boards: int) -> Finding:
        if line.slope > _SEVERAL and controllers == 1:
            why = "more than one controller draws from this pack, or the shunt of the BMS is scaled wrong"
        elif line.slope < _PART and boards == 1:
            why = "another pack shares the load, or the shunt of the BMS is scaled wrong"
        else:
            why = "one of the two is scaled wrong or has an offset"
        return self.finding(
            board,
            0,
            board.log.rows - 1,
            severity=Severity.INFO,
            event=False,
            message=f"The BMS shows {line.slope:.2f} of the controller's current {line.offset:+.1f} A: {why}.",
            measurements=(
                Measurement("current of the BMS over that of the controller", line.slope, "", 1 + _GAIN, "CUR-10"),
                Measurement("current of the BMS when the controller shows none", line.offset, "A", _BIAS_A),
            ),
            channels=("battery_current",),
        )

    def _shared(self, boards: list[Track], parts: list[Line | None]) -> Finding:
        slopes = [part.slope if part else float("nan") for part in parts]
        total = float(np.nansum(slopes)) or 1.0
        told = ", ".join(
            f"log {board.index + 1}: {100 * slope / total:.0f} %" for board, slope in zip(boards, slopes, strict=True)
        )
        least, most = float(np.nanmin(slopes)), float(np.nanmax(slopes))
        idle = most > 0 and least < _IDLE_SHARE * most
        uneven = not idle and least < _UNEVEN_SHARE * most
        board = boards[int(np.nanargmin(slopes))]
        alone = (
            f" The pack of log {board.index + 1} gives in at once or is not connected, and the others carry the ride: test it "
            "alone at a low load."
        )
        first = (
            f" Log {boards[int(np.nanargmax(slopes))].index + 1} gives the most: its pack reaches its limit and trips before "
            "the sum of the ratings is reached. Test each pack alone, and do not ride on packs of different cells in parallel."
        )
        return self.finding(
            board if idle else boards[0],
            0,
            (board if idle else boards[0]).log.rows - 1,
            severity=Severity.WARNING if idle else Severity.INFO,
            event=False,
            message=f"Packs in parallel share the current ({told}).{alone if idle else first if uneven else ''}",
            measurements=tuple(
                Measurement(f"share of log {board.index + 1}", slope / total)
                for board, slope in zip(boards, slopes, strict=True)
            ),
            channels=("battery_current",),
        )


def _usable(tracks: tuple[Track, ...]) -> list[Track]:
    return [track for track in tracks if track.clock.aligned and track.has("battery_current") and track.log.rows > 20]
