import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import DamageKind
from ridelog.log import Role
from ridelog.parsers.frames.jk import JkFrames
from ridelog.parsers.frames.jk_balancer import JkBalancer
from ridelog.parsers.frames.jk_codes import event_of
from ridelog.parsers.frames.jk_events_in_words import code_of_text
from ridelog.parsers.frames.jk_uart import JkUart
from ridelog.parsers.frames.protocol import Packet
from ridelog.settings import SETTINGS as SETTING_NAMES

from . import jk_bytes as jk

NO_CLOCK = Clock(ClockBasis.NONE)
UTC = Clock(ClockBasis.UTC)
EPOCH_2020 = 1_577_836_800
#: A clock of 2026 in the counter of the BMS.
SET = 200_000_000


def decode(*frames, clock=NO_CLOCK, **options):
    return JkFrames().logs(jk.packets(*frames, **options), clock, "test")


def first(log):
    return log.table.to_pylist()[0]


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
    assert decode(jk.cell_info(cells=[3300] * 8, rtc=SET))[0].settings["chemistry"] == "lfp"
    assert "chemistry" not in decode(jk.cell_info(cells=[4100] * 8, rtc=SET))[0].settings
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


# The logs the BMS keeps.


def test_logbook_reads_no_entry_beyond_its_count():
    entries = [(0, 0x01), (1023, 0x44), (87_281, 0x21), (87_341, 0x22), (90_000, 0xD3)]
    (log,) = decode(jk.logbook(entries, garbage=[(95_000, 0x23), (1, 0x01)]))
    assert log.role is Role.EVENTS
    assert log.clock.basis is ClockBasis.BOOT
    assert log.values("uptime").tolist() == [0, 1023, 87_281, 87_341, 90_000]
    assert log.texts("event") == [
        *("boot", "factory-settings", "discharge-overcurrent", "discharge-overcurrent-released", "cell-undervoltage"),
    ]
    assert log.names("protections")[2] == ("discharge-overcurrent",)
    assert log.names("protections")[3] is None
    assert log.table.column("cell of the event").to_pylist()[4] == 11


def test_logbook_read_twice_and_gone_round():
    round_ = [(500, 0x1E), (20, 0x01), (300, 0x1D)]
    (log,) = decode(jk.logbook(round_), jk.logbook(round_))
    assert log.values("uptime").tolist() == [20, 300, 500]


def test_detail_log():
    records = [
        jk.record(SET, current=-123, flags=0b0011),
        jk.record(SET + 3601, code=0x21, flags=0b0001, current=-900, cells=(3500, 3100), temperatures=(40, -5, -1)),
    ]
    (log,) = decode(*jk.detail_log(records))
    assert log.role is Role.BMS
    assert log.clock.basis is ClockBasis.LOCAL
    assert log.clock.start == EPOCH_2020 + SET
    scheduled, trip = log.table.to_pylist()
    assert scheduled["battery_current"] == 12.3
    assert scheduled["pack_voltage"] == 37
    assert scheduled["remaining_capacity"] == 8
    assert scheduled["cell_voltage_max"] == 3.7
    assert scheduled["cell_max_index"] == 3
    assert scheduled["event"] is None
    assert scheduled["protections"] is None
    assert trip["time"] == 3601
    assert trip["event"] == "discharge-overcurrent"
    assert trip["event_code"] == 0x21
    assert trip["protections"] == ["discharge-overcurrent"]
    assert trip["charge_fet"] is True
    assert trip["discharge_fet"] is False
    assert trip["bms_fet_temperature"] is None
    assert trip["coldest battery sensor"] == -5


def ring(count, start=SET):
    return [jk.record(start + 3601 * index, remaining=index % 100) for index in range(count)]


def test_ring_read_twice_is_one_log():
    records = ring(40)
    logs = decode(*jk.detail_log(records[:30]), *jk.detail_log(records[5:]))
    assert [log.rows for log in logs] == [40]
    assert (np.diff(logs[0].time) == 3601).all()
    assert any(damage.kind is DamageKind.DUPLICATE_ROW and damage.count == 25 for damage in logs[0].damage)


def test_what_one_reading_lost_the_other_has():
    records = ring(60)
    one, other = jk.detail_log(records), jk.detail_log(records)
    (log,) = decode(*one[:1], *one[3:], *other[:2], *other[3:])
    assert log.rows == 48
    assert (np.diff(log.time) > 0).all()
    assert any(damage.kind is DamageKind.FRAME_GAP and damage.count == 12 for damage in log.damage)


def test_rewritten_clock_makes_two_logs():
    pair = {"code": 0x3B, "remaining": 50}
    records = [*ring(5), jk.record(SET + 20_000, **pair), jk.record(SET + 45_000, **pair), *ring(3, SET + 46_000)]
    before, after = decode(*jk.detail_log(records))
    assert [before.rows, after.rows] == [6, 4]
    assert after.clock.start == EPOCH_2020 + SET + 45_000
    assert before.texts("event")[-1] == after.texts("event")[0] == "clock-set"


def test_a_clock_set_by_seconds_stays_one_log():
    records = [*ring(3), jk.record(SET + 9000, code=0x3B), jk.record(SET + 8999, code=0x3B), *ring(2, SET + 10_000)]
    (log,) = decode(*jk.detail_log(records))
    assert log.rows == 7
    assert (np.diff(log.time) >= 0).all()
    assert any(damage.kind is DamageKind.CLOCK_STEP for damage in log.damage)


