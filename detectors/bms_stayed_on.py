"""TW01: the controller is without battery while the BMS goes on as if nothing had happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ridelog.detection import Case, Detector
from ridelog.finding import Evidence, Finding, Interval, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track

from .controller_restart import in_motion, restarts
from .fet_edges import falling_edges
from .log_ending import ends_under_load
from .openings import openings_under_load

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A BMS shows no load below this, A: dead bands and idle consumption (methods of trips).
_NO_LOAD_A = 1.5
#: The pack is as it was when its voltage is within this share of what it showed before, or above.
_VOLTAGE_SHARE = 0.94
#: Looking at the BMS before and after the end of a controller log, s.
_ENDED_S = (3.0, 10.0)
#: A loss so soon after the BMS had switched off belongs to that, even when it has closed again, s.
_ITS_OWN_S = 30.0
#: Polls before the moment that say what was normal, and how far back, s.
_BEFORE_S = 20.0


@dataclass(frozen=True, slots=True)
class _Loss:
    """A stretch in which a controller had no battery, on the ride's clock."""

    onset: Interval
    end_s: float
    row: int
    collapse: bool


@dataclass(frozen=True, slots=True)
class _Account:
    """What the polls of the BMS that surely fall into a loss say."""

    polls: int
    first: int
    last: int
    closed: bool
    opened: bool
    voltage_kept: bool
    load_gone: bool
    largest_a: float


