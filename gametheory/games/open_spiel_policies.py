"""OpenSpiel's policies as profiles of this library, and profiles as OpenSpiel's policies."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

from gametheory.errors import InvalidProfile
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import CHANCE, ExtensiveFormGame
from gametheory.games.game_state import SIMULTANEOUS
from gametheory.games.open_spiel import OpenSpielState, start_of

__all__ = ["profile_from_open_spiel", "profile_to_open_spiel"]


def profile_from_open_spiel(policy: Any, game: ExtensiveFormGame, source: Any) -> BehaviorProfile:
    """Ask a policy of OpenSpiel what it does at each information set.

    Parameters
    ----------
    policy : open_spiel.python.policy.Policy or pyspiel.Policy
        It plays all players.
    game : ExtensiveFormGame
        The tree that :func:`~gametheory.games.open_spiel.from_open_spiel` built.
    source : str, pyspiel.Game or pyspiel.State
        What it was built from.

    Returns
    -------
    BehaviorProfile

    Raises
    ------
    InvalidProfile
        The tree was built from something else, or the policy is no distribution somewhere.
    """
    native = hasattr(policy, "get_state_policy")  # OpenSpiel's C++ classes answer to strings too
    probabilities: list[float] = []
    for player, state in _information_sets(game, source):
        if native:
            chosen = policy.action_probabilities(state.information_state(player))
        else:
            chosen = policy.action_probabilities(state.open_spiel_state, player)
        actions = state.legal_actions(player)
        probabilities += [float(chosen.get(action.number, 0.0)) for action in actions]
    return BehaviorProfile(game, probabilities)


def profile_to_open_spiel(profile: BehaviorProfile, game: ExtensiveFormGame, source: Any) -> Any:
    """Write a profile as a policy that OpenSpiel's algorithms take.

    Parameters
    ----------
    profile : BehaviorProfile
    game, source
        As for :func:`profile_from_open_spiel`.

    Returns
    -------
    pyspiel.TabularPolicy

    Raises
    ------
    InvalidProfile
        The profile or the tree belongs to another game.
    """
    profile.check_fits(game)
    table = {}
    for infoset, (player, state) in enumerate(_information_sets(game, source)):
        numbers = [action.number for action in state.legal_actions(player)]
        table[state.information_state(player)] = list(
            zip(numbers, profile[infoset].tolist(), strict=True)
        )
    return importlib.import_module("pyspiel").TabularPolicy(table)


def _information_sets(game: ExtensiveFormGame, source: Any) -> Iterator[tuple[int, OpenSpielState]]:
    """Go to the first history of each information set, in order, with the player to act."""
    start = start_of(source)
    for infoset, node in enumerate(game.infoset_first_node.tolist()):
        player = int(game.infoset_player[infoset])
        state = _at(start, game, node)
        if (
            state is None
            or state.is_terminal()
            or state.information_state(player) != game.infoset_label(infoset)
            or len(state.legal_actions(player)) != game.infoset_n_actions[infoset]
        ):
            raise InvalidProfile(
                "the tree was built from another game of OpenSpiel",
                where=f"information set {game.infoset_label(infoset)!r}",
                hint="give the source that from_open_spiel was given",
            )
        yield player, state


def _at(start: OpenSpielState, game: ExtensiveFormGame, node: int) -> OpenSpielState | None:
    """Play a history again; None if this game has no such history.

    Actions of a simultaneous state are collected until every player has one: the state before
    them is where each of its players acts.
    """
    state = start.clone()
    joint: list[Any] = []
    for rank in _ranks(game, node):
        if state.is_terminal():
            return None
        movers = _movers(state, game.n_players)
        if state.current_player == CHANCE:
            choices = [outcome for outcome, p in state.chance_outcomes() if p != 0]
        else:
            choices = list(state.legal_actions(movers[len(joint)]))
        if rank >= len(choices):
            return None
        joint.append(choices[rank])
        if state.current_player != SIMULTANEOUS:
            state.apply(joint.pop())
        elif len(joint) == len(movers):
            chosen = dict(zip(movers, joint, strict=True))
            state.apply(tuple(chosen.get(player) for player in range(game.n_players)))
            joint = []
    return state


def _movers(state: OpenSpielState, n_players: int) -> list[int]:
    if state.current_player != SIMULTANEOUS:
        return [state.current_player]
    return [player for player in range(n_players) if state.legal_actions(player)]


def _ranks(game: ExtensiveFormGame, node: int) -> list[int]:
    """Return which child is taken at each step from the root to a node."""
    ranks = []
    while node:
        parent = int(game.parent[node])
        ranks.append(node - int(game.first_child[parent]))
        node = parent
    return ranks[::-1]
