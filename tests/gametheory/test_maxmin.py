"""Maxmin strategies, security levels and minmax values: closed forms, duality, brute force."""

from __future__ import annotations

import json
import math
import pickle
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import gametheory as gt
from gametheory import MixedProfile, NormalFormGame, Status, solve, verify
from gametheory.algorithms.normal_form.maxmin import security_levels, security_margins
from gametheory.algorithms.normal_form.minmax import minmax
from gametheory.certificates.security import certify_maxmin
from gametheory.errors import GameFormatError, InvalidProfile, UnsupportedGame
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.security import SecurityProfile

BATTLE = NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]])
LEVELS = {
    "battle of the sexes": (BATTLE, ["2/3", "2/3"]),
    "prisoner's dilemma": (NormalFormGame.symmetric([[-1, -3], [0, -2]]), [-2, -2]),
    "chicken": (NormalFormGame.symmetric([[6, 2], [7, 0]]), [2, 2]),
    "stag hunt": (NormalFormGame.symmetric([[4, 0], [3, 2]]), [2, 2]),
    "rock, paper, scissors": (gt.catalog.load("rock_paper_scissors"), [0, 0]),
    "all zero": (NormalFormGame(np.zeros((2, 3, 2))), [0, 0]),
    "1x1": (NormalFormGame([[[1]], [[-2]]]), [1, -2]),
    "1x3": (NormalFormGame.bimatrix([[3, 1, 2]], [[0, 5, 5]]), [1, 5]),
    "one player": (NormalFormGame([[1, 3, 3]]), [3]),
    "one player, huge and tiny": (NormalFormGame([[1, 10**30, "1/3"]]), [10**30]),
    "duplicates": (NormalFormGame.zero_sum([[1, -1, 1], [1, -1, 1], [-1, 1, -1]]), [0, 0]),
    "majority of three": (
        NormalFormGame.from_function(lambda a: [int(sum(a) >= 2) == k for k in a], (2, 2, 2)),
        ["1/2", "1/2", "1/2"],
    ),
    "huge and tiny": (
        NormalFormGame.bimatrix([[2e-9, 0], [0, 1e-9]], [[10**30 + 1, 10**30], [0, 10**17]]),
        [Fraction(2e-9) * Fraction(1e-9) / (Fraction(2e-9) + Fraction(1e-9)), None],
    ),
}


def games(widest: int = 4, most_players: int = 3) -> Any:
    shapes = st.lists(st.integers(1, widest), min_size=1, max_size=most_players)

    def fill(shape: list[int]) -> Any:
        size = len(shape) * math.prod(shape)
        return st.lists(st.integers(-4, 4), min_size=size, max_size=size).map(
            lambda entries: NormalFormGame(np.reshape(entries, (len(shape), *shape)))
        )

    return shapes.flatmap(fill)


def guarantee(game: NormalFormGame, player: int, strategy: Any) -> Fraction:
    """Return the worst expected payoff over the opponents' joint actions, by the definition."""
    others = [range(m) for i, m in enumerate(game.n_actions) if i != player]
    table = game.exact_payoffs[player]
    return min(
        sum(p * table[(*joint[:player], a, *joint[player:])] for a, p in enumerate(strategy))
        for joint in product(*others)
    )


def float_level(game: NormalFormGame, player: int) -> float:
    rows = np.moveaxis(game.payoffs[player], player, 0).reshape(game.n_actions[player], -1)
    m, n = rows.shape
    result = linprog(
        np.append(np.zeros(m), -1.0),
        A_ub=np.hstack([-rows.T, np.ones((n, 1))]),
        b_ub=np.zeros(n),
        A_eq=np.append(np.ones(m), 0.0)[None, :],
        b_eq=[1.0],
        bounds=[(0, None)] * m + [(None, None)],
    )
    return -result.fun


@pytest.mark.parametrize(("game", "levels"), LEVELS.values(), ids=LEVELS)
def test_closed_forms(game: NormalFormGame, levels: list[Any]) -> None:
    solution = solve(game, "maxmin")
    assert solution.status is Status.CERTIFIED_EXACT
    assert solution.certificate is not None
    found = solution.certificate.payoffs
    assert found == security_levels(game)
    for level, known in zip(found, levels, strict=True):
        assert known is None or level == Fraction(known)


