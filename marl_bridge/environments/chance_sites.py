"""Where an environment draws random numbers: which method of which generator, called by whom.

While one is looking, the factories of NumPy's and gymnasium's generators hand out generators
that note each draw with its caller. Generators that were made before, or are held elsewhere, are
not seen; comparing their states and episodes of several seeds covers what this misses.
"""

from __future__ import annotations

import contextlib
import copy
import math
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any
from unittest import mock

import numpy as np

__all__ = ["ChanceSite", "ChanceSites", "chance_sites", "outcomes"]

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

    ``draws`` are those since they were last taken, see :meth:`take_draws`;
    ``global_generators`` names those of the two global generators that were seeded or drawn from.
    """

    phase: str = "made"
    seen: set[ChanceSite] = field(default_factory=set)
    inside: bool = False  # a draw made of other draws counts once
    draws: list[Fraction | None] = field(default_factory=list)
    global_generators: tuple[str, ...] = ()

    def note(self, generator: str, method: str) -> bool:
        """Note a draw, unless it was asked for by whoever drives the environment."""
        frame: Any = sys._getframe(2)
        while frame is not None:
            module = frame.f_globals.get("__name__", "?")
            if module.partition(".")[0] == "marl_bridge":
                return False
            if not module.startswith(_PASSING_ON):
                self.seen.add(
                    ChanceSite(self.phase, generator, method, f"{module}.{frame.f_code.co_name}")
                )
                return True
            frame = frame.f_back
        return False

    def take_draws(self) -> list[Fraction | None]:
        """Return the number of outcomes of each draw since the last call; None if not known.

        A draw with unequal probabilities counts as the reciprocal of that of its outcome: in
        the mean over the outcomes this is their number.
        """
        taken, self.draws = self.draws, []
        return taken

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


def outcomes(
    generator: str, method: str, args: Sequence[Any], kwargs: Mapping[str, Any], drawn: Any
) -> Fraction | None:
    """Count the outcomes of a draw, as far as the method's arguments tell.

    Parameters
    ----------
    generator, method : str
        The kind of generator and the method called.
    args, kwargs
        What it was called with.
    drawn : object
        What it returned.

    Examples
    --------
    >>> str(outcomes("Random", "shuffle", ([1, 2, 3, 4],), {}, None))
    '24'
    >>> str(outcomes("Generator", "choice", (2,), {"p": [0.25, 0.75]}, 1))
    '4/3'
    >>> outcomes("Generator", "normal", (), {}, 0.3) is None
    True
    """
    counter = _COUNTERS.get(f"{generator}.{method}", _COUNTERS.get(method))
    try:
        count = None if counter is None else counter(*args, drawn=drawn, **kwargs)
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return None  # called in a way that is not known here
    return None if count is None else Fraction(count)


def _many(n: int, size: Any) -> int:
    times = 1 if size is None else int(np.prod(size))
    return int(n**times)


def _length(pool: Any) -> int:
    return int(pool) if _is_number(pool) else len(pool)


def _is_number(pool: Any) -> bool:
    return hasattr(pool, "__index__") and np.ndim(pool) == 0


def _count_integers(
    low: Any, high: Any = None, size: Any = None, *, endpoint: bool = False, drawn: Any, **_: Any
) -> int:
    low, high = (0, low) if high is None else (low, high)
    return _many(int(high) - int(low) + int(endpoint), size)


def _count_randint(low: Any, high: Any = None, size: Any = None, *, drawn: Any, **_: Any) -> int:
    return _count_integers(low, high, size, drawn=drawn)


def _count_closed(low: int, high: int, *, drawn: Any) -> int:
    return high - low + 1


def _count_range(start: int, stop: int | None = None, step: int = 1, *, drawn: Any) -> int:
    return len(range(start) if stop is None else range(start, stop, step))


def _count_choice(
    pool: Any, size: Any = None, replace: bool = True, p: Any = None, *, drawn: Any, **_: Any
) -> Any:
    n = _length(pool)
    if p is not None:
        if size is not None:
            return None
        index = int(drawn) if _is_number(pool) else list(pool).index(drawn)
        return 1 / Fraction(float(p[index])).limit_denominator(10_000)
    if size is None or replace:
        return _many(n, size)
    return math.perm(n, int(np.prod(size)))


def _count_orders(pool: Any, *_: Any, drawn: Any, **__: Any) -> int:
    return math.factorial(_length(pool))


def _count_sample(pool: Any, k: int, *, drawn: Any) -> int:
    return math.perm(len(pool), k)


def _count_bits(k: int, *, drawn: Any) -> int:
    return int(2**k)


_COUNTERS: dict[str, Callable[..., Any]] = {
    "Random.randint": _count_closed,
    "choice": _count_choice,
    "getrandbits": _count_bits,
    "integers": _count_integers,
    "permutation": _count_orders,
    "randint": _count_randint,
    "randrange": _count_range,
    "sample": _count_sample,
    "shuffle": _count_orders,
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
            counts = sites.note(kind.__name__, name)
            sites.inside = True
            try:
                drawn = found(*args, **kwargs)
            finally:
                sites.inside = False
            if counts:
                sites.draws.append(outcomes(kind.__name__, name, args, kwargs, drawn))
            return drawn

        return noted

    def copy_deeply(self: Any, memo: dict[int, Any]) -> Any:
        return copied(type(self), self, memo)

    methods = {"__getattribute__": look_up, "__deepcopy__": copy_deeply}
    return type(kind.__name__, (kind,), methods)
