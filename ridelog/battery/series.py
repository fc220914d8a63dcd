"""Series count when nobody says: from cells, from the configuration, from voltages; always a distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.ride import Ride

from .count_statements import CountStatement, count_statements
from .counted_cells import CountedCells, seen_by_others
from .pack import SeriesEstimate
from .series_evidence import PackVoltages
from .voltage_likelihood import COUNTS, count_fits

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: So many other counts share what a wrong setting can be.
_USUAL_MISTAKES: Final = 8.0
#: Error of the gain of two meters and what is lost in the leads between them.
_GAIN_ERROR: Final = 0.015
#: Confidence is held below this, whatever the numbers say.
_MOST_SURE: Final = {"cells": 0.99, "configuration": 0.95, "statement": 0.88, "voltage": 0.85}


def estimate_series(
    ride: Ride,
    counted: Sequence[CountedCells],
    voltages: PackVoltages | None,
    given: int | None,
    chemistry: str,
) -> SeriesEstimate:
    """Estimate how many cell groups are in series.

    Args:
        ride: The ride, for its settings.
        counted: Cells of the tracks that read them.
        voltages: What the voltages of the pack did over the ride, None without any.
        given: What the user said.
        chemistry: What is known of the chemistry, "" for nothing.

    Returns:
        A distribution; empty when there is neither a cell nor a voltage.
    """
    if given is not None:
        return SeriesEstimate({given: 1.0}, "given", f"{given} in series was given.")
    if counted:
        return _from_cells(ride, counted, voltages)
    if voltages is None:
        return SeriesEstimate(reason="There is no pack voltage and there are no cells.")
    return _from_voltages(ride, voltages, chemistry)


def _from_cells(ride: Ride, counted: Sequence[CountedCells], voltages: PackVoltages | None) -> SeriesEstimate:
    # The pack that reads most cells; a second BMS is a pack beside it or in series with it.
    main = max(counted, key=lambda item: item.counted)
    count, by_voltage = main.counted, main.by_voltage
    if not main.agrees and by_voltage is not None:
        if main.listed != count and abs(by_voltage - main.listed) <= 0.35:
            reason = f"{main.listed} cells are listed, {main.listed - count} of them with nonsense, and the pack voltage fits."
            return SeriesEstimate({main.listed: 0.95, **_beside(main.listed, 0.05)}, "cells", reason)
        other = max(1, round(by_voltage))
        reason = f"{count} cells are read, but the pack voltage is that of {by_voltage:.1f} of them."
        if other == count:
            return SeriesEstimate({count: 0.8, **_beside(count, 0.2)}, "cells", reason)
        # A board that is set too low reads too few cells and still measures the whole pack.
        share = 0.7 if other > count and abs(by_voltage - other) < 0.15 else 0.5
        return SeriesEstimate({other: share, count: 1 - share}, "cells", reason)
    sure, reason = _MOST_SURE["cells"], f"{count} cells are read"
    if by_voltage is not None:
        reason += " and the pack voltage is their sum"
    elif (seen := seen_by_others(ride, main)) is not None and abs(seen - count) > 0.5 + _GAIN_ERROR * count:
        # The board's own voltage is the sum of what it reads: a cell it is not set to read is missing there too.
        other = max(1, round(seen))
        reason += f", but another device sees the voltage of {seen:.1f} of them"
        return SeriesEstimate(
            {count: 0.5, other: 0.5} if seen < 1.9 * count else {other: 0.8, count: 0.2}, "cells", reason + "."
        )
    if voltages is not None and voltages.riding_v is not None and main.pack_v > 0:
        ratio = voltages.riding_v / main.pack_v
        times = round(ratio)
        if times >= 2 and abs(ratio - times) < 0.06 * times:
            count, sure = count * times, 0.8
            reason += f"; the controller sees {times} times that voltage: packs in series"
        elif abs(ratio - 1) > 0.15:
            sure = 0.7
            reason += f"; the controller sees {ratio:.2f} times that voltage, which does not fit"
    return SeriesEstimate({count: sure, **_beside(count, 1 - sure)}, "cells", reason + ".")


def _beside(count: int, share: float) -> dict[int, float]:
    return {count + 1: share / 2, count - 1: share / 2} if count > 1 else {count + 1: share}


def _from_voltages(ride: Ride, voltages: PackVoltages, chemistry: str) -> SeriesEstimate:
    settings = ride.settings
    fits = count_fits(voltages, settings, chemistry)
    weight = sum(fits.weights.values(), start=np.zeros(len(COUNTS)))
    if not weight.any():
        return SeriesEstimate(reason=f"No usual pack has {voltages.high_v:.1f} V at rest.")
    source, reason = "voltage", f"{voltages.low_v:.1f} to {voltages.high_v:.1f} V without load"
    most = _MOST_SURE[source]
    believed: list[CountStatement] = []
    for statement in count_statements(ride):
        if any(statement.by_board == other.by_board for other in believed):
            continue
        if not fits.possible(statement.count):
            misfit = f"; {statement.says} {statement.count}, which does not fit"
            # Several logs of one device state the same.
            reason += misfit if misfit not in reason else ""
            continue
        believed.append(statement)
        # A statement is right, or any other usual count as a mistake.
        told = np.full(len(COUNTS), (1 - statement.right) / _USUAL_MISTAKES)
        told[np.equal(COUNTS, statement.count)] = statement.right
        weight = weight * told
    if believed:
        first, *others = believed
        source, most = "configuration", _MOST_SURE["statement"]
        # A device may be left at another pack's count, and its limits with it, and a voltage that allows the right count
        # mostly allows its neighbours: it takes a second device that says the same.
        if first.count in (other.count for other in others):
            most = _MOST_SURE["configuration"]
        says = "".join(f", {other.says} {other.count}" for other in others)
        best = int(COUNTS[int(np.argmax(weight))])
        if best in (statement.count for statement in believed):
            reason = f"{first.says} {first.count}{says} and {reason} fits"
        else:
            # What is stated could just be, and the voltage is that of another count all the same.
            source, most = "voltage", min(most, _MOST_SURE["voltage"])
            reason = f"{reason}; {first.says[0].lower()}{first.says[1:]} {first.count}{says}, which hardly fits"
    elif any(name in settings for name in ("battery_cut_start", "battery_cut_end")):
        reason += ", and where the controller folds back"
    return SeriesEstimate(_held(weight, most), source, reason[0].upper() + reason[1:] + ".")


def _held(weight: NDArray[np.float64], most: float) -> dict[int, float]:
    """Normalise, hold the best below `most`, and drop what is below one in a thousand."""
    share = weight / weight.sum()
    best = int(np.argmax(share))
    if share[best] > most:
        others = np.arange(len(share)) != best
        # What is taken from the best goes to its neighbours: a count is missed by one more often than by five.
        near = np.exp(-np.abs(COUNTS - COUNTS[best]) / 1.0) * others
        spread = share * others + 1e-6 * near
        share = np.where(others, (1 - most) * spread / spread.sum(), most)
    kept = share >= 1e-3
    share = share / share[kept].sum()
    return {int(count): float(value) for count, value, keep in zip(COUNTS, share, kept, strict=True) if keep}
