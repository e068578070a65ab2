"""What positive affine maps of payoffs do to solutions: nothing."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gametheory.testing.case import Case, size_of
from gametheory.testing.judging import violation
from gametheory.testing.registry import relation
from gametheory.testing.transformations.affine import affine

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
)
SETS = ("iterated-dominance", "rationalizable")
LEVELS = ("maxmin", "stackelberg")


def _maps(case: Case) -> tuple[list[Fraction], list[Fraction]]:
    """Draw a map for each player; one for all where the kind of game depends on it."""
    game, rng = case.game, case.rng
    n = game.n_players
    scales = [Fraction(int(k), 3) for k in rng.integers(1, 10, size=n)]
    shifts = [Fraction(int(k)) for k in rng.integers(-5, 6, size=n)]
    if n == 2 and game.is_constant_sum():
        scales = [scales[0]] * n
    if hasattr(game, "discount"):
        shifts = [shifts[0], -shifts[0]]
    elif hasattr(game, "is_symmetric") and game.is_symmetric():
        scales, shifts = [scales[0]] * n, [shifts[0]] * n
    return scales, shifts


@relation(
    "positive-affine-maps",
    asserts="Each player's payoffs times a positive number plus any number have the "
    "same solutions.",
    needs="any game the solver takes",
    concepts=(*PROFILES, *SETS, *LEVELS),
    source="von Neumann and Morgenstern (1944), Theory of Games and Economic Behavior",
)
def _positive_affine_maps(case: Case) -> None:
    game = case.game
    scales, shifts = _maps(case)
    mapped = affine(game, scales, shifts)
    before, after = case.answer(game), case.answer(mapped)
    concept = case.subject.concept
    if concept in SETS:
        case.require(
            before.plain == after.plain,
            f"{before.plain} survive, and {after.plain} with scales {scales} and shifts {shifts}",
        )
        return
    if concept in LEVELS:
        _compare_levels(case, before, after, scales, shifts)
        return
    for answer, source, target, factor in (
        (before, game, mapped, max(scales)),
        (after, mapped, game, max(1 / scale for scale in scales)),
    ):
        worst = violation(target, answer.claim, answer.plain, concept)
        case.require(
            worst <= case.slack(source, answer, factor) + _rounding(case, answer, target),
            f"a solution with scales {scales} and shifts {shifts} and one without them are two "
            f"different things: off by {float(worst):.3g} in the other game",
        )


def _rounding(case: Case, answer: Any, game: Any) -> Any:
    return 0 if answer.exact and answer.epsilon == 0 else 1e-9 * size_of(game)


def _compare_levels(case: Case, before: Any, after: Any, scales: Any, shifts: Any) -> None:
    players = range(case.game.n_players)
    if case.subject.concept == "stackelberg":
        players = range(before.claim.leader, before.claim.leader + 1)
        levels = [dict.fromkeys(players, answer.value) for answer in (before, after)]
    else:
        levels = [dict(enumerate(answer.levels)) for answer in (before, after)]
    for player in players:
        wanted = scales[player] * levels[0][player] + shifts[player]
        case.require(
            levels[1][player] == wanted,
            f"player {player} gets {levels[1][player]} instead of {wanted} after the payoffs were "
            f"scaled by {scales[player]} and shifted by {shifts[player]}",
        )
