"""Iterated elimination of dominated actions, with a witness for each and a belief for the rest.

In each round every player's actions are tested in the game that is left, and all dominated ones
are taken out at once. An action is tested in three steps, of which most need one:

1. Is it a best response to some joint action of the others? Then nothing dominates it strictly.
2. Does another action dominate it?
3. A linear program: its solution is a dominating mixed strategy, or its dual variables are a
   belief to which the action is a best response.

Strict dominance leaves the same actions in any order; what weak dominance leaves may depend on it.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.errors import UnsupportedGame
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.elimination import Elimination, IteratedElimination
from gametheory.games.normal_form import NormalFormGame
from gametheory.linear_programs import LinearProgram, optimize
from gametheory.solution import Status

__all__ = ["iterated_dominance", "rationalizable_actions"]

Dominance = Literal["strict", "weak"]
Weights = list[int]


def _applies(game: NormalFormGame) -> str:
    if None in game.integer_payoffs:
        return "the payoffs have no common denominator of reasonable size"
    return ""


@register(
    "iterated-dominance",
    concepts=("iterated-dominance",),
    form=NormalFormGame,
    applies=_applies,
    guarantee="the actions that survive, exactly; each elimination with the strategy that "
    "dominates, each survivor with a belief that justifies it",
    cost="at worst a linear program for each action and round, with a row for each joint action "
    "of the others",
    source="Luce and Raiffa (1957), Games and Decisions; Pearce (1984), Econometrica 52",
    rank=10,
)
def iterated_dominance(
    game: NormalFormGame,
    *,
    dominance: Dominance = "strict",
    by: Literal["mixed", "pure"] = "mixed",
) -> Search:
    """Yield the result of the elimination, one :class:`IteratedElimination`.

    Parameters
    ----------
    game : NormalFormGame
    dominance : {"strict", "weak"}
        Strictly better always; or never worse and better at least once.
    by : {"mixed", "pure"}
        Which strategies may dominate.

    Yields
    ------
    IteratedElimination or None
        None while at work.

    Returns
    -------
    Outcome
        ``iterations`` counts the rounds.

    Raises
    ------
    UnsupportedGame
        An option has none of these values.

    Examples
    --------
    >>> game = NormalFormGame.bimatrix([[3, 0], [0, 3], [1, 1]], [[0, 1], [0, 1], [0, 1]])
    >>> found = next(one for one in iterated_dominance(game) if one is not None)
    >>> print(found)
    {1}, {1} left after 2 rounds of strict dominance
    >>> found.eliminations[0].witness
    (Fraction(1, 2), Fraction(1, 2), Fraction(0, 1))
    """
    for name, value, valid in (
        ("dominance", dominance, ("strict", "weak")),
        ("by", by, ("mixed", "pure")),
    ):
        if not isinstance(value, str) or value not in valid:
            raise UnsupportedGame(f"{name}={value!r}", valid=f"one of {list(valid)}")
    left: list[list[int]] = [list(range(size)) for size in game.n_actions]
    eliminations: list[Elimination] = []
    while True:
        verdicts = yield from _round(game, left, dominance, by)
        if isinstance(verdicts, str):
            reason = f"a linear program was not solved: {verdicts}"
            return Outcome(status=Status.NUMERICAL_FAILURE, reason=reason)
        number = 1 + max((one.round for one in eliminations), default=0)
        out = [
            Elimination(number, player, action, _spread(verdict.witness, left[player], size))
            for player, size in enumerate(game.n_actions)
            for action, verdict in zip(left[player], verdicts[player], strict=True)
            if verdict.witness
        ]
        if not out:
            break
        eliminations += out
        for one in out:
            left[one.player].remove(one.action)
    beliefs = {}
    if by == "mixed":
        beliefs = {
            (player, action): _belief(game, player, left, verdict.belief)
            for player in range(game.n_players)
            for action, verdict in zip(left[player], verdicts[player], strict=True)
        }
    yield IteratedElimination(game.n_actions, dominance, by, tuple(eliminations), beliefs)
    return Outcome(iterations=max((one.round for one in eliminations), default=0), complete=True)


@register(
    "rationalizable-actions",
    concepts=("rationalizable",),
    form=NormalFormGame,
    applies=_applies,
    guarantee="the rationalizable actions, exactly, with beliefs that may be correlated from three "
    "players on; those that are not with the strategies that dominate them",
    cost="as iterated-dominance",
    source="Bernheim (1984), Econometrica 52; Pearce (1984), Econometrica 52; with correlated "
    "beliefs Brandenburger and Dekel (1987), Econometrica 55",
    rank=10,
)
def rationalizable_actions(game: NormalFormGame) -> Search:
    """Yield the rationalizable actions: what survives strict dominance by mixed strategies.

    Examples
    --------
    >>> dilemma = NormalFormGame.symmetric([[-1, -3], [0, -2]])
    >>> next(one for one in rationalizable_actions(dilemma) if one is not None).actions
    ((1,), (1,))
    """
    return (yield from iterated_dominance(game))


class _Verdict(NamedTuple):
    """Weights on the player's actions that dominate, or else weights on the others' joint ones."""

    witness: Weights
    belief: Weights


def _round(
    game: NormalFormGame, left: list[list[int]], dominance: Dominance, by: str
) -> Generator[None, None, list[list[_Verdict]] | str]:
    """Test every action that is left."""
    verdicts = []
    for player in range(game.n_players):
        table = _table(game, player, left)
        own = []
        for action in range(len(table)):
            verdict = yield from _test(table, action, dominance, by)
            if isinstance(verdict, str):
                return verdict
            own.append(verdict)
        verdicts.append(own)
    return verdicts


def _table(game: NormalFormGame, player: int, left: list[list[int]]) -> NDArray[Any]:
    """Lay out a player's integer payoffs: own actions by the others' joint ones, all left."""
    read = game.integer_payoffs[player]
    if read is None:
        raise ArithmeticError("refused before")
    kept = np.moveaxis(read.integers[np.ix_(*left)], player, 0)
    table: NDArray[Any] = kept.reshape(len(left[player]), -1)
    fits = table.dtype != object and int(np.abs(table).max()) < 2**61
    return table if fits else table.astype(object)


def _test(
    table: NDArray[Any], action: int, dominance: Dominance, by: str
) -> Generator[None, None, _Verdict | str]:
    n_own, n_joint = table.shape
    gains = table - table[action]
    if n_own == 1:
        return _Verdict([], [1] * n_joint)
    if dominance == "strict":
        best = np.flatnonzero((gains <= 0).all(axis=0))
        if len(best):
            return _Verdict([], [int(k == best[0]) for k in range(n_joint)])
        dominating = np.flatnonzero((gains > 0).all(axis=1))
    else:
        dominating = np.flatnonzero((gains >= 0).all(axis=1) & (gains > 0).any(axis=1))
    if len(dominating):
        return _Verdict([int(k == dominating[0]) for k in range(n_own)], [])
    if by == "pure":
        return _Verdict([], [1] * n_joint)
    yield None
    return (yield from (_strictly if dominance == "strict" else _weakly)(gains, action))


def _strictly(gains: NDArray[Any], action: int) -> Generator[None, None, _Verdict | str]:
    """Maximize the smallest gain of a mixture; where it is not positive, the duals are a belief."""
    others = np.delete(gains, action, axis=0)
    unit = int(np.abs(others).max()) or 1
    n_own, n_joint = others.shape
    rows = np.hstack([-others.T, np.full((n_joint, 1), unit, dtype=others.dtype)])
    last = np.append(np.ones(n_own, dtype=others.dtype), 0)
    answer = yield from optimize(
        LinearProgram.dense(
            np.append(np.zeros(n_own, dtype=np.int64), 1),
            np.vstack([rows, last]),
            np.append(np.zeros(n_joint, dtype=np.int64), 1),
            equalities=[n_joint],
            free=[n_own],
        )
    )
    if isinstance(answer, str):
        return answer
    if answer.value > 0:
        return _Verdict(_inserted(answer.weights[:n_own], action), [])
    return _Verdict([], answer.duals[:n_joint])


def _weakly(gains: NDArray[Any], action: int) -> Generator[None, None, _Verdict | str]:
    """Maximize the sum of gains that are nowhere negative; or add the duals to equal weights."""
    others = np.delete(gains, action, axis=0)
    n_own, n_joint = others.shape
    answer = yield from optimize(
        LinearProgram.dense(
            others.astype(object).sum(axis=1),
            np.vstack([-others.T, np.ones((1, n_own), dtype=others.dtype)]),
            np.append(np.zeros(n_joint, dtype=np.int64), 1),
        )
    )
    if isinstance(answer, str):
        return answer
    if answer.value > 0:
        return _Verdict(_inserted(answer.weights, action), [])
    return _Verdict([], [answer.dual_scale + y for y in answer.duals[:n_joint]])


def _inserted(weights: Weights, action: int) -> Weights:
    return [*weights[:action], 0, *weights[action:]]


def _spread(weights: Weights, actions: list[int], size: int) -> tuple[Fraction, ...]:
    strategy, total = [Fraction(0)] * size, sum(weights)
    for action, weight in zip(actions, weights, strict=True):
        strategy[action] = Fraction(weight, total)
    return tuple(strategy)


def _belief(
    game: NormalFormGame, player: int, left: list[list[int]], weights: Weights
) -> CorrelatedDistribution:
    others = [i for i in range(game.n_players) if i != player]
    joints = itertools.product(*(left[i] for i in others))
    return CorrelatedDistribution.from_weights(
        [game.n_actions[i] for i in others],
        {joint: weight for joint, weight in zip(joints, weights, strict=True) if weight},
    )
