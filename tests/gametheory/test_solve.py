"""What ``solve`` does with any algorithm: order, fallbacks, limits, completeness, structure."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import gametheory as gt
from gametheory import MixedProfile, NormalFormGame, Status
from gametheory.algorithms.registry import Algorithm, Approximation, Outcome

BATTLE = NormalFormGame.bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]])
GAMES = {
    "battle of the sexes": BATTLE,
    "all zero 3x3": NormalFormGame(np.zeros((2, 3, 3))),
    "1x1": NormalFormGame([[[1]], [[2]]]),
    "1x3": NormalFormGame.bimatrix([[1, 1, 0]], [[2, 2, 0]]),
    "rock, paper, scissors": gt.catalog.load("rock_paper_scissors"),
    "duplicate rows": NormalFormGame.bimatrix([[1, 0], [1, 0], [0, 2]], [[1, 0], [1, 0], [0, 2]]),
    "past 2**63": NormalFormGame.bimatrix(
        [[3 * 10**30, 0], [1, 2 * 10**30]], [[10**30, 1], [0, 2**70]]
    ),
    "shifted": NormalFormGame.bimatrix(
        [[10**17 + 2, 10**17], [10**17, 10**17 + 1]], [[10**17 + 1, 10**17], [10**17, 10**17 + 2]]
    ),
    "tiny": NormalFormGame.bimatrix([[2e-9, 0], [0, 1e-9]], [[1e-9, 0], [0, 2e-9]]),
    "three players": NormalFormGame(np.random.default_rng(7).normal(size=(3, 2, 3, 2))),
    "three players, one without a choice": NormalFormGame(
        np.random.default_rng(8).integers(0, 5, size=(3, 2, 1, 2))
    ),
    "one player": NormalFormGame([[1, 3, 3]]),
}
METHODS = [a.name for a in gt.methods(form=NormalFormGame) if "nash" in a.concepts]


@pytest.mark.parametrize("game", GAMES.values(), ids=GAMES)
@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_a_certified_equilibrium_or_says_why_not(
    method: str, game: NormalFormGame
) -> None:
    try:
        solution = gt.solve(game, method=method)
    except gt.UnsupportedGame as refusal:
        assert str(refusal)
        return
    if not solution.equilibria:
        assert solution.status in (Status.NUMERICAL_FAILURE, Status.ITERATION_LIMIT)
        assert solution.reason
        return
    assert solution.status in (Status.CERTIFIED_EXACT, Status.CERTIFIED_ISOLATED)
    assert gt.max_regret(game, solution.profile) <= 1e-9 * (game.payoff_range or 1)


@pytest.mark.parametrize("game", GAMES.values(), ids=GAMES)
def test_auto_always_finds_one(game: NormalFormGame) -> None:
    solution = gt.solve(game)
    assert solution.status in (Status.CERTIFIED_EXACT, Status.CERTIFIED_ISOLATED)
    assert not solution.complete


@pytest.mark.parametrize("name", [n for n, g in GAMES.items() if g.n_players == 2])
def test_the_methods_that_find_all_agree(name: str) -> None:
    game = GAMES[name]
    found = [
        gt.solve(game, method=method, find="all")
        for method in ("vertex-enumeration", "lexicographic-enumeration", "support-enumeration")
    ]
    assert all(solution.complete for solution in found)
    first, *others = [set(solution.equilibria) for solution in found]
    assert all(other == first for other in others)
    assert len(first) == len(found[0].equilibria)
    assert found[0].components == found[1].components == found[2].components


def test_a_two_player_game_is_lemke_howsons_and_a_matrix_game_the_simplex_methods() -> None:
    assert gt.solve(BATTLE).method == "lemke-howson"
    assert gt.solve(gt.catalog.load("matching_pennies")).method == "minimax-simplex"
    assert gt.solve(BATTLE, find="all").method == "vertex-enumeration"


def test_an_option_chooses_among_the_methods_that_have_it() -> None:
    labels = {gt.solve(BATTLE, label=label).profile for label in range(4)}
    assert len(labels) == 2  # every label leads to one of the two pure equilibria
    with pytest.raises(gt.UnsupportedGame, match="has no option 'lable'"):
        gt.solve(BATTLE, lable=1)


def test_components_and_indices_belong_to_complete_answers_only() -> None:
    everything = gt.solve(BATTLE, find="all")
    assert sorted(everything.indices) == [-1, 1, 1]
    assert [component.is_point for component in everything.components] == [True] * 3
    one = gt.solve(BATTLE)
    assert one.indices == () and one.components == ()
    (whole,) = gt.solve(GAMES["all zero 3x3"], find="all").components
    assert whole.contains(MixedProfile.uniform(GAMES["all zero 3x3"]))


@pytest.mark.parametrize(
    "payoffs",
    [
        np.random.default_rng(2).integers(0, 9, size=(2, 40, 40)),
        np.random.default_rng(2).normal(size=(2, 40, 40)),
        np.random.default_rng(2).normal(size=(4, 6, 6, 6, 6)),
    ],
    ids=["integers", "floats", "four players"],
)
def test_a_time_limit_returns_what_was_found(payoffs: Any) -> None:
    solution = gt.solve(NormalFormGame(payoffs), find="all", time_limit=0.05)
    assert solution.status is Status.TIME_LIMIT
    assert not solution.complete
    assert "time limit" in solution.reason
    assert all(one.epsilon == 0 or one.nearby for one in solution.certificates)


def fake(name: str, run: Any, *, rank: int = 0) -> Algorithm:
    """An algorithm that the tests write themselves."""
    (model,) = (a for a in gt.methods() if a.name == "vertex-enumeration")
    return replace(model, name=name, run=run, rank=rank, applies=lambda game: "")


@pytest.fixture
def with_algorithm(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put one algorithm before all others."""

    def put(algorithm: Algorithm) -> None:
        def listed(**wanted: Any) -> tuple[Algorithm, ...]:
            return algorithm, *gt.methods(**wanted)

        # The function of the same name hides the module.
        monkeypatch.setattr(sys.modules["gametheory.solve"], "algorithms", listed)

    return put


