import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.errors import RidelogError
from ridelog.parsers.hex_lines import read_hex_lines, read_stamp
from ridelog.parsers.hexdump import HexDump
from ridelog.parsing import ReadOptions
from ridelog.reading import read_source
from ridelog.sources import Source

from .bms_files import jbd_hex_dump
from .frames import jk_bytes as jk
from .frames.bms_frames import ant_old, daly_poll

FRAME = jk.cell_info(cells=[3700, 3710, 3690], milliamps=-5000)
ASK = bytes.fromhex("aa5590eb96000000000000000000000000000010")


def pieces(data, size):
    return [data[at : at + size] for at in range(0, len(data), size)]


def read(text, options=None):
    source = Source("dump.txt", text.encode() if isinstance(text, str) else text)
    assert HexDump().sniff(source).rank == 2
    (log,) = read_source(source, options)
    assert log.parser == "hex-dump"
    assert log.matrix("cell_voltages")[0].tolist() == [3.7, 3.71, 3.69]
    return log


def xxd(data):
    lines = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        groups = " ".join(row[index : index + 2].hex() for index in range(0, len(row), 2))
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{at:08x}: {groups:<39}  {shown}")
    return "\n".join(lines)


def canonical(data):
    lines = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{at:08x}  {row[:8].hex(' ')}  {row[8:].hex(' '):<23}  |{shown}|")
    return "\n".join(lines)


NOTATIONS = {
    "blanks": lambda data: data.hex(" ").upper(),
    "colons": lambda data: data.hex(":"),
    "dots": lambda data: data.hex(".").upper() + f" ({len(data)})",
    "dashes": lambda data: "(0x) " + data.hex("-").upper(),
    "joined": lambda data: data.hex(),
    "joined with 0x": lambda data: "0x" + data.hex(),
    "words": lambda data: " ".join(f"0x{byte:02X}" for byte in data),
    "array": lambda data: "static const uint8_t FRAME[] = {" + ", ".join(f"0x{byte:02x}" for byte in data) + "};",
    "commas": lambda data: data.hex(","),
    "groups of four": lambda data: f"<{data.hex(' ', -4)}>",
    "python": lambda data: f"data: {bytearray(data)!r}",
    "python bytes": lambda data: repr(data),
    "xxd": xxd,
    "hexdump -C": canonical,
}


@pytest.mark.parametrize("notation", NOTATIONS)
def test_notations(notation):
    log = read(NOTATIONS[notation](FRAME) + "\n")
    assert log.rows == 1
    assert log.clock.basis is ClockBasis.NONE
    assert log.source_rows.tolist() == [1]


@pytest.mark.parametrize("notation", ["blanks", "colons", "dots", "dashes", "joined", "words", "python bytes"])
@pytest.mark.parametrize("size", [20, 128, 7])
def test_a_frame_over_several_lines(notation, size):
    lines = [
        f"[21:03:1{index % 10}] Notification: {NOTATIONS[notation](piece)}"
        for index, piece in enumerate(pieces(FRAME, size))
    ]
    assert read("\n".join(lines)).rows == 1


def test_a_logger_that_prints_the_pieces_and_then_the_whole():
    lines = [f"[21:03:11.1{index}0] Notification: {piece.hex('.')}" for index, piece in enumerate(pieces(FRAME, 128))]
    log = read("\n".join([*lines, f"[21:03:11.140] Cell info frame (300 bytes): {FRAME.hex('.')}"]))
    assert log.rows == 1
    assert [damage.kind for damage in log.damage] == [DamageKind.DUPLICATE_ROW]


def test_an_array_over_several_lines():
    body = ",\n  ".join(", ".join(f"0x{byte:02X}" for byte in piece) for piece in pieces(FRAME, 12))
    assert read("uint8_t frame[300] = {\n  " + body + "\n};\n").rows == 1


STAMPS = {
    "[21:03:11]": (ClockBasis.TIME_OF_DAY, 75_791),
    "[21:03:11.250][VV][jk_bms_ble:221]:": (ClockBasis.TIME_OF_DAY, 75_791.25),
    "05/13/2024 09:03:11 PM": (ClockBasis.TIME_OF_DAY, 75_791),
    "[13.05.2024 21:03:11.25]": (ClockBasis.TIME_OF_DAY, 75_791.25),
    "21:03:11,250": (ClockBasis.TIME_OF_DAY, 75_791.25),
    "2023-11-14 22:13:20": (ClockBasis.LOCAL, 1_700_000_000),
    "2023/11/14 22:13:20.5 DEBUG": (ClockBasis.LOCAL, 1_700_000_000.5),
    "2023-11-14T22:13:20Z": (ClockBasis.UTC, 1_700_000_000),
    "2023-11-15T00:13:20.500+02:00": (ClockBasis.UTC, 1_700_000_000.5),
    "1700000000.25": (ClockBasis.UTC, 1_700_000_000.25),
    "(1700000000250)": (ClockBasis.UTC, 1_700_000_000.25),
}


