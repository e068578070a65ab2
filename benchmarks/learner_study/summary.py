"""From the runs of a cell, a learner in a game, to what is said about it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from marl_bridge.learners.registry import RegisteredLearner

from .budgets import FAMILIES, Size, family_of
from .games import GAMES, studied
from .measures import CONVERGENCE
from .promises import Check, promise_of
from .store import Store

__all__ = ["MEASURES", "Cell", "Study", "gather"]

MEASURES = (
    "nash_conv",
    "average_nash_conv",
    "ce_gap",
    "cce_gap",
    "pareto_distance",
    "welfare_ratio",
    "late_regret",
)
"""What has one number in each run."""


@dataclass(frozen=True)
class Cell:
    """A learner in a game.

    Attributes
    ----------
    learner, game : str
    family : str
    runs : list of dict
        See :func:`.cells.run`.
    refused : str
        Why the learner cannot take this game; "" if it can.
    mark : str
        "proven", "proven in the limit" or "observed".
    says, source : str
        The theorem; "" of what is observed only.
    check : Check or None
        The bound of what is proven.
    """

    learner: str
    game: str
    family: str
    runs: list[dict[str, Any]]
    refused: str
    mark: str
    says: str
    source: str
    check: Check | None

    @property
    def broken(self) -> bool:
        """Whether a proven bound does not hold."""
        return self.check is not None and not self.check.holds

    def counts(self) -> dict[str, int]:
        """Count the kinds of convergence that the seeds reached, the strongest first."""
        reached = Counter(run["convergence"] for run in self.runs)
        return {kind: reached[kind] for kind in CONVERGENCE if reached[kind]}

    @property
    def convergence(self) -> str:
        """The kind that most seeds reached; of equally many the weaker one; "" of no runs."""
        counts = self.counts()
        return max(reversed(counts), key=lambda kind: counts[kind]) if counts else ""

    def numbers(self, measure: str) -> list[float]:
        """Return a measure's number in each run that has one."""
        found = [run.get(measure) for run in self.runs]
        return [float(x) for x in found if x is not None]

    def median(self, measure: str) -> float | None:
        """Return a measure's median over the seeds, None where it has no meaning."""
        numbers = self.numbers(measure)
        return float(np.median(numbers)) if numbers else None

    def means(self, measure: str) -> list[float]:
        """Return each player's mean over the seeds of its returns or payoffs."""
        return np.mean([run[measure] for run in self.runs], axis=0).tolist() if self.runs else []


@dataclass(frozen=True)
class Study:
    """All cells of a study, and what it was.

    Attributes
    ----------
    size : Size
    root : int
        Its seed.
    cells : dict of (str, str) to Cell
        By learner and game.
    skipped : dict of str to str
        Learners that were left out, and why.
    planned : int
        Number of runs it has when it is complete.
    """

    size: Size
    root: int
    cells: dict[tuple[str, str], Cell]
    skipped: dict[str, str]
    planned: int

    @property
    def learners(self) -> list[str]:
        """The learners, family by family."""
        names = {name: cell.family for (name, _), cell in self.cells.items()}
        order = list(FAMILIES)
        return sorted(names, key=lambda name: (order.index(names[name]), name))

    @property
    def games(self) -> list[str]:
        """The games, in the order of their table."""
        found = {game for _, game in self.cells}
        return [game for game in GAMES if game in found]

    @property
    def done(self) -> int:
        """Number of runs that are done, refused ones included."""
        return sum(len(c.runs) if c.runs else bool(c.refused) for c in self.cells.values())

    @property
    def complete(self) -> bool:
        """Whether all runs are done."""
        return all(
            cell.refused or len(cell.runs) == self.size.seeds for cell in self.cells.values()
        )

    def broken(self) -> Iterator[Cell]:
        """Yield the cells whose proven bound does not hold."""
        return (cell for cell in self.cells.values() if cell.broken)

    def marked(self, mark: str) -> list[Cell]:
        """Return the cells with runs and this mark."""
        return [cell for cell in self.cells.values() if cell.runs and cell.mark == mark]


def gather(
    store: Store,
    size: Size,
    root: int,
    *,
    learners: Sequence[RegisteredLearner],
    games: Sequence[str],
    skipped: dict[str, str],
) -> Study:
    """Read what is kept, and hold it against what is proven."""
    cells = {}
    for learner in learners:
        for game in games:
            kept = list(store.runs(learner.name, game, size.seeds))
            refused = next((run["refused"] for run in kept if run["refused"]), "")
            runs = [run for run in kept if not run["refused"]]
            cells[learner.name, game] = _cell(learner, game, runs, refused)
    return Study(size, root, cells, skipped, len(cells) * size.seeds)


def _cell(learner: RegisteredLearner, game: str, runs: list[Any], refused: str) -> Cell:
    promise = promise_of(learner.name, studied(game))
    check = None
    if promise is not None and promise.check is not None and runs:
        check = promise.check(studied(game), runs)
        assert math.isfinite(check.bound)
    return Cell(
        learner.name,
        game,
        family_of(learner),
        runs,
        refused,
        "observed" if promise is None else promise.mark,
        "" if promise is None else promise.says,
        "" if promise is None else promise.source,
        check,
    )