class BmsStayedOn(Detector):
    """The controller lost the battery while the BMS had its FETs on and its voltage as before.

    What it finds:
        Collapses and gaps with a restart of a controller log during which the BMS went on being polled: FETs on, pack
        voltage normal, no current. A controller log that ends under load at the moment the BMS shows the load gone.

    Why it matters:
        It tells an open connector, switch, fuse or lead from a BMS that tripped: no setting of the BMS will help, and
        the connection will open again (TRIP-01, COM-02).

    Evidence:
        bms.on-while-collapsed, bms.on-while-controller-gone, bms.load-gone-with-log.

    Looks like it but is not:
        A BMS whose FET flag is polled too seldom to show a short opening, a BMS log that hangs (its current would stay,
        too), a controller log that merely ends while the BMS goes on to deliver current, a vehicle that is switched off and
        on at standstill.

    Needs:
        A controller log and a BMS log with FET states, on one clock.

    Limits:
        Only polls count that are inside the loss by more than the uncertainty of the clocks. It does not tell which
        connection it was, and a controller that died looks like it when its voltage is not seen to collapse.

    Example:
        The bus falls from 74 V to 12 V at 38 A; four polls of the BMS in the next seconds: 76 V, 0 A, FETs on.
    """

    code: ClassVar[str] = "TW01"
    name: ClassVar[str] = "bms-stayed-on"
    rules: ClassVar[tuple[str, ...]] = ("TRIP-01", "TRIP-22", "COM-02")
    evidence: ClassVar[tuple[str, ...]] = (
        "bms.on-while-collapsed",
        "bms.on-while-controller-gone",
        "bms.load-gone-with-log",
    )

    def detect(self, case: Case) -> Outcome:
        """Compare every loss of a controller or wheel log with every BMS log on the same clock."""
        metered = [track for track in case.ride.bms if track.has("battery_current")]
        ends = [
            item
            for one in case.ride.riding
            for other in metered
            if _comparable(one, other) and (item := self._ended(one, other)) is not None
        ]
        told = self._switches(case)
        if not ends:
            return told
        unseen = _blind("the log of the controller ends with the load")
        evidence = {**unseen, **told.evidence, "bms.load-gone-with-log": Evidence.observed(at=ends[0].onset)}
        return Outcome.found((*told.findings, *ends), evidence)

    def _ended(self, track: Track, board: Track) -> Finding | None:
        """A controller log that ends under load while the load vanishes at the BMS, for good."""
        current = track.values("battery_current")
        high = float(np.nanpercentile(np.abs(current), 99)) if np.isfinite(current).any() else 0.0
        ampere = ends_under_load(track, high) if track.log.role is Role.CONTROLLER else None
        if ampere is None:
            return None
        end = float(track.time[-1])
        apart = track.clock.uncertainty_s + board.clock.uncertainty_s + board.log.interval_s
        before = np.flatnonzero((board.time > end - apart - _ENDED_S[0]) & (board.time < end))
        after = np.flatnonzero((board.time > end + apart) & (board.time < end + apart + _ENDED_S[1]))
        amps, volts = board.values("battery_current"), board.values("pack_voltage")
        if len(after) < 3 or not np.isfinite(amps[before]).any() or not np.isfinite(amps[after]).all():
            return None
        if float(np.nanmax(amps[before])) < 0.3 * ampere or float(np.abs(amps[after]).max()) > _NO_LOAD_A:
            return None
        if not _alive(volts[after], amps[after]):
            return None
        return self.finding(
            board,
            int(before[-1]),
            int(after[-1]),
            severity=Severity.WARNING,
            onset=Interval(end, float(board.time[after[0]])),
            message=(
                f"The log of the controller ends at {ampere:.0f} A, and at that moment the load was gone at the BMS and did "
                "not come back: the controller lost the battery, or failed."
            ),
            measurements=(
                Measurement("battery current at the end of the log", ampere, "A"),
                Measurement("largest current at the BMS after it", float(np.abs(amps[after]).max()), "A", _NO_LOAD_A),
            ),
            channels=("battery_current", "pack_voltage"),
        )

    def _switches(self, case: Case) -> Outcome:
        """What the FET states say of every loss."""
        boards = [track for track in case.ride.bms if track.has("discharge_fet")]
        if not case.ride.riding or not boards:
            return Outcome.unable("a controller log and a BMS log with FET states are needed.")
        pairs = [(one, other) for one in case.ride.riding for other in boards if _comparable(one, other)]
        if not pairs:
            return Outcome.unable("the clocks of the logs could not be related.")
        losses = [(track, board, loss) for track, board in pairs for loss in _losses(case, track)]
        if not losses:
            return Outcome.clear(
                "the controller was never without the battery in motion.", _blind("there was no such moment")
            )
        findings, evidence, looked = [], _blind("no poll of the BMS surely falls into the moment"), False
        for track, board, loss in losses:
            account = _account(track, board, loss)
            if account is None:
                continue
            looked = True
            name = "bms.on-while-collapsed" if loss.collapse else "bms.on-while-controller-gone"
            if account.opened or _opened_before(board, loss, track.clock.uncertainty_s + board.clock.uncertainty_s):
                if evidence[name].seen != "observed":
                    evidence[name] = Evidence.absent("the BMS had switched off", strength=0.9)
                continue
            if not (account.closed and account.voltage_kept and account.load_gone):
                continue
            strength = min(0.7 + 0.1 * account.polls, 1.0)
            if evidence[name].seen != "observed":
                evidence[name] = Evidence.observed(
                    f"{account.polls} polls, at most {account.largest_a:.1f} A.", strength=strength, at=loss.onset
                )
            what = "lost the battery" if loss.collapse else "was gone"
            findings.append(
                self.finding(
                    board,
                    account.first,
                    account.last,
                    severity=Severity.CRITICAL if loss.collapse else Severity.WARNING,
                    onset=loss.onset,
                    message=(
                        f"While the controller {what}, the BMS went on with its FETs on and its voltage as before, "
                        "without current: the connection opened outside the BMS"
                        + ("." if loss.collapse else ", or the controller itself failed.")
                    ),
                    measurements=(
                        Measurement("polls of the BMS meanwhile", float(account.polls)),
                        Measurement("largest current at the BMS meanwhile", account.largest_a, "A", _NO_LOAD_A),
                    ),
                    channels=("discharge_fet", "pack_voltage", "battery_current"),
                )
            )
        if findings:
            return Outcome.found(findings, evidence)
        if not looked:
            return Outcome.unable("no poll of the BMS surely falls into a moment without the battery.", evidence)
        return Outcome.clear("no loss of the battery passed the BMS by.", evidence)


