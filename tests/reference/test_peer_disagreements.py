"""Every entry of docs/peers.md, reproduced where the peer is installed in the version it names.

Each test asks the peer, proves in Fractions what is true, and holds our own call to that.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gametheory import GameFormatError, InvalidGame, NormalFormGame, load_game, solve
from tests.reference import peers
from tests.reference.peers import Matrices, Pair, installed, limited, quietly, regret, scaled

DOCS = Path(__file__).resolve().parents[2] / "docs" / "peers.md"
SEXES: Matrices = ([[2, 0], [0, 1]], [[1, 0], [0, 2]])
ZEROS: Matrices = ([[0, 0], [0, 0]], [[0, 0], [0, 0]])
PENNIES: Matrices = ([[3, -1], [-2, 4]], [[-3, 1], [2, -4]])
LOPSIDED: Matrices = ([[10**9, 0], [0, 1]], [[1, 0], [0, 10**9]])
DEGENERATE: Matrices = ([[3, 3], [2, 5], [0, 6]], [[3, 3], [2, 6], [3, 1]])
SEGMENT: Matrices = ([[-3, 3], [-3, 5]], [[2, 7], [4, 2]])
ROCKS: Matrices = ([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], [[0, 1, -1], [-1, 0, 1], [1, -1, 0]])
NAN: Matrices = ([[float("nan"), 0], [0, 1]], [[1, 0], [0, 1]])

Reproduction = Callable[[], None]
RECORDED: dict[str, tuple[str, Reproduction]] = {}
VERSIONS = {
    "nashpy": "0.0.43",
    "QuantEcon": "0.11.4",
    "Gambit": "16.7.0",
    "OpenSpiel": "2.0.2",
    "lrsnash": "7.1",
}


def recorded(entry: str) -> Callable[[Reproduction], Reproduction]:
    """Register the reproduction of an entry of docs/peers.md, such as "nashpy 1"."""

    def keep(reproduction: Reproduction) -> Reproduction:
        RECORDED[entry] = (entry.split(maxsplit=1)[0], reproduction)
        return reproduction

    return keep


def all_of_ours(game: Matrices, count: int) -> list[Any]:
    """All our equilibria, as many as there are, every one exact for the independent checker."""
    ours = solve(NormalFormGame.bimatrix(*game), find="all")
    assert ours.complete
    assert ours.status == "certified_exact"
    profiles = [profile.exact for profile in ours.equilibria]
    assert len(set(profiles)) == count
    assert all(regret(game, (list(x), list(y))) == 0 for x, y in profiles)
    return profiles


def one_of_ours(game: Matrices) -> None:
    [certificate] = solve(NormalFormGame.bimatrix(*game)).certificates
    assert certificate.exact


def we_refuse(game: Matrices) -> None:
    with pytest.raises(InvalidGame, match="nan"):
        NormalFormGame.bimatrix(*game)


def ask(question: Callable[[Matrices], list[Pair]], game: Matrices) -> list[Pair]:
    with quietly():
        return question(game)


# --- nashpy ---


@recorded("nashpy 1")
def nashpy_calls_a_regular_game_degenerate() -> None:
    game = ([[0, 7, 1], [4, 1, 8]], [[0, 3, 1], [5, 0, 6]])
    with pytest.warns(RuntimeWarning, match="indicates that the game is degenerate"):
        found = peers.nashpy_supports(game)
    assert len(found) == 2
    all_of_ours(game, 3)
    indices = solve(NormalFormGame.bimatrix(*game), find="all").indices
    assert sorted(indices, key=str) == [-1, 1, 1]  # every equilibrium is regular


@recorded("nashpy 2")
def nashpy_lemke_howson_ends_in_nan() -> None:
    game = (
        [[722, 646, 85, 751], [469, 10, 607, 214], [122, 228, 256, 122], [962, 845, 246, 235]],
        [[101, 315, 813, 884], [479, 14, 237, 411], [997, 932, 714, 669], [749, 330, 241, 779]],
    )
    with quietly():
        first, _ = peers.nashpy(game).lemke_howson(initial_dropped_label=2)
    assert np.isnan(first).all()
    ours = solve(NormalFormGame.bimatrix(*game), method="lemke-howson", label=2)
    assert ours.certificate.exact
    assert regret(game, ([1, 0, 0, 0], [0, 0, 0, 1])) == 0


@recorded("nashpy 3")
def nashpy_supports_of_equal_size_only() -> None:
    assert len(ask(peers.nashpy_supports, DEGENERATE)) == 2
    all_of_ours(DEGENERATE, 3)


@recorded("nashpy 4")
def nashpy_vertices_of_a_continuum() -> None:
    assert ask(peers.nashpy_vertices, SEGMENT) == []
    all_of_ours(SEGMENT, 2)


@recorded("nashpy 5")
def nashpy_vertices_of_constant_payoffs() -> None:
    with pytest.raises(TypeError, match="NoneType"):
        ask(peers.nashpy_vertices, ZEROS)
    all_of_ours(ZEROS, 4)


@recorded("nashpy 6")
def nashpy_vertices_of_shifted_payoffs() -> None:
    game = scaled(SEXES, 1, 10**9)
    assert ask(peers.nashpy_vertices, game) == []
    all_of_ours(game, 3)


@recorded("nashpy 7")
def nashpy_vertices_of_uneven_payoffs() -> None:
    assert len(ask(peers.nashpy_vertices, LOPSIDED)) == 1
    all_of_ours(LOPSIDED, 3)


@recorded("nashpy 8")
def nashpy_program_of_tiny_payoffs() -> None:
    game = scaled(PENNIES, Fraction(1, 10**9))
    [pair] = ask(peers.nashpy_program, game)
    assert regret(game, pair) > Fraction(1, 3 * 10**9)
    assert regret(game, ([Fraction(3, 5), Fraction(2, 5)], [Fraction(1, 2)] * 2)) == 0
    one_of_ours(game)


@recorded("nashpy 9")
def nashpy_takes_nan() -> None:
    assert ask(peers.nashpy_supports, NAN) == []
    we_refuse(NAN)


@recorded("nashpy 10")
def nashpy_lemke_howson_with_one_column() -> None:
    game: Matrices = ([[1], [1], [0]], [[2], [2], [1]])
    ask(peers.nashpy_lemke_howson, SEXES)  # imports
    with pytest.raises(TimeoutError), limited(2):
        ask(peers.nashpy_lemke_howson, game)
    all_of_ours(game, 2)


# --- QuantEcon ---


@recorded("QuantEcon 1")
def quantecon_supports_of_equal_size_only() -> None:
    assert len(ask(peers.quantecon_supports, DEGENERATE)) == 2
    all_of_ours(DEGENERATE, 3)


@recorded("QuantEcon 2")
def quantecon_vertices_of_constant_payoffs() -> None:
    assert len(ask(peers.quantecon_vertices, ZEROS)) == 1
    all_of_ours(ZEROS, 4)


@recorded("QuantEcon 3")
def quantecon_vertices_of_64_actions() -> None:
    rows = [[2, 2], *([0, 0] for _ in range(61))]
    game = (rows, [[1, 0] for _ in range(62)])
    assert ask(peers.quantecon_vertices, game) == []
    smaller = (rows[:60], game[1][:60])
    assert len(ask(peers.quantecon_vertices, smaller)) == 1
    all_of_ours(game, 1)


@recorded("QuantEcon 4")
def quantecon_minmax_of_tiny_payoffs() -> None:
    pytest.importorskip("quantecon")
    from quantecon.optimize import minmax

    game = scaled(PENNIES, Fraction(1, 10**8))
    value, first, second = minmax(np.array([[3e-8, -1e-8], [-2e-8, 4e-8]]))
    assert value == pytest.approx(3e-8, rel=1e-3)
    assert regret(game, (first, second)) > Fraction(3, 10**8)
    [certificate] = solve(NormalFormGame.zero_sum(game[0]), "minimax").certificates
    assert certificate.exact
    assert certificate.payoffs[0] == Fraction(1, 10**8)


@recorded("QuantEcon 5")
def quantecon_pure_equilibria_of_tiny_payoffs() -> None:
    game = scaled(SEXES, Fraction(1, 10**9))
    asked = peers.quantecon(game)
    from quantecon.game_theory import pure_nash_brute

    assert len(pure_nash_brute(asked)) == 4
    assert regret(game, ([1, 0], [0, 1])) > 0
    ours = solve(NormalFormGame.bimatrix(*game), "pure-nash", find="all")
    assert len(ours.equilibria) == 2


@recorded("QuantEcon 6")
def quantecon_dominance_of_tiny_payoffs() -> None:
    undominated = scaled(SEXES, Fraction(1, 10**7))
    assert list(peers.quantecon(undominated).players[0].dominated_actions()) == [1]
    assert undominated[0][1][1] > undominated[0][0][1]  # the best reply to the second column
    ours = solve(NormalFormGame.bimatrix(*undominated), "iterated-dominance").profile
    assert ours.actions == ((0, 1), (0, 1))
    dominated = scaled(([[3, 3], [1, 1]], [[1, 0], [0, 2]]), Fraction(1, 10**9))
    assert list(peers.quantecon(dominated).players[0].dominated_actions()) == []
    ours = solve(NormalFormGame.bimatrix(*dominated), "iterated-dominance").profile
    assert ours.actions == ((0,), (0,))


@recorded("QuantEcon 7")
def quantecon_supports_of_shifted_payoffs() -> None:
    game = scaled(SEXES, 100, 10**17)
    found = ask(peers.quantecon_supports, game)
    assert max(regret(game, pair) for pair in found) > 1
    all_of_ours(game, 3)


@recorded("QuantEcon 8")
def quantecon_takes_nan() -> None:
    [(_, second)] = ask(peers.quantecon_lemke_howson, NAN)
    assert np.isnan(second).all()
    we_refuse(NAN)


@recorded("QuantEcon 9")
def quantecon_lemke_howson_of_shifted_payoffs() -> None:
    game = scaled(([[12, 81], [59, 72]], [[68, 29], [64, 44]]), 1, 10**9)
    [pair] = ask(peers.quantecon_lemke_howson, game)
    assert regret(game, pair) == 20
    assert all_of_ours(game, 1) == [((0, 1), (1, 0))]
    assert solve(NormalFormGame.bimatrix(*game), method="lemke-howson").certificate.exact


# --- Gambit ---


@recorded("Gambit 1")
def gambit_rational_payoffs_of_31_bits() -> None:
    for payoff, found in ((2**31 - 2, 3), (2**31 - 1, 0)):
        game = ([[payoff, 0], [0, 1]], [[1, 0], [0, 1]])
        assert len(ask(peers.gambit_vertices, game)) == found
        all_of_ours(game, 3)


@recorded("Gambit 2")
def gambit_complementarity_of_31_bits() -> None:
    game = ([[2**31 - 1, 0], [0, 1]], [[1, 0], [0, 1]])
    with pytest.raises(RuntimeError, match="out of range"):
        ask(peers.gambit_complementarity, game)
    one_of_ours(game)


@recorded("Gambit 3")
def gambit_newton_on_rock_paper_scissors() -> None:
    found = ask(peers.gambit_newton, ROCKS)
    assert max(regret(ROCKS, pair) for pair in found) > Fraction(99, 100)
    all_of_ours(ROCKS, 1)


@recorded("Gambit 4")
def gambit_newton_on_a_degenerate_game() -> None:
    game = (
        [[2, 1, 0, 0], [2, 1, 2, 1], [1, 0, 1, 1], [2, 0, 0, 1]],
        [[2, 2, 1, 1], [0, 1, 1, 1], [0, 0, 2, 0], [0, 0, 2, 1]],
    )
    found = ask(peers.gambit_newton, game)
    assert float(max(regret(game, pair) for pair in found)) == pytest.approx(1 / 12)
    all_of_ours(game, 6)
    assert solve(NormalFormGame.bimatrix(*game), method="global-newton").certificate.exact


@recorded("Gambit 5")
def gambit_logit_of_large_payoffs() -> None:
    game = scaled(SEXES, 10**9)
    [pair] = ask(peers.gambit_logit, game)
    assert regret(game, pair) > 10**8  # of a range of 2e9; the default maxregret is 1e-8 of it
    ours = solve(NormalFormGame.bimatrix(*game), method="logit-path")
    assert ours.certificate.epsilon <= Fraction(2 * 10**9, 10**6)


@recorded("Gambit 6")
def gambit_float_vertices_of_shifted_payoffs() -> None:
    game = scaled(SEXES, 1, 10**9)
    assert len(ask(peers.gambit_float_vertices, game)) == 1
    assert ask(peers.gambit_float_vertices, scaled(SEXES, 3 * 10**9)) == []
    all_of_ours(game, 3)


@recorded("Gambit 7")
def gambit_float_vertices_of_a_near_tie() -> None:
    game = ([[1, 0], [1 + Fraction(1, 10**12), 0]], [[1, 0], [0, 1]])
    found = ask(peers.gambit_float_vertices, game)
    assert len(found) == 3
    assert max(regret(game, pair) for pair in found) == Fraction(1, 10**12)
    all_of_ours(game, 2)


@recorded("Gambit 8")
def gambit_polymatrix_on_one_action_each() -> None:
    game: Matrices = ([[1]], [[1]])
    with pytest.raises(RuntimeError, match="infinite probabilities"):
        ask(peers.gambit_polymatrix, game)
    all_of_ours(game, 1)


@recorded("Gambit 9")
def gambit_newton_on_a_regular_game() -> None:
    game = ([[229, 183], [218, 614]], [[687, 235], [666, 655]])
    found = ask(peers.gambit_newton, game)
    assert max(regret(game, pair) for pair in found) > Fraction(1, 4)
    all_of_ours(game, 1)
    assert solve(NormalFormGame.bimatrix(*game), find="all").indices == (1,)


def never_answers(solver: str, game: Matrices) -> None:
    """Ask in a process of its own, since nothing else ends compiled code."""
    asks = (
        "import numpy, pygambit\n"
        f"game = pygambit.Game.from_arrays(*map(numpy.array, {game}))\n"
        "print('begins', flush=True)\n"
        f"pygambit.nash.{solver}(game)\n"
    )
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        subprocess.run([sys.executable, "-c", asks], timeout=12, capture_output=True, check=True)
    assert b"begins" in (caught.value.stdout or b"")


@recorded("Gambit 10")
def gambit_polymatrix_without_end() -> None:
    game = ([[0, 2, 1, 2], [2, 1, 0, 0], [0, 2, 0, 2]], [[0, 2, 2, 1], [0, 0, 1, 1], [0, 0, 1, 0]])
    never_answers("ipa_solve", game)
    ours = solve(NormalFormGame.bimatrix(*game), method="iterated-polymatrix")
    assert ours.certificate.exact


@recorded("Gambit 11")
def gambit_newton_without_end() -> None:
    game = (
        [[0, 1, 0, 0], [0, 0, 2, 0], [2, 0, 2, 1], [0, 0, 0, 1]],
        [[0, 0, 1, 1], [1, 1, 2, 0], [1, 2, 0, 2], [2, 2, 1, 1]],
    )
    never_answers("gnm_solve", game)
    ours = solve(NormalFormGame.bimatrix(*game), method="global-newton")
    assert ours.certificate.exact


# --- OpenSpiel ---

FORGETFUL = """EFG 2 R "forgetful" { "1" "2" }
p "" 1 1 "first" { "A" "B" } 0
p "" 1 2 "second" { "a" "b" } 0
t "" 1 "Aa" { 4 -4 }
t "" 2 "Ab" { 1 -1 }
p "" 1 2 "second" { "a" "b" } 0
t "" 3 "Ba" { 0 0 }
p "" 2 1 "reply" { "x" "y" } 0
t "" 4 "Bbx" { 7/2 -7/2 }
t "" 5 "Bby" { 7/2 -7/2 }
"""
DRIVER = """EFG 2 R "driver" { "1" "2" }
p "" 1 1 "road" { "go" "exit" } 0
p "" 1 1 "road" { "go" "exit" } 0
t "" 1 "through" { 1 -1 }
t "" 2 "home" { 4 -4 }
p "" 2 1 "reply" { "x" "y" } 0
t "" 3 "lost" { 0 0 }
t "" 4 "lost too" { 0 0 }
"""


def we_refuse_the_tree(text: str, folder: Path, why: str) -> None:
    file = folder / "game.efg"
    file.write_text(text)
    with pytest.raises(GameFormatError, match=why):
        load_game(str(file))


@recorded("OpenSpiel 1")
def openspiel_nash_conv_of_a_forgetful_player() -> None:
    pyspiel = pytest.importorskip("pyspiel")
    from open_spiel.python.algorithms.exploitability import nash_conv
    from open_spiel.python.policy import TabularPolicy

    game = pyspiel.load_efg_game(FORGETFUL)
    policy = TabularPolicy(game)  # B, then b: 7/2; A, then a, would earn 4
    for row, mask in enumerate(policy.legal_actions_mask):
        policy.action_probability_array[row] = 0
        policy.action_probability_array[row][np.flatnonzero(mask)[1]] = 1
    assert nash_conv(game, policy) == 0


@recorded("OpenSpiel 2")
def openspiel_on_an_absent_minded_player() -> None:
    pyspiel = pytest.importorskip("pyspiel")
    from open_spiel.python.algorithms.exploitability import nash_conv
    from open_spiel.python.policy import UniformRandomPolicy

    game = pyspiel.load_efg_game(DRIVER)
    with pytest.raises(RecursionError):
        nash_conv(game, UniformRandomPolicy(game))


@recorded("OpenSpiel 3")
def openspiel_lemke_howson_is_nashpy_s() -> None:
    game = (
        [[722, 646, 85, 751], [469, 10, 607, 214], [122, 228, 256, 122], [962, 845, 246, 235]],
        [[101, 315, 813, 884], [479, 14, 237, 411], [997, 932, 714, 669], [749, 330, 241, 779]],
    )
    found = ask(peers.openspiel_lemke_howson, game)
    assert sum(bool(np.isnan(first).any()) for first, _ in found) == 1
    all_of_ours(game, 1)


@recorded("OpenSpiel 4")
def openspiel_takes_nan() -> None:
    pyspiel = pytest.importorskip("pyspiel")
    from open_spiel.python.algorithms.exploitability import nash_conv
    from open_spiel.python.policy import UniformRandomPolicy

    game = pyspiel.convert_to_turn_based(pyspiel.create_matrix_game(*NAN))
    assert np.isnan(nash_conv(game, UniformRandomPolicy(game)))
    we_refuse(NAN)


# --- lrsnash ---


@recorded("lrsnash 1")
def lrsnash_integers_of_64_bits() -> None:
    large = 12345678901234567890123
    game: Matrices = ([[large, 0], [0, 1]], [[1, 0], [0, large]])
    mixed = [pair for pair in ask(peers.lrsnash, game) if 0 < pair[0][0] < 1]
    assert mixed == [
        ([1 - Fraction(1, 2**63), Fraction(1, 2**63)], [Fraction(1, 2**63), 1 - Fraction(1, 2**63)])
    ]
    assert regret(game, mixed[0]) > 0
    assert ((1 - Fraction(1, large + 1), Fraction(1, large + 1)),) in {
        profile[:1] for profile in all_of_ours(game, 3)
    }


@recorded("lrsnash 2")
def lrsnash_decimals() -> None:
    game: Matrices = ([[0.5, 0], [0, 1]], [[1, 0], [0, 0.5]])
    found = ask(peers.lrsnash, game)
    assert not any(0 < first[0] < 1 and 0 < second[0] < 1 for first, second in found)
    assert regret(game, ([Fraction(1, 3), Fraction(2, 3)], [Fraction(2, 3), Fraction(1, 3)])) == 0
    all_of_ours(game, 3)


# Tests


@pytest.mark.parametrize("entry", RECORDED)
def test_the_peer_still_says_so(entry: str) -> None:
    peer, reproduction = RECORDED[entry]
    if installed(peer) != VERSIONS[peer]:
        pytest.skip(f"{peer} {VERSIONS[peer]} is not installed")
    reproduction()


def test_trees_without_perfect_recall_are_refused(tmp_path: Path) -> None:
    we_refuse_the_tree(FORGETFUL, tmp_path, "forgets")
    we_refuse_the_tree(DRIVER, tmp_path, "absent-minded")


def test_the_page_lists_what_is_reproduced() -> None:
    page = DOCS.read_text(encoding="utf-8")
    names = "|".join(VERSIONS)
    assert re.findall(rf"^\| ((?:{names}) \d+) \|", page, re.MULTILINE) == list(RECORDED)
    assert dict(re.findall(rf"^## ({names}) (\S+)$", page, re.MULTILINE)) == VERSIONS
