"""Commitments: published games, an exact oracle on a line, grids, and tampered proofs."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gametheory import MixedProfile, NormalFormGame, Status, solve, verify
from gametheory.algorithms.normal_form.maxmin import security_levels
from gametheory.certificates.stackelberg import certify_stackelberg
from gametheory.errors import GameFormatError, InvalidProfile, UnsupportedGame
from gametheory.games.commitment import Commitment, ResponseBound

CONITZER_SANDHOLM = NormalFormGame.bimatrix([[2, 4], [1, 3]], [[1, 0], [0, 1]])
KINDS = ("strong", "weak")


def bimatrix(m: Any, n: Any, widest: int = 3) -> Any:
    def fill(shape: tuple[int, int]) -> Any:
        size = 2 * shape[0] * shape[1]
        entries = st.lists(st.integers(-widest, widest), min_size=size, max_size=size)
        return entries.map(lambda e: NormalFormGame(np.reshape(e, (2, *shape))))

    return st.tuples(m, n).flatmap(fill)


def commit(game: NormalFormGame, **options: Any) -> tuple[Fraction, Commitment]:
    """Solve, insist on the proof, and return the value to the leader."""
    solution = solve(game, "stackelberg", **options)
    certificate = solution.certificate
    assert certificate is not None
    assert solution.status is Status.CERTIFIED_EXACT
    assert certificate.objective_gap == 0
    assert certificate.objective_value is not None
    assert certificate.payoffs[solution.profile.leader] == certificate.objective_value
    return certificate.objective_value, solution.profile


def tables(game: NormalFormGame, leader: int) -> tuple[list[list[Fraction]], ...]:
    """Leader's and follower's payoffs, a list for each action of the follower."""
    exact = game.exact_payoffs
    return tuple((exact[i].T if leader == 0 else exact[i]).tolist() for i in (leader, 1 - leader))


def pessimistic(game: NormalFormGame, leader: int, x: Any, favor: Any = min) -> Fraction:
    """Return what the leader earns by x if ties are broken against it, by the definition."""
    A, B = tables(game, leader)
    paid = [sum(p * b for p, b in zip(x, column, strict=True)) for column in B]
    earned = [sum(p * a for p, a in zip(x, column, strict=True)) for column in A]
    return favor(e for e, b in zip(earned, paid, strict=True) if b == max(paid))


def on_a_line(game: NormalFormGame, leader: int) -> tuple[Fraction, Fraction, bool]:
    """Strong value, weak value and whether that is attained, for two actions of the leader.

    Between neighboring crossings of payoff lines best responses do not change, and the leader's
    payoff is linear: all that matters are the crossings, the intervals' limits and midpoints.
    """
    A, B = tables(game, leader)
    points = {Fraction(0), Fraction(1)}
    for table in (A, B):
        for (a, b), (c, d) in combinations(table, 2):
            if (b - a) != (d - c):
                points.add((a - c) / ((d - c) - (b - a)))
    at = sorted(p for p in points if 0 <= p <= 1)
    strategies = [(1 - p, p) for p in at]
    strong = max(pessimistic(game, leader, x, max) for x in strategies)
    reached = [pessimistic(game, leader, x) for x in strategies]
    limits = list(reached)
    for low, high in pairwise(at):
        middle = (low + high) / 2
        reached.append(pessimistic(game, leader, (1 - middle, middle)))
        paid = [(1 - middle) * b[0] + middle * b[1] for b in B]
        best = [a for a, p in zip(A, paid, strict=True) if p == max(paid)]
        limits += [min((1 - p) * a[0] + p * a[1] for a in best) for p in (low, high)]
    return strong, max(limits), max(limits) in reached


def test_the_game_of_conitzer_and_sandholm() -> None:
    """The pure commitment earns 3, the mixed one 7/2, the only equilibrium 2."""
    game = CONITZER_SANDHOLM
    assert [p.support() for p in solve(game, find="all").equilibria] == [((0,), (0,))]
    assert commit(game, commitment="pure")[0] == 3
    value, best = commit(game)
    assert value == Fraction(7, 2)
    assert best.exact[0] == (Fraction(1, 2), Fraction(1, 2))
    assert best.attained
    weak, limit = commit(game, kind="weak")
    assert weak == value  # the game is generic
    assert not limit.attained


def test_a_follower_who_favors_nobody() -> None:
    """The follower never cares: the strong leader picks, the weak one gets its maxmin value."""
    game = NormalFormGame.bimatrix([[1, -1], [-1, 1]], [[5, 5], [5, 5]])
    assert commit(game)[0] == 1
    value, weak = commit(game, kind="weak")
    assert value == 0
    assert weak.attained
    assert weak.exact[0] == (Fraction(1, 2), Fraction(1, 2))


def test_a_weakly_dominated_response_counts_for_the_strong_kind_only() -> None:
    game = NormalFormGame.bimatrix([[9, 0], [0, 1]], [[1, 1], [0, 1]])
    assert commit(game)[0] == 9
    value, weak = commit(game, kind="weak")
    assert value == 1
    assert weak.attained
    assert any(bound.dominating for bound in weak.bounds)


@given(game=bimatrix(st.just(2), st.integers(1, 4)), leader=st.sampled_from([0, 1]))
@settings(max_examples=150)
def test_against_the_oracle_on_a_line(game: NormalFormGame, leader: int) -> None:
    if leader == 1:
        game = NormalFormGame(game.payoffs[::-1].transpose(0, 2, 1))
    strong, weak, attained = on_a_line(game, leader)
    assert commit(game, leader=leader)[0] == strong
    value, claim = commit(game, leader=leader, kind="weak")
    assert value == weak
    assert claim.attained == attained


@given(game=bimatrix(st.integers(3, 4), st.integers(2, 4), 2), leader=st.sampled_from([0, 1]))
@settings(max_examples=40)
def test_no_strategy_of_a_grid_does_better(game: NormalFormGame, leader: int) -> None:
    values = {kind: commit(game, leader=leader, kind=kind) for kind in KINDS}
    m = game.n_actions[leader]
    for cut in product(range(7), repeat=m - 1):
        if sum(cut) <= 6:
            x = [Fraction(c, 6) for c in (*cut, 6 - sum(cut))]
            assert pessimistic(game, leader, x, max) <= values["strong"][0]
            reached = pessimistic(game, leader, x)
            assert reached < values["weak"][0] or (
                reached == values["weak"][0] and values["weak"][1].attained
            )


@given(game=bimatrix(st.integers(1, 4), st.integers(1, 4), 2), leader=st.sampled_from([0, 1]))
@settings(max_examples=60)
def test_a_weak_value_is_earned_in_the_limit(game: NormalFormGame, leader: int) -> None:
    value, claim = commit(game, leader=leader, kind="weak")
    x = claim.exact[leader]
    if claim.toward is None:
        assert pessimistic(game, leader, x) == value
        return
    assert pessimistic(game, leader, x) < value
    for share in (Fraction(1, 10**3), Fraction(1, 10**6)):
        moved = [(1 - share) * p + share * q for p, q in zip(x, claim.toward, strict=True)]
        assert value - 4 * share <= pessimistic(game, leader, moved) < value


@given(game=bimatrix(st.integers(1, 3), st.integers(1, 3), 2), leader=st.sampled_from([0, 1]))
@settings(max_examples=60)
def test_values_are_ordered_as_theory_says(game: NormalFormGame, leader: int) -> None:
    """Von Stengel and Zamir (2010): leadership pays at least what equilibria pay."""
    strong, weak = (commit(game, leader=leader, kind=kind)[0] for kind in KINDS)
    pure = [commit(game, leader=leader, kind=kind, commitment="pure")[0] for kind in KINDS]
    paid = [c.payoffs[leader] for c in solve(game, find="all").certificates]
    correlated = solve(game, "correlated", objective=f"player {leader}").certificate
    assert correlated is not None
    assert strong >= correlated.payoffs[leader] >= max(paid)
    assert strong >= weak >= min(paid) >= security_levels(game)[leader]
    assert strong >= pure[0] >= pure[1] <= weak


@given(game=bimatrix(st.integers(1, 4), st.integers(1, 4)))
@settings(max_examples=40)
def test_pure_commitments_are_the_best_of_all_actions(game: NormalFormGame) -> None:
    m = game.n_actions[0]
    actions = [[int(i == k) for k in range(m)] for i in range(m)]
    for kind, favor in (("strong", max), ("weak", min)):
        value, claim = commit(game, kind=kind, commitment="pure")
        assert claim.is_pure()
        assert value == max(pessimistic(game, 0, x, favor) for x in actions)


@given(entries=st.lists(st.integers(-3, 3), min_size=12, max_size=12))
@settings(max_examples=30)
def test_in_zero_sum_games_leading_is_worth_the_value(entries: list[int]) -> None:
    game = NormalFormGame.zero_sum(np.reshape(entries, (3, 4)))
    [value, _] = solve(game, "minimax").certificate.payoffs  # type: ignore[union-attr]
    for kind in KINDS:
        assert commit(game, kind=kind)[0] == value
        assert commit(game, kind=kind, leader=1)[0] == -value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("leader", [0, 1])
@pytest.mark.parametrize(("factor", "shift"), [(1e-9, 0), (1e9, 3), (1, 10**17), ("1/3", "2/7")])
def test_values_follow_affine_maps_exactly(factor: Any, shift: Any, leader: int, kind: str) -> None:
    game = NormalFormGame(np.random.default_rng(3).integers(-9, 10, (2, 4, 5)))
    mapped = NormalFormGame(game.exact_payoffs * Fraction(factor) + Fraction(shift))
    expected = commit(game, leader=leader, kind=kind)[0] * Fraction(factor) + Fraction(shift)
    assert commit(mapped, leader=leader, kind=kind)[0] == expected


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (3, 3), (25, 20)])
@pytest.mark.parametrize("kind", KINDS)
def test_other_shapes(shape: tuple[int, int], kind: str) -> None:
    rng = np.random.default_rng(4)
    for payoffs in (np.zeros((2, *shape)), rng.normal(size=(2, *shape))):
        game = NormalFormGame(payoffs)
        assert commit(game, kind=kind)[0] >= security_levels(game)[0]


def test_the_certifier_trusts_nothing() -> None:
    game = CONITZER_SANDHOLM
    best = solve(game, "stackelberg").profile
    wrong = Commitment((*best.exact[:1], (Fraction(1, 2), Fraction(1, 2))), bounds=best.bounds)
    assert certify_stackelberg(game, wrong).objective_gap == 1  # an even tie, not in its favor
    lazy = Commitment([[1, 0], [0, 1]], bounds=best.bounds)
    assert certify_stackelberg(game, lazy).regrets == (0, 1)
    assert "gains 1" in certify_stackelberg(game, lazy).violation
    timid = Commitment([[0, 1], [0, 1]], bounds=best.bounds)
    assert certify_stackelberg(game, timid).objective_gap == Fraction(1, 2)
    zeros, ones = (Fraction(0),) * 2, (Fraction(1), Fraction(0))
    for bound in (
        ResponseBound(zeros, zeros),
        ResponseBound(ones, (Fraction(-1), Fraction(0))),
        ResponseBound(ones[::-1], zeros),
        ResponseBound(ones, zeros, ones[::-1]),
        ResponseBound(ones, (Fraction(0),)),
    ):
        claim = Commitment(best.exact, bounds=(bound, best.bounds[1]))
        assert certify_stackelberg(game, claim).objective_gap is None
    weaker = ResponseBound(ones[::-1], zeros)
    claim = Commitment(best.exact, bounds=(best.bounds[0], weaker))
    assert certify_stackelberg(game, claim).objective_gap == Fraction(1, 2)


def test_a_weak_claim_must_name_its_limit_and_real_domination() -> None:
    game = CONITZER_SANDHOLM
    weak = solve(game, "stackelberg", kind="weak").profile
    bare = Commitment(weak.exact, kind="weak", bounds=weak.bounds)
    certificate = certify_stackelberg(game, bare)
    assert certificate.regrets == (2, 0)  # ties against the leader leave it 3/2, not 7/2
    assert certificate.objective_value == Fraction(3, 2)
    assert "breaks ties" in certificate.violation
    fake = replace(weak.bounds[0], dominating=(Fraction(0), Fraction(1)))
    claim = Commitment(weak.exact, kind="weak", toward=weak.toward, bounds=(fake, *weak.bounds[1:]))
    assert certify_stackelberg(game, claim).objective_gap is None


def test_claims_survive_json_and_pickle() -> None:
    for options in ({"kind": "weak"}, {"leader": 1}, {"commitment": "pure"}):
        claim = solve(CONITZER_SANDHOLM, "stackelberg", **options).profile
        document = json.loads(json.dumps(claim.to_document()))
        assert document["format"] == "gametheory/commitment"
        for copy in (Commitment.from_document(document), pickle.loads(pickle.dumps(claim))):
            assert copy == claim
            assert hash(copy) == hash(claim)
            assert certify_stackelberg(CONITZER_SANDHOLM, copy).objective_gap == 0
    assert claim != MixedProfile(claim.exact)
    assert "commitment='pure'" in repr(claim)
    with pytest.raises(GameFormatError, match="no commitment"):
        Commitment.from_document({"strategies": [[1], [1]]})


def test_what_is_no_commitment_is_refused() -> None:
    pair = [["1/2", "1/2"], [1, 0]]
    for wrong, message in (
        ({"leader": 2}, "leader 2"),
        ({"kind": "fair"}, "kind 'fair'"),
        ({"commitment": "half"}, "commitment 'half'"),
        ({"commitment": "pure"}, "the leader mixes"),
        ({"toward": [1, 0, 0]}, "3 probabilities"),
    ):
        with pytest.raises(InvalidProfile, match=message):
            Commitment(pair, **wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidProfile, match="3 players"):
        Commitment([[1], [1], [1]])
    with pytest.raises(InvalidProfile, match="no claim about 'stackelberg'"):
        verify(CONITZER_SANDHOLM, MixedProfile(pair), "stackelberg")
    with pytest.raises(InvalidProfile, match="who leads"):
        certify_stackelberg(CONITZER_SANDHOLM, MixedProfile(pair))  # type: ignore[arg-type]
    three = NormalFormGame(np.zeros((3, 2, 2, 2)))
    with pytest.raises(UnsupportedGame, match="two players"):
        certify_stackelberg(three, Commitment(pair))
    with pytest.raises(UnsupportedGame, match="3 players"):
        solve(three, "stackelberg")
    for wrong in ({"leader": 2}, {"kind": "fair"}, {"commitment": "half"}):
        with pytest.raises(UnsupportedGame, match=next(iter(wrong))):
            solve(CONITZER_SANDHOLM, "stackelberg", **wrong)


@pytest.mark.parametrize("seed", range(4))
def test_openspiel_finds_the_same_strong_value(seed: int) -> None:
    pytest.importorskip("cvxpy")
    solver = pytest.importorskip("open_spiel.python.algorithms.stackelberg_lp")
    pyspiel = pytest.importorskip("pyspiel")
    A, B = np.random.default_rng(seed).integers(-9, 10, (2, 4, 5)).astype(float)
    _, _, *payoffs = solver.solve_stackelberg(
        pyspiel.create_matrix_game(A, B), is_first_leader=seed % 2 == 0
    )
    leader = seed % 2
    value, _ = commit(NormalFormGame.bimatrix(A, B), leader=leader)
    assert float(value) == pytest.approx(payoffs[leader], abs=1e-5)
