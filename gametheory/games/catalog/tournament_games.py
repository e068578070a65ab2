"""Families of zero-sum games with closed forms: tournaments, cycles, hide and seek."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.games.catalog.draws import Draws
from gametheory.games.catalog.known_facts import KnownFacts, two_player_profiles
from gametheory.games.catalog.parameters import check_size, require, square_sizes, whole_numbers
from gametheory.games.catalog.registry import game
from gametheory.games.normal_form import NormalFormGame

__all__ = ["cyclic_dominance", "hide_and_seek", "tournament"]

_FISHER_RYAN = "Fisher and Ryan (1992), American Mathematical Monthly 99, pages 935-942"


def _tournament_facts(n_actions: int = 5, seed: int = 0) -> KnownFacts:
    return KnownFacts.of(_FISHER_RYAN, value=Fraction(0), n_equilibria=1)


@game(
    source=_FISHER_RYAN,
    summary="of every two actions one beats the other, at random: one equilibrium, odd supports",
    facts=_tournament_facts,
)
def tournament(n_actions: int = 5, seed: int = 0) -> NormalFormGame:
    """Draw which action of each pair beats the other; a win pays 1, equal actions 0."""
    sizes = square_sizes(2, n_actions)
    above = np.triu(2 * Draws(seed).integers(0, 1, sizes) - 1, 1)
    return NormalFormGame.zero_sum(above - above.T, title=f"Tournament game {seed}")


def _cyclic_facts(n_actions: int = 7) -> KnownFacts:
    ones = [1] * n_actions
    return KnownFacts.of(
        f"{_FISHER_RYAN}: a tournament has one equilibrium, and the circle turns it into itself",
        value=Fraction(0),
        n_equilibria=1,
        equilibria=two_player_profiles((ones, ones)),
    )


@game(
    source=_FISHER_RYAN,
    summary="rock, paper, scissors with any odd number of actions; uniform play",
    facts=_cyclic_facts,
)
def cyclic_dominance(n_actions: int = 7) -> NormalFormGame:
    """Put an odd number of actions in a circle: each beats the half that lies before it."""
    n = square_sizes(2, n_actions)[0]
    require(n % 2 == 1, f"n_actions is {n}", "n_actions", "an odd number, so that halves are equal")
    own, other = np.indices((n, n))
    ahead = (own - other) % n
    wins: NDArray[np.int64] = np.where(ahead == 0, 0, np.where(ahead <= n // 2, 1, -1))
    return NormalFormGame.zero_sum(wins, title="Cyclic dominance")


def _hiding_facts(stakes: Any = (1, 2, 3)) -> KnownFacts:
    inverse = [Fraction(1, stake) for stake in whole_numbers("stakes", stakes, 1, 10**9)]
    return KnownFacts.of(
        "Kaplansky (1945), Annals of Mathematics 46, pages 474-479: the game is completely mixed",
        value=1 / sum(inverse),
        n_equilibria=1,
        equilibria=two_player_profiles((inverse, inverse)),
    )


@game(
    source="von Neumann (1953), A certain zero-sum two-person game equivalent to the optimal "
    "assignment problem, Contributions to the Theory of Games II, on hide and seek",
    summary="the seeker wins the stake of the place where the hider is found",
    facts=_hiding_facts,
)
def hide_and_seek(stakes: Any = (1, 2, 3)) -> NormalFormGame:
    """Build the game with positive whole ``stakes`` on its diagonal and 0 elsewhere.

    Both choose places in inverse proportion to the stakes; the value is 1 / sum(1 / stakes).
    """
    worth = whole_numbers("stakes", stakes, 1, 10**9)
    check_size((len(worth),) * 2, "stakes")
    return NormalFormGame.zero_sum(
        np.diag(worth), players=("Seeker", "Hider"), title="Hide and seek"
    )
