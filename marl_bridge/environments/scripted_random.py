"""Random generators that answer from a script, in place of NumPy's and Python's.

They take the arguments and give the types of the originals. Draws from finitely many outcomes are
put to the script; everything else is refused by name and place.
"""

from __future__ import annotations

import random
from collections.abc import Callable, MutableSequence, Sequence
from fractions import Fraction
from functools import wraps
from math import comb
from typing import Any

import numpy as np

from marl_bridge.environments.lazy_shuffle import (
    draw_order,
    group_equal,
    is_blank,
    label_of,
    shuffled,
)
from marl_bridge.environments.script import Script, Unlisted, as_fractions

__all__ = [
    "ScriptedGenerator",
    "ScriptedRandom",
    "ScriptedRandomState",
    "is_continuous",
    "is_scripted_class",
]

_MOST_OUTCOMES = 10_000
_VALID = (
    "draws of finitely many outcomes: choice, integers or randint, permutation, shuffle, binomial"
)
_CONTINUOUS = frozenset(
    """random random_sample rand uniform normal standard_normal randn exponential
    standard_exponential beta gamma standard_gamma chisquare noncentral_chisquare f noncentral_f
    standard_t standard_cauchy gumbel laplace logistic lognormal multivariate_normal pareto power
    rayleigh triangular vonmises wald weibull dirichlet gauss normalvariate expovariate
    betavariate gammavariate lognormvariate vonmisesvariate paretovariate
    weibullvariate""".split()  # noqa: SIM905
)
_SILENT = frozenset({"VERSION"})
_NO_DRAWS = frozenset(
    {"bit_generator", "get_state", "getstate", "seed", "set_state", "setstate", "spawn"}
)


class _Draws:
    """The draws that the three kinds of generators have in common."""

    _kind = ""
    _script: Script

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def _site(self, method: str) -> str:
        return self._script.called(f"{self._kind}.{method}")

    def _refuse(self, method: str, why: str) -> BaseException:
        return self._script.refuse(f"it draws from {self._kind}.{method}, {why},", _VALID)

    def _several(self, size: Any, draw: Callable[[], Any]) -> Any:
        """Draw once, or independently for each place of an array."""
        if size is None:
            return draw()
        shape = (size,) if np.ndim(size) == 0 else tuple(size)
        drawn = [draw() for _ in range(int(np.prod(shape, dtype=int)))]
        return np.array(drawn).reshape(shape)

    def _integer(self, low: Any, high: Any, method: str, site: str) -> int:
        """Draw an integer from ``low`` to ``high - 1``."""
        if np.ndim(low) or np.ndim(high):
            raise self._refuse(method, "with arrays of limits")
        first, count = int(low), int(high) - int(low)
        if count <= 0:
            raise ValueError("low >= high")
        if count > _MOST_OUTCOMES:
            raise self._refuse(method, f"one of {count:,} numbers")
        return first + self._script.choose([1] * count, lambda i: str(first + i), site)

    def _places(
        self, items: Sequence[Any], size: int | None, method: str, site: str, **how: Any
    ) -> list[int]:
        """Draw places of items: one if ``size`` is None; how is ``replace`` and ``p``."""
        n, replace, p = len(items), how.get("replace", True), how.get("p")
        if n > _MOST_OUTCOMES:
            raise self._refuse(method, f"one of {n:,} items")
        if n == 0:
            raise ValueError("a cannot be empty")
        if p is None and not replace and size is not None:
            if size > n:
                raise ValueError(
                    "Cannot take a larger sample than population when replace is False"
                )
            return draw_order(items, size, self._script, site)
        weights: list[Any] = [1] * n
        if p is not None:
            if len(p) != n or any(not 0 <= q <= 1 for q in p) or abs(sum(p) - 1) > 1e-7:
                raise ValueError("probabilities are not a distribution over a")
            weights = as_fractions(list(p))
        groups = group_equal(items)
        drawn: list[int] = []
        for _ in range(1 if size is None else size):
            grouped: list[Fraction | int] = [sum(weights[i] for i in group) for group in groups]
            if not any(grouped):
                raise ValueError("Fewer non-zero entries in p than size")
            chosen = self._script.choose(grouped, lambda i: label_of(items[groups[i][0]]), site)
            place = next(i for i in groups[chosen] if weights[i])
            drawn.append(place)
            if not replace:
                weights = [0 if i == place else weight for i, weight in enumerate(weights)]
        return drawn

    def _shuffle(self, x: Any, site: str, method: str) -> None:
        if isinstance(x, np.ndarray) and x.ndim == 1:
            mixed = shuffled(list(x), self._script, site)
            x[:] = mixed if x.dtype != object else _object_array(mixed)
        elif isinstance(x, np.ndarray):
            x[:] = x[draw_order(list(x), len(x), self._script, site)]
        elif isinstance(x, MutableSequence):
            x[:] = shuffled(list(x), self._script, site)
        else:
            raise self._refuse(method, f"of a {type(x).__name__}")

    def _binomial(self, n: Any, p: Any, site: str, method: str) -> int:
        if np.ndim(n) or np.ndim(p):
            raise self._refuse(method, "with arrays of parameters")
        n, (q, _) = int(n), as_fractions([p, 1 - p])
        if n > _MOST_OUTCOMES:
            raise self._refuse(method, f"one of {n + 1:,} numbers")
        weights = [comb(n, k) * q**k * (1 - q) ** (n - k) for k in range(n + 1)]
        return self._script.choose(weights, str, site)


