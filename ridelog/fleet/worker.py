"""Working a batch: a child process analyzes, this side enforces the limits, survives its death and writes the part."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from ridelog.errors import SourceError

from .child import resident_megabytes
from .jobs import Batch, BatchResult, LogLimits, RideJob
from .rows import Rows, error_rows
from .store import Store
from .tables import PER_RIDE, part_schema

#: How often time and memory of a child are looked at, in s.
_LOOK_S: Final = 0.05
#: A child is replaced after so many orders, so that what libraries leak stays bounded.
_MOST_ORDERS: Final = 2000
#: One thread for each library: there is a child for each core already.
_ONE_THREAD: Final = dict.fromkeys(
    ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_NUM_THREADS"), "1"
)

_local = threading.local()


class LimitError(Exception):
    """A child was ended, or ended itself: kind is time, memory or died."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class Child:
    """A process that takes orders; started when the first one comes, ended when nobody holds this object any more."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._stop: weakref.finalize[..., Child] | None = None
        self._orders = 0
        self._rest = b""
        self.peak_megabytes = 0.0
        self.cpu_s = 0.0

    def order(self, order: Mapping[str, Any], limits: LogLimits) -> dict[str, Any]:
        """Give an order and wait for the answer.

        Raises:
            LimitError: If a limit was reached or the process died; the next order gets a new process.
            SourceError: If no process can be started.
        """
        process = self._running()
        self._orders += 1
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._answer(process, limits))
        except LimitError:
            self.end()
            raise
        except (OSError, ValueError) as error:
            self.end()
            raise LimitError("died", "The process that analyzed it ended.") from error
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and (self._process.poll() is not None or self._orders >= _MOST_ORDERS):
            self.end()
        if self._process is None:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "ridelog.fleet.child"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env={**os.environ, **_ONE_THREAD},
                )
            except OSError as error:
                # Not the fault of a log: the run ends, and goes on when it is started again.
                raise SourceError(f"no process can be started ({error.strerror}).", path=sys.executable) from error
            self._orders, self._rest = 0, b""
            self._stop = weakref.finalize(self, _stop, self._process)
        return self._process

    def _answer(self, process: subprocess.Popen[bytes], limits: LogLimits) -> bytes:
        assert process.stdout is not None
        until = time.monotonic() + limits.seconds
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                if selector.select(_LOOK_S):
                    data = os.read(process.stdout.fileno(), 1 << 20)
                    if not data:
                        code = process.wait()
                        raise LimitError("died", f"The process that analyzed it ended ({_ending(code)}).")
                    self._rest += data
                    continue
                resident = resident_megabytes(process.pid)
                if limits.megabytes and resident > limits.megabytes:
                    raise LimitError("memory", f"It needs more than {limits.megabytes:,} MB of memory.")
                if time.monotonic() > until:
                    raise LimitError("time", f"It takes longer than {limits.seconds:g} s.")
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def end(self) -> None:
        """End the process; the next order starts another one."""
        self._process = None
        self.cpu_s = 0.0
        if self._stop is not None:
            self._stop()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for stream in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            if stream is not None:
                stream.close()
    process.wait()


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit {code}"


def own_child() -> Child:
    """The child of this thread; it ends with it."""
    if not hasattr(_local, "child"):
        _local.child = Child()
    return _local.child  # type: ignore[no-any-return]


def survey(paths: list[str], span: bool, options: dict[str, Any], limits: LogLimits) -> list[dict[str, Any]]:
    """Look at files; one that ends the process twice counts as not recognised."""
    child = own_child()
    answers = []
    for path in paths:
        order = {"do": "survey", "path": path, "span": span, "options": options}
        try:
            answers.append(_twice(child, order, limits))
        except LimitError:
            answers.append({"sha256": "", "parser": "", "roles": [], "start_s": None, "end_s": None, "devices": []})
    return answers


def _twice(child: Child, order: Mapping[str, Any], limits: LogLimits) -> dict[str, Any]:
    """Give an order, and once more when the process died or reached a limit: it may not have been the log's fault."""
    try:
        return child.order(order, limits)
    except LimitError:
        return child.order(order, limits)


def run_batch(batch: Batch) -> BatchResult:
    """Analyze the rides of a batch and write its part; the part is there whole or not at all.

    This is what an engine runs, in a thread of this process or on a worker of a cluster.
    """
    import pyarrow as pa

    began = time.monotonic()
    child = own_child()
    before, peak = child.cpu_s, 0.0
    cpu = 0.0
    rows: list[dict[str, Any]] = []
    for ride in batch.rides:
        answer = _with_retry(child, batch, ride)
        rows += [{"key": ride.key, **{table: _timed(one[table]) for table in PER_RIDE}} for one in answer["rides"]]
        total = float(answer.get("cpu", before))
        cpu += total - before if total >= before else total
        before = child.cpu_s = total
        peak = max(peak, float(answer.get("peak", 0.0)))
    Store(batch.out).write_table(f"parts/part-{batch.name}.parquet", pa.Table.from_pylist(rows, part_schema()))
    errors = sum(1 for row in rows if row["errors"])
    size = sum(ride.size for ride in batch.rides)
    return BatchResult(batch.name, len(batch.rides), errors, size, cpu, peak, time.monotonic() - began)


def _with_retry(child: Child, batch: Batch, ride: RideJob) -> dict[str, Any]:
    order = {"do": "analyze", "job": asdict(ride), "options": asdict(batch.options), "out": batch.out}
    try:
        return _twice(child, order, batch.limits)
    except LimitError as error:
        failed: Rows = error_rows(ride, error.kind, error.message)
        return {"rides": [failed]}


def _timed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Moments from seconds to what Arrow takes."""
    return [{**row, "started": _microseconds(row["started"])} if "started" in row else row for row in rows]


def _microseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1e6)
