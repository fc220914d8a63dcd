"""Plain tables as simulators, scripts and small apps write them: read without a mapping file."""

import numpy as np
import pytest

from ridelog.log import Role
from ridelog.reading import read_source
from ridelog.sources import Source

from .table_files import COUNT, load, ride, voltage

STEPS = np.arange(COUNT)


def read_one(data, name="plain.csv"):
    (log,) = read_source(Source(name, data))
    return log


def duty(i):
    return 0.2 + 0.01 * (i % 40)


@pytest.mark.parametrize(
    ("header", "stamp"),
    [
        ("time_s,pack_voltage_v,current_a,speed_kmh,duty,erpm,temp_fet_c,fault", lambda i: f"{i * 0.1:.2f}"),
        ("t,v_in,i_in,speed_kmh,duty,erpm,t_fet,fault", lambda i: f"{i * 0.1:.2f}"),
        (
            "time_ms,bus_voltage_v,battery_current_a,speed_kmh,duty_cycle,erpm,mosfet_temp_c,fault_code",
            lambda i: i * 100,
        ),
        ("ts_us,vbat,ibat,speed_kmh,duty,erpm,T_ctrl,fault", lambda i: 1_777_818_000_000_000 + i * 100_000),
        ("timeSeconds,batteryVoltage,batteryCurrent,speed_kmh,dutyCycle,erpm,mosfetTemp,faultCode", lambda i: i / 10),
        ("Time,Voltage,LineCurrent,speed km/h,Duty,ERPM,ControllerTemp,Fault", lambda i: f"{i * 0.1:.1f}"),
        ("Time [s],U_bat [V],I_bat [A],v [km/h],Tastgrad,ERPM,T_mosfet [°C],Fault", lambda i: f"{i * 0.1:.1f}"),
    ],
)
def test_a_simulated_controller(header, stamp):
    rows = ride(
        header, lambda i: [stamp(i), f"{voltage(i):.2f}", f"{load(i):.2f}", "18.0", f"{duty(i):.3f}", 9000 + i, 41, 0]
    )
    log = read_one(rows)
    assert log.role is Role.CONTROLLER
    np.testing.assert_allclose(log.time, STEPS * 0.1, atol=1e-6)
    np.testing.assert_allclose(log.values("pack_voltage"), [round(voltage(i), 2) for i in STEPS])
    np.testing.assert_allclose(log.values("battery_current"), [round(load(i), 2) for i in STEPS])
    np.testing.assert_allclose(log.values("speed"), 5.0)
    np.testing.assert_allclose(log.values("duty"), [duty(i) for i in STEPS], atol=1e-3)
    np.testing.assert_allclose(log.values("erpm"), 9000 + STEPS)
    assert set(log.values("fet_temperature")) == {41.0}
    assert set(log.values("fault_code")) == {0.0}


def cells_of(i):
    return [round(voltage(i, full=16.8) / 4 + 0.001 * place, 3) for place in range(4)]


LISTS = {
    "json": lambda volts: '"[' + ", ".join(map(str, volts)) + ']"',
    "semicolons": lambda volts: ";".join(map(str, volts)),
    "blanks": lambda volts: " ".join(map(str, volts)),
    "bars": lambda volts: "|".join(map(str, volts)),
}


@pytest.mark.parametrize("form", LISTS)
def test_all_cells_in_one_column(form):
    def row(i):
        volts = [*cells_of(i)[:2], "null" if i == 9 and form == "json" else 0.0 if i == 9 else 3.9, cells_of(i)[3]]
        return [i, f"{voltage(i):.2f}", f"{load(i):.2f}", LISTS[form](volts)]

    cells = read_one(ride("time_s,pack_voltage,current,cell_voltages", row))
    assert cells.role is Role.BMS
    matrix = cells.matrix("cell_voltages")
    assert matrix.shape == (COUNT, 4)
    np.testing.assert_allclose(matrix[:, [0, 1, 3]], [[cells_of(i)[k] for k in (0, 1, 3)] for i in STEPS])
    assert np.isnan(matrix[9, 2])
    assert np.isfinite(np.delete(matrix[:, 2], 9)).all()


