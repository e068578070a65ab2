"""Returns with a discount and episodes with a depth limit: the environment itself stays as it is.

Both are matters of the loop around an environment, so that trial episodes, the extraction and the
audit meet the same returns and the same ends.

What an agent is told it earned after its k-th action counts ``discount ** (k - 1)``: time is
counted in the agent's own actions, as a learner sees it that is trained with this discount. In
Parallel environments these are the steps it lives through, in AEC environments its turns. (There
the two sides of a payoff may be told after different numbers of turns; then a zero-sum
environment has discounted returns that do not cancel, and the audit says so.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marl_bridge.environments.driver import AecDriver, Driver, ParallelDriver
from marl_bridge.environments.opening import EnvironmentSource, bare

__all__ = ["AecHorizon", "HorizonSource", "ParallelHorizon", "with_horizon"]


class _Horizon:
    """Weighs rewards and counts steps, in front of a driver."""

    env: Any
    agents: tuple[str, ...]
    returns: dict[str, float]

    def __init__(self, env: Any, discount: float, depth_limit: int | None) -> None:
        self.discount, self.depth_limit = discount, depth_limit
        self.steps = 0
        super().__init__(env)  # type: ignore[call-arg]
        self.turns = dict.fromkeys(self.agents, 0)

    def reset(self, seed: int | None = None) -> None:
        self.steps = 0
        self.turns = dict.fromkeys(self.agents, 0)
        super().reset(seed)  # type: ignore[misc]

    @property
    def next_acting(self) -> tuple[str, ...]:
        """The agents that would act if there was no depth limit."""
        return super().acting  # type: ignore[misc,no-any-return]

    @property
    def acting(self) -> tuple[str, ...]:
        return () if self.at_limit else self.next_acting

    @property
    def at_limit(self) -> bool:
        return self.depth_limit is not None and self.steps >= self.depth_limit

    @property
    def is_cut(self) -> bool:
        """Whether the depth limit, and nothing else, ends the episode here."""
        return self.at_limit and bool(self.next_acting)

    def weight(self, agent: str) -> float:
        """Say what the next reward counts that the agent is told."""
        told_next = agent in self.next_acting  # its next reward is that of an action to come
        return self.discount ** max(self.turns[agent] - (not told_next), 0)

    def step(self, actions: Mapping[str, Any]) -> None:
        for agent in self.acting:
            self.turns[agent] += 1
        if self.discount == 1.0:
            super().step(actions)  # type: ignore[misc]
        else:
            before, self.returns = self.returns, dict.fromkeys(self.agents, 0.0)
            super().step(actions)  # type: ignore[misc]
            self.returns = {
                agent: before[agent] + self.discount ** max(self.turns[agent] - 1, 0) * told
                for agent, told in self.returns.items()
            }
        self.steps += 1


class AecHorizon(_Horizon, AecDriver):
    """An AEC environment with a discount and a depth limit."""


class ParallelHorizon(_Horizon, ParallelDriver):
    """A Parallel environment with a discount and a depth limit."""


@dataclass(frozen=True)
class HorizonSource(EnvironmentSource):
    """A source whose drivers discount rewards and end at a depth limit.

    Attributes
    ----------
    discount : float
    depth_limit : int or None
        In steps of the environment: an action in AEC environments, a round in Parallel ones.
    """

    discount: float = 1.0
    depth_limit: int | None = None

    def driver(self, render_mode: str | None = None, *, checked: bool = True) -> Driver:
        """Build a fresh environment and the loop around it."""
        env = self.new(render_mode)
        kind = AecHorizon if self.api == "aec" else ParallelHorizon
        return kind(env if checked else bare(env), self.discount, self.depth_limit)


def with_horizon(
    source: EnvironmentSource, discount: float, depth_limit: int | None
) -> EnvironmentSource:
    """Add a discount and a depth limit to a source; without either it is left alone.

    Examples
    --------
    >>> from marl_bridge.environments.opening import open_environment
    >>> source = with_horizon(open_environment("classic/tictactoe-v3"), 0.9, 2)
    >>> driver = source.driver()
    >>> driver.reset(seed=0)
    >>> for square in (0, 1):
    ...     driver.step({driver.acting[0]: square})
    >>> driver.acting, driver.is_cut
    ((), True)
    """
    if discount == 1.0 and depth_limit is None:
        return source
    return HorizonSource(
        source.name, source.api, source.factory, discount=discount, depth_limit=depth_limit
    )
