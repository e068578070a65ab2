"""Two-player games of the literature in which interests are neither equal nor opposed."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from gametheory.games.catalog.known_facts import KnownFacts, pure_profile, two_player_profiles
from gametheory.games.catalog.parameters import number, require, whole
from gametheory.games.catalog.registry import game
from gametheory.games.normal_form import NormalFormGame

__all__ = [
    "battle_of_the_sexes",
    "chicken",
    "climbing",
    "hawk_dove",
    "inspection",
    "penalty",
    "prisoners_dilemma",
    "pure_coordination",
    "shapley",
    "stag_hunt",
    "traveler_dilemma",
    "von_stengel_3x2",
]


def _dilemma_facts() -> KnownFacts:
    return KnownFacts.of(
        "Luce and Raiffa (1957), Games and Decisions, section 5.4",
        dominant_actions=(1, 1),
        pure_equilibria=((1, 1),),
        equilibria=two_player_profiles(([0, 1], [0, 1])),
        n_equilibria=1,
        correlated_welfare=Fraction(-4),
    )


@game(
    source="Luce and Raiffa (1957), Games and Decisions, section 5.4",
    summary="to defect is dominant, and both are worse off for it",
    facts=_dilemma_facts,
)
def prisoners_dilemma() -> NormalFormGame:
    """Build the prisoner's dilemma, payoffs in years lost; the only equilibrium is to defect."""
    return NormalFormGame.symmetric(
        [[-1, -3], [0, -2]],
        actions=(("Cooperate", "Defect"),) * 2,
        title="Prisoner's dilemma",
    )


def _battle_facts() -> KnownFacts:
    return KnownFacts.of(
        "Luce and Raiffa (1957), Games and Decisions, section 5.3",
        pure_equilibria=((0, 0), (1, 1)),
        equilibria=two_player_profiles(([1, 0], [1, 0]), ([2, 1], [1, 2]), ([0, 1], [0, 1])),
        n_equilibria=3,
    )


@game(
    source="Luce and Raiffa (1957), Games and Decisions, section 5.3",
    summary="both want to meet, each at another place; two pure equilibria and a mixed one",
    facts=_battle_facts,
)
def battle_of_the_sexes() -> NormalFormGame:
    """Build the battle of the sexes; in the mixed equilibrium both get 2/3."""
    return NormalFormGame.bimatrix(
        [[2, 0], [0, 1]],
        [[1, 0], [0, 2]],
        actions=(("Boxing", "Ballet"),) * 2,
        title="Battle of the sexes",
    )


def _stag_facts() -> KnownFacts:
    return KnownFacts.of(
        "a hunter is indifferent where the other hunts the stag with probability 2/3",
        pure_equilibria=((0, 0), (1, 1)),
        equilibria=two_player_profiles(([1, 0], [1, 0]), ([2, 1], [2, 1]), ([0, 1], [0, 1])),
        n_equilibria=3,
    )


@game(
    source="Rousseau (1755), Discourse on the Origin of Inequality, part 2",
    summary="hunt the stag together or a hare alone; the better equilibrium is the riskier one",
    facts=_stag_facts,
)
def stag_hunt() -> NormalFormGame:
    """Build the stag hunt; in the mixed equilibrium both hunt the stag with probability 2/3."""
    return NormalFormGame.symmetric(
        [[4, 0], [3, 2]], actions=(("Stag", "Hare"),) * 2, title="Stag hunt"
    )


def _chicken_facts() -> KnownFacts:
    return KnownFacts.of(
        "Aumann (1974), Journal of Mathematical Economics 1, pages 67-96",
        pure_equilibria=((0, 1), (1, 0)),
        equilibria=two_player_profiles(([1, 0], [0, 1]), ([2, 1], [2, 1]), ([0, 1], [1, 0])),
        n_equilibria=3,
        correlated_welfare=Fraction(21, 2),
    )


@game(
    source="Aumann (1974), Journal of Mathematical Economics 1, pages 67-96",
    summary="dare or swerve; a mediator gives both more than any mixture of equilibria",
    facts=_chicken_facts,
)
def chicken() -> NormalFormGame:
    """Build chicken; in the mixed equilibrium both swerve with probability 2/3 and get 14/3."""
    return NormalFormGame.symmetric(
        [[6, 2], [7, 0]], actions=(("Swerve", "Dare"),) * 2, title="Chicken"
    )