@pytest.mark.parametrize(
    "captions", ["CFET,DFET", "chg_mos,dsg_mos", "charge_enabled,discharge_enabled", "C_FET,D_FET"]
)
def test_switches_by_their_short_names(captions):
    log = read_one(
        ride(
            f"time_s,V,I,C1,C2,C3,C4,{captions}",
            lambda i: [i, f"{voltage(i):.2f}", f"{load(i):.2f}", *cells_of(i), 1, int(i < 40)],
        )
    )
    assert log.role is Role.BMS
    assert set(log.values("charge_fet")) == {1.0}
    assert log.values("discharge_fet").tolist() == [1.0] * 40 + [0.0] * (COUNT - 40)


@pytest.mark.parametrize("caption", ["Elapsed", "Time", "Duration"])
def test_a_clock_face_that_counts_from_the_start(caption):
    log = read_one(
        ride(f"{caption},Voltage,Current", lambda i: [f"00:00:{i:02d}", f"{voltage(i):.2f}", f"{load(i):.2f}"])
    )
    assert str(log.clock.basis) == "none"
    np.testing.assert_allclose(log.time, STEPS)


def test_a_clock_face_of_the_day_stays_one():
    log = read_one(ride("Time,Voltage,Current", lambda i: [f"14:20:{i:02d}", f"{voltage(i):.2f}", f"{load(i):.2f}"]))
    assert str(log.clock.basis) == "time-of-day"


def test_german_in_the_western_alphabet_is_not_read_as_cyrillic():
    log = read_one(
        ride(
            "Zeit [s];Spannung [V];Strom [A];Tastverhältnis [%]",
            lambda i: [i, f"{voltage(i):.2f}".replace(".", ","), f"{load(i):.2f}".replace(".", ","), f"{20 + i % 40}"],
            ";",
            encoding="cp1252",
        )
    )
    np.testing.assert_allclose(log.values("duty"), (20 + STEPS % 40) / 100)


def test_a_smooth_ride_tells_the_direction_of_its_current():
    """No step within a second: the load swings over minutes, the voltage against it."""

    def smooth(i):
        return -(15 + 12 * np.sin(i / 6))

    log = read_one(
        ride(
            "time_s,voltage_v,current_a,cell1,cell2",
            lambda i: [i, f"{50 + 0.1 * smooth(i):.2f}", f"{smooth(i):.2f}", 4, 4],
        )
    )
    assert (log.values("battery_current") > 0).all()


def test_a_speed_without_a_unit_still_tells_of_a_vehicle():
    log = read_one(ride("time_s,voltage_v,current_a,speed", lambda i: [i, f"{voltage(i):.2f}", f"{load(i):.2f}", 18]))
    assert log.role is Role.CONTROLLER
    assert not log.has("speed")


def test_a_fault_number_in_a_table_of_a_bms_makes_no_controller_of_it():
    log = read_one(
        ride(
            "time_s,V,I,C1,C2,C3,C4,fault",
            lambda i: [i, f"{voltage(i):.2f}", f"{load(i):.2f}", *cells_of(i), 0],
        )
    )
    assert log.role is Role.BMS


@pytest.mark.parametrize("prefix", ["", "FAULT_CODE_"])
def test_faults_in_the_words_of_the_firmware_have_their_numbers(prefix):
    log = read_one(
        ride(
            "time_s,voltage_v,current_a,duty,erpm,fault",
            lambda i: [
                i,
                f"{voltage(i):.2f}",
                f"{load(i):.2f}",
                duty(i),
                9000,
                f"{prefix}{'ABS_OVER_CURRENT' if i > 50 else 'NONE'}",
            ],
        )
    )
    assert log.texts("fault_name")[51] == "ABS_OVER_CURRENT"
    assert log.values("fault_code").tolist() == [0.0] * 51 + [4.0] * (COUNT - 51)


