from __future__ import annotations

import numpy as np
import pytest

from ridelog.battery.estimate import estimate_pack
from ridelog.battery.ocv import open_circuit_table
from ridelog.battery.pack import Pack, PackOptions
from ridelog.log import Identity, Log, LogBuilder, Role

from .signals import demand, ride_of


def ride_log(
    series: int,
    *,
    start: float = 0.8,
    minutes: float = 10.0,
    amp_hours: float = 15.0,
    table: str = "proxy-nmc",
    role: Role = Role.CONTROLLER,
    settings: dict[str, float | str | bool] | None = None,
    cells: np.ndarray | None = None,
    soc_error: float | None = None,
    seed: int = 0,
    identity: Identity | None = None,
    level: bool = False,
) -> Log:
    """A ride of a pack with a measured cell curve; `cells` are the factors of its cells, if it reads any."""
    time = np.arange(0.0, 60 * minutes, 0.1)
    amps = demand(time, seed, peak=2.0 * amp_hours, regen=0.5 * amp_hours)
    soc = start - np.concatenate([[0.0], np.cumsum(amps[1:] * 0.1)]) / 3600 / amp_hours
    curve = open_circuit_table(table)
    rng = np.random.default_rng(seed)
    cell = curve.voltage(soc)
    volts = series * cell - series * 0.06 / amp_hours * amps + rng.normal(0, 0.03, len(time))
    builder = LogBuilder(time, np.arange(len(time)))
    builder.add("pack_voltage", np.round(volts, 1))
    builder.add("battery_current", np.round(amps, 2))
    if cells is not None:
        builder.add("cell_voltages", np.round(cell[:, None] * cells - 0.06 / amp_hours * amps[:, None], 3))
    if soc_error is not None:
        builder.add("soc", np.clip(soc + soc_error, 0, 1))
    if level:
        # The fixed curve of the VESC, at its published points, for the cells it was told.
        told = float((settings or {}).get("told_cells", series))
        builder.add(
            "soc",
            np.interp(
                series * cell / told,
                [3.1, 3.25, 3.5, 3.7, 3.9, 4.07, 4.15, 4.2],
                [0, 0.02, 0.19, 0.39, 0.66, 0.90, 0.98, 1.0],
            ),
        )
    return builder.build(role, "made up", settings=settings, identity=identity)


def pack_of(*logs: Log, options: PackOptions | None = None) -> Pack:
    return estimate_pack(ride_of(*logs), options)


def test_what_is_given_is_taken() -> None:
    pack = pack_of(ride_log(20), options=PackOptions(series=19, chemistry="LiFePO4"))
    assert pack.series.probabilities == {19: 1.0}
    assert pack.series.source == "given"
    assert pack.chemistry.name == "lfp"
    assert pack.chemistry.confidence == 1.0


@pytest.mark.parametrize("series", [10, 13, 16, 20, 24, 32])
def test_cells_are_counted(series: int) -> None:
    pack = pack_of(ride_log(series, role=Role.BMS, cells=np.ones(series)))
    assert pack.series.best == series
    assert pack.series.certain
    assert pack.series.source == "cells"


def test_a_controller_takes_the_count_from_the_bms() -> None:
    pack = pack_of(ride_log(16), ride_log(16, role=Role.BMS, cells=np.ones(16)))
    assert pack.series.best == 16
    assert pack.series.certain


def test_two_packs_in_series_are_counted_together() -> None:
    half = ride_log(10, role=Role.BMS, cells=np.ones(10))
    pack = pack_of(ride_log(20), half, half)
    assert pack.series.best == 20
    assert not pack.series.certain


def test_a_dead_tap_does_not_change_the_count() -> None:
    factors = np.ones(20)
    factors[7] = 0.1
    pack = pack_of(ride_log(20, role=Role.BMS, cells=factors))
    assert pack.series.best == 20
    assert pack.series.certain


def test_cells_are_counted_where_the_board_reads_no_pack_voltage() -> None:
    board = LogBuilder(np.arange(0.0, 600.0), np.arange(600))
    board.add("pack_voltage", np.zeros(600))
    board.add("cell_voltages", np.full((600, 16), 3.9))
    assert pack_of(ride_log(16), board.build(Role.BMS, "made up")).series.best == 16


