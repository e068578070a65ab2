"""Counterfactual regret minimization: every information set minimizes a regret of its own.

Zinkevich, Johanson, Bowling and Piccione (2007), "Regret minimization in games with incomplete
information", and its successors, see :data:`VARIANTS`. One kernel runs them all, in the sequence
form: a player's counterfactual values are sums of payoffs times the others' realization plans.

Restarts: Chakrabarti, Diakonikolas and Kroer (2023), "Block-coordinate methods and restarting for
solving extensive-form games", restart when the gap of the average has halved, and from there.
Here what regret matching restarts from are regrets that stand in proportion to the best plans'
strategy and are as large in sum, at each information set, as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import inf, isfinite
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.extensive_form.approach import (
    approach,
    check_limits,
    plan_of,
    uniform_strategy,
)
from gametheory.algorithms.extensive_form.cfr_schedules import VARIANTS, Variant, schedule
from gametheory.algorithms.extensive_form.checkpoints import Checkpoint
from gametheory.algorithms.extensive_form.sequence_form_lp import is_too_large
from gametheory.algorithms.registry import Search, register
from gametheory.errors import UnsupportedGame
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.sequence_layout import SequenceLayout, lay_out

__all__ = ["RegretMinimization"]

Floats = NDArray[np.float64]


class RegretMinimization:
    """A variant at work on one game.

    Parameters
    ----------
    layout : SequenceLayout
    variant : Variant
    alternating : bool
        Whether each player answers to what the players before it did in the same iteration.
    restarts : bool
        Whether to start afresh from the best plans whenever their max regret has halved.
    """

    def __init__(
        self, layout: SequenceLayout, variant: Variant, *, alternating: bool, restarts: bool
    ) -> None:
        from gametheory.kernels.regret_minimization import Iterate

        self.layout, self.variant = layout, variant
        self.alternating, self.restarts = alternating, restarts
        self.fresh = np.zeros(1, np.int64)  # iterations before the last fresh start
        self.goal = np.full(1, inf)  # max regret at which to start afresh
        n, n_slots = layout.n_positions, layout.slots.size
        strategy = uniform_strategy(layout)
        plan = plan_of(layout, strategy)
        self.x = Iterate(
            strategy=strategy,
            regrets=np.zeros(n),
            plan=plan,
            averages=np.zeros(len(variant.averages) * n),
            gains=np.zeros(n),
            inputs=layout.slot_factor * plan[layout.slots],
            outputs=np.zeros(n_slots + 1),
            work=np.zeros(8),
        )

    def advance(self, first: int, last: int) -> None:
        """Do iterations first to last - 1, counted from 1."""
        from gametheory.kernels.regret_minimization import advance

        before = int(self.fresh[0])
        rows, weights = schedule(self.variant, first - before, last - before)
        advance(self.layout, self.x, rows, weights, self.variant.floor, self.alternating)

    def plans(self) -> Iterable[Floats]:
        """Give the averages, once there are any, and the last iterate."""
        starts = self.layout.player_start[:-1]
        sizes = np.diff(self.layout.player_start)
        for sums in self.x.averages.reshape(len(self.variant.averages), -1):
            if sums[starts[0]] > 0:
                yield sums / np.repeat(sums[starts], sizes)
        yield self.x.plan

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Give everything that the next iterations depend on."""
        x = self.x
        return {
            "strategy": x.strategy,
            "regrets": x.regrets,
            "plan": x.plan,
            "averages": x.averages,
            "inputs": x.inputs,
            "fresh": self.fresh,
            "goal": self.goal,
        }

    def checked(self, best: Floats, regret: float, done: int) -> int:
        """Start afresh if that is wanted and it is time; return the iterations since."""
        if self.restarts and 0 < regret <= self.goal[0]:
            if isfinite(self.goal[0]):
                self._restart(best)
                self.fresh[0] = done
            self.goal[0] = regret / 2
        return done - int(self.fresh[0])

    def _restart(self, best: Floats) -> None:
        x = self.x
        for first, m, k, _ in self.layout.groups.tolist():
            there = slice(first, first + m * k)
            weights = best[there].reshape(k, m)
            total = weights.sum(axis=0)
            share = np.divide(weights, total, out=np.full((k, m), 1.0 / k), where=total > 0)
            size = np.maximum(x.regrets[there].reshape(k, m), 0.0).sum(axis=0)
            x.strategy[there] = share.reshape(-1)
            x.regrets[there] = (size * share).reshape(-1)
        x.plan[:] = plan_of(self.layout, x.strategy)
        x.inputs[:] = self.layout.slot_factor * x.plan[self.layout.slots]
        x.averages[:] = 0.0


