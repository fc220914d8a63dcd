"""The head of the page: the verdict, how sure it is, when it began, and the readings around that moment."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.clock import ClockBasis
from ridelog.diagnosis.evidence import builtin_table
from ridelog.diagnosis.looking import looked_for
from ridelog.diagnosis.scoring import strongest
from ridelog.finding import Finding

from . import words
from .cause_titles import cause_title
from .lanes import fault_text

if TYPE_CHECKING:
    from ridelog.incident import AlsoHappened, Incident
    from ridelog.ride import Track

Values = dict[str, object]

#: What the table of the moment itself shows: channel, label.
_MOMENT: Final = (
    ("pack_voltage", "Battery voltage"),
    ("battery_current", "Battery current"),
    ("motor_current", "Motor current"),
    ("duty", "Duty"),
    ("pwm", "PWM"),
    ("speed", "Speed"),
    ("cell_voltage_min", "Lowest cell"),
    ("fet_temperature", "Controller temperature"),
)


def tone(incident: Incident) -> str:
    """The colour of the verdict: clear, unknown, or that of the gravest finding."""
    if incident.verdict.cause == "none":
        return "clear"
    if incident.verdict.cause == "undetermined":
        return "unknown"
    return str(incident.severity or "info")


def verdict(incident: Incident) -> Values:
    """The verdict with what it was calibrated on, and when it began."""
    said = incident.verdict
    facts: list[tuple[str, str, str]] = []
    if said.calibration and math.isfinite(said.probability):
        if said.cause == "undetermined" and incident.causes:
            nearest = incident.causes[0]
            text = f"{cause_title(nearest.cause)}, {words.percent(nearest.probability)}"
            facts.append(("Nearest explanation", text, words.first_capital(said.calibration)))
        elif said.cause == "none":
            facts.append(("How much could be seen", *_looked(incident)))
        elif said.probability > 0:
            facts.append(("How sure", words.percent(said.probability), words.first_capital(said.calibration)))
    if said.mechanism:
        facts.append(("What was seen", said.mechanism.rstrip("."), ""))
    if said.onset is not None:
        width = said.onset.latest_s - said.onset.earliest_s
        note = f"Between two readings {words.duration(width)} apart; the log cannot show it finer." if width > 0 else ""
        facts.append(("When it began", words.first_capital(words.between(said.onset)), note or _no_clock(incident)))
        stamp = _wall_clock(incident, said.onset.latest_s)
        if stamp:
            facts.append(("By the log's clock", stamp[0], stamp[1]))
    elif said.cause != "none" and incident.findings and all(in_a_listing(incident, f) for f in incident.findings):
        facts.append(("When it began", "Not known", "The list of events holds no times; its order is all there is"))
    facts += [("Also in this ride", *_also(item)) for item in said.also]
    return {
        "title": cause_title(said.cause),
        "wording": words.first_capital(said.wording),
        "summary": said.summary,
        "dangers": said.dangers,
        "facts": facts,
        "tone": tone(incident),
    }


def _also(item: AlsoHappened) -> tuple[str, str]:
    """Another event with its cause and how sure that is; when it began, and what was seen."""
    when = "" if item.onset is None else f"{words.first_capital(words.between(item.onset))}. "
    return f"{cause_title(item.cause)} ({words.percent(item.probability)})", f"{when}{item.sentence}"


def _looked(incident: Incident) -> tuple[str, str]:
    """What could have shown; no percentage, which would be read as how safe the vehicle is."""
    looked = looked_for(strongest(incident.checks), builtin_table())
    events, states = (f"{sum(kind.values())} of {len(kind)}" for kind in (looked.events, looked.states))
    return f"{events} kinds of events", f"and {states} states of the battery and the vehicle"


def in_a_listing(incident: Incident, finding: Finding) -> bool:
    """Whether a finding comes from a list of events without times."""
    tracks = incident.ride.tracks
    return 0 <= finding.log < len(tracks) and tracks[finding.log].listing


def _no_clock(incident: Incident) -> str:
    """Why the moments of a ride are made up, "" when they are not."""
    tracks = incident.ride.tracks
    if not tracks:
        return ""
    clock = tracks[min(incident.ride.reference, len(tracks) - 1)].log.clock
    return clock.reason if clock.basis is ClockBasis.NONE else ""


def _wall_clock(incident: Incident, second: float) -> tuple[str, str] | None:
    tracks = incident.ride.tracks
    if not tracks:
        return None
    track = tracks[min(incident.ride.reference, len(tracks) - 1)]
    clock = track.log.clock
    if clock.start is None or not math.isfinite(clock.start):
        return None
    stamp = clock.start + second
    basis = str(clock.basis)
    if basis == "time-of-day":
        return words.moment(stamp % 86400.0), "Time of day; the log holds no date."
    if basis in ("utc", "local") and 0 <= stamp < 4e9:
        text = datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%d %H:%M:%S")
        zone = "UTC" if basis == "utc" else clock.zone or "local time, zone not in the log"
        return text, words.first_capital(zone)
    return None


def moment(incident: Incident) -> Values | None:
    """The reading before and the reading after the onset, side by side."""
    onset = incident.verdict.onset
    if onset is None:
        return None
    for track in sorted(incident.ride.tracks, key=lambda item: item.index != incident.ride.reference):
        if track.log.rows < 2 or not track.clock.aligned:
            continue
        after = int(np.searchsorted(track.time, onset.latest_s - 1e-9))
        if 0 < after < track.log.rows:
            return _moment(incident, track, after)
    return None


def _moment(incident: Incident, track: Track, after: int) -> Values | None:
    rows = []
    residual = incident.pack.residual.get(track.index)
    for channel, label in _MOMENT:
        if track.has(channel):
            values = track.values(channel)
            rows.append((label, *(_reading(values[row], channel, track) for row in (after - 1, after))))
        if channel == "pack_voltage" and residual is not None and len(residual.expected) == track.log.rows:
            pair = (words.quantity(float(residual.expected[row]), "V") for row in (after - 1, after))
            rows.append(("… a healthy pack would have had", *pair))
    if track.has("fault_code"):
        codes = track.values("fault_code")
        rows.append(("Fault", *(_fault(float(codes[row])) for row in (after - 1, after))))
    if not rows:
        return None
    kind = words.row_kind(track.log)
    lines = track.log.source_rows
    times = track.time
    decimals = 2 if times[after] - times[after - 1] < 0.5 else 1
    return {
        "log": words.log_name(incident.ride, track.index),
        "times": tuple(words.moment(float(times[row]), decimals) for row in (after - 1, after)),
        "places": tuple(words.place(kind, int(lines[row]), int(lines[row])) for row in (after - 1, after)),
        "rows": rows,
    }


def _fault(code: float) -> str:
    if not math.isfinite(code):
        return "–"
    return fault_text(int(code), None) if code else "none"


def _reading(value: float, channel: str, track: Track) -> str:
    if not math.isfinite(value):
        return "–"
    if channel in ("duty", "pwm"):
        return f"{words.number(value * 100, 0)}{words.THIN}%"
    return words.quantity(float(value), track.log.unit(channel))
