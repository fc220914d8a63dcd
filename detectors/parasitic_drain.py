"""PD01: something empties the pack while the vehicle stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.battery.quantiles import median
from ridelog.detection import Case, Detector, Need
from ridelog.episodes import runs
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track
from ridelog.settings import number

from .cell_rows import CellRows, cell_rows
from .rest_loss import DAY_S, LONG_REST_S, SHORT_REST_S, RestLoss, relaxed, rest_loss, slopes

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The vehicle can have been used or charged in a longer pause of the log, s.
_PAUSE_S: Final = 7_200.0
#: A voltage that rises by more than this between two rows of a rest was charged, V a cell.
_CHARGED_V: Final = 0.010
#: A fall between two polls that stands alone, V a cell: this much, so many times the typical one of so many steps on either
#: side, and above the voltage from which a cell falls steeply by itself, V (engineering judgement).
_USED_V, _ALONE_TIMES, _BESIDE, _STEEP_V = 0.020, 5.0, 4, 3.0
#: Standby draws of 20 to 200 mA are usual (REST-02); from here they are worth ending, A.
_HIGH_A: Final = 0.10
#: Loss of charge a day from which it is, as a share (engineering judgement). A board that stays awake draws about 20 mA,
#: a tenth of a small pack of 5 Ah a day, and a cell loses a tenth of a percent by itself: without the capacity no less
#: than that counts. Where the current is known to be an ordinary standby draw, only a pack that is empty within a week.
_HIGH_SHARE_DAY, _FAST_SHARE_DAY = 0.10, 0.15
#: What was lost in days is a fact and no forecast: from this share of the pack, over so many days, it counts whatever
#: the current is.
_LOST_SHARE, _LOST_DAYS = 0.20, 2.0
#: A board that answered over so many days without a pause of so long never slept, days and s (REST-03: sleep timers are
#: minutes to hours).
_AWAKE_DAYS, _ASLEEP_S = 0.5, 900.0
#: A loss that can be told from noise: multiples of its error.
_SIGMAS: Final = 3.0
#: A block of groups that falls faster than the others: V/day, and multiples of the scatter inside the blocks.
_BLOCK_V_DAY: Final = 0.002
_BLOCK_SIGMAS: Final = 5.0


class ParasiticDrain(Detector):
    """A load empties the pack at rest.

    What it finds:
        Rests of six hours or more in which, after the first three hours, the cells fall steadily together (a load on the
        whole pack), or a block of neighbouring groups falls faster than the rest (a load on part of the stack); shorter
        rests in which they fall further than any settling.

    Why it matters:
        A stored pack is empty in weeks and deeply discharged after that; a load on part of the stack also pulls the groups
        apart (REST-02, REST-03).

    Evidence:
        drain.uniform, drain.one-sided.

    Looks like it but is not:
        Settling after a charge, 0.5 to 0.8 V in hours (REST-01: it flattens), recovery after a ride (upwards), a cold night,
        a single group that falls (self-discharge), some tens of milliamperes of standby for a day or two (information).

    Needs:
        A BMS log with cell voltages, or the pack voltage with a sure series count, over six hours of rest; two for a fast
        fall.

    Limits:
        On the plateau near full and in the flat middle of LFP the voltage does not tell the charge. Without the capacity
        the loss is a share of the pack and not a current: up to a tenth a day a board that stays awake explains it.

    Example:
        11 mV a day for each group: 1.1 % a day, 0.11 A of a 240 Wh pack whose receiver was never off.
    """

    code: ClassVar[str] = "PD01"
    name: ClassVar[str] = "parasitic-drain"
    rules: ClassVar[tuple[str, ...]] = ("REST-02", "REST-03", "REST-01")
    needs: ClassVar[tuple[Need, ...]] = (
        Need((Role.BMS,), ("cell_voltages",), rows=10),
        Need((Role.BMS,), ("pack_voltage",), rows=10),
    )
    evidence: ClassVar[tuple[str, ...]] = ("drain.uniform", "drain.one-sided")

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one BMS log."""
        if track.log.duration_s < SHORT_REST_S:
            return Outcome.unable(f"the log covers {track.log.duration_s / 3600:.1f} h; two hours of rest are needed.")
        rows = cell_rows(case, track)
        if rows is None:
            return Outcome.unable("the number of cells in series is not sure, and no cell was read.")
        rests = _rests(rows)
        if not rests:
            return Outcome.unable("no rest of two hours without a pause is in the log.")
        findings: list[Finding] = []
        evidence: dict[str, Evidence] = {}
        block = self._block(track, rows, rests)
        if block is not None:
            findings.append(block)
            evidence["drain.one-sided"] = Evidence.observed(block.message)
        losses = [loss for loss in (rest_loss(case, track, rows, *rest) for rest in rests) if loss is not None]
        lost = [loss for loss in losses if loss.share_day > _SIGMAS * loss.error]
        if lost:
            worst = max(lost, key=lambda loss: loss.share_day)
            finding = self._uniform(case, track, rows, worst)
            findings.append(finding)
            if finding.severity is not Severity.INFO:
                evidence["drain.uniform"] = Evidence.observed(finding.message)
        for name in self.evidence:
            evidence.setdefault(name, Evidence.absent() if losses else Evidence.not_observable("no slope to read"))
        if findings:
            return Outcome.found(findings, evidence)
        if not losses:
            return Outcome.unable("the voltage of the cells does not tell their charge there (plateau, or chemistry).")
        return Outcome.clear(
            f"at rest the cells moved by {1000 * losses[0].volts_day:+.1f} mV a day after the first three hours.",
            evidence,
        )

    def _uniform(self, case: Case, track: Track, rows: CellRows, loss: RestLoss) -> Finding:
        capacity = pack_capacity(case, track)
        ampere = capacity * loss.share_day / 24 if capacity else None
        bound = _HIGH_SHARE_DAY if ampere is None or ampere >= _HIGH_A else _FAST_SHARE_DAY
        days = float(rows.time[loss.last] - rows.time[relaxed(rows, loss.first, loss.last)]) / DAY_S
        lost = loss.share_day * days
        gone = days >= _LOST_DAYS and lost >= _LOST_SHARE
        high = gone or loss.emptied or loss.share_day >= bound or (ampere is not None and ampere >= _HIGH_A)
        measured = [
            Measurement("charge lost", loss.share_day, "1/day", bound, "REST-02"),
            Measurement("fall of the median cell", -loss.volts_day, "V/day"),
        ]
        words = f"{100 * loss.share_day:.1f} % a day"
        if ampere is not None:
            measured.insert(0, Measurement("current at rest", ampere, "A", _HIGH_A, "REST-02"))
            words += f", about {1000 * ampere:.0f} mA"
        if gone:
            measured.append(Measurement("charge lost over this rest", lost, "", _LOST_SHARE, "engineering judgement"))
            words += f", {100 * lost:.0f} % in {days:.1f} days"
        if loss.emptied:
            words += ", until the pack was empty"
        meter = float(np.nanmedian(rows.current[loss.first : loss.last + 1])) if rows.logged else 0.0
        if meter > 0.02:
            measured.append(Measurement("current by the meter of the BMS", meter, "A"))
        steps = np.diff(rows.time[loss.first : loss.last + 1])
        awake = days >= _AWAKE_DAYS and float(steps.max()) < max(_ASLEEP_S, 3 * rows.step_s)
        slept = " The board answered all the time: it never fell asleep." if awake else ""
        what = "Something empties the pack at rest" if high else "At rest the pack loses a little"
        return self.finding(
            track,
            int(rows.rows[loss.first]),
            int(rows.rows[loss.last]),
            severity=Severity.WARNING if high else Severity.INFO,
            event=False,
            message=f"{what}: {words}, on all cell groups alike.{slept}",
            measurements=tuple(measured),
            channels=("cell_voltages", "battery_current"),
        )

    def _block(self, track: Track, rows: CellRows, rests: list[tuple[int, int]]) -> Finding | None:
        """The first or last groups fall faster than the others, all alike."""
        first, last = max(rests, key=lambda rest: rows.time[rest[1]] - rows.time[rest[0]])
        if rows.time[last] - rows.time[first] < LONG_REST_S:
            return None
        start = relaxed(rows, first, last)
        cells, time = rows.cells[start : last + 1], rows.time[start : last + 1]
        count = cells.shape[1]
        if count < 6 or len(time) < 8:
            return None
        each = slopes(time / DAY_S, cells)
        if not np.isfinite(each).all():
            return None
        best = (0.0, 0, 0.0)
        for split in range(2, count - 1):
            one, other = each[:split], each[split:]
            scatter = max(float(np.hypot(np.std(one), np.std(other))), 1e-5)
            gap = float(other.mean() - one.mean())
            if abs(gap) / scatter > best[0]:
                best = (abs(gap) / scatter, split, gap)
        clear, split, gap = best
        if clear < _BLOCK_SIGMAS or abs(gap) < _BLOCK_V_DAY:
            return None
        names = f"1 to {split}" if gap > 0 else f"{split + 1} to {count}"
        return self.finding(
            track,
            int(rows.rows[first]),
            int(rows.rows[last]),
            severity=Severity.WARNING,
            event=False,
            message=(
                f"At rest cell groups {names} fall by {1000 * abs(gap):.1f} mV a day more than the others: something is "
                "supplied from that part of the stack."
            ),
            measurements=(
                Measurement("fall of the block", -abs(gap), "V/day", -_BLOCK_V_DAY, "engineering judgement"),
            ),
            channels=("cell_voltages",),
        )


