"""Float Control, Floaty, Cardputer and the 2016 logger: rides of VESC boards, built line by line."""

import json
import zipfile

import numpy as np
import pytest

from ridelog.damage import DamageKind, Effect
from ridelog.errors import ParseError
from ridelog.log import Role
from ridelog.reading import read, read_source, recognise
from ridelog.sources import Source

from .board_files import CARDPUTER_HEADER, float_control, floaty_csv, floaty_json, vesc_logger_2016
from .tables import table


def read_one(data, name="ride.csv"):
    (log,) = read_source(Source(name, data))
    return log


class TestFloatControl:
    HEADER = (
        "Time(s),State,Distance(km),Speed(km/h),Duty%,ADC1,ADC2,Voltage,I-Battery,I-Motor,Requested Amps,Pitch,Roll,"
        "T-Mosfet,T-Mot,Motor-Fault,Ah,Wh,ERPM,Altitude(m),State(num),T-Batt,GPS-Lat,GPS-Long,GPS-Accuracy"
    )

    def row(self, time=0, state="RIDING", amps=-20, latitude=47.1, battery=0, duty="54%"):
        longitude = 8.5 if latitude else 0
        return (
            f"{time},{state},1.5,18,{duty},3.02,2.9,84.0,10,20,{amps},-2.1,1.1,32,33.6,0,0.5,21,1500,570,1,{battery},"
            f"{latitude},{longitude},9"
        ).split(",")

    def test_values_by_caption_in_canonical_units(self):
        log = read_one(table(self.HEADER, [self.row(i / 10) for i in range(20)]))
        assert (log.parser, log.role) == ("float-control", Role.CONTROLLER)
        assert log.values("duty")[0] == pytest.approx(0.54)
        assert log.values("speed")[0] == pytest.approx(5.0)
        assert log.values("distance")[0] == pytest.approx(1500)
        assert log.values("throttle_1")[0] == pytest.approx(3.02)
        assert log.values("throttle_2")[0] == pytest.approx(2.9)
        assert log.values("ride_state")[0] == 1
        assert log.texts("mode")[0] == "RIDING"
        assert log.identity.family == "vesc"
        assert str(log.clock.basis) == "none"
        assert log.clock.start is None

    def test_any_order_of_columns(self):
        names = self.HEADER.split(",")
        order = sorted(range(len(names)), key=lambda place: names[place])
        shuffled = table(
            ",".join(names[place] for place in order), [[self.row(i)[place] for place in order] for i in range(5)]
        )
        straight = read_one(table(self.HEADER, [self.row(i) for i in range(5)]))
        log = read_one(shuffled)
        for channel in straight.channels:
            if channel != "mode":
                np.testing.assert_array_equal(log.values(channel), straight.values(channel))

    def test_imperial(self):
        header = self.HEADER.replace("(km/h)", "(mph)").replace("(km)", "(mi)")
        log = read_one(table(header, [self.row(i) for i in range(3)]))
        assert log.values("speed")[0] == pytest.approx(18 * 0.44704)
        assert log.values("distance")[0] == pytest.approx(1.5 * 1609.344)
        assert log.values("altitude")[0] == 570  # always in m

    def test_the_requested_current_is_turned_where_it_runs_against_the_motor_current(self):
        turned = read_one(table(self.HEADER, [self.row(i, amps=-20) for i in range(5)]))
        straight = read_one(table(self.HEADER, [self.row(i, amps=20) for i in range(5)]))
        assert turned.values("requested_current")[0] == straight.values("requested_current")[0] == 20
        assert b"sign changed" in turned.table.schema.field("requested_current").metadata[b"conversion"]

    def test_states_nobody_knows_are_kept(self):
        log = read_one(table(self.HEADER, [self.row(0, "SOME_NEW_STATE"), self.row(1, "STOP Half")]))
        assert log.texts("mode") == ["SOME_NEW_STATE", "STOP Half"]

    def test_no_sensor_and_no_fix_are_null(self):
        log = read_one(table(self.HEADER, [self.row(0, latitude=0), self.row(1)]))
        assert np.isnan(log.values("latitude")[0])
        assert log.values("latitude")[1] == 47.1
        assert np.isnan(log.values("gps_accuracy")[0])
        assert not log.has("battery_temperature")
        assert any(found.kind is DamageKind.MISSING_SENSOR for found in log.damage)

    def test_columns_of_a_bms(self):
        header = self.HEADER + ",T-BMS,T-Battery,BMS-Fault"
        log = read_one(table(header, [[*self.row(i), "36.5", "29", str(2 * (i == 1))] for i in range(3)]))
        assert log.values("bms_temperature")[0] == 36.5
        assert log.values("battery_temperature")[0] == 29
        assert any("BMS-Fault 2" in found.message and found.rows == (3,) for found in log.damage)

    def test_newer_columns_with_text(self):
        log = read_one(table(self.HEADER + ",Alert,Heart Rate", [[*self.row(i), "Duty!", "120"] for i in range(3)]))
        assert log.texts("alert")[0] == "Duty!"
        assert log.to_polars().get_column("Heart Rate").to_list() == [120, 120, 120]

    def test_the_older_set_of_columns(self):
        header = "Time(s),Distance(km),Speed(km/h),Duty%,Voltage,I-Battery,I-Motor,Pitch,Roll,ATR-Target,Carve-Target"
        log = read_one(table(header, [[i / 10, 1, 18, "54%", 84, 10, 20, 1, 2, 0, 0] for i in range(3)]))
        assert log.parser == "float-control"
        assert log.has("speed", "pack_voltage")

    def test_a_row_without_a_time_is_told(self):
        data = table(self.HEADER, [self.row(0), self.row("I am not a number"), self.row(2)])
        log = read_one(data)
        assert log.source_rows.tolist() == [2, 4]
        assert any(found.effect is Effect.LOST and found.rows == (3,) for found in log.damage)

    def test_no_time_at_all_is_an_error_that_names_the_column(self):
        with pytest.raises(ParseError, match=r"Time\(s\)"):
            read_one(table(self.HEADER, [self.row("I am not a number")]))

    def test_a_shared_archive_with_what_macos_leaves_in_it(self, tmp_path):
        path = tmp_path / "ride.csv.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("__MACOSX/._ride.csv", b"\x00\x05\x16\x07" + b"\0" * 159)
            archive.writestr("ride.csv", float_control())
        (log,) = read(str(path))
        assert log.parser == "float-control"
        assert log.origin.member == "ride.csv"


