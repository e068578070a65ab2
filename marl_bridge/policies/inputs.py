"""From what an agent is shown to what a network was trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marl_bridge.environments.driver import View
from marl_bridge.errors import InvalidPolicy

__all__ = ["Observe", "as_shown", "fitted"]

Observe = Callable[[View], Any]
"""Builds a network's input from a view; every adapter takes one in place of its own guess."""


def as_shown(view: View) -> Any:
    """Put the observation and its mask together again, as the environment returned them."""
    if view.mask is None:
        return view.observation
    mask = view.mask.astype(np.int8)
    if isinstance(view.observation, Mapping):
        return {**view.observation, "action_mask": mask}
    return {"observation": view.observation, "action_mask": mask}


def fitted(view: View, space: Any, who: str) -> Any:
    """Bring an observation into the shape and type of the space a policy was trained on.

    A Box takes an array of its shape, of the same size to be flattened, or with the channels
    last where it has them first; flat entries of a mapping are joined in the order of their
    names, with or without the action mask. A Dict takes its entries by name, the mask among
    them; a Discrete space takes an integer. Without a space the observation stays as it is.

    Raises
    ------
    InvalidPolicy
        If the observation does not fit.

    Examples
    --------
    >>> from gymnasium.spaces import Box, Discrete
    >>> view = View("zoe", np.ones((3, 3, 2), dtype=bool), None, Discrete(9))
    >>> fitted(view, Box(0, 1, (18,), np.float32), "the network").dtype
    dtype('float32')
    """
    return view.observation if space is None else _fit(view, view.observation, space, who)


def _fit(view: View, observation: Any, space: Any, who: str) -> Any:
    if isinstance(getattr(space, "spaces", None), Mapping):
        return _entries(view, observation, space, who)
    shape = getattr(space, "shape", None)
    if shape == () and hasattr(space, "n"):
        return _integer(view, observation, space, who)
    if shape is None:
        return observation
    array = _joined(view, observation, int(np.prod(shape)))
    if array is None:
        raise _misfit(view, observation, space, who)
    if array.shape != tuple(shape):
        if len(shape) == 1 and array.size == shape[0]:
            array = array.reshape(-1)
        elif array.ndim == 3 and tuple(shape) == (array.shape[2], *array.shape[:2]):
            array = np.moveaxis(array, -1, 0)  # images: height, width, channels to channels first
        else:
            raise _misfit(view, observation, space, who)
    fitting = np.ascontiguousarray(array, dtype=space.dtype)
    if fitting.dtype.kind != "f" and not np.array_equal(fitting, array):
        raise _misfit(view, observation, space, who)  # fractions would be cut off
    return fitting


def _entries(view: View, observation: Any, space: Any, who: str) -> dict[str, Any]:
    offered: dict[str, Any] = {"action_mask": view.mask}
    if view.mask is None:
        offered["action_mask"] = np.ones(view.n_actions or 0, dtype=np.bool_)
    if isinstance(observation, Mapping):
        offered.update(observation)
    # RLlib's action-masking modules name the bare observation in the plural.
    offered.setdefault("observation", observation)
    offered.setdefault("observations", observation)
    missing = [name for name in space.spaces if name not in offered]
    if missing:
        raise InvalidPolicy(
            f"{who} of agent {view.agent!r} was trained on {space}, but the environment shows no "
            f"{', '.join(map(repr, missing))}",
            where=f"it shows {_described(observation)}",
            valid=f"entries {sorted(map(str, offered))}",
            hint="pass observe=, a function of the view that builds the policy's input",
        )
    return {name: _fit(view, offered[name], part, who) for name, part in space.spaces.items()}


def _integer(view: View, observation: Any, space: Any, who: str) -> int:
    number = np.asarray(observation)
    if number.size == 1 and number.dtype.kind in "iub":
        value = int(number.reshape(-1)[0])
        if space.contains(value):
            return value
    raise _misfit(view, observation, space, who)


def _joined(view: View, observation: Any, size: int) -> NDArray[Any] | None:
    """Read an observation as one array of numbers; None if it is none."""
    if not isinstance(observation, Mapping):
        array = _numeric(observation)
        if array is None or view.mask is None or array.size == size:
            return array
        if array.size + view.mask.size == size:
            return np.concatenate([view.mask.reshape(-1), array.reshape(-1)])
        return array
    named = {str(name): _numeric(part) for name, part in observation.items()}
    for extra in ({}, {} if view.mask is None else {"action_mask": view.mask}):
        parts = [part for _, part in sorted({**named, **extra}.items())]
        flat = [part.reshape(-1) for part in parts if part is not None]
        if len(flat) == len(parts) and sum(part.size for part in flat) == size:
            return np.concatenate(flat)
    return None


def _numeric(observation: Any) -> NDArray[Any] | None:
    try:
        array = np.asarray(observation)
    except ValueError:  # ragged
        return None
    return array if array.dtype.kind in "biuf" else None


def _described(observation: Any) -> str:
    if isinstance(observation, Mapping):
        inside = ", ".join(f"{name}: {_described(part)}" for name, part in observation.items())
        return f"{{{inside}}}"
    shape = np.shape(observation) if _numeric(observation) is not None else ()
    return f"an array of shape {shape}" if shape else repr(observation)[:60]


def _misfit(view: View, observation: Any, space: Any, who: str) -> InvalidPolicy:
    return InvalidPolicy(
        f"{who} of agent {view.agent!r} was trained on {space}, but the environment shows "
        f"{_described(observation)}",
        where=f"observation of agent {view.agent!r}",
        valid=f"an observation that fits {space}",
        hint="is this policy from another environment? If it saw another form of the "
        "observation, pass observe=, a function of the view that builds it",
    )
