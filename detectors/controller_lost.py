"""CB01: a further controller of the vehicle is no longer heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.durations import lasting
from ridelog.episodes import episodes
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role

from .log_ending import moving

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.ride import Track

#: Messages of a controller count for 0.1 s (VESC firmware, `mc_interface`); a busy bus drops some. Losses this long count, s.
_SHORTEST_S: Final = 1.0
#: Losses this near to one another are one, s.
_JOIN_S: Final = 2.0
#: The controllers were heard for so long before, s: at the start they join one by one.
_HEARD_S: Final = 5.0
#: Rows around a loss whose currents are compared, s, and the least motor current that tells a share, A.
_AROUND_S, _LEAST_A = 3.0, 3.0


class ControllerLost(Detector):
    """One of several controllers falls silent in motion.

    What it finds:
        Stretches in motion in which fewer controllers are heard on the bus than before, with the share of the motor
        current that went with them.

    Why it matters:
        A vehicle with two motors is driven and braked on one wheel from one moment to the next, and pulls to that side.

    Evidence:
        bus.controller-lost.

    Looks like it but is not:
        Controllers that join one after another at the start, a message dropped on a busy bus (shorter than a second),
        a vehicle that is switched off at standstill.

    Needs:
        A controller log with the number of controllers heard (VESC Tool's `num_vescs`).

    Limits:
        Whether the other controller stopped or only its messages did cannot be told without its own log: its supply, its
        bus wire and the controller itself look alike.

    Example:
        2 controllers at 33 km/h and 24 A together, the next row 1 and 12 A, until the end of the log.
    """

    code: ClassVar[str] = "CB01"
    name: ClassVar[str] = "controller-lost"
    rules: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[Need, ...]] = (Need((Role.CONTROLLER,), ("controller_count",), interval_s=1.0, rows=20),)
    evidence: ClassVar[tuple[str, ...]] = ("bus.controller-lost",)

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one controller log."""
        count = track.values("controller_count")
        known = np.flatnonzero(np.isfinite(count))
        heard = np.maximum.accumulate(_held(count[known], track.time[known]))
        if not len(known) or heard[-1] < 2:
            return Outcome.clear("no further controller was heard in this log.")
        fewer = count[known] < heard
        findings = []
        for first, last in episodes(fewer, track.time[known], _JOIN_S):
            row, end = int(known[first]), int(known[last])
            back = last + 1 < len(known)
            until = float(track.time[known[last + 1]] if back else track.time[-1])
            if until - float(track.time[row]) >= _SHORTEST_S and moving(track, row):
                findings.append(self._finding(track, row, end, int(heard[first]), until, back=back))
        if not findings:
            return Outcome.clear(f"all {int(heard[-1])} controllers were heard whenever the vehicle moved.")
        at = findings[0].onset
        return Outcome.found(findings, {"bus.controller-lost": Evidence.observed(findings[0].message, at=at)})

    def _finding(self, track: Track, row: int, last: int, before: int, until: float, *, back: bool) -> Finding:
        left = int(track.values("controller_count")[row])
        measured = [Measurement("controllers heard", float(left), "", float(before), "the rows before")]
        share = _share_gone(track, row)
        if np.isfinite(share):
            measured.append(Measurement("share of the motor current that went with it", share))
        ending = f"for {lasting(until - float(track.time[row]), 1)}" if back else "until the end of the log"
        return self.finding(
            track,
            row,
            last,
            severity=Severity.WARNING,
            message=f"In motion {left} of {before} controllers were heard from one row to the next, {ending}.",
            measurements=tuple(measured),
            channels=("controller_count", "total_motor_current"),
            danger="One wheel alone drives and brakes when the other controller is gone: the vehicle pulls to that side.",
        )


def _held(count: NDArray[np.float64], time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Number of controllers that was heard for a while up to each row: the lowest of the seconds before."""
    start = np.searchsorted(time, time - _HEARD_S)
    held = np.zeros(len(count))
    for number in np.unique(count[count >= 2]):
        below = np.concatenate(([0], np.cumsum(count < number)))
        rows = np.arange(len(count))
        whole = (below[rows + 1] == below[start]) & (time - time[0] >= _HEARD_S)
        held[whole] = number
    return held


def _share_gone(track: Track, row: int) -> float:
    """Share of the motor current of all controllers that is no longer reported, NaN when it cannot be told.

    The sum is compared with the current of the controller that goes on: the load of the ride changes both alike.
    """
    own, time = track.values("motor_current"), track.time
    ratio = np.where(
        np.abs(own) >= _LEAST_A, track.values("total_motor_current") / np.where(own == 0, np.nan, own), np.nan
    )
    before = ratio[(time >= time[row] - _AROUND_S) & (time < time[row])]
    after = ratio[(time >= time[row]) & (time <= time[row] + _AROUND_S)]
    if not np.isfinite(before).any() or not np.isfinite(after).any():
        return float("nan")
    return 1 - float(np.nanmedian(after)) / float(np.nanmedian(before))
