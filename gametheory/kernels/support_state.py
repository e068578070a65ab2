"""The state of a search for equilibria over supports, and its room for work."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gametheory.kernels.correlated_program import Program, new_program
from gametheory.kernels.multilinear_roots import Restriction, Roots, new_restriction, new_roots

__all__ = ["CELLS", "DEPTH", "FAITHFUL", "HERE", "LEVEL", "ROOTS", "Search", "new_search"]

Array = NDArray[Any]

CELLS: Final = 0  # places in Search.state
LEVEL: Final = 1
DEPTH: Final = 2
ROOTS: Final = 3
HERE: Final = 4
FAITHFUL: Final = 5

_MAX_ROOTS: Final = 4096
_MAX_DEPTH: Final = 2000


class Search(NamedTuple):
    """The state of a search, and its room for work.

    Attributes
    ----------
    payoffs : ndarray of float64, shape (n, m_1 * ... * m_n)
        In [0, 1], in C order.
    masks : ndarray of int64, shape (n,)
        Each player's support, a bit for each action.
    state : ndarray of int64, shape (6,)
        Cells looked at; the player whose support is chosen next; cells on the stack; roots
        known, and cells looked at, on this support; whether payoffs are equal only if they
        are exactly.
    stack : ndarray of float64, shape (max depth, n, max actions, max actions)
        Cells: ``stack[d, p, v]`` is the corner v of player p's simplex.
    corners : ndarray of float64, shape (n, max actions, max actions)
        The cell at hand.
    local : ndarray of float64, shape (n, max actions, max others)
        Payoffs at the cell's joint vertices.
    buffers : ndarray of float64, shape (2, m_1 * ... * m_n)
    shares : ndarray of float64, shape (n, max actions)
        Each corner's weight, by the linear program.
    spent : ndarray of int64, shape (1,)
        Multiplications, roughly.
    tight : ndarray of float64, shape (1,)
        How far the point FOUND may be from the root.
    restriction, program, roots
        See the modules they come from.
    """

    payoffs: Array
    masks: Array
    state: Array
    stack: Array
    corners: Array
    local: Array
    buffers: Array
    shares: Array
    spent: Array
    tight: Array
    restriction: Restriction
    program: Program
    roots: Roots


def new_search(payoffs: Array, n_actions: tuple[int, ...], faithful: bool) -> Search:
    """Allocate a search; set ``restriction.size`` and zero ``state[1:]`` to start with a size."""
    n, most, joint = len(n_actions), max(n_actions), int(np.prod(n_actions))
    most_rows = max(1, sum(m * (m - 1) for m in n_actions))
    depth = min(_MAX_DEPTH, 2 + 20 * sum(m * (m - 1) // 2 for m in n_actions))
    restriction = new_restriction(n_actions)
    return Search(
        payoffs=np.ascontiguousarray(payoffs, np.float64),
        masks=np.zeros(n, np.int64),
        state=np.array([0, 0, 0, 0, 0, faithful], np.int64),
        stack=np.zeros((depth, n, most, most)),
        corners=np.zeros((n, most, most)),
        local=np.zeros_like(restriction.payoffs),
        buffers=np.zeros((2, joint)),
        shares=np.zeros((n, most)),
        spent=np.zeros(1, np.int64),
        tight=np.zeros(1),
        restriction=restriction,
        program=new_program(most_rows, joint),
        roots=new_roots(n_actions, _MAX_ROOTS),
    )
