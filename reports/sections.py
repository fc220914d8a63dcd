"""What each section of the page says, as plain values for the templates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.clock import ClockBasis
from ridelog.diagnosis.causes import causes
from ridelog.finding import Finding, Status

from . import words
from .lanes import fault_text

if TYPE_CHECKING:
    from ridelog.incident import Advice, Incident, RankedCause, Reason
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


def cause_title(cause: str) -> str:
    """A cause in a few words; an id of a plugin as it stands."""
    known = causes().get(cause)
    return known.title if known else words.first_capital(cause.replace("-", " "))


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
    elif said.cause != "none" and incident.findings and all(_in_a_listing(incident, f) for f in incident.findings):
        facts.append(("When it began", "Not known", "The list of events holds no times; its order is all there is"))
    return {
        "title": cause_title(said.cause),
        "wording": words.first_capital(said.wording),
        "summary": said.summary,
        "dangers": said.dangers,
        "facts": facts,
        "tone": tone(incident),
    }


def _in_a_listing(incident: Incident, finding: Finding) -> bool:
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


def ranked(incident: Incident) -> list[Values]:
    """The causes, the most probable first, and the share that is left for something else."""
    rows = [_cause(cause, index) for index, cause in enumerate(incident.causes)]
    rest = 1 - sum(cause.probability for cause in incident.causes)
    if rows and rest > 0.005:
        rows.append({"title": "Something else, or not known", "share": rest, "rest": True, "shown": True})
    return rows


def _cause(cause: RankedCause, rank: int) -> Values:
    known = causes().get(cause.cause)
    return {
        "title": cause_title(cause.cause),
        "id": cause.cause,
        "meaning": known.summary if known else "",
        "share": cause.probability,
        "shown": rank < 3,
        "supporting": reasons(cause.supporting),
        "contradicting": reasons(cause.contradicting),
        "not_observable": reasons(cause.not_observable),
    }


def reasons(items: Sequence[Reason]) -> list[Values]:
    """Evidence, the heaviest first."""
    ordered = sorted(items, key=lambda item: (-abs(item.weight), item.evidence))
    return [
        {
            "sentence": item.sentence or item.evidence.replace("-", " "),
            "strength": words.strength(item.weight) if item.weight else "",
            "weight": words.number(item.weight, 2),
            "rules": ", ".join(item.rules),
            "id": item.evidence,
        }
        for item in ordered
    ]


def advice(items: Sequence[Advice]) -> list[tuple[str, list[Advice]]]:
    """Advice by kind: do, check, do not, good to know."""
    found = {kind: [item for item in items if item.kind == kind] for kind in words.ADVICE}
    return [(words.ADVICE[kind], entries) for kind, entries in found.items() if entries]


def findings(incident: Incident) -> list[Values]:
    """Every finding with its values, its limits and the rows it was seen in."""
    return [_finding(incident, number, finding) for number, finding in enumerate(incident.findings, 1)]


def _finding(incident: Incident, number: int, finding: Finding) -> Values:
    tracks = incident.ride.tracks
    track = tracks[finding.log] if 0 <= finding.log < len(tracks) else None
    kind = words.row_kind(track.log) if track else "row"
    moment_known = finding.event and not _in_a_listing(incident, finding)
    return {
        "number": number,
        "code": finding.code,
        "name": words.spoken(finding.name),
        "severity": str(finding.severity),
        "label": words.SEVERITY[str(finding.severity)],
        "when": _when(incident, finding),
        "onset": words.first_capital(words.between(finding.onset)) if moment_known else "",
        "event": finding.event,
        "message": finding.message,
        "danger": finding.danger,
        "place": words.place(kind, *finding.rows),
        "file": words.log_name(incident.ride, finding.log) if track else "",
        "moment_known": moment_known,
        "measurements": [
            {
                "name": words.first_capital(item.name),
                "value": words.quantity(item.value, item.unit, () if item.limit is None else (item.limit,)),
                "limit": "" if item.limit is None else words.quantity(item.limit, item.unit, (item.value,)),
                "distance": words.compared(item),
                "source": item.source,
            }
            for item in finding.measurements
        ],
    }


def _when(incident: Incident, finding: Finding) -> str:
    if not finding.event:
        return "during the whole log"
    if _in_a_listing(incident, finding):
        return "at a time the list does not hold"
    when = words.stretch(finding.start_s, finding.end_s)
    return when if finding.timed else f"{when}, by this log\u2019s own clock"


def checks(incident: Incident) -> Values:
    """What was looked for: found, clear, and what could not be looked for and why."""
    named = {Status.FOUND: "found", Status.CLEAR: "in_order", Status.UNABLE: "unable"}
    by_status = {
        name: [
            {"code": check.code, "name": words.spoken(check.name), "reason": words.first_capital(check.reason)}
            for check in incident.checks
            if check.status is status
        ]
        for status, name in named.items()
    }
    return {**by_status, "total": len(incident.checks)}


def clocks(incident: Incident) -> list[Values]:
    """How the clock of each log relates to the ride's."""
    rows: list[Values] = []
    if len(incident.ride.tracks) < 2:
        return rows
    for track in incident.ride.tracks:
        fit, piece = track.clock, track.clock.pieces[0]
        reference = track.index == incident.ride.reference
        rows.append(
            {
                "log": words.log_name(incident.ride, track.index),
                "role": words.ROLE[str(track.log.role)],
                "reference": reference,
                "aligned": fit.aligned,
                "offset": f"{words.number(piece.offset_s, 3)}{words.THIN}s" if fit.aligned else "–",
                "drift": f"{words.number(piece.drift_ppm, 0)}{words.THIN}ppm" if fit.aligned else "–",
                "uncertainty": f"±{words.duration(fit.uncertainty_s)}" if fit.aligned else "–",
                "pieces": len(fit.pieces),
                "method": fit.method,
                "reason": fit.reason,
            }
        )
    return rows
