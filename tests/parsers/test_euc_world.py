from datetime import UTC, datetime

import numpy as np
import pytest

from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.errors import ParseError, RefusedError
from ridelog.parsing import ReadOptions
from ridelog.reading import read_source, recognise
from ridelog.sources import Source

from .wheel_files import (
    EUC_WORLD_2,
    EUC_WORLD_264,
    GPX_FILE,
    euc_world_2019_file,
    euc_world_file,
    euc_world_xlsx_file,
    ride,
)

#: Two rows of a real file of EUC World 2.x, as published by a program that imports them.
REAL_ROWS = (
    "2023-05-19T15:56:24.869+0200,0,0,0.000,1441.403,0.00,0.00,0.00,0.00,30.00,66.50,-0.09,,-6,95,30,,,99,80,,,0,,0,"
    "2023-05-19T15:56:24.000+0200,0,0,0.000,55.3195459,11.9658043,0.00,0.00,0.00,0.00,48.3,,9,,manufacturer=Google\n"
    "2023-05-19T15:56:25.032+0200,0,0,0.000,1441.403,0.00,0.00,0.00,0.00,30.00,66.49,-0.09,,-6,95,30,,,99,80,,,0,,0,"
    "2023-05-19T15:56:24.000+0200,0,0,0.000,55.3195460,11.9658050,0.00,0.00,0.00,0.00,48.3,,9,,brand=google\n"
)


def read(data, path="ride.csv", **options):
    (log,) = read_source(Source(path, data), ReadOptions(**options))
    return log


@pytest.mark.parametrize("header", [EUC_WORLD_2, EUC_WORLD_264])
def test_canonical_units(header):
    log = read(euc_world_file(header))
    moments = ride()
    assert log.parser == "euc-world"
    assert log.rows == len(moments)
    assert np.allclose(log.time, [moment.seconds for moment in moments], atol=1e-6)
    assert np.allclose(log.values("battery_current"), [moment.current for moment in moments])
    assert np.allclose(log.values("pwm"), [(100 - round(60 - moment.current)) / 100 for moment in moments])
    assert np.allclose(log.values("distance"), [moment.distance for moment in moments], atol=0.51)
    assert np.allclose(log.values("odometer"), [1_441_403 + moment.distance for moment in moments], atol=0.51)
    assert log.values("motor_temperature")[0] == 45.5
    assert not log.has("motor_current")
    assert not log.has("battery_temperature")


def test_stamps_become_utc():
    log = read(euc_world_file(offset="+0530"))
    assert log.clock.basis is ClockBasis.UTC
    assert log.clock.zone == "+05:30"
    assert log.clock.start == pytest.approx(datetime(2024, 5, 24, 4, 5, 23, 15_000, UTC).timestamp(), abs=1e-6)
    west = read(euc_world_file(offset="-0330"))
    assert west.clock.zone == "-03:30"


def test_a_change_of_the_offset_is_no_step_of_the_clock():
    lines = euc_world_file(count=60).decode().splitlines()
    for index in range(31, 61):
        lines[index] = lines[index].replace("T09:", "T08:").replace("+0200", "+0100")
    log = read(("\n".join(lines) + "\n").encode())
    assert np.allclose(np.diff(log.time), 0.2, atol=1e-6)


def test_rows_without_a_new_fix_have_no_position():
    log = read(euc_world_file())
    located = np.isfinite(log.values("latitude"))
    assert located.tolist() == [index % 5 == 0 for index in range(200)]
    assert log.values("gps_time")[0] == datetime(2024, 5, 24, 7, 35, 23, tzinfo=UTC).timestamp()
    assert log.values("gps_accuracy")[0] == 9
    assert not [found for found in log.damage if found.kind is DamageKind.BROKEN_ROW]


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_ride_tells_the_sign(sign):
    log = read(euc_world_file(sign=sign))
    moments = ride()
    assert np.allclose(log.values("battery_current"), [moment.current for moment in moments])
    assert np.allclose(log.values("power"), [moment.power for moment in moments], atol=0.51)
    conversion = log.table.schema.field("battery_current").metadata[b"conversion"].decode()
    assert ("changed" in conversion) == (sign < 0)


