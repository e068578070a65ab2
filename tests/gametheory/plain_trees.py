"""Game trees by their definitions, in plain Python and Fractions: the oracle of derived forms."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from itertools import product

import numpy as np
from hypothesis import strategies as st

from gametheory import BehaviorProfile, ExtensiveFormGame


def children(game: ExtensiveFormGame, node: int) -> list[int]:
    low = int(game.first_child[node])
    return list(range(low, low + int(game.n_children[node])))


def below(game: ExtensiveFormGame, node: int) -> list[int]:
    """The node and everything under it."""
    found, waiting = [], [node]
    while waiting:
        here = waiting.pop()
        found.append(here)
        waiting += children(game, here)
    return found


@lru_cache(maxsize=8)
def roots(game: ExtensiveFormGame) -> list[int]:
    """Where subgames begin: no information set lies partly inside."""
    found = []
    for node in range(game.n_nodes):
        inside = set(below(game, node))
        touched = {int(game.node_infoset[n]) for n in inside} - {-1}
        if game.n_children[node] and all(
            set(game.infoset_nodes(i).tolist()) <= inside for i in touched
        ):
            found.append(node)
    return found


def choices_of(game: ExtensiveFormGame, profile: BehaviorProfile) -> dict[int, list[Fraction]]:
    exact, offsets = profile.exact.tolist(), game.action_offsets.tolist()
    return {i: exact[offsets[i] : offsets[i + 1]] for i in range(len(offsets) - 1)}


@lru_cache(maxsize=8)
def terminal_payoffs(game: ExtensiveFormGame) -> dict[int, list[Fraction]]:
    rows = game.exact_payoffs.T.tolist()
    return dict(zip(game.terminals.tolist(), rows, strict=True))


def payoffs(game: ExtensiveFormGame, behavior: dict[int, list[Fraction]], node: int = 0):
    """Expected payoffs from a node on."""
    if not game.n_children[node]:
        return terminal_payoffs(game)[node]
    if game.node_player[node] == -1:
        first = game.chance_children.tolist().index(int(game.first_child[node]))
        odds = game.exact_chance[first : first + int(game.n_children[node])].tolist()
    else:
        odds = behavior[int(game.node_infoset[node])]
    total = [Fraction(0)] * game.n_players
    for weight, child in zip(odds, children(game, node), strict=True):
        if weight:
            part = payoffs(game, behavior, child)
            total = [t + weight * p for t, p in zip(total, part, strict=True)]
    return total


def pure_choices(game: ExtensiveFormGame, infosets: list[int]):
    """All ways to choose one action at each of some information sets."""
    sizes = game.infoset_n_actions[infosets].tolist() if infosets else []
    for actions in product(*map(range, sizes)):
        yield {
            infoset: [Fraction(int(rank == action)) for rank in range(size)]
            for infoset, action, size in zip(infosets, actions, sizes, strict=True)
        }


def largest_regrets(game: ExtensiveFormGame, profile: BehaviorProfile) -> list[Fraction]:
    """Each player's largest regret over all subgames, by trying every pure behavior there."""
    behavior = choices_of(game, profile)
    worst = [Fraction(0)] * game.n_players
    for root in roots(game):
        inside = sorted({int(game.node_infoset[n]) for n in below(game, root)} - {-1})
        now = payoffs(game, behavior, root)
        for player in range(game.n_players):
            mine = [i for i in inside if game.infoset_player[i] == player]
            best = max(
                payoffs(game, behavior | other, root)[player] for other in pure_choices(game, mine)
            )
            worst[player] = max(worst[player], best - now[player])
    return worst


def exact_profile(game: ExtensiveFormGame, seed: int, *, zeros: bool = True) -> BehaviorProfile:
    """A random profile in Fractions, some actions never taken if ``zeros``."""
    rng = np.random.default_rng(seed)
    probabilities: list[Fraction] = []
    for size in game.infoset_n_actions.tolist():
        weights = rng.integers(0 if zeros else 1, 4, size).tolist()
        weights[int(rng.integers(size))] += 1
        probabilities += [Fraction(w, sum(weights)) for w in weights]
    return BehaviorProfile(game, np.array(probabilities, dtype=object))


def irregular_tree(seed: int, *, n_players: int, n_inner: int) -> ExtensiveFormGame:
    """A random tree of any shape; what players know is drawn, but own choices they remember."""
    rng = np.random.default_rng(seed)
    parent, player, infoset, chance = [-1], [-2], [-1], [Fraction(1)]
    last: list[tuple] = [((),) * n_players]  # each player's last own information set and action
    numbers: dict[tuple, int] = {}
    open_nodes = [0]
    for _ in range(n_inner):
        node = open_nodes.pop(int(rng.integers(len(open_nodes))))
        mover = int(rng.integers(-1, n_players)) if rng.random() < 0.9 else -1
        size = int(rng.integers(1, 4)) if rng.random() < 0.3 else 2
        player[node] = mover
        known = last[node][mover] if mover >= 0 else ()
        if mover >= 0:
            key = (mover, known, size, int(rng.integers(2)))
            infoset[node] = numbers.setdefault(key, len(numbers))
        weights = rng.integers(1, 4, size).tolist()
        for action in range(size):
            parent.append(node)
            player.append(-2)
            infoset.append(-1)
            chance.append(Fraction(weights[action], sum(weights)))
            after = list(last[node])
            if mover >= 0:
                after[mover] = (infoset[node], action)
            last.append(tuple(after))
            open_nodes.append(len(parent) - 1)
    worth = rng.integers(-3, 4, (n_players, player.count(-2)))
    return ExtensiveFormGame.from_arrays(parent, player, infoset, worth, chance=chance)


def irregular_trees(*, most_inner: int = 8):
    return st.builds(
        irregular_tree,
        st.integers(0, 2**32),
        n_players=st.integers(1, 3),
        n_inner=st.integers(1, most_inner),
    )
