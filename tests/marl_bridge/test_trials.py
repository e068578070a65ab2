"""Trials find the promises that an environment breaks, and say how."""

from __future__ import annotations

import copy
import itertools
import math
import random
import time
from typing import Any, ClassVar

import numpy as np
import pytest
from gymnasium.spaces import Box, Dict
from gymnasium.utils import EzPickle, seeding

from marl_bridge.environments import open_environment
from marl_bridge.environments.chance_sites import ChanceSite, chance_sites
from marl_bridge.environments.random_play import random_episode
from marl_bridge.environments.trials import (
    Trial,
    hidden_choices,
    mask_leaks,
    repeats,
    seeds_matter,
    trial_attribute_copy,
    trial_deepcopy,
    trial_state_copy,
)
from tests.marl_bridge.environments import Coordination, HigherCard, MatchingPennies, Pointing


class Turns(MatchingPennies):
    """Eight turns one after the other; whoever acts is shown all choices so far."""

    n_turns = 8

    def observation_space(self, agent: str) -> Box:
        return Box(-1, 1, (self.n_turns,), np.int8)

    def observe(self, agent: str) -> Any:
        seen = np.full(self.n_turns, -1, dtype=np.int8)
        seen[: len(self.played)] = self.played
        return seen

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        super().reset(seed, options)
        self.played: list[int] = []

    def step(self, action: int | None) -> None:
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        self.played.append(int(action))
        self._cumulative_rewards[agent] = 0.0
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self.agent_selection = self.order[len(self.played) % 2]
        if len(self.played) >= self.n_turns:
            self.terminations = dict.fromkeys(self.agents, True)
        self._accumulate_rewards()


class Rebuilt(Turns, EzPickle):
    """Copies itself from its constructor's arguments, as all of PettingZoo's do."""

    def __init__(self) -> None:
        EzPickle.__init__(self)
        super().__init__()


class Shaken(Turns):
    """Draws in every step, from a generator that copies share."""

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        super().reset(seed, options)
        self.np_random, _ = seeding.np_random(seed)

    def step(self, action: int | None) -> None:
        super().step(action)
        if self.played and action is not None:
            self.played[-1] = int(self.np_random.integers(2))


class CarriesOver(Turns):
    """Remembers over episodes how often it was stepped."""

    stepped = 0

    def step(self, action: int | None) -> None:
        self.stepped += action is not None
        super().step(action)

    def observe(self, agent: str) -> Any:
        return np.append(super().observe(agent), np.int8(self.stepped > self.n_turns))


class Moody(Turns):
    """Differs from instance to instance."""

    instances: ClassVar[Any] = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.mood = next(self.instances)

    def observe(self, agent: str) -> Any:
        return np.append(super().observe(agent), np.int8(self.mood % 100))


class Drifts(Turns):
    """Loses in a pickle what it needs four steps later."""

    class Engine:
        def __init__(self) -> None:
            self.heat = 0

        def __getstate__(self) -> dict[str, int]:
            return {"heat": 0}

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        super().reset(seed, options)
        self.engine = self.Engine()

    def step(self, action: int | None) -> None:
        super().step(action)
        self.engine.heat += 1

    def observe(self, agent: str) -> Any:
        return np.append(super().observe(agent), np.int8(self.engine.heat > 4))


class Unpicklable(Turns):
    """Holds what cannot be copied."""

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        super().reset(seed, options)
        self.lock = (part for part in "generator")


class Masked(Turns):
    """A mask for whoever is on turn; the other one's is empty."""

    leaks = False

    def observation_space(self, agent: str) -> Any:
        return Dict({"observation": Box(-1, 1, (8,), np.int8), "action_mask": Box(0, 1, (2,))})

    def observe(self, agent: str) -> Any:
        allowed = self.leaks or agent == self.agent_selection
        mask = np.full(2, int(allowed), dtype=np.int8)
        return {"observation": super().observe(agent), "action_mask": mask}


class Leaking(Masked):
    leaks = True


class SecondResetFails(Turns):
    resets = 0

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        self.resets += 1
        if self.resets > 1:
            raise RuntimeError("only once")
        super().reset(seed, options)


