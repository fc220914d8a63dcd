"""How full a pack was when its controller stopped with an over-voltage fault, and how sure that leaves an open path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ridelog.finding import Evidence

from .braking_rows import EVERY_S
from .full_pack_braking import CELL_FULL_V, NEARLY_FULL_V

if TYPE_CHECKING:
    from ridelog.detection import Case
    from ridelog.ride import Track

    from .excursions import Excursions

#: A cell without load this low, V: the pack is far from full.
_FAR_FROM_FULL_V = 3.95
#: A charge from which on a display calls the pack full, and how sure that is; engineering judgement.
_SHOWN_FULL, _BY_DISPLAY = 0.95, 0.6
#: A count of cells less sure than this is not known.
KNOWN_COUNT = 0.6
#: Strength of an over-voltage fault in braking without a rise in the log, and in rows that would show one; engineering
#: judgement.
_UNSEEN, _UNSEEN_DENSE = 0.75, 0.5


def sureness_without_a_rise(case: Case, track: Track, stop: tuple[int, int]) -> float:
    """How surely an over-voltage fault without a rise in the log met no pack.

    The capacitors of a controller without a pack hold what it rose to for a moment, which rows this dense would show; and
    with another number of cells the voltage that the log shows may be that of a full pack.
    """
    window = slice(max(stop[0] - 3, 0), stop[0] + 2)
    highest = float(np.nanmax(track.values("pack_voltage")[window]))
    series = case.pack.series.probabilities
    full = sum(share for count, share in series.items() if highest / count >= CELL_FULL_V - 0.05)
    if case.pack.series.confidence < KNOWN_COUNT and shown_full(track, stop[0]):
        full = max(full, _BY_DISPLAY)
    return (_UNSEEN_DENSE if track.log.interval_s <= EVERY_S else _UNSEEN) * (1.0 - min(full, 0.8))


def shown_full(track: Track, row: int) -> bool:
    """Whether a display that is not the controller's own reading of the voltage calls the pack full.

    Sixteen full cells of NMC and twenty of LFP have one voltage: where the count is open, full they are both.
    """
    return track.log.identity.family != "vesc" and bool(track.values("soc")[row] >= _SHOWN_FULL)


def fullness(case: Case, track: Track, outside: Excursions, row: int) -> Evidence:
    """Evidence of how full the pack was at a row, by its voltage without load for a cell, else by a display."""
    series = case.pack.series
    if series.best is None or series.confidence < KNOWN_COUNT:
        if shown_full(track, row):
            return Evidence.observed(f"{100 * float(track.values('soc')[row]):.0f} % shown.", strength=_BY_DISPLAY)
        return Evidence.not_observable("the number of cells in series is not known")
    cell = float(outside.open_circuit[max(row - 1, 0)]) / series.best
    share = (cell - _FAR_FROM_FULL_V) / (NEARLY_FULL_V - _FAR_FROM_FULL_V)
    note = f"{cell:.2f} V a cell without load."
    if share >= 0.5:
        return Evidence.observed(note, strength=min(share, 1.0) * series.confidence)
    return Evidence.absent(note, strength=min(1.0 - max(share, 0.0), 1.0) * series.confidence)
