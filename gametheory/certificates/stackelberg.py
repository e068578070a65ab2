"""Proofs, in rational arithmetic, that a leader's commitment is the best one.

The follower's regret and the leader's payoff are computed from the game. That no commitment pays
more follows from the bounds that the claim carries, one for each action of the follower (weak
duality), or for pure commitments from looking at all of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from operator import mul
from typing import Any, NamedTuple

from gametheory.errors import InvalidProfile, UnsupportedGame
from gametheory.games.commitment import Commitment, ResponseBound
from gametheory.games.normal_form import NormalFormGame
from gametheory.solution import Certificate

__all__ = ["certify_stackelberg"]


class _Payoffs(NamedTuple):
    """Payoffs ``columns[j][i] / denominator``, by the follower's action j and the leader's i."""

    columns: list[list[Any]]
    denominator: int

    def against(self, strategy: Sequence[Fraction]) -> list[Fraction]:
        """Compute the expected payoff of each follower's action against a leader's strategy."""
        scale = math.lcm(*(p.denominator for p in strategy))
        weights = [int(p * scale) for p in strategy]
        whole = self.denominator * scale
        return [Fraction(sum(map(mul, column, weights))) / whole for column in self.columns]


def certify_stackelberg(game: NormalFormGame, claim: Commitment) -> Certificate:
    """Prove how good a commitment is, and by how much, if at all, the follower errs.

    Parameters
    ----------
    game : NormalFormGame
        Two players.
    claim : Commitment
        Read exactly.

    Returns
    -------
    Certificate
        The follower's regret is what it gains by another response. The leader's is, for weak
        commitments, how far its payoff in the profile is from what the commitment guarantees
        (in the limit, where the claim says so) against a follower who breaks ties against it.
        ``objective_value`` is what the commitment is worth to the leader, ``objective_gap`` how
        much more any commitment could be worth: None where the claim carries no valid proof.

    Raises
    ------
    InvalidProfile
        The claim is no commitment in this game.
    UnsupportedGame
        The game does not have two players.

    Notes
    -----
    Against a follower who breaks ties against the leader the best payoff may not be attained. The
    supremum is the largest value over those actions of the follower that are best responses in
    a full-dimensional set of the leader's strategies, each with the actions that always pay the
    follower the same: von Stengel and Zamir (2010), "Leadership games with convex strategy sets",
    Games and Economic Behavior 69. These sets cover all strategies of the leader, so an action
    that a mixture of others weakly dominates needs no bound of its own.

    Cost: as many products as the game has joint actions for each price that is not zero.

    Examples
    --------
    >>> game = NormalFormGame.bimatrix([[2, 4], [1, 3]], [[1, 0], [0, 2]])
    >>> half = Commitment([["1/3", "2/3"], [0, 1]])
    >>> certificate = certify_stackelberg(game, half)
    >>> certificate.exact, certificate.objective_value, certificate.objective_gap
    (True, Fraction(10, 3), None)
    """
    _check(game, claim)
    leader = _payoffs(game, claim.leader, claim.leader)
    follower = _payoffs(game, claim.follower, claim.leader)
    announced, response = claim.exact[claim.leader], claim.exact[claim.follower]
    earned, paid = leader.against(announced), follower.against(announced)
    payoffs = [Fraction(0), Fraction(0)]
    payoffs[claim.leader] = value = sum(map(mul, earned, response), start=Fraction(0))
    payoffs[claim.follower] = sum(map(mul, paid, response), start=Fraction(0))
    regrets = [Fraction(0), Fraction(0)]
    regrets[claim.follower] = max(paid) - payoffs[claim.follower]
    if claim.kind == "weak":
        guaranteed = _guarantee(earned, paid, claim, follower)
        regrets[claim.leader] = abs(value - guaranteed)
        value = guaranteed
    bound = _bound(leader, follower, claim)
    return Certificate(
        concept="stackelberg",
        epsilon=max(regrets),
        payoffs=tuple(payoffs),
        regrets=tuple(regrets),
        arithmetic="rational",
        game_digest=game.digest,
        profile=claim,
        violation=_violation(game, claim, regrets),
        objective_value=value,
        objective_gap=None if bound is None else max(bound - value, Fraction(0)),
    )


def _check(game: NormalFormGame, claim: Commitment) -> None:
    if not isinstance(claim, Commitment):
        raise InvalidProfile(
            f"a {type(claim).__name__} does not say who leads",
            where="claim",
            valid="a Commitment",
            hint="wrap the strategies: Commitment(strategies, leader=0)",
        )
    if isinstance(game, NormalFormGame) and game.n_players != 2:
        raise UnsupportedGame(
            f"commitments are certified for two players, not for {game.n_players}",
            where=repr(game),
        )
    claim.check_fits(game)


def _payoffs(game: NormalFormGame, player: int, leader: int) -> _Payoffs:
    read = game.integer_payoffs[player]
    table, denominator = (game.exact_payoffs[player], 1) if read is None else read
    return _Payoffs((table.T if leader == 0 else table).tolist(), denominator)


def _guarantee(
    earned: list[Fraction], paid: list[Fraction], claim: Commitment, follower: _Payoffs
) -> Fraction:
    """Return what the commitment is worth if ties are broken against the leader.

    Moving a little toward another strategy leaves, of the best responses, those that are best
    against that one.
    """
    best = [j for j, payoff in enumerate(paid) if payoff == max(paid)]
    if claim.toward is not None:
        then = follower.against(claim.toward)
        most = max(then[j] for j in best)
        best = [j for j in best if then[j] == most]
    return min(earned[j] for j in best)


def _bound(leader: _Payoffs, follower: _Payoffs, claim: Commitment) -> Fraction | None:
    """Return what no commitment exceeds, or None where that is not proven."""
    if claim.commitment == "pure":
        return _best_pure(leader, follower, claim.kind)
    n_actions = len(follower.columns)
    if len(claim.bounds) != n_actions or not all(
        _is_valid(bound, j, follower, claim.kind) for j, bound in enumerate(claim.bounds)
    ):
        return None
    needed = [(j, bound) for j, bound in enumerate(claim.bounds) if not bound.dominating]
    return max((_ceiling(leader, follower, j, bound) for j, bound in needed), default=None)


def _best_pure(leader: _Payoffs, follower: _Payoffs, kind: str) -> Fraction:
    """Try every action of the leader."""
    breaks_ties = max if kind == "strong" else min
    worth = []
    by_row = zip(
        zip(*leader.columns, strict=True), zip(*follower.columns, strict=True), strict=True
    )
    for earned, paid in by_row:
        worth.append(breaks_ties(e for e, p in zip(earned, paid, strict=True) if p == max(paid)))
    return Fraction(max(worth)) / leader.denominator


def _is_valid(bound: ResponseBound, j: int, follower: _Payoffs, kind: str) -> bool:
    """Whether a bound has the form that makes it a proof."""
    columns = follower.columns
    lengths = {len(bound.weights), len(bound.prices), len(bound.dominating) or len(columns)}
    if lengths != {len(columns)}:
        return False
    equivalent = [column == columns[j] for column in columns]
    if bound.dominating:
        others = all(
            not p or not same for p, same in zip(bound.dominating, equivalent, strict=True)
        )
        return kind == "weak" and others and _dominates(bound.dominating, j, columns)
    allowed = equivalent if kind == "weak" else [k == j for k in range(len(columns))]
    return (
        _is_distribution(bound.weights)
        and all(not w or may for w, may in zip(bound.weights, allowed, strict=True))
        and min(bound.prices) >= 0
    )


def _is_distribution(numbers: Sequence[Fraction]) -> bool:
    return min(numbers) >= 0 and sum(numbers) == 1


def _dominates(mixture: Sequence[Fraction], j: int, columns: list[list[Any]]) -> bool:
    """Whether a mixture of the follower's actions pays it nowhere less than action j."""
    if not _is_distribution(mixture):
        return False
    rows = zip(*columns, strict=True)
    return all(sum(map(mul, mixture, row), start=Fraction(0)) >= row[j] for row in rows)


def _ceiling(leader: _Payoffs, follower: _Payoffs, j: int, bound: ResponseBound) -> Fraction:
    """Largest entry of the weighted payoffs plus the priced losses."""
    weights = [(k, w / leader.denominator) for k, w in enumerate(bound.weights) if w]
    prices = [(k, p / follower.denominator) for k, p in enumerate(bound.prices) if p]
    scale = math.lcm(*(number.denominator for _, number in weights + prices))
    total = [0] * len(leader.columns[0])
    for k, weight in weights:
        factor = int(weight * scale)
        total = [t + factor * a for t, a in zip(total, leader.columns[k], strict=True)]
    for k, price in prices:
        factor = int(price * scale)
        losses = zip(follower.columns[j], follower.columns[k], strict=True)
        total = [t + factor * (own - other) for t, (own, other) in zip(total, losses, strict=True)]
    return Fraction(max(total)) / scale


def _violation(game: NormalFormGame, claim: Commitment, regrets: list[Fraction]) -> str:
    follower = game.players[claim.follower]
    if regrets[claim.follower]:
        return f"{follower} gains {regrets[claim.follower]} by another response"
    if regrets[claim.leader]:
        return f"{follower} breaks ties otherwise, which changes {regrets[claim.leader]}"
    return ""