def test_faults_in_other_words_keep_their_words_only():
    log = read_one(
        ride(
            "time_s,voltage_v,current_a,duty,erpm,fault",
            lambda i: [i, f"{voltage(i):.2f}", f"{load(i):.2f}", duty(i), 9000, "E7" if i > 50 else "ok"],
        )
    )
    assert log.texts("fault_name")[51] == "E7"
    assert not log.has("fault_code")


@pytest.mark.parametrize(("on", "off"), [("closed", "open"), ("Open", "Close")])
def test_open_and_closed_switches_mean_what_the_current_says(on, off):
    log = read_one(
        ride(
            "time_s,V,I,C1,C2,C3,C4,chg_mosfet,dsg_mosfet",
            lambda i: [
                i,
                f"{voltage(i):.2f}",
                f"{load(i):.2f}" if i < 40 else "0.0",
                *cells_of(i),
                on,
                on if i < 40 else off,
            ],
        )
    )
    assert log.values("discharge_fet").tolist() == [1.0] * 40 + [0.0] * (COUNT - 40)
    assert set(log.values("charge_fet")) == {1.0}


def test_open_and_closed_switches_without_a_current_stay_words():
    log = read_one(ride("time_s,V,C1,C2,dsg_mosfet", lambda i: [i, 7.8, 3.9, 3.9, "open" if i > 40 else "closed"]))
    assert not log.has("discharge_fet")


@pytest.mark.parametrize("caption", ["fet_status", "FET", "MOSFET state", "MOS"])
@pytest.mark.parametrize("last", [1, 2])
def test_one_column_for_both_fets(caption, last):
    def row(index, flowing):
        amps = load(index) if index < 40 or flowing else 0.0
        return [index, f"{voltage(index):.2f}", f"{amps:.2f}", *cells_of(index), 3 if index < 40 else last]

    for flowing in (False, True):
        log = read_one(ride(f"time_s,V,I,C1,C2,C3,C4,{caption}", lambda index, on=flowing: row(index, on)))
        # Bit 1 is the discharge FET, unless current goes on flowing without it.
        discharging = (last == 2) != (flowing and last == 1)
        assert log.values("discharge_fet").tolist() == [1.0] * 40 + [float(discharging)] * (COUNT - 40)
        assert log.values("charge_fet").tolist() == [1.0] * 40 + [float(not discharging)] * (COUNT - 40)


@pytest.mark.parametrize("values", [(0, 1), (3, 9), (1, 2)])
def test_numbers_under_a_caption_of_the_fets_that_are_no_bits_stay_numbers(values):
    log = read_one(
        ride("time_s,V,I,C1,C2,fet", lambda i: [i, f"{voltage(i):.2f}", f"{load(i):.2f}", 3.9, 3.9, values[i > 40]])
    )
    assert not log.has("discharge_fet") and not log.has("charge_fet")


@pytest.mark.parametrize("caption", ["RSOC", "SOC", "SoC (%)", "State of charge", "Battery level"])
def test_a_state_of_charge_by_its_names(caption):
    rows = ride(
        f"Date Time,Voltage,Current,{caption},Cell1,Cell2,Cell3,Cell4",
        lambda i: [
            f"2026-01-05 10:{23 + i // 60:02d}:{i % 60:02d}",
            f"{voltage(i, full=16.8):.2f}",
            f"{load(i):.2f}",
            71,
            *cells_of(i),
        ],
    )
    log = read_one(rows)
    assert log.role is Role.BMS
    np.testing.assert_allclose(log.values("soc"), 0.71)


