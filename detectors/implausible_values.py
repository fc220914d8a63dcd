"""TF02: values that cannot be."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ridelog.channels import CHANNELS, Kind
from ridelog.detection import Case, Detector, Need
from ridelog.durations import lasting
from ridelog.finding import Evidence, Finding, Measurement, Outcome, Severity
from ridelog.log import Role
from ridelog.ride import RIDING_ROLES, Track

from .garbled_rows import garbled_rows, led_to

#: Rows with impossible values from which the log is called faulty, and as a share of all rows.
_FEWEST_ROWS, _SHARE = 3, 0.002
#: A meter that counts a little beyond full or empty is badly set, and no garbage.
_SOC_ROOM = 0.1
#: Channels whose nonsense says something about the record of the power path.
_POWER = ("pack_voltage", "battery_current", "motor_current", "soc", "duty", "erpm", "power")

#: A pause in which a vehicle can have been worked on, s, and the sound rows before it; garbage begins within as many rows after
#: it (engineering judgement).
_PAUSE_S, _SOUND_ROWS = 600.0, 100


class ImplausibleValues(Detector):
    """Values outside of what is physically possible, or single rows that jump away and back.

    What it finds:
        Rows in which several cells, the voltage, the current or the charge are impossible, single rows that jump away
        and back, one impossible cell after another, and position or temperature values that cannot be.

    Why it matters:
        A log with garbage proves nothing about the vehicle in those rows; none of it is counted as evidence against
        the pack.

    Evidence:
        telemetry.garbage.

    Looks like it but is not:
        One cell, or it and its neighbour, that comes and goes (a sense wire), a real collapse of the voltage (it lasts,
        and the current goes).

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
            if np.fmin.reduce(values) >= channel.low - above and np.fmax.reduce(values) <= channel.high + above:
                continue
            low = values < channel.low - above
            if name.startswith("cell_"):
                low &= ~led_to(values, channel.low)
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
        bad |= garbled_rows(case, track)
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
                message=f"{len(rows)} rows hold impossible values: the logger or its link garbled them."
                + _after_a_pause(track, int(rows[0])),
                measurements=(Measurement("rows", float(len(rows)), "", float(_FEWEST_ROWS), "engineering judgement"),),
                channels=("cell_voltages",) if track.has("cell_voltages") else ("pack_voltage",),
            )
        )
        seen = Evidence.observed(f"{len(rows)} rows.", at=track.onset(int(rows[0])))
        return Outcome.found(findings, {"telemetry.garbage": seen})


def _after_a_pause(track: Track, row: int) -> str:
    """Say that the first garbled row comes after a long pause, before which all rows were sound (TEL-09)."""
    pauses = np.flatnonzero(np.diff(track.time[: row + 1]) >= _PAUSE_S)
    if not len(pauses) or pauses[-1] + 1 < _SOUND_ROWS or row - int(pauses[-1]) > _SOUND_ROWS:
        return ""
    lasts = float(track.time[pauses[-1] + 1] - track.time[pauses[-1]])
    return f" They begin after a pause of {lasting(lasts)}: if the vehicle was worked on then, look for metal dust."


def _switched_off(track: Track, name: str) -> bool:
    """A voltage below any pack is a device that is switched off, not garbage."""
    return name == "pack_voltage" and float(np.nanmin(track.values(name))) >= 0.0
