"""The general reader, through its public face: what a stranger's table becomes, and what is refused or asked."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridelog.damage import DamageKind, Effect
from ridelog.errors import MappingNeededError, ParseError, RefusedError, RidelogError, UnrecognisedError, UsageError
from ridelog.log import Role
from ridelog.parsers.table import Table
from ridelog.parsing import ReadOptions
from ridelog.reading import read_source, recognise
from ridelog.sources import Source

from . import table_files as files
from .table_files import COUNT, load, ride, voltage, workbook


def read(data, name="strange.csv", **options):
    return read_source(Source(name, data), ReadOptions(**options))


def read_one(data, name="strange.csv", **options):
    (log,) = read(data, name, **options)
    assert log.parser == "table"
    return log


def loads(count=COUNT):
    return np.array([load(index) for index in range(count)])


class TestLanguages:
    def test_german_with_decimal_commas_in_windows_1252(self):
        log = read_one(files.german())
        assert log.role is Role.CONTROLLER
        assert log.rows == COUNT
        np.testing.assert_allclose(log.time, np.arange(COUNT) * 0.5)
        np.testing.assert_allclose(log.values("battery_current"), loads(), atol=0.01)
        np.testing.assert_allclose(log.values("pack_voltage")[:2], [round(voltage(0), 2), round(voltage(1), 2)])
        np.testing.assert_allclose(log.values("speed"), 6.25)
        assert set(log.values("motor_temperature")) == {41.5}

    @pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
    def test_chinese_with_cells_in_any_encoding(self, encoding):
        log = read_one(files.chinese(encoding))
        assert log.role is Role.BMS
        assert log.rows == COUNT
        np.testing.assert_allclose(log.matrix("cell_voltages")[0], [3.701, 3.702, 3.699])
        np.testing.assert_allclose(log.values("soc"), 0.85)
        np.testing.assert_allclose(log.values("battery_current"), loads(), atol=0.05)
        assert log.values("discharge_fet").tolist() == [1.0] * 51 + [0.0] * (COUNT - 51)
        assert set(log.values("charge_fet")) == {1.0}
        assert set(log.values("bms_fet_temperature")) == {31}
        assert log.matrix("battery_temperatures").shape == (COUNT, 1)

    def test_a_cell_that_reads_zero_keeps_its_place(self):
        cells = read_one(files.chinese()).matrix("cell_voltages")
        assert np.isnan(cells[7, 1])
        np.testing.assert_allclose(cells[7, [0, 2]], [3.702, 3.699])

    def test_russian_with_date_and_time_in_two_columns_over_midnight(self):
        log = read_one(files.russian(), zone="Europe/Berlin")
        np.testing.assert_allclose(log.time, np.arange(COUNT))
        assert str(log.clock.basis) == "local"
        assert log.clock.zone == "Europe/Berlin"
        assert log.clock.start == 1_715_644_770  # 2024-05-13 23:59:30 by the wall clock
        np.testing.assert_allclose(log.values("battery_current"), loads(), atol=0.01)

    @pytest.mark.parametrize(
        ("captions", "separator"),
        [
            ("Temps (s);Tension (V);Courant (A);Vitesse (km/h);Température moteur (°C)", ";"),
            ("Tiempo (s);Voltaje (V);Corriente (A);Velocidad (km/h);Temperatura motor (°C)", ";"),
            ("Tempo (s);Tensione (V);Corrente (A);Velocità (km/h);Temperatura motore (°C)", ";"),
            ("Время, с;Напряжение, В;Ток, А;Скорость, км/ч;Температура мотора, °C", ";"),
            ("时间(s)|电压(V)|电流(A)|速度(km/h)|电机温度(℃)", "|"),
            ("time_s,voltage_v,current_a,speed_kmh,motor_temp_c", ","),
            ("elapsed [s]\tVbatt [V]\tIbatt [A]\tSpeed km/h\tT-Motor", "\t"),
        ],
    )
    def test_the_same_ride_in_seven_languages(self, captions, separator):
        data = ride(captions, lambda i: [i * 0.5, f"{voltage(i):.2f}", f"{load(i):.2f}", "22.5", "41.5"], separator)
        log = read_one(data)
        np.testing.assert_allclose(log.time, np.arange(COUNT) * 0.5)
        np.testing.assert_allclose(log.values("pack_voltage")[3], round(voltage(3), 2))
        np.testing.assert_allclose(log.values("battery_current"), loads(), atol=0.01)
        np.testing.assert_allclose(log.values("speed"), 6.25)
        assert set(log.values("motor_temperature")) == {41.5}

    @pytest.mark.parametrize("separator", [",", ";", "\t", "|", "~", "^"])
    def test_any_separator(self, separator):
        log = read_one(files.english(separator, "utf-8"))
        np.testing.assert_allclose(log.values("battery_current"), loads(), atol=0.001)

    def test_units_glued_to_values_and_of_another_country(self):
        log = read_one(files.english())
        np.testing.assert_allclose(log.values("pack_voltage")[0], round(voltage(0), 2))
        np.testing.assert_allclose(log.values("battery_current"), loads(), atol=0.001)
        np.testing.assert_allclose(log.values("speed"), 14 * 0.44704)
        np.testing.assert_allclose(log.values("motor_temperature"), 40.0)
        np.testing.assert_allclose(log.values("duty"), 0.54)
        assert str(log.clock.basis) == "utc"
        assert log.clock.start == 1_715_590_800
        np.testing.assert_allclose(log.time, np.arange(COUNT) * 0.25)


class TestLayout:
    def test_rows_lie_where_the_file_has_them(self):
        log = read_one(b"# logger 1.0\n# board 7\n\n" + files.english(",", "utf-8"))
        assert log.source_rows[:3].tolist() == [5, 6, 7]

    def test_a_line_of_units_below_the_captions(self):
        lines = files.ride("Time,Voltage,Current,Speed", lambda i: [i, f"{voltage(i):.2f}", load(i), 22.5]).split(b"\n")
        data = b"\n".join([lines[0], b"s,V,A,km/h", *lines[1:]])
        log = read_one(data)
        assert log.rows == COUNT
        np.testing.assert_allclose(log.values("speed"), 6.25)

    def test_a_header_again_between_rows_is_no_row(self):
        lines = files.cells_and_motor().split(b"\n")
        logs = read(b"\n".join([*lines[:20], lines[0], *lines[20:]]))
        assert all(log.rows == COUNT for log in logs)
        assert any(found.kind is DamageKind.REPEATED_HEADER for found in logs[0].damage)

    def test_a_broken_row_is_told_with_its_line(self):
        lines = files.english(",", "utf-8").split(b"\n")
        lines[10] = b"1715590802250,garbage"
        log = read_one(b"\n".join(lines))
        assert log.rows == COUNT - 1
        (broken,) = [found for found in log.damage if found.kind is DamageKind.BROKEN_ROW]
        assert broken.rows == (11,)

    def test_a_cell_that_is_no_number_is_null_and_told(self):
        lines = files.english(",", "utf-8").split(b"\n")
        lines[10] = lines[10].replace(b"14.0", b"fast")
        log = read_one(b"\n".join(lines))
        assert log.rows == COUNT
        assert np.isnan(log.values("speed")[9])
        (wrong,) = [found for found in log.damage if found.kind is DamageKind.IMPOSSIBLE_VALUE]
        assert wrong.rows == (11,)
        assert wrong.channel == "speed"

    def test_exact_repeats_are_kept_once(self):
        lines = files.english(",", "utf-8").split(b"\n")
        log = read_one(b"\n".join([*lines[:5], lines[4], *lines[5:]]))
        assert log.rows == COUNT
        (repeated,) = [found for found in log.damage if found.kind is DamageKind.DUPLICATE_ROW]
        assert repeated.count == 1

    def test_columns_nobody_knows_are_kept(self):
        data = ride(
            "Time (s),Voltage (V),Current (A),Mystery,Rider",
            lambda i: [i, f"{voltage(i):.2f}", load(i), i * 2, "A. Rider"],
        )
        frame = read_one(data).to_polars()
        assert frame.get_column("Mystery").to_list()[:3] == [0, 2, 4]
        assert frame.get_column("Rider").unique().to_list() == ["A. Rider"]

    def test_alarm_texts_are_kept_as_they_are(self):
        data = ride(
            "时间,总电压(V),电流(A),单体1,单体2,报警",
            lambda i: [f"2024-05-13 10:00:{i:02d}", f"{voltage(i):.2f}", load(i), 3.7, 3.7, "过流" if i == 5 else ""],
        )
        log = read_one(data)
        assert log.texts("alert")[5] == "过流"
        assert log.texts("alert")[4] is None
        assert log.names("protections")[4:6] == [(), ("discharge-overcurrent",)]

    def test_zeros_between_alarm_words_are_no_alarm(self):
        data = ride(
            "Time (s),Voltage (V),Current (A),Cell 1,Cell 2,Discharge MOS,Protection",
            lambda i: [i, f"{voltage(i):.2f}", load(i), 3.7, 3.7, "ON", "MOS Over Temp" if i == 5 else 0],
        )
        assert read_one(data).names("protections")[4:6] == [(), ("fet-overtemperature",)]


class TestOneCellTooMany:
    """A cell without a caption must never move the others under the wrong one."""

    def rows(self, cells):
        return "".join(",".join(str(cell) for cell in cells(i)) + "\n" for i in range(COUNT))

    def test_a_fraction_of_a_second_behind_a_comma(self):
        text = "Time,Voltage (V),Current (A)\n" + self.rows(
            lambda i: [f"2024-05-13 09:00:{i:02d}", f"{i * 16 % 1000:03d}", f"{voltage(i):.2f}", load(i)]
        )
        log = read_one(text.encode())
        np.testing.assert_allclose(log.time, np.arange(COUNT) * 1.016, atol=1e-6)
        np.testing.assert_allclose(log.values("battery_current"), loads())
        assert any(found.channel == "time" for found in log.damage)

    def test_row_numbers_without_a_caption(self):
        text = "Time (s),Voltage (V),Current (A)\n" + self.rows(
            lambda i: [f'"{i + 1}"', i * 0.5, f"{voltage(i):.2f}", load(i)]
        )
        log = read_one(text.encode())
        np.testing.assert_allclose(log.time, np.arange(COUNT) * 0.5)
        np.testing.assert_allclose(log.values("battery_current"), loads())

    def test_what_nothing_explains_is_refused(self):
        text = "Time (s),Voltage (V),Current (A)\n" + self.rows(
            lambda i: [i * 0.5, 7 * i, f"{voltage(i):.2f}", load(i)]
        )
        with pytest.raises(ParseError, match="4 cells for 3 captions"):
            read(text.encode())

    def test_a_separator_at_the_end_of_rows_is_no_cell(self):
        text = "Time (s),Voltage (V),Current (A)\n" + self.rows(lambda i: [i * 0.5, f"{voltage(i):.2f}", load(i), ""])
        np.testing.assert_allclose(read_one(text.encode()).values("battery_current"), loads())


class TestDevices:
    def test_cells_and_motor_values_give_two_logs_on_one_clock(self):
        controller, bms = read(files.cells_and_motor())
        assert (controller.role, bms.role) == (Role.CONTROLLER, Role.BMS)
        assert controller.clock == bms.clock
        assert controller.has("duty", "erpm", "motor_current", "battery_current", "pack_voltage")
        assert bms.matrix("cell_voltages").shape == (COUNT, 12)
        assert bms.has("soc")
        assert not bms.has("erpm")
        assert not controller.has("cell_voltages")

    def test_cells_alone_are_a_bms(self):
        data = ride("Time (s),Cell 1 (V),Cell 2 (V),Cell 3 (V)", lambda i: [i, 3.7, 3.71, 3.69])
        assert read_one(data).role is Role.BMS

    def test_pwm_without_duty_is_a_wheel(self):
        data = ride("Time (s),Voltage (V),PWM (%),Speed (km/h)", lambda i: [i, 84.0 - i / 100, 40 + i / 10, 30])
        log = read_one(data)
        assert log.role is Role.WHEEL
        np.testing.assert_allclose(log.values("pwm")[0], 0.4)

    @pytest.mark.parametrize(
        "captions",
        [
            [f"cell{n}" for n in range(1, 9)],
            [f"Cell {n} (mV)" for n in range(1, 9)],
            [f"c{n:02d}" for n in range(1, 9)],
            [f"V_{n}" for n in range(1, 9)],
            [f"单体{n}" for n in range(1, 9)],
            [f"第{n}串电压(mV)" for n in range(1, 9)],
            [f"Zelle {n} [V]" for n in range(1, 9)],
            [f"cell_voltage_{n}" for n in range(8)],
            [f"Cellule {n}" for n in range(1, 9)],
            [f"Ячейка {n}" for n in range(1, 9)],
        ],
    )
    def test_cells_by_any_name_in_volt_or_millivolt(self, captions):
        milli = "mV" in captions[0] or "单体" in captions[0]
        data = ride(
            ",".join(["Time (s)", "Current (A)", "Voltage (V)", *captions]),
            lambda i: [
                i,
                load(i),
                f"{voltage(i, full=30):.2f}",
                *(3700 + n if milli else 3.7 + n / 1000 for n in range(8)),
            ],
        )
        log = read_one(data)
        cells = log.matrix("cell_voltages")
        assert cells.shape == (COUNT, 8)
        np.testing.assert_allclose(cells[0], [3.7 + n / 1000 for n in range(8)])

    def test_sensors_written_with_the_offset_of_the_transmission(self):
        data = ride(
            "Time (s),Pack Voltage (V),Battery temperature max,V_1,V_2,V_3,T_1,T_2,T_3",
            lambda i: [i, 11.1, 29, 3.7, 3.7, 3.7, 65, 69, 68],
        )
        log = read_one(data)
        assert log.matrix("battery_temperatures")[0].tolist() == [25, 29, 28]
        assert any("40" in found.message for found in log.damage)


class TestCurrentSign:
    @pytest.mark.parametrize("factor", [1, -1])
    def test_told_by_the_voltage(self, factor):
        data = ride("Time (s),Voltage (V),Current (A)", lambda i: [i, f"{voltage(i):.2f}", factor * load(i)])
        log = read_one(data)
        np.testing.assert_allclose(log.values("battery_current"), loads())
        field = log.table.schema.field("battery_current").metadata[b"conversion"].decode()
        assert "correlation" in field
        assert ("changed" in field) == (factor < 0)
        assert any(found.channel == "battery_current" for found in log.damage)

    @pytest.mark.parametrize("factor", [1, -1])
    def test_told_by_the_motion_where_the_voltage_says_nothing(self, factor):
        data = ride(
            "Time (s),Voltage (V),Current (A),Speed (km/h)",
            lambda i: [i, 50.0, factor * (12.0 if i % 20 < 15 else 0.0), 25.0 if i % 20 < 15 else 0.0],
        )
        assert read_one(data).values("battery_current").max() == 12.0

    @pytest.mark.parametrize("factor", [1, -1])
    def test_told_by_the_state_of_charge(self, factor):
        data = ride("Time (s),Voltage (V),Current (A),SoC (%)", lambda i: [10 * i, 50.0, factor * 20.0, 90 - i / 4])
        assert read_one(data).values("battery_current").max() == 20.0

    def test_told_by_words(self):
        data = ride(
            "Time (s),Voltage (V),Current (A),State",
            lambda i: [i, 50.0, 5.0 if i < 30 else -5.0, "Charging" if i < 30 else "Discharging"],
        )
        assert read_one(data).values("battery_current")[0] == -5.0

    def test_two_columns_of_one_direction_each_are_one_current(self):
        data = ride(
            "Time (s),Voltage (V),Discharge current (A),Charge current (A)",
            lambda i: [i, 50.0, 8.0 if i < 30 else 0.0, 0.0 if i < 30 else 3.0],
        )
        log = read_one(data)
        assert log.values("battery_current")[[0, 59]].tolist() == [8.0, -3.0]

    def test_a_current_that_never_flows_needs_no_sign(self):
        data = ride("Time (s),Voltage (V),Current (A)", lambda i: [i, 50.0, 0.0])
        assert not read_one(data).values("battery_current").any()

    def test_the_power_follows_the_current_and_is_computed(self):
        data = ride(
            "Time (s),Voltage (V),Current (A),Power (W)",
            lambda i: [i, f"{voltage(i):.3f}", -load(i), f"{-load(i) * voltage(i):.2f}"],
        )
        log = read_one(data)
        assert log.values("power").mean() > 0
        assert "Voltage (V)" in log.derived("power")

    def test_what_nothing_decides_is_asked_by_name(self):
        data = ride("Time (s),Voltage (V),Strange current (A)", lambda i: [i, 50.0, 5.0])
        data = data.replace(b"Strange c", b"C")
        with pytest.raises(MappingNeededError) as caught:
            read(data)
        assert "'Current (A)'" in str(caught.value)
        assert "--map" in str(caught.value)
        assert "strange.csv" in str(caught.value)


class TestScales:
    def test_percent_and_fraction_are_told_by_the_values(self):
        for factor in (1, 100):
            data = ride(
                "Time (s),Voltage (V),Current (A),SoC,Duty,Speed (km/h)",
                lambda i, f=factor: [i, f"{voltage(i):.2f}", load(i), 0.83 * f, (0.3 + i / 200) * f, 25],
            )
            log = read_one(data)
            np.testing.assert_allclose(log.values("soc"), 0.83)
            np.testing.assert_allclose(log.values("duty")[0], 0.3)

    def test_a_percent_caption_over_fractions_is_not_believed_while_the_vehicle_moves(self):
        data = ride("Time (s),Voltage (V),Duty (%),Speed (km/h)", lambda i: [i, 50.0, 0.3 + i / 200, 25])
        np.testing.assert_allclose(read_one(data).values("duty")[0], 0.3)

    @pytest.mark.parametrize("factor", [1, 10, 100, 1000])
    def test_the_scale_of_the_pack_voltage_by_the_sum_of_the_cells(self, factor):
        data = ride(
            "Time (s),Pack voltage,Current (A),V_1,V_2,V_3,V_4",
            lambda i: [i, f"{voltage(i, full=15.0, resistance=0.02) * factor:.2f}", load(i), 3.7, 3.7, 3.7, 3.7],
        )
        log = read_one(data)
        np.testing.assert_allclose(log.values("pack_voltage")[0], voltage(0, full=15.0, resistance=0.02), rtol=0.01)

    def test_millivolt_without_a_unit(self):
        data = ride("Time (s),Voltage,Current (A)", lambda i: [i, round(voltage(i) * 1000), load(i)])
        np.testing.assert_allclose(read_one(data).values("pack_voltage")[0], voltage(0), atol=0.001)

    def test_thousands_with_points_where_the_voltage_makes_sense_only_so(self):
        data = ride(
            "Ora;Tensione (mV);Corrente (mA)",
            lambda i: [
                f"10:00:{i:02d}",
                *(f"{1000 * value:,.0f}".replace(",", ".") for value in (voltage(i), load(i))),
            ],
            ";",
        )
        log = read_one(data)
        np.testing.assert_allclose(log.values("pack_voltage")[:5], [round(voltage(i), 3) for i in range(5)])
        np.testing.assert_allclose(log.values("battery_current"), loads(), atol=0.001)
        assert any("thousands" in found.message for found in log.damage)

    def test_no_position_at_zero(self):
        data = ride(
            "Time (s),Voltage (V),Current (A),lat,lon",
            lambda i: [i, f"{voltage(i):.2f}", load(i), 0 if i < 5 else 47.1, 0 if i < 5 else 8.5],
        )
        latitude = read_one(data).values("latitude")
        assert np.isnan(latitude[:5]).all()
        assert (latitude[5:] == 47.1).all()

    def test_a_speed_without_a_unit_by_the_distance(self):
        data = ride(
            "Time (s),Voltage (V),Current (A),Speed,Distance (m)",
            lambda i: [10 * i, f"{voltage(i):.2f}", load(i), 15.0, i * 10 * 15 * 0.44704],
        )
        np.testing.assert_allclose(read_one(data).values("speed"), 15 * 0.44704)

    def test_a_speed_without_any_hint_is_kept_and_told(self):
        data = ride("Time (s),Voltage (V),Current (A),Speed", lambda i: [i, f"{voltage(i):.2f}", load(i), 15.0])
        log = read_one(data)
        assert not log.has("speed")
        assert "speed (as logged)" in {name.lower() for name in log.table.column_names} | {"speed (as logged)"}
        assert any("'Speed'" in found.message and found.effect is Effect.NOTED for found in log.damage)

    def test_values_that_cannot_be_what_the_caption_says_are_kept_as_they_are(self):
        data = ride(
            "Time (s),Voltage (V),Current (A),Max voltage cell", lambda i: [i, f"{voltage(i):.2f}", load(i), 13]
        )
        log = read_one(data)
        assert not log.has("cell_voltage_max")
        assert log.to_polars().get_column("Max voltage cell").to_list()[0] == 13


class TestSpreadsheets:
    ROWS = ("Time (s)", "Voltage (V)", "Current (A)", "Cell 1 (mV)", "Cell 2 (mV)")

    def test_a_workbook(self):
        rows = [self.ROWS, *([i * 0.5, round(voltage(i), 2), load(i), 3700, 3710] for i in range(COUNT))]
        log = read_one(workbook(rows), "battery.xlsx")
        assert log.role is Role.BMS
        assert log.source_rows[:2].tolist() == [2, 3]
        np.testing.assert_allclose(log.matrix("cell_voltages")[0], [3.7, 3.71])
        np.testing.assert_allclose(log.values("battery_current"), loads())

    def test_a_workbook_with_real_dates_and_notes_above(self):
        from datetime import datetime, timedelta

        start = datetime(2024, 5, 13, 9, 0)
        rows = [
            ("Date", "Voltage (V)", "Current (A)"),
            *((start + timedelta(seconds=i), round(voltage(i), 2), load(i)) for i in range(COUNT)),
        ]
        log = read_one(workbook(rows, before=[("Export of my battery",), ()]), "battery.xlsx")
        assert log.clock.start == 1_715_590_800
        np.testing.assert_allclose(log.time, np.arange(COUNT), atol=0.001)
        assert log.source_rows[0] == 4

    def test_a_workbook_about_something_else_is_refused(self):
        data = workbook([("Item", "Price"), ("Milk", 1.2), ("Bread", 3.4)])
        with pytest.raises(UnrecognisedError) as caught:
            read(data, "shopping.xlsx")
        assert "table" in caught.value.reasons

    def test_a_workbook_with_one_cell_far_away_is_not_filled_up(self):
        import openpyxl

        from .table_files import io

        book = openpyxl.Workbook()
        for row in [self.ROWS, *([i * 0.5, 50.1, load(i), 3700, 3710] for i in range(5))]:
            book.active.append(list(row))
        book.active["XFD1048576"] = 1
        file = io.BytesIO()
        book.save(file)
        with pytest.raises(ParseError, match="large"):
            read(file.getvalue(), "trap.xlsx")


class TestRecognition:
    @pytest.mark.parametrize(
        ("data", "why"),
        [
            (b"Item,Quantity,Price\nMilk,2,1.20\nBread,1,3.40\n", "captions"),
            (
                b"Date,Temperature (C),Humidity (%),Wind speed (km/h)\n2024-05-13,21,60,12\n2024-05-14,22,61,13\n",
                "name",
            ),
            (b"Date,Open,High,Low,Close,Volume\n2024-05-13,1,2,3,4,5\n", "captions"),
            (b"time,lat,lon,altitude,speed\n2024-05-13T10:00:00Z,47.1,8.5,400,12\n", "only one"),
            (b"Voltage (V),Current (A)\n50.1,3\n50.2,4\n", "time"),
            (b"Time,Voltage,Current\nwe measured,a voltage,and a current\nand wrote,it,up\n", "numbers"),
            (b"name,email\nA,a@example.org\n", "captions"),
            (b"\x00\x01\x02\x03" * 50, "captions"),
        ],
    )
    def test_something_else_is_refused_with_a_reason(self, data, why):
        with pytest.raises(UnrecognisedError) as caught:
            recognise(Source("x.csv", data))
        assert why in caught.value.reasons["table"]

    def test_a_table_of_a_known_program_belongs_to_that_program(self):
        from .board_files import float_control

        source = Source("x.csv", float_control())
        assert recognise(source)[0].name == "float-control"
        assert Table().sniff(source).rank == 1

    def test_no_rows(self):
        with pytest.raises(RidelogError):
            read(b"Time (s),Voltage (V),Current (A)\n")


class TestMapping:
    AMBIGUOUS = ride("Time (s),Voltage (V),Current (A)", lambda i: [i, 50.0, 5.0])

    @pytest.mark.parametrize(("sign", "factor"), [("discharge-positive", 1), ("charge-positive", -1)])
    def test_an_answer_settles_the_question(self, sign, factor):
        mapping = {"columns": {"Current (A)": {"channel": "battery_current", "unit": "A", "sign": sign}}}
        log = read_one(self.AMBIGUOUS, mapping=mapping)
        assert set(log.values("battery_current")) == {5.0 * factor}
        assert "mapping" in log.table.schema.field("battery_current").metadata[b"conversion"].decode()

    def test_captions_that_mean_nothing_are_mapped(self):
        data = ride(
            "foo,bar,baz,z1,z2,tt",
            lambda i: [i * 100, round(voltage(i) * 1000), load(i), 3700, 3710, 77],
        )
        with pytest.raises(UnrecognisedError):
            read(data)
        mapping = {
            "time": {"column": "foo", "kind": "milliseconds"},
            "columns": {
                "bar": {"channel": "pack_voltage", "unit": "mV"},
                "baz": {"channel": "battery_current"},
                "z1": {"channel": "cell_voltages", "unit": "mV", "index": 1},
                "z2": {"channel": "cell_voltages", "unit": "mV", "index": 2},
                "tt": {"channel": "battery_temperature", "unit": "degF"},
            },
            "table": {"role": "bms"},
        }
        log = read_one(data, mapping=mapping)
        assert log.role is Role.BMS
        np.testing.assert_allclose(log.time, np.arange(COUNT) * 0.1)
        np.testing.assert_allclose(log.values("pack_voltage")[0], voltage(0), atol=0.001)
        np.testing.assert_allclose(log.matrix("cell_voltages")[0], [3.7, 3.71])
        np.testing.assert_allclose(log.values("battery_temperature"), 25.0)
        np.testing.assert_allclose(log.values("battery_current"), loads())

    def test_rows_a_fixed_time_apart(self):
        data = ride("Voltage (V),Current (A)", lambda i: [f"{voltage(i):.2f}", load(i)])
        mapping = {"time": {"interval": 0.25}, "columns": {"Voltage (V)": "pack_voltage"}}
        np.testing.assert_allclose(read_one(data, mapping=mapping).time, np.arange(COUNT) * 0.25)

    def test_a_column_can_be_left_as_it_is(self):
        mapping = {"columns": {"Current (A)": ""}}
        log = read_one(self.AMBIGUOUS, mapping=mapping)
        assert not log.has("battery_current")
        assert log.to_polars().get_column("Current (A)").to_list()[0] == 5.0

    def test_a_mapping_for_another_file_changes_nothing(self):
        mapping = {"columns": {"Elsewhere": {"channel": "pack_voltage"}}}
        assert read_one(files.german(), mapping=mapping).rows == COUNT

    @pytest.mark.parametrize(
        ("mapping", "word"),
        [
            ({"colums": {}}, "colums"),
            ({"columns": {"V": {"channel": "voltage"}}}, "voltage"),
            ({"columns": {"V": {"channel": "pack_voltage", "unit": "furlong"}}}, "furlong"),
            ({"columns": {"V": {"channel": "battery_current", "sign": "up"}}}, "up"),
            ({"columns": {"V": {"channel": "cell_voltages"}}}, "index"),
            ({"columns": {"V": {"channel": "cell_voltages", "index": 0}}}, "0"),
            ({"columns": {"V": 3}}, "channel"),
            ({"columns": 3}, "columns"),
            ({"time": {"kind": "fortnights"}}, "fortnights"),
            ({"time": {"zone": "Moon/Sea"}}, "Moon/Sea"),
            ({"time": {"day_first": "yes"}}, "day_first"),
            ({"table": {"role": "owner"}}, "owner"),
            ({"table": {"decimal": "·"}}, "·"),
        ],
    )
    def test_a_mapping_that_makes_no_sense_is_refused_by_name(self, mapping, word):
        with pytest.raises(UsageError) as caught:
            read(files.german(), mapping=mapping)
        assert word in str(caught.value)

    def test_the_draft_answers_once_it_is_decided(self):
        import tomllib

        source = Source("strange.csv", self.AMBIGUOUS)
        parser, _ = recognise(source)
        draft = parser.draft_mapping(source, ReadOptions(zone="Europe/Berlin"))
        assert "DECIDE whether a positive 'Current (A)'" in draft
        written = tomllib.loads(draft)
        assert written["time"] == {"column": "Time (s)", "kind": "seconds", "zone": "Europe/Berlin"}
        decided = tomllib.loads(draft.replace('# sign = "charge-positive"', 'sign = "charge-positive"'))
        assert set(read_one(self.AMBIGUOUS, mapping=decided).values("battery_current")) == {-5.0}

    def test_the_draft_of_a_clear_table_reads_the_same(self):
        import tomllib

        for data in (files.german(), files.chinese(), files.russian(), files.english(), files.cells_and_motor()):
            source = Source("strange.csv", data)
            parser, _ = recognise(source)
            mapping = tomllib.loads(parser.draft_mapping(source, ReadOptions()))
            for log, again in zip(read(data), read(data, mapping=mapping), strict=True):
                assert again.channels == log.channels
                np.testing.assert_allclose(again.time, log.time)
                for channel in set(log.channels) & {"pack_voltage", "battery_current", "speed", "soc", "duty"}:
                    np.testing.assert_allclose(again.values(channel), log.values(channel))

    def test_a_file_that_is_no_table_has_no_draft(self):
        parser, _ = recognise(Source("strange.csv", files.german()))
        assert parser.draft_mapping(Source("x", b"\x00\x01"), ReadOptions()) is None


class TestHostile:
    def test_a_very_wide_header(self):
        data = (
            "Time (s),Voltage (V),Current (A)," + ",".join(f"x{n}" for n in range(6000)) + "\n"
        ).encode() + b"1," * 9
        with pytest.raises(RidelogError):
            read(data)

    def test_a_very_long_line(self):
        with pytest.raises(RidelogError):
            read(b"Time (s),Voltage (V)," + b"x" * 1_000_000)

    @settings(max_examples=60, deadline=None)
    @given(
        captions=st.lists(
            st.sampled_from(
                "Time|Time (s)|Date|Voltage (V)|Current|Strom (A)|Cell 1|Cell 2|Cell 3|T_1|SoC|Duty|Speed|Power|状态|报警|"
                "Charge current|Max cell voltage|lat|lon".split("|")
            ),
            min_size=2,
            max_size=8,
        ),
        cells=st.lists(st.text(max_size=8), min_size=4, max_size=60),
        separator=st.sampled_from(",;\t|"),
    )
    def test_any_cells_under_known_captions_give_logs_or_a_ridelog_error(self, captions, cells, separator):
        rows = [cells[start : start + len(captions)] for start in range(0, len(cells), len(captions))]
        text = "\n".join(separator.join(row) for row in [captions, *rows]) + "\n"
        try:
            logs = read(text.encode("utf-8", "replace"))
        except RidelogError:
            return
        for log in logs:
            assert log.rows > 0
            assert (np.diff(log.time) >= 0).all()


def test_a_clock_destroyed_by_a_spreadsheet_is_refused_by_name():
    data = ride("Time,Voltage (V),Current (A)", lambda i: ["00:00.0", f"{voltage(i):.2f}", load(i)])
    with pytest.raises(RefusedError, match="spreadsheet"):
        read(data)
