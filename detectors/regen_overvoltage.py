"""RG01: braking raises the voltage."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.episodes import episodes
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Seen, Severity
from ridelog.ride import RIDING_ROLES, Track
from ridelog.settings import number

from .braking_rows import NEAR_S, REGEN_A, braking, rows_beside, without_braking
from .braking_taken import braked_on, stopped_again_and_again, taken_along_a_line, taken_by_the_pack
from .drive_lost_too import drive_beside
from .excursions import Excursions, excursions
from .full_pack_braking import CELL_FULL_V, CELL_OVER_V, FULL_OPEN_V, JOIN_S, doubt_of, overcharged
from .full_when_stopped import KNOWN_COUNT, fullness, shown_full, sureness_without_a_rise
from .peaks_in_rolling import peaks_in_rolling
from .unheld_bus import swings

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OVER_VOLTAGE = 1
#: Less than this share of the current of the row before: driving ended within the row.
_TURNED_SHARE = 0.5


class RegenOvervoltage(Detector):
    """Braking raises the voltage above what the pack or its limit allows.

    What it finds:
        Braking with the pack not there to take the current (the voltage leaves the pack's own line upwards, or the
        controller faults on over-voltage at a voltage the pack cannot have), and braking into a full pack (the
        voltage follows the pack, above the limit).

    Why it matters:
        With an open charge path the bus voltage rises by tens of volts within a millisecond and destroys controllers
        (TRIP-03, TRIP-04); a full pack is overcharged (REG-04).

    Evidence:
        regen.open-pack, regen.overvoltage-with-pack, regen.pack-nearly-full, regen.drive-normal, regen.drive-lost-too,
        regen.not-braking, regen.taken-all-the-same.

    Looks like it but is not:
        Healthy hard regen: the voltage rises by the current times the resistance, smoothly, and no fault follows; a cold or
        worn pack has more of it than the ride on the mean, and still takes more charge than capacitors hold.
        A charger at standstill. A limit set at the pack's own voltage (configuration).

    Needs:
        A controller or wheel log with pack voltage and battery current. The fault code makes it far more sensitive:
        the spike itself is shorter than any log's time between rows.

    Limits:
        Without fault codes a spike between two rows does not show; where a slow log holds some, without any braking current,
        at least four of them have to fall together with a vehicle that slows down.

    Example:
        -28 A of braking at 78 V on a 20S pack, next row 91.8 V and fault 1: the pack did not take the current.
    """

    code: ClassVar[str] = "RG01"
    name: ClassVar[str] = "regen-overvoltage"
    rules: ClassVar[tuple[str, ...]] = ("TRIP-03", "TRIP-04", "TRIP-05", "TRIP-07", "REG-02", "REG-04")
    needs: ClassVar[tuple[Need, ...]] = (
        Need(RIDING_ROLES, ("pack_voltage", "battery_current"), interval_s=3.0, rows=20),
    )
    evidence: ClassVar[tuple[str, ...]] = (
        "regen.open-pack",
        "regen.overvoltage-with-pack",
        "regen.pack-nearly-full",
        "regen.drive-normal",
        "regen.drive-lost-too",
        "regen.not-braking",
        "regen.taken-all-the-same",
    )

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one controller or wheel log."""
        outside = excursions(case, track)
        if outside is None:
            return Outcome.unable(case.pack.notes.get(track.index, "the pack estimate has no model for this log."))
        faults = track.values("fault_code") == _OVER_VOLTAGE
        high = outside.high(track, JOIN_S)
        rolling = peaks_in_rolling(track, outside, high)
        openings = [item for item in high if item in rolling or _met_no_pack(track, outside, faults, *item)]
        stops = episodes(faults, track.time, JOIN_S)
        alone = [
            stop
            for stop in stops
            if not any(_touch(track, stop, opening) for opening in openings) and not _driven(track, outside, *stop)
        ]
        full: list[tuple[int, int]] = []
        for stop in alone:
            (full if self._with_pack(case, track, outside, stop) else openings).append(stop)
        between = all(item in alone for item in openings)
        taken = between and (
            braked_on(track, alone)
            or stopped_again_and_again(track, faults, outside.open_circuit)
            or any(taken_by_the_pack(case, track, *stop) for stop in full)
        )
        if taken or (between and len(full) >= len(openings)):
            # The pack explains stops, and no row left its line: what the others reached lies between two rows.
            full, openings = sorted(full + openings), []
        openings.sort()
        lifted = [] if full or openings else overcharged(case, track, outside)
        # A count that only the voltages tell would make a pack of two more cells full: that is a word, and no incident.
        sure = case.pack.series.source != "voltage"
        full += lifted if sure else []
        if not openings and not full:
            strength = 1.0 if _has_regen(track) else 0.2
            gap = track.log.interval_s
            hidden, note = strength, ""
            if gap > _LASTS_S:
                hidden = strength * max(_LASTS_S / gap, 0.3)
                note = f"An event shorter than {gap:.2g} s could fall between two rows."
            absent = {
                "regen.open-pack": Evidence.absent(note, strength=hidden),
                "regen.overvoltage-with-pack": Evidence.absent(note, strength=hidden),
                "regen.pack-nearly-full": Evidence.not_observable("no overvoltage to look at"),
                "regen.drive-normal": Evidence.not_observable("no overvoltage to look at"),
            }
            driven = [stop for stop in stops if _driven(track, outside, *stop)]
            if any(_left_the_pack(outside, *stop) for stop in driven):
                # The mean current of a poll in which driving turns to braking is that of its first part.
                unknown = Evidence.not_observable("the voltage rose in a row whose current may be that before it")
                absent["regen.open-pack"] = absent["regen.overvoltage-with-pack"] = unknown
                driven = []
            if driven:
                absent["regen.not-braking"] = Evidence.observed(
                    f"{len(driven)} times." if len(driven) > 1 else "", at=track.onset(driven[0][0])
                )
            doubt = doubt_of(case, track, outside)
            if doubt:
                absent["regen.overvoltage-with-pack"] = Evidence.not_observable(doubt)
            if lifted:
                return Outcome.found((self._perhaps_full(case, track, *lifted[0]),), absent)
            return Outcome.clear("braking never raised the voltage above what the pack explains.", absent)
        driven = [stop for stop in stops if _driven(track, outside, *stop)]
        findings = [self._open(track, outside, *item) for item in openings]
        findings += [self._full(case, track, taken, *item) for item in full]
        first = (openings or full)[0]
        at = track.onset(first[0])
        evidence = {"regen.pack-nearly-full": replace(fullness(case, track, outside, first[0]), at=at)}
        if driven:
            evidence["regen.not-braking"] = Evidence.observed(at=track.onset(driven[0][0]))
        if openings:
            seen = any(item in openings for item in high)
            note = f"{len(openings)} times." if len(openings) > 1 else ""
            strength = 1.0 if seen else sureness_without_a_rise(case, track, first)
            evidence["regen.open-pack"] = Evidence.observed(note, strength=strength, at=at)
            evidence["regen.overvoltage-with-pack"] = Evidence.absent(strength=strength)
            if not seen and case.pack.series.confidence < KNOWN_COUNT and shown_full(track, first[0]):
                doubt = "the count of cells is open, the charge that is shown is full, and the rise itself is not in the log"
                evidence["regen.overvoltage-with-pack"] = Evidence.not_observable(doubt)
            evidence["regen.drive-normal"], evidence["regen.drive-lost-too"] = drive_beside(
                case, track, outside, openings
            )
        else:
            sureness = max(case.pack.series.confidence, 0.6)
            evidence["regen.overvoltage-with-pack"] = (
                Evidence.absent("it stayed far below that", strength=sureness)
                if taken and evidence["regen.pack-nearly-full"].seen is Seen.ABSENT
                else Evidence.observed(strength=sureness, at=at)
            )
            evidence["regen.open-pack"] = Evidence.absent("the voltage followed the pack", strength=0.8)
            if taken:
                evidence["regen.taken-all-the-same"] = Evidence.observed(at=at)
        return Outcome.found(findings, evidence)

    def _with_pack(self, case: Case, track: Track, outside: Excursions, stop: tuple[int, int]) -> bool:
        """Tell whether a connected pack explains an over-voltage fault whose spike the log does not show."""
        if taken_by_the_pack(case, track, *stop):
            return True
        window = slice(max(stop[0] - 3, 0), stop[0] + 2)
        highest = float(np.nanmax(track.values("pack_voltage")[window]))
        limit = number(case.settings, "controller_voltage_max")
        if limit is not None and limit > 0:
            return highest >= 0.97 * limit
        series = case.pack.series
        if series.best is None or series.confidence < KNOWN_COUNT:
            return False
        # A pack that is full without any braking reaches the limit by the little its resistance adds.
        full = float(outside.open_circuit[stop[0]]) / series.best >= FULL_OPEN_V + 0.02
        return highest / series.best >= CELL_FULL_V - 0.05 or (full and case.pack.chemistry.name == "nmc")

    def _open(self, track: Track, outside: Excursions, first: int, last: int) -> Finding:
        window = slice(max(first - 1, 0), last + 1)
        highest = float(np.nanmax(track.values("pack_voltage")[window]))
        above = float(np.nanmax(outside.above[window]))
        # The row of the peak may hold the mean over a poll in which the current already ended.
        current = np.nan_to_num(track.values("battery_current")[rows_beside(track, first, last)])
        braked = -float(current.min(initial=0.0))
        stopped = bool((track.values("fault_code")[first : last + 1] == _OVER_VOLTAGE).any())
        return self.finding(
            track,
            first,
            last,
            severity=Severity.CRITICAL,
            message=(
                (f"Braking with {braked:.0f} A" if braked >= 1.0 else "Braking")
                + f" met no pack: the voltage went to {highest:.1f} V "
                f"where the pack has {float(outside.open_circuit[first]):.1f} V without load"
                + (", and the controller stopped with an over-voltage fault." if stopped else ".")
            ),
            measurements=(
                Measurement(
                    "voltage above what a connected pack explains",
                    above,
                    "V",
                    float(outside.high_margin[first]),
                    "REG-02",
                ),
                Measurement("highest voltage", highest, "V"),
                Measurement("braking current", braked, "A"),
            ),
            channels=("pack_voltage", "battery_current"),
        )

    def _perhaps_full(self, case: Case, track: Track, first: int, last: int) -> Finding:
        series = case.pack.series.best or 1
        highest = float(np.nanmax(track.values("pack_voltage")[first : last + 1]))
        return self.finding(
            track,
            first,
            last,
            severity=Severity.INFO,
            message=(
                f"Braking raised the voltage to {highest:.1f} V. If the pack has {series} cells in series, which only its "
                f"voltage says, it was full, {highest / series:.2f} V a cell; with more cells it was not."
            ),
            measurements=(Measurement("voltage a cell", highest / series, "V", CELL_OVER_V, "REG-04"),),
            channels=("pack_voltage", "battery_current"),
        )

    def _full(self, case: Case, track: Track, taken: bool, first: int, last: int) -> Finding:
        window = slice(max(first - 1, 0), last + 1)
        highest = float(np.nanmax(track.values("pack_voltage")[window]))
        series = case.pack.series.best
        measured = [Measurement("highest voltage", highest, "V", number(case.settings, "controller_voltage_max"))]
        cell = ""
        if series:
            measured.append(Measurement("voltage a cell", highest / series, "V", CELL_FULL_V, "REG-04"))
            cell = f", {highest / series:.2f} V a cell"
        what = "Braking pushed current into a full pack"
        if taken:
            what = "The controller stopped with an over-voltage fault while the pack took the braking current"
        return self.finding(
            track,
            first,
            last,
            severity=Severity.CRITICAL,
            message=f"{what}: {highest:.1f} V{cell}.",
            measurements=tuple(measured),
            channels=("pack_voltage", "battery_current"),
        )


