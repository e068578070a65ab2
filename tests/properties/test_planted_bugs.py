"""Planted bugs of every kind, each caught by the relation that is named for it.

A bug is a solver that makes one mistake, or a function of the library that is replaced by one that
does. Without the mistake the same relation holds.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import gametheory as gt
from gametheory import BehaviorProfile, CorrelatedDistribution, MixedProfile, NormalFormGame
from gametheory.testing import RelationFailed, check_relation
from gametheory.testing.definitions.plain_tree import (
    Chance,
    Choice,
    End,
    build,
    plain_tree,
)

SIGN, PLAYERS, LABELS = "sign of a payoff", "swapped players", "off by one in labels"
TOLERANCE, WEIGHTS, CHANCE = "tolerance too wide", "average over the wrong weights", "chance weight"
OTHERS = "others"
KINDS = (SIGN, PLAYERS, LABELS, TOLERANCE, WEIGHTS, CHANCE, OTHERS)


@dataclass(frozen=True)
class Bug:
    """``plant(wrong)`` is the solver, or patches the library; right where ``wrong`` is False."""

    kind: str
    relation: str
    plant: Callable[..., Any]
    about: dict[str, Any]


BUGS: dict[str, Bug] = {}


def solver(kind: str, relation: str, **about: Any) -> Any:
    """A planted bug: the decorated function returns a solver."""

    def add(plant: Callable[[bool], Any]) -> Any:
        BUGS[plant.__name__] = Bug(kind, relation, plant, about)
        return plant

    return add


def patch(kind: str, relation: str, home: str, name: str) -> Any:
    """A planted bug in the library: the decorated function returns what replaces ``home.name``."""

    def add(replacement: Callable[[Any], Any]) -> Any:
        def plant(wrong: bool, monkeypatch: pytest.MonkeyPatch) -> None:
            module, _, attribute = home.partition(":")
            place = importlib.import_module(module)
            place = getattr(place, attribute) if attribute else place
            if wrong:
                monkeypatch.setattr(place, name, replacement(getattr(place, name)))

        BUGS[replacement.__name__] = Bug(kind, relation, plant, {})
        return replacement

    return add


def nash(game: Any) -> Any:
    return gt.solve(game).profile


# Sign of a payoff


@solver(SIGN, "solution-by-definition", games=("bimatrix",))
def column_player_minimizes(wrong: bool) -> Any:
    def solve(game: NormalFormGame) -> Any:
        first, second = game.exact_payoffs
        return nash(NormalFormGame(np.stack([first, -second if wrong else second])))

    return solve


@solver(SIGN, "equilibria-are-interchangeable", games=("zero-sum",))
def row_player_is_the_minimizer(wrong: bool) -> Any:
    def solve(game: NormalFormGame) -> Any:
        return nash(NormalFormGame(-game.exact_payoffs) if wrong else game)

    return solve


@patch(SIGN, "tree-payoffs-by-definition", "gametheory.games.sequence_form:SequenceForm", "gains")
def losses_for_gains(gains: Any) -> Any:
    return lambda self, behavior, player: -gains(self, behavior, player)


# Swapped players


@solver(PLAYERS, "support-indifference", games=("symmetric", "bimatrix"))
def strategies_change_hands(wrong: bool) -> Any:
    def solve(game: NormalFormGame) -> Any:
        if len(set(game.n_actions)) > 1:
            return None
        profile = nash(game).exact
        return profile[::-1] if wrong else profile

    return solve


@solver(PLAYERS, "primal-equals-dual", form="tree", games=("zero-sum-trees",))
def payoffs_change_hands(wrong: bool) -> Any:
    def solve(tree: gt.ExtensiveFormGame) -> Any:
        def walk(part: Any) -> Any:
            if isinstance(part, End):
                return End(part.payoffs[:: -1 if wrong else 1])
            if isinstance(part, Chance):
                return Chance(tuple((a, p, walk(child)) for a, p, child in part.outcomes))
            actions = tuple((a, walk(child)) for a, child in part.actions)
            return Choice(part.player, part.infoset, actions)

        found = gt.solve(build(walk(plain_tree(tree)), tree.players)).profile
        return BehaviorProfile(tree, found.exact)

    return solve


@patch(PLAYERS, "regrets-of-products", "gametheory.concepts.correlated", "external_regrets")
def regrets_of_the_other_player(regrets: Any) -> Any:
    return lambda game, distribution: regrets(game, distribution)[::-1]


# Off by one in labels


@solver(LABELS, "pure-equilibria-are-listed", concept="pure-nash", find="all", games=("bimatrix",))
def actions_counted_from_one(wrong: bool) -> Any:
    def solve(game: NormalFormGame) -> Any:
        found = gt.solve(game, "pure-nash", find="all").equilibria
        return [MixedProfile([np.roll(s, int(wrong)).tolist() for s in p.exact]) for p in found]

    return solve


@patch(LABELS, "write-read-round-trip", "gametheory.formats.nfg", "to_text")
def action_names_move_on(to_text: Any) -> Any:
    def moved(game: NormalFormGame) -> str:
        names = [[*actions[1:], actions[0]] for actions in game.actions]
        return to_text(NormalFormGame(game.exact_payoffs, players=game.players, actions=names))

    return moved


@patch(LABELS, "kuhns-equivalence", "gametheory.testing.relations.trees", "strategic_form")
def strategies_in_another_order(strategic_form: Any) -> Any:
    return lambda game: NormalFormGame(np.roll(strategic_form(game).exact_payoffs, 1, axis=1))


# Tolerance too wide


@solver(TOLERANCE, "solution-by-definition", games=("bimatrix",))
def two_digits_are_enough(wrong: bool) -> Any:
    def solve(game: NormalFormGame) -> Any:
        profile = nash(game)
        rounded = [[round(100 * p) for p in strategy] for strategy in profile.exact]
        return MixedProfile.from_weights(rounded) if wrong else profile

    return solve


@solver(TOLERANCE, "iterated-dominance-keeps-solutions", games=("bimatrix",))
def almost_as_good_is_dominated(wrong: bool) -> Any:
    """Takes out an action where an earlier one is never worse by more than one."""

    def solve(game: NormalFormGame) -> Any:
        margin = Fraction(-3, 2) if wrong else Fraction(0)
        first = game.exact_payoffs[0]
        kept = [
            a
            for a, row in enumerate(first)
            if not any(
                b != a and (b < a or not wrong) and min(other - row) > margin
                for b, other in enumerate(first)
            )
        ]
        rest = nash(NormalFormGame(game.exact_payoffs[:, kept]))
        whole = [Fraction(0)] * len(first)
        for place, p in zip(kept, rest.exact[0], strict=True):
            whole[place] = p
        return [whole, rest.exact[1]]

    return solve


@solver(TOLERANCE, "odd-number-and-index-sum", find="all", games=("generic",))
def neighbors_are_the_same(wrong: bool) -> Any:
    """Takes equilibria for one another that differ by less than 0.9 in every probability."""

    def solve(game: NormalFormGame) -> Any:
        kept: list[Any] = []
        for one in gt.solve(game, find="all").equilibria:
            near = (_distance(one, other) for other in kept)
            if not (wrong and any(distance < 0.9 for distance in near)):
                kept.append(one)
        return kept

    return solve


def _distance(one: MixedProfile, other: MixedProfile) -> Fraction:
    pairs = zip(sum(one.exact, ()), sum(other.exact, ()), strict=True)
    return max(abs(p - q) for p, q in pairs)


# Average over the wrong weights


@solver(WEIGHTS, "cfr-below-its-bound", form="tree", games=("zero-sum-simultaneous",))
def only_the_first_iteration_counts(wrong: bool) -> Any:
    def cfr(tree: gt.ExtensiveFormGame, *, max_iterations: int, target: float) -> Any:
        counted = 1 if wrong else max_iterations
        return gt.solve(tree, method="cfr", max_iterations=counted, target=target).profile

    return cfr


@patch(WEIGHTS, "regrets-of-products", "gametheory.concepts.correlated", "swap_regrets")
def told_actions_count_equally(swap_regrets: Any) -> Any:
    """Averages over the actions that may be told, not over how often they are."""

    def averaged(game: NormalFormGame, distribution: Any) -> Any:
        joint = CorrelatedDistribution.from_profile(distribution).probabilities
        found = []
        for player in range(game.n_players):
            told = np.moveaxis(joint, player, 0).reshape(joint.shape[player], -1)
            shares = told.sum(axis=1)
            even = np.divide(told, shares[:, None], where=shares[:, None] > 0, out=0 * told)
            own = np.moveaxis(game.payoffs[player], player, 0).reshape(told.shape)
            gains = (even @ own.T).max(axis=1) - (even * own).sum(axis=1)
            found.append(gains.mean())
        return np.array(found)

    return averaged


@patch(WEIGHTS, "kuhns-equivalence", "gametheory.testing.relations.trees", "behavior_of")
def strategies_that_do_not_get_there_count(behavior_of: Any) -> Any:
    """Averages what strategies do at a set over all of them, not over those that lead there."""

    def averaged(game: gt.ExtensiveFormGame, profile: MixedProfile) -> Any:
        right = behavior_of(game, profile).exact.copy()
        offsets = game.action_offsets.tolist()
        for k, (low, high) in enumerate(pairwise(offsets)):
            if game.own_actions(int(game.infoset_first_node[k]), int(game.infoset_player[k])):
                even = Fraction(1, high - low)
                right[low:high] = [(p + even) / 2 for p in right[low:high]]
        return BehaviorProfile(game, right)

    return averaged


@solver(WEIGHTS, "equilibria-are-convex", games=("degenerate", "zero-sum"))
def vertices_are_mixed_by_hand(wrong: bool) -> Any:
    """Mixes the players' strategies of different equilibria, each player with its own weights."""

    def solve(game: NormalFormGame) -> Any:
        found = gt.solve(game, find="all").equilibria
        mixed = []
        for player in range(2):
            parts = [profile.exact[player] for profile in found]
            parts = parts[: 1 + player] if wrong else parts[:1]
            mixed.append([sum(ps) / Fraction(len(parts)) for ps in zip(*parts, strict=True)])
        return [np.roll(mixed[0], int(wrong)).tolist(), mixed[1]]

    return solve


