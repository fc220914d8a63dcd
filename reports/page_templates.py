"""The templates of the page, with their byte code kept: compiling them takes longer than analyzing a short ride."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jinja2 import BytecodeCache, Environment

_FOLDER: Final = Path(__file__).parent


@cache
def environment() -> Environment:
    """Jinja with the templates of the page, all values escaped."""
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    from ridelog.diagnosis.wording import wording

    from . import words

    def finalize(value: object) -> object:
        return words.plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    made = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
        auto_reload=False,
        bytecode_cache=_byte_code(_FOLDER / "__pycache__"),
    )
    made.filters["percent"] = words.percent
    made.filters["ladder"] = wording
    return made


def _byte_code(folder: Path) -> BytecodeCache | None:
    """Jinja's store of byte code in `folder`; None where Python writes none either."""
    if sys.dont_write_bytecode or not os.access(folder, os.W_OK):
        return None
    from jinja2 import FileSystemBytecodeCache

    return FileSystemBytecodeCache(str(folder))
