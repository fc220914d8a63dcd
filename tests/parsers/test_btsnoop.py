import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.errors import ParseError, RefusedError, RidelogError
from ridelog.parsers.bluetooth import rfcomm_data
from ridelog.parsers.btsnoop import Btsnoop
from ridelog.parsing import ReadOptions
from ridelog.reading import read_source
from ridelog.sources import Source

from . import bluetooth_bytes as bt
from .frames import jk_bytes as jk
from .frames.bms_frames import ant_old

ADDRESS = "C8:47:80:12:34:56"
OTHER = "C8:47:80:65:43:21"
NOON = 1_700_000_000.0


def read(packets, options=None, **header):
    return read_source(Source("btsnoop_hci.log", bt.btsnoop(packets, **header)), options)


def frames(count=3, step=0.5, start=NOON, **options):
    return [
        packet
        for index in range(count)
        for packet in bt.notifications(jk.cell_info(counter=index), seconds=start + step * index, **options)
    ]


def test_frames_in_notifications_with_the_clock_of_the_phone():
    (log,) = read([bt.le_connected(ADDRESS), *frames()])
    assert log.rows == 3
    assert log.clock.basis is ClockBasis.UTC
    assert log.clock.start == NOON
    assert log.time.tolist() == [0, 0.5, 1.0]
    assert log.identity.serial == ADDRESS
    assert log.damage == ()


@pytest.mark.parametrize("link", [bt.PLAIN, bt.H4, bt.MONITOR])
@pytest.mark.parametrize("most", [1000, 27, 5])
def test_every_data_link_and_fragment_size(link, most):
    value = bt.att(jk.cell_info(), seconds=NOON, most=most)
    (log,) = read([bt.le_connected(ADDRESS, enhanced=True), *value], link=link)
    assert log.rows == 1
    assert log.identity.serial == ADDRESS


def test_source_rows_are_byte_offsets():
    packets = [bt.le_connected(ADDRESS), *frames(1)]
    (log,) = read(packets)
    assert log.source_rows.tolist() == [len(bt.btsnoop(packets[:1]))]


def test_two_devices_are_two_logs():
    one, two = frames(2, handle=0x40), frames(3, handle=0x41)
    mixed = [packet for pair in zip(one, two, strict=False) for packet in pair] + two[len(one) :]
    logs = read([bt.le_connected(ADDRESS, 0x40), bt.le_connected(OTHER, 0x41), *mixed])
    assert {log.identity.serial: log.rows for log in logs} == {ADDRESS: 2, OTHER: 3}


def test_a_device_that_comes_back_under_another_handle_is_one_log():
    packets = [bt.le_connected(ADDRESS), *frames(2), bt.disconnected(), bt.le_connected(ADDRESS, 0x99)]
    (log,) = read([*packets, *frames(2, start=NOON + 60, handle=0x99)])
    assert log.rows == 4
    assert log.time[-1] == 60.5


def test_a_handle_given_to_another_device():
    packets = [bt.le_connected(ADDRESS), *frames(2), bt.disconnected(), bt.le_connected(OTHER), *frames(1)]
    assert [log.identity.serial for log in read(packets)] == [ADDRESS, OTHER]


def test_a_capture_that_begins_in_the_middle_of_a_connection():
    (log,) = read(frames(2))
    assert log.rows == 2
    assert log.identity.serial == ""


def test_values_of_another_characteristic_do_not_disturb():
    pieces = bt.notifications(jk.cell_info(), seconds=NOON)
    battery = bt.att(b"\x55", characteristic=0x30, seconds=NOON)
    (log,) = read([bt.le_connected(ADDRESS), *pieces[:4], *battery, *pieces[4:]])
    assert log.rows == 1
    assert log.damage == ()


def test_what_the_app_wrote_is_not_taken_for_an_answer():
    write = bt.att(jk.cell_info(), operation=bt.WRITE_COMMAND, seconds=NOON)
    (log,) = read([bt.le_connected(ADDRESS), *write, *frames(1)])
    assert log.rows == 1


def test_indications_count_as_answers():
    (log,) = read([bt.le_connected(ADDRESS), *bt.notifications(jk.cell_info(), operation=bt.INDICATE)])
    assert log.rows == 1


