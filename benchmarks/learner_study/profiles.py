"""From what learners return to strategy profiles, their payoffs and their averages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

import gametheory as gt
from gametheory.algorithms.extensive_form.approach import behavior_of
from gametheory.games.sequence_layout import lay_out
from gametheory.games.stationary_profile import StationaryProfile
from marl_bridge.environments.extraction import extract
from marl_bridge.environments.opening import open_environment
from marl_bridge.policies.policy import checked_probabilities
from marl_bridge.policies.tabulation import tabulate

from .games import StudyGame, studied

__all__ = ["Reader", "reader"]

Floats = NDArray[np.float64]


class Reader(Protocol):
    """Reads policies of one game."""

    def read(self, policies: Mapping[str, Any]) -> Any:
        """Return the profile that policies stand for."""

    def average(self, profiles: Sequence[Any]) -> Any:
        """Return the profile that plays each of several equally often."""

    def payoffs(self, profile: Any) -> list[float]:
        """Return each player's expected payoff."""

    def nash_conv(self, profile: Any) -> float:
        """Return what the players can gain, each alone, added up."""


@lru_cache(maxsize=32)
def reader(name: str) -> Reader:
    """Return the reader of a game's policies, once in each process."""
    kinds: dict[str, Any] = {"matrix": _Matrix, "tree": _Tree, "stochastic": _Stochastic}
    game = studied(name)
    found: Reader = kinds[game.form](game)
    return found


class _Matrix:
    """Policies of a game of one round: what they do at its only observation."""

    def __init__(self, game: StudyGame) -> None:
        self.game = game.game
        driver = open_environment(self.game).driver()
        driver.reset(seed=0)
        self._views = [driver.view(agent) for agent in self.game.players]

    def read(self, policies: Mapping[str, Any]) -> Any:
        """Ask each policy once."""
        return gt.MixedProfile([checked_probabilities(policies[v.agent], v) for v in self._views])

    def average(self, profiles: Sequence[Any]) -> Any:
        """Average each player's strategy."""
        n = self.game.n_players
        return gt.MixedProfile([np.mean([p[i] for p in profiles], axis=0) for i in range(n)])

    def payoffs(self, profile: Any) -> list[float]:
        """Return each player's expected payoff."""
        return [float(u) for u in self.game.expected_payoffs(profile)]

    def nash_conv(self, profile: Any) -> float:
        """Return NashConv."""
        return gt.nash_conv(self.game, profile)


class _Tree:
    """Policies of a game tree, at every information set of the extracted game."""

    def __init__(self, game: StudyGame) -> None:
        self._extraction = extract(game.game)
        self.game = self._extraction.game
        self._layout = lay_out(self.game.sequence_form)

    def read(self, policies: Mapping[str, Any]) -> Any:
        """Ask policies at all information sets."""
        return tabulate(dict(policies), self._extraction)

    def average(self, profiles: Sequence[Any]) -> Any:
        """Average realization plans: strategies count by how often they come to a decision."""
        plan = np.zeros(self._layout.n_positions)
        starts = self._layout.sequence_start.tolist()
        for player, plex in enumerate(self.game.sequence_form.treeplexes):
            plans = [plex.realization_plan(p.probabilities) for p in profiles]
            places = self._layout.position[starts[player] : starts[player + 1]]
            plan[places] = np.mean(plans, axis=0)
        return behavior_of(self.game, self._layout, plan)

    def payoffs(self, profile: Any) -> list[float]:
        """Return each player's expected payoff."""
        return [float(u) for u in self.game.expected_payoffs(profile)]

    def nash_conv(self, profile: Any) -> float:
        """Return NashConv."""
        return gt.nash_conv(self.game, profile)


class _Stochastic:
    """Policies of a stochastic game, in every state."""

    def __init__(self, game: StudyGame) -> None:
        self.game = game.game
        self._views = []
        for state in range(self.game.n_states):
            driver = open_environment(self.game, env_kwargs={"start": state}).driver()
            driver.reset(seed=0)
            self._views.append([driver.view(agent) for agent in self.game.players])

    def read(self, policies: Mapping[str, Any]) -> Any:
        """Ask policies in all states."""
        return StationaryProfile(
            [[checked_probabilities(policies[v.agent], v) for v in views] for views in self._views]
        )

    def average(self, profiles: Sequence[Any]) -> Any:
        """Average each player's strategy, state by state."""
        return StationaryProfile(
            [
                [np.mean([p[s][i] for p in profiles], axis=0) for i in range(self.game.n_players)]
                for s in range(self.game.n_states)
            ]
        )

    def payoffs(self, profile: Any) -> list[float]:
        """Return each player's expected payoff from the first state."""
        return [float(u) for u in self.game.expected_payoffs(profile)]

    def nash_conv(self, profile: Any) -> float:
        """Return NashConv, from the first state."""
        return gt.nash_conv(self.game, profile)
