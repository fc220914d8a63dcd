"""Running the analysis over many logs: one bad file never stops it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ridelog.errors import RidelogError, SourceError


@dataclass(frozen=True, slots=True)
class Summary:
    """What an audit did: rows written and how many of them are errors."""

    rows: int
    errors: int


def audit(paths: Sequence[str], out: Path, *, jobs: int = 0) -> Summary:
    """Analyze every log and write `logs.parquet` and `index.html`.

    Args:
        paths: Folders or logs.
        out: Folder for the result; made when missing.
        jobs: Processes, 0 for one each core.

    Raises:
        SourceError: If there is no file to look at.
    """
    import os

    files = sorted({str(file) for path in paths for file in _files(Path(path))})
    if not files:
        raise SourceError("there is no log.", path=", ".join(paths))
    out.mkdir(parents=True, exist_ok=True)
    workers = min(jobs or os.cpu_count() or 1, len(files))
    if workers == 1:
        rows = [one(file) for file in files]
    else:
        with ProcessPoolExecutor(workers) as pool:
            rows = list(pool.map(one, files, chunksize=max(1, len(files) // (8 * workers))))
    _write(rows, out)
    return Summary(len(rows), sum(1 for row in rows if row["error"]))


def _files(path: Path) -> Iterable[Path]:
    if path.is_dir():
        return (item for item in sorted(path.rglob("*")) if item.is_file() and not item.name.startswith("."))
    return (path,)


def one(path: str) -> dict[str, object]:
    """The row of one log."""
    from ridelog import pipeline

    row: dict[str, object] = {
        "path": path,
        "sha256": "",
        "parser": "",
        "cause": "",
        "probability": None,
        "severity": "",
        "resistance_ohm": None,
        "error": "",
    }
    try:
        incident = pipeline.analyze([path])
    except RidelogError as error:
        row["error"] = str(error)
        return row
    except Exception as error:  # noqa: BLE001 - the boundary of a batch: a bug in one log must not stop the others
        row["error"] = f"internal error: {type(error).__name__}: {error}"
        return row
    pack = incident.pack_dict()
    row.update(
        sha256=incident.inputs[0].sha256,
        parser=incident.inputs[0].parser,
        cause=incident.verdict.cause,
        probability=incident.verdict.probability,
        severity=str(incident.severity or ""),
        resistance_ohm=pack["resistance_ohm"],
    )
    return row


def _write(rows: list[dict[str, object]], out: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from ridelog.fleet.page import page

    schema = pa.schema(
        [
            ("path", pa.string()),
            ("sha256", pa.string()),
            ("parser", pa.string()),
            ("cause", pa.string()),
            ("probability", pa.float64()),
            ("severity", pa.string()),
            ("resistance_ohm", pa.float64()),
            ("error", pa.string()),
        ]
    )
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), out / "logs.parquet", compression="zstd")
    (out / "index.html").write_text(page(rows), encoding="utf-8", newline="\n")
