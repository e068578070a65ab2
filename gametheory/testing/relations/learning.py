"""What regret minimization promises after so many iterations."""

from __future__ import annotations

import math

from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.testing.case import ROUNDING, Case, size_of
from gametheory.testing.definitions import trees as by_definition
from gametheory.testing.definitions.plain_tree import plain_tree
from gametheory.testing.registry import relation

__all__: list[str] = []


@relation(
    "cfr-below-its-bound",
    asserts="After T iterations NashConv is at most the sum of range * sets * sqrt(actions / T).",
    needs="a zero-sum tree, and a solver called cfr with the options max_iterations and target",
    concepts=("nash", "minimax"),
    tags=("zero-sum",),
    forms=(ExtensiveFormGame,),
    source="Zinkevich et al. (2007), Advances in Neural Information Processing Systems 20, "
    "theorem 4; Tammelin et al. (2015), International Joint Conference on Artificial Intelligence",
    only=lambda subject: subject.name in ("cfr", "cfr+"),
)
def _cfr_below_its_bound(case: Case) -> None:
    game: ExtensiveFormGame = case.game
    iterations = int(case.rng.integers(1, 200))
    answers = case.answers(game, max_iterations=iterations, target=0.0)
    case.skip_unless(answers)
    gaps = by_definition.regrets(plain_tree(game), answers[0].plain, game.n_players)
    bound = 0.0
    for player in range(game.n_players):
        own = game.infoset_player == player
        if own.any():
            actions = int(game.infoset_n_actions[own].max())
            bound += float(game.payoff_range) * int(own.sum()) * math.sqrt(actions / iterations)
    case.require(
        sum(gaps) <= bound + ROUNDING * size_of(game),
        f"NashConv {float(sum(gaps)):.6g} after {iterations} iterations, the bound is {bound:.6g}",
    )
