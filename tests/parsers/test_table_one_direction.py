"""Currents that are logged for one direction, or run one way all through: what tells which."""

import pytest

from ridelog.errors import MappingNeededError

from .table_files import read_one, ride


@pytest.mark.parametrize("caption", ["discharge current (A)", "charge current (A)"])
@pytest.mark.parametrize("change", [1, -1])
def test_a_current_of_one_direction_below_zero_is_told_by_the_data(caption, change):
    log = read_one(
        ride(
            f"time (s),voltage (V),{caption},soc (%),discharge_fet",
            lambda i: [20 * i, f"{50 + 0.02 * change * i:.2f}", "-5.0", 50 + change * i // 2, 1],
        )
    )
    assert set(log.values("battery_current")) == {-5.0 * change}


@pytest.mark.parametrize(
    ("caption", "sign"),
    [
        ("discharge current (A)", 1),
        ("Entladestrom (A)", 1),
        ("corriente de descarga (A)", 1),
        ("courant de décharge (A)", 1),
        ("corrente di scarica (A)", 1),
        ("ток разряда (А)", 1),
        ("放电电流", 1),
        ("charge current (A)", -1),
        ("Ladestrom", -1),
        ("充电电流", -1),
    ],
)
@pytest.mark.parametrize("amps", [5.0, -5.0])
def test_a_caption_of_one_direction_decides_where_the_data_do_not(caption, sign, amps):
    log = read_one(ride(f"time (s);voltage (V);{caption}", lambda i: [i, "50.0", amps], separator=";"))
    assert set(log.values("battery_current")) == {sign * amps}
    field = log.table.schema.field("battery_current")
    assert "as its caption says" in str(field.metadata)


def test_a_caption_the_level_speaks_against_is_asked_for():
    # The voltage of a pack falls under a "discharge current" of -5 A: one weak witness, which is no decision.
    rows = ride(
        "time (s),voltage (V),discharge current (A)",
        lambda i: [i, f"{52 - 0.015 * i:.2f}", "-5.0" if i % 3 else "-0.2"],
    )
    with pytest.raises(MappingNeededError, match="discharge current"):
        read_one(rows)


@pytest.mark.parametrize("change", [-1, 1])
def test_one_percent_of_charge_tells_a_current_that_runs_one_way(change):
    rows = ride("time (s),voltage (V),current (A),soc (%)", lambda i: [i, "50.0", "5.0", 80 + change * (i > 30)])
    assert set(read_one(rows).values("battery_current")) == {-5.0 * change}


@pytest.mark.parametrize(
    ("caption", "direction"),
    [("energy used (Wh)", 1), ("Energy remaining (Wh)", -1), ("amp hours charged (Ah)", -1)],
)
@pytest.mark.parametrize("amps", [5.0, -5.0])
def test_counters_of_energy_and_charge_tell_the_direction(caption, direction, amps):
    rows = ride(f"time (s),voltage (V),current (A),{caption}", lambda i: [60 * i, "50.0", amps, 100 + 4 * i])
    assert set(read_one(rows).values("battery_current")) == {abs(amps) * direction}
