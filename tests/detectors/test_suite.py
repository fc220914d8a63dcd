"""What every detector must hold, its author need not write again: silent when healthy, honest when blind, never broken.

A new detector is in the suite as soon as it is installed. One that needs a channel no ride of `tests.rides` has is told so.
"""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from ridelog import detection, plugins
from ridelog.alignment import AlignmentOptions, join
from ridelog.battery.estimate import estimate_pack
from ridelog.battery.pack import PackOptions
from ridelog.detection import SECTIONS, Case
from ridelog.diagnosis.evidence import builtin_table
from ridelog.diagnosis.reasoning import diagnose
from ridelog.finding import Seen, Severity, Status
from ridelog.log import LogBuilder, Role
from ridelog.pipeline import Options, read_all
from ridelog.simulate.case import simulate_family
from ridelog.simulate.catalogue import family
from tests import rides

DETECTORS = plugins.detectors()
SHORT_S = 60.0
MAKERS = {
    Role.CONTROLLER: lambda seconds: {
        **rides.controller(seconds),
        "pitch": np.full(int(seconds * 10), 1.5),
        "remote_input": np.round(np.clip(rides.shape(seconds)[2] / 50, -1, 1), 2),
        "controller_count": np.full(int(seconds * 10), 2.0),
        "ride_state": np.ones(int(seconds * 10)),
    },
    Role.BMS: rides.board,
    Role.WHEEL: rides.wheel,
    Role.EVENTS: lambda _: rides.fault_list(),
}

every_detector = pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.name)


@cache
def _columns(role, seconds=SHORT_S):
    return MAKERS[role](seconds)


def _log(columns, role):
    return rides.log(columns, role)


def _case(logs):
    ride = join(logs, AlignmentOptions())
    families = (track.log.identity.family for track in ride.bms if track.log.identity.family)
    return Case(ride, estimate_pack(ride, PackOptions()), ride.settings, next(families, ""))


def _check(detector, case):
    return detection.run([detector], case)[0]


def _finite(value):
    return value is None or math.isfinite(value)


def _faults_of_form(check, case):
    """What is wrong with the form of an answer, in words; nothing when it is well formed."""
    if check.status is Status.FOUND:
        if not check.findings:
            yield "found, without a finding"
    elif not check.reason:
        yield f"{check.status}, without a reason"
    for finding in check.findings:
        if not finding.message.strip():
            yield "an empty message"
        if not 0 <= finding.log < len(case.ride.tracks):
            yield f"no log {finding.log}"
            continue
        source = case.ride.tracks[finding.log].log.source_rows
        if len(source) and not source.min() <= finding.rows[0] <= finding.rows[1] <= source.max():
            yield f"rows {finding.rows} of {source.min()} to {source.max()}"
        if not finding.onset.earliest_s <= finding.onset.latest_s:
            yield f"onset {finding.onset}"
        if not finding.start_s <= finding.end_s:
            yield f"from {finding.start_s} to {finding.end_s} s"
        if not all(math.isfinite(value) for value in (finding.start_s, finding.end_s, finding.onset.earliest_s)):
            yield "a moment that is not finite"
        for item in finding.measurements:
            if not (math.isfinite(item.value) and _finite(item.limit)):
                yield f"{item.name} {item.value}, limit {item.limit}"
    for name, item in check.evidence.items():
        if not 0 <= item.strength <= 1:
            yield f"{name} has strength {item.strength}"
        if item.at is not None and not item.at.earliest_s <= item.at.latest_s:
            yield f"{name} at {item.at}"


def _all_well_formed(detector, cases):
    """Run a detector over rides by name; it may answer what it likes, in good form."""
    wrong = []
    for name, case in cases.items():
        wrong += [f"{name}: {fault}" for fault in _faults_of_form(_check(detector, case), case)]
    assert not wrong, "\n".join(wrong)


# --- documentation -------------------------------------------------------------------------------------------------


@every_detector
def test_documentation_and_names(detector):
    assert detector.summary().endswith(".")
    assert tuple(detector.sections()) == SECTIONS
    assert all(detector.sections().values())
    assert detector.code.isalnum() and detector.code == detector.code.upper()
    assert detector.name == detector.name.lower() and " " not in detector.name
    extra = {row.id for row in getattr(detector, "evidence_rows", ())}
    assert set(detector.evidence) <= set(builtin_table().rows) | extra


@pytest.mark.parametrize("what", ["code", "name"])
def test_no_two_detectors_share_it(what):
    values = [getattr(detector, what) for detector in DETECTORS]
    assert len(set(values)) == len(values)


