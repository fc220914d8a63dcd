"""No log breaks a detector: cut off, empty, constant, full of holes, without a clock, or of nothing but settings."""

import numpy as np
import pytest

from ridelog.log import LogBuilder, Role
from tests import rides

from .suite import MAKERS, all_well_formed, case_of, columns_of, copied, every_detector, every_role, log_of


@pytest.fixture(scope="module")
def truncated_rides():
    cut = copied(rides.cut_under_load(120.0, 4.0)[0])
    cases = {}
    for rows in (0, 1, 2, 5, 60):
        made = every_role(lambda columns, role, rows=rows: {name: values[:rows] for name, values in columns.items()})
        made["cut"] = case_of([log_of({name: values[:rows] for name, values in cut.items()}, Role.CONTROLLER)])
        cases |= {f"{name}, {rows} rows": case for name, case in made.items()}
    return cases


@every_detector
def test_truncated_and_empty_logs_never_break_it(detector, truncated_rides):
    all_well_formed(detector, truncated_rides)


@pytest.fixture(scope="module")
def odd_rides():
    def flipped(columns, _):
        return {name: -values if name.endswith("_current") else values for name, values in columns.items()}

    def constant(columns, _):
        return {
            name: values if name == "time" or not len(values) else [values[0]] * len(values)
            for name, values in columns.items()
        }

    def null(columns, _):
        return {
            name: np.full(values.shape, np.nan)
            if isinstance(values, np.ndarray) and values.dtype.kind == "f" and name != "time"
            else values
            for name, values in columns.items()
        }

    def stopped(columns, _):
        return {**columns, "time": np.zeros(len(columns["time"]))}

    def holes(columns, _):
        columns = copied(columns)
        for number, values in enumerate(columns.values()):
            if number and isinstance(values, np.ndarray) and values.dtype.kind == "f":
                values[number % 3 :: 3] = np.nan
        return columns

    cases = {}
    for change in (flipped, constant, null, stopped, holes):
        cases |= {f"{change.__name__} {name}": case for name, case in every_role(change).items()}
    for role in MAKERS:
        columns = columns_of(role)
        cases[f"two alike {role}"] = case_of([log_of(columns, role), log_of(columns, role)])
        cases[f"only time {role}"] = case_of([log_of({"time": columns["time"]}, role)])
    return cases | {"configuration": case_of([_configuration()]), "listing": case_of([_listing()])}


def _configuration():
    return rides.log(
        {"time": np.zeros(1)},
        Role.CONFIG,
        settings={"battery_cut_start": 66.0, "battery_cut_end": 60.0, "controller_voltage_max": 89.0},
    )


def _listing():
    builder = LogBuilder(np.zeros(2), np.arange(2) + 1)
    builder.add("event", ["fault", "fault"])
    builder.add("fault_code", np.array([np.nan, 999.0]))
    return builder.build(Role.EVENTS, "test")


@every_detector
def test_odd_logs_never_break_it(detector, odd_rides):
    all_well_formed(detector, odd_rides)
