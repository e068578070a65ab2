"""Minmax values: how far down the others can hold a player, together or independently.

1. Correlated punishers pick a joint action together: one linear program, whose value is also the
   player's maxmin value.
2. Independent punishers multiply their strategies, which is not convex. Each one's best strategy
   against the others' is a linear program, so they improve in turn, from several starts; what they
   reach is an upper bound on the independent minmax value, and 1. a lower one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.maxmin import payoff_matrix, security
from gametheory.errors import UnsupportedGame
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.linear_programs import LinearProgram, finish, optimize

__all__ = ["Minmax", "minmax"]

_ROUNDS = 60  # of improvements from one start; each costs a linear program for each punisher
_FINEST = 10**4  # denominators of strategies on the way: exact ones would grow with every step
_GAIN = Fraction(1, 10**9)  # of the payoff range; a smaller improvement ends a start
_MOST_CELLS = 100_000

Strategies = list[tuple[Fraction, ...]]


@dataclass(frozen=True, slots=True)
class Minmax:
    """How far down the others can hold one player.

    Attributes
    ----------
    player : int
        Who is punished.
    punishers : {"correlated", "independent"}
        Whether the others may correlate their actions.
    value : Fraction
        The most that the player can earn against the punishment, exactly.
    lower : Fraction
        No punishment of this kind holds the player to less.
    side : {"exact", "upper bound"}
        Whether ``value`` is proven to be the minmax value (it equals ``lower``), or only bounds
        it from above.
    punishment : CorrelatedDistribution
        Over the joint actions of the others, in the order of the players; for independent
        punishers a product.
    """

    player: int
    punishers: Literal["correlated", "independent"]
    value: Fraction
    lower: Fraction
    side: Literal["exact", "upper bound"]
    punishment: CorrelatedDistribution

    def __str__(self) -> str:
        sign = "=" if self.side == "exact" else "<="
        return f"minmax value of player {self.player}, {self.punishers} punishers, {sign} " + (
            f"{self.value}" if self.value.denominator < 10**6 else f"{float(self.value):.9g}"
        )


def minmax(
    game: NormalFormGame,
    player: int,
    *,
    punishers: Literal["correlated", "independent"] = "correlated",
    starts: int = 8,
    seed: int = 0,
) -> Minmax:
    """Find the smallest payoff that the others can hold a player to.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    player : int
        Who is punished.
    punishers : {"correlated", "independent"}
        With at most one punisher they are the same.
    starts : int
        For independent punishers: how many random starts are tried besides the uniform one and
        the marginals of the correlated punishment.
    seed : int
        For the random starts.

    Returns
    -------
    Minmax
        Exact for correlated punishers. For independent ones an upper bound, which is exact where
        it meets the correlated value.

    Raises
    ------
    UnsupportedGame
        There is no such player, or the payoffs are too wide or too many.

    Notes
    -----
    The correlated minmax value equals the maxmin value; the independent one can be larger for
    three or more players (Shoham and Leyton-Brown 2009, Multiagent Systems, section 3.4.1, state
    both for independent strategies). To approximate the independent value of a three-player game
    is NP-hard: Borgs, Chayes, Immorlica, Kalai, Mirrokni and Papadimitriou (2010), "The myth of
    the folk theorem", Games and Economic Behavior 70.

    Examples
    --------
    Player 0 loses 1 when all three match; the others do better to agree on a random action:

    >>> game = NormalFormGame.from_function(
    ...     lambda a: (-1 if a[0] == a[1] == a[2] else 0, 0, 0), (2, 2, 2)
    ... )
    >>> print(minmax(game, 0))
    minmax value of player 0, correlated punishers, = -1/2
    >>> print(minmax(game, 0, punishers="independent"))
    minmax value of player 0, independent punishers, <= -1/4
    """
    _check(game, player, punishers)
    together = finish(security(game, player))
    if isinstance(together, str):
        raise UnsupportedGame(f"no exact minmax value: {together}", where=repr(game))
    if punishers == "correlated" or game.n_players <= 2:
        level = together.level
        return Minmax(player, punishers, level, level, "exact", together.punishment)
    value, strategies = _best_product(game, player, together.punishment, starts, seed)
    return Minmax(
        player,
        punishers,
        value,
        together.level,
        "exact" if value == together.level else "upper bound",
        CorrelatedDistribution.from_profile(MixedProfile(strategies)),
    )


def _check(game: NormalFormGame, player: int, punishers: str) -> None:
    if not 0 <= player < game.n_players:
        valid = f"0 to {game.n_players - 1}"
        raise UnsupportedGame(f"there is no player {player}", where="player", valid=valid)
    if punishers not in ("correlated", "independent"):
        valid = "'correlated' or 'independent'"
        raise UnsupportedGame(f"punishers={punishers!r}", where="punishers", valid=valid)
    if punishers == "independent" and math.prod(game.n_actions) > _MOST_CELLS:
        raise UnsupportedGame(
            f"{math.prod(game.n_actions):,} joint actions are too many for independent punishers",
            valid=f"at most {_MOST_CELLS:,}",
            hint="ask for correlated punishers: their value is a lower bound",
        )


def _best_product(
    game: NormalFormGame,
    player: int,
    together: CorrelatedDistribution,
    starts: int,
    seed: int,
) -> tuple[Fraction, Strategies]:
    """Improve in turn from every start, and keep the best."""
    matrix = payoff_matrix(game, player)
    tensor = matrix.entries.astype(object).reshape(-1, *together.n_actions)
    least = _GAIN * int(tensor.max())
    best: tuple[Fraction, Strategies] | None = None
    for start in _starts(together, starts, seed):
        found = _improve(tensor, start, least)
        best = found if best is None or found[0] < best[0] else best
    if best is None:
        raise ArithmeticError("there is always the uniform start")
    return (best[0] + matrix.lowest) / matrix.denominator, best[1]


def _starts(together: CorrelatedDistribution, starts: int, seed: int) -> Iterator[Strategies]:
    sizes = together.n_actions
    yield [tuple(Fraction(1, size) for _ in range(size)) for size in sizes]
    yield [together.marginal(k) for k in range(len(sizes))]
    generator = np.random.default_rng(np.random.SeedSequence(seed))
    for _ in range(starts):
        yield [_coarse(generator.dirichlet(np.ones(size)).tolist()) for size in sizes]


def _improve(
    tensor: NDArray[Any], strategies: Strategies, least: Fraction
) -> tuple[Fraction, Strategies]:
    """Let each punisher in turn do the best against the others', until nothing is gained."""
    current = list(strategies)
    best = _held_to(tensor, current), list(current)
    for _ in range(_ROUNDS):
        before = best[0]
        for k in range(len(current)):
            answer = finish(optimize(_program(_against(tensor, current, k))))
            if isinstance(answer, str):
                return best
            weights = answer.weights[:-1]
            exact = tuple(Fraction(w, sum(weights)) for w in weights)
            current[k] = exact
            value = _held_to(tensor, current)
            if value < best[0]:
                best = value, list(current)
            current[k] = _coarse(exact)
        if before - best[0] <= least:
            break
    return best


