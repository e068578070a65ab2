"""Equilibria of game trees through their reduced strategic form.

A tree's equilibria in behavior strategies are those of its strategic form in mixed ones (Kuhn,
1953), so what enumerates the latter enumerates the former: extreme equilibria of two players,
isolated ones of more. The form grows exponentially with the tree; this is for small trees, and for
the small stages that large ones are composed of.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.extensive_form.optimal_plans import OptimalPlans
from gametheory.algorithms.extensive_form.sequence_form_lp import sequence_form_lp
from gametheory.algorithms.normal_form.best_response_polytopes import why_not_bimatrix
from gametheory.algorithms.normal_form.lemke_howson import lemke_howson
from gametheory.algorithms.normal_form.polynomial_support_enumeration import (
    polynomial_support_enumeration,
)
from gametheory.algorithms.normal_form.pure_enumeration import pure_enumeration
from gametheory.algorithms.normal_form.vertex_enumeration import vertex_enumeration
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.certificates.normal_form import certify_nash
from gametheory.errors import UnsupportedGame
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.normal_form import NormalFormGame
from gametheory.games.profiles import MixedProfile
from gametheory.games.pure_strategies import (
    PureStrategies,
    count_strategies,
    list_strategies,
    shown_count,
)
from gametheory.games.realization import (
    behavior_of_plan,
    behavior_of_weights,
    exact_expected_payoffs,
)
from gametheory.games.sequence_form import chance_reach
from gametheory.games.strategic_form import strategy_payoffs

__all__ = ["StrategicSearch", "strategic_form_equilibria", "why_too_large"]

_MOST_JOINT = 100_000  # joint strategies of two players, or strategies of one to find all best
_MOST_JOINT_OF_MANY = 20_000  # of more: what polynomial support enumeration takes
_MOST_OF_ONE = 40
_MOST_ENTRIES = 10_000_000  # of one player's plans, where another way is open


def why_too_large(counts: Sequence[float]) -> str:
    """Say why a strategic form with so many strategies a player is not enumerated; "" if it is."""
    active = [count for count in counts if count > 1]
    if len(active) < 2:
        return ""  # one player's best strategy takes no list
    most = _MOST_JOINT if len(active) < 3 else _MOST_JOINT_OF_MANY
    joint = math.prod(active)
    if joint > most:
        sizes = " x ".join(map(shown_count, active))
        return f"{shown_count(joint)} joint strategies ({sizes}), more than {most:,}"
    if len(active) > 2 and max(active) > _MOST_OF_ONE:
        return f"{shown_count(max(active))} strategies of one player, more than {_MOST_OF_ONE}"
    return ""


def _applies(game: ExtensiveFormGame) -> str:
    why = why_too_large(count_strategies(game))
    return f"the reduced strategic form has {why}" if why else ""


@register(
    "strategic-form",
    concepts=("nash",),
    form=ExtensiveFormGame,
    applies=_applies,
    guarantee="every extreme equilibrium of two players, exactly, and at most one between these; "
    "of more players every equilibrium, complete only if that is proven; one profile for all that "
    "realize the same",
    cost="that of enumerating the equilibria of the reduced strategic form, which grows "
    "exponentially with the tree",
    source="Kuhn (1953), Extensive games and the problem of information; the normal-form methods "
    "vertex-enumeration and polynomial-support-enumeration",
    finds="all",
    rank=60,
)
def strategic_form_equilibria(game: ExtensiveFormGame) -> Search:
    """Yield equilibria of a game tree, pure ones first.

    Parameters
    ----------
    game : ExtensiveFormGame
        Of up to 100,000 joint reduced strategies; 20,000 with three players or more, of at most 40
        each. Of any size where one player only has something to choose.

    Yields
    ------
    BehaviorProfile or None
        Uniform at information sets that the player's own strategy excludes: of profiles that
        differ there only, one is found.

    Returns
    -------
    Outcome
        ``iterations`` counts profiles. Complete as far as the normal-form method was.

    Raises
    ------
    UnsupportedGame
        If the strategic form is too large.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("outside_option")
    >>> found = [p for p in strategic_form_equilibria(game) if p is not None]
    >>> [game.expected_payoffs(profile).tolist() for profile in found]
    [[2.0, 2.0], [3.0, 1.0], [2.0, 2.0]]
    """
    return (yield from StrategicSearch(game).run())


class StrategicSearch:
    """Looks for the equilibria of one game.

    Attributes
    ----------
    mixed : list of MixedProfile
        What was found so far, over the strategies of those players who have several.
    """

    def __init__(self, game: ExtensiveFormGame) -> None:
        self.game = game
        counts = count_strategies(game)
        why = why_too_large(counts)
        if why:
            raise UnsupportedGame(f"the reduced strategic form has {why}", where=repr(game))
        self.active = [player for player, count in enumerate(counts) if count > 1]
        entries = max(c * n for c, n in zip(counts, game.n_sequences, strict=True))
        self.is_listed = len(self.active) > 1 or (
            max(counts) <= _MOST_JOINT and entries <= _MOST_ENTRIES
        )
        self.strategies: list[PureStrategies] = []
        if self.is_listed:
            self.strategies = [
                list_strategies(game, player, int(count)) for player, count in enumerate(counts)
            ]
        self.mixed: list[MixedProfile] = []
        self._seen: set[BehaviorProfile] = set()
        self._form: NormalFormGame | None = None
        self._paid_by: list[NDArray[Any]] = []  # the opponent, integers, own strategies as rows

    def run(self) -> Generator[BehaviorProfile | None, None, Outcome]:
        """Yield each equilibrium once, up to what it leaves open where it does not lead."""
        if not self.active:
            yield self._behavior(())
            return Outcome(iterations=1, complete=True)
        if not self.is_listed:
            yield _best_plan(self.game, self.active[0])
            return Outcome(iterations=1, reason="one best strategy of too many to list, not all")
        if self.game.n_players == len(self.active) == 2 and self.game.is_constant_sum():
            outcome = yield from self._constant_sum()
            if outcome is not None:
                return outcome
        return (yield from self._enumerate())

    def _enumerate(self) -> Generator[BehaviorProfile | None, None, Outcome]:
        """Follow the normal-form method for as many players as have something to choose."""
        form = self._form = self._strategic_form()
        yield None
        if len(self.active) == 1:
            return (yield from self._translate(pure_enumeration(form)))
        if len(self.active) > 2:
            return (yield from self._translate(polynomial_support_enumeration(form)))
        yield from self._translate(pure_enumeration(form))
        why = why_not_bimatrix(form)
        if why:
            return Outcome(iterations=len(self.mixed), reason=why)
        one, other = (np.array(p.integers, object) for p in form.integer_payoffs if p is not None)
        self._paid_by = [other, one.T]
        if not self.mixed:
            yield from self._translate(lemke_howson(form), any_will_do=True)
        return (yield from self._translate(vertex_enumeration(form)))

    def _strategic_form(self) -> NormalFormGame:
        payoffs = strategy_payoffs(self.game, self.strategies)[self.active]
        sizes = [len(self.strategies[player]) for player in self.active]
        return NormalFormGame(payoffs.reshape(len(self.active), *sizes))

    def _constant_sum(self) -> Generator[BehaviorProfile | None, None, Outcome | None]:
        """Pair the extreme optimal plans; None if the linear program is not solved exactly."""
        first = None
        for found in sequence_form_lp(self.game, exact=True):
            first = found or first
            yield None
        if first is None or not first.is_given_exactly:
            return None
        optimal = [OptimalPlans(self.game, self.strategies, first, player) for player in (0, 1)]
        if all(one.is_extreme for one in optimal):
            self._seen.add(first)
            yield first
        vertices = []
        for one in optimal:
            vertices.append((yield from one.vertices()))
        for pair in product(*vertices):
            behaviors = [
                behavior_of_plan(treeplex, plan)
                for treeplex, plan in zip(self.game.sequence_form.treeplexes, pair, strict=True)
            ]
            profile = BehaviorProfile(self.game, np.concatenate(behaviors))
            if profile in self._seen:
                yield None
                continue
            self._seen.add(profile)
            yield profile
        return Outcome(iterations=len(self._seen), complete=True)

    def _translate(
        self, search: Search, *, any_will_do: bool = False
    ) -> Generator[BehaviorProfile | None, None, Outcome]:
        """Pass on what a search finds as behavior profiles, each once."""
        try:
            while True:
                found = next(search)
                if not isinstance(found, MixedProfile):
                    yield None
                    continue
                self.mixed.append(found)
                behavior = self._behavior(found.exact)
                if behavior in self._seen or not (any_will_do or self._is_extreme(found.exact)):
                    yield None
                    continue
                self._seen.add(behavior)
                yield behavior
        except StopIteration as end:
            outcome: Outcome = end.value
        return Outcome(
            iterations=len(self._seen),
            complete=outcome.complete,
            reason=outcome.reason if not outcome.complete else "",
        )

    def _behavior(self, weights: Sequence[tuple[Fraction, ...]]) -> BehaviorProfile:
        given = dict(zip(self.active, weights, strict=True))
        one = (Fraction(1),)
        parts: list[Any] = [
            behavior_of_weights(listed, given.get(player, one))
            for player, listed in enumerate(self.strategies)
        ]
        return BehaviorProfile(self.game, np.concatenate(parts))

    def _is_extreme(self, weights: Sequence[tuple[Fraction, ...]]) -> bool:
        """Whether an equilibrium of two players lies between no other two.

        It may be extreme among mixed strategies, and not among what they realize: neither player
        can then change its plan, within the sequences it uses, so that the same replies stay best.
        Such a change is a combination of the strategies that use no other sequences.
        """
        from flint import fmpz_mat

        if not self._paid_by:
            return True
        for own, player in enumerate(self.active):
            plans = self.strategies[player].plans()
            used = [index for index, weight in enumerate(weights[own]) if weight]
            within = np.flatnonzero(~plans[:, ~plans[used].any(axis=0)].any(axis=1)).tolist()
            if len(within) == 1:
                continue
            scale = math.lcm(*(weights[own][index].denominator for index in used))
            paid = self._paid_by[own]
            earned = sum(paid[index] * int(weights[own][index] * scale) for index in used)
            replies = np.flatnonzero(earned == earned.max())
            paid = paid[within][:, replies]
            changes = [[1] * len(within), *(paid[:, 1:] - paid[:, :1]).T.tolist()]
            if fmpz_mat(changes).rank() < fmpz_mat(plans[within].astype(int).tolist()).rank():
                return False
        return True

    def is_exact(self) -> bool:
        """Whether what was found last is an equilibrium without any violation."""
        if self._form is None or len(self.active) < 3 or self.mixed[-1].is_pure():
            return True
        return certify_nash(self._form, self.mixed[-1]).exact

    def is_determinate(self) -> bool:
        """Whether what lies between the equilibria found pays the same as these.

        All equilibria of two players are convex combinations of extreme ones that can be
        exchanged for one another: Jansen (1981), Naval Research Logistics Quarterly 28. More
        players' equilibria are isolated where the search was complete.
        """
        if len(self.active) > 2:
            return True
        numbers: list[dict[Any, int]] = [{} for _ in self.active]
        pays = {}
        for profile in self.mixed:
            exact = profile.exact
            pair = tuple(
                known.setdefault(strategy, len(known))
                for known, strategy in zip(numbers, exact, strict=True)
            )
            if pair not in pays:
                pays[pair] = exact_expected_payoffs(self.game, self._behavior(exact))
        if len(set(pays.values())) <= 1:
            return True
        pairs = list(pays)
        return not any(
            pays[one] != pays[other]
            and all((*one[:k], other[k], *one[k + 1 :]) in pays for k in range(len(one)))
            for number, one in enumerate(pairs)
            for other in pairs[:number]
        )


def _best_plan(game: ExtensiveFormGame, player: int) -> BehaviorProfile:
    """Choose the first best action everywhere where nobody else has anything to choose."""
    form = game.sequence_form
    treeplex = form.treeplexes[player]
    earned = np.full(treeplex.n_sequences, Fraction(0), dtype=object)
    reach = chance_reach(game, game.terminals, game.exact_chance)
    np.add.at(earned, form.terminal_sequences[player], reach * game.exact_payoffs[player])
    chosen = np.zeros(treeplex.n_sequences, dtype=object)
    for level in reversed(treeplex.levels):
        offered = earned[level.sequences]
        best = np.maximum.reduceat(offered, level.starts)
        ties = np.flatnonzero(offered == best[level.owner])
        _, first = np.unique(level.owner[ties], return_index=True)
        chosen[level.sequences[ties[first]]] = 1
        np.add.at(earned, level.parents, best)
    probabilities = np.ones(int(game.action_offsets[-1]), dtype=object)
    probabilities[treeplex.flat] = chosen[1:]
    return BehaviorProfile(game, probabilities)
