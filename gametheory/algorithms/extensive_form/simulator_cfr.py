"""Monte-Carlo counterfactual regret minimization on a simulator, for games too big to hold.

Lanctot, Waugh, Zinkevich and Bowling (2009), "Monte Carlo sampling for regret minimization in
extensive games"; chance sampling: Zinkevich, Johanson, Bowling and Piccione (2007). It does what
:mod:`gametheory.algorithms.extensive_form.monte_carlo_cfr` does on a tree in arrays, draw by draw:
on the same game with the same seed both reach the same numbers. The tables grow with the
information sets that were met, and nothing else does.
"""

from __future__ import annotations

import sys
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from math import inf
from numbers import Real
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from gametheory.algorithms.extensive_form.monte_carlo_cfr import (
    SAMPLINGS,
    check_exploration,
    check_rate,
    check_seed,
    stream_of,
)
from gametheory.algorithms.extensive_form.sampled_strategy import Key, SampledStrategy
from gametheory.errors import InvalidGame, UnsupportedGame
from gametheory.games.extensive_form import CHANCE, TERMINAL
from gametheory.games.game_state import GameState
from gametheory.games.turns import Turn

__all__ = ["SimulatorCFR", "monte_carlo_cfr"]

_ROUNDING = 1e-14  # as in the kernel
_DRAWS_AT_ONCE = 1024
_SMALLEST = 1e-280  # probability of a history; its inverse must stay a number
_LOOK_AGAIN = 0.1  # seconds between two reports of progress
_TURNS = 256  # between two looks at the clock

Progress = Callable[[int, float], object]


class _Entry:
    """One information set: its actions, and sums of regrets and of strategies.

    Outcome sampling keeps baselines too: what each player is expected to earn after each action,
    one player behind the other.
    """

    __slots__ = ("actions", "averages", "baselines", "regrets")

    def __init__(self, actions: tuple[Hashable, ...], n_baselines: int) -> None:
        self.actions = actions
        self.baselines = array("d", bytes(8 * len(actions) * n_baselines))
        self.regrets = array("d", bytes(8 * len(actions)))
        self.averages = array("d", bytes(8 * len(actions)))

    def strategy(self) -> list[float]:
        """Play in proportion to positive regrets."""
        positive = [regret if regret > 0.0 else 0.0 for regret in self.regrets]
        total = 0.0
        for regret in positive:
            total += regret
        if total > 0.0:
            return [regret / total for regret in positive]
        return [1.0 / len(positive)] * len(positive)

    def add(self, strategy: Sequence[float], weight: float) -> None:
        """Count a strategy in the average."""
        averages = self.averages
        for a, probability in enumerate(strategy):
            averages[a] += weight * probability

    def average(self) -> tuple[float, ...]:
        """Divide the sums; uniform where there are none."""
        total = sum(self.averages)
        if total > 0.0:
            return tuple(weight / total for weight in self.averages)
        return (1.0 / len(self.averages),) * len(self.averages)

    @property
    def nbytes(self) -> int:
        return sum(map(sys.getsizeof, (self, self.regrets, self.averages, self.baselines)))


class _Frame(NamedTuple):
    """A decision at which every action is tried.

    ``own`` and ``others`` are reach probabilities, which only chance sampling needs.
    """

    turn: Turn
    entry: _Entry
    strategy: list[float]
    values: list[float]
    own: float = 1.0
    others: float = 1.0


class _Stop(Exception):
    """A limit was reached: which one."""


@dataclass
class _Watch:
    """Looks at the clock while a traversal goes on, which may be long."""

    report: Progress
    started: float
    deadline: float
    first: int
    reported: float = 0.0

    def look(self, iterations: int) -> None:
        now = time.perf_counter()
        if now - self.reported > _LOOK_AGAIN:
            self.reported = now
            self.report(iterations - self.first, now - self.started)
        if now > self.deadline:
            raise _Stop("time limit")


