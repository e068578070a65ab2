"""Equilibrium selection: which of several equilibria learners end at.

Run: python benchmarks/experiments/equilibrium_selection.py [--quick | --write] [--to FOLDER]

Four parts: (1) basins of attraction in the stag hunt; (2) learners on stag hunts of more and less
risk; (3) learners on the climbing and the penalty game; (4) the penalty game with other penalties.
How to read the pictures is told in docs/experiments/equilibrium_selection.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from common import COLORS, GRAY, INK, Experiment, Floats, Style, greedy_joint_action

import gametheory as gt

HUNT = gt.catalog.load("stag_hunt")
INDIFFERENT = Fraction(2, 3)  # share of stag hunters at which both actions earn the same
DYNAMICS: dict[str, dict[str, Any]] = {
    "replicator": {"horizon": 40.0},
    "best-response": {"horizon": 12.0},
    "iga": {},
    "hedge": {"rounds": 2000},
}
LEARNERS = (
    "independent-q", "boltzmann-q", "wolf-phc", "reinforce", "jal-am",
    "lenient-q", "hysteretic-q", "central-q",
)  # fmt: skip
SWEPT, SWEPT_SEEDS = ("independent-q", "boltzmann-q", "jal-am", "hysteretic-q"), 30
PENALTIES = (0, -2, -5, -10, -20, -50, -100)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run all parts."""
    experiment = Experiment("equilibrium_selection", __doc__, arguments, seeds=60)
    basins(experiment)
    risk(experiment)
    common_payoffs(experiment)
    penalties(experiment)
    experiment.close()


def ends_at_stag(dynamic: str, x: float, y: float) -> bool:
    """Follow a dynamic of the stag hunt from shares x and y of stag."""
    start = gt.MixedProfile([[x, 1 - x], [y, 1 - y]])
    trace = gt.simulate(HUNT, dynamic, start=start, record=2, **DYNAMICS[dynamic])
    return all(bool(strategy[-1, 0] > 0.5) for strategy in trace.iterates)


def separatrix(dynamic: str, x: Floats) -> Floats:
    """Return the share y at which the basins meet above or below each x; nan off the square.

    Replicator: p ln x + (1 - p) ln(1 - x) is constant along every way, and the same for y. Gradient
    ascent: the saddle's straight lines. Best responses: the line along which both players' shares
    come to p at the same time.
    """
    p = float(INDIFFERENT)
    if dynamic == "iga":
        y = 2 * p - x
    elif dynamic == "best-response":
        # Whoever is below p answers with stag to the other one above, who answers with hare.
        y = np.where(x < p, (1 - x) * p / (1 - p), 1 - x * (1 - p) / p)
    else:
        y = np.array([_other_side(p, value) for value in x])
    return np.where((y >= 0) & (y <= 1), y, np.nan)


def _other_side(p: float, x: float) -> float:
    """Solve p ln y + (1 - p) ln(1 - y) = the same of x, on the other side of p, by bisection."""

    def level(z: float) -> float:
        return float(p * np.log(z) + (1 - p) * np.log1p(-z))

    outer, inner = (1.0, p) if x < p else (0.0, p)
    for _ in range(60):
        middle = (outer + inner) / 2
        outer, inner = (middle, inner) if level(middle) < level(x) else (outer, middle)
    return (outer + inner) / 2


def basins(experiment: Experiment) -> None:
    """Start dynamics all over the square of the two players' shares of stag."""
    n = experiment.size(25, 8)  # no start on a border of iga
    shares = (np.arange(n) + 0.5) / n
    fine = (np.arange(2000) + 0.5) / 2000
    found, rows = {}, []
    for dynamic in DYNAMICS:
        ends = found[dynamic] = np.array(
            [[ends_at_stag(dynamic, x, y) for y in shares] for x in shares]
        )
        theory = ""
        if dynamic != "hedge":
            border = separatrix(dynamic, fine)
            border = np.where(np.isnan(border), np.where(fine < INDIFFERENT, 1, 0), border)
            theory = f"{np.mean(1 - border):.3f}"
        rows.append((dynamic, theory, f"{ends.mean():.3f}"))
    experiment.table("basins", ("dynamic", "stag, in theory", "stag, of the starts"), rows)

    def draw(*axes: Any) -> None:
        x, y = np.meshgrid(shares, shares, indexing="ij")
        for ax, (dynamic, ends) in zip(axes, found.items(), strict=True):
            ax.scatter(x[ends], y[ends], s=16, marker="o", color=COLORS[0], label="to stag")
            ax.scatter(x[~ends], y[~ends], s=9, marker="x", color=COLORS[1], label="to hare")
            if dynamic != "hedge":
                ax.plot(fine, separatrix(dynamic, fine), color=INK, label="border, in theory")
            ax.plot(*[float(INDIFFERENT)] * 2, marker="*", markersize=12, color=INK, linestyle="")
            ax.set_title(dynamic, fontsize=10)
            ax.set_aspect("equal")
            ax.set_xlim(0, 1)
            ax.set_ylim(0, 1)
            ax.set_xlabel("player 0: stag at the start")
        axes[0].set_ylabel("player 1: stag at the start")
        handles, labels = axes[0].get_legend_handles_labels()
        axes[0].figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)

    experiment.picture("basins", draw, panels=(1, 4), size=(11.5, 3.6))


