"""One function over all dynamics."""

from __future__ import annotations

from typing import Any

from gametheory.dynamics.registry import dynamics
from gametheory.errors import UnsupportedGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.solution import Trace

__all__ = ["simulate"]


def simulate(game: NormalFormGame, dynamic: str, **options: Any) -> Trace:
    """Follow a dynamic on a game.

    Parameters
    ----------
    game : NormalFormGame
    dynamic : str
        Its name, as listed by :func:`gametheory.dynamics.dynamics`.
    **options
        The dynamic's own, see ``Dynamic.options``.

    Returns
    -------
    Trace
        Arrays: what was played when, averages, regrets and gaps.

    Raises
    ------
    UnsupportedGame
        There is no such dynamic or option, or it is not defined for this game; it says why.
    """
    known = {one.name: one for one in dynamics()}
    if dynamic not in known:
        raise UnsupportedGame(f"unknown dynamic {dynamic!r}", valid=f"one of {sorted(known)}")
    chosen = known[dynamic]
    unknown = [name for name in options if name not in chosen.options]
    if unknown:
        raise UnsupportedGame(
            f"{dynamic!r} has no option {unknown[0]!r}", valid=f"one of {list(chosen.options)}"
        )
    reason = chosen.applies(game)
    if reason:
        raise UnsupportedGame(
            f"{dynamic!r} is not defined for this game: {reason}", where=repr(game)
        )
    return chosen.run(game, **options)
