"""The version of the analysis: a ride is analyzed again when the code that would answer for it has changed."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import entry_points, version
from importlib.util import find_spec
from pathlib import Path

#: Raised when rows change their meaning without a change of code that would show.
ROWS = 1


@cache
def analysis_version() -> str:
    """The version of ridelog, of the rows, a hash of the code that analyzes, and the versions of other plugins.

    The code of the command line, the fleet's comparison and the simulator does not enter: it does not change what is
    found on a ride.
    """
    import ridelog

    hashed = hashlib.sha256()
    folders = [Path(folder) for folder in ridelog.__path__]
    for group in ("ridelog.parsers", "ridelog.detectors", "ridelog.reports"):
        for entry in sorted(entry_points(group=group), key=lambda item: item.name):
            if entry.name == "builtin":
                # Found without being imported: a run over unchanged input needs none of it.
                spec = find_spec(entry.module)
                places = spec.submodule_search_locations if spec is not None else None
                folders += [Path(folder) for folder in places or ()]
            elif entry.dist is not None:
                hashed.update(f"{entry.dist.name} {entry.dist.version}".encode())
    seen: set[Path] = set()
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            inside = file.relative_to(folder)
            aside = inside.parts[0] in ("cli", "simulate") or (
                inside.parts[0] == "fleet" and inside.name not in ("rows.py", "measures.py")
            )
            if file.suffix not in (".py", ".toml", ".csv", ".json") or aside or file.resolve() in seen:
                continue
            seen.add(file.resolve())
            hashed.update(inside.as_posix().encode() + b"\0" + file.read_bytes())
    return f"{version('ridelog')}+{ROWS}.{hashed.hexdigest()[:16]}"