class _NumPyDraws(_Draws):
    """The draws of NumPy's two kinds of generators."""

    def choice(  # noqa: PLR0917  (NumPy's own signature)
        self,
        a: Any,
        size: Any = None,
        replace: bool = True,
        p: Any = None,
        axis: int = 0,
        shuffle: bool = True,
    ) -> Any:
        """Draw one or several of some items, or of ``range(a)``."""
        site = self._site("choice")
        items = np.arange(a) if np.ndim(a) == 0 else _array(a)
        if axis != 0 or (items.ndim != 1 and size is not None and np.ndim(size)):
            raise self._refuse("choice", "along another axis")
        if not shuffle and not replace:
            raise self._refuse("choice", "in an order that NumPy leaves open (shuffle=False)")
        shape = () if size is None else (size,) if np.ndim(size) == 0 else tuple(size)
        number = None if size is None else int(np.prod(shape, dtype=int))
        places = self._places(list(items), number, "choice", site, replace=replace, p=p)
        if size is None:
            return places[0] if np.ndim(a) == 0 else items[places[0]]
        return items[np.array(places, dtype=int).reshape(shape)]

    def permutation(self, x: Any, axis: int = 0) -> Any:
        """Return a permutation of ``range(x)``, or of an array along its first axis."""
        site = self._site("permutation")
        if axis != 0:
            raise self._refuse("permutation", "along another axis")
        items = np.arange(x) if np.ndim(x) == 0 else _array(x)
        if items.ndim == 1 and items.dtype == object:
            return _object_array(shuffled(list(items), self._script, site))
        return items[draw_order(list(items), len(items), self._script, site)]

    def shuffle(self, x: Any, axis: int = 0) -> None:
        """Shuffle a list or an array in place."""
        site = self._site("shuffle")
        if axis != 0:
            raise self._refuse("shuffle", "along another axis")
        self._shuffle(x, site, "shuffle")

    def binomial(self, n: Any, p: Any, size: Any = None) -> Any:
        """Draw the number of successes."""
        site = self._site("binomial")
        return self._several(size, lambda: self._binomial(n, p, site, "binomial"))


def _array(items: Any) -> Any:
    """Turn items into an array as NumPy does, without looking at blank cards."""
    if not isinstance(items, np.ndarray) and any(is_blank(item) for item in items):
        return _object_array(list(items))
    return np.asarray(items)


def _object_array(items: list[Any]) -> Any:
    array = np.empty(len(items), dtype=object)
    for place, item in enumerate(items):
        array[place] = item
    return array


class ScriptedGenerator(_NumPyDraws, np.random.Generator):
    """Stands in for :class:`numpy.random.Generator`."""

    _kind = "Generator"

    def __init__(self, script: Script) -> None:
        super().__init__(np.random.PCG64(0))  # drawn from only where the script leaves it to
        self._script = script

    def __reduce__(self) -> Any:
        raise self._refuse("__reduce__", "pickled in the middle of an episode")

    def integers(
        self,
        low: Any,
        high: Any = None,
        size: Any = None,
        dtype: Any = np.int64,
        endpoint: bool = False,
    ) -> Any:
        """Draw integers."""
        site = self._site("integers")
        first, last = (0, low) if high is None else (low, high)
        last = last + 1 if endpoint else last
        drawn = self._several(size, lambda: self._integer(first, last, "integers", site))
        return np.asarray(drawn, dtype=dtype)[()] if dtype not in (int, bool) or size else drawn

    def spawn(self, n_children: int) -> list[np.random.Generator]:
        """Return as many generators that answer from the same script."""
        return [self] * n_children


