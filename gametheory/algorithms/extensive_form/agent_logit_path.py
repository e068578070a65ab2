"""The principal branch of agent logit equilibria of a game tree, and where it leads.

1. At rationality 0 everybody mixes evenly. From there the agent logit equilibria form a curve, for
   almost all games a smooth one, whose limit is a sequential equilibrium (McKelvey and Palfrey
   1998; Turocy 2010).
2. The curve is followed in log probabilities, by predictor and corrector steps along its arc.
3. Where the rationality is large, the actions in use stand out. Newton's method on them, the
   other ones left as unlikely as they are, gives the limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.extensive_form.agent_logit_branch import AgentLogitBranch
from gametheory.algorithms.registry import Approximation, Outcome, Search, register
from gametheory.certificates import MAX_RELATIVE_EPSILON
from gametheory.concepts.extensive_form import player_regrets
from gametheory.errors import UnsupportedGame
from gametheory.games.agent_quantal_response import AgentLogitEquilibrium
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.solution import Status

__all__ = [
    "agent_logit_applies",
    "agent_logit_branch",
    "agent_logit_equilibrium",
    "agent_logit_path",
]

Floats = NDArray[np.float64]

_SOURCE = "McKelvey and Palfrey (1998), Experimental Economics 1; Turocy (2010), Economic Theory 42"
_COST = (
    "usually 50 to 300 steps, each two or three passes over the terminal histories and as many "
    "dense linear systems with one unknown an action"
)
_MOST_ACTIONS = 4000  # the system takes eight bytes a pair
# Rationalities are per payoff range here.
_POLISHING = (1e4, 1e5, 1e6, 1e7, 1e8, 1e9)
_LATE = 1e3
_LARGEST_RATIONALITY = 1e4  # beyond, floats cannot hold what off-path beliefs depend on
_MOST_STEPS = 20_000
_MOST_CHANGE = 0.25
_SMALL_REGRET = 1e-12  # of the payoff range
_SUPPORTS = (1e-2, 1e-3, 1e-4, 1e-6, 1e-9)
_MOST_CORRECTIONS = 30


def agent_logit_applies(game: ExtensiveFormGame) -> str:
    """Say why the branch of a game is not followed; "" if it is."""
    n_actions = int(game.action_offsets[-1])
    if n_actions <= _MOST_ACTIONS:
        return ""
    return f"it takes up to {_MOST_ACTIONS:,} actions and the game has {n_actions:,}"


@register(
    "agent-logit-path",
    concepts=("nash",),
    form=ExtensiveFormGame,
    applies=agent_logit_applies,
    rank=30,
    guarantee="one equilibrium, near the limit of the principal branch of agent logit equilibria, "
    "which is a sequential one; as good as its certificate says",
    cost=_COST,
    source=_SOURCE,
)
def agent_logit_path(game: ExtensiveFormGame) -> Search:
    """Yield the equilibrium in which the principal branch of agent logit equilibria ends.

    Parameters
    ----------
    game : ExtensiveFormGame
        With any number of players.

    Yields
    ------
    BehaviorProfile, Approximation or None
        Late points of the branch, then the equilibrium: floats accurate to rounding, exact zeros.

    Returns
    -------
    Outcome
        ``iterations`` counts the steps along the branch; NUMERICAL_FAILURE or ITERATION_LIMIT,
        with the place, if no limit was found.

    Notes
    -----
    Actions off the path of play are those that the limit's beliefs justify, where these are
    themselves limits: a sequential equilibrium (Kreps and Wilson 1982), which the certificate,
    being one for Nash equilibria, does not prove. At a bifurcation, as in games with symmetries,
    the branch is continued straight on.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("selten_horse")
    >>> found = [p for p in agent_logit_path(game) if isinstance(p, BehaviorProfile)]
    >>> len(found)
    1
    """
    _refuse_large(game)
    branch = AgentLogitBranch(game, _MOST_CHANGE)
    target = MAX_RELATIVE_EPSILON * (game.payoff_range or 1.0)
    best = np.inf
    for rationality in _POLISHING:
        for _ in branch.follow(rationality, _MOST_STEPS):
            yield Approximation(
                partial(_behavior, game, branch.point),
                target,
                good_enough=False,
                iterations=branch.steps,
            )
        if branch.rationality >= _LATE:
            for profile in _limits(game, branch):
                regret = float(max(player_regrets(game, profile), default=0.0))
                if regret <= _SMALL_REGRET * (game.payoff_range or 1.0):
                    yield profile
                    return _outcome(game, branch)
                if regret < best:
                    best = regret
                    yield Approximation(
                        partial(_same, profile),
                        target,
                        good_enough=regret <= target,
                        iterations=branch.steps,
                    )
        if _trouble(branch):
            break
    outcome = _outcome(game, branch)
    return Outcome(
        outcome.iterations,
        status=outcome.status or Status.NUMERICAL_FAILURE,
        reason=outcome.reason or "the limit's support does not stand out",
    )


@register(
    "agent-logit-equilibrium",
    concepts=("agent-logit-qre",),
    form=ExtensiveFormGame,
    applies=agent_logit_applies,
    rank=30,
    guarantee="the first agent logit equilibrium of the rationality asked for on the principal "
    "branch",
    cost=_COST,
    source=_SOURCE,
)
def agent_logit_equilibrium(game: ExtensiveFormGame, rationality: float | None = None) -> Search:
    """Yield the agent logit equilibrium of one rationality.

    Parameters
    ----------
    game : ExtensiveFormGame
    rationality : float, optional
        What expected payoffs, in the game's own units, are multiplied by. Left out, one over the
        largest range of a player's payoffs.

    Yields
    ------
    AgentLogitEquilibrium or None

    Returns
    -------
    Outcome
        ``iterations`` counts the steps along the branch.

    Raises
    ------
    UnsupportedGame
        The rationality is not a finite number of at least 0.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> search = agent_logit_equilibrium(load("selten_horse"), rationality=1.0)
    >>> next(point for point in search if point is not None)
    <AgentLogitEquilibrium: 3 information sets, rationality 1>
    """
    _refuse_large(game)
    unit = float(game.payoff_range) or 1.0
    wanted = 1.0 / unit if rationality is None else _checked(rationality, "rationality")
    if wanted <= 0.0:
        yield AgentLogitEquilibrium.uniform(game)
        return Outcome()
    branch = AgentLogitBranch(game, _MOST_CHANGE)
    for _ in branch.follow(wanted * unit, _MOST_STEPS):
        yield None
    if not _trouble(branch):
        yield _equilibrium(game, branch.point, wanted)
    return _outcome(game, branch)


@register(
    "agent-logit-branch",
    concepts=("agent-logit-qre",),
    form=ExtensiveFormGame,
    applies=agent_logit_applies,
    rank=31,
    finds="all",
    guarantee="points of the principal branch, in order from uniform play on; other branches are "
    "not looked for",
    cost=_COST + ", more for a fine resolution",
    source=_SOURCE,
)
def agent_logit_branch(
    game: ExtensiveFormGame,
    max_rationality: float | None = None,
    rationality: float | None = None,
    resolution: float = 0.05,
) -> Search:
    """Yield the principal branch of agent logit equilibria, from uniform play on.

    Parameters
    ----------
    game : ExtensiveFormGame
    max_rationality : float, optional
        Where to end, per unit of the game's own payoffs; left out, ten thousand over the largest
        range of a player's payoffs.
    rationality : float, optional
        Yield only the branch's first equilibrium of this rationality.
    resolution : float
        Largest change of a probability between neighboring points.

    Yields
    ------
    AgentLogitEquilibrium or None

    Returns
    -------
    Outcome
        ``reason`` says how far it was followed, and of bifurcations on the way. Never complete:
        there may be other equilibria of the same rationality.

    Raises
    ------
    UnsupportedGame
        A rationality that is not a finite number of at least 0, or a resolution not in (0, 1].

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> points = [p for p in agent_logit_branch(load("selten_horse")) if p is not None]
    >>> points[0].rationality
    0.0
    """
    if not 0.0 < resolution <= 1.0:
        raise UnsupportedGame(f"resolution {resolution!r}", valid="a number above 0, at most 1")
    if rationality is not None:
        return (yield from agent_logit_equilibrium(game, rationality))
    _refuse_large(game)
    unit = float(game.payoff_range) or 1.0
    end = _LARGEST_RATIONALITY / unit
    if max_rationality is not None:
        end = _checked(max_rationality, "max_rationality")
    yield AgentLogitEquilibrium.uniform(game)
    branch = AgentLogitBranch(game, resolution)
    for _ in branch.follow(end * unit, _MOST_STEPS):
        yield _equilibrium(game, branch.point, min(branch.rationality / unit, end))
    return _outcome(
        game,
        branch,
        f"the principal branch up to rationality {branch.rationality / unit:.6g}; other branches "
        "were not looked for",
    )


def _refuse_large(game: ExtensiveFormGame) -> None:
    if agent_logit_applies(game):
        raise UnsupportedGame(agent_logit_applies(game), where=repr(game))


def _checked(rationality: Any, name: str) -> float:
    try:
        number = float(rationality)
    except (TypeError, ValueError):
        number = np.nan
    if not 0.0 <= number < np.inf:
        raise UnsupportedGame(f"{name} {rationality!r}", valid="a finite number, 0 or larger")
    return number


def _trouble(branch: AgentLogitBranch) -> Status | None:
    if branch.stalled:
        return Status.NUMERICAL_FAILURE
    return Status.ITERATION_LIMIT if branch.steps >= _MOST_STEPS else None


def _outcome(game: ExtensiveFormGame, branch: AgentLogitBranch, reason: str = "") -> Outcome:
    """How it ended, and what was met on the way."""
    unit, status = float(game.payoff_range) or 1.0, _trouble(branch)
    remarks = [reason] if reason else []
    at = branch.rationality / unit
    if status is Status.NUMERICAL_FAILURE:
        remarks = [f"no step leads on from rationality {at:.6g}"]
    elif status is Status.ITERATION_LIMIT:
        remarks = [f"after {branch.steps} steps the branch is at rationality {at:.6g}"]
    if branch.bifurcations:
        count, place = len(branch.bifurcations), branch.bifurcations[-1] / unit
        remarks.append(
            f"the branch bifurcates near rationality {place:.6g}"
            + (f" and {count - 1} times before" if count > 1 else "")
            + " and was continued straight on"
        )
    return Outcome(iterations=branch.steps, status=status, reason="; ".join(remarks))


def _normalized(game: ExtensiveFormGame, weights: Floats) -> Floats:
    if not weights.size:
        return weights
    totals = np.add.reduceat(weights, game.action_offsets[:-1])
    probabilities: Floats = weights / np.repeat(totals, game.infoset_n_actions)
    return probabilities


def _behavior(game: ExtensiveFormGame, point: Floats) -> BehaviorProfile:
    return BehaviorProfile(game, _normalized(game, np.exp(point[:-1])))


def _same(profile: BehaviorProfile) -> BehaviorProfile:
    return profile


def _equilibrium(
    game: ExtensiveFormGame, point: Floats, rationality: float
) -> AgentLogitEquilibrium:
    weights = np.exp(point[:-1])
    return AgentLogitEquilibrium(game, _normalized(game, weights), rationality, point[:-1])


def _limits(game: ExtensiveFormGame, branch: AgentLogitBranch) -> Iterator[BehaviorProfile]:
    """Guess the limit's support, and solve on it."""
    logs = branch.point[:-1]
    seen: list[NDArray[np.bool_]] = []
    for least in _SUPPORTS:
        used = logs > np.log(least)
        if any(np.array_equal(used, other) for other in seen):
            continue
        seen.append(used)
        solution = _solve_on(branch, logs, used)
        if solution is not None:
            weights = np.where(used, np.exp(solution), 0.0)
            yield BehaviorProfile(game, _normalized(game, weights))


