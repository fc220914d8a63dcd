"""Folders as people have them: links in circles, closed folders, names in any script or none, the same path twice."""

import os
import zipfile

import pytest

import ridelog
from ridelog.fleet.inputs import list_inputs
from ridelog.fleet.jobs import AnalysisOptions
from ridelog.fleet.runner import AuditOptions
from ridelog.fleet.worker import own_child
from tests.vesc_bytes import vesc_log

from .logs import contents

QUIET = AuditOptions(jobs=1, progress=False, analysis=AnalysisOptions(reports="none"))


def test_nothing_in_a_folder_stops_a_run(tmp_path):
    logs = tmp_path / "logs"
    log = vesc_log(seconds=20.0, seed=1)
    strange = logs / "Größe 电池 🛴"
    strange.mkdir(parents=True)
    (strange / "Fahrt №1.csv").write_bytes(log)
    broken = os.fsencode(logs) + b"/caf\xe9"
    os.makedirs(broken)
    with open(broken + b"/ride\xff.csv", "wb") as stream:
        stream.write(vesc_log(seconds=20.0, seed=2))
    (logs / "line\nbreak.csv").write_bytes(vesc_log(seconds=20.0, seed=3))
    (logs / "loop").symlink_to(logs)
    (logs / "self.csv").symlink_to(logs / "self.csv")
    (logs / "nowhere.csv").symlink_to(logs / "missing.csv")
    os.mkfifo(logs / "pipe.csv")
    junk = {
        "empty.csv": b"",
        "zeros.csv": bytes(5000),
        "manual.pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 9,
        "photo.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9,
        "half.zip": b"PK\x03\x04" + bytes(range(256)),
        "x.gz": b"\x1f\x8b\x08garbage",
        "deep.json": b"[" * 50_000,
        "contacts.csv": b"name,phone\nA,1\nB,2\n",
        ".DS_Store": b"hidden",
    }
    for name, data in junk.items():
        (logs / name).write_bytes(data)
    with zipfile.ZipFile(logs / "photos.zip", "w") as archive:
        archive.writestr("a.jpg", junk["photo.png"])
    summary = ridelog.audit(logs, tmp_path / "out", QUIET)
    rows = contents(tmp_path / "out")["logs"]
    read = {name for row in rows for name in row["files"] if not row["error"]}
    assert read == {"Größe 电池 🛴/Fahrt №1.csv", "caf\\xe9/ride\\xff.csv", "line\nbreak.csv"}
    refused = {row["files"][0]: row["error_kind"] for row in rows if row["error"]}
    assert set(refused) == {*junk, "photos.zip"} - {".DS_Store"}
    assert set(refused.values()) == {"unreadable", "unknown-format"}
    assert summary.rides == len(rows)
    assert ridelog.audit(logs, tmp_path / "out", QUIET).analyzed == 0


def test_rides_of_an_archive_are_rides_of_their_own(tmp_path):
    logs = tmp_path / "logs" / "scooter"
    logs.mkdir(parents=True)
    with zipfile.ZipFile(logs / "spring.zip", "w") as archive:
        for seed, month in enumerate(("04", "05", "06")):
            archive.writestr(f"rides/2026-{month}-05_12-00-00.csv", vesc_log(cut=seed == 1, seconds=40.0, seed=seed))
        archive.writestr("readme.txt", "my rides")
    summary = ridelog.audit(tmp_path / "logs", tmp_path / "out", QUIET)
    rows = contents(tmp_path / "out")["logs"]
    assert [(row["vehicle"], row["files"][0][-23:], row["started"].month, row["trips"]) for row in rows] == [
        ("scooter", f"2026-{month:02d}-05_12-00-00.csv", month, int(month == 5)) for month in (4, 5, 6)
    ]
    assert {row["grouping"] for row in rows} == {"One of several rides in an archive."}
    assert len({row["ride_id"] for row in rows}) == summary.rides == 3
    assert ridelog.audit(tmp_path / "logs", tmp_path / "out", QUIET).analyzed == 0


def test_the_settings_in_an_archive_are_those_of_each_ride(tmp_path):
    settings = "<MCConfiguration><l_in_current_max>30</l_in_current_max><l_min_vin>8</l_min_vin></MCConfiguration>"
    (tmp_path / "logs" / "scooter").mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "logs" / "scooter" / "spring.zip", "w") as archive:
        for month in ("04", "05"):
            archive.writestr(f"2026-{month}-05_12-00-00.csv", vesc_log(seconds=40.0, seed=int(month)))
        archive.writestr("motor.xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{settings}\n')
    ridelog.audit(tmp_path / "logs", tmp_path / "out", QUIET)
    rows = contents(tmp_path / "out")["logs"]
    assert [[name.rpartition("!")[2] for name in row["files"]] for row in rows] == [
        ["2026-04-05_12-00-00.csv", "motor.xml"],
        ["2026-05-05_12-00-00.csv", "motor.xml"],
    ]
    assert all(set(row["roles"]) == {"controller", "config"} for row in rows)


def test_a_folder_that_cannot_be_listed_is_a_row(tmp_path, monkeypatch):
    closed = tmp_path / "logs" / "closed"
    closed.mkdir(parents=True)
    (tmp_path / "logs" / "x.csv").write_bytes(b"x")
    real = os.scandir

    def scandir(path):
        if os.fspath(path) == str(closed):
            raise PermissionError(13, "Permission denied", str(closed))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert [item.name for item in list_inputs([str(tmp_path / "logs")])] == ["closed", "x.csv"]
    ridelog.audit(tmp_path / "logs", tmp_path / "out", QUIET)
    row = next(row for row in contents(tmp_path / "out")["errors"] if row["file"] == "closed")
    assert "the folder cannot be listed" in row["message"]


def test_a_file_that_may_not_be_looked_at_is_a_row(tmp_path, monkeypatch):
    from pathlib import Path

    (tmp_path / "secret.csv").write_bytes(b"x")
    real = Path.stat

    def state(self, **how):
        if self.name == "secret.csv":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, **how)

    monkeypatch.setattr(Path, "stat", state)
    assert [item.name for item in list_inputs([str(tmp_path)])] == ["secret.csv"]


def test_roots_that_hold_the_same_path_keep_their_vehicles_apart(tmp_path):
    for seed, root in enumerate(("north/logs", "south/logs")):
        place = tmp_path / root / "v1"
        place.mkdir(parents=True)
        (place / "x.csv").write_bytes(vesc_log(seconds=20.0, seed=seed))
    roots = [tmp_path / "north/logs", tmp_path / "south/logs"]
    files = list_inputs([str(root) for root in roots])
    assert [item.name for item in files] == ["logs (2)/v1/x.csv", "logs/v1/x.csv"]
    assert {item.folder for item in files} == {"v1"}
    how = AuditOptions(jobs=1, progress=False, vehicle="{vehicle}/logs/v1/*.csv", analysis=QUIET.analysis)
    ridelog.audit(roots, tmp_path / "out", how)
    rows = contents(tmp_path / "out")["logs"]
    assert [(row["vehicle"], row["files"]) for row in rows] == [
        ("north", ["logs/v1/x.csv"]),
        ("south", ["logs (2)/v1/x.csv"]),
    ]


def test_processes_end_with_the_thread_they_work_for():
    import threading

    started = []

    def work():
        child = own_child()
        started.append(child._running())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    with pytest.raises(ProcessLookupError):
        os.kill(started[0].pid, 0)
