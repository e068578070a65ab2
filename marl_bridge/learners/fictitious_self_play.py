"""Extensive-form fictitious play (XFP): best responses to averages, mixed by what they realize."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.sequence_layout import lay_out
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.learners.registry import register
from marl_bridge.learners.tree import TreeLearner

__all__ = ["ExtensiveFormFictitiousPlay", "FictitiousPlay"]

Floats = NDArray[np.float64]


class FictitiousPlay:
    """Fictitious play on one tree.

    1. Every player's average begins with uniform play.
    2. Each player finds a best response to the others' averages, all at the same time.
    3. In iteration t the response enters the average with weight 1 / (t + 1). Averaged are
       realization plans: mixing strategies at each information set by how often they come there.
    """

    def __init__(self, game: ExtensiveFormGame) -> None:
        self._form = game.sequence_form
        self.layout = lay_out(self._form)
        self._flat = BehaviorProfile.uniform(game).probabilities.copy()
        self._averages = [plex.realization_plan(self._flat) for plex in self._form.treeplexes]

    def advance(self, first: int, last: int) -> None:
        """Do iterations first to last - 1, counted from 1."""
        for t in range(first, last):
            responses = [self._respond(player) for player in range(len(self._averages))]
            for player, response in enumerate(responses):
                self._averages[player] += (response - self._averages[player]) / (t + 1)

    def _respond(self, player: int) -> Floats:
        """Return the realization plan of a best response to the others' averages."""
        form = self._form
        plex = form.treeplexes[player]
        weights = form.terminal_chance * form.terminal_payoffs[player]
        for other, average in enumerate(self._averages):
            if other != player:
                weights = weights * average[form.terminal_sequences[other]]
        gains = np.bincount(
            form.terminal_sequences[player], weights=weights, minlength=plex.n_sequences
        )
        _, self._flat[plex.flat] = plex.best_response(gains.astype(np.float64))
        return plex.realization_plan(self._flat)

    def plans(self) -> Iterable[Floats]:
        """Give the averages."""
        plan = np.zeros(self.layout.n_positions)
        starts = self.layout.sequence_start.tolist()
        for player, average in enumerate(self._averages):
            plan[self.layout.position[starts[player] : starts[player + 1]]] = average
        yield plan

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Give the averages."""
        return {str(player): average for player, average in enumerate(self._averages)}


@register(
    "xfp",
    default_episodes=1_000,
    promise="two-player zero-sum games that can be extracted: exploitability of the averages tends "
    "to 0, at no proven speed; potential games: to equilibrium; others may cycle",
    also=("fsp",),
    source="Heinrich, Lanctot and Silver (2015), Fictitious self-play in extensive-form games",
)
class ExtensiveFormFictitiousPlay(TreeLearner):
    """Fictitious play on the extracted tree, with exact best responses; policies are averages.

    Parameters
    ----------
    source : EnvironmentSource
        An environment whose game can be extracted.
    episodes : int
        Not used: weights depend on the iterations so far alone.
    seed : int
        Of the episodes that are played; what is learned does not depend on it.
    iterations : int
        Before each episode.
    max_states, max_histories, time_limit
        Limits of the extraction.

    References
    ----------
    J. Heinrich, M. Lanctot and D. Silver (2015), Fictitious self-play in extensive-form games,
    ICML.
    """

    def __init__(
        self,
        source: EnvironmentSource,
        *,
        episodes: int,
        seed: int = 0,
        iterations: int = 1,
        max_states: int = 100_000,
        max_histories: int = 5_000_000,
        time_limit: float = 120.0,
    ) -> None:
        super().__init__(
            source,
            FictitiousPlay,
            seed=seed,
            iterations=iterations,
            max_states=max_states,
            max_histories=max_histories,
            time_limit=time_limit,
        )