def tried(test: Any, make: Any, **options: Any) -> Trial:
    source = open_environment(make)
    limits = {"seed": 0, "max_steps": 100, "deadline": time.perf_counter() + 60}
    return test(source, **{**limits, **options})


@pytest.mark.parametrize("make", [Turns, Rebuilt, Shaken, HigherCard, Pointing, Coordination])
@pytest.mark.parametrize("fresh", [True, False])
def test_what_repeats_repeats(make: Any, fresh: bool) -> None:
    assert tried(repeats, make, fresh=fresh).passed


def test_what_an_instance_carries_over_is_found() -> None:
    assert tried(repeats, CarriesOver, fresh=True) == Trial(True, 8)
    found = tried(repeats, CarriesOver, fresh=False)
    assert (found.passed, str(found)) == (False, "no: differs after 1 step")


def test_instances_that_differ_are_found() -> None:
    found = tried(repeats, Moody, fresh=True)
    assert (found.passed, found.what) == (False, "differs after 0 steps")
    assert tried(repeats, Moody, fresh=False).passed


@pytest.mark.parametrize(
    ("make", "what"),
    [(Turns, ""), (HigherCard, "at the start"), (Shaken, "after ")],
)
def test_seeds_matter_where_there_is_chance(make: Any, what: str) -> None:
    found = tried(seeds_matter, make, episodes=5)
    assert found.passed is (not what)
    assert what in found.what


@pytest.mark.parametrize(
    ("make", "deepcopy", "attributes", "snapshot"),
    [
        (Turns, "", "", ""),
        (Rebuilt, "the copy is a new environment", "", ""),
        (Shaken, "", "", "copies share a Generator that is drawn from"),
        (Drifts, "steps later", "steps later", "steps later"),
        (Unpicklable, "cannot pickle", "cannot pickle", "cannot pickle"),
    ],
)
def test_copies(make: Any, deepcopy: str, attributes: str, snapshot: str) -> None:
    for test, what in (
        (trial_deepcopy, deepcopy),
        (trial_attribute_copy, attributes),
        (trial_state_copy, snapshot),
    ):
        found = tried(test, make)
        assert found.passed is (not what), (test.__name__, found)
        assert what in found.what


def test_an_episode_of_one_step_cannot_be_copied_in_the_middle() -> None:
    found = tried(trial_state_copy, Pointing)
    assert found.passed is None
    assert str(found) == "not tried: no episode has a second step"


def test_masks_out_of_turn() -> None:
    assert tried(mask_leaks, Masked, episodes=2) == Trial(True, 16)
    leak = tried(mask_leaks, Leaking, episodes=2)
    assert (leak.passed, leak.what) == (False, "mismatcher is shown 2 legal actions out of turn")
    assert tried(mask_leaks, Coordination, episodes=1).passed is None
    assert tried(mask_leaks, Turns, episodes=1).passed is None


def test_hidden_choices() -> None:
    shown = tried(hidden_choices, Turns)
    assert shown.passed
    assert shown.steps >= 10
    hidden = tried(hidden_choices, MatchingPennies)
    assert hidden.passed is False
    assert "mismatcher is not shown whether matcher chose" in hidden.what
    assert "at the same time" in tried(hidden_choices, Coordination).what


def sites_of(make: Any) -> Any:
    source = open_environment(make)
    with chance_sites() as sites:
        driver = source.driver()
        sites.phase = "start"
        for _ in random_episode(driver, 0, 0, 100):
            sites.phase = "play"
    return sites


def test_chance_sites_name_the_caller() -> None:
    assert sites_of(Turns).listed() == ()
    here = f"{__name__}."
    (site,) = sites_of(HigherCard).listed()
    assert (site.phase, site.generator, site.method) == ("start", "Generator", "permutation")
    assert site.is_discrete
    assert sites_of(Shaken).listed() == (
        ChanceSite("play", "Generator", "integers", f"{here}step"),
    )


