"""CC01: the settings of the controller against the pack, the BMS and what happened."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector
from ridelog.episodes import episodes
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import RIDING_ROLES
from ridelog.settings import number

from .controller_remarks import (
    CLOSE,
    CUT_HIGH_V,
    FULL_V,
    ION_CUT_HIGH_V,
    ION_FULL_V,
    TOO_CLOSE,
    absolute_ratio,
    by_chemistry,
    controller_remarks,
)
from .settings_place import Remark, place, series_probabilities

if TYPE_CHECKING:
    from ridelog.ride import Track

#: Settings of a controller; without any of them there is nothing to check.
_CONTROLLER: Final = (
    "controller_voltage_max",
    "battery_cut_start",
    "battery_cut_end",
    "battery_current_max",
    "battery_regen_current_max",
    "motor_current_max",
    "motor_current_absolute_max",
)
_DRIVE_A, _JOIN_S, _SHORTEST_S = 3.0, 2.0, 1.5
_OVER_VOLTAGE, _ABSOLUTE = 1, 4
#: Evidence weaker than this, over the numbers of cells the pack may have, is not given.
_LEAST_STRENGTH: Final = 0.5
#: Braking lifts the voltage of a pack by less than this share: from further below a limit that is too low was not reached
#: by a pack that was there. Engineering judgement: 100 A at 1.5 mOhm a cell are 4 %.
_BRAKING_SHARE, _BEFORE_S = 0.12, 60.0
#: A cutoff that is set too high less probably than this is taken for one that fits.
_WORTH_SAYING: Final = 0.05
#: A setting that is wrong at least this probably is wrong.
_NO_DOUBT: Final = 0.998
#: A setting that is wrong at least this probably is told without reserve.
_PLAIN: Final = 0.8


class ControllerConfigurationCheck(Detector):
    """The settings of the controller do not fit the pack, the BMS, or what they are meant to protect.

    What it finds:
        An over-voltage limit below the full pack or far above it, a battery cutoff that begins with much charge left
        or ends below what cells stand, currents above the limits of the BMS, regen without a limit near the full pack,
        an absolute current limit too near the motor current, a number of cells that is not that of the pack.

    Why it matters:
        Such a setting makes faults at ordinary riding, which look like broken hardware, or lets the BMS cut at once
        where the controller should fade the power (REG-03, CUT-02, TRIP-10).

    Evidence:
        config.voltage-limit-below-full, config.cutoff-too-high, config.absolute-limit-close: only where the setting
        acted in this ride.

    Looks like it but is not:
        An over-voltage fault far above the full pack (the charge path was open), a fold-back of an empty pack at a
        cutoff that fits, an over-current far beyond a limit that leaves room.

    Needs:
        The motor configuration of the controller (XML), or a log that carries its settings, and the number of cells.

    Limits:
        Currents are those of one controller; two draw the sum. What the parts of the controller stand is not known.
        Settings saved after the ride may not be those of the ride.

    Example:
        Over-voltage limit 80.0 V on a 20-cell pack that has 84.0 V when full: every firm braking faults.
    """

    code: ClassVar[str] = "CC01"
    name: ClassVar[str] = "controller-configuration-check"
    rules: ClassVar[tuple[str, ...]] = ("REG-03", "REG-01", "TRIP-10", "CUT-01", "CUT-02", "CUR-07")
    evidence: ClassVar[tuple[str, ...]] = (
        "config.voltage-limit-below-full",
        "config.cutoff-too-high",
        "config.absolute-limit-close",
    )

    def detect(self, case: Case) -> Outcome:
        """Compare the settings with the pack, with the BMS, and with what the ride shows."""
        if all(number(case.settings, name) is None for name in _CONTROLLER):
            return Outcome.unable("no setting of the controller is known; its motor configuration (XML) holds them.")
        findings: list[Finding] = []
        lacks = _lacks(case)
        evidence = {
            name: Evidence.not_observable(lack)
            if lack
            else Evidence.absent("the setting fits, or did not act in this ride")
            for name, lack in zip(self.evidence, lacks, strict=True)
        }
        for name, acted in (
            ("config.voltage-limit-below-full", self._voltage_limit(case)),
            ("config.cutoff-too-high", self._cutoff(case)),
            ("config.absolute-limit-close", self._absolute(case)),
        ):
            if acted is not None:
                finding, evidence[name] = acted
                if finding is not None:
                    findings.append(finding)
        findings.extend(self._remark(case, remark) for remark in controller_remarks(case))
        if findings:
            return Outcome.found(findings, evidence)
        missing = "; ".join(dict.fromkeys(lack for lack in lacks if lack))
        if all(lacks):
            return Outcome.unable(f"{missing}.")
        return Outcome.clear(f"the settings that could be compared fit{f' ({missing})' if missing else ''}.", evidence)

    def _remark(self, case: Case, remark: Remark) -> Finding:
        track, row = place(case, remark.setting)
        return self.finding(
            track,
            row,
            row,
            severity=Severity.INFO,
            message=remark.message,
            measurements=(
                Measurement(remark.setting.replace("_", " "), remark.value, remark.unit, remark.limit, remark.source),
            ),
            event=False,
        )

    def _acted(
        self,
        track: Track,
        rows: tuple[int, int],
        severity: Severity,
        message: str,
        measurement: Measurement,
        strength: float,
    ) -> tuple[Finding, Evidence]:
        aligned = track.timed
        finding = self.finding(
            track, *rows, severity=severity, message=message, measurements=(measurement,), timed=aligned
        )
        at = track.onset(rows[0]) if aligned else None
        return finding, Evidence.observed(message, strength=strength, at=at)

    def _voltage_limit(self, case: Case) -> tuple[Finding, Evidence] | None:
        """An over-voltage fault at a voltage that a full pack has by itself."""
        limit, cell = number(case.settings, "controller_voltage_max"), by_chemistry(case, FULL_V, ION_FULL_V)
        if limit is None:
            return None
        # A hundredth below the full pack leaves no doubt.
        full, strength = _weighed(case, lambda count: 0.6 + 40 * (1 - limit / (count * cell)), cell)
        if strength < _LEAST_STRENGTH:
            return None
        for track, row in _faults(case, _OVER_VOLTAGE):
            around = 0 if track.log.role is Role.EVENTS else 1
            near = track.values("pack_voltage")[max(row - around, 0) : row + around + 1]
            highest = float(np.nanmax(near)) if np.isfinite(near).any() else float("nan")
            if np.isfinite(highest) and highest > full * 1.03:
                continue
            if _before(track, row) < limit * (1 - _BRAKING_SHARE):
                continue
            message = (
                f"The over-voltage limit is set to {limit:.1f} V, and the full pack has {full:.1f} V: "
                "ordinary braking faults."
            )
            measured = Measurement("over-voltage limit", limit, "V", full, "REG-03")
            return self._acted(track, (row, row), Severity.CRITICAL, message, measured, strength)
        return None

    def _cutoff(self, case: Case) -> tuple[Finding | None, Evidence] | None:
        """A fold-back at a cutoff that begins with much charge left, as probable as the number of cells and the chemistry."""
        start = number(case.settings, "battery_cut_start")
        if start is None:
            return None
        told = [
            (share, bound, *_weighed(case, _above(start, bound), bound))
            for bound, share in _cutoff_bounds(case).items()
        ]
        probability = sum(share * strength for share, _, _, strength in told)
        if probability < _WORTH_SAYING:
            return None
        _, bound, usual, _ = max(told, key=lambda item: item[0] * item[3])
        cell = bound * start / usual
        for track in case.ride.of_role(*RIDING_ROLES):
            if not track.has("pack_voltage", "battery_current"):
                continue
            low = (track.values("pack_voltage") <= start) & (track.values("battery_current") > _DRIVE_A)
            long = [
                item
                for item in episodes(low, track.time, _JOIN_S)
                if track.time[item[1]] - track.time[item[0]] >= _SHORTEST_S
            ]
            if long and probability < _LEAST_STRENGTH:
                note = (
                    f"With the cells this pack has in all likelihood {start:.1f} V is a usual cutoff; whether it is set too high "
                    f"hangs on their number and kind ({100 * probability:.0f} %)."
                )
                # It has no moment of its own: it weighs on whatever the cutoff did in this ride.
                return None, Evidence.observed(note, strength=_as_strength(probability))
            if long:
                sure = (
                    ""
                    if probability >= _PLAIN
                    else ", if the number and the kind of its cells are what they seem to be"
                )
                message = (
                    f"The power fades from {start:.1f} V on, {cell:.2f} V a cell: the cutoff is set too high for this "
                    f"pack{sure}; much of its charge is left there."
                )
                measured = Measurement("cutoff start of a cell", cell, "V", bound, "CUT-02")
                return self._acted(track, long[0], Severity.WARNING, message, measured, _as_strength(probability))
        return None

    def _absolute(self, case: Case) -> tuple[Finding, Evidence] | None:
        """An over-current fault with an absolute limit that leaves no room above the motor current."""
        ratio = absolute_ratio(case)
        if ratio is None or ratio >= CLOSE:
            return None
        for track, row in _faults(case, _ABSOLUTE):
            message = (
                f"The absolute current limit is only {ratio:.2f} times the motor current: ripple at full throttle "
                "reaches it."
            )
            strength = float(np.clip((CLOSE - ratio) / (CLOSE - TOO_CLOSE), 0.4, 1.0))
            measured = Measurement("absolute limit over motor current", ratio, "", CLOSE, "engineering judgement")
            return self._acted(track, (row, row), Severity.CRITICAL, message, measured, strength)
        return None


def _lacks(case: Case) -> tuple[str, str, str]:
    """What is missing to look at the over-voltage limit, the cutoff and the absolute limit; "" for nothing."""
    counts = "" if series_probabilities(case) else "the number of cells in series is not known"
    volts, cut = (number(case.settings, name) for name in ("controller_voltage_max", "battery_cut_start"))
    return (
        counts if volts is not None else "the over-voltage limit is not known",
        counts if cut is not None else "the battery cutoff is not known",
        "the absolute current limit or the motor current is not known" if absolute_ratio(case) is None else "",
    )


def _weighed(case: Case, strength: Callable[[int], float], cell: float) -> tuple[float, float]:
    """Over the numbers of cells the pack may have: the pack voltage of the most probable, and the mean strength.

    `strength` gives 0.6 and more for a setting that is wrong with so many cells, less for one that is not.
    """
    probabilities = series_probabilities(case)
    if not probabilities:
        return float("nan"), 0.0
    best = max(probabilities, key=lambda count: probabilities[count])
    mean = sum(p * (min(s, 1.0) if (s := strength(n)) > 0.6 else 0.0) for n, p in probabilities.items())
    return best * cell, float(mean)


def _cutoff_bounds(case: Case) -> Mapping[float, float]:
    """Cell voltages above which a cutoff is set too high, V, with how probable it is that they hold: by the chemistry."""
    if case.pack.chemistry.name:
        return {by_chemistry(case, CUT_HIGH_V, ION_CUT_HIGH_V): 1.0}
    return {CUT_HIGH_V["lfp"]: 0.5, ION_CUT_HIGH_V: 0.5}


def _above(start: float, bound: float) -> Callable[[int], float]:
    """How surely a cutoff that begins at `start` V is above a bound of one cell, by the number of cells.

    A tenth of a volt above the bound leaves no doubt.
    """
    return lambda count: 0.6 + 4 * (start / count - bound)


def _before(track: Track, row: int) -> float:
    """Voltage of the pack in the minute before a row, V; infinite where no log has it."""
    start = int(np.searchsorted(track.time, track.time[row] - _BEFORE_S))
    volts = track.values("pack_voltage")[start : max(row - 1, start)]
    timed = track.log.role is not Role.EVENTS and np.isfinite(volts).any()
    return float(np.nanmedian(volts)) if timed else float("inf")


def _as_strength(probability: float) -> float:
    """Strength of the evidence of a setting that is too high with this probability.

    The sign moves the odds of the setting against an ordinary cutoff by some fifteen nats, the temperature counted in, from
    strength 0 to strength 1, and is even near the middle: the strength is that at which the odds are those of the probability.
    """
    if probability >= _NO_DOUBT:
        return 1.0
    return 0.575 + 0.068 * math.log(probability / (1 - probability))


def _faults(case: Case, code: int) -> Iterator[tuple[Track, int]]:
    """Where a fault code began: in logs first, then in listings."""
    for track in (*case.ride.of_role(*RIDING_ROLES), *case.ride.of_role(Role.EVENTS)):
        if track.has("fault_code"):
            codes = np.nan_to_num(track.values("fault_code"))
            for row in np.flatnonzero(codes == code):
                if row == 0 or codes[row - 1] != code or track.log.role is Role.EVENTS:
                    yield track, int(row)
