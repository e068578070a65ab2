"""Learners: policies from episodes, with what theory promises about each."""

from __future__ import annotations

from marl_bridge.learners.training import Training, train

__all__ = ["Training", "train"]
