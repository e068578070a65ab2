"""Magnetic mirror descent: its last iterate converges, not only its average.

Sokota, D'Orazio, Kolter, Loizou, Lanctot, Mitliagkas, Brown and Kroer (2023), "A unified approach
to reinforcement learning, quantal response equilibria, and two-player zero-sum games". A step
goes along the gradient, near where it is by the dilated entropy, and is drawn to a magnet: for a
fixed magnet the last iterates of a two-player zero-sum game converge linearly to the equilibrium
of the game that charges each player for its distance from the magnet. Moving the magnet to where
the iterates have come to, again and again, makes them proximal steps towards an equilibrium of
the game itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from numbers import Real
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
from gametheory.algorithms.extensive_form.checkpoints import Checkpoint
from gametheory.algorithms.registry import Search, register
from gametheory.errors import UnsupportedGame
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.sequence_layout import SequenceLayout, lay_out

__all__ = ["MirrorDescent", "magnetic_mirror_descent"]

Floats = NDArray[np.float64]


class MirrorDescent:
    """The method at work on one game.

    Parameters
    ----------
    layout : SequenceLayout
    step, temperature : float
        As :func:`gametheory.kernels.mirror_descent.descend` takes them.
    magnet_iterations : int
        The magnet is moved to the iterate after so many iterations; never, if 0.
    """

    def __init__(
        self, layout: SequenceLayout, *, step: float, temperature: float, magnet_iterations: int
    ) -> None:
        from gametheory.kernels.mirror_descent import MirrorIterate

        self.layout, self.step, self.temperature = layout, step, temperature
        self.magnet_iterations = magnet_iterations
        n, n_slots = layout.n_positions, layout.slots.size
        strategy = uniform_strategy(layout)
        plan = plan_of(layout, strategy)
        logs = np.log(strategy, out=np.zeros(n), where=strategy > 0)
        self.x = MirrorIterate(
            logs=logs,
            magnet=logs.copy(),
            plan=plan,
            average=np.zeros(n),
            gains=np.zeros(n),
            inputs=layout.slot_factor * plan[layout.slots],
            outputs=np.zeros(n_slots + 1),
        )

    def advance(self, first: int, last: int) -> None:
        """Do iterations first to last - 1, counted from 1."""
        from gametheory.kernels.mirror_descent import descend

        period = self.magnet_iterations
        while first < last:
            until = min(last, first + period - (first - 1) % period) if period else last
            descend(self.layout, self.x, until - first, self.step, self.temperature)
            if period and (until - 1) % period == 0:
                self.x.magnet[:] = self.x.logs
            first = until

    def plans(self) -> Iterable[Floats]:
        """Give the last iterate, and the average once there is one."""
        yield self.x.plan
        starts, sizes = self.layout.player_start[:-1], np.diff(self.layout.player_start)
        if self.x.average[starts[0]] > 0:
            yield self.x.average / np.repeat(self.x.average[starts], sizes)

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Give everything that the next iterations depend on."""
        x = self.x
        return {
            "logs": x.logs,
            "magnet": x.magnet,
            "plan": x.plan,
            "average": x.average,
            "inputs": x.inputs,
        }

    def checked(self, best: Floats, regret: float, done: int) -> int:
        """Go on, whatever the best plans are."""
        return done


@register(
    "mmd",
    concepts=("nash", "minimax"),
    form=ExtensiveFormGame,
    rank=70,
    automatic=False,
    guarantee="two-player constant-sum games, small steps: the last iterate converges, to an "
    "equilibrium if the magnet moves; else the profile is as good as its certificate says",
    cost="an iteration is two passes over each treeplex and one over the payoffs, an exponential "
    "and a logarithm for each action",
    source="Sokota, D'Orazio, Kolter, Loizou, Lanctot, Mitliagkas, Brown and Kroer (2023), A "
    "unified approach to reinforcement learning, quantal response equilibria, and two-player "
    "zero-sum games",
)
def magnetic_mirror_descent(
    game: ExtensiveFormGame,
    *,
    target: float | None = None,
    max_iterations: int = 100_000,
    step: float = 10.0,
    temperature: float = 1e-3,
    magnet_iterations: int = 100,
    check_every: int | None = None,
    checkpoint: str | PathLike[str] | None = None,
) -> Search:
    """Yield the best of the last iterates and averages so far.

    ``step`` and ``temperature`` are for payoffs of range one: steps of ``step`` divided by the
    payoff range, drawn to the magnet with ``temperature`` times the range.
    """
    check_limits(target, max_iterations, check_every)
    for name, number in (("step", step), ("temperature", temperature)):
        if not isinstance(number, Real) or not 0 < float(number) < inf:
            raise UnsupportedGame(f"{name}={number!r}", valid="a positive number")
    if not isinstance(magnet_iterations, int) or magnet_iterations < 0:
        raise UnsupportedGame(
            f"magnet_iterations={magnet_iterations!r}", valid="a whole number; 0 for never"
        )
    options = {
        "step": float(step),
        "temperature": float(temperature),
        "magnet_iterations": magnet_iterations,
        "check_every": check_every,
    }
    file = None
    if checkpoint is not None:
        file = Checkpoint(checkpoint, {"game": game.digest, "method": "mmd", **options})
    scale = game.payoff_range or 1.0
    iteration = MirrorDescent(
        lay_out(game.sequence_form),
        step=step / scale,
        temperature=temperature * scale,
        magnet_iterations=magnet_iterations,
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
