"""Stationary profiles: what every player does in each state of a stochastic game."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gametheory.errors import InvalidProfile
from gametheory.games.profiles import MixedProfile

if TYPE_CHECKING:
    from gametheory.games.stochastic_game import StochasticGame

__all__ = ["StationaryProfile"]


class StationaryProfile:
    """One mixed profile for each state, played whenever the state is visited; immutable.

    Parameters
    ----------
    strategies : sequence
        A :class:`MixedProfile` for each state, or what makes one: a vector for each player.

    Raises
    ------
    InvalidProfile
        If there is no state, or what is given for one is no profile; with its position.

    Examples
    --------
    >>> profile = StationaryProfile([[[1, 0], ["1/3", "2/3"]], [[0.5, 0.5], [1]]])
    >>> profile[0].exact[1]
    (Fraction(1, 3), Fraction(2, 3))
    >>> len(profile)
    2
    """

    _strategies: tuple[MixedProfile, ...]

    def __init__(self, strategies: Sequence[Any]) -> None:
        if isinstance(strategies, str) or not hasattr(strategies, "__len__") or not len(strategies):
            raise InvalidProfile(
                "there is no state" if hasattr(strategies, "__len__") else "this is no sequence",
                where="strategies",
                valid="a mixed profile for each state",
            )
        read = []
        for state, given in enumerate(strategies):
            try:
                read.append(given if isinstance(given, MixedProfile) else MixedProfile(given))
            except InvalidProfile as error:
                raise InvalidProfile(
                    error.what, where=f"state {state}, {error.where}", valid=error.valid
                ) from None
        self.__dict__["_strategies"] = tuple(read)

    @classmethod
    def uniform(cls, game: StochasticGame) -> StationaryProfile:
        """Return the profile in which every action is taken equally often, everywhere."""
        return cls([MixedProfile.uniform(stage) for stage in game.stages])

    @property
    def exact(self) -> tuple[tuple[tuple[Fraction, ...], ...], ...]:
        """The probabilities as Fractions: for each state, each player's vector."""
        return tuple(strategies.exact for strategies in self._strategies)

    def is_pure(self) -> bool:
        """Whether nobody ever mixes."""
        return all(strategies.is_pure() for strategies in self._strategies)

    def replace(self, player: int, other: StationaryProfile) -> StationaryProfile:
        """Return this profile with one player's strategies taken from another one.

        Examples
        --------
        >>> one, two = StationaryProfile([[[1, 0], [1]]]), StationaryProfile([[[0, 1], [1]]])
        >>> one.replace(0, two) == two
        True
        """
        return StationaryProfile(
            [
                MixedProfile([*own.exact[:player], new.exact[player], *own.exact[player + 1 :]])
                for own, new in zip(self._strategies, other._strategies, strict=True)
            ]
        )

    def check_fits(self, game: StochasticGame) -> None:
        """Raise InvalidProfile unless this is a profile of ``game``."""
        if len(self) != game.n_states:
            raise InvalidProfile(
                f"the profile has {len(self)} states and the game {game.n_states}",
                where="profile",
                valid="a mixed profile for each state of the game",
            )
        for state, (strategies, stage) in enumerate(zip(self, game.stages, strict=True)):
            try:
                strategies.check_fits(stage)
            except InvalidProfile as error:
                raise InvalidProfile(
                    error.what,
                    where=f"state {game.states[state]!r}, {error.where}",
                    valid=error.valid,
                ) from None

    def to_document(self) -> dict[str, Any]:
        """Describe the profile as a JSON document; the probabilities stay exact."""
        states = [strategies.to_document()["strategies"] for strategies in self._strategies]
        return {"format": "gametheory/stationary-profile", "version": 1, "states": states}

    def __getitem__(self, state: int) -> MixedProfile:
        return self._strategies[state]

    def __len__(self) -> int:
        return len(self._strategies)

    def __iter__(self) -> Iterator[MixedProfile]:
        return iter(self._strategies)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a StationaryProfile cannot be changed: {name}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StationaryProfile) and self.exact == other.exact

    def __hash__(self) -> int:
        return hash(self.exact)

    def __repr__(self) -> str:
        return f"<StationaryProfile: {len(self)} states, {len(self[0])} players>"
