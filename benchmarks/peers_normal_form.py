"""The library against its peers on the same normal-form games, in one process.

Run with ``python benchmarks/peers_normal_form.py [part ...] [--repeats N]``; the parts are
zero-sum, lemke-howson, all-equilibria, many-players and correlated. Peers that are not installed
are left out: ``pip install quantecon pygambit open-spiel cvxpy``, and the program lrsnash for
exact vertex enumeration.

Every figure is the median over the games of the best of a few warm runs, in seconds; whatever a
job compiles or caches on its first call is timed apart. Ours appears as what the peers return,
strategies in floats, and as ``solve``: from a fresh game to certified exact profiles.
BLAS is held to one thread for everybody.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import gametheory as gt

Job = Callable[[], Any]
Matrices = tuple[np.ndarray, np.ndarray]
PATIENCE = 5.0  # seconds that a job may take on one game before it is not repeated


def main() -> None:
    """Run the parts that were named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--repeats", type=int, default=5, help="warm runs of each job")
    chosen = parser.parse_args()
    with threadpool_limits(limits=1):
        for part in chosen.parts or PARTS:
            if part not in PARTS:
                parser.error(f"unknown part {part!r}: one of {', '.join(PARTS)}")
            PARTS[part](chosen.repeats)


def compare(title: str, contests: Sequence[dict[str, Job]], repeats: int) -> None:
    """Print one row a contender: median seconds, ratio to the first contender, first call.

    Parameters
    ----------
    title : str
    contests : sequence of dict
        One a game: the job of each contender on that game, ours named first.
    repeats : int
        Warm runs of each job; contenders take turns, so that a busy moment hits all of them.
    """
    names = list(contests[0])
    first = {name: seconds(contests[0][name]) for name in names}
    best: dict[str, list[float]] = {name: [] for name in names}
    for contest in contests:
        runs: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(repeats):
            for name, job in contest.items():
                if sum(runs[name]) < PATIENCE:
                    runs[name].append(seconds(job))
        for name in names:
            best[name].append(min(runs[name]))
    print(f"\n{title} ({len(contests)} games)")
    print(f"  {'':28}{'seconds':>12}{'of ours':>10}{'first call':>12}")
    ours = statistics.median(best[names[0]])
    for name in names:
        median = statistics.median(best[name])
        print(f"  {name:28}{median:12.3g}{median / ours:10.2f}{first[name]:12.3g}")


def seconds(job: Job) -> float:
    """Time one run."""
    started = time.perf_counter()
    job()
    return time.perf_counter() - started


def installed(*packages: str) -> bool:
    """Whether all of these packages can be imported."""
    return all(importlib.util.find_spec(package) is not None for package in packages)


def random_pairs(n: int, count: int, *, integers: int = 0) -> Iterable[Matrices]:
    """Draw square bimatrix games: normal payoffs, or integers below a number."""
    for seed in np.random.SeedSequence(n).spawn(count):
        rng = np.random.default_rng(seed)
        if integers:
            yield rng.integers(0, integers, (n, n)), rng.integers(0, integers, (n, n))
        else:
            yield rng.normal(size=(n, n)), rng.normal(size=(n, n))


def zero_sum(repeats: int) -> None:
    """Value and both strategies of a random matrix: ours, QuantEcon, SciPy, highspy."""
    for n, count in ((10, 20), (100, 10), (500, 2), (1000, 1)):
        contests = []
        for A, _ in random_pairs(n, count):
            contest: dict[str, Job] = {
                "ours, simplex": lambda A=A: matrix_game_answer(A, "simplex"),
                "ours, interior point": lambda A=A: matrix_game_answer(A, "interior point"),
                "ours, solve": lambda A=A: gt.solve(gt.NormalFormGame.zero_sum(A), "minimax"),
                "scipy highs": lambda A=A: scipy_answer(A, "highs"),
                "scipy highs-ipm": lambda A=A: scipy_answer(A, "highs-ipm"),
            }
            if installed("quantecon"):
                from quantecon.optimize import minmax

                contest["quantecon minmax"] = lambda A=A: minmax(A)
            if installed("highspy"):
                contest["highspy simplex"] = lambda A=A: highspy_answer(A, "simplex")
                contest["highspy ipm"] = lambda A=A: highspy_answer(A, "ipm")
            contests.append(contest)
        compare(f"zero-sum {n} x {n}, normal payoffs", contests, repeats)


def matrix_game_answer(A: np.ndarray, method: str) -> Any:
    """Solve a matrix game in floats: both strategies at a vertex, which ``minimax`` starts from."""
    from gametheory.algorithms.normal_form.interior_point import interior_vertex
    from gametheory.algorithms.normal_form.matrix_game import scaled_payoffs
    from gametheory.algorithms.normal_form.simplex_vertex import simplex_vertex

    scaled = scaled_payoffs(gt.NormalFormGame.zero_sum(A))
    assert scaled is not None
    search = (interior_vertex if method == "interior point" else simplex_vertex)(scaled)
    try:
        while True:
            next(search)
    except StopIteration as end:
        return end.value


