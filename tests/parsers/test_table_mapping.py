"""Mapping files: an answer settles the question, a draft can be filled in, a wrong one is an error."""

import tomllib

import numpy as np
import pytest

from ridelog.errors import UnrecognisedError, UsageError
from ridelog.log import Role
from ridelog.parsing import ReadOptions
from ridelog.reading import recognise
from ridelog.sources import Source

from . import table_files as files
from .table_files import COUNT, load, loads, read, read_one, ride, voltage


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
        source = Source("strange.csv", self.AMBIGUOUS)
        parser, _ = recognise(source)
        draft = parser.draft_mapping(source, ReadOptions(zone="Europe/Berlin"))
        assert "DECIDE whether a positive 'Current (A)'" in draft
        written = tomllib.loads(draft)
        assert written["time"] == {"column": "Time (s)", "kind": "seconds", "zone": "Europe/Berlin"}
        decided = tomllib.loads(draft.replace('# sign = "charge-positive"', 'sign = "charge-positive"'))
        assert set(read_one(self.AMBIGUOUS, mapping=decided).values("battery_current")) == {-5.0}

    def test_the_draft_of_a_clear_table_reads_the_same(self):
        for data in (files.german(), files.chinese(), files.russian(), files.english(), files.cells_and_motor()):
            source = Source("strange.csv", data)
            parser, _ = recognise(source)
            mapping = tomllib.loads(parser.draft_mapping(source, ReadOptions()))
            for log, again in zip(read(data), read(data, mapping=mapping), strict=True):
                assert again.channels == log.channels
                np.testing.assert_allclose(again.time, log.time)
                for channel in set(log.channels) & {"pack_voltage", "battery_current", "speed", "soc", "duty"}:
                    np.testing.assert_allclose(again.values(channel), log.values(channel))

    def test_captions_that_come_twice_are_asked_for_once(self):
        data = ride(
            "time,voltage,voltage,current,note,note",
            lambda i: [i, f"{voltage(i):.2f}", f"{voltage(i) - 1:.2f}", f"{load(i):.2f}", "a", "b"],
        )
        source = Source("strange.csv", data)
        mapping = tomllib.loads(recognise(source)[0].draft_mapping(source, ReadOptions()))
        once, again = read_one(data), read_one(data, mapping=mapping)
        assert once.channels == again.channels
        np.testing.assert_array_equal(once.values("pack_voltage"), again.values("pack_voltage"))

    def test_a_file_that_is_no_table_has_no_draft(self):
        parser, _ = recognise(Source("strange.csv", files.german()))
        assert parser.draft_mapping(Source("x", b"\x00\x01"), ReadOptions()) is None
