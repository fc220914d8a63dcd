"""The wheel works outside the checkout: built, installed in a new environment elsewhere, and put to its main job."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.vesc_bytes import vesc_log

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.slow
def test_the_wheel_runs_the_main_job_elsewhere(tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("ridelog-*.whl")
    home = tmp_path / "environment"
    venv.create(home, with_pip=False)
    # The dependencies are those of this environment: what is tested is ridelog's own files, not the package index.
    site = next((home / "lib").glob("python*")) / "site-packages"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)],
        check=True,
        capture_output=True,
    )
    ours = next(path for path in sys.path if path.endswith("site-packages"))
    others = tmp_path / "dependencies"
    others.mkdir()
    for item in Path(ours).iterdir():
        if "ridelog" not in item.name and item.suffix != ".pth":
            (others / item.name).symlink_to(item)
    log = tmp_path / "2026-05-01_12-00-00.csv"
    log.write_bytes(vesc_log(cut=True))
    environment = {**os.environ, "PYTHONPATH": str(others), "PYTHONNOUSERSITE": "1"}
    program = [str(home / "bin" / "python"), "-m", "ridelog", "analyze", str(log), "-o", str(tmp_path / "r.html")]
    result = subprocess.run(program, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert result.returncode == 0, result.stderr
    assert "lost the battery" in result.stdout
    where = [str(home / "bin" / "python"), "-c", "import ridelog.parsers as p; print(p.__file__)"]
    found = subprocess.run(where, capture_output=True, text=True, cwd=tmp_path, env=environment, check=True).stdout
    assert found.startswith(str(home))
