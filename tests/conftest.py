import os
from pathlib import Path

import pytest
from hypothesis import settings

# A slow machine is no failure: no test asserts a time.
settings.register_profile("ridelog", deadline=None)
settings.load_profile("ridelog")

ROOT = Path(__file__).resolve().parent.parent


def _real_logs() -> Path:
    return Path(os.environ.get("RIDELOG_REAL_LOGS", ROOT.parent / "shared" / "real_logs"))


@pytest.fixture(scope="session")
def real_logs() -> Path:
    folder = _real_logs()
    if not folder.is_dir():
        pytest.skip("the folder of real logs is not here; set RIDELOG_REAL_LOGS")
    return folder
