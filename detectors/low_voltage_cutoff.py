"""LV01: the controller's own low-voltage cutoff."""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from ridelog.battery.quantiles import median, quantiles
from ridelog.detection import Case, Detector, Need
from ridelog.durations import lasting
from ridelog.episodes import episodes
from ridelog.finding import Evidence, Measurement, Outcome, Severity
from ridelog.ride import RIDING_ROLES, Track
from ridelog.settings import number

from .allowed_current import AllowedCurrent, allowed_current
from .foldback_charge import bound_by_charge
from .foldback_line import Foldback, foldback
from .ran_out import ran_out
from .reduced_when_empty import reduced_when_empty

#: The most stretches that are shown.
_SHOWN: Final = 5
_JOIN_S = 2.0
_SHORTEST_S = 1.5
#: Without the configuration: the voltage is pinned when it stays within this share of its floor while driving.
_PINNED_SHARE = 0.012
_PINNED_S = 4.0
#: The current must have come down to this share of the ride's high current while the voltage stands at its floor.
_REDUCED_SHARE = 0.6
_DRIVE_A = 3.0
#: A light vehicle drives at this share of its high current, A.
_LIGHT_SHARE, _LEAST_A = 0.2, 0.4
#: The voltage stands when it recovers by at most this share of the sag that the smaller current takes away.
_RELIEF_SHARE = 0.5
#: Cell voltages between which a cutoff is set in practice, V; engineering judgement.
_CELL_LOW_V, _CELL_HIGH_V = 2.6, 3.55
#: The same where the loads end on one line: with iron phosphate, and set far too high.
_CELL_EMPTY_V, _CELL_CUT_V = 2.0, 3.75
#: Voltages within this share are the same: a digit of VESC Tool is 0.1 V.
_DIGITS: Final = 0.003
#: A cutoff that somebody set takes the current away over 0.2 to 0.6 V a cell; a line that would do so within this share of
#: the voltage, a third of the least, is a chance of the loads.
_NARROWEST_SHARE: Final = 0.02
#: Where a line reaches no current is known to about this share of the voltage.
_BELOW_END_SHARE: Final = 0.01
#: Cell voltages under load, V, from which on down usual cutoffs are at work: the highest start that is usual.
_USUAL_START_V: Final = {"nmc": 3.4, "lfp": 2.9}
#: A current of this share of the ride's top that is drawn over so wide a range of cell voltages, V, is not folded back: a
#: cutoff reduces it over 0.2 to 0.6 V a cell.
_UNREDUCED_SHARE, _UNREDUCED_V = 0.9, 0.08
#: How sure the series count must be for that, and the chemistry for the lower of the two.
_LIKELY_COUNT, _SURE_CHEMISTRY = 0.85, 0.9
#: How sure a fold-back is that only the behaviour of voltage and current shows, and one along a line of its own.
_BY_BEHAVIOUR, _BY_LINE = 0.75, 0.9