def _run(
    game: ExtensiveFormGame,
    name: str,
    *,
    target: float | None,
    max_iterations: int,
    alternating: bool,
    averages: tuple[float, ...] | None,
    restarts: bool,
    check_every: int | None,
    checkpoint: str | PathLike[str] | None,
) -> Search:
    check_limits(target, max_iterations, check_every)
    variant = VARIANTS[name]
    if averages is not None:
        variant = replace(variant, averages=_exponents(averages))
    file = None
    if checkpoint is not None:
        file = Checkpoint(
            checkpoint,
            {
                "game": game.digest,
                "method": name,
                "alternating": alternating,
                "averages": list(variant.averages),
                "restarts": restarts,
                "check_every": check_every,
            },
        )
    iteration = RegretMinimization(
        lay_out(game.sequence_form), variant, alternating=alternating, restarts=restarts
    )
    return (
        yield from approach(
            game,
            iteration,
            target=target,
            max_iterations=max_iterations,
            check_every=check_every,
            checkpoint=file,
        )
    )


def _exponents(averages: Any) -> tuple[float, ...]:
    try:
        exponents = tuple(float(exponent) for exponent in averages)
    except (TypeError, ValueError):
        exponents = ()
    if not exponents or not all(isfinite(e) and 0 <= e <= 20 for e in exponents):
        raise UnsupportedGame(
            f"averages={averages!r}",
            valid="numbers from 0 to 20: exponents g of the weight t^g of iteration t",
        )
    return exponents


_GUARANTEE = (
    "two-player constant-sum games: the max regret of the averages goes to zero{rate}; in others "
    "each player's external regret does, and the profile is as good as its certificate says"
)
_RATES = {"cfr": " as 1/sqrt(T)", "cfr+": " as 1/sqrt(T), in practice faster"}
_FOR_LARGE_GAMES = "cfr+"  # by default, where linear programs take too long
_COST = "an iteration is two passes over each treeplex and one over the payoffs; memory likewise"


def _register(name: str, rank: int) -> None:
    @register(
        name,
        concepts=("nash", "minimax"),
        form=ExtensiveFormGame,
        rank=rank,
        automatic=is_too_large if name == _FOR_LARGE_GAMES else False,
        guarantee=_GUARANTEE.format(rate=_RATES.get(name, "")),
        cost=_COST,
        source=VARIANTS[name].source,
    )
    def run(
        game: ExtensiveFormGame,
        *,
        target: float | None = None,
        max_iterations: int = 100_000,
        alternating: bool = True,
        averages: tuple[float, ...] | None = None,
        restarts: bool = False,
        check_every: int | None = None,
        checkpoint: str | PathLike[str] | None = None,
    ) -> Search:
        return _run(
            game,
            name,
            target=target,
            max_iterations=max_iterations,
            alternating=alternating,
            averages=averages,
            restarts=restarts,
            check_every=check_every,
            checkpoint=checkpoint,
        )


for _rank, _name in enumerate(VARIANTS, start=60):
    _register(_name, 6 if _name == _FOR_LARGE_GAMES else _rank)  # behind the linear program
