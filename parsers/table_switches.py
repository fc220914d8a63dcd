"""FETs whose column says "open" and "closed": which of the two conducts, told by the current."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

from .table_columns import Planned
from .table_source import Grid

_OPEN: Final = frozenset({"open", "opened"})
_CLOSED: Final = frozenset({"close", "closed"})
_CHANNELS: Final = ("discharge_fet", "charge_fet")
#: A current of more than this flows, A; in this part of the rows of a word at least, in that part of the other's at most
#: (engineering judgement: a BMS may tell the switch a row late).
_FLOWS: Final = 0.5
_OFTEN: Final = 0.2
_NEVER: Final = 0.05


def settle_switches(plans: Sequence[Planned], grid: Grid) -> tuple[Damage, ...]:
    """Read the FETs of columns that say "open" and "closed", as far as the current tells what that means.

    An open switch conducts nothing, but boards whose words are translated open a FET to let the current through.

    Args:
        plans: The columns; those of FETs get their values.
        grid: The table.

    Returns:
        A note on what the words were taken for.
    """
    found = {}
    for plan in plans:
        if plan.meaning.channel in _CHANNELS and not plan.channel:
            words = grid.series(plan.place).cast(str).str.strip_chars().str.to_lowercase()
            if set(words.drop_nulls().unique().head(20).to_list()) <= _OPEN | _CLOSED:
                closed = words.is_in(list(_CLOSED)).fill_null(False).to_numpy()
                opened = words.is_in(list(_OPEN)).fill_null(False).to_numpy()
                found[plan.meaning.channel] = (plan, closed, opened)
    current = next((plan.values for plan in plans if plan.channel == "battery_current" and len(plan.values)), None)
    if "discharge_fet" not in found or current is None:
        return ()
    _, closed, opened = found["discharge_fet"]
    flows = np.abs(np.nan_to_num(current)) > _FLOWS

    def share(rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
        return float(np.mean(flows[rows])) if rows.any() else 0.0

    if share(closed) >= _OFTEN and share(opened) <= _NEVER:
        word, other = "closed", "open"
    elif share(opened) >= _OFTEN and share(closed) <= _NEVER:
        word, other = "open", "closed"
    else:
        return ()
    for channel, (plan, is_closed, is_open) in found.items():
        on, off = (is_closed, is_open) if word == "closed" else (is_open, is_closed)
        plan.channel, plan.note = channel, ""
        plan.values = np.where(on, 1.0, np.where(off, 0.0, np.nan))
        plan.conversion = f"'{word}' is on: current flows while it is, none while it is {other}"
    message = f"FETs that are '{word}' conduct and those that are '{other}' do not, as the current shows."
    return (Damage(DamageKind.NOTE, Effect.NOTED, message, len(found), channel="discharge_fet"),)
