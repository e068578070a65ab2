"""Potentials: one function on joint actions that every player's deviations follow.

Exact and weighted potentials (Monderer and Shapley 1996) are found here, with array operations on
integers; those that only agree about what is better, in :mod:`.improvement_graph`.

Write S_ij for player i's gains summed around a square: i and j exchange two actions each, one
after the other, and the others stay. A game has an exact potential if and only if S_ij = S_ji on
all squares, signs taken so that equal means that the deviators' gains cancel (Monderer and Shapley
1996, Corollary 2.9). Squares that start from the first actions of i and j are enough: the others
are sums and differences of them.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import UnsupportedGame
from gametheory.games.frozen import FrozenArrays, freeze
from gametheory.rationals import shown

if TYPE_CHECKING:
    from gametheory.games.normal_form import NormalFormGame

__all__ = ["KINDS", "Potential", "find_potential"]

KINDS = ("exact", "weighted", "ordinal", "generalized-ordinal", "best-response")
"""What a potential may agree with, from the strongest; the last two do not imply one another."""

JointAction = tuple[int, ...]
Cycle = tuple[JointAction, ...]
Tables = list[NDArray[Any]]

_FITS = 2**62
_EXACT = 2**53


@dataclass(frozen=True, eq=False)
class Potential(FrozenArrays):
    """A potential of a game, or the proof that it has none of this kind.

    Attributes
    ----------
    kind : str
        One of ``KINDS``.
    holds : bool
    numerators : ndarray of int, shape (m_1, ..., m_n)
        The potential is ``numerators / denominator``: 0 at the first joint action if it is exact
        or weighted, otherwise the smallest nonnegative integers. Where payoffs have no common
        denominator of reasonable size these are Fractions; of shape (0,) where there is none.
    denominator : int
    weights : tuple of Fraction
        Of an exact or weighted potential: what a player gains by a deviation is its weight times
        what the potential gains.
    witness : tuple of tuple of joint actions
        Of a game without such a potential: the cycles of deviations that refute it, as indices.
        Ordinal kinds: one cycle in which no deviator loses and some gain. Exact: one square around
        which the gains do not cancel. Weighted: squares that no positive weights make cancel.
    reason : str
        The same in words, with labels; empty if there is a potential.

    Examples
    --------
    >>> from gametheory.games.normal_form import NormalFormGame
    >>> dilemma = NormalFormGame.symmetric([[-1, -3], [0, -2]])
    >>> find_potential(dilemma).values.tolist()
    [[0.0, 1.0], [1.0, 2.0]]
    """

    kind: str
    holds: bool
    numerators: NDArray[Any]
    denominator: int = 1
    weights: tuple[Fraction, ...] = ()
    witness: tuple[Cycle, ...] = ()
    reason: str = ""

    def __post_init__(self) -> None:
        freeze(self.__dict__)

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """The potential at every joint action, rounded to the nearest floats; read-only."""
        # Where both are floats exactly, so is the quotient but for its one rounding.
        exactly = self.denominator == 1 or (
            self.denominator <= _EXACT
            and self.numerators.dtype != object
            and int(np.abs(self.numerators).max(initial=0)) <= _EXACT
        )
        if exactly and self.numerators.dtype != object:
            floats = self.numerators / float(self.denominator)
        else:
            flat = [_rounded(value) for value in self.exact.ravel().tolist()]
            floats = np.array(flat, dtype=np.float64).reshape(self.numerators.shape)
        floats.setflags(write=False)
        return floats

    @cached_property
    def exact(self) -> NDArray[np.object_]:
        """The potential as Fractions, read-only."""
        flat = np.empty(self.numerators.size, dtype=object)
        flat[:] = [Fraction(p) / self.denominator for p in self.numerators.ravel().tolist()]
        fractions = flat.reshape(self.numerators.shape)
        fractions.setflags(write=False)
        return fractions

    @property
    def maximizers(self) -> tuple[JointAction, ...]:
        """Where the potential is largest: pure Nash equilibria, whatever its kind."""
        if not self.holds:
            return ()
        best = np.argwhere(self.numerators == self.numerators.max())
        return tuple(tuple(joint) for joint in best.tolist())

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        article = "an" if self.kind[0] in "eo" else "a"
        return f"{article} {self.kind} potential" if self.holds else self.reason


def find_potential(game: NormalFormGame, kind: str = "exact") -> Potential:
    """Find a potential of a game, or a proof that there is none; exactly, any number of players.

    Parameters
    ----------
    game : NormalFormGame
    kind : {"exact", "weighted", "ordinal", "generalized-ordinal", "best-response"}
        What a player's deviation from a to b does to the potential P:

        - exact: P(b) - P(a) is what the player gains;
        - weighted: a positive weight of the player times P(b) - P(a) is;
        - ordinal: P rises if and only if the player gains;
        - generalized ordinal: P rises if the player gains;
        - best-response: P and the player's payoffs are largest at the same actions, whatever the
          others do.

    Returns
    -------
    Potential
        True in a condition when it exists.

    Raises
    ------
    UnsupportedGame
        This is no game in normal form, or there is no such kind.

    Notes
    -----
    *Exact.* Summing gains along the path that changes the players' actions one after the other,
    from the first joint action, gives the only candidate with P = 0 there. It is a potential if
    P - u_i is constant along i's axis for every i. Cost: 2 n operations for each joint action.

    *Weighted.* Weights w_i fit if and only if the payoffs u_i / w_i have an exact potential, that
    is S_ij / w_i = S_ji / w_j on every square. If S_ij and S_ji vanish on all squares the pair
    asks for nothing. If on one square one of them vanishes alone, or their signs differ, no
    positive weights fit. Otherwise the pair fixes w_i / w_j = S_ij / S_ji, the same on all
    squares. The pairs that fix a ratio are the edges of a graph on the players: along a spanning
    tree of each of its components the ratios determine the weights up to a common factor (the
    first player of a component, and whoever has no edge, gets weight 1), and they fit if and only
    if the edges off the tree agree. A game with an exact potential therefore gets weights 1. Cost:
    n^2 operations for each joint action.

    *Ordinal, generalized ordinal, best-response:* see :mod:`.improvement_graph`.

    References
    ----------
    Monderer and Shapley (1996), "Potential games", Games and Economic Behavior 14.
    Voorneveld and Norde (1997), "A characterization of ordinal potential games", Games and
    Economic Behavior 19.
    Voorneveld (2000), "Best-response potential games", Economics Letters 66.

    Examples
    --------
    >>> from gametheory.games.normal_form import NormalFormGame
    >>> battle = NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]])
    >>> found = find_potential(battle)
    >>> found.values.tolist(), found.maximizers
    ([[0.0, -1.0], [-2.0, 0.0]], ((0, 0), (1, 1)))
    >>> pennies = NormalFormGame.zero_sum([[1, -1], [-1, 1]], actions=[["H", "T"]] * 2)
    >>> print(find_potential(pennies, "generalized-ordinal"))
    around (H, H) -> (H, T) -> (T, T) -> (T, H) -> (H, H) everybody gains who changes its action
    """
    from gametheory.games.normal_form import NormalFormGame

    if not isinstance(game, NormalFormGame):
        raise UnsupportedGame(f"{game!r} is not in normal form", valid="a NormalFormGame")
    if not isinstance(kind, str) or kind not in KINDS:
        raise UnsupportedGame(f"kind={kind!r}", valid=f"one of {list(KINDS)}")
    if kind == "exact":
        return _exact(game)
    if kind == "weighted":
        return _weighted(game)
    from gametheory.games.improvement_graph import improvement_levels

    found = improvement_levels(game.payoffs if game.payoffs_are_exact else game.exact_payoffs, kind)
    if found.cycle:
        return _none(kind, [found.cycle], _in_words(game, kind, found.cycle))
    return _some(kind, found.levels, 1, ())


def _exact(game: NormalFormGame) -> Potential:
    tables, denominator = _common(game)
    values = _integrated(tables)
    if all(_constant_along(values - table, axis) for axis, table in enumerate(tables)):
        return _some("exact", values, denominator, (Fraction(1),) * game.n_players)
    for i, j in combinations(range(game.n_players), 2):
        one, other = _around(tables[i], i, j), _around(tables[j], i, j)
        wrong = np.flatnonzero(one != other)
        if len(wrong):
            square = _square(one.shape, int(wrong[0]), i, j)
            total = _fraction(other.flat[wrong[0]] - one.flat[wrong[0]]) / denominator
            return _none(
                "exact",
                [square],
                f"around {_shown(game, square)} the deviators gain {shown(total)} in all instead "
                "of 0",
            )
    raise ArithmeticError("the gains cancel around every square, and yet there is no potential")


class _Edge(NamedTuple):
    """What two players' squares say: v_j / v_i, where v is one over the weight; and a square."""

    ratio: Fraction
    square: Cycle


