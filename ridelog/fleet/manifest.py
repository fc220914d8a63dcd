"""What earlier runs learned about each file, so that an unchanged file is not even opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from .inputs import InputFile, readable
from .jobs import AnalysisOptions, LogLimits, digest
from .rides import Surveyed
from .store import Store
from .worker import survey

if TYPE_CHECKING:
    from .engines import Engine

_NAME: Final = "state/files.parquet"
_COLUMNS: Final = ("path", "size", "stamp", "sha256", "parser", "roles", "start_s", "end_s", "spanned", "version")
_CHUNK: Final = 16
#: The manifest is saved after so many files.
_SAVE: Final = 4000


class Manifest:
    """Files by path with what the first look showed.

    Args:
        store: Where the result lies.
        version: Version of the analysis and options; other versions' entries are not believed.
    """

    def __init__(self, store: Store, version: str, options: AnalysisOptions) -> None:
        self._store = store
        self._version = digest(version, options.zone, options.bms, sorted(options.mapping.items()))[:16]
        self._options = asdict(options)
        table = store.read_table(_NAME)
        rows = table.to_pylist() if table is not None and set(_COLUMNS) <= set(table.column_names) else []
        self._known: dict[str, dict[str, Any]] = {row["path"]: row for row in rows if row["version"] == self._version}

    def look(
        self,
        files: Sequence[InputFile],
        engine: Callable[[], Engine],
        limits: LogLimits,
        tick: Callable[[int, int], None],
    ) -> list[Surveyed]:
        """Survey files that are new or changed, and give all of them."""
        self._run([item for item in files if not self._current(item)], False, engine, limits, tick)
        return [self._surveyed(item) for item in files]

    def span(
        self,
        files: Sequence[Surveyed],
        engine: Callable[[], Engine],
        limits: LogLimits,
        tick: Callable[[int, int], None],
    ) -> dict[str, Surveyed]:
        """Read files for the time they were written at, by path."""
        wanted = [item.file for item in files if not self._known[readable(item.file.path)]["spanned"]]
        self._run(wanted, True, engine, limits, tick)
        return {item.file.path: self._surveyed(item.file) for item in files}

    def _current(self, item: InputFile) -> bool:
        known = self._known.get(readable(item.path))
        return known is not None and known["size"] == item.size and known["stamp"] == item.stamp

    def _surveyed(self, item: InputFile) -> Surveyed:
        known = self._known[readable(item.path)]
        content = known["sha256"] or digest(item.size, item.stamp)[:40]
        return Surveyed(item, content, known["parser"], tuple(known["roles"]), known["start_s"], known["end_s"])

    def _run(
        self,
        files: Sequence[InputFile],
        span: bool,
        engine: Callable[[], Engine],
        limits: LogLimits,
        tick: Callable[[int, int], None],
    ) -> None:
        if not files:
            return
        work = partial(_look, span=span, options=self._options, limits=limits)
        unsaved = 0
        for chunk, answers in engine().map(work, _chunks(files)):
            empty: dict[str, Any] = {"sha256": "", "parser": "", "roles": [], "start_s": None, "end_s": None}
            found = [empty] * len(chunk) if isinstance(answers, BaseException) else answers
            for item, answer in zip(chunk, found, strict=True):
                own = {name: answer[name] for name in empty}
                self._known[readable(item.path)] = {
                    "path": readable(item.path), "size": item.size, "stamp": item.stamp, **own,
                    "spanned": span, "version": self._version,
                }  # fmt: skip
            unsaved += len(chunk)
            if unsaved >= _SAVE:
                self._save()
                unsaved = 0
            tick(len(chunk), sum(item.size for item in chunk))
        self._save()

    def _save(self) -> None:
        import pyarrow as pa

        kinds = {"size": pa.int64(), "roles": pa.list_(pa.string()), "start_s": pa.float64(), "end_s": pa.float64()}
        schema = pa.schema(
            [(name, pa.bool_() if name == "spanned" else kinds.get(name, pa.string())) for name in _COLUMNS]
        )
        rows = [self._known[path] for path in sorted(self._known)]
        self._store.write_table(_NAME, pa.Table.from_pylist(rows, schema))


def _chunks(files: Sequence[InputFile]) -> Iterator[tuple[InputFile, ...]]:
    for first in range(0, len(files), _CHUNK):
        yield tuple(files[first : first + _CHUNK])


def _look(chunk: tuple[InputFile, ...], span: bool, options: dict[str, Any], limits: LogLimits) -> list[dict[str, Any]]:
    return survey([item.path for item in chunk], span, options, limits)
