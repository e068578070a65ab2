"""What learners on game trees share: the tree, iterations on it, and play in the environment.

They learn from the environment's extracted game instead of from episodes. One "episode" of theirs
is a number of iterations on the tree, after which the policies so far play an episode in the
environment: its returns are what training records.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.extensive_form.approach import behavior_of
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.sequence_layout import SequenceLayout
from marl_bridge.environments.extraction import extract
from marl_bridge.environments.observations import observation_key
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.learners.draws import Draws
from marl_bridge.policies.checks import n_actions_of
from marl_bridge.policies.profile_policy import ProfilePolicy
from marl_bridge.policies.tabular import TabularPolicy

__all__ = ["TreeIteration", "TreeLearner"]

Floats = NDArray[np.float64]


class TreeIteration(Protocol):
    """A method at work on one game tree."""

    layout: SequenceLayout

    def advance(self, first: int, last: int) -> None:
        """Do iterations first to last - 1, counted from 1."""

    def plans(self) -> Iterable[Floats]:
        """Give realization plans, shape (n_positions,); the first is what was learned."""

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Give everything that the next iterations depend on; written to when restored."""


class TreeLearner:
    """Iterates on the game extracted from an environment, and plays what it has learned there.

    Parameters
    ----------
    source : EnvironmentSource
        An environment that :func:`~marl_bridge.environments.extraction.extract` can take.
    begin : callable
        Makes a :class:`TreeIteration` of a game.
    seed : int
        Of the episodes that are played.
    iterations : int
        On the tree, before each episode.
    max_states, max_histories, time_limit
        Limits of the extraction.

    Attributes
    ----------
    extraction : Extraction
    agents : tuple of str

    Raises
    ------
    InvalidEnvironment
        If ``iterations`` is below 1.
    ExtractionRefused
        If the environment has no exact game of that size.
    """

    def __init__(
        self,
        source: EnvironmentSource,
        begin: Callable[[ExtensiveFormGame], TreeIteration],
        *,
        seed: int,
        iterations: int,
        max_states: int = 100_000,
        max_histories: int = 5_000_000,
        time_limit: float = 120.0,
    ) -> None:
        if isinstance(iterations, bool) or not isinstance(iterations, int) or iterations < 1:
            raise InvalidEnvironment(
                f"iterations is {iterations!r}", where="iterations", valid="a whole number from 1"
            )
        self.extraction = extract(
            _unrecorded(source),
            api=source.api,
            max_states=max_states,
            max_histories=max_histories,
            time_limit=time_limit,
        )
        game = self.extraction.game
        self._driver = source.driver(checked=False)
        self.agents = self._driver.agents
        self._iteration = begin(game)
        self._iterations, self._done = iterations, 0
        self._policy = ProfilePolicy(self.extraction, BehaviorProfile.uniform(game))
        self._keys = self._distinct_keys()
        resets, draws = np.random.SeedSequence(seed).spawn(2)
        self._resets, self._rng = Draws(resets), np.random.default_rng(draws)

    def profile(self) -> BehaviorProfile:
        """Return what was learned so far, as a profile of the extracted game."""
        plan = next(iter(self._iteration.plans()))
        return behavior_of(self.extraction.game, self._iteration.layout, plan)

    def run_episode(self) -> Sequence[float]:
        """Iterate, then play an episode; return each agent's return in it."""
        first = 1 + self._done * self._iterations
        self._iteration.advance(first, first + self._iterations)
        self._done += 1
        policy, driver, rng = self._policy.with_profile(self.profile()), self._driver, self._rng
        policy.begin_episode()
        driver.reset(seed=self._resets.index(2**31))
        while acting := driver.acting:
            driver.step({agent: policy.act(driver.view(agent), rng) for agent in acting})
        return [driver.returns[agent] for agent in self.agents]

    def policies(self) -> dict[str, Any]:
        """Return what was learned so far.

        Tables, where an agent's last observation tells it all that it ever knew; otherwise
        policies that remember the agent's own observations and actions.
        """
        profile, views = self.profile(), self.extraction.views
        if self._keys is None:
            policy = self._policy.with_profile(profile)
            return dict.fromkeys(self.agents, policy)
        game = self.extraction.game
        tables: dict[str, dict[bytes, Floats]] = {agent: {} for agent in self.agents}
        for infoset, shown in enumerate(game.infoset_observation.tolist()):
            view = views[shown]
            row = np.zeros(n_actions_of(view, "a learner on trees"))
            row[view.legal_indices()] = profile[infoset]
            tables[view.agent][self._keys[shown]] = row
        return {agent: TabularPolicy(table) for agent, table in tables.items()}

    def state(self) -> dict[str, Any]:
        """Return plain data that :meth:`restore` takes."""
        return {
            "done": self._done,
            "game": self.extraction.game.digest,
            "generator": self._rng.bit_generator.state,
            "iteration": dict(self._iteration.arrays()),
            "resets": self._resets.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where an equal learner had stopped.

        Raises
        ------
        InvalidEnvironment
            If the environment's game has changed since.
        """
        if state["game"] != self.extraction.game.digest:
            raise InvalidEnvironment(
                "the environment has another game than when the state was kept",
                where="checkpoint",
                hint="begin anew with another file",
            )
        self._done = state["done"]
        self._rng.bit_generator.state = state["generator"]
        self._resets.restore(state["resets"])
        for name, array in self._iteration.arrays().items():
            array[...] = state["iteration"][name]

    def _distinct_keys(self) -> list[bytes] | None:
        """Key what agents are shown; None if some agent is shown the same twice."""
        keys = [observation_key(view.observation) for view in self.extraction.views]
        agents = [view.agent for view in self.extraction.views]
        shown = self.extraction.game.infoset_observation.tolist()
        met = {(agents[number], keys[number]) for number in shown}
        return keys if len(met) == len(shown) else None


def _unrecorded(source: EnvironmentSource) -> Callable[..., Any]:
    """Leave extraction out of what environments count as played: a copy counts by itself."""
    from marl_bridge.worlds.world import World

    if not isinstance(source.factory(), World):
        return source.factory
    return lambda **kwargs: copy.deepcopy(source.factory(**kwargs))
