"""Real VESC logs, listings and configurations. The expected numbers come from the sources, not from this code."""

import json
from collections import Counter, defaultdict

import numpy as np
import pytest

from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.faults import fault_by_name
from ridelog.log import Role
from ridelog.reading import read

LABEL_CHANNELS = (
    "motor_current",
    "motor_current_filtered",
    "pack_voltage",
    "duty",
    "erpm",
    "cycles_running",
    "fet_temperature",
)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("dsoto_ev_2021_data.csv", 752),
        ("pcollins_2020_log_file.csv", 1037),
        ("DEMO_LOGS_2025-09-28_13-59-59.csv", 883),
        ("DEMO_LOGS_2025-09-28_14-10-31.csv", 1255),
        ("ride_log_101_2025-09-30_11-07-12.csv", 168),
        ("floatview_fixture_vesc_metric_SUBSET_SYNTHETIC.csv", 3),
    ],
)
def test_every_row_of_a_vesc_tool_log(real_logs, name, rows):
    (log,) = read(str(real_logs / "vesc_tool" / name))
    assert log.parser == "vesc-tool"
    assert log.rows == rows
    assert log.source_rows.tolist() == list(range(2, rows + 2))
    assert not [item for item in log.damage if item.effect == "lost"]


@pytest.mark.parametrize(
    ("name", "cells", "capacity"),
    [
        ("dsoto_ev_2021_data.csv", 14, 6.0),
        ("DEMO_LOGS_2025-09-28_13-59-59.csv", 20, 10.0),
        ("DEMO_LOGS_2025-09-28_14-10-31.csv", 20, 10.0),
        ("ride_log_101_2025-09-30_11-07-12.csv", 20, 10.0),
        ("pcollins_2020_log_file.csv", 3, 6.0),
    ],
)
def test_the_configured_pack(real_logs, name, cells, capacity):
    (log,) = read(str(real_logs / "vesc_tool" / name))
    assert log.settings["series_cells"] == cells
    assert log.settings["nominal_capacity"] == pytest.approx(capacity, abs=0.02)
    assert log.settings["chemistry"] == "nmc"


def test_dates_zones_and_time(real_logs):
    (log,) = read(str(real_logs / "vesc_tool" / "DEMO_LOGS_2025-09-28_13-59-59.csv"))
    assert log.clock.basis is ClockBasis.UTC
    assert log.clock.zone == "-07:00"
    assert log.clock.start == pytest.approx(
        np.datetime64("2025-09-28T20:59:59.992").astype("datetime64[ms]").astype(float) / 1e3
    )
    (bench,) = read(str(real_logs / "vesc_tool" / "pcollins_2020_log_file.csv"))
    assert np.diff(bench.time).max() == pytest.approx(2.362)


def test_old_blocks_are_not_believed(real_logs):
    (log,) = read(str(real_logs / "vesc_tool" / "dsoto_ev_2021_data.csv"))
    assert np.isnan(log.values("speed")[0])
    assert "51.5 s" in next(item.message for item in log.damage if item.kind is DamageKind.STALE_BLOCK)


def test_sensors_that_are_not_there(real_logs):
    (log,) = read(str(real_logs / "vesc_tool" / "pcollins_2020_log_file.csv"))
    assert not log.has("motor_temperature")
    assert not log.has("fet_temperature_1")
    assert not log.has("roll")


def test_the_highest_regen_voltage_of_a_healthy_ride(real_logs):
    (log,) = read(str(real_logs / "vesc_tool" / "DEMO_LOGS_2025-09-28_13-59-59.csv"))
    assert np.nanmax(log.values("pack_voltage")) == 86.7
    assert np.nanmin(log.values("battery_current")) < -20
    assert not (log.values("fault_code") != 0).any()


def labels(real_logs):
    records = defaultdict(list)
    for line in (real_logs / "vesc_faults" / "LABELS.jsonl").read_text().splitlines():
        entry = json.loads(line)
        records[entry["file"]] += entry["records"]
    return records


def test_every_record_of_every_faults_listing(real_logs):
    expected = labels(real_logs)
    found = {}
    for path in sorted((real_logs / "vesc_faults").glob("*.txt")):
        (log,) = read(str(path))
        assert (log.role, log.parser) == (Role.EVENTS, "vesc-faults")
        codes = log.values("fault_code")
        values = [[log.values(name)[row] for name in LABEL_CHANNELS] for row in range(log.rows)]
        found[path.name] = [
            (int(code), *(None if np.isnan(value) else float(value) for value in row))
            for code, row in zip(codes, values, strict=True)
        ]
    wanted = {
        name: [
            (fault_by_name(fault).code, *(None if value is None else float(value) for value in numbers))
            for fault, *numbers in records
        ]
        for name, records in expected.items()
    }
    assert set(found) == set(wanted)
    for name in wanted:
        assert found[name] == wanted[name], name


def test_what_was_quoted_again_counts_once(real_logs):
    (log,) = read(str(next((real_logs / "vesc_faults").glob("25135_*"))))
    assert {item.kind: item.count for item in log.damage} == {DamageKind.DUPLICATE_ROW: 12}
    (web,) = read(str(real_logs / "vesc_faults" / "web_examples.txt"))
    assert Counter(web.names("driver_faults")) == {None: 2, ("FETLB_OC", "FETHB_OC", "GVDD_UV"): 1}


@pytest.mark.parametrize(
    ("name", "rows", "some"),
    [
        (
            "Lauszus_motor_12s.xml",
            119,
            {"controller_voltage_min": 39.6, "battery_regen_current_max": 20, "fault_stop_time": 0.5},
        ),
        (
            "esb_forum_23208_mcconf.xml",
            90,
            {"controller_voltage_max": 25.4, "motor_brake_current_max": 60, "fault_stop_time": 3},
        ),
        ("makevoid_default.xml", 90, {"battery_cut_start": 28, "battery_cut_end": 26.4, "battery_current_max": 25}),
    ],
)
def test_motor_configurations(real_logs, name, rows, some):
    (log,) = read(str(real_logs / "vesc_mcconf" / name))
    assert (log.role, log.rows) == (Role.CONFIG, rows)
    assert {key: log.settings[key] for key in some} == some
    assert not log.damage
