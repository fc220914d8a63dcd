"""The pack estimate of a whole ride: what this pack is, and what a healthy one would have done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.ride import Ride, Track

from .capacity import estimate_capacity
from .cells import estimate_cells
from .chemistry import estimate_chemistry
from .counted_cells import counted_cells
from .ocv import OpenCircuitTable, table_for_chemistry
from .open_circuit import OpenCircuit
from .pack import (
    CapacityEstimate,
    CellEstimate,
    Pack,
    PackOptions,
    Residual,
    ResistanceEstimate,
    RestWindow,
    SeriesEstimate,
)
from .power_path import PowerPath, power_path
from .quantiles import size_quantile
from .residual import residual
from .resistance import ResistanceFit, estimate_resistance, fit_resistance
from .rest import rest_windows
from .series import estimate_series
from .series_evidence import pack_voltages
from .unsigned_current import with_sign

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A chemistry this sure is told by a cell or a limit and not by the voltages that tell the series count.
_PLAIN_CHEMISTRY: Final = 0.95
#: A chemistry less sure than this is no ground for a state of charge.
_SURE_CHEMISTRY: Final = 0.7
#: Cells in use are between these, in degC; what reads less or more is no sensor, or not on a cell.
_COLDEST_C, _HOTTEST_C = -35.0, 80.0


def estimate_pack(ride: Ride, options: PackOptions | None = None) -> Pack:
    """Estimate the pack of a ride: series count, chemistry, resistance, residual, cells, rests, capacity.

    Args:
        ride: The ride.
        options: What the user said about the pack.

    Returns:
        The estimate. A track that allows no resistance or residual is left out of the mapping, and `notes` says why.
    """
    options = options or PackOptions()
    notes: dict[int, str] = {}
    paths: dict[int, PowerPath] = {}
    fits: dict[int, ResistanceFit] = {}
    residuals: dict[int, Residual] = {}
    running: dict[int, OpenCircuit] = {}
    for track in ride.tracks:
        path = power_path(ride, track)
        if isinstance(path, str):
            notes[track.index] = path[0].upper() + path[1:] + "."
            continue
        if track.log.derived("battery_current"):
            path = with_sign(path)
        fit = fit_resistance(path, track.log.role)
        if fit.fit.ohm <= 0 and (signed := with_sign(path)) is not path:
            # A voltage that rises with the current: the current may be one whose sign its logger left out.
            path, fit = signed, fit_resistance(signed, track.log.role)
        paths[track.index], fits[track.index] = path, fit
        residuals[track.index], running[track.index] = residual(path, track.log.role, fits[track.index])
    counted = counted_cells(ride)
    errors = {index: fits[index].fit.ohm_error * size_quantile(fits[index].amps, 0.5) for index in paths}
    voltages = pack_voltages(ride, paths, running, errors)
    first = estimate_chemistry(ride, counted, voltages, SeriesEstimate(), options.chemistry)
    series = estimate_series(
        ride, counted, voltages, options.series, first.name if first.confidence >= _PLAIN_CHEMISTRY else ""
    )
    chemistry = estimate_chemistry(ride, counted, voltages, series, options.chemistry)
    table = table_for_chemistry(chemistry.name) if chemistry.confidence >= _SURE_CHEMISTRY else None
    count = series.best if series.certain else None
    resistances: dict[int, ResistanceEstimate] = {}
    for index, path in paths.items():
        soc = _state_of_charge(ride.tracks[index], running[index], table, count)
        found = estimate_resistance(path, fits[index], _temperature(ride, ride.tracks[index]), soc)
        if isinstance(found, str):
            notes[index] = found[0].upper() + found[1:] + "."
        else:
            resistances[index] = found
    rests = {index: rest_windows(path, count) for index, path in paths.items()}
    return Pack(
        series=series,
        chemistry=chemistry,
        resistance=resistances,
        residual=residuals,
        cells=_cells(ride, paths, fits, running),
        rests=_in_time(ride, rests),
        capacity=_capacity(paths, rests, running, table, count),
        notes=notes,
    )


def _cells(
    ride: Ride, paths: dict[int, PowerPath], fits: dict[int, ResistanceFit], running: dict[int, OpenCircuit]
) -> dict[int, CellEstimate]:
    found: dict[int, CellEstimate | None] = {}
    for track in ride.tracks:
        place = track.index
        open_circuit = running[place].volts if place in running else None
        found[place] = estimate_cells(track, paths.get(place), fits.get(place), open_circuit)
    return {index: estimate for index, estimate in found.items() if estimate is not None}


def _in_time(ride: Ride, rests: dict[int, tuple[RestWindow, ...]]) -> tuple[RestWindow, ...]:
    every = [rest for windows in rests.values() for rest in windows]
    return tuple(sorted(every, key=lambda rest: (float(ride.tracks[rest.track].time[rest.first]), rest.track)))


def _capacity(
    paths: dict[int, PowerPath],
    rests: dict[int, tuple[RestWindow, ...]],
    running: dict[int, OpenCircuit],
    table: OpenCircuitTable | None,
    count: int | None,
) -> CapacityEstimate | None:
    if table is None or count is None:
        return None
    found = [estimate_capacity(path, rests[index], running[index], table, count) for index, path in paths.items()]
    told = [estimate for estimate in found if estimate is not None]
    return min(told, key=lambda estimate: estimate.error / estimate.amp_hours) if told else None


def _temperature(ride: Ride, track: Track) -> float | None:
    """Median temperature of the cells in degC: of this track, else of a BMS."""
    for source in (track, *ride.bms):
        medians = [float(np.median(known)) for values in _sensors(source) if len(known := values[np.isfinite(values)])]
        cells = sorted(celsius for celsius in medians if _COLDEST_C < celsius < _HOTTEST_C)
        if cells:
            # The middle one, of two the cooler: one of them may sit on the board, which gets hotter than the cells.
            return cells[(len(cells) - 1) // 2]
    return None


def _sensors(source: Track) -> list[NDArray[np.float64]]:
    """Every temperature sensor of the battery, or what the log gives as its temperature; each of shape (rows,)."""
    if source.log.has("battery_temperatures"):
        return list(source.log.matrix("battery_temperatures").T)
    return [source.values("battery_temperature")] if source.has("battery_temperature") else []


def _state_of_charge(
    track: Track, running: OpenCircuit, table: OpenCircuitTable | None, count: int | None
) -> float | None:
    """Median state of charge of the ride 0..1: by the open-circuit voltage, else as the device shows it."""
    if table is not None and count is not None:
        return float(table.charge(float(np.median(running.anchors)) / count))
    shown = track.values("soc")
    shown = shown[np.isfinite(shown)]
    return float(np.median(shown)) if len(shown) else None
