"""Policies with a memory: what they do depends on the episode so far, not on the last view alone.

A policy with a memory has no probabilities at an observation. It has them at an information set,
which is the agent's own sequence of observations and actions: replaying that sequence gives the
memory, so that recurrent policies are evaluated as exactly as any other
(:func:`marl_bridge.policies.tabulation.tabulate`).
"""

from __future__ import annotations

import copy
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from marl_bridge.environments.driver import View
from marl_bridge.errors import InvalidPolicy
from marl_bridge.policies.checks import (
    checked_action,
    checked_distribution,
    n_actions_of,
    sample_index,
)
from marl_bridge.policies.outputs import certain
from marl_bridge.policies.repeatable import require_repeatable

__all__ = ["HistoryPolicy", "MemoryPolicy", "RecurrentPolicy", "begin_episode"]

Floats = NDArray[np.float64]


@runtime_checkable
class HistoryPolicy(Protocol):
    """States its distribution at a view and a memory, and the memory that follows."""

    def initial_memory(self, agent: str) -> Any:
        """Return what the agent remembers when an episode starts."""

    def distribution(self, view: View, memory: Any, last_action: Any) -> tuple[Floats, Any]:
        """Return the probability of each action, and the memory after this view."""


def begin_episode(policies: Iterable[Any]) -> None:
    """Tell policies that an episode starts; those without a memory need not know.

    Examples
    --------
    >>> begin_episode(["anything", lambda observation, mask: 0])
    """
    for policy in policies:
        start = getattr(policy, "begin_episode", None)
        if callable(start):
            start()


class RecurrentPolicy(ABC):
    """Keeps each agent's memory over one episode; subclasses say what a memory is.

    An episode starts when :meth:`begin_episode` is called. Until it was called for the first time,
    an agent's episode also starts when :meth:`act` is given another generator than before:
    episodes have a generator each (:mod:`marl_bridge.environments.streams`).

    Memories are kept by agent and by thread, so that one policy can sit in several seats and in
    episodes that are played side by side in threads.
    """

    def __init__(self) -> None:
        # By thread and agent: the memory, the last action, the generator of the episode.
        self._live: dict[tuple[int, str], tuple[Any, Any, np.random.Generator]] = {}
        self._told = False

    @abstractmethod
    def initial_memory(self, agent: str) -> Any:
        """Return what the agent remembers when an episode starts."""

    @abstractmethod
    def respond(self, view: View, memory: Any, last_action: Any) -> tuple[Any, Any]:
        """Return an action or the probability of each, and the memory after this view.

        ``last_action`` is the agent's own previous action in the episode, None at its first.
        """

    def begin_episode(self) -> None:
        """Forget the episode before."""
        self._told = True
        thread = threading.get_ident()
        for key in [key for key in self._live if key[0] == thread]:
            del self._live[key]

    def act(self, view: View, rng: np.random.Generator) -> Any:
        """Take the answer's action, or sample from its probabilities, and remember."""
        key = (threading.get_ident(), view.agent)
        memory, last, stream = self._live.get(key, (None, None, None))
        if stream is None or (stream is not rng and not self._told):
            memory, last = copy.deepcopy(self.initial_memory(view.agent)), None
        answer, memory = self.respond(view, memory, last)
        if view.n_actions is None or np.ndim(answer) == 0:
            action = checked_action(view, answer)
        else:
            action = sample_index(checked_distribution(view, answer), rng) + view.start
        self._live[key] = (memory, action, rng)
        return action

    def distribution(self, view: View, memory: Any, last_action: Any) -> tuple[Floats, Any]:
        """Return the probability of each action, and the memory after this view.

        ``memory`` is left as it is, also by policies that change theirs in place.

        Raises
        ------
        UnknownProbabilities
            If the policy returns actions, and other ones when asked again.
        """
        if view.n_actions is None:
            n_actions_of(view, repr(self))
        answer, after = self.respond(view, copy.deepcopy(memory), last_action)
        if np.ndim(answer) > 0:
            return checked_distribution(view, answer), after
        action = checked_action(view, answer)
        require_repeatable(
            view, action, lambda: self.respond(view, copy.deepcopy(memory), last_action)[0]
        )
        return certain(view, action - view.start), after

    def __getstate__(self) -> dict[str, Any]:
        # Sent to a worker, a policy starts there with its first episode.
        return {**self.__dict__, "_live": {}}


class MemoryPolicy(RecurrentPolicy):
    """Anybody's function with a memory.

    Parameters
    ----------
    step : callable
        ``step(observation, mask, memory, last_action)`` returns an action or the probability of
        each action, and the next memory. ``last_action`` is None at the agent's first turn.
    start : object
        The memory at the start of every episode; it is copied.

    Examples
    --------
    Play rock first, then whatever the opponent showed last:

    >>> def step(observation, mask, memory, last_action):
    ...     return (0 if memory == 0 else int(observation) % 3), memory + 1
    >>> MemoryPolicy(step, start=0)
    MemoryPolicy(step)
    """

    def __init__(
        self,
        step: Callable[[Any, NDArray[np.bool_] | None, Any, Any], tuple[Any, Any]],
        start: Any = None,
    ) -> None:
        super().__init__()
        self.step, self.start = step, start

    def initial_memory(self, agent: str) -> Any:
        """Return ``start``."""
        return self.start

    def respond(self, view: View, memory: Any, last_action: Any) -> tuple[Any, Any]:
        """Ask the function."""
        answer = self.step(view.observation, view.mask, memory, last_action)
        if not isinstance(answer, tuple) or len(answer) != 2:
            raise InvalidPolicy(
                f"{self!r} of agent {view.agent!r} returned {answer!r}",
                valid="a pair: an action or probabilities, and the next memory",
                hint="return answer, memory",
            )
        return answer

    def __repr__(self) -> str:
        return f"MemoryPolicy({getattr(self.step, '__name__', type(self.step).__name__)})"
