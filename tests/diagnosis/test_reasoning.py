"""The reasoning through its public face: what detectors say in, a verdict out."""

import math

import pytest

from ridelog.diagnosis.evidence import EvidenceRow, EvidenceTable, Model, builtin_table, table_with
from ridelog.diagnosis.reasoning import diagnose
from ridelog.diagnosis.wording import wording
from ridelog.finding import Check, Evidence, Interval, Seen, Severity, Status

from .made_up import made_check, made_fault, made_finding, moment

TABLE = EvidenceTable(
    Model(1.0, 0.0, "test"),
    {
        row.id: row
        for row in (
            EvidenceRow(
                "cut",
                "cut",
                "The voltage collapsed.",
                "It did not collapse.",
                weights={"power-path-open": (3.0, -3.0), "bms-undervoltage-trip": (3.0, -3.0)},
                event=True,
            ),
            EvidenceRow("cut-again", "cut", "Said another way.", weights={"power-path-open": (2.9, 0.0)}, event=True),
            EvidenceRow(
                "flag",
                "flag",
                "The BMS says undervoltage.",
                "The BMS says nothing.",
                "A BMS log covering {moment}",
                weights={"bms-undervoltage-trip": (3.0, -2.5), "power-path-open": (-2.5, 1.0)},
                event=True,
            ),
            EvidenceRow(
                "driver",
                "driver",
                "The driver failed.",
                weights={"controller-power-stage-fault": (3.5, -1.0)},
                after=("cut",),
                event=True,
            ),
            EvidenceRow("weak", "weak", "Cell 5 is weak.", weights={"weak-cell-group": (3.5, -2.0)}),
        )
    },
)


def test_nothing_found_is_none():
    result = diagnose([made_check({"cut": Evidence.absent()})], TABLE)
    assert result.verdict.cause == "none"
    assert result.verdict.wording == "nothing wrong found"
    assert result.causes == ()


def test_nothing_looked_at_is_not_fine():
    check = Check("XX01", "x", Status.UNABLE, "no voltage", (), {"cut": Evidence.not_observable("no voltage")})
    result = diagnose([check], TABLE)
    assert result.verdict.cause == "undetermined"
    assert result.verdict.probability == 0.0


def _looked_at(share):
    """Checks that found nothing, of which `share` could look; on the table that comes with ridelog."""
    rows = list(builtin_table().rows)
    seen = rows[: round(share * len(rows))]
    evidence = {name: Evidence.absent() if name in seen else Evidence.not_observable("no log") for name in rows}
    return diagnose([made_check(evidence)], builtin_table())


def test_next_to_nothing_looked_at_is_not_fine():
    evidence = {name: Evidence.not_observable("no log") for name in builtin_table().rows}
    evidence["config.cutoff-too-high"] = Evidence.absent("the cutoff fits")
    result = diagnose([made_check(evidence)], builtin_table())
    assert result.verdict.cause == "undetermined"
    assert result.verdict.probability == 0.0
    assert "Next to nothing" in result.verdict.summary
    assert "log" in result.would_settle and "the ride" in result.would_settle


def test_nothing_found_says_how_much_could_be_seen():
    whole, half = _looked_at(1.0).verdict, _looked_at(0.3).verdict
    assert whole.cause == half.cause == "none"
    assert whole.probability > half.probability >= 0.6
    assert "could not be looked at: that takes a log of the BMS" in half.summary
    assert "could not be looked at" not in whole.summary
    assert "not a calibrated percentage" in whole.calibration


def test_states_of_the_pack_that_could_be_looked_at_are_enough():
    evidence = {name: Evidence.not_observable("no log") for name in builtin_table().rows}
    evidence |= {
        name: Evidence.absent()
        for name in ("cells.weak-group", "cells.imbalance", "soc.differs", "series.cells-missing")
    }
    verdict = diagnose([made_check(evidence)], builtin_table()).verdict
    assert verdict.cause == "none"
    assert "What the controller did could not be looked at" in verdict.summary


