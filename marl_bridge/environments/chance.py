"""What an extracted game owes to chance: where it draws, and who sees the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gametheory.games.extensive_form import CHANCE, TERMINAL
from gametheory.games.state_graph import StateGraph

__all__ = ["ChanceSite", "chance_report"]


@dataclass(frozen=True, slots=True)
class ChanceSite:
    """One place in an environment's code that draws.

    Attributes
    ----------
    site : str
        What is drawn, and the module and line.
    n_states : int
        Chance states of the game that it accounts for.
    seen_by : dict of str to str
        For each agent "yes", "partly" or "no": whether what it is shown at its next turn tells
        the outcomes of these states apart. An agent that sees a card dealt to another one sees
        too much; one that sees it partly may only know that it is none of its own.
    """

    site: str
    n_states: int
    seen_by: dict[str, str]

    def __str__(self) -> str:
        seen = ", ".join(f"{agent} {word}" for agent, word in self.seen_by.items())
        states = "state" if self.n_states == 1 else "states"
        return f"{self.site}: {self.n_states:,} {states}; seen by {seen}"


def chance_report(graph: StateGraph, sites: Sequence[str]) -> tuple[ChanceSite, ...]:
    """Group the chance states of a graph by where they come from.

    Parameters
    ----------
    graph : StateGraph
    sites : sequence of str
        One for each chance state, in the order of their numbers.
    """
    states = np.flatnonzero(graph.player == CHANCE).tolist()
    grouped: dict[str, list[int]] = {}
    for state, site in zip(states, sites, strict=True):
        grouped.setdefault(site, []).append(state)
    if not states:
        return ()
    seen = [_first_seen(graph, player) for player in range(len(graph.players))]
    found = []
    for site in sorted(grouped):
        seen_by = {}
        for agent, shown in zip(graph.players, seen, strict=True):
            words = {_told_apart(graph, shown, state) for state in grouped[site]} - {""}
            seen_by[agent] = words.pop() if len(words) == 1 else "partly" if words else "no"
        found.append(ChanceSite(site, len(grouped[site]), seen_by))
    return tuple(found)


def _first_seen(graph: StateGraph, player: int) -> list[frozenset[int]]:
    """List what a player may be shown at its first turn from each state on, that one included."""
    first, target = graph.first_edge.tolist(), graph.edge_target.tolist()
    owner, observation = graph.player.tolist(), graph.observation.tolist()
    shown: list[frozenset[int] | None] = [None] * len(owner)
    for state in range(len(owner)):
        if owner[state] == player:
            shown[state] = frozenset((observation[state],))
        elif owner[state] == TERMINAL:
            shown[state] = frozenset()
    for root in range(len(owner)):
        todo = [root]
        while todo:
            state = todo[-1]
            if shown[state] is not None:
                todo.pop()
                continue
            following = target[first[state] : first[state + 1]]
            missing = [s for s in following if shown[s] is None]
            if missing:
                todo += missing
                continue
            shown[state] = frozenset().union(*(shown[s] or () for s in following))
            todo.pop()
    return [s or frozenset() for s in shown]


def _told_apart(graph: StateGraph, shown: list[frozenset[int]], state: int) -> str:
    """Say how far a player tells the outcomes of one chance state apart; "" if it has no turn."""
    edges = slice(int(graph.first_edge[state]), int(graph.first_edge[state + 1]))
    outcomes = [shown[s] for s in graph.edge_target[edges].tolist()]
    if not any(outcomes):
        return ""
    distinct = set(outcomes)
    if len(distinct) == 1:
        return "no"
    apart = sum(len(s) for s in outcomes) == len(frozenset().union(*outcomes))
    return "yes" if apart else "partly"
