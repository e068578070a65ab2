"""Values as JSON and back, exactly, without code: what pickle does, for plain data alone."""

from __future__ import annotations

import base64
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

__all__ = ["UnsafeValue", "decode", "encode"]

_ARRAY_KINDS = "biufcSU"


class UnsafeValue(Exception):
    """A value that is no plain data; the text says of which class."""


def encode(value: Any) -> Any:
    """Turn a value into what JSON can hold; :func:`decode` gives back the same types and content.

    Parameters
    ----------
    value : None, bool, number, str, bytes, Fraction, ndarray, NumPy scalar, or a list, tuple or \
dict of these
        Of exactly these classes.

    Raises
    ------
    UnsafeValue
        For anything else.

    Examples
    --------
    >>> encode({"hand": (1, 2.5)})
    ['d', [['hand', ['t', [1, 2.5]]]]]
    >>> decode(encode(np.eye(2, dtype=np.int8)))
    array([[1, 0],
           [0, 1]], dtype=int8)
    """
    try:
        return _encode(value)
    except RecursionError as error:
        raise UnsafeValue("a value that is nested too deeply, or holds itself") from error


def _encode(value: Any) -> Any:
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if isinstance(value, np.generic) and value.dtype.kind in _ARRAY_KINDS:
        return ["n", value.dtype.str, _text(value.tobytes())]
    encoder = _ENCODERS.get(kind)
    if encoder is None or (kind is np.ndarray and value.dtype.kind not in _ARRAY_KINDS):
        raise UnsafeValue(f"a {kind.__module__}.{kind.__qualname__}")
    return encoder(value)


def decode(data: Any) -> Any:
    """Turn what :func:`encode` made back into the value.

    Raises
    ------
    ValueError, TypeError, KeyError, IndexError
        If it made no such thing.
    """
    if not isinstance(data, list):
        return data
    return _DECODERS[data[0]](*data[1:])


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _array(dtype: str, shape: list[int], text: str) -> Any:
    if np.dtype(dtype).kind not in _ARRAY_KINDS:
        raise ValueError(f"an array of {dtype}")
    raw = base64.b64decode(text, validate=True)
    return np.frombuffer(raw, dtype=dtype).reshape(shape).copy()


_ENCODERS: dict[type, Callable[[Any], Any]] = {
    list: lambda items: ["l", [_encode(item) for item in items]],
    tuple: lambda items: ["t", [_encode(item) for item in items]],
    dict: lambda items: ["d", [[_encode(key), _encode(item)] for key, item in items.items()]],
    np.ndarray: lambda array: ["a", array.dtype.str, list(array.shape), _text(array.tobytes())],
    bytes: lambda raw: ["b", _text(raw)],
    complex: lambda number: ["c", number.real, number.imag],
    Fraction: lambda number: ["q", number.numerator, number.denominator],
}
_DECODERS: dict[str, Callable[..., Any]] = {
    "l": lambda items: [decode(item) for item in items],
    "t": lambda items: tuple(decode(item) for item in items),
    "d": lambda items: {decode(key): decode(item) for key, item in items},
    "a": _array,
    "n": lambda dtype, text: _array(dtype, [1], text)[0],
    "b": lambda text: base64.b64decode(text, validate=True),
    "c": complex,
    "q": Fraction,
}
