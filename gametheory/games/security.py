"""Security profiles: maxmin strategies that carry the proof that nothing guarantees more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from gametheory.errors import GameFormatError, InvalidProfile
from gametheory.games.correlated_distribution import CorrelatedDistribution
from gametheory.games.profiles import MixedProfile
from gametheory.rationals import decode

if TYPE_CHECKING:
    from gametheory.games.normal_form import NormalFormGame

__all__ = ["SecurityProfile"]


class SecurityProfile(MixedProfile):
    """A maxmin strategy for each player, and a punishment that caps what it can guarantee.

    A strategy guarantees its player the smallest of its expected payoffs against the opponents'
    joint actions. A punishment, a distribution over those joint actions, caps it: against it no
    action earns more than the best one does. Where guarantee and cap are equal, both are the
    player's maxmin value, its security level. Whether they are is for
    :func:`gametheory.certificates.security.certify_maxmin` to say.

    Parameters
    ----------
    strategies : sequence of sequences
        As for :class:`gametheory.games.profiles.MixedProfile`.
    punishments : sequence of CorrelatedDistribution
        One for each player, over the joint actions of the others, in the order of the players.

    Attributes
    ----------
    punishments : tuple of CorrelatedDistribution

    Raises
    ------
    InvalidProfile
        The strategies are no profile, or the punishments do not belong to it.

    Examples
    --------
    >>> halves = CorrelatedDistribution(["1/2", "1/2"])
    >>> SecurityProfile([["1/2", "1/2"], [1, 0]], [halves, halves]).punishments[0].exact
    {(0,): Fraction(1, 2), (1,): Fraction(1, 2)}
    """

    punishments: tuple[CorrelatedDistribution, ...]

    def __init__(
        self,
        strategies: Sequence[Any] | NDArray[Any],
        punishments: Sequence[CorrelatedDistribution],
    ) -> None:
        super().__init__(strategies)
        self.__dict__["punishments"] = tuple(punishments)
        if len(self.punishments) != len(self):
            raise InvalidProfile(
                f"{len(self.punishments)} punishments for {len(self)} players",
                where="punishments",
                valid="one distribution over the opponents' joint actions for each player",
            )
        for player, punishment in enumerate(self.punishments):
            wanted = self.n_actions[:player] + self.n_actions[player + 1 :]
            if getattr(punishment, "n_actions", None) != wanted:
                raise InvalidProfile(
                    f"{punishment!r} does not punish player {player}",
                    where=f"punishments[{player}]",
                    valid=f"a CorrelatedDistribution over joint actions of shape {wanted}",
                )

    @classmethod
    def pure(cls, game: NormalFormGame, actions: Sequence[int | str]) -> MixedProfile:
        """Return a pure profile, without punishments."""
        return MixedProfile.pure(game, actions)

    @classmethod
    def uniform(cls, game: NormalFormGame) -> MixedProfile:
        """Return the uniform profile, without punishments."""
        return MixedProfile.uniform(game)

    @classmethod
    def from_weights(cls, weights: Sequence[Sequence[int]]) -> MixedProfile:
        """Return a profile with probabilities proportional to integers, without punishments."""
        return MixedProfile.from_weights(weights)

    def to_document(self) -> dict[str, Any]:
        """Describe the profile and its punishments as a JSON document; all numbers stay exact."""
        return {
            **super().to_document(),
            "format": "gametheory/security-profile",
            "punishments": [punishment.to_document() for punishment in self.punishments],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> SecurityProfile:
        """Read what ``to_document`` wrote.

        Raises
        ------
        GameFormatError
            The document does not describe a security profile.
        InvalidProfile
            Its numbers are no distributions.
        """
        try:
            strategies = [
                [decode(p, f"strategies[{i}]") for p in row]
                for i, row in enumerate(document["strategies"])
            ]
            punishments = [CorrelatedDistribution.from_document(d) for d in document["punishments"]]
        except (KeyError, TypeError) as error:
            raise GameFormatError(
                f"no security profile: {error!r}",
                where="strategies, punishments",
                valid="what SecurityProfile.to_document writes",
            ) from None
        return cls(strategies, punishments)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, SecurityProfile)
            and self.exact == other.exact
            and self.punishments == other.punishments
        )

    def __hash__(self) -> int:
        return hash((self.exact, self.punishments))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._fractions_as_given(), self.punishments)

    def __repr__(self) -> str:
        vectors = super().__repr__().removeprefix("MixedProfile(").removesuffix(")")
        return f"SecurityProfile({vectors}, punishments={list(self.punishments)!r})"
