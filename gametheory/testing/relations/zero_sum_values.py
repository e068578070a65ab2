"""The value of two-player zero-sum games, and what moves it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.testing.case import Case
from gametheory.testing.definitions import normal_form, trees
from gametheory.testing.definitions.plain_tree import (
    Chance,
    Choice,
    End,
    Tree,
    build,
    nodes_of,
    plain_tree,
)
from gametheory.testing.judging import payoffs, violation
from gametheory.testing.registry import relation
from gametheory.testing.transformations.actions import restrict
from gametheory.testing.transformations.affine import affine, map_payoffs, with_stages
from gametheory.testing.transformations.relabeling import permute_actions, permute_players

__all__: list[str] = []

CONCEPTS = ("nash", "minimax", "subgame-perfect")
MINIMAX = "von Neumann (1928), Mathematische Annalen 100"
NORMAL = (NormalFormGame,)
STATIC = (NormalFormGame, ExtensiveFormGame)


def value_of(case: Case, game: Any) -> tuple[Any, Any]:
    """Return player 0's payoff by the solver's answer, and how far that may be from the value.

    In a zero-sum game the payoffs of a profile with max regret e are within e of the value.
    """
    answer = case.answer(game)
    return payoffs(game, answer.plain)[0], case.slack(game, answer)


def _is_static(game: Any) -> bool:
    return isinstance(game, STATIC)


def _require_equal(case: Case, found: Any, wanted: Any, slack: Any, what: str) -> None:
    case.require(abs(found - wanted) <= slack, f"{what}: {_show(found)} instead of {_show(wanted)}")


def _show(number: Any) -> str:
    return str(number) if isinstance(number, Fraction) else f"{float(number):.12g}"


@relation(
    "value-shifts",
    asserts="v(c A + k) = c v(A) + k; in discounted games a stage's k counts again in every stage.",
    needs="a zero-sum game",
    concepts=CONCEPTS,
    tags=("zero-sum",),
    source=MINIMAX,
)
def _value_shifts(case: Case) -> None:
    k, c = Fraction(int(case.rng.integers(-6, 7))), Fraction(int(case.rng.integers(1, 7)), 2)
    first, slack = value_of(case, case.game)
    second, other = value_of(case, affine(case.game, [c, c], [k, -k]))
    # no random game of this kind ends before its time, so that the sum is geometric
    worth = k if _is_static(case.game) else float(k / (1 - case.game.discount))
    _require_equal(case, second, c * first + worth, c * slack + other, f"v({c} A + {k})")


@relation(
    "value-of-the-other-side",
    asserts="v(-A') = -v(A): seen by the other player the value has the other sign.",
    needs="a zero-sum game in normal form or a tree",
    concepts=CONCEPTS,
    tags=("zero-sum",),
    forms=STATIC,
    source=MINIMAX,
)
def _value_of_the_other_side(case: Case) -> None:
    first, slack = value_of(case, case.game)
    second, other = value_of(case, permute_players(case.game, [1, 0])[0])
    _require_equal(case, second, -first, slack + other, "v(-A')")


@relation(
    "value-is-monotone",
    asserts="Where no payoff of player 0 falls, the value does not fall.",
    needs="a zero-sum game",
    concepts=CONCEPTS,
    tags=("zero-sum",),
)
def _value_is_monotone(case: Case) -> None:
    _, more = _changed(case, 0, 4)
    first, slack = value_of(case, case.game)
    second, other = value_of(case, more)
    case.require(
        first <= second + slack + other, f"it falls from {_show(first)} to {_show(second)}"
    )


@relation(
    "value-is-lipschitz",
    asserts="|v(A) - v(B)| <= max |A - B|.",
    needs="a zero-sum game in normal form or a tree",
    concepts=CONCEPTS,
    tags=("zero-sum",),
    forms=STATIC,
)
def _value_is_lipschitz(case: Case) -> None:
    most, changed = _changed(case, -3, 4)
    first, slack = value_of(case, case.game)
    second, other = value_of(case, changed)
    case.require(
        abs(first - second) <= most + slack + other,
        f"payoffs change by at most {most}, and the value from {_show(first)} to {_show(second)}",
    )


def _changed(case: Case, low: int, high: int) -> tuple[int, Any]:
    """Add integers to what player 0 gets, and take them from player 1; return the largest."""
    game, rng = case.game, case.rng
    added: list[int] = [0]
    if isinstance(game, ExtensiveFormGame):

        def mapped(row: tuple[Any, ...]) -> tuple[Any, ...]:
            added.append(int(rng.integers(low, high)))
            return row[0] + added[-1], row[1] - added[-1]

        changed = map_payoffs(game, mapped)
        return max(map(abs, added)), changed

    def moved(stage: NormalFormGame) -> NormalFormGame:
        shift = rng.integers(low, high, size=stage.n_actions).astype(object)
        added.extend(abs(int(s)) for s in shift.ravel())
        return NormalFormGame(stage.exact_payoffs + np.stack([shift, -shift]))

    if isinstance(game, NormalFormGame):
        new: Any = moved(game)
    else:
        new = with_stages(game, [moved(stage) for stage in game.stages])
    return max(map(abs, added)), new


@relation(
    "skew-symmetric-value-is-zero",
    asserts="Where both players are in the same position the value is 0.",
    needs="a zero-sum game in normal form with A' = -A",
    concepts=CONCEPTS,
    tags=("skew",),
    forms=NORMAL,
    source="Gale, Kuhn and Tucker (1950), Contributions to the Theory of Games I",
)
def _skew_symmetric_value_is_zero(case: Case) -> None:
    value, slack = value_of(case, case.game)
    _require_equal(case, value, 0, slack, "the value")


@relation(
    "value-between-pure-bounds",
    asserts="The value lies between the best that pure actions guarantee to either player.",
    needs="a zero-sum game in normal form",
    concepts=CONCEPTS,
    tags=("zero-sum",),
    forms=NORMAL,
)
def _value_between_pure_bounds(case: Case) -> None:
    value, slack = value_of(case, case.game)
    low = normal_form.pure_maxmin(case.game, 0)
    high = -normal_form.pure_maxmin(case.game, 1)
    case.require(
        low - slack <= value <= high + slack, f"{_show(value)} is not within {low} and {high}"
    )


@relation(
    "primal-equals-dual",
    asserts="What player 0's strategy guarantees is what player 1's strategy holds it down to.",
    needs="a zero-sum game in normal form or a tree",
    concepts=CONCEPTS,
    tags=("zero-sum",),
    forms=STATIC,
    source=MINIMAX,
)
def _primal_equals_dual(case: Case) -> None:
    game, answer = case.game, case.answer(case.game)
    if isinstance(game, NormalFormGame):
        guaranteed = -max(normal_form.deviation_payoffs(game, answer.plain, 1))
        held = max(normal_form.deviation_payoffs(game, answer.plain, 0))
    else:
        tree = plain_tree(game)
        guaranteed = -trees.best_response_value(tree, answer.plain, 1)
        held = trees.best_response_value(tree, answer.plain, 0)
    _require_equal(case, held, guaranteed, 2 * case.slack(game, answer), "the two bounds")


@relation(
    "equilibria-are-interchangeable",
    asserts="One equilibrium's strategy against another one's is an equilibrium too.",
    needs="a zero-sum game in normal form",
    concepts=("nash", "minimax"),
    tags=("zero-sum",),
    forms=NORMAL,
    source="Nash (1951), Annals of Mathematics 54",
)
def _equilibria_are_interchangeable(case: Case) -> None:
    for first, second, slack in _pairs(case):
        worst = violation(case.game, None, (first[0], second[1]), "nash")
        case.require(worst <= slack, f"{first[0]} against {second[1]} is off by {float(worst):.3g}")


@relation(
    "equilibria-are-convex",
    asserts="Strategies between those of two equilibria are an equilibrium.",
    needs="a zero-sum game in normal form",
    concepts=("nash", "minimax"),
    tags=("zero-sum",),
    forms=NORMAL,
    source="Nash (1951), Annals of Mathematics 54",
)
def _equilibria_are_convex(case: Case) -> None:
    t = Fraction(int(case.rng.integers(0, 8)), 7)
    for first, second, slack in _pairs(case):
        between = tuple(
            tuple(t * p + (1 - t) * q for p, q in zip(x, y, strict=True))
            for x, y in zip(first, second, strict=True)
        )
        worst = violation(case.game, None, between, "nash")
        case.require(
            worst <= slack,
            f"{between}, between two equilibria, is off by {float(worst):.3g}",
        )


def _pairs(case: Case) -> list[tuple[Any, Any, Any]]:
    """Find equilibria of the game, and others by solving it with its actions in another order."""
    game = case.game
    found = [(answer.plain, case.slack(game, answer)) for answer in case.answers(game)]
    new, back = permute_actions(game, case.rng)
    found += [(back(a.plain), case.slack(new, a)) for a in case.answers(new)]
    return [(first, second, s + t) for first, s in found for second, t in found if first != second][
        :12
    ]


@relation(
    "fewer-own-actions",
    asserts="A player that has an action less is not better off.",
    needs="a zero-sum game in normal form",
    concepts=("nash", "minimax"),
    tags=("zero-sum",),
    forms=NORMAL,
)
def _fewer_own_actions(case: Case) -> None:
    game: NormalFormGame = case.game
    player = case.choice(2)
    case.skip_unless(game.n_actions[player] > 1)
    gone = case.choice(game.n_actions[player])
    left = [[a for a in range(m) if (i, a) != (player, gone)] for i, m in enumerate(game.n_actions)]
    first, slack = value_of(case, game)
    second, other = value_of(case, restrict(game, left))
    sign = 1 if player == 0 else -1
    case.require(
        sign * (second - first) <= slack + other,
        f"without action {gone} of player {player} the value goes from {_show(first)} to "
        f"{_show(second)}",
    )


@relation(
    "more-information",
    asserts="A player that is shown more before it acts is not worse off.",
    needs="a zero-sum tree",
    concepts=("nash", "minimax"),
    tags=("zero-sum",),
    forms=(ExtensiveFormGame,),
)
def _more_information(case: Case) -> None:
    game: ExtensiveFormGame = case.game
    player = case.choice(2)
    tree = plain_tree(game)
    told = _tell(tree, player)
    first, slack = value_of(case, game)
    second, other = value_of(case, build(told, game.players))
    sign = 1 if player == 0 else -1
    case.require(
        sign * (first - second) <= slack + other,
        f"player {player} knows all that was done, and the value goes from {_show(first)} to "
        f"{_show(second)}",
    )


def _tell(tree: Tree, player: int) -> Tree:
    """Let a player know every history at which it acts."""
    names = {id(node): k for k, node in enumerate(nodes_of(tree))}

    def walk(part: Tree) -> Tree:
        if isinstance(part, End):
            return part
        if isinstance(part, Chance):
            return Chance(tuple((a, p, walk(child)) for a, p, child in part.outcomes))
        label = part.infoset
        if part.player == player:
            label = f"{label}, history {names[id(part)]}"
        return Choice(part.player, label, tuple((a, walk(child)) for a, child in part.actions))

    return walk(tree)