@pytest.mark.parametrize("stamp", STAMPS)
@pytest.mark.parametrize("notation", ["blanks", "colons", "joined"])
def test_stamps(stamp, notation):
    basis, seconds = STAMPS[stamp]
    log = read(f"{stamp} <<< {NOTATIONS[notation](FRAME)}\n")
    assert log.clock.basis is basis
    assert log.clock.start == pytest.approx(seconds)


@pytest.mark.parametrize("stamp", STAMPS)
def test_a_stamp_on_a_line_of_its_own(stamp):
    log = read(f"{stamp}\n{FRAME.hex(' ')}\n")
    assert log.clock.basis is STAMPS[stamp][0]
    assert log.rows == 1


def test_midnight_and_the_zone_of_the_user():
    lines = [
        f"[{stamp}] {jk.cell_info(cells=[3700, 3710, 3690], counter=index).hex(' ')}"
        for index, stamp in enumerate(("23:59:59", "00:00:01"))
    ]
    assert read("\n".join(lines)).time.tolist() == [0, 2]
    log = read("2023-11-14 22:13:20 " + FRAME.hex(" "), ReadOptions(zone="Europe/Berlin"))
    assert log.clock.zone == "Europe/Berlin"


@pytest.mark.parametrize(
    "marks", [(">>>", "<<<"), ("TX:", "RX:"), ("Send", "Received"), ("write", "notify"), ("sent", "recv")]
)
def test_directions(marks):
    out, back = marks
    log = read(f"{out} {ASK.hex(' ')}\n{back} {FRAME.hex(' ')}\n{out} {FRAME.hex(' ')}\n")
    assert log.source_rows.tolist() == [2]


def test_prose_and_decoded_values_around_the_bytes():
    text = (
        "# 3S pack, JK\n\nPress any key 1234\nMAC C8:47:80:03:D2:09\n[sensor:127]: 'total voltage': 11.10000 V\n"
        f"[17:06:44.820][D][uart_debug:113]: <<< {FRAME.hex(':').upper()}\n[17:06:45.000] done (300)\n"
    )
    log = read(text)
    assert log.source_rows.tolist() == [6]
    assert log.damage == ()


def test_lines_without_a_stamp_take_the_one_before():
    parts = pieces(FRAME, 100)
    log = read(f"[10:00:00] RX {parts[0].hex(' ')}\n{parts[1].hex(' ')}\n{parts[2].hex(' ')}\n")
    assert log.clock.start == 36_000
    assert log.damage == ()


def test_byte_order_mark_and_windows_lines():
    assert (
        read(b"\xef\xbb\xbf" + "\r\n".join(FRAME[at : at + 30].hex(" ") for at in range(0, 300, 30)).encode()).rows == 1
    )


def test_a_frame_with_a_wrong_checksum_is_counted():
    bad = bytearray(FRAME)
    bad[100] ^= 1
    log = read(FRAME.hex(" ") + "\n" + bytes(bad).hex(" ") + "\n")
    assert [damage.kind for damage in log.damage] == [DamageKind.CHECKSUM]
    assert log.damage[0].rows == (2,)


def test_frames_of_two_families_in_one_text():
    logs = read_source(Source("x", (FRAME.hex(" ") + "\n" + ant_old().hex(" ")).encode()))
    assert [log.identity.family for log in logs] == ["jk", "ant"]


@pytest.mark.parametrize(
    "text",
    [
        b"ms_today;input_voltage;temp_mos_max\n0;50.1;30\n",
        b"55 AA EB 90 01 02\n",
        b'{"frame_hex": "55aaeb90"}',
        b"PK\x03\x04\0\0",
        b"deadbeef deadbeef\n" * 20,
        b"",
    ],
)
def test_other_files_are_not_taken(text):
    assert HexDump().sniff(Source("hexdump.txt", text)).rank == 0


