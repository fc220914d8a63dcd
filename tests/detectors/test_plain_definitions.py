"""What is found without looking at every row is what its plain definition finds, row by row."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ridelog.clock import Clock, ClockBasis
from ridelog.detectors import (
    allowed_current,
    cell_reads,
    fet_edges,
    foot_sensor,
    frozen_telemetry,
    lifted_wheel,
    overcurrent_time,
    parasitic_drain,
    resting_low,
    stuck_board,
)
from ridelog.detectors.cell_rows import CellRows
from ridelog.detectors.time_bins import bin_starts
from ridelog.episodes import episodes, runs
from ridelog.log import LogBuilder, Role
from ridelog.ride import Track

NAMES = ("short-circuit", "cell-undervoltage", "manual-off", "other")
STEPS = arrays.arrays(np.float64, st.integers(2, 80), elements=st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.5, 12.0]))


def _track(role, time, columns):
    builder = LogBuilder(time, np.arange(len(time)))
    for name, values in columns.items():
        builder.add(name, values)
    return Track(0, builder.build(role, "made up", clock=Clock(ClockBasis.NONE)))


def _some(elements):
    """A value a row for so many rows as there are steps between them."""
    return STEPS.flatmap(lambda steps: st.tuples(st.just(np.cumsum(steps)), _filled(len(steps), elements)))


def _filled(rows, elements):
    return arrays.arrays(np.float64, rows, elements=elements)


@given(STEPS, st.sampled_from([0.25, 0.5, 0.3]))
def test_stretches_begin_where_the_number_of_widths_changes(steps, width):
    time = np.cumsum(steps)
    stretch = np.floor(time / width)
    begins = [row for row in range(len(time)) if row == 0 or stretch[row] != stretch[row - 1]]
    assert bin_starts(time, width).tolist() == begins


@given(_some(st.sampled_from([0.0, 9.0, 11.0, 12.0, 13.0, 13.0 + 1e-12, 20.0, np.nan])))
def test_currents_beyond_a_limit(logged):
    time, current = logged
    expected = [
        (first, last)
        for first, last in episodes(current > 1.1 * 10.0, time, 0.5)
        if np.nanmean(current[first : last + 1]) > 1.3 * 10.0
    ]
    assert overcurrent_time.beyond(current, time, 10.0) == expected


@given(st.data())
def test_kinds_that_are_named_around_an_edge(data):
    steps = data.draw(STEPS)
    rows = len(steps)
    lists = st.one_of(st.none(), st.lists(st.sampled_from(NAMES), max_size=2))
    protections = data.draw(st.lists(lists, min_size=rows, max_size=rows))
    row = data.draw(st.integers(1, rows - 1))
    track = _track(Role.BMS, np.cumsum(steps), {"protections": protections, "soc": np.full(rows, 0.5)})
    time, interval = track.time, track.log.interval_s
    start = int(np.searchsorted(time, time[row - 1] - max(3.0, 1.5 * interval)))
    end = int(np.searchsorted(time, time[row] + max(6.0, 2.5 * interval), side="right"))
    before = [set(names) for names in protections[max(start - 50, 0) : start] if names is not None]
    standing = set.intersection(*before) if before else set()
    around = [names for names in protections[start:end] if names is not None]
    kinds = {
        fet_edges.KINDS[name] for names in around for name in names if name in fet_edges.KINDS and name not in standing
    }
    told, observable = fet_edges.named_kinds(track, row - 1, row)
    assert set(told) == kinds
    assert observable is bool(around)


@given(_some(st.sampled_from([0.0, 1.0, np.nan])))
def test_edges_of_a_flag(logged):
    time, flag = logged
    track = _track(Role.BMS, time, {"discharge_fet": flag, "soc": np.full(len(time), 0.5)})
    known = [row for row in range(len(flag)) if np.isfinite(flag[row])]
    edges = []
    for before, row in pairwise(known):
        if flag[before] == 1.0 and flag[row] == 0.0:
            back = next((later for later in known if later > row and flag[later] == 1.0), None)
            edges.append((before, row, back))
    assert [(edge.before, edge.row, edge.back) for edge in fet_edges.falling_edges(track, "discharge_fet")] == edges


@given(_some(st.sampled_from([0.0, 2.4, 2.5, 6.0, np.nan])), st.data())
def test_foot_pads_that_are_released_in_a_ride(logged, data):
    time, speed = logged
    released = data.draw(arrays.arrays(np.bool_, len(time)))
    track = _track(Role.CONTROLLER, time, {"speed": speed})
    expected = []
    for first, last in runs(released):
        before = speed[max(first - 3, 0) : first]
        before = before[np.isfinite(before)]
        if first and time[first] - time[first - 1] <= 1.0 and len(before) and before.min() >= 2.5:
            expected.append((first, last))
    assert foot_sensor._released_in_ride(track, speed, released) == expected


@given(st.data())
def test_a_log_that_flickers_at_rest_beside_a_stretch_without_a_change(data):
    rows = data.draw(st.integers(40, 400))
    seed, share = data.draw(st.integers(0, 1000)), data.draw(st.sampled_from([0.02, 0.1, 0.5]))
    rng = np.random.default_rng(seed)
    same = rng.random(rows - 1) < share
    begin = int(rng.integers(0, rows - 30))
    same[begin : begin + 25] = True
    current = rng.choice([0.2, 30.0, np.nan], rows, p=[0.8, 0.1, 0.1])
    track = _track(Role.BMS, np.arange(rows) * 1.0, {"battery_current": current})
    rest = frozen_telemetry._Rest.of(track, same, 1.0)
    for first, last in runs(same):
        beside = current[:-1] < 1.0
        beside[first : last + 1] = False
        lengths = [end - start + 1 for start, end in runs(same & beside)]
        still = float(same[beside].mean()) if beside.any() else 0.0
        steps = last - first + 1
        longer = steps > 5 * max(*lengths, 1, 1)
        expected = np.count_nonzero(beside) >= 30 and longer and steps * np.log(max(still, 1e-3)) < np.log(1e-6)
        assert rest.flickers_beside(first, last) == expected


@given(st.data())
def test_windows_in_which_the_battery_current_stands_while_the_motor_current_moves(data):
    count = data.draw(st.integers(1, 60))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    loaded = rng.random(count) < 0.9
    time = np.cumsum(rng.choice([0.25, 0.25, 0.25, 0.25, 5.0], count))
    amps, motor = 30 + rng.normal(0, 0.1, count), 60 * 0.97 ** np.arange(count)
    place = np.arange(count)
    under = [values[loaded] for values in (amps, amps, motor, time, place, place, place)]
    expected = np.zeros(count, dtype=bool)
    weights = (np.arange(6) - 2.5) * 6 / float(np.sum((np.arange(6) - 2.5) ** 2))
    for first in range(count - 5):
        window = slice(first, first + 6)
        battery, moved = (abs(float(weights @ np.log(values[window]))) for values in (amps, motor))
        close = loaded[window].all() and time[first + 5] - time[first] <= 1.3 * 6 * 0.25
        if close and moved >= 0.06 and battery <= 0.25 * moved:
            expected[first + 1 : first + 5] = True
    assert allowed_current._held(allowed_current._Averages(*under, 0.25)).tolist() == expected[loaded].tolist()


@given(_some(st.sampled_from([0.0, 2.0, 5.0, 9.0, 14.0])), st.integers(0, 79))
def test_a_wheel_that_carried_nobody(logged, first):
    time, speed = logged
    first = min(first, len(time) - 1)
    power = {"pack_voltage": np.full(len(time), 80.0), "battery_current": 0.2 * speed + 0.1}
    track = _track(Role.WHEEL, time, {"speed": speed, **power})
    time = track.time
    end = int(np.searchsorted(time, time[first] - 0.5))
    begin = int(np.searchsorted(time, time[first] - 15.0))
    pauses = [row for row in range(begin, end) if time[row + 1] - time[row] > max(1.0, 8 * track.log.interval_s)]
    begin = pauses[-1] + 1 if pauses else begin
    expected = False
    if track.log.interval_s <= 0.6 and end - begin >= 2:
        slowest = begin + int(np.argmin(speed[begin : end + 1]))
        drawn = np.trapezoid(80.0 * (0.2 * speed + 0.1)[slowest : end + 1], time[slowest : end + 1])
        gained = speed[end] ** 2 - speed[slowest] ** 2
        expected = bool(speed[end] - speed[slowest] > 6.0 and drawn < 0.5 * 50.0 * gained / 2)
    assert lifted_wheel.carried_nobody(track, speed, first) == expected


@given(st.data())
def test_what_was_read_of_the_cells(data):
    rows, width = data.draw(st.integers(0, 12)), data.draw(st.integers(0, 4))
    cells = data.draw(_filled((rows, width), st.sampled_from([0.0, 3.5, 3.6, 4.2, np.nan])))
    reads = cell_reads.CellReads(cells)
    counts = [sum(bool(np.isfinite(value)) for value in row) for row in cells]
    assert reads.counts.tolist() == counts
    assert reads.whole is all(count == width for count in counts)
    known = cells[np.isfinite(cells)]
    expected = (known.min(), known.max()) if len(known) else (np.nan, np.nan)
    assert np.array_equal(reads.extremes, expected, equal_nan=True)
    polls = [row for row in range(rows) if counts[row] >= 2]
    lacking = [place for place, row in enumerate(polls) if counts[row] < width]
    gaps = reads.gaps(2)
    assert (gaps.polls, gaps.places.tolist()) == (len(polls), lacking)
    assert gaps.gone.tolist() == [(~np.isfinite(cells[polls[place]])).tolist() for place in lacking]


@given(st.data())
def test_the_rest_with_the_lowest_cell(data):
    rows, width = 30, 3
    cells = data.draw(_filled((rows, width), st.sampled_from([0.1, 2.2, 2.4, 2.5, 2.6, 3.0, np.nan])))
    cells[10:20] = np.where(cells[10:20] < 2.5, 2.5, cells[10:20])
    time, nothing = np.arange(rows) * 10.0, np.full(rows, np.nan)
    taken = CellRows(np.arange(rows), time, nothing, nothing, nothing, nothing, cells, logged=False)
    rests = [(0, 9), (10, 19), (20, 29)]
    with np.errstate(all="ignore"):
        levels = [resting_low._levels(cells[first : last + 1]) for first, last in rests]
        found = resting_low.drained_furthest(taken, rests, 2.5)
    lowest = [min((value for value in level if 0.3 < value < 2.5), default=np.inf) for level in levels]
    if min(lowest) == np.inf:
        assert found is None
    else:
        place = int(np.argmin(lowest))
        assert found is not None
        assert (found[0], found[2]) == (rests[place][0], lowest[place])


@given(st.lists(st.sampled_from([0.0, 0.001, 0.03, 0.3, np.nan]), min_size=1, max_size=30))
def test_steps_down_that_stand_alone(falls):
    middle = 4.2 - np.cumsum([0.0, *falls])
    nothing = np.full(len(middle), np.nan)
    rows = CellRows(
        np.arange(len(middle)), nothing, nothing, nothing, middle, nothing, np.empty((len(middle), 0)), logged=False
    )
    drop = -np.diff(middle)
    expected = []
    for place in range(len(drop)):
        beside = [abs(drop[near]) for near in range(max(place - 4, 0), min(place + 5, len(drop))) if near != place]
        usual = max(float(np.median(beside)), 0.001) if len(beside) > 1 else np.inf
        expected.append(bool(drop[place] > 0.020 and middle[place + 1] > 3.0 and drop[place] > 5.0 * usual))
    assert parasitic_drain._used_between(rows).tolist() == expected


@given(_some(st.floats(-20.0, 60.0)), STEPS)
def test_the_current_between_polls(logged, between):
    time, current = logged
    track = _track(Role.CONTROLLER, time, {"battery_current": current})
    polls = np.cumsum(between)
    expected = [np.nan]
    for before, poll in pairwise(polls):
        inside = current[(track.time >= before) & (track.time < poll)]
        expected.append(inside.mean() if len(inside) else np.nan)
    told = stuck_board._between_polls(track, polls, np.arange(len(polls)))
    assert np.allclose(told, expected, atol=1e-9, equal_nan=True)
    some = np.arange(len(polls))[::2]
    assert np.array_equal(stuck_board._between_polls(track, polls, some), told[::2], equal_nan=True)
