from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from marl_bridge.intervals import (
    ConfidenceSequence,
    Interval,
    InvalidSamples,
    betting_sequence,
    empirical_bernstein_sequence,
    hoeffding_sequence,
)

METHODS = ("betting", "empirical-bernstein", "hoeffding")
LOG = math.log(2 / 0.05)

Array = NDArray[Any]


def variances_before(x: Array) -> Array:
    """Variances s_0, s_1, ... that the bets on x_1, x_2, ... may use."""
    t = np.arange(1, len(x) + 1)
    means = (0.5 + np.cumsum(x)) / (t + 1)
    return np.append(0.25, (0.25 + np.cumsum((x - means) ** 2)) / (t + 1))[:-1]


def plain_betting(x: Array, m: float) -> Array:
    """Logarithm of the largest capital so far against the mean m, in plain NumPy."""
    t, s = np.arange(1, len(x) + 1), variances_before(x)
    horizons = [np.full(len(x), 8.0 * 5**j) for j in range(7)] + [t * np.log1p(t)]
    purses = 1 / np.arange(1, 9)
    logs = [
        math.log(purse / purses.sum())
        + np.cumsum(np.log1p(np.minimum(np.sqrt(2 * LOG / (h * s)), 0.75 / m) * (x - m)))
        for purse, h in zip(purses, horizons, strict=True)
    ]
    return np.maximum.accumulate(np.logaddexp.reduce(logs))


def plain_plug_in(x: Array, method: str) -> tuple[Array, Array]:
    """Proposition 1 and theorem 2 written out, sample by sample."""
    low, high, lows, highs = 0.0, 1.0, [], []
    weights = weighted = cost = total = 0.0
    s = variances_before(x)
    for i, value in enumerate(x):
        t = i + 1
        before = (0.5 + total) / t
        if method == "hoeffding":
            w = min(1.0, math.sqrt(8 * LOG / (t * math.log(1 + t))))
            cost += w**2 / 8
        else:
            w = min(0.5, math.sqrt(2 * LOG / (s[i] * t * math.log(1 + t))))
            cost += 4 * (value - before) ** 2 * (-math.log(1 - w) - w) / 4
        weights += w
        weighted += w * value
        total += value
        low = max(low, (weighted - LOG - cost) / weights)
        high = min(high, (weighted + LOG + cost) / weights)
        lows.append(low)
        highs.append(high)
    return np.array(lows), np.array(highs)


def draws() -> list[Array]:
    rng = np.random.default_rng(0)
    return [
        rng.beta(2, 5, 400),
        rng.binomial(1, 0.5, 400).astype(float),
        rng.binomial(1, 0.02, 400).astype(float),
        rng.beta(100, 100, 400),
    ]


@pytest.mark.parametrize("x", draws())
def test_running_betting_ends_are_excluded_and_those_beyond_a_small_lag_are_not(x: Array) -> None:
    found = betting_sequence(x, lower=0, upper=1)
    means = np.cumsum(x) / np.arange(1, 401)
    for n in (20, 50, 100, 200, 400):
        for end, mean, y in (
            (found.lower[n - 1], means[n - 1], x[:n]),
            (1 - found.upper[n - 1], 1 - means[n - 1], 1 - x[:n]),
        ):
            if end > 0:
                assert plain_betting(y, end)[-1] >= LOG - 1e-9
            assert plain_betting(y, end + 0.06 * (mean - end) + 1e-3 / n)[-1] < LOG


@pytest.mark.parametrize("x", draws())
def test_running_hoeffding_and_bernstein_ends_are_the_formulas(x: Array) -> None:
    for method, found in (
        ("hoeffding", hoeffding_sequence(x, lower=0, upper=1)),
        ("empirical-bernstein", empirical_bernstein_sequence(x, lower=0, upper=1)),
    ):
        low, high = plain_plug_in(x, method)
        assert np.allclose(found.lower, low, rtol=0, atol=1e-11)
        assert np.allclose(found.upper, high, rtol=0, atol=1e-11)
        assert (found.lower <= low).all()  # rounded outward
        assert (found.upper >= high).all()


