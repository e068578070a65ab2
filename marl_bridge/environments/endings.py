"""How episodes end: by the game, or by a limit, and whether a plain limit explains that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from marl_bridge.environments.trials import in_steps

__all__ = ["Ending", "early_truncation"]


@dataclass(frozen=True, slots=True)
class Ending:
    """How one episode ended.

    Attributes
    ----------
    how : {"termination", "truncation", "cut at max_steps"}
    steps : int
        Turns (AEC) or rounds (Parallel).
    own_steps : int
        Of the agent that acted most often.
    """

    how: Literal["termination", "truncation", "cut at max_steps"]
    steps: int
    own_steps: int


def early_truncation(endings: Sequence[Ending]) -> str:
    """Look for truncations that no plain limit explains.

    A limit may count all steps, or rounds of all agents: whether an episode is outlasted, or
    truncated ones differ in length, is asked of both counts.

    Returns
    -------
    str
        "seen: ..." names an episode that was truncated before the length others reached, or
        lengths that differ; else "not seen", with the length at which all were truncated.

    Examples
    --------
    >>> early_truncation([Ending("truncation", 4, 2), Ending("termination", 9, 5)])
    'seen: episode 0 was truncated after 4 steps, episode 1 went on for 9'
    >>> early_truncation([Ending("truncation", 10, 5), Ending("termination", 9, 5)])
    'not seen: all 1 truncated episodes had 10 steps'
    """
    truncated = [
        (number, ending) for number, ending in enumerate(endings) if ending.how == "truncation"
    ]
    if not truncated:
        return "not seen"
    for number, ending in truncated:
        for other, longer in enumerate(endings):
            if longer.steps > ending.steps and longer.own_steps > ending.own_steps:
                return (
                    f"seen: episode {number} was truncated after {in_steps(ending.steps)}, "
                    f"episode {other} went on for {longer.steps:,}"
                )
    lengths = sorted({ending.steps for _, ending in truncated})
    if len(lengths) == 1:
        return f"not seen: all {len(truncated)} truncated episodes had {in_steps(lengths[0])}"
    few = f"{len(truncated)} truncated episodes had {lengths[0]:,} to {in_steps(lengths[-1])}"
    if len({ending.own_steps for _, ending in truncated}) == 1:
        return f"not seen: {few}, the same number for who acted most"
    return f"seen: {few}"
