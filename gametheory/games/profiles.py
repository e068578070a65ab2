"""One mixed strategy for each player of a normal-form game."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import InvalidProfile
from gametheory.rationals import encode, shown, to_fraction

if TYPE_CHECKING:
    from gametheory.games.normal_form import NormalFormGame

__all__ = ["MixedProfile"]

SUM_TOLERANCE = 1e-9
_ZERO = Fraction(0)


class MixedProfile:
    """A probability distribution over each player's actions.

    Parameters
    ----------
    strategies : sequence of sequences
        One vector of probabilities for each player. A vector of ints and Fractions (or text
        such as "1/3") is kept exactly and must sum to exactly one; a vector with a float in it
        must sum to one within 1e-9.

    Raises
    ------
    InvalidProfile
        Empty, not a vector, a negative or non-finite probability, or a wrong sum; with the
        position and the value.

    Examples
    --------
    >>> profile = MixedProfile([["1/3", "2/3"], [0.25, 0.75]])
    >>> profile[0]
    array([0.33333333, 0.66666667])
    >>> profile.exact[0]
    (Fraction(1, 3), Fraction(2, 3))
    >>> profile.support()
    ((0, 1), (0, 1))
    """

    _strategies: tuple[NDArray[np.float64], ...]
    _fractions: tuple[tuple[Fraction, ...], ...]

    def __init__(self, strategies: Sequence[Any] | NDArray[Any]) -> None:
        if isinstance(strategies, str) or not hasattr(strategies, "__len__"):
            raise InvalidProfile(
                f"{shown(strategies)} is not a profile",
                where="strategies",
                valid="a sequence with one vector of probabilities for each player",
            )
        if len(strategies) == 0:
            raise InvalidProfile(
                "the profile has no player",
                where="strategies",
                valid="one vector of probabilities for each player",
            )
        self._keep(tuple(_read(vector, i) for i, vector in enumerate(strategies)))

    @classmethod
    def pure(cls, game: NormalFormGame, actions: Sequence[int | str]) -> MixedProfile:
        """Return the profile in which each player surely takes one action.

        Parameters
        ----------
        game : NormalFormGame
        actions : sequence of int or str
            One for each player: the action's index or its label.

        Examples
        --------
        >>> from gametheory.games.normal_form import NormalFormGame
        >>> game = NormalFormGame.zero_sum([[1, 2, 3]], actions=[["U"], ["l", "m", "r"]])
        >>> MixedProfile.pure(game, ["U", 2])[1]
        array([0., 0., 1.])
        """
        chosen = game.action_indices(actions)
        return cls(
            [
                [int(action == k) for k in range(size)]
                for action, size in zip(chosen, game.n_actions, strict=True)
            ]
        )

    @classmethod
    def uniform(cls, game: NormalFormGame) -> MixedProfile:
        """Return the profile in which each player takes every action equally often."""
        return cls([[Fraction(1, size)] * size for size in game.n_actions])

    @classmethod
    def from_weights(cls, weights: Sequence[Sequence[int]]) -> MixedProfile:
        """Return the profile with probabilities proportional to integers, exactly.

        The quick way in for exact solvers: about a microsecond an action.

        Raises
        ------
        InvalidProfile
            A negative weight, or a player whose weights are all zero.

        Examples
        --------
        >>> MixedProfile.from_weights([[1, 2], [0, 5]])
        MixedProfile([[1/3, 2/3], [0, 1]])
        """
        exact = []
        for player, vector in enumerate(weights):
            total = sum(vector)
            if total <= 0 or min(vector) < 0:
                raise InvalidProfile(
                    "the weights are no distribution",
                    where=f"weights[{player}]",
                    valid="nonnegative integers, not all of them zero",
                )
            exact.append(tuple(Fraction(w, total) if w else _ZERO for w in vector))
        profile = cls.__new__(cls)
        profile._keep(tuple(exact))
        profile.__dict__["exact"] = profile._fractions
        return profile

    def _keep(self, fractions: tuple[tuple[Fraction, ...], ...]) -> None:
        floats = tuple(np.array([p.numerator / p.denominator for p in v]) for v in fractions)
        for vector in floats:
            vector.setflags(write=False)
        self.__dict__.update(_strategies=floats, _fractions=fractions)

    @property
    def strategies(self) -> tuple[NDArray[np.float64], ...]:
        """The probabilities as given, one read-only float64 vector for each player."""
        return self._strategies

    @property
    def n_actions(self) -> tuple[int, ...]:
        """Length of each player's vector."""
        return tuple(len(vector) for vector in self._strategies)

    @cached_property
    def exact(self) -> tuple[tuple[Fraction, ...], ...]:
        """The probabilities as Fractions, each vector summing to exactly one.

        Floats are dyadic rationals; a vector of floats that misses one by rounding is divided
        by its exact sum.
        """
        return tuple(_normalized(vector) for vector in self._fractions)

    def support(self) -> tuple[tuple[int, ...], ...]:
        """Return the actions of positive probability, for each player."""
        return tuple(tuple(k for k, p in enumerate(vector) if p) for vector in self._fractions)

    def is_pure(self) -> bool:
        """Whether every player surely takes one action."""
        return all(len(actions) == 1 for actions in self.support())

    def to_document(self) -> dict[str, Any]:
        """Describe the profile as a JSON document; the probabilities stay exact."""
        strategies = [[encode(p) for p in strategy] for strategy in self.exact]
        return {"format": "gametheory/mixed-profile", "version": 1, "strategies": strategies}

    def check_fits(self, game: NormalFormGame) -> None:
        """Raise InvalidProfile unless this is a profile of ``game``."""
        from gametheory.games.normal_form import NormalFormGame

        if not isinstance(game, NormalFormGame):
            raise InvalidProfile(
                f"a mixed profile does not belong to a {type(game).__name__}",
                where="profile",
                valid="a profile of the game's own form",
            )
        if len(self) != game.n_players:
            raise InvalidProfile(
                f"the profile has {len(self)} strategies and the game {game.n_players} players",
                where="profile",
                valid=f"one vector for each of {', '.join(game.players)}",
            )
        for player, (found, wanted) in enumerate(zip(self.n_actions, game.n_actions, strict=True)):
            if found != wanted:
                raise InvalidProfile(
                    f"{found} probabilities for the {wanted} actions of {game.players[player]}",
                    where=f"profile[{player}]",
                    valid=f"a vector of length {wanted}",
                )

    def __getitem__(self, player: int) -> NDArray[np.float64]:
        return self._strategies[player]

    def __len__(self) -> int:
        return len(self._strategies)

    def __iter__(self) -> Iterator[NDArray[np.float64]]:
        return iter(self._strategies)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MixedProfile) and self.exact == other.exact

    def __hash__(self) -> int:
        return hash(self.exact)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a MixedProfile is immutable: cannot set {name!r}; build a new one")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._fractions_as_given(),)

    def _fractions_as_given(self) -> list[list[Any]]:
        """Arguments that build an equal profile: Fractions, or floats where rounding is allowed."""
        return [
            list(vector) if _sums_to_one(vector) else [float(p) for p in vector]
            for vector in self._fractions
        ]

    def __str__(self) -> str:
        return f"({', '.join('(' + ', '.join(map(_show, v)) + ')' for v in self._fractions)})"

    def __repr__(self) -> str:
        vectors = ("[" + ", ".join(map(_show, vector)) + "]" for vector in self._fractions)
        return f"MixedProfile([{', '.join(vectors)}])"


