"""An audit from end to end: list, survey, group, analyze what is new, publish, compare, draw the page."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .engines import Engine, open_engine
from .inputs import InputFile, list_inputs
from .jobs import AnalysisOptions, Batch, LogLimits, RideJob, digest
from .manifest import Manifest
from .progress import Progress
from .publish import collect, done_keys, publish, with_vehicles
from .rides import group, needs_span
from .rows import error_rows, start_from_name
from .store import Store
from .tables import SCHEMA
from .vehicles import FleetEntry, assign, folder_vehicle, owners, read_fleet
from .version import analysis_version
from .worker import run_batch

if TYPE_CHECKING:
    import pyarrow as pa

#: Most rides and bytes of a batch: what a kill can cost is a batch for each worker.
_BATCH_RIDES: Final = 16
_BATCH_BYTES: Final = 64 << 20
_DONE: Final = "state/published.json"


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """How an audit is run and read.

    Attributes:
        jobs: Processes on this machine, 0 for one each core.
        scheduler: Address of a dask scheduler, "" for this machine.
        vehicle: Pattern of paths with `{vehicle}` in it, "" for none.
        fleet: Path of a fleet table, "" for none.
        since: Rides that began before this day are left out; rides without a date stay.
        csv: Write the tables as CSV too.
        retry: Analyze rides again that were given up for time, memory or a dying process.
        analysis: What changes the answer for a ride.
        limits: What one ride may cost.
        progress: Show progress where standard error is a terminal.
    """

    jobs: int = 0
    scheduler: str = ""
    vehicle: str = ""
    fleet: str = ""
    since: date | None = None
    csv: bool = False
    retry: bool = False
    analysis: AnalysisOptions = field(default_factory=AnalysisOptions)
    limits: LogLimits = field(default_factory=LogLimits)
    progress: bool = True


@dataclass(frozen=True, slots=True)
class Summary:
    """What an audit did.

    Attributes:
        files: Files that were looked at.
        rides: Rides of the result.
        errors: Rides among them that could not be analyzed.
        analyzed: Rides this run analyzed; the others were known already.
        cpu_s: Processor seconds of the analyzing processes in this run.
        size: Bytes analyzed in this run.
        peak_megabytes: Peak resident memory of an analyzing process.
        busy: Share of the analyzing processes' time in which they had work, from the first ride to the last.
        severity: Highest severity of all rides' findings and of the fleet's: "critical", "warning", "info" or "".
        page: Where the page is.
    """

    files: int
    rides: int
    errors: int
    analyzed: int
    cpu_s: float
    size: int
    peak_megabytes: float
    busy: float
    severity: str
    page: str


def audit(paths: Sequence[str], out: str, options: AuditOptions | None = None) -> Summary:
    """Analyze every log below some folders or URLs; write tables and a page.

    A run that is killed loses the batches under way and nothing else: started again, it goes on. Files that did not
    change are not analyzed again.

    Args:
        paths: Folders, files or fsspec URLs.
        out: Folder or URL of the result.
        options: How to run it.

    Raises:
        RidelogError: If there is no file, or the result cannot be written. A bad log never raises: it becomes a row.
    """
    options = options or AuditOptions()
    fleet = read_fleet(options.fleet) if options.fleet else ()
    files = _since(list_inputs(paths, out), options.since)
    store = Store(out)
    version = analysis_version()
    told = owners([item.path for item in files], options.vehicle, fleet)
    with ExitStack() as stack:
        engine = _Late(stack, options)
        jobs = _jobs(files, told, store, version, engine, options)
        pending = _pending(jobs, store, options)
        cost = _analyze(pending, store, version, engine, options)
    wanted = {job.key for job in jobs}
    state = digest(SCHEMA, version, *sorted(wanted), *sorted(told.items()), fleet, options.since, options.csv, _code())
    known = json.loads(store.read(_DONE) or b"{}")
    if pending or known.get("state") != state or store.read("index.html") is None:
        known = {"state": state, **_publish(store, wanted, files, told, fleet, options)}
        store.write(_DONE, json.dumps(known, sort_keys=True).encode())
    rides, errors, severity = known["rides"], known["errors"], known["severity"]
    return Summary(len(files), rides, errors, len(pending), *cost, severity, f"{out.rstrip('/')}/index.html")


class _Late:
    """An engine that starts when it is needed: a run over unchanged input starts none."""

    def __init__(self, stack: ExitStack, options: AuditOptions) -> None:
        self._stack, self._options = stack, options
        self._engine: Engine | None = None

    def __call__(self) -> Engine:
        if self._engine is None:
            self._engine = self._stack.enter_context(open_engine(self._options.jobs, self._options.scheduler))
        return self._engine


def _since(files: list[InputFile], since: date | None) -> list[InputFile]:
    if since is None:
        return files
    first = datetime(since.year, since.month, since.day, tzinfo=UTC).timestamp()
    return [item for item in files if (start_from_name([item.name])[0] or first) >= first]


def _jobs(
    files: list[InputFile],
    told: dict[str, tuple[str, str]],
    store: Store,
    version: str,
    engine: _Late,
    options: AuditOptions,
) -> list[RideJob]:
    manifest = Manifest(store, version, options.analysis)
    names = {path: vehicle for path, (vehicle, _) in told.items()}
    with Progress("Looking", len(files), sum(item.size for item in files), options.progress) as bar:
        surveyed = manifest.look(files, engine, options.limits, bar.advance)
    spans = needs_span(surveyed, names)
    with Progress("Grouping", len(spans), sum(item.file.size for item in spans), options.progress) as bar:
        spanned = manifest.span(spans, engine, options.limits, bar.advance)
    return group([spanned.get(item.file.path, item) for item in surveyed], names, version, options.analysis)


def _pending(jobs: list[RideJob], store: Store, options: AuditOptions) -> list[RideJob]:
    parts = done_keys(store)
    if options.retry:
        given_up = {"time", "memory", "died", "internal"}
        for name in list(parts):
            table = store.read_table(f"parts/{name}", ["errors"])
            kinds = {row["kind"] for rows in table.column("errors").to_pylist() for row in rows} if table else set()
            if kinds & given_up:
                store.remove(f"parts/{name}")
                del parts[name]
    done = {key for keys in parts.values() for key in keys}
    return [job for job in jobs if job.key not in done]


def _analyze(
    pending: list[RideJob], store: Store, version: str, engine: _Late, options: AuditOptions
) -> tuple[float, int, float, float]:
    """Analyze rides; gives processor seconds, bytes, peak megabytes and the share of time with work."""
    cpu, size, peak, busy = 0.0, 0, 0.0, 0.0
    if not pending:
        return cpu, size, peak, 1.0
    began = time.monotonic()
    workers = engine().workers
    if store.local is not None:
        store.local.mkdir(parents=True, exist_ok=True)
    url = str(store.local.resolve()) if store.local is not None else store.url
    batches = _batches(pending, workers, url, version, options)
    with Progress("Auditing", len(pending), sum(job.size for job in pending), options.progress) as bar:
        for batch, result in engine().map(run_batch, batches):
            if isinstance(result, BaseException):
                _record_lost(store, batch, result)
            else:
                cpu, size, peak = cpu + result.seconds, size + result.size, max(peak, result.peak_megabytes)
                busy += result.busy_s
            bar.advance(len(batch.rides), sum(job.size for job in batch.rides))
    return cpu, size, peak, busy / (workers * max(time.monotonic() - began, 1e-9))


def _batches(pending: list[RideJob], workers: int, out: str, version: str, options: AuditOptions) -> Iterator[Batch]:
    most = max(1, min(_BATCH_RIDES, -(-len(pending) // (4 * workers))))
    rides: list[RideJob] = []
    size = 0
    for number, job in enumerate(pending):
        rides.append(job)
        size += job.size
        # Towards the end batches get small, so that the last worker does not keep the others waiting.
        left = len(pending) - number
        if len(rides) >= min(most, max(1, left // (2 * workers))) or size >= _BATCH_BYTES:
            yield Batch(tuple(rides), out, options.analysis, options.limits, version)
            rides, size = [], 0
    if rides:
        yield Batch(tuple(rides), out, options.analysis, options.limits, version)


def _record_lost(store: Store, batch: Batch, error: BaseException) -> None:
    """Write the part of a batch whose workers were lost again and again, unless one of them had written it."""
    import pyarrow as pa

    from .tables import part_schema

    name = f"parts/part-{batch.name}.parquet"
    if store.read_table(name, ["key"]) is not None:
        return
    message = f"The workers that analyzed its batch were lost ({type(error).__name__}: {error})."
    rows: list[dict[str, Any]] = [{"key": job.key, **error_rows(job, "died", message)} for job in batch.rides]
    for row in rows:
        started = row["logs"][0]["started"]
        row["logs"][0]["started"] = None if started is None else round(started * 1e6)
    store.write_table(name, pa.Table.from_pylist(rows, part_schema()))


def _publish(
    store: Store,
    wanted: set[str],
    files: list[InputFile],
    told: dict[str, tuple[str, str]],
    fleet: tuple[FleetEntry, ...],
    options: AuditOptions,
) -> dict[str, Any]:
    import pyarrow.compute as pc

    from .page import page
    from .ranking import compare

    tables = _begun_since(collect(store, wanted), options.since)
    by_name = {item.name: told[item.path] for item in files if item.path in told}
    folders = {item.name: folder_vehicle(item.below or item.name, item.root) for item in files}
    rides = tables["logs"].select(["ride_id", "files", "devices"]).to_pylist()
    models = {entry.vehicle: entry.model for entry in fleet if entry.model}
    tables = with_vehicles(tables, assign(rides, by_name, folders, fleet), models)
    tables |= compare(tables, set(models.values()))
    publish(store, tables, options.csv)
    store.write("index.html", page(tables).encode("utf-8", "replace"))
    logs = tables["logs"]
    present = set(logs.column("severity").to_pylist())
    if any(tables["trends"].column("finding").to_pylist()):
        present.add("warning")
    severity = next((name for name in ("critical", "warning", "info") if name in present), "")
    errors = int(pc.sum(pc.not_equal(logs.column("error"), "")).as_py() or 0)
    return {"schema": SCHEMA, "rides": logs.num_rows, "errors": errors, "severity": severity}


def _begun_since(tables: dict[str, pa.Table], since: date | None) -> dict[str, pa.Table]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if since is None:
        return tables
    logs = tables["logs"]
    first = pa.scalar(datetime(since.year, since.month, since.day, tzinfo=UTC), logs.schema.field("started").type)
    logs = logs.filter(pc.fill_null(pc.greater_equal(logs.column("started"), first), True))
    kept = logs.column("ride_id").combine_chunks()
    return {name: table.filter(pc.is_in(table.column("ride_id"), kept)) for name, table in tables.items()}


def _code() -> str:
    """Hash of the code that compares and draws: the page follows it without a new analysis."""
    folder = Path(__file__).parent
    return digest(*(item.read_bytes().hex() for item in sorted(folder.iterdir()) if item.is_file()))
