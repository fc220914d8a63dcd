"""What the suite of all detectors is made of: the detectors, rides of each role, and the form of an answer."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from ridelog import detection, plugins
from ridelog.alignment import AlignmentOptions, join
from ridelog.battery.estimate import estimate_pack
from ridelog.battery.pack import PackOptions
from ridelog.detection import Case
from ridelog.finding import Severity, Status
from ridelog.log import Role
from ridelog.pipeline import Options, read_all
from ridelog.simulate.case import simulate_family
from ridelog.simulate.catalogue import family
from tests import rides

DETECTORS = plugins.detectors()
SHORT_S = 60.0
MAKERS = {
    Role.CONTROLLER: lambda seconds: {
        **rides.controller(seconds),
        "pitch": np.full(int(seconds * 10), 1.5),
        "remote_input": np.round(np.clip(rides.shape(seconds)[2] / 50, -1, 1), 2),
        "controller_count": np.full(int(seconds * 10), 2.0),
        "ride_state": np.ones(int(seconds * 10)),
    },
    Role.BMS: rides.board,
    Role.WHEEL: rides.wheel,
    Role.EVENTS: lambda _: rides.fault_list(),
}

every_detector = pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.name)


@cache
def columns_of(role, seconds=SHORT_S):
    return MAKERS[role](seconds)


def log_of(columns, role):
    return rides.log(columns, role)


def case_of(logs):
    ride = join(logs, AlignmentOptions())
    families = (track.log.identity.family for track in ride.bms if track.log.identity.family)
    return Case(ride, estimate_pack(ride, PackOptions()), ride.settings, next(families, ""))


def check_of(detector, case):
    return detection.run([detector], case)[0]


def alarms(detector, cases):
    """What a detector raises on rides by name, in words: findings of severity warning or above."""
    return [
        f"{name}: {finding.message}"
        for name, case in cases.items()
        for finding in check_of(detector, case).findings
        if finding.severity.level >= Severity.WARNING.level
    ]


def all_well_formed(detector, cases):
    """Run a detector over rides by name; it may answer what it likes, in good form."""
    wrong = []
    for name, case in cases.items():
        wrong += [f"{name}: {fault}" for fault in _faults_of_form(check_of(detector, case), case)]
    assert not wrong, "\n".join(wrong)


def _faults_of_form(check, case):
    """What is wrong with the form of an answer, in words; nothing when it is well formed."""
    if check.status is Status.FOUND:
        if not check.findings:
            yield "found, without a finding"
    elif not check.reason:
        yield f"{check.status}, without a reason"
    for finding in check.findings:
        if not finding.message.strip():
            yield "an empty message"
        if not 0 <= finding.log < len(case.ride.tracks):
            yield f"no log {finding.log}"
            continue
        source = case.ride.tracks[finding.log].log.source_rows
        if len(source) and not source.min() <= finding.rows[0] <= finding.rows[1] <= source.max():
            yield f"rows {finding.rows} of {source.min()} to {source.max()}"
        if not finding.onset.earliest_s <= finding.onset.latest_s:
            yield f"onset {finding.onset}"
        if not finding.start_s <= finding.end_s:
            yield f"from {finding.start_s} to {finding.end_s} s"
        if not all(math.isfinite(value) for value in (finding.start_s, finding.end_s, finding.onset.earliest_s)):
            yield "a moment that is not finite"
        for item in finding.measurements:
            if not (math.isfinite(item.value) and _finite(item.limit)):
                yield f"{item.name} {item.value}, limit {item.limit}"
    for name, item in check.evidence.items():
        if not 0 <= item.strength <= 1:
            yield f"{name} has strength {item.strength}"
        if item.at is not None and not item.at.earliest_s <= item.at.latest_s:
            yield f"{name} at {item.at}"


def _finite(value):
    return value is None or math.isfinite(value)


def simulated_case(folder, name, suite, duration_s, seed=3):
    kind = family(name)
    case = simulate_family(replace(kind, duration_s=duration_s) if duration_s else kind, seed, suite)
    folder = folder / name
    folder.mkdir()
    for file, data in case.files.items():
        (folder / file).write_bytes(data)
    return case_of(read_all([str(folder / file) for file in case.files], Options()))


def bad_board():
    columns = rides.board(300.0)
    columns["cell_voltages"][:, 4] -= 0.25 + 0.01 * np.clip(columns["battery_current"], 0, None)
    columns["cell_voltage_min"] = columns["cell_voltages"].min(axis=1)
    columns["pack_voltage"] = columns["cell_voltages"].sum(axis=1)
    columns["bms_temperature"] = columns["bms_temperature"] + 60
    columns["soc"][300:] -= 0.4
    columns["discharge_fet"][400:500] = False
    columns["charge_fet"][200:250] = False
    columns["protections"][400:500] = [["discharge-overcurrent"]] * 100
    return columns


def every_role(change):
    """Rides of each role alone and of all on one vehicle, every log changed by `change`."""
    logs = {role: log_of(change(dict(columns_of(role)), role), role) for role in MAKERS}
    cases = {str(role): case_of([log]) for role, log in logs.items()}
    return cases | {"together": case_of([logs[Role.CONTROLLER], logs[Role.BMS], logs[Role.EVENTS]])}


def copied(columns):
    return {name: values.copy() if isinstance(values, np.ndarray) else list(values) for name, values in columns.items()}
