"""Exact matrix-vector products, at the speed of floating-point ones.

A product of integers below 2^53, and any sum of such products below 2^53, is exact in float64,
in whatever order and with whatever instructions it is added. So both factors are cut into slices
of few bits, each pair of slices goes through one ordinary matrix product, and the results are put
together as Python ints. Finite-field linear algebra does its sums in the same way: Dumas, Giorgi
and Pernet (2008), "Dense linear algebra over word-size prime fields: the FFLAS and FFPACK
packages", ACM Transactions on Mathematical Software 35.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["dyadic_products"]

_EXACT_BITS = 53  # integers up to 2^53 are floats
_OFFSET = 2**_EXACT_BITS  # added to a signed sum, makes it an unsigned integer


def dyadic_products(matrix: NDArray[np.float64], weights: list[int]) -> tuple[list[int], int]:
    """Multiply a matrix of floats by a vector of integers, without any rounding.

    Parameters
    ----------
    matrix : ndarray of float64, shape (m, k)
        Finite; each float stands for the dyadic rational that it is. Up to 2^40 columns.
    weights : list of k int
        Not negative, of any size.

    Returns
    -------
    products : list of m int
    exponent : int
        ``sum(matrix[i, j] * weights[j] for j) == products[i] * 2**exponent``, exactly.

    Notes
    -----
    With payoffs spread over p bits and weights over w bits it costs about p w / 700 ordinary
    products of the matrix with a vector.

    Examples
    --------
    >>> dyadic_products(np.array([[0.5, 0.25], [3.0, 1.0]]), [10**20, 1])
    ([200000000000000000001, 1200000000000000000004], -2)
    """
    top = int(np.frexp(np.abs(matrix).max(initial=0.0))[1])  # all magnitudes are below 2^top
    octets, width = _slice_widths(matrix, weights, top)
    limbs = _limbs(weights, octets)
    products, exponent = [0] * len(matrix), top
    for piece in _slices(matrix, top, width):
        exponent -= width
        sums = _assemble(piece @ limbs, octets)
        products = [(old << width) + new for old, new in zip(products, sums, strict=True)]
    common = min((p & -p for p in products if p), default=1).bit_length() - 1
    return [p >> common for p in products], exponent + common


def _slice_widths(matrix: NDArray[np.float64], weights: list[int], top: int) -> tuple[int, int]:
    """Choose bytes a slice of the weights and bits a slice of the matrix: the fewest products.

    Any choice is right as long as a sum over all columns stays within 2^53.
    """
    for_products = _EXACT_BITS - len(weights).bit_length()
    wholes = bool((matrix == np.trunc(matrix)).all())
    payoff_bits = max(top, 1) if wholes else 64
    weight_octets = max(1, -(-max(weights).bit_length() // 8))

    def n_products(octets: int) -> int:
        width = for_products - 8 * octets
        return -(-payoff_bits // width) * -(-weight_octets // octets)

    octets = min(range(1, 1 + (for_products - 1) // 8), key=n_products)
    return octets, for_products - 8 * octets


def _slices(matrix: NDArray[np.float64], top: int, width: int) -> Iterator[NDArray[np.float64]]:
    """Cut a matrix below 2^top into integers of ``width`` bits, the highest bits first.

    Cutting leading bits off a float is exact, and so is taking them away.
    """
    rest = matrix
    while rest.any():
        piece = np.trunc(np.ldexp(rest, width - top))
        top -= width
        rest = rest - np.ldexp(piece, top)
        yield piece


def _limbs(weights: list[int], octets: int) -> NDArray[np.float64]:
    """Cut integers into limbs of ``octets`` bytes, the lowest first: shape (k, n_limbs)."""
    n_limbs = max(1, -(-max(weights).bit_length() // (8 * octets)))
    digits = b"".join(w.to_bytes(n_limbs * octets, "little") for w in weights)
    table = np.frombuffer(digits, dtype=np.uint8).reshape(len(weights), n_limbs, octets)
    limbs: NDArray[np.float64] = table @ 256.0 ** np.arange(octets)
    return limbs


def _assemble(sums: NDArray[np.float64], octets: int) -> list[int]:
    """Return ``sum(sums[i, l] * 256**(octets * l) for l)`` for every row i.

    Each sum, made positive by an offset, has up to seven bytes and so overlaps its neighbors;
    taken ``octets`` bytes at a time it does not, and the bytes of a whole row are one integer.
    """
    n_rows, n_limbs = sums.shape
    n_groups = -(-8 // octets)
    table = np.zeros((n_rows, n_limbs, n_groups * octets), dtype=np.uint8)
    shifted = (sums.astype(np.int64) + _OFFSET).astype("<u8")
    table[:, :, :8] = shifted.view(np.uint8).reshape(n_rows, n_limbs, 8)
    offset = sum(_OFFSET << (8 * octets * limb) for limb in range(n_limbs))
    totals = [-offset] * n_rows
    for group in range(n_groups):
        first = group * octets
        digits = np.ascontiguousarray(table[:, :, first : first + octets]).reshape(n_rows, -1)
        for row, line in enumerate(digits):
            totals[row] += int.from_bytes(line.tobytes(), "little") << (8 * first)
    return totals
