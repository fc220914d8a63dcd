"""Faults a logger writes in words: the words as they are, and the numbers the firmware has for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.arrow_columns import texts_by_place
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
    found = distinct_texts(faults.cast(str))
    texts = found.each(lambda text: (text or "").strip())
    names = [text.removeprefix("FAULT_CODE_") for text in texts]
    builder.add("fault_name", texts_by_place(names, found.places), source=source)
    codes: dict[str, float] = {}
    for text in texts:
        fault = fault_by_name(text)
        if text.casefold() in _NO_FAULT:
            codes[text] = 0.0
        elif fault is not None:
            codes[text] = float(fault.code)
    if any(codes.values()) or len(codes) == len(set(texts)):
        values = found.numbers(lambda text: codes.get((text or "").strip(), np.nan))
        builder.add("fault_code", values, source=source, conversion="name to the number of VESC firmware")
