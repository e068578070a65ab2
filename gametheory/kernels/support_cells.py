"""Search one cell of a support for equilibria: a product of simplices, one for each player.

A cell is dropped when linear programming proves that it holds no equilibrium, or when it lies
in the box of a known root of the indifference equations. Otherwise Newton's method looks for a
root, and the cell is cut in two. Corners of cells are dyadic rationals with few bits, exact as
floats, so that the halves cover the cell.
"""

from __future__ import annotations

from typing import Any, Final

from numpy.typing import NDArray

from gametheory.kernels.compiling import inner
from gametheory.kernels.correlated_program import write_rows
from gametheory.kernels.correlated_refutation import REFUTED, refute
from gametheory.kernels.multilinear_roots import Restriction, Roots, converge
from gametheory.kernels.root_isolation import evaluation_error, isolate
from gametheory.kernels.support_state import DEPTH, ROOTS, Search

__all__ = ["DECIDED", "FOUND", "UNDECIDED", "explore"]

Array = NDArray[Any]

DECIDED: Final = 0  # the cell was dropped or cut
FOUND: Final = 2
UNDECIDED: Final = 3

_SHORTEST: Final = 2.0**-20  # an edge; a cell whose best cut is shorter is undecided
_ROUNDING: Final = 2.0**-52


@inner
def explore(search: Search) -> int:
    """Take the top cell off the stack and drop it, cut it, or give it up.

    Returns
    -------
    int
        DECIDED; FOUND when there is also an equilibrium at ``search.roots.point``; UNDECIDED
        when the cell is as small as cells get.
    """
    game, n = search.restriction, len(search.masks)
    for player in range(n):
        for corner in range(game.size[player]):
            for action in range(game.size[player]):
                search.corners[player, corner, action] = search.stack[
                    search.state[DEPTH], player, corner, action
                ]
    if _in_known_box(search):
        return DECIDED
    _payoffs_at_corners(search)
    write_rows(search.program, game.n_actions, game.size, game.columns, search.local)
    error = (4 * game.offsets[n] + 16) * _ROUNDING
    if refute(search.program, error, search.spent) == REFUTED:
        return DECIDED
    _read_shares(search)
    if _is_square(game) and _find_root(search):
        search.state[DEPTH] += 1  # look at the cell again
        return FOUND
    return DECIDED if _in_known_box(search) or _cut(search) else UNDECIDED


@inner
def _in_known_box(search: Search) -> bool:
    """Whether the cell lies in a box in which the only root is known."""
    game = search.restriction
    for root in range(search.state[ROOTS]):
        radius = search.roots.radii[root] * (1.0 - 1e-9)
        inside = True
        for player in range(len(game.size)):
            for action in range(game.size[player]):
                center = search.roots.centers[root, game.offsets[player] + action]
                for corner in range(game.size[player]):
                    if abs(search.corners[player, corner, action] - center) > radius:
                        inside = False
                        break
                if not inside:
                    break
            if not inside:
                break
        if inside:
            return True
    return False


@inner
def _payoffs_at_corners(search: Search) -> None:
    """Average the payoffs over each other player's corners, one player after the other."""
    game, n = search.restriction, len(search.masks)
    size = game.size
    for player in range(n):
        n_others = 1
        for other in range(n):
            if other != player:
                n_others *= size[other]
        for action in range(game.n_actions[player]):
            source, target = search.buffers[0], search.buffers[1]
            for cell in range(n_others):
                source[cell] = game.payoffs[player, action, cell]
            before, after = 1, n_others
            for other in range(n):
                if other == player:
                    continue
                after //= size[other]
                _average(source, target, search.corners[other], before, size[other], after)
                source, target = target, source
                before *= size[other]
            for cell in range(n_others):
                search.local[player, action, cell] = source[cell]
            search.spent[0] += n * n_others


@inner
def _average(
    source: Array, target: Array, corners: Array, before: int, size: int, after: int
) -> None:
    """Replace the middle axis, over actions, by one over corners."""
    for row in range(before):
        for corner in range(size):
            for column in range(after):
                total = 0.0
                for action in range(size):
                    total += (
                        corners[corner, action] * source[(row * size + action) * after + column]
                    )
                target[(row * size + corner) * after + column] = total


