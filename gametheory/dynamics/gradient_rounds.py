"""Play in rounds along the gradient of expected payoffs: one driver for several rules.

In each round every player plays a mixed strategy, sees what each of its actions would have earned
against the others' strategies, which is the gradient of its expected payoff, and changes its
strategy by a rule.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.dynamics.recording import number
from gametheory.dynamics.rounds import Rounds, log_of
from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.solution import Trace

if TYPE_CHECKING:
    from gametheory.dynamics.flows import Populations
    from gametheory.kernels.rounds import Ledger, Table

__all__ = ["Kind", "Schedule", "coupling", "gradient_trace", "gradient_widths", "positive"]

Floats = NDArray[np.float64]
Kind = Literal["giga", "giga-wolf", "optimistic", "magnetic"]

_KINDS = ("giga", "giga-wolf", "optimistic", "magnetic")  # as the kernel numbers them


class Schedule(NamedTuple):
    """How fast players go.

    Attributes
    ----------
    steps : ndarray of float64, shape (n_players,)
        Step sizes in the first round, per unit of the scaled payoffs.
    step_decay : float
        In round t they are ``steps / t**step_decay``.
    temperature, temperature_decay : float
        The same for the temperature of magnetic mirror descent, in units of the scaled payoffs.
    magnet : ndarray of float64, shape (M,), or None
        The strategies that magnetic mirror descent is drawn to.
    """

    steps: Floats
    step_decay: float = 0.0
    temperature: float = 0.0
    temperature_decay: float = 0.0
    magnet: Floats | None = None


def positive(name: str, value: Any) -> float:
    """Return an option that is a positive finite number, or say what is wrong."""
    found = number(name, value)
    if found == 0:
        raise UnsupportedGame(f"{name} is {value!r}", where=name, valid="a positive finite number")
    return found


def gradient_widths(who: Populations) -> Floats:
    """Bound each player's gradients, but for what is common to its actions, in Euclidean length.

    Payoffs between -w/2 and w/2 of m actions are a vector no longer than w/2 * sqrt(m); in units
    of the payoffs, shape (n_players,). 1/2 for a player whose payoffs are all equal.
    """
    widths = np.where(who.payoffs.widths > 0, who.payoffs.widths, 1.0)
    return np.asarray(widths * np.sqrt(who.sizes) / 2)


def coupling(who: Populations) -> float:
    """Bound how much faster than the strategies the gradients change, in Euclidean lengths.

    Only differences between a player's actions count, and strategies sum to one: between two
    players the constant is the largest singular value of the payoffs less their row and column
    means. Between more, a matrix no entry of which exceeds w/2 has none above
    w/2 * sqrt(rows * columns). In units of the payoffs; 1 if nothing is coupled.
    """
    sizes = who.sizes
    if len(sizes) == 2:
        rowless = [t - t.mean(axis=1, keepdims=True) for t in who.payoffs.tensors]
        found = max(float(np.linalg.norm(t - t.mean(axis=0), 2)) for t in rowless)
    else:
        bounds = np.outer(who.payoffs.widths / 2 * np.sqrt(sizes), np.sqrt(sizes))
        np.fill_diagonal(bounds, 0.0)
        found = float(np.linalg.norm(bounds, 2))
    negligible = 1e-12  # of payoffs of unit range: rounding
    return found if found > negligible else 1.0


def gradient_trace(
    game: NormalFormGame,
    kind: Kind,
    *,
    start: MixedProfile | None,
    schedule: Callable[[Rounds], Schedule],
    rounds: int,
    record: int,
    spacing: str,
) -> Trace:
    """Play by a rule.

    Parameters
    ----------
    game : NormalFormGame
    kind : str
        Whose rule the kernel has.
    start : MixedProfile or None
        Uniform play if None.
    schedule : callable
        Says how fast the players go, given the game as it is played.
    rounds, record, spacing
        See :func:`gametheory.dynamics.recording.record_steps`.
    """
    played = Rounds(game, start)
    plan = schedule(played)
    first = log_of(played.who.start) if kind == "magnetic" else played.who.start.copy()
    work = np.zeros((2, max(game.n_actions)))

    def kernel(table: Table, ledger: Ledger, steps: int, _: Floats) -> None:
        from gametheory.kernels.gradient_rounds import Rule, gradient_rounds

        rule = Rule(
            _KINDS.index(kind),
            plan.steps,
            plan.step_decay,
            plan.temperature,
            plan.temperature_decay,
            np.zeros(len(first)) if plan.magnet is None else log_of(plan.magnet),
            first,
        )
        gradient_rounds(table, ledger, rule, steps, work)

    return played.trace(kernel, rounds, record, spacing)
