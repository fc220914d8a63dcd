import zipfile
from datetime import UTC, datetime

import numpy as np
import pytest

from ridelog.clock import ClockBasis
from ridelog.damage import DamageKind
from ridelog.errors import UnrecognisedError
from ridelog.parsing import ReadOptions
from ridelog.reading import read as read_path
from ridelog.reading import read_source, recognise
from ridelog.sources import Source

from .wheel_files import (
    DARKNESSBOT_A,
    DARKNESSBOT_B,
    EUC_PLANET_1,
    EUC_PLANET_HEADERS,
    darknessbot_backup,
    darknessbot_file,
    euc_planet_file,
    ride,
)

#: Rows of real files of both programs, as published in the tests of a program that reads them.
DARKNESSBOT_ROWS = (
    "2025-05-30T20:17:22.000000,0.0,121.8,,8.7,1055.9,67.0,0.0,27.0,,,69.6545046,18.9190817,50.7\n"
    "2025-05-30T20:17:24.000000,19.4,121.7,,9.2,1122.6,67.0,0.011,27.0,,,69.6544136,18.919216,52.5\n"
)
EUC_PLANET_ROWS = (
    "01.06.2026 20:24:31.204,1.9,132.2,26.0,100,68.5,69.667394,18.924065,1653.4,5.4,-0.1,0.0,0.0,0.0,0.0\n"
    "01.06.2026 20:24:32.208,5.2,132.2,27.0,100,68.5,69.667393,18.924111,1653.4,5.2,0.2,1.8,0.3,0.1,0.2\n"
)


def read(data, path="ride.csv", **options):
    (log,) = read_source(Source(path, data), ReadOptions(**options))
    return log


def name_of(header):
    return recognise(Source("x.csv", f"{header}\n".encode()))[0].name


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (DARKNESSBOT_A, "darknessbot"),
        (DARKNESSBOT_B, "darknessbot"),
        (DARKNESSBOT_A.lower(), "darknessbot"),
        ("Date,Speed,Voltage,Temperature,Battery level,Altitude,Latitude,Longitude,Total mileage", "darknessbot"),
        *((header, "euc-planet") for header in EUC_PLANET_HEADERS.values()),
        (f"{EUC_PLANET_1},Current,PWM,G-Force,G-Force X,G-Force Y,TPMS kPa", "euc-planet"),
        (EUC_PLANET_1.lower(), "euc-planet"),
    ],
)
def test_exactly_one_of_the_two_says_yes(header, name):
    assert name_of(header) == name


def test_another_table_is_neither():
    with pytest.raises(UnrecognisedError):
        name_of("Date,Speed,Voltage")


@pytest.mark.parametrize("header", [DARKNESSBOT_A, DARKNESSBOT_B])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_both_dialects_of_darknessbot(header, sign):
    log = read(darknessbot_file(header, sign=sign), "/backup/187a3e9c56fc_27.03.2026.csv")
    moments = ride(interval=1.0)
    assert log.parser == "darknessbot"
    assert log.clock.basis is ClockBasis.LOCAL
    assert log.clock.start == pytest.approx(datetime(2024, 5, 24, 9, 35, 23, 15_000, UTC).timestamp(), abs=1e-5)
    assert np.allclose(log.time, [moment.seconds for moment in moments], atol=1e-5)
    assert np.allclose(log.values("battery_current"), [moment.current for moment in moments], atol=0.051)
    assert np.allclose(log.values("power"), [moment.power for moment in moments], atol=0.051)
    assert np.allclose(log.values("speed"), [moment.speed for moment in moments], atol=0.02)
    assert log.values("soc")[0] == pytest.approx(0.9)
    assert log.values("odometer")[0] == pytest.approx(1_653_400 + moments[0].distance, abs=1)
    assert log.identity.serial == "18:7A:3E:9C:56:FC"
    assert log.has("pwm") == (header == DARKNESSBOT_B)
    assert not log.has("pitch")


def test_a_mileage_that_starts_at_zero_is_the_trip():
    log = read(darknessbot_file(trip=True))
    assert not log.has("odometer")
    assert log.values("distance")[-1] == pytest.approx(ride(interval=1.0)[-1].distance, abs=1)