# Missing chance weight


@solver(CHANCE, "solution-by-definition", form="tree", games=("zero-sum-trees",))
def outcomes_are_equally_likely(wrong: bool) -> Any:
    def solve(tree: gt.ExtensiveFormGame) -> Any:
        def walk(part: Any) -> Any:
            if isinstance(part, End):
                return part
            if isinstance(part, Choice):
                actions = tuple((a, walk(child)) for a, child in part.actions)
                return Choice(part.player, part.infoset, actions)
            n = Fraction(1, len(part.outcomes))
            return Chance(
                tuple((a, n if wrong else p, walk(child)) for a, p, child in part.outcomes)
            )

        found = gt.solve(build(walk(plain_tree(tree)), tree.players)).profile
        return BehaviorProfile(tree, found.exact)

    return solve


@patch(CHANCE, "tree-payoffs-by-definition", "gametheory.games.sequence_form", "chance_reach")
def every_deal_counts_once(chance_reach: Any) -> Any:
    return lambda *given: np.ones_like(chance_reach(*given))


@patch(CHANCE, "kuhns-equivalence", "gametheory.games.strategic_form", "chance_reach")
def every_deal_counts_once_in_the_strategic_form(chance_reach: Any) -> Any:
    return lambda *given: chance_reach(*given) * 0 + Fraction(1)