def scipy_answer(A: np.ndarray, method: str) -> Any:
    """Solve the row player's linear program; its dual is the column player's strategy."""
    from scipy.optimize import linprog

    m, n = A.shape
    return linprog(
        np.append(np.zeros(m), -1.0),
        A_ub=np.hstack([-A.T, np.ones((n, 1))]),
        b_ub=np.zeros(n),
        A_eq=np.append(np.ones(m), 0.0)[None, :],
        b_eq=[1.0],
        bounds=[(0, None)] * m + [(None, None)],
        method=method,
    )


def highspy_answer(A: np.ndarray, solver: str) -> Any:
    """Solve the same program through HiGHS's own interface, the matrix handed over whole."""
    import highspy

    m, n = A.shape
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = m + 1, n + 1
    program.col_cost_ = np.append(np.zeros(m), -1.0)
    program.col_lower_ = np.append(np.zeros(m), -highspy.kHighsInf)
    program.col_upper_ = np.full(m + 1, highspy.kHighsInf)
    program.row_lower_ = np.append(np.zeros(n), 1.0)
    program.row_upper_ = np.append(np.full(n, highspy.kHighsInf), 1.0)
    columns = np.vstack([A.T, np.ones(m)]).T  # one line a variable
    value = np.append(-np.ones(n), 0.0)
    dense = np.vstack([columns, value])
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    program.a_matrix_.start_ = np.arange(0, dense.size + 1, n + 1, dtype=np.int32)
    program.a_matrix_.index_ = np.tile(np.arange(n + 1, dtype=np.int32), m + 1)
    program.a_matrix_.value_ = dense.ravel()
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("solver", solver)
    highs.passModel(program)
    highs.run()
    return highs.getSolution()


def lemke_howson(repeats: int) -> None:
    """One equilibrium of a random bimatrix game: ours and QuantEcon."""
    for n, count in ((10, 40), (50, 40), (100, 20), (500, 3)):
        contests = []
        for A, B in random_pairs(n, count):
            contest: dict[str, Job] = {
                "ours, answer": lambda A=A, B=B: bimatrix_answer(A, B),
                "ours, solve": lambda A=A, B=B: gt.solve(gt.NormalFormGame.bimatrix(A, B)),
            }
            if installed("quantecon"):
                from quantecon.game_theory import NormalFormGame, Player
                from quantecon.game_theory import lemke_howson as quantecon_path

                game = NormalFormGame([Player(A), Player(np.ascontiguousarray(B.T))])
                contest["quantecon lemke_howson"] = lambda game=game: quantecon_path(game)
            contests.append(contest)
        compare(f"Lemke-Howson {n} x {n}, normal payoffs", contests, repeats)


def bimatrix_answer(A: np.ndarray, B: np.ndarray) -> Any:
    """Follow Lemke-Howson paths in floats up to the final basis."""
    from gametheory.algorithms.normal_form.lemke_howson import float_equilibrium

    return float_equilibrium(A, B)


def all_equilibria(repeats: int) -> None:
    """All equilibria of random integer games: ours (certified), QuantEcon, lrsnash."""
    for n, count in ((6, 20), (8, 10), (10, 10), (12, 5), (15, 2)):
        contests = []
        for A, B in random_pairs(n, count, integers=1000):
            contest: dict[str, Job] = {
                "ours, solve": lambda A=A, B=B: solve_all(gt.NormalFormGame.bimatrix(A, B))
            }
            if installed("quantecon"):
                from quantecon.game_theory import NormalFormGame, Player, vertex_enumeration

                game = NormalFormGame([Player(A), Player(np.ascontiguousarray(B.T))])
                contest["quantecon vertices"] = lambda game=game: vertex_enumeration(game)
            if shutil.which("lrsnash"):
                contest["lrsnash (a process)"] = lambda A=A, B=B: lrsnash(A, B)
            contests.append(contest)
        compare(f"all equilibria {n} x {n}, integers 0-999", contests, repeats)


def solve_all(game: gt.NormalFormGame) -> gt.Solution:
    """Find and certify all equilibria, and insist on completeness."""
    solution = gt.solve(game, find="all")
    if not solution.complete:
        raise RuntimeError(f"incomplete: {solution}")
    return solution


