"""Counterfactual regret minimization, all of the tree in each iteration."""

from __future__ import annotations

from gametheory.algorithms.extensive_form.cfr_schedules import VARIANTS
from gametheory.algorithms.extensive_form.counterfactual_regret import RegretMinimization
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.sequence_layout import lay_out
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.learners.registry import register
from marl_bridge.learners.tree import TreeLearner

__all__ = ["CounterfactualRegret"]


@register(
    "cfr",
    default_episodes=1_000,
    promise="two-player zero-sum games that can be extracted: exploitability of the averages at "
    "most 2 * range * information sets * sqrt(actions) / sqrt(iterations) for cfr and cfr+, in "
    "practice far less; others: each player's external regret tends to 0",
    also=("counterfactual-regret",),
    source="Zinkevich, Johanson, Bowling and Piccione (2007); Tammelin (2014), CFR+",
)
class CounterfactualRegret(TreeLearner):
    """Counterfactual regret minimization on the extracted tree; policies are averages.

    Parameters
    ----------
    source : EnvironmentSource
        An environment whose game can be extracted.
    episodes : int
        Not used: weights depend on the iterations so far alone.
    seed : int
        Of the episodes that are played; what is learned does not depend on it.
    variant : str
        "cfr+", "cfr", "linear-cfr", "dcfr", "pcfr+", "pdcfr+" or "sapcfr+".
    alternating : bool
        Whether each player answers to what the players before it did in the same iteration.
    iterations : int
        Before each episode.
    max_states, max_histories, time_limit
        Limits of the extraction.

    Raises
    ------
    InvalidEnvironment
        If there is no such variant.

    References
    ----------
    M. Zinkevich, M. Johanson, M. Bowling and C. Piccione (2007), Regret minimization in games with
    incomplete information, NeurIPS. O. Tammelin (2014), Solving large imperfect information games
    using CFR+, arXiv:1407.5042.
    """

    def __init__(
        self,
        source: EnvironmentSource,
        *,
        episodes: int,
        seed: int = 0,
        variant: str = "cfr+",
        alternating: bool = True,
        iterations: int = 1,
        max_states: int = 100_000,
        max_histories: int = 5_000_000,
        time_limit: float = 120.0,
    ) -> None:
        if variant not in VARIANTS:
            raise InvalidEnvironment(
                f"variant is {variant!r}", where="variant", valid=" or ".join(map(repr, VARIANTS))
            )

        def begin(game: ExtensiveFormGame) -> RegretMinimization:
            layout = lay_out(game.sequence_form)
            return RegretMinimization(
                layout, VARIANTS[variant], alternating=alternating, restarts=False
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
