"""How often nominal 95% intervals contain the mean, and how wide they are.

Run with ``python benchmarks/interval_coverage.py [--quick] [--repetitions N] [--seed S]``. Every
method meets the same data sets of many distributions. Fixed-n methods are looked at once, after n
samples. Those for any time are looked at after every sample, and Student's t too from the tenth
on, for contrast: the mean counts as covered only if no interval up to n has missed it, which is
the worst that stopping at any time can do. Each entry is coverage, its lower limit (Clopper and
Pearson, 95% two-sided) and the mean width after n samples.

The exit status is 1 if a method that is no heuristic has a lower limit below .945 anywhere, or
betting is wider than half of empirical Bernstein on a row of low variance.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, stdtrit

from marl_bridge.intervals import (
    Interval,
    betting,
    betting_sequence,
    bootstrap,
    empirical_bernstein,
    empirical_bernstein_sequence,
    hoeffding,
    hoeffding_sequence,
    student_t,
)

Array = NDArray[Any]
CONFIDENCE, PROMISE, LOW_VARIANCE = 0.95, 0.945, 0.005
BLOCK = 1000  # data sets held at once


class Row(NamedTuple):
    """A distribution of samples, and how many are drawn.

    Attributes
    ----------
    name : str
    n : int
    draw : callable
        ``draw(rng, shape)``.
    mean, variance : float
    lower, upper : float
        Bounds on the samples.
    """

    name: str
    n: int
    draw: Callable[[np.random.Generator, tuple[int, int]], Array]
    mean: float
    variance: float
    lower: float = 0.0
    upper: float = 1.0

    @property
    def low_variance(self) -> bool:
        """Whether the variance is a small part of the squared range."""
        return self.variance <= LOW_VARIANCE * (self.upper - self.lower) ** 2


class Result(NamedTuple):
    """What one method did on one row."""

    row: Row
    method: str
    coverage: float
    limit: float
    width: float


def bernoulli(p: float, n: int) -> Row:
    """Win or lose."""
    return Row(f"Bernoulli({p:g})", n, lambda g, s: g.binomial(1, p, s) * 1.0, p, p * (1 - p))


def beta(a: float, b: float, n: int) -> Row:
    """Payoffs spread over the range."""
    variance = a * b / ((a + b) ** 2 * (a + b + 1))
    return Row(f"Beta({a:g}, {b:g})", n, lambda g, s: g.beta(a, b, s), a / (a + b), variance)


def discrete(name: str, payoffs: list[float], chances: list[float], n: int) -> Row:
    """Few payoffs."""
    x, p = np.array(payoffs), np.array(chances)
    mean = float(p @ x)
    variance = float(p @ (x - mean) ** 2)
    return Row(
        name, n, lambda g, s: g.choice(x, s, p=p), mean, variance, float(x.min()), float(x.max())
    )


def jackpot(n: int) -> Row:
    """Small stakes, and seldom a large gain."""

    def draw(g: np.random.Generator, shape: tuple[int, int]) -> Array:
        return np.where(g.random(shape) < 0.01, 100.0, g.uniform(-1.0, 0.0, shape))

    mean = 0.01 * 100 - 0.99 * 0.5
    variance = 0.01 * 100**2 + 0.99 / 3 - mean**2
    return Row("jackpot 1 in 100", n, draw, mean, variance, -1.0, 100.0)


def narrow(n: int) -> Row:
    """All payoffs in a tenth of the range that is known."""
    return Row("uniform on [.45, .55]", n, lambda g, s: g.uniform(0.45, 0.55, s), 0.5, 0.01 / 12)


def dependent(n: int) -> Row:
    """Each sample's scale is set by the one before; the mean is always 0."""

    def draw(g: np.random.Generator, shape: tuple[int, int]) -> Array:
        signs = g.choice([-1.0, 1.0], shape)
        x = np.empty(shape)
        scale = np.ones(shape[0])
        for i in range(shape[1]):
            x[:, i] = scale * signs[:, i]
            scale = np.where(x[:, i] > 0, 1.0, 0.1)
        return x

    return Row("scale set by the last", n, draw, 0.0, 0.505, -1.0, 1.0)


ROWS = (
    bernoulli(0.5, 30),
    bernoulli(0.1, 30),
    bernoulli(0.02, 30),
    bernoulli(0.01, 30),
    bernoulli(0.001, 30),
    beta(0.2, 0.2, 30),
    discrete("win, draw, lose", [-1, 0, 1], [0.3, 0.3, 0.4], 30),
    bernoulli(0.5, 50),
    bernoulli(0.02, 50),
    beta(10, 30, 50),
    Row("uniform", 50, lambda g, s: g.random(s), 0.5, 1 / 12),
    discrete("two ends, 9 to 1", [-5, 3], [0.9, 0.1], 50),
    beta(100, 100, 50),
    bernoulli(0.5, 300),
    bernoulli(0.99, 300),
    bernoulli(0.01, 300),
    beta(0.1, 2, 300),
    beta(10, 30, 300),
    narrow(300),
    discrete("mostly draws", [-1, 0, 1], [0.01, 0.98, 0.01], 300),
    jackpot(300),
    dependent(300),
    bernoulli(0.5, 1000),
    bernoulli(0.001, 1000),
    beta(10, 30, 1000),
    jackpot(1000),
)

