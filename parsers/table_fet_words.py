"""One column for both FETs of a BMS: a number whose lowest bits are the two switches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

from .table_columns import Planned
from .table_source import Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHANNELS: Final = ("charge_fet", "discharge_fet")
#: "FET", "fet_status", "MOSFET state", "MOS 状态": the FETs and no side of them.
_CAPTION: Final = re.compile(r"(?:bms|control)?(?:mos)?(?:mos|fet)s?(?:control)?(?:status|state|word|flags|bits|状态)?")
_BOTH: Final = 3
#: More current than this flows, A, and in that part of the rows it does not flow by chance (engineering judgement).
_FLOWS: Final = 0.5
_OFTEN: Final = 0.2


def settle_fet_word(plans: list[Planned], grid: Grid) -> tuple[Damage, ...]:
    """Read a column of 0 to 3 under a caption of the FETs, when no other column tells their state.

    Bit 0 is the charge FET and bit 1 the discharge FET, as in register 03 of JBD boards, which the other tools follow;
    where current flows through a FET that would be off so, it is the other way round.

    Args:
        plans: The columns, with the sign of the battery current settled; one is added for the second FET.
        grid: The table.

    Returns:
        A note on how the numbers were read.
    """
    if any(plan.meaning.channel in _CHANNELS or plan.channel in _CHANNELS for plan in plans):
        return ()
    words = [plan for plan in plans if not plan.channel and _CAPTION.fullmatch(_bare(plan.caption))]
    values = _numbers(grid, words[0]) if len(words) == 1 else np.empty(0)
    known = values[np.isfinite(values)]
    if not len(known) or not (known == _BOTH).any() or not np.isin(known, range(_BOTH + 1)).all():
        return ()
    plan = words[0]
    charge, discharge = ((np.nan_to_num(values).astype(np.int64) >> bit) & 1 for bit in (0, 1))
    order = "1 is the charge FET, 2 the discharge FET"
    decided = (other for other in plans if other.channel == "battery_current" and not other.question)
    current = next((other.values for other in decided if len(other.values)), None)
    if current is not None and _conducts_while_off(current, charge, discharge):
        charge, discharge = discharge, charge
        order = "1 is the discharge FET, 2 the charge FET, as the current shows"
        if _conducts_while_off(current, charge, discharge):
            return ()
    plan.note, plan.conversion = "", f"bits: {order}"
    plan.channel, plan.values = "charge_fet", np.where(np.isfinite(values), charge, np.nan)
    plans.append(replace(plan, channel="discharge_fet", values=np.where(np.isfinite(values), discharge, np.nan)))
    message = f"'{plan.caption}' is read as bits: {order}."
    return (Damage(DamageKind.NOTE, Effect.NOTED, message, len(known), channel="discharge_fet"),)


def _bare(caption: str) -> str:
    return re.sub(r"[\W_]+", "", caption).casefold()


def _numbers(grid: Grid, plan: Planned) -> NDArray[np.float64]:
    import polars as pl

    texts = grid.series(plan.place).cast(pl.String).str.strip_chars()
    return texts.cast(pl.Float64, strict=False).to_numpy().astype(np.float64)


def _conducts_while_off(current: NDArray[np.float64], charge: NDArray[np.int64], discharge: NDArray[np.int64]) -> bool:
    """Tell whether a current, discharging positive, flows through a FET that is off while the other one is on."""
    flows: Sequence[tuple[NDArray[np.bool_], NDArray[np.bool_]]] = (
        ((discharge == 0) & (charge == 1), current > _FLOWS),
        ((charge == 0) & (discharge == 1), current < -_FLOWS),
    )
    return any(rows.any() and float(np.mean(through[rows])) > _OFTEN for rows, through in flows)
