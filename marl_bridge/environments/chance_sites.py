"""Where an environment draws random numbers: which method of which generator, called by whom.

While one is looking, the factories of NumPy's and gymnasium's generators hand out generators
that note each draw with its caller. Generators that were made before, or are held elsewhere, are
not seen; comparing their states and episodes of several seeds covers what this misses.
"""

from __future__ import annotations

import contextlib
import copy
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import numpy as np

__all__ = ["ChanceSite", "ChanceSites", "chance_sites"]

# Draws with finitely many outcomes, as far as a method's name tells.
_DISCRETE = frozenset(
    {
        "binomial", "choice", "choices", "getrandbits", "hypergeometric", "integers",
        "multinomial", "multivariate_hypergeometric", "permutation", "permuted", "randint",
        "random_integers", "randrange", "sample", "shuffle",
    }
)  # fmt: skip
_NO_DRAWS = frozenset(
    {"bit_generator", "get_state", "getstate", "seed", "set_state", "setstate", "spawn"}
)
# Callers that only pass a draw on to the code that asked for it.
_PASSING_ON = ("numpy", "gymnasium", "random", "unittest.mock", __name__)


@dataclass(frozen=True, slots=True, order=True)
class ChanceSite:
    """A place in an environment's code that draws.

    Attributes
    ----------
    phase : str
        When: "made" (in the constructor), "start" (in ``reset``) or "play" (in ``step``).
    generator, method : str
        The kind of generator and the method called.
    caller : str
        Module and function that called it.
    """

    phase: str
    generator: str
    method: str
    caller: str

    @property
    def is_discrete(self) -> bool:
        """Whether the method's draws have finitely many outcomes."""
        return self.method in _DISCRETE

    def __str__(self) -> str:
        return f"{self.phase}: {self.generator}.{self.method} in {self.caller}"


@dataclass
class ChanceSites:
    """The places seen so far; ``phase`` is set by whoever drives the environment.

    ``global_generators`` names those of the two global generators that were seeded or drawn from.
    """

    phase: str = "made"
    seen: set[ChanceSite] = field(default_factory=set)
    inside: bool = False  # a draw made of other draws counts once
    global_generators: tuple[str, ...] = ()

    def note(self, generator: str, method: str) -> None:
        """Note a draw, unless it was asked for by whoever drives the environment."""
        frame: Any = sys._getframe(2)
        while frame is not None:
            module = frame.f_globals.get("__name__", "?")
            if module.partition(".")[0] == "marl_bridge":
                return
            if not module.startswith(_PASSING_ON):
                self.seen.add(
                    ChanceSite(self.phase, generator, method, f"{module}.{frame.f_code.co_name}")
                )
                return
            frame = frame.f_back

    def listed(self) -> tuple[ChanceSite, ...]:
        """Return the places, sorted."""
        return tuple(sorted(self.seen))


@contextlib.contextmanager
def chance_sites() -> Iterator[ChanceSites]:
    """Note the draws of all generators that are made inside the block.

    Examples
    --------
    >>> from marl_bridge.environments import open_environment
    >>> with chance_sites() as sites:
    ...     open_environment("classic/leduc_holdem-v4").new().reset(seed=1)
    >>> [site.method for site in sites.listed() if "shuffle" in site.caller]
    ['shuffle']
    """
    from gymnasium.utils import seeding

    sites = ChanceSites()
    new_generator = _recording(np.random.Generator, sites, _copied_generator)
    new_state = _recording(np.random.RandomState, sites, _copied_state)
    new_random = _recording(random.Random, sites, _copied_random)
    default_rng, np_random = np.random.default_rng, seeding.np_random

    def recorded_default_rng(seed: Any = None) -> Any:
        made = default_rng(seed)
        return made if isinstance(made, new_generator) else new_generator(made.bit_generator)

    def recorded_np_random(seed: int | None = None) -> Any:
        made, used = np_random(seed)
        return new_generator(made.bit_generator), used

    with (
        mock.patch.object(np.random, "default_rng", recorded_default_rng),
        mock.patch.object(np.random, "RandomState", new_state),
        mock.patch.object(random, "Random", new_random),
        mock.patch.object(seeding, "np_random", recorded_np_random),
    ):
        before = _global_states()
        yield sites
    after = _global_states()
    sites.global_generators = tuple(name for name in after if after[name] != before[name])


def _global_states() -> dict[str, str]:
    return {
        "numpy.random": repr(np.random.get_state(legacy=False)),  # noqa: NPY002
        "random": repr(random.getstate()),
    }


def _copied_generator(kind: Any, original: Any, memo: dict[int, Any]) -> Any:
    return kind(copy.deepcopy(original.bit_generator, memo))


def _copied_state(kind: Any, original: Any, memo: dict[int, Any]) -> Any:
    made = kind()
    made.set_state(original.get_state(legacy=False))
    return made


def _copied_random(kind: Any, original: Any, memo: dict[int, Any]) -> Any:
    made = kind()
    made.setstate(original.getstate())
    return made


def _recording(kind: Any, sites: ChanceSites, copied: Callable[..., Any]) -> Any:
    """Derive a generator class whose public methods note that they were called.

    Its copies are of the same class: an environment may hand out copies of its generator.
    """

    def look_up(self: Any, name: str) -> Any:
        found = kind.__getattribute__(self, name)
        if name.startswith("_") or name in _NO_DRAWS or not callable(found):
            return found

        def noted(*args: Any, **kwargs: Any) -> Any:
            if sites.inside:
                return found(*args, **kwargs)
            sites.note(kind.__name__, name)
            sites.inside = True
            try:
                return found(*args, **kwargs)
            finally:
                sites.inside = False

        return noted

    def copy_deeply(self: Any, memo: dict[int, Any]) -> Any:
        return copied(type(self), self, memo)

    methods = {"__getattribute__": look_up, "__deepcopy__": copy_deeply}
    return type(kind.__name__, (kind,), methods)
