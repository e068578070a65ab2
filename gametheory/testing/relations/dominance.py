"""Actions that are always worse than another one."""

from __future__ import annotations

from typing import Any

from gametheory.games.normal_form import NormalFormGame
from gametheory.testing.case import Case
from gametheory.testing.definitions.normal_form import surviving_pure_dominance
from gametheory.testing.judging import violation
from gametheory.testing.registry import relation
from gametheory.testing.transformations.actions import add_dominated_action, embed, restrict

__all__: list[str] = []

PROFILES = ("nash", "pure-nash", "minimax", "correlated")
SETS = ("iterated-dominance", "rationalizable")
NORMAL = (NormalFormGame,)


@relation(
    "dominated-action-added",
    asserts="A new action that always pays less than another one is not used, and "
    "changes nothing else.",
    needs="a game in normal form",
    concepts=(*PROFILES, *SETS),
    forms=NORMAL,
)
def _dominated_action_added(case: Case) -> None:
    game: NormalFormGame = case.game
    player = case.choice(game.n_players)
    new = add_dominated_action(game, player, case.rng)
    last = game.n_actions[player]
    if case.subject.concept in SETS:
        case.require(
            case.answer(new).plain == case.answer(game).plain,
            f"other actions survive when player {player} has one more that is dominated",
        )
        return
    for answer in case.answers(new):
        slack = case.slack(new, answer)
        rest: Any
        if isinstance(answer.plain, dict):
            used = sum(p for cell, p in answer.plain.items() if cell[player] == last)
            rest = {cell: p for cell, p in answer.plain.items() if cell[player] != last}
        else:
            used = answer.plain[player][last]
            rest = (
                *answer.plain[:player],
                answer.plain[player][:last],
                *answer.plain[player + 1 :],
            )
        # The new action pays at least 1 less than another: its share costs that much.
        case.require(used <= slack, f"the dominated action {last} has probability {float(used):g}")
        if used == 0:
            worst = violation(game, answer.claim, rest, case.subject.concept)
            case.require(
                worst <= slack, f"without the dominated action it is off by {float(worst):.3g}"
            )


@relation(
    "iterated-dominance-keeps-solutions",
    asserts="What iterated strict dominance removes is in no solution, and what it "
    "leaves has the same.",
    needs="a game in normal form",
    concepts=(*PROFILES, *SETS),
    forms=NORMAL,
    source="Pearce (1984), Econometrica 52; Bernheim (1984), Econometrica 52",
)
def _iterated_dominance_keeps_solutions(case: Case) -> None:
    game: NormalFormGame = case.game
    left = surviving_pure_dominance(game)
    removed = {
        (player, a)
        for player, size in enumerate(game.n_actions)
        for a in range(size)
        if a not in left[player]
    }
    small = restrict(game, left)
    if case.subject.concept in SETS:
        inner = case.answer(small).plain
        mapped = tuple(tuple(left[i][a] for a in kept) for i, kept in enumerate(inner))
        case.require(
            case.answer(game).plain == mapped,
            "other actions survive when some that are dominated are taken out first",
        )
        return
    for answer in case.answers(game):
        joint = answer.plain
        if isinstance(joint, dict):
            used = [cell for cell in joint if any((i, a) in removed for i, a in enumerate(cell))]
        else:
            used = [(i, a) for i, a in sorted(removed) if answer.plain[i][a]]
        case.require(
            not used or answer.epsilon, f"{used} are used, which iterated dominance removes"
        )
    for answer in case.answers(small):
        whole = embed(answer.plain, game.n_actions, left)
        worst = violation(game, answer.claim, whole, case.subject.concept)
        case.require(
            worst <= case.slack(game, answer),
            f"a solution of what dominance leaves is off by {float(worst):.3g} in the whole game",
        )
