"""What a tabular learner knows of one observation."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from marl_bridge.environments.driver import View
from marl_bridge.environments.observations import observation_key
from marl_bridge.policies.checks import n_actions_of

__all__ = ["DrawnEntry", "Entry", "Table", "best_actions"]

# Values closer than this count as tied: they differ by the rounding of sums only.
_TIE = 1e-12


class Entry:
    """Action values at one observation and mask, and the actions that are legal there.

    A learner that keeps more derives a class, names what it keeps in ``__slots__`` and makes it
    in ``__init__``.
    """

    __slots__ = ("key", "legal", "values")

    def __init__(self, n_actions: int) -> None:
        self.values = [0.0] * n_actions
        self.key = b""  # of the observation alone
        self.legal: list[int] = []

    def begin(self) -> None:
        """Make what depends on the legal actions, when these are known."""

    def state(self) -> dict[str, Any]:
        """Return what is kept, by name."""
        slots = [name for base in type(self).__mro__ for name in getattr(base, "__slots__", ())]
        return {name: getattr(self, name) for name in sorted(slots)}


class DrawnEntry(Entry):
    """With the probabilities that the last action here was drawn from, one for each legal one."""

    __slots__ = ("chances",)

    def __init__(self, n_actions: int) -> None:
        super().__init__(n_actions)
        self.chances: list[float] = []


_Entry = TypeVar("_Entry", bound=Entry)


class Table(Generic[_Entry]):
    """One agent's entries by what it is shown and may do; made when first met."""

    __slots__ = ("_kind", "entries")

    def __init__(self, kind: type[_Entry]) -> None:
        self._kind = kind
        self.entries: dict[bytes, _Entry] = {}

    def at(self, view: View) -> _Entry:
        """Look up what an agent is shown: another mask is another entry."""
        key = observation_key(view.observation)
        full = key if view.mask is None else key + view.mask.tobytes()
        entry = self.entries.get(full)
        if entry is None:
            entry = self.entries[full] = self._kind(n_actions_of(view, "a tabular learner"))
            entry.key, entry.legal = key, view.legal_indices().tolist()
            entry.begin()
        return entry

    def state(self) -> dict[bytes, dict[str, Any]]:
        """Return plain data that :meth:`restore` takes."""
        return {key: entry.state() for key, entry in self.entries.items()}

    def restore(self, state: dict[bytes, dict[str, Any]]) -> None:
        """Take the entries of another table."""
        self.entries = {}
        for key, kept in state.items():
            entry = self.entries[key] = self._kind(len(kept["values"]))
            for name, value in kept.items():
                setattr(entry, name, value)


def best_actions(entry: Entry) -> list[int]:
    """List the legal actions of highest value, ties included."""
    values = entry.values
    best = max([values[action] for action in entry.legal])
    return [action for action in entry.legal if values[action] >= best - _TIE]
