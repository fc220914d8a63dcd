"""The dependency rule: parsers, detectors and reports import the core, the core imports none of them."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WINGS = ("parsers", "detectors", "reports")


def _imports(file: Path) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""] + [f"{node.module}.{alias.name}" for alias in node.names if node.module]
            found += [(node.level, name) for name in names]
    return found


@pytest.mark.parametrize("file", sorted((ROOT / "ridelog").rglob("*.py")), ids=lambda file: str(file.relative_to(ROOT)))
def test_the_core_imports_no_plugin(file):
    for level, name in _imports(file):
        parts = name.split(".")
        assert parts[0] not in WINGS, f"{file} imports {name}"
        assert not (parts[0] == "ridelog" and len(parts) > 1 and parts[1] in WINGS), f"{file} imports {name}"
        assert level == 0 or not set(parts) & set(WINGS)


@pytest.mark.parametrize("wing", WINGS)
def test_wings_import_the_core_absolutely_and_never_each_other(wing):
    for file in sorted((ROOT / wing).rglob("*.py")):
        for level, name in _imports(file):
            parts = name.split(".")
            if level:
                continue
            assert parts[0] not in WINGS, f"{file} imports {name}"
            assert not (parts[0] == "ridelog" and len(parts) > 1 and parts[1] in WINGS), f"{file} imports {name}"


def test_importing_ridelog_loads_nothing_heavy():
    heavy = ("numpy", "polars", "pandas", "pyarrow", "plotly", "scipy", "dask", "rich")
    code = f"import ridelog, sys; print([name for name in {heavy!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_analyzing_never_loads_pandas_scipy_or_dask():
    code = (
        "import sys, ridelog.pipeline, ridelog.plugins as p; p.parsers(); p.detectors(); p.reports();"
        "print([n for n in ('pandas', 'scipy', 'dask', 'plotly') if n in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_one_idea_a_file():
    for folder in ("ridelog", *WINGS):
        for file in (ROOT / folder).rglob("*.py"):
            assert file.stem not in ("utils", "helpers", "common", "manager"), file