def _hawk_facts(value: Any = 2, cost: Any = 4) -> KnownFacts:
    hawks = number("value", value) / number("cost", cost)
    mixed = [hawks, 1 - hawks]
    return KnownFacts.of(
        "Maynard Smith and Price (1973), Nature 246, pages 15-18",
        pure_equilibria=((0, 1), (1, 0)),
        equilibria=two_player_profiles(([1, 0], [0, 1]), (mixed, mixed), ([0, 1], [1, 0])),
        n_equilibria=3,
    )


@game(
    source="Maynard Smith and Price (1973), Nature 246, pages 15-18",
    summary="escalate or retreat; hawks are as frequent as value divided by cost",
    facts=_hawk_facts,
)
def hawk_dove(value: Any = 2, cost: Any = 4) -> NormalFormGame:
    """Build the contest for a prize of ``value`` in which an escalated fight costs ``cost``."""
    v, c = number("value", value), number("cost", cost)
    require(0 < v < c, f"value {v} and cost {c}", "value, cost", "0 < value < cost")
    return NormalFormGame.symmetric(
        [[(v - c) / 2, v], [0, v / 2]], actions=(("Hawk", "Dove"),) * 2, title="Hawk and dove"
    )


def _meeting_facts(n_actions: int = 2) -> KnownFacts:
    uniform = [1] * n_actions
    return KnownFacts.of(
        "both play the same subset of places uniformly",
        pure_equilibria=tuple((place, place) for place in range(n_actions)),
        equilibria=two_player_profiles((uniform, uniform)),
        n_equilibria=2**n_actions - 1,
        potential=np.eye(n_actions, dtype=np.int64),
    )


@game(
    source="Schelling (1960), The Strategy of Conflict",
    summary="any agreement is as good as any other; every subset of places is an equilibrium",
    facts=_meeting_facts,
)
def pure_coordination(n_actions: int = 2) -> NormalFormGame:
    """Build the game in which both get 1 where they meet; 2**n_actions - 1 equilibria."""
    size = whole("n_actions", n_actions, 1, 1_000)
    return NormalFormGame.symmetric(
        [[int(i == j) for j in range(size)] for i in range(size)], title="Pure coordination"
    )


def _shapley_facts() -> KnownFacts:
    return KnownFacts.of(
        "Shapley (1964), Advances in Game Theory, Annals of Mathematics Studies 52",
        equilibria=two_player_profiles(([1, 1, 1], [1, 1, 1])),
        pure_equilibria=(),
        n_equilibria=1,
    )


@game(
    source="Shapley (1964), Advances in Game Theory, Annals of Mathematics Studies 52, pages 1-28",
    summary="fictitious play cycles for ever; the only equilibrium is uniform, payoff 1/3",
    facts=_shapley_facts,
)
def shapley() -> NormalFormGame:
    """Build Shapley's game."""
    return NormalFormGame.bimatrix(
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[0, 1, 0], [0, 0, 1], [1, 0, 0]],
        title="Shapley's game",
    )


def _climbing_facts() -> KnownFacts:
    return KnownFacts.of(
        "Claus and Boutilier (1998), AAAI-98, pages 746-752",
        pure_equilibria=((0, 0), (1, 1)),
        correlated_welfare=Fraction(22),
        potential=np.array([[11, -30, 0], [-30, 7, 6], [0, 0, 5]]),
    )


@game(
    source="Claus and Boutilier (1998), AAAI-98, pages 746-752",
    summary="a team's best joint action is surrounded by losses, so learners climb to worse ones",
    facts=_climbing_facts,
)
def climbing() -> NormalFormGame:
    """Build the climbing game; pure equilibria pay 11 and 7."""
    team = [[11, -30, 0], [-30, 7, 6], [0, 0, 5]]
    return NormalFormGame.bimatrix(team, team, title="Climbing game")


def _penalty_facts(k: Any = -10) -> KnownFacts:
    loss = number("k", k)
    return KnownFacts.of(
        "Claus and Boutilier (1998), AAAI-98, pages 746-752",
        pure_equilibria=((0, 0), (1, 1), (2, 2)),
        correlated_welfare=Fraction(20),
        potential=np.array([[10, 0, loss], [0, 2, 0], [loss, 0, 10]], dtype=object),
    )


