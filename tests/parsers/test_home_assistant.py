"""Histories of Home Assistant: long and wide, what a state means until it changes, and whom not to believe."""

from contextlib import suppress

import numpy as np
import pytest

from ridelog import plugins
from ridelog.errors import MappingNeededError, RidelogError, UnrecognisedError
from ridelog.log import Role
from ridelog.parsing import ReadOptions
from ridelog.reading import read_source, recognise
from ridelog.sources import Source

from .table_files import COUNT, history, load, voltage
from .tables import table


def read(data, **options):
    return read_source(Source("history.csv", data), ReadOptions(**options))


def stamp(second):
    return f"2024-05-13T09:{second // 60:02d}:{second % 60:02d}.500Z"


@pytest.mark.parametrize("charging_positive", [True, False])
def test_a_long_history(charging_positive):
    (log,) = read(history(charging_positive=charging_positive))
    assert (log.parser, log.role) == ("home-assistant", Role.BMS)
    assert log.identity.family == "jk"
    assert log.rows == COUNT
    assert str(log.clock.basis) == "utc"
    assert log.matrix("cell_voltages").shape == (COUNT, 8)
    np.testing.assert_allclose(
        log.matrix("cell_voltages")[0], [voltage(0, 0.02, 26.4) / 8 + cell / 1000 for cell in range(1, 9)], atol=0.001
    )
    np.testing.assert_allclose(log.values("battery_current"), [round(load(i), 2) for i in range(COUNT)], atol=0.006)
    assert log.values("soc")[0] == pytest.approx(0.9)
    assert set(log.values("bms_fet_temperature")) == {31.5}


def test_a_state_holds_until_it_changes_or_is_gone():
    extra = [
        ("sensor.jk_bms_cell_voltage_3", "unavailable", stamp(100)),
        ("sensor.jk_bms_cell_voltage_3", "3.3", stamp(153)),
    ]
    data = history(cells=4, polls=20, extra=extra)
    (log,) = read(data)
    cells = log.matrix("cell_voltages")[:, 2]
    times = log.time
    assert np.isfinite(cells[times < 99]).all()
    assert np.isnan(cells[(times > 100.3) & (times < 152)]).all()
    assert cells[-1] == 3.3
    assert np.isfinite(log.matrix("cell_voltages")[:, 1]).all()


def test_other_entities_are_left_out_and_told():
    extra = [("light.hall", "on", stamp(1)), ("sensor.kitchen_temperature", "21", stamp(1))]
    (log,) = read(history(extra=extra))
    assert any("2 entities" in found.message for found in log.damage)


def test_each_device_is_a_log():
    one, two = history("jk_front"), history("jk_rear", cells=10)
    rows = sorted({*one.split(b"\n")[1:], *two.split(b"\n")[1:]} - {b""})
    logs = read(b"entity_id,state,last_changed\n" + b"\n".join(rows) + b"\n")
    assert [log.matrix("cell_voltages").shape[1] for log in logs] == [8, 10]
    assert [log.identity.model for log in logs] == ["jk_front", "jk_rear"]


def test_a_smart_plug_beside_the_battery_is_no_battery():
    extra = [("sensor.plug_voltage", "231", stamp(1)), ("sensor.plug_power", "60", stamp(1))]
    assert len(read(history(extra=extra))) == 1


def test_fets_that_are_on_at_once_are_fets():
    extra = [
        ("binary_sensor.jk_bms_charging", "on", stamp(0)),
        ("binary_sensor.jk_bms_discharging", "on", stamp(0)),
        ("binary_sensor.jk_bms_discharging", "off", stamp(280)),
    ]
    (log,) = read(history(extra=extra))
    assert log.values("discharge_fet")[10] == 1
    assert log.values("discharge_fet")[-1] == 0
    assert set(log.values("charge_fet")[1:]) == {1}


def resting(flags):
    """A load for 12 polls, then rest for 100; `flags` gives the states of charging and discharging of a poll."""
    rows = []
    for index in range(112):
        load = 12.0 + 8 * (index % 3 == 0) if index < 12 else 0.0
        rows += [
            ("sensor.jk_bms_total_voltage", f"{52.0 - 0.05 * load:.2f}", stamp(index)),
            ("sensor.jk_bms_current", f"{load:.1f}", stamp(index)),
            ("sensor.jk_bms_state_of_charge", "80", stamp(index)),
        ]
        rows += [
            (f"binary_sensor.jk_bms_{name}", "on" if on else "off", stamp(index))
            for name, on in zip(("charging", "discharging"), flags(load), strict=True)
        ]
    return table("entity_id,state,last_changed", rows)


def test_fets_of_a_pack_that_tripped_early_and_rested_long_are_fets():
    (log,) = read(resting(lambda load: (True, load > 0)))
    assert log.values("discharge_fet")[[5, -1]].tolist() == [1, 0]
    assert set(log.values("charge_fet")) == {1}


def test_directions_are_no_fets_however_the_rest_is_told():
    (log,) = read(resting(lambda load: (load == 0, True)))
    assert not log.has("discharge_fet") and not log.has("charge_fet")


