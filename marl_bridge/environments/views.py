"""What an agent is shown: told apart from other views, and answered at random."""

from __future__ import annotations

import numpy as np

from marl_bridge.environments.driver import View
from marl_bridge.environments.observations import observation_key

__all__ = ["random_action", "view_key"]


def view_key(view: View) -> bytes:
    """Identify what an agent is shown: its observation and its mask."""
    mask = b"" if view.mask is None else view.mask.tobytes()
    return observation_key(view.observation) + b"|" + mask


def random_action(view: View, rng: np.random.Generator) -> int:
    """Draw one of the legal actions of a discrete action space."""
    return view.start + int(rng.choice(view.legal_indices()))
