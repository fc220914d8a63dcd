"""Frames that others decoded before, as they wrote them down, and the comparison with what we make of them."""

import json

import pytest

from ridelog.clock import Clock, ClockBasis
from ridelog.parsers.frames.ant_7ea1 import AntNew
from ridelog.parsers.frames.ant_old import AntOld
from ridelog.parsers.frames.daly_a5 import DalyA5
from ridelog.parsers.frames.daly_d2 import DalyD2, DalyDL
from ridelog.parsers.frames.jbd import Jbd
from ridelog.parsers.frames.jbd_up import JbdUp
from ridelog.parsers.frames.protocol import Packet

NO_CLOCK = Clock(ClockBasis.NONE)


PROTOCOLS = (AntOld(), AntNew(), Jbd(), JbdUp(), DalyA5(), DalyD2(), DalyDL())


def vectors(real_logs, name):
    lines = (real_logs / "bms_vectors" / f"{name}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def decode(frame_hex):
    """Values of the one sample of a frame, or its settings and identity where it is none."""
    packets = [Packet(bytes.fromhex(frame_hex), 0)]
    for protocol in PROTOCOLS:
        if protocol.count(packets):
            logs = protocol.logs(packets, NO_CLOCK, "test")
            if not logs:
                return {}
            (log,) = logs
            row = log.to_polars().to_dicts()[0] if log.has("pack_voltage") or log.has("cell_voltages") else {}
            return row | {"settings": dict(log.settings), "identity": log.identity}
    return None


#: Field of aiobmsble to ours; currents and powers are compared apart, by sign convention.
AIOBMSBLE = {
    "cell_count": lambda row: row["cell_count"],
    "temp_sensors": lambda row: len(row["battery_temperatures"]),
    "voltage": lambda row: row["pack_voltage"],
    "battery_level": lambda row: round(row["soc"] * 100, 1),
    "battery_health": lambda row: round(row["soh"] * 100),
    "cycle_charge": lambda row: row["remaining_capacity"],
    "design_capacity": lambda row: row["nominal_capacity"],
    "cell_voltages": lambda row: row["cell_voltages"],
    "balancer": lambda row: bool(row["balancing"]),
    "chrg_mosfet": lambda row: row["charge_fet"],
    "dischrg_mosfet": lambda row: row["discharge_fet"],
}
AIOBMSBLE_SKIPPED = {
    "cycle_capacity": "computed by the library: capacity times voltage",
    "temperature": "computed by the library: mean of the sensors",
    "problem": "computed by the library from the problem code",
    "problem_code": "raw bits; their names are compared with the labelled frames",
    "runtime": "computed by the library for JBD; compared for ANT",
    "total_charge": "lifetime counter without a channel",
    "battery_charging": "sign of the current, compared there",
}


def near(value, expected, tolerance=0.0011):
    if isinstance(expected, list):
        return len(value) == len(expected) and all(near(a, b) for a, b in zip(value, expected, strict=True))
    if isinstance(expected, bool) or expected is None:
        return value is expected
    return value == pytest.approx(expected, abs=tolerance)


def compare(row, expected, fields, skipped):
    wrong = []
    for name, value in expected.items():
        if name.startswith("_"):
            continue
        assert name in fields or name in skipped, f"field {name} is neither compared nor skipped with a reason"
        if name in fields and not near(fields[name](row), value):
            wrong.append((name, fields[name](row), value))
    return wrong
