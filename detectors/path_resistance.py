"""PR02: resistance between the pack and the controller."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.finding import Evidence, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track

from .pack_current import pack_current

#: Resistance of leads, connectors and the BMS that is too much, ohm: 5 to 25 mOhm are usual (methods of internal
#: resistance); the share guards against a wrong current scale of either side.
_TOO_MUCH_OHM, _TOO_MUCH_SHARE = 0.035, 0.35
#: Confidence of both estimates from which their intervals are taken as they are, and down to which at twice their width.
_SURE, _LEAST_SURE = 0.5, 0.3
#: Heat in one place, W: from here it is hot to the touch within minutes, from there it browns plastic (engineering
#: judgement: a high-current connector gives off a few watts without getting hot).
_HOT_W, _BURNS_W = 30.0, 100.0
#: Percentile of the current that is the high load of a ride.
_HIGH_LOAD = 98.0
#: A controller that carries this much less than the BMS is one of several.
_SEVERAL = 1.4


class PathResistance(Detector):
    """The leads between pack and controller resist too much.

    What it finds:
        The resistance the controller sees minus that at the cells, where both logs allow an estimate.

    Why it matters:
        A connector, lead or BMS that resists heats up with the square of the current, and opens in the end (ADV-03,
        THM-06).

    Evidence:
        path.resistance.

    Looks like it but is not:
        A second controller that the first does not know (its current is missing), a wrong current scale of one side.

    Needs:
        A controller log and a BMS log, each with voltage and current and a few hard accelerations. The clocks need not
        be aligned.

    Limits:
        What lies between is not told apart: connector, lead, switch or FETs of the BMS.

    Example:
        206 mOhm at the controller, 70 mOhm at the cells: 136 mOhm between them.
    """

    code: ClassVar[str] = "PR02"
    name: ClassVar[str] = "path-resistance"
    rules: ClassVar[tuple[str, ...]] = ("ADV-03", "THM-06")
    needs: ClassVar[tuple[Need, ...]] = (
        Need((Role.CONTROLLER, Role.BMS), ("pack_voltage", "battery_current"), rows=50),
    )
    evidence: ClassVar[tuple[str, ...]] = ("path.resistance",)

    def detect(self, case: Case) -> Outcome:
        """Compare the first controller log with the first BMS log."""
        controllers, boards = case.ride.of_role(Role.CONTROLLER), case.ride.bms
        if not controllers or not boards:
            return Outcome.unable("a controller log and a BMS log are needed.")
        track, board = controllers[0], boards[0]
        lacks = [
            f"log {one.index + 1} ({one.log.parser}): {lack}"
            for one in (track, board)
            if (lack := self.needs[0].missing(one))
        ]
        if lacks:
            return Outcome.unable(f"{'; '.join(lacks)}.")
        seen, inside = case.pack.resistance.get(track.index), case.pack.resistance.get(board.index)
        if seen is None or inside is None or (sure := min(seen.confidence, inside.confidence)) < _LEAST_SURE:
            return Outcome.unable("the resistance could not be estimated from both logs.")
        share = _share_of_current(track, board)
        between = seen.ohm * share - inside.ohm
        limit = max(_TOO_MUCH_OHM, _TOO_MUCH_SHARE * inside.ohm)
        measured = (
            Measurement("resistance at the controller", seen.ohm * share, "ohm"),
            Measurement("resistance at the cells", inside.ohm, "ohm"),
            Measurement("resistance between them", between, "ohm", limit, "ADV-03"),
        )
        # Both estimates have an error: the limit has to be passed with 95 % certainty.
        error = math.hypot((seen.ohm - seen.low_ohm) * share, inside.high_ohm - inside.ohm)
        error *= 1.0 if sure >= _SURE else 2.0
        too_much = between - error > limit
        if not too_much:
            reason = f"{1000 * max(between, 0.0):.0f} mOhm between the cells and the controller."
            return Outcome.clear(reason, {"path.resistance": Evidence.absent(strength=0.7)})
        load = float(np.nanpercentile(np.abs(board.values("battery_current")), _HIGH_LOAD))
        heat = between * load**2
        finding = self.standing(
            track,
            severity=Severity.CRITICAL if heat >= _BURNS_W else Severity.WARNING,
            message=(
                f"{1000 * between:.0f} mOhm lie between the cells and the controller: a connector, a lead or the BMS "
                f"resists too much, and turns {heat:.0f} W into heat at {load:.0f} A."
            ),
            measurements=(*measured, Measurement("heat between them at high load", heat, "W", _HOT_W, "THM-06")),
            channels=("pack_voltage", "battery_current"),
            danger="A connection this hot can burn or come apart under load. Find it before riding on: feel plugs, "
            "switch and leads after a short ride, and look for brown plastic."
            if heat >= _HOT_W
            else "",
        )
        strength = min(0.6 + between / limit / 10, 1.0)
        seen_as = Evidence.observed(f"{1000 * between:.0f} mOhm.", strength=strength)
        return Outcome.found((finding,), {"path.resistance": seen_as})


def _share_of_current(track: Track, board: Track) -> float:
    """Share of the pack's current that this controller, with those it knows, carries; 1 unless others carry part unseen.

    A sum over all controllers holds only those that are linked: of two that are not, each sums up itself.
    """
    own = float(np.nanpercentile(pack_current(track), 99))
    whole = float(np.nanpercentile(board.values("battery_current"), 99))
    if own <= 0 or whole <= _SEVERAL * own:
        return 1.0
    return own / whole
