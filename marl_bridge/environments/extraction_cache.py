"""Extracted games on disk, by a fingerprint of everything that they depend on.

A file holds arrays and JSON, never code: it is read without pickle, and checked. It is written
under another name and moved into place, so that a reader meets a whole file or none. What goes
wrong with the disk is a warning: the game is extracted as without a cache.
"""

from __future__ import annotations

import io
import json
import os
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from gametheory.files import read_arrays, remove_unfinished, write_atomically
from gametheory.games.extensive_form import CHANCE, TERMINAL
from gametheory.games.state_graph import StateGraph
from marl_bridge.environments.audit import Audit
from marl_bridge.environments.chance import ChanceSite
from marl_bridge.environments.driver import View
from marl_bridge.environments.extracted import Extraction
from marl_bridge.environments.frontier import Frontier
from marl_bridge.environments.safe_values import UnsafeValue, decode, encode
from marl_bridge.errors import InvalidEnvironment

__all__ = ["VARIABLE", "cache_folder", "load", "save"]

VARIABLE = "MARL_BRIDGE_CACHE"
_OFF = ("0", "off", "no", "false")
_ON = ("", "1", "on", "yes", "true")
_MOST_ENTRIES = 200
_SUFFIX = ".npz"
_UNREADABLE = (  # what reading a file can raise that anybody may have written
    OSError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
)
_ARRAYS = ("player", "observation", "first_edge", "edge_target", "edge_label")


def cache_folder(cache: bool | str | os.PathLike[str] | None) -> Path | None:
    """Say where extractions are kept; None when they are not.

    Parameters
    ----------
    cache : bool, path or None
        A folder, True for the usual one, False for none. None leaves it to the environment
        variable ``MARL_BRIDGE_CACHE``: a folder, 1 for the usual one, 0 or nothing for none.
        0 turns True off as well. The usual folder is ``marl-bridge`` in ``XDG_CACHE_HOME``, or in
        ``~/.cache``.

    Examples
    --------
    >>> cache_folder("games").name, cache_folder(False)
    ('games', None)
    """
    if cache is False:
        return None
    if cache is not None and cache is not True:
        if not isinstance(cache, str | os.PathLike):
            raise InvalidEnvironment(
                f"cache is {cache!r}", where="cache", valid="True, False, None or a folder"
            )
        return Path(cache)
    said = os.environ.get(VARIABLE)
    if said is not None and said.lower() not in _ON:
        return None if said.lower() in _OFF else Path(said)
    if cache is None and not said:
        return None
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "marl-bridge"
    except RuntimeError:  # nobody's home
        return None


def save(folder: Path, key: str, extraction: Extraction, spaces: Mapping[str, Any]) -> str:
    """Keep an extraction; return why not, "" if it is kept.

    Parameters
    ----------
    folder : Path
    key : str
    extraction : Extraction
    spaces : mapping
        Each agent's action space in a fresh instance.
    """
    try:
        content = _content(key, extraction, spaces)
    except UnsafeValue as unsafe:
        return f"what agents are shown holds {unsafe}"
    file = io.BytesIO()
    np.savez_compressed(file, **content)
    try:
        write_atomically(folder / f"{key}{_SUFFIX}", file.getvalue())
        _drop_old(folder)
    except OSError as error:
        warnings.warn(f"the extraction is not cached: {error}", stacklevel=3)
        return str(error)
    return ""


def load(
    folder: Path, key: str, spaces: Mapping[str, Any], max_histories: int
) -> Extraction | None:
    """Read an extraction; None if there is none, or none that can be read."""
    path = folder / f"{key}{_SUFFIX}"
    try:
        found = _extraction(key, read_arrays(path), spaces, max_histories)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except _UNREADABLE as error:
        _warn_unreadable(path, error)
        return None
    return replace(found, cached=str(path))


def _warn_unreadable(path: Path, error: Exception) -> None:
    warnings.warn(
        f"the cached extraction {path} cannot be read and is made again ({error})", stacklevel=4
    )


def _drop_old(folder: Path) -> None:
    """Keep the newest entries, and nothing that a killed process had begun."""
    remove_unfinished(folder)
    entries = []
    for path in folder.glob(f"*{_SUFFIX}"):
        with suppress(FileNotFoundError):  # another process makes room at the same time
            entries.append((path.stat().st_mtime, path))
    for _, path in sorted(entries)[:-_MOST_ENTRIES]:
        path.unlink(missing_ok=True)


