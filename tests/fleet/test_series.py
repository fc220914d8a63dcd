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
    poor = [
        ride("v", 10 + number, cause="bms-overcurrent-trip", severity="critical", trips=1, data_quality=0.4)
        for number in range(9)
    ]
    (row,) = compare(made([*data, unread, *poor]))["vehicles"].to_pylist()
    assert row["risk"] == 0.0
    assert row["data_quality"] < 0.4


def pack(vehicle, number, ohm, reference, basis="battery", parser="vesc-tool"):
    return {
        "ride_id": f"{vehicle}-{number}", "log": 0, "role": "controller", "parser": parser, "resistance_ohm": ohm,
        "resistance_low_ohm": 0.93 * ohm, "resistance_high_ohm": 1.07 * ohm, "resistance_reference_ohm": reference,
        "temperature_basis": basis, "confidence": 0.9,
    }  # fmt: skip


def test_an_ageing_pack_is_seen_in_seven_rides_and_its_sound_sisters_are_not():
    rng = np.random.default_rng(11)
    logs, packs = [], []
    for vehicle in range(14):
        for number in range(7):
            age = 1 + 0.5 * number / 6 * (vehicle == 3)
            reference = 0.1 * age * float(np.exp(rng.normal(0, 0.03)))
            logs.append(ride(f"v{vehicle:02d}", number))
            packs.append(pack(f"v{vehicle:02d}", number, reference * float(np.exp(rng.normal(0, 0.2))), reference))
    result = compare(made(logs, pack_health=packs))
    rows = {
        row["vehicle"]: row
        for row in result["trends"].to_pylist()
        if row["kind"] == "trend" and row["metric"] == "resistance"
    }
    assert [name for name, row in rows.items() if row["finding"]] == ["v03"]
    assert rows["v03"]["change_low"] < 0.5 < rows["v03"]["change_high"]
    first = result["vehicles"].to_pylist()[0]
    assert (first["vehicle"], first["rank"]) == ("v03", 1)
    assert first["resistance_change"] == rows["v03"]["change"]


def test_a_cold_board_is_no_cold_pack():
    # The board reports an autumn, the resistance knows nothing of it: taken at its word it would have fallen by 40 %.
    rng = np.random.default_rng(12)
    logs = [ride("wheel", 7 * number) for number in range(18)]
    ohms = 0.26 * np.exp(rng.normal(0, 0.03, 18))
    cold = np.linspace(-0.25, 0.3, 18) + rng.normal(0, 0.1, 18)
    packs = [pack("wheel", 7 * n, float(ohms[n]), float(ohms[n] * np.exp(-cold[n])), "board") for n in range(18)]
    result = compare(made(logs, pack_health=packs))
    row = next(row for row in result["trends"].to_pylist() if row["metric"] == "resistance")
    assert row["change_low"] < 0 < row["change_high"]
    assert row["temperature_share"] == pytest.approx(0, abs=0.2)
    assert not row["finding"]
    assert result["vehicles"].to_pylist()[0]["resistance_ohm"] == pytest.approx(0.26, rel=0.06)
