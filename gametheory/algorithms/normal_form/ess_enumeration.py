"""All evolutionarily stable strategies of a symmetric two-player game, exactly.

With payoffs A (own action, opponent's action), x is evolutionarily stable when it is a best
response to itself and, for every other best response y to it, (x - y)' A y > 0: Maynard Smith and
Price (1973). Let S be the support of x and T the best responses, S a part of T. Then x is stable
if and only if z' A z < 0 for all z that are not 0, sum to 0 and are not negative on T outside S
(Haigh 1975; Abakuks 1980). In the differences from one action of S that is:

1. the matrix Q[i, j] = a_mj + a_im - a_ij - a_mm, made symmetric, is positive definite on S;
2. its Schur complement on T outside S is strictly copositive: :mod:`.strict_copositivity`.

Positive definiteness is inherited by smaller supports, so supports are grown action by action and
given up as soon as it is lost; on those that are left the candidate is unique. No support of a
stable strategy lies within the best responses to another one (Bishop and Cannings 1976), which
rules out more of them.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from gametheory.algorithms.normal_form.strict_copositivity import is_strictly_copositive
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Status

__all__ = ["ess_enumeration"]

Matrix = list[list[int]]


def _refusal(game: NormalFormGame) -> str:
    if game.n_players != 2:
        return f"it has {game.n_players} players, and evolutionary stability is between two"
    if not game.is_symmetric():
        return "it is not symmetric: both players need the same actions and payoffs"
    return ""


@register(
    "ess-enumeration",
    concepts=("ess",),
    form=NormalFormGame,
    applies=_refusal,
    guarantee="all evolutionarily stable strategies, exactly; there may be none",
    cost="an exact linear system of the size of the support for each support on which the payoffs "
    "are negative definite, at most 2^m of them; deciding one of them is in general coNP-hard",
    source="Haigh (1975), Advances in Applied Probability 7; Abakuks (1980), Journal of Applied "
    "Probability 17; Bishop and Cannings (1976), Advances in Applied Probability 8",
    finds="all",
    rank=10,
)
def ess_enumeration(game: NormalFormGame) -> Search:
    """Yield every evolutionarily stable strategy x, as the symmetric profile (x, x).

    Parameters
    ----------
    game : NormalFormGame
        Two-player and symmetric.

    Yields
    ------
    MixedProfile or None
        None while at work, then exact profiles, the supports in lexicographic order.

    Returns
    -------
    Outcome
        ``iterations`` counts the supports looked at. INFEASIBLE when there is none.

    Examples
    --------
    >>> hawk_dove = NormalFormGame.symmetric([[-1, 4], [0, 2]])
    >>> [profile for profile in ess_enumeration(hawk_dove) if profile is not None]
    [MixedProfile([[2/3, 1/3], [2/3, 1/3]])]
    """
    payoffs = _integers(game)
    n = len(payoffs)
    stable: list[tuple[int, int]] = []  # supports and best responses, as sets of bits
    supports: list[tuple[int, ...]] = [(action,) for action in reversed(range(n))]
    looked_at = 0
    while supports:
        support = supports.pop()
        looked_at += 1
        yield None
        members = _bits(support)
        if any(members & inner == inner for inner, _ in stable) or not _is_definite(
            payoffs, support
        ):
            continue  # and so is every larger support
        supports += [(*support, action) for action in range(n - 1, support[-1], -1)]
        if any(members & outer == members for _, outer in stable):
            continue
        strategy = _candidate(payoffs, support)
        best = _best_responses(payoffs, support, strategy) if strategy else []
        if strategy and best and (yield from _is_stable(payoffs, support, best)):
            stable.append((members, _bits(best)))
            yield _profile(n, support, strategy)
    return Outcome(
        iterations=looked_at,
        complete=True,
        status=None if stable else Status.INFEASIBLE,
        reason="" if stable else "the game has no evolutionarily stable strategy",
    )


def _integers(game: NormalFormGame) -> Matrix:
    """Player 0's payoffs as integers, each column less its diagonal entry.

    Neither the scale nor a constant added to a column changes what is stable.
    """
    read = game.integer_payoffs[0]
    if read is not None:
        rows = read.integers.tolist()
    else:
        scale = math.lcm(*(p.denominator for p in game.exact_payoffs[0].ravel().tolist()))
        rows = [[int(p * scale) for p in row] for row in game.exact_payoffs[0].tolist()]
    diagonal = [row[i] for i, row in enumerate(rows)]
    return [[p - d for p, d in zip(row, diagonal, strict=True)] for row in rows]


def _form(payoffs: Matrix, base: int, rows: list[int], columns: list[int]) -> Any:
    """Return the part of Q + Q' between some actions, in differences from the base, for flint."""
    from flint import fmpz_mat

    own = payoffs[base]
    return fmpz_mat(
        [
            [
                own[i]
                + payoffs[i][base]
                + own[j]
                + payoffs[j][base]
                - payoffs[i][j]
                - payoffs[j][i]
                for j in columns
            ]
            for i in rows
        ]
    )


