"""Concepts against each other: what is an equilibrium of one kind is one of another, exactly.

The methods and certificates of the different concepts share little, so that an error in any of
them is likely to break one of these relations on some game. Each is proven where it is asserted:

- products and mixtures of Nash equilibria are correlated equilibria, and these are coarse ones;
  so the best welfare does not fall from one to the next;
- every equilibrium, coarse ones included, pays everybody its maxmin value;
- correlated equilibria are supported by rationalizable actions; strict dominance removes no
  equilibrium and adds none, weak dominance adds none;
- an evolutionarily stable strategy against itself is an isolated Nash equilibrium;
- a leader whose follower breaks ties in its favor earns what any correlated equilibrium would pay
  it, and one whose follower does not, what its worst Nash equilibrium does (von Stengel and Zamir
  2010, Games and Economic Behavior 69);
- a potential's maximizers are pure equilibria; improvements end, so there is one, if it is ordinal.
"""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from gametheory import (
    CorrelatedDistribution,
    MixedProfile,
    NormalFormGame,
    security_levels,
    solve,
    verify,
)
from gametheory.games.catalog import load
from gametheory.games.potential import KINDS, find_potential
from gametheory.refinements.risk_dominance import p_dominance, strict_equilibria

PROGRAMS = ("correlated", "coarse-correlated")
Seen = Counter[str]


def solved(game: NormalFormGame, concept: str, **options: Any) -> Any:
    """Solve, and insist on an exact certificate with the proof that nothing is better, if any."""
    found = solve(game, concept, **options)
    assert found.status == "certified_exact", (game, concept, found)
    for certificate in found.certificates:
        assert certificate.exact
        assert certificate.objective_gap in (0, None)
    return found


def nash_profiles(game: NormalFormGame, seen: Seen) -> list[MixedProfile]:
    """Return exact Nash equilibria: all extreme ones of two players, else pure ones and another."""
    pure = solve(game, "pure-nash", find="all")
    assert pure.complete
    found = list(pure.equilibria)
    if game.n_players == 2 and max(game.n_actions) <= 5:
        everything = solved(game, "nash", find="all")
        assert everything.complete
        assert set(found) <= set(everything.equilibria)
        found = list(everything.equilibria)
    else:
        one = solve(game, "nash")
        assert one.status in ("certified_exact", "certified_isolated", "certified_epsilon")
        if one.certificates[0].exact and one.profile not in found:
            found.append(one.profile)
        seen["irrational"] += not one.certificates[0].exact
    for profile in found:
        assert verify(game, profile).exact
    seen["nash"] += len(found)
    return found


def payoffs_of(game: NormalFormGame, profile: Any, concept: str) -> tuple[Fraction, ...]:
    certificate = verify(game, profile, concept)
    assert certificate.exact, (game.exact_payoffs.tolist(), concept, profile)
    return certificate.payoffs


def mixture(joints: list[CorrelatedDistribution], rng: np.random.Generator) -> Any:
    """Mix a few distributions with random rational weights."""
    chosen = [joints[k] for k in rng.integers(len(joints), size=4)]
    shares = [Fraction(int(w)) for w in rng.integers(0, 50, size=4) + np.eye(4, dtype=int)[0]]
    mixed: dict[tuple[int, ...], Fraction] = {}
    for joint, share in zip(chosen, shares, strict=True):
        for cell, p in joint.exact.items():
            mixed[cell] = mixed.get(cell, Fraction(0)) + share * p
    scale = math.lcm(*(p.denominator for p in mixed.values()))
    return CorrelatedDistribution.from_weights(
        joints[0].n_actions, {cell: int(p * scale) for cell, p in mixed.items()}
    )


def within(joint: CorrelatedDistribution, actions: Any) -> bool:
    return all(a in actions[i] for cell in joint.support for i, a in enumerate(cell))


