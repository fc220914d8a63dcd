"""TF02: values that cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ridelog.channels import CHANNELS, Kind
from ridelog.detection import Case, Detector, Need
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import RIDING_ROLES, Track

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Rows with impossible values from which the log is called faulty, and as a share of all rows.
_FEWEST_ROWS, _SHARE = 3, 0.002
#: Cells that must be impossible in one poll: one alone is a sense wire.
_SEVERAL_CELLS = 2
#: A single row this far from both neighbours, as a share, without a change of current, is no pack.
_JUMP_SHARE = 0.12
#: A meter that counts a little beyond full or empty is badly set, and no garbage.
_SOC_ROOM = 0.1
#: A drained cell falls by less than this from one poll to the next, V.
_STEP_V = 0.3
#: Channels whose nonsense says something about the record of the power path.
_POWER = ("pack_voltage", "battery_current", "motor_current", "soc", "duty", "erpm", "power")


class ImplausibleValues(Detector):
    """Values outside of what is physically possible, or single rows that jump away and back.

    What it finds:
        Rows in which several cells, the voltage, the current or the charge are impossible, and position or
        temperature values that cannot be.

    Why it matters:
        A log with garbage proves nothing about the vehicle in those rows; none of it is counted as evidence against
        the pack.

    Evidence:
        telemetry.garbage.

    Looks like it but is not:
        One cell that comes and goes (a sense wire), a real collapse of the voltage (it lasts, and the current goes).

    Needs:
        A controller, wheel or BMS log.

    Limits:
        Garbage that looks possible is not seen here; a missing checksum lets it through.

    Example:
        14 polls with cells between 0.05 V and 8 V, ordinary ones before and after.
    """

    code: ClassVar[str] = "TF02"
    name: ClassVar[str] = "implausible-values"
    rules: ClassVar[tuple[str, ...]] = ("TEL-09", "SOC-04")
    needs: ClassVar[tuple[Need, ...]] = (Need((*RIDING_ROLES, Role.BMS), rows=10),)
    evidence: ClassVar[tuple[str, ...]] = ("telemetry.garbage",)

    def examine(self, case: Case, track: Track) -> Outcome:
        """Look at one log."""
        bad = np.zeros(track.log.rows, dtype=bool)
        findings: list[Finding] = []
        for name in track.log.channels:
            channel = CHANNELS[name]
            if channel.kind not in (Kind.NUMBER, Kind.INTEGER):
                continue
            values = track.values(name)
            above = _SOC_ROOM if name == "soc" else 0.0
            low = (values < channel.low - above) & ~(
                _led_to(values, channel.low) if name.startswith("cell_") else False
            )
            outside = np.isfinite(values) & (low | (values > channel.high + above))
            if not outside.any():
                continue
            if name in _POWER and not _switched_off(track, name):
                bad |= outside
            else:
                rows = np.flatnonzero(outside)
                findings.append(
                    self.finding(
                        track,
                        int(rows[0]),
                        int(rows[-1]),
                        severity=Severity.INFO,
                        event=False,
                        message=f"{name.replace('_', ' ')}: {len(rows)} values are impossible and are not believed.",
                        measurements=(Measurement("rows", float(len(rows))),),
                        channels=(name,),
                    )
                )
        bad |= _cells(track)
        bad |= _lone_jumps(case, track)
        rows = np.flatnonzero(bad)
        # A stretch at the end or the beginning is a device that was switched on or off.
        if len(rows) < max(_FEWEST_ROWS, _SHARE * track.log.rows):
            if findings:
                return Outcome.found(findings, {"telemetry.garbage": Evidence.absent()})
            return Outcome.clear("every value is possible.")
        findings.append(
            self.finding(
                track,
                int(rows[0]),
                int(rows[-1]),
                severity=Severity.WARNING,
                message=f"{len(rows)} rows hold impossible values: the logger or its link garbled them.",
                measurements=(Measurement("rows", float(len(rows)), "", float(_FEWEST_ROWS), "engineering judgement"),),
                channels=("cell_voltages",) if track.has("cell_voltages") else ("pack_voltage",),
            )
        )
        seen = Evidence.observed(f"{len(rows)} rows.", at=track.onset(int(rows[0])))
        return Outcome.found(findings, {"telemetry.garbage": seen})


def _switched_off(track: Track, name: str) -> bool:
    """A voltage below any pack is a device that is switched off, not garbage."""
    return name == "pack_voltage" and float(np.nanmin(track.values(name))) >= 0.0


def _cells(track: Track) -> NDArray[np.bool_]:
    cells = track.log.matrix("cell_voltages")
    if not cells.shape[1]:
        return np.zeros(track.log.rows, dtype=bool)
    channel = CHANNELS["cell_voltages"]
    with np.errstate(all="ignore"):
        outside = np.isfinite(cells) & ((cells < channel.low) | (cells > channel.high))
        if outside.any():
            outside &= ~(_led_to(np.median(cells, axis=1), channel.low)[:, None] & (cells < channel.low))
    return np.asarray(outside.sum(axis=1) >= _SEVERAL_CELLS)


def _led_to(volts: NDArray[np.float64], low: float) -> NDArray[np.bool_]:
    """Rows to which the voltage of a cell fell step by step from a possible one: a pack that is drained to nothing."""
    stretch = np.cumsum(~(np.abs(np.diff(volts, prepend=volts[:1])) < _STEP_V))
    return np.asarray(np.isin(stretch, stretch[volts >= low]))


def _lone_jumps(case: Case, track: Track) -> NDArray[np.bool_]:
    """Single rows whose voltage leaves both neighbours the same way while the neighbours agree.

    A slow board catches a short pull in one row: what the current explains is taken out first. It may read the current
    a moment before or after, so nothing counts either that the ordinary currents of the ride could have made.
    """
    volts = track.values("pack_voltage")
    found = np.zeros(len(volts), dtype=bool)
    if track.log.role is not Role.BMS or len(volts) < 5 or not np.isfinite(volts).any():
        return found
    apart = _JUMP_SHARE * float(np.nanmedian(volts))
    near = 0.05 * float(np.nanmedian(volts))
    residual = case.pack.residual.get(track.index)
    if residual is not None and np.isfinite(residual.ohm):
        current = np.nan_to_num(track.values("battery_current"))
        volts = volts + residual.ohm * current
        least, most = np.percentile(current, (0.5, 99.5))
        apart = max(apart, residual.ohm * float(most - least))
    before, here, after = volts[:-2], volts[1:-1], volts[2:]
    lone = (np.abs(here - before) > apart) & (np.abs(here - after) > apart)
    lone &= np.abs(before - after) < near
    found[1:-1] = lone
    return found
