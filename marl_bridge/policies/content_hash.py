r"""Hashes of what a policy does: equal policies have equal ones, on any machine.

A policy may have a method ``content_hash()``; tables are hashed by their rows, networks by their
classes and weights. Functions have no hash: their code can depend on anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marl_bridge.policies.outputs import array_of

__all__ = ["hash_of_network", "hash_of_table", "hash_of_text"]


def hash_of_text(text: str) -> str:
    """SHA-256 of a text, as hexadecimal digits.

    Examples
    --------
    >>> hash_of_text("")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(text.encode()).hexdigest()


def hash_of_table(table: Mapping[bytes, NDArray[np.float64]], default: str) -> str:
    """SHA-256 of a tabular policy, as hexadecimal digits.

    Over its default, then each row in the order of its key: the lengths and bytes of both, the
    numbers as little-endian float64.

    Examples
    --------
    >>> hash_of_table({}, "uniform") == hash_of_table({}, "error")
    False
    """
    digest = hashlib.sha256(b"marl_bridge.TabularPolicy:" + default.encode())
    for key, row in sorted(table.items()):
        numbers = np.asarray(row, dtype="<f8").tobytes()
        digest.update(b";%d,%d:" % (len(key), len(numbers)) + key + numbers)
    return digest.hexdigest()


def hash_of_network(network: Any, reading: str) -> str | None:
    """SHA-256 of a network's classes and weights and of how it is read; None without weights.

    Parameters
    ----------
    network : object
        With ``state_dict()``, as torch modules have it.
    reading : str
        What is done with its outputs.

    Examples
    --------
    >>> hash_of_network(print, "logits") is None
    True
    """
    weights = getattr(network, "state_dict", None)
    if not callable(weights):
        return None
    parts = network.modules() if hasattr(network, "modules") else [network]
    kinds = [f"{type(part).__module__}.{type(part).__qualname__}" for part in parts]
    digest = hashlib.sha256("\n".join([reading, *kinds]).encode())
    for name, tensor in sorted(weights().items()):
        try:
            array = np.ascontiguousarray(array_of(tensor), dtype="<f8")
        except (TypeError, ValueError):  # a state that is no array, which torch allows
            return None
        digest.update(f"\n{name} {array.shape}:".encode() + array.tobytes())
    return digest.hexdigest()
