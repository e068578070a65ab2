"""Nothing depends on the order of players or actions, or on actions that exist twice."""

from __future__ import annotations

from typing import Any

from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.testing.case import Case
from gametheory.testing.judging import violation
from gametheory.testing.registry import relation
from gametheory.testing.transformations.actions import copy_action
from gametheory.testing.transformations.relabeling import permute_actions, permute_players

__all__: list[str] = []

PROFILES = (
    "nash",
    "pure-nash",
    "minimax",
    "ess",
    "dominant-strategy",
    "pareto",
    "correlated",
    "coarse-correlated",
    "subgame-perfect",
    "logit-qre",
    "agent-logit-qre",
)
SETS = ("iterated-dominance", "rationalizable")
FORMS = (NormalFormGame, ExtensiveFormGame)


def _compare(case: Case, new: Any, back: Any, what: str) -> None:
    """Solve the new game, put the answers into the old order, and judge them there."""
    answers = case.answers(new)
    for answer in answers:
        plain = back(answer.plain)
        worst = violation(case.game, answer.claim, plain, case.subject.concept)
        slack = 1e-7 if "logit" in case.subject.concept else case.slack(new, answer)
        case.require(
            worst <= slack,
            f"with {what} in another order it finds {plain}, which is off by {float(worst):.3g}",
        )
    if case.subject.finds_all and all(answer.exact for answer in answers):
        _compare_sets(case, new, back, what)


def _compare_sets(case: Case, new: Any, back: Any, what: str) -> None:
    if "logit" in case.subject.concept:
        return
    before = case.complete_answers(case.game)
    after = [back(answer.plain) for answer in case.complete_answers(new)]
    case.require(
        _sorted(answer.plain for answer in before) == _sorted(after),
        f"with {what} in another order it finds {len(after)} solutions instead of "
        f"{len(before)}, or others",
    )


def _sorted(plain: Any) -> list[str]:
    return sorted(str(sorted(one.items()) if isinstance(one, dict) else one) for one in plain)


@relation(
    "player-permutations",
    asserts="Players in another order have the same solutions in that order.",
    needs="any game the solver takes, in normal form or a tree",
    concepts=(*PROFILES, *SETS, "maxmin"),
    forms=FORMS,
)
def _player_permutations(case: Case) -> None:
    order = case.rng.permutation(case.game.n_players).tolist()
    new, back = permute_players(case.game, order)
    if case.subject.concept == "maxmin":
        before, after = case.answer(case.game), case.answer(new)
        case.require(
            tuple(before.levels[p] for p in order) == after.levels,
            f"levels {before.levels} become {after.levels} for the players {order}",
        )
    elif case.subject.concept in SETS:
        case.require(
            case.answer(case.game).plain == back(case.answer(new).plain),
            "other actions survive for players in another order",
        )
    else:
        _compare(case, new, back, "players")


@relation(
    "action-permutations",
    asserts="Actions in another order have the same solutions in that order.",
    needs="any game the solver takes, in normal form or a tree",
    concepts=(*PROFILES, *SETS, "maxmin", "stackelberg"),
    forms=FORMS,
    only=lambda subject: subject.concept != "ess",
)
def _action_permutations(case: Case) -> None:
    # Evolutionary stability is left out: the order has to be the same for both players.
    new, back = permute_actions(case.game, case.rng)
    concept = case.subject.concept
    if concept in ("maxmin", "stackelberg"):
        before, after = case.answer(case.game), case.answer(new)
        # among commitments worth the same to the leader the follower may be paid differently
        found = [a.levels if concept == "maxmin" else a.value for a in (before, after)]
        case.require(
            found[0] == found[1], f"{found[0]} becomes {found[1]} for actions in another order"
        )
    elif concept in SETS:
        case.require(
            case.answer(case.game).plain == back(case.answer(new).plain, sets=True),
            "other actions survive for actions in another order",
        )
    else:
        _compare(case, new, back, "actions")


@relation(
    "duplicate-actions",
    asserts="An action under a second name changes nothing: both probabilities "
    "together solve the game.",
    needs="a game in normal form",
    concepts=("nash", "minimax", "correlated", "coarse-correlated", "maxmin", "stackelberg"),
    forms=(NormalFormGame,),
)
def _duplicate_actions(case: Case) -> None:
    game: NormalFormGame = case.game
    player = case.choice(game.n_players)
    action = case.choice(game.n_actions[player])
    last = game.n_actions[player]
    answer = case.answer(copy_action(game, player, action))
    concept = case.subject.concept
    if concept in ("maxmin", "stackelberg"):
        before = case.answer(game)
        case.require(
            (before.levels if concept == "maxmin" else before.value)
            == (answer.levels if concept == "maxmin" else answer.value),
            f"{before.levels} become {answer.levels} with action {action} of player {player} twice",
        )
        return
    if isinstance(answer.plain, dict):
        merged: Any = {}
        for cell, p in answer.plain.items():
            place = action if cell[player] == last else cell[player]
            key = (*cell[:player], place, *cell[player + 1 :])
            merged[key] = merged.get(key, 0) + p
    else:
        own = list(answer.plain[player])
        own[action] += own.pop()
        merged = (*answer.plain[:player], tuple(own), *answer.plain[player + 1 :])
    worst = violation(game, answer.claim, merged, concept)
    case.require(
        worst <= case.slack(game, answer),
        f"with action {action} of player {player} twice it finds {answer.plain}; put together "
        f"that is off by {float(worst):.3g}",
    )
