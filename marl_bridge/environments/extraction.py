"""Exact games out of unmodified environments: every distinct state is stepped once."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from gametheory.errors import InvalidGame, UnsupportedGame
from gametheory.games.extensive_form import TERMINAL, ExtensiveFormGame
from gametheory.games.game_state import SIMULTANEOUS, explore
from gametheory.games.state_graph import StateGraph, unroll
from marl_bridge.environments.audit import Audit, replay_episodes
from marl_bridge.environments.chance import chance_refused, global_generators, refuse_chance
from marl_bridge.environments.driver import Driver, View
from marl_bridge.environments.opening import EnvironmentSource, Make, open_environment
from marl_bridge.environments.positions import Positions, choose, view_key
from marl_bridge.errors import ExtractionRefused

__all__ = ["Audit", "Extraction", "extract"]


@dataclass(frozen=True, eq=False)
class Extraction:
    """An environment's exact game and what its agents are shown in it.

    Attributes
    ----------
    graph : StateGraph
        The game with equal states merged.
    views : tuple of View
        What the agent to act is shown, by the game's observation numbers: enough to tabulate
        any policy without stepping the environment again.
    audit : Audit
    max_histories : int
        The limit up to which :attr:`game` is unrolled.
    """

    graph: StateGraph
    views: tuple[View, ...]
    audit: Audit
    max_histories: int

    @cached_property
    def game(self) -> ExtensiveFormGame:
        """The tree of all histories, unrolled when first asked for.

        Raises
        ------
        UnsupportedGame
            If it has more than ``max_histories`` histories.
        """
        return unroll(self.graph, max_histories=self.max_histories)

    @cached_property
    def return_ranges(self) -> dict[str, tuple[float, float]]:
        """Lowest and highest return of each agent over all legal episodes: proven bounds."""
        over = np.flatnonzero(self.graph.player == TERMINAL).tolist()
        payoffs = np.array([self.graph.payoffs[state] for state in over], dtype=np.float64)
        return {
            agent: (float(column.min()), float(column.max()))
            for agent, column in zip(self.graph.players, payoffs.T, strict=True)
        }

    def view(self, infoset: int) -> View:
        """Show what the agent was shown at an information set of :attr:`game`."""
        return self.views[int(self.game.infoset_observation[infoset])]

    def to_dict(self) -> dict[str, Any]:
        """Return the audit, and the size of the game or why it is not unrolled."""
        try:
            game = self.game
        except UnsupportedGame as refusal:
            return {**self.audit.to_dict(), "histories": refusal.what}
        return {
            **self.audit.to_dict(),
            "n_histories": game.n_nodes,
            "n_information_sets": game.n_infosets,
            "perfect_information": game.has_perfect_information(),
            "constant_sum": game.is_constant_sum(),
        }

    def __repr__(self) -> str:
        return (
            f"<Extraction of {self.audit.environment}: {self.audit.n_states:,} states, "
            f"{self.audit.n_edges:,} actions, by {self.audit.mechanism}>"
        )


def extract(
    make: Make,
    *,
    env_kwargs: Mapping[str, Any] | None = None,
    api: Any = None,
    seed: int = 0,
    max_states: int = 100_000,
    max_histories: int = 5_000_000,
    time_limit: float = 120.0,
    progress: Callable[[int, int], None] | None = None,
) -> Extraction:
    """Extract the exact game of an environment without chance.

    Only legal actions are played. An episode ends where the environment terminates or
    truncates; payoffs are undiscounted returns. An information set is the agent's own sequence
    of observations and actions, so recall is perfect whatever the observations leave out.

    Parameters
    ----------
    make, env_kwargs, api
        See :func:`~marl_bridge.environments.opening.open_environment`.
    seed : int
        For the trial and audit episodes.
    max_states, max_histories : int
        Refuse larger games.
    time_limit : float
        Seconds after which the extraction is given up.
    progress : callable, optional
        Called as ``progress(n_states, max_states)``.

    Raises
    ------
    InvalidEnvironment
        If there is no such environment.
    ExtractionRefused
        If it uses chance, has continuous actions, is too large, or does not repeat; it says
        which.

    Examples
    --------
    >>> e = extract("classic/rps-v2", env_kwargs={"max_cycles": 1})
    >>> e.game.n_infosets, e.game.n_nodes
    ((1, 1), 13)
    """
    started = time.perf_counter()
    source = open_environment(make, env_kwargs=env_kwargs, api=api)
    agents = _require_discrete(source)
    refuse_chance(source, seed=seed)
    choice = choose(source, seed=seed)
    before = global_generators()
    guard = _Guard(choice.positions, started + time_limit, max_states, time_limit, progress)
    root = _EnvironmentState(_Shared(choice.positions, agents), choice.positions.start)
    try:
        graph = explore(
            root, players=agents, title=source.name, max_states=max_states, progress=guard
        )
    except ExtractionRefused:
        raise
    except UnsupportedGame as error:
        raise ExtractionRefused(
            f"{source.name}: {error.what}",
            hint="shorten the episodes with env_kwargs, or raise max_states and time_limit",
        ) from error
    except InvalidGame as error:
        raise ExtractionRefused(
            f"{source.name} is no finite game: {error.what}",
            where=error.where,
            valid=error.valid,
            hint="mend the environment",
        ) from error
    guard.refuse_draws()
    if global_generators() != before:
        raise chance_refused("it draws from a global generator, numpy.random or random")
    shown = tuple(root.shared.views[label] for label in graph.observation_labels)
    checked = replay_episodes(source, graph, root.numbers(graph), seed=seed)
    audit = Audit(
        environment=source.name,
        api=source.api,
        mechanism=choice.positions.name,
        copy_microseconds=choice.copy_microseconds,
        replay_microseconds=choice.replay_microseconds,
        copy_refused=choice.refused,
        n_states=guard.n_states,
        n_edges=graph.n_edges,
        n_terminal_states=int(np.count_nonzero(graph.player == TERMINAL)),
        n_observations=len(shown),
        joint_steps=root.shared.joint_steps,
        episodes_checked=checked,
        seconds=time.perf_counter() - started,
    )
    return Extraction(graph, shown, audit, max_histories)


class _Guard:
    """Counts states, keeps the time limit and watches the generators."""

    def __init__(
        self,
        positions: Positions,
        deadline: float,
        max_states: int,
        time_limit: float,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.n_states = 0
        self._positions = positions
        self._deadline, self._max_states = deadline, max_states
        self._time_limit, self._progress = time_limit, progress

    def __call__(self, n_states: int) -> None:
        self.n_states = n_states
        if time.perf_counter() > self._deadline:
            raise ExtractionRefused(
                f"{n_states:,} states and no end after {self._time_limit:g} s",
                hint="shorten the episodes with env_kwargs, or raise time_limit",
            )
        if n_states % 256 == 0:
            self.refuse_draws()
            if self._progress:
                self._progress(n_states, self._max_states)

    def refuse_draws(self) -> None:
        """Raise ExtractionRefused if the environment drew random numbers."""
        drawn = self._positions.draws()
        if drawn:
            raise chance_refused(f"it draws from a {drawn} while it is played")


def _require_discrete(source: EnvironmentSource) -> tuple[str, ...]:
    driver = source.driver(checked=False)
    for agent in driver.agents:
        space = driver.env.action_space(agent)
        if getattr(space, "n", None) is None or np.ndim(space.n):
            raise ExtractionRefused(
                f"agent {agent!r} has the action space {space}",
                where=source.name,
                valid="finitely many actions, a Discrete space",
                hint="use estimate() for statistics on its returns",
            )
    return driver.agents


@dataclass
class _Shared:
    """What all states of one extraction share."""

    positions: Positions
    agents: tuple[str, ...]
    views: dict[str, View] = field(default_factory=dict)  # by label
    labels: dict[tuple[str, bytes], str] = field(default_factory=dict)
    joint_steps: bool = False


class _EnvironmentState:
    """A position of an environment as a :class:`gametheory.GameState` that can be merged."""

    def __init__(self, shared: _Shared, position: Hashable) -> None:
        self.shared, self._position = shared, position
        self._driver: Driver | None = None

    def numbers(self, graph: StateGraph) -> dict[tuple[str, bytes], int]:
        """Map each (agent, what it is shown) to its number in a graph built from these states."""
        number = {label: i for i, label in enumerate(graph.observation_labels)}
        return {key: number[label] for key, label in self.shared.labels.items()}

    def clone(self) -> _EnvironmentState:
        return _EnvironmentState(self.shared, self._position)

    def state_key(self) -> Hashable:
        return self._position

    @property
    def driver(self) -> Driver:
        if self._driver is None:
            self._driver = self.shared.positions.open(self._position)
        return self._driver

    @property
    def current_player(self) -> int:
        acting = self.driver.acting
        if len(acting) == 1:
            return self.shared.agents.index(acting[0])
        self.shared.joint_steps = True
        return SIMULTANEOUS

    def is_terminal(self) -> bool:
        return not self.driver.acting

    def chance_outcomes(self) -> tuple[()]:
        return ()

    def returns(self) -> Sequence[float]:
        return tuple(self.driver.returns[agent] for agent in self.shared.agents)

    def legal_actions(self, player: int | None = None) -> Sequence[int]:
        agent = self.driver.acting[0] if player is None else self.shared.agents[player]
        if agent not in self.driver.acting:
            return ()
        view = self.driver.view(agent)
        return tuple((view.start + view.legal_indices()).tolist())

    def information_state(self, player: int) -> str:
        agent = self.shared.agents[player]
        view = self.driver.view(agent)
        key = (agent, view_key(view))
        label = self.shared.labels.get(key)
        if label is None:
            label = self.shared.labels[key] = f"{agent} sees #{len(self.shared.labels)}"
            self.shared.views[label] = view
        return label

    def apply(self, action: Any) -> None:
        driver = self.shared.positions.open(self._position)
        joint = isinstance(action, tuple)
        agents = self.shared.agents if joint else driver.acting
        chosen = zip(agents, action if joint else (action,), strict=True)
        actions = {agent: choice for agent, choice in chosen if agent in driver.acting}
        driver.step(actions)
        self._position = self.shared.positions.after(self._position, actions, driver)
        self._driver = driver