def test_cells_that_contradict_the_pack_voltage_leave_both_open() -> None:
    pack = pack_of(ride_log(20, role=Role.BMS, cells=np.ones(17)))
    assert {17, 20} <= set(pack.series.probabilities)
    assert not pack.series.certain
    assert "20.0" in pack.series.reason


@pytest.mark.parametrize("series", [10, 12, 13, 14, 16, 17, 20, 24, 28, 32])
@pytest.mark.parametrize("start", [0.35, 0.6, 0.85, 1.0])
def test_voltages_alone_name_the_truth_and_are_never_sure(series: int, start: float) -> None:
    found = pack_of(ride_log(series, start=start, seed=series)).series
    assert series in found.probabilities
    assert found.source == "voltage"
    assert not found.certain
    assert sum(found.probabilities.values()) == pytest.approx(1.0)


def test_sixteen_or_seventeen_is_an_answer() -> None:
    # 63.9 V: 16 cells at 3.99 V or 17 at 3.76 V.
    found = pack_of(ride_log(17, start=0.55, seed=3)).series
    assert {16, 17} <= set(found.probabilities)
    assert not found.certain


def test_a_charge_shown_narrows_it_down() -> None:
    alone = pack_of(ride_log(17, start=0.55, seed=3)).series.probabilities
    told = pack_of(ride_log(17, start=0.55, seed=3, soc_error=0.0)).series.probabilities
    assert told[17] > 1.5 * alone[17]


@pytest.mark.parametrize("series", [10, 13, 14, 16, 20])
def test_limits_of_the_controller_tell_the_count(series: int) -> None:
    settings = {"battery_cut_start": 3.4 * series, "battery_cut_end": 3.1 * series}
    found = pack_of(ride_log(series, start=0.7, settings=settings, seed=series)).series
    assert found.best == series
    with_count = pack_of(ride_log(series, start=0.7, settings={**settings, "series_cells": float(series)})).series
    assert with_count.best == series
    assert with_count.source == "configuration"


@pytest.mark.parametrize(("series", "start"), [(17, 0.55), (10, 1.0), (20, 0.9)])
def test_a_setting_alone_is_not_certain(series: int, start: float) -> None:
    found = pack_of(ride_log(series, start=start, settings={"series_cells": float(series)})).series
    assert found.best == series
    assert not found.certain


@pytest.mark.parametrize("series", [10, 16, 20, 24])
@pytest.mark.parametrize("off", [-2, -1, 1, 2])
def test_a_count_left_from_another_pack_is_never_certain_whatever_limits_go_with_it(series: int, off: int) -> None:
    told = float(series + off)
    settings = {"series_cells": told, "battery_cut_start": 3.4 * told, "battery_cut_end": 3.1 * told}
    found = pack_of(ride_log(series, start=0.6, settings=settings, seed=series)).series
    assert series in found.probabilities
    assert not found.certain


@pytest.mark.parametrize(("series", "told"), [(12, 10), (16, 13), (20, 16)])
def test_iron_phosphate_on_a_controller_set_to_fewer_cells_of_nmc(series: int, told: int) -> None:
    """Twelve LFP cells stand where ten of NMC would stand at 3.96 V."""
    log = ride_log(series, table="proxy-lfp", start=0.6, settings={"series_cells": float(told)}, minutes=20)
    pack = pack_of(log)
    assert series in pack.series.probabilities
    assert not pack.series.certain
    assert not (pack.chemistry.name == "nmc" and pack.chemistry.confidence >= 0.9)


def test_two_devices_that_were_set_to_the_same_count_make_it_certain() -> None:
    controller = ride_log(17, start=0.55, settings={"series_cells": 17.0})
    board = ride_log(17, start=0.55, role=Role.BMS, settings={"series_cells": 17.0})
    assert pack_of(controller, board).series.certain
    other = ride_log(17, start=0.55, role=Role.BMS, settings={"series_cells": 16.0})
    found = pack_of(controller, other).series
    assert not found.certain
    assert {16, 17} <= set(found.probabilities)