def test_dates_and_addresses_are_no_bytes():
    for line in (
        "2024-11-22",
        "2024-11-22 17:06:44",
        "21:03:11.250",
        "device C8:47:80:03:D2:09",
        "price 12.50",
        "1700000000",
    ):
        assert read_hex_lines(line) == [], line


def test_impossible_stamps_are_none():
    assert read_stamp("2024-13-45 10:00:00 ")[0] is None
    assert read_stamp("99:99:99 ")[0] is None


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text(text):
    for line in read_hex_lines(text):
        assert line.data
    with contextlib.suppress(RidelogError):
        read_source(Source("x", (FRAME.hex() + "\n" + text).encode("utf-8", "surrogatepass")))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "55",
                "AA",
                "0x",
                " ",
                ":",
                ".",
                "-",
                ",",
                "b'",
                "\\x",
                "'",
                "[",
                "]",
                "12:00:00",
                "<<<",
                "\n",
                "00000000: ",
            ]
        ),
        max_size=60,
    )
)
def test_any_pieces_of_notation(parts):
    read_hex_lines("".join(parts))


@pytest.mark.parametrize("piece", ["55", "55 ", "0x55 ", "55:", "a", "0x", "b'", "\\x55", "(", "12:"])
def test_a_long_line_takes_no_time(piece):
    read_hex_lines(piece * (400_000 // len(piece)))


@pytest.mark.parametrize(
    "form",
    [
        "2024-06-30 19:{minute:02d}:{second:02d}.357 DEBUG [plugins.jbd_bms] (PACK-{name}) Rx BLE data (start): {data!r}",
        "2024-06-30 19:{minute:02d}:{second:02d}.357 DEBUG [plugins.jbd_bms] PACK-{name}: RX BLE data (start): {data!r}",
        "[19:{minute:02d}:{second:02d}][VV][jbd_bms_ble:085]: [A4:C1:38:00:00:0{name}] Notification received: {pretty}",
    ],
)
def test_boards_that_the_lines_name_are_kept_apart(form):
    frames = [line.data for line in read_hex_lines(jbd_hex_dump().decode())]
    lines = []
    for place, frame in enumerate(frames * 2):
        for name in "12":
            second = 4 * place + int(name)
            pretty = ".".join(f"{byte:02X}" for byte in frame)
            lines.append(
                form.format(minute=second // 60, second=second % 60, name=name, data=bytearray(frame), pretty=pretty)
            )
    logs = read_source(Source("two.log", "\n".join(lines).encode()))
    alone = read_source(Source("one.log", "\n".join(lines[::2]).encode()))
    assert len(logs) == 2
    assert logs[0].identity.serial != logs[1].identity.serial
    assert [log.rows for log in logs] == [alone[0].rows] * 2


def test_only_the_first_byte_of_a_line_is_marked():
    lines = [
        f"18:40:52.{300 + place} -> data: 0x{piece[:1].hex().upper()} {piece[1:].hex(' ').upper()} Notify of length {len(piece)}"
        for place, piece in enumerate(pieces(FRAME, 20))
    ]
    read("\n".join(lines))


@pytest.mark.parametrize(
    "form",
    [
        lambda name, data: f"can0 {name}#{data.hex().upper()}",
        lambda name, data: f"can0  {name}   [8]  {data.hex(' ').upper()}",
        lambda name, data: f"0x{name} 8 {data.hex(' ')}",
    ],
    ids=["log", "screen", "terminal"],
)
def test_messages_of_a_can_recorder(form):
    """The bytes of a Daly BMS are the same on both lines; what the host asks for and other nodes are passed over."""
    cells = [3700 + 5 * place for place in range(13)]
    lines = []
    for second in range(3):
        for frame in daly_poll(cells=cells):
            command = f"{frame[2]:02X}"
            ask, other = form(f"18{command}0140", bytes(8)), form("0CF00400", bytes(8))
            message = form(f"18{command}4001", frame[4:12])
            lines += [f"({1_700_000_000 + second}.000100) {line}" for line in (ask, message, other)]
    source = Source("candump.log", "\n".join(lines).encode())
    (log,) = read_source(source)
    assert (log.parser, log.clock.basis, log.clock.start) == ("hex-dump", ClockBasis.UTC, 1_700_000_000.0001)
    assert log.rows == 3
    assert log.matrix("cell_voltages")[0].tolist() == [cell / 1000 for cell in cells]
    assert set(log.values("pack_voltage")) == {48.1}
    assert not [damage for damage in log.damage if damage.kind is DamageKind.CHECKSUM]
