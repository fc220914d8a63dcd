import dataclasses

import numpy as np
import pytest

from ridelog.finding import Interval
from ridelog.log import LogBuilder, Role
from ridelog.reports.drawing import ticks, time_ticks
from ridelog.reports.figures import groups
from ridelog.reports.overlay import overlays
from ridelog.reports.route import route
from ridelog.ride import Ride, Track

from . import incidents


def test_the_window_lies_around_the_onset():
    (group,) = groups(incidents.trip())
    low, high = group.window
    assert group.incident
    assert low < incidents.TRIP_S < high
    assert high - low < 120


def test_a_healthy_ride_is_shown_whole():
    (group,) = groups(incidents.healthy())
    assert not group.incident
    assert group.window == group.span


def test_logs_on_one_clock_share_panels_and_name_their_log():
    (group,) = groups(incidents.trip())
    current = next(panel for panel in group.panels if panel.id == "current")
    assert [series.name for series in current.series] == [
        "Battery · ride.csv",
        "Motor · ride.csv",
        "Battery · bms.bin",
    ]
    assert len({(series.colour, series.dash) for series in current.series}) == 3


def test_what_a_healthy_pack_would_have_done_is_drawn():
    (group,) = groups(incidents.trip())
    names = [series.name for panel in group.panels if panel.id == "voltage" for series in panel.series]
    assert any(name.startswith("Healthy pack would have") for name in names)


def test_a_log_on_its_own_clock_gets_its_own_group_and_keeps_its_marks():
    first, second = groups(incidents.trip(aligned=False))
    assert (first.logs, second.logs) == ((0,), (1,))
    assert [mark.number for mark in first.marks] == [1, 3]
    assert second.marks == ()


def test_channels_that_findings_cite_are_shown_but_positions_never():
    incident = incidents.trip(with_bms=False)
    log = incident.ride.tracks[0].log
    builder = LogBuilder(log.time, log.source_rows)
    builder.add("pack_voltage", log.values("pack_voltage"))
    builder.add("pitch", np.sin(log.time))
    builder.add("altitude", log.time)
    builder.add("latitude", log.time / 100)
    incident.ride = Ride((Track(0, builder.build(Role.CONTROLLER, "made-up")),), 0)
    cited = dataclasses.replace(incident.findings[0], channels=("pitch", "altitude", "latitude", "no-such-channel"))
    incident.checks = (dataclasses.replace(incident.checks[0], findings=(cited,)),)
    (group,) = groups(incident)
    names = [series.name for panel in group.panels for series in panel.series]
    assert "Pitch" in names
    assert not {"Altitude", "Latitude"} & set(names)


def test_electrical_speed_stands_in_for_speed():
    incident = incidents.healthy()
    builder = LogBuilder(np.arange(50.0), np.arange(50) + 2)
    builder.add("erpm", np.linspace(0, 9000, 50))
    incident.ride = Ride((Track(0, builder.build(Role.CONTROLLER, "made-up")),), 0)
    (group,) = groups(incident)
    assert [panel.id for panel in group.panels] == ["rotation"]


def test_an_onset_on_another_clock_does_not_move_the_window_of_a_log():
    incident = incidents.trip(aligned=False)
    incident.verdict = dataclasses.replace(incident.verdict, onset=Interval(100.0, 101.0))
    first, second = groups(incident)
    assert first.window[0] == pytest.approx(90.0)
    assert second.window == second.span


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3.2, 71.9), (3.412, 3.418), (1e6, 2e6), (5, 5)])
def test_ticks_are_round_and_inside(low, high):
    values = ticks(low, high)
    assert 1 <= len(values) <= 7
    assert all(low - 1e-9 <= value <= high + 1e-9 for value in values)


@pytest.mark.parametrize("span", [0.001, 0.5, 12, 600, 86_400, 4e7, 1e10])
def test_no_span_of_time_gives_too_many_ticks(span):
    assert 1 <= len(time_ticks(100.0, 100.0 + span)) <= 9


def test_the_shared_signal_is_drawn_for_aligned_logs_only():
    ((picture, caption),) = overlays(incidents.trip())
    assert picture.count('class="line') == 2
    assert "ride.csv (solid) and bms.bin (dashed)" in caption
    assert not list(overlays(incidents.trip(aligned=False)))
    assert not list(overlays(incidents.healthy()))


def test_a_route_needs_positions():
    assert route(incidents.trip(with_bms=False)).startswith("<svg")
    incident = incidents.healthy()
    builder = LogBuilder(np.arange(5.0), np.arange(5) + 2)
    builder.add("latitude", np.zeros(5))
    builder.add("longitude", np.zeros(5))
    incident.ride = Ride((Track(0, builder.build(Role.CONTROLLER, "made-up")),), 0)
    assert route(incident) == ""
