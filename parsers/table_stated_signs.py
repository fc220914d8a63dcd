"""Captions that say themselves which way a current counts: "current_A_charge_positive", "I (A, + = discharge)"."""

from __future__ import annotations

import re
from typing import Final

from .table_units import split_unit
from .table_words import concepts_of, words_of

_WAY: Final = r"(?P<{0}>dis-?charg(?:e|es|ing)?|charg(?:e|es|ing)?|entladen|entladung|laden|ladung|regen)"
_SIGN: Final = r"(?P<{0}>positive?|pos|plus|negative?|neg|minus)"
_BETWEEN: Final = r"[\s_]*(?:=|:|is|ist|are|as|when|on|while|for|bei)?[\s_]*"
#: Either order, with what stands around it: brackets, commas and underscores. A bare sign is one only before "=", right behind
#: a bracket, or (a plus) at the end of the word: anywhere else it is a dash.
_STATED: Final = re.compile(
    rf"[\s_,;(\[/]*(?<![a-z])(?:{_WAY.format('way')}{_BETWEEN}{_SIGN.format('sign')}(?![a-z0-9])"
    rf"|{_WAY.format('plussed')}(?P<plus>\+)(?!\w)"
    rf"|{_SIGN.format('first')}{_BETWEEN}{_WAY.format('second')}(?![a-z])"
    rf"|(?:(?P<bare>[+\-\u2212])\s*[=:]\s*|[(\[/,;]\s*(?P<close>[+\-\u2212])\s*){_WAY.format('third')}(?![a-z]))[\s_]*(?P<end>[)\]]?)",
    re.IGNORECASE,
)


def without_stated_sign(caption: str) -> tuple[str, str]:
    """Take a statement about the sign out of a caption.

    Args:
        caption: As the file writes it.

    Returns:
        The caption without the statement, and the direction that is positive: "charge", "discharge", or "" when the caption
        says none.
    """
    rest, positives = caption, set()
    while (found := _STATED.search(rest)) is not None:
        way, sign = (next(part for part in parts if part).casefold() for parts in _parts(found))
        discharge, positive = way.startswith(("dis", "entlad")), sign.startswith(("pos", "plus", "+"))
        positives.add("discharge" if discharge == positive else "charge")
        before, after = rest[: found.start()], rest[found.end() :]
        # A bracket that began before the statement, "(A, + = charge)", keeps its end.
        opened = before.count("(") > before.count(")") or before.count("[") > before.count("]")
        rest = (before + (found["end"] if opened else "") + after).strip(" _,;")
    if len(positives) != 1:
        return caption, ""
    text, unit = split_unit(rest)
    concepts = concepts_of(words_of(text))[0]
    flows = bool(concepts & {"current", "power"}) or (unit is not None and unit.quantity in ("A", "W"))
    if not flows or concepts & {"charge", "discharge"}:
        return caption, ""
    return rest, positives.pop()


def _parts(found: re.Match[str]) -> tuple[tuple[str | None, ...], tuple[str | None, ...]]:
    ways = tuple(found[name] for name in ("way", "plussed", "second", "third"))
    return ways, tuple(found[name] for name in ("sign", "plus", "first", "bare", "close"))
