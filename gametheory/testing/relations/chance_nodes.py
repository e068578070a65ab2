"""Nodes at which nothing is decided, and chance that draws in one step or in two."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.testing.case import Case
from gametheory.testing.definitions import trees as by_definition
from gametheory.testing.definitions.plain_tree import (
    Chance,
    Choice,
    Tree,
    build,
    nodes_of,
    plain_tree,
)
from gametheory.testing.registry import relation
from gametheory.testing.transformations.chance import (
    add_impossible_outcomes,
    insert_idle_nodes,
    merge_chance,
    split_chance,
)

__all__: list[str] = []

FORMS = (ExtensiveFormGame,)
CONCEPTS = ("nash", "minimax", "subgame-perfect")


def _same_solutions(case: Case, old: Tree, new: Tree, what: str) -> None:
    """Solve either tree, and judge the answers in the other one."""
    game: ExtensiveFormGame = case.game
    before, after = build(old, game.players), build(new, game.players)
    for source, target in ((after, old), (before, new)):
        for answer in case.answers(source)[:3]:
            plain: Any = {**_idle(new), **answer.plain}
            judge = (
                by_definition.subgame_regrets
                if case.subject.concept == "subgame-perfect"
                else by_definition.regrets
            )
            worst = max(judge(target, plain, game.n_players))
            case.require(
                worst <= case.slack(source, answer),
                f"{what}: what solves one tree is off by {float(worst):.3g} in the other",
            )


def _idle(tree: Tree) -> dict[str, tuple[int]]:
    """List what players do where they have one action."""
    return {
        node.infoset: (1,)
        for node in nodes_of(tree)
        if isinstance(node, Choice) and len(node.actions) == 1
    }


@relation(
    "one-action-nodes",
    asserts="Chance with one outcome, or a player with one action, put in anywhere "
    "changes nothing.",
    needs="a tree",
    concepts=CONCEPTS,
    forms=FORMS,
)
def _one_action_nodes(case: Case) -> None:
    tree = plain_tree(case.game)
    new = insert_idle_nodes(tree, case.rng, case.game.n_players)
    _same_solutions(case, tree, new, "with nodes of one action")


@relation(
    "impossible-outcomes",
    asserts="Outcomes of probability zero put in anywhere change nothing.",
    needs="a tree",
    concepts=("nash", "minimax"),
    forms=FORMS,
)
def _impossible_outcomes(case: Case) -> None:
    tree = plain_tree(case.game)
    new = add_impossible_outcomes(tree, case.rng, case.game.n_players)
    _same_solutions(case, tree, new, "with outcomes of probability zero")


@relation(
    "merged-chance-nodes",
    asserts="Whether chance draws at once or step by step makes no difference.",
    needs="a tree",
    concepts=("nash", "minimax"),
    forms=FORMS,
)
def _merged_chance_nodes(case: Case) -> None:
    # Where chance does not act, the game is played three times over, and nobody knows which one.
    tree = plain_tree(case.game)
    if not any(isinstance(node, Chance) and len(node.outcomes) > 1 for node in nodes_of(tree)):
        odds = (Fraction(1, 6), Fraction(1, 3), Fraction(1, 2))
        tree = Chance(tuple((f"copy {k}", p, tree) for k, p in enumerate(odds)))
    split = split_chance(tree, case.rng)
    merged = merge_chance(split)
    for new in (split, merged):
        _same_solutions(case, tree, new, "with chance drawing in other steps")
