"""Lotteries over finitely many outcomes, drawn so that extraction finds the exact probabilities.

An extraction reads probabilities out of the arguments of a generator's methods. So the cheapest
method that states a lottery exactly is chosen once, when an environment is built.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from marl_bridge.environments.script import as_fractions

__all__ = ["Lottery", "draw", "make_lottery"]

Lottery = tuple[tuple[int, ...], int, Any]
"""Outcomes, how to draw (a number of :func:`draw`), and the probabilities as that wants them."""

_CERTAIN, _COIN, _UNIFORM, _WEIGHTED = range(4)


def make_lottery(outcomes: Sequence[int], probabilities: Sequence[Fraction]) -> Lottery:
    """Prepare a lottery; impossible outcomes are left out.

    Parameters
    ----------
    outcomes : sequence of int
    probabilities : sequence of Fraction
        One for each outcome; they sum to one.

    Examples
    --------
    >>> make_lottery([4, 5, 6], [Fraction(1, 2), Fraction(0), Fraction(1, 2)])
    ((4, 6), 2, 2)
    """
    possible = [(o, p) for o, p in zip(outcomes, probabilities, strict=True) if p]
    found = tuple(o for o, _ in possible)
    weights = [p for _, p in possible]
    if len(found) == 1:
        return found, _CERTAIN, None
    if len(set(weights)) == 1:
        return found, _UNIFORM, len(found)
    floats = [float(p) for p in weights]
    # Where floats do not give the fractions back, the generator is handed the fractions.
    given: list[Any] = floats if as_fractions(floats) == weights else list(weights)
    if len(found) == 2:
        return found, _COIN, given[1]
    return found, _WEIGHTED, given


def draw(lottery: Lottery, rng: np.random.Generator) -> int:
    """Draw an outcome.

    Examples
    --------
    >>> draw(make_lottery([7], [Fraction(1)]), np.random.default_rng(0))
    7
    """
    outcomes, how, probabilities = lottery
    if how == _CERTAIN:
        return outcomes[0]
    if how == _COIN:
        return outcomes[int(rng.binomial(1, probabilities))]
    if how == _UNIFORM:
        return outcomes[int(rng.integers(probabilities))]
    return outcomes[int(rng.choice(len(outcomes), p=probabilities))]
