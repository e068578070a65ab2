"""The index of a regular equilibrium, exactly.

An equilibrium is regular when every best response is used and its indifference conditions
determine it locally. Its index is +1 or -1, and over the equilibria of a game whose equilibria
are all regular the indices sum to +1 (Shapley 1974 for two players; Gul, Pearce and Stacchetti
1993 for any number), so there is an odd number of them.
"""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

__all__ = ["equilibrium_index", "is_regular_equilibrium"]

_Weights = tuple[tuple[int, ...], NDArray[Any]]
Supports = tuple[tuple[int, ...], ...]


def is_regular_equilibrium(game: NormalFormGame, profile: MixedProfile) -> bool:
    """Whether a profile is a regular equilibrium, exactly.

    For two players: supports of equal size, no best response outside of them, and nonsingular
    indifference conditions.

    Parameters
    ----------
    game : NormalFormGame
    profile : MixedProfile
        Read exactly.

    Returns
    -------
    bool
        False too where the profile is no equilibrium.

    Raises
    ------
    InvalidProfile, UnsupportedGame
        The profile is not one of this game; the game is not in normal form.

    Examples
    --------
    >>> game = NormalFormGame.bimatrix([[1, 0], [0, 0]], [[1, 0], [0, 0]])
    >>> is_regular_equilibrium(game, MixedProfile.pure(game, (0, 0)))
    True
    >>> is_regular_equilibrium(game, MixedProfile.pure(game, (1, 1)))
    False
    """
    _check(game, profile)
    best = _best_responses(game, profile)
    return best == profile.support() and _sign_on_supports(game, profile) != 0


def equilibrium_index(game: NormalFormGame, profile: MixedProfile) -> int | None:
    """Return the index of a regular equilibrium, +1 or -1, exactly.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    profile : MixedProfile
        An equilibrium, read exactly.

    Returns
    -------
    int or None
        A strict pure equilibrium has +1. None if the equilibrium is not regular.

    Raises
    ------
    InvalidProfile
        The profile is not exactly an equilibrium of this game.
    UnsupportedGame
        The game is not in normal form.

    Notes
    -----
    The index is the sign of det(-D), D being the derivatives of each player's advantages (payoff
    of a used action over that of the player's first used action) by the probabilities of the
    other used actions, where the first one takes up the difference. With two players, supports of
    k actions and positive payoffs A and B restricted to them that is Shapley's
    ``(-1)^(k+1) sign(det A det B)``. One determinant of rationals.

    References
    ----------
    Shapley (1974), "A note on the Lemke-Howson algorithm", Mathematical Programming Study 1.
    Gul, Pearce and Stacchetti (1993), "A bound on the proportion of pure strategy equilibria in
    generic games", Mathematics of Operations Research 18. Ritzberger (1994), "The theory of
    normal form games from the differentiable viewpoint", International Journal of Game Theory 23.

    Examples
    --------
    >>> game = NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]])
    >>> equilibrium_index(game, MixedProfile.pure(game, (0, 0)))
    1
    >>> equilibrium_index(game, MixedProfile([["2/3", "1/3"], ["1/3", "2/3"]]))
    -1
    """
    _check(game, profile)
    best, support = _best_responses(game, profile), profile.support()
    for player, (used, good) in enumerate(zip(support, best, strict=True)):
        if not set(used) <= set(good):
            wrong = next(action for action in used if action not in good)
            raise InvalidProfile(
                f"the profile is not an equilibrium: {game.players[player]} takes "
                f"{game.actions[player][wrong]!r}, which is no best response",
                where=f"profile[{player}]",
                valid="an equilibrium without any rounding, in Fractions where floats are inexact",
                hint="gametheory.verify tells by how much a profile misses",
            )
    return (_sign_on_supports(game, profile) or None) if best == support else None


