"""Logit equilibria: how they depend on the rationality."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from gametheory.testing.case import Case
from gametheory.testing.registry import relation
from gametheory.testing.subjects import Subject
from gametheory.testing.transformations.affine import affine

__all__: list[str] = []

CONCEPTS = ("logit-qre", "agent-logit-qre")
SOURCE = "McKelvey and Palfrey (1995), Games and Economic Behavior 10"


def _one_point(subject: Subject) -> bool:
    return "rationality" in subject.options and not subject.finds_all


def _rows(plain: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in (plain.values() if isinstance(plain, dict) else plain)]


@relation(
    "uniform-at-rationality-zero",
    asserts="At rationality 0 all actions are equally likely.",
    needs="a solver with the option rationality",
    concepts=CONCEPTS,
    source=SOURCE,
    only=_one_point,
)
def _uniform_at_rationality_zero(case: Case) -> None:
    for answer in case.answers(case.game, rationality=0.0):
        for row in _rows(answer.plain):
            case.require(
                all(abs(p - 1 / len(row)) <= 1e-12 for p in row), f"it plays {row} at rationality 0"
            )


@relation(
    "rationality-in-units-of-payoff",
    asserts="Payoffs c times as large, plus any number, have the same point at a "
    "c-th of the rationality.",
    needs="a solver with the option rationality",
    concepts=CONCEPTS,
    source=SOURCE,
    only=_one_point,
)
def _rationality_in_units_of_payoff(case: Case) -> None:
    # The principal branch is the same curve, so that its first point of a rationality is, too.
    game, n = case.game, case.game.n_players
    c = Fraction(1, 2) if case.rng.integers(2) else Fraction(4)
    shifts = [int(k) for k in case.rng.integers(-3, 4, size=n)]
    rationality = float(case.rng.integers(1, 9)) / 8
    first = case.answers(game, rationality=rationality)
    second = case.answers(affine(game, [c] * n, shifts), rationality=rationality / float(c))
    case.skip_unless(first and second)
    for one, other in zip(_rows(first[0].plain), _rows(second[0].plain), strict=True):
        case.require(
            max(abs(p - q) for p, q in zip(one, other, strict=True)) <= 1e-6,
            f"{one} at rationality {rationality}, {other} with payoffs {c} times as large",
        )