@game(
    source="Claus and Boutilier (1998), AAAI-98, pages 746-752",
    summary="two best joint actions, a penalty k for confusing them, and a safe middle",
    facts=_penalty_facts,
)
def penalty(k: Any = -10) -> NormalFormGame:
    """Build the penalty game; for k < 0 the pure equilibria pay 10, 10 and 2."""
    loss = number("k", k)
    require(loss <= 0, f"k is {loss}", "k", "a penalty, at most 0")
    team = [[10, 0, loss], [0, 2, 0], [loss, 0, 10]]
    return NormalFormGame.bimatrix(team, team, title=f"Penalty game, k = {loss}")


def _inspection_facts(
    wage: Any = 4, effort: Any = 2, inspecting: Any = 1, output: Any = 6
) -> KnownFacts:
    w, g, h = number("wage", wage), number("effort", effort), number("inspecting", inspecting)
    return KnownFacts.of(
        "Fudenberg and Tirole (1991), Game Theory, chapter 1",
        equilibria=two_player_profiles(([h, w - h], [g, w - g])),
        pure_equilibria=(),
        n_equilibria=1,
    )


@game(
    source="Fudenberg and Tirole (1991), Game Theory, chapter 1",
    summary="work or shirk, inspect or not; only a mixed equilibrium",
    facts=_inspection_facts,
)
def inspection(
    wage: Any = 4, effort: Any = 2, inspecting: Any = 1, output: Any = 6
) -> NormalFormGame:
    """Build the inspection game: a worker found shirking is not paid.

    The worker shirks with probability inspecting / wage, the employer inspects with probability
    effort / wage.
    """
    w, g = number("wage", wage), number("effort", effort)
    h, v = number("inspecting", inspecting), number("output", output)
    require(
        w > g > h > 0,
        f"wage {w}, effort {g}, inspecting {h}",
        "wage, effort, inspecting",
        "wage > effort > inspecting > 0",
    )
    return NormalFormGame.bimatrix(
        [[0, w], [w - g, w - g]],
        [[-h, -w], [v - w - h, v - w]],
        players=("Worker", "Employer"),
        actions=(("Shirk", "Work"), ("Inspect", "Trust")),
        title="Inspection game",
    )


def _traveler_facts(low: int = 2, high: int = 100, bonus: int = 2) -> KnownFacts:
    if bonus < 2:
        return KnownFacts()
    size = high - low + 1
    return KnownFacts.of(
        "Basu (1994), American Economic Review 84, pages 391-395",
        equilibria=(pure_profile((size, size), (0, 0)),),
        pure_equilibria=((0, 0),),
        n_equilibria=1,
    )


@game(
    source="Basu (1994), American Economic Review 84, pages 391-395",
    summary="the lower claim is paid to both, with a bonus for it: reason leads down to the least",
    facts=_traveler_facts,
)
def traveler_dilemma(low: int = 2, high: int = 100, bonus: int = 2) -> NormalFormGame:
    """Build the traveler's dilemma; for bonus > 1 the only equilibrium is the lowest claim."""
    low, bonus = whole("low", low, 0, 10**6), whole("bonus", bonus, 0, 10**6)
    high = whole("high", high, low, low + 999)
    claims = range(low, high + 1)
    matrix = [
        [min(own, other) + bonus * ((own < other) - (own > other)) for other in claims]
        for own in claims
    ]
    names = [str(claim) for claim in claims]
    return NormalFormGame.symmetric(matrix, actions=(names, names), title="Traveler's dilemma")


def _von_stengel_facts() -> KnownFacts:
    return KnownFacts.of(
        "von Stengel (2007), in Nisan et al. (eds.), Algorithmic Game Theory, chapter 3",
        equilibria=two_player_profiles(
            ([1, 0, 0], [1, 0]), ([4, 1, 0], [2, 1]), ([0, 1, 2], [1, 2])
        ),
        pure_equilibria=((0, 0),),
        n_equilibria=3,
    )


@game(
    source="von Stengel (2007), in Nisan et al. (eds.), Algorithmic Game Theory, chapter 3",
    summary="the running example of equilibrium computation: one pure and two mixed equilibria",
    facts=_von_stengel_facts,
)
def von_stengel_3x2() -> NormalFormGame:
    """Build the 3 x 2 example with three equilibria."""
    return NormalFormGame.bimatrix(
        [[3, 3], [2, 5], [0, 6]], [[3, 2], [2, 6], [3, 1]], title="von Stengel's 3 x 2 example"
    )
