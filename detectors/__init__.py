"""One module a failure signature. To add one: write the module, add an instance of its class to `DETECTORS`."""

from __future__ import annotations

from ridelog.detection import Detector

from .balancer import Balancer
from .bms_charge_path import BmsChargePath
from .bms_configuration import BmsConfiguration
from .bms_heat import BmsHeat
from .bms_stayed_on import BmsStayedOn
from .bms_trip import BmsTrip
from .body_diode import BodyDiode
from .bus_swings import BusSwings
from .cell_imbalance import CellImbalance
from .charge_session import ChargeSession
from .controller_configuration_check import ControllerConfigurationCheck
from .controller_faults import ControllerFaults
from .controller_lost import ControllerLost
from .controller_restart import ControllerRestart
from .current_envelope import CurrentEnvelope
from .current_sensors import CurrentSensors
from .deep_discharge import DeepDischarge
from .fault_listing import FaultListing
from .foot_sensor import FootSensor
from .frozen_telemetry import FrozenTelemetry
from .high_resistance_joint import HighResistanceJoint
from .implausible_values import ImplausibleValues
from .link_gap import LinkGap
from .low_voltage_cutoff import LowVoltageCutoff
from .pack_resistance import PackResistance
from .parallel_pack import ParallelPack
from .parasitic_drain import ParasiticDrain
from .path_resistance import PathResistance
from .power_path_open import PowerPathOpen
from .pwm_saturation import PwmSaturation
from .regen_headroom import RegenHeadroom
from .regen_overvoltage import RegenOvervoltage
from .remote_loss import RemoteLoss
from .self_discharge import SelfDischarge
from .sense_wiring import SenseWiring
from .series_count import SeriesCount
from .soc_meter import SocMeter
from .startup_state import StartupState
from .thermal_limit import ThermalLimit
from .voltage_meters import VoltageMeters
from .weak_cell_group import WeakCellGroup

DETECTORS: tuple[Detector, ...] = (
    PowerPathOpen(),
    BmsTrip(),
    BmsChargePath(),
    BodyDiode(),
    BmsStayedOn(),
    RegenOvervoltage(),
    BusSwings(),
    ControllerFaults(),
    FaultListing(),
    ControllerRestart(),
    ControllerLost(),
    LinkGap(),
    ThermalLimit(),
    LowVoltageCutoff(),
    CurrentSensors(),
    ParallelPack(),
    VoltageMeters(),
    PackResistance(),
    PathResistance(),
    WeakCellGroup(),
    HighResistanceJoint(),
    CellImbalance(),
    SelfDischarge(),
    SenseWiring(),
    SeriesCount(),
    SocMeter(),
    PwmSaturation(),
    RemoteLoss(),
    FootSensor(),
    FrozenTelemetry(),
    ImplausibleValues(),
    ControllerConfigurationCheck(),
    BmsConfiguration(),
    Balancer(),
    BmsHeat(),
    ChargeSession(),
    CurrentEnvelope(),
    DeepDischarge(),
    ParasiticDrain(),
    RegenHeadroom(),
    StartupState(),
)
