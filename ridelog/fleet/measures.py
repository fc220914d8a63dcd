"""What the rows of a ride say in numbers: pack, cells, temperatures, shown charge and the quality of its data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ridelog.damage import DamageKind, Effect
from ridelog.finding import Severity, rounded

if TYPE_CHECKING:
    from ridelog.incident import Incident
    from ridelog.ride import Track

#: Arrhenius temperature of a pack's resistance in K, as in the resistance estimate (x 1.75 at 5 degC).
_ARRHENIUS_K: Final = 2320.0
#: A board this long after the first sample is still as warm as the air, in s (engineering judgement).
_COLD_START_S: Final = 20.0


def pack_rows(key: str, incident: Incident) -> tuple[list[dict[str, Any]], str]:
    """Rows of `pack_health`, and the temperature basis of the first."""
    rows: list[dict[str, Any]] = []
    pack = incident.pack
    for index in sorted(pack.resistance):
        estimate, track = pack.resistance[index], incident.ride.tracks[index]
        reference, basis = estimate.reference_ohm, "battery"
        if reference is None or highest(incident, "battery_temperature", "battery_temperatures") is None:
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


def cell_rows(key: str, incident: Incident) -> list[dict[str, Any]]:
    """Rows of `cell_health`."""
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


def highest(incident: Incident, *channels: str) -> float | None:
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


def soc_error(incident: Incident) -> float | None:
    """Shown minus open-circuit state of charge, median, -1..1; None where either is not known."""
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


def quality(incident: Incident) -> tuple[float, list[str], int, int]:
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
