"""Classes of deviations: what a regret is measured against, and whether that is everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gametheory.errors import UnsupportedGame
from gametheory.games.pure_strategies import pure_strategies
from marl_bridge.environments.extraction import Extraction
from marl_bridge.environments.observations import observation_key
from marl_bridge.errors import InvalidPolicy
from marl_bridge.policies.policy import Policy, as_policy
from marl_bridge.policies.tabular import TabularPolicy

__all__ = ["Deviations", "deviations_of", "pure_deviations"]


@dataclass(frozen=True, eq=False)
class Deviations:
    """Policies that one agent may deviate to.

    Attributes
    ----------
    policies : tuple of Policy
        At least one.
    name : str
        What the class is, in words; every figure that rests on it repeats it.
    complete : bool
        Whether no policy of the agent earns more than the best of these, whatever the others
        do: true of all pure strategies. Only then an upper bound speaks of every deviation.
    """

    policies: tuple[Policy, ...]
    name: str
    complete: bool = False

    def __post_init__(self) -> None:
        if not self.policies:
            raise InvalidPolicy(
                "a class of deviations without a policy",
                where="deviations",
                valid="at least one policy for each agent that may deviate",
            )

    def __len__(self) -> int:
        return len(self.policies)


def deviations_of(given: Any, agents: Sequence[str]) -> dict[str, Deviations]:
    """Make a class of deviations for each agent that is given policies.

    Parameters
    ----------
    given : mapping of agent to Deviations or to a sequence of policy-likes
        Agents that are left out do not deviate.
    agents : sequence of str
        The environment's agents.

    Raises
    ------
    InvalidPolicy
        If there are no deviations, an agent is unknown, or something is no policy.

    Examples
    --------
    >>> found = deviations_of({"left": ["random", lambda observation, mask: 0]}, ["left", "right"])
    >>> found["left"].name, found["left"].complete
    ('the 2 policies given', False)
    """
    if not isinstance(given, Mapping) or not given:
        raise InvalidPolicy(
            f"deviations are a {type(given).__name__}, or none are given",
            where="deviations",
            valid=f"policies by agent, of {list(agents)}",
        )
    unknown = [agent for agent in given if agent not in agents]
    if unknown:
        raise InvalidPolicy(
            f"deviations of the unknown agent {unknown[0]!r}",
            where="deviations",
            valid=f"agents {list(agents)}",
        )
    return {agent: _class_of(given[agent]) for agent in agents if agent in given}


def _class_of(given: Any) -> Deviations:
    if isinstance(given, Deviations):
        return given
    if isinstance(given, str) or not isinstance(given, Sequence):
        given = [given]
    policies = tuple(as_policy(policy) for policy in given)
    count = len(policies)
    return Deviations(policies, f"the {count} policies given" if count != 1 else "the policy given")


def pure_deviations(extraction: Extraction, agent: str, *, limit: int = 1000) -> Deviations:
    """List all pure strategies of an agent, up to choices that it excludes itself.

    Parameters
    ----------
    extraction : Extraction
    agent : str
    limit : int
        Refuse to list more.

    Returns
    -------
    Deviations
        Complete: no policy earns more than the best pure strategy.

    Raises
    ------
    InvalidPolicy
        If there is no such agent.
    UnsupportedGame
        If there are more than ``limit``, or the agent is shown the same in two information sets:
        then a policy of what it is shown cannot tell what its own earlier choices were.

    Examples
    --------
    >>> from marl_bridge.environments.extraction import extract
    >>> pure = pure_deviations(extract("classic/rps-v2", env_kwargs={"max_cycles": 1}), "player_0")
    >>> len(pure), pure.name, pure.complete
    (3, 'all 3 pure strategies of player_0', True)
    """
    if agent not in extraction.graph.players:
        raise InvalidPolicy(
            f"there is no agent {agent!r}",
            where="agent",
            valid=f"one of {list(extraction.graph.players)}",
        )
    game = extraction.game
    listed = pure_strategies(game, extraction.graph.players.index(agent), limit=limit)
    views = [extraction.view(infoset) for infoset in listed.infosets.tolist()]
    keys = [observation_key(view.observation) for view in views]
    if len(set(keys)) < len(keys):
        raise UnsupportedGame(
            f"agent {agent!r} is shown the same at several of its {len(keys)} information sets",
            where="its own earlier choices tell them apart, and policies see the newest view alone",
            hint="compute the exact regret with check(), or give policies as deviations",
        )
    policies = []
    for row in listed.choices.tolist():
        table = {}
        for key, view, choice in zip(keys, views, row, strict=True):
            if choice >= 0:
                certain = np.zeros(view.n_actions or 0)
                certain[view.legal_indices()[choice]] = 1.0
                table[key] = certain
        policies.append(TabularPolicy(table))
    return Deviations(tuple(policies), f"all {len(policies)} pure strategies of {agent}", True)
