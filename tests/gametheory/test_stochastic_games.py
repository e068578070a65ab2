"""Stochastic games: values, best responses, minimax strategies and their certificates."""

from __future__ import annotations

import copy
import itertools
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gametheory as gt
from gametheory.certificates import stochastic as certificates
from gametheory.concepts import stochastic as concepts
from gametheory.errors import InvalidGame, InvalidProfile
from gametheory.games.stationary_profile import StationaryProfile
from gametheory.games.stochastic_game import StochasticGame

PENNIES = [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]


def random_game(seed, *, n_states=3, sizes=(2, 3), zero_sum=True, discount="4/5"):
    rng = np.random.default_rng(seed)
    stages, transitions = [], []
    for _ in range(n_states):
        first = rng.integers(-5, 6, sizes)
        others = [-first] if zero_sum else list(rng.integers(-5, 6, (len(sizes) - 1, *sizes)))
        stages.append(np.stack([first, *others]))
        weights = rng.integers(0, 4, (*sizes, n_states)) + np.eye(n_states, dtype=int)[0]
        transitions.append(
            [
                [[Fraction(int(w), int(row.sum()) + 1) for w in row] for row in line]
                for line in weights
            ]
        )
    return StochasticGame(stages, transitions, discount)


def big_match(discount):
    """Blackwell and Ferguson (1968): T ends the game with what it earned, for ever."""
    stages = [[[[1, 0], [0, 1]], [[-1, 0], [0, -1]]], [[[1]], [[-1]]], [[[0]], [[0]]]]
    go = [[[0, 1, 0], [0, 0, 1]], [[1, 0, 0], [1, 0, 0]]]
    return StochasticGame(stages, [go, [[[0, 1, 0]]], [[[0, 0, 1]]]], discount)


@pytest.mark.parametrize("method", ["shapley-iteration", "hoffman-karp"])
@pytest.mark.parametrize("discount", ["1/2", "9/10", "99/100"])
def test_the_big_match_has_its_closed_form(method, discount):
    game, d = big_match(discount), float(Fraction(discount))
    solution = gt.solve(game, "minimax", method=method)
    assert solution.payoffs[0] * (1 - d) == pytest.approx(1 / 2, abs=1e-7)
    assert solution.profile[0][0][0] == pytest.approx((1 - d) / (2 - d), abs=1e-6)
    assert solution.certificate.epsilon <= 2e-9 * game.payoff_range
    exact = StationaryProfile(
        [
            [[(1 - Fraction(discount)) / (2 - Fraction(discount)), 1 / (2 - Fraction(discount))],
             ["1/2", "1/2"]],
            [[1], [1]],
            [[1], [1]],
        ]
    )  # fmt: skip
    certificate = gt.verify(game, exact, "minimax")
    assert certificate.exact and certificate.arithmetic == "rational"
    assert certificate.payoffs[0] * (1 - Fraction(discount)) == Fraction(1, 2)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["1/10", "1/2", "19/20"]))
def test_both_methods_agree_and_their_certificates_hold(seed, discount):
    game = random_game(seed, discount=discount)
    one, two = (
        gt.solve(game, "minimax", method=method) for method in ("shapley-iteration", "hoffman-karp")
    )
    for solution in (one, two):
        assert solution.certificate.epsilon <= 2e-9 * game.payoff_range
    assert one.payoffs == pytest.approx(two.payoffs, abs=5e-9 * game.payoff_range)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_best_responses_are_the_best_of_all_pure_policies(seed, zero_sum):
    game = random_game(seed, zero_sum=zero_sum)
    rng = np.random.default_rng(seed)
    profile = StationaryProfile(
        [[rng.dirichlet(np.ones(m)) for m in stage.n_actions] for stage in game.stages]
    )
    for player in range(2):
        policies = itertools.product(*(range(s.n_actions[player]) for s in game.stages))
        values = np.array(
            [
                game.values(profile.replace(player, concepts._pure(game, list(policy), player)))
                for policy in policies
            ]
        )[:, player]
        best = concepts.best_response_values(game, profile, player)
        assert best == pytest.approx(values.max(axis=0), abs=1e-9)
        replaced = gt.best_response(game, profile, player)
        assert game.values(replaced)[player] == pytest.approx(best, abs=1e-9)
    # The certificate computes the same regrets in rational arithmetic, by code of its own.
    certificate = gt.verify(game, profile)
    assert certificate.arithmetic == "rational"
    assert np.array(certificate.regrets, dtype=float) == pytest.approx(
        gt.player_regrets(game, profile), abs=1e-9
    )
    assert np.array(certificate.payoffs, dtype=float) == pytest.approx(
        game.expected_payoffs(profile), abs=1e-9
    )


