"""``gametheory.testing`` itself: solvers of users, failures, replays, strategies, the docs page."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gametheory as gt
from gametheory import MixedProfile, NormalFormGame
from gametheory.algorithms.registry import Outcome
from gametheory.evaluation import nash_averaging
from gametheory.formats import game_from_document
from gametheory.testing import (
    FAMILIES,
    RELATIONS,
    RelationFailed,
    check_algorithm,
    check_relation,
    relations_of,
)
from gametheory.testing.definitions import normal_form, trees
from gametheory.testing.definitions.plain_tree import build, plain_tree
from gametheory.testing.families import family
from gametheory.testing.strategies import (
    behavior_profiles,
    imperfect_recall_trees,
    joint_distributions,
    mixed_profiles,
)
from gametheory.testing.subjects import subject_of
from tests.gametheory import plain_trees

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"


def uniform(game: NormalFormGame) -> Any:
    return [np.full(m, 1 / m) for m in game.n_actions]


def good(game: NormalFormGame) -> Any:
    return gt.solve(game).profile


# Solvers of users


def test_a_good_solver_passes_and_says_what_was_checked() -> None:
    report = check_algorithm(good, examples=3, games=("bimatrix", "zero-sum"))
    assert report.holds and report.failed == ()
    assert {one.verdict for one in report.outcomes} == {"holds"}
    assert str(report).startswith("good (nash): ")
    assert "support-indifference" in str(report)


def test_a_wrong_solver_fails_with_all_that_is_needed_to_see_it_again() -> None:
    with pytest.raises(RelationFailed) as failure:
        check_algorithm(uniform, examples=20, games=("bimatrix",), seed=3)
    error = failure.value
    assert isinstance(error, AssertionError | gt.GameTheoryError)
    assert (error.subject, error.concept, error.seed) == ("uniform", "nash", 3)
    for part in (error.relation, "uniform", "seed 3", f"draw {error.draw}", error.document):
        assert part in str(error)
    game = game_from_document(json.loads(error.document))
    assert game == error.game
    with pytest.raises(RelationFailed, match=error.relation):
        check_relation(error.relation, uniform, game=game, draw=error.draw)
    assert check_relation(error.relation, good, game=game, draw=error.draw).verdict == "holds"


def test_what_is_shown_is_small() -> None:
    with pytest.raises(RelationFailed) as failure:
        check_relation("solution-by-definition", uniform, examples=50)
    game = failure.value.game
    assert np.prod(game.n_actions) <= 4
    assert np.abs(game.payoffs).sum() <= 2


def test_equal_seeds_find_equal_games() -> None:
    def document(seed: int, **options: Any) -> str:
        with pytest.raises(RelationFailed) as failure:
            check_relation("solution-by-definition", uniform, seed=seed, shrink=False, **options)
        return failure.value.document

    assert document(5) == document(5)
    assert len({document(seed) for seed in range(6)}) > 1


def test_keep_going_lists_everything_that_fails() -> None:
    report = check_algorithm(
        uniform, examples=8, games=("bimatrix",), keep_going=True, shrink=False
    )
    assert {"solution-by-definition", "support-indifference"} <= set(report.failed)
    assert len(report.failures) == len(report.failed) and not report.holds
    assert "uniform breaks" in str(report)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ([[0.5, 0.6], [1.0, 0.0]], "sum to 1.1"),
        ([[1.0, 0.0, 0.0], [1.0, 0.0]], "3 probabilities for the 2 actions"),
        ("heads", "a str is no solution"),
        (gt.catalog.load("chicken"), "a NormalFormGame is no solution"),
    ],
)
def test_answers_that_are_none_are_told_in_words(returned: Any, message: str) -> None:
    game = NormalFormGame.zero_sum([[1, 0], [0, 1]])
    with pytest.raises(RelationFailed, match=message):
        check_relation("solution-by-definition", lambda game: returned, game=game)


def test_a_solver_that_falls_over_fails() -> None:
    def raises(game: NormalFormGame) -> Any:
        raise ZeroDivisionError("by zero")

    with pytest.raises(RelationFailed, match="ZeroDivisionError: by zero") as failure:
        check_relation("input-untouched", raises, examples=2)
    assert isinstance(failure.value.__cause__, ZeroDivisionError)


def test_games_that_a_solver_refuses_are_skipped_and_counted() -> None:
    def only_matching_sizes(game: NormalFormGame) -> Any:
        if len(set(game.n_actions)) > 1:
            raise gt.UnsupportedGame("not square")
        return good(game)

    outcome = check_relation("solution-by-definition", only_matching_sizes, examples=20)
    assert outcome.examples > 0 and outcome.skipped > 0
    never = check_relation("solution-by-definition", lambda game: None, examples=5)
    assert never.verdict == "unchecked"


def test_wrong_candidates_of_a_registered_algorithm_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """``solve`` lets no wrong profile out; here the algorithm fails for having found it."""

    def lies(game: NormalFormGame) -> Any:
        yield MixedProfile.pure(game, (0,) * game.n_players)
        return Outcome()

    (model,) = (one for one in gt.methods() if one.name == "support-enumeration")
    liar = replace(model, name="liar", run=lies, finds="one", applies=lambda game: "")
    monkeypatch.setattr(
        sys.modules["gametheory.solve"], "algorithms", lambda **about: (liar, *gt.methods(**about))
    )
    with pytest.raises(RelationFailed, match="1 candidates failed the certificate"):
        check_relation("solution-by-definition", liar)


def test_tolerance_is_a_part_of_the_payoff_range() -> None:
    def nearly(game: NormalFormGame) -> Any:
        profile = good(game)
        return [(1 - 1e-4) * np.array(x) + 1e-4 / len(x) for x in (profile[0], profile[1])]

    with pytest.raises(RelationFailed):
        check_relation("solution-by-definition", nearly, games=("bimatrix",), shrink=False)
    about: dict[str, Any] = {"games": ("bimatrix", "badly-scaled"), "tolerance": 1e-3}
    assert check_relation("solution-by-definition", nearly, **about).verdict == "holds"


def test_solvers_of_trees_may_return_what_is_done_at_each_information_set() -> None:
    def by_label(tree: gt.ExtensiveFormGame) -> Any:
        profile = gt.solve(tree, method="sequence-form-lp").profile
        exact, offsets = profile.exact.tolist(), tree.action_offsets.tolist()
        return {
            one.label: dict(zip(one.actions, exact[offsets[one.index] :], strict=False))
            for one in tree.information_sets
        }

    about: dict[str, Any] = {"form": "tree", "games": ("zero-sum-trees",)}
    assert check_algorithm(by_label, examples=2, **about).holds


def test_solvers_of_other_concepts_and_of_all_solutions() -> None:
    def joint(game: NormalFormGame) -> Any:
        return gt.solve(game, "correlated").profile.probabilities

    assert check_algorithm(joint, concept="correlated", examples=3).holds

    def everything(game: NormalFormGame) -> Any:
        return list(gt.solve(game, "pure-nash", find="all").equilibria)

    assert check_algorithm(everything, concept="pure-nash", find="all", examples=3).holds


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"algorithm": "lemke-howso"}, "unknown algorithm"),
        ({"algorithm": 7}, "a int is no solver"),
        ({"algorithm": "lemke-howson", "concept": "correlated"}, "does not find 'correlated'"),
        ({"algorithm": good, "concept": "bliss"}, "no relation says anything"),
        ({"algorithm": good, "form": "graph"}, "form='graph'"),
        ({"algorithm": good, "find": "some"}, "find='some'"),
        ({"algorithm": good, "games": ("nice",)}, "unknown family 'nice'"),
    ],
)
def test_what_cannot_be_checked_is_refused_in_words(
    arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(gt.UnsupportedGame, match=message):
        check_algorithm(**arguments)


def test_relations_that_do_not_apply_are_refused_in_words() -> None:
    with pytest.raises(gt.UnsupportedGame, match="unknown relation"):
        check_relation("value-shift", good)
    with pytest.raises(gt.UnsupportedGame, match="says nothing about 'correlated-program'"):
        check_relation("value-shifts", "correlated-program")
    with pytest.raises(gt.UnsupportedGame, match="says nothing about 'library'"):
        check_relation("value-shifts")


def test_without_hypothesis_there_is_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    for call in (
        lambda: check_algorithm("lemke-howson"),
        lambda: check_relation("write-read-round-trip"),
        lambda: family("zero-sum").games(),
    ):
        with pytest.raises(gt.MissingExtra, match=r"gametheory-toolkit\[test\]"):
            call()
    # A counterexample can be looked at without it.
    game = gt.catalog.load("matching_pennies")
    assert check_relation("value-shifts", "minimax-lp", game=game).verdict == "holds"


def test_importing_the_package_does_not_load_hypothesis() -> None:
    code = "import sys, gametheory.testing; print('hypothesis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_parametrizing_over_relations() -> None:
    names = [str(relation) for relation in relations_of(good, concept="nash")]
    assert "support-indifference" in names and "odd-number-and-index-sum" not in names
    assert "odd-number-and-index-sum" in map(str, relations_of(good, find="all"))
    assert "write-read-round-trip" in map(str, relations_of())


def test_relations_say_what_they_need_and_assert() -> None:
    assert len({one.name for one in RELATIONS}) == len(RELATIONS)
    for one in RELATIONS:
        assert one.asserts.endswith(".") and one.needs and one.subject
        assert one.concepts or one.examples is not None


def test_stochastic_games_are_shown_as_json_too() -> None:
    subject = subject_of("shapley-iteration")
    broken = type(subject)(
        "broken", "minimax", subject.form, False, lambda game: 1 / 0, subject.candidates
    )
    with pytest.raises(RelationFailed) as failure:
        check_relation("same-answer-twice", broken, examples=1)
    assert set(json.loads(failure.value.document)) >= {"stages", "probabilities", "discount"}


# Strategies

TAGS = {
    "two-player": lambda game: game.n_players == 2,
    "zero-sum": lambda game: game.n_players == 2 and game.is_constant_sum(),
    "symmetric": lambda game: game.is_symmetric(),
    "skew": lambda game: game.is_symmetric() and game.is_zero_sum(),
    "potential": lambda game: game.is_potential(),
    "perfect-information": lambda game: game.has_perfect_information(),
    "generic": lambda game: len(set(game.payoffs.ravel())) == game.payoffs.size,
}


@pytest.mark.parametrize("name", FAMILIES)
def test_families_are_what_their_tags_say(name: str) -> None:
    one = family(name)
    seen = set()

    @settings(max_examples=25)
    @given(one.games())
    def check(game: Any) -> None:
        assert isinstance(game, one.form)
        assert all(TAGS[tag](game) for tag in one.tags)
        seen.add(game)

    check()
    assert len(seen) > 5
    assert all(TAGS[tag](game) for tag in one.tags for game in one.samples())


@settings(max_examples=25)
@given(imperfect_recall_trees())
def test_forgetful_players_are_refused(tree: dict[str, Any]) -> None:
    with pytest.raises(gt.InvalidGame, match="information set"):
        gt.ExtensiveFormGame.from_arrays(**tree)


@settings(max_examples=25)
@given(st.data())
def test_profiles_fit_their_games(data: st.DataObject) -> None:
    game = data.draw(family("any-shape").games())
    data.draw(mixed_profiles(game)).check_fits(game)
    data.draw(joint_distributions(game)).check_fits(game)
    tree = data.draw(family("trees").games())
    data.draw(behavior_profiles(tree)).check_fits(tree)


# Definitions, against other plain definitions and closed forms


@settings(max_examples=40)
@given(family("trees").games(), st.integers(0, 99))
def test_definitions_of_trees_agree_with_trying_every_pure_strategy(
    game: gt.ExtensiveFormGame, seed: int
) -> None:
    profile = plain_trees.exact_profile(game, seed)
    behavior = {
        game.infoset_label(k): odds for k, odds in plain_trees.choices_of(game, profile).items()
    }
    tree = plain_tree(game)
    assert trees.subgame_regrets(tree, behavior, game.n_players) == plain_trees.largest_regrets(
        game, profile
    )
    assert len(trees.subgames(tree)) == len(plain_trees.roots(game))
    assert plain_tree(build(tree, game.players)) == tree


def test_definitions_of_correlated_equilibria_on_chicken() -> None:
    # Aumann (1974): the third of chicken's correlated equilibria that mixes three cells.
    game = NormalFormGame.bimatrix([[6, 2], [7, 0]], [[6, 7], [2, 0]])
    lights = {(0, 0): 1, (0, 1): 1, (1, 0): 1}
    assert normal_form.correlated_gains(game, lights) == [0, 0]
    assert normal_form.coarse_gains(game, lights) == [0, 0]
    assert normal_form.coarse_gains(game, {(1, 1): 1}) == [2, 2]
    assert normal_form.correlated_gains(game, {(0, 0): 1}) == [1, 1]


def test_definition_of_dominance_on_the_prisoners_dilemma() -> None:
    game = gt.catalog.load("prisoners_dilemma")
    assert normal_form.surviving_pure_dominance(game) == [[1], [1]]
    assert MixedProfile.pure(game, (1, 1)) == gt.solve(game).profile


def test_clones_move_the_most_even_one_of_several_equilibria() -> None:
    """Found by the relation: with a clone there is more entropy in another mixture.

    Agent 2 beats agent 1 and all else is even, so that every mixture of agents 0 and 2 is an
    equilibrium. Nobody in its support is rated differently, but agent 1 is.
    """
    wins = np.array([[0, 0, 0], [0, 0, -1], [0, 1, 0]])
    entered = [0, 1, 2, 2]
    once = nash_averaging(NormalFormGame.zero_sum(wins))
    twice = nash_averaging(NormalFormGame.zero_sum(wins[np.ix_(entered, entered)]))
    assert once.ratings.tolist() == pytest.approx([0, -1 / 2, 0])
    assert twice.ratings.tolist() == pytest.approx([0, -2 / 3, 0, 0])
    assert check_relation(
        "clones-change-no-rating", game=NormalFormGame.zero_sum(wins), draw=0
    ).examples


# The page


def table() -> str:
    lines = ["| relation | what holds | needs |", "|---|---|---|"]
    subject = ""
    for one in RELATIONS:
        if one.subject != subject:
            subject = one.subject
            lines.append(f"| **{subject}** | | |")
        lines.append(f"| `{one.name}` | {one.asserts} | {one.needs} |")
    return "\n".join(lines)


def test_the_page_lists_the_relations() -> None:
    assert table() in PAGE.read_text("utf-8")
    assert all(f"`{name}`" in PAGE.read_text("utf-8") for name in FAMILIES)
