"""BC01: the BMS opens or holds open the charge path while riding."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.durations import lasting
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track
from ridelog.settings import number

from .fet_edges import Edge, falling_edges, highest_cell, recorded_in_use
from .never_brakes import never_brakes
from .poll_cover import missed_in_braking

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A discharge current that shows that the vehicle is ridden, A, and a regen current that counts, A.
_RIDING_A, _REGEN_A = 5.0, -1.0
#: A light vehicle is ridden from this current, A, or this share of the ride's high one; rows that show it.
_LIGHT_A, _LIGHT_SHARE, _FEWEST_ROWS = 1.5, 0.3, 20
#: What never draws this much, A, is no vehicle on a ride, but a lamp or a test on a bench (engineering judgement).
_VEHICLE_A = 3.0
#: An opening belongs to the ride when the vehicle was under load within this time, s, or within the rows before it
#: that follow each other within the longest pause of a log of a ride, s (engineering judgement: BMS are polled at least
#: once a minute; a record kept once an hour says nothing about the minute of the opening).
_RIDE_S, _ROWS_BEFORE, _LONGEST_PAUSE_S = 180.0, 5, 120.0
#: A cell from which an over-voltage protection is plausible, V, when nobody says.
_CELL_HIGH_V = 4.18

#: Time between polls up to which, s, how surely no opening was missed: half of the openings are flips of 0.1 to 2 s (TRIP-08),
#: of which polls every 2 s meet one in two; and what polls more seldom say. Engineering judgement on that.
_UNSEEN_FLIPS: Final = ((0.5, 0.9), (1.0, 0.7), (2.5, 0.4), (10.0, 0.25))
_SELDOM: Final = 0.1
#: The same of a poll in the very moment: a board answers with states that are some tenths of a second old.
_POLLED: Final = 0.9
#: Share of the weight of a closed path that a nat of likelihood is, at the temperature of the evidence; above this chance no
#: poll says anything of the moment.
_NAT, _SURELY_MISSED = 0.165, 0.9
#: What charge FETs that are off say of an incident on a ride in which the motor never braked; engineering judgement.
_NEVER_BRAKED: Final = 0.2


class BmsChargePath(Detector):
    """The charge FETs of the BMS are off while the vehicle is ridden.

    What it finds:
        Charge FETs that open during regen (over-voltage, over-current, or without a reason), that flip open and closed
        again, and charge FETs that are off for the whole ride.

    Why it matters:
        With the charge path open the braking current has nowhere to go: the bus voltage shoots up and destroys
        controllers, or the brake is gone (TRIP-03, TRIP-04, TRIP-07, TRIP-08). The pack still drives, through the body
        diodes, so that nobody notices before the first hard braking.

    Evidence:
        bms.charge-fet-opened-in-regen, bms.charge-fet-off-throughout, bms.flag-overvoltage, bms.cell-high-before.

    Looks like it but is not:
        A charger that ends its work (no riding around it), charging switched off in an app at standstill.

    Needs:
        A BMS log with the state of the charge FETs.

    Limits:
        A flip shorter than the time between two polls can fall between them. A record kept once an hour does not say
        whether the vehicle was ridden when the path opened: such an opening is left alone, unless the board wrote the
        record at that moment and it shows a load.

    Example:
        -31 A of braking, next poll: charge FETs off, cell overvoltage, 0 A.
    """

    code: ClassVar[str] = "BC01"
    name: ClassVar[str] = "bms-charge-path"
    rules: ClassVar[tuple[str, ...]] = ("TRIP-03", "TRIP-04", "TRIP-05", "TRIP-07", "TRIP-08", "TRIP-09", "TRIP-12")
    needs: ClassVar[tuple[Need, ...]] = (Need((Role.BMS,), ("charge_fet",), rows=2),)
    evidence: ClassVar[tuple[str, ...]] = (
        "bms.charge-fet-opened-in-regen",
        "bms.charge-fet-off-throughout",
        "bms.flag-overvoltage",
        "bms.cell-high-before",
    )

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one BMS log."""
        flag = track.values("charge_fet")
        current = np.nan_to_num(track.values("battery_current"))
        high = float(np.percentile(np.clip(current, 0, None), 99))
        light = max(_LIGHT_A, _LIGHT_SHARE * high) if current.max() >= _VEHICLE_A else _RIDING_A
        ridden = current > min(_RIDING_A, light)
        pauses = np.flatnonzero(np.diff(track.time) > _LONGEST_PAUSE_S) + 1
        edges = [edge for edge in falling_edges(track, "charge_fet") if _while_riding(track, ridden, pauses, edge)]
        off = np.isfinite(flag) & (flag < 0.5)
        share = float((off & ridden).sum()) / max(float((np.isfinite(flag) & ridden).sum()), 1.0)
        always = bool(np.isfinite(flag).any()) and float(off.sum()) >= 0.99 * float(np.isfinite(flag).sum())
        throughout = not edges and ((share > 0.95 and int(ridden.sum()) >= 5) or (always and _rides(case)))
        if not edges and not throughout:
            note = "the charge path stayed closed while riding."
            absent = _stayed_closed(case, track)
            if always:
                return Outcome.found((self._off_at_rest(track),), dict.fromkeys(self.evidence, _PARKED))
            if not ridden.any():
                return Outcome.clear("the vehicle was not ridden in this log.", dict.fromkeys(self.evidence, _PARKED))
            return Outcome.clear(
                note,
                {
                    "bms.charge-fet-opened-in-regen": absent,
                    "bms.charge-fet-off-throughout": Evidence.absent(),
                    "bms.flag-overvoltage": Evidence.not_observable("no opening to look at"),
                    "bms.cell-high-before": Evidence.not_observable("no opening to look at"),
                },
            )
        if throughout:
            first = int(np.flatnonzero(off & ridden if (off & ridden).any() else off)[0])
            at = track.onset(first)
            brakes = not never_brakes(case)
            return Outcome.found(
                (self._off_throughout(track, first, brakes),),
                {
                    "bms.charge-fet-off-throughout": Evidence.observed()
                    if brakes
                    else Evidence.observed("Nothing came of it: no braking is in the log.", strength=_NEVER_BRAKED),
                    "bms.charge-fet-opened-in-regen": Evidence.not_observable("they were off from the start"),
                    "bms.cell-high-before": _cell_high(case, track, first),
                    "bms.flag-overvoltage": Evidence.observed(at=at)
                    if _flagged(track, first)
                    else Evidence.not_observable("no opening to look at"),
                },
            )
        edge = edges[0]
        overvoltage = "overvoltage" in edge.kinds
        evidence = {
            "bms.charge-fet-opened-in-regen": Evidence.observed(at=track.onset(edge.row)),
            "bms.charge-fet-off-throughout": Evidence.absent(),
            "bms.cell-high-before": _cell_high(case, track, edge.row),
            "bms.flag-overvoltage": Evidence.observed(at=track.onset(edge.row))
            if overvoltage
            else Evidence.absent()
            if edge.observable
            else Evidence.not_observable("the log has no protection flags"),
        }
        return Outcome.found([self._opened(track, item) for item in edges], evidence)

    def _opened(self, track: Track, edge: Edge) -> Finding:
        current = track.values("battery_current")[max(edge.before - 3, 0) : edge.row + 1]
        regen = -float(np.fmin.reduce(current, initial=0.0))
        cell = highest_cell(track, max(edge.before - 2, 0), edge.row)
        measured = [Measurement("braking current", regen, "A")]
        if np.isfinite(cell):
            measured.append(Measurement("highest cell", cell, "V"))
        end = edge.back if edge.back is not None else track.log.rows - 1
        lasted = float(track.time[end] - track.time[edge.row])
        why = next((words for kind, words in _WHY.items() if kind in edge.kinds), "")
        back = f" for {lasting(lasted, 1)}" if edge.back is not None else " and did not close it again"
        return self.finding(
            track,
            edge.row,
            end,
            severity=Severity.CRITICAL,
            message=f"The BMS opened the charge path while riding{why}{back}; the braking current had nowhere to go.",
            measurements=tuple(measured),
            channels=("charge_fet", "battery_current"),
        )

    def _off_at_rest(self, track: Track) -> Finding:
        return self.standing(
            track,
            severity=Severity.INFO,
            message=(
                "The charge path of the BMS is off in every row. Nothing shows that the vehicle was ridden meanwhile; with "
                "the path off, braking current has nowhere to go."
            ),
            channels=("charge_fet",),
        )

    def _off_throughout(self, track: Track, first: int, brakes: bool) -> Finding:
        """An incident where the vehicle may have braked; without any braking in the controller's log a state of the board."""
        return self.finding(
            track,
            first,
            track.log.rows - 1,
            severity=Severity.CRITICAL if brakes else Severity.WARNING,
            event=brakes,
            message=(
                "The charge path of the BMS was off during the whole ride: the pack drives through the body diodes, "
                + (
                    "and braking current has nowhere to go."
                    if brakes
                    else "and the first braking with the motor will find nowhere to go. In this log the motor never braked."
                )
            ),
            measurements=(Measurement("share of the ride with the charge path off", 1.0, "", 0.05, "TRIP-05"),),
            channels=("charge_fet",),
            danger="Do not brake with regen before the charge path is on.",
        )


