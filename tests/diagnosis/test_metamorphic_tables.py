"""One ride written down in other units, with the other sign and by another clock: the verdict stays."""

import numpy as np
import pytest

from ridelog.pipeline import analyze
from tests import rides

#: A ride of which the controller loses the pack under load, one that is healthy, and one that brakes into no pack.
RIDES = {
    "healthy": lambda: rides.controller(400.0),
    "cut": lambda: rides.cut_under_load(400.0, 200.0)[0],
    "open pack": lambda: rides.regen_into_open_pack()[0],
}
#: Caption, channel and factor of each column, in the units of the channels and in others.
PLAIN = (
    ("Time (s)", "time", 1.0),
    ("Pack voltage (V)", "pack_voltage", 1.0),
    ("Battery current (A)", "battery_current", 1.0),
    ("Motor current (A)", "motor_current", 1.0),
    ("Speed (m/s)", "speed", 1.0),
    ("FET temperature (C)", "fet_temperature", 1.0),
)
SCALED = (
    ("Time (ms)", "time", 1000.0),
    ("Pack voltage (mV)", "pack_voltage", 1000.0),
    ("Battery current (mA)", "battery_current", 1000.0),
    ("Motor current (mA)", "motor_current", 1000.0),
    ("Speed (km/h)", "speed", 3.6),
    ("FET temperature (C)", "fet_temperature", 1.0),
)
TURNED = tuple((caption, name, -factor if name == "battery_current" else factor) for caption, name, factor in PLAIN)
CELLS = tuple((f"Cell {number + 1} (V)", number) for number in range(rides.SERIES))
EPOCH_S = 1_700_000_000.0


def _table(path, columns, captions, later_s=None):
    """Write columns as a table; with `later_s` by the clock on the wall, that much late."""
    lines = [",".join(caption for caption, _, _ in captions)]
    for row in range(len(columns["time"])):
        values = [columns[name][row] * factor for _, name, factor in captions]
        lines.append(",".join(f"{value:.3f}" for value in values))
    if later_s is not None:
        lines[0] = lines[0].replace("Time (s)", "Timestamp")
        for row, second in enumerate(columns["time"], 1):
            rest = lines[row].split(",", 1)[1]
            lines[row] = f"{EPOCH_S + second + later_s:.3f},{rest}"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module", params=RIDES)
def ride(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    columns = RIDES[request.param]()
    verdict = analyze([_table(folder / "ride.csv", columns, PLAIN)]).verdict
    assert (verdict.cause == "none") == (request.param == "healthy")
    return columns, verdict, folder


@pytest.mark.parametrize("captions", [SCALED, TURNED], ids=["other units", "the other sign"])
def test_how_it_was_written_down_does_not_matter(ride, captions):
    columns, verdict, folder = ride
    changed = analyze([_table(folder / "changed.csv", columns, captions)]).verdict
    assert changed.cause == verdict.cause
    assert changed.probability == pytest.approx(verdict.probability, abs=0.02)
    if verdict.onset is not None:
        assert changed.onset.latest_s == pytest.approx(verdict.onset.latest_s, abs=0.11)


@pytest.mark.parametrize("later_s", [-3600.0, 7.3, 240.0])
def test_the_clock_of_the_board_does_not_matter(tmp_path, later_s):
    columns, _ = rides.cut_under_load(600.0, 300.0)
    board = rides.board(600.0)
    first = np.flatnonzero(np.diff(columns["fault_code"]))
    gone = float(columns["time"][np.flatnonzero(columns["pack_voltage"] < 30)[0]])
    after = board["time"] >= gone + 0.3
    assert not len(first)
    board["battery_current"][after] = 0.0
    board["discharge"] = np.where(after, 0.0, 1.0)
    board["charge"] = np.ones(len(after))
    for _, number in CELLS:
        board[f"cell{number}"] = board["cell_voltages"][:, number]
    captions = (
        ("Time (s)", "time", 1.0),
        ("Pack voltage (V)", "pack_voltage", 1.0),
        ("Current (A)", "battery_current", 1.0),
        ("Discharge FET", "discharge", 1.0),
        ("Charge FET", "charge", 1.0),
        *((caption, f"cell{number}", 1.0) for caption, number in CELLS),
    )
    ride = _table(tmp_path / "ride.csv", columns, PLAIN, 0.0)
    right = analyze([ride, _table(tmp_path / "board.csv", board, captions, 0.0)]).verdict
    wrong = analyze([ride, _table(tmp_path / "board.csv", board, captions, later_s)]).verdict
    assert right.cause == wrong.cause
    assert right.cause not in ("none", "undetermined", "power-path-open")
    assert wrong.probability == pytest.approx(right.probability, abs=0.05)
    assert wrong.onset.latest_s == pytest.approx(right.onset.latest_s, abs=0.5)
