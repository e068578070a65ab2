"""One equilibrium of a two-player game, by the algorithm of Lemke and Howson.

1. Payoffs are moved and scaled to [1, 2]; this changes no equilibrium and makes both
   best-response polytopes bounded.
2. From the pair of zero vectors, one label is dropped. The path of complementary pivots that
   starts there ends at an equilibrium (Lemke and Howson 1964; von Stengel 2007, section 3.4).
   Steps are taken in floats, on inverses no larger than the supports.
3. Path lengths differ by orders of magnitude between labels. So many labels are tried with short
   caps, few with long ones (in the manner of Luby, Sinclair and Zuckerman 1993; capped paths:
   Codenotti, De Rossi and Pagan 2008).
4. The end of a path is a basis: two systems of integer equations, solved and checked exactly.
5. If rounding misled the path, other labels are tried, and then the path of one is followed in
   integers, where nothing can go wrong.
"""

from __future__ import annotations

import operator
from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.basis_equilibrium import Basis, basis_equilibrium
from gametheory.algorithms.normal_form.integer_dictionary import IntegerDictionary
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Status

__all__ = ["float_equilibrium", "lemke_howson"]

Floats = NDArray[np.float64]

_LONGEST_PATH = 2**62
_HUGE = 2.0**1022
_PIECE = 20_000_000  # multiplications between two heartbeats: about ten milliseconds
_FAILURES = 5  # labels that rounding misled before integers take over


class _Paths(NamedTuple):
    """The compiled kernel, both matrices as it wants them, in [1, 2], and its arrays."""

    kernel: Any
    columns: tuple[Floats, Floats]
    workspace: tuple[Any, Any, Any, Any, Any]

    @property
    def steps(self) -> int:
        """Steps of the last path."""
        return int(self.workspace[-1][self.kernel.STEPS])

    def basis(self, side: int) -> Basis:
        """Return where the path is: side 0 has the column player's strategy, side 1 the row's."""
        _, basis, _, _, state = self.workspace
        k = state[self.kernel.SIZES + side]
        return Basis(tight=basis[side, 0, :k].copy(), used=basis[side, 1, :k].copy())


def _applies(game: NormalFormGame) -> str:
    return "" if game.n_players == 2 else f"it needs two players and the game has {game.n_players}"


@register(
    "lemke-howson",
    concepts=("nash",),
    form=NormalFormGame,
    applies=_applies,
    guarantee="one equilibrium, in exact rational probabilities; in floats, accurate to rounding, "
    "where the supports have several hundred actions or the payoffs no reasonable denominator",
    cost="a step costs (m + n) k multiplications for supports of k actions; paths are short on "
    "average and exponential at worst",
    source="Lemke and Howson (1964), Journal of the Society for Industrial and Applied "
    "Mathematics 12; Codenotti, De Rossi and Pagan (2008), arXiv:0811.3247; Luby, Sinclair and "
    "Zuckerman (1993), Information Processing Letters 47",
    rank=8,
)
def lemke_howson(game: NormalFormGame, *, label: int | None = None) -> Search:
    """Yield one equilibrium of a two-player game.

    Parameters
    ----------
    game : NormalFormGame
        Two players, of m and n actions.
    label : int, optional
        The label to drop: 0 to m-1 are the row player's actions, m to m+n-1 the column player's.
        The path of that label is then followed to its end, however long. Left out, labels take
        turns with growing caps, see :func:`gametheory.kernels.capped_paths.next_path`.

    Yields
    ------
    MixedProfile or None
        None about every ten milliseconds, then the equilibrium. Its probabilities are exact, and
        were checked exactly, unless solving for them would take more than about a second
        (supports of more than about 300 actions with payoffs of 53 bits); then they are floats
        with exact zeros, whose largest regret is below 1e-9 of the payoff range and usually
        near 1e-15 of it.

    Returns
    -------
    Outcome
        ``iterations`` counts the pivots of all paths.

    Raises
    ------
    UnsupportedGame
        There is no such label, or the game has not two players.

    Notes
    -----
    Ties are broken by the lexicographic rule, so degenerate games cannot cycle. Every label
    leads to an equilibrium; some equilibria may not be reached by any.

    Examples
    --------
    >>> game = NormalFormGame.bimatrix([[3, 3], [2, 5], [0, 6]], [[3, 2], [2, 6], [3, 1]])
    >>> next(profile for profile in lemke_howson(game, label=1) if profile is not None)
    MixedProfile([[0, 1/3, 2/3], [1/3, 2/3]])
    """
    if game.n_players != 2:
        raise UnsupportedGame(_applies(game), where=repr(game))
    n_labels = sum(game.n_actions)
    if label is None:
        starts = _capped_starts(n_labels)
    else:
        starts = iter([(_checked(label, n_labels), _LONGEST_PATH)])
    paths = _prepare(_to_one_two(game, 0), _to_one_two(game, 1))
    steps, misled = 0, []
    for start, cap in starts:
        if start in misled:
            continue
        ended = yield from _follow(paths, start, cap)
        steps += paths.steps
        if ended is None:
            continue
        profile = _at_end(game, paths) if ended else None
        if profile is not None:
            yield profile
            return Outcome(iterations=steps)
        misled.append(start)
        if label is not None or len(misled) == min(_FAILURES, n_labels):
            break
    return (yield from _follow_in_integers(game, misled[0], steps))