# Others


@solver(OTHERS, "same-answer-twice", games=("degenerate",))
def another_one_each_time(wrong: bool) -> Any:
    calls = []

    def solve(game: NormalFormGame) -> Any:
        calls.append(game)
        found = gt.solve(game, find="all").equilibria
        return found[len(calls) % len(found) if wrong else 0]

    return solve


@solver(OTHERS, "input-untouched", games=("bimatrix",))
def works_in_place(wrong: bool) -> Any:
    def solve(game: NormalFormGame) -> Any:
        profile = nash(game)
        if wrong:
            game.payoffs.setflags(write=True)
            game.payoffs[0] -= game.payoffs[0].max() + 1
        return profile

    return solve


@solver(OTHERS, "player-permutations", concept="pure-nash", find="all", games=("bimatrix",))
def only_the_first_player_is_asked(wrong: bool) -> Any:
    def solve(game: NormalFormGame) -> Any:
        found = gt.solve(game, "pure-nash", find="all").equilibria
        return [p for p in found if not (wrong and p.exact[0][0] == 1)]

    return solve


@solver(OTHERS, "duplicate-actions", concept="correlated", games=("bimatrix",))
def every_action_is_told_equally_often(wrong: bool) -> Any:
    def solve(game: NormalFormGame) -> Any:
        if wrong:
            return np.full(game.n_actions, Fraction(1, int(np.prod(game.n_actions))), dtype=object)
        return gt.solve(game, "correlated").profile

    return solve


@pytest.mark.parametrize("name", BUGS)
def test_the_relation_catches_the_bug(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bug = BUGS[name]
    with pytest.raises(RelationFailed) as failure:
        _check(bug, True, monkeypatch)
    assert failure.value.relation == bug.relation
    assert failure.value.document


@pytest.mark.parametrize("name", BUGS)
def test_without_the_bug_the_relation_holds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _check(BUGS[name], False, monkeypatch).verdict == "holds"


def _check(bug: Bug, wrong: bool, monkeypatch: pytest.MonkeyPatch) -> Any:
    examples = 200 if wrong else 5
    if not bug.about:
        bug.plant(wrong, monkeypatch)
        return check_relation(bug.relation, examples=examples, shrink=False)
    solve = bug.plant(wrong)
    return check_relation(bug.relation, solve, examples=examples, shrink=False, **bug.about)


def test_there_are_bugs_of_every_kind() -> None:
    kinds = [bug.kind for bug in BUGS.values()]
    assert all(kinds.count(kind) >= 3 for kind in KINDS)