def test_a_log_that_ends_under_load_says_so():
    evidence = {name: Evidence.absent() for name in builtin_table().rows}
    whole = diagnose([made_check(evidence)], builtin_table()).verdict
    evidence["path.log-ends-under-load"] = Evidence.observed(at=moment(10))
    ends = diagnose([made_check(evidence)], builtin_table()).verdict
    assert "ends while power flowed" in ends.summary
    assert ends.probability < whole.probability
    evidence["path.log-ends-under-load"] = Evidence.absent()
    evidence["path.collapse"] = Evidence.not_observable("the log ends in motion")
    moving = diagnose([made_check(evidence)], builtin_table()).verdict
    assert "cannot be told: the log ends in motion" in moving.summary
    assert moving.probability < whole.probability


def test_while_no_cause_is_likely_no_danger_is_told_as_if_it_were_sure():
    evidence = {"listing.undervoltage-no-load": Evidence.observed()}
    result = diagnose([made_check(evidence, made_finding())], builtin_table())
    assert result.causes[0].probability < 0.6
    assert result.verdict.dangers[0].startswith("Do not ride on before the reason is known")
    assert all(text.startswith("If it is") for text in result.verdict.dangers[1:])
    assert len(result.verdict.dangers) >= 3


def test_undetermined_carries_what_is_left_for_something_else():
    result = diagnose([made_check({"cut": Evidence.observed(strength=0.2, at=moment(10))}, made_finding())], TABLE)
    assert result.verdict.cause == "undetermined"
    rest = 1 - sum(cause.probability for cause in result.causes)
    assert result.verdict.probability == pytest.approx(rest)


def test_what_stopped_the_power_stands_apart_from_why():
    evidence = {
        "bms.discharge-fet-opened": Evidence.observed(at=moment(10)),
        "bms.flag-undervoltage": Evidence.observed(at=moment(10)),
        "path.collapse": Evidence.observed(at=moment(10)),
        "fault.driver-for-good": Evidence.observed(at=moment(12)),
        "cells.weak-group": Evidence.observed("Cell 5."),
    }
    result = diagnose([made_check(evidence, made_finding())], builtin_table())
    assert result.verdict.cause == "bms-undervoltage-trip"
    assert result.verdict.mechanism == "The BMS switched off: it names undervoltage."
    assert [factor.cause for factor in result.contributing] == ["weak-cell-group"]
    assert any("weak group" in danger for danger in result.verdict.dangers)


def test_a_cause_that_is_only_possible_is_not_told_as_a_fact():
    evidence = {"cut": Evidence.observed(at=moment(10)), "flag": Evidence.not_observable("no BMS log")}
    verdict = diagnose([made_check(evidence, made_finding())], TABLE).verdict
    assert verdict.wording == "possible"
    assert verdict.summary.startswith("One explanation among several:")


def test_what_would_settle_it_names_the_moment():
    evidence = {"cut": Evidence.observed(at=moment(10)), "flag": Evidence.not_observable("no BMS log")}
    result = diagnose([made_check(evidence, made_finding())], TABLE, lambda moment: f"second {moment.latest_s:.0f}")
    assert "A BMS log covering second 10 would separate" in result.would_settle


def test_independent_signs_of_a_condition_add_up():
    rows = {
        **TABLE.rows,
        "weak-too": EvidenceRow("weak-too", "other", "It sags.", weights={"weak-cell-group": (2.0, 0.0)}),
    }
    table = EvidenceTable(TABLE.model, rows)
    one = {"cut": Evidence.observed(at=moment(10)), "weak": Evidence.observed(strength=0.5)}
    both = {**one, "weak-too": Evidence.observed()}
    shares = [diagnose([made_check(e, made_finding())], table).contributing[0].probability for e in (one, both)]
    assert 0.6 < shares[0] < shares[1] < 1.0


