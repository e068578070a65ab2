"""How long an environment's exact game takes: extraction, unrolling, solving, best responses.

Run with ``python benchmarks/exact_games.py [repetitions]``; prints medians in seconds, each
repetition from a fresh extraction in this process, imports not counted. Histories per second are
those of extraction, its audit included, and unrolling, by the clock and by processor time.
OpenSpiel's Leduc poker is built by the library's own adapter.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import gametheory as gt
import marl_bridge
from gametheory import BehaviorProfile

ENVIRONMENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("classic/tictactoe-v3", {}),
    ("classic/leduc-holdem-v4", {}),
    ("classic/rps-v2", {"max_cycles": 1}),
    ("classic/rps-v2", {"max_cycles": 2}),
    ("classic/rps-v2", {"max_cycles": 4}),
)


OPEN_SPIEL = ("kuhn_poker", "leduc_poker")


def timed(job: Callable[[], Any]) -> tuple[Any, float]:
    """Run a job and return its result with its seconds."""
    started = time.perf_counter()
    result = job()
    return result, time.perf_counter() - started


def measure(make: str, env_kwargs: dict[str, Any]) -> tuple[dict[str, float], str]:
    """Time each stage once; also say what was found."""
    worked = time.process_time()
    extraction, extracting = timed(lambda: marl_bridge.extract(make, env_kwargs=env_kwargs))
    game, unrolling = timed(lambda: extraction.game)
    worked = time.process_time() - worked
    concept = "subgame-perfect" if game.has_perfect_information() else "nash"
    solution, solving = timed(lambda: gt.solve(game, concept))
    uniform = BehaviorProfile.uniform(game)
    best, responding = timed(
        lambda: [gt.best_response_value(game, uniform, p) for p in range(game.n_players)]
    )
    seconds = {
        "extract": extracting,
        "unroll": unrolling,
        "solve": solving,
        "best responses": responding,
        "histories/s": game.n_nodes / (extracting + unrolling),
        "histories/s of processor time": game.n_nodes / worked,
    }
    found = (
        f"{extraction.audit.n_states:,} states, {game.n_nodes:,} histories, information sets "
        f"{' + '.join(f'{n:,}' for n in game.n_infosets)}; {concept} value "
        f"{solution.payoffs.tolist()} ({solution.status}); best responses to uniform play "
        f"{' / '.join(f'{value:.5f}' for value in best)}"
    )
    return seconds, found


def measure_open_spiel(name: str) -> tuple[dict[str, float], str]:
    """Time building and solving a game of OpenSpiel once; also say what was found."""
    game, building = timed(lambda: gt.from_open_spiel(name))
    solution, solving = timed(lambda: gt.solve(game, "nash"))
    found = (
        f"{game.n_nodes:,} histories, {sum(game.n_infosets):,} information sets, value "
        f"{solution.payoffs[0]:.6f} ({solution.status})"
    )
    seconds = {"build": building, "solve": solving, "histories/s": game.n_nodes / building}
    return seconds, found


def report(name: str, rows: list[tuple[dict[str, float], str]]) -> None:
    """Print medians and findings."""
    print(name)
    medians = {what: statistics.median(row[what] for row, _ in rows) for what in rows[0][0]}
    texts = [
        f"{what} {value:,.0f}" if "/s" in what else f"{what} {value:.3f} s"
        for what, value in medians.items()
    ]
    print("  " + ", ".join(texts))
    print(f"  {rows[0][1]}", flush=True)


def main() -> None:
    """Print a line of medians and a line of findings for each environment."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    marl_bridge.extract("classic/rps-v2", env_kwargs={"max_cycles": 1})  # imports
    for make, env_kwargs in ENVIRONMENTS:
        rows = [measure(make, env_kwargs) for _ in range(repetitions)]
        report(f"{make} {env_kwargs or ''}".strip(), rows)
    if importlib.util.find_spec("pyspiel") is None:
        print("open_spiel is not installed")
        return
    gt.solve(gt.from_open_spiel("kuhn_poker"))  # imports
    for name in OPEN_SPIEL:
        report(f"OpenSpiel {name}", [measure_open_spiel(name) for _ in range(repetitions)])


if __name__ == "__main__":
    main()
