"""Bounds of time and memory for code that reads input of unknown origin."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

__all__ = ["TooSlow", "bounded"]


class TooSlow(BaseException):
    """The time was up; no ``except Exception`` of the code that is tried catches it."""


@contextmanager
def bounded(seconds: float, megabytes: int = 1024) -> Iterator[None]:
    """Raise TooSlow after so many seconds of computing, MemoryError beyond so much memory.

    On a busy machine only what is computed counts; what waits for ten times as long hangs. Both
    bounds are those of POSIX and of the main thread; elsewhere nothing is bounded. The memory
    counts from what the process has: address space, so a huge array is refused though nobody
    wrote to it.
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return
    import resource

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlow(f"more than {seconds} seconds")

    limits = resource.getrlimit(resource.RLIMIT_AS)
    statm = Path("/proc/self/statm")
    clocks = {signal.SIGPROF: signal.ITIMER_PROF, signal.SIGALRM: signal.ITIMER_REAL}
    before = {number: signal.signal(number, stop) for number in clocks}
    if statm.exists():
        now = int(statm.read_text().split()[0]) * resource.getpagesize()
        most = now + megabytes * 2**20
        hard = limits[1]
        resource.setrlimit(
            resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard)
        )
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, 10 * seconds)
    try:
        yield
    finally:
        for number, clock in clocks.items():
            signal.setitimer(clock, 0.0)
            signal.signal(number, before[number])
        resource.setrlimit(resource.RLIMIT_AS, limits)
