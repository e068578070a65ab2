"""Kuhn poker as plain PettingZoo classes that draw in all the ways people do, and its bugs.

Kuhn (1950), A simplified two-person poker: value -1/18 for the first player.
"""

from __future__ import annotations

import os
import random
import time
from typing import Any, ClassVar

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete
from gymnasium.utils import EzPickle, seeding
from numpy.random import default_rng  # a factory under a name of this module
from pettingzoo import AECEnv


class Kuhn(AECEnv):
    """Cards 0, 1, 2; an ante of 1; 0 checks or folds, 1 bets or calls."""

    metadata: ClassVar[dict[str, Any]] = {"name": "kuhn_v0", "render_modes": []}

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__()
        self.render_mode = render_mode
        self.possible_agents = ["first", "second"]

    def observation_space(self, agent: str) -> Box:
        return Box(-1, 2, (4,), np.int8)

    def action_space(self, agent: str) -> Discrete:
        return Discrete(2)

    def observe(self, agent: str) -> Any:
        card = self.cards[self.possible_agents.index(agent)]
        bets = [*self.bets, -1, -1, -1][:3]
        return np.array([int(card), *bets], dtype=np.int8)

    def make_generator(self, seed: int | None) -> None:
        if seed is not None or not hasattr(self, "np_random"):
            self.np_random, _ = seeding.np_random(seed)

    def deal(self) -> Any:
        return self.np_random.permutation(3)[:2]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        self.agents = list(self.possible_agents)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {} for agent in self.agents}
        self.bets: list[int] = []
        self.agent_selection = self.agents[0]
        self.make_generator(seed)
        self.cards = self.deal()

    def won(self) -> float | None:
        """What the first agent wins, None while nobody does."""
        bets = "".join(map(str, self.bets))
        showdown = 1.0 if int(self.cards[0]) > int(self.cards[1]) else -1.0
        if bets in ("10", "010"):
            return 1.0 if bets == "10" else -1.0
        return {"00": showdown, "11": 2 * showdown, "011": 2 * showdown}.get(bets)

    def step(self, action: int | None) -> None:
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        self.bets.append(int(action))
        self._cumulative_rewards[agent] = 0.0
        self.rewards = dict.fromkeys(self.agents, 0.0)
        won = self.won()
        if won is not None:
            self.rewards = {"first": won, "second": -won}
            self.terminations = dict.fromkeys(self.agents, True)
        self.agent_selection = self.possible_agents[len(self.bets) % 2]
        self._accumulate_rewards()


class ChoiceKuhn(Kuhn):
    """A generator re-made in every reset, and a choice without replacement."""

    def make_generator(self, seed):
        self.np_random = np.random.default_rng(seed)

    def deal(self):
        return self.np_random.choice(3, size=2, replace=False)


class ImportedKuhn(ChoiceKuhn):
    """The factory under another name; the second card by skipping the first."""

    def make_generator(self, seed):
        self.np_random = default_rng(seed)

    def deal(self):
        first = self.np_random.integers(3)
        second = self.np_random.integers(0, 1, endpoint=True)
        return [first, second + (second >= first)]


class RandomStateKuhn(Kuhn):
    """NumPy's old generator, seeded afterwards, and a shuffled list."""

    def make_generator(self, seed):
        self.np_random = np.random.RandomState()
        self.np_random.seed(seed)

    def deal(self):
        deck = [0, 1, 2]
        self.np_random.shuffle(deck)
        return deck[:2]


class PythonKuhn(Kuhn):
    """Python's own generator."""

    def make_generator(self, seed):
        self.np_random = random.Random(seed)

    def deal(self):
        return self.np_random.sample([0, 1, 2], 2)


class ConstructedKuhn(Kuhn):
    """A generator made in the constructor, from a bit generator, that no seed reaches."""

    def __init__(self):
        super().__init__()
        self.np_random = np.random.Generator(np.random.PCG64())

    def make_generator(self, seed):
        pass


class WeightedKuhn(Kuhn):
    """A deck of weighted pairs: the same distribution, by probabilities."""

    def deal(self):
        pairs = [(i, j) for i in range(3) for j in range(3)]
        p = [1 / 6 if i != j else 0.0 for i, j in pairs]
        return pairs[self.np_random.choice(9, p=p)]


class PickledKuhn(Kuhn, EzPickle):
    """``copy.deepcopy`` builds this one anew."""

    def __init__(self):
        EzPickle.__init__(self)
        super().__init__()


