"""JSON documents of normal-form games: nothing is lost, and faults are located."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gametheory.errors import GameFormatError
from gametheory.formats.normal_form_json import FORMAT, from_document, to_document
from gametheory.games.catalog import catalog
from gametheory.games.normal_form import NormalFormGame

numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**40), 10**40),
    st.fractions(min_value=-(10**6), max_value=10**6),
)
tensors = array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3).flatmap(
    lambda shape: arrays(object, (len(shape), *shape), elements=numbers)
)
GOOD = {"format": FORMAT, "version": 1, "payoffs": [["1/3", 2]]}


@given(tensors, st.text())
def test_round_trips_are_exact(payoffs: Any, title: str) -> None:
    game = NormalFormGame(payoffs, title=title)
    again = from_document(json.loads(json.dumps(to_document(game))))
    assert again == game
    assert again.title == title
    assert (again.exact_payoffs == game.exact_payoffs).all()


def test_the_catalog_survives() -> None:
    for entry in catalog():
        if entry.form == "normal form":
            game = entry.build()
            assert from_document(json.loads(json.dumps(to_document(game)))) == game


def test_the_document_is_for_people_too() -> None:
    game = NormalFormGame.bimatrix(
        [["1/3", 0.5]], [[2, 0.1]], players=["R", "C"], actions=[["u"], ["l", "r"]], title="small"
    )
    assert to_document(game) == {
        "format": "gametheory/normal-form",
        "version": 1,
        "title": "small",
        "players": ["R", "C"],
        "actions": [["u"], ["l", "r"]],
        "payoffs": [[["1/3", 0.5]], [[2, 0.1]]],
    }


def test_labels_and_title_may_be_left_out() -> None:
    assert from_document(GOOD) == NormalFormGame([["1/3", 2]])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "other"}, ("'other'", "where: format", FORMAT)),
        ({"version": 2}, ("version is 2", "newer release")),
        ({"version": True}, ("version is True",)),
        ({"payoff": 1}, ("unknown key 'payoff'", "payoffs")),
        ({"payoffs": None}, ("payoffs are None", "nested lists")),
        ({"payoffs": {}}, ("payoffs are {}",)),
        ({"payoffs": [[1, "x"]]}, ("'x' is not a number", "payoffs[0, 1]")),
        ({"payoffs": [[1, float("inf")]]}, ("not finite", "payoffs[0, 1]")),
        ({"payoffs": [[[1, 2], [3]], [[1, 2], [3, 4]]]}, ("ragged", "payoffs[0, 1]")),
        ({"payoffs": [[1, {"a": 2}]]}, ("not a number", "payoffs[0, 1]")),
        ({"payoffs": []}, ("no player",)),
        ({"title": 3}, ("title is 3", "a string")),
        ({"players": "a"}, ("'a'", "where: players", "list of strings")),
        ({"players": [1]}, ("label is 1", "players[0]")),
        ({"players": ["a", "b"]}, ("2 labels",)),
        ({"actions": 1}, ("actions are 1", "list of lists")),
        ({"actions": [["a", None]]}, ("label is None", "actions[0][1]")),
        ({"actions": [["a", "a"]]}, ("used twice", "actions[0][1]")),
        ({"actions": [["a"]]}, ("1 labels", "actions[0]")),
    ],
)
def test_faults_are_located(change: dict[str, Any], words: tuple[str, ...]) -> None:
    with pytest.raises(GameFormatError) as caught:
        from_document({**GOOD, **change})
    for word in words:
        assert word in str(caught.value)


def test_a_document_is_an_object() -> None:
    with pytest.raises(GameFormatError, match="list"):
        from_document([])


def test_numpy_numbers_do_not_leak_into_documents() -> None:
    document = to_document(NormalFormGame.zero_sum(np.arange(6).reshape(2, 3) / 7))
    assert json.loads(json.dumps(document)) == document
