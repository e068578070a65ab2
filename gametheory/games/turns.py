"""A simulator's game taken turn by turn: one player acts at a time, whatever the simulator does.

At a simultaneous state the players act in order, none shown the others' actions, as in
:func:`~gametheory.games.game_state.explore`; a state that only shows what is seen now
(:class:`~gametheory.games.game_state.MergeableState`) is given the player's past. So a turn is a
node of the tree that the game would have, and its information state tells its information set.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from gametheory.errors import InvalidGame
from gametheory.games.extensive_form import CHANCE, TERMINAL
from gametheory.games.game_state import SIMULTANEOUS, GameState, MergeableState
from gametheory.games.graph_builder import check_payoffs, check_probabilities

__all__ = ["Turn"]

_TOLERANCE = 1e-9


class Turn:
    """A history of a game.

    Parameters
    ----------
    state : GameState
        A copy that is nobody else's.

    Attributes
    ----------
    player : int
        Who acts: a player, CHANCE or TERMINAL.
    actions : sequence
        What can be done, or happen, as the simulator names it. Chance's impossible outcomes are
        left out.
    odds : tuple of float
        Probabilities of chance's outcomes.

    Raises
    ------
    InvalidGame
        If the state breaks the protocol (no action, bad probabilities).
    """

    __slots__ = ("_after", "_joint", "_pasts", "_state", "_together", "actions", "odds", "player")

    def __init__(self, state: GameState) -> None:
        self._pasts: dict[int, tuple[Hashable, ...]] | None = (
            {} if isinstance(state, MergeableState) else None
        )
        self._begin(state)

    def _begin(self, state: GameState) -> None:
        """Look at a state that nobody has acted at yet."""
        self._state = state
        self._joint: dict[int, Any] = {}  # what was chosen here, at a simultaneous state
        self._after: tuple[int, ...] = ()  # who else is to choose
        self._together = False
        self.odds: tuple[float, ...] = ()
        self.actions: Sequence[Any] = ()
        if state.is_terminal():
            self.player = TERMINAL
            return
        self.player = state.current_player
        if self.player == CHANCE:
            self._look_at_chance(state)
            return
        if self.player == SIMULTANEOUS:
            self._together = True
            players = range(len(state.returns()))
            self._after = tuple(p for p in players if state.legal_actions(p))
            if self._after:
                self._next_of_simultaneous()
        else:
            self.actions = state.legal_actions()
        if self.player < 0 or not self.actions:
            raise InvalidGame(
                f"player {self.player} has to act and has the legal actions {list(self.actions)}",
                where=f"a state of {type(state).__name__}",
                valid="a player from 0 with at least one action",
                hint="is_terminal() must be true where nobody can act",
            )

    def _next_of_simultaneous(self) -> None:
        self.player, *others = self._after
        self._after = tuple(others)
        self.actions = self._state.legal_actions(self.player)

    def _look_at_chance(self, state: GameState) -> None:
        outcomes = [(outcome, p) for outcome, p in state.chance_outcomes() if p]
        self.actions = [outcome for outcome, _ in outcomes]
        try:
            self.odds = tuple(float(p) for _, p in outcomes)
        except (TypeError, ValueError):
            self.odds = ()
        if not self.odds or not (min(self.odds) >= 0 and abs(sum(self.odds) - 1) <= _TOLERANCE):
            check_probabilities([p for _, p in outcomes], f"a state of {type(state).__name__}")

    @property
    def information_state(self) -> Hashable:
        """What the player to act knows.

        Of a mergeable state: what the player was shown and did, in turn, and is shown now.
        """
        seen = self._state.information_state(self.player)
        if self._pasts is None:
            return seen
        return (*self._pasts.get(self.player, ()), seen)

    def payoffs(self, n_players: int | None = None) -> tuple[Any, ...]:
        """Payoffs at the end, one for each of ``n_players``."""
        return check_payoffs(self._state.returns(), n_players, "a terminal state")

    def after(self, position: int, *, keep: bool) -> Turn:
        """Go on with an action, by its position.

        Parameters
        ----------
        position : int
        keep : bool
            False spares a copy; this turn must not be used any more.
        """
        action = self.actions[position]
        state = self._state.clone() if keep else self._state
        turn: Turn = object.__new__(Turn)
        turn._pasts = self._pasts
        if self._pasts is not None and self.player >= 0:
            known = self.information_state
            turn._pasts = {**self._pasts, self.player: (*known, action)}  # type: ignore[misc]
        if self._together:
            turn._joint = {**self._joint, self.player: action}
            if self._after:
                turn._state, turn._after, turn._together = state, self._after, True
                turn.odds = ()
                turn._next_of_simultaneous()
                return turn
            state.apply(tuple(turn._joint.get(p) for p in range(len(state.returns()))))
        else:
            state.apply(action)
        turn._begin(state)
        return turn

    def copy(self) -> Turn:
        """Copy a turn that was just begun."""
        turn: Turn = object.__new__(Turn)
        turn._pasts = self._pasts
        turn._begin(self._state.clone())
        return turn
