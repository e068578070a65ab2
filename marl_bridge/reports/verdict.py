"""What the figures of a check mean, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from marl_bridge.reports.report import AgentReport
from marl_bridge.reports.words import number, percent

if TYPE_CHECKING:
    from marl_bridge.exploitation.bounds import ExploitationReport

__all__ = ["bounds_verdict", "verdict"]


def verdict(
    agents: Sequence[AgentReport],
    *,
    zero_sum: bool,
    tolerance: float,
    solved: bool,
    team_optimum: float | None = None,
) -> tuple[str, ...]:
    """Say whether the policies are an equilibrium, then of each whether it is exploitable.

    Parameters
    ----------
    agents : sequence of AgentReport
        With their exact figures.
    zero_sum : bool
        Whether the game is two-player constant-sum, so that one policy alone can be optimal.
    tolerance : float
        Differences up to this count as none, in payoff units.
    solved : bool
        Whether the optimal values are known.
    team_optimum : float or None
        The highest sum of returns that any joint policy reaches, if it is worth telling.
    """
    speak = _zero_sum_sentence if zero_sum and solved else _general_sentence
    return (
        _together(agents, tolerance),
        *(speak(agent, tolerance) for agent in agents),
        *_team(agents, team_optimum, tolerance),
        _agreement(agents),
    )


def bounds_verdict(bounds: ExploitationReport) -> tuple[str, ...]:
    """Say what learned best responses prove of each agent's gain, and what nobody can gain.

    Parameters
    ----------
    bounds : ExploitationReport
    """
    sure = (
        f"with confidence {bounds.confidence:g}" if bounds.certified else "by heuristic intervals"
    )
    said = []
    for agent in bounds.agents:
        earned = f"a learned response earned {number(agent.learned_mean)} on average"
        own = f"instead of {number(agent.own_return.value)}"
        if agent.gain_lower > 0.0:
            sentence = (
                f"{agent.agent} could gain at least {number(agent.gain_lower)} by deviating alone, "
                f"{sure}: {earned} {own}."
            )
        else:
            sentence = (
                f"No gain of {agent.agent} is proven: {earned} {own}. A better response may exist."
            )
        said.append(sentence)
    upper = bounds.nash_conv_upper
    if upper is not None and bounds.nash_conv_exact is None:
        said.append(f"All gains together are at most {number(upper.upper)}, {sure}.")
    return tuple(said)


def _together(agents: Sequence[AgentReport], tolerance: float) -> str:
    gains = {agent.agent: agent.best_response_gain or 0.0 for agent in agents}
    gaining = [agent for agent, gain in gains.items() if gain > tolerance]
    if not gaining:
        return "The policies are an equilibrium: no agent can gain by deviating alone."
    return (
        f"The policies are no equilibrium: {' and '.join(gaining)} can gain by deviating, "
        f"{number(sum(gains.values()))} in all (NashConv)."
    )


def _zero_sum_sentence(agent: AgentReport, tolerance: float) -> str:
    """Hold one policy's guarantee against the value of its seat."""
    worst, value = agent.worst_case_return or 0.0, agent.optimal_value or 0.0
    if value - worst <= tolerance:
        return (
            f"{agent.agent} plays optimally: no opponent can hold it below the value "
            f"{number(value)} of its seat."
        )
    meeting = agent.against_random
    fame = ""
    if meeting is not None and meeting.wins > 0.5:
        fame = f"it wins {percent(meeting.wins)} of its games against random play, but "
    return (
        f"{agent.agent} is exploitable: {fame}a best-responding opponent holds it to "
        f"{number(worst)}, {number(value - worst)} below the value {number(value)} of its seat."
    )


def _general_sentence(agent: AgentReport, tolerance: float) -> str:
    gain = agent.best_response_gain or 0.0
    if gain <= tolerance:
        return f"{agent.agent} best responds to the others: it cannot gain by deviating alone."
    return (
        f"{agent.agent} could gain {number(gain)} by best responding to the others "
        f"({number(agent.best_response_value)} instead of {number(agent.exact_return)})."
    )


def _team(
    agents: Sequence[AgentReport], optimum: float | None, tolerance: float
) -> tuple[str, ...]:
    if optimum is None or len(agents) == 1:
        return ()
    earned = sum(agent.exact_return or 0.0 for agent in agents)
    if optimum - earned <= len(agents) * tolerance:
        return (f"As a team they earn {number(earned)}, the most that any joint policy can.",)
    return (
        f"As a team they earn {number(earned)} of the {number(optimum)} that the best joint "
        "policy would earn.",
    )


def _agreement(agents: Sequence[AgentReport]) -> str:
    """Compare the sampled and the computed returns."""
    outside = [
        agent.agent
        for agent in agents
        if agent.exact_return is not None
        and not agent.empirical_return.contains(agent.exact_return)
    ]
    if not outside:
        return "Every interval contains the exact expected return of the same policies."
    confidence = agents[0].empirical_return.confidence
    return (
        f"The interval of {', '.join(outside)} misses the exact expected return, which happens "
        f"to at most {percent(1 - confidence)} of intervals: repeat with another seed, and if it "
        "stays so, look for a policy that remembers or an environment that is not repeatable."
    )
