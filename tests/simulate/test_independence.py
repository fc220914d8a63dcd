"""What ridelog is measured with must not be what it is made of."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_simulator_shares_no_code_with_what_it_measures():
    allowed = {"ridelog.errors"}
    for file in sorted((ROOT / "ridelog" / "simulate").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 1, f"{file.name} reaches out of its folder"
            for name in names:
                assert not name.startswith("ridelog") or name in allowed, f"{file.name} imports {name}"
