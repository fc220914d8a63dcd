"""CE03: cells out of balance."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.battery.ocv import OpenCircuitTable, table_for_chemistry
from ridelog.battery.quantiles import quantiles
from ridelog.detection import Case, Detector, Need
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track

from .cell_signs import OFFSET_HIGH_V, OFFSET_V, cell_signs

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A pack whose cells are spread this far was not balanced for a long time, V (CELL-06 saw 0.7 V, CELL-05 5 mV is good).
_SPREAD_V: Final = 0.060
#: A current at which cells count as resting, A.
_REST_A: Final = 1.0
#: Between the ends of a cell that is not LFP, one percent of charge is about 10 mV: V for the whole range. Below the
#: second figure, a share of charge, the curve is many times as steep, and cells that were balanced when full differ by
#: volts that are little charge (the 1 or 2 % by which good cells differ in capacity).
_USUAL_SLOPE_V: Final = 1.0
_STEEP_BELOW: Final = 0.15
#: Above this charge the curve is steep as well: of LFP very much, of others by about 20 mV a percent.
_FULL: Final = 0.98
#: A difference of charge that shortens the ride as much as it says, share of a cell; engineering judgement.
_MATTERS: Final = 0.06
_FLAT: Final = "they rested where the curve of these cells is so flat that many percent of charge are as little"
#: Strength of an offset of a group that may lack capacity, and what a probability of that takes from it: with the weights of
#: `cells.low-group` the odds of the two causes are then about those.
_DOUBTED, _DOUBT = 0.85, 0.62
#: Quantiles of the resting voltages whose slopes are averaged.
_LEVELS: Final = np.linspace(0.025, 0.975, 20)


class CellImbalance(Detector):
    """The cell groups hold different charge.

    What it finds:
        Rest offsets of single groups, or a spread over many, without extra resistance.

    Why it matters:
        The fullest group ends the charge, the emptiest the ride: the pack loses what lies between, and a group is
        driven to its limits on every ride.

    Evidence:
        cells.imbalance.

    Looks like it but is not:
        A weak group or a bad joint (they sag more), settling after a charge (REST-01: all cells together), a warm end
        of the pack, an empty pack: at its steep lower end good cells stand far apart, so the limits rise with the slope.

    Needs:
        A BMS log with cell voltages, or with the highest and lowest cell.

    Limits:
        In the flat middle of LFP cells a few millivolts are many percent of charge: only the ends tell, and elsewhere it
        says that it cannot look. Where NMC nearly empty and LFP are both possible, what sound cells of either show is no
        fault.

    Example:
        Cell 9 stands 106 mV below the others at rest and under load alike.
    """

    code: ClassVar[str] = "CE03"
    name: ClassVar[str] = "cell-imbalance"
    rules: ClassVar[tuple[str, ...]] = ("CELL-01", "CELL-02", "CELL-04", "CELL-05", "CELL-06", "REST-01")
    needs: ClassVar[tuple[Need, ...]] = (
        Need((Role.BMS,), ("cell_voltages",), rows=5),
        Need((Role.BMS,), ("cell_voltage_max", "cell_voltage_min"), rows=5),
    )
    evidence: ClassVar[tuple[str, ...]] = ("cells.imbalance",)

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one BMS log."""
        estimate = case.pack.cells.get(track.index)
        signs = cell_signs(case, track)
        steep = steepness(case, track)
        if estimate is None or signs is None:
            return self._extremes(case, track, steep)
        a = estimate.rest_offset
        findings: list[Finding] = []
        for cell in signs.offset if not signs.scattered else ():
            if cell in signs.lacking:
                findings.append(self._lacking(track, cell, float(signs.when_low[cell]), signs.lacking[cell]))
                continue
            size = abs(float(a[cell]))
            findings.append(
                self._offset(
                    track,
                    cell,
                    float(a[cell]),
                    Severity.WARNING if size >= OFFSET_HIGH_V * steep else Severity.INFO,
                )
            )
        if signs.scattered:
            findings.append(self._spread(track, signs.spread, steep))
        serious = [finding for finding in findings if finding.severity is not Severity.INFO]
        blind = _untold(case, track)
        if not serious and blind:
            unseen = {"cells.imbalance": Evidence.not_observable(blind)}
            if findings:
                return Outcome.found(findings, unseen)
            return Outcome.unable(f"the cells are within {1000 * signs.spread:.0f} mV at rest, and {blind}.", unseen)
        if not serious:
            absent = Evidence.absent(strength=min(max(1.0 - signs.spread / (_SPREAD_V * steep), 0.2), 1.0))
            if findings:
                return Outcome.found(findings, {"cells.imbalance": absent})
            return Outcome.clear(
                f"the cells are within {1000 * signs.spread:.0f} mV at rest.", {"cells.imbalance": absent}
            )
        sizes = [abs(float((signs.when_low if cell in signs.lacking else a)[cell])) for cell in signs.offset]
        largest = signs.spread if signs.scattered else max(sizes)
        strength = min(0.5 + largest / steep / 0.12, 1.0)
        if signs.perhaps:
            # A group that may as well lack capacity says less of the balance: at even odds both causes come out alike.
            strength *= _DOUBTED - _DOUBT * max(signs.perhaps.values())
        seen = Evidence.observed(f"{1000 * largest:.0f} mV.", strength=strength)
        return Outcome.found(findings, {"cells.imbalance": seen})

    def _extremes(self, case: Case, track: Track, steepness: float) -> Outcome:
        high, low = track.values("cell_voltage_max"), track.values("cell_voltage_min")
        resting = np.isfinite(high) & np.isfinite(low) & _resting(track)
        if np.count_nonzero(resting) < 3:
            return Outcome.unable("the cells were never seen at rest.")
        spread = float(np.median((high - low)[resting]))
        blind = _untold(case, track)
        if spread < _SPREAD_V * steepness and blind:
            unseen = {"cells.imbalance": Evidence.not_observable(blind)}
            return Outcome.unable(f"the cells are within {1000 * spread:.0f} mV at rest, and {blind}.", unseen)
        if spread < _SPREAD_V * steepness:
            return Outcome.clear(f"the cells are within {1000 * spread:.0f} mV at rest.")
        seen = Evidence.observed(f"{1000 * spread:.0f} mV.", strength=min(0.3 + spread / steepness / 0.2, 0.9))
        return Outcome.found((self._spread(track, spread, steepness),), {"cells.imbalance": seen})

    def _offset(self, track: Track, cell: int, offset: float, severity: Severity) -> Finding:
        where = "above" if offset > 0 else "below"
        return self.standing(
            track,
            severity=severity,
            message=f"Cell group {cell + 1} stands {1000 * abs(offset):.0f} mV {where} the others.",
            measurements=(Measurement("rest offset", offset, "V", OFFSET_V, "methods of cell drift"),),
            channels=("cell_voltages",),
        )

    def _lacking(self, track: Track, cell: int, low_v: float, share: float) -> Finding:
        return self.standing(
            track,
            severity=Severity.WARNING,
            message=(
                f"Cell group {cell + 1} stands {-1000 * low_v:.0f} mV below the others where the pack was emptiest: it lacks "
                f"{100 * share:.0f} % of its charge or more, which the flat part of the curve hid."
            ),
            measurements=(
                Measurement("offset where the pack was emptiest", low_v, "V", -OFFSET_HIGH_V, "methods of cell drift"),
            ),
            channels=("cell_voltages",),
        )

    def _spread(self, track: Track, spread: float, steepness: float) -> Finding:
        limit = _SPREAD_V * steepness
        meaning = (
            "the pack was not balanced for a long time."
            if spread >= limit
            else "they stand at a steep end of their curve, where a small difference of charge makes it."
            if spread >= _SPREAD_V
            else "not yet so much that the ride is shorter for it."
        )
        return self.standing(
            track,
            severity=Severity.WARNING if spread >= limit else Severity.INFO,
            message=f"The cell groups are spread over {1000 * spread:.0f} mV: {meaning}",
            measurements=(Measurement("spread at rest", spread, "V", limit, "CELL-06"),),
            channels=("cell_voltages",),
        )


