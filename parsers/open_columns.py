"""Columns whose meaning the data do not decide, given up beside another log of the same ride."""

from __future__ import annotations

from collections.abc import Iterable

from ridelog.damage import Damage, DamageKind, Effect

from .table_columns import Planned


def leave_open(plans: Iterable[Planned], rows: int) -> tuple[Damage, ...]:
    """Keep the columns in question as they are; gives what to say of them.

    Args:
        plans: The columns.
        rows: Rows of the table.
    """
    notes = []
    for plan in plans:
        if plan.channel and plan.question:
            message = f"The data do not decide {plan.question}: it is not used. A mapping file (--map) answers it."
            notes.append(Damage(DamageKind.NOTE, Effect.NOTED, message, rows))
            plan.keep(plan.question)
    return tuple(notes)
