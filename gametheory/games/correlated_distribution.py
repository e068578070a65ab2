"""One distribution over joint actions: what a mediator recommends to all players at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gametheory.errors import GameFormatError, InvalidGame, InvalidProfile
from gametheory.games.exact_array import exact_array
from gametheory.games.optimality_proof import OptimalityProof
from gametheory.games.profiles import SUM_TOLERANCE, MixedProfile
from gametheory.rationals import decode, encode, shown

if TYPE_CHECKING:
    from gametheory.games.normal_form import NormalFormGame

__all__ = ["CorrelatedDistribution"]

JointAction = tuple[int, ...]


class CorrelatedDistribution:
    """A probability distribution over the joint actions of a normal-form game; immutable.

    Parameters
    ----------
    probabilities : array_like, shape (m_1, ..., m_n)
        Ints and Fractions (or text such as "1/3") are kept exactly and must sum to exactly one;
        with floats among them the sum must be one within 1e-9, and is made exactly one.

    Raises
    ------
    InvalidProfile
        Empty, ragged, a negative or non-finite probability, or a wrong sum; with the position.

    Examples
    --------
    >>> lights = CorrelatedDistribution([[0, "1/2"], ["1/2", 0]])
    >>> lights.support
    ((0, 1), (1, 0))
    >>> lights.marginal(0)
    (Fraction(1, 2), Fraction(1, 2))
    >>> lights.sample(3, seed=1).tolist()
    [[1, 0], [1, 0], [0, 1]]
    """

    n_actions: tuple[int, ...]
    weights: Mapping[JointAction, int]
    scale: int
    proof: OptimalityProof | None

    def __init__(self, probabilities: Any) -> None:
        try:
            entries = exact_array(probabilities, name="probabilities")
        except InvalidGame as error:
            raise InvalidProfile(str(error), valid="an array of probabilities") from None
        if entries.ndim == 0:
            raise InvalidProfile(
                f"{shown(probabilities)} is not a distribution",
                where="probabilities",
                valid="an array with one dimension for each player",
            )
        rounded = _holds_floats(probabilities)
        exact = {
            tuple(int(k) for k in joint): Fraction(entry)
            for joint, entry in np.ndenumerate(entries)
            if entry
        }
        _check(exact, rounded)
        scale = math.lcm(*(p.denominator for p in exact.values()))
        weights = {joint: p.numerator * (scale // p.denominator) for joint, p in exact.items()}
        self._keep(entries.shape, weights)

    @classmethod
    def from_weights(
        cls,
        n_actions: Sequence[int],
        weights: Mapping[JointAction, int],
        *,
        proof: OptimalityProof | None = None,
    ) -> CorrelatedDistribution:
        """Return the distribution with probabilities proportional to integers, exactly.

        Parameters
        ----------
        n_actions : sequence of int
        weights : mapping
            From joint actions to nonnegative integers; joint actions left out have none.
        proof : OptimalityProof, optional
            Why no distribution of its kind is better; for the certificate to check.

        Raises
        ------
        InvalidProfile
            A negative weight, only zeros, or a joint action outside the game.
        """
        shape = tuple(int(m) for m in n_actions)
        for joint, weight in weights.items():
            inside = len(joint) == len(shape) and all(
                0 <= a < m for a, m in zip(joint, shape, strict=True)
            )
            if weight < 0 or not inside:
                raise InvalidProfile(
                    f"weight {shown(weight)} for the joint action {joint}",
                    where="weights",
                    valid=f"nonnegative integers for joint actions within {shape}",
                )
        if not any(weights.values()):
            raise InvalidProfile("all weights are zero", where="weights", valid="a positive one")
        distribution = cls.__new__(cls)
        distribution._keep(shape, {joint: int(w) for joint, w in weights.items() if w}, proof)
        return distribution

    @classmethod
    def from_profile(cls, profile: MixedProfile) -> CorrelatedDistribution:
        """Return the product of a profile's independent strategies.

        Examples
        --------
        >>> CorrelatedDistribution.from_profile(MixedProfile([["1/3", "2/3"], [1, 0]]))
        CorrelatedDistribution({(0, 0): 1/3, (1, 0): 2/3}, n_actions=(2, 2))
        """
        joint: dict[JointAction, Fraction] = {(): Fraction(1)}
        for strategy in profile.exact:
            taken = [(a, p) for a, p in enumerate(strategy) if p]
            joint = {(*head, a): odds * p for head, odds in joint.items() for a, p in taken}
        scale = math.lcm(*(p.denominator for p in joint.values()))
        return cls.from_weights(
            profile.n_actions,
            {key: p.numerator * (scale // p.denominator) for key, p in joint.items()},
        )

    def _keep(
        self,
        shape: tuple[int, ...],
        weights: dict[JointAction, int],
        proof: OptimalityProof | None = None,
    ) -> None:
        divisor = math.gcd(*weights.values())
        ordered = {joint: weights[joint] // divisor for joint in sorted(weights)}
        self.__dict__.update(
            n_actions=shape, weights=ordered, scale=sum(ordered.values()), proof=proof
        )

    @property
    def n_players(self) -> int:
        """Number of players."""
        return len(self.n_actions)

    @property
    def support(self) -> tuple[JointAction, ...]:
        """The joint actions of positive probability, in order."""
        return tuple(self.weights)

    @cached_property
    def exact(self) -> Mapping[JointAction, Fraction]:
        """The positive probabilities, exactly, by joint action."""
        return {joint: Fraction(w, self.scale) for joint, w in self.weights.items()}

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """All probabilities, shape (m_1, ..., m_n), read-only."""
        table = np.zeros(self.n_actions)
        for joint, weight in self.weights.items():
            table[joint] = weight / self.scale
        table.setflags(write=False)
        return table

    def marginal(self, player: int) -> tuple[Fraction, ...]:
        """Return how often each of a player's actions is recommended."""
        totals = [0] * self.n_actions[player]
        for joint, weight in self.weights.items():
            totals[joint[player]] += weight
        return tuple(Fraction(total, self.scale) for total in totals)

    def is_product(self) -> bool:
        """Whether the recommendations are independent, exactly: no player learns anything."""
        marginals = [self.marginal(player) for player in range(self.n_players)]
        taken = math.prod(sum(p > 0 for p in marginal) for marginal in marginals)
        return taken == len(self.weights) and all(
            p == math.prod((m[a] for m, a in zip(marginals, joint, strict=True)), start=Fraction(1))
            for joint, p in self.exact.items()
        )

    def sample(self, size: int, *, seed: int = 0) -> NDArray[np.int64]:
        """Draw recommendations: joint actions, shape (size, n_players)."""
        generator = np.random.default_rng(np.random.SeedSequence(seed))
        odds = np.array([weight / self.scale for weight in self.weights.values()])
        drawn = generator.choice(len(odds), size=size, p=odds / odds.sum())
        support: NDArray[np.int64] = np.array(self.support, dtype=np.int64)
        return support[drawn]

    def to_document(self) -> dict[str, Any]:
        """Describe the distribution as a JSON document; the probabilities stay exact."""
        return {
            "format": "gametheory/correlated-distribution",
            "version": 1,
            "n_actions": list(self.n_actions),
            "probabilities": [[list(joint), encode(p)] for joint, p in self.exact.items()],
            "proof": None if self.proof is None else self.proof.to_document(),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> CorrelatedDistribution:
        """Read what ``to_document`` wrote.

        Raises
        ------
        GameFormatError
            The document does not describe a distribution.
        """
        try:
            shape = tuple(map(index, document["n_actions"]))
            exact = {
                tuple(map(index, joint)): Fraction(decode(p, "probabilities"))
                for joint, p in document["probabilities"]
            }
        except (KeyError, TypeError, ValueError) as error:
            raise GameFormatError(
                f"no distribution over joint actions: {error}",
                where="n_actions, probabilities",
                valid='{"n_actions": [2, 2], "probabilities": [[[0, 1], "1/2"], [[1, 0], "1/2"]]}',
            ) from None
        _check(exact, rounded=True)
        scale = math.lcm(*(p.denominator for p in exact.values()))
        proof = document.get("proof")
        return cls.from_weights(
            shape,
            {joint: p.numerator * (scale // p.denominator) for joint, p in exact.items()},
            proof=None if proof is None else OptimalityProof.from_document(proof),
        )

    def check_fits(self, game: NormalFormGame) -> None:
        """Raise InvalidProfile unless this is a distribution over ``game``'s joint actions."""
        from gametheory.games.normal_form import NormalFormGame

        if not isinstance(game, NormalFormGame) or game.n_actions != self.n_actions:
            raise InvalidProfile(
                f"the distribution is over joint actions of shape {self.n_actions}",
                where="distribution",
                valid=f"one over the joint actions of {game!r}",
            )
        for player, told, taken in () if self.proof is None else self.proof.prices:
            known = 0 <= player < game.n_players and all(
                0 <= action < game.n_actions[player] for action in (told or 0, taken)
            )
            if not known:
                raise InvalidProfile(
                    "the proof of optimality has a price for what no player can do",
                    where=f"proof.prices[{shown(player)}, {shown(told)}, {shown(taken)}]",
                    valid=f"players and actions of {game!r}",
                )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, CorrelatedDistribution)
            and self.n_actions == other.n_actions
            and self.weights == other.weights
        )

    def __hash__(self) -> int:
        return hash((self.n_actions, tuple(self.weights.items())))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a CorrelatedDistribution is immutable: cannot set {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.n_actions, dict(self.weights), self.proof)

    def __repr__(self) -> str:
        inside = ", ".join(f"{joint}: {_show(p)}" for joint, p in self.exact.items())
        return f"CorrelatedDistribution({{{inside}}}, n_actions={self.n_actions})"


def _rebuild(
    n_actions: tuple[int, ...], weights: dict[JointAction, int], proof: OptimalityProof | None
) -> CorrelatedDistribution:
    return CorrelatedDistribution.from_weights(n_actions, weights, proof=proof)


def _holds_floats(probabilities: Any) -> bool:
    """Whether any number given is a float, so that the sum may be off by rounding."""
    if isinstance(probabilities, np.ndarray) and probabilities.dtype != object:
        return bool(np.issubdtype(probabilities.dtype, np.floating))
    if isinstance(probabilities, (list, tuple, np.ndarray)):
        return any(_holds_floats(part) for part in probabilities)
    return isinstance(probabilities, (float, np.floating))


def _check(exact: Mapping[JointAction, Fraction], rounded: bool) -> None:
    for joint, p in exact.items():
        if p < 0:
            raise InvalidProfile(
                f"probability {shown(p)} is negative",
                where=f"probabilities{list(joint)}",
                valid="a probability between 0 and 1",
            )
    total = sum(exact.values(), start=Fraction(0))
    if total != 1 and not (rounded and abs(total - 1) <= SUM_TOLERANCE):
        raise InvalidProfile(
            f"probabilities sum to {shown(float(total) if rounded and total < 2 else total)}",
            where="probabilities",
            valid=f"a sum of one within {SUM_TOLERANCE}" if rounded else "a sum of exactly one",
            hint="divide the array by its sum",
        )


def _show(p: Fraction) -> str:
    return str(p) if p.denominator < 10**6 else f"{float(p):.6g}"
