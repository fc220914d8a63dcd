"""Which causes a set of logs cannot tell apart, because none of them shows what would decide."""

from __future__ import annotations

from typing import Final

#: Without a board's log, an opened path is an opened path.
_OPEN_UNDER_LOAD: Final = frozenset(
    {
        "bms-overcurrent-trip",
        "bms-undervoltage-trip",
        "bms-short-circuit-trip",
        "bms-overtemperature-trip",
        "discharge-fet-commanded-off",
        "power-path-open",
    }
)
#: What a board's log without FET states and flags shows alike: the load is gone, no cell was low and nothing was hot.
_LOAD_GONE: Final = frozenset({"bms-short-circuit-trip", "discharge-fet-commanded-off", "power-path-open"})
_OPEN_IN_REGEN: Final = frozenset({"charge-fet-open-in-regen", "power-path-open"})
#: What no sound cells have: resistance of a group at 25 degC times capacity, ohm Ah (sound ones 0.03 to 0.15; a ride tells
#: the resistance within a tenth and a board the capacity within as much), and a sag at the ride's high current, as a share
#: of the full voltage.
_WORN_OHM_AH, _WORN_SAG = 0.25, 0.155
#: The most that sound energy cells have of it, ohm Ah: the same load takes as much from a sound pack of that capacity.
_SOUND_OHM_AH: Final = 0.15
#: Share of its capacity that a group keeps, from which what it lacks is within what sound groups differ by over a ride.
_ONE_OF_MANY: Final = 0.88
#: Difference of the cells that starts a balancer whatever it is set to, with room for what two cells are off by, V (CELL-01).
_ANY_TRIGGER_V: Final = 0.035
#: Time above a full pack's voltage from which braking is more than a moment of it, s.
_OVERCHARGE_S: Final = 0.5
#: Share of a small pack that a board which stays awake takes a day: 20 mA of 5 Ah (REST-02).
_STANDBY_A_DAY: Final = 0.1
#: A third of the range over which a controller folds back by its firmware's defaults, K.
_LITTLE_FOLD_C: Final = 5.0
#: What any board waits at most before it acts on a low cell, s.
_BOARD_WAITS_S: Final = 5.0
#: A lamp, a display or a controller that waits draw up to this at a stand, A.
_LAMP_A: Final = 1.2
#: A current that a cutoff holds looks like one that a limit holds when it is held for less than this, s, or moves by less than
#: this share, or by less than so many times what the road shakes it by within a second: the pack's own resistance then turns the
#: cloud of voltage and current the other way.
_HELD_S, _MOVES, _FLUTTERS = 6.0, 0.05, 2.0
#: Stops of the motor without any trace but the stop itself.
_SILENT_STOP: Final = frozenset({"remote-input-loss", "none"})


