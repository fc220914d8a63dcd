"""One small file of every format ridelog reads, built by code: name of the sample -> the parser it belongs to, bytes.

A parser joins by adding its sample to `SAMPLES`; tests/parsers/test_contract.py holds each to the same contract.
"""

from . import bms_files as bms
from . import board_files as boards
from . import long_table_files as long_tables
from . import table_files as tables
from . import value_line_files as values
from . import wheel_files as wheels
from .cycle_analyst_files import cycle_analyst
from .esphome_files import esphome_log
from .home_assistant_files import rest_history, socket_history
from .vesc_tool_files import HEADER_A, HEADER_B, HEADER_C, rows, text

COUNT = 40

#: Sample -> the parser it belongs to and its bytes.
SAMPLES = {
    "vesc-tool-first": ("vesc-tool", text(rows(COUNT, HEADER_A), HEADER_A)),
    "vesc-tool-1.18": ("vesc-tool", text(rows(COUNT, HEADER_B), HEADER_B)),
    "vesc-tool": ("vesc-tool", text(rows(COUNT, HEADER_C), HEADER_C)),
    "vesc-express": ("vesc-express", boards.vesc_express()),
    "vesc-faults": ("vesc-faults", boards.FAULT_LISTING),
    "vesc-config": ("vesc-config", boards.MOTOR_CONFIGURATION),
    "vesc-logger-2016": ("vesc-logger-2016", boards.vesc_logger_2016()),
    "vescape": ("vescape", boards.vescape()),
    "cardputer": ("cardputer", boards.cardputer()),
    "cardputer-bms": ("cardputer", boards.cardputer_with_bms()),
    "float-control": ("float-control", boards.float_control()),
    "float-control-imperial": ("float-control", boards.float_control(imperial=True)),
    "floaty-csv": ("floaty-csv", boards.floaty_csv()),
    "floaty-json": ("floaty-json", boards.floaty_json()),
    "ackmaniac": ("ackmaniac", boards.ackmaniac()),
    "metr-json": ("metr-json", boards.metr()),
    "freesk8": ("freesk8", boards.freesk8()),
    "ponewheel": ("ponewheel", boards.ponewheel()),
    "ponewheel-cells": ("ponewheel", boards.ponewheel_with_cells()),
    **{
        f"wheellog-{columns}": ("wheellog", wheels.wheellog_file(columns, COUNT)) for columns in wheels.WHEELLOG_HEADERS
    },
    "wheellog-estimated-current": ("wheellog", wheels.wheellog_file(24, COUNT, estimated=True)),
    "wheellog-raw": ("wheellog-raw", wheels.RAW_FILE),
    "gpx": ("gpx", wheels.GPX_FILE),
    "euc-world-2019": ("euc-world", wheels.euc_world_2019_file(COUNT)),
    "euc-world-2": ("euc-world", wheels.euc_world_file(wheels.EUC_WORLD_2, COUNT)),
    "euc-world-2.64": ("euc-world", wheels.euc_world_file(wheels.EUC_WORLD_264, COUNT)),
    "euc-world-xlsx": ("euc-world-xlsx", wheels.euc_world_xlsx_file(COUNT)),
    "darknessbot-a": ("darknessbot", wheels.darknessbot_file(wheels.DARKNESSBOT_A, COUNT)),
    "darknessbot-b": ("darknessbot", wheels.darknessbot_file(wheels.DARKNESSBOT_B, COUNT)),
    **{f"euc-planet-{version}": ("euc-planet", wheels.euc_planet_file(version, COUNT)) for version in (1, 2, 3, 4)},
    "m365-power": ("m365-power", wheels.m365_file(COUNT)),
    "9bmetrics": ("9bmetrics", wheels.nine_b_metrics_file(COUNT)),
    "hex-dump-jbd": ("hex-dump", bms.jbd_hex_dump()),
    "frame-lines-jbd": ("frame-lines", bms.frame_lines()),
    "raw-frames-jbd": ("raw-frames", bms.raw_frames()),
    "raw-frames-jk": ("raw-frames", bms.jk02_cells()),
    "btsnoop-jbd": ("btsnoop", bms.btsnoop()),
    "jbdtools": ("jbdtools", bms.jbdtools()),
    "jbd-fig": ("jbd-fig", bms.jbd_fig()),
    "smart-bms-utility": ("smart-bms-utility", bms.smart_bms_utility()),
    "daly-arduino": ("daly-arduino", bms.daly_arduino()),
    "daly-epdatalog": ("daly-epdatalog", bms.daly_epdatalog()),
    "jk-detail-log": ("jk-export", bms.jk_detail_log()),
    "jk-usb-csv": ("jk-usb-csv", bms.jk_usb_csv()),
    "home-assistant": ("home-assistant", tables.history()),
    "cycle-analyst": ("cycle-analyst", cycle_analyst()),
    "home-assistant-json": ("home-assistant-json", rest_history()),
    "home-assistant-socket": ("home-assistant-json", socket_history()),
    "value-lines": ("value-lines", values.pairs()),
    "value-lines-monitor": ("value-lines", values.monitor()),
    "value-lines-table": ("value-lines", values.tool_table()),
    "value-lines-dicts": ("value-lines", values.dicts()),
    "value-lines-topics": ("value-lines", values.topics()),
    "long-table-influx": ("long-table", long_tables.influx()),
    "long-table": ("long-table", long_tables.dashboard()),
    "esphome-log": ("esphome-log", esphome_log()),
    "esphome-log-2026": ("esphome-log", esphome_log("2026")),
}
