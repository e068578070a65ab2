"""The Moran process: evolution in a finite population, where chance decides too.

At each step one individual is chosen in proportion to fitness to have a child, and the child takes
the place of one drawn from all. Fitness is 1 - w + w * payoff, the payoff being the average over
meetings with all others, and w the intensity of selection: Nowak, Sasaki, Taylor and Fudenberg
(2004), "Emergence of cooperation and evolutionary stability in finite populations", Nature 428.
Where mutations are rare, the population is nearly always of one type, and moves between types by
fixation: Fudenberg and Imhof (2006), "Imitation processes with small mutations", Journal of
Economic Theory 131.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.dynamics.flows import Populations, populations_of
from gametheory.dynamics.recording import Record, count, follow, number, record_steps, trace_of
from gametheory.dynamics.registry import register
from gametheory.dynamics.stationary import stationary_distribution
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.rationals import shown, to_fraction
from gametheory.solution import Trace

__all__ = [
    "fixation_probabilities",
    "fixation_probability",
    "moran",
    "rare_mutation_distribution",
]

Floats = NDArray[np.float64]

_DRAWS_AT_ONCE = 2**14


def _refusal(game: NormalFormGame) -> str:
    if game.n_players != 2:
        return f"it has {game.n_players} players, and individuals meet in pairs"
    return "" if game.is_symmetric() else "it is not symmetric, and there is one population"


def fixation_probability(
    game: NormalFormGame,
    population: int,
    *,
    mutant: int = 0,
    resident: int = 1,
    intensity: Any = 1,
    mutants: int = 1,
) -> Fraction:
    """Return the probability that mutants take over a population, exactly.

    Parameters
    ----------
    game : NormalFormGame
        Two-player and symmetric, of any number of actions, of which two are in play.
    population : int
        Number of individuals, at least 2.
    mutant, resident : int
        Two different actions.
    intensity : int, Fraction, float or text
        The intensity of selection, from 0 to 1, read exactly.
    mutants : int
        How many there are at first.

    Raises
    ------
    UnsupportedGame
        The game or an option is not valid, or a fitness is not positive.

    Notes
    -----
    With i mutants of fitness f_i and residents of fitness g_i the probability is
    (1 + sum of g_1 ... g_k / (f_1 ... f_k) for k < mutants) over the same sum for k < population:
    Nowak et al. (2004); Karlin and Taylor (1975), A First Course in Stochastic Processes. Without
    selection it is mutants / population.

    Cost: about population^2 operations on words. For more than a few thousand individuals
    :func:`fixation_probabilities` has floats.

    Examples
    --------
    >>> stag_hunt = NormalFormGame.symmetric([[4, 1], [3, 2]])
    >>> fixation_probability(stag_hunt, 3)
    Fraction(2, 13)
    >>> fixation_probability(stag_hunt, 3, intensity=0)
    Fraction(1, 3)
    """
    size = count("population", population, 2)
    first = count("mutants", mutants, 0)
    if first > size:
        raise UnsupportedGame(
            f"{first} mutants in a population of {size}", where="mutants", valid=f"0 to {size}"
        )
    pair = _pair(game, mutant, resident)
    pairs = _exact_fitness(game, pair, size, _intensity(intensity))
    if first in (0, size):
        return Fraction(first // size)
    return _sum_of_products(pairs[: first - 1]) / _sum_of_products(pairs)


def _sum_of_products(pairs: Sequence[tuple[int, int]]) -> Fraction:
    """Add up 1 + g_1/f_1 + g_1 g_2/(f_1 f_2) + ... from pairs (f, g), from the inside out."""
    above, below = 1, 1
    for own, other in reversed(pairs):
        above, below = own * below + other * above, own * below
    return Fraction(above, below)


def _intensity(value: Any) -> Fraction:
    try:
        exact = to_fraction(value)
    except ValueError:
        exact = Fraction(-1)
    if not 0 <= exact <= 1:
        raise UnsupportedGame(
            f"intensity is {shown(value)}", where="intensity", valid="a number from 0 to 1"
        )
    return exact


def _pair(game: NormalFormGame, mutant: int, resident: int) -> list[int]:
    reason = _refusal(game)
    if reason:
        raise UnsupportedGame(f"no Moran process for this game: {reason}", where=repr(game))
    n = game.n_actions[0]
    for name, action in (("mutant", mutant), ("resident", resident)):
        if count(name, action, 0) >= n:
            raise UnsupportedGame(f"{name} is {action}", where=name, valid=f"0 to {n - 1}")
    if mutant == resident:
        raise UnsupportedGame(
            f"mutant and resident are both {mutant}", where="mutant", valid="another action"
        )
    return [mutant, resident]


def _exact_fitness(
    game: NormalFormGame, pair: list[int], size: int, intensity: Fraction
) -> list[tuple[int, int]]:
    """Return a mutant's and a resident's fitness, times one number, for 1 to size - 1 mutants."""
    (a, b), (c, d) = game.exact_payoffs[0][np.ix_(pair, pair)].tolist()
    pairs = []
    for i in range(1, size):
        base = (1 - intensity) * (size - 1)
        own = base + intensity * (a * (i - 1) + b * (size - i))
        other = base + intensity * (c * i + d * (size - i - 1))
        if own <= 0 or other < 0:
            raise _not_positive(min(own, other) / (size - 1))
        scale = own.denominator * other.denominator
        pairs.append((int(own * scale), int(other * scale)))
    return pairs


def _not_positive(fitness: Any) -> UnsupportedGame:
    return UnsupportedGame(
        f"a fitness is {float(fitness):.6g}",
        where="1 - intensity + intensity * payoff",
        valid="positive fitness at every composition of the population",
        hint="lower the intensity, or add a constant to all payoffs",
    )


def fixation_probabilities(
    game: NormalFormGame, population: int, *, intensity: float = 1.0
) -> Floats:
    """Return the probabilities with which single mutants take over, for all pairs of actions.

    Parameters
    ----------
    game : NormalFormGame
        Two-player and symmetric.
    population : int
        Number of individuals, at least 2.
    intensity : float
        The intensity of selection, from 0 to 1.

    Returns
    -------
    ndarray of float64, shape (m, m)
        ``[resident, mutant]``; 1 / population on the diagonal. Sums are taken over logarithms, so
        that nothing overflows; the relative error grows like population * 1e-16.

    Raises
    ------
    UnsupportedGame
        The game or an option is not valid, or a fitness is not positive.

    Examples
    --------
    >>> fixation_probabilities(NormalFormGame.symmetric([[4, 1], [3, 2]]), 3).round(4)
    array([[0.3333, 0.4615],
           [0.1538, 0.3333]])
    """
    return np.exp(_log_fixation(game, population, intensity))


def _log_fixation(game: NormalFormGame, population: int, intensity: float) -> Floats:
    size, w = count("population", population, 2), float(_intensity(intensity))
    reason = _refusal(game)
    if reason:
        raise UnsupportedGame(f"no Moran process for this game: {reason}", where=repr(game))
    payoffs = game.payoffs[0]
    found = np.full(payoffs.shape, -np.log(size))
    i = np.arange(1, size)
    for resident, mutant in np.argwhere(~np.eye(len(payoffs), dtype=bool)).tolist():
        (a, b), (c, d) = payoffs[np.ix_([mutant, resident], [mutant, resident])]
        own = 1 - w + w * (a * (i - 1) + b * (size - i)) / (size - 1)
        other = 1 - w + w * (c * i + d * (size - i - 1)) / (size - 1)
        if own.min() <= 0 or other.min() < 0:
            raise _not_positive(min(own.min(), other.min()))
        with np.errstate(divide="ignore"):
            logs = np.append(0.0, np.cumsum(np.log(other) - np.log(own)))
        found[resident, mutant] = -(logs.max() + np.log(np.exp(logs - logs.max()).sum()))
    return found


def rare_mutation_distribution(
    game: NormalFormGame, population: int, *, intensity: float = 1.0
) -> Floats:
    """Return the part of time that a population is of each type, as mutations become rare.

    Parameters
    ----------
    game, population, intensity
        As for :func:`fixation_probabilities`. Mutants are of all other types equally often.

    Returns
    -------
    ndarray of float64, shape (m,)
        The stationary distribution of the chain that moves from one action to another with the
        probability of fixation.

    Raises
    ------
    UnsupportedGame
        The game or an option is not valid, or a fitness is not positive.

    Notes
    -----
    Fudenberg and Imhof (2006). Computed by
    :func:`gametheory.dynamics.stationary.stationary_distribution`: no fixation probability is too
    small.

    Examples
    --------
    >>> rare_mutation_distribution(NormalFormGame.symmetric([[4, 1], [3, 2]]), 3).round(4)
    array([0.25, 0.75])
    """
    return stationary_distribution(_log_fixation(game, population, intensity))


@register(
    "moran",
    applies=_refusal,
    guarantee="without mutation one type takes over in the end, with the probabilities of "
    "fixation_probability where there are two",
    source="Moran (1958), Mathematical Proceedings of the Cambridge Philosophical Society 54; "
    "Nowak, Sasaki, Taylor and Fudenberg (2004), Nature 428",
)
def moran(
    game: NormalFormGame,
    *,
    counts: Sequence[int] | None = None,
    births: int = 10_000,
    intensity: float = 1.0,
    mutation: float = 0.0,
    record: int = 200,
    spacing: str = "even",
    seed: int = 0,
) -> Trace:
    """Simulate a Moran process.

    Parameters
    ----------
    game : NormalFormGame
        Two-player and symmetric.
    counts : sequence of int, optional
        How many individuals of each type there are at first; 100 of each if left out.
    births : int
        How many, each with a death.
    intensity : float
        The intensity of selection, from 0 to 1.
    mutation : float
        Probability that a child is of a type drawn from all types.
    record, spacing
        How many records there are after the start, and how they are spaced.
    seed : int
        Equal seeds give equal processes.

    Returns
    -------
    Trace
        One population's shares; ``averages`` and ``regrets`` are per birth.

    Raises
    ------
    UnsupportedGame, InvalidProfile
        An option or the counts are not valid, or a fitness is negative.

    Examples
    --------
    >>> dilemma = NormalFormGame.symmetric([[3, 1], [4, 2]])
    >>> moran(dilemma, counts=[10, 10], births=2000).iterates[0][-1]
    array([0., 1.])
    """
    process = _Process(
        populations_of(game, "one", None),
        _counts(game, counts),
        intensity=float(_intensity(intensity)),
        mutation=number("mutation", mutation, 0, 1),
        seed=seed,
    )
    stops = record_steps(count("births", births), record, spacing)
    records = follow(np.insert(stops, 0, 0), process.advance, process.read)
    return trace_of(game, records, payoffs=process.who.payoffs)


def _counts(game: NormalFormGame, counts: Sequence[int] | None) -> NDArray[np.int64]:
    m = game.n_actions[0]
    if counts is None:
        return np.full(m, 100, dtype=np.int64)
    found = np.asarray(counts)
    integral = found.dtype.kind in "iu"
    if found.shape != (m,) or not integral or (found < 0).any() or found.sum() < 2:
        raise InvalidProfile(
            f"counts are {shown(counts)}",
            where="counts",
            valid=f"{m} integers of at least 0, at least 2 in all",
        )
    return found.astype(np.int64)


class _Process:
    """A population, and the sums over the births so far."""

    def __init__(
        self,
        who: Populations,
        counts: NDArray[np.int64],
        *,
        intensity: float,
        mutation: float,
        seed: int,
    ) -> None:
        self.fitness = 1 - intensity + intensity * who.game.payoffs[0]
        if self.fitness.min() < 0:
            raise _not_positive(self.fitness.min())
        self.who = who._replace(start=counts / counts.sum())
        self.counts, self.mutation = counts, mutation
        self.sums = np.zeros(2 * len(counts) + 2)  # the last one counts the births
        self.scratch = np.zeros(len(counts))
        self.random = np.random.default_rng(seed)

    def advance(self, steps: int) -> None:
        from gametheory.kernels.moran import moran_steps

        for first in range(0, steps, _DRAWS_AT_ONCE):
            moran_steps(
                self.fitness,
                self.who.payoffs.tensors[0],
                self.counts,
                self.random.random((min(_DRAWS_AT_ONCE, steps - first), 4)),
                self.mutation,
                self.sums,
                self.scratch,
            )

    def read(self) -> Record:
        births = float(self.sums[-1])
        if births == 0:
            return self.who.starting_record()
        m = len(self.counts)
        played, earned, realized = np.split(self.sums[:-1] / births, [m, 2 * m])
        shares = self.counts / self.counts.sum()
        return self.who.record(births, shares, played, earned, realized)
