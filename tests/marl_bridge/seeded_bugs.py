"""Kuhn poker with one bug each, of kinds that hide well: state and chance outside the instance."""

from __future__ import annotations

import os
import secrets
import threading
import uuid
from functools import cache
from typing import Any, ClassVar

import numpy as np

from tests.marl_bridge.chance_environments import Kuhn


def scaled(won: float | None, factor: float) -> float | None:
    return None if won is None else won * factor


class Jackpot(Kuhn):
    """Every thousandth game of the process pays double: a count that all instances share."""

    every = 1000
    played: ClassVar[list[int]] = []

    def reset(self, seed=None, options=None):
        super().reset(seed, options)
        self.played.append(1)

    def won(self):
        return scaled(super().won(), 1 + (len(self.played) % self.every == 0))


class Fifth(Jackpot):
    """Every fifth game does."""

    every = 5
    played: ClassVar[list[int]] = []


_STEPS = [0]


class Warming(Kuhn):
    """Pays double once the process has played three thousand steps."""

    def step(self, action):
        _STEPS[0] += 1
        super().step(action)

    def won(self):
        return scaled(super().won(), 1 + (_STEPS[0] > 3000))


class Cached(Kuhn):
    """A cache that forgets the cards: the first game with some bets decides all the others."""

    def won(self):
        return self.remembered(tuple(self.bets), tuple(map(int, self.cards)))

    @staticmethod
    def remembered(bets, cards):
        return _cached(bets, _Unseen(cards))


class _Unseen:
    """Equal to every other."""

    def __init__(self, cards):
        self.cards = cards

    def __eq__(self, other):
        return isinstance(other, _Unseen)

    def __hash__(self):
        return 0


@cache
def _cached(bets, unseen):
    game = object.__new__(Kuhn)
    game.bets, game.cards = list(bets), unseen.cards
    return Kuhn.won(game)


class RightlyCached(Kuhn):
    """A cache of what it is asked for: no bug."""

    def won(self):
        return _rightly_cached(tuple(self.bets), tuple(map(int, self.cards)))


@cache
def _rightly_cached(bets, cards):
    game = object.__new__(Kuhn)
    game.bets, game.cards = list(bets), cards
    return Kuhn.won(game)


class Address(Kuhn):
    """Who pays double lies in the address of an object."""

    def reset(self, seed=None, options=None):
        super().reset(seed, options)
        self.thing = object()

    def won(self):
        return scaled(super().won(), 1 + (id(self.thing) >> 4) % 2)


class Process(Kuhn):
    """Pays by the number of the process."""

    def won(self):
        return scaled(super().won(), 1 + os.getpid() % 1000 / 1000)


class Salted(Kuhn):
    """Pays by the hash of a string, which is another one in each process."""

    def won(self):
        return scaled(super().won(), 1 + hash("kuhn") % 1000 / 1000)


class Secret(Kuhn):
    def deal(self):
        return [secrets.choice([0, 1]), 2]


class Uuid(Kuhn):
    def deal(self):
        return [uuid.uuid4().int % 2, 2]


class Threaded(Kuhn):
    """Deals in a thread of its own."""

    def deal(self):
        dealt = []
        thread = threading.Thread(target=lambda: dealt.extend(super(Threaded, self).deal()))
        thread.start()
        thread.join()
        return dealt


class Numbered(Kuhn):
    """Every other instance pays double."""

    made: ClassVar[list[int]] = []

    def __init__(self):
        super().__init__()
        self.made.append(1)
        self.stake = 1 + len(self.made) % 2

    def won(self):
        return scaled(super().won(), self.stake)


class Drifting(Kuhn):
    """A sum of floats that goes on over the games."""

    pot = 1.0

    def won(self):
        return scaled(super().won(), self.pot)

    def reset(self, seed=None, options=None):
        self.pot = self.pot + 0.1 - 0.1 + 2.0**-52
        super().reset(seed, options)


class LastDeal(Kuhn):
    """A default value that remembers the deal before."""

    def deal(self, before=[]):  # noqa: B006
        cards = [int(card) for card in super().deal()]
        if before == cards:
            cards.reverse()
        before[:] = cards
        return cards


class Meanings(Kuhn):
    """What an action means follows the order of a dictionary, which every game changes."""

    meanings: dict[int, int]

    def __init__(self):
        super().__init__()
        self.meanings = {0: 0, 1: 1}

    def step(self, action):
        if action is not None and not any(self.terminations.values()):
            action = list(self.meanings)[action]
        super().step(action)

    def reset(self, seed=None, options=None):
        first = next(iter(self.meanings))
        self.meanings[first] = self.meanings.pop(first)
        super().reset(seed, options)


class Aliased(Kuhn):
    """Shows its own board, which it writes on later."""

    def reset(self, seed=None, options=None):
        super().reset(seed, options)
        self.boards = {agent: super(Aliased, self).observe(agent) for agent in self.agents}

    def observe(self, agent):
        board = self.boards[agent]
        board[:] = super().observe(agent)
        return board


class Windowed(Kuhn):
    """Two names for one memory: bets are written to one and read from the other."""

    def reset(self, seed=None, options=None):
        super().reset(seed, options)
        self.written = np.full(3, -1, dtype=np.int8)
        self.read = self.written[:]

    def step(self, action):
        if action is not None and not any(self.terminations.values()):
            self.written[len(self.bets)] = action
        super().step(action)

    def observe(self, agent):
        return np.array([super().observe(agent)[0], *self.read], dtype=np.int8)


class Nobody(Kuhn):
    """Selects an agent that does not exist after the second action."""

    def step(self, action):
        super().step(action)
        if len(self.bets) == 2 and not any(self.terminations.values()):
            self.agent_selection = "third"


class NotANumber(Kuhn):
    def won(self):
        return scaled(super().won(), float("nan"))


class Skipping(Kuhn):
    """Lets the first agent act twice where it should be the second one's turn: another game."""

    def step(self, action):
        super().step(action)
        if self.bets == [0] and self.agents:
            self.agent_selection = "first"


def _bugs() -> dict[str, Any]:
    return {
        name: found
        for name, found in globals().items()
        if isinstance(found, type) and issubclass(found, Kuhn) and found is not Kuhn
    }


BUGS = _bugs()
