"""One relation, one solver, one game: what a relation's function is given."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from gametheory.testing.answers import Answer
from gametheory.testing.failures import NothingFound, RelationFailed
from gametheory.testing.registry import Relation
from gametheory.testing.subjects import Subject

__all__ = ["ROUNDING", "Case"]

ROUNDING = 1e-9
"""What rounding may do to an answer in floats, as a part of the payoffs' size."""


class Case:
    """A relation's workbench.

    Attributes
    ----------
    game : object
        What was drawn.
    rng : numpy.random.Generator
        For the relation's own choices; it depends on ``draw`` alone.
    """

    def __init__(
        self, relation: Relation, subject: Subject, game: Any, draw: int, seed: int | None
    ) -> None:
        self.relation, self.subject, self.game = relation, subject, game
        self.draw, self.seed = draw, seed
        self.rng = np.random.default_rng(np.random.SeedSequence(draw))

    def run(self) -> bool:
        """Check the relation; False if there was nothing to check.

        Raises
        ------
        RelationFailed
            If it does not hold, or the solver fell over.
        """
        try:
            self.relation.check(self)
        except NothingFound:
            return False
        except (RelationFailed, ImportError, MemoryError):
            raise
        except Exception as error:
            raise self.failure(f"{type(error).__name__}: {error}") from error
        return True

    def failure(self, what: str) -> RelationFailed:
        """Make the error that says what does not hold."""
        return RelationFailed(
            what,
            relation=self.relation.name,
            subject=self.subject.name,
            concept=self.subject.concept,
            game=self.game,
            draw=self.draw,
            seed=self.seed,
        )

    def require(self, holds: Any, what: str) -> None:
        """Raise RelationFailed unless something holds."""
        if not holds:
            raise self.failure(what)

    def skip_unless(self, possible: Any) -> None:
        """Leave a game that has not what the relation needs."""
        if not possible:
            raise NothingFound

    def answers(self, game: Any, **options: Any) -> tuple[Answer, ...]:
        """Let the solver solve a game; the relation is left where it finds nothing."""
        return self.subject.find(game, **options)[0]

    def complete_answers(self, game: Any) -> tuple[Answer, ...]:
        """Let the solver solve a game; the relation is left unless these are proven to be all."""
        found, complete = self.subject.find(game)
        self.skip_unless(complete)
        return found

    def answer(self, game: Any) -> Answer:
        """Return the solver's first answer."""
        found = self.answers(game)
        self.skip_unless(found)
        return found[0]

    def slack(self, game: Any, answer: Answer, factor: Any = 1) -> Any:
        """Return the violation to be tolerated: what the answer admits, and rounding if inexact."""
        allowed = factor * answer.epsilon
        if answer.exact and isinstance(answer.epsilon, int | Fraction):
            return allowed
        return float(allowed) + ROUNDING * size_of(game)

    def choice(self, n: int) -> int:
        """Draw one of the numbers below ``n``."""
        return int(self.rng.integers(n))


def size_of(game: Any) -> float:
    """Return how large a game's payoffs are, so that rounding errors can be told from others."""
    stages = getattr(game, "stages", None)
    if stages is not None:
        return max(map(size_of, stages)) / (1 - float(game.contraction))
    payoffs = game.payoffs if hasattr(game, "payoffs") else game.terminal_payoffs
    return float(np.abs(payoffs).max()) + 1.0
