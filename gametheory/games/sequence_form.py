"""The sequence form of an extensive-form game (von Stengel 1996; Koller, Megiddo, von Stengel).

A sequence is what one player has done so far: its information set and action last passed.
Expected payoffs are linear in each player's realization plan over its sequences, so regrets and
best responses cost one pass over the terminal histories and one over the player's own tree of
information sets (its treeplex).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gametheory.games.frozen import FrozenArrays, freeze
from gametheory.games.own_choices import chain_depths, last_choices, last_sequences, ranges

if TYPE_CHECKING:
    from gametheory.games.extensive_form import ExtensiveFormGame

__all__ = ["SequenceForm", "Treeplex", "chance_reach", "derive"]

Floats = NDArray[np.float64]
Ints = NDArray[Any]

CHANCE = -1  # as in extensive_form, which is built on this module


@dataclass(frozen=True, eq=False)
class TreeplexLevel(FrozenArrays):
    """The information sets of one player with the same number of own ones above them.

    Attributes
    ----------
    infosets : ndarray of int, shape (n,)
        Positions among the player's own information sets.
    sequences : ndarray of int
        Their sequences, one information set behind the other.
    starts : ndarray of int, shape (n,)
        Where each information set begins in ``sequences``.
    owner : ndarray of int
        For each of ``sequences`` the position of its information set in ``infosets``.
    parents : ndarray of int, shape (n,)
        The sequence that leads to each information set.
    """

    infosets: Ints
    sequences: Ints
    starts: Ints
    owner: Ints
    parents: Ints

    def __post_init__(self) -> None:
        freeze(self.__dict__)


@dataclass(frozen=True, eq=False)
class Treeplex(FrozenArrays):
    """One player's sequences: 0 is the empty one, then the actions of its information sets.

    Attributes
    ----------
    n_sequences : int
    flat : slice
        Where the player's actions lie in a behavior profile's flat vector.
    parent_sequence : ndarray of int, shape (n_infosets,)
    levels : tuple of TreeplexLevel
        Top down.
    """

    n_sequences: int
    flat: slice
    parent_sequence: Ints
    levels: tuple[TreeplexLevel, ...]

    def __post_init__(self) -> None:
        freeze(self.__dict__)

    def realization_plan(self, behavior: Floats) -> Floats:
        """Probability that the player's own choices allow each sequence, shape (n_sequences,).

        ``behavior`` is the flat vector of all players' action probabilities.
        """
        plan = np.concatenate([[1.0], behavior[self.flat]])
        for level in self.levels:
            plan[level.sequences] *= plan[level.parents][level.owner]
        return plan

    def best_response(self, gains: Floats) -> tuple[float, Floats]:
        """Maximize a linear function over the treeplex.

        Parameters
        ----------
        gains : ndarray, shape (n_sequences,)
            What each sequence earns by itself.

        Returns
        -------
        value : float
        behavior : ndarray, shape (n_sequences - 1,)
            A maximizing pure behavior, the first best action at ties, at unreached
            information sets too.
        """
        totals = gains.astype(np.float64)
        behavior = np.zeros(self.n_sequences)
        for level in reversed(self.levels):
            offered = totals[level.sequences]
            best = np.maximum.reduceat(offered, level.starts)
            ties = np.flatnonzero(offered == best[level.owner])
            _, first = np.unique(level.owner[ties], return_index=True)
            behavior[level.sequences[ties[first]]] = 1.0
            np.add.at(totals, level.parents, best)
        return float(totals[0]), behavior[1:]


@dataclass(frozen=True, eq=False)
class SequenceForm(FrozenArrays):
    """Treeplexes and payoffs of a game.

    Attributes
    ----------
    treeplexes : tuple of Treeplex
        One a player.
    terminal_sequences : ndarray of int, shape (n_players, n_terminals)
        Each player's last sequence at each terminal history.
    terminal_chance : ndarray, shape (n_terminals,)
        Chance's reach probability of each terminal history.
    terminal_payoffs : ndarray, shape (n_players, n_terminals)
    """

    treeplexes: tuple[Treeplex, ...]
    terminal_sequences: Ints
    terminal_chance: Floats
    terminal_payoffs: Floats

    def __post_init__(self) -> None:
        freeze(self.__dict__)

    def reach(self, behavior: Floats, *, without: int | None = None) -> Floats:
        """Reach probability of each terminal history, one player's part left out if asked."""
        reach = self.terminal_chance.copy()
        for player, treeplex in enumerate(self.treeplexes):
            if player != without:
                plan = treeplex.realization_plan(behavior)
                reach *= plan[self.terminal_sequences[player]]
        return reach

    def expected_payoffs(self, behavior: Floats) -> Floats:
        """Compute the expected payoffs, shape (n_players,)."""
        payoffs: Floats = self.terminal_payoffs @ self.reach(behavior)
        return payoffs

    def gains(self, behavior: Floats, player: int) -> Floats:
        """Sum up what each of a player's sequences earns, shape (n_sequences,)."""
        weights = self.reach(behavior, without=player) * self.terminal_payoffs[player]
        gains: Floats = np.bincount(
            self.terminal_sequences[player],
            weights=weights,
            minlength=self.treeplexes[player].n_sequences,
        ).astype(np.float64, copy=False)
        return gains