def test_when_a_method_fails_the_next_is_asked(with_algorithm: Any) -> None:
    def fails(game: NormalFormGame) -> Any:
        yield None
        return Outcome(status=Status.NUMERICAL_FAILURE, reason="it rained")

    with_algorithm(fake("hopeless", fails))
    assert gt.solve(BATTLE).method == "lemke-howson"
    named = gt.solve(BATTLE, method="hopeless")
    assert (named.status, named.reason) == (Status.NUMERICAL_FAILURE, "it rained")


def test_a_wrong_profile_never_leaves(with_algorithm: Any) -> None:
    def lies(game: NormalFormGame) -> Any:
        yield MixedProfile.pure(game, (0, 1))
        return Outcome(complete=True)

    with_algorithm(fake("liar", lies))
    solution = gt.solve(BATTLE, method="liar", find="all")
    assert (solution.equilibria, solution.complete) == ((), False)
    assert solution.status is Status.NUMERICAL_FAILURE
    assert "1 candidates failed" in solution.reason


def test_a_false_claim_of_completeness_is_seen_by_the_indices(with_algorithm: Any) -> None:
    def forgets(game: NormalFormGame) -> Any:
        yield MixedProfile.pure(game, (0, 0))
        yield MixedProfile.pure(game, (1, 1))
        return Outcome(complete=True)

    with_algorithm(fake("forgetful", forgets))
    solution = gt.solve(BATTLE, method="forgetful", find="all")
    assert len(solution.equilibria) == 2
    assert not solution.complete
    assert "sum to 2 instead of 1" in solution.reason


