"""The general reader, through its public face: what a stranger's table becomes, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ridelog
from ridelog.damage import DamageKind
from ridelog.errors import ParseError, RidelogError, UnrecognisedError
from ridelog.log import Role
from ridelog.parsers.table import Table
from ridelog.reading import recognise
from ridelog.sources import Source

from . import table_files as files
from .table_files import COUNT, load, loads, read, read_one, ride, voltage


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
            ("Czas (s);Napięcie (V);Prąd (A);Prędkość (km/h);Temperatura silnika (°C)", ";"),
            ("Tijd (s);Spanning (V);Stroom (A);Snelheid (km/h);Motortemperatuur (°C)", ";"),
            ("Tempo (s);Tensão (V);Corrente (A);Velocidade (km/h);Temperatura do motor (°C)", ";"),
            ("time_s,voltage_v,current_a,speed_kmh,motor_temp_c", ","),
            ("elapsed [s]\tVbatt [V]\tIbatt [A]\tSpeed km/h\tT-Motor", "\t"),
        ],
    )
    def test_the_same_ride_in_ten_languages(self, captions, separator):
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


@pytest.mark.parametrize(
    "caption",
    "Fault code|Fehlercode|Störungscode|故障码|故障代码|Code erreur|Código de fallo|Codice errore|Код ошибки|Kod błędu|Foutcode"
    "|Código de erro|VESC fault".split("|"),
)
def test_the_fault_code_of_a_controller_has_its_name_in_other_languages(tmp_path, caption):
    lines = [
        f"{row / 10:.1f},{50 - 0.05 * (row % 30):.2f},{row % 30},{2 * (row % 30)},0.5,{int(row > 200)}"
        for row in range(300)
    ]
    path = tmp_path / "ride.csv"
    header = f"Time (s),Battery voltage (V),Battery current (A),Motor current (A),Duty,{caption}\n"
    path.write_text(header + "\n".join(lines), encoding="utf-8")
    (log,) = ridelog.read(path)
    assert log.values("fault_code")[199:202].tolist() == [0, 0, 1]


@pytest.mark.parametrize(("caption", "channel"), [("Tempo (km/h)", "speed"), ("VESC temp (°C)", "fet_temperature")])
def test_words_that_the_unit_or_the_device_decides(tmp_path, caption, channel):
    """German Tempo is a speed, Italian tempo a time."""
    lines = [f"{row / 10:.1f},{50 - 0.05 * (row % 30):.2f},{row % 30},{36 + row % 3}" for row in range(300)]
    path = tmp_path / "ride.csv"
    path.write_text(f"Zeit (s),Spannung (V),Strom (A),{caption}\n" + "\n".join(lines), encoding="utf-8")
    (log,) = ridelog.read(path)
    assert log.values(channel)[0] == pytest.approx(10.0 if channel == "speed" else 36.0)
