"""Credit assignment: who of a team is to be praised for a common reward.

Run: python benchmarks/experiments/credit_assignment.py [--quick | --write] [--to FOLDER]

Three parts: (1) how much of a reward depends on one's own action, for the rewards that one may
give to a crowd; (2) a crowd that learns from each of them; (3) learners that take a common reward
apart, on three games of three agents. How to read the pictures is told in
docs/experiments/credit_assignment.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from common import GRAY, Experiment, Floats, Style, band

import gametheory as gt
from marl_bridge import train
from marl_bridge.learners.schedules import Schedule
from marl_bridge.worlds import CongestionEnv
from marl_bridge.worlds.congestion import Roads

REWARDS = ("common", "own delay", "difference")
CONSTANT = {"exploration": Schedule(0.1, 0.1), "step_size": Schedule(0.1, 0.1)}
LEARNERS: dict[str, tuple[str, dict[str, Any]]] = {
    "independent-q": ("independent-q", {}),
    "vdn": ("vdn", {}),
    "qmix": ("qmix", {}),
    "centralized-critic": ("centralized-critic", {}),
    "counterfactual": ("centralized-critic", {"baseline": "counterfactual"}),
    "counterfactual, slow actor": (
        "centralized-critic",
        {"baseline": "counterfactual", "step_size": Schedule(0.02, 0.02)},
    ),
    "central-q": ("central-q", {}),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run all parts."""
    experiment = Experiment("credit_assignment", __doc__, arguments, seeds=20)
    signals(experiment)
    crowds(experiment)
    decompositions(experiment)
    experiment.close()


def total_delay(roads: Roads, loads: Any) -> Any:
    """Return the total delay of many loads at once, shape (..., n_roads)."""
    at = roads.delays[np.arange(roads.n_roads), np.maximum(loads, 1) - 1]
    return (loads * at).sum(axis=-1)


def rewards_of(roads: Roads, loads: Any, kind: str) -> Floats:
    """Return what a user of each road is given, shape (..., n_roads); 0 where nobody is.

    "common" is minus the mean delay, "own delay" minus one's own, and "difference" minus what one
    adds to the total: what it is without oneself is taken off.
    """
    loads = np.asarray(loads)
    used = loads > 0
    if kind == "own delay":
        given = -roads.delays[np.arange(roads.n_roads), np.maximum(loads, 1) - 1]
    elif kind == "common":
        given = -total_delay(roads, loads)[..., None] / roads.n_agents
    else:
        without = loads[..., None, :] - np.eye(roads.n_roads, dtype=int)  # one user less of each
        given = total_delay(roads, np.maximum(without, 0)) - total_delay(roads, loads)[..., None]
    return np.where(used, given, 0.0)


def roads_of(n: int) -> list[tuple[int, int]]:
    """Return the congestion world's own three roads, and a detour that takes three times as long.

    Without it a crowd that learns nothing would be close to the optimum by chance.
    """
    return [(0, 2), (n // 2, 1), (n, 0), (3 * n, 0)]


class Crowd(CongestionEnv):
    """Drivers who are given another reward than their own delay.

    Parameters
    ----------
    n_agents : int
    kind : str
        As for :func:`rewards_of`.
    """

    def __init__(self, n_agents: int, kind: str) -> None:
        super().__init__(n_agents=n_agents, roads=roads_of(n_agents))
        self.kind = kind

    def step(self, actions: Mapping[str, int]) -> tuple[dict[str, Any], ...]:
        """Let everybody drive."""
        observations, _, *rest = super().step(actions)
        given = rewards_of(self.roads, self.loads, self.kind).tolist()
        return (observations, {agent: given[a] for agent, a in actions.items()}, *rest)


def signals(experiment: Experiment) -> None:
    """Draw everybody's action at random: how much of what one is given is one's own doing."""
    numbers = (2, 4, 8, 16, 32, 64, 128)
    samples = experiment.size(40_000, 5000)
    kinds = (*REWARDS, "counterfactual")
    shares: dict[str, list[float]] = {kind: [] for kind in kinds}
    for n in numbers:
        roads = Roads.linear(roads_of(n), n)
        rng = np.random.default_rng([0, n])
        others = rng.multinomial(n - 1, np.full(roads.n_roads, 1 / roads.n_roads), samples)
        for kind in REWARDS:
            given = np.stack(
                [
                    rewards_of(roads, others + np.eye(roads.n_roads, dtype=int)[road], kind)[
                        :, road
                    ]
                    for road in range(roads.n_roads)
                ]
            )  # of each own road, in each sample
            shares[kind].append(explained(given))
            if kind == "common":
                shares["counterfactual"].append(explained(given - given.mean(axis=0)))
    rows = [(kind, *(f"{share:.3f}" for share in shares[kind])) for kind in kinds]
    header = ("reward", *(f"n = {n}" for n in numbers))
    experiment.table("own part of the variance", header, rows)

    def draw(ax: Any) -> None:
        for number, kind in enumerate(kinds):
            ax.plot(numbers, shares[kind], label=kind, **Style(number).points)
        ax.set_xscale("log", base=2)
        ax.set_yscale("log")
        ax.set_xticks(numbers, [f"{n}" for n in numbers])
        ax.set_xlabel("drivers")
        ax.set_ylim(0.003, 1.3)
        ax.set_ylabel("share of the variance\nthat is one's own doing")
        ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))

    experiment.picture("signals", draw, size=(7.6, 3.6))


