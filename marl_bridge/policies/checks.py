"""What a policy may return: a legal action, or a distribution over the legal actions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from marl_bridge.environments.driver import View
from marl_bridge.errors import InvalidPolicy

__all__ = [
    "checked_action",
    "checked_distribution",
    "n_actions_of",
    "policy_raised",
    "sample_index",
]

# A float32 softmax over thousands of actions misses one by about 1e-6.
_SUM_TOLERANCE = 1e-5


def checked_action(view: View, action: Any) -> Any:
    """Return the action as the environment wants it, a plain int for a discrete space.

    Raises
    ------
    InvalidPolicy
        If it is no action of the space, or an illegal one.
    """
    n_actions = view.n_actions
    if n_actions is None:
        if view.action_space.contains(action):
            return action
        raise _refused(view, f"chose {action!r}, which is not in {view.action_space}")
    if isinstance(action, int | np.integer | np.ndarray) and not isinstance(action, bool):
        number = np.asarray(action)
        if number.ndim == 0 and number.dtype.kind in "iu":
            index = int(number) - view.start
            if not 0 <= index < n_actions:
                raise _refused(view, f"chose action {action}, which does not exist")
            if view.mask is not None and not view.mask[index]:
                raise _refused(view, f"chose the illegal action {action}")
            return index + view.start
    raise _refused(view, f"chose {action!r}, a {type(action).__name__}, for an action")


def checked_distribution(view: View, probabilities: Any) -> NDArray[np.float64]:
    """Return the probabilities as float64 that sum to one and are zero on illegal actions.

    Raises
    ------
    InvalidPolicy
        If the shape is not ``(n_actions,)``, an entry is negative or not a number, the sum is
        further than 1e-5 from one, or illegal actions have more probability than that.
    """
    legal = view.legal_indices()
    try:
        p = np.array(probabilities, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise _refused(view, f"returned {probabilities!r} for probabilities") from error
    if p.shape != (view.n_actions,):
        raise _refused(view, f"returned probabilities of shape {p.shape}")
    lowest, total = p.min(), p.sum()
    if not (lowest >= 0.0 and total < np.inf):  # or one is NaN
        at = int(np.argmin(p)) if np.isfinite(p).all() else int(np.argmin(np.isfinite(p)))
        raise _refused(view, f"gave action {at + view.start} the probability {p[at]}")
    if abs(total - 1.0) > _SUM_TOLERANCE:
        raise _refused(view, f"returned probabilities that sum to {total:.6g} instead of 1")
    allowed = np.zeros(p.size)
    allowed[legal] = p[legal]
    kept = allowed.sum()
    if total - kept > _SUM_TOLERANCE:
        at = int(np.argmax(p - allowed))
        raise _refused(view, f"gave the illegal action {at + view.start} probability {p[at]:.6g}")
    return np.asarray(allowed / kept)


def policy_raised(view: View, error: Exception, where: str = "") -> InvalidPolicy:
    """Say in words what somebody's policy raised; to be raised from the error itself.

    Examples
    --------
    >>> from gymnasium.spaces import Discrete
    >>> policy_raised(View("zoe", 0, None, Discrete(3)), KeyError("weights"), "step 3").what
    "the policy of agent 'zoe' raises KeyError: 'weights'"
    """
    return InvalidPolicy(
        f"the policy of agent {view.agent!r} raises {type(error).__name__}: {error}",
        where=where,
        valid="a function f(observation, mask), or an object with act(view, rng)",
        hint="look at the error that this one was raised from",
    )


def n_actions_of(view: View, who: str) -> int:
    """Count the actions; a space that is not discrete is refused in the name of ``who``."""
    if view.n_actions is None:
        raise InvalidPolicy(
            f"{who} has no list of probabilities over {view.action_space}",
            where=f"agent {view.agent!r}",
            valid="a Discrete action space",
        )
    return view.n_actions


def sample_index(p: NDArray[np.float64], rng: np.random.Generator) -> int:
    """Draw a position of ``p`` with one uniform number."""
    # The last cumulative sum may round to less than one: scale the draw to it.
    cumulative = p.cumsum()
    return int(cumulative.searchsorted(rng.random() * cumulative[-1], side="right"))


def _refused(view: View, what: str) -> InvalidPolicy:
    n_actions = view.n_actions
    if n_actions is None:
        return InvalidPolicy(
            f"the policy of agent {view.agent!r} {what}", valid=f"a member of {view.action_space}"
        )
    legal = (view.legal_indices() + view.start).tolist()
    return InvalidPolicy(
        f"the policy of agent {view.agent!r} {what}",
        where=f"legal actions {legal}",
        valid=f"one of the legal actions as an integer, or {n_actions} probabilities",
        hint="mask the policy's output with the action mask it is given",
    )
