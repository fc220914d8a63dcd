"""Which vehicle a ride belongs to: a fleet table, a pattern of the path, the devices' ids, or the folder."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any, TypeVar

from ridelog.errors import UsageError

from .inputs import readable
from .rows import devices as hashed

_Told = TypeVar("_Told")


@dataclass(frozen=True, slots=True)
class FleetEntry:
    """A row of a fleet table: files by a pattern of their path or a device by its id, and what vehicle that is."""

    vehicle: str
    path: str = ""
    device: str = ""
    model: str = ""


def read_fleet(path: str) -> tuple[FleetEntry, ...]:
    """Read a fleet table (CSV or Parquet) with the column `vehicle`, one of `path` and `device`, and maybe `model`.

    Raises:
        UsageError: If it cannot be read or lacks a column.
    """
    import polars as pl

    try:
        table = pl.read_parquet(path) if path.endswith(".parquet") else pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UsageError(f"is not a fleet table ({error}).", path=path) from error
    if "vehicle" not in table.columns or not {"path", "device"} & set(table.columns):
        raise UsageError(
            f"has the columns {', '.join(table.columns)}; 'vehicle' and one of 'path' and 'device' are needed.",
            path=path,
        )
    entries = []
    for row in table.iter_rows(named=True):
        texts = {name: str(row.get(name) or "").strip() for name in ("vehicle", "path", "device", "model")}
        texts["device"] = next(iter(hashed([texts["device"]])), "")
        if texts["vehicle"]:
            entries.append(FleetEntry(**texts))
    return tuple(entries)


def pattern_expression(pattern: str) -> re.Pattern[str]:
    """Regular expression of a path pattern such as `logs/{vehicle}/*.csv`; `**` crosses folders.

    Raises:
        UsageError: If the pattern does not name the vehicle exactly once.
    """
    if pattern.count("{vehicle}") != 1:
        raise UsageError(f"'--vehicle {pattern}' must hold {{vehicle}} once.", advice="Such as 'logs/{vehicle}/*.csv'.")
    parts = re.split(r"(\{vehicle\}|\*\*/|\*\*|\*|\?)", pattern.removeprefix("./"))
    signs = {"{vehicle}": r"(?P<vehicle>[^/]+?)", "**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}
    return re.compile(r"(?:^|.*/)" + "".join(signs.get(part) or re.escape(part) for part in parts) + "$")


def owners(paths: Iterable[str], pattern: str, fleet: Sequence[FleetEntry]) -> dict[str, tuple[str, str]]:
    """Vehicle and basis ("table" or "pattern") of the files whose path alone tells it."""
    expression = pattern_expression(pattern) if pattern else None
    globs = [entry for entry in fleet if entry.path]
    found: dict[str, tuple[str, str]] = {}
    for path in paths:
        plain = path.replace("\\", "/")
        entry = next((e for e in globs if fnmatchcase(plain, e.path) or fnmatchcase(plain, f"*/{e.path}")), None)
        if entry is not None:
            found[path] = (entry.vehicle, "table")
            continue
        match = expression.match(plain) if expression else None
        if match:
            found[path] = (readable(match["vehicle"]), "pattern")
    return found


def assign(
    rides: Sequence[Mapping[str, Any]],
    told: Mapping[str, tuple[str, str]],
    folders: Mapping[str, str],
    fleet: Sequence[FleetEntry],
) -> dict[str, tuple[str, str]]:
    """Vehicle and basis of every ride.

    Args:
        rides: Rows of `logs` with ride_id, files and devices.
        told: File name to what its path tells.
        folders: File name to the vehicle its folder suggests, "" for none.
        fleet: The fleet table.

    Returns:
        By ride id. A device id decides over the folder only where the folder holds several vehicles' devices, or one
        vehicle's devices lie in several folders.
    """
    by_device = {entry.device: entry.vehicle for entry in fleet if entry.device}
    family = _families(ride["devices"] or [] for ride in rides)
    in_folder: dict[str, set[str]] = defaultdict(set)
    in_family: dict[str, set[str]] = defaultdict(set)
    for ride in rides:
        folder = _told_of(ride["files"][0], folders) or ""
        for device in ride["devices"] or []:
            in_folder[folder].add(family[device])
            in_family[family[device]].add(folder)
    found: dict[str, tuple[str, str]] = {}
    for ride in rides:
        path = next((said for name in ride["files"] if (said := _told_of(name, told)) is not None), None)
        device = next((by_device[item] for item in ride["devices"] or [] if item in by_device), None)
        folder = _told_of(ride["files"][0], folders) or ""
        own = family[ride["devices"][0]] if ride["devices"] else ""
        if path is not None and path[1] == "table":
            found[ride["ride_id"]] = path
        elif device is not None:
            found[ride["ride_id"]] = (device, "table")
        elif path is not None:
            found[ride["ride_id"]] = path
        elif own and (len(in_folder[folder]) > 1 or len(in_family[own]) > 1 or not folder):
            found[ride["ride_id"]] = (own, "device")
        else:
            found[ride["ride_id"]] = (folder or "unknown", "folder" if folder else "none")
    return found


def _told_of(name: str, told: Mapping[str, _Told]) -> _Told | None:
    """What is told of a file, or of the archive it is a member of."""
    while name not in told and "!" in name:
        name = name.rpartition("!")[0]
    return told.get(name)


def folder_vehicle(name: str, root: str) -> str:
    """The vehicle a path suggests: its first folder below the root that is no date or number, else the root's name."""
    for part in PurePosixPath(name).parts[:-1]:
        if re.search(r"[^\W\d_]", part) and not re.match(r"20\d\d[-_.]?\d\d", part):
            return part
    return readable(PurePosixPath(root.replace("\\", "/").rstrip("/")).name)


def _families(groups: Iterable[Sequence[str]]) -> dict[str, str]:
    """Device to the first of all devices that were ever logged together with it, over any number of steps."""
    parent: dict[str, str] = {}

    def top(device: str) -> str:
        while parent.setdefault(device, device) != device:
            parent[device] = parent[parent[device]]
            device = parent[device]
        return device

    for group in groups:
        for device in group:
            one, other = sorted((top(group[0]), top(device)))
            parent[other] = one
    return {device: top(device) for device in parent}
