"""What voltages over a ride, and the charge a device shows, say about the pack behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ridelog.log import Role
from ridelog.ride import RIDING_ROLES, Ride

from .open_circuit import OpenCircuit
from .power_path import PowerPath
from .quantiles import quantile, some_rows
from .stated_capacity import stated_capacity

#: State of charge a VESC shows against the cell voltage it assumes; published points of its fixed curve.
_VESC_CELL_V: Final = (3.1, 3.25, 3.5, 3.7, 3.9, 4.07, 4.15, 4.2)
_VESC_SOC: Final = (0.0, 0.02, 0.19, 0.39, 0.66, 0.90, 0.98, 1.0)
#: Error of reading the curve between its points and of the slow filter behind it, in V for a cell.
_VESC_ERROR_V: Final = 0.06
_SAMPLES: Final = 5
#: A longer pause can hide a charge, in s.
_PAUSE_S: Final = 120.0
_LEAST_TAKEN_AH: Final = 0.2


@dataclass(frozen=True, slots=True)
class PackVoltages:
    """What the voltage of the pack did over a ride.

    Attributes:
        high_v: Highest open-circuit voltage in V.
        low_v: Lowest open-circuit voltage in V.
        error_v: Standard deviation of both in V.
        loaded_low_v: Lowest voltage in ordinary use in V (1 % quantile).
        riding_v: Median voltage a controller or wheel sees in V, None without one.
        first_v: Open-circuit voltage at the start in V.
        swing: Charge taken in Ah and fall of the open-circuit voltage in V from start to end, None with a pause between
            (the pack can have been charged) or without a current.
        meter: Pairs of state of charge shown 0..1 and open-circuit voltage in V, over the ride.
        stated_ah: Capacity that the boards state in Ah, None when they state none.
    """

    high_v: float
    low_v: float
    error_v: float
    loaded_low_v: float
    riding_v: float | None
    first_v: float
    swing: tuple[float, float] | None
    meter: tuple[tuple[float, float], ...]
    stated_ah: float | None = None


def pack_voltages(
    ride: Ride, paths: Mapping[int, PowerPath], running: Mapping[int, OpenCircuit], errors: Mapping[int, float]
) -> PackVoltages | None:
    """Sum up the voltages of a ride from its best track: a controller or wheel before a BMS."""
    if not paths:
        return _without_current(ride)
    index = min(paths, key=lambda place: (ride.tracks[place].log.role not in RIDING_ROLES, place))
    path, open_circuit = paths[index], running[index]
    volts = path.volts[some_rows(open_circuit.ordinary if open_circuit.ordinary.any() else path.usable)]
    anchors = open_circuit.anchors
    return PackVoltages(
        high_v=float(np.quantile(anchors, 0.98)),
        low_v=float(np.quantile(anchors, 0.02)),
        error_v=errors.get(index, 0.0),
        loaded_low_v=quantile(volts, 0.01),
        riding_v=path.level_v if ride.tracks[index].log.role in RIDING_ROLES else None,
        first_v=float(open_circuit.volts[0]),
        swing=_swing(path, open_circuit),
        meter=next(
            (pairs for place in (index, *_boards(ride, running)) if (pairs := _meter(ride, place, running))), ()
        ),
        stated_ah=stated_capacity(ride),
    )


def _without_current(ride: Ride) -> PackVoltages | None:
    for track in sorted(ride.tracks, key=lambda item: item.log.role not in RIDING_ROLES):
        if track.log.role not in (*RIDING_ROLES, Role.BMS):
            continue
        volts = track.values("pack_voltage")
        volts = volts[np.isfinite(volts) & (volts > 5)]
        if len(volts):
            # Without a current the load is not known: the upper end is near the open-circuit voltage, nothing more.
            high = float(np.quantile(volts, 0.95))
            return PackVoltages(
                high_v=high,
                low_v=float(np.quantile(volts, 0.5)),
                error_v=0.02 * high,
                loaded_low_v=float(np.quantile(volts, 0.01)),
                riding_v=None,
                first_v=high,
                swing=None,
                meter=(),
            )
    return None


def _swing(path: PowerPath, open_circuit: OpenCircuit) -> tuple[float, float] | None:
    if len(open_circuit.anchors) < 3 or float(path.steps.max(initial=0.0)) > _PAUSE_S:
        return None
    rows = np.searchsorted(path.time, open_circuit.time[[0, -1]])
    taken = float(path.charge_ah[rows[1]] - path.charge_ah[rows[0]])
    fall = float(open_circuit.anchors[0] - open_circuit.anchors[-1])
    return (taken, fall) if taken > _LEAST_TAKEN_AH else None


def _boards(ride: Ride, running: Mapping[int, OpenCircuit]) -> list[int]:
    """The board whose meter counts for the whole pack: with two, each shows the charge of its own."""
    return [track.index for track in ride.bms if track.index in running] if len(ride.bms) == 1 else []


def _meter(ride: Ride, index: int, running: Mapping[int, OpenCircuit]) -> tuple[tuple[float, float], ...]:
    track, volts = ride.tracks[index], running[index].volts
    if not track.has("soc"):
        return ()
    soc = track.values("soc")
    rows = np.flatnonzero(np.isfinite(soc) & (soc > 0.02) & (soc < 0.995))
    if len(rows) < _SAMPLES or track.log.identity.family == "vesc":
        return ()
    rows = rows[np.linspace(0, len(rows) - 1, _SAMPLES).astype(np.int64)]
    return tuple((float(soc[row]), float(volts[row])) for row in rows)


def configured_meter_count(ride: Ride) -> int | None:
    """Series count a VESC is configured for, read off the charge it shows.

    Its level is a fixed function of the voltage of the cell it assumes, so level and voltage give the count it divides
    by, right or wrong.

    Returns:
        The count, None when no whole number fits.
    """
    for track in ride.riding:
        if track.log.identity.family != "vesc" or not track.has("soc", "pack_voltage"):
            continue
        soc, volts = track.values("soc"), track.values("pack_voltage")
        amps = np.nan_to_num(track.values("battery_current"))
        rows = np.isfinite(soc) & np.isfinite(volts) & (soc > 0.03) & (soc < 0.97) & (volts > 5)
        rows &= np.abs(amps) < 0.15 * max(float(np.quantile(np.abs(amps), 0.99)), 5.0)
        if rows.sum() < _SAMPLES:
            continue
        count = volts[rows] / np.interp(soc[rows], _VESC_SOC, _VESC_CELL_V)
        middle = float(np.median(count))
        error = middle * _VESC_ERROR_V / 3.7
        whole = round(middle)
        # The next whole number must be out of reach.
        if abs(middle - whole) <= error and 1 - abs(middle - whole) > 1.5 * error:
            return whole
    return None
