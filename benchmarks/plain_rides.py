"""Estimates on rides of a second, much plainer generator: `python -m benchmarks.plain_rides --rides 150 --pairs 120`.

It shares nothing with `ridelog simulate`: a straight or tabulated open-circuit voltage, one resistance, at most one
relaxation, white noise, and a rider who is a random walk, stops and goes, or pulls in bursts. Packs of 10 to 32 cells, NMC
and LFP, rates from 0.3 to 50 Hz, steps from 1 mV to 0.1 V: what other people's simulators write. Printed are the error of
the resistance, wrong counts that were called certain, and for pairs the error of the clock, refusals, and pairs of
different rides that were accepted.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.log import Log

    Values = NDArray[np.float64]

_STEP_S = 0.02
_CHARGE = np.array([0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
_CELL_V = {
    "nmc": np.array([2.9, 3.25, 3.4, 3.52, 3.6, 3.66, 3.73, 3.83, 3.93, 4.02, 4.08, 4.19]),
    "lfp": np.array([2.6, 3.05, 3.18, 3.23, 3.26, 3.28, 3.29, 3.30, 3.325, 3.33, 3.335, 3.48]),
}
_COUNTS = (10, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 24, 28, 30, 32)


@dataclass
class PlainRide:
    """One ride on a fine grid: time (s), current (A), pack voltage (V), and what is true of the pack."""

    time: Values
    amps: Values
    volts: Values
    series: int
    ohm: float


def plain_ride(rng: np.random.Generator, seconds: float) -> PlainRide:
    """Draw a pack and a rider, and let one drive the other."""
    series, chemistry = int(rng.choice(_COUNTS)), "lfp" if rng.random() < 0.15 else "nmc"
    ohm = float(np.clip(np.exp(rng.uniform(np.log(0.04), np.log(0.4))), 0.0025 * series, 0.02 * series))
    slow_ohm = ohm * rng.uniform(0.1, 0.6) if rng.random() < 0.6 else 0.0
    tau = float(np.exp(rng.uniform(np.log(4), np.log(60))))
    high = float(np.clip(rng.uniform(0.06, 0.2) * series * 3.6 / ohm, 10, 150))
    amps = _rider(rng, int(seconds / _STEP_S), high, high * float(rng.choice([0, 0.3, 0.6])))
    used = np.cumsum(amps) * _STEP_S / 3600
    start = float(rng.uniform(0.35, 1.0))
    capacity = max(float(np.exp(rng.uniform(np.log(5), np.log(50)))), float(used.max()) / (0.85 * start))
    charge = start - used / capacity
    straight = chemistry == "nmc" and rng.random() < 0.3
    cell = 3.2 + 0.98 * charge if straight else np.interp(charge, _CHARGE, _CELL_V[chemistry])
    kept = float(np.exp(-_STEP_S / tau))
    slow = np.fromiter(accumulate(amps * (1 - kept), lambda held, more: kept * held + more), float, len(amps))
    return PlainRide(np.arange(len(amps)) * _STEP_S, amps, series * cell - ohm * amps - slow_ohm * slow, series, ohm)


def _rider(rng: np.random.Generator, count: int, high: float, regen: float) -> Values:
    kind = rng.choice(["walk", "stops", "bursts"])
    if kind == "walk":
        kept = float(np.exp(-_STEP_S / 8))
        steps = rng.normal(0, np.sqrt(2 * _STEP_S / 8), count)
        walk = np.fromiter(accumulate(steps, lambda held, more: kept * held + more), float, count)
        return np.clip(high * (0.3 + 0.3 * walk), -regen, high)
    amps, at = np.zeros(count), 0
    while at < count:
        if kind == "bursts":
            pieces = [(rng.exponential(3), float(rng.choice([0, 0.2, 0.5, 1.0])) * high * rng.uniform(0.5, 1))]
        else:
            pieces = [
                (rng.uniform(2, 8), high * rng.uniform(0.5, 1)),
                (rng.uniform(5, 40), high * rng.uniform(0.1, 0.35)),
                (rng.uniform(1, 4), -regen * rng.uniform(0.3, 1)),
                (rng.uniform(3, 30), 0.0),
            ]
        for length, level in pieces:
            amps[at : at + int(length / _STEP_S) + 1] = level
            at += int(length / _STEP_S) + 1
    return np.convolve(amps, np.ones(12) / 12, "same")


def written(
    rng: np.random.Generator, ride: PlainRide, rate: float, role: str, span: tuple[float, float] | None = None
) -> tuple[Log, float]:
    """What a device writes of a ride, and the true time of its first row in s."""
    from ridelog.clock import Clock, ClockBasis
    from ridelog.log import LogBuilder, Role

    first, last = span or (0.0, float(ride.time[-1]))
    stamps = first + (np.arange(int((last - first) * rate)) + 0.5) / rate
    stamps = np.unique(np.round(stamps + rng.normal(0, 0.05 / rate, len(stamps)), 3))
    noise, volt_step, amp_step = float(rng.uniform(0.01, 0.1)), *rng.choice([0.001, 0.01, 0.1], 2)
    window = float(rng.choice([0.0, 0.25, min(1.0, 1 / rate)])) if role == "bms" else 0.0
    charge = np.concatenate(([0.0], np.cumsum(ride.amps))) * _STEP_S
    edges = np.append(ride.time, ride.time[-1] + _STEP_S)
    amps = np.interp(stamps, ride.time, ride.amps)
    if window:
        amps = (np.interp(stamps, edges, charge) - np.interp(stamps - window, edges, charge)) / window
    volts = np.interp(stamps, ride.time, ride.volts) + rng.normal(0, noise, len(stamps))
    builder = LogBuilder(stamps - stamps[0], np.arange(len(stamps)) + 2)
    builder.add("pack_voltage", np.round(volts / volt_step) * volt_step)
    builder.add("battery_current", np.round((amps + rng.normal(0, 0.1, len(stamps))) / amp_step) * amp_step)
    return builder.build(Role(role), "plain", clock=Clock(ClockBasis.NONE)), float(stamps[0])


def one_pack(seed: int) -> dict[str, Any]:
    """Estimate the pack of one ride."""
    from ridelog.alignment import join
    from ridelog.battery.estimate import estimate_pack

    rng = np.random.default_rng([1, seed])
    ride = plain_ride(rng, float(rng.choice([300, 600, 1200, 2400])))
    role = str(rng.choice(["controller", "bms"]))
    rate = float(np.exp(rng.uniform(*np.log((1, 50) if role == "controller" else (0.3, 5)))))
    pack = estimate_pack(join([written(rng, ride, rate, role)[0]]))
    found = pack.resistance.get(0)
    return {
        "error": found.ohm / ride.ohm - 1 if found else None,
        "inside": bool(found and found.low_ohm <= ride.ohm <= found.high_ohm),
        "certain and wrong": pack.series.certain and pack.series.best != ride.series,
    }


def one_pair(seed: int, *, strangers: bool) -> dict[str, Any]:
    """Align two logs of one ride, or of two."""
    from ridelog.alignment import join

    rng = np.random.default_rng([2, seed])
    seconds = float(rng.choice([300, 600, 1200]))
    ride = plain_ride(rng, seconds)
    other = plain_ride(rng, seconds) if strangers else ride
    first, begun = written(rng, ride, float(np.exp(rng.uniform(0, np.log(50)))), "controller")
    span = (rng.uniform(0, 0.3) * seconds, rng.uniform(0.7, 1.0) * seconds)
    second, late = written(rng, other, float(rng.choice([0.33, 0.5, 1, 2, 4])), "bms", span)
    clock = join([first, second]).tracks[1].clock
    middle = second.duration_s / 2
    error = float(clock.to_ride(np.array([middle]))[0]) - (middle + late - begun)
    return {"aligned": clock.aligned, "error": abs(error), "uncertainty": clock.uncertainty_s}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rides", type=int, default=150)
    parser.add_argument("--pairs", type=int, default=120)
    parser.add_argument("--strangers", type=int, default=120)
    given = parser.parse_args()
    packs = [one_pack(seed) for seed in range(given.rides)]
    told = [row for row in packs if row["error"] is not None]
    errors = np.abs([row["error"] for row in told])
    print(
        f"resistance, {len(told)} of {len(packs)} rides: median error {100 * np.median(errors):.1f} %, 90 % below "
        f"{100 * np.quantile(errors, 0.9):.1f} %, inside {100 * np.mean([row['inside'] for row in told]):.0f} %"
    )
    print(f"series count certain and wrong: {sum(row['certain and wrong'] for row in packs)}")
    pairs = [one_pair(seed, strangers=False) for seed in range(given.pairs)]
    good = [row for row in pairs if row["aligned"]]
    apart = np.array([row["error"] for row in good])
    inside = np.mean([row["error"] <= row["uncertainty"] for row in good])
    wrong = sum(row["error"] > 3 * row["uncertainty"] for row in good)
    print(
        f"pairs: {len(good)} of {len(pairs)} aligned, median error {np.median(apart):.3f} s, inside {100 * inside:.0f} %, "
        f"confident misalignments {wrong}"
    )
    others = [one_pair(seed, strangers=True) for seed in range(given.strangers)]
    print(f"pairs of different rides: {len(others)}, {sum(row['aligned'] for row in others)} accepted")


if __name__ == "__main__":
    main()
