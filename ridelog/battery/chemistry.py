"""Chemistry when nobody says: from what cells and limits are only possible with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from ridelog.ride import Ride
from ridelog.settings import number

from .charging_curve import chemistry_by_charge
from .counted_cells import CountedCells
from .ocv import table_for_chemistry
from .pack import ChemistryEstimate, SeriesEstimate
from .series_evidence import PackVoltages
from .voltage_likelihood import COUNTS, count_fits

#: A cell above this is no LFP cell (full is 3.65 V while charging); in a log of charging alone only above the other, since
#: a charger that is set too high drives a full LFP cell up there.
_ABOVE_LFP_V, _CHARGED_LFP_V = 3.68, 3.95
#: A log charges when this share of its rows at most give current, A (a board draws some itself).
_GIVES_A, _GIVES_SHARE = 0.2, 0.02
#: Least probability at which a chemistry is named.
_NAMED: Final = 0.8
#: Confidence is held below this when the cell voltage is known, and below that when the count is in doubt as well.
_MOST_SURE: Final = 0.94
_LESS_SURE: Final = 0.85
#: All cells between these, in V, for a whole ride: LTO.
_LTO_V: Final = (1.7, 2.85)
#: LTO cells differ by less than this in ordinary use, in V: their curve is flat where they hold charge. Below empty the
#: voltage of other cells falls by tenths of a volt for a per cent of charge, and a drained pack is spread as wide.
_LTO_SPREAD_V: Final = 0.15
#: A board that shows so much charge, with no cell above what a full LFP cell has and some above what it has in the middle, V,
#: would be wrong by 60 points and more with NMC: rarer by this factor than a full LFP pack (engineering judgement).
_SHOWN_FULL, _FULL_LFP_V, _FULL_ODDS = 0.9, (3.38, 3.68), 20.0
#: A meter that is wrong about the charge there is still counts what is taken. Where the cells, read as NMC, lose this many
#: times what it counts, its step on top, they are at the steep end of another curve (engineering judgement).
_FASTER, _COUNTED_STEP = 2.0, 0.01
_KNOWN: Final = {"nmc": "nmc", "nca": "nmc", "liion": "nmc", "lfp": "lfp", "lifepo4": "lfp", "lto": "lto"}


def estimate_chemistry(
    ride: Ride, counted: Sequence[CountedCells], voltages: PackVoltages | None, series: SeriesEstimate, given: str
) -> ChemistryEstimate:
    """Tell the chemistry: given, by the voltage of cells, by the limits of the BMS, by the charge shown.

    Args:
        ride: The ride, for its settings.
        counted: Cells of the tracks that read them.
        voltages: Voltages of the pack over the ride.
        series: Series count, so far.
        given: What the user said.

    Returns:
        The chemistry; its name is "" when it cannot be told (cells between 3.0 and 3.4 V without anything else).
    """
    if given:
        return ChemistryEstimate(_plain(given), 1.0, f"{given} was given.")
    settings = ride.settings
    limit = number(settings, "cell_overvoltage_limit")
    by_charge = {chemistry_by_charge(ride, item) for item in counted if _charges(ride, item)}
    high = max((item.high_v for item in counted), default=None)
    if high is None and voltages is not None and series.best is not None and series.certain:
        high = voltages.high_v / series.best
    charged = bool(counted) and all(_charges(ride, item) for item in counted)
    above = _CHARGED_LFP_V if charged else _ABOVE_LFP_V
    if high is not None and high > above:
        return ChemistryEstimate("nmc", 0.98 if counted else 0.9, f"A cell at {high:.2f} V is no LFP cell.")
    if len(by_charge) == 1 and (name := by_charge.pop()):
        return ChemistryEstimate(name, 0.95, f"{name.upper()} by the voltages at which it took its charge.")
    if limit is not None and 2.5 < limit < 5.0:
        name = "lto" if limit < 3.0 else "lfp" if limit < 3.95 else "nmc"
        return ChemistryEstimate(name, 0.95, f"The BMS allows a cell {limit:.2f} V.")
    stated = _plain(str(settings.get("chemistry", "")))
    if _looks_like_lto(counted):
        return ChemistryEstimate("lto", 0.8, f"No cell is above {high:.2f} V.")
    if voltages is None:
        return ChemistryEstimate("", 0.0, "There is no voltage to tell it by.")
    if charged and stated == "lfp" and high is not None and high > _ABOVE_LFP_V:
        # The curve of cells at rest says nothing of a voltage that a charger drives them to.
        return ChemistryEstimate("lfp", 0.9, f"The BMS is set to LFP, and only a charger drove a cell to {high:.2f} V.")
    if charged and not stated and high is not None and high > _ABOVE_LFP_V:
        return ChemistryEstimate(
            "", 0.5, f"NMC, or LFP that is charged too high, by a charge that ended at {high:.2f} V."
        )
    share = _share_of_lfp(voltages, series, settings)
    if stated == "lfp":
        # Nobody gets this setting by leaving a default.
        share = share * 12 / (share * 12 + 1 - share)
    low = high if high is not None else voltages.high_v / (series.best or 1)
    full = _FULL_LFP_V[0] <= low <= _FULL_LFP_V[1] and _shown_full(ride)
    if full:
        share = share * _FULL_ODDS / (share * _FULL_ODDS + 1 - share)
    words = f"the open-circuit voltage, its fall with the charge taken and the limits, at {low:.2f} V for a cell"
    words += " and a charge shown as full" if full else ""
    most = _MOST_SURE if counted or series.certain else _LESS_SURE
    if share > _NAMED:
        return ChemistryEstimate("lfp", round(min(share, most), 3), f"LFP by {words}.")
    if (
        share < 1 - _NAMED
        and full
        and series.best is not None
        and _falls_faster_than_counted(ride, voltages, series.best)
    ):
        words += ", which falls faster than NMC would with the charge that was counted"
        return ChemistryEstimate("", 0.5, f"NMC nearly empty and a wrong meter, or LFP, by {words}.")
    if share < 1 - _NAMED:
        return ChemistryEstimate("nmc", round(min(1 - share, most), 3), f"NMC by {words}.")
    return ChemistryEstimate("", round(max(share, 1 - share), 3), f"NMC nearly empty, or LFP, by {words}.")


def _charges(ride: Ride, item: CountedCells) -> bool:
    """Whether a log of cells holds nothing but a charge."""
    current = ride.tracks[item.track].values("battery_current")
    current = current[np.isfinite(current)]
    if not len(current) or float(current.mean()) >= 0.0:
        return False
    return float((current > _GIVES_A).mean()) <= _GIVES_SHARE


def _shown_full(ride: Ride) -> bool:
    """Whether the boards of the ride show a pack that is nearly full throughout."""
    shown = [track.values("soc") for track in ride.bms if track.has("soc")]
    known = [values[np.isfinite(values)] for values in shown]
    return any(len(values) for values in known) and all(
        float(np.median(values)) >= _SHOWN_FULL for values in known if len(values)
    )


def _falls_faster_than_counted(ride: Ride, voltages: PackVoltages, series: int) -> bool:
    """Tell whether cells that are read as NMC lose far more charge than the boards count."""
    table = table_for_chemistry("nmc")
    if table is None or voltages.swing is None:
        return False
    shown = [values[np.isfinite(values)] for values in (track.values("soc") for track in ride.bms if track.has("soc"))]
    counted = max((float(values[0] - values[-1]) for values in shown if len(values)), default=0.0)
    first, last = (table.charge(volts / series) for volts in (voltages.first_v, voltages.first_v - voltages.swing[1]))
    return counted >= _COUNTED_STEP / 2 and float(first - last) > _FASTER * (counted + _COUNTED_STEP)


def _looks_like_lto(counted: Sequence[CountedCells]) -> bool:
    """Every cell is where LTO holds its charge, and they are together there: drained cells of others fall apart."""
    if not counted or max(item.spread_v for item in counted) > _LTO_SPREAD_V:
        return False
    return _LTO_V[0] < min(item.cell_v for item in counted) <= max(item.high_v for item in counted) < _LTO_V[1]


def _share_of_lfp(voltages: PackVoltages, series: SeriesEstimate, settings: Mapping[str, float | str | bool]) -> float:
    """Probability of LFP against NMC, over the series counts that are possible."""
    counts = np.array([series.probabilities.get(int(count), 0.0) for count in COUNTS])
    if not counts.any():
        counts = np.ones(len(COUNTS))
    return count_fits(voltages, settings, "").share_of_lfp(counts)


def _plain(text: str) -> str:
    letters = "".join(char for char in text.lower() if char.isalnum())
    return _KNOWN.get(letters, letters)