def _comparable(one: Track, other: Track) -> bool:
    return one.clock.aligned and other.clock.aligned and one.log.rows > 2 and other.log.rows > 2


def _opened_before(board: Track, loss: _Loss, apart: float) -> bool:
    """Whether the BMS had switched off shortly before: a controller that lost the battery then takes its time to come back."""
    return any(
        board.time[edge.row] >= loss.onset.earliest_s - apart - _ITS_OWN_S
        and board.time[edge.before] <= loss.onset.latest_s + apart
        for edge in falling_edges(board, "discharge_fet")
    )


def _blind(why: str) -> dict[str, Evidence]:
    return {name: Evidence.not_observable(why) for name in BmsStayedOn.evidence}


def _alive(*values: NDArray[np.float64]) -> bool:
    """Tell whether polls differ at all: a log that hangs at standstill shows no load either."""
    return any(len(part) > 1 and float(np.nanmax(part) - np.nanmin(part)) > 0 for part in values)


def _losses(case: Case, track: Track) -> list[_Loss]:
    """Every stretch in which this controller had no battery or was not there."""
    found = []
    last_row = track.log.rows - 1
    for first, last in openings_under_load(case, track):
        # A log that ends collapsed says nothing about what came after.
        found.append(_Loss(track.onset(first), float(track.time[min(last + 1, last_row)]), first, True))
    if track.log.role is Role.CONTROLLER:
        for row in (item for item in restarts(track) if in_motion(track, item)):
            begin, end = float(track.time[row - 1]), float(track.time[row])
            if not any(loss.onset.earliest_s <= end and loss.end_s >= begin for loss in found):
                at = Interval(begin, end).widened(track.clock.uncertainty_s)
                found.append(_Loss(at, end, row, False))
    return found


def _account(track: Track, board: Track, loss: _Loss) -> _Account | None:
    """What the BMS said during a loss, None when no poll surely falls into it or nothing flowed before."""
    apart = track.clock.uncertainty_s + board.clock.uncertainty_s
    begin = loss.onset.latest_s if loss.collapse else loss.onset.earliest_s
    begin, end = begin + apart, loss.end_s - apart
    time = board.time
    inside = np.flatnonzero((time > begin) & (time < end))
    before = np.flatnonzero((time < loss.onset.earliest_s - apart) & (time > loss.onset.earliest_s - apart - _BEFORE_S))
    if not len(inside) or not len(before):
        return None
    flags = board.values("discharge_fet")[inside]
    if not np.isfinite(flags).any():
        return None
    volts, amps = board.values("pack_voltage"), np.abs(board.values("battery_current"))
    if not np.isfinite(volts[before]).any() or not np.isfinite(volts[inside]).any():
        return None
    kept = float(np.nanmin(volts[inside])) >= _VOLTAGE_SHARE * float(np.nanmedian(volts[before]))
    known = bool(np.isfinite(amps[inside]).any())
    loaded = bool(np.isfinite(amps[before]).any()) and float(np.nanmax(amps[before])) > 2 * _NO_LOAD_A
    return _Account(
        polls=len(inside),
        first=int(inside[0]),
        last=int(inside[-1]),
        closed=bool(np.nanmin(flags) > 0.5),
        opened=bool(np.nanmin(flags) < 0.5),
        voltage_kept=kept,
        load_gone=known
        and (loaded or _alive(volts[inside], amps[inside]))
        and float(np.nanmedian(amps[inside])) <= _NO_LOAD_A,
        largest_a=float(np.nanmax(amps[inside])) if known else float("nan"),
    )