def _content(key: str, e: Extraction, spaces: Mapping[str, Any]) -> dict[str, Any]:
    graph = e.graph
    over = np.flatnonzero(graph.player == TERMINAL)
    drawn = [
        number
        for state in np.flatnonzero(graph.player == CHANCE).tolist()
        for number in range(int(graph.first_edge[state]), int(graph.first_edge[state + 1]))
    ]
    views = []
    for view in e.views:
        if view.action_space != spaces[view.agent]:
            raise UnsafeValue("action spaces that change")
        views.append((view.agent, view.observation, view.mask))
    audit = asdict(e.audit)
    audit["chance"] = [asdict(site) for site in e.audit.chance]
    facts = {
        "key": key,
        "players": graph.players,
        "title": graph.title,
        "recall": graph.recall,
        "action_labels": tuple(graph.action_labels),
        "observation_labels": tuple(graph.observation_labels),
        "probabilities": [graph.edge_probability[number] for number in drawn],
        "payoffs": [graph.payoffs[state] for state in over.tolist()],
        "views": views,
        "audit": audit,
        "discount": e.discount,
        "n_deals": e.n_deals,
        "frontier": None
        if e.frontier is None
        else (
            e.frontier.depth_limit,
            e.frontier.states,
            e.frontier.low,
            e.frontier.high,
            e.frontier.is_bound,
        ),
    }
    text = json.dumps(encode(facts)).encode()
    arrays = {name: np.asarray(getattr(graph, name)) for name in _ARRAYS}
    return {
        **arrays,
        "truncated": e.truncated,
        "drawn": np.array(drawn, dtype=np.int64),
        "facts": np.frombuffer(text, dtype=np.uint8),
    }


def _extraction(
    key: str, arrays: Mapping[str, Any], spaces: Mapping[str, Any], max_histories: int
) -> Extraction:
    facts = decode(json.loads(arrays["facts"].tobytes()))
    if facts["key"] != key:
        raise ValueError("it is that of another environment")
    _check(arrays, facts)
    player = arrays["player"]
    probabilities: list[Fraction | float | None] = [None] * arrays["edge_target"].size
    drawn = arrays["drawn"].tolist()
    for number, probability in zip(drawn, facts["probabilities"], strict=True):
        probabilities[number] = probability
    payoffs: list[Any] = [None] * player.size
    over = np.flatnonzero(player == TERMINAL).tolist()
    for state, row in zip(over, facts["payoffs"], strict=True):
        payoffs[state] = row
    graph = StateGraph(
        players=facts["players"],
        title=facts["title"],
        **{name: arrays[name] for name in _ARRAYS},
        edge_probability=probabilities,
        payoffs=payoffs,
        action_labels=facts["action_labels"],
        observation_labels=facts["observation_labels"],
        recall=facts["recall"],
    )
    audit = facts["audit"]
    audit["chance"] = tuple(ChanceSite(**site) for site in audit["chance"])
    return Extraction(
        graph=graph,
        views=tuple(View(agent, seen, mask, spaces[agent]) for agent, seen, mask in facts["views"]),
        audit=Audit(**audit),
        max_histories=max_histories,
        truncated=arrays["truncated"],
        discount=facts["discount"],
        n_deals=facts["n_deals"],
        frontier=None if facts["frontier"] is None else Frontier(*facts["frontier"]),
    )


def _check(arrays: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Make sure that the arrays fit together: a file may have been written by anybody."""
    n_states, n_edges = arrays["player"].size, arrays["edge_target"].size
    first = arrays["first_edge"]
    within = (
        ("edge_target", 0, n_states),
        ("edge_label", 0, len(facts["action_labels"])),
        ("observation", -1, len(facts["observation_labels"])),
        ("player", TERMINAL, len(facts["players"])),
        ("drawn", 0, n_edges),
        ("first_edge", 0, n_edges + 1),
    )
    fits = (
        all(array.ndim == 1 for array in arrays.values())
        and n_states > 0
        and first.size == n_states + 1
        and first[0] == 0
        and first[-1] == n_edges
        and bool((np.diff(first) >= 0).all())
        and arrays["edge_label"].size == n_edges
        and arrays["observation"].size == n_states == arrays["truncated"].size
        and len(facts["views"]) == len(facts["observation_labels"])
        and all(len(row) == len(facts["players"]) for row in facts["payoffs"])
        and all(_is_number(payoff) for row in facts["payoffs"] for payoff in row)
        and all(map(_is_number, facts["probabilities"]))
        and all(
            arrays[name].dtype == np.int64
            and (not arrays[name].size or (arrays[name].min() >= low and arrays[name].max() < end))
            for name, low, end in within
        )
        and np.array_equal(
            arrays["drawn"],
            np.flatnonzero(np.repeat(arrays["player"] == CHANCE, np.diff(first))),
        )
    )
    if not fits:
        raise ValueError("its arrays do not fit together")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Fraction | np.number) and bool(np.isfinite(float(value)))
