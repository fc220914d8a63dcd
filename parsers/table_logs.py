"""Logs out of the columns of a table: which device measured what, and the lists of cells and sensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ridelog.arrow_columns import from_floats
from ridelog.channels import CHANNELS, Kind
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.log import Identity, Log, LogBuilder, Role

from .named_faults import add_named_faults
from .table_columns import Planned
from .table_numbers import Style, read_numbers
from .table_protections import add_protections, tells_protections
from .table_rules import NAMED_CHANNELS
from .table_scales import sensor_offset
from .table_source import Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.clock import Clock

#: Channels only a controller measures, and those only a BMS does.
CONTROLLER: Final = frozenset(
    {
        "duty", "erpm", "motor_rpm", "motor_current", "d_axis_current", "q_axis_current", "field_weakening_current",
        "requested_current", "motor_power", "torque", "motor_temperature", "fet_temperature", "fault_code",
        "fault_name", "throttle_1", "remote_input", "setpoint",
    }
)  # fmt: skip
BMS: Final = frozenset(
    {
        "cell_voltages", "cell_voltage_max", "cell_voltage_min", "cell_voltage_average", "cell_voltage_delta",
        "cell_wire_resistances", "cells_balancing", "discharge_fet", "charge_fet", "balance_current", "balancing",
        "battery_temperatures", "bms_temperature", "soh", "remaining_capacity", "full_charge_capacity",
        "nominal_capacity", "cycle_count",
    }
)  # fmt: skip
#: Every channel a table can give: those captions name, and what some of them become on a BMS.
GIVEN: Final = NAMED_CHANNELS | {"bms_fet_temperature", "bms_state", "fault_name", "protections", "warnings"}
_SURE_BMS: Final = frozenset({"cell_voltages", "discharge_fet", "charge_fet"})
_SURE_CONTROLLER: Final = frozenset({"duty", "erpm", "motor_current", "motor_temperature"})
_MOTION: Final = frozenset({"speed", "distance", "odometer", "throttle_1", "remote_input"})
#: Where both devices are in one table, what belongs to the battery.
_OF_BATTERY: Final = frozenset({"soc", "battery_temperature", "charger_voltage"})
#: Numbers of cell columns that loggers have whatever the pack is; one of these with zeros at its end is padded.
_PADDED_WIDTHS: Final = frozenset({8, 16, 24, 32, 40, 48})
#: Cells that read 0 after the last that does not: with more of them the table is taken for padded.
_MOST_MISSING: Final = 4
#: Temperatures a column holds all through where no sensor is fitted, degC: nothing, and a raw 0 with its offset taken off.
_NO_SENSOR: Final = frozenset({0.0, -40.0})
_LISTS: Final = ("cell_voltages", "battery_temperatures", "cell_wire_resistances", "cells_balancing")


def roles_of(plans: Sequence[Planned], said: str) -> tuple[Role, ...]:
    """The logs a table gives: one, or one each of a controller and of a BMS.

    Args:
        plans: The columns.
        said: Role the user named, "" for none.
    """
    if said:
        return (Role(said),)
    channels = {plan.channel for plan in plans if plan.channel}
    devices = {plan.meaning.device for plan in plans if plan.channel in ("pack_voltage", "battery_current")}
    controller = bool(channels & _SURE_CONTROLLER) or devices == {"bms", "controller"}
    if (channels & _SURE_BMS or devices == {"bms", "controller"}) and controller:
        return (Role.CONTROLLER, Role.BMS)
    if "pwm" in channels and not channels & {"erpm", "duty"} and not channels & _SURE_BMS:
        return (Role.WHEEL,)
    if channels & _SURE_BMS:
        return (Role.BMS,)
    # A speed whose unit is not known is kept as it is, and tells of a vehicle all the same.
    if (channels | {plan.meaning.channel for plan in plans}) & (CONTROLLER | _MOTION):
        return (Role.CONTROLLER,)
    # Voltage and current alone may stand on either side of the BMS; read as the controller's, a lost battery shows.
    unknown = {"pack_voltage", "battery_current"} <= channels and not channels & (BMS | _OF_BATTERY)
    return (Role.CONTROLLER,) if unknown else (Role.BMS,)


def owner_of(plan: Planned, roles: tuple[Role, ...], plans: Sequence[Planned]) -> Role:
    """The log a column goes to."""
    if len(roles) == 1:
        return roles[0]
    if plan.meaning.device:
        return Role.BMS if plan.meaning.device == "bms" else Role.CONTROLLER
    if plan.channel in BMS or plan.channel in _OF_BATTERY:
        return Role.BMS
    if plan.channel in ("", "alert") and tells_protections(plan.caption):
        return Role.BMS
    if plan.channel in ("pack_voltage", "battery_current", "power"):
        taken = any(
            other is not plan and other.channel == plan.channel and other.meaning.device == "controller"
            for other in plans
        )
        return Role.BMS if taken else Role.CONTROLLER
    return Role.CONTROLLER


def drop_no_fixes(plans: Sequence[Planned]) -> tuple[Damage, ...]:
    """Make nulls of positions at latitude 0 and longitude 0, and of what comes with them."""
    by = {plan.channel: plan for plan in plans if len(plan.values)}
    if "latitude" not in by or "longitude" not in by:
        return ()
    missing = (by["latitude"].values == 0) & (by["longitude"].values == 0)
    if not missing.any():
        return ()
    for channel in ("latitude", "longitude", "gps_accuracy", "gps_speed", "gps_heading"):
        if channel in by:
            by[channel].values = np.where(missing, np.nan, by[channel].values)
    if not missing.all():
        return ()
    message = "No row has a satellite fix (latitude and longitude are 0 all through)."
    return (Damage(DamageKind.MISSING_SENSOR, Effect.NOTED, message, len(missing), channel="latitude"),)


def build_logs(
    plans: Sequence[Planned],
    grid: Grid,
    style: Style,
    seconds: NDArray[np.float64],
    *,
    clock: Callable[[float], Clock],
    role: str,
    time_source: str,
    damage: tuple[Damage, ...],
    parser: str,
    family: str = "",
    serial: str = "",
) -> list[Log]:
    """Build the logs of a table.

    Args:
        plans: The columns in canonical units and signs.
        grid: The table, for texts and columns that are kept.
        style: How it writes numbers.
        seconds: Stamps in s, shape (rows,), never decreasing.
        clock: Gives the clock of a log that starts at a stamp.
        role: Role the user named, "" for none.
        time_source: Captions of the clock.
        damage: What was dropped or repaired so far.
        parser: Name of the parser.
        family: Family of the BMS if known, "" else: it tells what the bits of its protections mean.
        serial: What the table calls the device, "" where it does not.

    Returns:
        One log, or one of the controller and one of the BMS.
    """
    roles = roles_of(plans, role)
    logs = []
    for owner in roles:
        builder = LogBuilder(seconds, grid.lines, time_source=time_source, counted=grid.counted)
        mine = [plan for plan in plans if owner_of(plan, roles, plans) is owner]
        notes = _add(builder, mine, grid, owner)
        if owner is Role.BMS:
            notes += add_protections(builder, mine, grid, family)
        for plan in mine:
            if not plan.channel:
                builder.keep(plan.caption or f"column {plan.place + 1}", _kept(grid, plan.place, style))
        logs.append(
            builder.build(
                owner,
                parser,
                clock=clock(float(seconds[0])),
                identity=Identity(device=_device(owner), serial=serial),
                damage=(*damage, *notes),
            )
        )
    return logs


def _device(role: Role) -> str:
    return {Role.BMS: "BMS", Role.WHEEL: "wheel"}.get(role, "controller")


def _kept(grid: Grid, place: int, style: Style) -> Any:  # noqa: ANN401 - a numpy array or a polars series
    """A column nobody knows: numbers where all its cells are, else text."""
    series = grid.series(place)
    numbers = read_numbers(series, style)
    if len(numbers.wrong) or numbers.unit is not None or not np.isfinite(numbers.values).any():
        return series
    return from_floats(numbers.values)


def _add(builder: LogBuilder, plans: Sequence[Planned], grid: Grid, role: Role) -> tuple[Damage, ...]:
    """Add the channels of one log."""
    for plan in plans:
        plan.channel = _for_role(plan, role)
    notes = []
    for channel in _LISTS:
        members = [plan for plan in plans if plan.channel == channel and plan.index is not None]
        if members:
            notes += _add_list(builder, channel, members, plans)
    for plan in plans:
        if not plan.channel or plan.channel in _LISTS or builder.has(plan.channel):
            if plan.channel and plan.channel not in _LISTS:
                plan.keep("")
            continue
        if plan.channel == "fault_name":
            add_named_faults(builder, grid.series(plan.place), plan.caption)
            continue
        if CHANNELS[plan.channel].kind is Kind.TEXT:
            builder.add(plan.channel, grid.series(plan.place), source=plan.caption)
            continue
        values, missing = _sensor(plan)
        notes += missing
        builder.add(plan.channel, values, source=plan.caption, conversion=plan.conversion, derived=plan.derived)
    return tuple(notes)


def _for_role(plan: Planned, role: Role) -> str:
    """Some words mean another channel on a BMS; numbers of faults and states mean nothing without their list."""
    channel = plan.channel
    if role is Role.BMS:
        if channel == "fault_code":
            return ""
        return {"fet_temperature": "bms_fet_temperature", "mode": "bms_state", "fault_name": "alert"}.get(
            channel, channel
        )
    return channel


def _sensor(plan: Planned) -> tuple[NDArray[np.float64], list[Damage]]:
    """Values of a channel; a temperature that reads 0 all through is no sensor."""
    if CHANNELS[plan.channel].unit != "degC":
        return plan.values, []
    known = plan.values[np.isfinite(plan.values)]
    if not len(known) or known[0] not in _NO_SENSOR or (known != known[0]).any():
        return plan.values, []
    message = f"Column '{plan.caption}' holds nothing but {known[0]:g}: no sensor is fitted, and none is assumed."
    missing = Damage(DamageKind.MISSING_SENSOR, Effect.NOTED, message, len(known), channel=plan.channel)
    return np.full(len(plan.values), np.nan), [missing]


def _is_silent(values: NDArray[np.float64]) -> bool:
    known = values[np.isfinite(values)]
    return not len(known) or bool((known == known[0]).all() and known[0] in _NO_SENSOR)


def _last(used: NDArray[np.bool_]) -> int:
    """Places up to the last used one."""
    return int(np.flatnonzero(used)[-1]) + 1 if used.any() else 0


def _add_list(builder: LogBuilder, channel: str, members: Sequence[Planned], plans: Sequence[Planned]) -> list[Damage]:
    """Add cells or sensors in their places; a place without a column, or a cell that reads 0, is null.

    A cell or a few at the end that read nothing but 0 stay, as cells the board is set to, unless the table is padded.
    """
    width = max(plan.index for plan in members if plan.index is not None) + 1
    matrix = np.full((builder.rows, width), np.nan)
    for plan in members:
        assert plan.index is not None
        matrix[:, plan.index] = plan.values
    conversion = members[0].conversion
    notes: list[Damage] = []
    if channel == "cell_voltages":
        # A width that loggers are built for is padded; another one is what the board is set to.
        asked = 0 if width in _PADDED_WIDTHS else _last((matrix == 0).any(axis=0))
        matrix[matrix == 0] = np.nan
        read = _last(np.isfinite(matrix).any(axis=0))
        matrix = matrix[:, : asked if read < asked <= read + _MOST_MISSING else read]
    if channel == "battery_temperatures":
        matrix, notes = _sensors(matrix, members, plans)
        if notes and any(note.kind is DamageKind.NOTE for note in notes):
            conversion = "; ".join(part for part in (conversion, "40 taken off") if part)
    if matrix.shape[1]:
        source = members[0].caption if len(members) == 1 else f"{members[0].caption} .. {members[-1].caption}"
        builder.add(channel, matrix, source=source, conversion=conversion)
    return notes


def _sensors(
    matrix: NDArray[np.float64], members: Sequence[Planned], plans: Sequence[Planned]
) -> tuple[NDArray[np.float64], list[Damage]]:
    notes = []
    highest = next((plan for plan in plans if plan.channel == "battery_temperature" and len(plan.values)), None)
    offset = sensor_offset(matrix, highest.values) if highest is not None else 0.0
    if offset and highest is not None:
        matrix = matrix - offset
        message = (
            f"The sensors '{members[0].caption}' and following stand {offset:g} above '{highest.caption}' all through: "
            "they are written as transmitted, with an offset, which is taken off."
        )
        notes.append(Damage(DamageKind.NOTE, Effect.REPAIRED, message, channel="battery_temperatures"))
    silent = [place for place in range(matrix.shape[1]) if _is_silent(matrix[:, place])]
    if silent and not offset:
        matrix = matrix.copy()
        matrix[:, silent] = np.nan
        message = f"{len(silent)} of {matrix.shape[1]} battery sensors read nothing but 0 or -40: they are not fitted."
        channel = "battery_temperatures"
        notes.append(Damage(DamageKind.MISSING_SENSOR, Effect.NOTED, message, len(silent), channel=channel))
    return matrix, notes
