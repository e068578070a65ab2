"""Families from markets: prices, places, arms, and sealed bids for one object."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from gametheory.games.catalog.known_facts import KnownFacts, pure_profile, two_player_profiles
from gametheory.games.catalog.parameters import (
    MOST_RULED_PAYOFFS,
    check_size,
    require,
    square_sizes,
    whole,
    whole_numbers,
)
from gametheory.games.catalog.quotients import quotients
from gametheory.games.catalog.registry import game
from gametheory.games.normal_form import NormalFormGame

__all__ = [
    "all_pay_auction",
    "arms_race",
    "bertrand",
    "first_price_auction",
    "location",
    "second_price_auction",
]

_DEVIATIONS = "a check of all deviations, in the documentation of the game"


def _bertrand_facts(
    n_players: int = 2, intercept: int = 8, cost: int = 2, highest: int = 7
) -> KnownFacts:
    sizes = (highest + 1,) * n_players
    prices = [price for price in (cost, cost + 1) if price <= highest and price <= intercept]
    return KnownFacts.of(
        _DEVIATIONS, equilibria=tuple(pure_profile(sizes, (price,) * n_players) for price in prices)
    )


@game(
    source="Bertrand (1883), Journal des Savants, pages 499-508",
    summary="the cheapest firms share the market: prices fall to cost, or one unit above",
    facts=_bertrand_facts,
)
def bertrand(
    n_players: int = 2, intercept: int = 8, cost: int = 2, highest: int = 7
) -> NormalFormGame:
    """Let firms with equal unit cost name prices 0, 1, ..., ``highest``.

    Those with the lowest price p share the demand max(0, intercept - p). All at cost is an
    equilibrium: less makes a loss, more sells nothing. So is all one unit above it: a lower price
    earns nothing at best.
    """
    n_prices = whole("highest", highest, 1, 10**6) + 1
    sizes = square_sizes(n_players, n_prices, least=2, most=MOST_RULED_PAYOFFS)
    a, c = whole("intercept", intercept, 1, 10**6), whole("cost", cost, 0, 10**6)
    prices = np.indices(sizes)
    lowest = prices.min(axis=0)
    sells = prices == lowest
    shares = math.lcm(*range(1, len(sizes) + 1))
    profit = (lowest - c) * np.maximum(0, a - lowest) * (shares // sells.sum(axis=0))
    return NormalFormGame(quotients(sells * profit, shares), title="Bertrand oligopoly")


def _location_facts(n_players: int = 2, n_actions: int = 5) -> KnownFacts:
    if n_players != 2:
        return KnownFacts()
    middles = sorted({(n_actions - 1) // 2, n_actions // 2})
    source = "Hotelling (1929); away from the middle a seller gets less than half"
    facts = KnownFacts.of(
        source,
        value=Fraction(n_actions, 2),
        pure_equilibria=tuple((one, other) for one in middles for other in middles),
    )
    return facts | KnownFacts.of(source, n_equilibria=1) if len(middles) == 1 else facts


@game(
    source="Hotelling (1929), Economic Journal 39, pages 41-57",
    summary="sellers choose places on a street, buyers go to the nearest: two meet in the middle",
    facts=_location_facts,
)
def location(n_players: int = 2, n_actions: int = 5) -> NormalFormGame:
    """Put one buyer at each place of a street; those who are equally near share a buyer.

    Payoffs sum to the number of places. Of two sellers, one in the middle gets half or, against
    any other place, more: the middle, or both middles of an even street, is all that is optimal.
    """
    sizes = square_sizes(n_players, n_actions, most=MOST_RULED_PAYOFFS)
    places = np.indices(sizes, dtype=np.int32)
    shares = math.lcm(*range(1, len(sizes) + 1))
    earned = np.zeros(places.shape, dtype=np.int64)
    for buyer in range(sizes[0]):
        distances = abs(places - buyer)
        nearest = distances == distances.min(axis=0)
        earned += nearest * (shares // nearest.sum(axis=0))
    return NormalFormGame(quotients(earned, shares), title="Location on a street")


def _arms_facts(
    n_actions: int = 5, security: int = 4, upkeep: int = 1, imbalance: int = 1
) -> KnownFacts:
    one, other = np.indices((n_actions, n_actions))
    potential = (
        security * (one + other)
        - (imbalance + upkeep) * (one**2 + other**2)
        + 2 * imbalance * one * other
    )
    facts = KnownFacts.of(
        "expand the squares: only the product depends on both", potential=potential
    )
    level = Fraction(security, 2 * upkeep)
    if level.denominator != 1 or level >= n_actions:
        return facts
    return facts | KnownFacts.of(
        "payoffs are concave in the own level, with their peak there",
        equilibria=(pure_profile((n_actions, n_actions), (int(level),) * 2),),
    )


@game(
    source="Milgrom and Roberts (1990), Econometrica 58, pages 1255-1277, section on arms races",
    summary="arms are costly, and worth more the more the other has: strategic complements",
    facts=_arms_facts,
)
def arms_race(
    n_actions: int = 5, security: int = 4, upkeep: int = 1, imbalance: int = 1
) -> NormalFormGame:
    """Choose levels x, y of arms, 0, 1, ...: the one with x gets a concave function of x - y.

    That is security * (x - y) - imbalance * (x - y)**2, minus upkeep * x**2. Where
    security / (2 upkeep) is a level, both have it in equilibrium.
    """
    sizes = square_sizes(2, n_actions)
    gain, price = whole("security", security, 0, 10**6), whole("upkeep", upkeep, 1, 10**6)
    strain = whole("imbalance", imbalance, 0, 10**6)
    own, other = np.indices(sizes)
    ahead = own - other
    return NormalFormGame.symmetric(
        gain * ahead - strain * ahead**2 - price * own**2, title="Arms race"
    )


def _sealed_bids(valuations: Any, highest: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the bidders' valuations and the sizes of the game."""
    values = whole_numbers("valuations", valuations, 0, 10**6)
    sizes = (whole("highest", highest, 0, 10**6) + 1,) * len(values)
    require(len(values) <= 30, f"{len(values)} bidders", "valuations", "at most 30")
    check_size(sizes, "valuations, highest", MOST_RULED_PAYOFFS)
    return values, sizes


