"""IGA and WoLF-IGA: closed forms, small Euler steps, and what is proven of each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import gametheory as gt
from gametheory import MixedProfile, NormalFormGame
from gametheory.dynamics import dynamics, simulate
from gametheory.dynamics.iga import iga, wolf_iga

SEEDS = range(24)
PENNIES = NormalFormGame.zero_sum([[1, -1], [-1, 1]])
seeds = pytest.mark.parametrize("seed", SEEDS)


def at(x: float, y: float) -> MixedProfile:
    return MixedProfile([[x, 1 - x], [y, 1 - y]])


def drawn(seed: int) -> tuple[NormalFormGame, MixedProfile]:
    """Real payoffs, or small integers with ties."""
    rng = np.random.default_rng(seed)
    real = seed % 2
    payoffs = rng.normal(size=(2, 2, 2)) if real else rng.integers(-2, 3, size=(2, 2, 2))
    return NormalFormGame(payoffs), at(*rng.random(2))


def circling(rng: Any) -> tuple[NormalFormGame, float, float, float]:
    """Payoffs whose only equilibrium is mixed; it and the angular velocity around it."""
    while True:
        A, B = rng.normal(size=(2, 2, 2))
        u, v = A[0, 0] - A[1, 0] - A[0, 1] + A[1, 1], B[0, 0] - B[1, 0] - B[0, 1] + B[1, 1]
        y, x = (A[1, 1] - A[0, 1]) / u, (B[1, 1] - B[1, 0]) / v
        if u * v < 0 and min(x, y) > 0.2 and max(x, y) < 0.8 and 0.2 < abs(u / v) < 5:
            return NormalFormGame(np.array([A, B])), x, y, math.sqrt(-u * v)


def euler(game: Any, start: Any, horizon: float, slow: float, center: Any, steps: int) -> Any:
    """Small steps: the end, the averages, and what the players earned on average."""
    A, B = game.payoffs
    x, y, step = start[0][0], start[1][0], horizon / steps
    sums = np.zeros(4)
    for _ in range(steps):
        gains = (A[0] - A[1]) @ [y, 1 - y], [x, 1 - x] @ (B[:, 0] - B[:, 1])
        rates = [
            slow if (place - own) * gain > 0 else 1.0
            for place, own, gain in zip((x, y), center, gains, strict=True)
        ]
        row, column = np.array([x, 1 - x]), np.array([y, 1 - y])
        sums += x, y, row @ A @ column, row @ B @ column
        x = min(max(x + step * rates[0] * gains[0], 0), 1)
        y = min(max(y + step * rates[1] * gains[1], 0), 1)
    return np.array([x, y, *(sums / steps)])


def earned(game: NormalFormGame, trace: gt.Trace) -> np.ndarray:
    """Average payoffs at the end: of the best action against the average, less the regret."""
    averages = MixedProfile([rows[-1] for rows in trace.averages])
    best = [gt.best_response_value(game, averages, player) for player in (0, 1)]
    return np.array(best - trace.regrets[-1])


@pytest.mark.parametrize("slow", [None, 0.3])
@seeds
def test_small_steps_lead_to_the_same_place(seed: int, slow: float | None) -> None:
    game, start = drawn(seed)
    if slow is None:
        trace = iga(game, start=start, horizon=4.0, record=2)
        expected = euler(game, start, 4.0, 1.0, (0, 0), 2000)
    else:
        equilibrium = gt.solve(game, find="all").equilibria[-1]
        trace = wolf_iga(
            game, start=start, horizon=4.0, slow=slow, equilibrium=equilibrium, record=2
        )
        center = equilibrium[0][0], equilibrium[1][0]
        expected = euler(game, start, 4.0, slow, center, 2000)
    ends = [rows[-1, 0] for rows in (*trace.iterates, *trace.averages)]
    assert np.abs(np.concatenate([ends, earned(game, trace)]) - expected).max() < 2e-2


@seeds
def test_after_a_full_ellipse_all_is_as_before_and_averages_are_the_equilibrium(seed: int) -> None:
    """Singh, Kearns and Mansour (2000): on an ellipse average payoffs are the equilibrium's."""
    game, x, y, speed = circling(np.random.default_rng(seed))
    start = at(x + 0.05, y - 0.05)
    period = 2 * math.pi / speed
    trace = iga(game, start=start, horizon=period, record=8)
    assert trace.iterates[0][-1, 0] == pytest.approx(x + 0.05, abs=1e-12)
    assert trace.iterates[1][-1, 0] == pytest.approx(y - 0.05, abs=1e-12)
    assert trace.averages[0][-1, 0] == pytest.approx(x, abs=1e-12)
    assert trace.averages[1][-1, 0] == pytest.approx(y, abs=1e-12)
    assert earned(game, trace) == pytest.approx(game.expected_payoffs(at(x, y)), abs=1e-12)
    later = iga(game, start=start, horizon=1000.25 * period, record=1)
    quarter = iga(game, start=start, horizon=period / 4, record=1)
    assert later.iterates[0][-1] == pytest.approx(quarter.iterates[0][-1], abs=1e-9)


