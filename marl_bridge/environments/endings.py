"""How episodes end: by termination, the game's own rule, or by truncation, a limit on length."""

from __future__ import annotations

from typing import Any

from marl_bridge.environments.driver import AecDriver, Driver, ParallelDriver
from marl_bridge.environments.opening import EnvironmentSource, bare

__all__ = ["Endings", "watch"]


class Endings:
    """Stands in for an environment and notes which agents terminate and which are truncated.

    Attributes
    ----------
    env : object
        The environment.
    terminated, truncated : set of str
        Agents of the current episode that have ended so.
    """

    def __init__(self, env: Any) -> None:
        self.env = env
        self.terminated: set[str] = set()
        self.truncated: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.env, name)

    def reset(self, seed: int | None = None) -> Any:
        """Start an episode."""
        self.terminated, self.truncated = set(), set()
        return self.env.reset(seed=seed)


class _AecEndings(Endings):
    def last(self, observe: bool = True) -> Any:
        answer = self.env.last(observe)
        if answer[2]:
            self.terminated.add(self.env.agent_selection)
        if answer[3]:
            self.truncated.add(self.env.agent_selection)
        return answer


class _ParallelEndings(Endings):
    def step(self, actions: Any) -> Any:
        answer = self.env.step(actions)
        self.terminated.update(agent for agent, ended in answer[2].items() if ended)
        self.truncated.update(agent for agent, ended in answer[3].items() if ended)
        return answer


def watch(source: EnvironmentSource) -> tuple[Driver, Endings]:
    """Build a fresh environment with its driver and a note of how its episodes end.

    PettingZoo's checking wrappers are off: callers play legal actions only.
    """
    env = bare(source.new())
    if source.api == "aec":
        aec = _AecEndings(env)
        return AecDriver(aec), aec
    parallel = _ParallelEndings(env)
    return ParallelDriver(parallel), parallel
