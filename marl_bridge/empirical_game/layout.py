"""Layout: which joint policies have to be played to fill a table of payoffs.

Agents of one role choose from one population, and lots decide which of them sits where. Then only
the numbers of agents with each policy matter, so one cell is played for all joint policies that
differ by who in a role plays what, and agents of a role with the same policy are one group with
one expected return.

A reduced game has fewer players than the environment has agents: Wiedenbeck and Wellman (2012),
"Scaling simulation-based game analysis through deviation-preserving reduction", AAMAS. A player of
it stands for one agent when its payoff is asked for, and every other player of its role for
(N - 1) / (n - 1) agents, players of another role for N / n.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from marl_bridge.empirical_game.populations import Role
from marl_bridge.errors import InvalidEnvironment

__all__ = ["Cell", "Layout", "lay_out"]

_MOST_ENTRIES = 500_000


@dataclass(frozen=True, slots=True)
class Cell:
    """One joint policy up to who in a role plays what.

    Attributes
    ----------
    key : str
        Its policies by role, as JSON: what its episodes are stored under.
    policies : tuple of tuple of int
        For each role the policy of each agent, ascending.
    groups : tuple of (int, int)
        Role and policy of each group of agents whose returns are pooled.
    """

    key: str
    policies: tuple[tuple[int, ...], ...]
    groups: tuple[tuple[int, int], ...]

    @property
    def words(self) -> tuple[int, ...]:
        """Two numbers of 64 bits that its random streams are derived from."""
        digest = hashlib.blake2b(self.key.encode(), digest_size=16).digest()
        return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big")


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where every payoff of the table comes from.

    Attributes
    ----------
    roles : tuple of Role
    players : tuple of str
        Of the table: the agents, or the players of a reduced game.
    role_of : tuple of int
        The role of each player.
    cells : tuple of Cell
        To be played.
    cell_of : ndarray of int, shape (n_players, m_1, ..., m_n)
        The cell that tells a payoff; -1 where it is left out.
    group_of : ndarray of int, same shape
        The group in that cell.
    reduced : bool
    """

    roles: tuple[Role, ...]
    players: tuple[str, ...]
    role_of: tuple[int, ...]
    cells: tuple[Cell, ...]
    cell_of: NDArray[np.int64]
    group_of: NDArray[np.int64]
    reduced: bool

    @property
    def names(self) -> tuple[tuple[str, ...], ...]:
        """The names of each player's policies."""
        return tuple(self.roles[role].names for role in self.role_of)

    @property
    def used(self) -> tuple[tuple[int, int], ...]:
        """The different payoffs behind the table, as (cell, group), ascending."""
        pairs = np.stack([self.cell_of.ravel(), self.group_of.ravel()], axis=1)
        found = np.unique(pairs[pairs[:, 0] >= 0], axis=0)
        return tuple((int(cell), int(group)) for cell, group in found)

    def indices(self, profile: Sequence[str | int]) -> tuple[int, ...]:
        """Translate one policy for each player, by name or number, into numbers.

        Raises
        ------
        InvalidEnvironment
            A wrong number of policies, or one that its player does not have.
        """
        if isinstance(profile, str) or len(profile) != len(self.players):
            raise InvalidEnvironment(
                f"{profile!r} is no joint policy",
                where="profile",
                valid=f"one policy for each of {list(self.players)}",
            )
        found = []
        for player, names, policy in zip(self.players, self.names, profile, strict=True):
            if isinstance(policy, str) and policy in names:
                found.append(names.index(policy))
            elif not isinstance(policy, (str, bool)) and 0 <= policy < len(names):
                found.append(int(policy))
            else:
                raise InvalidEnvironment(
                    f"{player!r} has no policy {policy!r}", where="profile", valid=f"{list(names)}"
                )
        return tuple(found)


def lay_out(
    roles: Sequence[Role],
    agents: Sequence[str],
    *,
    reduction: Mapping[str, int] | int | None = None,
    profiles: Sequence[Sequence[str | int]] | None = None,
) -> Layout:
    """Find the cells that fill a table.

    Parameters
    ----------
    roles : sequence of Role
    agents : sequence of str
        The environment's agents, in order: the players, unless reduced.
    reduction : int or mapping of role to int, optional
        Number of players that stand for the agents of each role; a number alone for every role
        of several agents.
    profiles : sequence of joint policies, optional
        Only these are wanted; with roles, all that differ by who in a role plays what.

    Raises
    ------
    InvalidEnvironment
        If the numbers of players and agents do not fit, or the table is too large.

    Examples
    --------
    >>> from marl_bridge.empirical_game.populations import read_roles
    >>> roles = read_roles({"x": "random", "y": "random"}, ["a", "b"], symmetric=True)
    >>> layout = lay_out(roles, ["a", "b"])
    >>> [cell.key for cell in layout.cells]
    ['[["agent", ["x", "x"]]]', '[["agent", ["x", "y"]]]', '[["agent", ["y", "y"]]]']
    >>> layout.cell_of[0].tolist()
    [[0, 1], [1, 2]]
    """
    sizes = _reduced_sizes(roles, reduction)
    players, role_of = _players(roles, agents, sizes)
    shape = tuple(len(roles[role].names) for role in role_of)
    if len(players) * math.prod(shape) > _MOST_ENTRIES:
        raise InvalidEnvironment(
            f"the table has {math.prod(shape):,} joint policies of {len(players)} players",
            where="populations",
            valid=f"up to {_MOST_ENTRIES:,} payoffs",
            hint="fewer policies, or reduction= with roles for agents that are alike",
        )
    builder = _Builder(roles)
    cell_of = np.full((len(players), *shape), -1, dtype=np.int64)
    group_of = np.zeros_like(cell_of)
    for joint in np.ndindex(*shape):
        for player, role in enumerate(role_of):
            counts = builder.counts(joint, role_of)
            if sizes is not None:
                counts = _expanded(counts, joint[player], role, roles, sizes)
            cell, groups = builder.cell(counts)
            cell_of[(player, *joint)] = cell
            group_of[(player, *joint)] = groups.index((role, joint[player]))
    layout = Layout(
        tuple(roles),
        players,
        role_of,
        tuple(builder.cells),
        cell_of,
        group_of,
        reduced=sizes is not None,
    )
    return layout if profiles is None else _restricted(layout, profiles)


