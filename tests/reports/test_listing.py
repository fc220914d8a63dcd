"""A list of events without times, and inputs that hardly allow a look, as a rider sees them."""

import pytest

from ridelog import plugins
from ridelog.pipeline import analyze
from ridelog.reporting import ReportOptions

RECORD = """Fault            : FAULT_CODE_OVER_VOLTAGE
Current          : -14.2
Current filtered : -14.3
Voltage          : 57.36
Duty             : 0.270
RPM              : 21833.3
Tacho            : 101
Cycles running   : {cycles}
TIM duty         : 1020
TIM val samp     : 510
TIM current samp : 36000
TIM top          : 72000
Comm step        : 0
Temperature      : 48.60
"""
SETTING = """<?xml version="1.0" encoding="UTF-8"?>
<MCConfiguration>
    <l_current_max>60</l_current_max>
    <l_abs_current_max>150</l_abs_current_max>
    <l_max_vin>57</l_max_vin>
    <l_battery_cut_start>34</l_battery_cut_start>
    <l_battery_cut_end>32</l_battery_cut_end>
</MCConfiguration>
"""


@pytest.fixture(scope="module")
def listing(tmp_path_factory):
    path = tmp_path_factory.mktemp("listing") / "faults.txt"
    text = "The following faults were registered since start:\n\n"
    path.write_text(text + "\n".join(RECORD.format(cycles=10841 + number) for number in range(3)), encoding="utf-8")
    return analyze([str(path)])


def test_a_listing_alone_has_no_moment(listing):
    assert listing.verdict.cause != "none"
    assert listing.verdict.onset is None
    assert listing.to_dict()["verdict"]["onset"] is None
    assert all(not finding.timed for finding in listing.findings)


@pytest.mark.parametrize("name", ["terminal", "html"])
def test_the_report_says_that_the_list_has_no_times(listing, name):
    text = plugins.report(name).render(listing, ReportOptions())
    assert "Not known" in text
    assert "no times" in text
    assert "0:00.0" not in text
    assert "lines " in text


def test_a_configuration_alone_is_not_a_healthy_ride(tmp_path):
    path = tmp_path / "mcconf.xml"
    path.write_text(SETTING, encoding="utf-8")
    incident = analyze([str(path)])
    assert incident.verdict.cause == "undetermined"
    assert incident.verdict.wording == "undetermined: data needed"
    assert "Next to nothing could be looked at" in incident.verdict.summary
    assert "log" in incident.would_settle
    text = plugins.report("terminal").render(incident, ReportOptions())
    assert "Nothing wrong" not in text
