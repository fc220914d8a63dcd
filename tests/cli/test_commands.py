"""The command line as a person uses it: exit codes, standard output, one clear line for what cannot be read."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.vesc_bytes import vesc_log

ROOT = Path(__file__).resolve().parent.parent.parent


def run(*arguments, cwd=None, stdin=None):
    return subprocess.run(
        [sys.executable, "-m", "ridelog", *map(str, arguments)], capture_output=True, text=True, cwd=cwd, input=stdin
    )


@pytest.fixture
def ride(tmp_path):
    path = tmp_path / "2026-05-01_12-00-00.csv"
    path.write_bytes(vesc_log())
    return path


def test_help_lists_every_command():
    text = run("--help").stdout
    for command in ("analyze", "audit", "convert", "inspect", "formats", "explain", "verify", "simulate"):
        assert command in text
        assert run(command, "--help").returncode == 0


def test_options_may_stand_between_the_logs(ride, tmp_path):
    result = run("analyze", ride, "--no-html", "--json", "-", ride, "--cells", "20", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["pack"]["series"] == 20


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("analyse", "x.csv"),
        ("analyze",),
        ("analyze", "x.csv", "--no-such-option"),
        ("analyze", "x.csv", "--cells", "0"),
        ("analyze", "x.csv", "--cells", "many"),
        ("audit", "logs"),
    ],
)
def test_wrong_arguments_end_with_2_and_say_how_it_goes(arguments, tmp_path):
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert "usage: ridelog" in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_nobody_reads_the_output_to_its_end(ride, tmp_path):
    command = f"{sys.executable} -m ridelog analyze {ride} --no-html --json - | head -c 10"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=tmp_path)
    assert len(result.stdout) == 10
    assert result.stderr == ""


def test_analyze_writes_a_report_and_a_summary(ride, tmp_path):
    result = run("analyze", ride, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "Nothing wrong found" in result.stdout
    report = tmp_path / "2026-05-01_12-00-00.report.html"
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_json_on_standard_output_is_nothing_but_json(ride, tmp_path):
    result = run("analyze", ride, "--json", "-", "--no-html", cwd=tmp_path)
    data = json.loads(result.stdout)
    assert data["schema"] == "ridelog.report/1"
    assert data["verdict"]["cause"] == "none"
    assert list(tmp_path.glob("*.html")) == []


def test_the_same_input_gives_the_same_bytes(ride, tmp_path):
    for name in ("a", "b"):
        run("analyze", ride, "-o", f"{name}.html", "--json", f"{name}.json", cwd=tmp_path)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_standard_input(ride, tmp_path):
    with ride.open("rb") as stream:
        result = subprocess.run(
            [sys.executable, "-m", "ridelog", "analyze", "-", "--json", "-", "--no-html"],
            stdin=stream,
            capture_output=True,
            cwd=tmp_path,
        )
    assert json.loads(result.stdout)["inputs"][0]["rows"] > 1000


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("missing.csv", None),
        ("empty.csv", b""),
        ("photo.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 8),
        ("shopping.csv", b"item,price\nbread,2.10\nmilk,1.20\n" * 20),
        ("broken.zip", b"PK\x03\x04 this is no archive"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line_and_exit_3(tmp_path, name, data):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    result = run("analyze", tmp_path / name, cwd=tmp_path)
    assert result.returncode == 3
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1
    assert name in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("analyze",),
        ("analyze", "x.csv", "--tz", "Mars/Olympus"),
        ("analyze", "x.csv", "--bms", "acme"),
        ("analyze", "x.csv", "--fail-on", "everything"),
        ("analyze", "x.csv", "--offset", "first=2"),
        ("explain", "no-such-thing"),
        ("nonsense",),
    ],
)
def test_bad_usage_is_exit_2(tmp_path, arguments):
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_fail_on(tmp_path):
    path = tmp_path / "2026-05-01_12-00-00.csv"
    path.write_bytes(vesc_log(cut=True))
    assert run("analyze", path, "--no-html", cwd=tmp_path).returncode == 0
    assert run("analyze", path, "--no-html", "--fail-on", "critical", cwd=tmp_path).returncode == 1
    path.write_bytes(vesc_log())
    assert run("analyze", path, "--no-html", "--fail-on", "warning", cwd=tmp_path).returncode == 0


def test_inspect_shows_channels_and_refusals(ride, tmp_path):
    result = run("inspect", ride)
    assert result.returncode == 0, result.stderr
    assert "pack_voltage" in result.stdout
    other = tmp_path / "x.csv"
    other.write_bytes(b"item,price\nbread,2.10\n" * 10)
    refused = run("inspect", other)
    assert refused.returncode == 3
    assert "vesc-tool:" in refused.stdout


def test_inspect_shows_the_rest_of_a_folder_with_files_that_cannot_be_read(ride, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "b_ride.csv").write_bytes(ride.read_bytes())
    (folder / "a_empty.csv").touch()
    (folder / "a_wheel.csv").write_bytes(
        b"date,time,speed,voltage,current,battery_level,totaldistance\nx,y,1,2,3,4,5\n"
    )
    result = run("inspect", folder)
    assert result.returncode == 0, result.stderr
    assert "rewritten by a spreadsheet" in " ".join(result.stdout.split())
    assert "pack_voltage" in result.stdout
    alone = run("inspect", folder / "a_wheel.csv")
    assert alone.returncode == 3
    assert "rewritten by a spreadsheet" in " ".join(alone.stderr.split())


def test_formats_come_from_the_parsers():
    from ridelog import plugins

    text = run("formats", "--markdown").stdout
    for parser in plugins.parsers():
        assert f"| {parser.name} |" in text


def test_explain_prints_a_detector_and_a_cause():
    assert "Looks like it but is not:" in run("explain", "PP01").stdout
    assert "Looks like it but is not:" in run("explain", "power-path-open").stdout
    cause = run("explain", "bms-undervoltage-trip").stdout
    assert "bms.flag-undervoltage" in cause


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".arrow"])
def test_convert(ride, tmp_path, suffix):
    out = tmp_path / f"out{suffix}"
    assert run("convert", ride, out).returncode == 0
    assert out.stat().st_size > 1000
    if suffix == ".parquet":
        import polars as pl

        assert "battery_current" in pl.read_parquet(out).columns


def test_verify_tells_a_changed_log(ride, tmp_path):
    report = tmp_path / "r.html"
    run("analyze", ride, "-o", report)
    assert run("verify", report, ride).returncode == 0
    ride.write_bytes(ride.read_bytes() + b"\n")
    assert run("verify", report, ride).returncode == 1


def test_audit_survives_bad_files(tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "good.csv").write_bytes(vesc_log())
    (logs / "cut.csv").write_bytes(vesc_log(cut=True))
    (logs / "bad.csv").write_bytes(b"\x00\x01\x02")
    out = tmp_path / "audit"
    result = run("audit", logs, "--out", out)
    assert result.returncode == 0, result.stderr
    import polars as pl

    table = pl.read_parquet(out / "logs" / "*.parquet")
    assert table.height == 3
    assert table.filter(pl.col("error") != "").height == 1
    page = (out / "index.html").read_text(encoding="utf-8")
    assert all(name in page for name in ("good.csv", "cut.csv", "bad.csv"))