def lrsnash(A: np.ndarray, B: np.ndarray) -> str:
    """Run lrsnash on a file and return what it prints."""
    lines = [f"{A.shape[0]} {A.shape[1]}"]
    for matrix in (A, B):
        lines += ["", *(" ".join(map(str, row)) for row in matrix.tolist())]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "game"
        path.write_text("\n".join(lines) + "\n")
        done = subprocess.run(["lrsnash", str(path)], capture_output=True, text=True, check=False)
    return done.stdout


def many_players(repeats: int) -> None:
    """Random games with three to five players: all equilibria, and one; ours and Gambit."""
    for n_actions, count in (((3, 3, 3), 20), ((4, 4, 4), 5), ((5, 5, 5), 3)):
        contests = []
        for payoffs in random_tensors(n_actions, count):
            contest: dict[str, Job] = {
                "ours, solve": lambda u=payoffs: gt.solve(gt.NormalFormGame(u), find="all")
            }
            if installed("pygambit") and len(n_actions) * n_actions[0] < 15:
                contest["gambit enumpoly"] = gambit_job(payoffs, "enumpoly_solve")
            contests.append(contest)
        compare(f"all equilibria, {' x '.join(map(str, n_actions))}", contests, min(repeats, 3))
    for n_actions, count in (((3, 3, 3), 20), ((5, 5, 5), 20), ((3,) * 5, 20)):
        contests = []
        for payoffs in random_tensors(n_actions, count):
            contest = {
                f"ours, {method}": lambda u=payoffs, m=method: gt.solve(
                    gt.NormalFormGame(u), method=m
                )
                for method in ("iterated-polymatrix", "logit-path", "simplicial-subdivision")
            }
            if installed("pygambit"):
                contest["gambit ipa"] = gambit_job(payoffs, "ipa_solve")
                contest["gambit logit"] = gambit_job(payoffs, "logit_solve")
            contests.append(contest)
        compare(f"one equilibrium, {' x '.join(map(str, n_actions))}", contests, repeats)


def random_tensors(n_actions: tuple[int, ...], count: int) -> Iterable[np.ndarray]:
    """Draw games with normal payoffs."""
    for seed in np.random.SeedSequence(len(n_actions) * 100 + n_actions[0]).spawn(count):
        yield np.random.default_rng(seed).normal(size=(len(n_actions), *n_actions))


def gambit_job(payoffs: np.ndarray, solver: str) -> Job:
    """Prepare one of Gambit's solvers on a game that is built beforehand."""
    import pygambit

    game = pygambit.Game.from_arrays(*payoffs)
    return lambda: getattr(pygambit.nash, solver)(game)


def correlated(repeats: int) -> None:
    """Correlated equilibria of largest welfare and entropy: ours, and OpenSpiel's in floats."""
    for n_actions, count in (((20, 20), 5), ((8, 8, 8), 5), ((2, 20, 20), 5), ((50, 50), 3)):
        correlated_contest(n_actions, count, repeats)
    correlated_contest((2,) * 10, 5, repeats)


def correlated_contest(n_actions: tuple[int, ...], count: int, repeats: int) -> None:
    """Compare on random integer games of one shape."""
    contests = []
    for seed in np.random.SeedSequence(len(n_actions)).spawn(count):
        payoffs = np.random.default_rng(seed).integers(0, 1000, (len(n_actions), *n_actions))
        contest: dict[str, Job] = {
            "ours, solve": lambda u=payoffs: gt.solve(gt.NormalFormGame(u), "correlated"),
            "ours, coarse": lambda u=payoffs: gt.solve(gt.NormalFormGame(u), "coarse-correlated"),
            "ours, entropy": lambda u=payoffs: gt.solve(
                gt.NormalFormGame(u), "correlated", objective="entropy"
            ),
        }
        if installed("pyspiel", "cvxpy", "matplotlib"):  # its JPSRO imports all three
            contest["openspiel (HiGHS)"] = lambda u=payoffs: openspiel_correlated(u)
        contests.append(contest)
    shape = " x ".join(map(str, n_actions))
    compare(f"correlated equilibrium, {shape}, integers 0-999", contests, repeats)


def openspiel_correlated(payoffs: np.ndarray) -> Any:
    """Maximize welfare through OpenSpiel's constraints and cvxpy, as its JPSRO does."""
    from open_spiel.python.algorithms import jpsro

    payoffs = payoffs.astype(float)
    gains, bounds, _ = jpsro._ace_constraints(payoffs, [0.0] * len(payoffs))
    return jpsro._linear(
        payoffs,
        gains,
        bounds,
        cost=payoffs.sum(axis=0).ravel(),
        solver_kwargs={"solver": "HIGHS"},
    )


PARTS: dict[str, Callable[[int], None]] = {
    "zero-sum": zero_sum,
    "lemke-howson": lemke_howson,
    "all-equilibria": all_equilibria,
    "many-players": many_players,
    "correlated": correlated,
}

if __name__ == "__main__":
    main()