@pytest.mark.parametrize("seed", range(60))
def test_strategies_converge_or_average_payoffs_do(seed: int) -> None:
    game, start = drawn(seed)
    width = float(np.ptp(game.payoffs))
    trace = iga(game, start=start, horizon=4000 / width, record=1)
    if trace.iterate_gaps[-1] > 1e-9 * width:
        equilibria = gt.solve(game, find="all").equilibria
        payoffs = [game.expected_payoffs(equilibrium) for equilibrium in equilibria]
        found = earned(game, trace)
        # The transient and a part of a period, over the whole time.
        assert min(np.abs(found - each).max() for each in payoffs) < 0.02 * width


@pytest.mark.parametrize("seed", range(60))
def test_wolf_iga_converges_to_an_equilibrium(seed: int) -> None:
    """Bowling and Veloso (2002): in every 2x2 game."""
    game, start = drawn(seed)
    width = float(np.ptp(game.payoffs))
    trace = wolf_iga(game, start=start, horizon=4000 / width, record=2)
    assert trace.iterate_gaps[-1] < 1e-12 * width


@pytest.mark.parametrize("slow", [0.1, 0.5, 1.0])
@seeds
def test_half_a_round_shrinks_the_distance_by_the_rates_ratio(seed: int, slow: float) -> None:
    """From the side of the ellipse: two quarters, each of a pi / (2 sqrt(slow) speed)."""
    game, x, y, speed = circling(np.random.default_rng(seed))
    half = math.pi / (speed * math.sqrt(slow))
    trace = wolf_iga(game, start=at(x + 0.05, y), horizon=4 * half, slow=slow, record=4)
    distances = trace.iterates[0][:, 0] - x
    assert distances == pytest.approx(0.05 * (-slow) ** np.arange(5), abs=1e-12)
    assert trace.iterates[1][:, 0] == pytest.approx(np.full(5, y), abs=1e-12)


def test_at_the_edge_play_waits_until_the_gain_changes_its_sign() -> None:
    """Pennies from x = 1, y = 1/2: y falls at speed 2 while x stays, up to y = 0."""
    trace = iga(PENNIES, start=at(1, 1), horizon=1.0, record=4)
    # y = 1 - 2t until 1/2, where x starts to fall: x = 1/2 + cos(4 (t - 1/4)) / 2.
    t = trace.times
    late = np.maximum(t - 0.25, 0)
    assert trace.iterates[0][:, 0] == pytest.approx(0.5 + np.cos(4 * late) / 2, abs=1e-12)
    expected = np.where(t < 0.25, 1 - 2 * t, 0.5 - np.sin(4 * late) / 2)
    assert trace.iterates[1][:, 0] == pytest.approx(expected, abs=1e-12)


def test_a_saddle_is_left_as_fast_as_it_is_entered() -> None:
    """Coordination: along the diagonal distances grow with exp(2 t), across with exp(-2 t)."""
    game = NormalFormGame.symmetric([[1, 0], [0, 1]])
    apart = iga(game, start=at(0.75, 0.25), horizon=1.0, record=3)
    expected = 0.5 + 0.25 * np.exp(-2 * apart.times)
    assert apart.iterates[0][:, 0] == pytest.approx(expected, abs=1e-12)
    together = iga(game, start=at(0.501, 0.501), horizon=10.0, record=40)
    expected = np.minimum(0.5 + 0.001 * np.exp(2 * together.times), 1)
    assert together.iterates[0][:, 0] == pytest.approx(expected, abs=1e-9)
    assert together.iterate_gaps[-1] == 0


@seeds
def test_what_wins_is_told_by_any_equilibrium(seed: int) -> None:
    game, start = drawn(seed)
    width = float(np.ptp(game.payoffs))
    for equilibrium in gt.solve(game, find="all").equilibria:
        trace = wolf_iga(
            game, start=start, horizon=4000 / width, slow=0.5, equilibrium=equilibrium, record=1
        )
        assert trace.iterate_gaps[-1] < 1e-9 * width


