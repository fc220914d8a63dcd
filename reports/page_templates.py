"""The templates of the page, compiled to Python beforehand: compiling them takes longer than analyzing a short ride.

`python -m scripts.make_templates` writes `templates/compiled/`. A compiled template counts only when it was made from
the very templates that are there, by the very Jinja that is installed; else they are compiled anew, as Jinja does.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Environment

_SOURCES: Final = Path(__file__).parent / "templates"
COMPILED: Final = _SOURCES / "compiled"
_MADE_FROM: Final = "made_from.txt"


@cache
def environment() -> Environment:
    """Jinja with the templates of the page, all values escaped."""
    if made_from() != current_sources():
        return environment_of_sources()
    from jinja2 import ModuleLoader

    return _environment(ModuleLoader(COMPILED))


def environment_of_sources() -> Environment:
    """The same, with templates compiled when they are used."""
    from jinja2 import FileSystemLoader

    return _environment(FileSystemLoader(_SOURCES))


def compile_templates(folder: Path) -> None:
    """Write the compiled templates and what they were made from to a folder."""
    environment_of_sources().compile_templates(folder, zip=None, ignore_errors=False)
    (folder / _MADE_FROM).write_text("\n".join(current_sources()) + "\n", encoding="utf-8")


def made_from() -> tuple[str, ...]:
    """The version of Jinja and the SHA-256 of the templates that the compiled ones were made from."""
    path = COMPILED / _MADE_FROM
    return tuple(path.read_text(encoding="utf-8").split()) if path.is_file() else ()


def current_sources() -> tuple[str, ...]:
    """The version of Jinja and the SHA-256 of the templates that are there now."""
    text = b"\0".join(path.read_bytes() for path in sorted(_SOURCES.glob("*.j2")))
    return version("jinja2"), hashlib.sha256(text).hexdigest()


def _environment(loader: BaseLoader) -> Environment:
    from jinja2 import Environment
    from markupsafe import Markup

    from ridelog.diagnosis.wording import wording

    from . import words

    def finalize(value: object) -> object:
        return words.plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    made = Environment(
        loader=loader,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
        auto_reload=False,
    )
    made.filters["percent"] = words.percent
    made.filters["ladder"] = wording
    return made
