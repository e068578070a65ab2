"""What learners share that train together and act apart: one loop over an episode, one table more.

While it learns such a learner sees everything: what all acting agents are shown together is the
state, here called a scene, and everybody's actions and rewards are known. Each agent acts on its
own observation alone, during learning and after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marl_bridge.environments.driver import View
from marl_bridge.environments.views import view_key
from marl_bridge.learners.entries import Entry
from marl_bridge.learners.independent import IndependentLearner

__all__ = ["CentralTrainingLearner", "Scene"]

Floats = NDArray[np.float64]


class Scene:
    """What all acting agents are shown together.

    Attributes
    ----------
    acting : tuple of int
        The acting agents' numbers.
    entries : tuple of Entry
        What each of them knows of its own observation.
    kept : ndarray
        What a learner keeps of the scene itself.
    visits : int
        How often something was learned here.
    """

    __slots__ = ("acting", "entries", "kept", "visits")

    def __init__(
        self, acting: tuple[int, ...], entries: tuple[Entry, ...], kept: Floats, visits: int = 0
    ) -> None:
        self.acting, self.entries, self.kept, self.visits = acting, entries, kept, visits


class CentralTrainingLearner(IndependentLearner):
    """Agents that act each by its own table and are taught together.

    A learner derives a class and says in :meth:`teach`, in place of ``learn``, what a step
    teaches; ``choose`` and ``row`` are those of independent learners. The end of an episode is
    worth nothing more, truncated or not. Where agents take turns, a scene has one acting agent.

    Parameters
    ----------
    source : EnvironmentSource
        The environment; its actions must be discrete.
    **arguments
        Of :class:`~marl_bridge.learners.independent.IndependentLearner`; the discount is that
        of a step of the environment.
    """

    def __init__(self, source: Any, **arguments: Any) -> None:
        super().__init__(source, **arguments)
        self.scenes: dict[tuple[bytes, ...], Scene] = {}
        self._number = {agent: number for number, agent in enumerate(self.agents)}

    def initial(self, entries: Sequence[Entry]) -> Floats:
        """Return what is kept of a scene that is met for the first time."""
        return np.zeros(0)

    def teach(
        self,
        scene: Scene,
        actions: Sequence[int],
        rewards: Sequence[float],
        following: Scene | None,
    ) -> None:
        """Learn from the acting agents' actions, all agents' rewards, and where that led."""
        raise NotImplementedError

    def run_episode(self) -> Sequence[float]:
        """Play and learn from one episode; return each agent's return in it."""
        self.begin(self.done / self.episodes)
        driver, agents = self._driver, self.agents
        driver.reset(seed=self._resets.index(2**31))
        before: tuple[Scene, list[int], list[float]] | None = None
        while acting := driver.acting:
            views = [driver.view(agent) for agent in acting]
            scene = self._scene(views)
            told = [driver.returns[agent] for agent in agents]
            if before is not None:
                self._close(before, told, scene)
            actions = [self.choose(entry) for entry in scene.entries]
            before = (scene, actions, told)
            driver.step({v.agent: a + v.start for v, a in zip(views, actions, strict=True)})
        told = [driver.returns[agent] for agent in agents]
        if before is not None:
            self._close(before, told, None)
        self.done += 1
        return told

    def state(self) -> dict[str, Any]:
        """Return plain data that :meth:`restore` takes."""
        places = {
            id(entry): place
            for table in self.tables.values()
            for place, entry in table.entries.items()
        }
        scenes = [
            (name, s.acting, tuple(places[id(entry)] for entry in s.entries), s.kept, s.visits)
            for name, s in self.scenes.items()
        ]
        return {**super().state(), "scenes": scenes}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where an equal learner had stopped."""
        super().restore(state)
        self.scenes = {}
        for name, acting, places, kept, visits in state["scenes"]:
            tables = [self.tables[self.agents[number]] for number in acting]
            entries = tuple(t.entries[place] for t, place in zip(tables, places, strict=True))
            self.scenes[name] = Scene(acting, entries, kept, visits)

    def _scene(self, views: Sequence[View]) -> Scene:
        acting = tuple([self._number[view.agent] for view in views])
        name = (bytes(acting), *[view_key(view) for view in views])
        scene = self.scenes.get(name)
        if scene is None:
            entries = tuple(self.tables[view.agent].at(view) for view in views)
            scene = self.scenes[name] = Scene(acting, entries, self.initial(entries))
        return scene

    def _close(
        self,
        before: tuple[Scene, list[int], list[float]],
        told: list[float],
        following: Scene | None,
    ) -> None:
        scene, actions, earlier = before
        scene.visits += 1
        rewards = [now - then for now, then in zip(told, earlier, strict=True)]
        self.teach(scene, actions, rewards, following)
