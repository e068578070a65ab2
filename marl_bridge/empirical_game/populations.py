"""Populations: which policies each agent may be given, and which agents share them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marl_bridge.errors import InvalidEnvironment, InvalidPolicy
from marl_bridge.policies.policy import Policy, as_policy

__all__ = ["Role", "read_roles"]

Population = Mapping[str, Any] | Sequence[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Role:
    """Agents that draw lots for their seats, and the policies they choose from.

    Attributes
    ----------
    name : str
        The agent's name, where there is only one.
    agents : tuple of str
        In the environment's order.
    names : tuple of str
        Of the policies.
    policies : tuple of Policy
    """

    name: str
    agents: tuple[str, ...]
    names: tuple[str, ...]
    policies: tuple[Policy, ...]


def read_roles(
    populations: Any,
    agents: Sequence[str],
    *,
    roles: Mapping[str, Sequence[str]] | None = None,
    symmetric: bool = False,
) -> tuple[Role, ...]:
    """Read populations and roles.

    Parameters
    ----------
    populations : mapping
        Agent, or role, to a population: a mapping of name to policy, or a sequence of policies.
        Or one population for all agents.
    agents : sequence of str
        The environment's agents.
    roles : mapping of str to sequence of agents, optional
        Agents of one role choose from one population and draw lots for their seats. Agents that
        are not named have a role of their own.
    symmetric : bool
        All agents have one role.

    Returns
    -------
    tuple of Role
        In the order of their first agents.

    Raises
    ------
    InvalidEnvironment
        If the roles name an unknown agent, or an agent twice.
    InvalidPolicy
        If an agent has no population, agents of one role have different ones, or a population is
        empty or holds something that is no policy.

    Examples
    --------
    >>> [role] = read_roles({"random": "random"}, ["a", "b"], symmetric=True)
    >>> role.name, role.agents, role.names
    ('agent', ('a', 'b'), ('random',))
    """
    seating = _seating(agents, roles, symmetric)
    known = {*agents, *seating}
    given = _by_agent(populations, known)
    found = []
    for name, members in seating.items():
        sources = [key for key in (name, *members) if key in given] if given else []
        if given and not (name in given or all(agent in given for agent in members)):
            absent = [agent for agent in members if agent not in given]
            raise InvalidPolicy(
                f"no population for {', '.join(map(repr, absent))}",
                where="populations",
                valid=f"one for each of {list(agents)}, or one population for all",
            )
        shared = given[sources[0]] if given else populations
        for other in sources[1:]:
            if not _is_same(given[other], shared):
                raise InvalidPolicy(
                    f"{sources[0]!r} and {other!r} have one role and different populations",
                    where="populations",
                    valid=f"one population for the role {name!r}",
                )
        names, policies = _population(shared, name)
        found.append(Role(name, members, names, policies))
    return tuple(found)


def _seating(
    agents: Sequence[str], roles: Mapping[str, Sequence[str]] | None, symmetric: bool
) -> dict[str, tuple[str, ...]]:
    if symmetric and roles is not None:
        raise InvalidEnvironment("both symmetric and roles are given", where="symmetric, roles")
    given = {"agent": agents} if symmetric else dict(roles or {})
    of: dict[str, str] = {}
    for role, members in given.items():
        for agent in [members] if isinstance(members, str) else members:
            if agent not in agents:
                raise InvalidEnvironment(
                    f"there is no agent {agent!r}",
                    where=f"roles[{role!r}]",
                    valid=f"some of {list(agents)}",
                )
            if agent in of:
                raise InvalidEnvironment(
                    f"agent {agent!r} has the roles {of[agent]!r} and {role!r}", where="roles"
                )
            of[agent] = str(role)
    seating: dict[str, tuple[str, ...]] = {}
    for agent in agents:
        role = of.get(agent, agent)
        if agent not in of and agent in given:
            raise InvalidEnvironment(
                f"the role {agent!r} has the name of an agent of another role", where="roles"
            )
        seating[role] = (*seating.get(role, ()), agent)
    return seating


def _by_agent(populations: Any, known: set[str]) -> dict[str, Any]:
    """Return the mapping by agent or role; empty where one population is for all."""
    if not isinstance(populations, Mapping) or not known & set(populations):
        return {}
    unknown = [key for key in populations if key not in known]
    if unknown:
        raise InvalidPolicy(
            f"populations for {', '.join(map(repr, unknown))}",
            where="populations",
            valid=f"some of {sorted(known)}, or names of policies that no agent has",
        )
    return dict(populations)


def _is_same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(
            one[name] is other[name] or one[name] == other[name] for name in one
        )
    if isinstance(one, Mapping) or isinstance(other, Mapping) or len(one) != len(other):
        return False
    return all(a is b or a == b for a, b in zip(one, other, strict=True))


def _population(given: Any, role: str) -> tuple[tuple[str, ...], tuple[Policy, ...]]:
    where = f"populations[{role!r}]"
    valid = "a mapping of name to policy, or a sequence of policies"
    if isinstance(given, Mapping):
        named = {str(name): policy for name, policy in given.items()}
    elif isinstance(given, Sequence) and not isinstance(given, str):
        named = {f"policy {k}": policy for k, policy in enumerate(given)}
    else:
        raise InvalidPolicy(f"{given!r} is no population", where=where, valid=valid)
    if not named or len(named) != len(given):
        what = "two policies have one name" if named else "the population is empty"
        raise InvalidPolicy(what, where=where, valid=valid)
    return tuple(named), tuple(as_policy(policy) for policy in named.values())
