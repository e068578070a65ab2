"""GIGA, GIGA-WoLF, optimistic gradients, magnetic mirror descent: rules, bounds, convergence."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gametheory as gt
from gametheory import MixedProfile, NormalFormGame
from gametheory.concepts.correlated import cce_gap
from gametheory.dynamics import dynamics, simulate
from gametheory.dynamics.giga import giga, giga_wolf
from gametheory.dynamics.magnetic_mirror_descent import magnetic_mirror_descent
from gametheory.dynamics.optimistic_gradient import optimistic_gradient
from gametheory.kernels.simplex_projection import project_to_simplex

SEEDS = range(20)
NAMES = ("giga", "giga-wolf", "optimistic-gradient", "magnetic-mirror-descent")
seeds = pytest.mark.parametrize("seed", SEEDS)
every = pytest.mark.parametrize("name", NAMES)


def interior(rng: Any, *sizes: int) -> MixedProfile:
    return MixedProfile([rng.dirichlet(np.ones(size)) for size in sizes])


def projected(values: Any) -> np.ndarray:
    result = np.array(values, dtype=np.float64)
    project_to_simplex(result, np.empty(len(result)))
    return result


@given(st.lists(st.fractions(-5, 5, max_denominator=64), min_size=1, max_size=6))
@settings(max_examples=150)
def test_a_projection_is_the_nearest_point(values: list[Fraction]) -> None:
    """The definition in Fractions: nearest exactly if positive entries lose the same amount."""
    best = max(
        (sum(sorted(values)[-k:], Fraction(-1)) / k for k in range(1, len(values) + 1)),
        default=Fraction(0),
    )  # the amount as a maximum over supports: Held, Wolfe and Crowder
    expected = [max(value - best, Fraction(0)) for value in values]
    assert sum(expected) == 1
    assert projected([float(value) for value in values]) == pytest.approx(
        [float(value) for value in expected], abs=1e-14
    )


@given(st.lists(st.floats(-1e308, 1e308), min_size=1, max_size=8), st.floats(-1e300, 1e300))
def test_projections_of_anything_are_distributions(values: list[float], shift: float) -> None:
    found = projected([value / 4 + shift for value in values])
    assert (found >= 0).all() and found.sum() == pytest.approx(1, abs=1e-12)
    assert found[int(np.argmax(values))] == found.max()


def test_a_projection_leaves_distributions_alone() -> None:
    for vector in ([1.0], [0, 1], [0.25, 0.25, 0.5], [1 / 3] * 3, [0, 0.5, 0, 0.5]):
        assert projected(vector) == pytest.approx(vector, abs=1e-16)
    assert projected([7, 7, -3]).tolist() == [0.5, 0.5, 0]


def plain(name: str, game: NormalFormGame, start: MixedProfile, rounds: int, step: float) -> Any:
    """The rules as published, on the game's own payoffs: what is played in the last round."""
    n, alpha = game.n_players, 0.7
    x = [strategy.copy() for strategy in start.strategies]
    memory = [strategy.copy() for strategy in x]
    for t in range(1, rounds):
        profile = MixedProfile([strategy / strategy.sum() for strategy in x])
        pay = [game.deviation_payoffs(profile, i) for i in range(n)]
        for i in range(n):
            if name == "giga":
                x[i] = projected(x[i] + step / math.sqrt(t) * pay[i])
            elif name == "giga-wolf":
                ahead = projected(x[i] + step / math.sqrt(t) * pay[i])
                slow = projected(memory[i] + step / math.sqrt(t) * pay[i] / 3)
                apart = np.linalg.norm(slow - ahead)
                moved = np.linalg.norm(slow - memory[i])
                x[i] = ahead + min(1.0, moved / apart if apart else 1.0) * (slow - ahead)
                memory[i] = slow
            elif name == "optimistic-gradient":
                memory[i] = projected(memory[i] + step * pay[i])
                x[i] = projected(memory[i] + step * pay[i])
            else:
                powers = x[i] * np.exp(step * (pay[i] - pay[i].max()))
                x[i] = powers ** (1 / (1 + step * alpha))
                x[i] /= x[i].sum()
    return np.concatenate(x)


