"""The audit of an extraction: episodes of the real environment must lie inside the game.

The episodes are played at random with real generators, each with another seed, on a fresh instance
and then once more on that one. Every observation, every turn and every return must have positive
probability in the game, and the mean returns must agree with the game's expectation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from gametheory.errors import GameTheoryError
from gametheory.games.extensive_form import CHANCE, TERMINAL
from gametheory.games.state_graph import StateGraph
from marl_bridge.environments.chance import ChanceSite
from marl_bridge.environments.copying import Snapshots
from marl_bridge.environments.driver import AecDriver, Driver
from marl_bridge.environments.endings import Ending, early_truncation
from marl_bridge.environments.illegal_actions import try_illegal_actions
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.environments.outside_state import OutsideState
from marl_bridge.environments.views import random_action, view_key
from marl_bridge.errors import AuditFailed
from marl_bridge.intervals import betting

__all__ = ["Audit", "AuditedEpisodes", "audit_episodes", "random_play", "zero_sum"]

_EPISODES, _CHANCE_EPISODES = 30, 400
_CACHES_KEPT = 8
"""Episodes between two times at which caches outside the environment are emptied."""
_FALSE_ALARM = 1e-6
"""Probability, at most, that the mean of a right game is rejected, over all its agents."""


_ROUNDING = 1e-12


@dataclass(frozen=True)
class Audit:
    """How an extraction was made and what was checked.

    Attributes
    ----------
    environment, api : str
    mechanism : {"copy", "replay"}
        How positions were returned to.
    copy_microseconds, replay_microseconds : float or None
        Median cost of one return, measured on this environment; None when that way failed.
    copy_refused : str
        Why positions were not copied; "" when they were.
    n_states, n_edges, n_terminal_states : int
        Distinct states stepped, actions and outcomes tried, states where the episode is over.
    n_truncated_states : int
        Of the states where the episode is over, those where a limit ended it, not the game.
    n_observations : int
        Distinct things an agent was shown when it had to act.
    n_chance_states, generator_calls : int
        States where the environment draws, and calls of its generators while it was stepped.
    chance : tuple of ChanceSite
        Where in its code it draws, and which agents see the outcome.
    zero_sum : {"proven", "proven up to rounding", "refuted"}
        Whether the returns cancel at the end of every episode there is.
    joint_steps : bool
        Whether several agents act in one step, as in Parallel environments. (An AEC environment
        can hide a choice all the same; the game's information sets tell.)
    mask_leaks : tuple of str
        Agents that were shown legal actions when it was not their turn.
    set_order : str
        Whether episodes depend on the order of sets or on something else that differs between
        processes: "nothing that differs between processes" is in state or code, in how many other
        processes they were the same, or why that was not checked.
    episodes_checked : int
        Random episodes, each with another seed, that were found in the game.
    expected_returns : tuple of float or None
        Of uniformly random play, by the game; the mean of these episodes agrees. None where
        episodes can go on for ever.
    seconds : float
        Time of the extraction, without unrolling.
    episodes_reused : int
        Of the episodes checked, those on an instance that had played one before.
    early_truncation : str
        Whether episodes were truncated at lengths that no plain limit explains, see
        :func:`~marl_bridge.environments.endings.early_truncation`.
    illegal_actions : str
        What becomes of an action that a mask forbids; it is never played in the game.
    outside_state : tuple of str
        Data of the environment's classes and modules, outside its instances, that changed while
        the audit's episodes were played. No state holds it.
    """

    environment: str
    api: str
    mechanism: str
    copy_microseconds: float | None
    replay_microseconds: float | None
    copy_refused: str
    n_states: int
    n_edges: int
    n_terminal_states: int
    n_truncated_states: int
    n_observations: int
    n_chance_states: int
    generator_calls: int
    chance: tuple[ChanceSite, ...]
    zero_sum: str
    joint_steps: bool
    mask_leaks: tuple[str, ...]
    set_order: str
    episodes_checked: int
    expected_returns: tuple[float, ...] | None
    seconds: float
    episodes_reused: int = 0
    early_truncation: str = "not seen"
    illegal_actions: str = "not tried"
    outside_state: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for item in fields(self):  # from a file, tuples are lists
            if isinstance(getattr(self, item.name), list):
                object.__setattr__(self, item.name, tuple(getattr(self, item.name)))

    @property
    def checks(self) -> dict[str, str]:
        """What was checked, and what was found; a check that fails is an AuditFailed instead."""
        fresh = self.episodes_checked - self.episodes_reused
        means = "not compared: episodes can go on for ever"
        if self.expected_returns is not None:
            means = f"the mean of {self.episodes_checked} random episodes agrees with the game"
        return {
            "determinism": "whole episodes repeat with the same draws, whatever the clock or seed",
            "reset": "nothing is left of an episode in the next one on the same instance",
            "generators": f"{self.generator_calls:,} calls, all answered by the extraction",
            "hash order": self.set_order,
            "episodes": f"{fresh:,} on fresh instances and {self.episodes_reused:,} on used ones "
            "lie in the game",
            "mean": means,
            "zero sum": self.zero_sum,
            "masks": f"leaks to {' and '.join(self.mask_leaks)}" if self.mask_leaks else "no leak",
            "illegal actions": self.illegal_actions,
            "early truncation": self.early_truncation,
            "outside state": " and ".join(self.outside_state) or "none that changes",
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """What the author of the environment may not have meant, in sentences."""
        found = []
        if self.n_truncated_states:
            found.append(
                f"{self.n_truncated_states:,} of {self.n_terminal_states:,} ends are by a limit, "
                "not by the game"
            )
        if self.early_truncation.startswith("seen"):
            found.append(f"no plain limit explains where: {self.early_truncation[6:]}")
        if self.mask_leaks:
            who = " and ".join(self.mask_leaks)
            found.append(f"{who} are shown legal actions when it is not their turn")
        shown = [word for site in self.chance for word in site.seen_by.values()]
        if shown and set(shown) == {"yes"}:
            found.append("every agent is shown the outcome of every draw: nothing is hidden")
        if self.set_order.startswith("not checked"):
            found.append(f"what differs between processes was {self.set_order}")
        if self.outside_state:
            found.append(
                f"{' and '.join(self.outside_state)} changed while it was played: what depends on "
                "that is not in the game"
            )
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dictionary, the places where chance is drawn in words."""
        sites = [str(site) for site in self.chance]
        added = {"checks": self.checks, "notes": list(self.notes)}
        return {**asdict(self), "chance": sites, **added}


@dataclass(frozen=True, slots=True)
class AuditedEpisodes:
    """What the real episodes showed: see :class:`Audit`."""

    episodes: int
    expected: tuple[float, ...] | None
    mask_leaks: tuple[str, ...]
    episodes_reused: int = 0
    early_truncation: str = "not seen"
    illegal_actions: str = "not tried"
    outside_state: tuple[str, ...] = ()

    @property
    def findings(self) -> dict[str, Any]:
        """What is copied to the :class:`Audit` as it is."""
        return {
            "episodes_reused": self.episodes_reused,
            "early_truncation": self.early_truncation,
            "illegal_actions": self.illegal_actions,
            "outside_state": self.outside_state,
        }


def audit_episodes(
    source: EnvironmentSource,
    graph: StateGraph,
    observations: Mapping[tuple[str, bytes], int],
    *,
    seed: int,
    episodes: int | None = None,
) -> AuditedEpisodes:
    """Play random episodes, two on each instance, all with other seeds, and follow them.

    Parameters
    ----------
    source : EnvironmentSource
    graph : StateGraph
        The extracted game.
    observations : mapping
        Number of each (agent, what it is shown) in the graph.
    seed : int
    episodes : int, optional
        More with chance than without.

    Raises
    ------
    AuditFailed
        "episodes" at the first observation or return that the game does not have, "reset" where
        it is on an instance that was used before; "mean" if the mean returns are not those of the
        game, by a betting interval that a right game misses with a probability of at most one in
        a million.
    """
    has_chance = bool((graph.player == CHANCE).any())
    count = episodes or (_CHANCE_EPISODES if has_chance else _EPISODES)
    rng = np.random.default_rng(np.random.SeedSequence([seed, 2]))
    follower = _Follower(graph, source, observations)
    driver = source.driver()
    driver.reset(seed=seed + 999)
    outside = OutsideState(_classes(driver))
    returns = []
    for number in range(count):
        used = number % 2 == 1
        if not used:
            driver = source.driver()
        if number % _CACHES_KEPT == 0:
            outside.clear_caches()
        returns.append(follower.follow(driver, seed + 1000 + number, rng, used=used))
        if used or number == count - 1:
            driver.env.close()
    expected = random_play(graph)
    if expected is not None:
        _check_means(source, graph, np.array(returns), expected)
    return AuditedEpisodes(
        count,
        expected,
        tuple(sorted(follower.mask_leaks)),
        episodes_reused=count // 2,
        early_truncation=early_truncation(follower.endings),
        illegal_actions=_illegal_actions(source, seed),
        outside_state=outside.changed(),
    )


def _classes(driver: Driver) -> tuple[type, ...]:
    """List the classes of the objects in an environment, or its own where these cannot be read."""
    snapshots = Snapshots()
    try:
        snapshots.take(driver)
    except Exception:  # whatever pickling raises
        return (*snapshots.classes, type(driver.env.unwrapped))
    return snapshots.classes


def _illegal_actions(source: EnvironmentSource, seed: int) -> str:
    try:
        return str(try_illegal_actions(source, seed=seed))
    except Exception as error:  # no part of the game, so no failure of the extraction
        return f"not tried: {type(error).__name__}: {error}"


def _check_means(
    source: EnvironmentSource,
    graph: StateGraph,
    returns: np.ndarray[Any, Any],
    expected: tuple[float, ...],
) -> None:
    over = np.flatnonzero(graph.player == TERMINAL).tolist()
    payoffs = np.array([graph.payoffs[state] for state in over], dtype=np.float64)
    confidence = 1 - _FALSE_ALARM / len(graph.players)
    for player, agent in enumerate(graph.players):
        low, high = float(payoffs[:, player].min()), float(payoffs[:, player].max())
        if low == high:
            continue
        interval = betting(returns[:, player], lower=low, upper=high, confidence=confidence)
        slack = 1e-9 * (high - low)
        if not interval.lower - slack <= expected[player] <= interval.upper + slack:
            raise AuditFailed(
                f"random play of {source.name} earns agent {agent!r} between "
                f"{interval.lower:.4f} and {interval.upper:.4f}, by {len(returns)} episodes, and "
                f"{expected[player]:.4f} in the extracted game",
                check="mean",
                valid="an environment whose generators are seeded by reset() or not at all",
                hint="look for generators with a fixed seed, or draws from outside",
            )


class _Follower:
    """Follows real episodes through a graph, in all states that what is seen allows."""

    def __init__(
        self,
        graph: StateGraph,
        source: EnvironmentSource,
        observations: Mapping[tuple[str, bytes], int],
    ) -> None:
        self._source, self._observations = source, observations
        self._owner, self._seen = graph.player.tolist(), graph.observation.tolist()
        self._first, self._target = graph.first_edge.tolist(), graph.edge_target.tolist()
        self._payoffs = graph.payoffs
        self.mask_leaks: set[str] = set()
        self.endings: list[Ending] = []
        self._used = False
        self._path: list[str] = []

    def follow(
        self, driver: Driver, seed: int, rng: np.random.Generator, *, used: bool
    ) -> tuple[float, ...]:
        """Play one episode at random and return its returns.

        ``used`` says that the instance has played another one before.
        """
        self._used, self._path = used, []
        try:
            return self._play(driver, seed, rng)
        except GameTheoryError:
            raise
        except Exception as error:
            raise self._outside(f"it raises {type(error).__name__}: {error}") from error

    def _play(self, driver: Driver, seed: int, rng: np.random.Generator) -> tuple[float, ...]:
        acted: Counter[str] = Counter()
        steps = 0
        driver.reset(seed=seed)
        states = self._through_chance([0])
        while acting := driver.acting:
            self._look_for_leaks(driver, acting)
            actions: dict[str, Any] = {}
            for agent in acting:
                view = driver.view(agent)
                seen = self._observations.get((agent, view_key(view)), -2)
                player = driver.agents.index(agent)
                states = [s for s in states if self._owner[s] == player and self._seen[s] == seen]
                if not states:
                    raise self._outside(f"agent {agent!r} is shown something else")
                actions[agent] = random_action(view, rng)
                self._path.append(str(actions[agent]))
                rank = view.legal_indices().tolist().index(actions[agent] - view.start)
                after = [self._target[self._first[s] + rank] for s in states]
                states = self._through_chance(after)
            driver.step(actions)
            steps += 1
            acted.update(acting)
        returns = tuple(driver.returns[agent] for agent in driver.agents)
        ends = [s for s in states if self._owner[s] == TERMINAL]
        if not any(tuple(self._payoffs[s]) == returns for s in ends):
            raise self._outside(f"the episode ends with returns {returns}")
        cut = any(driver.truncated.values())
        most = max(acted.values(), default=0)
        self.endings.append(Ending("truncation" if cut else "termination", steps, most))
        return returns

    def _through_chance(self, states: list[int]) -> list[int]:
        """Replace chance states by the states behind them."""
        found: dict[int, None] = {}
        todo = states[::-1]
        while todo:
            state = todo.pop()
            if self._owner[state] == CHANCE:
                todo += self._target[self._first[state] : self._first[state + 1]][::-1]
            else:
                found[state] = None
        return list(found)

    def _look_for_leaks(self, driver: Driver, acting: tuple[str, ...]) -> None:
        """Note agents that are shown legal actions out of turn."""
        if not isinstance(driver, AecDriver):
            return
        for agent in driver.env.agents:
            if agent not in acting and agent not in self.mask_leaks:
                try:
                    mask = driver.view(agent).mask
                except Exception:  # nothing obliges an environment to show anything now
                    continue
                if mask is not None and mask.any():
                    self.mask_leaks.add(agent)

    def _outside(self, what: str) -> AuditFailed:
        where = ", on an instance that was used before," if self._used else ""
        return AuditFailed(
            f"an episode of {self._source.name}{where} does not follow the extracted game: {what}",
            check="reset" if self._used else "episodes",
            where=f"after the actions {' '.join(self._path) or '(none)'}",
            valid="an environment whose episodes depend on actions and its own generators alone",
            hint="look for hidden chance or for state outside the environment object",
        )


def random_play(graph: StateGraph) -> tuple[float, ...] | None:
    """Return the expected payoffs of uniformly random play; None where the graph has a cycle.

    Examples
    --------
    >>> from marl_bridge.environments.extraction import extract
    >>> random_play(extract("classic/rps-v2", env_kwargs={"max_cycles": 1}).graph)
    (0.0, 0.0)
    """
    first, target = graph.first_edge.tolist(), graph.edge_target.tolist()
    waiting = np.bincount(graph.edge_target, minlength=graph.n_states).tolist()
    owner, likely, payoffs = graph.player.tolist(), graph.edge_probability, graph.payoffs
    reach = [1.0, *[0.0] * (graph.n_states - 1)]
    total = [0.0] * len(graph.players)
    ready, done = [0], 0
    while ready:
        state = ready.pop()
        done += 1
        here = reach[state]
        if owner[state] == TERMINAL:
            total = [
                mean + here * payoff for mean, payoff in zip(total, payoffs[state], strict=True)
            ]
        edges = range(first[state], first[state + 1])
        for edge in edges:
            share = float(likely[edge] or 0) if owner[state] == CHANCE else 1 / len(edges)
            after = target[edge]
            reach[after] += here * share
            waiting[after] -= 1
            if not waiting[after]:
                ready.append(after)
    if done < graph.n_states:
        return None
    over = [state for state in range(graph.n_states) if owner[state] == TERMINAL]
    rounding = _ROUNDING * max(abs(payoff) for state in over for payoff in payoffs[state])
    return tuple(0.0 if abs(mean) <= rounding else float(mean) for mean in total)


def zero_sum(graph: StateGraph) -> str:
    """Say whether the payoffs cancel at the end of every episode there is.

    "proven", "proven up to rounding" where sums of floats are off by no more than that, or
    "refuted".
    """
    over = np.flatnonzero(graph.player == TERMINAL).tolist()
    sums = [abs(sum(graph.payoffs[state])) for state in over]
    if not any(sums):
        return "proven"
    largest = max(abs(payoff) for state in over for payoff in graph.payoffs[state])
    return "proven up to rounding" if max(sums) <= _ROUNDING * largest else "refuted"
