"""JK's frames of live values, settings and device information."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.log import Role
from ridelog.parsers.frames.jk import JkFrames
from ridelog.parsers.frames.protocol import Packet
from ridelog.settings import SETTINGS as SETTING_NAMES

from . import jk_bytes as jk
from .jk_reading import NO_CLOCK, UTC, decode, first


@pytest.mark.parametrize("slots", [24, 32])
def test_live_values(slots):
    (log,) = decode(
        jk.cell_info(
            slots=slots,
            cells=[3700, 3710, 3690, 3705],
            milliamps=-12_345,
            soc=77,
            balance=(-512, 2),
            discharge=0,
            timers=(0, 30, 0, 0, 0, 0),
            mos=412,
        )
    )
    row = first(log)
    assert log.role is Role.BMS
    assert row["cell_voltages"] == [3.7, 3.71, 3.69, 3.705]
    assert row["pack_voltage"] == 14.805
    assert row["battery_current"] == 12.345
    assert row["power"] > 0
    assert row["soc"] == 0.77
    assert row["soh"] == 0.99
    assert row["remaining_capacity"] == 8
    assert row["full_charge_capacity"] == 10
    assert row["cell_max_index"] == 1
    assert row["cell_min_index"] == 2
    assert row["discharge_fet"] is False
    assert row["charge_fet"] is True
    assert row["balancing"] is True
    assert row["balance_current"] == 0.512
    assert row["bms_fet_temperature"] == 41.2
    assert row["battery_temperatures"][:2] == [25.0, 26.0]
    assert row["battery_temperature"] == 26.0
    assert row["cell_wire_resistances"] == [0.06, 0.061, 0.062, 0.063]
    assert row["uptime"] == 100_000
    assert row["discharge short circuit release timer"] == 30
    assert row["protections"] == []


def test_charging_is_negative_and_nothing_is_minus_zero():
    charging, resting = decode(jk.cell_info(milliamps=4000), jk.cell_info())[0].table.to_pylist()
    assert charging["battery_current"] == -4
    assert charging["power"] == -148
    assert str(resting["battery_current"]) == "0.0"


@given(
    st.sampled_from([24, 32]),
    st.lists(st.integers(2000, 4300), min_size=1, max_size=24),
    st.integers(-400_000, 400_000),
)
def test_the_layout_is_told_by_the_frame_itself(slots, cells, milliamps):
    row = first(decode(jk.cell_info(slots=slots, cells=cells, milliamps=milliamps))[0])
    assert row["cell_voltages"] == [value / 1000 for value in cells]
    assert row["battery_current"] == pytest.approx(-milliamps / 1000)


def test_a_cell_that_reads_nothing_keeps_its_place():
    cells = [3700, 0, 3690, 3710]
    (log,) = decode(jk.cell_info(cells=[3700] * 4), jk.cell_info(cells=cells))
    np.testing.assert_array_equal(log.matrix("cell_voltages")[1], [3.7, np.nan, 3.69, 3.71])
    (silent,) = [damage for damage in log.damage if damage.kind is DamageKind.MISSING_SENSOR and damage.channel]
    assert silent.rows == (2,)
    assert "Cell 2" in silent.message


def test_no_cell_connected_takes_the_layout_of_the_firmware():
    empty = jk.cell_info(slots=24, cells=[0] * 4, enabled=0)
    row = first(decode(jk.device_info(firmware="10.07"), empty)[0])
    assert row["soc"] == 0.8
    assert row["battery_temperatures"] == [25.0, 26.0]


LOWER_BITS = (
    (2, "cell-count"),
    (4, "cell-overvoltage"),
    (9, "charge-undertemperature"),
    (11, "cell-undervoltage"),
    (12, "pack-undervoltage"),
    (13, "discharge-overcurrent"),
    (14, "short-circuit"),
    (15, "discharge-overtemperature"),
)


@pytest.mark.parametrize(("bit", "name"), LOWER_BITS)
@pytest.mark.parametrize("slots", [24, 32])
def test_protections(bit, name, slots):
    row = first(decode(jk.cell_info(slots=slots, errors=1 << bit))[0])
    assert row["protections"] == [name]
    assert row["error word"] == 1 << bit


@pytest.mark.parametrize(
    ("bit", "name"), [(17, "discharge-fet-failure"), (25, "discharge-overcurrent"), (24, "short-circuit")]
)
def test_protections_of_the_upper_word(bit, name):
    assert first(decode(jk.cell_info(errors=1 << bit))[0])["protections"] == [name]


def test_reminders_are_no_protections_and_wires_are_a_warning():
    row = first(decode(jk.cell_info(errors=1 << 19 | 1 << 18 | 1))[0])
    assert row["protections"] == []
    assert row["warnings"] == ["wire-resistance"]


def test_probes_that_are_not_fitted_are_null():
    (log,) = decode(jk.cell_info(temperatures=(250, -2000)), jk.cell_info(temperatures=(240, -2000)))
    np.testing.assert_array_equal(log.matrix("battery_temperatures"), [[25.0, np.nan], [24.0, np.nan]])
    assert log.values("battery_temperature").tolist() == [25.0, 24.0]
    (log,) = decode(jk.cell_info(others=(270, -100)))
    assert first(log)["battery_temperatures"] == [25.0, 26.0, 27.0, -10.0]


def test_chemistry_is_only_believed_where_the_firmware_tells_it():
    assert "chemistry" not in decode(jk.cell_info(cells=[3300] * 8))[0].settings
    assert decode(jk.cell_info(cells=[3300] * 8, rtc=jk.SET))[0].settings["chemistry"] == "lfp"
    assert "chemistry" not in decode(jk.cell_info(cells=[4100] * 8, rtc=jk.SET))[0].settings
    assert decode(jk.cell_info(chemistry=1))[0].settings["chemistry"] == "nmc"


def test_floats_of_old_firmware():
    (log,) = decode(jk.floats_info(cells=[3.25, 3.5, 0.0, 3.25], enabled=15, balance=-2.5))
    row = first(log)
    assert row["cell_voltages"] == [3.25, 3.5, None, 3.25]
    assert row["pack_voltage"] is None
    assert row["balance_current"] == 2.5
    assert row["balancing"] is True
    assert row["uptime"] == 500
    assert log.derived("pack_voltage")
    assert not log.has("battery_current", "soc")


def test_settings_and_identity_come_with_the_live_log():
    (log,) = decode(jk.device_info(), jk.settings(), jk.cell_info())
    assert log.identity.model == "JK_B2A24S20P"
    assert log.identity.firmware == "11.48"
    assert log.identity.serial == "2041803028"
    assert log.settings["discharge_current_limit"] == 60
    assert log.settings["discharge_overcurrent_delay"] == 300
    assert log.settings["short_circuit_delay"] == 0.0015
    assert log.settings["charge_temperature_min"] == -5
    assert log.settings["bms_fet_temperature_max"] == 90
    assert log.settings["series_cells"] == 10
    assert log.settings["balancer_enabled"] is False
    assert log.settings["charge_fet_enabled"] is True
    assert log.settings.keys() <= SETTING_NAMES.keys()


def test_passcodes_are_never_read():
    logs = decode(jk.device_info(), jk.settings())
    text = repr([(log.identity, log.table.to_pylist(), log.settings, log.damage) for log in logs])
    assert not any(code in text for code in ("1234'", "5678", "123456"))


def test_settings_alone_make_a_log_of_their_own():
    (log,) = decode(jk.settings(controls=1 << 12))
    assert log.role is Role.CONFIG
    rows = {row["setting"]: row["setting_value"] for row in log.table.to_pylist()}
    assert rows["cell_undervoltage_limit"] == 2.8
    assert rows["second discharge overcurrent stage"] == 1
    assert rows["third discharge overcurrent stage"] == 0


def test_device_information_alone_makes_a_log():
    (log,) = decode(jk.device_info())
    assert log.role is Role.CONFIG
    assert log.identity.model == "JK_B2A24S20P"
    assert log.settings == {}
    rows = {row["setting"]: row["setting_value"] for row in log.table.to_pylist()}
    assert rows["time of operation (s)"] == 100_000
    assert rows["power-on count"] == 7


def test_a_setting_changed_during_the_capture_is_told():
    changed = list(jk.SETTINGS)
    changed[14] = 80_000
    (log,) = decode(jk.settings(), jk.settings(changed), jk.cell_info())
    assert log.settings["discharge_current_limit"] == 80
    assert any("discharge_current_limit 60.0 -> 80.0" in damage.message for damage in log.damage)


def test_frames_in_notifications_with_stray_answers_between_them():
    pieces = jk.packets(jk.cell_info(), size=20)
    strays = [
        Packet(jk.ACKNOWLEDGEMENT, 0, None),
        Packet(b"AT\r\n", 0, None),
        Packet(jk.ACKNOWLEDGEMENT + b"AT\r\n", 0, None),
    ]
    stream = [*pieces[:5], strays[0], *pieces[5:9], strays[1], strays[2], *pieces[9:]]
    assert JkFrames().count(stream) == 1


def test_a_lost_notification_costs_one_frame():
    pieces = [
        piece for frame in [jk.cell_info(counter=index) for index in range(3)] for piece in jk.packets(frame, size=20)
    ]
    del pieces[20]
    (log,) = JkFrames().logs(pieces, NO_CLOCK, "test")
    assert log.rows == 2
    (refused,) = [damage for damage in log.damage if damage.kind is DamageKind.CHECKSUM]
    assert refused.count == 1


def test_a_wrong_checksum_is_not_believed():
    bad = bytearray(jk.cell_info(milliamps=-90_000))
    bad[158] ^= 1
    (log,) = decode(jk.cell_info(), bytes(bad), jk.cell_info())
    assert log.rows == 2
    (refused,) = log.damage
    assert refused.kind is DamageKind.CHECKSUM
    assert refused.rows == (2,)
    assert decode(bytes(bad)) == []


def test_a_device_that_froze_is_not_a_row_of_copies():
    """Equal frames right behind one another are the pieces and the whole; equal ones for minutes are the device."""
    (log,) = decode(*[jk.cell_info(counter=1)] * 240, clock=UTC, step=0.5)
    assert log.rows == 120
    assert log.time[-1] - log.time[0] == pytest.approx(119.0)


def test_what_the_host_sent_is_not_read():
    outgoing = [Packet(jk.cell_info(), 1, None, outgoing=True)]
    assert JkFrames().count(outgoing) == 0


def test_times_of_the_carrier():
    (log,) = decode(jk.cell_info(counter=1), jk.cell_info(counter=2), clock=UTC, step=0.5)
    assert log.clock.basis is ClockBasis.UTC
    assert log.clock.start == 1_700_000_000
    assert log.time.tolist() == [0.0, 0.5]
    assert log.source_rows.tolist() == [1, 2]


def test_frames_of_two_layouts_are_two_devices():
    narrow, wide = decode(jk.cell_info(slots=24, cells=[3700] * 13), jk.cell_info(cells=[3300] * 8))
    assert narrow.matrix("cell_voltages").shape == (1, 13)
    assert wide.matrix("cell_voltages").shape == (1, 8)


def test_a_bit_without_a_name_is_not_passed_over():
    row = first(decode(jk.cell_info(errors=1 << 30 | 1 << 13))[0])
    assert row["protections"] == ["discharge-overcurrent", "other"]
