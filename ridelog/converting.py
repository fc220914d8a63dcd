"""Logs as files of other programs: Parquet, Arrow and CSV."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from ridelog.errors import UsageError
from ridelog.log import Log

_SUFFIXES = (".parquet", ".csv", ".arrow")


def convert(logs: Sequence[Log], out: Path) -> list[Path]:
    """Write logs; the second and later get their number before the suffix.

    Args:
        logs: The logs.
        out: Target; its suffix decides the format. Parquet and Arrow keep units and origins in the field metadata and
            the rest under the key "ridelog" of the schema; CSV writes lists as text joined by blanks.

    Returns:
        The files written.

    Raises:
        UsageError: If the suffix is not known or the file cannot be written.
    """
    if out.suffix not in _SUFFIXES:
        raise UsageError(f"'{out.suffix}' is not a format to convert to.", advice=f"Use {', '.join(_SUFFIXES)}.")
    written = []
    for number, log in enumerate(logs, 1):
        target = out if len(logs) == 1 else out.with_name(f"{out.stem}-{number}{out.suffix}")
        try:
            _write(log, target)
        except OSError as error:
            raise UsageError(f"cannot be written ({error.strerror or error}).", path=str(target)) from error
        written.append(target)
    return written


def _write(log: Log, target: Path) -> None:
    table = log.table.replace_schema_metadata({"ridelog": _metadata(log)})
    if target.suffix == ".parquet":
        import pyarrow.parquet as pq

        pq.write_table(table, target, compression="zstd")
    elif target.suffix == ".arrow":
        with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    else:
        import pyarrow.csv

        columns = [_flat(table.column(name)) for name in table.column_names]
        pyarrow.csv.write_csv(pa.table(columns, names=table.column_names), target)


def _metadata(log: Log) -> str:
    """Everything about a log but its table, as JSON."""
    return json.dumps(
        {
            "role": str(log.role),
            "parser": log.parser,
            "clock": {"basis": str(log.clock.basis), "start": log.clock.start, "zone": log.clock.zone},
            "damage": [damage.to_dict() for damage in log.damage],
            "settings": dict(log.settings),
        },
        sort_keys=True,
    )


def _flat(column: Any) -> Any:  # noqa: ANN401 - Arrow columns have no types to name
    if not pa.types.is_nested(column.type):
        return column
    return pa.array([None if row is None else _joined(row) for row in column.to_pylist()], pa.string())


def _joined(row: Sequence[object]) -> str:
    return " ".join("" if value is None else str(value) for value in row)
