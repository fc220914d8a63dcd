from pathlib import Path

import pytest

import ridelog

SAMPLES = Path(__file__).resolve().parents[2] / "sample_logs"
FILES = sorted(path for path in SAMPLES.glob("*/*") if path.suffix in (".csv", ".xls"))


def test_the_page_beside_them_says_first_that_they_are_synthetic():
    text = (SAMPLES / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# Synthetic logs")
    assert "MIT" in text
    assert {path.parent.name for path in FILES} == {"healthy_ride", "regen_open_pack", "cut_under_load", "weak_cell"}
    for path in FILES:
        assert f"`{path.parent.name}`" in text


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_sample_is_small_and_whole(path):
    assert path.stat().st_size < 400_000
    (log,) = ridelog.read(path)
    assert log.parser in ("vesc-tool", "jbdtools")
    assert 120 < log.duration_s < 300
