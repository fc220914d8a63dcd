"""The ride itself: speed, currents and voltages, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .events import Events
from .rider import STEP, Plan
from .vehicle import Vehicle

#: Battery-side current over duty times motor current, as VESC controllers report them.
MODULATION = 0.85
#: Time constants, s, and shares of the 10 s resistance of the two slow parts of a cell.
SLOW = ((14.0, 0.28), (110.0, 0.25))
#: Voltage drop of the body diode of an open charge switch, V.
DIODE = 0.7


@dataclass
class World:
    """Arrays over the steps. Battery current of the controller and of the pack are apart, for they may differ."""

    vehicle: Vehicle
    time: np.ndarray
    bus: np.ndarray
    pack: np.ndarray
    current: np.ndarray
    pack_current: np.ndarray
    motor: np.ndarray
    duty: np.ndarray
    speed: np.ndarray
    fault: np.ndarray
    discharge_on: np.ndarray
    charge_on: np.ndarray
    alive: np.ndarray
    fet_temperature: np.ndarray
    charge: np.ndarray
    slow: np.ndarray
    throttle: np.ndarray
    protection: list[str]
    boots: list[float]
    trip: float | None = None
    notes: dict[str, float] = field(default_factory=dict)

    def cells(self, rows: np.ndarray) -> np.ndarray:
        """Voltage of every cell group at these steps, V, shape (rows, series)."""
        vehicle = self.vehicle
        used = vehicle.charge - self.charge[rows]
        charge = vehicle.charge + vehicle.charge_spread[None, :] - used[:, None] / vehicle.capacity_spread[None, :]
        resting = vehicle.resting(np.clip(charge, -0.02, 1.03))
        resting = np.where(charge > 1, resting + (charge - 1) * 6.0, resting)
        own = vehicle.cell_resistance * vehicle.resistance_factor[None, :]
        now = self.pack_current[rows][:, None] * (0.6 * own + vehicle.extra_resistance[None, :])
        return resting - now - self.slow[rows][:, None] * vehicle.resistance_factor[None, :]


def _resting_table(vehicle: Vehicle) -> list[float]:
    return [float(value) for value in vehicle.resting(np.arange(1001) / 1000)]


def _inside(intervals: list, when: float) -> bool:
    return any(item[0] <= when < item[1] for item in intervals)


def ride(vehicle: Vehicle, plan: Plan, events: Events, rng: np.random.Generator) -> World:
    """Ride the plan; the board trips by itself when `events.watches`."""
    steps = plan.steps
    names = ("bus", "pack", "current", "pack_current", "motor", "duty", "speed", "fet", "charge", "slow", "throttle")
    out = {name: [0.0] * steps for name in names}
    fault = np.zeros(steps, int)
    discharge_on = np.ones(steps, bool)
    charge_on = np.ones(steps, bool)
    alive = np.ones(steps, bool)
    protection = [""] * steps
    series, own = vehicle.series, vehicle.cell_resistance
    weakest = float(np.max(own * vehicle.resistance_factor * 0.6 + vehicle.extra_resistance))
    total_now = float(np.sum(own * vehicle.resistance_factor * 0.6 + vehicle.extra_resistance)) + vehicle.joints
    total_slow = float(np.sum(vehicle.resistance_factor))
    most_slow = float(np.max(vehicle.resistance_factor))
    lowest_share = float(np.min(vehicle.capacity_spread))
    lowest_offset = float(np.min(vehicle.charge_spread))
    bemf_per_speed = (
        0.93 * series * 3.9 / vehicle.top_speed if vehicle.kind != "lfp" else 0.93 * series * 3.3 / vehicle.top_speed
    )
    motor_ohm = 0.06 * series * 3.7 / vehicle.motor_limit
    charge, slow, speed, motor, bus = (
        vehicle.charge,
        [0.0, 0.0],
        0.0,
        0.0,
        vehicle.resting(vehicle.charge).item() * series,
    )
    fet = vehicle.temperature + 3
    over_since: float | None = None
    low_since: float | None = None
    trip: float | None = None
    trip_end = np.inf
    trip_name = ""
    fault_until, fault_code = -1.0, 0
    dead_until = -1.0
    boots: list[float] = []
    was_alive = True
    regen_open_until = -1.0
    wobble = 0.0
    noise = rng.normal(0, 1, steps).tolist()
    forced, wish = plan.forced.tolist(), (plan.wish * vehicle.top_speed).tolist()
    slope, cap = plan.slope.tolist(), plan.cap.tolist()
    limit, brisk = vehicle.motor_limit, plan.briskness
    resting = _resting_table(vehicle)
    for i in range(steps):
        now = i * STEP
        rest = resting[min(max(int(charge * 1000), 0), 1000)]
        if charge > 1:
            rest += (charge - 1) * 6.0
        slow_sum = slow[0] + slow[1]
        open_voltage = rest * series - slow_sum * total_slow
        board_open = next((name for start, end, name in events.board_opens if start <= now < end), None)
        if trip is not None and now < trip_end:
            board_open = trip_name
        is_open = board_open is not None or _inside(events.open_discharge, now)
        no_charge = _inside(events.open_charge, now) or now < regen_open_until
        lost = _inside(events.throttle_lost, now)
        # what the rider asks for
        bemf = bemf_per_speed * speed
        wobble += (-wobble * 0.5 + noise[i] * 0.35) * STEP
        if forced[i] == forced[i]:
            ask = forced[i] * vehicle.motor_limit
        else:
            gap = wish[i] - speed
            hold = (0.022 * vehicle.mass * 9.81 + vehicle.drag * speed * speed + slope[i] * vehicle.mass * 9.81) / (
                MODULATION * bemf_per_speed
            )
            ask = limit * brisk * min(max(gap * 0.35, -0.45), 1.0) + hold * (1 + wobble) * (wish[i] > 0)
            if gap < -0.4:
                ask = min(ask, limit * brisk * max(gap * 0.12, -0.35))
            if wish[i] == 0 and speed < 0.5:
                ask = 0.0
        ask = min(max(ask, -0.6 * limit), limit)
        out["throttle"][i] = 0.0 if lost else ask / limit
        if lost:
            ask = 0.0
        code = next((code for start, end, code in events.faults if start <= now < end), 0)
        if code:
            fault_until, fault_code = now + STEP, code
        faulted = now < fault_until
        if faulted:
            ask = 0.0
        if ask < 0 and speed < 0.6:
            ask = 0.0
        motor += (ask - motor) * (0.35 if abs(ask) > abs(motor) else 0.5)
        if faulted or lost:
            motor = 0.0
        # controller limits
        heat = (
            1.0
            if fet < vehicle.fet_start
            else max(0.0, (vehicle.fet_end - fet) / (vehicle.fet_end - vehicle.fet_start))
        )
        motor = min(motor, vehicle.motor_limit * heat)
        fold = min(max((bus - vehicle.cut_end) / (vehicle.cut_start - vehicle.cut_end), 0.0), 1.0)
        upper = min(vehicle.battery_limit * fold, cap[i])
        duty = min(max((bemf + motor_ohm * motor) / max(bus, 1.0), 0.0), 0.95)
        if bemf + motor_ohm * motor > 0.95 * bus and motor > 0:
            motor = max(0.0, (0.95 * bus - bemf) / motor_ohm)
        battery = MODULATION * duty * motor
        if battery > upper:
            motor, battery = motor * upper / battery, upper
        if battery < -vehicle.regen_limit:
            motor, battery = motor * vehicle.regen_limit / -battery, -vehicle.regen_limit
        battery += 0.08 if not faulted else 0.06
        # the way to the pack
        if is_open:
            pack_current = 0.0
            pack_voltage = open_voltage
            if not faulted and motor > 1 and now >= dead_until:
                fault_until, fault_code = now + 0.55, 2
            motor, battery = 0.0, 0.0
            bus = max(0.95 * bemf, bus - max((bus - 0.95 * bemf) * 0.75, 1.6))
            if bus < 9.5:
                dead_until = now + 1.5
        elif no_charge and battery < -0.3:
            pack_current = 0.0
            pack_voltage = open_voltage
            bus = vehicle.controller_maximum + abs(float(noise[i])) * 0.4
            fault_until, fault_code = now + 0.55, 1
            motor, battery = 0.0, 0.0
        else:
            pack_current = battery
            pack_voltage = open_voltage - pack_current * total_now
            target = pack_voltage - (DIODE if no_charge else 0.0)
            bus = max(target, bus - (bus - target) * 0.6) if bus > target + 1.5 else target
            if bus > vehicle.controller_maximum:
                fault_until, fault_code = now + 0.55, 1
                motor = 0.0
        # the board watches
        if events.watches and trip is None:
            cell_charge = vehicle.charge + lowest_offset - (vehicle.charge - charge) / lowest_share
            cell_rest = resting[min(max(int(cell_charge * 1000), 0), 1000)]
            cell_low = cell_rest - pack_current * weakest - slow_sum * most_slow
            over_since = (
                (over_since if over_since is not None else now) if pack_current > vehicle.over_current else None
            )
            low_since = (low_since if low_since is not None else now) if cell_low < vehicle.cell_minimum else None
            if over_since is not None and now - over_since >= vehicle.over_current_delay:
                trip, trip_name = now + STEP, "over-current"
            elif low_since is not None and now - low_since >= 1.0:
                trip, trip_name = now + STEP, "under-voltage"
            if trip is not None:
                trip_end = np.inf if events.latches else trip + events.returns_after
                if events.log_ends_after_trip is not None:
                    events.log_ends = trip + events.log_ends_after_trip
        if events.regen_opens_cell is not None and battery < -1:
            high = rest - slow_sum - pack_current * own * 0.6 + float(np.max(vehicle.charge_spread)) * 0.8
            if high > events.regen_opens_cell:
                regen_open_until = now + 8.0
        # motion
        force = MODULATION * bemf_per_speed * motor
        resist = 0.022 * vehicle.mass * 9.81 * (speed > 0.05) + vehicle.drag * speed * speed
        resist += slope[i] * vehicle.mass * 9.81 * (speed > 0.05)
        if (is_open or faulted or lost) and speed > 0:
            resist += 12.0
        if wish[i] == 0 and forced[i] != forced[i]:
            resist += 0.8 * vehicle.mass * (speed > 0.05)
        speed = max(0.0, speed + (force - resist) / vehicle.mass * STEP)
        # what it leaves
        charge -= pack_current * STEP / 3600 / vehicle.capacity
        for k, (tau, share) in enumerate(SLOW):
            slow[k] += (share * own * pack_current - slow[k]) * STEP / tau
        fet += (vehicle.fet_heating * 0.9 * (motor / limit) ** 2 - 0.006 * (fet - vehicle.temperature)) * STEP
        gone = now < dead_until or _inside(events.reboot, now)
        if gone:
            was_alive = False
        elif not was_alive:
            boots.append(now)
            was_alive = True
        alive[i] = not gone
        out["bus"][i], out["pack"][i], out["current"][i] = bus, pack_voltage, battery
        out["pack_current"][i], out["motor"][i], out["duty"][i] = pack_current, motor, duty if not faulted else 0.0
        out["speed"][i], out["fet"][i], out["charge"][i], out["slow"][i] = speed, fet, charge, slow_sum
        fault[i] = fault_code if now < fault_until else 0
        discharge_on[i] = board_open is None
        charge_on[i] = not no_charge
        protection[i] = board_open or ""
    out = {name: np.asarray(column) for name, column in out.items()}
    if events.log_ends is not None:
        alive[int(events.log_ends / STEP) :] = False
    return World(
        vehicle,
        np.arange(steps) * STEP,
        out["bus"],
        out["pack"],
        out["current"],
        out["pack_current"],
        out["motor"],
        out["duty"],
        out["speed"],
        fault,
        discharge_on,
        charge_on,
        alive,
        out["fet"],
        out["charge"],
        out["slow"],
        out["throttle"],
        protection,
        boots,
        trip,
    )
