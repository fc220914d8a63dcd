"""A current that reads zero in every row while a power flows: a column that was decoded from the wrong place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

from .table_columns import Planned

#: A power above this is none of rounding, W, and it must be so in this part of the rows (engineering judgement).
_FLOWS_W: Final = 20.0
_LEAST_PART: Final = 0.1
_FEWEST_ROWS: Final = 3


def drop_dead_currents(plans: Sequence[Planned]) -> tuple[Damage, ...]:
    """Give up battery currents that are zero throughout beside a power that is not.

    Args:
        plans: The columns in their units; such currents are kept as they are.
    """
    damage = []
    for plan in plans:
        if plan.channel != "battery_current" or not len(plan.values) or np.nan_to_num(plan.values).any():
            continue
        powers = [
            other
            for other in plans
            if other.channel == "power" and len(other.values) and other.meaning.device == plan.meaning.device
        ]
        flowing = max((int((np.abs(np.nan_to_num(power.values)) > _FLOWS_W).sum()) for power in powers), default=0)
        if flowing < max(_FEWEST_ROWS, _LEAST_PART * len(plan.values)):
            continue
        message = (
            f"'{plan.caption}' is zero in every row while '{powers[0].caption}' says that a power flows: it is no "
            "measurement and is kept as it is."
        )
        damage.append(Damage(DamageKind.NOTE, Effect.NOTED, message, flowing, channel=plan.channel))
        plan.keep("")
    return tuple(damage)