def test_cells_a_board_is_not_set_to_read_are_missed_by_the_controller() -> None:
    """A board whose pack voltage is the sum of what it reads; two cells of sixteen are not among them."""
    board = ride_log(16, role=Role.BMS, cells=np.ones(14))
    sum_only = LogBuilder(board.time, board.source_rows)
    sum_only.add("battery_current", board.values("battery_current"))
    sum_only.add("cell_voltages", board.matrix("cell_voltages"))
    found = pack_of(ride_log(16), sum_only.build(Role.BMS, "made up")).series
    assert {14, 16} <= set(found.probabilities)
    assert not found.certain


@pytest.mark.parametrize("wrong", [3.0, 6.0, 10.0, 30.0])
def test_an_impossible_setting_is_not_believed(wrong: float) -> None:
    found = pack_of(ride_log(20, settings={"series_cells": wrong})).series
    assert found.best != wrong
    assert "does not fit" in found.reason
    assert 20 in found.probabilities
    # The controller's log may have its settings beside their own file.
    twice = pack_of(*(ride_log(20, settings={"series_cells": wrong}, seed=seed) for seed in (1, 2))).series
    assert twice.reason.count("the configuration says") == 1


def test_lead_acid_on_a_lithium_pack() -> None:
    # Twelve cells of lead-acid would be 24 V: the count may be right by chance, the chemistry is not.
    pack = pack_of(ride_log(12, start=0.9, settings={"series_cells": 12.0, "chemistry": "lead-acid"}))
    assert pack.series.best == 12
    assert pack.chemistry.name == "nmc"


@pytest.mark.parametrize("series", [10, 14, 16, 20])
def test_the_level_of_a_vesc_tells_its_setting(series: int) -> None:
    log = ride_log(series, start=0.75, identity=Identity(family="vesc"), level=True, seed=series)
    found = pack_of(log).series
    assert found.best == series
    assert "charge shown" in found.reason


def test_no_voltage_at_all() -> None:
    builder = LogBuilder(np.arange(20.0), np.arange(20))
    builder.add("speed", np.zeros(20))
    pack = pack_of(builder.build(Role.CONTROLLER, "made up"))
    assert pack.series.best is None
    assert pack.series.confidence == 0.0
    assert not pack.series.certain
    assert pack.chemistry.name == ""


def test_a_bench_supply_is_no_pack() -> None:
    builder = LogBuilder(np.arange(200) * 0.1, np.arange(200))
    builder.add("pack_voltage", np.full(200, 12.1))
    builder.add("battery_current", np.zeros(200))
    assert pack_of(builder.build(Role.CONTROLLER, "made up")).series.best is None


def test_a_voltage_without_a_current_gives_a_distribution() -> None:
    log = ride_log(20)
    builder = LogBuilder(log.time, log.source_rows)
    builder.add("pack_voltage", log.values("pack_voltage"))
    found = pack_of(builder.build(Role.WHEEL, "made up")).series
    assert 20 in found.probabilities
    assert not found.certain


@pytest.mark.parametrize("start", [0.4, 0.6, 0.8])
def test_lfp_cells_are_known_by_their_flat_middle(start: float) -> None:
    log = ride_log(16, role=Role.BMS, table="proxy-lfp", start=start, cells=np.ones(16), minutes=20)
    pack = pack_of(log)
    assert pack.series.best == 16
    assert pack.chemistry.name == "lfp"


def test_nmc_cells_are_known_by_their_height() -> None:
    pack = pack_of(ride_log(16, role=Role.BMS, cells=np.ones(16)))
    assert pack.chemistry.name == "nmc"
    assert pack.chemistry.confidence > 0.9


def test_the_limit_of_a_cell_tells_the_chemistry() -> None:
    log = ride_log(
        16, role=Role.BMS, table="proxy-lfp", start=0.5, cells=np.ones(16), settings={"cell_overvoltage_limit": 3.65}
    )
    pack = pack_of(log)
    assert pack.chemistry.name == "lfp"
    assert pack.chemistry.confidence >= 0.9


def test_nearly_empty_nmc_is_not_called_lfp_with_confidence() -> None:
    pack = pack_of(ride_log(16, role=Role.BMS, cells=np.ones(16), start=0.13, minutes=5))
    assert not (pack.chemistry.name == "lfp" and pack.chemistry.confidence > 0.75)


