"""Long rides of many kinds for the time that detectors take: what riders log, and what makes a detector look twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.board_log import Drive, board_log, controller_log, drive
from ridelog.log import Log, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


def rides(rows: int, cells: int) -> dict[str, Callable[[], Sequence[Log]]]:
    """Every kind of ride by its name; each call of a maker gives fresh logs, so that nothing read from them is kept.

    Args:
        rows: Rows of each log.
        cells: Cells in series.
    """
    seen, town = drive(rows, cells), drive(rows, cells, seed=6, hold_rows=25)
    return {
        "controller": lambda: [controller_log(seen)],
        "BMS": lambda: [board_log(seen, cells)],
        "BMS with holes and names": lambda: [board_log(seen, cells, worn=True)],
        "controller and BMS": lambda: [controller_log(seen), board_log(seen, cells)],
        "controller, a stop every few seconds, faults": lambda: [_in_town(town)],
        "controller with gaps": lambda: [controller_log(_with_gaps(seen, 200))],
        "controller at its limits": lambda: [_at_its_limits(town)],
        "controller that gets hot, nothing configured": lambda: [_hot(town)],
        "balance board": lambda: [_balance_board(town)],
        "wheel at full PWM now and then": lambda: [_wheel(town)],
        "BMS at its limits, FETs that flip": lambda: [_board_at_its_limits(town, cells)],
        "BMS, a charge": lambda: [_charge(seen, cells)],
        "BMS at rest": lambda: [_rest(seen, cells)],
        "BMS, weeks": lambda: [_weeks(seen, cells)],
        "two controllers and BMS": lambda: [
            controller_log(town),
            controller_log(replace(town, current=np.round(0.98 * town.current, 2))),
            board_log(town, cells),
        ],
    }


def _now_and_then(rows: int, every: int, lasts: int, seed: int) -> NDArray[np.bool_]:
    """Stretches of some rows, about one in so many rows."""
    begins = np.flatnonzero(np.random.default_rng(seed).random(rows) < 1 / every)
    return np.isin(np.arange(rows), (begins[:, None] + np.arange(lasts)).ravel())


def _in_town(ride: Drive) -> Log:
    """Fifty faults of some rows, a throttle that is read, and currents with more noise."""
    rng = np.random.default_rng(11)
    rows = len(ride.time)
    faults = np.where(_now_and_then(rows, rows // 50, 5, 12), 3.0, 0.0)
    noisy = np.round(ride.current + rng.normal(0, 2.0, rows), 2)
    remote = np.round(np.clip(ride.current / 55, -1, 1), 2)
    return controller_log(ride, {"fault_code": faults, "battery_current": noisy, "remote_input": remote})


def _with_gaps(ride: Drive, every: int) -> Drive:
    """A pause of 2 to 90 s after every so many rows."""
    rng = np.random.default_rng(13)
    pauses = np.zeros(len(ride.time))
    pauses[every::every] = rng.uniform(2, 90, len(pauses[every::every]))
    return replace(ride, time=np.round(ride.time + np.cumsum(pauses), 2))


def _at_its_limits(ride: Drive) -> Log:
    """Voltage, current, heat and duty that cross what the configuration says again and again."""
    heat = np.round(80 + 8 * np.sin(ride.time / 16) + np.random.default_rng(14).normal(0, 0.5, len(ride.time)), 1)
    settings = {
        "battery_cut_start": float(np.quantile(ride.volts, 0.08)),
        "battery_cut_end": float(np.min(ride.volts)),
        "battery_current_max": float(np.quantile(ride.current, 0.9)),
        "battery_regen_current_max": float(-np.quantile(ride.current, 0.1)),
        "fet_temperature_start": 80.0,
        "fet_temperature_end": 95.0,
        "motor_temperature_start": 80.0,
        "motor_temperature_end": 95.0,
        "controller_voltage_max": float(np.quantile(ride.volts, 0.9)),
        "controller_voltage_min": float(np.quantile(ride.volts, 0.1)),
    }
    return controller_log(ride, {"fet_temperature": heat, "motor_temperature": heat - 10}, settings)


def _hot(ride: Drive) -> Log:
    """Heat that passes the usual start of a fold-back two hundred times and takes no current away."""
    heat = np.round(84 + 8 * np.sin(ride.time / 16), 1)
    return controller_log(ride, {"fet_temperature": heat, "motor_temperature": heat - 10})


def _balance_board(ride: Drive) -> Log:
    """Tilt, foot pads that let go for moments, and duty that reaches the end of its range, both two hundred times."""
    rng = np.random.default_rng(15)
    rows = len(ride.time)
    foot = ~_now_and_then(rows, 1000, 3, 16) & (ride.speed > 0.05)
    return controller_log(
        ride,
        {
            "duty": np.where(_now_and_then(rows, 1000, 5, 25), 0.97, np.round(np.minimum(ride.speed / 12, 0.9), 3)),
            "pitch": np.round(rng.normal(0, 2, rows), 1),
            "roll": np.round(rng.normal(0, 3, rows), 1),
            "throttle_1": np.where(foot, 3.0, 0.1),
            "throttle_2": np.where(foot | (rng.random(rows) < 0.5), 2.9, 0.1),
            "ride_state": np.where(ride.speed > 0.05, 1.0, 6.0),
        },
    )


def _wheel(ride: Drive) -> Log:
    """A wheel whose PWM is full for moments two hundred times, with alerts."""
    rng = np.random.default_rng(17)
    rows = len(ride.time)
    full = _now_and_then(rows, 1000, 5, 26) & (ride.speed > 5)
    alerts = np.where(_now_and_then(rows, 400, 10, 18), "SPEED1", None)
    return controller_log(
        ride,
        {
            "pwm": np.where(full, 1.0, np.round(np.clip(ride.speed / 14 + ride.current / 300, 0, 0.97), 3)),
            "pitch": np.round(rng.normal(0, 2, rows), 1),
            "roll": np.round(rng.normal(0, 3, rows), 1),
            "alert": alerts.tolist(),
        },
        role=Role.WHEEL,
    )


def _board_at_its_limits(ride: Drive, cells: int) -> Log:
    """A noisy current that crosses the limits of the board in every tenth row, and FETs that flip two hundred times."""
    rng = np.random.default_rng(19)
    rows = len(ride.time)
    off = _now_and_then(rows, 1000, 4, 20)
    named = _now_and_then(rows, 1000, 3, 21)
    current = np.round(ride.current + rng.normal(0, 2.0, rows), 2)
    changed = {
        "battery_current": np.where(off, 0.0, current),
        "discharge_fet": ~off,
        "charge_fet": ~_now_and_then(rows, 1000, 6, 22),
        "protections": [["discharge-overcurrent"] if flag else [] for flag in named.tolist()],
    }
    settings = {
        "discharge_current_limit": float(np.quantile(current, 0.9)),
        "discharge_overcurrent_delay": 10.0,
        "charge_current_limit": max(float(-np.quantile(current, 0.02)), 5.5),
        "cell_undervoltage_limit": float(np.quantile(ride.volts, 0.2)) / cells,
        "cell_overvoltage_limit": float(np.quantile(ride.volts, 0.9)) / cells,
        "discharge_temperature_max": 27.0,
    }
    return board_log(ride, cells, changed=changed, settings=settings)


def _charge(ride: Drive, cells: int) -> Log:
    """A charge to the end with a current that tapers, and a balancer that goes on and off."""
    rows = len(ride.time)
    share = np.arange(rows) / rows
    rng = np.random.default_rng(23)
    current = np.round(-5 * np.minimum(1.0, (1 - share) / 0.25) + rng.normal(0, 0.02, rows), 2)
    volts = cells * (3.4 + 0.8 * np.minimum(share / 0.8, 1.0))
    balancing = (np.arange(rows) // 300 % 2 == 0) & (share > 0.5)
    each = np.zeros((rows, cells))
    each[balancing, 3] = 1.0
    changed = {
        "balancing": balancing,
        "cells_balancing": each,
        "balance_current": np.where(balancing, 0.6, 0.0),
        "soc": np.round(share, 2),
        "charger_connected": np.ones(rows, dtype=bool),
    }
    return board_log(replace(ride, speed=np.zeros(rows), current=current, volts=volts), cells, changed=changed)


def _rest(ride: Drive, cells: int) -> Log:
    """A pack at rest whose charge creeps away."""
    rows = len(ride.time)
    volts = cells * (3.9 - 0.02 * np.arange(rows) / rows)
    rest = replace(ride, time=10 * ride.time, speed=np.zeros(rows), current=np.zeros(rows), volts=volts)
    return board_log(rest, cells, changed={"soc": np.full(rows, 0.7)})


def _weeks(ride: Drive, cells: int) -> Log:
    """A poll every ten seconds for weeks: rides of an hour, charges of three and rests in turn."""
    rows = len(ride.time)
    place = np.arange(rows) % 3000
    rng = np.random.default_rng(24)
    current = np.where(place < 360, np.abs(ride.current), np.where((place > 1000) & (place < 2000), -4.0, 0.0))
    current = np.round(current + rng.normal(0, 0.02, rows) * (current != 0), 2)
    charge = 0.85 - np.clip(place / 360, 0, 1) * 0.6 + np.clip((place - 1000) / 1000, 0, 1) * 0.6
    volts = cells * (3.4 + 0.75 * charge) - 0.004 * cells * current
    return board_log(
        replace(ride, time=100 * ride.time, current=current, volts=volts), cells, changed={"soc": np.round(charge, 2)}
    )
