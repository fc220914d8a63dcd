"""SU01: the state the pack and the controller start in."""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector
from ridelog.durations import lasting
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.ride import RIDING_ROLES, Track

from .controller_restart import in_motion, restarts
from .fet_edges import lowest_cell

#: Power-up is over after this, s (TRIP-17: under-voltage within two seconds of power-up).
_POWER_UP_S: Final = 2.0
#: The voltage it is compared with is that of the time until this after power-up, s.
_LATER_S: Final = 60.0
#: The log begins with the controller when it has been up for less than this at its first row, s.
_JUST_ON_S: Final = 3.0
#: The bus is below the pack by this share while the capacitors are charged; engineering judgement.
_LOW_SHARE: Final = 0.85
#: It falls back by this share of it while a pre-charge only rises; engineering judgement.
_FALL_SHARE: Final = 0.15
#: Only this is left at the output of a board whose input stage has burnt, V (CELL-16: about 7 V), with cells that are
#: not empty, V.
_DEAD_OUTPUT_V, _HEALTHY_CELL_V = 12.0, 2.8
#: Share of the controller's rows that show it, and the fewest rows.
_DEAD_SHARE, _FEWEST = 0.8, 5
_UNDER_VOLTAGE_FAULTS: Final = (2, 9)


class StartupState(Detector):
    """What was off, asleep or not charged when the logs begin.

    What it finds:
        Discharge FETs that are off in the first rows of a BMS log and on later; a bus voltage that stalls or falls within
        two seconds of the controller's power-up; a controller that sees a few volts while the cells are healthy and the
        discharge FETs are on.

    Why it matters:
        A board that is asleep or locked, or a pre-charge that is too weak, browns the controller out at the first throttle
        (TRIP-17, TRIP-18, COM-01). A few volts at the output of a healthy pack mean a burnt board (CELL-16).

    Evidence:
        startup.precharge-stall, startup.output-dead.

    Looks like it but is not:
        A log that begins in the middle of a ride, the ordinary ramp of a pre-charge, a vehicle that is switched off.

    Needs:
        A BMS log with the state of the discharge FETs, or a controller log that begins at its power-up or holds one (its
        counters begin anew at standstill), or both logs for the output of the board.

    Limits:
        Most logs begin long after power-up. Why the FETs were off the log does not say.

    Example:
        Controller log at 7.1 V throughout, 20 cells at 3.9 V, discharge FETs on.
    """

    code: ClassVar[str] = "SU01"
    name: ClassVar[str] = "startup-state"
    rules: ClassVar[tuple[str, ...]] = ("COM-01", "TRIP-17", "TRIP-18", "CELL-16", "COM-03")
    evidence: ClassVar[tuple[str, ...]] = ("startup.precharge-stall", "startup.output-dead")

    def detect(self, case: Case) -> Outcome:
        """Look at all logs."""
        findings: list[Finding] = []
        evidence: dict[str, Evidence] = {}
        said: list[str] = []
        for track in case.ride.bms:
            if track.has("discharge_fet") and track.log.rows >= 2:
                said.append("the discharge FETs were as they should be at the start")
                late = self._off_at_first(track)
                findings += [late] if late is not None else []
        for track in case.ride.riding:
            for row in _power_ups(track):
                said.append("the bus voltage rose as it should at power-up")
                evidence.setdefault("startup.precharge-stall", Evidence.absent())
                stall = self._stall(track, row)
                if stall is not None:
                    findings.append(stall)
                    if stall.severity is not Severity.INFO:
                        evidence["startup.precharge-stall"] = Evidence.observed(stall.message, at=stall.onset)
            for board in case.ride.bms:
                dead = self._dead_output(case, track, board)
                if dead is not None:
                    findings.append(dead)
                    evidence["startup.output-dead"] = Evidence.observed(dead.message, at=dead.onset)
                elif track.has("pack_voltage"):
                    said.append("the voltage of the pack reaches the controller")
                    evidence.setdefault("startup.output-dead", Evidence.absent())
        for name, lack in (
            ("startup.precharge-stall", "no log holds the controller's power-up"),
            ("startup.output-dead", "a controller log and a BMS log are needed"),
        ):
            evidence.setdefault(name, Evidence.not_observable(lack))
        if findings:
            return Outcome.found(findings, evidence)
        if said:
            return Outcome.clear("; ".join(dict.fromkeys(said)) + ".", evidence)
        return Outcome.unable(
            "no BMS log with the state of the discharge FETs and no controller log that holds its power-up was given."
        )

    def _off_at_first(self, track: Track) -> Finding | None:
        flag = track.values("discharge_fet")
        known = np.flatnonzero(np.isfinite(flag))
        if not len(known) or flag[known[0]] > 0.5:
            return None
        on = known[flag[known] > 0.5]
        first = int(known[0])
        if len(on):
            last = int(on[0])
            after = float(track.time[last] - track.time[first])
            message = (
                f"The discharge FETs were off when the log began and came on after {lasting(after)}: the board was asleep, "
                "locked or switched off. See that it is armed before riding."
            )
        else:
            last = int(known[-1])
            message = "The discharge FETs are off in every row: the board is asleep, locked or switched off."
        return self.finding(
            track,
            first,
            last,
            severity=Severity.INFO,
            event=False,
            message=message,
            channels=("discharge_fet",),
        )

    def _stall(self, track: Track, row: int) -> Finding | None:
        """The bus voltage stays low, or falls again, within two seconds of the power-up at a row."""
        volts = track.values("pack_voltage")
        start_s = float(track.time[row])
        since = (track.time >= start_s) & np.isfinite(volts)
        early = np.flatnonzero(since & (track.time <= start_s + _POWER_UP_S))
        later = volts[since & (track.time > start_s + _POWER_UP_S) & (track.time <= start_s + _LATER_S)]
        later = later[np.isfinite(later)]
        if len(early) < 3 or len(later) < 5:
            return None
        level = float(np.median(later))
        low = early[volts[early] < _LOW_SHARE * level]
        if not len(low) or level < 15.0:
            return None
        fallen = np.maximum.accumulate(volts[early]) - volts[early]
        falls = float(fallen.max()) > _FALL_SHARE * level
        faults = np.isin(track.values("fault_code")[row : int(early[-1]) + 1], _UNDER_VOLTAGE_FAULTS).any()
        if not falls and not faults:
            return None
        lowest = float(volts[low].min())
        return self.finding(
            track,
            int(low[0]),
            int(low[-1]),
            severity=Severity.WARNING if falls and faults else Severity.INFO,
            message=(
                f"At power-up the bus voltage {'fell back' if falls else 'stayed low'}, {lowest:.1f} V against "
                f"{level:.1f} V later: the pre-charge is too weak for the capacitors or the load."
            ),
            measurements=(Measurement("lowest voltage at power-up", lowest, "V", _LOW_SHARE * level, "TRIP-17"),),
            channels=("pack_voltage", "fault_code"),
        )

    def _dead_output(self, case: Case, track: Track, board: Track) -> Finding | None:
        """Healthy cells, closed FETs and next to nothing at the controller."""
        volts = track.values("pack_voltage")
        known = np.flatnonzero(np.isfinite(volts))
        dead = known[(volts[known] > 0.5) & (volts[known] < _DEAD_OUTPUT_V)]
        if len(dead) < max(_FEWEST, _DEAD_SHARE * len(known)):
            return None
        flag = board.values("discharge_fet")
        if not np.isfinite(flag).any() or np.nanmedian(flag) < 0.5:
            return None
        cell, _ = lowest_cell(board, 0, board.log.rows - 1)
        pack = board.values("pack_voltage")
        level = float(np.nanmedian(pack)) if np.isfinite(pack).any() else float("nan")
        if not cell > _HEALTHY_CELL_V or not level > 2 * _DEAD_OUTPUT_V:
            return None
        left = float(np.median(volts[dead]))
        return self.finding(
            track,
            int(dead[0]),
            int(dead[-1]),
            severity=Severity.CRITICAL,
            message=(
                f"Only {left:.1f} V reach the controller while the cells give {level:.1f} V and the BMS says its discharge "
                "FETs are on: the board or its input stage is burnt, or the path behind it is open."
            ),
            measurements=(
                Measurement("voltage at the controller", left, "V", _DEAD_OUTPUT_V, "CELL-16"),
                Measurement("voltage of the cells", level, "V"),
            ),
            channels=("pack_voltage", "discharge_fet"),
            danger="Never bridge a fuse or the board to get going. A burnt board can short.",
        )


def _power_ups(track: Track) -> list[int]:
    """Rows in which the controller is switched on: the first one of a log that begins so, and every restart at standstill."""
    if track.log.role not in RIDING_ROLES or not track.has("pack_voltage"):
        return []
    again = [row for row in restarts(track) if not in_motion(track, row)]
    return ([0] if _just_on(track) else []) + again


def _just_on(track: Track) -> bool:
    """Tell whether the log begins with the controller's power-up."""
    if track.log.role not in RIDING_ROLES or track.log.rows < 10 or not track.has("pack_voltage"):
        return False
    uptime = track.values("uptime")
    return bool(np.isfinite(uptime[0]) and 0.0 <= uptime[0] <= _JUST_ON_S)
