"""BD01: the pack drives through the body diodes of its charge FETs, by the voltage that two logs measure."""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector
from ridelog.finding import Evidence, Finding, Interval, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track

from .cell_reads import cell_reads
from .common_bins import bin_edges, bin_means, controller_current
from .spike_decay import Held, held_by_diodes
from .stuck_board import stuck_rows
from .voltage_step import FEWEST, Difference, Step, bounded, largest_step

#: Forward voltage of body diodes, V: 0.5 to 0.9 V hardly depending on the current (methods of BMS trips), and what
#: meters add to it.
_LOWEST_V, _HIGHEST_V = 0.42, 1.05
#: A diode conducts, and the difference is compared, above this current, A, and this share of the ride's high current.
_DRIVING_A, _DRIVING_SHARE = 1.0, 0.03
#: The step must stand so many standard errors out (engineering judgement).
_CLEAR: Final = 5.0
#: A voltage must explain the stretches so much better than a resistance, or the other way round, in nats; in between
#: nobody can tell (engineering judgement: 1 in 50, and neighbouring stretches share their error).
_BETTER: Final = 4.0
#: How surely a bus that stayed a diode below the pack shows one; engineering judgement: some rows, one log.
_HELD: Final = 0.8
#: The BMS sees the cells the controller runs on when their voltages are this close.
_SAME_PACK: Final = 0.05


class BodyDiode(Detector):
    """From some moment on the pack drives through the body diodes of its charge FETs.

    What it finds:
        A step of 0.5 to 0.9 V in the voltage of the cells less that of the controller, the same at low and at high
        current; and, in the log of a controller alone, a bus that came down after braking met no pack and stayed such a
        voltage below the pack while the motor was released.

    Why it matters:
        A common-port BMS whose charge FETs are off still drives: the current takes the body diodes, and nobody
        notices. The next braking has nowhere to go, and the bus voltage shoots up (TRIP-03, TRIP-04). Two logs show
        it also when the BMS log has no state of its FETs.

    Evidence:
        path.body-diode.

    Looks like it but is not:
        A connector or lead that resists more from some moment on (its step grows with the current), a meter that is
        off by the same all the time (no step), a cell that is read wrongly (a step of volts). A lead that parted in
        braking: behind it the bus falls on, and comes back to the pack itself.

    Needs:
        A controller log and a BMS log on one clock, both with voltage, the controller with current, and driving
        with changing load before and after the moment; or a controller log with the motor current and seven rows a second.

    Limits:
        Charge FETs that are off during the whole ride give no step; the state in the BMS log tells those. A flip of
        a few seconds is too short. Discharge FETs that are off while a charger or braking feeds the pack are not
        looked for.

    Example:
        From 412 s on the controller sees 0.66 V less than the cells give, 0.64 V at 9 A and 0.69 V at 38 A.
    """

    code: ClassVar[str] = "BD01"
    name: ClassVar[str] = "body-diode"
    rules: ClassVar[tuple[str, ...]] = ("TRIP-03", "TRIP-04")
    evidence: ClassVar[tuple[str, ...]] = ("path.body-diode",)

    def detect(self, case: Case) -> Outcome:
        """Look at how the bus comes down after braking; then compare the controllers with the first BMS on their clock."""
        ridden = case.ride.of_role(Role.CONTROLLER)
        for track in ridden:
            held = held_by_diodes(case, track) if track.has("pack_voltage", "battery_current") else []
            if held:
                return self._held(track, held)
        controllers = [
            track
            for track in ridden
            if track.clock.aligned and track.has("pack_voltage", "battery_current") and track.log.rows > 50
        ]
        boards = [track for track in case.ride.bms if track.clock.aligned and track.log.rows > 20]
        if not controllers or not boards:
            return Outcome.unable("a controller log and a BMS log with voltages on one clock are needed.")
        seen = _difference(case, controllers, boards[0])
        if isinstance(seen, str):
            return Outcome.unable(seen)
        step = largest_step(seen)
        if step is None:
            return Outcome.unable("the logs share too little driving for a step to show.")
        other = _no_diode(step)
        return other if other is not None else self._found(boards[0], seen, bounded(seen, step))

    def _held(self, track: Track, held: list[Held]) -> Outcome:
        first = held[0]
        at = track.onset(first.first)
        finding = self.finding(
            track,
            first.first,
            first.last,
            severity=Severity.CRITICAL,
            onset=at,
            message=(
                f"After braking met no pack the voltage came down to {first.volts:.2f} V below the pack and stayed there with "
                "the motor released: the pack fed the controller through the body diodes of charge FETs that were off."
            ),
            measurements=(
                Measurement("below the pack without load", first.volts, "V", _LOWEST_V, "TRIP-03"),
                Measurement("times", float(len(held)), ""),
            ),
            channels=("pack_voltage", "motor_current"),
            danger="Do not brake with regen before it is known why the charge path opens.",
        )
        note = f"After the spike the bus stayed {first.volts:.2f} V below the pack."
        return Outcome.found((finding,), {"path.body-diode": Evidence.observed(note, strength=_HELD, at=at)})

    def _found(self, board: Track, seen: Difference, step: Step) -> Outcome:
        begins = step.volts > 0
        last, first = float(seen.start[step.place]), float(seen.end[step.place - 1])
        moment = Interval(step.earliest_s, step.latest_s).widened(board.clock.uncertainty_s)
        rows = np.searchsorted(board.time, (last, float(seen.end[-1])) if begins else (float(seen.start[0]), first))
        row, end = int(min(rows[0], board.log.rows - 1)), int(min(max(rows[1] - 1, rows[0]), board.log.rows - 1))
        flag = board.values("charge_fet")[row : end + 1]
        flag = flag[np.isfinite(flag)]
        says, strength = "", 0.9
        if len(flag):
            off = float(np.mean(flag < 0.5))
            says = (
                " The BMS says the same of its charge FETs."
                if off > 0.5
                else " The BMS says that its charge FETs are on."
            )
            strength = 1.0 if off > 0.5 else 0.6
        finding = self._finding(board, row, end, moment, step, says)
        at = moment if begins else None
        note = f"{abs(step.volts):.2f} V."
        return Outcome.found((finding,), {"path.body-diode": Evidence.observed(note, strength=strength, at=at)})

    def _finding(self, board: Track, row: int, end: int, moment: Interval, step: Step, says: str) -> Finding:
        begins = step.volts > 0
        when = "From then on" if begins else "Up to then"
        return self.finding(
            board,
            row,
            end,
            severity=Severity.CRITICAL,
            onset=moment if begins else board.onset(row),
            message=(
                f"{when} the controller sees {abs(step.volts):.2f} V less than the cells give, at any current: the pack "
                f"drives through the body diodes of charge FETs that are off.{says}"
            ),
            measurements=(
                Measurement("step of cells less controller", abs(step.volts), "V", _LOWEST_V, "TRIP-03"),
                Measurement("at low current", abs(step.low_v), "V"),
                Measurement("at high current", abs(step.high_v), "V"),
                Measurement("low current", step.low_a, "A"),
                Measurement("high current", step.high_a, "A"),
                Measurement("resistance between them", step.per_amp, "ohm"),
            ),
            channels=("cell_voltages",) if board.has("cell_voltages") else ("pack_voltage",),
            danger="Do not brake with regen before the charge path is on.",
        )


