"""How often an exact equilibrium is called exploitable, by us and by the largest mean alone.

Run with ``python benchmarks/false_alarms.py [--runs N] [--episodes N]``. In each run 50 deviations
are tried on fresh episodes with common random numbers, at 95% confidence:

- certified: the lower end of the NashConv interval of both players is above zero;
- largest mean: the usual 95% interval around the largest of one player's 50 means is.

The upper end is that of the NashConv interval, in the mean over the runs. Cycles are games like
rock-paper-scissors, where all deviations from uniform play gain nothing: the hardest case. In Kuhn
poker most of the deviations lose.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

import gametheory as gt
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.catalog import load
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.sampled_histories import sample_plays
from marl_bridge.estimation.logged_regret import counterfactual_payoffs
from marl_bridge.estimation.sampled_regret import DeviationGains, certified_regret

DEVIATIONS = 50
Gains = Callable[[int, int], dict[str, DeviationGains]]


def main() -> None:
    """Print a row for each game."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--episodes", type=int, default=400, help="in each run")
    chosen = parser.parse_args()
    print(f"{chosen.runs} runs of {chosen.episodes} episodes, {DEVIATIONS} deviations a player\n")
    print(f"{'game':24}{'certified':>10}{'largest mean':>14}{'upper end':>11}")
    for name, gains in {
        "cycle of 51 actions": in_a_cycle(),
        "Kuhn poker": in_kuhn_poker(),
    }.items():
        alarms = naive = 0
        uppers = []
        for seed in range(chosen.runs):
            sampled = gains(chosen.episodes, seed)
            found = certified_regret(sampled)
            alarms += found.exploitable
            first = sampled["0"].gains
            best = first[first.mean(axis=1).argmax()]
            naive += best.mean() > 1.96 * best.std() / np.sqrt(chosen.episodes)
            uppers.append(found.nash_conv.upper)
        certified, largest = alarms / chosen.runs, naive / chosen.runs
        print(f"{name:24}{certified:10.1%}{largest:14.1%}{np.mean(uppers):11.3f}")


def in_a_cycle() -> Gains:
    """Return what samples gains in a cycle of 51 actions, at uniform play."""
    half = np.random.default_rng(7).uniform(-1, 1, 25)
    payoff = np.concatenate([[0.0], half, -half[::-1]])
    game = NormalFormGame.zero_sum(payoff[np.subtract.outer(range(51), range(51))])

    def gains(episodes: int, seed: int) -> dict[str, DeviationGains]:
        told = np.random.default_rng(seed).integers(51, size=(episodes, 2))
        found = {}
        for player in range(2):
            payoffs = counterfactual_payoffs(game, told, player)
            own = payoffs[np.arange(episodes), told[:, player]]
            each = (payoffs - own[:, None]).T[:DEVIATIONS]
            found[str(player)] = DeviationGains.of(each, (-1, 1))
        return found

    return gains


def in_kuhn_poker() -> Gains:
    """Return what samples gains in Kuhn poker, at an equilibrium."""
    game = load("kuhn_poker")
    equilibrium = gt.solve(game).profile
    rng = np.random.default_rng(0)
    pure = [
        BehaviorProfile.pure(game, rng.integers(game.infoset_n_actions)) for _ in range(DEVIATIONS)
    ]

    def gains(episodes: int, seed: int) -> dict[str, DeviationGains]:
        found = {}
        for player in range(2):
            profiles = [equilibrium, *(equilibrium.replace(each, player, game) for each in pure)]
            plays = sample_plays(game, profiles, episodes, seed=seed)
            payoffs = game.terminal_payoffs[player][plays]
            found[str(player)] = DeviationGains.of(payoffs[1:] - payoffs[0], (-2, 2))
        return found

    return gains


if __name__ == "__main__":
    main()