def test_values_are_the_limit_of_longer_and_longer_plays():
    game = random_game(7, zero_sum=False)
    profile = StationaryProfile.uniform(game)
    joint = game.joint_probabilities(profile)
    offsets = game.row_offsets
    values = np.zeros((2, game.n_states))
    for _ in range(200):
        tensors = game.stage_tensors(values)
        values = np.array(
            [
                [
                    tensor[i].ravel() @ joint[offsets[s] : offsets[s + 1]]
                    for s, tensor in enumerate(tensors)
                ]
                for i in range(2)
            ]
        )
    assert game.values(profile) == pytest.approx(values, abs=1e-9)


def test_one_state_is_the_matrix_game_over_and_over():
    game = StochasticGame([PENNIES], [np.ones((2, 2, 1))], "3/4")
    profile = StationaryProfile([[["1/3", "2/3"], [1, 0]]])
    stage = gt.verify(game.stages[0], profile[0])
    repeated = gt.verify(game, profile)
    assert repeated.regrets == tuple(4 * regret for regret in stage.regrets)
    assert gt.exploitability(game, profile) == pytest.approx(
        4 * gt.exploitability(game.stages[0], profile[0])
    )


def test_cooperation_for_ever_is_no_equilibrium_and_defection_is():
    stage = [[[3, 0], [5, 1]], [[3, 5], [0, 1]]]
    game = StochasticGame([stage], [np.ones((2, 2, 1))], "9/10")
    defect = StationaryProfile([[[0, 1], [0, 1]]])
    assert gt.verify(game, defect).exact
    assert gt.verify(game, StationaryProfile([[[1, 0], [1, 0]]])).epsilon == 20


def test_many_states_have_proven_bounds_in_floats():
    game = random_game(1, n_states=60, sizes=(2, 2))
    solution = gt.solve(game, "minimax")
    certificate = solution.certificate
    assert certificate.arithmetic == "float with error bound"
    assert 0 < certificate.epsilon <= 2e-9 * game.payoff_range
    nash = gt.verify(game, StationaryProfile.uniform(game))
    floats = gt.player_regrets(game, StationaryProfile.uniform(game))
    bounds = np.array(nash.regrets, dtype=float)
    assert (bounds >= floats - 1e-9).all()
    assert bounds == pytest.approx(floats, rel=1e-9)


def test_a_profile_that_floats_misjudge_is_still_bounded(monkeypatch):
    # Whatever policy the floats find, the bound must hold: here they find the worst one.
    game = random_game(3)
    profile = StationaryProfile.uniform(game)
    right = gt.verify(game, profile)
    monkeypatch.setattr(
        certificates,
        "_best_policy",
        lambda process: [certificates._pure(len(row), len(row) - 1) for row in process.earns],
    )
    misled = gt.verify(game, profile)
    assert misled.epsilon >= right.epsilon
    assert misled.arithmetic == "float with error bound"


def test_limits_and_refusals():
    game = random_game(5, discount="99/100")
    solution = gt.solve(game, "minimax", method="shapley-iteration", max_iterations=3)
    assert solution.status is gt.Status.ITERATION_LIMIT and len(solution.equilibria) == 1
    general = random_game(5, zero_sum=False)
    with pytest.raises(gt.UnsupportedGame, match="payoffs that sum to zero"):
        gt.solve(general, "minimax")
    with pytest.raises(gt.UnsupportedGame, match="zero-sum"):
        gt.verify(general, StationaryProfile.uniform(general), "minimax")
    with pytest.raises(gt.UnsupportedGame, match="cannot be certified"):
        gt.verify(game, StationaryProfile.uniform(game), "correlated")
    with pytest.raises(gt.InvalidProfile, match="StationaryProfile"):
        gt.verify(game, gt.MixedProfile([[1, 0], [1, 0]]))
    with pytest.raises(gt.InvalidProfile, match="1 states and the game 3"):
        game.values(StationaryProfile([[[1, 0], [1, 0, 0]]]))
    with pytest.raises(gt.InvalidProfile, match=r"state '1'.*profile"):
        game.values(StationaryProfile([[[1, 0], [1, 0, 0]]] + [[[1, 0], [1, 0]]] * 2))


