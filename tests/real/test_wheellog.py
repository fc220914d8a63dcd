import itertools

import numpy as np
import pytest

from ridelog.damage import DamageKind
from ridelog.errors import RefusedError
from ridelog.reading import read

ACCOUNTED = (DamageKind.DUPLICATE_ROW, DamageKind.EMPTY_ROW, DamageKind.BROKEN_ROW, DamageKind.TRUNCATED_TAIL)
RIDES = (
    "log_test1.csv",
    "2020_05_16_08_02_06.csv",
    "2020_05_28_07_52_00.csv",
    *(
        f"deLiseLINO/{name}.csv"
        for name in (
            "2024_08_12_18_40_41 2024_08_15_13_08_27 2024_08_16_15_24_22 2024_08_19_18_25_02 2024_08_21_11_39_12 "
            "2024_08_21_20_26_29 2024_08_26_19_16_04 2024_08_27_15_22_59 2024_09_02_09_49_44 2024_09_18_09_47_15 "
            "2024_09_24_10_01_18 2024_09_25_10_15_14 2024_10_03_09_02_18 2024_10_09_18_20_43 2024_10_17_10_06_35 "
            "2024_10_30_11_04_31 2024_11_09_16_01_20 2024_11_29_16_10_25 2024_12_12_18_10_37"
        ).split()
    ),
)


def counts(log):
    return {kind: sum(found.count for found in log.damage if found.kind is kind) for kind in ACCOUNTED}


def test_totals_of_the_apps_own_test_ride(real_logs):
    """Totals as the app's own test of the same file expects them."""
    (log,) = read(str(real_logs / "wheellog" / "log_test1.csv"))
    assert round(log.duration_s / 60) == 880
    distance, odometer = log.values("distance"), log.values("odometer")
    assert distance[-1] - distance[0] == 19_493
    assert odometer[-1] - odometer[0] == 19_493
    assert log.values("battery_current").max() == pytest.approx(86.82)
    assert log.values("speed").max() * 3.6 == pytest.approx(71.0, abs=0.05)
    assert log.values("gps_speed").max() * 3.6 == pytest.approx(66.1, abs=0.05)
    assert log.values("pwm").max() == pytest.approx(0.867, abs=0.0005)
    assert log.values("power").max() == pytest.approx(7825, abs=0.5)
    steps = np.diff(log.time)
    riding = steps < 10
    energy = float(np.sum(log.values("power")[:-1][riding] * steps[riding])) / 3600
    assert energy == pytest.approx(1059, rel=0.01)
    assert energy / 19.493 == pytest.approx(54.3, rel=0.01)
    assert steps.max() == pytest.approx(13 * 3600, rel=0.01)
    assert "phase current" in log.derived("battery_current")


@pytest.mark.parametrize("name", RIDES)
def test_every_line_is_a_row_or_accounted_for(real_logs, name):
    path = real_logs / "wheellog" / name
    lines = path.read_bytes().splitlines()[1:]
    (log,) = read(str(path))
    told = counts(log)
    assert log.rows + sum(told.values()) == len(lines)
    repeated = sum(now == before for before, now in itertools.pairwise(lines))
    assert told[DamageKind.DUPLICATE_ROW] == repeated
    assert told[DamageKind.BROKEN_ROW] == 0
    assert (np.diff(log.time) >= 0).all()
    for row, line in ((0, log.source_rows[0]), (-1, log.source_rows[-1])):
        cells = lines[line - 2].split(b",")
        assert log.values("odometer")[row] in [float(cell) for cell in cells[8:18] if cell]


@pytest.mark.parametrize("name", RIDES)
def test_no_odometer_jumps_and_no_trip_is_a_lifetime(real_logs, name):
    (log,) = read(str(real_logs / "wheellog" / name))
    odometer, distance = log.values("odometer"), log.values("distance")
    # A wheel that is switched off forgets its last metres.
    assert (np.diff(odometer) >= -50).all()
    assert odometer[-1] - odometer[0] < 100_000
    assert np.nanmax(distance) < 100_000
    assert log.values("pack_voltage").min() > 40


def test_the_current_of_the_20s_wheel_is_reported_and_signed(real_logs):
    (log,) = read(str(real_logs / "wheellog" / "deLiseLINO" / "2024_08_15_13_08_27.csv"))
    current = log.values("battery_current")
    assert log.derived("battery_current") == ""
    assert current.min() < -10
    assert current.max() > 20
    assert not log.has("motor_current")
    assert not log.has("latitude")


@pytest.mark.parametrize("name", ["RAW_inmotion_V5F.csv", "RAW_inmotion_V8S.csv", "RAW_inmotion_alerts.csv"])
def test_raw_captures_are_refused(real_logs, name):
    with pytest.raises(RefusedError):
        read(str(real_logs / "wheellog" / name))
