"""Policies: what acts for an agent, and what can be said about it exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import GameTheoryError
from marl_bridge.environments.driver import View
from marl_bridge.environments.observations import observation_key
from marl_bridge.errors import InvalidPolicy
from marl_bridge.policies.checks import (
    checked_action,
    checked_distribution,
    n_actions_of,
    policy_raised,
    sample_index,
)
from marl_bridge.policies.content_hash import hash_of_text
from marl_bridge.policies.repeatable import require_repeatable
from marl_bridge.policies.tabular import TabularPolicy

__all__ = [
    "CallablePolicy",
    "DistributionPolicy",
    "Policy",
    "TabularPolicy",
    "UniformRandomPolicy",
    "as_policy",
    "assign",
    "checked_probabilities",
    "content_hash",
    "observation_key",
]

Probabilities = NDArray[np.float64]


@runtime_checkable
class Policy(Protocol):
    """Acts for an agent."""

    def act(self, view: View, rng: np.random.Generator) -> Any:
        """Choose an action, with randomness from ``rng`` alone."""


@runtime_checkable
class DistributionPolicy(Policy, Protocol):
    """Acts by a distribution it can state; only such policies have exact expected returns."""

    def probabilities(self, view: View) -> Probabilities:
        """Return the probability of each action, shape (n_actions,), zero on illegal ones."""


class UniformRandomPolicy:
    """Chooses uniformly among the legal actions, or samples a space that is not discrete.

    Examples
    --------
    >>> from marl_bridge.environments.opening import open_environment
    >>> driver = open_environment("classic/tictactoe-v3").driver()
    >>> driver.reset(seed=0)
    >>> UniformRandomPolicy().probabilities(driver.view("player_1")).round(3)
    array([0.111, 0.111, 0.111, 0.111, 0.111, 0.111, 0.111, 0.111, 0.111])
    """

    def act(self, view: View, rng: np.random.Generator) -> Any:
        """Choose a legal action."""
        if view.n_actions is not None:
            legal = view.legal_indices()
            return int(legal[rng.integers(legal.size)]) + view.start
        # reset(seed) does not seed the spaces, and a space keeps its generator over episodes:
        # seeding it for each draw makes an episode a function of its own stream alone.
        view.action_space.seed(int(rng.integers(2**31)))
        mask = None if view.mask is None else view.mask.astype(np.int8)
        return view.action_space.sample(mask)

    def probabilities(self, view: View) -> Probabilities:
        """Return 1 / (number of legal actions) on each legal action."""
        p = np.zeros(n_actions_of(view, "the uniform random policy"))
        legal = view.legal_indices()
        p[legal] = 1.0 / legal.size
        return p

    def content_hash(self) -> str:
        """Return the same hash for every uniform random policy."""
        return hash_of_text("UniformRandomPolicy")

    def __repr__(self) -> str:
        return "UniformRandomPolicy()"


class CallablePolicy:
    """Anybody's function ``f(observation, mask)``, checked on every call.

    Parameters
    ----------
    f : callable
        Returns an action, or the probability of each action, shape (n_actions,). ``mask`` is
        a bool array, or None where the environment offers none.

    Examples
    --------
    >>> CallablePolicy(lambda observation, mask: mask / mask.sum())
    CallablePolicy(<lambda>)
    """

    def __init__(self, f: Callable[[Any, NDArray[np.bool_] | None], Any]) -> None:
        self.f = f
        self._deterministic_at: set[bytes] = set()

    def act(self, view: View, rng: np.random.Generator) -> Any:
        """Take the function's action, or sample from its probabilities."""
        answer = self.f(view.observation, view.mask)
        if view.n_actions is None or not _is_vector(answer):
            return checked_action(view, answer)
        return sample_index(checked_distribution(view, answer), rng) + view.start

    def probabilities(self, view: View) -> Probabilities:
        """Return the function's probabilities; certainty for one that returns an action.

        Raises
        ------
        UnknownProbabilities
            If the function returns different actions for the same observation: it draws them
            itself, so that its distribution cannot be known exactly.
        """
        n_actions = n_actions_of(view, repr(self))
        answer = self.f(view.observation, view.mask)
        if _is_vector(answer):
            return checked_distribution(view, answer)
        action = checked_action(view, answer)
        key = observation_key((view.agent, view.observation))
        if key not in self._deterministic_at:
            require_repeatable(view, action, lambda: self.f(view.observation, view.mask))
            self._deterministic_at.add(key)
        certain = np.zeros(n_actions)
        certain[action - view.start] = 1.0
        return certain

    def __repr__(self) -> str:
        return f"CallablePolicy({getattr(self.f, '__name__', type(self.f).__name__)})"


