"""What a player can guarantee itself, when payoffs at the frontier are intervals.

The security level max over its strategies of the min over the opponent's of its expected payoff
grows with its payoffs. So the levels of the games with the lowest and the highest payoffs enclose
that of the true game, and in a zero-sum game this is the value. Nothing is assumed of the
opponent's payoffs.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import UnsupportedGame
from gametheory.games.extensive_form import CHANCE, TERMINAL
from gametheory.games.state_graph import StateGraph, unroll
from marl_bridge.environments.frontier import Frontier

__all__ = ["security_bounds"]

_ROUNDING = 1e-12
"""Of the payoff range: what sums of floats along a tree may be off by."""
_PATIENCE = 60.0  # seconds; whatever is found until then has guarantees to compute bounds from


def security_bounds(
    graph: StateGraph, player: int, frontier: Frontier | None, max_histories: int
) -> tuple[float, float]:
    """Enclose the security level of one of two players.

    Parameters
    ----------
    graph : StateGraph
    player : int
    frontier : Frontier or None
        Intervals of payoffs instead of the graph's; None takes the graph's.
    max_histories : int
        For games that have to be unrolled.

    Raises
    ------
    UnsupportedGame
        Unless there are two players; if the game is too large, or not solved.

    Notes
    -----
    Where an observation identifies the state the bounds come from backward induction over states,
    in Fractions, rounded outward. Else both games are solved. Where the certificate is exact its
    payoffs are the bounds, rounded outward; else these are what a strategy of each side guarantees
    against best responses, widened by rounding.
    """
    if len(graph.players) != 2:
        raise UnsupportedGame(
            f"bounds of a value in a game of {len(graph.players)} players", valid="two players"
        )
    over = np.flatnonzero(graph.player == TERMINAL)
    low = np.zeros(graph.n_states)
    low[over] = [float(graph.payoffs[state][player]) for state in over.tolist()]
    high = low.copy()
    if frontier is not None:
        low[frontier.states] = frontier.low[:, player]
        high[frontier.states] = frontier.high[:, player]
    if _observations_tell_states(graph):
        levels = [_backward(graph, player, payoffs) for payoffs in (low, high)]
        if levels[0] is not None and levels[1] is not None:
            return _outward(levels[0], -1), _outward(levels[1], 1)
    bottom, _ = _guaranteed(graph, player, low, max_histories)
    _, top = _guaranteed(graph, player, high, max_histories)
    return bottom, top


def _observations_tell_states(graph: StateGraph) -> bool:
    shown = graph.observation[graph.player >= 0]
    return np.unique(shown).size == shown.size


def _backward(graph: StateGraph, player: int, payoffs: NDArray[np.float64]) -> Fraction | None:
    """Return the value for a player by backward induction; None where the graph has a cycle."""
    first, target = graph.first_edge.tolist(), graph.edge_target.tolist()
    owner = graph.player.tolist()
    missing = np.diff(graph.first_edge).tolist()
    before: list[list[int]] = [[] for _ in owner]
    for state in range(len(owner)):
        for following in target[first[state] : first[state + 1]]:
            before[following].append(state)
    values: list[Fraction | None] = [None] * len(owner)
    ready = [state for state, count in enumerate(missing) if not count]
    while ready:
        state = ready.pop()
        edges = range(first[state], first[state + 1])
        below = [values[target[edge]] or Fraction(0) for edge in edges]
        if owner[state] == TERMINAL:
            values[state] = Fraction(float(payoffs[state]))
        elif owner[state] == CHANCE:
            chances = [Fraction(graph.edge_probability[edge] or 0) for edge in edges]
            values[state] = sum(
                (p * value for p, value in zip(chances, below, strict=True)), Fraction(0)
            )
        else:
            values[state] = max(below) if owner[state] == player else min(below)
        for earlier in before[state]:
            missing[earlier] -= 1
            if not missing[earlier]:
                ready.append(earlier)
    return values[0]


def _outward(value: Fraction, direction: int) -> float:
    """Round to a float, down for -1 and up for 1."""
    rounded = float(value)
    if (Fraction(rounded) - value) * direction >= 0:
        return rounded
    return math.nextafter(rounded, direction * math.inf)


def _guaranteed(
    graph: StateGraph, player: int, payoffs: NDArray[np.float64], max_histories: int
) -> tuple[float, float]:
    """Solve the zero-sum game of one player's payoffs; return what both sides can hold it to."""
    import gametheory

    over = np.flatnonzero(graph.player == TERMINAL)
    rows: list[tuple[float, float] | None] = [None] * graph.n_states
    for state in over.tolist():
        own = float(payoffs[state])
        rows[state] = (own, -own) if player == 0 else (-own, own)
    game = unroll(replace(graph, payoffs=rows), max_histories=max_histories)
    solution = gametheory.solve(game, time_limit=_PATIENCE)
    if not solution.equilibria:
        raise UnsupportedGame(f"the game was not solved: {solution.reason or solution.status}")
    certificate = solution.certificate
    if certificate is not None and certificate.exact and not any(certificate.regrets):
        value = Fraction(certificate.payoffs[player])
        return _outward(value, -1), _outward(value, 1)
    least, most = float(payoffs[over].min()), float(payoffs[over].max())
    other = 1 - player
    slack = _ROUNDING * max(abs(least), abs(most))
    at_least = -gametheory.best_response_value(game, solution.profile, other) - slack
    at_most = gametheory.best_response_value(game, solution.profile, player) + slack
    return max(least, at_least), min(most, at_most)
