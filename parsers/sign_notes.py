"""What a reader says about a current whose sign the ride does not show."""

from __future__ import annotations

from ridelog.damage import Damage, DamageKind, Effect

from .current_sign import CurrentSign


def unsure_sign(sign: CurrentSign, source: str) -> tuple[Damage, ...]:
    """A note where too few steps of load tell the sign of a current, nothing otherwise.

    Args:
        sign: What was found.
        source: Column the current came from.
    """
    if sign.factor:
        return ()
    message = f"The ride does not show whether a positive '{source}' is discharge; the sign its writer uses is assumed."
    return (Damage(DamageKind.NOTE, Effect.NOTED, message, channel="battery_current"),)
