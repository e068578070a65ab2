"""Doing runs: on several processes, each with one thread, and the same whatever their number."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .cells import Task, run
from .store import Store

__all__ = ["Outcome", "do", "pool_of"]

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_AHEAD = 4  # tasks a worker has waiting: few, so that Ctrl-C is quick


@dataclass
class Outcome:
    """How the work went.

    Attributes
    ----------
    failures : list of str
        Runs that raised what no learner should raise; they are not kept.
    interrupted : bool
        Whether Ctrl-C ended it early.
    """

    failures: list[str] = field(default_factory=list)
    interrupted: bool = False


def do(
    tasks: Sequence[Task], store: Store, *, workers: int, report: Callable[[Task], object]
) -> Outcome:
    """Do the tasks, in about their order, and keep each as soon as it is done.

    Parameters
    ----------
    tasks : sequence of Task
    store : Store
    workers : int
        Processes; with one everything happens in this one.
    report : callable
        Called with each task that is over.
    """
    outcome = Outcome()
    results = _in_turn(tasks) if workers == 1 else _at_once(tasks, workers)
    try:
        for task, found, failure in results:
            if failure is None:
                store.add(task, found)
            else:
                named = f"{task.learner} in {task.game}, run {task.index}"
                outcome.failures.append(f"{named}: {type(failure).__name__}: {failure}")
            report(task)
    except KeyboardInterrupt:
        outcome.interrupted = True
    except BrokenProcessPool:
        outcome.failures.append("a worker was killed; run it again to do what is left")
    finally:
        results.close()
    return outcome


Result = tuple[Task, dict[str, Any], Exception | None]


def _in_turn(tasks: Sequence[Task]) -> Generator[Result, None, None]:
    for task in tasks:
        try:
            yield task, run(task), None
        except Exception as error:  # a fault of one learner must not lose the others' results
            yield task, {}, error


def _at_once(tasks: Sequence[Task], workers: int) -> Generator[Result, None, None]:
    with pool_of(workers) as pool:
        waiting: dict[Future[dict[str, Any]], Task] = {}
        left = iter(tasks)
        while True:
            for task in left:
                waiting[pool.submit(run, task)] = task
                if len(waiting) >= _AHEAD * workers:
                    break
            if not waiting:
                return
            over, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in over:
                task, error = waiting.pop(future), future.exception()
                if error is None:
                    yield task, future.result(), None
                elif isinstance(error, Exception):
                    yield task, {}, error


@contextmanager
def pool_of(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Start processes of one thread each; what waits is given up when the block is left."""
    # Spawned, not forked: the pinned threads are then the only ones a worker ever has.
    with _one_thread():
        pool = ProcessPoolExecutor(
            workers, mp_context=multiprocessing.get_context("spawn"), initializer=_begin
        )
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Leave no worker behind when the parent is killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let processes that are started meanwhile have one thread each for linear algebra."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
