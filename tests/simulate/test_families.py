import json

import pytest

from ridelog.diagnosis.causes import causes
from ridelog.errors import UsageError
from ridelog.simulate import families, simulate, write_case
from ridelog.simulate.logs import SUITES


def test_every_cause_has_a_family_and_a_third_is_healthy():
    all_families = families()
    assert len(all_families) >= 60
    assert len({family.name for family in all_families}) == len(all_families)
    # What cannot be told is no cause of a ride.
    assert {family.cause for family in all_families} == set(causes()) - {"undetermined"}
    assert sum(family.healthy for family in all_families) >= 0.3 * len(all_families)


def test_every_suite_is_used_and_known():
    used = {suite for family in families() for suite in family.suites}
    assert used == set(SUITES)


@pytest.mark.parametrize("name", ["healthy-short", "charge-fets-off-kills", "healthy-settling", "wheel-overspeed-fall"])
def test_the_same_seed_gives_the_same_bytes(name):
    first, second, other = simulate(name, 3), simulate(name, 3), simulate(name, 4)
    assert first.files == second.files
    assert first.truth == second.truth
    assert first.files != other.files
    assert simulate(name, 3, variant=2).files != first.files


def test_unknown_families_and_suites_are_refused():
    with pytest.raises(UsageError, match="no scenario 'nothing'"):
        simulate("nothing", 1)
    with pytest.raises(UsageError, match="no suite 'wheellog'"):
        simulate("healthy-ride", 1, "wheellog")


def test_the_truth_beside_the_logs_is_complete(tmp_path):
    case = simulate("undervoltage-trip", 2, "vesc+jk")
    paths = write_case(case, tmp_path / "case")
    truth = json.loads((tmp_path / "case" / "truth.json").read_text())
    assert {path.name for path in paths} == {*case.files, "truth.json"}
    assert truth["cause"] == "bms-undervoltage-trip"
    assert truth["bms"]["trips"][0][1] == "cell-undervoltage"
    assert truth["onset_s"] == pytest.approx(truth["bms"]["trips"][0][0], abs=0.05)
    assert {log["role"] for log in truth["logs"]} == {"controller", "bms"}
    for log in truth["logs"]:
        assert log["first_row_true_s"] < truth["onset_s"]
        # The own clock is off and drifts, but an interval of minutes is off by milliseconds only.
        own = truth["onset_s"] - log["first_row_true_s"]
        assert log["onset_own_s"] == pytest.approx(own, abs=0.05)
    assert truth["pack"]["series"] >= 10
    assert 0 < truth["pack"]["resistance_ohm"] < truth["pack"]["settled_resistance_ohm"]


def test_logs_that_cannot_tell_causes_apart_say_so():
    alone = simulate("commanded-off-riding", 1, "vesc").truth
    assert "power-path-open" in alone["indistinguishable"]
    assert "bms-undervoltage-trip" in alone["indistinguishable"]
    with_board = simulate("commanded-off-riding", 1, "vesc+jbd").truth
    assert with_board["indistinguishable"] == []


@pytest.mark.slow
@pytest.mark.parametrize("variant", [1, 2])
@pytest.mark.parametrize("family", families(), ids=lambda family: family.name)
def test_every_family_comes_about(family, variant):
    case = simulate(family, 1, variant=variant)
    assert case.files
    assert case.truth["cause"] == family.cause
    assert (case.truth["onset_s"] is not None) == (family.moment and not family.healthy)
    if family.healthy:
        assert not case.truth["faults"]
        assert not case.truth["bms"]["trips"]
    if case.truth["onset_s"] is not None:
        assert 10 < case.truth["onset_s"] < case.truth["duration_s"]
