"""Ratings of BMS boards by family: what the maker says and what the field measured."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

from ridelog.diagnosis.handbook import FAMILIES
from ridelog.errors import PluginError

#: JK names its boards by balance current, cells and a tenth of the continuous current: B2A24S15P is 2 A, 24 cells,
#: 150 A (maker's naming).
_JK_MODEL = re.compile(r"B(\d+)A(\d+)S(\d+)P", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rating:
    """Ratings of one board or pack; None where nothing is known.

    Attributes:
        family: BMS family.
        board: Which board of the family, in words.
        continuous_a: Lowest and highest continuous current in A.
        peak_a: Current for seconds, in A.
        balance_a: Lowest and highest balance current in A.
        series_max: Most cell groups in series that it really takes.
        series_advertised: Most that is advertised, where that differs.
        wake_floor_v: Pack voltage in V below which the board falls asleep.
        balance_from_v: Cell voltage in V from which it balances.
        rest_spread_v: Difference of the cells at rest in V that is usual for it.
        note: One or two sentences.
        rules: Rule ids.
        sureness: As in the handbook.
        since: From when it is known, "".
    """

    family: str
    board: str
    continuous_a: tuple[float, float] | None = None
    peak_a: float | None = None
    balance_a: tuple[float, float] | None = None
    series_max: int | None = None
    series_advertised: int | None = None
    wake_floor_v: float | None = None
    balance_from_v: float | None = None
    rest_spread_v: float | None = None
    note: str = ""
    rules: tuple[str, ...] = ()
    sureness: str = "field reports"
    since: str = ""


@cache
def ratings(family: str = "") -> tuple[Rating, ...]:
    """The rating table, or the part of it for one family.

    Raises:
        PluginError: If the data file breaks its own rules.
    """
    text = files("ridelog.diagnosis").joinpath("ratings.toml").read_text(encoding="utf-8")
    table = tuple(_rating(row) for row in tomllib.loads(text)["rating"])
    return tuple(rating for rating in table if not family or rating.family == family)


def _rating(row: dict[str, Any]) -> Rating:
    unknown = set(row) - {field.name for field in fields(Rating)}
    if unknown or row.get("family") not in FAMILIES or not row.get("rules"):
        raise PluginError(f"rating '{row.get('board')}' has an unknown field or family, or no rule.")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Rating(**values)


@dataclass(frozen=True, slots=True)
class Named:
    """What the model name of a board says: continuous current in A, most cells in series, balance current in A."""

    continuous_a: float
    series_max: int
    balance_a: float


def named(family: str, model: str) -> Named | None:
    """Read the ratings out of a model name; None when it does not say them (only JK's names do)."""
    match = _JK_MODEL.search(model) if family == "jk" else None
    if match is None:
        return None
    balance, series, tens = (int(part) for part in match.groups())
    return Named(10.0 * tens, series, float(balance)) if tens else None


def largest(family: str) -> Rating | None:
    """The board of the family with the highest continuous current, None when none is known."""
    known = [rating for rating in ratings(family) if rating.continuous_a]
    return max(known, key=lambda rating: rating.continuous_a[1] if rating.continuous_a else 0.0, default=None)


def balance_start(family: str) -> tuple[float, Rating] | None:
    """Cell voltage in V from which boards of the family balance, with the rating that says so."""
    return next(((item.balance_from_v, item) for item in ratings(family) if item.balance_from_v is not None), None)
