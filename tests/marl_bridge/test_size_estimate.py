"""Knuth's estimator: unbiased on every tree, its lower bound a bound, its figures repeatable."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import marl_bridge
from marl_bridge.environments import open_environment
from marl_bridge.environments.size_estimate import (
    estimate_size,
    lower_bound,
    subtree_estimates,
)
from marl_bridge.errors import InvalidEnvironment
from tests.marl_bridge.environments import (
    Coordination,
    HigherCard,
    MatchingPennies,
    OddOneOut,
    Pointing,
)

Tree = list[Any]  # a node is the list of its children

TREES = st.recursive(st.just([]), lambda trees: st.lists(trees, min_size=1, max_size=3))


def size_of(tree: Tree) -> int:
    return 1 + sum(map(size_of, tree))


def leaves_of(tree: Tree) -> int:
    return sum(map(leaves_of, tree)) if tree else 1


def playouts(tree: Tree) -> Iterator[tuple[Fraction, list[tuple[int]]]]:
    """All ways down, each with its probability and the numbers of choices met."""
    if not tree:
        yield Fraction(1), []
    for child in tree:
        for probability, way in playouts(child):
            yield probability / len(tree), [(len(tree),), *way]


@given(TREES)
def test_the_mean_over_all_playouts_is_the_size(tree: Tree) -> None:
    ways = list(playouts(tree))
    assert sum(p for p, _ in ways) == 1
    estimates = [(p, *subtree_estimates(way)) for p, way in ways]
    assert sum(p * subtrees[0] for p, subtrees, _ in estimates) == size_of(tree)
    assert sum(p * terminals for p, _, terminals in estimates) == leaves_of(tree)


@given(TREES.filter(bool))
def test_below_the_first_step_it_is_the_mean_size_of_the_children(tree: Tree) -> None:
    mean = sum(p * subtree_estimates(way)[0][1] for p, way in playouts(tree))
    assert mean == Fraction(sum(map(size_of, tree)), len(tree))


def test_joint_steps_count_one_action_after_the_other() -> None:
    joint, one_by_one = subtree_estimates([(2, 3), (5,)]), subtree_estimates([(2,), (3,), (5,)])
    assert joint == ([39, 6, 1], 30)
    assert one_by_one == ([39, 19, 6, 1], 30)


@pytest.mark.parametrize("sigma", [0.5, 2.0])
def test_the_lower_bound_is_below_the_mean_as_often_as_it_says(sigma: float) -> None:
    rng = np.random.default_rng(1)
    true = sigma**2 / 2  # logarithm of the mean of a log-normal variable
    bounds = np.array([lower_bound(rng.normal(0, sigma, 40), 0.8) for _ in range(400)])
    # 400 trials that fail with probability at most 0.2: more than 112 has probability 5e-5.
    assert np.count_nonzero(bounds > true) <= 112
    assert np.median(bounds) > true - sigma  # and it is no empty promise


def test_the_lower_bound_of_equal_estimates_tends_to_them() -> None:
    for n in (10, 1000):
        # The boldest of 12 bets alone makes it at least 700 - log(12 / 0.05) / n.
        assert -math.log(240) / n <= lower_bound(np.full(n, 700.0)) - 700 < 0


@pytest.mark.parametrize(("make", "size"), [(MatchingPennies, 7), (OddOneOut, 15)])
def test_trees_with_equal_branches_are_counted_exactly(make: Any, size: int) -> None:
    found = estimate_size(open_environment(make), playouts=20, time_limit=None)
    assert found.histories == pytest.approx(size, rel=1e-12)
    assert found.log10_batches == pytest.approx((math.log10(size),) * 2)
    assert found.playouts == 20
    assert found.cut == 0


def test_a_parallel_environment() -> None:
    # 7 histories of the first round; below its four ends 2, 3, 4 and 6 more, see the class.
    found = estimate_size(open_environment(Coordination), playouts=2000, time_limit=None)
    assert found.histories == pytest.approx(22, rel=0.03)
    low, high = found.interval
    assert low < 22 < high
    assert found.depth == (4, 4, 4)


def test_random_draws_are_counted_apart() -> None:
    # Three first cards and two second ones, drawn one by one; below each deal are 7 histories.
    found = estimate_size(open_environment(HigherCard), playouts=20, time_limit=None)
    assert found.histories == pytest.approx(7)
    assert found.log10_with_chance == pytest.approx(math.log10(1 + 3 * (1 + 2 * 7)))
    assert marl_bridge.extract(HigherCard).game.n_nodes == 46
    none = estimate_size(open_environment(OddOneOut), playouts=20, time_limit=None)
    assert none.log10_with_chance == none.log10_histories


class Weighted(MatchingPennies):
    """A draw in each step, with probabilities 1/10, 2/10 and 7/10; the last one is free."""

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        super().reset(seed, options)
        self.random = np.random.default_rng(seed)

    def step(self, action: int | None) -> None:
        super().step(action)
        if action is not None:
            self.drawn = self.random.choice(3, p=[0.1, 0.2, 0.7])


class Continuous(Weighted):
    def step(self, action: int | None) -> None:
        super().step(action)
        self.drawn = self.random.normal()


def test_draws_with_unequal_probabilities_count_their_outcomes_in_the_mean() -> None:
    # 1 + 2 decisions, then chance with 3 outcomes, twice: 1 + 2 (1 + 3 (1 + 2 (1 + 3))).
    found = estimate_size(open_environment(Weighted), playouts=4000, time_limit=None)
    assert found.log10_with_chance is not None
    assert 10**found.log10_with_chance == pytest.approx(57, rel=0.1)
    assert found.histories == pytest.approx(7)


def test_continuous_draws_cannot_be_counted() -> None:
    found = estimate_size(open_environment(Continuous), playouts=3, time_limit=None)
    assert found.log10_with_chance is None
    assert found.histories == pytest.approx(7)


def test_tictactoe_lies_in_the_interval() -> None:
    found = estimate_size(open_environment("tictactoe"), playouts=1000, time_limit=None)
    low, high = found.interval
    assert 400_000 < low < 549_946 < high < 700_000
    assert found.histories == pytest.approx(549_946, rel=0.1)
    assert 10**found.log10_terminals == pytest.approx(255_168, rel=0.1)
    assert found.late[0].log10_histories == pytest.approx(found.log10_histories)
    start, late = found.late_enough(1e6), found.late_enough(1000)
    assert start is not None and start.steps == 0
    # After 3 moves 504 histories lead on: about 549,946 / 504 = 1,091 below each, after 4 fewer.
    assert late is not None and late.steps == 4


def test_equal_seeds_give_equal_estimates() -> None:
    source = open_environment("connect_four")
    one, two, other = (
        estimate_size(source, playouts=10, seed=seed, time_limit=None).to_dict()
        for seed in (3, 3, 4)
    )
    del one["steps_per_second"], two["steps_per_second"]
    assert one == two
    assert one["log10_histories"] != other["log10_histories"]


class Endless(MatchingPennies):
    """The agents take turns for ever."""

    def step(self, action: int | None) -> None:
        time.sleep(0.0001)
        self._cumulative_rewards[self.agent_selection] = 0.0
        self.agent_selection = self.order[1 - self.order.index(self.agent_selection)]


def test_no_playout_is_begun_after_the_time_limit() -> None:
    found = estimate_size(open_environment("tictactoe"), time_limit=1e-9)
    assert found.playouts == 1


def test_a_playout_without_end_is_cut_and_told() -> None:
    found = estimate_size(open_environment(Endless), max_steps=10**9, time_limit=0.05)
    assert (found.playouts, found.cut) == (1, 1)
    assert found.late_enough(1e300) is None
    cut = estimate_size(open_environment(Endless), max_steps=2000, playouts=1, time_limit=None)
    assert cut.depth == (2000, 2000, 2000)
    assert cut.histories == math.inf  # beyond floats; its logarithm is not
    assert cut.log10_histories == pytest.approx(2001 * math.log10(2))


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(InvalidEnvironment, match=r"no tree to measure.*Box.*Discrete"):
        estimate_size(open_environment(Pointing))
    with pytest.raises(InvalidEnvironment, match="playouts is 0"):
        estimate_size(open_environment(MatchingPennies), playouts=0)
