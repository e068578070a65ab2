"""Central against independent learning: one learner for all, or one for each.

Run: python benchmarks/experiments/central_and_independent.py [--quick | --write] [--to FOLDER]

The climbing game, the penalty game and a grid on which two agents have to meet: returns on the way,
what was learned against the optimum, how many numbers the learners keep, and what an episode costs.
How to read the pictures is told in docs/experiments/central_and_independent.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from common import GRAY, Experiment, Style, band

import gametheory as gt
from gametheory.games.stochastic_game import StochasticGame
from marl_bridge import train
from marl_bridge.learners import Training
from marl_bridge.policies.stationary import stationary_profile
from marl_bridge.worlds import CoordinationGridEnv

LEARNERS = ("independent-q", "hysteretic-q", "jal-am", "central-q")
JOINT = ("jal-am", "central-q")
PENALTY = 5  # on the grid, for a step after which one agent alone is at a goal


@dataclass(frozen=True)
class Task:
    """What is learned.

    Attributes
    ----------
    make : callable or game
        For ``train``.
    options : dict
        The learners' own.
    worth : callable
        What each agent can expect of learned policies.
    best : float
        The largest there is.
    line : float
        The return of an episode in which nobody errs or explores.
    sizes : tuple of int
        Numbers in the tables of independent learners together, and in one of joint actions.
    """

    make: Any
    options: dict[str, Any]
    worth: Callable[[Training], float]
    best: float
    line: float
    sizes: tuple[int, int]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run all tasks."""
    experiment = Experiment("central_and_independent", __doc__, arguments, seeds=20)
    tasks = {
        "climbing": matrix_task(gt.catalog.load("climbing")),
        "penalty, k = -100": matrix_task(gt.catalog.load("penalty", k=-100)),
        "coordination grid": grid_task(),
    }
    rows, found = [], {}
    for name, task in tasks.items():
        grid = name == "coordination grid"
        episodes = experiment.size(3000, 300) if grid else experiment.size(3000, 600)
        seeds = experiment.seeds[:8] if grid else experiment.seeds
        for learner in LEARNERS:
            runs = [
                train(task.make, learner, episodes=episodes, seed=seed, **task.options)
                for seed in seeds
            ]
            found[name, learner] = runs
            worth = np.array([task.worth(run) for run in runs])
            reached = int(np.sum(worth >= 0.99 * task.best))
            rows.append(
                (
                    name,
                    learner,
                    f"{np.median(worth):.2f}",
                    f"{reached} of {len(runs)}",
                    task.sizes[learner in JOINT],
                    f"{np.median([run.seconds for run in runs]) / episodes * 1e6:.0f}",
                )
            )
    header = ("task", "learner", "median", "optimal", "numbers kept", "microseconds an episode")
    experiment.table("what was learned", header, rows)
    draw_curves(experiment, tasks, found)
    experiment.close()


def matrix_task(game: gt.NormalFormGame) -> Task:
    """Play a common-payoff game, one round an episode."""

    def worth(training: Training) -> float:
        rows = [next(iter(policy.table.values())) for policy in training.policies.values()]
        return float(game.expected_payoffs(gt.MixedProfile(rows))[0])

    sizes = sum(game.n_actions), int(np.prod(game.n_actions))
    best = float(game.payoffs[0].max())
    return Task(game, {}, worth, best, best, sizes)


def grid_task() -> Task:
    """Let two agents meet at a goal; what policies are worth is computed, not sampled."""

    def make() -> CoordinationGridEnv:
        return CoordinationGridEnv(penalty=PENALTY)

    env = make()
    game = env.game

    def worth(training: Training) -> float:
        return float(game.expected_payoffs(stationary_profile(env, training.policies))[0])

    joint = [stage.n_actions for stage in game.stages]
    sizes = sum(map(sum, joint)), int(sum(map(np.prod, joint)))
    # Returns are not discounted: the better goal pays 2, two steps from the start.
    return Task(make, {"discount": float(game.discount)}, worth, optimum(game), 2.0, sizes)


def optimum(game: StochasticGame) -> float:
    """Return the most that agents with one common payoff can earn: value iteration."""
    values = np.zeros((game.n_players, game.n_states))
    for _ in range(300):  # the discount is 0.9: what is missing after that is below 1e-12
        best = [tensor[0].max() for tensor in game.stage_tensors(values)]
        values[:] = best
    return float(values[0, game.start])


def draw_curves(experiment: Experiment, tasks: dict[str, Task], found: dict[Any, Any]) -> None:
    """Draw the returns over the episodes, exploration included."""

    def draw(*axes: Any) -> None:
        for ax, (name, task) in zip(axes, tasks.items(), strict=True):
            for number, learner in enumerate(LEARNERS):
                runs = found[name, learner]
                returns = smooth(np.array([run.trace.returns[:, 0] for run in runs]))
                band(ax, runs[0].trace.episodes, returns, number, learner)
            ax.axhline(task.line, color=GRAY, linewidth=1.2)
            ax.set_title(name, fontsize=10)
            ax.set_xlabel("episode")
        axes[0].set_ylabel("return, exploration included")
        axes[1].set_ylim(-40, 14)
        handles, labels = axes[0].get_legend_handles_labels()
        axes[0].figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)

    experiment.picture("returns", draw, panels=(1, 3), size=(10.5, 3.9))

    def draw_sizes(ax: Any) -> None:
        agents = np.arange(1, 9)
        for number, (label, size) in enumerate(
            (("independent: 5 n", 5 * agents), ("joint actions: 5^n", 5.0**agents))
        ):
            ax.plot(agents, size, label=label, **Style(number).points)
        ax.set_yscale("log")
        ax.set_xlabel("agents with five actions each")
        ax.set_ylabel("numbers kept for each state")
        ax.legend(frameon=False)

    experiment.picture("sizes", draw_sizes, size=(6.0, 3.4))


def smooth(curves: Any) -> Any:
    """Average each curve over five records."""
    kernel = np.ones(5)
    weights = np.convolve(np.ones(curves.shape[1]), kernel, mode="same")
    return np.array([np.convolve(curve, kernel, mode="same") / weights for curve in curves])


if __name__ == "__main__":
    main()