def _weighted(game: NormalFormGame) -> Potential:
    tables, denominator = _common(game)
    n = game.n_players
    edges: dict[tuple[int, int], _Edge] = {}
    for i, j in combinations(range(n), 2):
        edge = _ratio(game, tables, i, j)
        if isinstance(edge, Potential):
            return edge
        if edge is not None:
            edges[i, j] = edge
            edges[j, i] = _Edge(1 / edge.ratio, edge.square)
    factors, parents = _spread(n, edges)
    for (i, j), edge in edges.items():
        if factors[j] != factors[i] * edge.ratio:
            ring = _ring(parents, i, j)
            squares = [edges[pair].square for pair in ring]
            names = ", ".join(game.players[player] for player, _ in ring)
            ratios = math.prod((edges[pair].ratio for pair in ring), start=Fraction(1))
            return _none(
                "weighted",
                squares,
                f"the ratios of weights that squares of {names} fix, one after the other, multiply "
                f"to {shown(ratios)} instead of 1",
            )
    scale = math.lcm(*(factor.denominator for factor in factors))
    scaled = [
        _times(table, int(factor * scale)) for table, factor in zip(tables, factors, strict=True)
    ]
    weights = tuple(1 / factor for factor in factors)
    return _some("weighted", _integrated(_roomy(scaled)), denominator * scale, weights)


