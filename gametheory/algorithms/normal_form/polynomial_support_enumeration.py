"""All Nash equilibria of a game with any number of players, support by support.

1. Supports go by size, small and balanced first, and are dropped as soon as one of their
   actions is conditionally dominated (Porter, Nudelman and Shoham 2008).
2. On a support, the profiles in which all its actions pay alike and no other pays more are the
   solutions of polynomial equations and inequalities. Linear programming over correlated
   weights refutes most supports at once, rigorously.
3. What is left is cut into cells, until each is refuted or lies in a box in which Krawczyk's
   test proves that the equations have exactly one root, found by Newton's method.
4. The root is refined in integer arithmetic: exactly if at most two players mix or if it is a
   short fraction, else until its signs are certain and its floats correctly rounded.
5. Supports that cannot be decided so, next to ties, get a second chance in rational arithmetic,
   and are named in the reason if that fails too.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.exact_refutation import refute_exactly
from gametheory.algorithms.normal_form.multilinear_systems import (
    SupportSystem,
    keeps_apart,
    unit_payoffs,
)
from gametheory.algorithms.normal_form.pure_enumeration import pure_enumeration
from gametheory.algorithms.normal_form.support_order import support_sizes
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

if TYPE_CHECKING:
    from gametheory.kernels.support_state import Search as Cells

__all__ = ["polynomial_support_enumeration"]

_BUDGET = 3_000_000  # multiplications between two heartbeats
_MAX_JOINT_ACTIONS = 20_000
_MAX_ACTIONS = 40
_EXACT_REFUTATIONS = 8  # a list with a few gaps is no better for one gap less
_GAUSS_NEWTON_STEPS = 20
_EXACT_ENOUGH = 1e-14  # of the payoff range
_SAME = 1e-6  # a distance between profiles
_SMALLEST_SIGN = Fraction(1, 1 << 90)


def _applies(game: NormalFormGame) -> str:
    if game.n_players < 3:
        return f"it is for three players or more and the game has {game.n_players}"
    if game.payoffs[0].size > _MAX_JOINT_ACTIONS or max(game.n_actions) > _MAX_ACTIONS:
        return (
            f"it takes at most {_MAX_JOINT_ACTIONS} joint actions and {_MAX_ACTIONS} actions for a "
            f"player, and the game has {game.payoffs[0].size} and {max(game.n_actions)}"
        )
    return ""


@register(
    "polynomial-support-enumeration",
    concepts=("nash",),
    form=NormalFormGame,
    applies=_applies,
    guarantee="every equilibrium once, and complete only if that is proven, which it can be when "
    "all are regular; exact where at most two players mix or fractions are short, correctly "
    "rounded floats elsewhere",
    cost="exponential in the number of actions: a linear program for each support that "
    "conditional dominance leaves, and more where equations have roots",
    source="Porter, Nudelman and Shoham (2008), Games and Economic Behavior 63; Krawczyk (1969), "
    "Computing 4",
    finds="all",
    rank=26,
)
def polynomial_support_enumeration(game: NormalFormGame, max_cells: int = 20_000) -> Search:
    """Yield every equilibrium of a game.

    Parameters
    ----------
    game : NormalFormGame
        Of three players or more.
    max_cells : int, optional
        Cells to look at on one support before it is given up as undecided.

    Yields
    ------
    MixedProfile or None
        Pure equilibria first, then by total size of the supports.

    Returns
    -------
    Outcome
        ``iterations`` counts cells. Not complete, with the supports in the reason, if some hold
        equilibria that are not isolated, or not regular, or could not be told from such.

    Raises
    ------
    UnsupportedGame
        ``max_cells`` is not positive.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> found = list(polynomial_support_enumeration(load("jordan")))
    >>> [profile for profile in found if profile is not None]
    [MixedProfile([[1/2, 1/2], [1/2, 1/2], [1/2, 1/2]])]
    """
    if max_cells < 1:
        raise UnsupportedGame(f"max_cells={max_cells}", valid="a positive integer")
    yield from pure_enumeration(game)
    from gametheory.kernels import support_search, support_state

    yield None
    payoffs = unit_payoffs(game)
    search = support_state.new_search(payoffs, game.n_actions, keeps_apart(game, payoffs))
    undecided: list[str] = []
    for size in support_sizes(game.n_actions)[1:]:
        support_search.start(search, size)
        here: list[MixedProfile] = []
        while (event := support_search.sweep(search, _BUDGET, max_cells)) != support_search.ENDED:
            yield None
            if event == support_search.RUNNING:
                continue
            profile, certain = _judge(game, search, event, here, len(undecided))
            if profile is not None:
                here.append(profile)
                yield profile
            if not certain and _support(search) not in undecided[-1:]:
                undecided.append(_support(search))
    return Outcome(
        iterations=int(search.state[support_state.CELLS]),
        complete=not undecided,
        reason=_reason(undecided),
    )


def _judge(
    game: NormalFormGame, search: Cells, event: int, here: list[MixedProfile], n_undecided: int
) -> tuple[MixedProfile | None, bool]:
    """Return an equilibrium on the support at hand, if there is one; and if that is certain."""
    from gametheory.kernels.support_cells import FOUND

    if event == FOUND:
        return _read_root(game, search)
    weights = None
    if n_undecided < _EXACT_REFUTATIONS:
        proven, weights = refute_exactly(_system(game, search))
        if proven:
            return None, True
    return _representative(game, search, weights, here), False


def _reason(undecided: list[str]) -> str:
    if not undecided:
        return ""
    others = f" and {len(undecided) - 1} more" if len(undecided) > 1 else ""
    return (
        f"undecided on the support {undecided[0]}{others}: there may be infinitely many "
        "equilibria, or one that is not regular"
    )


def _support(search: Cells) -> str:
    game = search.restriction
    return str(tuple(tuple(o[:k].tolist()) for o, k in zip(game.order, game.size, strict=True)))


def _order(search: Cells) -> list[list[int]]:
    """Each player's actions, those of the support at hand first."""
    game = search.restriction
    return [o[:m].tolist() for o, m in zip(game.order, game.n_actions, strict=True)]