def explained(given: Floats) -> float:
    """Return the variance between own actions over the whole; shape (n_actions, n_samples)."""
    return float(given.mean(axis=1).var() / given.var())


def crowds(experiment: Experiment) -> None:
    """Let crowds learn from each reward, and hold the total delay against the optimum."""
    numbers = (8, 32, 128) if not experiment.quick else (4, 16)
    episodes = experiment.size(500, 200)
    seeds = experiment.seeds[:6]
    found, times = {}, np.zeros(0, dtype=int)
    for n in numbers:
        for kind in REWARDS:
            runs = [crowd_ratios(n, kind, episodes=episodes, seed=seed) for seed in seeds]
            times, found[kind, n] = runs[0][0], np.array([ratios for _, ratios in runs])
    shown = [min(int(np.searchsorted(times, t)), len(times) - 1) for t in (25, 100, episodes)]
    rows = [
        (n, kind, *(f"{np.median(found[kind, n][:, k]):.3f}" for k in shown))
        for n in numbers
        for kind in REWARDS
    ]
    header = ("drivers", "reward", *(f"after {times[k]}" for k in shown))
    experiment.table("delay over the optimum", header, rows)

    def draw(*axes: Any) -> None:
        for ax, n in zip(axes, numbers, strict=True):
            for number, kind in enumerate(REWARDS):
                band(ax, times, found[kind, n], number, kind)
            ax.axhline(1, color=GRAY, linewidth=1.2)
            ax.set_ylim(0.98, 1.5)
            ax.set_title(f"{n} drivers", fontsize=10)
            ax.set_xlabel("episode")
        axes[0].set_ylabel("total delay over the optimum")
        axes[0].legend(frameon=False, title="reward")

    experiment.picture("crowds", draw, panels=(1, len(numbers)), size=(10.5, 3.6))


def crowd_ratios(n: int, kind: str, *, episodes: int, seed: int) -> tuple[Any, Floats]:
    """Train a crowd; return when, and the total delay over the optimum of greedy choices then."""
    training = train(
        lambda: Crowd(n, kind),
        "independent-q",
        episodes=episodes,
        seed=seed,
        keep_policies=True,
        **CONSTANT,
    )
    roads = Roads.linear(roads_of(n), n)
    delays = []
    for policies in training.trace.policies:
        rows = [next(iter(policy.table.values())) for policy in policies.values()]
        loads = np.bincount([int(row.argmax()) for row in rows], minlength=roads.n_roads)
        delays.append(roads.total_delay(loads))
    return training.trace.episodes, np.array(delays) / roads.total_delay(roads.optimal_loads())


def team_games() -> dict[str, gt.NormalFormGame]:
    """Build three games of three agents with one common reward, each worth 10 at best.

    "sum": each adds its own part. "product": each multiplies the others' parts. "climbing":
    each of three actions is best with the same one of the others, the better one the riskier.
    """
    parts = np.array([0.0, 1.0, 2.0])
    places = np.indices((3, 3, 3))
    games = {
        "sum": parts[places].sum(axis=0) * (10 / 6),
        "product": (parts[places] + 1).prod(axis=0) * (10 / 27),
        "climbing": np.full((3, 3, 3), 0.0),
    }
    climbing = games["climbing"]
    alone = (places == 2).sum(axis=0)  # agents at the third action
    climbing[(alone > 0) & (alone < 3)] = -20.0
    climbing[(alone == 0)] = 5.0 - (places == 1).sum(axis=0)[alone == 0]
    climbing[2, 2, 2] = 10.0
    return {name: gt.NormalFormGame(np.stack([payoff] * 3)) for name, payoff in games.items()}


def decompositions(experiment: Experiment) -> None:
    """Let learners that take a common reward apart play games that can and cannot be."""
    episodes = experiment.size(3000, 500)
    games = team_games()
    curves: dict[tuple[str, str], Any] = {}
    rows = []
    for label, (learner, options) in LEARNERS.items():
        cells = []
        for name, game in games.items():
            runs = [
                train(game, learner, episodes=episodes, seed=seed, keep_policies=True, **options)
                for seed in experiment.seeds
            ]
            curve = np.array([[payoff(game, p) for p in run.trace.policies] for run in runs])
            curves[name, label] = runs[0].trace.episodes, curve
            best = int(np.sum(curve[:, -1] > 9.5))
            cells.append(f"{np.median(curve[:, -1]):.1f} ({best} of {len(runs)})")
        rows.append((label, *cells))
    header = ("learner", *(f"{name}: median (optimal)" for name in games))
    experiment.table("common reward", header, rows)

    def draw(*axes: Any) -> None:
        for ax, name in zip(axes, games, strict=True):
            for number, label in enumerate(LEARNERS):
                episodes_at, curve = curves[name, label]
                style = Style(number).line
                ax.plot(episodes_at, curve.mean(axis=0), label=label, linewidth=1.7, **style)
            ax.axhline(10, color=GRAY, linewidth=1.2)
            ax.set_title(name, fontsize=10)
            ax.set_xlabel("episode")
        axes[0].set_ylabel("payoff of what was learned, mean")
        handles, labels = axes[0].get_legend_handles_labels()
        axes[0].figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)

    experiment.picture("decomposition", draw, panels=(1, 3), size=(11.0, 4.1))


def payoff(game: gt.NormalFormGame, policies: Any) -> float:
    """Return the common payoff of policies."""
    rows = [next(iter(policy.table.values())) for policy in policies.values()]
    return float(game.expected_payoffs(gt.MixedProfile(rows))[0])


if __name__ == "__main__":
    main()
