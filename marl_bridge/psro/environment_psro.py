"""Policy-space response oracles on environments: exact where there is a tree, learned elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from gametheory.errors import UnsupportedGame
from gametheory.games.behavior_profile import BehaviorProfile
from marl_bridge.arguments import require_counts, require_seconds, require_seed
from marl_bridge.environments.extraction import Extraction, extract
from marl_bridge.environments.opening import Make, open_environment
from marl_bridge.errors import ExtractionRefused
from marl_bridge.exploitation.tabular_exploiter import Budget
from marl_bridge.policies.mixture import mixture
from marl_bridge.policies.policy import UniformRandomPolicy
from marl_bridge.policies.tabulation import tabulate
from marl_bridge.psro.learned_responses import LearnedResponses
from marl_bridge.psro.meta_solvers import CORRELATED
from marl_bridge.psro.result import PSROResult
from marl_bridge.psro.sampled_psro import sampled_psro
from marl_bridge.psro.tree_populations import TreePopulations
from marl_bridge.psro.tree_psro import Floats, Oracle, tree_psro

__all__ = ["psro"]


def psro(
    make: Make,
    *,
    oracle: Literal["auto", "exact", "tabular", "ppo"] = "auto",
    meta_solver: str = "nash",
    gap: float = 1e-6,
    max_iterations: int | None = None,
    seconds: float | None = 5.0,
    episodes: int | None = None,
    cell_episodes: int = 400,
    seed: int = 0,
    env_kwargs: Mapping[str, Any] | None = None,
    time_limit: float | None = None,
    extraction_limit: float = 60.0,
    progress: Callable[[int, float], object] | None = None,
) -> PSROResult:
    """Grow populations of policies by responses to their own mixtures.

    Where the environment's game can be extracted, payoffs and the gap are exact and the result
    carries a certificate, whatever the oracle. Elsewhere responses are learned, payoffs are
    means of episodes, and the gap is what learned responses gain.

    Parameters
    ----------
    make : str, module or callable
        The environment, see :func:`marl_bridge.environments.opening.open_environment`.
    oracle : {"auto", "exact", "tabular", "ppo"}
        How a response is found: exactly on the extracted tree, by Q-learning in a table, or by
        masked PPO (the extra ``torch``). "auto" is exact where it can be, else tabular.
    meta_solver : {"nash", "uniform", "alpha-rank", "coarse-correlated", "correlated"}
        How populations are weighed before they are responded to.
    gap : float
        Stop when responses gain no more, all together.
    max_iterations : int, optional
        1,000 for exact responses and 20 for learned ones if left out.
    seconds, episodes : float, int, optional
        How long each response learns, whichever ends first. With ``seconds=None`` equal seeds
        give equal results.
    cell_episodes : int
        Episodes for each joint choice of policies, where payoffs are sampled.
    seed : int
    env_kwargs : mapping, optional
        Keyword arguments for the environment.
    time_limit : float, optional
        Seconds, looked at between iterations.
    extraction_limit : float
        Seconds that the extraction may take.
    progress : callable, optional
        ``progress(iteration, gap)`` after each one.

    Returns
    -------
    PSROResult
        Ctrl-C and the limits return the mixture of smallest gap so far.

    Raises
    ------
    ExtractionRefused
        If ``oracle="exact"`` and the game cannot be extracted.
    UnsupportedGame
        If there is no such oracle or meta-solver, or learned responses are to answer more than
        one opponent whose choices are tied together.
    MissingExtra
        If PPO is asked for and torch is not installed.

    References
    ----------
    See :func:`marl_bridge.psro.tree_psro.tree_psro`.

    Examples
    --------
    >>> result = psro("classic/rps-v2", env_kwargs={"max_cycles": 1})
    >>> result.certified_gap, sorted(result.policies)
    (0.0, ['player_0', 'player_1'])
    """
    require_seed(seed)
    require_counts(cell_episodes=cell_episodes)
    require_seconds(time_limit=time_limit)
    if not (isinstance(gap, int | float | np.number) and gap >= 0.0):
        raise UnsupportedGame(f"gap is {gap!r}", where="gap", valid="a number, at least 0")
    source = open_environment(make, env_kwargs=env_kwargs)
    extraction = _extraction(make, env_kwargs, seed, extraction_limit, oracle == "exact")
    exact = extraction is not None and oracle in ("auto", "exact")
    n_agents = len(source.driver(checked=False).agents)
    if not exact and meta_solver in CORRELATED and n_agents > 2:
        raise UnsupportedGame(
            f"learned responses cannot answer {n_agents - 1} opponents whose choices are tied",
            where=f"meta_solver={meta_solver!r}",
            valid="'nash', 'uniform' or 'alpha-rank', or exact responses",
        )
    limit = max_iterations if max_iterations is not None else 1000 if exact else 20
    if extraction is not None and exact:
        result = tree_psro(
            extraction.game,
            meta_solver=meta_solver,
            gap=gap,
            max_iterations=limit,
            time_limit=time_limit,
            progress=progress,
        )
        return _with_policies(result, extraction)
    kind = "tabular" if oracle == "auto" else oracle
    learned = LearnedResponses(source, kind, Budget(seconds, episodes), seed)
    if extraction is None:
        return sampled_psro(
            make,
            learned,
            meta_solver=meta_solver,
            gap=gap,
            max_iterations=limit,
            cell_episodes=cell_episodes,
            env_kwargs=env_kwargs,
            time_limit=time_limit,
            progress=progress,
        )
    result = tree_psro(
        extraction.game,
        meta_solver=meta_solver,
        gap=gap,
        max_iterations=limit,
        time_limit=time_limit,
        oracle=_tabulated(extraction, learned),
        progress=progress,
    )
    return _with_policies(result, extraction)


def _extraction(
    make: Make, env_kwargs: Mapping[str, Any] | None, seed: int, limit: float, needed: bool
) -> Extraction | None:
    try:
        extraction = extract(make, env_kwargs=env_kwargs, seed=seed, time_limit=limit)
        _ = extraction.game
    except (ExtractionRefused, UnsupportedGame):
        if needed:
            raise
        return None
    return extraction


def _tabulated(extraction: Extraction, learned: LearnedResponses) -> Oracle:
    """Learn in the environment, and write what was learned down for the tree."""
    agents = extraction.game.players
    known: dict[tuple[int, bytes], Any] = {}
    uniform = UniformRandomPolicy()  # what every population begins with

    def respond(populations: TreePopulations, player: int, weights: list[Floats]) -> Floats:
        others = {
            agent: mixture(
                [known.get((p, plan.tobytes()), uniform) for plan in populations.plans[p]],
                weights[p],
            )
            for p, agent in enumerate(agents)
            if p != player
        }
        policy = learned.respond(agents[player], others)
        everyone = dict.fromkeys(agents, "random") | {agents[player]: policy}
        plex = extraction.game.sequence_form.treeplexes[player]
        plan = plex.realization_plan(tabulate(everyone, extraction).probabilities)
        known[player, plan.tobytes()] = policy
        return plan

    return respond


def _with_policies(result: PSROResult, extraction: Extraction) -> PSROResult:
    """Make the mixture playable in the environment."""
    if not isinstance(result.profile, BehaviorProfile):
        return result
    from marl_bridge.policies.profile_policy import ProfilePolicy

    policy = ProfilePolicy(extraction, result.profile)
    return replace(result, policies=dict.fromkeys(extraction.game.players, policy))
