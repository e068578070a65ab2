"""From policies to behavior profiles, without stepping the environment again."""

from __future__ import annotations

from typing import Any

import numpy as np

from gametheory.games.behavior_profile import BehaviorProfile
from marl_bridge.environments.extraction import Extraction
from marl_bridge.errors import UnknownProbabilities
from marl_bridge.policies.policy import DistributionPolicy, assign, checked_probabilities

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
    Policies see the newest observation alone, so each distinct one is asked once, however many
    information sets show it.

    Examples
    --------
    >>> from marl_bridge.environments.extraction import extract
    >>> e = extract("classic/rps-v2", env_kwargs={"max_cycles": 1})
    >>> tabulate("random", e)[0].round(3)
    array([0.333, 0.333, 0.333])
    """
    assigned = assign(policies, extraction.graph.players)
    rows = []
    for view in extraction.views:
        policy = assigned[view.agent]
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
    flat = np.concatenate(rows)[start[game.infoset_observation[owner]] + rank]
    return BehaviorProfile(game, flat)
