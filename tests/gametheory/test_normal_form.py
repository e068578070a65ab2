"""Normal-form games: what goes in comes out exactly, and what is no game is refused."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import nashpy
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gametheory.errors import InvalidGame, InvalidProfile, UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile

PENNIES = NormalFormGame.zero_sum([[1, -1], [-1, 1]])


def tensors(elements: st.SearchStrategy[Any], dtype: Any = np.float64) -> st.SearchStrategy[Any]:
    """Payoff tensors of one to three players."""
    shapes = array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3)
    return shapes.flatmap(lambda shape: arrays(dtype, (len(shape), *shape), elements=elements))


finite = st.floats(allow_nan=False, allow_infinity=False)
rational = st.one_of(
    finite, st.integers(-(10**30), 10**30), st.fractions(min_value=-(10**9), max_value=10**9)
)


def profile_of(game: NormalFormGame, seed: int) -> MixedProfile:
    rng = np.random.default_rng(seed)
    return MixedProfile([rng.dirichlet(np.ones(size)) for size in game.n_actions])


@given(tensors(rational, object))
def test_every_number_stays_exact(payoffs: Any) -> None:
    game = NormalFormGame(payoffs)
    for given_entry, exact, rounded in zip(
        payoffs.flat, game.exact_payoffs.flat, game.payoffs.flat, strict=True
    ):
        assert exact == Fraction(given_entry)
        assert rounded == float(exact)
    assert game.payoffs_are_exact == all(
        Fraction(x) == y for x, y in zip(game.payoffs.flat, game.exact_payoffs.flat, strict=True)
    )


@pytest.mark.parametrize(
    ("entry", "exact"),
    [
        ("1/3", Fraction(1, 3)),
        ("0.1", Fraction(1, 10)),
        (Decimal("0.1"), Fraction(1, 10)),
        (0.1, Fraction(0.1)),
        (2**53 + 1, Fraction(2**53 + 1)),
        (np.int64(2**62 + 1), Fraction(2**62 + 1)),
        (np.float32(0.1), Fraction(float(np.float32(0.1)))),
        (True, Fraction(1)),
    ],
)
def test_numbers_are_read_as_people_mean_them(entry: Any, exact: Fraction) -> None:
    assert NormalFormGame([[entry, 0.5]]).exact_payoffs[0, 0] == exact


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64, np.float32, np.bool_])
def test_numpy_arrays_of_any_kind(dtype: Any) -> None:
    array = np.array([[1, 0], [0, 1]], dtype=dtype)
    game = NormalFormGame.zero_sum(array)
    assert game.payoffs[1].tolist() == [[-1.0, 0.0], [0.0, -1.0]]
    assert game.is_zero_sum()


def test_large_integers_next_to_floats_are_not_rounded() -> None:
    game = NormalFormGame.zero_sum([[2**63, 0.5], [-1, -(2**63)]])
    assert game.exact_payoffs[1, 0, 0] == -(2**63)
    assert NormalFormGame([np.array([2**60 + 1, 0])]).exact_payoffs[0, 0] == 2**60 + 1


BAD: list[tuple[Callable[[], Any], tuple[str, ...]]] = [
    (lambda: NormalFormGame([[[1, 2], [3]], [[1, 2], [3, 4]]]), ("ragged", "payoffs[0, 1]")),
    (lambda: NormalFormGame([[[1, 2]], [[1, [2]]]]), ("ragged", "payoffs[1, 0, 1]")),
    (lambda: NormalFormGame([]), ("no player", "m_1, ..., m_n")),
    (lambda: NormalFormGame(5), ("no player",)),
    (lambda: NormalFormGame([[]]), ("player 0 has no action",)),
    (lambda: NormalFormGame(np.zeros((2, 2, 0))), ("player 1 has no action", "(2, 2, 0)")),
    (lambda: NormalFormGame([[1, 2], [3, 4]]), ("1 axes", "2 players", "bimatrix")),
    (lambda: NormalFormGame([[1, 1j]]), ("1j is complex", "payoffs[0, 1]")),
    (lambda: NormalFormGame([[1, float("nan")]]), ("nan", "not finite", "payoffs[0, 1]")),
    (lambda: NormalFormGame(np.array([[1, np.inf]])), ("inf", "not finite", "payoffs[0, 1]")),
    (lambda: NormalFormGame([["a"]]), ("'a' is not a number", "payoffs[0, 0]", "'1/3'")),
    (lambda: NormalFormGame([[None, 1]]), ("None is not a number", "payoffs[0, 0]")),
    (lambda: NormalFormGame([["1/0"]]), ("divides by zero", "payoffs[0, 0]")),
    (lambda: NormalFormGame([["1e999999999"]]), ("not a number", "payoffs[0, 0]")),
    (lambda: NormalFormGame([[10**400]]), ("too large", "payoffs[0, 0]", "rescale")),
    (lambda: NormalFormGame(np.ma.array([[1, 2]], mask=[[0, 1]])), ("masked", "payoffs[0, 1]")),
    (lambda: NormalFormGame([[1, 2]], players=["a", "b"]), ("2 labels", "1 players", "players")),
    (lambda: NormalFormGame([[1, 2]], players="a"), ("one string", "players")),
    (lambda: NormalFormGame([[1, 2]], actions=[["x"]]), ("1 labels for the 2", "actions[0]")),
    (
        lambda: NormalFormGame([[1, 2]], actions=[["x", "x"]]),
        ("'x' is used twice", "actions[0][1]"),
    ),
    (lambda: NormalFormGame([[1, 2]], actions=[["x", "y"]] * 2), ("of 1 players", "actions")),
    (lambda: NormalFormGame.bimatrix([[1]], [[1, 2]]), ("(1, 1)", "(1, 2)", "where: B")),
    (lambda: NormalFormGame.bimatrix([1, 2], [1, 2]), ("A has shape (2,)", "matrix")),
    (lambda: NormalFormGame.zero_sum([[1, np.nan]]), ("not finite", "A[0, 1]")),
    (lambda: NormalFormGame.symmetric([[1, 2]]), ("(1, 2)", "square")),
    (lambda: NormalFormGame.from_function(lambda a: [1], (2, 2)), ("1 payoffs for 2", "f((0, 0))")),
    (lambda: NormalFormGame.from_function(lambda a: [1], (0,)), ("0 actions", "n_actions[0]")),
    (lambda: NormalFormGame.from_function(lambda a: [], ()), ("no player", "n_actions")),
    (lambda: NormalFormGame.from_nashpy(3), ("int", "nashpy.Game")),
]


@pytest.mark.parametrize(("build", "words"), BAD)
def test_what_is_no_game_is_refused_with_its_place(
    build: Callable[[], Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidGame) as caught:
        build()
    for word in words:
        assert word in str(caught.value)


def test_one_player_and_one_action() -> None:
    game = NormalFormGame([[7]])
    assert (game.n_players, game.n_actions) == (1, (1,))
    assert game.expected_payoffs(MixedProfile([[1]])).tolist() == [7.0]
    assert game.deviation_payoffs(MixedProfile([[1]]), 0).tolist() == [7.0]
    assert game.is_symmetric()
    assert game.is_constant_sum()


def test_a_game_cannot_be_changed() -> None:
    source = np.array([[1.0, 2.0]])
    game = NormalFormGame(source)
    source[0, 0] = 9
    assert game.payoffs[0, 0] == 1
    for array in (game.payoffs, game.exact_payoffs, game.deviation_payoffs):
        if isinstance(array, np.ndarray):
            with pytest.raises(ValueError, match="read-only"):
                array[0, 0] = 9
    with pytest.raises(AttributeError):
        game.title = "other"  # type: ignore[misc]
    game.deviation_payoffs(MixedProfile([[1, 0]]), 0)[0] = 9
    assert game.payoffs[0, 0] == 1


def test_equality_is_by_content() -> None:
    same = NormalFormGame.zero_sum(np.array([[1.0, -1.0], [-1.0, 1.0]]), title="another name")
    assert same == PENNIES
    assert hash(same) == hash(PENNIES)
    assert same.digest == PENNIES.digest
    assert NormalFormGame([[0.0]]) == NormalFormGame([[-0.0]]) == NormalFormGame([["0/5"]])
    assert NormalFormGame([["1/3"]]) != NormalFormGame([[1 / 3]])
    assert NormalFormGame([[1]], players=["x"]) != NormalFormGame([[1]])
    assert PENNIES != "matching pennies"


def test_digests_do_not_change_between_releases() -> None:
    assert PENNIES.digest[:16] == "8807990d16ed6ec4"


@given(tensors(rational, object))
def test_copies_are_equal_and_read_only(payoffs: Any) -> None:
    game = NormalFormGame(payoffs, title="x")
    for twin in (pickle.loads(pickle.dumps(game)), copy.deepcopy(game)):
        assert twin == game
        assert twin.title == "x"
        assert not twin.payoffs.flags.writeable


@given(tensors(st.floats(-100, 100)), st.integers(0, 10**6))
def test_expected_payoffs_are_the_sum_over_joint_actions(payoffs: Any, seed: int) -> None:
    game = NormalFormGame(payoffs)
    profile = profile_of(game, seed)
    expected = np.zeros(game.n_players)
    for joint_action in np.ndindex(*game.n_actions):
        probability = np.prod([profile[i][a] for i, a in enumerate(joint_action)])
        expected += probability * game.payoffs[(slice(None), *joint_action)]
    np.testing.assert_allclose(game.expected_payoffs(profile), expected, atol=1e-10)
    for player in range(game.n_players):
        deviation = game.deviation_payoffs(profile, player)
        assert deviation.shape == (game.n_actions[player],)
        np.testing.assert_allclose(deviation @ profile[player], expected[player], atol=1e-10)


def test_a_profile_of_another_game_is_refused() -> None:
    for profile in ([[1, 0], [1, 0]], MixedProfile([[1]]), MixedProfile([[1], [1]]), None):
        with pytest.raises(InvalidProfile):
            PENNIES.expected_payoffs(profile)  # type: ignore[arg-type]
    with pytest.raises(InvalidProfile, match=r"no player 2.*0 to 1"):
        PENNIES.deviation_payoffs(MixedProfile.uniform(PENNIES), 2)


@given(arrays(np.float64, (3, 4), elements=finite), finite)
def test_constant_sums_are_recognized_exactly(matrix: Any, constant: float) -> None:
    exact = [[Fraction(constant) - Fraction(x) for x in row] for row in matrix.tolist()]
    try:
        game = NormalFormGame.bimatrix(matrix, exact)
    except InvalidGame as error:
        assert "too large" in str(error)
        return
    assert game.constant_sum == Fraction(constant)
    assert game.is_zero_sum() == (constant == 0)


@given(tensors(st.floats(-1, 1)))
def test_constant_sum_agrees_with_rational_sums(payoffs: Any) -> None:
    game = NormalFormGame(payoffs)
    sums = {sum(map(Fraction, column)) for column in payoffs.reshape(len(payoffs), -1).T.tolist()}
    assert game.is_constant_sum() == (len(sums) == 1)


def test_a_sum_that_is_constant_only_in_rounding_is_not_constant() -> None:
    game = NormalFormGame.bimatrix([[0.1, 0.2]], [[0.2, 0.1 + 1e-18]])
    tiny = NormalFormGame.bimatrix([[1.0, 1e-20]], [[0.0, 1.0]])
    assert game.is_constant_sum()  # 0.1 + 1e-18 is 0.1
    assert not tiny.is_constant_sum()  # though 1e-20 + 1.0 rounds to 1.0
    assert NormalFormGame.bimatrix([[1e308]], [[1e308]]).constant_sum == 2 * Fraction(1e308)


def test_three_players_can_be_constant_sum_and_symmetric() -> None:
    game = NormalFormGame.from_function(
        lambda a: [Fraction(3 * own - sum(a), 7) + 1 for own in a], (2, 2, 2)
    )
    assert game.constant_sum == 3
    assert not game.is_zero_sum()
    assert game.is_symmetric()
    other = NormalFormGame.from_function(lambda a: [a[1], a[2], a[0]], (2, 2, 2))
    assert not other.is_symmetric()


@given(arrays(np.int64, (3, 3), elements=st.integers(-5, 5)))
def test_symmetric_games_are_symmetric(matrix: Any) -> None:
    assert NormalFormGame.symmetric(matrix).is_symmetric()
    assert NormalFormGame.zero_sum(matrix).is_symmetric() == (matrix == -matrix.T).all()


def test_unequal_action_counts_are_never_symmetric() -> None:
    assert not NormalFormGame.zero_sum([[1, 2]]).is_symmetric()


def test_nashpy_and_back() -> None:
    game = NormalFormGame.bimatrix([[3, 0], [5, 1]], [[3, 5], [0, 1]])
    assert NormalFormGame.from_nashpy(game.to_nashpy()) == game
    assert NormalFormGame.from_nashpy(nashpy.Game(np.eye(2))).is_zero_sum()
    with pytest.raises(UnsupportedGame, match="1 players"):
        NormalFormGame([[1]]).to_nashpy()


def test_tables_escape_what_people_wrote() -> None:
    game = NormalFormGame.bimatrix(
        [["1/3", 2]], [[2**70, 0.5]], actions=[["<b>"], ["x & y", "z"]], title="<script>"
    )
    html = game._repr_html_()
    assert "<script>" not in html
    assert "&lt;b&gt;" in html
    assert "x &amp; y" in html
    assert f"<u>1/3</u>, <u>{2**70}</u>" in html
    assert "<b>" in str(game)
    assert repr(game) == "<NormalFormGame '<script>', n_actions=(1, 2)>"


def test_large_games_are_not_printed_in_full() -> None:
    for game in (
        NormalFormGame.zero_sum(np.zeros((100, 100))),
        NormalFormGame(np.zeros((3, 10, 10, 10))),
    ):
        assert len(str(game)) < 200
        assert len(game._repr_html_()) < 200
