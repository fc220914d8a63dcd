"""Console logs of ESPHome: in the notations of its versions, from the middle of a poll, of several boards, and pasted."""

import numpy as np
import pytest

from ridelog.errors import UnrecognisedError
from ridelog.parsing import ReadOptions
from ridelog.reading import read_source
from ridelog.sources import Source

from .bms_files import jbd_hex_dump
from .esphome_files import STYLES, esphome_log, lines
from .table_files import COUNT, load, voltage


def read(data, **options):
    return read_source(Source("device.log", data), ReadOptions(**options))


@pytest.mark.parametrize("style", STYLES)
def test_every_notation_gives_the_same_values(style):
    (log,) = read(esphome_log(style))
    assert (log.parser, log.rows, log.identity.family) == ("esphome-log", COUNT, "jk")
    pack = np.array([voltage(index, full=26.4, resistance=0.02) for index in range(COUNT)])
    np.testing.assert_allclose(log.values("pack_voltage"), pack, atol=0.006)
    np.testing.assert_allclose(log.matrix("cell_voltages")[:, 7], pack / 8 + 0.008, atol=0.0006)
    np.testing.assert_allclose(log.values("battery_current"), [load(index) for index in range(COUNT)], atol=0.006)
    assert log.values("soc")[0] == pytest.approx(0.9)
    assert set(log.values("bms_fet_temperature")) == {31.5}
    assert log.values("discharge_fet").tolist() == [True] * COUNT


@pytest.mark.parametrize(
    ("style", "basis"), [("dashboard", "time-of-day"), ("2026", "time-of-day"), ("dated", "local"), ("serial", "none")]
)
def test_the_clock_is_that_of_the_lines(style, basis):
    (log,) = read(esphome_log(style))
    assert str(log.clock.basis) == basis
    step = 1.0 if basis == "none" else 2.0
    np.testing.assert_allclose(np.diff(log.time), step, atol=1e-6)


def test_a_log_that_starts_within_a_poll_is_cut_where_polls_begin():
    (log,) = read(esphome_log("milliseconds", skip=5))
    assert log.rows == COUNT
    cells = log.matrix("cell_voltages")
    assert np.isnan(cells[0, :5]).all()
    assert np.isfinite(cells[0, 5:]).all()
    spread = np.nanmax(cells[1:], axis=1) - np.nanmin(cells[1:], axis=1)
    np.testing.assert_allclose(spread, 0.007, atol=1e-6)


def test_polls_that_follow_at_once_stay_apart():
    (log,) = read(esphome_log("milliseconds", step=0.25))
    assert log.rows == COUNT


def test_midnight_is_passed():
    (log,) = read(esphome_log("milliseconds", start=86_390.0))
    np.testing.assert_allclose(np.diff(log.time), 2.0, atol=1e-6)


def test_each_board_is_a_log():
    one, two = lines("milliseconds", device="jk-bms front"), lines("milliseconds", device="jk-bms rear", cells=10)
    data = "\n".join(sorted([*one, *two])).encode()
    logs = read(data)
    assert [log.identity.model for log in logs] == ["jk_bms_front", "jk_bms_rear"]
    assert [log.matrix("cell_voltages").shape for log in logs] == [(COUNT, 8), (COUNT, 10)]


def test_a_paste_that_lost_its_line_ends():
    (log,) = read(" ".join(lines("dashboard")).encode())
    assert log.rows == COUNT
    np.testing.assert_allclose(log.values("battery_current"), [load(index) for index in range(COUNT)], atol=0.006)


def test_a_value_that_is_gone_is_no_value():
    data = esphome_log("2026").replace(b"'jk-bms cell voltage 3' >> 3.2", b"'jk-bms cell voltage 3' >> nan V #3.2")
    (log,) = read(data)
    cells = log.matrix("cell_voltages")
    assert np.isnan(cells[:, 2]).any()
    assert np.isfinite(cells[:, 3]).all()


def test_errors_in_words_are_protections():
    (log,) = read(esphome_log("dashboard"))
    assert [bool(names) for names in log.table.column("protections").to_pylist()][-2:] == [False, True]


def test_a_charge_in_percent_is_no_capacity():
    data = esphome_log("dashboard").replace(b"state of charge", b"capacity remaining")
    (log,) = read(data)
    assert log.values("soc")[0] == pytest.approx(0.9)


def test_a_log_with_the_frames_is_read_by_them():
    data = jbd_hex_dump() + esphome_log("serial")
    assert {log.parser for log in read(data)} == {"hex-dump"}


def test_a_device_without_a_battery_is_refused():
    data = b"[10:00:00][D][sensor:125]: 'Hall temperature': Sending state 21.0 C with 1 decimals of accuracy\n" * 5
    with pytest.raises(UnrecognisedError) as refused:
        read(data)
    assert "none of its entities is one of a battery" in str(refused.value) + str(refused.value.__dict__)


def test_powers_of_each_direction_tell_that_of_the_current():
    """A paste of some polls at a steady load, where the voltage tells nothing."""
    found = []
    for index in range(4):
        values = (
            ("total voltage", "52.95 V"),
            ("current", "-21.05 A"),
            ("power", "-1114.60 W"),
            ("charging power", "0.00 W"),
            ("discharging power", "1114.60 W"),
            ("cell voltage 1", "3.31 V"),
        )
        found += [f"[10:00:{5 * index:02d}][S][sensor]: 'jk-bms {name}' >> {value}" for name, value in values]
    (log,) = read("\n".join(found).encode())
    assert log.values("battery_current").tolist() == [21.05] * 4
    assert log.values("power").tolist() == [1114.6] * 4
