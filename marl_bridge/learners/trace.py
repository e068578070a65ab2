"""What happened on a learner's way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Trace"]


def _nothing() -> NDArray[np.float64]:
    return np.empty(0)


@dataclass(frozen=True, eq=False)
class Trace:
    """Records of a training, each over a block of episodes; the blocks are about equally long.

    Attributes
    ----------
    episodes : ndarray of int, shape (k,)
        Number of episodes played at the end of each block.
    returns : ndarray, shape (k, n_agents)
        Mean return of each agent in the block, exploration included.
    policies : tuple of mapping of str to Policy
        What had been learned at the end of each block; empty unless asked for.
    joint_counts : ndarray of int, shape (k, m_1, ..., m_n)
        How often each joint action had been played by then; empty unless a matrix game was
        learned.
    regrets : ndarray, shape (k, n_agents)
        External regret of the play so far, per round and at least zero; empty unless a matrix
        game was learned.
    """

    episodes: NDArray[np.int64]
    returns: NDArray[np.float64]
    policies: tuple[Mapping[str, Any], ...] = ()
    joint_counts: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    regrets: NDArray[np.float64] = field(default_factory=_nothing)
