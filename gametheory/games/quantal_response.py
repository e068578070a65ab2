"""Logit equilibria: mixed profiles that carry the rationality they belong to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from gametheory.errors import InvalidProfile
from gametheory.games.profiles import MixedProfile
from gametheory.rationals import encode, shown, to_fraction

if TYPE_CHECKING:
    from gametheory.games.normal_form import NormalFormGame

__all__ = ["LogitEquilibrium"]


class LogitEquilibrium(MixedProfile):
    """A mixed profile at a given rationality: a point of the logit correspondence.

    Every player takes each action with a probability proportional to
    ``exp(rationality * deviation payoff)``; 0 is uniform play, and large values come close to
    best responses (McKelvey and Palfrey 1995, "Quantal response equilibria for normal form
    games", Games and Economic Behavior 10). Whether a profile has this property is for
    :func:`gametheory.certificates.logit.certify_logit` to say.

    Parameters
    ----------
    strategies : sequence of sequences
        As for :class:`gametheory.games.profiles.MixedProfile`.
    rationality : float
        Finite, not negative; per unit of the game's own payoffs, so that payoffs ten times as
        large have the same equilibria at a tenth of the rationality.

    Attributes
    ----------
    rationality : float

    Raises
    ------
    InvalidProfile
        The strategies are not a profile, or the rationality is no finite number of at least 0.

    Notes
    -----
    Equal profiles at different rationalities are different, and none equals a profile without
    rationality.

    Examples
    --------
    >>> point = LogitEquilibrium([["1/2", "1/2"], [0.25, 0.75]], rationality=2)
    >>> point
    LogitEquilibrium([[1/2, 1/2], [1/4, 3/4]], rationality=2.0)
    >>> point.rationality
    2.0
    """

    rationality: float

    def __init__(self, strategies: Sequence[Any] | NDArray[Any], rationality: float) -> None:
        super().__init__(strategies)
        self.__dict__["rationality"] = _read(rationality)

    @classmethod
    def uniform(cls, game: NormalFormGame) -> LogitEquilibrium:
        """Return the equilibrium of rationality 0, in which every action is equally likely."""
        return cls(MixedProfile.uniform(game).exact, 0.0)

    @classmethod
    def pure(cls, game: NormalFormGame, actions: Sequence[int | str]) -> MixedProfile:
        """Return a pure profile, which has no rationality: that would be infinite."""
        return MixedProfile.pure(game, actions)

    @classmethod
    def from_weights(cls, weights: Sequence[Sequence[int]]) -> MixedProfile:
        """Return a profile with probabilities proportional to integers, without rationality."""
        return MixedProfile.from_weights(weights)

    def to_document(self) -> dict[str, Any]:
        """Describe the profile and its rationality as a JSON document; both stay exact."""
        return {
            **super().to_document(),
            "format": "gametheory/logit-equilibrium",
            "rationality": encode(to_fraction(self.rationality)),
        }

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, LogitEquilibrium)
            and to_fraction(self.rationality) == to_fraction(other.rationality)
            and self.exact == other.exact
        )

    def __hash__(self) -> int:
        return hash((self.exact, self.rationality))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._fractions_as_given(), self.rationality)

    def __repr__(self) -> str:
        vectors = super().__repr__().removeprefix("MixedProfile(").removesuffix(")")
        return f"LogitEquilibrium({vectors}, rationality={self.rationality!r})"


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