@given(game=games())
@settings(max_examples=60)
def test_strategies_guarantee_the_level_and_punishments_prove_it(game: NormalFormGame) -> None:
    solution = solve(game, "maxmin")
    certificate = solution.certificate
    assert certificate is not None
    assert certificate.exact
    for player, level in enumerate(certificate.payoffs):
        assert guarantee(game, player, solution.profile.exact[player]) == level
        assert float(level) == pytest.approx(float_level(game, player), abs=1e-9)


@given(game=games(most_players=2), seed=st.integers(0, 99))
@settings(max_examples=25)
def test_levels_follow_positive_affine_maps_exactly(game: NormalFormGame, seed: int) -> None:
    factor, shift = [(1e-9, 0), (1e9, -7), (3, 10**17), (Fraction(1, 3), Fraction(2, 7))][seed % 4]
    mapped = NormalFormGame(game.exact_payoffs * Fraction(factor) + Fraction(shift))
    expected = [Fraction(factor) * level + Fraction(shift) for level in security_levels(game)]
    assert list(security_levels(mapped)) == expected


@given(game=games(3))
@settings(max_examples=40)
def test_no_equilibrium_pays_less_than_the_security_level(game: NormalFormGame) -> None:
    find = "all" if game.n_players == 2 else "one"
    for profile in solve(game, find=find, time_limit=10).equilibria:
        if gt.verify(game, profile).exact:
            assert min(security_margins(game, profile)) >= 0


@given(entries=st.lists(st.integers(-3, 3), min_size=9, max_size=9))
@settings(max_examples=25)
def test_in_zero_sum_games_maxmin_is_minimax(entries: list[int]) -> None:
    game = NormalFormGame.zero_sum(np.reshape(entries, (3, 3)))
    solution = solve(game, "maxmin")
    certificate = verify(game, MixedProfile(solution.profile.exact), "minimax")
    assert certificate.exact
    assert certificate.payoffs == solution.certificate.payoffs  # type: ignore[union-attr]


@pytest.mark.parametrize("shape", [(40, 40), (15, 15, 15), (2,) * 9])
def test_larger_games_are_exact_too(shape: tuple[int, ...]) -> None:
    game = NormalFormGame(np.random.default_rng(5).normal(size=(len(shape), *shape)))
    solution = solve(game, "maxmin")
    assert solution.status is Status.CERTIFIED_EXACT
    assert float(solution.payoffs[0]) == pytest.approx(float_level(game, 0), abs=1e-9)


def test_the_certifier_sees_what_is_not_best() -> None:
    best = solve(BATTLE, "maxmin").profile
    assert certify_maxmin(BATTLE, best).violation == ""
    worse = SecurityProfile([[1, 0], best.exact[1]], best.punishments)
    certificate = certify_maxmin(BATTLE, worse)
    assert certificate.regrets == (Fraction(2, 3), 0)
    assert certificate.payoffs == (0, Fraction(2, 3))
    assert "player 0 is guaranteed 0" in certificate.violation
    mild = SecurityProfile(best.exact, [CorrelatedDistribution([1, 0]), best.punishments[1]])
    assert certify_maxmin(BATTLE, mild).regrets == (Fraction(4, 3), 0)


def test_claims_survive_json_and_pickle() -> None:
    game = LEVELS["majority of three"][0]
    claim = solve(game, "maxmin").profile
    document = json.loads(json.dumps(claim.to_document()))
    assert document["format"] == "gametheory/security-profile"
    for copy in (SecurityProfile.from_document(document), pickle.loads(pickle.dumps(claim))):
        assert copy == claim
        assert hash(copy) == hash(claim)
        assert certify_maxmin(game, copy).exact
    assert claim != MixedProfile(claim.exact)
    assert repr(claim).startswith("SecurityProfile([[")
    with pytest.raises(GameFormatError, match="no security profile"):
        SecurityProfile.from_document({"strategies": [[1]]})


def test_what_is_no_claim_is_refused() -> None:
    half = CorrelatedDistribution(["1/2", "1/2"])
    with pytest.raises(InvalidProfile, match="1 punishments for 2 players"):
        SecurityProfile([[1, 0], [1, 0]], [half])
    with pytest.raises(InvalidProfile, match="does not punish player 1"):
        SecurityProfile([[1, 0], [1, 0]], [half, CorrelatedDistribution([1])])
    with pytest.raises(InvalidProfile, match="no claim about 'maxmin'"):
        verify(BATTLE, MixedProfile([[1, 0], [1, 0]]), "maxmin")
    with pytest.raises(InvalidProfile, match="carries no punishments"):
        certify_maxmin(BATTLE, MixedProfile([[1, 0], [1, 0]]))  # type: ignore[arg-type]
    with pytest.raises(InvalidProfile, match="probabilities for the 2 actions"):
        certify_maxmin(BATTLE, SecurityProfile([[1], [1]], [CorrelatedDistribution([1])] * 2))
    with pytest.raises(InvalidProfile):
        security_margins(BATTLE, [[1, 0], [1, 0]])  # type: ignore[arg-type]


