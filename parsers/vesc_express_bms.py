"""The BMS inside a header-encoded VESC log: a device of its own, with its own rows and its own sign of the current."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.log import Identity, Log, LogBuilder, Role

from .columns import add_columns
from .current_sign import CurrentSign, current_sign
from .own_rows import own_rows
from .timed_rows import TimedRows
from .vesc_express_fields import BMS, Field, column

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_CELL: Final = re.compile(r"BMS_C(\d{1,3})")
_SENSOR: Final = re.compile(r"BMS_T(\d{1,3})")
#: Least load (A, 90th percentile) and agreement at which the controllers tell the sign. Engineering judgement.
_LEAST_LOAD_A = 1.0
_LEAST_AGREEMENT = 0.5


def is_bms(caption: str) -> bool:
    """Tell whether a field is one of the BMS."""
    return caption.lower().startswith("bms_")


def bms_log(
    raw: pl.DataFrame,
    held: pl.DataFrame,
    rows: TimedRows,
    fields: Mapping[str, Field],
    controllers: Sequence[Log],
    clock: Clock,
    shared: tuple[Damage, ...],
    parser: str,
) -> Log | None:
    """Make the log of the BMS.

    Args:
        raw: The rows with empty cells as null.
        held: The rows with values carried on.
        rows: Stamps and line numbers.
        fields: The fields of the BMS, by the name of their column.
        controllers: Logs of the controllers on the same rows, for the sign of the current.
        clock: Clock of the rows.
        shared: Damage of the file.
        parser: Name of the parser.

    Returns:
        The log with the rows in which the BMS said something new; None when it never did.
    """
    import polars as pl

    names = list(fields)
    values = held.select(names).to_numpy()
    keep = own_rows(raw.select(names).to_numpy(), values, rows.seconds)
    if not keep.any():
        return None
    part = held.select(names).filter(pl.Series(keep))
    seconds = rows.seconds[keep]
    builder = LogBuilder(seconds, rows.lines[keep])
    cells = _numbered(part, _CELL)
    if cells is not None:
        builder.add("cell_voltages", np.where(cells > 0, cells, np.nan), source="BMS_C1...")
    sensors = _numbered(part, _SENSOR)
    if sensors is not None:
        builder.add("battery_temperatures", sensors, source="BMS_T1...")
        if np.isfinite(sensors).any():
            hottest = np.nanmax(np.where(np.isnan(sensors), -np.inf, sensors), axis=1)
            hottest = np.where(np.isfinite(hottest), hottest, np.nan)
            builder.add("battery_temperature", hottest, source="BMS_T1...", conversion="the highest sensor")
    columns = [column(field, BMS[caption], caption) for caption, field in fields.items() if caption in BMS]
    damage: tuple[Damage, ...] = ()
    for index, item in enumerate(columns):
        if item.channel == "battery_current":
            scale, reason, damage = _sign(held, rows.seconds, controllers)
            columns[index] = dataclasses.replace(item, scale=item.scale * scale, conversion=reason, derived="")
    numbered = [name for name in names if _CELL.fullmatch(name) or _SENSOR.fullmatch(name)]
    missing = add_columns(builder, part, columns, known=numbered)
    start = clock.start
    if start is not None and clock.basis is not ClockBasis.NONE:
        start += float(seconds[0] - rows.seconds[0])
    return builder.build(
        Role.BMS,
        parser,
        clock=dataclasses.replace(clock, start=start),
        identity=Identity(device="BMS on the VESC bus", family="vesc", software="VESC Express or LogUI"),
        damage=(*shared, *damage, *missing),
    )


def _numbered(part: pl.DataFrame, pattern: re.Pattern[str]) -> NDArray[np.float64] | None:
    """Fields with numbers as a matrix, the first in column 0; a number that is missing leaves its column empty."""
    places = {int(match[1]): name for name in part.columns if (match := pattern.fullmatch(name)) and int(match[1]) > 0}
    if not places:
        return None
    matrix = np.full((part.height, max(places)), np.nan)
    for number, name in places.items():
        matrix[:, number - 1] = part.get_column(name).to_numpy()
    return matrix


def _sign(
    held: pl.DataFrame, seconds: NDArray[np.float64], controllers: Sequence[Log]
) -> tuple[float, str, tuple[Damage, ...]]:
    """Factor to discharge positive, with what it rests on: the controllers' battery current, else the voltage."""
    current = held.get_column("bms_i_in_ic").to_numpy()
    loads = [log.values("battery_current") for log in controllers if log.has("battery_current")]
    load = np.sum(np.nan_to_num(loads), axis=0) if loads else np.zeros(len(current))
    both = np.isfinite(current)
    if both.any() and np.quantile(np.abs(load[both]), 0.9) >= _LEAST_LOAD_A:
        product = load[both] * current[both]
        size = float(np.sum(np.abs(product)))
        agreement = float(np.sum(product)) / size if size else 0.0
        if abs(agreement) >= _LEAST_AGREEMENT:
            seen = f"against the battery current of the controllers, agreement {agreement:+.2f}"
            if agreement > 0:
                return 1.0, f"sign as logged: {seen}", ()
            return -1.0, f"sign changed, the BMS counts charging: {seen}", ()
    sign = CurrentSign(0.0, 0, 0.0)
    if "bms_v_tot" in held.columns:
        sign = current_sign(seconds, held.get_column("bms_v_tot").to_numpy(), current)
    if sign.factor:
        return sign.scale(), sign.conversion(), ()
    message = (
        "The data do not tell whether a positive BMS current is discharge (too little load); VESC counts it so, and it "
        "is kept."
    )
    return 1.0, sign.conversion(), (Damage(DamageKind.NOTE, Effect.NOTED, message, 1, (), "battery_current"),)