def _solve_on(branch: AgentLogitBranch, logs: Floats, used: NDArray[np.bool_]) -> Floats | None:
    """Make all actions in use equally good, as the other ones stay as unlikely as they are.

    Where solutions form a continuum, the nearest one is approached.
    """
    from gametheory.kernels.agent_responses import responses, slopes

    paths = branch.paths
    size = logs.size
    point, values = logs.copy(), np.zeros(size)
    weights, jacobian = np.zeros(paths.actions.size), np.zeros((size, size))
    bounds = paths.offsets.tolist()
    mixed = [low + np.flatnonzero(used[low:high]) for low, high in pairwise(bounds)]
    mixed = [actions for actions in mixed if actions.size > 1]
    if not mixed:
        return point
    unknowns = np.concatenate(mixed)
    infoset = np.repeat(np.arange(len(mixed)), [actions.size for actions in mixed])
    first = np.array([actions[0] for actions in mixed])
    others = np.concatenate([actions[1:] for actions in mixed])
    likely = np.repeat(first, [actions.size - 1 for actions in mixed])
    for _ in range(_MOST_CORRECTIONS):
        responses(paths, point, values, weights)
        slopes(paths, values, weights, jacobian)
        rows = (jacobian[others] - jacobian[likely])[:, unknowns]
        odds = np.exp(point[unknowns])
        totals = np.bincount(infoset, weights=odds)
        sums = np.where(np.arange(len(mixed))[:, None] == infoset, odds / totals[infoset], 0.0)
        right = np.concatenate([values[likely] - values[others], -np.log(totals)])
        move = np.linalg.lstsq(np.concatenate([rows, sums]), right, rcond=1e-11)[0]
        largest = float(np.abs(move).max())
        if not largest <= 50.0:
            return None
        point[unknowns] += move * min(1.0, 1.0 / largest) if largest > 1.0 else move
        if largest <= 1e-13 * (1.0 + float(np.abs(point[unknowns]).max())):
            break
    return point
