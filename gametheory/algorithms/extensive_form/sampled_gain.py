"""What a player can gain at least against a policy, in a game too big to hold.

A response is learned against the policy by counterfactual regret minimization with external
sampling (Lanctot, Waugh, Zinkevich and Bowling 2009), and then both are played. Whatever the
response is worth, no best response is worth less: so the player's regret is at least as large as
the empirical Bernstein bound of Maurer and Pontil (2009), "Empirical Bernstein bounds and sample
variance penalization", Theorem 4, says it is. It says nothing about how much larger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, log, sqrt
from numbers import Real
from typing import Any

import numpy as np

from gametheory.algorithms.extensive_form.simulator_cfr import SimulatorCFR
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.extensive_form import CHANCE, TERMINAL
from gametheory.games.game_state import GameState
from gametheory.games.tabulated_policy import Policy, ask
from gametheory.games.turns import Turn

__all__ = ["SampledGain", "sampled_gain"]

_TOLERANCE = 1e-9


@dataclass(frozen=True)
class SampledGain:
    """How much one player gained by a learned response.

    Attributes
    ----------
    player : int
    lower : float
        With the given confidence the player's regret is at least this; never below 0, which
        every regret is.
    mean : float
        What the response gained over the episodes.
    confidence : float
    episodes : int
    iterations : int
        How many the response was learned in.
    """

    player: int
    lower: float
    mean: float
    confidence: float
    episodes: int
    iterations: int


class _Responder(SimulatorCFR):
    """Learns for one player, while the others follow a policy."""

    def __init__(self, state: GameState, policy: Policy, player: int, seed: int) -> None:
        super().__init__(state, seed=seed)
        self.player, self.policy = player, policy

    def _iterate(self) -> None:
        self._external(self.player)
        self.iterations += 1

    def _entry(self, turn: Turn) -> Any:
        return super()._entry(turn) if turn.player == self.player else _Followed(self.policy, turn)

    def respond(self, player: int, known: Any, actions: Sequence[Any]) -> Any:
        """Play the action that is regretted most; follow the policy where nothing was learned.

        Against what does not change, that is better than the average of all that was tried.
        """
        entry = self.table.get((player, known)) if player == self.player else None
        if entry is None or not any(entry.regrets):
            return self.policy(player, known, actions)
        best = entry.regrets.index(max(entry.regrets))
        return [float(position == best) for position in range(len(actions))]


class _Followed:
    """An information set at which the policy decides."""

    def __init__(self, policy: Policy, turn: Turn) -> None:
        self.row = _probabilities(policy, turn)

    def strategy(self) -> list[float]:
        return self.row

    def add(self, strategy: Sequence[float], weight: float) -> None:
        """Nothing is averaged."""


def sampled_gain(
    state: GameState,
    policy: Policy,
    player: int,
    *,
    payoff_range: float,
    iterations: int = 1000,
    time_limit: float | None = None,
    episodes: int = 10_000,
    confidence: float = 0.95,
    seed: int = 0,
    progress: bool | Callable[[int, float], object] = False,
) -> SampledGain:
    """Find a lower bound on a player's regret, that holds with a given confidence.

    Parameters
    ----------
    state : GameState
        The start; it is cloned, never changed.
    policy : callable
        What all players do, as for :func:`gametheory.games.tabulated_policy.profile_of`: a
        :class:`~gametheory.algorithms.extensive_form.simulator_cfr.SampledStrategy`, say.
    player : int
    payoff_range : float
        Largest difference between two payoffs of the player.
    iterations : int
        How many to learn a response in. More make the bound better; it is a bound anyway.
    time_limit : float, optional
        Seconds to learn a response in.
    episodes : int
        How often to play with the response, and without.
    confidence : float
    seed : int
    progress : bool or callable
        As for :func:`gametheory.algorithms.extensive_form.simulator_cfr.monte_carlo_cfr`, while
        the response is learned.

    Returns
    -------
    SampledGain

    Raises
    ------
    InvalidProfile
        If the policy gives no distribution over the legal actions.
    UnsupportedGame
        If an option is not valid, or a payoff difference is larger than ``payoff_range``.
    """
    _check_options(payoff_range, episodes, confidence)
    learner = _Responder(state, policy, player, seed)
    if (
        isinstance(player, bool)
        or not isinstance(player, int)
        or not 0 <= player < learner.n_players
    ):
        raise UnsupportedGame(f"player={player!r}", valid=f"0 to {learner.n_players - 1}")
    learner.run(iterations=iterations, time_limit=time_limit, progress=progress)
    rng = np.random.default_rng(np.random.SeedSequence(seed).spawn(1)[0])
    payoffs = np.array(
        [
            [_play(learner, one, player, rng) for one in (learner.respond, policy)]
            for _ in range(episodes)
        ]
    )
    if np.ptp(payoffs) > payoff_range * (1 + _TOLERANCE):
        raise UnsupportedGame(
            f"two payoffs of player {player} differ by {np.ptp(payoffs):g}",
            where=f"payoff_range={payoff_range!r}",
            valid="the largest difference between two of its payoffs",
        )
    gains = payoffs[:, 0] - payoffs[:, 1]
    doubt = log(2 / (1 - confidence))
    width = sqrt(2 * gains.var(ddof=1) * doubt / episodes)
    width += 7 * 2 * payoff_range * doubt / (3 * (episodes - 1))
    mean = float(gains.mean())
    lower = max(mean - width, 0.0)
    return SampledGain(player, lower, mean, confidence, episodes, learner.iterations)


def _check_options(payoff_range: Any, episodes: Any, confidence: Any) -> None:
    if not isinstance(payoff_range, Real) or not 0 <= float(payoff_range) < inf:
        raise UnsupportedGame(f"payoff_range={payoff_range!r}", valid="a number of payoff units")
    if isinstance(episodes, bool) or not isinstance(episodes, int) or episodes < 2:
        raise UnsupportedGame(f"episodes={episodes!r}", valid="a whole number from 2")
    if not isinstance(confidence, Real) or not 0 < float(confidence) < 1:
        raise UnsupportedGame(f"confidence={confidence!r}", valid="a probability below 1")


def _play(learner: SimulatorCFR, policy: Policy, player: int, rng: np.random.Generator) -> float:
    """Play once; return the player's payoff."""
    turn = learner.root.copy()
    while turn.player != TERMINAL:
        odds = turn.odds if turn.player == CHANCE else _probabilities(policy, turn)
        sums = np.cumsum(odds)
        position = int(np.searchsorted(sums, rng.random() * sums[-1], side="right"))
        turn = turn.after(position, keep=False)
    return float(turn.payoffs(learner.n_players)[player])


def _probabilities(policy: Policy, turn: Turn) -> list[float]:
    known = turn.information_state
    where = f"player {turn.player}, information state {known!r}"
    row = [float(p) for p in ask(policy, turn.player, known, turn.actions, where)]
    if not (min(row) >= 0 and abs(sum(row) - 1) <= _TOLERANCE):
        raise InvalidProfile(f"probabilities {row}", where=where, valid="a distribution")
    return row
