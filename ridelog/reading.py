"""Bytes to logs: exactly one parser recognises a file, and what nobody recognises says why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ridelog import plugins
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import PluginError, RidelogError, UnrecognisedError
from ridelog.log import Log, Origin
from ridelog.other_files import kind_of_file
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.quoted import unquoted
from ridelog.sources import Limits, Source, open_sources

_QUOTED: Final = Damage(
    DamageKind.NOTE, Effect.NOTED, "The log stands within other text; what is around it is passed over."
)


def recognise(source: Source, options: ReadOptions | None = None) -> tuple[Parser, dict[str, str]]:
    """Find the one parser for a file, or for the log that it quotes: then the source shows that log from now on.

    Args:
        source: The file.
        options: What the user said about it; a column mapping lets a general reader accept more.

    Returns:
        The parser, and the reasons for or against of those that were asked, by parser name.

    Raises:
        UnrecognisedError: If no parser knows the file; it carries each parser's reason.
        PluginError: If two parsers claim it.
    """
    answers = _answers(source, options)
    if not _is_known(answers) and (inner := unquoted(source.data)) is not None:
        quoted = Source(source.path, inner, member=source.member)
        within = _answers(quoted, options)
        # A general reader takes most tables as they are; only a format that is known says more.
        if _is_known(within) or (_best(within) and not _best(answers)):
            answers = within
            source.show(inner)
    reasons = {parser.name: answer.reason for parser, answer in answers.items()}
    best = _best(answers)
    if best == 0:
        kind, advice = kind_of_file(source.head) or ("", "")
        raise UnrecognisedError(source.label, reasons, kind, advice)
    claims = [parser for parser, answer in answers.items() if answer.rank == best]
    if len(claims) > 1:
        names = " and ".join(parser.name for parser in claims)
        raise PluginError(f"claimed by {names}; exactly one parser must know a format.", path=source.label)
    return claims[0], reasons


def _answers(source: Source, options: ReadOptions | None) -> dict[Parser, Sniff]:
    """What parsers say of a file: those whose words stand in it, and all where none of these knows it."""
    answers = {parser: _ask(parser, source, options) for parser in plugins.likely_parsers(source.head)}
    if not _is_known(answers):
        answers = {parser: answers.get(parser) or _ask(parser, source, options) for parser in plugins.parsers()}
    return answers


def _best(answers: Mapping[Parser, Sniff]) -> int:
    return max(answer.rank for answer in answers.values())


def _is_known(answers: Mapping[Parser, Sniff]) -> bool:
    return bool(answers) and _best(answers) == Sniff.KNOWN


def _ask(parser: Parser, source: Source, options: ReadOptions | None) -> Sniff:
    if options is not None and options.mapping:
        return parser.sniff_mapped(source, options)
    return parser.sniff(source)


def read_source(source: Source, options: ReadOptions | None = None) -> list[Log]:
    """Read one source into its logs, each with its origin filled in.

    Raises:
        RidelogError: Of one of its kinds, naming the file.
    """
    parser, _ = recognise(source, options)
    logs = parser.parse(source, options or ReadOptions())
    origin = Origin(source.path, source.member, source.sha256, source.size)
    for log in logs:
        log.origin = origin
        if source.is_quoted:
            log.damage = (*log.damage, _QUOTED)
    source.release()
    return logs


def read(path: str, options: ReadOptions | None = None, limits: Limits | None = None) -> list[Log]:
    """Read a file, an archive or a folder into logs; one file may hold several devices.

    In an archive or a folder a file that cannot be read (a settings file beside the rides) does not keep the others
    from being read; it is named in the damage of the first log.

    Raises:
        RidelogError: Of one of its kinds, naming the file.
    """
    sources = open_sources(path, limits)
    logs: list[Log] = []
    refusals: list[RidelogError] = []
    for source in sources:
        try:
            logs += read_source(source, options)
        except RidelogError as error:
            refusals.append(error)
    if refusals and not logs:
        # What a file lacks says more than that its neighbour is of no known kind.
        raise next((error for error in refusals if not isinstance(error, UnrecognisedError)), refusals[0])
    if refusals:
        logs[0].damage = (*logs[0].damage, *(passed_over(error) for error in refusals))
    return logs


def passed_over(error: RidelogError) -> Damage:
    """The damage that names a file of an archive or folder that could not be read, without the folders above it."""
    name = error.path.replace("\\", "/").rpartition("/")[2]
    return Damage(DamageKind.NOTE, Effect.NOTED, f"A file beside this log was not read: {name}: {error.message}")
