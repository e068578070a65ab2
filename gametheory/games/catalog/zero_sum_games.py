"""Two-player zero-sum games of the literature."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise
from math import comb
from typing import Any

from gametheory.games.catalog.parameters import number, require, whole
from gametheory.games.catalog.registry import game
from gametheory.games.normal_form import NormalFormGame

__all__ = [
    "biased_rock_paper_scissors",
    "colonel_blotto",
    "matching_pennies",
    "rock_paper_scissors",
    "rock_paper_scissors_lizard_spock",
    "two_finger_morra",
]

_MOST_ALLOCATIONS = 1_000


@game(
    source="von Neumann and Morgenstern (1944), Theory of Games and Economic Behavior",
    summary="one player wants equal coins, the other unequal ones; no pure equilibrium, value 0",
)
def matching_pennies() -> NormalFormGame:
    """Build matching pennies; both players mix evenly."""
    return NormalFormGame.zero_sum(
        [[1, -1], [-1, 1]],
        players=("Even", "Odd"),
        actions=(("Heads", "Tails"),) * 2,
        title="Matching pennies",
    )


@game(
    source="von Neumann and Morgenstern (1944), Theory of Games and Economic Behavior",
    summary="each action beats one and loses to one; uniform play is the only equilibrium",
)
def rock_paper_scissors() -> NormalFormGame:
    """Build rock, paper, scissors; value 0."""
    return NormalFormGame.zero_sum(
        [[0, -1, 1], [1, 0, -1], [-1, 1, 0]],
        actions=(("Rock", "Paper", "Scissors"),) * 2,
        title="Rock, paper, scissors",
    )


@game(
    source="Kaplansky (1945), Annals of Mathematics 46, pages 474-479 (completely mixed games)",
    summary="rock, paper, scissors with unequal stakes; each is played as the stake it deters",
)
def biased_rock_paper_scissors(rock: Any = 1, paper: Any = 2, scissors: Any = 3) -> NormalFormGame:
    """Build rock, paper, scissors in which a win with each action pays its own stake.

    Rock, paper and scissors are played in proportion scissors : rock : paper of the stakes.
    """
    r, p, s = number("rock", rock), number("paper", paper), number("scissors", scissors)
    require(min(r, p, s) > 0, f"stakes {r}, {p}, {s}", "rock, paper, scissors", "positive stakes")
    return NormalFormGame.zero_sum(
        [[0, -p, r], [p, 0, -s], [-r, s, 0]],
        actions=(("Rock", "Paper", "Scissors"),) * 2,
        title="Biased rock, paper, scissors",
    )


@game(
    source="Sam Kass and Karen Bryla, Rock Paper Scissors Spock Lizard",
    summary="five actions, each beats two and loses to two; uniform play, value 0",
)
def rock_paper_scissors_lizard_spock() -> NormalFormGame:
    """Build rock, paper, scissors, lizard, Spock."""
    names = ("Rock", "Paper", "Scissors", "Spock", "Lizard")  # each beats those 1 and 3 before it
    sign = (0, 1, -1, 1, -1)
    matrix = [[sign[(i - j) % 5] for j in range(5)] for i in range(5)]
    return NormalFormGame.zero_sum(
        matrix, actions=(names,) * 2, title="Rock, paper, scissors, lizard, Spock"
    )


@game(
    source="Chvátal (1983), Linear Programming, chapter 15",
    summary="hide one or two fingers and guess the other's; value 0, a segment of equilibria",
)
def two_finger_morra() -> NormalFormGame:
    """Build Morra: a sole right guess wins as many units as both players hid."""
    names = [f"hide {hide}, guess {guess}" for hide in (1, 2) for guess in (1, 2)]
    choices = [(hide, guess) for hide in (1, 2) for guess in (1, 2)]
    matrix = [
        [((g == other) - (guess == hide)) * (hide + other) for other, guess in choices]
        for hide, g in choices
    ]
    return NormalFormGame.zero_sum(matrix, actions=(names, names), title="Two-finger Morra")


@game(
    source="Borel (1921), Comptes rendus de l'Académie des sciences 173, pages 1304-1308",
    summary="soldiers are divided among battlefields; the larger force wins each",
)
def colonel_blotto(soldiers: int = 5, fields: int = 3) -> NormalFormGame:
    """Build Colonel Blotto: the payoff is the battlefields won minus those lost."""
    soldiers, fields = whole("soldiers", soldiers, 1, 1_000), whole("fields", fields, 1, 20)
    count = comb(soldiers + fields - 1, fields - 1)
    require(
        count <= _MOST_ALLOCATIONS,
        f"{soldiers} soldiers on {fields} fields make {count} allocations",
        "soldiers, fields",
        f"at most {_MOST_ALLOCATIONS} allocations",
    )
    forces = list(_allocations(soldiers, fields))
    matrix = [
        [sum((a > b) - (a < b) for a, b in zip(own, other, strict=True)) for other in forces]
        for own in forces
    ]
    names = ["-".join(map(str, force)) for force in forces]
    return NormalFormGame.zero_sum(matrix, actions=(names, names), title="Colonel Blotto")


def _allocations(soldiers: int, fields: int) -> Iterator[tuple[int, ...]]:
    """Yield the ways to divide the soldiers: stars between bars."""
    for bars in combinations(range(soldiers + fields - 1), fields - 1):
        edges = (-1, *bars, soldiers + fields - 1)
        yield tuple(right - left - 1 for left, right in pairwise(edges))
