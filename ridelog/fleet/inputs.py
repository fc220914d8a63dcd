"""Which files there are, on local disk or behind any fsspec URL, and whether they changed since the last run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ridelog.errors import SourceError


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file as a listing shows it; nothing of it was read.

    Attributes:
        path: Absolute path or URL to open it by; workers may run in another folder.
        name: Path below the folder the user named, with forward slashes; what tables and pages show.
        root: The folder or URL it was found under.
        size: Bytes.
        stamp: What changes when the content may have: modification time in ns, or the entity tag of an object store.
    """

    path: str
    name: str
    root: str
    size: int
    stamp: str

    @property
    def folder(self) -> str:
        """Folder below the root, "" for a file directly in it."""
        return self.name.rpartition("/")[0]

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
    return sorted(found.values(), key=lambda item: (item.name, item.path))


def _local(root: Path, leave_out: str) -> Iterator[InputFile]:
    if root.is_file():
        yield _local_file(root, root.parent)
        return
    if not root.is_dir():
        raise SourceError("there is no such file or folder.", path=str(root), advice="Check the path.")
    result = Path(leave_out).resolve() if leave_out and "://" not in leave_out else None
    for folder, folders, files in root.walk() if hasattr(root, "walk") else _walk(root):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name != "__MACOSX"
            and (result is None or (folder / name).resolve() != result)
        )
        for name in sorted(files):
            path = folder / name
            if not name.startswith(".") and path.is_file():
                yield _local_file(path, root)


def _walk(root: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    import os

    for folder, folders, files in os.walk(root):
        yield Path(folder), folders, files


def _local_file(path: Path, root: Path) -> InputFile:
    state = path.stat()
    return InputFile(
        str(path.absolute()), path.relative_to(root).as_posix(), str(root), state.st_size, f"{state.st_mtime_ns}"
    )


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
