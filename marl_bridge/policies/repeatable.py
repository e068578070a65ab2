"""Policies that tell actions only: certain if they repeat themselves, unknown if they sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marl_bridge.environments.driver import View
from marl_bridge.errors import UnknownProbabilities
from marl_bridge.policies.checks import checked_action

__all__ = ["REPETITIONS", "require_repeatable"]

REPETITIONS = 5
"""How often a policy is asked for the same action before it counts as deterministic."""


def require_repeatable(view: View, action: int, ask: Callable[[], Any]) -> None:
    """Ask a policy again and again; it must choose ``action`` each time.

    Raises
    ------
    UnknownProbabilities
        If it chooses another one: it draws its actions itself, so that its distribution cannot
        be known exactly.
    """
    for _ in range(REPETITIONS - 1):
        again = checked_action(view, ask())
        if again != action:
            raise UnknownProbabilities(
                f"the policy of agent {view.agent!r} chose {action} and then {again} for the "
                "same observation: it samples its own actions",
                where=f"observation {view.observation!r}",
                valid="a function that returns the probability of each action",
                hint="return probabilities: exact figures need them, samples do not suffice",
            )