def indistinguishable(cause: str, suite: str, facts: dict[str, float | str]) -> list[str]:
    """Causes that explain the logs of a suite as well as the true one does.

    Args:
        cause: True cause.
        suite: The logs there are.
        facts: Facts of the case: `in_regen` marks a path that opened while braking, `kill_switch` a stop the rider wanted,
            `at_rest` a switch-off at standstill, `controller_died` a link that ended with the event, `over_current_fault` a
            short that the controller reported, `slow_motor` a restart at a speed at which the motor does not hold the bus,
            `count_unknown` a number of cells that no log and no setting tells; `restart_only`, `last_load_a`, `polls_missed`
            and `opened_at_a` what the rows and polls of a loss hold (`shown_loss`), `no_fets` a table without the switches,
            `count_set_wrong` a number of cells in the controller that is wrong and that the voltage at rest would fit.
    """
    board = any(part in suite for part in ("jk", "ant", "jbd", "daly", "plain", "bms"))
    result: set[str] = set()
    if not board and cause in _OPEN_UNDER_LOAD and "in_regen" not in facts:
        result |= _OPEN_UNDER_LOAD
    if not board and (cause == "charge-fet-open-in-regen" or (cause == "power-path-open" and "in_regen" in facts)):
        result |= _OPEN_IN_REGEN
    if cause in _OPEN_IN_REGEN and "in_regen" in facts and ("polls_missed" in facts or "no_fets" in facts):
        # Open for moments while braking: only a poll within them tells the board's switch from a contact.
        result |= _OPEN_IN_REGEN
    if "restart_only" in facts and (cause == "power-path-open" or (not board and cause in _OPEN_UNDER_LOAD)):
        # All that is left of the loss is a restart between two ordinary voltages, as a failing supply of its own leaves it.
        result.add("controller-brownout")
    if cause == "remote-input-loss" or "kill_switch" in facts:
        result |= _SILENT_STOP
    if cause == "balancer-fault" and "daly" in suite and "never_started" in facts:
        # These boards wait for 4.18 V a cell, which no pack keeps at rest: an idle balancer is no sign there (CELL-07).
        result |= {"cell-imbalance", "none"}
    told = "jk" in suite or float(facts.get("apart_v", 1.0)) > _ANY_TRIGGER_V
    if cause == "balancer-fault" and "never_started" in facts and not told:
        # Boards wait for 15 to 25 mV, and these do not log for how much: a smaller difference may rightly stand.
        result |= {"cell-imbalance", "none"}
    if cause == "weak-cell-group" and float(facts.get("capacity_factor", 0.0)) > _ONE_OF_MANY:
        # One of many parallel cells: a ride takes too little for its share of capacity or resistance to stand out.
        result.add("cell-imbalance")
    if cause in ("weak-cell-group", "cell-imbalance") and "flat" in facts:
        # In the flat middle of iron phosphate no voltage tells a charge, nor what a group has less of it.
        result.add("none")
    if "at_rest" in facts:
        # Who switched off a parked vehicle, its rider or somebody else, no log tells.
        result.add("none")
    if (not board or suite == "express+bms") and "controller_died" in facts:
        # The log of a controller that dies within a few samples ends like that of an app that was closed. What a controller
        # relays of the BMS ends with it.
        result.add("none")
    elif cause == "power-path-open" and float(facts.get("last_load_a", _LAMP_A)) < _LAMP_A:
        # No row of it, at next to no load: so it looks where a rider lets go and stops the log, or switches off and on.
        result.add("none")
    alone = board and "vesc" not in suite and "express" not in suite
    if alone and cause == "discharge-fet-commanded-off" and float(facts.get("opened_at_a", _LAMP_A)) < _LAMP_A:
        # No poll shows more than a lamp draws: a board that is switched off at a stand looks the same.
        result.add("none")
    if "over_s" in facts:
        # Volts alone make a pack of two more cells full, and what meters and leads are off by is no overcharge.
        if ("count_unknown" in facts and not board) or float(facts["over_s"]) < _OVERCHARGE_S:
            result.add("none")
    elif "count_unknown" in facts:
        # A cutoff that begins early for 12 cells is an ordinary one for 13: without cells and a right setting it is either.
        result.add("controller-low-voltage-cutoff")
    if "slow_motor" in facts:
        # A contact that parts in the lead and the controller's own supply both make it start anew at an ordinary voltage.
        result.add("power-path-open")
    if cause == "bms-short-circuit-trip" and "over_current_fault" not in facts:
        if suite == "express+bms":
            result |= _LOAD_GONE
        elif "plain" in suite:
            result.add("discharge-fet-commanded-off")
    if cause == "high-resistance-pack" and _as_healthy_cells(suite, facts):
        result.add("none")
    # Only the JK's answers carry its limits, and none how long it waits: above the end of discharge of the cells, or below the
    # limit for no longer than boards wait, some board is rightly on.
    below = facts.get("below_limit_s" if "jk" in suite else "below_end_s", _BOARD_WAITS_S)
    if cause == "bms-protection-ineffective" and float(below) < _BOARD_WAITS_S:
        result.add("none")
    if "config" not in suite and float(facts.get("above_start_c", _LITTLE_FOLD_C)) < _LITTLE_FOLD_C:
        # Where a controller starts to fold back is a setting: a third of the usual range may as well be none.
        result.add("none")
    if cause == "controller-low-voltage-cutoff" and suite == "vesc+config" and "count_set_wrong" in facts:
        # An ordinary cutoff of the cells that are there begins early for the fewer that are set, and the voltage is theirs too.
        result.add("controller-configuration")
    if cause == "controller-low-voltage-cutoff" and "config" not in suite and _as_a_limit(facts):
        result.add("none")
    if cause == "parasitic-drain" and "plain" in suite and float(facts.get("per_day", 1.0)) < _STANDBY_A_DAY:
        # Without the capacity nobody knows whether that is a light left on a large pack or a small one's own board.
        result.add("none")
    if cause == "bms-short-circuit-trip" and "daly" in suite:
        result.add("bms-overcurrent-trip")
    without_fets = suite == "express+bms" or "no_fets" in facts
    if suite == "express+bms" or "plain" in suite:
        # Neither carries protection flags, the first not even those of the FETs, and the other not always.
        if cause in ("discharge-fet-commanded-off", "power-path-open"):
            result |= {"discharge-fet-commanded-off", "power-path-open"}
        if without_fets and cause in _LOAD_GONE - {"bms-short-circuit-trip"}:
            result |= _LOAD_GONE
        if without_fets and cause in _OPEN_IN_REGEN:
            result |= _OPEN_IN_REGEN
    return sorted(result - {cause})


def _as_a_limit(facts: dict[str, float | str]) -> bool:
    """What the cutoff leaves stands as still as what a set limit leaves, and nobody logs where either is set."""
    moves = float(facts.get("left_moves", 1.0))
    few = float(facts.get("held_s", _HELD_S)) < _HELD_S
    return few or moves < max(_MOVES, _FLUTTERS * float(facts.get("flutter", 0.0)))


def _as_healthy_cells(suite: str, facts: dict[str, float | str]) -> bool:
    """Worn power cells have the resistance times capacity of sound energy cells, and nobody logs which cells they are.

    Where no board tells the capacity, the sag alone has to tell, and a sag that small packs have at full throttle does not.
    """
    told = any(part in suite for part in ("jk", "ant", "jbd", "daly"))
    if told and float(facts.get("group_ohm_ah", _WORN_OHM_AH)) < _SOUND_OHM_AH:
        return True
    if "group_ohm_ah" in facts:
        told = told and float(facts["group_ohm_ah"]) >= _WORN_OHM_AH
    elif told or "plain" in suite or "bms" in suite:
        # A thin lead: what the cells give and what arrives are measured on either side of it.
        return False
    return not told and float(facts.get("sag_share", 0.0)) < _WORN_SAG
