"""What a cause, a detector or a rule of the field is, in plain text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from ridelog import plugins
from ridelog.detection import Detector
from ridelog.diagnosis.causes import Cause, causes
from ridelog.diagnosis.evidence import builtin_table
from ridelog.diagnosis.handbook import CONTROLLERS, FAMILIES, Entry, entries
from ridelog.diagnosis.rules import KINDS as HOMES
from ridelog.diagnosis.rules import Rule, rules
from ridelog.errors import UsageError


def explain(what: str) -> str:
    """Explain a detector (code or name), a cause (id) or a rule (id); upper and lower case are the same.

    A name that a cause and a detector share gives both.

    Raises:
        UsageError: If it is none of them.
    """
    wanted = what.strip().lower()
    detectors = plugins.detectors()
    found = [_cause(causes()[wanted])] if wanted in causes() else []
    found += [_detector(item) for item in detectors if wanted in (item.code.lower(), item.name.lower())]
    if wanted.upper() in rules():
        found.append(_rule(rules()[wanted.upper()]))
    if found:
        return "\n\n".join(found)
    names = [*causes(), *(detector.name for detector in detectors)]
    codes = [*(detector.code.lower() for detector in detectors), *(rule.lower() for rule in rules())]
    close = get_close_matches(wanted, [*names, *codes], 3)
    hint = f"Did you mean {' or '.join(close)}?" if close else f"Known are: {', '.join(names)}, and rules like TRIP-01."
    raise UsageError(f"'{what}' is neither a detector nor a cause nor a rule.", advice=hint)


def _detector(detector: Detector) -> str:
    lines = [f"{detector.code} {detector.name}", "", detector.summary(), ""]
    for title, body in detector.sections().items():
        lines += [f"{title}:", *(f"  {line}".rstrip() for line in body.splitlines()), ""]
    if detector.rules:
        lines.append(f"Handbook rules: {', '.join(detector.rules)}")
    return "\n".join(lines)


def _cause(cause: Cause) -> str:
    lines = [f"{cause.id}: {cause.title}", "", cause.summary]
    if cause.danger:
        lines += ["", f"Danger: {cause.danger}"]
    rows = [(row, row.weights[cause.id]) for row in builtin_table().rows.values() if cause.id in row.weights]
    if rows:
        lines += ["", "Evidence, in nats (when seen / when it would have been seen and was not):"]
        for row, (seen, absent) in sorted(rows, key=lambda item: -item[1][0]):
            named = f"  [{', '.join(row.rules)}]" if row.rules else ""
            lines.append(f"  {seen:+.1f} / {absent:+.1f}  {row.id}: {row.observed}{named}")
    return "\n".join([*lines, *_advice(entry for entry in entries() if cause.id in entry.causes)])


def _rule(rule: Rule) -> str:
    lines = [f"{rule.id}: {rule.says}", "", f"Class {rule.detectability}; {HOMES[rule.kind]}."]
    if rule.note:
        lines.append(f"What it switches: {rule.note}.")
    if rule.detectors:
        codes = {detector.name: detector.code for detector in plugins.detectors()}
        lines += ["", "Encoded in:", *(f"  {codes.get(name, '')} {name}" for name in rule.detectors)]
    if rule.trends:
        lines += ["", "Followed from ride to ride by `ridelog audit`:", *(f"  {name}" for name in rule.trends)]
    if rule.trends:
        lines += ["", "Followed from ride to ride by `ridelog audit`:", *(f"  {name}" for name in rule.trends)]
    weighed = [row.id for row in builtin_table().rows.values() if rule.id in row.rules]
    if weighed:
        lines += ["", "Evidence that rests on it:", *(f"  {name}" for name in weighed)]
    return "\n".join([*lines, *_advice(rule.entries)])


def _advice(found: Iterable[Entry]) -> list[str]:
    listed = sorted(found, key=lambda entry: entry.order)
    if not listed:
        return []
    return ["", "Handbook:", *(_entry(entry) for entry in listed)]


def _entry(entry: Entry) -> str:
    about = ", ".join([FAMILIES[name] for name in entry.families] + [CONTROLLERS[name] for name in entry.controllers])
    remarks = "; ".join(part for part in (about, entry.sureness, f"since {entry.since}" if entry.since else "") if part)
    danger = "danger, " if entry.danger else ""
    return f"  {danger}{entry.kind}: {entry.text} ({remarks}) [{', '.join(entry.rules) or entry.basis}]"
