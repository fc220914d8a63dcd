"""What a table holds that can witness the direction of its current."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: A current that never exceeds this is none, A (engineering judgement: the noise of a shunt).
NO_CURRENT = 0.05
#: Least current that a step of load or a switch ends or begins, A.
SWITCHED = 0.5
#: Fewest rows that say anything.
FEWEST_MOVING = 8
#: Weights of the witnesses.
STRONG, FAIR, WEAK = 3, 2, 1


@dataclass(slots=True)
class Ride:
    """What a table holds that can witness the direction of its current; NaN where a value is missing.

    Attributes:
        seconds: Stamps in s, shape (rows,), never decreasing.
        current: Current as logged, A.
        voltage: Pack voltage (or the sum of the cells), V.
        speed: Speed, any unit that is 0 at rest, in m/s where it is known.
        duty: Duty as a fraction.
        soc: State of charge as a fraction.
        remaining: Remaining capacity, Ah.
        used: Counter of the charge taken, Ah.
        charged: Counter of the charge put in, Ah.
        used_energy: Counter of the energy taken, Wh.
        energy_left: Energy left in the battery, Wh.
        power: Power whose sign is known, W, positive when discharging.
        charging: 1 where the table says that it charges, 0 where it says that it discharges.
        discharge_fet: 1 where the switch of the battery lets a discharge through, 0 where it does not.
        charge_fet: The same for a charge.
        of_battery: Whether the voltage is that of the battery itself, also when a switch has cut it off.
    """

    seconds: NDArray[np.float64]
    current: NDArray[np.float64]
    voltage: NDArray[np.float64] | None = None
    speed: NDArray[np.float64] | None = None
    duty: NDArray[np.float64] | None = None
    soc: NDArray[np.float64] | None = None
    remaining: NDArray[np.float64] | None = None
    used: NDArray[np.float64] | None = None
    charged: NDArray[np.float64] | None = None
    used_energy: NDArray[np.float64] | None = None
    energy_left: NDArray[np.float64] | None = None
    power: NDArray[np.float64] | None = None
    charging: NDArray[np.float64] | None = None
    discharge_fet: NDArray[np.float64] | None = None
    charge_fet: NDArray[np.float64] | None = None
    of_battery: bool = False

    def part(self, rows: NDArray[np.bool_]) -> Ride:
        """The ride in some of its rows, shape (rows,)."""
        part = replace(self)
        for item in fields(self):
            values = getattr(self, item.name)
            if values is not None and item.name != "of_battery":
                setattr(part, item.name, values[rows])
        return part
