"""Non-stationarity: what a learner has to learn moves while the others learn.

Run: python benchmarks/experiments/non_stationarity.py [--quick | --write] [--to FOLDER]

Three parts: (1) a Q-learner in matching pennies against a fixed and against a learning opponent;
(2) Hedge and optimistic Hedge in rock-paper-scissors; (3) fictitious play in Shapley's game. How to
read the pictures is told in docs/experiments/non_stationarity.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from common import COLORS, DASHES, GRAY, INK, Experiment, Floats

import gametheory as gt
from gametheory.plots import plot_simplex
from marl_bridge.environments.opening import open_environment
from marl_bridge.learners.registry import find_learner
from marl_bridge.learners.schedules import Schedule

HEADS = Fraction(7, 10)  # how often the fixed opponent plays heads
EXPLORATION = 0.1
STEPS = {
    "0.02": Schedule(0.02, 0.02),
    "0.1": Schedule(0.1, 0.1),
    "0.5": Schedule(0.5, 0.5),
    "0.5 falling to 0.005": Schedule(0.5, 0.005, 0.5),
}
START = gt.MixedProfile([[0.5, 0.25, 0.25], [0.5, 0.3, 0.2]])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run all parts."""
    experiment = Experiment("non_stationarity", __doc__, arguments, seeds=20)
    moving_target(experiment)
    orbits(experiment)
    fictitious_play(experiment)
    experiment.close()


def pennies_against_chance() -> gt.ExtensiveFormGame:
    """Build matching pennies for one player: the other one is chance, and never learns."""
    tree = gt.GameTree(["player 0"])
    for own, after in tree.root.decision("player 0", "start", ["Heads", "Tails"]).items():
        for other, end in after.chance({"Heads": HEADS, "Tails": 1 - HEADS}).items():
            end.terminal([1 if own == other else -1])
    return tree.build()


def watch(opponent: str, step: Schedule, *, episodes: int, seed: int) -> tuple[Floats, Floats]:
    """Return player 0's value of heads after every episode, and what heads is worth by then."""
    fixed = opponent == "fixed"
    game: Any = pennies_against_chance() if fixed else gt.catalog.load("matching_pennies")
    learning = find_learner("independent-q").start(
        open_environment(game),
        episodes=episodes,
        seed=seed,
        exploration=Schedule(EXPLORATION, EXPLORATION),
        step_size=step,
    )
    believed, true = np.zeros(episodes), np.zeros(episodes)
    for episode in range(episodes):
        learning.run_episode()
        (entry,) = learning.tables[learning.agents[0]].entries.values()
        believed[episode] = entry.values[0]
        heads = float(HEADS)
        if not fixed:
            (row,) = learning.policies()[learning.agents[1]].table.values()
            heads = EXPLORATION / 2 + (1 - EXPLORATION) * row[0]
        true[episode] = 2 * heads - 1
    return believed, true


