"""The Pareto frontier of two players who mix independently: a curve, to a proven resolution.

What independent strategies can pay is not convex. For one strategy x of one player it is the
convex hull of what the other's actions pay against x. So strategies x are searched, by cells: a
cell is a simplex spanned by some strategies, and all that its strategies can pay lies in the convex
hull of what the corners pay. A cell is done when that hull is covered, which means that every point
of it exceeds some point that was found by the resolution at most. Otherwise what the cell's center
can pay is added to what was found, and the cell is cut in two across its longest edge.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.concepts.pareto import dominates, exact_payoffs_of
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.payoff_sets.records import Payoffs
from gametheory.rationals import shown, to_fraction

__all__ = ["MixedFrontier", "mixed_pareto_frontier"]

_MOST_CELLS = 50_000  # a minute or so
_FINEST = Fraction(1, 10**5)
_MOST_ACTIONS = 500  # of the player that is not searched
_SAFETY = 1e-9  # of the payoff range: more than all rounding together
_ACROSS = 0.25  # of the resolution: steps along an edge, and what is not worth adding

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MixedFrontier:
    """A curve of undominated points: what independent strategies can pay, nearly.

    Attributes
    ----------
    payoffs : tuple of pairs of Fraction
        In the order of the first player's payoff; none dominates another.
    profiles : tuple of MixedProfile
        One for each point: it pays exactly that.
    resolution : Fraction
        Of each player's payoff range: see :func:`mixed_pareto_frontier`.
    slack : pair of Fraction
        The resolution in each player's payoff units: whatever independent strategies pay, some
        point of the curve pays each player at least that minus its slack.
    cells : int
        How many cells were looked at.
    """

    payoffs: tuple[Payoffs, ...]
    profiles: tuple[MixedProfile, ...]
    resolution: Fraction
    slack: Payoffs
    cells: int


def mixed_pareto_frontier(game: NormalFormGame, resolution: Any = "1/100") -> MixedFrontier:
    """Find the Pareto frontier of what two players can expect by independent mixed strategies.

    Parameters
    ----------
    game : NormalFormGame
        Of two players, one of which has few actions: three take a moment, five may be too many.
    resolution : number
        Of each player's payoff range; at least 1/100000.

    Returns
    -------
    MixedFrontier

    Raises
    ------
    InvalidProfile
        The resolution is none.
    UnsupportedGame
        The game is not one of two players, or would take too many cells.

    Notes
    -----
    Let e_i be ``slack[i]``, the resolution times the range of player i's payoffs. For every
    profile (x, y) the curve has a point p with p_i >= u_i(x, y) - e_i for both players: nothing
    that can be attained is further beyond the curve than that.

    Proof. Call a payoff vector covered if there is such a p. The cells that are done make up the
    whole simplex of one player's strategies x. Say x lies in the cell with corners c_k, so x is
    a mixture of them, and u(x, y) is a mixture of the vectors u(c_k, j), j the other player's
    actions: a point of their convex hull Q. Covered vectors form a union of quadrants below the
    points p + e. If a point q of Q were in none of them, it would be strictly to the upper right of
    some corner between two neighboring quadrants, or right of all, or above all. A cell is done
    only after the upper right boundary of Q, a concave function of the first payoff, was
    compared at all these corners with a margin of 1e-9 of the range, far more than rounding can
    contribute; so there is no such q. Points that are dropped from the curve later are dominated by
    points that stay. The search ends because a cell of diameter below half the resolution is
    covered once its center was added: there the points along what the center can pay lie
    within a quarter, and what is not added lies within another quarter, of what was found.

    Points are computed as fractions in the end, so each is exactly what its profile pays.

    Examples
    --------
    >>> battle = NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]])
    >>> curve = mixed_pareto_frontier(battle, "1/50")
    >>> [tuple(map(str, payoffs)) for payoffs in (curve.payoffs[0], curve.payoffs[-1])]
    [('1', '2'), ('2', '1')]
    """
    step = _read_resolution(resolution)
    if not isinstance(game, NormalFormGame) or game.n_players != 2:
        raise UnsupportedGame(
            f"{game!r} is not a two-player game in normal form",
            valid="a NormalFormGame with two players",
            hint="pareto_frontier takes any number of players, over correlated play",
        )
    searched = 0 if game.n_actions[0] <= game.n_actions[1] else 1
    if max(game.n_actions) > _MOST_ACTIONS:
        raise UnsupportedGame(
            f"{max(game.n_actions)} actions are too many", valid=f"at most {_MOST_ACTIONS}"
        )
    ranges = _ranges(game)
    search = _Search(_units(game, searched, ranges), float(step))
    search.run(game)
    profiles = [_profile(point, searched) for point in search.found.sources]
    curve = _undominated([(exact_payoffs_of(game, profile), profile) for profile in profiles])
    return MixedFrontier(
        payoffs=tuple(payoffs for payoffs, _ in curve),
        profiles=tuple(profile for _, profile in curve),
        resolution=step,
        slack=(step * ranges[0], step * ranges[1]),
        cells=search.cells,
    )


def _read_resolution(resolution: Any) -> Fraction:
    try:
        step = to_fraction(resolution)
    except ValueError:
        step = Fraction(0)
    if not _FINEST <= step < 1:
        raise InvalidProfile(
            f"resolution {shown(resolution)}",
            where="resolution",
            valid=f"a part of the payoff range, from {_FINEST} to less than 1",
        )
    return step


def _ranges(game: NormalFormGame) -> list[Fraction]:
    entries = game.payoffs if game.payoffs_are_exact else game.exact_payoffs
    return [Fraction(own.max()) - Fraction(own.min()) for own in entries]


def _units(game: NormalFormGame, searched: int, ranges: Sequence[Fraction]) -> Points:
    """Payoffs from 0 to 1, shape (searched player's actions, other's actions, 2)."""
    tables = []
    for own, width in zip(game.exact_payoffs, ranges, strict=True):
        low = min(own.ravel().tolist())
        scaled = [float((u - low) / (width or 1)) for u in own.ravel().tolist()]
        tables.append(np.array(scaled).reshape(own.shape))
    table = np.stack(tables, axis=-1)
    return table if searched == 0 else table.transpose(1, 0, 2)


class _Source(NamedTuple):
    """Strategies behind a point: x of the player that is searched, y of the other one."""

    x: tuple[Fraction, ...]
    y: tuple[Fraction, ...]


class _Found:
    """Points that were found, as a staircase: the first payoff rises, the second falls."""

    def __init__(self) -> None:
        self.points: Points = np.zeros((0, 2))
        self.sources: list[_Source] = []

    def add(self, points: Points, sources: list[_Source], worth: float) -> None:
        """Add the points that are not covered to within ``worth`` already."""
        for point, source in zip(points, sources, strict=True):
            if len(self.points) and (self.points >= point - worth).all(axis=1).any():
                continue
            kept = ~(self.points <= point).all(axis=1)
            place = int(np.searchsorted(self.points[kept, 0], point[0]))
            self.points = np.insert(self.points[kept], place, point, axis=0)
            self.sources = [s for s, keep in zip(self.sources, kept, strict=True) if keep]
            self.sources.insert(place, source)

    def excess(self, hull: Points, step: float) -> float:
        """Say by how much, beyond a step, an upper right boundary exceeds the staircase."""
        first, second = self.points[:, 0] + step, self.points[:, 1] + step
        # Corners between neighbors: right of one point's quadrant and above the next one's.
        left = np.insert(first[:-1], 0, -np.inf)
        above = _height(hull, left) - second
        return max(float(above.max()), float(hull[-1, 0] - first[-1]))


def _height(hull: Points, first: Points) -> Points:
    """Largest second payoff on a boundary where the first payoff is at least a number."""
    return np.asarray(np.interp(first, hull[:, 0], hull[:, 1], left=hull[0, 1], right=-np.inf))


def _upper_right(points: Points) -> NDArray[np.intp]:
    """Find the vertices on the upper right boundary of a convex hull, from left to right."""
    order = np.lexsort((-points[:, 1], -points[:, 0]))
    second = points[order, 1]
    rising = np.append(True, second[1:] > np.maximum.accumulate(second)[:-1])
    chain: list[int] = []
    for k in order[rising].tolist():  # from right to left, up
        while len(chain) >= 2 and _turns_in(points[chain[-2]], points[chain[-1]], points[k]):
            chain.pop()
        chain.append(k)
    return np.array(chain[::-1], dtype=np.intp)


def _turns_in(right: Points, middle: Points, left: Points) -> bool:
    """Whether the middle point is on or below the line between its neighbors."""
    across = (middle[0] - right[0]) * (left[1] - right[1])
    return bool(across - (middle[1] - right[1]) * (left[0] - right[0]) <= 0)


class _Cell(NamedTuple):
    """A simplex of strategies: its corners are in units of 2^-depth."""

    corners: tuple[tuple[Fraction, ...], ...]
    values: Points  # what each corner pays against each action: (corners, actions, 2)


class _Search:
    """Cells that are not done, and what was found."""

    def __init__(self, table: Points, step: float) -> None:
        self.table, self.step = table, step * (1 - 1e-6) - _SAFETY
        self.found = _Found()
        self.cells = 0

    def run(self, game: NormalFormGame) -> None:
        """Search until every cell is done."""
        m, n, _ = self.table.shape
        corners = tuple(tuple(Fraction(int(i == k)) for k in range(m)) for i in range(m))
        for corner in corners:
            self._add_strategy(corner)
        for action in range(n):
            self._add_action(action, corners)
        queue: list[tuple[float, int, _Cell]] = []
        self._push(queue, _Cell(corners, self.table))
        while queue:
            _, _, cell = heapq.heappop(queue)
            if self._excess(cell) <= 0:
                continue
            center = tuple(
                sum(c, Fraction(0)) / len(cell.corners) for c in zip(*cell.corners, strict=True)
            )
            self._add_strategy(center if m == 1 else _dyadic(center))
            if self._excess(cell) <= 0:
                continue
            if self.cells > _MOST_CELLS:
                raise UnsupportedGame(
                    f"the curve takes more than {_MOST_CELLS:,} cells",
                    where=repr(game),
                    hint="ask for a coarser resolution, or restrict the game to fewer actions",
                )
            for half in _halves(cell):
                self._push(queue, half)

    def _push(self, queue: list[tuple[float, int, _Cell]], cell: _Cell) -> None:
        excess = self._excess(cell)
        self.cells += 1
        if excess > 0:
            heapq.heappush(queue, (-excess, self.cells, cell))

    def _excess(self, cell: _Cell) -> float:
        points = cell.values.reshape(-1, 2)
        return self.found.excess(points[_upper_right(points)], self.step)

    def _add_strategy(self, x: tuple[Fraction, ...]) -> None:
        """Add what the other player's mixtures pay against x."""
        n = self.table.shape[1]
        paid = np.tensordot(np.array([float(p) for p in x]), self.table, axes=1)
        self._add_edges(paid, lambda y: _Source(x, y), n)

    def _add_action(self, action: int, corners: Any) -> None:
        """Add what mixtures of the player searched pay against an action."""
        n = self.table.shape[1]
        y = tuple(Fraction(int(k == action)) for k in range(n))
        self._add_edges(self.table[:, action], lambda x: _Source(x, y), len(corners))

    def _add_edges(self, paid: Points, source: Any, size: int) -> None:
        """Add points along the upper right boundary of the convex hull of some payoffs."""
        across = _ACROSS * self.step
        chain = _upper_right(paid)
        points, mixtures = [], []
        for k, mate in zip(chain.tolist(), [*chain[1:].tolist(), None], strict=True):
            shorter = 0.0 if mate is None else float(np.abs(paid[mate] - paid[k]).min())
            pieces = max(math.ceil(shorter / across), 1)
            for part in range(pieces):
                t = Fraction(part, pieces)
                weights = [Fraction(0)] * size
                weights[k] += 1 - t
                if mate is not None and part:
                    weights[mate] += t
                other = paid[k] if mate is None else paid[mate]
                points.append((1 - float(t)) * paid[k] + float(t) * other)
                mixtures.append(tuple(weights))
        self.found.add(np.array(points), [source(w) for w in mixtures], across)


