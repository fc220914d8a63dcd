"""Every detector says when it cannot look: a channel, a log or rows between which the event may lie are missing."""

import numpy as np
import pytest

from ridelog.finding import Seen, Status
from ridelog.log import Role

from .suite import DETECTORS, MAKERS, case_of, check_of, columns_of, every_detector, log_of


def _full_logs(roles, without=()):
    return [
        log_of({name: values for name, values in columns_of(role).items() if name not in without}, role)
        for role in roles
    ]


def _roles(detector):
    return [role for role in MAKERS if any(role in need.roles for need in detector.needs)]


@pytest.mark.parametrize("detector", [item for item in DETECTORS if item.needs], ids=lambda item: item.name)
def test_a_channel_it_needs_and_does_not_have_is_named(detector):
    roles = _roles(detector)
    case = case_of(_full_logs(roles))
    lacks = [need.missing(track) for need in detector.needs for track in case.ride.tracks]
    assert "" in lacks, f"no ride of tests.rides has what it needs: {lacks}"
    shared = set.intersection(*(set(need.channels) for need in detector.needs))
    for channel in sorted(shared):
        check = check_of(detector, case_of(_full_logs(roles, {channel})))
        assert check.status is Status.UNABLE, channel
        assert channel in check.reason
    wanted = {channel for need in detector.needs for channel in need.channels}
    if wanted:
        check = check_of(detector, case_of(_full_logs(roles, wanted)))
        assert check.status is Status.UNABLE
        assert any(channel in check.reason for channel in wanted), check.reason


@every_detector
def test_without_a_log_that_fits_it_cannot_look_and_says_why(detector):
    if not detector.needs:
        check = check_of(detector, case_of([log_of({"time": np.zeros(0)}, Role.CONFIG)]))
    else:
        wanted = {role for need in detector.needs for role in need.roles}
        other = next(role for role in (Role.CONFIG, Role.EVENTS, Role.BMS) if role not in wanted)
        columns = {"time": np.zeros(1)} if other is Role.CONFIG else columns_of(other)
        check = check_of(detector, case_of([log_of(columns, other)]))
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
            check = check_of(
                detector, case_of([log_of({name: values[::every] for name, values in columns.items()}, role)])
            )
            told.append([check.evidence[name] for name in sorted(SHORT_EVENTS & set(detector.evidence))])
        for often, seldom in zip(*told, strict=True):
            if seldom.seen is Seen.ABSENT:
                looked += 1
                assert seldom.strength < 0.8 * often.strength
                assert "between" in seldom.note or "hide" in seldom.note
    if not looked:
        pytest.skip("every such moment is not observable at these rates: nothing is counted as absence")
