"""Which files there are, on local disk or behind any fsspec URL, and whether they changed since the last run."""

from __future__ import annotations

import errno
import os
import stat
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ridelog.errors import SourceError


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file as a listing shows it; nothing of it was read.

    Attributes:
        path: Absolute path or URL to open it by; workers may run in another folder.
        name: Path below the folder the user named, with forward slashes; what tables and pages show. Each file has
            another one: where several roots hold the same path, it begins with the root's own name.
        root: The folder or URL it was found under.
        size: Bytes.
        stamp: What changes when the content may have: modification time in ns, or the entity tag of an object store.
        below: Path below the root where `name` begins with the root's name, else "".
    """

    path: str
    name: str
    root: str
    size: int
    stamp: str
    below: str = ""

    @property
    def folder(self) -> str:
        """Folder below the root, "" for a file directly in it."""
        return (self.below or self.name).rpartition("/")[0]

    @property
    def remote(self) -> bool:
        """True for a URL."""
        return "://" in self.path


def list_inputs(roots: Sequence[str], leave_out: str = "") -> list[InputFile]:
    """List the files below folders and URLs, each once, sorted by name.

    Args:
        roots: Folders, files or fsspec URLs (`s3://bucket/logs`).
        leave_out: Folder or URL of the result: nothing below it is an input.

    Raises:
        SourceError: If a root is not there or cannot be listed, or there is no file at all.
    """
    found: dict[str, InputFile] = {}
    for root in roots:
        for item in _remote(root, leave_out) if "://" in root else _local(Path(root), leave_out):
            found.setdefault(item.path, item)
    if not found:
        raise SourceError("there is no log.", path=", ".join(roots))
    return sorted(_each_its_own_name(list(found.values())), key=lambda item: (item.name, item.path))


def readable(path: str) -> str:
    r"""A path as text that any table can hold: bytes that are no UTF-8 become \xe9 and the like."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _each_its_own_name(files: Sequence[InputFile]) -> list[InputFile]:
    """Put the root's name before the names that files of several roots share."""
    by_name: dict[str, list[InputFile]] = defaultdict(list)
    for item in files:
        by_name[item.name].append(item)
    shared = {item.root for same in by_name.values() if len(same) > 1 for item in same}
    calls: dict[str, str] = {}
    for root in sorted(shared):
        own = readable(PurePosixPath(root.replace("\\", "/")).name) or "root"
        calls[root] = own if own not in calls.values() else f"{own} ({len(calls) + 1})"
    return [
        replace(item, name=f"{calls[item.root]}/{item.name}", below=item.name) if item.root in calls else item
        for item in files
    ]


def _local(root: Path, leave_out: str) -> Iterator[InputFile]:
    if root.is_file():
        item = _local_file(root, root.parent)
        if item is not None:
            yield item
        return
    if not root.is_dir():
        raise SourceError("there is no such file or folder.", path=str(root), advice="Check the path.")
    result = Path(leave_out).resolve() if leave_out and "://" not in leave_out else None
    closed: list[OSError] = []
    # Links to folders are not followed: a loop of them has no end.
    for place, folders, files in os.walk(root, onerror=closed.append):
        folder = Path(place)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name != "__MACOSX"
            and (result is None or (folder / name).resolve() != result)
        )
        for name in sorted(files):
            if not name.startswith("."):
                item = _local_file(folder / name, root)
                if item is not None:
                    yield item
    for error in closed:
        # It becomes a row that says why nothing below it was looked at.
        path = Path(error.filename or root)
        yield InputFile(str(path.absolute()), readable(path.relative_to(root).as_posix()), str(root), 0, "")


def _local_file(path: Path, root: Path) -> InputFile | None:
    """The file, None for what is none: a pipe, a device, a link to a folder or in a circle."""
    name = readable(path.relative_to(root).as_posix())
    try:
        state = path.stat()
    except FileNotFoundError:
        # A link to nowhere, or a file that went while we looked.
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            return None
        return InputFile(str(path.absolute()), name, str(root), 0, "")
    if not stat.S_ISREG(state.st_mode):
        return None
    return InputFile(str(path.absolute()), name, str(root), state.st_size, f"{state.st_mtime_ns}")


def _remote(root: str, leave_out: str) -> Iterator[InputFile]:
    import fsspec

    try:
        system, below = fsspec.core.url_to_fs(root)
        listing = system.find(below, detail=True)
    except (OSError, ValueError, ImportError) as error:
        raise SourceError(f"cannot be listed ({error}).", path=root) from error
    protocol = root.split("://", 1)[0]
    result = leave_out.split("://", 1)[-1].rstrip("/") + "/" if leave_out.startswith(f"{protocol}://") else ""
    for path, info in sorted(listing.items()):
        name = path.rpartition("/")[2]
        if not name or name.startswith(".") or (result and path.lstrip("/").startswith(result.lstrip("/"))):
            continue
        inside = path[len(below) :].lstrip("/") if path.startswith(below) else path
        stamp = str(info.get("ETag") or info.get("LastModified") or info.get("mtime") or info.get("created") or "")
        url = path if "://" in path else f"{protocol}://{path}"
        yield InputFile(url, inside or name, root, int(info.get("size") or 0), stamp.strip('"'))
