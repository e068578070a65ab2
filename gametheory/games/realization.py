"""Realization plans, and Kuhn's theorem: mixed and behavior strategies realize the same.

In a game of perfect recall every mixed strategy has a behavior strategy that is equivalent to it,
whatever the others do, and the other way round: Kuhn (1953), "Extensive games and the problem of
information", Contributions to the Theory of Games II, theorem 4. Both have the same realization
plan (von Stengel, 1996).
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidProfile
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.games.pure_strategies import PureStrategies, pure_strategies
from gametheory.games.sequence_form import Treeplex, chance_reach

__all__ = [
    "behavior_of",
    "exact_expected_payoffs",
    "mixed_of",
    "reached_information_sets",
    "realization_plan",
]


def realization_plan(
    game: ExtensiveFormGame, profile: BehaviorProfile, player: int
) -> NDArray[Any]:
    """Multiply a player's own probabilities on the way to each of its sequences.

    Parameters
    ----------
    game : ExtensiveFormGame
    profile : BehaviorProfile
    player : int

    Returns
    -------
    ndarray, shape (n_sequences,)
        The empty sequence first, then the actions of the player's information sets in their
        order. Fractions where the profile is pure or was given in ints and Fractions, else floats.

    Raises
    ------
    InvalidProfile
        If the profile is not one of this game, or there is no such player.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("outside_option")
    >>> realization_plan(game, BehaviorProfile.uniform(game), 0)
    array([1.  , 0.5 , 0.5 , 0.25, 0.25])
    """
    profile.check_fits(game)
    _check_player(game, player)
    treeplex = game.sequence_form.treeplexes[player]
    if profile.is_given_exactly or profile.is_pure():
        return _plan(treeplex, profile.exact)
    return treeplex.realization_plan(profile.probabilities)


def behavior_of(
    game: ExtensiveFormGame, profile: MixedProfile, *, reduced: bool = True
) -> BehaviorProfile:
    """Find the behavior profile that realizes what a mixed profile does, exactly.

    Parameters
    ----------
    game : ExtensiveFormGame
    profile : MixedProfile
        Over the pure strategies of ``strategic_form(game, reduced=reduced)``.
    reduced : bool
        Whether these are the reduced ones.

    Returns
    -------
    BehaviorProfile
        Uniform at information sets that the player's own strategy excludes: what is done there
        makes no difference to anybody.

    Raises
    ------
    InvalidProfile
        If the profile has not one probability for each strategy.
    UnsupportedGame
        If there are too many strategies to list.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("outside_option")
    >>> half = MixedProfile([["1/2", "1/4", "1/4"], [1, 0]])
    >>> behavior_of(game, half).exact.tolist()[:4]
    [Fraction(1, 2), Fraction(1, 2), Fraction(1, 2), Fraction(1, 2)]
    """
    if len(profile) != game.n_players:
        raise InvalidProfile(
            f"the profile has {len(profile)} strategies and the game {game.n_players} players",
            valid=f"one vector for each of {', '.join(game.players)}",
        )
    behaviors = []
    for player, weights in enumerate(profile.exact):
        strategies = pure_strategies(game, player, reduced=reduced)
        if len(weights) != len(strategies):
            raise InvalidProfile(
                f"{len(weights)} probabilities for the {len(strategies)} "
                f"{'reduced ' * reduced}pure strategies of {game.players[player]!r}",
                where=f"profile[{player}]",
                valid=f"a vector of length {len(strategies)}",
            )
        behaviors.append(behavior_of_weights(strategies, weights))
    return BehaviorProfile(game, np.concatenate(behaviors))


def behavior_of_weights(strategies: PureStrategies, weights: tuple[Fraction, ...]) -> NDArray[Any]:
    """Add up one player's strategies to a realization plan and divide it by its parents."""
    treeplex = strategies.game.sequence_form.treeplexes[strategies.player]
    scale = math.lcm(*(weight.denominator for weight in weights))
    used = [index for index, weight in enumerate(weights) if weight]
    plans = strategies.plans()[used]
    plan = np.zeros(treeplex.n_sequences, dtype=object)
    for row, index in zip(plans, used, strict=True):
        plan[row] += int(weights[index] * scale)
    return behavior_of_plan(treeplex, plan)


def behavior_of_plan(treeplex: Treeplex, plan: NDArray[Any]) -> NDArray[Any]:
    """Divide a realization plan, times any integer, by its parents; uniform where it is 0.

    Parameters
    ----------
    treeplex : Treeplex
    plan : ndarray of objects, shape (n_sequences,)
        Python ints.

    Returns
    -------
    ndarray of Fraction, shape (n_sequences - 1,)
    """
    behavior = np.empty(treeplex.n_sequences, dtype=object)
    for level in treeplex.levels:
        counts = np.bincount(level.owner)
        above = plan[level.parents].tolist()
        for start, count, total in zip(level.starts.tolist(), counts.tolist(), above, strict=True):
            even = Fraction(1, count)
            for sequence in level.sequences[start : start + count].tolist():
                behavior[sequence] = Fraction(plan[sequence], total) if total else even
    return behavior[1:]


