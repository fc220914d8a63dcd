"""Currents and powers of an unknown table in canonical signs, with the witnesses named or the question asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.channels import CHANNELS
from ridelog.damage import Damage, DamageKind, Effect

from .current_sign import sign_like
from .table_columns import Planned
from .table_dead_current import drop_dead_currents
from .table_numbers import read_flags
from .table_ride import NO_CURRENT, Ride
from .table_signs import find_sign
from .table_source import Grid
from .table_words import concepts_of, words_of

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_DISCHARGING: Final = re.compile(r"discharg|entlad|decharg|décharg|descarg|scaric|разря|放电", re.IGNORECASE)
_CHARGING: Final = re.compile(r"charg|lade|carg|caric|заря|充电", re.IGNORECASE)
#: A column is the product of two others when nearly all rows agree within this part (engineering judgement: rounding).
_SAME: Final = 0.01
_NEARLY_ALL: Final = 0.9
#: A column that two others tell the parts of agrees with them within this part (engineering judgement: told one after
#: the other).
_PART: Final = 0.05
_FEWEST_COMPARED: Final = 10
#: What a positive current is where the caption names one direction only.
_NAMED: Final = {"discharge": 1.0, "charge": -1.0}
#: Where one of these is in a table, its voltage is that of the battery, not of a bus behind its switch.
_OF_BATTERY: Final = frozenset({"cell_voltages", "cell_voltage_min", "discharge_fet", "charge_fet"})
_OF_BUS: Final = frozenset({"duty", "erpm", "motor_current"})
#: A column that never exceeds this is that of a vehicle that was pushed or stood: nothing that ridelog looks for rests on
#: so little (engineering judgement: an electronics of some ten watts takes as much).
_SLIGHT: Final = {"battery_current": 1.0, "power": 50.0}
#: Rows with a current while another column says charging, at least.
_FEWEST_TOLD: Final = 3
#: No value below this is called impossible, however small the others are.
_ALWAYS_POSSIBLE: Final = {"battery_current": 200.0, "power": 10_000.0}


def settle_currents(plans: Sequence[Planned], grid: Grid, seconds: NDArray[np.float64]) -> tuple[Damage, ...]:
    """Turn battery currents and powers so that discharging is positive.

    Args:
        plans: The columns in their units; those of currents and powers are changed, questions filled in.
        grid: The table, for columns that tell charging from discharging in words.
        seconds: Stamps in s, shape (rows,).

    Returns:
        Notes that name what each sign rests on.
    """
    _join_directions(plans)
    damage: list[Damage] = [*drop_dead_currents(plans)]
    charging = _charging(plans, grid)
    if charging is not None:
        damage += _sign_by_words(plans, charging)
    # Currents before powers: a power goes along with its current, and stands for itself where that is given up.
    for plan in sorted(plans, key=lambda plan: plan.channel == "power"):
        if plan.channel not in ("battery_current", "power") or not len(plan.values) or plan.question:
            continue
        if plan.channel == "power" and (current := _first(plans, "battery_current", plan.meaning.device)) is not None:
            continue
        damage += _settle(plan, plans, seconds, charging)
    for plan in plans:
        if plan.channel == "power" and len(plan.values) and not plan.question:
            current = _first(plans, "battery_current", plan.meaning.device)
            voltage = _first(plans, "pack_voltage", plan.meaning.device)
            if current is not None and not current.question:
                _settle_power(plan, current, voltage)
    _mark_derived(plans)
    return tuple(damage)


def _sign_by_words(plans: Sequence[Planned], charging: NDArray[np.float64]) -> list[Damage]:
    """Give a current that is never below zero the direction that another column tells of each row."""
    damage = []
    for plan in plans:
        if plan.channel != "battery_current" or not len(plan.values) or plan.sign or plan.question or plan.meaning.flow:
            continue
        flows = np.nan_to_num(plan.values) > NO_CURRENT
        back = flows & (charging == 1)
        if (
            bool((np.nan_to_num(plan.values) < 0).any())
            or int(back.sum()) < _FEWEST_TOLD
            or not (flows & (charging == 0)).any()
        ):
            continue
        plan.values = np.where(charging == 1, -plan.values, plan.values)
        plan.conversion = "; ".join(
            part for part in (plan.conversion, "negative where another column says charging") if part
        )
        message = f"'{plan.caption}' is never below zero: it counts as a charge where another column says charging."
        damage.append(Damage(DamageKind.NOTE, Effect.NOTED, message, int(back.sum()), channel=plan.channel))
    return damage


def _first(plans: Sequence[Planned], channel: str, device: str = "") -> Planned | None:
    """The column of a channel, of the same device where there is one."""
    found = [plan for plan in plans if plan.channel == channel and len(plan.values)]
    same = [plan for plan in found if plan.meaning.device == device]
    return next(iter(same or found), None)


def _join_directions(plans: Sequence[Planned]) -> None:
    """One current of two columns that count one direction each; a single one stands for itself."""
    for channel in ("battery_current", "power"):
        found = [plan for plan in plans if plan.channel == channel and len(plan.values)]
        both = [plan for plan in found if not plan.meaning.flow]
        out = next((plan for plan in found if plan.meaning.flow == "discharge"), None)
        back = next((plan for plan in found if plan.meaning.flow == "charge"), None)
        if both:
            if out is not None and back is not None and not both[0].sign:
                both[0].sign = _sign_of_parts(both[0].values, np.abs(out.values), np.abs(back.values))
            for plan in (out, back):
                if plan is not None:
                    plan.keep("")
        elif out is not None and back is not None:
            out.values = np.nan_to_num(np.abs(out.values)) - np.nan_to_num(np.abs(back.values))
            out.conversion = "; ".join(
                part for part in (out.conversion, f"'{out.caption}' minus '{back.caption}'") if part
            )
            out.sign = 1.0
            back.keep("")
        # A "discharge current" below zero may be a charge, or a discharge counted downwards: the data tell.
        elif out is not None and float(np.nansum(out.values)) >= 0:
            out.sign = out.sign or 1.0
        elif back is not None and float(np.nansum(back.values)) >= 0:
            back.sign = back.sign or -1.0


def _sign_of_parts(values: NDArray[np.float64], out: NDArray[np.float64], back: NDArray[np.float64]) -> float:
    """The direction of a column that two others tell the parts of, 0.0 where they are no parts of it: limits, say."""
    net = np.nan_to_num(out) - np.nan_to_num(back)
    flowing = np.isfinite(values) & (np.abs(values) > NO_CURRENT)
    same = np.abs(np.abs(net) - np.abs(values)) <= np.maximum(_PART * np.abs(values), NO_CURRENT)
    along = float(np.sum(np.sign(net[flowing]) == np.sign(values[flowing])))
    if not flowing.any() or float(np.mean(same[flowing])) < _NEARLY_ALL:
        return 0.0
    share = along / float(flowing.sum())
    return 1.0 if share >= _NEARLY_ALL else -1.0 if share <= 1 - _NEARLY_ALL else 0.0


def _settle(
    plan: Planned, plans: Sequence[Planned], seconds: NDArray[np.float64], charging: NDArray[np.float64] | None
) -> list[Damage]:
    if plan.sign:
        who = "the mapping says so" if plan.meaning.rank < 0 else "as its caption says"
        _turn(plan, plan.sign, who)
        return []
    device = plan.meaning.device

    def values(channel: str) -> NDArray[np.float64] | None:
        found = _first(plans, channel, device)
        return found.values if found is not None and not found.question else None

    voltage = values("pack_voltage")
    channels = {plan.channel for plan in plans}
    of_battery = bool(channels & _OF_BATTERY) and not channels & _OF_BUS
    answer = find_sign(
        Ride(
            seconds,
            plan.values,
            voltage if voltage is not None else _cells(plans),
            next((series for name in ("speed", "erpm", "motor_rpm") if (series := values(name)) is not None), None),
            values("duty"),
            values("soc"),
            values("remaining_capacity"),
            values("amp_hours_used"),
            values("amp_hours_charged"),
            values("watt_hours_used"),
            values("energy_left"),
            _known_power(plans, device),
            charging,
            values("discharge_fet"),
            values("charge_fet"),
            of_battery=of_battery,
        ),
        _ALWAYS_POSSIBLE[plan.channel],
    )
    slight = "" if answer.factor or plan.meaning.flow else _slight(plan)
    if slight and of_battery and not answer.standby:
        # A drain of days is small too, and there the direction is everything.
        plan.keep(
            f"Which way '{plan.caption}' counts is not known; at most {slight} flow. It is not used; a mapping file (--map) "
            "can say it."
        )
        return []
    if slight or (answer.standby and not plan.meaning.flow):
        largest = slight or _in_words(plan)
        _turn(plan, 1.0, "the data do not tell, and so little flows that it does not matter")
        message = f"Which way '{plan.caption}' counts is not known; at most {largest} flow, so nothing rests on it."
        return [Damage(DamageKind.NOTE, Effect.NOTED, message, channel=plan.channel)]
    if not answer.factor:
        named = _NAMED.get(plan.meaning.flow, 0.0)
        # Where next to nothing flows its noise speaks as loud as it does, and nothing rests on it: the caption stands.
        if not named or (answer.contradicts(named) and not answer.standby):
            plan.question = f"whether a positive '{plan.caption}' discharges or charges the battery"
            return []
        _turn(plan, named, "as its caption says")
        message = f"'{plan.caption}' counts as its caption says; the data do not tell whether it does."
        return [Damage(DamageKind.NOTE, Effect.NOTED, message, channel=plan.channel)]
    because = "; ".join(answer.reasons)
    _turn(plan, answer.factor, because)
    if not answer.witnessed:
        return []
    way = "discharging" if answer.factor > 0 else "charging"
    message = f"'{plan.caption}' counts {way} as positive, as the data show: {because}."
    return [Damage(DamageKind.NOTE, Effect.NOTED, message, channel=plan.channel)]


def _slight(plan: Planned) -> str:
    """The largest value of a column in words where none is large enough to matter, else ""."""
    return _in_words(plan) if float(np.nanmax(np.abs(plan.values))) <= _SLIGHT[plan.channel] else ""


def _in_words(plan: Planned) -> str:
    return f"{float(np.nanmax(np.abs(plan.values))):.2g} {CHANNELS[plan.channel].unit}"


def _known_power(plans: Sequence[Planned], device: str) -> NDArray[np.float64] | None:
    """Power whose direction its caption or one column for each direction tells, positive when discharging."""
    power = _first(plans, "power", device)
    return power.values * power.sign if power is not None and power.sign else None


def _turn(plan: Planned, factor: float, because: str) -> None:
    words = f"sign as logged: {because}" if factor > 0 else f"sign changed, the source counts charging: {because}"
    plan.values = plan.values * factor
    plan.sign = factor
    plan.conversion = "; ".join(part for part in (plan.conversion, words) if part)


def _settle_power(plan: Planned, current: Planned, voltage: Planned | None) -> None:
    if plan.sign:
        _turn(plan, plan.sign, "the mapping says so" if plan.meaning.rank < 0 else "as its caption says")
        return
    product = current.values * (voltage.values if voltage is not None else 1.0)
    _turn(plan, sign_like(product, plan.values), f"compared with '{current.caption}'")


def _cells(plans: Sequence[Planned]) -> NDArray[np.float64] | None:
    """The sum of the cells, or what the table tells of one of them: it moves as the pack does."""
    cells = [plan.values for plan in plans if plan.channel == "cell_voltages" and len(plan.values)]
    if not cells:
        for channel in ("cell_voltage_average", "cell_voltage_min", "cell_voltage_max"):
            one = _first(plans, channel)
            if one is not None and not one.question:
                return np.where(one.values > 0.5, one.values, np.nan)
        return None
    matrix = np.column_stack(cells)
    whole = np.isfinite(matrix).all(axis=1) & (matrix > 0.5).all(axis=1)
    return np.where(whole, matrix.sum(axis=1), np.nan)


def _charging(plans: Sequence[Planned], grid: Grid) -> NDArray[np.float64] | None:
    """1 where a column says in words that the battery is charged, 0 where it says that it is discharged."""
    import polars as pl

    for plan in plans:
        if plan.channel and plan.channel != "mode":
            continue
        concepts, unknown, _ = concepts_of(words_of(plan.caption))
        if unknown or not (concepts & {"state", "mode", "charge", "discharge"}):
            continue
        series = grid.series(plan.place).cast(pl.String)
        if concepts <= {"charge", "bms", "state", "battery"} and "charge" in concepts:
            flags = read_flags(series)
            if flags is not None and bool((flags == 1).any()):
                return np.where(flags == 1, 1.0, np.nan)
        words = series.drop_nulls().unique().head(40).to_list()
        discharging = [word for word in words if _DISCHARGING.search(word)]
        charge = [word for word in words if word not in discharging and _CHARGING.search(word)]
        if discharging or charge:
            return _flags_of(series, charge, discharging)
    return None


def _flags_of(series: pl.Series, charging: Sequence[str], discharging: Sequence[str]) -> NDArray[np.float64]:
    on = series.is_in(list(charging)).fill_null(False).to_numpy()
    off = series.is_in(list(discharging)).fill_null(False).to_numpy()
    return np.where(on, 1.0, np.where(off, 0.0, np.nan))


def _mark_derived(plans: Sequence[Planned]) -> None:
    """Mark what the source computed: power of voltage and current, battery current of motor current and duty."""
    power, current = _first(plans, "power"), _first(plans, "battery_current")
    voltage = _first(plans, "pack_voltage")
    if power is not None and current is not None and voltage is not None and _is_product(power, current, voltage):
        power.derived = f"'{voltage.caption}' and '{current.caption}'"
    motor = _first(plans, "motor_current")
    duty = _first(plans, "duty") or _first(plans, "pwm")
    if current is not None and motor is not None and duty is not None and _is_product(current, motor, duty):
        current.derived = f"'{motor.caption}' and '{duty.caption}'"


def _is_product(result: Planned, first: Planned, second: Planned) -> bool:
    product = first.values * second.values
    known = np.isfinite(product) & np.isfinite(result.values) & (np.abs(product) > 1.0)
    if int(known.sum()) < _FEWEST_COMPARED:
        return False
    error = np.abs(result.values[known] - product[known]) / np.abs(product[known])
    return bool(np.mean(error < _SAME) >= _NEARLY_ALL)
