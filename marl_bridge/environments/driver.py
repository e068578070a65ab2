"""One loop over both PettingZoo APIs: who acts, what they see, what they have earned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import MissingExtra
from marl_bridge.errors import InvalidEnvironment

__all__ = ["AecDriver", "Driver", "ParallelDriver", "View", "drive"]


# Found once: asking an abstract class about each observation costs as much as keeping it.
_PLAIN = frozenset({np.ndarray, np.int64, int})


class View(NamedTuple):
    """What an agent is shown when it has to act.

    Attributes
    ----------
    agent : str
        The agent to act.
    observation : object
        The observation without its action mask.
    mask : ndarray of bool, shape (n_actions,), or None
        The legal actions; None when the environment offers no mask.
    action_space : gymnasium.Space
        The space the action is taken from.
    """

    agent: str
    observation: Any
    mask: NDArray[np.bool_] | None
    action_space: Any

    @property
    def n_actions(self) -> int | None:
        """Number of actions of a discrete action space, None of any other space."""
        n = getattr(self.action_space, "n", None)
        return None if n is None or np.ndim(n) else int(n)

    @property
    def start(self) -> int:
        """The value of the first action: actions are ``start + index``."""
        return int(getattr(self.action_space, "start", 0))

    def legal_indices(self) -> NDArray[np.intp]:
        """Positions of the legal actions in ``0 .. n_actions - 1``.

        Raises
        ------
        InvalidEnvironment
            If the actions cannot be listed, or the mask has another shape or allows none.
        """
        if self.n_actions is None:
            raise InvalidEnvironment(
                f"the actions of agent {self.agent!r} cannot be listed",
                where=f"action_space {self.action_space}",
                valid="a Discrete action space",
            )
        if self.mask is None:
            return np.arange(self.n_actions)
        if self.mask.shape != (self.n_actions,):
            raise InvalidEnvironment(
                f"the action mask of agent {self.agent!r} has shape {self.mask.shape}",
                where="action_mask",
                valid=f"shape ({self.n_actions},), one entry per action of {self.action_space}",
            )
        legal = np.flatnonzero(self.mask)
        if legal.size == 0:
            raise InvalidEnvironment(
                f"agent {self.agent!r} has to act but its action mask allows no action",
                where="action_mask",
                valid="at least one nonzero entry for the agent on turn",
                hint="end the agent's episode instead, or repair the mask",
            )
        return legal


class Driver(Protocol):
    """An environment in the middle of an episode.

    ``returns`` is what each agent has been told it earned so far: for AEC environments the
    sum of the rewards of ``last()`` at its turns, for Parallel ones of ``step``'s rewards.
    ``truncated`` tells of each agent whether it was stopped by a limit, not by the game.
    """

    env: Any
    agents: tuple[str, ...]
    returns: dict[str, float]
    truncated: dict[str, bool]

    def reset(self, seed: int | None = None) -> None:
        """Start an episode."""

    @property
    def acting(self) -> tuple[str, ...]:
        """The agents whose actions the next :meth:`step` takes; empty once the episode is over."""

    def view(self, agent: str) -> View:
        """Show what an acting agent is shown."""

    def step(self, actions: Mapping[str, Any]) -> None:
        """Let every acting agent act."""


def _view(agent: str, observation: Any, info: Mapping[str, Any] | None, space: Any) -> View:
    mask = None
    mapping = type(observation) not in _PLAIN and isinstance(observation, Mapping)
    if mapping and "action_mask" in observation:
        mask = observation["action_mask"]
        rest = {key: value for key, value in observation.items() if key != "action_mask"}
        observation = rest["observation"] if set(rest) == {"observation"} else rest
    elif info and "action_mask" in info:
        mask = info["action_mask"]
    return View(agent, observation, None if mask is None else np.asarray(mask) != 0, space)


class AecDriver:
    """Drives an AEC environment, stepping dead agents out of the way."""

    def __init__(self, env: Any) -> None:
        self.env = env
        self.agents: tuple[str, ...] = tuple(env.possible_agents)
        self.returns: dict[str, float] = dict.fromkeys(self.agents, 0.0)
        self.truncated: dict[str, bool] = dict.fromkeys(self.agents, False)

    def reset(self, seed: int | None = None) -> None:
        """Start an episode."""
        self.env.reset(seed=seed)
        self.returns = dict.fromkeys(self.agents, 0.0)
        self.truncated = dict.fromkeys(self.agents, False)
        self._advance()

    @property
    def acting(self) -> tuple[str, ...]:
        """The agent on turn, alone; empty once the episode is over."""
        return (self.env.agent_selection,) if self.env.agents else ()

    def view(self, agent: str) -> View:
        """Show what ``last()`` shows the agent on turn."""
        info = self.env.infos.get(agent)
        return _view(agent, self.env.observe(agent), info, self.env.action_space(agent))

    def step(self, actions: Mapping[str, Any]) -> None:
        """Let the agent on turn act."""
        self.env.step(actions[self.env.agent_selection])
        self._advance()

    def _advance(self) -> None:
        env = self.env
        while env.agents:
            _, reward, terminated, truncated, _ = env.last(observe=False)
            self.returns[env.agent_selection] += float(reward)
            if not (terminated or truncated):
                return
            self.truncated[env.agent_selection] = bool(truncated)
            env.step(None)


class ParallelDriver:
    """Drives a Parallel environment: all live agents act at once."""

    def __init__(self, env: Any) -> None:
        self.env = env
        self.agents: tuple[str, ...] = tuple(env.possible_agents)
        self.returns: dict[str, float] = dict.fromkeys(self.agents, 0.0)
        self.truncated: dict[str, bool] = dict.fromkeys(self.agents, False)
        self._observations: dict[str, Any] = {}
        self._infos: dict[str, Any] = {}
        self._over: dict[str, bool] = dict.fromkeys(self.agents, False)
        self._acting: tuple[str, ...] = ()

    def reset(self, seed: int | None = None) -> None:
        """Start an episode."""
        self._observations, self._infos = self.env.reset(seed=seed)
        self.returns = dict.fromkeys(self.agents, 0.0)
        self.truncated = dict.fromkeys(self.agents, False)
        self._over = dict.fromkeys(self.agents, False)
        self._acting = self._live()

    @property
    def acting(self) -> tuple[str, ...]:
        """All live agents, in the environment's order."""
        return self._acting

    def view(self, agent: str) -> View:
        """Show the agent's newest observation."""
        info = self._infos.get(agent)
        return _view(agent, self._observations[agent], info, self.env.action_space(agent))

    def step(self, actions: Mapping[str, Any]) -> None:
        """Let all live agents act."""
        self._observations, rewards, terminations, truncations, self._infos = self.env.step(
            {agent: actions[agent] for agent in self._acting}
        )
        returns, stopped, over = self.returns, self.truncated, self._over
        for agent, reward in rewards.items():
            returns[agent] += float(reward)
        for agent, truncated in truncations.items():
            stopped[agent] = bool(truncated)
            # Some environments leave agents that are done in ``agents``.
            over[agent] = bool(truncated or terminations[agent])
        self._acting = self._live()

    def _live(self) -> tuple[str, ...]:
        live, over = self.env.agents, self._over
        return tuple([agent for agent in self.agents if not over[agent] and agent in live])


def drive(env: Any) -> Driver:
    """Choose the driver for an environment by its API.

    Raises
    ------
    InvalidEnvironment
        If the object is neither an AECEnv nor a ParallelEnv.
    """
    try:
        from pettingzoo import AECEnv, ParallelEnv
    except ImportError as error:
        raise MissingExtra.of("pettingzoo", "driving an environment") from error
    if isinstance(env, AECEnv):
        return AecDriver(env)
    if isinstance(env, ParallelEnv):
        return ParallelDriver(env)
    raise InvalidEnvironment(
        f"{type(env).__name__!r} is not a PettingZoo environment",
        valid="an object of a subclass of pettingzoo.AECEnv or pettingzoo.ParallelEnv",
        hint="wrap your simulator in one of the two classes",
    )