def check(game: NormalFormGame, rng: np.random.Generator, seen: Seen) -> None:
    """Check every relation that this game can break."""
    nash = nash_profiles(game, seen)
    products = [CorrelatedDistribution.from_profile(profile) for profile in nash]
    correlated, coarse = (solved(game, concept) for concept in PROGRAMS)
    joints = [*products, correlated.profile]
    if products:
        joints.append(mixture(products, rng))
        joints.append(mixture(joints, rng))
    levels = security_levels(game)
    for joint in joints:
        pays = payoffs_of(game, joint, "correlated")
        assert payoffs_of(game, joint, "coarse-correlated") == pays
        assert sum(pays) <= correlated.certificates[0].objective_value
    for joint in (*joints, coarse.profile):
        pays = payoffs_of(game, joint, "coarse-correlated")
        assert all(pay >= level for pay, level in zip(pays, levels, strict=True))
    assert coarse.certificates[0].objective_value >= correlated.certificates[0].objective_value
    check_dominance(game, nash, joints, seen)
    check_potentials(game, nash, seen)
    if game.is_symmetric() and game.n_players == 2:
        check_stability(game, nash, seen)
    if game.n_players == 2:
        check_leadership(game, nash, levels, seen)
    seen["games"] += 1
    seen["mixtures"] += 2 * bool(products)


def check_dominance(
    game: NormalFormGame, nash: list[MixedProfile], joints: list[Any], seen: Seen
) -> None:
    left = solved(game, "rationalizable").profile.actions
    strict = solved(game, "iterated-dominance").profile.actions
    assert left == strict
    assert all(within(joint, left) for joint in joints)
    pure = solved(game, "iterated-dominance", by="pure").profile.actions
    assert all(set(few) <= set(many) for few, many in zip(left, pure, strict=True))
    for actions, dominance in (
        (left, "strict"),
        (solved(game, "iterated-dominance", dominance="weak").profile.actions, "weak"),
    ):
        if tuple(map(len, actions)) == game.n_actions:
            continue
        rest = NormalFormGame(game.exact_payoffs[np.ix_(range(game.n_players), *actions)])
        found = [embedded(game, p, actions) for p in nash_profiles(rest, Counter())]
        assert all(verify(game, profile).exact for profile in found)
        if dominance == "strict" and game.n_players == 2:
            assert set(found) == set(nash)
        seen[f"{dominance} dominance"] += 1
    dominant = solve(game, "dominant-strategy")
    if dominant.equilibria:
        assert verify(game, dominant.profile).exact
        seen["dominant"] += 1


def embedded(game: NormalFormGame, profile: MixedProfile, actions: Any) -> MixedProfile:
    strategies = []
    for size, kept, strategy in zip(game.n_actions, actions, profile.exact, strict=True):
        strategies.append([Fraction(0)] * size)
        for action, p in zip(kept, strategy, strict=True):
            strategies[-1][action] = p
    return MixedProfile(strategies)


def check_potentials(game: NormalFormGame, nash: list[MixedProfile], seen: Seen) -> None:
    pure = {
        tuple(actions[0] for actions in profile.support())
        for profile in nash
        if all(len(actions) == 1 for actions in profile.support())
    }
    for joint in np.ndindex(*game.n_actions):
        assert (p_dominance(game, joint).level is not None) == (joint in pure)
    assert set(strict_equilibria(game)) <= pure
    for kind in KINDS:
        found = find_potential(game, kind)
        if found:
            assert found.maximizers
            assert set(found.maximizers) <= pure
            seen[kind] += 1


def check_stability(game: NormalFormGame, nash: list[MixedProfile], seen: Seen) -> None:
    stable = solve(game, "ess", find="all")
    assert stable.complete
    for profile in stable.equilibria:
        assert profile.exact[0] == profile.exact[1]
        assert profile in nash or max(game.n_actions) > 5
        assert verify(game, profile).exact
    for joint in strict_equilibria(game):
        if joint[0] == joint[1]:  # strict symmetric equilibria are stable
            assert MixedProfile.pure(game, joint) in stable.equilibria
    seen["ess"] += len(stable.equilibria)