#: An over-voltage fault releases the motor for this long, s (firmware default of the fault stop): what a row must fall in.
_LASTS_S = 0.5


def _met_no_pack(track: Track, outside: Excursions, faults: NDArray[np.bool_], first: int, last: int) -> bool:
    """Whether a stretch above what the pack explains is braking that no pack took."""
    if not outside.lifted(track, first, last) or swings(outside, track, first, last):
        return False
    if faults[max(first - 1, 0) : last + 2].any():
        return braking(track, first, last) or not _driven(track, outside, first, last)
    return braking(track, first, last) and not taken_along_a_line(track, outside.open_circuit, first, last)


def _touch(track: Track, one: tuple[int, int], other: tuple[int, int]) -> bool:
    return bool(
        track.time[one[0]] <= track.time[other[1]] + NEAR_S and track.time[other[0]] <= track.time[one[1]] + NEAR_S
    )


def _driven(track: Track, outside: Excursions, first: int, last: int) -> bool:
    """Whether the motor drove when the controller stopped.

    The mean current of a poll in which driving turns to braking is that of its first part: where it fell by half and the
    voltage left the pack in that very row, it says nothing.
    """
    if not without_braking(track, first, last):
        return False
    motor = track.values("motor_current")
    turned = first > 0 and motor[first] < _TURNED_SHARE * motor[first - 1]
    return not (turned and outside.above[first] > outside.high_margin[first])


def _left_the_pack(outside: Excursions, first: int, last: int) -> bool:
    return bool((outside.above[first : last + 1] > outside.high_margin[first : last + 1]).any())


def _has_regen(track: Track) -> bool:
    return bool((np.nan_to_num(track.values("battery_current")) < 5 * REGEN_A).any())
