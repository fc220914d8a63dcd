"""DarknessBot: ride logs of electric unicycles, written by a phone."""

from __future__ import annotations

from typing import ClassVar

from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .captions import read_captions
from .columns import add_columns
from .darknessbot_family import COLUMNS, family_member, read_family
from .mac_address import mac_address


class DarknessBot(Parser):
    """DarknessBot CSV files, single or out of a backup.

    Comma-separated with a header: `Date,Speed,Voltage,PWM,Current,Power,Battery level,Total mileage,Temperature,Pitch,
    Roll,Latitude,Longitude,Altitude`, in another dialect in another order and with `GPS Speed`. `Date` is local time
    without a zone, `2025-05-30T20:17:22.000000` or `30.05.2025 20:17:22.000`; a row every one or two seconds. Units:
    km/h, V, A, W, percent, km, degC, deg, m; PWM, pitch and roll may be empty. The mileage counts the life of the
    wheel or, where it starts at 0, the trip. The file is named after the MAC address of the wheel and the date
    (`187A3E9C56FC_27.03.2026.csv`); a backup (`.dbb`) is a zip archive of such files and a settings file.

    Current and power have the sign the wheel reports, which differs between makers and is told from the ride itself.
    """

    name: ClassVar[str] = "darknessbot"
    title: ClassVar[str] = "DarknessBot ride log (CSV, or .dbb backup)"
    device: ClassVar[str] = "Electric unicycle, logged by DarknessBot on a phone"
    roles: ClassVar[tuple[Role, ...]] = (Role.WHEEL,)
    gives: ClassVar[tuple[str, ...]] = (*dict.fromkeys(column.channel for column in COLUMNS), "distance")
    clock: ClassVar[str] = "local time of the phone, without a zone"

    def sniff(self, source: Source) -> Sniff:
        """Look for the captions, and that they are not those of EUC Planet."""
        member = family_member(read_captions(source.head))
        if member == self.name:
            return Sniff.yes("DarknessBot header")
        if member:
            return Sniff.no("the header is that of EUC Planet")
        return Sniff.no("Date, Speed, Voltage, Battery level, Total mileage or a position is not in the header")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the ride.

        Raises:
            ParseError: If no row can be used.
        """
        rows = read_family(source, COLUMNS, options.zone, "DarknessBot", ("altitude", "gps speed"))
        builder = LogBuilder(rows.seconds, rows.lines, "Date")
        found = add_columns(builder, rows.frame, rows.columns, finite=True)
        identity = Identity(
            device="Electric unicycle", serial=mac_address(source.member, source.path), software="DarknessBot"
        )
        damage = (*rows.damage, *found)
        return [builder.build(Role.WHEEL, self.name, clock=rows.clock, identity=identity, damage=damage)]