@inner
def _read_shares(search: Search) -> None:
    game = search.restriction
    n_joint = 1
    for player in range(len(game.size)):
        n_joint *= game.size[player]
    for player in range(len(game.size)):
        for corner in range(game.size[player]):
            share = 0.0
            for others in range(n_joint // game.size[player]):
                share += search.program.weights[game.columns[player, corner, others]]
            search.shares[player, corner] = share


@inner
def _is_square(game: Restriction) -> bool:
    """Whether no player has more equations than the others have unknowns."""
    largest = 0
    for player in range(len(game.size)):
        largest = max(largest, game.size[player])
    return bool(2 * (largest - 1) <= game.offsets[-1] - len(game.size))


@inner
def _find_root(search: Search) -> bool:
    """Look for a root from the linear program's weights, and keep it with its box.

    True if it is a new one, and may be an equilibrium.
    """
    game, roots, known = search.restriction, search.roots, search.state[ROOTS]
    for player in range(len(game.size)):
        for action in range(game.size[player]):
            chance = 0.0
            for corner in range(game.size[player]):
                chance += search.shares[player, corner] * search.corners[player, corner, action]
            roots.point[game.offsets[player] + action] = chance
    if known >= len(roots.radii) or not converge(game, roots, search.spent):
        return False
    for root in range(known):
        distance = 0.0
        for k in range(game.offsets[-1]):
            distance = max(distance, abs(roots.point[k] - roots.centers[root, k]))
        if distance < roots.radii[root]:
            return False
    large, small = isolate(game, roots)
    if large <= 0.0:
        return False
    for k in range(game.offsets[-1]):
        roots.centers[known, k] = roots.point[k]
    roots.radii[known] = large
    search.state[ROOTS] = known + 1
    search.tight[0] = small
    return _may_be_equilibrium(game, roots, small)


@inner
def _may_be_equilibrium(game: Restriction, roots: Roots, distance: float) -> bool:
    """Whether a root this close to the point may have its support and no better reply."""
    for k in range(game.offsets[-1]):
        if roots.point[k] < -distance:
            return False
    for player in range(len(game.size)):
        for action in range(game.size[player], game.n_actions[player]):
            gain = roots.values[player, action] - roots.values[player, 0]
            if gain > _gain_error(game, roots, distance):
                return False
    return True


@inner
def _gain_error(game: Restriction, roots: Roots, distance: float) -> float:
    """Bound the difference of gains at the point from those at a root this close."""
    moved = 1.0
    for player in range(len(game.size)):
        total = 0.0
        for k in range(game.offsets[player], game.offsets[player + 1]):
            total += abs(roots.point[k])
        moved *= 1.0 + game.size[player] * distance / max(1.0, total)
    error = evaluation_error(game, roots)
    mass = error / _ROUNDING  # more than the product of the totals
    return 2.0 * error + 2.0 * mass * (moved - 1.0)


@inner
def _cut(search: Search) -> bool:
    """Halve the edge along which gains change most, and stack both cells; False if too short."""
    game, depth = search.restriction, search.state[DEPTH]
    largest, who, one, two = -1.0, 0, 0, 0
    for player in range(len(game.size)):
        for first in range(game.size[player]):
            for second in range(first):
                change = _change_along(search, player, first, second)
                if change > largest:
                    largest, who, one, two = change, player, first, second
    length = 0.0
    for action in range(game.size[who]):
        gap = search.corners[who, one, action] - search.corners[who, two, action]
        length = max(length, abs(gap))
    if length < _SHORTEST or depth + 2 > len(search.stack):
        return False
    for half in range(2):
        for player in range(len(game.size)):
            for corner in range(game.size[player]):
                for action in range(game.size[player]):
                    search.stack[depth + half, player, corner, action] = search.corners[
                        player, corner, action
                    ]
        for action in range(game.size[who]):
            middle = search.corners[who, one, action] + search.corners[who, two, action]
            search.stack[depth + half, who, two if half else one, action] = middle / 2.0
    search.state[DEPTH] = depth + 2
    return True


@inner
def _change_along(search: Search, player: int, first: int, second: int) -> float:
    """Average change of the others' gains from one corner of the player's to another."""
    game, local = search.restriction, search.local
    n_joint = 1
    for other in range(len(game.size)):
        n_joint *= game.size[other]
    total = 0.0
    for other in range(len(game.size)):
        if other == player or game.size[other] == 1:
            continue
        stride = 1
        for third in range(player + 1, len(game.size)):
            if third != other:
                stride *= game.size[third]
        n_others = n_joint // game.size[other]
        change = 0.0
        for others in range(n_others):
            if (others // stride) % game.size[player] == first:
                there = others + (second - first) * stride
                for action in range(1, game.size[other]):
                    here_gain = local[other, action, others] - local[other, 0, others]
                    there_gain = local[other, action, there] - local[other, 0, there]
                    change += abs(here_gain - there_gain)
        total += change * game.size[player] / n_others
    return total
