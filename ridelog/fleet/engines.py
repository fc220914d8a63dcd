"""Where batches run: child processes of this machine, or the workers of a dask cluster, through one interface."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from ridelog.errors import SourceError, UsageError

#: How long a scheduler may take to answer.
_PATIENCE = "20s"

_Order = TypeVar("_Order")
_Answer = TypeVar("_Answer")


class Engine:
    """An executor and how many orders it works at a time."""

    def __init__(self, executor: Executor, workers: int) -> None:
        self.executor = executor
        self.workers = workers

    def map(
        self, work: Callable[[_Order], _Answer], orders: Iterable[_Order]
    ) -> Iterator[tuple[_Order, _Answer | BaseException]]:
        """Work orders in any order; few are under way at a time, so that memory does not grow with their number.

        An order whose worker was lost twice comes back with the error instead of an answer.
        """
        waiting = iter(orders)
        under_way: dict[Future[Any], tuple[_Order, int]] = {}

        def fill() -> None:
            while len(under_way) < 2 * self.workers:
                order = next(waiting, None)
                if order is None:
                    return
                under_way[self.executor.submit(work, order)] = (order, 0)

        fill()
        while under_way:
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                order, tries = under_way.pop(future)
                error = _error(future)
                if error is None:
                    yield order, future.result()
                elif isinstance(error, KeyboardInterrupt | SourceError):
                    raise error
                elif tries < 1:
                    under_way[self.executor.submit(work, order)] = (order, tries + 1)
                else:
                    yield order, error
            fill()


def _error(future: Future[Any]) -> BaseException | None:
    from concurrent.futures import CancelledError

    try:
        return future.exception()
    except CancelledError as error:
        return error


def open_engine(jobs: int, scheduler: str) -> AbstractContextManager[Engine]:
    """An engine on this machine (`jobs` processes, 0 for one a core) or on the cluster of a dask scheduler."""
    return _cluster(scheduler) if scheduler else _local(jobs or cores())


def cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _local(jobs: int) -> Iterator[Engine]:
    # Threads only wait here: each one drives a process of its own.
    executor = ThreadPoolExecutor(jobs, "ridelog-audit")
    try:
        yield Engine(executor, jobs)
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _cluster(address: str) -> Iterator[Engine]:
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError as error:
        raise UsageError("'--scheduler' needs dask.", advice="Install ridelog[cluster].") from error
    try:
        client = distributed.Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(f"no scheduler answers at {address} ({error}).") from error
    with client:
        workers = sum(client.nthreads().values())
        if not workers:
            raise UsageError(f"the scheduler at {address} has no worker.", advice="Start 'dask worker' first.")
        executor = client.get_executor(pure=False, retries=2)
        try:
            yield Engine(executor, workers)
        finally:
            executor.shutdown(wait=False)
