"""Each of the first detectors finds its fault, and the fault leads to its cause."""

import numpy as np
import pytest

from ridelog.finding import Seen, Severity, Status
from ridelog.pipeline import investigate
from tests import rides


def _check(incident, name):
    return next(check for check in incident.checks if check.name == name)


def test_resistance_is_that_of_the_pack():
    incident = investigate([rides.log(rides.controller())])
    assert incident.pack.resistance[0].ohm == pytest.approx(rides.OHM, rel=0.06)
    assert incident.pack.series.best == rides.SERIES


@pytest.mark.parametrize("lasts", [None, 0.4, 6.0, 40.0])
def test_a_cut_under_load_is_found_with_its_onset(lasts):
    columns, first = rides.cut_under_load(lasts=lasts)
    incident = investigate([rides.log(columns)])
    check = _check(incident, "power-path-open")
    assert check.status is Status.FOUND
    opening = next(finding for finding in check.findings if finding.severity is Severity.CRITICAL)
    assert opening.onset.latest_s == pytest.approx(columns["time"][first], abs=0.11)
    assert opening.rows[0] == pytest.approx(first + 2, abs=1)
    assert incident.verdict.cause in ("power-path-open", "bms-overcurrent-trip")
    assert incident.verdict.onset is not None


def test_a_cut_in_the_last_row_is_found():
    columns, first = rides.cut_under_load()
    columns = {name: values[: first + 1] for name, values in columns.items()}
    columns["pack_voltage"][-1] = 21.0
    incident = investigate([rides.log(columns)])
    assert _check(incident, "power-path-open").status is Status.FOUND
    assert incident.severity is Severity.CRITICAL


@pytest.mark.parametrize("fault", [True, False])
def test_regen_into_an_open_pack(fault):
    columns, first = rides.regen_into_open_pack(fault=fault)
    incident = investigate([rides.log(columns)])
    assert _check(incident, "regen-overvoltage").status is Status.FOUND
    assert incident.verdict.cause == "charge-fet-open-in-regen"
    assert incident.verdict.onset.latest_s == pytest.approx(columns["time"][first], abs=0.21)


def test_the_spike_need_not_be_in_the_log():
    columns, _ = rides.regen_into_open_pack()
    spikes = columns["pack_voltage"] > 90
    columns["pack_voltage"][spikes] = 78.5
    incident = investigate([rides.log(columns)])
    assert incident.verdict.cause == "charge-fet-open-in-regen"


def test_regen_into_a_full_pack():
    columns = rides.controller(open_v=84.0)
    braking = np.flatnonzero(columns["battery_current"] < -8)
    row = int(braking[20])
    columns["fault_code"][row : row + 6] = 1
    columns["battery_current"][row : row + 6] = 0
    incident = investigate([rides.log(columns, settings={"controller_voltage_max": 84.5})])
    assert incident.verdict.cause == "regen-overvoltage-full-pack"


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (5, "controller-thermal-limit"),
        (9, "controller-brownout"),
        (15, "controller-sensing-fault"),
        (11, "motor-sensor-fault"),
        (23, "controller-configuration"),
    ],
)
def test_fault_codes_lead_to_their_cause(code, cause):
    columns = rides.controller()
    columns["fault_code"][3000:3008] = code
    incident = investigate([rides.log(columns)])
    assert incident.verdict.cause == cause
    check = _check(incident, "controller-faults")
    assert len(check.findings) == 1
    assert check.findings[0].rows == (3002, 3009)


def test_faults_that_repeat_are_one_episode():
    columns = rides.controller()
    for row in (3000, 3010, 3020):
        columns["fault_code"][row : row + 6] = 2
    check = _check(investigate([rides.log(columns)]), "controller-faults")
    assert len(check.findings) == 1
    assert "3 times" in check.findings[0].message


def test_a_restart_in_motion():
    columns = rides.controller()
    row = int(np.flatnonzero((columns["speed"] > 4) & (columns["time"] > 200))[0])
    keep = np.ones(len(columns["time"]), bool)
    keep[row : row + 30] = False
    for name in ("amp_hours_used", "watt_hours_used", "tachometer_absolute"):
        columns[name][row + 30 :] -= columns[name][row + 30]
    columns = {name: values[keep] for name, values in columns.items()}
    incident = investigate([rides.log(columns)])
    assert incident.verdict.cause == "controller-brownout"
    assert incident.verdict.onset.latest_s - incident.verdict.onset.earliest_s == pytest.approx(3.1, abs=0.2)