# --- silent when nothing is wrong ----------------------------------------------------------------------------------


def _hard_regen():
    columns = rides.controller(300.0, open_v=81.5)
    row = rides.at(columns, 200)
    columns["battery_current"][row : row + 12] = np.linspace(-10, -45, 12)
    columns["motor_current"][row : row + 12] = np.linspace(-20, -90, 12)
    columns["pack_voltage"][row : row + 12] = np.round(81.4 + rides.OHM * np.linspace(10, 45, 12), 1)
    return columns


def _switched_off_at_standstill():
    columns = rides.controller(300.0)
    for name in ("battery_current", "motor_current", "speed", "erpm", "duty"):
        columns[name][-80:] = 0.0
    columns["pack_voltage"][-80:-20] = 76.5
    columns["pack_voltage"][-20:] = np.linspace(60, 10, 20).round(1)
    return columns


def _single_odd_sample():
    columns = rides.controller(300.0)
    columns["pack_voltage"][np.flatnonzero(columns["battery_current"] > 15)[50]] = 40.0
    return columns


def _radio_gap():
    columns = rides.controller(300.0)
    keep = np.ones(len(columns["time"]), bool)
    keep[2000:2050] = False
    return {name: values[keep] for name, values in columns.items()}


def _warm_below_every_limit():
    columns = rides.controller(300.0)
    columns["fet_temperature"] = np.round(columns["fet_temperature"] + 25, 1)
    columns["motor_temperature"] = np.round(columns["motor_temperature"] + 25, 1)
    return columns


def _resting_board():
    columns = rides.board(300.0)
    columns["battery_current"] = np.zeros(len(columns["time"]))
    columns["cell_voltages"] = np.full((len(columns["time"]), rides.SERIES), 3.9)
    columns["cell_voltage_max"] = columns["cell_voltage_min"] = np.full(len(columns["time"]), 3.9)
    columns["pack_voltage"] = np.full(len(columns["time"]), 78.0)
    columns["soc"] = np.full(len(columns["time"]), 0.75)
    return columns


#: Family, suite, shortest and longest ride in s (None: the family's own).
SIMULATED = (
    ("healthy-ride", "vesc+jk", (90.0, 100.0)),
    ("healthy-hard-regen", "vesc", (130.0, 140.0)),
    ("healthy-city", "vesc+daly", (90.0, 100.0)),
    ("healthy-wheel", "wheellog", (90.0, 100.0)),
    ("healthy-charge", "jk-only", None),
)


def _simulated(folder, name, suite, duration_s, seed=3):
    kind = family(name)
    case = simulate_family(replace(kind, duration_s=duration_s) if duration_s else kind, seed, suite)
    folder = folder / name
    folder.mkdir()
    for file, data in case.files.items():
        (folder / file).write_bytes(data)
    return _case(read_all([str(folder / file) for file in case.files], Options()))


@pytest.fixture(scope="module")
def healthy_rides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("healthy")
    made = {
        "controller": [_log(rides.controller(300.0), Role.CONTROLLER)],
        **{f"rider {seed}": [_log(rides.controller(seed=seed), Role.CONTROLLER)] for seed in (0, 2, 3)},
        "slow log": [_log(rides.controller(300.0, rate=2.0), Role.CONTROLLER)],
        "board": [_log(rides.board(300.0), Role.BMS)],
        "wheel": [_log(rides.wheel(300.0), Role.WHEEL)],
        "both": [_log(rides.controller(300.0), Role.CONTROLLER), _log(rides.board(300.0), Role.BMS)],
        "hard regen": [_log(_hard_regen(), Role.CONTROLLER)],
        "switched off at standstill": [_log(_switched_off_at_standstill(), Role.CONTROLLER)],
        "a single odd sample": [_log(_single_odd_sample(), Role.CONTROLLER)],
        "radio gap": [_log(_radio_gap(), Role.CONTROLLER)],
        "warm": [_log(_warm_below_every_limit(), Role.CONTROLLER)],
        "resting board": [_log(_resting_board(), Role.BMS)],
    }
    cases = {name: _case(logs) for name, logs in made.items()}
    return cases | {f"{name} {suite}": _simulated(folder, name, suite, long) for name, suite, long in SIMULATED}


@every_detector
def test_healthy_rides_and_look_alikes_are_silent(detector, healthy_rides):
    loud = [
        f"{name}: {finding.message}"
        for name, case in healthy_rides.items()
        for finding in _check(detector, case).findings
        if finding.severity.level >= Severity.WARNING.level
    ]
    assert not loud, "\n".join(loud)


