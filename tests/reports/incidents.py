"""Incidents made by hand: a ride with a power cut, a healthy one, and one whose every text is hostile."""

from __future__ import annotations

import dataclasses

import numpy as np

from ridelog.battery.pack import (
    CapacityEstimate,
    CellEstimate,
    ChemistryEstimate,
    Pack,
    Residual,
    ResistanceEstimate,
    RestWindow,
    SeriesEstimate,
)
from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.finding import Check, Evidence, Finding, Interval, Measurement, Severity, Status
from ridelog.incident import Advice, Factor, Incident, Input, RankedCause, Reason, Verdict
from ridelog.log import Identity, Log, LogBuilder, Origin, Role
from ridelog.ride import ClockFit, ClockPiece, Ride, Track

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m\u202e'\"&{{7*7}}"
TRIP_S = 612.0
CELLS = 20


def controller_log(
    rows: int = 14_400, rate_hz: float = 20.0, *, trip: bool = True, name: str = "/home/rider/logs/ride.csv"
) -> Log:
    """A ride of `rows` rows; with `trip` the battery is gone for 1.4 s from `TRIP_S` on."""
    random = np.random.default_rng(7)
    time = np.arange(rows) / rate_hz
    if rows > 6000:
        time[5000:] += 4.0  # a gap of 4 s
    effort = np.clip(np.sin(time / 17) + 0.6 * np.sin(time / 5.3) + 0.3 * np.sin(time / 1.7), -0.6, 1.6)
    effort = np.where((time > TRIP_S - 6) & (time < TRIP_S + 5), 1.25, effort)  # full throttle before and after the cut
    moving = np.clip((time - 8) / 6, 0, 1)
    motor = effort * 62 * moving + random.normal(0, 1.2, rows)
    speed = 5.5 * moving + 3.2 * np.convolve(effort, np.ones(60) / 60, "same") * moving
    duty = np.clip(speed / 13, 0, 0.95)
    battery = motor * duty
    open_circuit = 81.6 - 9.5 * time / max(time[-1], 1)
    voltage = open_circuit - 0.062 * battery + random.normal(0, 0.05, rows)
    fault = np.zeros(rows)
    names: list[str | None] = [None] * rows
    if trip:
        out = (time >= TRIP_S) & (time < TRIP_S + 1.4)
        decay = np.exp(-np.maximum(time - TRIP_S, 0) / 0.5)
        voltage = np.where(out, 40 * decay + 14, voltage)
        battery, motor = np.where(out, 0.2, battery), np.where(out, 0.0, motor)
        fault = np.where((time >= TRIP_S + 0.05) & (time < TRIP_S + 0.55), 2.0, 0.0)
        names = ["UNDER_VOLTAGE" if value else None for value in fault]
    builder = LogBuilder(time, np.arange(rows) + 2, "ms_today")
    builder.add("pack_voltage", voltage.round(1), source="input_voltage")
    builder.add("battery_current", battery.round(2), source="current_in")
    builder.add("motor_current", motor.round(2), source="current_motor")
    builder.add("duty", duty.round(3), source="duty_cycle")
    builder.add("speed", speed.round(3))
    builder.add("fet_temperature", 28 + 22 * (1 - np.exp(-time / 400)) + random.normal(0, 0.1, rows))
    builder.add("motor_temperature", 24 + 41 * (1 - np.exp(-time / 700)) + random.normal(0, 0.1, rows))
    builder.add("fault_code", fault)
    builder.add("fault_name", names)
    builder.add("latitude", 52.5 + 0.01 * np.sin(time / 300))
    builder.add("longitude", 13.4 + 0.02 * time / max(time[-1], 1))
    damage = (
        Damage(
            DamageKind.TRUNCATED_TAIL,
            Effect.LOST,
            "The last row ends in the middle; the logger lost its power.",
            1,
            (rows + 2,),
        ),
        Damage(
            DamageKind.DUPLICATE_ROW,
            Effect.REPAIRED,
            "Rows repeat the row before them; one of each is kept.",
            31,
            tuple(range(40, 60)),
        ),
    )
    log = builder.build(
        Role.CONTROLLER,
        "vesc-tool",
        clock=Clock(ClockBasis.TIME_OF_DAY, 51_000.0, "", 0.001, "The column ms_today counts from midnight."),
        identity=Identity("VESC controller", "vesc", "", "75_300_R2", "6.05", "SECRET-SERIAL-1", "VESC Tool"),
        damage=damage,
    )
    log.origin = Origin(name, "", "ab" * 32, 2_345_678)
    return log