def _winning(bids: tuple[int, ...]) -> list[Fraction]:
    """Return the probability that each bid wins: ties are broken by lot."""
    return [Fraction(int(bid == max(bids)), bids.count(max(bids))) for bid in bids]


def _first_price_facts(valuations: Any = (4, 4), highest: int = 4) -> KnownFacts:
    values = whole_numbers("valuations", valuations, 0, 10**6)
    if len(values) != 2 or values[0] != values[1] or not 2 <= values[0] <= highest:
        return KnownFacts()
    v, sizes = values[0], (highest + 1,) * 2
    # Of v - 2 each: overbidding by one earns 1 for sure instead of 2 with probability 1/2.
    return KnownFacts.of(
        _DEVIATIONS, equilibria=tuple(pure_profile(sizes, (bid, bid)) for bid in (v - 2, v - 1, v))
    )


@game(
    source="Vickrey (1961), Journal of Finance 16, pages 8-37, on sealed bids",
    summary="the highest sealed bid wins and is paid; valuations are known to all",
    facts=_first_price_facts,
)
def first_price_auction(valuations: Any = (4, 4), highest: int = 4) -> NormalFormGame:
    """Sell one object for the highest bid, 0, 1, ..., ``highest``; ties are broken by lot.

    Two bidders with one valuation v of at least 2 both bid v, v - 1 or v - 2 in symmetric pure
    equilibria: one more then costs at least what it wins, one less wins nothing.
    """
    values, sizes = _sealed_bids(valuations, highest)
    return NormalFormGame.from_function(
        lambda bids: [
            won * (value - bid)
            for won, value, bid in zip(_winning(bids), values, bids, strict=True)
        ],
        sizes,
        title="First-price auction",
    )


def _second_price_facts(valuations: Any = (3, 2), highest: int = 4) -> KnownFacts:
    values = whole_numbers("valuations", valuations, 0, 10**6)
    if max(values) > highest:
        return KnownFacts()
    truthful = pure_profile((highest + 1,) * len(values), values)
    return KnownFacts.of(
        "Vickrey (1961): to bid the own valuation is weakly dominant", equilibria=(truthful,)
    )


@game(
    source="Vickrey (1961), Journal of Finance 16, pages 8-37",
    summary="the highest sealed bid wins and the second highest is paid: honesty is dominant",
    facts=_second_price_facts,
)
def second_price_auction(valuations: Any = (3, 2), highest: int = 4) -> NormalFormGame:
    """Sell one object for the highest of the other bids; bids 0, 1, ...; ties broken by lot."""
    values, sizes = _sealed_bids(valuations, highest)

    def payoffs(bids: tuple[int, ...]) -> list[Fraction]:
        price = sorted((0, *bids))[-2]
        return [won * (value - price) for won, value in zip(_winning(bids), values, strict=True)]

    return NormalFormGame.from_function(payoffs, sizes, title="Second-price auction")


def _all_pay_facts(valuations: Any = (3, 3), highest: int = 3) -> KnownFacts:
    values = whole_numbers("valuations", valuations, 0, 10**6)
    if len(values) != 2 or values[0] != values[1] or not 1 <= values[0] <= highest + 1:
        return KnownFacts()
    uniform = [int(bid < values[0]) for bid in range(highest + 1)]
    return KnownFacts.of(_DEVIATIONS, equilibria=two_player_profiles((uniform, uniform)))


@game(
    source="Baye, Kovenock and de Vries (1996), Economic Theory 8, pages 291-305",
    summary="the highest bid wins and everybody pays: effort in contests, lobbying, races",
    facts=_all_pay_facts,
)
def all_pay_auction(valuations: Any = (3, 3), highest: int = 3) -> NormalFormGame:
    """Give the object to the highest bid, 0, 1, ..., and let all bids be paid; ties by lot.

    Of two bidders with one valuation v both bid 0, ..., v - 1 uniformly in an equilibrium: a bid
    b wins with probability (b + 1/2) / v, which leaves 1/2 whatever it is, and v leaves nothing.
    """
    values, sizes = _sealed_bids(valuations, highest)
    return NormalFormGame.from_function(
        lambda bids: [
            won * value - bid for won, value, bid in zip(_winning(bids), values, bids, strict=True)
        ],
        sizes,
        title="All-pay auction",
    )