def test_the_verdict_on_healthy_rides_is_none(healthy_rides):
    verdicts = {
        name: diagnose(detection.run(DETECTORS, case), builtin_table()).verdict.cause
        for name, case in healthy_rides.items()
    }
    assert set(verdicts.values()) == {"none"}, verdicts


@every_detector
def test_answers_on_healthy_rides_are_well_formed(detector, healthy_rides):
    _all_well_formed(detector, healthy_rides)


# --- well formed when something is wrong ---------------------------------------------------------------------------


def _heat():
    columns = rides.controller(300.0)
    columns["fet_temperature"][1000:1400] = np.concatenate((np.linspace(60, 96, 200), np.linspace(96, 70, 200)))
    columns["motor_temperature"][2000:2060:2] = 140.0
    return columns


def _faults():
    columns = rides.controller(300.0)
    for row, code in ((500, 1), (900, 2), (1300, 3), (1700, 4), (2100, 5), (2500, 9)):
        columns["fault_code"][row : row + 6] = code
    return columns


def _bad_board():
    columns = rides.board(300.0)
    columns["cell_voltages"][:, 4] -= 0.25 + 0.01 * np.clip(columns["battery_current"], 0, None)
    columns["cell_voltage_min"] = columns["cell_voltages"].min(axis=1)
    columns["pack_voltage"] = columns["cell_voltages"].sum(axis=1)
    columns["bms_temperature"] = columns["bms_temperature"] + 60
    columns["soc"][300:] -= 0.4
    columns["discharge_fet"][400:500] = False
    columns["charge_fet"][200:250] = False
    columns["protections"][400:500] = [["discharge-overcurrent"]] * 100
    return columns


@pytest.fixture(scope="module")
def bad_rides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    made = {
        "cut under load": [_log(rides.cut_under_load(300.0, 150.0)[0], Role.CONTROLLER)],
        "flicker": [_log(rides.cut_under_load(300.0, 150.0, lasts=0.4)[0], Role.CONTROLLER)],
        "cut, with a board": [
            _log(rides.cut_under_load(300.0, 150.0)[0], Role.CONTROLLER),
            _log(_bad_board(), Role.BMS),
        ],
        "regen into an open pack": [_log(rides.regen_into_open_pack()[0], Role.CONTROLLER)],
        "heat": [_log(_heat(), Role.CONTROLLER)],
        "faults": [_log(_faults(), Role.CONTROLLER)],
        "fault list": [_log(rides.fault_list((1, 2, 3, 4, 5, 9)), Role.EVENTS)],
        "bad board": [_log(_bad_board(), Role.BMS)],
        "bad settings": [
            rides.log(rides.controller(120.0), settings={"battery_cut_start": 30.0, "controller_voltage_max": 500.0})
        ],
    }
    simulated = (("overcurrent-trip", "vesc+jk"), ("weak-group", "vesc+jbd"), ("charge-fets-off-regen", "vesc+ant"))
    cases = {name: _case(logs) for name, logs in made.items()}
    return cases | {name: _simulated(folder, name, suite, None) for name, suite in simulated}


@every_detector
def test_findings_are_well_formed(detector, bad_rides):
    _all_well_formed(detector, bad_rides)


# --- honest when blind ---------------------------------------------------------------------------------------------


def _full_logs(roles, without=()):
    return [
        _log({name: values for name, values in _columns(role).items() if name not in without}, role) for role in roles
    ]


def _roles(detector):
    return [role for role in MAKERS if any(role in need.roles for need in detector.needs)]


@pytest.mark.parametrize("detector", [item for item in DETECTORS if item.needs], ids=lambda item: item.name)
def test_a_channel_it_needs_and_does_not_have_is_named(detector):
    roles = _roles(detector)
    case = _case(_full_logs(roles))
    lacks = [need.missing(track) for need in detector.needs for track in case.ride.tracks]
    assert "" in lacks, f"no ride of tests.rides has what it needs: {lacks}"
    shared = set.intersection(*(set(need.channels) for need in detector.needs))
    for channel in sorted(shared):
        check = _check(detector, _case(_full_logs(roles, {channel})))
        assert check.status is Status.UNABLE, channel
        assert channel in check.reason
    wanted = {channel for need in detector.needs for channel in need.channels}
    if wanted:
        check = _check(detector, _case(_full_logs(roles, wanted)))
        assert check.status is Status.UNABLE
        assert any(channel in check.reason for channel in wanted), check.reason


