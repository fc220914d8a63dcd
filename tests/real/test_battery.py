"""The pack estimate on real logs; see the folder of real logs for where they are from."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ridelog.battery.estimate import estimate_pack
from ridelog.log import Log, LogBuilder, Role
from ridelog.reading import read
from ridelog.ride import Ride, Track


def ride_of(log: Log) -> Ride:
    return Ride((Track(0, log),))


def test_resistance_of_a_board_at_full_throttle(real_logs: Path) -> None:
    (log,) = read(str(real_logs / "vesc_tool" / "dsoto_ev_2021_data.csv"))
    pack = estimate_pack(ride_of(log))
    found = pack.resistance[0]
    assert found.ohm == pytest.approx(0.116, rel=0.04)
    assert found.slope_ohm == pytest.approx(0.1155, rel=0.04)
    assert found.low_ohm <= 0.116 <= found.high_ohm
    assert found.agrees
    assert pack.series.best == 14
    assert pack.chemistry.name == "nmc"


def test_healthy_rides_have_no_excursions(real_logs: Path) -> None:
    for name in ("DEMO_LOGS_2025-09-28_13-59-59.csv", "DEMO_LOGS_2025-09-28_14-10-31.csv", "dsoto_ev_2021_data.csv"):
        (log,) = read(str(real_logs / "vesc_tool" / name))
        assert np.abs(estimate_pack(ride_of(log)).residual[0].score).max() < 5.0, name


def test_nineteen_rides_of_one_wheel(real_logs: Path) -> None:
    resistances = []
    for path in sorted((real_logs / "wheellog" / "deLiseLINO").glob("*.csv")):
        (log,) = read(str(path))
        pack = estimate_pack(ride_of(log))
        assert pack.series.best == 20, path.name
        score = np.abs(np.nan_to_num(pack.residual[0].score))
        # One row of one ride dips by 3.7 V at a standstill: that is in the log.
        assert np.sort(score)[-2] < 6.0, path.name
        if 0 in pack.resistance and pack.resistance[0].confidence > 0.6:
            resistances.append(pack.resistance[0].ohm)
    assert len(resistances) >= 14
    # A 20s wheel through four months of autumn: the same pack, a little more in the cold.
    assert np.std(resistances) / np.mean(resistances) < 0.12


def test_a_cell_that_loses_charge_at_rest_for_months(real_logs: Path) -> None:
    with zipfile.ZipFile(real_logs / "ev_cells" / "car2_processed.zip") as archive:
        frame = pl.read_csv(archive.read("car2_processed.csv"), infer_schema_length=None)
    time = frame["tboxTime"].str.to_datetime().dt.epoch("s").to_numpy().astype(float)
    order = np.argsort(time, kind="stable")
    builder = LogBuilder(time[order], order)
    builder.add("pack_voltage", frame["BMSBatteryVoltage"].to_numpy()[order])
    builder.add("battery_current", frame["BMSBatteryCurrent"].to_numpy()[order])
    cells = frame.select([name for name in frame.columns if name.startswith("V_")]).to_numpy()
    builder.add("cell_voltages", cells[order])
    found = estimate_pack(ride_of(builder.build(Role.BMS, "electric car"))).cells[0]
    lost = 81
    assert int(np.nanargmin(found.drift_per_day)) == lost
    # -26 to -97 mV in four months.
    assert found.drift_per_day[lost] == pytest.approx(-0.6e-3, rel=0.3)
    assert found.drift_per_day[lost] < -5 * found.drift_per_day_error[lost]
    assert int(np.nanargmin(found.rest_offset)) == lost
    assert found.extra_resistance[lost] < 2 * found.extra_resistance_error[lost]