def bms_log(seconds: int = 716, *, offset_s: float = 3.2) -> Log:
    """The same ride as a BMS saw it, one row a second; cell 7 sags, and the discharge FETs open at the trip."""
    random = np.random.default_rng(11)
    time = np.arange(seconds, dtype=float)
    ride = time + offset_s
    effort = np.clip(np.sin(ride / 17) + 0.6 * np.sin(ride / 5.3) + 0.3 * np.sin(ride / 1.7), -0.6, 1.6)
    effort = np.where((ride > TRIP_S - 6) & (ride < TRIP_S + 5), 1.25, effort)
    out = (ride >= TRIP_S) & (ride < TRIP_S + 2.4)
    current = np.where(out, 0.0, effort * 28)
    base = (81.6 - 9.5 * ride / 724) / CELLS
    cells = base[:, None] - 0.0031 * current[:, None] + random.normal(0, 0.002, (seconds, CELLS))
    cells[:, 6] -= 0.020 + 0.0262 * np.maximum(current, 0)
    cells[:, 13] = np.nan
    builder = LogBuilder(time, np.arange(seconds) * 308, "time")
    builder.add("pack_voltage", np.nansum(cells, axis=1).round(2))
    builder.add("battery_current", current.round(1))
    builder.add("cell_voltages", cells.round(3))
    builder.add("discharge_fet", np.where(out, 0.0, 1.0))
    builder.add("charge_fet", np.ones(seconds))
    builder.add("protections", [["cell-undervoltage"] if gone else [] for gone in out])
    builder.add("battery_temperature", 21 + ride / 90)
    builder.add("soc", (1 - ride / 1500).round(2))
    log = builder.build(
        Role.BMS,
        "jk-capture",
        clock=Clock(ClockBasis.NONE, None, "", 1.0, "The frames carry no time."),
        identity=Identity("JK BMS", "jk", "B2A20S20P", "", "14.20", "C8:47:8C:00:11:22"),
    )
    log.origin = Origin("C:\\Users\\rider\\bms.bin", "", "cd" * 32, 220_528)
    return log


def reason(evidence: str, weight: float, sentence: str, *rules: str) -> Reason:
    return Reason(evidence, weight, sentence, rules)