METHODS: dict[str, dict[str, Callable[..., Interval]]] = {
    "fixed n": {
        "hoeffding": hoeffding,
        "empirical-bernstein": empirical_bernstein,
        "betting": betting,
    },
    "any time": {
        "hoeffding": hoeffding_sequence,
        "empirical-bernstein": empirical_bernstein_sequence,
        "betting": betting_sequence,
    },
    "heuristic": {
        "student-t": lambda x, **_: student_t(x),
        "bootstrap": lambda x, **_: bootstrap(x, resamples=400),
        "t, every n": lambda x, **_: running_student_t(x),
    },
}


def running_student_t(x: Array) -> Interval:
    """Student's t after 10, 11, ... samples."""
    n = np.arange(1, x.shape[1] + 1)
    mean = np.cumsum(x, axis=1) / n
    variance = np.maximum(np.cumsum(x**2, axis=1) - n * mean**2, 0.0)[:, 9:] / (n[9:] - 1)
    radius = stdtrit(n[9:] - 1, 0.5 + CONFIDENCE / 2) * np.sqrt(variance / n[9:])
    slack = 1e-9  # constant samples
    return Interval(mean[:, 9:] - radius - slack, mean[:, 9:] + radius + slack, heuristic=True)


def lower_limit(covered: int, repetitions: int, error: float = 0.05) -> float:
    """Return the lower end of Clopper and Pearson's interval for a coverage."""
    if covered == 0:
        return 0.0
    return float(betaincinv(covered, repetitions - covered + 1, error / 2))


def measure(row: Row, kind: str, repetitions: int, seed: np.random.SeedSequence) -> list[Result]:
    """Let the methods of one kind meet many data sets of one row."""
    counts: dict[str, int] = dict.fromkeys(METHODS[kind], 0)
    widths: dict[str, float] = dict.fromkeys(METHODS[kind], 0.0)
    rng = np.random.default_rng(seed)
    for first in range(0, repetitions, BLOCK):
        k = min(BLOCK, repetitions - first)
        x = row.draw(rng, (k, row.n))
        for name, method in METHODS[kind].items():
            found = method(x, lower=row.lower, upper=row.upper)
            inside, width = found.covers(row.mean), found.width
            if inside.ndim > 1:
                inside, width = inside.all(axis=1), width[:, -1]
            counts[name] += int(inside.sum())
            widths[name] += float(width.sum())
    return [
        Result(
            row,
            name,
            counts[name] / repetitions,
            lower_limit(counts[name], repetitions),
            widths[name] / repetitions,
        )
        for name in METHODS[kind]
    ]


def run(rows: tuple[Row, ...], repetitions: int, seed: int) -> Iterator[tuple[str, list[Result]]]:
    """Measure all rows, one kind of methods after the other, on the same data sets."""
    for kind in METHODS:
        for row, stream in zip(rows, np.random.SeedSequence(seed).spawn(len(rows)), strict=True):
            yield kind, measure(row, kind, repetitions, stream)


def broken_promises(kind: str, results: list[Result]) -> list[str]:
    """Name what was promised of these methods and does not hold on this row."""
    found = {result.method: result for result in results}
    broken = [
        f"{result.method} ({kind}) covers {result.row.name}, n = {result.row.n}, "
        f"{result.coverage:.4f}, lower limit {result.limit:.4f}"
        for result in results
        if kind != "heuristic" and result.limit < PROMISE
    ]
    row = results[0].row
    if kind == "fixed n" and row.low_variance:
        ratio = found["betting"].width / found["empirical-bernstein"].width
        if ratio > 0.5:
            broken.append(f"betting is {ratio:.2f} of empirical Bernstein on {row.name}, n={row.n}")
    return broken


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="1,000 repetitions, n up to 300")
    parser.add_argument("--repetitions", type=int, help="data sets of each row, 10,000")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    repetitions = chosen.repetitions or (1000 if chosen.quick else 10_000)
    rows = tuple(row for row in ROWS if not chosen.quick or row.n <= 300)
    started, last, broken, lowest = time.perf_counter(), "", [], 1.0
    for kind, results in run(rows, repetitions, chosen.seed):
        if kind != last:
            names = "".join(f"{name:>24}" for name in METHODS[kind])
            print(f"\n{kind + ': coverage, its lower limit, width':<38}\n{'':28}{names}")
            last = kind
        print(line(results))
        broken += broken_promises(kind, results)
        if kind != "heuristic":
            lowest = min(lowest, *(result.limit for result in results))
    print(
        f"\n* variance at most {LOW_VARIANCE} of the squared range: betting is to be half as wide"
    )
    print(f"{repetitions} repetitions, {time.perf_counter() - started:.0f} s")
    print(f"lowest limit of a method that is no heuristic: {lowest:.4f} (promised: {PROMISE})")
    for promise in broken:
        print(f"BROKEN: {promise}")
    return 1 if broken else 0


def line(results: list[Result]) -> str:
    """Write one row of the table."""
    row = results[0].row
    entries: Any = (f"{r.coverage:9.4f} {r.limit:.4f} {r.width:7.4g}" for r in results)
    return f"{row.name:<21}{'*' if row.low_variance else ' '} {row.n:5d}" + "".join(entries)


if __name__ == "__main__":
    sys.exit(main())
