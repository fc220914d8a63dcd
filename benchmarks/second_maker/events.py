"""What goes wrong, and when: intervals in seconds of the made-up world."""

from __future__ import annotations

from dataclasses import dataclass, field

Interval = tuple[float, float]


@dataclass
class Events:
    """Everything a scenario can do to a ride.

    open_discharge: the way from pack to controller is open, for both directions.
    board_opens: in these intervals it is the board that opened (name of the protection, or "").
    open_charge: the way for charging current alone is open (drive goes through a body diode).
    faults: (start, end, code) of the controller, which releases the motor meanwhile.
    throttle_lost: the controller gets no command.
    reboot: the controller is gone and comes back with its counters at zero.
    log_ends: nothing is logged from here on.
    limit: the battery board watches its limits and opens when one is passed.
    """

    open_discharge: list[Interval] = field(default_factory=list)
    board_opens: list[tuple[float, float, str]] = field(default_factory=list)
    open_charge: list[Interval] = field(default_factory=list)
    faults: list[tuple[float, float, int]] = field(default_factory=list)
    throttle_lost: list[Interval] = field(default_factory=list)
    reboot: list[Interval] = field(default_factory=list)
    log_ends: float | None = None
    log_ends_after_trip: float | None = None
    watches: bool = False
    latches: bool = True
    returns_after: float = 30.0
    regen_opens_cell: float | None = None
