"""Trembling-hand perfection: published games, linear programs of scipy, witnesses in Fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from gametheory import MixedProfile, NormalFormGame, solve
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.refinements import is_trembling_hand_perfect, undominated

MYERSON = NormalFormGame.symmetric([[1, 0, -9], [0, 0, -7], [-9, -7, -7]])
ENTRY = NormalFormGame.bimatrix([[0, 0], [-1, 1]], [[2, 2], [-1, 1]])


def bimatrix(m: Any, n: Any, widest: int = 2) -> Any:
    def fill(shape: tuple[int, int]) -> Any:
        size = 2 * shape[0] * shape[1]
        entries = st.lists(st.integers(-widest, widest), min_size=size, max_size=size)
        return entries.map(lambda e: NormalFormGame(np.reshape(e, (2, *shape))))

    return st.tuples(m, n).flatmap(fill)


def own(game: NormalFormGame, player: int) -> list[list[Fraction]]:
    """Return the player's payoffs, a row for each of its actions."""
    table = game.exact_payoffs[player]
    return (table if player == 0 else table.T).tolist()


def earned(rows: list[list[Fraction]], strategy: Any) -> list[Fraction]:
    """Return what a strategy earns against each of the opponent's actions."""
    return [sum(p * e for p, e in zip(strategy, column, strict=True)) for column in zip(*rows)]  # noqa: B905


def dominated_by_scipy(game: NormalFormGame, player: int, strategy: Any) -> bool:
    """Maximize the total gain of a mixed strategy that loses nowhere."""
    rows = np.array(own(game, player), dtype=float)
    mine = np.array(strategy, dtype=float) @ rows
    result = linprog(
        -rows.sum(axis=1),
        A_ub=-rows.T,
        b_ub=-mine,
        A_eq=np.ones((1, len(rows))),
        b_eq=[1],
    )
    return bool(-result.fun - mine.sum() > 1e-7)


def assert_witnessed(game: NormalFormGame, player: int, strategy: Any) -> bool:
    """Check the witness by the definition, and say which it was."""
    test, rows = undominated(game, player, strategy), own(game, player)
    if test:
        assert test.belief is not None
        assert test.dominating is None
        assert min(test.belief) > 0
        assert sum(test.belief) == 1
        payoffs = [sum(q * e for q, e in zip(test.belief, row, strict=True)) for row in rows]
        used = [e for p, e in zip(strategy, payoffs, strict=True) if p]
        assert set(used) == {max(payoffs)}
        return True
    assert test.dominating is not None
    assert sum(test.dominating) == 1
    assert min(test.dominating) >= 0
    pairs = list(zip(earned(rows, test.dominating), earned(rows, strategy), strict=True))
    assert all(more >= less for more, less in pairs)
    assert any(more > less for more, less in pairs)
    return False


def test_myersons_game() -> None:
    """Myerson (1978): three equilibria, of which two are perfect."""
    verdicts = [
        bool(is_trembling_hand_perfect(MYERSON, MixedProfile.pure(MYERSON, (a, a))))
        for a in range(3)
    ]
    assert verdicts == [True, True, False]


def test_an_empty_threat_is_not_perfect() -> None:
    """Selten's point: entry is deterred by a threat that no trembling hand would carry out."""
    threat = is_trembling_hand_perfect(ENTRY, MixedProfile.pure(ENTRY, (0, 0)))
    assert not threat
    assert (threat.player, threat.dominating) == (1, (0, 1))
    assert "weakly dominated by (0, 1)" in str(threat)
    assert str(is_trembling_hand_perfect(ENTRY, MixedProfile.pure(ENTRY, (1, 1)))) == (
        "trembling-hand perfect"
    )


def test_domination_by_mixtures_only() -> None:
    """The third row is no better than half and half of the others, and worse in one column."""
    A = [[2, 0, 1], [0, 2, 1], [1, 1, 0]]
    game = NormalFormGame.bimatrix(A, np.zeros((3, 3), dtype=int))
    assert not assert_witnessed(game, 0, (0, 0, 1))
    assert assert_witnessed(game, 0, (Fraction(1, 2), Fraction(1, 2), 0))
    assert not undominated(game, 0, (Fraction(1, 3), 0, Fraction(2, 3)))


