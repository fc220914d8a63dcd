"""The fast loop: rider, controller, motor and vehicle on a pack that is connected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .faults import OVER_VOLTAGE, UNDER_VOLTAGE

if TYPE_CHECKING:
    from .state import Constants, Row, State, Wish


def run_closed(
    state: State,
    constants: Constants,
    wishes: list[Wish],
    quickness: float,
    gain: float,
    resistance_scale: float,
) -> tuple[list[Row], int]:
    """Advance the ride with both FET banks on.

    Scalar on purpose: each step depends on the last one through the pack's voltage, and twenty numbers are faster in
    plain Python than in arrays.

    Args:
        state: The moment; left at the last step.
        constants: The numbers of this ride.
        wishes: What the rider wants in each step.
        quickness: Fastest throttle change, 1/s.
        gain: Throttle for a speed error of the whole top speed.
        resistance_scale: Resistance of the cells relative to the start (temperature).

    Returns:
        One row a step in the order of `state.COLUMNS`, and a fault code if the bus voltage raised one in the last
        step, else 0; it stops there.
    """
    c = constants
    limits = c.controller
    step, step_hours = c.step, c.step / 3600.0
    speed, motor, bus, used = state.speed, state.motor_current, state.bus_voltage, state.used_ah
    slow_1, slow_2, hysteresis = state.slow_1, state.slow_2, state.hysteresis
    throttle, fault_left, code = state.throttle, state.fault_left, state.fault_code
    drive_max = limits.motor_max * state.drive_scale
    brake_max = limits.motor_brake * state.brake_scale
    battery_max, battery_regen = limits.battery_max, limits.battery_regen
    cut_start, cut_end = limits.cut_start, limits.cut_end
    regen_start, regen_end = limits.regen_cut_start, limits.regen_cut_end
    voltage_max, voltage_min = limits.voltage_max, limits.voltage_min
    standby = limits.standby_w
    flux, winding, motors, force_per_a = c.flux, c.winding, c.motors, c.force
    mass, drag, rolling, weight = c.mass, c.drag, c.rolling, c.weight
    open_circuit, ohmic, first_ah, per_ah = c.open_circuit, c.ohmic, c.first_ah, c.per_ah
    ratio_1, ratio_2, rate_1, rate_2 = c.ratio_1, c.ratio_2, c.rate_1, c.rate_2
    lead = c.connector + state.extra_ohm
    joints = c.joints
    response, headroom_factor = c.response, c.headroom
    hysteresis_v, hysteresis_rate = c.hysteresis_v, c.hysteresis_rate
    full_force = force_per_a * limits.motor_max
    error_gain = gain / c.top_speed
    most_change = quickness * step
    live = state.motor_enabled and state.ride_enabled
    rows: list[Row] = []
    append = rows.append
    trip = 0
    for target, grade, wobble, shake in wishes:
        # The rider.
        if target > 0.2:
            wish = (
                (target - speed) * error_gain + (rolling + drag * speed * speed + weight * grade) / full_force + wobble
            )
        elif speed > 0.4:
            wish = -speed * error_gain * 0.8 - 0.08 + wobble
        else:
            wish = 0.0
            speed *= 0.9
        if -0.03 < wish < 0.03:
            wish = 0.0
        change = wish - throttle
        throttle += most_change if change > most_change else (-most_change if change < -most_change else change)
        throttle = 1.0 if throttle > 1.0 else (-1.0 if throttle < -1.0 else throttle)
        # The controller.
        back_emf = flux * speed
        if fault_left > 0.0:
            fault_left -= step
            motor = wanted = 0.0
            if fault_left <= 0.0:
                fault_left, code = 0.0, 0
        elif not live:
            motor *= 0.5
            wanted = 0.0
        elif throttle >= 0.0:
            wanted = throttle * drive_max
            room = (headroom_factor * bus - back_emf) / winding
            if wanted > room:
                wanted = room if room > 0.0 else 0.0
            most = battery_max
            if bus < cut_start:
                most *= (bus - cut_end) / (cut_start - cut_end) if bus > cut_end else 0.0
            per_ampere = 1.5 * (back_emf + winding * motor) / bus
            if per_ampere * wanted > most:
                wanted = most / per_ampere
        else:
            wanted = throttle * brake_max if speed > 0.3 else 0.0
            most = battery_regen
            if bus > regen_start:
                most *= (regen_end - bus) / (regen_end - regen_start) if bus < regen_end else 0.0
            per_ampere = 1.5 * (back_emf + winding * motor) / bus
            if per_ampere * wanted < -most:
                wanted = -most / per_ampere
        motor += (wanted * shake - motor) * response
        drawn = 1.5 * motors * (back_emf * motor + winding * motor * motor) / bus
        # The pack.
        current = drawn + standby / bus
        place = (used - first_ah) * per_ah
        index = int(place)
        part = place - index
        slow = ratio_1 * slow_1 + ratio_2 * slow_2
        cells = (ohmic[index] + part * (ohmic[index + 1] - ohmic[index])) * resistance_scale
        pack = (
            open_circuit[index]
            + part * (open_circuit[index + 1] - open_circuit[index])
            - cells * (current + slow)
            - joints * current
        )
        if hysteresis_v:
            pack -= hysteresis_v * hysteresis
            size = current if current > 0 else -current
            hysteresis += size * hysteresis_rate * ((1.0 if current > 0 else -1.0) - hysteresis)
        bus = pack - lead * current
        slow_1 += (current - slow_1) * rate_1
        slow_2 += (current - slow_2) * rate_2
        used += current * step_hours
        # The vehicle.
        push = force_per_a * motor - weight * grade * (1.0 if target > 0.2 else 0.0)
        if speed > 0.05:
            push -= rolling + drag * speed * speed
        elif push < rolling:
            push = 0.0
        speed += push / mass * step
        if speed < 0.0:
            speed = 0.0
        append(
            (speed, motor, current, drawn, bus, used, slow_1, slow_2, hysteresis, throttle, fault_left, code, pack, 1.0)
        )
        if (bus > voltage_max or bus < voltage_min) and fault_left <= 0.0:
            trip = OVER_VOLTAGE if bus > voltage_max else UNDER_VOLTAGE
            break
    state.restore(rows[-1])
    return rows, trip
