"""Collecting a game's states and edges, in any order, with the checks that every game must pass."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from gametheory.errors import InvalidGame
from gametheory.games.extensive_form import CHANCE, TERMINAL
from gametheory.games.state_graph import StateGraph

__all__ = ["GraphBuilder", "check_payoffs", "check_probabilities"]


class GraphBuilder:
    """Collects states and edges, in any order, for a :class:`StateGraph`."""

    def __init__(self) -> None:
        self._player: list[int] = []
        self._observation: list[int] = []
        self._edges: list[list[tuple[int, int, Fraction | float | None]]] = []
        self._payoffs: list[Any] = []
        self._labels: dict[str, int] = {}
        self._observations: dict[tuple[int, Hashable], int] = {}

    def __len__(self) -> int:
        return len(self._player)

    @property
    def observations(self) -> tuple[tuple[int, Hashable], ...]:
        """(player, information state) of each observation, in the graph's numbering."""
        return tuple(self._observations)

    @property
    def payoffs(self) -> Sequence[Any]:
        """Payoffs of the terminal states, None of the others."""
        return self._payoffs

    def reserve(self) -> int:
        """Give a number to a state that will be described later."""
        self._player.append(TERMINAL)
        self._observation.append(-1)
        self._edges.append([])
        self._payoffs.append(None)
        return len(self._player) - 1

    def terminal(self, state: int, payoffs: Sequence[Any]) -> None:
        """Describe a terminal state."""
        self._payoffs[state] = tuple(payoffs)

    def decision(self, state: int, player: int, seen: Hashable) -> None:
        """Describe a decision state."""
        self._player[state] = player
        key = (player, seen)
        self._observation[state] = self._observations.setdefault(key, len(self._observations))

    def chance(self, state: int) -> None:
        """Describe a chance state."""
        self._player[state] = CHANCE

    def edge(
        self, state: int, label: str, target: int, probability: Fraction | float | None = None
    ) -> None:
        """Add an action or a chance outcome."""
        number = self._labels.setdefault(label, len(self._labels))
        self._edges[state].append((target, number, probability))

    def build(self, players: Sequence[str], title: str, *, refine: bool) -> StateGraph:
        """Freeze what was collected."""
        edges = [edge for row in self._edges for edge in row]
        degrees = [0, *(len(row) for row in self._edges)]
        return StateGraph(
            players=tuple(players),
            title=title,
            player=np.array(self._player, np.int64),
            observation=np.array(self._observation, np.int64),
            first_edge=np.cumsum(degrees),
            edge_target=np.array([target for target, _, _ in edges], np.int64),
            edge_label=np.array([label for _, label, _ in edges], np.int64),
            edge_probability=[probability for _, _, probability in edges],
            payoffs=self._payoffs,
            action_labels=tuple(self._labels),
            observation_labels=tuple(_label(player, seen) for player, seen in self._observations),
            recall="refine" if refine else "check",
        )


def _label(player: int, seen: Hashable) -> str:
    return seen if isinstance(seen, str) else f"player {player}: {seen!r}"


def check_payoffs(payoffs: Sequence[Any], n_players: int | None, where: str) -> tuple[Any, ...]:
    """Return terminal payoffs as a tuple of finite real numbers, or raise InvalidGame."""
    try:
        row = tuple(payoffs)
        finite = all(math.isfinite(payoff) for payoff in row)
    except OverflowError as error:
        raise InvalidGame(
            "a payoff is too large",
            where=where,
            valid="magnitudes up to 1.8e308",
            hint="rescale: a positive factor changes no equilibrium",
        ) from error
    except TypeError as error:
        raise InvalidGame(
            f"payoffs {payoffs!r} are not real numbers: {error}",
            where=where,
            valid="one finite int, float or Fraction for each player",
        ) from error
    if not row or not finite or (n_players is not None and len(row) != n_players):
        wanted = "each player" if n_players is None else f"each of the {n_players} players"
        raise InvalidGame(
            f"payoffs {row!r}",
            where=where,
            valid=f"one finite number for {wanted}",
            hint="replace missing, NaN or infinite payoffs",
        )
    return row


def check_probabilities(probabilities: Sequence[Any], where: str) -> None:
    """Raise InvalidGame unless the numbers are a distribution; Fractions must sum exactly."""
    for probability in probabilities:
        if not (isinstance(probability, int | float | Fraction | np.number) and probability >= 0):
            raise InvalidGame(
                f"chance probability {probability!r}", where=where, valid="a number from 0 to 1"
            )
    total = sum(probabilities)
    exact = all(isinstance(probability, int | Fraction) for probability in probabilities)
    if total != 1 if exact else not abs(total - 1) <= 1e-9:
        raise InvalidGame(
            f"chance probabilities {[str(p) for p in probabilities]} sum to {total}",
            where=where,
            valid="a sum of 1",
            hint="use Fractions such as Fraction(1, 3) for exact probabilities",
        )
