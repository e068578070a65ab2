"""Iterated dominance against brute force, order independence, and claims that are not true."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import gametheory as gt
from gametheory import NormalFormGame, UnsupportedGame, solve, verify
from gametheory.formats import load_certificate, save_certificate
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.elimination import Elimination, IteratedElimination

# An action that no other one dominates, but half of each of the others does.
MIXED = NormalFormGame.bimatrix([[3, 0], [0, 3], [1, 1]], [[0, 1], [0, 1], [0, 1]])


def random_game(seed: int, width: int = 4) -> NormalFormGame:
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 5, rng.integers(1, 4)).tolist())
    return NormalFormGame(rng.integers(0, width, (len(shape), *shape)))


def dominated(game: NormalFormGame, left, player: int, action: int, dominance: str) -> bool:
    """Whether a mixed strategy dominates, by a linear program in floats."""
    others = list(itertools.product(*(a for i, a in enumerate(left) if i != player)))
    rivals = [b for b in left[player] if b != action]
    if not rivals:
        return False
    gain = np.array(
        [
            [
                game.payoffs[player][(*o[:player], b, *o[player:])]
                - game.payoffs[player][(*o[:player], action, *o[player:])]
                for b in rivals
            ]
            for o in others
        ]
    )
    n = len(rivals)
    if dominance == "strict":
        program = linprog(
            np.append(np.zeros(n), -1.0),
            A_ub=np.hstack([-gain, np.ones((len(others), 1))]),
            b_ub=np.zeros(len(others)),
            A_eq=[[1.0] * n + [0.0]],
            b_eq=[1.0],
            bounds=[(0, None)] * n + [(None, None)],
        )
        return -program.fun > 1e-7
    program = linprog(
        -gain.sum(axis=0), A_ub=-gain, b_ub=np.zeros(len(others)), A_eq=[[1.0] * n], b_eq=[1.0]
    )
    return program.status == 0 and -program.fun > 1e-7


def survivors(game: NormalFormGame, dominance: str, *, one_at_a_time: bool = False):
    left = [list(range(size)) for size in game.n_actions]
    while True:
        out = [
            (player, action)
            for player, actions in enumerate(left)
            for action in actions
            if dominated(game, left, player, action, dominance)
        ]
        if not out:
            return tuple(map(tuple, left))
        for player, action in out[-1:] if one_at_a_time else out:
            left[player].remove(action)


@pytest.mark.parametrize("dominance", ["strict", "weak"])
@settings(max_examples=60)
@given(seed=st.integers(0, 10**6))
def test_survivors_are_those_of_brute_force(dominance: str, seed: int) -> None:
    game = random_game(seed)
    found = solve(game, "iterated-dominance", dominance=dominance)
    assert found.status == "certified_exact"
    assert found.complete
    assert found.profile.actions == survivors(game, dominance)


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6))
def test_strict_dominance_does_not_depend_on_the_order(seed: int) -> None:
    game = random_game(seed)
    found = solve(game, "rationalizable").profile
    assert found.actions == survivors(game, "strict", one_at_a_time=True)
    # No equilibrium uses what was eliminated, and actions of equilibria are rationalizable.
    for profile in solve(game, find="all", time_limit=5).equilibria:
        for used, kept in zip(profile.support(), found.actions, strict=True):
            assert set(used) <= set(kept)


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), weak=st.booleans())
def test_pure_dominance_takes_out_no_more_than_mixed(seed: int, weak: bool) -> None:
    game, dominance = random_game(seed), "weak" if weak else "strict"
    pure = solve(game, "iterated-dominance", dominance=dominance, by="pure")
    assert pure.status == "certified_exact"
    if not weak:
        mixed = solve(game, "iterated-dominance", dominance=dominance)
        pairs = zip(mixed.profile.actions, pure.profile.actions, strict=True)
        assert all(set(few) <= set(many) for few, many in pairs)


def test_known_games() -> None:
    dilemma = gt.catalog.load("prisoners_dilemma")
    assert solve(dilemma, "rationalizable").profile.actions == ((1,), (1,))
    found = solve(MIXED, "iterated-dominance")
    assert found.profile.actions == ((1,), (1,))
    assert found.profile.eliminations[0].witness == (Fraction(1, 2), Fraction(1, 2), 0)
    assert solve(MIXED, "iterated-dominance", by="pure").profile.actions == ((1,), (1,))
    guess = gt.catalog.load("guess_two_thirds")
    assert {
        len(left) for left in solve(guess, "iterated-dominance", dominance="weak").profile.actions
    } == {1}
    zero = NormalFormGame(np.zeros((2, 3, 2)))
    assert solve(zero, "iterated-dominance", dominance="weak").profile.n_rounds == 0


@pytest.mark.parametrize("factor", [10**30, Fraction(1, 3), 1e-9])
def test_payoffs_of_any_size(factor) -> None:
    matrices = [
        (np.array(m, dtype=object) * Fraction(factor) + 10**17).tolist()
        for m in ([[3, 0], [0, 3], [1, 1]], [[0, 1], [0, 1], [0, 1]])
    ]
    assert solve(NormalFormGame.bimatrix(*matrices), "rationalizable").profile.actions == (
        (1,),
        (1,),
    )


def test_false_claims_are_refuted() -> None:
    true = solve(MIXED, "iterated-dominance").profile
    assert verify(MIXED, true, "iterated-dominance").exact
    first = true.eliminations[0]
    false = [
        replace(true, eliminations=true.eliminations[1:]),
        replace(
            true,
            eliminations=(
                replace(first, witness=(Fraction(1), Fraction(0), Fraction(0))),
                *true.eliminations[1:],
            ),
        ),
        replace(true, beliefs={}),
        IteratedElimination((3, 2), "strict", "pure", (), {}),
        IteratedElimination((3, 2), "strict", "mixed", (), {}),
        replace(
            true,
            eliminations=(
                *true.eliminations,
                Elimination(3, 0, 1, (Fraction(1), Fraction(0), Fraction(0))),
            ),
        ),
    ]
    for claim in false:
        certificate = verify(MIXED, claim, "iterated-dominance")
        assert certificate.epsilon > 0
        assert certificate.violation
    weak = solve(MIXED, "iterated-dominance", dominance="weak").profile
    assert verify(MIXED, weak, "rationalizable").epsilon > 0


def test_a_belief_must_make_its_action_a_best_response() -> None:
    game = NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]])
    claim = solve(game, "rationalizable").profile
    wrong = {**claim.beliefs, (0, 0): CorrelatedDistribution([0, 1])}
    certificate = verify(game, replace(claim, beliefs=wrong), "rationalizable")
    assert certificate.epsilon == 1
    assert "no best response" in certificate.violation


def test_eliminations_go_through_files(tmp_path) -> None:
    solution = solve(MIXED, "iterated-dominance", dominance="weak")
    path = save_certificate(solution.certificate, tmp_path / "c.json")
    assert load_certificate(path, MIXED) == solution.certificate


def test_unknown_options_are_refused() -> None:
    with pytest.raises(UnsupportedGame, match="dominance='strong'"):
        solve(MIXED, "iterated-dominance", dominance="strong")
    with pytest.raises(UnsupportedGame, match="by='both'"):
        solve(MIXED, "iterated-dominance", by="both")
    with pytest.raises(UnsupportedGame, match="by=array"):
        solve(MIXED, "iterated-dominance", by=np.array(["pure", "mixed"]))
