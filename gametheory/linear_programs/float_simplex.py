"""Optimal bases in floats, by HiGHS, which may be asked again for a correction.

A basis is most of what is taken from here: what is basic, not what it is worth.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.linear_programs.program import LinearProgram
from gametheory.linear_programs.scaling import common_scale, row_scales, scaled

__all__ = ["MAGNIFIED", "Basis", "FloatOptimum", "FloatSimplex"]

Floats = NDArray[np.float64]

MAGNIFIED = 20
"""Exponent of two by which right-hand sides are larger inside: tolerances then matter less."""

_TOLERANCE = 1e-10  # the smallest that HiGHS takes
_LOOSER = 1e-9  # of large programs: a quarter less work, and small enough for magnified rows
_PRIMAL = 4  # HiGHS' number of the primal simplex method
_MOST_ITERATIONS = 10_000  # and fifty for each row and variable: it may cycle
_FIRST_SLICE = 0.05  # seconds of work before the caller may look at its clock; then doubled


class Basis(NamedTuple):
    """Basic variables and tight rows, as many of the one as of the other; the rest is zero."""

    variables: tuple[int, ...]
    rows: tuple[int, ...]


class FloatOptimum(NamedTuple):
    """A basis, and what floats say of it: of the program as it is inside, with scaled rows."""

    basis: Basis
    weights: Floats
    duals: Floats


class FloatSimplex:
    """One program inside HiGHS, its rows and its objective scaled by powers of two.

    Parameters
    ----------
    program : LinearProgram
    start : Basis, optional
        Where to start from. All rows then are equations, with explicit slacks: corrections give
        slacks an objective of their own.
    presolve : bool
        Whether HiGHS simplifies the program first, which pays for large sparse ones.

    Attributes
    ----------
    reason : str
        Why there is no basis, after a run that ended without one.
    iterations : int
        Simplex steps of all runs.
    """

    def __init__(
        self, program: LinearProgram, *, start: Basis | None = None, presolve: bool = False
    ) -> None:
        import highspy

        words: Any = highspy  # its types know neither all its methods nor its options
        # Highs itself switches callbacks on, and with them prints a banner that no option prevents.
        self._words = words
        self.program, self.reason, self.iterations = program, "", 0
        self._primal, self._interior, self._presolve = False, False, presolve
        self._slacks = np.flatnonzero(~program.equalities) if start is not None else None
        options: dict[str, Any] = {
            "output_flag": False,
            "presolve": "off",
            "solver": "simplex",
            "threads": 1,
            "random_seed": 0,
            "simplex_iteration_limit": max(_MOST_ITERATIONS + 50 * sum(program.shape), 0),
            "primal_feasibility_tolerance": _LOOSER if presolve else _TOLERANCE,
            "dual_feasibility_tolerance": _LOOSER if presolve else _TOLERANCE,
        }
        self._options = options
        self._solver = self._new_solver()
        self._solver.passModel(self._inside())
        if start is not None:
            self._solver.setBasis(self._statuses(start))

    def _new_solver(self) -> Any:
        solver = self._words.Highs.__base__()
        for name, value in self._options.items():
            solver.setOptionValue(name, value)
        return solver

    def correct(self, lower: Floats, bounds: Floats, objective: Floats) -> None:
        """Ask for the correction to a solution; slacks come after the variables."""
        n_rows, n_columns = len(bounds), len(lower)
        columns = np.arange(n_columns, dtype=np.int32)
        rows = np.arange(n_rows, dtype=np.int32)
        infinity = np.full(n_columns, self._words.kHighsInf)
        self._solver.changeColsBounds(n_columns, columns, self._without_sign(lower), infinity)
        self._solver.changeRowsBounds(n_rows, rows, bounds, bounds)
        self._solver.changeColsCost(n_columns, columns, -objective)

    def run(self) -> Generator[None, None, FloatOptimum | None]:
        """Find an optimal basis; yields None between pieces of work.

        Returns
        -------
        FloatOptimum or None
            None, and ``reason``, if the program is infeasible, unbounded or was not solved. What
            HiGHS is not sure of counts as found: whoever asks has to check in any case.
        """
        kinds = self._words.HighsModelStatus
        if self._presolve and not (self._primal or self._interior):
            status = yield from self._run_simplified()
        else:
            status = yield from self._run_in_slices(self._solver)
        # Unknown: the tolerances were not met after all. The basis is as good as any other to try.
        if status == kinds.kOptimal or (status == kinds.kUnknown and self._solver.getBasis().valid):
            return self._optimum()
        if status == kinds.kNotset and not self._primal:
            # The dual method gave up over a ratio: the primal one does not divide by it.
            self._primal = True
            self._solver.setOptionValue("simplex_strategy", _PRIMAL)
            return (yield from self.run())
        if status in (kinds.kIterationLimit, kinds.kSolveError) and not self._interior:
            self._interior = True  # interior points, then a crossover to a basis
            self._solver.setOptionValue("solver", "ipm")
            return (yield from self.run())
        self.reason = self._solver.modelStatusToString(status).lower()
        return None

    def _run_in_slices(self, solver: Any) -> Generator[None, None, Any]:
        slice_of_time = _FIRST_SLICE
        while True:
            solver.setOptionValue("time_limit", solver.getRunTime() + slice_of_time)
            solver.run()
            status = solver.getModelStatus()
            self.iterations += max(solver.getInfo().simplex_iteration_count, 0)
            if status != self._words.HighsModelStatus.kTimeLimit:
                return status
            slice_of_time *= 2
            yield None

    def _run_simplified(self) -> Generator[None, None, Any]:
        """Solve what HiGHS simplifies the program to: only so it can go on where a slice ended."""
        self._solver.setOptionValue("presolve", "on")
        self._solver.presolve()
        yield None
        inner = self._new_solver()
        inner.passModel(self._solver.getPresolvedLp())
        status = yield from self._run_in_slices(inner)
        if status != self._words.HighsModelStatus.kOptimal:
            self._solver.setOptionValue("presolve", "off")
            return (yield from self._run_in_slices(self._solver))
        self._solver.postsolve(inner.getSolution(), inner.getBasis())
        return self._solver.getModelStatus()

    def _inside(self) -> Any:
        program, scales = self.program, row_scales(self.program)
        inside = self._words.HighsLp()
        values = scaled(program.values, np.repeat(scales, np.diff(program.starts)))
        starts, columns, objective = program.starts, program.columns, -self._objective()
        bounds = scaled(program.bounds, scales + MAGNIFIED)
        infinity = self._words.kHighsInf
        below = np.where(program.equalities, bounds, -infinity)
        if self._slacks is not None:
            n = program.shape[1]
            ends = starts[1:][self._slacks]
            values = np.insert(values, ends, 1.0)
            columns = np.insert(columns, ends, n + np.arange(len(self._slacks)))
            starts = starts + np.concatenate([[0], np.cumsum(~program.equalities)])
            objective = np.append(objective, np.zeros(len(self._slacks)))
            below = bounds
        inside.num_row_, inside.num_col_ = len(bounds), len(objective)
        inside.a_matrix_.format_ = self._words.MatrixFormat.kRowwise
        inside.a_matrix_.start_, inside.a_matrix_.index_ = starts, columns
        inside.a_matrix_.value_ = values
        inside.col_cost_ = objective
        inside.col_lower_ = self._without_sign(np.zeros(len(objective)))
        inside.col_upper_ = np.full(len(objective), infinity)
        inside.row_lower_, inside.row_upper_ = below, bounds
        return inside

    def _objective(self) -> Floats:
        return scaled(self.program.objective, common_scale(self.program.objective))

    def _without_sign(self, lower: Floats) -> Floats:
        free = np.append(self.program.free, np.zeros(len(lower) - len(self.program.free), bool))
        return np.where(free, -self._words.kHighsInf, lower)

    def _statuses(self, start: Basis) -> Any:
        kinds = self._words.HighsBasisStatus
        n_rows, n_columns = self.program.shape
        slacks = [] if self._slacks is None else self._slacks.tolist()
        variables, tight = set(start.variables), set(start.rows)
        basis = self._words.HighsBasis()
        basis.col_status = [
            *(kinds.kBasic if j in variables else kinds.kLower for j in range(n_columns)),
            *(kinds.kLower if i in tight else kinds.kBasic for i in slacks),
        ]
        with_slack = set(slacks)
        basis.row_status = [
            kinds.kLower if i in tight or i in with_slack else kinds.kBasic for i in range(n_rows)
        ]
        return basis

    def _optimum(self) -> FloatOptimum:
        solution, basis = self._solver.getSolution(), self._solver.getBasis()
        n_rows, n_columns = self.program.shape
        is_basic = self._words.HighsBasisStatus.kBasic.__eq__
        slacks = [] if self._slacks is None else self._slacks.tolist()
        loose = {i for i, status in enumerate(basis.row_status) if is_basic(status)}
        loose |= {
            i
            for i, status in zip(slacks, basis.col_status[n_columns:], strict=True)
            if is_basic(status)
        }
        statuses = basis.col_status[:n_columns]
        return FloatOptimum(
            Basis(
                tuple(j for j, status in enumerate(statuses) if is_basic(status)),
                tuple(i for i in range(n_rows) if i not in loose),
            ),
            np.array(solution.col_value, dtype=np.float64)[:n_columns],
            -np.array(solution.row_dual, dtype=np.float64),  # HiGHS minimizes
        )
