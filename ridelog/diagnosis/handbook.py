"""The field handbook: what to check, do and avoid, by cause, BMS family and controller class."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ridelog.incident import Advice


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the handbook.

    Attributes:
        id: Its id.
        kind: "check", "do", "avoid" or "know".
        text: One or two sentences.
        rules: Rule ids it comes from.
        sureness: "established", "field reports", "single report" or "contradictory".
        causes: Causes it is about; empty for any.
        families: BMS families it is about; empty for any.
        since: When the field reported it, "" when not known.
    """

    id: str
    kind: str
    text: str
    rules: tuple[str, ...] = ()
    sureness: str = "field reports"
    causes: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    since: str = ""


@cache
def entries() -> tuple[Entry, ...]:
    """Every entry of the handbook."""
    text = files("ridelog.diagnosis").joinpath("handbook.toml").read_text(encoding="utf-8")
    return tuple(_entry(row) for row in tomllib.loads(text)["entry"])


def _entry(row: Mapping[str, Any]) -> Entry:
    lists = {key: tuple(row.get(key, ())) for key in ("rules", "causes", "families")}
    return Entry(**{**row, **lists})


def advice(ranked: Iterable[tuple[str, float]], family: str) -> tuple[Advice, ...]:
    """What the handbook says about the causes at hand.

    Args:
        ranked: Cause ids with their probabilities, the most probable first.
        family: Family of the BMS, "" when unknown.

    Returns:
        Advice for the causes of probability 0.35 or more; entries about another BMS family are left out.
    """
    order = {"do": 0, "check": 1, "avoid": 2, "know": 3}
    found: dict[str, Advice] = {}
    for cause, probability in ranked:
        if probability < 0.35:
            continue
        matching = [
            entry
            for entry in entries()
            if cause in entry.causes and (not entry.families or (family and family in entry.families))
        ]
        for entry in sorted(matching, key=lambda item: order[item.kind]):
            found.setdefault(entry.id, Advice(entry.kind, entry.text, entry.rules, entry.sureness))
    return tuple(found.values())
