"""A trip that both logs saw within half a second: every report says that it is too close to order."""

import html
import json
import re

from ridelog import plugins
from ridelog.alignment import AlignmentOptions
from ridelog.pipeline import Options, investigate, read_all
from ridelog.reporting import ReportOptions
from ridelog.simulate.case import simulate_family
from ridelog.simulate.catalogue import family


def _logs(tmp_path):
    case = simulate_family(family("undervoltage-trip"), 1, "vesc+jk")
    for name, data in case.files.items():
        (tmp_path / name).write_bytes(data)
    return read_all([str(tmp_path / name) for name in case.files], Options())


def _said(incident, report):
    text = plugins.report(report).render(incident, ReportOptions(width=400))
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_a_trip_on_both_logs_is_too_close_to_order(tmp_path):
    incident = investigate(_logs(tmp_path))
    ids = {f"F{number}": finding for number, finding in enumerate(incident.findings, 1)}
    told = json.loads(plugins.report("json").render(incident, ReportOptions()))["order"]
    close = [pair for pair in told if pair["relation"] == "too close to order"]
    assert {ids[pair[side]].code for pair in close for side in ("first", "second")} >= {"CF01", "BT01"}
    assert all(pair["apart_s"] < pair["needed_s"] for pair in close)
    for pair in told:
        assert ids[pair["first"]].log != ids[pair["second"]].log
    for report in ("html", "terminal"):
        assert "Too close to order with finding" in _said(incident, report)


def test_logs_on_clocks_of_their_own_have_no_order(tmp_path):
    incident = investigate(_logs(tmp_path), Options(alignment=AlignmentOptions(align=False)))
    assert incident.order == ()
    assert "Too close to order" not in _said(incident, "html")
