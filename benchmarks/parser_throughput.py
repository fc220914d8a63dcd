"""Parsers against a bare polars read of the same bytes: `python -m benchmarks.parser_throughput [--rows 200000]`.

For every format whose files are columns of text: recognising and parsing a file of ordinary rows, and the time polars
takes to read its cells with the types given. WheelLog is read once more with every tenth row repeated, as the program
writes while its radio link stalls. The rounds of both alternate; the figure is the best of each, in processor time and
in wall time, and their ratio. The default of 200,000 rows is the size of log the project counts its speed by: recognising a
file and finding its layout cost some milliseconds whatever its length, which short files would add to every ratio.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable, Iterator

import polars as pl

from ridelog.parsing import ReadOptions
from ridelog.reading import recognise
from ridelog.sources import Source
from tests.parsers import bms_files, board_files, wheel_files
from tests.parsers.vesc_tool_files import HEADER_B, HEADER_C, rows, text


def _files(count: int) -> Iterator[tuple[str, bytes]]:
    for label, header in (("vesc-tool 1.18", HEADER_B), ("vesc-tool 1.20", HEADER_C)):
        yield label, text(rows(count, header), header)
    for columns in wheel_files.WHEELLOG_HEADERS:
        yield f"wheellog {columns}", wheel_files.wheellog_file(columns, count)
    yield "wheellog 24, rows repeated", _repeated(wheel_files.wheellog_file(24, count))
    yield "euc-world 2019", wheel_files.euc_world_2019_file(count)
    yield "euc-world 2.64", wheel_files.euc_world_file(wheel_files.EUC_WORLD_264, count)
    yield "darknessbot", wheel_files.darknessbot_file(wheel_files.DARKNESSBOT_A, count)
    yield "euc-planet", wheel_files.euc_planet_file(4, count)
    yield "m365-power", wheel_files.m365_file(count)
    for label, module, make in (
        ("float-control", board_files, board_files.float_control),
        ("cardputer", board_files, board_files.cardputer),
        ("ackmaniac", board_files, board_files.ackmaniac),
        ("smart-bms-utility", bms_files, bms_files.smart_bms_utility),
        ("daly-epdatalog", bms_files, bms_files.daly_epdatalog),
        ("jk-usb-csv", bms_files, bms_files.jk_usb_csv),
    ):
        small = module.COUNT
        module.COUNT = count
        yield label, make()
        module.COUNT = small


def _repeated(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join(line * (1 + (number % 10 == 5)) for number, line in enumerate(lines))


def _bare(data: bytes) -> Callable[[], object]:
    """A read of the cells alone, with the types polars itself finds."""
    start = data.find(b"\n", 0) + 1 if data.startswith(b"//") else 0
    body = data[start:]
    header = body[: body.find(b"\n")]
    separator = max(";,\t", key=lambda mark: header.count(mark.encode()))
    found = pl.read_csv(body, separator=separator, infer_schema_length=None, truncate_ragged_lines=True)
    types = {name: pl.Float64 if kind.is_numeric() else kind for name, kind in found.schema.items()}
    return lambda: pl.read_csv(body, separator=separator, schema=types, truncate_ragged_lines=True)


def _ours(data: bytes) -> Callable[[], object]:
    def read() -> object:
        source = Source("2026-01-01_12-00-00.csv", data)
        parser, _ = recognise(source)
        return parser.parse(source, ReadOptions())

    return read


def _best(jobs: tuple[Callable[[], object], ...], rounds: int) -> list[tuple[float, float]]:
    """Least processor time and least wall time of each job in s, the rounds interleaved."""
    best = [(float("inf"), float("inf"))] * len(jobs)
    for _ in range(rounds):
        for place, job in enumerate(jobs):
            gc.collect()
            wall, cpu = time.perf_counter(), time.process_time()
            job()
            spent = time.process_time() - cpu, time.perf_counter() - wall
            best[place] = min(best[place][0], spent[0]), min(best[place][1], spent[1])
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", help="formats whose label starts so")
    given = parser.parse_args()
    print(f"{'':28s} {'MB':>6s} {'polars, ms CPU':>15s} {'parser, ms CPU':>15s} {'ratio CPU':>10s} {'ratio wall':>11s}")
    for label, data in _files(given.rows):
        if label.startswith(given.only):
            jobs = (_bare(data), _ours(data))
            (bare_cpu, bare_wall), (our_cpu, our_wall) = _best(jobs, given.rounds)
            print(
                f"{label:28s} {len(data) / 1e6:6.1f} {1e3 * bare_cpu:15.1f} {1e3 * our_cpu:15.1f} "
                f"{our_cpu / bare_cpu:10.2f} {our_wall / bare_wall:11.2f}"
            )


if __name__ == "__main__":
    main()
