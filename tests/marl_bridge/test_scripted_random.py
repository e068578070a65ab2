"""Scripted generators have the distributions, types and shapes of the real ones."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marl_bridge.environments.branching import all_branches
from marl_bridge.environments.lazy_shuffle import group_equal, is_blank
from marl_bridge.environments.script import ChoiceNeeded, DrawRefused, Script, as_fractions
from marl_bridge.environments.scripted_random import (
    ScriptedGenerator,
    ScriptedRandom,
    ScriptedRandomState,
)
from tests.marl_bridge.chance_environments import Card


def shuffled(rng, items):
    items = list(items)
    rng.shuffle(items)
    return items


def shuffled_cards(rng, n):
    cards = [Card(rank) for rank in range(n)]
    rng.shuffle(cards)
    return cards


def shuffled_array(rng, items):
    items = np.array(items)
    rng.shuffle(items)
    return items


NUMPY = [
    lambda rng: rng.choice(3),
    lambda rng: rng.choice([4, 4, 7]),
    lambda rng: rng.choice(["a", "b"], size=2),
    lambda rng: rng.choice(4, size=2, replace=False),
    lambda rng: rng.choice(3, p=[0.5, 0.2, 0.3]),
    lambda rng: rng.choice(3, size=2, replace=False, p=[0.6, 0.1, 0.3]),
    lambda rng: rng.choice(2, size=(2, 1)),
    lambda rng: rng.permutation(3),
    lambda rng: rng.permutation([5, 5, 6]),
    lambda rng: rng.permutation(np.array([[1, 2], [3, 4]])),
    lambda rng: shuffled(rng, [1, 1, 2]),
    lambda rng: shuffled_array(rng, [1, 2, 3]),
    lambda rng: shuffled_array(rng, [[1, 1], [2, 2], [3, 3]]),
    lambda rng: rng.binomial(2, 0.25),
    lambda rng: [int(card) for card in shuffled_cards(rng, 3)],
]
GENERATOR = [
    *NUMPY,
    lambda rng: rng.integers(3),
    lambda rng: rng.integers(2, 4, endpoint=True),
    lambda rng: rng.integers(2, size=2),
    lambda rng: rng.integers(2, dtype=np.int8),
    lambda rng: bool(rng.integers(2, dtype=bool)),
]
RANDOM_STATE = [
    *NUMPY,
    lambda rng: rng.randint(3),
    lambda rng: rng.randint(2, 5),
    lambda rng: rng.randint(0, 2, size=(2,)),
]
PYTHON = [
    lambda rng: rng.choice("abc"),
    lambda rng: rng.choices([1, 2], weights=[1, 3], k=2),
    lambda rng: rng.choices([1, 2, 3], cum_weights=[1, 1, 3]),
    lambda rng: rng.sample(range(4), 2),
    lambda rng: rng.sample(["x", "y"], counts=[2, 1], k=2),
    lambda rng: rng.randrange(1, 7, 2),
    lambda rng: rng.randint(1, 3),
    lambda rng: rng.getrandbits(2),
    lambda rng: shuffled(rng, "aab"),
]
CASES = [
    (scripted, real, draw, number)
    for scripted, real, draws in (
        (ScriptedGenerator, np.random.default_rng, GENERATOR),
        (ScriptedRandomState, np.random.RandomState, RANDOM_STATE),
        (ScriptedRandom, random.Random, PYTHON),
    )
    for number, draw in enumerate(draws)
]


def described(drawn):
    """The value with its type and shape, hashable."""
    if isinstance(drawn, np.ndarray):
        return ("array", drawn.dtype.str, drawn.shape, tuple(drawn.ravel().tolist()))
    if isinstance(drawn, list):
        return ("list", *map(described, drawn))
    return (type(drawn).__name__, drawn)


def distribution(scripted, draw):
    """All outcomes of a draw with their exact probabilities."""
    script, found = Script(), Counter()
    rng = scripted(script)

    def run(tape):
        with script.follow(tape):
            return draw(rng)

    weights = {(): Fraction(1)}

    def weighing(tape):
        try:
            return run(tape)
        except ChoiceNeeded as needed:
            for outcome, probability in needed.outcomes:
                weights[(*tape, outcome)] = weights[tape] * probability
            raise

    for tape, drawn in all_branches(weighing):
        found[described(drawn)] += weights[tape]
    return found


@pytest.mark.parametrize(("scripted", "real", "draw", "number"), CASES)
def test_every_draw_has_the_distribution_of_the_original(scripted, real, draw, number):
    exact = distribution(scripted, draw)
    assert sum(exact.values()) == 1
    n = 4000
    rng = real(100 + number)
    seen = Counter(described(draw(rng)) for _ in range(n))
    assert set(seen) <= set(exact)
    statistic = sum((seen[x] - n * float(p)) ** 2 / (n * float(p)) for x, p in exact.items())
    freedom = len(exact) - 1
    # Far beyond what chance does: the mean plus seven standard deviations of chi-square.
    assert statistic <= freedom + 7 * np.sqrt(2 * freedom) + 7


@given(st.lists(st.integers(0, 3), min_size=1, max_size=5))
def test_equal_items_are_one_outcome(items):
    exact = distribution(ScriptedGenerator, lambda rng: shuffled(rng, items))
    orders = 1
    for count in range(1, len(items) + 1):
        orders *= count
    for value in set(items):
        for factor in range(1, items.count(value) + 1):
            orders //= factor
    assert len(exact) == orders
    assert set(exact.values()) == {Fraction(1, orders)}


def test_unseen_cards_are_never_drawn():
    script = Script()
    with script.follow(()):
        cards = shuffled_cards(ScriptedGenerator(script), 52)
        assert all(is_blank(card) for card in cards)
        assert all(isinstance(card, Card) for card in cards)  # asking for the class is no look
    with pytest.raises(ChoiceNeeded) as needed, script.follow(()):
        _ = cards[0].rank
    assert len(needed.value.outcomes) == 52
    assert needed.value.outcomes[0][1] == Fraction(1, 52)


def test_cards_that_others_refer_to_are_drawn_at_once():
    deck = [Card(0), Card(1)]
    known = deck[0]
    exact = distribution(ScriptedGenerator, lambda rng: [c is known for c in shuffled(rng, deck)])
    assert set(exact.values()) == {Fraction(1, 2)}


@pytest.mark.parametrize(
    ("scripted", "draw", "message"),
    [
        (ScriptedGenerator, lambda rng: rng.normal(), r"Generator\.normal, which is continuous"),
        (ScriptedGenerator, lambda rng: rng.poisson(2), r"Generator\.poisson, which is not listed"),
        (ScriptedGenerator, lambda rng: rng.bit_generator, r"Generator\.bit_generator"),
        (ScriptedRandomState, lambda rng: rng.rand(), r"RandomState\.rand, which is continuous"),
        (ScriptedRandomState, lambda rng: rng.get_state(), r"RandomState\.get_state"),
        (ScriptedRandom, lambda rng: rng.random(), r"Random\.random, which is continuous"),
        (ScriptedRandom, lambda rng: rng.gauss(0, 1), r"Random\.gauss, which is continuous"),
        (ScriptedRandom, lambda rng: rng.getrandbits(40), r"one of 1,099,511,627,776 numbers"),
    ],
)
def test_other_draws_are_refused_by_name(scripted, draw, message):
    script = Script()
    with pytest.raises(DrawRefused, match=message), script.follow(()):
        draw(scripted(script))


@pytest.mark.parametrize("scripted", [ScriptedGenerator, ScriptedRandomState, ScriptedRandom])
def test_nothing_public_of_the_originals_is_left(scripted):
    original = scripted.__mro__[-3] if scripted is ScriptedRandom else scripted.__mro__[-2]
    for name in dir(original):
        if not name.startswith("_") and name != "VERSION":
            assert getattr(scripted, name) is not getattr(original, name, None), name


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_probabilities_become_the_fractions_that_were_meant(weights):
    total = sum(weights)
    assert as_fractions([w / total for w in weights]) == [Fraction(w, total) for w in weights]


def test_groups_keep_types_apart():
    assert group_equal([1, 1.0, True, np.int64(1), np.int64(1)]) == [[0], [1], [2], [3, 4]]
