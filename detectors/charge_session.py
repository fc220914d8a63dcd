"""CH01: how a charge went and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

import numpy as np

from ridelog.detection import Case, Detector, Need
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import Track
from ridelog.settings import number

from .cell_rows import CellRows, cell_rows, charges, full_voltage
from .fet_edges import falling_edges

if TYPE_CHECKING:
    from .fet_edges import Edge

#: The current still flows as at the start when it has this share of the charge's high current; engineering judgement.
_FLAT_SHARE: Final = 0.8
#: It has tapered below this share.
_TAPERED_SHARE: Final = 0.5
#: A charger that holds its voltage lets no median cell above full by more than this at full current, V: 5 mV of the
#: board's error and 5 mV of the charger's (engineering judgement; the voltage phase begins at full or below it).
_NO_TAPER_ABOVE_V: Final = 0.010
#: The BMS had to end the charge this near full, V: a charger that holds 4.20 V a cell at its plug tapers before, by what
#: the cable drops.
_AT_FULL_V: Final = 0.005
#: Above full by this a charger is set wrong, V: 0.8 % of 4.2 V, where ordinary chargers keep 0.5 %.
_TOO_HIGH_V: Final = 0.035
#: Cells that are made for more than 4.20 V are full at 4.35 V or above (data sheets of such cells), and an ordinary charger
#: keeps 0.5 % of that. A voltage that is held below it is too high for the one kind and no full charge of the other, even
#: where the limit of the BMS is set above it.
_MADE_FOR_MORE_V: Final = 4.35 * 0.995
#: How far such a charge is to blame when the board's limit is set as high: somebody may have meant it.
_ALLOWED_STRENGTH: Final = 0.85
_ALLOWED: Final = " The BMS is set to allow it: that is right for no cells but those made for 4.35 V or more."
#: Unloaded charger voltage above a full pack by this much for each cell, V (REST-04: 84 V on a 54.6 V pack is 1.7 V).
_CHARGER_ABOVE_V: Final = 0.10
#: A single cell this far above full was overcharged, V (4.28 V; boards stop at 4.22 to 4.25 V, CELL-04).
_CELL_ABOVE_V: Final = 0.08
#: Below full by this the charge ends early by intent or by a wrong setting, V (95 % is 4.12 to 4.15 V, CHG-05).
_SHORT_OF_FULL_V: Final = 0.04
#: The end of the charge and what the BMS did about it, s.
_END_S: Final = 60.0
#: The discharge FETs opened by the charge's end, and off for so long, s; engineering judgement for "latched".
_LATCH_WITHIN_S, _LATCHED_S = 900.0, 600.0


class _Full(NamedTuple):
    """What a full cell has, V: of its chemistry, and of the cells there may be; the limit of the BMS may be above both."""

    full: float
    highest: float
    allowed: bool


class ChargeSession(Detector):
    """A charge that the charger did not end, that went too high, or that left the pack switched off.

    What it finds:
        Charges in which the current stays flat although the pack is full (no voltage phase), in which the cells are held
        above full, or in which a single cell is driven above its limit; a charger of a too high voltage at the charge
        port; discharge FETs that open as the charge ends and stay off.

    Why it matters:
        A charger without a voltage phase leaves the last protection to the BMS (CHG-01, CHG-02); an overcharged cell can
        burn. A BMS that latches after the charge looks dead in the morning (TRIP-16).

    Evidence:
        charge.no-taper, charge.voltage-high, charge.cell-overcharged, charge.latched-off.

    Looks like it but is not:
        A charger that is unplugged before the end, a charge that ends at 95 % on purpose (CHG-05: information), one high
        cell that ends the charge of a pack out of balance (information here), braking on a long descent.

    Needs:
        A BMS log with the battery current and cell voltages, or the pack voltage with a sure series count, of ten minutes
        of charging or more.

    Limits:
        The charger is seen by the current and voltage at the pack only. Cells that are made for more than 4.2 V look
        overcharged unless the limit of the BMS says so and they are charged to 4.33 V or more.

    Example:
        4.3 A from 74 V to 84.6 V without a taper; at 4.25 V the BMS opened its charge FETs.
    """

    code: ClassVar[str] = "CH01"
    name: ClassVar[str] = "charge-session"
    rules: ClassVar[tuple[str, ...]] = ("CHG-01", "CHG-02", "CHG-03", "CHG-05", "REST-04", "TRIP-16", "CELL-04")
    needs: ClassVar[tuple[Need, ...]] = (
        Need((Role.BMS,), ("battery_current", "cell_voltages"), rows=5),
        Need((Role.BMS,), ("battery_current", "cell_voltage_max", "cell_voltage_min"), rows=5),
        Need((Role.BMS,), ("battery_current", "pack_voltage"), rows=5),
    )
    evidence: ClassVar[tuple[str, ...]] = (
        "charge.no-taper",
        "charge.voltage-high",
        "charge.cell-overcharged",
        "charge.latched-off",
    )

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one BMS log."""
        rows = cell_rows(case, track)
        if rows is None:
            return Outcome.unable("the number of cells in series is not sure, and no cell was read.")
        full = full_voltage(case)
        if full is None:
            return Outcome.unable("the chemistry of the cells is not known, and with it the voltage of a full cell.")
        limit = number(case.settings, "cell_overvoltage_limit")
        allowed = limit is not None and full + 0.08 < limit < 5.0
        more = allowed and _made_for_more(case, rows)
        level = _Full(full, max(full, limit - 0.05) if limit is not None and more else full, allowed and not more)
        findings: list[Finding] = []
        evidence: dict[str, Evidence] = {}
        port = self._port(case, track, level.highest)
        if port is not None:
            findings.append(port)
            evidence["charge.voltage-high"] = Evidence.observed(port.message)
        sessions = charges(rows)
        if not sessions and port is None:
            return Outcome.unable("no charge of ten minutes or more is in the log.")
        said: list[str] = []
        opened = falling_edges(track, "charge_fet") if track.has("charge_fet") else []
        step_s = rows.step_s
        for first, last in sessions:
            self._session(track, rows, (first, last), step_s, level, opened, findings, evidence, said)
        latched = self._latched(track, rows, sessions)
        if latched is not None:
            findings.append(latched)
            evidence["charge.latched-off"] = Evidence.observed(at=latched.onset)
        for name in self.evidence:
            evidence.setdefault(name, Evidence.absent())
        if findings:
            once = {(finding.severity, finding.message): finding for finding in reversed(findings)}
            return Outcome.found(sorted(once.values(), key=lambda finding: finding.start_s), evidence)
        return Outcome.clear(" ".join(said) or "the charger is not above what the pack takes.", evidence)

    def _session(
        self,
        track: Track,
        rows: CellRows,
        place: tuple[int, int],
        step_s: float,
        level: _Full,
        opened: list[Edge],
        findings: list[Finding],
        evidence: dict[str, Evidence],
        said: list[str],
    ) -> None:
        first, last = place
        full, highest = level.full, level.highest
        amps = -rows.current[first : last + 1]
        volts = rows.middle[first : last + 1]
        bulk = float(np.nanpercentile(amps, 90))
        tail = max(min(int(np.searchsorted(rows.time, rows.time[last] - _END_S)), last - 2), first)
        end_a = float(np.nanmedian(-rows.current[tail : last + 1]))
        end_v = float(np.nanmedian(rows.middle[tail : last + 1]))
        ended_s = float(rows.time[last])
        reach = max(_END_S, 3 * step_s)
        stopped = [edge for edge in opened if abs(float(track.time[edge.row]) - ended_s) <= reach]
        flat = end_a >= _FLAT_SHARE * bulk
        measured = (
            Measurement("median cell at the end", end_v, "V", full, "full cell"),
            Measurement("current at the end", end_a, "A"),
            Measurement("highest charge current", bulk, "A"),
        )
        details: dict[str, object] = {
            "event": False,
            "measurements": measured,
            "channels": ("battery_current", "cell_voltages"),
        }
        where = (int(rows.rows[first]), int(rows.rows[last]))
        by_bms = " The BMS ended it." if stopped else ""
        held = _held(rows, first, last, highest + _TOO_HIGH_V)
        # Whoever set the limit of the BMS above that may have cells that take it: unplugged while they rose, they tell nothing.
        unsure = level.allowed and end_a >= _TAPERED_SHARE * bulk
        if flat and not unsure and end_v >= highest + _NO_TAPER_ABOVE_V:
            message = (
                f"The charger kept {end_a:.1f} A at {end_v:.2f} V a cell: it has no voltage phase and does not stop at the "
                f"full pack.{by_bms}"
            )
            findings.append(self._of(track, where, Severity.WARNING, message, details))
            evidence["charge.no-taper"] = Evidence.observed(f"{end_a:.1f} A at {end_v:.2f} V a cell.")
        elif held is not None and not unsure:
            message = (
                f"The charger held the cells at {held:.2f} V, above their full voltage of {highest:.2f} V: its voltage is "
                f"too high for this pack.{by_bms}{_ALLOWED if level.allowed else ''}"
            )
            findings.append(self._of(track, where, Severity.WARNING, message, details))
            strength = _ALLOWED_STRENGTH if level.allowed else 1.0
            evidence["charge.voltage-high"] = Evidence.observed(f"{held:.2f} V a cell.", strength=strength)
        elif stopped and flat and end_v >= full - _AT_FULL_V:
            message = (
                f"The BMS ended the charge at {end_v:.2f} V a cell while {end_a:.1f} A still flowed, as at the start: the "
                "charger has no voltage phase, or it begins too high."
            )
            findings.append(self._of(track, where, Severity.WARNING, message, details))
            evidence["charge.no-taper"] = Evidence.observed(f"{end_a:.1f} A at {end_v:.2f} V a cell.", strength=0.8)
        elif stopped and flat:
            message = (
                f"The BMS ended the charge at {end_v:.2f} V for the median cell, before the charger did: another cell was "
                "full first, or its limit is low."
            )
            findings.append(self._of(track, where, Severity.INFO, message, details))
        elif end_a < _TAPERED_SHARE * bulk and end_v < full - _SHORT_OF_FULL_V:
            message = (
                f"The charger ended at {end_v:.2f} V a cell, below a full {full:.2f} V: set so to spare the cells, or by "
                "mistake."
            )
            findings.append(self._of(track, where, Severity.INFO, message, details))
        over = rows.high[first : last + 1] > highest + _CELL_ABOVE_V + (_TOO_HIGH_V if level.allowed else 0.0)
        if np.count_nonzero(over) >= 2:
            top = float(np.nanmax(rows.high[first : last + 1]))
            cell = _cell_of(rows, first, last)
            named = f"Cell group {cell + 1}" if cell >= 0 else "A cell group"
            message = f"{named} was charged to {top:.2f} V and nothing stopped it in time."
            danger = "An overcharged cell can burn, even hours later. Do not charge this pack unattended."
            measurement = Measurement("highest cell", top, "V", highest + _CELL_ABOVE_V, "CELL-04")
            more = {**details, "measurements": (measurement,), "danger": danger}
            findings.append(self._of(track, where, Severity.CRITICAL, message, more))
            evidence["charge.cell-overcharged"] = Evidence.observed(f"{top:.2f} V.")
        gained = float(np.nanmax(volts))
        said.append(f"a charge with at most {bulk:.1f} A ended at {end_v:.2f} V a cell (highest {gained:.2f} V).")

    def _of(
        self, track: Track, where: tuple[int, int], severity: Severity, message: str, details: dict[str, object]
    ) -> Finding:
        return self.finding(track, where[0], where[1], severity=severity, message=message, **details)

    def _port(self, case: Case, track: Track, full: float) -> Finding | None:
        """A charger that stands at the charge port with more than the pack takes."""
        series = case.pack.series
        volts, pack = track.values("charger_voltage"), track.values("pack_voltage")
        if series.best is None or not series.certain or not np.isfinite(volts).any():
            return None
        bound = series.best * (full + _CHARGER_ABOVE_V)
        # Beyond three packs it is a reading, not a charger.
        high = (volts > bound) & (volts > pack) & (volts < 3 * bound) & (track.values("charger_connected") != 0)
        at = np.flatnonzero(high)
        if len(at) < 3:
            return None
        level = float(np.median(volts[at]))
        return self.finding(
            track,
            int(at[0]),
            int(at[-1]),
            severity=Severity.CRITICAL,
            event=False,
            message=f"A charger of {level:.1f} V is plugged into a pack that is full at {series.best * full:.1f} V.",
            measurements=(Measurement("voltage at the charge port", level, "V", bound, "REST-04"),),
            channels=("charger_voltage",),
            danger="A charger of a higher voltage overcharges the pack as soon as a protection fails. Unplug it.",
        )

    def _latched(self, track: Track, rows: CellRows, sessions: list[tuple[int, int]]) -> Finding | None:
        """Discharge FETs that opened by the end of a charge and never came back."""
        if not track.has("discharge_fet"):
            return None
        for edge in falling_edges(track, "discharge_fet"):
            off_s = float(track.time[-1] - track.time[edge.row])
            after = [float(track.time[edge.row] - rows.time[last]) for _, last in sessions]
            near = any(-_LATCH_WITHIN_S <= late <= _LATCH_WITHIN_S for late in after)
            if edge.back is None and near and off_s >= _LATCHED_S and not set(edge.kinds) - {"overvoltage"}:
                return self.finding(
                    track,
                    edge.row,
                    track.log.rows - 1,
                    severity=Severity.WARNING,
                    message=(
                        "The BMS switched its discharge path off as the charge ended and left it off for "
                        f"{off_s / 60:.0f} min, without a reason: it is latched."
                    ),
                    measurements=(Measurement("time off", off_s, "s", _LATCHED_S, "TRIP-16"),),
                    channels=("discharge_fet", "battery_current"),
                )
        return None


def _made_for_more(case: Case, rows: CellRows) -> bool:
    """Whether the pack reached what cells of a higher voltage are charged to; no iron phosphate cell is made for more."""
    name = case.pack.chemistry.name
    return name != "lfp" and (name != "nmc" or float(np.nanmax(rows.middle)) >= _MADE_FOR_MORE_V)


def _held(rows: CellRows, first: int, last: int, bound: float) -> float | None:
    """Median voltage of the time above a bound, None when that is shorter than a minute, in V."""
    above = np.flatnonzero(rows.middle[first : last + 1] > bound) + first
    if len(above) < 3 or rows.time[above[-1]] - rows.time[above[0]] < _END_S:
        return None
    return float(np.median(rows.middle[above]))


def _cell_of(rows: CellRows, first: int, last: int) -> int:
    """Index of the highest cell of a stretch from 0, -1 when cells are not logged one by one."""
    if not rows.cells.shape[1]:
        return -1
    return int(np.nanargmax(np.nanmax(rows.cells[first : last + 1], axis=0)))
