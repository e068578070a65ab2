"""Refusals before an extraction: what they claim is true, and what is in reach is let through."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from marl_bridge.environments import open_environment
from marl_bridge.environments.forecast import HopelessSize, RepetitionTest, refuse_if_hopeless
from marl_bridge.errors import ExtractionRefused
from tests.marl_bridge.environments import Coordination, HigherCard, MatchingPennies, Pointing


def probability_of_as_few(draws: int, repetitions: int, things: int) -> Fraction:
    """Among equally likely things, by listing all sequences of draws."""
    sequences = list(product(range(things), repeat=draws))
    few = sum(draws - len(set(sequence)) <= repetitions for sequence in sequences)
    return Fraction(few, len(sequences))


@pytest.mark.parametrize("repeated", [0, 1, 2])
def test_refutes_exactly_when_so_few_repetitions_are_improbable(repeated: int) -> None:
    things, confidence = 4, 0.5
    test = RepetitionTest(things, confidence)
    drawn = ["again"] * (repeated + 1) + [f"new {n}" for n in range(7 - repeated)]
    level = Fraction(1, 2) / 2 ** (repeated + 1)
    for draws, thing in enumerate(drawn[:7], 1):
        refuted = test.draw(thing)
        if draws <= repeated:
            continue
        assert refuted == (probability_of_as_few(draws, repeated, things) <= level), draws


def test_errs_at_most_as_often_as_it_says() -> None:
    rng = np.random.default_rng(np.random.SeedSequence(5))
    runs, confidence, errors = 1500, 0.9, 0
    for _ in range(runs):
        test = RepetitionTest(60, confidence)
        errors += any(test.draw(int(thing)) for thing in rng.integers(60, size=120))
    share = 1 - confidence
    assert errors <= runs * share + 4 * math.sqrt(runs * share * (1 - share))
    assert errors >= 0.2 * runs * share  # it is not idle either


def test_unequal_chances_are_refuted_less_often() -> None:
    rng = np.random.default_rng(np.random.SeedSequence(6))
    odds = np.arange(1.0, 61.0) ** 2
    errors = 0
    for _ in range(400):
        test = RepetitionTest(60, 0.9)
        draws = rng.choice(60, size=120, p=odds / odds.sum())
        errors += any(test.draw(int(thing)) for thing in draws)
    assert errors <= 40


def test_connect_four_is_refused_with_an_estimate() -> None:
    source = open_environment("classic/connect-four-v3")
    with pytest.raises(ExtractionRefused, match=r"about 10\^\d+ histories") as refusal:
        refuse_if_hopeless(source, 20_000, 120.0, 0, seconds=60.0)
    assert isinstance(refusal.value, HopelessSize)
    assert "20,000 positions after" in refusal.value.what
    assert "solve_position" in refusal.value.hint
    assert 20 < refusal.value.log10_lower < refusal.value.log10_histories < 35


@pytest.mark.parametrize(
    "make",
    ["classic/tictactoe-v3", "classic/rps-v2", MatchingPennies, Coordination, HigherCard],
)
def test_games_in_reach_are_let_through(make: object) -> None:
    refuse_if_hopeless(open_environment(make), 100_000, 60.0, 0)  # type: ignore[arg-type]


def test_tictactoe_is_let_through_just_above_its_number_of_states() -> None:
    source = open_environment("classic/tictactoe-v3")
    for seed in range(3):
        refuse_if_hopeless(source, 5_479, 60.0, seed)


def test_without_merging_histories_count() -> None:
    source = open_environment("classic/tictactoe-v3")  # 549,946 histories
    with pytest.raises(HopelessSize, match="equal states are not merged"):
        refuse_if_hopeless(source, 50_000, 1000.0, 0, merging=False)
    refuse_if_hopeless(source, 549_946, 1000.0, 0, merging=False)


def test_what_is_refused_for_other_reasons_is_let_through() -> None:
    refuse_if_hopeless(open_environment(Pointing), 10, 60.0, 0)


def test_no_time_no_refusal() -> None:
    refuse_if_hopeless(open_environment("classic/connect-four-v3"), 100_000, 60.0, 0, seconds=0.0)
