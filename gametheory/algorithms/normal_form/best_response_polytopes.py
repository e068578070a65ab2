"""Best-response polytopes of a two-player game, exactly, and what one vertex says of the other.

Scale a strategy so that the opponent's best payoff against it is 1: the strategies of the player
become the polytope {x >= 0, M x <= 1}, M the opponent's payoffs, made positive. A vertex knows
its *support* (the actions it uses) and the rows of M that are *tight* (the opponent's best
replies). A pair of strategies is an equilibrium when each uses best replies only; it is extreme
when both are vertices (Mangasarian 1964; von Stengel 2002).

Given a vertex x, the opponent's strategies that are in equilibrium with it are the points of
their polytope that use only x's best replies and make all of x's support tight: a face. So the
vertices of one polytope, the smaller one, and the vertices of these faces are all that is needed.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.integer_dictionary import IntegerDictionary, walk_bases
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

__all__ = [
    "BestResponsePolytope",
    "Vertex",
    "best_response_polytope",
    "equilibrium_profile",
    "exact_vertex",
    "facing_vertices",
    "why_not_bimatrix",
]

Matrix = list[list[int]]
Integers = NDArray[Any]  # of int64, or of Python ints where those do not suffice
Weights = Mapping[int, int]  # action -> positive weight, in proportion to its probability

_FITS = 2**61
_WORTH_COMPARING = 20_000_000  # pairs of payoffs; dominance should cost a moment at most


class Vertex(NamedTuple):
    """A vertex of a best-response polytope.

    Attributes
    ----------
    support : tuple of int
        The player's actions of positive probability, in increasing order.
    tight : tuple of int
        The opponent's best replies, in increasing order.
    """

    support: tuple[int, ...]
    tight: tuple[int, ...]


class BestResponsePolytope(NamedTuple):
    """One player's best-response polytope {x >= 0, constraints x <= 1} and both payoff matrices.

    Attributes
    ----------
    player : int
        Whose strategies these are.
    constraints : list of list of int, shape (n_replies, n_actions)
        The opponent's payoffs, positive integers, each reply a row.
    payoffs : list of list of int, shape (n_actions, n_replies)
        The player's own payoffs, positive integers.
    actions, replies : ndarray of int
        What the two players' actions that are left are called in the game.
    """

    player: int
    constraints: Matrix
    payoffs: Matrix
    actions: NDArray[np.intp]
    replies: NDArray[np.intp]


def why_not_bimatrix(game: NormalFormGame) -> str:
    """Say why the exact enumeration of a two-player game is impossible; "" if it is possible."""
    if game.n_players != 2:
        return f"it needs two players and the game has {game.n_players}"
    if any(payoffs is None for payoffs in game.integer_payoffs):
        return "the payoffs' common denominator is too wide for exact arithmetic"
    return ""


def best_response_polytope(game: NormalFormGame) -> BestResponsePolytope:
    """Return the best-response polytope of the player with fewer actions left.

    Actions that another one beats everywhere are never used in equilibrium and are left out, again
    and again (iterated strict dominance by pure actions).

    Examples
    --------
    >>> dilemma = NormalFormGame.symmetric([[-1, -3], [0, -2]])
    >>> best_response_polytope(dilemma).actions
    array([1])
    """
    both = [_wide(entry.integers) for entry in game.integer_payoffs if entry is not None]
    own = [both[0], both[1].T]  # each player's own actions as rows
    kept = [np.arange(len(matrix)) for matrix in own]
    _drop_dominated(own, kept)
    positive: list[Matrix] = [_positive(matrix).tolist() for matrix in own]
    player = int(len(kept[1]) < len(kept[0]))
    return BestResponsePolytope(
        player, positive[1 - player], positive[player], kept[player], kept[1 - player]
    )


def _wide(integers: Integers) -> Integers:
    """Take Python ints where differences could leave the range of int64."""
    if integers.dtype == object or np.abs(integers).max() >= _FITS:
        return integers.astype(object)
    return integers


def _drop_dominated(own: list[Integers], kept: list[NDArray[np.intp]]) -> None:
    """Remove strictly dominated actions from both matrices until none is left."""
    player, unchanged = 0, 0
    while unchanged < 2:
        matrix = own[player]
        unchanged += 1
        pairs = len(matrix) * matrix.size * (20 if matrix.dtype == object else 1)
        if len(matrix) > 1 and pairs <= _WORTH_COMPARING:
            beaten = (matrix[:, None, :] > matrix[None, :, :]).all(axis=2).any(axis=0)
            if beaten.any():
                own[player] = matrix[~beaten]
                own[1 - player] = own[1 - player][:, ~beaten]
                kept[player] = kept[player][~beaten]
                unchanged = 0
        player = 1 - player


def _positive(own: Integers) -> Integers:
    """Move and scale payoffs to small positive integers that have the same best replies.

    Adding a number to a player's payoffs against one action of the opponent changes no best
    reply, and maps the polytope projectively onto another with the same labels.
    """
    moved: Integers = own - own.min(axis=0)
    divisor: Any = np.gcd.reduce(moved, axis=None)
    positive: Integers = (moved // divisor if divisor else moved) + 1
    return positive


def exact_vertex(
    constraints: Matrix, used: Sequence[int], tight: Sequence[int]
) -> tuple[Vertex, Weights] | None:
    """Return the vertex with a given basis, with all its tight rows, and its strategy, exactly.

    None if the basis is singular, or its solution outside of the polytope.

    Examples
    --------
    >>> exact_vertex([[1, 1], [1, 2]], [1], [1])
    (Vertex(support=(1,), tight=(1,)), {1: 1})
    >>> exact_vertex([[1, 1], [1, 2]], [1], [0]) is None
    True
    """
    dimension, weights = _solve(constraints, tight, used)
    if dimension != 0:
        return None
    earned = _earned(constraints, weights)
    most = max(earned)
    if most != earned[tight[0]]:
        return None
    best = tuple(reply for reply, payoff in enumerate(earned) if payoff == most)
    return Vertex(tuple(weights), best), weights


def facing_vertices(
    polytope: BestResponsePolytope, vertex: Vertex, strategy: Weights
) -> Generator[tuple[Weights, Weights] | None, None, None]:
    """Yield every extreme equilibrium of a vertex, given with its strategy: both players' weights.

    Yields None as a heartbeat.

    Notes
    -----
    The opponent's strategies in equilibrium with the vertex solve ``N y = 1`` on its support and
    best replies, N the player's payoffs. With full column rank there is at most one.
    """
    dimension, reply = _solve(polytope.payoffs, vertex.support, vertex.tight)
    if dimension < 0:
        return
    if dimension == 0:
        earned = _earned(polytope.payoffs, reply)
        if max(earned) == earned[vertex.support[0]]:
            yield strategy, reply
        return
    for facing in _face_vertices(polytope.payoffs, vertex):
        yield None if facing is None else (strategy, facing)


def equilibrium_profile(
    game: NormalFormGame, polytope: BestResponsePolytope, pair: tuple[Weights, Weights]
) -> MixedProfile:
    """Write a pair of weights as a profile of the game, with exact probabilities."""
    strategies = [[0] * size for size in game.n_actions]
    players = (polytope.player, 1 - polytope.player)
    names = (polytope.actions, polytope.replies)
    for player, actions, weights in zip(players, names, pair, strict=True):
        for action, weight in weights.items():
            strategies[player][actions[action]] = weight
    return MixedProfile.from_weights(strategies)


def _solve(matrix: Matrix, rows: Sequence[int], columns: Sequence[int]) -> tuple[int, Weights]:
    """Solve for equal payoffs: rows of the matrix times weights on its columns all alike.

    Returns the dimension of the solutions (-1 if there are none) and, if there is just one and it
    is nonnegative, its positive weights; a unique solution with a negative weight counts as none.
    """
    from flint import fmpz_mat

    chosen = [[matrix[r][c] for c in columns] for r in rows]
    n_rows, n_columns = len(rows), len(columns)
    if n_rows == n_columns:
        try:
            solution: Any = fmpz_mat(chosen).solve(fmpz_mat(n_rows, 1, [1] * n_rows))
        except ZeroDivisionError:
            pass
        else:
            return _nonnegative(columns, [int(p) for p in solution.numer_denom()[0].entries()])
    reduced, scale, rank = fmpz_mat([[*row, 1] for row in chosen]).rref()
    if rank > n_columns or not any(int(reduced[rank - 1, c]) for c in range(n_columns)):
        return -1, {}
    if rank < n_columns:
        return n_columns - rank, {}
    sign = 1 if int(scale) > 0 else -1
    return _nonnegative(columns, [sign * int(reduced[r, n_columns]) for r in range(rank)])


def _nonnegative(columns: Sequence[int], solution: list[int]) -> tuple[int, Weights]:
    if min(solution) < 0:
        return -1, {}
    return 0, {column: value for column, value in zip(columns, solution, strict=True) if value}


def _earned(matrix: Matrix, weights: Weights) -> list[int]:
    """Return what each row earns against weights on the columns, times the sum of the weights."""
    used = list(weights.items())
    return [sum(row[column] * weight for column, weight in used) for row in matrix]


def _face_vertices(payoffs: Matrix, vertex: Vertex) -> Generator[Weights | None, None, None]:
    """Yield the vertices of {y >= 0, N y <= 1} on the tight columns with 1 in the support's rows.

    The sum of the slacks of the support's rows is minimized by the simplex method. Where it is
    zero the variables that would raise it stay zero, and the walk over the rest is the face's.
    """
    dictionary = IntegerDictionary([[row[reply] for reply in vertex.tight] for row in payoffs])
    slacks = frozenset(dictionary.n_unknowns + i for i in vertex.support)
    dropped: set[int] = set()
    while True:
        rates = _falling_rates(dictionary, slacks, dropped)
        if max(rates) <= 0:
            break
        yield None
        column = rates.index(max(rates))
        row = dictionary.leaving_row(column)
        dictionary.pivot(row, column)
        dropped |= slacks & {dictionary.nonbasic[column]}
    if not all(i in dictionary.tight() for i in vertex.support):
        return
    raising = {v for v, rate in zip(dictionary.nonbasic, rates, strict=True) if rate < 0}
    free = _not_forced_to_zero(dictionary, raising | dropped)
    seen = set()
    for new in walk_bases(dictionary, free):
        found = dictionary.support() if new else {}
        corner = (frozenset(found), dictionary.tight())
        if not new or corner in seen:
            yield None
        else:
            seen.add(corner)
            yield {vertex.tight[action]: weight for action, weight in found.items()}


def _not_forced_to_zero(dictionary: IntegerDictionary, zero: set[int]) -> frozenset[int]:
    """Return the variables that may be positive while those of ``zero`` are not.

    A row whose right-hand side is zero and whose entries are all nonnegative forces its nonbasic
    variables to zero, and so on. Not all that are zero on a face are seen, but most are.
    """
    zero, before = set(zero), -1
    degenerate = [entries for entries in dictionary.rows if not entries[-1]]
    while before != len(zero):
        before = len(zero)
        for entries in degenerate:
            left = [
                (v, e)
                for v, e in zip(dictionary.nonbasic, entries, strict=False)
                if e and v not in zero
            ]
            if all(entry > 0 for _, entry in left):
                zero.update(variable for variable, _ in left)
    return frozenset(dictionary.nonbasic + dictionary.basic) - zero


def _falling_rates(
    dictionary: IntegerDictionary, slacks: frozenset[int], dropped: set[int]
) -> list[int]:
    """How fast each nonbasic variable would lower the sum of the slacks, times the denominator."""
    falling = [0] * len(dictionary.nonbasic)
    for variable, entries in zip(dictionary.basic, dictionary.rows, strict=True):
        if variable in slacks:
            falling = [a + b for a, b in zip(falling, entries, strict=False)]
    return [
        -1 if variable in dropped else rate - dictionary.denominator * (variable in slacks)
        for variable, rate in zip(dictionary.nonbasic, falling, strict=True)
    ]
