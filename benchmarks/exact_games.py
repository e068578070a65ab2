"""How long an environment's exact game takes: extraction, unrolling, solving, best responses.

Run with ``python benchmarks/exact_games.py [repetitions]``; prints medians in seconds, each
repetition from a fresh extraction in this process, imports not counted.
"""

from __future__ import annotations

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
    ("classic/rps-v2", {"max_cycles": 1}),
    ("classic/rps-v2", {"max_cycles": 2}),
    ("classic/rps-v2", {"max_cycles": 4}),
)


def timed(job: Callable[[], Any]) -> tuple[Any, float]:
    """Run a job and return its result with its seconds."""
    started = time.perf_counter()
    result = job()
    return result, time.perf_counter() - started


def measure(make: str, env_kwargs: dict[str, Any]) -> tuple[dict[str, float], str]:
    """Time each stage once; also say what was found."""
    extraction, extracting = timed(lambda: marl_bridge.extract(make, env_kwargs=env_kwargs))
    game, unrolling = timed(lambda: extraction.game)
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
    }
    found = (
        f"{extraction.audit.n_states:,} states, {game.n_nodes:,} histories, information sets "
        f"{' + '.join(f'{n:,}' for n in game.n_infosets)}; {concept} value "
        f"{solution.payoffs.tolist()} ({solution.status}); best responses to uniform play "
        f"{' / '.join(f'{value:.5f}' for value in best)}"
    )
    return seconds, found


def main() -> None:
    """Print a line of medians and a line of findings for each environment."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    marl_bridge.extract("classic/rps-v2", env_kwargs={"max_cycles": 1})  # imports
    for make, env_kwargs in ENVIRONMENTS:
        rows = [measure(make, env_kwargs) for _ in range(repetitions)]
        medians = {
            stage: statistics.median(seconds[stage] for seconds, _ in rows) for stage in rows[0][0]
        }
        print(f"{make} {env_kwargs or ''}".strip())
        print("  " + ", ".join(f"{stage} {value:.3f} s" for stage, value in medians.items()))
        print(f"  {rows[0][1]}")


if __name__ == "__main__":
    main()
