"""What holds of everything that learns in rounds, by an oracle and by definitions."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import gametheory as gt
from gametheory import MixedProfile, NormalFormGame
from gametheory.dynamics import dynamics, simulate
from tests.gametheory import plain_learning as plain

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "fictitious": ("fictitious-play", {}),
    "fictitious, random ties": ("fictitious-play", {"ties": "random"}),
    "fictitious, alternating": ("fictitious-play", {"updates": "alternating"}),
    "logit, sampled": ("stochastic-fictitious-play", {}),
    "logit, expected": ("stochastic-fictitious-play", {"play": "expected"}),
    "regrets": ("regret-matching", {}),
    "regrets, sampled": ("regret-matching", {"play": "sampled"}),
    "regrets+": ("regret-matching-plus", {"updates": "simultaneous", "averaging": "uniform"}),
    "hedge": ("hedge", {}),
    "hedge, sampled": ("hedge", {"play": "sampled"}),
    "hedge, anytime": ("hedge", {"rate": "anytime"}),
    "optimistic": ("optimistic-hedge", {}),
    "exp3": ("exp3", {}),
    "internal": ("internal-regret-matching", {}),
    "internal, sampled": ("internal-regret-matching", {"play": "sampled"}),
    "conditional": ("conditional-regret-matching", {}),
    "blum-mansour": ("blum-mansour", {}),
    "blum-mansour, sampled": ("blum-mansour", {"play": "sampled"}),
}
ALTERNATING: dict[str, tuple[str, dict[str, Any]]] = {
    "regrets, alternating": ("regret-matching", {"updates": "alternating"}),
    "regrets+, alternating": ("regret-matching-plus", {"updates": "alternating"}),
}
cases = pytest.mark.parametrize("case", CASES)
all_cases = pytest.mark.parametrize("case", [*CASES, *ALTERNATING])
ORACLES = {
    "regrets": plain.regret_matching,
    "regrets, sampled": plain.regret_matching,
    "regrets+": plain.regret_matching_plus,
    "hedge": plain.hedge,
    "hedge, sampled": plain.hedge,
    "hedge, anytime": plain.anytime_hedge,
    "optimistic": plain.optimistic_hedge,
    "internal": plain.internal_regret_matching,
    "internal, sampled": plain.internal_regret_matching,
    "conditional": plain.conditional_regret_matching,
    "blum-mansour": plain.blum_mansour,
    "blum-mansour, sampled": plain.blum_mansour,
}


def run(case: str, game: NormalFormGame, **options: Any) -> gt.Trace:
    name, own = (CASES | ALTERNATING)[case]
    return simulate(game, name, **own, **options)


def random_game(seed: int, *sizes: int) -> NormalFormGame:
    rng = np.random.default_rng(seed)
    return NormalFormGame(rng.normal(size=(len(sizes), *sizes)) * 7)


@pytest.mark.parametrize("sizes", [(3, 4), (2, 3, 2)])
@pytest.mark.parametrize("case", ORACLES)
def test_kernels_do_what_is_written_down_plainly(case: str, sizes: tuple[int, ...]) -> None:
    if case == "optimistic" and len(sizes) > 2:
        return
    rounds, seed = 150, 5
    game = random_game(2, *sizes)
    sampled = "sampled" in case or case == "conditional"
    oracle = plain.play_plainly(game, ORACLES[case], rounds, seed=seed if sampled else None)
    trace = run(case, game, rounds=rounds, record=rounds, spacing="even", seed=seed)
    counted = np.arange(1, rounds + 1)[:, None]
    for i in range(len(sizes)):
        assert np.abs(trace.iterates[i] - oracle.strategies[i]).max() < 1e-9
        averages = oracle.played[i].cumsum(axis=0) / counted
        assert np.abs(trace.averages[i] - averages).max() < 1e-9
    assert np.abs(trace.joint_average - oracle.joint).max() < 1e-9


@all_cases
@pytest.mark.parametrize("sizes", [(3, 4), (2, 3, 2), (1, 4), (5,)])
def test_regrets_are_those_of_the_joint_play(case: str, sizes: tuple[int, ...]) -> None:
    if case in ALTERNATING and len(sizes) != 2:
        return
    game = random_game(3, *sizes)
    trace = run(case, game, rounds=500, record=20)
    width = plain.ranges(game)
    assert trace.joint_average.shape == sizes
    assert trace.joint_average.sum() == pytest.approx(1, abs=1e-12)
    regrets = gt.external_regrets(game, trace.joint_average)
    assert np.abs(trace.regrets[-1] - regrets).max() < 1e-11 * width.max()
    assert gt.cce_gap(game, trace.joint_average) == pytest.approx(trace.regrets[-1].sum())
    for rows in (*trace.iterates, *trace.averages):
        assert (rows >= 0).all() and np.abs(rows.sum(axis=1) - 1).max() < 1e-12
    if "+" not in case:
        for i, rows in enumerate(trace.averages):
            others = tuple(j for j in range(len(sizes)) if j != i)
            assert np.abs(rows[-1] - trace.joint_average.sum(axis=others)).max() < 1e-12


@all_cases
@pytest.mark.parametrize("seed", range(3))
def test_in_zero_sum_games_the_gap_of_averages_is_the_sum_of_regrets(case: str, seed: int) -> None:
    name, own = (CASES | ALTERNATING)[case]
    if case in ALTERNATING:
        own = own | {"averaging": "uniform"}
    rng = np.random.default_rng(seed)
    game = NormalFormGame.zero_sum(rng.normal(size=(4, 3)) + 5)
    trace = simulate(game, name, rounds=2000, record=40, **own)
    total = trace.regrets.sum(axis=1)
    assert (trace.gaps <= total + 1e-11).all()
    positive = (trace.regrets > 0).all(axis=1)  # below zero they are told as zero
    assert np.abs(trace.gaps - total)[positive].max(initial=0.0) < 1e-11


@all_cases
@pytest.mark.parametrize(
    "game",
    [
        NormalFormGame([[[1]], [[2]]]),
        NormalFormGame.bimatrix([[1, 1, 0]], [[2, 2, 0]]),
        NormalFormGame(np.zeros((2, 3, 2))),
        NormalFormGame(np.full((3, 2, 1, 2), 7)),
        NormalFormGame([[3, 1, 3]]),
        NormalFormGame.symmetric([[3 * 10**30, 0], [1, 2 * 10**30]]),
        NormalFormGame.bimatrix([[1e300, -1e300], [0, 1e-300]], [[0, 1e-300], [0, 0]]),
    ],
    ids=["1x1", "1x3", "constant", "constant, 3 players", "1 player", "past 2**63", "huge"],
)
def test_odd_games(case: str, game: NormalFormGame) -> None:
    if case in ALTERNATING and game.n_players != 2:
        with pytest.raises(gt.UnsupportedGame, match="alternating updates of"):
            run(case, game)
        return
    trace = run(case, game, rounds=40, record=5)
    assert all(np.allclose(rows.sum(axis=1), 1) for rows in (*trace.iterates, *trace.averages))
    assert all((rows >= 0).all() for rows in (*trace.iterates, *trace.averages))
    assert np.isfinite(trace.regrets).all() and (trace.regrets >= 0).all()
    assert not trace.joint_average.flags.writeable


@all_cases
def test_a_constant_added_and_a_factor_change_nothing(case: str) -> None:
    """Payoffs near 1e17 differ by less than a float's last digit there."""
    matrices = np.random.default_rng(4).integers(-5, 6, size=(2, 3, 3)).tolist()
    big = [[[10**17 + 3 * x for x in row] for row in matrix] for matrix in matrices]
    small = [[[Fraction(x, 7) for x in row] for row in matrix] for matrix in matrices]
    options: list[dict[str, Any]] = [{}, {}, {}]
    if case.startswith("logit"):
        options = [{"rationality": k} for k in (0.7, 0.7 / 3, 0.7 * 7)]
    traces = [
        run(case, NormalFormGame(payoffs), rounds=60, record=60, spacing="even", **own)
        for payoffs, own in zip((matrices, big, small), options, strict=True)
    ]
    for other, factor in zip(traces[1:], (3, 1 / 7), strict=True):
        if "fictitious" in case and factor < 1:
            continue  # sevenths are no floats: sums that tie are rounded
        for mine, theirs in zip(traces[0].iterates, other.iterates, strict=True):
            assert np.abs(mine - theirs).max() < 1e-7
        assert other.regrets / factor == pytest.approx(traces[0].regrets, abs=1e-8)


