"""Docs made from the code are those of this code, and every command is in the README."""

from pathlib import Path

import pytest

from scripts.make_docs import DOCS, pages

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", ["formats.md", "detectors.md", "causes.md"])
def test_pages_made_from_the_code_are_up_to_date(name):
    assert (DOCS / name).read_text(encoding="utf-8") == pages()[name], "run: python -m scripts.make_docs"


def test_every_command_is_in_the_readme():
    from ridelog.cli import COMMANDS

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"ridelog {command}" in text
