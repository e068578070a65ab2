"""Proof that iterated elimination took out what it may, and nothing was left to take out.

An elimination is proven by the strategy that dominates. That an action survives is proven by a
belief to which it is a best response: an action is strictly dominated by a mixed strategy exactly
when there is none, and weakly dominated exactly when there is none that gives every joint action of
the others positive probability (Pearce 1984, "Rationalizable strategic behavior and the problem of
perfection", Econometrica 52, lemmas 3 and 4).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from gametheory.games.elimination import Elimination, IteratedElimination
from gametheory.games.normal_form import NormalFormGame
from gametheory.solution import Certificate

__all__ = ["certify_elimination", "certify_rationalizable"]

Actions = Sequence[Sequence[int]]


def certify_elimination(game: NormalFormGame, claim: IteratedElimination) -> Certificate:
    """Prove an iterated elimination of dominated actions, in both directions.

    ``epsilon`` is 0 exactly when every elimination was right and every survivor is justified. A
    belief to which an action is no best response counts by what the action loses; whatever else is
    wrong counts the whole payoff range, or 1 if there is none. ``violation`` names it.

    Raises
    ------
    InvalidProfile
        The claim is about a game with other numbers of actions.

    Notes
    -----
    Cost: for each elimination and each survivor one product of the player's actions with the
    joint actions of the others that are left.

    Examples
    --------
    >>> from fractions import Fraction
    >>> dilemma = NormalFormGame.symmetric([[-1, -3], [0, -2]])
    >>> defect = (Fraction(0), Fraction(1))
    >>> claim = IteratedElimination(
    ...     (2, 2), "strict", "pure", tuple(Elimination(1, i, 0, defect) for i in (0, 1)), {}
    ... )
    >>> certify_elimination(dilemma, claim).exact
    True
    """
    return _certify(game, claim, "iterated-dominance")


def certify_rationalizable(game: NormalFormGame, claim: IteratedElimination) -> Certificate:
    """Prove that the surviving actions are the rationalizable ones, with correlated beliefs.

    These are the ones that survive iterated strict dominance by mixed strategies; for two players
    beliefs are about one opponent, and nothing is correlated. Otherwise as
    :func:`certify_elimination`; a claim about another kind of dominance proves nothing.
    """
    return _certify(game, claim, "rationalizable")


def _certify(game: NormalFormGame, claim: IteratedElimination, concept: str) -> Certificate:
    claim.check_fits(game)
    range_ = max(Fraction(max(t.flat) - min(t.flat)) for t in game.exact_payoffs) or Fraction(1)
    epsilon, violation = Fraction(0), ""
    for fault, words in _faults(game, claim, concept):
        size = range_ if fault is None else fault
        if size > epsilon:
            epsilon, violation = size, words
    return Certificate(
        concept=concept,
        epsilon=epsilon,
        payoffs=(),
        regrets=(),
        arithmetic="rational",
        game_digest=game.digest,
        profile=claim,
        violation=violation,
    )


def _faults(game: NormalFormGame, claim: IteratedElimination, concept: str) -> Any:
    """Yield what is wrong: a size, or None where it is no matter of size, and words."""
    if concept == "rationalizable" and (claim.dominance, claim.by) != ("strict", "mixed"):
        yield None, "rationalizable actions survive strict dominance by mixed strategies"
    for one in claim.eliminations:
        left = claim.left_after(one.round - 1)
        if not _dominates(game, one, left, claim):
            label = game.actions[one.player][one.action]
            yield None, f"{game.players[one.player]}'s {label} is not dominated as claimed"
    left = claim.actions
    if not all(left):
        yield None, "a player has no action left"
        return
    for player, actions in enumerate(left):
        for action in actions:
            name = f"{game.players[player]}'s {game.actions[player][action]}"
            if claim.by == "pure":
                if _is_dominated_by_pure(game, player, action, left, claim.dominance):
                    yield None, f"{name} is dominated"
                continue
            belief = claim.beliefs.get((player, action))
            if belief is None or not _is_allowed(belief, player, left, claim.dominance):
                yield None, f"no belief saves {name}"
                continue
            own = {
                b: sum(
                    (p * _payoff(game, player, b, others) for others, p in belief.exact.items()),
                    start=Fraction(0),
                )
                for b in actions
            }
            loss = max(own.values()) - own[action]
            if loss:
                yield loss, f"{name} is no best response to its belief"


def _payoff(game: NormalFormGame, player: int, action: int, others: tuple[int, ...]) -> Fraction:
    cell = (*others[:player], action, *others[player:])
    payoff: Fraction = game.exact_payoffs[player][cell]
    return payoff


def _joint(left: Actions, player: int) -> Any:
    """All joint actions of the others that are left."""
    return itertools.product(*(actions for i, actions in enumerate(left) if i != player))


def _dominates(
    game: NormalFormGame, one: Elimination, left: Actions, claim: IteratedElimination
) -> bool:
    mixture = [(b, p) for b, p in enumerate(one.witness) if p]
    proper = (
        sum(one.witness) == 1
        and len(one.witness) == claim.n_actions[one.player]
        and all(p > 0 and b in left[one.player] and b != one.action for b, p in mixture)
        and one.action in left[one.player]
        and all(left)
        and (claim.by == "mixed" or len(mixture) == 1)
    )
    if not proper:
        return False
    differences = [
        sum((p * _payoff(game, one.player, b, others) for b, p in mixture), start=Fraction(0))
        - _payoff(game, one.player, one.action, others)
        for others in _joint(left, one.player)
    ]
    return _beats(differences, claim.dominance)


def _beats(differences: Sequence[Fraction], dominance: str) -> bool:
    if dominance == "strict":
        return min(differences) > 0
    return min(differences) >= 0 and max(differences) > 0


def _is_dominated_by_pure(
    game: NormalFormGame, player: int, action: int, left: Actions, dominance: str
) -> bool:
    others = list(_joint(left, player))
    own = [_payoff(game, player, action, o) for o in others]
    return any(
        _beats(
            [_payoff(game, player, b, o) - u for o, u in zip(others, own, strict=True)], dominance
        )
        for b in left[player]
        if b != action
    )


def _is_allowed(belief: Any, player: int, left: Actions, dominance: str) -> bool:
    """Whether a belief is about what is left, and leaves nothing out where it may not."""
    allowed = set(_joint(left, player))
    support = set(belief.support)
    return support == allowed if dominance == "weak" else support <= allowed
