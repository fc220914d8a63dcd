import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridelog.damage import DamageKind
from ridelog.errors import ParseError, RidelogError
from ridelog.log import Role
from ridelog.parsers.vesc_config import PARAMETERS, VescConfig
from ridelog.parsing import ReadOptions
from ridelog.settings import SETTINGS
from ridelog.sources import Source

MOTOR = {
    "ConfigVersion": "4",
    "l_current_max": "60",
    "l_current_min": "-45.5",
    "l_in_current_max": "30",
    "l_in_current_min": "-8",
    "l_abs_current_max": "130",
    "l_min_vin": "8",
    "l_max_vin": "57",
    "l_battery_cut_start": "34",
    "l_battery_cut_end": "31",
    "l_battery_regen_cut_start": "1000",
    "l_battery_regen_cut_end": "1100",
    "l_slow_abs_current": "1",
    "l_temp_fet_start": "85",
    "l_watt_max": "1.5e+06",
    "l_watt_min": "-1.5e+06",
    "l_max_duty": "0.95",
    "m_fault_stop_time_ms": "500",
    "si_motor_poles": "14",
    "si_gear_ratio": "2.5",
    "si_wheel_diameter": "0.083",
    "si_battery_type": "0",
    "si_battery_cells": "10",
    "si_battery_ah": "12.5",
    "foc_motor_r": "0.0181",
    "motor_description": "&lt;p&gt;My &amp; yours&lt;/p&gt;",
}
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def xml(parameters, root="MCConfiguration", head=HEAD):
    lines = [f"    <{name}>{value}</{name}>\n" for name, value in parameters.items()]
    return f"{head}<{root}>\n{''.join(lines)}</{root}>\n"


def read(text):
    source = Source("motor.xml", text if isinstance(text, bytes) else text.encode())
    assert VescConfig().sniff(source).rank == 2
    (log,) = VescConfig().parse(source, ReadOptions())
    return log


def test_a_motor_configuration():
    log = read(xml(MOTOR))
    assert log.role is Role.CONFIG
    assert log.rows == len(MOTOR)
    assert log.settings == {
        "motor_current_max": 60,
        "motor_brake_current_max": 45.5,
        "battery_current_max": 30,
        "battery_regen_current_max": 8,
        "motor_current_absolute_max": 130,
        "controller_voltage_min": 8,
        "controller_voltage_max": 57,
        "battery_cut_start": 34,
        "battery_cut_end": 31,
        "regen_cut_start": 1000,
        "regen_cut_end": 1100,
        "slow_absolute_current": True,
        "fet_temperature_start": 85,
        "power_max": 1.5e6,
        "regen_power_max": 1.5e6,
        "duty_max": 0.95,
        "fault_stop_time": 0.5,
        "motor_poles": 14,
        "gear_ratio": 2.5,
        "wheel_diameter": 0.083,
        "chemistry": "nmc",
        "series_cells": 10,
        "nominal_capacity": 12.5,
    }
    assert not log.damage


def test_one_row_a_parameter_with_its_line():
    log = read(xml(MOTOR))
    row = log.table.column("parameter").to_pylist().index("l_in_current_min")
    assert log.source_rows[row] == row + 3
    assert log.texts("setting")[row] == "battery_regen_current_max"
    assert log.texts("setting_text")[row] == "-8"
    assert log.values("setting_value")[row] == 8
    assert log.texts("setting_unit")[row] == "A"
    unknown = log.texts("setting").index("foc_motor_r")
    assert log.values("setting_value")[unknown] == 0.0181
    assert log.texts("setting_unit")[unknown] is None
    text = log.texts("setting").index("motor_description")
    assert log.texts("setting_text")[text] == "<p>My & yours</p>"
    assert np.isnan(log.values("setting_value")[text])


def test_every_canonical_name_exists():
    assert {known.setting for known in PARAMETERS.values()} <= set(SETTINGS)


