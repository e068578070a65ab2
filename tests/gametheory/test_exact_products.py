"""Products through slices of floats equal those of Fractions, to the last bit."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gametheory.certificates.exact_products import dyadic_products

finite = st.floats(allow_nan=False, allow_infinity=False)
weights = st.one_of(st.integers(0, 9), st.integers(0, 2**64), st.integers(0, 10**40))


@given(
    st.integers(1, 4).flatmap(
        lambda k: st.tuples(
            st.lists(st.lists(finite, min_size=k, max_size=k), min_size=1, max_size=3),
            st.lists(weights, min_size=k, max_size=k),
        )
    )
)
def test_products_are_exact(case: tuple[list[list[float]], list[int]]) -> None:
    matrix, vector = case
    products, exponent = dyadic_products(np.array(matrix), vector)
    for row, found in zip(matrix, products, strict=True):
        wanted = sum(Fraction(x) * w for x, w in zip(row, vector, strict=True))
        assert found * Fraction(2) ** exponent == wanted


@pytest.mark.parametrize("bits", [1, 60, 3_000])
@pytest.mark.parametrize("columns", [1, 7, 3_000])
def test_sums_of_extreme_terms_do_not_overflow(columns: int, bits: int) -> None:
    """All bits set and all signs alike: the largest sums that the slices have to hold."""
    largest = float(2**53 - 1)
    vector = [2**bits - 1] * columns
    products, exponent = dyadic_products(np.array([[largest] * columns, [-1.0] * columns]), vector)
    exact = [p * Fraction(2) ** exponent for p in products]
    assert exact == [(2**53 - 1) * (2**bits - 1) * columns, -(2**bits - 1) * columns]


def test_zeros() -> None:
    assert dyadic_products(np.zeros((2, 3)), [1, 2, 3]) == ([0, 0], 0)
    assert dyadic_products(np.ones((2, 3)), [0, 0, 0])[0] == [0, 0]
