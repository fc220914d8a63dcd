import contextlib
import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.errors import RidelogError
from ridelog.log import Role
from ridelog.parsers.frame_lines import FrameLines
from ridelog.parsers.raw_frames import RawFrames
from ridelog.parsing import ReadOptions
from ridelog.reading import read_source
from ridelog.sources import Source

from .frames import jk_bytes as jk
from .frames.bms_frames import ant_old

FRAME = jk.cell_info()


def read(value, options=None):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    source = Source("frames.json", data)
    assert FrameLines().sniff(source).rank == 2
    return read_source(source, options)


def lines(*rows):
    return "\n".join(json.dumps(row) for row in rows).encode() + b"\n"


@pytest.mark.parametrize("key", ["frame_hex", "hex", "data", "raw", "payload", "frame"])
def test_one_frame_a_line(key):
    (log,) = read(lines({key: FRAME.hex()}, {key: jk.cell_info(counter=1).hex(" ").upper()}))
    assert log.source_rows.tolist() == [1, 2]
    assert log.clock.basis is ClockBasis.NONE


@pytest.mark.parametrize(
    ("key", "value", "basis", "seconds"),
    [
        ("ts_utc", "2023-11-14T22:13:20.500+00:00", ClockBasis.UTC, 1_700_000_000.5),
        ("timestamp", "2023-11-14 22:13:20", ClockBasis.LOCAL, 1_700_000_000),
        ("ts", 1_700_000_000.25, ClockBasis.UTC, 1_700_000_000.25),
        ("time", 1_700_000_000_250, ClockBasis.UTC, 1_700_000_000.25),
        ("t", 1_700_000_000_250_000, ClockBasis.UTC, 1_700_000_000.25),
        ("ts", 1_700_000_000_250_000_000, ClockBasis.UTC, 1_700_000_000.25),
        ("t", 12.5, ClockBasis.BOOT, 12.5),
    ],
)
def test_stamps(key, value, basis, seconds):
    (log,) = read(lines({key: value, "frame_hex": FRAME.hex()}))
    assert log.clock.basis is basis
    assert log.clock.start == pytest.approx(seconds)


def test_devices_and_sources_are_logs_of_their_own():
    rows = [
        {"device": "A", "hex": FRAME.hex()},
        {"device": "B", "hex": jk.cell_info(cells=[3300] * 4).hex()},
        {"device": "A", "hex": jk.cell_info(counter=1).hex()},
        {"source": {"file": "x"}, "hex": FRAME.hex()},
        {"source": {"file": "y"}, "hex": ant_old().hex()},
    ]
    logs = read(lines(*rows))
    assert [(log.identity.serial, log.rows) for log in logs] == [("A", 2), ("B", 1), ("", 1), ("", 1)]
    assert logs[3].identity.family == "ant"


def test_notifications_of_a_frame_on_several_lines():
    rows = [{"t": index, "data": FRAME[at : at + 20].hex()} for index, at in enumerate(range(0, 300, 20))]
    (log,) = read(lines(*rows[:1], *rows[1:], {"frame_hex": FRAME.hex()}))
    assert log.rows == 2


def test_lists_of_numbers_and_what_the_host_sent():
    rows = [{"direction": "tx", "bytes": list(jk.cell_info(counter=9))}, {"direction": "rx", "bytes": list(FRAME)}]
    (log,) = read(lines(*rows))
    assert log.source_rows.tolist() == [2]


def test_a_document_with_lists_of_frames():
    ring = [struct.pack("<I", 200_000_000 + 3601 * index) + jk.record(0)[4:] for index in range(30)]
    document = {
        "note": "two readings",
        "deviceKey": "jk:1",
        "earlier": {"observedAt": 1_785_570_540_000, "frames": [page.hex() for page in jk.detail_log(ring[:24])]},
        "later": {"observedAt": 1_785_582_840_000, "frames": [page.hex() for page in jk.detail_log(ring[6:])]},
    }
    logs = read(json.dumps(document, indent=1).encode())
    assert [log.rows for log in logs] == [24, 24]
    assert all(log.identity.serial == "jk:1" for log in logs)
    assert logs[0].source_rows.min() == 7


