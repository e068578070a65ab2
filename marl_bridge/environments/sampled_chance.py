"""Fewer outcomes of chance than there are: some whole deals, drawn at random beforehand.

A deal is one answer to every draw of an episode. Where an environment draws, the deals that agree
with what was drawn before are grouped by what they say, and each group is an outcome with its share
of them: chance happens as late, and shows the agents as much, as in the exact game. The expected
return of any policies is then an average over the deals, without bias for policies that were made
without looking at them. Optimal play is a little too good for the true game, as it is fitted to the
deals: an approximation, and no bound.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from gametheory.games.extensive_form import TERMINAL
from gametheory.games.state_graph import StateGraph
from marl_bridge.environments.audit import AuditedEpisodes, random_play
from marl_bridge.environments.opening import EnvironmentSource
from marl_bridge.environments.script import Outcome
from marl_bridge.environments.views import random_action
from marl_bridge.errors import AuditFailed, InvalidEnvironment

__all__ = ["Deals", "SampledChance", "audit_sampled", "parse_chance"]

_EPISODES = 400
_FALSE_ALARM = 1e-6


def parse_chance(chance: str) -> int | None:
    """Read "exact" as None and "sample:1000" as 1000.

    Raises
    ------
    InvalidEnvironment
        For anything else.

    Examples
    --------
    >>> parse_chance("sample:1000")
    1000
    """
    if chance == "exact":
        return None
    kind, _, number = chance.partition(":") if isinstance(chance, str) else ("", "", "")
    if kind == "sample" and number.isdecimal() and int(number) > 0:
        return int(number)
    raise InvalidEnvironment(
        f"chance is {chance!r}",
        where="chance",
        valid="'exact', or 'sample:1000' for a thousand sampled deals",
    )


class Deals:
    """The deals that are still possible, and how many draws they answered."""

    __slots__ = ("draws", "key", "numbers")

    def __init__(self, numbers: NDArray[np.int64], draws: int) -> None:
        self.numbers, self.draws = numbers, draws
        digest = blake2b(numbers.tobytes(), digest_size=20)
        digest.update(draws.to_bytes(4, "little"))
        self.key = digest.digest()


class SampledChance:
    """Answers draws from deals that depend on a seed and their number alone.

    Parameters
    ----------
    n_deals : int
    seed : int

    Attributes
    ----------
    answered : bool
        Whether anything was drawn; if not, the deals are no approximation.

    Examples
    --------
    >>> sampled = SampledChance(1000, seed=0)
    >>> coin = [(Outcome(n, 2, "ht"[n]), Fraction(1, 2)) for n in range(2)]
    >>> parts = sampled.split(sampled.all_deals, coin)
    >>> [str(outcome) for outcome, _, _ in parts], sum(share for _, share, _ in parts)
    (['h', 't'], Fraction(1, 1))
    """

    def __init__(self, n_deals: int, seed: int) -> None:
        self.n_deals, self.seed = n_deals, seed
        self.all_deals = Deals(np.arange(n_deals), 0)
        self.answered = False
        self._uniform: dict[int, NDArray[np.float64]] = {}

    def split(
        self, deals: Deals, outcomes: Sequence[tuple[Outcome, Fraction]]
    ) -> list[tuple[Outcome, Fraction, Deals]]:
        """Group the deals by their answer to a draw; answers that no deal gives are left out."""
        self.answered = True
        ends = np.cumsum([float(probability) for _, probability in outcomes])
        drawn = self._draws(deals.draws)[deals.numbers] * ends[-1]
        answers = np.minimum(np.searchsorted(ends, drawn, "right"), len(outcomes) - 1)
        parts = []
        for number, (outcome, _) in enumerate(outcomes):
            those = deals.numbers[answers == number]
            if those.size:
                share = Fraction(int(those.size), int(deals.numbers.size))
                parts.append((outcome, share, Deals(those, deals.draws + 1)))
        return parts

    def _draws(self, number: int) -> NDArray[np.float64]:
        """Return the uniform numbers behind all deals' answers to one draw."""
        if number not in self._uniform:
            sequence = np.random.SeedSequence([self.seed, 4, number])
            self._uniform[number] = np.random.default_rng(sequence).random(self.n_deals)
        return self._uniform[number]


def audit_sampled(
    source: EnvironmentSource, graph: StateGraph, n_deals: int, *, seed: int
) -> AuditedEpisodes:
    """Compare the mean returns of real episodes with the sampled game's expectation.

    Real episodes need not lie inside a sampled game, so there is no more to compare.

    Raises
    ------
    AuditFailed
        If the means differ by more than the two samples explain, by Hoeffding's inequality (1963)
        with the range of returns that was met, at one in a million.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, 2]))
    returns = np.zeros((_EPISODES, len(graph.players)))
    for number in range(_EPISODES):
        driver = source.driver(checked=False)
        driver.reset(seed=seed + 1000 + number)
        while acting := driver.acting:
            driver.step({agent: random_action(driver.view(agent), rng) for agent in acting})
        returns[number] = [driver.returns[agent] for agent in driver.agents]
        driver.env.close()
    expected = random_play(graph)
    if expected is not None:
        over = np.flatnonzero(graph.player == TERMINAL).tolist()
        met = np.array([graph.payoffs[state] for state in over], dtype=np.float64)
        ends = np.vstack([met, returns])
        log_term = math.log(4 * len(graph.players) / _FALSE_ALARM) / 2
        allowed = np.ptp(ends, axis=0) * sum(math.sqrt(log_term / n) for n in (_EPISODES, n_deals))
        off = np.abs(returns.mean(axis=0) - np.array(expected)) > allowed + 1e-9
        if off.any():
            agent = graph.players[int(np.flatnonzero(off)[0])]
            raise AuditFailed(
                f"random play of {source.name} earns agent {agent!r} something else than in the "
                f"game of {n_deals:,} sampled deals, by more than samples differ",
                check="mean",
                valid="an environment whose generators are seeded by reset() or not at all",
            )
    return AuditedEpisodes(_EPISODES, expected, (), 0, "not seen", "not tried")
