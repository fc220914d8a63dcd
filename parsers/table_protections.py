"""Protections of a BMS out of an unknown table: columns of texts, one column a protection, or bits of a known family."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect
from ridelog.log import LogBuilder

from .protection_words import is_bit_field, protection_in, protections_in, says_nothing
from .table_columns import Planned
from .table_numbers import read_flags
from .table_source import Grid

if TYPE_CHECKING:
    import polars as pl

Names = tuple[str, ...]
#: Captions of columns whose cells name what acts, and of those that only warn.
_TEXTS: Final = re.compile(
    r"protect|alarm|alert|fault|error|schutz|fehler|defaut|défaut|erreur|fallo|guasto|errore|protezione|proteccion|warn"
    r"|protección|защит|ошибк|тревог|аварии|保护|告警|报警|故障|警告",
    re.IGNORECASE,
)
_WARNS: Final = re.compile(r"warn|предупр|警告|一级", re.IGNORECASE)
_PROTECTS: Final = re.compile(r"protect|schutz|защит|保护|protezione|protec", re.IGNORECASE)
#: A protection that acts in more of the rows than this is taken for a flag of another meaning (engineering judgement:
#: a pack that is cut off ends its ride).
_MOSTLY = 0.9


def tells_protections(caption: str) -> bool:
    """Tell whether a caption speaks of protections, or names one."""
    return bool(_PROTECTS.search(caption)) or protection_in(caption) is not None


def add_protections(builder: LogBuilder, plans: Sequence[Planned], grid: Grid, family: str) -> tuple[Damage, ...]:
    """Add the protections that the columns of a BMS tell.

    Args:
        builder: The log of the BMS.
        plans: Its columns; those that are a flag of one protection stay as they are as well.
        grid: The table.
        family: Family of the BMS if known, whose bits can be read, else "".

    Returns:
        Notes on what could not be read.
    """
    acting: list[set[str]] = [set() for _ in range(builder.rows)]
    warning: list[set[str]] = [set() for _ in range(builder.rows)]
    sources: list[str] = []
    notes: list[Damage] = []
    for plan in plans:
        if plan.channel not in ("", "alert") or plan.meaning.time or plan.index is not None:
            continue
        series = grid.series(plan.place)
        if _TEXTS.search(plan.caption) and (found := _of_texts(plan.caption, series, family)) is not None:
            into = warning if _WARNS.search(plan.caption) else acting
            for row, (acts, warns) in enumerate(found[0]):
                into[row].update(acts)
                warning[row].update(warns)
            notes += found[1]
            sources.append(plan.caption)
            continue
        flag = _of_flag(plan, series)
        if flag is not None:
            (name, warns_only), rows = flag
            for row in rows:
                (warning if warns_only else acting)[row].add(name)
            sources.append(plan.caption)
    if sources:
        source = ", ".join(sources[:6]) + (", ..." if len(sources) > 6 else "")
        builder.add("protections", [sorted(names) for names in acting], source=source, conversion="words to names")
        if any(warning):
            builder.add("warnings", [sorted(names) for names in warning], source=source, conversion="words to names")
    return tuple(notes)


def _of_texts(caption: str, series: pl.Series, family: str) -> tuple[list[tuple[Names, Names]], list[Damage]] | None:
    """What each row of a column of texts says; None for a column that names no protection at all."""
    texts = series.fill_null("").cast(str)
    distinct = texts.unique().to_list()
    if len(distinct) > 500:
        return None
    meanings: dict[str, tuple[Names, Names]] = {}
    unknown: list[str] = []
    written = [text for text in distinct if not says_nothing(text)]
    bits = bool(written) and all(is_bit_field(text) for text in written)
    decode = _BITS.get(family)
    for text in distinct:
        if says_nothing(text):
            meanings[text] = ((), ())
        elif bits and decode is not None:
            meanings[text] = decode(_number(text))
        elif (found := protections_in(text)) is not None and not bits:
            meanings[text] = found
        else:
            meanings[text] = ((), ())
            unknown.append(text)
    notes: list[Damage] = []
    if unknown:
        rows = int(texts.is_in(unknown).sum())
        if bits and _PROTECTS.search(caption) and rows < _MOSTLY * len(texts):
            # Bits without the list of their meaning still tell that something acts.
            meanings |= dict.fromkeys(unknown, (("other",), ()))
        elif len(unknown) == len(written):
            return None
        elif not bits:
            # Among words that are known the others name protections, too.
            meanings |= dict.fromkeys(unknown, (("other",), ()))
        shown = ", ".join(f"'{text[:30]}'" for text in sorted(unknown)[:4])
        why = "are numbers whose bits only the family of the BMS tells (--bms)" if bits else "name no known protection"
        message = f"{rows} cells of '{caption}' {why}: {shown}."
        notes.append(Damage(DamageKind.NOTE, Effect.NOTED, message, rows, channel="protections"))
    return [meanings[text] for text in texts.to_list()], notes


def _of_flag(plan: Planned, series: pl.Series) -> tuple[tuple[str, bool], list[int]] | None:
    """A column of on and off whose caption names one protection, and the rows in which it is on."""
    if plan.meaning.unit is not None:
        return None
    name = protection_in(plan.caption)
    flags = read_flags(series) if name is not None else None
    if name is None or flags is None or float(np.nanmean(flags == 1)) > _MOSTLY:
        return None
    return (name[0], name[1] or bool(_WARNS.search(plan.caption))), np.flatnonzero(flags == 1).tolist()


def _number(text: str) -> int:
    plain = text.strip().lower()
    if plain.startswith(("0x", "0b")):
        return int(plain, 0)
    plain = plain.rstrip("h") if not plain.isdigit() else plain
    return int(plain, 10 if plain.isdigit() else 16)


def _jbd(word: int) -> tuple[Names, Names]:
    from .frames.bit_names import named_bits
    from .frames.jbd_registers import PROTECTION_BITS

    return tuple(named_bits(word, PROTECTION_BITS)), ()


def _jk(word: int) -> tuple[Names, Names]:
    from .frames.jk_codes import protections_of, warnings_of

    return tuple(protections_of(word)), tuple(warnings_of(word))


def _ant(word: int) -> tuple[Names, Names]:
    from .frames.ant_codes import CHARGER_PROTECTION_BIT, PROTECTION_BITS
    from .frames.bit_names import named_bits

    return tuple(named_bits(word, PROTECTION_BITS, (CHARGER_PROTECTION_BIT,))), ()


#: Families whose protection word is one number.
_BITS: Final[dict[str, Callable[[int], tuple[Names, Names]]]] = {"jbd": _jbd, "jk": _jk, "ant": _ant}
