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
    """Prove by how much a profile fails to be an equilibrium of every subgame, exactly.

    Epsilon is the largest regret of any player in any subgame, reached or not: the most that
    another behavior from there on can gain, everybody else's left as it is. With perfect
    information it is the most that another action at a single decision node can gain, which is 0
    in the same cases: the one-shot deviation principle (Osborne and Rubinstein, 1994, Lemma 98.2).

    Cost: a few passes over the tree in rational numbers, some 10 microseconds a history and player.
    """
    profile.check_fits(game)
    values = _values(game, profile)
    if game.has_perfect_information():
        regrets = _one_shot_gains(game, values)
    else:
        odds = _edge_probabilities(game, profile)
        roots = _subgame_roots(game)
        regrets = tuple(
            max(
                best - Fraction(values[player, root])
                for root, best in _best_in_subgames(game, odds, roots, player).items()
            )
            for player in range(game.n_players)
        )
    return _certificate(game, profile, "subgame-perfect", values[:, 0], regrets)


def _one_shot_gains(game: ExtensiveFormGame, values: NDArray[Any]) -> tuple[Fraction, ...]:
    """Compute each player's largest gain by another action at one decision node."""
    regrets = []
    for player in range(game.n_players):
        child = np.flatnonzero(game.node_player[game.parent] == player)
        child = child[child > 0]
        after, before = values[player, child], values[player, game.parent[child]]
        better = np.flatnonzero(after > before)  # few or none: only these need subtracting
        gains = (Fraction(after[i]) - Fraction(before[i]) for i in better.tolist())
        regrets.append(max(gains, default=Fraction(0)))
    return tuple(regrets)


def _subgame_roots(game: ExtensiveFormGame) -> NDArray[np.bool_]:
    """Tell the nodes below which no information set lies only in part; not terminal ones.

    Terminal histories are numbered from left to right, so that each node covers a range of them.
    Under perfect recall a subtree holds an information set if its range covers those of all the
    set's histories.
    """
    width = np.ones(game.n_nodes, np.int64)  # terminal histories below
    for nodes in _inner_levels(game):
        first = game.first_child[nodes]
        below = width[first[0] : first[-1] + game.n_children[nodes[-1]]]
        width[nodes] = np.add.reduceat(below, first - first[0])
    left = np.zeros(game.n_nodes, np.int64)
    for nodes in reversed(list(_inner_levels(game))):
        low, high = game.first_child[nodes[0]], game.first_child[nodes[-1]]
        children = np.arange(low, high + game.n_children[nodes[-1]])
        ends = np.cumsum(width[children])
        begun = ends - width[children]
        above = game.parent[children]
        left[children] = left[above] + begun - begun[game.first_child[above] - low]
    right = left + width
    decisions = np.flatnonzero(game.node_infoset >= 0)
    decisions = decisions[np.argsort(game.node_infoset[decisions], kind="stable")]
    starts = np.flatnonzero(np.diff(game.node_infoset[decisions], prepend=-1))
    covered_left, covered_right = left.copy(), right.copy()
    if decisions.size:
        sizes = np.diff(np.append(starts, decisions.size))
        covered_left[decisions] = np.repeat(np.minimum.reduceat(left[decisions], starts), sizes)
        covered_right[decisions] = np.repeat(np.maximum.reduceat(right[decisions], starts), sizes)
    for low, high in zip(game.level_offsets[-2:0:-1], game.level_offsets[:1:-1], strict=True):
        above = game.parent[low:high]
        np.minimum.at(covered_left, above, covered_left[low:high])
        np.maximum.at(covered_right, above, covered_right[low:high])
    inner = game.n_children > 0
    roots: NDArray[np.bool_] = inner & (covered_left >= left) & (covered_right <= right)
    return roots


def _best_in_subgames(
    game: ExtensiveFormGame, odds: NDArray[Any], roots: NDArray[np.bool_], player: int
) -> dict[int, Fraction]:
    """Compute what a player earns by its best behavior in each subgame, the last ones first.

    As :func:`_best_payoff`, but probabilities and own actions count from where the innermost
    subgame begins, and what that brings is earned there in the subgame around it.
    """
    n_actions = int(game.action_offsets[-1])
    reach = odds.copy()
    own_child = game.node_player[game.parent] == player
    reach[own_child] = Fraction(1)
    reach[0] = Fraction(1)
    place = {root: n_actions + i for i, root in enumerate(np.flatnonzero(roots).tolist())}
    numbers = np.zeros(game.n_nodes, np.int64)
    numbers[roots] = n_actions + np.arange(len(place))
    since = numbers.copy()  # the last own action or subgame begun; of a root: its own number
    outside = numbers.copy()  # the same for what a root brings to the subgame around it
    rank = np.arange(game.n_nodes) - game.first_child[game.parent]
    for low, high in zip(game.level_offsets[1:-1], game.level_offsets[2:], strict=True):
        parent = game.parent[low:high]
        before = reach[parent]
        before[roots[parent]] = Fraction(1)
        reach[low:high] = reach[low:high] * before
        flat = game.action_offsets[game.node_infoset[parent]] + rank[low:high]
        outside[low:high] = np.where(own_child[low:high], flat, since[parent])
        since[low:high] = np.where(roots[low:high], numbers[low:high], outside[low:high])
    earned = np.full(n_actions + len(place), Fraction(0), dtype=object)
    worth = reach[game.terminals] * game.exact_payoffs[player]
    np.add.at(earned, since[game.terminals], worth)
    own = np.flatnonzero(game.infoset_player == player)
    first = game.infoset_first_node[own]
    # At one node the choice comes before what the subgame there brings further up.
    events = sorted(
        [(-node, 0, infoset) for node, infoset in zip(first.tolist(), own.tolist(), strict=True)]
        + [(-root, 1, root) for root in place]
    )
    best: dict[int, Fraction] = {}
    for _, is_root, which in events:
        if is_root:
            best[which] = Fraction(earned[place[which]])
            if which:
                earned[outside[which]] += reach[which] * best[which]
        else:
            low, high = game.action_offsets[which : which + 2]
            earned[since[game.infoset_first_node[which]]] += earned[low:high].max()
    return best


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
