"""What ``solve`` returns: one frozen record, whatever the game and the concept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gametheory.rationals import encode

__all__ = ["Certificate", "NearbyEquilibrium", "Solution", "Status", "Trace"]


class Status(StrEnum):
    """How a computation ended.

    ``CERTIFIED_*`` speak of the certificates, never of the algorithm's own opinion: every
    profile is an equilibrium with no violation (``EXACT``); or each that is not, because its
    probabilities are irrational, lies in a box that is proven to hold exactly one equilibrium
    (``ISOLATED``); or some are known only up to the violation stated (``EPSILON``).
    """

    CERTIFIED_EXACT = "certified_exact"
    CERTIFIED_ISOLATED = "certified_isolated"
    CERTIFIED_EPSILON = "certified_epsilon"
    TIME_LIMIT = "time_limit"
    ITERATION_LIMIT = "iteration_limit"
    INFEASIBLE = "infeasible"
    NUMERICAL_FAILURE = "numerical_failure"


def _nothing() -> NDArray[np.float64]:
    empty = np.empty(0)
    empty.setflags(write=False)
    return empty


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """What happened on the way: of a search, or of a dynamic. What does not apply is empty.

    Attributes
    ----------
    found_after : tuple of float
        Of a search: seconds from the start to each equilibrium, in the order of
        ``Solution.equilibria``.
    times : ndarray, shape (k,)
        Of a dynamic: rounds played, or time passed, at each of its k records.
    iterates : tuple of ndarray, each of shape (k, m_i)
        Each player's (or population's) strategy at these times.
    averages : tuple of ndarray, each of shape (k, m_i)
        Each player's average strategy up to these times.
    regrets : ndarray, shape (k, n_players)
        Each player's external regret per round, or per unit of time, in payoff units.
    gaps : ndarray, shape (k,)
        NashConv of the averages, in payoff units.
    iterate_gaps : ndarray, shape (k,)
        NashConv of the iterates, in payoff units.
    joint_average : ndarray, shape (m_1, ..., m_n)
        The average of the joint play up to the last record, a distribution over joint actions.
    """

    found_after: tuple[float, ...] = ()
    times: NDArray[np.float64] = field(default_factory=_nothing)
    iterates: tuple[NDArray[np.float64], ...] = ()
    averages: tuple[NDArray[np.float64], ...] = ()
    regrets: NDArray[np.float64] = field(default_factory=_nothing)
    gaps: NDArray[np.float64] = field(default_factory=_nothing)
    iterate_gaps: NDArray[np.float64] = field(default_factory=_nothing)
    joint_average: NDArray[np.float64] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class NearbyEquilibrium:
    """A proof that an equilibrium lies close to a profile that is none itself.

    Attributes
    ----------
    radius : Fraction
        No probability of that equilibrium is further from the profile's than this.
    profile : object or None
        The equilibrium, where it is rational and was found; None where only the interval proof
        knows it.
    unique : bool
        Whether it is proven to be the only equilibrium with its support within the radius.
    """

    radius: Fraction
    profile: Any = None
    unique: bool = False


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
    nearby : NearbyEquilibrium or None
        Where the profile has a violation: an exact equilibrium proven to lie close to it.
    violation : str
        The inequality that is violated most, in words; empty when exact or not told.
    objective_value : Fraction or None
        What the solution is worth, where the concept asks for the best one by some objective.
    objective_gap : Fraction or None
        How far, at most, that is from the optimum; 0 is proven optimal, None is not proven.
    """

    concept: str
    epsilon: Fraction
    payoffs: tuple[Fraction, ...]
    regrets: tuple[Fraction, ...]
    arithmetic: Literal["rational", "float with error bound"]
    game_digest: str
    profile: Any
    nearby: NearbyEquilibrium | None = None
    violation: str = ""
    objective_value: Fraction | None = None
    objective_gap: Fraction | None = None

    @property
    def exact(self) -> bool:
        """Whether the profile satisfies the concept with no violation at all."""
        return self.epsilon == 0

    def to_document(self) -> dict[str, Any]:
        """Describe the certificate, with the profile it is about, as a JSON document."""
        return {
            "format": "gametheory/certificate",
            "version": 1,
            "concept": self.concept,
            "exact": self.exact,
            "epsilon": encode(self.epsilon),
            "payoffs": [encode(payoff) for payoff in self.payoffs],
            "regrets": [encode(regret) for regret in self.regrets],
            "arithmetic": self.arithmetic,
            "game_digest": self.game_digest,
            "nearby_radius": None if self.nearby is None else encode(self.nearby.radius),
            "objective_gap": None if self.objective_gap is None else encode(self.objective_gap),
            "profile": self.profile.to_document(),
        }

    def to_json(self) -> str:
        """Write the certificate as JSON, for :func:`gametheory.formats.load_certificate`.

        What is read back is checked again, so the text needs no trust.
        """
        return json.dumps(self.to_document(), indent=1, ensure_ascii=False)

    def __str__(self) -> str:
        if self.exact:
            return f"{self.concept}: exact ({self.arithmetic} arithmetic)" + self._objective()
        text = f"{self.concept}: epsilon {float(self.epsilon):.3g} ({self.arithmetic} arithmetic)"
        text += f"; {self.violation}" if self.violation else ""
        if self.nearby is None:
            return text + self._objective()
        which = "the only" if self.nearby.unique else "an"
        return f"{text}; {which} equilibrium proven within {float(self.nearby.radius):.3g}"

    def _objective(self) -> str:
        if self.objective_value is None or self.objective_gap is None:
            return ""
        gap = self.objective_gap
        return "; proven optimal" if gap == 0 else f"; at most {float(gap):.3g} from optimal"


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
    components : tuple of NashComponent
        All equilibria of a two-player game, isolated or not, as maximal Nash subsets; empty
        unless all were found. See :mod:`gametheory.concepts.nash_components`.
    indices : tuple of int or None
        Each equilibrium's index, None where it is not regular; empty unless all equilibria of a
        two-player game were found. See :mod:`gametheory.concepts.equilibrium_index`.
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
    components: tuple[Any, ...] = ()
    indices: tuple[int | None, ...] = ()
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
