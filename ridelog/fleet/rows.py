"""The rows of one ride, from its incident."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ridelog.clock import ClockBasis
from ridelog.finding import Severity, Status, rounded

from .jobs import RideJob, digest
from .measures import cell_rows, highest, pack_rows, quality, soc_error

if TYPE_CHECKING:
    from ridelog.incident import Incident

Rows = dict[str, list[dict[str, Any]]]

#: Detectors of a cut in the power path, and the causes that are one.
_CUTS: Final = frozenset({"BT01", "PP01", "BC01"})
_DATE: Final = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])"
    r"(?:[-_. T]*([01]\d|2[0-3])[-_.:h]?([0-5]\d)(?:[-_.:m]?([0-5]\d))?)?(?!\d)"
)


def error_rows(job: RideJob, kind: str, message: str) -> Rows:
    """The rows of a ride that could not be analyzed."""
    started, basis = start_from_name(job.names)
    log: dict[str, Any] = {
        "ride_id": job.key,
        "started": started,
        "started_basis": basis,
        "files": list(job.names),
        "sha256": [item for item in job.digests if len(item) == 64],
        "grouping": job.reason,
        "bytes": job.size,
        "parsers": [],
        "roles": [],
        "devices": [],
        "cause": "",
        "wording": "",
        "severity": "",
        "chemistry": "",
        "temperature_basis": "none",
        "data_quality": 0.0,
        "data_notes": [_KINDS.get(kind, kind)],
        "report": "",
        "error": message,
        "error_kind": kind,
    }
    error = {"ride_id": job.key, "file": job.names[0], "kind": kind, "message": message}
    return {"logs": [log], "findings": [], "causes": [], "pack_health": [], "cell_health": [], "errors": [error]}


_KINDS: Final = {
    "unreadable": "could not be read",
    "unknown-format": "of no known format",
    "internal": "stopped the analysis",
    "time": "took too long",
    "memory": "took too much memory",
    "died": "ended the process that analyzed it",
}


def incident_rows(job: RideJob, incident: Incident, report: str) -> Rows:
    """The rows of a ride.

    Args:
        job: Its files.
        incident: What was found.
        report: Its page below the result's folder, "" for none.
    """
    key = job.key
    found = incident.findings
    packs, reference = pack_rows(key, incident)
    cells = cell_rows(key, incident)
    trust, notes, lost, repaired = quality(incident)
    started, basis = _start(incident, job)
    pack = incident.pack_dict()
    main = next((row for row in packs if row["resistance_ohm"] is not None), {})
    offsets = [row["rest_offset_v"] for row in cells if row["rest_offset_v"] is not None]
    verdict = incident.verdict
    cut = {finding.code for finding in found if finding.event and finding.severity is Severity.CRITICAL} & _CUTS
    log = {
        "ride_id": key,
        "model": _model(incident),
        "started": started,
        "started_basis": basis,
        "duration_s": rounded(max((track.log.duration_s for track in incident.ride.tracks), default=0.0)),
        "files": list(job.names),
        "sha256": [item.sha256 for item in incident.inputs],
        "grouping": job.reason,
        "bytes": job.size,
        "rows": sum(item.rows for item in incident.inputs),
        "parsers": [item.parser for item in incident.inputs],
        "roles": [item.role for item in incident.inputs],
        "devices": devices(track.log.identity.serial for track in incident.ride.tracks),
        "cause": verdict.cause,
        "probability": rounded(verdict.probability),
        "wording": verdict.wording,
        "severity": str(incident.severity or ""),
        "critical": sum(finding.severity is Severity.CRITICAL for finding in found),
        "warnings": sum(finding.severity is Severity.WARNING for finding in found),
        "unable": sum(check.status is Status.UNABLE for check in incident.checks),
        "trips": len({round(f.onset.latest_s) for f in found if f.code in cut and f.severity is Severity.CRITICAL}),
        "series": pack["series"] if incident.pack.series.certain else None,
        "chemistry": pack["chemistry"] or "",
        "resistance_ohm": main.get("resistance_ohm"),
        "resistance_reference_ohm": main.get("resistance_reference_ohm"),
        "temperature_basis": reference,
        "capacity_ah": pack["capacity_ah"],
        "capacity_error_ah": pack["capacity_error_ah"],
        "cell_offset_v": max(offsets, key=abs) if offsets else None,
        "soc_error": soc_error(incident),
        "battery_temperature_max": highest(incident, "battery_temperature", "battery_temperatures"),
        "fet_temperature_max": highest(incident, "fet_temperature"),
        "motor_temperature_max": highest(incident, "motor_temperature"),
        "lost_rows": lost,
        "repaired_rows": repaired,
        "data_quality": trust,
        "data_notes": notes,
        "report": report,
        "error": "",
        "error_kind": "",
    }
    findings = [
        {
            "ride_id": key,
            "number": number,
            "code": finding.code,
            "name": finding.name,
            "severity": str(finding.severity),
            "start_s": rounded(finding.start_s),
            "end_s": rounded(finding.end_s),
            "onset_earliest_s": rounded(finding.onset.earliest_s),
            "onset_latest_s": rounded(finding.onset.latest_s),
            "log": finding.log,
            "first_row": finding.rows[0],
            "last_row": finding.rows[1],
            "message": finding.message,
        }
        for number, finding in enumerate(found, 1)
    ]
    listed = [(item.cause, item.probability, "ranked") for item in incident.causes]
    listed += [(item.cause, item.probability, "contributing") for item in incident.contributing]
    causes = [
        {"ride_id": key, "rank": rank, "cause": cause, "probability": rounded(probability), "role": role}
        for rank, (cause, probability, role) in enumerate(listed, 1)
    ]
    return {
        "logs": [log],
        "findings": findings,
        "causes": causes,
        "pack_health": packs,
        "cell_health": cells,
        "errors": [],
    }


def devices(serials: Any) -> list[str]:  # noqa: ANN401 - any iterable of texts
    """Hashes of device ids, sorted, each once; case and separators of an address do not matter."""
    plain = {re.sub(r"[^0-9a-z]", "", serial.lower()) for serial in serials if serial}
    return sorted(f"device-{digest(serial)[:12]}" for serial in plain if serial)


def start_from_name(names: Sequence[str]) -> tuple[float | None, str]:
    """Moment in a file's name or a folder above it, in s since 1970 as if it were UTC, and "name" or "none"."""
    for name in names:
        for part in reversed(name.split("/")):
            match = _DATE.search(part)
            if match:
                year, month, day, *clock = (int(item or 0) for item in match.groups())
                try:
                    hour, minute, second = clock
                    return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp(), "name"
                except ValueError:
                    continue
    return None, "none"


def _start(incident: Incident, job: RideJob) -> tuple[float | None, str]:
    tracks = sorted(incident.ride.tracks, key=lambda item: item.index != incident.ride.reference)
    for basis in (ClockBasis.UTC, ClockBasis.LOCAL):
        for track in tracks:
            start = track.log.clock.start
            # A clock that was never set counts from 1970 or 2000.
            if track.log.clock.basis is basis and start is not None and start > 1.2e9 and track.log.rows:
                return round(start, 3), str(basis)
    return start_from_name(job.names)


def _model(incident: Incident) -> str:
    names = {
        track.log.identity.model or track.log.identity.family or track.log.parser for track in incident.ride.riding
    }
    names = names or {track.log.identity.family or track.log.parser for track in incident.ride.tracks}
    series = incident.pack.series
    return " ".join([*sorted(names), *([f"{series.best}S"] if series.certain else [])])
