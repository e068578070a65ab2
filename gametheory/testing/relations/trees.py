"""Trees: subgames, Kuhn's theorem, the strategic form, and recall."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from gametheory.errors import InvalidGame
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.games.realization import behavior_of, mixed_of
from gametheory.games.strategic_form import strategic_form
from gametheory.testing.answers import answer_of
from gametheory.testing.case import Case
from gametheory.testing.definitions import normal_form
from gametheory.testing.definitions import trees as by_definition
from gametheory.testing.definitions.plain_tree import (
    Chance,
    Choice,
    End,
    Tree,
    build,
    plain_tree,
)
from gametheory.testing.registry import relation
from gametheory.testing.strategies import imperfect_recall_trees, trees

__all__: list[str] = []

FORMS = (ExtensiveFormGame,)
_LARGEST_FORM = 400


@relation(
    "subgame-perfect-is-nash",
    asserts="A subgame-perfect equilibrium is an equilibrium of the game and of "
    "each of its subgames.",
    needs="a tree",
    concepts=("subgame-perfect",),
    forms=FORMS,
    source="Selten (1965), Zeitschrift fur die gesamte Staatswissenschaft 121",
)
def _subgame_perfect_is_nash(case: Case) -> None:
    n = case.game.n_players
    tree = plain_tree(case.game)
    for answer in case.answers(case.game):
        for part in by_definition.subgames(tree):
            worst = max(by_definition.regrets(part, answer.plain, n))
            case.require(
                worst <= case.slack(case.game, answer),
                f"somebody gains {float(worst):.3g} in the subgame {part}",
            )


@relation(
    "subgame-replacement",
    asserts="With a subgame replaced by what it pays, the rest of the answer is "
    "subgame-perfect there.",
    needs="a tree with a proper subgame",
    concepts=("subgame-perfect",),
    forms=FORMS,
    source="Kuhn (1953), Contributions to the Theory of Games II",
)
def _subgame_replacement(case: Case) -> None:
    game: ExtensiveFormGame = case.game
    tree = plain_tree(game)
    parts = by_definition.subgames(tree)[1:]
    case.skip_unless(parts)
    part = parts[case.choice(len(parts))]
    for answer in case.answers(game):
        worth = by_definition.expected_payoffs(part, answer.plain, game.n_players)
        smaller = _replaced(tree, part, End(tuple(worth)))
        worst = max(by_definition.subgame_regrets(smaller, answer.plain, game.n_players))
        case.require(
            worst <= case.slack(game, answer),
            f"with a subgame that pays {[str(w) for w in worth]} replaced by its payoffs, "
            f"somebody gains {float(worst):.3g}",
        )
    # What the solver finds for the small game, continued as before, solves the whole one.
    first = case.answer(game)
    case.skip_unless(first.exact)
    worth = by_definition.expected_payoffs(part, first.plain, game.n_players)
    small = build(_replaced(tree, part, End(tuple(worth))), game.players)
    second = case.answer(small)
    whole = {**first.plain, **second.plain}
    worst = max(by_definition.subgame_regrets(tree, whole, game.n_players))
    case.require(
        worst <= case.slack(game, first) + case.slack(small, second),
        f"what solves the game without a subgame, and the subgame, is off by {float(worst):.3g}",
    )


def _replaced(tree: Tree, old: Tree, new: Tree) -> Tree:
    if tree is old:
        return new
    if isinstance(tree, Chance):
        return Chance(tuple((a, p, _replaced(c, old, new)) for a, p, c in tree.outcomes))
    if isinstance(tree, Choice):
        actions = tuple((a, _replaced(c, old, new)) for a, c in tree.actions)
        return Choice(tree.player, tree.infoset, actions)
    return tree


@relation(
    "tree-equals-strategic-form",
    asserts="An equilibrium of a tree is one of its strategic form, with the same payoffs.",
    needs="a tree",
    concepts=("nash", "minimax", "subgame-perfect"),
    forms=FORMS,
    source="von Neumann and Morgenstern (1944); von Stengel (1996), Games and Economic Behavior 14",
)
def _tree_equals_strategic_form(case: Case) -> None:
    game: ExtensiveFormGame = case.game
    form = _small_form(case, game)
    tree = plain_tree(game)
    for answer in case.answers(game)[:3]:
        profile = BehaviorProfile(game, _flat(game, answer.plain))
        mixed = mixed_of(game, profile).exact
        in_tree = by_definition.expected_payoffs(tree, answer.plain, game.n_players)
        in_form = normal_form.expected_payoffs(form, mixed)
        slack = case.slack(game, answer)
        close = 0 if answer.exact else 1e-9 * (1 + game.payoff_range)
        case.require(
            max(abs(t - f) for t, f in zip(in_tree, in_form, strict=True)) <= close,
            f"the tree pays {[str(u) for u in in_tree]} and the strategic form "
            f"{[str(u) for u in in_form]}",
        )
        worst = max(normal_form.regrets(form, mixed))
        case.require(
            worst <= slack + close, f"in the strategic form somebody gains {float(worst):.3g}"
        )


def _flat(game: ExtensiveFormGame, plain: Any) -> Any:
    numbers = [p for k in range(len(game.infoset_n_actions)) for p in plain[game.infoset_label(k)]]
    return np.array(numbers, dtype=object)


def _small_form(case: Case, game: ExtensiveFormGame) -> Any:
    from gametheory.games.pure_strategies import count_strategies

    size = 1
    for count in count_strategies(game, reduced=True):
        size *= int(count)
    case.skip_unless(size <= _LARGEST_FORM)
    return strategic_form(game)


@relation(
    "kuhns-equivalence",
    asserts="A mixed strategy and its behavior strategy pay everybody the same, "
    "whatever others do.",
    needs="nothing: trees and profiles are drawn",
    source="Kuhn (1953), Contributions to the Theory of Games II, theorem 4",
    examples=trees,
)
def _kuhns_equivalence(case: Case) -> None:
    game: ExtensiveFormGame = case.game
    form = _small_form(case, game)
    strategies = []
    for size in form.n_actions:
        weights = case.rng.integers(0, 3, size=size)
        weights[case.choice(size)] += 1
        strategies.append(tuple(Fraction(int(w), int(weights.sum())) for w in weights))
    behavior = behavior_of(game, MixedProfile(strategies))
    plain = answer_of(game, behavior, 0).plain
    tree = plain_tree(game)
    wanted = normal_form.expected_payoffs(form, strategies)
    found = by_definition.expected_payoffs(tree, plain, game.n_players)
    case.require(
        found == wanted,
        f"the mixed profile {strategies} pays {[str(u) for u in wanted]} and its behavior "
        f"profile {[str(u) for u in found]}",
    )
    back = normal_form.expected_payoffs(form, mixed_of(game, behavior).exact)
    case.require(back == wanted, f"and back again {[str(u) for u in back]}")


@relation(
    "tree-payoffs-by-definition",
    asserts="Expected payoffs, best responses and regrets in sequence form are "
    "those of the recursion.",
    needs="nothing: trees and profiles are drawn",
    examples=trees,
)
def _tree_payoffs_by_definition(case: Case) -> None:
    from gametheory.concepts import best_response_value, player_regrets

    game: ExtensiveFormGame = case.game
    sizes = game.infoset_n_actions.tolist()
    shares: list[Fraction] = []
    for size in sizes:
        weights = case.rng.integers(0, 3, size=size)
        weights[case.choice(size)] += 1
        shares += [Fraction(int(w), int(weights.sum())) for w in weights]
    profile = BehaviorProfile(game, np.array(shares, dtype=object))
    plain = answer_of(game, profile, 0).plain
    tree = plain_tree(game)
    best = [
        by_definition.best_response_value(tree, plain, player) for player in range(game.n_players)
    ]
    pays = by_definition.expected_payoffs(tree, plain, game.n_players)
    for name, found, wanted in (
        ("expected payoffs", game.expected_payoffs(profile), pays),
        (
            "best response values",
            [best_response_value(game, profile, player) for player in range(game.n_players)],
            best,
        ),
        (
            "regrets",
            player_regrets(game, profile),
            [b - u for b, u in zip(best, pays, strict=True)],
        ),
    ):
        error = max(abs(float(f) - float(w)) for f, w in zip(found, wanted, strict=True))
        case.require(
            error <= 1e-9 * (1 + game.payoff_range),
            f"{name} {[float(f) for f in found]} instead of {[str(w) for w in wanted]}",
        )


@relation(
    "imperfect-recall-is-refused",
    asserts="A tree in which a player forgets is refused, with the information set.",
    needs="nothing: trees without perfect recall are drawn",
    examples=imperfect_recall_trees,
)
def _imperfect_recall_is_refused(case: Case) -> None:
    try:
        ExtensiveFormGame.from_arrays(**case.game)
    except InvalidGame as refusal:
        case.require("information set" in str(refusal), f"the refusal says only: {refusal}")
        return
    raise case.failure("it is accepted")