def check_leadership(
    game: NormalFormGame, nash: list[MixedProfile], levels: tuple[Fraction, ...], seen: Seen
) -> None:
    for leader in (0, 1):
        worth = {}
        for kind in ("strong", "weak"):
            for commitment in ("mixed", "pure"):
                found = solved(game, "stackelberg", leader=leader, kind=kind, commitment=commitment)
                assert found.certificates[0].objective_gap == 0
                worth[kind, commitment] = found.certificates[0].objective_value
        assert worth["strong", "mixed"] >= worth["strong", "pure"] >= worth["weak", "pure"]
        assert worth["strong", "mixed"] >= worth["weak", "mixed"] >= worth["weak", "pure"]
        assert worth["weak", "mixed"] >= levels[leader]
        best = solved(game, "correlated", objective=leader).certificates[0].objective_value
        earned = [verify(game, profile).payoffs[leader] for profile in nash]
        assert worth["strong", "mixed"] >= best >= max(earned)
        if max(game.n_actions) <= 5:
            assert worth["weak", "mixed"] >= min(earned)
        seen["leaders"] += 1
    if game.is_constant_sum():
        value = solve(game, "minimax").certificates[0].payoffs
        assert value == levels
        assert all(verify(game, profile).payoffs == value for profile in nash)
        seen["constant-sum"] += 1


FAMILIES: dict[str, list[dict[str, Any]]] = {
    "congestion": [{"low": -3, "high": 3}, {"n_players": 3, "low": 0, "high": 2}],
    "covariant_game": [{"n_players": 2, "n_actions": 3}, {"n_players": 3, "n_actions": 2}],
    "generalized_shapley": [{"n_actions": 3}, {"n_actions": 4}],
    "graphical_game": [{"n_players": 4, "n_actions": 2}],
    "local_effect": [{"n_players": 3, "n_actions": 2}],
    "network_congestion": [{"n_players": 2, "slowest": 3}],
    "planted_bimatrix": [{"n_rows": 3, "n_columns": 4, "row_support": 2, "column_support": 2}],
    "planted_dominance": [{"n_players": 2, "n_actions": 4}, {"n_players": 3, "n_actions": 3}],
    "planted_zero_sum": [{"n_rows": 4, "n_columns": 4, "row_support": 2, "column_support": 2}],
    "polymatrix": [{"n_players": 3, "n_actions": 2}],
    "random_common_interest": [{"n_players": 2, "n_actions": 3}, {"n_players": 3, "n_actions": 2}],
    "random_coordination": [{"n_players": 2, "n_actions": 3}],
    "random_degenerate": [{}],
    "random_potential": [{"n_players": 2, "n_actions": 4}, {"n_players": 4, "n_actions": 2}],
    "random_symmetric": [{"n_players": 2, "n_actions": 3}, {"n_players": 2, "n_actions": 5}],
    "random_zero_sum": [{"n_actions": 3}, {"n_actions": 4}],
    "tournament": [{"n_actions": 3}, {"n_actions": 5}],
}

SHAPES = [
    (2, 2),
    (3, 3),
    (2, 4),
    (4, 3),
    (1, 3),
    (2, 1),
    (4, 4),
    (2, 2, 2),
    (3, 2, 2),
    (2, 2, 2, 2),
]
WIDTHS = [2, 3, 10, 1000]


