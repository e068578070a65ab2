"""QMIX, in tables: a monotone network makes the joint value out of the agents' own values.

The network of a scene with k acting agents and h hidden units is, for own values q of shape (k,)::

    |u| . elu(|W| q + b) + c      with W of shape (h, k); b and u of shape (h,)

Absolute values keep its weights from being negative. In Rashid et al. hypernetworks make W, b, u
and c from the state; of a state that is one of a list, a linear hypernetwork makes what stands in
its row of a table, and these tables are what is learned here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marl_bridge.errors import InvalidEnvironment
from marl_bridge.learners.central_training import Scene
from marl_bridge.learners.entries import Entry
from marl_bridge.learners.registry import register
from marl_bridge.learners.value_decomposition import ValueDecomposition

__all__ = ["QMix", "mix", "mix_gradients"]

Floats = NDArray[np.float64]

_UNITS = 8.0  # in the range of the targets: elu is neither straight nor flat there


def mix(weights: Floats, values: Floats) -> float:
    """Return the joint value of own values, but for c.

    Parameters
    ----------
    weights : ndarray, shape (h * (k + 2),)
        W, b and u one after the other.
    values : ndarray, shape (k,)

    Examples
    --------
    >>> mix(np.array([2.0, -1.0, 0.5, -3.0]), np.array([1.0, 4.0]))
    19.5
    """
    first, bias, second = _parts(weights, len(values))
    return float(np.abs(second) @ _elu(np.abs(first) @ values + bias))


def mix_gradients(weights: Floats, values: Floats) -> tuple[float, Floats, Floats]:
    """Return the same, and its derivatives by the weights and by the own values.

    Examples
    --------
    >>> total, by_weights, by_values = mix_gradients(
    ...     np.array([2.0, -1.0, 0.5, -3.0]), np.array([1.0, 4.0])
    ... )
    >>> by_weights.tolist(), by_values.tolist()
    ([3.0, -12.0, 3.0, -6.5], [6.0, 3.0])
    """
    first, bias, second = _parts(weights, len(values))
    inner, outer = np.abs(first), np.abs(second)
    before = inner @ values + bias
    hidden = _elu(before)
    by_bias = outer * np.exp(np.minimum(before, 0.0))
    gradient = np.empty(len(weights))
    by_first, into_bias, by_second = _parts(gradient, len(values))
    np.multiply(np.sign(first), np.multiply.outer(by_bias, values), out=by_first)
    into_bias[:] = by_bias
    np.multiply(np.sign(second), hidden, out=by_second)
    return float(outer @ hidden), gradient, by_bias @ inner


def _parts(weights: Floats, n_agents: int) -> tuple[Floats, Floats, Floats]:
    n_hidden = len(weights) // (n_agents + 2)
    a = n_hidden * n_agents
    return weights[:a].reshape(n_hidden, n_agents), weights[a : a + n_hidden], weights[-n_hidden:]


def _elu(x: Floats) -> Floats:
    return np.maximum(x, np.expm1(np.minimum(x, 0.0)))


@register(
    "qmix",
    default_episodes=20_000,
    promise="none for the values it learns; the agents' best actions are together a best joint "
    "action by its joint value, which can be any that is monotone in theirs and no other: payoffs "
    "like those of the climbing game are out of reach",
    source="Rashid et al. (2018), QMIX: monotonic value function factorisation for deep "
    "multi-agent reinforcement learning, ICML",
)
class QMix(ValueDecomposition):
    """Q-learning of a monotone mixture of own values, for the mean of all agents' rewards.

    A correction goes along the gradient by the weights of the scene and the own values of what
    was done, as far as removes ``step_size`` of the error to first order. W, b and u work in units
    of an eighth of the range that targets had so far, and c begins at a scene's first target: the
    unit and the zero of rewards make no difference where an episode has one round.

    Parameters
    ----------
    source : EnvironmentSource
        The environment; its actions must be discrete.
    hidden : int
        Units of the mixing networks.
    **arguments
        Of :class:`~marl_bridge.learners.value_decomposition.ValueDecomposition`.

    Raises
    ------
    InvalidEnvironment
        If ``hidden`` is below 1, or a schedule or a number leaves [0, 1].

    References
    ----------
    T. Rashid et al. (2018), QMIX: monotonic value function factorisation for deep multi-agent
    reinforcement learning, ICML; arXiv:1803.11485.
    """

    def __init__(self, source: Any, *, hidden: int = 4, **arguments: Any) -> None:
        if hidden < 1:
            raise InvalidEnvironment(f"hidden is {hidden}", where="hidden", valid="at least 1")
        super().__init__(source, **arguments)
        self._hidden = hidden
        self._lowest, self._highest, self._unit = math.inf, -math.inf, 0.0

    def initial(self, entries: Sequence[Entry]) -> Floats:
        """Draw W and u from 0 to 1, u a share of it, and b from -1 to 1; c comes last."""
        n_hidden = self._hidden
        drawn = [self.draws.uniform() for _ in range(n_hidden * (len(entries) + 2))]
        weights = np.array([*drawn, 0.0])
        _, bias, second = _parts(weights[:-1], len(entries))
        bias *= 2.0
        bias -= 1.0
        second /= n_hidden
        return weights

    def total(self, scene: Scene, values: Sequence[float]) -> float:
        """Return what the scene's network makes of the values."""
        return float(scene.kept[-1]) + self._unit * mix(scene.kept[:-1], np.array(values))

    def correct(self, scene: Scene, actions: Sequence[int], target: float, step: float) -> None:
        """Move the weights of the scene and the acting agents' values along the gradient."""
        if not self._lowest <= target <= self._highest:
            self._widen(target)
        if scene.visits == 1:
            scene.kept[-1] = target
        if not self._unit:  # all targets were the same
            return
        weights = scene.kept[:-1]
        values = np.array([e.values[a] for e, a in zip(scene.entries, actions, strict=True)])
        mixed, by_weights, by_values = mix_gradients(weights, values)
        error = (target - float(scene.kept[-1])) / self._unit - mixed
        # c counts in units too: its derivative is the one that keeps the divisor from zero.
        rate = step * error / (1.0 + float(by_weights @ by_weights + by_values @ by_values))
        by_weights *= rate
        weights += by_weights
        scene.kept[-1] += rate * self._unit
        for entry, action, slope in zip(scene.entries, actions, by_values.tolist(), strict=True):
            entry.values[action] += rate * slope

    def state(self) -> dict[str, Any]:
        """Return plain data that :meth:`restore` takes."""
        return {**super().state(), "targets": (self._lowest, self._highest, self._unit)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where an equal learner had stopped."""
        super().restore(state)
        self._lowest, self._highest, self._unit = state["targets"]

    def _widen(self, target: float) -> None:
        """Change the unit, and u of every network so that joint values stay."""
        self._lowest, self._highest = min(self._lowest, target), max(self._highest, target)
        before, self._unit = self._unit, (self._highest - self._lowest) / _UNITS
        if before:
            for scene in self.scenes.values():
                if scene.visits:
                    scene.kept[-1 - self._hidden : -1] *= before / self._unit
