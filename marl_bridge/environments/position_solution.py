"""What was found of a position: its value, and what each action there leads to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marl_bridge.environments.outlook import in_words
from marl_bridge.environments.position_reading import written
from marl_bridge.plain_data import plain

__all__ = ["ActionOutcome", "PositionSolution", "between"]


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """An action at a position, and the return it leads to when both go on optimally.

    Attributes
    ----------
    action : object
    lower, upper : float
        Proven bounds of the acting agent's return over the whole episode; equal when it is known.
    """

    action: Any
    lower: float
    upper: float

    @property
    def exact(self) -> bool:
        """Whether the bounds meet."""
        return self.lower == self.upper


@dataclass(frozen=True)
class PositionSolution:
    """The exact value of a position, or what was proven of it in time.

    Attributes
    ----------
    environment : str
    agents : tuple of str
    position : tuple of (str, object)
        Who did what from ``reset`` on.
    acting : str
        The agent to act; "" if the episode is over.
    bounds : dict of str to (float, float)
        Proven bounds of each agent's return over the whole episode, what it has earned before
        the position included, when both go on optimally.
    actions : tuple of ActionOutcome
        All legal actions, with the return of the acting agent.
    line : tuple of (str, object)
        Optimal play to the end of the episode; empty if the search was stopped.
    states : int
        States that were stepped to.
    table_hits : int
        How many of these were settled by what was known of them.
    compared : int
        Different states that were compared, to find two that look alike.
    log10_histories : float
        Estimated number of histories from the position on, as a decimal logarithm.
    verified : bool
        Whether plain code checked strategies of both agents that guarantee the values.
    stopped : str
        "time limit", "state limit" or "interrupted"; "" if the search came to its end.
    seconds : float
        Of the search.
    """

    environment: str
    agents: tuple[str, ...]
    position: tuple[tuple[str, Any], ...]
    acting: str
    bounds: Mapping[str, tuple[float, float]]
    actions: tuple[ActionOutcome, ...]
    line: tuple[tuple[str, Any], ...]
    states: int
    table_hits: int
    compared: int
    log10_histories: float
    verified: bool
    stopped: str
    seconds: float

    @property
    def exact(self) -> bool:
        """Whether the values are known."""
        return all(lower == upper for lower, upper in self.bounds.values())

    @property
    def values(self) -> dict[str, float]:
        """Each agent's return when both go on optimally; empty if it is not known."""
        return {agent: lower for agent, (lower, _) in self.bounds.items()} if self.exact else {}

    @property
    def best_actions(self) -> tuple[Any, ...]:
        """The actions that are known to be optimal; empty if the value is not known."""
        if not self.exact or not self.acting:
            return ()
        value = self.values[self.acting]
        return tuple(a.action for a in self.actions if a.lower == a.upper == value)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; infinite bounds become None."""
        names = [name for name in self.__dataclass_fields__ if name != "actions"]
        return {
            **{name: plain(getattr(self, name)) for name in names},
            "actions": [plain(action) for action in self.actions],
            "values": plain(self.values),
            "best_actions": plain(self.best_actions),
        }

    def facts(self) -> dict[str, Any]:
        """Return what a reader wants to know, by its name."""
        facts: dict[str, Any] = {
            "environment": self.environment,
            "position": written(self.position) or "the start",
            "to act": self.acting or "nobody, the episode is over",
        }
        for agent, (lower, upper) in self.bounds.items():
            facts[f"value for {agent}"] = between(lower, upper)
        if self.actions:
            facts["optimal actions"] = ", ".join(map(str, self.best_actions)) or "not known"
            facts["value of each action"] = ", ".join(
                f"{a.action}: {between(a.lower, a.upper)}" for a in self.actions
            )
        if self.line:
            facts["optimal play"] = written(self.line)
        pace = f"{self.states:,} states in {self.seconds:.2f} s"
        facts["search"] = f"{pace}; stopped: {self.stopped}" if self.stopped else pace
        facts["histories from here"] = f"about {in_words(self.log10_histories)}"
        if not self.stopped:
            facts["certificate"] = "both strategies checked" if self.verified else "not asked for"
        facts["hidden information"] = f"none found among {self.compared:,} states"
        return facts

    def __str__(self) -> str:
        facts = self.facts()
        width = max(map(len, facts))
        return "\n".join(f"{name:<{width}}  {fact}" for name, fact in facts.items())


def between(lower: float, upper: float) -> str:
    """Write a value, or the bounds it lies in.

    Examples
    --------
    >>> between(1.0, 1.0), between(-1.0, float("inf"))
    ('1', 'at least -1')
    """
    if lower == upper:
        return f"{lower:g}"
    if math.isinf(lower):
        return "unknown" if math.isinf(upper) else f"at most {upper:g}"
    return f"at least {lower:g}" if math.isinf(upper) else f"{lower:g} to {upper:g}"
