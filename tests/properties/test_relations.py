"""Every relation of ``gametheory.testing`` on every registered algorithm that it applies to.

A few games for each pair, the same ones each time; with ``pytest -m slow``, or
HYPOTHESIS_PROFILE=dev for games that were never drawn before, a hundred. A second concept of an
algorithm is checked by the slow tests only.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

import gametheory as gt
from gametheory.testing import RELATIONS, Relation, check_relation, relations_of
from gametheory.testing.subjects import Subject, subject_of

HUNTING = os.environ.get("HYPOTHESIS_PROFILE", "ci") != "ci"
FEW, MANY = 3, 100
SEED = int(np.random.SeedSequence().entropy % 2**32) if HUNTING else 0

ALGORITHMS = {
    f"{algorithm.name}:{concept}": subject_of(algorithm, concept=concept)
    for algorithm in gt.methods()
    for concept in algorithm.concepts
}
# A second concept is a weaker claim about the same answers.
MAIN = {f"{algorithm.name}:{algorithm.concepts[0]}" for algorithm in gt.methods()}


def pairs(names: Any) -> list[Any]:
    return [
        pytest.param(relation, ALGORITHMS[name], id=f"{relation}-{name}")
        for name in names
        for relation in relations_of(ALGORITHMS[name])
    ]


@pytest.mark.parametrize(("relation", "algorithm"), pairs(n for n in ALGORITHMS if n in MAIN))
def test_relation_holds(relation: Relation, algorithm: Subject) -> None:
    outcome = check_relation(relation, algorithm, examples=MANY if HUNTING else FEW, seed=SEED)
    if outcome.verdict == "unchecked":  # none of so few games had what it needs
        outcome = check_relation(relation, algorithm, examples=10 * FEW, seed=SEED)
    assert outcome.verdict == "holds"


@pytest.mark.slow
@pytest.mark.parametrize(("relation", "algorithm"), pairs(ALGORITHMS))
def test_relation_holds_on_many_games(relation: Relation, algorithm: Subject) -> None:
    main = f"{algorithm.name}:{algorithm.concept}" in MAIN
    outcome = check_relation(relation, algorithm, examples=MANY if main else MANY // 4, seed=1)
    assert outcome.verdict == "holds"


@pytest.mark.parametrize("relation", relations_of(), ids=str)
def test_relation_holds_of_the_library(relation: Relation) -> None:
    outcome = check_relation(relation, examples=MANY if HUNTING else 10, seed=SEED)
    assert outcome.verdict == "holds"


@pytest.mark.slow
@pytest.mark.parametrize("relation", relations_of(), ids=str)
def test_relation_holds_of_the_library_on_many_games(relation: Relation) -> None:
    assert check_relation(relation, examples=10 * MANY, seed=1).verdict == "holds"


def test_every_relation_is_checked_on_something() -> None:
    used = {str(one) for subject in ALGORITHMS.values() for one in relations_of(subject)}
    used |= {str(one) for one in relations_of()}
    assert used == {one.name for one in RELATIONS}


def test_every_algorithm_has_relations() -> None:
    assert all(len(relations_of(subject)) >= 3 for subject in ALGORITHMS.values())
