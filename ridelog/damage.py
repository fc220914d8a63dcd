"""What was dropped, repaired or not believed while a log was read: a row is never lost silently."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DamageKind(StrEnum):
    """What was wrong with the input."""

    TRUNCATED_TAIL = "truncated-tail"
    NUL_BYTES = "nul-bytes"
    BROKEN_ROW = "broken-row"
    REPEATED_HEADER = "repeated-header"
    MISSING_HEADER = "missing-header"
    BYTE_ORDER_MARK = "byte-order-mark"
    DUPLICATE_ROW = "duplicate-row"
    EMPTY_ROW = "empty-row"
    CLOCK_STEP = "clock-step"
    CHECKSUM = "checksum"
    FRAME_GAP = "frame-gap"
    MISSING_SENSOR = "missing-sensor"
    STALE_BLOCK = "stale-block"
    IMPOSSIBLE_VALUE = "impossible-value"
    WRONG_SETTING = "wrong-setting"
    ENCODING = "encoding"
    NOTE = "note"


class Effect(StrEnum):
    """What reading did about it."""

    LOST = "lost"
    REPAIRED = "repaired"
    NOTED = "noted"


@dataclass(frozen=True, slots=True)
class Damage:
    """One kind of damage in one log.

    Attributes:
        kind: What was wrong.
        effect: LOST when data could not be kept, REPAIRED when it could, NOTED when only the reader needs to know.
        message: One sentence for the rider.
        count: How many rows, frames or values it concerns.
        rows: The first source rows concerned (line numbers or byte offsets), at most 20.
        channel: The channel concerned, or "".
    """

    kind: DamageKind
    effect: Effect
    message: str
    count: int = 1
    rows: tuple[int, ...] = ()
    channel: str = ""

    def to_dict(self) -> dict[str, object]:
        """Give the form used in the JSON report."""
        return {
            "kind": str(self.kind),
            "effect": str(self.effect),
            "message": self.message,
            "count": self.count,
            "rows": list(self.rows),
            "channel": self.channel,
        }
