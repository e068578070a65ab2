"""The toolkit that knows the optimum: certified solutions of finite games.

>>> import gametheory as gt
>>> game = gt.NormalFormGame.bimatrix([[3, 0], [5, 1]], [[3, 5], [0, 1]])
>>> solution = gt.solve(game, "pure-nash", find="all")
>>> solution.payoffs
array([1., 1.])
>>> print(solution.certificate)
pure-nash: exact (rational arithmetic)
"""

from __future__ import annotations

from gametheory.lazy import make_lazy

TYPE_CHECKING = False  # importing typing would take longer than all the rest
if TYPE_CHECKING:
    from gametheory.algorithms.extensive_form.sampled_gain import SampledGain, sampled_gain
    from gametheory.algorithms.extensive_form.sampled_strategy import SampledStrategy
    from gametheory.algorithms.extensive_form.simulator_cfr import SimulatorCFR, monte_carlo_cfr
    from gametheory.algorithms.normal_form.maxmin import security_levels, security_margins
    from gametheory.algorithms.normal_form.minmax import Minmax, minmax
    from gametheory.algorithms.registry import algorithms as methods
    from gametheory.certificates import verify
    from gametheory.concepts import (
        best_response,
        best_response_value,
        exploitability,
        max_regret,
        nash_conv,
        player_regrets,
    )
    from gametheory.concepts.correlated import cce_gap, ce_gap, external_regrets, swap_regrets
    from gametheory.concepts.equilibrium_index import equilibrium_index
    from gametheory.concepts.nash_components import NashComponent, NashSubset, nash_components
    from gametheory.dynamics import simulate
    from gametheory.errors import (
        GameFormatError,
        GameTheoryError,
        InvalidGame,
        InvalidProfile,
        MissingExtra,
        UnsupportedGame,
    )
    from gametheory.evaluation import (
        AlphaRanking,
        EloRatings,
        NashAverage,
        alpha_rank,
        elo_ratings,
        nash_averaging,
    )
    from gametheory.formats import load_game, load_profile, save_game
    from gametheory.games import catalog
    from gametheory.games.agent_quantal_response import AgentLogitEquilibrium
    from gametheory.games.behavior_profile import BehaviorProfile
    from gametheory.games.commitment import Commitment
    from gametheory.games.correlated_distribution import CorrelatedDistribution
    from gametheory.games.extensive_form import CHANCE, TERMINAL, ExtensiveFormGame, InformationSet
    from gametheory.games.game_state import SIMULTANEOUS, GameState
    from gametheory.games.game_tree import GameTree
    from gametheory.games.normal_form import NormalFormGame
    from gametheory.games.open_spiel import from_open_spiel
    from gametheory.games.open_spiel_policies import profile_from_open_spiel, profile_to_open_spiel
    from gametheory.games.pareto_profile import ParetoProfile
    from gametheory.games.potential import Potential, find_potential
    from gametheory.games.profiles import MixedProfile
    from gametheory.games.quantal_response import LogitEquilibrium
    from gametheory.games.realization import (
        behavior_of,
        mixed_of,
        reached_information_sets,
        realization_plan,
    )
    from gametheory.games.security import SecurityProfile
    from gametheory.games.stationary_profile import StationaryProfile
    from gametheory.games.stochastic_game import StochasticGame
    from gametheory.games.strategic_form import strategic_form
    from gametheory.games.subgames import Subgame, subgame, subgame_roots
    from gametheory.games.tabulated_policy import profile_of
    from gametheory.inefficiency import EquilibriumPrice, price_of_anarchy, price_of_stability
    from gametheory.payoff_sets import (
        IndividuallyRational,
        MixedFrontier,
        ParetoDominance,
        ParetoFrontier,
        PayoffSet,
        SocialOptimum,
        feasible_payoffs,
        individually_rational_payoffs,
        mixed_pareto_frontier,
        pareto_dominance,
        pareto_frontier,
        social_optimum,
    )
    from gametheory.solution import Certificate, NearbyEquilibrium, Solution, Status, Trace
    from gametheory.solve import solve

