"""What must not change a verdict: when the ride was, in which order cells and logs come, what else stands in a file."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from ridelog.log import Role
from ridelog.pipeline import Options, investigate, read_all
from ridelog.simulate.catalogue import simulate
from tests import rides

#: Family, suite and seed of made-up rides: nothing wrong, one moment, a lasting state, one log and two.
SIMULATED = (
    ("healthy-ride", "vesc+jk", 1),
    ("overcurrent-trip", "vesc+jk", 1),
    ("undervoltage-trip-weak-cell", "vesc+ant", 1),
    ("charge-fets-off-regen", "vesc+jbd", 1),
    ("connector-opens-under-load", "vesc", 1),
    ("weak-group", "vesc+jbd", 1),
    ("bad-weld", "jk-only", 1),
    ("imbalance-one-group", "ant-only", 1),
    ("low-voltage-cutoff", "vesc+config", 1),
)
CELL_LISTS = ("cell_voltages", "cells_balancing")
CELL_INDICES = ("cell_max_index", "cell_min_index")


@pytest.fixture(scope="module", params=[*(item[0] for item in SIMULATED), "cut under load", "with a board"])
def ride(request, tmp_path_factory):
    """Logs of a ride, and its verdict as they are."""
    name = request.param
    if name == "cut under load":
        logs = [rides.log(rides.cut_under_load(300.0, 150.0)[0])]
    elif name == "with a board":
        logs = [rides.log(rides.controller(300.0)), rides.log(rides.board(300.0), Role.BMS)]
    else:
        folder = tmp_path_factory.mktemp(name)
        _, suite, seed = next(item for item in SIMULATED if item[0] == name)
        files = simulate(name, seed, suite).files
        for file, data in files.items():
            (folder / file).write_bytes(data)
        logs = read_all([str(folder / file) for file in files], Options())
    return logs, investigate(logs).verdict


def _same(verdict, logs):
    changed = investigate(logs).verdict
    assert changed.cause == verdict.cause
    assert changed.probability == pytest.approx(verdict.probability, abs=0.02)
    return changed


def _with_column(log, name, array):
    place = log.table.schema.get_field_index(name)
    if place < 0:
        return replace(log, table=log.table.append_column(name, array))
    field = log.table.schema.field(name).with_type(array.type)
    return replace(log, table=log.table.set_column(place, field, array))


def _shifted(log, seconds):
    if log.clock.start is None:
        return log
    return replace(log, clock=replace(log.clock, start=log.clock.start + seconds))


def _permuted(log, order):
    """The same log, its cells in another order."""
    if not log.has("cell_voltages") or log.matrix("cell_voltages").shape[1] != len(order):
        return log
    for name in CELL_LISTS:
        if log.has(name):
            column = log.table.column(name).combine_chunks()
            rows = [None if row is None else [row[cell] for cell in order] for row in column.to_pylist()]
            log = _with_column(log, name, pa.array(rows, column.type))
    place = np.argsort(order)
    for name in CELL_INDICES:
        if log.has(name):
            column = log.table.column(name).combine_chunks()
            moved = [
                None if cell is None or cell >= len(order) else int(place[int(cell)]) for cell in column.to_pylist()
            ]
            log = _with_column(log, name, pa.array(moved, column.type))
    return log


def _cells(logs):
    return max((log.matrix("cell_voltages").shape[1] for log in logs if log.has("cell_voltages")), default=0)


@pytest.mark.parametrize("seconds", [-1234.0, 1.0, 7000.0])
def test_when_the_ride_was_does_not_matter(ride, seconds):
    logs, verdict = ride
    changed = _same(verdict, [_shifted(log, seconds) for log in logs])
    if verdict.onset is not None:
        assert changed.onset.latest_s == pytest.approx(verdict.onset.latest_s, abs=0.05)


def test_the_order_of_the_cells_does_not_matter(ride):
    logs, verdict = ride
    count = _cells(logs)
    if not count:
        pytest.skip("no cells in these logs")
    _same(verdict, [_permuted(log, np.arange(count)[::-1]) for log in logs])
    _same(verdict, [_permuted(log, np.random.default_rng(5).permutation(count)) for log in logs])


def test_a_column_nobody_knows_does_not_matter(ride):
    logs, verdict = ride
    rng = np.random.default_rng(7)
    made = []
    for log in logs:
        numbers = _with_column(log, "flux capacitor", pa.array(rng.normal(0, 1e6, log.rows)))
        made.append(_with_column(numbers, "remark", pa.array(["fault"] * log.rows, pa.string())))
    _same(verdict, made)


def test_the_order_of_the_logs_does_not_matter(ride):
    logs, verdict = ride
    changed = _same(verdict, logs[::-1])
    if verdict.onset is not None:
        assert changed.onset.latest_s == pytest.approx(verdict.onset.latest_s, abs=0.05)
