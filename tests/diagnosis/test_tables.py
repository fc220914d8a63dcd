from ridelog import plugins
from ridelog.diagnosis.causes import causes
from ridelog.diagnosis.evidence import builtin_table
from ridelog.diagnosis.handbook import entries

CONTRACT = (
    "none undetermined bms-overcurrent-trip bms-short-circuit-trip bms-undervoltage-trip "
    "bms-overtemperature-trip discharge-fet-commanded-off charge-fet-open-in-regen "
    "regen-overvoltage-full-pack power-path-open weak-cell-group high-resistance-cell-joint cell-imbalance "
    "self-discharging-cell sense-wiring-fault wrong-series-count soc-meter-wrong high-resistance-pack "
    "controller-power-stage-fault controller-thermal-limit controller-low-voltage-cutoff controller-brownout "
    "controller-configuration controller-sensing-fault bus-capacitor-fault gate-driver-trip-under-load "
    "motor-or-phase-fault motor-sensor-fault foc-tracking-loss remote-input-loss pwm-saturation "
    "telemetry-fault"
).split()


def test_every_cause_of_the_contract_is_there():
    assert set(CONTRACT) <= set(causes())


def test_every_detector_gives_only_evidence_of_the_table_and_every_row_has_a_detector():
    declared = {name for detector in plugins.detectors() for name in detector.evidence}
    rows = set(builtin_table().rows)
    assert declared == rows


def test_every_cause_can_be_reached_by_evidence():
    weighed = {cause for row in builtin_table().rows.values() for cause, pair in row.weights.items() if pair[0] > 0}
    assert {name for name, cause in causes().items() if cause.kind != "none"} <= weighed


def test_handbook_entries_name_known_causes_and_say_what_they_rest_on():
    for entry in entries():
        assert set(entry.causes) <= set(causes()), entry.id
        assert entry.kind in ("do", "check", "avoid", "know"), entry.id
        assert entry.sureness in ("established", "field reports", "single report", "contradictory"), entry.id
        assert entry.rules or entry.basis, entry.id
    assert len({entry.id for entry in entries()}) == len(entries())