class TestFloaty:
    def test_what_was_not_received_is_null(self):
        lines = floaty_csv().decode().splitlines()
        cells = lines[5].split(",")
        for name in ("speed", "dutyCycle", "batteryVolts", "batteryCurrent", "motorCurrent"):
            cells[lines[0].split(",").index(name)] = ""
        for name in ("motorTemp", "controllerTemp", "tripDistance"):
            cells[lines[0].split(",").index(name)] = "0"
        lines[5] = ",".join(cells)
        log = read_one("\n".join(lines).encode() + b"\n")
        for channel in ("pack_voltage", "motor_temperature", "fet_temperature", "distance"):
            assert np.isnan(log.values(channel)[4])
            assert np.isfinite(log.values(channel)[3])
        assert any(found.rows == (6,) for found in log.damage)

    def test_a_byte_order_mark_and_quotes(self):
        lines = floaty_csv().decode().splitlines()
        quoted = "\r\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in lines)
        log = read_one(b"\xef\xbb\xbf" + quoted.encode() + b"\r\n")
        plain = read_one(floaty_csv())
        assert log.parser == "floaty-csv"
        assert log.rows == plain.rows
        np.testing.assert_array_equal(log.values("battery_current"), plain.values("battery_current"))

    def test_stamps_are_utc_and_fractions_stay_fractions(self):
        log = read_one(floaty_csv())
        assert log.clock.start == 1_726_479_000
        assert set(log.values("soc")) == {0.92}
        assert set(log.values("duty")) == {0.43}
        assert log.values("speed")[0] == pytest.approx(15.5 / 3.6)
        assert log.values("odometer")[0] == pytest.approx(592_200)

    def test_several_sessions_are_told(self):
        lines = floaty_csv().replace(b"11111111-", b"99999999-", 10).splitlines()
        assert any("2 sessions" in found.message for found in read_one(b"\n".join(lines) + b"\n").damage)

    def test_json_gives_the_same_as_csv(self):
        log, same = read_one(floaty_json(), "ride.json"), read_one(floaty_csv())
        assert log.parser == "floaty-json"
        for channel in ("pack_voltage", "battery_current", "speed", "soc", "throttle_1"):
            np.testing.assert_allclose(log.values(channel), same.values(channel))
        assert log.identity.serial.startswith("66666666")
        assert log.source_rows[0] == 1

    def test_a_location_is_held_until_the_next_one(self):
        ride = json.loads(floaty_json())
        ride["locations"] = [ride["locations"][0], dict(ride["locations"][1], latitude=48.0)]
        log = read_one(json.dumps(ride).encode())
        assert log.values("latitude")[9] == 47.1
        assert log.values("latitude")[12] == 48.0

    @pytest.mark.parametrize("logs", [[], None, "x", [1, 2]])
    def test_a_ride_without_records_is_an_error(self, logs):
        ride = json.loads(floaty_json())
        ride["logs"] = logs
        with pytest.raises(ParseError, match="logs"):
            read_one(json.dumps(ride).encode())

    @pytest.mark.parametrize(
        "tail", [b"", b"," * 3, b"[" * 100_000, b'{"a":' * 5000, b'"batteryVolts": ' + b"9" * 5000 + b"}"]
    )
    def test_hostile_json_is_an_error(self, tail):
        with pytest.raises(ParseError):
            read_one(b'{"boardId":"x","startTime":1,"stopReason":1,"logs":[' + tail)