class SimulatorCFR:
    """Monte-Carlo counterfactual regret minimization at work on a simulator.

    Parameters
    ----------
    state : GameState
        The start; it is cloned, never changed.
    sampling : {"external", "outcome", "chance"}
    exploration : float
        Outcome sampling: the probability with which a player's actions are drawn uniformly.
    baselines : float
        Outcome sampling: how far the expected payoffs that it corrects move to each new one; 0
        is sampling as it was first published.
    plus : bool
        Whether sums of regrets are kept from falling below zero.
    seed : int
        Equal seeds draw equal numbers.
    max_information_sets : int
        It stops before it meets more.

    Raises
    ------
    InvalidGame
        If a state breaks the protocol.
    UnsupportedGame
        If an option is not valid.
    """

    def __init__(
        self,
        state: GameState,
        *,
        sampling: str = "external",
        exploration: float = 0.6,
        baselines: float = 0.2,
        plus: bool = False,
        seed: int = 0,
        max_information_sets: int = 10_000_000,
    ) -> None:
        if sampling not in SAMPLINGS:
            raise UnsupportedGame(f"sampling={sampling!r}", valid=f"one of {list(SAMPLINGS)}")
        check_seed(seed)
        _check_count("max_information_sets", max_information_sets)
        self.root = Turn(state.clone())
        self.sampling, self.exploration = sampling, check_exploration(exploration)
        self.rate = check_rate(baselines) if sampling == "outcome" else 0.0
        self.floor = 0.0 if plus else -inf
        self.max_information_sets = max_information_sets
        self.iterations = self.histories = 0
        self.seconds, self.stopped = 0.0, "iterations"
        self._watch: _Watch | None = None
        self.table: dict[Key, _Entry] = {}
        self._actions: dict[tuple[Hashable, ...], tuple[Hashable, ...]] = {}
        self._random = stream_of(seed)
        self._numbers: Iterator[float] = iter(())
        self.n_players = self._count_players(seed)
        self._traverse = {
            "external": self._external,
            "outcome": self._outcome,
            "chance": self._chances,
        }[sampling]

    def run(
        self,
        *,
        iterations: int | None = None,
        time_limit: float | None = None,
        progress: bool | Progress = False,
    ) -> SimulatorCFR:
        """Go on for so many iterations, or seconds, or until Ctrl-C.

        Limits are kept within an iteration, too.

        Parameters
        ----------
        iterations, time_limit, progress
            As for :func:`monte_carlo_cfr`.

        Returns
        -------
        SimulatorCFR
            Itself.
        """
        total, limit = _limits(iterations, time_limit)
        started, first = time.perf_counter(), self.iterations
        self.stopped = "iterations"
        try:
            with _reporter(progress, total) as report:
                self._watch = _Watch(report, started, started + limit, first)
                while self.iterations - first < total:
                    self._iterate()
                report(self.iterations - first, time.perf_counter() - started)
        except KeyboardInterrupt:
            self.stopped = "interrupted"
        except _Stop as stop:
            self.stopped = str(stop)
        finally:
            self._watch = None
        self.seconds += time.perf_counter() - started
        return self

    def strategy(self) -> SampledStrategy:
        """Return the average strategy so far."""
        met = [0] * self.n_players
        size = sys.getsizeof(self.table)
        table = {}
        for key, entry in self.table.items():
            met[key[0]] += 1
            size += entry.nbytes + sys.getsizeof(key) + sys.getsizeof(key[1])
            table[key] = (entry.actions, entry.average())
        return SampledStrategy(
            n_players=self.n_players,
            sampling=self.sampling,
            iterations=self.iterations,
            histories=self.histories,
            information_sets=tuple(met),
            nbytes=size,
            seconds=self.seconds,
            stopped=self.stopped,
            table=MappingProxyType(table),
        )

    def _count_players(self, seed: int) -> int:
        """Play once, at random, to see how many payoffs there are."""
        rng = np.random.default_rng(seed)
        turn = self.root.copy()
        while turn.player != TERMINAL:
            turn = turn.after(int(rng.integers(len(turn.actions))), keep=False)
        return len(turn.payoffs())

    def _iterate(self) -> None:
        """Traverse the game once for each player, as the kernel does."""
        for player in range(self.n_players):
            self._traverse(player)
            if self.n_players != 2 and self.sampling != "chance":
                self._average_walk(player)
        self.iterations += 1

    def _start(self) -> Turn:
        self.histories += 1
        return self.root.copy()

    def _go(self, turn: Turn, position: int, *, keep: bool = False) -> Turn:
        self.histories += 1
        if self.histories % _TURNS == 0 and self._watch is not None:
            self._watch.look(self.iterations)
        return turn.after(position, keep=keep)

    def _number(self) -> float:
        """Draw a number from 0 to 1, 1 excluded."""
        number = next(self._numbers, None)
        if number is None:
            from gametheory.kernels.monte_carlo_cfr import fill_uniform

            block = np.empty(_DRAWS_AT_ONCE)
            fill_uniform(self._random, block)
            self._numbers = iter(block.tolist())
            number = next(self._numbers)
        return number

    def _pick(self, weights: Sequence[float]) -> int:
        """Draw a position; the weights sum to one."""
        if len(weights) == 1:
            return 0
        position = bisect_right(list(accumulate(weights)), self._number())
        if position < len(weights):
            return position
        return max(i for i, weight in enumerate(weights) if weight > 0.0)  # rounding

    def _entry(self, turn: Turn) -> _Entry:
        """Look the information set of a turn up, or begin one."""
        key = (turn.player, turn.information_state)
        entry = self.table.get(key)
        n_actions = len(turn.actions)
        if entry is None:
            if turn.player >= self.n_players:
                raise InvalidGame(
                    f"player {turn.player} has to act",
                    valid=f"one of the {self.n_players} players that returns() has payoffs for",
                )
            if len(self.table) >= self.max_information_sets:
                raise _Stop("information sets")
            actions = tuple(turn.actions)
            entry = self.table[key] = _Entry(
                self._actions.setdefault(actions, actions), self.n_players if self.rate else 0
            )
        elif len(entry.actions) != n_actions:
            raise InvalidGame(
                f"{n_actions} actions are legal where {len(entry.actions)} were before",
                where=f"player {turn.player}, information state {key[1]!r}",
                valid="the same actions in the same order",
                hint="information_state must tell all that the player knows",
            )
        return entry

    def _learn(self, entry: _Entry, strategy: list[float], values: list[float]) -> float:
        """Add an information set's regrets; return its value."""
        value, changes = _regrets_of(strategy, values, 1.0)
        self._change(entry, changes)
        return value

    def _change(self, entry: _Entry, changes: Sequence[float]) -> None:
        regrets, floor = entry.regrets, self.floor
        for a, change in enumerate(changes):
            regrets[a] = max(regrets[a] + change, floor)

    def _external(self, player: int) -> None:
        """Try all actions of the player; draw one of everyone else's and of chance's."""
        averages = self.n_players == 2
        frames: list[_Frame] = []
        turn = self._start()
        while True:
            while turn.player != TERMINAL:
                if turn.player == CHANCE:
                    turn = self._go(turn, self._pick(turn.odds))
                    continue
                entry = self._entry(turn)
                strategy = entry.strategy()
                if turn.player == player:
                    frames.append(_Frame(turn, entry, strategy, []))
                    turn = self._go(turn, 0, keep=len(strategy) > 1)
                else:
                    if averages:
                        entry.add(strategy, 1.0)
                    turn = self._go(turn, self._pick(strategy))
            value = float(turn.payoffs(self.n_players)[player])
            while frames:
                frame = frames[-1]
                frame.values.append(value)
                done, k = len(frame.values), len(frame.strategy)
                if done < k:
                    turn = self._go(frame.turn, done, keep=done + 1 < k)
                    break
                value = self._learn(frame.entry, frame.strategy, frame.values)
                frames.pop()
            else:
                return

    def _outcome(self, player: int) -> None:
        """Draw one history, and learn at the player's decisions on it.

        An action's value is its baseline, corrected where it was drawn by how far off that was,
        divided by the probability of drawing it.
        """
        averages = self.n_players == 2
        path: list[tuple[bool, _Entry, list[float], int]] = []
        drawn, explored = 1.0, self.exploration
        turn = self._start()
        while turn.player != TERMINAL:
            if turn.player == CHANCE:
                turn = self._go(turn, self._pick(turn.odds))
                continue
            entry = self._entry(turn)
            strategy = entry.strategy()
            k, mine = len(strategy), turn.player == player
            if mine:
                odds = [explored / k + (1.0 - explored) * p for p in strategy]
                position = self._pick(odds)
                drawn *= odds[position] if k > 1 else 1.0
                if drawn < _SMALLEST:
                    raise UnsupportedGame(
                        f"after {len(path):,} actions a history is too rare for outcome sampling, "
                        "which divides by its probability",
                        hint="shorten the game, or use sampling='external' where a player does "
                        "not decide so often",
                    )
            else:
                if averages:
                    entry.add(strategy, 1.0 / drawn)
                position = self._pick(strategy)
            if k > 1 and (mine or self.rate):
                path.append((mine, entry, strategy, position))
            turn = self._go(turn, position)
        value = float(turn.payoffs(self.n_players)[player])
        for mine, entry, strategy, position in reversed(path):
            k = len(strategy)
            probability = strategy[position]
            if mine:
                probability = explored / k + (1.0 - explored) * probability
                drawn /= probability
            first = player * k
            worths = list(entry.baselines[first : first + k]) if self.rate else [0.0] * k
            off = value - worths[position]
            correction = off / probability
            value = strategy[position] * correction
            for odds_of_one, worth in zip(strategy, worths, strict=True):
                value += odds_of_one * worth
            if mine:
                worths[position] += correction
                self._change(entry, [(worth - value) / drawn for worth in worths])
            if self.rate:
                entry.baselines[first + position] += self.rate * off

    def _chances(self, player: int) -> None:
        """Draw chance's outcomes and try all actions of all players."""
        frames: list[_Frame] = []
        changes: dict[int, tuple[_Entry, list[float]]] = {}
        strategies: dict[int, list[float]] = {}
        turn, own, others = self._start(), 1.0, 1.0
        while True:
            value = 0.0
            while turn.player != TERMINAL and (own > 0.0 or others > 0.0):
                if turn.player == CHANCE:
                    turn = self._go(turn, self._pick(turn.odds))
                    continue
                entry = self._entry(turn)
                strategy = strategies.get(id(entry)) or entry.strategy()
                strategies[id(entry)] = strategy
                if turn.player == player:
                    entry.add(strategy, own)
                frames.append(_Frame(turn, entry, strategy, [], own, others))
                own, others = _reaches(frames[-1], player, 0)
                turn = self._go(turn, 0, keep=len(strategy) > 1)
            if turn.player == TERMINAL:
                value = float(turn.payoffs(self.n_players)[player])
            while frames:
                frame = frames[-1]
                frame.values.append(value)
                done, k = len(frame.values), len(frame.strategy)
                if done < k:
                    own, others = _reaches(frame, player, done)
                    turn = self._go(frame.turn, done, keep=done + 1 < k)
                    break
                frames.pop()
                value, regrets = _regrets_of(frame.strategy, frame.values, frame.others)
                if frame.turn.player == player and frame.others > 0.0:
                    _, sums = changes.setdefault(id(frame.entry), (frame.entry, [0.0] * k))
                    for a, regret in enumerate(regrets):
                        sums[a] += regret
            else:
                break
        for entry, sums in changes.values():
            self._change(entry, sums)

    def _average_walk(self, player: int) -> None:
        """Add the player's strategy along a history on which the others play uniformly."""
        turn = self._start()
        while turn.player != TERMINAL:
            if turn.player == CHANCE:
                position = self._pick(turn.odds)
            elif turn.player == player:
                entry = self._entry(turn)
                strategy = entry.strategy()
                entry.add(strategy, 1.0)
                position = self._pick(strategy)
            else:
                k = len(turn.actions)
                position = self._pick([1.0 / k] * k)
            turn = self._go(turn, position)


