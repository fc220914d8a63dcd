"""Series counts nobody can read off cells, and settings left wrong: `python -m benchmarks.cell_counts --rides 60`.

The rides are those of neither simulator: four kinds of cell (NMC, NCA, lithium cobalt, iron phosphate) with curves of a
few points, packs of 8 to 32 cells at any charge, a rider who pulls, rolls and stops. What is varied is what an owner
leaves in a device: the right count, one that is wrong by one to four, the charge a VESC shows by such a count, limits
that go with it or with the pack, a board without cell voltages that is set to it; and what a bus does that has no
capacitors left: peaks of a row or two while braking, and dips under load. Printed for every kind: how often the count is
right, how often the truth is among those that are named, and how many are certain and wrong.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.battery.pack import SeriesEstimate
    from ridelog.log import Log

    Values = NDArray[np.float64]

_CHARGE: Final = np.array([0.0, 0.03, 0.08, 0.15, 0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.96, 1.0])
_CELL_V: Final = {
    "nmc": np.array([2.75, 3.12, 3.31, 3.43, 3.52, 3.64, 3.72, 3.82, 3.92, 4.02, 4.08, 4.12, 4.19]),
    "nca": np.array([2.7, 3.05, 3.22, 3.33, 3.45, 3.59, 3.68, 3.77, 3.87, 3.98, 4.08, 4.14, 4.20]),
    "lco": np.array([3.1, 3.55, 3.66, 3.71, 3.75, 3.79, 3.83, 3.88, 3.94, 4.02, 4.11, 4.16, 4.21]),
    "lfp": np.array([2.4, 2.95, 3.13, 3.20, 3.245, 3.29, 3.295, 3.30, 3.325, 3.33, 3.335, 3.345, 3.46]),
}
_CHEMISTRIES: Final = ("nmc", "nmc", "nmc", "nca", "lco", "lfp", "lfp")
_LFP_COUNTS: Final = (8, 10, 12, 12, 14, 15, 16, 16, 20, 24, 30, 32)
_VESC_LEVEL: Final = np.array([0.0, 0.02, 0.19, 0.39, 0.66, 0.90, 0.98, 1.0])
_VESC_CELL_V: Final = np.array([3.1, 3.25, 3.5, 3.7, 3.9, 4.07, 4.15, 4.2])
_STEP_S: Final = 0.1
#: What stands in the devices; every kind is drawn equally often.
KINDS: Final = (
    "nothing said",
    "configured right",
    "configured wrong",
    "level of a wrong count",
    "configured wrong, limits with it",
    "configured wrong, limits of the pack",
    "level and configuration wrong",
    "board set right, no cells",
    "board set wrong, no cells",
    "configured wrong, cells read",
)


@dataclass(frozen=True)
class Drawn:
    """One ride: time (s), current (A), voltage of the pack and of a cell (V), and what is true of it."""

    time: Values
    amps: Values
    volts: Values
    cell: Values
    series: int
    chemistry: str


def draw(rng: np.random.Generator) -> Drawn:
    """Draw a pack, its charge, and a ride of it."""
    chemistry = str(rng.choice(_CHEMISTRIES))
    common = (10, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 24, 28, 30, 32)
    series = int(rng.choice(_LFP_COUNTS if chemistry == "lfp" else common))
    if rng.random() < 0.15:
        series = int(rng.integers(8, 33))
    capacity = float(np.exp(rng.uniform(np.log(4), np.log(80))))
    seconds = float(rng.choice([320, 600, 1200, 2400]))
    high = capacity * float(np.exp(rng.uniform(np.log(0.8), np.log(6))))
    amps = _rider(rng, int(seconds / _STEP_S), high, high * float(rng.choice([0.0, 0.3, 0.6])))
    used = np.cumsum(amps) * _STEP_S / 3600 / capacity
    start = float(1.0 if rng.random() < 0.25 else rng.uniform(0.12, 1.0))
    if used.max() > start - 0.02:
        amps = amps * (start - 0.02) / float(used.max())
        used = np.cumsum(amps) * _STEP_S / 3600 / capacity
    cell = np.interp(start - used, _CHARGE, _CELL_V[chemistry])
    # A share of the voltage of the cell lost at full load, whatever the pack.
    ohm = float(rng.uniform(0.03, 0.13)) * 3.7 / max(high, 1.0)
    slow, kept = np.zeros(len(amps)), float(np.exp(-_STEP_S / rng.uniform(8, 40)))
    for row in range(1, len(amps)):
        slow[row] = kept * slow[row - 1] + (1 - kept) * amps[row]
    loaded = cell - ohm * amps - ohm * float(rng.uniform(0.1, 0.5)) * slow
    gain = 1 + float(rng.normal(0, 0.004))
    volts = gain * series * loaded + rng.normal(0, 0.02, len(amps))
    return Drawn(np.arange(len(amps)) * _STEP_S, amps, volts, loaded, series, chemistry)


def _rider(rng: np.random.Generator, count: int, high: float, regen: float) -> Values:
    amps, at = np.zeros(count), 0
    while at < count:
        for length, level in (
            (rng.uniform(2, 8), high * rng.uniform(0.4, 1)),
            (rng.uniform(5, 40), high * rng.uniform(0.08, 0.35)),
            (rng.uniform(1, 4), -regen * rng.uniform(0.3, 1)),
            (rng.uniform(2, 30), 0.0),
        ):
            end = at + int(length / _STEP_S) + 1
            amps[at:end] = level
            at = end
    return np.convolve(amps, np.ones(4) / 4, "same")


def _broken_bus(rng: np.random.Generator, ride: Drawn) -> Values:
    """Peaks while braking and dips under load of a bus that nothing holds."""
    volts = ride.volts.copy()
    braking, pulling = ride.amps < -0.5, ride.amps > 0.5 * ride.amps.max()
    peaks = braking & (rng.random(len(volts)) < 0.4)
    volts[peaks] *= 1 + rng.uniform(0.02, 0.35, int(peaks.sum()))
    dips = pulling & (rng.random(len(volts)) < 0.2)
    volts[dips] *= 1 - rng.uniform(0.02, 0.25, int(dips.sum()))
    return volts


def _logs(rng: np.random.Generator, ride: Drawn, kind: str, broken: bool) -> tuple[list[Log], int | None]:
    """Logs of the ride, and the count that was left in a device."""
    from ridelog.clock import Clock, ClockBasis
    from ridelog.log import Identity, LogBuilder, Role

    told: int | None = None
    if kind != "nothing said":
        off = int(rng.choice([-4, -3, -2, -1, 1, 2, 3, 4])) if "wrong" in kind else 0
        told = max(ride.series + off, 5)
    every = int(rng.choice([1, 2, 5, 10]))
    volts = (_broken_bus(rng, ride) if broken else ride.volts)[::every]
    settings: dict[str, float | str | bool] = {}
    if told is not None and "configur" in kind and not kind.startswith("level of"):
        settings["series_cells"] = float(told)
    if "limits" in kind:
        of = told if kind.endswith("with it") else ride.series
        low = ride.chemistry == "lfp" and kind.endswith("pack")
        settings["battery_cut_start"] = float(np.round((2.9 if low else 3.4) * of, 1))
        settings["battery_cut_end"] = float(np.round((2.6 if low else 3.1) * of, 1))
    board = kind.startswith("board")
    builder = LogBuilder(ride.time[::every], np.arange(len(volts)))
    builder.add("pack_voltage", np.round(volts, 1))
    builder.add("battery_current", np.round(ride.amps[::every], 1))
    if kind.startswith("level") and told is not None:
        shown = np.interp(ride.series * ride.cell[::every] / told, _VESC_CELL_V, _VESC_LEVEL)
        builder.add("soc", np.round(shown, 3))
    if board and told is not None:
        builder.add("cell_count", np.full(len(volts), told))
    identity = Identity() if board else Identity(family="vesc")
    role = Role.BMS if board else Role.CONTROLLER
    clock = Clock(ClockBasis.NONE)
    logs = [builder.build(role, "made up", clock=clock, identity=identity, settings=settings)]
    if kind.endswith("cells read"):
        cells = LogBuilder(ride.time[::10], np.arange(len(ride.time[::10])))
        cells.add("pack_voltage", np.round(ride.volts[::10], 2))
        cells.add("battery_current", np.round(ride.amps[::10], 1))
        spread = rng.normal(0, 0.004, ride.series)
        cells.add("cell_voltages", np.round(ride.cell[::10, None] + spread, 3))
        logs.append(cells.build(Role.BMS, "made up", clock=clock))
    return logs, told


def one(seed: int, kind: str, *, broken: bool) -> tuple[Drawn, int | None, SeriesEstimate, str]:
    """Estimate one ride: the ride, the count left in a device, what was found, and the chemistry found."""
    from ridelog.alignment import join
    from ridelog.battery.estimate import estimate_pack

    rng = np.random.default_rng([7, seed, KINDS.index(kind), int(broken)])
    ride = draw(rng)
    logs, told = _logs(rng, ride, kind, broken)
    pack = estimate_pack(join(logs))
    return ride, told, pack.series, pack.chemistry.name if pack.chemistry.confidence >= 0.9 else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rides", type=int, default=60, help="for each kind, with a sound bus and with a broken one")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--verbose", action="store_true")
    given = parser.parse_args()
    for broken in (False, True):
        for kind in KINDS:
            found = [one(seed, kind, broken=broken) for seed in range(given.first, given.first + given.rides)]
            right = np.mean([series.best == ride.series for ride, _, series, _ in found])
            named = np.mean([ride.series in series.probabilities for ride, _, series, _ in found])
            certain = [(ride, told, series) for ride, told, series, _ in found if series.certain]
            wrong = [row for row in certain if row[2].best != row[0].series]
            plain = {"lfp": "lfp"}
            mixed = sum(bool(name) and name != plain.get(ride.chemistry, "nmc") for ride, _, _, name in found)
            print(
                f"{kind}{', broken bus' if broken else ''}: right {right:.0%}, truth named {named:.0%}, "
                f"certain {len(certain)} of {len(found)}, certain and wrong {len(wrong)}, chemistry sure and wrong {mixed}"
            )
            if given.verbose:
                for ride, told, series in wrong:
                    print(
                        f"    truth {ride.series} {ride.chemistry}, told {told}, found {series.best} at {series.confidence}:"
                        f" {series.reason} cell {ride.cell[0]:.2f}..{ride.cell[-1]:.2f} V, {ride.time[-1]:.0f} s"
                    )


if __name__ == "__main__":
    main()
