"""One way from options to the kernel for all that learn by regrets or by weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.dynamics.recording import choice, number
from gametheory.dynamics.rounds import STEEPEST, Rounds, log_of
from gametheory.errors import UnsupportedGame
from gametheory.solution import Trace

__all__ = ["averaging_power", "learning_trace", "over_ranges", "scaled_rate"]

Floats = NDArray[np.float64]


def learning_trace(
    played: Rounds,
    kind: str,
    *,
    recorded: tuple[int, int, str],
    rates: Floats | None = None,
    exploration: Floats | None = None,
    fading: bool = False,
    optimism: float = 0.0,
    alternating: bool = False,
    power: int = 0,
) -> Trace:
    """Let all players of a game learn in the same way.

    Parameters
    ----------
    played : Rounds
    kind : str
        The name of a constant of :mod:`gametheory.kernels.no_regret`.
    recorded : tuple
        Rounds, records and their spacing.
    rates, exploration, fading, optimism, alternating, power
        See :class:`gametheory.kernels.no_regret.Learner`.
    """
    from gametheory.kernels import no_regret

    code = getattr(no_regret, kind)
    pairs = code in (no_regret.INTERNAL, no_regret.CONDITIONAL, no_regret.SWAP_HEDGE)
    sizes = played.sizes**2 if pairs else played.sizes
    widest = int(played.sizes.max())
    zeros = np.zeros(played.game.n_players)
    learner = no_regret.Learner(
        kind=code,
        rates=zeros if rates is None else rates,
        exploration=zeros if exploration is None else exploration,
        fading=fading,
        optimism=optimism,
        alternating=alternating,
        power=power,
        memory=np.zeros(int(sizes.sum())),
        places=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        start=played.who.start.copy(),
        log_start=log_of(played.who.start),
        chain=np.zeros((widest, widest)),
    )

    def kernel(table: Any, ledger: Any, steps: int, uniform: Floats) -> None:
        no_regret.learning_rounds(table, ledger, learner, steps, uniform)

    return played.trace(kernel, *recorded)


def averaging_power(averaging: str) -> int:
    """Read how strategies are averaged: by t ** 0 or t ** 1 in round t."""
    return int(choice("averaging", averaging, ("uniform", "linear")) == "linear")


def over_ranges(numbers: Any, played: Rounds) -> Floats:
    """Divide by each player's payoff range; 0 where that is 0, and nothing can be learned."""
    result = np.zeros(played.game.n_players)
    np.divide(numbers, played.ranges, out=result, where=played.ranges > 0)
    return np.minimum(result, STEEPEST)


def scaled_rate(name: str, value: Any, played: Rounds) -> Floats:
    """Read a positive learning rate per unit of the game's payoffs, the same for all players."""
    rate = number(name, value)
    if rate == 0:
        raise UnsupportedGame(f"{name} is {value!r}", where=name, valid="a positive number")
    return np.full(played.game.n_players, min(rate * played.who.payoffs.unit, STEEPEST))