class Card:
    """Equal by its rank."""

    def __init__(self, rank):
        self.rank = rank

    def __eq__(self, other):
        return isinstance(other, Card) and self.rank == other.rank

    def __hash__(self):
        return hash(self.rank)

    def __int__(self):
        return self.rank

    def __str__(self):
        return "JQK"[self.rank]


class CardKuhn(Kuhn):
    """Cards that are objects: each is drawn when its holder looks at it."""

    def deal(self):
        deck = [Card(0), Card(1), Card(2)]
        self.np_random.shuffle(deck)
        return [deck.pop(), deck.pop()]


class LateKuhn(Kuhn):
    """The second card is dealt in the first step, and by a call of its own."""

    def deal(self):
        return [int(self.np_random.integers(3))]

    def step(self, action):
        if len(self.cards) == 1:
            left = [card for card in range(3) if card != self.cards[0]]
            self.cards.append(int(self.np_random.choice(left)))
        super().step(action)


# ---- bugs ----------------------------------------------------------------------------------


class ConstantSeed(Kuhn):
    """The same generator in every episode."""

    def make_generator(self, seed):
        self.np_random = np.random.default_rng(7)


class GlobalNumpy(Kuhn):
    def deal(self):
        return np.random.permutation(3)[:2]  # noqa: NPY002


class GlobalPython(Kuhn):
    def deal(self):
        return random.sample([0, 1, 2], 2)


class System(Kuhn):
    def deal(self):
        return [os.urandom(1)[0] % 3, 0]


_OF_THE_MODULE = np.random.default_rng(5)


class ModuleGenerator(Kuhn):
    """Draws that nothing of the environment's own shows."""

    def make_generator(self, seed):
        self.np_random = _OF_THE_MODULE

    def deal(self):
        return self.np_random.permutation(3)[:2]


class HiddenFactory(Kuhn):
    """A factory that is held where no replacement reaches."""

    factories: ClassVar[dict[str, Any]] = {"rng": np.random.default_rng}

    def make_generator(self, seed):
        self.np_random = self.factories["rng"](seed)


class SeedInTheGame(Kuhn):
    def deal(self):
        return [1, 0] if self.odd else [0, 1]

    def make_generator(self, seed):
        self.odd = (seed or 0) % 2


class Leaking(Kuhn):
    """Who acts first alternates between episodes of one instance."""

    games = 0

    def reset(self, seed=None, options=None):
        super().reset(seed, options)
        self.games += 1
        self.ante = 1 + self.games % 2

    def won(self):
        won = super().won()
        return None if won is None else won * self.ante


class ShownMask(Kuhn):
    """Shows legal actions to the agent that is not on turn."""

    def observation_space(self, agent):
        mask = Box(0, 1, (2,), np.int8)
        return Dict({"observation": super().observation_space(agent), "action_mask": mask})

    def observe(self, agent):
        return {"observation": super().observe(agent), "action_mask": np.ones(2, np.int8)}


class Shortened(Kuhn):
    """Cuts every episode after two actions, as if it were too long."""

    def step(self, action):
        super().step(action)
        if len(self.bets) == 2 and not any(self.terminations.values()) and self.agents:
            self.truncations = dict.fromkeys(self.agents, True)


class OpenCards(Kuhn):
    """Shows everybody both cards."""

    def observe(self, agent):
        return np.array([*map(int, self.cards), *super().observe(agent)[1:]], dtype=np.int8)


class HappyHour(Kuhn):
    """Pays double after noon."""

    def won(self):
        won = super().won()
        return None if won is None else won * (1 + (time.time() % 86_400 > 43_200))


class Continuous(Kuhn):
    def deal(self):
        return [0, 1] if self.np_random.random() < 0.5 else [1, 0]


class Catching(Continuous):
    """Goes on whatever happens."""

    def deal(self):
        try:
            return super().deal()
        except BaseException:
            return [0, 1]


class SeedFromDraws(Kuhn):
    def deal(self):
        return default_rng(self.np_random.integers(2**31)).permutation(3)[:2]


class SetOrder(Kuhn):
    """Deals what comes first in a set."""

    def deal(self):
        names = {f"{agent} {number}" for agent in self.possible_agents for number in range(4)}
        return [sorted(names).index(next(iter(names))), int(self.np_random.integers(2))]


class SortedSet(Kuhn):
    """A set that is sorted is no bug."""

    def deal(self):
        return self.np_random.permutation(sorted({2, 0, 1}))[:2]
