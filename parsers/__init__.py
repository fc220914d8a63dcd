"""One module a source format. To add one: write the module, add its class to `PARSERS`."""

from __future__ import annotations

from ridelog.parsing import Parser

from .ackmaniac import Ackmaniac
from .btsnoop import Btsnoop
from .cardputer import Cardputer
from .daly_arduino import DalyArduino
from .daly_epdatalog import DalyEpDataLog
from .darknessbot import DarknessBot
from .euc_planet import EucPlanet
from .euc_world import EucWorld
from .euc_world_xlsx import EucWorldXlsx
from .float_control import FloatControl
from .floaty_csv import FloatyCsv
from .floaty_json import FloatyJson
from .frame_lines import FrameLines
from .freesk8 import FreeSk8
from .gpx import Gpx
from .hexdump import HexDump
from .home_assistant import HomeAssistant
from .jbd_fig import JbdFig
from .jbdtools import JbdTools
from .jk_export import JkExport
from .jk_usb_csv import JkUsbCsv
from .m365_power import M365Power
from .metr_json import MetrJson
from .nine_b_metrics import NineBMetrics
from .ponewheel import POnewheel
from .raw_frames import RawFrames
from .smart_bms_utility import SmartBmsUtility
from .table import Table
from .vesc_config import VescConfig
from .vesc_express import VescExpress
from .vesc_faults import VescFaults
from .vesc_logger_2016 import VescLogger2016
from .vesc_tool import VescTool
from .vescape import Vescape
from .wheellog import WheelLog
from .wheellog_raw import WheelLogRaw

PARSERS: tuple[Parser, ...] = (
    VescTool(),
    VescExpress(),
    VescFaults(),
    VescConfig(),
    WheelLog(),
    WheelLogRaw(),
    EucWorld(),
    EucWorldXlsx(),
    DarknessBot(),
    EucPlanet(),
    M365Power(),
    NineBMetrics(),
    Gpx(),
    Ackmaniac(),
    Cardputer(),
    FloatControl(),
    FloatyCsv(),
    FloatyJson(),
    FreeSk8(),
    MetrJson(),
    POnewheel(),
    VescLogger2016(),
    Vescape(),
    JbdTools(),
    JbdFig(),
    SmartBmsUtility(),
    DalyEpDataLog(),
    DalyArduino(),
    JkExport(),
    JkUsbCsv(),
    Btsnoop(),
    FrameLines(),
    HexDump(),
    RawFrames(),
    HomeAssistant(),
    Table(),
)
