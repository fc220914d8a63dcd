"""The careful loop: the same ride while a FET bank is off or the lead is broken, and the bus lives on its capacitors.

A bus of a few millifarad changes by tens of volts in a millisecond, far below the time step. What happens inside a
step is therefore worked out, not integrated: where the voltage ends up, and whether a limit was passed on the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .faults import OVER_VOLTAGE, UNDER_VOLTAGE

if TYPE_CHECKING:
    from .state import Constants, Row, State, Wish

#: Forward voltage of the body diodes of a FET bank, V.
BODY_DIODE_V: Final = 0.7
#: Two body diodes of the power stage that rectify the motor's own voltage, V.
_RECTIFIER_V: Final = 1.4
#: Line to line amplitude per phase amplitude.
_LINE: Final = 1.732
#: Rate at which the firmware looks at the bus voltage, 1/s.
_TICKS: Final = 25_000.0


def overshoot(current_a: float, capacitance_f: float, limit_v: float, *, integrating: bool) -> float:
    """Volts above the limit at which the over-voltage fault trips while `current_a` charges the bus.

    Newer firmware adds up the volts above the limit at every tick and trips at 5 % of the limit; older firmware trips
    at the eighth sample above it.
    """
    slope = current_a / capacitance_f / _TICKS
    if not integrating:
        return 8 * slope
    total = excess = 0.0
    for _ in range(400):
        excess += slope
        total += excess
        if total > 0.05 * limit_v:
            break
    return excess


def run_open(
    state: State,
    constants: Constants,
    wishes: list[Wish],
    quickness: float,
    gain: float,
    resistance_scale: float,
) -> tuple[list[Row], int]:
    """Advance the ride with the path open in one or both directions; arguments and result as `motion.run_closed`."""
    c = constants
    limits = c.controller
    step = c.step
    rows: list[Row] = []
    error_gain = gain / c.top_speed
    full_force = c.force * limits.motor_max
    most_change = quickness * step
    can_drive = state.lead_ok and state.discharge_on
    can_charge = state.lead_ok and state.charge_on
    drive_drop = 0.0 if state.charge_on else BODY_DIODE_V
    charge_drop = 0.0 if state.discharge_on else BODY_DIODE_V
    for target, grade, wobble, shake in wishes:
        trip = 0
        speed = state.speed
        if target > 0.2:
            wish = (target - speed) * error_gain + (c.rolling + c.drag * speed * speed) / full_force + wobble
        elif speed > 0.4:
            wish = -speed * error_gain * 0.8 - 0.08 + wobble
        else:
            wish = 0.0
            speed *= 0.9
        change = wish - state.throttle
        state.throttle += max(-most_change, min(most_change, change))
        state.throttle = max(-1.0, min(1.0, state.throttle))
        if state.boot_left > 0.0:
            state.boot_left -= step
            state.alive = state.boot_left <= 0.0
        back_emf = c.flux * speed
        rectified = _LINE * back_emf - _RECTIFIER_V
        source = _source_voltage(state, c, resistance_scale)
        live = state.motor_enabled and state.ride_enabled and state.alive
        if state.fault_left > 0.0:
            state.fault_left -= step
            live = False
            if state.fault_left <= 0.0:
                state.fault_left, state.fault_code = 0.0, 0
        motor = 0.0
        if live:
            motor = _wanted_current(state, c, speed, back_emf) * shake
        motor = state.motor_current + (motor - state.motor_current) * c.response if live else 0.0
        bus = max(state.bus_voltage, 1.0)
        drawn = 1.5 * c.motors * (back_emf * motor + c.winding * motor * motor) / bus
        net = drawn + (limits.standby_w / bus if state.alive else 0.002)
        pack_current = 0.0
        lead = c.connector + state.extra_ohm + c.joints
        swing = net * step / limits.bus_capacitance_f
        if can_drive and bus - swing <= source - drive_drop:
            pack_current = max(net, 0.0)
            bus = source - drive_drop - lead * pack_current
            if not state.alive and state.boot_left <= 0.0 and bus > 2 * limits.alive_v:
                state.boot_left = 1.2
        elif can_charge and net < 0.0 and bus - swing >= source + charge_drop:
            pack_current = net
            bus = source + charge_drop - lead * net
            if bus > limits.voltage_max:
                trip = OVER_VOLTAGE
        elif net < 0.0:
            above = overshoot(-net, limits.bus_capacitance_f, limits.voltage_max, integrating=limits.integrating_trip)
            if bus - swing > limits.voltage_max:
                bus = limits.voltage_max + above
                trip = OVER_VOLTAGE
                drawn = net
            else:
                bus -= swing
        else:
            floor = max(back_emf / c.headroom, 0.0) if motor > 0.5 else 0.0
            if motor > 0.5 and bus - swing < floor:
                if state.uv_trips or floor < limits.voltage_min:
                    bus = limits.voltage_min - 0.02 * limits.voltage_min
                    trip = UNDER_VOLTAGE
                else:
                    bus = max(floor, 0.5)
                motor = 0.0
                drawn *= 0.02
            else:
                bus = max(bus - swing, 0.2)
        if not trip and bus < rectified:
            bus = rectified
        if state.alive and bus < limits.alive_v and not trip:
            state.alive = False
            motor = 0.0
        push = c.force * motor - (c.weight * grade if target > 0.2 else 0.0)
        if speed > 0.05:
            push -= c.rolling + c.drag * speed * speed
            if target <= 0.2 or state.throttle < -0.1:
                push -= 0.12 * c.weight  # the rider's other brake, or a foot
        elif push < c.rolling:
            push = 0.0
        state.speed = max(speed + push / c.mass * step, 0.0)
        state.motor_current, state.bus_voltage = motor, bus
        state.slow_1 += (pack_current - state.slow_1) * c.rate_1
        state.slow_2 += (pack_current - state.slow_2) * c.rate_2
        state.used_ah += pack_current * step / 3600.0
        pack = source - c.joints * pack_current
        rows.append(
            (
                state.speed,
                motor,
                pack_current,
                drawn,
                bus,
                state.used_ah,
                state.slow_1,
                state.slow_2,
                state.hysteresis,
                state.throttle,
                state.fault_left,
                state.fault_code,
                pack,
                float(state.alive),
            )
        )
        if trip:
            return rows, trip
    return rows, 0


def _source_voltage(state: State, c: Constants, resistance_scale: float) -> float:
    """Voltage of the cells without the wiring, at the current of the last step (which is small here)."""
    place = (state.used_ah - c.first_ah) * c.per_ah
    index = int(place)
    part = place - index
    rest = c.open_circuit[index] + part * (c.open_circuit[index + 1] - c.open_circuit[index])
    slow = c.ratio_1 * state.slow_1 + c.ratio_2 * state.slow_2
    drop: float = c.ohmic[index] * resistance_scale * (slow + _recent_current(state, c))
    return float(rest - drop - c.hysteresis_v * state.hysteresis)


def _recent_current(state: State, c: Constants) -> float:
    """Pack current that the motor asks for now, for the drop over the cells."""
    if not (state.lead_ok and state.alive) or state.bus_voltage < 1:
        return 0.0
    current = 1.5 * c.motors * c.flux * state.speed * state.motor_current / state.bus_voltage
    if (current > 0 and not state.discharge_on) or (current < 0 and not state.charge_on):
        return 0.0
    return current


def _wanted_current(state: State, c: Constants, speed: float, back_emf: float) -> float:
    """Motor current the controller would regulate to, with all its limits."""
    limits = c.controller
    bus = max(state.bus_voltage, 1.0)
    per_ampere = max(1.5 * (back_emf + c.winding * state.motor_current) / bus, 1e-3)
    if state.throttle >= 0.0:
        wanted = state.throttle * limits.motor_max * state.drive_scale
        wanted = min(wanted, max((c.headroom * bus - back_emf) / c.winding, 0.0))
        most = limits.battery_max
        if bus < limits.cut_start:
            most *= max((bus - limits.cut_end) / (limits.cut_start - limits.cut_end), 0.0)
        return min(wanted, most / per_ampere)
    if speed <= 0.3:
        return 0.0
    return -min(-state.throttle * limits.motor_brake * state.brake_scale, limits.battery_regen / per_ampere)