def trip(*, rows: int = 14_400, rate_hz: float = 20.0, with_bms: bool = True, aligned: bool = True) -> Incident:
    """A ride that ends in a cut by the BMS, seen by the controller and, if wanted, by the BMS."""
    log = controller_log(rows, rate_hz)
    tracks = [Track(0, log)]
    if with_bms:
        fit = ClockFit(
            aligned,
            "The current of both logs fits best at this offset." if aligned else "The two logs share no signal.",
            (ClockPiece(0.0, 3.2, 42.0),),
            0.35,
            0.12,
            0.3,
            "current" if aligned else "none",
        )
        tracks.append(Track(1, bms_log(), fit))
    first = int(np.searchsorted(log.time, TRIP_S))
    onset = Interval(float(log.time[first - 1]), float(log.time[first]))
    cut = Finding(
        "PP01",
        "power-path-open",
        Severity.CRITICAL,
        float(log.time[first]),
        float(log.time[first]) + 1.4,
        onset,
        0,
        (first + 2, first + 30),
        "The battery voltage at the controller fell from 72.9 V to 53 V within 50 ms while "
        "the current went to zero, although the throttle was not released.",
        (
            Measurement("voltage at the controller", 53.9, "V", 71.2, "TRIP-01"),
            Measurement("time from full current to none", 0.05, "s", 0.2, "engineering judgement"),
            Measurement("distance from a healthy pack", -18.7, "V"),
        ),
        ("pack_voltage", "battery_current"),
        danger="The pack can cut again at any moment while riding.",
    )
    weak = Finding(
        "CE02",
        "cell-sags-under-load",
        Severity.WARNING,
        0.0,
        700.0,
        Interval(0.0, 0.0),
        1 if with_bms else 0,
        (0, 220_220),
        "Cell 7 sags 0.31 V deeper than the others under load.",
        (
            Measurement("lowest voltage of cell 7", 2.694, "V", 2.8, "BMS setting"),
            Measurement("extra resistance", 0.0062, "ohm", 0.003),
        ),
        ("cell_voltages",),
        event=False,
    )
    fault = Finding(
        "FC01",
        "controller-fault",
        Severity.WARNING,
        TRIP_S + 0.05,
        TRIP_S + 0.55,
        Interval(TRIP_S, TRIP_S + 0.05),
        0,
        (first + 3, first + 13),
        "The controller reported under voltage.",
        (),
        ("fault_code",),
    )
    checks = (
        Check("PP01", "power-path-open", Status.FOUND, "", (cut,), {"cut": Evidence.observed(at=onset)}),
        Check("CE02", "cell-sags-under-load", Status.FOUND, "", (weak,), {}),
        Check("FC01", "controller-fault", Status.FOUND, "", (fault,), {}),
        Check(
            "OV01", "regen-overvoltage", Status.CLEAR, "The voltage never rose above 82.1 V; the limit is 84 V.", (), {}
        ),
        Check("TH01", "controller-thermal-limit", Status.CLEAR, "The controller stayed below 51 °C.", (), {}),
        Check("RM01", "remote-input-loss", Status.UNABLE, "log 1 (vesc-tool): no remote_input.", (), {}),
        Check("GD01", "gate-driver-trip", Status.UNABLE, "No fault record was given.", (), {}),
    )
    causes = (
        RankedCause(
            "bms-undervoltage-trip",
            0.87,
            (
                reason(
                    "cut", 3.1, "The power vanished within one sample, without the throttle being released.", "TRIP-01"
                ),
                reason("fet", 2.4, "The BMS log shows its discharge switch off 0.4 s later.", "TRIP-02"),
                reason(
                    "cell", 1.3, "Cell 7 was at 2.69 V, below the limit of 2.80 V that is set in the BMS.", "CELL-04"
                ),
            ),
            (reason("warm", -0.6, "The pack was warm, which makes sag smaller."),),
            (reason("config", 0.0, "The delay of the under-voltage protection is not in the logs."),),
        ),
        RankedCause(
            "power-path-open",
            0.06,
            (reason("cut", 2.0, "The power vanished within one sample."),),
            (reason("fet", -2.4, "The BMS log shows its discharge switch off."),),
        ),
        RankedCause(
            "bms-overcurrent-trip", 0.03, (), (reason("current", -1.9, "The current was far below the limit."),)
        ),
    )
    verdict = Verdict(
        "bms-undervoltage-trip",
        0.87,
        "probable cause",
        onset,
        "The battery's protection board switched the pack off under load because the voltage "
        "of a cell group fell below its limit. Cell 7 sags much deeper than the others.",
        "calibrated on 4,800 simulated rides; no real incident with a known cause was available",
        "power-path-open",
        (
            "The pack will cut again under load, without warning, as soon as that cell group sags.",
            "The pack can cut again at any moment while riding.",
        ),
    )
    advice = (
        Advice(
            "do", "Read the fault list of the BMS in its app before you reset anything.", ("TRIP-01",), "established"
        ),
        Advice(
            "do", "Measure every cell group at rest, then under a load of about 20 A.", ("CELL-04",), "field reports"
        ),
        Advice("check", "Look at the joints and the sense wire of cell group 7.", ("CELL-07",), "field reports"),
        Advice("avoid", "Do not bypass the BMS to get home.", ("TRIP-05",), "established"),
        Advice("know", "A display fed by the controller shows the same wrong voltage.", (), "single report"),
    )
    inputs = [
        Input(
            log.origin.path, "", log.origin.sha256, log.origin.size, log.parser, "controller", log.rows, log.damage, 0
        )
    ]
    if with_bms:
        other = tracks[1].log
        inputs.append(
            Input(other.origin.path, "", other.origin.sha256, other.origin.size, other.parser, "bms", other.rows, (), 1)
        )
    return Incident(
        inputs=tuple(inputs),
        verdict=verdict,
        causes=causes,
        contributing=(Factor("weak-cell-group", 0.81, "Cell 7 has three times the resistance of the others."),),
        would_settle="The event list of the BMS would separate 'a cell was too low' from 'the connection opened'.",
        advice=advice,
        checks=checks,
        pack=pack(log, with_bms=with_bms),
        ride=Ride(tuple(tracks), 0),
        version="0.1.0",
        settings={
            "battery_cut_start": 62.0,
            "battery_cut_end": 58.0,
            "cell_undervoltage_limit": 2.8,
            "discharge_current_limit": 120.0,
        },
    )


