"""What the timeline shows: which channels in which panel, which window, which states and marks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.channels import CHANNELS, Kind
from ridelog.finding import Severity
from ridelog.log import Role
from ridelog.settings import number as setting_number

from .downsample import Detail, Drawn, gaps, select
from .lanes import Lane, lanes
from .words import log_name, plain, quantity, short

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.finding import Finding
    from ridelog.incident import Incident
    from ridelog.ride import Track

#: Buckets over the whole ride and over each window of interest; about one for each pixel of a wide screen.
BUCKETS: Final = 600
WINDOW_BUCKETS: Final = 400
#: More traces than this make a report too large for a phone.
MOST_SERIES: Final = 24
_MOST_WINDOWS: Final = 12
#: The incident is shown with this much before and after it, in s.
_AROUND_S: Final = 10.0
_LONGEST_EVENT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Line:
    """A channel as it is drawn: canonical name, label, factor to the unit of its panel, shown from the start."""

    channel: str
    label: str
    factor: float = 1.0
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """A panel: id, title, unit; quantisation step, decimals and smallest height of its axis in that unit; its lines."""

    id: str
    title: str
    unit: str
    step: float
    decimals: int
    height: float
    lines: tuple[Line, ...]
    limits: tuple[tuple[str, str], ...] = ()


PLANS: Final[tuple[Plan, ...]] = (
    Plan(
        "voltage",
        "Battery voltage",
        "V",
        0.01,
        1,
        2.0,
        (Line("pack_voltage", "Voltage"),),
        (("battery_cut_start", "power reduced below"), ("battery_cut_end", "power off below")),
    ),
    Plan(
        "current",
        "Current",
        "A",
        0.05,
        1,
        4.0,
        (Line("battery_current", "Battery"), Line("motor_current", "Motor")),
        (("discharge_current_limit", "BMS limit"),),
    ),
    Plan(
        "duty", "Controller output in use", "%", 0.1, 0, 10.0, (Line("duty", "Duty", 100.0), Line("pwm", "PWM", 100.0))
    ),
    Plan(
        "speed",
        "Speed",
        "km/h",
        0.05,
        1,
        4.0,
        (Line("speed", "Speed", 3.6), Line("gps_speed", "Satellite", 3.6, False)),
    ),
    Plan("rotation", "Motor speed, electrical", "rpm", 1.0, 0, 100.0, (Line("erpm", "Motor"),)),
    Plan(
        "temperature",
        "Temperature",
        "°C",
        0.1,
        0,
        10.0,
        (
            Line("fet_temperature", "Controller"),
            Line("controller_temperature", "Board"),
            Line("motor_temperature", "Motor"),
            Line("battery_temperature", "Battery"),
            Line("bms_fet_temperature", "BMS switches"),
            Line("bms_temperature", "BMS board", shown=False),
        ),
    ),
    Plan(
        "cells",
        "Cells",
        "V",
        0.001,
        3,
        0.05,
        (Line("cell_voltage_max", "Highest"), Line("cell_voltage_min", "Lowest")),
        (("cell_undervoltage_limit", "BMS cuts below"), ("cell_overvoltage_limit", "BMS stops charging above")),
    ),
)
#: Factors and units of other channels that a finding may cite.
_CITED_UNITS: Final = {"m/s": (3.6, "km/h"), "degC": (1.0, "°C"), "deg": (1.0, "°"), "1/min": (1.0, "rpm")}


@dataclass(frozen=True, slots=True)
class Series:
    """One trace; `values` are in the unit of the panel."""

    name: str
    log: int
    colour: str
    dash: str
    shown: bool
    time: NDArray[np.float64]
    values: NDArray[np.float64]
    drawn: Drawn


@dataclass(frozen=True, slots=True)
class Panel:
    """Traces that share an axis; `limits` are (value, words) of horizontal lines."""

    id: str
    title: str
    unit: str
    step: float
    decimals: int
    height: float
    series: tuple[Series, ...]
    limits: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a finding lies; `number` is its number in the report."""

    number: int
    start_s: float
    end_s: float
    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """Logs on one clock, with their own time axis.

    Attributes:
        id: Short id for the page.
        logs: Indices of the logs.
        span: First and last moment, in s.
        window: The part shown first.
        incident: Whether the window is an incident; False when it is the whole ride.
        panels: Traces.
        lanes: States.
        marks: Findings that happened at a moment.
    """

    id: str
    logs: tuple[int, ...]
    span: tuple[float, float]
    window: tuple[float, float]
    incident: bool
    panels: tuple[Panel, ...]
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]