def random_integers(seed: int) -> NormalFormGame:
    """Draw integers: few values make ties, and every third game is symmetric."""
    rng = np.random.default_rng(np.random.SeedSequence([7, seed]))
    shape, width = SHAPES[seed % len(SHAPES)], WIDTHS[seed // len(SHAPES) % len(WIDTHS)]
    if seed % 3 == 0 and shape in [(2, 2), (3, 3), (4, 4)]:
        return NormalFormGame.symmetric(rng.integers(0, width, shape))
    return NormalFormGame(rng.integers(0, width, (len(shape), *shape)))


def of_the_catalog(seed: int) -> list[NormalFormGame]:
    return [
        load(name, seed=seed, **parameters)
        for name, variants in FAMILIES.items()
        for parameters in variants
    ]


def check_all(games: Any, seed: int) -> Seen:
    seen: Seen = Counter()
    rng = np.random.default_rng(seed)
    for game in games:
        check(game, rng, seen)
    return seen


def test_random_games_keep_the_order_of_concepts() -> None:
    seen = check_all(map(random_integers, range(120)), 1)
    assert seen["games"] == 120
    assert seen["nash"] > 200
    assert min(seen[kind] for kind in (*KINDS, "strict dominance", "weak dominance")) > 20
    assert seen["ess"] > 5


def test_families_of_the_catalog_keep_the_order_of_concepts() -> None:
    seen = check_all((game for seed in (1, 2) for game in of_the_catalog(seed)), 2)
    assert min(seen[kind] for kind in (*KINDS, "constant-sum", "ess")) > 5


NAMED = [
    "battle_of_the_sexes", "bertrand", "chicken", "climbing", "cyclic_dominance", "dispersion",
    "first_price_auction", "hawk_dove", "inspection", "jordan", "majority_voting",
    "matching_pennies", "minimum_effort", "minority_game", "penalty", "prisoners_dilemma",
    "public_goods", "pure_coordination", "rock_paper_scissors", "shapley", "stag_hunt",
    "volunteers_dilemma", "von_stengel_3x2", "war_of_attrition",
]  # fmt: skip


def test_games_of_the_literature_keep_the_order_of_concepts() -> None:
    seen = check_all(map(load, NAMED), 3)
    assert seen["games"] == len(NAMED)


def degenerate_games() -> dict[str, NormalFormGame]:
    rng = np.random.default_rng(4)
    zeros = np.zeros
    third, small = Fraction(1, 3), rng.integers(0, 3, (2, 3, 3))
    return {
        "all equal": NormalFormGame(zeros((2, 3, 3))),
        "all equal and wide": NormalFormGame(np.full((2, 1, 4), 7)),
        "all equal, three players": NormalFormGame(zeros((3, 2, 2, 2))),
        "five players": NormalFormGame(rng.integers(0, 3, (5, 2, 2, 2, 2, 2))),
        "five players, all equal": NormalFormGame(zeros((5, 2, 2, 2, 2, 2))),
        "one action each": NormalFormGame([[[3]], [[-1]]]),
        "one action each of four": NormalFormGame(zeros((4, 1, 1, 1, 1))),
        "one player": NormalFormGame([[1, 3, 3, 0]]),
        "one player, one action": NormalFormGame([[5]]),
        "one has no choice": NormalFormGame(rng.integers(0, 3, (3, 1, 3, 2))),
        "duplicated": NormalFormGame(rng.integers(0, 3, (2, 2, 2))[:, [0, 0, 1]][:, :, [0, 1, 1]]),
        "huge": NormalFormGame(small.astype(float) * 1e30),
        "huge integers": NormalFormGame((small.astype(object) * 10**30).tolist()),
        "huge and shifted": NormalFormGame((small.astype(object) + 10**30).tolist()),
        "tiny": NormalFormGame(small.astype(float) * 1e-30),
        "thirds": NormalFormGame((small.astype(object) * third).tolist()),
        "uneven": NormalFormGame(
            [
                (small[0].astype(object) * 10**30).tolist(),
                (small[1].astype(object) * third).tolist(),
            ]
        ),
        "floats": NormalFormGame(rng.random((2, 3, 3))),
        "near ties": NormalFormGame(small + rng.integers(0, 2, (2, 3, 3)) * 2.0**-50),
        "largest floats": NormalFormGame(small * 5e307 - 5e307),
        "subnormal": NormalFormGame(small * 5e-324),
        "symmetric and huge": NormalFormGame.symmetric((small[0].astype(object) * 10**30).tolist()),
        "symmetric thirds": NormalFormGame.symmetric((small[1].astype(object) * third).tolist()),
        "symmetric and equal": NormalFormGame.symmetric(zeros((4, 4))),
    }


@pytest.mark.parametrize("name", degenerate_games())
def test_degenerate_games_keep_the_order_of_concepts(name: str) -> None:
    seen: Seen = Counter()
    check(degenerate_games()[name], np.random.default_rng(5), seen)
    assert seen["games"] == 1


@pytest.mark.slow
def test_thousands_of_games_keep_the_order_of_concepts() -> None:
    seen = check_all(map(random_integers, range(120, 2800)), 6)
    for seed in range(3, 30):
        seen += check_all(of_the_catalog(seed), seed)
    print(dict(sorted(seen.items())))
    assert seen["games"] >= 3000
