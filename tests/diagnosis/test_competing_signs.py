"""Signs that something else has made, and conditions that compete with an ordinary end of the charge."""

import pytest

from ridelog.diagnosis.evidence import EvidenceRow, builtin_table, table_with
from ridelog.diagnosis.reasoning import diagnose
from ridelog.errors import PluginError
from ridelog.finding import Evidence, Severity

from .made_up import made_check, made_fault, made_finding, moment


def test_a_trip_on_a_voltage_that_was_never_there_is_the_wire():
    evidence = {
        "bms.discharge-fet-opened": Evidence.observed(at=moment(10)),
        "bms.flag-undervoltage": Evidence.observed(at=moment(10)),
        "bms.cell-low-before": Evidence.observed(),
        "path.collapse": Evidence.observed(at=moment(10)),
        "wiring.opposite-neighbours": Evidence.observed("Cells 13 and 14."),
        "wiring.false-trip": Evidence.observed(at=moment(10)),
    }
    result = diagnose([made_check(evidence, made_finding())], builtin_table())
    assert result.verdict.cause == "sense-wiring-fault"
    assert "a cell voltage that was never there" in result.verdict.mechanism


def test_signs_that_rest_on_a_voltage_that_was_never_there_say_nothing():
    evidence = {
        "bms.discharge-fet-opened": Evidence.observed(at=moment(10)),
        "bms.flag-undervoltage": Evidence.observed(at=moment(10)),
        "bms.cell-low-before": Evidence.observed("Cell 8 at 2.87 V."),
        "path.collapse": Evidence.observed(at=moment(10)),
        "fault.under-voltage": Evidence.observed(at=moment(10)),
        "path.stayed-open": Evidence.observed(),
        "cells.low-group": Evidence.observed("Cell group 8."),
        "cells.imbalance": Evidence.observed("588 mV.", strength=0.5),
        "wiring.opposite-neighbours": Evidence.observed("Cells 8 and 9."),
        "wiring.false-trip": Evidence.observed(at=moment(10)),
    }
    result = diagnose([made_check(evidence, made_finding(), _state())], builtin_table())
    assert result.verdict.cause == "sense-wiring-fault"
    assert result.verdict.probability > 0.85
    assert result.contributing == ()
    trip = next(item for item in result.causes if item.cause == "bms-undervoltage-trip")
    assert any("made it, so it does not count" in reason.sentence for reason in trip.contradicting)


def test_a_stage_that_fails_for_good_made_the_overcurrent_before_it():
    evidence = {
        "listing.overcurrent-at-a-low-limit": Evidence.observed("1 of 3 records."),
        "listing.driver-at-once": Evidence.observed("2 of 3 records."),
    }
    result = diagnose([made_check(evidence, made_finding())], builtin_table())
    assert result.verdict.cause == "controller-power-stage-fault"
    setting = [item for item in result.causes if item.cause == "controller-configuration"]
    assert not setting or setting[0].probability < 0.1


def test_a_rail_that_rings_also_rings_while_braking():
    evidence = {
        "listing.overvoltage-ringing": Evidence.observed("5 of 6 records."),
        "listing.overvoltage-braking": Evidence.observed("1 of 6 records."),
    }
    assert diagnose([made_check(evidence, made_finding())], builtin_table()).verdict.cause == "bus-capacitor-fault"


def test_a_row_that_counts_unless_something_unknown_was_seen_is_refused():
    row = EvidenceRow("mine.sparks", "mine", "It sparked.", weights={"bus-capacitor-fault": (3.5, 0.0)}, unless=("no",))
    with pytest.raises(PluginError, match="unknown 'no'"):
        table_with([row])


def _state():
    return made_finding(0.0, Severity.WARNING, event=False)