def groups(incident: Incident) -> tuple[Group, ...]:
    """The timelines of an incident: all aligned logs in one, every log without a common clock in its own."""
    tracks = [
        track
        for track in incident.ride.tracks
        if track.log.rows and track.log.role is not Role.CONFIG and not track.listing
    ]
    aligned = [track for track in tracks if track.clock.aligned]
    parts = [aligned] if aligned else []
    parts += [[track] for track in tracks if not track.clock.aligned]
    built = (_group(f"t{index}", part, incident) for index, part in enumerate(parts))
    return tuple(group for group in built if group.panels or group.lanes)


def _group(name: str, tracks: Sequence[Track], incident: Incident) -> Group:
    span = min(float(t.time[0]) for t in tracks), max(float(t.time[-1]) for t in tracks)
    indices = tuple(track.index for track in tracks)
    numbered = [(number, f) for number, f in enumerate(incident.findings, 1) if f.log in indices]
    window = _window(tracks, incident, [finding for _, finding in numbered], span)
    windows = _windows([finding for _, finding in numbered], window)
    moving = any(track.has(name) for track in tracks for name in ("speed", "gps_speed"))
    plans = [plan for plan in PLANS if not (moving and plan.id == "rotation")]
    plans += [*_cited(tracks, [finding for _, finding in numbered])]
    details = [
        Detail(BUCKETS, WINDOW_BUCKETS, windows, _pinned(track, [f for _, f in numbered]), gaps(track.time))
        for track in tracks
    ]
    panels: list[Panel] = []
    budget = MOST_SERIES
    for plan in plans:
        panel = _panel(plan, tracks, incident, details, budget)
        if panel is not None:
            panels.append(panel)
            budget -= len(panel.series)
    marks = tuple(
        Mark(number, f.onset.earliest_s, max(f.end_s, f.onset.latest_s), str(f.severity), plain(f.name))
        for number, f in numbered
        if f.event
    )
    states = tuple(lane for track in tracks for lane in lanes(track, _suffix(incident, tracks, track)))
    return Group(name, indices, span, window or span, window is not None, tuple(panels), states, marks)


def _window(
    tracks: Sequence[Track], incident: Incident, findings: Sequence[Finding], span: tuple[float, float]
) -> tuple[float, float] | None:
    """The incident: around the onset of the verdict, else around the gravest finding that happened at a moment."""
    healthy = incident.verdict.cause == "none"
    events = [f for f in findings if f.event and not (healthy and f.severity is Severity.INFO)]
    onset = incident.verdict.onset if any(t.index == incident.ride.reference for t in tracks) else None
    if onset is None:
        if not events:
            return None
        onset = events[0].onset
    end = onset.latest_s
    for finding in events:
        if finding.start_s - _AROUND_S <= end and finding.end_s >= onset.earliest_s:
            end = max(end, min(finding.end_s, onset.latest_s + _LONGEST_EVENT_S))
    interval = min(track.log.interval_s for track in tracks)
    around = max(_AROUND_S, 10 * interval if np.isfinite(interval) else 0.0)
    start, stop = max(onset.earliest_s - around, span[0]), min(end + around, span[1])
    return (start, stop) if stop > start else None


def _windows(findings: Sequence[Finding], window: tuple[float, float] | None) -> list[tuple[float, float]]:
    found = [window] if window else []
    for finding in findings:
        if finding.event and len(found) < _MOST_WINDOWS:
            start, end = finding.start_s - 5.0, min(finding.end_s, finding.start_s + _LONGEST_EVENT_S) + 5.0
            if not any(a <= start and end <= b for a, b in found):
                found.append((start, end))
    return found


