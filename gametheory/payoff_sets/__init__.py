"""What players can expect together: feasible sets, Pareto frontiers and social optima, exactly."""

from __future__ import annotations

from gametheory.payoff_sets.feasible import (
    IndividuallyRational,
    feasible_payoffs,
    individually_rational_payoffs,
)
from gametheory.payoff_sets.frontier import (
    ParetoDominance,
    ParetoFrontier,
    pareto_dominance,
    pareto_frontier,
)
from gametheory.payoff_sets.mixed_frontier import MixedFrontier, mixed_pareto_frontier
from gametheory.payoff_sets.records import PayoffFacet, PayoffSet
from gametheory.payoff_sets.social_optimum import SocialOptimum, social_optimum

__all__ = [
    "IndividuallyRational",
    "MixedFrontier",
    "ParetoDominance",
    "ParetoFrontier",
    "PayoffFacet",
    "PayoffSet",
    "SocialOptimum",
    "feasible_payoffs",
    "individually_rational_payoffs",
    "mixed_pareto_frontier",
    "pareto_dominance",
    "pareto_frontier",
    "social_optimum",
]
