"""BL01: whether the balancer of the BMS does its work."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track
from ridelog.settings import number

from .balancer_bleed import bleeds_on
from .balancer_effect import ABOVE_V, TRIGGER_V, WIDE_V, Remark, heat_at_rest, without_effect
from .balancer_work import start_voltage, working_rows
from .cell_imbalance import steepness
from .cell_rows import REST_A, CellRows, cell_rows
from .cell_signs import OFFSET_HIGH_V, cell_signs

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Idle for so long in reach of the balancer, s; so long that a smaller difference counts, too, where a single group stands
#: apart, s; engineering judgement.
_IDLE_S, _LONG_IDLE_S = 1_800.0, 10_800.0
#: Triggers that a board can be set to, V; the board compares its own with the voltages that it logs, which move by this
#: from one row to the next, V.
_TRIGGERS_V, _OWN_ABOVE_V = (0.002, 0.2), 0.003
#: The lowest trigger that boards are used with, V (CELL-01).
_LEAST_TRIGGER_V: Final = 0.015
#: Rows further apart than this miss a balancer that comes and goes, s.
_SEEN_S: Final = 300.0
#: The JK is held to this by many, A (CELL-03).
_JK_CAREFUL_A: Final = 0.2
#: How far an idle balancer is to blame when the settings say that it is switched off: somebody did that.
_OFF_STRENGTH: Final = 0.6
_LONGEST_STEP_S: Final = 900.0
#: Rows on either side of one whose median is its difference of the cells; engineering judgement.
_AROUND: Final = 5


class Balancer(Detector):
    """The balancer is off, idle, too weak or hot.

    What it finds:
        Cells that differ in reach of the balancer while it never starts; a balancer that is on for hours and does not bring
        the cells together, or logs a current that moves no charge; one that is switched off in the settings or stopped at
        the full charge; one that does not stop where the others are and empties its group; heat while it balances at rest, of
        the board or of one sensor alone.

    Why it matters:
        Without balancing the pack loses range and drives its extreme groups to their limits; balance resistors of JK boards
        burnt within days, some at idle (THM-01).

    Evidence:
        balancer.idle, balancer.without-effect, balancer.bleeds-on, balancer.hot.

    Looks like it but is not:
        A Daly below 4.18 V a cell (CELL-07: information), a difference under load, a JBD with 0.1 A that needs many hours
        (CELL-09), an active balancer that pauses.

    Needs:
        A BMS log with the balancing flag, the balance current or the balancer's temperature, and cell voltages.

    Limits:
        What the balancer moved shows in hours only; without the capacity it cannot be told from too little time.

    Example:
        5.2 h of balancing with 0.6 A on a 14 Ah pack: 84 mV before, 87 mV after.
    """

    code: ClassVar[str] = "BL01"
    name: ClassVar[str] = "balancer"
    rules: ClassVar[tuple[str, ...]] = (
        "CELL-01",
        "CELL-02",
        "CELL-03",
        "CELL-04",
        "CELL-07",
        "CELL-08",
        "CELL-09",
        "THM-01",
    )
    needs: ClassVar[tuple[Need, ...]] = tuple(
        Need((Role.BMS,), (sign, cells), rows=10)
        for sign in ("balancing", "cells_balancing", "balance_current")
        for cells in ("cell_voltages", "cell_voltage_max")
    )
    evidence: ClassVar[tuple[str, ...]] = (
        "balancer.idle",
        "balancer.without-effect",
        "balancer.bleeds-on",
        "balancer.hot",
    )

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one BMS log."""
        rows = cell_rows(case, track)
        if rows is None or not np.isfinite(rows.high - rows.low).any():
            return Outcome.unable("no difference of the cells is in the log.")
        spread = rows.high - rows.low
        quiet = np.isfinite(spread) & (rows.current < REST_A if rows.logged else True)
        if not quiet.any():
            return Outcome.unable("the pack was under load in every row.")
        working, known = working_rows(track, rows)
        step = np.minimum(np.diff(rows.time, append=rows.time[-1:]), _LONGEST_STEP_S)
        stated = number(track.log.settings, "balance_trigger")
        own = stated is not None and _TRIGGERS_V[0] <= stated <= _TRIGGERS_V[1]
        trigger = stated if own and stated is not None else TRIGGER_V
        off = track.log.settings.get("balancer_enabled") is False
        family = track.log.identity.family or case.family
        start = start_voltage(case, track, family)
        reach = (
            quiet
            & known
            & (_steady(spread, quiet) > trigger + (_OWN_ABOVE_V if own else ABOVE_V))
            & (rows.high >= start if start is not None else False)
        )
        findings: list[Finding] = []
        evidence: dict[str, Evidence] = {}
        self._switched_off(track, spread[quiet], findings)
        self._current(track, rows, family, working, findings)
        idle_s, on_s = float(step[reach & ~working].sum()), float(step[known & working].sum())
        if idle_s >= _IDLE_S and rows.step_s <= _SEEN_S and not (known & working).any():
            widest = float(np.median(spread[reach]))
            long = idle_s >= _LONG_IDLE_S and not (own and off)
            apart = widest >= WIDE_V * steepness(case, track) or (long and (own or _one_apart(case, track)))
            finding = self._idle(track, rows, reach, idle_s, widest, trigger, apart)
            findings.append(finding)
            if apart:
                evidence["balancer.idle"] = Evidence.observed(finding.message, strength=_OFF_STRENGTH if off else 1.0)
        elif start is not None and not reach.any() and float(np.median(spread[quiet])) > WIDE_V and family == "daly":
            findings.append(self._below_start(track, rows, start))
        weak = without_effect(case, track, rows, working & known, step, family)
        if weak is not None:
            findings.append(self._of(track, weak))
            evidence["balancer.without-effect"] = Evidence.observed(weak.message)
        bleed = bleeds_on(case, track, rows, working & known)
        if bleed is not None:
            findings.append(self._of(track, bleed))
            evidence["balancer.bleeds-on"] = Evidence.observed(bleed.message)
        hot = heat_at_rest(case, track, rows, working & known)
        if hot is not None:
            findings.append(self._of(track, hot))
            evidence["balancer.hot"] = Evidence.observed(hot.message, at=findings[-1].onset)
        unknown = _idle_unknown(rows, spread, quiet & known, start, own) if not (known & working).any() else ""
        idle = Evidence.not_observable(unknown) if unknown else Evidence.absent()
        evidence.setdefault("balancer.idle", idle)
        for name in self.evidence:
            evidence.setdefault(name, Evidence.absent())
        if findings:
            return Outcome.found(findings, evidence)
        if not known.any():
            return Outcome.unable("the log does not say whether the balancer works.")
        if unknown:
            wide = 1000 * float(np.nanmedian(spread[quiet]))
            return Outcome.unable(f"the cells differ by {wide:.0f} mV, and {unknown}.")
        return Outcome.clear(
            f"the cells differ by {1000 * float(np.median(spread[quiet])):.0f} mV without load; the balancer was on for "
            f"{on_s / 60:.0f} min and idle in its reach for {idle_s / 60:.0f} min.",
            evidence,
        )

    def _state(
        self, track: Track, rows: NDArray[np.int64], severity: Severity, message: str, **more: object
    ) -> Finding:
        details: dict[str, object] = {"event": False, "channels": ("cell_voltages", "balancing"), **more}
        return self.finding(track, int(rows[0]), int(rows[-1]), severity=severity, message=message, **details)

    def _of(self, track: Track, said: Remark) -> Finding:
        more: dict[str, object] = {"measurements": said.measurements, "channels": said.channels, "danger": said.danger}
        return self._state(track, said.rows, Severity.WARNING, said.message, **more)

    def _idle(
        self,
        track: Track,
        rows: CellRows,
        reach: NDArray[np.bool_],
        idle_s: float,
        widest: float,
        trigger: float,
        apart: bool,
    ) -> Finding:
        full = float(np.nanmax(rows.high[reach])) >= 4.15
        stopped = " It may have stopped because the board calls the pack full." if full else ""
        return self._state(
            track,
            rows.rows[np.flatnonzero(reach)],
            Severity.WARNING if apart else Severity.INFO,
            f"The cells differ by {1000 * widest:.0f} mV and the balancer did not start in {idle_s / 60:.0f} min in its "
            f"reach.{stopped}",
            measurements=(
                Measurement("difference of the cells", widest, "V", trigger, "CELL-01"),
                Measurement("time in reach", idle_s, "s", _IDLE_S, "engineering judgement"),
            ),
        )

    def _below_start(self, track: Track, rows: CellRows, start: float) -> Finding:
        highest = float(np.nanmax(rows.high))
        return self._state(
            track,
            rows.rows,
            Severity.INFO,
            f"No cell reached {start:.2f} V, from which this board balances (highest {highest:.2f} V): the difference of the "
            "cells cannot shrink.",
            measurements=(Measurement("highest cell", highest, "V", start, "CELL-07"),),
        )

    def _switched_off(self, track: Track, spread: NDArray[np.float64], findings: list[Finding]) -> None:
        if track.log.settings.get("balancer_enabled") is False:
            wide = float(np.median(spread))
            findings.append(
                self._state(
                    track,
                    np.array([0, track.log.rows - 1]),
                    Severity.INFO,
                    f"The balancer is switched off in the settings of the BMS; the cells differ by {1000 * wide:.0f} mV.",
                    measurements=(Measurement("difference of the cells", wide, "V", TRIGGER_V, "CELL-01"),),
                )
            )

    def _current(
        self, track: Track, rows: CellRows, family: str, working: NDArray[np.bool_], findings: list[Finding]
    ) -> None:
        flows = track.values("balance_current")[rows.rows][working]
        seen = float(np.nanmedian(flows)) if np.isfinite(flows).any() else 0.0
        if family == "jk" and seen > 1.5 * _JK_CAREFUL_A and float(np.median(rows.high[working])) > 0:
            findings.append(
                self._state(
                    track,
                    rows.rows[np.flatnonzero(working)],
                    Severity.INFO,
                    f"The balancer works with {seen:.1f} A; some hold JK boards to {_JK_CAREFUL_A:.1f} A so that they stay "
                    "cool.",
                    measurements=(Measurement("balance current", seen, "A", _JK_CAREFUL_A, "CELL-03"),),
                )
            )


