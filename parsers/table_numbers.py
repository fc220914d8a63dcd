"""Numbers as tables write them: decimal commas, thousands, glued units, words for no value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from .table_units import Unit, find_unit

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

#: What programs write for "no value", lower case.
NO_VALUE: Final = frozenset(
    "- -- --- na n/a nan -nan null none nil unknown unavailable undefined #n/a #value! #div/0! inf -inf +inf ∞ ? "
    "keine нет 无".split()
) | {""}
#: Words for on and off, lower case.
ON_WORDS: Final = frozenset(
    "on true yes 1 ein an ja oui si да вкл 开 开启 打开 是 open-circuit enabled active sí sim tak aan wł encendido activado"
    " activé attivo ligado włączony".split()
)
OFF_WORDS: Final = frozenset(
    "off false no 0 aus nein non нет выкл 关 关闭 断开 否 disabled inactive não nao nie nee uit wył apagado desactivado désactivé"
    " disattivo desligado wyłączony".split()
)
_NUMBER: Final = r"^([-+]?(?:\d[\d.,]*|[.,]\d+)(?:[eE][-+]?\d{1,3})?)\s*(\D.{0,11})?$"
#: One decimal sign, or groups of three digits with at most one decimal sign of the other kind behind them.
_VALID: Final = r"^[-+]?(?:\d*[.,]?\d*|\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d{1,3}(?:\.\d{3})+(?:,\d*)?)(?:[eE][-+]?\d{1,3})?$"
#: Blanks, apostrophes and the like between groups of digits.
_SPACES: Final = r"(?:[\s\u00a0\u2009\u202f'’])+"
#: Distinct units looked at in one column.
_MOST_UNITS = 8


@dataclass(frozen=True, slots=True)
class Style:
    """How a file writes numbers.

    Attributes:
        comma: True for a decimal comma, False for a decimal point, None when nothing in the file tells.
    """

    comma: bool | None


@dataclass(frozen=True, slots=True)
class Numbers:
    """One column read as numbers.

    Attributes:
        values: Shape (rows,), NaN where there is none, in the unit of the column.
        unit: Unit glued to the values, None when there is none; `values` are in it, mixed ones in the quantity's own.
        wrong: Rows whose cell is not empty and no number, shape (k,).
        doubtful: Whether a comma with three digits behind it was read without anything in the file to decide it.
    """

    values: NDArray[np.float64]
    unit: Unit | None
    wrong: NDArray[np.int64]
    doubtful: bool = False


def number_style(columns: Mapping[str, pl.Series]) -> Style:
    """Find out whether a file writes decimal commas.

    Args:
        columns: Text columns of the file.

    Returns:
        The style that certain cells show: "1,5" or "0,123" cannot be thousands, "1.5" cannot be either.
    """
    import polars as pl

    if not columns:
        return Style(None)
    # All columns are asked at once: a document in JSON may make a thousand of them.
    heads = [(series.drop_nulls() if series.null_count() else series).head(400) for series in columns.values()]
    body = (
        pl.concat([head.rename("") for head in heads]).str.strip_chars().str.extract(r"^[-+]?([\d.,]+)", 1).drop_nulls()
    )
    commas = int((body.str.contains(r"^\d*,(\d{1,2}|\d{4,})$") | body.str.contains(r"^0,\d+$")).sum())
    commas += int(body.str.contains(r"^\d{1,3}(\.\d{3})+,\d+$").sum())
    points = int((body.str.contains(r"^\d*\.(\d{1,2}|\d{4,})$") | body.str.contains(r"^0\.\d+$")).sum())
    points += int(body.str.contains(r"^\d{1,3}(,\d{3})+\.\d+$").sum())
    if commas == points == 0:
        return Style(None)
    return Style(commas > points)


def read_numbers(series: pl.Series, style: Style) -> Numbers:
    """Read a text column as numbers.

    Args:
        series: Cells, null for empty ones.
        style: How the file writes numbers.

    Returns:
        The numbers; what is none is NaN and named in `wrong`.
    """
    import polars as pl

    texts = series.cast(pl.String)
    if not (style.comma and bool(texts.str.contains(r"^\s*[-+]?\d{1,3}(\.\d{3})+\s*$").any())):
        plain = texts.str.strip_chars().cast(pl.Float64, strict=False)
        if plain.null_count() == texts.null_count():
            return Numbers(_finite(plain), None, np.empty(0, np.int64))
    cleaned = texts.str.strip_chars().str.replace_all("−", "-", literal=True)
    lowered = cleaned.str.to_lowercase()
    empty = lowered.is_null() | lowered.is_in(list(NO_VALUE))
    joined = cleaned.str.replace_all(r"(\d)" + _SPACES + r"(?:(\d))", "${1}${2}")
    parts = joined.str.extract_groups(_NUMBER)
    body, tail = parts.struct.field("1"), parts.struct.field("2").str.strip_chars()
    numbers, doubtful = _cast(body, style)
    factors, unit, known = _glued(tail, body.is_not_null())
    wrong = ~empty & (numbers.is_null() | ~known)
    values = np.where(wrong.to_numpy() | empty.to_numpy(), np.nan, _finite(numbers) * factors)
    return Numbers(values, unit, np.flatnonzero(wrong.to_numpy()), doubtful)


def _finite(series: pl.Series) -> NDArray[np.float64]:
    values = series.to_numpy().astype(np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _cast(body: pl.Series, style: Style) -> tuple[pl.Series, bool]:
    """Digits, points and commas to floats; the flag tells of a comma that may be decimal or between thousands."""
    import polars as pl

    commas = body.str.count_matches(",", literal=True)
    points = body.str.count_matches(".", literal=True)
    last_comma = body.str.contains(r",[^.]*$")
    both = (commas > 0) & (points > 0)
    grouped_commas = body.str.contains(r"^[-+]?\d{1,3}(,\d{3})+$")
    grouped_points = body.str.contains(r"^[-+]?\d{1,3}(\.\d{3})+$")
    doubtful = bool((grouped_commas & (commas == 1) & ~body.str.contains(r"^[-+]?0,")).any()) and style.comma is None
    # A comma with three digits behind it is decimal unless the file writes decimal points.
    comma_is_decimal = (both & last_comma) | (
        (commas == 1) & (points == 0) & (~grouped_commas | (style.comma is not False))
    )
    thousands_points = (points > 1) | (both & last_comma) | (grouped_points & (style.comma is True))
    frame = pl.DataFrame({"body": body, "decimal": comma_is_decimal, "groups": thousands_points})
    text = pl.col("body")
    no_points = pl.when(pl.col("groups")).then(text.str.replace_all(".", "", literal=True)).otherwise(text)
    result = (
        pl.when(pl.col("decimal"))
        .then(no_points.str.replace(",", ".", literal=True))
        .otherwise(no_points.str.replace_all(",", "", literal=True))
    )
    valid = text.str.contains(_VALID)
    return frame.select(pl.when(valid).then(result).cast(pl.Float64, strict=False)).to_series(), doubtful


def _glued(tail: pl.Series, numeric: pl.Series) -> tuple[NDArray[np.float64], Unit | None, pl.Series]:
    """Factors for the units glued to the values, the unit of the column, and which rows have a known one or none."""
    import polars as pl

    bare = tail.is_null() | (tail == "")
    if bare.all():
        return np.ones(len(tail)), None, pl.Series([True]).new_from_index(0, len(tail))
    words = tail.filter(~bare).unique(maintain_order=True).to_list()[:_MOST_UNITS]
    units = {word: unit for word in words if (unit := find_unit(word)) is not None}
    quantities = {unit.quantity for unit in units.values()}
    if len(quantities) != 1:
        return np.ones(len(tail)), None, bare | ~numeric
    known = bare | tail.is_in(list(units)) | ~numeric
    distinct = set(units.values())
    if len(distinct) == 1:
        return np.ones(len(tail)), distinct.pop(), known
    factors = tail.replace_strict(
        {word: unit.factor for word, unit in units.items()}, default=1.0, return_dtype=pl.Float64
    )
    quantity = quantities.pop()
    if any(unit.offset for unit in distinct):
        return np.ones(len(tail)), None, bare | ~numeric
    return factors.fill_null(1.0).to_numpy().astype(np.float64), Unit(quantity, quantity), known


def looks_grouped(series: pl.Series) -> bool:
    """Whether every number of a column can be one with its thousands separated: "49.500", "3,701", never "49.5"."""
    cells = series.drop_nulls().str.strip_chars()
    body = cells.str.extract(r"^[-+]?([\d.,]+)", 1).drop_nulls()
    body = body.filter(body != "0")
    if not len(body):
        return False
    return bool(body.str.contains(r"^\d{1,3}$|^\d{1,3}([.,]\d{3})+$").all()) and bool(body.str.contains("[.,]").any())


def read_flags(series: pl.Series) -> NDArray[np.float64] | None:
    """Read a column of words for on and off: 1, 0 and NaN, shape (rows,); None when it holds anything else."""
    import polars as pl

    words = series.cast(pl.String).str.strip_chars().str.to_lowercase().str.replace(r"^([01])[.,]0+$", "$1")
    seen = set(words.drop_nulls().unique().head(50).to_list()) - NO_VALUE
    if not seen or not seen <= (ON_WORDS | OFF_WORDS):
        return None
    on = words.is_in([*ON_WORDS]).fill_null(False).to_numpy()
    off = words.is_in([*OFF_WORDS]).fill_null(False).to_numpy()
    return np.where(on, 1.0, np.where(off, 0.0, np.nan))
