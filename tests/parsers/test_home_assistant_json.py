"""Histories of Home Assistant in JSON: of both interfaces, cut off, of other entities."""

import numpy as np
import pytest

from ridelog.errors import ParseError, UnrecognisedError
from ridelog.parsing import ReadOptions
from ridelog.reading import read_source
from ridelog.sources import Source

from .home_assistant_files import rest_history, socket_history
from .table_files import COUNT, history, load


def read(data, name="history.json"):
    return read_source(Source(name, data), ReadOptions())


@pytest.mark.parametrize("data", [rest_history(), rest_history(minimal=False), socket_history()])
def test_the_values_are_those_of_the_history_in_csv(data):
    (log,) = read(data)
    (whole,) = read(history(), "history.csv")
    assert (log.parser, str(log.clock.basis), log.rows) == ("home-assistant-json", "utc", COUNT)
    assert log.channels == whole.channels
    for channel in ("pack_voltage", "battery_current", "soc", "bms_fet_temperature"):
        np.testing.assert_allclose(log.values(channel), whole.values(channel))
    np.testing.assert_allclose(log.matrix("cell_voltages"), whole.matrix("cell_voltages"))
    np.testing.assert_allclose(log.time, whole.time, atol=1e-5)
    np.testing.assert_allclose(log.values("battery_current"), [round(load(i), 2) for i in range(COUNT)], atol=0.006)


def test_a_unit_that_is_written_holds():
    (log,) = read(rest_history().replace(b'"90"', b'"1"').replace(b'"89"', b'"1"').replace(b'"88"', b'"0"'))
    assert log.values("soc")[0] == pytest.approx(0.01)


def test_an_answer_that_was_cut_off_keeps_what_is_whole():
    data = rest_history(minimal=False)
    (log,) = read(data[: int(len(data) * 0.99)])
    assert log.has("cell_voltages")
    assert any(str(found.kind) == "truncated-tail" for found in log.damage)


def test_a_state_that_is_gone_ends_a_value():
    data = rest_history().replace(b'"31.5"', b'"unavailable"')
    (log,) = read(data)
    assert not log.has("bms_fet_temperature") or np.isnan(log.values("bms_fet_temperature")).all()


def test_states_without_stamps_are_an_error():
    with pytest.raises(ParseError, match="no state of an entity has a time stamp"):
        read(rest_history().replace(b"last_changed", b"since").replace(b"last_updated", b"when"))


def test_other_entities_are_refused():
    with pytest.raises(UnrecognisedError):
        read(b'[[{"entity_id":"sensor.hall_temperature","state":"21","last_changed":"2025-01-15T10:00:00+00:00"}]]')
