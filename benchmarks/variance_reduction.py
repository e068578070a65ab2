"""AIVAT on Leduc poker: how many episodes it saves, and that it is unbiased.

Run with ``python benchmarks/variance_reduction.py [--runs N]``. Player 0 plays an equilibrium and
its policy is known; the opponent's is not, and is guessed at before any episode is seen. For each
opponent and guess: the exact standard deviation of an episode's payoff, plain and corrected (from
the tree, not from samples), the episodes plain averaging needs for one of AIVAT's, the z-score of
the mean of N corrected episodes, and the widths of both betting intervals on them.
"""

from __future__ import annotations

import argparse

import numpy as np

import gametheory as gt
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.catalog import load
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.sampled_histories import sample_plays
from marl_bridge.estimation.aivat_values import aivat_values
from marl_bridge.intervals import betting


def main() -> None:
    """Print a row for each opponent and guess."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=10_000, help="episodes of each row")
    runs = parser.parse_args().runs
    game = load("leduc_poker")
    equilibrium, uniform = gt.solve(game).profile, BehaviorProfile.uniform(game)
    profiles = {
        "equilibrium": equilibrium,
        "90% of it": mixed(game, equilibrium, uniform, 0.1),
        "70% of it": mixed(game, equilibrium, uniform, 0.3),
        "uniform": uniform,
    }
    print(f"{game!r}, {runs:,} episodes\n")
    print(
        f"{'opponent':14}{'guess':14}{'sd':>8}{'AIVAT':>8}{'episodes':>10}{'z':>8}"
        f"{'width':>8}{'AIVAT':>8}"
    )
    for opponent, played in profiles.items():
        for guess in ("equilibrium", "70% of it", "uniform"):
            row(game, equilibrium, (opponent, played), (guess, profiles[guess]), runs)


def mixed(
    game: ExtensiveFormGame, one: BehaviorProfile, other: BehaviorProfile, share: float
) -> BehaviorProfile:
    """Mix two profiles at every information set."""
    return BehaviorProfile(game, (1 - share) * one.probabilities + share * other.probabilities)


def row(
    game: ExtensiveFormGame,
    known: BehaviorProfile,
    opponent: tuple[str, BehaviorProfile],
    guess: tuple[str, BehaviorProfile],
    runs: int,
) -> None:
    """Print one row."""
    corrected = aivat_values(game, known, known=[0], values=guess[1])
    actual = known.replace(opponent[1], 1, game)
    exact = float(game.expected_payoffs(actual)[0])
    reach = game.sequence_form.reach(actual.probabilities)
    payoffs = game.terminal_payoffs[0]
    everywhere = corrected.of(np.arange(game.n_terminals))[0]
    plain, better = (float(reach @ (x - exact) ** 2) for x in (payoffs, everywhere))
    plays = sample_plays(game, actual, runs, seed=1)
    mean = float(everywhere[plays].mean())
    noise = np.sqrt(better / runs)
    z = (mean - exact) / noise if noise > 1e-9 else 0.0
    low, high = corrected.ranges[0].tolist()
    widths = (
        betting(payoffs[plays], lower=payoffs.min(), upper=payoffs.max()).width,
        betting(everywhere[plays], lower=low - 1e-9, upper=high + 1e-9).width,
    )
    saved = f"{plain / better:10.1f}" if better > 1e-18 else f"{'no end':>10}"
    print(
        f"{opponent[0]:14}{guess[0]:14}{plain**0.5:8.3f}{better**0.5:8.3f}{saved}{z:8.2f}"
        f"{widths[0]:8.3f}{widths[1]:8.3f}"
    )


if __name__ == "__main__":
    main()