@pytest.mark.parametrize(
    ("draw", "discrete"),
    [
        (lambda: np.random.default_rng(1).choice(3, p=[0.2, 0.3, 0.5]), True),
        (lambda: np.random.default_rng(1).normal(), False),
        (lambda: np.random.RandomState(1).rand(), False),
        (lambda: random.Random(1).shuffle([1, 2, 3]), True),
        (lambda: random.Random(1).random(), False),
    ],
)
def test_every_kind_of_generator_is_noted(draw: Any, discrete: bool) -> None:
    class Draws(Turns):
        def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
            super().reset(seed, options)
            draw()

    (site,) = sites_of(Draws).listed()
    assert site.is_discrete is discrete
    assert site.phase == "start"


def test_copies_of_a_generator_are_noted_as_well() -> None:
    class HandsOut(Turns):
        def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
            super().reset(seed, options)
            made = np.random.default_rng(seed), np.random.RandomState(seed), random.Random(seed)
            self.copies = [copy.deepcopy(generator) for generator in made]

        def step(self, action: int | None) -> None:
            super().step(action)
            self.drawn = [
                self.copies[0].integers(9),
                self.copies[1].randint(9),
                self.copies[2].randrange(9),
            ]

    found = sites_of(HandsOut).listed()
    assert [(site.phase, site.method) for site in found] == [
        ("play", "integers"),
        ("play", "randrange"),
        ("play", "randint"),
    ]


def test_noting_leaves_nothing_behind_and_does_not_touch_the_caller() -> None:
    kinds = np.random.default_rng, np.random.RandomState, random.Random, seeding.np_random
    before = np.random.default_rng(5).integers(99)
    with chance_sites() as sites:
        # Asked by this package: the original.
        assert random_episode.__globals__["episode_streams"](5, 0)[1].integers(99) >= 0
        assert sites.listed() == ()
        assert isinstance(np.random.default_rng(0), np.random.Generator)
        assert len(set(np.random.default_rng(0).permutation(9))) == 9
    after = np.random.default_rng, np.random.RandomState, random.Random, seeding.np_random
    assert kinds == after
    assert np.random.default_rng(5).integers(99) == before
    assert type(np.random.default_rng(0)) is np.random.Generator


def test_global_generators_are_told() -> None:
    class Global(Turns):
        def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
            super().reset(seed, options)
            np.random.rand()  # noqa: NPY002

    assert sites_of(Global).global_generators == ("numpy.random",)
    assert sites_of(Turns).global_generators == ()


@pytest.mark.parametrize(
    ("draw", "counts"),
    [
        (lambda: np.random.default_rng(1).integers(6), [6]),
        (lambda: np.random.default_rng(1).integers(1, 6, endpoint=True, size=2), [6, 6]),
        (lambda: np.random.RandomState(1).randint(0, 2), [2]),
        (lambda: random.Random(1).randint(1, 6), [6]),
        (lambda: random.Random(1).randrange(0, 10, 3), [4]),
        (lambda: random.Random(1).sample("abcd", 2), [4, 3]),
        (lambda: random.Random(1).choice("abc"), [3]),
        (lambda: np.random.default_rng(1).choice(5, 2, replace=False), [5, 4]),
        (lambda: np.random.default_rng(1).choice([7, 8, 9], 2), [3, 3]),
        (lambda: np.random.default_rng(1).permutation(4), [4, 3, 2, 1]),
        (lambda: random.Random(1).getrandbits(3), [8]),
        (lambda: np.random.default_rng(1).choice(2, p=[0.5, 0.5]), [2]),
        (lambda: np.random.default_rng(1).integers([2, 3]), [None]),
        (lambda: np.random.default_rng(1).uniform(), [None]),
        (lambda: random.Random(1).gauss(0, 1), [None]),
        (lambda: np.random.rand(), [None]),  # noqa: NPY002, PLW0108
        (lambda: np.random.default_rng(1).bit_generator, []),
    ],
)
def test_outcomes_are_counted(draw: Any, counts: list[int | None]) -> None:
    with chance_sites() as sites:
        draw()
        assert sites.take_draws() == counts
        assert sites.take_draws() == []
        assert len(sites.listed()) == bool(counts)


def test_equal_items_count_as_often_as_they_are_likely() -> None:
    met = []
    with chance_sites() as sites:
        for _ in range(400):
            np.random.RandomState(1).shuffle([1, 1, 2])
            met.append(math.prod(sites.take_draws()))
    # Three orders, each of probability 1/3, in the mean of the reciprocals as in each.
    assert set(met) == {3}
