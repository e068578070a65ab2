"""Policies as people write them on a command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from marl_bridge.environments.loading import load_module
from marl_bridge.errors import InvalidPolicy
from marl_bridge.policies.tabular import TabularPolicy

__all__ = ["policies_from", "policy_from", "save_policies"]

SUFFIXES = (".npz", ".json")


def policies_from(specs: Sequence[str], agents: Sequence[str]) -> dict[str, Any]:
    """Read the policies of all agents.

    Parameters
    ----------
    specs : sequence of str
        "SPEC" for all agents or "AGENT=SPEC" for one; a later one replaces an earlier one. SPEC
        is "random", a saved table, a folder with one saved table per agent, or
        "module:attribute" or "file.py:attribute" with a policy or a function of observation
        and mask.
    agents : sequence of str
        The environment's agents.

    Raises
    ------
    InvalidPolicy
        If a file or an attribute is missing, or an agent has no policy.

    Examples
    --------
    >>> policies_from(["random"], ["player_1", "player_2"])
    {'player_1': 'random', 'player_2': 'random'}
    """
    chosen: dict[str, Any] = {}
    for spec in specs:
        agent, equals, rest = spec.partition("=")
        if equals and agent in agents:
            chosen[agent] = policy_from(rest)
        elif Path(spec).is_dir():
            chosen.update(_from_folder(Path(spec), agents))
        else:
            chosen.update(dict.fromkeys(agents, policy_from(spec)))
    missing = [agent for agent in agents if agent not in chosen]
    if missing:
        raise InvalidPolicy(
            f"no policy for {', '.join(map(repr, missing))}",
            where=f"--policy {' --policy '.join(specs)}",
            valid="SPEC for all agents, or AGENT=SPEC for each",
        )
    return chosen


def policy_from(spec: str) -> Any:
    """Read one policy: "random", a saved table, or a module's or file's attribute.

    Raises
    ------
    InvalidPolicy
        If there is no such file or attribute.
    """
    if spec == "random":
        return spec
    if spec.endswith(SUFFIXES):
        return TabularPolicy.load(spec)
    place, colon, attribute = spec.rpartition(":")
    if not colon:
        raise InvalidPolicy(
            f"{spec!r} is no policy",
            valid="'random', a .npz or .json file, a folder of them, or 'module:attribute'",
            hint="train and save one with: marl-bridge train MAKE --save FOLDER",
        )
    module = load_module(place, spec)
    if not hasattr(module, attribute):
        raise InvalidPolicy(
            f"{place!r} has no {attribute!r}",
            where=repr(spec),
            hint="name a policy, or a function of observation and mask",
        )
    return getattr(module, attribute)


def save_policies(policies: Mapping[str, Any], folder: Path) -> list[Path]:
    """Save one table per agent, in files that :func:`policies_from` finds again.

    Raises
    ------
    InvalidPolicy
        If a policy is no table.
    """
    written = []
    for agent, policy in policies.items():
        if not isinstance(policy, TabularPolicy):
            raise InvalidPolicy(
                f"the policy of agent {agent!r} is a {type(policy).__name__}, which is not saved",
                valid="a TabularPolicy",
            )
        written.append(policy.save(folder / f"{quote(agent, safe='')}.npz"))
    return written


def _from_folder(folder: Path, agents: Sequence[str]) -> dict[str, Any]:
    files = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
    found = {unquote(path.stem): path for path in files}
    if not set(found) & set(agents):
        raise InvalidPolicy(
            f"the folder {str(folder)!r} holds no policy of {', '.join(map(repr, agents))}",
            valid=f"one file per agent, such as {agents[0]}.npz" if agents else "",
            hint="save them with: marl-bridge train MAKE --save FOLDER",
        )
    return {agent: TabularPolicy.load(found[agent]) for agent in agents if agent in found}
