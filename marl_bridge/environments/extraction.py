"""Exact games out of unmodified environments: every distinct state is stepped once."""

from __future__ import annotations

import copy
import gc
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from gametheory.errors import InvalidGame, UnsupportedGame
from gametheory.games.extensive_form import CHANCE, TERMINAL, ExtensiveFormGame
from gametheory.games.game_state import SIMULTANEOUS, explore
from gametheory.games.state_graph import StateGraph, unroll
from marl_bridge.environments.audit import Audit, audit_episodes, zero_sum
from marl_bridge.environments.branching import (
    START,
    Actions,
    Branching,
    ByCopy,
    Visit,
    chance_refused,
)
from marl_bridge.environments.chance import chance_report
from marl_bridge.environments.driver import Driver, View
from marl_bridge.environments.factories import global_generators, intercepted
from marl_bridge.environments.hash_order import check_hash_order
from marl_bridge.environments.opening import EnvironmentSource, Make, open_environment
from marl_bridge.environments.repeating import choose_way, refuse_unrepeatable
from marl_bridge.environments.script import ChoiceNeeded, Outcome, Script, Tape
from marl_bridge.errors import ExtractionRefused

__all__ = ["Audit", "Extraction", "extract"]

_SHARE_WORTH_TELLING = 0.01
_STATES_BEFORE_ENDS = 500
"""If so many states are all different, those where the episode is over are not compared."""


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
    """Extract the exact game of an environment, its chance included.

    Random draws become chance nodes with exact probabilities: the environment's generators are
    replaced while it is stepped, wherever it makes them, by ones that list the outcomes. A
    shuffled card branches when it is first looked at.

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
        If it draws from a continuum or a global generator, has continuous actions, is too
        large, or does not repeat; it says which, and where.
    AuditFailed
        If a check of the audit fails; a kind of ExtractionRefused that says which one.

    Examples
    --------
    >>> e = extract("classic/rps-v2", env_kwargs={"max_cycles": 1})
    >>> e.game.n_infosets, e.game.n_nodes
    ((1, 1), 13)
    """
    started = time.perf_counter()
    source = open_environment(make, env_kwargs=env_kwargs, api=api)
    agents = _require_discrete(source)
    script = Script()
    with intercepted(script):
        branching = Branching(source, script, seed)
        refuse_unrepeatable(branching, seed=seed)
        choice = choose_way(branching, seed=seed)
        branching.leave_out_construction()
        shared = _Shared(branching, agents)
        guard = _Guard(shared, started + time_limit, max_states, time_limit, progress)
        script.calls.clear()
        graph = _explore(shared, source, max_states, guard)
        guard.refuse_draws()
    shown = tuple(shared.views[label] for label in graph.observation_labels)
    sets = check_hash_order(make, env_kwargs, api, choice.classes, seed=seed)
    checked = audit_episodes(source, graph, shared.numbers(graph), seed=seed)
    chance = chance_report(graph, shared.sites)
    audit = Audit(
        environment=source.name,
        api=source.api,
        mechanism=branching.backend.name,
        copy_microseconds=choice.copy_microseconds,
        replay_microseconds=choice.replay_microseconds,
        copy_refused=choice.refused,
        n_states=guard.n_states,
        n_edges=graph.n_edges,
        n_terminal_states=int(np.count_nonzero(graph.player == TERMINAL)),
        n_truncated_states=shared.n_truncated,
        n_observations=len(shown),
        n_chance_states=int(np.count_nonzero(graph.player == CHANCE)),
        generator_calls=script.calls.total(),
        chance=chance,
        zero_sum=zero_sum(graph),
        joint_steps=shared.joint_steps,
        mask_leaks=checked.mask_leaks,
        set_order=sets,
        episodes_checked=checked.episodes,
        expected_returns=checked.expected,
        seconds=time.perf_counter() - started,
    )
    return Extraction(graph, shown, audit, max_histories)


