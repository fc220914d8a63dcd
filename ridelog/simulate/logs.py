"""From a finished ride to the files of a suite, and what is true of each file's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .controller_telemetry import sample_controller
from .write_vesc_tool import vesc_tool_name, write_vesc_tool

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .clocks import DeviceClock
    from .scene import Scene
    from .state import History

SUITES: Final[dict[str, str]] = {
    "vesc": "VESC Tool log",
}


def log_files(scene: Scene, history: History) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    """Write every log of the scene's suite.

    Returns:
        The files by name, and for each log what is true of its clock: the true time of its first row, what its stamps
        show too much, its drift, and the onset counted from its own first row by its own clock.
    """
    files: dict[str, bytes] = {}
    truths: list[dict[str, Any]] = []
    telemetry = sample_controller(
        scene.rng,
        history,
        scene.vehicle,
        scene.controller,
        scene.controller_link,
        scene.controller_clock,
        variant=scene.variant,
    )
    for hook in scene.controller_hooks:
        hook(scene, telemetry)
    first = float(telemetry.true_s[0]) if len(telemetry) else 0.0
    name = vesc_tool_name(scene.controller_clock, first)
    files[name] = write_vesc_tool(
        scene.rng,
        telemetry,
        scene.vehicle,
        scene.controller,
        scene.controller_clock,
        position=bool(scene.rng.random() < 0.6),
        imu=bool(scene.rng.random() < 0.6),
    )
    truths.append(clock_truth(name, "controller", scene, scene.controller_clock, telemetry.true_s, telemetry.stamp_s))
    return files, truths


def clock_truth(
    name: str,
    role: str,
    scene: Scene,
    clock: DeviceClock,
    true_s: NDArray[np.float64],
    stamp_s: NDArray[np.float64],
) -> dict[str, Any]:
    """Describe the clock of one log against true time."""
    onset = scene.truth.onset_s
    own = None
    if onset is not None and len(true_s):
        own = round(float(clock.stamp(onset) - stamp_s[0]), 3)
    return {
        "file": name,
        "role": role,
        "rows": len(true_s),
        "first_row_true_s": round(float(true_s[0]), 3) if len(true_s) else None,
        "last_row_true_s": round(float(true_s[-1]), 3) if len(true_s) else None,
        "clock_offset_s": round(clock.offset_s, 4),
        "clock_drift_ppm": round(clock.drift_ppm, 2),
        "onset_own_s": own,
    }
