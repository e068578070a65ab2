"""Hypothesis, which only this package needs, imported when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from gametheory.errors import MissingExtra

__all__ = ["hypothesis", "strategies"]


def hypothesis() -> Any:
    """Return the module ``hypothesis``.

    Raises
    ------
    MissingExtra
        If it is not installed.
    """
    try:
        return import_module("hypothesis")
    except ImportError as error:
        raise MissingExtra.of("test", "gametheory.testing") from error


def strategies() -> Any:
    """Return the module ``hypothesis.strategies``; MissingExtra if it is not installed."""
    return hypothesis().strategies