@pytest.mark.parametrize("lasting", ["temp_fet_c", "soc", "totaldistance"])
def test_rows_in_which_the_vehicle_was_not_heard_go(lasting):
    silent = {0, 1, 30}
    rows = ride(
        f"time_s,pack_voltage_v,current_a,speed_kmh,{lasting}",
        lambda i: [i, *([0] * 4 if i in silent else [f"{voltage(i):.2f}", f"{load(i):.2f}", 18, 95 - i // 4])],
    )
    log = read_one(rows)
    assert log.rows == COUNT - len(silent)
    assert log.values("pack_voltage").min() > 40
    assert any(item.kind.value == "empty-row" and item.count == len(silent) for item in log.damage)


@pytest.mark.parametrize(("warm", "heard"), [(0, False), (41, True)])
def test_a_charge_that_an_app_holds_does_not_make_a_lost_link_a_lost_battery(warm, heard):
    """No power stage cools to 0 degC in a row; where it stays warm, the voltage was measured as 0."""
    rows = ride(
        "time_s,pack_voltage_v,current_a,speed_kmh,temp_fet_c,soc",
        lambda i: [i, *([0, 0, 0, warm] if i == 30 else [f"{voltage(i):.2f}", f"{load(i):.2f}", 18, 41]), 76],
    )
    assert (read_one(rows).rows == COUNT) is heard


def test_a_battery_that_is_lost_stays_in_the_log():
    rows = ride(
        "time_s,pack_voltage_v,current_a,speed_kmh,temp_fet_c",
        lambda i: [i, *([0, 0, 0] if i > 40 else [f"{voltage(i):.2f}", f"{load(i):.2f}", 18]), 41],
    )
    log = read_one(rows)
    assert log.rows == COUNT


class TestLettersAlone:
    def test_voltage_current_and_temperature(self):
        log = read_one(ride("t;U;I;T", lambda i: [i, f"{voltage(i):.2f}", f"{load(i):.2f}", 25], separator=";"))
        assert log.has("pack_voltage", "battery_current", "battery_temperature")

    def test_what_is_too_hot_for_a_battery_is_left_as_it_is(self):
        log = read_one(ride("t;U;I;T", lambda i: [i, f"{voltage(i):.2f}", f"{load(i):.2f}", 50 + i], separator=";"))
        assert not log.has("battery_temperature")
        assert "T" in log.table.column_names
        assert any("'T' does not say what it measures" in damage.message for damage in log.damage)

    def test_a_small_v_beside_a_voltage_is_a_speed_whose_unit_is_open(self):
        log = read_one(ride("t;U;I;v", lambda i: [i, f"{voltage(i):.2f}", f"{load(i):.2f}", 20], separator=";"))
        assert log.role is Role.CONTROLLER
        assert not log.has("speed")
        assert "v" in log.table.column_names

    def test_amperes_beside_volts(self):
        log = read_one(ride("t,V,A", lambda i: [i, f"{voltage(i):.2f}", f"{load(i):.2f}"]))
        assert log.has("pack_voltage", "battery_current")


def test_a_sensor_that_reads_minus_forty_all_through_is_none():
    log = read_one(
        ride(
            "time,voltage,current,T1,T2,T3",
            lambda i: [f"{i * 0.1:.1f}", f"{voltage(i):.2f}", f"{load(i):.2f}", 22, -40, 23 if i % 2 else -40],
        )
    )
    assert log.table["battery_temperatures"][1].as_py() == [22.0, None, 23.0]
    assert log.table["battery_temperatures"][2].as_py() == [22.0, None, -40.0]


def test_lines_that_end_in_carriage_returns_alone():
    data = ride("time,voltage,current", lambda i: [f"{i * 0.1:.1f}", f"{voltage(i):.2f}", f"{load(i):.2f}"], end="\r")
    log = read_one(data)
    np.testing.assert_allclose(log.values("pack_voltage"), [round(voltage(i), 2) for i in STEPS])
    assert log.table["source_row"][0].as_py() == 2


@pytest.mark.parametrize(
    "pattern", ["C{}_Volt", "VC{}", "cv{:02d}", "c{}v", "Cell{}mV", "S{}_mV", "Komórka {}", "Cel {} (V)"]
)
def test_cells_are_numbered_in_many_ways(pattern):
    thousand = 1000 if "mV" in pattern else 1
    names = ",".join(pattern.format(place + 1) for place in range(4))
    log = read_one(
        ride(
            f"timestamp,pack_voltage,pack_current,{names}",
            lambda i: [i, f"{sum(cells_of(i)):.3f}", load(i), *(f"{cell * thousand:.3f}" for cell in cells_of(i))],
        )
    )
    np.testing.assert_allclose(log.matrix("cell_voltages"), [cells_of(i) for i in STEPS], atol=1e-6)
