"""A pair of columns "charging" and "discharging" of on and off: the two FETs of a BMS, or what the battery is doing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

from .table_columns import Planned
from .table_numbers import read_flags
from .table_source import Grid
from .table_words import concepts_of, words_of

_CHANNELS: Final = {"charge": "charge_fet", "discharge": "discharge_fet"}
_BESIDE: Final = frozenset({"bms", "battery", "state"})
#: Both are on in at least this part of the rows: no battery is charged and discharged at once, so they are switches
#: (engineering judgement: a state that is told late overlaps in a row or two).
_TOGETHER: Final = 0.1


def settle_on_off_pair(plans: Sequence[Planned], grid: Grid) -> tuple[Damage, ...]:
    """Read "charging" and "discharging" as the FETs where both are on at once.

    Args:
        plans: The columns; those of the pair get their channels and values.
        grid: The table.

    Returns:
        A note on what they were taken for, and on a pair that may be either.
    """
    if any(plan.channel in _CHANNELS.values() or plan.meaning.channel in _CHANNELS.values() for plan in plans):
        return ()
    found: dict[str, Planned] = {}
    for plan in plans:
        if plan.channel or plan.meaning.unit is not None:
            continue
        concepts, unknown, numbers = concepts_of(words_of(plan.caption))
        ways = concepts & _CHANNELS.keys()
        if len(ways) == 1 and concepts - ways <= _BESIDE and not unknown and not numbers:
            way = ways.pop()
            if way in found:
                return ()
            found[way] = plan
    flags = {way: read_flags(grid.series(plan.place)) for way, plan in found.items()}
    charge, discharge = flags.get("charge"), flags.get("discharge")
    if charge is None or discharge is None:
        return ()
    names = f"'{found['charge'].caption}' and '{found['discharge'].caption}'"
    if float(np.mean((charge == 1) & (discharge == 1))) < _TOGETHER:
        message = (
            f"{names} are not on at once: they may tell what the battery is doing or what its FETs are, and are kept as "
            "they are. A mapping file (--map) can say that they are charge_fet and discharge_fet."
        )
        return (Damage(DamageKind.NOTE, Effect.NOTED, message),)
    for way, values in (("charge", charge), ("discharge", discharge)):
        found[way].channel, found[way].values, found[way].note = _CHANNELS[way], values, ""
    message = f"{names} are read as the FETs: they are on at once, which no charging and discharging can be."
    return (Damage(DamageKind.NOTE, Effect.NOTED, message, len(charge), channel="discharge_fet"),)
