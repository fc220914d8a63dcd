"""The process that reads and analyzes logs, one order at a time; whatever a log does to it, nothing else is lost.

Orders come as JSON lines on standard input, answers go as JSON lines to the descriptor that was standard output; what
libraries print ends up on standard error. At the end of its input the process ends.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

from ridelog.errors import RidelogError, SourceError, UnrecognisedError

from .jobs import AnalysisOptions, RideJob

#: How often a process looks whether it is still wanted, in s.
_LOOK_S: Final = 1.0


def main() -> None:
    """Serve orders until the input ends."""
    # What is no Unicode text in an answer becomes "?": tables could not hold it.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    os.dup2(2, 1)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    for line in sys.stdin:
        order = json.loads(line)
        answer = _survey(order) if order["do"] == "survey" else _analyze(order)
        try:
            answers.write(json.dumps(answer, ensure_ascii=False) + "\n")
            answers.flush()
        except BrokenPipeError:
            # The run was killed: nobody waits for the answer.
            os._exit(1)


def _end_with(parent: int) -> None:
    """End this process when the one that gives the orders, and enforces the limits, is gone."""
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(1)


def _survey(order: dict[str, Any]) -> dict[str, Any]:
    from .survey import survey_file

    return survey_file(order["path"], order["span"], AnalysisOptions(**order["options"]))


def _analyze(order: dict[str, Any]) -> dict[str, Any]:
    """Give the rows of the rides of a job: one, or one for each file when their times turn out not to overlap."""
    from .rows import error_rows

    given: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in order["job"].items()}
    job = RideJob(**given)
    options = AnalysisOptions(**order["options"])
    try:
        return {"rides": _rides(job, options, order["out"]), **_cost()}
    except UnrecognisedError as error:
        kind, message = "unknown-format", _message(error)
    except SourceError as error:
        kind, message = "unreadable", _message(error)
    except RidelogError as error:
        kind, message = "unreadable", _message(error)
    except OSError as error:
        kind, message = "unreadable", f"cannot be read ({error.strerror})."
    except MemoryError:
        kind, message = "memory", "It needs more memory than there is."
    except Exception as error:  # noqa: BLE001 - the boundary of a batch: a bug in one log must not stop the others
        kind, message = "internal", f"internal error: {type(error).__name__}: {error}"
    return {"rides": [error_rows(job, kind, message)], **_cost()}


def _message(error: RidelogError) -> str:
    """The message without the path: the row says which file, and paths above the audited folder stay private."""
    text = f"{error.place}: {error.message}" if error.place else error.message
    return f"{text} {error.advice}" if error.advice else text


def _rides(job: RideJob, options: AnalysisOptions, out: str) -> list[dict[str, Any]]:
    from ridelog import pipeline
    from ridelog.battery.pack import PackOptions
    from ridelog.log import Role
    from ridelog.parsing import ReadOptions

    from .rides import apart, in_archive
    from .rows import error_rows

    if "://" not in job.paths[0] and Path(job.paths[0]).is_dir():
        raise SourceError("the folder cannot be listed.", path=job.paths[0], advice="Check its permissions.")
    how = pipeline.Options(
        reading=ReadOptions(options.zone, options.bms, options.mapping),
        pack=PackOptions(options.series, options.chemistry),
    )
    if len(job.paths) == 1:
        logs = pipeline.read_all(job.paths, how)
        members = list(dict.fromkeys(log.origin.member for log in logs))
        if len(members) == 1:
            return [_one(job, logs, how, options, out)]
        looked = [(members.index(log.origin.member), log.parser, log.clock, log.duration_s) for log in logs]
        riding = {place for log, (place, *_) in zip(logs, looked, strict=True) if log.role is not Role.CONFIG}
        return [
            _one(
                _members(job, members, places, reason),
                [log for log, (place, *_) in zip(logs, looked, strict=True) if place in places],
                how,
                options,
                out,
            )
            for places, reason in in_archive(looked, job, set(range(len(members))) - riding)
        ]
    read: list[tuple[int, Any]] = []
    rides: list[dict[str, Any]] = []
    for place, path in enumerate(job.paths):
        try:
            read += [(place, log) for log in pipeline.read_all([path], how)]
        except RidelogError as error:
            kind = "unknown-format" if isinstance(error, UnrecognisedError) else "unreadable"
            rides.append(error_rows(_alone(job, place, "It could not be read."), kind, _message(error)))
    for places, reason in apart([(place, log.role, log.clock, log.duration_s) for place, log in read], job):
        part = job if len(places) == len(job.paths) else _alone(job, places, reason)
        logs = [log for place, log in read if place in places]
        rides.append(_one(part, logs, how, options, out))
    return rides


def _alone(job: RideJob, places: int | tuple[int, ...], reason: str) -> RideJob:
    from dataclasses import replace

    from .jobs import digest

    chosen = (places,) if isinstance(places, int) else places
    names = tuple(job.names[place] for place in chosen)
    return replace(
        job,
        key=digest(job.key, *names)[:32],
        paths=tuple(job.paths[place] for place in chosen),
        names=names,
        digests=tuple(job.digests[place] for place in chosen),
        size=job.size * len(chosen) // len(job.paths),
        reason=reason,
    )


def _members(job: RideJob, members: list[str], places: tuple[int, ...], reason: str) -> RideJob:
    """The job of some members of an archive; all of them keep its key."""
    from dataclasses import replace

    from .inputs import readable
    from .jobs import digest

    chosen = [members[place] for place in places]
    return replace(
        job,
        key=job.key if len(places) == len(members) else digest(job.key, *chosen)[:32],
        names=tuple(f"{job.names[0]}!{readable(member)}" for member in chosen),
        size=job.size * len(places) // len(members),
        reason=reason,
    )


def _one(job: RideJob, logs: list[Any], how: Any, options: AnalysisOptions, out: str) -> dict[str, Any]:  # noqa: ANN401
    from ridelog import pipeline

    from .rows import incident_rows

    incident = pipeline.investigate(logs, how)
    level = incident.severity.level if incident.severity else 0
    flagged = level >= 1 and incident.verdict.cause != "none"
    report = ""
    if options.reports == "all" or (options.reports == "flagged" and flagged):
        from ridelog import plugins
        from ridelog.reporting import ReportOptions

        from .store import Store

        report = f"reports/{job.key}.html"
        page = plugins.report("html").render(incident, ReportOptions())
        Store(out).write(report, page.encode("utf-8", "replace"))
    return incident_rows(job, incident, report)


def _cost() -> dict[str, float]:
    """Processor seconds and peak resident MB of this process so far."""
    try:
        import resource
    except ImportError:
        return {"cpu": sum(os.times()[:2]), "peak": 0.0}
    used = resource.getrusage(resource.RUSAGE_SELF)
    scale = 1024 * 1024 if sys.platform == "darwin" else 1024
    return {"cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss / scale}


def resident_megabytes(process: int) -> float:
    """Resident memory of a process in MB; 0 where the system does not tell."""
    try:
        # Asked many times a second for each process: no buffers, no text layer.
        place = os.open(f"/proc/{process}/statm", os.O_RDONLY)
        try:
            pages = int(os.read(place, 100).split()[1])
        finally:
            os.close(place)
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


if __name__ == "__main__":
    main()