def test_ctrl_c_keeps_what_was_found(with_algorithm: Any) -> None:
    def interrupted(game: NormalFormGame) -> Any:
        yield MixedProfile.pure(game, (0, 0))
        raise KeyboardInterrupt

    with_algorithm(fake("interrupted", interrupted))
    solution = gt.solve(BATTLE, method="interrupted", find="all")
    assert len(solution.equilibria) == 1
    assert (solution.status, solution.reason) == (Status.TIME_LIMIT, "interrupted")


def test_a_rounded_profile_of_two_players_leaves_exact(with_algorithm: Any) -> None:
    def rounds(game: NormalFormGame) -> Any:
        yield MixedProfile([[0.66666666666, 0.33333333334], [0.33333333334, 0.66666666666]])
        return Outcome()

    with_algorithm(fake("rounding", rounds))
    solution = gt.solve(BATTLE, method="rounding")
    assert solution.status is Status.CERTIFIED_EXACT
    assert str(solution.profile) == "((2/3, 1/3), (1/3, 2/3))"


def approaching(epsilons: list[float], target: float, claims: list[bool]) -> Any:
    """An algorithm that mixes less and less of the wrong action; what it says may be false."""

    def run(game: NormalFormGame) -> Any:
        for step, (epsilon, good) in enumerate(zip(epsilons, claims, strict=True), start=1):
            profile = MixedProfile([[1 - epsilon, epsilon], [1.0, 0.0]])
            yield Approximation(lambda profile=profile: profile, target, good, step)
        return Outcome(len(epsilons), status=Status.ITERATION_LIMIT, reason="that was all")

    return run


def test_an_approximation_is_a_solution_once_the_certificate_agrees(with_algorithm: Any) -> None:
    # The row player loses 2 epsilon in the battle of the sexes.
    run = approaching([0.3, 0.2, 0.04, 0.01], 0.1, [False, True, True, True])
    with_algorithm(fake("creeping", run))
    solution = gt.solve(BATTLE, method="creeping")
    assert (solution.status, solution.iterations) == (Status.CERTIFIED_EPSILON, 3)
    assert float(solution.certificate.epsilon) == pytest.approx(0.08)
    assert solution.reason == ""


def test_the_best_approximation_is_returned_with_what_it_violates(with_algorithm: Any) -> None:
    with_algorithm(fake("creeping", approaching([0.3, 0.2], 0.1, [False, True])))
    solution = gt.solve(BATTLE, method="creeping")
    assert (solution.status, solution.iterations) == (Status.ITERATION_LIMIT, 2)
    assert float(solution.certificate.epsilon) == pytest.approx(0.4)
    assert solution.reason == "that was all: the best profile so far is off by 0.4"
    assert not solution.complete


def test_ctrl_c_and_time_limits_return_the_best_approximation(with_algorithm: Any) -> None:
    def interrupted(game: NormalFormGame) -> Any:
        yield from approaching([0.3], 0.1, [False])(game)
        raise KeyboardInterrupt

    with_algorithm(fake("interrupted", interrupted))
    solution = gt.solve(BATTLE, method="interrupted")
    assert solution.status is Status.TIME_LIMIT
    assert solution.reason == "interrupted: the best profile so far is off by 0.6"
    endless = approaching([0.3] * 10**6, 0.1, [False] * 10**6)
    with_algorithm(fake("endless", endless))
    solution = gt.solve(BATTLE, method="endless", time_limit=0.02)
    assert solution.status is Status.TIME_LIMIT
    assert float(solution.certificate.epsilon) == pytest.approx(0.6)


def test_auto_leaves_out_who_only_approximates(with_algorithm: Any) -> None:
    run = approaching([0.3], 0.1, [False])
    with_algorithm(replace(fake("creeping", run), automatic=lambda game: False))
    assert gt.solve(BATTLE).method == "lemke-howson"
    assert gt.solve(BATTLE, method="creeping").method == "creeping"
