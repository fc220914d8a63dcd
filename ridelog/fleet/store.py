"""Where results lie: a local folder or any fsspec URL, written so that a reader never sees half a file."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ridelog.errors import SourceError

if TYPE_CHECKING:
    import pyarrow as pa


class Store:
    """A folder or URL that files are put into whole.

    On local disk a file is written under another name, flushed, and renamed; on an object store one put makes the
    whole object appear. Either way it is there complete or not at all.

    Args:
        url: Folder or fsspec URL.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.local = Path(url) if "://" not in url else None
        self._system: Any = None
        self._below = ""
        if self.local is None:
            import fsspec

            try:
                self._system, self._below = fsspec.core.url_to_fs(url)
            except (ImportError, ValueError) as error:
                raise SourceError(
                    f"cannot be written to ({error}).", path=url, advice="Install ridelog[cloud]."
                ) from error
            self._below = self._below.rstrip("/")

    def write(self, name: str, data: bytes) -> None:
        """Put a file.

        Raises:
            SourceError: If it cannot be written.
        """
        try:
            if self.local is None:
                self._system.pipe_file(f"{self._below}/{name}", data)
                return
            target = self.local / name
            target.parent.mkdir(parents=True, exist_ok=True)
            passing = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
            with passing.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            passing.replace(target)
        except OSError as error:
            raise SourceError(f"cannot be written ({error}).", path=f"{self.url}/{name}") from error

    def read(self, name: str) -> bytes | None:
        """Bytes of a file, None when it is not there."""
        try:
            if self.local is not None:
                return (self.local / name).read_bytes()
            return bytes(self._system.cat_file(f"{self._below}/{name}"))
        except FileNotFoundError:
            return None

    def names(self, folder: str, suffix: str) -> list[str]:
        """Names of the files of a folder, sorted; what a killed run left unfinished is removed on the way."""
        if self.local is not None:
            place = self.local / folder
            if not place.is_dir():
                return []
            for item in place.glob(f".*{suffix}.*"):
                item.unlink(missing_ok=True)
            return sorted(item.name for item in place.iterdir() if item.name.endswith(suffix))
        self._system.invalidate_cache()
        try:
            found = self._system.ls(f"{self._below}/{folder}", detail=False)
        except FileNotFoundError:
            return []
        return sorted(item.rpartition("/")[2] for item in found if item.endswith(suffix))

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            if self.local is not None:
                (self.local / name).unlink()
            else:
                self._system.rm_file(f"{self._below}/{name}")

    def write_table(self, name: str, table: pa.Table) -> None:
        """Put an Arrow table as a Parquet file; the same table gives the same bytes."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        self.write(name, sink.getvalue().to_pybytes())

    def read_table(self, name: str, columns: list[str] | None = None) -> pa.Table | None:
        """Read a Parquet file, None when it is not there or is none (a disk that lost its last writes)."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        data = self.read(name)
        if data is None:
            return None
        try:
            # Not read_table: it imports pandas.
            return pq.ParquetFile(pa.BufferReader(data)).read(columns)
        except (pa.ArrowInvalid, OSError):
            return None

    def tables(self, folder: str) -> Iterator[tuple[str, pa.Table]]:
        """All readable Parquet files of a folder with their names, in the order of the names."""
        for name in self.names(folder, ".parquet"):
            table = self.read_table(f"{folder}/{name}")
            if table is not None:
                yield name, table
