"""SM01: the state of charge that is shown against the voltage of the cells."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ridelog.battery.ocv import OpenCircuitTable, table_for_chemistry
from ridelog.detection import Case, Detector, Need
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track

from .cell_rows import REST_A, cell_rows

#: A difference that matters: this many points and this many standard errors (methods of sag against state of charge).
_POINTS, _SIGMAS = 0.15, 3.0
#: Moments of the ride, and their share, that must say so when the surest one does not; engineering judgement.
_FEWEST, _SHARE = 3, 0.25
#: Under load the slow part of the sag, which no fit over minutes sees, is unknown: this share of the ohmic sag of the
#: moment is its standard deviation; engineering judgement from cells that take an hour to settle.
_UNSETTLED_SHARE = 0.5
#: Open-circuit voltage of any cell that can be ridden with, V; beyond it the voltage is none of the cells.
_CELL_V = (1.5, 4.6)
#: A jump of the meter that no current explains: points within this time.
_JUMP, _JUMP_S = 0.04, 6.0
#: A log that is nothing but a rest of so long, s, and by what its beginning may not have settled, V.
_LONG_REST_S, _SETTLING_V = 10_800.0, 0.010
#: Polls in which not even the pack voltage changes before a jump: the log had frozen.
_STUCK_ROWS = 8


class SocMeter(Detector):
    """The state of charge that the BMS shows does not fit its cells.

    What it finds:
        The difference of the shown charge and that of the open-circuit voltage, and jumps that no current explains.

    Why it matters:
        A meter that shows too much strands the rider, or lets the BMS cut with charge on the display (SOC-02, SAG-01);
        one that shows too little hides usable range (SOC-01).

    Evidence:
        soc.differs, soc.jumped, soc.promises.

    Looks like it but is not:
        The meter of a VESC, which is the voltage itself and sags with the load (SOC-05: not looked at), the plateau
        between 85 and 95 % and the flat middle of LFP cells (no verdict there), high resistance (the open-circuit
        voltage is used, not the voltage under load), a meter that was right when a rest of days began (information).

    Needs:
        A BMS log with the state of charge, and with cells or a pack voltage and a known number of cells.

    Limits:
        Without a rest the open-circuit voltage is that of the running estimate; its error is part of the bound.

    Example:
        18 % shown at 4.07 V a cell, which is 85 %.
    """

    code: ClassVar[str] = "SM01"
    name: ClassVar[str] = "soc-meter"
    rules: ClassVar[tuple[str, ...]] = ("SOC-01", "SOC-02", "SOC-03", "SOC-04", "SOC-05", "SAG-01", "SAG-04", "CELL-07")
    needs: ClassVar[tuple[Need, ...]] = (Need((Role.BMS,), ("soc",), rows=5),)
    evidence: ClassVar[tuple[str, ...]] = ("soc.differs", "soc.jumped", "soc.promises")

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one BMS log."""
        findings: list[Finding] = []
        evidence: dict[str, Evidence] = {}
        jump = _jump(track)
        if jump is not None:
            findings.append(self._jumped(track, *jump))
            evidence["soc.jumped"] = Evidence.observed(f"{100 * jump[1]:+.0f} points.")
        told = _difference(case, track)
        if told is None:
            if not findings:
                return Outcome.unable("the open-circuit voltage of the cells is not known well enough for a charge.")
            return Outcome.found(findings, evidence)
        points, error, shown, true = told
        apart = abs(points) > max(_POINTS, _SIGMAS * error)
        if apart and _agreed_before_the_rest(case, track):
            findings.append(self._uncounted(track, points, shown, true))
            evidence["soc.differs"] = Evidence.absent("it was right when the rest began", strength=0.2)
        elif apart:
            findings.append(self._differs(track, points, shown, true))
            strength = min(0.7 + (abs(points) - _POINTS) * 2, 1.0)
            evidence["soc.differs"] = Evidence.observed(f"{100 * points:+.0f} points.", strength=strength)
            if points > 0:
                evidence["soc.promises"] = Evidence.observed(f"{100 * points:.0f} points.", strength=strength)
        else:
            evidence["soc.differs"] = Evidence.absent(strength=min(max(1 - abs(points) / _POINTS, 0.2), 1.0))
        if not findings:
            return Outcome.clear(f"{100 * shown:.0f} % shown, {100 * true:.0f} % by the cells.", evidence)
        evidence.setdefault("soc.jumped", Evidence.absent())
        return Outcome.found(findings, evidence)

    def _differs(self, track: Track, points: float, shown: float, true: float) -> Finding:
        return self.standing(
            track,
            severity=Severity.WARNING,
            message=(
                f"The BMS shows {100 * shown:.0f} % where the cells have {100 * true:.0f} %: "
                + ("it promises charge that is not there." if points > 0 else "there is more than it shows.")
            ),
            measurements=(
                Measurement("shown minus true state of charge", points, "", _POINTS, "methods of state of charge"),
            ),
            channels=("soc", "cell_voltages"),
        )

    def _uncounted(self, track: Track, points: float, shown: float, true: float) -> Finding:
        return self.standing(
            track,
            severity=Severity.INFO,
            message=(
                f"The BMS shows {100 * shown:.0f} % where the cells have {100 * true:.0f} % by now; it was right when the rest "
                f"began. A meter {'does not count' if points > 0 else 'counts too much of'} a standby draw that its shunt "
                "hardly resolves."
            ),
            measurements=(
                Measurement("shown minus true state of charge", points, "", _POINTS, "methods of state of charge"),
            ),
            channels=("soc", "cell_voltages"),
        )

    def _jumped(self, track: Track, row: int, points: float) -> Finding:
        return self.finding(
            track,
            row,
            row,
            severity=Severity.WARNING,
            event=False,
            message=f"The state of charge jumped by {100 * points:+.0f} points without a current that explains it.",
            measurements=(Measurement("jump", points, "", _JUMP, "SOC-04"),),
            channels=("soc",),
        )