@all_cases
def test_one_round(case: str) -> None:
    game = random_game(6, 3, 2)
    trace = run(case, game, rounds=1, record=7)
    assert trace.times.tolist() == [1.0]
    if "sampled" not in case and case not in ("exp3", "conditional"):
        for iterate, average in zip(trace.iterates, trace.averages, strict=True):
            assert (iterate == average).all()
    profile = MixedProfile([rows[0] for rows in trace.averages])
    assert trace.regrets[0] == pytest.approx(gt.player_regrets(game, profile))


@all_cases
def test_records_and_pieces_do_not_change_the_way(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    game = random_game(8, 3, 3)
    few = run(case, game, rounds=400, record=1, seed=9)
    monkeypatch.setattr("gametheory.dynamics.rounds._DRAWS_AT_ONCE", 7)
    many = run(case, game, rounds=400, record=400, seed=9)
    assert (few.joint_average == many.joint_average).all()
    for one, other in zip(few.iterates, many.iterates, strict=True):
        assert (one[-1] == other[-1]).all()


@pytest.mark.parametrize("case", [name for name in CASES if "sampled" in name or name == "exp3"])
def test_seeds(case: str) -> None:
    game = random_game(8, 3, 3)
    first, again, other = (run(case, game, rounds=200, seed=seed) for seed in (1, 1, 2))
    assert (first.joint_average == again.joint_average).all()
    assert (first.joint_average != other.joint_average).any()


@pytest.mark.parametrize("case", ["regrets, sampled", "hedge", "fictitious", "internal"])
@pytest.mark.parametrize("calls", [0, 1, 6])
def test_ctrl_c_keeps_what_was_reached(
    case: str, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "fictitious_play" if case == "fictitious" else "no_regret"
    name = "fictitious_rounds" if case == "fictitious" else "learning_rounds"
    kernels = __import__(f"gametheory.kernels.{module}", fromlist=[name])
    kernel, left = getattr(kernels, name), [calls]

    def interrupted(*arguments: Any) -> None:
        if left[0] == 0:
            raise KeyboardInterrupt
        left[0] -= 1
        kernel(*arguments)

    game = random_game(8, 3, 3)
    options = {"record": 100, "spacing": "even", "rounds": 100, "seed": 1}
    if case == "hedge":
        options["rate"] = 0.1
    whole = run(case, game, **options)
    monkeypatch.setattr(kernels, name, interrupted)
    trace = run(case, game, **options)
    if calls == 0:
        assert trace.times.tolist() == [0.0]
        assert trace.joint_average.size == 0
        assert trace.regrets[0] == pytest.approx(
            gt.player_regrets(game, MixedProfile([rows[0] for rows in trace.iterates]))
        )
        return
    assert trace.times.tolist() == whole.times[:calls].tolist()
    assert (trace.regrets == whole.regrets[:calls]).all()
    assert trace.joint_average.sum() == pytest.approx(1)


def test_starts() -> None:
    game = random_game(8, 3, 3)
    start = MixedProfile([[0.5, 0.5, 0], [0.2, 0.3, 0.5]])
    for name in ("regret-matching", "hedge", "optimistic-hedge", "blum-mansour"):
        trace = simulate(game, name, start=start, rounds=50, record=50, spacing="even")
        for rows, strategy in zip(trace.iterates, start.strategies, strict=True):
            assert np.abs(rows[0] - strategy).max() < 1e-15
        if name != "regret-matching":
            assert (trace.iterates[0][:, 2] == 0).all()
    for name in ("internal-regret-matching", "conditional-regret-matching"):
        trace = simulate(game, name, start=start, rounds=1)
        assert trace.iterates[0][0].tolist() == [0.5, 0.5, 0]
    with pytest.raises(gt.InvalidProfile, match="not a profile"):
        simulate(game, "hedge", start=[0.5, 0.5])


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("regret-matching", {"rounds": 0}, "rounds is 0"),
        ("regret-matching", {"rounds": 1.5}, "rounds is 1.5"),
        ("regret-matching", {"play": "bandit"}, "play is 'bandit'"),
        ("regret-matching", {"averaging": "last"}, "averaging is 'last'"),
        ("regret-matching", {"updates": "random"}, "updates is 'random'"),
        ("regret-matching", {"updates": "alternating", "play": "sampled"}, "with sampled play"),
        ("hedge", {"rate": 0}, "rate is 0"),
        ("hedge", {"rate": -1.0}, "rate is -1"),
        ("hedge", {"rate": "best"}, "rate is 'best'"),
        ("hedge", {"rounds": 0}, "rounds is 0"),
        ("hedge", {"record": 0}, "record is 0"),
        ("optimistic-hedge", {"rate": "optimal"}, "rate is 'optimal'"),
        ("exp3", {"exploration": 0}, "exploration is 0"),
        ("exp3", {"exploration": 1.1}, "exploration is 1.1"),
        ("exp3", {"rounds": -3}, "rounds is -3"),
        ("exp3", {"seed": "one"}, "seed is 'one'"),
        ("blum-mansour", {"rate": float("nan")}, "rate is nan"),
        ("conditional-regret-matching", {"inertia": 0.5}, "inertia is 0.5"),
        ("fictitious-play", {"ties": "last"}, "ties is 'last'"),
        ("fictitious-play", {"updates": "never"}, "updates is 'never'"),
        ("fictitious-play", {"weight": -1}, "weight is -1"),
        ("fictitious-play", {"spacing": "odd"}, "spacing is 'odd'"),
        ("stochastic-fictitious-play", {"rationality": -1}, "rationality is -1"),
        ("stochastic-fictitious-play", {"play": "pure"}, "play is 'pure'"),
    ],
)
def test_options_that_are_not_valid(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(gt.UnsupportedGame, match=message):
        simulate(NormalFormGame.zero_sum([[1, -1], [-1, 1]]), name, **options)


@pytest.mark.parametrize("rate", [1e-300, 1e12, 1e308])
def test_any_positive_rate(rate: float) -> None:
    game = NormalFormGame.zero_sum([[2, -1], [-1, 10**17]])
    for name in ("hedge", "optimistic-hedge", "blum-mansour"):
        trace = simulate(game, name, rate=rate, rounds=30)
        assert all(np.allclose(rows.sum(axis=1), 1) for rows in trace.iterates)
    trace = simulate(game, "stochastic-fictitious-play", rationality=rate, rounds=30)
    assert all(np.allclose(rows.sum(axis=1), 1) for rows in trace.iterates)


def test_all_are_listed() -> None:
    names = {one.name for one in dynamics()}
    assert {name for name, _ in CASES.values()} <= names
    assert all(one.guarantee and one.source for one in dynamics())
