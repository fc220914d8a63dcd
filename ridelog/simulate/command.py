"""What `ridelog simulate` does."""

from __future__ import annotations

from pathlib import Path

from ridelog.errors import UsageError

from .case import write_case
from .catalogue import simulate
from .fleet import simulate_fleet


def run(scenario: str, out: Path, seed: int, suite: str | None, fleet: int | None, vehicles: int) -> list[Path]:
    """Write one case, or a fleet, into a folder.

    Args:
        scenario: Name of a family, or "fleet".
        out: Folder, made if it is not there.
        seed: The same seed gives the same bytes.
        suite: Which logs there are; drawn from the family's if None.
        fleet: Number of rides of a fleet; None for one case.
        vehicles: Vehicles of the fleet.

    Raises:
        UsageError: If there is no such family or suite, or the numbers make no fleet.
    """
    if scenario != "fleet" and fleet is None:
        return write_case(simulate(scenario, seed, suite), out)
    rides = 10 * vehicles if fleet is None else fleet
    if vehicles < 1 or rides < 1:
        raise UsageError("a fleet needs at least one vehicle and one ride.", advice="Give --fleet N and --vehicles M.")
    return simulate_fleet(vehicles, rides, seed, out)
