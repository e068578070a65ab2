"""Games of the literature for any number of players."""

from __future__ import annotations

from typing import Any

from gametheory.games.catalog.parameters import MOST_PLAYERS, number, require, whole
from gametheory.games.catalog.registry import game
from gametheory.games.normal_form import NormalFormGame

__all__ = [
    "cournot",
    "el_farol",
    "guess_two_thirds",
    "jordan",
    "minority_game",
    "public_goods",
    "volunteers_dilemma",
]

_MOST_PAYOFFS = 10**6


def _check_size(n_players: int, n_actions: int) -> None:
    size = n_players * n_actions**n_players
    require(
        size <= _MOST_PAYOFFS,
        f"{n_players} players with {n_actions} actions each make {size} payoffs",
        "n_players",
        f"at most {_MOST_PAYOFFS} payoffs",
    )


@game(
    source="Jordan (1993), Games and Economic Behavior 5, pages 368-386",
    summary="matching pennies in a circle of three; fictitious play does not converge",
    n_players=3,
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


@game(
    source="Isaac and Walker (1988), Quarterly Journal of Economics 103, pages 179-199",
    summary="contributions are multiplied and shared: to keep is dominant, to give is better",
    n_players=3,
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


@game(
    source="Diekmann (1985), Journal of Conflict Resolution 29, pages 605-610",
    summary="one volunteer is enough for all; the more players, the less likely there is one",
    n_players=3,
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


@game(
    source="Arthur (1994), American Economic Review 84, pages 406-411",
    summary="a bar that is pleasant unless too many go",
    n_players=5,
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


@game(
    source="Challet and Zhang (1997), Physica A 246, pages 407-418",
    summary="those on the less chosen side win",
    n_players=3,
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


@game(
    source="Nagel (1995), American Economic Review 85, pages 1313-1326",
    summary="guess two thirds of the average; iterated reasoning leads to the lowest number",
    n_players=3,
)
def guess_two_thirds(n_players: int = 3, highest: int = 10) -> NormalFormGame:
    """Build the guessing game: those closest to 2/3 of the average share a prize of 1."""
    n = whole("n_players", n_players, 2, MOST_PLAYERS)
    highest = whole("highest", highest, 1, 1_000)
    _check_size(n, highest + 1)

    def payoffs(guesses: tuple[int, ...]) -> list[Any]:
        distances = [abs(3 * n * own - 2 * sum(guesses)) for own in guesses]
        share = 1 / number("winners", distances.count(min(distances)))
        return [share * (distance == min(distances)) for distance in distances]

    return NormalFormGame.from_function(payoffs, (highest + 1,) * n, title="Guess two thirds")


@game(
    source="Cournot (1838), Recherches sur les principes mathématiques de la théorie des "
    "richesses, chapter 7",
    summary="firms choose quantities; the market clears at one price",
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
    _check_size(n, largest + 1)
    return NormalFormGame.from_function(
        lambda quantities: [own * (max(0, a - sum(quantities)) - c) for own in quantities],
        (largest + 1,) * n,
        title="Cournot oligopoly",
    )