@pytest.mark.parametrize("credit", [None, 7])
def test_serial_stream_of_a_classic_link(credit):
    frame = ant_old()
    packets = [
        packet
        for at in range(0, len(frame), 90)
        for packet in bt.l2cap(0x41, bt.rfcomm(frame[at : at + 90], credit=credit), seconds=NOON)
    ]
    (log,) = read([bt.classic_connected(ADDRESS), *packets])
    assert log.identity.family == "ant"
    assert log.identity.serial == ADDRESS
    assert log.rows == 1


@given(st.binary(min_size=1, max_size=300), st.sampled_from([None, 0, 33]), st.integers(1, 30))
def test_serial_frames(data, credit, channel):
    frame = bt.rfcomm(data, channel=channel, credit=credit)
    assert rfcomm_data(frame) == data
    assert rfcomm_data(frame[:-1] + bytes([frame[-1] ^ 1])) == b""
    assert rfcomm_data(bt.rfcomm(data, channel=0)) == b""


def test_a_lost_fragment_is_told():
    pieces = bt.att(jk.cell_info(), seconds=NOON, most=100)
    (log,) = read([bt.le_connected(ADDRESS), *pieces[:1], *pieces[2:], *frames(2)])
    assert log.rows == 2
    assert any(damage.kind is DamageKind.FRAME_GAP for damage in log.damage)


def test_a_file_cut_off_keeps_what_is_whole():
    data = bt.btsnoop([bt.le_connected(ADDRESS), *frames(3)])
    (log,) = read_source(Source("x", data[:-30]))
    assert log.rows == 2
    assert {DamageKind.TRUNCATED_TAIL} == {damage.kind for damage in log.damage}


def test_the_answers_may_go_the_other_way():
    """A capture of an app that plays the BMS, or of a tool that mixes up the directions."""
    writes = [
        packet
        for index in range(2)
        for packet in bt.att(jk.cell_info(counter=index), operation=bt.WRITE_COMMAND, seconds=NOON + index)
    ]
    answers = bt.att(b"\0", seconds=NOON)
    (log,) = read([bt.le_connected(ADDRESS), *answers, *writes])
    assert log.rows == 2


def test_the_family_the_user_said_is_the_only_one_tried():
    packets = [bt.le_connected(ADDRESS), *frames(1)]
    assert read(packets, ReadOptions(bms="jk"))
    with pytest.raises(ParseError, match="daly"):
        read(packets, ReadOptions(bms="daly"))


def test_refusals_say_what_to_do():
    with pytest.raises(ParseError, match="correct checksum") as caught:
        read([bt.le_connected(ADDRESS), *bt.att(b"hello")])
    assert caught.value.advice
    with pytest.raises(ParseError, match="no data of a connected"):
        read([bt.le_connected(ADDRESS)])
    with pytest.raises(ParseError, match="version 2"):
        read([bt.le_connected(ADDRESS)], version=2)
    keep_alive = bytes.fromhex("5a5aff0000ff")
    with pytest.raises(RefusedError, match="only questions and commands"):
        read([bt.le_connected(ADDRESS), *bt.att(keep_alive)])


def test_only_the_magic_bytes_decide():
    assert Btsnoop().sniff(Source("btsnoop_hci.log", b"nothing of the kind")).rank == 0
    assert Btsnoop().sniff(Source("x.csv", bt.btsnoop([]))).rank == 2


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=600), st.sampled_from([bt.PLAIN, bt.H4, bt.MONITOR, 7]))
def test_any_bytes_behind_the_header(tail, link):
    try:
        logs = read_source(Source("x", bt.btsnoop(frames(1), link=link) + tail))
    except RidelogError:
        return
    assert all((np.diff(log.time) >= 0).all() for log in logs)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([bt.COMMAND, bt.ACL, bt.EVENT]), st.booleans(), st.floats(0, 2e9), st.binary(max_size=40)
        ),
        max_size=20,
    )
)
def test_any_packets(packets):
    with contextlib.suppress(RidelogError):
        read([bt.le_connected(ADDRESS), *packets, *frames(1)])
