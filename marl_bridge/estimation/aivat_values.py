"""AIVAT: payoffs corrected for luck, worth the same in the mean and a fraction of the variance.

Some players' policies are known, chance's probabilities too; the others only act. What the known
ones might have drawn instead is no secret, so it is averaged out: a play is valued by what the
unknown players saw and chose alone, its record. Where they choose, a value function says how much
their choice was worth; it is fixed before any play is seen, and need not be right.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidProfile
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.node_values import edge_probabilities, node_values
from gametheory.games.own_choices import last_choices

__all__ = ["AivatValues", "aivat_values"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class AivatValues:
    """What every play of a game is worth, by what its unknown players saw and chose.

    Attributes
    ----------
    game : ExtensiveFormGame
    known : tuple of int
        The players whose policies are known.
    of_record : ndarray, shape (n_players, n_records)
        The corrected payoffs of a play that ends with each record.
    record : ndarray of int, shape (n_terminals,)
        The record each terminal history ends with.
    next_record : mapping of (record, information set) to int
        The record after the first action at an information set; the next actions follow.
    ranges : ndarray, shape (n_players, 2)
        Smallest and largest corrected payoff over all plays the known players allow, exactly:
        what an interval for their mean may rely on.
    """

    game: ExtensiveFormGame
    known: tuple[int, ...]
    of_record: Floats
    record: Ints
    next_record: dict[tuple[int, int], int]
    ranges: Floats

    def of(self, plays: NDArray[np.int64]) -> Floats:
        """Return the corrected payoffs of plays, shape (n_players, n_plays).

        Parameters
        ----------
        plays : ndarray of int
            Positions in ``game.terminals``, as from
            :func:`gametheory.games.sampled_histories.sample_plays`.
        """
        return np.asarray(self.of_record[:, self.record[plays]])


def aivat_values(
    game: ExtensiveFormGame,
    policies: BehaviorProfile,
    *,
    known: Collection[int],
    values: BehaviorProfile | Floats,
) -> AivatValues:
    """Correct the payoffs of a game for the luck of chance and of the known players.

    Parameters
    ----------
    game : ExtensiveFormGame
    policies : BehaviorProfile
        What the known players play; the others' part is not read.
    known : collection of int
        The players whose policies are known. If all are, every play is worth the exact expected
        payoff, and none need be played.
    values : BehaviorProfile, or ndarray of shape (n_players, n_nodes)
        The value function: a guess at the unknown players' policies, from which it is computed
        with the known players' policies, or the expected payoffs at every history. It must not
        depend on the plays that it will correct. A poor one costs precision, never correctness.

    Returns
    -------
    AivatValues

    Raises
    ------
    InvalidProfile
        A profile or the value function does not fit the game, or there is no such player.

    Notes
    -----
    Unbiased whatever the unknown players do and whatever the value function says. Two histories
    count as one where the unknown players saw and chose the same, so that their chances to be
    there are equal whatever their policies; between two of their choices the expectation over
    all that chance and the known players may do is taken exactly, as the whole tree is at hand.
    A play is worth the expectation at the start, and for each unknown choice the expectation
    after it less the value before. Cost: a few passes over the tree.

    References
    ----------
    N. Burch, M. Schmid, M. Moravcik, D. Morrill and M. Bowling (2018), AIVAT: a new variance
    reduction technique for agent evaluation in imperfect information games, AAAI.

    Examples
    --------
    Somebody plays Kuhn poker against an equilibrium, by a policy that we can but guess at.

    >>> import gametheory
    >>> from gametheory.games.catalog import load
    >>> from gametheory.games.sampled_histories import sample_plays
    >>> game = load("kuhn_poker")
    >>> equilibrium = gametheory.solve(game).profile
    >>> guess = BehaviorProfile.uniform(game)
    >>> corrected = aivat_values(game, equilibrium, known=[0], values=guess)
    >>> actual = equilibrium.replace(guess, 1, game)
    >>> plays = sample_plays(game, actual, 1000)
    >>> plain, better = game.terminal_payoffs[0, plays], corrected.of(plays)[0]
    >>> round(plain.var() / better.var())
    13
    """
    policies.check_fits(game)
    unknown = _unknown(game, known)
    believed = _checked_values(game, policies, unknown, values)
    free = np.isin(game.node_player, unknown)
    weight = _known_reach(game, policies, free)
    records = _Records(game, free)

    value = believed * weight  # by history, to be summed over groups
    decisions = np.flatnonzero(free)
    group = records.group[decisions]
    mass = np.bincount(group, weights=weight[decisions], minlength=records.n_groups)
    gathered = _sums(group, value[:, decisions], records.n_groups)
    ends = records.record[game.terminals]
    ahead = _sums(ends, game.terminal_payoffs * weight[game.terminals], records.n_records)
    ahead += _sums(records.group_record, gathered, records.n_records)

    of_record = np.zeros((game.n_players, records.n_records))
    of_record[:, 0] = ahead[:, 0]
    reached = mass > 0.0
    share = np.where(reached, mass, 1.0)
    for low, high in records.rounds:  # what is above is done
        at = np.arange(low, high)
        by = records.record_group[at]
        gain = np.where(reached[by], (ahead[:, at] - gathered[:, by]) / share[by], 0.0)
        of_record[:, at] = of_record[:, records.group_record[by]] + gain
    played = np.unique(ends[weight[game.terminals] > 0.0])
    ranges = np.stack([of_record[:, played].min(axis=1), of_record[:, played].max(axis=1)], axis=1)
    for array in (of_record, ends, ranges):
        array.setflags(write=False)
    known_players = tuple(p for p in range(game.n_players) if p not in unknown)
    return AivatValues(game, known_players, of_record, ends, records.first_of(game), ranges)


class _Records:
    """What the unknown players saw and chose, in order, numbered from 0, the empty record.

    A group is an information set of an unknown player together with the record before it.

    Attributes
    ----------
    record : ndarray of int, shape (n_nodes,)
        The record at each history.
    group : ndarray of int, shape (n_nodes,)
        The group of each unknown player's decision, -1 elsewhere.
    group_record, group_infoset : ndarray of int, shape (n_groups,)
    group_first : ndarray of int, shape (n_groups,)
        The record after the first action.
    record_group : ndarray of int, shape (n_records,)
        The group whose action ends each record, -1 for the empty one.
    rounds : list of (int, int)
        Bounds of the records that are one choice longer than those before.
    """

    def __init__(self, game: ExtensiveFormGame, free: NDArray[np.bool_]) -> None:
        mover = np.where(free, 0, 1)[game.parent]
        mover[0] = 1
        latest = last_choices(game.parent, mover, 0)
        decisions = np.flatnonzero(free)
        order = _choices_before(game, free)
        self.record = np.zeros(game.n_nodes, dtype=np.int64)
        self.group = np.full(game.n_nodes, -1, dtype=np.int64)
        group_record: list[Ints] = []
        group_infoset: list[Ints] = []
        group_first: list[Ints] = []
        record_group: list[Ints] = [np.array([-1])]
        self.rounds: list[tuple[int, int]] = []
        self.n_groups, self.n_records = 0, 1
        n_infosets = game.infoset_player.size
        for number in range(int(order[decisions].max(initial=-1)) + 1):
            here = decisions[order[decisions] == number]
            before = self.record[latest[here]]
            keys, which = np.unique(
                before * n_infosets + game.node_infoset[here], return_inverse=True
            )
            infoset = keys % n_infosets
            sizes = game.infoset_n_actions[infoset]
            first = self.n_records + np.cumsum(sizes) - sizes
            self.group[here] = self.n_groups + which
            group_record.append(keys // n_infosets)
            group_infoset.append(infoset)
            group_first.append(first)
            record_group.append(np.repeat(self.n_groups + np.arange(keys.size), sizes))
            for rank in range(int(sizes.max())):
                able = sizes[which] > rank
                self.record[game.first_child[here[able]] + rank] = first[which[able]] + rank
            self.rounds.append((self.n_records, self.n_records + int(sizes.sum())))
            self.n_groups += keys.size
            self.n_records = self.rounds[-1][1]
        empty = np.zeros(0, dtype=np.int64)
        self.group_record = np.concatenate([empty, *group_record])
        self.group_infoset = np.concatenate([empty, *group_infoset])
        self.group_first = np.concatenate([empty, *group_first])
        self.record_group = np.concatenate(record_group)
        self.record = self.record[latest]

    def first_of(self, game: ExtensiveFormGame) -> dict[tuple[int, int], int]:
        """Map a record and what an unknown player is shown next to the record that follows."""
        pairs = zip(self.group_record.tolist(), self.group_infoset.tolist(), strict=True)
        return dict(zip(pairs, self.group_first.tolist(), strict=True))


def _choices_before(game: ExtensiveFormGame, free: NDArray[np.bool_]) -> Ints:
    """Count the unknown players' choices on the way to each history."""
    count = np.zeros(game.n_nodes, dtype=np.int64)
    for low, high in zip(game.level_offsets[1:-1], game.level_offsets[2:], strict=True):
        parent = game.parent[low:high]
        count[low:high] = count[parent] + free[parent]
    return count


