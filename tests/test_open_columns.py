"""A column whose meaning the data do not decide: asked for when the file is alone, left out beside another log."""

import numpy as np
import pytest

import ridelog
from ridelog.errors import MappingNeededError
from ridelog.log import Role
from tests.vesc_bytes import vesc_log


@pytest.fixture
def board(tmp_path):
    """A board at a steady voltage: nothing tells which way its current flows."""
    rng = np.random.default_rng(3)
    lines = ["time,pack_voltage,current," + ",".join(f"cell_{cell}" for cell in range(1, 5))]
    for second in range(120):
        cells = ",".join(f"{3.9:.3f}" for _ in range(4))
        lines.append(f"{second},15.60,{rng.choice([-1.5, 1.5]):.2f},{cells}")
    path = tmp_path / "board.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def ride(tmp_path):
    path = tmp_path / "2026-05-01_12-00-00.csv"
    path.write_bytes(vesc_log())
    return path


def test_alone_it_is_asked_for(board):
    with pytest.raises(MappingNeededError, match="'current'"):
        ridelog.analyze([str(board)])


@pytest.mark.parametrize("board_first", [True, False])
def test_beside_another_log_it_is_left_out_and_said(board, ride, board_first):
    paths = [board, ride] if board_first else [ride, board]
    incident = ridelog.analyze([str(path) for path in paths])
    roles = [track.log.role for track in incident.ride.tracks]
    assert roles == ([Role.BMS, Role.CONTROLLER] if board_first else [Role.CONTROLLER, Role.BMS])
    log = next(track.log for track in incident.ride.tracks if track.log.role is Role.BMS)
    assert log.has("cell_voltages", "pack_voltage")
    assert not log.has("battery_current")
    assert "current" in log.table.column_names
    assert any("'current'" in damage.message for damage in log.damage)
