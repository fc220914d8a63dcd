"""JSON of any encoding as text, and documents that were cut off while they were written."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any, Final

from ridelog.damage import Damage, DamageKind, Effect

#: What the decoder of the standard library raises: bad text, numbers of thousands of digits, deep nesting.
DECODE_ERRORS: Final = (ValueError, RecursionError)
_SIGN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|["\[\]{},]')
_CLOSING: Final = {"[": "]", "{": "}"}
#: Deepest nesting of a document that is closed again; engineering judgement, logs have four.
_DEEPEST: Final = 60


def json_text(data: bytes) -> str:
    """The text of a JSON file: UTF-8 with and without mark, UTF-16, zero bytes at its end taken off.

    Bytes that are no text become replacement characters.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace").removeprefix("\ufeff").rstrip("\0")
    # Of sixteen bits without a mark: JSON begins with a bracket, and every other byte is zero.
    if data[:1] in (b"{", b"[") and data[1:2] == b"\0":
        return data.decode("utf-16-le", "replace").rstrip("\0")
    if data[:2] in (b"\0{", b"\0["):
        return data.decode("utf-16-be", "replace").rstrip("\0")
    return data.rstrip(b"\0").decode("utf-8-sig", "replace")


def cut_off(place: int | None = None) -> Damage:
    """The note on a file of JSON that ends early, with the place of what was not written to its end where it is known."""
    message = "The file is cut off: what was not written to its end is left out, and what would follow is missing."
    return Damage(DamageKind.TRUNCATED_TAIL, Effect.LOST, message, 1, () if place is None else (place,))


def load_cut(text: str, decoder: json.JSONDecoder) -> tuple[Any, bool]:
    """Decode a document, or what is whole of one that is cut off.

    Args:
        text: One JSON value.
        decoder: Decodes it.

    Returns:
        The value, and whether it was cut off: then everything behind the last whole element is missing.

    Raises:
        ValueError: If it is no JSON and not cut off either.
        RecursionError: If it is nested too deep.
    """
    try:
        return decoder.decode(text), False
    except ValueError:
        shortened = _closed(text)
        if shortened is None:
            raise
        return decoder.decode(shortened), True


def _closed(text: str) -> str | None:
    """A document without its unfinished last element and with all brackets closed; None if it is not cut off."""
    brackets = ""
    whole, still_open = 0, ""
    for match in _SIGN.finditer(text):
        sign = match[0]
        if sign == '"':
            break
        if sign in _CLOSING:
            brackets += sign
            if len(brackets) > _DEEPEST:
                return None
        elif sign in ("]", "}"):
            if not brackets or _CLOSING[brackets[-1]] != sign:
                return None
            brackets = brackets[:-1]
        # A record that lacks its end would be read as one that lacks values: only whole ones count inside a list.
        if sign in (",", "]", "}") and brackets and "[{" not in brackets:
            whole, still_open = match.start() + (sign != ","), brackets
    if not brackets or not still_open:
        return None
    return text[:whole] + "".join(_CLOSING[bracket] for bracket in reversed(still_open))
