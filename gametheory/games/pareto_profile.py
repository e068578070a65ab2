"""Profiles that carry the proof that no distribution over joint actions Pareto dominates them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from gametheory.errors import GameFormatError, InvalidProfile
from gametheory.games.profiles import MixedProfile
from gametheory.rationals import decode, encode, shown, to_fraction

if TYPE_CHECKING:
    from gametheory.games.normal_form import NormalFormGame

__all__ = ["ParetoProfile"]


class ParetoProfile(MixedProfile):
    """A profile, and a positive weight for each player whose weighted sum it maximizes.

    What maximizes a sum of payoffs with positive weights is dominated by nothing, whether pure,
    mixed or correlated. Whether the profile does is for
    :func:`gametheory.certificates.pareto.certify_pareto` to say.

    Parameters
    ----------
    strategies : sequence of sequences
        As for :class:`gametheory.games.profiles.MixedProfile`.
    weights : sequence of numbers
        One for each player, read exactly.

    Attributes
    ----------
    weights : tuple of Fraction

    Raises
    ------
    InvalidProfile
        The strategies are no profile, or the weights are not one positive number a player.

    Examples
    --------
    >>> ParetoProfile([[1, 0], [1, 0]], [1, "1/2"]).weights
    (Fraction(1, 1), Fraction(1, 2))
    """

    weights: tuple[Fraction, ...]

    def __init__(self, strategies: Sequence[Any] | NDArray[Any], weights: Sequence[Any]) -> None:
        super().__init__(strategies)
        self.__dict__["weights"] = tuple(_positive(w, i) for i, w in enumerate(weights))
        if len(self.weights) != len(self):
            raise InvalidProfile(
                f"{len(self.weights)} weights for {len(self)} players",
                where="weights",
                valid="one positive number for each player",
            )

    @classmethod
    def pure(cls, game: NormalFormGame, actions: Sequence[int | str]) -> MixedProfile:
        """Return a pure profile, without weights."""
        return MixedProfile.pure(game, actions)

    @classmethod
    def uniform(cls, game: NormalFormGame) -> MixedProfile:
        """Return the uniform profile, without weights."""
        return MixedProfile.uniform(game)

    @classmethod
    def from_weights(cls, weights: Sequence[Sequence[int]]) -> MixedProfile:
        """Return a profile with probabilities proportional to integers; no player is weighted."""
        return MixedProfile.from_weights(weights)

    def to_document(self) -> dict[str, Any]:
        """Describe the profile and its weights as a JSON document; all numbers stay exact."""
        return {
            **super().to_document(),
            "format": "gametheory/pareto-profile",
            "weights": [encode(weight) for weight in self.weights],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> ParetoProfile:
        """Read what ``to_document`` wrote.

        Raises
        ------
        GameFormatError
            The document does not describe such a profile.
        InvalidProfile
            Its numbers are no profile.
        """
        try:
            strategies = [
                [decode(p, f"strategies[{i}]") for p in row]
                for i, row in enumerate(document["strategies"])
            ]
            weights = [decode(w, f"weights[{i}]") for i, w in enumerate(document["weights"])]
        except (KeyError, TypeError) as error:
            raise GameFormatError(
                f"no Pareto profile: {error!r}",
                where="strategies, weights",
                valid="what ParetoProfile.to_document writes",
            ) from None
        return cls(strategies, weights)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ParetoProfile)
            and self.exact == other.exact
            and self.weights == other.weights
        )

    def __hash__(self) -> int:
        return hash((self.exact, self.weights))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._fractions_as_given(), self.weights)

    def __repr__(self) -> str:
        vectors = super().__repr__().removeprefix("MixedProfile(").removesuffix(")")
        return f"ParetoProfile({vectors}, weights=[{', '.join(map(shown, self.weights))}])"


def _positive(weight: Any, player: int) -> Fraction:
    try:
        number = to_fraction(weight)
    except ValueError:
        number = Fraction(0)
    if number <= 0:
        raise InvalidProfile(
            f"weight {shown(weight)}", where=f"weights[{player}]", valid="a positive number"
        )
    return number
