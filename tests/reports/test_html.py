import base64
import dataclasses
import gzip
import hashlib
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from ridelog import plugins
from ridelog.incident import Incident
from ridelog.log import LogBuilder, Role
from ridelog.reporting import ReportOptions
from ridelog.reports import html as html_report
from ridelog.ride import Ride, Track

from . import incidents
from .test_payload import decode, unpack

PLAIN = ReportOptions()


def page(incident: Incident, options: ReportOptions = PLAIN) -> str:
    return plugins.report("html").render(incident, options)


class Reader(HTMLParser):
    """Collects what a browser would see: elements, text outside scripts, and the content of each script."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: dict[str, str] = {}
        self.shown: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self._inside = (
            (dict(attributes).get("id") or f"{tag}{len(self.elements)}") if tag in ("script", "style") else ""
        )

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self._inside = ""

    def handle_data(self, data):
        if self._inside:
            self.scripts[self._inside] = self.scripts.get(self._inside, "") + data
        else:
            self.shown.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.shown)).replace("\u202f", " ")

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def trip() -> str:
    return page(incidents.trip())


@pytest.fixture(scope="module")
def read(trip) -> Reader:
    return Reader(trip)


def test_the_verdict_comes_first_with_what_it_was_calibrated_on(read):
    text = read.text
    assert "The BMS cut the pack off: a cell was too low" in text
    assert "Probable cause" in text
    assert "87 %" in text
    assert "alibrated on 4,800 simulated rides" in text
    assert "Between 10:11.95 and 10:12.00" in text
    order = [
        "without warning, as soon as",
        "Probable cause",
        "Read the fault list of the BMS",
        "What speaks for it",
        "Whole ride",
        "Power path open",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_no_percentage_without_its_calibration():
    incident = incidents.trip()
    incident.verdict = dataclasses.replace(incident.verdict, calibration="")
    before_pack = Reader(page(incident)).text.split("The battery as the logs show it")[0]
    assert "87 %" not in before_pack
    assert "81 %" not in before_pack
    assert "probable cause" in before_pack


def test_evidence_for_against_and_not_observable(read):
    for words in (
        "The power vanished within one sample, without the throttle being released.",
        "The pack was warm, which makes sag smaller.",
        "The delay of the under-voltage protection is not in the logs.",
        "What would settle it:",
        "TRIP-01",
        "Drive current folds back from here.",
        "Something else, or not known",
    ):
        assert words in read.text


def test_what_could_not_be_checked_is_said_with_the_reason(read):
    assert "2 could not look" in read.text
    assert "Log 1 (vesc-tool): no remote_input." in read.text
    assert "This is not the same as being in order." in read.text


def test_findings_name_values_limits_and_lines(read):
    assert "53.9 V" in read.text
    assert "17.3 V below the limit, 24 %" in read.text
    assert re.search(r"See lines 12162 – 12190 of\s+ride\.csv", read.text)
    assert re.search(r"See bytes 0 – 220220 of\s+bms\.bin", read.text)


def test_damage_is_listed_with_lines(read):
    assert "The last row ends in the middle; the logger lost its power." in read.text
    assert "line 14402" in read.text
    assert "s without data" in read.text


@pytest.mark.parametrize("secret", ["/home/rider", "C:\\Users", "SECRET-SERIAL", "C8:47:8C", "latitude", "longitude"])
def test_private_things_stay_out(trip, secret):
    visible = re.sub(r'<script type="application/gzip".*?</script>', "", trip, flags=re.DOTALL)
    visible = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", visible, flags=re.DOTALL)
    assert secret not in visible
    text = re.search(r'id="timeline-data">([^<]*)', trip)
    assert text
    assert secret.encode() not in gzip.decompress(base64.b64decode(text[1]))


def test_positions_only_on_request(trip):
    assert "Where it was" not in trip
    shown = page(incidents.trip(), ReportOptions(include_location=True))
    assert 'class="route"' in shown
    assert 'class="ring"' in shown
    assert "SECRET-SERIAL-1" in shown


def test_every_hostile_text_is_escaped():
    text = page(incidents.hostile())
    reader = Reader(text)
    assert not reader.named("img")
    assert len(reader.named("script")) == 5
    assert "alert(1)" in reader.text
    assert not [a for _, attributes in reader.elements for a in attributes if a.startswith("on")]
    assert not set(text) & {"\x1b", "\u202e", "\udcff"}
    assert "49" not in reader.text.split("Findings")[0].split("What to do")[0]
    embedded = json.loads(reader.scripts["report-data"])
    assert embedded["verdict"]["summary"] == incidents.HOSTILE
    text.encode("utf-8")


def test_the_policy_allows_only_our_own_scripts_and_nothing_from_outside(trip, read):
    policy = next(a["content"] for a in read.named("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in rules["script-src"]
    assert "connect-src" not in rules
    assert rules["img-src"] == "data:"
    for script in re.findall(r"<script>(.*?)</script>", trip, flags=re.DOTALL):
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in rules["script-src"]
    style = re.search(r"<style>(.*?)</style>", trip, flags=re.DOTALL)
    assert style
    assert base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode() in rules["style-src-elem"]


def test_the_page_names_no_address_to_load(read):
    for _, attributes in read.elements:
        for name in ("src", "href", "action", "srcset", "poster"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:,")), (name, value)


def test_the_chart_library_is_the_one_the_policy_names(trip):
    packed = re.search(r'id="plotly-data">([^<]*)', trip)
    assert packed
    library = gzip.decompress(base64.b64decode(packed[1]))
    assert base64.b64encode(hashlib.sha256(library).digest()).decode() == html_report.PLOTLY_SHA256
    notice = Path(html_report.__file__).parent / "assets" / "plotly-basic.NOTICE.txt"
    assert html_report.PLOTLY_SHA256 in notice.read_text(encoding="utf-8")
    assert "MIT licence" in Reader(trip).text


@pytest.mark.parametrize("build", [incidents.trip, incidents.healthy, incidents.hostile])
def test_same_incident_same_bytes(build):
    assert page(build()) == page(build())


def test_no_clock_of_this_machine(monkeypatch, trip):
    import time

    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert page(incidents.trip()) == trip


def test_headings_go_down_one_step_at_a_time(read):
    levels = [int(name[1]) for name, _ in read.elements if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_landmarks_tables_and_pictures_are_named(read):
    assert len(read.named("main")) == 1
    assert read.named("html")[0]["lang"] == "en"
    assert all(a.get("scope") for a in read.named("th"))
    identifiers = [a["id"] for _, a in read.elements if a.get("id")]
    assert len(identifiers) == len(set(identifiers))
    for attributes in read.named("section"):
        assert attributes.get("aria-labelledby") in identifiers
    for attributes in read.named("svg"):
        assert attributes.get("aria-hidden") == "true" or (
            attributes.get("role") == "img" and attributes.get("aria-label")
        )
    for attributes in read.named("a"):
        target = attributes.get("href") or ""
        assert target[1:] in identifiers


def test_a_healthy_ride_says_what_was_not_checked():
    text = Reader(page(incidents.healthy())).text
    assert "Nothing wrong found" in text
    assert "No check found anything." in text
    assert "2 could not look" in text
    assert "What to do" not in text


def test_a_log_without_a_common_clock_gets_its_own_axis():
    reader = Reader(page(incidents.trip(aligned=False)))
    assert "bms.bin : on its own clock" in reader.text.replace("bms.bin:", "bms.bin :")
    assert "Not aligned." in reader.text
    assert len([a for a in reader.named("div") if a.get("data-group")]) == 2


def test_an_incident_without_any_log_still_gives_a_page():
    incident = incidents.healthy()
    incident.ride = Ride((), 0)
    incident.inputs = ()
    text = page(incident)
    assert "Nothing wrong found" in text
    assert 'id="plotly-data"' not in text


@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_tiny_logs(rows):
    incident = incidents.healthy()
    builder = LogBuilder(np.arange(rows, dtype=float), np.arange(rows) + 2)
    builder.add("pack_voltage", np.full(rows, 70.0))
    incident.ride = Ride((Track(0, builder.build(Role.CONTROLLER, "vesc-tool")),), 0)
    assert "Nothing wrong found" in page(incident)


def traces(text: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    packed = re.search(r'id="timeline-data">([^<]*)', text)
    assert packed
    described, numbers = unpack(packed[1])
    return {
        f"{panel['id']}: {series['n']}": (decode(numbers, series["x"]), decode(numbers, series["y"]))
        for group in described["groups"]
        for panel in group["panels"]
        for series in panel["series"]
    }


def test_peaks_and_the_rows_of_findings_survive(trip):
    incident = incidents.trip()
    log = incident.ride.tracks[0].log
    drawn = traces(trip)
    stamps, volts = drawn["voltage: Voltage · ride.csv"]
    logged = log.values("pack_voltage")
    assert volts.min() == pytest.approx(logged.min(), abs=0.006)
    assert volts.max() == pytest.approx(logged.max(), abs=0.006)
    first = int(np.searchsorted(log.time, incidents.TRIP_S))
    for row in (first - 1, first, first + 1):
        nearest = int(np.argmin(np.abs(stamps - log.time[row])))
        assert stamps[nearest] == pytest.approx(log.time[row], abs=0.001)
        assert volts[nearest] == pytest.approx(logged[row], abs=0.006)


def test_the_bms_is_drawn_on_the_clock_of_the_ride(trip):
    stamps, _ = traces(trip)["cells: Lowest · bms.bin"]
    assert stamps[0] == pytest.approx(3.2, abs=0.001)


def wide_log(rows: int) -> Incident:
    """Twenty noisy channels, so that nothing compresses well."""
    random = np.random.default_rng(5)
    incident = incidents.trip(with_bms=False)
    old = incident.ride.tracks[0].log
    builder = LogBuilder(np.arange(rows) * incidents.TRIP_S * 1.2 / rows, np.arange(rows) + 2)
    noisy = {
        "pack_voltage": (70, 4),
        "battery_current": (20, 30),
        "motor_current": (30, 40),
        "duty": (0.5, 0.2),
        "pwm": (0.5, 0.1),
        "speed": (8, 3),
        "gps_speed": (8, 3),
        "fet_temperature": (50, 5),
        "controller_temperature": (50, 5),
        "motor_temperature": (60, 5),
        "battery_temperature": (30, 3),
        "bms_fet_temperature": (30, 3),
        "bms_temperature": (30, 3),
        "cell_voltage_max": (3.6, 0.1),
        "cell_voltage_min": (3.5, 0.1),
        "pitch": (0, 3),
        "roll": (0, 3),
        "remote_input": (0.5, 0.3),
        "power": (900, 400),
        "requested_current": (10, 9),
    }
    for name, (center, spread) in noisy.items():
        builder.add(name, random.normal(center, spread, rows))
    log = builder.build(Role.WHEEL, "wide")
    log.origin = old.origin
    incident.ride = Ride((Track(0, log),), 0)
    finding = incident.findings[0]
    cited = dataclasses.replace(finding, channels=("pitch", "roll", "remote_input", "power", "requested_current"))
    incident.checks = (dataclasses.replace(incident.checks[0], findings=(cited,)), *incident.checks[3:])
    return incident


def test_one_ride_with_twenty_traces_stays_below_a_megabyte_and_a_half():
    text = page(wide_log(200_000))
    assert len(traces(text)) == 20
    assert len(text.encode()) <= 1_500_000
