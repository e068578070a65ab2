"""Scaling: what happens as agents become many.

Run: python benchmarks/experiments/scaling.py [--quick | --write] [--to FOLDER]

Drivers choose among roads that clog. Three parts: (1) what selfish choices cost against the social
optimum, and where independent learners end; (2) how large tables get; (3) how many episodes
independent and central learners need. How to read the pictures is told in
docs/experiments/scaling.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from common import COLORS, DASHES, GRAY, MARKERS, Experiment, Floats, Style

from marl_bridge import train
from marl_bridge.learners import Training
from marl_bridge.learners.schedules import Schedule
from marl_bridge.worlds import CongestionEnv
from marl_bridge.worlds.congestion import Roads

INDEPENDENT = {"exploration": Schedule(0.1, 0.1), "step_size": Schedule(0.1, 0.1)}
# Delays are known after one visit, and an untried joint action looks better than any other.
CENTRAL = {"exploration": Schedule(0.0, 0.0), "step_size": 1.0}
CLOSE = 1.05


def main(arguments: Sequence[str] | None = None) -> None:
    """Run all parts."""
    experiment = Experiment("scaling", __doc__, arguments, seeds=10)
    price(experiment)
    tables(experiment)
    episodes_needed(experiment)
    experiment.close()


def pigou(n: int) -> Roads:
    """Build Pigou's two roads: one that clogs, and one that takes what the first does when full."""
    return Roads.linear([(0, 1), (n, 0)], n)


def three_roads(n: int) -> Roads:
    """Build the roads that the congestion world has by default."""
    return CongestionEnv(n_agents=n).roads


def ratio(roads: Roads, loads: Any) -> float:
    """Return the total delay over that of the social optimum."""
    return roads.total_delay(loads) / roads.total_delay(roads.optimal_loads())


def shown(ratios: Floats) -> str:
    """Write the least and the largest ratio."""
    return f"{ratios.min():.3f} to {ratios.max():.3f}"


def equilibria(roads: Roads) -> Floats:
    """Return the ratios of all pure equilibria, by looking at all loads."""
    n, delays = roads.n_agents, roads.delays
    free = np.indices((n + 1,) * (roads.n_roads - 1)).reshape(roads.n_roads - 1, -1)
    loads = np.vstack([free, n - free.sum(axis=0)])
    loads = loads[:, loads[-1] >= 0]
    rows = np.arange(roads.n_roads)[:, None]
    met = np.where(loads > 0, delays[rows, np.maximum(loads, 1) - 1], 0)
    joined = delays[rows, np.minimum(loads, n - 1)]
    # Where the own road is the best to join, joining it means to stay, which gains nothing.
    stable = ((loads == 0) | (met <= joined.min(axis=0))).all(axis=0)
    totals = (loads * met).sum(axis=0)[stable]
    return totals / roads.total_delay(roads.optimal_loads())


def learn(n: int, learner: str, *, episodes: int, seed: int, options: Any) -> Training:
    """Train n drivers on the three roads, and keep what they had learned on the way."""
    return train(
        lambda: CongestionEnv(n_agents=n),
        learner,
        episodes=episodes,
        seed=seed,
        keep_policies=True,
        **options,
    )


def loads_of(policies: Any, n_roads: int) -> Any:
    """Count who takes which road, if everybody takes its most likely one."""
    rows = [next(iter(policy.table.values())) for policy in policies.values()]
    return np.bincount([int(row.argmax()) for row in rows], minlength=n_roads)


