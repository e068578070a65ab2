"""Late positions of environments: their exact values, where the whole game is too large.

A position is what a sequence of actions leads to from ``reset``. The game that begins there is
searched by alpha-beta (:mod:`gametheory.algorithms.extensive_form.alpha_beta`) on copies of the
environment's state; equal copies are the same state. This is for two agents who act in turn, whose
returns have a constant sum, where nothing is random and nothing is hidden; each of these is checked
while the environment is played, and refused with its reason.

That nothing is hidden cannot be proven without all of the game. What is checked: no two different
states may look alike to the agent that acts there, among all states that the search comes to, those
on the way to the position with all alternatives one action away, and those of random episodes. For
the game from the position on, known to both agents, the first of these is a proof.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import ExitStack
from hashlib import blake2b
from types import TracebackType
from typing import Any, Self

import numpy as np

from gametheory.algorithms.extensive_form.alpha_beta import AlphaBetaResult, alpha_beta
from gametheory.errors import InvalidGame, UnsupportedGame
from marl_bridge.arguments import require_counts, require_range, require_seconds, require_seed
from marl_bridge.environments.branching import START, Branching, ByCopy, Visit, chance_refused
from marl_bridge.environments.driver import Driver, View
from marl_bridge.environments.factories import global_generators, intercepted
from marl_bridge.environments.forecast import HopelessSize
from marl_bridge.environments.opening import EnvironmentSource, Make, open_environment
from marl_bridge.environments.outlook import in_words
from marl_bridge.environments.position_reading import (
    Position,
    legal_action,
    steps_of,
    who_acts,
)
from marl_bridge.environments.position_solution import ActionOutcome, PositionSolution
from marl_bridge.environments.random_play import UnlistedActions, listed_actions
from marl_bridge.environments.repeating import choose_way, refuse_unrepeatable
from marl_bridge.environments.script import ChoiceNeeded, Script
from marl_bridge.environments.size_estimate import lower_bound, subtree_estimates
from marl_bridge.environments.views import random_action
from marl_bridge.errors import ExtractionRefused

__all__ = ["PositionSolver", "solve_position"]

_RANDOM_EPISODES = 30
_RANDOM_SECONDS = 0.5
_ESTIMATES = 40
_ESTIMATE_SECONDS = 0.5
_LONGEST = 1000
_CONFIDENCE = 0.99
_MERGING = 1e4
"""Searching a state once instead of as often as histories lead to it may save such a factor."""
_FASTER = 2.0


class _PositionState:
    """A state of an environment without chance, as a game state that can be merged."""

    __slots__ = ("_key", "_live", "_place", "_solver", "visit")

    def __init__(self, solver: PositionSolver) -> None:
        self._solver = solver
        self._place: Any = None
        self._live: list[Driver] = []
        self._run(START)

    def _run(self, actions: tuple[tuple[str, Any], ...]) -> None:
        branching = self._solver.branching
        driver = self._live.pop() if self._live else None
        found = branching.attempt(self._place, actions, (), driver)
        if isinstance(found, ChoiceNeeded):
            raise chance_refused(
                f"{found.site}, where the exact value of a position would be an average",
                valid="an environment without random draws",
            )
        self.visit: Visit = found
        if found.acting:
            who_acts(found.acting, 0)
            self._place = branching.backend.save(self._place, actions, (), found.driver)
            self._key: Hashable = branching.backend.key(self._place)
            self._live = [found.driver]
        else:  # ends are not compared: they are worth what they are worth
            self._place, self._key, self._live = None, object(), []

    @property
    def view(self) -> View:
        """What the agent to act is shown."""
        return self.visit.views[self.visit.acting[0]][0]

    @property
    def current_player(self) -> int:
        return self._solver.agents.index(self.visit.acting[0])

    def legal_actions(self, player: int | None = None) -> Sequence[Any]:
        view = self.view
        return (view.start + view.legal_indices()).tolist()  # type: ignore[no-any-return]

    def apply(self, action: Any) -> None:
        self._run(((self.visit.acting[0], action),))

    def clone(self) -> _PositionState:
        twin = object.__new__(_PositionState)
        twin._solver, twin._place, twin._key = self._solver, self._place, self._key
        twin._live, twin.visit = self._live, self.visit  # the first to step on takes the driver
        return twin

    def chance_outcomes(self) -> Sequence[tuple[Hashable, float]]:
        return ()

    def information_state(self, player: int) -> Hashable:
        agent = self.visit.acting[0]
        return self._solver.compare(agent, self.visit.views[agent][1], self._key)

    def state_key(self) -> Hashable:
        return self._key

    def is_terminal(self) -> bool:
        return not self.visit.acting

    def returns(self) -> Sequence[float]:
        return self.visit.returns


class PositionSolver:
    """Solves positions of one environment; what it costs to get to know it is paid once.

    Use it in a ``with`` block: while that runs, the environment's random generators are
    intercepted, to find out whether it uses any.

    Parameters
    ----------
    make, env_kwargs, api
        See :func:`~marl_bridge.environments.opening.open_environment`.
    seed : int
        For ``reset`` and the random episodes.

    Raises
    ------
    InvalidEnvironment
        If there is no such environment.
    ExtractionRefused
        If it has other than two agents, continuous actions, chance, agents that act at the
        same time or something hidden from them; if it does not repeat, or cannot be copied.

    Examples
    --------
    >>> with PositionSolver("classic/tictactoe-v3") as solver:
    ...     solver.solve("4,0,8,2").best_actions, solver.solve("4,0,1").best_actions
    ((1,), (7,))
    """

    def __init__(
        self,
        make: Make,
        *,
        env_kwargs: Mapping[str, Any] | None = None,
        api: Any = None,
        seed: int = 0,
    ) -> None:
        require_seed(seed)
        self.source: EnvironmentSource = open_environment(make, env_kwargs=env_kwargs, api=api)
        self.seed = seed
        self.agents = _two_agents(self.source)
        self._exit = ExitStack()
        self._shown: dict[tuple[str, bytes], Hashable] = {}
        self._steps_per_second = 0.0

    def __enter__(self) -> Self:
        script = Script()
        self._exit.enter_context(intercepted(script))
        try:
            self._begin(script)
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exit.close()

    def _begin(self, script: Script) -> None:
        self._global_state = global_generators()
        self.branching = Branching(self.source, script, self.seed)
        refuse_unrepeatable(self.branching, seed=self.seed)
        choice = choose_way(self.branching, seed=self.seed)
        if not isinstance(self.branching.backend, ByCopy):
            raise ExtractionRefused(
                "the environment's state cannot be copied, so that equal positions are not known",
                where=choice.refused,
                valid="an environment whose state can be pickled, attribute by attribute",
                hint="use extract(), which can replay, for games that are small enough",
            )
        self.branching.leave_out_construction()
        self._start = _PositionState(self)
        self._play_random_episodes()

    def compare(self, agent: str, shown: bytes, key: Hashable) -> bytes:
        """Note what an agent is shown at a state; refuse two states that look alike.

        Returns
        -------
        bytes
            A digest of what it is shown.
        """
        digest = blake2b(shown, digest_size=16).digest()
        if self._shown.setdefault((agent, digest), key) != key:
            raise ExtractionRefused(
                f"two different states look alike to agent {agent!r}: something is hidden from it",
                where=self.source.name,
                valid="an environment that shows the whole state to the agent that acts",
                hint="use extract() and check(), which keep what agents remember; if nothing is "
                "hidden, show all that the environment's state holds, such as counters",
            )
        return digest

    @property
    def compared(self) -> int:
        """Number of different states that were compared."""
        return len(self._shown)

    def _play_random_episodes(self) -> None:
        rng = np.random.default_rng(np.random.SeedSequence([self.seed, 7]))
        started, steps = time.perf_counter(), 0
        end = started + _RANDOM_SECONDS
        for _ in range(_RANDOM_EPISODES):
            state = self._start.clone()
            for _ in range(_LONGEST):
                if state.is_terminal() or (steps and time.perf_counter() > end):
                    break
                state.information_state(state.current_player)
                state.apply(random_action(state.view, rng))
                steps += 1
        self._steps_per_second = max(1, steps) / (time.perf_counter() - started)

    def state_at(self, position: Position | str) -> tuple[_PositionState, list[tuple[str, Any]]]:
        """Go to a position, looking at all alternatives on the way; return it and who did what."""
        state, path = self._start.clone(), []
        for number, (claimed, action) in enumerate(steps_of(position)):
            agent = who_acts(state.visit.acting, number)
            chosen = legal_action(state.view, claimed, action, number)
            path.append((agent, chosen))
            state.information_state(state.current_player)
            following = None
            for alternative in state.legal_actions():
                child = state.clone()
                child.apply(alternative)
                if not child.is_terminal():
                    child.information_state(child.current_player)
                if alternative == chosen:
                    following = child
            assert following is not None  # the action is legal
            state = following
        return state, path

    def solve(
        self,
        position: Position | str,
        *,
        time_limit: float | None = 60.0,
        max_states: int | None = None,
        return_range: tuple[float, float] | None = None,
        verify: bool = True,
        refuse_hopeless: bool = True,
        progress: Callable[[int], object] | None = None,
    ) -> PositionSolution:
        """Solve one position; see :func:`solve_position`."""
        require_seconds(zero=True, time_limit=time_limit)
        require_counts(0, optional={"max_states": max_states})
        if return_range is not None:
            require_range(self.agents[0], return_range, where="return_range")
        state, path = self.state_at(position)
        size = self._histories_below(state)
        if refuse_hopeless and time_limit is not None:
            self._refuse_hopeless(size, time_limit)
        try:
            found = alpha_beta(
                state,
                all_actions=True,
                payoff_range=return_range,
                verify=verify,
                time_limit=time_limit,
                max_states=max_states,
                progress=progress,
            )
        except ExtractionRefused:
            raise
        except (UnsupportedGame, InvalidGame) as error:
            raise ExtractionRefused(
                f"{self.source.name}: {error.what}",
                where=error.where,
                valid=error.valid,
                hint=error.hint,
            ) from error
        self._refuse_draws()
        return self._solution(state, path, found, size[0])

    def _solution(
        self,
        state: _PositionState,
        path: list[tuple[str, Any]],
        found: AlphaBetaResult,
        log10_histories: float,
    ) -> PositionSolution:
        total = found.payoff_sum
        own = state.visit.acting[0] if state.visit.acting else ""

        def seen_by(agent: str, lower: Any, upper: Any) -> tuple[float, float]:
            if agent == self.agents[0]:
                return float(lower) + 0.0, float(upper) + 0.0  # no negative zeros
            if total is None:
                return -math.inf, math.inf
            return float(total - upper) + 0.0, float(total - lower) + 0.0

        line: list[tuple[str, Any]] = []
        at = state.clone()
        for action in found.principal_variation:
            line.append((at.visit.acting[0], action))
            at.apply(action)
        return PositionSolution(
            environment=self.source.name,
            agents=self.agents,
            position=tuple(path),
            acting=own,
            bounds={agent: seen_by(agent, found.lower, found.upper) for agent in self.agents},
            actions=tuple(
                ActionOutcome(a.action, *seen_by(own, a.lower, a.upper)) for a in found.actions
            ),
            line=tuple(line),
            states=found.states,
            table_hits=found.table_hits,
            compared=self.compared,
            log10_histories=log10_histories,
            verified=found.verified,
            stopped=found.stopped,
            seconds=found.seconds,
        )

    def _histories_below(self, start: _PositionState) -> tuple[float, float]:
        """Estimate the histories from a state on, and bound their number from below.

        Both are decimal logarithms; see :mod:`marl_bridge.environments.size_estimate`.
        """
        rng = np.random.default_rng(np.random.SeedSequence([self.seed, 8]))
        end = time.perf_counter() + _ESTIMATE_SECONDS
        sizes: list[float] = []
        for _ in range(_ESTIMATES):
            if sizes and time.perf_counter() > end:
                break
            state, factors = start.clone(), []
            for _ in range(_LONGEST):
                if state.is_terminal():
                    break
                factors.append((len(state.legal_actions()),))
                state.apply(random_action(state.view, rng))
            sizes.append(math.log(subtree_estimates(factors)[0][0]))
        logarithms = np.array(sizes)
        mean = float(np.logaddexp.reduce(logarithms)) - math.log(logarithms.size)
        lower = max(0.0, lower_bound(logarithms, _CONFIDENCE))
        return mean / math.log(10), lower / math.log(10)

    def _refuse_hopeless(self, size: tuple[float, float], time_limit: float) -> None:
        """Refuse where even the best order of actions, and much merging, would take too long.

        Without merging at least the square root of the histories is searched (Knuth and Moore
        1975); how much merging saves is not known, so it is given four digits.
        """
        mean, lower = size
        reach = max(1.0, _FASTER * self._steps_per_second * time_limit)
        if lower / 2 <= math.log10(_MERGING * reach):
            return
        raise HopelessSize(
            f"from this position on {self.source.name} has about {in_words(mean)} histories (more "
            f"than {in_words(lower)} with {_CONFIDENCE:.0%} confidence): a search needs about "
            f"{in_words(lower / 2)} states at best, {time_limit:g} s allow {reach:,.0f}",
            where="position",
            hint="choose a later position, or pass refuse_hopeless=False for what can be proven",
            log10_histories=mean,
            log10_lower=lower,
        )

    def _refuse_draws(self) -> None:
        """Refuse an environment that drew from a generator that is not intercepted."""
        backend = self.branching.backend
        drawn = backend.snapshots.draws() if isinstance(backend, ByCopy) else ""
        if not drawn and global_generators() != self._global_state:
            drawn = "global generator, numpy.random or random,"
        if drawn:
            raise chance_refused(
                f"it draws from a {drawn} that was made outside of it",
                valid="an environment without random draws",
            )


def _two_agents(source: EnvironmentSource) -> tuple[str, ...]:
    driver = source.driver(checked=False)
    try:
        listed_actions(driver)
    except UnlistedActions as error:
        raise ExtractionRefused(
            str(error), where=source.name, valid="finitely many actions, a Discrete space"
        ) from error
    finally:
        driver.env.close()
    if len(driver.agents) != 2:
        raise ExtractionRefused(
            f"{source.name} has {len(driver.agents)} agents",
            valid="two agents for the value of a position",
            hint="use estimate() for statistics on its returns",
        )
    return driver.agents


def solve_position(
    make: Make,
    position: Position | str = (),
    *,
    env_kwargs: Mapping[str, Any] | None = None,
    api: Any = None,
    seed: int = 0,
    time_limit: float | None = 60.0,
    max_states: int | None = None,
    return_range: tuple[float, float] | None = None,
    verify: bool = True,
    refuse_hopeless: bool = True,
    progress: Callable[[int], object] | None = None,
) -> PositionSolution:
    """Find the exact value of a position of a game that may be too large for a tree.

    Parameters
    ----------
    make, env_kwargs, api
        See :func:`~marl_bridge.environments.opening.open_environment`.
    position : sequence, or str
        Actions from ``reset`` on, pairs (agent, action), or text such as "3,3,2,4".
    seed : int
        For ``reset`` and the random episodes that look for hidden information.
    time_limit : float, optional
        Seconds of search. What is proven by then is returned, as after Ctrl-C.
    max_states : int, optional
        States to step to at most.
    return_range : (float, float), optional
        Returns of the first agent that no episode leaves, if they are known: the search need
        not look for better ones. An episode that leaves them is an error.
    verify : bool
        Check the two agents' strategies that guarantee the value, by code that knows nothing
        of the search.
    refuse_hopeless : bool
        Refuse a position at once from which far more histories follow than can be searched.
    progress : callable, optional
        Called with the number of states so far.

    Returns
    -------
    PositionSolution

    Raises
    ------
    InvalidPosition
        If the actions lead to no position.
    HopelessSize
        If the position is far too early, with an estimate of the histories that follow.
    ExtractionRefused
        If the environment has chance, hidden information, agents that act at the same time,
        other than two agents, or returns whose sum is not constant.
    InvalidEnvironment
        If there is no such environment.

    Examples
    --------
    >>> solution = solve_position("classic/tictactoe-v3", [4, 0, 8, 2])
    >>> solution.values, solution.best_actions, solution.verified
    ({'player_1': 0.0, 'player_2': 0.0}, (1,), True)
    """
    with PositionSolver(make, env_kwargs=env_kwargs, api=api, seed=seed) as solver:
        return solver.solve(
            position,
            time_limit=time_limit,
            max_states=max_states,
            return_range=return_range,
            verify=verify,
            refuse_hopeless=refuse_hopeless,
            progress=progress,
        )
