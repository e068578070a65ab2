"""The library against its peers on the same game trees, in one process.

Run with ``python benchmarks/peers_extensive_form.py [part ...] [--repeats N]``; the parts are
cfr, mccfr, exploitability, convergence, programs and building. Peers that are not installed are
left out: ``pip install LiteEFG open-spiel``.

Every figure is the median of a few warm runs, in microseconds, on one thread; contenders take
turns, so that a busy moment hits all of them. Processor time is counted, not the clock on the
wall. What is compiled or cached by a first call is timed apart.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import gametheory as gt
from gametheory.algorithms.extensive_form.approach import _Measure
from gametheory.algorithms.extensive_form.cfr_schedules import VARIANTS
from gametheory.algorithms.extensive_form.counterfactual_regret import RegretMinimization
from gametheory.algorithms.extensive_form.monte_carlo_cfr import MonteCarlo
from gametheory.algorithms.extensive_form.simulator_cfr import SimulatorCFR
from gametheory.games.open_spiel import start_of
from gametheory.games.sequence_layout import lay_out

Job = Callable[[], Any]
PATIENCE = 5.0  # seconds that a contender may take on one game


class Game(NamedTuple):
    """A game as we know it and as OpenSpiel does."""

    name: str
    ours: Callable[[], gt.ExtensiveFormGame]
    theirs: str


def catalog(name: str, **parameters: Any) -> Callable[[], gt.ExtensiveFormGame]:
    """Say how to build a game of the catalog."""
    return lambda: gt.catalog.load(name, **parameters)


GAMES = [
    Game("Kuhn poker", catalog("kuhn_poker"), "kuhn_poker"),
    Game("Leduc poker", catalog("leduc_poker"), "leduc_poker"),
    Game(
        "liar's dice, 4 sides",
        catalog("liars_dice", sides=4),
        "liars_dice(numdice=1,dice_sides=4)",
    ),
    Game(
        "goofspiel, 5 cards",
        catalog("goofspiel", cards=5),
        "turn_based_simultaneous_game(game=goofspiel(imp_info=True,num_cards=5,"
        "points_order=descending))",
    ),
    Game(
        "battleship, 2 x 2",
        catalog("battleship"),
        "battleship(board_width=2,board_height=2,ship_sizes=[2],ship_values=[1],num_shots=3,"
        "allow_repeated_shots=False)",
    ),
    Game(
        "liar's dice, 6 sides",
        catalog("liars_dice", sides=6),
        "liars_dice(numdice=1,dice_sides=6)",
    ),
]


def main() -> None:
    """Run the parts that were named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--repeats", type=int, default=9, help="warm runs of each job")
    chosen = parser.parse_args()
    for part in chosen.parts or PARTS:
        if part not in PARTS:
            parser.error(f"unknown part {part!r}: one of {', '.join(PARTS)}")
        PARTS[part](chosen.repeats)


def compare(title: str, jobs: dict[str, tuple[Job, int]], repeats: int) -> None:
    """Print one row a contender: median microseconds of one step, and the ratio to the first.

    Parameters
    ----------
    title : str
    jobs : dict
        Of each contender, ours first: the job, and how many steps it takes.
    repeats : int
    """
    first = {name: seconds(job) for name, (job, _) in jobs.items()}
    runs: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, (job, steps) in jobs.items():
            if not runs[name] or sum(runs[name]) * steps < PATIENCE:
                runs[name].append(seconds(job) / steps)
    print(f"\n{title}")
    print(f"  {'':28}{'us a step':>12}{'of ours':>10}{'first call, s':>15}")
    ours = statistics.median(next(iter(runs.values())))
    for name, times in runs.items():
        median = statistics.median(times)
        print(f"  {name:28}{1e6 * median:12.4g}{median / ours:10.1f}{first[name]:15.3g}")


def seconds(job: Job) -> float:
    """Time one run on the processor."""
    started = time.process_time()
    job()
    return time.process_time() - started


def installed(package: str) -> bool:
    """Whether a package can be imported."""
    return importlib.util.find_spec(package) is not None


def our_run(game: gt.ExtensiveFormGame, name: str = "cfr+") -> RegretMinimization:
    """Prepare a variant; one average is kept, as peers do."""
    variant = VARIANTS[name]
    variant = replace(variant, averages=variant.averages[:1])
    layout = lay_out(game.sequence_form)
    return RegretMinimization(layout, variant, alternating=True, restarts=False)


def lite_run(name: str) -> tuple[Any, Any]:
    """Prepare LiteEFG's own CFR+; it writes the game to a file where it stands."""
    import LiteEFG
    import pyspiel
    from LiteEFG.baselines import CFRplus

    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        os.chdir(folder)
        try:
            environment = LiteEFG.OpenSpielEnv(
                pyspiel.load_game(name), traverse_type="Enumerate", regenerate=True
            )
            graph = CFRplus.graph()
            environment.set_graph(graph)
        finally:
            os.chdir(here)
    return environment, graph


