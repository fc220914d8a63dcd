"""From the packets of a carrier to logs: each device's stream is given to the protocols whose frames are in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage
from ridelog.errors import ParseError, RefusedError
from ridelog.log import Log

from . import PROTOCOLS
from .protocol import Packet, Protocol

#: Every channel that the protocols can give.
GIVES: Final[tuple[str, ...]] = (
    "pack_voltage",
    "battery_current",
    "power",
    "soc",
    "soh",
    "remaining_capacity",
    "full_charge_capacity",
    "nominal_capacity",
    "cycle_count",
    "cell_voltages",
    "cell_wire_resistances",
    "cell_voltage_max",
    "cell_voltage_min",
    "cell_voltage_average",
    "cell_voltage_delta",
    "cell_max_index",
    "cell_min_index",
    "cell_count",
    "discharge_fet",
    "charge_fet",
    "precharge_fet",
    "discharge_fet_state",
    "charge_fet_state",
    "balancing",
    "cells_balancing",
    "balance_current",
    "protections",
    "warnings",
    "battery_temperature",
    "battery_temperatures",
    "bms_temperature",
    "bms_fet_temperature",
    "balancer_temperature",
    "discharge_fet_drop",
    "discharge_gate_voltage",
    "charge_gate_voltage",
    "charger_connected",
    "load_connected",
    "heating",
    "humidity",
    "bms_state",
    "uptime",
    "event",
    "event_text",
    "event_code",
    "setting",
    "setting_text",
    "setting_value",
    "setting_unit",
)

#: A protocol with fewer than this share of the frames of the strongest one in a stream is there by chance: a checksum
#: of 8 bits passes one time in 256 (engineering judgement).
_LEAST_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Stream:
    """What one device and its host said to each other.

    Attributes:
        packets: Both directions, in order of arrival.
        device: Address or id of the device, "" when the carrier does not say.
        clock: Clock of this stream where it is not that of the whole capture.
    """

    packets: tuple[Packet, ...]
    device: str = ""
    clock: Clock | None = None


def count_frames(packets: Sequence[Packet]) -> int:
    """Number of frames of any protocol with a correct checksum, in either direction."""
    return sum(protocol.count(turned) for turned in (packets, _turned(packets)) for protocol in PROTOCOLS)


def capture_logs(
    streams: Iterable[Stream],
    *,
    clock: Clock,
    parser: str,
    path: str,
    family: str = "",
    zone: str = "",
    damage: Sequence[Damage] = (),
) -> list[Log]:
    """Decode the streams of a capture.

    Args:
        streams: One for each device.
        clock: Clock of the carrier.
        parser: Name of the carrier's parser.
        path: Name of the file, for the message of an error.
        family: Family of the BMS when the user said it; only its protocols are then tried.
        zone: Zone of local stamps when the user said it; records that a BMS kept by its own clock are in the standard
            time of that zone, all year round.
        damage: What was found while reading the carrier.

    Raises:
        ParseError: If there is no frame with a correct checksum.
        RefusedError: If there are frames, but none that measures anything.
    """
    logs: list[Log] = []
    heard: set[str] = set()
    for stream in streams:
        packets, protocols = _spoken(stream.packets, family)
        for protocol in protocols:
            heard.add(protocol.name)
            for log in protocol.logs(packets, stream.clock or clock, parser):
                if stream.device and not log.identity.serial:
                    log.identity = replace(log.identity, serial=stream.device)
                if log.clock.basis is ClockBasis.LOCAL and (stream.clock or clock).basis is not ClockBasis.LOCAL:
                    log.clock = replace(log.clock, zone=standard_offset(zone, log.clock.start or 0.0))
                logs.append(log)
    if heard and not logs:
        raise RefusedError(
            f"holds frames of a BMS ({', '.join(sorted(heard))}), but only questions and commands, no measurement.",
            path=path,
            advice="Capture again while the app shows live values.",
        )
    if not logs:
        raise ParseError(
            f"holds no frame of a {family or 'JK, ANT, JBD or Daly'} BMS with a correct checksum.",
            path=path,
            advice="Capture again while the app of the BMS is connected and shows live values.",
        )
    logs[0].damage = (*damage, *logs[0].damage)
    return logs


def standard_offset(zone: str, moment: float) -> str:
    """Offset of a zone in standard time in the year of a moment (s since 1970), as "+01:00"; "" for no known zone."""
    try:
        year = datetime.fromtimestamp(moment, UTC).year
        offsets = [datetime(year, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 7)] if zone else []
    except (ValueError, OSError, OverflowError, KeyError):
        return ""
    known = [offset for offset in offsets if offset is not None]
    if not known:
        return ""
    minutes = int(min(known).total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _spoken(packets: Sequence[Packet], family: str) -> tuple[Sequence[Packet], list[Protocol]]:
    """The protocols spoken in a stream, and the stream with its directions the right way round.

    What answers is the device. Where the frames of answers all go the other way, the capture was taken on the side of
    the device and its directions are turned round.
    """
    candidates = [protocol for protocol in PROTOCOLS if not family or protocol.family == family]
    for turned in (packets, _turned(packets)):
        counts = [(protocol, protocol.count(turned)) for protocol in candidates]
        best = max((count for _, count in counts), default=0)
        if best:
            return turned, [protocol for protocol, count in counts if count and count >= _LEAST_SHARE * best]
    return packets, []


def _turned(packets: Sequence[Packet]) -> list[Packet]:
    if not any(packet.outgoing for packet in packets):
        return []
    return [replace(packet, outgoing=not packet.outgoing) for packet in packets]
