"""Interval proofs that one equilibrium, and only one, lies next to an approximate one.

From three players on, equilibria are roots of polynomials and mostly irrational: no Fraction is
exact. What can be proven is that a small box holds exactly one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.certificates.exact_support import support_readings
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import NearbyEquilibrium

__all__ = ["isolate"]

_PRECISIONS = (128, 512)  # bits; the second for badly conditioned equations
_NEWTON_STEPS = 6
_RADIUS_BITS = 30  # to which a radius is rounded up: it is read by people and written to files

_Balls = list[Any]  # of flint.arb


def isolate(game: NormalFormGame, profile: MixedProfile) -> NearbyEquilibrium | None:
    """Prove that exactly one Nash equilibrium with the profile's support lies near the profile.

    Parameters
    ----------
    game : NormalFormGame
    profile : MixedProfile
        An approximate equilibrium with exact zeros, or with noise below 1e-9 in their place.

    Returns
    -------
    NearbyEquilibrium or None
        ``radius`` bounds the distance in every probability, and ``unique`` is True: no other
        equilibrium with the same support is that near. None if the proof fails: the profile is
        too far off, or the equilibrium is degenerate.

    Raises
    ------
    InvalidProfile
        The profile is not one of this game.

    Notes
    -----
    Equilibria with a given support solve F(x) = 0, where F says that all actions in use earn
    their player the same, and x holds all probabilities in use but each player's last. For a box
    X with center m and any matrix Y (here an approximate inverse of the Jacobian at m), if

        K(X) = m - Y F(m) + (I - Y F'(X)) (X - m)

    lies in the interior of X, then X holds exactly one root of F, and it lies in K(X). The
    operator is that of Krawczyk (1969), "Newton-Algorithmen zur Bestimmung von Nullstellen mit
    Fehlerschranken", Computing 4; that the inclusion proves existence is due to Moore (1977), "A
    test for existence of solutions to nonlinear systems", SIAM Journal on Numerical Analysis 14;
    and the last term, shorter than X - m in every coordinate, leaves no room for a second root.

    All sums are done with balls that contain the true numbers (Arb, in python-flint), from exact
    payoffs. The root is an equilibrium if over K(X) every probability in use is positive and
    every action not in use earns less; both are checked with the same balls.

    Cost: for each pair of players one product of the payoffs with the others' joint strategy,
    for a point and for a box.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("volunteers_dilemma")
    >>> proof = isolate(game, MixedProfile([[0.5000001, 0.4999999]] * 3))
    >>> proof.unique, round(float(proof.radius), 10)
    (True, 1e-07)
    """
    from flint import ctx

    profile.check_fits(game)
    for supports in support_readings(profile):
        equations = _equations(game, supports)
        if equations is None:
            return None
        for precision in _PRECISIONS:
            with ctx.workprec(precision):
                radius = _proven_radius(equations, profile, supports)
            if radius is not None:
                return NearbyEquilibrium(radius, unique=True)
    return None


class _Equations(NamedTuple):
    """Payoffs relative to each player's last action in use, as integers.

    Attributes
    ----------
    sizes : tuple of int
        Number of actions in use, for each player.
    rows : tuple of fmpz_mat
        For each player, its other actions in use and then those not in use, by the others' joint
        actions in use (the last player fastest).
    pairs : dict from (player, other) to fmpz_mat
        For two players who mix, the player's other actions in use with the other's actions in
        use, by the joint actions of the rest: multiplied out, it gives the derivatives.
    shifts : tuple of int
        Each player's integers are below two to this power.
    """

    sizes: tuple[int, ...]
    rows: tuple[Any, ...]
    pairs: dict[tuple[int, int], Any]
    shifts: tuple[int, ...]


def _equations(game: NormalFormGame, supports: Sequence[NDArray[np.intp]]) -> _Equations | None:
    from flint import fmpz_mat

    sizes = tuple(len(support) for support in supports)
    rows, pairs, shifts = [], {}, []
    for player, read in enumerate(game.integer_payoffs):
        if read is None:
            return None
        own = supports[player]
        unused = [a for a in range(game.n_actions[player]) if a not in set(own.tolist())]
        reached: list[Any] = [support.tolist() for support in supports]
        reached[player] = [*own.tolist(), *unused]
        tensor = np.moveaxis(read.integers[np.ix_(*reached)], player, 0)
        last = sizes[player] - 1
        tensor = np.delete(tensor, last, axis=0) - tensor[last]
        rows.append(fmpz_mat(len(tensor), math.prod(tensor.shape[1:]), tensor.ravel().tolist()))
        shifts.append(max(map(int.bit_length, tensor.ravel().tolist()), default=0))
        for other in (j for j in range(len(sizes)) if j != player and last and sizes[j] > 1):
            axis = other + (other < player)
            slab = np.moveaxis(tensor[:last], axis, 1)
            shape = last * sizes[other], math.prod(slab.shape[2:])
            pairs[player, other] = fmpz_mat(*shape, slab.ravel().tolist())
    return _Equations(sizes, tuple(rows), pairs, tuple(shifts))


def _proven_radius(
    equations: _Equations, profile: MixedProfile, supports: Sequence[NDArray[np.intp]]
) -> Fraction | None:
    from flint import arb, fmpq

    exact = [
        [arb(fmpq(p.numerator, p.denominator)) for p in strategy] for strategy in profile.exact
    ]
    given = [exact[i][a] for i, support in enumerate(supports) for a in support[:-1].tolist()]
    proof = _enclosed(equations, given)
    if proof is None:
        return None
    box, image = proof
    root = _full(image, equations.sizes)
    if not _is_equilibrium(equations, root):
        return None
    radius = _radius(root, exact, supports)
    covered = all(x.contains_interior(arb(g, radius)) for x, g in zip(box, given, strict=True))
    return _fraction(radius) if covered else None


def _enclosed(equations: _Equations, given: _Balls) -> tuple[_Balls, _Balls] | None:
    """Refine by Newton's method until Krawczyk's test succeeds: return X and K(X) inside it.

    X is made wide enough to hold all that is about as near to the given point as the root is.
    """
    from flint import arb, arb_mat, ctx

    size = len(given)
    if not size:  # nobody mixes, nothing is unknown
        return [], []
    center = [ball.mid() for ball in given]
    for _ in range(_NEWTON_STEPS):
        point = _full(center, equations.sizes)
        values, jacobian = _indifference(equations, point), _jacobian(equations, point)
        try:
            inverse = arb_mat(size, size, jacobian).mid().inv().mid()
        except ZeroDivisionError:
            return None
        step = (inverse * arb_mat(size, 1, values)).entries()
        moved = [x - s for x, s in zip(center, step, strict=True)]
        reach = _largest([x - g for x, g in zip(moved, given, strict=True)]) + _largest(step)
        reach = (2 * reach + arb(2) ** (-ctx.prec // 2)).upper()
        box = [arb(x, reach) for x in center]
        image = _krawczyk(equations, box, inverse, moved, reach)
        if all(x.contains_interior(k) for x, k in zip(box, image, strict=True)):
            return box, image
        center = [x.mid() for x in moved]
    return None


def _krawczyk(
    equations: _Equations, box: _Balls, inverse: Any, moved: _Balls, reach: Any
) -> _Balls:
    """Compute K(X), where ``moved`` is m - Y F(m) and ``reach`` the radius of X."""
    from flint import arb, arb_mat

    size = len(box)
    jacobian = arb_mat(size, size, _jacobian(equations, _full(box, equations.sizes)))
    identity = arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])
    spread = (identity - inverse * jacobian) * arb_mat(size, 1, [arb(0, reach)] * size)
    return [x + s for x, s in zip(moved, spread.entries(), strict=True)]


def _full(reduced: _Balls, sizes: Sequence[int]) -> list[_Balls]:
    """Add each player's last probability, which makes the sum one."""
    from flint import arb

    ends = list(accumulate(size - 1 for size in sizes))
    parts = [reduced[end - size + 1 : end] for end, size in zip(ends, sizes, strict=True)]
    return [[*part, 1 - sum(part, arb(0))] for part in parts]


def _indifference(equations: _Equations, point: list[_Balls]) -> _Balls:
    """Evaluate F: what each other action in use earns more than the last one."""
    values = []
    for player, size in enumerate(equations.sizes):
        if size > 1:
            values += _relative_payoffs(equations, point, player)[: size - 1]
    return values


def _relative_payoffs(equations: _Equations, point: list[_Balls], player: int) -> _Balls:
    from flint import arb_mat

    others = _joint([strategy for i, strategy in enumerate(point) if i != player])
    unit = _unit(equations, player)
    product = arb_mat(equations.rows[player]) * arb_mat(len(others), 1, others)
    return [unit * entry for entry in product.entries()]


def _jacobian(equations: _Equations, point: list[_Balls]) -> _Balls:
    """Evaluate F', row by row; each player's last probability moves against its others."""
    from flint import arb, arb_mat

    lines: list[_Balls] = []
    for player, size in enumerate(equations.sizes):
        own: list[_Balls] = [[] for _ in range(size - 1)]
        for other, width in enumerate(equations.sizes):
            if (player, other) not in equations.pairs:
                own = [line + [arb(0)] * (width - 1) for line in own]
                continue
            rest = _joint([s for i, s in enumerate(point) if i not in (player, other)])
            unit = _unit(equations, player)
            product = arb_mat(equations.pairs[player, other]) * arb_mat(len(rest), 1, rest)
            slopes = [unit * entry for entry in product.entries()]
            for row, line in enumerate(own):
                *free, last = slopes[row * width : (row + 1) * width]
                line += [slope - last for slope in free]
        lines += own
    return [entry for line in lines for entry in line]


def _unit(equations: _Equations, player: int) -> Any:
    """Return what scales a player's integers to at most one, so that all equations weigh alike."""
    from flint import arb

    return arb(2) ** -equations.shifts[player]


def _joint(strategies: Sequence[_Balls]) -> _Balls:
    from flint import arb

    joint = [arb(1)]
    for strategy in strategies:
        joint = [odds * own for odds in joint for own in strategy]
    return joint


def _is_equilibrium(equations: _Equations, root: list[_Balls]) -> bool:
    """Whether surely all probabilities are positive and actions not in use earn less."""
    if not all(p > 0 for strategy in root for p in strategy):
        return False
    return all(
        payoff < 0
        for player, size in enumerate(equations.sizes)
        for payoff in _relative_payoffs(equations, root, player)[size - 1 :]
    )


def _radius(root: list[_Balls], exact: list[_Balls], supports: Sequence[NDArray[np.intp]]) -> Any:
    """Bound the distance of the root from the profile in any coordinate, rounded up."""
    from flint import arb, ctx

    distances = []
    for strategy, given, support in zip(root, exact, supports, strict=True):
        place = dict(zip(support.tolist(), strategy, strict=True))
        distances += [place.get(a, arb(0)) - p for a, p in enumerate(given)]
    largest = _largest(distances)
    with ctx.workprec(_RADIUS_BITS):
        return largest.upper()


def _largest(balls: _Balls) -> Any:
    """Bound all magnitudes from above."""
    from flint import arb

    return max((ball.abs_upper() for ball in balls), default=arb(0))


def _fraction(exact: Any) -> Fraction:
    mantissa, exponent = exact.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
