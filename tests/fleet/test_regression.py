"""Lines through few rides, against series whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from ridelog.fleet.regression import Rides, fit_line
from ridelog.fleet.scatter import Scatter, common_scatter


def rides(days, values, effect=None, share=1.0, spread=0.3, **more):
    count = len(days)
    plain = Rides(
        days=np.asarray(days, float),
        values=np.asarray(values, float),
        errors=np.ones(count),
        source=np.zeros(count, dtype=int),
        effects=np.empty((count, 0)) if effect is None else np.asarray(effect)[:, None],
        shares=np.empty(0) if effect is None else np.array([share]),
        spreads=np.empty(0) if effect is None else np.array([spread]),
    )
    return replace(plain, **more)


def shared(fleet):
    """Lines of a fleet, each with the scatter of all."""
    alone = [fit_line(one, Scatter()) for one in fleet]
    common = common_scatter(np.array([one.variance for one in alone]), np.array([one.freedom for one in alone]))
    return [fit_line(one, common) for one in fleet]


def noisy(rng, count):
    """Scatter of 5 %, one ride in fifteen five times as far off."""
    noise = rng.normal(0, 0.05, count)
    noise[rng.random(count) < 1 / 15] *= 5
    return noise


def test_the_interval_holds_the_truth():
    held = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        days = np.sort(rng.uniform(0, 240, 10))
        one = fit_line(rides(days, 0.002 * days + rng.normal(0, 0.05, 10)), Scatter())
        held += one.low <= 0.002 <= one.high
    # 95 % of 300 are 285; fewer than 271 has a probability below 0.001.
    assert held >= 271


@pytest.mark.parametrize("count", [6, 10, 20])
def test_sound_vehicles_are_seldom_called_worse_though_they_lend_each_other_their_scatter(count):
    calls = tests = 0
    for seed in range(10):
        rng = np.random.default_rng([seed, count])
        fleet = [
            rides(np.sort(rng.uniform(0, 240, count)), np.exp(rng.normal(0, 0.3)) * noisy(rng, count))
            for _ in range(30)
        ]
        calls += sum(one.p < 0.01 for one in shared(fleet))
        tests += 30
    # 1 % of 300 is 3; by the binomial distribution more than 10 has a probability below 0.001.
    assert calls <= 10


def test_six_rides_are_enough_for_a_clear_change_when_others_tell_the_scatter():
    found = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        days = [np.sort(rng.uniform(0, 240, 6)) for _ in range(30)]
        fleet = [
            rides(own, rng.normal(0, 0.04, 6) + (number == 0) * 0.5 * own / 240) for number, own in enumerate(days)
        ]
        found += shared(fleet)[0].p < 1e-3
    # No order of six rides has a probability below 2 / 6! = 0.0028.
    assert found >= 15


def test_one_strange_ride_at_the_end_is_no_trend():
    rng = np.random.default_rng(4)
    fleet = [rides(np.linspace(0, 200, 8), rng.normal(0, 0.03, 8)) for _ in range(30)]
    strange = fleet[0].values.copy()
    strange[-1] += 0.5
    lines = shared([replace(fleet[0], values=strange), *fleet[1:]])
    assert lines[0].p > 1e-3


def test_what_the_weather_did_is_not_taken_for_age():
    rng = np.random.default_rng(5)
    days = np.linspace(0, 120, 18)
    colder = np.linspace(0.0, 0.5, 18) + rng.normal(0, 0.1, 18)
    sound = fit_line(rides(days, 0.9 * colder + rng.normal(0, 0.03, 18), colder), Scatter())
    assert sound.low < 0 < sound.high
    assert sound.shares[0] == pytest.approx(0.9, abs=0.2)
    # A pack that never felt the cold its board reports.
    indoors = fit_line(rides(days, rng.normal(0, 0.03, 18), colder, share=0.5, spread=0.5), Scatter())
    assert indoors.low < 0 < indoors.high
    assert indoors.shares[0] == pytest.approx(0.0, abs=0.25)


def test_where_season_and_age_are_one_the_interval_says_so():
    rng = np.random.default_rng(6)
    days = np.linspace(0, 120, 10)
    values = 0.4 * days / 120 + rng.normal(0, 0.01, 10)
    apart = fit_line(rides(days, values, rng.normal(0, 0.2, 10)), Scatter())
    together = fit_line(rides(days, values, 0.4 * days / 120 + rng.normal(0, 0.002, 10), 0.5, 0.5), Scatter())
    assert apart.p < 1e-5
    assert together.p > 0.05
    assert together.high - together.low > 3 * (apart.high - apart.low)


def test_every_source_has_a_level_of_its_own():
    days = np.linspace(0, 100, 12)
    source = np.array([0] * 7 + [1] * 5)
    noise = np.random.default_rng(7).normal(0, 0.01, 12)
    one = fit_line(rides(days, noise + 0.15 * source, source=source), Scatter())
    assert one.low < 0 < one.high
    assert one.level == pytest.approx(0, abs=0.03)


def test_a_poor_ride_counts_less():
    days = np.linspace(0, 100, 10)
    values = np.random.default_rng(8).normal(0, 0.01, 10)
    values[-1] += 0.08
    errors = np.where(np.arange(10) == 9, 0.2, 0.01)
    known, unknown = (fit_line(rides(days, values, errors=own), Scatter()) for own in (errors, np.ones(10)))
    assert abs(known.slope) < 0.5 * abs(unknown.slope)


def test_a_season_is_weaker_evidence_than_as_many_rides_by_themselves():
    rng = np.random.default_rng(9)
    calls = 0
    for _ in range(200):
        wander = np.zeros(60)
        for place in range(1, 60):
            wander[place] = 0.6 * wander[place - 1] + rng.normal()
        calls += fit_line(rides(np.arange(60.0), wander), Scatter()).p < 0.05
    # Without widening a third of such series is called a trend.
    assert calls / 200 < 0.15


def test_too_few_rides_or_no_time_is_no_line():
    assert fit_line(rides(np.arange(4.0), np.arange(4.0)), Scatter()) is None
    assert fit_line(rides(np.zeros(10), np.arange(10.0)), Scatter()) is None
    sources = np.arange(6)
    assert fit_line(rides(np.arange(6.0), np.arange(6.0), source=sources), Scatter()) is None
    assert fit_line(rides(np.arange(10.0), np.ones(10)), Scatter()).p == pytest.approx(1.0)
    assert fit_line(rides(np.arange(10.0), np.arange(10.0)), Scatter()).p < 1e-6