def _pinned(track: Track, findings: Iterable[Finding]) -> NDArray[np.intp]:
    moments = [m for f in findings for m in (f.onset.earliest_s, f.onset.latest_s, f.start_s, f.end_s)]
    rows = np.searchsorted(track.time, np.array(moments, dtype=np.float64))
    return np.unique((rows[:, None] + np.arange(-2, 3)).ravel()).astype(np.intp)


def _panel(
    plan: Plan,
    tracks: Sequence[Track],
    incident: Incident,
    details: Sequence[Detail],
    budget: int,
) -> Panel | None:
    series: list[Series] = []
    colour = 0
    for order, track in enumerate(tracks):
        for name, values, shown, kind in _values(plan, track, incident):
            if len(series) >= budget:
                break
            drawn = select(track.time, values, details[order])
            if not len(drawn.rows):
                continue
            label = name + _suffix(incident, tracks, track)
            paint = "expected" if kind else f"c{colour % 6 + 1}"
            dash = kind or ("solid", "dash", "dashdot", "longdash")[order % 4]
            colour += not kind
            series.append(Series(label, track.index, paint, dash, shown, track.time, values, drawn))
    if not series:
        return None
    limits = []
    for setting, words in plan.limits:
        value = setting_number(incident.settings, setting)
        if value is not None and np.isfinite(value):
            limits.append((value, f"{words} {quantity(value, plan.unit)}"))
    return Panel(plan.id, plan.title, plan.unit, plan.step, plan.decimals, plan.height, tuple(series), tuple(limits))


def _suffix(incident: Incident, tracks: Sequence[Track], track: Track) -> str:
    return f" · {short(plain(log_name(incident.ride, track.index)))}" if len(tracks) > 1 else ""


def _values(plan: Plan, track: Track, incident: Incident) -> Iterator[tuple[str, NDArray[np.float64], bool, str]]:
    """Traces of one log in one panel: name, values, shown from the start, and "dot" for what was not measured."""
    log = track.log
    for line in plan.lines:
        if log.has(line.channel):
            values = log.values(line.channel)
            yield line.label, values if line.factor == 1 else values * line.factor, line.shown, ""
    if plan.id == "voltage" and track.index in incident.pack.residual:
        residual = incident.pack.residual[track.index]
        if len(residual.expected) == log.rows:
            yield "Healthy pack would have", residual.expected, True, "dot"
    if plan.id == "cells" and log.has("cell_voltages") and not log.has("cell_voltage_min"):
        cells = log.matrix("cell_voltages")
        yield "Highest", np.fmax.reduce(cells, axis=1), True, ""
        yield "Lowest", np.fmin.reduce(cells, axis=1), True, ""
    if plan.id == "temperature" and log.has("battery_temperatures") and not log.has("battery_temperature"):
        yield "Battery", np.fmax.reduce(log.matrix("battery_temperatures"), axis=1), True, ""


def _cited(tracks: Sequence[Track], findings: Iterable[Finding]) -> Iterator[Plan]:
    """Panels for channels that findings rest on and no other panel shows, one for each unit."""
    planned = {line.channel for plan in PLANS for line in plan.lines}
    units: dict[str, list[Line]] = {}
    for finding in findings:
        for name in finding.channels:
            channel = CHANNELS.get(name)
            private = name in ("latitude", "longitude", "altitude")
            if channel is None or name in planned or private or channel.kind not in (Kind.NUMBER, Kind.INTEGER):
                continue
            if name not in ("time", "source_row", "fault_code") and any(track.has(name) for track in tracks):
                factor, unit = _CITED_UNITS.get(channel.unit, (1.0, channel.unit))
                planned.add(name)
                units.setdefault(unit, []).append(Line(name, name.replace("_", " ").capitalize(), factor))
    for index, (unit, lines) in enumerate(units.items()):
        title = lines[0].label if len(lines) == 1 else "Other values the findings rest on"
        yield Plan(f"cited{index}", title, unit, 0.001, 2, 0.0, tuple(lines))