@every_detector
def test_without_a_log_that_fits_it_cannot_look_and_says_why(detector):
    if not detector.needs:
        check = _check(detector, _case([_log({"time": np.zeros(0)}, Role.CONFIG)]))
    else:
        wanted = {role for need in detector.needs for role in need.roles}
        other = next(role for role in (Role.CONFIG, Role.EVENTS, Role.BMS) if role not in wanted)
        columns = {"time": np.zeros(1)} if other is Role.CONFIG else _columns(other)
        check = _check(detector, _case([_log(columns, other)]))
    assert check.status is Status.UNABLE
    assert check.reason.strip()


#: Moments that can fall between two rows.
SHORT_EVENTS = {
    "bms.discharge-fet-opened",
    "bms.charge-fet-opened-in-regen",
    "path.collapse",
    "regen.open-pack",
    "pwm.saturated-fall",
}


@pytest.mark.parametrize("detector", [d for d in DETECTORS if SHORT_EVENTS & set(d.evidence)], ids=lambda d: d.name)
def test_what_could_fall_between_two_rows_is_said_and_never_counted_as_absence(detector):
    looked = 0
    for role, step in ((Role.CONTROLLER, 20), (Role.BMS, 20), (Role.WHEEL, 10)):
        columns = MAKERS[role](900.0)
        told = []
        for every in (1, step):
            check = _check(detector, _case([_log({name: values[::every] for name, values in columns.items()}, role)]))
            told.append([check.evidence[name] for name in sorted(SHORT_EVENTS & set(detector.evidence))])
        for often, seldom in zip(*told, strict=True):
            if seldom.seen is Seen.ABSENT:
                looked += 1
                assert seldom.strength < 0.8 * often.strength
                assert "between" in seldom.note or "hide" in seldom.note
    if not looked:
        pytest.skip("every such moment is not observable at these rates: nothing is counted as absence")


# --- never broken --------------------------------------------------------------------------------------------------


def _every_role(change):
    """Rides of each role alone and of all on one vehicle, every log changed by `change`."""
    logs = {role: _log(change(dict(_columns(role)), role), role) for role in MAKERS}
    cases = {str(role): _case([log]) for role, log in logs.items()}
    return cases | {"together": _case([logs[Role.CONTROLLER], logs[Role.BMS], logs[Role.EVENTS]])}


def _copied(columns):
    return {name: values.copy() if isinstance(values, np.ndarray) else list(values) for name, values in columns.items()}


@pytest.fixture(scope="module")
def truncated_rides():
    cut = _copied(rides.cut_under_load(120.0, 4.0)[0])
    cases = {}
    for rows in (0, 1, 2, 5, 60):
        made = _every_role(lambda columns, role, rows=rows: {name: values[:rows] for name, values in columns.items()})
        made["cut"] = _case([_log({name: values[:rows] for name, values in cut.items()}, Role.CONTROLLER)])
        cases |= {f"{name}, {rows} rows": case for name, case in made.items()}
    return cases


@every_detector
def test_truncated_and_empty_logs_never_break_it(detector, truncated_rides):
    _all_well_formed(detector, truncated_rides)


def _thousandfold(columns, only=None):
    return {
        name: values * 1000
        if name != "time" and only in (None, name) and isinstance(values, np.ndarray) and values.dtype.kind == "f"
        else values
        for name, values in columns.items()
    }


@pytest.fixture(scope="module")
def scaled_rides():
    """Healthy rides of which one channel, or all, came a thousand times too large: V for mV."""
    cases = {}
    for role in (Role.CONTROLLER, Role.BMS, Role.WHEEL):
        columns = _columns(role)
        for name, values in columns.items():
            if name != "time" and isinstance(values, np.ndarray) and values.dtype.kind == "f":
                cases[f"{role} {name}"] = _case([_log(_thousandfold(columns, name), role)])
        cases[f"{role} all"] = _case([_log(_thousandfold(columns), role)])
    return cases


@every_detector
def test_a_channel_in_a_wrong_unit_never_breaks_it(detector, scaled_rides):
    _all_well_formed(detector, scaled_rides)


@every_detector
def test_a_channel_in_a_wrong_unit_is_no_failure(detector, scaled_rides):
    loud = [
        f"{name}: {finding.message}"
        for name, case in scaled_rides.items()
        for finding in _check(detector, case).findings
        if finding.severity.level >= Severity.WARNING.level
    ]
    assert not loud, "\n".join(loud)


def test_a_table_in_a_wrong_unit_has_no_confident_cause(scaled_rides):
    verdicts = {
        name: diagnose(detection.run(DETECTORS, case), builtin_table()).verdict for name, case in scaled_rides.items()
    }
    wrong = {name: verdict.cause for name, verdict in verdicts.items() if verdict.cause not in ("none", "undetermined")}
    assert not wrong