def cfr(repeats: int) -> None:
    """One alternating iteration of CFR+ with linear averaging."""
    for game in GAMES:
        run = our_run(game.ours())
        clock = [1]
        n = max(20, int(2e6 / run.layout.n_positions))

        def ours(run: Any = run, clock: Any = clock, n: int = n) -> None:
            run.advance(clock[0], clock[0] + n)
            clock[0] += n

        jobs: dict[str, tuple[Job, int]] = {"ours": (ours, n)}
        if installed("LiteEFG") and installed("pyspiel"):
            environment, graph = lite_run(game.theirs)

            def lite(environment: Any = environment, graph: Any = graph) -> None:
                graph.update_graph(environment)
                environment.update_strategy(graph.current_strategy())

            jobs["LiteEFG CFRplus"] = (lite, 1)
        if installed("pyspiel"):
            import pyspiel

            solver = pyspiel.CFRPlusSolver(pyspiel.load_game(game.theirs))
            jobs["OpenSpiel C++ CFRPlusSolver"] = (solver.evaluate_and_update_policy, 1)
        compare(f"CFR+, {game.name}", jobs, repeats)


def mccfr(repeats: int) -> None:
    """One iteration of external and of outcome sampling, and where so many iterations lead."""
    n_compared = 20_000
    for game in GAMES:
        held = game.ours()
        for sampling in ("external", "outcome"):
            run = MonteCarlo(held, sampling, seed=0)
            n = max(20, int(1e6 / held.n_nodes))

            def ours(run: Any = run, n: int = n) -> None:
                run.advance(1, n + 1)

            jobs: dict[str, tuple[Job, int]] = {"ours": (ours, n)}
            if installed("pyspiel"):
                _, solver = openspiel_sampling(game.theirs, sampling)
                few = max(1, n // 50)

                def openspiel(solver: Any = solver, n: int = few) -> None:
                    for _ in range(n):
                        solver.run_iteration()

                jobs["OpenSpiel C++"] = (openspiel, few)
                simulated = SimulatorCFR(start_of(game.theirs), sampling=sampling)

                def on_states(simulated: Any = simulated, n: int = few) -> None:
                    simulated.run(iterations=n)

                jobs["ours on OpenSpiel's states"] = (on_states, few)
                jobs["OpenSpiel Python"] = (openspiel_python(game.theirs, sampling), 1)
            compare(f"MCCFR, {sampling} sampling, {game.name}", jobs, repeats)
            fresh = MonteCarlo(held, sampling, seed=1)
            fresh.advance(1, n_compared + 1)
            average = gt.BehaviorProfile(held, fresh.average())
            measured = {"ours": gt.nash_conv(held, average) / 2}
            if installed("pyspiel") and held.n_nodes < 10_000:
                import pyspiel

                theirs, solver = openspiel_sampling(game.theirs, sampling)
                for _ in range(n_compared):
                    solver.run_iteration()
                conv = pyspiel.nash_conv(theirs, solver.average_policy(), use_state_get_policy=True)
                measured["OpenSpiel C++"] = conv / 2
            reached = ", ".join(f"{name} {figure:.3g}" for name, figure in measured.items())
            print(f"  exploitability after {n_compared:,} iterations: {reached}")


def openspiel_python(name: str, sampling: str) -> Job:
    """Prepare an iteration of OpenSpiel's Monte-Carlo CFR in Python."""
    import pyspiel

    module = importlib.import_module(f"open_spiel.python.algorithms.{sampling}_sampling_mccfr")
    solver_type = getattr(module, f"{sampling.title()}SamplingSolver")
    iteration: Job = solver_type(pyspiel.load_game(name)).iteration
    return iteration


def openspiel_sampling(name: str, sampling: str) -> tuple[Any, Any]:
    """Prepare OpenSpiel's Monte-Carlo CFR in C++: the game and the solver."""
    import pyspiel

    game = pyspiel.load_game(name)
    if sampling == "external":
        return game, pyspiel.ExternalSamplingMCCFRSolver(game, seed=1)
    return game, pyspiel.OutcomeSamplingMCCFRSolver(game, epsilon=0.6, seed=1)


def exploitability(repeats: int) -> None:
    """NashConv of the uniform profile."""
    for game in GAMES:
        run = our_run(game.ours())
        measure = _Measure(run.layout)
        plan = run.x.plan
        n = max(1, int(1e5 / run.layout.n_positions))

        def ours(measure: Any = measure, plan: Any = plan, n: int = n) -> None:
            for _ in range(n):
                measure.best([plan])

        jobs: dict[str, tuple[Job, int]] = {"ours": (ours, n)}
        if installed("LiteEFG") and installed("pyspiel"):
            environment, graph = lite_run(game.theirs)

            def lite(environment: Any = environment, graph: Any = graph) -> None:
                environment.exploitability(graph.current_strategy(), "default")

            jobs["LiteEFG"] = (lite, 1)
        if installed("pyspiel"):
            import pyspiel

            theirs = pyspiel.load_game(game.theirs)
            policy = pyspiel.UniformRandomPolicy(theirs)

            def openspiel(theirs: Any = theirs, policy: Any = policy) -> None:
                pyspiel.nash_conv(theirs, policy)

            jobs["OpenSpiel C++ nash_conv"] = (openspiel, 1)
        compare(f"exploitability, {game.name}", jobs, repeats)


def convergence(repeats: int) -> None:
    """Count iterations and seconds until the max regret is below a part of the payoff range."""
    marks = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
    print("\niterations / seconds to a max regret of 1e-2, ... 1e-6 of the payoff range")
    for game in GAMES[:-1]:
        ours = game.ours()
        print(f"  {game.name}")
        for name in VARIANTS:
            for restarts in (False, True):
                row = approaches(ours, name, restarts, marks)
                label = name + (", restarts" if restarts else "")
                print(f"    {label:24}" + "".join(f"{cell:>17}" for cell in row))


def approaches(
    game: gt.ExtensiveFormGame, name: str, restarts: bool, marks: tuple[float, ...]
) -> list[str]:
    """Run one method; for each mark give the iterations and seconds until it was passed."""
    from gametheory.algorithms.registry import algorithms

    (method,) = (a for a in algorithms() if a.name == name)
    search = method.run(game, target=0.0, restarts=restarts, max_iterations=20_000)
    cells: list[str] = []
    started, looked = time.process_time(), 0.0
    for found in search:
        if found is None:
            continue
        before = time.process_time()
        profile = found.profile()
        regret = gt.max_regret(game, profile) / game.payoff_range
        while len(cells) < len(marks) and regret <= marks[len(cells)]:
            cells.append(f"{found.iterations} / {before - started - looked:.3f}")
        looked += time.process_time() - before
        if len(cells) == len(marks):
            break
    search.close()
    return cells + ["-"] * (len(marks) - len(cells))


def programs(repeats: int) -> None:
    """Solve the sequence-form program: plans in floats, then certified as users get it."""
    from gametheory.algorithms.extensive_form.sequence_form_lp import sequence_form_lp

    for game in GAMES:
        ours = game.ours()

        def plans(ours: Any = ours) -> None:
            list(sequence_form_lp(ours, exact=False))

        jobs: dict[str, tuple[Job, int]] = {
            "ours, plans in floats": (plans, 1),
            "ours, solve": (lambda ours=ours: gt.solve(ours, exact=False), 1),
        }
        compare(f"sequence-form program, {game.name}", jobs, min(repeats, 5))
        solution = gt.solve(ours, "minimax", exact=False)
        print(f"  value {solution.payoffs[0]:.12g}, epsilon {solution.epsilon:.1e}")


def building(repeats: int) -> None:
    """Build a million histories from arrays, and their sequence form; tell the memory it takes."""
    arrays = binary_tree(19)

    def build() -> gt.ExtensiveFormGame:
        return gt.ExtensiveFormGame.from_arrays(**arrays)

    def derive(game: gt.ExtensiveFormGame) -> None:
        del game.__dict__["sequence_form"]
        assert game.sequence_form

    game = build()
    assert game.sequence_form
    jobs: dict[str, tuple[Job, int]] = {
        "ours, from arrays": (build, 1),
        "ours, sequence form": (lambda: derive(game), 1),
    }
    compare(f"building {game.n_nodes:,} histories", jobs, repeats)
    print(f"  {game.nbytes / game.n_nodes:.1f} bytes a history, sequence form included")


def binary_tree(depth: int) -> dict[str, Any]:
    """Make the arrays of a game in which chance and two players take turns with two actions.

    Each player sees its own actions and nothing else.
    """
    n = 2 ** (depth + 1) - 1
    parent = (np.arange(n) - 1) // 2
    level = np.frexp(np.arange(n) + 1.0)[1] - 1
    player = np.where(level == depth, gt.TERMINAL, level % 3 - 1)
    own = np.zeros((2, n), np.int64)  # the own actions so far, as binary digits behind a 1
    for nodes in np.split(np.arange(1, n), 2 ** np.arange(2, depth + 1) - 2):
        above = parent[nodes]
        for who in (0, 1):
            grown = 2 * own[who, above] + (nodes + 1) % 2 + 1
            own[who, nodes] = np.where(player[above] == who, grown, own[who, above])
    seen = np.where(player == 1, own[1], own[0])
    _, infoset = np.unique(np.stack([player, level, seen]), axis=1, return_inverse=True)
    won = np.random.default_rng(0).integers(-5, 6, 2**depth)
    return {
        "parent": parent,
        "player": player,
        "infoset": infoset.ravel(),
        "payoffs": np.stack([won, -won]),
        "chance": np.full(n, 0.5),
    }


PARTS: dict[str, Callable[[int], None]] = {
    "cfr": cfr,
    "mccfr": mccfr,
    "exploitability": exploitability,
    "convergence": convergence,
    "programs": programs,
    "building": building,
}

if __name__ == "__main__":
    main()