def _checked(label: int, n_labels: int) -> int:
    try:
        index = operator.index(label)
    except TypeError:
        index = -1
    if not 0 <= index < n_labels:
        raise UnsupportedGame(
            f"there is no label {label!r}",
            where="label",
            valid=f"an integer from 0 to {n_labels - 1}: the row player's actions, then the "
            "column player's; or None",
        )
    return index


def _capped_starts(n_labels: int) -> Iterator[tuple[int, int]]:
    from gametheory.kernels.capped_paths import SCHEDULE_LENGTH, next_path

    schedule = [0] * SCHEDULE_LENGTH
    while True:
        yield next_path(schedule, n_labels)


def float_equilibrium(A: Floats, B: Floats) -> tuple[Floats, Floats] | None:
    """Follow the same paths in floats only, and do without games, proofs and heartbeats.

    For inner loops that solve many small games and look at the regret themselves.

    Parameters
    ----------
    A, B : ndarray of float64, shape (m, n)
        Finite payoffs of the row player and of the column player; no player's payoffs may differ
        by more than the largest float.

    Returns
    -------
    pair of ndarray or None
        Both strategies, usually accurate to rounding; nothing is checked. None if rounding broke
        every path.

    Examples
    --------
    >>> float_equilibrium(np.array([[2.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 2.0]]))
    (array([1., 0.]), array([1., 0.]))
    """
    from gametheory.kernels.capped_paths import search

    x, y, ended = search(np.ascontiguousarray(A, np.float64), np.ascontiguousarray(B, np.float64))
    return (x, y) if ended else None


def _prepare(A: Floats, B: Floats) -> _Paths:
    from gametheory.kernels import lemke_howson as kernel

    return _Paths(kernel, (np.ascontiguousarray(A.T), B), kernel.workspace(*A.shape))


def _to_one_two(game: NormalFormGame, player: int) -> Floats:
    """Move and scale a player's payoffs to [1, 2]; ones if they are all equal.

    Payoffs that are no floats are subtracted as the rationals they are.
    """
    if game.payoffs_are_exact:
        return _floats_to_one_two(game.payoffs[player])
    integers = game.integer_payoffs[player]
    exact = game.exact_payoffs[player] if integers is None else integers.integers
    entries = exact.ravel().tolist()
    lowest, highest = min(entries), max(entries)
    spread = highest - lowest or 1
    return 1.0 + np.array([float((e - lowest) / spread) for e in entries]).reshape(exact.shape)


def _floats_to_one_two(payoffs: Floats) -> Floats:
    """Move and scale floats to [1, 2]; a difference of floats is as accurate as floats are."""
    lowest, highest = float(payoffs.min()), float(payoffs.max())
    if lowest == highest:
        return np.ones(payoffs.shape)
    if highest > _HUGE or lowest < -_HUGE:  # their difference might overflow
        payoffs, lowest, highest = payoffs / 4, lowest / 4, highest / 4
    scaled = np.subtract(payoffs, lowest, order="C")
    scaled /= highest - lowest
    scaled += 1.0
    return scaled


def _follow(paths: _Paths, label: int, cap: int) -> Generator[None, None, bool | None]:
    """Follow a path: True at its end, False where rounding broke it, None at its cap."""
    kernel, state = paths.kernel, paths.workspace[-1]
    state[kernel.LABEL], state[kernel.STEPS] = label, 0
    while state[kernel.STEPS] < cap:
        status = kernel.advance(*paths.columns, *paths.workspace, cap, _PIECE)
        if status != kernel.RUNNING:
            return bool(status == kernel.ENDED)
        yield None
    return None


def _at_end(game: NormalFormGame, paths: _Paths) -> MixedProfile | None:
    scaled = paths.columns[0].T, paths.columns[1].T  # own actions first
    return basis_equilibrium(game, scaled, (paths.basis(1), paths.basis(0)))


def _follow_in_integers(game: NormalFormGame, label: int, steps: int) -> Search:
    """Follow a label's path exactly, with a heartbeat a pivot."""
    row_player, column_player = game.integer_payoffs
    if row_player is None or column_player is None:
        return Outcome(
            iterations=steps,
            status=Status.NUMERICAL_FAILURE,
            reason="rounding misled every path, and the payoffs have no common denominator of "
            "reasonable size to follow one exactly",
        )
    m, n = game.n_actions
    sides = (
        IntegerDictionary(_at_least_one(row_player.integers)),
        IntegerDictionary(_at_least_one(column_player.integers.T)),
    )
    side, dropped = (1 if label < m else 0), label
    while True:
        # Side 1 numbers its variables like the labels, side 0 the column player's actions first.
        dictionary = sides[side]
        column = dictionary.nonbasic.index(dropped if side else (dropped + n) % (m + n))
        row = dictionary.leaving_row(column)
        leaving = dictionary.basic[row]
        dictionary.pivot(row, column)
        steps += 1
        dropped = leaving if side else (leaving + m) % (m + n)
        if dropped == label:
            break
        side = 1 - side
        yield None
    y, x = (dictionary.support() for dictionary in sides)
    yield MixedProfile.from_weights(
        [[x.get(i, 0) for i in range(m)], [y.get(j, 0) for j in range(n)]]
    )
    return Outcome(iterations=steps)


def _at_least_one(integers: NDArray[Any]) -> list[list[int]]:
    """Move to [s, 2 s], s the spread, so that the path is that of payoffs in [1, 2]."""
    entries = integers.tolist()
    lowest = min(map(min, entries))
    spread = max(map(max, entries)) - lowest
    return [[entry - lowest + (spread or 1) for entry in row] for row in entries]
