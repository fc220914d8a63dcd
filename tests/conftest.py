import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _real_logs() -> Path:
    return Path(os.environ.get("RIDELOG_REAL_LOGS", ROOT.parent / "shared" / "real_logs"))


@pytest.fixture(scope="session")
def real_logs() -> Path:
    folder = _real_logs()
    if not folder.is_dir():
        pytest.skip("the folder of real logs is not here; set RIDELOG_REAL_LOGS")
    return folder
