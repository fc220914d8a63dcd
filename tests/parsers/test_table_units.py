"""Direction, scale and unit of a stranger's columns: told by the data, or asked for by name."""

import numpy as np
import pytest

from ridelog.damage import Effect
from ridelog.errors import MappingNeededError

from .table_files import load, loads, read, read_one, ride, voltage


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

    @pytest.mark.parametrize(
        ("cell", "channel", "value"),
        [("80 %", "soc", 0.8), ("51.2V", "pack_voltage", 51.2), ("80", "", 0)],
    )
    @pytest.mark.parametrize("caption", ["Battery", "Akku", "Batería"])
    def test_a_battery_is_what_the_unit_behind_its_values_says(self, caption, cell, channel, value):
        data = ride(f"Time (s),{caption},Current (A),Speed (km/h)", lambda i: [i, cell, load(i), 15 + i % 9])
        log = read_one(data)
        assert [log.has(name) for name in ("soc", "pack_voltage")] == [channel == "soc", channel == "pack_voltage"]
        if channel:
            np.testing.assert_allclose(log.values(channel), value)

    def test_a_voltage_goes_before_a_battery_in_volts(self):
        data = ride("Time (s),Battery,Voltage (V),Current (A)", lambda i: [i, "12.1 V", f"{voltage(i):.2f}", load(i)])
        assert read_one(data).values("pack_voltage").min() > 40


class TestRawSteps:
    @pytest.mark.parametrize(("step", "voltage_step"), [(10, 10), (100, 100), (10, 100)])
    def test_a_current_beside_a_raw_voltage_is_asked_for(self, step, voltage_step):
        data = ride(
            "time (s),voltage,current,soc",
            lambda i: [i, round(voltage(i) * 2 * voltage_step), round(load(i) * step), 80],
        )
        with pytest.raises(MappingNeededError, match=r"'current' .* counts A, 0\.1 A"):
            read(data)
        unit = {10: "0.1 A", 100: "10 mA"}[step]
        answer = {"columns": {"current": {"channel": "battery_current", "unit": unit}}}
        (log,) = read(data, mapping=answer)
        np.testing.assert_allclose(log.values("battery_current"), [round(load(i) * step) / step for i in range(60)])

    @pytest.mark.parametrize("step", [1, 10, 100, 1000])
    def test_a_power_tells_its_step(self, step):
        data = ride(
            "time (s),voltage,current,power (W)",
            lambda i: [i, round(voltage(i) * 20), round(load(i) * step), f"{2 * voltage(i) * load(i):.1f}"],
        )
        log = read_one(data)
        np.testing.assert_allclose(log.values("battery_current"), [round(load(i) * step) / step for i in range(60)])

    def test_small_currents_beside_millivolts_are_asked_for(self):
        data = ride("time (s),voltage_mV,current", lambda i: [i, round(voltage(i) * 1000), round(load(i) * 20)])
        with pytest.raises(MappingNeededError, match="'current'"):
            read(data)


def test_units_behind_captions_in_mixed_case():
    data = ride(
        "timeMs,packVoltageMv,currentMa,speedKmh,socPct,powerW",
        lambda i: [i * 100, voltage(i) * 1000, load(i) * 1000, 36, 81, voltage(i) * load(i)],
    )
    log = read_one(data)
    np.testing.assert_allclose(log.time, [i * 0.1 for i in range(60)])
    np.testing.assert_allclose(log.values("pack_voltage"), [voltage(i) for i in range(60)])
    np.testing.assert_allclose(log.values("battery_current"), loads())
    np.testing.assert_allclose(log.values("speed"), 10.0)
    np.testing.assert_allclose(log.values("soc"), 0.81)


def test_a_voltage_of_each_device_gives_two_logs():
    data = ride(
        "time (s),controller voltage,controller current,bms voltage,bms current",
        lambda i: [i, f"{voltage(i) - 0.3:.2f}", f"{load(i):.2f}", f"{voltage(i):.2f}", f"{-load(i):.2f}"],
    )
    controller, bms = read(data)
    np.testing.assert_allclose(bms.values("pack_voltage") - controller.values("pack_voltage"), 0.3)
    np.testing.assert_allclose(bms.values("battery_current"), controller.values("battery_current"))
