"""Schedule: how many episodes a cell is given.

A cell is looked at after ``episodes``, then 5/4 as many, and so on, until its intervals are narrow
enough. These numbers are fixed beforehand; only whether a cell goes on depends on the data, and on
nothing else, so that equal seeds give equal tables.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["next_goals", "stage_size"]


def stage_size(episodes: int, stage: int) -> int:
    """Return how many episodes a cell has at a stage, the first being 1.

    Examples
    --------
    >>> [stage_size(100, stage) for stage in range(1, 6)]
    [100, 125, 157, 197, 247]
    """
    size = episodes
    for _ in range(stage - 1):
        size = -(-5 * size // 4)
    return size


def next_goals(
    widths: Sequence[float],
    stages: Sequence[int],
    *,
    episodes: int,
    target: float,
    budget: int | None,
) -> dict[int, int]:
    """Choose the cells that go on to their next stage: the widest first, as the budget lasts.

    Parameters
    ----------
    widths : sequence of float
        Of each cell's widest interval.
    stages : sequence of int
        The stage each cell has reached; 0 for none.
    episodes : int
        Of the first stage.
    target : float
        Cells that are no wider are done.
    budget : int or None
        Number of episodes that are left for all cells.

    Returns
    -------
    dict of int to int
        Cell to its next stage, the widest first; among equals the first one.

    Examples
    --------
    >>> next_goals([0.5, 0.1, 0.9], [1, 1, 1], episodes=100, target=0.2, budget=40)
    {2: 2}
    """
    order = sorted(range(len(widths)), key=lambda cell: (-widths[cell], cell))
    goals: dict[int, int] = {}
    left = budget
    for cell in order:
        if not widths[cell] > target:
            continue
        stage = stages[cell] + 1
        before = stage_size(episodes, stages[cell]) if stages[cell] else 0
        cost = stage_size(episodes, stage) - before
        if left is not None:
            if cost > left:
                continue
            left -= cost
        goals[cell] = stage
    return goals
