"""Lexicographic probability systems that respect preferences: what proper equilibria are made of.

A player's mistakes have orders of magnitude: first its strategy, then a tremble that is infinitely
smaller, and so on. The opponent compares its actions level by level. The search fixes for each
player which actions first appear on which level, its **ranking**; whether there are trembles with
these rankings, such that each player's preferences agree with its own ranking, is then a question
of linear programs, one a level, for each player apart.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import UnsupportedGame
from gametheory.linear_programs import LinearProgram, finish, optimize

__all__ = ["Budget", "Side", "find_systems"]

Ranking = tuple[tuple[int, ...], ...]
"""A player's actions, those of the first level first."""

Integers = NDArray[np.object_]
Level = tuple[int, ...]
Ties = list[list[int]]
Node = TypeVar("Node")


@dataclass(slots=True)
class Budget:
    """How many more steps may be taken: rankings tried, and linear programs solved."""

    limit: int
    used: int = field(default=0)

    def spend(self) -> None:
        """Count one step; UnsupportedGame when there were too many."""
        if self.used >= self.limit:
            raise UnsupportedGame(
                f"properness was not settled in {self.limit:,} steps: too many actions tie "
                "against the equilibrium",
                hint="raise max_steps; the time grows in proportion",
            )
        self.used += 1


@dataclass(frozen=True, slots=True)
class Side:
    """One player: payoffs with its own actions as rows, and its strategy as integer weights."""

    payoffs: Integers
    weights: Level

    def ties(self, against: Level) -> Ties:
        """Group the actions outside the support by what they earn, the best first.

        Only within a group is the ranking open: what earns less comes later.
        """
        earned = (self.payoffs @ np.array(against, dtype=object)).tolist()
        rest = [a for a, w in enumerate(self.weights) if not w]
        levels = sorted({earned[a] for a in rest}, reverse=True)
        return [[a for a in rest if earned[a] == level] for level in levels]


class _Comparisons(NamedTuple):
    """What a ranking says of the opponent's mixtures, for the player that is ranked.

    Attributes
    ----------
    same : list of ndarray, each of shape (opponent's actions,)
        Differences of payoffs within a rank: they must vanish on every level.
    down : list of ndarray
        Differences of what is ranked higher and lower: on the first level where one does not
        vanish it must be positive.
    """

    same: list[Integers]
    down: list[Integers]

    @classmethod
    def of(cls, payoffs: Integers, ranking: Ranking, unranked: Sequence[int] = ()) -> _Comparisons:
        """Compare ranks; and what is not ranked yet, which must be no better, with the last."""
        heads = [rank[0] for rank in ranking]
        pairs = [*itertools.pairwise(heads), *((heads[-1], a) for a in unranked)]
        return cls(
            [payoffs[a] - payoffs[rank[0]] for rank in ranking for a in rank[1:]],
            [payoffs[a] - payoffs[b] for a, b in pairs],
        )


class _Trembles(NamedTuple):
    """A player's strategy and its first trembles.

    Attributes
    ----------
    ranking : Ranking
        On which level each action first appears.
    levels : tuple of Level
    undecided : tuple of int
        Which of the opponent's comparisons between ranks are ties so far.
    """

    ranking: Ranking
    levels: tuple[Level, ...]
    undecided: tuple[int, ...]


class _Candidate(NamedTuple):
    """The first ranks of a player, and trembles of both that agree with them."""

    ranking: Ranking
    own: tuple[Level, ...]
    theirs: tuple[Level, ...]


def find_systems(
    first: Side, second: Side, budget: Budget
) -> tuple[tuple[Level, ...], tuple[Level, ...]] | None:
    """Search all pairs of rankings; return the levels of both players' trembles, as weights.

    The first player's ranking grows rank by rank, as long as there are trembles of the opponent,
    with any ranking, that agree with it so far.

    Raises
    ------
    UnsupportedGame
        The budget was spent before the search was over.
    """

    def children(candidate: _Candidate, ties: Ties) -> Iterator[tuple[_Candidate, Ties]]:
        for new, rest in _next_ranks(ties):
            grown = _candidate(first, second, (*candidate.ranking, new), rest, budget)
            if grown is not None:
                yield grown, rest

    ties = first.ties(second.weights)
    root = _candidate(first, second, (_support(first),), ties, budget)
    if root is None:
        return None
    for found in _leaves(root, ties, children):
        return found.own, found.theirs
    return None


def _candidate(
    first: Side, second: Side, ranking: Ranking, ties: Ties, budget: Budget
) -> _Candidate | None:
    """Find trembles of both players that agree with the first ranks of one; None if none do."""
    budget.spend()
    judged = _Comparisons.of(first.payoffs, ranking, [a for tie in ties for a in tie])
    start = _first_level(second, judged)
    if start is None:
        return None
    for theirs in _extensions(start, second.ties(first.weights), judged, budget):
        judging = _Comparisons.of(second.payoffs, theirs.ranking)
        own = _with_ranking(first, ranking, judging, budget)
        if own is not None:
            return _Candidate(ranking, own.levels, theirs.levels)
    return None


def _support(side: Side) -> tuple[int, ...]:
    return tuple(a for a, w in enumerate(side.weights) if w)


