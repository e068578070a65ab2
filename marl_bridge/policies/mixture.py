"""A mixture of policies as one policy: drawn once an episode, played as its behavior strategy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marl_bridge.environments.driver import View
from marl_bridge.errors import InvalidPolicy
from marl_bridge.policies.memory import HistoryPolicy, RecurrentPolicy
from marl_bridge.policies.policy import as_policy, checked_probabilities

__all__ = ["MixturePolicy", "mixture"]

Floats = NDArray[np.float64]


class MixturePolicy(RecurrentPolicy):
    """Acts like one of several policies, drawn anew for every episode.

    Instead of drawing, it keeps the probability of each one given its own actions so far and acts
    by their average: by Kuhn's theorem nobody can tell the difference, and it can state its
    probabilities.

    Parameters
    ----------
    policies : sequence of policy-like
        All must be able to state their probabilities.
    weights : sequence of float
        Nonnegative, with sum one; policies of weight zero are left out.

    Raises
    ------
    InvalidPolicy
        If the weights are no distribution over the policies.

    References
    ----------
    H. W. Kuhn (1953), Extensive games and the problem of information, Contributions to the
    Theory of Games II, theorem 4.

    Examples
    --------
    >>> from marl_bridge.environments.driver import View
    >>> from gymnasium.spaces import Discrete
    >>> rock, paper = (lambda o, m: 0), (lambda o, m: 1)
    >>> mixture = MixturePolicy([rock, paper], [0.25, 0.75])
    >>> view = View("player_0", 3, None, Discrete(3))
    >>> first, memory = mixture.distribution(view, mixture.initial_memory("player_0"), None)
    >>> first.tolist(), mixture.distribution(view, memory, 1)[0].tolist()
    ([0.25, 0.75, 0.0], [0.0, 1.0, 0.0])
    """

    def __init__(self, policies: Sequence[Any], weights: Sequence[float] | Floats) -> None:
        super().__init__()
        try:
            given = np.asarray(weights, dtype=np.float64)
        except (TypeError, ValueError):
            raise InvalidPolicy(
                f"the weights {weights!r} are no numbers",
                where="weights",
                valid="one nonnegative number for each policy, with sum one",
            ) from None
        if given.shape != (len(policies),) or not (given >= 0).all() or abs(given.sum() - 1) > 1e-9:
            raise InvalidPolicy(
                f"the weights {given.tolist()} of {len(policies)} policies",
                where="weights",
                valid="one nonnegative number for each policy, with sum one",
            )
        self.policies = tuple(as_policy(p) for p, w in zip(policies, given, strict=True) if w > 0)
        self.weights = given[given > 0] / given.sum()

    def initial_memory(self, agent: str) -> Any:
        """Return the weights, and what each policy remembers."""
        memories = [
            policy.initial_memory(agent) if isinstance(policy, HistoryPolicy) else None
            for policy in self.policies
        ]
        return self.weights, memories, None

    def respond(self, view: View, memory: Any, last_action: Any) -> tuple[Any, Any]:
        """Return the average of the policies' distributions, by what the actions tell of them."""
        weights, memories, rows = memory
        if rows is not None and last_action is not None:
            told = weights * rows[:, int(last_action) - view.start]
            # An action that none of them takes tells nothing.
            weights = told / told.sum() if told.sum() > 0 else weights
        following, answers = [], []
        for policy, kept, weight in zip(self.policies, memories, weights.tolist(), strict=True):
            if weight <= 0.0:
                answers.append(np.zeros(view.n_actions or 0))
                following.append(kept)
            elif isinstance(policy, HistoryPolicy):
                p, after = policy.distribution(view, kept, last_action)
                answers.append(p)
                following.append(after)
            else:
                answers.append(checked_probabilities(policy, view))
                following.append(None)
        rows = np.array(answers)
        return weights @ rows, (weights, following, rows)

    def __repr__(self) -> str:
        return f"MixturePolicy({len(self.policies)} policies)"


def mixture(policies: Sequence[Any], weights: Sequence[float] | Floats) -> Any:
    """Mix policies; where only one has weight, it is taken as it is."""
    taken = np.flatnonzero(np.asarray(weights) > 0.0)
    return policies[int(taken[0])] if taken.size == 1 else MixturePolicy(policies, weights)
