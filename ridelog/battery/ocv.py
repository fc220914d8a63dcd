"""Open-circuit voltage of a cell against its state of charge: measured tables, class proxies, both directions."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.errors import RidelogError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: Where a voltage says nothing firm about the charge. NMC and NCA: the 85-95 % plateau, 2.4-3.7 mV a percent at 90 %
#: in the measured tables. LFP: the flat middle, below 3 mV a percent with 10-20 mV of hysteresis.
_FLAT: Final[dict[str, tuple[float, float]]] = {"nmc": (0.85, 0.95), "lfp": (0.30, 0.95)}
#: A state of charge less certain than this supports no verdict (engineering judgement).
_MOST_SOC_ERROR: Final = 0.10


@dataclass(frozen=True, slots=True)
class SocReading:
    """State of charge read off open-circuit voltages.

    Attributes:
        soc: State of charge 0..1, shape of the voltages; NaN for a NaN voltage.
        error: Its standard deviation, the table's error and the given voltage error together.
        usable: False on a plateau (NMC 85-95 %, LFP 30-95 %) and where `error` is above 10 points: no verdict there.
    """

    soc: NDArray[np.float64]
    error: NDArray[np.float64]
    usable: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class OpenCircuitTable:
    """Open-circuit voltage of one cell type.

    Attributes:
        name: Name of the table, the file it is kept in.
        chemistry: "nmc" (NCA counts as such) or "lfp".
        measured: False for a class proxy.
        provenance: Where the numbers come from, and their licence.
        points: State of charge 0..1, strictly rising, shape (n,).
        volts: Open-circuit voltage of a cell in V, strictly rising, shape (n,).
        sigma_v: Standard deviation of `volts` for a cell of this type in V, shape (n,).
    """

    name: str
    chemistry: str
    measured: bool
    provenance: str
    points: NDArray[np.float64]
    volts: NDArray[np.float64]
    sigma_v: NDArray[np.float64]

    @property
    def flat(self) -> tuple[float, float]:
        """States of charge between which a voltage allows no verdict about the charge."""
        return _FLAT[self.chemistry]

    def voltage(self, soc: ArrayLike) -> NDArray[np.float64]:
        """Open-circuit voltage of a cell in V at a state of charge 0..1, monotone and linear between the points."""
        return np.asarray(np.interp(np.asarray(soc, dtype=np.float64), self.points, self.volts))

    def voltage_error(self, soc: ArrayLike) -> NDArray[np.float64]:
        """Standard deviation of `voltage` in V."""
        return np.asarray(np.interp(np.asarray(soc, dtype=np.float64), self.points, self.sigma_v))

    def slope(self, soc: ArrayLike) -> NDArray[np.float64]:
        """Rise of the voltage with charge in V for the whole range (0.01 of it is the rise for one percent)."""
        wanted = np.asarray(soc, dtype=np.float64)
        low, high = np.clip(wanted - 0.01, 0.0, 1.0), np.clip(wanted + 0.01, 0.0, 1.0)
        return np.asarray((self.voltage(high) - self.voltage(low)) / (high - low))

    def charge(self, volts: ArrayLike) -> NDArray[np.float64]:
        """State of charge 0..1 at an open-circuit voltage of a cell in V: that of `soc` without its error."""
        return np.asarray(np.interp(np.asarray(volts, dtype=np.float64), self.volts, self.points))

    def soc(self, volts: ArrayLike, error_v: ArrayLike = 0.0) -> SocReading:
        """Read the state of charge off open-circuit voltages of a cell.

        Args:
            volts: Open-circuit voltage of a cell in V, any shape.
            error_v: Standard deviation of these voltages in V (relaxation, fit, meter).

        Returns:
            The reading; look at `usable` before building a verdict on it. Voltages beyond the table give 0 or 1.
        """
        wanted = np.asarray(volts, dtype=np.float64)
        soc = self.charge(wanted)
        spread = np.hypot(self.voltage_error(soc), error_v)
        # The width of the band a voltage error leaves, not error over slope: at a bend of the curve a slope misleads.
        above = np.interp(wanted + spread, self.volts, self.points)
        below = np.interp(wanted - spread, self.volts, self.points)
        error = np.maximum((above - below) / 2, 0.005)
        low, high = self.flat
        usable = ((soc < low) | (soc > high)) & (error <= _MOST_SOC_ERROR) & np.isfinite(wanted)
        return SocReading(soc, error, usable)


def table_names() -> tuple[str, ...]:
    """Names of the tables that come with ridelog."""
    return tuple(row["table"] for row in _rows("tables.csv"))


@lru_cache(maxsize=32)
def open_circuit_table(name: str) -> OpenCircuitTable:
    """Load a table by its name.

    Raises:
        RidelogError: If there is no table of that name.
    """
    for row in _rows("tables.csv"):
        if row["table"] == name:
            points = _rows(f"{name}.csv")
            return OpenCircuitTable(
                name,
                row["chemistry"],
                row["kind"] == "measured",
                row["provenance"],
                *(np.array([float(point[key]) for point in points]) for key in ("soc", "open_circuit_v", "sigma_v")),
            )
    raise RidelogError(f"there is no open-circuit table '{name}'; there are: {', '.join(table_names())}.")


def table_for_cell(cell: str) -> OpenCircuitTable | None:
    """Table for a cell by its trade name ("Samsung 30Q", "INR21700-P42A"), None if it is not known.

    The longest known name found in `cell` wins; a cell nobody measured gets its class proxy.
    """
    text = "".join(char for char in cell.upper() if char.isalnum())
    known = [row for row in _rows("cells.csv") if row["cell"] in text]
    return open_circuit_table(max(known, key=lambda row: len(row["cell"]))["table"]) if known else None


def table_for_chemistry(chemistry: str) -> OpenCircuitTable | None:
    """Proxy table for a chemistry ("nmc", "nca", "lfp"), None for one without a table (LTO, lead-acid, not known)."""
    family = {"nmc": "nmc", "nca": "nmc", "lfp": "lfp"}.get(chemistry.lower())
    return open_circuit_table(f"proxy-{family}") if family else None


@lru_cache(maxsize=32)
def _rows(file: str) -> list[dict[str, str]]:
    text = resources.files(__package__).joinpath("data", file).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
