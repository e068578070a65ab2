"""What the environments of this package have in common: agents, spaces, seeds, copies."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from marl_bridge.errors import InvalidEnvironment
from marl_bridge.worlds.pettingzoo_parts import Box, Dict, Discrete, Space, seeding

__all__ = ["World", "enclose", "illegal_action", "legal_mask", "masked"]

_Value = TypeVar("_Value")


def enclose(value: _Value) -> Callable[[], _Value]:
    """Hide what never changes in a function.

    Copies of an environment's state share functions, so tables of a million entries cost a
    snapshot nothing there.

    Examples
    --------
    >>> enclose([1, 2])()
    [1, 2]
    """

    def enclosed() -> _Value:
        return value

    return enclosed


def legal_mask(size: int, legal: int) -> NDArray[np.int8]:
    """Return a mask that allows the first actions.

    Examples
    --------
    >>> legal_mask(4, 2).tolist()
    [1, 1, 0, 0]
    """
    mask = np.zeros(size, dtype=np.int8)
    mask[:legal] = 1
    return mask


def masked(observation: Space[Any], n_actions: int) -> Dict:
    """Return the space of an observation with an action mask beside it.

    Examples
    --------
    >>> sorted(masked(Discrete(3), 2))
    ['action_mask', 'observation']
    """
    return Dict({"observation": observation, "action_mask": Box(0, 1, (n_actions,), np.int8)})


def illegal_action(agent: str, action: Any, n_actions: int) -> InvalidEnvironment:
    """Build the error for an action that an agent does not have.

    Examples
    --------
    >>> illegal_action("a", 2, 2).what
    "agent 'a' plays 2"
    """
    return InvalidEnvironment(
        f"agent {agent!r} plays {action!r}",
        where="step",
        valid=f"an integer from 0 to {n_actions - 1}: the actions that the mask allows",
    )


class World:
    """Base of all environments here.

    Instances are copied and pickled in the middle of an episode with all they hold, generator
    included: they are built again from their constructor's arguments, which copies share, and
    take over what an episode changes. Unlike most environments of PettingZoo they may be given to
    ``copy.deepcopy``.
    """

    _changing: ClassVar[tuple[str, ...]] = ()
    """Attributes that an episode changes."""
    _given: Callable[[], tuple[tuple[Any, ...], dict[str, Any]]]
    _action_spaces: Mapping[str, Discrete]
    _observation_spaces: Mapping[str, Space[Any]]
    possible_agents: list[str]
    render_mode: str | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Note the arguments."""
        world = super().__new__(cls)
        world._given = enclose((args, kwargs))
        return world

    def observation_space(self, agent: str) -> Any:
        """Return the space of an agent's observations."""
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> Any:
        """Return the space of an agent's actions."""
        return self._action_spaces[agent]

    def close(self) -> None:
        """Release nothing: there is nothing to release."""

    def _seed(self, seed: int | None) -> None:
        """Make the generator, or make it anew; without a seed the one there is goes on."""
        if seed is not None or not hasattr(self, "np_random"):
            self.np_random, _ = seeding.np_random(seed)

    def _state_now(self) -> dict[str, Any]:
        held = self.__dict__
        return {name: held[name] for name in ("np_random", *self._changing) if name in held}

    def __reduce__(self) -> Any:
        args, kwargs = self._given()
        return _rebuild, (type(self), args, kwargs, self._state_now())

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        args, kwargs = self._given()
        return _rebuild(type(self), args, kwargs, copy.deepcopy(self._state_now(), memo))


def _rebuild(
    cls: type[World], args: Sequence[Any], kwargs: Mapping[str, Any], state: Mapping[str, Any]
) -> World:
    world: World = cls(*args, **kwargs)
    world.__dict__.update(state)
    return world