def monte_carlo_cfr(
    state: GameState,
    *,
    sampling: str = "external",
    iterations: int | None = None,
    time_limit: float | None = None,
    exploration: float = 0.6,
    baselines: float = 0.2,
    plus: bool = False,
    seed: int = 0,
    max_information_sets: int = 10_000_000,
    progress: bool | Progress = False,
) -> SampledStrategy:
    """Learn to play a simulator's game by counterfactual regret minimization.

    Parameters
    ----------
    state : GameState
        The start; it is cloned, never changed. Simultaneous states and chance are fine; recall
        must be perfect.
    sampling : {"external", "outcome", "chance"}
        External sampling tries all actions of one player and draws the rest; outcome sampling
        draws single histories; chance sampling draws chance only.
    iterations : int, optional
        An iteration is one traversal for each player. 10,000 if no time limit is given either.
    time_limit : float, optional
        Seconds.
    exploration : float
        Outcome sampling: the probability with which a player's actions are drawn uniformly.
    baselines : float
        Outcome sampling: how far the expected payoffs that it corrects move to each new one; 0
        is sampling as it was first published.
    plus : bool
        Whether sums of regrets are kept from falling below zero.
    seed : int
        Equal seeds give equal results.
    max_information_sets : int
        It stops before it meets more: about 500 bytes each.
    progress : bool or callable
        True shows a bar on standard error; a function is called now and then as
        ``progress(iterations, seconds)``.

    Returns
    -------
    SampledStrategy
        Average strategies of what was reached, after Ctrl-C too.

    Raises
    ------
    InvalidGame
        If a state breaks the protocol.
    UnsupportedGame
        If an option is not valid, or outcome sampling meets a history too long for it.

    Notes
    -----
    Guarantee: in two-player constant-sum games the average strategies approach an equilibrium as
    1/sqrt(T) with high probability; how near they are is not known, see
    :class:`SampledStrategy`. Imperfect recall is not noticed.

    Examples
    --------
    >>> class Pennies:
    ...     chosen = ()
    ...     current_player = -3  # both at the same time
    ...     def legal_actions(self, player=None): return () if self.chosen else ("heads", "tails")
    ...     def apply(self, action): self.chosen = action
    ...     def clone(self): return copy(self)
    ...     def chance_outcomes(self): return ()
    ...     def information_state(self, player): return "start"
    ...     def is_terminal(self): return bool(self.chosen)
    ...     def returns(self):
    ...         same = len(set(self.chosen)) == 1
    ...         return (1, -1) if same else (-1, 1)
    >>> from copy import copy
    >>> learned = monte_carlo_cfr(Pennies(), iterations=10_000)
    >>> learned
    <SampledStrategy: 2 players, 2 information sets after 10,000 iterations, exploitability unknown>
    >>> learned(0, "start", ["heads", "tails"]).round(1)
    array([0.5, 0.5])
    """
    learner = SimulatorCFR(
        state,
        sampling=sampling,
        exploration=exploration,
        baselines=baselines,
        plus=plus,
        seed=seed,
        max_information_sets=max_information_sets,
    )
    return learner.run(iterations=iterations, time_limit=time_limit, progress=progress).strategy()


