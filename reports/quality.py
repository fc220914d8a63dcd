"""Sections on the pack, on the quality of the data and on where it came from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from ridelog.log import Role
from ridelog.settings import SETTINGS

from . import words
from .cells import bars
from .downsample import gaps

if TYPE_CHECKING:
    from ridelog.incident import Incident
    from ridelog.ride import Track

Values = dict[str, object]
_MOST_GAPS = 8


def pack(incident: Incident) -> Values:
    """What the pack is: figures with how sure each is, and the cells one by one."""
    estimate = incident.pack
    rows: list[tuple[str, str, str]] = []
    series = estimate.series
    if series.best is not None:
        others = sorted(series.probabilities.items(), key=lambda item: (-item[1], item[0]))[1:4]
        also = ", ".join(f"{count} ({words.percent(share)})" for count, share in others if share >= 0.01)
        sure = f"{words.percent(series.confidence)} sure" if series.source != "given" else "as given"
        rows.append(("Cells in series", str(series.best), _joined(sure, also and f"else {also}", series.reason)))
    chemistry = estimate.chemistry
    if chemistry.name:
        sure = f"{words.percent(chemistry.confidence)} sure"
        rows.append(("Chemistry", chemistry.name.upper(), _joined(sure, chemistry.reason)))
    for index in sorted(estimate.resistance):
        item = estimate.resistance[index]
        name = f" seen by {_name(incident, index)}" if len(incident.ride.tracks) > 1 else ""
        ends = (item.low_ohm, item.ohm, item.high_ohm)
        low, value, high = (words.quantity(end, "ohm", ends) for end in ends)
        note = f"95{words.THIN}% between {low} and {high}"
        rows.append((f"Resistance{name}", value, _joined(note, item.reason)))
        if item.reference_ohm is not None:
            rows.append(("… at 25 °C and half charge", words.quantity(item.reference_ohm, "ohm"), ""))
    for index, note in sorted(estimate.notes.items()):
        measured = incident.ride.tracks[index].log.role not in (Role.CONFIG, Role.EVENTS)
        if index not in estimate.resistance and measured:
            rows.append((f"Resistance seen by {_name(incident, index)}", "not known", note))
    if estimate.rests:
        rest = estimate.rests[-1]
        note = f"±{words.quantity(2 * rest.uncertainty_v, 'V', (rest.open_circuit_v,))}, from the last rest in the log"
        rows.append(("Voltage at rest", words.quantity(rest.open_circuit_v, "V"), note))
    if estimate.capacity is not None:
        capacity = estimate.capacity
        text = f"{words.number(capacity.amp_hours, 1)}{words.THIN}Ah"
        rows.append(("Capacity", text, _joined(f"±{words.number(capacity.error, 1)}{words.THIN}Ah", capacity.reason)))
    return {"rows": rows, "cells": _cells(incident)}


def _joined(*parts: str) -> str:
    return ". ".join(words.first_capital(part.rstrip(".")) for part in parts if part) + "." if any(parts) else ""


def _name(incident: Incident, index: int) -> str:
    return words.log_name(incident.ride, index)


def _cells(incident: Incident) -> list[Values]:
    pictures: list[Values] = []
    for index in sorted(incident.pack.cells):
        cells = incident.pack.cells[index]
        for values, errors, unit, title, meaning in (
            (
                cells.rest_offset,
                cells.rest_offset_error,
                "mV",
                "At rest: each cell against the middle one",
                "A cell that sits low at rest holds less charge than the others.",
            ),
            (
                cells.extra_resistance,
                cells.extra_resistance_error,
                "mΩ",
                "Under load: extra resistance of each cell",
                "A cell that sags more than the others is worn, or has a bad joint.",
            ),
        ):
            known = [value for value in values.tolist() if math.isfinite(value)]
            if not known:
                continue
            furthest = int(np.nanargmax(np.abs(values)))
            label = f"{title}. Furthest: cell {furthest + 1}, {words.number(float(values[furthest]) * 1000, 1)} {unit}."
            picture = bars(values.tolist(), errors.tolist(), 1000.0, label)
            svg = Markup(picture)  # noqa: S704 - escaped where it is drawn
            pictures.append({"title": f"{title}, {unit}", "meaning": meaning, "svg": svg, "reason": cells.reason})
    return pictures


def quality(incident: Incident) -> list[Values]:
    """How good each log is: rows, rate, gaps, and what was dropped or repaired with the lines."""
    found: list[Values] = []
    for number, item in enumerate(incident.inputs):
        track = next((t for t in incident.ride.tracks if t.index == (number if item.log is None else item.log)), None)
        if item.log is None:
            track = None
        kind = words.row_kind(track.log) if track else "line"
        found.append(
            {
                "name": words.file_name(item),
                "role": words.ROLE.get(item.role, item.role),
                "rows": _rows(track, item.rows),
                "gaps": _gaps(track),
                "damage": [
                    {
                        "effect": words.EFFECT[str(damage.effect)],
                        "kind": str(damage.effect),
                        "message": damage.message,
                        "count": words.counted(damage.count, "time", "times") if damage.count != 1 else "once",
                        "rows": _places(kind, damage.rows, damage.count),
                    }
                    for damage in item.damage
                ],
            }
        )
    return found


def _places(kind: str, rows: tuple[int, ...], count: int) -> str:
    if not rows:
        return ""
    listed = ", ".join(str(row) for row in rows)
    return f"{kind}{'s' if len(rows) > 1 else ''} {listed}{' …' if count > len(rows) else ''}"


def _rows(track: Track | None, rows: int) -> list[tuple[str, str]]:
    facts = [("Rows", f"{rows:,}".replace(",", words.THIN))]
    if track is None or track.log.role is Role.CONFIG or track.log.rows < 2:
        return facts
    log = track.log
    facts.append(("Covers", words.duration(log.duration_s)))
    if math.isfinite(log.interval_s):
        facts.append(("One row every", words.duration(log.interval_s)))
        facts.append(("Shortest event it can show", words.duration(2 * log.interval_s)))
    facts.append(("Clock", words.CLOCK_BASIS[str(log.clock.basis)]))
    return facts


def _gaps(track: Track | None) -> list[str]:
    if track is None or track.log.role in (Role.CONFIG, Role.EVENTS) or track.log.rows < 3:
        return []
    time = track.time
    rows = gaps(time)
    longest = sorted(rows.tolist(), key=lambda row: (-(time[row] - time[row - 1]), row))[:_MOST_GAPS]
    texts = [
        f"{words.moment(float(time[row - 1]), 1)} – {words.moment(float(time[row]), 1)}: "
        f"{words.duration(float(time[row] - time[row - 1]))} without data"
        for row in sorted(longest)
    ]
    if len(rows) > len(longest):
        texts.append(f"and {words.counted(len(rows) - len(longest), 'shorter gap')}")
    return texts


def settings(incident: Incident) -> list[tuple[str, str, str]]:
    """Settings the checks compared with: meaning, value and canonical name."""
    rows = []
    for name in sorted(incident.settings):
        known, value = SETTINGS.get(name), incident.settings[name]
        if known is None:
            continue
        if isinstance(value, bool):
            text = "yes" if value else "no"
        else:
            text = value if isinstance(value, str) else words.quantity(float(value), known.unit)
        rows.append((known.meaning, text, name))
    return rows


def provenance(incident: Incident, private: bool) -> list[Values]:
    """Where everything came from: file names, hashes, parsers and devices.

    Args:
        incident: The incident.
        private: Show serial numbers and addresses too; paths are never shown.
    """
    found: list[Values] = []
    for item in incident.inputs:
        track = next((t for t in incident.ride.tracks if item.log is not None and t.index == item.log), None)
        identity = track.log.identity if track else None
        device = (
            [identity.device, identity.model, identity.hardware, identity.firmware, identity.software]
            if identity
            else []
        )
        found.append(
            {
                "name": words.file_name(item),
                "sha256": item.sha256,
                "size": words.counted(item.size, "byte"),
                "parser": item.parser,
                "role": words.ROLE.get(item.role, item.role),
                "device": " · ".join(dict.fromkeys(part for part in device if part)),
                "serial": identity.serial if identity and private else "",
                "clock": track.log.clock.reason if track else "",
            }
        )
    return found