def risky_hunt(sure: float) -> gt.NormalFormGame:
    """Hare earns ``sure`` whatever the other one does; stag earns 4 with the other one's help."""
    return gt.NormalFormGame.symmetric([[4, 0], [sure, sure]], actions=[("Stag", "Hare")] * 2)


def risk(experiment: Experiment) -> None:
    """Make hare better, and count who still goes for the stag."""
    sure = np.linspace(0.5, 3.5, experiment.size(7, 3))
    episodes = experiment.size(1000, 300)
    rows = []
    for learner in SWEPT:
        shares = []
        for payoff in sure:
            ends = [
                greedy_joint_action(risky_hunt(payoff), learner, episodes=episodes, seed=seed)
                for seed in experiment.seeds[:SWEPT_SEEDS]
            ]
            shares.append(ends.count((0, 0)) / len(ends))
        rows.append((learner, shares))
    header = ("learner", *(f"hare {payoff:g}" for payoff in sure))
    experiment.table("risk", header, [(name, *(f"{s:.2f}" for s in ss)) for name, ss in rows])

    def draw(ax: Any) -> None:
        for number, (learner, shares) in enumerate(rows):
            ax.plot(sure, shares, label=learner, **Style(number).points)
        ax.axvline(2, color=GRAY, linewidth=1.2)
        ax.annotate("hare is risk dominant", (2.04, 1.07), color=INK, fontsize=9)
        ax.annotate("stag is", (1.96, 1.07), color=INK, fontsize=9, ha="right")
        ax.set_xlabel("payoff of hare (stag: 4 together, 0 alone)")
        ax.set_ylabel("runs that end at stag")
        ax.set_ylim(-0.04, 1.15)
        ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))

    experiment.picture("risk", draw, size=(8.0, 3.8))


def common_payoffs(experiment: Experiment) -> None:
    """Count the payoffs at which learners end in the climbing and the penalty game."""
    games = {"climbing": gt.catalog.load("climbing"), "penalty": gt.catalog.load("penalty", k=-100)}
    episodes = experiment.size(2000, 300)
    counts: dict[tuple[str, str], Counter[float]] = {}
    for name, game in games.items():
        for learner in LEARNERS:
            ends = [
                greedy_joint_action(game, learner, episodes=episodes, seed=seed)
                for seed in experiment.seeds
            ]
            counts[name, learner] = Counter(float(game.payoffs[0][joint]) for joint in ends)
    rows = [
        (
            learner,
            *(
                ", ".join(f"{p:g}: {k}" for p, k in sorted(counts[name, learner].items()))
                for name in games
            ),
        )
        for learner in LEARNERS
    ]
    header = ("learner", "climbing (best: 11)", "penalty, k = -100 (best: 10)")
    experiment.table("common payoffs", header, rows)

    def draw(*axes: Any) -> None:
        hatches = ("", "//", "..", "xx", "--", "oo")
        for ax, name in zip(axes, games, strict=True):
            seen = sorted({p for learner in LEARNERS for p in counts[name, learner]}, reverse=True)
            left = np.zeros(len(LEARNERS))
            for number, payoff in enumerate(seen):
                width = np.array([counts[name, learner][payoff] for learner in LEARNERS])
                width = width / len(experiment.seeds)
                ax.barh(
                    LEARNERS,
                    width,
                    left=left,
                    color=COLORS[number % len(COLORS)],
                    hatch=hatches[number % len(hatches)],
                    edgecolor="white",
                    label=f"{payoff:g}",
                )
                left += width
            ax.invert_yaxis()
            ax.set_xlabel("share of the runs")
            ax.set_title(f"{name}: payoff at the end", fontsize=10)
            ax.legend(
                frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.08), ncols=len(seen)
            )
        axes[1].set_yticklabels([])

    experiment.picture("common_payoffs", draw, panels=(1, 2), size=(9.0, 3.9))


def penalties(experiment: Experiment) -> None:
    """Make misunderstandings dearer, and count who still reaches 10."""
    episodes = experiment.size(1000, 300)
    chosen = PENALTIES if not experiment.quick else PENALTIES[::3]
    rows = []
    for learner in SWEPT:
        shares = []
        for k in chosen:
            game = gt.catalog.load("penalty", k=k)
            ends = [
                greedy_joint_action(game, learner, episodes=episodes, seed=seed)
                for seed in experiment.seeds[:SWEPT_SEEDS]
            ]
            shares.append(sum(game.payoffs[0][joint] == 10 for joint in ends) / len(ends))
        rows.append((learner, shares))
    header = ("learner", *(f"k = {k}" for k in chosen))
    experiment.table("penalties", header, [(name, *(f"{s:.2f}" for s in ss)) for name, ss in rows])

    def draw(ax: Any) -> None:
        places = np.arange(len(chosen))
        for number, (learner, shares) in enumerate(rows):
            ax.plot(places, shares, label=learner, **Style(number).points)
        ax.set_xticks(places, [f"{k}" for k in chosen])
        ax.set_xlabel("penalty k of a misunderstanding")
        ax.set_ylabel("runs that end at 10")
        ax.set_ylim(-0.04, 1.04)
        ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))

    experiment.picture("penalties", draw, size=(8.0, 3.8))


if __name__ == "__main__":
    main()
