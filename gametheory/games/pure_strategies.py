"""A player's pure strategies in a game tree: counted, listed, and named.

A reduced pure strategy chooses only at the information sets that its own earlier choices do not
exclude (Kuhn, 1953). Strategies that differ elsewhere are equivalent: no opponent and no player can
tell them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.frozen import FrozenArrays, freeze

__all__ = [
    "PureStrategies",
    "count_strategies",
    "list_strategies",
    "pure_strategies",
    "shown_count",
    "stage_counts",
]

Floats = NDArray[np.float64]
Ints = NDArray[Any]

_MOST_ENTRIES = 50_000_000  # choices of all strategies, or sequences of all of them


@dataclass(frozen=True, eq=False)
class PureStrategies(FrozenArrays):
    """All pure strategies of one player, in lexicographic order.

    Attributes
    ----------
    game : ExtensiveFormGame
    player : int
    infosets : ndarray of int, shape (n_own,)
        The player's information sets, by their index in the game.
    choices : ndarray of int, shape (n_strategies, n_own)
        Position of the action chosen at each; -1 where the strategy's own earlier choices exclude
        the information set.
    """

    game: ExtensiveFormGame
    player: int
    infosets: Ints
    choices: Ints

    def __post_init__(self) -> None:
        freeze(self.__dict__)

    def __len__(self) -> int:
        return len(self.choices)

    def labels(self) -> tuple[str, ...]:
        """Name the strategies by their actions, "*" where an information set is excluded.

        Examples
        --------
        >>> from gametheory.games.catalog import load
        >>> pure_strategies(load("outside_option"), 0).labels()
        ('out, *', 'in, mine', 'in, yours')
        """
        if not self.infosets.size:
            return ("-",)
        names = [(*self.game.infoset_actions(infoset), "*") for infoset in self.infosets.tolist()]
        rows = self.choices.tolist()
        labels = tuple(
            ", ".join(name[choice] for name, choice in zip(names, row, strict=True)) for row in rows
        )
        if len(set(labels)) == len(labels):
            return labels
        return tuple(f"{label} ({number})" for number, label in enumerate(labels))

    def plans(self) -> NDArray[np.bool_]:
        """Tell which of the player's sequences each strategy allows.

        Returns
        -------
        ndarray of bool, shape (n_strategies, n_sequences)
            The strategies' realization plans.
        """
        n_sequences = self.game.n_sequences[self.player]
        _check_entries(self.game, self.player, len(self), n_sequences)
        plans = np.zeros((len(self), n_sequences), np.bool_)
        plans[:, 0] = True
        if not self.infosets.size:
            return plans
        offsets = self.game.action_offsets[self.infosets]
        strategy, place = np.nonzero(self.choices >= 0)
        plans[strategy, 1 + (offsets - offsets[0])[place] + self.choices[strategy, place]] = True
        for level in self.game.sequence_form.treeplexes[self.player].levels:
            plans[:, level.sequences] &= plans[:, level.parents[level.owner]]
        return plans


def pure_strategies(
    game: ExtensiveFormGame, player: int, *, reduced: bool = True, limit: int = 1_000_000
) -> PureStrategies:
    """List a player's pure strategies.

    Parameters
    ----------
    game : ExtensiveFormGame
    player : int
    reduced : bool
        Whether strategies leave out the information sets that they exclude themselves.
    limit : int
        Refuse to list more strategies than that.

    Returns
    -------
    PureStrategies

    Raises
    ------
    UnsupportedGame
        If there are more, with their number.
    InvalidProfile
        If there is no such player.

    Notes
    -----
    Cost: one pass over the strategies for each information set.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> len(pure_strategies(load("kuhn_poker"), 0)), len(pure_strategies(load("kuhn_poker"), 1))
    (27, 64)
    >>> len(pure_strategies(load("kuhn_poker"), 0, reduced=False))
    64
    """
    if not 0 <= player < game.n_players:
        raise InvalidProfile(f"player {player}", valid=f"0 to {game.n_players - 1}")
    count = count_strategies(game, reduced=reduced)[player]
    if count > limit:
        raise UnsupportedGame(
            f"{game.players[player]!r} has {shown_count(count)} "
            f"{'reduced ' * reduced}pure strategies",
            where=repr(game),
            valid=f"at most {limit:,}",
            hint="use behavior profiles and the sequence form, which grow with the tree only",
        )
    return list_strategies(game, player, int(count), reduced=reduced)


def list_strategies(
    game: ExtensiveFormGame, player: int, count: int, *, reduced: bool = True
) -> PureStrategies:
    """List a player's pure strategies, whose number is known and was found bearable."""
    infosets = np.flatnonzero(game.infoset_player == player)
    _check_entries(game, player, count, infosets.size)
    choices = _reduced(game, player) if reduced else _all(game, infosets)
    return PureStrategies(game, player, infosets, choices)


