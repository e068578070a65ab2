"""The exact side of a check: policies against the solved game."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

import gametheory
from gametheory.errors import UnsupportedGame
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.solution import Solution
from marl_bridge.reports.report import AgainstRandom, Meetings

__all__ = [
    "Distances",
    "against_random",
    "distances",
    "meetings",
    "solve_game",
    "team_optimum",
    "without_noise",
]

_PATIENCE = 60.0  # seconds
_NOISE = 1e-13


@dataclass(frozen=True, eq=False)
class Distances:
    """A profile's exact figures, each of shape (n_players,).

    Attributes
    ----------
    returns : ndarray
        Expected payoffs.
    best_responses : ndarray
        What each player would earn by best responding to the others.
    worst_case : ndarray or None
        Each player's payoff against a best-responding opponent; None unless the game is
        two-player constant-sum.
    against_random : tuple of AgainstRandom
        Each player's behavior against uniform random play of the others.
    """

    returns: NDArray[np.float64]
    best_responses: NDArray[np.float64]
    worst_case: NDArray[np.float64] | None
    against_random: tuple[AgainstRandom, ...]

    @property
    def gains(self) -> NDArray[np.float64]:
        """Each player's regret; rounding never makes it negative."""
        return np.maximum(self.best_responses - self.returns, 0.0)


def solve_game(game: ExtensiveFormGame) -> Solution | UnsupportedGame:
    """Solve by the strongest concept there is a method for; else return the refusal.

    General-sum games may take long: after a minute the answer has no solution, and the reason.
    """
    concept = "subgame-perfect" if game.has_perfect_information() else "nash"
    try:
        return gametheory.solve(game, concept, time_limit=_PATIENCE)
    except UnsupportedGame as refusal:
        return refusal


def team_optimum(game: ExtensiveFormGame) -> float | None:
    """Return the highest expected sum of payoffs that any joint policy reaches.

    Without chance a pure profile leads to any terminal history, so it is the largest sum at
    one of them. None for constant-sum games, where every profile reaches it, and with chance.
    """
    if game.chance_children.size or game.is_constant_sum():
        return None
    return float(game.terminal_payoffs.sum(axis=0).max())


def distances(game: ExtensiveFormGame, profile: BehaviorProfile) -> Distances:
    """Compute a profile's returns, best responses and play against random, exactly.

    Cost: a few passes over the terminal histories for each player.
    """
    returns = without_noise(game.expected_payoffs(profile), game)
    best = without_noise(
        [gametheory.best_response_value(game, profile, player) for player in range(game.n_players)],
        game,
    )
    worst = None
    if game.n_players == 2 and game.is_constant_sum():
        worst = game.terminal_payoffs[:, 0].sum() - best[::-1]
    uniform = BehaviorProfile.uniform(game)
    meetings = tuple(
        against_random(game, uniform.replace(profile, player, game), player)
        for player in range(game.n_players)
    )
    return Distances(returns, best, worst, meetings)


def meetings(game: ExtensiveFormGame, profile: BehaviorProfile) -> Meetings | None:
    """Let two agents' policies, random play and best responses meet; None for other numbers.

    Each best response is one to the other agent's policy.
    """
    if game.n_players != 2:
        return None
    uniform = BehaviorProfile.uniform(game)
    kinds = {
        "policy": [profile, profile],
        "random play": [uniform, uniform],
        "best response": [gametheory.best_response(game, profile, player) for player in range(2)],
    }
    rows = tuple(
        tuple(
            _pair(without_noise(game.expected_payoffs(second[1].replace(first[0], 0, game)), game))
            for second in kinds.values()
        )
        for first in kinds.values()
    )
    return Meetings(tuple(kinds), tuple(kinds), rows)


def _pair(payoffs: NDArray[np.float64]) -> tuple[float, float]:
    return float(payoffs[0]), float(payoffs[1])


def against_random(game: ExtensiveFormGame, profile: BehaviorProfile, player: int) -> AgainstRandom:
    """Split one player's payoffs under a profile into wins, draws and losses by their sign."""
    reach = game.sequence_form.reach(profile.probabilities)
    payoffs = game.terminal_payoffs[player]
    wins, losses = float(reach[payoffs > 0].sum()), float(reach[payoffs < 0].sum())
    draws = float(reach[payoffs == 0].sum())  # payoffs are given numbers, not computed ones
    earned = without_noise([float(reach @ payoffs)], game)
    return AgainstRandom(wins, draws, losses, float(earned[0]))


def without_noise(payoffs: ArrayLike, game: ExtensiveFormGame) -> NDArray[np.float64]:
    """Return payoffs in which a zero that rounding missed is zero: 1e-13 of the payoff range."""
    values = np.asarray(payoffs, dtype=np.float64)
    return np.where(np.abs(values) <= _NOISE * game.payoff_range, 0.0, values)
