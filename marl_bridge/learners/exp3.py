"""Exp3: exponential weights for bandits, one bandit at every observation."""

from __future__ import annotations

import math
from typing import Any

from gametheory.games.normal_form import NormalFormGame
from marl_bridge.errors import InvalidEnvironment
from marl_bridge.learners.entries import DrawnEntry, Entry
from marl_bridge.learners.matrix_rounds import MatrixRule
from marl_bridge.learners.monte_carlo import MonteCarloLearner
from marl_bridge.learners.registry import register
from marl_bridge.learners.schedules import require_unit
from marl_bridge.learners.softmax import softmax

__all__ = ["Exp3"]


@register(
    "exp3",
    default_episodes=20_000,
    promise="on a matrix game, against actions fixed in advance, expected external regret at most "
    "(e - 1) g T + n ln n / g, for n actions, T rounds and exploration g, in units of the payoff "
    "range",
    source="Auer, Cesa-Bianchi, Freund and Schapire (2002), The nonstochastic multiarmed bandit "
    "problem, SIAM Journal on Computing 32, theorem 3.1",
)
class Exp3(MonteCarloLearner):
    """Weights grow by the exponential of importance-weighted returns.

    Parameters
    ----------
    exploration : float
        Share of uniform play, within (0, 1].
    payoff_range : (float, float)
        Bounds on returns, which are scaled to [0, 1].
    **arguments
        Of :class:`~marl_bridge.learners.independent.IndependentLearner`.

    Raises
    ------
    InvalidEnvironment
        If the range is empty or a return leaves it.
    """

    def __init__(
        self,
        source: Any,
        *,
        exploration: float = 0.1,
        payoff_range: tuple[float, float] = (-1.0, 1.0),
        **arguments: Any,
    ) -> None:
        require_unit(exploration=exploration)
        low, high = map(float, payoff_range)
        if not low < high or exploration <= 0.0:
            raise InvalidEnvironment(
                f"payoff_range is {payoff_range} and exploration {exploration}",
                where="payoff_range, exploration",
                valid="(low, high) with low < high, and exploration above 0",
            )
        super().__init__(source, **arguments)
        self._gamma, self._low, self._high = exploration, low, high

    def matrix_rule(self, game: NormalFormGame) -> MatrixRule:
        """Say which compiled rule this is, if the game keeps to the range."""
        for payoff in (float(game.payoffs.min()), float(game.payoffs.max())):
            self._require_range(payoff)
        return MatrixRule("EXP3", constants=(self._gamma, self._low, self._high))

    def chances(self, entry: Entry) -> list[float]:
        """Mix the weights' shares with uniform play."""
        n = len(entry.legal)
        shares = softmax(entry.values, entry.legal, 1.0)
        return [(1.0 - self._gamma) * share + self._gamma / n for share in shares]

    def credit(self, entry: DrawnEntry, place: int, earned: float) -> None:
        """Add the importance-weighted return to the action's log-weight."""
        self._require_range(earned)
        gain = (earned - self._low) / (self._high - self._low)
        action, chances = entry.legal[place], entry.chances
        entry.values[action] += self._gamma * gain / (chances[place] * len(chances))
        if not math.isfinite(entry.values[action]):
            raise InvalidEnvironment("a log-weight overflowed", where="exp3")

    def _require_range(self, earned: float) -> None:
        if not self._low - 1e-9 <= earned <= self._high + 1e-9:
            raise InvalidEnvironment(
                f"a return of {earned:g}",
                where="payoff_range",
                valid=f"within ({self._low:g}, {self._high:g})",
                hint="give the learner bounds on the returns: payoff_range=(low, high)",
            )
