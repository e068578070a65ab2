"""Errors that an environment raises while it is played, told as what they are: its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gametheory.errors import GameTheoryError
from marl_bridge.errors import InvalidEnvironment

__all__ = ["environment_raised", "environments_errors"]


def environment_raised(env: Any, error: Exception, where: str) -> InvalidEnvironment:
    """Say in words what an environment raised; to be raised from the error itself.

    Examples
    --------
    >>> from marl_bridge.environments.opening import open_environment
    >>> env = open_environment("classic/tictactoe-v3").new()
    >>> environment_raised(env, KeyError("board"), "step 3").what
    "tictactoe_v3 raises KeyError: 'board'"
    """
    metadata = getattr(env, "metadata", None) or {}
    name = metadata.get("name") or type(env).__name__
    return InvalidEnvironment(
        f"{name} raises {type(error).__name__}: {error}",
        where=where,
        valid="an environment that takes every action its masks allow",
        hint="look at the error that this one was raised from",
    )


@contextmanager
def environments_errors(env: Any, where: str) -> Iterator[None]:
    """Tell in words what an environment raises in the block, and where that is.

    Examples
    --------
    >>> with environments_errors(object(), "step 1"):  # doctest: +ELLIPSIS
    ...     1 / 0
    Traceback (most recent call last):
    marl_bridge.errors.InvalidEnvironment: object raises ZeroDivisionError: division by zero; ...
    """
    try:
        yield
    except GameTheoryError:
        raise
    except Exception as error:
        raise environment_raised(env, error, where) from error
