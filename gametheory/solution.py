"""What ``solve`` returns: one frozen record, whatever the game and the concept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Certificate", "Solution", "Status", "Trace"]


class Status(StrEnum):
    """How a computation ended.

    ``CERTIFIED_*`` speak of the certificate, never of the algorithm's own opinion.
    """

    CERTIFIED_EXACT = "certified_exact"
    CERTIFIED_EPSILON = "certified_epsilon"
    TIME_LIMIT = "time_limit"
    ITERATION_LIMIT = "iteration_limit"
    INFEASIBLE = "infeasible"
    NUMERICAL_FAILURE = "numerical_failure"


@dataclass(frozen=True, slots=True)
class Trace:
    """What an algorithm reported on its way.

    Attributes
    ----------
    found_after : tuple of float
        Seconds from the start to each equilibrium, in the order of ``Solution.equilibria``.
    """

    found_after: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    """An independent proof that a profile solves a game, to within ``epsilon``.

    Attributes
    ----------
    concept : str
        The solution concept that was checked.
    epsilon : Fraction
        Largest violation of the concept's inequalities, in payoff units: for Nash the max
        regret. A rational number: exact for ``arithmetic="rational"``, an upper bound for
        ``arithmetic="float with error bound"``.
    payoffs : tuple of Fraction
        Each player's expected payoff.
    regrets : tuple of Fraction
        Each player's largest violation.
    arithmetic : {"rational", "float with error bound"}
        How the figures were computed.
    game_digest : str
        SHA-256 of the game's content: a certificate speaks of that game only.
    profile : object
        The profile that was checked.
    """

    concept: str
    epsilon: Fraction
    payoffs: tuple[Fraction, ...]
    regrets: tuple[Fraction, ...]
    arithmetic: Literal["rational", "float with error bound"]
    game_digest: str
    profile: Any

    @property
    def exact(self) -> bool:
        """Whether the profile satisfies the concept with no violation at all."""
        return self.epsilon == 0

    def __str__(self) -> str:
        if self.exact:
            return f"{self.concept}: exact ({self.arithmetic} arithmetic)"
        return f"{self.concept}: epsilon {float(self.epsilon):.3g} ({self.arithmetic} arithmetic)"


@dataclass(frozen=True, slots=True)
class Solution:
    """The answer of :func:`gametheory.solve`, always of this one type.

    Attributes
    ----------
    concept : str
        What was asked for.
    equilibria : tuple
        The profiles found, every one checked by :mod:`gametheory.certificates`.
    status : Status
        How the computation ended.
    complete : bool
        True when no other solution of this concept exists.
    certificates : tuple of Certificate
        One for each equilibrium.
    method : str
        The algorithm that found them.
    guarantee : str
        What the algorithm promises, in words.
    iterations : int
        The algorithm's own count of its steps.
    seconds : float
        Wall time, certificates included.
    reason : str
        Why there are no (more) equilibria; empty when nothing is missing.
    trace : Trace
        What the algorithm reported on its way.
    parameters : mapping
        The arguments the answer depends on.
    """

    concept: str
    equilibria: tuple[Any, ...]
    status: Status
    complete: bool
    certificates: tuple[Certificate, ...]
    method: str
    guarantee: str
    iterations: int = 0
    seconds: float = 0.0
    reason: str = ""
    trace: Trace = field(default_factory=Trace)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def profile(self) -> Any:
        """The first equilibrium; LookupError with the reason when there is none."""
        if not self.equilibria:
            raise LookupError(f"no equilibrium was found: {self.reason or self.status}")
        return self.equilibria[0]

    @property
    def certificate(self) -> Certificate | None:
        """The first equilibrium's certificate, None when there is no equilibrium."""
        return self.certificates[0] if self.certificates else None

    @property
    def payoffs(self) -> NDArray[np.float64]:
        """The first equilibrium's expected payoffs, shape (n_players,)."""
        if not self.certificates:
            raise LookupError(f"no equilibrium was found: {self.reason or self.status}")
        return np.array([float(payoff) for payoff in self.certificates[0].payoffs])

    @property
    def epsilon(self) -> float:
        """Largest violation over all equilibria, in payoff units; 0.0 when exact."""
        return max((float(certificate.epsilon) for certificate in self.certificates), default=0.0)

    def __str__(self) -> str:
        lines = [f"{self.concept} by {self.method}: {self.status}, {len(self.equilibria)} found"]
        lines[0] += " (complete)" if self.complete else ""
        lines += [f"  {certificate}" for certificate in self.certificates[:1]]
        lines += [f"  {self.reason}"] if self.reason else []
        return "\n".join(lines)
