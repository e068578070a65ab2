"""Policies at late positions: how much of the exact value their actions give away.

Where a game is too large to be solved from its start, its late positions can be solved. At each of
them the policy's action, or its distribution over actions, is held against the optimum: the value
lost is the value of the position minus the expected value after the policy's action, both agents
going on optimally. It is what this one decision costs against a perfect opponent, exactly; it says
nothing about the decisions before the position.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import GameTheoryError
from marl_bridge.arguments import require_counts, require_seed
from marl_bridge.environments.driver import View
from marl_bridge.environments.faults import environments_errors
from marl_bridge.environments.opening import EnvironmentSource, Make, open_environment
from marl_bridge.environments.position_reading import (
    InvalidPosition,
    Position,
    read_position,
    written,
)
from marl_bridge.environments.position_solution import PositionSolution
from marl_bridge.environments.positions import PositionSolver
from marl_bridge.environments.streams import episode_streams
from marl_bridge.errors import UnknownProbabilities
from marl_bridge.plain_data import plain
from marl_bridge.policies.checks import checked_action, checked_distribution, policy_raised
from marl_bridge.policies.memory import HistoryPolicy, begin_episode
from marl_bridge.policies.policy import DistributionPolicy, Policy, assign, checked_probabilities
from marl_bridge.reports.words import number, percent, printable

if TYPE_CHECKING:
    from rich.console import Group

__all__ = ["CheckedPosition", "PositionReport", "check_positions", "late_positions", "render"]

_TOLERANCE = 1e-9
_SHOWN = 4
_EPISODES_A_POSITION = 50


@dataclass(frozen=True)
class CheckedPosition:
    """A policy at one position.

    Attributes
    ----------
    solution : PositionSolution
    agent : str
        The agent to act, whose policy is asked.
    probabilities : dict
        The probability of each action that the policy may take.
    lost : float or None
        What the policy's action gives away in expectation, at least 0; None when a value was
        not found in time.
    """

    solution: PositionSolution
    agent: str
    probabilities: Mapping[Any, float]
    lost: float | None

    @property
    def value(self) -> float | None:
        """The agent's return at best; None when it was not found in time."""
        return self.solution.values.get(self.agent)

    @property
    def achieved(self) -> float | None:
        """The agent's expected return after the policy's action, both going on optimally."""
        if self.value is None or self.lost is None:
            return None
        return self.value - self.lost

    @property
    def optimal(self) -> bool:
        """Whether nothing is given away."""
        if self.lost is None or self.value is None:
            return False
        return self.lost <= _TOLERANCE * max(1.0, abs(self.value))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "agent": self.agent,
            "probabilities": plain(self.probabilities),
            "value": self.value,
            "achieved": self.achieved,
            "lost": self.lost,
            "solution": self.solution.to_dict(),
        }