#: Why the board opened its charge path, by the kind of protection it names.
_WHY: Final[dict[str, str]] = {
    "overvoltage": " because a cell was too high",
    "charge-undertemperature": " because the cells were too cold to be charged",
    "charge-overtemperature": " because the cells were too hot to be charged",
    "charge-overcurrent": " because the braking current was too high for it",
}
_PARKED = Evidence.not_observable("the vehicle was not ridden in this log")


def _stayed_closed(case: Case, track: Track) -> Evidence:
    """What polls that all show a closed path are worth: much where they lie in the moment in which braking met no pack."""
    missed = missed_in_braking(case, track)
    if missed is not None:
        if missed > _SURELY_MISSED:
            return Evidence.not_observable("no poll of the BMS lies in the moment in which braking met no pack")
        seen = min(_NAT * -float(np.log(max(missed, 1e-6))), _POLLED)
        return Evidence.absent(
            "It was polled while braking met no pack"
            + (f", unless the clocks are off by more than they seem ({100 * missed:.0f} %)." if missed > 0.01 else "."),
            strength=seen,
        )
    interval = track.log.interval_s
    seen = next((strength for longest, strength in _UNSEEN_FLIPS if interval <= longest), _SELDOM)
    return Evidence.absent(f"A flip shorter than {interval:.2g} s could hide.", strength=seen)