def price(experiment: Experiment) -> None:
    """Hold equilibrium, optimum and learners against one another, for more and more drivers."""
    numbers = np.unique(np.logspace(np.log10(2), 3, experiment.size(36, 9)).astype(int))
    curves = {
        "three roads": [equilibria(three_roads(n)) for n in numbers],
        "Pigou's two roads": [equilibria(pigou(n)) for n in numbers],
    }
    episodes = experiment.size(2000, 300)
    crowds = (4, 16, 64) if not experiment.quick else (4, 16)
    learned: dict[int, Floats] = {}
    for n in crowds:
        roads = three_roads(n)
        ends = [
            learn(n, "independent-q", episodes=episodes, seed=seed, options=INDEPENDENT)
            for seed in experiment.seeds
        ]
        learned[n] = np.array([ratio(roads, loads_of(end.policies, roads.n_roads)) for end in ends])
    rows = []
    for n in (*crowds, 1000):
        roads = three_roads(n)
        seen = learned.get(n)
        rows.append(
            (
                n,
                shown(equilibria(roads)),
                "" if seen is None else f"{np.median(seen):.3f}",
                "" if seen is None else shown(seen),
                shown(equilibria(pigou(n))),
            )
        )
    header = ("drivers", "three roads", "independent-q", "all runs", "Pigou's two roads")
    experiment.table("delay over the optimum", header, rows)

    def draw(ax: Any) -> None:
        for number, (name, ratios) in enumerate(curves.items()):
            style = {"color": COLORS[number], "linestyle": DASHES[number], "linewidth": 1.8}
            low, high = [r.min() for r in ratios], [r.max() for r in ratios]
            ax.fill_between(numbers, low, high, color=COLORS[number], alpha=0.2, linewidth=0)
            ax.plot(numbers, high, label=f"worst equilibrium, {name}", **style)
        for n, seen in learned.items():
            low, middle, high = np.quantile(seen, (0.1, 0.5, 0.9))
            ax.errorbar(
                n,
                middle,
                [[middle - low], [high - middle]],
                fmt=MARKERS[1],
                color=COLORS[2],
                capsize=3,
                label="independent-q, three roads" if n == crowds[0] else None,
            )
        ax.axhline(4 / 3, color=GRAY, linewidth=1.2)
        ax.annotate("4/3", (1000, 4 / 3 + 0.004), ha="right", fontsize=9)
        ax.set_xscale("log")
        ax.set_xlabel("drivers")
        ax.set_ylabel("total delay over the optimum")
        ax.legend(frameon=False, loc="lower right")

    experiment.picture("price", draw, size=(7.0, 3.9))


def tables(experiment: Experiment) -> None:
    """Count the numbers that learners keep."""
    rows = [(n, 3 * n, f"{3**n:,}", f"{n * 3**n:,}") for n in (2, 4, 6, 8, 10, 20)]
    header = ("drivers", "independent: 3 n", "one joint table: 3^n", "one for each: n 3^n")
    experiment.table("numbers kept", header, rows)


def needed(n: int, learner: str, target: float, *, episodes: int, seed: int, options: Any) -> float:
    """Return after how many episodes the delay stays close to a target; inf if it does not."""
    roads = three_roads(n)
    trace = learn(n, learner, episodes=episodes, seed=seed, options=options).trace
    delays = [roads.total_delay(loads_of(p, roads.n_roads)) for p in trace.policies]
    far = np.flatnonzero(np.array(delays) > CLOSE * target)
    if not far.size:
        return float(trace.episodes[0])
    return float(trace.episodes[far[-1] + 1]) if far[-1] + 1 < len(delays) else np.inf


def episodes_needed(experiment: Experiment) -> None:
    """Count episodes until independent learners are at equilibrium, and central ones at best."""
    few = (2, 4, 6, 8) if not experiment.quick else (2, 4)
    many = (2, 4, 8, 16, 32, 64) if not experiment.quick else (2, 4, 8)
    seeds = experiment.seeds[:5]
    found: dict[str, dict[int, float]] = {"independent-q": {}, "central-q": {}}
    for n in many:
        roads = three_roads(n)
        target = roads.total_delay(roads.equilibrium_loads())
        plan = {"episodes": experiment.size(1000, 200), "options": INDEPENDENT}
        runs = [needed(n, "independent-q", target, seed=seed, **plan) for seed in seeds]
        found["independent-q"][n] = float(np.median(runs))
    for n in few:
        roads = three_roads(n)
        target = roads.total_delay(roads.optimal_loads())
        plan = {"episodes": max(100, int(1.3 * 3**n)), "options": CENTRAL}
        runs = [needed(n, "central-q", target, seed=seed, **plan) for seed in seeds]
        found["central-q"][n] = float(np.median(runs))
    rows = [
        (n, *(f"{found[learner].get(n, np.nan):,.0f}".replace("nan", "") for learner in found))
        for n in sorted({*few, *many})
    ]
    header = ("drivers", "independent-q, to equilibrium", "central-q, to the optimum")
    experiment.table("episodes needed", header, rows)

    def draw(ax: Any) -> None:
        for number, (learner, needs) in enumerate(found.items()):
            ax.plot(list(needs), list(needs.values()), label=learner, **Style(number).points)
        n = np.arange(2, 10)
        ax.plot(n, 3.0**n, color=GRAY, linewidth=1.2, label="joint actions: 3^n")
        ax.set_xscale("log", base=2)
        ax.set_yscale("log")
        ax.set_xticks(many, [f"{n}" for n in many])
        ax.set_xlabel("drivers")
        ax.set_ylabel("episodes needed")
        ax.legend(frameon=False)

    experiment.picture("episodes", draw, size=(7.0, 3.9))


if __name__ == "__main__":
    main()
