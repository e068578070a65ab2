"""The list of learners: a learner is one file and one :func:`register`.

A learner is a class. It plays one episode at a time and can be asked for its policies at any
moment. Progress, Ctrl-C, clocks and curves are the business of ``train``, so no learner
repeats them.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, TypeVar

from gametheory.errors import UnsupportedGame

__all__ = ["Learner", "RegisteredLearner", "find_learner", "learners", "register"]


class Learner(Protocol):
    """Learning under way.

    It is built as ``learner(source, episodes=..., seed=..., **options)``; ``episodes`` is the
    number of episodes it will be given, for its schedules.
    """

    agents: tuple[str, ...]

    def run_episode(self) -> Sequence[float]:
        """Play and learn from one episode; return each agent's return in it."""

    def policies(self) -> dict[str, Any]:
        """Return what was learned so far: a policy for each agent."""

    def state(self) -> dict[str, Any]:
        """Return plain data from which :meth:`restore` goes on, for checkpoints."""

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where an equal learner had stopped."""


@dataclass(frozen=True, slots=True)
class RegisteredLearner:
    """One way to learn.

    Attributes
    ----------
    name : str
        The name ``train(make, name)`` knows it by.
    start : callable
        Builds a :class:`Learner`.
    default_episodes : int
        How many episodes it is given when nobody says.
    promise : str
        What theory says about its result.
    source : str
        Who published it.
    extra : str
        The project's extra that it needs, such as "torch"; "" for none.
    also : tuple of str
        What else the field calls it; ``train`` knows these names too.
    """

    name: str
    start: Callable[..., Learner]
    default_episodes: int
    promise: str
    source: str
    extra: str = ""
    also: tuple[str, ...] = ()


_REGISTERED: dict[str, RegisteredLearner] = {}
_NAMES: dict[str, str] = {}  # and other names, to those learners are registered by
_Start = TypeVar("_Start", bound=Callable[..., Learner])


def register(
    name: str,
    *,
    default_episodes: int,
    promise: str,
    source: str,
    extra: str = "",
    also: tuple[str, ...] = (),
) -> Callable[[_Start], _Start]:
    """Make a learner known to ``train``, the command line and the contract tests."""

    def add(start: _Start) -> _Start:
        made = RegisteredLearner(name, start, default_episodes, promise, source, extra, also)
        for word in (name, *also):
            if word in _NAMES:
                raise ValueError(f"two learners are called {word!r}")
            _NAMES[word] = name
        _REGISTERED[name] = made
        return start

    return add


@cache
def _import_all() -> None:
    package = importlib.import_module("marl_bridge.learners")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def learners() -> tuple[RegisteredLearner, ...]:
    """List the registered learners by name.

    Examples
    --------
    >>> {"central-q", "independent-q"} <= {learner.name for learner in learners()}
    True
    """
    _import_all()
    return tuple(_REGISTERED[name] for name in sorted(_REGISTERED))


def find_learner(name: str) -> RegisteredLearner:
    """Look a learner up.

    Raises
    ------
    UnsupportedGame
        If there is none of this name.
    """
    _import_all()
    if name not in _NAMES:
        near = difflib.get_close_matches(name, sorted(_NAMES), n=3)
        raise UnsupportedGame(
            f"there is no learner {name!r}",
            where="learner",
            valid=" or ".join(map(repr, sorted(_REGISTERED))),
            hint=f"did you mean {' or '.join(map(repr, near))}?" if near else "",
        )
    return _REGISTERED[_NAMES[name]]
