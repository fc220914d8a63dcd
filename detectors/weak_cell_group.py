"""CE01: a cell group of low capacity."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track

from .cell_signs import CHARGE_SHARE, OFFSET_V, CellSigns, cell_signs
from .high_resistance_joint import WORN_FROM

#: Strength of a group that stands low and of whose capacity nothing is known; engineering judgement: most such groups are out
#: of balance, and no ride that short rules the other out.
_STANDS_LOW = 0.7


class WeakCellGroup(Detector):
    """One cell group holds less charge than the others.

    What it finds:
        A group that lacks more charge the more is taken from the pack, whether it stood with the others when full or not,
        one that stands below them and sags more under load, and one that is nearly empty while the pack is not (whether
        it holds less or was never balanced is then left open).

    Why it matters:
        It is empty first: it trips the BMS with charge left in the others, and is driven below its limit (TRIP-14).

    Evidence:
        cells.weak-group, cells.low-group, cells.resisting-group.

    Looks like it but is not:
        Imbalance (the same charge is missing all along, though in volts it grows wherever the open-circuit curve gets
        steeper: what is missing is counted in charge, by several measured curves), a bad joint (resistance without an offset), a
        sense wire (the neighbour shows the opposite).

    Needs:
        A BMS log with cell voltages and a current that changes.

    Limits:
        A ride that takes a few percent of the charge does not tell a low capacity from imbalance, nor, in the flat middle of
        LFP cells, from a joint when the group resists more: then it says so.
        Between 85 and 95 % the voltage says little about the charge either. A group that
        stood with the others when full shows only after a good part of the charge was taken.

    Example:
        Cell 5: 119 mV low, 34 % faster than the others, half as much resistance again.
    """

    code: ClassVar[str] = "CE01"
    name: ClassVar[str] = "weak-cell-group"
    rules: ClassVar[tuple[str, ...]] = ("TRIP-14", "SAG-03", "SOC-06", "ADV-04")
    needs: ClassVar[tuple[Need, ...]] = (Need((Role.BMS,), ("cell_voltages",), rows=20),)
    evidence: ClassVar[tuple[str, ...]] = ("cells.weak-group", "cells.low-group", "cells.resisting-group")

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one BMS log."""
        estimate = case.pack.cells.get(track.index)
        if estimate is None:
            return Outcome.unable("the cells could not be compared.")
        signs = cell_signs(case, track)
        if signs is not None and not signs.weak and signs.perhaps:
            return self._open(track, signs)
        if signs is not None and not signs.weak and max(signs.worn.values(), default=0.0) >= WORN_FROM:
            return _resists(signs)
        if signs is None or not signs.weak:
            return Outcome.clear("no cell group falls faster or sags more than the others while standing lower.")
        findings: list[Finding] = []
        for cell in signs.weak:
            low = float(signs.when_low[cell])
            measured = [Measurement("offset where the pack was emptiest", low, "V", -OFFSET_V, "methods of cell drift")]
            share = float(estimate.charge_slope[cell]) if len(estimate.charge_slope) > cell else np.nan
            if np.isfinite(share):
                measured.append(
                    Measurement("falls faster by a share of", share, "", CHARGE_SHARE, "engineering judgement")
                )
            if np.isfinite(estimate.extra_resistance[cell]):
                measured.append(Measurement("extra resistance", float(estimate.extra_resistance[cell]), "ohm"))
            findings.append(
                self.standing(
                    track,
                    severity=Severity.WARNING,
                    message=(
                        f"Cell group {cell + 1} is weak: {-1000 * low:.0f} mV below the others where the pack was emptiest, "
                        f"and it {'falls faster' if share > CHARGE_SHARE else 'sags more'} than they do."
                    ),
                    measurements=tuple(measured),
                    channels=("cell_voltages",),
                )
            )
        worst = min(signs.weak, key=lambda cell: float(signs.when_low[cell]))
        # The flat curve of LFP makes few millivolts of much charge: it is by then sure that the group falls faster.
        strength = min(0.5 + abs(float(signs.when_low[worst])) / 0.06, 1.0)
        seen = Evidence.observed(f"Cell group {worst + 1}.", strength=strength, subject=f"cell {worst + 1}")
        return Outcome.found(findings, {"cells.weak-group": seen})

    def _open(self, track: Track, signs: CellSigns) -> Outcome:
        """A group stands low, and the ride does not tell whether it lacks capacity or was not balanced."""
        cell = min(signs.empty_first or signs.perhaps, key=lambda cell: float(signs.when_low[cell]))
        low = f"cell group {cell + 1} stands {-1000 * float(signs.when_low[cell]):.0f} mV below the others"
        left_open = "the ride took too little charge to tell a low capacity from imbalance"
        evidence = {
            "cells.weak-group": Evidence.not_observable(left_open),
            "cells.low-group": Evidence.observed(
                f"Cell group {cell + 1}.",
                strength=_STANDS_LOW + (1.0 - _STANDS_LOW) * signs.perhaps[cell],
                subject=f"cell {cell + 1}",
            ),
        }
        if not signs.empty_first:
            return Outcome.unable(f"{low}; {left_open}.", evidence)
        finding = self.standing(
            track,
            severity=Severity.WARNING,
            message=(
                f"C{low[1:]} and is nearly empty while they are not: it ends the ride. It holds less charge than they do, "
                f"or was never balanced; {left_open}."
            ),
            measurements=(
                Measurement(
                    "offset where the pack was emptiest",
                    float(signs.when_low[cell]),
                    "V",
                    -OFFSET_V,
                    "methods of cell drift",
                ),
            ),
            channels=("cell_voltages",),
        )
        return Outcome.found((finding,), evidence)


def _resists(signs: CellSigns) -> Outcome:
    """A group has more resistance, and a lower capacity would not show where the ride went."""
    cell = max(signs.worn, key=lambda cell: signs.worn[cell])
    open_ = "where this ride went no voltage tells whether it holds less charge than the others"
    evidence = {
        "cells.weak-group": Evidence.not_observable(open_),
        "cells.resisting-group": Evidence.observed(f"Cell group {cell + 1}.", subject=f"cell {cell + 1}"),
    }
    return Outcome.unable(f"cell group {cell + 1} has more resistance, and {open_}.", evidence)