def test_a_fold_back_at_the_end_of_the_charge_leaves_the_cause_to_the_meter_that_promised_more():
    faded = {"lowvoltage.foldback": Evidence.observed(strength=0.9, at=moment(10))}
    alone = diagnose([made_check(faded, made_finding(severity=Severity.WARNING))], builtin_table())
    assert alone.verdict.cause == "controller-low-voltage-cutoff"
    assert alone.verdict.onset is not None
    meter = {**faded, "soc.differs": Evidence.observed(), "soc.promises": Evidence.observed()}
    both = diagnose([made_check(meter, made_finding(severity=Severity.WARNING), _state())], builtin_table())
    assert [item.cause for item in both.causes[:2]] == ["soc-meter-wrong", "controller-low-voltage-cutoff"]
    assert both.causes[1].probability > 0.03
    assert both.verdict.onset is None
    assert both.verdict.mechanism == "The controller reduced the power at its low-voltage cutoff."
    assert both.contributing == ()


@pytest.mark.parametrize("state", ["wiring.opposite-neighbours", "cells.imbalance", "cells.weak-group"])
def test_a_fold_back_and_a_defect_that_does_not_explain_it_share_the_probability(state):
    evidence = {"lowvoltage.foldback": Evidence.observed(strength=0.9, at=moment(10)), state: Evidence.observed()}
    result = diagnose([made_check(evidence, made_finding(severity=Severity.WARNING), _state())], builtin_table())
    assert result.causes[0].probability < 0.85
    assert "controller-low-voltage-cutoff" in [item.cause for item in result.causes[:2]]


def test_a_pack_at_its_cutoff_is_not_full():
    evidence = {
        "lowvoltage.foldback": Evidence.observed(strength=0.9, at=moment(10)),
        "regen.overvoltage-with-pack": Evidence.observed(strength=0.88, at=moment(14)),
        "regen.pack-nearly-full": Evidence.observed(strength=0.88, at=moment(14)),
    }
    result = diagnose(
        [made_check(evidence, made_finding(severity=Severity.WARNING), made_finding(14.0))], builtin_table()
    )
    assert result.verdict.cause == "controller-low-voltage-cutoff"
    evidence["config.cutoff-too-high"] = Evidence.observed(strength=0.9, at=moment(10))
    result = diagnose(
        [made_check(evidence, made_finding(severity=Severity.WARNING), made_finding(14.0))], builtin_table()
    )
    assert result.verdict.cause == "controller-configuration"


def test_a_defect_beside_a_lost_battery_still_only_contributes():
    evidence = {
        "lowvoltage.foldback": Evidence.observed(at=moment(10)),
        "path.collapse": Evidence.observed(at=moment(12)),
        "soc.differs": Evidence.observed(),
    }
    result = diagnose([made_check(evidence, made_finding(), made_finding(12.0), _state())], builtin_table())
    assert "soc-meter-wrong" not in [item.cause for item in result.causes]
    assert [factor.cause for factor in result.contributing] == ["soc-meter-wrong"]


def test_a_battery_that_is_lost_goes_before_a_full_pack_that_the_ride_went_on_through():
    full = made_fault("RG01", "full", Severity.CRITICAL, 40.0, 40.0, "regen.overvoltage-with-pack")
    lost = made_fault("PP01", "lost", Severity.CRITICAL, 340.0, 340.0, "path.collapse")
    assert diagnose([full, lost], builtin_table()).verdict.onset.latest_s == 340
    assert diagnose([full], builtin_table()).verdict.cause == "regen-overvoltage-full-pack"


@pytest.mark.parametrize(
    ("signs", "both"),
    [
        (("cells.low-group", "cells.imbalance"), {"weak-cell-group", "cell-imbalance"}),
        (("cells.resisting-group", "cells.high-resistance"), {"weak-cell-group", "high-resistance-cell-joint"}),
    ],
)
def test_a_group_that_is_one_thing_or_the_other_has_no_second_fault(signs, both):
    """At odds that are nearly even both are named, and neither is said to contribute beside the other."""
    evidence = {
        sign: Evidence.observed("Cell group 8.", strength=strength)
        for sign, strength in zip(signs, (0.9, 0.6), strict=True)
    }
    result = diagnose([made_check(evidence, _state())], builtin_table())
    assert {item.cause for item in result.causes[:2]} == both
    assert result.contributing == ()
