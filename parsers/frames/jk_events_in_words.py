"""From the words of the JK app for an event to its code."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from .jk_codes import event_of

_LAST_CODE: Final = 0xE7
#: Words that say nothing, and words for the same thing, after which two texts for one event are equal.
_EMPTY: Final = frozenset(
    {"protection", "is", "the", "of", "to", "it", "off", "in", "a", "alarm", "triggered", "abnormal"}
)
_SAME: Final = (
    (r"\b(?:over|high)[ -]?temp(?:erature)?\b", "overtemperature"),
    (r"\b(?:under|low)[ -]?temp(?:erature)?\b", "undertemperature"),
    (r"\bover[ -]?curr?ent\b", "overcurrent"),
    (r"\bover[ -]?charge[d]?\b", "overcharge"),
    (r"\bover[ -]?discharge[d]?\b", "overdischarge"),
    (r"\bunder[ -]?volt(?:age)?\b", "undervoltage"),
    (r"\bover[ -]?volt(?:age)?\b", "overcharge"),
    (r"\bshort[ -]?circuit\b", "shortcircuit"),
    (r"\brelease[d]?\b|\bcancellation\b|\bremoved?\b", "released"),
    (r"\bmosfet\b|\bmos\b|\bpowertube\b", "mos"),
    (r"\bclosed?\b", "close"),
    (r"\bopen(?:ed|s)?\b", "open"),
    (r"\bcells?\b", "cell"),
)


def _words(text: str) -> frozenset[str]:
    lower = text.lower()
    for pattern, word in _SAME:
        lower = re.sub(pattern, word, lower)
    return frozenset(re.findall(r"[a-z]+|\d+", lower)) - _EMPTY


@cache
def _codes() -> dict[frozenset[str], int]:
    found: dict[frozenset[str], int] = {}
    for code in range(1, _LAST_CODE + 1):
        event = event_of(code)
        if event.name != "other-event":
            found.setdefault(_words(event.text), code)
    return found


def code_of_text(text: str) -> int | None:
    """Code of an event by its words; None when they are not known.

    The release of one cell's protection has no code of its own; it is that of the release for any cell.
    """
    if not text.strip():
        return None
    words = frozenset(str(int(word)) if word.isdigit() else word for word in _words(text[:200]))
    code = _codes().get(words)
    return _codes().get(frozenset(word for word in words if not word.isdigit())) if code is None else code
