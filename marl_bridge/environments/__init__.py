"""Environments: opening them, driving them through episodes, and looking at what they are."""

from __future__ import annotations

from marl_bridge.environments.driver import AecDriver, Driver, ParallelDriver, View, drive
from marl_bridge.environments.opening import EnvironmentSource, Make, open_environment

__all__ = [
    "AecDriver",
    "Driver",
    "EnvironmentSource",
    "Make",
    "ParallelDriver",
    "View",
    "drive",
    "open_environment",
]
