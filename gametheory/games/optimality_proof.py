"""Why no correlated equilibrium is better: multipliers that anybody can check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from operator import index
from typing import Any

from gametheory.errors import GameFormatError
from gametheory.rationals import decode, encode

__all__ = ["Incentive", "OptimalityProof"]

Incentive = tuple[int, int | None, int]
"""A player, the action it was told (None if it must decide beforehand), and the one it takes."""


@dataclass(frozen=True, slots=True)
class OptimalityProof:
    """Weights on what is to be large, and prices of the incentive constraints.

    The objective is the smallest of some expected values; welfare is a single one, the sum of
    the payoffs, and the egalitarian objective has one for each player. In any equilibrium the
    smallest is at most their average by ``weights``, and this at most the largest entry, over all
    joint actions, of that average less the price of every deviation's gain.

    Attributes
    ----------
    objective : str
        "welfare", "egalitarian", "entropy", or "player 0" and so on; "custom" with ``values``.
    weights : tuple of Fraction
        One for each expected value, nonnegative, with sum one.
    prices : mapping from Incentive to Fraction
        Nonnegative; those left out are zero.
    values : tuple of Fraction
        For the custom objective: its value for each joint action, the last player fastest.
    """

    objective: str
    weights: tuple[Fraction, ...]
    prices: Mapping[Incentive, Fraction]
    values: tuple[Fraction, ...] = ()

    def to_document(self) -> dict[str, Any]:
        """Describe the proof as JSON; all numbers stay exact."""
        return {
            "objective": self.objective,
            "weights": [encode(w) for w in self.weights],
            "prices": [[list(incentive), encode(p)] for incentive, p in self.prices.items()],
            "values": [encode(v) for v in self.values],
        }

    @classmethod
    def from_document(cls, document: Any) -> OptimalityProof:
        """Read what ``to_document`` wrote.

        Raises
        ------
        GameFormatError
            The document is no such proof.
        """
        try:
            return cls(
                str(document["objective"]),
                tuple(Fraction(decode(w, "proof.weights")) for w in document["weights"]),
                {
                    (index(player), None if told is None else index(told), index(taken)): Fraction(
                        decode(price, "proof.prices")
                    )
                    for (player, told, taken), price in document["prices"]
                },
                tuple(Fraction(decode(v, "proof.values")) for v in document["values"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise GameFormatError(
                f"no proof of optimality: {error}", where="proof", hint="leave it out"
            ) from None
