"""Text in sixteen bits a character, as the Windows command line writes it, in eight."""

from __future__ import annotations

import codecs


def as_utf8(data: bytes) -> bytes:
    """The bytes of a text in UTF-8 where a byte order mark says that it is in UTF-16, else the same object."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace").encode()
    return data
