"""What is learned on a simulator: a policy for all players, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidProfile

__all__ = ["Key", "SampledStrategy"]

Key = tuple[int, Hashable]
"""A player and an information state."""


@dataclass(frozen=True, eq=False)
class SampledStrategy:
    """What was learned: a policy for all players, defined wherever the game goes.

    How far it is from an equilibrium is not known: for that a best response has to be found,
    and the game is not held. Where it is small enough to be, tabulate the policy with
    :func:`gametheory.games.tabulated_policy.profile_of` and measure that. Elsewhere
    :func:`gametheory.algorithms.extensive_form.sampled_gain.sampled_gain` gives a lower bound.

    Attributes
    ----------
    n_players : int
    sampling : str
    iterations : int
        How many were finished. One that was cut short has left its traces in the table.
    histories : int
        Number of turns that were looked at, chance's and the last ones included.
    information_sets : tuple of int
        How many of each player's were met.
    nbytes : int
        Bytes of the table, information states included where Python tells their size; not what
        the simulator itself keeps.
    seconds : float
    stopped : str
        "iterations", "time limit", "information sets" (as many as were allowed) or "interrupted".
    table : mapping
        ``table[player, information_state]`` is a tuple of the actions, as the simulator names
        them, and one of their probabilities.
    """

    n_players: int
    sampling: str
    iterations: int
    histories: int
    information_sets: tuple[int, ...]
    nbytes: int
    seconds: float
    stopped: str
    table: Mapping[Key, tuple[tuple[Hashable, ...], tuple[float, ...]]]

    @property
    def exploitability(self) -> None:
        """Not known, see above."""

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "table": dict(self.table)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, table=MappingProxyType(state["table"]))

    def __call__(
        self, player: int, information_state: Hashable, actions: Sequence[Hashable]
    ) -> NDArray[np.float64]:
        """Give a probability for each action; the same for all where the player never was.

        Parameters
        ----------
        player : int
        information_state : hashable
            As the simulator gives it; of a mergeable state as
            :attr:`gametheory.games.turns.Turn.information_state` has it.
        actions : sequence
            All legal ones, in any order, themselves or by their labels.

        Raises
        ------
        InvalidProfile
            If other actions were legal at this information state.
        """
        known = self.table.get((player, information_state))
        if known is None:
            return np.full(len(actions), 1.0 / max(len(actions), 1))
        names: tuple[Callable[[Hashable], Hashable], ...] = (_itself, str)
        for name in names:
            odds = dict(zip(map(name, known[0]), known[1], strict=True))
            if len(actions) == len(odds) and all(name(action) in odds for action in actions):
                return np.array([odds[name(action)] for action in actions])
        raise InvalidProfile(
            f"the legal actions {[str(a) for a in actions]}",
            where=f"player {player}, information state {information_state!r}",
            valid=f"{[str(a) for a in known[0]]}: those that were legal there before",
        )

    def rows(self) -> list[dict[str, Any]]:
        """List the table as plain data, ready for JSON: one mapping an information set."""
        return [
            {
                "player": player,
                "information_state": seen if isinstance(seen, str) else repr(seen),
                "actions": [str(action) for action in actions],
                "probabilities": list(probabilities),
            }
            for (player, seen), (actions, probabilities) in self.table.items()
        ]

    def __repr__(self) -> str:
        return (
            f"<SampledStrategy: {self.n_players} players, {sum(self.information_sets):,} "
            f"information sets after {self.iterations:,} iterations, exploitability unknown>"
        )


def _itself(action: Hashable) -> Hashable:
    return action