def _steady(spread: NDArray[np.float64], quiet: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The difference without the noise of single rows: the median of the quiet rows around each, NaN in the others."""
    steady = np.full(len(spread), np.nan)
    values = np.pad(spread[quiet], _AROUND, mode="edge")
    steady[quiet] = np.median(np.lib.stride_tricks.sliding_window_view(values, 2 * _AROUND + 1), axis=1)
    return steady


def _idle_unknown(
    rows: CellRows, spread: NDArray[np.float64], at: NDArray[np.bool_], start: float | None, own: bool
) -> str:
    """Why cells that differ by more than some board balances do not tell whether this one idles, "" when they do."""
    if not at.any() or not float(np.nanmedian(spread[at])) > _LEAST_TRIGGER_V:
        return ""
    if start is not None and not (rows.high[at] >= start).any():
        return f"no cell reached {start:.2f} V, from which it is expected to balance"
    if not own and float(np.nanmedian(spread[at])) <= TRIGGER_V + ABOVE_V:
        return "the difference from which this board balances is not known"
    return ""


def _one_apart(case: Case, track: Track) -> bool:
    """A single group stands apart at rest, by what the detector of imbalance calls serious."""
    signs, estimate = cell_signs(case, track), case.pack.cells.get(track.index)
    return (
        signs is not None
        and estimate is not None
        and any(abs(float(estimate.rest_offset[cell])) >= OFFSET_HIGH_V for cell in signs.offset)
    )
