"""All subgame-perfect equilibria of games with imperfect information, subgame by subgame.

A profile is subgame perfect if and only if it is an equilibrium of every stage: of the game that
begins where a subgame begins and ends where the next ones do, which pay there what the profile
makes of them (Selten, 1965 and 1975). So stages are solved from the last ones up, for all their
equilibria, and every choice among these is followed up to the root.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.extensive_form.sequence_form_lp import sequence_form_lp
from gametheory.algorithms.extensive_form.strategic_form_equilibria import (
    StrategicSearch,
    why_too_large,
)
from gametheory.algorithms.registry import Outcome, Search, register
from gametheory.errors import UnsupportedGame
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import CHANCE, ExtensiveFormGame
from gametheory.games.pure_strategies import count_strategies, stage_counts
from gametheory.games.realization import exact_expected_payoffs
from gametheory.games.subgames import cut, subgame_roots
from gametheory.solution import Status

__all__ = ["subgame_composition"]

Ints = NDArray[Any]

_BETWEEN_LOOKS = 1000  # simple stages, some microseconds each


def _applies(game: ExtensiveFormGame) -> str:
    if game.has_perfect_information():
        return "with perfect information backward induction does the same, and faster"
    if _is_for_the_program(game):
        return ""
    counts = np.array(count_strategies(game))[:, None]
    roots = np.zeros(1, np.int64)
    if why_too_large(counts[:, 0].tolist()):  # as a whole: so look at the stages
        roots = subgame_roots(game)
        owner = _owners(game, roots)[game.infoset_first_node]
        counts = stage_counts(game, np.searchsorted(roots, owner), roots.size)
    joint = np.prod(counts, axis=0)
    for place in np.argsort(-joint, kind="stable").tolist():
        why = why_too_large(counts[:, place].tolist())
        if why:
            path = " > ".join(game.history(int(roots[place]))) or "the root"
            return f"the reduced strategic form of the stage at {path} has {why}"
        if joint[place] <= 1:
            break
    return ""


def _is_for_the_program(game: ExtensiveFormGame) -> bool:
    """Whether stages of any size can be solved, those too large to list by linear programs."""
    return game.n_players == 2 and game.is_constant_sum()


@register(
    "subgame-composition",
    concepts=("subgame-perfect", "nash"),
    form=ExtensiveFormGame,
    applies=_applies,
    guarantee="subgame-perfect equilibria composed of all extreme equilibria of each stage; "
    "complete if each stage is, and no stage has a continuum of payoffs between its equilibria",
    cost="that of the equilibria of each stage's reduced strategic form; a two-player "
    "constant-sum stage with a large one takes one linear program, and is left incomplete",
    source="Selten (1965), Zeitschrift fuer die gesamte Staatswissenschaft 121; Selten (1975), "
    "International Journal of Game Theory 4",
    finds="all",
    rank=40,
)
def subgame_composition(game: ExtensiveFormGame) -> Search:
    """Yield subgame-perfect equilibria, each stage's first ones first.

    Parameters
    ----------
    game : ExtensiveFormGame
        Whose stages have small reduced strategic forms, or a two-player constant-sum game.

    Yields
    ------
    BehaviorProfile or None
        In Fractions, unless three players or more mix. Uniform at information sets that the
        player's own strategy excludes within their stage.

    Returns
    -------
    Outcome
        ``iterations`` counts the stages' equilibria looked at.

    Notes
    -----
    Stages are gone through like the digits of a number, those next to the root fastest. A
    stage's equilibria depend on what the subgames below pay, and are kept for each such payment.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("outside_option")
    >>> found = [p for p in subgame_composition(game) if p is not None]
    >>> [game.expected_payoffs(profile).tolist() for profile in found]
    [[3.0, 1.0], [2.0, 2.0], [2.0, 2.0]]
    """
    composition = _Composition(game)
    count = yield from _combine(composition, len(composition.roots))
    status = None if count else Status.NUMERICAL_FAILURE
    return Outcome(
        iterations=composition.looked_at,
        complete=not composition.gaps,
        status=status,
        reason="; ".join(composition.gaps),
    )


def _combine(composition: _Composition, n_stages: int) -> Generator[Any, None, int]:
    """Go through all combinations of the stages' equilibria, the last stages first."""
    found = stage = 0
    position = [-1] * n_stages
    listed = [_Listed(iter(())) for _ in range(n_stages)]
    steps = 0
    while stage >= 0:
        steps += 1
        if steps % _BETWEEN_LOOKS == 0:
            yield None
        if stage == n_stages:
            found += 1
            yield composition.profile()
            stage -= 1
            continue
        if position[stage] < 0:
            listed[stage] = composition.equilibria(stage)
        position[stage] += 1
        chosen = yield from listed[stage].get(position[stage])
        if chosen is None:
            composition.note(stage, listed[stage])
            position[stage] = -1
            stage -= 1
        else:
            composition.choose(stage, chosen)
            stage += 1
    return found


class _Choice(NamedTuple):
    """One equilibrium of a stage: action probabilities and where they lie, and what it pays."""

    flat: Any
    probabilities: Any
    payoffs: Any


class _Listed:
    """The equilibria of a stage, found when they are first asked for and then kept."""

    def __init__(self, search: Iterator[_Choice | None]) -> None:
        self._search: Iterator[_Choice | None] | None = search
        self.found: list[_Choice] = []
        self.gap = ""  # why these may not be all, or their payoffs not all

    def get(self, index: int) -> Generator[None, None, _Choice | None]:
        while index >= len(self.found) and self._search is not None:
            try:
                choice = next(self._search)
            except StopIteration as end:
                self.gap, self._search = end.value, None
                break
            if choice is None:
                yield None
            else:
                self.found.append(choice)
        return self.found[index] if index < len(self.found) else None


