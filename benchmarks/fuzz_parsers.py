"""Byte-mutating fuzz run over every parser: `python -m benchmarks.fuzz_parsers [--count 200000] [--seed 1] [--jobs 2]`.

Small files of every format are mutated and read, half of them the way a user's file is (whoever recognises it), half
by the parser of their format, whatever it says to them. Whatever comes out besides logs and RidelogError is a crash;
more than 2 s of processor time is a hang, more than 1 GiB of memory beyond the start is a leak. Any input is made from
its number and the seed alone: `--only NUMBER` repeats one and shows where it fails.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_HANG_S = 2.0
_MEMORY_KIB = 1 << 20
_CHUNK = 250
#: Files this process has read before, so that no input pays for the imports.
_WARM: set[str] = set()
#: What has broken readers of logs before.
_TOKENS = (
    b"",
    b"\0",
    b"\0" * 64,
    b"\r\n\r\n",
    b'"',
    b'""",',
    b",",
    b";;;;",
    b"\t",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x80\x81",
    b"nan",
    b"-inf",
    b"1e999",
    b"-1",
    b"99999999999999999999",
    b"4.56E+09",
    b"00:00.0",
    b"24:61:61",
    b"2024-02-30T25:00:00",
    b"31.12.9999",
    b"{}",
    b"[[[[",
    b"}" * 40,
    b"null",
    b"%s%n",
    "温度电压".encode(),
    "\u202e\u0000".encode(),
    b"\x1f\x8b",
    b"PK\x03\x04",
)