def test_the_fet_labels_of_ant_are_not_believed():
    extra = [
        ("sensor.ant_bms_charge_mosfet_status", "on", stamp(0)),
        ("sensor.ant_bms_discharge_mosfet_status", "off", stamp(0)),
        ("binary_sensor.ant_bms_charging", "on", stamp(0)),
        ("binary_sensor.ant_bms_discharging", "on", stamp(0)),
    ]
    (log,) = read(history("ant_bms", extra=extra))
    assert not log.has("charge_fet")
    assert not log.has("discharge_fet")
    assert "sensor.ant_bms_charge_mosfet_status" in log.table.column_names
    assert any("wrong way round" in found.message for found in log.damage)


def test_the_powers_of_each_direction_tell_the_sign():
    rows = []
    for index in range(40):
        charging = index < 20
        for name, state in (
            ("total_voltage", "52.0"),
            ("current", "-5.0" if charging else "5.0"),
            ("charging_power", "260" if charging else "0"),
            ("discharging_power", "0" if charging else "260"),
            ("state_of_charge", "80"),
        ):
            rows.append((f"sensor.bat_{name}", state, stamp(5 * index)))
    (log,) = read(table("entity_id,state,last_changed", rows))
    assert log.values("battery_current")[[0, 39]].tolist() == [-5, 5]


def test_an_undecided_sign_is_asked_and_can_be_answered():
    rows = [
        (f"sensor.bat_{name}", state, stamp(i))
        for i in range(30)
        for name, state in (("voltage", "52.0"), ("current", f"5.{i % 2}"), ("soc", "80"))
    ]
    data = table("entity_id,state,last_changed", rows)
    with pytest.raises(MappingNeededError, match=r"sensor\.bat_current"):
        read(data)
    mapping = {"columns": {"sensor.bat_current": {"channel": "battery_current", "sign": "charge-positive"}}}
    (log,) = read(data, mapping=mapping)
    assert log.values("battery_current").max() == -5.0


def test_an_undecided_sign_is_left_out_and_said_beside_another_log():
    rows = [
        (f"sensor.bat_{name}", state, stamp(i))
        for i in range(30)
        for name, state in (("voltage", "52.0"), ("current", f"5.{i % 2}"), ("soc", "80"))
    ]
    (log,) = read(table("entity_id,state,last_changed", rows), leave_open=True)
    assert log.has("pack_voltage", "soc") and not log.has("battery_current")
    assert any("sensor.bat_current" in damage.message for damage in log.damage)


def test_the_draft_names_the_entities_and_the_question():
    import tomllib

    rows = [
        (f"sensor.bat_{name}", state, stamp(i))
        for i in range(30)
        for name, state in (("voltage", "52.0"), ("current", f"5.{i % 2}"), ("soc", "80"))
    ]
    source = Source("history.csv", table("entity_id,state,last_changed", rows))
    parser, _ = recognise(source)
    draft = parser.draft_mapping(source, ReadOptions())
    assert "DECIDE whether a positive 'sensor.bat_current'" in draft
    decided = tomllib.loads(draft.replace('# sign = "discharge-positive"', 'sign = "discharge-positive"'))
    (log,) = read_source(source, ReadOptions(mapping=decided))
    assert log.values("battery_current").max() == 5.1
    assert set(log.values("soc")) == {0.8}


def test_a_wide_history():
    header = "time,sensor.jk_bms_total_voltage,sensor.jk_bms_current,sensor.jk_bms_soc,sensor.jk_bms_cell_voltage_1"
    rows = [
        [f"2024-05-13 09:{i // 60:02d}:{i % 60:02d}", f"{voltage(i):.2f}", f"{-load(i):.2f}", 80, 3.3]
        for i in range(COUNT)
    ]
    (log,) = read(table(header, rows), zone="Europe/Berlin")
    assert log.parser == "home-assistant"
    assert (str(log.clock.basis), log.clock.zone) == ("local", "Europe/Berlin")
    np.testing.assert_allclose(log.values("battery_current"), [round(load(i), 2) for i in range(COUNT)], atol=0.01)
    assert log.matrix("cell_voltages").shape == (COUNT, 1)


@pytest.mark.parametrize(
    "rows", [[("light.hall", "on", stamp(1))], [("sensor.kitchen_temperature", "21", stamp(i)) for i in range(5)]]
)
def test_a_history_of_something_else_is_refused_with_a_reason(rows):
    with pytest.raises(UnrecognisedError) as caught:
        recognise(Source("h.csv", table("entity_id,state,last_changed", rows)))
    assert "battery" in caught.value.reasons["home-assistant"]


def test_a_battery_far_behind_other_entities_is_found():
    extra = [("climate.attic", str(i), stamp(i % 3000)) for i in range(4000)]
    data = history(extra=extra)
    assert data.find(b"sensor.jk") > 65_536
    assert recognise(Source("h.csv", data))[0].name == "home-assistant"


def test_captions_with_a_stray_end_of_line_are_refused_or_read_but_never_a_crash():
    lines = history().split(b"\n")
    head = b"\r".join(line.replace(b",", b";") for line in lines[:2])
    first = b"\r".join((head, lines[2].replace(b",", b";", 1), lines[3], lines[4]))
    source = Source("history.csv", b"\n".join((first, *lines[5:])))
    parser = next(entry for entry in plugins.parsers() if entry.name == "home-assistant")
    with suppress(RidelogError):
        parser.parse(source, ReadOptions())
