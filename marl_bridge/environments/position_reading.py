"""Positions as sequences of actions: read from text, played on an environment, written again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from gametheory.errors import GameTheoryError
from marl_bridge.environments.driver import Driver, View
from marl_bridge.errors import ExtractionRefused

__all__ = [
    "InvalidPosition",
    "Position",
    "legal_action",
    "parse_position",
    "read_position",
    "steps_of",
    "who_acts",
    "written",
]

Position = Sequence[Any]
"""Actions from ``reset`` on, or pairs (agent, action)."""


class InvalidPosition(GameTheoryError, ValueError):
    """The actions lead to no position of the environment."""


def written(position: Sequence[tuple[str, Any]]) -> str:
    """Write the actions of a position as :func:`parse_position` reads them."""
    return ",".join(str(action) for _, action in position)


def parse_position(text: str) -> tuple[int, ...]:
    """Read actions from text: numbers with commas or spaces between them.

    Raises
    ------
    InvalidPosition
        If something is no number.

    Examples
    --------
    >>> parse_position("3,3, 2 4"), parse_position("")
    ((3, 3, 2, 4), ())
    """
    parts = [part for part in re.split(r"[,\s]+", text.strip()) if part]
    wrong = next((part for part in parts if not re.fullmatch(r"-?\d+", part)), None)
    if wrong is not None:
        raise InvalidPosition(
            f"{wrong!r} is no action", where=f"position {text!r}", valid="numbers, such as 3,3,2,4"
        )
    return tuple(int(part) for part in parts)


def read_position(
    driver: Driver,
    position: Position | str,
    *,
    seed: int = 0,
    watch: Callable[[View, Any], object] | None = None,
) -> None:
    """Play a position's actions on an environment.

    Parameters
    ----------
    driver : Driver
        Is reset first, and stands at the position afterwards.
    position : sequence, or str
    seed : int
        For ``reset``.
    watch : callable, optional
        ``watch(view, action)`` before each action.

    Raises
    ------
    InvalidPosition
        If an action is illegal, of another agent than the one to act, or after the end.
    ExtractionRefused
        If several agents act at the same time.
    """
    steps = steps_of(position)
    driver.reset(seed=seed)
    for number, (claimed, action) in enumerate(steps):
        agent = who_acts(driver.acting, number)
        view = driver.view(agent)
        chosen = legal_action(view, claimed, action, number)
        if watch is not None:
            watch(view, chosen)
        driver.step({agent: chosen})


def steps_of(position: Position | str) -> list[tuple[Any, Any]]:
    """List (agent or None, action)."""
    given = parse_position(position) if isinstance(position, str) else position
    try:
        steps = [step if isinstance(step, tuple | list) else (None, step) for step in given]
    except TypeError:
        steps = [()]
    for step in steps:
        if len(step) != 2:
            raise InvalidPosition(
                f"{position!r} is no sequence of actions",
                where="position",
                valid="actions from reset on, or pairs (agent, action)",
            )
    return [(step[0], step[1]) for step in steps]


def who_acts(acting: Sequence[str], number: int) -> str:
    """Name the one agent that acts; an error says at which action none or several do."""
    if not acting:
        raise InvalidPosition(
            f"the episode is over after {number} actions", where=f"action {number + 1}"
        )
    if len(acting) > 1:
        raise ExtractionRefused(
            f"{', '.join(map(str, acting))} act at the same time",
            valid="an environment whose agents act in turn",
            hint="use extract() and check() for games small enough, estimate() for others",
        )
    return acting[0]


def legal_action(view: View, claimed: Any, action: Any, number: int) -> Any:
    """Return the action as the environment writes it, if it is legal and its agent's turn."""
    if claimed is not None and claimed != view.agent:
        raise InvalidPosition(
            f"{claimed!r} does not act there, {view.agent!r} does", where=f"action {number + 1}"
        )
    legal = (view.start + view.legal_indices()).tolist()
    if action not in legal:
        raise InvalidPosition(
            f"{view.agent!r} cannot choose {action!r}",
            where=f"action {number + 1}",
            valid=f"one of {legal}",
        )
    return legal[legal.index(action)]
