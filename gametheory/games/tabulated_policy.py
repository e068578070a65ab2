"""A policy, given as any function of what a player knows, as the profile of a game that is held."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from gametheory.errors import InvalidProfile
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.game_state import GameState
from gametheory.games.turns import Turn

__all__ = ["Policy", "ask", "profile_of"]

Policy = Callable[[int, Any, Sequence[Any]], Any]
"""``policy(player, information_state, actions)`` gives a probability for each action: a sequence
in the actions' order, or a mapping from actions to probabilities."""


def profile_of(
    game: ExtensiveFormGame, policy: Policy, *, state: GameState | None = None
) -> BehaviorProfile:
    """Ask a policy what it does at every information set.

    Best responses, NashConv and certificates of the profile are then those of the policy.

    Parameters
    ----------
    game : ExtensiveFormGame
    policy : callable
        ``policy(player, information_state, actions)`` gives the probabilities: as many numbers as
        there are actions, or a mapping with one for each of them. Ints and Fractions stay exact.
    state : GameState, optional
        The start that the game was built from. The policy is then shown what the simulator's own
        ``information_state`` and ``legal_actions`` give (of a mergeable state as
        :attr:`gametheory.games.turns.Turn.information_state` has it). Without it, the labels:
        of information states that are strings these are the same.

    Raises
    ------
    InvalidProfile
        If probabilities are missing, are negative or do not sum to one, or if the game was not
        built from the state.

    Examples
    --------
    >>> import gametheory as gt
    >>> game = gt.catalog.load("kuhn_poker")
    >>> first = profile_of(game, lambda player, known, actions: {a: a == actions[0]
    ...                                                           for a in actions})
    >>> float(gt.nash_conv(game, first))
    2.0
    """
    turns = _labels(game) if state is None else _simulated(game, state)
    rows: list[list[Any]] = [[]] * len(game.information_sets)
    for infoset, player, known, actions in turns:
        where = f"information set {game.infoset_label(infoset)!r}"
        rows[infoset] = ask(policy, player, known, actions, where)
    flat = [probability for row in rows for probability in row]
    probabilities = np.empty(len(flat), dtype=object)
    probabilities[:] = flat
    is_float = all(isinstance(p, float) for p in flat)
    return BehaviorProfile(game, probabilities.astype(np.float64) if is_float else probabilities)


_Asked = Iterator[tuple[int, int, Hashable, Sequence[Any]]]


def _labels(game: ExtensiveFormGame) -> _Asked:
    for infoset, player in enumerate(game.infoset_player.tolist()):
        yield infoset, player, game.infoset_label(infoset), game.infoset_actions(infoset)


def _simulated(game: ExtensiveFormGame, state: GameState) -> _Asked:
    """Go through the simulator along the tree, but only where it leads to what is asked for."""
    wanted = np.zeros(game.n_nodes, np.bool_)
    wanted[game.infoset_first_node] = True
    on_the_way = wanted.copy()
    for low, high in reversed(list(pairwise(game.level_offsets[1:].tolist()))):
        nodes = np.arange(low, high)
        on_the_way[game.parent[nodes[on_the_way[low:high]]]] = True
    waiting = [(0, Turn(state.clone()))] if on_the_way[0] else []
    while waiting:
        node, turn = waiting.pop()
        player, first, k = (
            int(array[node]) for array in (game.node_player, game.first_child, game.n_children)
        )
        if turn.player != player or len(turn.actions) != k:
            raise _foreign(game, node)
        if wanted[node]:
            infoset = int(game.node_infoset[node])
            if game.infoset_actions(infoset) != tuple(str(a) for a in turn.actions):
                raise _foreign(game, node)
            yield infoset, player, turn.information_state, turn.actions
        children = [c for c in range(first, first + k) if on_the_way[c]]
        waiting += [(c, turn.after(c - first, keep=c != children[-1])) for c in children]


def _foreign(game: ExtensiveFormGame, node: int) -> InvalidProfile:
    return InvalidProfile(
        "the game was not built from this state: it goes on in another way",
        where=f"history {' '.join(game.history(node)) or '(the start)'}",
        hint="give the state that ExtensiveFormGame.from_state was given",
    )


def ask(
    policy: Policy, player: int, known: Hashable, actions: Sequence[Any], where: str
) -> list[Any]:
    """Ask a policy for its probabilities, and put them in the actions' order.

    Raises
    ------
    InvalidProfile
        If there is not one number for each action, or a mapping names other actions. Whether
        they are a distribution is not checked.
    """
    given = policy(player, known, actions)
    where = f"what the policy gave at {where}"
    names = [str(action) for action in actions]
    if isinstance(given, Mapping):
        missing = [action for action in actions if action not in given]
        unknown = [action for action in given if action not in actions]
        if missing or unknown:
            what = f"no probability of action {str(missing[0])!r}" if missing else ""
            raise InvalidProfile(
                what or f"a probability of the unknown action {str(unknown[0])!r}",
                where=where,
                valid=f"a probability for each of {names}, 0 included",
            )
        numbers = [given[action] for action in actions]
    else:
        try:
            numbers = list(given)
        except TypeError:
            numbers = []
        if len(numbers) != len(actions):
            raise InvalidProfile(
                f"{given!r}", where=where, valid=f"a probability for each of {names}"
            )
    return [_number(number, where) for number in numbers]


def _number(number: Any, where: str) -> Any:
    plain = number.item() if isinstance(number, np.generic) else number
    if isinstance(plain, bool):
        return int(plain)
    try:
        float(plain)
    except (TypeError, ValueError) as error:
        raise InvalidProfile(
            f"{number!r} is no probability: {error}", where=where, valid="a number from 0 to 1"
        ) from error
    return plain
