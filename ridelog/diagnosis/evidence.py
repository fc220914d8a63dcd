"""The evidence table: how much each observation speaks for or against each cause, from one readable data file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from ridelog.diagnosis.causes import causes
from ridelog.errors import PluginError

#: No single observation decides: weights are clipped to this many nats (about 33 to 1).
CLIP_NATS = 3.5
_LISTS = ("rules", "after", "unless", "hidden_by", "one_of")


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One observation a detector can make.

    Attributes:
        id: Its id, as detectors give it.
        group: Observations of one group say the same thing in different ways; only the strongest counts.
        observed: The sentence when it was seen.
        absent: The sentence when it would have been seen and was not, "" when its absence says nothing.
        settle: What would have to be logged to see it, for "what would settle it"; "{moment}" stands for the moment.
        stops: What it shows to have taken the power away, in words, "" when it shows no such thing.
        rules: Rule ids behind it.
        weights: Cause to (nats when observed, nats when observable but absent).
        after: Ids of evidence that make this one a consequence when they come first.
        unless: Ids of evidence that say what made this sign, so that it says nothing more once one of them was seen.
        hidden_by: Ids of evidence that explain why this one was not seen: its absence says nothing once one of them was.
        one_of: Causes of which one made it and the logs do not tell which: the others do not contribute beside that.
        event: True when it marks something that happened at a moment.
        ordinary: True when what happened belongs to the end of any charge and is no fault by itself: conditions of the
            vehicle then compete with it.
        for_good: True when the vehicle did not come back from it within the log.
    """

    id: str
    group: str
    observed: str
    absent: str = ""
    settle: str = ""
    stops: str = ""
    rules: tuple[str, ...] = ()
    weights: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    hidden_by: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    event: bool = False
    ordinary: bool = False
    for_good: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """Numbers of the reasoning.

    Attributes:
        temperature: Divides all scores before they become probabilities; fitted on simulated incidents.
        listing_temperature: The same for an incident known from a list without times, which simulated incidents hardly
            cover; higher, so that a list alone is less sure than a log.
        unknown: Score of "something else" in nats; a cause must beat it by 1.5 nats of net support.
        most_sure: No cause gets more than this: what the surest scored incidents support, the mean of the Jeffreys posterior.
        calibration: What the percentages were calibrated on, one sentence.
    """

    temperature: float
    unknown: float
    calibration: str
    most_sure: float = 1.0
    listing_temperature: float = 1.0


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """The model and every row by id."""

    model: Model
    rows: Mapping[str, EvidenceRow]


@cache
def builtin_table() -> EvidenceTable:
    """The table that comes with ridelog.

    Raises:
        PluginError: If the data file breaks its own rules.
    """
    text = files("ridelog.diagnosis").joinpath("evidence.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    return EvidenceTable(Model(**data["model"]), _checked(_row(item) for item in data["evidence"]))


def table_with(extra: Iterable[EvidenceRow]) -> EvidenceTable:
    """The table with the rows of third-party detectors added.

    Raises:
        PluginError: If a row names an unknown cause or an id that is taken.
    """
    extra = tuple(extra)
    base = builtin_table()
    return EvidenceTable(base.model, _checked((*base.rows.values(), *extra))) if extra else base


def _row(item: Mapping[str, Any]) -> EvidenceRow:
    weights = {cause: (float(pair[0]), float(pair[1])) for cause, pair in item.get("weights", {}).items()}
    lists: dict[str, Any] = {key: tuple(item.get(key, ())) for key in _LISTS}
    known = {key: value for key, value in item.items() if key not in ("weights", *_LISTS)}
    return EvidenceRow(**known, **lists, weights=weights)


def _checked(rows: Iterable[EvidenceRow]) -> dict[str, EvidenceRow]:
    table: dict[str, EvidenceRow] = {}
    for row in rows:
        if row.id in table:
            raise PluginError(f"evidence '{row.id}' is given twice.")
        if not row.absent and any(pair[1] for pair in row.weights.values()):
            raise PluginError(f"evidence '{row.id}' weighs its absence and has no sentence for it.")
        for cause, pair in row.weights.items():
            if cause not in causes() or causes()[cause].kind == "none":
                raise PluginError(f"evidence '{row.id}' weighs an unknown cause '{cause}'.")
            if max(abs(weight) for weight in pair) > CLIP_NATS:
                raise PluginError(f"evidence '{row.id}' weighs '{cause}' beyond {CLIP_NATS} nats.")
        table[row.id] = row
    for row in table.values():
        for other in (*row.after, *row.unless, *row.hidden_by):
            if other not in table:
                raise PluginError(f"evidence '{row.id}' comes after, or counts unless, an unknown '{other}'.")
    return table