def _difference(case: Case, track: Track) -> tuple[float, float, float, float] | None:
    """Shown minus true state of charge, its standard error, the shown and the true one, at the best moment of the log."""
    series = case.pack.series
    residual = case.pack.residual.get(track.index)
    shown = track.values("soc")
    known = np.flatnonzero(np.isfinite(shown))
    if not len(known):
        return None
    table = table_for_chemistry(case.pack.chemistry.name)
    if table is None or case.pack.chemistry.confidence < 0.6:
        return None
    count = series.best if series.best is not None and series.certain else None
    readings: list[tuple[float, float, float, float]] = []
    rests = [rest for rest in case.pack.rests if rest.track == track.index]
    anchors = [(rest.last, rest.open_circuit_v, rest.uncertainty_v) for rest in rests]
    if residual is not None and np.isfinite(residual.open_circuit).any():
        rows = known[:: max(len(known) // 12, 1)]
        sag = _UNSETTLED_SHARE * (residual.ohm if np.isfinite(residual.ohm) else 0.0)
        load = np.abs(np.nan_to_num(track.values("battery_current")))
        noise = max(3 * residual.noise, 0.004 * 60)
        if track.index not in case.pack.resistance:
            # With an assumed resistance the open-circuit voltage is only known where there is hardly any sag.
            rows = rows[sag * load[rows] <= _UNSETTLED_SHARE * noise]
        anchors += [
            (int(row), float(residual.open_circuit[row]), float(np.hypot(noise, sag * load[row]))) for row in rows
        ]
    elif not anchors and track.has("cell_voltages") and not track.has("battery_current"):
        cells = track.log.matrix("cell_voltages")
        anchors = [(int(known[0]), float(np.nanmedian(cells[known[0]])) * cells.shape[1], 0.02 * cells.shape[1])]
        count = cells.shape[1]
    for row, volts, sigma in anchors:
        if count is None or not np.isfinite(shown[row]) or not _CELL_V[0] < volts / count < _CELL_V[1]:
            continue
        told = _told(table, volts / count, sigma / count, float(shown[row]))
        if told is not None:
            readings.append(told)
    return _surest(readings)


def _agreed_before_the_rest(case: Case, track: Track) -> bool:
    """The log is one long rest, and at its beginning the meter showed the charge of the cells."""
    table, rows = table_for_chemistry(case.pack.chemistry.name), cell_rows(case, track)
    if table is None or rows is None or not rows.logged or track.log.duration_s < _LONG_REST_S:
        return False
    known = np.flatnonzero(rows.resting & np.isfinite(track.values("soc")[rows.rows]))
    if len(known) < 10 or np.nanmax(np.abs(rows.current)) > REST_A:
        return False
    first = known[: max(len(known) // 20, 3)]
    shown = float(np.median(track.values("soc")[rows.rows[first]]))
    told = _told(table, float(np.median(rows.middle[first])), _SETTLING_V, shown)
    return told is not None and abs(told[0]) <= max(_POINTS / 2, 2 * told[1])


def _surest(
    readings: list[tuple[float, float, float, float]],
) -> tuple[float, float, float, float] | None:
    """The reading with the least error, or the middle one of those that differ when several differ the same way.

    A meter that is off by the same points all along hides it while it stands at its end (100 %), and where the cells are
    on their plateau.
    """
    if not readings:
        return None
    best = min(readings, key=lambda item: item[1])
    apart = [item for item in readings if abs(item[0]) > max(_POINTS, _SIGMAS * item[1])]
    if best in apart or len(apart) < max(_FEWEST, _SHARE * len(readings)) or len({item[0] > 0 for item in apart}) > 1:
        return best
    return sorted(apart)[len(apart) // 2]


def _told(
    table: OpenCircuitTable, volts: float, sigma: float, shown: float
) -> tuple[float, float, float, float] | None:
    """Compare the shown charge with that of an open-circuit voltage; on a plateau only with the plateau's ends."""
    reading = table.soc(volts, sigma)
    true, error = float(reading.soc), float(np.hypot(reading.error, 0.02))
    if not bool(reading.usable):
        low, high = table.flat
        if not low <= true <= high:
            return None
        true = min(max(shown, low), high)
        error = 0.03
    return shown - true, error, shown, true


def _jump(track: Track) -> tuple[int, float] | None:
    """Largest step of the meter that the charge moved in that time does not explain; needs a current and two levels."""
    shown = track.values("soc")
    known = np.flatnonzero(np.isfinite(shown))
    if len(known) < 10 or not track.has("battery_current"):
        return None
    time = track.time[known]
    steps, lasts = np.diff(shown[known]), np.diff(time)
    size = np.abs(steps)
    row = int(np.argmax(np.where(lasts <= max(_JUMP_S, 3 * track.log.interval_s), size, 0.0)))
    if size[row] < _JUMP or lasts[row] > max(_JUMP_S, 3 * track.log.interval_s) or row < 3:
        return None
    # A meter of coarse steps moves by its step again and again; a jump stands out from the others.
    others = np.delete(size, row)
    if size[row] < 4 * float(np.max(others, initial=0.0)):
        return None
    before = known[max(row - _STUCK_ROWS, 0) : row + 1]
    volts = track.values("pack_voltage")[before]
    if len(before) > _STUCK_ROWS and np.isfinite(volts).all() and not np.ptp(volts) and not np.ptp(shown[before]):
        # The log stood still until here: the meter only catches up.
        return None
    return int(known[row + 1]), float(steps[row])
