"""Alpha-rank: rank strategies by how long evolution stays with them.

Omidshafiei, Papadimitriou, Piliouras, Tuyls, Rowland, Lespiau, Czarnecki, Lanctot, Perolat and
Munos (2019), "alpha-Rank: multi-agent evaluation by evolution", Scientific Reports 9. Each player
is a population of individuals that all play the same action; now and then one individual of one
population tries another action, which takes the population over with the probability of fixation
of a pairwise comparison process. With payoffs higher by d that probability is
(1 - exp(-alpha d)) / (1 - exp(-alpha population d)), and the joint actions are ranked by the
stationary distribution of this Markov chain.

As alpha grows without limit, better actions always take over, equally good ones with probability
1 / population, and worse ones never, but for a perturbation that keeps the chain irreducible:
Rowland et al. (2019), "Multiagent evaluation under incomplete information", NeurIPS.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gametheory.dynamics.flows import Populations, populations_of
from gametheory.dynamics.recording import count, number
from gametheory.dynamics.stationary import stationary_distribution
from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["AlphaRanking", "alpha_rank"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_DENSE = 1000  # states; larger chains are solved by sparse factorization
_MOST_STATES = 200_000
_TIE = 1e-9  # of the largest mass
_ACCEPTED = 1e-6  # error of a mass
_NEVER = -np.inf


@dataclass(frozen=True, slots=True, eq=False)
class AlphaRanking:
    """How long evolution stays with each joint action.

    Attributes
    ----------
    masses : ndarray of float64, shape (m_1, ..., m_n), or (m,) for one population
        The stationary distribution over joint actions, or over actions.
    action_masses : tuple of ndarray
        Each population's marginal distribution over its actions.
    ranking : tuple of tuple of tuple of int
        Joint actions (one population: actions, as tuples of one) of positive mass, from the
        largest mass to the smallest; those within 1e-9 of the largest mass are together.
    transition_matrix : scipy.sparse.csr_array, shape (states, states)
        Probabilities of going from row to column, in the order of ``masses.ravel()``; without
        the perturbation where that goes to zero.
    error : float
        An estimate of the largest error of a mass: rounding alone, or what the condition of the
        chain makes of it where it was solved by sparse factorization.
    """

    masses: Floats
    action_masses: tuple[Floats, ...]
    ranking: tuple[tuple[tuple[int, ...], ...], ...]
    transition_matrix: csr_array
    error: float


def alpha_rank(
    game: NormalFormGame,
    *,
    alpha: float | None = None,
    population: int = 50,
    perturbation: float = 0.0,
    populations: str = "each",
) -> AlphaRanking:
    """Rank joint actions by the stationary distribution of the alpha-rank chain.

    Parameters
    ----------
    game : NormalFormGame
        Any number of players.
    alpha : float, optional
        The intensity of selection, per unit of payoff. If left out, without limit.
    population : int
        Number of individuals in each population, at least 2.
    perturbation : float
        Without alpha: worse actions take over with this probability, and better ones with one
        less it, below 1/2. At 0 the limit for it to 0.
    populations : {"each", "one"}
        A population for each player, or one that plays both roles of a symmetric two-player
        game: then an individual's payoff is compared with that of whom it meets.

    Returns
    -------
    AlphaRanking

    Raises
    ------
    UnsupportedGame
        An option is not valid, or the chain is too large, or too slow to be solved reliably.

    Notes
    -----
    Up to 1000 states are solved by elimination without subtraction on logarithms, which is exact
    but for rounding however small the probabilities; the limit of no perturbation is taken
    exactly, on leading terms. It concentrates on the sink strongly connected components of the
    graph of better replies; where there is only one, the rest of the chain is left out before.
    Cost: n^3 / 3 for n states, beyond that a sparse factorization.

    Examples
    --------
    >>> circle = NormalFormGame.symmetric([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    >>> alpha_rank(circle, populations="one").masses.round(6)
    array([0.333333, 0.333333, 0.333333])
    >>> battle = NormalFormGame.bimatrix([[3, 0], [0, 2]], [[2, 0], [0, 3]])
    >>> result = alpha_rank(battle)
    >>> result.masses.round(6), result.ranking
    (array([[0.5, 0. ],
           [0. , 0.5]]), (((0, 0), (1, 1)),))
    """
    size = count("population", population, 2)
    noise = number("perturbation", perturbation, 0.0, 0.5)
    if alpha is not None and noise:
        raise UnsupportedGame(
            f"perturbation is {perturbation!r} at a finite alpha",
            where="perturbation",
            valid="0, as all probabilities are positive; or leave alpha out",
        )
    who = populations_of(game, populations, None)
    if who.is_one and game.n_players != 2:
        raise UnsupportedGame(
            f"one population of a game of {game.n_players} players",
            where="populations",
            valid="'each', or a symmetric game of two players",
        )
    steps = _steps(who)
    if alpha is None:
        logs, orders = _limit(steps.gains, size, noise)
    else:
        strength = number("alpha", alpha) * who.payoffs.unit
        logs, orders = _log_fixation(strength * steps.gains, size), np.zeros(len(steps.gains))
        if not np.isfinite(logs).all():
            raise UnsupportedGame(
                f"alpha is {alpha!r}: probabilities vanish", where="alpha", valid="less, or None"
            )
    masses, error = _solve(steps, logs, orders)
    return _ranking(who, steps, masses, error, np.where(orders == 0, np.exp(logs), 0.0))


class _Steps:
    """Who may change to what: from, to and the gain of each change, in units of the payoffs."""

    def __init__(self, shape: tuple[int, ...], origin: Integers, target: Integers, gains: Floats):
        self.shape, self.origin, self.target, self.gains = shape, origin, target, gains
        self.n = math.prod(shape)
        self.changes = sum(size - 1 for size in shape)


def _steps(who: Populations) -> _Steps:
    if who.is_one:
        payoffs = who.payoffs.tensors[0]
        origin, target = np.nonzero(~np.eye(len(payoffs), dtype=bool))
        gains = payoffs[target, origin] - payoffs[origin, target]
        return _Steps(who.sizes, origin, target, gains)
    n = math.prod(who.sizes)
    if n > _MOST_STATES:
        raise UnsupportedGame(
            f"the game has {n} joint actions", where=repr(who.game), valid=f"up to {_MOST_STATES}"
        )
    cells = np.arange(n).reshape(who.sizes)
    origins, targets, gains = [], [], []
    for player, (size, tensor) in enumerate(zip(who.sizes, who.payoffs.tensors, strict=True)):
        states = np.moveaxis(cells, player, -1).reshape(-1, size)
        values = np.moveaxis(tensor, player, -1).reshape(-1, size)
        now, then = np.nonzero(~np.eye(size, dtype=bool))
        origins.append(states[:, now].ravel())
        targets.append(states[:, then].ravel())
        gains.append((values[:, then] - values[:, now]).ravel())
    return _Steps(who.sizes, *(np.concatenate(part) for part in (origins, targets, gains)))


def _log_fixation(advantages: Floats, size: int) -> Floats:
    """Return log((1 - exp(-u)) / (1 - exp(-size * u))), for any u."""
    u = np.abs(advantages)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.log(-np.expm1(-u)) - np.log(-np.expm1(-size * u))
        logs = np.where(advantages < 0, ratio - (size - 1) * u, ratio)
    return np.where(u < np.finfo(np.float64).tiny, -math.log(size), logs)


def _limit(gains: Floats, size: int, noise: float) -> tuple[Floats, Floats]:
    """Return the logarithms of probabilities, and their orders in the perturbation."""
    orders = np.where(gains < 0, 1.0, 0.0) if noise == 0 else np.zeros(len(gains))
    worse, better = (0.0 if noise == 0 else math.log(noise)), math.log1p(-noise)
    logs = np.where(gains < 0, worse, np.where(gains > 0, better, -math.log(size)))
    return logs, orders


def _solve(steps: _Steps, logs: Floats, orders: Floats) -> tuple[Floats, float]:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    masses = np.zeros(steps.n)
    usual = orders == 0
    graph = csr_array(
        (np.ones(int(usual.sum())), (steps.origin[usual], steps.target[usual])),
        shape=(steps.n,) * 2,
    )
    _, component = connected_components(graph, connection="strong")
    leaving = component[steps.origin[usual]] != component[steps.target[usual]]
    sinks = np.setdiff1d(component, component[steps.origin[usual]][leaving])
    kept = np.arange(steps.n) if len(sinks) > 1 else np.flatnonzero(component == sinks[0])
    place = np.full(steps.n, -1)
    place[kept] = np.arange(len(kept))
    inside = (place[steps.origin] >= 0) & (place[steps.target] >= 0)
    if len(sinks) == 1:
        inside &= usual
    origin, target = place[steps.origin[inside]], place[steps.target[inside]]
    if len(kept) <= _DENSE:
        rates, powers = np.full((len(kept),) * 2, _NEVER), np.zeros((len(kept),) * 2)
        rates[origin, target], powers[origin, target] = logs[inside], orders[inside]
        masses[kept] = stationary_distribution(rates, powers)
        scale = 1.0 + np.abs(logs[inside]).max(initial=0.0)
        return masses, float(len(kept) * scale * np.finfo(np.float64).eps)
    if len(sinks) > 1:
        raise UnsupportedGame(
            f"{len(sinks)} sink components among {steps.n} joint actions",
            where="perturbation",
            valid=f"one that is positive; the limit is taken for up to {_DENSE}",
            hint="alpha_rank(game, perturbation=1e-3)",
        )
    masses[kept], error = _sparse(origin, target, np.exp(logs[inside]) / steps.changes, len(kept))
    return masses, error


def _sparse(origin: Integers, target: Integers, rates: Floats, n: int) -> tuple[Floats, float]:
    """Solve a large chain, and estimate the error from its residual and its condition."""
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import LinearOperator, onenormest, splu

    leaving = np.bincount(origin, rates, n)
    places = np.concatenate([target, np.arange(n)]), np.concatenate([origin, np.arange(n)])
    balance = coo_array((np.concatenate([-rates, leaving]), places), shape=(n, n)).tocsc()
    root = 0
    for _ in range(2):  # the second time with the state of the largest mass
        others = np.delete(np.arange(n), root)
        block = balance[others][:, others]
        try:
            factor = splu(block.tocsc())
        except RuntimeError:  # exactly singular in floats
            raise _too_slow(n, np.inf) from None
        weights = np.ones(n)
        weights[others] = factor.solve(-balance[others][:, [root]].toarray()[:, 0])
        root = int(weights.argmax())
    weights = np.maximum(weights, 0.0)
    masses = weights / weights.sum()
    residual = float(np.abs(balance @ masses).sum())
    rounding = 8 * np.finfo(np.float64).eps * float((leaving * masses).sum())
    inverse = LinearOperator(
        block.shape, matvec=factor.solve, rmatvec=lambda right: factor.solve(right, "T")
    )
    error = 2 * float(onenormest(inverse)) * (residual + rounding)
    if not error < _ACCEPTED:
        raise _too_slow(n, error)
    return masses, error


def _too_slow(n: int, error: float) -> UnsupportedGame:
    return UnsupportedGame(
        f"the chain of {n} states is too slow: masses are known to within {error:.1g} only",
        where="alpha",
        valid="a smaller alpha or a larger perturbation, or alpha=None",
    )


def _ranking(
    who: Populations, steps: _Steps, masses: Floats, error: float, probabilities: Floats
) -> AlphaRanking:
    from scipy.sparse import coo_array

    masses = masses.reshape(steps.shape)
    axes = range(masses.ndim)
    marginals = tuple(masses.sum(axis=tuple(k for k in axes if k != axis)) for axis in axes)
    flat = masses.ravel()
    used = np.flatnonzero(flat > _TIE * flat.max())
    order = used[np.argsort(-flat[used], kind="stable")]
    cuts = np.flatnonzero(-np.diff(flat[order]) > _TIE * flat.max()) + 1
    ranking = tuple(
        tuple(tuple(map(int, np.unravel_index(k, steps.shape))) for k in sorted(part.tolist()))
        for part in np.split(order, cuts)
    )
    moves = probabilities / max(steps.changes, 1)
    staying = 1 - np.bincount(steps.origin, moves, steps.n)
    diagonal = np.arange(steps.n)
    places = np.concatenate([steps.origin, diagonal]), np.concatenate([steps.target, diagonal])
    entries = np.concatenate([moves, staying])
    matrix = coo_array((entries, places), shape=(steps.n,) * 2).tocsr()
    matrix.eliminate_zeros()
    for array in (masses, *marginals):
        array.setflags(write=False)
    return AlphaRanking(masses, marginals, ranking, matrix, error)
