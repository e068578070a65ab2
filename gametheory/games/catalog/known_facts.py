"""What the literature, or a short proof, says about a game of the catalog, to test against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gametheory.games.profiles import MixedProfile
from gametheory.rationals import encode

__all__ = ["KnownFacts", "joint_actions", "pure_profile", "two_player_profiles"]


@dataclass(frozen=True, slots=True, eq=False)
class KnownFacts:
    """Closed-form facts about one game; what is not known, or not stated, is None.

    Attributes
    ----------
    value : Fraction or None
        Of a two-player constant-sum game: the first player's payoff in every equilibrium.
    equilibria : tuple of MixedProfile or BehaviorProfile, or None
        Some Nash equilibria, exactly; all of them if there are ``n_equilibria``.
    pure_equilibria : tuple of tuple of int, or None
        All pure Nash equilibria, as joint actions in lexicographic order.
    n_equilibria : int or None
        How many Nash equilibria there are, pure and mixed, where they are finitely many.
    potential : ndarray of int or Fraction, shape (m_1, ..., m_n), or None
        An exact potential: whoever alone changes an action changes it by as much as its own
        payoff (Monderer and Shapley 1996).
    dominant_actions : tuple of (int or None), or None
        For each player the action that is strictly better than every other one, whatever the
        others do; None for a player without one.
    correlated_welfare : Fraction or None
        The largest sum of payoffs that a correlated equilibrium reaches.
    sources : mapping of str to str
        For each fact that is stated, who stated it, or where the proof is.

    Raises
    ------
    ValueError
        A fact without a source, or a source without its fact.

    Examples
    --------
    >>> facts = KnownFacts.of("von Neumann (1928)", value=Fraction(0))
    >>> facts.value, facts.sources["value"], facts.unique
    (Fraction(0, 1), 'von Neumann (1928)', False)
    """

    value: Fraction | None = None
    equilibria: tuple[Any, ...] | None = None
    pure_equilibria: tuple[tuple[int, ...], ...] | None = None
    n_equilibria: int | None = None
    potential: NDArray[Any] | None = None
    dominant_actions: tuple[int | None, ...] | None = None
    correlated_welfare: Fraction | None = None
    sources: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        stated = set(self.stated)
        if stated != set(self.sources):
            raise ValueError(f"facts {sorted(stated)} with sources for {sorted(self.sources)}")
        if self.potential is not None:
            self.potential.setflags(write=False)
        object.__setattr__(self, "sources", MappingProxyType(dict(self.sources)))

    @classmethod
    def of(cls, source: str, **facts: Any) -> KnownFacts:
        """State facts that share one source."""
        return cls(**facts, sources=dict.fromkeys(facts, source))

    @property
    def stated(self) -> tuple[str, ...]:
        """The names of the facts that are known."""
        names = (known.name for known in fields(self) if known.name != "sources")
        return tuple(name for name in names if getattr(self, name) is not None)

    @property
    def unique(self) -> bool:
        """Whether the game is known to have exactly one Nash equilibrium."""
        return self.n_equilibria == 1

    def to_document(self) -> dict[str, Any]:
        """Describe the facts, each with its source, as a JSON document; numbers stay exact."""
        return {
            name: {"known": _plain(getattr(self, name)), "source": self.sources[name]}
            for name in self.stated
        }

    def __bool__(self) -> bool:
        return bool(self.stated)

    def __or__(self, other: KnownFacts) -> KnownFacts:
        """Join facts about one game that have different sources; the right ones win."""
        facts = {name: getattr(one, name) for one in (self, other) for name in one.stated}
        return KnownFacts(**facts, sources={**self.sources, **other.sources})


def _plain(known: Any) -> Any:
    """Write a fact with what JSON has."""
    if isinstance(known, np.ndarray):
        return _plain(known.tolist())
    if isinstance(known, tuple | list):
        return [_plain(part) for part in known]
    if hasattr(known, "to_document"):
        return known.to_document()
    return None if known is None else encode(known)


def pure_profile(n_actions: Sequence[int], actions: Sequence[int]) -> MixedProfile:
    """Return the profile in which each player surely takes one action.

    Examples
    --------
    >>> print(pure_profile((2, 3), (1, 0)))
    ((0, 1), (1, 0, 0))
    """
    return MixedProfile.from_weights(
        [
            [int(k == action) for k in range(size)]
            for size, action in zip(n_actions, actions, strict=True)
        ]
    )


def two_player_profiles(*pairs: tuple[Sequence[Any], Sequence[Any]]) -> tuple[MixedProfile, ...]:
    """Return profiles of two players with probabilities in proportion to numbers, exactly.

    Examples
    --------
    >>> print(*two_player_profiles(([2, 1], [1, 0]), (["1/2", "1/4"], [1, 1])))
    ((2/3, 1/3), (1, 0)) ((2/3, 1/3), (1/2, 1/2))
    """
    return tuple(MixedProfile([_distribution(weights) for weights in pair]) for pair in pairs)


def _distribution(weights: Sequence[Any]) -> list[Fraction]:
    exact = [Fraction(weight) for weight in weights]
    return [weight / sum(exact) for weight in exact]


def joint_actions(mask: NDArray[np.bool_]) -> tuple[tuple[int, ...], ...]:
    """Return the joint actions at which a tensor of shape ``n_actions`` is true."""
    return tuple(tuple(map(int, position)) for position in np.argwhere(mask))
