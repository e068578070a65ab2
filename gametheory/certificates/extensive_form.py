"""Certificates for behavior profiles, on the tree itself; in rational arithmetic where it pays.

Nothing here is shared with the sequence form that solvers and regrets use.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.certificates.rounded_trees import bounded_regrets
from gametheory.errors import UnsupportedGame
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.solution import Certificate

__all__ = ["certify_minimax", "certify_nash", "certify_subgame_perfect"]


_EXACT_HISTORIES = 20_000


def certify_nash(
    game: ExtensiveFormGame, profile: BehaviorProfile, concept: str = "nash"
) -> Certificate:
    """Prove by how much the best deviation of any player pays.

    Exactly, where the profile is pure or was given in ints and Fractions, and in games of up to
    20,000 histories; above that the regrets are bounds in floats that count every rounding.

    Cost: a few passes over the tree; with rational numbers about 5 microseconds a history and more
    as these grow, in floats less than one.
    """
    profile.check_fits(game)
    if not (game.n_nodes <= _EXACT_HISTORIES or profile.is_pure() or profile.is_given_exactly):
        bounds = bounded_regrets(game, profile)
        return replace(
            _certificate(game, profile, concept, bounds.payoffs, bounds.regrets),
            arithmetic="float with error bound",
        )
    odds = _edge_probabilities(game, profile)
    payoffs = [Fraction(value) for value in _values(game, profile, odds)[:, 0]]
    regrets = tuple(
        _best_payoff(game, odds, player) - payoffs[player] for player in range(game.n_players)
    )
    return _certificate(game, profile, concept, payoffs, regrets)


def certify_minimax(game: ExtensiveFormGame, profile: BehaviorProfile) -> Certificate:
    """Prove how far each player's guarantee may be from the value of a constant-sum game.

    With payoff u and regrets r, player 0 is held to at most u + r_0 and guarantees itself at
    least u - r_1, so the value lies between, and epsilon is r_0 + r_1.
    """
    if game.n_players != 2 or not game.is_constant_sum():
        raise UnsupportedGame(
            "minimax strategies are certified for two-player constant-sum games",
            where=repr(game),
            hint="ask for the concept 'nash'",
        )
    nash = certify_nash(game, profile)
    width = sum(nash.regrets, Fraction(0))
    return replace(nash, concept="minimax", epsilon=width, regrets=(width, width))


def certify_subgame_perfect(game: ExtensiveFormGame, profile: BehaviorProfile) -> Certificate:
    """Prove by the one-shot deviation principle that the profile is subgame perfect, exactly.

    Epsilon is the most that any player can gain by another action at one decision node, reached
    or not, everything below left as it is. Zero means subgame perfect in a finite game (Osborne
    and Rubinstein, 1994, Lemma 98.2). For games with perfect information.
    """
    profile.check_fits(game)
    if not game.has_perfect_information():
        raise UnsupportedGame(
            "subgame perfection is certified for games with perfect information",
            where=repr(game),
            hint="ask for the concept 'nash'",
        )
    values = _values(game, profile)
    regrets = []
    for player in range(game.n_players):
        child = np.flatnonzero(game.node_player[game.parent] == player)
        child = child[child > 0]
        after, before = values[player, child], values[player, game.parent[child]]
        better = np.flatnonzero(after > before)  # few or none: only these need subtracting
        gains = (Fraction(after[i]) - Fraction(before[i]) for i in better.tolist())
        regrets.append(max(gains, default=Fraction(0)))
    return _certificate(game, profile, "subgame-perfect", values[:, 0], tuple(regrets))


def _certificate(
    game: ExtensiveFormGame,
    profile: BehaviorProfile,
    concept: str,
    payoffs: Any,
    regrets: tuple[Fraction, ...],
) -> Certificate:
    return Certificate(
        concept=concept,
        epsilon=max(regrets, default=Fraction(0)),
        payoffs=tuple(Fraction(payoff) for payoff in payoffs),
        regrets=regrets,
        arithmetic="rational",
        game_digest=game.digest,
        profile=profile,
    )


def _edge_probabilities(game: ExtensiveFormGame, profile: BehaviorProfile) -> NDArray[Any]:
    """Probability of the edge into each node as a Fraction; 1 for the root."""
    odds = np.full(game.n_nodes, Fraction(1), dtype=object)
    odds[game.chance_children] = game.exact_chance
    chosen = np.flatnonzero(game.node_infoset[game.parent] >= 0)
    chosen = chosen[chosen > 0]
    rank = chosen - game.first_child[game.parent[chosen]]
    odds[chosen] = profile.exact[game.action_offsets[game.node_infoset[game.parent[chosen]]] + rank]
    return odds


def _inner_levels(game: ExtensiveFormGame) -> Iterator[NDArray[np.int64]]:
    """Yield the nodes with children, level by level, bottom up."""
    offsets = game.level_offsets.tolist()
    for low, high in zip(offsets[-2::-1], offsets[:0:-1], strict=True):
        nodes = np.arange(low, high)
        nodes = nodes[game.n_children[nodes] > 0]
        if nodes.size:
            yield nodes


def _values(
    game: ExtensiveFormGame, profile: BehaviorProfile, odds: NDArray[Any] | None = None
) -> NDArray[Any]:
    """Compute every node's expected payoffs under the profile, exactly.

    Shape (n_players, n_nodes); Fractions, or floats that are the payoffs as given.
    """
    if not game.chance_children.size and profile.is_pure():
        return _pure_values(game, profile)
    if odds is None:
        odds = _edge_probabilities(game, profile)
    values = np.full((game.n_players, game.n_nodes), Fraction(0), dtype=object)
    values[:, game.terminals] = game.exact_payoffs
    for nodes in _inner_levels(game):
        low, high = game.first_child[nodes[0]], game.first_child[nodes[-1]]
        children = np.arange(low, high + game.n_children[nodes[-1]])
        starts = game.first_child[nodes] - low
        weighted = values[:, children] * odds[children]
        values[:, nodes] = np.add.reduceat(weighted, starts, axis=1)
    return values


def _pure_values(game: ExtensiveFormGame, profile: BehaviorProfile) -> NDArray[Any]:
    """Payoffs at the end of each node's path: no arithmetic, so every number stays exact."""
    chosen = np.flatnonzero(profile.probabilities == 1.0)  # one action for each information set
    rank = chosen - game.action_offsets[:-1]
    end = np.arange(game.n_nodes)
    for nodes in _inner_levels(game):
        end[nodes] = end[game.first_child[nodes] + rank[game.node_infoset[nodes]]]
    payoffs = game.terminal_payoffs if game.payoffs_are_exact else game.exact_payoffs
    return payoffs[:, np.searchsorted(game.terminals, end)]


