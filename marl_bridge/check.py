"""The main job: returns of policies against the theoretical optimum of their environment."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from gametheory.errors import GameTheoryError, UnsupportedGame
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.solution import Solution, Status
from marl_bridge.environments.extraction import Extraction, extract
from marl_bridge.environments.opening import Make, open_environment
from marl_bridge.errors import ExtractionRefused, UnknownProbabilities
from marl_bridge.estimation.returns import Estimate, estimate
from marl_bridge.exploitation import exploit
from marl_bridge.optimum import distances, meetings, solve_game, team_optimum, without_noise
from marl_bridge.policies.tabulation import tabulate
from marl_bridge.records import record_check, require_usable
from marl_bridge.reports.report import AgentReport, Report
from marl_bridge.reports.verdict import bounds_verdict, verdict

__all__ = ["check"]

_CERTIFIED = (Status.CERTIFIED_EXACT, Status.CERTIFIED_ISOLATED, Status.CERTIFIED_EPSILON)
_LEARN = 10.0  # seconds
_EVALUATION_PATIENCE = 60.0  # seconds
_TOLERANCE = 1e-9
"""Gains up to this part of the payoff range count as rounding."""


def check(
    make: Make,
    policies: Any,
    *,
    episodes: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
    env_kwargs: Mapping[str, Any] | None = None,
    max_steps: int | None = None,
    time_limit: float = 60.0,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    learn: float | None = None,
    cache: bool | str | os.PathLike[str] | None = None,
    record: bool | str | Path | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Report:
    """Say how far policies' returns are from the theoretical optimum.

    The exact part extracts the environment's game, solves it, and computes the policies'
    returns, best responses and NashConv on it. Where the game cannot be extracted the report
    says why, gives estimated returns, and what learned best responses earn at least.

    Parameters
    ----------
    make : str, module or callable
        The environment: an id, a module, or what builds one.
    policies : policy-like or mapping
        One for all agents or one for each: "random", a Policy, or a function of (observation,
        mask) that returns an action or the probability of each action.
    episodes : int
        Sampled for the empirical returns.
    confidence : float
        Of each interval.
    seed : int
    env_kwargs : mapping, optional
        Keyword arguments for the environment.
    max_steps : int, optional
        Cut longer episodes; the exact part is left out then, as it speaks of whole ones.
    time_limit : float
        Seconds for the extraction.
    ranges : mapping of agent to (low, high), optional
        Proven bounds on each agent's return in an episode, for where no game tells them: with
        them bounds are certified.
    learn : float, optional
        Seconds that a best response to the others learns, for each agent; 0 for none. If left
        out none where the exact one is known, and ten elsewhere, unless episodes take long.
    cache : bool or path, optional
        Where extracted games are kept; see :func:`~marl_bridge.extract`.
    record : bool or path, optional
        Keep the report in this record, or in the user's own (True), for ``leaderboard``.
    progress : callable, optional
        ``progress(done, total)`` after every episode.

    Returns
    -------
    Report

    Raises
    ------
    InvalidEnvironment
        If there is no such environment.
    InvalidPolicy
        If a policy returns something illegal.

    Examples
    --------
    >>> report = check("classic/rps-v2", "random", env_kwargs={"max_cycles": 1}, episodes=200)
    >>> report.exact, round(report.nash_conv, 9)
    (True, 0.0)
    """
    source = open_environment(make, env_kwargs=env_kwargs)
    kept_in = require_usable(None if record is True else record) if record else None
    extraction, why_not = _try_extract(make, env_kwargs, seed, max_steps, time_limit, cache=cache)
    if extraction is not None:
        ranges = extraction.return_ranges
    started = time.perf_counter()
    measured = estimate(
        make,
        policies,
        episodes=episodes,
        confidence=confidence,
        seed=seed,
        env_kwargs=env_kwargs,
        ranges=ranges,
        max_steps=max_steps,
        progress=progress,
    )
    pace = (time.perf_counter() - started) / len(measured.episodes)
    report = Report(
        environment=source.name,
        api="AEC" if source.api == "aec" else "Parallel",
        agents=tuple(AgentReport(agent, figure) for agent, figure in measured.returns.items()),
        team_return=measured.team,
        why_not_exact=why_not,
        verdict=(_ESTIMATES_ONLY,),
        parameters=_parameters(measured, confidence, seed, env_kwargs, max_steps),
        interrupted=measured.episodes.interrupted,
    )
    if extraction is not None:
        report = _with_optimum(report, extraction, policies)
    seconds, why_none = _learning(report, learn, pace)
    if seconds > 0.0:
        how = {
            "seconds": seconds,
            "evaluation_episodes": episodes,
            "exact": extraction is not None,
            "ranges": ranges,
            "confidence": confidence,
            "seed": seed,
            "env_kwargs": env_kwargs,
            "max_steps": max_steps,
            "time_limit": time_limit,
        }
        report = _with_bounds(report, make, policies, how)
    elif why_none:
        report = replace(report, why_no_bounds=why_none)
    if kept_in is not None:
        record_check(report, kept_in, policies=policies, bounds=report.bounds)
    return report


def _learning(report: Report, learn: float | None, pace: float) -> tuple[float, str]:
    """Decide how many seconds a best response learns, and why none where one would be expected."""
    if learn is not None:
        return max(learn, 0.0), ""
    if report.exact or report.interrupted:
        return 0.0, ""
    patience = _EVALUATION_PATIENCE / (2 * len(report.agents) * report.team_return.episodes)
    if pace > patience:
        return 0.0, (
            f"an episode takes {1000 * pace:.0f} ms, so that measuring learned best responses "
            "would take minutes; learn=10 does it all the same"
        )
    return _LEARN, ""


def _with_bounds(report: Report, make: Make, policies: Any, how: Mapping[str, Any]) -> Report:
    """Add what learned best responses earn at least, and relaxed ones at most."""
    try:
        bounds = exploit(make, policies, **how)
    except (GameTheoryError, ValueError) as refusal:
        why = refusal.what if isinstance(refusal, GameTheoryError) else str(refusal)
        return replace(report, why_no_bounds=why)
    return replace(
        report,
        bounds=bounds,
        # Without exact figures the bounds say what is known: the sentence that nothing is goes.
        verdict=(*(report.verdict if report.exact else ()), *bounds_verdict(bounds)),
        interrupted=report.interrupted or bounds.interrupted,
    )


_ESTIMATES_ONLY = (
    "The returns are estimates; how much better a policy could do is not known, "
    "so none is called good or exploitable."
)


def _try_extract(
    make: Make,
    env_kwargs: Mapping[str, Any] | None,
    seed: int,
    max_steps: int | None,
    time_limit: float,
    *,
    cache: bool | str | os.PathLike[str] | None,
) -> tuple[Extraction | None, str]:
    """Extract the game and unroll it, or say why not."""
    if max_steps is not None:
        return None, "the episodes are cut by max_steps, and the optimum is one of whole episodes"
    try:
        extraction = extract(
            make, env_kwargs=env_kwargs, seed=seed, time_limit=time_limit, cache=cache
        )
        _ = extraction.game
    except ExtractionRefused as refusal:
        return None, refusal.what
    except UnsupportedGame as refusal:
        return None, f"{refusal.what} ({refusal.where})"
    return extraction, ""


def _with_optimum(report: Report, extraction: Extraction, policies: Any) -> Report:
    """Add the exact figures to a report."""
    game = extraction.game
    solution = solve_game(game)
    solved = isinstance(solution, Solution) and solution.status in _CERTIFIED
    report = replace(
        report,
        facts=extraction.to_dict(),
        team_optimum=team_optimum(game),
    )
    if not isinstance(solution, Solution):
        report = replace(report, why_not_solved=solution.what)
    elif not solved:
        report = replace(report, why_not_solved=solution.reason or str(solution.status))
    else:
        optimum = without_noise(solution.payoffs, game).tolist()
        report = replace(
            report,
            agents=tuple(
                replace(agent, optimal_value=value)
                for agent, value in zip(report.agents, optimum, strict=True)
            ),
            solution_status=str(solution.status),
            solution_concept=solution.concept,
            value_is_unique=game.n_players == 2 and game.is_constant_sum(),
        )
    try:
        profile = tabulate(policies, extraction)
    except UnknownProbabilities as error:
        return replace(report, why_not_exact=f"no exact figures for these policies: {error.what}")
    return _with_distances(report, extraction, profile, solved=solved)


def _with_distances(
    report: Report, extraction: Extraction, profile: BehaviorProfile, *, solved: bool
) -> Report:
    game = extraction.game
    found = distances(game, profile)
    agents = tuple(
        replace(
            agent,
            exact_return=float(found.returns[player]),
            best_response_value=float(found.best_responses[player]),
            best_response_gain=float(found.gains[player]),
            against_random=found.against_random[player],
            worst_case_return=None if found.worst_case is None else float(found.worst_case[player]),
        )
        for player, agent in enumerate(report.agents)
    )
    nash_conv = float(found.gains.sum())
    zero_sum = found.worst_case is not None
    return replace(
        report,
        meetings=meetings(game, profile),
        agents=agents,
        nash_conv=nash_conv,
        exploitability=nash_conv / 2 if zero_sum else None,
        exact=True,
        verdict=verdict(
            agents,
            zero_sum=zero_sum,
            tolerance=_TOLERANCE * game.payoff_range,
            solved=solved,
            team_optimum=report.team_optimum,
        ),
    )


def _parameters(
    measured: Estimate,
    confidence: float,
    seed: int,
    env_kwargs: Mapping[str, Any] | None,
    max_steps: int | None,
) -> Mapping[str, object]:
    packages = ("gametheory-toolkit", "numpy", "pettingzoo")
    return {
        "episodes": len(measured.episodes),
        "confidence": confidence,
        "seed": seed,
        "env_kwargs": dict(env_kwargs or {}),
        "max_steps": max_steps,
        "versions": {
            "python": platform.python_version(),
            **{package: _version(package) for package in packages},
        },
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed as a package"
