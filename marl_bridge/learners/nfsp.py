"""Neural fictitious self-play: a deep best response, and a network that imitates its average.

Every agent has two networks. One learns action values from the newest transitions, by Q-learning:
its greedy actions are a best response to how the others play. The other learns, from a fair sample
of all best responses so far, with which probabilities they were played: it is the average policy of
fictitious play. In each episode an agent plays one of the two, drawn when the episode begins.
"""

from __future__ import annotations

import copy
import importlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import MissingExtra
from marl_bridge.environments.driver import View
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.environments.views import view_key
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.learners.draws import Draws
from marl_bridge.learners.networks import AgentSpaces, Network, Weights, forward, one_thread
from marl_bridge.learners.registry import register
from marl_bridge.learners.replay import CircularMemory, ReservoirMemory
from marl_bridge.learners.schedules import Schedule, require_positive, require_unit
from marl_bridge.policies.torch_module import TorchPolicy

__all__ = ["NeuralFictitiousSelfPlay"]

_MOST_SHOWN = 20_000  # views of an agent that vectors and answers are kept of


@register(
    "nfsp",
    default_episodes=120_000,
    promise="none: fictitious play's average converges in two-player zero-sum games, but networks "
    "neither respond nor average exactly; they are reported as they turn out",
    source="Heinrich and Silver (2016), Deep reinforcement learning from self-play in "
    "imperfect-information games, arXiv:1603.01121",
    extra="torch",
)
class NeuralFictitiousSelfPlay:
    """Neural fictitious self-play. The policies are the average networks.

    Parameters
    ----------
    source : EnvironmentSource
        The environment; its actions must be discrete and its observations numbers.
    episodes : int
        Number of episodes the schedules are stretched over.
    seed : int
        Equal seeds give equal networks on one machine.
    anticipatory : float
        The chance that an agent plays its best response in an episode, not its average policy.
    exploration : Schedule
        Share of a best response's actions that are drawn uniformly.
    step_size, average_step_size : Schedule
        Of Adam, for the action values and for the average policy.
    hidden : sequence of int
        Units of the layers between observation and outputs, in both networks.
    replay, reservoir : int
        How many of the newest transitions, and how many of all best-response actions, are kept.
    batch_size : int
        Rows that a step of Adam sees.
    update_every : int
        Of its own turns, after which an agent's networks learn from one batch each.
    target_every : int
        Of such steps, after which the target network becomes the newest one.
    discount : float
        Of rewards, per turn of the agent.

    Raises
    ------
    MissingExtra
        If torch is not installed.
    InvalidEnvironment
        If observations cannot be flattened to numbers, or an option makes no sense.

    Notes
    -----
    Rewards are learned in units of the largest one so far, so that their unit makes no difference.
    What the networks say of a view is kept until they learn again: in small games that is most of
    their work.

    References
    ----------
    J. Heinrich and D. Silver (2016), Deep reinforcement learning from self-play in
    imperfect-information games, arXiv:1603.01121, algorithm 1.
    """

    def __init__(
        self,
        source: EnvironmentSource,
        *,
        episodes: int,
        seed: int = 0,
        anticipatory: float = 0.25,
        exploration: Schedule = Schedule(0.1, 0.0),
        step_size: Schedule = Schedule(0.01, 0.001),
        average_step_size: Schedule = Schedule(0.01, 0.001),
        hidden: Sequence[int] = (64,),
        replay: int = 20_000,
        reservoir: int = 2_000_000,
        batch_size: int = 128,
        update_every: int = 16,
        target_every: int = 50,
        discount: float = 1.0,
    ) -> None:
        require_unit(anticipatory=anticipatory, exploration=exploration, discount=discount)
        require_positive(step_size=step_size, average_step_size=average_step_size)
        counts = {"replay": replay, "reservoir": reservoir, "batch_size": batch_size}
        _require_counts(update_every=update_every, target_every=target_every, **counts)
        _require_counts(**{f"hidden[{place}]": n for place, n in enumerate(hidden)})
        try:
            importlib.import_module("torch")
        except ImportError as error:
            raise MissingExtra.of("torch", "the learner 'nfsp'") from error
        self._driver = source.driver(checked=False)
        self.agents: tuple[str, ...] = self._driver.agents
        resets, draws, *streams = np.random.SeedSequence(seed).spawn(2 + len(self.agents))
        self._resets, self._draws = Draws(resets), Draws(draws)
        self._learning = {
            agent: _Agent(
                AgentSpaces(self._driver.env, agent, "the learner 'nfsp'"),
                np.random.default_rng(stream),
                hidden=hidden,
                target_every=target_every,
                discount=discount,
                **counts,
            )
            for agent, stream in zip(self.agents, streams, strict=True)
        }
        self._anticipatory, self._exploration = anticipatory, exploration
        self._step_sizes = step_size, average_step_size
        self._update_every = update_every
        self.episodes, self.done = episodes, 0

    def run_episode(self) -> Sequence[float]:
        """Play and learn from one episode; return each agent's return in it."""
        driver, draws, learning = self._driver, self._draws, self._learning
        progress = self.done / self.episodes
        exploration = self._exploration.at(progress)
        steps = [schedule.at(progress) for schedule in self._step_sizes]
        driver.reset(seed=self._resets.index(2**31))
        responding = {agent: draws.uniform() < self._anticipatory for agent in self.agents}
        # Per agent what it was shown, the action it is waiting to learn about, and its return then.
        waiting: dict[str, tuple[_Shown, int, float]] = {}
        while acting := driver.acting:
            actions: dict[str, int] = {}
            for name in acting:
                view, agent = driver.view(name), learning[name]
                shown, told = agent.at(view), driver.returns[name]
                if name in waiting:
                    old, action, before = waiting[name]
                    agent.remember(old, action, told - before, shown)
                if not responding[name]:
                    action = shown.legal[draws.place(agent.chances(shown))]
                else:
                    if draws.uniform() < exploration:
                        action = shown.legal[draws.index(len(shown.legal))]
                    else:
                        action = agent.best_action(shown)
                    agent.choices.add((shown.vector, shown.mask, action), draws.uniform())
                agent.turns += 1
                if agent.turns % self._update_every == 0:
                    agent.learn(*steps)
                waiting[name] = (shown, action, told)
                actions[name] = action + view.start
            driver.step(actions)
        for name, (old, action, before) in waiting.items():
            learning[name].remember(old, action, driver.returns[name] - before, None)
        self.done += 1
        return [driver.returns[agent] for agent in self.agents]

    def policies(self) -> dict[str, TorchPolicy]:
        """Return copies of the average networks."""
        return {name: agent.average.policy(agent.spaces) for name, agent in self._learning.items()}

    def state(self) -> dict[str, Any]:
        """Return plain data that :meth:`restore` takes."""
        return {
            "agents": {name: agent.state() for name, agent in self._learning.items()},
            "done": self.done,
            "draws": self._draws.state(),
            "resets": self._resets.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where an equal learner had stopped."""
        self.done = state["done"]
        self._draws.restore(state["draws"])
        self._resets.restore(state["resets"])
        for name, kept in state["agents"].items():
            self._learning[name].restore(kept)


class _Shown:
    """A view as a vector, and what the networks said of it when they had learned so often."""

    __slots__ = ("asked", "best", "chances", "legal", "mask", "vector")

    def __init__(self, vector: NDArray[np.float32], legal: list[int], n_actions: int) -> None:
        self.vector, self.legal = vector, legal
        self.mask = np.zeros(n_actions, np.bool_)
        self.mask[legal] = True
        self.best, self.chances, self.asked = -1, [0.0], [-1, -1]


class _Agent:
    """One agent's networks and memories."""

    def __init__(
        self,
        spaces: AgentSpaces,
        rng: np.random.Generator,
        *,
        hidden: Sequence[int],
        replay: int,
        reservoir: int,
        batch_size: int,
        target_every: int,
        discount: float,
    ) -> None:
        self.spaces, self._rng = spaces, rng
        self._batch_size, self._target_every = batch_size, target_every
        self._discount = discount
        size, n_actions = spaces.size, spaces.n_actions
        self._values = Network(size, hidden, n_actions, rng)
        self.average = Network(size, hidden, n_actions, rng)
        self._target: Weights = copy.deepcopy(self._values.weights)
        vector, mask, index = ((size,), np.float32), ((n_actions,), np.bool_), ((), np.int64)
        self._transitions = CircularMemory(
            replay,
            {
                "vector": vector,
                "action": index,
                "reward": ((), np.float64),
                "following": vector,
                "mask": mask,
                "over": ((), np.bool_),
            },
        )
        self.choices = ReservoirMemory(reservoir, {"vector": vector, "mask": mask, "action": index})
        self._shown: dict[bytes, _Shown] = {}
        self.turns = self._learned = 0
        self._unit = 0.0  # of rewards

    def at(self, view: View) -> _Shown:
        """Look up what the agent is shown."""
        key = view_key(view)
        shown = self._shown.get(key)
        if shown is None:
            if len(self._shown) >= _MOST_SHOWN:
                self._shown.clear()
            vector, legal = self.spaces.vector(view.observation), view.legal_indices().tolist()
            shown = self._shown[key] = _Shown(vector, legal, self.spaces.n_actions)
        return shown

    def best_action(self, shown: _Shown) -> int:
        """Return the legal action of highest value."""
        if shown.asked[0] != self._learned:
            values = forward(self._values.weights, shown.vector).tolist()
            shown.best = max(shown.legal, key=values.__getitem__)
            shown.asked[0] = self._learned
        return shown.best

    def chances(self, shown: _Shown) -> list[float]:
        """Return the average policy's odds of the legal actions."""
        if shown.asked[1] != self._learned:
            logits = forward(self.average.weights, shown.vector)[shown.legal]
            shown.chances = np.exp(logits - logits.max()).tolist()
            shown.asked[1] = self._learned
        return shown.chances

    def remember(self, shown: _Shown, action: int, reward: float, following: _Shown | None) -> None:
        """Keep a transition; the last one of an episode has nothing to follow."""
        self._unit = max(self._unit, abs(reward))
        then = following or shown
        self._transitions.add(
            (shown.vector, action, reward, then.vector, then.mask, following is None)
        )

    def learn(self, step_size: float, average_step_size: float) -> None:
        """Take a step with each network that has a batch to learn from."""
        with one_thread():
            if len(self._transitions) >= self._batch_size:
                self._learn_values(step_size)
            if len(self.choices) >= self._batch_size:
                self._learn_average(average_step_size)
        self._learned += 1
        if self._learned % self._target_every == 0:
            self._target = copy.deepcopy(self._values.weights)

    def _learn_values(self, step_size: float) -> None:
        """Move the values of a batch towards what was earned, and the target's best value then."""
        torch = self._values.torch
        vector, action, reward, following, mask, over = self._transitions.sample(
            self._batch_size, self._rng
        )
        ahead = np.where(mask, forward(self._target, following), -math.inf).max(axis=1)
        target = reward / (self._unit or 1.0) + self._discount * np.where(over, 0.0, ahead)
        values = self._values.module(torch.from_numpy(vector))
        taken = values.gather(1, torch.from_numpy(action)[:, None])[:, 0]
        loss = torch.nn.functional.mse_loss(taken, torch.from_numpy(target.astype(np.float32)))
        self._values.descend(loss, step_size)

    def _learn_average(self, step_size: float) -> None:
        """Make a batch of best responses more likely."""
        torch = self.average.torch
        vector, mask, action = self.choices.sample(self._batch_size, self._rng)
        logits = self.average.module(torch.from_numpy(vector))
        logits = logits.masked_fill(torch.from_numpy(~mask), -math.inf)
        loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(action))
        self.average.descend(loss, step_size)

    def state(self) -> dict[str, Any]:
        """Return plain data that :meth:`restore` takes."""
        return {
            "average": self.average.state(),
            "choices": self.choices.state(),
            "learned": self._learned,
            "random": self._rng.bit_generator.state,
            "target": self._target,
            "transitions": self._transitions.state(),
            "turns": self.turns,
            "unit": self._unit,
            "values": self._values.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where an equal agent had stopped."""
        self.average.restore(state["average"])
        self._values.restore(state["values"])
        self.choices.restore(state["choices"])
        self._transitions.restore(state["transitions"])
        self._target, self._unit = state["target"], state["unit"]
        self.turns, self._learned = state["turns"], state["learned"]
        self._rng.bit_generator.state = state["random"]
        self._shown.clear()


def _require_counts(**numbers: Any) -> None:
    for name, number in numbers.items():
        if not isinstance(number, int) or number < 1:
            raise InvalidEnvironment(
                f"{name} is {number!r}", where=name, valid="a whole number, at least 1"
            )
