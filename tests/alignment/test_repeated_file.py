"""The same file given twice is read once, and that is said."""

from ridelog.pipeline import Options, read_all
from tests.vesc_bytes import vesc_log


def test_a_file_given_twice_is_read_once_and_noted(tmp_path):
    paths = [tmp_path / "ride.csv", tmp_path / "copy.csv"]
    for path in paths:
        path.write_bytes(vesc_log())
    logs = read_all([str(path) for path in paths], Options())
    assert len(logs) == 1
    assert any("given more than once ('copy.csv'" in damage.message for damage in logs[0].damage)
