"""One module a failure signature. To add one: write the module, add an instance of its class to `DETECTORS`."""

from __future__ import annotations

from ridelog.detection import Detector

from .bms_charge_path import BmsChargePath
from .bms_trip import BmsTrip
from .controller_faults import ControllerFaults
from .controller_restart import ControllerRestart
from .fault_listing import FaultListing
from .link_gap import LinkGap
from .low_voltage_cutoff import LowVoltageCutoff
from .pack_resistance import PackResistance
from .power_path_open import PowerPathOpen
from .regen_overvoltage import RegenOvervoltage
from .thermal_limit import ThermalLimit

DETECTORS: tuple[Detector, ...] = (
    PowerPathOpen(),
    BmsTrip(),
    BmsChargePath(),
    RegenOvervoltage(),
    ControllerFaults(),
    FaultListing(),
    ControllerRestart(),
    LinkGap(),
    ThermalLimit(),
    LowVoltageCutoff(),
    PackResistance(),
)
