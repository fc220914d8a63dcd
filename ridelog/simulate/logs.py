"""From a finished ride to the files of a suite, and what is true of each file's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .bms_telemetry import BmsTelemetry, sample_bms
from .carriers import btsnoop, hex_dump
from .controller_telemetry import ControllerTelemetry, sample_controller
from .shown_loss import note_controller_rows, note_polls
from .write_ant import ant_parcels
from .write_daly import daly_a5_parcels, daly_d2_parcels
from .write_express import write_express
from .write_faults import write_configuration, write_faults
from .write_jbd import jbdtools_name, write_jbdtools
from .write_jk import jk_parcels
from .write_jk_records import jk_record_parcels
from .write_plain import write_plain
from .write_vesc_tool import vesc_tool_name, write_vesc_tool
from .write_wheellog import wheellog_name, write_wheellog

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .clocks import DeviceClock
    from .scene import Scene
    from .state import History

#: Sets of logs, and what is in them.
SUITES: Final[dict[str, str]] = {
    "vesc": "VESC Tool log",
    "vesc+config": "VESC Tool log and the motor configuration",
    "vesc+faults": "VESC Tool log and the terminal's fault list",
    "faults": "the terminal's fault list alone",
    "faults+config": "the terminal's fault list and the motor configuration",
    "vesc+jk": "VESC Tool log and frames of a JK board",
    "vesc+ant": "VESC Tool log and frames of an ANT board",
    "vesc+daly": "VESC Tool log and frames of a Daly board",
    "vesc+jbd": "VESC Tool log and a JBDTools record",
    "vesc+jk-records": "VESC Tool log and the record ring of a JK board",
    "vesc+plain": "VESC Tool log and a plain table of the board",
    "jk-only": "frames of a JK board",
    "ant-only": "frames of an ANT board",
    "daly-only": "frames of a Daly board",
    "jbd-only": "JBDTools record",
    "jk-records": "record ring and logbook of a JK board",
    "plain-bms": "plain table of a board",
    "express": "VESC Express log",
    "express+bms": "VESC Express log with the board's values in it",
    "wheellog": "WheelLog ride",
}

#: Suites in which the cells can be seen.
CELL_SUITES: Final = ("vesc+jk", "vesc+ant", "vesc+daly", "vesc+jbd", "vesc+plain", "express+bms")
BOARD_ONLY: Final = ("jk-only", "ant-only", "daly-only", "jbd-only", "plain-bms")


class _Files:
    """The files of a case while they come together."""

    def __init__(self, scene: Scene, history: History) -> None:
        self.scene, self.history = scene, history
        self.files: dict[str, bytes] = {}
        self.logs: list[dict[str, Any]] = []

    def controller(self) -> ControllerTelemetry:
        scene = self.scene
        telemetry = sample_controller(
            scene.rng,
            self.history,
            scene.vehicle,
            scene.controller,
            scene.controller_link,
            scene.controller_clock,
            variant=scene.variant,
        )
        for hook in scene.controller_hooks:
            hook(scene, telemetry)
        note_controller_rows(scene, self.history, telemetry)
        return telemetry

    def board(self) -> BmsTelemetry:
        telemetry = sample_bms(self.scene, self.history)
        for hook in self.scene.bms_hooks:
            hook(self.scene, telemetry)
        note_polls(self.scene, telemetry)
        return telemetry

    def add(
        self,
        name: str,
        data: bytes,
        role: str,
        clock: DeviceClock,
        telemetry: ControllerTelemetry | BmsTelemetry | None,
    ) -> None:
        self.files[name] = data
        entry: dict[str, Any] = {"file": name, "role": role}
        if telemetry is not None:
            link = self.scene.bms_link if role == "bms" else self.scene.controller_link
            entry.update(_clock_truth(self.scene, clock, link.latency_s, telemetry.true_s, telemetry.stamp_s))
        self.logs.append(entry)

    def vesc(self) -> None:
        scene, rng, telemetry = self.scene, self.scene.rng, self.controller()
        first = float(telemetry.true_s[0]) if len(telemetry) else 0.0
        data = write_vesc_tool(
            rng,
            telemetry,
            scene.vehicle,
            scene.controller,
            scene.controller_clock,
            position=bool(rng.random() < 0.6) if scene.extras is None else scene.extras,
            imu=bool(rng.random() < 0.6) if scene.extras is None else scene.extras,
            line_end="\r\n" if rng.random() < 0.08 and scene.extras is None else "\n",
        )
        name = vesc_tool_name(scene.controller_clock, first)
        self.add(name, data, "controller", scene.controller_clock, telemetry)

    def express(self, *, with_board: bool) -> None:
        scene = self.scene
        scene.controller_link.tick_s, scene.controller_link.ticks, scene.controller_link.jitter_s = 0.1, 1, 0.0005
        scene.controller_link.slip = 0.0
        telemetry = self.controller()
        board = self.board() if with_board else None
        data = write_express(scene.rng, telemetry, scene.controller, board, boot_s=float(scene.rng.uniform(2, 4000)))
        self.add(f"log_{scene.rng.integers(1, 400):03d}.csv", data, "controller", scene.controller_clock, telemetry)

    def frames(self, family: str) -> None:
        scene, rng, telemetry = self.scene, self.scene.rng, self.board()
        if family == "jk":
            parcels, packet = jk_parcels(scene, telemetry), 128
        elif family == "ant":
            parcels, packet = ant_parcels(scene, telemetry), 20
        elif rng.random() < 0.7:
            parcels, packet = daly_d2_parcels(telemetry), 129
        else:
            parcels, packet = daly_a5_parcels(telemetry), 13
        if rng.random() < 0.3:
            name, data = f"btsnoop_hci_{family}.log", btsnoop(parcels, packet=packet)
        else:
            name, data = f"{family}_frames.txt", hex_dump(parcels, separator=" " if rng.random() < 0.5 else "")
        self.add(name, data, "bms", scene.bms_clock, telemetry)

    def jk_records(self) -> None:
        scene, telemetry = self.scene, self.board()
        parcels = jk_record_parcels(scene, telemetry)
        self.add("jk_records.txt", hex_dump(parcels), "bms", scene.bms_clock, telemetry)

    def jbd(self) -> None:
        scene, telemetry = self.scene, self.board()
        english = bool(scene.rng.random() < 0.4)
        data = write_jbdtools(scene, telemetry, english=english)
        self.add(jbdtools_name(scene, english=english), data, "bms", scene.bms_clock, telemetry)

    def plain(self) -> None:
        scene, telemetry = self.scene, self.board()
        self.add("bms.csv", write_plain(scene.rng, scene, telemetry), "bms", scene.bms_clock, telemetry)

    def wheellog(self) -> None:
        scene = self.scene
        scene.controller_link.tick_s, scene.controller_link.ticks, scene.controller_link.jitter_s = 0.2, 1, 0.004
        telemetry = self.controller()
        first = float(telemetry.true_s[0]) if len(telemetry) else 0.0
        data = write_wheellog(scene.rng, scene, telemetry, position=bool(scene.rng.random() < 0.6))
        self.add(wheellog_name(scene.controller_clock, first), data, "wheel", scene.controller_clock, telemetry)

    def fault_list(self) -> None:
        self.add(
            "faults.txt", write_faults(self.scene.rng, self.history.faults), "events", self.scene.controller_clock, None
        )

    def configuration(self) -> None:
        data = write_configuration(self.scene.controller, self.scene.vehicle)
        self.add("mcconf.xml", data, "config", self.scene.controller_clock, None)


def log_files(scene: Scene, history: History) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    """Write every log of the scene's suite.

    Returns:
        The files by name, and for each log what is true of its clock: the true time of its first and last row, what
        its stamps show too much, its drift, the onset counted from its own first row by its own clock, and what must
        be added to such a time to count from the first row of the controller's log (of the first log without one).
    """
    made = _Files(scene, history)
    for part in scene.suite.split("+"):
        match part:
            case "vesc":
                made.vesc()
            case "express":
                made.express(with_board="bms" in scene.suite)
            case "jk" | "ant" | "daly" | "jk-only" | "ant-only" | "daly-only":
                made.frames(part.removesuffix("-only"))
            case "jk-records":
                made.jk_records()
            case "jbd" | "jbd-only":
                made.jbd()
            case "plain" | "plain-bms":
                made.plain()
            case "wheellog":
                made.wheellog()
            case "faults":
                made.fault_list()
            case "config":
                made.configuration()
    timed = [log for log in made.logs if log.get("reference_own_s") is not None]
    ride = next((log for log in timed if log["role"] in ("controller", "wheel")), timed[0] if timed else None)
    for log in timed:
        assert ride is not None
        log["offset_to_ride_s"] = round(ride["reference_own_s"] - log["reference_own_s"], 3)
    return made.files, made.logs


def _clock_truth(
    scene: Scene, clock: DeviceClock, latency_s: float, true_s: NDArray[Any], stamp_s: NDArray[Any]
) -> dict[str, float | int | None]:
    """What is true of a log's stamps; own times count from its first row by its own clock."""
    onset = scene.truth.onset_s
    middle = scene.duration_s / 2 if onset is None else onset
    own = round(float(clock.stamp(middle + latency_s) - stamp_s[0]), 3) if len(true_s) else None
    return {
        "rows": len(true_s),
        "first_row_true_s": round(float(true_s[0]), 3) if len(true_s) else None,
        "last_row_true_s": round(float(true_s[-1]), 3) if len(true_s) else None,
        "clock_offset_s": round(clock.offset_s, 4),
        "clock_drift_ppm": round(clock.drift_ppm, 2),
        "latency_s": round(latency_s, 4),
        "reference_own_s": own,
        "onset_own_s": own if onset is not None else None,
    }
