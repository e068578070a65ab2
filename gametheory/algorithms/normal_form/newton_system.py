"""Newton's equations on the path to the largest entropy, by preconditioned conjugate gradients.

With G the gains of deviations, one row each, w the distribution and D a positive diagonal matrix,
the slacks over the prices, the equations are

    (G (diag(w) - w w') G' + D) x = r.

A deviation matters if the variance of its gain is not small beside its entry of D. At the end of
the path those matter that are indifferent, and before it few others do. So the preconditioner is
exact on the rows that matter, by a Cholesky factorization, and diagonal on the rest; conjugate
gradients then take some ten products with G. Where they take many, more rows are counted among
those that matter, and at last all.

If that many rows matter that there are fewer joint actions, all of them are solved through the
matrix I + F' D^-1 F (Woodbury's formula), which has a row for each joint action; F F' is the
covariance above. Being told one action concerns only the joint actions that contain it, so that
G' D^-1 G is a sum of small blocks.

References
----------
Hestenes and Stiefel (1952), "Methods of conjugate gradients for solving linear systems", Journal
of Research of the National Bureau of Standards 49. Dembo, Eisenstat and Steihaug (1982), "Inexact
Newton methods", SIAM Journal on Numerical Analysis 19.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gametheory.algorithms.normal_form.incentive_program import IncentiveRows

__all__ = ["NewtonEquations", "NewtonSystem", "told_alike"]

Floats = NDArray[np.float64]
Map = Callable[[Floats], Floats]

_MATTERS = (0.3, 0.01, 0.0)  # variance over the diagonal entry, from which on a row matters
_FEW = 100  # rows: all matter
_MOST_PRODUCTS = 100
_REFINEMENTS = 5  # where the preconditioner is exact but for rounding
_SPARSE = 0.1  # share of entries that are not zero: from there on dense products are faster
_PRECISION = 6  # times the work: the system of joint actions is the less precise one


class NewtonSystem:
    """The gains, each row scaled to a largest entry of one.

    Parameters
    ----------
    rows : IncentiveRows
        At least one.
    n_cells : int
        Number of joint actions.

    Attributes
    ----------
    gains : csr_array, shape (n_rows, n_cells)
    scales : ndarray, shape (n_rows,)
        The largest entries, in the integer units of ``rows``.

    Examples
    --------
    >>> from gametheory.algorithms.normal_form.incentive_program import incentive_rows
    >>> from gametheory.games.catalog import load
    >>> system = NewtonSystem(incentive_rows(load("chicken"), coarse=False), 4)
    >>> w = system.distribution(np.zeros(4))
    >>> equations = NewtonEquations(system, w, np.ones(4))
    >>> x = equations.solve(np.ones(4), np.full(4, 1e-12))
    >>> bool(np.abs(system.curvature(w, x) + x - 1).max() < 1e-12)
    True
    """

    def __init__(self, rows: IncentiveRows, n_cells: int) -> None:
        from scipy.sparse import csr_array

        floats = [values.astype(np.float64) for values in rows.values]
        self.scales = np.array([np.abs(values).max() for values in floats])
        lengths = [len(values) for values in floats]
        self.gains = csr_array(
            (
                np.concatenate(floats) / np.repeat(self.scales, lengths),
                np.concatenate(rows.columns),
                np.concatenate([[0], np.cumsum(lengths)]),
            ),
            shape=(len(floats), n_cells),
        )
        self._transposed = self.gains.T.tocsr()
        self._squares = self.gains.power(2)
        self._told_alike = told_alike(rows)

    def distribution(self, y: Floats) -> Floats:
        """Return the softmax of -G' y."""
        exponents = -(self._transposed @ y)
        weights: Floats = np.exp(exponents - exponents.max())
        weights /= weights.sum()
        return weights

    def curvature(self, w: Floats, direction: Floats) -> Floats:
        """Multiply by G (diag(w) - w w') G'."""
        change = self._transposed @ direction
        product: Floats = self.gains @ (w * (change - w @ change))
        return product

    def spread(self, direction: Floats) -> float:
        """Return the largest change of the logarithm of a ratio of probabilities, for the whole."""
        return float(np.ptp(self._transposed @ direction))

    def second_moments(self, w: Floats) -> Floats:
        """Return the expected square of each row."""
        moments: Floats = self._squares @ w
        return moments

    def by_rows(self, w: Floats, diagonal: Floats, chosen: NDArray[np.intp]) -> Map:
        """Return the inverse of the equations' matrix on the chosen rows alone."""
        from scipy.linalg import cho_factor, cho_solve

        gains = self.gains[chosen]
        mean = gains @ w
        n_rows, n_cells = self.gains.shape
        if self.gains.nnz < _SPARSE * n_rows * n_cells:
            gains.data = gains.data * np.sqrt(w)[gains.indices]
            matrix = (gains @ gains.T).toarray() - np.outer(mean, mean)
        else:
            centered = (gains.toarray() - mean[:, None]) * np.sqrt(w)
            matrix = centered @ centered.T
        matrix[np.diag_indices_from(matrix)] += diagonal[chosen]
        factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)

        def inverse(right: Floats) -> Floats:
            solution: Floats = cho_solve(factor, right, check_finite=False)
            return solution

        return inverse

    def by_cells(self, w: Floats, diagonal: Floats) -> Map:
        """Return the inverse of the equations' matrix, from a matrix of joint actions."""
        from scipy.linalg import cho_factor, cho_solve

        root, prices = np.sqrt(w), 1 / np.sqrt(diagonal)
        matrix = np.zeros((len(w), len(w)))
        for block, cells, gains in self._blocks:
            scaled = gains * prices[block, None] * root[cells]
            matrix[np.ix_(cells, cells)] += scaled.T @ scaled
        # F = G diag(root) (I - root root')
        along = matrix @ root
        across = np.outer(along - 0.5 * (along @ root) * root, root)
        matrix -= across + across.T
        matrix[np.diag_indices_from(matrix)] += 1
        factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)

        def inverse(right: Floats) -> Floats:
            part = right / diagonal
            inside = root * (self._transposed @ part)
            inside = cho_solve(factor, inside - (inside @ root) * root, check_finite=False)
            inside -= (inside @ root) * root
            solution: Floats = part - (self.gains @ (root * inside)) / diagonal
            return solution

        return inverse

    @cached_property
    def _blocks(self) -> list[tuple[slice, NDArray[np.intp], Floats]]:
        """For each stretch of rows: the joint actions that they meet, and their gains there."""
        blocks = []
        for block in self._told_alike:
            gains = self.gains[block]
            cells = np.unique(gains.indices)
            blocks.append((block, cells, gains[:, cells].toarray()))
        return blocks


