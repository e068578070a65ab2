"""Families in which players choose when to act."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from gametheory.games.catalog.known_facts import KnownFacts, pure_profile
from gametheory.games.catalog.parameters import MOST_RULED_PAYOFFS, number, require, square_sizes
from gametheory.games.catalog.registry import game
from gametheory.games.catalog.sources import GAMUT
from gametheory.games.normal_form import NormalFormGame

__all__ = ["grab_the_dollar", "war_of_attrition"]


def _grab_facts(n_actions: int = 4, first: Any = 2, late: Any = 0, clash: Any = -1) -> KnownFacts:
    later = range(1, n_actions)
    pure = sorted([(0, time) for time in later] + [(time, 0) for time in later])
    return KnownFacts.of(
        "whoever would grab later prefers to be the first, unless the other grabs at once",
        pure_equilibria=tuple(pure),
    )


@game(
    source="Fudenberg and Tirole (1991), Game Theory, chapter 4, on preemption games; "
    f"{GAMUT} (GrabTheDollar)",
    summary="to grab first pays, to grab together hurts both",
    facts=_grab_facts,
)
def grab_the_dollar(
    n_actions: int = 4, first: Any = 2, late: Any = 0, clash: Any = -1
) -> NormalFormGame:
    """Choose times 0, 1, ...: the earlier one gets ``first``, the other ``late``, both ``clash``.

    In every pure equilibrium exactly one player grabs at time 0.
    """
    size = square_sizes(2, n_actions, fewest=2, most=MOST_RULED_PAYOFFS)[0]
    high, low, worst = number("first", first), number("late", late), number("clash", clash)
    require(
        high > low > worst,
        f"first {high}, late {low}, clash {worst}",
        "first, late, clash",
        "first > late > clash",
    )
    own, other = np.indices((size, size))
    payoffs = np.array([worst, high, low], dtype=object)[np.sign(other - own)]
    return NormalFormGame.symmetric(payoffs, title="Grab the dollar")


def _attrition_facts(n_actions: int = 4, prize: Any = 3) -> KnownFacts:
    longest = n_actions - 1
    if 2 * longest < number("prize", prize):
        return KnownFacts()
    sizes = (n_actions, n_actions)
    return KnownFacts.of(
        "Maynard Smith (1974): against one who stays on for more than half of the prize, to leave "
        "at once is best",
        equilibria=(pure_profile(sizes, (0, longest)), pure_profile(sizes, (longest, 0))),
    )


@game(
    source="Maynard Smith (1974), Journal of Theoretical Biology 47, pages 209-221",
    summary="who stays longer wins a prize; both pay for the time until the other gives up",
    facts=_attrition_facts,
)
def war_of_attrition(n_actions: int = 4, prize: Any = 3) -> NormalFormGame:
    """Choose times 0, 1, ...: the later one wins the prize, equal ones share it.

    Both pay the earlier time. To leave at once against the longest time is an equilibrium where
    that time is at least half of the prize.
    """
    size = square_sizes(2, n_actions, most=MOST_RULED_PAYOFFS)[0]
    value = number("prize", prize)
    require(value > 0, f"prize {value}", "prize", "a positive prize")
    own, other = np.indices((size, size))
    shares = np.array([value / 2, value, Fraction(0)], dtype=object)[np.sign(own - other)]
    return NormalFormGame.symmetric(
        shares - np.minimum(own, other).astype(object), title="War of attrition"
    )
