"""What every parser keeps: one owner for each file, canonical values, and no error but RidelogError."""

import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ridelog.parsers
from ridelog import plugins
from ridelog.channels import CHANNELS, Kind
from ridelog.damage import Damage
from ridelog.errors import RefusedError, RidelogError
from ridelog.log import Log, Role
from ridelog.parsing import Parser, ReadOptions
from ridelog.reading import read_source, recognise
from ridelog.sources import Source

from .samples import SAMPLES

PARSERS = plugins.parsers()
BUILTIN = ridelog.parsers.PARSERS
REFUSED = {"wheellog-raw", "gpx"}
READABLE = [name for name, (parser, _) in SAMPLES.items() if parser not in REFUSED]
FRACTIONS = ("soc", "soh", "duty", "pwm", "humidity", "remote_input")
LISTS = {Kind.NUMBERS, Kind.FLAGS}


def source(name, data=None):
    return Source(f"{name}.bin", SAMPLES[name][1] if data is None else data)


@pytest.fixture(scope="module")
def logs():
    """Logs of every sample, read once."""
    return {name: read_source(source(name)) for name in READABLE}


#: Readers that try what no other parser knows.
GENERAL = {"value-lines", "long-table", "table"}


def test_names_are_unique():
    names = [parser.name for parser in PARSERS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_a_parser_says_what_it_is(parser):
    for attribute in ("name", "title", "device", "clock"):
        value = getattr(parser, attribute)
        assert isinstance(value, str), attribute
        assert value.strip() == value != "", attribute
    assert parser.roles
    assert all(isinstance(role, Role) for role in parser.roles)
    assert [channel for channel in parser.gives if channel not in CHANNELS] == []
    assert len(set(parser.gives)) == len(parser.gives)
    assert "time" not in parser.gives
    documentation = type(parser).__doc__
    assert documentation != Parser.__doc__
    assert len(documentation) > 100


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_every_parser_has_a_sample(parser):
    fallback = any(parser.sniff(source(name)).rank == 1 for name in SAMPLES)
    assert fallback or parser.name in {owner for owner, _ in SAMPLES.values()}, "add a file to samples.py"


@pytest.mark.parametrize("name", SAMPLES)
def test_exactly_one_parser_recognises_a_file(name):
    ranks = {parser.name: parser.sniff(source(name)).rank for parser in PARSERS}
    rank = 1 if SAMPLES[name][0] in GENERAL else 2
    assert [parser for parser in ranks if ranks[parser] >= rank] == [SAMPLES[name][0]]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_with_words_of_its_format_is_shown_to_its_parser_first(name):
    entries = {type(entry.load()).name: entry for entry in BUILTIN}
    owner = entries[SAMPLES[name][0]]
    likely = [parser.name for parser in plugins.likely_parsers(source(name).head)]
    assert (owner.words == ()) or SAMPLES[name][0] in likely
    assert not any(entry.words == () and parser in likely for parser, entry in entries.items())


@pytest.mark.parametrize("name", SAMPLES)
def test_the_words_of_a_format_do_not_decide(name, monkeypatch):
    monkeypatch.setattr(plugins, "likely_parsers", lambda head: ())
    assert recognise(source(name))[0].name == SAMPLES[name][0]


def test_a_log_is_read_without_importing_the_other_parsers():
    code = (
        "import sys; from ridelog.reading import read; read(sys.argv[1]);"
        "print([n for n in sys.modules if n.startswith('ridelog.parsers.') and ('jk' in n or 'frames' in n)])"
    )
    log = Path(__file__).parents[2] / "sample_logs" / "healthy_ride" / "2025-05-11_14-20-06.csv"
    result = subprocess.run([sys.executable, "-c", code, str(log)], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("name", SAMPLES)
def test_the_content_decides_and_not_the_file_name(name):
    for path in ("x", "2024_05_24_09_35_23.csv", "RAW_ride.xlsx", "motor.xml"):
        parser, _ = recognise(Source(path, SAMPLES[name][1]))
        assert parser.name == SAMPLES[name][0]


@pytest.mark.parametrize("name", SAMPLES)
def test_every_answer_has_a_reason(name):
    for parser in PARSERS:
        answer = parser.sniff(source(name))
        assert answer.rank in (0, 1, 2)
        assert answer.reason.strip()


@pytest.mark.parametrize("name", [name for name in SAMPLES if name not in READABLE])
def test_a_refusal_says_what_to_hand_over_instead(name):
    with pytest.raises(RefusedError) as caught:
        read_source(source(name))
    assert caught.value.advice
    assert name in str(caught.value)


@pytest.mark.parametrize("name", READABLE)
def test_logs_are_complete(name, logs):
    parser, _ = recognise(source(name))
    assert logs[name]
    for log in logs[name]:
        assert isinstance(log, Log)
        assert log.parser == parser.name
        assert log.role in parser.roles
        assert log.rows > 0
        assert log.channels
        assert log.table.column_names[:2] == ["time", "source_row"]
        assert log.identity.device
        assert all(isinstance(found, Damage) for found in log.damage)
        assert pickle.loads(pickle.dumps(log)).table.equals(log.table)


@pytest.mark.parametrize("name", READABLE)
def test_time_runs_forward_from_zero(name, logs):
    for log in logs[name]:
        assert np.isfinite(log.time).all()
        assert log.time[0] == 0
        assert (np.diff(log.time) >= 0).all()
        assert log.clock.reason
        assert log.clock.resolution_s > 0
        assert (log.clock.start is None) == (str(log.clock.basis) == "none")


@pytest.mark.parametrize("name", READABLE)
def test_rows_can_be_found_again(name, logs):
    data = SAMPLES[name][1]
    for log in logs[name]:
        places = log.source_rows
        assert log.table.column("source_row").null_count == 0
        assert places.min() >= 0
        assert places.max() <= max(len(data), 1)


@pytest.mark.parametrize("name", READABLE)
def test_channels_have_their_type_and_unit(name, logs):
    for log in logs[name]:
        for field in log.table.schema:
            known = CHANNELS.get(field.name)
            if known is None:
                continue
            assert log.unit(field.name) == known.unit, field.name
            if known.kind in LISTS:
                assert pa.types.is_fixed_size_list(field.type), field.name
            measured = field.name in log.channels and known.kind not in (Kind.TEXT, Kind.NAMES)
            if measured and log.role is not Role.CONFIG:
                assert log.source_of(field.name) or log.derived(field.name), field.name


@pytest.mark.parametrize("name", READABLE)
def test_a_parser_announces_what_it_gives(name, logs):
    parser, _ = recognise(source(name))
    for log in logs[name]:
        assert set(log.channels) <= set(parser.gives)


@pytest.mark.parametrize("name", READABLE)
def test_values_are_plausible_in_canonical_units(name, logs):
    """The samples are healthy rides: a value out of range is a wrong unit, a percent where a fraction belongs."""
    for log in logs[name]:
        for channel in log.channels:
            known = CHANNELS[channel]
            if known.kind in (Kind.TEXT, Kind.NAMES, Kind.FLAGS):
                continue
            values = log.matrix(channel) if known.kind is Kind.NUMBERS else log.values(channel)
            values = values[np.isfinite(values)]
            assert values.min() >= known.low, channel
            assert values.max() <= known.high, channel


@pytest.mark.parametrize("name", READABLE)
def test_fractions_are_no_percentages(name, logs):
    for log in logs[name]:
        for channel in FRACTIONS:
            if log.has(channel):
                values = log.values(channel)
                values = values[np.isfinite(values)]
                assert np.abs(values).max() <= 1.5, channel
                assert np.abs(values).max() > 0.011 or not values.any(), channel


@pytest.mark.parametrize("name", READABLE)
def test_a_cell_that_reads_nan_is_empty(name):
    """Null is the only absence in a channel, whatever words a program has for it."""
    lines = SAMPLES[name][1].split(b"\n")
    middle = len(lines) // 2
    lines[middle] = re.sub(rb"(?<=[,;\t])-?\d+\.\d+(?=[,;\t])", b"nan", lines[middle])
    try:
        found = read_source(source(name, b"\n".join(lines)))
    except RidelogError:
        return
    for log in found:
        for column in log.to_polars().select(log.channels):
            assert not column.dtype.is_float() or not column.is_nan().any(), column.name


@pytest.mark.parametrize("name", READABLE)
def test_speeds_are_metres_a_second(name, logs):
    """No sample is faster than 15 m/s: 30 would be km/h."""
    for log in logs[name]:
        for channel in ("speed", "gps_speed"):
            if log.has(channel):
                assert np.nanmax(np.abs(log.values(channel))) < 15, channel


@pytest.mark.parametrize("name", READABLE)
def test_the_load_of_the_samples_is_mostly_a_discharge(name, logs):
    for log in logs[name]:
        if log.has("battery_current"):
            assert np.nanmean(log.values("battery_current")) > 0
        if log.has("power"):
            assert np.nanmean(log.values("power")) > 0


@pytest.mark.parametrize("name", READABLE)
def test_reading_is_repeatable_and_leaves_the_bytes(name, logs):
    data = SAMPLES[name][1]
    before = bytes(data)
    again = read_source(source(name))
    assert data == before
    assert [log.table for log in again] == [log.table for log in logs[name]]
    assert [log.damage for log in again] == [log.damage for log in logs[name]]


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_file_cut_off_anywhere_gives_logs_or_a_ridelog_error(name, data):
    whole = SAMPLES[name][1]
    cut = data.draw(st.integers(1, len(whole) - 1))
    _read_or_refuse(name, whole[:cut])


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_damaged_file_gives_logs_or_a_ridelog_error(name, data):
    broken = bytearray(SAMPLES[name][1])
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(broken) - 1))
        width = data.draw(st.integers(1, 40))
        broken[start : start + width] = data.draw(st.binary(max_size=40))
        if not broken:
            return
    _read_or_refuse(name, bytes(broken))


