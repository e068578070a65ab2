"""The sequence form of an extensive-form game (von Stengel 1996; Koller, Megiddo, von Stengel).

A sequence is what one player has done so far: its information set and action last passed.
Expected payoffs are linear in each player's realization plan over its sequences, so regrets and
best responses cost one pass over the terminal histories and one over the player's own tree of
information sets (its treeplex).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gametheory.games.frozen import FrozenArrays, freeze

if TYPE_CHECKING:
    from gametheory.games.extensive_form import ExtensiveFormGame

__all__ = ["SequenceForm", "Treeplex", "derive"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


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
    """Derive the sequence form, in one pass down the tree. Cost: linear in the tree."""
    offsets = np.concatenate([[0], np.cumsum(game.n_infosets)])
    sequences, reach = _last_sequences(game, offsets)
    treeplexes = tuple(
        _treeplex(game, sequences, player, int(offsets[player])) for player in range(game.n_players)
    )
    return SequenceForm(
        treeplexes, sequences[:, game.terminals], reach[game.terminals], game.terminal_payoffs
    )


def _last_sequences(game: ExtensiveFormGame, offsets: Ints) -> tuple[Ints, Floats]:
    """Each player's last sequence and chance's reach probability at every node."""
    sequences = np.zeros((game.n_players, game.n_nodes), np.int64)
    reach = np.ones(game.n_nodes)
    rank = np.arange(game.n_nodes) - game.first_child[game.parent]
    mover, infoset = game.node_player[game.parent], game.node_infoset[game.parent]
    start = 1 - game.action_offsets[offsets[:-1]]  # flat action -> sequence, by player
    for low, high in zip(game.level_offsets[1:-1], game.level_offsets[2:], strict=True):
        nodes = np.arange(low, high)
        parent = game.parent[low:high]
        sequences[:, low:high] = sequences[:, parent]
        reach[low:high] = reach[parent] * game.chance_probability[low:high]
        own = nodes[mover[low:high] >= 0]
        sequences[mover[own], own] = (
            game.action_offsets[infoset[own]] + rank[own] + start[mover[own]]
        )
    return sequences, reach


def _treeplex(game: ExtensiveFormGame, sequences: Ints, player: int, offset: int) -> Treeplex:
    mine = np.arange(offset, offset + game.n_infosets[player])
    first_action = int(game.action_offsets[offset])
    n_sequences = game.n_sequences[player]
    parents = sequences[player, game.infoset_first_node[mine]]
    n_actions = game.infoset_n_actions[mine]
    starts = 1 + game.action_offsets[mine] - first_action
    owner = np.repeat(np.arange(mine.size), n_actions)  # of sequence s + 1
    depth = np.zeros(mine.size, np.int64)
    frontier = np.flatnonzero(parents > 0)
    while frontier.size:  # each round settles one more level: parents come before children
        above = depth[owner[parents[frontier] - 1]] + 1
        moved = above != depth[frontier]
        depth[frontier] = above
        frontier = frontier[moved]
    levels = []
    for d in range(int(depth.max(initial=-1)) + 1):
        infosets = np.flatnonzero(depth == d)
        counts = n_actions[infosets]
        begin = np.cumsum(counts) - counts
        who = np.repeat(np.arange(infosets.size), counts)
        within = np.arange(who.size) - begin[who]
        levels.append(
            TreeplexLevel(infosets, starts[infosets][who] + within, begin, who, parents[infosets])
        )
    return Treeplex(
        n_sequences,
        slice(first_action, first_action + n_sequences - 1),
        parents,
        tuple(levels),
    )
