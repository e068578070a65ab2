"""How many updates a second learners do: through the environment's interface, and compiled.

Run with ``python benchmarks/learner_speed.py [part ...] [--repeats N]``; the parts are interface,
compiled, tictactoe and all. An update is one agent's learning from one action; a round of a matrix
game has one for each agent. Every figure is the median of a few runs after a first one that is not
counted, in processor time, with the quickest beside it; what the first call takes, with whatever
is compiled or loaded, is told apart. Nothing else should run on the machine.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import gametheory as gt
from marl_bridge import open_environment, train
from marl_bridge.learners.matrix_rounds import has_matrix_rule
from marl_bridge.learners.registry import RegisteredLearner, learners
from marl_bridge.learners.tree import TreeLearner

GAME = gt.catalog.load("climbing")
ZERO_SUM = gt.catalog.load("rock_paper_scissors")


def main() -> None:
    """Run the parts that were named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--repeats", type=int, default=7, help="runs that are counted")
    chosen = parser.parse_args()
    for part in chosen.parts or PARTS:
        if part not in PARTS:
            parser.error(f"unknown part {part!r}: one of {', '.join(PARTS)}")
        PARTS[part](chosen.repeats)


def tabular() -> list[RegisteredLearner]:
    """List the learners that learn from single steps, without networks or trees."""
    return [known for known in learners() if not known.extra and not _on_trees(known)]


def _on_trees(known: RegisteredLearner) -> bool:
    return isinstance(known.start, type) and issubclass(known.start, TreeLearner)


def options_of(known: RegisteredLearner) -> dict[str, Any]:
    """Return what a learner has to be told about the games here."""
    return {"payoff_range": (-30.0, 11.0)} if known.name == "exp3" else {}


def game_for(known: RegisteredLearner) -> gt.NormalFormGame:
    """Return the climbing game, or a zero-sum one for a learner that takes no other."""
    return ZERO_SUM if known.name == "minimax-q" else GAME


def measure(label: str, run: Callable[[], int], repeats: int) -> None:
    """Print the updates a second of something that returns how many it did."""
    started = time.perf_counter()
    run()
    first = time.perf_counter() - started
    rates = []
    for _ in range(repeats):
        began = time.process_time()
        updates = run()
        rates.append(updates / (time.process_time() - began))
    print(
        f"{label:24}{statistics.median(rates):14,.0f}/s{max(rates):14,.0f}/s at best"
        f"{first:10.2f} s the first run",
        flush=True,
    )


def interface(repeats: int) -> None:
    """Step one-round environments of a 3x3 game."""
    print("through the environment's interface, one round an episode, 3x3")
    for known in tabular():
        source = open_environment(game_for(known))
        learning = known.start(source, episodes=100_000, seed=0, **options_of(known))

        def run(learning: Any = learning) -> int:
            for _ in range(4_000):
                learning.run_episode()
            return 8_000

        measure(known.name, run, repeats)


def compiled(repeats: int) -> None:
    """Play the same game by compiled code, where learners have a rule."""
    print("\ncompiled, 3x3")
    for known in tabular():
        if not has_matrix_rule(
            known.start(open_environment(GAME), episodes=1, **options_of(known))
        ):
            continue

        def run(known: RegisteredLearner = known) -> int:
            train(GAME, known.name, episodes=500_000, compiled=True, **options_of(known))
            return 1_000_000

        measure(known.name, run, repeats)


def tictactoe(repeats: int) -> None:
    """Learn tictactoe by self-play, in PettingZoo's own environment."""
    print("\ntictactoe, self-play: agents' turns a second")
    for name in ("independent-q", "hysteretic-q", "boltzmann-q"):
        known = next(known for known in learners() if known.name == name)
        learning: Any = known.start(open_environment("classic/tictactoe-v3"), episodes=20_000)
        turns = 0
        plain = learning.choose

        def counted(entry: Any, plain: Callable[[Any], int] = plain) -> int:
            nonlocal turns
            turns += 1
            return plain(entry)

        learning.choose = counted

        def run(learning: Any = learning) -> int:
            nonlocal turns
            turns = 0
            for _ in range(500):
                learning.run_episode()
            return turns

        measure(name, run, repeats)


PARTS: dict[str, Callable[[int], None]] = {
    "interface": interface,
    "compiled": compiled,
    "tictactoe": tictactoe,
}

if __name__ == "__main__":
    main()
