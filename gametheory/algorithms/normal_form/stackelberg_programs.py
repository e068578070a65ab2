"""Linear programs of a leader who commits: which strategies make the follower respond as wished.

All are feasible and bounded by construction: the leader's variables sum to at most one, and its
payoffs are shifted so that they are positive; a program of value zero says "no such strategy".
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.games.commitment import ResponseBound
from gametheory.games.normal_form import NormalFormGame
from gametheory.linear_programs import LinearProgram, optimize

__all__ = ["Interior", "Leadership", "Response", "attained_at", "best_inducing", "interior_of"]

Integers = NDArray[np.object_]
Numbers = tuple[Fraction, ...]


class Leadership(NamedTuple):
    """Both players' payoffs by leader's and follower's action, as Python integers.

    Attributes
    ----------
    leader, follower : ndarray of object, shape (m, n)
        The leader's are shifted: the smallest is ``unit``, the largest at most twice that.
    unit : int
        Positive.
    shift : int
        The leader's payoffs are ``(leader + shift) / denominators[0]``.
    denominators : tuple of int
        The leader's, the follower's.
    """

    leader: Integers
    follower: Integers
    unit: int
    shift: int
    denominators: tuple[int, int]

    @classmethod
    def of(cls, game: NormalFormGame, leader: int) -> Leadership:
        """Read a game whose payoffs have common denominators; the leader's actions are rows."""
        tables, denominators = [], []
        for player in (leader, 1 - leader):
            read = game.integer_payoffs[player]
            if read is None:
                raise ArithmeticError("refused before")
            table = read.integers.astype(object)
            tables.append(table if leader == 0 else table.T)
            denominators.append(read.denominator)
        lowest = int(tables[0].min())
        unit = max(int(tables[0].max()) - lowest, 1)
        shifted = tables[0] - lowest + unit
        return cls(shifted, tables[1], unit, lowest - unit, (denominators[0], denominators[1]))

    def payoff(self, value: Fraction) -> Fraction:
        """Return a payoff of the leader that a program calls ``value``."""
        return (value + self.shift) / self.denominators[0]

    def equivalent(self, j: int) -> list[int]:
        """List the follower's actions that always pay it the same as j, j among them."""
        same = (self.follower == self.follower[:, [j]]).all(axis=0)
        return [int(k) for k in np.flatnonzero(same)]

    def losses(self, j: int) -> Integers:
        """Return what the follower loses by every action instead of j, by the leader's action."""
        losses: Integers = self.follower[:, [j]] - self.follower
        return losses


class Response(NamedTuple):
    """The best strategy of the leader that makes some action of the follower a best response.

    Attributes
    ----------
    value : Fraction
        Zero if there is no such strategy.
    strategy : tuple of Fraction or None
    bound : ResponseBound
        Why it is the best, in units of the game's payoffs.
    actions : list of int
        The leader's actions that a best strategy may take, by complementary slackness.
    iterations : int
    """

    value: Fraction
    strategy: Numbers | None
    bound: ResponseBound
    actions: list[int]
    iterations: int


class Interior(NamedTuple):
    """A strategy against which only an action and its equivalents are best, or why there is none.

    Attributes
    ----------
    strategy : tuple of Fraction or None
    dominating : tuple of Fraction
        A distribution over the other actions of the follower that pays it nowhere less.
    """

    strategy: Numbers | None
    dominating: Numbers = ()


def best_inducing(
    game: Leadership, j: int, rivals: Sequence[int]
) -> Generator[None, None, Response | str]:
    """Maximize the smallest of the leader's payoffs for ``rivals`` while j is a best response.

    Variables: the leader's strategy x and its payoff in units.
    """
    m, n = game.leader.shape
    losses, rows = _reduced(game.losses(j))
    kept = [k for k in range(n) if (losses[:, k] < 0).any()]
    unit = np.full((len(rivals), 1), game.unit, dtype=object)
    matrix = np.vstack(
        [
            np.hstack([-game.leader[:, list(rivals)].T, unit]),
            np.hstack([-losses[:, kept].T, np.zeros((len(kept), 1), dtype=object)]),
            np.array([[1] * m + [0]], dtype=object),
        ]
    )
    bounds = [0] * (len(matrix) - 1) + [1]
    answer = yield from optimize(LinearProgram.dense([0] * m + [1], matrix, bounds))
    if isinstance(answer, str):
        return answer
    total = sum(answer.duals[: len(rivals)])  # positive: they price the last variable
    weights, prices = [Fraction(0)] * n, [Fraction(0)] * n
    for k, dual in zip(rivals, answer.duals, strict=False):
        weights[k] = Fraction(dual, total)
    leader, follower = game.denominators
    for k, dual in zip(kept, answer.duals[len(rivals) :], strict=False):
        prices[k] = Fraction(dual * follower, total * rows[k] * leader)
    return Response(
        value=answer.value * game.unit,
        strategy=_distribution(answer.weights[:m]),
        bound=ResponseBound(tuple(weights), tuple(prices)),
        actions=[i for i in range(m) if not np.array(answer.duals, dtype=object) @ matrix[:, i]],
        iterations=answer.iterations,
    )