def count_strategies(game: ExtensiveFormGame, *, reduced: bool = True) -> tuple[float, ...]:
    """Count each player's pure strategies without listing them.

    Returns
    -------
    tuple of float
        Exact below 2**53, ``inf`` beyond the largest float.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> count_strategies(load("kuhn_poker")), count_strategies(load("kuhn_poker"), reduced=False)
    ((27.0, 64.0), (64.0, 64.0))
    """
    if reduced:
        counts = stage_counts(game, np.zeros(game.infoset_player.size, np.int64), 1)[:, 0]
    else:
        counts = np.ones(game.n_players)
        with np.errstate(over="ignore"):
            np.multiply.at(counts, game.infoset_player, game.infoset_n_actions.astype(float))
    return tuple(counts.tolist())


def stage_counts(game: ExtensiveFormGame, stage: Ints, n_stages: int) -> Floats:
    """Count reduced pure strategies in each part of a tree that falls apart into stages.

    Parameters
    ----------
    game : ExtensiveFormGame
    stage : ndarray of int, shape (n_infosets,)
        The stage of each information set, from 0; what a player did in other stages is forgotten.
    n_stages : int

    Returns
    -------
    ndarray, shape (n_players, n_stages)
        Products overflow to ``inf``.
    """
    counts = np.ones((game.n_players, n_stages))
    ends = np.cumsum(game.n_infosets)
    for player, treeplex in enumerate(game.sequence_form.treeplexes):
        mine = slice(ends[player] - game.n_infosets[player], ends[player])
        own = stage[mine]
        of_sequence = np.append(-1, np.repeat(own, game.infoset_n_actions[mine]))
        after = np.ones(treeplex.n_sequences)  # ways to go on after each sequence
        with np.errstate(over="ignore"):
            for level in reversed(treeplex.levels):
                here = np.add.reduceat(after[level.sequences], level.starts)
                inside = of_sequence[level.parents] == own[level.infosets]
                np.multiply.at(after, level.parents[inside], here[inside])
                np.multiply.at(counts[player], own[level.infosets[~inside]], here[~inside])
    return counts


def shown_count(count: float) -> str:
    """Write a number of strategies for a message."""
    if count < 2**53:
        return f"{count:,.0f}"
    return "more than 1e+308" if np.isinf(count) else f"about {count:.2g}"


def _check_entries(game: ExtensiveFormGame, player: int, rows: int, columns: int) -> None:
    if rows * columns > _MOST_ENTRIES:
        raise UnsupportedGame(
            f"the {rows:,} strategies of {game.players[player]!r} have {columns:,} entries each",
            where=repr(game),
            valid=f"at most {_MOST_ENTRIES:,} entries in all",
            hint="use behavior profiles and the sequence form, which grow with the tree only",
        )


def _reduced(game: ExtensiveFormGame, player: int) -> Ints:
    """Extend the strategies by one information set after another, those above it first.

    Only the new column and each row's origin are kept on the way; the columns are put together
    from the last one back.
    """
    parents = game.sequence_form.treeplexes[player].parent_sequence
    n_actions = game.infoset_n_actions[game.infoset_player == player].tolist()
    allowed: dict[int, NDArray[np.bool_]] = {0: np.ones(1, np.bool_)}
    uses = np.bincount(parents, minlength=game.n_sequences[player])
    steps: list[tuple[Ints, Ints]] = []
    size, sequence = 1, 1
    for place, count in enumerate(n_actions):
        reached = allowed[int(parents[place])]
        copies = np.where(reached, count, 1)
        origin = np.repeat(np.arange(size), copies)
        within = np.arange(origin.size) - np.repeat(np.cumsum(copies) - copies, copies)
        column = np.where(reached[origin], within, -1)
        steps.append((origin, column.astype(np.int32)))
        size = origin.size
        uses[parents[place]] -= 1
        allowed = {s: rows[origin] for s, rows in allowed.items() if uses[s]}
        for action in range(count):
            if uses[sequence + action]:
                allowed[sequence + action] = column == action
        sequence += count
    choices = np.empty((size, len(n_actions)), np.int32)
    rows = np.arange(size)
    for place in range(len(n_actions) - 1, -1, -1):
        origin, column = steps[place]
        choices[:, place] = column[rows]
        rows = origin[rows]
    return choices


def _all(game: ExtensiveFormGame, infosets: Ints) -> Ints:
    """Count through the actions at all information sets, the last one fastest."""
    sizes = game.infoset_n_actions[infosets]
    number = np.arange(int(np.prod(sizes)))
    choices = np.empty((number.size, infosets.size), np.int32)
    for place in range(infosets.size - 1, -1, -1):
        number, choices[:, place] = np.divmod(number, sizes[place])
    return choices
