"""What networks return, as distributions over the legal actions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from marl_bridge.environments.driver import View
from marl_bridge.errors import InvalidPolicy
from marl_bridge.policies.checks import n_actions_of

__all__ = ["array_of", "certain", "greedy", "masked_softmax", "renormalized"]

Floats = NDArray[np.float64]


def array_of(outputs: Any) -> NDArray[Any]:
    """Turn a tensor of any library, or a sequence, into an array.

    Examples
    --------
    >>> array_of([1, 2]).tolist()
    [1, 2]
    """
    if hasattr(outputs, "detach"):  # a torch tensor: bfloat16 has no NumPy type, float64 has
        return np.asarray(outputs.detach().cpu().double().numpy())
    return np.asarray(outputs)


def masked_softmax(view: View, logits: Any, who: str) -> Floats:
    """Softmax of the legal actions' logits, zero elsewhere.

    ``-inf`` is allowed: networks mask themselves with it.

    Raises
    ------
    InvalidPolicy
        If there is not one logit for each action, one is NaN or inf, or all legal ones are -inf.

    Examples
    --------
    >>> from gymnasium.spaces import Discrete
    >>> view = View("zoe", 0, np.array([True, False, True]), Discrete(3))
    >>> masked_softmax(view, [0.0, 9.0, 0.0], "the network").tolist()
    [0.5, 0.0, 0.5]
    """
    z = _numbers(view, logits, who, "logit", allow=-np.inf)
    legal = view.legal_indices()
    highest = z[legal].max()
    if highest == -np.inf:
        raise _nothing_legal(view, who, "gave every legal action the logit -inf")
    p = np.zeros_like(z)
    p[legal] = np.exp(z[legal] - highest)
    return np.asarray(p / p.sum())


def renormalized(view: View, probabilities: Any, who: str) -> Floats:
    """Take the probability of illegal actions away and scale the rest to one.

    This is what masking the logits does: the odds among legal actions stay as they are.

    Raises
    ------
    InvalidPolicy
        If there is not one probability for each action, one is NaN, infinite or negative, or
        no legal action has any.
    """
    given = _numbers(view, probabilities, who, "probability")
    if given.min() < 0.0:
        at = int(np.argmin(given))
        raise _fault(view, who, f"gave action {at + view.start} the probability {given[at]:g}")
    legal = view.legal_indices()
    p = np.zeros_like(given)
    p[legal] = given[legal]
    if p.sum() <= 0.0:
        raise _nothing_legal(view, who, "gave no legal action any probability")
    return np.asarray(p / p.sum())


def greedy(view: View, values: Any, who: str) -> Floats:
    """Choose the legal action of highest value, the first one at ties, with certainty.

    Raises
    ------
    InvalidPolicy
        If there is not one value for each action, or one is NaN or inf.
    """
    q = _numbers(view, values, who, "value", allow=-np.inf)
    legal = view.legal_indices()
    return certain(view, int(legal[np.argmax(q[legal])]))


def certain(view: View, index: int) -> Floats:
    """Put probability one on the action at a position."""
    p = np.zeros(n_actions_of(view, "a policy"))
    p[index] = 1.0
    return p


def _numbers(view: View, outputs: Any, who: str, word: str, allow: float | None = None) -> Floats:
    """Check shape and values; leading axes of length one are the batch and go."""
    n_actions = n_actions_of(view, who)
    try:
        x = array_of(outputs).astype(np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        kind = type(outputs).__name__
        raise _fault(view, who, f"returned a {kind}, which is no array of numbers") from error
    shape = x.shape
    while x.ndim > 1 and x.shape[0] == 1:
        x = x[0]
    if x.ndim == 1 and x.shape != (n_actions,):
        raise _fault(view, who, f"returned {x.size} outputs for {n_actions} actions")
    if x.ndim != 1:
        raise _fault(view, who, f"returned outputs of shape {shape} for {n_actions} actions")
    wrong = ~np.isfinite(x) if allow is None else ~(np.isfinite(x) | (x == allow))
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise _fault(
            view,
            who,
            f"gave action {at + view.start} the {word} {x[at]}",
            hint="look for NaN in its weights or its inputs: training may have diverged",
        )
    return np.asarray(x)


def _nothing_legal(view: View, who: str, what: str) -> InvalidPolicy:
    legal = (view.legal_indices() + view.start).tolist()
    return _fault(
        view, who, f"{what} {legal}", hint="let the network be masked by this action mask alone"
    )


def _fault(view: View, who: str, what: str, hint: str = "") -> InvalidPolicy:
    return InvalidPolicy(
        f"{who} of agent {view.agent!r} {what}",
        where=f"agent {view.agent!r}, action space {view.action_space}",
        valid=f"{view.n_actions} finite numbers, one per action",
        hint=hint or "is this policy from another environment, or from another agent?",
    )
