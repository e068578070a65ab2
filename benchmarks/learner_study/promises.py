r"""What theory promises: which learner, in which kind of game, under which bound.

A promise is "proven" if it has a bound for finitely many episodes, which every cell is held to,
and "proven in the limit" if it has none. What is in no row is observed only. Only learners as they
are run here count: with these exploration rates, step sizes and numbers of iterations.

Values in one-round games. Payoffs are not random, values begin at zero, and each visit of a joint
action moves its value by a share of at least s of the way: after k visits it is wrong by at most
``(1 - s) ** k * max|u|``. Let e be that error for the joint action that was visited least. A
player's gain by a deviation is off by at most 2e, so that an equilibrium of the values of n players
has NashConv at most 2ne.

Regret matching. R is the vector of estimated regrets of one player, R+ its positive part, g_t the
share of uniform play, D the payoff range, U the largest absolute payoff. As in Blackwell's (1956)
theorem, R+ is orthogonal to the expected regrets of its own shares, so that exploration alone
pushes it outwards: ``E|R+_t|^2 <= E|R+_{t-1}|^2 + 2 g_t D E|R+_{t-1}|_1 + V_t``, where V_t bounds
the squared length of one estimate, ``U^2 ((n - 1) + sum (1 - p)^2 / p)`` at most over probabilities
p of at least ``g_t / n``. Estimates are unbiased, whatever the others do, so the expected regret of
not having played any fixed action is at most the square root of what the recursion gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from .budgets import EXPLORING, RESPONDING, STEPS
from .games import StudyGame

__all__ = ["PROMISES", "Check", "Promise", "gap_bound", "promise_of", "regret_bounds"]

Run = dict[str, Any]
_ROUNDING = 1e-6  # of the payoff range: stage games are solved in floats


@dataclass(frozen=True)
class Check:
    """A bound, and what was measured: the seed, record or player that comes closest to it.

    Attributes
    ----------
    what : str
    measured, bound : float
    """

    what: str
    measured: float
    bound: float

    @property
    def holds(self) -> bool:
        """Whether the bound is kept."""
        return self.measured <= self.bound


@dataclass(frozen=True)
class Promise:
    """One row of the table.

    Attributes
    ----------
    learners : tuple of str
    kinds : frozenset of str
        All of which the game must be: see ``StudyGame.kinds``.
    says : str
    source : str
    check : callable, optional
        ``check(game, runs)``: without it the promise is about the limit.
    """

    learners: tuple[str, ...]
    kinds: frozenset[str]
    says: str
    source: str
    check: Callable[[StudyGame, Sequence[Run]], Check] | None = None

    @property
    def mark(self) -> str:
        """Return "proven" or "proven in the limit"."""
        return "proven in the limit" if self.check is None else "proven"


def value_error(game: StudyGame, least_count: int) -> float:
    """Return by how much values of a one-round game can be wrong.

    Parameters
    ----------
    game : StudyGame
    least_count : int
        How often the joint action that was played least was played.
    """
    largest = float(np.abs(game.game.payoffs).max())
    return float((1.0 - min(STEPS.first, STEPS.last)) ** least_count) * largest


def _tightest(checks: Sequence[Check]) -> Check:
    return min(checks, key=lambda c: c.bound - c.measured)


def _gap_from_values(game: StudyGame, runs: Sequence[Run]) -> Check:
    return _tightest([Check("NashConv", r["nash_conv"], _off_by(game, r)) for r in runs])


def _welfare_from_values(game: StudyGame, runs: Sequence[Run]) -> Check:
    best = game.welfare_ends[1]
    checks = [Check("welfare missed", best - sum(r["payoffs"]), _off_by(game, r)) for r in runs]
    return _tightest(checks)


def _off_by(game: StudyGame, run: Run) -> float:
    """Bound what all players together gain by deviations that look like no gain by the values."""
    error = value_error(game, run["least_count"])
    return float(2 * game.game.n_players * error + _ROUNDING * game.scale)


def _security_from_values(game: StudyGame, runs: Sequence[Run]) -> Check:
    slack = _ROUNDING * game.scale
    checks = []
    for run in runs:
        for player, (own, value) in enumerate(zip(game.game.payoffs, game.security, strict=True)):
            table = np.moveaxis(own, player, 0)
            row = np.array(run["profile"][player])
            secured = float((row @ table.reshape(len(row), -1)).min())
            bound = 2 * value_error(game, run["least_count"]) + slack
            checks.append(Check("security missed", value - secured, bound))
    return _tightest(checks)


def gap_bound(
    learner: str, game: StudyGame, iterations: int, least_count: int | None = None
) -> float | None:
    """Return what bounds NashConv of a learner's policies by then, or None.

    After so many iterations on a tree, or for learners of joint values from how often the joint
    action was played that was played least.

    The bound of learners on trees:

    Tammelin, Burch, Johanson and Bowling (2015), Solving heads-up limit Texas hold'em, IJCAI: with
    alternating updates and linear weights the averages of CFR+ are a
    ``2 (|I_1| + |I_2|) L sqrt(k) / sqrt(T)`` Nash equilibrium, for L the payoff range and k the
    most actions at an information set. NashConv is at most twice that.
    """
    promise = promise_of(learner, game)
    if promise is not None and promise.check is _gap_from_values and least_count is not None:
        return _off_by(game, {"least_count": least_count})
    if learner != "cfr" or "zero-sum" not in game.kinds or game.form == "stochastic":
        return None
    if game.form == "matrix":
        infosets, most = game.game.n_players, max(game.game.n_actions)
    else:
        infosets, most = sum(game.game.n_infosets), int(game.game.infoset_n_actions.max())
    return float(4.0 * infosets * game.scale * math.sqrt(most / iterations))


def _gap_of_averages(game: StudyGame, runs: Sequence[Run]) -> Check:
    checks = []
    for run in runs:
        for steps, gap in zip(run["curve"]["steps"], run["curve"]["nash_conv"], strict=True):
            bound = gap_bound(run["learner"], game, steps)
            assert bound is not None  # the row of the table asks for such games
            checks.append(Check("NashConv at every record", gap, bound))
    return _tightest(checks)


def regret_bounds(learner: str, game: StudyGame, episodes: int) -> list[list[float]] | None:
    """Bound each player's expected regret per round, after every round; None if nothing does.

    The regret is that of not having played one fixed action; shape (n_players, episodes).
    """
    if game.form != "matrix" or learner not in ("exp3", "regret-matching"):
        return None
    tables = []
    for own, n in zip(game.game.payoffs, game.game.n_actions, strict=True):
        if learner == "exp3":
            low, high = game.bounds
            g = EXPLORING["exploration"]
            rounds = np.arange(1, episodes + 1)
            bound = (high - low) * ((math.e - 1.0) * g + n * math.log(n) / (g * rounds))
            tables.append([float(b) for b in bound])
        else:
            ends = float(np.ptp(own)), float(np.abs(own).max())
            tables.append(list(_regret_matching(n, *ends, episodes)))
    return tables


@lru_cache(maxsize=64)
def _regret_matching(n: int, width: float, largest: float, episodes: int) -> tuple[float, ...]:
    schedule = RESPONDING["exploration"]
    squared, bounds = 0.0, []
    for t in range(episodes):
        g = schedule.at(t / episodes)
        least = g / n
        top = 1.0 - (n - 1) * least
        odd = (n - 1) * (1.0 - least) ** 2 / least + (1.0 - top) ** 2 / top
        squared += 2.0 * g * width * math.sqrt(n * squared) + largest**2 * ((n - 1) + odd)
        bounds.append(math.sqrt(squared) / (t + 1))
    return tuple(bounds)


def _regret_in_expectation(game: StudyGame, runs: Sequence[Run]) -> Check:
    """Compare the mean over the seeds, the best guess of an expectation, for the worst action."""
    bounds = regret_bounds(runs[0]["learner"], game, runs[0]["episodes"])
    assert bounds is not None
    checks = []
    for player, bound in enumerate(bounds):
        mean = np.mean([run["regrets"][player] for run in runs], axis=0)
        checks.append(Check("mean external regret", float(mean.max()), bound[-1]))
    return _tightest(checks)


_KNOWN = "each joint action's payoff is known up to (1 - s)^k after k visits"

PROMISES = (
    Promise(
        ("minimax-q",),
        frozenset({"matrix", "zero-sum"}),
        "policies are an equilibrium of values that are nearly the payoffs: NashConv",
        f"Littman (1994); {_KNOWN}",
        _gap_from_values,
    ),
    Promise(
        ("ce-q",),
        frozenset({"matrix", "zero-sum"}),
        "each agent's part of a correlated equilibrium is optimal in a zero-sum game: NashConv",
        f"Greenwald and Hall (2003); {_KNOWN}",
        _gap_from_values,
    ),
    Promise(
        ("nash-q",),
        frozenset({"matrix"}),
        "policies are an equilibrium of values that are nearly the payoffs: NashConv",
        f"Hu and Wellman (2003); {_KNOWN}",
        _gap_from_values,
    ),
    Promise(
        ("central-q",),
        frozenset({"matrix"}),
        "the joint action of the largest sum of payoffs: welfare",
        f"Watkins and Dayan (1992); {_KNOWN}",
        _welfare_from_values,
    ),
    Promise(
        ("friend-or-foe-q",),
        frozenset({"matrix"}),
        "everybody's foe secures its maxmin value: what it is sure of",
        f"Littman (2001); {_KNOWN}",
        _security_from_values,
    ),
    Promise(
        ("cfr",),
        frozenset({"two players", "zero-sum", "matrix"}),
        "the averages' NashConv falls as 1 / sqrt(iterations)",
        "Zinkevich et al. (2007); Tammelin et al. (2015)",
        _gap_of_averages,
    ),
    Promise(
        ("cfr",),
        frozenset({"two players", "zero-sum", "tree"}),
        "the averages' NashConv falls as 1 / sqrt(iterations)",
        "Zinkevich et al. (2007); Tammelin et al. (2015)",
        _gap_of_averages,
    ),
    Promise(
        ("exp3",),
        frozenset({"matrix"}),
        "expected external regret at most (e - 1) g T + n ln n / g, in units of the payoff range",
        "Auer, Cesa-Bianchi, Freund and Schapire (2002), theorem 3.1",
        _regret_in_expectation,
    ),
    Promise(
        ("regret-matching",),
        frozenset({"matrix"}),
        "expected external regret at most what exploration costs, and what vanishes per round",
        "Hart and Mas-Colell (2000, 2001), by Blackwell's (1956) inequality: see promises.py",
        _regret_in_expectation,
    ),
    Promise(
        ("mccfr",),
        frozenset({"two players", "zero-sum", "matrix"}),
        "the averages tend to an equilibrium, with high probability as 1 / sqrt(iterations)",
        "Lanctot, Waugh, Zinkevich and Bowling (2009)",
    ),
    Promise(
        ("mccfr",),
        frozenset({"two players", "zero-sum", "tree"}),
        "the averages tend to an equilibrium, with high probability as 1 / sqrt(iterations)",
        "Lanctot, Waugh, Zinkevich and Bowling (2009)",
    ),
    Promise(
        ("xfp",),
        frozenset({"two players", "zero-sum", "matrix"}),
        "the averages tend to an equilibrium",
        "Robinson (1951)",
    ),
    Promise(
        ("xfp",),
        frozenset({"two players", "zero-sum", "tree"}),
        "the averages tend to an equilibrium",
        "Robinson (1951); Heinrich, Lanctot and Silver (2015)",
    ),
    Promise(
        ("xfp",),
        frozenset({"potential", "matrix"}),
        "the averages tend to the set of equilibria",
        "Monderer and Shapley (1996)",
    ),
    Promise(
        ("minimax-q", "friend-or-foe-q"),
        frozenset({"stochastic", "zero-sum"}),
        "values tend to those of the game, as steps are k^-0.8 and every joint action is tried",
        "Littman (1994, 2001); Szepesvári and Littman (1999)",
    ),
)
"""The table of theorems. The first row that fits a cell is its promise."""


def promise_of(learner: str, game: StudyGame) -> Promise | None:
    """Return what theory promises of a learner in a game; None where nothing is proven.

    Examples
    --------
    >>> from .games import studied
    >>> chicken = studied("chicken")
    >>> promise_of("nash-q", chicken).mark, promise_of("independent-q", chicken)
    ('proven', None)
    """
    fitting = (p for p in PROMISES if learner in p.learners and p.kinds <= game.kinds)
    return next(fitting, None)
