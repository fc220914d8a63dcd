"""Whether a report was made from given logs: the hashes in it against the files."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from ridelog.errors import SourceError
from ridelog.sources import open_sources

_EMBEDDED = re.compile(r'<script type="application/json" id="report-data">(.*?)</script>', re.DOTALL)


def embedded(report: Path) -> dict[str, object]:
    """The JSON report inside an HTML report, or a JSON report itself.

    Raises:
        SourceError: If the file is not a report of ridelog.
    """
    try:
        text = report.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"cannot be read ({error}).", path=str(report)) from error
    match = _EMBEDDED.search(text)
    try:
        data = json.loads(match.group(1) if match else text)
    except ValueError as error:
        raise SourceError("is not a report of ridelog.", path=str(report)) from error
    if not isinstance(data, dict) or not str(data.get("schema", "")).startswith("ridelog.report/"):
        raise SourceError("is not a report of ridelog.", path=str(report))
    return data


def verify(report: Path, paths: Sequence[str]) -> list[str]:
    """Compare the hashes in a report with logs.

    Returns:
        One sentence a difference; none when the report was made from exactly these logs.

    Raises:
        SourceError: If a file cannot be read.
    """
    inputs = embedded(report).get("inputs")
    stated = {str(item["sha256"]): str(item["path"]) for item in inputs} if isinstance(inputs, list) else {}
    given = {source.sha256: source.label for path in paths for source in open_sources(path)}
    problems = [
        f"{label}: not in the report, or changed since." for digest, label in given.items() if digest not in stated
    ]
    problems += [
        f"{path}: in the report, not among these logs." for digest, path in stated.items() if digest not in given
    ]
    return problems
