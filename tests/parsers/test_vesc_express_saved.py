"""A real-time log saved by VESC Tool."""

import numpy as np
import pytest

from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind

from .vesc_express_files import make, read

SAVED = (
    ("kmh_vesc", "Speed VESC", "km/h", 2),
    ("t_day", "Time", "s", 0),
    ("t_day_pos", "Time GNSS", "s", 0),
    ("setup_curr_motor", "Current Motors", "A", 2),
    ("setup_curr_battery", "Current Battery", "A", 2),
    ("setup_power", "Power", "W", 0),
    ("erpm", "ERPM", "", 0),
    ("duty", "Duty", "%", 1),
    ("fault", "Fault Code", "", 0),
    ("v_in", "Input Voltage", "V", 2),
    ("soc", "Battery Level", "%", 1),
    ("t_mosfet", "Temp MOSFET", "\u00b0C", 1),
    ("t_motor", "Temp Motor", "\u00b0C", 1),
    ("cnt_ah", "Ah Discharged", "Ah", 3),
    ("roll", "Roll", "\u00b0", 1),
    ("v1_curr_motor", "V1 Current", "A", 2),
    ("v1_curr_battery", "V1 Current Battery", "A", 2),
    ("v1_cnt_ah", "V1 Ah", "Ah", 3),
    ("num_vesc", "VESC num", "", 0),
)
SAVED_VALUES = {
    "kmh_vesc": 36,
    "setup_curr_motor": 40,
    "setup_curr_battery": 12,
    "setup_power": 600,
    "erpm": 9000,
    "duty": 31.5,
    "fault": 0,
    "v_in": 50.1,
    "soc": 63,
    "t_mosfet": 41,
    "t_motor": 55,
    "cnt_ah": 2.5,
    "roll": 5.7,
    "v1_curr_motor": 20,
    "v1_curr_battery": 6,
    "v1_cnt_ah": 1.25,
    "num_vesc": 2,
}


def saved(t_day, t_day_pos):
    return make(SAVED, [SAVED_VALUES | {"t_day": a, "t_day_pos": b} for a, b in zip(t_day, t_day_pos, strict=True)])


def test_a_real_time_log_saved_by_vesc_tool():
    seconds = [36_000] * 4 + [36_001] * 10 + [36_002] * 10 + [36_003] * 3
    (log,) = read(saved(seconds, seconds), "export.csv")
    assert log.rows == 27
    np.testing.assert_allclose(np.diff(log.time), 0.1, atol=1e-6)
    assert log.values("speed")[0] == 10
    assert log.values("duty")[0] == pytest.approx(0.315)
    assert log.values("soc")[0] == pytest.approx(0.63)
    assert log.values("power")[0] == 600
    assert log.values("total_battery_current")[0] == 12
    assert log.values("battery_current")[0] == 6
    assert log.values("total_amp_hours_used")[0] == 2.5
    assert log.values("amp_hours_used")[0] == 1.25
    assert log.values("roll")[0] == pytest.approx(5.7)
    assert log.clock.basis is ClockBasis.TIME_OF_DAY
    assert log.clock.zone == "UTC"
    assert [item.channel for item in log.damage if item.kind is DamageKind.NOTE] == ["time"]


def test_a_saved_log_in_local_time():
    seconds = list(range(36_000, 36_030))
    (log,) = read(saved(seconds, [second - 7200 for second in seconds]), "log_2026-02-03 10-00-20.csv")
    assert log.clock.basis is ClockBasis.LOCAL
    assert log.clock.start == np.datetime64("2026-02-03T10:00:00").astype(float)
