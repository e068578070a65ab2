"""A policy as a table: probabilities by observation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from marl_bridge.environments.driver import View
from marl_bridge.environments.observations import observation_key
from marl_bridge.errors import InvalidPolicy
from marl_bridge.policies import files
from marl_bridge.policies.checks import n_actions_of, sample_index
from marl_bridge.policies.content_hash import hash_of_table

__all__ = ["TabularPolicy"]

Probabilities = NDArray[np.float64]


class TabularPolicy:
    """A distribution for every observation in a table.

    Rows are masked and renormalized over the legal actions, so that they need not know them.

    Parameters
    ----------
    table : mapping of bytes to sequence of float
        Probabilities, shape (n_actions,), by :func:`observation_key`.
    default : {"uniform", "error"}
        What happens at an observation that is not in the table, or where the row has no
        probability on a legal action.

    Raises
    ------
    InvalidPolicy
        If a row is no probability distribution.

    Examples
    --------
    >>> policy = TabularPolicy({observation_key(0): [0.25, 0.75]})
    >>> policy
    TabularPolicy(1 observation, default='uniform')
    """

    def __init__(
        self,
        table: Mapping[bytes, Sequence[float] | Probabilities],
        default: Literal["uniform", "error"] = "uniform",
    ) -> None:
        if default not in ("uniform", "error"):
            raise InvalidPolicy(f"unknown default {default!r}", valid="'uniform' or 'error'")
        self.default: Literal["uniform", "error"] = default
        self.table: dict[bytes, Probabilities] = {
            key: _checked_row(key, row) for key, row in table.items()
        }

    def act(self, view: View, rng: np.random.Generator) -> int:
        """Sample from :meth:`probabilities`."""
        return sample_index(self.probabilities(view), rng) + view.start

    def probabilities(self, view: View) -> Probabilities:
        """Return the row of the observation, over its legal actions."""
        p = np.zeros(n_actions_of(view, "a tabular policy"))
        legal = view.legal_indices()
        row = self.table.get(observation_key(view.observation))
        if row is not None:
            if row.size != p.size:
                raise InvalidPolicy(
                    f"the table of agent {view.agent!r} has {row.size} probabilities in a row",
                    valid=f"{p.size}, one per action of {view.action_space}",
                    hint="is this policy from another environment?",
                )
            p[legal] = row[legal]
            total = p.sum()
            if total > 0.0:
                return np.asarray(p / total)
        if self.default == "error":
            raise InvalidPolicy(
                f"the table of agent {view.agent!r} says nothing about this observation",
                where=f"observation {view.observation!r}",
                hint="use default='uniform', or train on this environment",
            )
        p[legal] = 1.0 / legal.size
        return p

    def save(self, path: str | Path) -> Path:
        """Write the table to a ``.npz`` or ``.json`` file, replacing it in one piece."""
        return files.save(Path(path), self.table, self.default)

    @classmethod
    def load(cls, path: str | Path) -> TabularPolicy:
        """Read a table that :meth:`save` wrote; nothing in the file is executed.

        Raises
        ------
        InvalidPolicy
            If the file is missing or is no such table.
        DamagedPolicy
            If its content is not what was saved.
        """
        table, default = files.load(Path(path))
        return cls(table, "error" if default == "error" else "uniform")

    def content_hash(self) -> str:
        """SHA-256 of the rows and the default, which a saved file carries too."""
        return hash_of_table(self.table, self.default)

    def __len__(self) -> int:
        return len(self.table)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TabularPolicy):
            return NotImplemented
        return (
            self.default == other.default
            and self.table.keys() == other.table.keys()
            and all(np.array_equal(row, other.table[key]) for key, row in self.table.items())
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        plural = "" if len(self.table) == 1 else "s"
        return f"TabularPolicy({len(self.table)} observation{plural}, default={self.default!r})"


def _checked_row(key: bytes, row: Sequence[float] | Probabilities) -> Probabilities:
    p = np.array(row, dtype=np.float64)
    if p.ndim != 1 or not np.isfinite(p).all() or (p < 0).any() or abs(p.sum() - 1.0) > 1e-5:
        raise InvalidPolicy(
            f"{p.tolist()} is no probability distribution",
            where=f"table row of observation key {key!r}",
            valid="nonnegative numbers that sum to one",
        )
    p.flags.writeable = False
    return p
