"""What this pack is, and what a healthy one would have done: the estimate that all power-path detectors build on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class PackOptions:
    """What the user said about the pack.

    Attributes:
        series: Number of cell groups in series, None for not said.
        chemistry: "nmc", "lfp", "lto", "" for not said.
    """

    series: int | None = None
    chemistry: str = ""


@dataclass(frozen=True, slots=True)
class SeriesEstimate:
    """How many cell groups are in series: a distribution, not a guess.

    Attributes:
        probabilities: Series count to probability, summing to 1; empty when nothing can be said.
        source: "given", "cells", "configuration" or "voltage".
        reason: How it was found, one sentence.
    """

    probabilities: Mapping[int, float] = field(default_factory=dict)
    source: str = ""
    reason: str = ""

    @property
    def best(self) -> int | None:
        """The most probable count, None when nothing can be said."""
        return max(self.probabilities, key=lambda count: self.probabilities[count]) if self.probabilities else None

    @property
    def confidence(self) -> float:
        """Probability of the best count, 0 when nothing can be said."""
        return max(self.probabilities.values(), default=0.0)

    @property
    def certain(self) -> bool:
        """True when the best count can be built on (probability >= 0.9)."""
        return self.confidence >= 0.9


@dataclass(frozen=True, slots=True)
class ChemistryEstimate:
    """Chemistry: "nmc", "lfp" or "" when it cannot be told, with a confidence 0..1 and the reason."""

    name: str = ""
    confidence: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ResistanceEstimate:
    """Resistance of the pack and its leads as one track sees it.

    Attributes:
        ohm: Ohmic part R0 in ohm (response within about a second).
        low_ohm: Lower end of the 95 % interval.
        high_ohm: Upper end.
        slow_ohm: Polarisation part R1 in ohm.
        time_constant_s: Its time constant in s.
        reference_ohm: R0 normalised to 25 degC and 50 % state of charge, None when temperature or charge is unknown.
        slope_ohm: Cross-check by robust slopes at a lag, None when there were too few steps.
        lag_s: How much the current column lags the voltage column, in s; positive when current comes later.
        agrees: The cross-check is within 15 %.
        confidence: 0..1.
        reason: What it rests on and what speaks against it, one sentence.
    """

    ohm: float
    low_ohm: float
    high_ohm: float
    slow_ohm: float
    time_constant_s: float
    reference_ohm: float | None
    slope_ohm: float | None
    lag_s: float
    agrees: bool
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class Residual:
    """Measured voltage minus what a healthy pack would have had at that moment, for one track.

    Attributes:
        volts: r = v - (OCV - R0 I - R1 x) in V, shape (rows,), NaN where voltage or current is missing.
        expected: OCV - R0 I - R1 x in V, shape (rows,).
        open_circuit: Running open-circuit voltage in V, shape (rows,).
        noise: Robust standard deviation of the residual on ordinary riding, in V.
        ohm: R0 that was used, in ohm; from a prior when the log allows no estimate.
        sigma: Standard deviation of the residual of each row in V, shape (rows,), never below `noise`: it grows where
            the current changes fast (voltage and current are not taken at the same instant), at the start of the log
            and after a gap (the load before is not known), and with load when the resistance is poorly known. Empty
            means `noise` for every row.
        ordinary: True for rows the open-circuit voltage was followed through, shape (rows,); False for rows without
            values, around faults and switching FETs, and inside an event that was bridged. Empty if not known.
    """

    volts: NDArray[np.float64]
    expected: NDArray[np.float64]
    open_circuit: NDArray[np.float64]
    noise: float
    ohm: float = float("nan")
    sigma: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    ordinary: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=np.bool_))

    @property
    def score(self) -> NDArray[np.float64]:
        """The residual in standard deviations of its own row, shape (rows,); what a threshold belongs on."""
        return np.asarray(self.volts / (self.sigma if len(self.sigma) else self.noise))


@dataclass(frozen=True, slots=True)
class CellEstimate:
    """Per-cell decomposition d_k = a_k + dR_k (-I) against the median cell; arrays have shape (cells,), NaN if unknown.

    Attributes:
        rest_offset: a_k in V.
        extra_resistance: dR_k in ohm.
        median_resistance: Resistance of the median cell in ohm, NaN if unknown.
        drift_per_day: Change of the rest offset in V/day.
        rest_offset_error: Standard error of `rest_offset` in V.
        extra_resistance_error: Standard error of `extra_resistance` in ohm.
        neighbour_correlation: Correlation of the noise of cell k with cell k+1, shape (cells - 1,).
        samples: Rows used.
        reason: What it rests on or why parts are missing.
        drift_per_day_error: Standard error of `drift_per_day` in V/day; empty if not known.
        charge_slope: b_k, change of the offset in V for each V the median cell's open-circuit voltage moves: about the
            share of capacity the cell lacks (0.1 for one that falls ten percent faster as the pack is emptied); empty
            if not known.
        charge_slope_error: Standard error of `charge_slope`; empty if not known.
        noise: Robust standard deviation of what the decomposition leaves, in V; empty if not known.
    """

    rest_offset: NDArray[np.float64]
    extra_resistance: NDArray[np.float64]
    median_resistance: float
    drift_per_day: NDArray[np.float64]
    rest_offset_error: NDArray[np.float64]
    extra_resistance_error: NDArray[np.float64]
    neighbour_correlation: NDArray[np.float64]
    samples: int
    reason: str = ""
    drift_per_day_error: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    charge_slope: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    charge_slope_error: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    noise: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True, slots=True)
class RestWindow:
    """A stretch without current on one track.

    Attributes:
        track: Index of the track.
        first: First row.
        last: Last row.
        open_circuit_v: Extrapolated open-circuit voltage of the pack in V.
        uncertainty_v: Its standard deviation in V.
    """

    track: int
    first: int
    last: int
    open_circuit_v: float
    uncertainty_v: float


@dataclass(frozen=True, slots=True)
class CapacityEstimate:
    """Capacity from the charge between two open-circuit anchors, in Ah with its standard error."""

    amp_hours: float
    error: float
    reason: str


@dataclass(frozen=True, slots=True)
class Pack:
    """The estimate for a whole ride. Mappings are by track index; a track that allows no estimate is not in them.

    Attributes:
        series: Series count.
        chemistry: Chemistry.
        resistance: Resistance by track.
        residual: Residual by track.
        cells: Cell decomposition by track.
        rests: Rest windows of all tracks, in order of time.
        capacity: Capacity, None when it cannot be told.
        notes: Track index to why there is no resistance or residual.
    """

    series: SeriesEstimate = field(default_factory=SeriesEstimate)
    chemistry: ChemistryEstimate = field(default_factory=ChemistryEstimate)
    resistance: Mapping[int, ResistanceEstimate] = field(default_factory=dict)
    residual: Mapping[int, Residual] = field(default_factory=dict)
    cells: Mapping[int, CellEstimate] = field(default_factory=dict)
    rests: tuple[RestWindow, ...] = ()
    capacity: CapacityEstimate | None = None
    notes: Mapping[int, str] = field(default_factory=dict)
