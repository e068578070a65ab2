"""All extreme optimal realization plans of a two-player constant-sum game, from one equilibrium.

The equilibria of such a game are the pairs of optimal plans. A player's optimal plans x form a
polytope: every reply of the opponent's leaves at least the value. One equilibrium says which of
these inequalities hold with equality and which sequences are not used (complementary slackness),
which leaves few dimensions; in these the polytope's vertices are found by double description.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.double_description import extreme_rays
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.pure_strategies import PureStrategies
from gametheory.games.realization import exact_expected_payoffs, realization_plan
from gametheory.games.sequence_form import chance_reach

__all__ = ["OptimalPlans"]

Integers = NDArray[Any]  # objects: Python ints

_FITS = 2**52


class OptimalPlans:
    """The polytope of one player's optimal plans.

    Parameters
    ----------
    game : ExtensiveFormGame
        Two players, constant sum.
    strategies : sequence of PureStrategies
        Both players', reduced.
    profile : BehaviorProfile
        An equilibrium, exactly.
    player : int

    Attributes
    ----------
    is_extreme : bool
        Whether the player's plan in ``profile`` is a vertex.
    """

    def __init__(
        self,
        game: ExtensiveFormGame,
        strategies: Sequence[PureStrategies],
        profile: BehaviorProfile,
        player: int,
    ) -> None:
        from flint import fmpz_mat

        self.n_sequences = game.n_sequences[player]
        own, other = (realization_plan(game, profile, p) for p in (player, 1 - player))
        worth, value = _worth(game, profile, player)
        plans, replies = (strategies[p].plans() for p in (player, 1 - player))
        paid = _product(worth, replies.T)
        paid[0] -= value  # what each reply leaves of a plan above the value
        earned = plans.astype(object) @ (worth @ other)
        self.used = np.flatnonzero(plans[earned == earned.max()].any(axis=0))
        binding = ~replies[:, other == 0].any(axis=1)
        left = paid[self.used].T
        equations = [*self._tree_equations(game, player), *left[binding].tolist()]
        space = _null_space(_distinct(equations), self.used.size)
        rows = [*np.eye(self.used.size, dtype=int).tolist(), *left[~binding].tolist()]
        self.space = fmpz_mat(space).transpose()
        inequalities = (fmpz_mat(_distinct(rows)) * self.space).tolist()
        self.inequalities = _distinct([list(map(int, row)) for row in inequalities])
        tight = [
            row
            for row, full in zip(inequalities, _distinct(rows), strict=True)
            if not sum(a * x for a, x in zip(full, own[self.used].tolist(), strict=True))
        ]
        dimension = len(space) - 1
        self.is_extreme = dimension == 0 or (len(tight) > 0 and fmpz_mat(tight).rank() == dimension)

    def _tree_equations(self, game: ExtensiveFormGame, player: int) -> list[list[int]]:
        """At each information set that is led to, the actions share what leads there."""
        treeplex = game.sequence_form.treeplexes[player]
        parents = treeplex.parent_sequence
        n_actions = game.infoset_n_actions[game.infoset_player == player]
        owner = np.repeat(np.arange(parents.size), n_actions)  # of sequence s + 1
        place = np.full(self.n_sequences, -1)
        place[self.used] = np.arange(self.used.size)
        rows = np.zeros((parents.size, self.used.size), np.int64)
        inner = self.used[self.used > 0]
        rows[owner[inner - 1], place[inner]] = 1
        led_to = np.flatnonzero(place[parents] >= 0)
        rows[led_to, place[parents[led_to]]] -= 1
        return [list(row) for row in rows[led_to].tolist()]

    def vertices(self) -> Generator[None, None, list[Integers]]:
        """Find the extreme plans, each times a positive integer; None between pieces of work."""
        from flint import fmpq_mat, fmpz_mat

        size = self.space.ncols()
        _, _, pivots = _echelon([list(column) for column in zip(*self.inequalities, strict=True)])
        inverse = fmpq_mat(fmpz_mat([self.inequalities[row] for row in pivots])).inv()
        # Variables are now the slacks of these inequalities.
        chosen = set(pivots)
        others = [row for number, row in enumerate(self.inequalities) if number not in chosen]
        further: list[list[int]] = []
        if others:
            numerators, _ = (fmpq_mat(fmpz_mat(others)) * inverse).numer_denom()
            further = [[-int(entry) for entry in row] for row in numerators.tolist()]
        rays = yield from extreme_rays([], _distinct(further), size)
        back, _ = (fmpq_mat(self.space) * inverse).numer_denom()
        lines = [[int(entry) for entry in row] for row in back.tolist()]
        plans = []
        for ray in rays:
            plan = np.zeros(self.n_sequences, dtype=object)
            plan[self.used] = [sum(a * y for a, y in zip(line, ray, strict=True)) for line in lines]
            plans.append(plan // math.gcd(*plan.tolist()))
        return plans


def _worth(game: ExtensiveFormGame, profile: BehaviorProfile, player: int) -> tuple[Integers, int]:
    """Payoffs for pairs of sequences, own ones as rows, and the game's value, as integers."""
    reach = chance_reach(game, game.terminals, game.exact_chance)
    weights = np.broadcast_to(reach * game.exact_payoffs[player], reach.shape).tolist()
    value = exact_expected_payoffs(game, profile)[player]
    scale = math.lcm(value.denominator, *(weight.denominator for weight in weights))
    whole = np.array([int(weight * scale) for weight in weights], dtype=object)
    own, other = game.sequence_form.terminal_sequences[[player, 1 - player]]
    worth = np.zeros((game.n_sequences[player], game.n_sequences[1 - player]), dtype=object)
    np.add.at(worth, (own, other), whole)
    return worth, int(value * scale)


def _product(worth: Integers, plans: NDArray[np.bool_]) -> Integers:
    """Multiply in floats where these hold all sums exactly."""
    if int(np.abs(worth).sum()) < _FITS:
        floats = worth.astype(np.float64) @ plans.astype(np.float64)
        return floats.astype(np.int64).astype(object)
    product: Integers = worth @ plans.astype(object)
    return product


def _distinct(rows: list[list[int]]) -> list[list[int]]:
    return [list(row) for row in dict.fromkeys(map(tuple, rows))]


def _echelon(rows: list[list[int]]) -> tuple[list[list[int]], int, list[int]]:
    """Reduced row echelon form times a denominator, and the columns of its pivots."""
    from flint import fmpz_mat

    matrix, denominator, rank = fmpz_mat(rows).rref()
    reduced = [[int(entry) for entry in row] for row in matrix.tolist()[:rank]]
    pivots = [next(k for k, entry in enumerate(row) if entry) for row in reduced]
    return reduced, int(denominator), pivots


def _null_space(equations: list[list[int]], size: int) -> list[list[int]]:
    """Solve homogeneous equations: integer vectors that span all solutions."""
    reduced, denominator, pivots = _echelon(equations)
    basis = []
    for free in sorted(set(range(size)) - set(pivots)):
        vector = [0] * size
        vector[free] = denominator
        for row, pivot in zip(reduced, pivots, strict=True):
            vector[pivot] = -row[free]
        basis.append(vector)
    return basis