def _is_definite(payoffs: Matrix, support: tuple[int, ...]) -> bool:
    """Whether the form is positive definite on a support, given that it is without the last action.

    By Sylvester's criterion one more determinant has to be positive.
    """
    base, *others = support
    if not others:
        return True
    last = others[-1]
    for i in support[:-1]:  # pairs alone rule out most supports, without a determinant
        if payoffs[i][last] + payoffs[last][i] <= 0:
            return False
    return bool(_form(payoffs, base, others, others).det() > 0)


def _candidate(payoffs: Matrix, support: tuple[int, ...]) -> list[int]:
    """Weights of the one strategy that makes a support indifferent; empty if not all positive.

    The form is definite there, so the system is regular.
    """
    from flint import fmpz_mat

    if len(support) == 1:
        return [1]
    base = support[0]
    rows = [[payoffs[i][j] - payoffs[base][j] for j in support] for i in support[1:]] + [
        [1] * len(support)
    ]
    right = fmpz_mat([[0]] * (len(support) - 1) + [[1]])
    solution: Any = fmpz_mat(rows).solve(right)
    solved, scale = solution.numer_denom()
    sign = 1 if scale > 0 else -1
    weights = [sign * int(w) for w in solved.entries()]
    return weights if min(weights) > 0 else []


def _best_responses(payoffs: Matrix, support: tuple[int, ...], weights: list[int]) -> list[int]:
    """All best responses to a strategy; empty if one outside the support is better."""
    earned = [
        sum(row[j] * weight for j, weight in zip(support, weights, strict=True)) for row in payoffs
    ]
    level = earned[support[0]]
    return [] if max(earned) > level else [i for i, pay in enumerate(earned) if pay == level]


def _is_stable(payoffs: Matrix, support: tuple[int, ...], best: list[int]) -> Any:
    """Whether no other best response can invade; a generator that says None while at work."""
    base, *inner = support
    outer = sorted(set(best) - set(support))
    if not outer:
        return True
    complement = _form(payoffs, base, outer, outer)
    if inner:
        across = _form(payoffs, base, inner, outer)
        solution: Any = _form(payoffs, base, inner, inner).solve(across)
        solved, scale = solution.numer_denom()
        sign = 1 if scale > 0 else -1
        complement = (complement * scale - across.transpose() * solved) * sign
    return (
        yield from is_strictly_copositive([[int(q) for q in row] for row in complement.tolist()])
    )


def _profile(n: int, support: tuple[int, ...], weights: list[int]) -> MixedProfile:
    total = sum(weights)
    strategy = [Fraction(0)] * n
    for action, weight in zip(support, weights, strict=True):
        strategy[action] = Fraction(weight, total)
    return MixedProfile([strategy, strategy])


def _bits(actions: Any) -> int:
    return sum(1 << action for action in actions)