def _system(game: NormalFormGame, search: Cells) -> SupportSystem:
    return SupportSystem(game, _order(search), search.restriction.size.tolist())


def _read_root(game: NormalFormGame, search: Cells) -> tuple[MixedProfile | None, bool]:
    """Turn a root into an equilibrium, or None if it is none; and whether that is certain."""
    cells = search.restriction
    n = int(cells.offsets[-1])
    order = _order(search)
    root = _system(game, search).solve(search.roots.point[:n], search.roots.inverse[:n, :n])
    if root is None:
        strategies = np.split(search.roots.point[:n], cells.offsets[1:-1])
        return _profile(game, order, [s.clip(0.0).tolist() for s in strategies]), False
    threshold = root.error and _SMALLEST_SIGN
    flat = [p for strategy in root.strategies for p in strategy]
    if any(p < -threshold for p in flat) or any(gain > threshold for gain in root.gains):
        return None, True
    if root.error == 0:
        return (_profile(game, order, root.strategies), True) if all(flat) else (None, True)
    if any(p <= threshold for p in flat):
        return None, False
    certain = all(gain < -threshold for gain in root.gains)
    floats = [[float(p) for p in strategy] for strategy in root.strategies]
    return _profile(game, order, floats), certain


def _representative(
    game: NormalFormGame,
    search: Cells,
    weights: NDArray[np.float64] | None,
    known: list[MixedProfile],
) -> MixedProfile | None:
    """Look for an equilibrium on a support that was given up: one of a continuum, perhaps."""
    from gametheory.kernels.multilinear_roots import evaluate

    cells, roots = search.restriction, search.roots
    n = int(cells.offsets[-1])
    order = _order(search)
    sizes = cells.size.tolist()
    starts = [[np.full(k, 1 / k) for k in sizes]]
    starts.append([x[:k, :k].mean(axis=0) for x, k in zip(search.corners, sizes, strict=True)])
    if weights is not None:
        axes = range(len(sizes))
        starts.append([weights.sum(axis=tuple(a for a in axes if a != own)) for own in axes])
    for start in starts:
        roots.point[:n] = np.concatenate(start)
        for _ in range(_GAUSS_NEWTON_STEPS):
            evaluate(cells, roots)
            if np.abs(roots.residual[:n]).max() < _EXACT_ENOUGH:
                break
            step = np.linalg.lstsq(roots.jacobian[:n, :n], roots.residual[:n], rcond=1e-8)[0]
            roots.point[:n] -= step
        if not _is_equilibrium(search, n):
            continue
        strategies = np.split(roots.point[:n], cells.offsets[1:-1])
        profile = _profile(game, order, [(s / s.sum()).tolist() for s in strategies])
        if all(_distance(profile, other) > _SAME for other in known):
            return profile
    return None


def _is_equilibrium(search: Cells, n: int) -> bool:
    cells, roots = search.restriction, search.roots
    outside = max(
        float(np.max(values[k:m], initial=-np.inf) - values[0])
        for values, k, m in zip(roots.values, cells.size, cells.n_actions, strict=True)
    )
    alike = bool(np.abs(roots.residual[:n]).max() < _EXACT_ENOUGH)
    return alike and outside < _EXACT_ENOUGH and float(roots.point[:n].min()) > _SAME


def _distance(first: MixedProfile, second: MixedProfile) -> float:
    return max(float(np.abs(x - y).max()) for x, y in zip(first, second, strict=True))


def _profile(
    game: NormalFormGame, order: list[list[int]], strategies: Sequence[Sequence[Any]]
) -> MixedProfile:
    """Put probabilities, given in the order of the supports, where their actions are."""
    vectors = []
    for actions, size, strategy in zip(order, game.n_actions, strategies, strict=True):
        vector: list[Any] = [0] * size
        for action, probability in zip(actions, strategy, strict=False):
            vector[action] = probability
        vectors.append(vector)
    return MixedProfile(vectors)