def test_rows_of_a_real_file_of_darknessbot():
    log = read(f"{DARKNESSBOT_A}\n{DARKNESSBOT_ROWS}".encode())
    assert log.time.tolist() == [0, 2]
    assert log.values("distance").tolist() == [0, 11]
    assert log.values("battery_current").tolist() == [8.7, 9.2]
    assert not log.has("pwm")


def test_a_backup_is_read_and_its_settings_file_named(tmp_path):
    path = tmp_path / "backup.dbb"
    path.write_bytes(darknessbot_backup())
    logs = read_path(str(path))
    assert [log.rows for log in logs] == [200, 200]
    assert [log.origin.member for log in logs] == ["187A3E9C56FC_27.03.2026.csv", "187A3E9C56FC_28.03.2026.csv"]
    assert {log.identity.serial for log in logs} == {"18:7A:3E:9C:56:FC"}
    assert any("settings.json" in found.message for found in logs[0].damage)


def test_an_archive_without_any_log_is_an_error(tmp_path):
    path = tmp_path / "backup.dbb"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("settings.json", "{}")
        archive.writestr("notes.txt", "nothing here")
    with pytest.raises(UnrecognisedError):
        read_path(str(path))


@pytest.mark.parametrize("version", EUC_PLANET_HEADERS)
def test_every_version_of_euc_planet(version):
    log = read(euc_planet_file(version))
    moments = ride(interval=1.0)
    assert log.parser == "euc-planet"
    assert np.allclose(log.time, [moment.seconds for moment in moments], atol=1e-5)
    assert np.allclose(log.values("pack_voltage"), [moment.voltage for moment in moments], atol=0.051)
    assert np.allclose(log.values("odometer"), [1_653_400 + moment.distance for moment in moments], atol=51)
    assert np.allclose(log.values("gps_speed"), [moment.speed + 0.5 / 3.6 for moment in moments], atol=0.02)
    assert "satellite" in log.table.schema.field("speed").metadata[b"conversion"].decode()
    assert log.has("battery_current") == (version >= 3)
    if version >= 3:
        assert log.values("acceleration_y")[0] == -0.2


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_ride_tells_the_sign_of_current_and_phase_current(sign):
    log = read(euc_planet_file(4, sign=sign))
    moments = ride(interval=1.0)
    assert np.allclose(log.values("battery_current"), [moment.current for moment in moments], atol=0.051)
    assert np.allclose(log.values("motor_current"), [2 * moment.current for moment in moments], atol=0.051)


def test_rows_without_a_fix_or_without_a_wheel():
    log = read(euc_planet_file(without_fix=10, without_wheel=5))
    assert np.isnan(log.values("latitude")[:10]).all()
    assert np.isfinite(log.values("latitude")[10:]).all()
    for channel in ("pack_voltage", "speed", "soc", "battery_current", "odometer", "pwm"):
        assert np.isnan(log.values(channel)[:5]).all(), channel
        assert np.isfinite(log.values(channel)[5:]).all(), channel
    assert np.isfinite(log.values("gps_speed")).all()
    (told,) = [found for found in log.damage if found.kind is DamageKind.IMPOSSIBLE_VALUE]
    assert told.count == 5
    assert told.rows == (2, 3, 4, 5, 6)


def test_notes_name_the_wheel_and_stay_events():
    extras = ["wheel.brand=InMotion", "wheel.model=InMotion V14 50GB", "wheel.mac=F4E02AB02A75", "", "trip.name=a, b"]
    data = euc_planet_file(4, extras=extras[:4])
    log = read(data)
    assert log.identity.family == "InMotion"
    assert log.identity.model == "InMotion V14 50GB"
    assert log.identity.serial == "F4:E0:2A:B0:2A:75"
    assert log.texts("event_text")[:4] == [*extras[:3], None]


def test_rows_of_a_real_file_of_euc_planet():
    log = read(f"{EUC_PLANET_HEADERS[3]}\n{EUC_PLANET_ROWS}".encode())
    assert log.time[1] == pytest.approx(1.004)
    assert log.values("odometer").tolist() == [1_653_400, 1_653_400]
    assert log.values("pwm").tolist() == pytest.approx([0, 0.018])
    assert log.source_of("soc") == "Battery level"
    assert any(found.kind is DamageKind.NOTE for found in log.damage)


def test_a_last_line_that_was_not_flushed():
    data = euc_planet_file(count=50)
    log = read(data[:-40])
    assert log.rows == 49
    assert any(found.kind is DamageKind.TRUNCATED_TAIL for found in log.damage)
