"""Bytes from paths, archives, URLs and standard input, under limits: inputs are hostile until parsed.

A path given by the user becomes one or more `Source` objects: a plain file is one, an archive gives one for each log
in it. Nothing is ever written beside an input or changed in it.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO, cast

from ridelog.errors import SourceError

#: How much of a file a parser may look at to recognise it.
HEAD_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on hostile input; engineering judgement, far above any real log.

    Attributes:
        size: Most bytes of one log after decompression.
        total: Most bytes of all logs of one archive after decompression.
        ratio: Most bytes out for each byte in (only looked at from 1 MiB on).
        entries: Most members of one archive.
        nesting: Most archives inside one another.
    """

    size: int = 2 << 30
    total: int = 4 << 30
    ratio: float = 1100.0
    entries: int = 20_000
    nesting: int = 3


class Source:
    """One file's bytes, read when they are needed.

    Args:
        path: The path or URL as the user gave it.
        data: The bytes, or None to read them from `file` when needed.
        file: A local plain file.
        member: Name inside an archive, "" for a plain file.
    """

    def __init__(self, path: str, data: bytes | None = None, *, file: Path | None = None, member: str = "") -> None:
        self.path = path
        self.member = member
        self.file = file
        self._data = data
        self._shown: bytes | None = None

    def __repr__(self) -> str:
        return f"<Source {self.label}>"

    @property
    def label(self) -> str:
        """The path, with the member behind it where there is one."""
        return f"{self.path}!{self.member}" if self.member else self.path

    @property
    def name(self) -> str:
        """File name alone, of the archive member where there is one."""
        return PurePosixPath((self.member or self.path).replace("\\", "/")).name

    @property
    def data(self) -> bytes:
        """All bytes.

        Raises:
            SourceError: If the file cannot be read.
        """
        if self._shown is not None:
            return self._shown
        if self._data is None:
            assert self.file is not None
            try:
                self._data = self.file.read_bytes()
            except OSError as error:
                raise SourceError(f"cannot be read ({error.strerror}).", path=self.path) from error
        return self._data

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB."""
        if self._data is None and self.file is not None:
            try:
                with self.file.open("rb") as stream:
                    return stream.read(HEAD_BYTES)
            except OSError as error:
                raise SourceError(f"cannot be read ({error.strerror}).", path=self.path) from error
        return self.data[:HEAD_BYTES]

    @property
    def is_quoted(self) -> bool:
        """Whether what parsers see is the log that stood within other text."""
        return self._shown is not None

    def show(self, data: bytes) -> None:
        """Let parsers see these bytes from now on, the log within other text; hash and size stay those of the file."""
        _ = self.sha256, self.size
        self._shown = data
        self.head = data[:HEAD_BYTES]

    @cached_property
    def size(self) -> int:
        """Number of bytes."""
        if self._data is None and self.file is not None:
            return self.file.stat().st_size
        return len(self.data)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the bytes, in hex."""
        if self._data is None and self.file is not None:
            with self.file.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        return hashlib.sha256(self.data).hexdigest()

    def release(self) -> None:
        """Forget the bytes of a plain file; they are read again when needed."""
        if self.file is not None:
            self._data = None


