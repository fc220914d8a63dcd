"""Where the ride went, without a map. Drawn only when the user asks for positions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from . import words
from .drawing import tick_label

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.incident import Incident

    Values = NDArray[np.float64]

_WIDTH, _HEIGHT, _EDGE = 720.0, 420.0, 24.0
_POINTS = 1500


def route(incident: Incident) -> str:
    """The positions of the first log that has them, north up, as SVG; "" when no log has any."""
    for track in incident.ride.tracks:
        if not track.has("latitude", "longitude"):
            continue
        latitude, longitude = track.values("latitude"), track.values("longitude")
        known = np.flatnonzero(
            np.isfinite(latitude) & np.isfinite(longitude) & ((np.abs(latitude) > 1e-6) | (np.abs(longitude) > 1e-6))
        )
        if len(known) < 2:
            continue
        thin = known[:: max(1, len(known) // _POINTS)]
        middle = float(np.median(latitude[known]))
        east = (longitude - float(np.median(longitude[known]))) * 111_320.0 * math.cos(math.radians(middle))
        north = (latitude - middle) * 110_574.0
        size = max(float(np.ptp(east[known])), float(np.ptp(north[known])) * (_WIDTH / _HEIGHT), 10.0)
        scale = (_WIDTH - 2 * _EDGE) / size
        x = _WIDTH / 2 + (east - (east[known].min() + east[known].max()) / 2) * scale
        y = _HEIGHT / 2 - (north - (north[known].min() + north[known].max()) / 2) * scale
        path = "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x[thin].tolist(), y[thin].tolist(), strict=True))
        parts = [f'<path class="route" d="M{path}"/>', _ring(incident, track.time, known, x, y), _ruler(scale)]
        label = "The way of the ride, north up"
        box = f'viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}"'
        return f'<svg class="still" {box} role="img" aria-label="{label}">{"".join(parts)}</svg>'
    return ""


def _ring(incident: Incident, time: Values, known: NDArray[np.intp], x: Values, y: Values) -> str:
    onset = incident.verdict.onset
    if onset is None:
        return ""
    nearest = known[int(np.argmin(np.abs(time[known] - onset.latest_s)))]
    return f'<circle class="ring" cx="{x[nearest]:.1f}" cy="{y[nearest]:.1f}" r="9"/>'


def _ruler(scale: float) -> str:
    length = next(
        m for m in (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000, 10**9) if m * scale >= 60 or m == 10**9
    )
    across = min(length * scale, _WIDTH - 2 * _EDGE)
    text = f"{length}{words.THIN}m" if length < 1000 else f"{length // 1000}{words.THIN}km"
    return f'<path class="axis" d="M24 {_HEIGHT - 12:g}h{across:.1f}"/>{tick_label(24, _HEIGHT - 18, text, "start")}'
