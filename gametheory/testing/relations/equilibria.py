"""Equilibria by themselves: the definition, the supports, how many there are."""

from __future__ import annotations

import itertools
from typing import Any

from gametheory.concepts.equilibrium_index import equilibrium_index
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.testing.answers import Answer
from gametheory.testing.case import Case
from gametheory.testing.definitions import normal_form
from gametheory.testing.judging import violation
from gametheory.testing.registry import relation

__all__: list[str] = []

NORMAL = (NormalFormGame,)
EVERY = (
    "nash",
    "pure-nash",
    "minimax",
    "ess",
    "dominant-strategy",
    "pareto",
    "correlated",
    "coarse-correlated",
    "iterated-dominance",
    "rationalizable",
    "maxmin",
    "stackelberg",
    "subgame-perfect",
    "logit-qre",
    "agent-logit-qre",
)


@relation(
    "solution-by-definition",
    asserts="Every answer satisfies its concept's definition, as exactly as it says.",
    needs="any game the solver takes",
    concepts=EVERY,
)
def _solution_by_definition(case: Case) -> None:
    concept = case.subject.concept
    for answer in case.answers(case.game):
        worst = violation(case.game, answer.claim, answer.plain, concept)
        slack = 1e-8 if "logit" in concept else case.slack(case.game, answer)
        case.require(
            worst <= slack,
            f"{answer.plain} is off by {float(worst):.6g}; {float(slack):.3g} is allowed",
        )


@relation(
    "probabilities-sum-to-one",
    asserts="No probability is negative, and those of each player or information set sum to one.",
    needs="any game the solver takes",
    concepts=(
        "nash",
        "pure-nash",
        "minimax",
        "ess",
        "correlated",
        "coarse-correlated",
        "subgame-perfect",
        "logit-qre",
        "agent-logit-qre",
        "maxmin",
    ),
    forms=(NormalFormGame, ExtensiveFormGame),
)
def _probabilities_sum_to_one(case: Case) -> None:
    for answer in case.answers(case.game):
        plain: Any = answer.plain
        if isinstance(plain, dict) and isinstance(case.game, NormalFormGame):
            plain = [tuple(plain.values())]
        for odds in plain.values() if isinstance(plain, dict) else plain:
            exact = answer.exact and answer.epsilon == 0
            case.require(
                min(odds) >= 0 and abs(sum(odds) - 1) <= (0 if exact else 1e-9),
                f"{odds} is no distribution",
            )


@relation(
    "support-indifference",
    asserts="Every action that is used is a best response.",
    needs="a game in normal form",
    concepts=("nash", "minimax", "pure-nash", "ess"),
    forms=NORMAL,
    source="Nash (1951), Annals of Mathematics 54",
)
def _support_indifference(case: Case) -> None:
    for answer in case.answers(case.game):
        slack = case.slack(case.game, answer)
        for player, strategy in enumerate(answer.plain):
            pays = normal_form.deviation_payoffs(case.game, answer.plain, player)
            for action, (p, earned) in enumerate(zip(strategy, pays, strict=True)):
                # an action used rarely may be worse by more: what it costs is its share of that
                case.require(
                    p * (max(pays) - earned) <= slack,
                    f"player {player} uses action {action} with probability {p}, which pays "
                    f"{earned} where {max(pays)} is possible",
                )


def _is_exact(case: Case, answer: Answer) -> bool:
    """Whether an answer is an equilibrium without any rounding."""
    return bool(max(normal_form.regrets(case.game, answer.plain)) == 0)