def _ratio(game: NormalFormGame, tables: Tables, i: int, j: int) -> _Edge | Potential | None:
    """Compare two players' sums on all squares; None if all vanish."""
    one, other = _around(tables[i], i, j), _around(tables[j], i, j)
    wrong = np.flatnonzero(((one > 0) != (other > 0)) | ((one < 0) != (other < 0)))
    if len(wrong):
        square = _square(one.shape, int(wrong[0]), i, j)
        words = (
            f"around {_shown(game, square)} no positive weights make the gains of "
            f"{game.players[i]} and {game.players[j]} cancel"
        )
        return _none("weighted", [square], words)
    taken = np.flatnonzero(one)
    if not len(taken):
        return None
    first = int(taken[0])
    p: Any = one.flat[first]
    q: Any = other.flat[first]
    ratio = _fraction(p) / _fraction(q)
    if one.dtype != object or not isinstance(one.flat[0], Fraction):
        p, q = ratio.numerator, ratio.denominator
        if max(map(abs, (p, q))) * max(int(np.abs(one).max()), int(np.abs(other).max())) >= _FITS:
            one, other = one.astype(object), other.astype(object)
    differ = np.flatnonzero(one * q != other * p)
    square = _square(one.shape, first, i, j)
    if len(differ):
        second = _square(one.shape, int(differ[0]), i, j)
        words = (
            f"the squares {_shown(game, square)} and {_shown(game, second)} ask for different "
            f"ratios of the weights of {game.players[i]} and {game.players[j]}"
        )
        return _none("weighted", [square, second], words)
    return _Edge(ratio, square)


def _spread(n: int, edges: dict[tuple[int, int], _Edge]) -> tuple[list[Fraction], list[int | None]]:
    """Give every player its factor along spanning trees, each from its first player."""
    factors: list[Fraction] = [Fraction(0)] * n
    parents: list[int | None] = [None] * n
    for root in range(n):
        if factors[root]:
            continue
        factors[root] = Fraction(1)
        queue = deque([root])
        while queue:
            i = queue.popleft()
            for j in range(n):
                if (i, j) in edges and not factors[j]:
                    factors[j], parents[j] = factors[i] * edges[i, j].ratio, i
                    queue.append(j)
    return factors, parents


def _ring(parents: list[int | None], i: int, j: int) -> list[tuple[int, int]]:
    """Return the edges of the cycle that (i, j) closes in the tree, in its direction."""
    up = {i: 0}
    line = [i]
    while (parent := parents[line[-1]]) is not None:
        line.append(parent)
        up[parent] = len(line) - 1
    back = [j]
    while back[-1] not in up:
        parent = parents[back[-1]]
        if parent is None:
            raise ArithmeticError("the players are in different components")
        back.append(parent)
    players = [*back, *reversed(line[: up[back[-1]]])]
    return [(i, j), *pairwise(players)]


