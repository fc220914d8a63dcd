"""TW04: the voltage of the controller against that of the battery."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.detection import Case, Detector
from ridelog.finding import Evidence, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import RIDING_ROLES, Track

from .common_bins import bin_edges, bin_means, robust_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Meters that differ by more than this share are not both right: a board and a controller are each within 1 to 2 %, and
#: leads, connectors and body diodes take a volt at the most without load (engineering judgement).
_OFF: Final = 0.05
#: The ratio of two honest meters scatters little while hardly any current flows; above this the logs are not of one pack.
_SCATTER: Final = 0.015
#: A controller on several packs in series sees a whole multiple of one of them; this near to it nothing is said.
_MULTIPLE: Final = 0.08
#: The sum of the cells agrees with the board's own pack voltage within this share.
_AGREES: Final = 0.02
#: The same share must show while the pack drives the vehicle, less what leads and sag between the readings take: a cut pack
#: also leaves a controller at a steady low voltage.
_DRIVEN: Final = 0.08
#: Hardly any current: below this share of the ride's high current, and not below this, A.
_QUIET_SHARE, _QUIET_A = 0.15, 2.0
_FEWEST, _FEWEST_DRIVEN = 8, 3
#: Without such stretches the ratio is carried over the loads to none: so many of them, the high ones at least so strong, A, the
#: low ones at most this share of those, and the result at least so certain; engineering judgement.
_FEWEST_LOADS, _LEAST_LOAD_A, _LOW_LOADS, _OFFSET_ERROR = 20, 5.0, 0.5, 0.005


class VoltageMeters(Detector):
    """The controller and the battery board measure different voltages of the same pack all ride long.

    What it finds:
        A constant ratio between the controller's input voltage and the voltage of the pack, more than 5 % from one,
        while hardly any current flows, or carried over all loads to none where the vehicle never rests.

    Why it matters:
        Every voltage limit of the controller is off by that much: its cutoffs act too late or too early, and it takes an
        ordinary pack for a full or an empty one. Usual reasons are firmware or a divider of another board (TRIP-02).

    Evidence:
        sensor.voltage-differs.

    Looks like it but is not:
        Packs in series (a whole multiple), voltage lost in leads under load, a body diode (less than a volt), a pack that
        was cut off (then the controller's voltage falls).

    Needs:
        A controller or wheel log and a BMS log with voltages, on one clock, and some stretches with hardly any current
        or with many different loads.

    Limits:
        It trusts the board only when its cells add up to its pack voltage; else it cannot say which of the two is wrong.

    Example:
        58.5 V at the controller where 14 cells add up to 52.2 V: its meter reads 12 % too much.
    """

    code: ClassVar[str] = "TW04"
    name: ClassVar[str] = "voltage-meters"
    rules: ClassVar[tuple[str, ...]] = ("TRIP-02",)
    evidence: ClassVar[tuple[str, ...]] = ("sensor.voltage-differs",)

    def detect(self, case: Case) -> Outcome:
        """Compare the first controller log with the first BMS log, once for all detectors."""
        key = ("voltage-meters", 0)
        found = case.shared.get(key)
        if not isinstance(found, Outcome):
            found = self._compare(case)
            case.shared[key] = found
        return found

    def _compare(self, case: Case) -> Outcome:
        riding = [track for track in case.ride.of_role(*RIDING_ROLES) if _usable(track)]
        boards = [
            track for track in case.ride.of_role(Role.BMS) if _usable(track) and not track.log.derived("pack_voltage")
        ]
        if not riding or not boards:
            return Outcome.unable("a controller log and a BMS log with voltages on one clock are needed.")
        track, board = riding[0], boards[0]
        ratios, driven, level = _ratios(track, board)
        if len(ratios) >= _FEWEST:
            ratio = float(np.median(ratios))
            scatter = 1.4826 * float(np.median(np.abs(ratios - ratio)))
        else:
            unloaded = _over_load(track, board)
            if unloaded is None:
                return Outcome.unable(
                    "the logs share too little time with hardly any current, and too little of different loads."
                )
            ratio, scatter, level = unloaded
        told = f"the controller shows {ratio:.3f} of the voltage of the pack."
        if abs(ratio - 1) <= _OFF:
            return Outcome.clear(told, {"sensor.voltage-differs": Evidence.absent(told)})
        steady = len(driven) >= _FEWEST_DRIVEN and abs(float(np.median(driven)) / ratio - 1) <= _DRIVEN
        if scatter > _SCATTER or not steady:
            return Outcome.unable("the voltages of the two logs do not go together.")
        whole = max(ratio, 1 / ratio)
        if round(whole) >= 2 and abs(whole - round(whole)) <= _MULTIPLE * round(whole):
            return Outcome.clear(f"{told} The packs may stand in series.")
        cells = _sum_of_cells(board)
        vouched = cells is not None and abs(cells - 1) <= _AGREES
        message = (
            f"The controller shows {ratio * level:.1f} V where the battery has {level:.1f} V, "
            f"{100 * abs(ratio - 1):.0f} % too {'much' if ratio > 1 else 'little'}, all ride long, whatever the load: "
            + ("its voltage meter is wrong." if vouched else "one of the two meters is wrong.")
        )
        finding = self.finding(
            track,
            0,
            track.log.rows - 1,
            severity=Severity.WARNING,
            message=message,
            measurements=(
                Measurement(
                    "voltage of the controller over that of the battery", ratio, "", 1 + _OFF, "engineering judgement"
                ),
                Measurement("scatter of that", scatter, ""),
            ),
            channels=("pack_voltage",),
            timed=False,
            danger="The controller's cutoffs act at the wrong voltage." if vouched else "",
        )
        seen = Evidence.observed(f"{100 * (ratio - 1):+.0f} %.", strength=1.0 if vouched else 0.6)
        return Outcome.found((finding,), {"sensor.voltage-differs": seen})


def contradicted(case: Case, track: Track) -> bool:
    """Tell whether another log of the ride contradicts the voltage of a controller or wheel log all ride long."""
    return any(finding.log == track.index for finding in VoltageMeters().detect(case).findings)


def _usable(track: Track) -> bool:
    return track.clock.aligned and track.has("pack_voltage") and track.log.rows > 20


def _ratios(track: Track, board: Track) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Ratio of the voltages in stretches with hardly any current and in the others, and the battery's voltage, V."""
    edges = bin_edges([track, board])
    ours = bin_means(track, track.values("pack_voltage"), edges)
    theirs = bin_means(board, board.values("pack_voltage"), edges)
    both = np.isfinite(ours) & np.isfinite(theirs) & (theirs > 1.0) & (ours > 1.0)
    quiet = both.copy()
    for one in (track, board):
        if one.has("battery_current"):
            amps = np.abs(one.values("battery_current"))
            limit = max(_QUIET_A, _QUIET_SHARE * float(np.nanpercentile(amps, 95)))
            quiet &= ~(bin_means(one, amps, edges) > limit)
    driven = both & ~quiet
    level = float(np.median(theirs[quiet])) if quiet.any() else float("nan")
    return ours[quiet] / theirs[quiet], ours[driven] / theirs[driven], level


def _over_load(track: Track, board: Track) -> tuple[float, float, float] | None:
    """Ratio of the voltages carried over all loads down to none, its scatter, and the battery's voltage, V; None if unsure.

    What leads and connectors take grows with the current; what a wrong meter takes is there without it.
    """
    edges = bin_edges([track, board])
    ours = bin_means(track, track.values("pack_voltage"), edges)
    theirs = bin_means(board, board.values("pack_voltage"), edges)
    meter = board if board.has("battery_current") else track
    amps = bin_means(meter, meter.values("battery_current"), edges)
    both = np.isfinite(ours) & np.isfinite(theirs) & np.isfinite(amps) & (theirs > 1.0) & (ours > 1.0)
    if np.count_nonzero(both) < _FEWEST_LOADS:
        return None
    low, high = np.percentile(np.abs(amps[both]), (10, 90))
    line = robust_line(amps[both], ours[both] / theirs[both])
    if line is None or low > _LOW_LOADS * high or high < _LEAST_LOAD_A or line.offset_error > _OFFSET_ERROR:
        return None
    return line.offset, line.scatter, float(np.median(theirs[both]))


def _sum_of_cells(board: Track) -> float | None:
    """Sum of the cells over the board's own pack voltage; None without both."""
    if not board.has("cell_voltages"):
        return None
    cells = board.log.matrix("cell_voltages")
    sums = np.where(np.isfinite(cells).any(axis=1), np.nansum(cells, axis=1), np.nan)
    share = sums / board.values("pack_voltage")
    return float(np.median(share[np.isfinite(share)])) if np.isfinite(share).any() else None