def _rests(rows: CellRows) -> list[tuple[int, int]]:
    """First and last place of each rest of two hours: no current, no long pause, and never charged."""
    resting = rows.resting
    if not any(_long(rows, first, last) for first, last in runs(resting)):
        return []
    cut = np.zeros(len(resting), dtype=bool)
    cut[1:] = (np.diff(rows.time) > _PAUSE_S) | (np.diff(rows.middle) > _CHARGED_V) | _used_between(rows)
    change = np.flatnonzero(cut | (np.diff(resting, prepend=resting[:1]) != 0))
    starts = np.unique(np.concatenate(([0], change)))
    ends = np.append(starts[1:], len(resting)) - 1
    return [
        (int(first), int(last))
        for first, last in zip(starts, ends, strict=True)
        if resting[first] and _long(rows, int(first), int(last))
    ]


def _long(rows: CellRows, first: int, last: int) -> bool:
    return last - first >= 9 and bool(rows.time[last] - rows.time[first] >= SHORT_REST_S)


def _used_between(rows: CellRows) -> NDArray[np.bool_]:
    """Steps down that stand alone: the vehicle was used between two polls, what drains a pack takes its share in each.

    Below the voltages of a ride a cell falls by itself as steeply.
    """
    drop = -np.diff(rows.middle)
    alone = np.zeros(len(drop), dtype=bool)
    size = np.abs(drop)
    for place in np.flatnonzero((drop > _USED_V) & (rows.middle[1:] > _STEEP_V)).tolist():
        beside = np.concatenate((size[max(place - _BESIDE, 0) : place], size[place + 1 : place + 1 + _BESIDE]))
        if len(beside) > 1 and not np.isnan(beside).any():
            alone[place] = drop[place] > _ALONE_TIMES * max(median(beside), 0.001)
    return alone


def pack_capacity(case: Case, track: Track) -> float | None:
    """Capacity of the pack in Ah: estimated, as the BMS believes, or as configured."""
    if case.pack.capacity is not None:
        return case.pack.capacity.amp_hours
    for channel in ("full_charge_capacity", "nominal_capacity"):
        values = track.values(channel)
        values = values[np.isfinite(values) & (values > 0.5)]
        if len(values):
            return float(np.median(values))
    left, soc = track.values("remaining_capacity"), track.values("soc")
    told = (left > 0.5) & (soc > 0.1)
    if told.any():
        return float(np.median(left[told] / soc[told]))
    given = number(track.log.settings, "nominal_capacity") or number(case.settings, "nominal_capacity")
    return given if given and given > 0.5 else None