def interior_of(game: Leadership, j: int) -> Generator[None, None, Interior | str]:
    """Find a strategy against which j and its equivalents are strictly better than the rest.

    It exists unless a mixture of the others pays the follower nowhere less: that is the program's
    dual solution.
    """
    m, n = game.leader.shape
    same = game.equivalent(j)
    others = [k for k in range(n) if k not in same]
    if not others:
        return Interior(tuple(Fraction(1, m) for _ in range(m)))
    losses = game.losses(j)[:, others]
    unit = max(int(np.abs(losses).max()), 1)
    matrix = np.vstack(
        [
            np.hstack([-losses.T, np.full((len(others), 1), unit, dtype=object)]),
            np.array([[1] * m + [0]], dtype=object),
        ]
    )
    bounds = [0] * len(others) + [1]
    answer = yield from optimize(LinearProgram.dense([0] * m + [1], matrix, bounds))
    if isinstance(answer, str):
        return answer
    if answer.value > 0:
        return Interior(_distribution(answer.weights[:m]))
    total = sum(answer.duals[: len(others)])
    dominating = [Fraction(0)] * n
    for k, dual in zip(others, answer.duals, strict=False):
        dominating[k] = Fraction(dual, total)
    return Interior(None, tuple(dominating))


def attained_at(
    game: Leadership, j: int, best: Response
) -> Generator[None, None, Numbers | str | None]:
    """Find a best strategy for response j against which no best response pays the leader less.

    The best strategies that also pay the leader no less for each response of a set K form a
    polytope; K starts with j's equivalents. A point in its relative interior has the fewest best
    responses, and every other point has these too. Either all of them pay enough, or those that do
    not join K, until such a point is found or the polytope is empty.

    Returns
    -------
    tuple of Fraction, str or None
        None if there is no such strategy.
    """
    n = game.leader.shape[1]
    enough = set(game.equivalent(j))
    while True:
        found = yield from _relative_interior(game, j, sorted(enough), best)
        if found is None or isinstance(found, str):
            return found
        paid, earned = found @ game.follower, found @ game.leader
        ties = [k for k in range(n) if paid[k] == paid[j]]
        value = best.value * sum(found)
        if all(earned[k] >= value for k in ties):
            return _distribution(found.tolist())
        enough.update(ties)


def _relative_interior(
    game: Leadership, j: int, enough: list[int], best: Response
) -> Generator[None, None, Integers | str | None]:
    """Maximize how many of the follower's actions are worse than j, over the best strategies.

    Variables: a positive multiple x of a best strategy, what it earns in units, a mark t_k in
    [0, 1] for each action k that can be worse than j, and a mark r in [0, 1] that x is not zero.
    As sums of points stay in the cone, every mark that can be positive is one at the optimum.
    """
    m, n = game.leader.shape
    used, prices, weights = best.actions, best.bound.prices, best.bound.weights
    losses, _ = _reduced(game.losses(j)[used])
    worse = [k for k in range(n) if not prices[k] and (losses[:, k] > 0).any()]
    width = len(used) + 1 + len(worse) + 1
    rows: list[Integers] = []
    equalities = []
    for k in range(n):
        row = np.array([-loss for loss in losses[:, k]] + [0] * (width - len(used)), dtype=object)
        if k in worse:
            row[len(used) + 1 + worse.index(k)] = 1
        if prices[k]:
            equalities.append(len(rows))
        rows.append(row)
    for k in enough:
        if weights[k]:
            equalities.append(len(rows))
        earned = [-payoff for payoff in game.leader[used, k]]
        rows.append(np.array([*earned, game.unit] + [0] * (len(worse) + 1), dtype=object))
    rows.append(np.array([-1] * len(used) + [0] * (len(worse) + 1) + [1], dtype=object))
    marks = range(len(used) + 1, width)
    rows += [np.array([int(c == mark) for c in range(width)], dtype=object) for mark in marks]
    program = LinearProgram.dense(
        [int(c in marks) for c in range(width)],
        np.array(rows, dtype=object),
        [0] * (len(rows) - len(marks)) + [1] * len(marks),
        equalities=equalities,
    )
    answer = yield from optimize(program)
    if isinstance(answer, str):
        return answer
    x = np.zeros(m, dtype=object)
    x[used] = answer.weights[: len(used)]
    return x if x.any() else None


def _reduced(columns: Integers) -> tuple[Integers, list[int]]:
    """Divide every column by its greatest common divisor."""
    divisors = [max(math.gcd(*column), 1) for column in columns.T.tolist()]
    return columns // np.array(divisors, dtype=object), divisors


def _distribution(weights: Sequence[Any]) -> Numbers | None:
    total = sum(weights)
    return tuple(Fraction(w, total) for w in weights) if total else None