@pytest.mark.parametrize("method", METHODS)
@given(
    st.lists(st.floats(-2, 3), min_size=1, max_size=150),
    st.lists(st.integers(0, 40), max_size=10),
)
def test_batches_pickling_and_stopping_change_nothing(
    method: Any, values: list[float], batches: list[int]
) -> None:
    whole = ConfidenceSequence(method, lower=-2, upper=3).run(values)
    sequence = ConfidenceSequence(method, lower=-2, upper=3)
    taken = 0
    for batch in [*batches, len(values)]:
        new = values[taken : taken + batch]
        taken += len(new)
        interval = sequence.update(new)
        sequence = pickle.loads(pickle.dumps(sequence))
        assert sequence.interval == interval
        assert sequence.n == taken
        if taken:
            assert (interval.lower, interval.upper) == (
                whole.lower[taken - 1],
                whole.upper[taken - 1],
            )
    assert sequence.mean == pytest.approx(np.mean(values), abs=1e-9)
    assert (np.diff(whole.lower) >= 0).all()
    assert (np.diff(whole.upper) <= 0).all()
    assert (whole.lower <= whole.upper).all()


@pytest.mark.parametrize("method", METHODS)
def test_samples_without_a_common_mean_leave_the_last_interval(method: Any) -> None:
    sequence = ConfidenceSequence(method, lower=0, upper=1)
    first = sequence.update(np.zeros(300))
    last = sequence.update(np.ones(3000))
    assert first.lower <= last.lower <= last.upper <= first.upper
    assert sequence.update(np.ones(10)) == Interval(
        last.lower, last.upper, 0.95, "two-sided", f"{method} (any time)", 3310
    )


@pytest.mark.parametrize("method", METHODS)
def test_many_means_in_batches(method: Any) -> None:
    rng = np.random.default_rng(1)
    lower, upper = np.array([0.0, -1.0]), np.array([1.0, 4.0])
    x = lower[:, None] + (upper - lower)[:, None] * rng.random((2, 90))
    sequence = ConfidenceSequence(method, lower=lower, upper=upper, side="lower")
    assert np.array_equal(sequence.interval.lower, lower)
    assert np.isnan(sequence.mean).all()
    for i in range(0, 90, 7):
        sequence.update(x[:, i : i + 7])
    for row in range(2):
        alone = ConfidenceSequence(method, lower=lower[row], upper=upper[row], side="lower").update(
            x[row]
        )
        assert sequence.interval.lower[row] == alone.lower
        assert sequence.interval.upper[row] == alone.upper == upper[row]
    assert np.allclose(sequence.mean, x.mean(axis=1))


def test_single_values_and_what_is_refused() -> None:
    sequence = ConfidenceSequence("betting", lower=0, upper=1)
    assert sequence.update(0.5).n == 1
    sequence.update([0.25])
    wrong: list[tuple[Any, str]] = [
        ([0.5, 2.0], r"sample 3 is 2, outside the bounds \[0, 1\]"),
        ([math.nan], "sample 0 is nan"),
        ([[0.5]], "shape"),
        (["a"], "not numbers"),
    ]
    for values, message in wrong:
        with pytest.raises(InvalidSamples, match=message):
            sequence.update(values)
    assert sequence.n == 2
    assert sequence.mean == 0.375
    with pytest.raises(InvalidSamples, match="no method 'student-t'"):
        ConfidenceSequence("student-t", lower=0, upper=1)  # type: ignore[arg-type]
    many = ConfidenceSequence("betting", lower=[0, 0], upper=1)
    with pytest.raises(InvalidSamples, match=r"shape \(2, m\)"):
        many.update([0.5, 0.5])


def test_betting_follows_long_sequences() -> None:
    x = np.random.default_rng(2).binomial(1, 0.3, 200_000).astype(float)
    found = betting_sequence(x, lower=0, upper=1)
    assert bool(found.covers(0.3).all())
    # The best horizon has a part of the money that is larger than 1/20.
    assert found.width[-1] < 2 * math.sqrt(2 * 0.21 * (LOG + math.log(20)) / 200_000)
    assert found.width[-1] < 0.35 * empirical_bernstein_sequence(x, lower=0, upper=1).width[9_999]
