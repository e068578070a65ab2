"""Learning in rounds against peers on the same games, in one process.

Run with ``python benchmarks/dynamics.py [part ...] [--repeats N]``; the parts are
fictitious-play, regret-matching and all. Peers that are not installed are left out:
``pip install quantecon nashpy open-spiel``.

Every figure is the time of a million rounds on a random game, in seconds: the median over the
games of the best of a few warm runs. Slow peers play fewer rounds, and their time is scaled up.
The first call, with whatever is compiled, is timed apart and not scaled. Ours keeps records, with
averages, regrets and gaps, of 200 rounds; peers keep what they keep.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

import gametheory as gt
from gametheory.dynamics import dynamics, simulate

MILLION = 1_000_000


class Contender(NamedTuple):
    """Somebody who can play a number of rounds.

    Attributes
    ----------
    play : callable
        ``play(rounds)``.
    rounds : int
        How many are timed.
    """

    play: Callable[[int], Any]
    rounds: int


def main() -> None:
    """Run the parts that were named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--repeats", type=int, default=3, help="warm runs of each contender")
    chosen = parser.parse_args()
    for part in chosen.parts or PARTS:
        if part not in PARTS:
            parser.error(f"unknown part {part!r}: one of {', '.join(PARTS)}")
        PARTS[part](chosen.repeats)


def compare(title: str, contests: Sequence[dict[str, Contender]], repeats: int) -> None:
    """Print a row a contender: seconds for a million rounds, ratio to the first, first call.

    Parameters
    ----------
    title : str
    contests : sequence of dict
        One a game, ours named first.
    repeats : int
        Warm runs of each contender; they take turns, so that a busy moment hits all of them.
    """
    names = list(contests[0])
    first = {name: seconds(contests[0][name], 1) for name in names}
    best: dict[str, list[float]] = {name: [] for name in names}
    for contest in contests:
        runs: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(repeats):
            for name, contender in contest.items():
                spent = seconds(contender, contender.rounds)
                runs[name].append(spent * MILLION / contender.rounds)
        for name in names:
            best[name].append(min(runs[name]))
    print(f"\n{title} ({len(contests)} games)")
    print(f"  {'':32}{'seconds':>12}{'of ours':>10}{'first call':>12}")
    ours = statistics.median(best[names[0]])
    for name in names:
        median = statistics.median(best[name])
        print(f"  {name:32}{median:12.3g}{median / ours:10.3g}{first[name]:12.3g}")


def seconds(contender: Contender, rounds: int) -> float:
    """Time one run."""
    started = time.perf_counter()
    contender.play(rounds)
    return time.perf_counter() - started


def installed(*packages: str) -> bool:
    """Whether all of these packages can be imported."""
    return all(importlib.util.find_spec(package) is not None for package in packages)


def ours(game: gt.NormalFormGame, name: str, **options: Any) -> Contender:
    """Follow a dynamic of this library."""
    return Contender(lambda rounds: simulate(game, name, rounds=rounds, **options), MILLION)


def random_payoffs(n: int, count: int) -> list[np.ndarray]:
    """Draw the payoffs of bimatrix games."""
    seeds = np.random.SeedSequence(n).spawn(count)
    return [np.random.default_rng(seed).normal(size=(2, n, n)) for seed in seeds]


def fictitious_play(repeats: int) -> None:
    """Simultaneous best responses to what was played: ours, QuantEcon, nashpy."""
    for n, count in ((3, 3), (10, 3), (100, 2)):
        contests = []
        for payoffs in random_payoffs(n, count):
            A, B = payoffs
            contest = {"ours": ours(gt.NormalFormGame(payoffs), "fictitious-play")}
            if installed("quantecon"):
                from quantecon.game_theory import FictitiousPlay, NormalFormGame, Player

                peer = FictitiousPlay(
                    NormalFormGame([Player(A), Player(np.ascontiguousarray(B.T))])
                )
                contest["quantecon FictitiousPlay"] = Contender(
                    lambda rounds, peer=peer: peer.play(num_reps=rounds), 20_000
                )
            if installed("nashpy"):
                import nashpy

                bimatrix = nashpy.Game(A, B)
                contest["nashpy fictitious_play"] = Contender(
                    lambda rounds, bimatrix=bimatrix: list(bimatrix.fictitious_play(rounds)),
                    20_000,
                )
            contests.append(contest)
        compare(f"fictitious play {n} x {n}, normal payoffs, a million rounds", contests, repeats)


def regret_matching(repeats: int) -> None:
    """Regret matching in expected payoffs: ours, and NumPy and OpenSpiel one round at a time."""
    for n, count in ((3, 3), (10, 3), (100, 2)):
        contests = []
        for payoffs in random_payoffs(n, count):
            game = gt.NormalFormGame(payoffs)
            contest = {
                "ours": ours(game, "regret-matching"),
                "ours, sampled": ours(game, "regret-matching", play="sampled"),
                "numpy": Contender(
                    lambda rounds, payoffs=payoffs: numpy_regret_matching(*payoffs, rounds), 20_000
                ),
            }
            if installed("open_spiel"):
                contest["open_spiel regret_matching"] = Contender(
                    lambda rounds, payoffs=payoffs: openspiel_regret_matching(payoffs, rounds),
                    2_000,
                )
            contests.append(contest)
        compare(f"regret matching {n} x {n}, normal payoffs, a million rounds", contests, repeats)


def numpy_regret_matching(A: np.ndarray, B: np.ndarray, rounds: int) -> Any:
    """Play regret matching as one writes it in a few lines."""
    regrets = [np.zeros(A.shape[0]), np.zeros(A.shape[1])]
    averages = [np.zeros(A.shape[0]), np.zeros(A.shape[1])]
    for _ in range(rounds):
        x, y = (matched(each) for each in regrets)
        pay = A @ y, x @ B
        for i, (strategy, earned) in enumerate(zip((x, y), pay, strict=True)):
            regrets[i] += earned - earned @ strategy
            averages[i] += strategy
    return averages


def matched(regrets: np.ndarray) -> np.ndarray:
    """Play in proportion to positive regrets, evenly where there are none."""
    positive = np.maximum(regrets, 0)
    total = positive.sum()
    return positive / total if total > 0 else np.full(len(regrets), 1 / len(regrets))


def openspiel_regret_matching(payoffs: np.ndarray, rounds: int) -> Any:
    """Call OpenSpiel's, which also starts from uniform play."""
    from open_spiel.python.algorithms import regret_matching as peer

    return peer.regret_matching(list(payoffs), iterations=rounds)


def every_dynamic(repeats: int) -> None:
    """All dynamics of this library that are played in rounds, on one 10 x 10 game."""
    (payoffs,) = random_payoffs(10, 1)
    game = gt.NormalFormGame(payoffs)
    contest = {"regret-matching": ours(game, "regret-matching")}
    for dynamic in dynamics():
        if "rounds" not in dynamic.options or dynamic.applies(game):
            continue
        contest[dynamic.name] = ours(game, dynamic.name)
        if "play" in dynamic.options:
            other = "expected" if dynamic.options["play"] == "sampled" else "sampled"
            if "updates" in dynamic.options:
                options = {"play": other, "updates": "simultaneous"}
            else:
                options = {"play": other}
            contest[f"{dynamic.name}, {other}"] = ours(game, dynamic.name, **options)
    compare("all dynamics 10 x 10, normal payoffs, a million rounds", [contest], repeats)


PARTS: dict[str, Callable[[int], None]] = {
    "fictitious-play": fictitious_play,
    "regret-matching": regret_matching,
    "all": every_dynamic,
}

if __name__ == "__main__":
    main()
