from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium; closed after each module, as its driver keeps an event loop in which others cannot run."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        message = "Debian's chromium is not installed (scripts/install_chromium.sh installs it)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()
