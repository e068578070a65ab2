"""A game tree that stands in arrays already: checked as a whole, never node by node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gametheory.errors import InvalidGame
from gametheory.games.extensive_form import CHANCE, TERMINAL
from gametheory.games.graph_builder import check_payoffs, check_probabilities
from gametheory.games.labels import NumberedLabels, player_labels
from gametheory.games.state_graph import StateGraph

__all__ = ["graph_from_arrays"]

Ints = NDArray[Any]


def graph_from_arrays(
    parent: ArrayLike,
    player: ArrayLike,
    infoset: ArrayLike,
    payoffs: ArrayLike,
    *,
    chance: ArrayLike | None = None,
    action: ArrayLike | None = None,
    players: Sequence[str] | None = None,
    title: str = "",
    action_labels: Sequence[str] | None = None,
    infoset_labels: Sequence[str] | None = None,
) -> StateGraph:
    """Read a tree from arrays with one entry a node; see ``ExtensiveFormGame.from_arrays``."""
    parents = _integers("parent", parent, None)
    n_nodes = parents.size
    movers = _integers("player", player, n_nodes)
    sets = _integers("infoset", infoset, n_nodes)
    rows = _payoffs(payoffs, np.flatnonzero(movers == TERMINAL))
    n_players = len(rows)
    names = player_labels(players, n_players)
    _check_shape(parents, movers, sets, n_players)

    order = np.argsort(parents, kind="stable")[1:]  # the root's parent is the smallest
    counts = np.bincount(parents[order], minlength=n_nodes)
    first_edge = np.concatenate([[0], np.cumsum(counts)])
    ranks = np.arange(order.size) - first_edge[parents[order]]
    action_names: Sequence[str]
    if action is None:
        labels, action_names = ranks, NumberedLabels(int(ranks.max(initial=-1)) + 1)
    else:
        labels, action_names = _labels(_integers("action", action, n_nodes)[order], action_labels)
        _check_siblings(parents[order], labels, action_names)
    decisions = np.flatnonzero(movers >= 0)
    _check_owners(sets, movers, decisions, infoset_labels)
    observations = np.where(movers >= 0, sets, -1)
    n_sets = int(sets[decisions].max(initial=-1)) + 1
    set_names = NumberedLabels(n_sets) if infoset_labels is None else infoset_labels
    if len(set_names) < n_sets:
        raise InvalidGame(
            f"{len(set_names)} labels for information sets numbered up to {n_sets - 1}",
            where="infoset_labels",
            valid=f"{n_sets} labels",
        )
    by_node = np.zeros((n_nodes, n_players), rows.dtype)
    by_node[movers == TERMINAL] = rows.T
    return StateGraph(
        players=names,
        title=title,
        player=movers,
        observation=observations,
        first_edge=first_edge,
        edge_target=order,
        edge_label=labels,
        edge_probability=_probabilities(chance, parents, movers, order),
        payoffs=by_node,
        action_labels=action_names,
        observation_labels=set_names,
        recall="check",
    )


def _integers(name: str, given: ArrayLike, size: int | None) -> Ints:
    array = np.asarray(given)
    wanted = "a flat array of integers" if size is None else f"{size} integers, one a node"
    if array.ndim != 1 or array.dtype.kind not in "iu" or not array.size:
        raise InvalidGame(
            f"{name} has shape {array.shape} and type {array.dtype}", where=name, valid=wanted
        )
    if size is not None and array.size != size:
        raise InvalidGame(f"{name} has {array.size} entries", where=name, valid=wanted)
    return array.astype(np.int64)


def _payoffs(given: ArrayLike, terminals: Ints) -> NDArray[Any]:
    """Read payoffs, one row a player, one column a terminal node; whole numbers stay exact."""
    array = np.asarray(given)
    if array.ndim != 2 or array.shape[1] != terminals.size or not len(array):
        raise InvalidGame(
            f"payoffs have shape {array.shape}",
            where="payoffs",
            valid=f"(n_players, {terminals.size}): a column for each node whose player is TERMINAL",
        )
    if array.dtype.kind == "f" and bool(np.isfinite(array).all()):
        return array.astype(np.float64)
    if array.dtype.kind in "iu" and (np.abs(array.astype(np.float64)) <= 2.0**53).all():
        return array.astype(np.float64)
    objects = array.astype(object)
    for node, column in zip(terminals.tolist(), objects.T.tolist(), strict=True):
        check_payoffs(column, len(array), f"node {node}")
    return objects


def _check_shape(parent: Ints, player: Ints, infoset: Ints, n_players: int) -> None:
    """Refuse what is no tree, and nodes whose player, children and information set disagree."""
    n_nodes = parent.size
    if parent[0] != -1:
        raise InvalidGame(f"node 0 has the parent {parent[0]}", valid="-1: node 0 is the root")
    lost = (parent[1:] < 0) | (parent[1:] >= n_nodes)
    _refuse(np.append(False, lost), "parent", parent, f"a node from 0 to {n_nodes - 1}")
    unknown = (player < TERMINAL) | (player >= n_players)
    _refuse(unknown, "player", player, f"0 to {n_players - 1}, CHANCE (-1) or TERMINAL (-2)")
    children = np.bincount(parent[1:], minlength=n_nodes)
    torn = (children > 0) == (player == TERMINAL)
    _refuse(torn, "player", player, "TERMINAL (-2) exactly where there are no children")
    _refuse((player >= 0) & (infoset < 0), "infoset", infoset, "a number from 0 at a decision")
    behind = parent.copy()
    behind[0] = 0
    for _ in range(n_nodes.bit_length()):  # twice as far each time: the root, or a circle
        behind = behind[behind]
    _refuse(behind != 0, "parent", parent, "parents that lead to the root", "they form a circle")


def _refuse(wrong: NDArray[np.bool_], name: str, values: Ints, valid: str, why: str = "") -> None:
    if wrong.any():
        node = int(np.flatnonzero(wrong)[0])
        raise InvalidGame(
            f"node {node} has the {name} {values[node]}{': ' * bool(why)}{why}",
            where=f"{name}[{node}]",
            valid=valid,
        )


def _check_owners(
    infoset: Ints, player: Ints, decisions: Ints, labels: Sequence[str] | None
) -> None:
    """Refuse an information set that two players share."""
    owner = np.full(int(infoset[decisions].max(initial=-1)) + 1, -1)
    owner[infoset[decisions]] = player[decisions]
    shared = np.flatnonzero(owner[infoset[decisions]] != player[decisions])
    if shared.size:
        node = int(decisions[shared[0]])
        number = int(infoset[node])
        name = f"{labels[number]!r}" if labels is not None and number < len(labels) else number
        raise InvalidGame(
            f"players {player[node]} and {owner[number]} share an information set",
            where=f"information set {name}",
            valid="one player a set",
            hint="number the information sets of all players differently",
        )


def _labels(actions: Ints, names: Sequence[str] | None) -> tuple[Ints, Sequence[str]]:
    largest = int(actions.max(initial=-1))
    known = NumberedLabels(largest + 1) if names is None else tuple(names)
    if actions.size and (actions.min() < 0 or largest >= len(known)):
        raise InvalidGame(
            f"actions are numbered from {actions.min()} to {largest}",
            where="action",
            valid=f"0 to {len(known) - 1}, one for each of action_labels",
        )
    return actions, known


def _check_siblings(parent: Ints, labels: Ints, names: Sequence[str]) -> None:
    """Refuse two children of one node with the same label."""
    keys = parent * len(names) + labels
    _, first = np.unique(keys, return_index=True)
    twice = np.setdiff1d(np.arange(keys.size), first)
    if twice.size:
        label = names[int(labels[twice[0]])]
        raise InvalidGame(
            f"two actions are called {label!r}",
            where=f"node {parent[twice[0]]}",
            valid="labels that tell a node's actions apart",
        )


def _probabilities(
    given: ArrayLike | None, parent: Ints, player: Ints, order: Ints
) -> NDArray[Any]:
    """Return each edge's probability, having checked those of chance."""
    under_chance = player[parent[order]] == CHANCE
    if given is None:
        if under_chance.any():
            raise InvalidGame(
                "chance has nodes, and there are no probabilities",
                where="chance",
                valid="an array with the probability of the edge into each node",
            )
        return np.zeros(order.size)
    array = np.asarray(given)
    if array.shape != parent.shape:
        raise InvalidGame(
            f"chance has shape {array.shape}", where="chance", valid=f"({parent.size},)"
        )
    number = np.flatnonzero(under_chance)
    edges = array[order]
    if array.dtype.kind != "f":  # ints and Fractions stay exact; what players choose is not read
        edges = np.full(order.size, 0, dtype=object)
        edges[number] = array[order[number]]
    starts = np.flatnonzero(np.diff(parent[order[number]], prepend=-1))
    ends, suspects = np.append(starts[1:], number.size), np.arange(starts.size)
    if array.dtype.kind == "f" and number.size:
        sums = np.add.reduceat(edges[number], starts)
        lowest = np.minimum.reduceat(edges[number], starts)
        suspects = np.flatnonzero(~(np.abs(sums - 1) <= 1e-9) | (lowest < 0))
    for k in suspects.tolist():
        here = number[starts[k] : ends[k]]
        check_probabilities(edges[here].tolist(), f"node {int(parent[order[here[0]]])}")
    return edges
