"""What a JK keeps itself: the logbook, and the ring of the detail log with its clock."""

import numpy as np
import pytest

from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.log import Role
from ridelog.parsers.frames.jk_codes import event_of
from ridelog.parsers.frames.jk_events_in_words import code_of_text

from . import jk_bytes as jk
from .jk_reading import UTC, decode

EPOCH_2020 = 1_577_836_800


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
        jk.record(jk.SET, current=-123, flags=0b0011),
        jk.record(jk.SET + 3601, code=0x21, flags=0b0001, current=-900, cells=(3500, 3100), temperatures=(40, -5, -1)),
    ]
    (log,) = decode(*jk.detail_log(records))
    assert log.role is Role.BMS
    assert log.clock.basis is ClockBasis.LOCAL
    assert log.clock.start == EPOCH_2020 + jk.SET
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


def test_ring_read_twice_is_one_log():
    records = jk.ring(40)
    logs = decode(*jk.detail_log(records[:30]), *jk.detail_log(records[5:]))
    assert [log.rows for log in logs] == [40]
    assert (np.diff(logs[0].time) == 3601).all()
    assert any(damage.kind is DamageKind.DUPLICATE_ROW and damage.count == 25 for damage in logs[0].damage)


def test_what_one_reading_lost_the_other_has():
    records = jk.ring(60)
    one, other = jk.detail_log(records), jk.detail_log(records)
    (log,) = decode(*one[:1], *one[3:], *other[:2], *other[3:])
    assert log.rows == 48
    assert (np.diff(log.time) > 0).all()
    assert any(damage.kind is DamageKind.FRAME_GAP and damage.count == 12 for damage in log.damage)


def test_rewritten_clock_makes_two_logs():
    pair = {"code": 0x3B, "remaining": 50}
    records = [
        *jk.ring(5),
        jk.record(jk.SET + 20_000, **pair),
        jk.record(jk.SET + 45_000, **pair),
        *jk.ring(3, jk.SET + 46_000),
    ]
    before, after = decode(*jk.detail_log(records))
    assert [before.rows, after.rows] == [6, 4]
    assert after.clock.start == EPOCH_2020 + jk.SET + 45_000
    assert before.texts("event")[-1] == after.texts("event")[0] == "clock-set"


def test_a_clock_set_by_seconds_stays_one_log():
    records = [
        *jk.ring(3),
        jk.record(jk.SET + 9000, code=0x3B),
        jk.record(jk.SET + 8999, code=0x3B),
        *jk.ring(2, jk.SET + 10_000),
    ]
    (log,) = decode(*jk.detail_log(records))
    assert log.rows == 7
    assert (np.diff(log.time) >= 0).all()
    assert any(damage.kind is DamageKind.CLOCK_STEP for damage in log.damage)


def test_a_clock_that_was_never_set_counts_from_the_start():
    set_, unset = decode(*jk.detail_log([*jk.ring(3), *jk.ring(3, 18_000)]))
    assert set_.clock.basis is ClockBasis.LOCAL
    assert unset.clock.basis is ClockBasis.BOOT
    assert unset.clock.start == 18_000
    _, factory = decode(*jk.detail_log([*jk.ring(2), *jk.ring(2, 186_451_200)]))
    assert factory.clock.basis is ClockBasis.NONE


def test_live_frames_tell_how_far_the_clock_of_the_bms_is_off():
    arrival = 1_700_000_000
    rtc = arrival - EPOCH_2020 - 3600
    frames = [jk.cell_info(rtc=rtc), *jk.detail_log(jk.ring(2, rtc - 7202))]
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
