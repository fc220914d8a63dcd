"""Cells at the end of a table that read nothing but 0: set on the board, or only columns of the logger."""

import pytest

import ridelog


def _table(tmp_path, read, columns):
    captions = [
        "time_s",
        "pack_voltage",
        "discharge_current_a",
        "charge_fet",
        "discharge_fet",
        *(f"cell_{cell + 1}_v" for cell in range(columns)),
    ]
    lines = [",".join(captions)]
    for row in range(120):
        cells = [
            f"{3.9 - 0.0005 * row + 0.001 * (cell % 3):.3f}" if cell < read else "0.000" for cell in range(columns)
        ]
        lines.append(",".join([str(row), f"{read * 3.9:.2f}", f"{(row % 7) * 2 - 1}", "1", "1", *cells]))
    path = tmp_path / "bms.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("read", "columns", "kept"), [(20, 21, 21), (20, 22, 22), (20, 24, 20), (13, 20, 13), (20, 20, 20)]
)
def test_a_width_that_is_not_padding_is_what_the_board_is_set_to(tmp_path, read, columns, kept):
    (log,) = ridelog.read(str(_table(tmp_path, read, columns)))
    assert log.matrix("cell_voltages").shape[1] == kept


def test_a_board_set_to_22_cells_on_20_is_named(tmp_path):
    incident = ridelog.analyze(str(_table(tmp_path, 20, 22)))
    check = next(check for check in incident.checks if check.name == "series-count")
    assert "set to 22 cells, and 20 are there" in check.findings[0].message