def _leaves(
    root: Node, ties: Ties, children: Callable[[Node, Ties], Iterator[tuple[Node, Ties]]]
) -> Iterator[Node]:
    """Walk depth first, and list the nodes that leave nothing to be ranked."""
    stack = [iter([(root, ties)])]
    while stack:
        for node, rest in stack[-1]:
            if rest:
                stack.append(children(node, rest))
                break
            yield node
        else:
            stack.pop()


def _next_ranks(ties: Ties) -> Iterator[tuple[tuple[int, ...], Ties]]:
    """Split off a nonempty part of the first group, the largest first; and what is left."""
    for size in range(len(ties[0]), 0, -1):
        for new in itertools.combinations(ties[0], size):
            left = [a for a in ties[0] if a not in new]
            yield new, ([left] if left else []) + ties[1:]


def _extensions(
    trembles: _Trembles, ties: Ties, judged: _Comparisons, budget: Budget
) -> Iterator[_Trembles]:
    """List the full systems of trembles with all rankings, as long as the opponent agrees."""

    def children(trembles: _Trembles, ties: Ties) -> Iterator[tuple[_Trembles, Ties]]:
        for new, rest in _next_ranks(ties):
            further = _next_tremble(trembles, new, judged, budget)
            if further is not None:
                yield further, rest

    return _leaves(trembles, ties, children)


def _with_ranking(
    side: Side, ranking: Ranking, judged: _Comparisons, budget: Budget
) -> _Trembles | None:
    """Find trembles with one ranking such that the opponent's preferences agree with its own."""
    trembles = _first_level(side, judged)
    for new in ranking[1:]:
        if trembles is not None:
            trembles = _next_tremble(trembles, new, judged, budget)
    return trembles


def _first_level(side: Side, judged: _Comparisons) -> _Trembles | None:
    """Compare by the strategy itself."""
    weights = np.array(side.weights, dtype=object)
    steps = [step @ weights for step in judged.down]
    if min(steps, default=0) < 0 or any(difference @ weights for difference in judged.same):
        return None
    undecided = tuple(k for k, step in enumerate(steps) if not step)
    return _Trembles((_support(side),), (side.weights,), undecided)


def _next_tremble(
    trembles: _Trembles, new: tuple[int, ...], judged: _Comparisons, budget: Budget
) -> _Trembles | None:
    """Add a level on which new actions appear; None if there is none the opponent agrees with.

    It decides as many of the opponent's comparisons as can be. Levels that decide some can be added
    up, and no later level minds, so that there is never a reason to go back.
    """
    budget.spend()
    ranking, levels, undecided = trembles
    earlier = [a for rank in ranking for a in rank]
    weights = _next_level(earlier, new, judged.same, [judged.down[k] for k in undecided])
    if weights is None:
        return None
    level = np.zeros(len(levels[0]), dtype=object)
    level[[*earlier, *new]] = weights
    return _Trembles(
        (*ranking, new),
        (*levels, _without_signs(level.tolist(), levels)),
        tuple(k for k in undecided if not judged.down[k] @ level),
    )


def _next_level(
    earlier: Sequence[int],
    new: Sequence[int],
    same: Sequence[Integers],
    down: Sequence[Integers],
) -> list[int] | None:
    """Find weights of earlier and new actions: of any sign on the former, positive on the latter.

    The rows of ``same`` are zero against them and those of ``down`` not negative, and as many as
    possible are positive. Variables: the weights, a mark in [0, 1] below each new weight, and one
    below each row of ``down``; sums of solutions are solutions, so the optimum has every mark one
    that can be positive.
    """
    actions = [*earlier, *new]
    n, n_marks = len(actions), len(new) + len(down)
    n_rows = len(same) + n_marks
    matrix = np.zeros((n_rows + n_marks, n + n_marks), dtype=object)
    for row, difference in enumerate([*same, *(-step for step in down)]):
        matrix[row, :n] = _reduced(difference[actions])
    for place in range(len(new)):
        matrix[len(same) + len(down) + place, len(earlier) + place] = -1
    for mark in range(n_marks):
        matrix[len(same) + mark, n + mark] = 1
        matrix[n_rows + mark, n + mark] = 1
    program = LinearProgram.dense(
        [0] * n + [1] * n_marks,
        matrix,
        [0] * n_rows + [1] * n_marks,
        equalities=range(len(same)),
        free=range(len(earlier)),
    )
    answer = finish(optimize(program))
    if isinstance(answer, str):
        raise UnsupportedGame(f"a linear program was not solved: {answer}")
    return answer.weights[:n] if all(answer.weights[len(earlier) : n]) else None


def _reduced(row: Integers) -> Integers:
    divisor = max(math.gcd(*row.tolist()), 1)
    reduced: Integers = row // divisor
    return reduced


def _without_signs(weights: Sequence[int], levels: Sequence[Level]) -> Level:
    """Add earlier levels, which changes no comparison on this one, until no weight is negative."""
    base = [sum(column) for column in zip(*levels, strict=True)]
    times = max((-(w // b) for w, b in zip(weights, base, strict=True) if w < 0), default=0)
    raised = [w + times * b for w, b in zip(weights, base, strict=True)]
    divisor = math.gcd(*raised)
    return tuple(w // divisor for w in raised)
