"""Families of games: the strategies by name, with what is true of every game in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.stochastic_game import StochasticGame
from gametheory.testing.definitions.plain_tree import Choice, End, build
from gametheory.testing.strategies import (
    badly_scaled_games,
    badly_scaled_trees,
    degenerate_games,
    generic_games,
    normal_form_games,
    potential_games,
    simultaneous_trees,
    stochastic_games,
    symmetric_games,
    trees,
    zero_sum_games,
)

__all__ = ["FAMILIES", "Family", "family"]


@dataclass(frozen=True)
class Family:
    """A kind of games.

    Attributes
    ----------
    name : str
    form : type
        The class of its games.
    tags : frozenset of str
        What holds for all of them, such as "zero-sum".
    games : callable
        ``games()`` is the Hypothesis strategy.
    samples : callable
        ``samples()`` are games of the family by which is found out whether a solver takes it.
    """

    name: str
    form: type
    tags: frozenset[str]
    games: Callable[[], Any]
    samples: Callable[[], tuple[Any, ...]]


_PRISONERS = [[3, 0], [5, 1]]
_PENNIES = [[1, -1], [-1, 1]]


def _bimatrix() -> tuple[Any, ...]:
    return (NormalFormGame.bimatrix([[2, 0, 1], [0, 1, 3]], [[1, 0, 2], [0, 2, 1]]),)


def _generic() -> tuple[Any, ...]:
    return (NormalFormGame.bimatrix([[8, 1], [0, 5]], [[4, 2], [3, 7]]),)


def _several_players() -> tuple[Any, ...]:
    return (
        *_bimatrix(),
        NormalFormGame([[[[1, 2], [3, 0]], [[2, 2], [0, 1]]]] * 3),
    )


def _symmetric() -> tuple[Any, ...]:
    return (NormalFormGame.symmetric(_PRISONERS),)


def _symmetric_three() -> tuple[Any, ...]:
    return (NormalFormGame([[[[1, 0], [0, 1]], [[0, 1], [1, 0]]]] * 3),)


def _zero_sum() -> tuple[Any, ...]:
    return (NormalFormGame.zero_sum([[1, -1, 0], [-1, 1, 2]]),)


def _skew() -> tuple[Any, ...]:
    return (NormalFormGame.zero_sum([[0, 1], [-1, 0]]),)


def _potential() -> tuple[Any, ...]:
    return (NormalFormGame([[[[2, 0], [0, 1]], [[0, 1], [1, 3]]]] * 3),)


def _hidden(payoffs: list[list[Any]]) -> ExtensiveFormGame:
    """One simultaneous round: player 1 does not see what player 0 does."""
    below = [
        Choice(
            1, "1", tuple((f"a{j}", End(tuple(row))) for j, row in enumerate(payoffs[k : k + 2]))
        )
        for k in (0, 2)
    ]
    return build(Choice(0, "0", (("a0", below[0]), ("a1", below[1]))), 2)


def _perfect(payoffs: list[list[Any]], n_players: int) -> ExtensiveFormGame:
    """Player 1 sees what player 0 did."""
    below = [
        Choice(
            1,
            f"1{k}",
            tuple((f"a{j}", End(tuple(row))) for j, row in enumerate(payoffs[k : k + 2])),
        )
        for k in (0, 2)
    ]
    return build(Choice(0, "0", (("a0", below[0]), ("a1", below[1]))), n_players)


_ZERO_SUM_ROWS = [[1, -1], [-1, 1], [-1, 1], [1, -1]]
_ROWS = [[2, 1], [0, 0], [0, 0], [1, 3]]


def _tree_samples() -> tuple[Any, ...]:
    return _hidden(_ROWS), _perfect([[*row, 0] for row in _ROWS], 3)


def _stochastic() -> tuple[Any, ...]:
    return (StochasticGame([[_PENNIES, [[-1, 1], [1, -1]]]], [[[[1], [1]], [[1], [1]]]], "1/2"),)


@cache
def _all() -> tuple[Family, ...]:
    def of(
        name: str, form: type, tags: str, games: Callable[[], Any], samples: Callable[[], Any]
    ) -> Family:
        return Family(name, form, frozenset(tags.split()), games, samples)

    normal, tree = NormalFormGame, ExtensiveFormGame
    return (
        of("bimatrix", normal, "two-player", lambda: normal_form_games(n_players=2), _bimatrix),
        of("any-shape", normal, "", normal_form_games, _several_players),
        of("degenerate", normal, "two-player", degenerate_games, _bimatrix),
        of("badly-scaled", normal, "two-player", badly_scaled_games, _bimatrix),
        of("generic", normal, "two-player generic", generic_games, _generic),
        of("potential", normal, "potential", potential_games, _potential),
        of("symmetric", normal, "two-player symmetric", symmetric_games, _symmetric),
        of(
            "symmetric-three",
            normal,
            "symmetric",
            lambda: symmetric_games(n_players=3),
            _symmetric_three,
        ),
        of("zero-sum", normal, "two-player zero-sum", zero_sum_games, _zero_sum),
        of(
            "skew-symmetric",
            normal,
            "two-player zero-sum symmetric skew",
            lambda: zero_sum_games(skew_symmetric=True),
            _skew,
        ),
        of("trees", tree, "", trees, _tree_samples),
        of(
            "two-player-trees",
            tree,
            "two-player",
            lambda: trees(n_players=2),
            lambda: (_hidden(_ROWS), _perfect(_ROWS, 2)),
        ),
        of(
            "perfect-information",
            tree,
            "perfect-information",
            lambda: trees(perfect_information=True),
            lambda: (_perfect([[*row, 0] for row in _ROWS], 3),),
        ),
        of(
            "simultaneous-trees",
            tree,
            "two-player",
            simultaneous_trees,
            lambda: (_hidden(_ROWS),),
        ),
        of(
            "zero-sum-trees",
            tree,
            "two-player zero-sum",
            lambda: trees(zero_sum=True),
            lambda: (_hidden(_ZERO_SUM_ROWS),),
        ),
        of(
            "zero-sum-simultaneous",
            tree,
            "two-player zero-sum",
            lambda: simultaneous_trees(zero_sum=True),
            lambda: (_hidden(_ZERO_SUM_ROWS),),
        ),
        of(
            "badly-scaled-zero-sum",
            normal,
            "two-player zero-sum",
            lambda: badly_scaled_games(zero_sum=True),
            _zero_sum,
        ),
        of(
            "badly-scaled-trees",
            tree,
            "two-player",
            badly_scaled_trees,
            lambda: (_hidden(_ROWS), _perfect(_ROWS, 2)),
        ),
        of(
            "badly-scaled-zero-sum-trees",
            tree,
            "two-player zero-sum",
            lambda: badly_scaled_trees(zero_sum=True),
            lambda: (_hidden(_ZERO_SUM_ROWS),),
        ),
        of("stochastic", StochasticGame, "two-player zero-sum", stochastic_games, _stochastic),
    )


FAMILIES: tuple[str, ...] = tuple(one.name for one in _all())
"""Names of the families."""


def family(name: str) -> Family:
    """Return the family of that name.

    Raises
    ------
    UnsupportedGame
        If there is none.

    Examples
    --------
    >>> sorted(family("zero-sum").tags)
    ['two-player', 'zero-sum']
    """
    from gametheory.errors import UnsupportedGame

    for one in _all():
        if one.name == name:
            return one
    raise UnsupportedGame(f"unknown family {name!r}", valid=f"one of {list(FAMILIES)}")