class _Composition:
    """The stages of a game, last ones first, and the equilibria chosen in them so far."""

    def __init__(self, game: ExtensiveFormGame) -> None:
        self.game = game
        roots = subgame_roots(game)
        owner = _owners(game, roots)
        inner = np.flatnonzero(game.n_children)
        self.roots: list[int] = roots[::-1].tolist()
        sizes = np.bincount(owner[inner], minlength=game.n_nodes)
        self.simple = (sizes[roots[::-1]] == 1).tolist()
        self.is_root = np.zeros(game.n_nodes, np.bool_)
        self.is_root[roots] = True
        self.next_roots = _grouped(roots[1:], owner[game.parent[roots[1:]]])
        self.payoffs = np.full((game.n_players, game.n_nodes), None, dtype=object)
        self.payoffs[:, game.terminals] = game.exact_payoffs
        self.probabilities = np.zeros(int(game.action_offsets[-1]), dtype=object)
        self.kept: list[dict[Any, _Listed]] = [{} for _ in self.roots]
        self.gaps: list[str] = []
        self.looked_at = 0

    def equilibria(self, stage: int) -> _Listed:
        """Give the equilibria of a stage, the subgames below paying what was chosen there."""
        root = self.roots[stage]
        if self.simple[stage]:
            return _Listed(self._of_one_node(root))
        below = self.next_roots.get(root)
        key = () if below is None else tuple(self.payoffs[:, below].ravel().tolist())
        if key not in self.kept[stage]:
            self.kept[stage][key] = _Listed(self._of_stage(root))
        return self.kept[stage][key]

    def choose(self, stage: int, chosen: _Choice) -> None:
        """Let a stage be played so."""
        self.looked_at += 1
        self.probabilities[chosen.flat] = chosen.probabilities
        self.payoffs[:, self.roots[stage]] = chosen.payoffs

    def profile(self) -> BehaviorProfile:
        """Put together what was chosen."""
        return BehaviorProfile(self.game, self.probabilities.copy())

    def note(self, stage: int, listed: _Listed) -> None:
        """Keep in mind, once, what a stage left open."""
        if not listed.gap:
            return
        path = " > ".join(self.game.history(self.roots[stage])) or "the root"
        gap = f"stage at {path}: {listed.gap}"
        if gap not in self.gaps:
            self.gaps.append(gap)

    def _of_one_node(self, root: int) -> Generator[_Choice | None, None, str]:
        """Yield the best actions of a stage that is a single decision, or what chance makes."""
        game, payoffs = self.game, self.payoffs
        low = int(game.first_child[root])
        children = slice(low, low + int(game.n_children[root]))
        player = int(game.node_player[root])
        if player == CHANCE:
            place = int(np.searchsorted(game.chance_children, low))
            odds = game.exact_chance[place : place + int(game.n_children[root])]
            yield _Choice(slice(0, 0), [], (payoffs[:, children] * odds).sum(axis=1))
            return ""
        offered = payoffs[player, children].tolist()
        best = max(offered)
        ties = [rank for rank, payoff in enumerate(offered) if payoff == best]
        first = int(game.action_offsets[game.node_infoset[root]])
        for rank in ties:
            chosen = [int(other == rank) for other in range(len(offered))]
            flat = slice(first, first + len(offered))
            yield _Choice(flat, chosen, payoffs[:, low + rank].copy())
        alike = len({tuple(payoffs[:, low + rank].tolist()) for rank in ties}) == 1
        return "" if alike or root == 0 else _CONTINUUM

    def _of_stage(self, root: int) -> Generator[_Choice | None, None, str]:
        part = cut(self.game, root, self.is_root, self.payoffs)
        try:
            search = StrategicSearch(part.game)
        except UnsupportedGame:
            if not _is_for_the_program(self.game):
                raise
            search = None
        run = sequence_form_lp(part.game) if search is None else search.run()
        all_exact = True
        while True:
            try:
                found = next(run)
            except StopIteration as end:
                outcome: Outcome = end.value
                break
            if found is None:
                yield None
                continue
            payoffs = exact_expected_payoffs(part.game, found)
            exact = found.is_given_exactly and (search is None or search.is_exact())
            if not exact:  # no use in carrying on what is rounding in any case
                all_exact = False
                payoffs = tuple(Fraction(float(payoff)) for payoff in payoffs)
            yield _Choice(part.flat, found.exact if exact else found.probabilities, payoffs)
        if search is None:
            return outcome.reason or "one equilibrium by linear programming, not all"
        if not outcome.complete:
            return outcome.reason or "not all its equilibria were found"
        if root and not all_exact:
            return "payoffs of mixed equilibria are rounded"
        return "" if root == 0 or search.is_determinate() else _CONTINUUM


_CONTINUUM = (
    "infinitely many equilibria with different payoffs; those between the ones found may support "
    "further equilibria of the whole game"
)


def _owners(game: ExtensiveFormGame, roots: Ints) -> Ints:
    """Find the stage of each node: the last node above it, or itself, where a subgame begins."""
    is_root = np.zeros(game.n_nodes, np.bool_)
    is_root[roots] = True
    found = np.where(is_root, np.arange(game.n_nodes), game.parent)
    asking = np.flatnonzero(~is_root[found])
    while asking.size:
        found[asking] = found[found[asking]]
        asking = asking[~is_root[found[asking]]]
    return found


def _grouped(values: Ints, keys: Ints) -> dict[int, Ints]:
    order = np.argsort(keys, kind="stable")
    names, starts = np.unique(keys[order], return_index=True)
    return dict(zip(names.tolist(), np.split(values[order], starts[1:]), strict=False))