def test_two_signs_make_a_probable_cause_with_reasons():
    evidence = {"cut": Evidence.observed(at=moment(10)), "flag": Evidence.observed(at=moment(10))}
    result = diagnose([made_check(evidence, made_finding())], TABLE)
    assert result.verdict.cause == "bms-undervoltage-trip"
    assert result.verdict.wording in ("probable cause", "likely")
    assert {reason.evidence for reason in result.causes[0].supporting} == {"cut", "flag"}


def test_evidence_of_one_group_counts_once():
    one = diagnose([made_check({"cut": Evidence.observed(at=moment(10))}, made_finding())], TABLE)
    both = {"cut": Evidence.observed(at=moment(10)), "cut-again": Evidence.observed(at=moment(10))}
    two = diagnose([made_check(both, made_finding())], TABLE)
    probability = {cause.cause: cause.probability for cause in one.causes}
    assert {cause.cause: cause.probability for cause in two.causes} == pytest.approx(probability)


def test_what_cannot_be_seen_weighs_nothing_and_would_settle_it():
    evidence = {"cut": Evidence.observed(at=moment(10)), "flag": Evidence.not_observable("no BMS log")}
    result = diagnose([made_check(evidence, made_finding())], TABLE)
    probability = {cause.cause: cause.probability for cause in result.causes}
    assert math.isclose(probability["power-path-open"], probability["bms-undervoltage-trip"], rel_tol=0.5)
    assert "BMS log covering the moment it happened" in result.would_settle
    assert result.causes[0].not_observable[0].sentence == "no BMS log"


def test_damage_after_the_cut_is_a_consequence():
    evidence = {"cut": Evidence.observed(at=moment(10)), "driver": Evidence.observed(at=moment(12))}
    result = diagnose([made_check(evidence, made_finding(), made_finding(12.0))], TABLE)
    stage = [cause for cause in result.causes if cause.cause == "controller-power-stage-fault"]
    assert not stage or stage[0].probability < 0.1
    first = {"cut": Evidence.absent(), "driver": Evidence.observed(at=moment(12))}
    alone = diagnose([made_check(first, made_finding(12.0))], TABLE)
    assert alone.causes[0].cause == "controller-power-stage-fault"


def test_a_condition_beside_an_event_contributes():
    evidence = {
        "cut": Evidence.observed(at=moment(10)),
        "flag": Evidence.observed(at=moment(10)),
        "weak": Evidence.observed("Cell 5."),
    }
    result = diagnose([made_check(evidence, made_finding(), made_finding(0.0, Severity.WARNING, event=False))], TABLE)
    assert result.verdict.cause == "bms-undervoltage-trip"
    assert [factor.cause for factor in result.contributing] == ["weak-cell-group"]
    alone = diagnose(
        [made_check({"weak": Evidence.observed()}, made_finding(0.0, Severity.WARNING, event=False))], TABLE
    )
    assert alone.verdict.cause == "weak-cell-group"


def test_evidence_far_from_the_incident_does_not_count():
    near = {"cut": Evidence.observed(at=moment(1000)), "flag": Evidence.observed(at=moment(1000))}
    far = {"cut": Evidence.observed(at=moment(1000)), "flag": Evidence.observed(at=moment(10))}
    assert diagnose([made_check(near, made_finding(1000.0))], TABLE).causes[0].probability > 0.7
    causes = diagnose([made_check(far, made_finding(1000.0))], TABLE).causes
    assert {cause.cause: cause.probability for cause in causes}["bms-undervoltage-trip"] < 0.6


def test_a_weak_sign_stays_undetermined():
    result = diagnose([made_check({"cut": Evidence.observed(strength=0.2, at=moment(10))}, made_finding())], TABLE)
    assert result.verdict.cause == "undetermined"
    assert result.verdict.wording == "undetermined: data needed"


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.85, "probable cause"),
        (0.849, "likely"),
        (0.6, "likely"),
        (0.599, "possible"),
        (0.35, "possible"),
        (0.349, "undetermined: data needed"),
    ],
)
def test_the_wording_ladder(probability, words):
    assert wording(probability) == words


