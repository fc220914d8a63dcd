"""Binary BMS protocols: pure functions from frames to fields. To add one: write the module, add it to `PROTOCOLS`."""

from __future__ import annotations

from .ant_7ea1 import AntNew
from .ant_old import AntOld
from .daly_a5 import DalyA5
from .daly_d2 import DalyD2, DalyDL
from .jbd import Jbd
from .jbd_up import JbdUp
from .jk import JkFrames
from .jk_balancer import JkBalancer
from .jk_uart import JkUart
from .protocol import Protocol

PROTOCOLS: tuple[Protocol, ...] = (
    JkFrames(),
    JkUart(),
    JkBalancer(),
    AntOld(),
    AntNew(),
    Jbd(),
    JbdUp(),
    DalyA5(),
    DalyD2(),
    DalyDL(),
)
