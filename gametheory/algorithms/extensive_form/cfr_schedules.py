"""The family of counterfactual regret minimization: what its members weigh, and how.

Everything that sets them apart are a few numbers for each iteration t: what sums of regrets are
multiplied with before the iteration's own are added, whether they may become negative, how much
of the last regrets is expected to come once more, and how iterations are weighted in the average.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

__all__ = ["VARIANTS", "Variant", "schedule"]

_BLOCK = 1024  # iterations whose numbers are computed at once, always the same ones together


@dataclass(frozen=True, slots=True)
class Variant:
    """One member of the family.

    Attributes
    ----------
    source : str
        Who published it.
    positive, negative : float
        Exponents a of the discount t^a / (t^a + 1) that iteration t leaves on sums of regrets
        that are positive, and negative: inf keeps them, -inf forgets them.
    prediction : float
        How much of an iteration's regrets is expected to come once more.
    averages : tuple of float
        Exponents g of weights t^g in the averages kept, the published one first.
    """

    source: str
    positive: float = inf
    negative: float = inf
    prediction: float = 0.0
    averages: tuple[float, ...] = (1.0, 2.0)

    @property
    def floor(self) -> float:
        """What sums of regrets are kept from falling below."""
        return 0.0 if self.negative == -inf else -inf


VARIANTS = {
    "cfr": Variant(
        "Zinkevich, Johanson, Bowling and Piccione (2007), Regret minimization in games with "
        "incomplete information",
        averages=(0.0, 1.0),
    ),
    "cfr+": Variant(
        "Tammelin (2014), Solving large imperfect information games using CFR+",
        negative=-inf,
    ),
    "linear-cfr": Variant(
        "Brown and Sandholm (2019), Solving imperfect-information games via discounted regret "
        "minimization",
        positive=1.0,
        negative=1.0,
    ),
    "dcfr": Variant(
        "Brown and Sandholm (2019), Solving imperfect-information games via discounted regret "
        "minimization",
        positive=1.5,
        negative=0.0,
        averages=(2.0, 1.0),
    ),
    "pcfr+": Variant(
        "Farina, Kroer and Sandholm (2021), Faster game solving via predictive Blackwell "
        "approachability",
        negative=-inf,
        prediction=1.0,
        averages=(2.0, 1.0),
    ),
    "pdcfr+": Variant(
        "Xu, Li, Liu, Fu, Fu, Xing and Cheng (2024), Minimizing weighted counterfactual regret "
        "with optimistic online mirror descent",
        positive=2.3,
        negative=-inf,
        prediction=1.0,
        averages=(5.0, 2.0),
    ),
    "sapcfr+": Variant(
        "Meng et al. (2025), Faster game solving via asymmetry of step sizes",
        negative=-inf,
        prediction=1 / 3,
        averages=(2.0, 1.0),
    ),
}


def schedule(
    variant: Variant, first: int, last: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Tabulate iterations first to last - 1, counted from 1.

    Returns
    -------
    rows : ndarray, shape (n, 4)
        Columns as in :data:`gametheory.kernels.regret_minimization.SCHEDULE`.
    weights : ndarray, shape (n, n_averages)

    Notes
    -----
    The same iteration has the same numbers, to the last bit, whatever it is tabulated with.

    Examples
    --------
    >>> rows, weights = schedule(VARIANTS["linear-cfr"], 3, 4)
    >>> rows
    array([[0.66666667, 0.66666667, 0.75      , 0.        ]])
    >>> weights
    array([[3., 9.]])
    """
    rows, weights = [], []
    for block in range((first - 1) // _BLOCK, (last - 2) // _BLOCK + 1):
        start = 1 + block * _BLOCK
        times = np.arange(start, start + _BLOCK, dtype=np.float64)
        table = np.stack(
            [
                _discount(times - 1, variant.positive),
                _discount(times - 1, variant.negative),
                _discount(times, variant.positive),
                np.full(_BLOCK, variant.prediction),
            ],
            axis=1,
        )
        part = slice(max(first - start, 0), min(last - start, _BLOCK))
        rows.append(table[part])
        powers = np.stack([times**exponent for exponent in variant.averages], axis=1)
        weights.append(powers[part])
    return np.concatenate(rows), np.concatenate(weights)


def _discount(times: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    if np.isinf(exponent):
        return np.full(times.size, 1.0 if exponent > 0 else 0.0)
    power = times**exponent
    return power / (power + 1)
