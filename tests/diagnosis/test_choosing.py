"""Which of several events of a ride the verdict is about, and how the others are told."""

import pytest

from ridelog.diagnosis.evidence import builtin_table
from ridelog.diagnosis.reasoning import diagnose
from ridelog.finding import Evidence, Interval, Severity

from .made_up import made_check, made_fault, made_finding


def test_what_happened_to_the_vehicle_goes_before_what_happened_to_the_record():
    frozen = made_fault("TF01", "frozen", Severity.WARNING, 100.0, 120.0, "telemetry.frozen")
    lost = made_fault("RM01", "lost", Severity.WARNING, 300.0, 302.0, "remote.lost")
    assert diagnose([frozen], builtin_table()).verdict.cause == "telemetry-fault"
    assert diagnose([frozen, lost], builtin_table()).verdict.cause == "remote-input-loss"
    faded = made_fault("LV01", "faded", Severity.WARNING, 300.0, 340.0, "lowvoltage.foldback")
    assert diagnose([frozen, faded], builtin_table()).verdict.cause == "controller-low-voltage-cutoff"
    worse = made_fault("TF01", "frozen", Severity.CRITICAL, 100.0, 120.0, "telemetry.frozen")
    assert diagnose([worse, lost], builtin_table()).verdict.cause == "telemetry-fault"
    assert diagnose([worse, faded], builtin_table()).verdict.cause == "telemetry-fault"


@pytest.mark.parametrize("at", [(100.0, 300.0), (300.0, 100.0)])
@pytest.mark.parametrize("limit", ["lowvoltage.foldback", "thermal.motor-limit"])
def test_what_failed_goes_before_a_limit_that_did_its_job_and_both_are_told(limit, at):
    lost = made_fault("RM01", "lost", Severity.WARNING, at[0], at[0] + 2.0, "remote.lost")
    faded = made_fault("LV01", "faded", Severity.WARNING, at[1], at[1] + 2.0, limit)
    verdict = diagnose([faded, lost], builtin_table()).verdict
    assert verdict.cause == "remote-input-loss"
    assert [item.sentence for item in verdict.also] == ["faded"]
    assert verdict.also[0].onset == Interval(at[1], at[1])
    assert verdict.also[0].cause.startswith("controller-")


@pytest.mark.parametrize("at", [(100.0, 105.0), (105.0, 100.0)])
def test_at_the_same_time_the_end_of_the_charge_is_no_first_sign(at):
    frozen = made_fault("TF01", "frozen", Severity.WARNING, at[0], at[0] + 2.0, "telemetry.frozen")
    faded = made_fault("LV01", "faded", Severity.WARNING, at[1], at[1] + 2.0, "lowvoltage.foldback")
    causes = diagnose([faded, frozen], builtin_table()).causes
    assert [item.cause for item in causes[:2]] == ["telemetry-fault", "controller-low-voltage-cutoff"]
    assert causes[1].probability > 0.1


def test_a_full_pack_that_stopped_the_motor_goes_after_a_battery_that_was_lost():
    full = made_fault("RG01", "full", Severity.CRITICAL, 40.0, 41.0, "regen.overvoltage-with-pack")
    lost = made_fault("PP01", "lost", Severity.CRITICAL, 340.0, 341.0, "path.collapse")
    verdict = diagnose([full, lost], builtin_table()).verdict
    assert verdict.onset.latest_s == 340.0
    assert [item.cause for item in verdict.also] == ["regen-overvoltage-full-pack"]


def test_a_full_pack_that_stopped_the_motor_goes_before_a_log_that_only_ends_under_load():
    full = made_fault("RG01", "full", Severity.CRITICAL, 40.0, 41.0, "regen.overvoltage-with-pack")
    again = made_finding(335.0, Severity.CRITICAL)
    ended = made_fault("PP01", "ended", Severity.WARNING, 340.0, 340.0, "path.log-ends-under-load")
    verdict = diagnose([full, made_check({}, again), ended], builtin_table()).verdict
    assert verdict.cause == "regen-overvoltage-full-pack"
    assert verdict.onset.latest_s == 40.0


def test_a_cutoff_that_acted_goes_before_a_log_that_ends_under_load_at_low_cells():
    """Neither sign of the end is enough alone; together they would name a trip that nothing shows."""
    faded = made_fault("LV01", "faded", Severity.WARNING, 11.0, 60.0, "lowvoltage.foldback")
    at = Interval(276.0, 276.0)
    signs = {"path.log-ends-under-load": Evidence.observed(at=at)}
    signs["path.cells-low-before"] = Evidence.observed(at=at, strength=0.6)
    ended = made_check(signs, made_finding(276.0, Severity.WARNING))
    assert diagnose([ended], builtin_table()).causes[0].cause == "bms-undervoltage-trip"
    assert diagnose([faded, ended], builtin_table()).verdict.cause == "controller-low-voltage-cutoff"


def test_a_graver_limit_goes_before_a_lesser_fault():
    full = made_fault("RG01", "full", Severity.CRITICAL, 40.0, 41.0, "regen.overvoltage-with-pack")
    frozen = made_fault("TF01", "frozen", Severity.WARNING, 300.0, 320.0, "telemetry.frozen")
    verdict = diagnose([full, frozen], builtin_table()).verdict
    assert verdict.cause == "regen-overvoltage-full-pack"
    assert [item.cause for item in verdict.also] == ["telemetry-fault"]


def test_what_happened_again_is_not_told_as_another_event():
    lost = made_fault("PP01", "lost", Severity.CRITICAL, 340.0, 341.0, "path.collapse")
    again = made_finding(900.0, Severity.CRITICAL)
    verdict = diagnose([lost, made_check({}, again)], builtin_table()).verdict
    assert verdict.onset.latest_s == 340.0
    assert verdict.also == ()


def _current_and_driver():
    current = made_fault("CF01", "current", Severity.CRITICAL, 100.0, 101.0, "fault.overcurrent")
    driver = made_fault("CF01", "driver", Severity.CRITICAL, 112.0, 150.0, "fault.driver-for-good")
    return current, driver


def test_what_the_vehicle_did_not_come_back_from_goes_before_what_it_recovered_from():
    verdict = diagnose(_current_and_driver(), builtin_table()).verdict
    assert verdict.cause == "controller-power-stage-fault"


def test_damage_that_a_cut_may_have_done_does_not():
    cut = made_fault("PP01", "cut", Severity.CRITICAL, 60.0, 61.0, "path.collapse")
    verdict = diagnose([cut, *_current_and_driver()], builtin_table()).verdict
    assert verdict.onset.latest_s == 60.0


def test_a_moment_that_nothing_marks_is_weighed_by_what_holds_for_the_whole_ride():
    meter = made_check({"sensor.voltage-differs": Evidence.observed()}, made_finding(10.0))
    assert diagnose([meter], builtin_table()).verdict.cause == "controller-sensing-fault"