def _rides(case: Case) -> bool:
    """Tell whether a controller or wheel log of the same ride draws current: then the pack was ridden, on any clock."""
    return any(
        int((np.nan_to_num(track.values("battery_current")) > _LIGHT_A).sum()) >= _FEWEST_ROWS
        for track in case.ride.riding
    )


def _while_riding(track: Track, ridden: NDArray[np.bool_], pauses: NDArray[np.intp], edge: Edge) -> bool:
    """Whether the vehicle was ridden just before the path opened, or while it was open, without a pause of the log.

    Args:
        track: The log of the BMS.
        ridden: Rows in which the vehicle is ridden, shape (rows,).
        pauses: First rows after the pauses of the log, in order.
        edge: The opening.
    """
    later = int(np.searchsorted(pauses, edge.row, side="right"))
    recent = int(np.searchsorted(track.time, track.time[edge.row] - _RIDE_S))
    start = max(min(recent, edge.row - _ROWS_BEFORE), int(pauses[later - 1]) if later else 0)
    end = min(
        track.log.rows if edge.back is None else edge.back,
        int(pauses[later]) if later < len(pauses) else track.log.rows,
    )
    if recorded_in_use(track, edge.row):
        return True
    alone = end - start < 2
    return bool(ridden[start:end].any()) and not alone


def _flagged(track: Track, row: int) -> bool:
    (names,) = track.log.names("protections", row, row + 1)
    return any(name in ("cell-overvoltage", "pack-overvoltage", "full") for name in names or ())


def _cell_high(case: Case, track: Track, row: int) -> Evidence:
    cell = highest_cell(track, max(row - 4, 0), row)
    if not np.isfinite(cell):
        return Evidence.not_observable("the log has no cell voltages")
    limit = number(case.settings, "cell_overvoltage_limit") or _CELL_HIGH_V
    note = f"Highest cell {cell:.2f} V."
    if cell >= limit - 0.03:
        return Evidence.observed(note)
    return Evidence.absent(note, strength=min((limit - cell) / 0.15, 1.0))