def test_shifting_the_clock_changes_nothing():
    def at(shift):
        evidence = {"cut": Evidence.observed(at=moment(10 + shift)), "flag": Evidence.observed(at=moment(10 + shift))}
        return diagnose([made_check(evidence, made_finding(10.0 + shift))], TABLE)

    assert [c.probability for c in at(0).causes] == [c.probability for c in at(5000).causes]


def test_a_fault_in_the_log_and_in_the_list_counts_once():
    logged = {"fault.overcurrent": Evidence.observed(at=moment(10))}
    listed = {**logged, "listing.overcurrent": Evidence.observed()}
    one, both = (diagnose([made_check(evidence, made_finding())], builtin_table()) for evidence in (logged, listed))
    assert both.causes[0].probability == pytest.approx(one.causes[0].probability)


def test_braking_without_a_pack_leaves_the_contact_in_the_running():
    evidence = {
        "regen.open-pack": Evidence.observed(at=moment(10)),
        "fault.over-voltage": Evidence.observed(at=moment(10)),
        "regen.drive-normal": Evidence.observed(),
        "path.collapse": Evidence.absent(),
        "bms.charge-fet-opened-in-regen": Evidence.not_observable("no BMS log"),
    }
    alone = diagnose([made_check(evidence, made_finding())], builtin_table())
    assert alone.causes[0].cause == "charge-fet-open-in-regen"
    assert alone.causes[0].probability < 0.85
    assert alone.causes[1].cause == "power-path-open"
    evidence["bms.charge-fet-opened-in-regen"] = Evidence.observed(at=moment(9))
    assert diagnose([made_check(evidence, made_finding())], builtin_table()).causes[0].probability > 0.9
    evidence["bms.charge-fet-opened-in-regen"] = Evidence.absent()
    assert diagnose([made_check(evidence, made_finding())], builtin_table()).causes[0].cause == "power-path-open"


def test_a_row_of_a_third_party_counts_like_any_other():
    row = EvidenceRow("mine.sparks", "mine", "It sparked.", weights={"bus-capacitor-fault": (3.5, 0.0)}, event=True)
    evidence = {"mine.sparks": Evidence.observed(at=moment(10))}
    assert diagnose([made_check(evidence, made_finding())], builtin_table()).verdict.cause == "undetermined"
    assert diagnose([made_check(evidence, made_finding())], table_with([row])).verdict.cause == "bus-capacitor-fault"


def test_a_lesser_finding_that_stood_long_before_is_not_the_incident():
    warm = made_fault("WA01", "warm", Severity.WARNING, 100.0, 300.0, "warm")
    stop = made_fault("ST01", "stop", Severity.CRITICAL, 301.0, 302.0, "driver")
    rows = {
        **TABLE.rows,
        "warm": EvidenceRow(
            "warm", "warm", "It was warm.", weights={"controller-thermal-limit": (4.0, 0.0)}, event=True
        ),
    }
    found = diagnose([warm, stop], EvidenceTable(TABLE.model, rows))
    assert found.verdict.cause == "controller-power-stage-fault"
    assert found.verdict.onset.earliest_s == 301.0


@pytest.mark.parametrize(("until_s", "counts"), [(299.0, False), (305.0, True)])
def test_what_a_log_that_ends_before_the_incident_did_not_show_is_not_absent(until_s, counts):
    cut = made_fault("CU01", "cut", Severity.CRITICAL, 300.0, 302.0, "cut")
    unseen = Evidence(Seen.ABSENT, 1.0, Interval(0.0, until_s))
    board = Check("BM01", "board", Status.CLEAR, "", (), {"flag": unseen})
    trip = next(item for item in diagnose([cut, board], TABLE).causes if item.cause == "bms-undervoltage-trip")
    assert ("flag" in [reason.evidence for reason in trip.contradicting]) is counts
    assert ("flag" in [reason.evidence for reason in trip.not_observable]) is not counts