@pytest.mark.parametrize(
    ("stages", "transitions", "discount", "match"),
    [
        ([PENNIES], [np.ones((2, 2, 1))], 1, "never ends the play"),
        ([PENNIES], [np.ones((2, 2, 1))], 1.5, "discount is 1.5"),
        ([PENNIES], [np.ones((2, 2, 1))], float("nan"), "not finite"),
        ([PENNIES], [np.ones((2, 2))], 0.5, "shape"),
        ([PENNIES], [np.ones((2, 2, 1)) * 1.1], 0.5, "sum to 1.1.*state '0', joint action"),
        ([PENNIES], [-np.ones((2, 2, 1))], 0.5, "probability of -1.0"),
        ([PENNIES], [], 0.5, "1 stages and 0 transition"),
        ([], [], 0.5, "at least one state"),
        ([PENNIES, [[0]]], [np.zeros((2, 2, 2)), np.zeros((1, 2))], 0.5, "players are"),
    ],
)
def test_what_is_no_game_is_refused(stages, transitions, discount, match):
    with pytest.raises(gt.InvalidGame, match=f"(?s){match}"):
        StochasticGame(stages, transitions, discount)


def test_labels_starts_and_copies():
    game = StochasticGame(
        [PENNIES, PENNIES],
        [[[["1/3", "2/3"]] * 2] * 2, np.zeros((2, 2, 2))],
        1 - Fraction(1, 10),
        states=["on", "over"],
        start="over",
    )
    assert game.start == 1 and game.contraction == Fraction(9, 10)
    assert game.exact_probabilities[0] == Fraction(1, 3)
    for twin in (copy.deepcopy(game), pickle.loads(pickle.dumps(game))):
        assert twin == game and hash(twin) == hash(game)
        with pytest.raises(ValueError, match="read-only"):
            twin.probabilities[0] = 1.0
    with pytest.raises(AttributeError, match="cannot be changed"):
        game.discount = Fraction(1, 2)
    assert game != big_match("1/2")
    for labels, match in (
        ({"states": ["a", "a"]}, "1 of them different"),
        ({"start": "nowhere"}, "there is no state"),
        ({"start": 2}, "there is no state 2"),
    ):
        with pytest.raises(gt.InvalidGame, match=match):
            StochasticGame([PENNIES] * 2, [np.zeros((2, 2, 2))] * 2, 1, **labels)


def test_a_game_is_found_from_its_rules():
    # A walk on 0..4 that either end stops: both choose to push, or not.
    def step(place, joint):
        to = place + joint[0] - joint[1]
        return [0, 0] if 0 <= to <= 4 else [to, -to], {to: 1} if 0 <= to <= 4 else {}

    game = StochasticGame.from_function(step, 2, lambda place: (2, 2), "9/10")
    assert game.n_states == 5 and game.states[0] == "2"
    solution = gt.solve(game, "minimax")
    assert solution.certificate.exact  # both push: a saddle point everywhere
    with pytest.raises(gt.InvalidGame, match="more than 3 states"):
        StochasticGame.from_function(step, 2, lambda place: (2, 2), "9/10", max_states=3)


def test_floats_that_miss_one_by_rounding_are_divided_by_their_sum():
    tenth = [[[0.1] * 10] * 2] * 2
    game = StochasticGame([PENNIES] * 10, [tenth] * 10, "1/2")
    assert game.contraction == Fraction(1, 2)
    assert sum(game.exact_probabilities[:10]) == 1


@pytest.mark.parametrize("wrong", [None, "x", [[[1, 0], [1, 0]]]])
def test_what_is_no_profile_is_refused_in_words(wrong):
    game = StochasticGame([[[[1, 0], [0, 1]], [[-1, 0], [0, -1]]]], [np.ones((2, 2, 1))], 0.9)
    for ask in (game.values, lambda it: gt.player_regrets(game, it)):
        with pytest.raises(InvalidProfile, match="no profile of a stochastic game"):
            ask(wrong)


@pytest.mark.parametrize("player", [-1, 2, None, "a", 0.0])
def test_a_player_that_is_not_there_has_no_best_response(player):
    game = StochasticGame([[[[1, 0], [0, 1]], [[-1, 0], [0, -1]]]], [np.ones((2, 2, 1))], 0.9)
    with pytest.raises(InvalidProfile, match=r"there is no player .*valid: 0 to 1"):
        gt.best_response(game, StationaryProfile.uniform(game), player)


@pytest.mark.parametrize(
    ("step", "start", "message"),
    [
        (lambda s, a: 3, 0, r"step\(0, \(0, 0\)\) returned 3"),
        (lambda s, a: ([1], {s: 1}), 0, "valid: 2 payoffs"),
        (lambda s, a: ([1, -1], [1]), 0, "a mapping from next states"),
        (lambda s, a: ([1, -1], {}), [], "a list cannot be told"),
    ],
)
def test_rules_that_make_no_sense_are_refused_in_words(step, start, message):
    with pytest.raises(InvalidGame, match=message):
        StochasticGame.from_function(step, start, lambda s: (1, 1), 0.5)


def test_stages_are_a_sequence():
    with pytest.raises(InvalidGame, match="a NoneType is no sequence; where: stages"):
        StochasticGame(None, [np.ones((1, 1, 1))], 0.5)
