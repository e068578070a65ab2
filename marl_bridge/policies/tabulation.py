"""From policies to behavior profiles, without stepping the environment again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from marl_bridge.environments.extraction import Extraction
from marl_bridge.errors import UnknownProbabilities
from marl_bridge.policies.checks import checked_distribution
from marl_bridge.policies.memory import HistoryPolicy, RecurrentPolicy
from marl_bridge.policies.policy import DistributionPolicy, Policy, assign, checked_probabilities

__all__ = ["tabulate"]


def tabulate(policies: Any, extraction: Extraction) -> BehaviorProfile:
    """Ask policies for their probabilities at everything their agents can be shown.

    Parameters
    ----------
    policies : policy-like or mapping
        One for all agents, or one for each.
    extraction : Extraction

    Returns
    -------
    BehaviorProfile
        Of ``extraction.game``.

    Raises
    ------
    UnknownProbabilities
        If a policy cannot state its probabilities.
    InvalidPolicy
        If it states no distribution over the legal actions; the agent and what is wrong are
        named.

    Notes
    -----
    Policies without a memory see the newest observation alone, so each distinct one is asked
    once, however many information sets show it. A policy with a memory
    (:mod:`marl_bridge.policies.memory`) is replayed along its agent's own sequences of
    observations and actions, and asked once at each information set.

    Examples
    --------
    >>> from marl_bridge.environments.extraction import extract
    >>> e = extract("classic/rps-v2", env_kwargs={"max_cycles": 1})
    >>> tabulate("random", e)[0].round(3)
    array([0.333, 0.333, 0.333])
    """
    assigned = assign(policies, extraction.graph.players)
    game = extraction.game
    flat = _by_observation(assigned, extraction)
    for player, agent in enumerate(extraction.graph.players):
        policy = assigned[agent]
        if isinstance(policy, HistoryPolicy):
            for infoset, p in _by_history(policy, extraction, player):
                start, end = game.action_offsets[infoset : infoset + 2]
                flat[start:end] = p
    return BehaviorProfile(game, flat)


def _by_observation(assigned: dict[str, Policy], extraction: Extraction) -> NDArray[np.float64]:
    """Ask for each observation once; agents whose policies have a memory get zeros."""
    rows = []
    for view in extraction.views:
        policy = assigned[view.agent]
        if isinstance(policy, HistoryPolicy):
            rows.append(np.zeros(view.legal_indices().size))
            continue
        if not isinstance(policy, DistributionPolicy):
            raise UnknownProbabilities(
                f"the policy {policy!r} of agent {view.agent!r} cannot state its probabilities",
                valid="an object with probabilities(view), or a function that returns an action "
                "or the probability of each action",
                hint="wrap it in CallablePolicy with a function that returns probabilities",
            )
        rows.append(checked_probabilities(policy, view)[view.legal_indices()])
    game = extraction.game
    start = np.cumsum([0, *(row.size for row in rows)])
    sizes = game.infoset_n_actions
    owner = np.repeat(np.arange(sizes.size), sizes)
    rank = np.arange(owner.size) - game.action_offsets[owner]
    told = np.concatenate([*rows, np.zeros(0)])
    return np.asarray(told[start[game.infoset_observation[owner]] + rank])


def _by_history(
    policy: HistoryPolicy, extraction: Extraction, player: int
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Replay a policy down its own tree of information sets, depth first.

    Only the memories on the way down are kept: recurrent networks have large ones.
    """
    game = extraction.game
    agent = extraction.graph.players[player]
    below = _continuations(game, player)
    legal_at = [view.legal_indices() for view in extraction.views]
    number = game.infoset_observation
    checked = isinstance(policy, RecurrentPolicy)  # which checks its own answers
    memory: Any = policy.initial_memory(agent)
    stack: list[tuple[int, Any, Any]] = [
        (infoset, memory, None) for infoset, _ in reversed(below.get(-1, []))
    ]
    while stack:
        infoset, memory, last = stack.pop()
        view, legal = extraction.views[number[infoset]], legal_at[number[infoset]]
        given, after = policy.distribution(view, memory, last)
        yield infoset, (given if checked else checked_distribution(view, given))[legal]
        stack += [
            (child, after, view.start + int(legal[rank]))
            for child, rank in reversed(below.get(infoset, []))
        ]


def _continuations(game: ExtensiveFormGame, player: int) -> dict[int, list[tuple[int, int]]]:
    """List the next information sets after each one, with the rank of the action between them.

    The player's first information sets follow -1.
    """
    plex = game.sequence_form.treeplexes[player]
    infosets = np.flatnonzero(game.infoset_player == player)
    below: dict[int, list[tuple[int, int]]] = {}
    for infoset, sequence in zip(infosets.tolist(), plex.parent_sequence.tolist(), strict=True):
        if sequence == 0:
            below.setdefault(-1, []).append((infoset, 0))
            continue
        flat = plex.flat.start + sequence - 1
        above = int(np.searchsorted(game.action_offsets, flat, side="right")) - 1
        rank = flat - int(game.action_offsets[above])
        below.setdefault(above, []).append((infoset, rank))
    return below
