"""VESC Monitor, Metr, FreeSK8 and pOnewheel: rides of electric skateboards and Onewheels, built line by line."""

import json

import numpy as np
import pytest

from ridelog.damage import DamageKind
from ridelog.errors import ParseError
from ridelog.log import Role
from ridelog.parsing import ReadOptions
from ridelog.reading import read_source
from ridelog.sources import Source

from .board_files import ackmaniac, freesk8, metr, ponewheel, ponewheel_with_cells
from .tables import table


def read(data, **options):
    return read_source(Source("ride.csv", data), ReadOptions(**options))


def read_one(data, **options):
    (log,) = read(data, **options)
    return log


class TestVescMonitor:
    HEADER = (
        "Time,TempPcb,MotorCurrent,BatteryCurrent,DutyCycle,Speed,InpVoltage,AmpHours,AmpHoursCharged,WattHours,"
        "WattHoursCharged,Distance,Power,Fault,TimePassedInMs,Latitude,Longitude,Altitude,GPSSpeed"
    )

    def ride(
        self, settings, speed, gps=0.0, track=0.0, per_second=0.0, fault="0", stamp="22_01_2018_22_{:02d}_{:02d}.500"
    ):
        """40 s; speeds as written, `track` in m/s along the meridian, `per_second` what the distance counts."""
        rows = []
        for index in range(40):
            latitude = 47.1 + track * index / 111_195 if track else 0
            rows.append(
                [
                    stamp.format(43 + index // 60, index % 60),
                    *(31, 12, 5, 50.5, speed, 41, 0.1, 0, 4, 0, per_second * index, 205, fault, 1000 * index),
                    *(latitude, 8.5 if track else 0, 30, gps),
                ]
            )
        return table(f"{settings}\n{self.HEADER}" if settings else self.HEADER, rows)

    def test_settings_units_and_clock(self):
        log = read_one(self.ride("//Speed_Unit=0,Motor_Poles=14", 36.0), zone="Europe/Berlin")
        assert log.parser == "ackmaniac"
        assert log.settings["motor_poles"] == 14
        assert log.values("speed")[0] == pytest.approx(10)
        assert log.values("duty")[0] == pytest.approx(0.505)
        assert log.clock.start == 1_516_660_980.5
        assert (str(log.clock.basis), log.clock.zone) == ("local", "Europe/Berlin")
        assert log.derived("power")

    def test_without_the_line_of_settings_and_with_a_short_year(self):
        log = read_one(self.ride("", 36.0, stamp="22_01_18_22_{:02d}_{:02d}.500"))
        assert log.clock.start == 1_516_660_980.5

    def test_miles_as_set(self):
        assert read_one(self.ride("//Speed_Unit=1", 20.0)).values("speed")[0] == pytest.approx(20 * 0.44704)

    def test_the_satellite_speed_left_in_kilometres_is_told_apart_from_the_wheel_speed(self):
        metres = 10.0
        data = self.ride("//Speed_Unit=1", metres / 0.44704, gps=metres * 3.6, track=metres)
        log = read_one(data)
        np.testing.assert_allclose(log.values("speed")[5:], metres, rtol=0.02)
        np.testing.assert_allclose(log.values("gps_speed")[5:], metres, rtol=0.02)

    def test_a_setting_that_the_positions_contradict_is_told(self):
        data = self.ride("//Speed_Unit=1", 36.0, gps=36.0, track=10.0)
        log = read_one(data)
        assert log.values("speed")[5] == pytest.approx(10)
        assert any(found.kind is DamageKind.WRONG_SETTING for found in log.damage)

    @pytest.mark.parametrize(("per_second", "metres"), [(0.010, 10.0), (10.0 / 1609.344, 10.0)])
    def test_the_distance_by_what_the_speed_adds_up_to(self, per_second, metres):
        log = read_one(self.ride("//Speed_Unit=0", 36.0, per_second=per_second))
        np.testing.assert_allclose(np.diff(log.values("distance")), metres, rtol=0.01)

    def test_faults_as_numbers_or_names(self):
        assert read_one(self.ride("//Speed_Unit=0", 36.0, fault="4")).values("fault_code")[0] == 4
        named = read_one(self.ride("//Speed_Unit=0", 36.0, fault="FAULT_CODE_ABS_OVER_CURRENT"))
        assert named.texts("fault_name")[0] == "ABS_OVER_CURRENT"

    def test_before_there_was_a_speed(self):
        data = ackmaniac().replace(b"Speed,InpVoltage", b"Rpm,InpVoltage")
        log = read_one(data)
        assert log.has("erpm")
        assert not log.has("speed")


class TestMetr:
    def test_lists_become_channels(self):
        log = read_one(metr())
        assert log.parser == "metr-json"
        assert log.clock.start == 1_526_903_103
        assert log.values("duty")[0] == pytest.approx(0.455)
        np.testing.assert_allclose(log.time[:3], [0, 0.2, 0.4])
        assert log.identity.firmware == "3.40"
        assert any("2 controllers" in found.message for found in log.damage)

    def test_a_list_of_another_length_is_told(self):
        ride = json.loads(metr())
        ride["rpm"] = ride["rpm"][:10]
        log = read_one(json.dumps(ride).encode())
        assert np.isnan(log.values("erpm")[10:]).all()
        assert any("rpm" in found.message for found in log.damage)

    @pytest.mark.parametrize("elapsed", [[], None, "x", ["a", None, True]])
    def test_without_samples(self, elapsed):
        ride = json.loads(metr())
        ride["elapsed"] = elapsed
        with pytest.raises(ParseError):
            read_one(json.dumps(ride).encode())


class TestFreeSk8:
    HEAD = (
        "header,format_esc,esc_id,voltage,motor_temp,esc_temp,duty_cycle,motor_current,battery_current,watt_hours,"
        "watt_hours_regen,e_rpm,e_distance,fault,speed_kph,distance_km\n"
        "header,format_gps,satellites,altitude,speed_kph,latitude,longitude\n"
        "header,format_err,fault_name,fault_code,esc_id\nheader,gear_ratio,2.5\nheader,wheel_diameter_mm,90\n"
        "header,motor_poles,14\nheader,esc_hz,4\n"
    )

    def esc(self, second, esc=12, volts=41.2, fault=0, date="2021-06-01T10:00"):
        return f"{date}:{second:02d},esc,{esc},{volts},35,40.1,0.455,15,6,20.1,0.4,9000,100,{fault},36,0.5\n"

    def test_each_controller_is_a_log(self):
        text = self.HEAD + "".join(self.esc(i // 4, 12 + i % 2, 40 + i % 2) for i in range(16))
        first, second = read(text.encode())
        assert [log.values("controller_id")[0] for log in (first, second)] == [12, 13]
        assert set(first.values("pack_voltage")) == {40}
        assert set(second.values("pack_voltage")) == {41}
        assert first.settings == {"gear_ratio": 2.5, "wheel_diameter": pytest.approx(0.09), "motor_poles": 14}
        assert first.values("speed")[0] == pytest.approx(10)
        assert first.values("distance")[0] == pytest.approx(500)

    def test_rows_within_a_second_are_spread_by_the_rate(self):
        log = read_one((self.HEAD + "".join(self.esc(i // 4) for i in range(9))).encode())
        np.testing.assert_allclose(log.time, [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2])
        assert log.clock.resolution_s == 1.0
        assert log.clock.start == 1_622_541_600
        assert str(log.clock.basis) == "utc"

    def test_records_a_little_out_of_order_are_sorted_and_told(self):
        text = self.HEAD + self.esc(1, volts=1) + self.esc(3, volts=3) + self.esc(2, volts=2) + self.esc(4, volts=4)
        log = read_one(text.encode())
        assert log.values("pack_voltage").tolist() == [1, 2, 3, 4]
        assert any(found.kind is DamageKind.CLOCK_STEP for found in log.damage)

    def test_a_clock_that_was_set_on_the_way(self):
        text = self.HEAD + "".join(self.esc(i, date="1970-01-01T00:00") for i in range(3))
        text += "".join(self.esc(i) for i in range(3))
        log = read_one(text.encode())
        np.testing.assert_allclose(log.time, [0, 1, 2, 3, 4, 5])
        assert log.clock.start == 1_622_541_597
        assert any("not set" in found.message for found in log.damage)

    def test_a_clock_that_was_never_set(self):
        log = read_one((self.HEAD + "".join(self.esc(i, date="1970-01-01T00:00") for i in range(3))).encode())
        assert str(log.clock.basis) == "boot"

    def test_fixes_are_held_and_those_without_a_date_are_not_used(self):
        text = self.HEAD + "1970-01-01T00:00:01,gps,0,1,1,9,9\n2021-06-01T10:00:00,gps,7,20,-5.4,52.1,13.2\n"
        text += "".join(self.esc(i) for i in range(12))
        log = read_one(text.encode())
        assert log.values("latitude")[3] == 52.1
        assert np.isnan(log.values("latitude")[10])
        assert log.values("gps_speed")[0] == pytest.approx(1.5)

    def test_error_records_become_events(self):
        text = (
            self.HEAD
            + self.esc(0)
            + self.esc(1, fault=4)
            + "2021-06-01T10:00:01,err,FAULT_CODE_ABS_OVER_CURRENT,4,12\n"
        )
        controller, events = read(text.encode())
        assert controller.values("fault_code").tolist() == [0, 4]
        assert events.role is Role.EVENTS
        assert events.texts("fault_name") == ["ABS_OVER_CURRENT"]
        assert events.values("controller_id")[0] == 12

    def test_the_older_version(self):
        text = (
            "2020-01-01T10:00:00,values,50.0,30,31,0.5,10.0,5.0,1000,20,11\n"
            "2020-01-01T10:00:00,position,52.0,13.0,7,30.1,36\n"
            "2020-01-01T10:00:01,values,50.1,30,31,0.5,10.0,5.0,1000,20,11\n"
        )
        log = read_one(text.encode())
        assert log.parser == "freesk8"
        assert log.values("pack_voltage").tolist() == [50.0, 50.1]
        assert log.values("erpm")[0] == 1000
        assert log.values("latitude")[0] == 52
        assert log.values("gps_speed")[0] == pytest.approx(10)

    def test_the_version_without_speed_and_distance(self):
        data = freesk8().replace(b",speed_kph,distance_km\n", b"\n")
        data = b"\n".join(line.rsplit(b",", 2)[0] if b",esc," in line else line for line in data.splitlines())
        log = read_one(data + b"\n")
        assert log.has("pack_voltage", "erpm")
        assert not log.has("speed")

    def test_broken_lines_are_told_and_the_rest_is_kept(self):
        text = (
            self.HEAD + self.esc(0) + "2021-06-01T10:00:01,esc,12,xx,1,2,3,4,5,6,7,8,9,10\n" + self.esc(2) + "2021-06"
        )
        log = read_one(text.encode())
        assert log.source_rows.tolist() == [8, 10]
        (broken,) = [found for found in log.damage if found.kind is DamageKind.BROKEN_ROW]
        assert broken.rows == (9, 11)

    def test_nothing_but_fixes_is_an_error(self):
        with pytest.raises(ParseError, match="controller"):
            read((self.HEAD + "2021-06-01T10:00:00,gps,7,20,5,52,13\n").encode())


class TestPOnewheel:
    HEADER = "time,battery,battery_cells,battery_voltage,controller_temp,current_amps,odometer,rider_detected,speed,speed_rpm"
    CELLS = "3.95,3.94,--,3.92\n3.95,3.94,3.93,3.92\n3.95,3.94,3.93,3.92\n3.95,3.94,3.93,3.92"

    def rows(self, cells, count=8, metric=True, flag="true", comma=False):
        speed = 18 if metric else 11
        warm = "27.50" if metric else "81.50"
        odometer = "1.25"
        if comma:
            warm, odometer = warm.replace(".", ","), odometer.replace(".", ",")
        return "".join(
            f"{1_526_903_103_000 + 500 * i},95,{cells},60.1,{warm},1.50,{odometer},{flag},{speed},327\n"
            for i in range(count)
        )

    @pytest.mark.parametrize("cells", [f'"{CELLS}"', CELLS])
    def test_cells_with_line_breaks_quoted_or_not(self, cells):
        log, bms = read((self.HEADER + "\n" + self.rows(cells)).encode())
        assert log.parser == "ponewheel"
        assert log.rows == 8
        assert log.source_rows[:2].tolist() == [2, 6]
        assert not log.has("cell_voltages") and not log.has("soc")
        assert (bms.role, bms.clock.start) == (Role.BMS, log.clock.start)
        # Nothing changes in the eight rows of 3.5 s: one a second.
        assert bms.source_rows.tolist() == [2, 10, 18, 26]
        matrix = bms.matrix("cell_voltages")
        assert matrix.shape == (4, 16)
        assert np.isnan(matrix[0, 2])
        assert matrix[0, 3] == 3.92
        assert bms.values("soc") == pytest.approx([0.95] * 4)

    def test_a_row_in_which_a_cell_changes_is_one_of_the_bms(self):
        lists = [" ".join(["3.950"] * 15 + [last]) for last in ("3.950", "3.950", "3.940", "0.000", "--")]
        text = f"{self.HEADER},battery_temp\n" + "".join(
            f'{1_526_903_103_000 + 100 * i},95,"{cells}",60.1,27.5,1.5,1.2,true,18,327,81.5\n'
            for i, cells in enumerate(lists)
        )
        log, bms = read(text.encode())
        assert log.rows == 5
        assert bms.source_rows.tolist() == [2, 4, 5]
        assert bms.matrix("cell_voltages")[:, 15].tolist()[:2] == [3.95, 3.94]
        assert np.isnan(bms.matrix("cell_voltages")[2]).tolist() == [False] * 15 + [True]
        assert bms.values("battery_temperature").tolist() == [81.5] * 3
        assert any("Cell 16 was not read" in found.message for found in bms.damage)

    def test_imperial_rides_have_a_battery_in_fahrenheit(self):
        text = f"{self.HEADER},battery_temp\n" + "".join(
            f'{1_526_903_103_000 + 1000 * i},95,"{" ".join(["3.950"] * 16)}",60.1,81.5,1.5,1.2,true,11,327,68\n'
            for i in range(8)
        )
        log, bms = read(text.encode())
        assert bms.values("battery_temperature")[0] == pytest.approx(20.0)
        assert log.values("controller_temperature")[0] == pytest.approx(27.5)

    def test_the_unit_system_by_the_revolutions_of_the_tyre(self):
        metric = read_one((self.HEADER + "\n" + self.rows("--")).encode())
        imperial = read_one((self.HEADER + "\n" + self.rows("--", metric=False)).encode())
        assert metric.values("speed")[0] == pytest.approx(5.0)
        assert imperial.values("speed")[0] == pytest.approx(11 * 0.44704)
        for log in (metric, imperial):
            assert log.values("controller_temperature")[0] == pytest.approx(27.5)
        assert metric.values("distance")[0] == pytest.approx(1250)
        assert imperial.values("distance")[0] == pytest.approx(1.25 * 1609.344)

    def test_without_revolutions_or_positions_the_units_are_left_open(self):
        log = read_one(
            b"time,battery_voltage,current_amps,trip_amps,speed\n1526903103000,60,1,2,18\n1526903104000,60,1,2,18\n"
        )
        assert not log.has("speed")
        assert any("metric" in found.message for found in log.damage)

    def test_a_decimal_comma_of_the_phone(self):
        log = read_one((self.HEADER + "\n" + self.rows("--", comma=True)).encode())
        assert log.rows == 8
        assert log.values("controller_temperature")[0] == pytest.approx(27.5)
        assert log.values("distance")[0] == pytest.approx(1250)

    def test_a_shifted_row_keeps_its_time_and_position_only(self):
        header = "time,battery_voltage,current_amps,rider_detected,speed_rpm,gps_lat,gps_long"
        text = f"{header}\n1526903103000,60.1,1.5,true,300,37.10,-122.20\n1526903103500,1.5,true,300,37.11,-122.21\n"
        log = read_one(text.encode())
        assert log.values("latitude").tolist() == [37.10, 37.11]
        assert np.isnan(log.values("pack_voltage")[1])
        assert np.isnan(log.values("battery_current")[1])
        (broken,) = [found for found in log.damage if found.kind is DamageKind.BROKEN_ROW]
        assert broken.rows == (3,)

    def test_a_row_of_the_right_length_with_a_flag_in_the_wrong_place_is_shifted_too(self):
        text = (
            self.HEADER
            + "\n"
            + self.rows("--", count=3)
            + self.rows("--", count=1, flag="12.5").replace("903103", "903109")
        )
        log = read_one(text.encode())
        assert np.isnan(log.values("pack_voltage")[3])

    def test_the_older_direct_logger(self):
        text = (
            "time,speed,battery_voltage,current_amps,speed_rpm\n"
            "2017-05-04T10:00:00.000-0700,10,58.1,3.2,300,LOC=(-122.1,37.2)\n"
            "2017-05-04T10:00:01.000-0700,10,58.1,null,300\n"
        )
        log = read_one(text.encode())
        assert (str(log.clock.basis), log.clock.start) == ("utc", 1_493_917_200)
        assert log.values("latitude")[0] == 37.2
        assert log.values("longitude")[0] == -122.1
        assert np.isnan(log.values("battery_current")[1])

    def test_angles_are_raw_values(self):
        text = "time,tilt_angle_pitch,tilt_angle_roll,speed_rpm,battery_voltage\n1526903103000,1850,1790,0,58\n"
        log = read_one(text.encode())
        assert log.values("pitch")[0] == pytest.approx(5.0)
        assert log.values("roll")[0] == pytest.approx(1.0)

    def test_the_plain_sample(self):
        assert read_one(ponewheel()).has("speed", "battery_current", "soc", "latitude")


def test_cells_of_ponewheel_need_no_other_column_of_the_battery():
    data = ponewheel_with_cells().replace(b",battery,", b",charge_shown,")
    board = next(log for log in read(data) if log.role is Role.BMS)
    assert board.matrix("cell_voltages").shape[1] == 16