def test_a_gap_with_counters_that_go_on_is_only_the_link():
    columns = rides.controller()
    keep = np.ones(len(columns["time"]), bool)
    keep[2000:2050] = False
    incident = investigate([rides.log({name: values[keep] for name, values in columns.items()})])
    assert incident.verdict.cause == "none"
    assert _check(incident, "link-gap").findings[0].measurements[0].value == pytest.approx(5.1, abs=0.01)


def _hot(columns):
    heat = columns["fet_temperature"]
    heat[:2000] = np.linspace(40, 60, 2000)
    heat[2000:3500] = np.interp(np.arange(1500), (0, 100, 1400, 1500), (60, 94, 94, 70))
    heat[3500:] = np.linspace(70, 60, len(columns["time"]) - 3500)
    return columns


def test_heat_that_folds_the_current_back():
    columns = _hot(rides.controller())
    left = np.clip((100.0 - columns["fet_temperature"]) / 15.0, 0.0, 1.0)
    columns["motor_current"] = np.minimum(columns["motor_current"], columns["motor_current"].max() * left)
    incident = investigate([rides.log(columns)])
    assert incident.verdict.cause == "controller-thermal-limit"
    configured = investigate([rides.log(columns, settings={"fet_temperature_start": 100.0})])
    assert configured.verdict.cause == "none"


def test_heat_that_folds_nothing_back_is_information():
    columns = _hot(rides.controller())
    incident = investigate([rides.log(columns)])
    assert incident.verdict.cause == "none"
    (finding,) = _check(incident, "thermal-limit").findings
    assert "its limit is set higher" in finding.message
    configured = investigate([rides.log(columns, settings={"fet_temperature_start": 85.0})])
    assert configured.verdict.cause == "controller-thermal-limit"


def test_heat_that_stops_the_controller_has_its_limit_there_whatever_flowed_before():
    columns = _hot(rides.controller())
    columns["fault_code"][3390:3396] = 5.0
    check = _check(investigate([rides.log(columns)]), "thermal-limit")
    assert not any("its limit is set higher" in finding.message for finding in check.findings)
    assert check.evidence["thermal.fet-limit"].seen is Seen.OBSERVED
    columns["fault_code"][3390:3396] = 6.0
    check = _check(investigate([rides.log(columns)]), "thermal-limit")
    assert any("its limit is set higher" in finding.message for finding in check.findings)


def test_a_constant_beyond_any_fold_back_is_no_motor_sensor():
    columns = rides.controller()
    columns["motor_temperature"] = np.full(len(columns["time"]), 250.0)
    assert investigate([rides.log(columns)]).verdict.cause == "none"
    columns["motor_temperature"] = np.linspace(120.0, 140.0, len(columns["time"]))
    assert _check(investigate([rides.log(columns)]), "thermal-limit").findings


def test_a_jumping_sensor_is_a_sensor_and_not_heat():
    columns = rides.controller()
    columns["motor_temperature"][2000:2060:2] = 140.0
    assert investigate([rides.log(columns)]).verdict.cause == "motor-sensor-fault"


def test_a_motor_that_is_stopped_for_its_heat_at_full_current_was_not_hot():
    """Without a temperature of the motor in the log; heat folds the current back long before it stops the motor."""
    columns = rides.controller()
    del columns["motor_temperature"]
    cold = {name: values.copy() for name, values in columns.items()}
    high = columns["motor_current"] >= 0.6 * columns["motor_current"].max()
    held = np.flatnonzero(np.convolve(high, np.ones(6), "full")[: len(high)] == 6)
    row = int(held[held > 2000][0])
    for made in (columns, cold):
        made["fault_code"][row + 1 : row + 8] = 6
        made["motor_current"][row + 1 : row + 8] = 0.0
        made["battery_current"][row + 1 : row + 8] = 0.0
    columns["motor_current"][row - 300 : row + 300] *= 0.05
    columns["battery_current"][row - 300 : row + 300] *= 0.05
    assert investigate([rides.log(cold)]).verdict.cause == "motor-sensor-fault"
    assert investigate([rides.log(columns)]).verdict.cause == "controller-thermal-limit"


@pytest.mark.parametrize("recovers", [True, False])
def test_a_gate_driver_that_recovers_lives(recovers):
    columns = rides.controller()
    columns["fault_code"][3000:3006] = 3
    if not recovers:
        columns["fault_code"][3000:] = 3
        columns["motor_current"][3000:] = 0
        columns["battery_current"][3000:] = 0
        columns["pack_voltage"][3000:] = 77.5
    cause = investigate([rides.log(columns)]).verdict.cause
    assert cause == ("gate-driver-trip-under-load" if recovers else "controller-power-stage-fault")