def _read(vector: Any, player: int) -> tuple[Fraction, ...]:
    """Check one player's probabilities and return them exactly as given."""
    where = f"strategies[{player}]"
    if isinstance(vector, str) or not hasattr(vector, "__len__") or _is_scalar(vector):
        raise InvalidProfile(
            f"{shown(vector)} is not a vector", where=where, valid="a sequence of probabilities"
        )
    if len(vector) == 0:
        raise InvalidProfile("the strategy is empty", where=where, valid="at least one action")
    entries = vector.tolist() if isinstance(vector, np.ndarray) else list(vector)
    exact = tuple(_probability(entry, f"{where}[{i}]") for i, entry in enumerate(entries))
    rounded = any(isinstance(entry, (float, np.floating)) for entry in entries)
    _check_sum(exact, rounded, where)
    return exact


def _is_scalar(vector: Any) -> bool:
    return isinstance(vector, np.ndarray) and vector.ndim == 0


def _probability(entry: Any, where: str) -> Fraction:
    valid = "a probability between 0 and 1"
    try:
        probability = to_fraction(entry)
    except ValueError as reason:
        raise InvalidProfile(str(reason), where=where, valid=valid) from None
    if probability.numerator < 0:
        raise InvalidProfile(f"probability {shown(entry)} is negative", where=where, valid=valid)
    if probability.numerator > probability.denominator and probability > 1 + SUM_TOLERANCE:
        raise InvalidProfile(f"probability {shown(entry)} is above one", where=where, valid=valid)
    return probability


def _check_sum(exact: tuple[Fraction, ...], rounded: bool, where: str) -> None:
    # Fractions of many unlike floats are slow to add; fsum is exact before its one rounding.
    close = abs(math.fsum(p.numerator / p.denominator for p in exact) - 1) <= SUM_TOLERANCE
    if close and (rounded or _sums_to_one(exact)):
        return
    total = math.fsum(map(float, exact)) if rounded else sum(exact)
    raise InvalidProfile(
        f"probabilities sum to {shown(total)}",
        where=where,
        valid=f"a sum of one within {SUM_TOLERANCE}" if rounded else "a sum of exactly one",
        hint="divide the vector by its sum",
    )


def _sums_to_one(vector: tuple[Fraction, ...]) -> bool:
    numerators, scale = _over_one_denominator(vector)
    return sum(numerators) == scale


def _normalized(vector: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
    numerators, scale = _over_one_denominator(vector)
    total = sum(numerators)
    return vector if total == scale else tuple(Fraction(n, total) for n in numerators)


def _over_one_denominator(vector: tuple[Fraction, ...]) -> tuple[list[int], int]:
    """Numerators over the common denominator: adding integers is far cheaper than Fractions."""
    scale = math.lcm(*(p.denominator for p in vector))
    return [p.numerator * (scale // p.denominator) for p in vector], scale


def _show(probability: Fraction) -> str:
    """Write a Fraction so that it can be read: 1/3, or 0.123457 where that is no short fraction."""
    if probability.denominator == 1:
        return str(probability)
    return str(probability) if probability.denominator < 10**6 else f"{float(probability):.6g}"