def moving_target(experiment: Experiment) -> None:
    """Hold what a Q-learner believes against what is true at that moment."""
    episodes = experiment.size(4000, 800)
    late = slice(3 * episodes // 4, None)
    rows = []
    for name, step in STEPS.items():
        errors = {}
        for opponent in ("fixed", "learning"):
            runs = [watch(opponent, step, episodes=episodes, seed=s) for s in experiment.seeds]
            squares = [np.mean((believed - true)[late] ** 2) for believed, true in runs]
            errors[opponent] = f"{np.mean(squares) ** 0.5:.3f}"
        variance = 1 - float(2 * HEADS - 1) ** 2
        alpha = step.last
        theory = f"{(alpha / (2 - alpha) * variance) ** 0.5:.3f}"
        rows.append((name, theory, errors["fixed"], errors["learning"]))
    header = ("step size", "fixed, in theory", "fixed opponent", "learning opponent")
    experiment.table("moving target", header, rows)

    def draw(*axes: Any) -> None:
        shown = 600
        for ax, opponent in zip(axes, ("fixed", "learning"), strict=True):
            believed, true = watch(opponent, STEPS["0.1"], episodes=shown, seed=experiment.seeds[0])
            ax.plot(true, color=INK, linestyle=DASHES[1], linewidth=1.2, label="what is true")
            ax.plot(believed, color=COLORS[0], linewidth=1.6, label="what the learner believes")
            ax.set_title(f"{opponent} opponent", loc="left", fontsize=10)
            ax.set_ylabel("value of heads")
            ax.set_ylim(-1.1, 1.1)
        axes[1].set_xlabel("episode")
        axes[0].legend(frameon=False, ncols=2, loc="lower right")

    experiment.picture("target", draw, panels=(2, 1), size=(7.2, 4.6))


def divergence(trace: gt.Trace) -> Floats:
    """Sum over the players of the Kullback-Leibler divergence from even play to the strategy."""
    far = np.sum([-np.log(3 * x).mean(axis=1) for x in trace.iterates], axis=0)
    return np.maximum(far, 1e-16)  # less is rounding


def follow_rps(dynamic: str, rounds: int) -> gt.Trace:
    """Follow a dynamic of rock-paper-scissors from START, with a record of every other round."""
    rps = gt.catalog.load("rock_paper_scissors")
    kept = {"record": rounds // 2, "spacing": "even"}
    return gt.simulate(rps, dynamic, rate=0.1, start=START, rounds=rounds, **kept)


def orbits(experiment: Experiment) -> None:
    """Hedge spirals outwards in rock-paper-scissors; optimistic Hedge comes in."""
    rounds = experiment.size(20_000, 4000)
    traces = {name: follow_rps(name, rounds) for name in ("hedge", "optimistic-hedge")}
    rows = []
    for name, trace in traces.items():
        at = [int(np.searchsorted(trace.times, t)) for t in (1, rounds // 10, rounds)]
        for what, values in (
            ("distance of the strategies", divergence(trace)),
            ("NashConv of the strategies", trace.iterate_gaps),
            ("NashConv of the averages", trace.gaps),
        ):
            rows.append((name, what, *(f"{abs(values[k]):.2g}" for k in at)))
    header = ("dynamic", "", "round 1", f"round {rounds // 10:,}", f"round {rounds:,}")
    experiment.table("orbits", header, rows)

    def draw(first: Any, second: Any, third: Any) -> None:
        rps = gt.catalog.load("rock_paper_scissors")
        for ax, name in ((first, "hedge"), (second, "optimistic-hedge")):
            path = follow_rps(name, 800 if name == "hedge" else 3000)
            ax.grid(visible=False)
            plot_simplex(path, game=rps, ax=ax)
            ax.set_title(name, fontsize=10)
        second.get_legend().remove()
        for number, (name, trace) in enumerate(traces.items()):
            style = {"color": COLORS[number], "linestyle": DASHES[number], "linewidth": 1.8}
            third.plot(trace.times, divergence(trace), label=name, **style)
        third.set_yscale("log")
        third.set_ylim(1e-13, 1e3)
        third.set_xlabel("round")
        third.set_title("distance from equilibrium", fontsize=10)
        third.legend(frameon=False)

    experiment.picture("orbits", draw, panels=(1, 3), size=(10.5, 3.7))


def fictitious_play(experiment: Experiment) -> None:
    """Fictitious play goes round in Shapley's game, and comes to rest in a zero-sum game."""
    rounds = experiment.size(1_000_000, 100_000)
    games = {
        "Shapley's game": gt.catalog.load("shapley"),
        "rock-paper-scissors": gt.catalog.load("rock_paper_scissors"),
    }
    rows, traces = [], {}
    for name, game in games.items():
        trace = traces[name] = gt.simulate(
            game, "fictitious-play", actions=[0, 1], rounds=rounds, record=3000
        )
        late = trace.gaps[trace.times > rounds / 10]
        growth = f"{last_growth(trace):.3f}" if "Shapley" in name else ""
        rows.append((name, f"{late.min():.4f}", f"{late.max():.4f}", growth))
    low, high = limit_cycle()
    rows.append(("limit cycle, in theory", f"{low:.4f}", f"{high:.4f}", f"{GROWTH**2:.3f}"))
    header = ("game", "least NashConv", "largest NashConv", "growth of runs")
    experiment.table("fictitious play", header, rows)

    def draw(simplex: Any, gaps: Any) -> None:
        simplex.grid(visible=False)
        game = games["Shapley's game"]
        path = gt.simulate(
            game, "fictitious-play", actions=[0, 1], rounds=rounds, record=rounds // 100
        )
        plot_simplex(path, which="averages", game=game, ax=simplex)
        simplex.set_title("Shapley's game: averages of player 0", fontsize=10)
        for number, (name, trace) in enumerate(traces.items()):
            style = {"color": COLORS[number], "linestyle": DASHES[number], "linewidth": 1.6}
            gaps.plot(trace.times, trace.gaps, label=name, **style)
        gaps.axhspan(*limit_cycle(), color=GRAY, alpha=0.5, linewidth=0)
        gaps.set_xscale("log")
        gaps.set_yscale("log")
        gaps.set_xlabel("round")
        gaps.set_title("NashConv of the averages", fontsize=10)
        gaps.legend(frameon=False, loc="lower left")

    experiment.picture("shapley", draw, panels=(1, 2), size=(9.0, 4.0))


GROWTH = float(np.roots([1, -1, 0, -1]).real.max())
"""By what factor the time of a change exceeds that of the other player's last one, on the cycle."""


@cache
def limit_cycle() -> tuple[float, float]:
    """Return the ends of NashConv along the cycle that the best-response dynamic comes to."""
    path = gt.simulate(
        gt.catalog.load("shapley"), "best-response", start=START, horizon=16.0, record=1600
    )
    late = path.iterate_gaps[path.times > 12]
    return float(late.min()), float(late.max())


def last_growth(trace: gt.Trace) -> float:
    """Return by what factor the time of player 0's last change exceeds that of the one before."""
    changes = np.flatnonzero(np.diff(trace.iterates[0].argmax(axis=1)))
    return float(trace.times[changes[-1]] / trace.times[changes[-2]])


if __name__ == "__main__":
    main()
