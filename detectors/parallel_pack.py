"""TW05: one of two packs in parallel leaves the other alone with the load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ridelog.detection import Case, Detector
from ridelog.finding import Evidence, Finding, Interval, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track

from .common_bins import bin_edges, bin_means, controller_current, robust_line
from .stuck_board import stuck_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Stretches are compared above this current, A, and this share of the high one; so many are needed on each side.
_LEAST_A, _LEAST_SHARE, _FEWEST = 3.0, 0.15, 12
#: Shares of the load that a pack beside another carries, and those of one that is alone (a controller's current is computed
#: and some percent off); what the share grows by at the least. Engineering judgement.
_PART, _WHOLE, _GROWS = (0.15, 0.75), (0.85, 1.2), 1.35
#: The step stands out of the scatter of the shares this many times, and of the errors of their means.
_SCATTERS, _ERRORS = 2.5, 8.0
#: The resistance of two packs falls to that of one: by this much at the least; one that grows less than the second was not one
#: of two. Its slope must be known this well.
_OHM_GROWS, _OHM_STAYS, _OHM_ERROR = 1.25, 1.12, 0.1
#: How sure the step of the share is without a resistance that tells, and against one that stayed.
_BY_SHARE, _AGAINST = 0.8, 0.3


@dataclass(frozen=True, slots=True)
class _Step:
    """A share of the load that grew once for good: `first` and `last` are the stretches beside the step."""

    first: int
    last: int
    before: float
    after: float


class ParallelPack(Detector):
    """A pack that shared the load with another one carries all of it from some moment on.

    What it finds:
        A BMS whose current is a steady part of the controller's and, from one moment to the end, all of it. The resistance
        that the controller sees is set beside it: two packs in parallel have less than one, with the same voltage at rest.

    Why it matters:
        The pack that is left carries twice its share: it sags more, warms four times as fast and trips next. The one that left
        did so by its BMS or a contact, and a common-port board that opens beside another pack has destroyed controllers
        (TRIP-12).

    Evidence:
        parallel.pack-left.

    Looks like it but is not:
        A shunt that is scaled wrong all the time (no step), one that loses its range at high current (the shares are compared
        at the same current), a board that froze, a controller that left (the share grows beyond one), a pack that joins.

    Needs:
        A controller log and a BMS log with current, on one clock, and a minute of load before and after.

    Limits:
        A pack that leaves for moments does not show; when it has no BMS log, neither does why it left. The controller alone
        sees its resistance grow, which a contact does as well: that is not named here.

    Example:
        0.52 of the controller's current up to 412 s, 0.98 of it from then on, and 61 mOhm grew to 104 mOhm.
    """

    code: ClassVar[str] = "TW05"
    name: ClassVar[str] = "parallel-pack"
    rules: ClassVar[tuple[str, ...]] = ("TRIP-12", "TRIP-11")
    evidence: ClassVar[tuple[str, ...]] = ("parallel.pack-left",)

    def detect(self, case: Case) -> Outcome:
        """Look for the step in the share of each BMS."""
        controllers = _usable(case.ride.of_role(Role.CONTROLLER))
        boards = _usable(case.ride.bms)
        if not controllers or not boards:
            return Outcome.unable("a controller log and a BMS log with current on one clock are needed.")
        told = False
        for board in boards:
            edges = bin_edges([*controllers, board])
            ours = controller_current(controllers, edges)
            share = bin_means(board, np.where(stuck_rows(case, board), np.nan, board.values("battery_current")), edges)
            if len(ours) < 2 * _FEWEST or not np.isfinite(ours).any():
                continue
            least = max(_LEAST_A, _LEAST_SHARE * float(np.nanpercentile(np.abs(ours), 98)))
            loaded = np.flatnonzero((ours > least) & np.isfinite(share))
            told = told or len(loaded) >= 2 * _FEWEST
            step = _step(loaded, ours, share) if len(loaded) >= 2 * _FEWEST else None
            if step is not None:
                volts = bin_means(controllers[0], controllers[0].values("pack_voltage"), edges)
                return self._found(board, edges, step, _ohms(volts, ours, step))
        if not told:
            return Outcome.unable("too little load is in both logs to compare its share before and after.")
        return Outcome.clear("the share of the load that the BMS sees never grew to the whole.")

    def _found(
        self, board: Track, edges: NDArray[np.float64], step: _Step, ohms: tuple[float, float] | None
    ) -> Outcome:
        grew = None if ohms is None else ohms[1] / ohms[0]
        against = grew is not None and grew < _OHM_STAYS
        strength = _AGAINST if against else 1.0 if grew is not None and grew > _OHM_GROWS else _BY_SHARE
        apart = board.clock.uncertainty_s
        at = Interval(float(edges[step.first]), float(edges[step.last + 1])).widened(apart)
        finding = self._finding(board, at, step, ohms, against=against)
        return Outcome.found(
            (finding,),
            {
                "parallel.pack-left": Evidence.observed(
                    f"Its share went from {step.before:.2f} to {step.after:.2f}.", strength=strength, at=at
                )
            },
        )

    def _finding(
        self, board: Track, at: Interval, step: _Step, ohms: tuple[float, float] | None, *, against: bool
    ) -> Finding:
        row = min(int(np.searchsorted(board.time, at.latest_s)), board.log.rows - 1)
        meaning = (
            "but the resistance that the controller sees stayed the same: a meter changed its scale, or a contact hides it."
            if against
            else "another pack in parallel has left, and this one carries the whole load."
        )
        measured = [
            Measurement("share of the controller's current before", step.before, "", _PART[1], "TRIP-12"),
            Measurement("share from then on", step.after, "", _WHOLE[0], "TRIP-12"),
        ]
        if ohms is not None:
            measured += [
                Measurement("resistance the controller saw before", ohms[0], "ohm"),
                Measurement("resistance from then on", ohms[1], "ohm"),
            ]
        return self.finding(
            board,
            row,
            board.log.rows - 1,
            severity=Severity.INFO if against else Severity.WARNING,
            onset=at,
            message=(
                f"The BMS gave {100 * step.before:.0f} % of the controller's current, and from one moment on "
                f"{100 * step.after:.0f} %: {meaning}"
            ),
            measurements=tuple(measured),
            channels=("battery_current",),
            danger=""
            if against
            else "The pack that is left carries more than its share: it sags, heats up and may cut off next.",
        )


def _usable(tracks: tuple[Track, ...]) -> list[Track]:
    """Tracks on one clock with a current."""
    return [
        track for track in tracks if track.clock.aligned and track.has("battery_current") and track.log.rows > _FEWEST
    ]


def _step(loaded: NDArray[np.intp], ours: NDArray[np.float64], share: NDArray[np.float64]) -> _Step | None:
    """The one step of the share from a part to the whole; None when there is none that stands out."""
    ratio = share[loaded] / ours[loaded]
    clipped = np.clip(ratio, -0.5, 2.0)
    sums, squares = (np.concatenate(([0.0], np.cumsum(values))) for values in (clipped, clipped**2))
    count = len(clipped)
    split = np.arange(_FEWEST, count - _FEWEST + 1)
    left = squares[split] - sums[split] ** 2 / split
    right = squares[-1] - squares[split] - (sums[-1] - sums[split]) ** 2 / (count - split)
    place = int(split[np.argmin(left + right)])
    one, other = ratio[:place], ratio[place:]
    before, after = float(np.median(one)), float(np.median(other))
    scatter = 1.4826 * max(float(np.median(np.abs(one - before))), float(np.median(np.abs(other - after))))
    error = scatter / np.sqrt(min(place, count - place))
    clear = after - before > max(_SCATTERS * scatter, _ERRORS * error)
    shares = _PART[0] <= before <= _PART[1] and _WHOLE[0] <= after <= _WHOLE[1] and after > _GROWS * before
    if not (clear and shares and _at_the_same_load(ours[loaded], ratio, place)):
        return None
    return _Step(int(loaded[place - 1]), int(loaded[place]), before, after)


def _at_the_same_load(load: NDArray[np.float64], ratio: NDArray[np.float64], place: int) -> bool:
    """Whether the share grew at loads that both sides have: a meter that loses its range shows less at a high current."""
    low = max(float(np.percentile(part, 5)) for part in (load[:place], load[place:]))
    high = min(float(np.percentile(part, 95)) for part in (load[:place], load[place:]))
    alike = (load >= low) & (load <= high)
    one, other = ratio[:place][alike[:place]], ratio[place:][alike[place:]]
    if min(len(one), len(other)) < _FEWEST // 2:
        return False
    return float(np.median(other)) > _GROWS * float(np.median(one))


def _ohms(volts: NDArray[np.float64], ours: NDArray[np.float64], step: _Step) -> tuple[float, float] | None:
    """Resistance that the controller saw before and after, ohm; None where the load varied too little to tell."""
    found = []
    for part in (slice(0, step.first + 1), slice(step.last, len(volts))):
        # From one stretch to the next the charge takes nothing away.
        line = robust_line(np.diff(ours[part]), np.diff(volts[part]))
        if line is None or line.slope >= 0 or line.slope_error > _OHM_ERROR * -line.slope:
            return None
        found.append(-line.slope)
    return found[0], found[1]
