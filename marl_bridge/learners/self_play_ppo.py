"""Self-play with masked PPO: each agent's network in turn against the others' newest ones."""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from gametheory.errors import MissingExtra
from marl_bridge.environments.driver import View
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.exploitation.gymnasium_problem import as_gymnasium
from marl_bridge.exploitation.masked_ppo import masked_model
from marl_bridge.exploitation.single_agent import SingleAgentEnvironment
from marl_bridge.learners.registry import register
from marl_bridge.learners.schedules import require_positive
from marl_bridge.policies.policy import Policy, UniformRandomPolicy
from marl_bridge.policies.stable_baselines import StableBaselinesPolicy

__all__ = ["SelfPlayPPO"]


class _Newest:
    """Plays what an agent has learned by now."""

    def __init__(self, policies: dict[str, Policy], agent: str) -> None:
        self._policies, self._agent = policies, agent

    def act(self, view: View, rng: np.random.Generator) -> Any:
        return self._policies[self._agent].act(view, rng)


@register(
    "self-play-ppo",
    default_episodes=40,
    promise="none: networks in self-play are reported as they turn out",
    source="Schulman et al. (2017), Proximal policy optimization; Huang and Ontanon (2022), masks",
    extra="torch",
)
class SelfPlayPPO:
    """One PPO network with action masks for each agent, trained by self-play.

    An "episode" is a round: every agent in turn learns for ``steps`` of its own turns, in whole
    episodes of the environment against the others' newest networks, which stay as they are for
    that time. The policies sample from the networks' distributions.

    Parameters
    ----------
    source : EnvironmentSource
        The environment; its actions must be discrete and its observations numbers.
    episodes : int
        Number of rounds.
    seed : int
        Equal seeds give equal networks on one machine.
    steps : int
        Of learning for each agent in a round, rounded up to a multiple of the option ``n_steps``
        (512 unless given).
    **options
        For ``MaskablePPO``.

    Raises
    ------
    MissingExtra
        If torch, stable-baselines3 or sb3-contrib is not installed.
    InvalidEnvironment
        If the observations cannot be flattened to numbers, or an option makes no sense.

    References
    ----------
    J. Schulman, F. Wolski, P. Dhariwal, A. Radford and O. Klimov (2017), Proximal policy
    optimization algorithms, arXiv:1707.06347.
    """

    def __init__(
        self,
        source: EnvironmentSource,
        *,
        episodes: int,
        seed: int = 0,
        steps: int = 1024,
        **options: Any,
    ) -> None:
        del episodes  # nothing is stretched over them
        require_positive(steps=steps)
        self._torch, self._maskable_ppo, self._seeding = _imported()
        self.agents: tuple[str, ...] = source.driver(checked=False).agents
        self._seed, self._steps, self._done = seed, steps, 0
        settings = {"n_steps": 512, "batch_size": 128, "gamma": 1.0, "ent_coef": 0.01, **options}
        current: dict[str, Policy] = {agent: UniformRandomPolicy() for agent in self.agents}
        newest = {agent: _Newest(current, agent) for agent in self.agents}
        self._problems: dict[str, SingleAgentEnvironment] = {}
        self._models: dict[str, Any] = {}
        self._flatten: dict[str, Any] = {}
        streams = np.random.SeedSequence(seed).spawn(len(self.agents))
        with self._seeded(0, 0):
            for agent, stream in zip(self.agents, streams, strict=True):
                number = int(stream.generate_state(1)[0] >> 1)
                problem = SingleAgentEnvironment(source, agent, newest, seed=number)
                environment, flatten, plain = as_gymnasium(problem)
                # What a model can read by itself, it can read when it is loaded from a file.
                self._flatten[agent] = None if plain else flatten
                self._problems[agent] = problem
                self._models[agent] = masked_model(
                    self._maskable_ppo, environment, number % 2**31, settings
                )
        for agent, model in self._models.items():
            current[agent] = StableBaselinesPolicy(model, observe=self._flatten[agent])

    def run_episode(self) -> Sequence[float]:
        """Let every agent learn for a round; return what each earned in it on average."""
        earned = []
        for number, agent in enumerate(self.agents):
            problem, model = self._problems[agent], self._models[agent]
            watch = _Returns(problem)
            with self._seeded(self._done + 1, number):
                # A round begins with a new episode: nothing of the last one is left over.
                model.learn(self._steps, callback=watch.look, reset_num_timesteps=True)
            earned.append(watch.mean())
        self._done += 1
        return earned

    def policies(self) -> dict[str, StableBaselinesPolicy]:
        """Return copies of what was learned so far."""
        found = {}
        for agent, model in self._models.items():
            kept = io.BytesIO()
            model.save(kept)
            kept.seek(0)
            found[agent] = StableBaselinesPolicy(
                self._maskable_ppo.load(kept, device="cpu"), observe=self._flatten[agent]
            )
        return found

    def state(self) -> dict[str, Any]:
        """Return plain data that :meth:`restore` takes."""
        models = {}
        for agent, model in self._models.items():
            kept = io.BytesIO()
            self._torch.save(model.get_parameters(), kept)
            models[agent] = kept.getvalue()
        played = {agent: problem.episodes for agent, problem in self._problems.items()}
        return {"done": self._done, "models": models, "played": played}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where an equal learner had stopped."""
        self._done = state["done"]
        for agent, model in self._models.items():
            # weights_only: nothing but tensors and plain containers is built from the bytes.
            kept = self._torch.load(io.BytesIO(state["models"][agent]), weights_only=True)
            model.set_parameters(kept, exact_match=True, device="cpu")
            self._problems[agent].episodes = state["played"][agent]

    @contextmanager
    def _seeded(self, round_number: int, agent: int) -> Iterator[None]:
        """Seed the global generators that the networks draw from, and leave them as they were."""
        import random

        torch = self._torch
        before = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
        threads = torch.get_num_threads()
        stream = np.random.SeedSequence(self._seed, spawn_key=(round_number, agent))
        self._seeding.set_random_seed(int(stream.generate_state(1)[0] >> 1))
        torch.set_num_threads(1)  # faster for so small a network, and sums in one order
        try:
            yield
        finally:
            random.setstate(before[0])
            np.random.set_state(before[1])  # noqa: NPY002
            torch.set_rng_state(before[2])
            torch.set_num_threads(threads)


class _Returns:
    """Adds up what an agent earns in the episodes that end."""

    def __init__(self, problem: SingleAgentEnvironment) -> None:
        self._problem, self._sum, self._episodes = problem, 0.0, 0

    def look(self, local: dict[str, Any], _: dict[str, Any]) -> bool:
        if bool(local["dones"][0]):
            self._sum += float(local["infos"][0].get("episode", {}).get("r", 0.0))
            self._episodes += 1
        return True

    def mean(self) -> float:
        return self._sum / max(self._episodes, 1)


def _imported() -> tuple[Any, Any, Any]:
    try:
        return (
            importlib.import_module("torch"),
            importlib.import_module("sb3_contrib").MaskablePPO,
            importlib.import_module("stable_baselines3.common.utils"),
        )
    except ImportError as error:
        raise MissingExtra.of("torch", "the learner 'self-play-ppo'") from error
