"""BL01: whether the balancer of the BMS does its work."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.battery.ocv import table_for_chemistry
from ridelog.detection import Case, Detector, Need
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track
from ridelog.settings import number

from .balancer_work import balance_current, start_voltage, working_rows
from .cell_rows import REST_A, CellRows, cell_rows
from .parasitic_drain import pack_capacity

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Difference of the cells that starts an active balancer when nobody says, V (CELL-01: 0.015 to 0.025 V).
_TRIGGER_V: Final = 0.025
#: Noise of the cells' difference that is allowed above the trigger, V (engineering judgement: two cells of 5 mV).
_ABOVE_V: Final = 0.010
#: A difference that matters, V (CELL-06; a good balancer holds 3 to 7 mV, CELL-04).
_WIDE_V: Final = 0.060
#: Idle for so long in reach of the balancer, s; at work for so long, s; engineering judgement.
_IDLE_S, _WORK_S = 1_800.0, 14_400.0
#: Rows further apart than this miss a balancer that comes and goes, s.
_SEEN_S: Final = 300.0
#: The difference grew by this while balancing, V; it should have shrunk by twice that.
_GREW_V, _SHOULD_V = 0.010, 0.020
#: Share of the expected work below which the balancer is broken or far too weak.
_DONE_SHARE: Final = 0.2
#: A good active balancer holds the cells within this, V (CELL-04: 3 to 7 mV), give or take the noise of two cells; a current
#: that it logs itself, so many times what closes the difference, without a change of it, moves no charge (engineering
#: judgement).
_HELD_V, _STEP_V, _TIMES_NEEDED = 0.007, 0.003, 2.5
#: Share of the time in which a cell is balanced.
_TIME_SHARE: Final = 0.5
#: The JK is held to this by many, A (CELL-03).
_JK_CAREFUL_A: Final = 0.2
#: Heat of the balancer at rest: rise and level that are not ordinary, degC; engineering judgement after THM-01.
_RISE_K, _HOT_DEGC = 15.0, 60.0
_LONGEST_STEP_S: Final = 900.0


class Balancer(Detector):
    """The balancer is off, idle, too weak or hot.

    What it finds:
        Cells that differ in reach of the balancer while it never starts; a balancer that is on for hours and does not bring
        the cells together, or logs a current that moves no charge; one that is switched off in the settings or stopped at
        the full charge; heat while it balances at rest.

    Why it matters:
        Without balancing the pack loses range and drives its extreme groups to their limits; balance resistors of JK boards
        burnt within days, some at idle (THM-01).

    Evidence:
        balancer.idle, balancer.without-effect, balancer.hot.

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
    evidence: ClassVar[tuple[str, ...]] = ("balancer.idle", "balancer.without-effect", "balancer.hot")

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
        trigger = number(track.log.settings, "balance_trigger") or _TRIGGER_V
        family = track.log.identity.family or case.family
        start = start_voltage(case, track, family)
        reach = quiet & known & (spread > trigger + _ABOVE_V) & (rows.high >= start if start is not None else False)
        findings: list[Finding] = []
        evidence: dict[str, Evidence] = {}
        self._switched_off(track, spread[quiet], findings)
        self._current(track, rows, family, working, findings)
        idle_s, on_s = float(step[reach & ~working].sum()), float(step[known & working].sum())
        if idle_s >= _IDLE_S and rows.step_s <= _SEEN_S and not (known & working).any():
            widest = float(np.median(spread[reach]))
            finding = self._idle(track, rows, reach, idle_s, widest, trigger)
            findings.append(finding)
            if finding.severity is not Severity.INFO:
                evidence["balancer.idle"] = Evidence.observed(finding.message)
        elif start is not None and not reach.any() and float(np.median(spread[quiet])) > _WIDE_V and family == "daly":
            findings.append(self._below_start(track, rows, start))
        if on_s >= _WORK_S:
            weak = self._without_effect(case, track, rows, working & known, on_s, family)
            if weak is not None:
                findings.append(weak)
                evidence["balancer.without-effect"] = Evidence.observed(weak.message)
        hot = self._hot(track, rows, working & known)
        if hot is not None:
            findings.append(hot)
            evidence["balancer.hot"] = Evidence.observed(hot.message, at=hot.onset)
        for name in self.evidence:
            evidence.setdefault(name, Evidence.absent())
        if findings:
            return Outcome.found(findings, evidence)
        if not known.any():
            return Outcome.unable("the log does not say whether the balancer works.")
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

    def _idle(
        self, track: Track, rows: CellRows, reach: NDArray[np.bool_], idle_s: float, widest: float, trigger: float
    ) -> Finding:
        full = float(np.nanmax(rows.high[reach])) >= 4.15
        stopped = " It may have stopped because the board calls the pack full." if full else ""
        return self._state(
            track,
            rows.rows[np.flatnonzero(reach)],
            Severity.WARNING if widest >= _WIDE_V else Severity.INFO,
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
                    measurements=(Measurement("difference of the cells", wide, "V", _TRIGGER_V, "CELL-01"),),
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

    def _without_effect(
        self, case: Case, track: Track, rows: CellRows, working: NDArray[np.bool_], on_s: float, family: str
    ) -> Finding | None:
        """Hours of balancing after which the cells are as far apart as before, compared at one charge of the pack."""
        at = np.flatnonzero(working & (np.abs(rows.current) < REST_A if rows.logged else True))
        if len(at) < 20:
            return None
        fifth = len(at) // 5
        spread = rows.high - rows.low
        before, after = float(np.nanmedian(spread[at[:fifth]])), float(np.nanmedian(spread[at[-fifth:]]))
        moved = abs(float(np.nanmedian(rows.middle[at[:fifth]]) - np.nanmedian(rows.middle[at[-fifth:]])))
        table = table_for_chemistry(case.pack.chemistry.name)
        capacity = pack_capacity(case, track)
        # At another charge the same imbalance is another voltage.
        if table is None or capacity is None or moved > _WIDE_V:
            return None
        ampere = balance_current(track, rows, working, family)
        soc = table.soc(np.array([float(np.nanmedian(rows.middle[at]))])).soc
        slope = float(table.slope(soc)[0])
        needed = before / slope * capacity
        if before < _TRIGGER_V + _ABOVE_V:
            unmoved = before > _HELD_V + _STEP_V and abs(before - after) < max(_DONE_SHARE * before, _STEP_V)
            times = ampere * on_s / 3600 / needed if needed > 0 else 0.0
            if track.has("balance_current") and unmoved and times > _TIMES_NEEDED:
                return self._nothing_moved(track, rows, at, on_s, ampere, needed, after)
            return None
        expected = ampere * _TIME_SHARE * on_s / 3600 / capacity * slope
        expected = min(expected, before - _TRIGGER_V)
        done = before - after
        grew = done < -_GREW_V and expected >= _SHOULD_V / 2
        if not grew and (expected < _SHOULD_V or done > _DONE_SHARE * expected):
            return None
        return self._state(
            track,
            rows.rows[at],
            Severity.WARNING,
            f"The balancer was on for {on_s / 3600:.1f} h with about {ampere:.2f} A and the cells differ by "
            f"{1000 * after:.0f} mV, {1000 * before:.0f} mV before: it does not work, or something works against it.",
            measurements=(
                Measurement("difference before", before, "V"),
                Measurement("difference after", after, "V", before - expected, "charge the balancer should have moved"),
                Measurement("time on", on_s, "s", _WORK_S, "engineering judgement"),
            ),
        )

    def _nothing_moved(
        self,
        track: Track,
        rows: CellRows,
        at: NDArray[np.intp],
        on_s: float,
        ampere: float,
        needed: float,
        after: float,
    ) -> Finding:
        return self._state(
            track,
            rows.rows[at],
            Severity.WARNING,
            f"The balancer says that it worked for {on_s / 3600:.1f} h with {ampere:.2f} A, many times what the cells need, "
            f"and they still differ by {1000 * after:.0f} mV: no charge moves. The balancer or a wire to it is dead.",
            measurements=(
                Measurement("difference after", after, "V", _HELD_V, "CELL-04"),
                Measurement("charge that it says it moved", ampere * on_s / 3600, "Ah", needed, "CELL-09"),
            ),
        )

    def _hot(self, track: Track, rows: CellRows, working: NDArray[np.bool_]) -> Finding | None:
        """The board heats up while it balances and no current flows."""
        if not rows.logged:
            return None
        rest = np.abs(rows.current) < REST_A
        for channel in ("balancer_temperature", "bms_fet_temperature", "bms_temperature"):
            heat = track.values(channel)[rows.rows]
            at = np.flatnonzero(rest & working & np.isfinite(heat))
            if len(at) < 10 or rows.time[at[-1]] - rows.time[at[0]] < 600.0:
                continue
            part = max(len(at) // 10, 3)
            first, last = float(np.median(heat[at[:part]])), float(np.median(heat[at[-part:]]))
            if last >= _HOT_DEGC and last - first >= _RISE_K:
                return self._state(
                    track,
                    rows.rows[at],
                    Severity.WARNING,
                    f"While balancing at rest the board warmed from {first:.0f} to {last:.0f} degC.",
                    measurements=(
                        Measurement("temperature while balancing", last, "degC", _HOT_DEGC, "THM-01"),
                        Measurement("rise at rest", last - first, "K", _RISE_K, "THM-01"),
                    ),
                    channels=(channel, "balancing"),
                    danger="Balancers burnt out and took the board with them. Do not leave this pack unattended.",
                )
        return None
