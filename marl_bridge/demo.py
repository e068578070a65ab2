"""The demonstration: train on two environments, hold the policies against the optimum."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from marl_bridge.check import check
from marl_bridge.learners import train
from marl_bridge.reports.report import Report

__all__ = ["ENVIRONMENTS", "demonstrate"]

ENVIRONMENTS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("classic/tictactoe-v3", {}),
    ("classic/rps-v2", {"max_cycles": 3}),
)

Bar = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]


def demonstrate(bar: Bar, *, seed: int = 0, episodes: int | None = None) -> Iterator[Report]:
    """Train independent Q-learners by self-play and check what they learned, one by one.

    Parameters
    ----------
    bar : callable
        ``bar(label)`` is a context manager whose value takes ``(done, total)``.
    seed : int
        Equal seeds give equal reports, but for their times.
    episodes : int, optional
        Training episodes; the learner's own default without it.

    Yields
    ------
    Report
        One for each environment.

    Raises
    ------
    KeyboardInterrupt
        After an interrupted training or check, when its report has been handed out.
    """
    for make, env_kwargs in ENVIRONMENTS:
        with bar(f"training on {make}") as progress:
            training = train(
                make,
                "independent-q",
                episodes=episodes,
                seed=seed,
                env_kwargs=env_kwargs,
                progress=progress,
            )
        with bar(f"checking {make}") as progress:
            report = check(
                make, training.policies, seed=seed, env_kwargs=env_kwargs, progress=progress
            )
        yield report
        if training.interrupted or report.interrupted:
            raise KeyboardInterrupt