def _check(game: NormalFormGame, profile: MixedProfile) -> None:
    if not isinstance(game, NormalFormGame):
        raise UnsupportedGame(
            f"the index is not defined here for a {type(game).__name__}",
            valid="a NormalFormGame",
        )
    if not isinstance(profile, MixedProfile):
        raise InvalidProfile(
            f"a {type(profile).__name__} is not a profile of a normal-form game",
            where="profile",
            valid="a MixedProfile",
        )
    profile.check_fits(game)


def _payoffs(game: NormalFormGame, player: int) -> NDArray[Any]:
    """Return a player's payoffs times a positive number: Python ints, Fractions only if need be."""
    exact = game.integer_payoffs[player]
    return game.exact_payoffs[player] if exact is None else exact.integers.astype(object)


def _expected(payoffs: NDArray[Any], weights: list[_Weights], players: list[int]) -> NDArray[Any]:
    """Sum over the actions in use of ``players``, whose axes are the last ones, in their order."""
    for player in reversed(players):
        used, shares = weights[player]
        payoffs = payoffs[..., used] @ shares
    return payoffs


def _weights(profile: MixedProfile) -> list[_Weights]:
    """Each player's actions in use, and integers in proportion to their probabilities."""
    weights = []
    for used, strategy in zip(profile.support(), profile.exact, strict=True):
        scale = math.lcm(*(strategy[action].denominator for action in used))
        shares = [strategy[a].numerator * (scale // strategy[a].denominator) for a in used]
        weights.append((used, np.array(shares, dtype=object)))
    return weights


def _best_responses(game: NormalFormGame, profile: MixedProfile) -> Supports:
    best, weights = [], _weights(profile)
    for player in range(game.n_players):
        others = [other for other in range(game.n_players) if other != player]
        payoffs = np.moveaxis(_payoffs(game, player), player, 0)
        earned = _expected(payoffs, weights, others).tolist()
        most = max(earned)
        best.append(tuple(a for a, payoff in enumerate(earned) if payoff == most))
    return tuple(best)


def _sign_on_supports(game: NormalFormGame, profile: MixedProfile) -> int:
    """Sign of det(-D), D the derivatives of advantages on the supports by free probabilities.

    A positive factor for each player's rows changes no sign, so all is done in integers.
    """
    from flint import fmpq, fmpq_mat, fmpz_mat

    weights = _weights(profile)
    sizes = [len(actions) - 1 for actions in profile.support()]
    starts = [sum(sizes[:i]) for i in range(len(sizes) + 1)]
    jacobian = np.full((starts[-1], starts[-1]), 0, dtype=object)
    for i, j in product(range(game.n_players), repeat=2):
        if i != j and sizes[i] and sizes[j]:
            rows, columns = slice(starts[i], starts[i + 1]), slice(starts[j], starts[j + 1])
            jacobian[rows, columns] = _block(game, weights, i, j)
    size, entries = starts[-1], (-jacobian).ravel().tolist()
    determinant: Any = 1
    if all(isinstance(entry, int) for entry in entries):
        determinant = fmpz_mat(size, size, entries).det() if entries else determinant
    else:
        rationals = [fmpq(int(entry.numerator), int(entry.denominator)) for entry in entries]
        determinant = fmpq_mat(size, size, rationals).det()
    return int(determinant > 0) - int(determinant < 0)


def _block(game: NormalFormGame, weights: list[_Weights], i: int, j: int) -> NDArray[Any]:
    """Differentiate player i's advantages by player j's free probabilities."""
    others = [other for other in range(game.n_players) if other not in (i, j)]
    payoffs = np.moveaxis(_payoffs(game, i), (i, j), (0, 1))
    pair = _expected(payoffs[np.ix_(weights[i][0], weights[j][0])], weights, others)
    # Without dividing, the blocks of one player have different units: put j's own total back. With
    # two players there is one block each.
    advantages = (pair[1:] - pair[:1]) * (int(weights[j][1].sum()) if others else 1)
    derivatives: NDArray[Any] = advantages[:, 1:] - advantages[:, :1]
    return derivatives
