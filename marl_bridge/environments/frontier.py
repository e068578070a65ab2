"""What is still to come where a depth limit cut an episode: bounds, or a guess.

With an interval for what each agent still earns, the games with the lowest and the highest
payoffs of one agent enclose what that agent can guarantee itself. A single number instead of
an interval makes the game an approximation, which bounds nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import GameTheoryError, InvalidGame
from marl_bridge.environments.driver import View
from marl_bridge.errors import InvalidEnvironment

__all__ = ["CutPosition", "Frontier", "FrontierRule", "FrontierValues"]

Interval = tuple[float, float]
FrontierRule = Interval | Callable[["CutPosition"], Mapping[str, float | Interval]]
"""One interval for every agent, or a function of the position."""


@dataclass(frozen=True, slots=True)
class CutPosition:
    """Where a depth limit cut an episode: what a value function is asked about.

    Attributes
    ----------
    agents : tuple of str
        All agents of the environment.
    acting : tuple of str
        Those who would act next.
    views : dict of str to View
        What these are shown.
    returns : dict of str to float
        What each agent was told it earned so far, discounted.
    steps : int
        Steps played.
    env : object
        The environment itself, to be read and not to be stepped.
    """

    agents: tuple[str, ...]
    acting: tuple[str, ...]
    views: Mapping[str, View]
    returns: Mapping[str, float]
    steps: int
    env: Any


@dataclass(frozen=True, slots=True)
class FrontierValues:
    """Returns of all agents at a cut position: from ``low`` to ``high``, or ``low`` as a guess."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    is_bound: bool


@dataclass(frozen=True, eq=False)
class Frontier:
    """The states where a depth limit cut episodes, and what is known of the returns there.

    Attributes
    ----------
    depth_limit : int
        In steps of the environment.
    states : ndarray of int, shape (n_cut,)
        Numbers of these states in the graph.
    low, high : ndarray of float, shape (n_cut, n_agents)
        The lowest and highest return of each agent, what was earned before included. The graph
        has their mean.
    is_bound : bool
        False if a value function returned single numbers: a guess bounds nothing.
    """

    depth_limit: int
    states: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    is_bound: bool

    @property
    def middle(self) -> NDArray[np.float64]:
        """The payoffs of the graph: between the lowest and the highest return."""
        return self.low + (self.high - self.low) / 2

    def __str__(self) -> str:
        steps = "1 step" if self.depth_limit == 1 else f"{self.depth_limit} steps"
        if not self.states.size:
            return f"no episode is longer than {steps}: the game is exact"
        where = f"{self.states.size:,} states after {steps}"
        if self.is_bound:
            return f"{where} have intervals of returns; the game has their middles"
        return f"{where} have guessed returns: an approximation, no bound"


def check_rule(rule: Any) -> FrontierRule:
    """Return what stands for the returns at the frontier, or say what is wrong with it.

    Raises
    ------
    InvalidEnvironment
        If it is neither a function nor an interval.
    """
    if callable(rule):
        return rule  # type: ignore[no-any-return]
    if rule is None:
        raise InvalidEnvironment(
            "a depth limit without anything on what is still to be earned there",
            where="frontier",
            valid="an interval (low, high) of what each agent still earns, or a function of the "
            "position that returns one for each agent",
        )
    return _interval(rule, "frontier")


def _interval(given: Any, where: str) -> Interval:
    try:
        low, high = (float(end) for end in given)
    except (TypeError, ValueError):
        low, high = math.nan, math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise InvalidEnvironment(
            f"{given!r} is no interval of returns",
            where=where,
            valid="two finite numbers, the lower one first",
        )
    return low, high


def values_at(rule: FrontierRule, driver: Any) -> FrontierValues:
    """Ask for what is still to come at a cut position, and add what was earned.

    Parameters
    ----------
    rule : FrontierRule
    driver : AecHorizon or ParallelHorizon
        Standing there.
    """
    acting = driver.next_acting
    if callable(rule):
        position = CutPosition(
            agents=driver.agents,
            acting=acting,
            views={agent: driver.view(agent) for agent in acting},
            returns=dict(driver.returns),
            steps=driver.steps,
            env=driver.env,
        )
        try:
            given = rule(position)
        except GameTheoryError:
            raise
        except Exception as error:
            raise InvalidEnvironment(
                f"the value function raises {type(error).__name__}: {error}",
                where=f"frontier, after {driver.steps} steps",
                hint="look at the error that this one was raised from",
            ) from error
        if not isinstance(given, Mapping) or set(given) != set(driver.agents):
            raise InvalidEnvironment(
                f"the value function returned {given!r}",
                where="frontier",
                valid=f"a mapping with a number or an interval for each of {list(driver.agents)}",
            )
    else:
        alive = set(driver.env.agents)
        given = {agent: rule if agent in alive else (0.0, 0.0) for agent in driver.agents}
    lows, highs, is_bound = [], [], True
    for agent in driver.agents:
        value = given[agent]
        if isinstance(value, int | float | np.number):
            value, is_bound = (value, value), False
        low, high = _interval(value, f"frontier, agent {agent!r}")
        earned, weight = driver.returns[agent], driver.weight(agent)
        lows.append(earned + weight * low)
        highs.append(earned + weight * high)
    return FrontierValues(tuple(lows), tuple(highs), is_bound)


def frontier_of(
    depth_limit: int, states: list[int], values: list[FrontierValues], n_agents: int
) -> Frontier:
    """Collect the values of all cut states."""
    shape = (len(states), n_agents)
    low = np.array([each.low for each in values], dtype=np.float64).reshape(shape)
    high = np.array([each.high for each in values], dtype=np.float64).reshape(shape)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise InvalidGame("returns at the frontier are too large", where="frontier")
    is_bound = all(each.is_bound for each in values)
    return Frontier(depth_limit, np.array(states, dtype=np.int64), low, high, is_bound)