class NewtonEquations:
    """The equations of one step, ready to be solved for several right-hand sides.

    Parameters
    ----------
    system : NewtonSystem
    w : ndarray, shape (n_cells,)
        Probabilities.
    diagonal : ndarray, shape (n_rows,)
        Positive.

    Raises
    ------
    numpy.linalg.LinAlgError
        A matrix is not positive definite, by rounding; so does :meth:`solve`.
    """

    def __init__(self, system: NewtonSystem, w: Floats, diagonal: Floats) -> None:
        self._system, self._w, self._diagonal = system, w, diagonal
        self._moments = system.second_moments(w)
        self._thresholds = list(_MATTERS if len(diagonal) > _FEW else _MATTERS[-1:])
        self._prepare()

    def solve(self, right: Floats, allowed: Floats, start: Floats | None = None) -> Floats:
        """Solve the equations, each to within an error of its own.

        Parameters
        ----------
        right, allowed : ndarray, shape (n_rows,)
            The right-hand side, and the largest absolute error in each equation.
        start : ndarray, shape (n_rows,), optional
            A first guess.

        Returns
        -------
        ndarray, shape (n_rows,)
            Not to within ``allowed`` where rounding prevents it.
        """
        while True:
            most = _MOST_PRODUCTS if self._thresholds else _REFINEMENTS
            answer = _conjugate_gradients(
                self._multiply, self._precondition, right, allowed, start, most=most
            )
            if answer is not None:
                return answer
            if not self._thresholds:
                return self._precondition(right)
            self._prepare()

    def _multiply(self, x: Floats) -> Floats:
        return self._system.curvature(self._w, x) + self._diagonal * x

    def _prepare(self) -> None:
        """Go on to the next preconditioner; the last one has no thresholds left."""
        matters = self._moments >= self._thresholds.pop(0) * self._diagonal
        chosen = np.flatnonzero(matters)
        if len(chosen) ** 3 > _PRECISION * len(self._w) ** 3:
            self._thresholds.clear()
            self._precondition = self._system.by_cells(self._w, self._diagonal)
            return
        if len(chosen) == len(matters):
            self._thresholds.clear()
        alone = 1 / (self._moments + self._diagonal)
        if not len(chosen):
            self._precondition = lambda right: alone * right
            return
        together = self._system.by_rows(self._w, self._diagonal, chosen)

        def precondition(right: Floats) -> Floats:
            solution = alone * right
            solution[chosen] = together(right[chosen])
            return solution

        self._precondition = precondition


def _conjugate_gradients(
    multiply: Map,
    precondition: Map,
    right: Floats,
    allowed: Floats,
    start: Floats | None,
    *,
    most: int,
) -> Floats | None:
    """Solve multiply(x) = right to within what is allowed; None if that takes too many products."""
    x = np.zeros_like(right) if start is None else start
    rest = right.copy() if start is None else right - multiply(start)
    direction, before = np.zeros_like(right), 1.0
    for _ in range(most):
        if (np.abs(rest) <= allowed).all():
            return x
        downhill = precondition(rest)
        product = float(rest @ downhill)
        direction = downhill + (product / before) * direction
        bent = multiply(direction)
        curvature = float(direction @ bent)
        if not (product > 0 and curvature > 0):  # by rounding
            return None
        x = x + (product / curvature) * direction
        rest = rest - (product / curvature) * bent
        before = product
    return x if (np.abs(rest) <= allowed).all() else None


def told_alike(rows: IncentiveRows) -> list[slice]:
    """Split the rows into stretches of the same player and the same recommended action."""
    keys = [incentive[:2] for incentive in rows.incentives]
    inner = [k for k in range(1, len(keys)) if keys[k] != keys[k - 1]]
    return [slice(*ends) for ends in pairwise([0, *inner, len(keys)])]
