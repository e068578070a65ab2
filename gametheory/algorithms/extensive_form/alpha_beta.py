"""Alpha-beta search: the value of a position of a game too large for a tree.

Knuth and Moore (1975), "An analysis of alpha-beta pruning", Artificial Intelligence 6, in the
fail-soft form: a search that ends outside of its window returns a bound, not the window's end.
States that can be merged are looked up in a table of proven bounds (Greenblatt, Eastlake and
Crocker, 1967, "The Greenblatt chess program"). Actions that end the game or lead to a known state
are looked at first; the others are searched in the order of how much search they settled elsewhere
(the history heuristic, Schaeffer, 1989, IEEE Transactions on Pattern Analysis and Machine
Intelligence 11).

For two players with a constant sum of payoffs and perfect information, without chance. What the
players are shown is checked at every state where somebody acts: if two different ones look alike
to the player, the game is refused. As the table keeps, for every bound, the action that attains
it, the search ends with a strategy of each player, and plain code can check what they guarantee
(:mod:`gametheory.certificates.guaranteed_payoff`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gametheory.certificates.guaranteed_payoff import KeyedState, refute_guarantee
from gametheory.errors import InvalidGame, UnsupportedGame
from gametheory.games.extensive_form import CHANCE
from gametheory.games.game_state import SIMULTANEOUS, GameState
from gametheory.games.graph_builder import check_payoffs

__all__ = ["ActionValue", "AlphaBetaResult", "alpha_beta"]

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class ActionValue:
    """A legal action of the position and proven bounds of its value to player 0."""

    action: Any
    lower: Any
    upper: Any

    @property
    def exact(self) -> bool:
        """Whether the bounds meet."""
        return bool(self.lower == self.upper)


@dataclass(frozen=True, slots=True)
class AlphaBetaResult:
    """What a search found out about a position.

    Attributes
    ----------
    lower, upper : number
        Proven bounds of the value to player 0, in the units of the payoffs; infinite if nothing
        is known.
    payoff_sum : number or None
        What the payoffs add up to at every end that was met; None if none was met.
    player : int
        Who acts at the position; TERMINAL (-2) if the game is over.
    actions : tuple of ActionValue
        The legal actions in the game's order. All are exact after a search with
        ``all_actions=True`` that was not stopped.
    principal_variation : tuple
        Best actions of both from the position on, to the end; empty if the search was stopped.
    states : int
        States reached by playing an action, counted again when they are reached again.
    table_hits : int
        How many of these were settled by what was known of them.
    verified : bool
        Whether the certificate checked strategies that guarantee the value to each player.
    stopped : str
        "time limit", "state limit" or "interrupted"; "" if the search came to its end.
    seconds : float
    """

    lower: Any
    upper: Any
    payoff_sum: Any
    player: int
    actions: tuple[ActionValue, ...]
    principal_variation: tuple[Any, ...]
    states: int
    table_hits: int
    verified: bool
    stopped: str
    seconds: float

    @property
    def exact(self) -> bool:
        """Whether the bounds meet."""
        return bool(self.lower == self.upper)

    @property
    def value(self) -> Any:
        """The value to player 0; None if the search was stopped before it was known."""
        return self.lower if self.exact else None

    @property
    def best_actions(self) -> tuple[Any, ...]:
        """Actions that are known to attain the value; empty if it is not known."""
        if not self.exact:
            return ()
        return tuple(a.action for a in self.actions if a.lower == a.upper == self.lower)


def alpha_beta(
    state: GameState,
    *,
    all_actions: bool = False,
    payoff_range: tuple[Any, Any] | None = None,
    verify: bool = False,
    time_limit: float | None = None,
    max_states: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> AlphaBetaResult:
    """Find the value of a position.

    Parameters
    ----------
    state : GameState
        The position; it is not changed. States with a ``state_key`` are merged.
    all_actions : bool
        Find the exact value of every action at the position, instead of proving only that no
        other one is better than the best.
    payoff_range : (number, number), optional
        Payoffs of player 0 that no end of the game leaves. Where one of them is reached nothing
        better is looked for; an end that leaves them is an error.
    verify : bool
        Check, by code that knows nothing of the search, that each player has a strategy which
        guarantees the value; about as dear as the search.
    time_limit : float, optional
        Seconds; what is proven by then is returned.
    max_states : int, optional
        States to reach at most.
    progress : callable, optional
        Called with the number of states reached.

    Returns
    -------
    AlphaBetaResult

    Raises
    ------
    UnsupportedGame
        If the game has other than two players, payoffs whose sum differs between two ends,
        chance, actions at the same time, or hidden information.
    InvalidGame
        If a state breaks the protocol, or a history comes back to an earlier state.

    Notes
    -----
    The value is that of the game that begins at the position, both players knowing it. With the
    best order of actions the square root of the histories is searched, with the worst all of
    them; merged states make it fewer. Ctrl-C is a limit like the others.

    The sum of payoffs and what the players are shown are checked where the search has been. That
    is enough for the value: the two strategies that guarantee it stay within these states,
    whatever the other player does.

    Examples
    --------
    >>> from gametheory.games.game_state import GameState
    >>> class Nim:  # take one to three; who takes the last one wins
    ...     def __init__(self, left, player=0):
    ...         self.left, self.current_player = left, player
    ...     def legal_actions(self, player=None):
    ...         return range(1, min(3, self.left) + 1)
    ...     def apply(self, action):
    ...         self.left, self.current_player = self.left - action, 1 - self.current_player
    ...     def clone(self):
    ...         return Nim(self.left, self.current_player)
    ...     def chance_outcomes(self):
    ...         return ()
    ...     def information_state(self, player):
    ...         return self.left
    ...     state_key = lambda self: (self.left, self.current_player)
    ...     def is_terminal(self):
    ...         return self.left == 0
    ...     def returns(self):
    ...         return (-1, 1) if self.current_player == 0 else (1, -1)
    >>> found = alpha_beta(Nim(21), all_actions=True, verify=True)
    >>> found.value, found.best_actions, found.verified
    (1, (1,), True)
    >>> [(action.action, action.lower) for action in found.actions]
    [(1, 1), (2, -1), (3, -1)]
    """
    if payoff_range is not None and not payoff_range[0] <= payoff_range[1]:
        raise InvalidGame(
            f"payoff_range is {payoff_range}", where="payoff_range", valid="lower <= upper"
        )
    started = time.perf_counter()
    deadline = math.inf if time_limit is None else started + time_limit
    search = _Search(payoff_range, deadline, max_states, progress)
    root = KeyedState.start(state.clone())
    if root.state.is_terminal():
        payoff = search.payoff(root.state)
        return AlphaBetaResult(
            payoff, payoff, search.payoff_sum, -2, (), (), 0, 0, False, "", _since(started)
        )
    stopped, line, verified = "", (), False
    try:
        search.solve(root, every=all_actions)
        line = search.principal_variation(root)
        if verify:
            search.verify(root)
            verified = True
    except _StoppedError as stop:
        stopped = str(stop)
    except KeyboardInterrupt:
        stopped = "interrupted"
    actions = search.root_actions(root)
    lower, upper = search.root_bounds(root, actions)
    return AlphaBetaResult(
        lower,
        upper,
        search.payoff_sum,
        root.state.current_player,
        actions,
        line,
        search.states,
        search.table_hits,
        verified,
        stopped,
        _since(started),
    )


def _since(started: float) -> float:
    return time.perf_counter() - started


class _StoppedError(Exception):
    """A limit is reached; the text names it."""


class _Frame:
    """A state that is being searched."""

    __slots__ = (
        "actor",
        "began",
        "best",
        "best_action",
        "children",
        "high",
        "key",
        "low",
        "next",
        "window",
    )

    def __init__(self, key: Hashable, actor: int, window: tuple[Any, Any], began: int) -> None:
        self.key, self.actor, self.began = key, actor, began
        low, high = window
        self.window = low, high
        self.low, self.high = low, high
        self.best: Any = -math.inf if actor == 0 else math.inf
        self.best_action: Any = None
        self.children: list[tuple[Any, KeyedState]] = []
        self.next = 0

    def take(self, action: Any, value: Any) -> bool:
        """Note an action's value, or bound; return whether the other actions do not matter."""
        if self.actor == 0:
            if value > self.best:
                self.best, self.best_action = value, action
                self.low = max(self.low, value)
            return bool(self.best >= self.high)
        if value < self.best:
            self.best, self.best_action = value, action
            self.high = min(self.high, value)
        return bool(self.best <= self.low)


