"""Other programs, asked one question each in one form; and what settles a disagreement.

A question returns pairs of strategies, Fractions where the program returns fractions and floats
otherwise. Programs that are not installed are skipped.
"""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.gametheory.fraction_checker import regrets

__all__ = [
    "EVERY",
    "SOME",
    "VALUES",
    "Matrices",
    "Pair",
    "installed",
    "quietly",
    "regret",
    "scaled",
]

Matrices = tuple[Any, Any]  # rows of numbers: ints, floats or Fractions
Pair = tuple[list[Any], list[Any]]

DISTRIBUTIONS = {"nashpy": "nashpy", "QuantEcon": "quantecon", "Gambit": "pygambit"}
DISTRIBUTIONS["OpenSpiel"] = "open-spiel"


def installed(peer: str) -> str:
    """The version that is installed; empty if none is."""
    if peer == "lrsnash":
        return _lrs_version()
    try:
        return importlib.metadata.version(DISTRIBUTIONS[peer])
    except importlib.metadata.PackageNotFoundError:
        return ""


def _lrs_version() -> str:
    if not shutil.which("lrsnash"):
        return ""
    said = _lrsnash_says(([[1]], [[1]]))
    found = re.search(r"lrslib v\.(\d+\.\d+)", said)
    return found.group(1) if found else "unknown"


