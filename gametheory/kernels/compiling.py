"""How kernels of many small functions are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

__all__ = ["compiled", "inner"]

_njit: Any = numba.njit  # its types know neither all its options nor that calls stay calls

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile; a failed division gives an infinity or a NaN, without a branch for each."""
    kernel: Function = _njit(cache=True, error_model="numpy")(function)
    return kernel


def inner(function: Function) -> Function:
    """Compile for callers that are compiled themselves.

    Reading arguments from Python is much of what there is to compile where they are tuples of
    many arrays.
    """
    kernel: Function = _njit(
        cache=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
    )(function)
    return kernel
