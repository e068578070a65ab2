"""Monte-Carlo counterfactual regret minimization: a random part of the tree in each iteration."""

from __future__ import annotations

from gametheory.algorithms.extensive_form.monte_carlo_cfr import (
    SAMPLINGS,
    MonteCarlo,
    check_exploration,
    check_rate,
)
from gametheory.games.extensive_form import ExtensiveFormGame
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.learners.registry import register
from marl_bridge.learners.tree import TreeLearner

__all__ = ["MonteCarloRegret"]


@register(
    "mccfr",
    default_episodes=1_000,
    promise="two-player zero-sum games that can be extracted: exploitability of the averages tends "
    "to 0 as 1/sqrt(iterations) with high probability; others: each player's external regret does",
    also=("monte-carlo-cfr",),
    source="Lanctot, Waugh, Zinkevich and Bowling (2009)",
)
class MonteCarloRegret(TreeLearner):
    """Counterfactual regret minimization by sampling on the extracted tree; policies are averages.

    Parameters
    ----------
    source : EnvironmentSource
        An environment whose game can be extracted.
    episodes : int
        Not used: what is learned depends on the iterations so far alone.
    seed : int
        Equal seeds give equal results.
    sampling : {"external", "outcome", "chance"}
        External sampling tries all actions of one player and draws the rest; outcome sampling
        draws single histories; chance sampling draws chance only.
    exploration : float
        Outcome sampling: the probability with which a player's actions are drawn uniformly.
    baselines : float
        Outcome sampling: how far expected payoffs move to each new one; 0 for none.
    plus : bool
        Whether sums of regrets are kept from falling below zero.
    iterations : int
        Before each episode.
    max_states, max_histories, time_limit
        Limits of the extraction.

    Raises
    ------
    InvalidEnvironment
        If there is no such sampling.
    UnsupportedGame
        If a number is out of range.

    References
    ----------
    M. Lanctot, K. Waugh, M. Zinkevich and M. Bowling (2009), Monte Carlo sampling for regret
    minimization in extensive games, NeurIPS.
    """

    def __init__(
        self,
        source: EnvironmentSource,
        *,
        episodes: int,
        seed: int = 0,
        sampling: str = "external",
        exploration: float = 0.6,
        baselines: float = 0.2,
        plus: bool = False,
        iterations: int = 1_000,
        max_states: int = 100_000,
        max_histories: int = 5_000_000,
        time_limit: float = 120.0,
    ) -> None:
        if sampling not in SAMPLINGS:
            raise InvalidEnvironment(
                f"sampling is {sampling!r}",
                where="sampling",
                valid=" or ".join(map(repr, SAMPLINGS)),
            )
        explored, rate = check_exploration(exploration), check_rate(baselines)

        def begin(game: ExtensiveFormGame) -> MonteCarlo:
            return MonteCarlo(
                game, sampling, exploration=explored, baselines=rate, plus=plus, seed=seed
            )

        super().__init__(
            source,
            begin,
            seed=seed,
            iterations=iterations,
            max_states=max_states,
            max_histories=max_histories,
            time_limit=time_limit,
        )