def _no_diode(step: Step) -> Outcome | None:
    """Why the largest step is no diode, or may be none; None when it is one."""
    height = abs(step.volts)
    if _CLEAR * step.error > _HIGHEST_V:
        return Outcome.unable(f"cells and controller scatter by {step.error:.2f} V: a diode's voltage would not show.")
    if height < max(_LOWEST_V, _CLEAR * step.error):
        reason = "between cells and controller no voltage of a diode comes or goes."
        return Outcome.clear(reason, {"path.body-diode": Evidence.absent("It could have been there all the time.")})
    change = f"the voltage between cells and controller changed by {height:.2f} V"
    if height > _HIGHEST_V:
        return Outcome.clear(f"{change}: that is more than a diode.")
    if step.diode_nats < -_BETTER:
        return Outcome.clear(f"{change}, but in proportion to the current: that is a resistance and no diode.")
    if step.diode_nats < _BETTER:
        return Outcome.unable(f"{change}; the load varied too little to tell a diode from a resistance.")
    return None


def _difference(case: Case, controllers: list[Track], board: Track) -> Difference | str:
    """Cells less controller in stretches of driving, or why they cannot be compared."""
    reads = cell_reads(case, board)
    cells = reads.cells
    if reads.whole and cells.shape[1]:
        volts = reads.sums
    else:
        read = reads.ever
        volts = cells[:, read].sum(axis=1) if read.any() else board.values("pack_voltage")
    if not np.isfinite(volts).any():
        return "the BMS log has no voltages."
    # Old values of a board that froze are not the cells of that moment.
    volts = np.where(stuck_rows(case, board), np.nan, volts)
    edges = bin_edges([controllers[0], board])
    if len(edges) < 2 * FEWEST:
        return "the logs share too little time."
    whole = controller_current(controllers, edges)
    high = float(np.nanpercentile(whole, 95)) if np.isfinite(whole).any() else 0.0
    driven = controllers[0].values("battery_current") > max(_DRIVING_A, _DRIVING_SHARE * high) / len(controllers)
    # While braking or rolling an open path shows another voltage: only the rows that draw are compared.
    outside = bin_means(controllers[0], np.where(driven, controllers[0].values("pack_voltage"), np.nan), edges)
    amps = controller_current(controllers, edges, driven)
    inside = bin_means(board, volts, edges)
    if not np.isfinite(inside / outside).any():
        return "the logs share too little driving."
    if abs(float(np.nanmedian(inside / outside)) - 1) > _SAME_PACK:
        return "the cells of the BMS are not all that the controller runs on."
    residual = case.pack.residual.get(board.index)
    if board.has("battery_current") and residual is not None and np.isfinite(residual.ohm):
        # Both took their rows at other moments: bring the cells to the current of the controller's rows.
        own = bin_means(board, board.values("battery_current"), edges)
        inside = inside + residual.ohm * np.nan_to_num(own - amps)
    known = np.isfinite(inside) & np.isfinite(outside) & np.isfinite(amps)
    if known.sum() < 2 * FEWEST:
        return "the logs share too little driving."
    return Difference(edges[:-1][known], edges[1:][known], amps[known], (inside - outside)[known])
