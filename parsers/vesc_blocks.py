"""Blocks of a VESC Tool row that are the last ones received: a value that is not new is no measurement of that row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.clock import DAY_S
from ridelog.damage import Damage, DamageKind, Effect

from .columns import MILLI
from .vesc_header import TIME

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

#: A block comes with the poll of its row, so it is at most a few polls old: 0..190 ms in real logs. Engineering
#: judgement, the longer of the two.
_FRESH_S = 0.5
_FRESH_POLLS = 3.0


@dataclass(frozen=True, slots=True)
class Block:
    """Columns that are received together.

    Attributes:
        name: What the rider may call it.
        stamp: Column with the time the block was received.
        columns: The other columns.
        ages: Whether the stamp is of the same clock as that of the row, so that an old block can be told.
    """

    name: str
    stamp: str
    columns: tuple[str, ...]
    ages: bool = True


SETUP_BLOCK: Final = Block(
    "setup",
    "ms_today_setup",
    (
        "amp_hours_setup",
        "amp_hours_charged_setup",
        "watt_hours_setup",
        "watt_hours_charged_setup",
        "battery_level",
        "battery_wh_tot",
        "current_in_setup",
        "current_motor_setup",
        "speed_meters_per_sec",
        "tacho_meters",
        "tacho_abs_meters",
        "num_vescs",
    ),
)
IMU_BLOCK: Final = Block(
    "IMU", "ms_today_imu", ("roll", "pitch", "yaw", "accX", "accY", "accZ", "gyroX", "gyroY", "gyroZ")
)
FIX_BLOCK: Final = Block(
    "satellite",
    "gnss_posTime",
    ("gnss_posTime", "gnss_lat", "gnss_lon", "gnss_alt", "gnss_gVel", "gnss_vVel", "gnss_hAcc", "gnss_vAcc"),
    ages=False,
)


def only_fresh(frame: pl.DataFrame, block: Block, lines: NDArray[np.int64]) -> tuple[pl.DataFrame, tuple[Damage, ...]]:
    """Make nulls of a block's values in the rows that repeat them, or that hold an old block.

    Args:
        frame: The columns of the file.
        block: The block; left as it is when its stamp is not in the frame.
        lines: Line number of each row, shape (rows,).

    Returns:
        The frame and the damage.
    """
    import polars as pl

    names = [name for name in block.columns if name in frame.columns]
    if block.stamp not in frame.columns or not names or not frame.height:
        return frame, ()
    stamp = frame.get_column(block.stamp).to_numpy()
    received = np.isfinite(stamp) & (stamp >= 0)
    fresh = received & np.concatenate(([True], np.diff(stamp) != 0))
    age_s = np.zeros(len(stamp))
    limit_s = _FRESH_S
    if block.ages:
        now = frame.get_column(TIME).to_numpy()
        age_s = np.abs((now - stamp) * MILLI)
        age_s = np.minimum(age_s, np.abs(DAY_S - age_s))
        steps = np.diff(now) * MILLI
        steps = steps[steps > 0]
        limit_s = max(_FRESH_S, _FRESH_POLLS * float(np.median(steps))) if len(steps) else _FRESH_S
        fresh &= age_s <= limit_s
    if not fresh.all():
        mask = pl.Series(fresh)
        frame = frame.with_columns(pl.when(mask).then(pl.col(name)).alias(name) for name in names)
    if not received.any():
        message = f"The {block.name} block was never received (its time is -1 in every row); its columns are empty."
        return frame, (Damage(DamageKind.MISSING_SENSOR, Effect.NOTED, message, len(fresh), (), block.stamp),)
    old = np.flatnonzero(received & (age_s > limit_s))
    if not len(old):
        return frame, ()
    message = (
        f"In {len(old)} rows the {block.name} block is up to {age_s[old].max():.1f} s older than the row; its values "
        "are not used there."
    )
    rows = tuple(int(line) for line in lines[old[:20]])
    return frame, (Damage(DamageKind.STALE_BLOCK, Effect.NOTED, message, len(old), rows, block.stamp),)
