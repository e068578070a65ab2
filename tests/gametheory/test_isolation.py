"""Interval proofs: what they claim holds, and what does not hold is not proven."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gametheory.certificates.exact_support import nearby_exact_equilibrium
from gametheory.certificates.isolation import isolate
from gametheory.certificates.normal_form import certify_nash
from gametheory.errors import InvalidProfile
from gametheory.games.catalog import load
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from tests.gametheory.planted_equilibria import planted

seeds = st.integers(0, 2**32 - 1)


def moved(strategies: list[list[Fraction]], error: float, seed: int) -> MixedProfile:
    rng = np.random.default_rng(seed)
    vectors = []
    for strategy in strategies:
        floats = np.array([float(p) for p in strategy])
        floats *= 1 + error * rng.uniform(-1, 1, len(floats))
        vectors.append(floats / floats.sum())
    return MixedProfile(vectors)


def distance(profile: MixedProfile, strategies: list[list[Fraction]]) -> Fraction:
    pairs = zip(profile.exact, strategies, strict=True)
    return max(abs(p - q) for row, mate in pairs for p, q in zip(row, mate, strict=True))


@given(seeds, st.integers(2, 4), st.sampled_from([0.0, 1e-12, 1e-8]))
def test_the_equilibrium_lies_within_the_radius(seed: int, n_players: int, error: float) -> None:
    """Its exact place is known here; and the radius is not much larger than it has to be."""
    rng = np.random.default_rng(seed)
    sizes = tuple(int(m) for m in rng.integers(2, (5, 4, 3)[n_players - 2], n_players))
    game = planted(rng, sizes)
    profile = moved(game.strategies, error, seed)
    proof = isolate(NormalFormGame(game.payoffs), profile)
    if proof is not None:
        true = distance(profile, game.strategies)
        assert proof.unique
        assert proof.profile is None
        assert true <= proof.radius <= true * Fraction(101, 100) + Fraction(1, 10**15)


@pytest.mark.parametrize("n_players", [2, 3, 4, 5])
def test_generic_interior_equilibria_are_isolated(n_players: int) -> None:
    """Random payoffs, moved so that a random interior profile is an equilibrium but for rounding.

    The Jacobian is then regular with probability one, and the proof must succeed.
    """
    rng = np.random.default_rng(n_players)
    for _ in range(5):
        sizes = (3,) * n_players
        profile = [rng.dirichlet(np.full(3, 5.0)) for _ in sizes]
        payoffs = rng.standard_normal((n_players, *sizes))
        for player in range(n_players):
            earned = np.moveaxis(payoffs[player], player, 0)
            for other in reversed([i for i in range(n_players) if i != player]):
                earned = earned @ profile[other]
            payoffs[player] -= earned.reshape([-1 if i == player else 1 for i in range(n_players)])
        proof = isolate(NormalFormGame(payoffs), MixedProfile(profile))
        assert proof is not None
        assert 0 < proof.radius < Fraction(1, 10**12)


def symmetric_three_players(at_both: Fraction, at_one: Fraction, alone: Fraction) -> NormalFormGame:
    """Build a game in which action 0 earns this much more than action 1.

    ``at_both`` if both others take action 0, ``at_one`` if one of them does, else ``alone``.
    """
    gain = (alone, at_one, at_both)

    def payoffs(actions: tuple[int, ...]) -> list[Fraction | int]:
        zeros = actions.count(0)
        return [gain[zeros - 1] if action == 0 else 0 for action in actions]

    return NormalFormGame.from_function(payoffs, (2, 2, 2))


def test_an_irrational_equilibrium() -> None:
    """A player mixes if the product of the others' odds is 1/2: all odds are sqrt(1/2)."""
    half = Fraction(1, 2)
    game = symmetric_three_players(half, -half, -half)
    odds = 0.5**0.5
    profile = MixedProfile([[odds, 1 - odds]] * 3)
    assert nearby_exact_equilibrium(game, profile) is None
    proof = isolate(game, profile)
    assert proof is not None
    low, high = profile.exact[0][0] - proof.radius, profile.exact[0][0] + proof.radius
    assert 2 * low**2 < 1 < 2 * high**2
    assert proof.radius < Fraction(1, 10**15)