@relation(
    "odd-number-and-index-sum",
    asserts="Regular games have an odd number of equilibria, and their indices sum to one.",
    needs="a game without ties, and a solver that finds all equilibria",
    concepts=("nash",),
    tags=("generic",),
    forms=NORMAL,
    source="Wilson (1971), SIAM Journal on Applied Mathematics 21; Shapley (1974), Mathematical "
    "Programming Study 1",
    only=lambda subject: subject.finds_all,
)
def _odd_number_and_index_sum(case: Case) -> None:
    from gametheory.games.profiles import MixedProfile

    answers = case.complete_answers(case.game)
    case.skip_unless(all(_is_exact(case, answer) for answer in answers))
    indices = [equilibrium_index(case.game, MixedProfile(a.plain)) for a in answers]
    case.skip_unless(None not in indices)
    plain = [answer.plain for answer in answers]
    case.require(len(set(plain)) == len(plain), "an equilibrium is listed twice")
    case.require(len(plain) % 2 == 1, f"there are {len(plain)} equilibria, an even number")
    total = sum(index for index in indices if index is not None)
    case.require(total == 1, f"the indices {indices} sum to {total}")


@relation(
    "pure-equilibria-are-listed",
    asserts="Whoever lists all equilibria lists every pure one, found by trying all joint actions.",
    needs="a game in normal form, and a solver that finds all equilibria",
    concepts=("nash", "pure-nash"),
    forms=NORMAL,
    only=lambda subject: subject.finds_all,
)
def _pure_equilibria_are_listed(case: Case) -> None:
    game: NormalFormGame = case.game
    found = {answer.plain for answer in case.complete_answers(game)}
    for cell in itertools.product(*map(range, game.n_actions)):
        pure = tuple(
            tuple(int(a == own) for a in range(m))
            for own, m in zip(cell, game.n_actions, strict=True)
        )
        if max(normal_form.regrets(game, pure)) == 0:
            case.require(pure in found, f"the pure equilibrium {cell} is missing")


@relation(
    "potential-maximizer-is-listed",
    asserts="The joint actions of highest potential are among the pure equilibria.",
    needs="an exact potential game, and a solver that finds all pure equilibria",
    concepts=("pure-nash",),
    tags=("potential",),
    forms=NORMAL,
    source="Monderer and Shapley (1996), Games and Economic Behavior 14",
    only=lambda subject: subject.finds_all,
)
def _potential_maximizer_is_listed(case: Case) -> None:
    game: NormalFormGame = case.game
    pays = normal_form.payoff_of(game)
    potential = {}
    for cell in itertools.product(*map(range, game.n_actions)):
        # the sum of the gains on the way from the first joint action, one player after another
        total, at = pays(0, cell) * 0, [0] * game.n_players
        for player, action in enumerate(cell):
            before = pays(player, tuple(at))
            at[player] = action
            total += pays(player, tuple(at)) - before
        potential[cell] = total
    found = {
        tuple(list(s).index(1) for s in answer.plain) for answer in case.complete_answers(game)
    }
    top = max(potential.values())
    for cell, level in potential.items():
        case.require(
            level < top or cell in found, f"the maximizer {cell} of the potential is missing"
        )


@relation(
    "symmetric-equilibrium",
    asserts="With (x, y) a full list holds (y, x), and an odd one some (x, x); so "
    "does a logit branch.",
    needs="a symmetric two-player game, and a solver that finds all equilibria or one logit point",
    concepts=("nash", "ess", "logit-qre"),
    tags=("symmetric", "two-player"),
    forms=NORMAL,
    source="Nash (1951), Annals of Mathematics 54, theorem 2",
    only=lambda subject: subject.finds_all or subject.concept == "logit-qre",
)
def _symmetric_equilibrium(case: Case) -> None:
    if case.subject.concept == "logit-qre":
        for answer in case.answers(case.game):
            first, second = answer.plain
            case.require(
                max(abs(p - q) for p, q in zip(first, second, strict=True)) <= 1e-7,
                f"the branch leaves the diagonal: {answer.plain}",
            )
        return
    answers = case.complete_answers(case.game)
    case.skip_unless(all(_is_exact(case, answer) for answer in answers))
    found = {answer.plain for answer in answers}
    for first, second in found:
        case.require((second, first) in found, f"{(second, first)} is missing")
    if len(found) % 2:
        case.require(any(x == y for x, y in found), "no equilibrium is symmetric")
