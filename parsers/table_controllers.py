"""The currents of several controllers in one row: together they are those of the battery and of the vehicle."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

from .table_columns import Planned
from .table_mapping import TableMapping
from .table_numbers import Style, read_numbers
from .table_source import Grid
from .table_words import concepts_of, words_of

#: What counts once for each controller.
_ADDED: Final = frozenset({"battery_current", "motor_current", "power"})
#: Most controllers of one vehicle.
_MOST: Final = 4
_FIRST: Final = re.compile(r"(?<!\d)0?1(?!\d)")


def join_controllers(plans: Sequence[Planned], grid: Grid, style: Style, mapping: TableMapping) -> tuple[Damage, ...]:
    """Add the currents and powers of controllers that are numbered: "current_in_1" and "current_in_2".

    A caption must say that it means what a controller takes ("VESC1 current", "current_in_1"): two sensors of one
    battery are not added. Motor currents are added where battery currents are, so that one still follows from the
    other.

    Args:
        plans: The columns as they are logged; the first of such a series becomes the sum.
        grid: The table.
        style: How it writes numbers.
        mapping: What the user says; captions it names are left alone.
    """
    damage: list[Damage] = []
    by_caption = {plan.caption: plan for plan in plans}
    for plan in sorted(plans, key=lambda plan: plan.channel != "battery_current"):
        if (
            plan.channel not in _ADDED
            or (plan.channel != "battery_current" and not damage)
            or not len(plan.values)
            or plan.caption in mapping.columns
        ):
            continue
        others = _others(plan.caption, by_caption)
        if not others or any(other.channel or other.caption in mapping.columns for other in others):
            continue
        currents = [read_numbers(grid.series(other.place), style).values for other in others]
        if not all(np.isfinite(current).any() for current in currents):
            continue
        plan.values = plan.values + sum(currents, np.zeros(len(plan.values)))
        names = " and ".join(f"'{name}'" for name in [plan.caption, *(other.caption for other in others)])
        message = f"{names} are added: each is that of one controller."
        damage.append(Damage(DamageKind.NOTE, Effect.NOTED, message, channel=plan.channel))
    return tuple(damage)


def _others(caption: str, by_caption: dict[str, Planned]) -> list[Planned]:
    """The columns of the second, third and fourth controller, in order; none where the caption does not say so."""
    concepts, _, numbers = concepts_of(words_of(caption))
    if numbers != [1] or not concepts & {"controller", "pack", "motor", "phase"} or len(_FIRST.findall(caption)) != 1:
        return []
    found = []
    for number in range(2, _MOST + 1):
        place = next(iter(_FIRST.finditer(caption)))
        other = by_caption.get(f"{caption[: place.end() - 1]}{number}{caption[place.end() :]}")
        if other is None:
            break
        found.append(other)
    return found
