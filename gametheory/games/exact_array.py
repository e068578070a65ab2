"""Arrays of numbers as people write them, read without losing a digit.

:func:`exact_array` keeps them as float64 where that is exact and as Fractions where
it is not, so the common case is fast and the rare one is right.
"""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import GameTheoryError, InvalidGame
from gametheory.rationals import shown, to_fraction

__all__ = ["exact_array", "fractions_of", "widest_range"]

_LARGEST_EXACT_INTEGER = 2**53
_MOST_AXES = 64  # NumPy's own limit
_as_fractions = np.frompyfunc(Fraction, 1, 1)
_as_floats = np.frompyfunc(float, 1, 1)


def fractions_of(array: NDArray[Any]) -> NDArray[np.object_]:
    """Read-only object array of Fractions equal to ``array``, entry by entry."""
    exact = array if array.dtype == object else np.asarray(_as_fractions(array), dtype=object)
    exact = exact.reshape(array.shape)
    exact.setflags(write=False)
    return exact


def exact_array(
    entries: Any, *, name: str = "payoffs", error: type[GameTheoryError] = InvalidGame
) -> NDArray[Any]:
    """Read nested sequences of numbers exactly.

    Parameters
    ----------
    entries : nested sequences or array
        ints, floats, Fractions, Decimals, or strings such as "1/3" and "0.1".
    name : str
        What the entries are called in error messages.
    error : type
        The error to raise.

    Returns
    -------
    ndarray
        A fresh read-only array: float64 if every entry is exactly a float, otherwise an object
        array of Fractions. Both hold the exact values.

    Raises
    ------
    InvalidGame
        Or ``error``: ragged, or an entry is not a finite real number; with its position.
    """
    array = _from_numeric(entries, name, error)
    if array is None:
        array = _from_nested(entries, name, error)
    array.setflags(write=False)
    return array


def _from_numeric(entries: Any, name: str, error: type[GameTheoryError]) -> NDArray[Any] | None:
    """Take the fast way in, None where NumPy's own conversion would lose digits or meaning."""
    if np.ma.is_masked(entries):
        first = tuple(map(int, np.argwhere(np.ma.getmaskarray(entries))[0]))
        raise error(f"the entry is masked: {name} must be complete", where=_place(name, first))
    try:
        array = np.asarray(entries)
    except (ValueError, TypeError, OverflowError):  # ragged: the slow way names the place
        return None
    if array.dtype.kind in "biu":
        exact = array.size == 0 or (
            int(array.max()) <= _LARGEST_EXACT_INTEGER
            and int(array.min()) >= -_LARGEST_EXACT_INTEGER
        )
        return array.astype(np.float64) if exact else None
    if array.dtype.kind != "f" or array.dtype.itemsize > 8 or not np.isfinite(array).all():
        return None
    mixed = not hasattr(entries, "dtype")  # a list may hold integers that a float would round
    if mixed and array.size and np.abs(array).max() >= _LARGEST_EXACT_INTEGER:
        return None
    return array.astype(np.float64) + 0.0  # -0.0 becomes 0.0: equal games, equal bytes


def _from_nested(entries: Any, name: str, error: type[GameTheoryError]) -> NDArray[Any]:
    shape: list[int] = []
    node = _node(entries)
    while isinstance(node, list) and len(shape) <= _MOST_AXES:
        shape.append(len(node))
        if not node:
            break
        node = _node(node[0])
    flat: list[Fraction] = []
    _flatten(entries, tuple(shape), (), flat, (name, error))
    exact = np.empty(len(flat), dtype=object)
    exact[:] = flat
    try:
        floats = np.asarray(_as_floats(exact), dtype=np.float64)
    except OverflowError:
        large = next(i for i, value in enumerate(flat) if abs(value) >= Fraction(2) ** 1024)
        raise error(
            f"a number of {flat[large].numerator.bit_length()} bits is too large",
            where=_place(name, np.unravel_index(large, tuple(shape))),
            valid="magnitudes up to 1.8e308",
            hint="rescale: a positive factor changes no equilibrium",
        ) from None
    if all(map(operator.eq, map(Fraction, floats.tolist()), flat)):
        return floats.reshape(shape)
    return exact.reshape(shape)


def _node(entries: Any) -> Any:
    """Return a list for anything with entries of its own, anything else as it is."""
    if isinstance(entries, (list, tuple, range)):
        return list(entries)
    if hasattr(entries, "__array__"):
        array = np.asarray(entries)
        return list(array) if array.ndim else array[()]
    return entries


def _flatten(
    entries: Any,
    shape: tuple[int, ...],
    position: tuple[int, ...],
    flat: list[Fraction],
    context: tuple[str, type[GameTheoryError]],
) -> None:
    name, error = context
    node, where = _node(entries), _place(name, position)
    if isinstance(node, list) != bool(shape):
        found = (
            f"{len(node)} entries" if isinstance(node, list) else f"the single entry {shown(node)}"
        )
        wanted = f"{shape[0]} entries" if shape else "a single number"
        raise error(f"ragged {name}: {found} instead of {wanted}", where=where)
    if not shape:
        try:
            flat.append(to_fraction(node))
        except ValueError as reason:
            raise error(
                str(reason),
                where=where,
                valid="finite real numbers: int, float, Fraction, or text such as '1/3'",
            ) from None
        return
    if len(node) != shape[0]:
        raise error(
            f"ragged {name}: {len(node)} entries instead of {shape[0]}",
            where=where,
            valid="nested sequences of equal length",
        )
    for index, child in enumerate(node):
        _flatten(child, shape[1:], (*position, index), flat, context)


def _place(name: str, position: Any) -> str:
    return f"{name}[{', '.join(str(int(i)) for i in position)}]" if len(position) else name


def widest_range(rows: NDArray[np.float64]) -> float:
    """Largest difference between two entries of one row, cut at the largest float.

    Examples
    --------
    >>> widest_range(np.array([[0.0, 1.0], [5.0, 8.0]]))
    3.0
    """
    if not rows.size:
        return 0.0
    half = float((rows.max(axis=1) / 2 - rows.min(axis=1) / 2).max())
    return 2 * min(half, float(np.finfo(np.float64).max) / 2)
