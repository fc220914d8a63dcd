"""Bytes to logs: exactly one parser recognises a file, and what nobody recognises says why."""

from __future__ import annotations

from ridelog import plugins
from ridelog.errors import PluginError, UnrecognisedError
from ridelog.log import Log, Origin
from ridelog.parsing import Parser, ReadOptions
from ridelog.sources import Limits, Source, open_sources


def recognise(source: Source) -> tuple[Parser, dict[str, str]]:
    """Find the one parser for a file.

    Returns:
        The parser and each parser's reason for or against, by parser name.

    Raises:
        UnrecognisedError: If no parser knows the file; it carries each parser's reason.
        PluginError: If two parsers claim it.
    """
    answers = [(parser, parser.sniff(source)) for parser in plugins.parsers()]
    reasons = {parser.name: answer.reason for parser, answer in answers}
    best = max(answer.rank for _, answer in answers)
    if best == 0:
        raise UnrecognisedError(source.label, reasons)
    claims = [parser for parser, answer in answers if answer.rank == best]
    if len(claims) > 1:
        names = " and ".join(parser.name for parser in claims)
        raise PluginError(f"claimed by {names}; exactly one parser must know a format.", path=source.label)
    return claims[0], reasons


def read_source(source: Source, options: ReadOptions | None = None) -> list[Log]:
    """Read one source into its logs, each with its origin filled in.

    Raises:
        RidelogError: Of one of its kinds, naming the file.
    """
    parser, _ = recognise(source)
    logs = parser.parse(source, options or ReadOptions())
    origin = Origin(source.path, source.member, source.sha256, source.size)
    for log in logs:
        log.origin = origin
    source.release()
    return logs


def read(path: str, options: ReadOptions | None = None, limits: Limits | None = None) -> list[Log]:
    """Read a file, an archive or a folder into logs; one file may hold several devices.

    Raises:
        RidelogError: Of one of its kinds, naming the file.
    """
    return [log for source in open_sources(path, limits) for log in read_source(source, options)]