def mixed_of(
    game: ExtensiveFormGame, profile: BehaviorProfile, *, reduced: bool = True
) -> MixedProfile:
    """Find the mixed profile that realizes what a behavior profile does, exactly.

    Choices at different information sets are drawn independently: a pure strategy's probability
    is the product of those of its actions.

    Parameters
    ----------
    game : ExtensiveFormGame
    profile : BehaviorProfile
    reduced : bool
        Whether to mix the reduced pure strategies or all.

    Returns
    -------
    MixedProfile
        Over the strategies of ``strategic_form(game, reduced=reduced)``, in Fractions.

    Raises
    ------
    InvalidProfile
        If the profile is not one of this game.
    UnsupportedGame
        If there are too many strategies to list.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("outside_option")
    >>> mixed_of(game, BehaviorProfile.uniform(game))
    MixedProfile([[1/2, 1/4, 1/4], [1/2, 1/2]])
    """
    profile.check_fits(game)
    strategies = [
        pure_strategies(game, player, reduced=reduced) for player in range(game.n_players)
    ]
    return MixedProfile([_products(listed, profile.exact) for listed in strategies])


def _products(strategies: PureStrategies, probabilities: NDArray[Any]) -> list[Fraction]:
    offsets = strategies.game.action_offsets
    product = np.full(len(strategies), Fraction(1), dtype=object)
    for place, infoset in enumerate(strategies.infosets.tolist()):
        choices = strategies.choices[:, place]
        rows = np.flatnonzero((choices >= 0) & (product != 0))
        product[rows] = product[rows] * probabilities[offsets[infoset] + choices[rows]]
    return [Fraction(weight) for weight in product.tolist()]


def reached_information_sets(
    game: ExtensiveFormGame, profile: BehaviorProfile, *, player: int | None = None
) -> NDArray[np.bool_]:
    """Tell the information sets that a profile reaches with positive probability.

    Elsewhere a profile found by Kuhn's theorem, or from realization plans, stands for anything.

    Parameters
    ----------
    game : ExtensiveFormGame
    profile : BehaviorProfile
    player : int, optional
        Ask only whether this player's own choices allow its information sets, whatever the others
        and chance do; the others' information sets are then False.

    Returns
    -------
    ndarray of bool, shape (n_infosets,)

    Raises
    ------
    InvalidProfile
        If the profile is not one of this game, or there is no such player.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("outside_option")
    >>> stay_out = BehaviorProfile.pure(game, [0, 0, 0])
    >>> reached_information_sets(game, stay_out).tolist()
    [True, False, False]
    """
    profile.check_fits(game)
    if player is not None:
        _check_player(game, player)
    parent = game.parent[1:]
    mover = game.node_player[parent]
    taken = np.ones(game.n_nodes, np.bool_)
    if player is None:
        drawn = game.chance_probabilities > 0
        if not drawn.all():  # 0, or too small for a float
            drawn = game.exact_chance != 0
        taken[game.chance_children] = drawn
    chosen = 1 + np.flatnonzero(mover >= 0 if player is None else mover == player)
    above = game.parent[chosen]
    rank = chosen - game.first_child[above]
    flat = game.action_offsets[game.node_infoset[above]] + rank
    exactly = profile.is_given_exactly
    taken[chosen] = (profile.exact if exactly else profile.probabilities)[flat] > 0
    for low, high in pairwise(game.level_offsets[1:].tolist()):
        taken[low:high] &= taken[game.parent[low:high]]
    asked = np.flatnonzero(game.node_player >= 0 if player is None else game.node_player == player)
    reached = np.zeros(game.infoset_player.size, np.bool_)
    reached[game.node_infoset[asked[taken[asked]]]] = True
    return reached


def exact_expected_payoffs(
    game: ExtensiveFormGame, profile: BehaviorProfile
) -> tuple[Fraction, ...]:
    """Compute the expected payoffs of a profile in Fractions.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("kuhn_poker")
    >>> exact_expected_payoffs(game, BehaviorProfile.uniform(game))
    (Fraction(1, 8), Fraction(-1, 8))
    """
    profile.check_fits(game)
    form = game.sequence_form
    reach = chance_reach(game, game.terminals, game.exact_chance)
    for sequences, treeplex in zip(form.terminal_sequences, form.treeplexes, strict=True):
        reach = reach * _plan(treeplex, profile.exact)[sequences]
    used = np.flatnonzero(reach)
    totals = (reach[used] * payoffs[used] for payoffs in game.exact_payoffs)
    return tuple(sum(total.tolist(), Fraction(0)) for total in totals)


def _plan(treeplex: Treeplex, exact: NDArray[Any]) -> NDArray[Any]:
    plan = np.concatenate([np.array([Fraction(1)], dtype=object), exact[treeplex.flat]])
    for level in treeplex.levels:
        plan[level.sequences] = plan[level.sequences] * plan[level.parents][level.owner]
    return plan


def _check_player(game: ExtensiveFormGame, player: int) -> None:
    if not 0 <= player < game.n_players:
        raise InvalidProfile(f"player {player}", valid=f"0 to {game.n_players - 1}")
