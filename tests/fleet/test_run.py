"""An audit from end to end: bad files, resuming, killing, limits, and tables that others read."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

import ridelog
from ridelog.errors import SourceError
from ridelog.fleet.jobs import AnalysisOptions, LogLimits
from ridelog.fleet.runner import AuditOptions
from ridelog.fleet.tables import SCHEMA, TABLES
from ridelog.fleet.worker import Child, LimitError

from .logs import contents, small_fleet

QUIET = AuditOptions(jobs=1, progress=False, analysis=AnalysisOptions(reports="none"))


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    return small_fleet(tmp_path_factory.mktemp("fleet") / "logs")


@pytest.fixture(scope="module")
def done(logs, tmp_path_factory):
    out = tmp_path_factory.mktemp("done") / "audit"
    return out, ridelog.audit(logs, out, replace(QUIET, analysis=AnalysisOptions(), csv=True))


def test_every_file_is_a_row_and_a_bad_one_says_why(done):
    out, summary = done
    rows = contents(out)
    assert (summary.files, summary.rides, summary.errors, summary.analyzed) == (7, 7, 1, 7)
    bad = next(row for row in rows["logs"] if row["error"])
    assert bad["files"] == ["scooter_0/photo.jpg"]
    assert (bad["error_kind"], bad["cause"], bad["data_quality"]) == ("unknown-format", "", 0.0)
    assert rows["errors"][0]["ride_id"] == bad["ride_id"]
    assert {row["vehicle"] for row in rows["logs"]} == {"scooter_0", "scooter_1"}
    assert summary.severity == "critical"


def test_a_cut_is_found_and_has_its_report(done):
    out, _ = done
    rows = contents(out)
    cut = next(row for row in rows["logs"] if row["files"] == ["scooter_0/2026-02-05_12-00-00.csv"])
    assert cut["trips"] == 1
    assert (out / cut["report"]).read_text("utf-8").startswith("<!doctype html>")
    assert cut["started"].date().isoformat() == "2026-02-05"
    assert rows["vehicles"][0]["vehicle"] == "scooter_0"


def test_the_tables_are_what_their_schema_says(done):
    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow.parquet as pq

    out, _ = done
    for name, columns in TABLES.items():
        schema = pq.read_schema(out / name / "part-0.parquet")
        assert schema.names == [column for column, _, _ in columns]
        assert schema.metadata[b"schema"].decode() == SCHEMA
        frame = pl.read_parquet(out / name / "*.parquet")
        count = duckdb.sql(f"select count(*) from '{out}/{name}/*.parquet'").fetchall()[0][0]
        assert frame.height == count == len(pd.read_parquet(out / name))
        assert frame.columns == [
            column[0] for column in duckdb.sql(f"select * from '{out}/{name}/*.parquet'").description
        ]
        assert (out / "csv" / f"{name}.csv").is_file()


def test_the_parquet_layout_is_one_that_spark_reads(done):
    # Spark reads no dictionary-typed or unsigned columns, no moments in ns or of a local clock, and lists in three levels.
    import json

    import pyarrow as pa
    import pyarrow.parquet as pq

    out, _ = done
    for name in TABLES:
        file = pq.ParquetFile(out / name / "part-0.parquet")
        assert not any(pa.types.is_dictionary(field.type) for field in file.schema_arrow)
        for column in (file.schema.column(number) for number in range(len(file.schema.names))):
            kind = json.loads(column.logical_type.to_json())
            assert column.physical_type in {"BOOLEAN", "INT32", "INT64", "DOUBLE", "BYTE_ARRAY"}
            assert kind["Type"] in {"None", "String", "Timestamp"}
            assert column.physical_type != "BYTE_ARRAY" or kind["Type"] == "String"
            if kind["Type"] == "Timestamp":
                assert (kind["timeUnit"], kind["isAdjustedToUTC"]) == ("microseconds", True)
            if "." in column.path:
                assert column.path.endswith(".list.element")
        assert {file.metadata.row_group(0).column(n).compression for n in range(file.metadata.num_columns)} <= {"ZSTD"}


def test_nothing_private_and_no_path_of_the_machine_is_kept(done, logs):
    out, _ = done
    for name in TABLES:
        assert str(logs).encode() not in json.dumps(contents(out)[name], default=str).encode()
    assert str(logs) not in (out / "index.html").read_text("utf-8")


def test_a_second_run_analyzes_nothing_and_a_change_only_what_changed(logs, tmp_path):
    import shutil

    own = tmp_path / "logs"
    shutil.copytree(logs, own)
    out = tmp_path / "audit"
    ridelog.audit(own, out, QUIET)
    before = contents(out)
    assert ridelog.audit(own, out, QUIET).analyzed == 0
    assert contents(out) == before
    changed = own / "scooter_1" / "2026-01-05_12-00-00.csv"
    changed.write_bytes(changed.read_bytes() + b"\n")
    (own / "scooter_1" / "2026-03-05_12-00-00.csv").unlink()
    again = ridelog.audit(own, out, QUIET)
    assert (again.analyzed, again.rides) == (1, 6)
    fresh = tmp_path / "fresh"
    ridelog.audit(own, fresh, QUIET)
    assert contents(out) == contents(fresh)


def test_a_killed_run_goes_on_and_ends_as_an_undisturbed_one(logs, tmp_path):
    out, fresh = tmp_path / "audit", tmp_path / "fresh"
    command = [
        sys.executable,
        "-m",
        "ridelog",
        "audit",
        str(logs),
        "--out",
        str(out),
        "--jobs",
        "1",
        "--reports",
        "none",
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < until and not list(out.glob("parts/*.parquet")):
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    finished = len(list(out.glob("parts/part-*.parquet")))
    assert finished
    summary = ridelog.audit(logs, out, QUIET)
    assert summary.analyzed < 7
    ridelog.audit(logs, fresh, QUIET)
    assert contents(out) == contents(fresh)


def test_a_broken_part_is_made_again(logs, tmp_path):
    out, fresh = tmp_path / "audit", tmp_path / "fresh"
    ridelog.audit(logs, out, QUIET)
    ridelog.audit(logs, fresh, QUIET)
    part = sorted(out.glob("parts/*.parquet"))[0]
    part.write_bytes(part.read_bytes()[:100])
    (out / "parts" / ".part-x.parquet.12ab").write_bytes(b"unfinished")
    assert ridelog.audit(logs, out, QUIET).analyzed >= 1
    assert contents(out) == contents(fresh)
    assert not list(out.glob("parts/.*"))


@pytest.mark.parametrize(("limits", "kind"), [(LogLimits(seconds=1e-6), "time"), (LogLimits(megabytes=1), "memory")])
def test_a_ride_over_its_limit_is_a_row_and_can_be_tried_again(logs, tmp_path, limits, kind):
    log = logs / "scooter_1" / "2026-01-05_12-00-00.csv"
    out = tmp_path / "audit"
    summary = ridelog.audit(log, out, replace(QUIET, limits=limits))
    assert summary.errors == 1
    assert contents(out)["errors"][0]["kind"] == kind
    assert ridelog.audit(log, out, QUIET).analyzed == 0
    again = ridelog.audit(log, out, replace(QUIET, retry=True))
    assert (again.analyzed, again.errors) == (1, 0)


def test_a_child_that_dies_is_replaced(logs):
    child = Child()
    order = {"do": "survey", "path": str(logs / "scooter_1" / "2026-01-05_12-00-00.csv"), "span": False}
    order["options"] = {}
    assert child.order(order, LogLimits())["parser"] == "vesc-tool"
    first = child._process.pid
    os.kill(first, signal.SIGKILL)
    with pytest.raises(LimitError) as told:
        child.order(order, LogLimits())
    assert told.value.kind == "died"
    assert child.order(order, LogLimits())["parser"] == "vesc-tool"
    assert child._process.pid != first
    child.end()


def test_since_leaves_out_what_is_older(logs, tmp_path):
    from datetime import date

    summary = ridelog.audit(logs, tmp_path / "audit", replace(QUIET, since=date(2026, 3, 1)))
    assert summary.rides - summary.errors == 2


def test_nothing_to_look_at_is_an_error(tmp_path):
    with pytest.raises(SourceError):
        ridelog.audit(tmp_path, tmp_path / "audit", QUIET)
    with pytest.raises(SourceError):
        ridelog.audit(tmp_path / "missing", tmp_path / "audit", QUIET)


def test_every_column_is_documented():
    from pathlib import Path

    text = (Path(__file__).resolve().parents[2] / "docs" / "fleet.md").read_text("utf-8")
    assert SCHEMA in text
    for name, columns in TABLES.items():
        section = text.partition(f"\n### {name}\n")[2].partition("\n### ")[0]
        assert [f"| {column} | {kind} | {meaning} |" in section for column, kind, meaning in columns].count(False) == 0
