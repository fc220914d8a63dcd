from dataclasses import replace

import pytest

from ridelog import plugins
from ridelog.finding import Interval
from ridelog.incident import AlsoHappened
from ridelog.reporting import ReportOptions

from . import incidents


def text(incident, **options) -> str:
    return plugins.report("terminal").render(incident, ReportOptions(**options))


def test_the_summary_holds_what_matters():
    said = text(incidents.trip()).replace("\u00a0", " ")
    for words in (
        "! The pack will cut again under load",
        "Probable cause: The BMS cut the pack off: a cell was too low",
        "87 % (Calibrated on 4,800 simulated rides",
        "1. Critical: Power path open [PP01], 10:12.0 – 10:13.4",
        "See lines 12162 – 12190 of ride.csv.",
        "Could not be checked (2 of 7; 2 looked and found nothing)",
        "Log 1 (vesc-tool): no remote_input.",
        "62.1 mΩ",
        "Lost × 1: The last row ends in the middle; the logger lost its power. (first at 14402)",
    ):
        assert words in said
    assert said.index("will cut again") < said.index("Probable cause") < said.index("Findings")


def test_what_else_happened_stands_beside_the_verdict():
    incident = incidents.trip()
    other = AlsoHappened("telemetry-fault", 0.9, Interval(60.0, 61.0), "The current of the BMS stood still.")
    incident.verdict = replace(incident.verdict, also=(other,))
    said = " ".join(text(incident).replace("\u00a0", " ").split())
    assert "Also in this ride" in said
    assert "90 %" in said
    assert "1:00" in said and "stood still" in said


@pytest.mark.parametrize("build", [incidents.trip, incidents.hostile])
def test_no_escape_sequence_unless_asked_for(build):
    assert "\x1b" not in text(build())


def test_colours_on_request():
    assert "\x1b[" in text(incidents.trip(), color=True)


def test_colours_never_come_from_a_log():
    said = text(incidents.hostile(), color=True)
    assert "alert(1)" in said
    assert "\x1b[31m\ufffd" not in said
    assert "\u202e" not in said


@pytest.mark.parametrize("width", [40, 80, 200])
def test_lines_fit_the_terminal(width):
    assert max(len(line) for line in text(incidents.trip(), width=width).splitlines()) <= width


def test_the_terminal_of_this_machine_does_not_matter(monkeypatch):
    plain = text(incidents.trip())
    for name, value in (("FORCE_COLOR", "1"), ("COLUMNS", "33"), ("TERM", "xterm-256color"), ("JUPYTER_COLUMNS", "20")):
        monkeypatch.setenv(name, value)
    assert text(incidents.trip()) == plain


def test_a_healthy_ride():
    said = text(incidents.healthy())
    assert said.startswith("Nothing wrong found")
    assert "No check found anything." in said