@dataclass
class Tally:
    """What happened to the inputs of one format."""

    inputs: int = 0
    logs: int = 0
    refused: int = 0
    crashes: int = 0
    hangs: int = 0
    memory: int = 0
    slowest_s: float = 0.0
    examples: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take in what another process counted."""
        self.inputs += other.inputs
        self.logs += other.logs
        self.refused += other.refused
        self.crashes += other.crashes
        self.hangs += other.hangs
        self.memory += other.memory
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.examples += other.examples


class _Hang(BaseException):
    """Raised by the alarm clock; no parser catches it."""


def samples(formats: str = "") -> dict[str, tuple[str, bytes]]:
    """One small file of every format (or of those named, with commas), and tables of none: name -> parser, bytes."""
    from tests.parsers import table_files as tables
    from tests.parsers.samples import SAMPLES

    strange = {
        "table-german": tables.german(),
        "table-chinese": tables.chinese(),
        "table-russian": tables.russian(),
        "table-english": tables.english(),
        "table-cells": tables.cells_and_motor(),
        "table-blanks": tables.lined_up(),
        "table-json-lines": tables.json_lines(),
        "table-json-list": tables.json_list(),
        "table-json-document": tables.json_document(),
        "table-devices": tables.two_devices(),
        "table-xlsx": tables.workbook(
            [("Time (s)", "Voltage (V)", "Current (A)", "Cell 1 (mV)"), *((i, 50.1, i % 7, 3700) for i in range(20))]
        ),
    }
    every = SAMPLES | {name: ("table", data) for name, data in strange.items()}
    wanted = set(formats.split(",")) if formats else {parser for parser, _ in every.values()}
    return {name: file for name, file in every.items() if file[0] in wanted}


def mutate(data: bytes, generator: random.Random, others: list[bytes]) -> bytes:
    """One to six mutations of a file."""
    broken = bytearray(data)
    for _ in range(generator.choice((1, 1, 2, 3, 6))):
        if not broken:
            break
        at = generator.randrange(len(broken))
        width = min(generator.choice((1, 1, 2, 4, 16, 64, 400)), len(broken) - at)
        match generator.randrange(9):
            case 0:
                broken[at] ^= 1 << generator.randrange(8)
            case 1:
                broken[at : at + width] = generator.randbytes(width)
            case 2:
                del broken[at : at + width]
            case 3:
                broken[at:at] = broken[at : at + width] * generator.choice((1, 2, 30))
            case 4:
                broken[at : at + generator.choice((0, 1, 3, 8))] = generator.choice(_TOKENS)
            case 5:
                del broken[at:]
            case 6:
                other = generator.choice(others)
                start = generator.randrange(len(other))
                broken[at:at] = other[start : start + generator.choice((8, 80, 800))]
            case 7:
                lines = bytes(broken).split(b"\n")
                if len(lines) > 3:
                    one, two = generator.randrange(len(lines)), generator.randrange(len(lines))
                    lines[one], lines[two] = lines[two], lines[one]
                    broken = bytearray(b"\n".join(lines))
            case _:
                old, new = generator.choice(((b".", b","), (b",", b";"), (b"\n", b"\r"), (b"0", b""), (b'"', b"")))
                broken = bytearray(bytes(broken).replace(old, new, generator.choice((1, 5, -1))))
    return bytes(broken)


def make_input(number: int, seed: int, files: dict[str, tuple[str, bytes]]) -> tuple[str, bytes, bool]:
    """Name of the format, bytes, and whether its own parser must take it unasked."""
    generator = random.Random(f"{seed}:{number}")
    names = sorted(files)
    name = names[number % len(names)]
    data = mutate(files[name][1], generator, [files[other][1] for other in generator.choices(names, k=3)])
    return name, data, generator.random() < 0.5


def read(name: str, data: bytes, unasked: bool, owner: str) -> int:
    """Read one input; gives the number of rows."""
    from ridelog import plugins
    from ridelog.parsing import ReadOptions
    from ridelog.reading import read_source
    from ridelog.sources import Source

    source = Source(f"{name}.bin", data)
    if not unasked:
        return sum(log.rows for log in read_source(source))
    parser = next(parser for parser in plugins.parsers() if parser.name == owner)
    return sum(log.rows for log in parser.parse(source, ReadOptions()))


def run_chunk(first: int, count: int, seed: int, formats: str) -> dict[str, Tally]:
    """Read a stretch of inputs in this process."""
    from ridelog.errors import RidelogError

    files = samples(formats)
    _warm_up(files)
    tallies: dict[str, Tally] = defaultdict(Tally)
    signal.signal(signal.SIGPROF, _ring)
    for number in range(first, first + count):
        name, data, unasked = make_input(number, seed, files)
        tally = tallies[files[name][0]]
        tally.inputs += 1
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.process_time()
        # Processor time: on a loaded machine the wall clock counts the other programs.
        signal.setitimer(signal.ITIMER_PROF, 4 * _HANG_S)
        try:
            read(name, data, unasked, files[name][0])
            tally.logs += 1
        except RidelogError:
            tally.refused += 1
        except _Hang:
            pass
        except BaseException as error:
            tally.crashes += 1
            tally.examples.append((number, _where(error)))
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        taken = time.process_time() - start
        tally.slowest_s = max(tally.slowest_s, taken)
        if taken > _HANG_S:
            tally.hangs += 1
            tally.examples.append((number, f"took {taken:.1f} s"))
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
        if grown > _MEMORY_KIB:
            tally.memory += 1
            tally.examples.append((number, f"grew by {grown / 1024:.0f} MiB"))
    return dict(tallies)


def _warm_up(files: dict[str, tuple[str, bytes]]) -> None:
    """Read every file once."""
    from ridelog.errors import RidelogError

    for name, (owner, data) in files.items():
        if name not in _WARM:
            _WARM.add(name)
            with suppress(RidelogError):
                read(name, data, False, owner)


def _ring(_number: int, _frame: object) -> None:
    raise _Hang


def _where(error: BaseException) -> str:
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if f"{os.sep}parsers{os.sep}" in frame.filename
    ]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__} at {place}: {str(error).splitlines()[0][:100] if str(error) else ''}"


def run(count: int, seed: int, jobs: int, formats: str, tell: Callable[[str], None]) -> dict[str, Tally]:
    """Read all inputs, on several processes; one that dies is a crash of its stretch."""
    total: dict[str, Tally] = defaultdict(Tally)
    stretches = [(first, min(_CHUNK, count - first)) for first in range(0, count, _CHUNK)]
    started, done = time.perf_counter(), 0
    while stretches:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(jobs, mp_context=context) as pool:
            futures = {pool.submit(run_chunk, *stretch, seed, formats): stretch for stretch in stretches}
            try:
                for future in as_completed(futures):
                    for name, tally in future.result().items():
                        total[name].add(tally)
                    stretches.remove(futures[future])
                    done += 1
                    if done % 20 == 0:
                        rate = done * _CHUNK / (time.perf_counter() - started)
                        tell(f"{done * _CHUNK:,} of {count:,} inputs, {rate:,.0f} a second")
            except BrokenProcessPool:
                first, size = stretches.pop(0)
                tell(f"a process died near input {first}")
                total["(process)"].add(Tally(size, crashes=1, examples=[(first, "the process died in this stretch")]))
    return dict(total)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200_000, help="inputs to read")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--formats", default="", help="parsers to run, with commas; all by default")
    parser.add_argument("--only", type=int, help="repeat one input and show where it fails")
    arguments = parser.parse_args()
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    if arguments.only is not None:
        files = samples(arguments.formats)
        name, data, unasked = make_input(arguments.only, arguments.seed, files)
        print(f"{name}: {len(data)} bytes, {'unasked' if unasked else 'recognised'}")
        print(f"{read(name, data, unasked, files[name][0])} rows")
        return 0
    start = time.perf_counter()
    total = run(
        arguments.count, arguments.seed, arguments.jobs, arguments.formats, lambda text: print(text, file=sys.stderr)
    )
    print(f"{arguments.count:,} inputs, seed {arguments.seed}, {time.perf_counter() - start:,.0f} s")
    print(
        f"{'format':<18}{'inputs':>9}{'logs':>9}{'refused':>9}{'crashes':>9}{'hangs':>7}{'> 1 GiB':>9}{'slowest':>10}"
    )
    for name, tally in sorted(total.items()):
        print(
            f"{name:<18}{tally.inputs:>9,}{tally.logs:>9,}{tally.refused:>9,}{tally.crashes:>9,}{tally.hangs:>7,}"
            f"{tally.memory:>9,}{tally.slowest_s:>8.2f} s"
        )
    bad = Counter[str]()
    first: dict[str, int] = {}
    for tally in total.values():
        for number, what in tally.examples:
            key = what if what.startswith(("took", "grew")) else what.split(":", 2)[0] + ":" + what.split(":", 2)[1]
            bad[key] += 1
            first.setdefault(key, number)
    for what, times in bad.most_common(30):
        print(f"{times:>6} x {what} (first: --only {first[what]})")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
