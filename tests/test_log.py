import numpy as np
import pyarrow as pa
import pytest

from ridelog.channels import CHANNELS, PROTECTIONS, Kind
from ridelog.errors import PluginError
from ridelog.log import LogBuilder, Role
from ridelog.settings import SETTINGS


def _builder(rows=3):
    return LogBuilder(np.arange(rows) + 100.0, np.arange(rows) + 2, "stamp")


def test_time_starts_at_zero_and_source_rows_are_kept():
    log = _builder().build(Role.CONTROLLER, "test")
    assert log.time.tolist() == [0.0, 1.0, 2.0]
    assert log.source_rows.tolist() == [2, 3, 4]
    assert log.duration_s == 2.0
    assert log.interval_s == 1.0


def test_time_that_runs_backwards_is_a_bug_of_the_parser():
    with pytest.raises(PluginError):
        LogBuilder([0.0, 2.0, 1.0], [1, 2, 3])


def test_units_and_origins_are_in_the_field_metadata():
    builder = _builder()
    builder.add("battery_current", np.array([-1.0, 0.0, 2.0]), source="Amps", conversion="sign changed", derived="x")
    log = builder.build(Role.BMS, "test")
    assert log.unit("battery_current") == "A"
    assert log.source_of("battery_current") == "Amps"
    assert log.derived("battery_current") == "x"
    assert log.derived("not_there") == ""


def test_nan_becomes_null_and_comes_back_as_nan():
    builder = _builder()
    builder.add("fault_code", np.array([0.0, np.nan, 2.0]))
    builder.add("discharge_fet", np.array([1.0, np.nan, 0.0]))
    log = builder.build(Role.BMS, "test")
    assert log.table.column("fault_code").to_pylist() == [0, None, 2]
    assert log.table.column("discharge_fet").to_pylist() == [True, None, False]
    assert np.isnan(log.values("fault_code")[1])


def test_a_cell_that_was_not_read_keeps_its_place():
    builder = _builder(2)
    builder.add("cell_voltages", np.array([[3.7, np.nan, 3.6], [3.7, 3.71, 3.6]]))
    log = builder.build(Role.BMS, "test")
    assert pa.types.is_fixed_size_list(log.table.column("cell_voltages").type)
    assert log.table.column("cell_voltages").to_pylist()[0] == [3.7, None, 3.6]
    matrix = log.matrix("cell_voltages")
    assert matrix.shape == (2, 3)
    assert np.isnan(matrix[0, 1])
    assert matrix[1, 1] == 3.71


def test_unknown_columns_are_kept_and_never_shadow_a_channel():
    builder = _builder()
    builder.keep("speed", ["a", "b", "c"])
    log = builder.build(Role.WHEEL, "test")
    assert "speed (as logged)" in log.table.column_names
    assert not log.has("speed")


def test_names_keep_the_difference_of_none_and_unknown():
    builder = _builder()
    builder.add("protections", [["cell-undervoltage"], [], None])
    log = builder.build(Role.BMS, "test")
    assert log.names("protections") == [("cell-undervoltage",), (), None]


def test_rows_that_name_something_are_found_without_the_others():
    builder = LogBuilder(np.arange(5.0), np.arange(5))
    given = [["cell-undervoltage"], [], None, ["short-circuit", "open-wire"], []]
    builder.add("protections", given)
    log = builder.build(Role.BMS, "test")
    assert list(log.named_rows("protections").items()) == [
        (0, ("cell-undervoltage",)),
        (3, ("short-circuit", "open-wire")),
    ]
    assert log.named_known("protections").tolist() == [True, True, False, True, True]
    assert log.names("protections", 2, 4) == [None, ("short-circuit", "open-wire")]
    assert log.texts("event", 1, 3) == [None, None]
    assert log.named_rows("warnings") == {}
    assert not log.named_known("warnings").any()


def test_names_are_found_in_a_part_of_a_log_and_in_several_parts_of_one():
    builder = LogBuilder(np.arange(6.0), np.arange(6))
    builder.add("protections", [["full"], [], ["open-wire"], None, ["full", "open-wire"], []])
    log = builder.build(Role.BMS, "test")
    log.table = pa.concat_tables([log.table.slice(1, 3), log.table.slice(4, 0), log.table.slice(4, 2)])
    assert dict(log.named_rows("protections")) == {1: ("open-wire",), 3: ("full", "open-wire")}
    assert log.named_known("protections").tolist() == [True, True, False, True, True]


def test_a_column_outside_the_vocabulary_is_refused():
    with pytest.raises(PluginError):
        _builder().add("volts", [1, 2, 3])


def test_frames_of_other_libraries():
    builder = _builder()
    builder.add("pack_voltage", [50.0, 51.0, 52.0])
    log = builder.build(Role.CONTROLLER, "test")
    assert log.to_polars()["pack_voltage"].to_list() == [50.0, 51.0, 52.0]
    assert log.to_pandas()["pack_voltage"].tolist() == [50.0, 51.0, 52.0]


def test_the_vocabulary_is_consistent():
    for channel in CHANNELS.values():
        assert channel.meaning.endswith("."), channel.name
        assert channel.kind in Kind
        assert channel.low <= channel.high
        assert channel.name == channel.name.lower()
    assert all(name == name.lower() and " " not in name for name in PROTECTIONS)
    assert all(setting.meaning.endswith(".") for setting in SETTINGS.values())
