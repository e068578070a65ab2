"""Planted bugs that every other test overlooked, each with the test that sees it now."""

from __future__ import annotations

import math

import numpy as np
import pytest

from marl_bridge.intervals import (
    betting,
    bootstrap,
    empirical_bernstein,
    hoeffding,
    student_t,
)

SOME = [0.0, 0.25, 0.5, 1.0, 0.125, 0.75]


@pytest.mark.parametrize(("method", "name"), [(student_t, "student-t"), (bootstrap, "bootstrap")])
def test_heuristics_with_one_side_leave_the_other_open_and_say_who_they_are(method, name):
    both = method(SOME, 0.8)
    below, above = (method(SOME, 0.9, side=side) for side in ("lower", "upper"))
    assert (below.lower, below.upper) == (pytest.approx(both.lower), math.inf)
    assert (above.lower, above.upper) == (-math.inf, pytest.approx(both.upper))
    assert {one.method for one in (both, below, above)} == {name}
    rows = method([SOME, SOME], 0.9, side="lower")
    np.testing.assert_allclose(rows.lower, below.lower)
    assert np.isposinf(rows.upper).all()


@pytest.mark.parametrize("method", [hoeffding, empirical_bernstein, betting])
def test_samples_that_rounding_put_outside_their_bounds_are_put_back(method):
    whole = method([*SOME, 0.0, 1.0], lower=0.0, upper=1.0)
    below, above = -1e-17, np.nextafter(1.0, 2.0)
    rounded = method([*SOME, below, above], lower=0.0, upper=1.0)
    assert (rounded.lower, rounded.upper) == (whole.lower, whole.upper)
    assert method([below] * 5, lower=0.0, upper=1.0).lower >= 0.0