def test_of_two_close_equilibria_only_one_is_within_the_radius() -> None:
    """The gain of action 0 is (p - 1/2)^2 - d^2: equilibria at 1/2 - d and 1/2 + d."""
    quarter, d = Fraction(1, 4), Fraction(1, 2**20)
    game = symmetric_three_players(quarter - d**2, -quarter - d**2, quarter - d**2)
    for odds in (0.5 + 2**-20, 0.5 - 2**-20):
        proof = isolate(game, MixedProfile([[odds, 1 - odds]] * 3))
        assert proof is not None
        assert proof.radius < d
    assert isolate(game, MixedProfile([[0.5, 0.5]] * 3)) is None


def test_double_roots_are_not_isolated() -> None:
    quarter = Fraction(1, 4)
    game = symmetric_three_players(quarter, -quarter, quarter)
    assert isolate(game, MixedProfile([[0.5, 0.5]] * 3)) is None
    assert isolate(game, MixedProfile([[0.500001, 0.499999]] * 3)) is None


@pytest.mark.parametrize("shift", [0, 10**17, 10**30])
@pytest.mark.parametrize("scale", [1, Fraction(1, 10**9), 10**9, 10**290])
def test_shifts_and_scales_do_not_matter(shift: int, scale: int | Fraction) -> None:
    game = NormalFormGame(load("volunteers_dilemma").exact_payoffs * scale + shift)
    proof = isolate(game, MixedProfile([[0.5 + 1e-13, 0.5 - 1e-13]] * 3))
    assert proof is not None
    assert proof.radius < Fraction(1, 10**12)


def test_pure_equilibria_are_proven_if_strict() -> None:
    hunt = load("stag_hunt")
    proof = isolate(hunt, MixedProfile.pure(hunt, ("Stag", "Stag")))
    assert proof is not None
    assert proof.radius == 0
    assert isolate(hunt, MixedProfile.pure(hunt, ("Stag", "Hare"))) is None
    tie = NormalFormGame.zero_sum([[0, 0], [0, 0]])
    assert isolate(tie, MixedProfile.pure(tie, (0, 0))) is None


def test_noise_in_place_of_zeros_counts_into_the_radius() -> None:
    payoffs = np.zeros((2, 3, 3))
    payoffs[0] = [[4, 0, 0], [3, 2, 0], [0, 0, -1]]
    payoffs[1] = payoffs[0].T
    noisy = [2 / 3 - 1e-11, 1 / 3 - 1e-11, 2e-11]
    proof = isolate(NormalFormGame(payoffs), MixedProfile([noisy, noisy]))
    assert proof is not None
    assert Fraction(2, 10**11) * Fraction(99, 100) < proof.radius < Fraction(3, 10**11)


@pytest.mark.parametrize("sizes", [(1,), (3,), (1, 1), (1, 3), (3, 3), (2, 2, 2), (2, 1, 3, 2)])
def test_games_in_which_everything_is_an_equilibrium(sizes: tuple[int, ...]) -> None:
    game = NormalFormGame(np.zeros((len(sizes), *sizes)))
    proof = isolate(game, MixedProfile.uniform(game))
    assert (proof is not None) == (max(sizes) == 1)


@given(seeds)
def test_profiles_far_from_equilibria_are_not_proven(seed: int) -> None:
    """If a proof is given, the profile is an equilibrium but for what its radius explains."""
    rng = np.random.default_rng(seed)
    sizes = (3,) * int(rng.integers(1, 4))
    game = NormalFormGame(rng.integers(-3, 4, (len(sizes), *sizes)))
    profile = MixedProfile([rng.dirichlet(np.ones(3)) for _ in sizes])
    proof = isolate(game, profile)
    if proof is not None:
        # a regret is a difference of two payoffs in [-3, 3], linear in each of the strategies
        steepest = 12 * 3 * len(sizes)
        assert certify_nash(game, profile).epsilon <= steepest * proof.radius


def test_profiles_of_other_games_are_refused() -> None:
    with pytest.raises(InvalidProfile, match="length 2"):
        isolate(load("stag_hunt"), MixedProfile([[1, 0, 0], [1, 0]]))


def test_payoffs_without_a_reasonable_denominator() -> None:
    rng = np.random.default_rng(5)
    matrix = [
        [Fraction(int(rng.integers(1, 2**62)), int(rng.integers(2**61, 2**62))) for _ in range(20)]
        for _ in range(20)
    ]
    assert isolate(NormalFormGame.zero_sum(matrix), MixedProfile(np.full((2, 20), 0.05))) is None
