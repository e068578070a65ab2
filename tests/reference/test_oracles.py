"""Every installed peer against ours on the same random games; Fractions settle who is right.

Ours must be right everywhere: each of our equilibria is exact for a checker that shares no code
with the package, and whatever a peer finds that is an equilibrium lies in the set that we found.
A peer may be wrong; how often is counted, and printed by ``pytest -m slow -s``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gametheory import (
    BehaviorProfile,
    ExtensiveFormGame,
    MixedProfile,
    NormalFormGame,
    Solution,
    save_game,
    solve,
    verify,
)
from tests.gametheory.plain_trees import choices_of, irregular_tree, payoffs, pure_choices
from tests.reference.literature import entries
from tests.reference.peers import (
    EVERY,
    SOME,
    VALUES,
    Matrices,
    Pair,
    installed,
    limited,
    quietly,
    regret,
    scaled,
)

TreeQuestion = Callable[[ExtensiveFormGame, Path], None]
NEAR = Fraction(1, 10**7)  # of the payoff range: ten times what the loosest peer promises
PENNIES: Matrices = ([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
PATIENCE = 1.0  # seconds for a peer that answers such games in milliseconds
CLOSE = 1e-6  # of a probability: float strategies that mean the same equilibrium


# Families of games, each a seeded draw


def generic(rng: np.random.Generator) -> Matrices:
    return _pair(rng, 1_000)


def degenerate(rng: np.random.Generator) -> Matrices:
    return _pair(rng, 3)


def tiny(rng: np.random.Generator) -> Matrices:
    return scaled(_pair(rng, 100), Fraction(1, 10**9))


def shifted(rng: np.random.Generator) -> Matrices:
    return scaled(_pair(rng, 100), 1, 10**9)


def huge(rng: np.random.Generator) -> Matrices:
    return scaled(_pair(rng, 100), 10**9)


def lopsided(rng: np.random.Generator) -> Matrices:
    """Payoffs of very different sizes in one game."""
    first, second = _pair(rng, 100)
    powers = rng.integers(0, 10, (2, len(first), len(first[0]))).tolist()
    rescaled = [
        [[e * 10**p for e, p in zip(*rows, strict=True)] for rows in zip(m, ps, strict=True)]
        for m, ps in zip((first, second), powers, strict=True)
    ]
    return rescaled[0], rescaled[1]


def _pair(rng: np.random.Generator, highest: int) -> Matrices:
    first, second = rng.integers(0, highest, (2, *rng.integers(2, 5, 2))).tolist()
    return first, second


FAMILIES = {f.__name__: f for f in (generic, degenerate, tiny, shifted, huge, lopsided)}


def games(family: str, count: int) -> list[Matrices]:
    root = np.random.SeedSequence([20, *family.encode()])
    return [FAMILIES[family](np.random.default_rng(seed)) for seed in root.spawn(count)]


# Settling


def payoff_range(game: Matrices) -> Fraction:
    spans = []
    for matrix in game:
        entries = [Fraction(entry) for row in matrix for entry in row]
        spans.append(max(entries) - min(entries))
    return max(spans)


def solved(game: Matrices) -> Solution:
    """Our complete answer, every equilibrium of it proven by the independent checker."""
    ours = solve(NormalFormGame.bimatrix(*game), find="all")
    assert ours.complete
    for profile in ours.equilibria:
        assert regret(game, [list(s) for s in profile.exact]) == 0
    return ours


def settle(game: Matrices, ours: Solution, theirs: list[Pair] | Exception, every: bool) -> str:
    """Say how a peer's answer compares; fails only if it shows that ours is wrong."""
    if isinstance(theirs, Exception):
        return "no answer" if isinstance(theirs, TimeoutError) else "error"
    wrong = False
    for pair in theirs:
        if not is_profile(pair) or regret(game, pair) > NEAR * payoff_range(game):
            wrong = True
        else:
            check_known(game, ours, pair)
    if wrong:
        return "not an equilibrium"
    if not theirs:
        return "empty"
    missing = [p for p in ours.equilibria if not any(same(p.exact, pair) for pair in theirs)]
    if every and missing:
        return "equilibria missing" if None in ours.indices else "regular equilibria missing"
    return "agrees"


