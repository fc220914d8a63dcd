"""Made-up rides for tests: an ordinary pack driven by an ordinary rider, and what can go wrong with it.

The pack is 20S with an ohmic part and one slow part; its numbers are stated here, so that tests can compare with them.
"""

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.log import LogBuilder, Role

SERIES = 20
OHM = 0.085
SLOW_OHM = 0.03
SLOW_S = 12.0
OPEN_V = 78.0


def shape(seconds=600.0, rate=10.0, seed=1, high_a=45.0):
    """Time, speed and battery current of an ordinary ride, in s, m/s and A (discharge positive)."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    speed = np.zeros(len(time))
    current = np.zeros(len(time))
    target, until = 0.0, 0.0
    for row in range(1, len(time)):
        if time[row] >= until:
            target = float(rng.choice([0.0, 3.0, 6.0, 9.0]))
            until = time[row] + float(rng.uniform(4, 14))
        wish = np.clip((target - speed[row - 1]) * 12 + 0.6 * speed[row - 1], -16, high_a)
        current[row] = 0.75 * current[row - 1] + 0.25 * (wish + rng.normal(0, 0.3))
        speed[row] = max(speed[row - 1] + (current[row] - 0.6 * speed[row - 1]) * 0.05 * 10 / rate, 0.0)
        if speed[row] == 0.0 and target == 0.0:
            current[row] = 0.1
    return time, speed, current


def voltage(time, current, open_v=OPEN_V, ohm=OHM, seed=2):
    """Voltage of the pack at that current, in V, with 20 mV of noise."""
    rng = np.random.default_rng(seed)
    slow = np.zeros(len(time))
    for row in range(1, len(time)):
        part = 1 - np.exp(-(time[row] - time[row - 1]) / SLOW_S)
        slow[row] = slow[row - 1] + (current[row] - slow[row - 1]) * part
    steps = np.diff(time, prepend=time[0])
    drained = np.cumsum(current * steps) / 3600
    return open_v - 0.4 * drained - ohm * current - SLOW_OHM * slow + rng.normal(0, 0.02, len(time))


def controller(seconds=600.0, rate=10.0, seed=1, open_v=OPEN_V, ohm=OHM, high_a=45.0):
    """Columns of a healthy controller log, a dict that tests change before `log` makes a log of it."""
    time, speed, current = shape(seconds, rate, seed, high_a)
    volts = voltage(time, current, open_v, ohm)
    step = np.diff(time, prepend=time[0])
    return {
        "time": time,
        "pack_voltage": np.round(volts, 1),
        "battery_current": np.round(current, 2),
        "motor_current": np.round(current * 1.9, 2),
        "duty": np.round(speed / 12, 3),
        "erpm": np.round(speed * 900),
        "speed": np.round(speed, 3),
        "fault_code": np.zeros(len(time)),
        "fet_temperature": np.round(35 + 12 * (1 - np.exp(-time / 400)), 1),
        "motor_temperature": np.round(30 + 20 * (1 - np.exp(-time / 600)), 1),
        "amp_hours_used": 1.2 + np.cumsum(np.clip(current, 0, None) * step) / 3600,
        "watt_hours_used": 90 + np.cumsum(np.clip(current, 0, None) * volts * step) / 3600,
        "tachometer_absolute": 5000 + np.cumsum(speed * step * 900 / 10),
        "controller_id": np.ones(len(time)),
    }


def log(columns, role=Role.CONTROLLER, settings=None, keep=None, derived=None):
    """A log of columns; `keep` leaves out the others; `derived` marks channels as computed."""
    time = columns["time"]
    builder = LogBuilder(time, np.arange(len(time)) + 2)
    for name, values in columns.items():
        if name != "time" and (keep is None or name in keep):
            builder.add(name, values, derived=(derived or {}).get(name, ""))
    return builder.build(
        role, "test", clock=Clock(ClockBasis.TIME_OF_DAY, 43_200.0), settings={"series_cells": 20.0, **(settings or {})}
    )


def at(columns, seconds):
    """First row at or after a time."""
    return int(np.searchsorted(columns["time"], seconds))


def cut_under_load(seconds=600.0, when=300.0, rate=10.0, lasts=None):
    """The pack opens under load at about `when` s and stays open, or closes again after `lasts` s."""
    columns = controller(seconds, rate)
    busy = np.flatnonzero((columns["time"] >= when) & (columns["battery_current"] > 20))
    first = int(busy[3])
    last = len(columns["time"]) if lasts is None else at(columns, columns["time"][first] + lasts)
    tail = columns["time"][first:last] - columns["time"][first]
    columns["pack_voltage"][first:last] = np.round(4 + 40 * np.exp(-tail / 2.0), 1)
    columns["battery_current"][first:last] = 0.0
    columns["motor_current"][first:last] = 0.0
    return columns, first


def regen_into_open_pack(seconds=600.0, fault=True, spike_v=91.5):
    """Every braking from 300 s on meets no pack."""
    columns = controller(seconds)
    braking = (columns["battery_current"] < -4) & (columns["time"] >= 300)
    starts = np.flatnonzero(braking & ~np.roll(braking, 1))
    for row in starts:
        columns["pack_voltage"][row + 1] = spike_v
        stop = row + 7
        columns["battery_current"][row + 2 : stop] = 0.0
        columns["motor_current"][row + 2 : stop] = 0.0
        if fault:
            columns["fault_code"][row + 1 : stop] = 1
    return columns, int(starts[0]) + 1


def board(seconds=600.0, rate=2.0, seed=1, open_v=OPEN_V, ohm=OHM * 0.9):
    """Columns of a healthy BMS log of the same ride: 20 even cells, both FETs on, a meter that counts right."""
    time, _, current = shape(seconds, 10.0, seed)
    volts = voltage(time, current, open_v, ohm)
    rows = slice(None, None, int(10 / rate))
    time, current, volts = time[rows], current[rows], volts[rows]
    rng = np.random.default_rng(seed + 100)
    cells = np.round(volts[:, None] / SERIES + rng.normal(0, 0.001, SERIES) + rng.normal(0, 0.0005, (1, SERIES)), 3)
    used = np.cumsum(current * np.diff(time, prepend=time[0])) / 3600
    return {
        "time": time,
        "pack_voltage": np.round(cells.sum(axis=1), 2),
        "battery_current": np.round(current, 2),
        "cell_voltages": cells,
        "cell_voltage_max": cells.max(axis=1),
        "cell_voltage_min": cells.min(axis=1),
        "cell_max_index": cells.argmax(axis=1).astype(float),
        "cell_min_index": cells.argmin(axis=1).astype(float),
        "discharge_fet": np.ones(len(time), bool),
        "charge_fet": np.ones(len(time), bool),
        "balancing": np.zeros(len(time), bool),
        "balance_current": np.zeros(len(time)),
        "protections": [[] for _ in time],
        "soc": np.round(0.72 - used / 20, 2),
        "bms_temperature": np.round(28 + 4 * (1 - np.exp(-time / 900)), 1),
        "battery_temperature": np.round(24 + 3 * (1 - np.exp(-time / 900)), 1),
    }


def wheel(seconds=600.0, seed=1):
    """Columns of a healthy self-balancing wheel: the controller's, with pitch and PWM, five rows a second."""
    columns = {name: values[::2] for name, values in controller(seconds, 10.0, seed).items()}
    columns["pwm"] = np.clip(columns["duty"] * 0.9, 0, 0.8)
    columns["pitch"] = np.round(np.sin(columns["time"]) * 2, 1)
    columns["remote_input"] = np.clip(columns["battery_current"] / 50, -1, 1)
    return columns


def fault_list(codes=(2, 2, 2)):
    """Columns of a terminal's fault list, one row a record."""
    count = len(codes)
    return {"time": np.zeros(count), "fault_code": np.array(codes, dtype=float)}
