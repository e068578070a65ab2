"""Closed forms of small games: what every textbook says, found by ``solve`` and proven exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from gametheory import (
    BehaviorProfile,
    CorrelatedDistribution,
    MixedProfile,
    NormalFormGame,
    solve,
    verify,
)
from gametheory.games.catalog import load
from tests.gametheory.test_extensive_form import kuhn

THIRD = Fraction(1, 3)
Payoffs = tuple[Any, ...]


def equilibria(game: NormalFormGame, concept: str = "nash") -> dict[Any, Payoffs]:
    """All equilibria, proven to be all and exact, with their payoffs."""
    found = solve(game, concept, find="all")
    assert found.complete
    assert found.status == "certified_exact"
    pairs = zip(found.equilibria, found.certificates, strict=True)
    return {
        profile.exact if isinstance(profile, MixedProfile) else profile: certificate.payoffs
        for profile, certificate in pairs
    }


def test_prisoners_dilemma_has_one_equilibrium_of_every_kind() -> None:
    game = NormalFormGame.symmetric([[-1, -3], [0, -2]])
    assert game == NormalFormGame.symmetric(load("prisoners_dilemma").exact_payoffs[0])
    assert equilibria(game) == {((0, 1), (0, 1)): (-2, -2)}
    both = CorrelatedDistribution([[0, 0], [0, 1]])
    for concept in ("correlated", "coarse-correlated"):
        assert equilibria(game, concept) == {both: (-2, -2)}


def test_matching_pennies_is_worth_nothing() -> None:
    halves = (Fraction(1, 2),) * 2
    assert equilibria(load("matching_pennies")) == {(halves, halves): (0, 0)}
    solution = solve(load("matching_pennies"), "minimax")
    assert solution.certificates[0].exact
    assert solution.certificates[0].payoffs == (0, 0)


def test_rock_paper_scissors_off_the_diagonal_is_coarse_and_not_correlated() -> None:
    game = load("rock_paper_scissors")
    sixths = np.full((3, 3), Fraction(1, 6)) - np.diag([Fraction(1, 6)] * 3)
    joint = CorrelatedDistribution(sixths)
    assert len(joint.support) == 6
    coarse = verify(game, joint, "coarse-correlated")
    assert coarse.exact
    assert coarse.payoffs == (0, 0)
    refuted = verify(game, joint, "correlated")
    # Told Rock, the other holds Paper or Scissors: Scissors earns 1/2 more, a third of the time.
    assert refuted.violation == "player 0, told Rock, gains 1/6 by Scissors"
    assert refuted.epsilon == 3 * Fraction(1, 6)


def test_stag_hunt() -> None:
    game = load("stag_hunt")
    assert game.exact_payoffs[0].tolist() == [[4, 0], [3, 2]]
    mixed = (2 * THIRD, THIRD)
    assert equilibria(game) == {
        ((1, 0), (1, 0)): (4, 4),
        ((0, 1), (0, 1)): (2, 2),
        (mixed, mixed): (Fraction(8, 3),) * 2,
    }


def test_chicken() -> None:
    game = load("chicken")
    assert game.exact_payoffs[0].tolist() == [[6, 2], [7, 0]]
    mixed = (2 * THIRD, THIRD)
    assert equilibria(game) == {
        ((1, 0), (0, 1)): (2, 7),
        ((0, 1), (1, 0)): (7, 2),
        (mixed, mixed): (Fraction(14, 3),) * 2,
    }
    best = solve(game, "correlated", objective="welfare")
    assert best.profile == CorrelatedDistribution([["1/2", "1/4"], ["1/4", 0]])
    (certificate,) = best.certificates
    assert certificate.payoffs == (Fraction(21, 4),) * 2
    assert certificate.objective_value == Fraction(21, 2)
    assert certificate.objective_gap == 0


def test_battle_of_the_sexes() -> None:
    first, second = (2 * THIRD, THIRD), (THIRD, 2 * THIRD)
    assert equilibria(load("battle_of_the_sexes")) == {
        ((1, 0), (1, 0)): (2, 1),
        ((0, 1), (0, 1)): (1, 2),
        (first, second): (2 * THIRD,) * 2,
    }


def test_climbing_game() -> None:
    assert equilibria(load("climbing"), "pure-nash") == {
        ((1, 0, 0), (1, 0, 0)): (11, 11),
        ((0, 1, 0), (0, 1, 0)): (7, 7),
    }


@pytest.mark.parametrize("k", [-1, Fraction(-1, 7), -10, -100, -(10**30)])
def test_penalty_game(k: Any) -> None:
    assert equilibria(load("penalty", k=k), "pure-nash") == {
        ((1, 0, 0), (1, 0, 0)): (10, 10),
        ((0, 1, 0), (0, 1, 0)): (2, 2),
        ((0, 0, 1), (0, 0, 1)): (10, 10),
    }


def test_shapleys_game() -> None:
    thirds = (THIRD,) * 3
    assert equilibria(load("shapley")) == {(thirds, thirds): (THIRD, THIRD)}


def first_player(alpha: Fraction) -> dict[str, dict[str, Any]]:
    """Kuhn's family: bluff with the jack as often as alpha, and all else follows.

    Beyond 1/3 the king cannot be bet three times as often as the jack: it is always bet.
    """
    king, call = min(3 * alpha, Fraction(1)), min(alpha + THIRD, Fraction(1))
    return {
        "A J": {"bet": alpha, "check": 1 - alpha},
        "A Q": {"check": 1},
        "A K": {"bet": king, "check": 1 - king},
        "A J check bet": {"fold": 1},
        "A Q check bet": {"call": call, "fold": 1 - call},
        "A K check bet": {"call": 1},
    }


SECOND: dict[str, dict[str, Any]] = {
    "B J check": {"bet": THIRD, "check": 2 * THIRD},
    "B Q check": {"check": 1},
    "B K check": {"bet": 1},
    "B J bet": {"fold": 1},
    "B Q bet": {"call": THIRD, "fold": 2 * THIRD},
    "B K bet": {"call": 1},
}


def test_kuhn_poker_is_worth_minus_one_eighteenth() -> None:
    """Kuhn (1950), "A simplified two-person poker", Contributions to the Theory of Games I."""
    for game in (kuhn(), load("kuhn_poker")):
        solution = solve(game)
        assert solution.status == "certified_exact"
        assert solution.certificates[0].payoffs == (Fraction(-1, 18), Fraction(1, 18))


@pytest.mark.parametrize("alpha", [0, "1/100", "1/6", "2/7", "333/1000", "1/3"])
def test_the_first_player_of_kuhn_poker_has_a_family_of_strategies(alpha: Any) -> None:
    game = kuhn()
    profile = BehaviorProfile.from_mapping(game, first_player(Fraction(alpha)) | SECOND)
    certificate = verify(game, profile)
    assert certificate.exact
    assert certificate.payoffs == (Fraction(-1, 18), Fraction(1, 18))
    assert verify(game, profile, "minimax").exact


@pytest.mark.parametrize("alpha", ["334/1000", "1/2", "2/3", 1])
def test_beyond_a_third_it_has_none(alpha: Any) -> None:
    game = kuhn()
    bluffs = Fraction(alpha)
    certificate = verify(game, BehaviorProfile.from_mapping(game, first_player(bluffs) | SECOND))
    # A queen now gains 3 from the jack by calling and loses 1 to the king, and had called once in
    # three; a jack that bluffs after a check, once in three, meets a queen that calls too often.
    call = min(bluffs + THIRD, Fraction(1))
    queen, jack = (1 - THIRD) * (3 * bluffs - 1) / 6, THIRD * (3 * call - 2) / 6
    assert certificate.regrets == (0, queen + jack)
    assert certificate.epsilon > 0


@pytest.mark.parametrize("share", [Fraction(1, 100), Fraction(1, 5)])
@pytest.mark.parametrize("alpha", [Fraction(1, 10), Fraction(1, 4)])
@pytest.mark.parametrize("infoset", ["A Q", "A K", "A J check bet", "A Q check bet"])
def test_nothing_but_the_family_will_do(infoset: str, alpha: Fraction, share: Fraction) -> None:
    """Move one information set a little away from what alpha asks for."""
    game = kuhn()
    choices = first_player(alpha)
    labels = next(i.actions for i in game.information_sets if i.label == infoset)
    before = choices[infoset].get(labels[1], 0)
    after = before + share if before + share <= 1 else before - share
    choices[infoset] = {labels[0]: 1 - after, labels[1]: after}
    assert not verify(game, BehaviorProfile.from_mapping(game, choices | SECOND)).exact