def is_profile(pair: Pair) -> bool:
    floats = [np.array(strategy, dtype=float) for strategy in pair]
    return all(np.all(s >= -CLOSE) and abs(s.sum() - 1) < CLOSE for s in floats)


def same(mine: Any, pair: Pair) -> bool:
    return all(
        np.allclose(np.array(m, dtype=float), np.array(t, dtype=float), rtol=0, atol=CLOSE)
        for m, t in zip(mine, pair, strict=True)
    )


def check_known(game: Matrices, ours: Solution, pair: Pair) -> None:
    """What a peer found is, exactly, one of ours, if it is an equilibrium or stands for one."""
    if any(same(profile.exact, pair) for profile in ours.equilibria):
        return
    exact = [[p if isinstance(p, Fraction) else Fraction(float(p)) for p in s] for s in pair]
    weights = [[max(p, Fraction(0)) for p in strategy] for strategy in exact]
    profile = MixedProfile([[w / sum(strategy) for w in strategy] for strategy in weights])
    certificate = verify(NormalFormGame.bimatrix(*game), profile)
    if not certificate.exact and certificate.nearby is None:
        return  # a small regret, yet no equilibrium is near: nothing is missing
    true = profile if certificate.exact else certificate.nearby.profile
    if true is not None and regret(game, [list(s) for s in true.exact]) == 0:
        assert any(component.contains(true) for component in ours.components), (game, pair)


def ask(question: Callable[[Matrices], list[Pair]], game: Matrices) -> list[Pair] | Exception:
    try:
        with quietly(), limited(60 if game is PENNIES else PATIENCE):
            return question(game)
    except Exception as error:  # a peer's error is an answer like others
        return error


def tally(name: str, drawn: list[Matrices], answers: list[Solution]) -> Counter[str]:
    """How a peer's answers to all games compare."""
    question = (EVERY | SOME)[name]
    if not installed(name.split(maxsplit=1)[0]):
        pytest.skip(f"{name.split(maxsplit=1)[0]} is not installed")
    ask(question, PENNIES)  # imports and compiles
    return Counter(
        settle(game, ours, ask(question, game), every=name in EVERY)
        for game, ours in zip(drawn, answers, strict=True)
    )


# Tests


# Nothing interrupts compiled code, and these may go on for ever in a degenerate game.
UNENDING = {"Gambit gnm", "Gambit ipa"}
EXACT = {"Gambit enummixed, rational", "Gambit lcp, rational", "lrsnash"}


@pytest.mark.parametrize("name", EVERY | SOME)
def test_a_peer_agrees_on_games_in_general_position(name: str) -> None:
    """Integers from 0 to 999: exact peers always, floating-point ones mostly (docs/peers.md)."""
    drawn = games("generic", 12)
    counted = tally(name, drawn, [solved(game) for game in drawn])
    assert counted["agrees"] >= (len(drawn) if name in EXACT else len(drawn) / 2), counted


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "generic"])
def test_no_peer_finds_what_we_miss(family: str) -> None:
    drawn = games(family, 8)
    answers = [solved(game) for game in drawn]
    asked = [n for n in EVERY | SOME if n not in UNENDING and installed(n.split()[0])]
    counted = {name: tally(name, drawn, answers) for name in asked}
    assert all(sum(counts.values()) == len(drawn) for counts in counted.values())


@pytest.mark.parametrize("name", VALUES)
def test_values_of_zero_sum_games(name: str) -> None:
    if not installed(name.split(maxsplit=1)[0]):
        pytest.skip(f"{name.split(maxsplit=1)[0]} is not installed")
    for first, _ in games("generic", 12):
        game = (first, [[-entry for entry in row] for row in first])
        ours = solve(NormalFormGame.zero_sum(first), "minimax").certificate
        assert ours.exact
        answer = ask(VALUES[name], game)
        assert not isinstance(answer, Exception)
        for pair in answer:
            assert regret(game, pair) <= NEAR * payoff_range(game)