def as_policy(given: Any) -> Policy:
    """Make a policy of whatever somebody trained or wrote.

    Parameters
    ----------
    given : object
        "random"; an object with ``act(view, rng)``; a model of Stable-Baselines3 or sb3-contrib;
        a policy or module of RLlib; a ``torch.nn.Module`` that returns one logit per action; a
        function of observation and mask. The libraries are recognized without importing them.

    Raises
    ------
    InvalidPolicy
        If it is none of these.

    Examples
    --------
    >>> as_policy("random")
    UniformRandomPolicy()
    """
    if isinstance(given, str) and given == "random":
        return UniformRandomPolicy()
    if not isinstance(given, type):
        if isinstance(given, Policy):
            return given
        from marl_bridge.policies.recognition import adapted

        policy: Policy | None = adapted(given)
        if policy is not None:
            return policy
        if callable(given):
            return CallablePolicy(given)
    raise InvalidPolicy(
        f"{given!r} is no policy",
        valid="'random', an object with act(view, rng), a function f(observation, mask), a "
        "Stable-Baselines3 model, an RLlib policy, or a torch module",
        hint="pass an instance, not a class" if isinstance(given, type) else "",
    )


def content_hash(given: Any) -> str | None:
    """SHA-256 of what a policy does, None where that cannot be read off.

    Parameters
    ----------
    given : policy-like
        What :func:`as_policy` takes.

    Examples
    --------
    >>> content_hash("random") == content_hash(UniformRandomPolicy())
    True
    >>> content_hash(lambda observation, mask: 0) is None
    True
    """
    own = getattr(as_policy(given), "content_hash", None)
    found = own() if callable(own) else None
    return None if found is None else str(found)


def assign(policies: Any, agents: Sequence[str]) -> dict[str, Policy]:
    """Give every agent its policy.

    Parameters
    ----------
    policies : policy-like, or mapping of agent to policy-like
        One for all agents, or one for each.
    agents : sequence of str
        The environment's agents.

    Raises
    ------
    InvalidPolicy
        If the mapping misses an agent, names an unknown one, or holds something else.
    """
    if not isinstance(policies, Mapping):
        shared = as_policy(policies)
        return dict.fromkeys(agents, shared)
    missing = [agent for agent in agents if agent not in policies]
    unknown = [agent for agent in policies if agent not in agents]
    if missing or unknown:
        faults = [f"no policy for {', '.join(map(repr, missing))}"] if missing else []
        faults += [f"unknown agents {', '.join(map(repr, unknown))}"] if unknown else []
        raise InvalidPolicy(
            " and ".join(faults), where="policies", valid=f"one policy each for {list(agents)}"
        )
    return {agent: as_policy(policies[agent]) for agent in agents}


def checked_probabilities(policy: Policy, view: View) -> Probabilities:
    """Ask a policy for its distribution and validate it; what exact figures are built on.

    Returns
    -------
    ndarray, shape (n_actions,)
        Nonnegative, zero on illegal actions, sums to one.

    Raises
    ------
    InvalidPolicy
        If the policy cannot state its distribution, raises an error, or states an invalid one.
    """
    if not isinstance(policy, DistributionPolicy):
        raise InvalidPolicy(
            f"{type(policy).__name__} of agent {view.agent!r} has no probabilities(view): it gives "
            "actions only",
            valid="a policy that can state the probability of each action",
            hint="add probabilities(view), or compare by sampled episodes instead",
        )
    try:
        stated = policy.probabilities(view)
    except GameTheoryError:
        raise
    except Exception as error:
        raise policy_raised(view, error, f"observation {view.observation!r}") from error
    return checked_distribution(view, stated)


def _is_vector(answer: Any) -> bool:
    try:
        return bool(np.ndim(answer) > 0)
    except ValueError:  # a ragged sequence, which the check of distributions refuses
        return True
