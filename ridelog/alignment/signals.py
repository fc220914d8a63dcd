"""What a log saw of the ride, as a signal that another log can be compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.log import Log

#: Least spread (95 % minus 5 % quantile, or the whole range for a single event) that can be matched: A, V, m/s, m/s2.
_LEAST_SPREAD: Final[dict[str, float]] = {"current": 2.0, "voltage": 0.3, "speed": 0.7, "acceleration": 0.3}
#: A value other than zero that stays exactly the same for so many rows and seconds is a log that hangs.
_FROZEN_ROWS, _FROZEN_S = 12, 8.0
#: Runs of the same value this long on average mean that the log is polled faster than the device measures.
_HELD_ROWS = 1.7
_FEWEST = 12
#: Rows further apart than this show nothing of riding, which changes within seconds.
_SLOWEST_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Signal:
    """A quantity over time.

    Attributes:
        quantity: "current", "voltage", "speed" or "acceleration".
        time: Stamps of the log's own clock in s, shape (n,), increasing.
        values: Values in the quantity's SI unit, shape (n,).
        interval_s: Median time between fresh values.
        frozen_share: Share of the log's rows left out because the log hung.
    """

    quantity: str
    time: NDArray[np.float64]
    values: NDArray[np.float64]
    interval_s: float
    frozen_share: float = 0.0

    def part(self, first_s: float, last_s: float) -> Signal:
        """Give the stretch between two of the log's own stamps."""
        inside = (self.time >= first_s) & (self.time <= last_s)
        return Signal(self.quantity, self.time[inside], self.values[inside], self.interval_s, self.frozen_share)

    @property
    def duration_s(self) -> float:
        """Time from the first to the last value."""
        return float(self.time[-1] - self.time[0]) if len(self.time) else 0.0


def current(log: Log) -> NDArray[np.float64] | None:
    """Battery current in A, of all controllers where the log has it."""
    for channel in ("total_battery_current", "battery_current"):
        if log.has(channel):
            return log.values(channel)
    if log.has("motor_current", "duty"):
        return np.asarray(log.values("motor_current") * np.abs(log.values("duty")))
    if log.has("power", "pack_voltage"):
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(log.values("power") / log.values("pack_voltage"))
    return None


def voltage(log: Log) -> NDArray[np.float64] | None:
    """Pack voltage in V, or the sum of the cells."""
    if log.has("pack_voltage"):
        return log.values("pack_voltage")
    if log.has("cell_voltages"):
        return np.asarray(np.sum(log.matrix("cell_voltages"), axis=1))
    return None


def speed(log: Log) -> NDArray[np.float64] | None:
    """Speed in m/s from the motor or by satellite, without its direction."""
    for channel in ("speed", "gps_speed"):
        if log.has(channel):
            return np.abs(log.values(channel))
    return None


def acceleration(log: Log) -> NDArray[np.float64] | None:
    """Change of the speed over about a second, in m/s2."""
    values = speed(log)
    if values is None or log.rows < 5:
        return None
    reach = max(1, round(0.5 / max(log.interval_s, 1e-3)))
    result = np.full(log.rows, np.nan)
    steps = log.time[2 * reach :] - log.time[: -2 * reach]
    with np.errstate(divide="ignore", invalid="ignore"):
        result[reach:-reach] = (values[2 * reach :] - values[: -2 * reach]) / steps
    return np.where(np.isfinite(result), result, np.nan)


READERS: Final[dict[str, Callable[[Log], NDArray[np.float64] | None]]] = {
    "current": current,
    "voltage": voltage,
    "speed": speed,
    "acceleration": acceleration,
}


def signal(log: Log, quantity: str) -> Signal | str:
    """Make a signal of a log.

    Rows of a log that hangs are left out; of values that are only repeated until the next measurement the first
    remains, so that a value stands at the moment it was new.

    Args:
        log: The log.
        quantity: "current", "voltage", "speed" or "acceleration".

    Returns:
        The signal, or why there is none; "" when the log does not have the quantity.
    """
    if log.rows < _FEWEST:
        return ""
    values = READERS[quantity](log)
    if values is None:
        return ""
    known = np.isfinite(values)
    time, values = log.time[known], values[known]
    fresh = np.concatenate(([True], np.diff(time) > 0)) if len(time) else np.zeros(0, bool)
    time, values = time[fresh], values[fresh]
    if len(time) < _FEWEST:
        return f"has too few values of {quantity}"
    keep = ~_frozen(time, values)
    frozen_share = 1.0 - float(np.mean(keep))
    time, values = time[keep], values[keep]
    if len(time) < _FEWEST:
        return f"repeats the same {quantity} over and over: it hung"
    spread = float(np.quantile(values, 0.95) - np.quantile(values, 0.05))
    whole = float(values.max() - values.min())
    least = _LEAST_SPREAD[quantity]
    if spread < least and whole < 5 * least:
        hung = " and it hung for most of the time" if frozen_share > 0.5 else ""
        return f"has a {quantity} that hardly changes{hung}"
    keep = _measured(values)
    time, values = time[keep], values[keep]
    interval = float(np.median(np.diff(time)))
    if interval > _SLOWEST_S:
        return f"has a row only every {interval:.0f} s, too seldom to compare with riding"
    return Signal(quantity, time, values, interval, frozen_share)


def _runs(values: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First row and length of each run of equal values."""
    first = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    return first, np.diff(np.append(first, len(values)))


def _frozen(time: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows that repeat a value other than zero for so long that the log must have hung."""
    first, length = _runs(values)
    last = first + length - 1
    # What is rounded coarsely repeats itself in honest riding too: only runs far beyond the log's usual ones count.
    usual = float(np.quantile(length, 0.9)) if len(length) > 20 else 1.0
    hung = (length >= max(_FROZEN_ROWS, 6 * usual)) & (time[last] - time[first] >= _FROZEN_S)
    hung &= np.abs(values[first]) > 1e-9 + 0.02 * float(np.max(np.abs(values)))
    result = np.zeros(len(values), dtype=bool)
    for begin, end in zip(first[hung] + 1, last[hung] + 1, strict=True):
        result[begin:end] = True
    return result


def _measured(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows with a value that is new, where most rows only repeat the one before."""
    moving = np.abs(values) > 0.05 * float(np.max(np.abs(values)))
    first, length = _runs(values)
    lengths = length[moving[first]]
    if len(lengths) < 20 or float(np.mean(lengths)) < _HELD_ROWS:
        return np.ones(len(values), dtype=bool)
    period = max(1, round(float(np.median(lengths))))
    place = np.arange(len(values)) - np.repeat(first, length)
    return np.asarray(place % period == 0)