@pytest.mark.parametrize("name", ["iga", "wolf-iga"])
def test_renaming_actions_and_scales_change_nothing(name: str) -> None:
    payoffs = np.array([[[3, -1], [0, 2]], [[-2, 1], [4, -3]]])  # one equilibrium, mixed
    assert len(gt.solve(NormalFormGame(payoffs), find="all").equilibria) == 1

    def run(payoffs: Any, start: MixedProfile, horizon: float) -> gt.Trace:
        return simulate(NormalFormGame(payoffs), name, start=start, horizon=horizon, record=5)

    trace = run(payoffs, at(0.3, 0.8), 3.0)
    moved = run((payoffs.astype(object) + 10**30).tolist(), at(0.3, 0.8), 3.0)
    scaled = run(payoffs * 1024, at(0.3, 0.8), 3 / 1024)
    renamed = run(payoffs[:, ::-1, ::-1].copy(), at(0.7, 0.2), 3.0)
    for i in (0, 1):
        assert (moved.iterates[i] == trace.iterates[i]).all()
        assert scaled.iterates[i] == pytest.approx(trace.iterates[i], abs=1e-12)
        assert renamed.iterates[i][:, ::-1] == pytest.approx(trace.iterates[i], abs=1e-12)
    assert moved.regrets == pytest.approx(trace.regrets, abs=1e-12)
    assert scaled.regrets == pytest.approx(trace.regrets * 1024, abs=1e-9)


@pytest.mark.parametrize("name", ["iga", "wolf-iga"])
def test_odd_games(name: str) -> None:
    nothing = simulate(NormalFormGame(np.zeros((2, 2, 2))), name, start=at(0.3, 0.6), record=3)
    assert (nothing.iterates[0][:, 0] == 0.3).all() and (nothing.regrets == 0).all()
    still = simulate(PENNIES, name, record=3)
    assert (still.iterates[0] == 0.5).all() and (still.gaps == 0).all()
    one_sided = NormalFormGame([[[0, 0], [1, 1]], [[0, 0], [0, 0]]])
    trace = simulate(one_sided, name, start=at(1, 0.3), horizon=0.5, record=1)
    assert trace.iterates[0][-1, 0] == pytest.approx(0.5)
    assert (trace.iterates[1][:, 0] == 0.3).all()
    standing = simulate(PENNIES, name, horizon=0)
    assert len(standing.times) == 1
    for game in (NormalFormGame.zero_sum([[1, 2, 3], [4, 5, 6]]), NormalFormGame([[[1]], [[1]]])):
        with pytest.raises(gt.UnsupportedGame, match="2x2"):
            simulate(game, name)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": -1}, "horizon is -1"),
        ({"horizon": math.inf}, "horizon is inf"),
        ({"slow": 0}, "slow is 0"),
        ({"slow": 2}, "slow is 2"),
        ({"slow": "half"}, "slow is 'half'"),
        ({"record": 0}, "record is 0"),
        ({"spacing": "odd"}, "spacing is 'odd'"),
    ],
)
def test_options_that_are_not_valid(options: dict[str, Any], message: str) -> None:
    with pytest.raises(gt.UnsupportedGame, match=message):
        wolf_iga(PENNIES, **options)


def test_an_equilibrium_that_is_none() -> None:
    with pytest.raises(gt.InvalidProfile, match="could gain 2"):
        wolf_iga(PENNIES, equilibrium=at(1, 1))
    huge = NormalFormGame.zero_sum([[1e300, -1e300], [-1e300, 1e300]])
    with pytest.raises(gt.UnsupportedGame, match="horizon is 1e"):
        iga(huge, horizon=1e300)


def test_an_interrupt_keeps_what_has_been_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    from gametheory.dynamics import iga as module

    legs, original = 0, module._leg_from

    def interrupted(*arguments: Any) -> Any:
        nonlocal legs
        legs += 1
        if legs == 30:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(module, "_leg_from", interrupted)
    trace = iga(PENNIES, start=at(0.9, 0.4), horizon=100.0, record=400)
    assert 1 < len(trace.times) < 400 and trace.times[-1] < 100
    assert (np.diff(trace.times) > 0).all()
    assert np.allclose(trace.averages[0].sum(axis=1), 1)


def test_they_are_listed() -> None:
    assert {"iga", "wolf-iga"} <= {one.name for one in dynamics()}