class LowVoltageCutoff(Detector):
    """The controller folds the current back because the voltage reached its cutoff.

    What it finds:
        Driving with the voltage between the start and the end of the battery cutoff, or, when the configuration is not
        known, a current that the controller holds in load after load (it stands while the motor current falls) and that
        becomes smaller as the voltage comes down, loads that all end on one line of the voltage and the current, a voltage
        that stands at a floor while the current becomes smaller and smaller, or a motor that is driven and hardly given
        anything at the lowest voltage of the ride.

    Why it matters:
        The power fades with charge left in the display, and the rider is stranded (SAG-01).

    Evidence:
        lowvoltage.foldback.

    Looks like it but is not:
        A BMS that opens (the voltage collapses, and does not taper), ordinary sag (low voltage goes with high current),
        a rider who eases off (the voltage rises), a battery current limit (what it holds stands still while the voltage
        comes down: the check is then clear), a motor at full duty (the current goes with the square of the voltage), a
        thermal limit (rows in which FETs or motor are hot do not count).

    Needs:
        A controller or wheel log with pack voltage and battery current.

    Limits:
        Without the configuration a short fold-back cannot be told from sag. A current that the controller holds needs three
        loads, and 5 % and more of it must follow the voltage, six times as fast as that; a line needs three loads or more
        that end on it, over currents that differ by 15 % or more. Where the cells are as low as usual cutoffs, a bound that
        shrinks with the charge counts as well (four loads, 12 %). In loads that are shorter or more alike, a cutoff and a
        limit that is set look the same, and the check says so.

    Example:
        51.9-52.1 V for 25 s while the current falls from 40 A to 6 A at open throttle.
    """

    code: ClassVar[str] = "LV01"
    name: ClassVar[str] = "low-voltage-cutoff"
    rules: ClassVar[tuple[str, ...]] = ("SAG-01", "CUT-02")
    needs: ClassVar[tuple[Need, ...]] = (
        Need(RIDING_ROLES, ("pack_voltage", "battery_current"), interval_s=1.5, rows=50),
    )
    evidence: ClassVar[tuple[str, ...]] = ("lowvoltage.foldback",)

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one controller or wheel log."""
        start = number(case.settings, "battery_cut_start")
        residual = case.pack.residual.get(track.index)
        held = None
        limit: float | None
        sure: float
        more: tuple[Measurement, ...] = ()
        if start is not None and start > 12.0:
            found, limit, source, sure = _configured(track, start), start, "configuration", 1.0
        else:
            found, limit, source, sure = [], None, "engineering judgement", _BY_LINE
            held = allowed_current(track, residual.ohm) if residual is not None else None
            if held is not None and held.moves and _set_to(case, track, held):
                found, more = list(held.loads[:_SHOWN]), _of_line(held)
            elif (line := _on_a_line(case, track)) is not None:
                found, more = _rows(track, line), _of_line(line)
            else:
                found, limit = _pinned(case, track)
                if not found and held is None:
                    found, limit = reduced_when_empty(case, track)
                    found = found[:_SHOWN]
                if not found and residual is not None and _where_cutoffs_end(case, track):
                    found, limit = ran_out(track, residual.ohm)[:_SHOWN], None
                sure = _BY_BEHAVIOUR
        cell = _within_usual(case, track) if not found and start is None else None
        if cell and residual is not None:
            found, limit, sure = bound_by_charge(track, residual.ohm), None, _BY_BEHAVIOUR
        if not found:
            lowest = float(np.nanmin(track.values("pack_voltage")))
            if held is not None and held.stands and _deepest(track, held.loads):
                return Outcome.clear(
                    f"the controller held the current at {held.middle_a:.0f} A in {len(held.loads)} loads, whatever the "
                    "voltage was: a limit that is set, and no cutoff."
                )
            if cell:
                return Outcome.unable(_untold(cell, held))
            return Outcome.clear(f"the lowest voltage is {lowest:.1f} V, and the current did not fold back at a floor.")
        findings = []
        for first, last in found:
            lowest = float(np.nanmin(track.values("pack_voltage")[first : last + 1]))
            findings.append(
                self.finding(
                    track,
                    first,
                    last,
                    severity=Severity.WARNING,
                    message=(
                        f"The controller reduced the current at {lowest:.1f} V for "
                        f"{lasting(float(track.time[last] - track.time[first]))}: its low-voltage cutoff was reached."
                    ),
                    measurements=(Measurement("lowest voltage", lowest, "V", limit, source), *more),
                    channels=("pack_voltage", "battery_current"),
                )
            )
        at = track.onset(found[0][0])
        return Outcome.found(findings, {"lowvoltage.foldback": Evidence.observed(strength=sure, at=at)})


def _configured(track: Track, start: float) -> list[tuple[int, int]]:
    inside = (track.values("pack_voltage") <= start) & (track.values("battery_current") > _drive(track))
    return [item for item in episodes(inside, track.time, _JOIN_S) if _length(track, item) >= _SHORTEST_S]


def _pinned(case: Case, track: Track) -> tuple[list[tuple[int, int]], float | None]:
    """Driving at a voltage floor with a reduced current: where ordinary sag would show the highest currents."""
    volts, current = track.values("pack_voltage"), track.values("battery_current")
    driving = np.flatnonzero(current > _drive(track))
    if len(driving) < 50:
        return [], None
    driven_v, driven_a = volts[driving], current[driving]
    known = driven_v[np.isfinite(driven_v)]
    if not len(known):
        return [], None
    floor = float(quantiles(known, (0.02,))[0])
    series = case.pack.series
    if series.best is not None and series.certain and not _CELL_LOW_V <= floor / series.best <= _CELL_HIGH_V:
        return [], None
    high = float(quantiles(driven_a, (0.98,))[0])
    pinned = driving[(np.abs(driven_v - floor) <= _PINNED_SHARE * floor) & (driven_a < _REDUCED_SHARE * high)]
    residual = case.pack.residual.get(track.index)
    if residual is not None:
        # At the floor an unreduced current would take the voltage far lower: only then is the floor a cutoff.
        pinned = pinned[residual.open_circuit[pinned] - floor - 0.5 * residual.ohm * high < 0]
    at_floor = np.zeros(len(volts), dtype=bool)
    at_floor[pinned] = True
    found = [item for item in episodes(at_floor, track.time, _JOIN_S) if _length(track, item) >= _PINNED_S]
    ohm = residual.ohm if residual is not None and np.isfinite(residual.ohm) else 0.0
    return [item for item in found if _tapers(track, *item, ohm)], floor


def _on_a_line(case: Case, track: Track) -> Foldback | None:
    """Loads that end on one line of voltage and current, at voltages a cutoff is set to."""
    heat = np.fmax(track.values("fet_temperature"), track.values("motor_temperature"))
    line = foldback(track.time, track.values("pack_voltage"), track.values("battery_current"), heat)
    if line is not None and _width_v(line) < _NARROWEST_SHARE * line.lowest_v:
        return None
    series = case.pack.series
    if line is not None and series.best is not None and series.certain:
        return line if _CELL_EMPTY_V <= line.lowest_v / series.best <= _CELL_CUT_V else None
    return line


def _set_to(case: Case, track: Track, held: AllowedCurrent) -> bool:
    """Whether cutoffs are set to these voltages, as far as the number of cells is known.

    Below the end of a cutoff no current is allowed: one that was held there was held for another reason.
    """
    series, volts = case.pack.series, track.values("pack_voltage")
    lowest = min(float(np.nanmin(volts[first : last + 1])) for first, last in held.loads)
    if held.end_v > (1 + _BELOW_END_SHARE) * lowest:
        return False
    return series.best is None or not series.certain or _CELL_EMPTY_V <= lowest / series.best <= _CELL_CUT_V


def _where_cutoffs_end(case: Case, track: Track) -> bool:
    """Whether the lowest voltages of the ride are those of cells at which usual cutoffs are at work."""
    usual = _usual_start(case)
    volts = track.values("pack_voltage")[track.values("battery_current") > 0]
    volts = volts[np.isfinite(volts)]
    if usual is None or not len(volts):
        return False
    cells, start = usual
    return _CELL_EMPTY_V <= float(quantiles(volts, (0.02,))[0]) / cells <= start


def _usual_start(case: Case) -> tuple[int, float] | None:
    """The number of cells, where it is likely, and the voltage of one from which on down usual cutoffs are at work, V."""
    series, chemistry = case.pack.series, case.pack.chemistry
    if series.best is None or series.confidence < _LIKELY_COUNT or chemistry.name not in ("", *_USUAL_START_V):
        return None
    sure = chemistry.name if chemistry.confidence >= _SURE_CHEMISTRY else ""
    return series.best, _USUAL_START_V[sure or "nmc"]


def _deepest(track: Track, loads: tuple[tuple[int, int], ...]) -> bool:
    """Whether these rows hold the lowest voltages under load of the ride: above them a cutoff need not be at work."""
    volts = track.values("pack_voltage")
    drawn = volts[np.isfinite(volts) & (track.values("battery_current") > _drive(track))]
    lowest = min(float(np.nanmin(volts[first : last + 1])) for first, last in loads)
    return bool(len(drawn)) and lowest <= (1 + _DIGITS) * float(quantiles(drawn, (0.02,))[0])


def _of_line(line: Foldback | AllowedCurrent) -> tuple[Measurement, ...]:
    return (
        Measurement("highest current on the line", line.highest_a, "A"),
        Measurement("low current on the line", line.lowest_a, "A"),
        Measurement("voltage at which that line reaches no current", line.end_v, "V"),
    )


def _untold(cell: float, held: AllowedCurrent | None) -> str:
    """Why nothing can be said with cells at this voltage, V."""
    where = f"the cells are at {cell:.2f} V under load, where usual cutoffs are at work, and "
    if held is None:
        return where + (
            "no clear fold-back shows; without the controller's configuration a small one cannot be told from the rider's "
            "hand or a current limit."
        )
    return where + (
        f"the controller held the current at about {held.middle_a:.0f} A in {len(held.loads)} loads, by its cutoff or by a "
        "limit that is set; the loads are too short or too alike to tell, and the controller's configuration is not known."
    )


def _width_v(line: Foldback) -> float:
    """Voltage over which the line takes the highest current on it away, V."""
    return (line.lowest_v - line.end_v) * line.highest_a / max(line.lowest_a, 0.1)


def _rows(track: Track, line: Foldback) -> list[tuple[int, int]]:
    rows = [np.searchsorted(track.time, load) for load in line.loads[:_SHOWN]]
    last = track.log.rows - 1
    return [(min(int(first), last), min(int(end), last)) for first, end in rows]


def _within_usual(case: Case, track: Track) -> float | None:
    """Cell voltage under load, V, when a usual cutoff could have acted there unseen; None when not, or not known."""
    usual = _usual_start(case)
    volts, current = track.values("pack_voltage"), track.values("battery_current")
    drawn = np.flatnonzero(np.isfinite(volts) & (current > _drive(track)))
    if usual is None or not len(drawn):
        return None
    cells, start = usual
    volts, current = volts[drawn] / cells, current[drawn]
    cell = float(quantiles(volts, (0.02,))[0])
    at_top = volts[current >= _UNREDUCED_SHARE * float(quantiles(current, (0.98,))[0])]
    unreduced = float(np.ptp(quantiles(at_top, (0.05, 0.95)))) >= _UNREDUCED_V
    return cell if cell <= start and not unreduced else None


def _tapers(track: Track, first: int, last: int, ohm: float) -> bool:
    """The current keeps falling while the voltage stands: the second half is clearly lower than the first.

    A rider who eases off lowers the current too, and the voltage then rises by what the pack sagged less. A fold-back
    holds the voltage: the current falls because the pack is emptied.
    """
    current = track.values("battery_current")[first : last + 1]
    volts = track.values("pack_voltage")[first : last + 1]
    middle = len(current) // 2
    if middle < 5:
        return False
    held = median(current[:middle])
    fall = held - median(current[middle:])
    if not fall > 0.15 * held:
        return False
    rise = median(volts[middle:]) - median(volts[:middle])
    return rise <= _RELIEF_SHARE * ohm * fall


def _drive(track: Track) -> float:
    """Current from which this vehicle drives, A."""
    current = track.values("battery_current")
    drawn = current[current > _LEAST_A]
    high = float(quantiles(drawn, (0.98,))[0]) if len(drawn) else 0.0
    return min(_DRIVE_A, max(_LEAST_A, _LIGHT_SHARE * high))


def _length(track: Track, item: tuple[int, int]) -> float:
    return float(track.time[item[1]] - track.time[item[0]])
