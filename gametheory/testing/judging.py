"""How far an answer is from what its concept asks, by the definitions alone."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.testing.definitions import normal_form, stochastic, trees
from gametheory.testing.definitions.plain_tree import Chance, Choice, End, Tree, plain_tree

__all__ = ["PROFILES", "payoffs", "violation"]

PROFILES = ("nash", "pure-nash", "minimax", "ess", "dominant-strategy")
"""Concepts of normal-form games whose solutions are profiles, judged by regrets."""

_NONE = Fraction(0)


def payoffs(game: Any, plain: Any) -> list[Any]:
    """Return each player's expected payoff from a profile, or a distribution, in plain data."""
    if isinstance(game, ExtensiveFormGame):
        return trees.expected_payoffs(plain_tree(game), plain, game.n_players)
    if isinstance(game, NormalFormGame):
        if isinstance(plain, dict):
            return normal_form.joint_payoffs(game, plain)
        return normal_form.expected_payoffs(game, plain)
    return [worth[game.start] for worth in stochastic.values(game, plain)]


def violation(game: Any, claim: Any, plain: Any, concept: str) -> Any:
    """Return the largest violation of a concept's definition.

    In payoff units, for quantal responses in probabilities; an infinite one where something is
    violated that has no size. Of "ess", "iterated-dominance", "rationalizable", "maxmin" and
    "stackelberg" it is a part of the definition that can be checked without solving anything.
    """
    if isinstance(game, ExtensiveFormGame):
        return _tree_violation(game, claim, plain, concept)
    if not isinstance(game, NormalFormGame):
        return max(stochastic.regrets(game, plain))
    if concept in PROFILES:
        return _profile_violation(game, plain, concept)
    if concept == "correlated":
        return max(normal_form.correlated_gains(game, plain))
    if concept == "coarse-correlated":
        return max(normal_form.coarse_gains(game, plain))
    return _OTHERS[concept](game, claim, plain)


def _profile_violation(game: NormalFormGame, plain: Any, concept: str) -> Any:
    worst = max(normal_form.regrets(game, plain))
    pure = all(max(strategy) == 1 for strategy in plain)
    if concept in ("pure-nash", "dominant-strategy") and not pure:
        return float("inf")
    if concept == "dominant-strategy":
        return _undominated(game, plain)
    if concept == "ess" and not _resists_pure_invaders(game, plain):
        return float("inf")
    return worst


def _undominated(game: NormalFormGame, plain: Any) -> Any:
    """Find the most that another action than the dominant one pays more, anywhere."""
    pays = normal_form.payoff_of(game)
    worst = _NONE
    for cell in itertools.product(*map(range, game.n_actions)):
        for player, strategy in enumerate(plain):
            best = (*cell[:player], list(strategy).index(1), *cell[player + 1 :])
            worst = max(worst, pays(player, cell) - pays(player, best))
    return worst


def _resists_pure_invaders(game: NormalFormGame, plain: Any) -> bool:
    """Whether a pure strategy that does equally well against x does worse against itself."""
    x = plain[0]
    if list(plain[1]) != list(x):
        return False
    against_x = normal_form.deviation_payoffs(game, (x, x), 0)
    own = sum(p * u for p, u in zip(x, against_x, strict=True))
    pays = normal_form.payoff_of(game)
    for y, earned in enumerate(against_x):
        if earned == own and x[y] != 1:
            x_against_y = sum(p * pays(0, (a, y)) for a, p in enumerate(x))
            if not x_against_y > pays(0, (y, y)):
                return False
    return True


def _pareto(game: NormalFormGame, claim: Any, plain: Any) -> Any:
    pays = normal_form.payoff_of(game)
    chosen = tuple(list(strategy).index(1) for strategy in plain)
    here = [pays(i, chosen) for i in range(game.n_players)]
    for cell in itertools.product(*map(range, game.n_actions)):
        there = [pays(i, cell) for i in range(game.n_players)]
        if there != here and all(t >= h for t, h in zip(there, here, strict=True)):
            return float("inf")
    return _NONE


