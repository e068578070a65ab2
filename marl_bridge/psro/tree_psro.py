"""Policy-space response oracles on a game tree, with exact payoffs and best responses.

1. Each population begins with the uniform strategy.
2. The meta-solver weighs the joint choices of strategies.
3. Each player's best response to that mixture joins its population.
4. Stop when the responses gain no more than asked for.

With meta-solver "nash" in two-player zero-sum games this is the double oracle algorithm, which
ends with an equilibrium as pure strategies are finitely many; with the correlated ones it is
JPSRO, which ends with a normal-form CCE or CE.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from numbers import Integral

import numpy as np
from numpy.typing import NDArray

from gametheory.certificates import verify
from gametheory.errors import UnsupportedGame
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from marl_bridge.psro.meta_solvers import CORRELATED, marginals, meta_solver
from marl_bridge.psro.result import PSROResult
from marl_bridge.psro.tree_populations import TreePopulations

__all__ = ["tree_psro"]

Floats = NDArray[np.float64]
Response = tuple[int, Floats]
Oracle = Callable[[TreePopulations, int, list[Floats]], Floats]
"""Takes the populations, a player and everybody's weights; returns the plan of a response."""


def tree_psro(
    game: ExtensiveFormGame,
    *,
    meta_solver: str = "nash",
    gap: float = 1e-6,
    max_iterations: int = 1000,
    time_limit: float | None = None,
    oracle: Oracle | None = None,
    progress: Callable[[int, float], object] | None = None,
) -> PSROResult:
    """Grow populations of strategies by best responses to their own mixtures.

    Parameters
    ----------
    game : ExtensiveFormGame
        Any number of players.
    meta_solver : {"nash", "uniform", "alpha-rank", "coarse-correlated", "correlated"}
        How the populations are weighed.
    gap : float
        Stop when all responses together gain no more, in payoff units.
    max_iterations : int
    time_limit : float, optional
        Seconds, looked at between iterations.
    oracle : callable, optional
        ``oracle(populations, player, weights)`` returns the realization plan that joins a
        population instead of a best response; the gap is that of best responses all the same.
    progress : callable, optional
        ``progress(iteration, gap)`` after each one.

    Returns
    -------
    PSROResult
        Ctrl-C and the limits return the mixture of smallest gap so far.

    Raises
    ------
    UnsupportedGame
        If there is no such meta-solver, a limit is not positive, or the meta-solver cannot take
        a restricted game.

    Notes
    -----
    "nash" for zero-sum, "coarse-correlated" and "correlated" end with no gap at last; "uniform" is
    fictitious play in the populations and only comes closer in zero-sum games; "alpha-rank" need
    not. Each iteration costs a pass over the terminal histories for each player, and the
    restricted game's solution.

    References
    ----------
    H. B. McMahan, G. Gordon and A. Blum (2003), Planning in the presence of cost functions
    controlled by an adversary, ICML. M. Lanctot et al. (2017), A unified game-theoretic approach
    to multiagent reinforcement learning, NeurIPS, algorithm 1. L. Marris, P. Muller, M. Lanctot,
    K. Tuyls and T. Graepel (2021), Multi-agent training beyond zero-sum with correlated
    equilibrium meta-solvers, ICML.

    Examples
    --------
    >>> import gametheory
    >>> result = tree_psro(gametheory.catalog.load("kuhn_poker"))
    >>> result.certified_gap <= 1e-6, result.stopped
    (True, 'gap')
    """
    weigh = _meta_solver(meta_solver)
    if not isinstance(max_iterations, Integral) or max_iterations < 1:
        raise UnsupportedGame(
            f"max_iterations is {max_iterations!r}", where="max_iterations", valid="at least 1"
        )
    started = time.perf_counter()
    populations = TreePopulations(game)
    respond = _conditional if meta_solver == "correlated" else _unconditional
    independent = meta_solver not in CORRELATED
    gaps: list[float] = []
    best: tuple[float, Floats] | None = None
    stopped = "iteration limit"
    try:
        for iteration in range(1, max_iterations + 1):
            joint = weigh(populations.meta_game())
            gained, responses = respond(populations, joint, independent)
            gaps.append(gained)
            if best is None or gained < best[0]:
                best = gained, joint
            if progress is not None:
                progress(iteration, gained)
            if gained <= gap:
                stopped = "gap"
                break
            if oracle is not None:
                shares = marginals(joint)
                responses = [
                    (player, oracle(populations, player, shares))
                    for player in range(game.n_players)
                ]
            # Uniform weights count a strategy as often as it was a response.
            before = populations.sizes
            for response in responses:
                if meta_solver == "uniform" or not populations.has(*response):
                    populations.add(*response)
            if populations.sizes == before:
                stopped = "no new strategy"
                break
            if time_limit is not None and time.perf_counter() - started > time_limit:
                stopped = "time limit"
                break
    except KeyboardInterrupt:
        if best is None:
            raise
        stopped = "interrupted"
    assert best is not None
    gained, weights = best
    joint = np.zeros(populations.sizes)
    joint[tuple(slice(0, size) for size in weights.shape)] = weights
    profile = _profile(populations, joint) if independent else None
    return PSROResult(
        meta_game=populations.meta_game(),
        joint=joint,
        meta_solver=meta_solver,
        profile=profile,
        gap=gained,
        certificate=None if profile is None else verify(game, profile, "nash"),
        gaps=np.array(gaps),
        stopped=stopped,
        seconds=time.perf_counter() - started,
    )


_meta_solver = meta_solver  # the parameter has its name


def _unconditional(
    populations: TreePopulations, joint: Floats, independent: bool
) -> tuple[float, list[Response]]:
    """Respond to what the others do on the whole."""
    game = populations.game
    earned = np.tensordot(populations.payoffs(), joint, axes=joint.ndim)
    plans = [populations.mixed(p, m) for p, m in enumerate(marginals(joint))]
    gained, responses = 0.0, []
    for player in range(game.n_players):
        others = (
            populations.reach((p, plan) for p, plan in enumerate(plans) if p != player)
            if independent
            else populations.reach_of_others(player, joint)
        )
        value, plan = populations.respond(player, others)
        gained += max(value - float(earned[player]), 0.0)
        responses.append((player, plan))
    return gained, responses


def _conditional(
    populations: TreePopulations, joint: Floats, independent: bool
) -> tuple[float, list[Response]]:
    """Respond to what the others do given each strategy that a player is told to take."""
    payoffs = populations.payoffs()
    gained, responses = 0.0, []
    for player in range(populations.game.n_players):
        own = marginals(joint)[player]
        for told in np.flatnonzero(own > 0.0).tolist():
            given = np.zeros_like(joint)
            where = (slice(None),) * player + (told,)
            given[where] = joint[where]
            value, plan = populations.respond(player, populations.reach_of_others(player, given))
            gained += max(value - float((payoffs[player] * given).sum()), 0.0)
            responses.append((player, plan))
    return gained, responses


def _profile(populations: TreePopulations, joint: Floats) -> BehaviorProfile:
    """Mix each player's strategies into one."""
    return populations.profile(populations.mixed(p, m) for p, m in enumerate(marginals(joint)))
