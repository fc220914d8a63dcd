"""Progress of an audit on standard error, only where somebody looks."""

from __future__ import annotations

import os
import sys
from types import TracebackType


class Progress:
    """A bar with rate and time left; silent when standard error is no terminal.

    Args:
        label: What is being done.
        total: Number of logs.
        size: Bytes of all of them.
        shown: False to be silent in any case.
    """

    def __init__(self, label: str, total: int, size: int, shown: bool = True) -> None:
        self._bar = None
        self._size, self._done = size, 0
        if shown and total and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            console = Console(stderr=True, no_color="NO_COLOR" in os.environ)
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                console=console,
            )
            self._task = self._bar.add_task(label, total=total, rate="")

    def __enter__(self) -> Progress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, logs: int, size: int) -> None:
        """So many logs and bytes more are done."""
        if self._bar is None:
            return
        self._done += size
        task = self._bar.tasks[0]
        elapsed = task.elapsed or 0.0
        done = task.completed + logs
        rate = f"{done / elapsed:.1f} logs/s, {self._done / elapsed / 1e6:.1f} MB/s" if elapsed > 0 else ""
        self._bar.update(self._task, advance=logs, rate=rate)