@given(game=bimatrix(st.integers(1, 4), st.integers(1, 4)), data=st.data())
@settings(max_examples=100)
def test_domination_is_scipys_and_witnessed(game: NormalFormGame, data: Any) -> None:
    player = data.draw(st.sampled_from([0, 1]))
    m = game.n_actions[player]
    weights = data.draw(st.lists(st.integers(0, 3), min_size=m, max_size=m).filter(any))
    strategy = [Fraction(w, sum(weights)) for w in weights]
    assert assert_witnessed(game, player, strategy) != dominated_by_scipy(game, player, strategy)


@given(game=bimatrix(st.integers(1, 4), st.integers(1, 4)))
@settings(max_examples=60)
def test_some_extreme_equilibrium_is_perfect_and_robust(game: NormalFormGame) -> None:
    """Undominated strategies form faces, so one of the extreme equilibria is perfect."""
    tests = [is_trembling_hand_perfect(game, p) for p in solve(game, find="all").equilibria]
    assert any(tests)
    for test in filter(None, tests):
        for size in ("1/2", "1/1000"):
            near = test.perturbed(size)
            for player in (0, 1):
                assert min(near.exact[player]) > 0
                against = near.exact[1 - player]
                payoffs = [
                    sum(q * e for q, e in zip(against, row, strict=True))
                    for row in own(game, player)
                ]
                used = {payoffs[a] for a in test.profile.support()[player]}
                assert used == {max(payoffs)}  # the tested strategy responds best to trembles


@pytest.mark.parametrize(("factor", "shift"), [(1e-9, 0), (1e9, 0), (1, 10**17), ("1/7", "1/3")])
def test_payoffs_of_any_size(factor: Any, shift: Any) -> None:
    game = NormalFormGame(MYERSON.exact_payoffs * Fraction(factor) + Fraction(shift))
    verdicts = [
        bool(is_trembling_hand_perfect(game, MixedProfile.pure(game, (a, a)))) for a in range(3)
    ]
    assert verdicts == [True, True, False]


def test_trivial_games() -> None:
    for shape in ((1, 1), (1, 4), (4, 1)):
        game = NormalFormGame(np.zeros((2, *shape)))
        assert is_trembling_hand_perfect(game, MixedProfile.uniform(game))
        assert is_trembling_hand_perfect(game, MixedProfile.pure(game, (0, 0)))


def test_a_larger_equilibrium() -> None:
    game = NormalFormGame(np.random.default_rng(2).normal(size=(2, 20, 20)))
    assert is_trembling_hand_perfect(game, solve(game).profile)


def test_what_is_no_equilibrium_is_not_perfect() -> None:
    test = is_trembling_hand_perfect(ENTRY, MixedProfile.pure(ENTRY, (1, 0)))
    assert not test
    assert "gains by" in test.reason
    with pytest.raises(InvalidProfile, match="gains by"):
        test.perturbed("1/2")
    good = is_trembling_hand_perfect(ENTRY, MixedProfile.pure(ENTRY, (1, 1)))
    with pytest.raises(InvalidProfile, match="out of range"):
        good.perturbed(2)
    with pytest.raises(InvalidProfile, match="out of range"):
        good.perturbed("a little")


def test_what_is_undefined_is_refused() -> None:
    three = NormalFormGame(np.zeros((3, 2, 2, 2)))
    with pytest.raises(UnsupportedGame, match="two-player"):
        is_trembling_hand_perfect(three, MixedProfile.uniform(three))
    with pytest.raises(InvalidProfile):
        is_trembling_hand_perfect(ENTRY, MixedProfile.uniform(MYERSON))
    with pytest.raises(InvalidProfile):
        is_trembling_hand_perfect(ENTRY, [[1, 0], [1, 0]])  # type: ignore[arg-type]
    with pytest.raises(InvalidProfile, match="3 probabilities"):
        undominated(ENTRY, 0, [1, 0, 0])
    with pytest.raises(InvalidProfile, match="no player 2"):
        undominated(ENTRY, 2, [1, 0])