class _Builder:
    """Gives every cell a number, in the order they are first asked for."""

    def __init__(self, roles: Sequence[Role]) -> None:
        self.roles = roles
        self.cells: list[Cell] = []
        self._number: dict[tuple[tuple[int, ...], ...], int] = {}

    def counts(self, joint: Sequence[int], role_of: Sequence[int]) -> list[list[int]]:
        counts = [[0] * len(role.names) for role in self.roles]
        for role, policy in zip(role_of, joint, strict=True):
            counts[role][policy] += 1
        return counts

    def cell(self, counts: Sequence[Sequence[int]]) -> tuple[int, tuple[tuple[int, int], ...]]:
        key = tuple(tuple(row) for row in counts)
        if key not in self._number:
            self._number[key] = len(self.cells)
            policies = tuple(
                tuple(policy for policy, number in enumerate(row) for _ in range(number))
                for row in counts
            )
            named = [
                [role.name, [role.names[policy] for policy in row]]
                for role, row in zip(self.roles, policies, strict=True)
            ]
            groups = tuple(
                (role, policy)
                for role, row in enumerate(counts)
                for policy, number in enumerate(row)
                if number
            )
            self.cells.append(Cell(json.dumps(named, ensure_ascii=False), policies, groups))
        number = self._number[key]
        return number, self.cells[number].groups


def _players(
    roles: Sequence[Role], agents: Sequence[str], sizes: tuple[int, ...] | None
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    if sizes is None:
        of = {agent: number for number, role in enumerate(roles) for agent in role.agents}
        return tuple(agents), tuple(of[agent] for agent in agents)
    players, role_of = [], []
    for number, (role, size) in enumerate(zip(roles, sizes, strict=True)):
        alone = len(role.agents) == 1
        players += [role.name if alone else f"{role.name} {k + 1}" for k in range(size)]
        role_of += [number] * size
    return tuple(players), tuple(role_of)


def _reduced_sizes(
    roles: Sequence[Role], reduction: Mapping[str, int] | int | None
) -> tuple[int, ...] | None:
    if reduction is None:
        return None
    if isinstance(reduction, Mapping):
        wanted = dict(reduction)
    else:
        wanted = {role.name: reduction for role in roles if len(role.agents) > 1}
    unknown = [name for name in wanted if name not in {role.name for role in roles}]
    if unknown:
        raise InvalidEnvironment(
            f"there is no role {unknown[0]!r}",
            where="reduction",
            valid=f"some of {[role.name for role in roles]}",
        )
    sizes = tuple(wanted.get(role.name, len(role.agents)) for role in roles)
    for role, size in zip(roles, sizes, strict=True):
        fitting = _fitting(len(role.agents), len(roles) > 1)
        if size not in fitting:
            raise InvalidEnvironment(
                f"{size!r} players cannot stand for the {len(role.agents)} agents of "
                f"{role.name!r} in equal shares",
                where="reduction",
                valid=f"one of {fitting}",
            )
    return sizes


def _fitting(agents: int, others: bool) -> list[int]:
    """List numbers of players that divide opponents, and with other roles agents, evenly."""
    if agents == 1:
        return [1]
    return [
        size
        for size in range(2, agents + 1)
        if (agents - 1) % (size - 1) == 0 and (not others or agents % size == 0)
    ]


def _expanded(
    counts: Sequence[Sequence[int]],
    policy: int,
    own: int,
    roles: Sequence[Role],
    sizes: Sequence[int],
) -> list[list[int]]:
    """Blow the others up to the full number of agents; the player itself remains one."""
    full = []
    for number, (row, role, size) in enumerate(zip(counts, roles, sizes, strict=True)):
        agents = len(role.agents)
        if number != own:
            full.append([count * (agents // size) for count in row])
            continue
        factor = (agents - 1) // (size - 1) if size > 1 else 0
        others = [count - (k == policy) for k, count in enumerate(row)]
        full.append([count * factor + (k == policy) for k, count in enumerate(others)])
    return full


def _restricted(layout: Layout, profiles: Sequence[Sequence[str | int]]) -> Layout:
    """Leave out what is not wanted, and the cells that only that needs."""
    wanted = {
        int(layout.cell_of[(player, *layout.indices(profile))])
        for profile in profiles
        for player in range(len(layout.players))
    }
    if not wanted:
        raise InvalidEnvironment("no joint policy is wanted", where="profiles")
    kept = sorted(wanted)
    place = np.full(len(layout.cells), -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    return Layout(
        layout.roles,
        layout.players,
        layout.role_of,
        tuple(layout.cells[k] for k in kept),
        place[layout.cell_of],
        layout.group_of,
        layout.reduced,
    )
