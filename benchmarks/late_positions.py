"""Seconds to solve random late positions of connect four, every action exactly and verified.

python benchmarks/late_positions.py --empty 12 15 18 --count 20
"""

from __future__ import annotations

import argparse
import statistics

from marl_bridge.environments.positions import PositionSolver
from marl_bridge.position_check import late_positions

CELLS = 42


def main() -> None:
    """Print one line for each number of empty cells."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--empty", type=int, nargs="+", default=[12, 15, 18])
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--time-limit", type=float, default=60.0)
    given = parser.parse_args()
    make = "classic/connect-four-v3"
    print("empty  positions  solved  median s  longest s  most states  states/s")
    chosen = {
        empty: late_positions(make, "random", ply=CELLS - empty, count=given.count, seed=given.seed)
        for empty in given.empty
    }
    with PositionSolver(make, seed=given.seed) as solver:
        for empty, positions in chosen.items():
            found = [solver.solve(at, time_limit=given.time_limit) for at in positions]
            seconds = [solution.seconds for solution in found]
            states = [solution.states for solution in found]
            print(
                f"{empty:>5}  {len(found):>9}  {sum(s.exact for s in found):>6}  "
                f"{statistics.median(seconds):>8.2f}  {max(seconds):>9.2f}  {max(states):>11,}  "
                f"{sum(states) / sum(seconds):>8,.0f}"
            )


if __name__ == "__main__":
    main()
