"""Scenarios of which nothing is left but the terminal's list of faults."""

from __future__ import annotations

from .case import Bench, Case
from .listings import listing, record

LISTED = (
    "controller-power-stage-fault",
    "gate-driver-trip-under-load",
    "bus-capacitor-fault",
    "charge-fet-open-in-regen",
    "foc-tracking-loss",
    "motor-or-phase-fault",
    "motor-sensor-fault",
    "controller-sensing-fault",
    "bms-overcurrent-trip",
)


def only_listing(bench: Bench, cause: str) -> Case:
    """Nothing but the terminal's list."""
    rng = bench.rng
    full = float(rng.choice([10, 12])) * 4.1
    temperature = float(rng.uniform(30, 58))

    def some(low: int, high: int) -> range:
        return range(int(rng.integers(low, high)))

    accept: tuple[str, ...] = ("undetermined",)
    if cause == "controller-power-stage-fault":
        entries = [
            record(
                3,
                rng.uniform(-3, 4),
                rng.uniform(-1, 1),
                full - 1,
                rng.uniform(0, 0.03),
                rng.uniform(-150, 200),
                rng.integers(2, 19),
                temperature,
            )
            for _ in some(2, 5)
        ]
    elif cause == "gate-driver-trip-under-load":
        entries = [
            record(
                3,
                rng.uniform(50, 90),
                rng.uniform(45, 70),
                full - 4,
                rng.uniform(0.3, 0.9),
                rng.uniform(6000, 26000),
                rng.integers(900, 60000),
                temperature,
            )
            for _ in some(2, 4)
        ]
        accept = ("undetermined", "controller-power-stage-fault")
    elif cause == "bus-capacitor-fault":
        entries = [
            record(
                1,
                -rng.uniform(95, 150),
                -rng.uniform(12, 30),
                57 + rng.uniform(0.3, 3),
                rng.uniform(0.6, 0.93),
                rng.uniform(12000, 30000),
                rng.integers(2000, 60000),
                temperature,
            )
            for _ in some(1, 4)
        ]
        accept = ("undetermined", "charge-fet-open-in-regen", "power-path-open")
    elif cause == "charge-fet-open-in-regen":
        entries = []
        for _ in some(2, 6):
            amps = rng.uniform(6, 16)
            entries.append(
                record(
                    1,
                    -amps,
                    -amps * rng.uniform(0.9, 1.05),
                    57 + rng.uniform(0.2, 0.9),
                    rng.uniform(0.1, 0.3),
                    rng.uniform(9000, 24000),
                    rng.integers(1500, 30000),
                    temperature,
                )
            )
        accept = ("undetermined", "power-path-open", "regen-overvoltage-full-pack")
    elif cause == "foc-tracking-loss":
        entries = [
            record(
                4,
                rng.uniform(210, 280),
                rng.uniform(125, 136),
                full - 3,
                rng.uniform(0.6, 0.8),
                rng.uniform(33000, 48000),
                rng.integers(5000, 90000),
                temperature,
            )
            for _ in some(1, 4)
        ]
        accept = ("undetermined", "motor-or-phase-fault")
    elif cause == "motor-or-phase-fault":
        entries = [
            record(
                4,
                rng.uniform(30, 60),
                rng.uniform(140, 158),
                full - 1,
                rng.uniform(0.04, 0.09),
                rng.choice([370, 5200, 56000]) * rng.uniform(0.9, 1.1),
                rng.integers(300, 3000),
                temperature,
            )
            for _ in some(2, 5)
        ]
        accept = ("undetermined", "controller-sensing-fault", "controller-power-stage-fault", "foc-tracking-loss")
    elif cause == "motor-sensor-fault":
        entries = [
            record(
                6,
                rng.uniform(6, 14),
                rng.uniform(6, 14),
                full - 1,
                rng.uniform(0.3, 0.6),
                rng.uniform(7000, 15000),
                rng.integers(100000, 400000),
                rng.uniform(28, 40),
            )
            for _ in some(1, 4)
        ]
    elif cause == "controller-sensing-fault":
        entries = [
            record(5, rng.uniform(-0.3, 0.3), 0.0, full - 1, 0.0, 0.0, 0, float(rng.choice([330.2, 441.0, 252.4])))
            for _ in some(1, 3)
        ]
        accept = ("undetermined", "controller-configuration")
    else:
        entries = [
            record(
                2,
                rng.uniform(-0.4, 0.6),
                rng.uniform(-0.1, 0.2),
                8.0 - rng.uniform(0, 0.1),
                0.95,
                rng.uniform(9500, 11000),
                0,
                temperature,
            )
            for _ in some(2, 4)
        ]
        accept = (
            "undetermined",
            "bms-undervoltage-trip",
            "power-path-open",
            "bms-short-circuit-trip",
            "discharge-fet-commanded-off",
        )
    return Case("", 0, {"faults.txt": listing(rng, entries)}, cause, accept)


SCENARIOS = {f"listing-{cause}": (lambda b, cause=cause: only_listing(b, cause)) for cause in LISTED}
