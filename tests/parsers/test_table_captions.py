"""What the captions of loggers, controllers and dashboards mean."""

import pytest

from ridelog.parsers.table_captions import read_meanings


@pytest.mark.parametrize(
    ("caption", "channel"),
    [
        ("i_q", "q_axis_current"),
        ("I_D (A)", "d_axis_current"),
        ("electrical_rpm", "erpm"),
        ("rpm_e", "erpm"),
        ("Heatsink Temp [degC]", "fet_temperature"),
        ("Tensione pacco", "pack_voltage"),
        ("phase_current_a", "motor_current"),
        ("LineCurrent", "battery_current"),
        ("v [km/h]", "speed"),
        ("speed_mps", "speed"),
    ],
)
def test_captions_of_controllers(caption, channel):
    (meaning,) = read_meanings([caption])
    assert meaning.channel == channel


@pytest.mark.parametrize(
    ("caption", "channel"),
    [
        ("BattA", "battery_current"),
        ("temp_motor_filtered", "motor_temperature"),
        ("rpm_mech", "motor_rpm"),
        ("average_temperature", "battery_temperature"),
        ("vdiff", "cell_voltage_delta"),
        ("PhaseA", ""),
        ("B+ Voltage", "pack_voltage"),
        ("PackAmp", "battery_current"),
        ("CellCelsiusMax", "battery_temperature"),
        ("mAh drawn", "amp_hours_used"),
        ("Motor Speed(RPM)", "motor_rpm"),
        ("TPS Pedal", "remote_input"),
        ("total_Ah", "amp_hours_used"),
    ],
)
def test_captions_of_loggers(caption, channel):
    assert read_meanings([caption, "something"])[0].channel == channel


def test_a_total_beside_what_remains_is_what_the_battery_holds():
    channels = [meaning.channel for meaning in read_meanings(["remaining_Ah", "total_Ah"])]
    assert channels == ["remaining_capacity", "full_charge_capacity"]


@pytest.mark.parametrize("caption", ["created_at", "recordedAt", "received at", "micros"])
def test_the_moment_a_row_was_taken_is_its_time(caption):
    assert read_meanings([caption])[0].time == "time"


@pytest.mark.parametrize(
    ("caption", "channel"),
    [
        ("bms.mean {device: jk1, field: voltage}", "pack_voltage"),
        ('voltage{instance="bms:9100", job="bms"}', "pack_voltage"),
        ('{__name__="current", host="a"}', "battery_current"),
        ("Current {A}", "battery_current"),
    ],
)
def test_captions_of_dashboards_carry_labels(caption, channel):
    assert read_meanings([caption])[0].channel == channel