__all__ = [
    "CHANCE",
    "SIMULTANEOUS",
    "TERMINAL",
    "AgentLogitEquilibrium",
    "AlphaRanking",
    "BehaviorProfile",
    "Certificate",
    "Commitment",
    "CorrelatedDistribution",
    "EloRatings",
    "EquilibriumPrice",
    "ExtensiveFormGame",
    "GameFormatError",
    "GameState",
    "GameTheoryError",
    "GameTree",
    "IndividuallyRational",
    "InformationSet",
    "InvalidGame",
    "InvalidProfile",
    "LogitEquilibrium",
    "Minmax",
    "MissingExtra",
    "MixedFrontier",
    "MixedProfile",
    "NashAverage",
    "NashComponent",
    "NashSubset",
    "NearbyEquilibrium",
    "NormalFormGame",
    "ParetoDominance",
    "ParetoFrontier",
    "ParetoProfile",
    "PayoffSet",
    "Potential",
    "SampledGain",
    "SampledStrategy",
    "SecurityProfile",
    "SimulatorCFR",
    "SocialOptimum",
    "Solution",
    "StationaryProfile",
    "Status",
    "StochasticGame",
    "Subgame",
    "Trace",
    "UnsupportedGame",
    "alpha_rank",
    "behavior_of",
    "best_response",
    "best_response_value",
    "catalog",
    "cce_gap",
    "ce_gap",
    "elo_ratings",
    "equilibrium_index",
    "exploitability",
    "external_regrets",
    "feasible_payoffs",
    "find_potential",
    "from_open_spiel",
    "individually_rational_payoffs",
    "load_game",
    "load_profile",
    "max_regret",
    "methods",
    "minmax",
    "mixed_of",
    "mixed_pareto_frontier",
    "monte_carlo_cfr",
    "nash_averaging",
    "nash_components",
    "nash_conv",
    "pareto_dominance",
    "pareto_frontier",
    "player_regrets",
    "price_of_anarchy",
    "price_of_stability",
    "profile_from_open_spiel",
    "profile_of",
    "profile_to_open_spiel",
    "reached_information_sets",
    "realization_plan",
    "sampled_gain",
    "save_game",
    "security_levels",
    "security_margins",
    "simulate",
    "social_optimum",
    "solve",
    "strategic_form",
    "subgame",
    "subgame_roots",
    "swap_regrets",
    "verify",
]
__version__ = "0.1.0"

