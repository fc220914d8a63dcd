"""Writes a plain table as a home-made logger does: captions with units, cells one to a column."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

    from .bms_telemetry import BmsTelemetry
    from .scene import Scene


def write_plain(rng: Generator, scene: Scene, t: BmsTelemetry) -> bytes:
    """Write time, voltage, current, charge, temperature, FETs and cells."""
    iso = bool(rng.random() < 0.6)
    flags = bool(rng.random() < 0.7)
    if not flags:
        scene.truth.facts["no_fets"] = 1.0
    series = t.cells.shape[1]
    # Some say which way the current counts, always where no load could show it; others leave it to the reader.
    named = scene.parked is not None or bool(rng.random() < 0.3)
    sign = 1.0 if named or rng.random() < 0.5 else -1.0
    current = "discharge current (A)" if named else "current (A)"
    header = ["timestamp" if iso else "time (s)", "voltage (V)", current, "soc (%)", "temperature (C)"]
    if flags:
        header += ["charge_fet", "discharge_fet"]
    header += [f"cell{k + 1} (V)" for k in range(series)]
    lines = [",".join(header)]
    start = float(t.stamp_s[0]) if len(t) else 0.0
    for row in range(len(t)):
        stamp = float(t.stamp_s[row])
        if iso:
            moment = datetime.fromtimestamp(round(stamp, 3) + scene.bms_clock.zone_s, UTC)
            fields = [moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]]
        else:
            fields = [f"{stamp - start:.3f}"]
        fields += [f"{t.voltage[row]:.2f}", f"{sign * t.current[row]:.2f}", f"{t.soc[row] * 100:.0f}"]
        fields.append(f"{t.temperatures[row].max():.1f}")
        if flags:
            fields += [str(int(t.charge[row])), str(int(t.discharge[row]))]
        fields += [f"{value:.3f}" for value in np.nan_to_num(t.cells[row]).tolist()]
        lines.append(",".join(fields))
    return ("\n".join(lines) + "\n").encode()