def pack(log: Log, *, with_bms: bool) -> Pack:
    current = log.values("battery_current")
    open_circuit = 81.6 - 9.5 * log.time / max(log.time[-1], 1)
    expected = open_circuit - 0.062 * current
    offsets = np.random.default_rng(3).normal(0, 0.004, CELLS)
    offsets[6], offsets[13] = -0.021, np.nan
    extra = np.abs(np.random.default_rng(4).normal(0, 0.0003, CELLS))
    extra[6], extra[13] = 0.0062, np.nan
    errors = np.full(CELLS, 0.0015)
    cells = CellEstimate(
        offsets, extra, 0.0031, np.full(CELLS, np.nan), errors, errors / 10, np.zeros(CELLS - 1), 700, "From 700 rows."
    )
    return Pack(
        SeriesEstimate({20: 0.97, 21: 0.02, 19: 0.01}, "cells", "The BMS reads 20 cells."),
        ChemistryEstimate("nmc", 0.93, "The resting voltage and its slope fit NMC."),
        {
            0: ResistanceEstimate(
                0.0621,
                0.0588,
                0.0655,
                0.021,
                12.0,
                0.066,
                0.0633,
                0.02,
                True,
                0.9,
                "From 412 steps of the current; the cross-check agrees.",
            )
        },
        {0: Residual(log.values("pack_voltage") - expected, expected, open_circuit, 0.06)},
        {1: cells} if with_bms else {},
        (RestWindow(0, 0, 150, 81.58, 0.05),),
        CapacityEstimate(38.2, 2.1, "From two rests 12 minutes apart."),
        {1: "The log has one row a second; too slow for a resistance."} if with_bms else {},
    )


def healthy() -> Incident:
    """A ride without anything wrong, one log, no location."""
    incident = trip(with_bms=False)
    checks = tuple(
        dataclasses.replace(
            check, status=Status.CLEAR, findings=(), reason=check.reason or "Looked at all 14,400 rows."
        )
        if check.status is Status.FOUND
        else check
        for check in incident.checks
    )
    log = controller_log(trip=False)
    verdict = Verdict(
        "none",
        0.93,
        "nothing wrong found",
        None,
        "Nothing wrong was found in what could be checked.",
        "not calibrated: weights by engineering judgement",
    )
    incident.verdict, incident.causes, incident.contributing, incident.would_settle = verdict, (), (), ""
    incident.advice, incident.checks, incident.ride, incident.pack = (
        (),
        checks,
        Ride((Track(0, log),), 0),
        pack(log, with_bms=False),
    )
    return incident


def hostile() -> Incident:
    """The ride with the cut, every text replaced by one that tries to break out of the page or the terminal."""
    incident = trip()
    finding = dataclasses.replace(
        incident.findings[0],
        name=HOSTILE,
        message=HOSTILE,
        danger=HOSTILE,
        code=HOSTILE,
        measurements=(Measurement(HOSTILE, 1.0, HOSTILE, 2.0, HOSTILE),),
    )
    incident.checks = (
        Check("PP01", HOSTILE, Status.FOUND, "", (finding,), {}),
        Check(HOSTILE, HOSTILE, Status.UNABLE, HOSTILE, (), {}),
        Check(HOSTILE, HOSTILE, Status.CLEAR, HOSTILE, (), {}),
    )
    said = reason(HOSTILE, 1.0, HOSTILE, HOSTILE)
    incident.causes = (RankedCause(HOSTILE, 0.5, (said,), (said,), (said,)), RankedCause(HOSTILE, 0.2, (said,)))
    incident.contributing = (Factor(HOSTILE, 0.5, HOSTILE),)
    incident.would_settle = HOSTILE
    incident.advice = (Advice("do", HOSTILE, (HOSTILE,), HOSTILE),)
    incident.verdict = dataclasses.replace(
        incident.verdict,
        cause=HOSTILE,
        wording=HOSTILE,
        summary=HOSTILE,
        calibration=HOSTILE,
        mechanism=HOSTILE,
        dangers=(HOSTILE,),
    )
    damage = (Damage(DamageKind.NOTE, Effect.NOTED, HOSTILE, 1, (1,), HOSTILE),)
    incident.inputs = tuple(
        dataclasses.replace(item, path=f"/tmp/a/{HOSTILE}.csv\udcff", parser=HOSTILE, damage=damage)
        for item in incident.inputs
    )
    log = incident.ride.tracks[0].log
    log.origin = Origin(f"/tmp/a/{HOSTILE}.csv\udcff", HOSTILE, "00" * 32, 1)
    log.identity = Identity(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    names = log.table.column_names.index("fault_name")
    texts = [None if name is None else HOSTILE for name in log.texts("fault_name")]
    log.table = log.table.set_column(names, log.table.schema.field("fault_name"), [texts])
    return incident
