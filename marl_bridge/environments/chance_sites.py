"""Where an environment draws random numbers: which method of which generator, called by whom.

While one is looking, the same scripted generators stand in for the environment's as while its game
is extracted (:mod:`~marl_bridge.environments.scripted_random`), but they never stop it: they draw
by themselves, note who asked, and leave to NumPy and Python what cannot be listed by outcomes.
Generators that were made before, or are held elsewhere, are not seen; comparing their states and
episodes of several seeds covers what this misses.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Any

import numpy as np

from marl_bridge.environments.factories import intercepted
from marl_bridge.environments.script import Interrupted, Script, Unlisted
from marl_bridge.environments.scripted_random import is_continuous

__all__ = ["ChanceSite", "ChanceSites", "chance_sites"]

_GLOBAL = ("numpy.random", "random", "secrets")
# Callers that only pass a draw on to the code that asked for it.
_PASSING_ON = (
    "numpy",
    "gymnasium",
    "random",
    "marl_bridge.environments.chance_sites",
    "marl_bridge.environments.factories",
    "marl_bridge.environments.lazy_shuffle",
    "marl_bridge.environments.script",
)
_WORLDS = "marl_bridge.worlds."  # environments, as any other


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
        return not is_continuous(self.method)

    def __str__(self) -> str:
        return f"{self.phase}: {self.generator}.{self.method} in {self.caller}"


class ChanceSites(Script):
    """The places seen so far, in the role of a script that lets everything happen.

    Attributes
    ----------
    phase : str
        "made", "start" or "play"; set by whoever drives the environment.
    seen : set of ChanceSite
    global_generators : tuple of str
        Global generators that were drawn from.
    """

    def __init__(self) -> None:
        super().__init__()
        self.phase = "made"
        self.seen: set[ChanceSite] = set()
        self.global_generators: tuple[str, ...] = ()
        self._draws: list[Fraction | None] = []
        self._inside = False  # a draw made of other draws counts once
        self._chance = np.random.default_rng(0)

    @property
    def here(self) -> bool:
        """Whether it is the environment that asks, and no code of this package."""
        if threading.get_ident() != self._thread:
            return False
        module, _ = _caller()
        ours = module.partition(".")[0] == "marl_bridge"
        return not ours or module.startswith(_WORLDS)

    def called(self, method: str) -> str:
        """Note a call of a generator."""
        if not self._inside:
            generator, _, name = method.rpartition(".")
            self.seen.add(ChanceSite(self.phase, generator, name, ".".join(_caller())))
        return method

    def refuse(self, what: str, valid: str) -> Interrupted:
        """Leave a draw that has no list of outcomes to the original generator."""
        return Unlisted(what)

    def leave_to(self, method: str, original: Callable[[], Any]) -> Any:
        """Note a draw that the original generator answers; it may be made of other draws."""
        if method and not self._inside:
            self.called(method)
            self._draws.append(None)
            generator = method.rpartition(".")[0]
            if generator in _GLOBAL:
                self.global_generators = tuple(sorted({*self.global_generators, generator}))
        inside, self._inside = self._inside, True
        try:
            return original()
        finally:
            self._inside = inside

    def choose(
        self,
        weights: Sequence[Fraction | int],
        label: Callable[[int], str],
        site: str,
    ) -> int:
        """Draw one of the outcomes, and note how many there are."""
        total = sum(weights)
        bounds = [float(share) for share in accumulate(weights)]
        place = bisect_right(bounds, self._chance.random() * bounds[-1])
        possible = [number for number, weight in enumerate(weights) if weight]
        number = next((n for n in possible if n >= place), possible[-1])
        if not self._inside:
            self._draws.append(Fraction(total) / weights[number])
        return number

    def take_draws(self) -> list[Fraction | None]:
        """Return the number of outcomes of each draw since the last call; None if not known.

        A draw with unequal probabilities counts as the reciprocal of that of its outcome: in
        the mean over the outcomes this is their number. A card counts when it is looked at.
        """
        taken, self._draws = self._draws, []
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
    sites = ChanceSites()
    with intercepted(sites):
        yield sites


def _caller() -> tuple[str, str]:
    """Name the module and function that asked for a draw or a generator."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "?")
        if not module.startswith(_PASSING_ON):
            return module, frame.f_code.co_name
        frame = frame.f_back
    return "?", "?"
