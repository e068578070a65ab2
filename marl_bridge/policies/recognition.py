"""Which adapter a trained thing needs, found by its methods and the names of its classes."""

from __future__ import annotations

from typing import Any

from marl_bridge.policies.rllib import RLlibMemoryPolicy, RLlibPolicy, has_memory, is_rllib
from marl_bridge.policies.stable_baselines import (
    StableBaselinesMemoryPolicy,
    StableBaselinesPolicy,
    is_recurrent,
    is_stable_baselines,
)
from marl_bridge.policies.torch_module import TorchPolicy
from marl_bridge.policies.torch_session import is_torch_module

__all__ = ["adapted"]


def adapted(given: Any) -> Any:
    """Wrap what a library trained; None for anything else. No library is imported for it.

    RLlib's modules and Stable-Baselines3's policies are torch modules too, so they come first.

    Examples
    --------
    >>> adapted(lambda observation, mask: 0) is None
    True
    """
    if is_stable_baselines(given):
        memory = is_recurrent(given)
        return StableBaselinesMemoryPolicy(given) if memory else StableBaselinesPolicy(given)
    if is_rllib(given):
        return RLlibMemoryPolicy(given) if has_memory(given) else RLlibPolicy(given)
    return TorchPolicy(given) if is_torch_module(given) else None
