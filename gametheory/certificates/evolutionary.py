"""Proof that a strategy is evolutionarily stable, or an invader that shows that it is not.

Nothing is shared with the algorithm but the definition. What must be negative on all directions
in which best responses lie is a quadratic form on a cone; the cone is given by its generators and
taken apart, one generator after the other, until the form is seen to be negative on every part or
a direction is found on which it is not.
"""

from __future__ import annotations

import math
from fractions import Fraction
from operator import mul
from typing import NamedTuple

from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.rationals import to_fraction
from gametheory.solution import Certificate

__all__ = ["certify_ess"]

Vector = list[int]
Matrix = list[list[int]]


def certify_ess(game: NormalFormGame, profile: MixedProfile) -> Certificate:
    """Prove that a symmetric profile (x, x) is evolutionarily stable, or name an invader.

    Parameters
    ----------
    game : NormalFormGame
        Two-player and symmetric.
    profile : MixedProfile
        Twice the same strategy, read exactly.

    Returns
    -------
    Certificate
        ``epsilon`` is 0 if and only if x is evolutionarily stable. Where x is not a best response
        to itself it is the regret. Stability itself is strict and holds or fails: where an
        invader is found epsilon is the whole payoff range (1 if all payoffs are equal), and
        ``violation`` names the invader. Of a strategy with a regret, such as one rounded to
        floats, the same is asked against its support and its best responses.

    Raises
    ------
    InvalidProfile
        The profile is not one of this game, or the two strategies differ.
    UnsupportedGame
        The game is not two-player and symmetric.

    Notes
    -----
    Maynard Smith and Price (1973), "The logic of animal conflict", Nature 246: x is stable when
    u(x, x) >= u(y, x) for all y, and u(x, y) > u(y, y) for every other y with equality.

    The cone's generators are the differences of best responses from one action in use. Those of
    actions in use may be taken with either sign and are projected out; of the others, one at a
    time is projected out where the form allows it, after the cone is split where it does not, a
    recursion on copositivity as in Bomze (1987), "Remarks on the recursive structure of
    copositivity", Journal of Information and Optimization Sciences 8. Integers throughout.

    Cost: exponential at worst in the number of best responses that are not in use.

    Examples
    --------
    >>> hawk_dove = NormalFormGame.symmetric([[-1, 4], [0, 2]])
    >>> print(certify_ess(hawk_dove, MixedProfile([["2/3", "1/3"], ["2/3", "1/3"]])))
    ess: exact (rational arithmetic)
    >>> rock_paper_scissors = NormalFormGame.symmetric([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    >>> certify_ess(rock_paper_scissors, MixedProfile.uniform(rock_paper_scissors)).violation
    '(0, 2/3, 1/3) invades: against itself it earns 0 more than the strategy does'
    """
    _check(game, profile)
    payoffs, denominator = _integers(game)
    weights, total = _over_one_denominator(profile.exact[0])
    earned = [sum(map(mul, row, weights)) for row in payoffs]
    average = Fraction(sum(map(mul, earned, weights)), total)
    regret = (max(earned) - average) / (total * denominator)
    invader = _invader(payoffs, weights, earned)
    epsilon, violation = regret, ""
    if invader is not None:
        epsilon = _range(payoffs) / denominator or Fraction(1)
        violation = _describe(payoffs, denominator, profile.exact[0], invader)
    payoff = average / (total * denominator)
    return Certificate(
        concept="ess",
        epsilon=epsilon,
        payoffs=(payoff, payoff),
        regrets=(epsilon, epsilon),
        arithmetic="rational",
        game_digest=game.digest,
        profile=profile,
        violation=violation,
    )


def _check(game: NormalFormGame, profile: MixedProfile) -> None:
    if game.n_players != 2 or not game.is_symmetric():
        raise UnsupportedGame(
            "evolutionary stability is defined for symmetric two-player games",
            where=repr(game),
            valid="a game built with NormalFormGame.symmetric, or equal to one",
        )
    profile.check_fits(game)
    first, second = profile.exact
    if first != second:
        raise InvalidProfile(
            "the two strategies differ",
            where="profile[1]",
            valid="twice the same strategy: a population plays against itself",
        )


def _integers(game: NormalFormGame) -> tuple[Matrix, int]:
    """Player 0's payoffs over one denominator."""
    read = game.integer_payoffs[0]
    if read is not None:
        return read.integers.tolist(), read.denominator
    rows = game.exact_payoffs[0].tolist()
    scale = math.lcm(*(payoff.denominator for row in rows for payoff in row))
    return [[int(payoff * scale) for payoff in row] for row in rows], scale


