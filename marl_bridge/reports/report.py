"""What ``check`` returns: for each agent its return, the optimum, and the distance between them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from marl_bridge.plain_data import plain

if TYPE_CHECKING:
    from marl_bridge.exploitation.bounds import ExploitationReport
    from marl_bridge.figures import Figure

__all__ = ["AgainstRandom", "AgentReport", "Meetings", "Report"]


@dataclass(frozen=True, slots=True)
class AgainstRandom:
    """One agent's policy against uniform random play of all others, computed exactly.

    Attributes
    ----------
    wins, draws, losses : float
        Probabilities that the agent's return is positive, zero and negative.
    expected_return : float
        The agent's expected return.
    """

    wins: float
    draws: float
    losses: float
    expected_return: float


@dataclass(frozen=True, slots=True)
class AgentReport:
    """One agent's figures; None stands for "not available", never for zero.

    Attributes
    ----------
    agent : str
        The agent's name in the environment.
    empirical_return : Figure
        Mean return of the sampled episodes, with its interval.
    exact_return : float or None
        Expected return of the same policies, computed on the extracted game.
    optimal_value : float or None
        The theoretical value of the seat: its payoff in the solved game's equilibrium.
    best_response_value : float or None
        What the seat would earn by best responding to the others' policies.
    best_response_gain : float or None
        ``best_response_value - exact_return``: the player regret.
    against_random : AgainstRandom or None
        The policy against uniform random play of all others.
    worst_case_return : float or None
        The policy against a best-responding opponent; two-player zero-sum games only.
    """

    agent: str
    empirical_return: Figure
    exact_return: float | None = None
    optimal_value: float | None = None
    best_response_value: float | None = None
    best_response_gain: float | None = None
    against_random: AgainstRandom | None = None
    worst_case_return: float | None = None


@dataclass(frozen=True, slots=True)
class Meetings:
    """What two agents earn when each follows its policy, random play or a best response.

    Attributes
    ----------
    rows, columns : tuple of str
        What the first and the second agent do.
    returns : tuple of tuple of (float, float)
        Both agents' exact expected returns, row by row.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    returns: tuple[tuple[tuple[float, float], ...], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """How far policies are from the theoretical optimum of one environment.

    ``print(report)`` shows it as a table; in a notebook it shows as HTML.

    Attributes
    ----------
    environment : str
        Name of the environment.
    api : str
        "AEC" or "Parallel".
    agents : tuple of AgentReport
        In the environment's order.
    team_return : Figure
        Mean of the sum of all agents' returns.
    team_optimum : float or None
        Highest expected sum of all agents' returns that any joint policy reaches; None when it
        is unknown or the sum is always the same.
    nash_conv : float or None
        Sum of the best-response gains.
    exploitability : float or None
        ``nash_conv / 2``; two-player constant-sum games only.
    solution_status, solution_concept : str
        How the game was solved, such as "certified_exact" and "subgame-perfect"; "" if it was not.
    value_is_unique : bool
        Whether every solution pays the same, as in two-player constant-sum games.
    why_not_solved : str
        Why there is no theoretical value although the game is known.
    exact : bool
        Whether the exact figures are available.
    why_not_exact : str
        The reason when they are not.
    verdict : tuple of str
        What the figures mean, in sentences.
    facts : mapping
        The audit of the extraction: states, histories, information sets, seconds.
    parameters : mapping
        What the report depends on: episodes, confidence, seed, versions.
    interrupted : bool
        True when the episodes were cut short by Ctrl-C; the figures speak of those played.
    bounds : ExploitationReport or None
        What learned best responses earn at least, and relaxed ones at most.
    why_no_bounds : str
        The reason where they were asked for and there are none.
    meetings : Meetings or None
        Exact returns of two agents' policies against each other, random play and best responses.
    """

    environment: str
    api: str
    agents: tuple[AgentReport, ...]
    team_return: Figure
    team_optimum: float | None = None
    nash_conv: float | None = None
    exploitability: float | None = None
    solution_status: str = ""
    why_not_solved: str = ""
    solution_concept: str = ""
    value_is_unique: bool = True
    exact: bool = False
    why_not_exact: str = ""
    verdict: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    parameters: Mapping[str, object] = field(default_factory=dict)
    interrupted: bool = False
    bounds: ExploitationReport | None = None
    why_no_bounds: str = ""
    meetings: Meetings | None = None

    @property
    def certified_nash_conv(self) -> float | None:
        """What NashConv is at most: exactly, or proven with the bounds' confidence; else None."""
        if self.nash_conv is not None:
            return self.nash_conv
        upper = None if self.bounds is None else self.bounds.nash_conv_upper
        if upper is None or self.bounds is None or not self.bounds.certified:
            return None
        return upper.upper

    def to_dict(self) -> dict[str, Any]:
        """Turn the report into dictionaries, lists, strings and finite numbers.

        An infinite or undefined number (an end of an unbounded interval) becomes None.
        """
        bounds = None if self.bounds is None else self.bounds.to_dict()
        told = plain(replace(self, bounds=None))
        certified = plain(self.certified_nash_conv)
        return {
            "schema": "marl_bridge.reports.report/1",
            **told,
            "bounds": bounds,
            "certified_nash_conv": certified,
        }

    def to_json(self, *, indent: int | None = 2) -> str:
        """Write the report as standard JSON; every float survives the round trip."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    def __str__(self) -> str:
        from marl_bridge.reports.table import to_text

        return to_text(self)

    def _repr_html_(self) -> str:
        from marl_bridge.reports.html import to_fragment

        return to_fragment(self)
