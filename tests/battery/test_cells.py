from __future__ import annotations

import numpy as np
import pytest

from ridelog.battery.estimate import estimate_pack
from ridelog.battery.pack import CellEstimate
from ridelog.log import Log, LogBuilder, Role

from .signals import ride_of

CELLS = 16
CELL_OHM = 0.004


def cell_log(
    *,
    offset: np.ndarray | None = None,
    extra_ohm: np.ndarray | None = None,
    lack: np.ndarray | None = None,
    drift_per_day: np.ndarray | None = None,
    rows: int = 3000,
    interval_s: float = 1.0,
    noise_v: float = 0.0015,
    sequential_s: float = 0.0,
    seed: int = 0,
    amps: np.ndarray | None = None,
) -> Log:
    """Cells of a BMS: a common curve, offsets, resistances, lack of capacity, drift; cells read one after the other."""
    rng = np.random.default_rng(seed)
    time = np.arange(rows) * interval_s
    if amps is None:
        amps = np.repeat(rng.choice([0.0, 0.0, 15.0, 30.0, -12.0, 45.0], rows // 8 + 1), 8)[:rows]
    used = np.concatenate([[0.0], np.cumsum(0.5 * (amps[1:] + amps[:-1])) * interval_s / 3600])
    soc = 0.9 - used / max(40.0, 1.3 * used.max())
    zero = np.zeros(CELLS)
    middle = 3.4 + 0.7 * soc
    shift = np.arange(CELLS) / CELLS * sequential_s
    cells = np.empty((rows, CELLS))
    for cell in range(CELLS):
        seen = np.interp(time - shift[cell], time, amps)
        fall = 0.7 * (0.9 - soc) * (lack if lack is not None else zero)[cell]
        cells[:, cell] = middle - fall - (CELL_OHM + (extra_ohm if extra_ohm is not None else zero)[cell]) * seen
        cells[:, cell] += (offset if offset is not None else zero)[cell]
        cells[:, cell] += (drift_per_day if drift_per_day is not None else zero)[cell] * time / 86400
    cells += rng.normal(0, noise_v, cells.shape)
    builder = LogBuilder(time, np.arange(rows))
    builder.add("pack_voltage", np.round(CELLS * middle - CELLS * CELL_OHM * amps, 2))
    builder.add("battery_current", np.round(amps, 1))
    builder.add("cell_voltages", np.round(cells, 3))
    return builder.build(Role.BMS, "made up")


def only(cell: int, value: float) -> np.ndarray:
    values = np.zeros(CELLS)
    values[cell] = value
    return values


def cells_of(log: Log) -> CellEstimate:
    return estimate_pack(ride_of(log)).cells[0]


def test_a_healthy_pack_has_nothing_to_show() -> None:
    found = cells_of(cell_log())
    assert np.abs(found.rest_offset).max() < 0.001
    assert np.abs(found.extra_resistance).max() < 0.05e-3
    assert found.median_resistance == pytest.approx(CELL_OHM, rel=0.03)
    assert np.isnan(found.drift_per_day).all()
    assert "too short" in found.reason


def test_an_imbalance_is_an_offset_and_no_resistance() -> None:
    found = cells_of(cell_log(offset=only(4, -0.04)))
    assert found.rest_offset[4] == pytest.approx(-0.04, abs=0.001)
    assert abs(found.extra_resistance[4]) < 0.05e-3
    assert np.abs(np.delete(found.rest_offset, 4)).max() < 0.002


def test_a_bad_joint_is_a_resistance_and_no_offset() -> None:
    found = cells_of(cell_log(extra_ohm=only(9, 0.0025)))
    assert found.extra_resistance[9] == pytest.approx(0.0025, rel=0.03)
    assert abs(found.rest_offset[9]) < 0.002
    assert found.extra_resistance[9] > 20 * found.extra_resistance_error[9]


def test_both_at_once_are_told_apart() -> None:
    found = cells_of(cell_log(offset=only(2, 0.03), extra_ohm=only(2, 0.001) + only(11, 0.002)))
    assert found.rest_offset[2] == pytest.approx(0.03, abs=0.0015)
    assert found.extra_resistance[2] == pytest.approx(0.001, rel=0.1)
    assert found.extra_resistance[11] == pytest.approx(0.002, rel=0.05)
    assert abs(found.rest_offset[11]) < 0.002


def test_cells_read_one_after_the_other_have_no_false_resistance() -> None:
    found = cells_of(cell_log(sequential_s=0.6))
    assert np.abs(found.extra_resistance).max() < 0.15e-3
    assert np.abs(found.rest_offset).max() < 0.003


def test_a_group_that_lacks_capacity_falls_with_the_charge() -> None:
    found = cells_of(cell_log(lack=only(6, 0.15), rows=6000))
    assert found.charge_slope[6] == pytest.approx(0.15, abs=0.02)
    assert np.abs(np.delete(found.charge_slope, 6)).max() < 0.02


def test_a_cell_that_loses_charge_drifts_over_days() -> None:
    found = cells_of(cell_log(drift_per_day=only(13, -0.002), rows=5000, interval_s=300.0))
    assert found.drift_per_day[13] == pytest.approx(-0.002, rel=0.05)
    assert found.drift_per_day[13] < -8 * found.drift_per_day_error[13]
    assert np.abs(np.delete(found.drift_per_day, 13)).max() < 0.0005
    assert abs(found.extra_resistance[13]) < 0.2e-3


def test_a_loose_lead_ties_two_neighbours_together() -> None:
    log = cell_log(seed=3)
    cells = log.matrix("cell_voltages").copy()
    rng = np.random.default_rng(1)
    error = rng.normal(0, 0.05, len(cells)) * (rng.random(len(cells)) < 0.2)
    cells[:, 7] += error
    cells[:, 8] -= error
    builder = LogBuilder(log.time, log.source_rows)
    builder.add("pack_voltage", log.values("pack_voltage"))
    builder.add("battery_current", log.values("battery_current"))
    builder.add("cell_voltages", cells)
    found = cells_of(builder.build(Role.BMS, "made up"))
    assert found.neighbour_correlation[7] < -0.8
    assert np.abs(np.delete(found.neighbour_correlation, [6, 7, 8])).max() < 0.3


def test_missing_and_nonsense_cells_keep_their_place() -> None:
    log = cell_log(extra_ohm=only(9, 0.0025))
    cells = log.matrix("cell_voltages").copy()
    cells[:, 3] = np.nan
    cells[::5, 4] = np.nan
    cells[::7, 5] = 0.0
    builder = LogBuilder(log.time, log.source_rows)
    builder.add("pack_voltage", log.values("pack_voltage"))
    builder.add("battery_current", log.values("battery_current"))
    builder.add("cell_voltages", cells)
    found = cells_of(builder.build(Role.BMS, "made up"))
    assert np.isnan(found.rest_offset[3])
    assert np.isfinite(np.delete(found.rest_offset, 3)).all()
    assert found.extra_resistance[9] == pytest.approx(0.0025, rel=0.05)
    assert abs(found.rest_offset[5]) < 0.002


def test_slow_polls_of_a_current_that_is_never_steady_tell_the_resistance() -> None:
    """A poll in five seconds falls somewhere else in the ride each time: no two rows have the same current."""
    amps = np.random.default_rng(3).uniform(-8.0, 45.0, 60)
    found = cells_of(cell_log(extra_ohm=only(9, 0.0025), rows=60, interval_s=5.0, sequential_s=0.2, amps=amps))
    assert found.extra_resistance[9] == pytest.approx(0.0025, rel=0.1)
    assert found.extra_resistance[9] > 5 * found.extra_resistance_error[9]
    assert abs(found.rest_offset[9]) < 0.005


def test_a_handful_of_rows_compares_cells_at_rest() -> None:
    """What a joint drops under load is no offset."""
    amps = np.array([0.0, 40.0, 35.0, 30.0] * 3)
    found = cells_of(cell_log(extra_ohm=only(9, 0.0025), rows=12, interval_s=5.0, amps=amps))
    assert np.abs(found.rest_offset).max() < 0.005


def test_a_parked_pack_has_offsets_and_no_resistance() -> None:
    found = cells_of(cell_log(offset=only(4, -0.02), amps=np.zeros(3000)))
    assert found.rest_offset[4] == pytest.approx(-0.02, abs=0.001)
    assert np.isnan(found.extra_resistance).all()
    assert "resistance of cells" in found.reason


def test_cells_without_a_current_still_have_offsets() -> None:
    log = cell_log(offset=only(4, -0.02), amps=np.zeros(500), rows=500)
    builder = LogBuilder(log.time, log.source_rows)
    builder.add("cell_voltages", log.matrix("cell_voltages"))
    found = cells_of(builder.build(Role.BMS, "made up"))
    assert found.rest_offset[4] == pytest.approx(-0.02, abs=0.001)


def test_two_cells_are_no_pack() -> None:
    builder = LogBuilder(np.arange(50.0), np.arange(50))
    builder.add("cell_voltages", np.full((50, 2), 3.7))
    assert not estimate_pack(ride_of(builder.build(Role.BMS, "made up"))).cells
