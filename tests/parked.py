"""Made-up logs of a board at rest, on a charger and on a short ride: 20 groups of NMC, 20 Ah, stated here for tests."""

import numpy as np

from ridelog.battery.ocv import table_for_chemistry
from ridelog.clock import Clock, ClockBasis
from ridelog.log import Identity, LogBuilder, Role

SERIES = 20
CAPACITY_AH = 20.0
HOUR = 3600.0
TABLE = table_for_chemistry("nmc")


def board(time, soc, current, ohm=0.002, offsets=None, seed=3):
    """Columns of a BMS log: cells at that state of charge (0..1) and current (A, discharge positive), 1 mV resolution."""
    rng = np.random.default_rng(seed)
    soc = np.broadcast_to(np.asarray(soc, dtype=float), time.shape)
    current = np.broadcast_to(np.asarray(current, dtype=float), time.shape)
    cells = (TABLE.voltage(soc) - ohm * current)[:, None] + rng.normal(0, 0.0008, (len(time), SERIES))
    if offsets is not None:
        cells = cells + offsets
    cells = np.round(cells, 3)
    on = np.ones(len(time))
    return {
        "time": time,
        "cell_voltages": cells,
        "pack_voltage": np.round(cells.sum(axis=1), 2),
        "battery_current": np.round(current, 2),
        "discharge_fet": on.copy(),
        "charge_fet": on.copy(),
        "balancing": np.zeros(len(time)),
        "full_charge_capacity": np.full(len(time), CAPACITY_AH),
        "bms_fet_temperature": np.full(len(time), 24.0) + np.round(0.5 * np.sin(time / 900)),
        "battery_temperature": np.full(len(time), 22.0),
    }


def resting(hours=30.0, level=0.6, per_day=0.0, settle_v=0.0, step=120.0, offsets=None):
    """A parked pack that loses `per_day` of its charge and settles by `settle_v` V a cell after a charge."""
    time = np.arange(0, hours * HOUR, step)
    columns = board(time, level - per_day * time / 86_400, 0.0, offsets=offsets)
    settling = settle_v * np.exp(-time / 2400)
    columns["cell_voltages"] = np.round(columns["cell_voltages"] + settling[:, None], 3)
    return _summed(columns)


def charging(amps=5.0, top_v=4.20, taper=True, begin=0.45, step=10.0, after_s=1800.0):
    """A charge with constant current to `top_v` a cell, then at constant voltage, or with no voltage phase at all."""
    time, current, volts, soc = [], [], [], begin
    ohm, now = 0.004, 0.0
    flow = amps
    while now < 20 * HOUR:
        cell = float(TABLE.voltage(min(soc, 1.0))) + max(soc - 1.0, 0.0) * 2.0
        flow = min(amps, (top_v - cell) / ohm) if taper else amps
        if flow < 0.06 * amps or (not taper and cell + ohm * flow >= top_v):
            break
        time.append(now)
        current.append(-flow)
        volts.append(cell + ohm * flow)
        soc += flow * step / 3600 / CAPACITY_AH
        now += step
    for second in np.arange(now, now + after_s, step):
        time.append(second)
        current.append(0.0)
        volts.append(volts[-1] + (cell - volts[-1]) * step / 600)
    columns = board(np.array(time), 0.5, np.array(current), ohm=0.0)
    noise = columns["cell_voltages"] - float(TABLE.voltage(0.5))
    columns["cell_voltages"] = np.round(np.array(volts)[:, None] + noise, 3)
    columns["end"] = int(np.flatnonzero(np.array(current) < 0)[-1]) + 1
    return _summed(columns)


def _summed(columns):
    columns["pack_voltage"] = np.round(columns["cell_voltages"].sum(axis=1), 2)
    return columns


def log(columns, family="", model="", settings=None, keep=None, names=None, role=Role.BMS):
    """A log of columns; `keep` leaves out the others; `names` gives the protections of each row."""
    time = columns["time"]
    builder = LogBuilder(time, np.arange(len(time)) + 2)
    for name, values in columns.items():
        if name not in ("time", "end") and (keep is None or name in keep):
            builder.add(name, values)
    if names is not None:
        builder.add("protections", names)
    return builder.build(
        role,
        "test",
        clock=Clock(ClockBasis.TIME_OF_DAY, 3_600.0),
        identity=Identity(family=family, model=model),
        settings={"chemistry": "nmc", **(settings or {})},
    )


def check(incident, name):
    """The answer of one detector."""
    return next(item for item in incident.checks if item.name == name)


def severities(incident, name):
    """Severities of what one detector found."""
    return [str(finding.severity) for finding in check(incident, name).findings]