make_lazy(
    __name__,
    {
        "CHANCE": "gametheory.games.extensive_form",
        "SIMULTANEOUS": "gametheory.games.game_state",
        "TERMINAL": "gametheory.games.extensive_form",
        "AgentLogitEquilibrium": "gametheory.games.agent_quantal_response",
        "AlphaRanking": "gametheory.evaluation",
        "BehaviorProfile": "gametheory.games.behavior_profile",
        "Certificate": "gametheory.solution",
        "Commitment": "gametheory.games.commitment",
        "CorrelatedDistribution": "gametheory.games.correlated_distribution",
        "EloRatings": "gametheory.evaluation",
        "EquilibriumPrice": "gametheory.inefficiency",
        "ExtensiveFormGame": "gametheory.games.extensive_form",
        "GameFormatError": "gametheory.errors",
        "GameState": "gametheory.games.game_state",
        "GameTheoryError": "gametheory.errors",
        "GameTree": "gametheory.games.game_tree",
        "IndividuallyRational": "gametheory.payoff_sets",
        "InformationSet": "gametheory.games.extensive_form",
        "InvalidGame": "gametheory.errors",
        "InvalidProfile": "gametheory.errors",
        "LogitEquilibrium": "gametheory.games.quantal_response",
        "Minmax": "gametheory.algorithms.normal_form.minmax",
        "MissingExtra": "gametheory.errors",
        "MixedFrontier": "gametheory.payoff_sets",
        "MixedProfile": "gametheory.games.profiles",
        "NashAverage": "gametheory.evaluation",
        "NashComponent": "gametheory.concepts.nash_components",
        "NashSubset": "gametheory.concepts.nash_components",
        "NearbyEquilibrium": "gametheory.solution",
        "NormalFormGame": "gametheory.games.normal_form",
        "ParetoDominance": "gametheory.payoff_sets",
        "ParetoFrontier": "gametheory.payoff_sets",
        "ParetoProfile": "gametheory.games.pareto_profile",
        "PayoffSet": "gametheory.payoff_sets",
        "Potential": "gametheory.games.potential",
        "SampledGain": "gametheory.algorithms.extensive_form.sampled_gain",
        "SampledStrategy": "gametheory.algorithms.extensive_form.sampled_strategy",
        "SecurityProfile": "gametheory.games.security",
        "SimulatorCFR": "gametheory.algorithms.extensive_form.simulator_cfr",
        "SocialOptimum": "gametheory.payoff_sets",
        "Solution": "gametheory.solution",
        "StationaryProfile": "gametheory.games.stationary_profile",
        "Status": "gametheory.solution",
        "StochasticGame": "gametheory.games.stochastic_game",
        "Subgame": "gametheory.games.subgames",
        "Trace": "gametheory.solution",
        "UnsupportedGame": "gametheory.errors",
        "alpha_rank": "gametheory.evaluation",
        "behavior_of": "gametheory.games.realization",
        "best_response": "gametheory.concepts",
        "best_response_value": "gametheory.concepts",
        "catalog": "gametheory.games.catalog:",
        "cce_gap": "gametheory.concepts.correlated",
        "ce_gap": "gametheory.concepts.correlated",
        "elo_ratings": "gametheory.evaluation",
        "equilibrium_index": "gametheory.concepts.equilibrium_index",
        "exploitability": "gametheory.concepts",
        "external_regrets": "gametheory.concepts.correlated",
        "feasible_payoffs": "gametheory.payoff_sets",
        "find_potential": "gametheory.games.potential",
        "from_open_spiel": "gametheory.games.open_spiel",
        "individually_rational_payoffs": "gametheory.payoff_sets",
        "load_game": "gametheory.formats",
        "load_profile": "gametheory.formats",
        "max_regret": "gametheory.concepts",
        "methods": "gametheory.algorithms.registry:algorithms",
        "minmax": "gametheory.algorithms.normal_form.minmax",
        "mixed_of": "gametheory.games.realization",
        "mixed_pareto_frontier": "gametheory.payoff_sets",
        "monte_carlo_cfr": "gametheory.algorithms.extensive_form.simulator_cfr",
        "nash_averaging": "gametheory.evaluation",
        "nash_components": "gametheory.concepts.nash_components",
        "nash_conv": "gametheory.concepts",
        "pareto_dominance": "gametheory.payoff_sets",
        "pareto_frontier": "gametheory.payoff_sets",
        "player_regrets": "gametheory.concepts",
        "price_of_anarchy": "gametheory.inefficiency",
        "price_of_stability": "gametheory.inefficiency",
        "profile_from_open_spiel": "gametheory.games.open_spiel_policies",
        "profile_of": "gametheory.games.tabulated_policy",
        "profile_to_open_spiel": "gametheory.games.open_spiel_policies",
        "reached_information_sets": "gametheory.games.realization",
        "realization_plan": "gametheory.games.realization",
        "sampled_gain": "gametheory.algorithms.extensive_form.sampled_gain",
        "save_game": "gametheory.formats",
        "security_levels": "gametheory.algorithms.normal_form.maxmin",
        "security_margins": "gametheory.algorithms.normal_form.maxmin",
        "simulate": "gametheory.dynamics",
        "social_optimum": "gametheory.payoff_sets",
        "solve": "gametheory.solve",
        "strategic_form": "gametheory.games.strategic_form",
        "subgame": "gametheory.games.subgames",
        "subgame_roots": "gametheory.games.subgames",
        "swap_regrets": "gametheory.concepts.correlated",
        "verify": "gametheory.certificates",
    },
)