@contextmanager
def quietly() -> Iterator[None]:
    """Hold back the warnings of programs that are wrong on purpose here."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in a program, written in Python, that does not return."""

    def ring(*_: Any) -> None:
        raise TimeoutError(f"no answer within {seconds} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def scaled(game: Matrices, factor: Any = 1, shift: Any = 0) -> Matrices:
    """The game with every payoff multiplied and shifted, exactly."""
    first, second = (
        [[Fraction(entry) * factor + shift for entry in row] for row in matrix] for matrix in game
    )
    return first, second


def regret(game: Matrices, pair: Pair) -> Fraction:
    """The largest exact regret of a pair of strategies; 0 in an equilibrium."""
    sides = [[Fraction(p) for p in map(_plain, strategy)] for strategy in pair]
    return max(regrets(list(game), sides))


def _plain(number: Any) -> Any:
    return float(number) if isinstance(number, np.floating) else number


def _floats(game: Matrices) -> tuple[np.ndarray, np.ndarray]:
    first, second = (np.array([[float(e) for e in row] for row in m]) for m in game)
    return first, second


# --- nashpy ---


def nashpy(game: Matrices) -> Any:
    return pytest.importorskip("nashpy").Game(*_floats(game))


def nashpy_supports(game: Matrices) -> list[Pair]:
    return list(nashpy(game).support_enumeration())


def nashpy_vertices(game: Matrices) -> list[Pair]:
    return list(nashpy(game).vertex_enumeration())


def nashpy_lemke_howson(game: Matrices) -> list[Pair]:
    return [nashpy(game).lemke_howson(initial_dropped_label=0)]


def nashpy_program(game: Matrices) -> list[Pair]:
    return [nashpy(game).linear_program()]


# --- QuantEcon ---


def quantecon(game: Matrices) -> Any:
    pytest.importorskip("quantecon")
    from quantecon.game_theory import NormalFormGame, Player

    first, second = _floats(game)
    return NormalFormGame((Player(first), Player(np.ascontiguousarray(second.T))))


def quantecon_supports(game: Matrices) -> list[Pair]:
    asked = quantecon(game)
    from quantecon.game_theory import support_enumeration

    return list(support_enumeration(asked))


def quantecon_vertices(game: Matrices) -> list[Pair]:
    asked = quantecon(game)
    from quantecon.game_theory import vertex_enumeration

    return list(vertex_enumeration(asked))


def quantecon_lemke_howson(game: Matrices) -> list[Pair]:
    asked = quantecon(game)
    from quantecon.game_theory import lemke_howson

    return [lemke_howson(asked)]


def quantecon_minmax(game: Matrices) -> list[Pair]:
    pytest.importorskip("quantecon")
    from quantecon.optimize import minmax

    _, first, second = minmax(_floats(game)[0])
    return [(first, second)]


# --- Gambit ---


def gambit(game: Matrices) -> Any:
    first, second = (
        np.array([[Fraction(e) for e in row] for row in m], dtype=object) for m in game
    )
    return pytest.importorskip("pygambit").Game.from_arrays(first, second)


def _gambit_pairs(result: Any) -> list[Pair]:
    def number(probability: Any) -> Any:
        return probability if isinstance(probability, float) else Fraction(str(probability))

    pairs = []
    for profile in result.equilibria:
        sides = [[number(profile[s]) for s in p.strategies] for p in profile.game.players]
        pairs.append((sides[0], sides[1]))
    return pairs


def gambit_vertices(game: Matrices) -> list[Pair]:
    asked = gambit(game)
    from pygambit.nash import enummixed_solve

    return _gambit_pairs(enummixed_solve(asked, rational=True))


def gambit_float_vertices(game: Matrices) -> list[Pair]:
    asked = gambit(game)
    from pygambit.nash import enummixed_solve

    return _gambit_pairs(enummixed_solve(asked, rational=False))


def gambit_complementarity(game: Matrices) -> list[Pair]:
    asked = gambit(game)
    from pygambit.nash import lcp_solve

    return _gambit_pairs(lcp_solve(asked, rational=True))


def gambit_newton(game: Matrices) -> list[Pair]:
    asked = gambit(game)
    from pygambit.nash import gnm_solve

    return _gambit_pairs(gnm_solve(asked))


def gambit_polymatrix(game: Matrices) -> list[Pair]:
    asked = gambit(game)
    from pygambit.nash import ipa_solve

    return _gambit_pairs(ipa_solve(asked))


def gambit_logit(game: Matrices) -> list[Pair]:
    asked = gambit(game)
    from pygambit.nash import logit_solve

    return _gambit_pairs(logit_solve(asked))


def gambit_program(game: Matrices) -> list[Pair]:
    asked = gambit(game)
    from pygambit.nash import lp_solve

    return _gambit_pairs(lp_solve(asked, rational=True))


# --- OpenSpiel ---


def openspiel_lemke_howson(game: Matrices) -> list[Pair]:
    pytest.importorskip("open_spiel.python.algorithms.matrix_nash")
    from open_spiel.python.algorithms.matrix_nash import lemke_howson_solve

    return list(lemke_howson_solve(*_floats(game)))


# --- lrsnash ---


def _lrsnash_says(game: Matrices) -> str:
    if not shutil.which("lrsnash"):
        pytest.skip("lrsnash is not installed")
    lines = [f"{len(game[0])} {len(game[0][0])}"]
    for matrix in game:
        lines += ["", *(" ".join(str(entry) for entry in row) for row in matrix)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "game"
        file.write_text("\n".join(lines) + "\n")
        done = subprocess.run(
            ["lrsnash", str(file)], capture_output=True, text=True, check=False, cwd=folder
        )
    return done.stdout


def lrsnash(game: Matrices) -> list[Pair]:
    rows, columns = len(game[0]), len(game[0][0])
    pairs: list[Pair] = []
    replies: list[list[Fraction]] = []
    for line in _lrsnash_says(game).splitlines():  # player 2's strategies, then player 1's
        words = line.split()
        if len(words) > 1 and words[0] == "2":
            replies.append([Fraction(word) for word in words[1 : columns + 1]])
        elif len(words) > 1 and words[0] == "1":
            first = [Fraction(word) for word in words[1 : rows + 1]]
            pairs += [(first, reply) for reply in replies]
            replies = []
    return pairs


Question = Callable[[Matrices], list[Pair]]
# Those that promise every equilibrium, at least of nondegenerate games.
EVERY: dict[str, Question] = {
    "nashpy support enumeration": nashpy_supports,
    "nashpy vertex enumeration": nashpy_vertices,
    "QuantEcon support enumeration": quantecon_supports,
    "QuantEcon vertex enumeration": quantecon_vertices,
    "Gambit enummixed, rational": gambit_vertices,
    "Gambit enummixed, float": gambit_float_vertices,
    "lrsnash": lrsnash,
}
# Those that promise at least one.
SOME: dict[str, Question] = {
    "nashpy Lemke-Howson": nashpy_lemke_howson,
    "QuantEcon Lemke-Howson": quantecon_lemke_howson,
    "Gambit lcp, rational": gambit_complementarity,
    "Gambit gnm": gambit_newton,
    "Gambit ipa": gambit_polymatrix,
    "Gambit logit": gambit_logit,
    "OpenSpiel Lemke-Howson": openspiel_lemke_howson,
}
# Those for zero-sum games.
VALUES: dict[str, Question] = {
    "nashpy linear program": nashpy_program,
    "QuantEcon minmax": quantecon_minmax,
    "Gambit lp, rational": gambit_program,
}