def _regrets_of(
    strategy: list[float], values: list[float], reach: float
) -> tuple[float, list[float]]:
    """Return a decision's value, and its actions' regrets times the others' reach probability."""
    value, size = 0.0, 0.0
    for probability, one in zip(strategy, values, strict=True):
        value += probability * one
        size += abs(one)
    changes = []
    for one in values:
        regret = one - value
        changes.append(reach * regret if abs(regret) > _ROUNDING * size else 0.0)
    return value, changes


def _reaches(frame: _Frame, player: int, position: int) -> tuple[float, float]:
    """Own and others' reach probability behind an action."""
    odds = frame.strategy[position]
    if frame.turn.player == player:
        return frame.own * odds, frame.others
    return frame.own, frame.others * odds


def _check_count(name: str, number: Any) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise UnsupportedGame(f"{name}={number!r}", valid="a whole number from 1")


def _limits(iterations: Any, time_limit: Any) -> tuple[float, float]:
    if iterations is not None:
        _check_count("iterations", iterations)
    is_number = isinstance(time_limit, Real) and not isinstance(time_limit, bool)
    if time_limit is not None and not (is_number and float(time_limit) >= 0):
        raise UnsupportedGame(f"time_limit={time_limit!r}", valid="seconds, from 0")
    if iterations is None:
        return (10_000, inf) if time_limit is None else (inf, float(time_limit))
    return iterations, inf if time_limit is None else float(time_limit)


@contextmanager
def _reporter(progress: bool | Progress, total: float) -> Iterator[Progress]:
    """Give a function that tells of the iterations done; a bar if that is wanted."""
    if callable(progress):
        yield progress
        return
    if not progress:
        yield lambda done, seconds: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TextColumn("{task.fields[count]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bars:
        task = bars.add_task("", total=None if total == inf else total, count="")

        def report(done: int, seconds: float) -> None:
            bars.update(task, completed=done, count=f"{done:,} iterations")

        yield report
