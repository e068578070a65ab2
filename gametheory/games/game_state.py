"""The protocol through which a simulator becomes a game, and the search through its states."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from fractions import Fraction
from typing import Any, Protocol, runtime_checkable

from gametheory.errors import InvalidGame, UnsupportedGame
from gametheory.games.extensive_form import CHANCE
from gametheory.games.graph_builder import GraphBuilder, check_payoffs, check_probabilities
from gametheory.games.state_graph import StateGraph

__all__ = ["SIMULTANEOUS", "GameState", "MergeableState", "explore"]

SIMULTANEOUS = -3


class GameState(Protocol):
    """A position of a game that can be copied and played on.

    Actions may be anything hashable; their ``str`` becomes their label. A class needs no
    base class, only these members.
    """

    @property
    def current_player(self) -> int:
        """The player to act (0-based), CHANCE (-1) or SIMULTANEOUS (-3)."""

    def legal_actions(self, player: int | None = None) -> Sequence[Hashable]:
        """Actions of the player to act; of ``player`` at a simultaneous state."""

    def apply(self, action: Any) -> None:
        """Play an action (or a chance outcome); at a simultaneous state one for each player.

        Players without legal actions get None.
        """

    def clone(self) -> GameState:
        """Copy the state."""

    def chance_outcomes(self) -> Iterable[tuple[Hashable, Fraction | float]]:
        """Outcomes of a chance state with their probabilities."""

    def information_state(self, player: int) -> Hashable:
        """All that the player knows here, its own past included (perfect recall)."""

    def is_terminal(self) -> bool:
        """Whether the game is over."""

    def returns(self) -> Sequence[Any]:
        """Payoffs of a terminal state, one for each player.

        At a simultaneous state only their number is looked at.
        """


@runtime_checkable
class MergeableState(Protocol):
    """A state that can tell when it is the same as another one.

    Histories that lead to equal keys are searched once. ``information_state`` then means only
    what the player is shown now: an information set is the player's own sequence of these
    and its actions.
    """

    def state_key(self) -> Hashable:
        """Everything the game's future and payoffs depend on."""


class _Search:
    """Breadth-first search through the states of a game."""

    def __init__(self, root: GameState, max_states: int, progress: Callable[[int], None] | None):
        self.builder = GraphBuilder()
        self.merge = isinstance(root, MergeableState)
        self.n_states = 0  # distinct states of the simulator; the stages of a joint move are extra
        self.max_states = max_states
        self.progress = progress
        self._numbers: dict[Hashable, int] = {}
        self._queue: deque[tuple[int, GameState]] = deque()
        self._number_of(root)
        self._n_players: int | None = None

    def run(self) -> None:
        while self._queue:
            number, state = self._queue.popleft()
            self._expand(number, state)

    def _number_of(self, state: GameState) -> int:
        if self.merge:
            key = state.state_key()  # type: ignore[attr-defined]
            if key in self._numbers:
                return self._numbers[key]
            self._numbers[key] = len(self.builder)
        self.n_states += 1
        if self.n_states > self.max_states:
            raise UnsupportedGame(
                f"the game has more than {self.max_states:,} states",
                hint="shorten the game, or raise the limit if time and memory allow",
            )
        if self.progress:
            self.progress(self.n_states)
        number = self.builder.reserve()
        self._queue.append((number, state))
        return number

    def _after(self, state: GameState, action: Any) -> int:
        follower = state.clone()
        follower.apply(action)
        return self._number_of(follower)

    def _expand(self, number: int, state: GameState) -> None:
        if state.is_terminal():
            payoffs = check_payoffs(state.returns(), self._n_players, f"terminal state {number}")
            self._n_players = len(payoffs)
            self.builder.terminal(number, payoffs)
        elif state.current_player == CHANCE:
            self._expand_chance(number, state)
        elif state.current_player == SIMULTANEOUS:
            self._expand_joint(number, state)
        else:
            player = state.current_player
            self.builder.decision(number, player, state.information_state(player))
            actions = state.legal_actions()
            self._check_actions(actions, number, player)
            for action in actions:
                self.builder.edge(number, str(action), self._after(state, action))

    def _check_actions(self, actions: Sequence[Hashable], number: int, player: int) -> None:
        if not actions or player < 0:
            raise InvalidGame(
                f"player {player} has to act and has the legal actions {list(actions)}",
                where=f"state {number}",
                valid="a player from 0 with at least one action",
                hint="is_terminal() must be true where nobody can act",
            )

    def _expand_chance(self, number: int, state: GameState) -> None:
        outcomes = [(outcome, p) for outcome, p in state.chance_outcomes() if p != 0]
        check_probabilities([p for _, p in outcomes], f"chance state {number}")
        self.builder.chance(number)
        for outcome, probability in outcomes:
            self.builder.edge(number, str(outcome), self._after(state, outcome), probability)

    def _expand_joint(self, number: int, state: GameState) -> None:
        """Let the players act one after the other, none shown the others' actions."""
        choices: list[tuple[int, Sequence[Hashable]]] = []
        n_players = len(state.returns())
        for player in range(n_players):
            actions = state.legal_actions(player)
            if actions:
                choices.append((player, actions))
        if not choices:
            self._check_actions((), number, SIMULTANEOUS)
        stage: dict[tuple[Hashable, ...], int] = {(): number}
        for position, (player, actions) in enumerate(choices):
            seen = state.information_state(player)
            following: dict[tuple[Hashable, ...], int] = {}
            for earlier, at in stage.items():
                self.builder.decision(at, player, seen)
                for action in actions:
                    joint = (*earlier, action)
                    if position + 1 < len(choices):
                        following[joint] = self.builder.reserve()
                        target = following[joint]
                    else:
                        by_player = dict(zip((p for p, _ in choices), joint, strict=True))
                        full = tuple(by_player.get(p) for p in range(n_players))
                        target = self._after(state, full)
                    self.builder.edge(at, str(action), target)
            stage = following


def explore(
    state: GameState,
    *,
    players: Sequence[str] | None = None,
    title: str = "",
    max_states: int = 5_000_000,
    progress: Callable[[int], None] | None = None,
) -> StateGraph:
    """Search through all states of a game, each distinct one once.

    Parameters
    ----------
    state : GameState
        The start. States with a ``state_key`` (:class:`MergeableState`) are merged.
    players : sequence of str, optional
    title : str
    max_states : int
    progress : callable, optional
        Called with the number of states met so far.

    Raises
    ------
    InvalidGame
        If the states break the protocol (no action, bad probabilities or payoffs).
    UnsupportedGame
        If there are more than ``max_states`` states.
    """
    search = _Search(state.clone(), max_states, progress)
    search.run()
    if search._n_players is None:
        raise InvalidGame("no history of the game ends", hint="let is_terminal() become true")
    n_players = search._n_players
    names = tuple(players) if players is not None else _default_names(n_players)
    if len(names) != n_players:
        raise InvalidGame(
            f"{len(names)} player names for {n_players} players", where=f"players={list(names)}"
        )
    return search.builder.build(names, title, refine=search.merge)


def _default_names(n_players: int) -> tuple[str, ...]:
    return tuple(f"player {player}" for player in range(n_players))
