"""Policy-space response oracles: populations that grow by responses to their own mixtures."""

from __future__ import annotations

from marl_bridge.psro.environment_psro import psro
from marl_bridge.psro.result import PSROResult
from marl_bridge.psro.tree_psro import tree_psro

__all__ = ["PSROResult", "psro", "tree_psro"]
