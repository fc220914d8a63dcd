"""The ride: one or more logs on one clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ridelog.clock import ClockBasis
from ridelog.finding import Interval, rounded
from ridelog.log import Log, Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Logs of these roles hold a time series of the power path.
RIDING_ROLES = (Role.CONTROLLER, Role.WHEEL)


@dataclass(frozen=True, slots=True)
class ClockPiece:
    """A stretch of a log on which one straight line links its clock to the reference clock.

    Attributes:
        start_s: First of the log's own stamps it holds for.
        offset_s: What is added to the log's own stamps to get the reference clock's.
        drift_ppm: How much the offset grows with the log's own time after `start_s`, in parts per million.
    """

    start_s: float
    offset_s: float
    drift_ppm: float = 0.0


@dataclass(frozen=True, slots=True)
class ClockFit:
    """How a log's clock relates to the ride's.

    Attributes:
        aligned: False when no relation could be established: the log's times then mean nothing on the ride's clock.
        reason: How it was found, or why not; one sentence.
        pieces: Straight lines, in the order of time; at least one.
        uncertainty_s: Total uncertainty of a moment carried over, in s (95 %).
        residual_s: Scatter that was measured, in s.
        systematic_s: Part that correlation cannot see (averaging window, radio delay), in s.
        method: "reference", "current", "voltage", "activity", "same file", "given" or "none".
    """

    aligned: bool = True
    reason: str = "This log is the reference."
    pieces: tuple[ClockPiece, ...] = (ClockPiece(0.0, 0.0),)
    uncertainty_s: float = 0.0
    residual_s: float = 0.0
    systematic_s: float = 0.0
    method: str = "reference"

    def to_ride(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Carry a log's own stamps, shape (n,), to the ride's clock."""
        if len(self.pieces) == 1:
            piece = self.pieces[0]
            return seconds + (piece.offset_s + piece.drift_ppm * 1e-6 * (seconds - piece.start_s))
        starts = np.array([piece.start_s for piece in self.pieces])
        which = np.clip(np.searchsorted(starts, seconds, side="right") - 1, 0, len(self.pieces) - 1)
        offsets = np.array([piece.offset_s for piece in self.pieces])[which]
        drifts = np.array([piece.drift_ppm for piece in self.pieces])[which]
        return np.asarray(np.maximum.accumulate(seconds + offsets + drifts * 1e-6 * (seconds - starts[which])))


@dataclass(eq=False)
class Track:
    """A log on the ride's clock.

    Attributes:
        index: Position of the log in the ride.
        log: The log.
        clock: How its clock relates to the ride's.
    """

    index: int
    log: Log
    clock: ClockFit = field(default_factory=ClockFit)

    @property
    def listing(self) -> bool:
        """Whether it is a list of events without times: its rows have an order and no moments."""
        return self.log.role is Role.EVENTS and self.log.clock.basis is ClockBasis.NONE

    @property
    def timed(self) -> bool:
        """Whether its rows have moments on the ride's clock."""
        return self.clock.aligned and not self.listing

    @cached_property
    def time(self) -> NDArray[np.float64]:
        """Stamps on the ride's clock, shape (rows,), never decreasing."""
        if self.clock.method == "reference":
            return self.log.time
        return self.clock.to_ride(self.log.time)

    def values(self, channel: str) -> NDArray[np.float64]:
        """Values of a channel as floats, NaN for null; see `Log.values`."""
        return self.log.values(channel)

    def has(self, *channels: str) -> bool:
        """Tell whether the log has all of these channels."""
        return self.log.has(*channels)

    def onset(self, row: int) -> Interval:
        """When something first seen in `row` began: after the row before it, at the latest in it.

        On a log that was brought onto the reference clock the interval is wider on both sides by the uncertainty of the
        clocks, so that nothing closer than that is ever ordered.
        """
        latest = float(self.time[row])
        own = Interval(float(self.time[row - 1]) if row > 0 else latest, latest)
        return own.widened(self.clock.uncertainty_s) if self.clock.aligned and self.clock.uncertainty_s else own

    def source_rows(self, first: int, last: int) -> tuple[int, int]:
        """Source rows (lines or byte offsets) of a range of rows."""
        return int(self.log.source_rows[first]), int(self.log.source_rows[last])

    def to_dict(self, reference: int) -> dict[str, object]:
        """Give the `clocks[]` entry of the JSON report."""
        piece = self.clock.pieces[0]
        return {
            "log": self.index,
            "reference": reference,
            "aligned": self.clock.aligned,
            "method": self.clock.method,
            "offset_s": rounded(piece.offset_s) if self.clock.aligned else None,
            "drift_ppm": rounded(piece.drift_ppm) if self.clock.aligned else None,
            "uncertainty_s": rounded(self.clock.uncertainty_s) if self.clock.aligned else None,
            "residual_s": rounded(self.clock.residual_s) if self.clock.aligned else None,
            "systematic_s": rounded(self.clock.systematic_s) if self.clock.aligned else None,
            "pieces": [
                {
                    "start_s": rounded(item.start_s),
                    "offset_s": rounded(item.offset_s),
                    "drift_ppm": rounded(item.drift_ppm),
                }
                for item in self.clock.pieces
            ]
            if self.clock.aligned
            else [],
            "reason": self.clock.reason,
        }


@dataclass(eq=False)
class Ride:
    """One or more logs on one clock.

    Attributes:
        tracks: The logs, in the order they were given.
        reference: Index of the log whose clock is the ride's: the first controller or wheel log, else the first log.
    """

    tracks: tuple[Track, ...]
    reference: int = 0

    def of_role(self, *roles: Role) -> tuple[Track, ...]:
        """Tracks of these roles."""
        return tuple(track for track in self.tracks if track.log.role in roles)

    @property
    def riding(self) -> tuple[Track, ...]:
        """Tracks of controllers and wheels."""
        return self.of_role(*RIDING_ROLES)

    @property
    def bms(self) -> tuple[Track, ...]:
        """Tracks of BMSs."""
        return self.of_role(Role.BMS)

    @cached_property
    def settings(self) -> Mapping[str, float | str | bool]:
        """Settings of all logs; what a configuration says wins over what other logs carry."""
        merged: dict[str, float | str | bool] = {}
        for track in sorted(self.tracks, key=lambda item: item.log.role is Role.CONFIG):
            merged.update(track.log.settings)
        return merged

    def too_close(self, first: Track, second: Track, one_s: float, other_s: float) -> bool:
        """Tell whether two moments on two tracks are too close to say which came first."""
        return not (self.ordered(first, second, one_s, other_s) or self.ordered(second, first, other_s, one_s))

    def ordered(self, first: Track, second: Track, earlier_s: float, later_s: float) -> bool:
        """Tell whether `earlier_s` on one track is surely before `later_s` on another.

        Two moments closer than the uncertainty of the clocks between them are never ordered.
        """
        if first is second:
            return earlier_s < later_s
        if not (first.clock.aligned and second.clock.aligned):
            return False
        return later_s - earlier_s > first.clock.uncertainty_s + second.clock.uncertainty_s


def reference_index(logs: Iterable[Log]) -> int:
    """Index of the log whose clock becomes the ride's: the first controller or wheel log, else the first log."""
    logs = list(logs)
    for index, log in enumerate(logs):
        if log.role in RIDING_ROLES and log.rows:
            return index
    for index, log in enumerate(logs):
        if log.role is Role.BMS and log.rows:
            return index
    return 0
