"""The proof of a value in a game too large for a tree: what a strategy guarantees.

A strategy of one player that names an action wherever it can come to, whatever the other player
does, guarantees the least payoff it meets. Two such strategies, one for each player, whose
guarantees meet prove the value (von Neumann, 1928). Nothing here knows how they were found.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from gametheory.games.game_state import GameState, MergeableState

__all__ = ["KeyedState", "refute_guarantee"]


@dataclass(frozen=True, slots=True)
class KeyedState:
    """A state with what it is known by: its own key, or the actions that led to it.

    Attributes
    ----------
    state : GameState
        Nobody else's; it is never changed.
    key : hashable
    merges : bool
        Whether the keys are the states' own.
    """

    state: GameState
    key: Hashable
    merges: bool

    @classmethod
    def start(cls, state: GameState) -> KeyedState:
        """Begin at a position."""
        if isinstance(state, MergeableState):
            return cls(state, state.state_key(), True)
        return cls(state, (), False)

    def after(self, action: Any) -> KeyedState:
        """Play an action on a copy."""
        state = self.state.clone()
        state.apply(action)
        if self.merges:
            return KeyedState(state, state.state_key(), True)  # type: ignore[attr-defined]
        return KeyedState(state, (*self.key, action), False)  # type: ignore[misc]


def refute_guarantee(
    start: KeyedState,
    player: int,
    strategy: Callable[[Hashable], Any],
    bound: Any,
    *,
    every: Callable[[], object] | None = None,
) -> str:
    """Play a strategy against all that the other player can do, and look for a payoff too bad.

    Parameters
    ----------
    start : KeyedState
        A position of a game of two players without chance.
    player : int
        Whose strategy it is: 0 claims that player 0 gets at least ``bound``, 1 that player 0
        gets at most ``bound``.
    strategy : callable
        ``strategy(key)`` is the player's action at a state; None where it has none.
    bound : number
        Payoff of player 0.
    every : callable, optional
        Called at every state, to raise when there is no more time.

    Returns
    -------
    str
        What refutes the claim; "" if nothing does, which proves it.

    Notes
    -----
    The strategy has to be one of this game: it must choose the same wherever the player is shown
    the same.
    """
    todo, seen = [start], {start.key}
    shown: dict[Hashable, Any] = {}
    while todo:
        at = todo.pop()
        state = at.state
        if every is not None:
            every()
        if state.is_terminal():
            payoff = state.returns()[0]
            if payoff < bound if player == 0 else payoff > bound:
                return f"player 0 gets {payoff} at an end, the claim is {bound}"
            continue
        actions = state.legal_actions()
        if state.current_player == player:
            action = strategy(at.key)
            if action not in actions:
                return f"the strategy of player {player} has no legal action at a state it reaches"
            if shown.setdefault(state.information_state(player), action) != action:
                return f"player {player} would have to tell states apart that look alike"
            actions = (action,)
        elif state.current_player != 1 - player:
            return f"player {state.current_player} acts at a state that can be reached"
        for action in actions:
            child = at.after(action)
            if child.key not in seen:
                seen.add(child.key)
                todo.append(child)
    return ""