def test_a_configured_low_voltage_cutoff():
    columns = rides.controller(open_v=67.0)
    columns["pack_voltage"] = np.maximum(columns["pack_voltage"], 63.4)
    incident = investigate([rides.log(columns, settings={"battery_cut_start": 66.2, "battery_cut_end": 63.0})])
    assert incident.verdict.cause == "controller-low-voltage-cutoff"


def test_a_counter_that_is_cleared_and_never_counts_is_no_restart():
    columns = rides.controller()
    row = int(np.flatnonzero((columns["speed"] > 4) & (columns["time"] > 200))[0])
    for name, value in (("amp_hours_used", 0.02), ("watt_hours_used", 0.09), ("tachometer_absolute", 3.0)):
        columns[name] = np.where(np.arange(len(columns["time"])) < row, value, 0.0)
    incident = investigate([rides.log(columns)])
    assert incident.verdict.cause == "none"
    assert not _check(incident, "controller-restart").findings


def test_what_the_electronics_draw_at_standstill_may_stand_still():
    columns = rides.controller()
    row = int(np.flatnonzero((columns["speed"] == 0) & (columns["time"] > 100))[0])
    parked = slice(row, row + 150)
    for name, values in columns.items():
        if name != "time":
            values[parked] = 0.0 if name in ("speed", "erpm", "duty", "motor_current") else values[row]
    columns["battery_current"] *= 3
    columns["battery_current"][parked] = 2.0
    columns["pack_voltage"][parked] = 77.0
    incident = investigate([rides.log(columns)])
    assert not _check(incident, "frozen-telemetry").findings


@pytest.mark.parametrize(("counted", "rows", "frozen"), [(True, 200, False), (False, 200, True), (True, 900, True)])
def test_a_steady_ride_in_coarse_digits_counts_on_and_a_frozen_logger_does_not(counted, rows, frozen):
    columns = rides.controller()
    row = int(np.flatnonzero((columns["speed"] > 4) & (columns["battery_current"] > 10) & (columns["time"] > 200))[0])
    steady = slice(row, row + rows)
    for name, values in columns.items():
        if name != "time" and not (counted and name in ("amp_hours_used", "watt_hours_used", "tachometer_absolute")):
            values[steady] = values[row]
    assert bool(_check(investigate([rides.log(columns)]), "frozen-telemetry").findings) is frozen
    columns["soc"] = np.full(len(columns["time"]), 0.58)
    columns["soc"][row + 100 :] = 0.57
    assert bool(_check(investigate([rides.log(columns)]), "frozen-telemetry").findings) is (rows == 900)


def test_a_short_log_of_a_soft_supply_is_no_lost_battery():
    time = np.arange(50) * 0.12
    current = np.interp(time, (0.0, 1.5, 2.5, 3.0, 6.0), (0.0, 0.0, 2.1, 0.0, 0.0))
    columns = {
        "time": time,
        "pack_voltage": np.round(12.4 - 0.43 * current, 1),
        "battery_current": current,
        "erpm": 7000.0 * current,
    }
    incident = investigate([rides.log(columns)])
    assert not _check(incident, "power-path-open").findings


def test_a_resistance_that_no_good_cell_has_is_found_though_little_was_drawn():
    """55 mOhm a cell group: more than a single energy cell of good make, at a sag of an eighth of the voltage."""
    columns = rides.controller(high_a=9.5, ohm=rides.SERIES * 0.055)
    check = _check(investigate([rides.log(columns)]), "pack-resistance")
    assert check.findings[0].severity is Severity.WARNING
    columns = rides.controller(high_a=9.5, ohm=rides.SERIES * 0.02)
    assert _check(investigate([rides.log(columns)]), "pack-resistance").findings[0].severity is Severity.INFO


def test_heat_whose_limit_reaches_further_than_the_default_folds_back_all_the_same():
    columns = rides.controller()
    time = columns["time"]
    heat = np.interp(time, [0, 400, 480, 600], [50, 84, 96, 96])
    left = np.interp(heat, [84, 112], [1.0, 0.0])
    climb = time > 380
    columns["motor_current"] = np.where(climb, 80.0 * left, columns["motor_current"])
    columns["battery_current"] = np.where(climb, 40.0 * left, columns["battery_current"])
    columns["pack_voltage"] = np.round(rides.voltage(time, columns["battery_current"]), 1)
    columns["speed"] = np.where(climb, 5.0, columns["speed"])
    columns["fet_temperature"] = heat
    incident = investigate([rides.log(columns)])
    assert incident.verdict.cause == "controller-thermal-limit"