def test_a_clock_that_was_never_set_counts_from_the_start():
    set_, unset = decode(*jk.detail_log([*ring(3), *ring(3, 18_000)]))
    assert set_.clock.basis is ClockBasis.LOCAL
    assert unset.clock.basis is ClockBasis.BOOT
    assert unset.clock.start == 18_000
    _, factory = decode(*jk.detail_log([*ring(2), *ring(2, 186_451_200)]))
    assert factory.clock.basis is ClockBasis.NONE


def test_live_frames_tell_how_far_the_clock_of_the_bms_is_off():
    arrival = 1_700_000_000
    rtc = arrival - EPOCH_2020 - 3600
    frames = [jk.cell_info(rtc=rtc), *jk.detail_log(ring(2, rtc - 7202))]
    _, detail = decode(*frames, clock=UTC, step=0.0, start=arrival)
    assert detail.clock.basis is ClockBasis.UTC
    assert detail.clock.start == arrival - 7202


@pytest.mark.parametrize("code", range(1, 0xE8))
def test_every_event_is_found_by_its_own_words(code):
    event = event_of(code)
    if event.name != "other-event":
        found = code_of_text(event.text)
        assert found is not None
        assert event_of(found).text == event.text


# The old serial port.


def uart_fields(**changes):
    cells = b"".join(struct.pack(">BH", index + 1, 3700 + index) for index in range(4))
    fields = {
        0x79: bytes([len(cells)]) + cells,
        0x80: struct.pack(">H", 30),
        0x81: struct.pack(">H", 25),
        0x82: struct.pack(">H", 105),
        0x83: struct.pack(">H", 1481),
        0x84: struct.pack(">H", 1234),
        0x85: bytes([55]),
        0x8A: struct.pack(">H", 4),
        0x8B: struct.pack(">H", 0),
        0x8C: struct.pack(">H", 3),
        0x97: struct.pack(">H", 60),
        0xA5: struct.pack(">h", -20),
        0xC0: bytes([1]),
    }
    return {**fields, **{int(tag[1:], 16): value for tag, value in changes.items()}}


def uart(*frames):
    (log,) = JkUart().logs(jk.packets(*frames), NO_CLOCK, "test")
    return log


def test_uart_live_values():
    log = uart(jk.uart(uart_fields()))
    row = first(log)
    assert row["cell_voltages"] == [3.7, 3.701, 3.702, 3.703]
    assert row["pack_voltage"] == 14.81
    assert row["battery_current"] == 12.34
    assert row["soc"] == 0.55
    assert row["charge_fet"] is row["discharge_fet"] is True
    assert row["battery_temperatures"] == [25, -5]
    assert log.settings["discharge_current_limit"] == 60
    assert log.settings["charge_temperature_min"] == -20


def test_uart_charging_and_alarms():
    row = first(uart(jk.uart(uart_fields(t84=struct.pack(">H", 0x8000 | 500), t8B=struct.pack(">H", 1 << 6 | 1)))))
    assert row["battery_current"] == -5
    assert row["protections"] == ["discharge-overcurrent"]
    assert row["warnings"] == ["low-soc"]


def test_uart_sign_of_another_version_is_not_guessed():
    log = uart(jk.uart(uart_fields(tC0=bytes([0]))))
    assert not log.has("battery_current")
    assert first(log)["current (raw)"] == 1234
    assert any("sign of the current" in damage.message for damage in log.damage)


def test_uart_checksum():
    bad = bytearray(jk.uart(uart_fields()))
    bad[20] ^= 4
    assert JkUart().count(jk.packets(bytes(bad))) == 0
    log = uart(jk.uart(uart_fields()), bytes(bad))
    assert [damage.kind for damage in log.damage] == [DamageKind.CHECKSUM]


# Hostile bytes.

FRAMES = [
    jk.cell_info(),
    jk.cell_info(slots=24),
    jk.floats_info(),
    jk.settings(),
    jk.device_info(),
    jk.logbook([(1, 2)]),
]
FRAMES += [*jk.detail_log(ring(3)), jk.uart(uart_fields())]


def resealed(data: bytes) -> bytes:
    """The bytes with a correct sum, so that they are believed."""
    return data[:-1] + bytes([sum(data[:-1]) & 0xFF])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=400) | st.sampled_from(FRAMES), max_size=8), st.sampled_from([NO_CLOCK, UTC]))
def test_any_bytes_give_logs_or_nothing(pieces, clock):
    stream = [Packet(data, row, float(row)) for row, data in enumerate(pieces)]
    for protocol in (JkFrames(), JkUart(), JkBalancer()):
        logs = protocol.logs(stream, clock, "test")
        assert bool(logs) <= (protocol.count(stream) > 0)
        assert all((np.diff(log.time) >= 0).all() for log in logs)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([1, 2, 3, 5, 6, 9]), st.binary(min_size=293, max_size=293))
def test_any_content_with_a_correct_sum_is_decoded(kind, body):
    data = resealed(b"\x55\xaa\xeb\x90" + bytes([kind, 0]) + body + b"\0")
    for log in JkFrames().logs([Packet(data, 0, 1.0), Packet(data, 1, 2.0)], UTC, "test"):
        assert log.parser == "test"


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.integers(0, 255), st.binary(max_size=12), max_size=10))
def test_any_tags_with_a_correct_sum_are_decoded(fields):
    JkUart().logs([Packet(jk.uart(fields), 0, None)], NO_CLOCK, "test")


def test_a_bit_without_a_name_is_not_passed_over():
    row = first(decode(jk.cell_info(errors=1 << 30 | 1 << 13))[0])
    assert row["protections"] == ["discharge-overcurrent", "other"]
