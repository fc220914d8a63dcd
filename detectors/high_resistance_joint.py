"""CE02: a joint or cell group with too much resistance."""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.finding import Evidence, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track

from .cell_rows import REST_A, cell_rows, charges
from .cell_signs import EXTRA_SHARE, cell_signs

#: More of the current than this flowed while the pack was charged; engineering judgement.
_CHARGED_SHARE: Final = 0.5
#: From this probability on it is said that the group may be weak as well, and how much that takes from the joint: at even odds
#: both causes come out alike with the weights of `cells.resisting-group`.
WORN_FROM: Final = 0.15
_DOUBT: Final = 0.45
_LEFT_OPEN: Final = "; whether it holds less charge as well cannot be told where this ride went."


class HighResistanceJoint(Detector):
    """One cell group has more resistance than the others and stands at rest where they do.

    What it finds:
        A group that sags more under load and rises more while braking, in proportion to the current, without an offset
        at rest.

    Why it matters:
        A weld, strap or bolt that resists heats up with the square of the current and fails.

    Evidence:
        cells.high-resistance.

    Looks like it but is not:
        A weak group (it stands lower as the pack is emptied, and a part of its resistance builds up over tens of seconds,
        which a joint's does not), a tap on the wrong side of a strap (the neighbour shows
        the opposite), a charge (its current falls as the pack fills, and groups of another charge part then).

    Needs:
        A BMS log with cell voltages and current, with a few hard accelerations.

    Limits:
        A joint between two groups is seen in the group whose taps enclose it. In the flat middle of LFP cells, or shortly
        after a full charge, a weak group stands at rest with the others: then both are left open.

    Example:
        Cell 17: 4.0 mOhm more than the 4.6 mOhm of the others, no offset at rest.
    """

    code: ClassVar[str] = "CE02"
    name: ClassVar[str] = "high-resistance-joint"
    rules: ClassVar[tuple[str, ...]] = ("CELL-17", "THM-02", "SAG-03")
    needs: ClassVar[tuple[Need, ...]] = (Need((Role.BMS,), ("cell_voltages", "battery_current"), rows=20),)
    evidence: ClassVar[tuple[str, ...]] = ("cells.high-resistance",)

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one BMS log."""
        estimate = case.pack.cells.get(track.index)
        if estimate is None or not estimate.median_resistance > 0:
            return Outcome.unable("the current varied too little for the resistance of single cells.")
        if _only_charged(case, track):
            return Outcome.unable(
                "the pack was charged, not ridden: its current goes with its charge, as its cells do."
            )
        signs = cell_signs(case, track)
        if signs is None or not signs.joint:
            return Outcome.clear("no cell group has clearly more resistance than the others.")
        joints, findings = signs.joint, []
        for cell in joints:
            extra = float(estimate.extra_resistance[cell])
            findings.append(
                self.standing(
                    track,
                    severity=Severity.WARNING,
                    message=(
                        f"Cell group {cell + 1} has {1000 * extra:.1f} mOhm more than the "
                        f"{1000 * estimate.median_resistance:.1f} mOhm of the others, without an offset at rest"
                        + (_LEFT_OPEN if signs.worn.get(cell, 0.0) >= WORN_FROM else ".")
                    ),
                    measurements=(
                        Measurement(
                            "extra resistance",
                            extra,
                            "ohm",
                            EXTRA_SHARE * estimate.median_resistance,
                            "methods of cell drift",
                        ),
                    ),
                    channels=("cell_voltages", "battery_current"),
                )
            )
        worst = max(joints, key=lambda cell: float(estimate.extra_resistance[cell]))
        share = float(estimate.extra_resistance[worst]) / estimate.median_resistance
        strength = min(0.6 + share, 1.0) * (1.0 - _DOUBT * max(signs.worn.values(), default=0.0))
        seen = Evidence.observed(f"Cell group {worst + 1}.", strength=strength, subject=f"cell {worst + 1}")
        return Outcome.found(findings, {"cells.high-resistance": seen})


def _only_charged(case: Case, track: Track) -> bool:
    """Most of the current of the log is that of a charger."""
    rows = cell_rows(case, track)
    if rows is None:
        return False
    flows = np.abs(rows.current) > REST_A
    charged = np.zeros(len(flows), dtype=bool)
    for first, last in charges(rows):
        charged[first : last + 1] = True
    return bool(flows.any()) and float(charged[flows].mean()) > _CHARGED_SHARE
