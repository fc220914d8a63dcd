"""Causes as a rider reads them."""

from __future__ import annotations

from ridelog.diagnosis.causes import causes

from . import words


def cause_title(cause: str) -> str:
    """A cause in a few words; an id of a plugin as it stands."""
    known = causes().get(cause)
    return known.title if known else words.first_capital(cause.replace("-", " "))
