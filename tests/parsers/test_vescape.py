"""VESCAPE recordings: packets put together from pieces of radio traffic. The frames are real ones, shortened to a few."""

import base64
import json

import numpy as np
import pytest

from ridelog.damage import DamageKind
from ridelog.errors import ParseError
from ridelog.log import Role
from ridelog.reading import read_source
from ridelog.sources import Source

from .board_files import vesc_packet

#: Compact replies of a balance package (82.0 V, 2162 ERPM, 2.3 m/s, 14.7 A motor, 1.8 A battery, 17 % duty).
ALL_DATA = "AiokZQoCAJkAAgAAIXGjAIKAgICCgP/7gAM0CHIAFwCTABKRAERzj28KQgCosgM="
FIRMWARE = "AiQABgVUaG9yMzAxAD0ANQAHRzQ0MDg5NwAAAAEBAAEAALK4Jo0aVQM="
#: One reply of a BMS with 16 cells in five pieces.
BMS = (
    "AlpgA7ygoAAAAAD/qgkC/6oJAgA=",
    "AAGQAABiDhAPTA9QD0wPTg9QD0Y=",
    "D1MPSg9bD1QPSQ9WD04PTQ9JD0k=",
    "AAAAAAAAAAAAAAAAAAAAAAIJkgk=",
    "zgooCWAQBAns0fcKc0ID",
)
META = {
    "t": 0,
    "kind": "meta",
    "version": 1,
    "deviceName": "Thor301",
    "deviceId": "A1:B2",
    "startedAt": 1_785_767_349_604,
}


def recording(*lines):
    return "".join(json.dumps(line) + "\n" for line in (META, *lines)).encode()


def chunk(time, piece, direction="rx"):
    return {"t": time, "kind": "ble-chunk", "direction": direction, "base64": piece}


def read(*lines):
    return read_source(Source("ride.jsonl", recording(*lines)))


def test_a_compact_reply():
    (log,) = read(chunk(1345, ALL_DATA), chunk(1530, FIRMWARE), chunk(1673, ALL_DATA))
    assert log.parser == "vescape"
    assert log.rows == 2
    expected = {
        "pack_voltage": 82.0,
        "erpm": 2162,
        "speed": 2.3,
        "motor_current": 14.7,
        "battery_current": 1.8,
        "duty": 0.17,
        "requested_current": 15.3,
        "pitch": -0.5,
        "roll": 0,
        "setpoint": 0.4,
        "throttle_1": 3.26,
        "throttle_2": 0,
        "ride_state": 1,
        "fault_code": 0,
        "motor_temperature": 33.0,
    }
    for channel, value in expected.items():
        assert log.values(channel)[0] == pytest.approx(value), channel
    assert log.values("distance_absolute")[0] == pytest.approx(974.24, abs=0.01)
    assert log.clock.start == pytest.approx(1_785_767_350.949)
    assert (log.identity.hardware, log.identity.firmware, log.identity.serial) == ("Thor301", "6.05", "A1:B2")
    assert log.source_rows.tolist() == [2, 4]


def test_a_cell_of_the_bms_that_reads_nothing_keeps_its_index():
    stream = b"".join(base64.b64decode(piece) for piece in BMS)
    payload = bytearray(stream[2 if stream[0] == 2 else 3 : -3])
    whole = read(chunk(250, base64.b64encode(vesc_packet(bytes(payload))).decode()))[0].matrix("cell_voltages")
    payload[26 + 2 * 4 : 26 + 2 * 5] = b"\0\0"
    cells = read(chunk(250, base64.b64encode(vesc_packet(bytes(payload))).decode()))[0].matrix("cell_voltages")
    assert cells.shape == whole.shape
    assert np.isnan(cells[0]).tolist() == [cell == 4 for cell in range(16)]
    np.testing.assert_array_equal(np.delete(cells, 4), np.delete(whole, 4))


def test_a_bms_reply_in_pieces():
    (log,) = read(*(chunk(250, piece) for piece in BMS))
    assert log.role is Role.BMS
    cells = [
        3.916,
        3.92,
        3.916,
        3.918,
        3.92,
        3.91,
        3.923,
        3.914,
        3.931,
        3.924,
        3.913,
        3.926,
        3.918,
        3.917,
        3.913,
        3.913,
    ]
    np.testing.assert_allclose(log.matrix("cell_voltages")[0], cells)
    np.testing.assert_allclose(log.matrix("battery_temperatures")[0], [24.5, 25.1])
    assert log.values("pack_voltage")[0] == pytest.approx(62.693536)
    assert log.values("humidity")[0] == pytest.approx(0.41)
    assert log.values("soc")[0] == pytest.approx(0xD1 / 255)
    assert any("does not show" in found.message for found in log.damage)


def test_pieces_may_be_cut_anywhere():
    stream = b"".join(base64.b64decode(piece) for piece in (ALL_DATA, *BMS, ALL_DATA))
    for width in (1, 7, 20, 500):
        pieces = [stream[at : at + width] for at in range(0, len(stream), width)]
        logs = read(*(chunk(10 * index, base64.b64encode(piece).decode()) for index, piece in enumerate(pieces)))
        assert [log.role for log in logs] == [Role.CONTROLLER, Role.BMS]
        assert [log.rows for log in logs] == [2, 1]


def test_a_fault_marker_is_a_row_of_its_own():
    marker = base64.b64encode(vesc_packet(bytes((36, 101, 10, 69, 4)))).decode()
    (log,) = read(chunk(10, ALL_DATA), chunk(60, marker), chunk(110, ALL_DATA))
    assert log.values("fault_code").tolist() == [0, 4, 0]
    assert np.isnan(log.values("pack_voltage")[1])


def test_a_reply_forwarded_over_the_bus():
    payload = base64.b64decode(ALL_DATA)[2:-3]
    wrapped = base64.b64encode(vesc_packet(bytes((34, 98)) + payload)).decode()
    (log,) = read(chunk(10, wrapped))
    assert log.values("pack_voltage")[0] == 82.0


def test_wrong_checksums_and_what_was_sent_are_left_out():
    broken = bytearray(base64.b64decode(ALL_DATA))
    broken[10] ^= 1
    (log,) = read(chunk(10, ALL_DATA), chunk(20, base64.b64encode(broken).decode()), chunk(30, ALL_DATA, "tx"))
    assert log.rows == 1
    assert any(found.kind is DamageKind.CHECKSUM for found in log.damage)


def test_locations_are_held_and_events_kept():
    place = {"t": 100, "kind": "location", "latitude": 51.13, "longitude": 16.99, "speedMps": 1.09, "altitudeM": 206}
    controller, events = read(
        {"t": 1, "kind": "session-state", "status": "recording-started"},
        chunk(50, ALL_DATA),
        place,
        chunk(150, ALL_DATA),
        {"t": 200, "kind": "marker", "type": "auto_pause"},
    )
    np.testing.assert_array_equal(controller.values("latitude"), [np.nan, 51.13])
    assert controller.values("gps_speed")[1] == 1.09
    assert events.role is Role.EVENTS
    assert events.texts("event_text") == ["recording-started", "auto_pause"]


def test_a_recording_without_telemetry_is_an_error():
    with pytest.raises(ParseError, match="telemetry"):
        read({"t": 1, "kind": "session-state", "status": "connecting"})


def test_a_line_that_stops_is_told():
    data = recording(chunk(10, ALL_DATA)) + b'{"t":2260,"kind":"ble-ch'
    (log,) = read_source(Source("x", data))
    assert any(found.kind is DamageKind.TRUNCATED_TAIL for found in log.damage)
