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

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    from gametheory.games.extensive_form import CHANCE, TERMINAL, ExtensiveFormGame, InformationSet
    from gametheory.games.game_state import SIMULTANEOUS, GameState
    from gametheory.games.game_tree import GameTree
    from gametheory.games.normal_form import NormalFormGame
    from gametheory.games.profiles import MixedProfile
    from gametheory.solution import Certificate, Solution, Status, Trace
    from gametheory.solve import solve

__all__ = [
    "CHANCE",
    "SIMULTANEOUS",
    "TERMINAL",
    "BehaviorProfile",
    "Certificate",
    "ExtensiveFormGame",
    "GameFormatError",
    "GameState",
    "GameTheoryError",
    "GameTree",
    "InformationSet",
    "InvalidGame",
    "InvalidProfile",
    "MissingExtra",
    "MixedProfile",
    "NormalFormGame",
    "Solution",
    "Status",
    "Trace",
    "UnsupportedGame",
    "best_response",
    "best_response_value",
    "catalog",
    "exploitability",
    "load_game",
    "load_profile",
    "max_regret",
    "methods",
    "nash_conv",
    "player_regrets",
    "save_game",
    "solve",
    "verify",
]
__version__ = "0.1.0"

# Public name -> the module that holds it: imported on first use, so that importing the package
# costs next to nothing.
_HOMES = {
    "methods": "gametheory.algorithms.registry:algorithms",
    "verify": "gametheory.certificates:verify",
    "best_response": "gametheory.concepts:best_response",
    "best_response_value": "gametheory.concepts:best_response_value",
    "exploitability": "gametheory.concepts:exploitability",
    "max_regret": "gametheory.concepts:max_regret",
    "nash_conv": "gametheory.concepts:nash_conv",
    "player_regrets": "gametheory.concepts:player_regrets",
    "GameFormatError": "gametheory.errors:GameFormatError",
    "GameTheoryError": "gametheory.errors:GameTheoryError",
    "InvalidGame": "gametheory.errors:InvalidGame",
    "InvalidProfile": "gametheory.errors:InvalidProfile",
    "MissingExtra": "gametheory.errors:MissingExtra",
    "UnsupportedGame": "gametheory.errors:UnsupportedGame",
    "load_game": "gametheory.formats:load_game",
    "load_profile": "gametheory.formats:load_profile",
    "save_game": "gametheory.formats:save_game",
    "catalog": "gametheory.games:catalog",
    "BehaviorProfile": "gametheory.games.behavior_profile:BehaviorProfile",
    "CHANCE": "gametheory.games.extensive_form:CHANCE",
    "TERMINAL": "gametheory.games.extensive_form:TERMINAL",
    "ExtensiveFormGame": "gametheory.games.extensive_form:ExtensiveFormGame",
    "InformationSet": "gametheory.games.extensive_form:InformationSet",
    "SIMULTANEOUS": "gametheory.games.game_state:SIMULTANEOUS",
    "GameState": "gametheory.games.game_state:GameState",
    "GameTree": "gametheory.games.game_tree:GameTree",
    "NormalFormGame": "gametheory.games.normal_form:NormalFormGame",
    "MixedProfile": "gametheory.games.profiles:MixedProfile",
    "Certificate": "gametheory.solution:Certificate",
    "Solution": "gametheory.solution:Solution",
    "Status": "gametheory.solution:Status",
    "Trace": "gametheory.solution:Trace",
    "solve": "gametheory.solve:solve",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'gametheory' has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    if name == "catalog":
        value: Any = import_module("gametheory.games.catalog")
    else:
        value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
