"""Behavior profiles: a distribution over actions at every information set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gametheory.errors import InvalidProfile
from gametheory.games.extensive_form import ExtensiveFormGame
from gametheory.games.frozen import FrozenArrays, freeze
from gametheory.rationals import encode

__all__ = ["BehaviorProfile"]

_TOLERANCE = 1e-9


class BehaviorProfile(FrozenArrays):
    """What every player does at each of its information sets, immutable.

    Parameters
    ----------
    game : ExtensiveFormGame
    probabilities : array_like, shape (n_actions,)
        Action probabilities, information set by information set in the game's order. Ints and
        Fractions stay exact.

    Raises
    ------
    InvalidProfile
        If the length is wrong, or an information set's numbers are no distribution.

    Examples
    --------
    >>> from gametheory.games.catalog import load
    >>> game = load("kuhn_poker")
    >>> BehaviorProfile.uniform(game)[0]
    array([0.5, 0.5])
    """

    def __init__(self, game: ExtensiveFormGame, probabilities: ArrayLike | Sequence[Any]) -> None:
        given = np.asarray(probabilities)
        n_actions = int(game.action_offsets[-1])
        if given.shape != (n_actions,):
            raise InvalidProfile(
                f"the probabilities have shape {given.shape}",
                valid=f"({n_actions},): one for each action of each information set of {game!r}",
                hint="build the profile from this game, e.g. BehaviorProfile.uniform(game)",
            )
        try:
            values = given.astype(np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidProfile(f"the probabilities are not numbers: {error}") from error
        self.offsets = game.action_offsets
        self._check(game, given, values)
        self._given = given if given.dtype == object else None
        self.probabilities: NDArray[np.float64] = values
        freeze(self.__dict__)

    def _check(
        self, game: ExtensiveFormGame, given: NDArray[Any], values: NDArray[np.float64]
    ) -> None:
        wrong = np.flatnonzero(~(values >= 0))
        if wrong.size:
            flat = int(wrong[0])
            infoset = int(np.searchsorted(self.offsets, flat, side="right")) - 1
            action = game.infoset_actions(infoset)[flat - int(self.offsets[infoset])]
            raise InvalidProfile(
                f"probability {float(values[flat])!r} of action {action!r}",
                where=f"information set {game.infoset_label(infoset)!r}",
                valid="a number from 0 to 1",
            )
        if not values.size:
            return
        sums = np.add.reduceat(values, self.offsets[:-1])
        wrong = np.flatnonzero(~(np.abs(sums - 1) <= _TOLERANCE))
        if wrong.size:
            infoset = int(wrong[0])
            raise InvalidProfile(
                f"the probabilities sum to {float(sums[infoset])!r}",
                where=f"information set {game.infoset_label(infoset)!r}",
                valid=f"1, to within {_TOLERANCE:g}",
                hint="divide them by their sum",
            )

    @property
    def is_given_exactly(self) -> bool:
        """Whether the probabilities were given as ints and Fractions, not as floats."""
        return self._given is not None and all(
            isinstance(number, int | Fraction) for number in self._given.tolist()
        )

    @cached_property
    def exact(self) -> NDArray[Any]:
        """The probabilities as Fractions, object dtype, shape (n_actions,).

        Floats are dyadic rationals, divided by their exact sum at each information set.
        """
        source = self.probabilities if self._given is None else self._given
        values, which = np.unique(source, return_inverse=True)
        table = np.empty(values.size, dtype=object)
        table[:] = [Fraction(v) for v in values.tolist()]
        exact = table[which]
        if exact.size and not np.isin(self.probabilities, (0.0, 1.0)).all():
            sums = np.add.reduceat(exact, self.offsets[:-1])
            exact = exact / np.repeat(sums, np.diff(self.offsets))
        exact.setflags(write=False)
        return exact

    @classmethod
    def uniform(cls, game: ExtensiveFormGame) -> BehaviorProfile:
        """Every action of an information set with the same probability."""
        return cls(game, np.repeat(1.0 / game.infoset_n_actions, game.infoset_n_actions))

    @classmethod
    def pure(cls, game: ExtensiveFormGame, actions: ArrayLike) -> BehaviorProfile:
        """One action at each information set.

        Parameters
        ----------
        game : ExtensiveFormGame
        actions : array_like of int, shape (n_infosets,)
            Position of the action chosen at each information set.
        """
        chosen = np.asarray(actions)
        if chosen.shape != game.infoset_n_actions.shape:
            raise InvalidProfile(
                f"actions have shape {chosen.shape}",
                valid=f"{game.infoset_n_actions.shape}: one for each information set",
            )
        wrong = np.flatnonzero((chosen < 0) | (chosen >= game.infoset_n_actions))
        if wrong.size:
            infoset = int(wrong[0])
            raise InvalidProfile(
                f"action {chosen[infoset]}",
                where=f"information set {game.infoset_label(infoset)!r}",
                valid=f"0 to {game.infoset_n_actions[infoset] - 1}",
            )
        probabilities = np.zeros(int(game.action_offsets[-1]))
        probabilities[game.action_offsets[:-1] + chosen] = 1.0
        return cls(game, probabilities)

    @classmethod
    def from_mapping(
        cls, game: ExtensiveFormGame, choices: Mapping[str, Mapping[str, Any]]
    ) -> BehaviorProfile:
        """Build from ``{information set: {action: probability}}``; actions left out get 0.

        Every information set must be there, by its label.
        """
        probabilities: list[Any] = []
        left = dict(choices)
        for infoset in game.information_sets:
            if infoset.label not in left:
                raise InvalidProfile(
                    f"nothing is chosen at information set {infoset.label!r}",
                    valid="a distribution for every information set",
                )
            given = left.pop(infoset.label)
            unknown = [action for action in given if action not in infoset.actions]
            if unknown:
                raise InvalidProfile(
                    f"unknown action {unknown[0]!r}",
                    where=f"information set {infoset.label!r}",
                    valid=f"one of {list(infoset.actions)}",
                )
            probabilities += [given.get(action, 0) for action in infoset.actions]
        if left:
            raise InvalidProfile(
                f"unknown information set {next(iter(left))!r}",
                hint="list game.information_sets for the labels",
            )
        return cls(game, np.array(probabilities, dtype=object))

    def check_fits(self, game: ExtensiveFormGame) -> None:
        """Raise InvalidProfile unless this is a profile of a game of that shape."""
        if not isinstance(game, ExtensiveFormGame) or not np.array_equal(
            self.offsets, game.action_offsets
        ):
            raise InvalidProfile(
                "the behavior profile was made for another game",
                where=f"{self!r} used with {game!r}",
                hint="build the profile from the game it is used with",
            )

    def replace(
        self, other: BehaviorProfile, player: int, game: ExtensiveFormGame
    ) -> BehaviorProfile:
        """Return this profile with one player's behavior taken from another one."""
        self.check_fits(game)
        other.check_fits(game)
        part = game.sequence_form.treeplexes[player].flat
        probabilities = self.probabilities.copy()
        probabilities[part] = other.probabilities[part]
        return BehaviorProfile(game, probabilities)

    def is_pure(self) -> bool:
        """Whether every action has probability 0 or 1."""
        return bool(np.isin(self.probabilities, (0.0, 1.0)).all())

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def to_document(self) -> dict[str, Any]:
        """Describe the profile as a JSON document; the probabilities stay exact."""
        exact = self.exact.tolist()
        bounds = zip(self.offsets[:-1].tolist(), self.offsets[1:].tolist(), strict=True)
        behavior = [[encode(p) for p in exact[low:high]] for low, high in bounds]
        return {"format": "gametheory/behavior-profile", "version": 1, "behavior": behavior}

    def __getitem__(self, infoset: int) -> NDArray[np.float64]:
        number = range(len(self))[infoset]
        return self.probabilities[self.offsets[number] : self.offsets[number + 1]]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BehaviorProfile):
            return NotImplemented
        return np.array_equal(self.offsets, other.offsets) and bool(
            (self.exact == other.exact).all()
        )

    def __hash__(self) -> int:
        return hash(self.probabilities.tobytes())

    def __repr__(self) -> str:
        kind = "pure" if self.is_pure() else "mixed"
        return f"<BehaviorProfile: {kind}, {len(self):,} information sets>"