@pytest.mark.parametrize(
    ("zone", "offset"),
    [
        ("Europe/Zagreb", "+01:00"),
        ("America/New_York", "-05:00"),
        ("Asia/Kolkata", "+05:30"),
        ("Nowhere/None", ""),
        ("", ""),
    ],
)
def test_the_own_clock_of_a_bms_is_in_standard_time(zone, offset):
    pages = jk.detail_log([jk.record(200_000_000)])
    (log,) = read({"frames": [page.hex() for page in pages]}, ReadOptions(zone=zone))
    assert log.clock.basis is ClockBasis.LOCAL
    assert log.clock.zone == offset


def test_a_bare_list_and_one_object():
    (log,) = read([FRAME.hex(), jk.cell_info(counter=1).hex()])
    assert log.rows == 2
    (log,) = read({"someHex": FRAME.hex(), "settingsHex": jk.settings().hex()})
    assert log.settings["discharge_current_limit"] == 60


def test_hashes_are_no_frames():
    row = {"frame_hex": FRAME.hex(), "sha256": "ab" * 32, "source": {"commit": "ab" * 20}}
    (log,) = read(lines(row))
    assert log.damage == ()


def test_broken_lines_and_bad_frames_are_told():
    data = lines({"hex": FRAME.hex()}) + b'{"hex": "55aa\n' + lines({"hex": FRAME[:-1].hex() + "00"})
    (log,) = read(data)
    assert {damage.kind for damage in log.damage} == {DamageKind.BROKEN_ROW, DamageKind.CHECKSUM}
    assert {damage.rows for damage in log.damage} == {(2,), (3,)}


def test_a_record_without_a_stamp_takes_the_one_before():
    rows = [{"ts": 1_700_000_000, "hex": FRAME.hex()}, {"hex": jk.cell_info(counter=1).hex()}]
    (log,) = read(lines(*rows))
    assert log.time.tolist() == [0, 0]


def test_a_document_longer_than_the_head_is_recognised():
    document = {"note": "x" * 1000, "frames": [jk.cell_info(counter=index % 256).hex() for index in range(200)]}
    (log,) = read(json.dumps(document, indent=1).encode())
    assert log.rows == 200


def test_the_family_the_user_said():
    (log,) = read(lines({"hex": FRAME.hex()}, {"hex": ant_old().hex()}), ReadOptions(bms="ant"))
    assert log.identity.family == "ant"


@pytest.mark.parametrize("data", [b'{"hex": "55aaeb90"}', b"[1, 2, 3]", b'{"deep": ' + b"[" * 5000, b"55aaeb90", b"{}"])
def test_other_json_is_not_taken(data):
    assert FrameLines().sniff(Source("frames.jsonl", data)).rank == 0


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([FRAME.hex(), "55aa"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["hex", "ts", "device", "source", "frames", "t", "dir", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(json_values)
def test_any_json_with_a_frame_in_it(value):
    try:
        logs = read(json.dumps({"hex": FRAME.hex()}).encode() + b"\n" + json.dumps(value).encode())
    except RidelogError:
        return
    assert all((np.diff(log.time) >= 0).all() for log in logs)


# Bytes as they were sent.


def read_raw(data):
    source = Source("capture.bin", data)
    assert RawFrames().sniff(source).rank == 2
    return read_source(source)


def test_raw_frames():
    (log,) = read_raw(b"\x01\x02" + FRAME + jk.ACKNOWLEDGEMENT + jk.cell_info(counter=1))
    assert log.rows == 2
    assert log.source_rows.tolist() == [2, 322]
    (log,) = read_raw(jk.settings())
    assert log.role is Role.CONFIG


def test_a_large_raw_capture():
    frames = b"".join(jk.cell_info(counter=index) for index in range(1500))
    (log,) = read_raw(frames)
    assert log.rows == 1500
    assert log.source_rows[-1] == 300 * 1499


@pytest.mark.parametrize(
    "data", [b"text only", b"PK\x03\x04" + FRAME, b"\0" * 3000 + FRAME, b"\x89PNG\r\n\x1a\n" + b"\0" * 100]
)
def test_other_binary_files_are_not_taken(data):
    assert RawFrames().sniff(Source("x.bin", data)).rank == 0


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=500), st.binary(max_size=500))
def test_any_bytes_around_a_frame(before, after):
    with contextlib.suppress(RidelogError):
        read_source(Source("x", b"\x00" + before + FRAME + after))
