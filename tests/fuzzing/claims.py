"""What a certificate says, judged by the definitions in Fractions, without the package's checks."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from typing import Any

from gametheory import BehaviorProfile, ExtensiveFormGame, MixedProfile, NormalFormGame
from gametheory.rationals import decode
from tests.gametheory import plain_trees
from tests.gametheory.fraction_checker import regrets

__all__ = ["false_claims"]

_NASH = ("nash", "minimax", "pure-nash", "ess", "dominant-strategy")


def false_claims(document: Mapping[str, Any], game: Any, certificate: Any) -> list[str]:
    """Say what of an accepted document is not so; empty if all of it is, or is not told here."""
    wrong = []
    if document["game_digest"] != game.digest:
        wrong.append("it is about another game")
    claimed = Fraction(decode(document["epsilon"], "epsilon"))
    profile = certificate.profile
    violation = _violation(game, profile, document["concept"])
    if violation is not None and violation > claimed:
        wrong.append(f"the violation is {violation}, not {claimed}")
    if document["concept"] == "pure-nash" and any(
        p not in (0, 1) for row in profile.exact for p in row
    ):
        wrong.append("the profile is not pure")
    if document.get("exact") is True and certificate.epsilon > 0:
        wrong.append("it is not exact")
    payoffs = None if violation is None else _payoffs(game, profile)
    if payoffs is not None and document.get("payoffs") is not None:
        told = document["payoffs"] if isinstance(document["payoffs"], list) else []
        said = [Fraction(decode(p, "payoffs")) for p in told]
        scale = Fraction(game.payoff_range) or Fraction(1)
        tolerance = (
            scale * certificate.epsilon if certificate.arithmetic == "rational" else scale / 10**6
        )
        if len(said) != len(payoffs) or any(
            abs(a - b) > tolerance for a, b in zip(said, payoffs, strict=False)
        ):
            wrong.append(f"payoffs are {payoffs}, not {said}")
    return wrong


def _violation(game: Any, profile: Any, concept: str) -> Fraction | None:
    if isinstance(game, NormalFormGame) and isinstance(profile, MixedProfile) and concept in _NASH:
        return max(regrets(game.exact_payoffs.tolist(), profile.exact))
    if isinstance(game, NormalFormGame) and concept == "coarse-correlated":
        return max(_outright(game, dict(profile.exact), player) for player in range(game.n_players))
    if isinstance(game, NormalFormGame) and concept == "correlated":
        return max(_swapping(game, dict(profile.exact), player) for player in range(game.n_players))
    if isinstance(game, ExtensiveFormGame) and isinstance(profile, BehaviorProfile):
        if concept == "subgame-perfect":
            return max(plain_trees.largest_regrets(game, profile))
        if concept in ("nash", "minimax"):
            return max(_tree_regrets(game, profile))
    return None


def _payoffs(game: Any, profile: Any) -> list[Fraction] | None:
    if isinstance(game, ExtensiveFormGame) and isinstance(profile, BehaviorProfile):
        return plain_trees.payoffs(game, plain_trees.choices_of(game, profile))
    if isinstance(game, NormalFormGame) and isinstance(profile, MixedProfile):
        totals = [Fraction(0)] * game.n_players
        for actions in product(*map(range, game.n_actions)):
            odds = Fraction(1)
            for row, action in zip(profile.exact, actions, strict=True):
                odds *= row[action] / sum(row)
            for player in range(game.n_players):
                totals[player] += odds * game.exact_payoffs[(player, *actions)]
        return totals
    return None


def _tree_regrets(game: ExtensiveFormGame, profile: BehaviorProfile) -> list[Fraction]:
    behavior = plain_trees.choices_of(game, profile)
    now = plain_trees.payoffs(game, behavior)
    found = []
    for player in range(game.n_players):
        mine = [i for i in range(len(game.infoset_player)) if game.infoset_player[i] == player]
        best = max(
            plain_trees.payoffs(game, behavior | other)[player]
            for other in plain_trees.pure_choices(game, mine)
        )
        found.append(best - now[player])
    return found


def _outright(game: NormalFormGame, odds: Mapping[Any, Fraction], player: int) -> Fraction:
    """What one fixed action would gain against the distribution."""
    table = game.exact_payoffs[player]
    gains = [Fraction(0)] * game.n_actions[player]
    for joint, p in odds.items():
        for action in range(len(gains)):
            gains[action] += p * (table[_instead(joint, player, action)] - table[tuple(joint)])
    return max(gains)


def _swapping(game: NormalFormGame, odds: Mapping[Any, Fraction], player: int) -> Fraction:
    """The most that one action for another, where that is recommended, would gain."""
    table = game.exact_payoffs[player]
    n = game.n_actions[player]
    gains = [[Fraction(0)] * n for _ in range(n)]
    for joint, p in odds.items():
        for action in range(n):
            gains[joint[player]][action] += p * (
                table[_instead(joint, player, action)] - table[tuple(joint)]
            )
    return max(map(max, gains))


def _instead(joint: Any, player: int, action: int) -> tuple[int, ...]:
    return (*joint[:player], action, *joint[player + 1 :])