class TestCardputer:
    def test_the_first_version(self):
        log = read_one(
            table(CARDPUTER_HEADER, [[83 * i, 17.94, 2324, 81.6, 10, 25, 23.9, 37.2, 32, 0.1, 3] for i in range(5)])
        )
        assert log.parser == "cardputer"
        assert str(log.clock.basis) == "boot"
        np.testing.assert_allclose(log.time[:3], [0, 0.083, 0.166])
        assert log.values("duty")[0] == pytest.approx(0.239)
        assert log.values("speed")[0] == pytest.approx(17.94 / 3.6)

    def test_a_later_version_with_a_bms(self):
        header = (
            f"{CARDPUTER_HEADER},fault,batt_pct,bms_v_tot,bms_i_in,cell_min,cell_max,cell_delta_mV,"
            "cell_01,cell_02,cell_03,cell_04,bms_temp_01,bms_temp_02,val_age_ms"
        )
        rows = [
            [
                *(83 * i, 18, 2324, 14.8, 10, 25, 23.9, 37, 32, 0.1, 3, 0, 81, 14.8 - 0.02 * (i % 3), 5 * (i % 3)),
                *(3.69, 3.71, 20, 3.7, 0, 3.71, 0, 24, 0, 900 if i > 40 else 20),
            ]
            for i in range(60)
        ]
        controller, bms = read_source(Source("x.csv", table(header, rows)))
        assert (controller.role, bms.role) == (Role.CONTROLLER, Role.BMS)
        np.testing.assert_array_equal(bms.matrix("cell_voltages")[0], [3.7, np.nan, 3.71])
        assert bms.values("battery_current").max() == 10
        assert bms.values("cell_voltage_delta")[0] == pytest.approx(0.02)
        assert controller.values("soc")[0] == pytest.approx(0.81)
        (stale,) = [found for found in controller.damage if found.kind is DamageKind.STALE_BLOCK]
        assert stale.count == 19


def test_the_2016_logger_tells_of_a_line_that_stops():
    data = vesc_logger_2016()
    log = read_one(data + b'{"t": 99, "inpVo')
    assert log.parser == "vesc-logger-2016"
    assert log.values("duty")[0] == pytest.approx(0.41)
    assert any(found.kind is DamageKind.TRUNCATED_TAIL for found in log.damage)
    again = read_one(data.replace(b'{"t"', b'{"new key": 7, "t"'))
    assert again.to_polars().get_column("new key").to_list()[0] == 7


@pytest.mark.parametrize("data", [float_control(), floaty_csv(), floaty_json(), vesc_logger_2016()])
def test_windows_line_ends_change_nothing(data):
    parser, _ = recognise(Source("x", data))
    again = data.replace(b"\n", b"\r\n")
    assert recognise(Source("x", again))[0] is parser
    assert read_one(again).rows == read_one(data).rows
