"""Best-response, logit, Brown-von Neumann-Nash and Smith dynamics: what is proven of each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import gametheory as gt
from gametheory import MixedProfile, NormalFormGame
from gametheory.dynamics import dynamics, simulate
from gametheory.dynamics.best_response import best_response_dynamic
from gametheory.dynamics.brown_von_neumann_nash import brown_von_neumann_nash
from gametheory.dynamics.logit import logit
from gametheory.dynamics.smith import smith

SEEDS = range(20)
CIRCLE = [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]
NASH_STATIONARY = {
    "best-response": best_response_dynamic,
    "brown-von-neumann-nash": brown_von_neumann_nash,
    "smith": smith,
}
nash_stationary = pytest.mark.parametrize("dynamic", NASH_STATIONARY.values(), ids=NASH_STATIONARY)
seeds = pytest.mark.parametrize("seed", SEEDS)


def interior(rng: Any, *sizes: int) -> MixedProfile:
    return MixedProfile([rng.dirichlet(np.ones(size)) for size in sizes])


def last(trace: gt.Trace) -> np.ndarray:
    return np.concatenate([rows[-1] for rows in trace.iterates])


@nash_stationary
@seeds
def test_nash_equilibria_are_at_rest_and_nothing_else_is(dynamic: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    game = NormalFormGame(rng.integers(-9, 10, size=(2, 3, 3)))
    for profile in gt.solve(game, find="all").equilibria:
        trace = dynamic(game, start=profile, horizon=0.1, record=1)
        assert np.abs(last(trace) - np.concatenate(profile.strategies)).max() < 1e-12
    start = interior(rng, 3, 3)
    trace = dynamic(game, start=start, horizon=0.1, record=1)
    assert np.abs(last(trace) - np.concatenate(start.strategies)).max() > 1e-4
    vertex = MixedProfile.pure(game, (0, 0))
    moved = last(dynamic(game, start=vertex, horizon=0.1, record=1))
    resting = np.abs(moved - np.concatenate(vertex.strategies)).max() < 1e-12
    assert resting == (gt.max_regret(game, vertex) == 0)


@nash_stationary
@seeds
def test_potentials_increase(dynamic: Any, seed: int) -> None:
    """Sandholm (2001), "Potential games with continuous player sets"."""
    rng = np.random.default_rng(seed)
    potential = rng.normal(size=(3, 4))
    game = NormalFormGame(np.stack([potential, potential + rng.normal(size=(3, 1))]))
    trace = dynamic(game, start=interior(rng, 3, 4), horizon=20, record=60)
    values = np.einsum("ki,ij,kj->k", trace.iterates[0], potential, trace.iterates[1])
    assert (np.diff(values) > -1e-8).all()
    assert values[-1] > values[0]


def distance(name: str, x: Any, pay: Any) -> float:
    """What falls along a dynamic in a stable game: Hofbauer and Sandholm (2009)."""
    if name == "best-response":
        return float(pay.max() - pay @ x)
    if name == "brown-von-neumann-nash":
        return float((np.maximum(pay - pay @ x, 0) ** 2).sum() / 2)
    gains = np.maximum(pay[:, None] - pay[None, :], 0)
    return float((gains**2 @ x).sum() / 2)


@pytest.mark.parametrize("populations", ["one", "each"])
@pytest.mark.parametrize("name", NASH_STATIONARY)
@seeds
def test_zero_sum_games_are_solved(name: str, seed: int, populations: str) -> None:
    rng = np.random.default_rng(seed)
    payoffs = rng.normal(size=(3, 3))
    payoffs -= payoffs.T
    start = rng.dirichlet(np.ones(3))
    trace = simulate(
        NormalFormGame.zero_sum(payoffs),
        name,
        start=MixedProfile([start, start]),
        horizon=5.0,
        populations=populations,
        record=25,
    )
    both = [trace.iterates[0], trace.iterates[-1]]
    distances = np.array(
        [
            distance(name, x, payoffs @ y) + distance(name, y, payoffs @ x)
            for x, y in zip(*both, strict=True)
        ]
    )
    assert (np.diff(distances) < 1e-8).all()
    assert distances[-1] < distances[0] / 2


@seeds
def test_the_best_response_dynamic_closes_the_gap_exponentially(seed: int) -> None:
    """Hofbauer and Sorin (2006): the duality gap is exp(-t) times what it was, exactly."""
    rng = np.random.default_rng(seed)
    game = NormalFormGame.zero_sum(rng.normal(size=(4, 5)))
    trace = best_response_dynamic(game, start=interior(rng, 4, 5), horizon=4, record=20)
    expected = trace.iterate_gaps[0] * np.exp(-trace.times)
    assert np.abs(trace.iterate_gaps / expected - 1).max() < 1e-7


@seeds
def test_the_best_response_dynamic_is_continuous_fictitious_play(seed: int) -> None:
    """At exp(t): Euler steps of fictitious play come close while the way is clear."""
    rng = np.random.default_rng(seed)
    game = NormalFormGame(rng.normal(size=(2, 3, 3)))
    start = interior(rng, 3, 3)
    x, y = start.strategies
    steps = 4_000
    for _ in range(steps):
        first = np.eye(3)[(game.payoffs[0] @ y).argmax()]
        second = np.eye(3)[(x @ game.payoffs[1]).argmax()]
        x, y = x + (first - x) / steps, y + (second - y) / steps
    trace = best_response_dynamic(game, start=start, horizon=1.0, record=1)
    assert np.abs(last(trace) - np.concatenate([x, y])).max() < 5e-3


def test_the_best_response_dynamic_by_hand() -> None:
    """Hawks are better below 2/3: from 0 the mixture is reached at exp(-t) = 1/3, and kept."""
    game = NormalFormGame.symmetric([[-1, 4], [0, 2]])
    doves = MixedProfile([[0, 1], [0, 1]])
    trace = best_response_dynamic(game, start=doves, horizon=2, populations="one", record=40)
    hawks = np.minimum(1 - np.exp(-trace.times), 2 / 3)
    assert trace.iterates[0][:, 0] == pytest.approx(hawks, abs=1e-12)
    # The integral of 1 - exp(-s) up to ln 3, then 2/3 for the rest.
    assert trace.averages[0][-1, 0] == pytest.approx(
        (np.log(3) - 2 / 3 + (2 - np.log(3)) * 2 / 3) / 2
    )


def test_rock_paper_scissors_is_reached_in_finite_time_where_winning_counts_more() -> None:
    """Gaunersdorfer and Hofbauer (1995), "Fictitious play, Shapley polygons and the replicator"."""
    start = MixedProfile([[0.8, 0.1, 0.1]] * 2)
    good = NormalFormGame.symmetric([[0, -1, 2], [2, 0, -1], [-1, 2, 0]])
    trace = best_response_dynamic(good, start=start, horizon=8, populations="one")
    assert np.abs(trace.iterates[0][-1] - 1 / 3).max() < 1e-11
    bad = NormalFormGame.symmetric([[0, -2, 1], [1, 0, -2], [-2, 1, 0]])
    trace = best_response_dynamic(bad, start=start, horizon=8, populations="one")
    assert np.abs(trace.iterates[0][-1] - 1 / 3).max() > 0.1  # the Shapley triangle


def test_ties_where_play_starts() -> None:
    circle = NormalFormGame.symmetric(CIRCLE)
    assert (best_response_dynamic(circle, horizon=3).iterate_gaps == 0).all()
    half = MixedProfile([[0.5, 0.5, 0]] * 2)
    assert best_response_dynamic(circle, start=half, horizon=0.3).iterates[0][-1, 1] > 0.6
    nothing = NormalFormGame(np.zeros((2, 9, 9)))
    trace = best_response_dynamic(nothing, start=MixedProfile.pure(nothing, (3, 3)))
    assert (trace.iterates[0][:, 3] == 1).all()


@seeds
def test_the_logit_dynamic_rests_at_logit_equilibria(seed: int) -> None:
    rng = np.random.default_rng(seed)
    payoffs = rng.normal(size=(3, 4))
    game = NormalFormGame.zero_sum(payoffs)
    trace = logit(game, rationality=2.0, start=interior(rng, 3, 4), horizon=60, record=3)
    expected = gt.solve(game, "logit-qre", rationality=2.0).profile
    assert np.abs(last(trace) - np.concatenate(expected.strategies)).max() < 1e-6


@seeds
def test_the_logit_dynamic_increases_potential_plus_entropy(seed: int) -> None:
    """Hofbauer and Sandholm (2007): the perturbed potential is a Lyapunov function."""
    rng = np.random.default_rng(seed)
    potential = rng.normal(size=(3, 3))
    game = NormalFormGame(np.stack([potential, potential]))
    trace = logit(game, rationality=3.0, start=interior(rng, 3, 3), horizon=15, record=50)
    x, y = trace.iterates
    entropy = -(x * np.log(x)).sum(axis=1) - (y * np.log(y)).sum(axis=1)
    values = np.einsum("ki,ij,kj->k", x, potential, y) + entropy / 3
    assert (np.diff(values) > -1e-8).all()


def velocity(rule: str, x: Any, pay: Any) -> Any:
    if rule == "brown-von-neumann-nash":
        excess = np.maximum(pay - pay @ x, 0)
        return excess - x * excess.sum()
    if rule == "smith":
        gains = np.maximum(pay[:, None] - pay[None, :], 0)
        return gains @ x - x * gains.sum(axis=0)
    odds = np.exp(2.5 * (pay - pay.max()))
    return odds / odds.sum() - x


@pytest.mark.parametrize("rule", ["brown-von-neumann-nash", "smith", "logit"])
def test_they_are_what_scipy_integrates_to(rule: str) -> None:
    rng = np.random.default_rng(6)
    game = NormalFormGame(rng.normal(size=(3, 2, 3, 2)) * 3)
    start = interior(rng, 2, 3, 2)

    def slope(_: float, flat: Any) -> Any:
        parts = np.split(flat, [2, 5])
        profile = MixedProfile([np.maximum(p, 0) / np.maximum(p, 0).sum() for p in parts])
        pay = [game.deviation_payoffs(profile, i) for i in range(3)]
        return np.concatenate([velocity(rule, x, f) for x, f in zip(parts, pay, strict=True)])

    flat = np.concatenate(start.strategies)
    expected = solve_ivp(slope, (0, 2.0), flat, rtol=1e-9, atol=1e-11).y[:, -1]
    options = {"rationality": 2.5} if rule == "logit" else {}
    trace = simulate(game, rule, start=start, horizon=2.0, record=3, **options)
    assert np.abs(last(trace) - expected).max() < 1e-6


@pytest.mark.parametrize("name", ["best-response", "brown-von-neumann-nash", "smith", "logit"])
@pytest.mark.parametrize(
    "game",
    [
        NormalFormGame([[[1]], [[2]]]),
        NormalFormGame.bimatrix([[1, 1, 0]], [[2, 2, 0]]),
        NormalFormGame(np.zeros((3, 2, 2, 2))),
        NormalFormGame.symmetric([[3 * 10**30, 0], [1, 2 * 10**30]]),
    ],
    ids=["1x1", "1x3", "three players", "past 2**63"],
)
def test_odd_games(name: str, game: NormalFormGame) -> None:
    if name == "best-response" and game.n_players != 2:
        with pytest.raises(gt.UnsupportedGame, match="3 players"):
            simulate(game, name)
        return
    options = {"rationality": 1e-30} if name == "logit" else {}
    trace = simulate(game, name, record=5, **options)
    assert all(np.allclose(rows.sum(axis=1), 1) for rows in trace.iterates)
    assert all((rows >= 0).all() for rows in (*trace.iterates, *trace.averages))
    assert np.isfinite(trace.regrets).all() and (trace.regrets >= 0).all()


def test_regrets_and_averages_of_a_switch_between_corners() -> None:
    """Against a fixed column, payoffs 0 and 1: x = exp(-t) plays the worse action."""
    game = NormalFormGame.bimatrix([[0], [1]], [[0], [0]])
    start = MixedProfile([[1, 0], [1]])
    trace = best_response_dynamic(game, start=start, horizon=2.0, record=4)
    missed = (1 - np.exp(-trace.times[1:])) / trace.times[1:]
    assert trace.averages[0][1:, 0] == pytest.approx(missed)
    assert trace.regrets[1:, 0] == pytest.approx(missed)
    assert trace.regrets[0].tolist() == [1, 0]
    slow = smith(game, start=start, horizon=2.0, record=4)  # the same equation here
    assert slow.regrets == pytest.approx(trace.regrets, abs=1e-7)


def test_all_are_listed() -> None:
    names = {one.name for one in dynamics()}
    assert {"replicator", "discrete-replicator", "logit", *NASH_STATIONARY} <= names