def _dyadic(center: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
    """Round a strategy to denominators of 2^40, which floats hold exactly."""
    weights = [round(p * 2**40) for p in center]
    weights[weights.index(max(weights))] += 2**40 - sum(weights)
    return tuple(Fraction(w, 2**40) for w in weights)


def _halves(cell: _Cell) -> list[_Cell]:
    """Cut a cell across the edge along which payoffs change most."""
    values = cell.values
    size = len(cell.corners)
    pairs = [(i, j) for i in range(size) for j in range(i)]
    i, j = max(pairs, key=lambda pair: float(np.abs(values[pair[0]] - values[pair[1]]).max()))
    middle = tuple((p + q) / 2 for p, q in zip(cell.corners[i], cell.corners[j], strict=True))
    paid = (values[i] + values[j]) / 2
    halves = []
    for replaced in (i, j):
        corners = tuple(middle if k == replaced else c for k, c in enumerate(cell.corners))
        halved = values.copy()
        halved[replaced] = paid
        halves.append(_Cell(corners, halved))
    return halves


def _profile(source: _Source, searched: int) -> MixedProfile:
    pair = [list(source.x), list(source.y)]
    return MixedProfile(pair if searched == 0 else pair[::-1])


def _undominated(
    points: list[tuple[Payoffs, MixedProfile]],
) -> list[tuple[Payoffs, MixedProfile]]:
    """Drop what floats did not tell apart: equal and dominated points, exactly."""
    curve: list[tuple[Payoffs, MixedProfile]] = []
    for payoffs, profile in sorted(points, key=lambda point: point[0]):
        while curve and (curve[-1][0] == payoffs or dominates(payoffs, curve[-1][0])):
            curve.pop()
        curve.append((payoffs, profile))
    return curve
