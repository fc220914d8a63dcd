"""Compile the templates of the report page to Python: `python -m scripts.make_templates`; a test keeps them fresh."""

from __future__ import annotations

import shutil

from ridelog.reports.page_templates import COMPILED, compile_templates


def main() -> None:
    """Write the compiled templates anew."""
    shutil.rmtree(COMPILED, ignore_errors=True)
    compile_templates(COMPILED)


if __name__ == "__main__":
    main()
