"""Proof: every answer is checked here, by code that shares nothing with its solver."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from importlib import import_module
from typing import Any, NamedTuple

from gametheory.certificates.exact_support import nearby_exact_equilibrium
from gametheory.certificates.isolation import isolate
from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.agent_quantal_response import AgentLogitEquilibrium
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.commitment import Commitment
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.elimination import IteratedElimination
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.games.quantal_response import LogitEquilibrium
from gametheory.games.security import SecurityProfile
from gametheory.games.stationary_profile import StationaryProfile
from gametheory.games.stochastic_game import StochasticGame
from gametheory.solution import Certificate, NearbyEquilibrium, Solution

__all__ = ["MAX_RELATIVE_EPSILON", "verify", "violation_scale"]

MAX_RELATIVE_EPSILON = 1e-6
"""A profile whose violation is a larger part of the scale than this is no solution."""


class _Check(NamedTuple):
    """Where the proof of one concept is, and what kind of claim it takes; loaded when asked for."""

    module: str
    function: str
    claim: type

    def __call__(self, game: Any, claim: Any) -> Certificate:
        check = getattr(import_module(f"gametheory.certificates.{self.module}"), self.function)
        certificate: Certificate = check(game, claim)
        return certificate


_CHECKS: dict[type, dict[str, _Check]] = {
    NormalFormGame: {
        "nash": _Check("normal_form", "certify_nash", MixedProfile),
        "pure-nash": _Check("normal_form", "certify_pure_nash", MixedProfile),
        "minimax": _Check("normal_form", "certify_minimax", MixedProfile),
        "maxmin": _Check("security", "certify_maxmin", SecurityProfile),
        "stackelberg": _Check("stackelberg", "certify_stackelberg", Commitment),
        "correlated": _Check("correlated", "certify_correlated", CorrelatedDistribution),
        "coarse-correlated": _Check(
            "correlated", "certify_coarse_correlated", CorrelatedDistribution
        ),
        "iterated-dominance": _Check("elimination", "certify_elimination", IteratedElimination),
        "dominant-strategy": _Check("dominant_strategy", "certify_dominant_strategy", MixedProfile),
        "rationalizable": _Check("elimination", "certify_rationalizable", IteratedElimination),
        "logit-qre": _Check("logit", "certify_logit", LogitEquilibrium),
        "ess": _Check("evolutionary", "certify_ess", MixedProfile),
        "pareto": _Check("pareto", "certify_pareto", MixedProfile),
    },
    ExtensiveFormGame: {
        "nash": _Check("extensive_form", "certify_nash", BehaviorProfile),
        "minimax": _Check("extensive_form", "certify_minimax", BehaviorProfile),
        "subgame-perfect": _Check("extensive_form", "certify_subgame_perfect", BehaviorProfile),
        "agent-logit-qre": _Check("agent_logit", "certify_agent_logit", AgentLogitEquilibrium),
    },
    StochasticGame: {
        "nash": _Check("stochastic", "certify_nash", StationaryProfile),
        "minimax": _Check("stochastic", "certify_minimax", StationaryProfile),
    },
}

_PATIENCE = 2e8  # operations: about a fifth of a second for the exact equilibrium nearby
_IN_PROBABILITIES = ("logit-qre", "agent-logit-qre")
_WITH_NEARBY = ("nash", "minimax")


def violation_scale(game: Any, concept: str) -> float:
    """Return the size that a certificate's epsilon is to be compared with.

    The payoff range (1.0 if all payoffs are equal), or 1.0 where epsilon is a probability.
    """
    return 1.0 if concept in _IN_PROBABILITIES else float(game.payoff_range) or 1.0


def verify(game: Any, claim: Any, concept: str = "nash", *, nearby: bool = True) -> Certificate:
    """Check a claimed solution independently and say how far it is from holding.

    Parameters
    ----------
    game : NormalFormGame, ExtensiveFormGame or StochasticGame
    claim : MixedProfile, BehaviorProfile, CorrelatedDistribution, Solution or Certificate, ...
        Whose first (or only) profile is checked, never the figures that come with it.
    concept : str
        As for :func:`gametheory.solve`. A Solution's or Certificate's own takes precedence.
    nearby : bool
        Whether to look, where a profile of a normal-form game is only almost an equilibrium, for
        the exact one that it stands for: for two players by solving exactly on its supports, for
        more by an interval proof. ``certificate.nearby`` then holds what was proven.

    Returns
    -------
    Certificate
        ``epsilon`` is the largest violation in payoff units, a rational number; 0 is exact.

    Raises
    ------
    InvalidProfile
        If the profile is not one of this game.
    UnsupportedGame
        If the concept is not defined for this game.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("matching_pennies")
    >>> print(verify(game, MixedProfile.uniform(game)))
    nash: exact (rational arithmetic)
    """
    profile = claim
    if isinstance(claim, Solution | Certificate):
        profile, concept = claim.profile, claim.concept
    form = type(game)
    if form not in _CHECKS:
        raise UnsupportedGame(
            f"{form.__name__!r} is not a game form",
            valid="a NormalFormGame, an ExtensiveFormGame or a StochasticGame",
        )
    if concept not in _CHECKS[form]:
        raise UnsupportedGame(
            f"the concept {concept!r} cannot be certified for a {form.__name__}",
            valid=f"one of {sorted(_CHECKS[form])}",
        )
    check = _CHECKS[form][concept]
    if not isinstance(profile, check.claim):
        raise InvalidProfile(
            f"a {type(profile).__name__} is no claim about {concept!r} of a {form.__name__}",
            valid=f"a {check.claim.__name__} made for this game",
        )
    certificate = check(game, profile)
    if nearby and form is NormalFormGame and concept in _WITH_NEARBY:
        return _with_nearby(game, certificate)
    return certificate


def _with_nearby(game: NormalFormGame, certificate: Certificate) -> Certificate:
    """Add the exact equilibrium that an almost-equilibrium stands for, if one can be proven."""
    close = 0 < certificate.epsilon <= MAX_RELATIVE_EPSILON * violation_scale(game, "nash")
    if not close:
        return certificate
    exact = nearby_exact_equilibrium(game, certificate.profile, max_operations=_PATIENCE)
    if exact is not None:
        radius = _distance(certificate.profile, exact)
        return replace(certificate, nearby=NearbyEquilibrium(radius, exact))
    return replace(certificate, nearby=isolate(game, certificate.profile))


def _distance(one: MixedProfile, other: MixedProfile) -> Fraction:
    """Largest difference between two probabilities of the same action."""
    pairs = zip(one.exact, other.exact, strict=True)
    return max(abs(p - q) for row, mate in pairs for p, q in zip(row, mate, strict=True))