@dataclass(frozen=True)
class PositionReport:
    """Policies at a number of positions.

    Attributes
    ----------
    environment : str
    agents : tuple of str
    checks : tuple of CheckedPosition
        In the order of the positions.
    parameters : mapping
        What makes the report again.
    interrupted : bool
        Whether Ctrl-C ended it before all positions were looked at.
    """

    environment: str
    agents: tuple[str, ...]
    checks: tuple[CheckedPosition, ...]
    parameters: Mapping[str, object]
    interrupted: bool = False

    @property
    def solved(self) -> tuple[CheckedPosition, ...]:
        """The positions whose values were found."""
        return tuple(check for check in self.checks if check.lost is not None)

    @property
    def mean_lost(self) -> float | None:
        """Mean value lost over the solved positions; of these, no estimate for any other."""
        return _mean([check.lost for check in self.solved])

    @property
    def mean_lost_by_agent(self) -> dict[str, float | None]:
        """The same for the positions at which each agent acts."""
        return {
            agent: _mean([check.lost for check in self.solved if check.agent == agent])
            for agent in self.agents
        }

    @property
    def worst(self) -> CheckedPosition | None:
        """The first position at which most is lost; None when nothing is lost."""
        losing = [check for check in self.solved if not check.optimal]
        return max(losing, key=lambda check: check.lost or 0.0, default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        worst = self.worst
        return {
            "environment": self.environment,
            "agents": list(self.agents),
            "positions": len(self.checks),
            "solved": len(self.solved),
            "optimal": sum(check.optimal for check in self.solved),
            "mean_lost": self.mean_lost,
            "mean_lost_by_agent": self.mean_lost_by_agent,
            "worst": None if worst is None else self.checks.index(worst),
            "interrupted": self.interrupted,
            "parameters": plain(self.parameters),
            "checks": [check.to_dict() for check in self.checks],
        }

    def __str__(self) -> str:
        from rich.console import Console

        console = Console(width=80, file=io.StringIO(), color_system=None, force_terminal=False)
        with console.capture() as capture:
            console.print(render(self))
        return "\n".join(line.rstrip() for line in capture.get().rstrip().splitlines())


def _mean(losses: Sequence[float | None]) -> float | None:
    known = [loss for loss in losses if loss is not None]
    return sum(known) / len(known) if known else None


def late_positions(
    make: Make,
    policies: Any,
    *,
    ply: int,
    count: int = 20,
    explore: float = 0.0,
    env_kwargs: Mapping[str, Any] | None = None,
    api: Any = None,
    seed: int = 0,
) -> tuple[tuple[tuple[str, Any], ...], ...]:
    """Play policies against each other and collect the positions after so many actions.

    Parameters
    ----------
    make, env_kwargs, api
        See :func:`~marl_bridge.environments.opening.open_environment`.
    policies : policy-like or mapping
        One for all agents, or one for each.
    ply : int
        Number of actions from ``reset``.
    count : int
        Different positions wanted; fewer are returned if play does not come to as many.
    explore : float
        Probability of a uniformly random legal action instead of the policy's: policies that
        never mix always come to the same position without it.
    seed : int
        Episode k is the same for equal seeds, whatever ``count`` is.

    Returns
    -------
    tuple of positions
        Each a tuple of (agent, action), in the order in which they were reached; two that are
        reached by the same actions count as one.

    Raises
    ------
    InvalidPosition
        If no episode gets so far.
    InvalidPolicy
        If a policy returns something illegal.

    Examples
    --------
    >>> found = late_positions("classic/tictactoe-v3", "random", ply=6, count=3)
    >>> [len(position) for position in found]
    [6, 6, 6]
    """
    require_seed(seed)
    require_counts(0, ply=ply)
    require_counts(count=count)
    if not (isinstance(explore, Real) and 0 <= explore <= 1):
        raise InvalidPosition(
            f"explore is {explore!r}",
            where="explore",
            valid="a probability",
        )
    source = open_environment(make, env_kwargs=env_kwargs, api=api)
    found: dict[tuple[tuple[str, Any], ...], None] = {}
    for episode in range(_EPISODES_A_POSITION * count):
        position = _played(source, policies, ply, explore, episode_streams(seed, episode))
        if position is not None:
            found.setdefault(position)
        if len(found) == count:
            break
    if not found:
        raise InvalidPosition(
            f"none of {_EPISODES_A_POSITION * count:,} episodes goes on after {ply} actions",
            where="ply",
            hint="choose fewer actions, or let the policies explore",
        )
    return tuple(found)


def _played(
    source: EnvironmentSource, policies: Any, ply: int, explore: float, streams: tuple[int, Any]
) -> tuple[tuple[str, Any], ...] | None:
    """Play one episode for so many actions; None if it is over before or then."""
    reset_seed, rng = streams
    driver = source.driver(checked=False)
    assigned = assign(policies, driver.agents)
    begin_episode(assigned.values())
    with environments_errors(driver.env, f"reset(seed={reset_seed})"):
        driver.reset(seed=reset_seed)
    path: list[tuple[str, Any]] = []
    while len(path) < ply and len(driver.acting) == 1:
        agent = driver.acting[0]
        view = driver.view(agent)
        try:
            chosen = assigned[agent].act(view, rng)
        except GameTheoryError:
            raise
        except Exception as error:
            raise policy_raised(view, error, f"after {len(path)} actions") from error
        action = checked_action(view, chosen)
        if explore and rng.random() < explore:
            action = view.start + int(rng.choice(view.legal_indices()))
        path.append((agent, action))
        with environments_errors(driver.env, f"step {len(path)} of an episode"):
            driver.step({agent: action})
    alive = len(path) == ply and len(driver.acting) == 1
    driver.env.close()
    return tuple(path) if alive else None


def check_positions(
    make: Make,
    policies: Any,
    positions: Sequence[Position | str],
    *,
    env_kwargs: Mapping[str, Any] | None = None,
    api: Any = None,
    seed: int = 0,
    time_limit: float | None = 60.0,
    return_range: tuple[float, float] | None = None,
    verify: bool = True,
    progress: Callable[[int, int], object] | None = None,
) -> PositionReport:
    """Hold policies against the exact optimum at given positions.

    Parameters
    ----------
    make, env_kwargs, api
        See :func:`~marl_bridge.environments.opening.open_environment`.
    policies : policy-like or mapping
        One for all agents, or one for each; they must state their probabilities, or always
        choose the same action at the same observation.
    positions : sequence
        As :func:`~marl_bridge.environments.positions.solve_position` takes them, such as from
        :func:`late_positions`.
    seed : int
    time_limit : float, optional
        Seconds for each position.
    return_range, verify
        See :func:`~marl_bridge.environments.positions.solve_position`.
    progress : callable, optional
        ``progress(done, total)`` after every position.

    Returns
    -------
    PositionReport

    Raises
    ------
    InvalidPosition
        If actions lead to no position, or one where the episode is over.
    UnknownProbabilities
        If a policy acts, but cannot state its probabilities.
    ExtractionRefused
        If the environment has no exact values of positions; it says why.

    Examples
    --------
    >>> report = check_positions("classic/tictactoe-v3", "random", ["4,0,8,2", "4,0,1"])
    >>> [(check.value, round(check.lost, 3)) for check in report.checks]
    [(0.0, 0.8), (0.0, 0.833)]
    """
    source = open_environment(make, env_kwargs=env_kwargs, api=api)
    positions = tuple(positions)
    asked = [_ask(source, policies, position, seed) for position in positions]
    checks: list[CheckedPosition] = []
    interrupted = False
    with PositionSolver(make, env_kwargs=env_kwargs, api=api, seed=seed) as solver:
        for (agent, probabilities), position in zip(asked, positions, strict=True):
            solution = solver.solve(
                position, time_limit=time_limit, return_range=return_range, verify=verify
            )
            if solution.stopped == "interrupted":
                interrupted = True
                break
            checks.append(_checked(solution, agent, probabilities))
            if progress is not None:
                progress(len(checks), len(asked))
    return PositionReport(
        environment=source.name,
        agents=solver.agents,
        checks=tuple(checks),
        parameters={
            "seed": seed,
            "env_kwargs": dict(env_kwargs or {}),
            "time_limit": time_limit,
            "return_range": return_range,
        },
        interrupted=interrupted,
    )


def _checked(
    solution: PositionSolution, agent: str, probabilities: Mapping[Any, float]
) -> CheckedPosition:
    outcomes = {outcome.action: outcome for outcome in solution.actions}
    value, lost = solution.values.get(agent), None
    if value is not None and all(outcomes[action].exact for action in probabilities):
        # One by one, so that optimal actions lose 0 exactly, however their probabilities add up.
        lost = sum(p * (value - outcomes[action].lower) for action, p in probabilities.items())
    return CheckedPosition(solution, agent, probabilities, lost)


def _ask(
    source: EnvironmentSource, policies: Any, position: Position | str, seed: int
) -> tuple[str, dict[Any, float]]:
    """Ask the policy of the agent that acts at a position for its distribution.

    This is done on an ordinary instance, before the environment's generators are intercepted:
    a policy may make generators of its own.
    """
    driver = source.driver(checked=False)
    assigned = assign(policies, driver.agents)
    policy_of = _Memories(assigned)
    read_position(driver, position, seed=seed, watch=policy_of.watch)
    if len(driver.acting) != 1:
        raise InvalidPosition(
            "nobody acts alone at the position",
            where=f"position {position!r}",
            valid="a position at which the episode goes on",
        )
    agent = driver.acting[0]
    view = driver.view(agent)
    p = policy_of.probabilities(view)
    driver.env.close()
    return agent, {view.start + int(i): float(p[i]) for i in view.legal_indices() if p[i] > 0}


class _Memories:
    """Policies on the way to a position: those with a memory see and remember all of it."""

    def __init__(self, assigned: Mapping[str, Policy]) -> None:
        self._assigned = assigned
        self._kept: dict[str, tuple[Any, Any]] = {}  # memory and last action, by agent

    def watch(self, view: View, action: Any) -> None:
        """Let the agent's policy see what it was shown, and that it chose an action."""
        policy = self._assigned[view.agent]
        if isinstance(policy, HistoryPolicy):
            _, memory = self._respond(policy, view)
            self._kept[view.agent] = memory, action

    def probabilities(self, view: View) -> NDArray[np.float64]:
        """Return the policy's distribution at the position."""
        policy = self._assigned[view.agent]
        if isinstance(policy, HistoryPolicy):
            return checked_distribution(view, self._respond(policy, view)[0])
        if not isinstance(policy, DistributionPolicy):
            raise UnknownProbabilities(
                f"the policy {policy!r} of agent {view.agent!r} cannot state its probabilities",
                valid="a policy with probabilities(view), or a function that returns them",
            )
        return checked_probabilities(policy, view)

    def _respond(self, policy: HistoryPolicy, view: View) -> tuple[Any, Any]:
        memory, last = self._kept.get(view.agent, (None, None))
        if view.agent not in self._kept:
            memory = policy.initial_memory(view.agent)
        return policy.distribution(view, memory, last)


def render(report: PositionReport) -> Group:
    """Build what ``rich.print`` shows for a report."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("position", overflow="fold")
    table.add_column("agent", overflow="fold")
    for column in ("value", "achieved", "lost", "optimal"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("optimal actions", overflow="fold")
    for check in report.checks:
        best = check.solution.best_actions
        share = sum(check.probabilities.get(action, 0.0) for action in best)
        table.add_row(
            Text(printable(_short(check.solution.position))),
            Text(printable(check.agent)),
            number(check.value),
            number(check.achieved),
            number(check.lost),
            percent(share) if best else "-",
            Text(", ".join(map(str, best)) or check.solution.stopped),
        )
    title = f"{printable(report.environment)}: policies at {len(report.checks)} positions"
    return Group(Text(title, style="bold"), table, *map(Text, _sentences(report)))


def _short(position: Sequence[tuple[str, Any]]) -> str:
    """Write a position's last actions, with the number of those before."""
    if len(position) <= _SHOWN + 1:  # "1 actions" would say less than the action itself
        return written(position) or "the start"
    return f"{len(position) - _SHOWN} actions, {written(position[-_SHOWN:])}"


def _sentences(report: PositionReport) -> list[str]:
    solved = report.solved
    if not solved:
        return ["No position was solved in time."]
    optimal = sum(check.optimal for check in solved)
    lines = [
        f"Nothing is lost at {optimal} of {len(solved)} solved positions; the mean value lost at "
        f"one decision is {number(report.mean_lost)} (exact, of these positions)."
    ]
    for agent, lost in report.mean_lost_by_agent.items():
        if lost is not None and len(report.agents) > 1:
            lines.append(f"{printable(agent)} loses {number(lost)} in the mean.")
    if (worst := report.worst) is not None:
        lines.append(
            f"Worst: {printable(worst.agent)} loses {number(worst.lost)} after "
            f"{printable(written(worst.solution.position)) or 'the start'}."
        )
    if len(solved) < len(report.checks):
        left = len(report.checks) - len(solved)
        lines.append(f"{left} not solved in time: choose later positions, or more time.")
    if report.interrupted:
        lines.append("Interrupted: the other positions were not looked at.")
    return lines