def _known_reach(
    game: ExtensiveFormGame, policies: BehaviorProfile, free: NDArray[np.bool_]
) -> Floats:
    """Chance's and the known players' part of the probability of each history."""
    factor = edge_probabilities(game, policies)
    under = free[game.parent]
    under[0] = False
    factor[under] = 1.0
    for low, high in zip(game.level_offsets[1:-1], game.level_offsets[2:], strict=True):
        factor[low:high] *= factor[game.parent[low:high]]
    return factor


def _sums(which: Ints, rows: Floats, size: int) -> Floats:
    return np.array([np.bincount(which, weights=row, minlength=size) for row in rows])


def _unknown(game: ExtensiveFormGame, known: Collection[int]) -> list[int]:
    wrong = [player for player in known if player not in range(game.n_players)]
    if wrong:
        raise InvalidProfile(
            f"there is no player {wrong[0]!r}", where="known", valid=f"0 to {game.n_players - 1}"
        )
    return [player for player in range(game.n_players) if player not in known]


def _checked_values(
    game: ExtensiveFormGame,
    policies: BehaviorProfile,
    unknown: list[int],
    values: BehaviorProfile | Floats,
) -> Floats:
    if isinstance(values, BehaviorProfile):
        guess = policies
        for player in unknown:
            guess = guess.replace(values, player, game)
        return node_values(game, guess)
    given = np.asarray(values, dtype=np.float64)
    if given.shape != (game.n_players, game.n_nodes) or not np.isfinite(given).all():
        raise InvalidProfile(
            f"the value function has shape {given.shape}, or numbers that are not finite",
            where="values",
            valid=f"a BehaviorProfile, or finite numbers of shape {(game.n_players, game.n_nodes)}",
        )
    return given