def test_games_of_the_literature() -> None:
    """Exact peers return the very equilibria that are published, in fractions."""
    names = [
        name for name in ("Gambit enummixed, rational", "lrsnash") if installed(name.split()[0])
    ]
    if not names:
        pytest.skip("neither Gambit nor lrsnash is installed")
    compared = 0
    for entry in entries():
        game = entry.game if "refused" not in entry.data else None
        if not isinstance(game, NormalFormGame) or game.n_players != 2:
            continue
        matrices = (game.exact_payoffs[0].tolist(), game.exact_payoffs[1].tolist())
        ours = {p.exact for p in solved(matrices).equilibria}
        for name in names:
            theirs = {tuple(map(tuple, pair)) for pair in EVERY[name](matrices)}
            assert theirs == ours, entry.name
            compared += 1
    assert compared >= 50


def random_trees(count: int) -> list[ExtensiveFormGame]:
    """Trees of two players with chance, imperfect information and at most twelve choices."""
    drawn = (irregular_tree(seed, n_players=2, n_inner=12) for seed in range(count))
    return [tree for tree in drawn if min(tree.n_infosets) > 0]


def plain_regrets(tree: ExtensiveFormGame, profile: BehaviorProfile) -> list[Fraction]:
    """What each player gains by its best deviation, every pure one tried in Fractions."""
    behavior = choices_of(tree, profile)
    now = payoffs(tree, behavior)
    best = []
    for player in range(tree.n_players):
        own = np.flatnonzero(tree.infoset_player == player).tolist()
        tried = (payoffs(tree, behavior | other)[player] for other in pure_choices(tree, own))
        best.append(max(tried) - now[player])
    return best


def compare_trees(trees: list[ExtensiveFormGame], folder: Path, ask_peer: TreeQuestion) -> int:
    """Hold a peer's figure against ours on each tree; returns how many it answered."""
    for tree in trees:
        ask_peer(tree, save_game(tree, folder / "tree.efg"))
    return len(trees)


def openspiel_nash_conv(tree: ExtensiveFormGame, file: Path) -> None:
    import pyspiel
    from open_spiel.python.algorithms.exploitability import nash_conv
    from open_spiel.python.policy import UniformRandomPolicy

    theirs = pyspiel.load_game(f"efg_game(filename={file})")
    uniform = BehaviorProfile.uniform(tree)
    plain = sum(plain_regrets(tree, uniform))
    assert sum(verify(tree, uniform).regrets) == plain
    assert nash_conv(theirs, UniformRandomPolicy(theirs)) == pytest.approx(float(plain), abs=1e-9)


def gambit_lemke(tree: ExtensiveFormGame, file: Path) -> None:
    import pygambit

    theirs = pygambit.read_efg(str(file))
    for found in pygambit.nash.lcp_solve(theirs, rational=True).equilibria:
        chosen = {
            infoset.label: {a.label: Fraction(str(found[a])) for a in infoset.actions}
            for player in theirs.players
            for infoset in player.infosets
        }
        assert set(plain_regrets(tree, BehaviorProfile.from_mapping(tree, chosen))) == {0}
    ours = solve(tree)
    assert ours.certificate.exact
    assert set(plain_regrets(tree, ours.profile)) == {0}


def test_trees_in_openspiel(tmp_path: Path) -> None:
    pytest.importorskip("pyspiel")
    assert compare_trees(random_trees(30), tmp_path, openspiel_nash_conv) >= 20


def test_trees_in_gambit(tmp_path: Path) -> None:
    pytest.importorskip("pygambit")
    assert compare_trees(random_trees(30), tmp_path, gambit_lemke) >= 20


@pytest.mark.slow
@pytest.mark.parametrize("question", [openspiel_nash_conv, gambit_lemke])
def test_many_trees(question: TreeQuestion, tmp_path: Path) -> None:
    pytest.importorskip("pyspiel" if question is openspiel_nash_conv else "pygambit")
    assert compare_trees(random_trees(500), tmp_path, question) >= 400


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_many_games(family: str, capsys: pytest.CaptureFixture[str]) -> None:
    drawn = games(family, 200)
    answers = [solved(game) for game in drawn]
    for name in EVERY | SOME:
        if installed(name.split()[0]) and (name not in UNENDING or family == "generic"):
            counted = tally(name, drawn, answers)
            assert sum(counted.values()) == len(drawn)
            with capsys.disabled():
                print(f"\n{family:10} {name:30} {dict(counted.most_common())}", end="")
