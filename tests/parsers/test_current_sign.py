import numpy as np
import pytest

from ridelog.parsers.current_sign import current_sign, sign_like


def battery(count=400, interval=0.2, resistance=0.1, noise=0.02, seed=3):
    rng = np.random.default_rng(seed)
    seconds = np.arange(count) * interval
    current = 10 * np.sin(seconds) + 15 * (rng.random(count) > 0.5)
    voltage = 84 - resistance * current - 0.001 * seconds + rng.normal(0, noise, count)
    return seconds, voltage, current


@pytest.mark.parametrize("interval", [0.1, 0.2, 0.4, 1.0, 2.0])
def test_a_voltage_that_falls_under_load_tells_the_sign(interval):
    seconds, voltage, current = battery(interval=interval)
    assert current_sign(seconds, voltage, current).factor == 1.0
    assert current_sign(seconds, voltage, -current).factor == -1.0


@pytest.mark.parametrize("size", [-1.0, 16.0, 60.0])
def test_readings_that_are_no_voltage_do_not_hide_it(size):
    seconds, voltage, current = battery(interval=1.0)
    garbled = np.random.default_rng(5).random(len(voltage)) < 0.04
    voltage = np.where(garbled, voltage - 4.0 if size < 0 else voltage + size, voltage)
    assert current_sign(seconds, voltage, current).factor == 1.0
    assert current_sign(seconds, voltage, -current).factor == -1.0


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("seed", range(5))
def test_rows_in_which_nothing_is_true_do_not_turn_it(seed, sign):
    """A garbled block has a current of thousands and a voltage that no battery has, and both outweigh all true rows."""
    seconds, voltage, current = battery(seed=seed)
    rng = np.random.default_rng(seed)
    garbled = rng.random(len(voltage)) < 0.05
    voltage[garbled] = rng.choice([327.67, 0.0, 9.1], garbled.sum())
    current[garbled] = rng.choice([-2990.0, 1500.0, 0.0], garbled.sum())
    assert current_sign(seconds, voltage, sign * current).factor == sign


def test_power_tells_it_too():
    seconds, voltage, current = battery()
    assert current_sign(seconds, voltage, -voltage * current).factor == -1.0


def test_stamps_in_pairs_do_not_hide_it():
    seconds, voltage, current = battery(interval=1.0)
    seconds[1::2] -= 0.999
    assert current_sign(seconds, voltage, current).factor == 1.0


@pytest.mark.parametrize(
    "change",
    [
        lambda s, v, c: (s, v, c * 0),
        lambda s, v, c: (s, v * 0, c),
        lambda s, v, c: (s, v + np.nan, c),
        lambda s, v, c: (s * 0, v, c),
        lambda s, v, c: (s[:5], v[:5], c[:5]),
        lambda s, v, c: (s[:0], v[:0], c[:0]),
        lambda s, v, c: (s, np.random.default_rng(1).normal(84, 1, len(s)), c),
    ],
)
def test_without_a_load_that_shows_it_there_is_no_answer(change):
    sign = current_sign(*change(*battery()))
    assert sign.factor == 0.0
    assert sign.scale() == 1.0
    assert sign.scale(-1.0) == -1.0
    assert "documented" in sign.conversion()


def test_a_quantity_that_runs_opposite_is_turned():
    _, voltage, current = battery()
    assert sign_like(current, current * voltage) == 1.0
    assert sign_like(current, -current * voltage) == -1.0
    assert sign_like(current, np.zeros(len(current))) == 1.0
    assert sign_like(current, np.abs(current)) == 1.0
