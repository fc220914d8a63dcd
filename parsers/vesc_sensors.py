"""Sensors a VESC does not have: what their columns show instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

#: Colder than any motor: what an input without a sensor reads (-50 to -273; the firmware writes -100 for nonsense).
_NO_MOTOR_SENSOR_DEGC = -40.0
#: Share of the rows at which a whole column is one missing sensor and not one that fails now and then.
_MISSING_SHARE = 0.9
_MOTOR: Final = "motor_temperature"
_INERTIA: Final = ("roll", "pitch", "yaw", "accX", "accY", "accZ", "gyroX", "gyroY", "gyroZ")


def without_missing_sensors(
    frame: pl.DataFrame, lines: NDArray[np.int64], motor: str = "temp_motor", inertia: tuple[str, ...] = _INERTIA
) -> tuple[pl.DataFrame, tuple[Damage, ...]]:
    """Make nulls of a motor temperature without a sensor and of an IMU that is not there.

    A sensor that reads nonsense only now and then is left as it is: that is evidence.

    Args:
        frame: The columns of the file.
        lines: Line number of each row, shape (rows,).
        motor: Name of the motor temperature, degC.
        inertia: Names of the IMU columns; an IMU at rest still measures 1 g, so zeros all through are none.

    Returns:
        The frame and the damage.
    """
    import polars as pl

    damage: list[Damage] = []
    if motor in frame.columns:
        values = frame.get_column(motor).to_numpy()
        known = np.isfinite(values)
        cold = known & (values <= _NO_MOTOR_SENSOR_DEGC)
        nothing = cold.sum() >= _MISSING_SHARE * max(1, known.sum()) or bool((values[known] == 0).all())
        if known.any() and nothing:
            message = (
                f"The motor temperature reads {np.nanmin(values):.0f} to {np.nanmax(values):.0f} degC all through: "
                "no sensor is connected, and none is assumed."
            )
            damage.append(
                Damage(DamageKind.MISSING_SENSOR, Effect.NOTED, message, len(values), (), "motor_temperature")
            )
            frame = frame.with_columns(pl.lit(None, pl.Float64).alias(motor))
        elif cold.any():
            where = np.flatnonzero(cold)
            rows = tuple(int(line) for line in lines[where[:20]])
            message = (
                f"{len(where)} rows show a motor temperature below {_NO_MOTOR_SENSOR_DEGC:g} degC: a sensor fault."
            )
            damage.append(
                Damage(DamageKind.IMPOSSIBLE_VALUE, Effect.NOTED, message, len(where), rows, "motor_temperature")
            )
    axes = [name for name in inertia if name in frame.columns]
    turning = [name for name in axes if name.lower().startswith(("acc", "gyro"))]
    if len(turning) < 3:
        return frame, tuple(damage)
    silent = all(not (frame.get_column(name).fill_null(0.0) != 0).any() for name in turning)
    seen = any(frame.get_column(name).null_count() < frame.height for name in turning)
    if silent and seen:
        message = "Acceleration and turn rates are 0 all through: the board has no IMU, and none is assumed."
        damage.append(Damage(DamageKind.MISSING_SENSOR, Effect.NOTED, message, frame.height, (), "roll"))
        frame = frame.with_columns(pl.lit(None, pl.Float64).alias(name) for name in axes)
    return frame, tuple(damage)
