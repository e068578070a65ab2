"""Games of the literature for any number of players."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gametheory.games.catalog.known_facts import KnownFacts, joint_actions, pure_profile
from gametheory.games.catalog.parameters import (
    MOST_PLAYERS,
    MOST_RULED_PAYOFFS,
    check_size,
    number,
    require,
    whole,
)
from gametheory.games.catalog.quotients import quotients
from gametheory.games.catalog.registry import game
from gametheory.games.catalog.rosenthal import rosenthal_potential
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

__all__ = [
    "cournot",
    "el_farol",
    "guess_two_thirds",
    "jordan",
    "minority_game",
    "public_goods",
    "volunteers_dilemma",
]


def _jordan_facts() -> KnownFacts:
    return KnownFacts.of(
        "Jordan (1993), Games and Economic Behavior 5, pages 368-386",
        equilibria=(MixedProfile.from_weights([[1, 1]] * 3),),
        pure_equilibria=(),
        n_equilibria=1,
    )


@game(
    source="Jordan (1993), Games and Economic Behavior 5, pages 368-386",
    summary="matching pennies in a circle of three; fictitious play does not converge",
    n_players=3,
    facts=_jordan_facts,
)
def jordan() -> NormalFormGame:
    """Build three-player matching pennies; the only equilibrium is uniform.

    The first player wants to match the second, the second the third, and the third wants to
    differ from the first.
    """

    def payoffs(joint_action: tuple[int, ...]) -> list[int]:
        a, b, c = joint_action
        return [1 if wins else -1 for wins in (a == b, b == c, c != a)]

    return NormalFormGame.from_function(
        payoffs, (2, 2, 2), actions=(("Heads", "Tails"),) * 3, title="Jordan's game"
    )


def _pot_facts(n_players: int = 3, multiplier: Any = 2) -> KnownFacts:
    return KnownFacts.of(
        "a unit given returns multiplier / n_players, less than one",
        dominant_actions=(0,) * n_players,
        equilibria=(pure_profile((2,) * n_players, (0,) * n_players),),
        pure_equilibria=((0,) * n_players,),
        n_equilibria=1,
    )


@game(
    source="Isaac and Walker (1988), Quarterly Journal of Economics 103, pages 179-199",
    summary="contributions are multiplied and shared: to keep is dominant, to give is better",
    n_players=3,
    facts=_pot_facts,
)
def public_goods(n_players: int = 3, multiplier: Any = 2) -> NormalFormGame:
    """Build the game in which everybody keeps one unit or gives it to the common pot."""
    n = whole("n_players", n_players, 2, MOST_PLAYERS)
    factor = number("multiplier", multiplier)
    require(1 < factor < n, f"multiplier {factor}", "multiplier", f"between 1 and {n}")
    return NormalFormGame.from_function(
        lambda gives: [factor * sum(gives) / n + 1 - own for own in gives],
        (2,) * n,
        actions=(("Keep", "Give"),) * n,
        title="Public goods",
    )


def _volunteer_facts(n_players: int = 3, benefit: Any = 4, cost: Any = 1) -> KnownFacts:
    source = "Diekmann (1985), Journal of Conflict Resolution 29, pages 605-610"
    volunteers = np.indices((2,) * n_players).sum(axis=0)
    facts = KnownFacts.of(source, pure_equilibria=joint_actions(volunteers == 1))
    if n_players > 2:  # the probability to wait is a root, rational only by chance
        return facts
    waits = number("cost", cost) / number("benefit", benefit)
    profile = MixedProfile([[waits, 1 - waits]] * 2)
    return facts | KnownFacts.of(source, equilibria=(profile,), n_equilibria=3)


@game(
    source="Diekmann (1985), Journal of Conflict Resolution 29, pages 605-610",
    summary="one volunteer is enough for all; the more players, the less likely there is one",
    n_players=3,
    facts=_volunteer_facts,
)
def volunteers_dilemma(n_players: int = 3, benefit: Any = 4, cost: Any = 1) -> NormalFormGame:
    """Build the volunteer's dilemma.

    In the symmetric equilibrium each waits with probability (cost / benefit)**(1 / (n - 1)).
    """
    n = whole("n_players", n_players, 2, MOST_PLAYERS)
    b, c = number("benefit", benefit), number("cost", cost)
    require(0 < c < b, f"benefit {b} and cost {c}", "benefit, cost", "0 < cost < benefit")
    return NormalFormGame.from_function(
        lambda helps: [b * any(helps) - c * own for own in helps],
        (2,) * n,
        actions=(("Wait", "Volunteer"),) * n,
        title="Volunteer's dilemma",
    )


def _bar_facts(n_players: int = 5, capacity: int = 3) -> KnownFacts:
    earnings = [1 if goers <= capacity else -1 for goers in range(1, n_players + 1)]
    goers = np.indices((2,) * n_players).sum(axis=0)
    return rosenthal_potential([[0], [1]], [earnings], n_players) | KnownFacts.of(
        "somebody gains by a change unless the bar is exactly full",
        pure_equilibria=joint_actions(goers == capacity),
    )


@game(
    source="Arthur (1994), American Economic Review 84, pages 406-411",
    summary="a bar that is pleasant unless too many go",
    n_players=5,
    facts=_bar_facts,
)
def el_farol(n_players: int = 5, capacity: int = 3) -> NormalFormGame:
    """Build the El Farol bar: to go pays 1, or -1 if more than ``capacity`` go; to stay pays 0."""
    n = whole("n_players", n_players, 1, MOST_PLAYERS)
    room = whole("capacity", capacity, 0, n)
    return NormalFormGame.from_function(
        lambda goes: [own * (1 if sum(goes) <= room else -1) for own in goes],
        (2,) * n,
        actions=(("Stay", "Go"),) * n,
        title="El Farol bar",
    )


def _minority_facts(n_players: int = 3) -> KnownFacts:
    earnings = [int(2 * size < n_players) for size in range(1, n_players + 1)]
    on_b = np.indices((2,) * n_players).sum(axis=0)
    facts = rosenthal_potential([[1, 0], [0, 1]], [earnings] * 2, n_players)
    return facts | KnownFacts.of(
        "nobody gains by a change where the sides differ by one, and everybody is indifferent "
        "where all mix evenly",
        pure_equilibria=joint_actions(abs(2 * on_b - n_players) == 1),
        equilibria=(MixedProfile.from_weights([[1, 1]] * n_players),),
    )


@game(
    source="Challet and Zhang (1997), Physica A 246, pages 407-418",
    summary="those on the less chosen side win",
    n_players=3,
    facts=_minority_facts,
)
def minority_game(n_players: int = 3) -> NormalFormGame:
    """Build the minority game for an odd number of players: the smaller side gets 1 each."""
    n = whole("n_players", n_players, 3, MOST_PLAYERS)
    require(n % 2 == 1, f"n_players is {n}", "n_players", "an odd number, so that sides differ")
    return NormalFormGame.from_function(
        lambda sides: [int(2 * sides.count(own) < n) for own in sides],
        (2,) * n,
        actions=(("A", "B"),) * n,
        title="Minority game",
    )


def _guess_facts(n_players: int = 3, highest: int = 10) -> KnownFacts:
    lowest = pure_profile((highest + 1,) * n_players, (0,) * n_players)
    return KnownFacts.of(
        "Nagel (1995), American Economic Review 85, pages 1313-1326", equilibria=(lowest,)
    )


@game(
    source="Nagel (1995), American Economic Review 85, pages 1313-1326",
    summary="guess two thirds of the average; iterated reasoning leads to the lowest number",
    n_players=3,
    facts=_guess_facts,
)
def guess_two_thirds(n_players: int = 3, highest: int = 10) -> NormalFormGame:
    """Build the guessing game: those closest to 2/3 of the average share a prize of 1."""
    n = whole("n_players", n_players, 2, MOST_PLAYERS)
    highest = whole("highest", highest, 1, 1_000)
    check_size((highest + 1,) * n, "n_players, highest", MOST_RULED_PAYOFFS)
    guesses = np.indices((highest + 1,) * n)
    distances = abs(3 * n * guesses - 2 * guesses.sum(axis=0))
    wins = distances == distances.min(axis=0)
    shares = math.lcm(*range(1, n + 1))
    return NormalFormGame(
        quotients(wins * (shares // wins.sum(axis=0)), shares), title="Guess two thirds"
    )


def _cournot_facts(
    n_players: int = 2, intercept: int = 13, cost: int = 1, largest: int = 12
) -> KnownFacts:
    quantity, rest = divmod(intercept - cost, n_players + 1)
    if rest or not 0 <= quantity <= largest:
        return KnownFacts()
    profile = pure_profile((largest + 1,) * n_players, (quantity,) * n_players)
    return KnownFacts.of(
        "Cournot (1838), Recherches sur les principes mathématiques de la théorie des richesses, "
        "chapter 7",
        equilibria=(profile,),
    )


@game(
    source="Cournot (1838), Recherches sur les principes mathématiques de la théorie des "
    "richesses, chapter 7",
    summary="firms choose quantities; the market clears at one price",
    facts=_cournot_facts,
)
def cournot(
    n_players: int = 2, intercept: int = 13, cost: int = 1, largest: int = 12
) -> NormalFormGame:
    """Build the oligopoly with price max(0, intercept - total) and constant unit cost.

    Quantities are whole numbers up to ``largest``. Without that restriction every firm produces
    (intercept - cost) / (n_players + 1) in the only equilibrium; whole numbers can add others.
    """
    n = whole("n_players", n_players, 1, MOST_PLAYERS)
    a, c = whole("intercept", intercept, 1, 10**6), whole("cost", cost, 0, 10**6)
    largest = whole("largest", largest, 1, 1_000)
    check_size((largest + 1,) * n, "n_players, largest", MOST_RULED_PAYOFFS)
    return NormalFormGame.from_function(
        lambda quantities: [own * (max(0, a - sum(quantities)) - c) for own in quantities],
        (largest + 1,) * n,
        title="Cournot oligopoly",
    )
