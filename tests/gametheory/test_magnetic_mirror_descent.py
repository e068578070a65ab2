"""Magnetic mirror descent: its step solves the proximal problem, its last iterate converges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

import gametheory as gt
from gametheory import GameTree, Status
from gametheory.algorithms.extensive_form.approach import _Measure, plan_of
from gametheory.algorithms.extensive_form.magnetic_mirror_descent import MirrorDescent
from gametheory.games.sequence_layout import lay_out


def alone():
    """One player, two levels: the proximal step is a small program that scipy solves too."""
    tree = GameTree(["A", "B"])
    deal = tree.root.chance({"x": 0.25, "y": 0.75})
    for i, node in enumerate(deal.values()):
        first = node.decision("A", f"first {'xy'[i]}", ["l", "r", "out"])
        first["out"].terminal([0.3 * i, -0.3 * i])
        for j, label in enumerate("lr"):
            second = first[label].decision("A", f"second {'xy'[i]}{label}", ["u", "d"])
            second["u"].terminal([i + j, -i - j])
            second["d"].terminal([1.5 * j - i, i - 1.5 * j])
    return tree.build()


def test_a_step_solves_the_proximal_problem():
    # max step (g'z - t D(z, magnet)) - D(z, z0), D the Bregman distance of the dilated entropy:
    # the sum over information sets of their reach times the divergence of the strategies there.
    game = alone()
    layout = lay_out(game.sequence_form, grouped=False)
    step, temperature = 0.7, 0.4
    rng = np.random.default_rng(5)
    groups = layout.groups[: layout.group_start[1]].tolist()

    def softmax(values):
        odds = np.zeros(layout.n_positions)
        odds[layout.player_start[:-1]] = 1
        for first, _, k, _ in groups:
            weights = np.exp(values[first : first + k] - values[first : first + k].max())
            odds[first : first + k] = weights / weights.sum()
        return odds

    def distance(strategy, other):
        plan, total = plan_of(layout, strategy), 0.0
        for first, _, k, infoset in groups:
            p, q = strategy[first : first + k], other[first : first + k]
            total += plan[layout.parents[infoset]] * (p * np.log(p / q)).sum()
        return total

    start, magnet = (softmax(rng.normal(size=layout.n_positions)) for _ in range(2))
    run = MirrorDescent(layout, step=step, temperature=temperature, magnet_iterations=0)
    inner = slice(1, int(layout.player_start[1]))
    run.x.logs[inner], run.x.magnet[inner] = np.log(start[inner]), np.log(magnet[inner])
    form = game.sequence_form
    gains = np.bincount(form.terminal_sequences[0], form.terminal_chance * form.terminal_payoffs[0])

    def loss(values):
        strategy = softmax(values)
        plan = plan_of(layout, strategy)[: gains.size]
        pull = distance(strategy, start) + step * temperature * distance(strategy, magnet)
        return pull - step * gains @ plan

    best = minimize(loss, np.zeros(layout.n_positions), tol=1e-14)
    run.advance(1, 2)
    assert loss(run.x.logs) <= best.fun + 1e-12
    assert np.exp(run.x.logs[inner]) == pytest.approx(softmax(best.x)[inner], abs=1e-5)


@pytest.mark.parametrize("name, options", [("kuhn_poker", {}), ("goofspiel", {"cards": 4})])
def test_the_last_iterate_converges_if_the_magnet_moves(name, options):
    game = gt.catalog.load(name, **options)
    layout = lay_out(game.sequence_form)
    measure = _Measure(layout)
    fixed, moving = (
        MirrorDescent(
            layout,
            step=4 / game.payoff_range,
            temperature=0.01 * game.payoff_range,
            magnet_iterations=period,
        )
        for period in (0, 100)
    )
    for run in (fixed, moving):
        run.advance(1, 3001)
    assert measure.best([moving.x.plan])[1] <= 1e-9
    before = fixed.x.plan.copy()
    fixed.advance(3001, 3100)
    assert fixed.x.plan == pytest.approx(before, abs=1e-9)  # at rest, near but not there
    assert 1e-5 < measure.best([fixed.x.plan])[1] < 0.1 * game.payoff_range


def test_solve():
    game = gt.catalog.load("kuhn_poker")
    solution = gt.solve(game, method="mmd", target=1e-7)
    assert solution.status is Status.CERTIFIED_EPSILON
    assert solution.certificate.epsilon <= 1e-7
    assert gt.solve(game, "minimax", method="mmd").certificate.epsilon <= 4e-6


def test_a_resumed_search_does_the_same_to_the_last_bit(tmp_path):
    game = gt.catalog.load("goofspiel", cards=4)
    whole = gt.solve(game, method="mmd", target=0.0, max_iterations=330)
    file = tmp_path / "file"
    for limit in (170, 330):
        parts = gt.solve(game, method="mmd", target=0.0, max_iterations=limit, checkpoint=file)
    assert np.array_equal(parts.profile.probabilities, whole.profile.probabilities)


@pytest.mark.parametrize(
    "options", [{"step": 0}, {"temperature": -1.0}, {"magnet_iterations": 1.5}, {"step": "big"}]
)
def test_nonsense_is_refused(options):
    with pytest.raises(gt.UnsupportedGame, match=next(iter(options))):
        gt.solve(gt.catalog.load("kuhn_poker"), method="mmd", **options)