def _text(columns, flipped):
    """A table of a logger nobody knows: its caption leaves the sign of the current open."""
    current = columns["battery_current"] * (-1 if flipped else 1)
    captions = ["time (s)", "voltage (V)", "current (A)"]
    parts = [columns["time"], columns["pack_voltage"], current]
    for name, caption in (("speed", "speed (km/h)"), ("soc", "soc (%)"), ("bms_temperature", "temperature (C)")):
        if name in columns:
            captions.append(caption)
            parts.append(columns[name] * {"speed": 3.6, "soc": 100.0}.get(name, 1.0))
    cells = columns.get("cell_voltages")
    if cells is not None:
        captions += [f"cell {number + 1} (V)" for number in range(cells.shape[1])]
        parts += list(cells.T)
    rows = (",".join(f"{value:.3f}" for value in row) for row in np.stack(parts, axis=1))
    return "\n".join([",".join(captions), *rows]) + "\n"


@pytest.fixture(scope="module")
def both_signs(tmp_path_factory):
    """Rides as two loggers write them, one counting discharge positive and one counting charge positive."""
    folder = tmp_path_factory.mktemp("signs")
    made = {
        "controller": rides.controller(300.0),
        "board": rides.board(300.0),
        "bad board": _bad_board(),
        "cut under load": rides.cut_under_load(300.0, 150.0)[0],
        "regen into an open pack": rides.regen_into_open_pack()[0],
    }
    cases = {}
    for name, columns in made.items():
        pair = []
        for flipped in (False, True):
            path = folder / f"{name} {flipped}.csv"
            path.write_text(_text(columns, flipped))
            pair.append(_case(read_all([str(path)], Options())))
        cases[name] = pair
    return cases


def _said(check):
    return check.status, [(finding.severity, finding.message) for finding in check.findings]


@every_detector
def test_a_source_that_counts_the_current_the_other_way_says_the_same(detector, both_signs):
    for name, (usual, flipped) in both_signs.items():
        one, other = _check(detector, usual), _check(detector, flipped)
        assert other.status is Status.UNABLE or _said(one) == _said(other), name


@pytest.mark.parametrize("role", [Role.CONTROLLER, Role.BMS, Role.WHEEL])
def test_a_current_whose_sign_stayed_wrong_is_no_failure(role):
    """What a parser could not put right must not become a cause."""
    columns = {name: -values if name.endswith("_current") else values for name, values in MAKERS[role](300.0).items()}
    verdict = diagnose(detection.run(DETECTORS, _case([_log(columns, role)])), builtin_table()).verdict
    assert verdict.cause in ("none", "undetermined")


@pytest.fixture(scope="module")
def odd_rides():
    def flipped(columns, _):
        return {name: -values if name.endswith("_current") else values for name, values in columns.items()}

    def constant(columns, _):
        return {
            name: values if name == "time" or not len(values) else [values[0]] * len(values)
            for name, values in columns.items()
        }

    def null(columns, _):
        return {
            name: np.full(values.shape, np.nan)
            if isinstance(values, np.ndarray) and values.dtype.kind == "f" and name != "time"
            else values
            for name, values in columns.items()
        }

    def stopped(columns, _):
        return {**columns, "time": np.zeros(len(columns["time"]))}

    def holes(columns, _):
        columns = _copied(columns)
        for number, values in enumerate(columns.values()):
            if number and isinstance(values, np.ndarray) and values.dtype.kind == "f":
                values[number % 3 :: 3] = np.nan
        return columns

    cases = {}
    for change in (flipped, constant, null, stopped, holes):
        cases |= {f"{change.__name__} {name}": case for name, case in _every_role(change).items()}
    for role in MAKERS:
        columns = _columns(role)
        cases[f"two alike {role}"] = _case([_log(columns, role), _log(columns, role)])
        cases[f"only time {role}"] = _case([_log({"time": columns["time"]}, role)])
    return cases | {"configuration": _case([_configuration()]), "listing": _case([_listing()])}


def _configuration():
    return rides.log(
        {"time": np.zeros(1)},
        Role.CONFIG,
        settings={"battery_cut_start": 66.0, "battery_cut_end": 60.0, "controller_voltage_max": 89.0},
    )


def _listing():
    builder = LogBuilder(np.zeros(2), np.arange(2) + 1)
    builder.add("event", ["fault", "fault"])
    builder.add("fault_code", np.array([np.nan, 999.0]))
    return builder.build(Role.EVENTS, "test")


@every_detector
def test_odd_logs_never_break_it(detector, odd_rides):
    _all_well_formed(detector, odd_rides)