@pytest.mark.parametrize(("start", "amp_hours"), [(0.15, 10.0), (0.23, 10.0), (0.23, 15.0)])
def test_a_count_of_which_hardly_an_lfp_pack_is_made_tells_an_empty_pack_from_a_full_one(
    start: float, amp_hours: float
) -> None:
    """At 3.4 V a cell NMC is nearly empty and LFP is full; thirteen cells are a 48 V pack of NMC."""
    log = ride_log(13, role=Role.BMS, cells=np.ones(13), start=start, soc_error=0.41, minutes=15, amp_hours=amp_hours)
    assert pack_of(log).chemistry.name == "nmc"


def test_an_odd_count_does_not_hide_lfp_cells() -> None:
    log = ride_log(13, role=Role.BMS, table="proxy-lfp", start=0.6, cells=np.ones(13), minutes=20)
    assert pack_of(log).chemistry.name == "lfp"


@pytest.mark.parametrize("count", [12, 16])
def test_a_cell_that_has_given_charge_and_stands_above_the_end_of_the_lfp_curve_is_none(count: int) -> None:
    """NMC at a fifth of its charge stands at 3.5 V, which LFP holds while it is charged and not after."""
    log = ride_log(count, role=Role.BMS, cells=np.ones(count), start=0.24, minutes=8)
    assert 3.40 < float(np.median(log.matrix("cell_voltages"))) < 3.60
    assert pack_of(log).chemistry.name == "nmc"


@pytest.mark.parametrize(("spread", "name"), [(0.01, "lto"), (0.3, "")])
def test_low_cells_are_lto_only_when_they_keep_together(spread: float, name: str) -> None:
    time = np.arange(0.0, 3600.0, 10.0)
    cells = 2.3 + spread * np.linspace(-1, 1, 20) + np.zeros((len(time), 1))
    builder = LogBuilder(time, np.arange(len(time)))
    builder.add("pack_voltage", cells.sum(axis=1))
    builder.add("battery_current", np.zeros(len(time)))
    builder.add("cell_voltages", cells)
    assert pack_of(builder.build(Role.BMS, "made up")).chemistry.name == name


def test_peaks_of_braking_into_a_stiff_pack_do_not_add_cells() -> None:
    """A cold pack of half an ohm rises by 7 V under 15 A of braking: that is resistance, and no thirteenth cell."""
    log = ride_log(10, start=0.65, settings={"series_cells": 10.0})
    amps = np.clip(2.0 * log.values("battery_current"), -15.0, 20.0)
    rng = np.random.default_rng(2)
    builder = LogBuilder(log.time, np.arange(log.rows))
    builder.add("battery_current", amps)
    builder.add("pack_voltage", np.round(10 * 3.87 - 0.5 * amps + rng.normal(0, 0.03, log.rows), 1))
    pack = pack_of(builder.build(Role.CONTROLLER, "made up", settings={"series_cells": 10.0}))
    assert amps.min() < -14
    assert pack.series.best == 10
    assert "does not fit" not in pack.series.reason


def test_a_cutoff_that_would_begin_above_a_full_cell_speaks_against_the_count_that_is_set() -> None:
    """Thirteen nearly empty cells stand where ten full ones do; their cutoff of 3.3 V would be 4.29 V of ten."""
    settings = {"series_cells": 10.0, "battery_cut_start": 42.9, "battery_cut_end": 39.0}
    found = pack_of(ride_log(13, start=0.075, settings=settings, minutes=8)).series
    assert found.probabilities[13] > 0.2
    assert found.confidence < 0.85
    fits = {"series_cells": 10.0, "battery_cut_start": 33.0, "battery_cut_end": 30.0}
    assert pack_of(ride_log(10, start=0.98, settings=fits, minutes=8)).series.best == 10


@pytest.mark.parametrize(("series", "told"), [(12, 16), (18, 24)])
def test_a_setting_that_the_voltage_outweighs_is_no_source_of_the_count(series: int, told: int) -> None:
    """Cells of the number told would stand near 3 V: they could just be so empty, but not for a whole ride."""
    found = pack_of(ride_log(series, start=0.7, settings={"series_cells": float(told)}, minutes=20)).series
    assert found.best is not None
    assert abs(found.best - series) <= 1
    assert found.source == "voltage"
    assert f"{told}, which hardly fits" in found.reason
    assert found.probabilities.get(told, 0.0) < 0.02
