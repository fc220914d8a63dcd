"""The electric columns of one file in canonical signs: discharge positive, power and phase current along with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

from .columns import Column
from .current_sign import CurrentSign, current_sign, sign_like

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

#: Fewest rows compared, and the median relative error below which a column is the product of two others: a program's
#: rounding gives 0.01 to 0.5 %, two sensors read at different times several (engineering judgement).
_FEWEST_COMPARED = 20
_SAME = 0.01
#: Rows that are enough to tell; of longer rides every n-th is compared.
_ENOUGH = 20_000


@dataclass(frozen=True, slots=True)
class Electric:
    """Captions of the electric columns of a format; "" for one it does not have.

    Attributes:
        voltage: Pack voltage, V.
        current: Battery current, A.
        power: Battery power, W.
        motor_current: Phase current, A.
        pwm: PWM in percent.
    """

    voltage: str
    current: str
    power: str = ""
    motor_current: str = ""
    pwm: str = ""


def signed_columns(
    table: Iterable[Column], frame: pl.DataFrame, seconds: NDArray[np.float64], electric: Electric, program: str
) -> tuple[tuple[Column, ...], tuple[Damage, ...]]:
    """Bring the signs of one file into a field table, and mark what the program computed and did not measure.

    Args:
        table: The field table of the format.
        frame: The columns of the file, numbers.
        seconds: Stamps in s, shape (n,), never decreasing.
        electric: Captions of the electric columns.
        program: Name of the program that wrote the file.

    Returns:
        The field table for this file, and notes.
    """

    def values(name: str) -> NDArray[np.float64] | None:
        if not name or name not in frame.columns or not frame.get_column(name).dtype.is_numeric():
            return None
        column = frame.get_column(name)
        return None if column.null_count() == frame.height else column.to_numpy().astype(np.float64, copy=False)

    changes: dict[str, tuple[float, str, str]] = {}
    notes: list[Damage] = []
    voltage, current, power = values(electric.voltage), values(electric.current), values(electric.power)
    reference: NDArray[np.float64] | None = None
    if voltage is not None and current is not None:
        sign = current_sign(seconds, voltage, current)
        origin, note = _estimated(current, values(electric.motor_current), values(electric.pwm), program)
        notes += (*_undecided(sign, "battery_current"), *note)
        changes[electric.current] = (sign.scale(), sign.conversion(), origin)
        reference = _some(current) * sign.scale()
        if power is not None:
            powers, volts, amperes = _some(power), _some(voltage), _some(current)
            same = _is_product(powers, volts, amperes) or _is_product(-powers, volts, amperes)
            computed = f"voltage and current, by {program}" if same else ""
            if same and origin:
                computed += f", the current itself from {origin.partition(',')[0]}"
            along = sign_like(reference, powers)
            words = "sign changed to that of the battery current" if along < 0 else "sign as the battery current"
            changes[electric.power] = (along, words, computed)
    elif voltage is not None and power is not None:
        sign = current_sign(seconds, voltage, power)
        notes += _undecided(sign, "power")
        changes[electric.power] = (sign.scale(), sign.conversion(), "")
        reference = _some(power) * sign.scale()
    motor = values(electric.motor_current)
    if motor is not None and reference is not None and sign_like(reference, _some(motor)) < 0:
        changes[electric.motor_current] = (-1.0, "sign changed to that of the battery current", "")
    return tuple(_changed(column, changes.get(column.source)) for column in table), tuple(notes)


def _changed(column: Column, change: tuple[float, str, str] | None) -> Column:
    if change is None:
        return column
    factor, words, origin = change
    conversion = "; ".join(part for part in (column.conversion, words) if part)
    return replace(
        column,
        scale=column.scale * factor,
        offset=column.offset * factor,
        conversion=conversion,
        derived=origin or column.derived,
    )


def _undecided(sign: CurrentSign, channel: str) -> tuple[Damage, ...]:
    if sign.factor:
        return ()
    message = (
        "The data do not tell whether positive is discharge (too few steps of load); the usual sign of this program is "
        "assumed."
    )
    return (Damage(DamageKind.NOTE, Effect.NOTED, message, channel=channel),)


def _estimated(
    current: NDArray[np.float64], motor: NDArray[np.float64] | None, pwm: NDArray[np.float64] | None, program: str
) -> tuple[str, tuple[Damage, ...]]:
    if motor is None or pwm is None:
        return "", ()
    # A product that is written without its sign may come from a phase current that has one.
    unsigned = not (current < 0).any()
    phase, share = _some(motor), _some(pwm) / 100
    if not _is_product(_some(current), np.abs(phase) if unsigned else phase, np.abs(share) if unsigned else share):
        return "", ()
    message = (
        f"The battery current is no measurement: {program} computed it from phase current and PWM. Energy and "
        "regeneration from it are estimates."
    )
    return f"phase current and PWM, by {program}", (
        Damage(DamageKind.NOTE, Effect.NOTED, message, len(current), channel="battery_current"),
    )


def _some(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of rows that are enough to tell."""
    return values[:: max(1, len(values) // _ENOUGH)]


def _is_product(values: NDArray[np.float64], one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Tell whether `values` are the product of two columns, but for their rounding."""
    product = one * other
    with np.errstate(invalid="ignore"):
        compared = np.isfinite(product) & (np.abs(values) >= 1.0)
    if int(compared.sum()) < _FEWEST_COMPARED:
        return False
    errors = np.abs(values[compared] - product[compared]) / np.abs(values[compared])
    return bool(np.median(errors) <= _SAME)
