"""`ridelog audit` as an operator runs it: vehicles by pattern and by table, exit codes, days, tables as CSV."""

import contextlib
import io
from typing import NamedTuple

import pytest

from ridelog.cli import run
from ridelog.errors import UsageError

from .logs import contents, small_fleet


class Result(NamedTuple):
    exit_code: int
    output: str


def audit(*arguments):
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        try:
            code = run(["audit", *map(str, arguments)])
        except UsageError:
            code = 2
    return Result(code, output.getvalue())


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    folder = tmp_path_factory.mktemp("command")
    logs = small_fleet(folder / "logs")
    out = folder / "audit"
    result = audit(logs, "--out", out, "--jobs", 1, "--reports", "none")
    assert result.exit_code == 0, result.output
    return logs, out


def again(fleet, *options):
    logs, out = fleet
    return audit(logs, "--out", out, "--jobs", 1, "--reports", "none", *options)


def test_fail_on_is_the_exit_code_and_nothing_is_analyzed_again(fleet):
    result = again(fleet, "--fail-on", "critical")
    assert result.exit_code == 1
    assert "0 analyzed now" in result.output
    assert again(fleet).exit_code == 0


def test_vehicles_by_pattern(fleet):
    assert again(fleet, "--vehicle", "logs/scooter_{vehicle}/*.csv").exit_code == 0
    rows = contents(fleet[1])["logs"]
    assert {(row["vehicle"], row["vehicle_basis"]) for row in rows if not row["error"]} == {
        ("0", "pattern"),
        ("1", "pattern"),
    }


def test_vehicles_and_models_by_table(fleet, tmp_path):
    table = tmp_path / "fleet.csv"
    table.write_text("vehicle,path,model\nred,scooter_0/*,M1\nblue,*/scooter_1/*.csv,M1\n")
    assert again(fleet, "--fleet", table).exit_code == 0
    rows = [row for row in contents(fleet[1])["logs"] if not row["error"]]
    assert {(row["vehicle"], row["vehicle_basis"], row["model"]) for row in rows} == {
        ("red", "table", "M1"),
        ("blue", "table", "M1"),
    }


def test_since_and_csv(fleet):
    import polars as pl

    assert again(fleet, "--since", "2026-03-01", "--csv").exit_code == 0
    frame = pl.read_csv(fleet[1] / "csv" / "logs.csv")
    assert set(frame.filter(pl.col("error").is_null() | (pl.col("error") == ""))["started"].str.slice(0, 7)) == {
        "2026-03"
    }


@pytest.mark.parametrize(
    "options",
    [
        ("--since", "yesterday"),
        ("--vehicle", "logs/*.csv"),
        ("--fleet", "missing.csv"),
        ("--reports", "some"),
        ("--fail-on", "everything"),
    ],
)
def test_bad_usage_is_said_before_anything_is_done(fleet, options):
    assert again(fleet, *options) == (2, "")
