"""Policies as people write them on a command line.

Naming a module's or a Python file's attribute is consent to run it: that is what a Python file is
for. Files of data that run code when they are loaded, without looking like it, need a flag.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from marl_bridge.environments.loading import is_folder, load_module
from marl_bridge.errors import InvalidPolicy
from marl_bridge.policies.code import load_pickled, load_torch_file
from marl_bridge.policies.stable_baselines import StableBaselinesPolicy, load_stable_baselines
from marl_bridge.policies.tabular import TabularPolicy
from marl_bridge.policies.torch_module import TorchPolicy

__all__ = ["policies_from", "policy_from", "policy_names", "save_policies"]

TABLES = (".npz", ".json")
TORCH = (".pt", ".pth")
PICKLES = (".pkl", ".pickle")
SUFFIXES = (*TABLES, ".zip", *TORCH, *PICKLES)
"""Of files that hold a policy, the safe ones first: a folder is searched in this order."""


def policies_from(
    specs: Sequence[str], agents: Sequence[str], *, allow_code: bool = False
) -> dict[str, Any]:
    """Read the policies of all agents.

    Parameters
    ----------
    specs : sequence of str
        "SPEC" for all agents or "AGENT=SPEC" for one; a later one replaces an earlier one. SPEC
        is what :func:`policy_from` reads, or a folder with one file per agent.
    agents : sequence of str
        The environment's agents.
    allow_code : bool
        Load files that can run code while they are loaded.

    Raises
    ------
    CodeNotAllowed
        If a file could run code and ``allow_code`` is False.
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
            chosen[agent] = policy_from(rest, allow_code=allow_code)
        elif is_folder(spec):
            chosen.update(_from_folder(Path(spec), agents, allow_code=allow_code))
        else:
            policy = policy_from(spec, allow_code=allow_code)
            chosen.update(dict.fromkeys(agents, policy))
    missing = [agent for agent in agents if agent not in chosen]
    if missing:
        raise InvalidPolicy(
            f"no policy for {', '.join(map(repr, missing))}",
            where=f"--policy {' --policy '.join(specs)}",
            valid="SPEC for all agents, or AGENT=SPEC for each",
        )
    return chosen


def policy_names(specs: Sequence[str], agents: Sequence[str]) -> dict[str, str]:
    """Name the policies that :func:`policies_from` reads, without the folders they are in.

    Examples
    --------
    >>> policy_names(["runs/3/model.zip", "b=mine.py:first"], ["a", "b"])
    {'a': 'model.zip', 'b': 'mine.py:first'}
    """
    names: dict[str, str] = {}
    for spec in specs:
        agent, equals, rest = spec.partition("=")
        one = bool(equals) and agent in agents
        place, colon, attribute = (rest if one else spec).rpartition(":")
        if colon and not attribute.endswith(".zip"):
            name = f"{Path(place).name}:{attribute}"
        else:
            name = Path(attribute).name
        names.update(dict.fromkeys([agent] if one else agents, name))
    return names


def policy_from(spec: str, *, allow_code: bool = False) -> Any:
    """Read one policy.

    Parameters
    ----------
    spec : str
        One of

        - "random";
        - a saved table, ``.npz`` or ``.json``;
        - "module:attribute" or "file.py:attribute", a policy or a function of observation and
          mask;
        - "file.py:attribute@weights.pt", a torch module or what builds one, and its saved state
          dict;
        - a Stable-Baselines3 model, "model.zip" or "PPO:model.zip";
        - a pickled torch module or TorchScript, ``.pt`` or ``.pth``;
        - a pickle, ``.pkl`` or ``.pickle``.
    allow_code : bool
        The last three can run any code while they are loaded, and are refused without it.

    Raises
    ------
    CodeNotAllowed
        If the file could run code and ``allow_code`` is False.
    InvalidPolicy
        If there is no such file or attribute.
    """
    if spec == "random":
        return spec
    place, colon, attribute = spec.rpartition(":")
    code, at, weights = attribute.rpartition("@")
    if colon and at and weights.endswith(TORCH):
        return _with_weights(_attribute(place, code, spec), weights)
    if spec.endswith(".zip"):
        named = colon and place.isidentifier() and len(place) > 1  # a letter is a drive
        file, algorithm = (attribute, place) if named else (spec, None)
        return load_stable_baselines(file, algorithm=algorithm, allow_code=allow_code)
    if spec.endswith(SUFFIXES):
        return _from_file(spec, allow_code=allow_code)
    if not colon:
        raise InvalidPolicy(
            f"{spec!r} is no policy",
            valid="'random', a file (.npz, .json, .zip, .pt, .pth, .pkl), a folder of them, or "
            "'module:attribute'",
            hint="train and save one with: marl-bridge train MAKE --save FOLDER",
        )
    return _attribute(place, attribute, spec)


