"""JK's old serial port (tagged fields behind 4E 57)."""

import struct

from ridelog.damage import DamageKind
from ridelog.parsers.frames.jk_uart import JkUart

from . import jk_bytes as jk
from .jk_reading import NO_CLOCK, first


def uart(*frames):
    (log,) = JkUart().logs(jk.packets(*frames), NO_CLOCK, "test")
    return log


def test_uart_live_values():
    log = uart(jk.uart(jk.uart_fields()))
    row = first(log)
    assert row["cell_voltages"] == [3.7, 3.701, 3.702, 3.703]
    assert row["pack_voltage"] == 14.81
    assert row["battery_current"] == 12.34
    assert row["soc"] == 0.55
    assert row["charge_fet"] is row["discharge_fet"] is True
    assert row["battery_temperatures"] == [25, -5]
    assert log.settings["discharge_current_limit"] == 60
    assert log.settings["charge_temperature_min"] == -20


def test_uart_charging_and_alarms():
    row = first(uart(jk.uart(jk.uart_fields(t84=struct.pack(">H", 0x8000 | 500), t8B=struct.pack(">H", 1 << 6 | 1)))))
    assert row["battery_current"] == -5
    assert row["protections"] == ["discharge-overcurrent"]
    assert row["warnings"] == ["low-soc"]


def test_uart_sign_of_another_version_is_not_guessed():
    log = uart(jk.uart(jk.uart_fields(tC0=bytes([0]))))
    assert not log.has("battery_current")
    assert first(log)["current (raw)"] == 1234
    assert any("sign of the current" in damage.message for damage in log.damage)


def test_uart_checksum():
    bad = bytearray(jk.uart(jk.uart_fields()))
    bad[20] ^= 4
    assert JkUart().count(jk.packets(bytes(bad))) == 0
    log = uart(jk.uart(jk.uart_fields()), bytes(bad))
    assert [damage.kind for damage in log.damage] == [DamageKind.CHECKSUM]
