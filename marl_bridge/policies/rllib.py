"""Policies of RLlib, old and new, and anything that answers the same calls.

Known by their methods alone; ray is never imported:

- ``forward_inference({"obs": batch})`` of an RLModule, which returns "action_dist_inputs";
- ``compute_single_action(obs, state)`` of a Policy or an Algorithm;
- ``compute_actions(obs_batch, state_batches)`` of a Policy.

Where the answer holds logits ("action_dist_inputs"), probabilities are exact, and actions are
drawn from them with the episode's own generator. Where it holds actions only, they must repeat
themselves for exact figures.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marl_bridge.environments.driver import View
from marl_bridge.errors import InvalidPolicy
from marl_bridge.policies.checks import checked_action, n_actions_of, sample_index
from marl_bridge.policies.content_hash import hash_of_network
from marl_bridge.policies.inputs import Observe, as_shown, fitted
from marl_bridge.policies.memory import RecurrentPolicy
from marl_bridge.policies.outputs import array_of, certain, masked_softmax
from marl_bridge.policies.repeatable import require_repeatable
from marl_bridge.policies.torch_session import evaluating, is_torch_module

__all__ = ["RLlibMemoryPolicy", "RLlibPolicy", "has_memory", "is_rllib"]

CALLS = ("forward_inference", "compute_single_action", "compute_actions")
LOGITS = "action_dist_inputs"


def is_rllib(thing: Any) -> bool:
    """Say whether something answers one of RLlib's calls.

    Examples
    --------
    >>> is_rllib(print)
    False
    """
    return any(callable(getattr(thing, name, None)) for name in CALLS)


def has_memory(thing: Any) -> bool:
    """Say whether an RLlib policy starts with a state that is not empty."""
    start = getattr(thing, "get_initial_state", None)
    return callable(start) and bool(start())


class RLlibPolicy:
    """A policy of RLlib without a memory.

    Parameters
    ----------
    policy : RLModule, Policy, Algorithm, or anything with one of their calls
    observe : callable, optional
        ``observe(view)`` builds its observation. Otherwise the observation is fitted to the
        policy's ``observation_space``; one without is given what the environment returned,
        the action mask included.
    **options
        Passed to ``compute_single_action`` or ``compute_actions``, such as ``policy_id``.

    Raises
    ------
    InvalidPolicy
        If it answers none of the calls.
    """

    def __init__(self, policy: Any, *, observe: Observe | None = None, **options: Any) -> None:
        self.policy, self.observe, self.options = policy, observe, options
        self._asked = _Asked(policy, _call_of(policy), observe, options)

    def act(self, view: View, rng: np.random.Generator) -> Any:
        """Sample from the logits, or take the action it returns."""
        answer, is_vector = self._answer(view)
        return sample_index(answer, rng) + view.start if is_vector else answer

    def probabilities(self, view: View) -> NDArray[np.float64]:
        """Return the distribution over the legal actions.

        Raises
        ------
        UnknownProbabilities
            If it returns actions only, and other ones when asked again.
        """
        n_actions_of(view, repr(self))
        answer, is_vector = self._answer(view)
        if is_vector:
            return np.asarray(answer)
        action = checked_action(view, answer)
        require_repeatable(view, action, lambda: self._answer(view)[0])
        return certain(view, action - view.start)

    def _answer(self, view: View) -> tuple[Any, bool]:
        answer, _ = self._asked.step(view, None)
        return answer, view.n_actions is not None and np.ndim(answer) > 0

    def content_hash(self) -> str | None:
        """Hash the network; None if it has no weights, or with options or ``observe``."""
        plain = self.observe is None and not self.options
        return hash_of_network(self.policy, "RLlib") if plain else None

    def __repr__(self) -> str:
        return f"RLlibPolicy({type(self.policy).__name__})"


class RLlibMemoryPolicy(RecurrentPolicy):
    """A policy of RLlib whose ``get_initial_state()`` is not empty; see :class:`RLlibPolicy`.

    Parameters
    ----------
    policy : RLModule, Policy, or anything with one of their calls
    observe, **options
        As for :class:`RLlibPolicy`.

    Raises
    ------
    InvalidPolicy
        If it answers none of the calls.
    """

    def __init__(self, policy: Any, *, observe: Observe | None = None, **options: Any) -> None:
        super().__init__()
        self.policy, self.observe, self.options = policy, observe, options
        self._asked = _Asked(policy, _call_of(policy), observe, options)

    def initial_memory(self, agent: str) -> Any:
        """Ask the policy for its initial state."""
        return self.policy.get_initial_state()

    def respond(self, view: View, memory: Any, last_action: Any) -> tuple[Any, Any]:
        """Ask the policy for one step."""
        return self._asked.step(view, memory)

    def content_hash(self) -> str | None:
        """Hash the network; None if it has no weights, or with options or ``observe``."""
        plain = self.observe is None and not self.options
        return hash_of_network(self.policy, "RLlib") if plain else None

    def __repr__(self) -> str:
        return f"RLlibMemoryPolicy({type(self.policy).__name__})"


def _call_of(policy: Any) -> str:
    for name in CALLS:
        if callable(getattr(policy, name, None)):
            return name
    raise InvalidPolicy(
        f"{policy!r} answers none of RLlib's calls", valid=f"an object with one of {list(CALLS)}"
    )


@dataclass(frozen=True)
class _Asked:
    """A policy and how it is asked."""

    policy: Any
    call: str
    observe: Observe | None
    options: Mapping[str, Any]

    def step(self, view: View, state: Any) -> tuple[Any, Any]:
        """Return an action, or the probabilities its logits give, and the next state."""
        policy, who = self.policy, type(self.policy).__name__
        observe = self.observe
        observed = observe(view) if observe is not None else _observed(policy, view, who)
        ways = {
            "forward_inference": _infer,
            "compute_single_action": _compute_single,
            "compute_actions": _compute_batch,
        }
        try:
            with evaluating(policy):
                action, logits, after = ways[self.call](policy, observed, state, self.options)
        except InvalidPolicy:
            raise
        except (RuntimeError, ValueError, TypeError, IndexError, KeyError) as fault:
            first = (str(fault).strip() or type(fault).__name__).splitlines()[0]
            raise InvalidPolicy(
                f"{who}.{self.call} of agent {view.agent!r} refused the observation: {first}",
                where=f"agent {view.agent!r}",
                hint="pass observe=, a function of the view that builds the policy's input",
            ) from fault
        if view.n_actions is None:
            return action, after
        if logits is not None:
            return masked_softmax(view, logits, who), after
        return _one_action(action, view, f"{who}.{self.call}"), after


def _one_action(action: Any, view: View, who: str) -> int:
    number = array_of(action)
    if number.size == 1 and number.dtype.kind in "iuf":
        value = float(number.reshape(-1)[0])
        if value.is_integer():
            return int(value)
    raise InvalidPolicy(
        f"{who} of agent {view.agent!r} returned {action!r} for one action",
        valid=f"one of the {view.n_actions} actions, or {LOGITS!r} with a logit for each",
    )


def _observed(policy: Any, view: View, who: str) -> Any:
    space = getattr(policy, "observation_space", None)
    return as_shown(view) if space is None else fitted(view, space, who)


def _infer(
    module: Any, observed: Any, state: Any, options: Mapping[str, Any]
) -> tuple[Any, Any, Any]:
    """Ask an RLModule; one with a state has an axis for time after that of the batch."""
    timed = state is not None
    batch = {"obs": _batched(observed, module, axes=2 if timed else 1)}
    if timed:
        batch["state_in"] = _batched(state, module, axes=1)
    found = module.forward_inference(batch, **options)
    if LOGITS not in found and "actions" not in found:
        raise InvalidPolicy(
            f"{type(module).__name__}.forward_inference returned {sorted(map(str, found))}",
            valid=f"{LOGITS!r} or 'actions'",
        )
    after = _unbatched(found["state_out"]) if timed else None
    return found.get("actions"), found.get(LOGITS), after


def _compute_single(
    policy: Any, observed: Any, state: Any, options: Mapping[str, Any]
) -> tuple[Any, Any, Any]:
    more = dict(options)
    if "full_fetch" in inspect.signature(policy.compute_single_action).parameters:
        more.setdefault("full_fetch", True)  # an Algorithm tells its logits only when asked
    if state is not None:
        more["state"] = state
    return _unpacked(policy.compute_single_action(observed, **more))


def _compute_batch(
    policy: Any, observed: Any, state: Any, options: Mapping[str, Any]
) -> tuple[Any, Any, Any]:
    more = dict(options)
    if state is not None:
        more["state_batches"] = [np.asarray(part)[None] for part in state]
    action, logits, after = _unpacked(policy.compute_actions(_rows(observed), **more))
    return action, logits, [array_of(part)[0] for part in after or ()]


def _unpacked(answer: Any) -> tuple[Any, Any, Any]:
    """Take (action, state, extra) apart; a bare action has neither."""
    if isinstance(answer, tuple) and len(answer) == 3 and isinstance(answer[2], Mapping):
        action, state, extra = answer
        return action, extra.get(LOGITS), state
    return answer, None, None


def _rows(observed: Any) -> Any:
    if isinstance(observed, Mapping):
        return {name: _rows(part) for name, part in observed.items()}
    return np.asarray(observed)[None]


def _batched(value: Any, module: Any, *, axes: int) -> Any:
    """Add leading axes, as tensors for a module of torch and as arrays for others."""
    if isinstance(value, Mapping):
        return {name: _batched(part, module, axes=axes) for name, part in value.items()}
    array = array_of(value)
    if is_torch_module(module):
        torch: Any = importlib.import_module("torch")
        kind = torch.float32 if array.dtype.kind == "f" else None
        return torch.as_tensor(array, dtype=kind).reshape((1,) * axes + array.shape)
    return array.reshape((1,) * axes + array.shape)


def _unbatched(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _unbatched(part) for name, part in value.items()}
    return array_of(value)[0]