def _best_payoff(game: ExtensiveFormGame, odds: NDArray[Any], player: int) -> Fraction:
    """Compute what a player earns by its best deviation, from its last information sets up.

    ``earned[key]`` collects, weighted by the others' and chance's probabilities, what comes
    after an own action (information set, rank) before the next own information set.
    """
    reach = odds.copy()
    reach[game.node_player[game.parent] == player] = Fraction(1)
    reach[0] = Fraction(1)
    last = np.full(game.n_nodes, -1)  # flat index of the last own action, -1 for none
    rank = np.arange(game.n_nodes) - game.first_child[game.parent]
    for low, high in zip(game.level_offsets[1:-1], game.level_offsets[2:], strict=True):
        parent = game.parent[low:high]
        reach[low:high] = reach[low:high] * reach[parent]
        own = game.node_player[parent] == player
        flat = game.action_offsets[game.node_infoset[parent]] + rank[low:high]
        last[low:high] = np.where(own, flat, last[parent])
    earned = np.full(int(game.action_offsets[-1]) + 1, Fraction(0), dtype=object)
    worth = reach[game.terminals] * game.exact_payoffs[player]
    np.add.at(earned, last[game.terminals], worth)
    for infoset in np.flatnonzero(game.infoset_player == player)[::-1].tolist():
        low, high = game.action_offsets[infoset : infoset + 2]
        above = last[game.infoset_first_node[infoset]]
        earned[above] += earned[low:high].max()
    return Fraction(earned[-1])