@every
@seeds
def test_the_rules_are_those_published(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = (3, 4) if seed % 2 else (2, 3, 2)
    game = NormalFormGame(3 * rng.normal(size=(len(sizes), *sizes)))
    start = interior(rng, *sizes)
    options = {"temperature": 0.7} if name == "magnetic-mirror-descent" else {}
    trace = simulate(game, name, start=start, rounds=40, step=0.2, record=1, **options)
    found = np.concatenate([rows[-1] for rows in trace.iterates])
    assert np.abs(found - plain(name, game, start, 40, 0.2)).max() < 1e-11


@pytest.mark.parametrize("n_players", [1, 2, 3])
@seeds
def test_regrets_stay_below_their_bounds(seed: int, n_players: int) -> None:
    """Zinkevich's theorem, and that for GIGA-WoLF, at every record; averages and joint play."""
    rng = np.random.default_rng(seed)
    sizes = tuple(rng.integers(1, 5, size=n_players).tolist())
    game = NormalFormGame(rng.normal(size=(n_players, *sizes)) * 10.0 ** rng.integers(-3, 4))
    ranges = np.array([np.ptp(payoffs) for payoffs in game.payoffs])
    start = MixedProfile.pure(game, [0] * n_players)
    for run, factor in ((giga, 1), (giga_wolf, 8 / 3)):
        trace = run(game, start=start, rounds=2000, record=30)
        bounds = factor * ranges * np.sqrt(np.outer(1 / trace.times, sizes))
        assert (trace.regrets <= bounds + 1e-12 * ranges).all()
        joint = gt.CorrelatedDistribution(trace.joint_average)
        assert cce_gap(game, joint) <= bounds[-1].max() + 1e-9 * ranges.max()


@pytest.mark.parametrize("step", [0.05, 1.0, 20.0])
@seeds
def test_other_steps_have_other_bounds(seed: int, step: float) -> None:
    rng = np.random.default_rng(seed)
    game = NormalFormGame(rng.normal(size=(2, 3, 3)))
    squares = np.array([np.ptp(payoffs) for payoffs in game.payoffs]) ** 2 * 3 / 4
    for run, distance, length in ((giga, 1, 1), (giga_wolf, 4, 4 / 3)):
        trace = run(game, start=interior(rng, 3, 3), rounds=500, step=step, record=20)
        root = np.sqrt(trace.times)[:, None]
        bounds = distance * root / step + length * step * squares * (root - 0.5)
        assert (trace.regrets * trace.times[:, None] <= bounds + 1e-12).all()


@pytest.mark.parametrize("run", [giga, giga_wolf])
@seeds
def test_regrets_stay_below_their_bounds_against_an_adversary(run: Any, seed: int) -> None:
    """A column player with opposed payoffs a hundred times as large reacts a hundredfold."""
    rng = np.random.default_rng(seed)
    payoffs = rng.normal(size=(3, 4))
    game = NormalFormGame.bimatrix(payoffs, -payoffs)
    trace = run(game, start=interior(rng, 3, 4), rounds=3000, step=50.0 / np.ptp(payoffs))
    length = np.ptp(payoffs) / 2 * np.sqrt([3, 4])
    factors = (1, 1) if run is giga else (4, 4 / 3)
    step, root = 50.0 / np.ptp(payoffs), math.sqrt(3000)
    bounds = factors[0] * root / step + factors[1] * step * length**2 * root
    assert (trace.regrets[-1] * 3000 <= bounds).all()


@seeds
def test_zero_sum_averages_come_to_the_value(seed: int) -> None:
    rng = np.random.default_rng(seed)
    game = NormalFormGame.zero_sum(rng.uniform(-1, 1, size=(4, 5)))
    for run, factor in ((giga, 1), (giga_wolf, 8 / 3)):
        trace = run(game, start=interior(rng, 4, 5), rounds=4000, record=20)
        bound = factor * 2 * (math.sqrt(4) + math.sqrt(5)) / np.sqrt(trace.times)
        assert (trace.gaps <= bound + 1e-12).all()


@seeds
def test_optimistic_gradients_sum_of_regrets_does_not_grow(seed: int) -> None:
    rng = np.random.default_rng(seed)
    payoffs = rng.normal(size=(3, 4)) * 10.0 ** rng.integers(-3, 4)
    game = NormalFormGame.zero_sum(payoffs)
    centered = payoffs - payoffs.mean(axis=0) - payoffs.mean(axis=1, keepdims=True) + payoffs.mean()
    largest = np.linalg.norm(centered, 2)
    for step in (None, 1 / (2 * largest)):
        trace = optimistic_gradient(game, start=interior(rng, 3, 4), rounds=5000, step=step)
        size = step or 1 / (8 * largest)
        bound = 2 / size + size * np.ptp(payoffs) ** 2 / 4 * (3 + 4)
        assert (trace.gaps * trace.times <= bound).all()
        assert (trace.regrets.sum(axis=1) >= trace.gaps - 1e-9 * np.ptp(payoffs)).all()


@pytest.mark.parametrize("seed", range(30))
def test_optimistic_gradients_last_iterate_converges(seed: int) -> None:
    """Wei et al. (2021); the rate is the game's own."""
    rng = np.random.default_rng(seed)
    payoffs = rng.normal(size=(3, 3))
    game = NormalFormGame.zero_sum(payoffs)
    solution = gt.solve(game, "minimax").profile
    trace = optimistic_gradient(game, start=interior(rng, 3, 3), rounds=40_000, record=40)
    assert trace.iterate_gaps[-1] < 1e-6 * np.ptp(payoffs)
    distances = [
        np.linalg.norm(rows - strategy, axis=1)
        for rows, strategy in zip(trace.iterates, solution.strategies, strict=True)
    ]
    assert np.hypot(*distances)[-1] < 1e-4


def divergence(equilibrium: Any, trace: gt.Trace) -> np.ndarray:
    return np.sum(
        [
            (p * (np.log(p) - np.log(rows))).sum(axis=1)
            for p, rows in zip(equilibrium.strategies, trace.iterates, strict=True)
        ],
        axis=0,
    )


@pytest.mark.parametrize("seed", range(30))
def test_magnetic_mirror_descent_comes_to_the_logit_equilibrium_at_the_proven_rate(
    seed: int,
) -> None:
    """Sokota et al. (2023), Theorem 3.4."""
    rng = np.random.default_rng(seed)
    payoffs = rng.uniform(-1, 1, size=(3, 4)) * 10.0 ** rng.integers(-3, 4)
    game, width = NormalFormGame.zero_sum(payoffs), float(np.ptp(payoffs))
    temperature = width * (0.1, 0.3, 1.0)[seed % 3]
    expected = gt.solve(game, "logit-qre", rationality=1 / temperature).profile
    trace = magnetic_mirror_descent(
        game, start=interior(rng, 3, 4), temperature=temperature, rounds=2000, record=60
    )
    found = divergence(expected, trace)
    pull = temperature**2 / (width / 2) ** 2
    bounds = found[0] * (1 + pull) ** -(trace.times - trace.times[0])
    assert (found <= bounds * (1 + 1e-9) + 1e-13).all()
    assert found[-1] < 1e-12


@seeds
def test_a_magnet_draws_to_its_own_equilibrium(seed: int) -> None:
    """At rest every strategy is the magnet times exp(payoffs / temperature)."""
    rng = np.random.default_rng(seed)
    game = NormalFormGame.zero_sum(rng.uniform(-1, 1, size=(3, 4)))
    magnet = interior(rng, 3, 4)
    trace = magnetic_mirror_descent(game, temperature=0.4, magnet=magnet, rounds=3000, record=1)
    last = MixedProfile([rows[-1] for rows in trace.iterates])
    for player in (0, 1):
        odds = magnet[player] * np.exp(game.deviation_payoffs(last, player) / 0.4)
        assert last[player] == pytest.approx(odds / odds.sum(), abs=1e-9)


def test_annealing_and_self_play_of_giga_wolf_are_seen_to_converge() -> None:
    """Not proven: quartiles over games, with room."""
    annealed, wolf = [], []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        game = NormalFormGame.zero_sum(rng.uniform(-1, 1, size=(3, 3)))
        trace = magnetic_mirror_descent(game, temperature=1.0, annealing=0.4, rounds=10_000)
        annealed.append(trace.iterate_gaps[-1])
        game = NormalFormGame.zero_sum(rng.uniform(-1, 1, size=(2, 2)))
        wolf.append(giga_wolf(game, start=interior(rng, 2, 2)).iterate_gaps[-1])
    assert np.quantile(annealed, 0.75) < 0.1
    assert np.quantile(wolf, 0.75) < 0.02


@every
@pytest.mark.parametrize(
    "game",
    [
        NormalFormGame([[[1]], [[2]]]),
        NormalFormGame([[3, 1, 2]]),
        NormalFormGame.bimatrix([[1, 1, 0]], [[2, 2, 0]]),
        NormalFormGame(np.zeros((3, 2, 2, 2))),
        NormalFormGame.symmetric([[3 * 10**30, 0], [1, 2 * 10**30]]),
        NormalFormGame.zero_sum([[1e-300, 0], [0, 2e-300]]),
        NormalFormGame.zero_sum([[1e300, -1e300], [0, 1]]),
    ],
    ids=["1x1", "one player", "1x3", "constant", "past 2**63", "tiny", "huge"],
)
def test_odd_games(name: str, game: NormalFormGame) -> None:
    for options in ({}, {"step": 1e-200}, {"step": 1e200}):
        trace = simulate(game, name, rounds=100, record=5, **options)
        assert all(np.allclose(rows.sum(axis=1), 1) for rows in trace.iterates)
        assert all((rows >= 0).all() for rows in (*trace.iterates, *trace.averages))
        assert np.isfinite(trace.regrets).all() and (trace.regrets >= 0).all()


@every
def test_constants_and_scales_change_nothing(name: str) -> None:
    rng = np.random.default_rng(3)
    payoffs = rng.integers(-8, 9, size=(2, 3, 4))
    start = interior(rng, 3, 4)

    def run(payoffs: Any) -> gt.Trace:
        return simulate(NormalFormGame(payoffs), name, start=start, rounds=200, record=5)

    trace = run(payoffs)
    moved, scaled = run((payoffs.astype(object) + 10**30).tolist()), run(payoffs * 1024)
    for i in (0, 1):
        assert (moved.iterates[i] == trace.iterates[i]).all()
        assert (scaled.iterates[i] == trace.iterates[i]).all()
    assert moved.regrets == pytest.approx(trace.regrets, abs=1e-12)
    assert scaled.regrets == pytest.approx(trace.regrets * 1024, abs=1e-9)


@every
def test_an_equilibrium_of_pure_best_responses_is_kept(name: str) -> None:
    dilemma = NormalFormGame.symmetric([[-1, -3], [0, -2]])
    trace = simulate(dilemma, name, rounds=5000)
    assert trace.iterates[0][-1, 1] > 0.9
    if name != "magnetic-mirror-descent":
        assert (trace.iterates[0][-1] == [0, 1]).all() and trace.iterate_gaps[-1] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rounds": 0}, "rounds is 0"),
        ({"step": 0}, "step is 0"),
        ({"step": -1}, "step is -1"),
        ({"step": "wide"}, "step is 'wide'"),
        ({"temperature": 0}, "temperature is 0"),
        ({"temperature": math.nan}, "temperature is nan"),
        ({"annealing": 2}, "annealing is 2"),
        ({"spacing": "odd"}, "spacing is 'odd'"),
    ],
)
def test_options_that_are_not_valid(options: dict[str, Any], message: str) -> None:
    game = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    with pytest.raises(gt.UnsupportedGame, match=message):
        magnetic_mirror_descent(game, **options)
    if set(options) <= {"rounds", "step", "spacing"}:
        for run in (giga, giga_wolf, optimistic_gradient):
            with pytest.raises(gt.UnsupportedGame, match=message):
                run(game, **options)


def test_magnets_and_starts_are_inside() -> None:
    game = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
    edge = MixedProfile([[1, 0], [0.5, 0.5]])
    for options in ({"start": edge}, {"magnet": edge}):
        with pytest.raises(gt.InvalidProfile, match=r"has a probability of 0\.0"):
            magnetic_mirror_descent(game, **options)
    with pytest.raises(gt.InvalidProfile):
        magnetic_mirror_descent(game, magnet=MixedProfile([[1], [1]]))


@every
def test_an_interrupt_keeps_what_has_been_reached(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gametheory.kernels import gradient_rounds as module

    calls, original = 0, module.gradient_rounds

    def interrupted(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 6:
            raise KeyboardInterrupt
        original(*arguments)

    monkeypatch.setattr(module, "gradient_rounds", interrupted)
    game = NormalFormGame.zero_sum([[2, -1], [-1, 1]])
    trace = simulate(game, name, rounds=10**9, record=1000)
    assert 0 < trace.times[-1] < 10**9
    assert np.isfinite(trace.gaps).all()


def test_they_are_listed() -> None:
    assert set(NAMES) <= {one.name for one in dynamics()}
