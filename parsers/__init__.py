"""One module a source format. To add one: write the module, add a line for its class to `PARSERS`.

The words behind a class are some that stand at the start of its files; see `ParserEntry`.
"""

from __future__ import annotations

from typing import Final

from ridelog.parsing import ParserEntry


def _entry(place: str, *words: str) -> ParserEntry:
    return ParserEntry(f"{__name__}.{place}", words)


PARSERS: Final[tuple[ParserEntry, ...]] = (
    _entry("vesc_tool:VescTool", "ms_today"),
    _entry("vesc_express:VescExpress", ":0:0;", ":0:1;", ":1:0;", ":1:1;"),
    _entry("vesc_faults:VescFaults", "fault_code_", "faults were registered", "no faults registered"),
    _entry("vesc_config:VescConfig", "configuration"),
    _entry("wheellog:WheelLog", "totaldistance"),
    _entry("wheellog_raw:WheelLogRaw"),
    _entry("euc_world:EucWorld", "datetime"),
    _entry("euc_world_xlsx:EucWorldXlsx", "pk\3\4"),
    _entry("darknessbot:DarknessBot", "total mileage"),
    _entry("euc_planet:EucPlanet", "total mileage"),
    _entry("m365_power:M365Power", "recoveredpower"),
    _entry("nine_b_metrics:NineBMetrics", "valor"),
    _entry("gpx:Gpx", "gpx"),
    _entry("ackmaniac:Ackmaniac", "inpvoltage"),
    _entry("cardputer:Cardputer", "ts_ms"),
    _entry("float_control:FloatControl", "time(s)"),
    _entry("floaty_csv:FloatyCsv", "batteryvolts"),
    _entry("floaty_json:FloatyJson", "boardid", "batteryvolts"),
    _entry("freesk8:FreeSk8", "format_esc", ",esc,", ",values,"),
    _entry("metr_json:MetrJson", "elapsed", "ahregen", "esccount"),
    _entry(
        "ponewheel:POnewheel", "speed_rpm", "current_amps", "trip_amps", "tilt_angle", "rider_detected", "ride_mode"
    ),
    _entry("vesc_logger_2016:VescLogger2016", "inpvoltage"),
    _entry("vescape:Vescape", '"kind"'),
    _entry("cycle_analyst:CycleAnalyst", "ah\tv\ta", "ah v a", "ah,v,a"),
    _entry("jbdtools:JbdTools", "rsoc", "\tmos"),
    _entry("jbd_fig:JbdFig", "designcapacity"),
    _entry("smart_bms_utility:SmartBmsUtility", "chargingcurrenta"),
    _entry("daly_epdatalog:DalyEpDataLog", "discharging (2)"),
    _entry("daly_arduino:DalyArduino", "<daly-bms debug>"),
    _entry("jk_export:JkExport", "full", "pk\3\4"),
    _entry("jk_usb_csv:JkUsbCsv", "max_volt_delta"),
    _entry("btsnoop:Btsnoop", "btsnoop"),
    _entry("frame_lines:FrameLines"),
    _entry("hexdump:HexDump"),
    _entry("raw_frames:RawFrames"),
    _entry("home_assistant:HomeAssistant", "entity_id"),
    _entry("home_assistant_json:HomeAssistantJson", '"entity_id"', "sensor."),
    _entry("esphome_log:EsphomeLog", "sending state", "[sensor", "[s][", "new state", "][logger"),
    _entry("value_lines:ValueLines"),
    _entry("long_table:LongTable"),
    _entry("table:Table"),
)
