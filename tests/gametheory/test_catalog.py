"""The catalog: every game is what its entry says, and wrong requests are explained."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from gametheory.errors import InvalidGame
from gametheory.games.catalog import CatalogEntry, catalog, load
from gametheory.games.catalog.registry import game
from gametheory.games.normal_form import NormalFormGame

ENTRIES = [entry for entry in catalog() if entry.form == "normal form"]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_an_entry_describes_its_game(entry: CatalogEntry) -> None:
    built = load(entry.name)
    assert isinstance(built, NormalFormGame)
    assert built.n_players == entry.n_players
    assert built.title
    assert built == entry.build()
    assert entry.summary
    assert re.search(r"\(\d{4}\)|Kass", entry.citation)
    assert str(built)


def test_there_is_a_choice_in_alphabetical_order() -> None:
    names = [entry.name for entry in catalog()]
    assert len(ENTRIES) >= 18
    assert names == sorted(names)


def test_parameters_make_a_family_and_a_seed_a_random_one() -> None:
    kinds = {entry.name: (entry.is_family, entry.is_random) for entry in catalog()}
    assert kinds["chicken"] == (False, False)
    assert kinds["hawk_dove"] == (True, False)
    assert kinds["covariant_game"] == (True, True)


def test_every_parameter_has_a_default_that_can_be_written_down() -> None:
    for entry in catalog():
        for default in entry.parameters.values():
            assert isinstance(default, int | str | tuple)


@pytest.mark.parametrize(
    ("name", "zero_sum", "symmetric"),
    [
        ("matching_pennies", True, False),
        ("rock_paper_scissors", True, True),
        ("rock_paper_scissors_lizard_spock", True, True),
        ("colonel_blotto", True, True),
        ("two_finger_morra", True, True),
        ("prisoners_dilemma", False, True),
        ("traveler_dilemma", False, True),
        ("public_goods", False, True),
        ("volunteers_dilemma", False, True),
        ("el_farol", False, True),
        ("minority_game", False, True),
        ("guess_two_thirds", False, True),
        ("cournot", False, True),
        ("tournament", True, True),
        ("cyclic_dominance", True, True),
        ("hide_and_seek", True, False),
        ("planted_zero_sum", True, False),
        ("planted_bimatrix", False, False),
        ("minimum_effort", False, True),
        ("dispersion", False, True),
        ("braess_paradox", False, True),
        ("compound_2x2", False, True),
        ("war_of_attrition", False, True),
        ("grab_the_dollar", False, True),
        ("bertrand", False, True),
        ("location", False, True),
        ("arms_race", False, True),
        ("first_price_auction", False, True),
        ("second_price_auction", False, False),
        ("all_pay_auction", False, True),
        ("jordan", False, False),
        ("shapley", False, False),
    ],
)
def test_structure(name: str, zero_sum: bool, symmetric: bool) -> None:
    built = load(name)
    assert built.is_zero_sum() == zero_sum
    assert built.is_symmetric() == symmetric


def payoffs(name: str, *joint_action: int | str, **parameters: Any) -> list[Fraction]:
    built = load(name, **parameters)
    return list(built.exact_payoffs[(slice(None), *built.action_indices(joint_action))])


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (payoffs("rock_paper_scissors_lizard_spock", "Spock", "Scissors"), [1, -1]),
        (payoffs("rock_paper_scissors_lizard_spock", "Lizard", "Rock"), [-1, 1]),
        (payoffs("traveler_dilemma", "100", "99"), [97, 101]),
        (payoffs("two_finger_morra", "hide 1, guess 2", "hide 2, guess 2"), [3, -3]),
        (payoffs("colonel_blotto", "5-0-0", "1-1-3"), [-1, 1]),
        (
            payoffs("public_goods", "Give", "Keep", "Keep"),
            [Fraction(2, 3), Fraction(5, 3), Fraction(5, 3)],
        ),
        (payoffs("el_farol", *["Go"] * 4, "Stay"), [-1, -1, -1, -1, 0]),
        (payoffs("minority_game", "A", "B", "B"), [1, 0, 0]),
        (payoffs("guess_two_thirds", "0", "0", "9"), [Fraction(1, 2), Fraction(1, 2), 0]),
        (payoffs("cournot", "4", "4"), [16, 16]),
        (payoffs("penalty", 0, 2, k=-100), [-100, -100]),
        (payoffs("hawk_dove", "Hawk", "Hawk", value=1, cost="4/3"), [Fraction(-1, 6)] * 2),
        (payoffs("volunteers_dilemma", *["Wait"] * 3), [0, 0, 0]),
    ],
)
def test_payoffs_follow_the_rules(found: list[Fraction], expected: list[Fraction]) -> None:
    assert found == expected


def test_colonel_blotto_counts_allocations() -> None:
    built = load("colonel_blotto", soldiers=4, fields=2)
    assert built.actions[0] == ("0-4", "1-3", "2-2", "3-1", "4-0")


BAD: list[tuple[Callable[[], Any], tuple[str, ...]]] = [
    (
        lambda: load("prisoner_dilema"),
        ("no game 'prisoner_dilema'", "prisoners_dilemma", "catalog"),
    ),
    (lambda: load("zzz"), ("no game 'zzz'", "gametheory catalog")),
    (lambda: load("chicken", k=1), ("no parameter 'k'", "no parameter at all")),
    (lambda: load("penalty", q=1), ("no parameter 'q'", "valid: k")),
    (lambda: load("penalty", k="x"), ("'x' is not a number", "where: k")),
    (lambda: load("penalty", k=3), ("k is 3", "at most 0")),
    (lambda: load("hawk_dove", value=5, cost=4), ("value 5", "0 < value < cost")),
    (lambda: load("inspection", wage=1), ("wage 1", "wage > effort")),
    (lambda: load("traveler_dilemma", low=5, high=4), ("high is 4", "from 5")),
    (lambda: load("colonel_blotto", soldiers=100, fields=9), ("allocations", "at most 1000")),
    (lambda: load("public_goods", n_players=40), ("n_players is 40", "from 2 to 12")),
    (lambda: load("public_goods", multiplier=9), ("multiplier 9", "between 1 and 3")),
    (lambda: load("minority_game", n_players=4), ("n_players is 4", "odd")),
    (lambda: load("cournot", n_players=9), ("9 players with 13 actions", "at most 1000000")),
    (lambda: load("biased_rock_paper_scissors", rock=0), ("positive stakes",)),
]


@pytest.mark.parametrize(("build", "words"), BAD)
def test_wrong_requests_say_what_is_valid(build: Callable[[], Any], words: tuple[str, ...]) -> None:
    with pytest.raises(InvalidGame) as caught:
        build()
    for word in words:
        assert word in str(caught.value)


def test_names_are_forgiving() -> None:
    assert load("Stag-Hunt") == load("stag hunt") == load("stag_hunt")


def test_a_name_is_taken_once() -> None:
    def chicken() -> NormalFormGame:
        return NormalFormGame([[0]])

    with pytest.raises(ValueError, match="'chicken'"):
        game(source="", summary="")(chicken)
