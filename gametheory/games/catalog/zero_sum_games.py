"""Two-player zero-sum games of the literature."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, pairwise
from math import comb
from typing import Any

from gametheory.games.catalog.known_facts import KnownFacts, two_player_profiles
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
_NEUMANN = "von Neumann and Morgenstern (1944), Theory of Games and Economic Behavior"


def _completely_mixed(source: str, *weights: Any) -> KnownFacts:
    """State that a fair game has one equilibrium, in which both mix in these proportions."""
    return KnownFacts.of(
        source,
        value=Fraction(0),
        equilibria=two_player_profiles((weights, weights)),
        pure_equilibria=(),
        n_equilibria=1,
    )


def _pennies_facts() -> KnownFacts:
    return _completely_mixed(_NEUMANN, 1, 1)


@game(
    source="von Neumann and Morgenstern (1944), Theory of Games and Economic Behavior",
    summary="one player wants equal coins, the other unequal ones; no pure equilibrium, value 0",
    facts=_pennies_facts,
)
def matching_pennies() -> NormalFormGame:
    """Build matching pennies; both players mix evenly."""
    return NormalFormGame.zero_sum(
        [[1, -1], [-1, 1]],
        players=("Even", "Odd"),
        actions=(("Heads", "Tails"),) * 2,
        title="Matching pennies",
    )


def _rock_facts() -> KnownFacts:
    return _completely_mixed(_NEUMANN, 1, 1, 1)


@game(
    source="von Neumann and Morgenstern (1944), Theory of Games and Economic Behavior",
    summary="each action beats one and loses to one; uniform play is the only equilibrium",
    facts=_rock_facts,
)
def rock_paper_scissors() -> NormalFormGame:
    """Build rock, paper, scissors; value 0."""
    return NormalFormGame.zero_sum(
        [[0, -1, 1], [1, 0, -1], [-1, 1, 0]],
        actions=(("Rock", "Paper", "Scissors"),) * 2,
        title="Rock, paper, scissors",
    )


def _biased_facts(rock: Any = 1, paper: Any = 2, scissors: Any = 3) -> KnownFacts:
    stakes = number("scissors", scissors), number("rock", rock), number("paper", paper)
    return _completely_mixed("Kaplansky (1945), Annals of Mathematics 46, pages 474-479", *stakes)


@game(
    source="Kaplansky (1945), Annals of Mathematics 46, pages 474-479 (completely mixed games)",
    summary="rock, paper, scissors with unequal stakes; each is played as the stake it deters",
    facts=_biased_facts,
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


def _spock_facts() -> KnownFacts:
    return _completely_mixed(
        "Fisher and Ryan (1992), American Mathematical Monthly 99, pages 935-942", *[1] * 5
    )


@game(
    source="Sam Kass and Karen Bryla, Rock Paper Scissors Spock Lizard",
    summary="five actions, each beats two and loses to two; uniform play, value 0",
    facts=_spock_facts,
)
def rock_paper_scissors_lizard_spock() -> NormalFormGame:
    """Build rock, paper, scissors, lizard, Spock."""
    names = ("Rock", "Paper", "Scissors", "Spock", "Lizard")  # each beats those 1 and 3 before it
    sign = (0, 1, -1, 1, -1)
    matrix = [[sign[(i - j) % 5] for j in range(5)] for i in range(5)]
    return NormalFormGame.zero_sum(
        matrix, actions=(names,) * 2, title="Rock, paper, scissors, lizard, Spock"
    )


def _morra_facts() -> KnownFacts:
    ends = [0, 3, 2, 0], [0, 4, 3, 0]
    return KnownFacts.of(
        "Chvátal (1983), Linear Programming, chapter 15",
        value=Fraction(0),
        equilibria=two_player_profiles(*((one, other) for one in ends for other in ends)),
        pure_equilibria=(),
    )


@game(
    source="Chvátal (1983), Linear Programming, chapter 15",
    summary="hide one or two fingers and guess the other's; value 0, a segment of equilibria",
    facts=_morra_facts,
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


def _blotto_facts(soldiers: int = 5, fields: int = 3) -> KnownFacts:
    return KnownFacts.of("a symmetric zero-sum game is worth nothing", value=Fraction(0))


@game(
    source="Borel (1921), Comptes rendus de l'Académie des sciences 173, pages 1304-1308",
    summary="soldiers are divided among battlefields; the larger force wins each",
    facts=_blotto_facts,
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
