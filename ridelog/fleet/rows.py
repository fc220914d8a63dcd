"""The rows of one ride, from its incident."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind, Effect
from ridelog.finding import Severity, Status, rounded

from .jobs import RideJob, digest

if TYPE_CHECKING:
    from ridelog.incident import Incident
    from ridelog.ride import Track

Rows = dict[str, list[dict[str, Any]]]

#: Detectors of a cut in the power path, and the causes that are one.
_CUTS: Final = frozenset({"BT01", "PP01", "BC01"})
#: Arrhenius temperature of a pack's resistance in K, as in the resistance estimate (x 1.75 at 5 degC).
_ARRHENIUS_K: Final = 2320.0
#: A board this long after the first sample is still as warm as the air, in s (engineering judgement).
_COLD_START_S: Final = 20.0
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
    packs, reference = _pack_rows(key, incident)
    cells = _cell_rows(key, incident)
    quality, notes, lost, repaired = _quality(incident)
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
        "soc_error": _soc_error(incident),
        "battery_temperature_max": _highest(incident, "battery_temperature", "battery_temperatures"),
        "fet_temperature_max": _highest(incident, "fet_temperature"),
        "motor_temperature_max": _highest(incident, "motor_temperature"),
        "lost_rows": lost,
        "repaired_rows": repaired,
        "data_quality": quality,
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


def _pack_rows(key: str, incident: Incident) -> tuple[list[dict[str, Any]], str]:
    rows: list[dict[str, Any]] = []
    pack = incident.pack
    for index in sorted(pack.resistance):
        estimate, track = pack.resistance[index], incident.ride.tracks[index]
        reference, basis = estimate.reference_ohm, "battery"
        if reference is None or _highest(incident, "battery_temperature", "battery_temperatures") is None:
            board = _cold_board(track)
            basis = "none" if board is None else "board"
            reference = None
            if board is not None:
                factor = float(np.exp(_ARRHENIUS_K * (1 / (board + 273.15) - 1 / 298.15)))
                reference = estimate.ohm / factor
        residual = pack.residual.get(index)
        rows.append(
            {
                "ride_id": key,
                "log": index,
                "role": str(track.log.role),
                "parser": track.log.parser,
                "resistance_ohm": rounded(estimate.ohm),
                "resistance_low_ohm": rounded(estimate.low_ohm),
                "resistance_high_ohm": rounded(estimate.high_ohm),
                "resistance_slow_ohm": rounded(estimate.slow_ohm),
                "resistance_reference_ohm": None if reference is None else rounded(reference),
                "temperature_basis": basis,
                "confidence": rounded(estimate.confidence),
                "noise_v": rounded(residual.noise) if residual else None,
            }
        )
    return rows, rows[0]["temperature_basis"] if rows else "none"


def _cold_board(track: Track) -> float | None:
    """Temperature of the coolest sensor in the first seconds, in degC: about that of a pack that stood beside it."""
    early = track.time <= track.time[0] + _COLD_START_S
    lowest = []
    for channel in ("ambient_temperature", "motor_temperature", "fet_temperature", "controller_temperature"):
        values = track.values(channel)[early]
        values = values[np.isfinite(values) & (values > -25) & (values < 60) & (values != 0)]
        if len(values):
            lowest.append(float(np.median(values)))
    return min(lowest) if lowest else None


def _cell_rows(key: str, incident: Incident) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for index in sorted(incident.pack.cells):
        cells = incident.pack.cells[index]
        columns = {
            "rest_offset_v": cells.rest_offset,
            "rest_offset_error_v": cells.rest_offset_error,
            "extra_resistance_ohm": cells.extra_resistance,
            "extra_resistance_error_ohm": cells.extra_resistance_error,
        }
        for cell in range(len(cells.rest_offset)):
            values = {name: rounded(float(column[cell])) for name, column in columns.items()}
            rows.append({"ride_id": key, "log": index, "cell": cell + 1, **values})
    return rows


def _highest(incident: Incident, *channels: str) -> float | None:
    """99.5 % quantile of a temperature over all logs, None without one: one broken sample is no temperature."""
    found = []
    for track in incident.ride.tracks:
        for channel in channels:
            if track.has(channel):
                values = track.log.matrix(channel).ravel() if channel.endswith("s") else track.values(channel)
                values = values[np.isfinite(values)]
                if len(values):
                    found.append(float(np.quantile(values, 0.995)))
    return rounded(max(found)) if found else None


def _soc_error(incident: Incident) -> float | None:
    from ridelog.battery.ocv import table_for_chemistry

    pack = incident.pack
    if not pack.series.certain or not pack.series.best or pack.chemistry.confidence < 0.7:
        return None
    table = table_for_chemistry(pack.chemistry.name)
    for index in sorted(pack.residual):
        track = incident.ride.tracks[index]
        shown, volts = track.values("soc"), pack.residual[index].open_circuit
        rows = np.flatnonzero(np.isfinite(shown) & np.isfinite(volts))
        if table is None or len(rows) < 20 or track.log.derived("soc"):
            continue
        rows = rows[:: max(1, len(rows) // 50)]
        reading = table.soc(volts[rows] / pack.series.best)
        usable = np.asarray(reading.usable)
        if usable.sum() >= 10:
            return rounded(float(np.median(shown[rows][usable] - np.asarray(reading.soc)[usable])))
    return None


def _quality(incident: Incident) -> tuple[float, list[str], int, int]:
    """Quality 0..1, what is wrong, and how many rows were lost and repaired."""
    quality, notes, lost, repaired = 1.0, [], 0, 0
    for item in incident.inputs:
        for damage in item.damage:
            if damage.kind is DamageKind.NOTE or damage.effect is Effect.NOTED:
                continue
            if damage.kind in (DamageKind.MISSING_SENSOR, DamageKind.BYTE_ORDER_MARK):
                continue
            lost += damage.count if damage.effect is Effect.LOST else 0
            repaired += damage.count if damage.effect is Effect.REPAIRED else 0
            weight = 1.0 if damage.effect is Effect.LOST else 0.5
            share = min(damage.count / max(item.rows, 1), 1.0)
            quality *= 1 - weight * min(0.05 + 2 * share, 0.6)
            notes.append(str(damage.kind).replace("-", " "))
    about_data = {"TF01": "frozen values", "TF02": "impossible values", "LG01": "gaps"}
    for code in {finding.code for finding in incident.findings if finding.severity is not Severity.INFO}:
        if code in about_data:
            quality *= 0.7
            notes.append(about_data[code])
    return round(quality, 4), sorted(set(notes)), lost, repaired