def _over_one_denominator(strategy: tuple[Fraction, ...]) -> tuple[Vector, int]:
    scale = math.lcm(*(p.denominator for p in strategy))
    return [p.numerator * (scale // p.denominator) for p in strategy], scale


def _range(payoffs: Matrix) -> Fraction:
    flat = [payoff for row in payoffs for payoff in row]
    return Fraction(max(flat) - min(flat))


def _invader(payoffs: Matrix, weights: Vector, earned: Vector) -> tuple[Fraction, ...] | None:
    """Find a strategy on best responses and support that is not driven out, if there is one."""
    best = max(earned)
    used = [i for i, weight in enumerate(weights) if weight]
    unused = [i for i, pay in enumerate(earned) if pay == best and not weights[i]]
    base, *free = used
    form = [
        [-p - q for p, q in zip(row, column, strict=True)]
        for row, column in zip(payoffs, zip(*payoffs, strict=True), strict=True)
    ]
    cone = _Cone.of(form, [_difference(len(weights), i, base) for i in [*free, *unused]])
    direction = _not_positive(cone, len(free))
    return None if direction is None else _as_far_as_possible(weights, direction)


def _difference(n: int, action: int, base: int) -> Vector:
    return [int(i == action) - int(i == base) for i in range(n)]


class _Cone(NamedTuple):
    """Generators of a cone, and the values of the form between them."""

    generators: list[Vector]
    gram: Matrix

    @classmethod
    def of(cls, form: Matrix, generators: list[Vector]) -> _Cone:
        images = [[sum(map(mul, row, v)) for row in form] for v in generators]
        return cls(generators, [[sum(map(mul, v, image)) for image in images] for v in generators])

    def combined(self, combinations: list[dict[int, int]]) -> _Cone:
        """Return the cone of some combinations of generators, each given by its coefficients."""
        generators = [
            [sum(c * self.generators[k][i] for k, c in some.items()) for i in range(self.width)]
            for some in combinations
        ]
        gram = [
            [
                sum(c * d * self.gram[k][m] for k, c in one.items() for m, d in other.items())
                for other in combinations
            ]
            for one in combinations
        ]
        return _Cone(generators, gram)

    @property
    def width(self) -> int:
        return len(self.generators[0])

    def without(self, i: int, *, projected: bool) -> _Cone:
        """Drop a generator; or minimize over its coefficient, which has a positive square."""
        others = [j for j in range(len(self.gram)) if j != i]
        if not projected:
            return self.combined([{j: 1} for j in others])
        pairs = [(self.gram[i][i], -self.gram[i][j]) for j in others]
        return self.combined(
            [_reduced({j: a, i: b}) for j, (a, b) in zip(others, pairs, strict=True)]
        )

    def split(self, i: int, below: int, above: int) -> tuple[_Cone, _Cone]:
        """Cut where the form with generator i vanishes between two others."""
        cut = _reduced({below: self.gram[i][above], above: -self.gram[i][below]})
        same = [{j: 1} for j in range(len(self.gram))]
        halves = []
        for replaced in (below, above):
            halves.append(
                self.combined([cut if j == replaced else same[j] for j in range(len(same))])
            )
        return halves[0], halves[1]


def _reduced(combination: dict[int, int]) -> dict[int, int]:
    divisor = math.gcd(*combination.values())
    return {k: c // divisor for k, c in combination.items()}


def _not_positive(cone: _Cone, n_free: int) -> Vector | None:
    """Find a direction of the cone on which the form is not positive; None if there is none.

    The first ``n_free`` generators may be taken with either sign.
    """
    for _ in range(n_free):
        if cone.gram[0][0] <= 0:
            return cone.generators[0]
        cone = cone.without(0, projected=True)
    parts: list[tuple[_Cone, int | None]] = [(cone, None)]  # and the generator being taken out
    while parts:
        cone, chosen = parts.pop()
        gram = cone.gram
        for i, row in enumerate(gram):
            if row[i] <= 0:
                return cone.generators[i]
        if chosen is None:
            if _is_definite(gram) or _is_definite(_lowered(gram)):
                continue
            rows = [i for i, row in enumerate(gram) if min(row) < 0]
            if not rows:
                continue  # no entry is negative, and the diagonal is positive
            chosen = min(rows, key=lambda i: _splits(gram[i], i))
        row = gram[chosen]
        below = [j for j, entry in enumerate(row) if entry < 0]
        above = [j for j, entry in enumerate(row) if entry > 0 and j != chosen]
        if below and above:
            parts += [(half, chosen) for half in cone.split(chosen, below[0], above[0])]
        else:  # the best coefficient is 0 everywhere, or nowhere negative
            parts.append((cone.without(chosen, projected=bool(below)), None))
    return None


def _lowered(gram: Matrix) -> Matrix:
    """Lower what is positive off the diagonal to 0: a cone positive for this is so for more."""
    return [
        [entry if i == j else min(entry, 0) for j, entry in enumerate(row)]
        for i, row in enumerate(gram)
    ]


def _is_definite(gram: Matrix) -> bool:
    """Whether a symmetric matrix is positive definite, by elimination without fractions."""
    rest, before = gram, 1
    while rest:
        pivot, first = rest[0][0], rest[0]
        if pivot <= 0:
            return False
        rest = [
            [
                (pivot * entry - row[0] * top) // before
                for entry, top in zip(row[1:], first[1:], strict=True)
            ]
            for row in rest[1:]
        ]
        before = pivot
    return True


def _splits(row: Vector, own: int) -> int:
    """How often a cone has to be cut before a generator can be taken out, roughly."""
    below = sum(entry < 0 for entry in row)
    return math.comb(below + sum(entry > 0 for j, entry in enumerate(row) if j != own), below)


def _as_far_as_possible(weights: Vector, direction: Vector) -> tuple[Fraction, ...]:
    """Go from a strategy in a direction until a probability is 0."""
    total = sum(weights)
    step = min(Fraction(w, -d) for w, d in zip(weights, direction, strict=True) if d < 0)
    return tuple((w + step * d) / total for w, d in zip(weights, direction, strict=True))


def _describe(
    payoffs: Matrix, denominator: int, strategy: tuple[Fraction, ...], invader: tuple[Fraction, ...]
) -> str:
    against = [sum(map(mul, row, invader), Fraction(0)) for row in payoffs]
    more = [y - x for x, y in zip(strategy, invader, strict=True)]
    gain = sum(map(mul, more, against), Fraction(0))
    shown = ", ".join(_show(p) for p in invader)
    return (
        f"({shown}) invades: against itself it earns {_show(gain / denominator)} more than the "
        "strategy does"
    )


def _show(number: Fraction) -> str:
    exact = to_fraction(number)
    return str(exact) if exact.denominator < 10**6 else f"{float(exact):.6g}"
