"""Where the voltage leaves what a connected pack could have had, whatever the current did around that moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ridelog.channels import CHANNELS
from ridelog.episodes import episodes, rolling_extreme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.detection import Case
    from ridelog.ride import Track

#: The voltage and current columns of one row can be this far apart in time, in s; engineering judgement from measured
#: skews of up to 80 ms and averaging over a poll.
SKEW_S = 0.2
#: Shares of the open-circuit voltage, and of the ohmic sag of the moment, that ordinary errors of the estimate stay
#: within; engineering judgement. A bus that lost its pack leaves it by far more.
LOW_SHARE = 0.05
HIGH_SHARE = 0.055
#: The same where the log allows no resistance of its own and a typical one is assumed: what ordinary packs and supplies
#: sag by at their highest current; engineering judgement.
ASSUMED_LOW_SHARE = 0.15
SAG_SHARE = 0.25
#: Multiples of the residual's own noise, and the share of the open-circuit voltage that noise never reaches: where the
#: battery was gone for much of a short log, its own absence is all the noise there is (engineering judgement).
NOISE_MULTIPLE = 8.0
NOISE_SHARE = 0.25
#: A swing lasts at most this many rows and this long, s: bulk capacitors fail for moments, a lost pack for longer.
SWING_ROWS, SWING_S = 2, 0.4


@dataclass(frozen=True, slots=True)
class Excursions:
    """What `excursions` gives, all on the rows of one track.

    Attributes:
        below: How far the voltage is below the lowest value a connected pack explains, V, shape (rows,).
        above: How far it is above the highest value a connected pack explains, V, shape (rows,).
        low_margin: What `below` must exceed to count, V.
        high_margin: What `above` must exceed to count, V.
        open_circuit: Running open-circuit voltage, V, shape (rows,).
    """

    below: NDArray[np.float64]
    above: NDArray[np.float64]
    low_margin: NDArray[np.float64]
    high_margin: NDArray[np.float64]
    open_circuit: NDArray[np.float64]

    def low(self, track: Track, gap_s: float) -> list[tuple[int, int]]:
        """Episodes below, joined over `gap_s` seconds."""
        return episodes(self.below > self.low_margin, track.time, gap_s)

    def high(self, track: Track, gap_s: float) -> list[tuple[int, int]]:
        """Episodes above, joined over `gap_s` seconds."""
        return episodes(self.above > self.high_margin, track.time, gap_s)

    def lifted(self, track: Track, first: int, last: int) -> bool:
        """Whether the voltage goes above that of the pack without load, as that of capacitors does that a brake charges.

        A voltage that is only higher than the current of its row explains belongs to a load that already ends.
        """
        highest = float(np.nanmax(track.values("pack_voltage")[first : last + 1]))
        return highest > float(np.nanmin(self.open_circuit[first : last + 1]))


def excursions(case: Case, track: Track) -> Excursions | None:
    """Compare the voltage with what a connected pack could have had at any current seen within the skew.

    A pack at its open-circuit voltage E with resistance R gives E - R I; the current that belongs to a voltage may
    stand in a neighbouring row, so the range of what is expected over the neighbours is allowed. What is outside that
    range by more than the noise and a share of E cannot be this pack.

    Returns:
        The excursions, None when the pack estimate has no residual for this track.
    """
    residual = case.pack.residual.get(track.index)
    if residual is None:
        return None
    held = case.shared.get(("excursions", track.index))
    if isinstance(held, Excursions):
        return held
    volts = track.values("pack_voltage")
    # What no pack can have is garbage of the logger and says nothing about this one.
    volts = np.where(volts > CHANNELS["pack_voltage"].high, np.nan, volts)
    interval = max(track.log.interval_s, 1e-3)
    reach = int(min(max(np.ceil(SKEW_S / interval), 1), 20))
    ohm = residual.ohm if np.isfinite(residual.ohm) else 0.0
    current = np.abs(np.nan_to_num(track.values("battery_current")))
    slack = SAG_SHARE * ohm * rolling_extreme(current, reach, highest=True)
    spread = NOISE_MULTIPLE * (residual.noise if np.isfinite(residual.noise) else 0.0)
    noise = np.minimum(spread, NOISE_SHARE * residual.open_circuit)
    low_share = LOW_SHARE if track.index in case.pack.resistance else ASSUMED_LOW_SHARE
    below = rolling_extreme(residual.expected, reach, highest=False) - volts
    above = volts - rolling_extreme(residual.expected, reach, highest=True)
    found = Excursions(
        np.where(np.isfinite(below), below, -1.0),
        np.where(np.isfinite(above), above, -1.0),
        np.maximum(noise, low_share * residual.open_circuit) + slack,
        np.maximum(noise, HIGH_SHARE * residual.open_circuit) + slack,
        residual.open_circuit,
    )
    case.shared["excursions", track.index] = found
    return found