def _common(game: NormalFormGame) -> tuple[Tables, int]:
    """Bring all players' payoffs to one denominator, with room to add a few of them up."""
    read = [table for table in game.integer_payoffs if table is not None]
    if len(read) < game.n_players:
        return list(game.exact_payoffs), 1
    denominator = math.lcm(*(table.denominator for table in read))
    return _roomy([_times(t.integers, denominator // t.denominator) for t in read]), denominator


def _times(table: NDArray[Any], factor: int) -> NDArray[Any]:
    if factor == 1:
        return table
    if table.dtype != object and max(int(np.abs(table).max()), 1) * factor >= _FITS:
        table = table.astype(object)
    return table * factor


def _roomy(tables: Tables) -> Tables:
    """Leave int64 where sums of gains, two for each player, might not fit."""
    if any(table.dtype == object for table in tables):
        return [table.astype(object) for table in tables]
    largest = max(int(np.abs(table).max()) for table in tables)
    return tables if largest * 4 * (len(tables) + 1) < _FITS else [t.astype(object) for t in tables]


def _integrated(tables: Tables) -> NDArray[Any]:
    """Sum the gains on the way from the first joint action, one player after the other."""
    n = len(tables)
    values = np.zeros((1,) * n, dtype=tables[0].dtype)
    for player, table in enumerate(tables):
        later = (slice(0, 1),) * (n - player - 1)
        reached = table[(slice(None),) * (player + 1) + later]
        values = values + (reached - _first(reached, player))
    return np.ascontiguousarray(values)


def _first(table: NDArray[Any], axis: int) -> NDArray[Any]:
    cut: NDArray[Any] = table[(slice(None),) * axis + (slice(0, 1),)]
    return cut


def _constant_along(table: NDArray[Any], axis: int) -> bool:
    return bool((table == _first(table, axis)).all())


def _around(table: NDArray[Any], i: int, j: int) -> NDArray[Any]:
    """Return S for the squares of two players that start from their first actions."""
    gained = table - _first(table, i)
    total: NDArray[Any] = gained - _first(gained, j)
    return total


def _square(shape: tuple[int, ...], flat: int, i: int, j: int) -> Cycle:
    """Return the square whose far corner is given: i goes, j goes, i returns, j returns."""
    far = [int(k) for k in np.unravel_index(flat, shape)]
    corners = []
    for a, b in ((0, 0), (far[i], 0), (far[i], far[j]), (0, far[j])):
        corner = list(far)
        corner[i], corner[j] = a, b
        corners.append(tuple(corner))
    return tuple(corners)


def _some(
    kind: str, values: NDArray[Any], denominator: int, weights: tuple[Fraction, ...]
) -> Potential:
    if denominator > 1 and not isinstance(values.flat[0], Fraction):
        divisor = math.gcd(denominator, *values.ravel().tolist())
        values, denominator = values // divisor, denominator // divisor
    return Potential(kind, True, values, denominator, weights)


def _none(kind: str, cycles: Sequence[Cycle], reason: str) -> Potential:
    empty = np.empty(0, dtype=np.int64)
    return Potential(kind, False, empty, witness=tuple(cycles), reason=reason)


def _in_words(game: NormalFormGame, kind: str, cycle: Cycle) -> str:
    step = "changes to a best response" if kind == "best-response" else "changes its action"
    if kind == "generalized-ordinal":
        return f"around {_shown(game, cycle)} everybody gains who {step}"
    return f"around {_shown(game, cycle)} nobody loses who {step}, and somebody gains"


def _shown(game: NormalFormGame, cycle: Cycle) -> str:
    labels = [
        "(" + ", ".join(game.actions[i][a] for i, a in enumerate(joint)) + ")"
        for joint in (*cycle, cycle[0])
    ]
    return " -> ".join(labels)


def _fraction(number: Any) -> Fraction:
    return number if isinstance(number, Fraction) else Fraction(int(number))


def _rounded(value: Fraction) -> float:
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return math.copysign(math.inf, value)