def test_identity_is_in_the_notes():
    extras = ["manufacturer=Google", "euc.make=Veteran", "euc.model=Sherman L", "euc.firmware=6.0.10"]
    extras += ["euc.btAddress=11:22:33:44:55:66", "info.appVersionName=2.64.3", "nonsense", "=", "euc.type="]
    identity = read(euc_world_file(extras=extras)).identity
    assert identity.family == "Veteran"
    assert identity.model == "Sherman L"
    assert identity.firmware == "6.0.10"
    assert identity.serial == "11:22:33:44:55:66"
    assert identity.software == "EUC World 2.64.3"


def test_rows_of_a_real_file():
    log = read(f"{EUC_WORLD_2}\n{REAL_ROWS}".encode())
    assert log.rows == 2
    assert log.values("battery_current").tolist() == [-0.09, -0.09]
    assert log.values("pwm").tolist() == pytest.approx([0.01, 0.01])
    assert log.values("soc").tolist() == pytest.approx([0.95, 0.95])
    assert log.values("odometer").tolist() == [1_441_403, 1_441_403]
    assert log.time[1] == pytest.approx(0.163)
    assert log.identity.family == ""
    assert any(found.kind is DamageKind.NOTE for found in log.damage)
    assert log.table.column("extra").to_pylist() == ["manufacturer=Google", "brand=google"]


@pytest.mark.parametrize("kilometres", [False, True])
def test_the_layout_of_2019(kilometres):
    log = read(euc_world_2019_file(kilometres=kilometres))
    moments = ride()
    assert np.allclose(log.values("distance"), [moment.distance for moment in moments], atol=0.51)
    assert np.allclose(log.values("odometer"), [1_441_403 + moment.distance for moment in moments], atol=0.51)
    assert np.allclose(log.values("battery_current"), [moment.current for moment in moments])
    assert log.values("watt_hours_used")[-1] == pytest.approx(1.99)
    assert log.has("controller_temperature", "processor_temperature", "pitch", "roll", "mode")


def test_cut_off_in_the_middle_of_a_row():
    data = euc_world_file(count=50)
    log = read(data[:-60])
    assert log.rows == 49
    assert any(found.kind is DamageKind.TRUNCATED_TAIL for found in log.damage)


def test_a_header_alone_is_an_error():
    with pytest.raises(ParseError):
        read(f"{EUC_WORLD_264}\n".encode())


@pytest.mark.parametrize("stamps_as_text", [False, True])
def test_the_spreadsheet(stamps_as_text):
    log = read(euc_world_xlsx_file(stamps_as_text=stamps_as_text), "trip.xlsx")
    moments = ride(60, interval=1.0)
    assert log.parser == "euc-world-xlsx"
    assert log.clock.basis is ClockBasis.LOCAL
    assert log.clock.start == pytest.approx(datetime(2024, 5, 24, 9, 35, 23, tzinfo=UTC).timestamp(), abs=1e-3)
    assert np.allclose(log.time, [moment.seconds for moment in moments], atol=1e-3)
    assert np.allclose(log.values("speed"), [moment.speed for moment in moments], atol=0.002)
    assert np.allclose(log.values("battery_current"), [moment.current for moment in moments])
    assert log.values("soc")[0] == pytest.approx(0.9)
    assert log.values("latitude")[0] == 55.3195459
    assert log.source_rows[0] == 2
    assert log.source_of("speed") == "Speed [km/h]"
    assert "Heart rate [bpm]" in log.table.column_names


def test_a_damaged_spreadsheet_is_an_error():
    data = bytearray(euc_world_xlsx_file())
    source = Source("trip.xlsx", bytes(data))
    parser, _ = recognise(source)
    start = data.index(b"xl/worksheets/sheet1.xml")
    data[start + 60 : start + 160] = bytes(100)
    with pytest.raises(ParseError):
        parser.parse(Source("trip.xlsx", bytes(data)), ReadOptions())


def test_a_track_is_refused_with_advice():
    with pytest.raises(RefusedError) as caught:
        read(GPX_FILE, "ride.gpx")
    assert "CSV" in caught.value.advice
