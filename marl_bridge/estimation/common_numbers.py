"""Common random numbers: episodes of two joint policies that meet the same luck."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np

from marl_bridge.environments.driver import View
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.intervals import InvalidSamples
from marl_bridge.policies.policy import Policy, assign
from marl_bridge.rollouts import Episodes, Progress, rollouts

__all__ = ["OwnStream", "episodes_on_common_numbers", "seat_stream"]


class OwnStream:
    """A policy that draws from its seat's own random numbers.

    The policies of an episode share one generator: one that draws more often than another would
    change what all others draw after it. With a stream for each seat the others' luck is the
    same, whatever sits here.

    Parameters
    ----------
    policy : Policy
    seat : int
        The agent's number.
    """

    def __init__(self, policy: Policy, seat: int) -> None:
        self.policy, self.seat = policy, seat
        self._live: dict[int, tuple[np.random.Generator, np.random.Generator, Policy]] = {}

    def begin_episode(self) -> None:
        """Pass on that an episode starts, to policies with a memory."""
        start = getattr(self.policy, "begin_episode", None)
        if callable(start):
            start()

    def choose(self, rng: np.random.Generator) -> Policy:
        """Return the policy of the episode whose policies share ``rng``."""
        return self.policy

    def act(self, view: View, rng: np.random.Generator) -> Any:
        """Let the policy act, with the seat's stream of the episode."""
        thread = threading.get_ident()
        live = self._live.get(thread)
        if live is None or live[0] is not rng:
            live = self._live[thread] = (rng, seat_stream(rng, self.seat), self.choose(rng))
        return live[2].act(view, live[1])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_live": {}}

    def __repr__(self) -> str:
        return repr(self.policy)


def seat_stream(rng: np.random.Generator, seat: int) -> np.random.Generator:
    """Return a seat's own generator, made of the seed of the one that an episode shares.

    Examples
    --------
    >>> shared = np.random.default_rng(0)
    >>> seat_stream(shared, 1).random() == seat_stream(shared, 1).random()
    True
    """
    seed = rng.bit_generator.seed_seq
    if not isinstance(seed, np.random.SeedSequence):  # of a generator that somebody made otherwise
        return rng
    key = (*seed.spawn_key, seat)
    return np.random.default_rng(np.random.SeedSequence(seed.entropy, spawn_key=key))


def episodes_on_common_numbers(
    source: EnvironmentSource,
    policies: Any,
    *,
    episodes: int,
    seed: int,
    max_steps: int | None = None,
    progress: Progress | None = None,
    **how: Any,
) -> Episodes:
    """Play episodes whose luck depends on the seed, the episode and the seat alone.

    Two joint policies that play with the same seed meet the same resets, and a policy that sits
    in the same seat in both draws the same numbers. Parameters as for
    :func:`marl_bridge.rollouts.rollouts`, with fixed seats.

    Examples
    --------
    >>> from marl_bridge.environments.opening import open_environment
    >>> source = open_environment("classic/rps-v2", env_kwargs={"max_cycles": 1})
    >>> played = episodes_on_common_numbers(source, "random", episodes=3, seed=0)
    >>> played.returns.shape
    (2, 3)
    """
    agents = source.driver(checked=False).agents
    assigned = assign(policies, agents)
    own = {agent: OwnStream(assigned[agent], seat) for seat, agent in enumerate(agents)}
    return rollouts(
        source,
        own,
        episodes=episodes,
        seed=seed,
        max_steps=max_steps,
        progress=progress,
        **how,
    )


def require_within(played: Episodes, ranges: Mapping[str, tuple[float, float]] | None) -> None:
    """Hold returns against their proven ranges; differences of returns may hide what is outside.

    Raises
    ------
    InvalidSamples
        Naming the first return outside.
    """
    for agent, (low, high) in (ranges or {}).items():
        returns = played.of(agent)
        slack = 1e-9 * max(1.0, abs(low), abs(high))
        outside = np.flatnonzero(~((returns >= low - slack) & (returns <= high + slack)))
        if outside.size:
            episode = int(outside[0])
            raise InvalidSamples(
                f"agent {agent!r} returned {returns[episode]:g}",
                where=f"episode {episode}, seed {played.seed}",
                valid=f"its range [{low:g}, {high:g}]",
                hint="give ranges that the rules of the game prove",
            )
