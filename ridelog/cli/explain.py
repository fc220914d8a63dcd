"""`ridelog explain`: the documentation of a detector, or what speaks for and against a cause."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    what: Annotated[str, typer.Argument(metavar="CODE|CAUSE", help="Code or name of a detector, or a cause id.")],
) -> None:
    """Explain a detector or a cause."""
    from ridelog import plugins
    from ridelog.diagnosis.causes import causes
    from ridelog.errors import UsageError

    wanted = what.lower()
    for detector in plugins.detectors():
        if wanted in (detector.code.lower(), detector.name.lower()):
            typer.echo(_detector(detector))
            return
    if wanted in causes():
        typer.echo(_cause(wanted))
        return
    from difflib import get_close_matches

    names = [*causes(), *(d.name for d in plugins.detectors()), *(d.code.lower() for d in plugins.detectors())]
    close = get_close_matches(wanted, names, 3)
    hint = f"Did you mean {' or '.join(close)}?" if close else f"Known are: {', '.join(names)}."
    raise UsageError(f"'{what}' is neither a detector nor a cause.", advice=hint)


def _detector(detector: object) -> str:
    from ridelog.detection import Detector

    assert isinstance(detector, Detector)
    lines = [f"{detector.code} {detector.name}", "", detector.summary(), ""]
    for title, body in detector.sections().items():
        lines += [f"{title}:", *(f"  {line}".rstrip() for line in body.splitlines()), ""]
    if detector.rules:
        lines.append(f"Handbook rules: {', '.join(detector.rules)}")
    return "\n".join(lines)


def _cause(name: str) -> str:
    from ridelog.diagnosis.causes import causes
    from ridelog.diagnosis.evidence import builtin_table
    from ridelog.diagnosis.handbook import advice

    cause = causes()[name]
    lines = [f"{cause.id}: {cause.title}", "", cause.summary]
    if cause.danger:
        lines += ["", f"Danger: {cause.danger}"]
    rows = [(row, row.weights[name]) for row in builtin_table().rows.values() if name in row.weights]
    if rows:
        lines += ["", "Evidence, in nats (when seen / when it would have been seen and was not):"]
        for row, (seen, absent) in sorted(rows, key=lambda item: -item[1][0]):
            rules = f"  [{', '.join(row.rules)}]" if row.rules else ""
            lines.append(f"  {seen:+.1f} / {absent:+.1f}  {row.id}: {row.observed}{rules}")
    entries = advice([(name, 1.0)], "")
    if entries:
        lines += ["", "Advice:"]
        lines += [f"  {entry.kind}: {entry.text} ({entry.sureness}) [{', '.join(entry.rules)}]" for entry in entries]
    return "\n".join(lines)
