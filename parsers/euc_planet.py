"""EUC Planet: ride logs of electric unicycles, written by a phone."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Final

from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .captions import read_captions
from .columns import Column, add_columns
from .darknessbot_family import COLUMNS, family_member, read_family
from .mac_address import format_mac, mac_address

_MIXED_SPEED: Final = "km/h to m/s; while no wheel is connected the app writes the phone's satellite speed here"
_COLUMNS: Final[tuple[Column, ...]] = (
    *(replace(column, conversion=_MIXED_SPEED) if column.channel == "speed" else column for column in COLUMNS),
    Column("extra", "event_text"),
)


class EucPlanet(Parser):
    """EUC Planet CSV files, all versions.

    Comma-separated with a header: `Date,Speed,Voltage,Temperature,Battery level,Altitude,Latitude,Longitude,Total
    mileage,GPS speed`, and then, by version, `Ext GPS speed` or `Current,PWM,G-Force,G-Force X,G-Force Y`, `TPMS kPa`,
    `Torque,Phase current`, `Extra`. `Date` is local time without a zone (`01.06.2026 20:24:31.204`), about one row a
    second, written out every ten rows. Units: km/h, V, degC, percent, m, km, A, g. Latitude and longitude are 0
    without a fix. `Speed` is the phone's satellite speed while no wheel is connected: two sources in one column.
    `Extra` holds events as `key=value`.

    The current has the sign the wheel reports, which differs between makers and is told from the ride itself.
    """

    name: ClassVar[str] = "euc-planet"
    title: ClassVar[str] = "EUC Planet ride log (CSV)"
    device: ClassVar[str] = "Electric unicycle, logged by EUC Planet on a phone"
    roles: ClassVar[tuple[Role, ...]] = (Role.WHEEL,)
    gives: ClassVar[tuple[str, ...]] = (*dict.fromkeys(column.channel for column in COLUMNS), "distance", "event_text")
    clock: ClassVar[str] = "local time of the phone, without a zone"

    def sniff(self, source: Source) -> Sniff:
        """Look for the captions, and that they are not those of DarknessBot."""
        member = family_member(read_captions(source.head))
        if member == self.name:
            return Sniff.yes("EUC Planet header")
        if member:
            return Sniff.no("the header is that of DarknessBot")
        return Sniff.no("Date, Speed, Voltage, Battery level, Total mileage or a position is not in the header")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the ride.

        Raises:
            ParseError: If no row can be used.
        """
        rows = read_family(source, _COLUMNS, options.zone, "EUC Planet", ("altitude",))
        builder = LogBuilder(rows.seconds, rows.lines, "Date")
        found = add_columns(builder, rows.frame, rows.columns, finite=True)
        return [
            builder.build(
                Role.WHEEL,
                self.name,
                clock=rows.clock,
                identity=_identity(rows.notes, source),
                damage=(*rows.damage, *found),
            )
        ]


def _identity(written: dict[str, str], source: Source) -> Identity:
    address = format_mac(written.get("wheel.mac", "")) or mac_address(source.member, source.path)
    return Identity(
        device="Electric unicycle",
        family=written.get("wheel.brand", ""),
        model=written.get("wheel.model", ""),
        firmware=written.get("wheel.firmware", ""),
        serial=address or written.get("wheel.serial", ""),
        software="EUC Planet",
    )
