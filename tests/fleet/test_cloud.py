"""Logs and result on an object store: a real S3 endpoint over HTTP on loopback."""

from dataclasses import replace

import pytest

import ridelog
from ridelog.fleet.jobs import AnalysisOptions
from ridelog.fleet.runner import AuditOptions
from ridelog.fleet.tables import TABLES

from .logs import contents, small_fleet

pytest.importorskip("s3fs")
server = pytest.importorskip("moto.server")
pytestmark = pytest.mark.slow
QUIET = AuditOptions(jobs=1, progress=False, analysis=AnalysisOptions(reports="none"))


@pytest.fixture
def bucket(monkeypatch):
    import fsspec
    import s3fs

    endpoint = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    endpoint.start()
    _, port = endpoint.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    store = fsspec.filesystem("s3")
    store.mkdir("rides")
    yield store
    endpoint.stop()
    s3fs.S3FileSystem.clear_instance_cache()


def test_the_tables_are_those_of_the_local_disk(bucket, tmp_path):
    logs = small_fleet(tmp_path / "logs", 2, 2)
    ridelog.audit(logs, tmp_path / "local", QUIET)
    bucket.put(f"{logs}/", "rides/logs/", recursive=True)
    summary = ridelog.audit("s3://rides/logs", "s3://rides/audit", QUIET)
    assert (summary.rides, summary.errors) == (5, 1)
    bucket.get("rides/audit", str(tmp_path / "fetched"), recursive=True)
    here, there = contents(tmp_path / "local"), contents(tmp_path / "fetched")
    for name in TABLES:
        # Keys rest on entity tags there and on hashes here; all else is equal.
        assert [_without(row) for row in here[name]] == [_without(row) for row in there[name]]
    assert (tmp_path / "fetched" / "index.html").is_file()
    assert ridelog.audit("s3://rides/logs", "s3://rides/audit", QUIET).analyzed == 0
    bucket.put(str(logs / "scooter_1" / "2026-01-05_12-00-00.csv"), "rides/logs/scooter_1/2026-09-05_12-00-00.csv")
    assert ridelog.audit("s3://rides/logs", "s3://rides/audit", replace(QUIET, jobs=2)).analyzed == 1


def _without(row):
    # The bytes of a file that nobody reads are not fetched for a hash.
    hidden = {"ride_id", "sha256"} if row.get("error") else {"ride_id"}
    return {name: value for name, value in row.items() if name not in hidden}