def _from_file(path: str, *, allow_code: bool) -> Any:
    if path.endswith(TABLES):
        return TabularPolicy.load(path)
    if path.endswith(".zip"):
        return load_stable_baselines(path, allow_code=allow_code)
    load = load_torch_file if path.endswith(TORCH) else load_pickled
    return load(path, allow_code=allow_code)


def _attribute(place: str, attribute: str, spec: str) -> Any:
    module = load_module(place, spec)
    if not hasattr(module, attribute):
        raise InvalidPolicy(
            f"{place!r} has no {attribute!r}",
            where=repr(spec),
            hint="name a policy, or a function of observation and mask",
        )
    return getattr(module, attribute)


def _with_weights(network: Any, weights: str) -> Any:
    """Fill a module, or what its class or function builds."""
    from marl_bridge.policies.torch_module import load_weights
    from marl_bridge.policies.torch_session import is_torch_module

    return load_weights(network if is_torch_module(network) else network(), weights)


def save_policies(policies: Mapping[str, Any], folder: Path) -> list[Path]:
    """Save one table or model per agent, in files that :func:`policies_from` finds again.

    Raises
    ------
    InvalidPolicy
        If a policy is no table, model of Stable-Baselines3 or torch module, or reads observations
        through a function.
    """
    written = []
    for agent, policy in policies.items():
        if isinstance(policy, StableBaselinesPolicy) and policy.observe is not None:
            raise InvalidPolicy(
                f"the model of agent {agent!r} reads observations through a function, which no "
                "model file holds",
                valid="a model that reads the environment's own numbers: a Box observation space",
                hint="use it in this process, or wrap the environment to show arrays",
            )
        stem = folder / quote(agent, safe="")
        if isinstance(policy, StableBaselinesPolicy) and hasattr(policy.model, "save"):
            folder.mkdir(parents=True, exist_ok=True)
            path = Path(f"{stem}.zip")
            policy.model.save(path)
        elif isinstance(policy, TorchPolicy) and policy.reads_observations:
            folder.mkdir(parents=True, exist_ok=True)
            path = Path(f"{stem}.pt")
            importlib.import_module("torch").save(policy.module, path)
        elif isinstance(policy, TabularPolicy):
            path = policy.save(Path(f"{stem}.npz"))
        else:
            raise InvalidPolicy(
                f"the policy of agent {agent!r} is a {type(policy).__name__}, which is not saved",
                valid="a TabularPolicy, a model of Stable-Baselines3, or a torch module that reads "
                "the environment's observations and returns logits",
            )
        written.append(path)
    return written


def _from_folder(folder: Path, agents: Sequence[str], *, allow_code: bool) -> dict[str, Any]:
    files = [path for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES]
    # The safest kind of an agent's files wins: it is written last.
    files.sort(key=lambda path: -SUFFIXES.index(path.suffix))
    found = {unquote(path.stem): path for path in files}
    if not set(found) & set(agents):
        raise InvalidPolicy(
            f"the folder {str(folder)!r} holds no policy of {', '.join(map(repr, agents))}",
            valid=f"one file per agent, such as {agents[0]}.npz" if agents else "",
            hint="save them with: marl-bridge train MAKE --save FOLDER",
        )
    return {
        agent: _from_file(str(found[agent]), allow_code=allow_code)
        for agent in agents
        if agent in found
    }
