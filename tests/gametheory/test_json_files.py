"""Games, profiles and certificates survive a file, and false certificates do not."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gametheory as gt
from gametheory import GameFormatError, MixedProfile, NormalFormGame
from gametheory.formats import (
    game_from_document,
    game_to_document,
    load_certificate,
    load_game,
    load_profile,
    profile_from_document,
    save_certificate,
    save_game,
    save_profile,
)
from gametheory.rationals import decode, encode
from tests.gametheory import observed_games as og

CATALOG = [entry.name for entry in gt.catalog.catalog()]


def through_json(document):
    return json.loads(json.dumps(document))


@pytest.mark.parametrize("name", CATALOG)
def test_every_game_of_the_catalog_survives(name, tmp_path):
    game = gt.catalog.load(name)
    path = save_game(game, tmp_path / "game.json")
    assert load_game(path) == game


@given(og.rules())
def test_random_trees_survive(rules):
    game = og.game_of(rules)
    again = game_from_document(through_json(game_to_document(game)))
    assert again.exact_payoffs.tolist() == game.exact_payoffs.tolist()
    assert again.exact_chance.tolist() == game.exact_chance.tolist()
    assert again.node_infoset.tolist() == game.node_infoset.tolist()
    assert [i.actions for i in again.information_sets] == [i.actions for i in game.information_sets]


@given(og.rules(), st.integers(0, 2**16))
def test_behavior_profiles_survive(rules, seed):
    game = og.game_of(rules)
    profile = og.draw_profile(game, seed)
    again = profile_from_document(through_json(profile.to_document()), game)
    assert again == profile


@given(st.fractions() | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_exactly(number):
    assert Fraction(decode(through_json(encode(number)), "x")) == Fraction(number)


def test_fractions_too_long_for_decimals_survive():
    huge = Fraction(3**20_000, 7**20_000)
    assert decode(encode(huge), "x") == huge


@pytest.mark.parametrize("value", ["1/0", "x", None, True, float("nan"), "1e-999999999", [], "0x"])
def test_bad_numbers_are_refused_where_they_stand(value):
    with pytest.raises(GameFormatError, match=r"is no number.*where: payoffs\[3\].*valid"):
        decode(value, "payoffs[3]")


@pytest.mark.parametrize("name", ["rock_paper_scissors", "kuhn_poker"])
def test_certificates_are_verified_again_when_read(name, tmp_path):
    game = gt.catalog.load(name)
    certificate = gt.solve(game).certificate
    path = save_certificate(certificate, tmp_path / "certificate.json")
    again = load_certificate(path, game)
    assert again.exact
    assert again.payoffs == certificate.payoffs


def test_certificates_of_irrational_and_logit_equilibria_are_verified_again(tmp_path):
    payoffs = np.random.default_rng(5).normal(size=(3, 3, 3, 3))
    game = NormalFormGame(payoffs)
    mixed = next(
        one for one in gt.solve(game, find="all").certificates if not one.profile.is_pure()
    )
    logit = gt.solve(game, "logit-qre", rationality=2.0).certificate
    for number, certificate in enumerate((mixed, logit)):
        path = save_certificate(certificate, tmp_path / f"{number}.json")
        assert json.loads(path.read_text()) == json.loads(certificate.to_json())
        assert load_certificate(path, game) == certificate
    forged = replace(mixed, nearby=gt.NearbyEquilibrium(Fraction(1, 10**60), unique=True))
    with pytest.raises(GameFormatError, match=r"nearer than can be proven.*do not trust"):
        load_certificate(save_certificate(forged, tmp_path / "forged.json"), game)


def test_false_certificates_are_refused(tmp_path):
    game = gt.catalog.load("rock_paper_scissors")
    rock = gt.verify(game, MixedProfile.pure(game, [0, 0]))
    assert rock.epsilon == 1
    forged = replace(rock, epsilon=Fraction(0))
    path = save_certificate(forged, tmp_path / "forged.json")
    with pytest.raises(GameFormatError, match=r"claims epsilon 0, but it is 1.*do not trust"):
        load_certificate(path, game)
    other = gt.catalog.load("matching_pennies")
    with pytest.raises(GameFormatError, match="another game"):
        load_certificate(path, other)


@pytest.mark.parametrize(
    ("key", "value", "where"),
    [
        ("payoffs", [2, 2], "other payoffs"),
        ("payoffs", [0], "other payoffs"),
        ("payoffs", "0, 0", "payoffs are '0, 0'"),
        ("regrets", [0, "-1/1000000"], "other regrets"),
        ("regrets", [], "other regrets"),
        ("exact", 1, "exact is 1"),
        ("concept", None, "the concept is None"),
        ("epsilon", "-1/10", "claims epsilon -0.1"),
    ],
)
def test_every_figure_of_a_certificate_is_held_against_the_profile(key, value, where, tmp_path):
    game = gt.catalog.load("rock_paper_scissors")
    document = gt.solve(game).certificate.to_document()
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps({**document, key: value}))
    with pytest.raises(GameFormatError, match=where):
        load_certificate(path, game)
    path.write_text(json.dumps({**document, "regrets": [1, "1/2"], "epsilon": 1}))
    assert load_certificate(path, game).exact  # a weaker claim is as true


def test_a_certificate_that_calls_itself_exact_is(tmp_path):
    game = gt.catalog.load("rock_paper_scissors")
    rock = gt.verify(game, MixedProfile.pure(game, [0, 0])).to_document()
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps({**rock, "exact": True}))
    with pytest.raises(GameFormatError, match="claims to be exact"):
        load_certificate(path, game)


def test_profiles_are_read_as_people_write_them(tmp_path):
    path = tmp_path / "profile.json"
    path.write_text('[["1/3", "1/3", "1/3"], [1, 0, 0]]')
    game = gt.catalog.load("rock_paper_scissors")
    assert load_profile(path, game).exact[0] == (Fraction(1, 3),) * 3
    tree = gt.catalog.load("chain_store")
    path.write_text('{"entry": {"in": 1}, "reply": {"cooperate": 1}}')
    assert gt.verify(tree, load_profile(path, tree), "subgame-perfect").exact
    saved = save_profile(load_profile(path, tree), tmp_path / "saved.json")
    assert load_profile(saved, tree) == load_profile(path, tree)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON.*line 1"),
        ("[]", "unknown format 'list'"),
        ('{"format": "efg"}', "unknown format 'efg'.*extensive-form"),
        ('{"format": "gametheory/extensive-form"}', "players"),
        (
            '{"format": "gametheory/extensive-form", "players": ["A"], "root": {"player": "A"}}',
            r"keys \['player'\].*node root",
        ),
        (
            '{"format": "gametheory/extensive-form", "players": ["A"], "root": {"payoffs": ["z"]}}',
            r"is no number.*root, payoffs\[0\]",
        ),
        (
            '{"format": "gametheory/extensive-form", "players": ["A"],'
            ' "root": {"chance": {"x": {"node": {}}}}}',
            "lacks 'probability' or 'node'",
        ),
    ],
)
def test_bad_documents_say_where(text, message, tmp_path):
    path = tmp_path / "game.json"
    path.write_text(text)
    with pytest.raises(gt.GameTheoryError, match=message):
        load_game(path)


def test_missing_files_are_refused(tmp_path):
    with pytest.raises(GameFormatError, match="cannot read"):
        load_game(tmp_path / "nowhere.json")
    with pytest.raises(GameFormatError, match="cannot write"):
        save_game(gt.catalog.load("chicken"), "/dev/null/game.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(GameFormatError, match="cannot write"):
        save_game(gt.catalog.load("chicken"), tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_game_of_equal_content_has_an_equal_digest_and_document():
    one = NormalFormGame.bimatrix([[1, 0], [0, 1]], [["1/3", 0], [0, 1]])
    two = game_from_document(through_json(game_to_document(one)))
    assert one.digest == two.digest
    certificate = gt.solve(one, "pure-nash").certificate
    assert through_json(certificate.to_document())["exact"] is True


@pytest.mark.parametrize("concept", ["correlated", "coarse-correlated", "maxmin", "stackelberg"])
def test_solutions_that_are_more_than_profiles_are_rechecked(concept: str, tmp_path) -> None:
    game = gt.catalog.load("chicken")
    solution = gt.solve(game, concept)
    path = save_certificate(solution.certificate, tmp_path / "certificate.json")
    again = load_certificate(path, game)
    assert again == solution.certificate
    document = json.loads(path.read_text())
    document["epsilon"] = -1
    path.write_text(json.dumps(document))
    with pytest.raises(GameFormatError, match="claims epsilon"):
        load_certificate(path, game)


def test_the_best_correlated_equilibrium_is_not_taken_for_the_best_coarse_one(tmp_path) -> None:
    """Its proof prices deviations that a coarse correlated equilibrium need not withstand."""
    payoffs = np.random.default_rng(6).integers(-9, 10, size=(2, 3, 3))
    game = NormalFormGame(payoffs)
    best, coarse = (
        gt.solve(game, concept, objective="welfare").certificate
        for concept in ("correlated", "coarse-correlated")
    )
    assert best.objective_gap == coarse.objective_gap == 0
    assert best.objective_value < coarse.objective_value
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps({**best.to_document(), "concept": "coarse-correlated"}))
    with pytest.raises(GameFormatError, match="closer to optimal than can be proven"):
        load_certificate(path, game)
    assert gt.verify(game, best.profile, "coarse-correlated").objective_gap is None
    assert load_certificate(save_certificate(coarse, path), game).objective_gap == 0


def test_a_worse_equilibrium_is_not_taken_for_the_best(tmp_path) -> None:
    game = gt.catalog.load("chicken")
    path = save_certificate(gt.solve(game, "correlated").certificate, tmp_path / "c.json")
    document = json.loads(path.read_text())
    document["profile"]["probabilities"] = [[[0, 1], 1]]
    path.write_text(json.dumps(document))
    with pytest.raises(GameFormatError, match="closer to optimal than can be proven"):
        load_certificate(path, game)
