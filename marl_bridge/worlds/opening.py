"""Any game as what opens an environment, and the environments of this package by their ids."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, Literal

from gametheory.errors import MissingExtra
from gametheory.formats import load_game
from gametheory.games.catalog import load
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.stochastic_game import StochasticGame
from marl_bridge.errors import InvalidEnvironment

__all__ = ["WORLDS", "creators", "environment_of", "is_game", "named_game"]

_Api = Literal["aec", "parallel"]

WORLDS = {
    "worlds/congestion": "marl_bridge.worlds.congestion:CongestionEnv",
    "worlds/coordination-grid": "marl_bridge.worlds.coordination_grid:CoordinationGridEnv",
    "worlds/foraging": "marl_bridge.worlds.foraging:ForagingEnv",
    "worlds/soccer": "marl_bridge.worlds.soccer:SoccerEnv",
}
"""The class of each id."""

_CATALOG, _GAME_FILES = "games/", (".nfg", ".efg", ".json")

_CLASSES = (
    (NormalFormGame, "marl_bridge.worlds.matrix_game:MatrixGameEnv"),
    (ExtensiveFormGame, "marl_bridge.worlds.tree_game:TreeGameEnv"),
    (StochasticGame, "marl_bridge.worlds.stochastic_game:StochasticGameEnv"),
)


def is_game(make: Any) -> bool:
    """Whether this is a game that :func:`environment_of` takes, not an environment."""
    return isinstance(make, tuple(kind for kind, _ in _CLASSES))


def named_game(name: str) -> Any:
    """Load the game that a name stands for; None if it stands for something else.

    Parameters
    ----------
    name : str
        "games/kuhn_poker" and the like are the catalog's games; names that end in .nfg, .efg or
        .json are files.

    Raises
    ------
    InvalidGame
        If the catalog has no such game.
    GameFormatError
        If the file holds no game.

    Examples
    --------
    >>> named_game("games/climbing").n_actions
    (3, 3)
    """
    if name.startswith(_CATALOG):
        return load(name.removeprefix(_CATALOG).replace("-", "_"))
    return load_game(name) if name.endswith(_GAME_FILES) else None


def environment_of(game: Any) -> Callable[..., Any]:
    """Return what builds a game as a PettingZoo environment; keyword arguments are its own.

    Parameters
    ----------
    game : NormalFormGame, ExtensiveFormGame or StochasticGame
        Played as a :class:`~marl_bridge.worlds.matrix_game.MatrixGameEnv`, a
        :class:`~marl_bridge.worlds.tree_game.TreeGameEnv` or a
        :class:`~marl_bridge.worlds.stochastic_game.StochasticGameEnv`.

    Raises
    ------
    InvalidEnvironment
        If it is no such game.
    MissingExtra
        If PettingZoo is not installed.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> environment_of(load("prisoners_dilemma"))(rounds=3).possible_agents
    ['player 0', 'player 1']
    """
    for kind, home in _CLASSES:
        if isinstance(game, kind):
            return partial(_class(home), game)
    raise InvalidEnvironment(
        f"a {type(game).__name__} is no game that can be played as an environment",
        where="game",
        valid="a NormalFormGame, an ExtensiveFormGame or a StochasticGame",
    )


def creators(make: Any) -> tuple[str, dict[str, Callable[..., Any]]]:
    """Name an environment and return what builds it, by API; the one it is written for first.

    Parameters
    ----------
    make : game or str
        An own environment's id, or a game's name as in :func:`named_game`.

    Raises
    ------
    InvalidEnvironment
        If there is no such id.

    Examples
    --------
    >>> name, found = creators("worlds/soccer")
    >>> name, list(found)
    ('worlds/soccer', ['parallel', 'aec'])
    """
    game = named_game(make) if isinstance(make, str) else make
    if game is None:
        name = make.replace("_", "-")
        if name not in WORLDS:
            raise InvalidEnvironment(
                f"unknown environment {make!r}", valid=" or ".join(map(repr, sorted(WORLDS)))
            )
        built: Callable[..., Any] = _class(WORLDS[name])
    else:
        built = environment_of(game)
        title = game.title or str(built.func.metadata["name"])  # type: ignore[attr-defined]
        name = make if isinstance(make, str) else title
    if isinstance(game, ExtensiveFormGame):
        return name, {"aec": built}
    return name, {"parallel": built, "aec": partial(_in_turns, built)}


def _in_turns(build: Callable[..., Any], **kwargs: Any) -> Any:
    """Build the AEC form of a Parallel environment: agents choose in turn, and do not see it."""
    from pettingzoo.utils import parallel_to_aec

    return parallel_to_aec(build(**kwargs))


def _class(home: str) -> Any:
    module, _, name = home.partition(":")
    try:
        return getattr(import_module(module), name)
    except ImportError as error:
        raise MissingExtra.of("pettingzoo", "playing a game as an environment") from error