@settings(max_examples=60, deadline=None)
@given(data=st.binary(min_size=1, max_size=600))
def test_any_bytes_give_logs_or_a_ridelog_error(data):
    _read_or_refuse("any", data)


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=10, deadline=None)
@given(tail=st.sampled_from([b"\0" * 4096, b"\xff\xfe", b"\r\n\r\n", b",,,,,;;;;\t\t", b'"', b"\n" * 50]))
def test_a_file_that_goes_on_with_rubbish_gives_logs_or_a_ridelog_error(name, tail):
    _read_or_refuse(name, SAMPLES[name][1] + tail)


@pytest.mark.parametrize("name", READABLE)
def test_a_tail_of_zero_bytes_costs_no_row(name, logs):
    """Power cuts leave zeros behind the last row."""
    if SAMPLES[name][0] in ("euc-world-xlsx", "floaty-json", "metr-json", "vesc-config", "jbd-fig"):
        pytest.skip("the format has an end of its own")
    found = read_source(source(name, SAMPLES[name][1] + b"\0" * 512))
    assert [log.rows for log in found] == [log.rows for log in logs[name]]


def _read_or_refuse(name, data):
    try:
        found = read_source(source(name, data), ReadOptions())
    except RidelogError as error:
        assert str(error)
        return
    for log in found:
        # A listing without any fault is one, too.
        assert log.rows > 0 or log.role is Role.EVENTS
        assert (np.diff(log.time) >= 0).all()