def _explore(
    shared: _Shared, source: EnvironmentSource, max_states: int, guard: _Guard
) -> StateGraph:
    """Search through all states; refusals say what to do about environments."""
    try:
        with _rare_collections():
            return explore(
                _EnvironmentState(shared),
                players=shared.agents,
                title=source.name,
                max_states=max_states,
                progress=guard,
            )
    except ExtractionRefused:
        raise
    except UnsupportedGame as error:
        raise ExtractionRefused(
            f"{source.name}: {error.what}",
            where=shared.most_drawn(max_states),
            hint="shorten the episodes with env_kwargs, or raise max_states and time_limit",
        ) from error
    except InvalidGame as error:
        raise ExtractionRefused(
            f"{source.name} is no finite game: {error.what}",
            where=error.where,
            valid=error.valid,
            hint="mend the environment",
        ) from error


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for cyclic garbage less often: the states in the queue are none, and are many."""
    usual = gc.get_threshold()
    gc.set_threshold(20_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


class _Guard:
    """Counts states, keeps the time limit and watches the generators."""

    def __init__(
        self,
        shared: _Shared,
        deadline: float,
        max_states: int,
        time_limit: float,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.n_states = 0
        self._shared, self._backend = shared, shared.branching.backend
        self._global_state = global_generators()
        self._deadline, self._max_states = deadline, max_states
        self._time_limit, self._progress = time_limit, progress

    def __call__(self, n_states: int) -> None:
        self.n_states = n_states
        if time.perf_counter() > self._deadline:
            raise ExtractionRefused(
                f"{n_states:,} states and no end after {self._time_limit:g} s",
                where=self._shared.most_drawn(n_states),
                hint="shorten the episodes with env_kwargs, or raise time_limit",
            )
        if n_states % 256 == 0:
            self.refuse_draws()
            if self._progress:
                self._progress(n_states, self._max_states)

    def refuse_draws(self) -> None:
        """Raise ExtractionRefused if a generator that is not scripted was drawn from."""
        drawn = self._backend.snapshots.draws() if isinstance(self._backend, ByCopy) else ""
        if not drawn and global_generators() != self._global_state:
            drawn = "global generator, numpy.random or random,"
        if drawn:
            raise chance_refused(
                f"it draws from a {drawn} that was made outside of it",
                valid="generators that the environment makes itself, in its constructor or reset",
            )


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


class _Shared:
    """What all states of one extraction share."""

    def __init__(self, branching: Branching, agents: tuple[str, ...]) -> None:
        self.branching, self.agents = branching, agents
        self.views: dict[str, View] = {}  # by label
        self.labels: dict[tuple[str, bytes], str] = {}
        self.sites: list[str] = []  # of the chance states, in the order they were met
        self.joint_steps = False
        self.n_truncated = 0
        self.merging = True
        self._keys: set[Hashable] | None = set()

    def met(self, key: Hashable) -> None:
        """Look whether states merge: if none of the first ones do, ends are not compared.

        To compare ends changes nothing but their number, and they are most of a tree's states.
        """
        if self._keys is None:
            return
        if key in self._keys:
            self._keys = None
            return
        self._keys.add(key)
        if len(self._keys) == _STATES_BEFORE_ENDS:
            self._keys, self.merging = None, False

    def most_drawn(self, n_states: int) -> str:
        """Say where most of the states come from, if that is one place that draws."""
        places = Counter(site.partition(", draw ")[0] for site in self.sites)
        if not places:
            return ""
        place, count = places.most_common(1)[0]
        if count < _SHARE_WORTH_TELLING * n_states:
            return ""
        return (
            f"{count:,} times at {place}; objects with an __eq__ of their own are drawn from a "
            "shuffled list when they are looked at, numbers and strings all at once"
        )

    def numbers(self, graph: StateGraph) -> dict[tuple[str, bytes], int]:
        """Map each (agent, what it is shown) to its number in a graph built from these states."""
        number = {label: i for i, label in enumerate(graph.observation_labels)}
        return {key: number[label] for key, label in self.labels.items()}


class _EnvironmentState:
    """A state of an environment as a :class:`gametheory.GameState` that can be merged.

    It is the position that a step led to, or a chance state: the position before the step, the
    step, and the outcomes so far. ``_last`` is the position either way.
    """

    __slots__ = ("_actions", "_found", "_key", "_last", "_live", "_shared", "_tape")

    def __init__(self, shared: _Shared) -> None:
        self._shared = shared
        self._last: Any = None
        self._live: list[Driver] = []
        self._run(START, ())

    def _run(self, actions: Actions, tape: Tape) -> None:
        """Step, and note the position or the choice that is needed."""
        branching = self._shared.branching
        self._actions, self._tape = actions, tape
        driver = self._live.pop() if self._live else None
        found = self._found = branching.attempt(self._last, actions, tape, driver)
        backend = branching.backend
        if isinstance(found, ChoiceNeeded):
            before = None if self._last is None else backend.key(self._last)
            self._key: Hashable = (before, actions, tape)
        elif found.acting or self._shared.merging:
            self._last = backend.save(self._last, actions, tape, found.driver)
            self._key = backend.key(self._last)
            self._shared.met(self._key)
            self._live = [found.driver]
        else:
            self._key = object()

    def clone(self) -> _EnvironmentState:
        twin = object.__new__(_EnvironmentState)
        twin._shared, twin._last, twin._key = self._shared, self._last, self._key
        twin._actions, twin._tape, twin._found = self._actions, self._tape, self._found
        twin._live = self._live  # the same list: the first to step on takes the driver
        return twin

    def state_key(self) -> Hashable:
        return self._key

    @property
    def _visit(self) -> Visit:
        assert isinstance(self._found, Visit)
        return self._found

    @property
    def current_player(self) -> int:
        if isinstance(self._found, ChoiceNeeded):
            return CHANCE
        acting = self._found.acting
        if len(acting) == 1:
            return self._shared.agents.index(acting[0])
        self._shared.joint_steps = True
        return SIMULTANEOUS

    def is_terminal(self) -> bool:
        return isinstance(self._found, Visit) and not self._found.acting

    def chance_outcomes(self) -> Sequence[tuple[Outcome, Fraction]]:
        if not isinstance(self._found, ChoiceNeeded):
            return ()
        self._shared.sites.append(self._found.site)  # asked once a state, in their order
        return self._found.outcomes

    def returns(self) -> Sequence[float]:
        self._shared.n_truncated += self._visit.truncated and not self._visit.acting
        return self._visit.returns

    def legal_actions(self, player: int | None = None) -> Sequence[int]:
        views = self._visit.views
        agent = self._visit.acting[0] if player is None else self._shared.agents[player]
        if agent not in views:
            return ()
        view, _ = views[agent]
        return tuple((view.start + view.legal_indices()).tolist())

    def information_state(self, player: int) -> str:
        agent = self._shared.agents[player]
        view, shown = self._visit.views[agent]
        key = (agent, shown)
        label = self._shared.labels.get(key)
        if label is None:
            label = self._shared.labels[key] = f"{agent} sees #{len(self._shared.labels)}"
            # The environment is stepped on, and may change in place what it has shown.
            kept = replace(view, observation=copy.deepcopy(view.observation))
            self._shared.views[label] = kept
        return label

    def apply(self, action: Any) -> None:
        if isinstance(self._found, ChoiceNeeded):
            self._run(self._actions, (*self._tape, action))
            return
        joint = isinstance(action, tuple)
        agents = self._shared.agents if joint else self._visit.acting
        chosen = zip(agents, action if joint else (action,), strict=True)
        self._run(tuple((agent, choice) for agent, choice in chosen if choice is not None), ())
