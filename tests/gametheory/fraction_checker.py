"""A second checker of equilibria: Python's Fractions and nothing else.

It shares no code with the package, not even through an import, and it is short enough to be
checked by reading.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

__all__ = ["regrets"]


def regrets(payoffs: Any, strategies: Any) -> list[Fraction]:
    """Return what each player gains by its best deviation.

    Parameters
    ----------
    payoffs : nested lists
        ``payoffs[i][a_1]...[a_n]`` is player i's payoff: an int, a float or a Fraction.
    strategies : list of lists
        ``strategies[j][a]`` is the probability with which player j takes action a; floats that
        do not sum to exactly one are divided by their sum.
    """
    exact = [[Fraction(p) for p in strategy] for strategy in strategies]
    totals = [sum(strategy) for strategy in exact]
    exact = [[p / t for p in strategy] for strategy, t in zip(exact, totals, strict=True)]
    sizes = [range(len(strategy)) for strategy in exact]
    answers = []
    for player, table in enumerate(payoffs):
        earned = [Fraction(0) for _ in sizes[player]]  # by each action against the others
        for actions in product(*sizes):
            payoff = table
            for action in actions:
                payoff = payoff[action]
            odds = Fraction(1)
            for other, action in enumerate(actions):
                if other != player:
                    odds *= exact[other][action]
            earned[actions[player]] += odds * Fraction(payoff)
        expected = sum(p * e for p, e in zip(exact[player], earned, strict=True))
        answers.append(max(earned) - expected)
    return answers
