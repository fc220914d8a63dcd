"""Chemistry when nobody says: from what cells and limits are only possible with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ridelog.ride import Ride
from ridelog.settings import number

from .counted_cells import CountedCells
from .pack import ChemistryEstimate, SeriesEstimate
from .series_evidence import PackVoltages

#: A cell above this at rest is no LFP cell (full is 3.65 V while charging); above the second it surely is NMC.
_ABOVE_LFP_V: Final = 3.68
#: LFP spends all of its middle between these, in V.
_LFP_MIDDLE_V: Final = (3.15, 3.40)
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
    high = max((item.high_v for item in counted), default=None)
    if high is None and voltages is not None and series.best is not None and series.certain:
        high = voltages.high_v / series.best
    if high is not None and high > _ABOVE_LFP_V:
        return ChemistryEstimate("nmc", 0.98 if counted else 0.9, f"A cell at {high:.2f} V is no LFP cell.")
    if limit is not None and 2.5 < limit < 5.0:
        name = "lto" if limit < 3.0 else "lfp" if limit < 3.95 else "nmc"
        return ChemistryEstimate(name, 0.95, f"The BMS allows a cell {limit:.2f} V.")
    stated = _plain(str(settings.get("chemistry", "")))
    if high is not None and voltages is not None and voltages.meter:
        middle = sum(shown for shown, _ in voltages.meter) / len(voltages.meter)
        low = min((item.cell_v for item in counted), default=high)
        if 0.25 < middle < 0.95 and _LFP_MIDDLE_V[0] < low <= high < _LFP_MIDDLE_V[1]:
            sure = 0.95 if stated == "lfp" else 0.85
            return ChemistryEstimate("lfp", sure, f"Cells at {low:.2f} V while {100 * middle:.0f} % is shown.")
    if stated in ("nmc", "lfp", "lto"):
        return ChemistryEstimate(stated, 0.8, f"The configuration says {stated}.")
    if high is not None:
        return ChemistryEstimate("", 0.5, f"Cells up to {high:.2f} V can be NMC nearly empty, or LFP.")
    if voltages is not None:
        return ChemistryEstimate("nmc", 0.7, "Nothing speaks against NMC, which nearly all of these packs are.")
    return ChemistryEstimate("", 0.0, "There is no voltage to tell it by.")


def _plain(text: str) -> str:
    letters = "".join(char for char in text.lower() if char.isalnum())
    return _KNOWN.get(letters, letters)
