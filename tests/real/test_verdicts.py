"""Verdicts on real logs: a ride on which nothing failed is no incident, and a fault listing leads to what it was."""

from __future__ import annotations

from pathlib import Path

import pytest

import ridelog
from benchmarks.fault_listings import Thread, threads

#: Rides on which nothing in the rows shows a fault. The fixture of three made-up rows in vesc_tool has a fault code.
HEALTHY = (
    "vesc_tool/DEMO_LOGS_2025-09-28_13-59-59.csv",
    "vesc_tool/DEMO_LOGS_2025-09-28_14-10-31.csv",
    "vesc_tool/dsoto_ev_2021_data.csv",
    "vesc_tool/pcollins_2020_log_file.csv",
    "vesc_tool/ride_log_101_2025-09-30_11-07-12.csv",
    "float_control/floatview_demo.csv",
    "wheellog/log_test1.csv",
    "wheellog/2020_05_16_08_02_06.csv",
    "wheellog/2020_05_28_07_52_00.csv",
)


def events(incident: ridelog.Incident) -> list[str]:
    """What is said to have happened at a moment and to want action."""
    return [
        finding.message
        for check in incident.checks
        for finding in check.findings
        if finding.event and finding.severity != "info"
    ]


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_real_ride_is_healthy(real_logs: Path, name: str) -> None:
    incident = ridelog.analyze(str(real_logs / name))
    assert incident.verdict.cause == "none"
    assert events(incident) == []


def test_a_wheel_logged_for_four_months_never_has_an_incident(real_logs: Path) -> None:
    rides = sorted((real_logs / "wheellog" / "deLiseLINO").glob("*.csv"))
    assert len(rides) == 19
    said = {ride.name: ridelog.analyze(str(ride)) for ride in rides}
    assert {name: incident.verdict.cause for name, incident in said.items()} == dict.fromkeys(said, "none")
    assert [message for incident in said.values() for message in events(incident)] == []


@pytest.mark.parametrize(
    ("name", "cause", "group"),
    [("car1", "cell-imbalance", None), ("car2", "self-discharging-cell", "Cell group 82")],
)
def test_an_electric_car_has_a_state_and_no_incident(real_logs: Path, name: str, cause: str, group: str | None) -> None:
    incident = ridelog.analyze(str(real_logs / "ev_cells" / f"{name}_processed.zip"))
    assert events(incident) == []
    assert incident.verdict.cause == cause
    assert incident.verdict.onset is None
    if group is not None:
        assert group in incident.verdict.summary


def test_switching_a_board_on_a_bench_by_command_is_no_incident(real_logs: Path) -> None:
    (capture,) = real_logs.rglob("btsnoop_hci_ANT-BLE24BHUB-commands.log")
    incident = ridelog.analyze(str(capture))
    assert events(incident) == []
    assert incident.verdict.cause == "cell-imbalance"


@pytest.fixture(scope="module")
def resolved(real_logs: Path) -> list[Thread]:
    return [thread for thread in threads(real_logs) if thread.resolved]


def test_fault_listings_lead_to_what_the_owner_found(resolved: list[Thread]) -> None:
    assert len(resolved) == 14
    assert sum(thread.first for thread in resolved) >= 9
    assert sum(thread.within_two for thread in resolved) >= 12


def test_what_a_listing_cannot_tell_apart_is_not_claimed(resolved: list[Thread]) -> None:
    """Braking into a board that refuses charge and into a loose contact print the same listing."""
    twins = [thread for thread in resolved if thread.name in ("16714", "25135")]
    assert len(twins) == 2
    for thread in twins:
        told = dict(thread.ranked)
        assert max(told["charge-fet-open-in-regen"], told["power-path-open"]) <= 0.6
