"""Random small games with hidden actions, as a simulator: the oracle of the tree tests.

Players act in a fixed order, and who sees which action is drawn at random; own actions are
always seen, so recall is perfect by construction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product

import numpy as np
from hypothesis import strategies as st

from gametheory import CHANCE, BehaviorProfile, ExtensiveFormGame


@dataclass(frozen=True)
class Rules:
    n_players: int
    movers: tuple[int, ...]
    n_actions: tuple[int, ...]
    seen: tuple[frozenset[int], ...]  # which players see the action of each step
    odds: tuple[tuple[Fraction, ...], ...]  # of chance's steps
    payoffs: dict[tuple[int, ...], tuple[int, ...]]

    def label(self, player: int, history: tuple[int, ...]) -> str:
        shown = [
            str(action) if player in self.seen[step] or self.movers[step] == player else "?"
            for step, action in enumerate(history)
        ]
        return f"P{player}:{''.join(shown)}"

    def histories(self):
        return product(*(range(n) for n in self.n_actions))


@dataclass
class Position:
    """The rules as a GameState."""

    rules: Rules
    history: tuple[int, ...] = field(default=())

    @property
    def current_player(self) -> int:
        return self.rules.movers[len(self.history)]

    def legal_actions(self, player=None):
        return range(self.rules.n_actions[len(self.history)])

    def apply(self, action):
        self.history = (*self.history, action)

    def clone(self):
        return Position(self.rules, self.history)

    def chance_outcomes(self):
        return enumerate(self.rules.odds[len(self.history)])

    def information_state(self, player):
        return self.rules.label(player, self.history)

    def is_terminal(self):
        return len(self.history) == len(self.rules.movers)

    def returns(self):
        return self.rules.payoffs.get(self.history, (0,) * self.rules.n_players)


def game_of(rules: Rules) -> ExtensiveFormGame:
    return ExtensiveFormGame.from_state(Position(rules))


@st.composite
def rules(draw, *, n_players=None, chance=True, perfect_information=False, zero_sum=False, steps=4):
    players = n_players or draw(st.integers(1, 3))
    length = draw(st.integers(1, steps))
    low = CHANCE if chance else 0
    movers = tuple(draw(st.integers(low, players - 1)) for _ in range(length))
    n_actions = tuple(draw(st.integers(1, 3)) for _ in range(length))
    everyone = frozenset(range(players))
    seen = tuple(
        everyone if perfect_information else draw(st.frozensets(st.integers(0, players - 1)))
        for _ in range(length)
    )
    odds = []
    for n in n_actions:
        weights = draw(st.lists(st.integers(1, 4), min_size=n, max_size=n))
        odds.append(tuple(Fraction(w, sum(weights)) for w in weights))
    payoffs = {}
    for history in product(*(range(n) for n in n_actions)):
        row = draw(st.lists(st.integers(-3, 3), min_size=players, max_size=players))
        payoffs[history] = (row[0], -row[0]) if zero_sum else tuple(row)
    return Rules(players, movers, n_actions, seen, tuple(odds), payoffs)


def draw_profile(game: ExtensiveFormGame, seed: int) -> BehaviorProfile:
    rng = np.random.default_rng(seed)
    weights = rng.random(int(game.action_offsets[-1])) + 0.01
    sums = np.add.reduceat(weights, game.action_offsets[:-1]) if weights.size else weights
    return BehaviorProfile(game, weights / np.repeat(sums, game.infoset_n_actions))


def by_label(game: ExtensiveFormGame, profile: BehaviorProfile) -> dict[str, np.ndarray]:
    return {infoset.label: profile[infoset.index] for infoset in game.information_sets}


def expected_payoffs(rules: Rules, behavior: dict[str, np.ndarray]) -> np.ndarray:
    """Expected payoffs by walking every history: no arrays, no trees."""
    total = np.zeros(rules.n_players)
    for history in rules.histories():
        weight = 1.0
        for step, action in enumerate(history):
            mover = rules.movers[step]
            if mover == CHANCE:
                weight *= float(rules.odds[step][action])
            else:
                weight *= behavior[rules.label(mover, history[:step])][action]
        total += weight * np.array(rules.payoffs[history], dtype=float)
    return total


def pure_behaviors(rules: Rules, player: int):
    """All pure strategies of a player, as {information set: action}."""
    labels = {}
    for history in rules.histories():
        for step, mover in enumerate(rules.movers):
            if mover == player:
                labels[rules.label(player, history[:step])] = rules.n_actions[step]
    for choice in product(*(range(n) for n in labels.values())):
        yield dict(zip(labels, choice, strict=True))


def with_pure(behavior, pure, sizes):
    changed = dict(behavior)
    for label, action in pure.items():
        changed[label] = np.eye(sizes[label])[action]
    return changed
