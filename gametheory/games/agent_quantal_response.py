"""Agent logit equilibria: behavior profiles that carry the rationality they belong to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gametheory.errors import InvalidProfile
from gametheory.games.behavior_profile import BehaviorProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.rationals import encode, shown, to_fraction

__all__ = ["AgentLogitEquilibrium"]

_TOLERANCE = 1e-9


class AgentLogitEquilibrium(BehaviorProfile):
    """A behavior profile at a given rationality: a point of the agent logit correspondence.

    At every information set, each action is taken with a probability proportional to
    ``exp(rationality * v)``, v being what the player expects from it, given that the information
    set is reached: as if every information set were a player of its own (McKelvey and Palfrey
    1998, "Quantal response equilibria for extensive form games", Experimental Economics 1).
    Whether a profile has this property is for
    :func:`gametheory.certificates.agent_logit.certify_agent_logit` to say.

    Parameters
    ----------
    game : ExtensiveFormGame
    probabilities : array_like, shape (n_actions,)
        As for :class:`gametheory.games.behavior_profile.BehaviorProfile`.
    rationality : float
        Finite, not negative; per unit of the game's own payoffs.
    log_probabilities : array_like of float, shape (n_actions,), optional
        The same, up to rounding, as logarithms. Beliefs at information sets whose probability
        of being reached is too small for floats can only be computed from these.

    Attributes
    ----------
    rationality : float
    log_probabilities : ndarray of float64 or None

    Raises
    ------
    InvalidProfile
        The probabilities are no profile of the game, the logarithms are not finite or do not
        agree with them, or the rationality is no finite number of at least 0.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("selten_horse")
    >>> AgentLogitEquilibrium.uniform(game)
    <AgentLogitEquilibrium: 3 information sets, rationality 0>
    """

    rationality: float
    log_probabilities: NDArray[np.float64] | None

    def __init__(
        self,
        game: ExtensiveFormGame,
        probabilities: ArrayLike | Sequence[Any],
        rationality: float,
        log_probabilities: ArrayLike | None = None,
    ) -> None:
        self.rationality = _read(rationality)
        self.log_probabilities = None
        super().__init__(game, probabilities)
        if log_probabilities is not None:
            self.log_probabilities = self._checked(log_probabilities)

    def _checked(self, given: ArrayLike) -> NDArray[np.float64]:
        try:
            logs = np.array(given, np.float64)
        except (TypeError, ValueError, OverflowError):
            logs = np.empty(0)
        fits = logs.shape == self.probabilities.shape and bool(np.isfinite(logs).all())
        if fits:
            differences = np.exp(np.minimum(logs, 1.0)) - self.probabilities
            fits = bool((np.abs(differences) < _TOLERANCE).all())
        if not fits:
            raise InvalidProfile(
                "the logarithms are not those of the probabilities",
                where="log_probabilities",
                valid="a finite number for each action, whose exponential is its probability",
            )
        logs.setflags(write=False)
        return logs

    @classmethod
    def uniform(cls, game: ExtensiveFormGame) -> AgentLogitEquilibrium:
        """Return the equilibrium of rationality 0, in which every action is equally likely."""
        counts = game.infoset_n_actions.tolist()
        even = np.empty(sum(counts), dtype=object)
        even[:] = [Fraction(1, count) for count in counts for _ in range(count)]
        return cls(game, even, 0.0)

    @classmethod
    def pure(cls, game: ExtensiveFormGame, actions: ArrayLike) -> BehaviorProfile:
        """Return a pure profile, which has no rationality: that would be infinite."""
        return BehaviorProfile.pure(game, actions)

    @classmethod
    def from_mapping(cls, game: ExtensiveFormGame, choices: Any) -> BehaviorProfile:
        """Return a profile without rationality, see :meth:`BehaviorProfile.from_mapping`."""
        return BehaviorProfile.from_mapping(game, choices)

    def to_document(self) -> dict[str, Any]:
        """Describe the profile and its rationality as a JSON document; both stay exact."""
        document = {
            **super().to_document(),
            "format": "gametheory/agent-logit-equilibrium",
            "rationality": encode(to_fraction(self.rationality)),
        }
        if self.log_probabilities is not None:
            document["log_probabilities"] = self.log_probabilities.tolist()
        return document

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, AgentLogitEquilibrium)
            and to_fraction(self.rationality) == to_fraction(other.rationality)
            and _same(self.log_probabilities, other.log_probabilities)
            and super().__eq__(other) is True
        )

    def __hash__(self) -> int:
        return hash((self.probabilities.tobytes(), self.rationality))

    def __repr__(self) -> str:
        return (
            f"<AgentLogitEquilibrium: {len(self):,} information sets, "
            f"rationality {self.rationality:g}>"
        )


def _same(one: NDArray[np.float64] | None, other: NDArray[np.float64] | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)


def _read(rationality: Any) -> float:
    try:
        number = float(to_fraction(rationality))
    except (ValueError, OverflowError):
        number = math.nan
    if not 0.0 <= number < math.inf:
        raise InvalidProfile(
            f"rationality {shown(rationality)}",
            where="rationality",
            valid="a finite number, 0 or larger",
        )
    return number
