"""Value decomposition networks, in tables: the joint value is the sum of the agents' own values."""

from __future__ import annotations

from collections.abc import Sequence

from marl_bridge.learners.central_training import Scene
from marl_bridge.learners.registry import register
from marl_bridge.learners.value_decomposition import ValueDecomposition

__all__ = ["VDN"]


@register(
    "vdn",
    default_episodes=20_000,
    promise="one round of a game with one common payoff, exploration of 1 and a number above 1/2 "
    "as step_size: the sums of the agents' values tend to the least-squares additive fit of the "
    "payoffs; otherwise none",
    source="Sunehag et al. (2018), Value-decomposition networks for cooperative multi-agent "
    "learning based on team reward, AAMAS",
)
class VDN(ValueDecomposition):
    """Q-learning of a sum of own values, for the mean of all agents' rewards.

    The error is that of the sum, and every agent's value takes an equal part of its correction:
    gradient descent on the squared error. Parameters and errors are those of
    :class:`~marl_bridge.learners.value_decomposition.ValueDecomposition`.

    Notes
    -----
    An agent's values have a meaning up to a constant only, which another agent's can make good.

    References
    ----------
    P. Sunehag et al. (2018), Value-decomposition networks for cooperative multi-agent learning
    based on team reward, AAMAS; arXiv:1706.05296.
    """

    def total(self, scene: Scene, values: Sequence[float]) -> float:
        """Return the sum."""
        return sum(values)

    def correct(self, scene: Scene, actions: Sequence[int], target: float, step: float) -> None:
        """Move every acting agent's value by an equal part."""
        entries = scene.entries
        error = target - sum([e.values[a] for e, a in zip(entries, actions, strict=True)])
        part = step * error / len(entries)
        for entry, action in zip(entries, actions, strict=True):
            entry.values[action] += part