def _survivors(game: NormalFormGame, claim: Any, plain: Any) -> Any:
    """No survivor is dominated by another one, and whoever is out is out for mixed ones too."""
    for player, actions in enumerate(plain):
        for worse, better in itertools.permutations(actions, 2):
            if normal_form.dominates_strictly(game, player, better, worse, plain):
                return float("inf")
    left = normal_form.surviving_pure_dominance(game)
    inside = all(set(few) <= set(many) for few, many in zip(plain, left, strict=True))
    return _NONE if inside and all(plain) else float("inf")


def _maxmin(game: NormalFormGame, claim: Any, plain: Any) -> Any:
    """By how much a strategy guarantees less than its punishment allows."""
    worst = _NONE
    for player, strategy in enumerate(plain):
        guaranteed = min(
            sum(
                p * normal_form.payoff_of(game)(player, (*cell[:player], a, *cell[player + 1 :]))
                for a, p in enumerate(strategy)
            )
            for cell in itertools.product(
                *(range(1 if i == player else m) for i, m in enumerate(game.n_actions))
            )
        )
        capped = max(
            sum(
                p * normal_form.payoff_of(game)(player, (*cell[:player], a, *cell[player:]))
                for cell, p in claim.punishments[player].exact.items()
            )
            for a in range(game.n_actions[player])
        )
        worst = max(worst, capped - guaranteed)
    return worst


def _stackelberg(game: NormalFormGame, claim: Any, plain: Any) -> Any:
    """By how much the leader earns less than by the best pure commitment."""
    pays, leader = normal_form.payoff_of(game), claim.leader
    follower = 1 - leader

    def cell(own: int, other: int) -> tuple[int, int]:
        return (own, other) if leader == 0 else (other, own)

    best = None
    for own in range(game.n_actions[leader]):
        replies = [pays(follower, cell(own, k)) for k in range(game.n_actions[follower])]
        kind = max if claim.kind == "strong" else min
        worth = kind(
            pays(leader, cell(own, k)) for k, got in enumerate(replies) if got == max(replies)
        )
        best = worth if best is None else max(best, worth)
    return max(_NONE, best - normal_form.expected_payoffs(game, plain)[leader])


def _logit(game: NormalFormGame, claim: Any, plain: Any) -> Any:
    worst = 0.0
    for player, strategy in enumerate(plain):
        pays = normal_form.deviation_payoffs(game, plain, player)
        response = normal_form.logit_response(pays, claim.rationality)
        worst = max(worst, *(abs(float(p) - q) for p, q in zip(strategy, response, strict=True)))
    return worst


_OTHERS = {
    "pareto": _pareto,
    "iterated-dominance": _survivors,
    "rationalizable": _survivors,
    "maxmin": _maxmin,
    "stackelberg": _stackelberg,
    "logit-qre": _logit,
}


def _tree_violation(game: ExtensiveFormGame, claim: Any, plain: Any, concept: str) -> Any:
    tree = plain_tree(game)
    if concept == "subgame-perfect":
        return max(trees.subgame_regrets(tree, plain, game.n_players))
    if concept == "agent-logit-qre":
        return _agent_logit(tree, plain, claim.rationality, game.n_players)
    return max(trees.regrets(tree, plain, game.n_players))


def _agent_logit(tree: Tree, behavior: Any, rationality: float, n_players: int) -> float:
    """Largest distance from the logit response to what each action is worth at its set."""
    totals: dict[str, tuple[float, list[float]]] = {}

    def visit(part: Tree, reach: float) -> None:
        if isinstance(part, End):
            return
        if isinstance(part, Choice):
            weight, worth = totals.get(part.infoset, (0.0, [0.0] * len(part.actions)))
            worth = [
                total
                + reach * float(trees.expected_payoffs(child, behavior, n_players)[part.player])
                for total, (_, child) in zip(worth, part.actions, strict=True)
            ]
            totals[part.infoset] = (weight + reach, worth)
            odds = behavior[part.infoset]
            for p, (_, child) in zip(odds, part.actions, strict=True):
                visit(child, reach * float(p))
        elif isinstance(part, Chance):
            for _, p, child in part.outcomes:
                visit(child, reach * float(p))

    visit(tree, 1.0)
    worst = 0.0
    for name, (weight, worth) in totals.items():
        if weight > 1e-12:
            response = normal_form.logit_response([w / weight for w in worth], rationality)
            odds = [float(p) for p in behavior[name]]
            worst = max(worst, *(abs(p - q) for p, q in zip(odds, response, strict=True)))
    return worst