def test_payoffs_without_a_common_denominator_are_refused() -> None:
    primes = [p for p in range(2, 4000) if all(p % q for q in range(2, math.isqrt(p) + 1))]
    wide = [[Fraction(1, p**4) for p in primes], [Fraction(-1, p**5) for p in primes]]
    game = NormalFormGame.bimatrix(wide, wide)
    with pytest.raises(UnsupportedGame, match="not in normal form"):
        security_levels("matching pennies")  # type: ignore[arg-type]
    with pytest.raises(UnsupportedGame, match="common denominator"):
        security_levels(game)
    with pytest.raises(UnsupportedGame, match="common denominator"):
        solve(game, "maxmin")
    with pytest.raises(UnsupportedGame):
        minmax(game, 0)
    claim = SecurityProfile(
        [[1, 0], [1] + [0] * (len(primes) - 1)],
        [CorrelatedDistribution([0] * (len(primes) - 1) + [1]), CorrelatedDistribution([0, 1])],
    )
    assert certify_maxmin(game, claim).regrets[0] == 0  # certificates need no denominator


class TestMinmax:
    def test_matching_in_threes(self) -> None:
        """Closed form: independent punishers hold player 0 to -max min(pq, (1-p)(1-q)) = -1/4."""
        game = NormalFormGame.from_function(lambda a: (-int(a[0] == a[1] == a[2]), 0, 0), (2, 2, 2))
        together = minmax(game, 0)
        assert (together.value, together.side) == (Fraction(-1, 2), "exact")
        assert not together.punishment.is_product()
        alone = minmax(game, 0, punishers="independent")
        assert (alone.value, alone.lower) == (Fraction(-1, 4), Fraction(-1, 2))
        assert alone.side == "upper bound"
        assert alone.punishment.is_product()
        assert "<= -1/4" in str(alone)

    @pytest.mark.parametrize("seed", range(8))
    def test_independent_punishers_are_found_as_by_a_grid(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        game = NormalFormGame(rng.integers(-5, 6, (3, 2, 2, 2)))
        found = minmax(game, 0, punishers="independent")
        p = np.linspace(0, 1, 201)
        odds = np.stack([1 - p, p])
        held = np.einsum("abc,bi,cj->aij", game.payoffs[0], odds, odds).max(axis=0).min()
        assert float(found.value) <= held + 1e-9
        assert found.lower <= found.value
        assert found.lower == security_levels(game)[0]

    @given(game=games(3), player=st.integers(0, 2))
    @settings(max_examples=15)
    def test_the_value_is_what_the_best_action_earns(
        self, game: NormalFormGame, player: int
    ) -> None:
        player %= game.n_players
        for punishers in ("correlated", "independent"):
            found = minmax(game, player, punishers=punishers, starts=1)  # type: ignore[arg-type]
            own = np.moveaxis(game.exact_payoffs[player], player, 0)
            odds = found.punishment.exact.items()
            earned = [sum(p * np.array(row)[joint] for joint, p in odds) for row in own]
            assert max(earned) == found.value >= found.lower == security_levels(game)[player]
            if game.n_players <= 2 or punishers == "correlated":
                assert found.side == "exact"

    def test_equal_seeds_agree(self) -> None:
        game = NormalFormGame(np.random.default_rng(1).normal(size=(3, 3, 3, 3)))
        one, same = (minmax(game, 1, punishers="independent", seed=4) for _ in range(2))
        assert one == same

    def test_what_is_undefined_is_refused(self) -> None:
        with pytest.raises(UnsupportedGame, match="no player 2"):
            minmax(BATTLE, 2)
        with pytest.raises(UnsupportedGame, match="punishers"):
            minmax(BATTLE, 0, punishers="together")  # type: ignore[arg-type]
        large = NormalFormGame(np.zeros((3, 50, 50, 50)))
        with pytest.raises(UnsupportedGame, match="too many"):
            minmax(large, 0, punishers="independent")
