"""The games of the study, and what is known of each: its kinds, equilibria and frontier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

import gametheory as gt
from marl_bridge.worlds.congestion import congestion_game

__all__ = ["GAMES", "StudyGame", "studied"]


@dataclass(frozen=True)
class StudyGame:
    """A game, and what results in it are held against.

    Attributes
    ----------
    name : str
    game : NormalFormGame, ExtensiveFormGame or StochasticGame
    shows : str
        Why it is here.
    """

    name: str
    game: Any
    shows: str

    @property
    def form(self) -> str:
        """Return "matrix", "tree" or "stochastic"."""
        if isinstance(self.game, gt.NormalFormGame):
            return "matrix"
        return "stochastic" if isinstance(self.game, gt.StochasticGame) else "tree"

    @cached_property
    def kinds(self) -> frozenset[str]:
        """What theorems ask of a game: see :mod:`.promises`."""
        game, found = self.game, {self.form}
        if game.n_players == 2:
            found.add("two players")
        if game.n_players == 2 and game.is_constant_sum() and self._sums_to_zero():
            found.add("zero-sum")
        if self.form == "matrix":
            if (game.payoffs == game.payoffs[:1]).all():
                found.add("common payoff")
            if gt.find_potential(game):
                found.add("potential")
            if game.n_actions == (2, 2):
                found.add("2x2")
        return frozenset(found)

    def _sums_to_zero(self) -> bool:
        if self.form == "stochastic":
            return bool(self.game.is_zero_sum())
        tables = self.game.payoffs if self.form == "matrix" else self.game.terminal_payoffs
        return bool(not tables.sum(axis=0).any())

    @cached_property
    def ranges(self) -> tuple[float, ...]:
        """Each player's largest payoff less its smallest one."""
        if self.form == "matrix":
            return tuple(float(np.ptp(own)) for own in self.game.payoffs)
        if self.form == "tree":
            return tuple(float(np.ptp(own)) for own in self.game.terminal_payoffs)
        return tuple([float(self.game.payoff_range)] * self.game.n_players)

    @cached_property
    def scale(self) -> float:
        """The largest payoff range: what tolerances are shares of."""
        return max(self.ranges)

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """Return the smallest and the largest return of an episode.

        Episodes of a stochastic game end by chance, so that nothing bounds their returns; more
        than 30 times its largest payoff does not happen in practice.
        """
        if self.form == "stochastic":
            largest = 30.0 * max(float(np.abs(stage.payoffs).max()) for stage in self.game.stages)
            return -largest, largest
        tables = self.game.payoffs if self.form == "matrix" else self.game.terminal_payoffs
        return float(tables.min()), float(tables.max())

    @cached_property
    def equilibrium_payoffs(self) -> tuple[tuple[float, ...], ...]:
        """What Nash equilibria pay: all extreme ones of a matrix game, else the value."""
        if self.form == "matrix":
            solution = gt.solve(self.game, find="all")
            paid = {tuple(map(float, c.payoffs)) for c in solution.certificates}
        else:
            paid = {tuple(map(float, gt.solve(self.game).payoffs))}
        return tuple(sorted(paid))

    @cached_property
    def frontier(self) -> tuple[tuple[tuple[float, ...], float], ...]:
        """The half-spaces ``normal @ payoffs <= offset`` of all that is feasible or worse.

        Empty of zero-sum games, where every payoff is Pareto optimal.
        """
        if self.form != "matrix" or "zero-sum" in self.kinds:
            return ()
        facets = gt.pareto_frontier(self.game).facets
        return tuple((tuple(map(float, f.normal)), float(f.offset)) for f in facets)

    @cached_property
    def welfare_ends(self) -> tuple[float, float]:
        """The smallest and the largest sum of a joint action's payoffs; zeros without a matrix."""
        if self.form != "matrix":
            return 0.0, 0.0
        sums = self.game.payoffs.sum(axis=0)
        return float(sums.min()), float(sums.max())

    @cached_property
    def security(self) -> tuple[float, ...]:
        """What each player of a matrix game can guarantee itself."""
        return tuple(map(float, gt.security_levels(self.game)))

    @property
    def picture(self) -> str:
        """How paths of strategies are drawn: "square", "simplex" or "" for not at all."""
        if self.form == "matrix" and self.game.n_players == 2:
            if self.game.n_actions == (2, 2):
                return "square"
            if self.game.n_actions == (3, 3):
                return "simplex"
        return ""


def raising_stakes() -> Any:
    """Build a zero-sum stochastic game: pennies, where equal coins may raise the stakes.

    Two states in the model of L. S. Shapley (1953), Stochastic games, PNAS 39.
    """
    low = [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]
    high = [[[3, -1], [-1, 1]], [[-3, 1], [1, -1]]]
    up, even, down = ("1/4", "3/4"), ("1/2", "1/2"), (1, 0)
    return gt.StochasticGame(
        [low, high],
        [[[up, down], [down, even]], [[up, even], [even, down]]],
        "3/4",
        states=["low", "high"],
        title="Raising stakes",
    )


def _catalog(name: str, **parameters: Any) -> Callable[[], Any]:
    return lambda: gt.catalog.load(name, **parameters)


GAMES: dict[str, tuple[Callable[[], Any], str]] = {
    "prisoners_dilemma": (
        _catalog("prisoners_dilemma"),
        "one equilibrium, and it is worse for both than another joint action",
    ),
    "stag_hunt": (_catalog("stag_hunt"), "which equilibrium: the better one is the riskier one"),
    "chicken": (_catalog("chicken"), "correlation pays more than any equilibrium mixture"),
    "battle_of_the_sexes": (
        _catalog("battle_of_the_sexes"),
        "two equilibria, each better for another player",
    ),
    "matching_pennies": (_catalog("matching_pennies"), "no pure equilibrium: policies must mix"),
    "rock_paper_scissors": (
        _catalog("rock_paper_scissors"),
        "zero-sum, and responses chase each other in a circle",
    ),
    "shapley": (_catalog("shapley"), "fictitious play cycles for ever"),
    "pure_coordination": (
        _catalog("pure_coordination", n_actions=3),
        "three equally good agreements",
    ),
    "climbing": (_catalog("climbing"), "a team's optimum is surrounded by losses"),
    "penalty": (_catalog("penalty", k=-100), "two optima, and a high price for confusing them"),
    "jordan": (_catalog("jordan"), "three players that chase each other in a circle"),
    "congestion": (
        lambda: congestion_game(3, ((0, 2), (2, 1))),
        "three drivers and two roads: a potential game",
    ),
    "kuhn_poker": (_catalog("kuhn_poker"), "a tree with chance and hidden cards: value -1/18"),
    "raising_stakes": (raising_stakes, "a stochastic game, with a value in each state"),
}
"""Name, how it is built, and why it is here. A game that is added here is studied."""


@lru_cache(maxsize=32)
def studied(name: str) -> StudyGame:
    """Build a game of the study, once in each process.

    Examples
    --------
    >>> sorted(studied("matching_pennies").kinds)
    ['2x2', 'matrix', 'two players', 'zero-sum']
    """
    build, shows = GAMES[name]
    return StudyGame(name, build(), shows)