class UnreadableSource(Source):
    """A file of a folder that cannot be opened as a log; whoever asks for what is in it gets the reason.

    Args:
        file: The file.
        error: Why it cannot be opened.
    """

    def __init__(self, file: Path, error: SourceError) -> None:
        super().__init__(str(file), file=file)
        self._error = error

    @property
    def data(self) -> bytes:
        """What is in it, which nobody can tell."""
        raise self._error

    @cached_property
    def head(self) -> bytes:
        """The beginning of what is in it, which nobody can tell."""
        raise self._error

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file as it lies there, in hex; "" where even that cannot be read."""
        try:
            return super().sha256
        except OSError:
            return ""


def open_sources(path: str, limits: Limits | None = None) -> list[Source]:
    """Open what the user named: a file, an archive, a folder (one ride), a URL, or "-" for standard input.

    Args:
        path: Path, URL or "-".
        limits: Bounds on hostile input.

    Returns:
        One source for each log, at least one, in the order of their names.

    Raises:
        SourceError: If there is nothing to read or a limit is reached.
    """
    limits = limits or Limits()
    if path == "-":
        data = sys.stdin.buffer.read(limits.size + 1)
        return _unpack(Source("-", _bounded(data, limits, "-")), limits, 0)
    if "://" in path:
        return _unpack(Source(path, _download(path, limits)), limits, 0)
    local = Path(path)
    if not local.exists():
        raise SourceError("there is no such file.", path=path, advice="Check the path.")
    if local.is_dir():
        files = sorted(item for item in local.rglob("*") if item.is_file() and not _is_litter(item.as_posix()))
        if not files:
            raise SourceError("the folder holds no file.", path=path)
        return _open_folder(files, limits)
    return _open_file(path, local, limits)


def _open_folder(files: list[Path], limits: Limits) -> list[Source]:
    """The files of a folder; one that cannot be opened does not keep the others from being read."""
    sources: list[Source] = []
    errors: list[SourceError] = []
    for file in files:
        try:
            sources += _open_file(str(file), file, limits)
        except SourceError as error:
            errors.append(error)
            sources.append(UnreadableSource(file, error))
    if len(errors) == len(sources):
        raise errors[0]
    return sources


def _open_file(path: str, local: Path, limits: Limits) -> list[Source]:
    try:
        size = local.stat().st_size
    except OSError as error:
        raise SourceError(f"cannot be read ({error.strerror}).", path=path) from error
    if size > limits.size:
        raise SourceError(f"is larger than {limits.size:,} bytes.", path=path, advice="Cut it into parts.")
    source = Source(path, file=local)
    if not source.head:
        raise SourceError("the file is empty.", path=path, advice="The logger may have lost power before it wrote.")
    return _unpack(source, limits, 0)


def _download(url: str, limits: Limits) -> bytes:
    import fsspec

    try:
        with fsspec.open(url, "rb") as stream:
            return _bounded(stream.read(limits.size + 1), limits, url)
    except (OSError, ValueError, ImportError) as error:
        raise SourceError(f"cannot be read ({error}).", path=url) from error


def _bounded(data: bytes, limits: Limits, path: str) -> bytes:
    if not data:
        raise SourceError("the file is empty.", path=path)
    if len(data) > limits.size:
        raise SourceError(f"is larger than {limits.size:,} bytes.", path=path, advice="Cut it into parts.")
    return data


def _is_litter(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or any(part.startswith(".") and part not in (".", "..") for part in parts[-1:])


#: What the archive readers of the standard library raise on damaged or encrypted input.
_ARCHIVE_ERRORS = (
    zipfile.BadZipFile,
    ValueError,
    NotImplementedError,
    EOFError,
    OSError,
    RuntimeError,
    lzma.LZMAError,
    zlib.error,
)
_ZIP = b"PK\x03\x04"
_OFFICE_MEMBERS = frozenset({"[Content_Types].xml", "xl/workbook.xml", "mimetype"})


def _unpack(source: Source, limits: Limits, depth: int) -> list[Source]:
    head = source.head
    packed = head.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\x00"))
    is_zip = head.startswith(_ZIP) and not _is_spreadsheet(source)
    if not packed and not is_zip:
        return [source]
    if depth >= limits.nesting:
        raise SourceError(f"archives inside archives more than {limits.nesting} deep.", path=source.label)
    if is_zip:
        return [inner for member in _zip_members(source, limits) for inner in _unpack(member, limits, depth + 1)]
    data = _inflate(source, limits)
    name = source.name
    inner_name = name.rsplit(".", 1)[0] if "." in name else name
    member = f"{source.member}!{inner_name}" if source.member else inner_name
    return _unpack(Source(source.path, data, member=member), limits, depth + 1)


def _is_spreadsheet(source: Source) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            return not _OFFICE_MEMBERS.isdisjoint(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise SourceError(f"is a damaged zip archive ({error}).", path=source.label) from error


def _zip_members(source: Source, limits: Limits) -> Iterator[Source]:
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_litter(entry.filename)]
            if len(entries) > limits.entries:
                raise SourceError(f"holds more than {limits.entries:,} files.", path=source.label)
            if not entries:
                raise SourceError("the archive holds no file.", path=source.label)
            left = limits.total
            for entry in sorted(entries, key=lambda item: item.filename):
                with archive.open(entry) as stream:
                    data = _read_bounded(stream, min(limits.size, left), entry.compress_size, limits, source.label)
                left -= len(data)
                if data:
                    member = f"{source.member}!{entry.filename}" if source.member else entry.filename
                    yield Source(source.path, data, member=member)
    except _ARCHIVE_ERRORS as error:
        raise SourceError(f"is a damaged or protected zip archive ({error}).", path=source.label) from error


def _inflate(source: Source, limits: Limits) -> bytes:
    import zstandard

    from ridelog.zstd_stream import ZstdStream

    head = source.head
    try:
        with ExitStack() as stack:
            raw = stack.enter_context(io.BytesIO(source.data))
            stream: IO[bytes]
            if head.startswith(b"\x1f\x8b"):
                stream = stack.enter_context(cast(IO[bytes], gzip.GzipFile(fileobj=raw)))
            elif head.startswith(b"BZh"):
                stream = stack.enter_context(bz2.BZ2File(raw))
            elif head.startswith(b"\xfd7zXZ"):
                stream = stack.enter_context(lzma.LZMAFile(raw))
            else:
                stream = cast(IO[bytes], stack.enter_context(ZstdStream(source.data)))
            return _read_bounded(stream, limits.size, source.size, limits, source.label)
    except (*_ARCHIVE_ERRORS, zstandard.ZstdError) as error:
        raise SourceError(f"is a damaged archive ({error}).", path=source.label) from error


def _read_bounded(stream: IO[bytes], most: int, packed: int, limits: Limits, path: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        part = stream.read(1 << 20)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > most:
            raise SourceError("unpacks to more bytes than allowed.", path=path, advice="Unpack it and give the logs.")
        if size > 1 << 20 and size > limits.ratio * max(packed, 1):
            raise SourceError("unpacks to far more bytes than a log does.", path=path, advice="Unpack it by hand.")
