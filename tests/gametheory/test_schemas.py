"""Every document that the toolkit writes is one that its published schema describes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import gametheory as gt
from gametheory.formats import game_to_document, schemas
from tests.gametheory import observed_games as og

CATALOG = [entry.name for entry in gt.catalog.catalog()]
LARGE = {"liars_dice", "goofspiel", "battleship", "leduc_poker"}  # validation is slow


@pytest.fixture(scope="module")
def valid() -> Any:
    """A function that tells whether a document is as one of the schemas says."""
    jsonschema = pytest.importorskip("jsonschema")
    referencing = pytest.importorskip("referencing")
    resources = [referencing.Resource.from_contents(schemas.load(name)) for name in schemas.NAMES]
    registry = referencing.Registry().with_resources([(one.id(), one) for one in resources])
    for name in schemas.NAMES:
        jsonschema.Draft202012Validator.check_schema(schemas.load(name))
    validators = {
        name: jsonschema.Draft202012Validator(schemas.load(name), registry=registry)
        for name in schemas.NAMES
    }
    return lambda document, name: validators[name].is_valid(json.loads(json.dumps(document)))


def schema_of(game: Any) -> str:
    return "normal_form" if isinstance(game, gt.NormalFormGame) else "extensive_form"


@pytest.mark.parametrize("name", [name for name in CATALOG if name not in LARGE])
def test_every_game_of_the_catalog_is_described(name: str, valid: Any) -> None:
    game = gt.catalog.load(name)
    assert valid(game_to_document(game), schema_of(game))


@given(og.rules())
def test_random_trees_are_described(valid: Any, rules: Any) -> None:
    assert valid(game_to_document(og.game_of(rules)), "extensive_form")


@pytest.mark.parametrize(
    ("name", "concept"),
    [
        ("chicken", "nash"),
        ("chicken", "pure-nash"),
        ("chicken", "correlated"),
        ("chicken", "coarse-correlated"),
        ("chicken", "maxmin"),
        ("chicken", "stackelberg"),
        ("chicken", "logit-qre"),
        ("kuhn_poker", "nash"),
        ("chain_store", "subgame-perfect"),
        ("prisoners_dilemma", "iterated-dominance"),
        ("prisoners_dilemma", "rationalizable"),
        ("prisoners_dilemma", "dominant-strategy"),
        ("prisoners_dilemma", "pareto"),
        ("hawk_dove", "ess"),
    ],
)
def test_profiles_and_certificates_are_described(name: str, concept: str, valid: Any) -> None:
    certificates = gt.solve(gt.catalog.load(name), concept).certificates
    assert certificates
    for certificate in certificates:
        assert valid(certificate.profile.to_document(), "profile")
        assert valid(certificate.to_document(), "certificate")


def test_irrational_equilibria_are_described(valid: Any) -> None:
    game = gt.NormalFormGame(np.random.default_rng(5).normal(size=(3, 3, 3, 3)))
    for certificate in gt.solve(game, find="all").certificates:
        assert valid(certificate.to_document(), "certificate")


def test_enormous_numbers_are_described(valid: Any) -> None:
    game = gt.NormalFormGame([["1e-999", "1/3", "-0.1"]])
    assert valid(game_to_document(game), "normal_form")


HEAD = {"format": "gametheory/normal-form", "version": 1}
TREE = {"format": "gametheory/extensive-form", "version": 1, "players": ["A"]}


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ({**HEAD}, "normal_form"),
        ({**HEAD, "payoffs": [1, 2], "version": 2}, "normal_form"),
        ({**HEAD, "payoffs": [[1, "x"]]}, "normal_form"),
        ({**HEAD, "payoffs": [[1, "1e9999"]]}, "normal_form"),
        ({**HEAD, "payoffs": [[]]}, "normal_form"),
        ({**HEAD, "payoffs": [[1, 2]], "actions": [["a", "a"]]}, "normal_form"),
        ({**HEAD, "payoffs": [[1, 2]], "color": "red"}, "normal_form"),
        ({**TREE, "root": {}}, "extensive_form"),
        ({**TREE, "root": {"payoffs": [1], "player": "A"}}, "extensive_form"),
        ({**TREE, "root": {"player": "A", "infoset": "i", "actions": {}}}, "extensive_form"),
        ({**TREE, "root": {"chance": {"x": {"node": {"payoffs": [1]}}}}}, "extensive_form"),
        ({"format": "gametheory/mixed-profile", "version": 1, "strategies": [[]]}, "profile"),
        ({"format": "gametheory/nonsense", "version": 1}, "profile"),
        ({"format": "gametheory/certificate", "version": 1}, "certificate"),
    ],
)
def test_other_documents_are_not(document: Any, name: str, valid: Any) -> None:
    assert not valid(document, name)


def test_unknown_schemas_are_refused() -> None:
    with pytest.raises(gt.GameFormatError, match=r"no schema 'tree'.*extensive_form"):
        schemas.load("tree")