def _program(table: NDArray[Any]) -> LinearProgram:
    """Choose the punisher's y to make the largest entry of ``table @ y`` small.

    Maximize the slack s below the largest entry of all, ``table @ y + unit * s <= unit`` and
    ``sum(y) = 1``: entries are nonnegative, so some y and s >= 0 always fit.
    """
    scale = math.lcm(*(entry.denominator for entry in table.ravel().tolist()))
    entries = np.array(
        [[int(entry * scale) for entry in row] for row in table.tolist()], dtype=object
    )
    unit = max(int(entries.max()), 1)
    n_rows, n_actions = entries.shape
    rows = np.hstack([entries, np.full((n_rows, 1), unit, dtype=object)])
    total = np.array([[1] * n_actions + [0]], dtype=object)
    return LinearProgram.dense(
        [0] * n_actions + [1],
        np.vstack([rows, total]),
        np.array([unit] * n_rows + [1], dtype=object),
        equalities=[n_rows],
    )


def _against(tensor: NDArray[Any], strategies: Strategies, punisher: int) -> NDArray[Any]:
    """Player's payoffs by own action and the punisher's, the other punishers playing theirs."""
    table: Any = np.moveaxis(tensor, punisher + 1, 1)
    for strategy in reversed(strategies[:punisher] + strategies[punisher + 1 :]):
        table = table @ np.array(strategy, dtype=object)
    fractions: NDArray[Any] = np.vectorize(Fraction, otypes=[object])(table)
    return fractions


def _held_to(tensor: NDArray[Any], strategies: Strategies) -> Fraction:
    """Return what the player's best action earns against independent strategies."""
    earned: Any = tensor
    for strategy in reversed(strategies):
        earned = earned @ np.array(strategy, dtype=object)
    return Fraction(max(earned.tolist()))


def _coarse(strategy: Any) -> tuple[Fraction, ...]:
    """Round a strategy to small denominators."""
    weights = [round(p * _FINEST) for p in strategy]
    total = sum(weights)
    return tuple(Fraction(w, total) for w in weights)
