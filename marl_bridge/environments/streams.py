"""Random streams that depend on a seed and an episode's number alone."""

from __future__ import annotations

import numpy as np

__all__ = ["episode_streams"]


def episode_streams(seed: int, episode: int) -> tuple[int, np.random.Generator]:
    """Return the reset seed of an episode and the generator its policies draw from.

    They depend on ``seed`` and the episode's number alone, so that episode k is the same in a
    run of ten episodes and in one of a million, on one worker or on many.

    Examples
    --------
    >>> episode_streams(0, 7)[0] == episode_streams(0, 7)[0] != episode_streams(0, 8)[0]
    True
    """
    environment, policy = np.random.SeedSequence(seed, spawn_key=(episode,)).spawn(2)
    return int(environment.generate_state(1)[0] >> 1), np.random.default_rng(policy)