class _Search:
    """The table and the counters of one search.

    ``bounds[key]`` is a lower bound, an upper bound and an action of the player who acts there:
    the one with which player 0 attains the lower bound, or player 1 the upper one. Before there
    is anything to attain it is the most promising one.
    """

    def __init__(
        self,
        payoff_range: tuple[Any, Any] | None,
        deadline: float,
        max_states: int | None,
        progress: Callable[[int], object] | None,
    ) -> None:
        low, high = payoff_range if payoff_range is not None else (-math.inf, math.inf)
        self.unknown = low, high, None
        self.deadline, self.progress = deadline, progress
        self.max_states = math.inf if max_states is None else max_states
        self.bounds: dict[Hashable, tuple[Any, Any, Any]] = {}
        self.states = self.table_hits = 0
        self.payoff_sum: Any = None
        self._shown: dict[tuple[int, Hashable], Hashable] = {}
        self._good: dict[tuple[int, Any], int] = {}
        self._open: set[Hashable] = set()

    def solve(self, root: KeyedState, *, every: bool) -> None:
        """Search a position, and then, if asked for, each of its actions by itself."""
        self.value(root)
        if not every:
            return
        for action in self.actions(root):
            self.value(self.step(root, action))

    def value(self, start: KeyedState) -> Any:
        """Find the value of a state."""
        stack: list[_Frame] = []
        self._open.clear()
        found = self._enter(start, -math.inf, math.inf, stack)
        while stack:
            frame = stack[-1]
            done = False
            if found is not None:
                done = frame.take(frame.children[frame.next - 1][0], found)
            if done or frame.next == len(frame.children):
                stack.pop()
                self._open.discard(frame.key)
                found = self._settle(frame)
                continue
            child = frame.children[frame.next][1]
            frame.next += 1
            found = self._enter(child, frame.low, frame.high, stack)
        return found

    def _enter(self, at: KeyedState, low: Any, high: Any, stack: list[_Frame]) -> Any:
        """Settle a state by what is known at once, or push a frame for it and return None.

        What is returned is the value, or a bound of it that is outside of ``low .. high``.
        """
        state, key = at.state, at.key
        if state.is_terminal():
            return self.payoff(state)
        lower, upper, known_good = self.bounds.get(key, self.unknown)
        if lower >= high or lower == upper:
            self.table_hits += 1
            return lower
        if upper <= low:
            self.table_hits += 1
            return upper
        if key in self._open:
            raise InvalidGame(
                "a history comes back to an earlier state, so that the game need not end",
                where=f"a state of {type(state).__name__}",
                valid="states that cannot be reached from themselves",
                hint="count the steps in the state, and end the game after a number of them",
            )
        window = max(low, lower), min(high, upper)
        frame = _Frame(key, state.current_player, window, self.states)
        waiting: list[tuple[Any, KeyedState]] = []
        good = self._good
        player = frame.actor
        actions = sorted(
            self.actions(at), key=lambda a: (a != known_good, -good.get((player, a), 0))
        )
        for action in actions:
            child = self.step(at, action)
            value = self._known(child, frame)
            if value is None:
                waiting.append((action, child))
            elif frame.take(action, value):
                return self._settle(frame)
        frame.children = waiting
        self._open.add(key)
        stack.append(frame)
        return None

    def _known(self, child: KeyedState, frame: _Frame) -> Any:
        """Return a child's value if it is known, or a bound that is enough; None if neither."""
        if child.state.is_terminal():
            return self.payoff(child.state)
        entry = self.bounds.get(child.key)
        if entry is None:
            return None
        lower, upper, _ = entry
        if lower == upper or lower >= frame.high:
            self.table_hits += 1
            return lower
        if upper <= frame.low:
            self.table_hits += 1
            return upper
        return None

    def _settle(self, frame: _Frame) -> Any:
        """Put what was found of a state into the table."""
        (low, high), best = frame.window, frame.best
        lower, upper, action = self.bounds.get(frame.key, self.unknown)
        if best > low:
            lower = best
        if best < high:
            upper = best
        attained = best > low if frame.actor == 0 else best < high
        if attained or action is None:
            action = frame.best_action
        if attained:
            who = (frame.actor, action)
            # What was good where much had to be searched counts for as much.
            self._good[who] = self._good.get(who, 0) + self.states - frame.began
        self.bounds[frame.key] = (lower, upper, action)
        return best

    def actions(self, at: KeyedState) -> Sequence[Any]:
        """List the legal actions; refuse states that this search is not for."""
        state, player = at.state, at.state.current_player
        if player in (CHANCE, SIMULTANEOUS) or player > 1:
            raise _unsupported(state, player)
        actions = state.legal_actions()
        if player < 0 or not actions:
            raise InvalidGame(
                f"player {player} has to act and has the legal actions {list(actions)}",
                where=f"a state of {type(state).__name__}",
                valid="a player from 0 with at least one action",
                hint="is_terminal() must be true where nobody can act",
            )
        shown = state.information_state(player)
        if self._shown.setdefault((player, shown), at.key) != at.key:
            raise UnsupportedGame(
                f"player {player} cannot tell two different states apart: something is hidden",
                where=f"information state {shown!r}"[:200],
                valid="a game with perfect information",
                hint="solve the whole game, or a part that is small enough, by 'sequence-form-lp'",
            )
        return actions

    def step(self, at: KeyedState, action: Any) -> KeyedState:
        """Play an action, and keep the limits."""
        if self.states >= self.max_states:
            raise _StoppedError("state limit")
        if time.perf_counter() > self.deadline:
            raise _StoppedError("time limit")
        self.states += 1
        if self.progress is not None:
            self.progress(self.states)
        return at.after(action)

    def payoff(self, state: GameState) -> Any:
        """Return what player 0 gets at an end; check that it fits what is claimed of payoffs."""
        payoffs = check_payoffs(state.returns(), None, "a terminal state")
        if len(payoffs) != 2:
            raise UnsupportedGame(
                f"the game has {len(payoffs)} players", valid="two players for alpha-beta search"
            )
        first, total = payoffs[0], payoffs[0] + payoffs[1]
        if self.payoff_sum is None:
            self.payoff_sum = total
        elif total != self.payoff_sum and not _same(total, self.payoff_sum, payoffs):
            raise UnsupportedGame(
                f"the payoffs add up to {self.payoff_sum} at one end and to {total} at another",
                valid="payoffs with a constant sum",
                hint="players whose interests are not opposed have no value; extract the whole "
                "game and look for its equilibria",
            )
        low, high, _ = self.unknown
        if not low <= first <= high:
            raise InvalidGame(
                f"player 0 gets {first} at an end",
                where="payoff_range",
                valid=f"payoffs from {low} to {high}, as was claimed",
            )
        return first

    def principal_variation(self, root: KeyedState) -> tuple[Any, ...]:
        """Follow best actions to an end."""
        line: list[Any] = []
        at = root
        while not at.state.is_terminal():
            self.value(at)
            action = self.bounds.get(at.key, self.unknown)[2]
            if action is None:  # the range of payoffs is one number
                action = self.actions(at)[0]
            line.append(action)
            at = self.step(at, action)
        return tuple(line)

    def verify(self, root: KeyedState) -> None:
        """Hold the strategies in the table against the game, both players' bounds of the value."""
        value = self.bounds[root.key][0]
        for player in (0, 1):
            if value == self.unknown[player]:
                continue  # as good as a range of payoffs that the caller vouches for
            why_not = refute_guarantee(
                root,
                player,
                lambda key: self.bounds.get(key, self.unknown)[2],
                value,
                every=self._keep_time,
            )
            if why_not:
                raise InvalidGame(
                    f"the strategies that were found do not guarantee the value: {why_not}",
                    where="the certificate of the search",
                    valid="states whose apply() depends on the state and the action alone",
                    hint="if they are, please report this",
                )

    def _keep_time(self) -> None:
        if time.perf_counter() > self.deadline:
            raise _StoppedError("time limit")

    def root_actions(self, root: KeyedState) -> tuple[ActionValue, ...]:
        """Say what is known of the actions at the position."""
        found = []
        for action in root.state.legal_actions():
            child = root.after(action)
            if child.state.is_terminal():
                lower = upper = self.payoff(child.state)
            else:
                lower, upper, _ = self.bounds.get(child.key, self.unknown)
            found.append(ActionValue(action, lower, upper))
        return tuple(found)

    def root_bounds(self, root: KeyedState, actions: tuple[ActionValue, ...]) -> tuple[Any, Any]:
        """Bound the position's value by its own search and by its actions."""
        lower, upper, _ = self.bounds.get(root.key, self.unknown)
        best = max if root.state.current_player == 0 else min
        lower = max(lower, best(action.lower for action in actions))
        upper = min(upper, best(action.upper for action in actions))
        return lower, upper


def _same(one: Any, other: Any, payoffs: tuple[Any, ...]) -> bool:
    """Whether two sums are the same up to the rounding of floats."""
    if all(isinstance(number, int | Fraction) for number in (one, other)):
        return False
    scale = max(1.0, *(abs(float(payoff)) for payoff in payoffs))
    return abs(float(one) - float(other)) <= _ROUNDING * scale


def _unsupported(state: GameState, player: int) -> UnsupportedGame:
    what = {
        CHANCE: "the game has chance",
        SIMULTANEOUS: "the players act at the same time",
    }.get(player, f"player {player} acts")
    return UnsupportedGame(
        what,
        where=f"a state of {type(state).__name__}",
        valid="two players who act in turn, without chance",
        hint="solve the whole game if it is small enough: ExtensiveFormGame.from_state()",
    )
