"""The same audit on a cluster: a real scheduler and two worker processes on loopback, one of them killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

import ridelog
from ridelog.errors import UsageError
from ridelog.fleet.jobs import AnalysisOptions
from ridelog.fleet.runner import AuditOptions

from .logs import contents, small_fleet

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.slow
QUIET = AuditOptions(jobs=1, progress=False, analysis=AnalysisOptions(reports="none"))


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dask")
    place = folder / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    name = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(place)]
    processes = [subprocess.Popen([*name, *options], **quiet)]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(place)]
    worker += ["--nworkers", "2", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"]
    processes.append(subprocess.Popen(worker, **quiet))
    until = time.monotonic() + 60
    while not place.is_file() and time.monotonic() < until:
        pass
    with distributed.Client(scheduler_file=str(place), set_as_default=False) as client:
        client.wait_for_workers(2, timeout=120)
        yield client.scheduler.address, client
    for process in reversed(processes):
        process.terminate()
        process.wait()


def test_a_cluster_gives_the_same_tables_and_survives_the_loss_of_a_worker(scheduler, tmp_path):
    address, client = scheduler
    logs = small_fleet(tmp_path / "logs", 3, 4)
    ridelog.audit(logs, tmp_path / "alone", QUIET)
    victim = next(iter(client.run(os.getpid).values()))
    out = tmp_path / "cluster"

    def kill() -> None:
        until = time.monotonic() + 120
        while time.monotonic() < until and not list(out.glob("parts/*.parquet")):
            pass
        os.kill(victim, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    summary = ridelog.audit(logs, out, replace(QUIET, scheduler=address))
    thread.join()
    assert summary.errors == 1
    assert contents(out) == contents(tmp_path / "alone")


def test_no_scheduler_is_bad_usage(tmp_path, monkeypatch):
    import ridelog.fleet.engines as engines

    monkeypatch.setattr(engines, "_PATIENCE", "1s")
    logs = small_fleet(tmp_path / "logs", 1, 1)
    with pytest.raises(UsageError, match="no scheduler answers"):
        ridelog.audit(logs, tmp_path / "out", replace(QUIET, scheduler="tcp://127.0.0.1:9"))
