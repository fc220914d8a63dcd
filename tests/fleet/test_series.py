"""What is followed from ride to ride, and what counts for the order of the vehicles."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ridelog.fleet.ranking import compare
from ridelog.fleet.series import series
from ridelog.fleet.tables import PER_RIDE, arrow_schema
from ridelog.fleet.trends import own_past


def made(logs, **others):
    """Tables of rides that say only what a test is about."""
    import pyarrow as pa

    sound = {
        "model": "vesc 20S", "trips": 0, "cause": "none", "probability": 0.97, "severity": "info", "data_quality": 1.0,
        "data_notes": [], "error": "", "error_kind": "", "report": "",
    }  # fmt: skip
    tables = {name: arrow_schema(name).empty_table() for name in PER_RIDE}
    rows = {"logs": [sound | row for row in logs], **others}
    return tables | {name: pa.Table.from_pylist(own, arrow_schema(name)) for name, own in rows.items()}


def ride(vehicle, number, **more):
    key = f"{vehicle}-{number}"
    day = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)
    return {"ride_id": key, "vehicle": vehicle, "started": day, "files": [f"{key}.csv"], "sha256": [key]} | more


def cell_rows(vehicle, rides, offsets):
    return [
        {"ride_id": f"{vehicle}-{number}", "log": 1, "cell": cell + 1, "rest_offset_v": float(offsets[number, cell])}
        for number in range(rides)
        for cell in range(offsets.shape[1])
    ]


def test_the_choice_of_a_cell_makes_no_trend_out_of_noise():
    calls = 0
    for seed in range(150):
        noise = np.random.default_rng(seed).normal(0, 0.004, (12, 20))
        tables = made([ride("v", number) for number in range(12)], cell_health=cell_rows("v", 12, noise))
        calls += next(own_past(series(tables)))["p"] < 0.05
    # 5 % of 150 is 7.5; by the binomial distribution more than 18 has a probability below 0.001.
    assert calls <= 18


def test_a_cell_that_falls_away_is_followed():
    offsets = np.random.default_rng(3).normal(0, 0.002, (12, 20))
    offsets[:, 4] += 0.012
    offsets[:, 7] -= np.linspace(0, 0.03, 12)
    tables = made([ride("v", number) for number in range(12)], cell_health=cell_rows("v", 12, offsets))
    row = next(row for row in compare(tables)["trends"].to_pylist() if row["metric"] == "cell_offset")
    assert row["finding"]
    assert row["change_low"] < 0.03 < row["change_high"] + 0.004
    assert row["change"] == pytest.approx(0.03, abs=0.006)


def test_a_copy_counts_once():
    bad = {"cause": "bms-overcurrent-trip", "severity": "critical", "trips": 1, "probability": 0.9}
    once = compare(made([ride("v", 0), ride("v", 1, **bad)]))["vehicles"].to_pylist()[0]
    again = [ride("v", 1, **bad) | {"ride_id": f"copy-{number}"} for number in range(5)]
    copied = compare(made([ride("v", 0), ride("v", 1, **bad), *again]))["vehicles"].to_pylist()[0]
    assert copied == once
    assert (once["trips"], once["rides"]) == (1, 2)


def test_temperatures_are_no_tests_among_those_that_can_be_findings():
    rng = np.random.default_rng(1)
    rides = [ride("v", number, soc_error=0.02 * number + rng.normal(0, 0.01)) for number in range(10)]
    alone = compare(made(rides))["trends"].to_pylist()
    hot = {f"{place}_temperature_max": float(rng.normal(40, 5)) for place in ("battery", "fet", "motor")}
    shown = compare(made([one | hot for one in rides]))["trends"].to_pylist()
    assert [row["q"] for row in alone if row["metric"] == "soc_error"] == [
        row["q"] for row in shown if row["metric"] == "soc_error"
    ]
    assert not any(row["finding"] for row in shown if "temperature" in row["metric"])


def test_a_power_cut_nobody_can_explain_is_no_clean_bill():
    cut = ride("cut", 0, cause="undetermined", severity="critical", trips=1, probability=0.26)
    sound = [ride("sound", number) for number in range(3)]
    first, second = compare(made([*sound, cut]))["vehicles"].to_pylist()
    assert (first["vehicle"], first["reasons"]) == (
        "cut",
        ["Power cut, cause undetermined: 1 ride, last on 2026-01-01."],
    )
    assert second["risk"] == 0.0


def test_bad_data_never_add_risk():
    data = [
        ride("v", number, cause="telemetry-fault", severity="critical", data_quality=0.3, probability=0.99)
        for number in range(9)
    ]
    unread = ride("v", 9, error="The file is empty.", error_kind="unreadable", data_quality=0.0, sha256=[])
    poor = ride("v", 10, cause="bms-overcurrent-trip", severity="critical", trips=1, data_quality=0.4)
    (row,) = compare(made([*data, unread, poor]))["vehicles"].to_pylist()
    assert row["risk"] == 0.0
    assert row["data_quality"] < 0.4
