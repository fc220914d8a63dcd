"""A controller log and a BMS log of one long ride, for measurements: an ordinary ride of a sound pack, as logs in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.log import Log, LogBuilder, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_RATE_HZ = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """What both logs see: stamps in s, speed in m/s, battery current in A and pack voltage in V, shape (rows,)."""

    time: NDArray[np.float64]
    speed: NDArray[np.float64]
    current: NDArray[np.float64]
    volts: NDArray[np.float64]


def drive(rows: int, cells: int, seed: int = 5, hold_rows: int = 80) -> Drive:
    """Pulls, cruising, braking and stops, ten rows a second, over most of the charge of a pack.

    Args:
        rows: How many rows.
        cells: Cells in series.
        seed: Which ride.
        hold_rows: How many rows one speed is wished for.
    """
    rng = np.random.default_rng(seed)
    time = np.arange(rows) / _RATE_HZ
    targets = rng.choice([0.0, 4.0, 7.0, 10.0], rows // hold_rows + 1)
    wished = np.repeat(targets, hold_rows)[:rows]
    smooth = np.exp(-np.arange(60) / 15.0)
    speed = np.convolve(wished, smooth / smooth.sum())[:rows]
    push = np.gradient(speed, 1 / _RATE_HZ)
    current = np.clip(18 * push + 1.2 * speed, -16, 55) + rng.normal(0, 0.3, rows) * (speed > 0.05)
    current = np.where(speed > 0.05, current, 0.1)
    used = np.cumsum(np.clip(current, 0, None)) / _RATE_HZ / 3600
    volts = cells * (4.10 - 0.7 * used / max(float(used[-1]), 1e-9)) - 0.004 * cells * current
    return Drive(time, speed, np.round(current, 2), volts)


def controller_log(
    ride: Drive,
    changed: Mapping[str, object] | None = None,
    settings: Mapping[str, float] | None = None,
    role: Role = Role.CONTROLLER,
) -> Log:
    """The log of the controller.

    Args:
        ride: What it sees.
        changed: Channels that are other than usual, or more.
        settings: What its configuration says.
        role: Wheel, where it is the log of one.
    """
    rng = np.random.default_rng(7)
    step = np.diff(ride.time, prepend=ride.time[0])
    builder = LogBuilder(ride.time, np.arange(len(ride.time)) + 2)
    for name, values in {
        "pack_voltage": np.round(ride.volts + rng.normal(0, 0.02, len(ride.time)), 1),
        "battery_current": ride.current,
        "motor_current": np.round(ride.current * 1.9, 2),
        "duty": np.round(ride.speed / 14, 3),
        "erpm": np.round(ride.speed * 900),
        "speed": np.round(ride.speed, 3),
        "fault_code": np.zeros(len(ride.time)),
        "fet_temperature": np.round(35 + 12 * (1 - np.exp(-ride.time / 400)), 1),
        "motor_temperature": np.round(30 + 20 * (1 - np.exp(-ride.time / 600)), 1),
        "amp_hours_used": np.cumsum(np.clip(ride.current, 0, None) * step) / 3600,
        "tachometer_absolute": np.round(np.cumsum(ride.speed * step) * 90),
        **(changed or {}),
    }.items():
        builder.add(name, values)
    return builder.build(role, "made up", clock=Clock(ClockBasis.TIME_OF_DAY, 43_200.0), settings=settings)


def board_log(
    ride: Drive,
    cells: int,
    *,
    worn: bool = False,
    changed: Mapping[str, object] | None = None,
    settings: Mapping[str, float] | None = None,
) -> Log:
    """The log of the BMS.

    Args:
        ride: What it sees.
        cells: How many cells it reads.
        worn: Cells are refreshed in every tenth row only and repeated in between, one poll in twenty brings none, one cell is
            missing now and then, and for minutes the board names a protection: what is quickly said of a sound log is not said
            of this one.
        changed: Channels that are other than usual, or more.
        settings: What its configuration says.
    """
    rng = np.random.default_rng(9)
    rows = len(ride.time)
    read = ride.volts[:, None] / cells + rng.normal(0, 0.003, cells) + rng.normal(0, 0.0008, (rows, cells))
    names: list[list[str] | None] = [[] for _ in range(rows)]
    if worn:
        read = read[np.arange(rows) // 10 * 10]
        read[rng.random(rows) < 0.05] = np.nan
        read[rng.random(rows) < 0.02, cells // 2] = np.nan
        for row in range(rows // 2, rows // 2 + rows // 100):
            names[row] = ["charge-undertemperature"]
    read = np.round(read, 3)
    builder = LogBuilder(ride.time, np.arange(rows) + 2)
    for name, values in {
        "pack_voltage": np.round(ride.volts + rng.normal(0, 0.01, rows), 2),
        "battery_current": ride.current,
        "cell_voltages": read,
        "cell_voltage_max": np.fmax.reduce(read, axis=1),
        "cell_voltage_min": np.fmin.reduce(read, axis=1),
        "discharge_fet": np.ones(rows, dtype=bool),
        "charge_fet": np.ones(rows, dtype=bool),
        "balancing": np.zeros(rows, dtype=bool),
        "balance_current": np.zeros(rows),
        "protections": names,
        "soc": np.round(0.95 - 0.8 * ride.time / ride.time[-1], 2),
        "bms_temperature": np.round(28 + 4 * (1 - np.exp(-ride.time / 900)), 1),
        "battery_temperature": np.round(24 + 3 * (1 - np.exp(-ride.time / 900)), 1),
        **(changed or {}),
    }.items():
        builder.add(name, values)
    return builder.build(Role.BMS, "made up", clock=Clock(ClockBasis.TIME_OF_DAY, 43_200.0), settings=settings)
