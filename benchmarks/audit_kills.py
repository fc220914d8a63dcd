"""An audit that is killed at random moments, the run itself and the processes that analyze, and started again each time."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

TABLES = ("logs", "findings", "causes", "pack_health", "cell_health", "errors", "trends", "vehicles")


def contents(out: Path) -> dict[str, list[dict]]:
    """All rows of all tables."""
    import pyarrow.parquet as pq

    return {name: pq.read_table(out / name).to_pylist() for name in TABLES}


def killed_at_random(inputs: list[str], out: Path, kills: int, seconds: float, undisturbed: Path) -> tuple[str, str]:
    """Kill so often, start again each time, and compare with an undisturbed run.

    Half of the kills hit the run, half one of the processes that analyze (after which the run goes on). A run that
    comes to its end is compared at once and its folder emptied, so that the next kills have something to hit.

    Args:
        inputs: What is audited.
        out: Folder of the result.
        kills: How many processes to kill.
        seconds: About how long an undisturbed run takes.
        undisturbed: Result of one.

    Returns:
        What was killed, and "equal ..." or which tables differ.
    """
    chance = random.Random()
    command = [sys.executable, "-m", "ridelog", "audit", *inputs, "--out", str(out), "--reports", "none", "--jobs", "2"]
    expected = contents(undisturbed)
    shutil.rmtree(out, ignore_errors=True)
    hit = {"run": 0, "process": 0}
    compared = 0
    different: set[str] = set()
    while sum(hit.values()) < kills:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # A worker first, maybe, then the run: two random moments of what an undisturbed run takes.
        first, second = sorted((chance.uniform(0, seconds), chance.uniform(0, seconds)))
        if _still_running(process, first) and chance.random() < 0.7 and sum(hit.values()) < kills:
            hit["process"] += _kill_one_child(process.pid, chance)
        if _still_running(process, second - first) and sum(hit.values()) < kills:
            process.send_signal(signal.SIGKILL)
            hit["run"] += 1
            process.wait()
            continue
        process.wait()
        compared += 1
        different |= _different(expected, contents(out))
        shutil.rmtree(out)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    compared += 1
    different |= _different(expected, contents(out))
    killed = f"the run {hit['run']} times, a process that analyzes {hit['process']} times"
    return killed, f"these differ: {sorted(different)}" if different else f"equal in {compared} finished runs"


def _different(one: dict[str, list[dict]], other: dict[str, list[dict]]) -> set[str]:
    return {name for name in one if one[name] != other[name]}


def _still_running(process: subprocess.Popen[bytes], seconds: float) -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    return process.poll() is None


def _kill_one_child(run: int, chance: random.Random) -> int:
    """Kill one of the processes a run has started; 1 when there was one."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        found = subprocess.run(["pgrep", "-P", str(run)], capture_output=True, text=True, check=False).stdout.split()
        if found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(chance.choice(found)), signal.SIGKILL)
                return 1
        time.sleep(0.05)
    return 0
