"""Faults a logger writes in words: the words as they are, and the numbers the firmware has for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.faults import fault_by_name
from ridelog.log import LogBuilder

from .distinct_texts import distinct_texts

if TYPE_CHECKING:
    import polars as pl

#: Words for no fault, lower case.
_NO_FAULT: Final = frozenset(
    {"", "0", "ok", "no", "none", "null", "normal", "no fault", "no_fault", "nofault", "no error", "-", "off", "false"}
)


def add_named_faults(builder: LogBuilder, faults: pl.Series, source: str) -> None:
    """Add the fault names of a controller, and their numbers where VESC firmware has one for each name that occurs.

    Args:
        builder: The log of the controller.
        faults: Names, with or without the prefix FAULT_CODE_; null and words such as "OK" are no fault.
        source: Caption of the column.
    """
    texts = faults.cast(str).fill_null("").str.strip_chars()
    builder.add("fault_name", texts.str.strip_prefix("FAULT_CODE_"), source=source)
    codes: dict[str, float] = {}
    found = distinct_texts(texts)
    for text in (text or "" for text in found.texts):
        fault = fault_by_name(text)
        if text.casefold() in _NO_FAULT:
            codes[text] = 0.0
        elif fault is not None:
            codes[text] = float(fault.code)
    if any(codes.values()) or len(codes) == len(found.texts):
        values = found.numbers(lambda text: codes.get(text or "", np.nan))
        builder.add("fault_code", values, source=source, conversion="name to the number of VESC firmware")