@pytest.mark.parametrize("root", ["APPConfiguration", "CustomConfiguration"])
def test_other_configurations_are_kept_without_settings(root):
    log = read(xml({"app_to_use": "3", "l_max_vin": "1"}, root))
    assert log.rows == 2
    assert log.settings == {}


@pytest.mark.parametrize("head", ["", "\ufeff" + HEAD, "\n \n" + HEAD, HEAD + "<!-- saved -->\n"])
def test_heads_and_line_ends(head):
    for newline in ("\n", "\r\n"):
        log = read(xml(MOTOR, head=head).replace("\n", newline))
        assert log.settings["controller_voltage_max"] == 57
    assert log.source_rows[0] == head.count("\n") + 2


def test_missing_parameters_are_not_invented():
    assert read(xml({"l_max_vin": "25.4"})).settings == {"controller_voltage_max": 25.4}


def test_a_value_that_is_no_number_is_no_setting():
    log = read(xml({"l_max_vin": "many", "l_min_vin": "nan", "l_max_duty": ""}))
    assert log.settings == {}
    assert log.texts("setting_text") == ["many", "nan", ""]


def test_a_battery_that_was_never_entered_is_told():
    log = read(xml(MOTOR | {"si_battery_cells": "3", "si_battery_ah": "6"}))
    assert log.settings["series_cells"] == 3
    (wrong,) = log.damage
    assert wrong.kind is DamageKind.WRONG_SETTING
    assert wrong.rows == (log.source_rows[log.texts("setting").index("series_cells")],)


def test_a_file_cut_off_keeps_what_comes_before():
    text = xml(MOTOR)
    log = read(text[: text.index("<l_slow")] + "<l_slow_abs")
    assert log.settings["regen_cut_end"] == 1100
    assert [item.kind for item in log.damage] == [DamageKind.TRUNCATED_TAIL]


@pytest.mark.parametrize(
    "attack",
    [
        '<!DOCTYPE a [<!ENTITY x "y">]>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://localhost/x"> %p;]>',
    ],
)
def test_entities_and_document_types_are_refused(attack):
    source = Source("x.xml", (HEAD + attack + xml(MOTOR, head="")).encode())
    with pytest.raises(ParseError, match="document type or an entity"):
        VescConfig().parse(source, ReadOptions())


def test_bounds():
    deep = HEAD + "<MCConfiguration>" + "<a>" * 50 + "</a>" * 50 + "</MCConfiguration>"
    with pytest.raises(ParseError):
        VescConfig().parse(Source("x", deep.encode()), ReadOptions())
    large = xml({"motor_description": "x" * (5 << 20)})
    with pytest.raises(ParseError, match="bytes"):
        VescConfig().parse(Source("x", large.encode()), ReadOptions())


@pytest.mark.parametrize("text", ["", "<html></html>", "<gpx/>", "MCConfiguration", HEAD, "l_max_vin;57\n", "\0\0"])
def test_other_files_are_refused(text):
    source = Source("motor.xml", text.encode())
    assert VescConfig().sniff(source).rank == 0
    with pytest.raises(RidelogError):
        VescConfig().parse(source, ReadOptions())


@given(st.binary(max_size=200), st.integers(0, 400))
def test_any_bytes_give_a_log_or_a_ridelog_error(noise, at):
    text = xml(MOTOR).encode()
    for data in (noise, text[:at] + noise + text[at:], text[:at] + noise):
        source = Source("x.xml", data)
        try:
            VescConfig().sniff(source)
            VescConfig().parse(source, ReadOptions())
        except RidelogError:
            pass


@given(st.floats(-1e6, 1e6), st.sampled_from(["{:g}", "{!r}", "{:e}", " {:.3f} "]))
def test_any_number_format(value, form):
    text = form.format(value)
    assert read(xml({"l_max_vin": text})).settings["controller_voltage_max"] == float(text)