def _resting(track: Track) -> NDArray[np.bool_]:
    current = track.values("battery_current")
    return np.asarray(~np.isfinite(current) | (np.abs(current) < _REST_A))


def _untold(case: Case, track: Track) -> str:
    """Why the cells' volts do not tell their charge where they rested, "" when they do.

    The offset that counts is then more charge than an imbalance that matters, or that depends on the chemistry.
    """
    volts = _rested_at(case, track)
    told = [_mean_slope(table, volts) * _MATTERS < OFFSET_V for table in _tables(case)] if len(volts) else []
    if not any(told):
        return ""
    return _FLAT if all(told) else f"if they are LFP, which is not known, {_FLAT}"


def _tables(case: Case) -> list[OpenCircuitTable]:
    """Curve of the chemistry; of each that it may be when it is not known."""
    names = (case.pack.chemistry.name,) if case.pack.chemistry.name else ("nmc", "lfp")
    return [table for name in names if (table := table_for_chemistry(name)) is not None]


def _rested_at(case: Case, track: Track) -> NDArray[np.float64]:
    """Quantiles of the voltages at which cells rested, V; empty when none did."""
    key = ("rested-at", track.index)
    if key not in case.shared:
        channel = "cell_voltages" if track.has("cell_voltages") else "cell_voltage_min"
        cells = track.log.matrix(channel) if channel == "cell_voltages" else track.values(channel)[:, None]
        rests = _resting(track)
        resting = (cells if rests.all() else cells[rests]).ravel()
        if not np.isfinite(resting.sum()):
            resting = resting[np.isfinite(resting)]
        case.shared[key] = quantiles(resting, _LEVELS) if len(resting) else np.empty(0)
    volts = case.shared[key]
    assert isinstance(volts, np.ndarray)
    return volts


def _mean_slope(table: OpenCircuitTable, volts: NDArray[np.float64]) -> float:
    return float(np.mean(np.asarray(table.slope(table.charge(volts)))))


def steepness(case: Case, track: Track) -> float:
    """How many times as steep as usual the open-circuit curve is where the cells rested, on the mean, at least 1.

    The last two per cent of LFP make a third of a volt. Those of NMC are less steep, and a low cell stands on the flatter part
    before them: there it is the slope over a spread that counts. An offset is a mean over the ride, so a ride that ends empty
    has a part of it from the steep end, wherever it rested most. Where the chemistry is not known it is the greater of both:
    what sound cells of either may show is no fault.
    """
    tables, volts = _tables(case), _rested_at(case, track)
    if not tables or not len(volts):
        return 1.0
    return max(_mean_steepness(table, volts) for table in tables)


def _mean_steepness(table: OpenCircuitTable, volts: NDArray[np.float64]) -> float:
    level = np.asarray(table.charge(volts))
    full = level > _FULL
    slope = np.asarray(table.slope(level))
    if table.chemistry != "lfp":
        below = np.asarray(table.charge(volts - _SPREAD_V))
        slope = np.where(full, _SPREAD_V / np.maximum(level - below, 1e-3), slope)
    steep = np.where((level < _STEEP_BELOW) | full, slope / _USUAL_SLOPE_V, 1.0)
    return float(np.mean(np.maximum(steep, 1.0)))