class ScriptedRandomState(_NumPyDraws, np.random.RandomState):
    """Stands in for :class:`numpy.random.RandomState`."""

    _kind = "RandomState"

    def __init__(self, script: Script) -> None:
        super().__init__(0)  # drawn from only where the script leaves it to
        self._script = script

    def __reduce__(self) -> Any:
        raise self._refuse("__reduce__", "pickled in the middle of an episode")

    def seed(self, seed: Any = None) -> None:
        """Note the seed."""
        if hasattr(self, "_script"):
            self._script.seeds.append(seed)

    def randint(self, low: Any, high: Any = None, size: Any = None, dtype: Any = int) -> Any:
        """Draw integers."""
        site = self._site("randint")
        first, last = (0, low) if high is None else (low, high)
        drawn = self._several(size, lambda: self._integer(first, last, "randint", site))
        return drawn if size is None and dtype is int else np.asarray(drawn, dtype=dtype)[()]

    def random_integers(self, low: Any, high: Any = None, size: Any = None) -> Any:
        """Draw integers, the last one included."""
        site = self._site("random_integers")
        first, last = (1, low) if high is None else (low, high)
        return self._several(size, lambda: self._integer(first, last + 1, "random_integers", site))


class ScriptedRandom(_Draws, random.Random):
    """Stands in for :class:`random.Random`."""

    _kind = "Random"

    def __init__(self, script: Script) -> None:
        self._script = script
        random.Random.seed(self, 0)  # drawn from only where the script leaves it to

    def __reduce__(self) -> Any:
        raise self._refuse("__reduce__", "pickled in the middle of an episode")

    def seed(self, a: Any = None, version: int = 2) -> None:
        """Note the seed."""
        self._script.seeds.append(a)

    def choice(self, seq: Any) -> Any:
        """Draw one of some items."""
        site = self._site("choice")
        if not len(seq):
            raise IndexError("Cannot choose from an empty sequence")
        return seq[self._places(seq, None, "choice", site)[0]]

    def choices(
        self, population: Any, weights: Any = None, *, cum_weights: Any = None, k: int = 1
    ) -> list[Any]:
        """Draw some items with replacement."""
        site = self._site("choices")
        if cum_weights is not None:
            weights = np.diff([0, *cum_weights]).tolist()
        shares = None
        if weights is not None:
            exact = [Fraction(weight) for weight in weights]
            shares = [weight / sum(exact) for weight in exact]
        places = self._places(population, k, "choices", site, p=shares)
        return [population[place] for place in places]

    def sample(self, population: Any, k: int, *, counts: Any = None) -> list[Any]:
        """Draw some items without replacement."""
        site = self._site("sample")
        if counts is not None:
            population = [
                item for item, n in zip(population, counts, strict=True) for _ in range(n)
            ]
        return [population[i] for i in self._places(population, k, "sample", site, replace=False)]

    def randrange(self, start: Any, stop: Any = None, step: int = 1) -> int:
        """Draw from a range."""
        site = self._site("randrange")
        numbers = range(start) if stop is None else range(start, stop, step)
        return numbers[self._integer(0, len(numbers), "randrange", site)]

    def randint(self, a: int, b: int) -> int:
        """Draw an integer, both ends included."""
        return self._integer(a, b + 1, "randint", self._site("randint"))

    def getrandbits(self, k: int) -> int:
        """Draw an integer of so many bits."""
        return self._integer(0, 1 << k, "getrandbits", self._site("getrandbits"))

    def shuffle(self, x: Any) -> None:
        """Shuffle a list in place."""
        self._shuffle(x, self._site("shuffle"), "shuffle")


def is_scripted_class(type_: type) -> bool:
    """Tell whether a class is one of generators that answer from a script."""
    return issubclass(type_, _Draws)


def is_continuous(method: str) -> bool:
    """Tell whether a method of a generator draws from a continuum.

    Examples
    --------
    >>> is_continuous("normal"), is_continuous("shuffle")
    (True, False)
    """
    return method in _CONTINUOUS


def _refusal(method: str) -> Any:
    why = "which is continuous" if method in _CONTINUOUS else "which is not listed by outcomes"

    def refused(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise self._refuse(method, why)

    return refused


def _or_original(scripted: Any, original: Any, name: str) -> Any:
    """Make a method that asks the original one where the script lets unlisted draws happen."""

    def draw(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return scripted(self, *args, **kwargs)
        except Unlisted:
            noted = "" if name in _NO_DRAWS else f"{self._kind}.{name}"
            return self._script.leave_to(noted, lambda: original(self, *args, **kwargs))

    return wraps(scripted)(draw)


def _refuse_the_rest(scripted: type, original: type) -> None:
    """Make every public member of the original that is not scripted a refusal."""
    mine = {name for base in scripted.__mro__ if base.__module__ == __name__ for name in vars(base)}
    for name in dir(original):
        if name.startswith("_") or name in _SILENT:
            continue
        member = getattr(original, name)
        method = getattr(scripted, name) if name in mine else _refusal(name)
        if callable(member):
            setattr(scripted, name, _or_original(method, member, name))
        else:
            setattr(scripted, name, property(_or_original(method, member.__get__, name)))


_refuse_the_rest(ScriptedGenerator, np.random.Generator)
_refuse_the_rest(ScriptedRandomState, np.random.RandomState)
_refuse_the_rest(ScriptedRandom, random.Random)
