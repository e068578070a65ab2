"""The replicator dynamic: every property that is proven of it, over many seeds."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import gametheory as gt
from gametheory import MixedProfile, NormalFormGame
from gametheory.dynamics import simulate
from gametheory.dynamics.replicator import discrete_replicator, replicator

SEEDS = range(20)
CIRCLE = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])


def interior(rng: Any, *sizes: int) -> MixedProfile:
    return MixedProfile([rng.dirichlet(np.full(size, 2.0)) for size in sizes])


def twice(x: Any) -> MixedProfile:
    return MixedProfile([x, x])


@pytest.mark.parametrize("seed", SEEDS)
def test_zero_sum_conserves_the_distance_to_an_interior_equilibrium(seed: int) -> None:
    """Hofbauer and Sigmund (1998): the sum of Kullback-Leibler divergences is constant."""
    rng = np.random.default_rng(seed)
    x, y = rng.dirichlet(np.full(4, 3.0), size=2)
    payoffs = rng.normal(size=(4, 4))
    # Take away what makes rows and columns unequal against y and x: both are equilibrium then.
    payoffs -= np.outer(payoffs @ y, np.ones(4))
    payoffs -= np.outer(np.ones(4), x @ payoffs)
    assert np.ptp(payoffs @ y) < 1e-14 and np.ptp(x @ payoffs) < 1e-14
    trace = replicator(
        NormalFormGame.zero_sum(payoffs), start=interior(rng, 4, 4), horizon=60, record=40
    )
    first, second = trace.iterates
    distance = -(np.log(first) @ x + np.log(second) @ y)
    assert np.ptp(distance) < 1e-6


@pytest.mark.parametrize("seed", SEEDS)
def test_zero_sum_time_averages_come_to_minimax_like_one_over_time(seed: int) -> None:
    """Regret is at most log(m) / t from uniform play, and NashConv of averages is their sum."""
    rng = np.random.default_rng(seed)
    game = NormalFormGame.zero_sum(rng.normal(size=(4, 5)))
    trace = replicator(game, horizon=500.0, record=30)
    bounds = np.log([4, 5])[None, :] / trace.times[1:, None]
    assert (trace.regrets[1:] <= bounds + 1e-7).all()
    assert (trace.gaps[1:] <= bounds.sum(axis=1) + 1e-7).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_strictly_dominated_actions_die_out(seed: int) -> None:
    """Akin (1980): here the last action earns at least 1/2 less than a mixture of the others."""
    rng = np.random.default_rng(seed)
    payoffs = rng.normal(size=(2, 4, 4))
    weights = rng.dirichlet(np.ones(3))
    payoffs[0, 3] = weights @ payoffs[0, :3] - 0.5
    start = interior(rng, 4, 4)
    trace = replicator(NormalFormGame(payoffs), start=start, horizon=100, record=20)
    x = np.log(np.maximum(trace.iterates[0], 1e-300))
    lead = x[:, 3] - x[:, :3] @ weights
    assert trace.iterates[0][-1, 3] < 1e-15
    assert lead[5] == pytest.approx(lead[0] - trace.times[5] / 2, abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_evolutionarily_stable_attracts_what_is_near(seed: int) -> None:
    """Hofbauer, Schuster and Sigmund (1979): the divergence from it falls until it is reached."""
    rng = np.random.default_rng(seed)
    game = NormalFormGame.symmetric(rng.integers(-5, 6, size=(4, 4)))
    for profile in gt.solve(game, "ess", find="all").equilibria:
        start = twice(0.999 * profile[0] + 0.001 * rng.dirichlet(np.ones(4)))
        trace = replicator(game, start=start, horizon=5000, populations="one", record=20)
        used = np.flatnonzero(profile[0])
        p = profile[0][used]
        divergence = np.log(p) @ p - np.log(trace.iterates[0][:, used]) @ p
        assert (np.diff(divergence) < 1e-13).all()
        assert divergence[-1] < divergence[0] / 2


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n_players", [2, 3])
def test_potentials_increase(seed: int, n_players: int) -> None:
    rng = np.random.default_rng(seed)
    potential = rng.normal(size=(3,) * n_players)
    game = NormalFormGame(np.stack([potential] * n_players))
    trace = replicator(game, start=interior(rng, *[3] * n_players), horizon=10)
    values = [
        game.expected_payoffs(MixedProfile(list(rows)))[0]
        for rows in zip(*trace.iterates, strict=True)
    ]
    assert (np.diff(values) > -1e-8).all()
    assert values[-1] > values[0]


def test_it_is_what_scipy_integrates_to() -> None:
    rng = np.random.default_rng(5)
    game = NormalFormGame(rng.normal(size=(3, 2, 3, 2)))
    start = interior(rng, 2, 3, 2)

    def velocity(_: float, flat: Any) -> Any:
        parts = np.split(flat, [2, 5])
        profile = MixedProfile([part / part.sum() for part in parts])
        pay = [game.deviation_payoffs(profile, i) for i in range(3)]
        return np.concatenate([x * (f - f @ x) for x, f in zip(parts, pay, strict=True)])

    flat = np.concatenate(start.strategies)
    expected = solve_ivp(velocity, (0, 7.0), flat, rtol=1e-10, atol=1e-12).y[:, -1]
    trace = replicator(game, start=start, horizon=7.0, record=3)
    found = np.concatenate([rows[-1] for rows in trace.iterates])
    assert np.abs(found - expected).max() < 1e-7


def test_the_tolerance_governs_the_error() -> None:
    game, start = NormalFormGame.symmetric([[0, -1, 2], [2, 0, -1], [-1, 2, 0]]), [0.7, 0.2, 0.1]
    ends = [
        replicator(
            game, start=twice(start), horizon=20, populations="one", tolerance=tolerance, record=1
        ).iterates[0][-1]
        for tolerance in (1e-5, 1e-8, 1e-13)
    ]
    errors = [np.abs(end - ends[-1]).max() for end in ends[:-1]]
    assert errors[1] < 1e-6 and errors[1] <= errors[0] < 1e-2


@pytest.mark.parametrize("populations", ["one", "each"])
def test_faces_and_vertices_are_never_left(populations: str) -> None:
    game = NormalFormGame.symmetric(CIRCLE)
    trace = replicator(game, start=twice([0.5, 0.5, 0]), horizon=50, populations=populations)
    assert all((rows[:, 2] == 0).all() for rows in trace.iterates)
    assert trace.iterates[0][-1, 1] > 0.999
    still = replicator(game, start=twice([0, 1, 0]), horizon=5, populations=populations)
    assert (still.iterates[0] == [0, 1, 0]).all()


@pytest.mark.parametrize("factor", [1e-9, 1e9, Fraction(1, 3), 2**80])
def test_payoffs_of_any_scale_are_the_same_dynamic_at_another_pace(factor: Any) -> None:
    rng = np.random.default_rng(1)
    matrix = rng.integers(-4, 5, size=(3, 3)).tolist()
    start = twice([0.2, 0.3, 0.5])
    scaled = [[Fraction(p) * Fraction(factor) + 10**17 for p in row] for row in matrix]
    plain = replicator(NormalFormGame.symmetric(matrix), start=start, populations="one")
    other = replicator(NormalFormGame.symmetric(scaled), start=start, populations="one")
    assert np.abs(plain.iterates[0] - other.iterates[0]).max() < 1e-5
    assert other.times[-1] * float(factor) == pytest.approx(plain.times[-1])
    assert other.regrets[3] / float(factor) == pytest.approx(plain.regrets[3], abs=1e-6)


@pytest.mark.parametrize(
    "game",
    [
        NormalFormGame([[[1]], [[2]]]),
        NormalFormGame.bimatrix([[1, 1, 0]], [[2, 2, 0]]),
        NormalFormGame(np.zeros((3, 2, 2, 2))),
        NormalFormGame([[1, 3, 3]]),
    ],
)
def test_odd_games(game: NormalFormGame) -> None:
    for trace in (replicator(game, horizon=30), discrete_replicator(game, generations=30)):
        assert len(trace.iterates) == game.n_players
        assert all(np.allclose(rows.sum(axis=1), 1) for rows in trace.iterates)
        assert np.isfinite(trace.gaps).all()


def test_the_trace() -> None:
    rng = np.random.default_rng(2)
    game = NormalFormGame(rng.normal(size=(2, 3, 2)))
    trace = simulate(game, "replicator", horizon=8.0, record=16)
    assert trace.times.tolist() == np.linspace(0, 8, 17).tolist()
    assert [rows.shape for rows in trace.iterates] == [(17, 3), (17, 2)]
    assert trace.regrets.shape == (17, 2)
    profile = MixedProfile([rows[0] for rows in trace.iterates])
    assert trace.regrets[0] == pytest.approx(gt.player_regrets(game, profile))
    assert trace.gaps[0] == trace.iterate_gaps[0] == pytest.approx(gt.nash_conv(game, profile))
    step = np.trapezoid(trace.iterates[0], trace.times, axis=0) / 8
    assert np.abs(trace.averages[0][-1] - step).max() < 1e-2
    still = simulate(game, "replicator", horizon=0.0)
    assert still.times.tolist() == [0.0]


def test_records_do_not_change_the_way() -> None:
    game = NormalFormGame.symmetric([[0, -1, 2], [2, 0, -1], [-1, 2, 0]])
    start = twice([0.7, 0.2, 0.1])
    few, many = (replicator(game, start=start, horizon=9, record=k) for k in (1, 128))
    assert (few.iterates[0][-1] == many.iterates[0][-1]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": -1}, "horizon is -1"),
        ({"tolerance": 0}, "tolerance is 0"),
        ({"record": 0}, "record is 0"),
        ({"populations": "two"}, "populations is 'two'"),
        ({"spacing": "odd"}, "spacing is 'odd'"),
    ],
)
def test_options_that_are_not_valid(options: dict[str, Any], message: str) -> None:
    with pytest.raises(gt.UnsupportedGame, match=message):
        replicator(NormalFormGame.symmetric(CIRCLE), **options)


def test_one_population_plays_symmetric_games_with_one_strategy() -> None:
    with pytest.raises(gt.UnsupportedGame, match="not symmetric"):
        replicator(NormalFormGame.zero_sum([[1, 2]]), populations="one")
    with pytest.raises(gt.InvalidProfile, match="only one"):
        replicator(
            NormalFormGame.symmetric(CIRCLE),
            start=MixedProfile([[1, 0, 0], [0, 1, 0]]),
            populations="one",
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_in_generations_common_interest_pays_ever_more(seed: int) -> None:
    """The fundamental theorem of natural selection, Losert and Akin (1983)."""
    rng = np.random.default_rng(seed)
    payoffs = rng.random((4, 4))
    game = NormalFormGame.symmetric(payoffs + payoffs.T)
    trace = discrete_replicator(
        game, start=twice(rng.dirichlet(np.ones(4))), populations="one", generations=50
    )
    x = trace.iterates[0]
    assert (np.diff(np.einsum("ki,ij,kj->k", x, payoffs, x)) > -1e-12).all()


def test_in_generations_rock_paper_scissors_spirals_outwards() -> None:
    start = twice([0.5, 0.3, 0.2])
    game = NormalFormGame.symmetric(CIRCLE)
    trace = discrete_replicator(game, start=start, populations="one", generations=40, record=40)
    assert (np.diff(np.log(trace.iterates[0]).sum(axis=1)) < 0).all()


def test_a_generation_by_hand() -> None:
    game = NormalFormGame.symmetric([[-1, 4], [0, 2]])
    trace = discrete_replicator(
        game, start=twice([0.5, 0.5]), populations="one", generations=1, background=2
    )
    # Payoffs above the lowest: 2.5 and 2; with the background 4.5 and 4.
    assert trace.iterates[0][-1] == pytest.approx([4.5 / 8.5, 4 / 8.5])
    assert trace.regrets[-1] == pytest.approx([0.25, 0.25])
    with pytest.raises(gt.UnsupportedGame, match="background is 0"):
        discrete_replicator(game, background=0)
