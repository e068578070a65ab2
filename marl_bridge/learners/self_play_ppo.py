"""Self-play with masked PPO: each agent's network in turn against those of the others."""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import MissingExtra
from marl_bridge.environments.driver import View
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.environments.views import view_key
from marl_bridge.exploitation.gymnasium_problem import as_gymnasium
from marl_bridge.exploitation.masked_ppo import masked_model
from marl_bridge.exploitation.single_agent import SingleAgentEnvironment
from marl_bridge.learners.registry import register
from marl_bridge.learners.schedules import require_positive
from marl_bridge.policies.checks import sample_index
from marl_bridge.policies.mixture import mixture
from marl_bridge.policies.policy import UniformRandomPolicy
from marl_bridge.policies.stable_baselines import StableBaselinesPolicy

__all__ = ["SelfPlayPPO"]


_MOST_ANSWERS = 5_000  # that are kept of one network


class _Frozen:
    """A policy that stays as it is: what it said of a view is kept."""

    def __init__(self, policy: Any) -> None:
        self.policy = policy
        self._answers: dict[bytes, NDArray[np.float64]] = {}

    def act(self, view: View, rng: np.random.Generator) -> int:
        return sample_index(self.probabilities(view), rng) + view.start

    def probabilities(self, view: View) -> NDArray[np.float64]:
        key = view_key(view)
        answer = self._answers.get(key)
        if answer is None:
            if len(self._answers) >= _MOST_ANSWERS:
                self._answers.clear()
            answer = self._answers[key] = self.policy.probabilities(view)
        return answer


class _Opponent:
    """Plays one of an agent's networks, drawn anew for every episode."""

    def __init__(self, first: Any) -> None:
        self.networks = [first]
        self._drawn: Any = None

    def begin_episode(self) -> None:
        self._drawn = None

    def act(self, view: View, rng: np.random.Generator) -> Any:
        if self._drawn is None:
            place = int(rng.integers(len(self.networks))) if len(self.networks) > 1 else 0
            self._drawn = self.networks[place]
        return self._drawn.act(view, rng)


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
    episodes of the environment against the others' networks, which stay as they are for that time.
    The policies sample from the networks' distributions.

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
    average : bool
        False: opponents play their newest networks, and these are the policies. True: as in
        fictitious play, an opponent plays, in each episode, one of its networks after the rounds so
        far, and the policies are the mixtures of all of them.
    **options
        For ``MaskablePPO``.

    Raises
    ------
    MissingExtra
        If torch, stable-baselines3 or sb3-contrib is not installed.
    InvalidEnvironment
        If the observations cannot be flattened to numbers, or an option makes no sense.

    Notes
    -----
    Networks that only meet the newest ones chase each other where an equilibrium is mixed; the
    average of what they were moves less and less. Mixtures of networks are not saved to files.

    References
    ----------
    J. Schulman, F. Wolski, P. Dhariwal, A. Radford and O. Klimov (2017), Proximal policy
    optimization algorithms, arXiv:1707.06347.

    J. Heinrich, M. Lanctot and D. Silver (2015), Fictitious self-play in extensive-form games,
    ICML, for the averages.
    """

    def __init__(
        self,
        source: EnvironmentSource,
        *,
        episodes: int,
        seed: int = 0,
        steps: int = 1024,
        average: bool = False,
        **options: Any,
    ) -> None:
        del episodes  # nothing is stretched over them
        require_positive(steps=steps)
        self._torch, self._maskable_ppo, self._seeding = _imported()
        self.agents: tuple[str, ...] = source.driver(checked=False).agents
        self._seed, self._steps, self._average, self._done = seed, steps, average, 0
        settings = {"n_steps": 512, "batch_size": 128, "gamma": 1.0, "ent_coef": 0.01, **options}
        self._opponents = {agent: _Opponent(UniformRandomPolicy()) for agent in self.agents}
        self._problems: dict[str, SingleAgentEnvironment] = {}
        self._models: dict[str, Any] = {}
        self._flatten: dict[str, Any] = {}
        streams = np.random.SeedSequence(seed).spawn(len(self.agents))
        with self._seeded(0, 0):
            for agent, stream in zip(self.agents, streams, strict=True):
                number = int(stream.generate_state(1)[0] >> 1)
                problem = SingleAgentEnvironment(source, agent, self._opponents, seed=number)
                environment, flatten, plain = as_gymnasium(problem)
                # What a model can read by itself, it can read when it is loaded from a file.
                self._flatten[agent] = None if plain else flatten
                self._problems[agent] = problem
                self._models[agent] = masked_model(
                    self._maskable_ppo, environment, number % 2**31, settings
                )
        for agent, model in self._models.items():
            self._opponents[agent].networks = [self._frozen(agent, model)]

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
            opponent = self._opponents[agent]
            if not self._average:
                opponent.networks = [self._frozen(agent, model)]
                continue
            if not self._done:
                opponent.networks = []  # what it was before it learned anything
            opponent.networks.append(self._frozen(agent, self._copied(model)))
        self._done += 1
        return earned

    def policies(self) -> dict[str, Any]:
        """Return copies of what was learned so far, or mixtures of it if averages are asked for."""
        if self._average and self._done:
            return {
                agent: mixture(opponent.networks, np.full(self._done, 1.0 / self._done))
                for agent, opponent in self._opponents.items()
            }
        return {
            agent: StableBaselinesPolicy(self._copied(model), observe=self._flatten[agent])
            for agent, model in self._models.items()
        }

    def state(self) -> dict[str, Any]:
        """Return plain data that :meth:`restore` takes."""
        models = {a: self._packed(model.get_parameters()) for a, model in self._models.items()}
        played = {agent: problem.episodes for agent, problem in self._problems.items()}
        state = {"done": self._done, "models": models, "played": played}
        if self._average and self._done:
            state["networks"] = {
                agent: [
                    self._packed(frozen.policy.model.policy.state_dict())
                    for frozen in kept.networks
                ]
                for agent, kept in self._opponents.items()
            }
        return state

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where an equal learner had stopped."""
        self._done = state["done"]
        for agent, model in self._models.items():
            kept = self._unpacked(state["models"][agent])
            model.set_parameters(kept, exact_match=True, device="cpu")
            self._problems[agent].episodes = state["played"][agent]
            self._opponents[agent].networks = [self._frozen(agent, model)]
        for agent, packed in state.get("networks", {}).items():
            networks = []
            for weights in packed:
                network = self._copied(self._models[agent])
                network.policy.load_state_dict(self._unpacked(weights))
                networks.append(self._frozen(agent, network))
            self._opponents[agent].networks = networks

    def _frozen(self, agent: str, model: Any) -> _Frozen:
        return _Frozen(StableBaselinesPolicy(model, observe=self._flatten[agent]))

    def _copied(self, model: Any) -> Any:
        kept = io.BytesIO()
        model.save(kept)
        kept.seek(0)
        with self._seeded(0, 0):  # a model that is built seeds the global generators
            return self._maskable_ppo.load(kept, device="cpu")

    def _packed(self, weights: Any) -> bytes:
        kept = io.BytesIO()
        self._torch.save(weights, kept)
        return kept.getvalue()

    def _unpacked(self, weights: bytes) -> Any:
        # weights_only: nothing but tensors and plain containers is built from the bytes.
        return self._torch.load(io.BytesIO(weights), weights_only=True)

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
