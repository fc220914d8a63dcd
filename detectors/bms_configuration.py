"""BM01: the settings of the BMS against the chemistry and the board's rating."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from ridelog.detection import Case, Detector
from ridelog.diagnosis.ratings import balance_start, largest, named, ratings
from ridelog.finding import Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track
from ridelog.settings import number

from .cycle_ageing import CYCLES_TO, cycle_ageing
from .settings_place import Remark, place

#: Settings of a BMS; without any of them there is nothing to check.
_BMS: Final = (
    "cell_overvoltage_limit",
    "cell_undervoltage_limit",
    "charge_current_limit",
    "discharge_current_limit",
    "discharge_overcurrent_delay",
    "balance_trigger",
    "balance_current_max",
    "balance_start_voltage",
    "balancer_enabled",
    "charge_temperature_min",
    "charge_fet_enabled",
    "discharge_fet_enabled",
)
#: An over-current delay beyond this lets an overload heat cells, switches and leads, s. Delays of a few seconds pass
#: launches; JK boards are delivered with 300 s (TRIP-10; engineering judgement).
_LONG_DELAY_S: Final = 30.0
#: Triggers of active balancers in V: the field uses 0.010 to 0.025 (CELL-01, CELL-03); below the noise of the reading,
#: or wide of it, is named.
_TRIGGER_V: Final = (0.004, 0.030)
#: Balance current of a JK that part of the field holds to, A (CELL-03).
_JK_BALANCE_A: Final = 0.2
#: Voltages of a cell in V (cell data sheets): highest over-voltage limit, lowest and highest undervoltage limit.
_CELL_LIMITS_V: Final = {"nmc": (4.28, 2.5, 3.3), "lfp": (3.80, 2.0, 3.0)}
#: Charging below this plates lithium, degC (cell data sheets).
_COLD_DEGC: Final = 0.0
#: Switches of a board hotter than this wear out, degC; engineering judgement on 150 degC parts with a distant sensor.
_HOT_DEGC: Final = 100.0


class BmsConfiguration(Detector):
    """The settings of the BMS do not fit the cells or the board.

    What it finds:
        Delays that let an overload run on, limits that the chemistry does not allow, a balancer that is off, that
        begins late or works hard, more cells than the board takes, a current limit beyond what the board is rated for,
        and switches that are off in the settings. Beside them the charge cycles that the board counts, from 250 on.

    Why it matters:
        The board protects by these numbers. A wrong one shows only on the day it is needed (TRIP-10, CUR-04).

    Evidence:
        None: it explains and warns, it does not name a cause.

    Looks like it but is not:
        Delays of a few seconds for launches, charge limits set low on purpose for a longer life.

    Needs:
        A settings file of the board, or a log that carries its settings (JK, JBD, ANT, Daly).

    Limits:
        Which board it is shows only where its name says so (JK); else the largest board of the family is assumed.
        Ratings are those the field reports. What charge cycles did to the cells only their capacity tells.

    Example:
        Over-current limit 150 A with a delay of 300 s: an overload may run for five minutes.
    """

    code: ClassVar[str] = "BM01"
    name: ClassVar[str] = "bms-configuration"
    rules: ClassVar[tuple[str, ...]] = (
        "TRIP-05",
        "TRIP-10",
        "CELL-01",
        "CELL-03",
        "CELL-07",
        "CELL-14",
        "CUR-03",
        "CUR-04",
        "CUR-07",
        "THM-07",
        "CUT-05",
        "SOC-06",
    )

    def detect(self, case: Case) -> Outcome:
        """Compare the settings with the chemistry and the ratings."""
        counted = any("series_cells" in track.log.settings for track in case.ride.of_role(Role.BMS))
        aged = cycle_ageing(case)
        if not counted and aged is None and not any(name in case.settings for name in _BMS):
            return Outcome.unable("no setting of a BMS is known.")
        remarks = (
            *_current_remarks(case),
            *_cell_remarks(case),
            *_balance_remarks(case),
            *_series_remarks(case),
            *_other_remarks(case),
        )
        findings = [self._remark(case, remark) for remark in remarks]
        if aged is not None:
            findings.append(
                self.finding(
                    aged.track,
                    aged.row,
                    aged.row,
                    severity=Severity.INFO,
                    event=False,
                    message=aged.message,
                    measurements=(Measurement("charge cycles", aged.cycles, "", CYCLES_TO, "SOC-06"),),
                    channels=("cycle_count",),
                )
            )
        if not findings:
            return Outcome.clear("every setting of the BMS that is known fits.")
        return Outcome.found(findings, {})

    def _remark(self, case: Case, remark: Remark) -> Finding:
        track, row = place(case, remark.setting)
        words = remark.setting.replace("_", " ")
        return self.finding(
            track,
            row,
            row,
            severity=Severity.INFO,
            event=False,
            message=remark.message,
            measurements=(Measurement(words, remark.value, remark.unit, remark.limit, remark.source),),
        )


def _rated(case: Case, track: Track) -> tuple[float, str, str] | None:
    """Continuous current in A, which board it is for, and where it comes from."""
    identity = track.log.identity
    own = named(case.family, f"{identity.model} {identity.hardware} {identity.device}")
    if own is not None:
        return own.continuous_a, "the board by its name", "maker's model name"
    board = largest(case.family) if case.family else None
    if board is None or board.continuous_a is None:
        return None
    return board.continuous_a[1], f"the largest board of this family in the table ({board.board})", board.rules[0]


def _current_remarks(case: Case) -> Iterator[Remark]:
    limit, wait = (number(case.settings, f"discharge_{name}") for name in ("current_limit", "overcurrent_delay"))
    if wait is not None and wait > _LONG_DELAY_S:
        at = f" of {limit:.0f} A" if limit else ""
        text = f"The BMS lets a current above its limit{at} run for {wait:.0f} s before it opens."
        yield Remark("discharge_overcurrent_delay", text, wait, "s", _LONG_DELAY_S, "TRIP-10")
    for track in case.ride.of_role(Role.BMS)[:1]:
        rated = _rated(case, track)
        if limit and rated and limit > 1.05 * rated[0]:
            text = (
                f"The over-current limit of {limit:.0f} A is above the {rated[0]:.0f} A that {rated[1]} is rated for."
            )
            yield Remark("discharge_current_limit", text, limit, "A", rated[0], rated[2])


def _cell_remarks(case: Case) -> Iterator[Remark]:
    bounds = _CELL_LIMITS_V.get(case.pack.chemistry.name)
    if bounds is None:
        return
    high, low, early = bounds
    over, under = (number(case.settings, f"cell_{name}voltage_limit") for name in ("over", "under"))
    if over is not None and over > high:
        text = f"A cell may be charged to {over:.2f} V before the BMS stops: more than these cells stand."
        yield Remark("cell_overvoltage_limit", text, over, "V", high, "cell data sheets")
    if under is not None and 0.5 < under < low:
        text = f"A cell may fall to {under:.2f} V before the BMS stops: lower than these cells stand."
        yield Remark("cell_undervoltage_limit", text, under, "V", low, "CUT-05")
    if under is not None and under > early:
        text = f"The BMS stops at {under:.2f} V a cell: under load it will cut with charge left."
        yield Remark("cell_undervoltage_limit", text, under, "V", early, "CUT-01")


def _balance_remarks(case: Case) -> Iterator[Remark]:
    if case.settings.get("balancer_enabled") is False:
        yield Remark("balancer_enabled", "The balancer is switched off.", 0.0, "", None, "CELL-01")
        return
    trigger = number(case.settings, "balance_trigger")
    if trigger is not None and not _TRIGGER_V[0] <= trigger <= _TRIGGER_V[1]:
        late = trigger > _TRIGGER_V[1]
        text = f"Balancing begins at a difference of {1000 * trigger:.0f} mV; the field uses 10 to 25 mV. " + (
            "Cells may drift that far apart." if late else "That is within the noise of the readings."
        )
        yield Remark("balance_trigger", text, trigger, "V", _TRIGGER_V[1 if late else 0], "CELL-01")
    current = number(case.settings, "balance_current_max")
    if case.family == "jk" and current is not None and current > _JK_BALANCE_A:
        text = (
            f"The JK balances with up to {current:g} A. Part of the field holds it to 0.2 A after balance resistors "
            "burnt, others use its full current: watch its temperature."
        )
        yield Remark("balance_current_max", text, current, "A", _JK_BALANCE_A, "CELL-03")
    start, usual = number(case.settings, "balance_start_voltage"), balance_start(case.family)
    if start is not None and usual is not None and start >= usual[0]:
        text = f"Balancing begins at {start:.2f} V a cell only: it needs a long time at full charge."
        yield Remark("balance_start_voltage", text, start, "V", usual[0], "CELL-07")


def _series_remarks(case: Case) -> Iterator[Remark]:
    cells = number(case.settings, "series_cells")
    if cells is None or not case.family:
        return
    for track in case.ride.of_role(Role.BMS):
        own = named(case.family, f"{track.log.identity.model} {track.log.identity.hardware}")
        if own is not None and cells > own.series_max:
            text = f"The board is made for {own.series_max} cells by its name, and is set to {cells:.0f}."
            yield Remark("series_cells", text, cells, "", float(own.series_max), "maker's model name")
            return
    doubtful = [rating for rating in ratings(case.family) if rating.series_advertised and rating.series_max]
    for rating in doubtful:
        most = float(rating.series_max or 0)
        if cells > most:
            text = f"The board is set to {cells:.0f} cells; boards sold for that were found to take {most:.0f}."
            yield Remark("series_cells", text, cells, "", most, rating.rules[-1])


def _other_remarks(case: Case) -> Iterator[Remark]:
    cold = number(case.settings, "charge_temperature_min")
    if cold is not None and cold < _COLD_DEGC:
        text = f"The BMS allows charging down to {cold:.0f} degC. Lithium cells are damaged by charging below zero."
        yield Remark("charge_temperature_min", text, cold, "degC", _COLD_DEGC, "cell data sheets")
    hot = number(case.settings, "bms_fet_temperature_max")
    if hot is not None and hot > _HOT_DEGC:
        text = f"The switches of the BMS may reach {hot:.0f} degC before it stops."
        yield Remark("bms_fet_temperature_max", text, hot, "degC", _HOT_DEGC, "THM-07")
    for name in ("charge", "discharge"):
        if case.settings.get(f"{name}_fet_enabled") is False:
            text = f"The {name} switch is off in the settings of the BMS" + (
                ": regen has nowhere to go." if name == "charge" else "."
            )
            yield Remark(f"{name}_fet_enabled", text, 0.0, "", None, "TRIP-05")