def derive(game: ExtensiveFormGame) -> SequenceForm:
    """Derive the sequence form from the tree's arrays. Cost: linear in the tree."""
    offsets = np.concatenate([[0], np.cumsum(game.n_infosets)])
    mover = game.node_player[game.parent]
    ends = [last_choices(game.parent, mover, p)[game.terminals] for p in range(game.n_players)]
    first_sequence = np.empty(game.infoset_player.size, np.int64)
    for low, high in pairwise(offsets.tolist()):
        first_sequence[low:high] = 1 + game.action_offsets[low:high] - game.action_offsets[low]
    treeplexes = tuple(
        _treeplex(game, mover, player, int(offsets[player]), first_sequence)
        for player in range(game.n_players)
    )
    sequences = [
        last_sequences(end, game.parent, game.first_child, game.node_infoset, first_sequence)
        for end in ends
    ]
    size = game.parent.dtype
    return SequenceForm(
        treeplexes,
        np.array([row.astype(size) for row in sequences]),
        chance_reach(game, game.terminals),
        game.terminal_payoffs,
    )


def chance_reach(
    game: ExtensiveFormGame, nodes: Ints, probabilities: NDArray[Any] | None = None
) -> NDArray[Any]:
    """Compute chance's reach probability of some nodes.

    Parameters
    ----------
    game : ExtensiveFormGame
    nodes : ndarray of int, shape (k,)
    probabilities : ndarray, shape (n_chance_children,), optional
        ``game.exact_chance`` for Fractions; floats if left out.

    Returns
    -------
    ndarray, shape (k,)
    """
    children = game.chance_children
    odds = game.chance_probabilities if probabilities is None else probabilities
    reach = np.ones(1 + children.size, odds.dtype)  # of the root, then of chance's children
    latest = last_choices(game.parent, game.node_player[game.parent], CHANCE)
    before = np.searchsorted(children, latest[game.parent[children]], side="right")
    bounds = np.unique(np.searchsorted(children, game.level_offsets))
    for low, high in pairwise(bounds.tolist()):  # level by level: what is above is done
        reach[1 + low : 1 + high] = odds[low:high] * reach[before[low:high]]
    return reach[np.searchsorted(children, latest[nodes], side="right")]


def _treeplex(
    game: ExtensiveFormGame, mover: Ints, player: int, offset: int, first_sequence: Ints
) -> Treeplex:
    mine = np.arange(offset, offset + game.n_infosets[player])
    first_action = int(game.action_offsets[offset])
    n_sequences = game.n_sequences[player]
    choices = last_choices(game.parent, mover, player)[game.infoset_first_node[mine]]
    parents = last_sequences(
        choices, game.parent, game.first_child, game.node_infoset, first_sequence
    )
    n_actions = game.infoset_n_actions[mine]
    starts = 1 + game.action_offsets[mine] - first_action
    owner = np.repeat(np.arange(mine.size), n_actions)  # of sequence s + 1
    above = np.append(-1, owner)[parents] if mine.size else parents
    depth = chain_depths(above)
    by_depth = np.split(
        np.argsort(depth, kind="stable"), np.cumsum(np.bincount(depth, minlength=1))[:-1]
    )
    levels = []
    for infosets in by_depth:
        counts = n_actions[infosets]
        begin = np.cumsum(counts) - counts
        sequences = ranges(starts[infosets], counts)
        who = np.repeat(np.arange(infosets.size), counts)
        levels.append(TreeplexLevel(infosets, sequences, begin, who, parents[infosets]))
    return Treeplex(
        n_sequences,
        slice(first_action, first_action + n_sequences - 1),
        parents,
        tuple(levels) if mine.size else (),
    )
