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

from typing import TYPE_CHECKING

from gametheory.lazy import make_lazy

if TYPE_CHECKING:
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
    from gametheory.errors import (
        GameFormatError,
        GameTheoryError,
        InvalidGame,
        InvalidProfile,
        MissingExtra,
        UnsupportedGame,
    )
    from gametheory.formats import load_game, load_profile, save_game
    from gametheory.games import catalog
    from gametheory.games.behavior_profile import BehaviorProfile
    from gametheory.games.commitment import Commitment
    from gametheory.games.correlated_distribution import CorrelatedDistribution
    from gametheory.games.extensive_form import CHANCE, TERMINAL, ExtensiveFormGame, InformationSet
    from gametheory.games.game_state import SIMULTANEOUS, GameState
    from gametheory.games.game_tree import GameTree
    from gametheory.games.normal_form import NormalFormGame
    from gametheory.games.profiles import MixedProfile
    from gametheory.games.quantal_response import LogitEquilibrium
    from gametheory.games.security import SecurityProfile
    from gametheory.solution import Certificate, NearbyEquilibrium, Solution, Status, Trace
    from gametheory.solve import solve

__all__ = [
    "CHANCE",
    "SIMULTANEOUS",
    "TERMINAL",
    "BehaviorProfile",
    "Certificate",
    "Commitment",
    "CorrelatedDistribution",
    "ExtensiveFormGame",
    "GameFormatError",
    "GameState",
    "GameTheoryError",
    "GameTree",
    "InformationSet",
    "InvalidGame",
    "InvalidProfile",
    "LogitEquilibrium",
    "Minmax",
    "MissingExtra",
    "MixedProfile",
    "NashComponent",
    "NashSubset",
    "NearbyEquilibrium",
    "NormalFormGame",
    "SecurityProfile",
    "Solution",
    "Status",
    "Trace",
    "UnsupportedGame",
    "best_response",
    "best_response_value",
    "catalog",
    "cce_gap",
    "ce_gap",
    "equilibrium_index",
    "exploitability",
    "external_regrets",
    "load_game",
    "load_profile",
    "max_regret",
    "methods",
    "minmax",
    "nash_components",
    "nash_conv",
    "player_regrets",
    "save_game",
    "security_levels",
    "security_margins",
    "solve",
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
        "BehaviorProfile": "gametheory.games.behavior_profile",
        "Certificate": "gametheory.solution",
        "Commitment": "gametheory.games.commitment",
        "CorrelatedDistribution": "gametheory.games.correlated_distribution",
        "ExtensiveFormGame": "gametheory.games.extensive_form",
        "GameFormatError": "gametheory.errors",
        "GameState": "gametheory.games.game_state",
        "GameTheoryError": "gametheory.errors",
        "GameTree": "gametheory.games.game_tree",
        "InformationSet": "gametheory.games.extensive_form",
        "InvalidGame": "gametheory.errors",
        "InvalidProfile": "gametheory.errors",
        "LogitEquilibrium": "gametheory.games.quantal_response",
        "Minmax": "gametheory.algorithms.normal_form.minmax",
        "MissingExtra": "gametheory.errors",
        "MixedProfile": "gametheory.games.profiles",
        "NashComponent": "gametheory.concepts.nash_components",
        "NashSubset": "gametheory.concepts.nash_components",
        "NearbyEquilibrium": "gametheory.solution",
        "NormalFormGame": "gametheory.games.normal_form",
        "SecurityProfile": "gametheory.games.security",
        "Solution": "gametheory.solution",
        "Status": "gametheory.solution",
        "Trace": "gametheory.solution",
        "UnsupportedGame": "gametheory.errors",
        "best_response": "gametheory.concepts",
        "best_response_value": "gametheory.concepts",
        "catalog": "gametheory.games.catalog:",
        "cce_gap": "gametheory.concepts.correlated",
        "ce_gap": "gametheory.concepts.correlated",
        "equilibrium_index": "gametheory.concepts.equilibrium_index",
        "exploitability": "gametheory.concepts",
        "external_regrets": "gametheory.concepts.correlated",
        "load_game": "gametheory.formats",
        "load_profile": "gametheory.formats",
        "max_regret": "gametheory.concepts",
        "methods": "gametheory.algorithms.registry:algorithms",
        "minmax": "gametheory.algorithms.normal_form.minmax",
        "nash_components": "gametheory.concepts.nash_components",
        "nash_conv": "gametheory.concepts",
        "player_regrets": "gametheory.concepts",
        "save_game": "gametheory.formats",
        "security_levels": "gametheory.algorithms.normal_form.maxmin",
        "security_margins": "gametheory.algorithms.normal_form.maxmin",
        "solve": "gametheory.solve",
        "swap_regrets": "gametheory.concepts.correlated",
        "verify": "gametheory.certificates",
    },
)
