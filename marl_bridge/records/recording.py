"""Recording: what a check and a table of sampled payoffs leave behind.

A report is worth more than its entry in a file: what cannot be recorded gives a warning, never an
error. :func:`require_usable` asks beforehand.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from marl_bridge.records.database import Record
from marl_bridge.records.entries import PolicyLabel, cells_of, entry_of
from marl_bridge.records.errors import RecordDamaged, RecordError, RecordWarning
from marl_bridge.records.places import record_path

__all__ = ["labels_of", "record_cells", "record_check", "require_usable"]


_LONGEST = 200  # characters of a name


def require_usable(path: str | Path | None = None) -> Path | None:
    """Ask whether a record can be written, before the work whose result it is to keep.

    Parameters
    ----------
    path : path-like, optional
        As for :func:`marl_bridge.records.places.record_path`.

    Returns
    -------
    Path or None
        The file; None if nothing is recorded.

    Raises
    ------
    RecordDamaged
        If the file is damaged, of something else, or of a newer version. A folder that cannot be
        written gives a RecordWarning instead, and None.
    """
    chosen = record_path(path)
    if chosen is None:
        return None
    try:
        Record(chosen).close()
    except RecordDamaged:
        raise
    except RecordError as error:
        warnings.warn(f"nothing will be recorded: {error}", RecordWarning, stacklevel=2)
        return None
    return chosen


def record_check(
    report: Any,
    path: str | Path | None = None,
    *,
    policies: Any = None,
    names: Mapping[str, str] | None = None,
    bounds: Any = None,
) -> Path | None:
    """Record a check.

    Parameters
    ----------
    report : Report, or its ``to_dict()``
    path : path-like, optional
        As for :func:`marl_bridge.records.places.record_path`.
    policies : policy-like or mapping, optional
        What was checked, for names and hashes.
    names : mapping of agent to str, optional
        How the policies are called, such as their files' names.
    bounds : ExploitationReport, or its ``to_dict()``, optional
        Bounds on what best responses gain against the same policies.

    Returns
    -------
    Path or None
        The file; None if recording is switched off or failed, which gives a RecordWarning.
    """

    def add(record: Record) -> None:
        told = _plain(report)
        agents = [agent["agent"] for agent in told["agents"]]
        labels = labels_of(policies, agents, names)
        record.add_check(entry_of(told, labels, bounds=None if bounds is None else _plain(bounds)))

    return _recorded(path, add)


def record_cells(
    table: Any,
    path: str | Path | None = None,
    *,
    env_kwargs: Mapping[str, Any] | None = None,
    policies: Mapping[str, Any] | None = None,
) -> Path | None:
    """Record the sampled payoffs of an empirical game; those recorded before are not doubled.

    Parameters
    ----------
    table : EmpiricalGame, or its ``to_dict()``
    path : path-like, optional
        As for :func:`marl_bridge.records.places.record_path`.
    env_kwargs : mapping, optional
        The environment's keyword arguments.
    policies : mapping of str to policy-like, optional
        The populations' policies by name, for their hashes.

    Returns
    -------
    Path or None
        The file; None if recording is switched off or failed, which gives a RecordWarning.
    """

    def add(record: Record) -> None:
        hashes = {name: _hash(policy) for name, policy in (policies or {}).items()}
        record.add_cells(cells_of(_plain(table), env_kwargs=env_kwargs, hashes=hashes))

    return _recorded(path, add)


def labels_of(
    policies: Any, agents: list[str], names: Mapping[str, str] | None = None
) -> tuple[PolicyLabel, ...]:
    """Name the policies of all agents and hash them.

    Examples
    --------
    >>> [label.name for label in labels_of("random", ["a", "b"])]
    ['random', 'random']
    """
    given = policies if isinstance(policies, Mapping) else dict.fromkeys(agents, policies)
    return tuple(
        PolicyLabel((names or {}).get(agent) or _name(given.get(agent)), _hash(given.get(agent)))
        for agent in agents
    )


def _name(policy: Any) -> str:
    if policy is None:
        return "unnamed"
    if isinstance(policy, str):
        return policy
    return str(getattr(policy, "__name__", None) or _adapted_name(policy))[:_LONGEST]


def _adapted_name(policy: Any) -> str:
    """Name a model by its adapter: what libraries print holds addresses, or whole networks."""
    from marl_bridge.errors import InvalidPolicy
    from marl_bridge.policies.policy import as_policy

    try:
        return repr(as_policy(policy))
    except InvalidPolicy:
        return type(policy).__name__


def _hash(policy: Any) -> str | None:
    from marl_bridge.errors import InvalidPolicy
    from marl_bridge.policies.policy import content_hash

    try:
        return None if policy is None else content_hash(policy)
    except InvalidPolicy:
        return None


def _plain(told: Any) -> Any:
    return told if isinstance(told, Mapping) else told.to_dict()


def _recorded(path: str | Path | None, add: Callable[[Record], None]) -> Path | None:
    chosen = record_path(path)
    if chosen is None:
        return None
    try:
        with Record(chosen) as record:
            add(record)
    except RecordError as error:
        warnings.warn(f"not recorded: {error}", RecordWarning, stacklevel=3)
        return None
    return chosen
