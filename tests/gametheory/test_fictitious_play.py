"""Fictitious play, best responses and logit ones, against an exact oracle and what is proven."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import gametheory as gt
from gametheory import MixedProfile, NormalFormGame
from gametheory.dynamics.fictitious_play import fictitious_play, stochastic_fictitious_play
from tests.gametheory.plain_learning import ranges

SEEDS = range(20)
SHAPLEY = NormalFormGame.bimatrix(
    [[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
)


def exact_play(
    game: NormalFormGame,
    rounds: int,
    *,
    alternating: bool = False,
    first: Any = None,
    counts: Any = None,
    seed: int | None = None,
) -> list[list[int]]:
    """Play in Fractions: each action of each round."""
    n, sizes = game.n_players, game.n_actions
    counts = [list(row) for row in counts] if counts else [[Fraction(0)] * m for m in sizes]
    uniform = None if seed is None else np.random.default_rng(seed).random((rounds, n))
    played = []
    for t in range(rounds):
        actions: list[int] = []
        before = [list(row) for row in counts]
        for i in range(n):
            believed = counts if alternating else before
            values = np.moveaxis(game.exact_payoffs[i], i, 0)
            for j in reversed(range(n)):
                if j != i:
                    values = values.dot(np.array(believed[j], dtype=object))
            best = [a for a in range(sizes[i]) if values[a] == max(values)]
            action = best[0] if uniform is None else best[int(uniform[t, i] * len(best))]
            if t == 0 and first is not None:
                action = first[i]
            actions.append(action)
            counts[i][action] += 1
        played.append(actions)
    return played


def actions_of(trace: gt.Trace) -> list[list[int]]:
    return np.array([rows.argmax(axis=1) for rows in trace.iterates]).T.tolist()


def integer_game(seed: int, *sizes: int, most: int = 2, shift: int = 0) -> NormalFormGame:
    rng = np.random.default_rng(seed)
    payoffs = rng.integers(-most, most + 1, size=(len(sizes), *sizes)).astype(object)
    return NormalFormGame((payoffs + shift).tolist())


@pytest.mark.parametrize("updates", ["simultaneous", "alternating"])
@pytest.mark.parametrize("sizes", [(3, 3), (2, 5), (2, 3, 2), (4,)])
@pytest.mark.parametrize("seed", range(4))
def test_play_is_exact_ties_included(seed: int, sizes: tuple[int, ...], updates: str) -> None:
    game = integer_game(seed, *sizes, most=1 + seed, shift=10**17 * (seed % 2))
    trace = fictitious_play(game, rounds=250, updates=updates, record=250, spacing="even")
    alternating = updates == "alternating"
    assert actions_of(trace) == exact_play(game, 250, alternating=alternating)
    mixed = fictitious_play(
        game, rounds=250, updates=updates, ties="random", seed=7, record=250, spacing="even"
    )
    assert actions_of(mixed) == exact_play(game, 250, alternating=alternating, seed=7)


@pytest.mark.parametrize("seed", range(6))
def test_first_actions_and_beliefs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = (3, 3) if seed % 2 else (2, 2, 3)
    game = integer_game(seed, *sizes)
    first = [int(rng.integers(m)) for m in sizes]
    trace = fictitious_play(game, rounds=200, actions=first, record=200, spacing="even")
    assert actions_of(trace)[0] == first
    assert actions_of(trace) == exact_play(game, 200, first=first)
    weights = [rng.multinomial(8, np.ones(m) / m) for m in sizes]
    beliefs = MixedProfile([[Fraction(int(k), 8) for k in row] for row in weights])
    trace = fictitious_play(game, rounds=200, beliefs=beliefs, record=200, spacing="even", weight=4)
    counts = [[Fraction(int(k), 2) for k in row] for row in weights]
    assert actions_of(trace) == exact_play(game, 200, counts=counts)
    assert trace.averages[0][0].max() == 1  # beliefs are not play


@pytest.mark.parametrize("updates", ["simultaneous", "alternating"])
@pytest.mark.parametrize("seed", SEEDS)
def test_zero_sum_games_are_solved(seed: int, updates: str) -> None:
    """Robinson (1951)."""
    rng = np.random.default_rng(seed)
    game = NormalFormGame.zero_sum(rng.integers(-50, 51, size=(3, 4)))
    trace = fictitious_play(game, rounds=200_000, updates=updates, record=30)
    assert trace.gaps[-1] < 0.02 * ranges(game)[0]
    assert trace.gaps[-1] < trace.gaps[0] / 10 or trace.gaps[0] == 0


@pytest.mark.parametrize("sizes", [(3, 4), (2, 3, 2)])
@pytest.mark.parametrize("seed", SEEDS)
def test_potential_games_are_solved(seed: int, sizes: tuple[int, ...]) -> None:
    """Monderer and Shapley (1996): here a common payoff, and what the others do besides."""
    rng = np.random.default_rng(seed)
    potential = rng.integers(-20, 21, size=sizes)
    payoffs = [
        potential + np.expand_dims(rng.integers(-9, 10, size=np.delete(sizes, i)), i)
        for i in range(len(sizes))
    ]
    game = NormalFormGame(np.stack(payoffs))
    trace = fictitious_play(game, rounds=100_000, record=20)
    assert trace.gaps[-1] < 0.02 * ranges(game).max()


@pytest.mark.parametrize("seed", SEEDS)
def test_two_by_n_games_are_solved(seed: int) -> None:
    """Berger (2005)."""
    game = integer_game(seed, 2, 5, most=10**6)
    trace = fictitious_play(game, rounds=200_000, record=20)
    assert trace.gaps[-1] < 0.02 * ranges(game).max()


def test_shapleys_game_has_a_cycle() -> None:
    """Shapley (1964): runs grow exponentially, six cells take turns, averages go round."""
    rounds = 6000
    trace = fictitious_play(SHAPLEY, rounds=rounds, actions=[0, 1], record=rounds, spacing="even")
    cells = np.array(actions_of(trace))
    changes = np.flatnonzero((np.diff(cells, axis=0) != 0).any(axis=1))
    visited = [tuple(cell) for cell in cells[np.append(changes, rounds - 1)].tolist()]
    lengths = np.diff(np.append(-1, changes))
    assert len(changes) > 12
    assert all(visited[k] == visited[k + 6] for k in range(len(visited) - 6))
    assert len(set(visited[:6])) == 6
    assert (np.diff(lengths[1:]) > 0).all()  # each run is longer than the one before
    assert (lengths[7:] / lengths[6:-1]).min() > 1.3
    late = fictitious_play(SHAPLEY, rounds=1_000_000, actions=[0, 1])
    assert late.gaps[late.times > 100].min() > 0.1
    assert np.ptp(late.averages[0][late.times > 1e5], axis=0).max() > 0.1


def test_shapleys_game_is_at_rest_where_it_begins_in_equilibrium() -> None:
    """Ties at random, and all counts equal at first: nothing is promised but the bookkeeping."""
    uniform = MixedProfile([[Fraction(1, 3)] * 3] * 2)
    trace = stochastic_fictitious_play(SHAPLEY, beliefs=uniform, weight=3, play="expected")
    assert np.abs(trace.averages[0] - 1 / 3).max() < 1e-12


def test_matching_pennies_by_hand() -> None:
    pennies = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    trace = fictitious_play(pennies, rounds=6, updates="alternating", record=6, spacing="even")
    # Row plays what column has played more often, column then the opposite of what row has.
    assert actions_of(trace) == [[0, 1], [1, 0], [0, 1], [1, 0], [0, 1], [1, 0]]
    assert trace.gaps[1::2].tolist() == [0, 0, 0]
    assert trace.joint_average.tolist() == [[0, 0.5], [0.5, 0]]


@pytest.mark.parametrize("seed", SEEDS)
def test_logit_responses_come_to_logit_equilibria_of_zero_sum_games(seed: int) -> None:
    """Hofbauer and Sandholm (2002)."""
    rng = np.random.default_rng(seed)
    game = NormalFormGame.zero_sum(rng.normal(size=(3, 4)))
    expected = gt.solve(game, "logit-qre", rationality=2.0).profile
    for play, most in (("expected", 1e-3), ("sampled", 2e-2)):
        trace = stochastic_fictitious_play(
            game, rationality=2.0, play=play, rounds=100_000, record=10, seed=seed
        )
        for rows, strategy in zip(trace.averages, expected.strategies, strict=True):
            assert np.abs(rows[-1] - strategy).max() < most


@pytest.mark.parametrize("sizes", [(3, 3), (2, 3, 2)])
@pytest.mark.parametrize("updates", ["simultaneous", "alternating"])
def test_logit_responses_are_what_is_written_down_plainly(
    sizes: tuple[int, ...], updates: str
) -> None:
    rng = np.random.default_rng(3)
    game = NormalFormGame(rng.normal(size=(len(sizes), *sizes)))
    n, rationality = len(sizes), 3.0
    counts = [np.zeros(m) for m in sizes]
    rows = []
    for t in range(200):
        before = [count.copy() for count in counts]
        responses = []
        for i in range(n):
            believed = counts if updates == "alternating" else before
            values = np.moveaxis(game.payoffs[i], i, 0)
            for j in reversed(range(n)):
                if j != i:
                    values = values @ (believed[j] / max(believed[j].sum(), 1))
            odds = np.exp(rationality * (values - values.max()))
            responses.append(odds / odds.sum())
            counts[i] = counts[i] + responses[i]
        rows.append(responses)
        if t == 0 and updates == "simultaneous":
            assert all(np.ptp(response) == 0 for response in responses)
    trace = stochastic_fictitious_play(
        game,
        rationality=rationality,
        play="expected",
        rounds=200,
        record=200,
        spacing="even",
        updates=updates,
    )
    for i in range(n):
        assert np.abs(trace.iterates[i] - np.array([row[i] for row in rows])).max() < 1e-10


@pytest.mark.parametrize(
    "actions", [[0], [0, 3], [0, -1], [0.0, 1.0], "ab", [[0], [1, 2]], [True, False]]
)
def test_first_actions_that_are_none(actions: Any) -> None:
    with pytest.raises(gt.InvalidProfile, match="actions are"):
        fictitious_play(SHAPLEY, actions=actions)


def test_beliefs_that_are_none() -> None:
    with pytest.raises(gt.InvalidProfile):
        fictitious_play(SHAPLEY, beliefs=MixedProfile([[1, 0], [0, 1]]))


@pytest.mark.parametrize("seed", range(5))
def test_nashpy_counts_the_same(seed: int) -> None:
    """From beliefs of one action each: normal payoffs do not tie after that."""
    nashpy = pytest.importorskip("nashpy")
    rng = np.random.default_rng(seed)
    A, B = rng.normal(size=(2, 4, 4))
    first = np.eye(4)[rng.integers(4, size=2)]
    *_, counts = nashpy.Game(A, B).fictitious_play(300, play_counts=first)
    trace = fictitious_play(
        NormalFormGame.bimatrix(A, B), beliefs=MixedProfile(first.tolist()), rounds=300
    )
    for rows, one, count in zip(trace.averages, first, counts, strict=True):
        assert (np.rint(300 * rows[-1]) == count - one).all()
